/* Plans for two targets: what each gets, what neither can have, what the file says, and every slip of it with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "base/url.h"
#include "engine/mem/mem.h"
#include "ferry/parts.h"
#include "plan_fixture.h"

static const struct vf_type i64 = {.kind = VF_K_I64};

struct two {
    struct fixture fixture;
    struct vf_conn *second;
    struct vf_parts parts;
    struct vf_error err;
};

static void open_two(struct two *two)
{
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    struct vf_url url = {0};

    *two = (struct two){0};
    fixture_open(&two->fixture);
    assert_int_equal(vf_url_parse("mem:u", &url, NULL), VF_OK);
    assert_int_equal(vf_conn_open_with(&vf_mem_engine, &url, &options, &two->second, NULL), VF_OK);
    vf_url_release(&url);
}

static void close_two(struct two *two)
{
    vf_parts_release(&two->parts);
    vf_conn_close(two->second);
    fixture_close(&two->fixture);
}

static enum vf_status make(struct two *two, const char *text, size_t n_split, const char *const *split)
{
    static const char *const urls[] = {"mem:t", "mem:u"};
    struct vf_conn *targets[] = {two->fixture.target, two->second};
    const struct vf_plan_options options = {.source_url = "mem:s", .n_split = n_split, .split = split};
    enum vf_status status = VF_OK;

    vf_parts_release(&two->parts);
    vf_error_clear(&two->err);
    if (text != NULL)
        status = vf_parts_read("ferry.yaml", text, strlen(text), &two->parts, &two->err);
    if (status == VF_OK)
        status = vf_parts_make(&two->parts, two->fixture.source, targets, 2, urls, &options, &two->err);
    return status;
}

static char *written(const struct two *two)
{
    struct vf_buf out;

    vf_buf_init(&out, VF_BUF_MAX);
    vf_parts_write(&two->parts, &out);
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
    return vf_buf_detach(&out);
}

static size_t count_not_moved(const struct two *two)
{
    return two->parts.plans[0].n_not_moved + two->parts.plans[1].n_not_moved;
}

/* docs (id, title, v) with a key, an index on v, one on title and v, and one on title. */
static void define_docs(void)
{
    struct vf_column columns[] = {
        {.name = "title", .type = {.kind = VF_K_TEXT}, .native = "text"},
        {.name = "id", .type = i64, .native = "i64", .not_null = true},
        {.name = "v", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2}, .native = "vector(f32,2)"}};
    struct vf_key_part on_id = {.column = 1}, on_title = {.column = 0}, on_v = {.column = 2};
    struct vf_key_part on_both[] = {{.column = 0}, {.column = 2}};
    struct vf_index indexes[] = {
        {.name = "by_title", .kind = VF_INDEX_BTREE, .method = "btree", .n_parts = 1, .parts = &on_title},
        {.name = "key",
         .kind = VF_INDEX_BTREE,
         .method = "btree",
         .unique = true,
         .constraint = VF_CONSTRAINT_PRIMARY,
         .n_parts = 1,
         .parts = &on_id},
        {.name = "near",
         .kind = VF_INDEX_HNSW,
         .method = "hnsw",
         .n_parts = 1,
         .parts = &on_v,
         .vector = {.metric = VF_METRIC_COSINE}},
        {.name = "mixed", .kind = VF_INDEX_BTREE, .method = "btree", .n_parts = 2, .parts = on_both}};

    define_table(&(struct vf_table){
        .name = "docs", .n_columns = 3, .columns = columns, .primary_key = 1, .n_indexes = 4, .indexes = indexes});
}

static void add_referrer(const char *name, const char *to)
{
    struct vf_column columns[] = {{.name = "id", .type = i64, .native = "i64"},
                                  {.name = "other", .type = i64, .native = "i64"}};
    int from[] = {1};
    const char *to_columns[] = {"id"};
    struct vf_foreign_key key = {
        .name = "refers", .n_columns = 1, .columns = from, .to_table = to, .to_columns = to_columns};

    define_table(&(struct vf_table){.name = name,
                                    .n_columns = 2,
                                    .columns = columns,
                                    .primary_key = -1,
                                    .n_foreign_keys = 1,
                                    .foreign_keys = &key});
}

/* ---- what goes where ---- */

static void test_tables(void **state)
{
    struct two two;
    const char *const split[] = {"docs=2"};
    (void)state;
    open_two(&two);
    define_docs();
    assert_int_equal(make(&two, NULL, 1, split), VF_OK);
    assert_int_equal(two.parts.plans[0].n_tables, 1);
    assert_string_equal(two.parts.plans[0].tables[0].source.name, "first");
    assert_int_equal(two.parts.plans[1].n_tables, 1);
    assert_int_equal(find_plan_table(&two.parts.plans[1], "docs")->target.n_indexes, 4);
    assert_int_equal(count_not_moved(&two), 0);
    assert_string_equal(two.parts.plans[0].sha256, two.parts.plans[1].sha256);
    assert_string_equal(two.parts.plans[0].sha256, two.parts.sha256);
    assert_int_equal(vf_parts_check(&two.parts, &two.err), VF_OK);
    close_two(&two);
}

static void test_a_column(void **state)
{
    struct two two;
    const char *const split[] = {"docs.v=2"};
    (void)state;
    open_two(&two);
    define_docs();
    assert_int_equal(make(&two, NULL, 1, split), VF_OK);
    const struct vf_plan_table *text = find_plan_table(&two.parts.plans[0], "docs");
    const struct vf_plan_table *vectors = find_plan_table(&two.parts.plans[1], "docs");
    assert_int_equal(text->from.n_fields, 2);
    assert_string_equal(text->from.fields[0].name, "title");
    assert_string_equal(text->from.fields[1].name, "id");
    assert_int_equal(text->from.key[0], 1);
    assert_int_equal(text->target.n_indexes, 2);
    assert_int_equal(text->target.primary_key, 1);
    assert_int_equal(vectors->from.n_fields, 2);
    assert_string_equal(vectors->from.fields[0].name, "id");
    assert_string_equal(vectors->from.fields[1].name, "v");
    assert_int_equal(vectors->from.n_key, 1);
    assert_int_equal(vectors->from.key[0], 0);
    assert_int_equal(vectors->target.n_indexes, 2);
    assert_int_equal(vectors->target.primary_key, 0);
    assert_string_equal(vectors->target.indexes[1].name, "near");
    assert_int_equal(vectors->target.indexes[1].parts[0].column, 1);
    assert_string_equal(find_not_moved(&two.parts.plans[0], "index", "mixed")->why,
                        "its columns go to different targets");
    assert_int_equal(count_not_moved(&two), 1);
    close_two(&two);
}

static void test_foreign_keys(void **state)
{
    struct two two;
    const char *const split[] = {"docs=2", "near_docs=2"}, *const column[] = {"docs.v=2", "near_docs=2"};
    (void)state;
    open_two(&two);
    define_docs();
    add_referrer("far_docs", "docs");
    add_referrer("near_docs", "docs");
    assert_int_equal(make(&two, NULL, 2, split), VF_OK);
    assert_int_equal(find_plan_table(&two.parts.plans[1], "near_docs")->target.n_foreign_keys, 1);
    assert_int_equal(find_plan_table(&two.parts.plans[0], "far_docs")->target.n_foreign_keys, 0);
    const struct vf_other *crossing = find_not_moved(&two.parts.plans[0], "foreign key", "refers");
    assert_string_equal(crossing->on, "far_docs");
    assert_string_equal(crossing->why, "it would cross the targets: far_docs goes to target 1, docs to target 2");
    assert_int_equal(count_not_moved(&two), 1);

    /* The key of a table that is split is in both, so what refers to it is kept on either side. */
    assert_int_equal(make(&two, NULL, 2, column), VF_OK);
    assert_int_equal(find_plan_table(&two.parts.plans[0], "far_docs")->target.n_foreign_keys, 1);
    assert_int_equal(find_plan_table(&two.parts.plans[1], "near_docs")->target.n_foreign_keys, 1);
    close_two(&two);
}

static void add_objects(struct vf_schema *schema)
{
    static const char *labels[] = {"calm", "wild"};

    *vf_schema_add_other(schema) = (struct vf_other){.kind = "view", .name = "recent"};
    *vf_schema_add_other(schema) = (struct vf_other){.kind = "trigger", .name = "touch", .on = "docs"};
    *vf_schema_add_user_type(schema) =
        (struct vf_user_type){.name = "mood", .kind = VF_USER_TYPE_ENUM, .n_labels = 2, .labels = labels};
    *vf_schema_add_user_type(schema) =
        (struct vf_user_type){.name = "good_mood", .kind = VF_USER_TYPE_DOMAIN, .base = "mood"};
    *vf_schema_add_sequence(schema) =
        (struct vf_sequence){.name = "numbers", .owner_table = "docs", .owner_column = "id", .native = "bigint"};
    *vf_schema_add_sequence(schema) = (struct vf_sequence){.name = "free", .native = "bigint"};
    vf_schema_find_table(schema, NULL, "docs")->columns[0].native = "good_mood";
}

static void test_objects_are_told_once(void **state)
{
    struct two two;
    const char *const split[] = {"docs=2"};
    (void)state;
    open_two(&two);
    define_docs();
    assert_int_equal(fixture_make(&two.fixture, NULL), VF_OK); /* arms the engines */
    fake.inspected = add_objects;
    assert_int_equal(make(&two, NULL, 1, split), VF_OK);
    const struct vf_schema *first = &two.parts.plans[0].source, *second = &two.parts.plans[1].source;
    assert_int_equal(first->n_others, 1);
    assert_string_equal(first->others[0].kind, "view");
    assert_int_equal(second->n_others, 1);
    assert_string_equal(second->others[0].kind, "trigger");
    assert_int_equal(first->n_sequences, 1);
    assert_string_equal(first->sequences[0].name, "free");
    assert_int_equal(second->n_sequences, 1);
    assert_string_equal(second->sequences[0].name, "numbers");
    assert_int_equal(first->n_user_types, 2);
    assert_int_equal(second->n_user_types, 2); /* the domain, and what it is made of before it */
    assert_string_equal(second->user_types[0].name, "mood");
    close_two(&two);
}

/* ---- the file ---- */

static void test_there_and_back(void **state)
{
    struct two two;
    const char *const split[] = {"docs.v=2", "first=2"};
    char sha256[65];
    (void)state;
    open_two(&two);
    define_docs();
    assert_int_equal(make(&two, NULL, 2, split), VF_OK);
    memcpy(sha256, two.parts.sha256, sizeof(sha256));
    char *first = written(&two);
    assert_holds(first, "target: mem:t  # mem");
    assert_holds(first, "\ntarget2: mem:u  # mem");
    assert_holds(first, "summary: {tables: 3, ");
    assert_holds(first, "  - name: docs\n    target: 2\n");
    assert_holds(first, "  - name: first\n    target: 2\n");
    if (make(&two, first, 0, NULL) != VF_OK)
        fail_msg("%s\n%s", two.err.message, first);
    assert_string_equal(two.parts.sha256, sha256);
    assert_int_equal(vf_parts_check(&two.parts, &two.err), VF_OK);
    assert_string_equal(two.parts.target_urls[1], "mem:u");
    char *second = written(&two);
    assert_string_equal(strstr(first, "\ntables:"), strstr(second, "\ntables:"));
    vf_free(first);
    vf_free(second);
    assert_int_equal(make(&two, NULL, 1, split), VF_OK);
    assert_string_not_equal(two.parts.sha256, sha256); /* where a table goes is a decision */
    close_two(&two);
}

#define HEAD  "version: 1\ntarget2: mem:u\ntables:\n"
#define DOCS  HEAD "  - name: docs\n"
#define SHORT DOCS "    columns: [{name: title}, {name: id, from: i64, rename: number}, {name: v, target: 2"

static void test_a_short_file(void **state)
{
    struct two two;
    (void)state;
    open_two(&two);
    define_docs();
    if (make(&two, SHORT ", rename: w}]\n    where: id > 5\n  - {name: first, target: 2}\n", 0, NULL) != VF_OK)
        fail_msg("%s", two.err.message);
    const struct vf_plan_table *vectors = find_plan_table(&two.parts.plans[1], "docs");
    assert_string_equal(find_plan_table(&two.parts.plans[0], "docs")->to.fields[1].name, "number");
    assert_string_equal(vectors->to.fields[0].name, "id"); /* how it is called in the other target is the other's */
    assert_string_equal(vectors->to.fields[1].name, "w");
    assert_string_equal(vectors->from.where, "id > 5");

    /* Indexes go with their columns, also an added one. */
    if (make(&two,
             SHORT
             "}]\n    indexes: [{name: by_title}, {name: near, m: 7}, {name: more, kind: hnsw, metric: l2, add_on: "
             "v}]\n",
             0, NULL) != VF_OK)
        fail_msg("%s", two.err.message);
    vectors = find_plan_table(&two.parts.plans[1], "docs");
    assert_int_equal(vectors->target.n_indexes, 3);
    assert_int_equal(vectors->target.indexes[1].vector.m, 7);
    assert_string_equal(vectors->target.indexes[2].name, "more");
    assert_int_equal(find_plan_table(&two.parts.plans[0], "docs")->target.n_indexes, 2);
    assert_int_equal(vf_parts_check(&two.parts, &two.err), VF_OK);

    /* An entry for the second target that leaves the key to the first. */
    if (make(&two,
             DOCS
             "    columns: [{name: title}, {name: id, from: i64}]\n  - {name: docs, target: 2, columns: [{name: v}]}\n",
             0, NULL) != VF_OK)
        fail_msg("%s", two.err.message);
    assert_int_equal(find_plan_table(&two.parts.plans[1], "docs")->from.n_key, 1);
    assert_int_equal(vf_parts_check(&two.parts, &two.err), VF_OK);

    /* A column that nobody names is drift, as with one target. */
    assert_int_equal(make(&two, DOCS "    columns: [{name: id}, {name: v, target: 2}]\n", 0, NULL), VF_OK);
    find_problem(&two.parts.plans[0], VF_SEVERITY_BLOCK, "docs.title", "ferry.yaml:4:5: drift: the plan doesn't have");
    close_two(&two);
}

static void test_slips(void **state)
{
    static const struct {
        const char *text, *message, *hint;
    } slips[] = {
        {DOCS "    target: 3\n", "ferry.yaml:5:13: target: must be 1 or 2, not 3", NULL},
        {DOCS "    target: 0\n", "ferry.yaml:5:13: target: must be 1 or 2, not 0", NULL},
        {DOCS "    target: two\n", "ferry.yaml:5:13: key \"target\" must be a whole number", NULL},
        {DOCS "    columns: [{name: v, target: 9}]\n", "ferry.yaml:5:33: target: must be 1 or 2, not 9", NULL},
        {DOCS "    targte: 2\n", "ferry.yaml:5:5: unknown key \"targte\" in a table", "\"target\""},
        {"version: 1\ntarget3: mem:u\ntables: []\n", "ferry.yaml:2:1: unknown key \"target3\" in the plan", "\"target"},
        {DOCS "  - name: docs\n", "ferry.yaml:5:5: table \"docs\" is there twice, first in line 4", NULL},
        {DOCS "  - {name: docs, target: 2}\n",
         "ferry.yaml:4:5: table \"docs\" goes to two targets: each of its entries must list its columns", NULL},
        {DOCS
         "    columns: [{name: id}, {name: title}]\n  - name: docs\n    target: 2\n    where: id > 1\n    columns: "
         "[{name: v}]\n",
         "ferry.yaml:6:5: table \"docs\" goes to two targets, and where: isn't the same in both", NULL},
        {DOCS "    columns: [{name: id}, {name: title}]\n  - name: docs\n    target: 2\n    columns: [{name: title}]\n",
         "ferry.yaml:8:15: column \"title\" goes to both targets: only columns of the table's key may", NULL},
        {HEAD "  - name: loose\n    columns: [{name: a}, {name: b, target: 2}]\n",
         "ferry.yaml:4:5: table \"loose\" has no key that could go with the columns", "the whole table"},
        {HEAD "  - {name: dcos, target: 2}\n", "ferry.yaml:4:5: the source has no table \"dcos\"", "\"docs\""},
        {DOCS "    target: 2\n    columns: [{name: idd}]\n", "ferry.yaml:6:15: table \"docs\" has no column \"idd\"",
         "\"id\""},
        {DOCS "    target: 2\n    indexes: [{name: x}]\n", "ferry.yaml:6:15: table \"docs\" has no index \"x\"",
         "add_on"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct two two;
        open_two(&two);
        define_docs();
        make_table("loose", "a text, b text");
        enum vf_status status = make(&two, slips[i].text, 0, NULL);
        if (status != VF_USAGE || strncmp(two.err.message, slips[i].message, strlen(slips[i].message)) != 0)
            fail_msg("%s\n%d: %s\nexpected: %s", slips[i].text, status, two.err.message, slips[i].message);
        if (slips[i].hint != NULL)
            assert_holds(two.err.hint, slips[i].hint);
        close_two(&two);
    }
}

static void test_slips_of_options(void **state)
{
    static const struct {
        const char *split, *message;
    } slips[] = {
        {"docs", "--split \"docs\": no number of a target"},
        {"=2", "--split \"=2\": no number of a target"},
        {"docs=", "--split \"docs=\": no number of a target"},
        {"docs=two", "--split \"docs=two\": no number of a target"},
        {"docs=3", "--split \"docs=3\": there are two targets, 1 and 2"},
        {"docs=0", "--split \"docs=0\": there are two targets, 1 and 2"},
        {"dcos=2", "--split: the source has no table \"dcos\""},
        {"dcos.v=2", "--split: the source has no table \"dcos\""},
        {"docs.w=2", "--split \"docs.w=2\": the table has no such column"},
        {"docs.id=2", "--split \"docs.id=2\": the column is of the table's key"},
        {"loose.a=2", "--split \"loose.a=2\": the table has no key that could go with the column"},
    };
    struct two two;
    (void)state;
    open_two(&two);
    define_docs();
    make_table("loose", "a text, b text");
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        assert_int_equal(make(&two, NULL, 1, &slips[i].split), VF_USAGE);
        assert_holds(two.err.message, slips[i].message);
        assert_true(two.err.hint[0] != '\0');
    }
    assert_int_equal(make(&two, HEAD "  - name: docs\n", 1, &slips[0].split), VF_USAGE);
    assert_holds(two.err.message, "--split goes without a plan: in ferry.yaml a table or a column says target: 2");
    close_two(&two);
}

static void test_one_target_for_a_plan_of_two(void **state)
{
    static const char *const urls[] = {"mem:t"};
    const struct vf_plan_options options = {.source_url = "mem:s"};
    struct two two;
    (void)state;
    open_two(&two);
    define_docs();
    assert_int_equal(vf_parts_read("ferry.yaml", DOCS, strlen(DOCS), &two.parts, &two.err), VF_OK);
    assert_int_equal(vf_parts_make(&two.parts, two.fixture.source, &two.fixture.target, 1, urls, &options, &two.err),
                     VF_USAGE);
    assert_holds(two.err.message, "ferry.yaml is for two targets, and one is named");
    vf_parts_release(&two.parts);
    const char *text = "version: 1\ntables:\n  - name: docs\n    columns:\n      - {name: v, target: 2}\n";
    assert_int_equal(vf_parts_read("ferry.yaml", text, strlen(text), &two.parts, &two.err), VF_OK);
    assert_int_equal(vf_parts_make(&two.parts, two.fixture.source, &two.fixture.target, 1, urls, &options, &two.err),
                     VF_USAGE);
    assert_holds(two.err.message, "ferry.yaml:5:9: target: 2, and only one target is named");
    assert_holds(two.err.hint, "target2:");
    close_two(&two);
}

static void test_no_memory(void **state)
{
    const char *const split[] = {"docs.v=2", "near_docs=2"};
    struct two two;
    enum vf_status status = VF_NOMEM;
    (void)state;
    open_two(&two);
    define_docs();
    add_referrer("near_docs", "docs");
    assert_int_equal(make(&two, NULL, 2, split), VF_OK);
    char *text = written(&two);
    for (int64_t at = 0; status != VF_OK; at++) {
        assert_true(at < 10000);
        vf_alloc_fail_at(at, false);
        status = at % 2 == 0 ? make(&two, NULL, 2, split) : make(&two, text, 0, NULL);
        vf_alloc_fail_at(-1, false);
        if (status != VF_OK)
            assert_int_equal(status, VF_NOMEM);
    }
    vf_free(text);
    close_two(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_a_column),
        cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_objects_are_told_once),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_a_short_file),
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_slips_of_options),
        cmocka_unit_test(test_one_target_for_a_plan_of_two),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("ferry/parts", tests, NULL, fixture_teardown);
}
