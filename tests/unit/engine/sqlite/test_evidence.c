#include "support.h"

#include <stdio.h>
#include <string.h>

/* One column c with the values given; the type that is decided for it. */
struct expectation {
    const char *name, *declared, *values; /* a list of (..) */
    enum vf_kind kind;
    enum vf_form form;
    int64_t n_bad;
    const char *why; /* part of the evidence */
};

static const struct expectation scalars[] = {
    {"c", "INTEGER", "(1), (2), (NULL)", VF_K_I64, VF_FORM_NATIVE, 0, "from 1 to 2"},
    {"c", "INTEGER", "(1), ('abc'), (1.5), (x'00')", VF_K_I64, VF_FORM_NATIVE, 3,
     "1 integers, 1 reals, 1 texts, 1 blobs"},
    {"c", "INTEGER", "(0), (1)", VF_K_I64, VF_FORM_NATIVE, 0, "all integers"},
    {"is_valid", "INTEGER", "(0), (1)", VF_K_BOOL, VF_FORM_INTEGER, 0, "0 or 1"},
    {"is_valid", "INTEGER", "(0), (2)", VF_K_I64, VF_FORM_NATIVE, 0, "all integers"},
    {"c", "BOOLEAN", "(0), (1), (NULL)", VF_K_BOOL, VF_FORM_INTEGER, 0, "0 or 1"},
    {"c", "BOOLEAN", "('true'), ('false')", VF_K_BOOL, VF_FORM_TEXT, 0, "true or false"},
    {"c", "BOOLEAN", "(0), (1), ('yes')", VF_K_BOOL, VF_FORM_INTEGER, 1, "2 integers, 1 texts"},
    {"c", "BOOLEAN", "(5), (6)", VF_K_I64, VF_FORM_NATIVE, 0, "from 5 to 6"},
    {"c", "REAL", "(1.5), (2), ('NaN')", VF_K_F64, VF_FORM_NATIVE, 0, "all numbers"},
    {"c", "REAL", "(1.5), ('x')", VF_K_F64, VF_FORM_NATIVE, 1, "1 reals, 1 texts"},
    {"c", "DECIMAL(10,2)", "(1), (2.5)", VF_K_DECIMAL, VF_FORM_NATIVE, 0, "shortest decimal"},
    {"c", "TEXT", "('a'), ('')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "TEXT", "('a'), (x'ff')", VF_K_TEXT, VF_FORM_NATIVE, 1, "1 texts, 1 blobs"},
    {"c", "TEXT", "(NULL)", VF_K_TEXT, VF_FORM_NATIVE, 0, "no values"},
    {"c", "", "(1), (2)", VF_K_I64, VF_FORM_NATIVE, 0, "all integers"},
    {"c", "", "('x'), ('y'), (1)", VF_K_TEXT, VF_FORM_NATIVE, 1, "1 integers, 2 texts"},
    {"c", "STRING", "('x'), ('y')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "BLOB", "(x'00'), (x'0102')", VF_K_BLOB, VF_FORM_NATIVE, 0, "all blobs"},
};

static const struct expectation times[] = {
    {"created_at", "INTEGER", "(1700000000), (1710000000), (4102444800), (2147483648)", VF_K_TIMESTAMPTZ,
     VF_FORM_EPOCH_S, 0, "seconds since 1970"},
    {"created_at", "INTEGER", "(1700000000000)", VF_K_TIMESTAMPTZ, VF_FORM_EPOCH_MS, 0, "milliseconds since 1970"},
    {"created_at", "INTEGER", "(1700000000000000)", VF_K_TIMESTAMPTZ, VF_FORM_EPOCH_US, 0, "microseconds since 1970"},
    {"amount", "INTEGER", "(1700000000)", VF_K_I64, VF_FORM_NATIVE, 0, "all integers"},
    {"created_at", "INTEGER", "(1700000000), (1700000000000)", VF_K_I64, VF_FORM_NATIVE, 0, "mixed units"},
    {"created_at", "INTEGER", "(1), (2), (3)", VF_K_I64, VF_FORM_NATIVE, 0, "all integers"},
    {"c", "DATETIME",
     "(1700000000), (1700000001), (1700000002), (1700000003), (1700000004), (1700000005), (1700000006), (1700000007), "
     "(1700000008), (0)",
     VF_K_TIMESTAMPTZ, VF_FORM_EPOCH_S, 0, "1 are very small"},
    {"c", "DATETIME", "('2024-02-29 13:05:00.25'), ('2024-02-29 13:05:00')", VF_K_TIMESTAMP, VF_FORM_ISO, 0,
     "without zone"},
    {"c", "TEXT", "('2024-02-29T13:05:00Z'), ('2024-02-29T13:05:00.5Z')", VF_K_TIMESTAMPTZ, VF_FORM_ISO, 0, "in UTC"},
    {"c", "TEXT", "('2024-02-29T13:05:00'), ('2024-02-29 13:05:00')", VF_K_TEXT, VF_FORM_NATIVE, 0,
     "1 of them in a writing that would change"},
    {"c", "TEXT", "('2024-02-29T13:05:00+05:30')", VF_K_TEXT, VF_FORM_NATIVE, 0, "a writing that would change"},
    {"c", "DATE", "('2024-02-29')", VF_K_DATE, VF_FORM_ISO, 0, "ISO date"},
    {"c", "DATE", "('2024-02-30')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "TIME", "('13:05:00')", VF_K_TIME, VF_FORM_ISO, 0, "ISO time"},
};

static const struct expectation documents[] = {
    {"c", "TEXT", "('00000000-0000-4000-8000-00000000000a')", VF_K_UUID, VF_FORM_TEXT, 0, "a uuid"},
    {"c", "UUID", "('00000000-0000-4000-8000-00000000000A')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "UUID", "(x'00112233445566778899aabbccddeeff')", VF_K_UUID, VF_FORM_BYTES, 0, "16 bytes"},
    {"c", "BLOB", "(x'00112233445566778899aabbccddeeff')", VF_K_BLOB, VF_FORM_NATIVE, 0, "not likely to be float32"},
    {"c", "TEXT", "('{\"a\":1}'), ('[]'), (' [1, {\"b\": \"\\u0041\\n\"}]')", VF_K_JSON, VF_FORM_TEXT, 0,
     "JSON object or array"},
    {"c", "TEXT", "('{\"a\":1}'), ('{a:1}')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "TEXT", "('1'), ('2')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
    {"c", "JSON", "('{}'), ('\"x\"'), ('1'), ('null')", VF_K_JSON, VF_FORM_TEXT, 0, "declared JSON"},
    {"c", "JSON", "('{'), ('}')", VF_K_TEXT, VF_FORM_NATIVE, 0, "all texts"},
};

static const struct expectation vectors[] = {
    {"c", "BLOB", "(x'0000803f000000c0'), (x'cdcc4c3e00000000')", VF_K_VECTOR, VF_FORM_BYTES, 0,
     "2 of 2 values are blobs of 2 float32"},
    {"c", "BLOB", "(x'0000803f000000c0'), (x'0000803f0000803f0000803f')", VF_K_BLOB, VF_FORM_NATIVE, 0, "too mixed"},
    {"c", "BLOB", "(x'0000000000000000')", VF_K_BLOB, VF_FORM_NATIVE, 0, "not likely"},
    {"c", "BLOB", "(x'0100000002000000')", VF_K_BLOB, VF_FORM_NATIVE, 0, "not likely"},
    {"c", "TEXT", "('[0.1, -2e3]'), ('[1,2]')", VF_K_VECTOR, VF_FORM_JSON, 0,
     "2 of 2 values are JSON arrays of 2 float32"},
    {"c", "TEXT", "('[0.123456789012345,1]')", VF_K_VECTOR, VF_FORM_JSON, 0,
     "1 of 2 numbers aren't writings of a float32"},
    {"c", "TEXT", "('[1,2]'), ('[1,2,3]')", VF_K_JSON, VF_FORM_TEXT, 0, "dimensions 2 (1), 3 (1)"},
    {"c", "TEXT",
     "('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,2]'), ('[1,')",
     VF_K_VECTOR, VF_FORM_JSON, 1, "9 of 10 values"},
    {"c", "F32_BLOB(2)", "(x'0000803f000000c0'), ('[1,2]'), (x'00')", VF_K_VECTOR, VF_FORM_LIBSQL, 1,
     "1 of 3 values don't fit"},
};

static void check(const struct expectation *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct vf_schema schema;
        char sql[1000];
        const struct expectation *e = &expected[i];
        snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS t; CREATE TABLE t (\"%s\" %s); INSERT INTO t VALUES %s",
                 e->name, e->declared, e->values);
        run_sql("a.db", sql);
        struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
        inspect(conn, true, &schema);
        const struct vf_column *column = find_column(&schema, "t", e->name);
        bool is_right = column->type.kind == e->kind && column->form == e->form && column->evidence.n_bad == e->n_bad &&
                        strstr(column->evidence.text, e->why) != NULL;
        if (!is_right)
            fail_msg("%s %s %s: %s %s, %d bad: %s", e->name, e->declared, e->values, vf_kind_name(column->type.kind),
                     vf_form_name(column->form), (int)column->evidence.n_bad, column->evidence.text);
        assert_true(column->evidence.measured);
        vf_schema_release(&schema);
        vf_conn_close(conn);
    }
}

#define CHECK(list) check(list, sizeof(list) / sizeof((list)[0]))

static void scalars_by_their_storage(void **state)
{
    (void)state;
    CHECK(scalars);
}

static void times_by_range_and_writing(void **state)
{
    (void)state;
    CHECK(times);
}

static void documents_by_all_values(void **state)
{
    (void)state;
    CHECK(documents);
}

static void vectors_with_their_dimensions(void **state)
{
    (void)state;
    CHECK(vectors);
}

static void figures_of_vectors(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_sql("a.db", "CREATE TABLE t (v BLOB); INSERT INTO t VALUES (x'0000404000008040'), (x'0000000000000000'), "
                    "(x'0000c07f0000803f'), (x'0000803f00000000'), (NULL)");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    const struct vf_evidence *evidence = &find_column(&schema, "t", "v")->evidence;
    assert_int_equal(evidence->n_values, 4);
    assert_int_equal(evidence->n_null, 1);
    assert_int_equal(evidence->n_zero, 1);
    assert_int_equal(evidence->n_not_finite, 1);
    assert_int_equal(evidence->min_dim, 2);
    assert_true(evidence->min_norm == 0 && evidence->max_norm == 5);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_by_their_storage, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(times_by_range_and_writing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(documents_by_all_values, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(vectors_with_their_dimensions, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(figures_of_vectors, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite evidence", tests, NULL, NULL);
}
