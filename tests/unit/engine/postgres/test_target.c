/* Objects of a target: vector indexes above their limits, indexes that were broken off, sequences, a table dropped, what stops a run. */
#include "server.h"

#include <stdio.h>
#include <string.h>

#include "engine/postgres/conn.h"

static const struct vf_table *inspect(const struct server *server, const char *name, struct vf_schema *schema)
{
    *schema = (struct vf_schema){0};
    OK(vf_conn_inspect(server->target, NULL, schema, &err));
    const struct vf_table *table = vf_schema_find_table(schema, "public", name);
    if (table == NULL)
        fail_msg("no table %s", name);
    return table;
}

static const struct vf_index *find_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (strcmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    }
    fail_msg("no index %s", name);
    return NULL;
}

static void build(const struct server *server, const struct vf_table *table, const struct vf_index *index)
{
    const struct vf_step step = {.kind = VF_STEP_INDEX, .table = table, .index = index};
    OK(vf_conn_apply(server->target, &step, &err));
    OK(vf_conn_apply(server->target, &step, &err));
}

/* vector(3072): the index is on the column as halfvec, queries that say so use it, and it is found again as the same index. */
static void test_halfvec_index(void **state)
{
    const struct server *server = *state;
    struct vf_arena arena = {0};
    struct vf_schema schema;
    struct vf_index_mapping mapping, again;
    struct vf_key_part part = {.column = 1};
    struct vf_index index = {.name = "t_hnsw",
                             .kind = VF_INDEX_HNSW,
                             .n_parts = 1,
                             .parts = &part,
                             .vector = {.metric = VF_METRIC_COSINE, .m = 8}};
    server_run(server,
               "CREATE TABLE t (id int PRIMARY KEY, \"Em bedding\" vector(3072)); INSERT INTO t SELECT i, "
               "(SELECT array_agg(sin(i * k)) FROM generate_series(1, 3072) k)::vector FROM generate_series(1, 40) i");
    const struct vf_table *table = inspect(server, "t", &schema);
    OK(vf_conn_map_index(server->target, table, &index, &arena, &mapping, &err));
    assert_true(mapping.moved);
    assert_non_null(strstr(mapping.why, "Em bedding::halfvec(3072) <=> $1"));
    build(server, table, &mapping.index);
    assert_non_null(strstr(server_ask(server, "SELECT pg_get_indexdef('t_hnsw'::regclass)"), "halfvec_cosine_ops"));
    vf_schema_release(&schema);
    table = inspect(server, "t", &schema);
    const struct vf_index *found = find_index(table, "t_hnsw");
    assert_int_equal(found->kind, VF_INDEX_HNSW);
    assert_int_equal(found->parts[0].column, 1);
    assert_int_equal(found->vector.metric, VF_METRIC_COSINE);
    assert_int_equal(found->vector.element, VF_E_F16);
    assert_int_equal(found->vector.m, 8);
    OK(vf_conn_map_index(server->target, table, found, &arena, &again, &err));
    assert_true(again.moved);
    vf_schema_release(&schema);
    vf_arena_release(&arena);
}

static void test_vector_limits(void **state)
{
    const struct server *server = *state;
    struct vf_arena arena = {0};
    struct vf_schema schema;
    server_run(server, "CREATE TABLE t (big vector(4001), any_dim vector, list double precision[], s sparsevec(10), "
                       "small vector(3), h halfvec(4000))");
    const struct vf_table *table = inspect(server, "t", &schema);
    static const struct {
        int column;
        enum vf_index_kind kind;
        enum vf_metric metric;
        const char *why; /* NULL: moved */
    } wanted[] = {{0, VF_INDEX_HNSW, VF_METRIC_COSINE, "4000 of them cast to f16"},
                  {1, VF_INDEX_HNSW, VF_METRIC_L2, "dimensions"},
                  {2, VF_INDEX_HNSW, VF_METRIC_L2, "doesn't hold vectors"},
                  {3, VF_INDEX_IVFFLAT, VF_METRIC_L2, NULL}, /* as hnsw: there is no ivfflat for it */
                  {3, VF_INDEX_HNSW, VF_METRIC_IP, NULL},
                  {4, VF_INDEX_IVFFLAT, VF_METRIC_L1, NULL}, /* the same */
                  {4, VF_INDEX_HNSW, VF_METRIC_JACCARD, "distance"},
                  {4, VF_INDEX_HNSW, VF_METRIC_HAMMING, "distance"},
                  {4, VF_INDEX_IVFFLAT, VF_METRIC_L2, NULL},
                  {5, VF_INDEX_HNSW, VF_METRIC_L1, NULL}};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct vf_key_part part = {.column = wanted[i].column};
        const struct vf_index index = {
            .kind = wanted[i].kind, .n_parts = 1, .parts = &part, .vector = {.metric = wanted[i].metric}};
        struct vf_index_mapping mapping;
        OK(vf_conn_map_index(server->target, table, &index, &arena, &mapping, &err));
        assert_int_equal(mapping.moved, wanted[i].why == NULL);
        if (wanted[i].why != NULL && strstr(mapping.why, wanted[i].why) == NULL)
            fail_msg("%zu: %s", i, mapping.why);
        if (mapping.moved)
            build(server, table, &mapping.index);
    }
    vf_schema_release(&schema);
    vf_arena_release(&arena);
}

/* What a killed CREATE INDEX CONCURRENTLY leaves is no index: it is built anew. */
static void test_invalid_index(void **state)
{
    const struct server *server = *state;
    struct vf_schema schema;
    struct vf_key_part part = {.column = 0};
    const struct vf_index index = {.name = "t_idx", .kind = VF_INDEX_BTREE, .n_parts = 1, .parts = &part};
    server_run(server, "CREATE TABLE t (id int); CREATE INDEX t_idx ON t (id);"
                       "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_idx'::regclass");
    const struct vf_table *table = inspect(server, "t", &schema);
    assert_int_equal(table->n_indexes, 0);
    build(server, table, &index);
    assert_string_equal(server_ask(server, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_idx'::regclass"),
                        "t");
    vf_schema_release(&schema);
}

static void test_name_is_taken(void **state)
{
    const struct server *server = *state;
    struct vf_schema schema;
    struct vf_key_part part = {.column = 0};
    const struct vf_index index = {.name = "taken", .kind = VF_INDEX_BTREE, .n_parts = 1, .parts = &part};
    server_run(server, "CREATE TABLE t (id int); CREATE VIEW taken AS SELECT 1 AS a");
    const struct vf_table *table = inspect(server, "t", &schema);
    const struct vf_step step = {.kind = VF_STEP_INDEX, .table = table, .index = &index};
    FAILS(vf_conn_apply(server->target, &step, &err), VF_STATE, "another object");
    vf_schema_release(&schema);
}

static void test_broken_foreign_key(void **state)
{
    const struct server *server = *state;
    struct vf_schema schema;
    int column = 1;
    const char *to = "id";
    const struct vf_foreign_key key = {
        .n_columns = 1, .columns = &column, .to_schema = "public", .to_table = "p", .to_columns = &to};
    server_run(
        server,
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int, parent int); INSERT INTO c VALUES (1, 42)");
    const struct vf_table *table = inspect(server, "c", &schema);
    const struct vf_step step = {.kind = VF_STEP_FOREIGN_KEY, .table = table, .foreign_key = &key};
    FAILS(vf_conn_apply(server->target, &step, &err), VF_VALUE, "(parent)=(42)");
    server_run(server, "INSERT INTO p VALUES (42)");
    OK(vf_conn_apply(server->target, &step, &err));
    OK(vf_conn_apply(server->target, &step, &err));
    assert_string_equal(server_ask(server, "SELECT conname FROM pg_constraint WHERE contype = 'f'"), "c_parent_fkey");
    vf_schema_release(&schema);
}

/* Tables that point at each other go one by one; a view stops the drop. */
static void test_drop(void **state)
{
    const struct server *server = *state;
    const struct vf_table a = {.schema = "public", .name = "a"}, b = {.schema = "public", .name = "b"};
    const struct vf_step drop_a = {.kind = VF_STEP_DROP_TABLE, .table = &a},
                         drop_b = {.kind = VF_STEP_DROP_TABLE, .table = &b};
    server_run(server, "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);"
                       "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; CREATE VIEW v AS SELECT * FROM b");
    OK(vf_conn_apply(server->target, &drop_a, &err));
    FAILS(vf_conn_apply(server->target, &drop_b, &err), VF_ENGINE, "view v");
    server_run(server, "DROP VIEW v");
    OK(vf_conn_apply(server->target, &drop_b, &err));
}

static void set_sequence(const struct server *server, int64_t last, bool is_called, const char *next)
{
    const struct vf_sequence sequence = {.schema = "public",
                                         .name = "the seq",
                                         .native = "bigint",
                                         .start = 5,
                                         .increment = 5,
                                         .min = 5,
                                         .max = 1000,
                                         .cache = 1,
                                         .last = last,
                                         .is_called = is_called,
                                         .owner_schema = "public",
                                         .owner_table = "t",
                                         .owner_column = "id",
                                         .identity = true};
    const struct vf_step step = {.kind = VF_STEP_SEQUENCE_VALUE, .sequence = &sequence};
    OK(vf_conn_apply(server->target, &step, &err));
    assert_string_equal(server_ask(server, "BEGIN; INSERT INTO t DEFAULT VALUES RETURNING id"), next);
}

static void test_identity(void **state)
{
    const struct server *server = *state;
    server_run(server, "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, x int)");
    set_sequence(server, 5, false, "5");
    set_sequence(server, 5, true, "10");
    server_run(server, "INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (100)");
    set_sequence(server, 5, true, "105");
    set_sequence(server, 500, false, "500");
    server_run(server,
               "INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (100000)"); /* beyond the sequence's own range */
    set_sequence(server, 500, true, "505");
    assert_string_equal(server_ask(server, "SELECT pg_get_serial_sequence('t', 'id')"), "public.\"the seq\"");
}

static void test_preflight(void **state)
{
    const struct server *server = *state;
    struct vf_column columns[] = {
        {.name = "ctid", .native = "integer", .type = {.kind = VF_K_I32}},
        {.name = "a", .native = "VARCHAR(10)", .type = {.kind = VF_K_TEXT}},
        {.name = "b", .native = "public.nothing", .type = {.kind = VF_K_OTHER}},
        {.name = "c", .native = "vector(3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}}};
    struct vf_table table = {.schema = "public", .name = "t", .n_columns = 4, .columns = columns, .primary_key = -1};
    const struct vf_schema wanted = {.n_tables = 1, .tables = &table};
    const struct vf_load_estimate estimate = {.size_bytes = 1000};
    struct vf_problem_list problems = {0};
    OK(vf_conn_preflight(server->target, &wanted, &estimate, &problems, &err));
    assert_int_equal(problems.n_problems, 3);
    assert_int_equal(problems.problems[0].status, VF_USAGE);
    assert_non_null(strstr(problems.problems[0].what, "ctid"));
    assert_non_null(strstr(problems.problems[1].what, "VARCHAR(10)"));
    assert_int_equal(problems.problems[2].status, VF_MISSING);
    assert_non_null(strstr(problems.problems[2].what, "public.nothing"));
    vf_problem_list_release(&problems);
}

/* What another version doesn't have is named before the first write, and the source's declaration isn't kept. */
static void test_versions(void **state)
{
    const struct server *server = *state;
    struct vf_pg_conn *conn = vf_pg_conn_of(server->target);
    const struct vf_pg_vector known = conn->vector;
    int version = conn->version;
    struct vf_column columns[] = {
        {.name = "h", .native = "halfvec(3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F16, .dim = 3}},
        {.name = "n", .native = "numeric(5,-2)", .type = {.kind = VF_K_DECIMAL}},
        {.name = "t", .native = "text", .type = {.kind = VF_K_TEXT}, .collation = "nowhere"},
        {.name = "v", .native = "vector(3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}}};
    struct vf_table table = {.schema = "public", .name = "t", .n_columns = 4, .columns = columns, .primary_key = -1};
    const struct vf_schema wanted = {.n_tables = 1, .tables = &table};
    const struct vf_load_estimate estimate = {.size_bytes = 1000};
    struct vf_problem_list problems = {0};
    struct vf_mapping mapping;
    struct vf_arena arena = {0};

    OK(vf_conn_preflight(server->target, &wanted, &estimate, &problems, &err));
    assert_int_equal(problems.n_problems, 1); /* the collation */
    vf_problem_list_release(&problems);
    conn->vector = (struct vf_pg_vector){.version = "0.5.1", .is_available = true};
    conn->vector_asked = true;
    conn->version = 140000;
    OK(vf_conn_preflight(server->target, &wanted, &estimate, &problems, &err));
    assert_int_equal(problems.n_problems, 3);
    assert_non_null(strstr(problems.problems[0].what, "halfvec(3) needs pgvector 0.7.0, and the server's is 0.5.1"));
    assert_non_null(strstr(problems.problems[1].what, "numeric(5,-2) needs PostgreSQL 15"));
    assert_string_equal(problems.problems[1].say, "to: numeric");
    assert_non_null(strstr(problems.problems[2].what, "no collation \"nowhere\""));
    assert_string_equal(problems.problems[2].object, "public.t.t");
    for (size_t i = 0; i < problems.n_problems; i++)
        assert_int_equal(problems.problems[i].status, VF_MISSING);
    vf_problem_list_release(&problems);
    OK(vf_conn_map_column(server->target, &table, &columns[0], &arena, &mapping, &err));
    assert_string_equal(mapping.native, "vector(3)");
    assert_true(mapping.not_kept);
    OK(vf_conn_map_column(server->target, &table, &columns[3], &arena, &mapping, &err));
    assert_false(mapping.not_kept);
    vf_arena_release(&arena);
    conn->vector = known;
    conn->version = version;
}

/* A user without privileges is told so, before and when it matters. */
static void test_privileges(void **state)
{
    struct server *server = *state;
    char sql[400], role[80];
    struct vf_column column = {.name = "id", .native = "integer", .type = {.kind = VF_K_I32}};
    struct vf_table table = {.schema = "public", .name = "t", .n_columns = 1, .columns = &column, .primary_key = -1};
    const struct vf_schema wanted = {.n_tables = 1, .tables = &table};
    const struct vf_load_estimate estimate = {0};
    const struct vf_step step = {.kind = VF_STEP_TABLE, .table = &table};
    struct vf_problem_list problems = {0};
    struct server poor = *server;
    snprintf(role, sizeof(role), "poor_%s", server->name);
    snprintf(sql, sizeof(sql), "CREATE ROLE %s LOGIN; REVOKE CREATE ON SCHEMA public FROM public", role);
    server_run(server, sql);
    const char *sign = strchr(server->url, '?') != NULL ? "&" : "?";
    int size = snprintf(poor.url, sizeof(poor.url), "%s%soptions=-crole%%3D%s", server->url, sign, role);
    assert_true(size > 0 && (size_t)size < sizeof(poor.url));
    struct vf_conn *conn = server_open(&poor, VF_SIDE_TARGET);
    OK(vf_conn_preflight(conn, &wanted, &estimate, &problems, &err));
    assert_true(problems.n_problems >= 1);
    assert_int_equal(problems.problems[0].severity, VF_SEVERITY_BLOCK);
    assert_int_equal(problems.problems[0].status, VF_MISSING);
    FAILS(vf_conn_apply(conn, &step, &err), VF_MISSING, "permission denied");
    vf_conn_close(conn);
    vf_problem_list_release(&problems);
    snprintf(sql, sizeof(sql), "DROP ROLE %s", role);
    server_run(server, sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(test_halfvec_index), SERVER_TEST(test_vector_limits),      SERVER_TEST(test_invalid_index),
        SERVER_TEST(test_name_is_taken), SERVER_TEST(test_broken_foreign_key), SERVER_TEST(test_drop),
        SERVER_TEST(test_identity),      SERVER_TEST(test_preflight),          SERVER_TEST(test_versions),
        SERVER_TEST(test_privileges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
