/*
 * Tables of files that vecferry didn't make: their columns are the members that their objects have, typed by all values.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/files/conn.h"
#include "vector/text.h"

#define MAX_COLUMNS 1600

/* What was seen of a member. */
struct member {
    const char *name;
    size_t name_bytes;
    int64_t n_files, n_null, n_bool, n_integer, n_real, n_string, n_other, n_vector;
    bool is_inexact; /* a real that isn't the shortest text of a double: it stays a decimal */
    bool is_rounded; /* an array of numbers that float32 doesn't hold */
    bool has_exponent;
    size_t dim;   /* of all arrays of numbers; 0: they differ */
    bool is_name; /* every value is the name of its file */
};

struct looking {
    const struct vf_files_conn *conn;
    struct vf_files_table *table;
    size_t n_members;
    struct member *members;
    int64_t n_files;
    int64_t n_bad; /* files that aren't objects */
    struct vf_buf text, path, scratch, name;
};

static bool is_text(const char *text, size_t size_bytes, const char *wanted)
{
    return size_bytes == strlen(wanted) && memcmp(text, wanted, size_bytes) == 0;
}

/* Does the number come back from the nearest double as it is? */
static bool is_double(const char *text, size_t size_bytes)
{
    size_t n_digits = 0;
    double value = 0;
    for (size_t i = 0; i < size_bytes; i++)
        n_digits += text[i] >= '0' && text[i] <= '9';
    char shortest[32];
    if (!vf_parse_f64(text, size_bytes, &value) || !isfinite(value))
        return false;
    return n_digits <= 15 || is_text(text, size_bytes, (vf_format_f64(value, shortest), shortest));
}

static void see_number(struct member *member, const char *text, size_t size_bytes)
{
    int64_t integer = 0;
    if (vf_parse_i64(text, size_bytes, &integer) && !is_text(text, size_bytes, "-0")) {
        member->n_integer++;
        return;
    }
    member->n_real++;
    member->is_inexact = member->is_inexact || !is_double(text, size_bytes);
    member->has_exponent =
        member->has_exponent || memchr(text, 'e', size_bytes) != NULL || memchr(text, 'E', size_bytes) != NULL;
}

/* An array of two numbers or more, all of them renderings of float32, may be a vector. */
static void see_array(struct member *member, const char *text, size_t size_bytes)
{
    struct vf_vector_text_stats stats = {0};
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .stats = &stats};
    size_t max_dim = vf_vector_text_count(text, size_bytes), dim = 0;
    float *values = max_dim >= 2 ? vf_alloc(max_dim, sizeof(*values)) : NULL;
    bool is_vector =
        values != NULL && vf_vector_text_read_f32(text, size_bytes, &options, values, max_dim, &dim, NULL) == VF_OK;
    vf_free(values);
    if (!is_vector) {
        member->n_other++;
        return;
    }
    member->is_rounded = member->is_rounded || stats.n_inexact > 0;
    member->dim = member->n_vector == 0 || member->dim == dim ? dim : 0;
    member->n_vector++;
}

static void see_value(struct looking *looking, struct member *member, const struct vf_json_item *item, const char *key)
{
    const char *text = item->value;
    size_t size_bytes = item->value_bytes;
    member->n_files++;
    if (is_text(text, size_bytes, "null"))
        member->n_null++;
    else if (text[0] == '"')
        member->n_string++;
    else if (is_text(text, size_bytes, "true") || is_text(text, size_bytes, "false"))
        member->n_bool++;
    else if (text[0] == '[')
        see_array(member, text, size_bytes);
    else if (text[0] == '{')
        member->n_other++;
    else
        see_number(member, text, size_bytes);
    if (!member->is_name)
        return;
    vf_buf_clear(&looking->scratch);
    vf_buf_clear(&looking->name);
    vf_buf_str(&looking->scratch, "");
    if (text[0] != '"' || !vf_json_text_string(text, size_bytes, &looking->scratch)) {
        vf_buf_clear(&looking->scratch);
        vf_buf_add(&looking->scratch, text, size_bytes);
    }
    /* As we would name it, or as somebody who took the value as it is. */
    vf_files_escape(looking->scratch.data != NULL ? looking->scratch.data : "", looking->scratch.size_bytes,
                    vf_files_place_key_bytes(&looking->table->place), &looking->name);
    member->is_name = is_text(key, strlen(key), looking->name.data != NULL ? looking->name.data : "") ||
                      (looking->scratch.size_bytes == strlen(key) &&
                       memcmp(key, looking->scratch.data, looking->scratch.size_bytes) == 0);
}

static enum vf_status find_member(struct looking *looking, const struct vf_json_item *item, struct member **member,
                                  struct vf_error *err)
{
    *member = NULL;
    vf_buf_clear(&looking->scratch);
    vf_buf_str(&looking->scratch, "");
    if (!vf_json_text_string(item->name, item->name_bytes, &looking->scratch))
        return vf_error_set(err, VF_VALUE, "the name of a member isn't UTF-8");
    enum vf_status status = vf_buf_check(&looking->scratch, err);
    if (status != VF_OK || strcmp(looking->scratch.data, "$checksum") == 0)
        return status;
    const char *name = looking->scratch.data;
    size_t name_bytes = looking->scratch.size_bytes;
    if (name_bytes == 0 || memchr(name, '\0', name_bytes) != NULL || (name[0] == '$' && name[1] != '$'))
        return vf_error_set(err, VF_VALUE, "the name of a member can't be a column's");
    name += name[0] == '$'; /* as our own files have it */
    name_bytes = strlen(name);
    for (size_t i = 0; i < looking->n_members && *member == NULL; i++) {
        if (strcmp(looking->members[i].name, name) == 0)
            *member = &looking->members[i];
    }
    if (*member != NULL)
        return VF_OK;
    if (looking->n_members == MAX_COLUMNS)
        return vf_error_set(err, VF_VALUE, "there are more than %d different members", MAX_COLUMNS);
    char *copy = vf_arena_strdup(&looking->table->holder.arena, name);
    if (copy == NULL)
        return vf_error_nomem(err);
    *member = &looking->members[looking->n_members++];
    **member = (struct member){.name = copy, .name_bytes = name_bytes, .is_name = true};
    return VF_OK;
}

static enum vf_status look_at(struct looking *looking, const char *key, struct vf_error *err)
{
    struct vf_json_walk walk;
    struct vf_json_item item;
    bool found = false;
    size_t offset = 0;
    vf_buf_clear(&looking->path);
    vf_buf_clear(&looking->text);
    vf_files_place_path(&looking->table->place, key, &looking->path);
    enum vf_status status = vf_buf_check(&looking->path, err);
    if (status == VF_OK)
        status = vf_files_read_file(looking->conn, looking->path.data, &looking->text, &found, NULL, err);
    if (status == VF_VALUE) { /* it is rejected with its name when it is read */
        looking->n_bad++;
        return VF_OK;
    }
    if (status != VF_OK || !found)
        return status;
    bool is_object = vf_json_text_check(looking->text.data, looking->text.size_bytes, &offset) == NULL &&
                     vf_json_walk_begin(&walk, looking->text.data, looking->text.size_bytes) && walk.is_object;
    looking->n_bad += !is_object;
    looking->n_files += is_object;
    while (status == VF_OK && is_object && vf_json_walk_next(&walk, &item)) {
        struct member *member = NULL;
        status = find_member(looking, &item, &member, err);
        if (status == VF_VALUE)
            vf_error_wrap(err, "\"%s/%s\"", looking->conn->folder, looking->path.data);
        if (status == VF_OK && member != NULL)
            see_value(looking, member, &item, key);
    }
    return status;
}

static struct vf_type type_of(const struct member *member, const char **what)
{
    int64_t n = member->n_files - member->n_null;
    *what = "are JSON of several kinds";
    if (n == 0) {
        *what = "are null";
        return (struct vf_type){.kind = VF_K_TEXT};
    }
    if (member->n_string == n) {
        *what = "are strings";
        return (struct vf_type){.kind = VF_K_TEXT};
    }
    if (member->n_bool == n) {
        *what = "are true or false";
        return (struct vf_type){.kind = VF_K_BOOL};
    }
    if (member->n_integer == n) {
        *what = "are integers";
        return (struct vf_type){.kind = VF_K_I64};
    }
    if (member->n_integer + member->n_real == n && !member->is_inexact) {
        *what = "are numbers that a double holds";
        return (struct vf_type){.kind = VF_K_F64};
    }
    if (member->n_integer + member->n_real == n && !member->has_exponent) {
        *what = "are decimal numbers";
        return (struct vf_type){.kind = VF_K_DECIMAL};
    }
    if (member->n_vector == n && member->dim > 0 && !member->is_rounded) {
        *what = "are arrays of numbers of one length, which float32 holds";
        return (struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = (uint32_t)member->dim};
    }
    return (struct vf_type){.kind = VF_K_JSON};
}

static enum vf_status add_column(struct looking *looking, const char *name, struct vf_type type, bool not_null,
                                 const char *evidence, struct vf_column **added, struct vf_error *err)
{
    char native[48];
    struct vf_schema *holder = &looking->table->holder;
    struct vf_column *column = vf_table_add_column(holder, &looking->table->def);
    if (column == NULL)
        return vf_error_nomem(err);
    column->name = name;
    column->type = type;
    column->not_null = not_null;
    column->native = vf_arena_strdup(&holder->arena, vf_type_format(type, native));
    column->evidence.measured = true;
    column->evidence.n_bad = looking->n_bad;
    column->evidence.text = evidence;
    *added = column;
    return column->native == NULL || evidence == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status add_key(struct looking *looking, int column, struct vf_error *err)
{
    struct vf_schema *holder = &looking->table->holder;
    struct vf_index *index = vf_table_add_index(holder, &looking->table->def);
    struct vf_key_part *part = index == NULL ? NULL : vf_index_add_part(holder, index);
    if (part == NULL)
        return vf_error_nomem(err);
    index->method = "files";
    index->constraint = VF_CONSTRAINT_PRIMARY;
    index->unique = true;
    part->column = column;
    looking->table->def.primary_key = 0;
    looking->table->def.columns[column].not_null = true;
    return VF_OK;
}

static enum vf_status decide(struct looking *looking, struct vf_error *err)
{
    struct vf_arena *arena = &looking->table->holder.arena;
    enum vf_status status = VF_OK;
    int key = -1;
    struct vf_column *column = NULL;
    for (size_t i = 0; status == VF_OK && i < looking->n_members; i++) {
        const struct member *member = &looking->members[i];
        const char *what = NULL;
        struct vf_type type = type_of(member, &what);
        int64_t n_null = looking->n_files - (member->n_files - member->n_null);
        char *evidence = vf_arena_printf(arena, "all %" PRId64 " values %s", member->n_files - member->n_null, what);
        status = add_column(looking, member->name, type, false, evidence, &column, err);
        if (status != VF_OK)
            break;
        column->evidence.n_values = member->n_files - member->n_null;
        column->evidence.n_null = n_null;
        if (key < 0 && member->is_name && n_null == 0 && (type.kind == VF_K_TEXT || type.kind == VF_K_I64))
            key = (int)i;
    }
    if (status != VF_OK || looking->n_files == 0)
        return status;
    if (key < 0) {
        char *evidence = vf_arena_strdup(arena, "the file's name, which no member is");
        key = (int)looking->table->def.n_columns;
        status = add_column(looking, VF_FILES_NAME_COLUMN, (struct vf_type){.kind = VF_K_TEXT}, true, evidence, &column,
                            err);
    }
    return status == VF_OK ? add_key(looking, key, err) : status;
}

enum vf_status vf_files_foreign_define(const struct vf_files_conn *conn, struct vf_files_table *table,
                                       struct vf_error *err)
{
    struct looking looking = {.conn = conn, .table = table};
    struct vf_files_list list = {0};
    vf_buf_init(&looking.text, VF_BUF_MAX);
    vf_buf_init(&looking.path, 65536);
    vf_buf_init(&looking.scratch, VF_BUF_MAX);
    vf_buf_init(&looking.name, VF_BUF_MAX);
    looking.members = vf_calloc(MAX_COLUMNS, sizeof(*looking.members));
    enum vf_status status = looking.members == NULL ? vf_error_nomem(err) : VF_OK;
    if (status == VF_OK)
        status = vf_files_list_table(conn, &table->place, &list, err);
    for (size_t i = 0; status == VF_OK && i < list.n_entries; i++) {
        status = vf_cancel_check(conn->base.options.cancel, err);
        if (status == VF_OK)
            status = look_at(&looking, list.entries[i].key, err);
    }
    if (status == VF_OK)
        status = decide(&looking, err);
    vf_files_list_release(&list);
    vf_free(looking.members);
    vf_buf_release(&looking.text);
    vf_buf_release(&looking.path);
    vf_buf_release(&looking.scratch);
    vf_buf_release(&looking.name);
    return status;
}
