#include "support.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/store.h"
#include "model/schema_json.h"

/* A table of PostgreSQL's that was moved here: what the file can't declare comes back from vecferry_schema. */

static struct vf_column source_columns[] = {
    {.name = "id",
     .native = "bigint",
     .type = {.kind = VF_K_I64},
     .not_null = true,
     .generated = VF_GENERATED_IDENTITY_ALWAYS},
    {.name = "price",
     .native = "numeric(12,2)",
     .type = {.kind = VF_K_DECIMAL},
     .not_null = true,
     .comment = "in euro"},
    {.name = "mood",
     .native = "mood",
     .type = {.kind = VF_K_ENUM},
     .def = {.kind = VF_DEFAULT_EXPRESSION, .text = "'ok'::mood"}},
    {.name = "note", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "Emb", .native = "vector(3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}},
    {.name = "changed", .native = "integer", .type = {.kind = VF_K_I32}},
};
static struct vf_column target_columns[] = {
    {.name = "id", .native = "INTEGER", .type = {.kind = VF_K_I64}, .not_null = true},
    {.name = "price", .native = "TEXT", .type = {.kind = VF_K_DECIMAL}, .form = VF_FORM_TEXT, .not_null = true},
    {.name = "mood", .native = "TEXT", .type = {.kind = VF_K_ENUM}, .form = VF_FORM_TEXT},
    {.name = "note", .native = "TEXT", .type = {.kind = VF_K_TEXT}},
    {.name = "emb",
     .native = "BLOB",
     .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3},
     .form = VF_FORM_BYTES},
    {.name = "changed", .native = "INTEGER", .type = {.kind = VF_K_I32}},
};
static struct vf_key_part id_part = {.column = 0};
static struct vf_key_part emb_part = {.column = 4, .operator_class = "vector_cosine_ops"};
static struct vf_key_part note_part = {.column = 3};
static struct vf_index source_indexes[] = {
    {.name = "t_pkey",
     .constraint = VF_CONSTRAINT_PRIMARY,
     .unique = true,
     .n_parts = 1,
     .parts = &id_part,
     .method = "btree"},
    {.name = "t_emb",
     .kind = VF_INDEX_HNSW,
     .method = "hnsw",
     .n_parts = 1,
     .parts = &emb_part,
     .vector = {.metric = VF_METRIC_COSINE, .m = 24}},
    {.name = "dropped", .method = "btree", .n_parts = 1, .parts = &note_part},
};
static struct vf_index target_indexes[] = {
    {.constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 1, .parts = &id_part, .method = "btree"},
    {.name = "dropped", .method = "btree", .n_parts = 1, .parts = &note_part},
};

static void remember(struct vf_conn *conn)
{
    const struct vf_table source = {.schema = "public",
                                    .name = "T",
                                    .n_columns = 6,
                                    .columns = source_columns,
                                    .primary_key = 0,
                                    .n_indexes = 3,
                                    .indexes = source_indexes};
    const struct vf_table target = {.name = "t",
                                    .n_columns = 6,
                                    .columns = target_columns,
                                    .primary_key = 0,
                                    .n_indexes = 2,
                                    .indexes = target_indexes};
    static const char *labels[] = {"ok", "sad"};
    const struct vf_user_type mood = {
        .schema = "public", .name = "mood", .kind = VF_USER_TYPE_ENUM, .n_labels = 2, .labels = labels};
    const struct vf_sequence sequence = {.schema = "public",
                                         .name = "T_id_seq",
                                         .native = "bigint",
                                         .start = 1,
                                         .increment = 5,
                                         .min = 1,
                                         .max = INT64_MAX,
                                         .cache = 1,
                                         .last = 36,
                                         .is_called = true,
                                         .owner_schema = "public",
                                         .owner_table = "T",
                                         .owner_column = "id",
                                         .identity = true};
    struct vf_error err = {0};
    struct vf_buf body;
    vf_buf_init(&body, VF_BUF_MAX);
    must(vf_store_create(conn, &err), &err);
    vf_buf_str(&body, "{\"source\": ");
    vf_table_to_json(&source, false, &body);
    vf_buf_str(&body, ", \"target\": ");
    vf_table_to_json(&target, false, &body);
    vf_buf_str(&body, ", \"source_engine\": \"postgres\"}");
    must(vf_buf_check(&body, &err), &err);
    must(vf_store_remember(conn, "table", "t", body.data, "run", &err), &err);
    vf_buf_clear(&body);
    vf_user_type_to_json(&mood, &body);
    must(vf_store_remember(conn, "type", "public.mood", body.data, "run", &err), &err);
    vf_buf_clear(&body);
    vf_sequence_to_json(&sequence, &body);
    must(vf_store_remember(conn, "sequence", "public.T_id_seq", body.data, "run", &err), &err);
    vf_buf_release(&body);
}

static const struct vf_index *find_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].name != NULL && strcmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    }
    return NULL;
}

static void what_the_file_cant_declare_comes_back(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, price TEXT NOT NULL, mood TEXT, note TEXT, emb BLOB, "
                    "changed TEXT, added INTEGER);"
                    "INSERT INTO t VALUES (1, '1.50', 'ok', '2024-01-01', x'0000803f0000803f0000803f', 'x', 5), (2, "
                    "'much', 'ok', '2024-01-01', NULL, 'y', 6)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_TARGET);
    remember(conn);
    inspect(conn, true, &schema);
    assert_int_equal(schema.n_tables, 1);
    const struct vf_table *table = find_table(&schema, "t");
    const struct vf_column *id = find_column(&schema, "t", "id");
    assert_string_equal(id->native, "bigint");
    assert_int_equal(id->generated, VF_GENERATED_IDENTITY_ALWAYS);
    const struct vf_column *price = find_column(&schema, "t", "price");
    assert_string_equal(price->native, "numeric(12,2)");
    assert_int_equal(price->type.kind, VF_K_DECIMAL);
    assert_int_equal(price->form, VF_FORM_TEXT);
    assert_string_equal(price->comment, "in euro");
    assert_int_equal(price->evidence.n_bad, 1);
    assert_non_null(strstr(price->evidence.text, "remembered from the move"));
    assert_int_equal(find_column(&schema, "t", "mood")->type.kind, VF_K_ENUM);
    assert_int_equal(find_column(&schema, "t", "mood")->def.kind, VF_DEFAULT_EXPRESSION);
    /* Every value is an ISO date, but it was a text and is one. */
    assert_int_equal(find_column(&schema, "t", "note")->type.kind, VF_K_TEXT);
    assert_int_equal(find_column(&schema, "t", "emb")->type.dim, 3);
    assert_int_equal(find_column(&schema, "t", "emb")->form, VF_FORM_BYTES);
    /* Declared anew since: the memory of it is out of date. */
    assert_string_equal(find_column(&schema, "t", "changed")->native, "TEXT");
    assert_int_equal(find_column(&schema, "t", "added")->type.kind, VF_K_I64);

    assert_string_equal(table->indexes[table->primary_key].name, "t_pkey");
    const struct vf_index *hnsw = find_index(table, "t_emb");
    if (hnsw == NULL) {
        fail_msg("no index t_emb");
        return;
    }
    assert_int_equal(hnsw->kind, VF_INDEX_HNSW);
    assert_int_equal(hnsw->vector.m, 24);
    assert_string_equal(hnsw->parts[0].operator_class, "vector_cosine_ops");
    assert_null(find_index(table, "dropped"));
    assert_int_equal(schema.n_user_types, 1);
    assert_string_equal(schema.user_types[0].labels[1], "sad");
    assert_int_equal(schema.n_sequences, 1);
    assert_int_equal(schema.sequences[0].last, 36);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void a_memory_that_cant_be_read_is_an_error(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema = {0};
    (void)state;
    run_sql("a.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_TARGET);
    must(vf_store_create(conn, &err), &err);
    must(vf_store_remember(conn, "table", "t", "{\"source\": 7}", "run", &err), &err);
    assert_int_equal(vf_conn_inspect(conn, NULL, &schema, &err), VF_USAGE);
    assert_non_null(strstr(err.message, "what vecferry_schema remembers of table \"t\" can't be read"));
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

/* Many indexes that the file couldn't declare: without memory for one of them there is no schema, rather than one that lacks it. */
static void no_memory_is_no_loss(void **state)
{
    enum { N_INDEXES = 200 };
    static struct vf_index many[N_INDEXES];
    static char names[N_INDEXES][16];
    struct vf_table source = {
        .name = "t", .n_columns = 6, .columns = source_columns, .primary_key = -1, .n_indexes = N_INDEXES};
    const struct vf_table target = {.name = "t", .n_columns = 6, .columns = target_columns, .primary_key = -1};
    struct vf_error err = {0};
    struct vf_buf body;
    (void)state;
    for (size_t i = 0; i < N_INDEXES; i++) {
        snprintf(names[i], sizeof(names[i]), "ix%zu", i);
        many[i] = (struct vf_index){.name = names[i],
                                    .kind = VF_INDEX_HNSW,
                                    .n_parts = 1,
                                    .parts = &emb_part,
                                    .vector = {.metric = VF_METRIC_COSINE}};
    }
    source.indexes = many;
    run_sql("a.db", "CREATE TABLE t (id INTEGER, price TEXT, mood TEXT, note TEXT, emb BLOB, changed TEXT)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_TARGET);
    must(vf_store_create(conn, &err), &err);
    vf_buf_init(&body, VF_BUF_MAX);
    vf_buf_str(&body, "{\"source\": ");
    vf_table_to_json(&source, false, &body);
    vf_buf_str(&body, ", \"target\": ");
    vf_table_to_json(&target, false, &body);
    vf_buf_str(&body, "}");
    must(vf_store_remember(conn, "table", "t", body.data, "run", &err), &err);
    vf_buf_release(&body);
    for (int64_t at = 0, n_allocations = INT64_MAX; at < n_allocations; at++) {
        struct vf_schema schema = {0};
        vf_error_clear(&err);
        vf_alloc_fail_at(at, false);
        enum vf_status status = vf_conn_inspect(conn, NULL, &schema, &err);
        n_allocations = status == VF_OK ? vf_alloc_count() : INT64_MAX;
        vf_alloc_fail_at(-1, false);
        assert_true(status == VF_OK || status == VF_NOMEM);
        if (status == VF_OK)
            assert_int_equal(find_table(&schema, "t")->n_indexes, N_INDEXES);
        vf_schema_release(&schema);
    }
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_file_cant_declare_comes_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_memory_that_cant_be_read_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(no_memory_is_no_loss, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite memory", tests, NULL, NULL);
}
