/* Making a plan: what is chosen, how it is ordered and named, and that whatever stays behind is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/mem/mem.h"
#include "plan_fixture.h"

static const struct vf_type i64 = {.kind = VF_K_I64};
static const struct vf_type text_type = {.kind = VF_K_TEXT};

static struct vf_column column_of(const char *name, struct vf_type type, const char *native)
{
    return (struct vf_column){.name = name, .type = type, .native = native};
}

/* ---- tables ---- */

static void test_relations(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "body text, id i64 key, v vector(f32,3) not null");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);

    const struct vf_plan_table *docs = find_plan_table(&f.plan, "docs");
    assert_int_equal(docs->from.n_fields, 3);
    assert_int_equal(docs->to.n_fields, 3);
    assert_string_equal(docs->from.fields[2].name, "v");
    assert_string_equal(docs->to.fields[2].native, "vector(f32,3)");
    assert_int_equal(docs->to.fields[2].type.dim, 3);
    assert_true(docs->to.fields[2].not_null);
    assert_int_equal(docs->from.n_key, 1);
    assert_int_equal(docs->from.key[0], 1);
    assert_int_equal(docs->to.key[0], 1);
    assert_int_equal(docs->target.primary_key, 0);
    assert_int_equal(strlen(f.plan.sha256), 64);
    assert_string_equal(f.plan.extensions[0], "vector");
    assert_int_equal(f.plan.n_schemas, 0);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK);
    fixture_close(&f);
}

static void test_only_and_exclude(void **state)
{
    struct fixture f;
    const char *const names[] = {"docs"}, *const slip[] = {"dcos"};
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_only = 1, .only = names}), VF_OK);
    assert_int_equal(f.plan.n_tables, 1);
    assert_string_equal(f.plan.tables[0].source.name, "docs");
    assert_string_equal(find_not_moved(&f.plan, "table", "first")->why, "the user leaves it out");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_exclude = 1, .exclude = names}), VF_OK);
    assert_int_equal(f.plan.n_tables, 1);
    assert_string_equal(f.plan.tables[0].source.name, "first");
    find_not_moved(&f.plan, "table", "docs");

    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_only = 1, .only = slip}), VF_USAGE);
    assert_holds(f.err.message, "--only: the source has no table \"dcos\"");
    assert_holds(f.err.hint, "\"docs\"");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_exclude = 1, .exclude = slip}), VF_USAGE);
    assert_holds(f.err.message, "--exclude");
    fixture_close(&f);
}

static void test_where(void **state)
{
    struct fixture f;
    const char *const good[] = {"docs=a = 'b=c'"};
    const char *const bad[] = {"docs", "=x", "docs=", "dcos=a"};
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_where = 1, .where = good}), VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "docs")->from.where, "a = 'b=c'");
    assert_null(find_plan_table(&f.plan, "docs")->to.where);
    assert_null(find_plan_table(&f.plan, "first")->from.where);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_where = 1, .where = &bad[i]}), VF_USAGE);
        assert_holds(f.err.message, "--where");
        assert_true(f.err.hint[0] != '\0');
    }
    fixture_close(&f);
}

static void add_foreign_key(const char *name, const char *to)
{
    struct vf_column columns[] = {column_of("id", i64, "i64"), column_of("other", i64, "i64")};
    int from[] = {1};
    const char *to_columns[] = {"id"};
    struct vf_foreign_key key = {.n_columns = 1, .columns = from, .to_table = to, .to_columns = to_columns};

    define_table(&(struct vf_table){.name = name,
                                    .n_columns = 2,
                                    .columns = columns,
                                    .primary_key = -1,
                                    .n_foreign_keys = 1,
                                    .foreign_keys = &key});
}

static size_t place_of(const struct vf_plan *plan, const char *name)
{
    return (size_t)(find_plan_table(plan, name) - plan->tables);
}

static void test_order(void **state)
{
    struct fixture f;
    const char *const exclude[] = {"last"};
    (void)state;
    fixture_open(&f);
    add_foreign_key("a", "b");
    add_foreign_key("b", "last");
    add_foreign_key("x", "y"); /* a circle, and one that refers to itself */
    add_foreign_key("y", "x");
    add_foreign_key("self", "self");
    make_table("last", "id i64 key");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_int_equal(f.plan.n_tables, 7);
    assert_true(place_of(&f.plan, "last") < place_of(&f.plan, "b"));
    assert_true(place_of(&f.plan, "b") < place_of(&f.plan, "a"));
    assert_int_equal(find_plan_table(&f.plan, "x")->target.n_foreign_keys, 1);
    assert_int_equal(find_plan_table(&f.plan, "y")->target.n_foreign_keys, 1);
    assert_int_equal(find_plan_table(&f.plan, "self")->target.n_foreign_keys, 1);

    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_exclude = 1, .exclude = exclude}), VF_OK);
    assert_int_equal(find_plan_table(&f.plan, "b")->target.n_foreign_keys, 0);
    assert_string_equal(find_not_moved(&f.plan, "foreign key", "last")->on, "b");
    fixture_close(&f);
}

static void test_tables_without_key_and_without_tables(void **state)
{
    struct fixture f;
    const char *const first[] = {"first"};
    (void)state;
    fixture_open(&f);
    make_table("loose", "a text, b text");
    make_table("unique", "a text not null unique, b text unique");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_NOTE, "loose", "no key");
    assert_int_equal(find_plan_table(&f.plan, "unique")->from.n_key, 1);
    assert_int_equal(find_plan_table(&f.plan, "unique")->from.key[0], 0);
    assert_int_equal(
        fixture_make(&f, &(struct vf_plan_options){.n_only = 1, .only = first, .n_exclude = 1, .exclude = first}),
        VF_OK);
    find_problem(&f.plan, VF_SEVERITY_NOTE, "", "no table is moved");
    fixture_close(&f);
}

static void test_present_tables(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    assert_int_equal(vf_mem_create_table("t", "first", "id i64 key", NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_holds_not(find_problem(&f.plan, VF_SEVERITY_BLOCK, "first", "in the target already")->what, "rows");
    const struct vf_mem_value row[] = {vf_mem_i64(1)};
    assert_int_equal(vf_mem_add_row("t", "first", 1, row, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    const struct vf_problem *problem = find_problem(&f.plan, VF_SEVERITY_BLOCK, "first", "holds rows");
    assert_int_equal(problem->status, VF_STATE);
    assert_holds(problem->remedy, "--drop-existing");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_STATE);
    assert_holds(f.err.message, "1 problem in the way, 0 losses");
    assert_holds(f.err.hint, "--drop-existing");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.ignore_existing = true}), VF_OK);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK);
    fixture_close(&f);
}

static void test_one_database(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    const struct vf_plan_options none = {0};
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    vf_plan_release(&f.plan);
    assert_int_equal(vf_plan_make(f.target, f.target, &none, &f.plan, &f.err), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "", "the same database");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_USAGE);
    fixture_close(&f);
}

/* ---- what isn't moved ---- */

static void add_others(struct vf_schema *schema)
{
    *vf_schema_add_other(schema) = (struct vf_other){.kind = "view", .name = "recent", .text = "select 1"};
    *vf_schema_add_other(schema) =
        (struct vf_other){.kind = "trigger", .name = "touch", .on = "docs", .why = "it has its reasons"};
}

static void test_not_moved(void **state)
{
    struct fixture f;
    struct vf_column columns[] = {column_of("id", i64, "i64"), column_of("a", text_type, "text"),
                                  column_of("b", text_type, "text"), column_of("c", text_type, "text")};
    struct vf_check check = {.name = "short", .expression = "length(a) < 9"};
    (void)state;
    columns[1].def = (struct vf_default){.kind = VF_DEFAULT_EXPRESSION, .text = "my_function()"};
    columns[2].generated = VF_GENERATED_STORED;
    columns[2].expression = "upper(a)";
    columns[3].collation = "de-x-icu";
    columns[3].def = (struct vf_default){.kind = VF_DEFAULT_LITERAL, .text = "c"};
    fixture_open(&f);
    define_table(&(struct vf_table){
        .name = "docs", .n_columns = 4, .columns = columns, .primary_key = -1, .n_checks = 1, .checks = &check});
    fake.inspected = add_others;
    fake.other_name = true;
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_string_equal(find_not_moved(&f.plan, "default", "a")->text, "my_function()");
    assert_string_equal(find_not_moved(&f.plan, "generation expression", "b")->text, "upper(a)");
    assert_string_equal(find_not_moved(&f.plan, "collation", "c")->text, "de-x-icu");
    assert_string_equal(find_not_moved(&f.plan, "check", "short")->on, "docs");
    assert_holds(find_not_moved(&f.plan, "view", "recent")->why, "aren't translated");
    assert_string_equal(find_not_moved(&f.plan, "trigger", "touch")->why, "it has its reasons");

    const struct vf_plan_table *docs = find_plan_table(&f.plan, "docs");
    assert_int_equal(docs->to.n_fields, 4); /* the generated column's values move */
    assert_int_equal(docs->target.columns[2].generated, VF_GENERATED_NO);
    assert_int_equal(docs->target.columns[1].def.kind, VF_DEFAULT_NONE);
    assert_int_equal(docs->target.columns[3].def.kind, VF_DEFAULT_LITERAL);
    assert_null(docs->target.columns[3].collation);
    assert_int_equal(docs->target.n_checks, 0);
    fixture_close(&f);
}

static void test_losses(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, price decimal, thing text");
    fake.lossy = "price";
    fake.none = "thing";
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_holds(find_problem(&f.plan, VF_SEVERITY_LOSS, "docs.price", "half the digits go")->remedy, "loss: accept");
    find_problem(&f.plan, VF_SEVERITY_LOSS, "docs.thing", "there is no such type");
    find_not_moved(&f.plan, "column", "thing");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_STATE);
    assert_holds(f.err.message, "0 problems in the way, 2 losses not accepted");

    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.accept_losses = true}), VF_OK);
    assert_int_equal(count_problems(&f.plan, VF_SEVERITY_LOSS), 0);
    find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.price", "half the digits go");
    find_not_moved(&f.plan, "column", "thing");
    assert_int_equal(find_plan_table(&f.plan, "docs")->target.n_columns, 2);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK);
    fixture_close(&f);
}

static void add_evidence(struct vf_schema *schema)
{
    struct vf_table *table = vf_schema_find_table(schema, NULL, "docs");

    table->columns[1].evidence = (struct vf_evidence){.measured = true,
                                                      .n_values = 10,
                                                      .n_bad = 3,
                                                      .n_inexact = 7,
                                                      .max_relative_error = 5.9e-8,
                                                      .n_not_finite = 2,
                                                      .n_zero = 1,
                                                      .text = "7 blobs, 3 texts"};
}

static void test_evidence(void **state)
{
    struct fixture f;
    struct vf_limits limits = {.max_loaders = 1};
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, v vector(f32,2)");
    fake.inspected = add_evidence;
    assert_int_equal(vf_mem_set_limits("t", &limits, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_holds(find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.v", "3 of 10 values")->what, "7 blobs, 3 texts");
    assert_holds(find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.v", "7 numbers")->what, "5.9e-08");
    find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.v", "2 vectors hold NaN");
    find_problem(&f.plan, VF_SEVERITY_NOTE, "docs.v", "1 vectors are zero");
    assert_int_equal(fake.n_evidence_only, 0);
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.no_evidence = true}), VF_OK);
    assert_int_equal(fake.n_evidence_only, -1);
    fixture_close(&f);
}

static void test_limits(void **state)
{
    struct fixture f;
    struct vf_limits limits = {.max_loaders = 1, .max_vector_dim = 2, .max_columns = 1};
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, v vector(f32,3)");
    assert_int_equal(vf_mem_set_limits("t", &limits, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "docs.v", "3 dimensions is above the target's limit of 2");
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "docs", "2 columns, and the target's limit is 1");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_MISSING);
    fixture_close(&f);
}

static void set_default(struct vf_schema *schema, int column, struct vf_type type, enum vf_form form, const char *text)
{
    struct vf_column *made = &vf_schema_find_table(schema, NULL, "docs")->columns[column];

    made->type = type;
    made->form = form;
    made->def = (struct vf_default){.kind = VF_DEFAULT_LITERAL, .text = text};
}

/* As SQLite's evidence leaves them: the type was found in the values, the default was read under INTEGER. */
static void find_types(struct vf_schema *schema)
{
    const struct vf_type flag = {.kind = VF_K_BOOL}, zoned = {.kind = VF_K_TIMESTAMPTZ},
                         local = {.kind = VF_K_TIMESTAMP};

    set_default(schema, 0, flag, VF_FORM_INTEGER, "1");
    set_default(schema, 1, flag, VF_FORM_INTEGER, "7");
    set_default(schema, 2, zoned, VF_FORM_EPOCH_S, "1700000000");
    set_default(schema, 3, zoned, VF_FORM_EPOCH_MS, "soon");
    set_default(schema, 4, local, VF_FORM_JULIAN, "2440587.5");
    set_default(schema, 5, local, VF_FORM_ISO, "2024-02-29 13:05:00");
}

static void test_retyped_defaults(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "a i64, b i64, c i64, d i64, e i64, f i64");
    fake.inspected = find_types;
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    const struct vf_column *made = find_plan_table(&f.plan, "docs")->target.columns;
    assert_string_equal(made[0].def.text, "true");
    assert_int_equal(made[1].def.kind, VF_DEFAULT_NONE);
    assert_string_equal(find_not_moved(&f.plan, "default", "b")->text, "7");
    assert_string_equal(made[2].def.text, "2023-11-14T22:13:20Z");
    assert_string_equal(find_not_moved(&f.plan, "default", "d")->text, "soon");
    assert_string_equal(made[4].def.text, "1970-01-01 00:00:00");
    assert_string_equal(made[5].def.text, "2024-02-29 13:05:00");
    fixture_close(&f);
}

/* ---- names ---- */

static void spoil_name(struct vf_schema *schema)
{
    vf_schema_find_table(schema, NULL, "spoilt")->name = "\xff";
}

static void test_names_that_clash(void **state)
{
    struct fixture f;
    struct vf_limits limits = {.max_loaders = 1, .max_identifier_bytes = 8, .identifiers_fold_case = true};
    (void)state;
    fixture_open(&f);
    make_table("First", "id i64 key");
    make_table("lengthened_a", "id i64 key, Id i64");
    make_table("lengthened_b", "id i64 key");
    make_table("First_pk", "a i64");
    make_table("spoilt", "a i64");
    fake.inspected = spoil_name;
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_int_equal(count_problems(&f.plan, VF_SEVERITY_BLOCK), 1); /* what isn't UTF-8 is wrong everywhere */

    assert_int_equal(vf_mem_set_limits("t", &limits, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    const struct vf_problem *clash = find_problem(&f.plan, VF_SEVERITY_BLOCK, "First", "\"first\" and \"First\"");
    assert_int_equal(clash->status, VF_USAGE);
    assert_holds(clash->remedy, "rename:");
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "lengthened_b", "\"lengthened_a\" and \"lengthened_b\"");
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "lengthened_b", "12 bytes, and the target cuts names after 8");
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "lengthened_a.Id", "\"id\" and \"Id\"");
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "first.first_pkey",
                 "\"First_pk\" and \"first_pkey\""); /* an index against a table */
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_USAGE);
    fixture_close(&f);
}

static void test_schemas(void **state)
{
    struct fixture f;
    struct vf_column columns[] = {column_of("id", i64, "i64")};
    (void)state;
    fixture_open(&f);
    define_table(
        &(struct vf_table){.schema = "public", .name = "a", .n_columns = 1, .columns = columns, .primary_key = -1});
    define_table(
        &(struct vf_table){.schema = "shop", .name = "b", .n_columns = 1, .columns = columns, .primary_key = -1});
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "b")->target.schema, "shop");
    assert_int_equal(f.plan.n_schemas, 1); /* public is there */
    assert_string_equal(f.plan.schemas[0], "shop");

    fake.target_caps &= ~(unsigned)VF_CAP_SCHEMAS;
    make_table("shop_b", "id i64 key");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "a")->target.name, "a");
    assert_string_equal(find_plan_table(&f.plan, "b")->target.name, "shop_b");
    assert_null(find_plan_table(&f.plan, "b")->target.schema);
    assert_int_equal(f.plan.n_schemas, 0);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "shop_b", "are the same in the target");
    fixture_close(&f);
}

/* ---- objects ---- */

static void test_sequences_and_types(void **state)
{
    struct fixture f;
    const char *labels[] = {"sad", "glad"};
    struct vf_check check = {.expression = "value > 0"};
    const struct vf_user_type mood = {.name = "mood", .kind = VF_USER_TYPE_ENUM, .n_labels = 2, .labels = labels};
    const struct vf_user_type positive = {
        .name = "positive", .kind = VF_USER_TYPE_DOMAIN, .base = "i64", .n_checks = 1, .checks = &check};
    const struct vf_sequence owned = {
        .name = "first_id_seq", .native = "bigint", .owner_table = "first", .owner_column = "id", .last = 7};
    const struct vf_sequence loose = {.name = "tickets", .native = "bigint", .last = 9};
    (void)state;
    fixture_open(&f);
    assert_int_equal(vf_mem_define_user_type("s", &mood, NULL), VF_OK);
    assert_int_equal(vf_mem_define_user_type("s", &positive, NULL), VF_OK);
    assert_int_equal(vf_mem_define_sequence("s", &owned, NULL), VF_OK);
    assert_int_equal(vf_mem_define_sequence("s", &loose, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_int_equal(f.plan.n_user_types, 2);
    assert_int_equal(f.plan.n_sequences, 2);
    assert_string_equal(find_not_moved(&f.plan, "check", "check")->on, "positive");

    fake.target_caps &= ~(unsigned)(VF_CAP_USER_TYPES | VF_CAP_SEQUENCES);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_int_equal(f.plan.n_user_types, 0);
    assert_int_equal(f.plan.n_sequences, 1); /* a column's counter goes on */
    assert_int_equal(f.plan.sequences[0].last, 7);
    find_not_moved(&f.plan, "enum type", "mood");
    find_not_moved(&f.plan, "domain", "positive");
    find_not_moved(&f.plan, "sequence", "tickets");
    const char *const exclude[] = {"first"};
    make_table("second", "id i64 key");
    assert_int_equal(fixture_make(&f, &(struct vf_plan_options){.n_exclude = 1, .exclude = exclude}), VF_OK);
    find_not_moved(&f.plan, "sequence", "first_id_seq");
    fixture_close(&f);
}

static void test_proposed_index(void **state)
{
    struct fixture f;
    struct vf_limits limits = {.max_loaders = 1, .max_identifier_bytes = 12};
    (void)state;
    fixture_open(&f);
    make_vectors("many", 1000);
    make_vectors("few", 999);
    assert_int_equal(fixture_make(&f, NULL), VF_OK); /* the source could have had one and hasn't */
    assert_int_equal(find_plan_table(&f.plan, "many")->n_indexes, 1);

    fake.source_caps &= ~(unsigned)VF_CAP_VECTOR_INDEX;
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    const struct vf_plan_table *many = find_plan_table(&f.plan, "many");
    assert_int_equal(many->n_indexes, 2);
    assert_string_equal(many->target.indexes[1].name, "many_v_hnsw");
    assert_int_equal(many->target.indexes[1].kind, VF_INDEX_HNSW);
    assert_int_equal(many->target.indexes[1].vector.metric, VF_METRIC_COSINE);
    assert_int_equal(many->target.indexes[1].parts[0].column, 1);
    assert_int_equal(find_plan_table(&f.plan, "few")->n_indexes, 1);
    find_problem(&f.plan, VF_SEVERITY_NOTE, "many.many_v_hnsw", "adds one");

    make_vectors("a_long_name", 1000);
    assert_int_equal(vf_mem_set_limits("t", &limits, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_string_equal(find_plan_table(&f.plan, "a_long_name")->target.indexes[1].name, "a_long__hnsw");
    fixture_close(&f);
}

/* The rows of the table decide, and the plan's threshold; the engine lists its builders and hears only what they take. */
static void test_translated_index(void **state)
{
    struct fixture f;
    struct vf_limits limits = {.max_loaders = 1, .index_builders = {VF_BUILDER_LIBSQL_DISKANN}};
    (void)state;
    fixture_open(&f);
    make_vectors("many", 20);
    fake.source_caps &= ~(unsigned)VF_CAP_VECTOR_INDEX;
    assert_int_equal(vf_mem_set_limits("t", &limits, NULL), VF_OK);
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    assert_int_equal(f.plan.index_min_rows, 1000);
    assert_int_equal(find_plan_table(&f.plan, "many")->n_indexes, 1);

    static const char head[] = "version: 1\nindex_min_rows: 20\ntables:\n  - name: many\n";
    assert_int_equal(fixture_bind(&f, head, NULL), VF_OK);
    const struct vf_plan_table *many = find_plan_table(&f.plan, "many");
    assert_int_equal(many->n_indexes, 2);
    assert_int_equal(many->target.indexes[1].kind, VF_INDEX_DISKANN);
    assert_string_equal(many->target.indexes[1].method, "diskann");
    find_problem(&f.plan, VF_SEVERITY_NOTE, "many.many_v_hnsw", "DiskANN");
    char *text = fixture_write(&f);
    assert_holds(text, "index_min_rows: 20");
    assert_holds(text, "{name: many_v_hnsw, kind: hnsw, to: database, metric: cosine, add_on: v}");
    vf_free(text);

    text =
        vf_strdup("version: 1\ntables:\n  - name: many\n    indexes: [{name: x, kind: hnsw, add_on: v, to: database, "
                  "metric: l2, m: 8, neighbours: 9, ef_search: 33, compress: f16}]\n");
    assert_int_equal(fixture_bind(&f, text, NULL), VF_OK); /* named: no threshold */
    vf_free(text);
    const struct vf_index *made = &find_plan_table(&f.plan, "many")->target.indexes[1];
    assert_int_equal(made->vector.metric, VF_METRIC_L2);
    assert_int_equal(made->vector.neighbours, 9);
    assert_int_equal(made->vector.ef_search, 33);
    assert_int_equal(made->vector.compress, VF_E_F16);
    assert_int_equal(made->vector.m, 0);

    assert_int_equal(fixture_bind(&f,
                                  "version: 1\ntables:\n  - name: many\n    indexes: [{name: x, kind: hnsw, add_on: v, "
                                  "to: database, metric: l1}]\n",
                                  NULL),
                     VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "many.x", "can't be built where the plan wants it: libSQL has no such");
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_USAGE);
    fixture_close(&f);
}

/* ---- running out of memory ---- */

static void test_no_memory(void **state)
{
    struct fixture f;
    enum vf_status status = VF_NOMEM;
    (void)state;
    fixture_open(&f);
    add_foreign_key("a", "docs");
    make_table("docs", "id i64 key, v vector(f32,2)");
    assert_int_equal(fixture_make(&f, NULL), VF_OK);
    vf_plan_release(&f.plan);
    for (int64_t at = 0; status != VF_OK; at++) {
        const struct vf_plan_options none = {0};
        assert_true(at < 10000);
        vf_alloc_fail_at(at, false);
        status = vf_plan_make(f.source, f.target, &none, &f.plan, &f.err);
        vf_alloc_fail_at(-1, false);
        if (status != VF_OK)
            assert_int_equal(status, VF_NOMEM);
        vf_plan_release(&f.plan);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relations),
        cmocka_unit_test(test_only_and_exclude),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_tables_without_key_and_without_tables),
        cmocka_unit_test(test_present_tables),
        cmocka_unit_test(test_one_database),
        cmocka_unit_test(test_not_moved),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_retyped_defaults),
        cmocka_unit_test(test_names_that_clash),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_sequences_and_types),
        cmocka_unit_test(test_proposed_index),
        cmocka_unit_test(test_translated_index),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("ferry/plan", tests, NULL, fixture_teardown);
}
