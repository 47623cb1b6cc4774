#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "ferry/script.h"

static const char *target_path(const struct vf_plan_maker *maker)
{
    unsigned number = maker->plan->target; /* 0: the only one */

    return maker->options->target_paths != NULL ? maker->options->target_paths[number > 0 ? number - 1 : 0] : NULL;
}

/* How many sidecars and scripts of the plan have this file. */
static int count_file(const struct vf_plan *plan, const char *file)
{
    int n = 0;

    for (size_t i = 0; i < plan->n_tables; i++) {
        for (size_t k = 0; k < plan->tables[i].n_indexes; k++) {
            const struct vf_vector_index *other = &plan->tables[i].indexes[k].mapping.index.vector;
            n += vf_index_is_beside(other->place) && vf_str_equal(other->file, file);
        }
    }
    return n;
}

static enum vf_status block(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                            const struct vf_plan_index *index, enum vf_status status, const char *remedy,
                            const char *what)
{
    const char *object = vf_plan_object(maker->plan, &table->source, index->source.name);
    return what != NULL && object != NULL ? vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, status, object,
                                                           remedy, maker->err, "%s", what)
                                          : vf_error_nomem(maker->err);
}

/* The file's name is taken: "shop.t.e.usearch" becomes "shop.t.e.2.usearch". */
static enum vf_status say_file(struct vf_plan_maker *maker, enum vf_status status, const struct vf_plan_index *index)
{
    const char *file = index->mapping.index.vector.file;
    const char *ending = index->mapping.index.vector.place == VF_PLACE_SESSION ? ".hnsw.sql" : ".usearch";
    size_t size_bytes = strlen(file), ending_bytes = strlen(ending);
    bool has_ending = size_bytes > ending_bytes && strcmp(file + size_bytes - ending_bytes, ending) == 0;
    int stem_bytes = (int)(has_ending ? size_bytes - ending_bytes : size_bytes);
    const char *say = vf_arena_printf(&maker->plan->arena, "file: %.*s.2%s", stem_bytes, file, ending);

    return say != NULL ? vf_plan_settle(maker, status, say, NULL) : vf_error_nomem(maker->err);
}

static enum vf_status judge_script(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                   const struct vf_plan_index *index)
{
    const char *path = vf_sidecar_path(target_path(maker), index->mapping.index.vector.file, &maker->plan->arena);

    if (path == NULL)
        return vf_error_nomem(maker->err);
    if (!vf_sidecar_is_there(path) || vf_script_is_ours(path))
        return VF_OK;
    return say_file(
        maker,
        block(maker, table, index, VF_USAGE, "name another `file` for it in the plan, or move that one away",
              vf_arena_printf(&maker->plan->arena, "\"%s\" is there, and isn't a script of vecferry's", path)),
        index);
}

/* What can be known before the first write: whether the name is free, the library there, and the memory. */
static enum vf_status judge(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                            const struct vf_plan_index *index)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_index *wanted = &index->mapping.index;
    const struct vf_field *field = &table->to.fields[wanted->parts[0].column];
    struct vf_sidecar_description found;
    struct vf_error library = {0};
    const char *path = vf_sidecar_path(target_path(maker), wanted->vector.file, &plan->arena);
    enum vf_status status = path == NULL ? vf_error_nomem(maker->err) : VF_OK;

    if (status == VF_OK && vf_sidecar_is_there(path) && vf_sidecar_read(path, &plan->arena, &found, NULL) != VF_OK)
        status = say_file(
            maker,
            block(maker, table, index, VF_USAGE, "name another `file` for it in the plan, or move that one away",
                  vf_arena_printf(&plan->arena, "\"%s\" is there, and isn't a sidecar of vecferry's", path)),
            index);
    if (status == VF_OK && vf_hnsw_available(maker->options->library_dir, &library) != VF_OK)
        status = vf_plan_settle(maker, block(maker, table, index, VF_MISSING, library.hint, library.message),
                                VF_PLAN_SAY_LINE_OUT, NULL);
    const struct vf_hnsw_options size = {
        .element = field->type.element, .kept = wanted->vector.element, .dim = field->type.dim, .m = wanted->vector.m};
    uint64_t needed = table->source.n_rows > 0 ? vf_hnsw_estimate(&size, (uint64_t)table->source.n_rows) : 0;
    uint64_t free_bytes = vf_hnsw_free_bytes();
    if (status != VF_OK || free_bytes == 0 || needed <= free_bytes)
        return status;
    status = vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK,
                            vf_plan_object(plan, &table->source, index->source.name),
                            "element: f16 halves the vectors, and a smaller m the links", maker->err,
                            "building it takes about %llu MiB of memory, which is more than is free now",
                            (unsigned long long)(needed >> 20));
    return vf_plan_settle(maker, status, "element: f16", NULL);
}

/* DATABASE.TABLE.COLUMN and an ending (with SCHEMA before TABLE where that isn't the usual one), with the metric or a number before that when it is taken. */
static const char *choose_file(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                               const struct vf_vector_index *made, const char *column)
{
    struct vf_plan *plan = maker->plan;
    bool is_usual = vf_str_equal(table->to.schema, vf_conn_ops(maker->target)->usual_schema);
    const char *name =
        vf_sidecar_name(target_path(maker), is_usual ? NULL : table->to.schema, table->to.name, column, &plan->arena);
    const char *ending = made->place == VF_PLACE_SESSION ? "hnsw.sql" : "usearch";

    if (name == NULL)
        return NULL;
    int stem_bytes = (int)(strlen(name) - strlen(".usearch"));
    const char *file = vf_arena_printf(&plan->arena, "%.*s.%s", stem_bytes, name, ending);
    if (file != NULL && count_file(plan, file) > 0) /* a second index on the column */
        file = vf_arena_printf(&plan->arena, "%.*s.%s.%s", stem_bytes, name, vf_metric_name(made->metric), ending);
    for (int i = 2; file != NULL && count_file(plan, file) > 0; i++)
        file =
            vf_arena_printf(&plan->arena, "%.*s.%s.%d.%s", stem_bytes, name, vf_metric_name(made->metric), i, ending);
    return file;
}

/* false: the rows can't be named in a file, so there can be no sidecar. */
static bool can_be(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                   const struct vf_plan_index *index)
{
    struct vf_vector_relation relation;

    return target_path(maker) != NULL &&
           vf_vector_relation_init(&relation, &table->to, (size_t)index->mapping.index.parts[0].column);
}

static enum vf_status settle(struct vf_plan_maker *maker, struct vf_plan_table *table, struct vf_plan_index *index,
                             bool *kept)
{
    struct vf_plan *plan = maker->plan;
    struct vf_vector_index *made = &index->mapping.index.vector;
    char label[256];

    *kept = can_be(maker, table, index);
    if (!*kept)
        return vf_plan_not_moved(plan, "index", table->source.schema, index->source.name,
                                 vf_table_label(table->source.schema, table->source.name, label, sizeof(label)),
                                 index->source.definition,
                                 target_path(maker) == NULL
                                     ? "a sidecar lies beside a database file, and the target isn't one"
                                     : "a sidecar names rows by the table's key, and the table has none that could be",
                                 maker->err);
    const struct vf_field *field = &table->to.fields[index->mapping.index.parts[0].column];
    if (made->file == NULL) {
        const char *file = choose_file(maker, table, made, field->name);
        if (file == NULL)
            return vf_error_nomem(maker->err);
        made->file = file;
    } else if (count_file(plan, made->file) > 1) {
        return say_file(maker,
                        block(maker, table, index, VF_USAGE, "give each a `file` of its own",
                              "another index of the plan has the same file"),
                        index);
    }
    return made->place == VF_PLACE_SESSION ? judge_script(maker, table, index) : judge(maker, table, index);
}

enum vf_status vf_plan_settle_sidecars(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->n_tables; i++) {
        struct vf_plan_table *table = &plan->tables[i];
        size_t n = 0;
        for (size_t k = 0; k < table->n_indexes && status == VF_OK; k++) {
            bool kept = true;
            if (vf_index_is_beside(table->indexes[k].mapping.index.vector.place))
                status = settle(maker, table, &table->indexes[k], &kept);
            if (kept)
                table->indexes[n++] = table->indexes[k];
        }
        if (status == VF_OK)
            table->n_indexes = n;
    }
    return status;
}
