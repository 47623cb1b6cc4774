/* What DuckDB keeps in memory of a file that is read: little, however large the table is and however many read it, and nothing else is changed by that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/duckdb/conn.h"
#include "engine/duckdb/scan.h"

#define N_ROWS      12000
#define DIM         1024 /* 48 MiB of vectors */
#define BATCH_ROWS  4096
#define BATCH_BYTES ((size_t)1 << 20)
#define MOST_KEPT   ((int64_t)24 << 20)
#define KEPT        "SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
#define LIMIT       "SELECT CAST(current_setting('memory_limit') = '1.0 GiB' AS BIGINT)"
#define THREADS     "SELECT CAST(current_setting('threads') AS BIGINT)"

struct fixture {
    char path[300];
    struct vf_url url;
    struct vf_conn *target, *observer;
};

static struct vf_field fields[] = {
    {.name = "id", .type = {.kind = VF_K_I32}, .native = "INTEGER"},
    {.name = "v", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = DIM}, .native = "FLOAT[1024]"},
};
static const struct vf_relation relation = {.schema = "main", .name = "t", .n_fields = 2, .fields = fields};

static struct vf_conn *open_file(struct fixture *fixture, enum vf_side side)
{
    const struct vf_open_options options = {
        .side = side, .library_dir = getenv("VECFERRY_LIBRARY_DIR"), .memory_bytes = (uint64_t)40 << 20};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};

    if (vf_conn_open(&fixture->url, &options, &conn, &err) != VF_OK)
        fail_msg("%s", err.message);
    return conn;
}

static int64_t number(struct vf_conn *conn, const char *sql)
{
    struct vf_error err = {0};
    int64_t value = -1;

    if (vf_duckdb_get_i64(vf_duckdb_conn_of(conn), sql, 0, NULL, 0, &value, &err) != VF_OK)
        fail_msg("%s: %s", sql, err.message);
    return value;
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *folder = getenv("TMPDIR");
    char url[400], sql[300];
    struct vf_error err = {0};

    assert_non_null(fixture);
    snprintf(fixture->path, sizeof(fixture->path), "%s/vecferry-buffers-%ld.duckdb", folder != NULL ? folder : "/tmp",
             (long)getpid());
    snprintf(url, sizeof(url), "duckdb:%s", fixture->path);
    assert_int_equal(vf_url_parse(url, &fixture->url, &err), VF_OK);
    fixture->target = open_file(fixture, VF_SIDE_TARGET);
    snprintf(sql, sizeof(sql),
             "CREATE TABLE t AS SELECT CAST(i AS INTEGER) AS id, list_transform(range(%d), lambda x: hash(x * 100003 + "
             "i) / 1e19)::FLOAT[%d] AS v FROM range(%d) r(i)",
             DIM, DIM, N_ROWS);
    assert_int_equal(vf_duckdb_exec(vf_duckdb_conn_of(fixture->target), sql, &err), VF_OK);
    assert_int_equal(vf_duckdb_exec(vf_duckdb_conn_of(fixture->target), "CHECKPOINT", &err), VF_OK);
    vf_duckdb_instance_keep(vf_duckdb_conn_of(fixture->target)->instance);
    vf_conn_close(fixture->target);
    fixture->target = open_file(fixture, VF_SIDE_TARGET);
    fixture->observer = open_file(fixture, VF_SIDE_SOURCE);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    vf_conn_close(fixture->observer);
    vf_conn_close(fixture->target);
    vf_url_release(&fixture->url);
    unlink(fixture->path);
    free(fixture);
    return 0;
}

/* One of several that read the table. What goes wrong is told by the thread that waits. */
struct reader {
    struct vf_conn *conn, *observer;
    struct vf_error err;
    enum vf_status status;
    int64_t n_rows, most_kept;
};

static void *read_all(void *context)
{
    struct reader *reader = context;
    const struct vf_type types[] = {fields[0].type, fields[1].type};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;

    reader->status = vf_batch_init(&batch, 2, types, BATCH_ROWS, BATCH_BYTES, &reader->err);
    if (reader->status == VF_OK)
        reader->status = vf_scan_open(reader->conn, &relation, NULL, &scan, &reader->err);
    while (reader->status == VF_OK && more) {
        int64_t kept = number(reader->observer, KEPT);
        reader->most_kept = kept > reader->most_kept ? kept : reader->most_kept;
        vf_batch_reset(&batch);
        reader->status = vf_scan_read(reader->conn, scan, &batch, &more, &reader->err);
        reader->n_rows += batch.n_rows;
    }
    if (scan != NULL)
        vf_scan_close(reader->conn, scan);
    vf_batch_release(&batch);
    return NULL;
}

static void check(const struct reader *reader)
{
    if (reader->status != VF_OK)
        fail_msg("%s", reader->err.message);
    assert_int_equal(reader->n_rows, N_ROWS);
    assert_in_range(reader->most_kept, 1, MOST_KEPT);
}

static void a_scan_keeps_little(void **state)
{
    const struct fixture *fixture = *state;
    struct reader reader = {.conn = fixture->target, .observer = fixture->observer};
    int64_t n_threads = number(fixture->observer, THREADS);

    read_all(&reader);
    check(&reader);
    assert_in_range(number(fixture->observer, KEPT), 0, (int64_t)8 << 20);
    assert_int_equal(number(fixture->observer, LIMIT), 1);
    assert_int_equal(number(fixture->observer, THREADS), n_threads);
}

static void several_scans_keep_little(void **state)
{
    struct fixture *fixture = *state;
    struct reader readers[3];
    pthread_t threads[3];
    int64_t n_threads = number(fixture->observer, THREADS);

    for (size_t i = 0; i < 3; i++)
        readers[i] =
            (struct reader){.conn = open_file(fixture, VF_SIDE_SOURCE), .observer = open_file(fixture, VF_SIDE_SOURCE)};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 3; i++) {
        vf_conn_close(readers[i].observer);
        vf_conn_close(readers[i].conn);
        check(&readers[i]);
    }
    assert_int_equal(number(fixture->observer, LIMIT), 1);
    assert_int_equal(number(fixture->observer, THREADS), n_threads);
}

/* Somebody is in a call that doesn't end: nothing is dropped, and whoever wanted it goes on. */
static void a_long_call_stops_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct vf_duckdb_buffers *buffers = vf_duckdb_instance_buffers(vf_duckdb_conn_of(fixture->target)->instance);
    const char *sum = "SELECT CAST(sum(v[7]) AS BIGINT) FROM t";

    assert_in_range(number(fixture->target, sum), 1, N_ROWS * 2);
    int64_t kept = number(fixture->observer, KEPT);
    assert_in_range(kept, MOST_KEPT, INT64_MAX);
    vf_duckdb_buffers_enter(buffers);
    vf_duckdb_buffers_trim(buffers);
    assert_int_equal(number(fixture->observer, KEPT), kept);
    vf_duckdb_buffers_leave(buffers);
    vf_duckdb_buffers_trim(buffers);
    assert_in_range(number(fixture->observer, KEPT), 0, (int64_t)8 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_keeps_little),
        cmocka_unit_test(several_scans_keep_little),
        cmocka_unit_test(a_long_call_stops_nobody),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
