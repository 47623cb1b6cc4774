/* Expressions read from each dialect and written for each: by texts, by what isn't understood, and by the rule that what is written is read as what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/engine.h"

/* ---- one table, as each database has it ---- */

enum { A, B, PRICE, SCORE, NAME, OK, DAY, AT, ID, DATA, RAW, MOOD, S, N_COLUMNS };

struct declared {
    const char *name;
    enum vf_kind kind;
    const char *postgres, *sqlite, *duckdb;
    enum vf_form in_sqlite, in_duckdb;
};

static const struct declared declared[N_COLUMNS] = {
    [A] = {"a", VF_K_I64, "bigint", "INTEGER", "BIGINT", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [B] = {"b", VF_K_I64, "bigint", "INTEGER", "BIGINT", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [PRICE] = {"price", VF_K_DECIMAL, "numeric(10,2)", "numeric(10,2)", "DECIMAL(10,2)", VF_FORM_TEXT, VF_FORM_NATIVE},
    [SCORE] = {"score", VF_K_F64, "double precision", "REAL", "DOUBLE", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [NAME] = {"Name", VF_K_TEXT, "text", "TEXT", "VARCHAR", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [OK] = {"ok", VF_K_BOOL, "boolean", "BOOLEAN", "BOOLEAN", VF_FORM_INTEGER, VF_FORM_NATIVE},
    [DAY] = {"day", VF_K_DATE, "date", "TEXT", "DATE", VF_FORM_ISO, VF_FORM_NATIVE},
    [AT] = {"at", VF_K_TIMESTAMPTZ, "timestamp with time zone", "INTEGER", "TIMESTAMP WITH TIME ZONE", VF_FORM_EPOCH_S,
            VF_FORM_NATIVE},
    [ID] = {"id", VF_K_UUID, "uuid", "TEXT", "UUID", VF_FORM_TEXT, VF_FORM_NATIVE},
    [DATA] = {"data", VF_K_JSON, "jsonb", "TEXT", "JSON", VF_FORM_TEXT, VF_FORM_NATIVE},
    [RAW] = {"raw", VF_K_BLOB, "bytea", "BLOB", "BLOB", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [S] = {"s", VF_K_I16, "smallint", "INTEGER", "SMALLINT", VF_FORM_NATIVE, VF_FORM_NATIVE},
    [MOOD] = {"mood", VF_K_ENUM, "public.mood", "TEXT", "VARCHAR", VF_FORM_TEXT, VF_FORM_TEXT},
};

struct side {
    const struct vf_dialect *dialect;
    struct vf_column columns[N_COLUMNS];
    struct vf_table table;
};

static struct side side_of(const char *name)
{
    struct side side = {.dialect = vf_dialect_find(name)};
    bool is_sqlite = strcmp(name, "sqlite") == 0, is_duckdb = strcmp(name, "duckdb") == 0;

    for (size_t i = 0; i < N_COLUMNS; i++)
        side.columns[i] = (struct vf_column){.name = declared[i].name,
                                             .type = {.kind = declared[i].kind},
                                             .native = is_sqlite   ? declared[i].sqlite
                                                       : is_duckdb ? declared[i].duckdb
                                                                   : declared[i].postgres,
                                             .form = is_sqlite   ? declared[i].in_sqlite
                                                     : is_duckdb ? declared[i].in_duckdb
                                                                 : VF_FORM_NATIVE};
    side.table = (struct vf_table){.name = "t", .n_columns = N_COLUMNS, .primary_key = -1};
    return side;
}

static const struct vf_expr *read_in(struct side *side, const char *text, struct vf_arena *arena, const char **why)
{
    const struct vf_expr *expr = NULL;
    side->table.columns = side->columns;
    struct vf_expr_scope scope = {.table = &side->table,
                                  .collation = strcmp(side->dialect->name, "postgres") == 0 ? "en_US.UTF-8" : NULL};
    assert_int_equal(vf_expr_read(side->dialect, &scope, text, arena, &expr, why, NULL), VF_OK);
    assert_true((expr == NULL) == (*why != NULL));
    return expr;
}

/* The text that it becomes, in the arena; NULL: it can't be said. */
static const char *written(struct side *side, const struct vf_dialect *from, const struct vf_expr *expr,
                           struct vf_arena *arena, const char **why)
{
    struct vf_buf out;
    side->table.columns = side->columns;
    struct vf_expr_scope scope = {.table = &side->table, .from = from};
    vf_buf_init(&out, 1 << 16);
    const char *text =
        vf_expr_write(side->dialect, &scope, expr, arena, &out, why) ? vf_arena_strdup(arena, out.data) : NULL;
    vf_buf_release(&out);
    return text;
}

/* ---- from one to another ---- */

struct translation {
    const char *from, *text, *to, *expected; /* expected NULL: it can't be said */
    const char *why;                         /* a part of the reason */
};

static const struct translation translations[] = {
    {"sqlite", "at - 3600 > 0", "sqlite", "(\"at\" - 3600) > 0", NULL}, /* seconds, and no moment */
    {"sqlite", "101 > .0", "postgres", "101 > 0", NULL},
    {"sqlite", "101 > .50", "duckdb", "101 > 0.5", NULL},
    {"sqlite", "at - 3600 > 0", "postgres", NULL, "kinds that databases compare differently"},
    /* SQLite's numbers with a point are of floating point, and compared with whole ones by their value */
    {"sqlite", "a * 1.1 > 3.3", "postgres",
     "(CAST(\"a\" AS double precision) * '1.1'::double precision) > '3.3'::double precision", NULL},
    {"sqlite", "a / 2.0", "duckdb", "CAST(\"a\" AS DOUBLE) / CAST('2' AS DOUBLE)", NULL},
    {"sqlite", "a > 1.5", "postgres", "\"a\" > 1.5", NULL},
    {"sqlite", "a > 1.5", "sqlite", "\"a\" > 1.5", NULL},
    {"sqlite", "a >= 5.0", "duckdb", "\"a\" >= 5", NULL},
    {"sqlite", "a < 1e18", "postgres", "\"a\" < 1000000000000000000", NULL},
    {"sqlite", "a < 1e19", "postgres", NULL, "kinds that databases compare differently"},
    {"sqlite", "a > -9223372036854775808", "postgres", "\"a\" > '-9223372036854775808'::bigint", NULL},
    {"sqlite", "CAST(2.5 AS NUMERIC) * a > 1", "postgres",
     "('2.5'::double precision * CAST(\"a\" AS double precision)) > '1'::double precision", NULL},
    {"postgres", "((s)::bigint * 1000000)", "postgres", "CAST(\"s\" AS bigint) * 1000000", NULL},
    {"postgres", "(s * '1000000'::bigint)", "duckdb", "CAST(\"s\" AS BIGINT) * 1000000", NULL},
    {"postgres", "(length(\"Name\"))::bigint", "duckdb", "length(\"Name\")", NULL},
    {"postgres", "((COALESCE((s)::integer, 1))::bigint * 1000000)", "postgres",
     "CAST(COALESCE(\"s\", 1) AS bigint) * 1000000", NULL},
    {"postgres", "(s * 2)", "postgres", "\"s\" * 2", NULL},
    {"postgres", "((a)::bigint * 1000000)", "postgres", "\"a\" * 1000000", NULL},
    {"sqlite", "60 * 60 > a", "postgres", "(60 * 60) > \"a\"", NULL},
    {"sqlite", "3600 * 24 * 365 * 100 > a", "postgres", "(CAST((3600 * 24) * 365 AS bigint) * 100) > \"a\"", NULL},
    {"sqlite", "length(name) * 2 * 3", "duckdb", "(CAST(length(\"Name\") AS BIGINT) * 2) * 3", NULL},
    {"sqlite", "length(name) + 1 + a", "postgres", "(length(\"Name\") + 1) + \"a\"", NULL},
    {"postgres", "a > 5.00000000000000000001", "sqlite", NULL, "no literal for the decimal"},
    {"postgres", "(a > 1.50)", "sqlite", "\"a\" > 1.5", NULL},
    /* 1 / 2 is 0, and score is no whole number: coalesce() may be */
    {"sqlite", "coalesce(score, 1) / 2", "postgres", NULL, "/ is known to be the same in no other"},
    {"sqlite", "coalesce(score, 1) / 2", "sqlite", "coalesce(\"score\", 1) / 2", NULL},
    {"sqlite", "coalesce(score, 0.5) / 2", "postgres",
     "COALESCE(\"score\", '0.5'::double precision) / '2'::double precision", NULL},
    /* of SQLite's expressions only columns and casts have an affinity */
    {"sqlite", "length(name) > '3'", "postgres", NULL, "kinds that databases compare differently"},
    {"sqlite", "length(name) > '3'", "sqlite", "length(\"Name\") > '3'", NULL},
    {"sqlite", "price <> '0.00'", "sqlite", "\"price\" <> '0.00'", NULL},
    /* a COLLATE counts wherever it is in what is compared; in PostgreSQL and DuckDB a column's collation does, too */
    {"sqlite", "(name COLLATE NOCASE) || 'x' = 'AX'", "postgres", "lower((\"Name\" || 'x') COLLATE \"C\") = 'ax'",
     NULL},
    {"sqlite", "substr(name COLLATE NOCASE, 1, 2) = 'AB'", "sqlite", "lower(substr(\"Name\", 1, 2)) = 'ab'", NULL},
    {"sqlite", "lower(name) IN (name, 'b')", "sqlite", "lower(\"Name\") IN (\"Name\", 'b')", NULL},
    {"sqlite", "name IN ('A' COLLATE NOCASE, 'b')", "sqlite", "\"Name\" IN ('A', 'b')", NULL},
    {"postgres", "((\"Name\" COLLATE folds) || 'x'::text) = 'AX'::text", "sqlite", NULL, "collation \"folds\""},
    {"postgres", "((\"Name\" COLLATE folds) || 'x'::text) = 'AX'::text", "postgres",
     "(\"Name\" || 'x') COLLATE \"folds\" = 'AX'", NULL},
    {"postgres", "(\"Name\" COLLATE folds) = ANY (ARRAY['a'::text, 'b'::text])", "postgres",
     "\"Name\" COLLATE \"folds\" IN ('a', 'b')", NULL},
    {"postgres", "NULLIF((\"Name\" COLLATE folds), 'a'::text)", "postgres", "NULLIF(\"Name\" COLLATE \"folds\", 'a')",
     NULL},
    {"postgres", "(\"Name\" COLLATE folds) ~~ 'a%'::text", "sqlite", NULL, "collation \"folds\""},
    {"duckdb", "(name COLLATE nocase = 'abc')", "duckdb", "\"Name\" COLLATE NOCASE = 'abc'", NULL},
    {"duckdb", "(name COLLATE nocase.noaccent = 'abc')", "duckdb", "\"Name\" COLLATE nocase.noaccent = 'abc'", NULL},
    {"duckdb", "((name COLLATE nocase || 'x') = 'AX')", "postgres", NULL, "collation \"unicode_nocase\""},
    /* what pg_get_expr makes of the usual checks */
    {"postgres", "((a > 0) AND (a <= 100))", "sqlite", "(\"a\" > 0) AND (\"a\" <= 100)", NULL},
    {"postgres", "((mood)::text = ANY ((ARRAY['ok'::character varying, 'sad'::character varying])::text[]))", "sqlite",
     "CAST(\"mood\" AS TEXT) IN ('ok', 'sad')", NULL},
    {"postgres", "(mood = ANY (ARRAY['ok'::public.mood, 'sad'::public.mood]))", "duckdb", "\"mood\" IN ('ok', 'sad')",
     NULL},
    {"postgres", "(a <> ALL (ARRAY[(1)::bigint, (2)::bigint]))", "duckdb", "NOT (\"a\" IN (1, 2))", NULL},
    {"postgres", "(price >= (0)::numeric)", "sqlite", "\"price\" = 'NaN' OR CAST(\"price\" AS REAL) >= 0", NULL},
    {"postgres", "(price < 1.50)", "sqlite", "\"price\" <> 'NaN' AND CAST(\"price\" AS REAL) < 1.5", NULL},
    {"postgres", "(price < 1.50)", "duckdb", "\"price\" < 1.5", NULL},
    {"postgres", "(price < 1234567890123456)", "sqlite", NULL, "decimals are texts"},
    {"postgres", "((score >= (0)::double precision) AND (score <= (1)::double precision))", "sqlite",
     "(\"score\" = 'NaN' OR CAST(\"score\" AS REAL) >= 0) AND (\"score\" <> 'NaN' AND CAST(\"score\" AS REAL) <= 1)",
     NULL},
    {"postgres", "(\"Name\" ~~ 'a%'::text)", "sqlite", "\"Name\" GLOB 'a*'", NULL},
    {"postgres", "(\"Name\" ~~ '*[x]_\\%'::text)", "sqlite", "\"Name\" GLOB '[*][[]x]?%'", NULL},
    {"postgres", "(\"Name\" !~~ 'a%'::text)", "duckdb", "NOT (\"Name\" LIKE 'a%' ESCAPE '\\')", NULL},
    {"postgres", "(\"Name\" ~ '^[a-z]+$'::text)", "sqlite", NULL, "~ is known to be the same in no other database"},
    {"postgres", "(\"Name\" ~ '^[a-z]+$'::text)", "postgres", "\"Name\" ~ '^[a-z]+$'", NULL},
    {"postgres", "lower(\"Name\")", "sqlite", NULL, "beyond A to Z"},
    {"postgres", "lower(\"Name\")", "postgres", "lower(\"Name\")", NULL},
    {"postgres", "lower((\"Name\" COLLATE \"C\"))", "sqlite", "lower(\"Name\")", NULL},
    {"postgres", "(\"Name\" < 'm'::text)", "sqlite", NULL, "collation \"default\""},
    {"postgres", "((\"Name\" COLLATE \"C\") < 'm'::text)", "sqlite", "\"Name\" < 'm'", NULL},
    {"postgres", "(length(btrim(\"Name\")) > 0)", "sqlite", "length(trim(\"Name\", ' ')) > 0", NULL},
    {"postgres", "(length(TRIM(BOTH FROM \"Name\")) > 0)", "duckdb", "length(trim(\"Name\", ' ')) > 0", NULL},
    {"postgres", "(\"substring\"(\"Name\", 1, 2) = 'ab'::text)", "sqlite", "substr(\"Name\", 1, 2) = 'ab'", NULL},
    {"postgres", "(SUBSTRING(\"Name\" FROM 2 FOR 3) = 'ab'::text)", "duckdb", "substr(\"Name\", 2, 3) = 'ab'", NULL},
    {"postgres", "(octet_length(raw) = 16)", "sqlite", "length(\"raw\") = 16", NULL},
    {"postgres", "(octet_length(\"Name\") < 9)", "sqlite", "length(CAST(\"Name\" AS BLOB)) < 9", NULL},
    {"postgres", "(a / b)", "duckdb", "\"a\" // \"b\"", NULL},
    {"postgres", "GREATEST(a, b)", "sqlite", "coalesce(max(\"a\", \"b\"), \"a\", \"b\")", NULL},
    {"postgres", "(ok IS TRUE)", "sqlite", "\"ok\" IS TRUE", NULL},
    {"postgres", "(NOT ok)", "sqlite", "NOT \"ok\"", NULL},
    {"postgres", "(a IS DISTINCT FROM b)", "sqlite", "\"a\" IS NOT \"b\"", NULL},
    {"postgres", "CASE WHEN (a > 1) THEN 'x'::text ELSE 'y'::text END", "sqlite",
     "CASE WHEN \"a\" > 1 THEN 'x' ELSE 'y' END", NULL},
    {"postgres", "(day >= '2020-01-01'::date)", "duckdb", "\"day\" >= CAST('2020-01-01' AS DATE)", NULL},
    {"postgres", "(day >= '2020-01-01'::date)", "sqlite", NULL, "don't order"},
    {"postgres", "(at > '2023-11-14 22:13:20+00'::timestamp with time zone)", "sqlite", "\"at\" > 1700000000", NULL},
    {"postgres", "(at > '2023-11-14 22:13:20.5+00'::timestamp with time zone)", "sqlite", NULL, "no literal"},
    {"postgres", "((data ->> 'k'::text) = 'v'::text)", "sqlite", NULL, "->> is known to be the same in no other"},
    {"postgres", "((data ->> 'k'::text) = 'v'::text)", "postgres", "(\"data\" ->> 'k') = 'v'", NULL},
    {"postgres", "(id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid)", "sqlite",
     "\"id\" = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", NULL},
    /* SQLite's own ways */
    {"sqlite", "ok = 1", "postgres", "\"ok\" = true", NULL},
    {"sqlite", "ok IN (0, 1)", "postgres", "\"ok\" IN (false, true)", NULL},
    {"sqlite", "a", "duckdb", "\"a\"", NULL},
    {"sqlite", "NOT a", "postgres", "NOT (\"a\" <> 0)", NULL},
    {"sqlite", "name LIKE 'Ab%'", "postgres", "lower(\"Name\" COLLATE \"C\") LIKE 'ab%'", NULL},
    {"sqlite", "name LIKE 'Ab%'", "sqlite", "\"Name\" LIKE 'ab%'", NULL},
    {"sqlite", "name GLOB '[[]*'", "duckdb", "\"Name\" LIKE '[%' ESCAPE '\\'", NULL},
    {"sqlite", "name GLOB '[a-z]*'", "duckdb", NULL, "pattern"},
    {"sqlite", "a / b > 1", "postgres", "(\"a\" / NULLIF(\"b\", 0)) > 1", NULL},
    {"sqlite", "a / b > 1", "duckdb", "(\"a\" // \"b\") > 1", NULL},
    {"sqlite", "a / 2", "postgres", "\"a\" / 2", NULL},
    {"sqlite", "lower(name)", "duckdb",
     "translate(\"Name\", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')", NULL},
    {"sqlite", "name = 'X' COLLATE NOCASE", "postgres", "lower(\"Name\" COLLATE \"C\") = 'x'", NULL},
    {"sqlite", "name < 'm'", "postgres", "\"Name\" COLLATE \"C\" < 'm'", NULL},
    {"sqlite", "typeof(a) = 'integer'", "postgres",
     "CASE WHEN \"a\" IS NULL THEN 'null' ELSE 'integer' END = 'integer'", NULL},
    {"sqlite", "json_valid(data)", "postgres", "\"data\" IS JSON", NULL},
    {"sqlite", "at > 1700000000", "postgres", "\"at\" > '2023-11-14T22:13:20Z'::timestamp with time zone", NULL},
    {"sqlite", "day > '2020-01-01'", "postgres", NULL, "as they lie in the source"},
    {"sqlite", "day > '2020-01-01'", "sqlite", "\"day\" > '2020-01-01'", NULL},
    {"sqlite", "max(a, b, 3)", "postgres",
     "CASE WHEN \"a\" IS NOT NULL AND \"b\" IS NOT NULL AND 3 IS NOT NULL THEN GREATEST(\"a\", \"b\", 3) END", NULL},
    {"sqlite", "iif(a > 1, 'x', 'y')", "postgres", "CASE WHEN \"a\" > 1 THEN 'x' ELSE 'y' END", NULL},
    {"sqlite", "a BETWEEN 1 AND 3 AND b NOT BETWEEN 2 AND 4", "duckdb",
     "(\"a\" >= 1) AND (\"a\" <= 3) AND (NOT ((\"b\" >= 2) AND (\"b\" <= 4)))", NULL},
    {"sqlite", "name || '-' || a", "postgres", "(\"Name\" || '-') || CAST(\"a\" AS text)", NULL},
    {"sqlite", "name = 5", "postgres", "\"Name\" = '5'", NULL},
    {"sqlite", "a = '5'", "postgres", "\"a\" = 5", NULL},
    {"sqlite", "[a] > 1 -- why\n", "postgres", "\"a\" > 1", NULL},
    {"sqlite", "score >= 0.5", "sqlite", "\"score\" >= 0.5", NULL},
    {"sqlite", "raw = x'00ff'", "duckdb", "\"raw\" = CAST('\\x00\\xFF' AS BLOB)", NULL},
    /* as DuckDB's catalogue shows them */
    {"duckdb", "((a // b) > 1)", "sqlite", "(\"a\" / \"b\") > 1", NULL},
    {"duckdb", "(a / 2)", "postgres", "CAST(\"a\" AS double precision) / '2'::double precision", NULL},
    {"duckdb", "(score / score)", "postgres", NULL, "/ is known"},
    {"duckdb", "main.not_like_escape(name, 'a\\_%', '\\')", "sqlite", "NOT (\"Name\" GLOB 'a_*')", NULL},
    {"duckdb", "(CAST(ok AS BOOLEAN) IS NOT DISTINCT FROM true)", "postgres", "\"ok\" IS TRUE", NULL},
    {"duckdb", "(main.\"trim\"(name, ' ') != '')", "postgres", "btrim(\"Name\", ' ') <> ''", NULL},
    {"duckdb", "CASE  WHEN ((a > 1)) THEN (CAST('t' AS BOOLEAN)) ELSE CAST('f' AS BOOLEAN) END", "sqlite",
     "CASE WHEN \"a\" > 1 THEN 1 ELSE 0 END", NULL},
    {"duckdb", "lower(name)", "postgres", NULL, "beyond A to Z"},
    {"duckdb", "lower(name)", "duckdb", "lower(\"Name\")", NULL},
    {"duckdb", "(raw = CAST('\\xAAb' AS \"BLOB\"))", "postgres", "\"raw\" =  E'\\\\xaa62'::bytea", NULL},
    {"duckdb", "(score > 1e10)", "postgres", "\"score\" > '10000000000'::double precision", NULL},
};

static void translates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++) {
        const struct translation *row = &translations[i];
        struct side from = side_of(row->from), to = side_of(row->to);
        struct vf_arena arena = {0};
        const char *why = NULL;
        const struct vf_expr *expr = read_in(&from, row->text, &arena, &why);
        const char *text = expr != NULL ? written(&to, from.dialect, expr, &arena, &why) : NULL;
        if (!vf_str_equal(text, row->expected))
            fail_msg("%s to %s: %s\n  is %s\n  not %s (%s)", row->from, row->to, row->text, text, row->expected, why);
        if (row->expected == NULL && (why == NULL || strstr(why, row->why) == NULL))
            fail_msg("%s: the reason is \"%s\", not \"%s\"", row->text, why, row->why);
        vf_arena_release(&arena);
    }
}

/* ---- what isn't understood ---- */

static const char *const nonsense[][3] = {
    {"postgres", "pg_sleep(10) > 0", "at byte 0: no function pg_sleep()"},
    {"postgres", "(a > 1); DROP TABLE t", "at byte 7"},
    {"postgres", "a > (SELECT 1)", "SELECT"},
    {"postgres", "nosuch > 1", "there is no column \"nosuch\""},
    {"postgres", "(a)::money = 1", "a cast to \"money\""},
    {"postgres", "(price)::numeric(3,1) > 1", "may cut or round"},
    {"postgres", "a > ", "the text ends in the middle"},
    {"postgres", "\"Name\" = 'abc", "quotes that don't end"},
    {"postgres", "now() > at", "another value each time"},
    {"postgres", "name = 'x'", "there is no column \"name\""},
    {"sqlite", "load_extension('x')", "no function load_extension()"},
    {"sqlite", "a IN (SELECT 1)", "SELECT"},
    {"sqlite", "\"quoted\" = 1", "there is no column \"quoted\""},
    {"sqlite", "random() > 0", "another value each time"},
    {"duckdb", "read_csv('/etc/passwd') IS NULL", "no function read_csv()"},
    {"duckdb", "other.f(a)", "other.f() is a function of the database's own"},
    {"duckdb", "other.a > 1", "isn't one of the table"},
    {"sqlite", "", "the text ends in the middle"},
    {"sqlite", "coalesce(a, '5') > 3", "values of several kinds together"},
    {"sqlite", "'5' IN (a, b)", "a column in the list of IN"},
    {"sqlite", "+a = '5'", "\"+\" before a column"},
    {"sqlite", "ok = 'true'", "isn't read as a value of kind bool"},
    {"sqlite", "CAST('1.5' AS NUMERIC) > 1", "a cast to \"NUMERIC\""},
    {"postgres", "((\"Name\" COLLATE \"C\") = (\"Name\" COLLATE \"POSIX\"))", "texts by two collations at once"},
};

static void understands_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        struct side side = side_of(nonsense[i][0]);
        struct vf_arena arena = {0};
        const char *why = NULL;
        const struct vf_expr *expr = read_in(&side, nonsense[i][1], &arena, &why);
        if (expr != NULL || strstr(why, nonsense[i][2]) == NULL)
            fail_msg("%s: \"%s\"", nonsense[i][1], why);
        vf_arena_release(&arena);
    }
}

static void stays_within_limits(void **state)
{
    struct vf_arena arena = {0};
    struct vf_buf text;
    const char *why = NULL;
    struct side side = side_of("sqlite");
    (void)state;
    vf_buf_init(&text, 1 << 20);
    for (int i = 0; i < 5000; i++)
        vf_buf_char(&text, '(');
    assert_null(read_in(&side, text.data, &arena, &why));
    assert_non_null(strstr(why, "within each other"));
    vf_buf_clear(&text);
    vf_buf_str(&text, "a");
    for (int i = 0; i < 50000; i++)
        vf_buf_str(&text, "+a");
    assert_null(read_in(&side, text.data, &arena, &why));
    assert_non_null(strstr(why, "parts"));
    vf_buf_clear(&text); /* as it is written, each sum is in parentheses */
    vf_buf_str(&text, "a");
    for (int i = 0; i < 190; i++)
        vf_buf_str(&text, "+a");
    const struct vf_expr *chain = read_in(&side, text.data, &arena, &why);
    assert_non_null(chain);
    assert_non_null(read_in(&side, written(&side, side.dialect, chain, &arena, &why), &arena, &why));
    for (int i = 0; i < 20; i++)
        vf_buf_str(&text, "+a");
    assert_null(read_in(&side, text.data, &arena, &why));
    assert_non_null(strstr(why, "within each other"));
    vf_buf_release(&text);
    vf_arena_release(&arena);
}

/* Two numbers, of which neither is a column's: a number of floating point is what comes of them, read once and read again. */
static void reads_numbers_beside_numbers(void **state)
{
    struct vf_arena arena = {0};
    struct side side = side_of("sqlite");
    const char *why = NULL;
    (void)state;
    const struct vf_expr *expr = read_in(&side, "score > 10 - 1e300 - 1e30", &arena, &why);
    assert_non_null(expr);
    assert_non_null(read_in(&side, written(&side, side.dialect, expr, &arena, &why), &arena, &why));
    vf_arena_release(&arena);
}

/* ---- what is written is read as what it was ---- */

static uint64_t seed = 88172645463325252U;

static unsigned any(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static const char *whole_text(struct vf_arena *arena, int depth);
static const char *text_text(struct vf_arena *arena, int depth);

static const char *condition_text(struct vf_arena *arena, int depth)
{
    static const char *const signs[] = {"=", "<>", "<", "<=", ">", ">="};
    const char *sign = signs[any(6)];

    switch (depth > 0 ? any(11) : any(4)) {
    case 0:
        return "ok";
    case 1:
        return vf_arena_printf(arena, "%s IS NULL", declared[any(N_COLUMNS)].name);
    case 2:
        return vf_arena_printf(arena, "a %s %u", sign, any(100));
    case 3:
        return vf_arena_printf(arena, "name GLOB 'a%u*?[*]%%_'", any(9));
    case 4:
        return vf_arena_printf(arena, "(%s) AND (%s)", condition_text(arena, depth - 1),
                               condition_text(arena, depth - 1));
    case 5:
        return vf_arena_printf(arena, "(%s) OR (%s)", condition_text(arena, depth - 1),
                               condition_text(arena, depth - 1));
    case 6:
        return vf_arena_printf(arena, "NOT (%s)", condition_text(arena, depth - 1));
    case 7:
        return vf_arena_printf(arena, "(%s) %s (%s)", whole_text(arena, depth - 1), sign, whole_text(arena, depth - 1));
    case 8:
        return vf_arena_printf(arena, "(%s) %s (%s)", text_text(arena, depth - 1), sign, text_text(arena, depth - 1));
    case 9:
        return vf_arena_printf(arena, "(%s) IN (%u, b, -%u)", whole_text(arena, depth - 1), any(9), any(9) + 1);
    default:
        return vf_arena_printf(arena, "(%s) IS NOT (%s)", whole_text(arena, depth - 1), whole_text(arena, depth - 1));
    }
}

static const char *whole_text(struct vf_arena *arena, int depth)
{
    static const char *const signs[] = {"+", "-", "*", "/", "%"};

    switch (depth > 0 ? any(9) : any(2)) {
    case 0:
        return any(2) ? "a" : "b";
    case 1:
        return vf_arena_printf(arena, "%s%u", any(2) ? "-" : "", any(1000));
    case 2:
        return vf_arena_printf(arena, "(%s) %s (%s)", whole_text(arena, depth - 1), signs[any(5)],
                               whole_text(arena, depth - 1));
    case 3:
        return vf_arena_printf(arena, "abs(%s)", whole_text(arena, depth - 1));
    case 4:
        return vf_arena_printf(arena, "length(%s)", text_text(arena, depth - 1));
    case 5:
        return vf_arena_printf(arena, "coalesce(%s, %s)", whole_text(arena, depth - 1), whole_text(arena, depth - 1));
    case 6:
        return vf_arena_printf(arena, "CASE WHEN %s THEN %s ELSE %s END", condition_text(arena, depth - 1),
                               whole_text(arena, depth - 1), whole_text(arena, depth - 1));
    case 7:
        return vf_arena_printf(arena, "max(%s, %s)", whole_text(arena, depth - 1), whole_text(arena, depth - 1));
    default:
        return vf_arena_printf(arena, "-(%s)", whole_text(arena, depth - 1));
    }
}

static const char *text_text(struct vf_arena *arena, int depth)
{
    switch (depth > 0 ? any(8) : any(2)) {
    case 0:
        return "name";
    case 1:
        return vf_arena_printf(arena, "'%u''%%\\'", any(10));
    case 2:
        return vf_arena_printf(arena, "lower(%s)", text_text(arena, depth - 1));
    case 3:
        return vf_arena_printf(arena, "(%s) || (%s)", text_text(arena, depth - 1), text_text(arena, depth - 1));
    case 4:
        return vf_arena_printf(arena, "substr(%s, %u, %u)", text_text(arena, depth - 1), any(4) + 1, any(4));
    case 5:
        return vf_arena_printf(arena, "trim(%s, ' x')", text_text(arena, depth - 1));
    case 6:
        return vf_arena_printf(arena, "replace(%s, 'a', %s)", text_text(arena, depth - 1), text_text(arena, depth - 1));
    default:
        return vf_arena_printf(arena, "nullif(%s, '')", text_text(arena, depth - 1));
    }
}

static void reads_what_it_writes(void **state)
{
    static const char *const names[] = {"postgres", "sqlite", "duckdb"};
    size_t n_same = 0;
    (void)state;
    for (int round = 0; round < 1500; round++) {
        struct vf_arena arena = {0};
        const char *why = NULL;
        struct side from = side_of("sqlite");
        const char *text = condition_text(&arena, 4);
        const struct vf_expr *expr = read_in(&from, text, &arena, &why);
        for (size_t i = 0; expr != NULL && i < 3; i++) {
            struct side to = side_of(names[i]);
            const char *there = written(&to, from.dialect, expr, &arena, &why);
            if (there == NULL)
                continue;
            const struct vf_expr *again = read_in(&to, there, &arena, &why);
            if (again == NULL || !vf_expr_equal(expr, again))
                fail_msg("%s: %s\n  became %s\n  which is read as something else (%s)", names[i], text, there, why);
            n_same++;
        }
        vf_arena_release(&arena);
    }
    assert_true(n_same > 3000); /* else the texts above aren't understood, and nothing was tested */
}

static void no_memory(void **state)
{
    struct side from = side_of("sqlite");
    (void)state;
    from.table.columns = from.columns;
    struct vf_expr_scope scope = {.table = &from.table};
    for (int64_t at = 0;; at++) {
        struct vf_arena arena = {0};
        const struct vf_expr *expr = NULL;
        const char *why = NULL;
        vf_alloc_fail_at(at, false);
        enum vf_status status =
            vf_expr_read(from.dialect, &scope, "a IN (1, 2) AND name LIKE 'x%' AND price > 1.50 AND max(a, b) / b > 1",
                         &arena, &expr, &why, NULL);
        bool is_through = vf_alloc_count() <= at;
        vf_alloc_fail_at(-1, false);
        assert_true(status == VF_NOMEM || is_through);
        assert_true(status == VF_OK || expr == NULL);
        vf_arena_release(&arena);
        if (is_through)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translates),           cmocka_unit_test(understands_not),
        cmocka_unit_test(stays_within_limits),  cmocka_unit_test(reads_numbers_beside_numbers),
        cmocka_unit_test(reads_what_it_writes), cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
