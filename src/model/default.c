/* What has to be known of a default: whether its column can have it, and how a time is written in a text. */
#include <string.h>

#include "base/text.h"
#include "model/json_text.h"
#include "model/schema.h"
#include "model/temporal.h"

static bool is_hex(const char *text)
{
    return text[0] == '\\' && text[1] == 'x' && strlen(text) % 2 == 0 &&
           strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2);
}

static bool is_label(const struct vf_column *column, const char *text)
{
    for (size_t i = 0; i < column->n_labels; i++) {
        if (strcmp(column->labels[i], text) == 0)
            return true;
    }
    return column->n_labels == 0;
}

static bool is_whole(const char *text, int64_t largest)
{
    int64_t value;

    return vf_parse_i64(text, strlen(text), &value) && value <= largest && value >= -largest - 1;
}

static bool is_number(const char *text)
{
    return vf_is_decimal(text, strlen(text)) || vf_strcasecmp(text, "NaN") == 0 ||
           vf_strcasecmp(text + (text[0] == '-'), "Infinity") == 0;
}

bool vf_column_can_hold(const struct vf_column *column, const char *text)
{
    size_t size_bytes = strlen(text), offset;
    uint8_t uuid[16];
    int32_t days;
    int64_t micros;

    switch (column->type.kind) {
    case VF_K_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case VF_K_I8:
        return is_whole(text, INT8_MAX);
    case VF_K_I16:
        return is_whole(text, INT16_MAX);
    case VF_K_I32:
        return is_whole(text, INT32_MAX);
    case VF_K_I64:
        return is_whole(text, INT64_MAX);
    case VF_K_F32:
    case VF_K_F64:
    case VF_K_DECIMAL:
        return is_number(text);
    case VF_K_BLOB:
        return is_hex(text);
    case VF_K_UUID:
        return vf_uuid_parse(text, size_bytes, uuid);
    case VF_K_JSON:
        return vf_json_text_check(text, size_bytes, &offset) == NULL;
    case VF_K_ENUM:
        return is_label(column, text);
    case VF_K_DATE:
        return vf_date_parse(text, size_bytes, &days);
    case VF_K_TIME:
        return vf_time_parse(text, size_bytes, &micros);
    case VF_K_TIMESTAMP:
        return vf_timestamp_parse(text, size_bytes, false, &micros);
    case VF_K_TIMESTAMPTZ:
        return vf_timestamp_parse(text, size_bytes, true, &micros);
    case VF_K_TEXT:
    case VF_K_INTERVAL:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        break;
    }
    return true;
}

bool vf_default_is_plain_time(const struct vf_default *def)
{
    bool is_sqlites = def->dialect != NULL && strcmp(def->dialect, "sqlite") == 0; /* the others have one writing */

    return def->is_utc && def->text != NULL &&
           (!is_sqlites || strcmp(def->text, "CURRENT_TIMESTAMP") == 0 || strncmp(def->text, "(datetime(", 10) == 0);
}
