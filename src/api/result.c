#include "api/handle.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "model/temporal.h"

static void add_text(struct vf_buf *out, const char *key, const char *text)
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
    vf_timestamp_format(clock->wall_us(clock->context) - VF_EPOCH_2000_US, true, now);
    vf_buf_printf(&v->result, "{\"v\":1,\"ts\":\"%s\",\"verb\":\"%s\"", now, verb);
}

/* ---- the plan's part ---- */

static void add_server(struct vf_buf *out, const char *key, const char *url, const struct vf_server *server)
{
    vf_buf_printf(out, ",\"%s\":{\"url\":", key);
    vf_buf_json_string(out, url != NULL ? url : "", url != NULL ? strlen(url) : 0);
    add_text(out, "product", server->product);
    add_text(out, "version", server->version);
    add_text(out, "vector_product", server->vector_product);
    add_text(out, "vector_version", server->vector_version);
    vf_buf_char(out, '}');
}

static void add_problems(struct vf_buf *out, const char *key, const struct vf_problem_list *list)
{
    vf_buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < list->n_problems; i++) {
        const struct vf_problem *problem = &list->problems[i];
        vf_buf_printf(out, "%s{\"severity\":\"%s\"", i > 0 ? "," : "", vf_severity_name(problem->severity));
        add_text(out, "object", problem->object);
        add_text(out, "what", problem->what);
        add_text(out, "remedy", problem->remedy);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

void vf_result_plan(vecferry *v, const struct vf_plan *plan)
{
    struct vf_buf *out = &v->result;

    add_server(out, "source", plan->source_url, &plan->source_server);
    add_server(out, "target", plan->target_url, &plan->target_server);
    add_text(out, "plan_sha256", plan->sha256);
    vf_buf_str(out, ",\"not_moved\":[");
    for (size_t i = 0; i < plan->n_not_moved; i++) {
        const struct vf_other *other = &plan->not_moved[i];
        vf_buf_str(out, i > 0 ? "," : "");
        vf_buf_str(out, "{\"kind\":");
        vf_buf_json_string(out, other->kind, strlen(other->kind));
        add_text(out, "schema", other->schema);
        add_text(out, "name", other->name);
        add_text(out, "on", other->on);
        add_text(out, "why", other->why);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
    add_problems(out, "problems", &plan->problems);
}

/* ---- copy and verify ---- */

static void add_differences(struct vf_buf *out, const struct vf_verify_table *table)
{
    add_number(out, "n_differences", table->n_differences);
    vf_buf_printf(out, ",\"at_least\":%s,\"differences\":[", table->at_least ? "true" : "false");
    for (size_t i = 0; i < table->n_named; i++) {
        const struct vf_difference *difference = &table->named[i];
        vf_buf_printf(out, "%s{\"kind\":\"%s\"", i > 0 ? "," : "", vf_difference_name(difference->kind));
        add_text(out, "key", difference->key);
        add_text(out, "column", difference->column);
        add_text(out, "detail", difference->detail);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

static void add_verified(struct vf_buf *out, const struct vf_verify_table *table)
{
    vf_buf_printf(out, ",\"equal\":%s", table->equal ? "true" : "false");
    add_number(out, "source_rows", table->source.n_rows);
    add_number(out, "target_rows", table->target.n_rows);
    add_digest(out, "source_digest", table->source.sum);
    add_digest(out, "target_digest", table->target.sum);
    add_number(out, "verify_us", table->elapsed_us);
    add_differences(out, table);
}

static void begin_table(struct vf_buf *out, const struct vf_plan *plan, size_t i)
{
    char label[256];

    vf_table_label(plan->tables[i].from.schema, plan->tables[i].from.name, label, sizeof(label));
    vf_buf_str(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    vf_buf_json_string(out, label, strlen(label));
}

void vf_result_copy(vecferry *v, const struct vf_plan *plan, const struct vf_copy_result *copy,
                    const struct vf_verify_result *verify)
{
    struct vf_buf *out = &v->result;

    add_text(out, "run", copy->run);
    vf_buf_printf(out, ",\"resumed\":%s", copy->resumed ? "true" : "false");
    add_number(out, "rejected", copy->n_rejected);
    add_number(out, "copy_us", copy->elapsed_us);
    vf_buf_printf(out, ",\"verified\":%s", verify != NULL ? "true" : "false");
    if (verify != NULL) {
        add_number(out, "n_differences", verify->n_differences);
        add_number(out, "verify_us", verify->elapsed_us);
    }
    add_problems(out, "unfinished", &copy->unfinished);
    vf_buf_str(out, ",\"tables\":[");
    for (size_t i = 0; i < copy->n_tables; i++) {
        const struct vf_copy_table *table = &copy->tables[i];
        begin_table(out, plan, i);
        add_number(out, "rows", table->n_rows);
        add_number(out, "bytes", table->n_bytes);
        add_number(out, "rejected", table->n_rejected);
        add_number(out, "copy_us", table->elapsed_us);
        add_digest(out, "digest", table->digest.sum);
        if (verify != NULL)
            add_verified(out, &verify->tables[i]);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

void vf_result_verify(vecferry *v, const struct vf_plan *plan, const struct vf_verify_result *verify)
{
    struct vf_buf *out = &v->result;

    add_number(out, "n_differences", verify->n_differences);
    add_number(out, "rejected", verify->n_rejected);
    add_number(out, "verify_us", verify->elapsed_us);
    vf_buf_str(out, ",\"tables\":[");
    for (size_t i = 0; i < verify->n_tables; i++) {
        begin_table(out, plan, i);
        add_number(out, "bytes", verify->tables[i].n_bytes);
        add_number(out, "rejected", verify->tables[i].n_rejected);
        add_verified(out, &verify->tables[i]);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

/* ---- the end ---- */

/* The first difference, in words: what a person looks for first. */
static void describe_difference(const struct vf_plan *plan, const struct vf_verify_result *verify, struct vf_error *err)
{
    const char *rows = verify->n_differences == 1 ? "row differs" : "rows differ";

    for (size_t i = 0; i < verify->n_tables; i++) {
        const struct vf_verify_table *table = &verify->tables[i];
        if (table->n_named == 0)
            continue;
        const struct vf_difference *first = &table->named[0];
        char label[256];
        vf_table_label(plan->tables[i].from.schema, plan->tables[i].from.name, label, sizeof(label));
        vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s; the first: %s: %s %s%s%s", verify->n_differences, rows, label,
                     vf_difference_name(first->kind), first->key, first->column != NULL ? ", column " : "",
                     first->column != NULL ? first->column : "");
        return;
    }
    vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s", verify->n_differences, rows);
}

enum vf_status vf_result_judge(const struct vf_plan *plan, const struct vf_copy_result *copy,
                               const struct vf_verify_result *verify, struct vf_error *err)
{
    int64_t n_rejected = copy != NULL ? copy->n_rejected : verify != NULL ? verify->n_rejected : 0;

    if (verify != NULL && verify->n_differences > 0) {
        describe_difference(plan, verify, err);
        vf_error_hint(
            err,
            "the rows are named above and in the JSON result; copy again with --drop-existing, or mend the target");
        return VF_DIFFERS;
    }
    if (copy != NULL && copy->unfinished.n_problems > 0) {
        const struct vf_problem *first = &copy->unfinished.problems[0];
        vf_error_set(err, VF_DIFFERS,
                     "all rows are in the target, but %zu keys or indexes could not be made; the first: %s: %s",
                     copy->unfinished.n_problems, first->object, first->what);
        vf_error_hint(err, "%s", first->remedy[0] != '\0' ? first->remedy : "mend the rows, then --resume");
        return VF_DIFFERS;
    }
    if (n_rejected == 0)
        return VF_OK;
    vf_error_set(err, VF_DIFFERS, "%" PRId64 " %s rejected", n_rejected, n_rejected == 1 ? "row was" : "rows were");
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
        add_text(out, "error", v->error.message);
        add_text(out, "hint", v->error.hint);
        if (v->error.sqlstate[0] != '\0')
            add_text(out, "sqlstate", v->error.sqlstate);
    }
    vf_buf_char(out, '}');
    if (vf_buf_check(out, NULL) != VF_OK) { /* too large, or no memory: what is left is short, and still JSON */
        vf_buf_clear(out);
        vf_buf_printf(out, "{\"v\":1,\"type\":\"%s\",\"exit_code\":%d}", finished ? "summary" : "error", code);
    }
    return code;
}
