#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/memory.h"
#include "ferry/plan_make.h"

/* ---- from the source's text to the target's ---- */

enum vf_status vf_plan_source_view(struct vf_plan_maker *maker, const struct vf_plan_table *table, bool is_remembered,
                                   struct vf_table *view)
{
    struct vf_column *columns = vf_arena_alloc(&maker->plan->arena, table->n_columns + 1, sizeof(*columns));

    if (columns == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < table->n_columns; i++) {
        columns[i] = table->columns[i].source;
        if (is_remembered)
            columns[i].form = VF_FORM_NATIVE;
        if (vf_memory_has_made(&columns[i]) && !is_remembered)
            columns[i].collation = NULL; /* that is another database's */
    }
    *view = table->source;
    view->columns = columns;
    return VF_OK;
}

static const char *source_dialect(const struct vf_plan_maker *maker)
{
    const struct vf_dialect *dialect = vf_conn_ops(maker->source)->dialect;

    return dialect != NULL ? dialect->name : NULL;
}

static enum vf_status read_text(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                const struct vf_plan_wish *wish, const struct vf_dialect *from,
                                const struct vf_expr **expr, const char **why)
{
    bool is_remembered = !vf_str_equal(wish->dialect, source_dialect(maker));
    struct vf_table view;
    enum vf_status status = vf_plan_source_view(maker, table, is_remembered, &view);
    struct vf_expr_scope scope = {.table = &view,
                                  .is_condition = wish->is_condition,
                                  .is_default = wish->is_default,
                                  .column = wish->column >= 0 ? &view.columns[wish->column] : NULL,
                                  .collation = is_remembered ? "default" : maker->plan->source.collation,
                                  .version = is_remembered ? 0 : maker->plan->source_server.version_number};

    return status == VF_OK ? vf_expr_read(from, &scope, wish->text, &maker->plan->arena, expr, why, maker->err)
                           : status;
}

/* Which columns of the source are which of the target: NULL when memory ran out. */
static const int *numbers_of(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    int *numbers = vf_arena_alloc(&maker->plan->arena, table->n_columns + 1, sizeof(*numbers));

    for (size_t i = 0; numbers != NULL && i < table->n_columns; i++)
        numbers[i] = vf_plan_target_number(table, (int)i);
    return numbers;
}

enum vf_status vf_plan_write_expression(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                        const struct vf_plan_wish *wish, const struct vf_expr *expr,
                                        struct vf_plan_translation *made)
{
    const struct vf_dialect *to = vf_conn_ops(maker->target)->dialect;
    struct vf_expr_scope scope = {.table = &table->target,
                                  .is_condition = wish->is_condition,
                                  .is_default = wish->is_default,
                                  .column =
                                      wish->column >= 0 ? vf_plan_target_column(table, (size_t)wish->column) : NULL,
                                  .from = vf_dialect_find(wish->dialect),
                                  .version = maker->plan->target_server.version_number};
    struct vf_buf text;

    *made = (struct vf_plan_translation){.expr = expr, .why = "the target keeps no expressions"};
    if (to == NULL)
        return VF_OK;
    vf_buf_init(&text, VF_BUF_MAX);
    made->moved = vf_expr_write(to, &scope, expr, &maker->plan->arena, &text, &made->why);
    enum vf_status status = vf_buf_check(&text, maker->err);
    if (status == VF_OK && made->moved) {
        made->text = vf_arena_strndup(&maker->plan->arena, text.data, text.size_bytes);
        made->dialect = to->name;
        if (made->text == NULL)
            status = vf_error_nomem(maker->err);
    }
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_plan_translate(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                 const struct vf_plan_wish *wish, struct vf_plan_translation *made)
{
    const struct vf_dialect *from = vf_dialect_find(wish->dialect);
    const struct vf_expr *expr = NULL;
    const char *why = NULL;

    *made = (struct vf_plan_translation){0};
    if (from == NULL) {
        made->why = "its text is of a database whose expressions aren't known here";
        return VF_OK;
    }
    enum vf_status status = read_text(maker, table, wish, from, &expr, &why);
    if (status != VF_OK)
        return status;
    if (expr == NULL) {
        made->why = vf_arena_printf(&maker->plan->arena, "it isn't understood: %s", why);
        return made->why != NULL ? VF_OK : vf_error_nomem(maker->err);
    }
    const int *numbers = numbers_of(maker, table);
    if (numbers == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < table->n_columns; i++) {
        if (numbers[i] < 0 && vf_expr_uses(expr, (int)i)) {
            made->why = "a column of it isn't moved";
            return VF_OK;
        }
    }
    expr = vf_expr_renumber(&maker->plan->arena, expr, numbers, table->n_columns);
    return expr != NULL ? vf_plan_write_expression(maker, table, wish, expr, made) : vf_error_nomem(maker->err);
}

/* The table that a check of a domain is read of: its only column is what VALUE stands for. */
static void domain_view(const struct vf_dialect *from, const struct vf_user_type *type, struct vf_column *column,
                        struct vf_table *view)
{
    bool is_cut;

    *column = (struct vf_column){.name = "value", .native = type->base != NULL ? type->base : ""};
    column->type.kind = from->kind_of(column->native, &is_cut);
    if (column->type.kind == VF_K_UNTYPED)
        column->type.kind = VF_K_OTHER;
    *view = (struct vf_table){.name = type->name, .n_columns = 1, .columns = column, .primary_key = -1};
}

enum vf_status vf_plan_translate_domain(struct vf_plan_maker *maker, const struct vf_user_type *type,
                                        const struct vf_check *check, const struct vf_plan_table *table, int column,
                                        struct vf_plan_translation *made)
{
    const struct vf_dialect *from = vf_dialect_find(check->dialect), *to = vf_conn_ops(maker->target)->dialect;
    struct vf_arena *arena = &maker->plan->arena;
    const int number = column >= 0 ? vf_plan_target_number(table, column) : 0;
    const struct vf_expr *expr = NULL;
    const char *why = NULL;
    struct vf_column value;
    struct vf_table view;
    struct vf_buf text;

    *made = (struct vf_plan_translation){.why = "the target keeps no expressions"};
    if (from == NULL || to == NULL)
        return VF_OK;
    domain_view(from, type, &value, &view);
    const struct vf_expr_scope source = {.table = &view, .is_condition = true, .collation = "default"};
    struct vf_expr_scope target = {.table = column >= 0 ? &table->target : &view,
                                   .is_condition = true,
                                   .is_domain = column < 0,
                                   .from = from,
                                   .version = maker->plan->target_server.version_number};
    enum vf_status status = vf_expr_read(from, &source, check->expression, arena, &expr, &why, maker->err);
    if (status != VF_OK || expr == NULL) {
        made->why = why;
        return status;
    }
    expr = vf_expr_renumber(arena, expr, &number, 1);
    if (expr == NULL)
        return vf_error_nomem(maker->err);
    vf_buf_init(&text, VF_BUF_MAX);
    made->moved = vf_expr_write(to, &target, expr, arena, &text, &made->why);
    made->text = made->moved ? vf_arena_strndup(arena, text.data, text.size_bytes) : NULL;
    made->dialect = to->name;
    made->expr = expr;
    vf_buf_release(&text);
    return made->moved && made->text == NULL ? vf_error_nomem(maker->err) : VF_OK;
}

/* ---- the plan file's word ---- */

enum vf_status vf_plan_same_as_shown(struct vf_plan_maker *maker, const char *shown, const char *made, const char *what,
                                     const char *name, int line, int column)
{
    if (shown == NULL || strcmp(shown, made) == 0 || maker->options->ignore_drift)
        return VF_OK;
    vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: the %s of \"%s\" is not the one that is made: %s",
                 maker->request->file, line, column, what, name, made);
    vf_error_hint(maker->err, "it can be left out, and not be changed; make the plan anew if the source has changed");
    return VF_USAGE;
}

/* ---- checks ---- */

static const struct vf_plan_request_check *find_check(const struct vf_plan_request_table *request, const char *name)
{
    for (size_t i = 0; request != NULL && i < request->n_checks; i++) {
        if (strcmp(request->checks[i].name, name) == 0)
            return &request->checks[i];
    }
    return NULL;
}

static bool has_check(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_checks; i++) {
        if (vf_str_equal(table->checks[i].name, name))
            return true;
    }
    return false;
}

/* A check without a name gets one, by which the plan can leave it out. */
static const char *name_of(struct vf_plan_maker *maker, const struct vf_plan_table *table, const struct vf_check *check,
                           size_t number)
{
    const char *name = check->name;

    if (name != NULL && !has_check(&table->target, name))
        return name;
    do {
        name = vf_arena_printf(&maker->plan->arena, number == 0 ? "%.40s_check" : "%.40s_check%zu", table->target.name,
                               number);
        number++;
    } while (name != NULL && (has_check(&table->source, name) || has_check(&table->target, name)));
    return name;
}

static enum vf_status check_not_moved(struct vf_plan_maker *maker, const struct vf_plan_table *table, const char *name,
                                      const char *text, const char *why)
{
    char label[256];

    return vf_plan_not_moved(maker->plan, "check", NULL, name,
                             vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), text, why,
                             maker->err);
}

static enum vf_status note(struct vf_plan_maker *maker, const struct vf_plan_table *table, const char *name,
                           const char *why)
{
    return why == NULL ? VF_OK
                       : vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                                        vf_plan_object(maker->plan, &table->source, name), NULL, maker->err, "%s", why);
}

/* A computed column of a target that stores none: rows that the check refuses couldn't be told from others before they are loaded. */
static bool uses_computed(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                          const struct vf_expr *expr)
{
    if (vf_conn_limits(maker->target)->stored_columns)
        return false;
    for (size_t i = 0; i < table->target.n_columns; i++) {
        if (table->target.columns[i].expr != NULL && vf_expr_uses(expr, (int)i))
            return true;
    }
    return false;
}

static enum vf_status add_check(struct vf_plan_maker *maker, struct vf_plan_table *table, const struct vf_check *source,
                                size_t number, const struct vf_plan_request_table *request)
{
    const struct vf_plan_wish wish = {
        .text = source->expression, .dialect = source->dialect, .column = -1, .is_condition = true};
    const char *name = name_of(maker, table, source, number);
    struct vf_plan_translation made;

    if (name == NULL)
        return vf_error_nomem(maker->err);
    const struct vf_plan_request_check *own = find_check(request, name);
    enum vf_status status = vf_plan_translate(maker, table, &wish, &made);
    if (status != VF_OK)
        return status;
    if (made.moved && uses_computed(maker, table, made.expr)) {
        made.moved = false;
        made.why = "it is of a column that the target computes when it is read: it can't check it row by row";
    }
    if (!made.moved)
        return check_not_moved(maker, table, name, source->expression, made.why);
    if (request != NULL && request->has_checks && own == NULL)
        return check_not_moved(maker, table, name, source->expression, "the plan leaves it out");
    status =
        own != NULL ? vf_plan_same_as_shown(maker, own->text, made.text, "check", name, own->line, own->column) : VF_OK;
    if (status != VF_OK)
        return status;
    table->target.checks[table->target.n_checks++] = (struct vf_check){
        .name = name, .expression = made.text, .dialect = made.dialect, .of = source->expression, .expr = made.expr};
    return note(maker, table, name, made.why);
}

/* The domain that a column of the source is of, or NULL. */
static const struct vf_user_type *domain_of(const struct vf_plan_maker *maker, const struct vf_plan_column *column)
{
    char label[256];

    for (size_t i = 0; i < maker->plan->source.n_user_types; i++) {
        const struct vf_user_type *type = &maker->plan->source.user_types[i];
        if (type->kind == VF_USER_TYPE_DOMAIN &&
            strcmp(vf_table_label(type->schema, type->name, label, sizeof(label)), column->source.native) == 0)
            return type;
    }
    return NULL;
}

static enum vf_status add_domain_check(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                       const struct vf_user_type *type, const struct vf_check *check,
                                       const struct vf_plan_request_table *request)
{
    const char *name = vf_arena_printf(&maker->plan->arena, "%s_%s", table->columns[i].target_name,
                                       check->name != NULL ? check->name : type->name);
    struct vf_plan_translation made;
    enum vf_status status = vf_plan_translate_domain(maker, type, check, table, (int)i, &made);

    if (status != VF_OK || name == NULL)
        return status != VF_OK ? status : vf_error_nomem(maker->err);
    bool left_out = request != NULL && request->has_checks && find_check(request, name) == NULL;
    if (!made.moved || left_out || has_check(&table->target, name))
        return check_not_moved(maker, table, name, check->expression, made.moved ? "the plan leaves it out" : made.why);
    table->target.checks[table->target.n_checks++] = (struct vf_check){
        .name = name, .expression = made.text, .dialect = made.dialect, .of = check->expression, .expr = made.expr};
    return note(maker, table, name, made.why);
}

/* Where there are no domains, what one checks is checked of each column. */
static enum vf_status add_domain_checks(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                        const struct vf_plan_request_table *request)
{
    enum vf_status status = VF_OK;

    if (vf_conn_can(maker->target, VF_CAP_USER_TYPES))
        return VF_OK;
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        const struct vf_user_type *type = domain_of(maker, &table->columns[i]);
        if (type == NULL || table->columns[i].skip)
            continue;
        struct vf_check *room =
            vf_arena_alloc(&maker->plan->arena, table->target.n_checks + type->n_checks + 1, sizeof(*room));
        if (room == NULL)
            return vf_error_nomem(maker->err);
        if (table->target.n_checks > 0)
            memcpy(room, table->target.checks, table->target.n_checks * sizeof(*room));
        table->target.checks = room;
        for (size_t k = 0; k < type->n_checks && status == VF_OK; k++)
            status = add_domain_check(maker, table, i, type, &type->checks[k], request);
    }
    return status;
}

/* The file may only name what is there. */
static enum vf_status check_names(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  const struct vf_plan_request_table *request)
{
    for (size_t i = 0; request != NULL && i < request->n_checks; i++) {
        const struct vf_plan_request_check *own = &request->checks[i];
        if (has_check(&table->target, own->name) || maker->options->ignore_drift)
            continue;
        vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: table \"%s\" has no check \"%s\" that can be moved",
                     maker->request->file, own->line, own->column, table->source.name, own->name);
        vf_error_hint(maker->err, "take it out of the plan, or make the plan anew");
        return VF_USAGE;
    }
    return VF_OK;
}

enum vf_status vf_plan_add_checks(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                  const struct vf_plan_request_table *request)
{
    size_t n_unnamed = 0;
    enum vf_status status = VF_OK;

    table->target.checks =
        vf_arena_alloc(&maker->plan->arena, table->source.n_checks + 1, sizeof(*table->target.checks));
    if (table->target.checks == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < table->source.n_checks && status == VF_OK; i++) {
        const struct vf_check *check = &table->source.checks[i];
        status = add_check(maker, table, check, n_unnamed, request);
        n_unnamed += check->name == NULL;
    }
    if (status == VF_OK)
        status = add_domain_checks(maker, table, request);
    return status == VF_OK ? check_names(maker, table, request) : status;
}

/* ---- computed columns ---- */

static bool is_computed(const struct vf_column *column)
{
    return column->generated == VF_GENERATED_STORED || column->generated == VF_GENERATED_VIRTUAL;
}

static enum vf_status column_part_not_moved(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                            const char *kind, const struct vf_plan_column *column, const char *text,
                                            const char *why)
{
    char label[256];

    return vf_plan_not_moved(maker->plan, kind, NULL, column->name,
                             vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), text, why,
                             maker->err);
}

/* Why a column can't be computed by the target whatever its expression; NULL: it can. */
static const char *obstacle(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i,
                            const struct vf_expr *expr)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    bool is_alike = vf_conn_ops(maker->source)->dialect == vf_conn_ops(maker->target)->dialect;

    if (!limits->stored_columns && !limits->virtual_columns)
        return "the target has no computed columns";
    for (size_t k = 0; k < table->source.n_indexes; k++) {
        const struct vf_index *index = &table->source.indexes[k];
        for (size_t p = 0; index->constraint == VF_CONSTRAINT_PRIMARY && p < index->n_parts; p++) {
            if (index->parts[p].column == (int)i)
                return "it is a part of the primary key";
        }
    }
    for (size_t k = 0; k < table->n_columns && !is_alike; k++) {
        int number = vf_plan_target_number(table, (int)k);
        if (number >= 0 && is_computed(&table->columns[k].source) && vf_expr_uses(expr, number))
            return "it is computed from another computed column";
    }
    return NULL;
}

/* Not every database has indexes over columns that are computed when they are read, or computes values of a user's types. */
static bool must_be_stored(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i)
{
    if (vf_conn_ops(maker->source)->dialect == vf_conn_ops(maker->target)->dialect)
        return false;
    for (size_t k = 0; k < table->source.n_indexes; k++) {
        const struct vf_index *index = &table->source.indexes[k];
        for (size_t p = 0; p < index->n_parts; p++) {
            if (index->parts[p].column == (int)i)
                return true;
        }
    }
    return table->columns[i].type.kind == VF_K_ENUM || table->columns[i].type.kind == VF_K_VECTOR;
}

static enum vf_generated kept_as(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i,
                                 enum vf_generated wanted)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);

    if (wanted == VF_GENERATED_VIRTUAL) {
        bool is_stored = limits->stored_columns && must_be_stored(maker, table, i);
        return limits->virtual_columns && !is_stored ? VF_GENERATED_VIRTUAL : VF_GENERATED_STORED;
    }
    return limits->stored_columns ? VF_GENERATED_STORED : VF_GENERATED_VIRTUAL;
}

static enum vf_status add_generated(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                    const struct vf_plan_request_table *request)
{
    struct vf_plan_column *column = &table->columns[i];
    const struct vf_column *source = &column->source;
    const struct vf_plan_request_column *own = vf_plan_find_column_request(request, column->name);
    const struct vf_plan_wish wish = {.text = source->expression, .dialect = source->dialect, .column = (int)i};
    struct vf_plan_translation made;
    enum vf_status status = vf_plan_translate(maker, table, &wish, &made);

    if (status != VF_OK)
        return status;
    const char *why = made.moved ? obstacle(maker, table, i, made.expr) : made.why;
    bool left_out = why == NULL && own != NULL && request->has_columns && own->generated == NULL;
    if (left_out)
        why = "the plan leaves it out";
    if (why != NULL) {
        why = vf_arena_printf(&maker->plan->arena, "its values are moved, and not computed: %s", why);
        return why != NULL
                   ? column_part_not_moved(maker, table, "generation expression", column, source->expression, why)
                   : vf_error_nomem(maker->err);
    }
    if (own != NULL)
        status =
            vf_plan_same_as_shown(maker, own->generated, made.text, "expression", column->name, own->line, own->column);
    if (status != VF_OK)
        return status;
    struct vf_column *target = vf_plan_target_column(table, i);
    enum vf_generated wanted = column->was_generated != VF_GENERATED_NO ? column->was_generated : source->generated;
    target->generated = kept_as(maker, table, i, wanted);
    target->expression = made.text;
    target->dialect = made.dialect;
    target->expr = made.expr;
    target->def = (struct vf_default){0};
    column->computed = true;
    status = note(maker, table, column->name, made.why);
    if (status == VF_OK && target->generated != source->generated)
        status = note(maker, table, column->name,
                      target->generated == VF_GENERATED_STORED ? "stored in the target, where the source computes it"
                                                               : "computed in the target, where the source stores it");
    return status;
}

/* ---- defaults ---- */

static enum vf_status add_default(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                  const struct vf_plan_request_table *request)
{
    struct vf_plan_column *column = &table->columns[i];
    const struct vf_default *source = &column->source.def;
    const struct vf_plan_request_column *own = vf_plan_find_column_request(request, column->name);
    const struct vf_plan_wish wish = {
        .text = source->text, .dialect = source->dialect, .column = (int)i, .is_default = true};
    struct vf_plan_translation made = {0};
    if (column->mapping.has_no_default)
        return VF_OK;
    enum vf_status status = source->dialect != NULL ? vf_plan_translate(maker, table, &wish, &made) : VF_OK;

    if (status != VF_OK)
        return status;
    if (!made.moved) {
        column->mapping.default_why = made.why;
        return VF_OK;
    }
    if (own != NULL && request->has_columns && own->def == NULL) {
        column->mapping.default_why = "the plan leaves it out";
        return VF_OK;
    }
    if (own != NULL)
        status = vf_plan_same_as_shown(maker, own->def, made.text, "default", column->name, own->line, own->column);
    if (status != VF_OK)
        return status;
    column->mapping.default_moved = true;
    column->mapping.default_why = NULL;
    vf_plan_target_column(table, i)->def = (struct vf_default){
        .kind = VF_DEFAULT_EXPRESSION, .text = made.text, .dialect = made.dialect, .expr = made.expr};
    return note(maker, table, column->name, made.why);
}

enum vf_status vf_plan_add_computed(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                    const struct vf_plan_request_table *request)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        const struct vf_plan_column *column = &table->columns[i];
        if (column->skip)
            continue;
        if (is_computed(&column->source))
            status = add_generated(maker, table, i, request);
        else if (column->source.def.kind == VF_DEFAULT_EXPRESSION)
            status = add_default(maker, table, i, request);
    }
    return status;
}

/* ---- indexes ---- */

/* By which rule the texts of a part are equal in the source, where that isn't by bytes: "nocase", "rtrim", or one of its own. */
static const char *rule_of(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                           const struct vf_key_part *part)
{
    const struct vf_dialect *from = vf_conn_ops(maker->source)->dialect, *to = vf_conn_ops(maker->target)->dialect;
    const struct vf_expr_scope scope = {.table = &table->source, .collation = maker->plan->source.collation};
    const struct vf_column *column = part->column >= 0 ? &table->source.columns[part->column] : NULL;
    const char *collation = part->collation != NULL ? part->collation : column != NULL ? column->collation : NULL;

    if (column != NULL && vf_memory_has_made(column)) /* the collation is another database's */
        return NULL;
    if (from == NULL || from == to || column == NULL || !vf_kind_is_text(table->columns[part->column].type.kind))
        return NULL;
    return from->collation_rule(&scope, collation, VF_FOR_EQUALITY);
}

/* The texts that "nocase" and "rtrim" compare. */
static const struct vf_expr *by_rule(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_key_part *part, const char *rule)
{
    struct vf_arena *arena = &maker->plan->arena;
    const struct vf_column *column = &table->target.columns[vf_plan_target_number(table, part->column)];
    const struct vf_expr *expr =
        vf_expr_column(arena, vf_plan_target_number(table, part->column), column->type.kind, column->form);

    return strcmp(rule, "nocase") == 0
               ? vf_expr_call1(arena, VF_X_LOWER, VF_K_TEXT, expr)
               : vf_expr_call2(arena, VF_X_RTRIM, VF_K_TEXT, expr, vf_expr_literal(arena, VF_K_TEXT, " ", 1));
}

static enum vf_status translate_part(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_index *source, size_t i, struct vf_index *wanted, const char **why)
{
    const struct vf_key_part *from = &source->parts[i];
    const char *rule = rule_of(maker, table, from);
    struct vf_plan_wish wish = {.text = from->expression, .dialect = source->dialect, .column = -1};
    struct vf_plan_translation made = {0};
    enum vf_status status = VF_OK;

    if (from->column >= 0 && rule == NULL)
        return VF_OK;
    if (from->column < 0) {
        status = vf_plan_translate(maker, table, &wish, &made);
    } else if (strcmp(rule, "nocase") != 0 && strcmp(rule, "rtrim") != 0) {
        made.why = source->unique ? "it is unique by a collation that the target doesn't have" : NULL;
        made.moved = !source->unique;
        if (made.moved)
            return VF_OK;
    } else if (source->constraint == VF_CONSTRAINT_PRIMARY) {
        return VF_OK;
    } else {
        const struct vf_expr *expr = by_rule(maker, table, from, rule);
        wish.dialect = source_dialect(maker);
        status = expr != NULL ? vf_plan_write_expression(maker, table, &wish, expr, &made) : vf_error_nomem(maker->err);
    }
    if (status != VF_OK || !made.moved) {
        *why = made.why;
        return status;
    }
    wanted->parts[i].column = -1;
    wanted->parts[i].expression = made.text;
    wanted->parts[i].expr = made.expr;
    wanted->parts[i].collation = NULL;
    wanted->dialect = made.dialect;
    if (wanted->constraint == VF_CONSTRAINT_UNIQUE)
        wanted->constraint = VF_CONSTRAINT_NONE; /* a constraint has columns only */
    return VF_OK;
}

enum vf_status vf_plan_translate_index(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                       const struct vf_index *source, struct vf_index *wanted, const char **why)
{
    const struct vf_plan_wish wish = {
        .text = source->predicate, .dialect = source->dialect, .column = -1, .is_condition = true};
    struct vf_plan_translation made = {0};
    enum vf_status status = VF_OK;

    *why = NULL;
    if (vf_index_is_vector(source->kind) && source->predicate == NULL)
        return VF_OK;
    if (source->kind == VF_INDEX_OTHER && vf_conn_ops(maker->source)->dialect != vf_conn_ops(maker->target)->dialect)
        return VF_OK; /* the target says why it has none */
    for (size_t i = 0; i < source->n_parts && status == VF_OK && *why == NULL; i++)
        status = translate_part(maker, table, source, i, wanted, why);
    if (status != VF_OK || *why != NULL || source->predicate == NULL)
        return status;
    status = vf_plan_translate(maker, table, &wish, &made);
    wanted->predicate = made.text;
    wanted->predicate_expr = made.expr;
    wanted->dialect = made.dialect;
    if (status == VF_OK && !made.moved) {
        *why = vf_arena_printf(&maker->plan->arena, "its condition: %s", made.why);
        return *why != NULL ? VF_OK : vf_error_nomem(maker->err);
    }
    return status;
}
