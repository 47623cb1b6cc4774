#include "ferry/nul.h"

#include <string.h>

static const char *const names[] = {
    [VF_NUL_REJECT] = "", [VF_NUL_STRIP] = "strip", [VF_NUL_ESCAPE] = "escape", [VF_NUL_UNESCAPE] = "unescape"};

const char *vf_nul_name(enum vf_nul nul)
{
    return names[nul];
}

bool vf_nul_parse(const char *name, enum vf_nul *nul)
{
    for (enum vf_nul i = VF_NUL_STRIP; i <= VF_NUL_UNESCAPE; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *nul = i;
        return true;
    }
    return false;
}

bool vf_nul_applies(enum vf_nul nul, struct vf_type type, const struct vf_limits *limits)
{
    return nul != VF_NUL_REJECT && type.kind == VF_K_TEXT && limits->text_nul == (nul == VF_NUL_UNESCAPE);
}

/* ---- one text ---- */

static size_t count_backslashes(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *from = at;

    while (at < end && *at == '\\')
        at++;
    return (size_t)(at - from);
}

static bool has_escape(const uint8_t *bytes, size_t size_bytes)
{
    for (const uint8_t *at = bytes; (at = memchr(at, '\\', size_bytes - (size_t)(at - bytes))) != NULL; at++) {
        if (at + 1 < bytes + size_bytes && at[1] == '0')
            return true;
    }
    return false;
}

static bool is_changed(enum vf_nul nul, const uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes == 0)
        return false;
    return (nul != VF_NUL_UNESCAPE && memchr(bytes, 0, size_bytes) != NULL) ||
           (nul != VF_NUL_STRIP && has_escape(bytes, size_bytes));
}

static void put_backslashes(struct vf_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        vf_buf_char(out, '\\');
}

/* Backslashes before U+0000 or a 0 are doubled: an odd number of them before a 0 is then never the text's own. */
static void escape(const uint8_t *at, const uint8_t *end, struct vf_buf *out)
{
    while (at < end) {
        size_t n = count_backslashes(at, end);
        at += n;
        bool is_nul = at < end && *at == '\0';
        put_backslashes(out, is_nul || (at < end && *at == '0') ? 2 * n : n);
        if (is_nul)
            vf_buf_str(out, "\\0");
        else if (at < end)
            vf_buf_add(out, at, 1);
        at++;
    }
}

static void unescape(const uint8_t *at, const uint8_t *end, struct vf_buf *out)
{
    while (at < end) {
        size_t n = count_backslashes(at, end);
        at += n;
        bool is_zero = at < end && *at == '0';
        put_backslashes(out, is_zero ? n / 2 : n);
        if (at < end)
            vf_buf_add(out, is_zero && n % 2 == 1 ? (const uint8_t *)"" : at, 1);
        at++;
    }
}

static void strip(const uint8_t *at, const uint8_t *end, struct vf_buf *out)
{
    for (; at < end; at++) {
        if (*at != '\0')
            vf_buf_add(out, at, 1);
    }
}

/* ---- a batch ---- */

static enum vf_status rewrite(void *context, int64_t row, const uint8_t *bytes, size_t size_bytes, struct vf_buf *out,
                              struct vf_error *err)
{
    const enum vf_nul *nul = context;
    const uint8_t *end = bytes + size_bytes;

    (void)row;
    if (!is_changed(*nul, bytes, size_bytes))
        vf_buf_add(out, bytes, size_bytes);
    else if (*nul == VF_NUL_STRIP)
        strip(bytes, end, out);
    else if (*nul == VF_NUL_ESCAPE)
        escape(bytes, end, out);
    else
        unescape(bytes, end, out);
    return vf_buf_check(out, err);
}

static int64_t count_changed(const struct vf_array *array, enum vf_nul nul)
{
    int64_t n = 0;

    for (int64_t row = 0; row < array->n_values; row++) {
        size_t size_bytes;
        if (vf_array_is_null(array, row))
            continue;
        const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
        n += is_changed(nul, bytes, size_bytes);
    }
    return n;
}

enum vf_status vf_nul_batch(struct vf_batch *batch, const struct vf_relation *from, int64_t *n_changed,
                            struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < batch->n_columns && status == VF_OK; i++) {
        enum vf_nul nul = from->fields[i].nul;
        int64_t n = nul != VF_NUL_REJECT ? count_changed(&batch->columns[i], nul) : 0;
        if (n == 0)
            continue;
        if (n_changed != NULL)
            n_changed[i] += n;
        status = vf_batch_rewrite(batch, i, rewrite, &nul, err);
    }
    return status;
}
