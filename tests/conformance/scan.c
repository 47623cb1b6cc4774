/* Types, chunks, snapshots, look-ups. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/temporal.h"

/* NULL first, then every sample; returns their number. */
static int64_t fill_samples(struct vf_batch *batch, const struct vf_limits *limits, const struct conf_quirks *quirks)
{
    int64_t id = 0;
    for (;; id++) {
        CONF_OK(vf_array_add_fixed(&batch->columns[0], &id, &err));
        if (id == 0) {
            CONF_OK(vf_array_add_null(&batch->columns[1], &err));
        } else if (!conf_sample(&batch->columns[1], (size_t)(id - 1), limits, quirks, quirks)) {
            vf_batch_cancel_row(batch);
            return id;
        }
        vf_batch_end_row(batch);
    }
}

static void round_trip(const struct conf *conf, const struct conf_column *type)
{
    const struct conf_column columns[] = {{.name = "id", .type = "i64", .key = true}, *type};
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_digest sent = {0}, stored = {0};
    conf_table_init(&table, conf, type->name, 2, columns);
    bool is_exact = table.fidelity[1] == VF_FIDELITY_EXACT;
    if (is_exact != conf_is_exact(conf->quirks, type->type))
        fail_msg("%s: the engine says that it is %s", type->type, is_exact ? "exact" : "not exact");
    if (!is_exact) {
        conf_table_release(&table);
        return;
    }
    conf_table_make(&table, conf->conn, conf);
    conf_batch_init(&batch, &table, 100);
    assert_true(fill_samples(&batch, vf_conn_limits(conf->conn), conf->quirks) > 1);
    conf_digest_batch(&batch, &sent);
    conf_load(conf->conn, &table, &batch);
    conf_table_finish(&table, conf->conn);
    conf_digest_scan(conf->conn, &table, NULL, &stored);
    conf_expect_same(sent, stored, type->type);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static void test_types(void **state)
{
    for (size_t i = 0; i < conf_n_types; i++)
        round_trip(*state, &conf_types[i]);
}

static void test_enum(void **state)
{
    static const char *labels[] = {"sad", "it's", "\xF0\x9F\x98\x80"};
    const struct conf *conf = *state;
    const struct vf_user_type mood = {
        .schema = conf->quirks->schema, .name = "mood", .kind = VF_USER_TYPE_ENUM, .n_labels = 3, .labels = labels};
    const struct vf_step step = {.kind = VF_STEP_USER_TYPE, .user_type = &mood};
    const struct conf_column column = {.name = "of mood",
                                       .type = "enum",
                                       .native = conf->quirks->user_enum != NULL ? conf->quirks->user_enum : "mood"};
    if (vf_conn_can(conf->conn, VF_CAP_USER_TYPES) || vf_conn_can(conf->conn, VF_CAP_ENUM_TYPES)) {
        CONF_OK(vf_conn_apply(conf->conn, &step, &err));
        CONF_OK(vf_conn_apply(conf->conn, &step, &err));
    }
    round_trip(conf, &column);
}

/* ---- rows of one value ---- */

/* The value as vf_conn_match() takes it; NULL: there is none. false: it holds U+0000, which can't be asked for. */
static bool text_of(const struct vf_array *array, int64_t row, struct vf_buf *out, const char **text)
{
    size_t size_bytes = 0;
    vf_buf_clear(out);
    *text = NULL;
    if (vf_array_is_null(array, row))
        return true;
    if (array->type.kind == VF_K_TEXT) {
        const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
        if (memchr(bytes, 0, size_bytes) != NULL)
            return false;
        vf_buf_add(out, bytes, size_bytes);
    } else if (array->type.kind == VF_K_UUID) {
        char uuid[37];
        vf_uuid_format(vf_array_value(array, row, &size_bytes), uuid);
        vf_buf_str(out, uuid);
    } else {
        vf_array_to_json(array, row, out);
    }
    vf_buf_add(out, "", 1);
    *text = out->data;
    return true;
}

static int64_t count_where(const struct conf *conf, const struct conf_table *table, const char *text)
{
    struct conf_table filtered = *table;
    struct vf_digest found = {0};
    struct vf_buf where;
    vf_buf_init(&where, VF_BUF_MAX);
    CONF_OK(vf_conn_match(conf->conn, &table->fields[1], text, &where, &err));
    vf_buf_add(&where, "", 1);
    filtered.relation.where = where.data;
    conf_digest_scan(conf->conn, &filtered, NULL, &found);
    vf_buf_release(&where);
    return found.n_rows;
}

static void match_type(const struct conf *conf, const char *type)
{
    const struct conf_column columns[] = {{.name = "id", .type = "i64", .key = true}, {.name = "a \"b", .type = type}};
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_buf one, other;
    const char *text, *also;
    vf_buf_init(&one, VF_BUF_MAX);
    vf_buf_init(&other, VF_BUF_MAX);
    conf_table_init(&table, conf, type, 2, columns);
    conf_table_make(&table, conf->conn, conf);
    conf_batch_init(&batch, &table, 100);
    int64_t n_rows = fill_samples(&batch, vf_conn_limits(conf->conn), conf->quirks);
    conf_load(conf->conn, &table, &batch);
    conf_table_finish(&table, conf->conn);
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t n_same = 0;
        if (!text_of(&batch.columns[1], row, &one, &text))
            continue;
        for (int64_t k = 0; k < n_rows; k++)
            n_same += text_of(&batch.columns[1], k, &other, &also) && vf_str_equal(text, also);
        int64_t n_found = count_where(conf, &table, text);
        if (n_found != n_same)
            fail_msg("%s: %d rows of value %s, and not %d", type, (int)n_found, text != NULL ? text : "NULL",
                     (int)n_same);
    }
    vf_buf_release(&one);
    vf_buf_release(&other);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static void test_match(void **state)
{
    static const char *const types[] = {"bool", "i8", "i32", "i64", "text", "uuid"};
    const struct conf *conf = *state;
    const struct vf_field blob = {.name = "b", .native = "BLOB", .type = {.kind = VF_K_BLOB}};
    struct vf_buf out;
    if (vf_conn_ops(conf->conn)->match == NULL) /* mem and files have no filters */
        return;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        match_type(conf, types[i]);
    if (strcmp(vf_conn_ops(conf->conn)->name, "postgres") == 0) /* which reads any type from a literal */
        return;
    vf_buf_init(&out, VF_BUF_MAX);
    CONF_FAILS(vf_conn_match(conf->conn, &blob, "x", &out, &err), VF_MISSING, "of type blob");
    vf_buf_release(&out);
}

/* ---- chunks ---- */

static void test_chunks(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_chunk_list chunks = {0};
    struct vf_digest whole = {0}, parts = {0};
    conf_plain_table(&table, conf, "t", 5000);
    struct vf_conn *reader = conf_open(conf, VF_SIDE_SOURCE);
    conf_digest_scan(reader, &table, NULL, &whole);
    assert_int_equal(whole.n_rows, 5000);

    CONF_OK(vf_conn_split(reader, &table.relation, 40000, &chunks, &err));
    assert_true(chunks.n_chunks >= 3);
    assert_null(chunks.chunks[chunks.n_chunks - 1].high);
    for (size_t i = 0; i < chunks.n_chunks; i++) {
        struct vf_digest one = {0};
        assert_int_equal(chunks.chunks[i].number, i);
        conf_digest_scan(i % 2 == 0 ? reader : conf->conn, &table, &chunks.chunks[i], &one);
        assert_true(one.n_rows < 5000);
        vf_digest_merge(&parts, one);
    }
    conf_expect_same(whole, parts, "all chunks");
    vf_chunk_list_release(&chunks);
    vf_chunk_list_release(&chunks);
    vf_conn_close(reader);
    conf_table_release(&table);
}

static void test_chunks_of_nothing(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_chunk_list chunks = {0};
    conf_plain_table(&table, conf, "t", 0);
    CONF_OK(vf_conn_split(conf->conn, &table.relation, 1000, &chunks, &err));
    assert_int_equal(chunks.n_chunks, 1);
    struct vf_digest digest = {0};
    conf_digest_scan(conf->conn, &table, &chunks.chunks[0], &digest);
    assert_int_equal(digest.n_rows, 0);
    vf_chunk_list_release(&chunks);
    conf_table_release(&table);
}

static void test_no_such_table(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_scan *scan = NULL;
    struct vf_batch batch = {0};
    struct vf_error err = {0};
    bool more = false;
    conf_plain_init(&table, conf, "nowhere");
    conf_batch_init(&batch, &table, 10);
    enum vf_status status = vf_scan_open(conf->conn, &table.relation, NULL, &scan, &err);
    if (status == VF_OK)
        status = vf_scan_read(conf->conn, scan, &batch, &more, &err);
    assert_int_not_equal(status, VF_OK);
    assert_non_null(strstr(err.message, "nowhere"));
    assert_int_equal(err.side, VF_SIDE_TARGET);
    vf_scan_close(conf->conn, scan);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* A scan that is closed before its end leaves a connection that works. */
static void test_scan_left_early(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_scan *scan = NULL;
    struct vf_batch batch = {0};
    bool more = false;
    conf_plain_table(&table, conf, "t", 3000);
    conf_batch_init(&batch, &table, 10);
    CONF_OK(vf_scan_open(conf->conn, &table.relation, NULL, &scan, &err));
    CONF_OK(vf_scan_read(conf->conn, scan, &batch, &more, &err));
    assert_int_equal(batch.n_rows, 10);
    assert_true(more);
    vf_scan_close(conf->conn, scan);
    assert_int_equal(conf_count(conf->conn, &table), 3000);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

/* ---- snapshots ---- */

static void add_rows(const struct conf *conf, const struct conf_table *table, int64_t first, int64_t n)
{
    struct vf_batch batch = {0};
    conf_batch_init(&batch, table, n + 1);
    conf_plain_rows(&batch, first, n);
    conf_load(conf->conn, table, &batch);
    vf_batch_release(&batch);
}

static void join(const struct conf *conf, const struct conf_table *table, const char *token, struct vf_conn **conn)
{
    *conn = conf_open(conf, VF_SIDE_SOURCE);
    CONF_OK(vf_conn_join_snapshot(*conn, token, &err));
    assert_int_equal(conf_count(*conn, table), 100);
}

/* No snapshot, but a scan never says that all is well when the rows weren't of one instant. */
static void test_watched(const struct conf *conf)
{
    struct conf_table table;
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    conf_plain_table(&table, conf, "t", 100);
    conf_batch_init(&batch, &table, 1000);
    struct vf_conn *reader = conf_open(conf, VF_SIDE_SOURCE);
    CONF_OK(vf_conn_begin_snapshot(reader, NULL, 0, &err));
    assert_int_equal(conf_count(reader, &table), 100);
    add_rows(conf, &table, 1000, 50);
    CONF_OK(vf_scan_open(reader, &table.relation, NULL, &scan, &err));
    CONF_FAILS(vf_scan_read(reader, scan, &batch, &more, &err), VF_STATE, "written to while it was read");
    vf_scan_close(reader, scan);
    vf_conn_end_snapshot(reader);
    assert_int_equal(conf_count(reader, &table), 150);
    vf_conn_close(reader);
    vf_batch_release(&batch);
    conf_table_release(&table);
}

static void test_snapshot(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_conn *early = NULL, *late = NULL;
    char token[256] = "";
    if (conf->quirks->one_connection) {
        test_watched(conf);
        return;
    }
    conf_plain_table(&table, conf, "t", 100);
    if (conf->quirks->share != NULL)
        conf->quirks->share(&conf->database);
    struct vf_conn *reader = conf_open(conf, VF_SIDE_SOURCE);
    CONF_OK(vf_conn_begin_snapshot(reader, token, sizeof(token), &err));
    bool shared = vf_conn_can(reader, VF_CAP_SHARED_SNAPSHOT);
    assert_true(!shared || token[0] != '\0');
    if (shared)
        join(conf, &table, token, &early);
    add_rows(conf, &table, 1000, 50);
    assert_int_equal(conf_count(reader, &table), 100);
    assert_int_equal(conf_count(conf->conn, &table), 150);
    if (shared && !conf->quirks->no_late_join)
        join(conf, &table, token, &late);
    if (shared) {
        assert_int_equal(conf_count(early, &table), 100);
        vf_conn_end_snapshot(early);
        assert_int_equal(conf_count(early, &table), 150);
    }
    assert_int_equal(conf_count(reader, &table), 100);
    vf_conn_end_snapshot(reader);
    assert_int_equal(conf_count(reader, &table), 150);
    vf_conn_close(early);
    vf_conn_close(late);
    vf_conn_close(reader);
    conf_table_release(&table);
}

static void test_snapshot_gone(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    char token[128] = "";
    conf_plain_table(&table, conf, "t", 1);
    struct vf_conn *reader = conf_open(conf, VF_SIDE_SOURCE);
    struct vf_conn *other = conf_open(conf, VF_SIDE_SOURCE);
    CONF_OK(vf_conn_begin_snapshot(reader, token, sizeof(token), &err));
    vf_conn_end_snapshot(reader);
    if (vf_conn_can(reader, VF_CAP_SHARED_SNAPSHOT))
        CONF_FAILS(vf_conn_join_snapshot(other, token, &err), VF_STATE, "snapshot");
    else
        CONF_FAILS(vf_conn_join_snapshot(other, token, &err), VF_MISSING, conf->quirks->engine);
    vf_conn_close(other);
    vf_conn_close(reader);
    conf_table_release(&table);
}

/* ---- look-ups ---- */

static struct vf_digest look_up(const struct conf *conf, const struct conf_table *table, const struct vf_batch *keys)
{
    struct vf_scan *scan = NULL;
    struct vf_batch batch = {0};
    struct vf_digest digest = {0};
    bool more = true;
    conf_batch_init(&batch, table, 7);
    CONF_OK(vf_conn_lookup(conf->conn, &table->relation, keys, &scan, &err));
    while (more) {
        vf_batch_reset(&batch);
        CONF_OK(vf_scan_read(conf->conn, scan, &batch, &more, &err));
        conf_digest_batch(&batch, &digest);
    }
    vf_scan_close(conf->conn, scan);
    vf_batch_release(&batch);
    return digest;
}

static void test_lookup(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch keys = {0}, wanted = {0};
    struct vf_digest expected = {0};
    const struct vf_type type = {.kind = VF_K_I64};
    static const int64_t ids[] = {1, 20, -5, 33, 999, 20};
    conf_plain_table(&table, conf, "t", 50);
    CONF_OK(vf_batch_init(&keys, 1, &type, 100, 1 << 20, &err));
    for (size_t i = 0; i < 5; i++) {
        CONF_OK(vf_array_add_fixed(&keys.columns[0], &ids[i], &err));
        vf_batch_end_row(&keys);
    }
    conf_batch_init(&wanted, &table, 10);
    conf_plain_rows(&wanted, 1, 1);
    conf_plain_rows(&wanted, 20, 1);
    conf_plain_rows(&wanted, 33, 1);
    conf_digest_batch(&wanted, &expected);
    conf_expect_same(look_up(conf, &table, &keys), expected, "rows looked up");
    vf_batch_release(&keys);
    vf_batch_release(&wanted);
    conf_table_release(&table);
}

/* More keys than one request to a server has room for; every third isn't there. */
static void test_lookup_many(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch keys = {0}, wanted = {0};
    struct vf_digest expected = {0};
    const struct vf_type type = {.kind = VF_K_I64};
    conf_plain_table(&table, conf, "t", 600);
    CONF_OK(vf_batch_init(&keys, 1, &type, 1000, 1 << 20, &err));
    conf_batch_init(&wanted, &table, 1000);
    for (int64_t i = 1; i <= 500; i++) {
        int64_t id = i % 3 == 0 ? 100000 + i : i;
        CONF_OK(vf_array_add_fixed(&keys.columns[0], &id, &err));
        vf_batch_end_row(&keys);
        if (id == i)
            conf_plain_rows(&wanted, i, 1);
    }
    conf_digest_batch(&wanted, &expected);
    conf_expect_same(look_up(conf, &table, &keys), expected, "rows looked up");
    vf_batch_release(&keys);
    vf_batch_release(&wanted);
    conf_table_release(&table);
}

/* Together they are more than a server gives in one answer. */
static void test_lookup_large(void **state)
{
    static const struct conf_column columns[] = {{.name = "id", .type = "i64", .key = true},
                                                 {.name = "b", .type = "blob"}};
    enum { N_ROWS = 12, ROW_BYTES = 1 << 20 };
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch keys = {0}, rows = {0};
    struct vf_digest expected = {0};
    const struct vf_type type = {.kind = VF_K_I64};
    uint8_t *bytes = calloc(1, ROW_BYTES); /* lint: no library of ours */
    assert_non_null(bytes);
    conf_table_init(&table, conf, "large", 2, columns);
    conf_table_make(&table, conf->conn, conf);
    CONF_OK(vf_batch_init(&keys, 1, &type, 100, 1 << 20, &err));
    CONF_OK(vf_batch_init(&rows, 2, table.types, 100, 64 << 20, &err));
    for (int64_t id = 0; id < N_ROWS; id++) {
        bytes[0] = (uint8_t)id;
        CONF_OK(vf_array_add_fixed(&rows.columns[0], &id, &err));
        CONF_OK(vf_array_add_bytes(&rows.columns[1], bytes, ROW_BYTES, &err));
        vf_batch_end_row(&rows);
        CONF_OK(vf_array_add_fixed(&keys.columns[0], &id, &err));
        vf_batch_end_row(&keys);
    }
    conf_digest_batch(&rows, &expected);
    conf_load(conf->conn, &table, &rows);
    conf_table_finish(&table, conf->conn);
    conf_expect_same(look_up(conf, &table, &keys), expected, "rows looked up");
    free(bytes); /* lint: no library of ours */
    vf_batch_release(&keys);
    vf_batch_release(&rows);
    conf_table_release(&table);
}

static void add_pair(struct vf_batch *batch, const char *text, int32_t number, bool with_payload)
{
    CONF_OK(vf_array_add_bytes(&batch->columns[0], text, strlen(text), &err));
    CONF_OK(vf_array_add_fixed(&batch->columns[1], &number, &err));
    if (with_payload)
        CONF_OK(vf_array_add_bytes(&batch->columns[2], text, strlen(text), &err));
    vf_batch_end_row(batch);
}

static void test_lookup_composite(void **state)
{
    static const struct conf_column columns[] = {{.name = "part one", .type = "text", .key = true},
                                                 {.name = "two", .type = "i32", .native = "integer", .key = true},
                                                 {.name = "payload", .type = "text"}};
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_batch rows = {0}, keys = {0}, wanted = {0};
    struct vf_digest expected = {0};
    conf_table_init(&table, conf, "pairs", 3, columns);
    conf_table_make(&table, conf->conn, conf);
    conf_batch_init(&rows, &table, 100);
    add_pair(&rows, "a", 1, true);
    add_pair(&rows, "a", 2, true);
    add_pair(&rows, "b'\"", 1, true);
    add_pair(&rows, "", 7, true);
    conf_load(conf->conn, &table, &rows);
    conf_table_finish(&table, conf->conn);

    CONF_OK(vf_batch_init(&keys, 2, table.types, 100, 1 << 20, &err));
    add_pair(&keys, "a", 2, false);
    add_pair(&keys, "b'\"", 1, false);
    add_pair(&keys, "b'\"", 2, false);
    add_pair(&keys, "", 7, false);
    conf_batch_init(&wanted, &table, 100);
    add_pair(&wanted, "a", 2, true);
    add_pair(&wanted, "b'\"", 1, true);
    add_pair(&wanted, "", 7, true);
    conf_digest_batch(&wanted, &expected);
    conf_expect_same(look_up(conf, &table, &keys), expected, "rows looked up");
    vf_batch_release(&rows);
    vf_batch_release(&keys);
    vf_batch_release(&wanted);
    conf_table_release(&table);
}

const struct CMUnitTest conf_tests_scan[] = {
    CONF_TEST(test_types),
    CONF_TEST(test_enum),
    CONF_TEST(test_match),
    CONF_TEST(test_chunks),
    CONF_TEST(test_chunks_of_nothing),
    CONF_TEST(test_no_such_table),
    CONF_TEST(test_scan_left_early),
    CONF_TEST(test_snapshot),
    CONF_TEST(test_snapshot_gone),
    CONF_TEST(test_lookup),
    CONF_TEST(test_lookup_composite),
    CONF_TEST(test_lookup_many),
    CONF_TEST(test_lookup_large),
};
const size_t conf_n_tests_scan = sizeof(conf_tests_scan) / sizeof(conf_tests_scan[0]);
