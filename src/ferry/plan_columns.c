#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

const struct vf_plan_request_column *vf_plan_find_column_request(const struct vf_plan_request_table *table,
                                                                 const char *name)
{
    for (size_t i = 0; table != NULL && i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

struct vf_column *vf_plan_target_column(const struct vf_plan_table *table, size_t i)
{
    size_t n = 0;

    for (size_t k = 0; k < i; k++)
        n += !table->columns[k].skip;
    return &table->target.columns[n];
}

static bool is_in_primary_key(const struct vf_table *table, int column)
{
    const struct vf_index *key = table->primary_key >= 0 ? &table->indexes[table->primary_key] : NULL;

    for (size_t i = 0; key != NULL && i < key->n_parts; i++) {
        if (key->parts[i].column == column)
            return true;
    }
    return false;
}

/* ---- what the plan file says goes before what was found ---- */

static unsigned element_rank(enum vf_element element)
{
    switch (element) {
    case VF_E_F64:
        return 5;
    case VF_E_F32:
        return 4;
    case VF_E_F16:
    case VF_E_BF16:
        return 3;
    case VF_E_I8:
        return 2;
    case VF_E_BIT:
        return 1;
    case VF_E_NONE:
        return 0;
    }
    return 0;
}

/* Can values of one type be rounded when they are read as the other, without being refused? */
static bool is_narrower(struct vf_type found, struct vf_type wanted)
{
    bool to_float = wanted.kind == VF_K_F32 || wanted.kind == VF_K_F64;

    if (found.kind == VF_K_VECTOR && wanted.kind == VF_K_VECTOR)
        return wanted.element != found.element && element_rank(wanted.element) <= element_rank(found.element);
    return (found.kind == VF_K_F64 && wanted.kind == VF_K_F32) || (found.kind == VF_K_DECIMAL && to_float);
}

static void take_source_request(struct vf_plan_column *column, const struct vf_plan_request_column *request)
{
    if (request == NULL)
        return;
    if (request->has_type)
        column->source.type = request->type;
    if (request->has_read)
        column->source.form = request->read;
    if (request->target_name != NULL)
        column->target_name = request->target_name;
    column->found = request->found;
    column->skip = request->skip;
    column->accept_loss |= request->accept_loss || request->skip;
}

void vf_plan_take_target(struct vf_plan_column *column, const struct vf_plan_request_column *request)
{
    struct vf_mapping *mapping = &column->mapping;

    if (request == NULL || (request->to == NULL && !request->has_as))
        return;
    column->overruled = (request->to != NULL && !vf_str_equal(request->to, mapping->native)) ||
                        (request->has_as && request->as != mapping->form);
    if (!column->overruled)
        return;
    if (request->to != NULL)
        mapping->native = request->to;
    mapping->form = request->has_as ? request->as : VF_FORM_NATIVE;
    mapping->fidelity = VF_FIDELITY_EXACT; /* the user's choice; what it can't hold is refused, or found by verify */
    mapping->how = NULL;
}

/* `to:` may name a type that keeps only what a JSON text means, or the one that keeps its writing: the target's choice for it says what both sides then read. */
static enum vf_status take_json(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                struct vf_plan_column *column)
{
    struct vf_column asked = column->source;
    struct vf_mapping choice;

    if (!column->overruled || column->type.kind != VF_K_JSON)
        return VF_OK;
    asked.native = column->mapping.native;
    asked.type.normal = !asked.type.normal;
    enum vf_status status =
        vf_conn_map_column(maker->target, &table->source, &asked, &maker->plan->arena, &choice, maker->err);
    if (status == VF_OK && vf_str_equal(choice.native, column->mapping.native) && choice.form == column->mapping.form)
        column->type = column->source.type = asked.type;
    return status;
}

/* The type given in the plan may hold less than the one found: that is a loss like one of the target's. */
static enum vf_status judge_type(struct vf_plan_maker *maker, struct vf_plan_column *column, struct vf_type found)
{
    char found_text[48], wanted_text[48];

    if (!is_narrower(found, column->type))
        return VF_OK;
    column->mapping.fidelity = VF_FIDELITY_LOSSY;
    column->mapping.how = vf_arena_printf(&maker->plan->arena, "%s is read as %s, which holds less",
                                          vf_type_format(found, found_text), vf_type_format(column->type, wanted_text));
    return column->mapping.how != NULL ? VF_OK : vf_error_nomem(maker->err);
}

/* ---- what has changed since the plan was made ---- */

/* NULL: no memory. */
static const char *added_line(struct vf_plan_maker *maker, const char *name)
{
    struct vf_buf line;

    vf_buf_init(&line, VF_BUF_MAX);
    vf_buf_str(&line, "add {name: ");
    vf_yaml_put(&line, name);
    vf_buf_str(&line, ", skip: true} to columns");
    const char *text = line.status == VF_OK ? vf_arena_strdup(&maker->plan->arena, line.data) : NULL;
    vf_buf_release(&line);
    return text;
}

static enum vf_status check_drift(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  const struct vf_plan_column *column, const struct vf_plan_request_table *request,
                                  const struct vf_plan_request_column *own)
{
    const char *object = vf_plan_object(maker->plan, &table->source, column->name);
    char label[256];

    if (request == NULL || !request->has_columns || maker->options->ignore_drift)
        return VF_OK;
    if (own == NULL)
        return vf_plan_settle(
            maker,
            vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE, object,
                           "make the plan anew, or add the column to it (with skip: true to leave it out)", maker->err,
                           "%s:%d:%d: drift: the plan doesn't have the column, which the source has",
                           maker->request->file, request->line, request->column),
            added_line(maker, column->name),
            vf_arena_strdup(&maker->plan->arena,
                            vf_table_label(table->source.schema, table->source.name, label, sizeof(label))));
    if (own->from == NULL || strcmp(own->from, column->source.native) == 0)
        return VF_OK;
    return vf_plan_settle(
        maker,
        vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE, object,
                       "make the plan anew, or say the new type by from:, and beside it what becomes of it", maker->err,
                       "%s:%d:%d: drift: the column is \"%s\" in the plan, and \"%s\" in the source now",
                       maker->request->file, own->line, own->column, own->from, column->source.native),
        vf_arena_printf(&maker->plan->arena, "from: %s", column->source.native), NULL);
}

static enum vf_status no_such_column(const struct vf_plan_maker *maker, const struct vf_table *table,
                                     const struct vf_plan_request_column *own)
{
    const char *best = NULL;

    for (size_t i = 0; i < table->n_columns; i++) {
        if (best == NULL || vf_edit_distance(own->name, table->columns[i].name) < vf_edit_distance(own->name, best))
            best = table->columns[i].name;
    }
    vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: table \"%s\" has no column \"%s\"", maker->request->file, own->line,
                 own->column, table->name, own->name);
    if (best != NULL)
        vf_error_hint(maker->err, "the nearest is \"%s\"", best);
    return VF_USAGE;
}

/* Columns of the plan that the source doesn't have: gone when the plan knew their type, misspelt when it didn't. */
static enum vf_status check_gone(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                 const struct vf_plan_request_table *request)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; request != NULL && i < request->n_columns && status == VF_OK; i++) {
        const struct vf_plan_request_column *own = &request->columns[i];
        if (vf_table_find_column(&table->source, own->name) >= 0 || maker->options->ignore_drift)
            continue;
        if (own->from == NULL)
            return no_such_column(maker, &table->source, own);
        status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE,
                                vf_plan_object(maker->plan, &table->source, own->name),
                                "make the plan anew, or take the column out of it", maker->err,
                                "%s:%d:%d: drift: the plan has the column, and the source has it no more",
                                maker->request->file, own->line, own->column);
        status = vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, NULL);
    }
    return status;
}

/* ---- one column ---- */

static bool is_foreign(const struct vf_plan_maker *maker)
{
    return strcmp(vf_conn_ops(maker->source)->name, vf_conn_ops(maker->target)->name) != 0;
}

/* Is the default a value, or an expression, rather than one of those that have a spelling in each database? */
static bool is_written(enum vf_default_kind kind)
{
    return kind == VF_DEFAULT_LITERAL || kind == VF_DEFAULT_EXPRESSION;
}

/* The column as the target has it. A generated one is plain until its expression is found to be one of the target's. */
static struct vf_column target_column(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i)
{
    const struct vf_plan_column *column = &table->columns[i];
    struct vf_column made = column->source;

    made.name = column->target_name;
    made.native = column->mapping.native;
    made.form = column->mapping.form;
    made.type = column->type;
    if (!column->mapping.default_moved)
        made.def = (struct vf_default){0};
    if (made.form != column->source.form && !is_written(made.def.kind))
        made.def.dialect = NULL; /* its spelling was one for the other form */
    if (made.generated == VF_GENERATED_STORED || made.generated == VF_GENERATED_VIRTUAL) {
        made.generated = VF_GENERATED_NO;
        made.expression = made.dialect = NULL;
    }
    if (is_foreign(maker))
        made.collation = NULL;
    if (!vf_conn_limits(maker->target)->not_null_names)
        made.not_null_name = NULL;
    if (vf_conn_can(maker->target, VF_CAP_LATE_KEYS) && is_in_primary_key(&table->source, (int)i))
        made.not_null = true;
    made.evidence = (struct vf_evidence){0};
    return made;
}

static enum vf_status name_lost(struct vf_plan_maker *maker, const struct vf_plan_table *table, const char *kind,
                                const struct vf_plan_column *column, const char *text, const char *why)
{
    char label[256];

    return vf_plan_not_moved(maker->plan, kind, NULL, column->name,
                             vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), text, why,
                             maker->err);
}

/* Between two databases of one kind a column keeps its declaration and the form of its values: nothing could be more exact. */
static void keep_native(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                        struct vf_plan_column *column)
{
    bool same_engine = vf_conn_ops(maker->source) == vf_conn_ops(maker->target);
    int number = vf_table_find_column(&table->source, column->name);

    if (!same_engine || is_narrower(table->source.columns[number].type, column->type) || column->mapping.not_kept ||
        table->source.kind != VF_TABLE_ORDINARY || column->mapping.fidelity == VF_FIDELITY_NONE)
        return;
    column->mapping.native = column->source.native;
    column->mapping.form = column->source.form;
    column->mapping.fidelity = VF_FIDELITY_EXACT;
    column->mapping.how = NULL;
}

/* What the column becomes there; its type's schema is said as the target has it. */
enum vf_status vf_plan_map_column(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  struct vf_plan_column *column)
{
    struct vf_column asked = column->source;

    asked.type_schema = vf_plan_target_schema(maker, asked.type_schema);
    return vf_conn_map_column(maker->target, &table->source, &asked, &maker->plan->arena, &column->mapping, maker->err);
}

static bool is_of_another_type(const struct vf_plan_request_column *own, const struct vf_column *source)
{
    return own->from != NULL && strcmp(own->from, source->native) != 0;
}

/* What the file decides of a column whose type is another now. */
static struct vf_plan_request_column without_type(const struct vf_plan_request_column *own)
{
    struct vf_plan_request_column rest = *own;

    rest.has_type = rest.has_read = rest.has_as = false;
    rest.to = rest.found = NULL;
    return rest;
}

/* What the values would be taken for, where the file says another type. */
static enum vf_status say_found(struct vf_plan_maker *maker, struct vf_plan_column *column,
                                const struct vf_plan_request_column *own, const struct vf_column *found)
{
    char type[48];

    if (own == NULL || !own->has_type ||
        (vf_type_equal(own->type, found->type) && (own->has_read ? own->read : VF_FORM_NATIVE) == found->form))
        return VF_OK;
    bool is_native = found->form == VF_FORM_NATIVE;
    column->found = vf_arena_printf(&maker->plan->arena, "%s%s%s", vf_type_format(found->type, type),
                                    is_native ? "" : " as ", is_native ? "" : vf_form_name(found->form));
    return column->found != NULL ? VF_OK : vf_error_nomem(maker->err);
}

static enum vf_status add_column(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                 const struct vf_plan_request_table *request)
{
    struct vf_plan_column *column = &table->columns[i];
    const struct vf_plan_request_column *own = vf_plan_find_column_request(request, table->source.columns[i].name);
    struct vf_plan_request_column rest;

    if (own != NULL && is_of_another_type(own, &table->source.columns[i])) {
        rest = without_type(own);
        own = maker->options->ignore_drift ? &rest : own;
    }
    column->name = column->target_name = table->source.columns[i].name;
    column->source = table->source.columns[i];
    column->accept_loss = maker->options->accept_losses;
    column->nul = maker->options->nul != VF_NUL_REJECT || own == NULL ? maker->options->nul : own->nul;
    enum vf_status status = check_drift(maker, table, column, request, own);
    take_source_request(column, own);
    column->type = column->source.type;
    if (status == VF_OK && maker->options->ignore_drift)
        status = say_found(maker, column, own, &table->source.columns[i]);
    if (vf_plan_is_derived(maker, &table->source, column->name)) {
        column->skip = column->accept_loss = true;
        column->mapping.how = "the words of other columns: made anew with the full-text index";
        return status;
    }
    vf_plan_retype_default(&column->source, &maker->plan->arena);
    if (status == VF_OK)
        status = vf_plan_map_column(maker, table, column);
    if (status != VF_OK)
        return status;
    keep_native(maker, table, column);
    vf_plan_take_target(column, own);
    status = take_json(maker, table, column);
    if (status == VF_OK)
        status = judge_type(maker, column, table->source.columns[i].type);
    if (status != VF_OK)
        return status;
    bool is_movable = column->mapping.fidelity != VF_FIDELITY_NONE;
    if (is_movable && !column->skip)
        return VF_OK;
    column->skip = true;
    return name_lost(maker, table, "column", column, column->source.native,
                     is_movable ? "the plan leaves it out" : column->mapping.how);
}

enum vf_status vf_plan_add_columns(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request)
{
    struct vf_arena *arena = &maker->plan->arena;
    size_t n = table->source.n_columns;
    enum vf_status status = VF_OK;

    table->n_columns = n;
    table->columns = vf_arena_alloc(arena, n + 1, sizeof(*table->columns));
    table->target.columns = vf_arena_alloc(arena, n + 1, sizeof(*table->target.columns));
    if (table->columns == NULL || table->target.columns == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n && status == VF_OK; i++)
        status = add_column(maker, table, i, request);
    if (status == VF_OK)
        status = check_gone(maker, table, request);
    /* A column that isn't moved isn't in the target's table either; keys are renumbered by plan_indexes.c. */
    for (size_t i = 0; i < n && status == VF_OK; i++) {
        if (!table->columns[i].skip)
            table->target.columns[table->target.n_columns++] = target_column(maker, table, i);
    }
    return status;
}

static enum vf_status note(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                           const struct vf_plan_column *column, const char *about, const char *what)
{
    const char *object = vf_plan_object(maker->plan, &table->source, column->name);

    return object != NULL ? vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object, NULL, maker->err,
                                           "%s: %s", about, what)
                          : vf_error_nomem(maker->err);
}

static bool counts(const struct vf_column *column)
{
    return column->generated == VF_GENERATED_IDENTITY_ALWAYS || column->generated == VF_GENERATED_IDENTITY_BY_DEFAULT ||
           column->generated == VF_GENERATED_AUTOINCREMENT;
}

/* NULL: none is known. */
static const struct vf_sequence *sequence_of(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                             const char *column)
{
    const struct vf_schema *source = &maker->plan->source;

    for (size_t i = 0; i < source->n_sequences; i++) {
        const struct vf_sequence *sequence = &source->sequences[i];
        if (vf_str_equal(sequence->owner_table, table->source.name) &&
            vf_str_equal(sequence->owner_schema, table->source.schema) && vf_str_equal(sequence->owner_column, column))
            return sequence;
    }
    return NULL;
}

/* A column that gives itself its next number: it doesn't in the target, or gives another one there. */
static enum vf_status name_counting(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                    const struct vf_plan_column *column, const struct vf_column *made)
{
    if (!counts(&column->source))
        return VF_OK;
    if (column->mapping.counts_not != NULL)
        return name_lost(maker, table, "identity", column, NULL, column->mapping.counts_not);
    /* Without sequences the source counts in the same way. */
    if (column->mapping.counts_not_same == NULL || made->generated == VF_GENERATED_AUTOINCREMENT ||
        !vf_conn_can(maker->source, VF_CAP_SEQUENCES))
        return VF_OK;
    const struct vf_sequence *sequence = sequence_of(maker, table, column->name);
    const char *what = sequence == NULL || sequence->is_hidden
                           ? column->mapping.counts_not_same
                           : vf_arena_printf(&maker->plan->arena, "%s; the source's is at %" PRId64,
                                             column->mapping.counts_not_same, sequence->last);
    return what != NULL ? note(maker, table, column, "next number", what) : vf_error_nomem(maker->err);
}

/* What counts there without a sequence counts by 1. */
static enum vf_status name_step(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                const struct vf_plan_column *column, const struct vf_column *made)
{
    const struct vf_sequence *sequence = sequence_of(maker, table, column->name);
    bool is_counted = column->mapping.counts_not == NULL && (counts(made) || made->def.kind == VF_DEFAULT_SEQUENCE);

    if (sequence == NULL || sequence->increment == 1 || vf_conn_can(maker->target, VF_CAP_SEQUENCES) || !is_counted)
        return VF_OK;
    const char *what = vf_arena_printf(&maker->plan->arena, "the source counts by %" PRId64 ", and the target by 1",
                                       sequence->increment);
    return what != NULL ? note(maker, table, column, "next number", what) : vf_error_nomem(maker->err);
}

static enum vf_status name_lost_parts(struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i)
{
    const struct vf_plan_column *column = &table->columns[i];
    const struct vf_column *source = &column->source;
    const struct vf_column *made = vf_plan_target_column(table, i);
    enum vf_status status = VF_OK;

    if (source->def.kind != VF_DEFAULT_NONE && made->def.kind == VF_DEFAULT_NONE && !column->computed)
        status = name_lost(maker, table, "default", column, source->def.text,
                           column->mapping.default_why != NULL ? column->mapping.default_why
                                                               : "the expression isn't one that vecferry translates");
    else if (column->mapping.default_moved && column->mapping.default_why != NULL && made->def.text == source->def.text)
        status = note(maker, table, column, "default", column->mapping.default_why);
    if (status == VF_OK)
        status = name_counting(maker, table, column, made);
    if (status == VF_OK)
        status = name_step(maker, table, column, made);
    if (status == VF_OK && source->collation != NULL && made->collation == NULL)
        status = name_lost(maker, table, "collation", column, source->collation,
                           "databases don't sort by the same rules under the same name");
    return status;
}

/* Names that the user gave to NOT NULL: one line a table, for there may be one for each column. */
static enum vf_status name_not_nulls(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source;
    enum vf_status status = VF_OK;
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vf_plan_column *column = &table->columns[i];
        bool is_kept = column->skip || vf_plan_target_column(table, i)->not_null_name != NULL;
        if (column->source.not_null_name != NULL && !is_kept)
            vf_buf_printf(&text, "%s%s: %s", text.size_bytes > 0 ? ", " : "", column->name,
                          column->source.not_null_name);
    }
    if (text.status != VF_OK)
        status = vf_error_nomem(maker->err);
    else if (text.size_bytes > 0)
        status =
            vf_plan_not_moved(maker->plan, "constraint names", source->schema, source->name, source->name, text.data,
                              "the columns stay NOT NULL, which has no name in the target; the names are "
                              "remembered for the way back",
                              maker->err);
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_plan_name_lost_parts(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    enum vf_status status = name_not_nulls(maker, table);

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        if (!table->columns[i].skip)
            status = name_lost_parts(maker, table, i);
    }
    return status;
}
