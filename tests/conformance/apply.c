/* Making objects: tables, keys, indexes, sequences, odd names; finding them again. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

static const struct vf_table *find(const struct conf *conf, struct vf_schema *schema, const char *name)
{
    *schema = (struct vf_schema){0};
    CONF_OK(vf_conn_inspect(conf->conn, NULL, schema, &err));
    return vf_schema_find_table(schema, conf->quirks->schema, name);
}

static void test_inspect(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_schema schema;
    conf_plain_table(&table, conf, "found", 30);
    const struct vf_table *found = find(conf, &schema, "found");
    assert_non_null(found);
    assert_int_equal(found->kind, VF_TABLE_ORDINARY);
    assert_int_equal(found->n_columns, 3);
    assert_string_equal(found->columns[0].name, "id");
    assert_int_equal(found->columns[0].type.kind, VF_K_I64);
    assert_string_equal(found->columns[1].name, "name");
    assert_int_equal(found->columns[1].type.kind, VF_K_TEXT);
    assert_true(found->columns[1].not_null);
    assert_string_equal(found->columns[2].name, "note");
    assert_false(found->columns[2].not_null);
    assert_true(found->primary_key >= 0);
    const struct vf_index *key = &found->indexes[found->primary_key];
    assert_int_equal(key->constraint, VF_CONSTRAINT_PRIMARY);
    assert_int_equal(key->n_parts, 1);
    assert_int_equal(key->parts[0].column, 0);
    if (found->n_rows_exact)
        assert_int_equal(found->n_rows, 30);
    vf_schema_release(&schema);
    conf_table_release(&table);
}

static void test_evidence(void **state)
{
    const struct conf *conf = *state;
    const struct vf_inspect_options options = {.evidence = true};
    struct conf_table table;
    struct vf_schema schema = {0};
    conf_plain_table(&table, conf, "measured", 30);
    CONF_OK(vf_conn_inspect(conf->conn, &options, &schema, &err));
    const struct vf_table *found = vf_schema_find_table(&schema, conf->quirks->schema, "measured");
    assert_non_null(found);
    assert_int_equal(found->n_rows, 30);
    for (size_t i = 0; i < found->n_columns; i++)
        assert_int_equal(found->columns[i].evidence.n_bad, 0);
    vf_schema_release(&schema);
    conf_table_release(&table);
}

static void test_private_tables(void **state)
{
    const struct conf *conf = *state;
    struct vf_schema schema = {0};
    struct vf_store_chunk chunk = {.run = "run", .table = "t", .version = 1};
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_chunk(conf->conn, &chunk, &err));
    CONF_OK(vf_conn_inspect(conf->conn, NULL, &schema, &err));
    assert_int_equal(schema.n_tables, 0);
    for (size_t i = 0; i < schema.n_others; i++)
        assert_null(strstr(schema.others[i].name, "vecferry"));
    vf_schema_release(&schema);
}

static void expect_state(const struct conf *conf, const char *name, bool exists, bool has_rows)
{
    bool is_there = !exists, rows_there = !has_rows;
    CONF_OK(vf_conn_table_state(conf->conn, conf->quirks->schema, name, &is_there, &rows_there, &err));
    assert_int_equal(is_there, exists);
    assert_int_equal(rows_there, has_rows);
}

static void test_table_state(void **state)
{
    const struct conf *conf = *state;
    struct conf_table full, empty;
    expect_state(conf, "full", false, false);
    conf_plain_table(&full, conf, "full", 1);
    conf_plain_table(&empty, conf, "empty", 0);
    expect_state(conf, "full", true, true);
    expect_state(conf, "empty", true, false);
    const struct vf_step drop = {.kind = VF_STEP_DROP_TABLE, .table = &full.def};
    CONF_OK(vf_conn_apply(conf->conn, &drop, &err));
    CONF_OK(vf_conn_apply(conf->conn, &drop, &err));
    expect_state(conf, "full", false, false);
    conf_table_release(&full);
    conf_table_release(&empty);
}

/* A resumed run repeats its steps, over tables that have rows by now. */
static void test_steps_twice(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_key_part part = {.column = 1};
    struct vf_index plain = {.name = "t_name_idx", .method = "btree", .n_parts = 1, .parts = &part};
    struct vf_index unique = {.name = "t_name_key",
                              .method = "btree",
                              .n_parts = 1,
                              .parts = &part,
                              .unique = true,
                              .constraint = VF_CONSTRAINT_UNIQUE};
    conf_plain_table(&table, conf, "t", 10);
    const struct vf_step steps[] = {
        {.kind = VF_STEP_TABLE, .table = &table.def},
        {.kind = VF_STEP_INDEX, .table = &table.def, .index = &plain},
        {.kind = VF_STEP_INDEX, .table = &table.def, .index = &unique},
        {.kind = VF_STEP_ANALYZE, .table = &table.def},
    };
    for (size_t pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            if (steps[i].index == &unique && !vf_conn_can(conf->conn, VF_CAP_LATE_KEYS))
                continue;
            CONF_OK(vf_conn_apply(conf->conn, &steps[i], &err));
        }
        conf_table_finish(&table, conf->conn);
    }
    assert_int_equal(conf_count(conf->conn, &table), 10);
    struct vf_schema schema;
    const struct vf_table *found = find(conf, &schema, "t");
    assert_int_equal(found->n_indexes, vf_conn_can(conf->conn, VF_CAP_LATE_KEYS) ? 3 : 2);
    vf_schema_release(&schema);
    conf_table_release(&table);
}

static void test_late_key_refused(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    if (!vf_conn_can(conf->conn, VF_CAP_LATE_KEYS))
        return;
    conf_plain_init(&table, conf, "t");
    conf_table_make(&table, conf->conn, conf);
    conf_batch_init(&batch, &table, 10);
    conf_plain_rows(&batch, 1, 3);
    conf_plain_rows(&batch, 2, 1);
    conf_load(conf->conn, &table, &batch);
    const struct vf_step index = {.kind = VF_STEP_INDEX, .table = &table.def, .index = &table.primary};
    CONF_FAILS(vf_conn_apply(conf->conn, &index, &err), VF_VALUE, "t_pkey");
    assert_int_equal(conf_count(conf->conn, &table), 4);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static void test_foreign_key(void **state)
{
    const struct conf *conf = *state;
    struct conf_table parent, child;
    int column = 0;
    const char *to_column = "id";
    struct vf_foreign_key key = {.name = "child_id_fkey",
                                 .n_columns = 1,
                                 .columns = &column,
                                 .to_schema = conf->quirks->schema,
                                 .to_table = "parent",
                                 .to_columns = &to_column,
                                 .on_delete = VF_FK_CASCADE};
    conf_plain_table(&parent, conf, "parent", 10);
    conf_plain_init(&child, conf, "child");
    child.def.n_foreign_keys = 1;
    child.def.foreign_keys = &key;
    struct vf_batch batch = {0};
    conf_table_make(&child, conf->conn, conf);
    conf_batch_init(&batch, &child, 10);
    conf_plain_rows(&batch, 3, 4);
    conf_load(conf->conn, &child, &batch);
    conf_table_finish(&child, conf->conn);
    const struct vf_step step = {.kind = VF_STEP_FOREIGN_KEY, .table = &child.def, .foreign_key = &key};
    if (vf_conn_can(conf->conn, VF_CAP_LATE_KEYS)) {
        CONF_OK(vf_conn_apply(conf->conn, &step, &err));
        CONF_OK(vf_conn_apply(conf->conn, &step, &err));
    }
    struct vf_schema schema;
    const struct vf_table *found = find(conf, &schema, "child");
    assert_int_equal(found->n_foreign_keys, 1);
    assert_string_equal(found->foreign_keys[0].to_table, "parent");
    assert_string_equal(found->foreign_keys[0].to_columns[0], "id");
    assert_int_equal(found->foreign_keys[0].columns[0], 0);
    assert_int_equal(found->foreign_keys[0].on_delete, conf->quirks->no_key_actions ? VF_FK_NO_ACTION : VF_FK_CASCADE);
    vf_schema_release(&schema);
    vf_batch_release(&batch);
    conf_table_release(&parent);
    conf_table_release(&child);
}

static const struct vf_sequence *find_sequence(const struct conf *conf, struct vf_schema *schema, const char *name)
{
    *schema = (struct vf_schema){0};
    CONF_OK(vf_conn_inspect(conf->conn, NULL, schema, &err));
    for (size_t i = 0; i < schema->n_sequences; i++) {
        if (strcmp(schema->sequences[i].name, name) == 0)
            return &schema->sequences[i];
    }
    fail_msg("no sequence %s", name);
    return NULL;
}

static void test_sequences(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_schema schema;
    if (!vf_conn_can(conf->conn, VF_CAP_SEQUENCES))
        return;
    conf_plain_table(&table, conf, "t", 500);
    struct vf_sequence sequence = {.schema = conf->quirks->schema,
                                   .name = "t id's seq",
                                   .native = "bigint",
                                   .start = 1,
                                   .increment = 1,
                                   .min = 1,
                                   .max = INT64_MAX,
                                   .cache = 1,
                                   .last = 20,
                                   .is_called = true};
    const struct vf_step make = {.kind = VF_STEP_SEQUENCE, .sequence = &sequence};
    const struct vf_step set = {.kind = VF_STEP_SEQUENCE_VALUE, .sequence = &sequence};
    CONF_OK(vf_conn_apply(conf->conn, &make, &err));
    CONF_OK(vf_conn_apply(conf->conn, &make, &err));
    CONF_OK(vf_conn_apply(conf->conn, &set, &err));
    const struct vf_sequence *found = find_sequence(conf, &schema, "t id's seq");
    assert_int_equal(found->last, 20);
    assert_true(found->is_called);
    assert_int_equal(found->increment, 1);
    vf_schema_release(&schema);

    /* It serves a column that is ahead of it. */
    sequence.owner_schema = conf->quirks->schema;
    sequence.owner_table = "t";
    sequence.owner_column = "id";
    CONF_OK(vf_conn_apply(conf->conn, &set, &err));
    CONF_OK(vf_conn_apply(conf->conn, &set, &err));
    found = find_sequence(conf, &schema, "t id's seq");
    assert_int_equal(found->last + (found->is_called ? 1 : 0), 501);
    vf_schema_release(&schema);
    conf_table_release(&table);
}

static const char *const odd_names[] = {
    "select",     "Two Words",   "x\"; DROP TABLE y;--",
    "it's",       "line\nbreak", "\xF0\x9F\x90\x98",
    "back`tick]", "%s%n",        "a.b",
    "UPPER",      "upper",       "1st",
    " ",          "$1",          "\\",
};

#define N_ODD_NAMES (sizeof(odd_names) / sizeof(odd_names[0]))

/* A table of this name, with one row, that is read back. */
static void make_odd_name(const struct conf *conf, const char *name)
{
    const struct conf_column columns[] = {{.name = name, .type = "i64", .key = true},
                                          {.name = "\"", .type = "text"},
                                          {.name = "order", .type = "text", .not_null = true}};
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_digest sent = {0}, stored = {0};
    struct vf_chunk_list chunks = {0};
    conf_table_init(&table, conf, name, 3, columns);
    conf_table_make(&table, conf->conn, conf);
    conf_table_make(&table, conf->conn, conf);
    conf_batch_init(&batch, &table, 10);
    int64_t id = 1;
    CONF_OK(vf_array_add_fixed(&batch.columns[0], &id, &err));
    CONF_OK(vf_array_add_bytes(&batch.columns[1], name, strlen(name), &err));
    CONF_OK(vf_array_add_bytes(&batch.columns[2], "x", 1, &err));
    vf_batch_end_row(&batch);
    conf_digest_batch(&batch, &sent);
    conf_load(conf->conn, &table, &batch);
    conf_table_finish(&table, conf->conn);
    conf_table_finish(&table, conf->conn);
    CONF_OK(vf_conn_split(conf->conn, &table.relation, 1000, &chunks, &err));
    conf_digest_scan(conf->conn, &table, &chunks.chunks[0], &stored);
    conf_expect_same(sent, stored, name);
    expect_state(conf, name, true, true);
    vf_chunk_list_release(&chunks);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static bool is_possible(const struct conf *conf, const char *name)
{
    return !vf_conn_limits(conf->conn)->identifiers_fold_case || strcmp(name, "upper") != 0;
}

static void test_odd_names(void **state)
{
    const struct conf *conf = *state;
    struct vf_schema schema;
    for (size_t i = 0; i < N_ODD_NAMES; i++) {
        if (is_possible(conf, odd_names[i]))
            make_odd_name(conf, odd_names[i]);
    }
    (void)find(conf, &schema, "");
    for (size_t i = 0; i < N_ODD_NAMES; i++) {
        const struct vf_table *found = vf_schema_find_table(&schema, conf->quirks->schema, odd_names[i]);
        if (!is_possible(conf, odd_names[i]))
            continue;
        if (found == NULL)
            fail_msg("table \"%s\" isn't found again", odd_names[i]);
        assert_string_equal(found->columns[0].name, odd_names[i]);
        assert_string_equal(found->columns[1].name, "\"");
    }
    vf_schema_release(&schema);
}

/* What the engine says that it makes of every type can be declared, alone and all together, and is found again as the same type. */
static void test_all_types_in_one_table(void **state)
{
    const struct conf *conf = *state;
    struct conf_column columns[CONF_MAX_COLUMNS] = {{.name = "id", .type = "i64", .key = true}};
    struct conf_table table;
    struct vf_schema schema;
    size_t n_columns = 1;
    for (size_t i = 0; i < conf_n_types; i++) {
        if (conf_is_exact(conf->quirks, conf_types[i].type))
            columns[n_columns++] = conf_types[i];
    }
    conf_table_init(&table, conf, "all", n_columns, columns);
    conf_table_make(&table, conf->conn, conf);
    conf_table_make(&table, conf->conn, conf);
    const struct vf_table *found = find(conf, &schema, "all");
    assert_non_null(found);
    assert_int_equal(found->n_columns, n_columns);
    for (size_t i = 0; i < n_columns; i++)
        assert_string_equal(found->columns[i].name, columns[i].name);
    vf_schema_release(&schema);
    conf_table_release(&table);
}

const struct CMUnitTest conf_tests_apply[] = {
    CONF_TEST(test_inspect),        CONF_TEST(test_evidence),
    CONF_TEST(test_private_tables), CONF_TEST(test_table_state),
    CONF_TEST(test_steps_twice),    CONF_TEST(test_late_key_refused),
    CONF_TEST(test_foreign_key),    CONF_TEST(test_sequences),
    CONF_TEST(test_odd_names),      CONF_TEST(test_all_types_in_one_table),
};
const size_t conf_n_tests_apply = sizeof(conf_tests_apply) / sizeof(conf_tests_apply[0]);
