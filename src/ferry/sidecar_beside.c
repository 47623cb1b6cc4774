#include "ferry/sidecar_beside.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ENDING ".usearch"

void vf_sidecar_list_release(struct vf_sidecar_list *list)
{
    vf_free(list->sidecars);
    vf_arena_release(&list->arena);
    *list = (struct vf_sidecar_list){0};
}

bool vf_sidecars_can_be(const struct vf_conn *conn, const struct vf_url *url)
{
    const struct vf_limits *limits = vf_conn_limits(conn);

    for (size_t i = 0; limits->index_builders[i] != VF_BUILDER_NONE; i++) {
        if (limits->index_builders[i] == VF_BUILDER_USEARCH)
            return url->path != NULL;
    }
    return false;
}

/* ---- finding ---- */

struct finding {
    const char *database_path, *database_file;
    size_t stem_bytes; /* of database_file, without its ending */
    struct vf_sidecar_list *list;
    size_t cap;
};

static bool ends_with(const char *text, const char *ending)
{
    size_t text_bytes = strlen(text), ending_bytes = strlen(ending);

    return text_bytes > ending_bytes && strcmp(text + text_bytes - ending_bytes, ending) == 0;
}

static bool is_named_after(const struct finding *finding, const char *file)
{
    return strncmp(file, finding->database_file, finding->stem_bytes) == 0 && file[finding->stem_bytes] == '.' &&
           ends_with(file, ENDING);
}

static bool is_listed(const struct vf_sidecar_list *list, const char *file)
{
    for (size_t i = 0; i < list->n_sidecars; i++) {
        if (strcmp(list->sidecars[i].file, file) == 0)
            return true;
    }
    return false;
}

/* Does it lie in the folder for another database, one that is there? */
static bool is_of_neighbour(const struct finding *finding, const struct vf_sidecar_beside *beside)
{
    const char *own = beside->description.database_file;
    const char *path = vf_sidecar_path(finding->database_path, own, &finding->list->arena);

    return !vf_str_equal(own, finding->database_file) && path != NULL && vf_sidecar_is_there(path);
}

static enum vf_status describe(const struct finding *finding, struct vf_sidecar_beside *beside, struct vf_error *err)
{
    struct vf_error reading = {0};
    enum vf_status status = vf_sidecar_read(beside->path, &finding->list->arena, &beside->description, &reading);

    if (status == VF_NOMEM) {
        if (err != NULL)
            *err = reading;
        return status;
    }
    beside->is_described = status == VF_OK;
    beside->state = status == VF_OK         ? VF_SIDECAR_FRESH
                    : status == VF_NOTFOUND ? VF_SIDECAR_MISSING
                    : status == VF_VALUE    ? VF_SIDECAR_UNREADABLE
                                            : VF_SIDECAR_FOREIGN;
    beside->why = status == VF_OK ? NULL : vf_arena_strdup(&finding->list->arena, reading.message);
    return status != VF_OK && beside->why == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status add(struct finding *finding, const char *file, struct vf_error *err)
{
    struct vf_sidecar_list *list = finding->list;
    struct vf_sidecar_beside beside = {.file = vf_arena_strdup(&list->arena, file),
                                       .path = vf_sidecar_path(finding->database_path, file, &list->arena)};

    if (beside.file == NULL || beside.path == NULL)
        return vf_error_nomem(err);
    enum vf_status status = is_listed(list, file) ? VF_OK : describe(finding, &beside, err);
    if (status != VF_OK || is_listed(list, file))
        return status;
    bool is_ours = beside.is_described && vf_str_equal(beside.description.database_file, finding->database_file);
    if (!is_ours && (!is_named_after(finding, file) || (beside.is_described && is_of_neighbour(finding, &beside))))
        return VF_OK;
    if (!is_ours && beside.is_described) {
        beside.state = VF_SIDECAR_FOREIGN;
        beside.why =
            vf_arena_printf(&list->arena, "it was built from the database %s", beside.description.database_file);
        if (beside.why == NULL)
            return vf_error_nomem(err);
    }
    if (list->n_sidecars == finding->cap) {
        size_t cap = finding->cap > 0 ? finding->cap * 2 : 8;
        struct vf_sidecar_beside *sidecars = vf_realloc(list->sidecars, cap, sizeof(*sidecars));
        if (sidecars == NULL)
            return vf_error_nomem(err);
        list->sidecars = sidecars;
        finding->cap = cap;
    }
    list->sidecars[list->n_sidecars++] = beside;
    return VF_OK;
}

/* A graph, or the description of one, whose own name may be any that the plan gave it. */
static enum vf_status consider(struct finding *finding, const char *name, struct vf_error *err)
{
    if (ends_with(name, ENDING))
        return add(finding, name, err);
    if (!ends_with(name, VF_SIDECAR_DESCRIPTION))
        return VF_OK;
    const char *file = vf_arena_strndup(&finding->list->arena, name, strlen(name) - strlen(VF_SIDECAR_DESCRIPTION));
    return file != NULL ? add(finding, file, err) : vf_error_nomem(err);
}

static int compare_files(const void *a, const void *b)
{
    const struct vf_sidecar_beside *x = a, *y = b;

    return strcmp(x->file, y->file);
}

enum vf_status vf_sidecars_find(const char *database_path, struct vf_sidecar_list *list, struct vf_error *err)
{
    const char *slash = strrchr(database_path, '/'), *base = slash != NULL ? slash + 1 : database_path;
    const char *dot = strrchr(base, '.');
    struct finding finding = {.database_path = database_path,
                              .database_file = base,
                              .stem_bytes = dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base),
                              .list = list};
    const char *folder = slash == NULL ? "."
                         : slash == database_path
                             ? "/"
                             : vf_arena_strndup(&list->arena, database_path, (size_t)(slash - database_path));
    enum vf_status status = folder == NULL ? vf_error_nomem(err) : VF_OK;
    DIR *dir = folder != NULL ? opendir(folder) : NULL;

    if (status == VF_OK && dir == NULL)
        return vf_error_set(err, VF_CONNECT, "cannot list the folder of \"%s\": %s", database_path, strerror(errno));
    for (struct dirent *entry; status == VF_OK && (entry = readdir(dir)) != NULL;)
        status = consider(&finding, entry->d_name, err);
    if (dir != NULL)
        closedir(dir);
    if (list->n_sidecars > 1)
        qsort(list->sidecars, list->n_sidecars, sizeof(*list->sidecars), compare_files);
    return status;
}

/* ---- holding against the rows ---- */

static struct vf_field field_of(const struct vf_column *column)
{
    return (struct vf_field){.name = column->name,
                             .native = column->native,
                             .type = column->type,
                             .form = column->form,
                             .not_null = column->not_null};
}

/* The column and the key that the description names, as a scan reads them. *why: what of it isn't there. */
static enum vf_status find_column(const struct vf_schema *schema, const struct vf_sidecar_description *d,
                                  struct vf_vector_relation *out, struct vf_arena *arena, const char **why,
                                  struct vf_error *err)
{
    const struct vf_table *table = vf_schema_find_table(schema, d->schema, d->table);
    int column = table != NULL ? vf_table_find_column(table, d->column) : -1;
    const char *missing = table == NULL ? d->table : column < 0 ? d->column : NULL;

    for (size_t i = 0; missing == NULL && i < d->n_key && i < VF_VECTOR_MAX_KEY; i++) {
        int part = vf_table_find_column(table, d->key[i]);
        missing = part < 0 ? d->key[i] : NULL;
        if (missing == NULL)
            out->fields[i] = field_of(&table->columns[part]);
        out->key[i] = i;
    }
    if (missing != NULL || d->n_key > VF_VECTOR_MAX_KEY) {
        *why = vf_arena_printf(arena, "it was built from %s.%s, and there is no %s", d->table, d->column,
                               missing != NULL ? missing : "such key");
        return *why != NULL ? VF_OK : vf_error_nomem(err);
    }
    out->fields[d->n_key] = field_of(&table->columns[column]);
    out->relation = (struct vf_relation){.schema = table->schema,
                                         .name = table->name,
                                         .kind = table->kind,
                                         .n_fields = d->n_key + 1,
                                         .fields = out->fields,
                                         .n_key = d->n_key,
                                         .key = out->key,
                                         .n_rows = table->n_rows > 0 ? table->n_rows : 0};
    *why = NULL;
    return VF_OK;
}

static struct vf_sidecar as_sidecar(const struct vf_crossing *crossing, const struct vf_sidecar_beside *beside,
                                    const struct vf_vector_relation *relation)
{
    const struct vf_sidecar_description *d = &beside->description;

    return (struct vf_sidecar){.path = beside->path,
                               .label = d->table,
                               .database_path = crossing->target_url->path,
                               .database = d->database,
                               .relation = &relation->relation,
                               .index = {.metric = d->metric,
                                         .element = d->kept,
                                         .m = d->m,
                                         .ef_construction = d->ef_construction,
                                         .ef_search = d->ef_search},
                               .conn = crossing->target,
                               .library_dir = crossing->target_options.library_dir,
                               .batch_bytes = vf_crossing_batch_bytes(crossing, 1),
                               .cancel = crossing->cancel};
}

/* A file or a row that can't be read says something about this sidecar; all else ends the whole. */
static enum vf_status keep_or_fail(struct vf_sidecar_beside *beside, struct vf_arena *arena, enum vf_status status,
                                   const struct vf_error *found, struct vf_error *err)
{
    if (status == VF_VALUE || status == VF_ENGINE) {
        beside->state = VF_SIDECAR_UNREADABLE;
        beside->why = vf_arena_strdup(arena, found->message);
        return beside->why != NULL ? VF_OK : vf_error_nomem(err);
    }
    if (status != VF_OK && err != NULL)
        *err = *found;
    return status;
}

static enum vf_status check(const struct vf_sidecar *sidecar, struct vf_arena *arena, struct vf_sidecar_beside *beside,
                            struct vf_error *err)
{
    struct vf_sidecar_description ignored;
    struct vf_vector_scan scan = {.conn = sidecar->conn,
                                  .relation = sidecar->relation,
                                  .batch_bytes = sidecar->batch_bytes,
                                  .cancel = sidecar->cancel,
                                  .label = sidecar->label};
    enum vf_status status = vf_sidecar_check(sidecar, NULL, arena, &beside->state, &beside->why, &ignored, err);

    if (status != VF_OK || beside->state != VF_SIDECAR_FRESH)
        return status;
    status = vf_vector_scan_run(&scan, err);
    if (status == VF_OK)
        status = vf_sidecar_check(sidecar, &scan.digest, arena, &beside->state, &beside->why, &ignored, err);
    return status;
}

static enum vf_status judge(const struct vf_crossing *crossing, const struct vf_schema *schema,
                            struct vf_sidecar_beside *beside, struct vf_arena *arena, struct vf_error *err)
{
    struct vf_vector_relation relation;
    struct vf_error found = {0};
    enum vf_status status = find_column(schema, &beside->description, &relation, arena, &beside->why, err);

    if (status != VF_OK || beside->why != NULL) {
        beside->state = VF_SIDECAR_FOREIGN;
        return status;
    }
    const struct vf_sidecar sidecar = as_sidecar(crossing, beside, &relation);
    status = check(&sidecar, arena, beside, &found);
    return keep_or_fail(beside, arena, status, &found, err);
}

enum vf_status vf_sidecars_judge(const struct vf_crossing *crossing, const struct vf_schema *schema,
                                 struct vf_sidecar_list *list, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < list->n_sidecars && status == VF_OK; i++) {
        struct vf_sidecar_beside *beside = &list->sidecars[i];
        if (beside->is_described && beside->state == VF_SIDECAR_FRESH)
            status = judge(crossing, schema, beside, &list->arena, err);
    }
    return status;
}

/* ---- building ---- */

bool vf_sidecar_can_be_built(const struct vf_sidecar_beside *beside)
{
    return beside->is_described && (beside->state == VF_SIDECAR_STALE || beside->state == VF_SIDECAR_DAMAGED ||
                                    beside->state == VF_SIDECAR_MISSING);
}

static enum vf_status rebuild(struct vf_crossing *crossing, const struct vf_schema *schema,
                              struct vf_sidecar_beside *beside, struct vf_arena *arena, struct vf_error *err)
{
    struct vf_vector_relation relation;
    const char *why = NULL;
    enum vf_status status = find_column(schema, &beside->description, &relation, arena, &why, err);

    if (status == VF_OK && why != NULL)
        return vf_error_set(err, VF_STATE, "%s: %s", beside->file, why);
    if (status != VF_OK)
        return status;
    struct vf_sidecar sidecar = as_sidecar(crossing, beside, &relation);
    status = vf_sidecar_build_shown(crossing, &sidecar, beside->file, relation.relation.n_rows, err);
    if (status == VF_OK)
        status = vf_sidecar_read(beside->path, arena, &beside->description, err);
    if (status == VF_OK) {
        beside->state = VF_SIDECAR_FRESH;
        beside->is_built = true;
    }
    return status;
}

enum vf_status vf_sidecars_rebuild(struct vf_crossing *crossing, const struct vf_schema *schema,
                                   struct vf_sidecar_list *list, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < list->n_sidecars && status == VF_OK; i++) {
        if (vf_sidecar_can_be_built(&list->sidecars[i]))
            status = rebuild(crossing, schema, &list->sidecars[i], &list->arena, err);
    }
    return status;
}
