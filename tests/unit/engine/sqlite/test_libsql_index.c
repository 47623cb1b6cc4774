/* Statements that make libSQL's vector indexes, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/sqlitesql/libsql_index.h"

static void which_expressions_are(void **state)
{
    (void)state;
    assert_true(vf_libsql_index_is("libsql_vector_idx(e)"));
    assert_true(vf_libsql_index_is(" LIBSQL_VECTOR_IDX /* x */ ( e , 'metric=l2')"));
    assert_true(vf_libsql_index_is("\"libsql_vector_idx\"(e)"));
    assert_false(vf_libsql_index_is("libsql_vector_idx"));
    assert_false(vf_libsql_index_is("libsql_vector_idx2(e)"));
    assert_false(vf_libsql_index_is("'libsql_vector_idx'(e)"));
    assert_false(vf_libsql_index_is("lower(libsql_vector_idx)"));
    assert_false(vf_libsql_index_is(""));
    assert_true(vf_libsql_index_is_statement("CREATE INDEX \"a(b\" ON t (libsql_vector_idx(e))"));
    assert_true(
        vf_libsql_index_is_statement("create index i on [t] ( libsql_vector_idx(e, 'metric=cosine') ) where x"));
    assert_false(vf_libsql_index_is_statement("CREATE INDEX i ON t (lower('libsql_vector_idx(e)'))"));
    assert_false(vf_libsql_index_is_statement("CREATE TABLE t (libsql_vector_idx)"));
    assert_false(vf_libsql_index_is_statement("CREATE INDEX i"));
    assert_false(vf_libsql_index_is_statement(""));
}

static struct vf_libsql_index parse(const char *expression, struct vf_arena *arena)
{
    struct vf_libsql_index index = {.metric = VF_METRIC_L1};
    if (!vf_libsql_index_parse(expression, arena, &index))
        fail_msg("not read: %s", expression);
    return index;
}

static void parameters_are_read(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    struct vf_libsql_index index = parse(
        "libsql_vector_idx(\"my e\", 'type=diskann', 'METRIC=l2', 'compress_neighbors=float8', 'max_neighbors=20', "
        "'alpha=1.25', 'search_l=100', 'insert_l=50')",
        &arena);
    assert_string_equal(index.column, "my e");
    assert_int_equal(index.metric, VF_METRIC_L2);
    assert_int_equal(index.compress, VF_E_I8);
    assert_int_equal(index.max_neighbors, 20);
    assert_int_equal(index.search_l, 100);
    assert_int_equal(index.insert_l, 50);
    assert_true(index.alpha == 1.25);

    index = parse("libsql_vector_idx(e)", &arena);
    assert_string_equal(index.column, "e");
    assert_int_equal(index.metric, VF_METRIC_COSINE);
    assert_int_equal(index.compress, VF_E_NONE);
    assert_int_equal(index.max_neighbors, 0);
    assert_true(index.alpha == 0);

    /* libSQL takes the beginning of a word. */
    assert_int_equal(parse("libsql_vector_idx(e, 'metric=cos')", &arena).metric, VF_METRIC_COSINE);
    assert_int_equal(parse("libsql_vector_idx(e, 'metric=L')", &arena).metric, VF_METRIC_L2);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=float1')", &arena).compress, VF_E_BIT);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=FLOAT16')", &arena).compress, VF_E_F16);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=floatb')", &arena).compress, VF_E_BF16);
    assert_int_equal(parse("libsql_vector_idx(e, 'unknown=1', 'alpha=x', 'max_neighbors=-3')", &arena).max_neighbors,
                     0);
    struct vf_libsql_index untouched = {.max_neighbors = 7};
    assert_false(vf_libsql_index_parse("lower(e)", &arena, &untouched));
    assert_int_equal(untouched.max_neighbors, 7);
    vf_arena_release(&arena);
}

static void expect_text(struct vf_libsql_index index, const char *text)
{
    struct vf_buf buf;
    struct vf_arena arena = {0};
    vf_buf_init(&buf, 1024);
    vf_libsql_index_write(&index, &buf);
    assert_string_equal(buf.data, text);
    struct vf_libsql_index back = parse(buf.data, &arena);
    assert_string_equal(back.column, index.column);
    assert_int_equal(back.metric, index.metric);
    assert_int_equal(back.compress, index.compress);
    assert_int_equal(back.max_neighbors, index.max_neighbors);
    assert_int_equal(back.search_l, index.search_l);
    assert_int_equal(back.insert_l, index.insert_l);
    assert_true(back.alpha == index.alpha);
    vf_buf_release(&buf);
    vf_arena_release(&arena);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    expect_text((struct vf_libsql_index){.column = "e", .metric = VF_METRIC_COSINE},
                "libsql_vector_idx(\"e\", 'metric=cosine')");
    expect_text((struct vf_libsql_index){.column = "a\"); --",
                                         .metric = VF_METRIC_L2,
                                         .compress = VF_E_BIT,
                                         .max_neighbors = 32,
                                         .search_l = 10,
                                         .insert_l = 11,
                                         .alpha = 1.2},
                "libsql_vector_idx(\"a\"\"); --\", 'metric=l2', 'compress_neighbors=float1bit', 'max_neighbors=32', "
                "'search_l=10', 'insert_l=11', 'alpha=1.2')");
}

static void which_names_are_plain(void **state)
{
    (void)state;
    assert_true(vf_libsql_index_name_is_plain("docs_e_idx"));
    assert_true(vf_libsql_index_name_is_plain("_1"));
    assert_false(vf_libsql_index_name_is_plain("1a"));
    assert_false(vf_libsql_index_name_is_plain(""));
    assert_false(vf_libsql_index_name_is_plain("main.x"));
    assert_false(vf_libsql_index_name_is_plain("x (a); DROP TABLE t; --"));
    assert_false(vf_libsql_index_name_is_plain("\xc3\xa9"));
}

static uint64_t row_bytes(size_t dim, enum vf_element compress, uint32_t max_neighbors)
{
    const struct vf_libsql_index index = {.compress = compress, .max_neighbors = max_neighbors};
    return vf_libsql_index_cost(&index, VF_E_F32, dim).row_bytes;
}

/* Measured on files that libSQL wrote. */
static void costs_are_those_of_libsql(void **state)
{
    (void)state;
    assert_int_equal(row_bytes(384, VF_E_NONE, 0), 80704);
    assert_int_equal(row_bytes(384, VF_E_I8, 20), 9712);
    assert_int_equal(row_bytes(384, VF_E_BIT, 32), 3600);
    assert_int_equal(row_bytes(1536, VF_E_NONE, 0), 320320);
    assert_int_equal(row_bytes(1536, VF_E_I8, 20), 37360);
    assert_int_equal(row_bytes(3, VF_E_NONE, 0), 256);
    const struct vf_libsql_index all = {.compress = VF_E_NONE};
    assert_true(vf_libsql_index_cost(&all, VF_E_F32, 1536).row_ms > 25);
    assert_true(vf_libsql_index_cost(&all, VF_E_F32, 1536).row_ms < 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_expressions_are),        cmocka_unit_test(parameters_are_read),
        cmocka_unit_test(what_is_written_is_read_back), cmocka_unit_test(which_names_are_plain),
        cmocka_unit_test(costs_are_those_of_libsql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
