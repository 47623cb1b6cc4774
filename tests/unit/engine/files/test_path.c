#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "engine/files/path.h"

static char *name_of(const char *text, size_t size_bytes, size_t max_bytes, struct vf_buf *out)
{
    vf_buf_clear(out);
    vf_files_escape(text, size_bytes, max_bytes, out);
    assert_int_equal(vf_buf_check(out, NULL), VF_OK);
    return out->data;
}

static void test_names(void **state)
{
    static const struct {
        const char *text;
        size_t size_bytes;
        const char *name;
    } cases[] = {
        {"agent-7_b", 9, "agent-7_b"},
        {"../x", 4, "%2e.%2fx"},
        {".", 1, "%2e"},
        {"..", 2, "%2e%2e"},
        {"/", 1, "%2f"},
        {"", 0, "%"},
        {"%", 1, "%25"},
        {"Agent", 5, "%41gent"},
        {"a\0b", 3, "a%00b"},
        {"a.json", 6, "a.json"},
        {"a.", 2, "a%2e"},
        {"a b", 3, "a%20b"},
        {"\xC3\xA9", 2, "%c3%a9"},
        {"a\nb", 3, "a%0ab"},
        {"~", 1, "%7e"},
        {"-", 1, "-"},
        {"a\\b", 3, "a%5cb"},
        {".vecferry", 9, "%2evecferry"},
        {"%2e", 3, "%252e"},
        {"a,b", 3, "a%2cb"},
    };
    struct vf_buf name, back;
    (void)state;
    vf_buf_init(&name, 10000);
    vf_buf_init(&back, 10000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(name_of(cases[i].text, cases[i].size_bytes, 200, &name), cases[i].name);
        vf_buf_clear(&back);
        vf_buf_str(&back, "");
        assert_true(vf_files_unescape(name.data, name.size_bytes, &back));
        assert_int_equal(back.size_bytes, cases[i].size_bytes);
        assert_memory_equal(back.data, cases[i].text, cases[i].size_bytes);
    }
    vf_buf_release(&name);
    vf_buf_release(&back);
}

/* Two names of one key would be two files. */
static void test_only_one_writing(void **state)
{
    static const char *const names[] = {"A", "%41%", "%4", "%zz", "%41gent.", "%61", "%2E", ".", "a b", "%~0", ".a"};
    struct vf_buf back;
    (void)state;
    vf_buf_init(&back, 10000);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vf_files_unescape(names[i], strlen(names[i]), &back))
            fail_msg("%s is taken for a name", names[i]);
    }
    vf_buf_release(&back);
}

static void test_long(void **state)
{
    char a[300], b[300];
    struct vf_buf one, two;
    (void)state;
    vf_buf_init(&one, 10000);
    vf_buf_init(&two, 10000);
    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));
    b[299] = 'y';
    name_of(a, sizeof(a), 250, &one);
    name_of(b, sizeof(b), 250, &two);
    assert_int_equal(one.size_bytes, 250);
    assert_string_not_equal(one.data, two.data);
    assert_false(vf_files_unescape(one.data, one.size_bytes, &two));
    memset(a, 'X', sizeof(a));
    name_of(a, sizeof(a), 250, &one);
    assert_true(one.size_bytes <= 250 && one.size_bytes > 240);
    name_of(a, 83, 250, &one); /* 249 bytes: whole */
    assert_null(strstr(one.data, "~"));
    vf_buf_release(&one);
    vf_buf_release(&two);
}

static void expect_place(const char *pattern, const char *table, const char *path)
{
    struct vf_files_place place;
    struct vf_buf out;
    vf_buf_init(&out, 10000);
    assert_int_equal(vf_files_pattern_check(pattern, NULL), VF_OK);
    assert_int_equal(vf_files_place_make(pattern, table, &place, NULL), VF_OK);
    vf_files_place_path(&place, "k", &out);
    assert_string_equal(out.data, path);
    vf_files_place_release(&place);
    vf_buf_release(&out);
}

static void test_patterns(void **state)
{
    static const char *const bad[] = {"",         "{table}.json", "{key}/{key}", "{key}/{table}",        "/{key}",
                                      "a//{key}", "../{key}",     "a/../{key}",  ".vecferry/{key}",      "{key}/.x",
                                      "{key}/",   "./{key}",      "\xC3/{key}",  "{table}/{table}/{key}"};
    (void)state;
    expect_place(VF_FILES_PATTERN, "Two Words", "%54wo%20%57ords/k.json");
    expect_place("agents/{key}/identity.json", "agent_identities", "agents/k/identity.json");
    expect_place("{key}.json", "t", "k.json");
    expect_place("a/{table}-x/row-{key}.json", "../t", "a/%2e.%2ft-x/row-k.json");
    expect_place("{table}-{key}", "t", "t-k");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vf_error err = {0};
        if (vf_files_pattern_check(bad[i], &err) != VF_USAGE)
            fail_msg("\"%s\" is taken for a pattern", bad[i]);
        assert_true(err.hint[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_only_one_writing),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
