#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/duckdb/bignum.h"
#include "engine/duckdb/default.h"
#include "engine/duckdb/duckdb.h"
#include "engine/duckdb/file.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/text.h"

/* ---- pieces of SQL that DuckDB wrote ---- */

static void the_next_value_of_a_sequence(void **state)
{
    int64_t next = 0;
    (void)state;
    assert_true(
        vf_duckdb_sequence_next("CREATE SEQUENCE s INCREMENT BY 3 MINVALUE 1 MAXVALUE 9 START 7 NO CYCLE;", &next));
    assert_int_equal(next, 7);
    assert_true(vf_duckdb_sequence_next("CREATE SEQUENCE \" START 1 \" INCREMENT BY 1 START -5 NO CYCLE;", &next));
    assert_int_equal(next, -5);
    assert_false(vf_duckdb_sequence_next("CREATE SEQUENCE s", &next));
}

static void parts_of_a_list(void **state)
{
    static const char *const wanted[] = {"a", "\"b, \"\"c\"", "(d + (1))", "'x)'"};
    struct vf_arena arena = {0};
    const char *at = "a, \"b, \"\"c\", (d + (1)), 'x)') WITH (e)";
    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_string_equal(vf_duckdb_next_part(&at, &arena), wanted[i]);
    assert_null(vf_duckdb_next_part(&at, &arena));
    assert_string_equal(vf_duckdb_part_name("\"b, \"\"c\"", &arena), "b, \"c");
    assert_string_equal(vf_duckdb_part_name("plain_1", &arena), "plain_1");
    assert_null(vf_duckdb_part_name("(d + 1)", &arena));
    vf_arena_release(&arena);
}

static void names_of_sequences(void **state)
{
    struct vf_arena arena = {0};
    const char *schema = NULL, *name = NULL;
    (void)state;
    const char *argument = vf_duckdb_nextval_name("nextval('\"main\".\"it''s a.b\"')", &arena);
    assert_string_equal(argument, "\"main\".\"it's a.b\"");
    assert_true(vf_duckdb_split_name(argument, &arena, &schema, &name));
    assert_string_equal(schema, "main");
    assert_string_equal(name, "it's a.b");
    assert_true(vf_duckdb_split_name("s", &arena, &schema, &name));
    assert_null(schema);
    assert_null(vf_duckdb_nextval_name("(nextval('s') + 1)", &arena));
    vf_arena_release(&arena);
}

static void expect_default(enum vf_kind kind, const char *text, enum vf_default_kind wanted, const char *value)
{
    struct vf_arena arena = {0};
    struct vf_column column = {.name = "c", .native = "", .type = {.kind = kind}};
    assert_int_equal(vf_duckdb_default_parse(text, &arena, &column, NULL), VF_OK);
    assert_int_equal(column.def.kind, wanted);
    if (value != NULL)
        assert_string_equal(column.def.text, value);
    vf_arena_release(&arena);
}

static void defaults_as_the_catalogue_has_them(void **state)
{
    (void)state;
    expect_default(VF_K_TEXT, "'it''s'", VF_DEFAULT_LITERAL, "it's");
    expect_default(VF_K_BOOL, "CAST('t' AS BOOLEAN)", VF_DEFAULT_LITERAL, "true");
    expect_default(VF_K_F32, "-1.5", VF_DEFAULT_LITERAL, "-1.5");
    expect_default(VF_K_TIMESTAMP, "CAST('2020-01-01' AS TIMESTAMP)", VF_DEFAULT_LITERAL, "2020-01-01");
    expect_default(VF_K_BLOB, "CAST('\\xAAb' AS \"BLOB\")", VF_DEFAULT_LITERAL, "\\xaa62");
    expect_default(VF_K_I64, "nextval('s')", VF_DEFAULT_SEQUENCE, "s");
    expect_default(VF_K_TIMESTAMPTZ, "now()", VF_DEFAULT_NOW, NULL);
    expect_default(VF_K_UUID, "uuid()", VF_DEFAULT_UUID, NULL);
    expect_default(VF_K_I32, "(5 + 3)", VF_DEFAULT_EXPRESSION, "(5 + 3)");
    expect_default(VF_K_TEXT, "concat('a', 'b')", VF_DEFAULT_EXPRESSION, "concat('a', 'b')");
    expect_default(VF_K_TEXT, "NULL", VF_DEFAULT_NULL, NULL);
    expect_default(VF_K_TEXT, NULL, VF_DEFAULT_NONE, NULL);
}

/* ---- numbers of 128 bits ---- */

static void expect_number(bool is_negative, uint64_t hi, uint64_t lo, unsigned scale, const char *wanted)
{
    struct vf_buf out;
    vf_buf_init(&out, 100);
    vf_duckdb_number_text(is_negative, hi, lo, scale, &out);
    assert_string_equal(out.data, wanted);
    vf_buf_release(&out);
}

static void wide_numbers(void **state)
{
    (void)state;
    expect_number(false, 0, 0, 0, "0");
    expect_number(true, 0, 1, 3, "-0.001");
    expect_number(false, 0, 150, 2, "1.50");
    expect_number(false, UINT64_MAX, UINT64_MAX, 0, "340282366920938463463374607431768211455");
    expect_number(true, UINT64_C(1) << 63, 0, 0, "-170141183460469231731687303715884105728");
    expect_number(false, 1, 0, 20, "0.18446744073709551616");
}

/* ---- files ---- */

static void a_header_that_is_none(void **state)
{
    struct vf_duckdb_file file = {0};
    struct vf_error err = {0};
    char path[300];
    const char *folder = getenv("TMPDIR");
    (void)state;
    snprintf(path, sizeof(path), "%s/vecferry-duckdb-header", folder != NULL ? folder : "/tmp");
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs("12345678SQLite format 3", out);
    fclose(out);
    assert_int_equal(vf_duckdb_file_check(path, &file, &err), VF_CONNECT);
    assert_non_null(strstr(err.message, "is not a DuckDB database"));
    out = fopen(path, "wb");
    assert_non_null(out);
    fputs("12345678DUCK", out);
    fclose(out);
    assert_int_equal(vf_duckdb_file_check(path, &file, &err), VF_CONNECT);
    assert_non_null(strstr(err.message, "is cut short"));
    unlink(path);
    assert_int_equal(vf_duckdb_file_check(path, &file, &err), VF_OK);
    assert_false(file.exists);
}

static void expect_bignum(const char *text, size_t n, const char *bytes)
{
    struct vf_buf out, back;
    bool is_number = false;
    vf_buf_init(&out, VF_BUF_MAX);
    vf_buf_init(&back, VF_BUF_MAX);
    assert_int_equal(vf_duckdb_bignum_parse(text, strlen(text), &out, &is_number, NULL), VF_OK);
    assert_true(is_number);
    assert_int_equal(out.size_bytes, n);
    assert_memory_equal(out.data, bytes, n);
    assert_int_equal(vf_duckdb_bignum_text(out.data, out.size_bytes, &back, NULL), VF_OK);
    assert_string_equal(back.data, text);
    vf_buf_release(&out);
    vf_buf_release(&back);
}

/* The bytes are those that DuckDB has for the numbers. */
static void whole_numbers_of_any_size(void **state)
{
    static const char *const others[] = {"", "-", "+1", "-0", "007", "1.5", "1e3", " 1", "1 ", "0x1"};
    struct vf_buf out;
    bool is_number = true;
    (void)state;
    expect_bignum("0", 4, "\x80\x00\x01\x00");
    expect_bignum("1", 4, "\x80\x00\x01\x01");
    expect_bignum("-1", 4, "\x7f\xff\xfe\xfe");
    expect_bignum("256", 5, "\x80\x00\x02\x01\x00");
    expect_bignum("-18446744073709551616", 12, "\x7f\xff\xf6\xfe\xff\xff\xff\xff\xff\xff\xff\xff");
    expect_bignum("79228162514264337593543950337", 16,
                  "\x80\x00\x0d\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01");
    vf_buf_init(&out, VF_BUF_MAX);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(vf_duckdb_bignum_parse(others[i], strlen(others[i]), &out, &is_number, NULL), VF_OK);
        assert_false(is_number);
    }
    assert_int_equal(out.size_bytes, 0);
    assert_int_equal(vf_duckdb_bignum_text("\x80\x00\x01", 3, &out, NULL), VF_VALUE);
    vf_buf_release(&out);
}

static void no_library_there(void **state)
{
    const struct vf_open_options options = {.side = VF_SIDE_SOURCE, .library_dir = "/nonexistent"};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};
    (void)state;
    assert_int_equal(vf_url_parse("duckdb:/x.duckdb", &url, &err), VF_OK);
    assert_int_equal(vf_conn_open(&url, &options, &conn, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "the library of DuckDB"));
    assert_true(err.hint[0] != '\0');
    assert_null(conn);
    vf_url_release(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_value_of_a_sequence),
        cmocka_unit_test(parts_of_a_list),
        cmocka_unit_test(names_of_sequences),
        cmocka_unit_test(defaults_as_the_catalogue_has_them),
        cmocka_unit_test(wide_numbers),
        cmocka_unit_test(a_header_that_is_none),
        cmocka_unit_test(whole_numbers_of_any_size),
        cmocka_unit_test(no_library_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
