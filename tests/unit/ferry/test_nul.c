/* U+0000 in texts: what is escaped comes back as the same bytes, and what needn't be changed isn't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ferry/nul.h"

#define MAX_BYTES 12
#define N_RANDOM  20000

/* The text as a batch of one row becomes it; *n_changed: 1 or 0. */
static size_t convert(enum vf_nul nul, const char *text, size_t size_bytes, char *out, int64_t *n_changed)
{
    const struct vf_type types[] = {{.kind = VF_K_TEXT}};
    const struct vf_field field = {.name = "t", .type = types[0], .nul = nul};
    const struct vf_relation relation = {.name = "t", .n_fields = 1, .fields = &field};
    struct vf_batch batch = {0};
    struct vf_error err = {0};
    size_t made_bytes = 0;

    *n_changed = 0;
    assert_int_equal(vf_batch_init(&batch, 1, types, 4, 4096, &err), VF_OK);
    assert_int_equal(vf_array_add_null(&batch.columns[0], &err), VF_OK);
    vf_batch_end_row(&batch);
    assert_int_equal(vf_array_add_bytes(&batch.columns[0], text, size_bytes, &err), VF_OK);
    vf_batch_end_row(&batch);
    assert_int_equal(vf_nul_batch(&batch, &relation, n_changed, &err), VF_OK);
    assert_true(vf_array_is_null(&batch.columns[0], 0));
    const void *made = vf_array_value(&batch.columns[0], 1, &made_bytes);
    assert_true(made_bytes <= 2 * MAX_BYTES);
    memcpy(out, made, made_bytes);
    vf_batch_release(&batch);
    return made_bytes;
}

static void becomes(enum vf_nul nul, const char *text, size_t size_bytes, const char *wanted, size_t wanted_bytes)
{
    char made[2 * MAX_BYTES];
    int64_t n_changed;

    assert_int_equal(convert(nul, text, size_bytes, made, &n_changed), wanted_bytes);
    assert_memory_equal(made, wanted, wanted_bytes);
    assert_int_equal(n_changed, size_bytes != wanted_bytes || memcmp(text, wanted, size_bytes) != 0);
}

#define BECOMES(nul, text, wanted) becomes(nul, text, sizeof(text) - 1, wanted, sizeof(wanted) - 1)

static void test_words(void **state)
{
    enum vf_nul nul = VF_NUL_REJECT;
    const struct vf_limits without = {0}, with = {.text_nul = true};
    const struct vf_type text = {.kind = VF_K_TEXT}, json = {.kind = VF_K_JSON};

    (void)state;
    assert_true(vf_nul_parse("strip", &nul) && nul == VF_NUL_STRIP);
    assert_true(vf_nul_parse("unescape", &nul) && nul == VF_NUL_UNESCAPE);
    assert_false(vf_nul_parse("", &nul) || vf_nul_parse("Strip", &nul));
    assert_true(vf_nul_applies(VF_NUL_STRIP, text, &without) && vf_nul_applies(VF_NUL_UNESCAPE, text, &with));
    assert_false(vf_nul_applies(VF_NUL_STRIP, text, &with) || vf_nul_applies(VF_NUL_UNESCAPE, text, &without) ||
                 vf_nul_applies(VF_NUL_STRIP, json, &without) || vf_nul_applies(VF_NUL_REJECT, text, &without));
}

static void test_texts(void **state)
{
    (void)state;
    BECOMES(VF_NUL_STRIP, "a\0b\0", "ab");
    BECOMES(VF_NUL_STRIP, "\\0", "\\0");
    BECOMES(VF_NUL_REJECT, "a\0b", "a\0b");
    BECOMES(VF_NUL_ESCAPE, "", "");
    BECOMES(VF_NUL_ESCAPE, "c:\\dir\\", "c:\\dir\\");
    BECOMES(VF_NUL_ESCAPE, "a\0b", "a\\0b");
    BECOMES(VF_NUL_ESCAPE, "\\0", "\\\\0");
    BECOMES(VF_NUL_ESCAPE,
            "\\\0"
            "0",
            "\\\\\\0"
            "0");
    BECOMES(VF_NUL_UNESCAPE,
            "\\0"
            "0",
            "\0"
            "0");
    BECOMES(VF_NUL_UNESCAPE, "\\\\0", "\\0");
    BECOMES(VF_NUL_UNESCAPE, "\\\\n\\", "\\\\n\\");
}

static void test_there_and_back(void **state)
{
    static const char letters[] = {'\0', '\\', '0', 'n'};
    char text[MAX_BYTES], there[2 * MAX_BYTES], back[2 * MAX_BYTES];
    int64_t n_there, n_back;
    unsigned dice = 1;

    (void)state;
    for (size_t i = 0; i < N_RANDOM; i++) {
        size_t size_bytes = i % (MAX_BYTES + 1);
        for (size_t k = 0; k < size_bytes; k++) {
            dice = dice * 1103515245U + 12345U;
            text[k] = letters[dice >> 16 & 3];
        }
        size_t there_bytes = convert(VF_NUL_ESCAPE, text, size_bytes, there, &n_there);
        assert_null(there_bytes > 0 ? memchr(there, 0, there_bytes) : NULL);
        assert_int_equal(convert(VF_NUL_UNESCAPE, there, there_bytes, back, &n_back), size_bytes);
        assert_memory_equal(back, text, size_bytes);
        assert_int_equal(n_there, n_back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
