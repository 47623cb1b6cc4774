#include "model/vector_index.h"

#include <math.h>
#include <stdarg.h>

#include "base/buf.h"

#define UNIT_NORM_TOLERANCE 1e-3
#define MAX_HALF            65504 /* the largest half-precision number */

static const char *const parameters[VF_PARAM_COUNT] = {
    [VF_PARAM_M] = "m",         [VF_PARAM_EF_CONSTRUCTION] = "ef_construction", [VF_PARAM_EF_SEARCH] = "ef_search",
    [VF_PARAM_LISTS] = "lists", [VF_PARAM_NEIGHBOURS] = "neighbours",           [VF_PARAM_ALPHA] = "alpha",
};

const char *vf_index_parameter_name(enum vf_index_parameter parameter)
{
    return (unsigned)parameter < VF_PARAM_COUNT ? parameters[parameter] : "unknown";
}

uint32_t *vf_index_parameter(struct vf_vector_index *index, enum vf_index_parameter parameter)
{
    switch (parameter) {
    case VF_PARAM_M:
        return &index->m;
    case VF_PARAM_EF_CONSTRUCTION:
        return &index->ef_construction;
    case VF_PARAM_EF_SEARCH:
        return &index->ef_search;
    case VF_PARAM_LISTS:
        return &index->lists;
    case VF_PARAM_NEIGHBOURS:
        return &index->neighbours;
    case VF_PARAM_ALPHA:
    case VF_PARAM_COUNT:
        break;
    }
    return &index->alpha_milli;
}

static uint32_t get(const struct vf_vector_index *index, enum vf_index_parameter parameter)
{
    struct vf_vector_index copy = *index;

    return *vf_index_parameter(&copy, parameter);
}

uint32_t vf_index_parameter_of(enum vf_index_builder builder, const struct vf_vector_index *index,
                               enum vf_index_parameter parameter)
{
    uint32_t said = get(index, parameter);

    return said != 0 ? said : vf_index_builders[builder].ranges[parameter].fallback;
}

const char *vf_index_metric_native(enum vf_index_builder builder, enum vf_metric metric)
{
    const struct vf_index_metric *metrics = vf_index_builders[builder].metrics;

    for (size_t i = 0; metrics[i].metric != VF_METRIC_NONE; i++) {
        if (metrics[i].metric == metric)
            return metrics[i].native;
    }
    return NULL;
}

/* ---- one builder ---- */

/* What a builder makes of a wish; `why` gathers what differs or, when it can't, the reason. */
struct trial {
    const struct vf_index_wish *wish;
    enum vf_index_builder builder;
    const struct vf_index_builder_info *info;
    struct vf_index_outcome outcome;
    struct vf_buf why;
    const char *first_why; /* of the first builder that can't, which is the one that was wanted most */
};

__attribute__((format(printf, 2, 3))) static void say(struct trial *trial, const char *format, ...)
{
    va_list args;

    if (trial->why.size_bytes > 0)
        vf_buf_str(&trial->why, "; ");
    va_start(args, format);
    vf_buf_vprintf(&trial->why, format, args);
    va_end(args);
}

static const struct vf_index_rule *find_rule(enum vf_index_kind from, enum vf_index_builder to)
{
    for (const struct vf_index_rule *rule = vf_index_rules; rule->to != VF_BUILDER_NONE; rule++) {
        if (rule->from == from && rule->to == to)
            return rule;
    }
    return NULL;
}

static bool is_large(struct trial *trial)
{
    const struct vf_index_wish *wish = trial->wish;

    if (!trial->info->only_large || wish->index.place != VF_PLACE_ANY || wish->scale.n_rows < 0 ||
        wish->scale.n_rows >= wish->scale.min_rows)
        return true;
    say(trial,
        "fewer than %lld rows (index_min_rows of the plan): looking at every vector is as fast; the index is "
        "remembered for the way back",
        (long long)wish->scale.min_rows);
    return false;
}

static bool is_finite(struct trial *trial)
{
    if (!trial->info->needs_finite || trial->wish->scale.n_not_finite == 0)
        return true;
    say(trial, "%lld vectors hold NaN or infinity, with which %s's index finds hardly any vector",
        (long long)trial->wish->scale.n_not_finite, trial->info->product);
    return false;
}

static bool has_metric(struct trial *trial)
{
    const struct vf_index_wish *wish = trial->wish;
    enum vf_metric metric = wish->index.metric;
    bool is_unit = wish->scale.max_norm > 0 && fabs(wish->scale.min_norm - 1) <= UNIT_NORM_TOLERANCE &&
                   fabs(wish->scale.max_norm - 1) <= UNIT_NORM_TOLERANCE;

    if (metric == VF_METRIC_NONE) {
        say(trial, "the distance that it was built for isn't known: `metric` of the index in the plan says it");
        return false;
    }
    if (vf_index_metric_native(trial->builder, metric) != NULL)
        return true;
    if (metric == VF_METRIC_IP && is_unit && vf_index_metric_native(trial->builder, VF_METRIC_COSINE) != NULL) {
        trial->outcome.index.metric = VF_METRIC_COSINE;
        say(trial,
            "by cosine distance, since %s has no inner product; all vectors have length 1, so the order is the same",
            trial->info->product);
        return true;
    }
    say(trial,
        "%s has no such index for this distance (%s); search is exact, and the index is remembered for the way back",
        trial->info->product, vf_metric_name(metric));
    return false;
}

static const struct vf_index_element *find_element(const struct vf_index_builder_info *info, enum vf_element element,
                                                   bool sparse)
{
    for (const struct vf_index_element *row = info->elements; element != VF_E_NONE && row->element != VF_E_NONE;
         row++) {
        if (row->element == element && row->sparse == sparse)
            return row;
    }
    return NULL;
}

static bool fits(const struct vf_index_element *row, const struct vf_type *type)
{
    return row != NULL && (row->max_dim == 0 || row->sparse || type->dim <= row->max_dim);
}

/* The column as it is, or cast: because the index was so, or because it has more dimensions than can be indexed as they are. */
static bool has_element(struct trial *trial)
{
    const struct vf_type *type = &trial->wish->type;
    bool is_sparse = type->kind == VF_K_SPARSE;
    enum vf_element own = is_sparse ? VF_E_F32 : type->element;
    struct vf_vector_index *index = &trial->outcome.index;
    const struct vf_index_element *row = find_element(trial->info, own, is_sparse);
    enum vf_element cast =
        index->element != own && find_element(trial->info, index->element, false) != NULL ? index->element : VF_E_NONE;

    if (type->kind != VF_K_VECTOR && !is_sparse) {
        say(trial, "the column doesn't hold vectors in the target");
        return false;
    }
    if (type->dim == 0 && !is_sparse) {
        say(trial, "%s indexes only columns whose number of dimensions is known", trial->info->product);
        return false;
    }
    if (row == NULL || vf_metric_is_for_bits(index->metric) != (own == VF_E_BIT && cast == VF_E_NONE)) {
        say(trial, "%s has no such index for this distance of %s vectors", trial->info->product,
            is_sparse ? "sparse" : vf_element_name(own));
        return false;
    }
    if (cast == VF_E_NONE && !fits(row, type))
        cast = row->cast_to;
    const struct vf_index_element *used = cast != VF_E_NONE ? find_element(trial->info, cast, false) : row;
    index->element = cast;
    if (!fits(used, type)) {
        say(trial, "%s indexes at most %u dimensions of %s vectors", trial->info->product, (unsigned)row->max_dim,
            vf_element_name(own));
        if (row->cast_to != VF_E_NONE)
            vf_buf_printf(&trial->why, ", and %u of them cast to %s",
                          (unsigned)find_element(trial->info, row->cast_to, false)->max_dim,
                          vf_element_name(row->cast_to));
        vf_buf_str(&trial->why, ": without an index every search reads the whole table");
        return false;
    }
    if (cast == VF_E_F16 && trial->wish->scale.max_norm > MAX_HALF)
        say(trial, "values above %d don't fit into half precision, and one of them makes the building fail", MAX_HALF);
    return true;
}

static uint32_t carried(const struct vf_index_carried *step, const struct vf_vector_index *wish)
{
    uint32_t from = get(wish, step->from);

    switch (step->carry) {
    case VF_CARRY_SAME:
        return from;
    case VF_CARRY_TWICE:
        return from > UINT32_MAX / 2 ? UINT32_MAX : from * 2;
    case VF_CARRY_HALF:
        return from / 2 + from % 2;
    case VF_CARRY_ROWS:
    case VF_CARRY_END:
        break;
    }
    return 0;
}

static void keep_within(struct trial *trial, enum vf_index_parameter parameter)
{
    const struct vf_index_range *range = &trial->info->ranges[parameter];
    uint32_t *value = vf_index_parameter(&trial->outcome.index, parameter);
    uint32_t said = *value;

    if (said == 0)
        return;
    if (said < range->min)
        *value = range->min;
    if (range->max != 0 && said > range->max)
        *value = range->max;
    if (*value != said && parameter == VF_PARAM_ALPHA)
        say(trial, "alpha is %u.%03u instead of %u.%03u, the %s that %s takes", (unsigned)*value / 1000,
            (unsigned)*value % 1000, (unsigned)said / 1000, (unsigned)said % 1000, said < range->min ? "least" : "most",
            trial->info->product);
    else if (*value != said)
        say(trial, "%s is %u instead of %u, the %s that %s takes", vf_index_parameter_name(parameter), (unsigned)*value,
            (unsigned)said, said < range->min ? "least" : "most", trial->info->product);
}

/* The parameters that the builder has: said by its own name, else by the rule. */
static void carry_parameters(struct trial *trial, const struct vf_index_rule *rule)
{
    struct vf_vector_index *index = &trial->outcome.index;
    const struct vf_vector_index *wish = &trial->wish->index;

    for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++) {
        bool is_own = trial->info->ranges[p].native != NULL;
        *vf_index_parameter(index, p) = is_own ? get(wish, p) : 0;
    }
    for (size_t i = 0; i < VF_PARAM_COUNT && rule->carried[i].carry != VF_CARRY_END; i++) {
        uint32_t *value = vf_index_parameter(index, rule->carried[i].to);
        if (*value == 0)
            *value = carried(&rule->carried[i], wish);
    }
    for (enum vf_index_parameter p = 0; p < VF_PARAM_COUNT; p++)
        keep_within(trial, p);
    uint32_t least = trial->info->min_ef_per_m * vf_index_parameter_of(trial->builder, index, VF_PARAM_M);
    if (least > 0 && vf_index_parameter_of(trial->builder, index, VF_PARAM_EF_CONSTRUCTION) < least) {
        say(trial, "ef_construction is %u, since %s wants at least %u x m", (unsigned)least, trial->info->product,
            (unsigned)trial->info->min_ef_per_m);
        index->ef_construction = least;
    }
    index->compress = trial->info->kind != VF_INDEX_DISKANN   ? VF_E_NONE
                      : wish->compress != VF_E_NONE           ? wish->compress
                      : trial->wish->kind != VF_INDEX_DISKANN ? trial->info->compress
                                                              : VF_E_NONE;
}

/* false: this builder can't, and `why` says why, unless it isn't asked at all. */
static bool attempt(struct trial *trial, const struct vf_index_wish *wish, enum vf_index_builder builder)
{
    const struct vf_index_rule *rule = find_rule(wish->kind, builder);
    enum vf_index_place place = wish->index.place;

    trial->wish = wish;
    trial->builder = builder;
    trial->info = &vf_index_builders[builder];
    trial->outcome = (struct vf_index_outcome){.builder = builder, .kind = trial->info->kind, .index = wish->index};
    trial->outcome.index.place = trial->info->place;
    vf_buf_clear(&trial->why);
    if (rule == NULL || (place != VF_PLACE_ANY && place != trial->info->place))
        return false;
    if (!vf_index_is_beside(trial->info->place))
        trial->outcome.index.file = NULL;
    if (!is_large(trial) || !is_finite(trial) || !has_metric(trial) || !has_element(trial))
        return false;
    carry_parameters(trial, rule);
    if (rule->why != NULL)
        say(trial, "%s", rule->why);
    return true;
}

/* The builders in turn, first those of the wished kind. */
static enum vf_status attempt_all(struct trial *trial, const struct vf_index_wish *wish,
                                  const enum vf_index_builder *builders, struct vf_arena *arena, bool *done,
                                  struct vf_error *err)
{
    enum vf_index_place first = vf_index_builders[builders[0]].place;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; builders[i] != VF_BUILDER_NONE; i++) {
            const struct vf_index_builder_info *info = &vf_index_builders[builders[i]];
            if (pass == 0 && (info->kind != wish->kind || info->place != first))
                continue;
            *done = attempt(trial, wish, builders[i]);
            enum vf_status status = vf_buf_check(&trial->why, err);
            if (*done || status != VF_OK)
                return status;
            if (trial->first_why != NULL || trial->why.size_bytes == 0)
                continue;
            trial->first_why = vf_arena_strndup(arena, trial->why.data, trial->why.size_bytes);
            if (trial->first_why == NULL)
                return vf_error_nomem(err);
        }
    }
    return VF_OK;
}

enum vf_status vf_index_translate(const struct vf_index_wish *wish, const enum vf_index_builder *builders,
                                  struct vf_arena *arena, struct vf_index_outcome *outcome, struct vf_error *err)
{
    struct trial trial = {0};
    struct vf_index_outcome made = {.kind = wish->kind, .index = wish->index};
    bool done = false;

    vf_buf_init(&trial.why, 1 << 16);
    enum vf_status status = attempt_all(&trial, wish, builders, arena, &done, err);
    if (status == VF_OK && done) {
        made = trial.outcome;
        if (trial.why.size_bytes > 0) {
            made.why = vf_arena_strndup(arena, trial.why.data, trial.why.size_bytes);
            status = made.why == NULL ? vf_error_nomem(err) : VF_OK;
        }
    } else if (status == VF_OK) {
        made.why = trial.first_why != NULL ? trial.first_why
                   : wish->index.place == VF_PLACE_SIDECAR
                       ? "a sidecar lies beside a database file, and the target isn't one"
                   : wish->index.place == VF_PLACE_SESSION ? "the target has no index that a session builds"
                                                           : "the target has no approximate index of its own";
    }
    if (status == VF_OK)
        *outcome = made;
    vf_buf_release(&trial.why);
    return status;
}
