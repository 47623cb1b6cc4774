/* Nested values from their JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/put.h"
#include "engine/duckdb/text.h"
#include "model/json_text.h"

static enum vf_status put_value(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                struct vf_buf *scratch, struct vf_error *err);

bool vf_duckdb_is_nested(const struct vf_duckdb_logical *logical)
{
    duckdb_type id = logical->id;
    return id == DUCKDB_TYPE_LIST || id == DUCKDB_TYPE_ARRAY || id == DUCKDB_TYPE_STRUCT || id == DUCKDB_TYPE_MAP ||
           id == DUCKDB_TYPE_UNION;
}

/* ---- places ---- */

static struct vf_duckdb_slot slot_at(const struct vf_duckdb_slot *of, const struct vf_duckdb_logical *logical,
                                     duckdb_vector vector, idx_t at)
{
    return (struct vf_duckdb_slot){
        .lib = of->lib, .logical = logical, .vector = vector, .data = of->lib->vector_get_data(vector), .at = at};
}

/* Member `i` of a struct or union; in a union the first vector of the struct is the number of the member that counts. */
static struct vf_duckdb_slot member_of(const struct vf_duckdb_slot *slot, size_t i)
{
    size_t before = slot->logical->id == DUCKDB_TYPE_UNION;
    return slot_at(slot, &slot->logical->children[i], slot->lib->struct_vector_get_child(slot->vector, i + before),
                   slot->at);
}

static void set_valid(const struct vf_duckdb_slot *slot)
{
    uint64_t *validity = slot->lib->vector_get_validity(slot->vector);
    if (validity != NULL)
        validity[slot->at >> 6] |= UINT64_C(1) << (slot->at & 63);
}

static void set_invalid(const struct vf_duckdb_library *lib, duckdb_vector vector, idx_t at)
{
    lib->vector_ensure_validity_writable(vector);
    lib->vector_get_validity(vector)[at >> 6] &= ~(UINT64_C(1) << (at & 63));
}

static void put_no_tag(const struct vf_duckdb_slot *slot)
{
    duckdb_vector tags = slot->lib->struct_vector_get_child(slot->vector, 0);
    ((uint8_t *)slot->lib->vector_get_data(tags))[slot->at] = 0;
    set_invalid(slot->lib, tags, slot->at);
}

void vf_duckdb_put_null(const struct vf_duckdb_slot *slot)
{
    const struct vf_duckdb_logical *logical = slot->logical;
    set_invalid(slot->lib, slot->vector, slot->at);
    switch ((int)logical->id) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
        ((duckdb_list_entry *)slot->data)[slot->at] =
            (duckdb_list_entry){slot->lib->list_vector_get_size(slot->vector), 0};
        break;
    case DUCKDB_TYPE_ARRAY:
        for (idx_t i = 0; i < logical->array_size; i++) {
            const struct vf_duckdb_slot element =
                slot_at(slot, &logical->children[0], slot->lib->array_vector_get_child(slot->vector),
                        slot->at * logical->array_size + i);
            vf_duckdb_put_null(&element);
        }
        break;
    case DUCKDB_TYPE_UNION:
    case DUCKDB_TYPE_STRUCT:
        if (logical->id == DUCKDB_TYPE_UNION)
            put_no_tag(slot);
        for (size_t i = 0; i < logical->n_children; i++) {
            const struct vf_duckdb_slot member = member_of(slot, i);
            vf_duckdb_put_null(&member);
        }
        break;
    default: /* zeros instead of what the memory held, which may be the address of a text that is gone */
        memset((uint8_t *)slot->data + slot->at * vf_duckdb_width(logical), 0, vf_duckdb_width(logical));
        break;
    }
}

/* One more element at the end of the list's vector, NULL until something is put there. */
static enum vf_status grow(const struct vf_duckdb_slot *slot, idx_t *at, struct vf_error *err)
{
    *at = slot->lib->list_vector_get_size(slot->vector);
    if (slot->lib->list_vector_reserve(slot->vector, *at + 1) != DuckDBSuccess ||
        slot->lib->list_vector_set_size(slot->vector, *at + 1) != DuckDBSuccess)
        return vf_error_nomem(err);
    return VF_OK;
}

/* ---- kinds of values ---- */

static enum vf_status expected(const char *what, const char *json, size_t size_bytes, struct vf_error *err)
{
    char shown[64];
    return vf_error_set(err, VF_VALUE, "%s is expected, and not %s", what,
                        vf_printable(json, size_bytes, shown, sizeof(shown)));
}

static enum vf_status put_scalar(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                 struct vf_buf *scratch, struct vf_error *err)
{
    if (json[0] == '{' || json[0] == '[' || (json[0] != '"' && !vf_duckdb_is_bare(slot->logical))) {
        char name[32];
        return expected(vf_duckdb_logical_name(slot->logical, name), json, size_bytes, err);
    }
    if (json[0] != '"')
        return vf_duckdb_put_text(slot, json, size_bytes, err);
    vf_buf_clear(scratch);
    if (!vf_json_text_string(json, size_bytes, scratch))
        return vf_error_set(err, VF_VALUE, "half of a surrogate pair, which no UTF-8 text can hold");
    enum vf_status status = vf_buf_check(scratch, err);
    return status == VF_OK
               ? vf_duckdb_put_text(slot, scratch->data != NULL ? scratch->data : "", scratch->size_bytes, err)
               : status;
}

static enum vf_status put_list(const struct vf_duckdb_slot *slot, struct vf_json_walk *walk, struct vf_buf *scratch,
                               struct vf_error *err)
{
    struct vf_json_item item;
    enum vf_status status = VF_OK;
    idx_t first = slot->lib->list_vector_get_size(slot->vector), n = 0;
    for (; status == VF_OK && vf_json_walk_next(walk, &item); n++) {
        idx_t at = 0;
        status = grow(slot, &at, err);
        if (status != VF_OK)
            break;
        const struct vf_duckdb_slot element =
            slot_at(slot, &slot->logical->children[0], slot->lib->list_vector_get_child(slot->vector), at);
        status = put_value(&element, item.value, item.value_bytes, scratch, err);
        if (status == VF_VALUE)
            vf_error_wrap(err, "element %llu", (unsigned long long)n);
    }
    ((duckdb_list_entry *)slot->data)[slot->at] = (duckdb_list_entry){first, n};
    return status;
}

static enum vf_status put_array(const struct vf_duckdb_slot *slot, struct vf_json_walk *walk, struct vf_buf *scratch,
                                struct vf_error *err)
{
    struct vf_json_item item;
    enum vf_status status = VF_OK;
    idx_t size = slot->logical->array_size, n = 0;
    for (; status == VF_OK && vf_json_walk_next(walk, &item); n++) {
        if (n >= size)
            continue;
        const struct vf_duckdb_slot element = slot_at(
            slot, &slot->logical->children[0], slot->lib->array_vector_get_child(slot->vector), slot->at * size + n);
        status = put_value(&element, item.value, item.value_bytes, scratch, err);
        if (status == VF_VALUE)
            vf_error_wrap(err, "element %llu", (unsigned long long)n);
    }
    if (status == VF_OK && n != size)
        return vf_error_set(err, VF_VALUE, "%llu elements are expected, and not %llu", (unsigned long long)size,
                            (unsigned long long)n);
    return status;
}

/* Is the string token this name? */
static bool is_named(const struct vf_json_item *item, const char *name, struct vf_buf *scratch)
{
    vf_buf_clear(scratch);
    return vf_json_text_string(item->name, item->name_bytes, scratch) && scratch->status == VF_OK &&
           scratch->size_bytes == strlen(name) &&
           (scratch->size_bytes == 0 || memcmp(scratch->data, name, scratch->size_bytes) == 0);
}

static enum vf_status put_member(const struct vf_duckdb_slot *slot, size_t i, const struct vf_json_item *item,
                                 struct vf_buf *scratch, struct vf_error *err)
{
    const struct vf_duckdb_slot member = member_of(slot, i);
    enum vf_status status = put_value(&member, item->value, item->value_bytes, scratch, err);
    if (status == VF_VALUE)
        vf_error_wrap(err, "member \"%s\"", slot->logical->names[i]);
    return status;
}

static enum vf_status put_struct(const struct vf_duckdb_slot *slot, struct vf_json_walk *walk, struct vf_buf *scratch,
                                 struct vf_error *err)
{
    const struct vf_duckdb_logical *logical = slot->logical;
    struct vf_json_item item;
    char shown[64];
    for (size_t i = 0; i < logical->n_children; i++) {
        if (!vf_json_walk_next(walk, &item))
            return vf_error_set(err, VF_VALUE, "member \"%s\" is missing", logical->names[i]);
        if (!is_named(&item, logical->names[i], scratch))
            return vf_error_set(err, VF_VALUE, "member \"%s\" is expected, and not %s", logical->names[i],
                                vf_printable(item.name, item.name_bytes, shown, sizeof(shown)));
        enum vf_status status = put_member(slot, i, &item, scratch, err);
        if (status != VF_OK)
            return status;
    }
    if (vf_json_walk_next(walk, &item))
        return vf_error_set(err, VF_VALUE, "the type has no member %s",
                            vf_printable(item.name, item.name_bytes, shown, sizeof(shown)));
    return VF_OK;
}

static enum vf_status put_union(const struct vf_duckdb_slot *slot, struct vf_json_walk *walk, struct vf_buf *scratch,
                                struct vf_error *err)
{
    const struct vf_duckdb_logical *logical = slot->logical;
    struct vf_json_item item, second;
    size_t tag = 0;
    char shown[64];
    if (!vf_json_walk_next(walk, &item) || vf_json_walk_next(walk, &second))
        return vf_error_set(err, VF_VALUE, "a union has exactly one member");
    while (tag < logical->n_children && !is_named(&item, logical->names[tag], scratch))
        tag++;
    if (tag == logical->n_children)
        return vf_error_set(err, VF_VALUE, "the type has no member %s",
                            vf_printable(item.name, item.name_bytes, shown, sizeof(shown)));
    for (size_t i = 0; i < logical->n_children; i++) {
        const struct vf_duckdb_slot member = member_of(slot, i);
        if (i != tag)
            vf_duckdb_put_null(&member);
    }
    static const struct vf_duckdb_logical tag_type = {.id = DUCKDB_TYPE_UTINYINT};
    const struct vf_duckdb_slot number =
        slot_at(slot, &tag_type, slot->lib->struct_vector_get_child(slot->vector, 0), slot->at);
    set_valid(&number);
    ((uint8_t *)number.data)[slot->at] = (uint8_t)tag;
    return put_member(slot, tag, &item, scratch, err);
}

/* ---- maps ---- */

struct token {
    const char *text;
    size_t size_bytes;
};

static int compare_tokens(const void *a, const void *b)
{
    const struct token *left = a, *right = b;
    size_t shared = left->size_bytes < right->size_bytes ? left->size_bytes : right->size_bytes;
    int order = memcmp(left->text, right->text, shared);
    return order != 0 ? order : (left->size_bytes > right->size_bytes) - (left->size_bytes < right->size_bytes);
}

/* Key and value of an entry, which is a member of an object or an array of two. */
static bool split_pair(const struct vf_json_item *entry, bool is_object, struct vf_json_item *pair)
{
    struct vf_json_walk walk;
    struct vf_json_item first, second, third;
    if (is_object) {
        *pair = *entry;
        return true;
    }
    if (entry->value[0] != '[' || !vf_json_walk_begin(&walk, entry->value, entry->value_bytes) ||
        !vf_json_walk_next(&walk, &first) || !vf_json_walk_next(&walk, &second) || vf_json_walk_next(&walk, &third))
        return false;
    *pair = (struct vf_json_item){first.value, first.value_bytes, second.value, second.value_bytes};
    return true;
}

/* The one writing of each value makes equal keys equal texts; but for zero, which has two as a float. */
static struct token key_token(const struct vf_duckdb_logical *key, const struct vf_json_item *pair)
{
    bool is_float = key->id == DUCKDB_TYPE_FLOAT || key->id == DUCKDB_TYPE_DOUBLE;
    size_t skip = is_float && pair->name_bytes == 2 && memcmp(pair->name, "-0", 2) == 0;
    return (struct token){pair->name + skip, pair->name_bytes - skip};
}

static enum vf_status check_keys(const struct vf_duckdb_slot *slot, struct vf_json_walk walk, struct vf_error *err)
{
    struct vf_json_walk counting = walk;
    struct vf_json_item entry, pair;
    enum vf_status status = VF_OK;
    size_t n = 0, n_keys = 0;
    char shown[64];
    while (vf_json_walk_next(&counting, &entry))
        n++;
    struct token *keys = vf_calloc(n + 1, sizeof(*keys));
    if (keys == NULL)
        return vf_error_nomem(err);
    while (status == VF_OK && vf_json_walk_next(&walk, &entry)) {
        if (!split_pair(&entry, walk.is_object, &pair))
            status = expected("[key, value]", entry.value, entry.value_bytes, err);
        else
            keys[n_keys++] = key_token(&slot->logical->children[0], &pair);
    }
    qsort(keys, n_keys, sizeof(*keys), compare_tokens);
    for (size_t i = 1; status == VF_OK && i < n_keys; i++) {
        if (compare_tokens(&keys[i - 1], &keys[i]) == 0)
            status = vf_error_set(err, VF_VALUE, "the map has the key %s twice",
                                  vf_printable(keys[i].text, keys[i].size_bytes, shown, sizeof(shown)));
    }
    vf_free(keys);
    return status;
}

static enum vf_status put_pair(const struct vf_duckdb_slot *slot, const struct vf_json_item *pair, idx_t at,
                               struct vf_buf *scratch, struct vf_error *err)
{
    const struct vf_duckdb_logical *types = slot->logical->children;
    duckdb_vector entries = slot->lib->list_vector_get_child(slot->vector);
    const struct vf_duckdb_logical entry_type = {
        .id = DUCKDB_TYPE_STRUCT, .n_children = 2, .children = slot->logical->children};
    const struct vf_duckdb_slot entry = slot_at(slot, &entry_type, entries, at);
    const struct vf_duckdb_slot key = slot_at(slot, &types[0], slot->lib->struct_vector_get_child(entries, 0), at);
    const struct vf_duckdb_slot value = slot_at(slot, &types[1], slot->lib->struct_vector_get_child(entries, 1), at);
    char shown[64];
    vf_duckdb_put_null(&entry);
    set_valid(&entry);
    if (pair->name_bytes == 4 && memcmp(pair->name, "null", 4) == 0)
        return vf_error_set(err, VF_VALUE, "the map has a key that is NULL");
    enum vf_status status = put_value(&key, pair->name, pair->name_bytes, scratch, err);
    if (status == VF_OK)
        status = put_value(&value, pair->value, pair->value_bytes, scratch, err);
    if (status == VF_VALUE)
        vf_error_wrap(err, "key %s", vf_printable(pair->name, pair->name_bytes, shown, sizeof(shown)));
    return status;
}

static enum vf_status put_map(const struct vf_duckdb_slot *slot, struct vf_json_walk *walk, struct vf_buf *scratch,
                              struct vf_error *err)
{
    struct vf_json_item entry, pair;
    idx_t first = slot->lib->list_vector_get_size(slot->vector), n = 0;
    enum vf_status status = check_keys(slot, *walk, err);
    for (; status == VF_OK && vf_json_walk_next(walk, &entry); n++) {
        idx_t at = 0;
        status = grow(slot, &at, err);
        if (status == VF_OK && split_pair(&entry, walk->is_object, &pair))
            status = put_pair(slot, &pair, at, scratch, err);
    }
    ((duckdb_list_entry *)slot->data)[slot->at] = (duckdb_list_entry){first, n};
    return status;
}

/* ---- any value ---- */

static enum vf_status put_nested(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                 struct vf_buf *scratch, struct vf_error *err)
{
    const struct vf_duckdb_logical *logical = slot->logical;
    bool is_map = logical->id == DUCKDB_TYPE_MAP;
    bool is_object = logical->id == DUCKDB_TYPE_STRUCT || logical->id == DUCKDB_TYPE_UNION ||
                     (is_map && logical->children[0].id == DUCKDB_TYPE_VARCHAR);
    struct vf_json_walk walk;
    if (!vf_json_walk_begin(&walk, json, size_bytes) || walk.is_object != is_object)
        return expected(is_object ? "an object" : "an array", json, size_bytes, err);
    switch ((int)logical->id) {
    case DUCKDB_TYPE_LIST:
        return put_list(slot, &walk, scratch, err);
    case DUCKDB_TYPE_ARRAY:
        return put_array(slot, &walk, scratch, err);
    case DUCKDB_TYPE_STRUCT:
        return put_struct(slot, &walk, scratch, err);
    case DUCKDB_TYPE_UNION:
        return put_union(slot, &walk, scratch, err);
    default:
        return put_map(slot, &walk, scratch, err);
    }
}

static enum vf_status put_value(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                struct vf_buf *scratch, struct vf_error *err)
{
    if (size_bytes == 4 && memcmp(json, "null", 4) == 0) {
        vf_duckdb_put_null(slot);
        return VF_OK;
    }
    set_valid(slot);
    enum vf_status status = vf_duckdb_is_nested(slot->logical) ? put_nested(slot, json, size_bytes, scratch, err)
                                                               : put_scalar(slot, json, size_bytes, scratch, err);
    if (status != VF_OK) /* all of the vectors is read when the chunk is handed over: nothing may be left half made */
        vf_duckdb_put_null(slot);
    return status;
}

/* What DuckDB would give back is the judge of what was put. */
static enum vf_status compare(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                              struct vf_buf *scratch, struct vf_error *err)
{
    struct vf_duckdb_values values;
    char shown[128];
    vf_duckdb_values_init(&values, slot->lib, slot->logical, slot->vector);
    vf_buf_clear(scratch);
    enum vf_status status = vf_duckdb_json(&values, slot->at, scratch, err);
    if (status == VF_OK)
        status = vf_buf_check(scratch, err);
    if (status != VF_OK || (scratch->size_bytes == size_bytes && memcmp(scratch->data, json, size_bytes) == 0))
        return status;
    return vf_error_set(err, VF_VALUE, "the value would come back as %s",
                        vf_printable(scratch->data, scratch->size_bytes, shown, sizeof(shown)));
}

enum vf_status vf_duckdb_put_json(const struct vf_duckdb_slot *slot, const char *json, size_t size_bytes,
                                  struct vf_buf *scratch, struct vf_error *err)
{
    size_t offset = 0;
    const char *wrong = vf_json_text_check(json, size_bytes, &offset);
    enum vf_status status = VF_OK;
    if (wrong != NULL)
        status = vf_error_set(err, VF_VALUE, "byte %zu isn't JSON: %s", offset, wrong);
    else if (size_bytes == 4 && memcmp(json, "null", 4) == 0)
        status = vf_error_set(err, VF_VALUE, "null of JSON would come back as a missing value");
    if (status == VF_OK)
        status = put_value(slot, json, size_bytes, scratch, err);
    if (status == VF_OK)
        status = compare(slot, json, size_bytes, scratch, err);
    if (status != VF_OK)
        vf_duckdb_put_null(slot);
    return status;
}
