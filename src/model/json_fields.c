#include "model/json_fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "model/type.h"

static size_t count_of(const void *object, const struct vf_json_field *field)
{
    size_t count;

    memcpy(&count, (const char *)object + field->count_offset, sizeof(count));
    return count;
}

/* The pointer that an array field is. */
static const void *array_of(const void *object, const struct vf_json_field *field)
{
    const void *array;

    memcpy(&array, (const char *)object + field->offset, sizeof(array));
    return array;
}

static const char *word_of(const struct vf_json_words *words, unsigned value)
{
    if (words->word != NULL)
        return words->word(value);
    return value < words->n_words ? words->words[value] : "unknown";
}

/* ---- writing ---- */

static void put_text(const char *text, struct vf_buf *out)
{
    if (text == NULL)
        vf_buf_str(out, "null");
    else
        vf_buf_json_string(out, text, strlen(text));
}

static void put_double(double value, struct vf_buf *out)
{
    char text[32];
    size_t size_bytes = vf_format_f64(value, text);

    if (isfinite(value))
        vf_buf_add(out, text, size_bytes);
    else
        vf_buf_json_string(out, text, size_bytes);
}

static void put_structs(const void *object, const struct vf_json_field *field, bool with_evidence, struct vf_buf *out)
{
    const char *array = array_of(object, field);

    vf_buf_char(out, '[');
    for (size_t i = 0; i < count_of(object, field); i++) {
        if (i > 0)
            vf_buf_char(out, ',');
        vf_json_write_object(array + i * field->shape->size_bytes, field->shape, with_evidence, out);
    }
    vf_buf_char(out, ']');
}

static void put_items(const void *object, const struct vf_json_field *field, struct vf_buf *out)
{
    const void *array = array_of(object, field);
    size_t n = array != NULL ? count_of(object, field) : 0;

    vf_buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            vf_buf_char(out, ',');
        if (field->kind == VF_JSON_TEXTS)
            put_text(((const char *const *)array)[i], out);
        else
            vf_buf_printf(out, "%d", ((const int *)array)[i]);
    }
    vf_buf_char(out, ']');
}

static void put_type(const struct vf_type *type, struct vf_buf *out)
{
    char text[48];

    put_text(vf_type_format(*type, text), out);
}

static void put_field(const void *object, const struct vf_json_field *field, bool with_evidence, struct vf_buf *out)
{
    const void *at = (const char *)object + field->offset;

    switch (field->kind) {
    case VF_JSON_TEXT:
        put_text(*(const char *const *)at, out);
        return;
    case VF_JSON_BOOL:
        vf_buf_str(out, *(const bool *)at ? "true" : "false");
        return;
    case VF_JSON_INT:
        vf_buf_printf(out, "%d", *(const int *)at);
        return;
    case VF_JSON_I64:
        vf_buf_printf(out, "%" PRId64, *(const int64_t *)at);
        return;
    case VF_JSON_U32:
        vf_buf_printf(out, "%" PRIu32, *(const uint32_t *)at);
        return;
    case VF_JSON_F64:
        put_double(*(const double *)at, out);
        return;
    case VF_JSON_WORD:
        put_text(word_of(field->words, *(const unsigned *)at), out);
        return;
    case VF_JSON_TYPE:
        put_type(at, out);
        return;
    case VF_JSON_STRUCT:
        vf_json_write_object(at, field->shape, with_evidence, out);
        return;
    case VF_JSON_STRUCTS:
        put_structs(object, field, with_evidence, out);
        return;
    case VF_JSON_TEXTS:
    case VF_JSON_INTS:
        put_items(object, field, out);
        return;
    }
}

static bool is_unset(const void *object, const struct vf_json_field *field)
{
    const unsigned char *bytes = (const unsigned char *)object + field->offset;

    if (field->kind == VF_JSON_STRUCTS)
        return *(const size_t *)(const void *)((const char *)object + field->count_offset) == 0;
    if (field->kind == VF_JSON_TEXT)
        return *(const char *const *)(const void *)bytes == NULL;
    if (field->kind == VF_JSON_BOOL)
        return !*(const bool *)(const void *)bytes;
    for (size_t i = 0; i < field->shape->size_bytes; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

void vf_json_write_object(const void *object, const struct vf_json_shape *shape, bool with_evidence, struct vf_buf *out)
{
    bool first = true;

    vf_buf_char(out, '{');
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct vf_json_field *field = &shape->fields[i];
        if ((field->is_evidence && !with_evidence) || (field->is_sparse && is_unset(object, field)))
            continue;
        if (!first)
            vf_buf_char(out, ',');
        first = false;
        put_text(field->name, out);
        vf_buf_char(out, ':');
        put_field(object, field, with_evidence, out);
    }
    vf_buf_char(out, '}');
}

/* ---- reading ---- */

static enum vf_status wrong(const struct vf_json_field *field, const char *wanted, struct vf_error *err)
{
    return vf_error_set(err, VF_USAGE, "\"%s\" isn't %s", field->name, wanted);
}

static enum vf_status get_text(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                               const char **text, struct vf_error *err)
{
    if (!json_is_string(json))
        return wrong(field, "a string", err);
    *text = vf_arena_strdup(arena, json_string_value(json));
    return *text != NULL ? VF_OK : vf_error_nomem(err);
}

static enum vf_status get_integer(const json_t *json, const struct vf_json_field *field, int64_t min, int64_t max,
                                  int64_t *value, struct vf_error *err)
{
    if (!json_is_integer(json))
        return wrong(field, "a whole number", err);
    *value = json_integer_value(json);
    if (*value < min || *value > max)
        return vf_error_set(err, VF_USAGE, "\"%s\" is out of range: %" PRId64, field->name, *value);
    return VF_OK;
}

static enum vf_status get_double(const json_t *json, const struct vf_json_field *field, double *value,
                                 struct vf_error *err)
{
    bool is_word = json_is_string(json) && vf_parse_f64(json_string_value(json), json_string_length(json), value);

    if (json_is_number(json))
        *value = json_number_value(json);
    else if (!is_word)
        return wrong(field, "a number", err);
    return VF_OK;
}

static enum vf_status get_word(const json_t *json, const struct vf_json_field *field, unsigned *value,
                               struct vf_error *err)
{
    if (!json_is_string(json))
        return wrong(field, "a string", err);
    for (unsigned i = 0; i < field->words->n_words; i++) {
        if (strcmp(word_of(field->words, i), json_string_value(json)) == 0) {
            *value = i;
            return VF_OK;
        }
    }
    return vf_error_set(err, VF_USAGE, "\"%s\" isn't known: '%s'", field->name, json_string_value(json));
}

static enum vf_status get_type(const json_t *json, const struct vf_json_field *field, struct vf_type *type,
                               struct vf_error *err)
{
    if (!json_is_string(json))
        return wrong(field, "a string", err);
    if (!vf_type_parse(json_string_value(json), type))
        return vf_error_set(err, VF_USAGE, "\"%s\" isn't known: '%s'", field->name, json_string_value(json));
    return VF_OK;
}

/* Arrays that grow by one have room for the next power of two (model/schema.c), so what is read here gets as much. */
static size_t capacity_of(size_t n)
{
    size_t capacity = 1;

    while (capacity < n)
        capacity *= 2;
    return capacity;
}

/* Memory for the elements of an array field, and its count; another array that shares the count must have been of the same length. */
static enum vf_status begin_array(const json_t *json, const struct vf_json_field *field, size_t element_bytes,
                                  struct vf_arena *arena, void *object, void **array, struct vf_error *err)
{
    size_t n = json_array_size(json);

    if (!json_is_array(json))
        return wrong(field, "an array", err);
    if (count_of(object, field) != 0 && count_of(object, field) != n)
        return vf_error_set(err, VF_USAGE, "\"%s\" has %zu elements instead of %zu", field->name, n,
                            count_of(object, field));
    *array = NULL;
    if (n > 0)
        *array = vf_arena_alloc(arena, capacity_of(n), element_bytes);
    if (n > 0 && *array == NULL)
        return vf_error_nomem(err);
    memcpy((char *)object + field->offset, array, sizeof(*array));
    memcpy((char *)object + field->count_offset, &n, sizeof(n));
    return VF_OK;
}

static enum vf_status get_structs(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                                  void *object, struct vf_error *err)
{
    size_t element_bytes = field->shape->size_bytes;
    void *array = NULL;
    enum vf_status status = begin_array(json, field, element_bytes, arena, object, &array, err);

    for (size_t i = 0; status == VF_OK && i < json_array_size(json); i++) {
        status =
            vf_json_read_object(json_array_get(json, i), field->shape, arena, (char *)array + i * element_bytes, err);
        if (status != VF_OK)
            vf_error_wrap(err, "%s[%zu]", field->name, i);
    }
    return status;
}

static enum vf_status get_texts(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                                void *object, struct vf_error *err)
{
    void *array = NULL;
    enum vf_status status = begin_array(json, field, sizeof(const char *), arena, object, &array, err);

    for (size_t i = 0; status == VF_OK && i < json_array_size(json); i++)
        status = get_text(json_array_get(json, i), field, arena, &((const char **)array)[i], err);
    return status;
}

static enum vf_status get_ints(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                               void *object, struct vf_error *err)
{
    void *array = NULL;
    enum vf_status status = begin_array(json, field, sizeof(int), arena, object, &array, err);

    for (size_t i = 0; status == VF_OK && i < json_array_size(json); i++) {
        int64_t value = 0;
        status = get_integer(json_array_get(json, i), field, INT32_MIN, INT32_MAX, &value, err);
        ((int *)array)[i] = (int)value;
    }
    return status;
}

static enum vf_status get_struct(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                                 void *at, struct vf_error *err)
{
    enum vf_status status = vf_json_read_object(json, field->shape, arena, at, err);

    if (status != VF_OK)
        vf_error_wrap(err, "%s", field->name);
    return status;
}

static enum vf_status get_field(const json_t *json, const struct vf_json_field *field, struct vf_arena *arena,
                                void *object, struct vf_error *err)
{
    void *at = (char *)object + field->offset;
    int64_t value = 0;
    enum vf_status status = VF_OK;

    switch (field->kind) {
    case VF_JSON_TEXT:
        return get_text(json, field, arena, at, err);
    case VF_JSON_BOOL:
        *(bool *)at = json_is_true(json);
        return json_is_boolean(json) ? VF_OK : wrong(field, "true or false", err);
    case VF_JSON_INT:
        status = get_integer(json, field, INT32_MIN, INT32_MAX, &value, err);
        *(int *)at = (int)value;
        return status;
    case VF_JSON_I64:
        return get_integer(json, field, INT64_MIN, INT64_MAX, at, err);
    case VF_JSON_U32:
        status = get_integer(json, field, 0, UINT32_MAX, &value, err);
        *(uint32_t *)at = (uint32_t)value;
        return status;
    case VF_JSON_F64:
        return get_double(json, field, at, err);
    case VF_JSON_WORD:
        return get_word(json, field, at, err);
    case VF_JSON_TYPE:
        return get_type(json, field, at, err);
    case VF_JSON_STRUCT:
        return get_struct(json, field, arena, at, err);
    case VF_JSON_STRUCTS:
        return get_structs(json, field, arena, object, err);
    case VF_JSON_TEXTS:
        return get_texts(json, field, arena, object, err);
    case VF_JSON_INTS:
        return get_ints(json, field, arena, object, err);
    }
    return wrong(field, "known", err);
}

enum vf_status vf_json_read_object(const json_t *json, const struct vf_json_shape *shape, struct vf_arena *arena,
                                   void *object, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    memset(object, 0, shape->size_bytes);
    if (shape->prepare != NULL)
        shape->prepare(object);
    if (!json_is_object(json))
        return vf_error_set(err, VF_USAGE, "not a JSON object");
    for (size_t i = 0; status == VF_OK && i < shape->n_fields; i++) {
        const struct vf_json_field *field = &shape->fields[i];
        const json_t *value = json_object_get(json, field->name);
        if (value != NULL && !json_is_null(value))
            status = get_field(value, field, arena, object, err);
        else if (field->required)
            status = vf_error_set(err, VF_USAGE, "\"%s\" is missing", field->name);
    }
    return status;
}
