#include <string.h>

#include "engine/postgres/codec.h"
#include "model/temporal.h"
#include "vector/convert.h"

/* ISO 8601's expanded years as PostgreSQL writes them: "-0043-03-15" is 44 BC, and there is no sign before other years. */
static void write_date(const char *text, struct vf_buf *out)
{
    const char *at = text + (text[0] == '-' || text[0] == '+');
    bool is_before = text[0] == '-' || strncmp(at, "0000-", 5) == 0;
    unsigned year = 0;
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0) {
        vf_buf_str(out, text);
        return;
    }
    const char *rest = strchr(at, '-');
    if (!is_before || rest == NULL) {
        vf_buf_str(out, at);
        return;
    }
    for (; at < rest; at++)
        year = year * 10 + (unsigned)(*at - '0');
    vf_buf_printf(out, "%04u%s BC", year + 1, rest);
}

static void write_fixed(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    uint8_t wire[8];
    enum vf_kind kind = array->type.kind;
    if (kind == VF_K_DATE) {
        vf_date_format((int32_t)vf_array_i64(array, row), text);
        write_date(text, out);
    } else if (kind == VF_K_TIMESTAMP || kind == VF_K_TIMESTAMPTZ) {
        vf_timestamp_format(vf_array_i64(array, row), false, text);
        if (kind == VF_K_TIMESTAMPTZ && strstr(text, "infinity") == NULL)
            memcpy(text + strlen(text), "+00", 4);
        write_date(text, out);
    } else if (kind == VF_K_TIME) {
        vf_time_format(vf_array_i64(array, row), text);
        vf_buf_str(out, text);
    } else if (kind == VF_K_F32) {
        vf_copy_be32(wire, array->data + (size_t)row * 4, 1);
        (void)vf_pg_element_to_text(VF_PG_F4, kind, wire, 4, out);
    } else if (kind == VF_K_F64) {
        vf_copy_be64(wire, array->data + (size_t)row * 8, 1);
        (void)vf_pg_element_to_text(VF_PG_F8, kind, wire, 8, out);
    } else {
        vf_buf_printf(out, "%lld", (long long)vf_array_i64(array, row));
    }
}

enum vf_status vf_pg_literal(const struct vf_array *array, int64_t row, struct vf_buf *out, struct vf_error *err)
{
    size_t size_bytes = 0;
    char uuid[37];
    if (array->type.kind == VF_K_BOOL) {
        vf_buf_str(out, vf_array_bool(array, row) ? "true" : "false");
        return VF_OK;
    }
    const uint8_t *value = vf_array_value(array, row, &size_bytes);
    enum vf_kind kind = array->type.kind;
    if (kind == VF_K_UUID) {
        vf_uuid_format(value, uuid);
        vf_buf_str(out, uuid);
    } else if (kind == VF_K_BLOB) {
        vf_buf_str(out, "\\x");
        vf_buf_hex(out, value, size_bytes);
    } else if (kind == VF_K_DECIMAL || kind == VF_K_TEXT || kind == VF_K_ENUM || kind == VF_K_OTHER) {
        vf_buf_add(out, value, size_bytes);
    } else if (kind == VF_K_INTERVAL) {
        struct vf_interval interval;
        char text[VF_TEMPORAL_TEXT_BYTES];
        memcpy(&interval, value, sizeof(interval));
        vf_interval_format(interval, text);
        vf_buf_str(out, text);
    } else if (array->layout == VF_LAYOUT_FIXED && kind != VF_K_VECTOR) {
        write_fixed(array, row, out);
    } else {
        return vf_error_set(err, VF_MISSING, "rows can't be looked up by a key of the kind %s", vf_kind_name(kind));
    }
    return vf_buf_check(out, err);
}
