/* What tests lean on: the definitions, the damage, the rejects of a source, transactions that meet, and running out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/url.h"
#include "engine/mem/mem.h"
#include "engine/store.h"

static struct vf_conn *open_side(enum vf_side side)
{
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};
    const struct vf_open_options options = {.side = side};
    assert_int_equal(vf_url_parse("mem:unit", &url, &err), VF_OK);
    assert_int_equal(vf_conn_open_with(&vf_mem_engine, &url, &options, &conn, &err), VF_OK);
    vf_url_release(&url);
    return conn;
}

static int teardown(void **state)
{
    (void)state;
    vf_mem_drop(NULL);
    return 0;
}

static void make_docs(int64_t n_rows)
{
    static const float elements[] = {1, 2, 3};
    assert_int_equal(vf_mem_create_table("unit", "docs", "id i64 key, title text not null, v vector(f32,3)", NULL),
                     VF_OK);
    for (int64_t id = 1; id <= n_rows; id++) {
        const struct vf_mem_value row[] = {vf_mem_i64(id), vf_mem_text("a title"), vf_mem_f32s(elements, 3)};
        assert_int_equal(vf_mem_add_row("unit", "docs", 3, row, NULL), VF_OK);
    }
}

static const struct vf_field docs_fields[] = {
    {.name = "id", .native = "i64", .type = {.kind = VF_K_I64}},
    {.name = "title", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "v", .native = "vector(f32,3)", .type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3}},
};
static const size_t docs_key[] = {0};
static const struct vf_relation docs = {
    .name = "docs", .n_fields = 3, .fields = docs_fields, .n_key = 1, .key = docs_key};

static void batch_init(struct vf_batch *batch, const struct vf_relation *relation)
{
    struct vf_type types[8];
    struct vf_error err = {0};
    for (size_t i = 0; i < relation->n_fields; i++)
        types[i] = relation->fields[i].type;
    assert_int_equal(vf_batch_init(batch, relation->n_fields, types, 1000, 1 << 20, &err), VF_OK);
}

static void test_create_table(void **state)
{
    struct vf_schema schema = {0};
    struct vf_error err = {0};
    (void)state;
    assert_int_equal(
        vf_mem_create_table("unit", "t", "a i64 key, b text key, c decimal not null, d vector(f16,4) unique", &err),
        VF_OK);
    struct vf_conn *conn = open_side(VF_SIDE_SOURCE);
    assert_int_equal(vf_conn_inspect(conn, NULL, &schema, &err), VF_OK);
    const struct vf_table *table = vf_schema_find_table(&schema, NULL, "t");
    assert_non_null(table);
    assert_int_equal(table->n_columns, 4);
    assert_int_equal(table->columns[3].type.dim, 4);
    assert_true(table->columns[0].not_null && table->columns[2].not_null && !table->columns[3].not_null);
    assert_int_equal(table->n_indexes, 2);
    assert_string_equal(table->indexes[table->primary_key].name, "t_pkey");
    assert_int_equal(table->indexes[table->primary_key].n_parts, 2);
    vf_schema_release(&schema);
    vf_conn_close(conn);

    assert_int_equal(vf_mem_create_table("unit", "t", "a i64", &err), VF_STATE);
    assert_non_null(strstr(err.message, "\"t\" exists"));
    assert_int_equal(vf_mem_create_table("unit", "u", "a nonsense", &err), VF_USAGE);
    assert_non_null(strstr(err.message, "a nonsense"));
    assert_int_equal(vf_mem_count_rows("unit", "u"), -1);
}

static void test_damage(void **state)
{
    struct vf_error err = {0};
    (void)state;
    make_docs(3);
    assert_int_equal(vf_mem_delete_row("unit", "docs", 1, &err), VF_OK);
    assert_int_equal(vf_mem_count_rows("unit", "docs"), 2);
    assert_int_equal(vf_mem_double_row("unit", "docs", 0, &err), VF_OK);
    assert_int_equal(vf_mem_count_rows("unit", "docs"), 3);
    assert_int_equal(vf_mem_set_value("unit", "docs", 2, "title", vf_mem_null(), &err), VF_OK);
    assert_int_equal(vf_mem_set_value("unit", "docs", 2, "nothing", vf_mem_null(), &err), VF_USAGE);
    assert_non_null(strstr(err.message, "no column \"nothing\""));
    assert_int_equal(vf_mem_set_value("unit", "docs", 2, "v", vf_mem_bytes("abc", 3), &err), VF_USAGE);
    assert_int_equal(vf_mem_delete_row("unit", "docs", 3, &err), VF_USAGE);
    assert_int_equal(vf_mem_add_row("unit", "nowhere", 0, NULL, &err), VF_USAGE);
    assert_int_equal(vf_mem_add_row("unit", "docs", 1, (struct vf_mem_value[]){vf_mem_i64(1)}, &err), VF_USAGE);
}

/* A value that doesn't fit the type of the plan: the row is rejected by name, the others are read. */
static void test_source_rejects(void **state)
{
    const struct vf_field key_and_narrow[] = {docs_fields[0],
                                              {.name = "id", .native = "i64", .type = {.kind = VF_K_I16}}};
    const struct vf_relation relation = {
        .name = "docs", .n_fields = 2, .fields = key_and_narrow, .n_key = 1, .key = docs_key};
    struct vf_error err = {0};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    (void)state;
    make_docs(2);
    assert_int_equal(vf_mem_set_value("unit", "docs", 0, "id", vf_mem_i64(40000), &err), VF_OK);
    struct vf_conn *conn = open_side(VF_SIDE_SOURCE);
    batch_init(&batch, &relation);
    assert_int_equal(vf_scan_open(conn, &relation, NULL, &scan, &err), VF_OK);
    assert_int_equal(vf_scan_read(conn, scan, &batch, &more, &err), VF_OK);
    assert_false(more);
    assert_int_equal(batch.n_rows, 1);
    assert_int_equal(vf_array_i64(&batch.columns[0], 0), 2);
    assert_int_equal(batch.rejects.n_rejects, 1);
    assert_string_equal(batch.rejects.rejects[0].key, "{\"id\": 40000}");
    assert_string_equal(batch.rejects.rejects[0].reason, "integer out of range");
    assert_int_equal(batch.rejects.rejects[0].original_bytes, 8);
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    vf_conn_close(conn);
}

static void add_doc(struct vf_batch *batch, int64_t id)
{
    assert_int_equal(vf_array_add_fixed(&batch->columns[0], &id, NULL), VF_OK);
    assert_int_equal(vf_array_add_bytes(&batch->columns[1], "t", 1, NULL), VF_OK);
    assert_int_equal(vf_array_add_null(&batch->columns[2], NULL), VF_OK);
    vf_batch_end_row(batch);
}

/* What another open transaction holds isn't waited for. */
static void test_transactions_meet(void **state)
{
    struct vf_error err = {0};
    struct vf_batch batch = {0};
    struct vf_load *one_load = NULL, *two_load = NULL;
    (void)state;
    make_docs(0);
    struct vf_conn *one = open_side(VF_SIDE_TARGET), *two = open_side(VF_SIDE_TARGET);
    batch_init(&batch, &docs);
    add_doc(&batch, 7);
    assert_int_equal(vf_conn_begin(one, &err), VF_OK);
    assert_int_equal(vf_conn_begin(two, &err), VF_OK);
    assert_int_equal(vf_load_open(one, &docs, &one_load, &err), VF_OK);
    assert_int_equal(vf_load_open(two, &docs, &two_load, &err), VF_OK);
    assert_int_equal(vf_load_write(one, one_load, &batch, NULL, &err), VF_OK);
    assert_int_equal(vf_load_write(two, two_load, &batch, NULL, &err), VF_TEMPORARY);
    assert_non_null(strstr(err.message, "docs"));
    vf_load_close(one, one_load);
    vf_load_close(two, two_load);
    assert_int_equal(vf_conn_commit(two, &err), VF_ENGINE);
    vf_conn_rollback(two);
    assert_int_equal(vf_conn_commit(one, &err), VF_OK);
    assert_int_equal(vf_mem_count_rows("unit", "docs"), 1);
    vf_batch_release(&batch);
    vf_conn_close(one);
    vf_conn_close(two);
}

/* A snapshot and a scan keep their rows when the table goes. */
static void test_dropped_under_a_scan(void **state)
{
    const struct vf_table gone = {.name = "docs"};
    const struct vf_step drop = {.kind = VF_STEP_DROP_TABLE, .table = &gone};
    struct vf_error err = {0};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    (void)state;
    make_docs(5);
    struct vf_conn *reader = open_side(VF_SIDE_SOURCE), *writer = open_side(VF_SIDE_TARGET);
    assert_int_equal(vf_conn_begin_snapshot(reader, NULL, 0, &err), VF_OK);
    assert_int_equal(vf_scan_open(reader, &docs, NULL, &scan, &err), VF_OK);
    assert_int_equal(vf_conn_apply(writer, &drop, &err), VF_OK);
    batch_init(&batch, &docs);
    assert_int_equal(vf_scan_read(reader, scan, &batch, &more, &err), VF_OK);
    assert_int_equal(batch.n_rows, 5);
    vf_scan_close(reader, scan);
    vf_batch_release(&batch);
    vf_conn_close(reader);
    vf_conn_close(writer);
}

/* ---- several threads ---- */

#define N_THREADS 4
#define N_LOADS   50

static void *load_some(void *context)
{
    int64_t first = *(const int64_t *)context;
    struct vf_batch batch = {0};
    struct vf_conn *conn = open_side(VF_SIDE_TARGET);
    batch_init(&batch, &docs);
    for (int64_t i = 0; i < N_LOADS; i++) {
        struct vf_load *load = NULL;
        vf_batch_reset(&batch);
        add_doc(&batch, first + 2 * i);
        add_doc(&batch, first + 2 * i + 1);
        if (vf_conn_begin(conn, NULL) != VF_OK || vf_load_open(conn, &docs, &load, NULL) != VF_OK ||
            vf_load_write(conn, load, &batch, NULL, NULL) != VF_OK)
            break;
        vf_load_close(conn, load);
        if (i % 5 == 4)
            vf_conn_rollback(conn);
        else if (vf_conn_commit(conn, NULL) != VF_OK)
            break;
    }
    vf_batch_release(&batch);
    vf_conn_close(conn);
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[N_THREADS];
    int64_t first[N_THREADS];
    struct vf_batch batch = {0};
    bool torn = false;
    (void)state;
    make_docs(0);
    batch_init(&batch, &docs);
    for (int64_t i = 0; i < N_THREADS; i++) {
        first[i] = i * 1000;
        assert_int_equal(pthread_create(&threads[i], NULL, load_some, &first[i]), 0);
    }
    struct vf_conn *reader = open_side(VF_SIDE_SOURCE);
    for (int i = 0; i < 50; i++) {
        struct vf_scan *scan = NULL;
        bool more = false;
        vf_batch_reset(&batch);
        assert_int_equal(vf_conn_begin_snapshot(reader, NULL, 0, NULL), VF_OK);
        assert_int_equal(vf_scan_open(reader, &docs, NULL, &scan, NULL), VF_OK);
        assert_int_equal(vf_scan_read(reader, scan, &batch, &more, NULL), VF_OK);
        torn |= batch.n_rows % 2 != 0; /* every transaction adds two */
        vf_scan_close(reader, scan);
        vf_conn_end_snapshot(reader);
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_false(torn);
    assert_int_equal(vf_mem_count_rows("unit", "docs"), N_THREADS * N_LOADS * 2 * 4 / 5);
    vf_batch_release(&batch);
    vf_conn_close(reader);
}

/* ---- out of memory ---- */

/* Load two rows and a marker; everything that was begun is ended. */
static enum vf_status load_marked(struct vf_conn *conn, struct vf_error *err)
{
    const struct vf_store_run run = {
        .run = "r", .plan_sha256 = "p", .source = "s", .state = "copying", .tool_version = "v", .plan_text = ""};
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    struct vf_type types[3];
    for (size_t i = 0; i < 3; i++)
        types[i] = docs_fields[i].type;
    enum vf_status status = vf_batch_init(&batch, 3, types, 10, 1000, err);
    for (int64_t id = 1; status == VF_OK && id <= 2; id++) {
        status = vf_array_add_fixed(&batch.columns[0], &id, err);
        if (status == VF_OK)
            status = vf_array_add_bytes(&batch.columns[1], "t", 1, err);
        if (status == VF_OK)
            status = vf_array_add_null(&batch.columns[2], err);
        if (status == VF_OK)
            vf_batch_end_row(&batch);
    }
    if (status == VF_OK)
        status = vf_store_create(conn, err);
    if (status == VF_OK)
        status = vf_conn_begin(conn, err);
    if (status == VF_OK)
        status = vf_load_open(conn, &docs, &load, err);
    if (status == VF_OK)
        status = vf_load_write(conn, load, &batch, NULL, err);
    if (status == VF_OK)
        status = vf_store_put_run(conn, &run, err);
    vf_load_close(conn, load);
    if (status == VF_OK)
        status = vf_conn_commit(conn, err);
    else
        vf_conn_rollback(conn);
    vf_batch_release(&batch);
    return status;
}

static enum vf_status count_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    (void)run;
    (void)err;
    ++*(int *)context;
    return VF_OK;
}

static void test_every_allocation_fails(void **state)
{
    enum vf_status status = VF_NOMEM;
    int n_runs = 0;
    (void)state;
    for (int64_t at = 0; status == VF_NOMEM && at < 1000; at++) {
        struct vf_error err = {0};
        vf_mem_drop("unit");
        make_docs(0);
        struct vf_conn *conn = open_side(VF_SIDE_TARGET);
        vf_alloc_fail_at(at, false);
        status = load_marked(conn, &err);
        vf_alloc_fail_at(-1, false);
        n_runs = 0;
        assert_int_equal(vf_store_list_runs(conn, count_run, &n_runs, &err), VF_OK);
        if (status != VF_OK) {
            assert_int_equal(status, VF_NOMEM);
            assert_int_equal(vf_mem_count_rows("unit", "docs"), 0);
            assert_int_equal(n_runs, 0);
        }
        vf_conn_close(conn);
    }
    assert_int_equal(status, VF_OK);
    assert_int_equal(vf_mem_count_rows("unit", "docs"), 2);
    assert_int_equal(n_runs, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_create_table, teardown),
        cmocka_unit_test_teardown(test_damage, teardown),
        cmocka_unit_test_teardown(test_source_rejects, teardown),
        cmocka_unit_test_teardown(test_transactions_meet, teardown),
        cmocka_unit_test_teardown(test_dropped_under_a_scan, teardown),
        cmocka_unit_test_teardown(test_threads, teardown),
        cmocka_unit_test_teardown(test_every_allocation_fails, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
