/*
 * A process that is killed before any of the system calls by which a transaction is written, committed and put into its place: the next one finds the whole transaction, or nothing of it.
 *
 * The calls that change a disk are defined here and so go before libc's. They count, and the process ends at the n-th; each n is tried, until the work comes to its end.
 */
#define _GNU_SOURCE

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/files/files.h"

#define KILLED 99

static int calls_left = -1; /* -1: not counted */

static void count(void)
{
    if (calls_left == 0)
        _exit(KILLED);
    if (calls_left > 0)
        calls_left--;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    count();
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int unlinkat(int fd, const char *path, int flags)
{
    count();
    return (int)syscall(SYS_unlinkat, fd, path, flags);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    count();
    return (int)syscall(SYS_mkdirat, fd, path, mode);
}

int fsync(int fd)
{
    count();
    return fd < 0 ? -1 : 0; /* the disk isn't what is tested */
}

int syncfs(int fd)
{
    count();
    return fd < 0 ? -1 : 0;
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & O_CREAT) != 0)
        count();
    return (int)syscall(SYS_openat, fd, path, flags, mode);
}

/* ---- the folder ---- */

static char folder[256];

static int delete_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static void delete_folder(void)
{
    nftw(folder, delete_one, 16, FTW_DEPTH | FTW_PHYS);
}

static enum vf_status open_side(enum vf_side side, struct vf_conn **conn, struct vf_error *err)
{
    char text[300];
    struct vf_url url = {0};
    const struct vf_open_options options = {.side = side};
    snprintf(text, sizeof(text), "files:%s?path=rows/{key}/row.json", folder);
    enum vf_status status = vf_url_parse(text, &url, err);
    if (status == VF_OK)
        status = vf_conn_open_with(&vf_files_engine, &url, &options, conn, err);
    vf_url_release(&url);
    return status;
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        struct vf_error err = {0};                                                                                     \
        if ((call) != VF_OK)                                                                                           \
            fail_msg("%s: %s", #call, err.message);                                                                    \
    } while (0)

static const struct vf_record_column columns[] = {{"name", VF_RECORD_TEXT}, {"number", VF_RECORD_INTEGER}};
static const struct vf_record_table things = {"vecferry_things", 2, columns, 1};

static struct vf_column table_columns[] = {
    {.name = "id", .native = "i64", .type = {.kind = VF_K_I64}, .not_null = true}};
static struct vf_key_part part = {.column = 0};
static struct vf_index key = {
    .name = "rows_pkey", .constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 1, .parts = &part};
static const struct vf_table table = {
    .name = "rows", .n_columns = 1, .columns = table_columns, .n_indexes = 1, .indexes = &key};
static const struct vf_field field = {.name = "id", .native = "i64", .type = {.kind = VF_K_I64}, .not_null = true};
static const size_t key_fields[] = {0};
static const struct vf_relation relation = {
    .name = "rows", .n_fields = 1, .fields = &field, .n_key = 1, .key = key_fields};

static enum vf_status put(struct vf_conn *conn, const char *name, int64_t number, struct vf_error *err)
{
    const struct vf_record_value values[] = {{.bytes = name, .size_bytes = strlen(name)}, {.integer = number}};
    return vf_record_put(conn, &things, values, err);
}

static enum vf_status load(struct vf_conn *conn, int64_t first, int64_t n, struct vf_error *err)
{
    const struct vf_type type = {.kind = VF_K_I64};
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    enum vf_status status = vf_batch_init(&batch, 1, &type, 1000, 1 << 20, err);
    for (int64_t id = first; status == VF_OK && id < first + n; id++) {
        status = vf_array_add_fixed(&batch.columns[0], &id, err);
        vf_batch_end_row(&batch);
    }
    if (status == VF_OK)
        status = vf_load_open(conn, &relation, &load, err);
    if (status == VF_OK)
        status = vf_load_write(conn, load, &batch, NULL, err);
    vf_load_close(conn, load);
    vf_batch_release(&batch);
    return status;
}

/* Rows 0 to 2 and two records, committed. */
static void prepare(void)
{
    struct vf_conn *conn = NULL;
    const struct vf_step step = {.kind = VF_STEP_TABLE, .table = &table};
    snprintf(folder, sizeof(folder), "%s/vecferry-crash-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    OK(open_side(VF_SIDE_TARGET, &conn, &err));
    OK(vf_conn_apply(conn, &step, &err));
    OK(vf_record_create(conn, &things, &err));
    OK(put(conn, "changed", 1, &err));
    OK(put(conn, "deleted", 1, &err));
    OK(vf_conn_begin(conn, &err));
    OK(load(conn, 0, 3, &err));
    OK(vf_conn_commit(conn, &err));
    vf_conn_close(conn);
}

/* The transaction: n rows more, a record that is new, one that is changed, one that is deleted. */
static enum vf_status transact(int64_t n)
{
    struct vf_conn *conn = NULL;
    const struct vf_record_value deleted = {.bytes = "deleted", .size_bytes = 7};
    enum vf_status status = open_side(VF_SIDE_TARGET, &conn, NULL);
    if (status == VF_OK)
        status = vf_conn_begin(conn, NULL);
    if (status == VF_OK)
        status = load(conn, 3, n, NULL);
    if (status == VF_OK)
        status = put(conn, "changed", 2, NULL);
    if (status == VF_OK)
        status = vf_record_delete(conn, &things, &deleted, 1, NULL);
    if (status == VF_OK)
        status = put(conn, "new", 1, NULL);
    if (status == VF_OK)
        status = vf_conn_commit(conn, NULL);
    return status;
}

static enum vf_status add_record(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    vf_buf_add(context, values[0].bytes, values[0].size_bytes);
    vf_buf_printf(context, "=%lld ", (long long)values[1].integer);
    return vf_buf_check(context, err);
}

static int64_t count_rows(struct vf_conn *conn)
{
    const struct vf_type type = {.kind = VF_K_I64};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    int64_t n_rows = 0;
    bool more = true;
    OK(vf_batch_init(&batch, 1, &type, 1000, 1 << 20, &err));
    OK(vf_scan_open(conn, &relation, NULL, &scan, &err));
    while (more) {
        vf_batch_reset(&batch);
        OK(vf_scan_read(conn, scan, &batch, &more, &err));
        assert_int_equal(batch.rejects.n_rejects, 0);
        n_rows += batch.n_rows;
    }
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    return n_rows;
}

/* Is the transaction there, whole? It fails when a part of it is, or when something of a dead one is left. */
static bool is_done(int64_t n, int calls)
{
    struct vf_conn *conn = NULL;
    struct vf_buf found;
    char command[400];
    vf_buf_init(&found, 1000);
    OK(open_side(VF_SIDE_TARGET, &conn, &err));
    int64_t n_rows = count_rows(conn);
    OK(vf_record_get(conn, &things, NULL, 0, add_record, &found, &err));
    bool done = n_rows == 3 + n && strcmp(found.data, "changed=2 new=1 ") == 0;
    if (!done && !(n_rows == 3 && strcmp(found.data, "changed=1 deleted=1 ") == 0))
        fail_msg("killed after %d calls: %lld rows, and records %s", calls, (long long)n_rows, found.data);
    vf_buf_release(&found);
    vf_conn_close(conn);
    snprintf(command, sizeof(command), "ls %s/.vecferry | grep -E '^(tx|commit)-' && exit 1; exit 0", folder);
    assert_int_equal(system(command), 0);
    return done;
}

/* Runs a child that is killed before call number `calls` + 1; false: it came to its end. */
static bool kill_child(int calls, int64_t n)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct vf_conn *conn = NULL;
        calls_left = calls;
        if (n >= 0)
            _exit(transact(n) == VF_OK ? 0 : 1);
        _exit(open_side(VF_SIDE_TARGET, &conn, NULL) == VF_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
    return WEXITSTATUS(status) == KILLED;
}

/* A folder with half a transaction isn't read: it is named, and nothing in it is changed. */
static void check_source(void)
{
    struct vf_conn *conn = NULL;
    struct vf_scan *scan = NULL;
    struct vf_error refused = {0};
    OK(open_side(VF_SIDE_SOURCE, &conn, &err));
    enum vf_status status = vf_scan_open(conn, &relation, NULL, &scan, &refused);
    assert_true(status == VF_OK || (status == VF_STATE && strstr(refused.message, "killed") != NULL));
    vf_scan_close(conn, scan);
    vf_conn_close(conn);
}

/* Every `step`-th call; with `again_step`, the process that finds the dead one is killed too, at every so many of its own. */
static void run(int64_t n, int step, int again_step)
{
    bool was_done = false, is_killed = true;
    int calls = 0;
    for (; is_killed; calls += step) {
        prepare();
        is_killed = kill_child(calls, n);
        check_source();
        for (int again = 0; again_step > 0 && is_killed && kill_child(again, -1); again += again_step)
            check_source();
        bool done = is_done(n, calls);
        assert_true(done || !was_done); /* once it is committed, it stays */
        was_done = done;
        delete_folder();
    }
    assert_true(was_done);
    assert_true(calls > 30);
}

static void test_killed(void **state)
{
    (void)state;
    run(2, 1, 0);
}

/* More files than are synced one by one. */
static void test_killed_with_many(void **state)
{
    (void)state;
    run(20, 5, 0);
}

static void test_killed_while_recovering(void **state)
{
    (void)state;
    run(2, 5, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_killed_with_many),
        cmocka_unit_test(test_killed_while_recovering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
