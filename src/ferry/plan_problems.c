#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "vector/convert.h"

#define NEAR_END   0.1 /* of a sequence's numbers */
#define DEFAULT_M  16  /* of a graph whose links aren't said */
#define LINK_BYTES 8.0

static enum vf_status note(struct vf_plan_maker *maker, const char *object, const char *what, const char *remedy)
{
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object, remedy, maker->err, "%s", what);
}

/* "rename: a, b" as the file has to have it: rename: "a, b". What isn't a key and its text stays as it is. NULL: no memory. */
static const char *as_yaml(struct vf_arena *arena, const char *say)
{
    size_t key_bytes = strspn(say, "abcdefghijklmnopqrstuvwxyz_");
    struct vf_buf text;

    if (key_bytes == 0 || !vf_str_starts(say + key_bytes, ": ") || strcmp(say + key_bytes, ": true") == 0)
        return say;
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_printf(&text, "%.*s: ", (int)key_bytes, say);
    vf_yaml_put(&text, say + key_bytes + 2);
    const char *made = text.status == VF_OK ? vf_arena_strdup(arena, text.data) : NULL;
    vf_buf_release(&text);
    return made;
}

enum vf_status vf_plan_settle(struct vf_plan_maker *maker, enum vf_status status, const char *say, const char *at)
{
    const char *text = say != NULL ? as_yaml(&maker->plan->arena, say) : NULL;

    if (status == VF_OK && say != NULL)
        status = text != NULL ? vf_problem_say(&maker->plan->problems, text, maker->err) : vf_error_nomem(maker->err);
    return status == VF_OK && at != NULL ? vf_problem_at(&maker->plan->problems, at, maker->err) : status;
}

/* ---- values ---- */

/* As texts of JSON, which keep every byte, the values are in the type that the target has for those. */
static enum vf_status say_json(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                               const struct vf_plan_column *column)
{
    struct vf_plan_column text = *column;

    text.type = text.source.type = (struct vf_type){.kind = VF_K_JSON};
    text.source.form = VF_FORM_TEXT;
    enum vf_status status = vf_plan_map_column(maker, table, &text);
    if (status != VF_OK)
        return status;
    bool is_native = text.mapping.form == VF_FORM_NATIVE;
    const char *say = vf_arena_printf(&maker->plan->arena, "type: json, read: text, to: %s%s%s", text.mapping.native,
                                      is_native ? "" : ", as: ", is_native ? "" : vf_form_name(text.mapping.form));
    return say != NULL ? vf_problem_say(&maker->plan->problems, say, maker->err) : vf_error_nomem(maker->err);
}

/* Values that are moved as what they mean, and come back in another writing. */
static enum vf_status judge_writing(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                    const struct vf_plan_column *column, const char *object)
{
    const struct vf_evidence *evidence = &column->source.evidence;
    struct vf_problem_list *problems = &maker->plan->problems;

    if (column->type.kind == VF_K_F64)
        return vf_problem_add(problems, VF_SEVERITY_NOTE, VF_OK, object, NULL, maker->err,
                              "%" PRId64 " of %" PRId64
                              " numbers are whole ones among floating-point ones: they become such, and come back so "
                              "(3 as 3.0)",
                              evidence->n_rewritten, evidence->n_compared);
    if (column->type.kind != VF_K_VECTOR || column->source.form != VF_FORM_JSON)
        return VF_OK; /* the plan has chosen another type */
    enum vf_status status = vf_problem_add(
        problems, VF_SEVERITY_NOTE, VF_OK, object, "as json the column keeps every byte, and is no vector then",
        maker->err,
        "%" PRId64 " of %s%" PRId64 " texts write their numbers in another way than the shortest ([1.0, 2] for [1,2]): "
        "they are moved as the vectors "
        "that they mean, and come back in the shortest",
        evidence->n_rewritten, evidence->n_compared < evidence->n_values ? "the first " : "", evidence->n_compared);
    return status == VF_OK ? say_json(maker, table, column) : status;
}

static enum vf_status judge_evidence(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_plan_column *column, const char *object)
{
    const struct vf_evidence *evidence = &column->source.evidence;
    /* Numbers in a list that was found to be none are no vectors either. */
    bool is_vector = column->type.kind == VF_K_VECTOR || column->type.kind == VF_K_SPARSE;
    char what[512], type[48];
    enum vf_status status = VF_OK;

    if (!evidence->measured)
        return VF_OK;
    if (evidence->n_bad > 0) {
        snprintf(what, sizeof(what),
                 "%" PRId64 " of %" PRId64 " values aren't of type %s: their rows will be rejected%s%s",
                 evidence->n_bad, evidence->n_values, vf_type_format(column->type, type),
                 evidence->text != NULL ? "; found: " : "", evidence->text != NULL ? evidence->text : "");
        status = note(maker, object, what, "mend them in the source, or choose another type in the plan");
    }
    if (status == VF_OK && evidence->n_inexact > 0) {
        snprintf(what, sizeof(what),
                 "%" PRId64 " numbers aren't exactly those of type %s and are moved as the nearest value; largest "
                 "relative error %.2g",
                 evidence->n_inexact, vf_type_format(column->type, type), evidence->max_relative_error);
        status = note(maker, object, what, NULL);
    }
    if (status == VF_OK && evidence->n_rewritten > 0)
        status = judge_writing(maker, table, column, object);
    if (status == VF_OK && is_vector && evidence->n_not_finite > 0 &&
        !vf_conn_limits(maker->target)->vector_not_finite) {
        snprintf(what, sizeof(what), "%" PRId64 " vectors hold NaN or infinity: their rows will be rejected",
                 evidence->n_not_finite);
        status = note(maker, object, what, "mend them in the source");
    }
    if (status == VF_OK && is_vector && evidence->n_zero > 0) {
        snprintf(what, sizeof(what),
                 "%" PRId64 " vectors are zero: their cosine distance is undefined, and a cosine index leaves them out",
                 evidence->n_zero);
        status = note(maker, object, what, NULL);
    }
    return status;
}

static enum vf_status judge_column(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                   const struct vf_plan_column *column)
{
    struct vf_plan *plan = maker->plan;
    const char *object = vf_plan_object(plan, &table->source, column->name);
    uint32_t max_dim = vf_conn_limits(maker->target)->max_vector_dim;
    char type[48];
    enum vf_status status = object != NULL ? VF_OK : vf_error_nomem(maker->err);

    if (status == VF_OK && column->mapping.fidelity == VF_FIDELITY_NONE && !column->accept_loss)
        return vf_plan_settle(
            maker,
            vf_problem_add(&plan->problems, VF_SEVERITY_LOSS, VF_STATE, object,
                           "loss: accept in the plan for this column, or --accept-losses: then it is left out",
                           maker->err, "the column can't be moved: %s",
                           column->mapping.how != NULL ? column->mapping.how : "the target has no type for it"),
            "loss: accept", NULL);
    if (column->skip)
        return status;
    if (status == VF_OK && column->mapping.fidelity == VF_FIDELITY_LOSSY) {
        status = vf_problem_add(&plan->problems, column->accept_loss ? VF_SEVERITY_NOTE : VF_SEVERITY_LOSS, VF_STATE,
                                object, "loss: accept in the plan for this column, or --accept-losses", maker->err,
                                "%s becomes %s: %s", column->source.native, column->mapping.native,
                                column->mapping.how != NULL ? column->mapping.how : "not exact");
        status = vf_plan_settle(maker, status, column->accept_loss ? NULL : "loss: accept", NULL);
    }
    if (status == VF_OK && column->type.kind == VF_K_VECTOR && max_dim > 0 && column->type.dim > max_dim &&
        column->mapping.form == VF_FORM_NATIVE) {
        status = vf_problem_add(
            &plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, object,
            "keep it as an array or text by to: and as: in the plan, or leave the column out by skip: true", maker->err,
            "a vector of %u dimensions is above the target's limit of %u", (unsigned)column->type.dim,
            (unsigned)max_dim);
        status = vf_plan_settle(maker, status, "skip: true", NULL);
    }
    if (status == VF_OK && column->type.kind == VF_K_VECTOR && column->mapping.form == VF_FORM_LIST &&
        column->source.form != VF_FORM_LIST && column->mapping.how != NULL)
        status = vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK, object, NULL, maker->err, "%s becomes %s: %s",
                                vf_type_format(column->type, type), column->mapping.native, column->mapping.how);
    if (status == VF_OK && column->overruled)
        status =
            vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK, object, NULL, maker->err,
                           "the plan makes it %s (%s): values that this can't hold are rejected, or found by verify",
                           column->mapping.native, vf_form_name(column->mapping.form));
    return status == VF_OK ? judge_evidence(maker, table, column, object) : status;
}

/* ---- tables ---- */

/* A partition that is to be made, and is there. */
static enum vf_status judge_target_partition(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                             const struct vf_partition *partition)
{
    bool exists = false, has_rows = false;
    char label[256];
    enum vf_status status =
        vf_conn_table_state(maker->target, partition->schema, partition->name, &exists, &has_rows, maker->err);

    if (status != VF_OK || !exists || maker->options->ignore_existing)
        return status;
    status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE,
                            vf_table_label(partition->schema, partition->name, label, sizeof(label)),
                            "drop it, or say partitions: one of its table in the plan", maker->err,
                            VF_PLAN_TABLE_EXISTS ", and would be a partition%s", has_rows ? "; it holds rows" : "");
    return vf_plan_settle(maker, status, "partitions: one",
                          vf_table_label(table->source.schema, table->source.name, label, sizeof(label)));
}

static enum vf_status judge_target_table(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    const struct vf_table *target = &table->target;
    bool exists = false, has_rows = false;
    char label[256];
    enum vf_status status =
        vf_conn_table_state(maker->target, target->schema, target->name, &exists, &has_rows, maker->err);

    if (status != VF_OK || !exists || maker->options->ignore_existing)
        return status;
    status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE,
                            vf_table_label(table->source.schema, table->source.name, label, sizeof(label)),
                            "--drop-existing drops it first, --exclude leaves it out, --resume goes on with an "
                            "unfinished run, and rename: in "
                            "the plan gives it another name",
                            maker->err, VF_PLAN_TABLE_EXISTS "%s", has_rows ? ", and holds rows" : "");
    return vf_plan_settle(maker, status, vf_arena_printf(&maker->plan->arena, "rename: %s_2", target->name), NULL);
}

/* What this user can't read of the source. */
static enum vf_status judge_rights(struct vf_plan_maker *maker, const struct vf_table *source, const char *label)
{
    if (source->unread == NULL)
        return VF_OK;
    enum vf_status status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, label,
                                           source->unread_remedy, maker->err, "%s", source->unread);
    return vf_plan_settle(maker, status,
                          source->n_partitions > 0 && vf_str_starts(source->unread_remedy, "partitions: parts")
                              ? "partitions: parts"
                              : VF_PLAN_SAY_ENTRY_OUT,
                          NULL);
}

static enum vf_status judge_table(struct vf_plan_maker *maker, size_t i)
{
    const struct vf_plan_table *table = &maker->plan->tables[i];
    uint32_t max_columns = vf_conn_limits(maker->target)->max_columns;
    char label[256];
    enum vf_status status;

    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    status = judge_rights(maker, &table->source, label);
    if (status == VF_OK)
        status = judge_target_table(maker, table);
    for (size_t k = 0; k < table->target.n_partitions && status == VF_OK; k++)
        status = judge_target_partition(maker, table, &table->target.partitions[k]);
    if (status == VF_OK && max_columns > 0 && table->target.n_columns > max_columns)
        status = vf_problem_add(
            &maker->plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, label, "leave columns out by skip: true", maker->err,
            "%zu columns, and the target's limit is %u", table->target.n_columns, (unsigned)max_columns);
    if (status == VF_OK && table->from.n_key == 0)
        status = note(maker, label,
                      "the table has no key: its rows are compared as a whole, and can't be kept in step one by one; a "
                      "stopped copy of it goes on by --resume all the same",
                      "a primary key, or a unique index over columns that are never NULL, names them");
    for (size_t k = 0; k < table->n_columns && status == VF_OK; k++)
        status = judge_column(maker, table, &table->columns[k]);
    return status;
}

/* One whose name is taken isn't made, and the copy goes on without it. */
static enum vf_status judge_view(struct vf_plan_maker *maker, const struct vf_plan_view *view)
{
    bool exists = false, has_rows = false;
    char label[256];

    if (maker->options->ignore_existing)
        return VF_OK;
    enum vf_status status =
        vf_conn_table_state(maker->target, view->target.schema, view->target.name, &exists, &has_rows, maker->err);
    if (status != VF_OK || !exists)
        return status;
    status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                            vf_table_label(view->source->schema, view->source->name, label, sizeof(label)),
                            "give the view another name by rename: in the plan, or drop what is there", maker->err,
                            "the target has a table or view \"%s\" already: the view isn't made (exit code 3)",
                            view->target.name);
    return vf_plan_settle(maker, status, vf_arena_printf(&maker->plan->arena, "rename: %s_2", view->target.name), NULL);
}

/* ---- sequences ---- */

/* A sequence has no line of its own: that of the column which it serves, or that which names the source. */
static enum vf_status at_owner(struct vf_plan_maker *maker, enum vf_status status, const struct vf_sequence *sequence)
{
    struct vf_plan *plan = maker->plan;

    for (size_t i = 0; status == VF_OK && sequence->owner_table != NULL && i < plan->n_tables; i++) {
        const struct vf_plan_table *table = &plan->tables[i];
        int column = sequence->owner_column != NULL ? vf_table_find_column(&table->target, sequence->owner_column) : -1;
        if (column < 0 || strcmp(table->target.name, sequence->owner_table) != 0 ||
            !vf_str_equal(table->target.schema, sequence->owner_schema))
            continue;
        const char *object = vf_plan_object(plan, &table->source, vf_plan_source_name(table, column));
        return object != NULL ? vf_plan_settle(maker, status, NULL, object) : vf_error_nomem(maker->err);
    }
    return vf_plan_settle(maker, status, NULL, "source:");
}

/* One that serves a column goes on above the column's values in any case; one that serves none would hand out numbers again. */
static enum vf_status judge_sequence(struct vf_plan_maker *maker, const struct vf_sequence *sequence)
{
    bool serves = sequence->owner_table != NULL;
    bool accepted = serves || maker->options->accept_losses;
    char label[256];

    if (!sequence->is_hidden)
        return VF_OK;
    enum vf_status status = vf_problem_add(
        &maker->plan->problems, accepted ? VF_SEVERITY_NOTE : VF_SEVERITY_LOSS, VF_STATE,
        vf_table_label(sequence->schema, sequence->name, label, sizeof(label)),
        serves ? "grant SELECT on the sequence to move its value" : "grant SELECT on the sequence, or --accept-losses",
        maker->err, "this user may not read the sequence's value: it goes on %s",
        serves ? "right after the largest value of its column" : "from its start");
    return at_owner(maker, status, sequence);
}

/* Nine tenths of its numbers are handed out, and it doesn't begin again. */
static enum vf_status judge_end(struct vf_plan_maker *maker, const struct vf_sequence *sequence)
{
    bool is_up = sequence->increment > 0;
    double all = is_up ? (double)sequence->max - (double)sequence->min : (double)sequence->min - (double)sequence->max;
    double left =
        is_up ? (double)sequence->max - (double)sequence->last : (double)sequence->min - (double)sequence->last;
    char label[256];

    if (sequence->cycle || sequence->is_hidden || sequence->increment == 0 || all == 0 || left / all > NEAR_END)
        return VF_OK;
    enum vf_status status =
        vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                       vf_table_label(sequence->schema, sequence->name, label, sizeof(label)),
                       "make its column and the sequence bigint in the source, before or after the move", maker->err,
                       "the sequence is near its end: it stands at %" PRId64 " of %" PRId64 ", with %.0f numbers left",
                       sequence->last, is_up ? sequence->max : sequence->min, left / (double)sequence->increment);
    return at_owner(maker, status, sequence);
}

/* Texts that the other side may not take as they are. */
static enum vf_status judge_encodings(struct vf_plan_maker *maker)
{
    const char *source = maker->plan->source_server.encoding, *target = maker->plan->target_server.encoding;
    enum vf_status status = VF_OK;

    if (vf_str_starts(source, "UTF-16"))
        status = note(maker, "",
                      "the source keeps its texts as UTF-16: they are moved as UTF-8, and half a pair of surrogates, "
                      "which isn't a character, isn't kept",
                      NULL);
    if (status == VF_OK && vf_str_starts(source, "UTF-16"))
        status = vf_plan_settle(maker, status, NULL, "source:");
    if (status != VF_OK || target[0] == '\0' || strcmp(target, "UTF8") == 0 || vf_str_starts(target, "UTF-"))
        return status;
    status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, "",
                            "make the target database WITH ENCODING 'UTF8' TEMPLATE template0", maker->err,
                            "the target's encoding is %s: rows with characters that it doesn't have will be rejected",
                            target);
    return vf_plan_settle(maker, status, NULL, "target:");
}

/* Vectors that are copied into a file beside the database, with their links. */
static int64_t beside_bytes(const struct vf_plan_table *table)
{
    double size_bytes = 0;

    for (size_t i = 0; i < table->n_indexes && table->source.n_rows > 0; i++) {
        const struct vf_index *index = &table->indexes[i].mapping.index;
        const struct vf_column *column =
            index->n_parts == 1 && index->parts[0].column >= 0 ? &table->target.columns[index->parts[0].column] : NULL;
        if (!vf_index_is_vector(index->kind) || !vf_index_is_beside(index->vector.place) || column == NULL)
            continue;
        uint32_t m = index->vector.m > 0 ? index->vector.m : DEFAULT_M;
        size_bytes += (double)table->source.n_rows *
                      ((double)vf_element_bytes(column->type.element, column->type.dim) + 2.0 * m * LINK_BYTES);
    }
    return size_bytes < (double)INT64_MAX / 4 ? (int64_t)size_bytes : INT64_MAX / 4;
}

/* The table of the plan that an object of the target is, or belongs to; *part: what of it. */
static const struct vf_plan_table *table_of(const struct vf_plan *plan, const char *object, const char **part)
{
    const struct vf_plan_table *found = NULL;
    size_t longest = 0;
    char label[256];

    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_table *target = &plan->tables[i].target;
        size_t size_bytes = strlen(vf_table_label(target->schema, target->name, label, sizeof(label)));
        bool is_it = vf_str_starts(object, label) && (object[size_bytes] == '\0' || object[size_bytes] == '.');
        if (!is_it || size_bytes < longest)
            continue;
        found = &plan->tables[i];
        longest = size_bytes;
        *part = object[size_bytes] == '.' ? object + size_bytes + 1 : NULL;
    }
    return found;
}

/* What the source calls a column or an index of the target. */
static const char *source_name(const struct vf_plan_table *table, const char *part)
{
    int column = vf_table_find_column(&table->target, part);

    if (column >= 0)
        return vf_plan_source_name(table, column);
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_str_equal(table->indexes[i].mapping.index.name, part) && table->indexes[i].source.name != NULL)
            return table->indexes[i].source.name;
    }
    return part;
}

/* The target's engine calls things as they are called there; the plan, and its lines, as they are in the source. What is about the whole target is settled where that is named. */
static enum vf_status place_problem(struct vf_plan_maker *maker, struct vf_problem *problem)
{
    const char *part = NULL;
    const struct vf_plan_table *table = table_of(maker->plan, problem->object, &part);
    struct vf_arena *arena = &maker->plan->problems.arena;
    char label[256];

    if (problem->say != NULL && (problem->say = as_yaml(arena, problem->say)) == NULL)
        return vf_error_nomem(maker->err);
    if (table == NULL) {
        problem->at = problem->at != NULL ? problem->at : "target:";
        return VF_OK;
    }
    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    problem->object =
        part != NULL ? vf_arena_printf(arena, "%s.%s", label, source_name(table, part)) : vf_arena_strdup(arena, label);
    return problem->object != NULL ? VF_OK : vf_error_nomem(maker->err);
}

static enum vf_status ask_target(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    struct vf_schema wanted = {.user_types = plan->user_types,
                               .n_user_types = plan->n_user_types,
                               .sequences = plan->sequences,
                               .n_sequences = plan->n_sequences};
    struct vf_load_estimate estimate = {0};

    wanted.tables = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*wanted.tables));
    if (wanted.tables == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < plan->n_tables; i++) {
        wanted.tables[wanted.n_tables++] = plan->tables[i].target;
        estimate.n_rows += plan->tables[i].source.n_rows > 0 ? plan->tables[i].source.n_rows : 0;
        estimate.size_bytes += plan->tables[i].source.size_bytes > 0 ? plan->tables[i].source.size_bytes : 0;
        estimate.beside_bytes += beside_bytes(&plan->tables[i]);
    }
    size_t n_before = plan->problems.n_problems;
    enum vf_status status = vf_conn_preflight(maker->target, &wanted, &estimate, &plan->problems, maker->err);
    for (size_t i = n_before; status == VF_OK && i < plan->problems.n_problems; i++)
        status = place_problem(maker, &plan->problems.problems[i]);
    /* What the file is made as is chosen there, and makes it another one. */
    if (status == VF_OK && plan->target_server.storage[0] != '\0')
        status = vf_conn_describe(maker->target, &plan->target_server, maker->err);
    if (status == VF_OK && plan->target_server.storage[0] == '\0' && maker->request != NULL &&
        maker->request->storage != NULL)
        status = vf_error_set(maker->err, VF_USAGE, "%s: storage: \"%s\": the target has no storage version to choose",
                              maker->request->file, maker->request->storage);
    return status;
}

static enum vf_status judge_sides(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    const char *identity = plan->source_server.identity;
    bool is_same = identity[0] != '\0' && strcmp(identity, plan->target_server.identity) == 0 &&
                   strcmp(plan->source_server.product, plan->target_server.product) == 0;

    if (is_same)
        return vf_plan_settle(maker,
                              vf_problem_add(&plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, "", "name another target",
                                             maker->err, "the source and the target are the same database"),
                              NULL, "target:");
    if (plan->n_tables == 0)
        return vf_plan_settle(maker,
                              note(maker, "", "no table is moved", "vecferry inspect lists the tables of the source"),
                              NULL, "tables:");
    return VF_OK;
}

enum vf_status vf_plan_find_problems(struct vf_plan_maker *maker)
{
    const struct vf_plan *plan = maker->plan;
    enum vf_status status = judge_sides(maker);

    if (status == VF_OK)
        status = vf_plan_judge_names(maker);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++)
        status = judge_table(maker, i);
    for (size_t i = 0; i < plan->n_views && status == VF_OK; i++)
        status = judge_view(maker, &plan->views[i]);
    if (status == VF_OK)
        status = judge_encodings(maker);
    for (size_t i = 0; i < plan->n_sequences && status == VF_OK; i++) {
        status = judge_sequence(maker, &plan->sequences[i]);
        if (status == VF_OK)
            status = judge_end(maker, &plan->sequences[i]);
    }
    return status == VF_OK ? ask_target(maker) : status;
}
