/* One file a value: names that can't clash or leave the folder, patterns, and what the plan file may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/mem/mem.h"
#include "ferry/by.h"
#include "plan_fixture.h"

static void assert_name(struct vf_arena *arena, const char *value, const char *name)
{
    assert_string_equal(vf_by_name(value, arena), name);
}

static void test_names(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    assert_name(&arena, "atlas-2_b", "atlas-2_b");
    assert_name(&arena, NULL, "%null");
    assert_name(&arena, "", "%empty");
    assert_name(&arena, "%null", "%25null");
    assert_name(&arena, "../x", "%2e%2e%2fx");
    assert_name(&arena, "Atlas", "%41tlas");
    assert_name(&arena, "\xC3\xA9", "%c3%a9");
    assert_name(&arena, "a\nb", "a%0ab");
    vf_arena_release(&arena);
}

static int compare_names(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return vf_strcasecmp(*left, *right);
}

/* Every text of up to two bytes, and long ones that differ at their end. */
static void test_names_are_different(void **state)
{
    static const char *names[70000];
    struct vf_arena arena = {0};
    char text[400];
    size_t n = 0;
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            if (a == 0 && b > 0)
                continue;
            text[0] = (char)a;
            text[1] = (char)b;
            text[2] = '\0';
            names[n++] = vf_by_name(text, &arena);
        }
    }
    for (size_t size = 30; size < 399; size++) {
        memset(text, size % 3 == 0 ? '.' : 'x', size);
        text[size] = '\0';
        names[n++] = vf_by_name(text, &arena);
        text[size - 1] = 'y';
        names[n++] = vf_by_name(text, &arena);
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(names[i]) <= 120);
        for (const char *c = names[i]; *c != '\0'; c++)
            assert_true((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || strchr("%_-~", *c) != NULL);
    }
    qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 1; i < n; i++) {
        if (vf_strcasecmp(names[i - 1], names[i]) == 0)
            fail_msg("%s twice", names[i]);
    }
    vf_arena_release(&arena);
}

static void test_patterns(void **state)
{
    static const struct {
        const char *url, *what; /* NULL: fine */
    } patterns[] = {
        {"sqlite:/out/{}.db", NULL},
        {"sqlite:/o{}ut/{}.db", "{} once"},
        {"sqlite:/out/pre-{}.db", NULL},
        {"duckdb:{}.duckdb", NULL},
        {"files:/out/{}", NULL},
        {"sqlite:/out/a.db", "must have {}"},
        {"sqlite:/out/{}", "an ending"},
        {"sqlite:/out/{}x.db", "an ending"},
        {"sqlite:/{}/a.db", "not in that of a folder"},
        {"postgresql:///{}", "must be a file"},
        {"mem:{}.x", "must be a file"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct vf_url url, made;
        struct vf_error err = {0};
        assert_int_equal(vf_url_parse(patterns[i].url, &url, &err), VF_OK);
        enum vf_status status = vf_by_check_pattern(&url, &err);
        assert_int_equal(status, patterns[i].what == NULL ? VF_OK : VF_USAGE);
        if (patterns[i].what != NULL)
            assert_holds(err.message, patterns[i].what);
        if (status == VF_OK) {
            assert_int_equal(vf_by_url(&url, "%2ex", &made, &err), VF_OK);
            assert_holds(made.path, "%2ex");
            assert_holds(made.text, made.path);
            assert_string_equal(made.scheme, url.scheme);
            vf_url_release(&made);
        }
        vf_url_release(&url);
    }
}

#define HEAD "version: 1\nby: w\ntables:\n"

static void test_plan_file(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    make_table("docs", "id i64 key, w text");
    make_table("odd", "id i64 key, w f64");
    assert_int_equal(fixture_bind(&f, HEAD "  - name: docs\n  - name: first\n    whole: true\n", NULL), VF_OK);
    assert_string_equal(f.plan.by, "w");
    assert_string_equal(find_plan_table(&f.plan, "docs")->by.name, "w");
    assert_null(find_plan_table(&f.plan, "first")->by.name);
    assert_true(find_plan_table(&f.plan, "first")->whole);
    assert_int_equal(vf_plan_check(&f.plan, &f.err), VF_OK);
    char sha256[65];
    memcpy(sha256, f.plan.sha256, sizeof(sha256));
    char *text = fixture_write(&f);
    assert_holds(text, "\nby: w  # one file a value");
    assert_holds(text, "  - name: first\n    whole: true\n");
    assert_int_equal(fixture_bind(&f, text, NULL), VF_OK);
    assert_string_equal(f.plan.sha256, sha256);
    vf_free(text);
    assert_int_equal(fixture_bind(&f, "version: 1\ntables:\n  - name: docs\n  - name: first\n    whole: true\n", NULL),
                     VF_OK);
    assert_string_not_equal(f.plan.sha256, sha256);

    assert_int_equal(fixture_bind(&f, HEAD "  - name: docs\n  - name: first\n", NULL), VF_OK);
    assert_int_equal(find_problem(&f.plan, VF_SEVERITY_BLOCK, "first", "has no column \"w\"")->status, VF_STATE);
    assert_int_equal(fixture_bind(&f, HEAD "  - name: docs\n  - name: odd\n", NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "odd.w", "column \"w\" is of type f64: its values are no names of files");
    assert_int_equal(fixture_bind(&f, HEAD "  - name: first\n", NULL), VF_OK);
    find_problem(&f.plan, VF_SEVERITY_BLOCK, "", "no table that is moved has a column \"w\"");

    assert_int_equal(fixture_bind(&f, "version: 1\nby: [w]\ntables: []\n", NULL), VF_USAGE);
    assert_holds(f.err.message, "ferry.yaml:2:5: key \"by\" must be a text");
    assert_int_equal(fixture_bind(&f, "version: 1\ntarget2: mem:u\nby: w\ntables: []\n", NULL), VF_USAGE);
    assert_holds(f.err.message, "ferry.yaml:3:5: by: goes with one target");
    assert_int_equal(fixture_bind(&f, HEAD "  - name: docs\n    whole: maybe\n", NULL), VF_USAGE);
    assert_holds(f.err.message, "ferry.yaml:5:12: key \"whole\" must be true or false");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_are_different),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_plan_file),
    };

    return cmocka_run_group_tests_name("ferry/by", tests, NULL, fixture_teardown);
}
