/* Records: what vecferry keeps in a target, raw and through engine/store.h. */
#include "conformance.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct vf_record_column columns[] = {
    {"owner", VF_RECORD_TEXT}, {"number", VF_RECORD_INTEGER}, {"text", VF_RECORD_TEXT},
    {"bytes", VF_RECORD_BLOB}, {"count", VF_RECORD_INTEGER},
};
static const struct vf_record_table things = {"vecferry_things", 5, columns, 2};

static struct vf_record_value text_of(const char *text)
{
    if (text == NULL)
        return (struct vf_record_value){.is_null = true};
    return (struct vf_record_value){.bytes = text, .size_bytes = strlen(text)};
}

static struct vf_record_value number_of(int64_t number)
{
    return (struct vf_record_value){.integer = number};
}

static void put(struct vf_conn *conn, const char *owner, int64_t number, const char *text, int64_t count)
{
    const struct vf_record_value values[] = {
        text_of(owner), number_of(number), text_of(text), {.bytes = "\0\x01\xff", .size_bytes = 3}, number_of(count)};
    CONF_OK(vf_record_put(conn, &things, values, &err));
}

/* What was found, as a line of "owner number text count;". */
static enum vf_status found_one(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_buf *out = context;
    vf_buf_add(out, values[0].bytes, values[0].size_bytes);
    vf_buf_printf(out, " %lld ", (long long)values[1].integer);
    if (values[2].is_null)
        vf_buf_str(out, "NULL");
    else
        vf_buf_add(out, values[2].bytes, values[2].size_bytes);
    vf_buf_printf(out, " %lld;", (long long)values[4].integer);
    if (!values[3].is_null && (values[3].size_bytes != 3 || memcmp(values[3].bytes, "\0\x01\xff", 3) != 0))
        vf_buf_str(out, " other bytes");
    return vf_buf_check(out, err);
}

static void expect(struct vf_conn *conn, const char *owner, const char *wanted)
{
    const struct vf_record_value key = text_of(owner);
    struct vf_buf out;
    vf_buf_init(&out, 10000);
    CONF_OK(vf_record_get(conn, &things, &key, owner != NULL ? 1 : 0, found_one, &out, &err));
    assert_string_equal(out.size_bytes > 0 ? out.data : "", wanted);
    vf_buf_release(&out);
}

static void test_records(void **state)
{
    const struct conf *conf = *state;
    const struct vf_record_value key[] = {text_of("b"), number_of(10)};
    expect(conf->conn, NULL, "");
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    expect(conf->conn, NULL, "");
    put(conf->conn, "b", 10, "ten", 1);
    put(conf->conn, "b", 9, NULL, INT64_MIN);
    put(conf->conn, "a", 1, "it's \"q\" \\ \xF0\x9F\x90\x98", INT64_MAX);
    put(conf->conn, "", -1, "", 0);
    expect(conf->conn, NULL,
           " -1  0;a 1 it's \"q\" \\ \xF0\x9F\x90\x98 9223372036854775807;b 9 NULL -9223372036854775808;b 10 ten 1;");
    put(conf->conn, "b", 10, "again", 2);
    expect(conf->conn, "b", "b 9 NULL -9223372036854775808;b 10 again 2;");
    CONF_OK(vf_record_delete(conf->conn, &things, key, 2, &err));
    expect(conf->conn, "b", "b 9 NULL -9223372036854775808;");
    CONF_OK(vf_record_delete(conf->conn, &things, NULL, 0, &err));
    expect(conf->conn, NULL, "");
}

/* Many at once, an own one among them that is replaced, and more than one request holds. */
static void test_put_many(void **state)
{
    const struct conf *conf = *state;
    enum { N = 150, LARGE = 40000 };
    struct vf_record_value values[N][5];
    char texts[N][16];
    char *large = vf_calloc(1, LARGE + 1);
    struct vf_buf wanted;
    assert_non_null(large);
    memset(large, 'x', LARGE);
    vf_buf_init(&wanted, VF_BUF_MAX);
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    put(conf->conn, "m", 7, "replaced", 1);
    put(conf->conn, "a", 1, "stays", 1);
    vf_buf_str(&wanted, "a 1 stays 1;");
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof(texts[i]), "text %d", i);
        values[i][0] = text_of("m");
        values[i][1] = number_of(i);
        values[i][2] = i % 50 == 3 ? text_of(NULL) : text_of(i % 2 == 1 ? large : texts[i]);
        values[i][3] = (struct vf_record_value){.bytes = "\0\x01\xff", .size_bytes = 3};
        values[i][4] = number_of(-i);
        vf_buf_printf(&wanted, "m %d %s %d;", i, i % 50 == 3 ? "NULL" : i % 2 == 1 ? large : texts[i], -i);
    }
    CONF_OK(vf_record_put_many(conf->conn, &things, 0, NULL, &err));
    CONF_OK(vf_record_put_many(conf->conn, &things, N, values[0], &err));
    struct vf_buf out;
    vf_buf_init(&out, VF_BUF_MAX);
    CONF_OK(vf_record_get(conf->conn, &things, NULL, 0, found_one, &out, &err));
    assert_string_equal(out.data, wanted.data);
    vf_buf_release(&out);
    vf_buf_release(&wanted);
    vf_free(large);
}

static void test_delete_without_table(void **state)
{
    const struct conf *conf = *state;
    CONF_OK(vf_record_delete(conf->conn, &things, NULL, 0, &err));
    CONF_OK(vf_store_forget(conf->conn, NULL, &err));
    CONF_OK(vf_store_forget(conf->conn, "run", &err));
}

static void test_swap(void **state)
{
    const struct conf *conf = *state;
    const struct vf_record_value values[] = {
        text_of("a"), number_of(1), text_of("new"), {.bytes = "\0\x01\xff", .size_bytes = 3}, number_of(6)};
    const struct vf_record_value wrong = number_of(4), right = number_of(5);
    bool swapped = true;
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    CONF_OK(vf_record_swap(conf->conn, &things, values, 4, &right, &swapped, &err));
    assert_false(swapped);
    put(conf->conn, "a", 1, "old", 5);
    CONF_OK(vf_record_swap(conf->conn, &things, values, 4, &wrong, &swapped, &err));
    assert_false(swapped);
    expect(conf->conn, NULL, "a 1 old 5;");
    CONF_OK(vf_record_swap(conf->conn, &things, values, 4, &right, &swapped, &err));
    assert_true(swapped);
    expect(conf->conn, NULL, "a 1 new 6;");
}

static void test_rolled_back(void **state)
{
    const struct conf *conf = *state;
    const struct vf_record_value key = text_of("a"), one = number_of(1);
    const struct vf_record_value swapped_values[] = {
        text_of("c"), number_of(3), text_of("swapped"), {.is_null = true}, number_of(2)};
    bool swapped = false;
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    put(conf->conn, "a", 1, "stays", 1);
    put(conf->conn, "c", 3, "stays", 1);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    put(conf->conn, "b", 2, "vanishes", 1);
    CONF_OK(vf_record_delete(conf->conn, &things, &key, 1, &err));
    CONF_OK(vf_record_swap(conf->conn, &things, swapped_values, 4, &one, &swapped, &err));
    assert_true(swapped);
    expect(conf->conn, NULL, "b 2 vanishes 1;c 3 swapped 2;");
    vf_conn_rollback(conf->conn);
    expect(conf->conn, NULL, "a 1 stays 1;c 3 stays 1;");

    CONF_OK(vf_conn_begin(conf->conn, &err));
    put(conf->conn, "b", 2, "stays", 1);
    CONF_OK(vf_conn_commit(conf->conn, &err));
    expect(conf->conn, NULL, "a 1 stays 1;b 2 stays 1;c 3 stays 1;");
}

static enum vf_status stop(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    (void)values;
    ++*(int *)context;
    return vf_error_set(err, VF_DIFFERS, "enough");
}

static void test_stop_reading(void **state)
{
    const struct conf *conf = *state;
    int n_found = 0;
    CONF_OK(vf_record_create(conf->conn, &things, &err));
    put(conf->conn, "a", 1, "x", 1);
    put(conf->conn, "a", 2, "x", 1);
    CONF_FAILS(vf_record_get(conf->conn, &things, NULL, 0, stop, &n_found, &err), VF_DIFFERS, "enough");
    assert_int_equal(n_found, 1);
    expect(conf->conn, NULL, "a 1 x 1;a 2 x 1;");
}

/* ---- the store ---- */

static enum vf_status keep_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    vf_buf_printf(context, "%s %s %s %s %s %lld %lld %s;", run->run, run->plan_sha256, run->source, run->state,
                  run->tool_version, (long long)run->started_us, (long long)run->finished_us, run->plan_text);
    return vf_buf_check(context, err);
}

static void test_runs(void **state)
{
    const struct conf *conf = *state;
    struct vf_store_run run = {"0123456789abcdef", "plan", "source 1", "copying", "0.1.0", 12, 0, "tables:\n  - t\n"};
    struct vf_buf out;
    vf_buf_init(&out, 10000);
    CONF_OK(vf_store_list_runs(conf->conn, keep_run, &out, &err));
    assert_int_equal(out.size_bytes, 0);
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_run(conf->conn, &run, &err));
    run.state = "done";
    run.finished_us = 34;
    CONF_OK(vf_store_put_run(conf->conn, &run, &err));
    CONF_OK(vf_store_list_runs(conf->conn, keep_run, &out, &err));
    assert_string_equal(out.data, "0123456789abcdef plan source 1 done 0.1.0 12 34 tables:\n  - t\n;");
    vf_buf_release(&out);
}

/* A chunk as it was read, with its texts. */
struct kept {
    struct vf_arena arena;
    struct vf_store_chunk chunk;
    int n_found;
};

static enum vf_status keep_chunk(void *context, const struct vf_store_chunk *chunk, struct vf_error *err)
{
    struct kept *kept = context;
    (void)err;
    kept->n_found++;
    kept->chunk = *chunk;
    kept->chunk.run = vf_arena_strdup(&kept->arena, chunk->run);
    kept->chunk.table = vf_arena_strdup(&kept->arena, chunk->table);
    kept->chunk.chunk.low = vf_arena_strdup(&kept->arena, chunk->chunk.low);
    kept->chunk.chunk.high = vf_arena_strdup(&kept->arena, chunk->chunk.high);
    kept->chunk.generation = vf_arena_strdup(&kept->arena, chunk->generation);
    kept->chunk.owner = vf_arena_strdup(&kept->arena, chunk->owner);
    return VF_OK;
}

static struct kept read_chunk(struct vf_conn *conn, const char *table)
{
    struct kept kept = {0};
    CONF_OK(vf_store_list_chunks(conn, "run", table, keep_chunk, &kept, &err));
    return kept;
}

static void test_chunk_round_trip(void **state)
{
    const struct conf *conf = *state;
    const struct vf_store_chunk chunk = {
        .run = "run",
        .table = "t",
        .version = 3,
        .chunk = {.number = 7, .low = "(0,1)", .high = NULL, .n_rows = 100, .size_bytes = 5},
        .generation = "g",
        .state = VF_CHUNK_DONE,
        .owner = "me",
        .digest = {.n_rows = 90, .sum = {UINT64_MAX, 1}},
        .rejected = {.n_rows = 10, .sum = {2, 3}},
        .n_unreadable = 4,
    };
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_chunk(conf->conn, &chunk, &err));
    struct kept kept = read_chunk(conf->conn, "t");
    assert_int_equal(kept.n_found, 1);
    assert_int_equal(kept.chunk.version, 3);
    assert_int_equal(kept.chunk.chunk.number, 7);
    assert_string_equal(kept.chunk.chunk.low, "(0,1)");
    assert_null(kept.chunk.chunk.high);
    assert_string_equal(kept.chunk.generation, "g");
    assert_string_equal(kept.chunk.owner, "me");
    assert_int_equal(kept.chunk.state, VF_CHUNK_DONE);
    assert_true(vf_digest_equal(kept.chunk.digest, chunk.digest));
    assert_true(vf_digest_equal(kept.chunk.rejected, chunk.rejected));
    assert_int_equal(kept.chunk.n_unreadable, 4);
    vf_arena_release(&kept.arena);
    kept = read_chunk(conf->conn, "another");
    assert_int_equal(kept.n_found, 0);
}

static void test_claims(void **state)
{
    const struct conf *conf = *state;
    const struct vf_store_chunk pending = {.run = "run", .table = "t", .version = 1};
    struct vf_conn *second = conf_open(conf, VF_SIDE_TARGET);
    bool claimed = false;
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_chunk(conf->conn, &pending, &err));
    struct kept one = read_chunk(conf->conn, "t"), two = read_chunk(second, "t");
    CONF_OK(vf_store_claim_chunk(conf->conn, &one.chunk, "one", 1000, &claimed, &err));
    assert_true(claimed);
    assert_int_equal(one.chunk.version, 2);
    assert_int_equal(one.chunk.state, VF_CHUNK_CLAIMED);
    CONF_OK(vf_store_claim_chunk(second, &two.chunk, "two", 1000, &claimed, &err));
    assert_false(claimed);
    assert_int_equal(two.chunk.version, 1);
    vf_arena_release(&two.arena);

    /* The lease of one has run out: two looks again and takes over, and one finds out at its end. */
    two = read_chunk(second, "t");
    assert_string_equal(two.chunk.owner, "one");
    CONF_OK(vf_store_claim_chunk(second, &two.chunk, "two", 2000, &claimed, &err));
    assert_true(claimed);
    CONF_OK(vf_conn_begin(conf->conn, &err));
    CONF_FAILS(vf_store_finish_chunk(conf->conn, &one.chunk, &err), VF_LOCKED, "taken over");
    vf_conn_rollback(conf->conn);
    CONF_OK(vf_store_finish_chunk(second, &two.chunk, &err));
    vf_arena_release(&one.arena);
    one = read_chunk(conf->conn, "t");
    assert_int_equal(one.chunk.state, VF_CHUNK_DONE);
    assert_int_equal(one.chunk.version, 4);
    vf_arena_release(&one.arena);
    vf_arena_release(&two.arena);
    vf_conn_close(second);
}

#define N_RACES 40

struct racer {
    struct vf_conn *conn;
    const char *name;
    int n_won;
    int n_failed;
};

static void *race(void *context)
{
    struct racer *racer = context;
    for (int64_t i = 0; i < N_RACES; i++) {
        struct vf_store_chunk seen = {.run = "run", .table = "t", .version = 1, .chunk.number = i};
        struct vf_error err = {0};
        bool claimed = false;
        enum vf_status status = vf_store_claim_chunk(racer->conn, &seen, racer->name, 1000, &claimed, &err);
        /* Two claims that meet may fail for the moment; nobody has won by that. */
        for (int again = 0; status == VF_TEMPORARY && again < 100; again++)
            status = vf_store_claim_chunk(racer->conn, &seen, racer->name, 1000, &claimed, &err);
        racer->n_failed += status != VF_OK;
        racer->n_won += status == VF_OK && claimed;
    }
    return NULL;
}

static void test_claim_race(void **state)
{
    const struct conf *conf = *state;
    struct racer racers[2] = {{.name = "one"}, {.name = "two"}};
    pthread_t threads[2];
    CONF_OK(vf_store_create(conf->conn, &err));
    for (int64_t i = 0; i < N_RACES; i++) {
        const struct vf_store_chunk chunk = {.run = "run", .table = "t", .version = 1, .chunk.number = i};
        CONF_OK(vf_store_put_chunk(conf->conn, &chunk, &err));
    }
    for (int i = 0; i < 2; i++)
        racers[i].conn = conf_open(conf, VF_SIDE_TARGET);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        vf_conn_close(racers[i].conn);
        assert_int_equal(racers[i].n_failed, 0);
    }
    assert_int_equal(racers[0].n_won + racers[1].n_won, N_RACES);
}

static enum vf_status keep_reject(void *context, const char *table, const struct vf_reject *reject,
                                  struct vf_error *err)
{
    vf_buf_printf(context, "%s %s %s %s %s ", table, reject->key, reject->column != NULL ? reject->column : "-",
                  reject->reason, reject->sqlstate);
    if (reject->original == NULL)
        vf_buf_str(context, "none");
    else
        vf_buf_hex(context, reject->original, reject->original_bytes);
    vf_buf_printf(context, " %d;", reject->has_digest);
    return vf_buf_check(context, err);
}

static void test_rejects(void **state)
{
    const struct conf *conf = *state;
    struct vf_reject_list rejects = {0};
    struct vf_buf out;
    const struct vf_reject whole = {.table = "t",
                                    .key = "{\"id\": 1}",
                                    .reason = "refused",
                                    .sqlstate = "23505",
                                    .row = 3,
                                    .has_digest = true,
                                    .digest = {1, 2}};
    const struct vf_reject value = {.table = "t",
                                    .key = "{\"id\": 2}",
                                    .column = "v",
                                    .reason = "NaN",
                                    .original = (const uint8_t *)"\0\xff",
                                    .original_bytes = 2,
                                    .row = -1};
    const struct vf_reject empty = {.table = "t",
                                    .key = "{\"id\": 3}",
                                    .column = "v",
                                    .reason = "empty",
                                    .original = (const uint8_t *)"",
                                    .row = -1};
    CONF_OK(vf_reject_add(&rejects, &whole, &err));
    CONF_OK(vf_reject_add(&rejects, &value, &err));
    CONF_OK(vf_reject_add(&rejects, &empty, &err));
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_put_rejects(conf->conn, "run", "t", 5, &rejects, &err));
    vf_buf_init(&out, 10000);
    CONF_OK(vf_store_list_rejects(conf->conn, "run", keep_reject, &out, &err));
    assert_string_equal(out.data,
                        "t {\"id\": 1} - refused 23505 none 1;t {\"id\": 2} v NaN  00ff 0;t {\"id\": 3} v empty   0;");
    vf_buf_clear(&out);
    CONF_OK(vf_store_forget(conf->conn, "run", &err));
    CONF_OK(vf_store_list_rejects(conf->conn, "run", keep_reject, &out, &err));
    assert_int_equal(out.size_bytes, 0);
    vf_buf_release(&out);
    vf_reject_list_release(&rejects);
}

static enum vf_status keep_memory(void *context, const char *kind, const char *name, const char *body,
                                  struct vf_error *err)
{
    vf_buf_printf(context, "%s %s %s;", kind, name, body);
    return vf_buf_check(context, err);
}

static void test_memory(void **state)
{
    const struct conf *conf = *state;
    struct vf_buf out;
    vf_buf_init(&out, 10000);
    CONF_OK(vf_store_recall(conf->conn, keep_memory, &out, &err));
    assert_int_equal(out.size_bytes, 0);
    CONF_OK(vf_store_create(conf->conn, &err));
    CONF_OK(vf_store_remember(conf->conn, "type", "mood", "{\"old\": 1}", "run", &err));
    CONF_OK(vf_store_remember(conf->conn, "type", "mood", "{}", "run", &err));
    CONF_OK(vf_store_remember(conf->conn, "sequence", "s'1", "{\"a\": \"\\u0000\"}", "other", &err));
    CONF_OK(vf_store_recall(conf->conn, keep_memory, &out, &err));
    assert_string_equal(out.data, "sequence s'1 {\"a\": \"\\u0000\"};type mood {};");
    vf_buf_clear(&out);
    CONF_OK(vf_store_forget(conf->conn, "run", &err));
    CONF_OK(vf_store_recall(conf->conn, keep_memory, &out, &err));
    assert_string_equal(out.data, "sequence s'1 {\"a\": \"\\u0000\"};");
    vf_buf_clear(&out);
    CONF_OK(vf_store_forget(conf->conn, NULL, &err));
    CONF_OK(vf_store_recall(conf->conn, keep_memory, &out, &err));
    assert_int_equal(out.size_bytes, 0);
    vf_buf_release(&out);
}

const struct CMUnitTest conf_tests_records[] = {
    CONF_TEST(test_records),    CONF_TEST(test_put_many),         CONF_TEST(test_delete_without_table),
    CONF_TEST(test_swap),       CONF_TEST(test_rolled_back),      CONF_TEST(test_stop_reading),
    CONF_TEST(test_runs),       CONF_TEST(test_chunk_round_trip), CONF_TEST(test_claims),
    CONF_TEST(test_claim_race), CONF_TEST(test_rejects),          CONF_TEST(test_memory),
};
const size_t conf_n_tests_records = sizeof(conf_tests_records) / sizeof(conf_tests_records[0]);
