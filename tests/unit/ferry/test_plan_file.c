/* The plan as a file: what is written reads back as the same plan, what a user may change is taken, and every slip is named with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/url.h"
#include "engine/mem/mem.h"
#include "engine/store.h"
#include "ferry/plan_make.h"
#include "ferry/yaml.h"
#include "model/schema_json.h"
#include "plan_fixture.h"

/* ---- there and back ---- */

/* Everything after the head and the summary but the problems: the decisions and what isn't moved. */
static void assert_same_decisions(const char *a, const char *b)
{
    const char *from_a = strstr(a, "\ntables:"), *from_b = strstr(b, "\ntables:");
    const char *to_a = strstr(a, "\nproblems:"), *to_b = strstr(b, "\nproblems:");

    assert_non_null(from_a);
    assert_non_null(from_b);
    if (to_a - from_a != to_b - from_b || memcmp(from_a, from_b, (size_t)(to_a - from_a)) != 0)
        fail_msg("other decisions:\n%s\n---\n%s", a, b);
}

/* Make, write, read, bind, write: the same text and the same hash. Returns the text. */
static char *there_and_back(struct fixture *f, const struct vf_plan_options *options)
{
    char sha256[65];

    assert_int_equal(fixture_make(f, options), VF_OK);
    memcpy(sha256, f->plan.sha256, sizeof(sha256));
    char *first = fixture_write(f);
    if (fixture_bind(f, first, NULL) != VF_OK)
        fail_msg("%s\n%s", f->err.message, first);
    char *second = fixture_write(f);
    assert_same_decisions(first, second);
    assert_string_equal(f->plan.sha256, sha256);
    vf_free(second);
    return first;
}

static void test_round_trip(void **state)
{
    struct fixture f;
    const char *const where[] = {"docs=a = 'x: \"y\" # z'"};
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, v vector(f32,3), w sparse(7), price decimal, tags array(text), thing text");
    make_vectors("many", 1000);
    fake.source_caps &= ~(unsigned)VF_CAP_VECTOR_INDEX;
    fake.lossy = "price";
    fake.none = "thing";
    struct vf_plan_options options = {.n_where = 1,
                                      .where = where,
                                      .accept_losses = true,
                                      .source_url = "mem:s",
                                      .target_url = "postgresql://a@b/c?d=e"};
    char *text = there_and_back(&f, &options);

    assert_holds(text, "version: 1\nsource: mem:s  # mem");
    assert_holds(text, "target: \"postgresql://a@b/c?d=e\"  #");
    assert_holds(text, "where: \"a = 'x: \\\"y\\\" # z'\"");
    assert_holds(text, "{name: id,    from: i64,");
    assert_holds(text, "type: \"vector(f32,3)\"");
    assert_holds(text, "loss: accept}  # half the digits go");
    assert_holds(text, "skip: true}  # there is no such type");
    assert_holds(text, "{name: many_v_hnsw, kind: hnsw, metric: cosine, add_on: v}");
    assert_holds(text, "verify: {level: search, queries: 50}\n");
    assert_string_equal(f.plan.source_url, "mem:s"); /* of the file, since bind was given none */
    assert_string_equal(find_plan_table(&f.plan, "docs")->from.where, "a = 'x: \"y\" # z'");
    vf_free(text);

    /* The hash is over what is decided, not over where and when. */
    char sha256[65];
    memcpy(sha256, f.plan.sha256, sizeof(sha256));
    options.source_url = "mem:elsewhere";
    const struct vf_mem_value row[] = {vf_mem_i64(1)};
    assert_int_equal(vf_mem_add_row("s", "first", 1, row, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, &options), VF_OK);
    assert_string_equal(f.plan.sha256, sha256);
    options.n_where = 0;
    assert_int_equal(fixture_make(&f, &options), VF_OK);
    assert_string_not_equal(f.plan.sha256, sha256);
    fixture_close(&f);
}

static void test_awkward_names(void **state)
{
    static const char *const names[] = {"true",
                                        "null",
                                        "12",
                                        "1e5",
                                        "a: b",
                                        "#x",
                                        "- x",
                                        "x\ny",
                                        "x\ty\x7f",
                                        "\"q\\",
                                        "%s%n",
                                        "*a",
                                        "&a",
                                        "!t",
                                        "[",
                                        "{}",
                                        " lead",
                                        "trail ",
                                        "caf\xC3\xA9",
                                        "a,b",
                                        "~",
                                        "\xC2\x85z",
                                        "\xE2\x80\xA8z",
                                        "\xEF\xBB\xBF",
                                        "\xF0\x9F\x90\x9F",
                                        "x\x1b[31m",
                                        "?",
                                        "x\"; DROP TABLE y;--"};
    struct fixture f;
    struct vf_column columns[] = {{.name = "id", .type = {.kind = VF_K_I64}, .native = "i64"},
                                  {.name = NULL, .type = {.kind = VF_K_TEXT}, .native = "text"}};
    const size_t n = sizeof(names) / sizeof(names[0]);
    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < n; i++) {
        columns[1].name = columns[1].comment = names[i];
        define_table(&(struct vf_table){.name = names[i], .n_columns = 2, .columns = columns, .primary_key = -1});
    }
    char *text = there_and_back(&f, &(struct vf_plan_options){.source_url = "mem:s", .target_url = "mem:t"});
    for (size_t i = 0; i < n; i++)
        assert_string_equal(find_plan_table(&f.plan, names[i])->columns[1].name, names[i]);
    vf_free(text);
    fixture_close(&f);
}

/* Every character, alone: written by us, read by libyaml. */
static void test_every_character(void **state)
{
    struct vf_arena arena = {0};
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    for (unsigned code = 1; code < 0x11000; code++) {
        char text[5] = {0};
        size_t size = 0;
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        if (code < 0x80)
            text[size++] = (char)code;
        else if (code < 0x800)
            text[size++] = (char)(0xC0 | code >> 6);
        else if (code < 0x10000)
            text[size++] = (char)(0xE0 | code >> 12);
        else
            text[size++] = (char)(0xF0 | code >> 18);
        for (int shift = code < 0x80 ? -6 : code < 0x800 ? 0 : code < 0x10000 ? 6 : 12; shift >= 0; shift -= 6)
            text[size++] = (char)(0x80 | ((code >> shift) & 0x3F));
        vf_buf_str(&out, code == 1 ? "[" : ", ");
        vf_yaml_put(&out, text);
        assert_true(vf_yaml_width(text) >= size);
    }
    vf_buf_str(&out, "]");
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);

    struct vf_yaml yaml;
    struct vf_error err = {0};
    if (vf_yaml_open(&yaml, "x", out.data, out.size_bytes, &arena, &err) != VF_OK)
        fail_msg("%s", err.message);
    yaml_node_t *root = yaml_document_get_root_node(&yaml.document);
    size_t i = 0;
    for (unsigned code = 1; code < 0x11000; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        const yaml_node_t *node = vf_yaml_item(&yaml, root, i++);
        const unsigned char *c = node->data.scalar.value;
        size_t size = node->data.scalar.length;
        unsigned found = size == 1 ? c[0] : size == 2 ? (c[0] & 0x1FU) : size == 3 ? (c[0] & 0xFU) : (c[0] & 7U);
        for (size_t k = 1; k < size; k++)
            found = found << 6 | (c[k] & 0x3FU);
        assert_int_equal(found, code);
    }
    vf_yaml_close(&yaml);
    vf_buf_release(&out);
    vf_arena_release(&arena);
}

static void test_comments_stay_comments(void **state)
{
    struct vf_buf out;
    struct vf_yaml yaml;
    struct vf_arena arena = {0};
    char long_text[2000];
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    vf_buf_init(&out, VF_BUF_MAX);
    vf_buf_str(&out, "a: 1");
    vf_yaml_put_comment(&out, "x\nb: 2\r\nb: 2\xC2\x85"
                              "b: 2\xE2\x80\xA8"
                              "b: 2\xE2\x80\xA9"
                              "b: 2\xEF\xBB\xBF\x7f\x1b\xff");
    vf_buf_str(&out, "\nc: 3");
    vf_yaml_put_comment(&out, long_text);
    assert_true(out.size_bytes < 700);
    assert_int_equal(vf_yaml_open(&yaml, "x", out.data, out.size_bytes, &arena, NULL), VF_OK);
    yaml_node_t *root = yaml_document_get_root_node(&yaml.document);
    assert_non_null(vf_yaml_get(&yaml, root, "a"));
    assert_null(vf_yaml_get(&yaml, root, "b"));
    assert_non_null(vf_yaml_get(&yaml, root, "c"));
    vf_yaml_close(&yaml);
    vf_buf_release(&out);
    vf_arena_release(&arena);
}

/* ---- slips ---- */

struct slip {
    const char *text;
    const char *message; /* the beginning of it */
    const char *hint;    /* a part, or NULL */
};

#define HEAD  "version: 1\n"
#define TABLE HEAD "tables:\n  - name: first\n"

static void check_slips(const struct slip *slips, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture f;
        fixture_open(&f);
        enum vf_status status = fixture_bind(&f, slips[i].text, NULL);
        if (status != VF_USAGE || strncmp(f.err.message, slips[i].message, strlen(slips[i].message)) != 0)
            fail_msg("%s\n%d: %s\nexpected: %s", slips[i].text, status, f.err.message, slips[i].message);
        if (slips[i].hint != NULL)
            assert_holds(f.err.hint, slips[i].hint);
        fixture_close(&f);
    }
}

static void test_slips_of_keys(void **state)
{
    static const struct slip slips[] = {
        {"", "ferry.yaml: the plan is empty", NULL},
        {"# nothing\n", "ferry.yaml: the plan is empty", NULL},
        {"- a\n", "ferry.yaml:1:1: the plan must be a mapping", NULL},
        {"tables: []\n", "ferry.yaml:1:1: key \"version\" is missing", NULL},
        {"version: 2\ntables: []\n", "ferry.yaml:1:10: version \"2\" of the plan file isn't known", NULL},
        {"version: [1]\n", "ferry.yaml:1:10: key \"version\" must be a text", NULL},
        {HEAD, "ferry.yaml:1:1: key \"tables\" is missing", NULL},
        {HEAD "tabels: []\n", "ferry.yaml:2:1: unknown key \"tabels\" in the plan", "\"tables\""},
        {HEAD "tables: {}\n", "ferry.yaml:2:9: key \"tables\" must be a list", NULL},
        {HEAD "tables: []\ntables: []\n", "ferry.yaml:3:1: key \"tables\" is there twice in the plan", NULL},
        {HEAD "tables: []\n? [a]\n: b\n", "ferry.yaml:3:3: the plan has a key that isn't a text", NULL},
        {HEAD "tables: [x]\n", "ferry.yaml:2:10: a table must be a mapping", NULL},
        {HEAD "tables: [{}]\n", "ferry.yaml:2:10: key \"name\" is missing", NULL},
        {TABLE "    wehre: a\n", "ferry.yaml:4:5: unknown key \"wehre\" in a table", "\"where\""},
        {TABLE "    columns: {a: b}\n", "ferry.yaml:4:14: key \"columns\" must be a list", NULL},
        {TABLE "    columns:\n      - {name: id, lost: accept}\n", "ferry.yaml:5:20: unknown key \"lost\" in a column",
         "\"loss\""},
        {TABLE "    columns:\n      - {name: id, loss: yes}\n",
         "ferry.yaml:5:26: loss: must be \"accept\", not \"yes\"", NULL},
        {TABLE "    columns:\n      - {name: id, skip: maybe}\n", "ferry.yaml:5:26: key \"skip\" must be true or false",
         NULL},
        {TABLE "    columns:\n      - {name: id, type: i65}\n", "ferry.yaml:5:26: \"i65\" is no neutral type", NULL},
        {TABLE "    columns:\n      - {name: id, as: epoch}\n", "ferry.yaml:5:24: \"epoch\" is no way to store a value",
         NULL},
        {TABLE "    columns:\n      - {name: id, read: epoch}\n",
         "ferry.yaml:5:26: \"epoch\" is no way to store a value", NULL},
        {TABLE "    columns:\n      - {name: [id]}\n", "ferry.yaml:5:16: key \"name\" must be a text", NULL},
        {TABLE "    columns:\n      - {name: \"i\\0d\"}\n", "ferry.yaml:5:16: key \"name\" holds a NUL", NULL},
        {TABLE "    columns:\n      - {name: id}\n      - {name: id}\n",
         "ferry.yaml:6:9: column \"id\" is there twice, first in line 5", NULL},
        {TABLE "  - name: first\n", "ferry.yaml:4:5: table \"first\" is there twice, first in line 3", NULL},
        {TABLE "    indexes:\n      - {name: x, kind: hsnw}\n", "ferry.yaml:5:25: \"hsnw\" is no kind of index", NULL},
        {TABLE "    indexes:\n      - {name: x, metric: cos}\n", "ferry.yaml:5:27: \"cos\" is no metric", NULL},
        {TABLE "    indexes:\n      - {name: x, to: cellar}\n", "ferry.yaml:5:23: \"cellar\" is no place for an index",
         NULL},
        {TABLE "    indexes:\n      - {name: x, compress: zip}\n", "ferry.yaml:5:29: \"zip\" is no kind of element",
         NULL},
        {TABLE "    indexes:\n      - {name: x, ef_search: many}\n",
         "ferry.yaml:5:30: key \"ef_search\" must be a whole number", NULL},
        {HEAD "index_min_rows: -1\ntables: []\n", "ferry.yaml:2:17: key \"index_min_rows\" must be a whole number",
         NULL},
        {TABLE "    indexes:\n      - {name: x, element: f33}\n", "ferry.yaml:5:28: \"f33\" is no kind of element",
         NULL},
        {TABLE "    indexes:\n      - {name: x, m: -1}\n", "ferry.yaml:5:22: key \"m\" must be a whole number", NULL},
        {TABLE "    indexes:\n      - {name: x, lists: 99999999999}\n",
         "ferry.yaml:5:26: key \"lists\" must be a whole", NULL},
        {TABLE "    indexes:\n      - {name: x}\n      - {name: x}\n", "ferry.yaml:6:9: index \"x\" is there twice",
         NULL},
        {HEAD "tables: []\nverify: {level: deep}\n", "ferry.yaml:3:17: level \"deep\" isn't known", NULL},
        {HEAD "tables: []\nverify: {level: search, min_recall: 1.1}\n",
         "ferry.yaml:3:37: min_recall must be a number from 0 to 1", NULL},
        {HEAD "tables: []\nverify: {level: search, min_recall: nan}\n", "ferry.yaml:3:37: min_recall must be", NULL},
        {HEAD "tables: []\nverify: {level: search, queries: 0}\n", "ferry.yaml:3:34: queries must be from 1 to", NULL},
        {HEAD "tables: []\nverify: {levle: digests}\n", "ferry.yaml:3:10: unknown key \"levle\" in verify",
         "\"level\""},
    };
    (void)state;
    check_slips(slips, sizeof(slips) / sizeof(slips[0]));
}

static void test_slips_of_names(void **state)
{
    static const struct slip slips[] = {
        {HEAD "tables:\n  - name: frist\n", "ferry.yaml:3:5: the source has no table \"frist\"",
         "the nearest is \"first\""},
        {TABLE "    columns:\n      - {name: id}\n      - {name: idd}\n",
         "ferry.yaml:6:9: table \"first\" has no column \"idd\"", "\"id\""},
        {TABLE "    indexes: [{name: x}]\n", "ferry.yaml:4:15: table \"first\" has no index \"x\"", "add_on:"},
        {TABLE "    indexes: [{name: x, kind: hnsw, add_on: vv}]\n",
         "ferry.yaml:4:15: index \"x\" is on column \"vv\", which", NULL},
        {TABLE "    indexes: [{name: x, kind: btree, add_on: id}]\n",
         "ferry.yaml:4:15: index \"x\": only hnsw, ivfflat, diskann and fulltext", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct fixture f;
        fixture_open(&f);
        assert_int_equal(fixture_bind(&f, slips[i].text, NULL), VF_USAGE);
        assert_holds(f.err.message, slips[i].message);
        if (slips[i].hint != NULL)
            assert_holds(f.err.hint, slips[i].hint);
        fixture_close(&f);
    }
}

static void test_hostile(void **state)
{
    static const struct slip slips[] = {
        {"a: &a [x]\nb: *a\n", "ferry.yaml:2:4: aliases (*a) are not taken in a plan", NULL},
        {"a: [b\n", "ferry.yaml:2:1: not YAML: did not find expected", NULL},
        {"a: \"b\n", "ferry.yaml:2:1: not YAML: found unexpected end of stream", NULL},
        {"\tversion: 1\n", "ferry.yaml:1:1: not YAML: found character that cannot start any token", NULL},
        {"version: 1\ntables: \x01\n", "ferry.yaml:2:9: not YAML: control characters are not allowed", NULL},
        {"version: 1\ntables: \xff\n", "ferry.yaml:2:9: not YAML: invalid", NULL},
        {HEAD "tables: []\n---\nversion: 1\n", "ferry.yaml:3:1: a plan is one document", NULL},
    };
    char deep[200];
    struct fixture f;
    (void)state;
    check_slips(slips, sizeof(slips) / sizeof(slips[0]));

    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    fixture_open(&f);
    assert_int_equal(fixture_bind(&f, deep, NULL), VF_USAGE);
    assert_holds(f.err.message, "ferry.yaml:1:33: nested deeper than 32 levels");

    const size_t size = ((size_t)64 << 20) + 1;
    char *large = vf_alloc(size, 1);
    memset(large, '#', size);
    vf_plan_release(&f.plan);
    assert_int_equal(vf_plan_read("ferry.yaml", large, size, &f.plan, &f.err), VF_USAGE);
    assert_holds(f.err.message, "larger than 67108864 bytes");
    vf_free(large);
    fixture_close(&f);
}

/* ---- what a user may change ---- */

static void test_changes(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, a text, b text");
    make_vectors("vectors", 3);
    const char *text = HEAD "tables:\n"
                            "  - name: docs\n"
                            "    rename: papers\n"
                            "    where: id > 5\n"
                            "    columns:\n"
                            "      - {name: id, from: i64, rename: number}\n"
                            "      - {name: a, from: text, to: varchar, as: iso}\n"
                            "      - {name: b, from: text, skip: true}\n"
                            "  - name: vectors\n"
                            "    indexes:\n"
                            "      - {name: near, kind: hnsw, metric: l2, m: 8, ef_construction: 99, add_on: v}\n";
    if (fixture_bind(&f, text, NULL) != VF_OK)
        fail_msg("%s", f.err.message);
    assert_int_equal(f.plan.n_tables, 2);
    assert_string_equal(find_not_moved(&f.plan, "table", "first")->why, "the plan leaves it out");
    const struct vf_plan_table *docs = find_plan_table(&f.plan, "docs");
    assert_string_equal(docs->from.name, "docs");
    assert_string_equal(docs->to.name, "papers");
    assert_string_equal(docs->from.where, "id > 5");
    assert_int_equal(docs->to.n_fields, 2);
    assert_string_equal(docs->from.fields[0].name, "id");
    assert_string_equal(docs->to.fields[0].name, "number");
    assert_string_equal(docs->to.fields[1].native, "varchar");
    assert_int_equal(docs->to.fields[1].form, VF_FORM_ISO);
    assert_string_equal(find_not_moved(&f.plan, "column", "b")->why, "the plan leaves it out");
    find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.a", "the plan makes it varchar (iso)");
    assert_int_equal(fake.n_evidence_only, 2); /* the types aren't in this plan, so the values were looked at */

    const struct vf_plan_table *vectors = find_plan_table(&f.plan, "vectors");
    assert_int_equal(vectors->target.n_indexes, 2);
    assert_int_equal(vectors->target.indexes[1].vector.metric, VF_METRIC_L2);
    assert_int_equal(vectors->target.indexes[1].vector.m, 8);
    assert_int_equal(vectors->target.indexes[1].vector.ef_construction, 99);
    /* What this engine can't do is found by the plan, not by the copy. */
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_MISSING);
    assert_holds(
        f.err.message,
        "1 problem in the way, 0 losses not accepted; the first: docs: table docs: the engine \"mem\" has no filters");

    char *written = fixture_write(&f);
    char sha256[65];
    memcpy(sha256, f.plan.sha256, sizeof(sha256));
    assert_int_equal(fixture_bind(&f, written, NULL), VF_OK);
    assert_string_equal(f.plan.sha256, sha256);
    assert_int_equal(fake.n_evidence_only, -1); /* now they are */
    vf_free(written);
    fixture_close(&f);
}

static void define_indexed(void)
{
    struct vf_column columns[] = {
        {.name = "id", .type = {.kind = VF_K_I64}, .native = "i64"},
        {.name = "v", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2}, .native = "vector(f32,2)"}};
    struct vf_key_part on_id = {.column = 0}, on_v = {.column = 1};
    struct vf_index indexes[] = {
        {.name = "by_id", .kind = VF_INDEX_BTREE, .method = "btree", .n_parts = 1, .parts = &on_id},
        {.name = "by_v",
         .kind = VF_INDEX_HNSW,
         .method = "hnsw",
         .n_parts = 1,
         .parts = &on_v,
         .vector = {.metric = VF_METRIC_COSINE, .m = 16}}};

    define_table(&(struct vf_table){
        .name = "docs", .n_columns = 2, .columns = columns, .primary_key = -1, .n_indexes = 2, .indexes = indexes});
}

static void test_indexes(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    define_indexed();
    char *text = there_and_back(&f, NULL);
    assert_holds(text, "{name: by_v, kind: hnsw, over: [v], metric: cosine, m: 16}");
    vf_free(text);

    assert_int_equal(
        fixture_bind(&f, HEAD "tables:\n  - name: docs\n    indexes:\n      - {name: by_v, rename: near, m: 4}\n",
                     NULL),
        VF_OK);
    const struct vf_plan_table *docs = find_plan_table(&f.plan, "docs");
    assert_int_equal(docs->target.n_indexes, 1);
    assert_string_equal(docs->target.indexes[0].name, "near");
    assert_int_equal(docs->target.indexes[0].vector.m, 4);
    assert_int_equal(docs->target.indexes[0].vector.metric, VF_METRIC_COSINE); /* what isn't said stays */
    assert_string_equal(find_not_moved(&f.plan, "index", "by_id")->why, "the plan leaves it out");
    text = fixture_write(&f);
    assert_holds(text, "{name: by_v, rename: near, kind: hnsw");
    vf_free(text);

    assert_int_equal(
        fixture_bind(&f,
                     HEAD "tables:\n  - name: docs\n    columns:\n      - {name: id}\n      - {name: v, skip: true}\n",
                     NULL),
        VF_OK);
    assert_holds(find_not_moved(&f.plan, "index", "by_v")->why, "a column of it isn't moved");
    fixture_close(&f);
}

static void test_word_for_a_loss(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, x f64, v vector(f32,2)");
    fake.lossy = "x";
#define COLUMNS HEAD "tables:\n  - name: docs\n    columns:\n      - {name: id, from: i64, type: i64}\n"
    assert_int_equal(
        fixture_bind(&f, COLUMNS "      - {name: x, type: f64}\n      - {name: v, type: \"vector(f16,2)\"}\n", NULL),
        VF_OK);
    find_problem(&f.plan, VF_SEVERITY_LOSS, "docs.x", "half the digits go");
    find_problem(&f.plan, VF_SEVERITY_LOSS, "docs.v", "vector(f32,2) is read as vector(f16,2), which holds less");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_STATE);
    assert_int_equal(
        fixture_bind(
            &f,
            COLUMNS
            "      - {name: x, type: f64, loss: accept}\n      - {name: v, type: \"vector(f16,2)\", loss: accept}\n",
            NULL),
        VF_OK);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.x", "half the digits go");
    char *text = fixture_write(&f);
    assert_int_equal(fixture_bind(&f, text, NULL), VF_OK);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK); /* the word was written down */
    vf_free(text);
    fixture_close(&f);
}

/* ---- memory ---- */

/* The source remembers that its table "docs" came from a database of the target's kind, where `a` was a varchar(9) and there was a column `gone` before it. */
static void remember(void)
{
    struct vf_column was[] = {{.name = "id", .type = {.kind = VF_K_I64}, .native = "bigint"},
                              {.name = "gone", .type = {.kind = VF_K_OTHER}, .native = "cube"},
                              {.name = "a",
                               .type = {.kind = VF_K_TEXT},
                               .native = "varchar(9)",
                               .form = VF_FORM_TEXT,
                               .def = {.kind = VF_DEFAULT_LITERAL, .text = "x"}}};
    struct vf_column here[] = {{.name = "id", .type = {.kind = VF_K_I64}, .native = "changed since"},
                               {.name = "a", .type = {.kind = VF_K_TEXT}, .native = "text"}};
    const struct vf_table source = {.name = "docs", .n_columns = 3, .columns = was, .primary_key = -1};
    const struct vf_table target = {.name = "docs", .n_columns = 2, .columns = here, .primary_key = -1};
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_buf body;

    vf_buf_init(&body, VF_BUF_MAX);
    vf_buf_str(&body, "{\"source_engine\":\"mem\",\"source\":");
    vf_table_to_json(&source, false, &body);
    vf_buf_str(&body, ",\"target\":");
    vf_table_to_json(&target, false, &body);
    vf_buf_str(&body, "}");
    assert_int_equal(vf_url_parse("mem:s", &url, NULL), VF_OK);
    assert_int_equal(vf_conn_open_with(&vf_mem_engine, &url, &options, &conn, NULL), VF_OK);
    assert_int_equal(vf_store_create(conn, NULL), VF_OK);
    assert_int_equal(vf_store_remember(conn, "table", "docs", body.data, "0123456789abcdef", NULL), VF_OK);
    vf_conn_close(conn);
    vf_url_release(&url);
    vf_buf_release(&body);
}

static void test_memory(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, a text");
    remember();
    fake.lossy = "a"; /* which it isn't any more, once it has its old type back */
    char *text = there_and_back(&f, NULL);
    const struct vf_plan_table *docs = find_plan_table(&f.plan, "docs");
    assert_string_equal(docs->to.fields[0].native, "i64");
    assert_string_equal(docs->to.fields[1].native, "varchar(9)");
    assert_int_equal(docs->to.fields[1].form, VF_FORM_TEXT);
    assert_int_equal(docs->target.columns[1].def.kind, VF_DEFAULT_LITERAL);
    assert_int_equal(f.plan.problems.n_problems, 0);
    assert_holds(text, "to: varchar(9), as: text}  # as it was before it came here");
    vf_free(text);

    /* The plan file goes before the memory. */
    assert_int_equal(fixture_bind(&f,
                                  HEAD "tables:\n  - name: docs\n    columns:\n      - {name: id, from: i64}\n"
                                       "      - {name: a, from: text, to: clob}\n",
                                  NULL),
                     VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "docs")->to.fields[1].native, "clob");

    fake.other_name = true; /* another kind of database than the one that it came from */
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "docs")->to.fields[1].native, "text");
    fixture_close(&f);
}

/* ---- drift ---- */

static void retype(struct vf_schema *schema)
{
    vf_schema_find_table(schema, NULL, "first")->columns[0].native = "u64";
}

static void test_drift(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, a text");
    assert_int_equal(
        fixture_bind(
            &f,
            HEAD
            "tables:\n  - name: docs\n    columns:\n      - {name: id, from: i64}\n      - {name: b, from: text}\n",
            NULL),
        VF_OK);
    assert_int_equal(
        find_problem(&f.plan, VF_SEVERITY_BLOCK, "docs.a", "ferry.yaml:3:5: drift: the plan doesn't have")->status,
        VF_STATE);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "docs.b",
                 "ferry.yaml:6:9: drift: the plan has the column, and the source");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_STATE);

    fake.inspected = retype;
    assert_int_equal(fixture_bind(&f, TABLE "    columns:\n      - {name: id, from: i64}\n", NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "first.id",
                 "ferry.yaml:5:9: drift: the column is \"i64\" in the plan, and \"u64\"");
    fake.inspected = NULL;

    assert_int_equal(
        fixture_bind(&f, HEAD "tables:\n  - name: gone\n    columns:\n      - {name: id, from: i64}\n", NULL),
        VF_STATE);
    assert_holds(f.err.message, "ferry.yaml:3:5: drift: the source has no table \"gone\"");
    assert_int_equal(fixture_bind(&f, TABLE "    indexes: [{name: x, kind: btree}]\n", NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "first.x", "ferry.yaml:4:15: drift: the plan has the index");
    fixture_close(&f);
}

/* ---- the manual ---- */

static char *read_manual(void)
{
    static const char here[] = __FILE__, tail[] = "tests/unit/ferry/test_plan_file.c";
    char path[512];
    struct vf_buf text;
    char chunk[4096];
    size_t n;

    /* The compiler was given the path from the folder of the build. */
    const char *build = here[0] == '/' ? NULL : getenv("VECFERRY_BUILD");
    snprintf(path, sizeof(path), "%s%s%.*sdocs/plan.md", build != NULL ? build : "", build != NULL ? "/" : "",
             (int)(sizeof(here) - sizeof(tail)), here);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s isn't there", path);
    vf_buf_init(&text, VF_BUF_MAX);
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        vf_buf_add(&text, chunk, n);
    fclose(file);
    return vf_buf_detach(&text);
}

static void check_keys(const char *manual, const char *heading, const char *const *keys)
{
    const char *start = strstr(manual, heading);

    if (start == NULL)
        fail_msg("docs/plan.md has no \"%s\"", heading);
    const char *end = strstr(start + strlen(heading), "\n## ");
    size_t size = end != NULL ? (size_t)(end - start) : strlen(start), n_rows = 0, n_keys = 0;
    char *part = vf_strndup(start, size);
    for (; keys[n_keys] != NULL; n_keys++) {
        char row[64];
        snprintf(row, sizeof(row), "\n| `%s` |", keys[n_keys]);
        assert_holds(part, row);
    }
    for (const char *row = part; (row = strstr(row, "\n| `")) != NULL; row++)
        n_rows++;
    assert_int_equal(n_rows, n_keys); /* and none that isn't */
    vf_free(part);
}

static void test_manual(void **state)
{
    static const char *const file_keys[] = {VF_PLAN_FILE_KEYS, NULL}, *const table_keys[] = {VF_PLAN_TABLE_KEYS, NULL},
                             *const column_keys[] = {VF_PLAN_COLUMN_KEYS, NULL},
                             *const index_keys[] = {VF_PLAN_INDEX_KEYS, NULL},
                             *const view_keys[] = {VF_PLAN_VIEW_KEYS, NULL},
                             *const verify_keys[] = {VF_PLAN_VERIFY_KEYS, NULL};
    char *manual = read_manual();
    (void)state;
    check_keys(manual, "## The file", file_keys);
    check_keys(manual, "## A table", table_keys);
    check_keys(manual, "## A column", column_keys);
    check_keys(manual, "## An index", index_keys);
    check_keys(manual, "## A view", view_keys);
    check_keys(manual, "## Verify", verify_keys);
    for (size_t i = 0; i < VF_FORM_COUNT; i++) {
        char row[64];
        snprintf(row, sizeof(row), "\n- `%s`:", vf_form_name((enum vf_form)i));
        assert_holds(manual, row);
    }
    for (size_t i = 0; i < VF_KIND_COUNT; i++)
        assert_holds(manual, vf_kind_name((enum vf_kind)i));
    vf_free(manual);
}

/* ---- running out of memory ---- */

static void test_no_memory(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, a text");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    char *text = fixture_write(&f);
    enum vf_status status = VF_NOMEM;
    for (int64_t at = 0; status != VF_OK; at++) {
        assert_true(at < 10000);
        vf_plan_release(&f.plan);
        vf_alloc_fail_at(at, false);
        status = vf_plan_read("ferry.yaml", text, strlen(text), &f.plan, &f.err);
        vf_alloc_fail_at(-1, false);
        if (status != VF_OK)
            assert_int_equal(status, VF_NOMEM);
    }
    vf_free(text);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_awkward_names),
        cmocka_unit_test(test_every_character), cmocka_unit_test(test_comments_stay_comments),
        cmocka_unit_test(test_slips_of_keys),   cmocka_unit_test(test_slips_of_names),
        cmocka_unit_test(test_hostile),         cmocka_unit_test(test_changes),
        cmocka_unit_test(test_indexes),         cmocka_unit_test(test_word_for_a_loss),
        cmocka_unit_test(test_memory),          cmocka_unit_test(test_drift),
        cmocka_unit_test(test_manual),          cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("ferry/plan_file", tests, NULL, fixture_teardown);
}
