#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/definition.h"
#include "engine/files/conn.h"
#include "engine/store.h"
#include "model/schema_json.h"

#define TABLES VF_FILES_STATE "/tables"

void vf_files_table_release(struct vf_files_table *table)
{
    vf_schema_release(&table->holder);
    vf_files_place_release(&table->place);
    vf_free(table->pattern);
    vf_free(table->key);
    *table = (struct vf_files_table){0};
}

/* ---- reading ---- */

static void definition_path(const char *name, struct vf_buf *path)
{
    vf_buf_str(path, TABLES "/");
    vf_files_escape(name, strlen(name), 200, path);
    vf_buf_str(path, ".json");
}

enum vf_status vf_files_table_set_key(struct vf_files_table *table, struct vf_error *err)
{
    const struct vf_table *def = &table->def;
    if (def->primary_key < 0 || (size_t)def->primary_key >= def->n_indexes)
        return VF_OK;
    const struct vf_index *index = &def->indexes[def->primary_key];
    table->key = vf_calloc(index->n_parts + 1, sizeof(*table->key));
    if (table->key == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0)
            return vf_error_set(err, VF_USAGE, "its key has an expression");
        table->key[i] = index->parts[i].column;
    }
    table->n_key = index->n_parts;
    return VF_OK;
}

static enum vf_status read_json(const json_t *json, struct vf_files_table *table, struct vf_error *err)
{
    const char *pattern = json_string_value(json_object_get(json, "path"));
    const char *generation = json_string_value(json_object_get(json, "generation"));
    if (pattern == NULL || generation == NULL)
        return vf_error_set(err, VF_USAGE, "there is no \"path\" or no \"generation\"");
    char *text = json_dumps(json_object_get(json, "table"), JSON_COMPACT | JSON_ENCODE_ANY);
    enum vf_status status = text == NULL ? vf_error_set(err, VF_USAGE, "there is no \"table\"")
                                         : vf_table_from_json(text, &table->holder, &table->def, err);
    free(text); /* foreign */
    if (status == VF_OK)
        status = vf_files_pattern_check(pattern, err);
    if (status == VF_OK && (table->pattern = vf_strdup(pattern)) == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK)
        status = vf_files_table_set_key(table, err);
    snprintf(table->generation, sizeof(table->generation), "%s", generation);
    return status;
}

static enum vf_status read_definition(const struct vf_files_conn *conn, const char *path, struct vf_files_table *table,
                                      bool *found, struct vf_error *err)
{
    struct vf_buf text;
    vf_buf_init(&text, VF_BUF_MAX);
    *table = (struct vf_files_table){0};
    enum vf_status status = vf_files_read_file(conn, path, &text, found, NULL, err);
    if (status == VF_OK && *found) {
        json_t *json = json_loadb(text.data, text.size_bytes, JSON_ALLOW_NUL, NULL);
        status = json == NULL ? vf_error_set(err, VF_USAGE, "it isn't JSON") : read_json(json, table, err);
        json_decref(json);
        if (status != VF_OK && status != VF_NOMEM)
            vf_error_wrap(err, "the definition in \"%s/%s\" can't be used", conn->folder, path);
    }
    if (status == VF_OK && *found)
        status = vf_files_place_make(table->pattern, table->def.name, &table->place, err);
    if (status != VF_OK)
        vf_files_table_release(table);
    vf_buf_release(&text);
    return status;
}

static bool is_folder(const struct vf_files_conn *conn, const char *path)
{
    int fd = vf_files_open_folder(conn->fd, path, false);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A table that the pattern finds, and nobody has defined. */
static enum vf_status find_foreign(const struct vf_files_conn *conn, const char *name, struct vf_files_table *table,
                                   bool *found, struct vf_error *err)
{
    enum vf_status status = vf_files_place_make(conn->pattern, name, &table->place, err);
    *found = status == VF_OK && is_folder(conn, table->place.folder);
    table->is_foreign = true;
    if (*found && (table->pattern = vf_strdup(conn->pattern)) == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK && *found && (table->def.name = vf_arena_strdup(&table->holder.arena, name)) == NULL)
        status = vf_error_nomem(err);
    table->def.primary_key = -1;
    if (status != VF_OK || !*found)
        vf_files_table_release(table);
    return status;
}

enum vf_status vf_files_table_find(const struct vf_files_conn *conn, const char *name, struct vf_files_table *table,
                                   struct vf_error *err)
{
    struct vf_buf path;
    bool found = false;
    *table = (struct vf_files_table){0};
    vf_buf_init(&path, 65536);
    definition_path(name, &path);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK)
        status = read_definition(conn, path.data, table, &found, err);
    if (status == VF_OK && !found)
        status = find_foreign(conn, name, table, &found, err);
    vf_buf_release(&path);
    if (status == VF_OK && !found)
        return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", name);
    return status;
}

enum vf_status vf_files_table_load(const struct vf_files_conn *conn, const char *name, struct vf_files_table *table,
                                   struct vf_error *err)
{
    enum vf_status status = vf_files_table_find(conn, name, table, err);
    if (status == VF_OK && table->is_foreign)
        status = vf_files_foreign_define(conn, table, err);
    if (status == VF_OK && table->is_foreign)
        status = vf_files_table_set_key(table, err);
    if (status != VF_OK)
        vf_files_table_release(table);
    return status;
}

/* ---- which there are ---- */

struct naming {
    const struct vf_files_conn *conn;
    struct vf_arena arena;
    size_t n_names, cap_names;
    const char **names;
};

static enum vf_status add_name(struct naming *naming, const char *name, struct vf_error *err)
{
    for (size_t i = 0; i < naming->n_names; i++) {
        if (strcmp(naming->names[i], name) == 0)
            return VF_OK;
    }
    if (naming->n_names == naming->cap_names) {
        size_t cap = naming->cap_names == 0 ? 16 : naming->cap_names * 2;
        const char **names = vf_realloc(naming->names, cap, sizeof(*names));
        if (names == NULL)
            return vf_error_nomem(err);
        naming->names = names;
        naming->cap_names = cap;
    }
    naming->names[naming->n_names] = vf_arena_strdup(&naming->arena, name);
    return naming->names[naming->n_names++] != NULL ? VF_OK : vf_error_nomem(err);
}

static enum vf_status see_definition(void *context, int fd, const char *file, struct vf_error *err)
{
    struct naming *naming = context;
    struct vf_files_table table = {0};
    char path[512];
    bool found = false;
    (void)fd;
    snprintf(path, sizeof(path), TABLES "/%s", file);
    enum vf_status status = read_definition(naming->conn, path, &table, &found, err);
    if (status == VF_OK && found)
        status = add_name(naming, table.def.name, err);
    vf_files_table_release(&table);
    return status;
}

static bool is_row(const struct vf_files_conn *conn, const struct vf_files_place *place)
{
    struct vf_files_list list = {0};
    bool any = vf_files_list_table(conn, place, &list, NULL) == VF_OK && list.n_entries > 0;
    vf_files_list_release(&list);
    return any;
}

/* Is the folder that of a table that is defined? Its name may be another than the table's. */
static enum vf_status is_defined_place(struct naming *naming, const struct vf_files_place *place, bool *is_defined,
                                       struct vf_error *err)
{
    enum vf_status status = VF_OK;
    *is_defined = false;
    for (size_t i = 0; status == VF_OK && !*is_defined && i < naming->n_names; i++) {
        struct vf_files_table table = {0};
        bool found = false;
        struct vf_buf path;
        vf_buf_init(&path, 65536);
        definition_path(naming->names[i], &path);
        status = vf_buf_check(&path, err);
        if (status == VF_OK)
            status = read_definition(naming->conn, path.data, &table, &found, err);
        *is_defined = found && status == VF_OK && strcmp(table.place.folder, place->folder) == 0;
        vf_files_table_release(&table);
        vf_buf_release(&path);
    }
    return status;
}

static enum vf_status add_foreign(struct naming *naming, const char *name, struct vf_error *err)
{
    struct vf_files_place place = {0};
    bool is_defined = false;
    enum vf_status status = vf_files_place_make(naming->conn->pattern, name, &place, err);
    if (status == VF_OK)
        status = is_defined_place(naming, &place, &is_defined, err);
    if (status == VF_OK && !is_defined && is_row(naming->conn, &place))
        status = add_name(naming, name, err);
    vf_files_place_release(&place);
    return status;
}

/* A folder with rows, where the pattern has the table's name as a folder's. */
static enum vf_status see_folder(void *context, int fd, const char *name, struct vf_error *err)
{
    struct naming *naming = context;
    struct vf_buf table;
    (void)fd;
    if (name[0] == '.')
        return VF_OK;
    vf_buf_init(&table, 65536);
    vf_buf_str(&table, "");
    enum vf_status status = VF_OK;
    if (vf_files_unescape(name, strlen(name), &table))
        status = add_foreign(naming, table.data, err);
    vf_buf_release(&table);
    return status;
}

/* The folder of a pattern without {table} is one table, called by the last name in front of {key}. */
static enum vf_status see_single(struct naming *naming, struct vf_error *err)
{
    struct vf_files_place place = {0};
    enum vf_status status = vf_files_place_make(naming->conn->pattern, "", &place, err);
    if (status == VF_OK) {
        const char *slash = strrchr(place.folder, '/');
        const char *name = slash != NULL ? slash + 1 : place.folder;
        status = add_foreign(naming, name[0] != '\0' ? name : "files", err);
    }
    vf_files_place_release(&place);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum vf_status vf_files_table_each(const struct vf_files_conn *conn,
                                   enum vf_status (*found)(void *context, const char *name, struct vf_error *err),
                                   void *context, struct vf_error *err)
{
    struct naming naming = {.conn = conn};
    enum vf_status status = vf_files_each_name(conn, TABLES, see_definition, &naming, err);
    if (status == VF_OK && vf_str_starts(conn->pattern, "{table}/"))
        status = vf_files_each_name(conn, "", see_folder, &naming, err);
    else if (status == VF_OK && !vf_files_pattern_has_table(conn->pattern))
        status = see_single(&naming, err);
    if (naming.n_names > 0)
        qsort(naming.names, naming.n_names, sizeof(*naming.names), compare_names);
    for (size_t i = 0; status == VF_OK && i < naming.n_names; i++)
        status = found(context, naming.names[i], err);
    vf_arena_release(&naming.arena);
    vf_free(naming.names);
    return status;
}

enum vf_status vf_files_table_state(struct vf_conn *base, const char *schema, const char *name, bool *exists,
                                    bool *has_rows, struct vf_error *err)
{
    const struct vf_files_conn *conn = vf_files_conn_of(base);
    struct vf_files_table table = {0};
    struct vf_error failure = {0};
    (void)schema;
    *exists = *has_rows = false;
    enum vf_status status = vf_files_table_find(conn, name, &table, &failure);
    if (status == VF_NOTFOUND)
        return VF_OK;
    if (status != VF_OK) {
        if (err != NULL)
            *err = failure;
        return status;
    }
    *has_rows = is_row(conn, &table.place);
    *exists = *has_rows || !table.is_foreign;
    vf_files_table_release(&table);
    return VF_OK;
}

/* ---- writing ---- */

static enum vf_status write_definition(struct vf_files_conn *conn, const struct vf_table *def, const char *pattern,
                                       const char *generation, struct vf_error *err)
{
    struct vf_buf path, text, pretty;
    vf_buf_init(&path, 65536);
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_init(&pretty, VF_BUF_MAX);
    definition_path(def->name, &path);
    vf_buf_str(&text, "{\"path\":");
    vf_buf_json_string(&text, pattern, strlen(pattern));
    vf_buf_printf(&text, ",\"generation\":\"%s\",\"table\":", generation);
    vf_table_to_json(def, false, &text);
    vf_buf_char(&text, '}');
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK) {
        vf_json_text_lay(text.data, text.size_bytes, VF_JSON_PRETTY, 0, &pretty);
        vf_buf_char(&pretty, '\n');
        status = vf_buf_check(&pretty, err);
    }
    if (status == VF_OK)
        status = vf_buf_check(&path, err);
    if (status == VF_OK)
        status = vf_files_put(conn, path.data, &pretty, err);
    vf_buf_release(&path);
    vf_buf_release(&text);
    vf_buf_release(&pretty);
    return status;
}

struct clash {
    struct vf_files_conn *conn;
    const struct vf_files_place *place;
    const char *name;
};

static enum vf_status see_other(void *context, const char *name, struct vf_error *err)
{
    const struct clash *clash = context;
    struct vf_files_table other = {0};
    if (strcmp(name, clash->name) == 0)
        return VF_OK;
    enum vf_status status = vf_files_table_find(clash->conn, name, &other, err);
    if (status != VF_OK)
        return status;
    bool same = strcmp(other.place.folder, clash->place->folder) == 0 &&
                strcmp(other.place.before, clash->place->before) == 0 &&
                strcmp(other.place.after, clash->place->after) == 0 &&
                strcmp(other.place.rest, clash->place->rest) == 0;
    vf_files_table_release(&other);
    if (!same)
        return VF_OK;
    status = vf_error_set(err, VF_USAGE, "tables \"%s\" and \"%s\" would have the same files", name, clash->name);
    vf_error_hint(err, "put {table} into the path of the URL, or copy one of them with --only");
    return status;
}

static enum vf_status make_table(struct vf_files_conn *conn, const struct vf_table *def, struct vf_error *err)
{
    struct timespec now = {0};
    char generation[64];
    struct vf_files_place place = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(generation, sizeof(generation), "%" PRId64 ".%06ld", (int64_t)now.tv_sec, now.tv_nsec / 1000);
    enum vf_status status = vf_files_place_make(conn->pattern, def->name, &place, err);
    struct clash clash = {.conn = conn, .place = &place, .name = def->name};
    if (status == VF_OK)
        status = vf_files_table_each(conn, see_other, &clash, err);
    if (status == VF_OK) {
        int fd = vf_files_open_folder(conn->fd, place.folder, true);
        status = fd < 0 ? vf_files_fail(conn, "make", place.folder, err) : VF_OK;
        if (fd >= 0)
            close(fd);
    }
    if (status == VF_OK)
        status = write_definition(conn, def, conn->pattern, generation, err);
    vf_files_place_release(&place);
    return status;
}

static enum vf_status apply_table(struct vf_files_conn *conn, const struct vf_table *def, struct vf_error *err)
{
    struct vf_files_table table = {0};
    struct vf_error failure = {0};
    enum vf_status status = vf_files_table_find(conn, def->name, &table, &failure);
    if (status == VF_NOTFOUND)
        return make_table(conn, def, err);
    if (status == VF_OK && table.is_foreign) {
        bool any = is_row(conn, &table.place);
        vf_files_table_release(&table);
        return any ? vf_error_set(err, VF_STATE, "\"%s\" holds files of table \"%s\" that vecferry didn't make",
                                  conn->folder, def->name)
                   : make_table(conn, def, err);
    }
    if (status == VF_OK && !vf_definition_same_columns(&table.def, def))
        status = vf_error_set(&failure, VF_STATE, "table \"%s\" exists with other columns", def->name);
    if (status != VF_OK && err != NULL)
        *err = failure;
    vf_files_table_release(&table);
    return status;
}

/* Keys of the table can't come later (the files are named by them); everything else is only remembered. */
static enum vf_status apply_index(struct vf_files_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_files_table table = {0};
    struct vf_table next;
    struct vf_arena arena = {0};
    enum vf_status status = vf_files_table_find(conn, step->table->name, &table, err);
    if (status != VF_OK)
        return status;
    if (!vf_definition_has_index(&table.def, step->index)) {
        if (step->index->constraint == VF_CONSTRAINT_PRIMARY)
            status = vf_error_set(err, VF_STATE, "table %s: its files are there, and can't get a key now",
                                  step->table->name);
        if (status == VF_OK)
            status = vf_definition_with_index(&table.def, step->index, &arena, &next, err);
        if (status == VF_OK)
            status = write_definition(conn, &next, table.pattern, table.generation, err);
    }
    vf_arena_release(&arena);
    vf_files_table_release(&table);
    return status;
}

static enum vf_status apply_foreign_key(struct vf_files_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_files_table table = {0};
    struct vf_table next;
    struct vf_arena arena = {0};
    enum vf_status status = vf_files_table_find(conn, step->table->name, &table, err);
    if (status != VF_OK)
        return status;
    if (!vf_definition_has_foreign_key(&table.def, step->foreign_key)) {
        status = vf_definition_with_foreign_key(&table.def, step->foreign_key, &arena, &next, err);
        if (status == VF_OK)
            status = write_definition(conn, &next, table.pattern, table.generation, err);
    }
    vf_arena_release(&arena);
    vf_files_table_release(&table);
    return status;
}

/* ---- dropping: the files that the pattern names, then what says that they are a table ---- */

static enum vf_status drop_row(const struct vf_files_conn *conn, const struct vf_files_place *place, const char *key,
                               struct vf_error *err)
{
    struct vf_buf path;
    const char *name = NULL;
    vf_buf_init(&path, 65536);
    vf_files_place_path(place, key, &path);
    enum vf_status status = vf_buf_check(&path, err);
    int folder = status == VF_OK ? vf_files_open_parent(conn->fd, path.data, false, &name) : -1;
    if (folder >= 0 && unlinkat(folder, name, 0) != 0 && errno != ENOENT)
        status = vf_files_fail(conn, "delete", path.data, err);
    if (folder >= 0)
        close(folder);
    /* The folders that were made for it, if nothing else is in them. */
    for (char *slash = status == VF_OK ? strrchr(path.data, '/') : NULL;
         place->rest[0] != '\0' && slash != NULL && strlen(place->folder) < (size_t)(slash - path.data);
         slash = strrchr(path.data, '/')) {
        *slash = '\0';
        folder = vf_files_open_parent(conn->fd, path.data, false, &name);
        bool is_gone = folder >= 0 && unlinkat(folder, name, AT_REMOVEDIR) == 0;
        if (folder >= 0)
            close(folder);
        if (!is_gone)
            break;
    }
    vf_buf_release(&path);
    return status;
}

static enum vf_status drop_table(struct vf_files_conn *conn, const char *name, struct vf_error *err)
{
    struct vf_files_table table = {0};
    struct vf_files_list list = {0};
    struct vf_error failure = {0};
    struct vf_buf path;
    enum vf_status status = vf_files_table_find(conn, name, &table, &failure);
    if (status == VF_NOTFOUND)
        return VF_OK;
    if (status != VF_OK && err != NULL)
        *err = failure;
    vf_buf_init(&path, 65536);
    if (status == VF_OK)
        status = vf_files_begin_write(conn, err);
    if (status == VF_OK)
        status = vf_files_list_table(conn, &table.place, &list, err);
    for (size_t i = 0; status == VF_OK && i < list.n_entries; i++)
        status = drop_row(conn, &table.place, list.entries[i].key, err);
    if (status == VF_OK && table.place.folder[0] != '\0') {
        const char *last = NULL;
        int parent = vf_files_open_parent(conn->fd, table.place.folder, false, &last);
        if (parent >= 0) {
            unlinkat(parent, last, AT_REMOVEDIR); /* stays when somebody else's files are in it */
            close(parent);
        }
    }
    definition_path(name, &path);
    if (status == VF_OK)
        status = vf_buf_check(&path, err);
    if (status == VF_OK && !table.is_foreign)
        status = vf_files_delete(conn, path.data, err);
    vf_files_end_write(conn);
    vf_buf_release(&path);
    vf_files_list_release(&list);
    vf_files_table_release(&table);
    return status;
}

enum vf_status vf_files_apply(struct vf_conn *base, const struct vf_step *step, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    if (conn->transaction.is_open)
        return vf_error_set(err, VF_INTERNAL, "tables aren't made in a transaction");
    switch (step->kind) {
    case VF_STEP_TABLE:
        return apply_table(conn, step->table, err);
    case VF_STEP_INDEX:
        return apply_index(conn, step, err);
    case VF_STEP_FOREIGN_KEY:
        return apply_foreign_key(conn, step, err);
    case VF_STEP_DROP_TABLE:
        return drop_table(conn, step->table->name, err);
    case VF_STEP_SCHEMA:
    case VF_STEP_EXTENSION:
    case VF_STEP_USER_TYPE:
    case VF_STEP_SEQUENCE:
    case VF_STEP_SEQUENCE_VALUE:
    case VF_STEP_ANALYZE:
    case VF_STEP_VIEW:
    case VF_STEP_DROP_VIEW:
        break; /* a folder has none of these; they are remembered in vecferry_schema */
    }
    return VF_OK;
}
