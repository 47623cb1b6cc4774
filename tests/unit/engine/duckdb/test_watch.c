/* How far an index is, seen by another connection to the same file, as somebody would who waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/duckdb/conn.h"

#define DIM "48"

struct fixture {
    char path[300];
    struct vf_url url;
    struct vf_conn *conn, *observer;
    struct vf_step step;
    pthread_mutex_t lock;
    bool has_ended; /* guarded */
    enum vf_status status;
    struct vf_error err;
};

static struct vf_column columns[] = {
    {.name = "id", .native = "INTEGER", .type = {.kind = VF_K_I32}},
    {.name = "v", .native = "FLOAT[" DIM "]", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 48}},
};
static struct vf_key_part part = {.column = 1};
static struct vf_index hnsw = {.name = "by_v",
                               .kind = VF_INDEX_HNSW,
                               .method = "HNSW",
                               .n_parts = 1,
                               .parts = &part,
                               .vector = {.metric = VF_METRIC_L2, .place = VF_PLACE_DATABASE}};
static struct vf_table table = {.schema = "main", .name = "t", .n_columns = 2, .columns = columns, .primary_key = -1};

static struct vf_conn *open_file(struct fixture *fixture, enum vf_side side)
{
    const struct vf_open_options options = {.side = side, .library_dir = getenv("VECFERRY_LIBRARY_DIR")};
    struct vf_conn *conn = NULL;

    if (vf_conn_open(&fixture->url, &options, &conn, &fixture->err) != VF_OK)
        fail_msg("%s", fixture->err.message);
    return conn;
}

static void run(struct fixture *fixture, const char *sql)
{
    if (vf_duckdb_exec(vf_duckdb_conn_of(fixture->conn), sql, &fixture->err) != VF_OK)
        fail_msg("%s: %s", sql, fixture->err.message);
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *folder = getenv("TMPDIR");
    char url[400];

    assert_non_null(fixture);
    snprintf(fixture->path, sizeof(fixture->path), "%s/vecferry-watch-%ld.duckdb", folder != NULL ? folder : "/tmp",
             (long)getpid());
    snprintf(url, sizeof(url), "duckdb:%s", fixture->path);
    assert_int_equal(vf_url_parse(url, &fixture->url, &fixture->err), VF_OK);
    fixture->conn = open_file(fixture, VF_SIDE_TARGET);
    fixture->observer = open_file(fixture, VF_SIDE_SOURCE);
    fixture->step = (struct vf_step){.kind = VF_STEP_INDEX, .table = &table, .index = &hnsw};
    assert_int_equal(pthread_mutex_init(&fixture->lock, NULL), 0);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    vf_conn_close(fixture->observer);
    vf_conn_close(fixture->conn);
    vf_url_release(&fixture->url);
    unlink(fixture->path);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

static void *build(void *context)
{
    struct fixture *fixture = context;
    enum vf_status status = vf_conn_apply(fixture->conn, &fixture->step, &fixture->err);

    pthread_mutex_lock(&fixture->lock);
    fixture->has_ended = true;
    fixture->status = status;
    pthread_mutex_unlock(&fixture->lock);
    return NULL;
}

static bool has_ended(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    bool ended = fixture->has_ended;
    pthread_mutex_unlock(&fixture->lock);
    return ended;
}

/* The largest share that was seen while the index was built, and never less than the one before; 0: none was. */
static int64_t watch(struct fixture *fixture, const char *session)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct vf_step_progress progress;
    int64_t seen = 0;
    pthread_t thread;

    fixture->has_ended = false;
    assert_int_equal(pthread_create(&thread, NULL, build, fixture), 0);
    while (!has_ended(fixture)) {
        assert_int_equal(vf_conn_watch(fixture->observer, session, &progress, NULL), VF_OK);
        assert_in_range(progress.n_blocks, 0, progress.total_blocks);
        if (progress.total_blocks > 1000) /* of the index itself, not of the looks before and after it */
            seen = progress.n_blocks > seen ? progress.n_blocks : seen;
        nanosleep(&pause, NULL);
    }
    pthread_join(thread, NULL);
    if (fixture->status != VF_OK)
        fail_msg("%s", fixture->err.message);
    return seen;
}

static void a_share_of_the_index_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct vf_server server;
    struct vf_step_progress progress;
    char sql[300];
    int64_t seen = 0;

    assert_true(vf_conn_can_watch(fixture->observer));
    assert_int_equal(vf_conn_describe(fixture->conn, &server, &fixture->err), VF_OK);
    assert_string_not_equal(server.session, "");
    run(fixture, "CREATE TABLE t (id INTEGER, v FLOAT[" DIM "])");
    /* As large as it has to be for somebody to look in time. */
    for (int n_rows = 2000; seen == 0 && n_rows <= 256000; n_rows *= 2) {
        snprintf(sql, sizeof(sql),
                 "INSERT INTO t SELECT i, list_transform(range(" DIM
                 "), lambda x: hash(x * 1000003 + i) / 1e19)::FLOAT[" DIM "] FROM range(%d) r(i)",
                 n_rows);
        run(fixture, "DROP INDEX IF EXISTS by_v");
        run(fixture, sql);
        seen = watch(fixture, server.session);
    }
    assert_true(seen > 0);
    /* Nothing is going on, and nobody has such a number. */
    assert_int_equal(vf_conn_watch(fixture->observer, "999", &progress, NULL), VF_OK);
    assert_int_equal(progress.total_blocks, 0);
    assert_int_equal(vf_conn_watch(fixture->observer, "x", &progress, NULL), VF_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_share_of_the_index_is_seen, begin, end)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
