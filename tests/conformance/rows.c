/* Transactions and refused rows. */
#include "conformance.h"

#include <string.h>

/* ---- transactions ---- */

static enum vf_status count_chunk(void *context, const struct vf_store_chunk *chunk, struct vf_error *err)
{
    int *n_done = context;
    (void)err;
    *n_done += chunk->state == VF_CHUNK_DONE;
    return VF_OK;
}

static int done_chunks(struct vf_conn *conn)
{
    int n_done = 0;
    CONF_OK(vf_store_list_chunks(conn, "run", NULL, count_chunk, &n_done, &err));
    return n_done;
}

struct marked {
    struct conf_table table;
    struct vf_batch batch;
    struct vf_store_chunk chunk;
};

/* A chunk that is claimed, and a transaction with its rows and its marker. */
static void marked_begin(struct marked *marked, const struct conf *conf)
{
    bool claimed = false;
    *marked = (struct marked){.chunk = {.run = "run", .table = "t", .version = 1}};
    conf_plain_table(&marked->table, conf, "t", 0);
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_chunk(conf->conn, &marked->chunk, &err));
    CONF_OK(vf_store_claim_chunk(conf->conn, &marked->chunk, "me", 1000, &claimed, &err));
    assert_true(claimed);

    conf_batch_init(&marked->batch, &marked->table, 100);
    conf_plain_rows(&marked->batch, 1, 20);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    conf_write(conf->conn, &marked->table, &marked->batch, NULL);
    conf_digest_batch(&marked->batch, &marked->chunk.digest);
    CONF_OK(vf_store_finish_chunk(conf->conn, &marked->chunk, &err));
}

static void marked_release(struct marked *marked)
{
    vf_batch_release(&marked->batch);
    conf_table_release(&marked->table);
}

static void expect_both(const struct conf *conf, const struct conf_table *table, int64_t n_rows, int n_done)
{
    struct vf_conn *other = conf_open(conf, VF_SIDE_SOURCE);
    assert_int_equal(conf_count(conf->conn, table), n_rows);
    assert_int_equal(done_chunks(conf->conn), n_done);
    assert_int_equal(conf_count(other, table), n_rows);
    assert_int_equal(done_chunks(other), n_done);
    vf_conn_close(other);
}

static void test_commit(void **state)
{
    const struct conf *conf = *state;
    struct marked marked;
    marked_begin(&marked, conf);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    expect_both(conf, &marked.table, 20, 1);
    marked_release(&marked);
}

static void test_rollback(void **state)
{
    const struct conf *conf = *state;
    struct marked marked;
    marked_begin(&marked, conf);
    vf_conn_rollback(conf->conn);
    expect_both(conf, &marked.table, 0, 0);
    marked_release(&marked);
}

static void test_others_dont_see(void **state)
{
    const struct conf *conf = *state;
    struct marked marked;
    struct vf_conn *other = conf_open(conf, VF_SIDE_SOURCE);
    marked_begin(&marked, conf);
    if (!conf->quirks->one_connection) {
        assert_int_equal(conf_count(other, &marked.table), 0);
        assert_int_equal(done_chunks(other), 0);
    }
    CONF_OK(vf_conn_commit(conf->conn, &err));
    assert_int_equal(conf_count(other, &marked.table), 20);
    vf_conn_close(other);
    marked_release(&marked);
}

static void test_close_rolls_back(void **state)
{
    struct conf *conf = *state;
    struct marked marked;
    marked_begin(&marked, conf);
    vf_conn_close(conf->conn);
    conf->conn = conf_open(conf, VF_SIDE_TARGET);
    expect_both(conf, &marked.table, 0, 0);
    marked_release(&marked);
}

/* ---- refused rows ---- */

static void add_row(struct vf_batch *batch, int64_t id, const char *name)
{
    CONF_OK(vf_array_add_fixed(&batch->columns[0], &id, &err));
    if (name != NULL)
        CONF_OK(vf_array_add_bytes(&batch->columns[1], name, strlen(name), &err));
    else
        CONF_OK(vf_array_add_null(&batch->columns[1], &err));
    CONF_OK(vf_array_add_null(&batch->columns[2], &err));
    vf_batch_end_row(batch);
}

static void expect_reject(const struct vf_reject *reject, int64_t row, const char *key, const char *column)
{
    assert_int_equal(reject->row, row);
    assert_non_null(reject->key);
    if (strstr(reject->key, key) == NULL)
        fail_msg("key %s, wanted %s in it", reject->key, key);
    assert_non_null(reject->reason);
    assert_true(reject->reason[0] != '\0');
    if (column != NULL)
        assert_string_equal(reject->column, column);
}

static void test_reject_null(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_reject_list rejects = {0};
    conf_plain_table(&table, conf, "t", 0);
    conf_batch_init(&batch, &table, 100);
    add_row(&batch, 1, "one");
    add_row(&batch, 2, NULL);
    add_row(&batch, 3, "three");
    add_row(&batch, 4, NULL);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    conf_write(conf->conn, &table, &batch, &rejects);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    assert_int_equal(rejects.n_rejects, 2);
    expect_reject(&rejects.rejects[0], 1, "2", "name");
    expect_reject(&rejects.rejects[1], 3, "4", "name");
    assert_int_equal(conf_count(conf->conn, &table), 2);
    vf_reject_list_release(&rejects);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* Where keys are part of the table, or are there already (a resumed run). */
static void test_reject_duplicate(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_reject_list rejects = {0};
    conf_plain_table(&table, conf, "t", 10);
    conf_batch_init(&batch, &table, 100);
    add_row(&batch, 100, "new");
    add_row(&batch, 7, "there already");
    add_row(&batch, 101, "new");
    add_row(&batch, 100, "twice in the batch");
    add_row(&batch, 102, "new");
    CONF_OK(vf_conn_begin(conf->conn, &err));
    conf_write(conf->conn, &table, &batch, &rejects);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    assert_int_equal(rejects.n_rejects, 2);
    expect_reject(&rejects.rejects[0], 1, "7", NULL);
    expect_reject(&rejects.rejects[1], 3, "100", NULL);
    assert_int_equal(conf_count(conf->conn, &table), 13);
    vf_reject_list_release(&rejects);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static void test_reject_strict(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    conf_plain_table(&table, conf, "t", 0);
    conf_batch_init(&batch, &table, 100);
    add_row(&batch, 1, "one");
    add_row(&batch, 2, NULL);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    CONF_OK(vf_load_open(conf->conn, &table.relation, &load, &err));
    CONF_FAILS(vf_load_write(conf->conn, load, &batch, NULL, &err), VF_VALUE, "name");
    vf_load_close(conf->conn, load);
    vf_conn_rollback(conf->conn);
    assert_int_equal(conf_count(conf->conn, &table), 0);

    vf_batch_reset(&batch);
    add_row(&batch, 3, "the connection still works");
    conf_load(conf->conn, &table, &batch);
    assert_int_equal(conf_count(conf->conn, &table), 1);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* Everything is refused, and then nothing is in the transaction but the marker. */
static void test_reject_all(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_reject_list rejects = {0};
    conf_plain_table(&table, conf, "t", 0);
    conf_batch_init(&batch, &table, 200);
    for (int64_t id = 0; id < 100; id++)
        add_row(&batch, id, NULL);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    conf_write(conf->conn, &table, &batch, &rejects);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    assert_int_equal(rejects.n_rejects, 100);
    assert_int_equal(conf_count(conf->conn, &table), 0);
    vf_reject_list_release(&rejects);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* Several batches, one load, one transaction. */
static void test_many_batches(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    conf_plain_table(&table, conf, "t", 0);
    conf_batch_init(&batch, &table, 100);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    CONF_OK(vf_load_open(conf->conn, &table.relation, &load, &err));
    for (int64_t i = 0; i < 20; i++) {
        vf_batch_reset(&batch);
        conf_plain_rows(&batch, i * 100, 100);
        CONF_OK(vf_load_write(conf->conn, load, &batch, NULL, &err));
    }
    vf_load_close(conf->conn, load);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    assert_int_equal(conf_count(conf->conn, &table), 2000);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* One load over several transactions, one of them rolled back, with records written while it is open: how a worker goes from chunk to chunk. */
static void test_load_over_transactions(void **state)
{
    const struct conf *conf = *state;
    const struct vf_store_run run = {"run", "plan", "source", "copying", "0.1.0", 1, 0, "text"};
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    conf_plain_table(&table, conf, "t", 0);
    CONF_OK(vf_store_create(conf->conn, &err));
    conf_batch_init(&batch, &table, 100);
    for (int64_t i = 0; i < 5; i++) {
        vf_batch_reset(&batch);
        conf_plain_rows(&batch, i * 10, 10);
        CONF_OK(vf_conn_begin(conf->conn, &err));
        if (load == NULL)
            CONF_OK(vf_load_open(conf->conn, &table.relation, &load, &err));
        CONF_OK(vf_load_write(conf->conn, load, &batch, NULL, &err));
        CONF_OK(vf_store_put_run(conf->conn, &run, &err));
        if (i == 2)
            vf_conn_rollback(conf->conn);
        else
            CONF_OK(vf_conn_commit(conf->conn, &err));
    }
    vf_load_close(conf->conn, load);
    assert_int_equal(conf_count(conf->conn, &table), 40);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

const struct CMUnitTest conf_tests_rows[] = {
    CONF_TEST(test_commit),          CONF_TEST(test_rollback),
    CONF_TEST(test_others_dont_see), CONF_TEST(test_close_rolls_back),
    CONF_TEST(test_reject_null),     CONF_TEST(test_reject_duplicate),
    CONF_TEST(test_reject_strict),   CONF_TEST(test_reject_all),
    CONF_TEST(test_many_batches),    CONF_TEST(test_load_over_transactions),
};
const size_t conf_n_tests_rows = sizeof(conf_tests_rows) / sizeof(conf_tests_rows[0]);
