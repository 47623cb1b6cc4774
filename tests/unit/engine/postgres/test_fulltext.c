/* Expressions of full-text search: what is read is written anew with the same meaning, and what isn't of the form is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/postgres/fulltext.h"

static struct vf_column columns[] = {
    {.name = "a", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "b", .native = "character varying(20)", .type = {.kind = VF_K_TEXT}},
    {.name = "odd \"name\"", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "j", .native = "jsonb", .type = {.kind = VF_K_JSON}},
    {.name = "n", .native = "integer", .type = {.kind = VF_K_I32}},
};
static const struct vf_table table = {.name = "t", .n_columns = 5, .columns = columns};

static bool parse(const char *text, struct vf_index *index, struct vf_arena *arena)
{
    bool understood = false;

    assert_int_equal(vf_pg_fulltext_parse(text, &table, arena, &index->parts, &index->fulltext, &understood, NULL),
                     VF_OK);
    index->n_parts = understood ? index->fulltext.n_parts : 0;
    return understood;
}

#define ENGLISH "pg_catalog.to_tsvector('english'::pg_catalog.regconfig, "

static void test_what_is_read_is_written(void **state)
{
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"to_tsvector('english'::regconfig, a)", ENGLISH "\"a\")"},
        {"(to_tsvector('pg_catalog.english'::regconfig, (b)::text))", ENGLISH "\"b\")"},
        {"to_tsvector('english'::regconfig, COALESCE(a, ''::text))", ENGLISH "coalesce(\"a\", ''))"},
        {"to_tsvector('english'::regconfig, (COALESCE(b, ''::character varying))::text)",
         ENGLISH "coalesce(\"b\", ''))"},
        {"to_tsvector('english'::regconfig, ((COALESCE(a, ''::text) || ' '::text) || (COALESCE(b, ''::character "
         "varying))::text))",
         ENGLISH "coalesce(\"a\", '') || ' ' || coalesce(\"b\", ''))"},
        {"to_tsvector('english'::regconfig, (a || \"odd \"\"name\"\"\"))", ENGLISH "\"a\" || \"odd \"\"name\"\"\")"},
        {"to_tsvector('english'::regconfig, (a || ' it''s '::text) || b)", ENGLISH "\"a\" || ' it''s ' || \"b\")"},
        {"(setweight(to_tsvector('english'::regconfig, a), 'A'::\"char\") || "
         "setweight(to_tsvector('english'::regconfig, (b)::text), 'C'::\"char\"))",
         "pg_catalog.setweight(" ENGLISH "\"a\"), 'A') || pg_catalog.setweight(" ENGLISH "\"b\"), 'C')"},
        {"to_tsvector('english'::regconfig, a) || to_tsvector('english'::regconfig, j)",
         ENGLISH "\"a\") || " ENGLISH "\"j\")"},
        {"to_tsvector('english'::regconfig, COALESCE(j, '{}'::jsonb))", ENGLISH "coalesce(\"j\", '{}'))"},
        {"to_tsvector('english'::regconfig, (n)::text)", ENGLISH "\"n\"::pg_catalog.text)"},
        {"to_tsvector('public.\"My own\"'::regconfig, a)",
         "pg_catalog.to_tsvector('public.\"My own\"'::pg_catalog.regconfig, \"a\")"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vf_arena arena = {0};
        struct vf_index index = {0};
        struct vf_buf out;
        if (!parse(rows[i].text, &index, &arena))
            fail_msg("not understood: %s", rows[i].text);
        vf_buf_init(&out, VF_BUF_MAX);
        vf_pg_fulltext_write(&table, &index, &out);
        assert_string_equal(out.data, rows[i].written);
        vf_buf_release(&out);
        vf_arena_release(&arena);
    }
}

static void test_what_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "a",
        "to_tsvector(a)",
        "to_tsvector((n)::regconfig, a)",
        "to_tsvector('english'::regconfig, c)",
        "to_tsvector('english'::regconfig, lower(a))",
        "to_tsvector('english'::regconfig, COALESCE(a, 'x'::text))",
        "to_tsvector('english'::regconfig, COALESCE(a, b, ''::text))",
        "to_tsvector('english'::regconfig, COALESCE(j, ''::jsonb))",
        "to_tsvector('pg_catalog.pg_catalog.english'::regconfig, a)",
        "to_tsvector('it''s'::regconfig, a)",
        "to_tsvector('english'::regconfig, ' '::text || a)",
        "to_tsvector('english'::regconfig, a || ' '::text)",
        "to_tsvector('english'::regconfig, a) || to_tsvector('simple'::regconfig, b)",
        "setweight(to_tsvector('english'::regconfig, a), 'E'::\"char\")",
        "to_tsvector('english'::regconfig, a); DROP TABLE t",
        "strip(to_tsvector('english'::regconfig, a))",
        "to_tsvector('english'::regconfig, a",
        "to_tsvector('english",
        "evil.to_tsvector('english'::regconfig, a)",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct vf_arena arena = {0};
        struct vf_index index = {0};
        if (parse(texts[i], &index, &arena))
            fail_msg("understood: %s", texts[i]);
        vf_arena_release(&arena);
    }
}

static void test_depth(void **state)
{
    struct vf_arena arena = {0};
    struct vf_index index = {0};
    struct vf_buf text;

    (void)state;
    vf_buf_init(&text, VF_BUF_MAX);
    for (int i = 0; i < 100000; i++)
        vf_buf_char(&text, '(');
    assert_false(parse(text.data, &index, &arena));
    vf_buf_clear(&text);
    vf_buf_str(&text, "to_tsvector('english', ");
    for (int i = 0; i < 100000; i++)
        vf_buf_char(&text, '(');
    assert_false(parse(text.data, &index, &arena));
    vf_buf_release(&text);
    vf_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_written),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
