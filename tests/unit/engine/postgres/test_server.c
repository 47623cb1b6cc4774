/* Reading and loading on a real server, where PostgreSQL is special: partitions, snapshots, evidence, rejects, keys. */
#include "server.h"

#include <stdio.h>
#include <string.h>

#include "model/canon.h"

/* ---- helpers ---- */

static const struct vf_table *inspect(const struct server *server, const char *name, bool evidence,
                                      struct vf_schema *schema)
{
    const struct vf_inspect_options options = {.evidence = evidence};
    *schema = (struct vf_schema){0};
    OK(vf_conn_inspect(server->source, &options, schema, &err));
    const struct vf_table *table = vf_schema_find_table(schema, "public", name);
    if (table == NULL)
        fail_msg("no table %s", name);
    return table;
}

/* A table as a plan would read it. */
struct reading {
    struct vf_schema schema;
    struct vf_field fields[40];
    struct vf_type types[40];
    size_t key[4];
    struct vf_relation relation;
};

static void reading_open(struct reading *reading, const struct server *server, const char *name, bool evidence)
{
    const struct vf_table *table = inspect(server, name, evidence, &reading->schema);
    reading->relation = (struct vf_relation){.schema = "public",
                                             .name = table->name,
                                             .n_fields = table->n_columns,
                                             .fields = reading->fields,
                                             .key = reading->key};
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vf_column *column = &table->columns[i];
        reading->types[i] = column->type;
        reading->fields[i] = (struct vf_field){
            .name = column->name, .native = column->native, .type = column->type, .form = column->form};
    }
    if (table->primary_key >= 0) {
        const struct vf_index *key = &table->indexes[table->primary_key];
        for (size_t i = 0; i < key->n_parts; i++)
            reading->key[reading->relation.n_key++] = (size_t)key->parts[i].column;
    }
}

static struct vf_digest read_all(struct reading *reading, struct vf_conn *conn, const struct vf_chunk *chunk)
{
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    struct vf_digest digest = {0};
    struct vf_buf scratch;
    bool more = true;
    vf_buf_init(&scratch, VF_BUF_MAX);
    OK(vf_batch_init(&batch, reading->relation.n_fields, reading->types, 100, 1 << 20, &err));
    OK(vf_scan_open(conn, &reading->relation, chunk, &scan, &err));
    while (more) {
        struct vf_hash128 rows[100];
        vf_batch_reset(&batch);
        OK(vf_scan_read(conn, scan, &batch, &more, &err));
        OK(vf_canon_rows(&batch, &scratch, rows, &err));
        for (int64_t i = 0; i < batch.n_rows; i++)
            vf_digest_add_row(&digest, rows[i]);
    }
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    vf_buf_release(&scratch);
    return digest;
}

/* ---- reading ---- */

static void test_partitions(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    struct vf_chunk_list chunks = {0};
    struct vf_digest parts = {0};
    server_run(server, "CREATE TABLE p (id int, t text, PRIMARY KEY (id)) PARTITION BY RANGE (id);"
                       "CREATE TABLE \"p one\" PARTITION OF p FOR VALUES FROM (0) TO (3000);"
                       "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (3000) TO (9000) PARTITION BY HASH (id);"
                       "CREATE TABLE p2a PARTITION OF p2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                       "CREATE TABLE p2b PARTITION OF p2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                       "INSERT INTO p SELECT i, repeat('x', 50) || i FROM generate_series(0, 8999) i");
    reading_open(&reading, server, "p", false);
    assert_int_equal(reading.schema.n_tables, 1);
    OK(vf_conn_split(server->source, &reading.relation, 100000, &chunks, &err));
    assert_true(chunks.n_chunks > 6);
    assert_null(chunks.chunks[chunks.n_chunks - 1].high);
    for (size_t i = 0; i < chunks.n_chunks; i++)
        vf_digest_merge(&parts, read_all(&reading, server->source, &chunks.chunks[i]));
    struct vf_digest whole = read_all(&reading, server->source, NULL);
    assert_int_equal(whole.n_rows, 9000);
    assert_true(vf_digest_equal(whole, parts));
    vf_chunk_list_release(&chunks);
    vf_schema_release(&reading.schema);
}

/* Children of a table are tables of their own, and their rows don't come twice. */
static void test_inheritance(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    server_run(server, "CREATE TABLE a (id int); CREATE TABLE b (x int) INHERITS (a);"
                       "INSERT INTO a VALUES (1); INSERT INTO b VALUES (2, 2), (3, 3)");
    reading_open(&reading, server, "a", true);
    assert_int_equal(reading.schema.n_tables, 2);
    assert_int_equal(read_all(&reading, server->source, NULL).n_rows, 1);
    assert_int_equal(vf_schema_find_table(&reading.schema, "public", "a")->n_rows, 1);
    vf_schema_release(&reading.schema);
}

/* TRUNCATE doesn't care for snapshots; what it took away must not look like an empty table. */
static void test_truncated_after_snapshot(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    struct vf_chunk_list chunks = {0};
    server_run(server, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100)");
    reading_open(&reading, server, "t", false);
    OK(vf_conn_begin_snapshot(server->source, NULL, 0, &err));
    server_run(server, "TRUNCATE t");
    FAILS(vf_conn_split(server->source, &reading.relation, 1000, &chunks, &err), VF_STATE, "truncated");
    vf_conn_end_snapshot(server->source);
    OK(vf_conn_split(server->source, &reading.relation, 1000, &chunks, &err));
    vf_chunk_list_release(&chunks);
    vf_schema_release(&reading.schema);
}

/* A failed scan doesn't end the snapshot. */
static void test_failure_keeps_snapshot(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    struct vf_scan *scan = NULL;
    server_run(server, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100)");
    reading_open(&reading, server, "t", false);
    OK(vf_conn_begin_snapshot(server->source, NULL, 0, &err));
    server_run(server, "INSERT INTO t VALUES (101)");
    reading.relation.where = "no_such_function(id)";
    FAILS(vf_scan_open(server->source, &reading.relation, NULL, &scan, &err), VF_ENGINE, "no_such_function");
    reading.relation.where = "id > 90 -- a comment";
    assert_int_equal(read_all(&reading, server->source, NULL).n_rows, 10);
    vf_schema_release(&reading.schema);
}

static void test_source_never_writes(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    struct vf_scan *scan = NULL;
    server_run(server, "CREATE SEQUENCE s; CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    reading_open(&reading, server, "t", false);
    reading.relation.where = "nextval('s') > 0";
    enum vf_status status = vf_scan_open(server->source, &reading.relation, NULL, &scan, NULL);
    if (status == VF_OK) {
        struct vf_batch batch = {0};
        bool more = false;
        OK(vf_batch_init(&batch, 1, reading.types, 10, 1000, &err));
        status = vf_scan_read(server->source, scan, &batch, &more, NULL);
        vf_scan_close(server->source, scan);
        vf_batch_release(&batch);
    }
    assert_int_not_equal(status, VF_OK);
    assert_string_equal(server_ask(server, "SELECT is_called FROM s"), "f");
    vf_schema_release(&reading.schema);
}

/* Arrays of numbers of one length are vectors, others aren't. */
static void test_evidence(void **state)
{
    const struct server *server = *state;
    struct vf_schema schema;
    server_run(server,
               "CREATE TABLE t (good real[], wide double precision[], ragged real[], nulls real[], bounds real[], "
               "bare vector, mixed vector, z vector(2), deep real[], nan real[]);"
               "INSERT INTO t VALUES ('{1,2,3}', '{1,2}', '{1,2}', '{1,NULL}', '[0:1]={1,2}', '[1,2]', '[1]', '[0,0]', "
               "'{{1,2},{3,4}}', '{1,NaN}'), ('{4,5,6}', '{3,4}', '{1}', '{1,2}', '{1,2}', '[3,4]', '[1,2]', '[3,4]', "
               "'{1,2}', '{1,2}'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
    const struct vf_table *table = inspect(server, "t", true, &schema);
    static const char *const wanted[] = {"vector(f32,3)", "vector(f64,2)", "array(f32)",    "array(f32)", "array(f32)",
                                         "vector(f32,2)", "vector(f32,0)", "vector(f32,2)", "array(f32)", "array(f32)"};
    for (size_t i = 0; i < table->n_columns; i++) {
        char kind[48];
        vf_type_format(table->columns[i].type, kind);
        if (strcmp(kind, wanted[i]) != 0)
            fail_msg("%s is %s, and not %s", table->columns[i].name, kind, wanted[i]);
        assert_int_equal(table->columns[i].evidence.n_values, 2);
        assert_int_equal(table->columns[i].evidence.n_null, 1);
    }
    assert_int_equal(table->columns[0].form, VF_FORM_LIST);
    assert_int_equal(table->columns[7].evidence.n_zero, 1);
    assert_true(table->columns[7].evidence.max_norm == 5.0);
    assert_true(table->n_rows_exact && table->n_rows == 3);
    vf_schema_release(&schema);
}

/* A row whose value doesn't fit the plan's type is named with its key and its bytes; the others come. */
static void test_unreadable_rows(void **state)
{
    const struct server *server = *state;
    struct reading reading = {0};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = false;
    server_run(server, "CREATE TABLE t (v real[], \"a key\" text PRIMARY KEY);"
                       "INSERT INTO t VALUES ('{1,2}', 'one'), ('{1,2,3}', 'it''s two'), ('{5,6}', 'three')");
    reading_open(&reading, server, "t", false);
    reading.types[0] = reading.fields[0].type = (struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2};
    reading.fields[0].form = VF_FORM_LIST;
    OK(vf_batch_init(&batch, 2, reading.types, 100, 1 << 20, &err));
    OK(vf_scan_open(server->source, &reading.relation, NULL, &scan, &err));
    OK(vf_scan_read(server->source, scan, &batch, &more, &err));
    assert_int_equal(batch.n_rows, 2);
    assert_int_equal(batch.rejects.n_rejects, 1);
    assert_string_equal(batch.rejects.rejects[0].column, "v");
    assert_non_null(strstr(batch.rejects.rejects[0].key, "it's two"));
    assert_non_null(strstr(batch.rejects.rejects[0].reason, "3 elements"));
    assert_int_equal(batch.rejects.rejects[0].original_bytes, 20 + 3 * 8);
    vf_scan_close(server->source, scan);
    vf_batch_release(&batch);
    vf_schema_release(&reading.schema);
}

/* ---- look-ups: a key of every kind, at its extremes ---- */

static void test_keys_of_all_kinds(void **state)
{
    static const char *const keys[] = {"bool DEFAULT true",
                                       "smallint DEFAULT -32768",
                                       "bigint DEFAULT 9223372036854775807",
                                       "real DEFAULT 0.1",
                                       "float8 DEFAULT 1e-300",
                                       "float8 DEFAULT 'NaN'",
                                       "numeric DEFAULT 1.50",
                                       "text DEFAULT E'a''\\\\b\"\\n'",
                                       "varchar(5) DEFAULT ''",
                                       "bpchar(5) DEFAULT 'a'",
                                       "bytea DEFAULT '\\x00ff27'",
                                       "uuid DEFAULT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
                                       "date DEFAULT '0044-03-15 BC'",
                                       "date DEFAULT '5874897-12-31'",
                                       "date DEFAULT 'infinity'",
                                       "date DEFAULT '0001-01-01 BC'",
                                       "time DEFAULT '24:00'",
                                       "timestamp DEFAULT '4713-01-01 00:00:00.000001 BC'",
                                       "timestamptz DEFAULT '294276-12-31 23:59:59.999999+00'",
                                       "timestamptz DEFAULT '-infinity'",
                                       "interval DEFAULT '1 year -2 days 00:00:00.5'",
                                       "inet DEFAULT '10.0.0.1'"};
    const struct server *server = *state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char sql[400];
        struct reading reading = {0};
        struct vf_batch rows = {0};
        struct vf_scan *scan = NULL;
        bool more = true;
        snprintf(sql, sizeof(sql),
                 "DROP TABLE IF EXISTS k; CREATE TABLE k (id %s PRIMARY KEY, n int); INSERT INTO k (n) VALUES (7)",
                 keys[i]);
        server_run(server, sql);
        reading_open(&reading, server, "k", false);
        struct vf_relation only_key = reading.relation;
        only_key.n_fields = 1;
        OK(vf_batch_init(&rows, 1, reading.types, 10, 1 << 20, &err));
        OK(vf_scan_open(server->source, &only_key, NULL, &scan, &err));
        OK(vf_scan_read(server->source, scan, &rows, &more, &err));
        vf_scan_close(server->source, scan);
        assert_int_equal(rows.n_rows, 1);
        struct vf_batch found = {0};
        OK(vf_batch_init(&found, 2, reading.types, 10, 1 << 20, &err));
        OK(vf_conn_lookup(server->source, &reading.relation, &rows, &scan, &err));
        OK(vf_scan_read(server->source, scan, &found, &more, &err));
        if (found.n_rows != 1)
            fail_msg("%s: %lld rows", keys[i], (long long)found.n_rows);
        vf_scan_close(server->source, scan);
        vf_batch_release(&rows);
        vf_batch_release(&found);
        vf_schema_release(&reading.schema);
    }
}

/* ---- loading ---- */

/* Rows of (id bigint, value text): what the staging table and casts refuse is rejected by row as well. */
static void load_values(const struct server *server, struct vf_type type, const char *native, const char *const *values,
                        size_t n_values, struct vf_reject_list *rejects)
{
    const struct vf_type types[] = {{.kind = VF_K_I64}, type};
    const struct vf_field fields[] = {{.name = "id", .native = "bigint", .type = types[0]},
                                      {.name = "v", .native = native, .type = type, .form = VF_FORM_TEXT}};
    const size_t key = 0;
    const struct vf_relation relation = {
        .schema = "public", .name = "t", .n_fields = 2, .fields = fields, .n_key = 1, .key = &key};
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    OK(vf_batch_init(&batch, 2, types, 100, 1 << 20, &err));
    for (size_t i = 0; i < n_values; i++) {
        int64_t id = (int64_t)i;
        OK(vf_array_add_fixed(&batch.columns[0], &id, &err));
        OK(vf_array_add_bytes(&batch.columns[1], values[i], strlen(values[i]), &err));
        vf_batch_end_row(&batch);
    }
    OK(vf_conn_begin(server->target, &err));
    OK(vf_load_open(server->target, &relation, &load, &err));
    OK(vf_load_write(server->target, load, &batch, rejects, &err));
    vf_load_close(server->target, load);
    OK(vf_conn_commit(server->target, &err));
    vf_batch_release(&batch);
}

static void test_staged_rejects(void **state)
{
    static const char *const values[] = {"10.0.0.1", "no address", "::1", "10.0.0.0/99", "192.168.0.0/16"};
    const struct server *server = *state;
    struct vf_reject_list rejects = {0};
    server_run(server, "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v inet)");
    load_values(server, (struct vf_type){.kind = VF_K_OTHER}, "inet", values, 5, &rejects);
    assert_int_equal(rejects.n_rejects, 2);
    assert_int_equal(rejects.rejects[0].row, 1);
    assert_string_equal(rejects.rejects[0].sqlstate, "22P02");
    assert_non_null(strstr(rejects.rejects[0].reason, "no address"));
    assert_int_equal(rejects.rejects[1].row, 3);
    assert_string_equal(server_ask(server, "SELECT string_agg(id || '=' || v, ' ' ORDER BY id) FROM t"),
                        "0=10.0.0.1/32 2=::1/128 4=192.168.0.0/16");
    assert_string_equal(server_ask(server, "SELECT count(*) FROM pg_class WHERE relname LIKE 'vecferry_stage%'"), "0");
    vf_reject_list_release(&rejects);
}

/* numeric(12,2) would round in silence; a value that isn't a number is refused before it is sent. */
static void test_rounding_is_refused(void **state)
{
    static const char *const values[] = {"1.55", "1.555", "123456789012", "x", "1.10"};
    const struct server *server = *state;
    struct vf_reject_list rejects = {0};
    server_run(server, "CREATE TABLE t (id bigint PRIMARY KEY, v numeric(12,2))");
    load_values(server, (struct vf_type){.kind = VF_K_DECIMAL}, "numeric(12,2)", values, 5, &rejects);
    assert_int_equal(rejects.n_rejects, 3);
    assert_int_equal(rejects.rejects[0].row, 1);
    assert_string_equal(rejects.rejects[0].column, "v");
    assert_non_null(strstr(rejects.rejects[0].reason, "round"));
    assert_int_equal(rejects.rejects[0].original_bytes, 5);
    assert_string_equal(rejects.rejects[1].sqlstate, "22003");
    assert_int_equal(rejects.rejects[2].row, 3);
    assert_string_equal(server_ask(server, "SELECT string_agg(v::text, ' ' ORDER BY id) FROM t"), "1.55 1.10");
    vf_reject_list_release(&rejects);
}

static void test_sql_ascii(void **state)
{
    const struct server *server = *state;
    struct server other = *server;
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    char sql[300];
    const struct vf_open_options options = {.side = VF_SIDE_SOURCE};
    snprintf(sql, sizeof(sql),
             "CREATE DATABASE %s_ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'",
             server->name);
    server_run(server, sql);
    snprintf(strstr(other.url, server->name), 100, "%s_ascii", server->name);
    OK(vf_url_parse(other.url, &url, &err));
    FAILS(vf_conn_open_with(vf_engine_find("postgres"), &url, &options, &conn, &err), VF_MISSING, "SQL_ASCII");
    vf_url_release(&url);
    snprintf(sql, sizeof(sql), "DROP DATABASE %s_ascii", server->name);
    server_run(server, sql);
}

/* A lost connection is for a moment, and says so. */
static void test_lost_connection(void **state)
{
    const struct server *server = *state;
    struct vf_schema schema = {0};
    server_run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'unit test' "
                       "AND datname = current_database()");
    FAILS(vf_conn_inspect(server->source, NULL, &schema, &err), VF_TEMPORARY, "");
    FAILS(vf_conn_inspect(server->source, NULL, &schema, &err), VF_TEMPORARY, "");
    vf_schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(test_partitions),
        SERVER_TEST(test_inheritance),
        SERVER_TEST(test_truncated_after_snapshot),
        SERVER_TEST(test_failure_keeps_snapshot),
        SERVER_TEST(test_source_never_writes),
        SERVER_TEST(test_evidence),
        SERVER_TEST(test_unreadable_rows),
        SERVER_TEST(test_keys_of_all_kinds),
        SERVER_TEST(test_staged_rejects),
        SERVER_TEST(test_rounding_is_refused),
        SERVER_TEST(test_sql_ascii),
        SERVER_TEST(test_lost_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
