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

static struct vf_vector_index parse(const char *expression, const char **column, struct vf_arena *arena)
{
    struct vf_vector_index index = {.metric = VF_METRIC_L1};
    if (!vf_libsql_index_parse(expression, arena, column, &index))
        fail_msg("not read: %s", expression);
    return index;
}

static void parameters_are_read(void **state)
{
    struct vf_arena arena = {0};
    const char *column = NULL;
    (void)state;
    struct vf_vector_index index = parse(
        "libsql_vector_idx(\"my e\", 'type=diskann', 'METRIC=l2', 'compress_neighbors=float8', 'max_neighbors=20', "
        "'alpha=1.25', 'search_l=100', 'insert_l=50')",
        &column, &arena);
    assert_string_equal(column, "my e");
    assert_int_equal(index.metric, VF_METRIC_L2);
    assert_int_equal(index.compress, VF_E_I8);
    assert_int_equal(index.neighbours, 20);
    assert_int_equal(index.ef_search, 100);
    assert_int_equal(index.ef_construction, 50);
    assert_int_equal(index.alpha_milli, 1250);

    index = parse("libsql_vector_idx(e)", &column, &arena);
    assert_string_equal(column, "e");
    assert_int_equal(index.metric, VF_METRIC_COSINE);
    assert_int_equal(index.compress, VF_E_NONE);
    assert_int_equal(index.neighbours, 0);
    assert_int_equal(index.alpha_milli, 0);

    /* libSQL takes the beginning of a word. */
    assert_int_equal(parse("libsql_vector_idx(e, 'metric=cos')", &column, &arena).metric, VF_METRIC_COSINE);
    assert_int_equal(parse("libsql_vector_idx(e, 'metric=L')", &column, &arena).metric, VF_METRIC_L2);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=float1')", &column, &arena).compress, VF_E_BIT);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=FLOAT16')", &column, &arena).compress, VF_E_F16);
    assert_int_equal(parse("libsql_vector_idx(e, 'compress_neighbors=floatb')", &column, &arena).compress, VF_E_BF16);
    assert_int_equal(parse("libsql_vector_idx(e, 'x=1', 'alpha=x', 'max_neighbors=-3')", &column, &arena).neighbours,
                     0);
    struct vf_vector_index untouched = {.neighbours = 7};
    assert_false(vf_libsql_index_parse("lower(e)", &arena, &column, &untouched));
    assert_int_equal(untouched.neighbours, 7);
    vf_arena_release(&arena);
}

static void expect_text(const char *name, struct vf_vector_index index, const char *text)
{
    struct vf_buf buf;
    struct vf_arena arena = {0};
    const char *column = NULL;
    vf_buf_init(&buf, 1024);
    vf_libsql_index_write(name, &index, &buf);
    assert_string_equal(buf.data, text);
    struct vf_vector_index back = parse(buf.data, &column, &arena);
    assert_string_equal(column, name);
    assert_int_equal(back.metric, index.metric);
    assert_int_equal(back.compress, index.compress);
    assert_int_equal(back.neighbours, index.neighbours);
    assert_int_equal(back.ef_search, index.ef_search);
    assert_int_equal(back.ef_construction, index.ef_construction);
    assert_int_equal(back.alpha_milli, index.alpha_milli);
    vf_buf_release(&buf);
    vf_arena_release(&arena);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    expect_text("e", (struct vf_vector_index){.metric = VF_METRIC_COSINE}, "libsql_vector_idx(\"e\", 'metric=cosine')");
    expect_text("a\"); --",
                (struct vf_vector_index){.metric = VF_METRIC_L2,
                                         .compress = VF_E_BIT,
                                         .neighbours = 32,
                                         .ef_search = 10,
                                         .ef_construction = 11,
                                         .alpha_milli = 1200},
                "libsql_vector_idx(\"a\"\"); --\", 'metric=l2', 'compress_neighbors=float1bit', 'max_neighbors=32', "
                "'search_l=10', 'insert_l=11', 'alpha=1.200')");
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
    const struct vf_vector_index index = {.compress = compress, .neighbours = max_neighbors};
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
    const struct vf_vector_index all = {.compress = VF_E_NONE};
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
