/* Every ordered pair of engines: the awkward data set is read from one and loaded into the other, and both have the same digest. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

static const struct conf_quirks *const engines[] = {&conf_mem,   &conf_sqlite,  &conf_postgres, &conf_duckdb,
                                                    &conf_files, &conf_tursodb, &conf_sqld};
#define N_ENGINES (sizeof(engines) / sizeof(engines[0]))

struct side {
    struct conf conf;
    struct conf_table table;
};

static void side_open(struct side *side, const struct conf_quirks *quirks, size_t n_columns,
                      const struct conf_column *columns)
{
    *side = (struct side){.conf = {.quirks = quirks}};
    assert_true(quirks->make(&side->conf.database));
    side->conf.conn = conf_open(&side->conf, VF_SIDE_TARGET);
    conf_table_init(&side->table, &side->conf, "awkward", n_columns, columns);
    conf_table_make(&side->table, side->conf.conn, &side->conf);
}

static void side_close(struct side *side)
{
    conf_table_release(&side->table);
    vf_conn_close(side->conf.conn);
    side->conf.quirks->drop(&side->conf.database);
}

/* What both can hold. */
static struct vf_limits common_limits(const struct side *a, const struct side *b)
{
    const struct vf_limits *one = vf_conn_limits(a->conf.conn), *two = vf_conn_limits(b->conf.conn);
    struct vf_limits both = *one;
    both.text_nul = one->text_nul && two->text_nul;
    both.vector_not_finite = one->vector_not_finite && two->vector_not_finite;
    both.timestamp_infinity = one->timestamp_infinity && two->timestamp_infinity;
    if (both.max_timestamp_us == 0 || (two->max_timestamp_us != 0 && two->max_timestamp_us < both.max_timestamp_us))
        both.max_timestamp_us = two->max_timestamp_us;
    return both;
}

/* Row r has sample r of every column; where a column has no more samples it is NULL. */
static void fill(struct vf_batch *batch, const struct side *a, const struct side *b)
{
    const struct vf_limits limits = common_limits(a, b);
    bool any = true;
    for (int64_t id = 0; any; id++) {
        any = id == 0;
        CONF_OK(vf_array_add_fixed(&batch->columns[0], &id, &err));
        for (size_t i = 1; i < batch->n_columns; i++) {
            if (id > 0 && conf_sample(&batch->columns[i], (size_t)(id - 1), &limits, a->conf.quirks, b->conf.quirks))
                any = true;
            else
                CONF_OK(vf_array_add_null(&batch->columns[i], &err));
        }
        vf_batch_end_row(batch);
    }
}

static void copy(const struct side *from, const struct side *to)
{
    struct vf_conn *source = conf_open(&from->conf, VF_SIDE_SOURCE);
    struct vf_chunk_list chunks = {0};
    struct vf_batch batch = {0};
    conf_batch_init(&batch, &from->table, 5);
    CONF_OK(vf_conn_begin_snapshot(source, NULL, 0, &err));
    CONF_OK(vf_conn_split(source, &from->table.relation, 1 << 16, &chunks, &err));
    for (size_t i = 0; i < chunks.n_chunks; i++) {
        struct vf_scan *scan = NULL;
        struct vf_load *load = NULL;
        bool more = true;
        CONF_OK(vf_scan_open(source, &from->table.relation, &chunks.chunks[i], &scan, &err));
        CONF_OK(vf_conn_begin(to->conf.conn, &err));
        CONF_OK(vf_load_open(to->conf.conn, &to->table.relation, &load, &err));
        while (more) {
            vf_batch_reset(&batch);
            CONF_OK(vf_scan_read(source, scan, &batch, &more, &err));
            assert_int_equal(batch.rejects.n_rejects, 0);
            CONF_OK(vf_load_write(to->conf.conn, load, &batch, NULL, &err));
        }
        vf_load_close(to->conf.conn, load);
        CONF_OK(vf_conn_commit(to->conf.conn, &err));
        vf_scan_close(source, scan);
    }
    vf_chunk_list_release(&chunks);
    vf_batch_release(&batch);
    vf_conn_close(source);
}

static void test_pair(void **state)
{
    const struct conf_quirks *const *pair = *state;
    struct conf_column columns[CONF_MAX_COLUMNS] = {{.name = "id", .type = "i64", .native = "bigint", .key = true}};
    struct side from, to;
    struct vf_batch batch = {0};
    struct vf_digest sent = {0}, first = {0}, second = {0};
    size_t n_columns = 1;
    for (size_t i = 0; i < conf_n_types; i++) {
        if (conf_is_exact(pair[0], conf_types[i].type) && conf_is_exact(pair[1], conf_types[i].type))
            columns[n_columns++] = conf_types[i];
    }
    side_open(&from, pair[0], n_columns, columns);
    side_open(&to, pair[1], n_columns, columns);
    conf_batch_init(&batch, &from.table, 100);
    fill(&batch, &from, &to);
    conf_digest_batch(&batch, &sent);
    conf_load(from.conf.conn, &from.table, &batch);
    conf_table_finish(&from.table, from.conf.conn);
    copy(&from, &to);
    conf_table_finish(&to.table, to.conf.conn);
    conf_digest_scan(from.conf.conn, &from.table, NULL, &first);
    conf_digest_scan(to.conf.conn, &to.table, NULL, &second);
    conf_expect_same(sent, first, "sent and stored in the source");
    conf_expect_same(first, second, "source and target");
    vf_batch_release(&batch);
    side_close(&from);
    side_close(&to);
}

static bool is_there(const struct conf_quirks *quirks)
{
    struct conf_database probe;
    if (!quirks->make(&probe)) {
        print_message("left out: no %s database can be made here\n", conf_label(quirks));
        return false;
    }
    quirks->drop(&probe);
    return true;
}

int main(void)
{
    static const struct conf_quirks *pairs[N_ENGINES * N_ENGINES][2];
    static char names[N_ENGINES * N_ENGINES][64];
    struct CMUnitTest tests[N_ENGINES * N_ENGINES];
    bool present[N_ENGINES];
    size_t n_tests = 0;
    for (size_t i = 0; i < N_ENGINES; i++)
        present[i] = is_there(engines[i]);
    for (size_t i = 0; i < N_ENGINES; i++) {
        for (size_t k = 0; k < N_ENGINES; k++) {
            if (!present[i] || !present[k])
                continue;
            pairs[n_tests][0] = engines[i];
            pairs[n_tests][1] = engines[k];
            snprintf(names[n_tests], sizeof(names[n_tests]), "%s to %s", conf_label(engines[i]),
                     conf_label(engines[k]));
            tests[n_tests] = (struct CMUnitTest){names[n_tests], test_pair, NULL, NULL, pairs[n_tests]};
            n_tests++;
        }
    }
    return _cmocka_run_group_tests("pairs", tests, n_tests, NULL, NULL) > 0;
}
