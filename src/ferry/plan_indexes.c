#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

int vf_plan_target_number(const struct vf_plan_table *table, int i)
{
    int n = 0;

    if (i < 0 || table->columns[i].skip)
        return -1;
    for (int k = 0; k < i; k++)
        n += !table->columns[k].skip;
    return n;
}

/* The index with its columns numbered as in the target; false: one of them isn't moved. */
static bool renumber(struct vf_plan *plan, const struct vf_plan_table *table, struct vf_index *index)
{
    struct vf_key_part *parts = vf_arena_alloc(&plan->arena, index->n_parts + 1, sizeof(*parts));
    int *included = vf_arena_alloc(&plan->arena, index->n_included + 1, sizeof(*included));

    if (parts == NULL || included == NULL)
        return false;
    for (size_t i = 0; i < index->n_parts; i++) {
        parts[i] = index->parts[i];
        if (parts[i].column >= 0 && (parts[i].column = vf_plan_target_number(table, parts[i].column)) < 0)
            return false;
    }
    for (size_t i = 0; i < index->n_included; i++) {
        if ((included[i] = vf_plan_target_number(table, index->included[i])) < 0)
            return false;
    }
    index->parts = parts;
    index->included = included;
    return true;
}

static enum vf_status not_moved(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                const struct vf_index *index, const char *why)
{
    const char *kind = index->kind == VF_INDEX_FULLTEXT             ? "full-text index"
                       : index->constraint == VF_CONSTRAINT_PRIMARY ? "primary key"
                       : index->constraint == VF_CONSTRAINT_UNIQUE  ? "unique constraint"
                                                                    : "index";
    char label[256];

    if (index->kind ==
        VF_INDEX_EXACT) /* nothing was built, so that nothing stays behind: plan_kind.c says what becomes of the table */
        return VF_OK;
    return vf_plan_not_moved(maker->plan, kind, table->source.schema, index->name != NULL ? index->name : kind,
                             vf_table_label(table->source.schema, table->source.name, label, sizeof(label)),
                             index->definition, why != NULL ? why : "the target has no such index", maker->err);
}

static bool has_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_str_equal(table->indexes[i].name, name))
            return true;
    }
    return false;
}

static enum vf_status add_to_target(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                    const struct vf_index *index)
{
    struct vf_plan *plan = maker->plan;
    void *array = table->target.indexes;
    struct vf_index *made = vf_arena_push(&plan->arena, &array, &table->target.n_indexes, sizeof(*made));

    table->target.indexes = array;
    if (made == NULL)
        return vf_error_nomem(maker->err);
    *made = *index;
    if (index->constraint == VF_CONSTRAINT_PRIMARY)
        table->target.primary_key = (int)table->target.n_indexes - 1;
    return VF_OK;
}

/* What the plan file doesn't say stays as the source has it. */
static void take_request(struct vf_vector_index *vector, const struct vf_vector_index *request)
{
    struct vf_vector_index own = *request;

    if (own.metric != VF_METRIC_NONE)
        vector->metric = own.metric;
    if (own.element != VF_E_NONE)
        vector->element = own.element;
    if (own.compress != VF_E_NONE)
        vector->compress = own.compress;
    for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++) {
        if (*vf_index_parameter(&own, p) != 0)
            *vf_index_parameter(vector, p) = *vf_index_parameter(&own, p);
    }
    vector->place = own.place;
    vector->file = own.file;
}

/* A distance that isn't known isn't guessed: the user says it, or makes it readable. */
static bool is_unread(const struct vf_index *source, const struct vf_vector_index *wanted)
{
    return vf_index_is_vector(source->kind) && source->unread != NULL && wanted->metric == VF_METRIC_NONE;
}

static enum vf_status block_unread(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                   const struct vf_index *source)
{
    struct vf_plan *plan = maker->plan;
    const char *remedy = vf_arena_printf(&plan->arena, "%s; or say `metric` of the index in the plan, or take it out",
                                         source->unread_remedy != NULL ? source->unread_remedy : "");
    enum vf_status status = vf_problem_add(
        &plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, vf_plan_object(plan, &table->source, source->name), remedy,
        maker->err, "the distance that the index was built for can't be read: %s", source->unread);
    return vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, NULL);
}

/* What of the table decides about an index: its rows, the threshold of the plan, and the lengths of the vectors where they were measured. */
static struct vf_index_scale scale_of(const struct vf_plan *plan, const struct vf_plan_table *table,
                                      const struct vf_index *index)
{
    struct vf_index_scale scale = {.n_rows = table->source.n_rows, .min_rows = plan->index_min_rows};
    int column = index->n_parts == 1 ? index->parts[0].column : -1;

    if (column >= 0 && table->source.columns[column].evidence.measured) {
        scale.min_norm = table->source.columns[column].evidence.min_norm;
        scale.max_norm = table->source.columns[column].evidence.max_norm;
        scale.n_not_finite = table->source.columns[column].evidence.n_not_finite;
    }
    return scale;
}

/* What the target makes of an index of the source, whose columns are numbered as the target's are. */
static enum vf_status map_wanted(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                 const struct vf_index *source, const struct vf_index *wanted,
                                 struct vf_index_mapping *mapping)
{
    const struct vf_index_scale scale = scale_of(maker->plan, table, source);

    if (vf_index_is_vector(wanted->kind))
        return vf_conn_map_vector_index(maker->target, &table->target, wanted, &scale, &maker->plan->arena, mapping,
                                        maker->err);
    return vf_conn_map_index(maker->target, &table->target, wanted, &maker->plan->arena, mapping, maker->err);
}

/* What the file asks for can't be had: that stops the copy. What it says nothing of is named. */
static enum vf_status refuse(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                             const struct vf_index *source, const struct vf_plan_request_index *request,
                             const char *why)
{
    bool is_text = source->kind == VF_INDEX_FULLTEXT;

    if (request == NULL || source->kind == VF_INDEX_EXACT || (request->vector.place == VF_PLACE_ANY && !is_text))
        return not_moved(maker, table, source, why);
    enum vf_status status = vf_problem_add(
        &maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, vf_plan_object(maker->plan, &table->source, source->name),
        is_text ? "change what the plan says of the index, or take it out"
                : "leave `to` out of the index to have the plan choose, or take the index out",
        maker->err, "the index can't be built %s the plan wants it: %s", is_text ? "as" : "where",
        why != NULL ? why : "the target has no such index");
    return vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, NULL);
}

/* Is a column of the source's index an expression in the target's, because its collation isn't there? */
static bool is_by_rule(const struct vf_index *source, const struct vf_index *made)
{
    for (size_t i = 0; i < source->n_parts && i < made->n_parts; i++) {
        if (source->parts[i].column >= 0 && made->parts[i].column < 0)
            return true;
    }
    return false;
}

/* A name that the engine made of the table's alone: a second index of that kind gets a number. */
static enum vf_status number_name(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  struct vf_index *index)
{
    enum { ENDING = 11 }; /* _4294967295 */
    size_t max = vf_conn_limits(maker->target)->max_identifier_bytes, size_bytes = strlen(index->name);
    int kept = (int)(max > ENDING ? vf_utf8_cut(index->name, size_bytes, max - ENDING) : size_bytes);
    const char *stem = index->name;
    for (unsigned number = 2; index->name != NULL && has_index(&table->target, index->name); number++)
        index->name = vf_arena_printf(&maker->plan->arena, "%.*s_%u", kept, stem, number);
    return index->name != NULL ? VF_OK : vf_error_nomem(maker->err);
}

static enum vf_status add_index(struct vf_plan_maker *maker, struct vf_plan_table *table, const struct vf_index *source,
                                const struct vf_plan_request_index *request)
{
    struct vf_plan *plan = maker->plan;
    void *array = table->indexes;
    struct vf_plan_index *index = vf_arena_push(&plan->arena, &array, &table->n_indexes, sizeof(*index));

    table->indexes = array;
    if (index == NULL)
        return vf_error_nomem(maker->err);
    index->source = *source;
    if (source->kind == VF_INDEX_FULLTEXT) {
        enum vf_status taken = vf_plan_take_fulltext(maker, table, request, &index->source);
        if (taken != VF_OK)
            return taken;
    }
    if (!renumber(plan, table, &index->source)) {
        table->n_indexes--;
        return not_moved(maker, table, source, "a column of it isn't moved");
    }
    index->source.vector.place = VF_PLACE_ANY;
    index->source.vector.file = NULL;
    if (request != NULL && vf_index_is_vector(source->kind))
        take_request(&index->source.vector, &request->vector);
    if (is_unread(
            source,
            &index->source.vector)) { /* it keeps its line, where the distance can be said: nothing is made of it */
        index->mapping.index = (struct vf_index){.name = source->name};
        return block_unread(maker, table, source);
    }
    struct vf_index wanted = index->source;
    const char *obstacle = NULL;
    enum vf_status status = vf_plan_translate_index(maker, table, source, &wanted, &obstacle);
    if (status != VF_OK || obstacle != NULL) {
        table->n_indexes--;
        return status == VF_OK ? not_moved(maker, table, source, source->why != NULL ? source->why : obstacle) : status;
    }
    if (wanted.kind == VF_INDEX_FULLTEXT &&
        vf_fulltext_builder(wanted.fulltext.form) != vf_conn_limits(maker->target)->text_builder)
        wanted.name = NULL; /* another kind of object there: the engine names it */
    if (request != NULL && request->target_name != NULL)
        wanted.name = request->target_name;
    status = map_wanted(maker, table, source, &wanted, &index->mapping);
    if (status == VF_OK && index->mapping.moved && wanted.name == NULL && wanted.kind == VF_INDEX_FULLTEXT &&
        index->mapping.index.name != NULL)
        status = number_name(maker, table, &index->mapping.index);
    if (status != VF_OK)
        return status;
    if (!index->mapping.moved) {
        const char *why = source->why != NULL ? source->why : index->mapping.why;
        table->n_indexes--;
        return refuse(maker, table, source, request, why);
    }
    bool is_beside = vf_index_is_vector(index->mapping.index.kind) &&
                     vf_index_is_beside(index->mapping.index.vector.place); /* no step of the engine makes it */
    status = is_beside ? VF_OK : add_to_target(maker, table, &index->mapping.index);
    const char *why = index->mapping.why;
    if (why == NULL && is_by_rule(source, &index->mapping.index))
        why =
            "an index on an expression, which tells texts apart as the collation of the source's does; coming back it "
            "stays one";
    if (status == VF_OK && why != NULL)
        status = vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK,
                                vf_plan_object(plan, &table->source, source->name != NULL ? source->name : "key"), NULL,
                                maker->err, "%s", why);
    return status;
}

/* An index that the plan file doesn't name: the file says what was decided, and not why, so a reason of the target's own comes first. */
static enum vf_status leave_out(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                const struct vf_index *source)
{
    struct vf_index wanted = *source;
    struct vf_index_mapping mapping = {0};

    if (!renumber(maker->plan, table, &wanted))
        return not_moved(maker, table, source, "a column of it isn't moved");
    wanted.vector.place = VF_PLACE_ANY;
    wanted.vector.file = NULL;
    const char *obstacle = NULL;
    enum vf_status status = vf_plan_translate_index(maker, table, source, &wanted, &obstacle);
    if (status != VF_OK || obstacle != NULL)
        return status == VF_OK ? not_moved(maker, table, source, obstacle) : status;
    status = map_wanted(maker, table, source, &wanted, &mapping);
    if (status != VF_OK)
        return status;
    return not_moved(maker, table, source,
                     mapping.moved ? "the plan leaves it out"
                     : source->why ? source->why
                                   : mapping.why);
}

static const struct vf_plan_request_index *find_request(const struct vf_plan_request_table *table, const char *name)
{
    for (size_t i = 0; table != NULL && name != NULL && i < table->n_indexes; i++) {
        if (strcmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    }
    return NULL;
}

/* ---- an index for vectors that have none, because their database has no such index ---- */

static bool has_vector_index(const struct vf_plan_table *table, int column)
{
    for (size_t i = 0; i < table->source.n_indexes; i++) {
        const struct vf_index *index = &table->source.indexes[i];
        if (vf_index_is_vector(index->kind) && index->n_parts == 1 && index->parts[0].column == column)
            return true;
    }
    return false;
}

static bool wants_index(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i)
{
    const struct vf_plan_column *column = &table->columns[i];
    bool is_vector = column->type.kind == VF_K_VECTOR && column->type.dim > 0 &&
                     (column->type.element == VF_E_F32 || column->type.element == VF_E_F16);

    return is_vector && !column->skip && !table->knows_indexes && column->mapping.form == VF_FORM_NATIVE &&
           table->source.n_rows >= maker->plan->index_min_rows && vf_conn_can(maker->target, VF_CAP_VECTOR_INDEX) &&
           !vf_conn_can(maker->source, VF_CAP_VECTOR_INDEX) && !has_vector_index(table, (int)i);
}

static enum vf_status propose(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t column, const char *name,
                              enum vf_index_kind kind, struct vf_vector_index vector,
                              const struct vf_plan_request_index *request)
{
    struct vf_key_part *part = vf_arena_alloc(&maker->plan->arena, 1, sizeof(*part));

    if (part == NULL || name == NULL)
        return vf_error_nomem(maker->err);
    part->column = (int)column;
    struct vf_index index = {
        .name = name, .kind = kind, .method = vf_index_kind_name(kind), .n_parts = 1, .parts = part, .vector = vector};
    return add_index(maker, table, &index, request);
}

/* A name that fits: its beginning is cut, so that the ending stays. */
static const char *proposed_name(struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t column)
{
    static const char ending[] = "_hnsw";
    uint32_t max = vf_conn_limits(maker->target)->max_identifier_bytes;
    struct vf_arena *arena = &maker->plan->arena;
    char *stem = vf_arena_printf(arena, "%s_%s", table->target.name, table->columns[column].target_name);

    if (stem == NULL)
        return NULL;
    size_t size = strlen(stem);
    if (max >= sizeof(ending) && size + sizeof(ending) - 1 > max)
        size = vf_utf8_cut(stem, size, max - (sizeof(ending) - 1));
    return vf_arena_printf(arena, "%.*s%s", (int)size, stem, ending);
}

static enum vf_status propose_all(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        if (!wants_index(maker, table, i))
            continue;
        const char *name = proposed_name(maker, table, i);
        status =
            propose(maker, table, i, name, VF_INDEX_HNSW, (struct vf_vector_index){.metric = VF_METRIC_COSINE}, NULL);
        if (status == VF_OK)
            status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                                    vf_plan_object(maker->plan, &table->source, name),
                                    "remove it from the plan's indexes to go without", maker->err,
                                    "the source has no vector index; the plan adds one for cosine distance");
        status = vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, NULL);
    }
    return status;
}

/* ---- the distance of a vector in a vec0 table ---- */

static bool has_distance(const struct vf_plan_table *table, int column)
{
    for (size_t i = 0; i < table->target.n_indexes; i++) {
        const struct vf_index *index = &table->target.indexes[i];
        if (index->kind == VF_INDEX_EXACT && index->parts[0].column == column)
            return true;
    }
    return false;
}

/* By which an index of the source searches it, also one that the file left out because an ordinary table is as fast without; else what is remembered. */
static enum vf_metric distance_of(const struct vf_plan_table *table, size_t column)
{
    for (size_t i = 0; i < table->source.n_indexes; i++) {
        const struct vf_index *index = &table->source.indexes[i];
        if (vf_index_is_vector(index->kind) && index->n_parts == 1 && index->parts[0].column == (int)column)
            return index->vector.metric;
    }
    return table->columns[column].was_metric;
}

static const char *distance_name(struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t column)
{
    struct vf_arena *arena = &maker->plan->arena;
    const char *name = vf_arena_printf(arena, "%s_%s", table->target.name, table->columns[column].target_name);

    return name != NULL && has_index(&table->source, name) ? vf_arena_printf(arena, "%s_exact", name) : name;
}

/* The distance is a part of the declaration, and can't be left out: where no index says it that is moved, it is chosen here, and said. */
static enum vf_status add_distance(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t column)
{
    bool is_bits = table->columns[column].type.element == VF_E_BIT;
    enum vf_metric known = distance_of(table, column);
    bool is_had = vf_index_metric_native(VF_BUILDER_VEC0, known) != NULL && vf_metric_is_for_bits(known) == is_bits;
    struct vf_vector_index vector = {.metric = is_had ? known : is_bits ? VF_METRIC_HAMMING : VF_METRIC_L2};
    enum vf_status status =
        propose(maker, table, column, distance_name(maker, table, column), VF_INDEX_EXACT, vector, NULL);

    if (status != VF_OK || is_had || is_bits)
        return status;
    status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                            vf_plan_object(maker->plan, &table->source, table->columns[column].name),
                            "metric: of its index in the plan says another", maker->err, "it is searched by l2: %s%s",
                            known != VF_METRIC_NONE ? "sqlite-vec has no distance " : "nothing says another",
                            known != VF_METRIC_NONE ? vf_metric_name(known) : "");
    return vf_plan_settle(maker, status, "metric: cosine",
                          vf_plan_object(maker->plan, &table->source, distance_name(maker, table, column)));
}

static enum vf_status add_distances(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        bool is_vector = table->columns[i].type.kind == VF_K_VECTOR && !table->columns[i].skip;
        if (is_vector && !has_distance(table, vf_plan_target_number(table, (int)i)))
            status = add_distance(maker, table, i);
    }
    return status;
}

/* A full-text index that the source doesn't have; without a language the words are taken as they are. */
static enum vf_status propose_words(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t column,
                                    const struct vf_plan_request_index *own)
{
    struct vf_key_part *part = vf_arena_alloc(&maker->plan->arena, 1, sizeof(*part));
    struct vf_fulltext_part *text = vf_arena_alloc(&maker->plan->arena, 1, sizeof(*text));

    if (part == NULL || text == NULL)
        return vf_error_nomem(maker->err);
    part->column = (int)column;
    text->coalesced = true;
    struct vf_index index = {.name = own->name,
                             .kind = VF_INDEX_FULLTEXT,
                             .method = vf_index_kind_name(VF_INDEX_FULLTEXT),
                             .n_parts = 1,
                             .parts = part,
                             .fulltext = {.place = -1, .n_parts = 1, .parts = text}};
    vf_plan_set_language(&index.fulltext, own->fulltext.language != NULL ? own->fulltext.language : "simple");
    struct vf_plan_request_index named = *own;
    if (named.target_name == NULL)
        named.target_name = own->name;
    return add_index(maker, table, &index, &named);
}

/* An index of the plan file that the source doesn't have: one to add, one that is gone, or a slip. */
static enum vf_status add_requested(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                    const struct vf_plan_request_index *own)
{
    const char *file = maker->request->file;
    bool is_vec0 = table->target.kind == VF_TABLE_VEC0;

    if (own->on != NULL) {
        int column = vf_table_find_column(&table->source, own->on);
        if (column < 0 && maker->options->ignore_drift)
            return VF_OK;
        if (column < 0)
            return vf_error_set(maker->err, VF_USAGE,
                                "%s:%d:%d: index \"%s\" is on column \"%s\", which table \"%s\" doesn't have", file,
                                own->line, own->column, own->name, own->on, table->source.name);
        if (own->kind == VF_INDEX_FULLTEXT)
            return propose_words(maker, table, (size_t)column, own);
        if (!vf_index_is_vector(own->kind) || (own->kind == VF_INDEX_EXACT) != is_vec0)
            return vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: index \"%s\": only %s indexes can be added%s", file,
                                own->line, own->column, own->name,
                                is_vec0 ? "exact" : "hnsw, ivfflat, diskann and fulltext",
                                is_vec0 ? " to a vec0 table" : "");
        return propose(maker, table, (size_t)column, own->name, own->kind, own->vector, own);
    }
    if (own->has_kind && maker->options->ignore_drift)
        return VF_OK;
    if (own->has_kind)
        return vf_plan_settle(maker,
                              vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE,
                                             vf_plan_object(maker->plan, &table->source, own->name),
                                             "make the plan anew, or take the index out of it", maker->err,
                                             "%s:%d:%d: drift: the plan has the index, and the source has it no more",
                                             file, own->line, own->column),
                              VF_PLAN_SAY_LINE_OUT, NULL);
    vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: table \"%s\" has no index \"%s\"", file, own->line, own->column,
                 table->source.name, own->name);
    vf_error_hint(maker->err, "to add one, say add_on: with its column, and kind: hnsw, ivfflat or fulltext");
    return VF_USAGE;
}

static enum vf_status add_or_leave(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request, const struct vf_index *index)
{
    bool decided = request != NULL && request->has_indexes;
    const struct vf_plan_request_index *own = find_request(request, index->name);

    if (decided && own == NULL && index->name != NULL && index->constraint == VF_CONSTRAINT_NONE)
        return leave_out(maker, table, index);
    return add_index(maker, table, index, own);
}

enum vf_status vf_plan_add_indexes(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request)
{
    bool decided = request != NULL && request->has_indexes;
    enum vf_status status = VF_OK;

    table->target.primary_key = -1;
    for (int pass = 0; pass < 2; pass++) { /* whether a full-text index can be as it was depends on the others */
        for (size_t i = 0; i < table->source.n_indexes && status == VF_OK; i++) {
            if ((table->source.indexes[i].kind == VF_INDEX_FULLTEXT) == (pass == 1))
                status = add_or_leave(maker, table, request, &table->source.indexes[i]);
        }
    }
    if (status == VF_OK && !decided)
        status = propose_all(maker, table);
    for (size_t i = 0; decided && i < request->n_indexes && status == VF_OK; i++) {
        if (!has_index(&table->source, request->indexes[i].name))
            status = add_requested(maker, table, &request->indexes[i]);
    }
    return status == VF_OK && table->target.kind == VF_TABLE_VEC0 ? add_distances(maker, table) : status;
}
