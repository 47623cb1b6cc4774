#include "ferry/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ferry/script.h"

const char *vf_sidecar_state_name(enum vf_sidecar_state state)
{
    static const char *const names[] = {
        [VF_SIDECAR_FRESH] = "fresh",     [VF_SIDECAR_MISSING] = "missing", [VF_SIDECAR_FOREIGN] = "foreign",
        [VF_SIDECAR_DAMAGED] = "damaged", [VF_SIDECAR_STALE] = "stale",     [VF_SIDECAR_UNREADABLE] = "unreadable"};

    return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static const struct vf_field *vector_of(const struct vf_sidecar *sidecar)
{
    return &sidecar->relation->fields[sidecar->relation->n_key];
}

static uint32_t parameter(const struct vf_sidecar *sidecar, enum vf_index_parameter p)
{
    return vf_index_parameter_of(VF_BUILDER_USEARCH, &sidecar->index, p);
}

/* Signed bytes and double precision are kept as float32, everything else as it is, or as the plan says. */
static enum vf_element kept_as(const struct vf_sidecar *sidecar)
{
    enum vf_element own = vector_of(sidecar)->type.element;

    if (sidecar->index.element != VF_E_NONE)
        return sidecar->index.element;
    return own == VF_E_F64 || own == VF_E_I8 ? VF_E_F32 : own;
}

struct vf_hnsw_options vf_sidecar_options(const struct vf_sidecar *sidecar)
{
    return (struct vf_hnsw_options){
        .library_dir = sidecar->library_dir,
        .metric = sidecar->index.metric,
        .element = vector_of(sidecar)->type.element,
        .kept = kept_as(sidecar),
        .dim = vector_of(sidecar)->type.dim,
        .m = parameter(sidecar, VF_PARAM_M),
        .ef_construction = parameter(sidecar, VF_PARAM_EF_CONSTRUCTION),
        .ef_search = parameter(sidecar, VF_PARAM_EF_SEARCH),
    };
}

enum vf_status vf_sidecar_of_plan(const struct vf_crossing *crossing, const struct vf_plan_table *table,
                                  const struct vf_plan_index *index, struct vf_vector_relation *relation,
                                  struct vf_arena *arena, struct vf_sidecar *sidecar, struct vf_error *err)
{
    const struct vf_index *wanted = &index->mapping.index;
    const char *database_path = crossing->target_url->path;
    char label[256];

    if (database_path == NULL || wanted->vector.file == NULL ||
        !vf_vector_relation_init(relation, &table->to, (size_t)wanted->parts[0].column))
        return vf_error_set(err, VF_INTERNAL, "index \"%s\" of the plan can't be a sidecar", wanted->name);
    *sidecar = (struct vf_sidecar){
        .path = vf_sidecar_path(database_path, wanted->vector.file, arena),
        .database_path = database_path,
        .database = crossing->plan->target_server.identity,
        .relation = &relation->relation,
        .index = wanted->vector,
        .conn = crossing->target,
        .library_dir = crossing->target_options.library_dir,
        .batch_bytes = vf_crossing_batch_bytes(crossing, 1),
        .cancel = crossing->cancel,
    };
    vf_table_label(table->to.schema, table->to.name, label, sizeof(label));
    sidecar->label = vf_arena_printf(arena, "%s.%s", label, vector_of(sidecar)->name);
    return sidecar->path == NULL || sidecar->label == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- building ---- */

struct building {
    const struct vf_sidecar *sidecar;
    struct vf_hnsw *graph;
    bool ordinal;
    bool needs_ordinal; /* a key was met that a graph can't have */
    FILE *keys;
    struct vf_buf line;
    uint64_t *numbers;
    const char *names[VF_VECTOR_MAX_KEY];
    struct vf_hnsw_counts counts;
    int64_t n_rows, n_bytes;
};

static bool has_integer_key(const struct vf_relation *relation)
{
    enum vf_kind kind = relation->fields[0].type.kind;

    return relation->n_key == 1 && (kind == VF_K_I8 || kind == VF_K_I16 || kind == VF_K_I32 || kind == VF_K_I64);
}

static enum vf_status number_rows(struct building *building, const struct vf_batch *batch, struct vf_error *err)
{
    const struct vf_relation *relation = building->sidecar->relation;

    for (int64_t row = 0; row < batch->n_rows; row++) {
        if (!building->ordinal) {
            building->numbers[row] = (uint64_t)vf_array_i64(&batch->columns[0], row);
            building->needs_ordinal |=
                building->numbers[row] == VF_HNSW_NO_KEY || vf_array_is_null(&batch->columns[0], row);
            continue;
        }
        building->numbers[row] = (uint64_t)(building->n_rows + row);
        vf_buf_clear(&building->line);
        vf_batch_key_json(batch, row, relation->n_key, relation->key, building->names, &building->line);
        vf_buf_char(&building->line, '\n');
        enum vf_status status = vf_buf_check(&building->line, err);
        if (status != VF_OK)
            return status;
        if (fwrite(building->line.data, 1, building->line.size_bytes, building->keys) != building->line.size_bytes)
            return vf_error_set(err, VF_ENGINE, "cannot write \"%s" VF_SIDECAR_KEYS "\": %s", building->sidecar->path,
                                strerror(errno));
    }
    return VF_OK;
}

static enum vf_status add_rows(void *context, const struct vf_batch *batch, const struct vf_hash128 *digests,
                               struct vf_error *err)
{
    struct building *building = context;
    const struct vf_sidecar *sidecar = building->sidecar;
    enum vf_status status = number_rows(building, batch, err);

    (void)digests;
    if (status == VF_OK && building->needs_ordinal)
        return VF_STATE; /* from the beginning, with numbers of our own */
    if (status == VF_OK)
        status = vf_hnsw_add(building->graph, building->numbers, batch->columns[sidecar->relation->n_key].data,
                             (size_t)batch->n_rows, &building->counts, err);
    building->n_rows += batch->n_rows;
    building->n_bytes += (int64_t)batch->size_bytes;
    if (sidecar->progress != NULL)
        sidecar->progress(sidecar->progress_context, building->n_rows, building->n_bytes);
    return status;
}

static enum vf_status open_keys(struct building *building, struct vf_error *err)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof(path), "%s" VF_SIDECAR_KEYS VF_SIDECAR_NEW, building->sidecar->path);
    int fd = size < 0 || (size_t)size >= sizeof(path)
                 ? -1
                 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0)
        building->keys = fdopen(fd, "w");
    if (building->keys != NULL)
        return VF_OK;
    vf_error_set(err, VF_ENGINE, "cannot write \"%s\": %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return VF_ENGINE;
}

static enum vf_status close_keys(struct building *building, struct vf_error *err)
{
    FILE *file = building->keys;

    if (file == NULL)
        return VF_OK;
    building->keys = NULL;
    bool done = fflush(file) == 0 && fsync(fileno(file)) == 0;
    done = fclose(file) == 0 && done;
    return done ? VF_OK
                : vf_error_set(err, VF_ENGINE, "cannot write \"%s" VF_SIDECAR_KEYS "\": %s", building->sidecar->path,
                               strerror(errno));
}

static enum vf_status describe(const struct building *building, struct vf_digest digest, struct vf_error *err)
{
    const struct vf_sidecar *sidecar = building->sidecar;
    const char *slash = strrchr(sidecar->database_path, '/');
    char graph[PATH_MAX], keys[PATH_MAX], description[PATH_MAX], type[48];
    struct vf_sidecar_description d = {
        .database = sidecar->database,
        .database_file = slash != NULL ? slash + 1 : sidecar->database_path,
        .schema = sidecar->relation->schema,
        .table = sidecar->relation->name,
        .column = vector_of(sidecar)->name,
        .type = vf_type_format(vector_of(sidecar)->type, type),
        .n_key = sidecar->relation->n_key,
        .key = building->names,
        .ordinal = building->ordinal,
        .metric = sidecar->index.metric,
        .kept = kept_as(sidecar),
        .m = parameter(sidecar, VF_PARAM_M),
        .ef_construction = parameter(sidecar, VF_PARAM_EF_CONSTRUCTION),
        .ef_search = parameter(sidecar, VF_PARAM_EF_SEARCH),
        .n_vectors = digest.n_rows,
        .digest = digest.sum,
        .n_in_graph = building->counts.n_added,
        .n_zero = building->counts.n_zero,
        .n_not_finite = building->counts.n_not_finite,
        .vecferry_version = VECFERRY_VERSION,
        .usearch_version = vf_hnsw_version(building->graph),
    };

    if (snprintf(description, sizeof(description), "%s" VF_SIDECAR_DESCRIPTION VF_SIDECAR_NEW, sidecar->path) >=
        PATH_MAX)
        return vf_error_set(err, VF_ENGINE, "the name \"%s\" is too long", sidecar->path);
    snprintf(graph, sizeof(graph), "%s" VF_SIDECAR_NEW, sidecar->path);
    snprintf(keys, sizeof(keys), "%s" VF_SIDECAR_KEYS VF_SIDECAR_NEW, sidecar->path);
    enum vf_status status = vf_sidecar_hash(graph, &d.graph_bytes, &d.graph_hash, err);
    if (status == VF_OK && building->ordinal)
        status = vf_sidecar_hash(keys, &d.keys_bytes, &d.keys_hash, err);
    return status == VF_OK ? vf_sidecar_write(&d, description, err) : status;
}

static enum vf_status save(struct building *building, struct vf_digest digest, struct vf_error *err)
{
    const struct vf_sidecar *sidecar = building->sidecar;
    char graph[PATH_MAX];

    if (snprintf(graph, sizeof(graph), "%s" VF_SIDECAR_NEW, sidecar->path) >= PATH_MAX)
        return vf_error_set(err, VF_ENGINE, "the name \"%s\" is too long", sidecar->path);
    enum vf_status status = close_keys(building, err);
    if (status == VF_OK)
        status = vf_hnsw_save(building->graph, graph, err);
    if (status == VF_OK)
        status = describe(building, digest, err);
    return status == VF_OK ? vf_sidecar_publish(sidecar->path, building->ordinal, err) : status;
}

static void remove_new(const char *path)
{
    static const char *const endings[] = {"", VF_SIDECAR_KEYS, VF_SIDECAR_DESCRIPTION};
    char name[PATH_MAX];

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (snprintf(name, sizeof(name), "%s%s" VF_SIDECAR_NEW, path, endings[i]) < PATH_MAX)
            unlink(name);
    }
}

static enum vf_status build(struct building *building, int64_t expected_rows, struct vf_error *err)
{
    const struct vf_sidecar *sidecar = building->sidecar;
    const struct vf_hnsw_options options = vf_sidecar_options(sidecar);
    struct vf_vector_scan scan = {.conn = sidecar->conn,
                                  .relation = sidecar->relation,
                                  .batch_bytes = sidecar->batch_bytes,
                                  .cancel = sidecar->cancel,
                                  .label = sidecar->label,
                                  .rows = add_rows,
                                  .context = building};

    for (size_t i = 0; i < sidecar->relation->n_key; i++)
        building->names[i] = sidecar->relation->fields[i].name;
    vf_buf_init(&building->line, VF_BUF_MAX);
    building->numbers = vf_alloc(VF_BATCH_MAX_ROWS, sizeof(*building->numbers));
    enum vf_status status = building->numbers == NULL ? vf_error_nomem(err) : VF_OK;
    if (status == VF_OK)
        status = vf_hnsw_new(&options, expected_rows > 0 ? (uint64_t)expected_rows : 0, &building->graph, err);
    if (status == VF_OK && building->ordinal)
        status = open_keys(building, err);
    if (status == VF_OK)
        status = vf_vector_scan_run(&scan, err);
    if (status == VF_OK)
        status = save(building, scan.digest, err);
    if (building->keys != NULL)
        fclose(building->keys);
    vf_hnsw_free(building->graph);
    vf_free(building->numbers);
    vf_buf_release(&building->line);
    return status;
}

enum vf_status vf_sidecar_build(const struct vf_sidecar *sidecar, int64_t expected_rows, struct vf_error *err)
{
    struct building building = {.sidecar = sidecar, .ordinal = !has_integer_key(sidecar->relation)};
    enum vf_status status = build(&building, expected_rows, err);

    if (status != VF_OK && building.needs_ordinal) {
        vf_error_clear(err);
        building = (struct building){.sidecar = sidecar, .ordinal = true};
        status = build(&building, expected_rows, err);
    }
    if (status != VF_OK) {
        remove_new(sidecar->path);
        vf_error_wrap(err, "build the sidecar %s", sidecar->path);
    }
    return status;
}

/* ---- checking ---- */

static bool same_key(const struct vf_sidecar *sidecar, const struct vf_sidecar_description *found)
{
    if (found->n_key != sidecar->relation->n_key)
        return false;
    for (size_t i = 0; i < found->n_key; i++) {
        if (!vf_str_equal(found->key[i], sidecar->relation->fields[i].name))
            return false;
    }
    return true;
}

/* *why NULL: the description is of what is wanted. */
static enum vf_status compare(const struct vf_sidecar *sidecar, const struct vf_sidecar_description *found,
                              struct vf_arena *arena, const char **why, struct vf_error *err)
{
    const struct vf_hnsw_options options = vf_sidecar_options(sidecar);
    char type[48];
    bool is_other = true;

    *why = NULL;
    if (!vf_str_equal(found->schema, sidecar->relation->schema) ||
        !vf_str_equal(found->table, sidecar->relation->name) || !vf_str_equal(found->column, vector_of(sidecar)->name))
        *why = vf_arena_printf(arena, "it was built from %s.%s", found->table, found->column);
    else if (!vf_str_equal(found->type, vf_type_format(vector_of(sidecar)->type, type)))
        *why = vf_arena_printf(arena, "it was built from %s, and the column is %s", found->type, type);
    else if (!same_key(sidecar, found))
        *why = "it was built with another key";
    else if (found->metric != options.metric || found->kept != options.kept || found->m != options.m ||
             found->ef_construction != options.ef_construction || found->ef_search != options.ef_search)
        *why = vf_arena_printf(arena,
                               "it was built with %s m=%u ef_construction=%u ef_search=%u as %s, not %s %u %u %u as %s",
                               vf_metric_name(found->metric), (unsigned)found->m, (unsigned)found->ef_construction,
                               (unsigned)found->ef_search, vf_element_name(found->kept), vf_metric_name(options.metric),
                               (unsigned)options.m, (unsigned)options.ef_construction, (unsigned)options.ef_search,
                               vf_element_name(options.kept));
    else
        is_other = false;
    return is_other && *why == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status check_hash(const char *path, int64_t size_bytes, struct vf_hash128 hash, bool *equal,
                                 struct vf_error *err)
{
    int64_t found_bytes = 0;
    struct vf_hash128 found = {0};
    enum vf_status status = vf_sidecar_hash(path, &found_bytes, &found, err);

    *equal = status == VF_OK && found_bytes == size_bytes && vf_hash128_equal(found, hash);
    return status == VF_NOTFOUND ? VF_OK : status;
}

/* Is every byte of the files what the description says? */
static enum vf_status check_bytes(const struct vf_sidecar *sidecar, const struct vf_sidecar_description *found,
                                  bool *equal, struct vf_error *err)
{
    char keys[PATH_MAX];
    enum vf_status status = check_hash(sidecar->path, found->graph_bytes, found->graph_hash, equal, err);

    if (status != VF_OK || !*equal || !found->ordinal)
        return status;
    snprintf(keys, sizeof(keys), "%s" VF_SIDECAR_KEYS, sidecar->path);
    return check_hash(keys, found->keys_bytes, found->keys_hash, equal, err);
}

/* *why NULL: it is there, and could be read. */
static enum vf_status read_description(const struct vf_sidecar *sidecar, struct vf_arena *arena,
                                       struct vf_sidecar_description *found, enum vf_sidecar_state *state,
                                       const char **why, struct vf_error *err)
{
    struct vf_error reading = {0};
    enum vf_status status = vf_sidecar_read(sidecar->path, arena, found, &reading);

    *why = NULL;
    if (!vf_sidecar_is_there(sidecar->path)) {
        *state = VF_SIDECAR_MISSING;
        *why = "the file isn't there";
        return VF_OK;
    }
    if (status == VF_OK)
        return VF_OK;
    *state = status == VF_NOTFOUND ? VF_SIDECAR_MISSING
             : status == VF_VALUE  ? VF_SIDECAR_UNREADABLE
                                   : VF_SIDECAR_FOREIGN;
    *why = vf_arena_strdup(arena, reading.message);
    return status == VF_NOMEM || *why == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sidecar_check(const struct vf_sidecar *sidecar, const struct vf_digest *digest,
                                struct vf_arena *arena, enum vf_sidecar_state *state, const char **why,
                                struct vf_sidecar_description *found, struct vf_error *err)
{
    bool equal = false;
    enum vf_status status = read_description(sidecar, arena, found, state, why, err);

    if (status != VF_OK || *why != NULL)
        return status;
    *state = VF_SIDECAR_FOREIGN;
    status = compare(sidecar, found, arena, why, err);
    if (status != VF_OK || *why != NULL)
        return status;
    status = check_bytes(sidecar, found, &equal, err);
    if (status != VF_OK)
        return status;
    if (!equal) {
        *state = VF_SIDECAR_DAMAGED;
        *why = "its bytes aren't those that were written";
    } else if (digest != NULL &&
               (digest->n_rows != found->n_vectors || !vf_hash128_equal(digest->sum, found->digest))) {
        *state = VF_SIDECAR_STALE;
        *why = digest->n_rows != found->n_vectors
                   ? vf_arena_printf(arena, "it was built from %" PRId64 " vectors, and there are %" PRId64,
                                     found->n_vectors, digest->n_rows)
                   : "the vectors, or their keys, have changed since it was built";
        if (*why == NULL)
            return vf_error_nomem(err);
    } else {
        *state = VF_SIDECAR_FRESH;
    }
    return VF_OK;
}

/* ---- all of a plan ---- */

struct shown {
    struct vf_crossing *crossing;
    const char *name;
    int64_t total_rows, started_us;
    int64_t shown_us;
    int64_t n_rows, n_bytes; /* so far */
};

static int64_t now_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = crossing->clock != NULL ? crossing->clock : vf_clock_system();

    return clock->monotonic_us(clock->context);
}

static void show(struct shown *shown, bool finished)
{
    int64_t now = now_us(shown->crossing);

    if (shown->crossing->progress == NULL || (!finished && shown->n_rows > 0 && now - shown->shown_us < 100000))
        return;
    shown->shown_us = now;
    struct vf_progress progress = {.stage = VF_STAGE_INDEX,
                                   .table = shown->name,
                                   .n_rows = shown->n_rows,
                                   .total_rows = shown->total_rows,
                                   .n_bytes = shown->n_bytes,
                                   .finished = finished,
                                   .elapsed_us = now - shown->started_us};
    shown->crossing->progress(shown->crossing->progress_context, &progress);
}

static void show_rows(void *context, int64_t n_rows, int64_t n_bytes)
{
    struct shown *shown = context;

    shown->n_rows = n_rows;
    shown->n_bytes = n_bytes;
    show(shown, false);
}

/* One that a run before has finished is left; to know that, all its vectors are read. */
static enum vf_status is_fresh(const struct vf_sidecar *sidecar, struct vf_arena *arena, bool *fresh,
                               struct vf_error *err)
{
    struct vf_sidecar_description found;
    enum vf_sidecar_state state;
    const char *why;
    struct vf_vector_scan scan = {.conn = sidecar->conn,
                                  .relation = sidecar->relation,
                                  .batch_bytes = sidecar->batch_bytes,
                                  .cancel = sidecar->cancel,
                                  .label = sidecar->label};
    enum vf_status status = vf_sidecar_check(sidecar, NULL, arena, &state, &why, &found, err);

    *fresh = false;
    if (status != VF_OK || state != VF_SIDECAR_FRESH)
        return status;
    status = vf_vector_scan_run(&scan, err);
    if (status == VF_OK)
        status = vf_sidecar_check(sidecar, &scan.digest, arena, &state, &why, &found, err);
    *fresh = status == VF_OK && state == VF_SIDECAR_FRESH;
    return status;
}

static struct shown begin_showing(struct vf_crossing *crossing, const char *name, int64_t total_rows)
{
    return (struct shown){.crossing = crossing, .name = name, .total_rows = total_rows, .started_us = now_us(crossing)};
}

enum vf_status vf_sidecar_build_shown(struct vf_crossing *crossing, struct vf_sidecar *sidecar, const char *name,
                                      int64_t expected_rows, struct vf_error *err)
{
    struct shown shown = begin_showing(crossing, name, expected_rows);

    sidecar->progress = show_rows;
    sidecar->progress_context = &shown;
    show(&shown, false);
    enum vf_status status = vf_sidecar_build(sidecar, expected_rows, err);
    if (status == VF_OK)
        show(&shown, true);
    return status;
}

static enum vf_status build_one(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                const struct vf_plan_index *index, struct vf_error *err)
{
    struct vf_arena arena = {0};
    struct vf_vector_relation relation;
    struct vf_sidecar sidecar;
    bool fresh = false;
    enum vf_status status = vf_sidecar_of_plan(crossing, table, index, &relation, &arena, &sidecar, err);

    if (status == VF_OK)
        status = is_fresh(&sidecar, &arena, &fresh, err);
    if (status == VF_OK && !fresh)
        status =
            vf_sidecar_build_shown(crossing, &sidecar, index->mapping.index.vector.file, table->source.n_rows, err);
    vf_arena_release(&arena);
    return status;
}

enum vf_status vf_sidecars_build(struct vf_crossing *crossing, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->n_tables; i++) {
        for (size_t k = 0; k < plan->tables[i].n_indexes && status == VF_OK; k++) {
            const struct vf_plan_index *index = &plan->tables[i].indexes[k];
            if (index->mapping.index.vector.place == VF_PLACE_SIDECAR)
                status = build_one(crossing, &plan->tables[i], index, err);
            else if (index->mapping.index.vector.place == VF_PLACE_SESSION)
                status = vf_script_write(crossing, &plan->tables[i], index, err);
        }
    }
    return status;
}
