#include "engine/files/value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/float_text.h"
#include "model/json_text.h"
#include "model/temporal.h"
#include "vector/text.h"

const struct vf_files_type vf_files_types[VF_KIND_COUNT] = {
    [VF_K_BOOL] = {VF_K_BOOL, "`true` or `false`"},
    [VF_K_I8] = {VF_K_I8, "number"},
    [VF_K_I16] = {VF_K_I16, "number"},
    [VF_K_I32] = {VF_K_I32, "number"},
    [VF_K_I64] = {VF_K_I64, "number; from 2^53 on a string of its digits, because most readers would round it"},
    [VF_K_F32] = {VF_K_F32, "number, the shortest that reads back to the same bits; `\"NaN\"`, `\"Infinity\"`, "
                            "`\"-Infinity\"`"},
    [VF_K_F64] = {VF_K_F64, "as f32"},
    [VF_K_DECIMAL] = {VF_K_DECIMAL, "string of all its digits: `\"1.50\"`"},
    [VF_K_TEXT] = {VF_K_TEXT, "string"},
    [VF_K_BLOB] = {VF_K_BLOB, "string of hexadecimal digits: `\"\\\\x00ff\"`"},
    [VF_K_UUID] = {VF_K_UUID, "string, lower case with dashes"},
    [VF_K_DATE] = {VF_K_DATE, "string: `\"2024-02-29\"`, `\"infinity\"`"},
    [VF_K_TIME] = {VF_K_TIME, "string: `\"13:05:00.25\"`"},
    [VF_K_TIMESTAMP] = {VF_K_TIMESTAMP, "string: `\"2024-02-29 13:05:00.25\"`, `\"infinity\"`"},
    [VF_K_TIMESTAMPTZ] = {VF_K_TIMESTAMPTZ, "string in UTC: `\"2024-02-29T13:05:00.25Z\"`, `\"infinity\"`"},
    [VF_K_INTERVAL] = {VF_K_INTERVAL, "string, ISO 8601: `\"P1Y2M3DT4H5M6.5S\"`"},
    [VF_K_JSON] = {VF_K_JSON, "the value itself, laid out over lines, when its text is spaced as jsonb's and "
                              "json.dumps()'s is; any other text, and JSON's null, is `{\"$json\": \"the text\"}`"},
    [VF_K_ENUM] = {VF_K_ENUM, "string"},
    [VF_K_ARRAY] = {VF_K_ARRAY, "array"},
    [VF_K_OTHER] = {VF_K_OTHER, "string, in the syntax of the database that it came from"},
    [VF_K_VECTOR] = {VF_K_VECTOR, "f32, f64 and i8: array of numbers on one line; f16, bf16, bits, and vectors with "
                                  "NaN or Inf: string of the hexadecimal digits of their little-endian bytes"},
    [VF_K_SPARSE] = {VF_K_SPARSE, "string of hexadecimal digits"},
};

#define MAX_BARE_INTEGER ((INT64_C(1) << 53) - 1)

static const char json_mark[] = "\"$json\"";

/* ---- writing ---- */

static void put_string(const char *text, size_t size_bytes, struct vf_buf *out)
{
    vf_buf_json_string(out, text, size_bytes);
}

static void put_hex(const uint8_t *bytes, size_t size_bytes, struct vf_buf *out)
{
    vf_buf_str(out, "\"\\\\x");
    vf_buf_hex(out, bytes, size_bytes);
    vf_buf_char(out, '"');
}

static void put_integer(int64_t value, struct vf_buf *out)
{
    const char *quote = value > MAX_BARE_INTEGER || value < -MAX_BARE_INTEGER ? "\"" : "";
    vf_buf_printf(out, "%s%" PRId64 "%s", quote, value, quote);
}

static void put_float(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    double value = vf_array_f64(array, row);
    char text[32];
    if (isnan(value))
        vf_buf_str(out, "\"NaN\"");
    else if (isinf(value))
        vf_buf_str(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else
        vf_buf_add(out, text,
                   array->type.kind == VF_K_F32 ? vf_format_f32((float)value, text) : vf_format_f64(value, text));
}

static void put_temporal(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    put_string(text, vf_array_temporal_text(array, row, text), out);
}

static bool begins_with_mark(const char *text, size_t size_bytes)
{
    struct vf_json_walk walk;
    struct vf_json_item item;
    return vf_json_walk_begin(&walk, text, size_bytes) && walk.is_object && vf_json_walk_next(&walk, &item) &&
           item.name_bytes == strlen(json_mark) && memcmp(item.name, json_mark, item.name_bytes) == 0;
}

/* A text that comes back when the value is laid out again is shown as the value; any other is kept as a text. */
static void put_json(const char *text, size_t size_bytes, enum vf_json_layout layout, unsigned level,
                     struct vf_buf *scratch, struct vf_buf *out)
{
    bool is_null = size_bytes == 4 && memcmp(text, "null", 4) == 0;
    if (!is_null && vf_json_text_is_laid(text, size_bytes, layout, scratch) && !begins_with_mark(text, size_bytes)) {
        vf_json_text_lay(text, size_bytes, VF_JSON_PRETTY, level, out);
        return;
    }
    vf_buf_printf(out, "{%s: ", json_mark);
    put_string(text, size_bytes, out);
    vf_buf_char(out, '}');
}

static void put_vector(const struct vf_array *array, const uint8_t *bytes, size_t size_bytes, struct vf_buf *out)
{
    enum vf_element element = array->type.element;
    bool is_array = size_bytes > 0 && (element == VF_E_F32 || element == VF_E_F64 || element == VF_E_I8);
    size_t dim = is_array ? size_bytes / vf_element_bytes(element, 1) : 0;
    /* Numbers that aren't finite have no digits. */
    if (!is_array || vf_vector_text_write(out, element, bytes, dim, NULL) != VF_OK)
        put_hex(bytes, size_bytes, out);
}

static void put_variable(const struct vf_array *array, int64_t row, unsigned level, struct vf_buf *scratch,
                         struct vf_buf *out)
{
    size_t size_bytes = 0;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
    char uuid[37];
    if (array->type.kind == VF_K_VECTOR) {
        put_vector(array, bytes, size_bytes, out);
    } else if (array->type.kind == VF_K_BLOB || array->type.kind == VF_K_SPARSE) {
        put_hex(bytes, size_bytes, out);
    } else if (array->type.kind == VF_K_UUID) {
        vf_uuid_format(bytes, uuid);
        put_string(uuid, 36, out);
    } else if (array->type.kind == VF_K_JSON || array->type.kind == VF_K_ARRAY) {
        put_json((const char *)bytes, size_bytes, array->type.kind == VF_K_JSON ? VF_JSON_SPACED : VF_JSON_COMPACT,
                 level, scratch, out);
    } else {
        put_string((const char *)bytes, size_bytes, out);
    }
}

void vf_files_value_write(const struct vf_array *array, int64_t row, unsigned level, struct vf_buf *scratch,
                          struct vf_buf *out)
{
    if (vf_array_is_null(array, row)) {
        vf_buf_str(out, "null");
        return;
    }
    switch (array->type.kind) {
    case VF_K_BOOL:
        vf_buf_str(out, vf_array_bool(array, row) ? "true" : "false");
        return;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        put_integer(vf_array_i64(array, row), out);
        return;
    case VF_K_F32:
    case VF_K_F64:
        put_float(array, row, out);
        return;
    case VF_K_DATE:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
    case VF_K_INTERVAL:
        put_temporal(array, row, out);
        return;
    case VF_K_DECIMAL:
    case VF_K_TEXT:
    case VF_K_BLOB:
    case VF_K_UUID:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        break;
    }
    put_variable(array, row, level, scratch, out);
}

void vf_files_value_key(const struct vf_array *array, int64_t row, struct vf_buf *scratch, struct vf_buf *out)
{
    struct vf_buf json;
    vf_buf_init(&json, VF_BUF_MAX);
    vf_files_value_write(array, row, 0, scratch, &json);
    if (vf_buf_check(&json, NULL) != VF_OK)
        out->status = json.status;
    else if (json.data[0] != '"' || !vf_json_text_string(json.data, json.size_bytes, out))
        vf_buf_add(out, json.data, json.size_bytes);
    vf_buf_release(&json);
}

/* ---- reading ---- */

/* One value on its way from text to array. */
struct reading {
    const char *text; /* of a string what it means, else the JSON */
    size_t size_bytes;
    bool is_string;
    struct vf_array *array;
    const char *why;
    struct vf_error *err;
};

static enum vf_status unfit(struct reading *reading, const char *why)
{
    reading->why = why;
    return VF_VALUE;
}

static enum vf_status read_bool(struct reading *reading)
{
    bool is_true = !reading->is_string && reading->size_bytes == 4 && memcmp(reading->text, "true", 4) == 0;
    bool is_false = !reading->is_string && reading->size_bytes == 5 && memcmp(reading->text, "false", 5) == 0;
    if (!is_true && !is_false)
        return unfit(reading, "it isn't true or false");
    return vf_array_add_bool(reading->array, is_true, reading->err);
}

static enum vf_status read_integer(struct reading *reading)
{
    enum vf_kind kind = reading->array->type.kind;
    int64_t value = 0;
    if (!vf_parse_i64(reading->text, reading->size_bytes, &value))
        return unfit(reading, "it isn't an integer of 64 bits");
    int8_t i8 = (int8_t)value;
    int16_t i16 = (int16_t)value;
    int32_t i32 = (int32_t)value;
    if ((kind == VF_K_I8 && i8 != value) || (kind == VF_K_I16 && i16 != value) || (kind == VF_K_I32 && i32 != value))
        return unfit(reading, "the integer is too large for the column");
    const void *bytes = kind == VF_K_I8    ? (const void *)&i8
                        : kind == VF_K_I16 ? (const void *)&i16
                        : kind == VF_K_I32 ? (const void *)&i32
                                           : (const void *)&value;
    return vf_array_add_fixed(reading->array, bytes, reading->err);
}

static enum vf_status read_float(struct reading *reading)
{
    double f64 = 0;
    float f32 = 0;
    bool is_f32 = reading->array->type.kind == VF_K_F32;
    bool is_number = is_f32 ? vf_parse_f32(reading->text, reading->size_bytes, &f32)
                            : vf_parse_f64(reading->text, reading->size_bytes, &f64);
    if (!is_number)
        return unfit(reading, "it isn't a number that fits");
    return vf_array_add_fixed(reading->array, is_f32 ? (const void *)&f32 : (const void *)&f64, reading->err);
}

static enum vf_status read_temporal(struct reading *reading)
{
    enum vf_kind kind = reading->array->type.kind;
    const char *text = reading->text;
    int32_t days = 0;
    int64_t time = 0;
    struct vf_interval interval = {0};
    const void *value = &time;
    bool is_good = reading->is_string;
    if (kind == VF_K_DATE) {
        is_good = is_good && vf_date_parse(text, reading->size_bytes, &days);
        value = &days;
    } else if (kind == VF_K_TIME) {
        is_good = is_good && vf_time_parse(text, reading->size_bytes, &time);
    } else if (kind == VF_K_INTERVAL) {
        is_good = is_good && vf_interval_parse(text, reading->size_bytes, &interval);
        value = &interval;
    } else {
        is_good = is_good && vf_timestamp_parse(text, reading->size_bytes, kind == VF_K_TIMESTAMPTZ, &time);
    }
    return is_good ? vf_array_add_fixed(reading->array, value, reading->err)
                   : unfit(reading, "it isn't a date or time as the column has it");
}

static enum vf_status read_uuid(struct reading *reading)
{
    uint8_t uuid[16];
    if (!reading->is_string || !vf_uuid_parse(reading->text, reading->size_bytes, uuid))
        return unfit(reading, "it isn't a uuid");
    return vf_array_add_fixed(reading->array, uuid, reading->err);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum vf_status read_hex(struct reading *reading)
{
    const char *digits = reading->text + 2;
    struct vf_array *array = reading->array;
    if (!reading->is_string || reading->size_bytes < 2 || reading->size_bytes % 2 != 0 ||
        memcmp(reading->text, "\\x", 2) != 0)
        return unfit(reading, "it isn't a string of \\x and hexadecimal digits");
    size_t size_bytes = reading->size_bytes / 2 - 1;
    if (array->layout == VF_LAYOUT_FIXED && size_bytes != array->width)
        return unfit(reading, "it has another number of bytes");
    for (size_t i = 0; i < 2 * size_bytes; i++) {
        if (hex_digit(digits[i]) < 0)
            return unfit(reading, "it isn't a string of \\x and hexadecimal digits");
    }
    uint8_t *bytes = vf_array_grow(array, size_bytes, reading->err);
    if (bytes == NULL)
        return VF_NOMEM;
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
    return VF_OK;
}

static enum vf_status parse_vector(struct reading *reading, void *out, size_t max_dim, size_t *dim)
{
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .expected_dim = reading->array->type.dim};
    enum vf_element element = reading->array->type.element;
    if (element == VF_E_F32)
        return vf_vector_text_read_f32(reading->text, reading->size_bytes, &options, out, max_dim, dim, NULL);
    if (element == VF_E_F64)
        return vf_vector_text_read_f64(reading->text, reading->size_bytes, &options, out, max_dim, dim, NULL);
    if (element == VF_E_I8)
        return vf_vector_text_read_i8(reading->text, reading->size_bytes, &options, out, max_dim, dim, NULL);
    return VF_VALUE;
}

static enum vf_status read_vector(struct reading *reading)
{
    enum vf_element element = reading->array->type.element;
    size_t max_dim = reading->is_string ? 0 : vf_vector_text_count(reading->text, reading->size_bytes), dim = 0;
    if (reading->is_string)
        return read_hex(reading);
    if (max_dim == 0)
        return unfit(reading, "it isn't a vector");
    if (reading->array->type.dim != 0 && max_dim != reading->array->type.dim)
        return unfit(reading, "it is a vector of another dimension");
    /* Into memory of its own first: what was appended to the array can't be taken back. */
    void *values = vf_alloc(max_dim, vf_element_bytes(element, 1) > 0 ? vf_element_bytes(element, 1) : 8);
    if (values == NULL)
        return vf_error_nomem(reading->err);
    enum vf_status status = parse_vector(reading, values, max_dim, &dim);
    if (status != VF_OK)
        status = unfit(reading, "it isn't a vector of such numbers");
    else if (reading->array->layout == VF_LAYOUT_FIXED)
        status = vf_array_add_fixed(reading->array, values, reading->err);
    else
        status = vf_array_add_bytes(reading->array, values, vf_element_bytes(element, dim), reading->err);
    vf_free(values);
    return status;
}

/* {"$json": "text"}: the text's token; else NULL. */
static const char *marked_text(const char *text, size_t size_bytes, size_t *token_bytes)
{
    struct vf_json_walk walk;
    struct vf_json_item item, other;
    if (!begins_with_mark(text, size_bytes) || !vf_json_walk_begin(&walk, text, size_bytes) ||
        !vf_json_walk_next(&walk, &item) || vf_json_walk_next(&walk, &other))
        return NULL;
    *token_bytes = item.value_bytes;
    return item.value;
}

static enum vf_status read_json(struct reading *reading, const char *value, size_t value_bytes, struct vf_buf *scratch)
{
    size_t token_bytes = 0;
    const char *token = marked_text(value, value_bytes, &token_bytes);
    vf_buf_clear(scratch);
    vf_buf_str(scratch, "");
    if (token == NULL)
        vf_json_text_lay(value, value_bytes, reading->array->type.kind == VF_K_JSON ? VF_JSON_SPACED : VF_JSON_COMPACT,
                         0, scratch);
    else if (!vf_json_text_string(token, token_bytes, scratch))
        return unfit(reading, "\"$json\" isn't a string");
    enum vf_status status = vf_buf_check(scratch, reading->err);
    return status != VF_OK ? status
                           : vf_array_add_bytes(reading->array, scratch->data, scratch->size_bytes, reading->err);
}

static bool is_decimal(const char *text, size_t size_bytes)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < 3; i++) {
        if (size_bytes == strlen(words[i]) && memcmp(text, words[i], size_bytes) == 0)
            return true;
    }
    return vf_is_decimal(text, size_bytes) && memchr(text, 'e', size_bytes) == NULL &&
           memchr(text, 'E', size_bytes) == NULL;
}

static enum vf_status read_text(struct reading *reading)
{
    bool wants_decimal = reading->array->type.kind == VF_K_DECIMAL;
    if (wants_decimal && !is_decimal(reading->text, reading->size_bytes))
        return unfit(reading, "it isn't a decimal number without an exponent");
    if (!reading->is_string && !wants_decimal)
        return unfit(reading, "it isn't a string");
    return vf_array_add_bytes(reading->array, reading->text, reading->size_bytes, reading->err);
}

static enum vf_status (*const readers[VF_KIND_COUNT])(struct reading *) = {
    [VF_K_BOOL] = read_bool,         [VF_K_I8] = read_integer,         [VF_K_I16] = read_integer,
    [VF_K_I32] = read_integer,       [VF_K_I64] = read_integer,        [VF_K_F32] = read_float,
    [VF_K_F64] = read_float,         [VF_K_DECIMAL] = read_text,       [VF_K_TEXT] = read_text,
    [VF_K_BLOB] = read_hex,          [VF_K_UUID] = read_uuid,          [VF_K_DATE] = read_temporal,
    [VF_K_TIME] = read_temporal,     [VF_K_TIMESTAMP] = read_temporal, [VF_K_TIMESTAMPTZ] = read_temporal,
    [VF_K_INTERVAL] = read_temporal, [VF_K_JSON] = read_text,          [VF_K_ENUM] = read_text,
    [VF_K_ARRAY] = read_text,        [VF_K_OTHER] = read_text,         [VF_K_VECTOR] = read_vector,
    [VF_K_SPARSE] = read_hex,
};

enum vf_status vf_files_value_read(const char *text, size_t size_bytes, struct vf_array *array, struct vf_buf *scratch,
                                   const char **why, struct vf_error *err)
{
    struct reading reading = {.text = text, .size_bytes = size_bytes, .array = array, .err = err};
    enum vf_status status = VF_OK;
    if (size_bytes == 4 && memcmp(text, "null", 4) == 0)
        return vf_array_add_null(array, err);
    reading.is_string = text[0] == '"';
    if (array->type.kind == VF_K_JSON || array->type.kind == VF_K_ARRAY) {
        status = read_json(&reading, text, size_bytes, scratch);
    } else if (reading.is_string) {
        vf_buf_clear(scratch);
        vf_buf_str(scratch, "");
        bool is_text = vf_json_text_string(text, size_bytes, scratch);
        status = vf_buf_check(scratch, err);
        reading.text = scratch->data != NULL ? scratch->data : "";
        reading.size_bytes = scratch->size_bytes;
        if (status == VF_OK)
            status = is_text ? readers[array->type.kind](&reading) : unfit(&reading, "half of a surrogate pair");
    } else {
        status = readers[array->type.kind](&reading);
    }
    *why = reading.why;
    return status;
}
