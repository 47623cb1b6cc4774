/* Nested values as JSON. */
#include <string.h>

#include "engine/duckdb/conn.h"
#include "engine/duckdb/text.h"

bool vf_duckdb_is_bare(const struct vf_duckdb_logical *logical)
{
    switch ((int)logical->id) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return true;
    default:
        return false;
    }
}

static enum vf_status scalar(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out, struct vf_error *err)
{
    struct vf_buf text;
    vf_buf_init(&text, VF_BUF_MAX);
    enum vf_status status = vf_duckdb_text(values, row, &text, err);
    if (status == VF_OK)
        status = vf_buf_check(&text, err);
    if (status == VF_OK) {
        const char *bytes = text.data != NULL ? text.data : "";
        bool is_number =
            vf_duckdb_is_bare(values->logical) && bytes[0] != 'N' && bytes[0] != 'I' && strncmp(bytes, "-I", 2) != 0;
        if (is_number)
            vf_buf_add(out, bytes, text.size_bytes);
        else
            vf_buf_json_string(out, bytes, text.size_bytes);
    }
    vf_buf_release(&text);
    return status;
}

static enum vf_status elements(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                               struct vf_error *err)
{
    const struct vf_duckdb_library *lib = values->lib;
    const duckdb_list_entry *entries = values->data;
    bool is_list = values->logical->id == DUCKDB_TYPE_LIST;
    idx_t n = is_list ? entries[row].length : values->logical->array_size;
    idx_t first = is_list ? entries[row].offset : row * n;
    struct vf_duckdb_values child;
    enum vf_status status = VF_OK;
    vf_duckdb_values_init(&child, lib, &values->logical->children[0],
                          is_list ? lib->list_vector_get_child(values->vector)
                                  : lib->array_vector_get_child(values->vector));
    vf_buf_char(out, '[');
    for (idx_t i = 0; status == VF_OK && i < n; i++) {
        if (i > 0)
            vf_buf_char(out, ',');
        status = vf_duckdb_json(&child, first + i, out, err);
    }
    vf_buf_char(out, ']');
    return status;
}

static enum vf_status member(const struct vf_duckdb_values *values, size_t i, size_t child, idx_t row,
                             struct vf_buf *out, struct vf_error *err)
{
    struct vf_duckdb_values value;
    vf_duckdb_values_init(&value, values->lib, &values->logical->children[i],
                          values->lib->struct_vector_get_child(values->vector, child));
    vf_buf_json_string(out, values->logical->names[i], strlen(values->logical->names[i]));
    vf_buf_char(out, ':');
    return vf_duckdb_json(&value, row, out, err);
}

static enum vf_status members(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                              struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_char(out, '{');
    for (size_t i = 0; status == VF_OK && i < values->logical->n_children; i++) {
        if (i > 0)
            vf_buf_char(out, ',');
        status = member(values, i, i, row, out, err);
    }
    vf_buf_char(out, '}');
    return status;
}

/* A union is a struct whose first member is the number of the one that counts. */
static enum vf_status tagged(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out, struct vf_error *err)
{
    const uint8_t *tags = values->lib->vector_get_data(values->lib->struct_vector_get_child(values->vector, 0));
    if (tags[row] >= values->logical->n_children)
        return vf_error_set(err, VF_VALUE, "a union without a member");
    vf_buf_char(out, '{');
    enum vf_status status = member(values, tags[row], (size_t)tags[row] + 1, row, out, err);
    vf_buf_char(out, '}');
    return status;
}

/* A map is a list of structs of key and value. */
static enum vf_status pairs(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = values->lib;
    const duckdb_list_entry *entries = values->data;
    duckdb_vector pair = lib->list_vector_get_child(values->vector);
    bool is_object = values->logical->children[0].id == DUCKDB_TYPE_VARCHAR;
    struct vf_duckdb_values key, value;
    enum vf_status status = VF_OK;
    vf_duckdb_values_init(&key, lib, &values->logical->children[0], lib->struct_vector_get_child(pair, 0));
    vf_duckdb_values_init(&value, lib, &values->logical->children[1], lib->struct_vector_get_child(pair, 1));
    vf_buf_char(out, is_object ? '{' : '[');
    for (idx_t i = 0; status == VF_OK && i < entries[row].length; i++) {
        vf_buf_str(out, i > 0 ? "," : "");
        vf_buf_str(out, is_object ? "" : "[");
        status = vf_duckdb_json(&key, entries[row].offset + i, out, err);
        vf_buf_char(out, is_object ? ':' : ',');
        if (status == VF_OK)
            status = vf_duckdb_json(&value, entries[row].offset + i, out, err);
        vf_buf_str(out, is_object ? "" : "]");
    }
    vf_buf_char(out, is_object ? '}' : ']');
    return status;
}

enum vf_status vf_duckdb_json(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                              struct vf_error *err)
{
    if (!vf_duckdb_is_valid(values->validity, row)) {
        vf_buf_str(out, "null");
        return VF_OK;
    }
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
        return elements(values, row, out, err);
    case DUCKDB_TYPE_STRUCT:
        return members(values, row, out, err);
    case DUCKDB_TYPE_UNION:
        return tagged(values, row, out, err);
    case DUCKDB_TYPE_MAP:
        return pairs(values, row, out, err);
    default:
        return scalar(values, row, out, err);
    }
}
