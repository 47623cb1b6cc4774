#include "api/handle.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "ferry/nul.h"
#include "model/temporal.h"

void vf_result_text(struct vf_buf *out, const char *key, const char *text)
{
    vf_buf_printf(out, ",\"%s\":", key);
    if (text == NULL)
        vf_buf_str(out, "null");
    else
        vf_buf_json_string(out, text, strlen(text));
}

static void add_number(struct vf_buf *out, const char *key, int64_t number)
{
    vf_buf_printf(out, ",\"%s\":%" PRId64, key, number);
}

static void add_digest(struct vf_buf *out, const char *key, struct vf_hash128 digest)
{
    char hex[33];

    vf_hash128_format(digest, hex);
    vf_buf_printf(out, ",\"%s\":\"%s\"", key, hex);
}

void vf_result_begin(vecferry *v, const char *verb)
{
    const struct vf_clock *clock = vf_clock_system();
    char now[VF_TEMPORAL_TEXT_BYTES];

    atomic_store(&v->cancel.reason, 0);
    vf_error_clear(&v->error);
    vf_buf_clear(&v->result);
    vf_buf_clear(&v->plan_text);
    vf_report_release(&v->report);
    vf_timestamp_format(clock->wall_us(clock->context) - VF_EPOCH_2000_US, true, now);
    vf_buf_printf(&v->result, "{\"v\":1,\"ts\":\"%s\",\"verb\":\"%s\"", now, verb);
}

/* ---- the plan's part ---- */

void vf_result_server(struct vf_buf *out, const char *url, const struct vf_server *server)
{
    vf_buf_str(out, "\"url\":");
    vf_buf_json_string(out, url != NULL ? url : "", url != NULL ? strlen(url) : 0);
    vf_result_text(out, "product", server->product);
    vf_result_text(out, "version", server->version);
    vf_result_text(out, "vector_product", server->vector_product);
    vf_result_text(out, "vector_version", server->vector_version);
    if (server->guarantee[0] != '\0')
        vf_result_text(out, "guarantee", server->guarantee);
}

/* ,"key":{...} */
static void add_server(struct vf_buf *out, const char *key, const char *url, const struct vf_server *server)
{
    vf_buf_printf(out, ",\"%s\":{", key);
    vf_result_server(out, url, server);
    vf_buf_char(out, '}');
}

/* Which target something is of; with only one it isn't said. */
static void add_target(struct vf_buf *out, const struct vf_plan *plan)
{
    if (plan->target > 0)
        add_number(out, "target", plan->target);
}

/* Items of a list that is open; *first is whether none is in it yet. */
static void add_problems(struct vf_buf *out, const struct vf_plan *plan, const struct vf_problem_list *list,
                         bool *first)
{
    for (size_t i = 0; i < list->n_problems; i++) {
        const struct vf_problem *problem = &list->problems[i];
        vf_buf_printf(out, "%s{\"severity\":\"%s\"", *first ? "" : ",", vf_severity_name(problem->severity));
        *first = false;
        add_target(out, plan);
        vf_result_text(out, "object", problem->object);
        vf_result_text(out, "what", problem->what);
        vf_result_text(out, "remedy", problem->remedy);
        if (problem->line > 0)
            add_number(out, "line", problem->line);
        if (problem->say != NULL)
            vf_result_text(out, "say", problem->say);
        vf_buf_char(out, '}');
    }
}

static void add_not_moved(struct vf_buf *out, const struct vf_plan *plan, bool *first)
{
    for (size_t i = 0; i < plan->n_not_moved; i++) {
        const struct vf_other *other = &plan->not_moved[i];
        vf_buf_str(out, *first ? "{\"kind\":" : ",{\"kind\":");
        *first = false;
        vf_buf_json_string(out, other->kind, strlen(other->kind));
        add_target(out, plan);
        vf_result_text(out, "schema", other->schema);
        vf_result_text(out, "name", other->name);
        vf_result_text(out, "on", other->on);
        vf_result_text(out, "why", other->why);
        vf_result_text(out, "text", other->text);
        vf_buf_char(out, '}');
    }
}

void vf_result_plan(vecferry *v, const struct vf_parts *parts)
{
    const struct vf_plan *plan = &parts->plans[0];
    struct vf_buf *out = &v->result;
    bool first = true;

    add_server(out, "source", plan->source_url, &plan->source_server);
    add_server(out, "target", plan->target_url, &plan->target_server);
    if (parts->n_parts > 1)
        add_server(out, "target2", parts->plans[1].target_url, &parts->plans[1].target_server);
    vf_result_text(out, "plan_sha256", parts->sha256);
    vf_buf_str(out, ",\"not_moved\":[");
    for (size_t i = 0; i < parts->n_parts; i++)
        add_not_moved(out, &parts->plans[i], &first);
    vf_buf_str(out, "],\"problems\":[");
    first = true;
    for (size_t i = 0; i < parts->n_parts; i++)
        add_problems(out, &parts->plans[i], &parts->plans[i].problems, &first);
    vf_buf_char(out, ']');
}

enum vf_status vf_result_changes(vecferry *v, const char *file, const struct vf_plan_changes *changes,
                                 struct vf_error *err)
{
    struct vf_buf *out = &v->result;

    vf_result_text(out, "file", file);
    vf_buf_printf(out, ",\"changed\":%s", changes->n_counted > 0 ? "true" : "false");
    add_number(out, "n_changes", (int64_t)changes->n_counted);
    vf_buf_str(out, ",\"changes\":[");
    for (size_t i = 0; i < changes->n_changes; i++) {
        const struct vf_plan_change *change = &changes->changes[i];
        vf_buf_printf(out, "%s{\"change\":\"%s\"", i > 0 ? "," : "", vf_plan_change_name(change->kind));
        vf_result_text(out, "what", change->what);
        vf_result_text(out, "object", change->object);
        vf_result_text(out, "before", change->before);
        vf_result_text(out, "after", change->after);
        vf_buf_printf(out, ",\"counts\":%s}", change->counts ? "true" : "false");
    }
    vf_buf_char(out, ']');
    if (changes->n_counted == 0)
        return VF_OK;
    vf_error_set(err, VF_DIFFERS, "%zu change%s since %s was made", changes->n_counted,
                 changes->n_counted == 1 ? "" : "s", file);
    vf_error_hint(err, "make the plan anew, or change it and say found: of a column whose values you read as another "
                       "type; docs/plan.md says how");
    return VF_DIFFERS;
}

/* ---- copy and verify ---- */

static void add_differences(struct vf_buf *out, const struct vf_verify_table *table)
{
    add_number(out, "n_differences", table->n_differences);
    vf_buf_printf(out, ",\"at_least\":%s,\"differences\":[", table->at_least ? "true" : "false");
    for (size_t i = 0; i < table->n_named; i++) {
        const struct vf_difference *difference = &table->named[i];
        vf_buf_printf(out, "%s{\"kind\":\"%s\"", i > 0 ? "," : "", vf_difference_name(difference->kind));
        vf_result_text(out, "key", difference->key);
        vf_result_text(out, "column", difference->column);
        vf_result_text(out, "detail", difference->detail);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

/* A part of 1, with four decimals: independent of the locale. */
static void add_part(struct vf_buf *out, const char *key, double part)
{
    int64_t number = (int64_t)(part * 10000 + 0.5);

    vf_buf_printf(out, ",\"%s\":%" PRId64 ".%04" PRId64, key, number / 10000, number % 10000);
}

static void add_words(struct vf_buf *out, const struct vf_verify_index *index)
{
    if (index->n_documents >= 0)
        add_number(out, "documents", index->n_documents);
    add_number(out, "words", index->n_words);
    add_number(out, "words_compared", index->n_compared);
    add_number(out, "words_same", index->n_same);
}

static void add_indexes(struct vf_buf *out, const struct vf_verify_table *table)
{
    vf_buf_str(out, ",\"indexes\":[");
    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_verify_index *index = &table->indexes[i];
        vf_buf_printf(out, "%s{\"equal\":%s", i > 0 ? "," : "", index->equal ? "true" : "false");
        vf_result_text(out, "name", index->name);
        vf_result_text(out, "kind", vf_index_kind_name(index->kind));
        vf_result_text(out, "file", index->file);
        vf_result_text(out, "state", index->state);
        vf_result_text(out, "why", index->why);
        if (index->kind == VF_INDEX_FULLTEXT)
            add_words(out, index);
        else
            add_number(out, "vectors", index->n_vectors);
        if (index->measured) {
            add_number(out, "k", index->k);
            add_part(out, "recall", index->recall);
            add_part(out, "min_recall", index->min_recall);
            add_number(out, "queries", index->n_queries);
            add_number(out, index->kind == VF_INDEX_IVFFLAT ? "probes" : "ef_search",
                       index->kind == VF_INDEX_IVFFLAT ? index->probes : index->ef_search);
        }
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

/* Texts whose U+0000 became something else, as the plan said. */
static void add_changed(struct vf_buf *out, const struct vf_plan_table *plan, const struct vf_verify_table *table)
{
    bool first = true;

    vf_buf_str(out, ",\"nul\":[");
    for (size_t i = 0; table->n_changed != NULL && i < plan->from.n_fields; i++) {
        const struct vf_field *field = &plan->from.fields[i];
        if (table->n_changed[i] == 0)
            continue;
        vf_buf_str(out, first ? "{\"column\":" : ",{\"column\":");
        first = false;
        vf_buf_json_string(out, field->name, strlen(field->name));
        vf_result_text(out, "how", vf_nul_name(field->nul));
        add_number(out, "changed", table->n_changed[i]);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

static void add_compared(struct vf_buf *out, const struct vf_verify_table *table)
{
    add_number(out, "source_rows", table->source.n_rows);
    add_number(out, "target_rows", table->target.n_rows);
    add_digest(out, "source_digest", table->source.sum);
    add_digest(out, "target_digest", table->target.sum);
    add_number(out, "verify_us", table->elapsed_us);
    add_differences(out, table);
}

static void add_verified(struct vf_buf *out, const struct vf_plan_table *plan, const struct vf_verify_table *table)
{
    vf_buf_printf(out, ",\"equal\":%s", table->equal ? "true" : "false");
    add_compared(out, table);
    add_changed(out, plan, table);
    add_indexes(out, table);
}

/* "equal" is null where nothing was compared. */
static void add_views(struct vf_buf *out, const struct vf_plan *plan, const struct vf_verify_result *verified,
                      bool *first)
{
    char label[256];

    for (size_t i = 0; i < verified->n_views; i++) {
        const struct vf_plan_view *planned = &plan->views[i];
        const struct vf_verify_view *view = &verified->views[i];
        vf_table_label(planned->source->schema, planned->source->name, label, sizeof(label));
        vf_buf_str(out, *first ? "{\"name\":" : ",{\"name\":");
        *first = false;
        vf_buf_json_string(out, label, strlen(label));
        add_target(out, plan);
        vf_buf_printf(out, ",\"equal\":%s", !view->rows.equal ? "false" : view->is_compared ? "true" : "null");
        vf_result_text(out, "why", view->why);
        if (view->is_compared)
            add_compared(out, &view->rows);
        vf_buf_char(out, '}');
    }
}

static void add_all_views(struct vf_buf *out, const struct vf_ends *ends)
{
    bool first = true;

    vf_buf_str(out, ",\"views\":[");
    for (size_t i = 0; i < ends->n_targets; i++)
        add_views(out, &ends->parts.plans[i], &ends->targets[i].verified, &first);
    vf_buf_char(out, ']');
}

static void begin_table(struct vf_buf *out, const struct vf_plan *plan, size_t i, bool *first)
{
    char label[256];

    vf_table_label(plan->tables[i].from.schema, plan->tables[i].from.name, label, sizeof(label));
    vf_buf_str(out, *first ? "{\"name\":" : ",{\"name\":");
    *first = false;
    vf_buf_json_string(out, label, strlen(label));
    add_target(out, plan);
}

/* What came of all targets together. */
struct sum {
    bool all_verified, any_resumed;
    int64_t n_rejected, copy_us, verify_us, n_differences, n_bad_indexes, n_bad_views;
};

static struct sum add_up(const struct vf_ends *ends)
{
    struct sum sum = {.all_verified = true};

    for (size_t i = 0; i < ends->n_targets; i++) {
        const struct vf_end *end = &ends->targets[i];
        sum.all_verified &= end->is_verified;
        sum.any_resumed |= end->copied.resumed;
        sum.n_rejected += end->is_copied ? end->copied.n_rejected : end->verified.n_rejected;
        sum.copy_us += end->copied.elapsed_us;
        sum.verify_us += end->verified.elapsed_us;
        sum.n_differences += end->verified.n_differences;
        sum.n_bad_indexes += end->verified.n_bad_indexes;
        sum.n_bad_views += end->verified.n_bad_views;
    }
    return sum;
}

static void add_copied_tables(struct vf_buf *out, const struct vf_plan *plan, const struct vf_end *end, bool *first)
{
    for (size_t i = 0; i < end->copied.n_tables; i++) {
        const struct vf_copy_table *table = &end->copied.tables[i];
        begin_table(out, plan, i, first);
        add_number(out, "rows", table->n_rows);
        add_number(out, "bytes", table->n_bytes);
        add_number(out, "rejected", table->n_rejected);
        add_number(out, "copy_us", table->elapsed_us);
        add_digest(out, "digest", table->digest.sum);
        if (end->is_verified)
            add_verified(out, &plan->tables[i], &end->verified.tables[i]);
        vf_buf_char(out, '}');
    }
}

/* A run a target: with several, `run` is that of the first, and `runs` has all. */
static void add_runs(struct vf_buf *out, const struct vf_ends *ends)
{
    vf_result_text(out, "run", ends->targets[0].copied.run);
    for (size_t i = 0; ends->n_targets > 1 && i < ends->n_targets; i++) {
        const struct vf_end *end = &ends->targets[i];
        vf_buf_printf(out, "%s{\"target\":%zu", i == 0 ? ",\"runs\":[" : ",", i + 1);
        vf_result_text(out, "run", end->copied.run);
        vf_buf_printf(out, ",\"resumed\":%s", end->copied.resumed ? "true" : "false");
        add_number(out, "rejected", end->copied.n_rejected);
        vf_buf_str(out, i + 1 == ends->n_targets ? "}]" : "}");
    }
}

void vf_result_copy(vecferry *v, const struct vf_ends *ends)
{
    struct vf_buf *out = &v->result;
    struct sum sum = add_up(ends);
    bool first = true;

    add_runs(out, ends);
    vf_buf_printf(out, ",\"resumed\":%s", sum.any_resumed ? "true" : "false");
    add_number(out, "rejected", sum.n_rejected);
    add_number(out, "copy_us", sum.copy_us);
    vf_buf_printf(out, ",\"verified\":%s", sum.all_verified ? "true" : "false");
    if (sum.all_verified) {
        add_number(out, "n_differences", sum.n_differences);
        add_number(out, "verify_us", sum.verify_us);
    }
    vf_buf_str(out, ",\"unfinished\":[");
    for (size_t i = 0; i < ends->n_targets; i++)
        add_problems(out, &ends->parts.plans[i], &ends->targets[i].copied.unfinished, &first);
    vf_buf_str(out, "],\"tables\":[");
    first = true;
    for (size_t i = 0; i < ends->n_targets; i++)
        add_copied_tables(out, &ends->parts.plans[i], &ends->targets[i], &first);
    vf_buf_char(out, ']');
    if (sum.all_verified)
        add_all_views(out, ends);
}

void vf_result_verify(vecferry *v, const struct vf_ends *ends)
{
    struct vf_buf *out = &v->result;
    struct sum sum = add_up(ends);
    bool first = true;

    add_number(out, "n_differences", sum.n_differences);
    add_number(out, "rejected", sum.n_rejected);
    add_number(out, "verify_us", sum.verify_us);
    vf_buf_str(out, ",\"tables\":[");
    for (size_t i = 0; i < ends->n_targets; i++) {
        const struct vf_verify_result *verified = &ends->targets[i].verified;
        for (size_t k = 0; k < verified->n_tables; k++) {
            begin_table(out, &ends->parts.plans[i], k, &first);
            add_number(out, "bytes", verified->tables[k].n_bytes);
            add_number(out, "rejected", verified->tables[k].n_rejected);
            add_verified(out, &ends->parts.plans[i].tables[k], &verified->tables[k]);
            vf_buf_char(out, '}');
        }
    }
    vf_buf_char(out, ']');
    add_all_views(out, ends);
}

/* ---- sidecars ---- */

static void add_sidecar(struct vf_buf *out, const struct vf_sidecar_beside *beside)
{
    const struct vf_sidecar_description *d = &beside->description;

    vf_buf_str(out, "{\"file\":");
    vf_buf_json_string(out, beside->file, strlen(beside->file));
    vf_result_text(out, "state", vf_sidecar_state_name(beside->state));
    vf_buf_printf(out, ",\"built\":%s", beside->is_built ? "true" : "false");
    if (beside->why != NULL)
        vf_result_text(out, "why", beside->why);
    if (beside->is_described) {
        if (d->schema != NULL)
            vf_result_text(out, "schema", d->schema);
        vf_result_text(out, "table", d->table);
        vf_result_text(out, "column", d->column);
        vf_result_text(out, "metric", vf_metric_name(d->metric));
        vf_buf_printf(out, ",\"m\":%u,\"ef_construction\":%u,\"ef_search\":%u,\"vectors\":%" PRId64, (unsigned)d->m,
                      (unsigned)d->ef_construction, (unsigned)d->ef_search, d->n_vectors);
    }
    vf_buf_char(out, '}');
}

void vf_result_sidecars(vecferry *v, const struct vf_sidecar_list *list)
{
    vf_buf_str(&v->result, ",\"sidecars\":[");
    for (size_t i = 0; i < list->n_sidecars; i++) {
        if (i > 0)
            vf_buf_char(&v->result, ',');
        add_sidecar(&v->result, &list->sidecars[i]);
    }
    vf_buf_char(&v->result, ']');
}

/* ---- the end ---- */

/* The first difference, in words: what a person looks for first. */
static void describe_difference(const struct vf_ends *ends, int64_t n_differences, struct vf_error *err)
{
    const char *rows = n_differences == 1 ? "row differs" : "rows differ";

    for (size_t k = 0; k < ends->n_targets; k++) {
        const struct vf_plan *plan = &ends->parts.plans[k];
        const struct vf_verify_result *verify = &ends->targets[k].verified;
        char label[256], target[32] = "";
        if (plan->target > 0)
            snprintf(target, sizeof(target), "target %u, ", plan->target);
        for (size_t i = 0; i < verify->n_tables; i++) {
            const struct vf_verify_table *table = &verify->tables[i];
            if (table->n_named == 0)
                continue;
            const struct vf_difference *first = &table->named[0];
            vf_table_label(plan->tables[i].from.schema, plan->tables[i].from.name, label, sizeof(label));
            vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s; the first: %s%s: %s %s%s%s", n_differences, rows, target,
                         label, vf_difference_name(first->kind), first->key, first->column != NULL ? ", column " : "",
                         first->column != NULL ? first->column : "");
            return;
        }
    }
    vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s", n_differences, rows);
}

/* The first index that isn't what it should be. */
static void describe_index(const struct vf_ends *ends, int64_t n_indexes, struct vf_error *err)
{
    for (size_t k = 0; k < ends->n_targets; k++) {
        const struct vf_verify_result *verify = &ends->targets[k].verified;
        for (size_t i = 0; i < verify->n_tables; i++) {
            for (size_t n = 0; n < verify->tables[i].n_indexes; n++) {
                const struct vf_verify_index *index = &verify->tables[i].indexes[n];
                if (index->equal)
                    continue;
                vf_error_set(err, VF_DIFFERS,
                             "all rows are equal, but %" PRId64 " index%s not as wanted; the first: %s%s%s: %s",
                             n_indexes, n_indexes == 1 ? " is" : "es are",
                             index->file != NULL ? index->file : index->name, index->measured ? "" : " is ",
                             index->measured ? "" : index->state, index->why != NULL ? index->why : "");
                vf_error_hint(
                    err, "%s",
                    index->measured
                        ? "a larger ef_construction, m or ef_search of the index in the plan finds more; or "
                          "lower min_recall of its verify"
                        : "vecferry index builds it anew from the rows that are there; or take it out of the plan");
                return;
            }
        }
    }
}

/* The first view that shows something else than the source's. */
static void describe_view(const struct vf_ends *ends, int64_t n_views, struct vf_error *err)
{
    for (size_t k = 0; k < ends->n_targets; k++) {
        const struct vf_plan *plan = &ends->parts.plans[k];
        const struct vf_verify_result *verify = &ends->targets[k].verified;
        char label[256];
        for (size_t i = 0; i < verify->n_views; i++) {
            const struct vf_verify_view *view = &verify->views[i];
            const struct vf_difference *first = view->rows.n_named > 0 ? &view->rows.named[0] : NULL;
            if (view->rows.equal)
                continue;
            vf_table_label(plan->views[i].source->schema, plan->views[i].source->name, label, sizeof(label));
            vf_error_set(err, VF_DIFFERS,
                         "all rows are equal, but %" PRId64 " view%s something else than in the source; the first: %s: "
                         "%s%s%s",
                         n_views, n_views == 1 ? " shows" : "s show", label,
                         first != NULL       ? vf_difference_name(first->kind)
                         : view->why != NULL ? view->why
                                             : "another number of rows",
                         first != NULL ? " " : "", first != NULL ? first->key : "");
            vf_error_hint(err, "copy it again with --drop-existing; or take it out of the plan, and make it by hand");
            return;
        }
    }
}

/* The first of the keys and indexes (or of the views, which are notes) that could not be made. false: there is none. */
static bool describe_unfinished(const struct vf_ends *ends, bool of_views, struct vf_error *err)
{
    const struct vf_problem *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < ends->n_targets; i++) {
        const struct vf_problem_list *list = &ends->targets[i].copied.unfinished;
        for (size_t k = 0; k < list->n_problems; k++) {
            if ((list->problems[k].severity == VF_SEVERITY_NOTE) != of_views)
                continue;
            first = first != NULL ? first : &list->problems[k];
            n++;
        }
    }
    if (first == NULL)
        return false;
    vf_error_set(err, VF_DIFFERS,
                 "all rows are in the target, but of their %s %zu could not be made; the first: %s: %s",
                 of_views ? "views" : "keys and indexes", n, first->object, first->what);
    vf_error_hint(err, "%s", first->remedy[0] != '\0' ? first->remedy : "mend the rows, then --resume");
    return true;
}

enum vf_status vf_result_judge(const struct vf_ends *ends, struct vf_error *err)
{
    struct sum sum = add_up(ends);

    if (sum.n_differences > 0) {
        describe_difference(ends, sum.n_differences, err);
        vf_error_hint(
            err,
            "the rows are named above and in the JSON result; copy again with --drop-existing, or mend the target");
        return VF_DIFFERS;
    }
    if (describe_unfinished(ends, false, err) || describe_unfinished(ends, true, err))
        return VF_DIFFERS;
    if (sum.n_bad_indexes > 0) {
        describe_index(ends, sum.n_bad_indexes, err);
        return VF_DIFFERS;
    }
    if (sum.n_bad_views > 0) {
        describe_view(ends, sum.n_bad_views, err);
        return VF_DIFFERS;
    }
    if (sum.n_rejected == 0)
        return VF_OK;
    vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s rejected", sum.n_rejected,
                 sum.n_rejected == 1 ? "row was" : "rows were");
    vf_error_hint(err, "table vecferry_rejects in the target has each with its key, column, reason and original bytes");
    return VF_DIFFERS;
}

int vf_handle_end(vecferry *v, enum vf_status status)
{
    struct vf_buf *out = &v->result;
    int code = vf_status_exit_code(status, v->error.side);

    if (status == VF_CANCELLED && atomic_load(&v->cancel.reason) != 0)
        code = atomic_load(&v->cancel.reason);
    vf_redact(v->error.message);
    vf_redact(v->error.hint);
    bool finished = status == VF_OK || status == VF_DIFFERS;
    vf_buf_printf(out, ",\"type\":\"%s\",\"exit_code\":%d", finished ? "summary" : "error", code);
    if (status != VF_OK) {
        vf_result_text(out, "error", v->error.message);
        vf_result_text(out, "hint", v->error.hint);
        if (v->error.sqlstate[0] != '\0')
            vf_result_text(out, "sqlstate", v->error.sqlstate);
    }
    vf_buf_char(out, '}');
    if (vf_buf_check(out, NULL) != VF_OK) { /* too large, or no memory: what is left is short, and still JSON */
        vf_buf_clear(out);
        vf_buf_printf(out, "{\"v\":1,\"type\":\"%s\",\"exit_code\":%d}", finished ? "summary" : "error", code);
    }
    return code;
}
