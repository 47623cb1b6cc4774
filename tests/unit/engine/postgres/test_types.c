/* Names of types, and defaults: what is taken apart, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/postgres/inspect.h"
#include "engine/postgres/target.h"
#include "engine/postgres/types.h"

static void expect_name(const char *text, const char *kind, const char *written)
{
    static const struct vf_pg_types no_types;
    struct vf_pg_name name;
    struct vf_buf out;
    char found[48];
    vf_buf_init(&out, 1000);
    if (!vf_pg_name_parse(text, &name))
        fail_msg("%s isn't taken apart", text);
    assert_string_equal(vf_type_format(vf_pg_name_type(&name), found), kind);
    vf_pg_name_write(&name, &no_types, &out);
    assert_string_equal(out.data, written);
    vf_buf_release(&out);
}

static void test_names(void **state)
{
    (void)state;
    expect_name("integer", "i32", "integer");
    expect_name("numeric(12,2)", "decimal", "numeric(12,2)");
    expect_name("numeric(5,-2)", "decimal", "numeric(5,-2)");
    expect_name("character varying(20)", "text", "character varying(20)");
    expect_name("character varying(5)[]", "array(text)", "character varying(5)[]");
    expect_name("timestamp(3) with time zone", "timestamptz", "timestamp(3) with time zone");
    expect_name("timestamp without time zone", "timestamp", "timestamp without time zone");
    expect_name("time(0) without time zone", "time", "time(0) without time zone");
    expect_name("interval day to second(3)", "interval", "interval day to second(3)");
    expect_name("double precision[]", "array(f64)", "double precision[]");
    expect_name("bit(12)", "vector(bit,12)", "bit(12)");
    expect_name("bit varying(12)", "other", "bit varying(12)");
    expect_name("\"char\"", "other", "\"char\"");
    expect_name("vector(3)", "vector(f32,3)", "\"vector\"(3)");
    expect_name("halfvec(3072)", "vector(f16,3072)", "\"halfvec\"(3072)");
    expect_name("public.mood", "other", "\"public\".\"mood\"");
    expect_name("\"My Schema\".\"a\"\"b; DROP\"[]", "other", "\"My Schema\".\"a\"\"b; DROP\"[]");
    expect_name("geometry(Point,4326)", "other", "\"geometry\"(Point,4326)");
}

static void test_refused_names(void **state)
{
    static const char *const names[] = {"",
                                        "INTEGER",
                                        "VARCHAR(20)",
                                        "integer; DROP TABLE x",
                                        "integer)",
                                        "numeric(12,2",
                                        "numeric(1);--",
                                        "numeric('x')",
                                        "no such type",
                                        "a.b.c",
                                        "public.mood with time zone",
                                        "\"open",
                                        "int8[5]",
                                        "integer DEFAULT 1",
                                        "text COLLATE x"};
    struct vf_pg_name name;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vf_pg_name_parse(names[i], &name))
            fail_msg("'%s' is taken for a type", names[i]);
    }
}

static void expect_default(const char *text, const char *type_text, enum vf_default_kind kind, const char *wanted)
{
    struct vf_arena arena = {0};
    struct vf_type type;
    struct vf_default def;
    assert_true(vf_type_parse(type_text, &type));
    assert_int_equal(vf_pg_default_parse(text, type, &arena, &def, NULL), VF_OK);
    if (def.kind != kind)
        fail_msg("%s: kind %d, wanted %d", text, (int)def.kind, (int)kind);
    assert_string_equal(def.text, wanted);
    vf_arena_release(&arena);
}

static void test_defaults(void **state)
{
    (void)state;
    expect_default("'it''s'::text", "text", VF_DEFAULT_LITERAL, "it's");
    expect_default("E'a\\\\b'::text", "text", VF_DEFAULT_LITERAL, "a\\b");
    expect_default("''::character varying", "text", VF_DEFAULT_LITERAL, "");
    expect_default("'-1'::integer", "i32", VF_DEFAULT_LITERAL, "-1");
    expect_default("1.500", "decimal", VF_DEFAULT_LITERAL, "1.500");
    expect_default("(-1)", "i32", VF_DEFAULT_LITERAL, "-1");
    expect_default("true", "bool", VF_DEFAULT_LITERAL, "true");
    expect_default("now()", "timestamptz", VF_DEFAULT_NOW, "now()");
    expect_default("CURRENT_DATE", "date", VF_DEFAULT_TODAY, "CURRENT_DATE");
    expect_default("gen_random_uuid()", "uuid", VF_DEFAULT_UUID, "gen_random_uuid()");
    expect_default("public.uuid_generate_v4()", "uuid", VF_DEFAULT_UUID, "public.uuid_generate_v4()");
    expect_default("nextval('public.t_id_seq'::regclass)", "i64", VF_DEFAULT_SEQUENCE, "public.t_id_seq");
    expect_default("NULL::character varying", "text", VF_DEFAULT_NULL, "NULL::character varying");
    expect_default("'{}'::text[]", "array(text)", VF_DEFAULT_LITERAL, "[]");
    expect_default("'2024-02-29'::date", "date", VF_DEFAULT_LITERAL, "2024-02-29");
    expect_default("'P1D'::interval", "interval", VF_DEFAULT_LITERAL, "P1D");
    expect_default("(1 + 2)", "i32", VF_DEFAULT_EXPRESSION, "(1 + 2)");
    expect_default("'a'::text || 'b'::text", "text", VF_DEFAULT_EXPRESSION, "'a'::text || 'b'::text");
    expect_default("'{1,2}'::integer[]", "array(i32)", VF_DEFAULT_EXPRESSION, "'{1,2}'::integer[]");
    expect_default("evil()", "text", VF_DEFAULT_EXPRESSION, "evil()");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused_names),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
