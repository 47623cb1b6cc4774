#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static void test_set(void **state)
{
    struct vf_error err = {.vendor_code = 7, .sqlstate = "23505", .hint = "old", .side = VF_SIDE_TARGET};

    (void)state;
    assert_int_equal(vf_error_set(&err, VF_USAGE, "table \"%s\" has %d rows", "docs", 3), VF_USAGE);
    assert_int_equal(err.status, VF_USAGE);
    assert_string_equal(err.message, "table \"docs\" has 3 rows");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.sqlstate, "");
    assert_int_equal(err.vendor_code, 0);
    assert_int_equal(err.side, VF_SIDE_NONE);
    assert_int_equal(vf_error_nomem(&err), VF_NOMEM);
    assert_int_equal(err.status, VF_NOMEM);
    assert_string_equal(err.message, "out of memory");
}

/* Every function accepts that the caller doesn't want to know. */
static void test_null(void **state)
{
    (void)state;
    assert_int_equal(vf_error_set(NULL, VF_FAILED, "x"), VF_FAILED);
    assert_int_equal(vf_error_nomem(NULL), VF_NOMEM);
    vf_error_hint(NULL, "x");
    vf_error_wrap(NULL, "x");
    vf_error_side(NULL, VF_SIDE_SOURCE);
    vf_error_clear(NULL);
}

static void test_hint_side_clear(void **state)
{
    struct vf_error err = {0};

    (void)state;
    assert_int_equal(vf_error_set(&err, VF_ENGINE, "it broke"), VF_ENGINE);
    vf_error_hint(&err, "mend %s", "it");
    assert_string_equal(err.hint, "mend it");
    vf_error_side(&err, VF_SIDE_SOURCE);
    vf_error_side(&err, VF_SIDE_TARGET);
    assert_int_equal(err.side, VF_SIDE_SOURCE);
    vf_error_clear(&err);
    assert_int_equal(err.status, VF_OK);
    assert_string_equal(err.message, "");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.side, VF_SIDE_NONE);
}

static void test_wrap(void **state)
{
    struct vf_error err = {0};

    (void)state;
    assert_int_equal(vf_error_set(&err, VF_VALUE, "value \"%s\" is too large", "1e400"), VF_VALUE);
    vf_error_hint(&err, "use another type");
    vf_error_wrap(&err, "chunk %d", 7);
    vf_error_wrap(&err, "copy table %s", "docs");
    assert_string_equal(err.message, "copy table docs: chunk 7: value \"1e400\" is too large");
    assert_string_equal(err.hint, "use another type");
    assert_int_equal(err.status, VF_VALUE);
}

/* The arguments may be the old message. */
static void test_own_text(void **state)
{
    struct vf_error err = {0};

    (void)state;
    assert_int_equal(vf_error_set(&err, VF_FAILED, "first"), VF_FAILED);
    assert_int_equal(vf_error_set(&err, VF_FAILED, "second after %s", err.message), VF_FAILED);
    assert_string_equal(err.message, "second after first");
    vf_error_hint(&err, "hint of %s", err.message);
    vf_error_hint(&err, "again %s", err.hint);
    assert_string_equal(err.hint, "again hint of second after first");
    vf_error_wrap(&err, "%s", err.message);
    assert_string_equal(err.message, "second after first: second after first");
}

static void check_text(const char *text, size_t max_bytes)
{
    size_t size_bytes = strlen(text);

    assert_true(size_bytes < max_bytes);
    assert_true(size_bytes + 4 >= max_bytes);
    assert_int_equal(vf_utf8_check(text, size_bytes), size_bytes);
}

/* What doesn't fit is cut at a whole character, whatever the offset. */
static void test_cut(void **state)
{
    struct vf_error err = {0};
    char text[4001];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(text); i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    text[3999] = '\0';
    for (int lead = 0; lead < 4; lead++) {
        assert_int_equal(vf_error_set(&err, VF_FAILED, "%.*s%s", lead, "aaaa", text), VF_FAILED);
        check_text(err.message, sizeof(err.message));
        vf_error_hint(&err, "%.*s%s", lead, "aaaa", text);
        check_text(err.hint, sizeof(err.hint));
        vf_error_wrap(&err, "%.*s", lead, "bbbb");
        check_text(err.message, sizeof(err.message));
        vf_error_wrap(&err, "%.*s%s", lead, "cccc", text);
        check_text(err.message, sizeof(err.message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),  cmocka_unit_test(test_null),     cmocka_unit_test(test_hint_side_clear),
        cmocka_unit_test(test_wrap), cmocka_unit_test(test_own_text), cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
