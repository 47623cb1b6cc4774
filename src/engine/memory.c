/*
 * A memory's body is {"source": table, "target": table, "source_engine": name}: the table as it was inspected, and as it was declared here.
 */
#include "engine/memory.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "engine/store.h"
#include "model/schema_json.h"

static const char evidence[] = "remembered from the move that made the column";

struct recall {
    struct vf_schema *schema;
    const char *dialect; /* of the database here */
};

bool vf_memory_has_made(const struct vf_column *column)
{
    return column->evidence.text != NULL &&
           vf_str_starts(column->evidence.text, evidence); /* what was measured may follow */
}

static int add_to_buf(const char *bytes, size_t size_bytes, void *context)
{
    struct vf_buf *buf = context;
    vf_buf_add(buf, bytes, size_bytes);
    return buf->status == VF_OK ? 0 : -1;
}

/* A member of a JSON object as a text, appended to `out`. false: there is none. */
static bool copy_member(const char *body, const char *name, struct vf_buf *out)
{
    json_t *root = json_loads(body, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    const json_t *found = json_object_get(root, name);
    bool is_copied =
        found != NULL && json_dump_callback(found, add_to_buf, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) == 0;
    json_decref(root);
    return is_copied;
}

static enum vf_status read_member(const char *body, const char *name, struct vf_schema *schema, struct vf_table *table,
                                  struct vf_error *err)
{
    struct vf_buf text;
    vf_buf_init(&text, VF_BUF_MAX);
    bool is_there = copy_member(body, name, &text);
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK && !is_there)
        status = vf_error_set(err, VF_USAGE, "there is no \"%s\"", name);
    if (status == VF_OK)
        status = vf_table_from_json(text.data, schema, table, err);
    vf_buf_release(&text);
    return status;
}

/* The target's column that a column of the source was made into, or -1: by place where none was left out (names may differ then, by a rename in the plan), else by name. */
static int target_of(const struct vf_table *source, const struct vf_table *target, int column)
{
    if (column < 0 || (size_t)column >= source->n_columns)
        return -1;
    if (source->n_columns == target->n_columns)
        return column;
    int exact = vf_table_find_column(target, source->columns[column].name);
    if (exact >= 0)
        return exact;
    for (size_t i = 0; i < target->n_columns; i++) {
        if (vf_strcasecmp(target->columns[i].name, source->columns[column].name) == 0)
            return (int)i;
    }
    return -1;
}

/* The column here, or -1: it is gone. */
static int place_of(const struct vf_table *here, const struct vf_table *source, const struct vf_table *target,
                    int column)
{
    int made = target_of(source, target, column);
    return made < 0 ? -1 : vf_table_find_column(here, target->columns[made].name);
}

static bool is_generated_copy(const struct vf_column *column)
{
    return column->generated == VF_GENERATED_STORED || column->generated == VF_GENERATED_VIRTUAL;
}

/* The declaration of a table of another kind is none of this one's. */
static void lay_column(struct vf_column *here, const struct vf_column *source, const struct vf_column *target,
                       bool is_same_kind)
{
    if (vf_strcasecmp(here->native, target->native) != 0) /* SQLite has its own way to write the usual ones */
        return;
    here->evidence.text = evidence;
    if (is_same_kind)
        here->native = source->native;
    here->type = source->type;
    here->form = target->form;
    here->not_null = source->not_null;
    here->key_not_null = source->key_not_null;
    if (source->def.kind != VF_DEFAULT_EXPRESSION || here->def.kind == VF_DEFAULT_NONE)
        here->def = source->def;
    here->collation = source->collation;
    here->comment = source->comment;
    here->type_schema = source->type_schema;
    here->type_name = source->type_name;
    here->n_labels = source->n_labels;
    here->labels = source->labels;
    if (!is_generated_copy(source) && !is_generated_copy(here))
        here->generated = source->generated;
}

/* The index of the source with its columns where they are here; *whole false: one of them is gone. */
static enum vf_status translate_index(struct vf_schema *schema, const struct vf_table *here,
                                      const struct vf_table *source, const struct vf_table *target,
                                      const struct vf_index *index, struct vf_index *out, bool *whole,
                                      struct vf_error *err)
{
    *out = *index;
    *whole = true;
    out->parts = vf_arena_alloc(&schema->arena, index->n_parts + 1, sizeof(*out->parts));
    out->included = vf_arena_alloc(&schema->arena, index->n_included + 1, sizeof(*out->included));
    if (out->parts == NULL || out->included == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++) {
        out->parts[i] = index->parts[i];
        if (index->parts[i].column < 0)
            continue;
        out->parts[i].column = place_of(here, source, target, index->parts[i].column);
        *whole &= out->parts[i].column >= 0;
    }
    for (size_t i = 0; i < index->n_included; i++) {
        out->included[i] = place_of(here, source, target, index->included[i]);
        *whole &= out->included[i] >= 0;
    }
    return VF_OK;
}

static bool is_same_index(const struct vf_index *a, const struct vf_index *b)
{
    if (a->constraint != b->constraint || a->unique != b->unique || a->n_parts != b->n_parts)
        return false;
    for (size_t i = 0; i < a->n_parts; i++) {
        if (a->parts[i].column != b->parts[i].column || a->parts[i].descending != b->parts[i].descending)
            return false;
    }
    return (a->predicate != NULL) == (b->predicate != NULL);
}

/* Is it the remembered index but for the order of its parts, which was not declared either? */
static bool has_lost_order(const struct vf_index *index, const struct vf_table *target,
                           const struct vf_index *remembered)
{
    struct vf_index unordered = *index;
    bool was_ordered = false;
    for (size_t i = 0; i < target->n_indexes; i++) {
        for (size_t k = 0; k < target->indexes[i].n_parts; k++)
            was_ordered = was_ordered || (target->indexes[i].parts[k].descending &&
                                          vf_str_equal(target->indexes[i].name, index->name));
    }
    if (was_ordered || index->n_parts != remembered->n_parts)
        return false;
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column != remembered->parts[i].column || index->parts[i].descending)
            return false;
    }
    unordered.parts = remembered->parts;
    return is_same_index(&unordered, remembered);
}

static bool has_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_str_equal(table->indexes[i].name, name))
            return true;
    }
    return false;
}

static bool is_plain(const struct vf_index *index)
{
    return !vf_index_is_vector(index->kind) && index->kind != VF_INDEX_FULLTEXT;
}

/* Do both lie over the same columns, those of the target by what they were made of? */
static bool is_over_same_columns(const struct vf_table *source, const struct vf_table *target,
                                 const struct vf_index *of_source, const struct vf_index *of_target)
{
    if (of_source->n_parts != of_target->n_parts)
        return false;
    for (size_t i = 0; i < of_source->n_parts; i++) {
        if (target_of(source, target, of_source->parts[i].column) != of_target->parts[i].column)
            return false;
    }
    return true;
}

static bool has_expression(const struct vf_index *index)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0)
            return true;
    }
    return false;
}

/*
 * What an index of the source was declared as: the one of its name, else (it couldn't be kept, or there was none) one over the same columns that isn't another one's. NULL: it wasn't declared. Two indexes over the same
 * columns are told apart by nothing but their names where one of them wasn't.
 */
static const struct vf_index *declared_as(const struct vf_table *source, const struct vf_table *target,
                                          const struct vf_index *index)
{
    const struct vf_index *unnamed = NULL;
    for (size_t i = 0; i < target->n_indexes; i++) {
        const struct vf_index *declared = &target->indexes[i];
        if (!is_plain(declared))
            continue;
        if (index->name != NULL && vf_str_equal(declared->name, index->name))
            return declared;
        bool is_another = declared->name != NULL && has_index(source, declared->name);
        if (unnamed == NULL && !is_another && declared->constraint == index->constraint && !has_expression(index) &&
            is_over_same_columns(source, target, index, declared))
            unnamed = declared;
    }
    return unnamed;
}

/* The index here that was declared for the remembered one and still is like it, or -1: it was dropped or changed since. One that has another name than it was given (not every database keeps it) is known by its columns. */
static int find_index(const struct vf_table *here, const struct vf_table *target, size_t n_here,
                      const struct vf_index *declared, const struct vf_index *remembered)
{
    int found = -1;
    for (size_t i = 0; i < n_here; i++) {
        const struct vf_index *index = &here->indexes[i];
        bool is_named = index->name != NULL && vf_str_equal(index->name, declared->name);
        bool is_another = !is_named && index->name != NULL && has_index(target, index->name);
        if (!is_plain(index) || is_another ||
            !(is_same_index(index, remembered) || (is_named && has_lost_order(index, target, remembered))))
            continue;
        if (is_named)
            return (int)i;
        if (found < 0)
            found = (int)i;
    }
    return found;
}

/* ---- vector indexes ---- */

static bool is_same_metric(enum vf_metric a, enum vf_metric b)
{
    return a == b || (a == VF_METRIC_L2 && b == VF_METRIC_L2_SQUARED) ||
           (a == VF_METRIC_L2_SQUARED && b == VF_METRIC_L2);
}

/* What a vector index of the source was made into in the target's database: the one of its name, else one whose name no index of the source has (it couldn't be kept), for the same distance. NULL: nothing. */
static const struct vf_index *made_into(const struct vf_table *here, const struct vf_table *source,
                                        const struct vf_table *target, const struct vf_index *remembered)
{
    const struct vf_index *renamed = NULL;
    for (size_t i = 0; i < target->n_indexes; i++) {
        const struct vf_index *declared = &target->indexes[i];
        if (!vf_index_is_vector(declared->kind) || vf_index_is_beside(declared->vector.place) ||
            declared->n_parts != 1 || declared->parts[0].column < 0 ||
            vf_table_find_column(here, target->columns[declared->parts[0].column].name) != remembered->parts[0].column)
            continue;
        if (vf_str_equal(declared->name, remembered->name))
            return declared;
        if (renamed == NULL && !has_index(source, declared->name) &&
            is_same_metric(declared->vector.metric, remembered->vector.metric))
            renamed = declared;
    }
    return renamed;
}

/* The index is the one that is here under the name and for the distance that it was given; where the database has none of its own, it was only remembered. A database that had it and has it no
 * more had it dropped. */
static enum vf_status lay_vector_index(struct vf_schema *schema, struct vf_table *here, size_t n_here,
                                       const struct vf_table *source, const struct vf_table *target,
                                       const struct vf_index *remembered, struct vf_error *err)
{
    const struct vf_index *declared = remembered->n_parts == 1 ? made_into(here, source, target, remembered) : NULL;
    for (size_t i = 0; declared != NULL && i < n_here; i++) {
        struct vf_index *found = &here->indexes[i];
        if (vf_index_is_vector(found->kind) && vf_str_equal(found->name, declared->name) &&
            is_same_metric(found->vector.metric, declared->vector.metric))
            *found = *remembered;
    }
    if (declared != NULL)
        return VF_OK;
    struct vf_index *added = vf_table_add_index(schema, here);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = *remembered;
    return VF_OK;
}

/* What is said here in this database's words stays so. */
static void keep_expressions(const struct vf_index *here, struct vf_index *remembered)
{
    remembered->predicate = here->predicate;
    remembered->dialect = here->dialect;
    for (size_t i = 0; i < here->n_parts; i++)
        remembered->parts[i].expression = here->parts[i].expression;
}

/* ---- full-text indexes ---- */

/* What a full-text index of the source, number `at`, was made into: of several of the same columns, the one in the same place. NULL: nothing. */
static const struct vf_index *made_of_text(const struct vf_table *source, const struct vf_table *target, size_t at)
{
    const struct vf_index *index = &source->indexes[at];
    size_t n_before = 0;
    for (size_t i = 0; i < at; i++) {
        const struct vf_index *other = &source->indexes[i];
        bool is_same = other->kind == VF_INDEX_FULLTEXT && other->n_parts == index->n_parts;
        for (size_t k = 0; is_same && k < index->n_parts; k++)
            is_same = other->parts[k].column == index->parts[k].column;
        n_before += is_same;
    }
    for (size_t i = 0; i < target->n_indexes; i++) {
        if (target->indexes[i].kind == VF_INDEX_FULLTEXT &&
            is_over_same_columns(source, target, index, &target->indexes[i]) && n_before-- == 0)
            return &target->indexes[i];
    }
    return NULL;
}

static bool is_same_text(const struct vf_index *a, const struct vf_index *b)
{
    return a->kind == b->kind && a->fulltext.form == b->fulltext.form && vf_str_equal(a->name, b->name) &&
           vf_str_equal(a->fulltext.stemmer, b->fulltext.stemmer) &&
           vf_str_equal(a->fulltext.tokenizer, b->fulltext.tokenizer) &&
           vf_str_equal(a->fulltext.prefix, b->fulltext.prefix);
}

/* As lay_vector_index(). What is here stays known beside what is remembered: it is what can be searched. */
static enum vf_status lay_fulltext(struct vf_schema *schema, struct vf_table *here, size_t n_here,
                                   const struct vf_index *declared, const struct vf_index *remembered,
                                   struct vf_error *err)
{
    for (size_t i = 0; declared != NULL && i < n_here; i++) {
        if (!is_same_text(&here->indexes[i], declared))
            continue;
        struct vf_index *kept = vf_arena_alloc(&schema->arena, 1, sizeof(*kept));
        if (kept == NULL)
            return vf_error_nomem(err);
        *kept = here->indexes[i];
        here->indexes[i] = *remembered;
        here->indexes[i].fulltext.here = kept;
    }
    if (declared != NULL)
        return VF_OK;
    struct vf_index *added = vf_table_add_index(schema, here);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = *remembered;
    return VF_OK;
}

/*
 * One that isn't of vectors or words takes the place of the one that it was declared as, or comes back where it couldn't be declared. One that was dropped since stays gone, and one that was changed stays as it is here
 * (with an expression in the place of a column, too, where the collation isn't one of this database's).
 */
static enum vf_status lay_plain_index(struct vf_schema *schema, struct vf_table *here, size_t n_here,
                                      const struct vf_table *target, const struct vf_index *declared,
                                      struct vf_index *remembered, struct vf_error *err)
{
    if (declared != NULL) {
        int found = find_index(here, target, n_here, declared, remembered);
        if (found >= 0) {
            keep_expressions(&here->indexes[found], remembered);
            here->indexes[found] = *remembered;
        }
        return VF_OK;
    }
    struct vf_index *added = vf_table_add_index(schema, here);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = *remembered;
    return VF_OK;
}

static bool has_vector_index(const struct vf_table *table, int column)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_index_is_vector(table->indexes[i].kind) && table->indexes[i].n_parts == 1 &&
            table->indexes[i].parts[0].column == column)
            return true;
    }
    return false;
}

/* A vec0 table has a distance for each of its vectors, also where the source had no index of them: then it has none to go back. */
static void forget_distances(struct vf_table *here, const struct vf_table *source, const struct vf_table *target)
{
    size_t n = 0;
    for (size_t i = 0; i < here->n_indexes; i++) {
        bool is_made_up = false;
        for (size_t k = 0; here->indexes[i].kind == VF_INDEX_EXACT && k < source->n_columns; k++)
            is_made_up = is_made_up || (place_of(here, source, target, (int)k) == here->indexes[i].parts[0].column &&
                                        !has_vector_index(source, (int)k));
        if (!is_made_up)
            here->indexes[n++] = here->indexes[i];
    }
    here->n_indexes = n;
}

static enum vf_status lay_indexes(struct vf_schema *schema, struct vf_table *here, const struct vf_table *source,
                                  const struct vf_table *target, struct vf_error *err)
{
    size_t n_here = here->n_indexes;
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < source->n_indexes && status == VF_OK; i++) {
        struct vf_index remembered;
        bool whole = false;
        status = translate_index(schema, here, source, target, &source->indexes[i], &remembered, &whole, err);
        if (status != VF_OK || !whole)
            continue;
        if (vf_index_is_vector(remembered.kind))
            status = lay_vector_index(schema, here, n_here, source, target, &remembered, err);
        else if (remembered.kind == VF_INDEX_FULLTEXT)
            status = lay_fulltext(schema, here, n_here, made_of_text(source, target, i), &remembered, err);
        else
            status = lay_plain_index(schema, here, n_here, target, declared_as(source, target, &source->indexes[i]),
                                     &remembered, err);
    }
    return status;
}

/* Names of foreign keys; and those of tables that don't lie here, or hang on them, aren't known any more. */
static void lay_foreign_keys(struct vf_table *here, const struct vf_table *source, const struct vf_table *target)
{
    for (size_t i = 0; i < here->n_foreign_keys; i++) {
        struct vf_foreign_key *key = &here->foreign_keys[i];
        for (size_t k = 0; k < source->n_foreign_keys; k++) {
            const struct vf_foreign_key *remembered = &source->foreign_keys[k];
            size_t n_same = 0;
            while (remembered->n_columns == key->n_columns && n_same < key->n_columns &&
                   place_of(here, source, target, remembered->columns[n_same]) == key->columns[n_same])
                n_same++;
            if (n_same < key->n_columns || remembered->n_columns != key->n_columns)
                continue;
            key->name = remembered->name;
            key->match_full = remembered->match_full;
            key->not_valid = remembered->not_valid;
        }
    }
}

/* The dialect of texts that don't say theirs: those of the engine that the table came from. */
static const char *dialect_of(const char *body)
{
    json_t *root = json_loads(body, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    const struct vf_engine_ops *engine = vf_engine_find(json_string_value(json_object_get(root, "source_engine")));
    json_decref(root);
    return engine != NULL && engine->dialect != NULL ? engine->dialect->name : NULL;
}

static bool is_declared(const struct vf_table *target, const struct vf_check *check)
{
    for (size_t i = 0; i < target->n_checks; i++) {
        if (vf_str_equal(target->checks[i].of, check->expression))
            return true;
    }
    return false;
}

/*
 * What a check here was declared as: the one of its name, and where checks have no names the one in its place, since none can be added or dropped there. NULL: it isn't one of ours.
 */
static const struct vf_check *made_check(const struct vf_table *here, const struct vf_table *target, size_t at)
{
    if (here->checks[at].name == NULL)
        return here->n_checks == target->n_checks ? &target->checks[at] : NULL;
    for (size_t i = 0; i < target->n_checks; i++) {
        if (vf_str_equal(target->checks[i].name, here->checks[at].name))
            return &target->checks[i];
    }
    return NULL;
}

/* The check of the table that one here was made of. NULL: none; it was made of a domain's, with which it comes back. */
static const struct vf_check *check_of(const struct vf_table *source, const struct vf_check *made)
{
    for (size_t i = 0; i < source->n_checks; i++) {
        if (vf_str_equal(source->checks[i].expression, made->of))
            return &source->checks[i];
    }
    return NULL;
}

/* Checks of the source that couldn't be declared here are remembered; those that were are here, under the names that they had, or were dropped by the user. */
static enum vf_status lay_checks(struct vf_schema *schema, struct vf_table *here, const struct vf_table *source,
                                 const struct vf_table *target, struct vf_error *err)
{
    size_t n_here = here->n_checks;
    size_t n_kept = 0;
    const struct vf_check **made = vf_arena_alloc(&schema->arena, n_here + 1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < n_here; i++)
        made[i] = made_check(here, target, i);
    for (size_t i = 0; i < n_here; i++) {
        const struct vf_check *of = made[i] != NULL && made[i]->of != NULL ? check_of(source, made[i]) : NULL;
        if (made[i] != NULL && made[i]->of != NULL && of == NULL)
            continue;
        here->checks[n_kept] = here->checks[i];
        if (of != NULL)
            here->checks[n_kept].name = of->name;
        n_kept++;
    }
    here->n_checks = n_kept;
    for (size_t i = 0; i < source->n_checks; i++) {
        if (is_declared(target, &source->checks[i]))
            continue;
        struct vf_check *added = vf_table_add_check(schema, here);
        if (added == NULL)
            return vf_error_nomem(err);
        *added = source->checks[i];
    }
    return VF_OK;
}

static enum vf_status lay_table(struct vf_schema *schema, struct vf_table *here, const char *body, const char *dialect,
                                struct vf_error *err)
{
    struct vf_table source = {0};
    struct vf_table target = {0};
    enum vf_status status = read_member(body, "source", schema, &source, err);
    if (status == VF_OK)
        status = read_member(body, "target", schema, &target, err);
    if (status != VF_OK)
        return status;
    vf_table_set_dialect(here, dialect);
    vf_table_set_dialect(&source, dialect_of(body));
    for (size_t i = 0; i < source.n_columns; i++) {
        int place = place_of(here, &source, &target, (int)i);
        if (place >= 0)
            lay_column(&here->columns[place], &source.columns[i], &target.columns[target_of(&source, &target, (int)i)],
                       source.kind == here->kind);
    }
    lay_foreign_keys(here, &source, &target);
    forget_distances(here, &source, &target);
    status = lay_indexes(schema, here, &source, &target, err);
    if (status == VF_OK)
        status = lay_checks(schema, here, &source, &target, err);
    here->comment = source.comment;
    return status;
}

/* The usual schemas of two databases are one and the same. */
static bool is_usual(const char *schema)
{
    return schema == NULL || strcmp(schema, "public") == 0 || strcmp(schema, "main") == 0;
}

static bool is_same_schema(const char *a, const char *b)
{
    return vf_str_equal(a, b) || (is_usual(a) && is_usual(b));
}

static enum vf_status recall_type(struct vf_schema *schema, const char *body, struct vf_error *err)
{
    struct vf_user_type read = {0};
    enum vf_status status = vf_user_type_from_json(body, schema, &read, err);
    for (size_t i = 0; status == VF_OK && i < schema->n_user_types; i++) {
        if (vf_str_equal(schema->user_types[i].name, read.name) &&
            is_same_schema(schema->user_types[i].schema, read.schema))
            return VF_OK; /* the database has it itself */
    }
    struct vf_user_type *type = status == VF_OK ? vf_schema_add_user_type(schema) : NULL;
    if (type != NULL)
        *type = read;
    return status == VF_OK && type == NULL ? vf_error_nomem(err) : status;
}

/* Does the sequence here serve the table of a remembered one? Where there are no schemas, others than the usual one are a part of the table's name. */
static bool is_same_owner(const struct vf_sequence *here, const struct vf_sequence *read)
{
    const char *schema = read->owner_schema;
    if (here->owner_table == NULL || read->owner_table == NULL)
        return false;
    if (here->owner_schema != NULL || is_usual(schema))
        return strcmp(here->owner_table, read->owner_table) == 0 &&
               (here->owner_schema == NULL || is_same_schema(here->owner_schema, schema));
    return vf_str_starts(here->owner_table, schema) && here->owner_table[strlen(schema)] == '_' &&
           strcmp(here->owner_table + strlen(schema) + 1, read->owner_table) == 0;
}

static enum vf_status recall_sequence(struct vf_schema *schema, const char *body, struct vf_error *err)
{
    struct vf_sequence read = {0};
    enum vf_status status = vf_sequence_from_json(body, schema, &read, err);
    if (status != VF_OK)
        return status;
    for (size_t i = 0; i < schema->n_sequences; i++) {
        struct vf_sequence *here = &schema->sequences[i];
        bool is_same = is_same_owner(here, &read) && here->owner_column != NULL &&
                       vf_str_equal(here->owner_column, read.owner_column);
        if (here->schema != NULL) /* one that has a name of its own */
            is_same = is_same || (strcmp(here->name, read.name) == 0 && is_same_schema(here->schema, read.schema));
        if (!is_same)
            continue;
        /* The database has counted on since. */
        if (here->is_called && here->last > read.last) {
            read.last = here->last;
            read.is_called = true;
        }
        *here = read;
        return VF_OK;
    }
    struct vf_sequence *added = vf_schema_add_sequence(schema);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = read;
    return VF_OK;
}

/* The table that a memory is of: by its label, which has no schema where it was made in the usual one. */
static struct vf_table *table_named(const struct vf_schema *schema, const char *name)
{
    struct vf_table *usual = NULL;
    char label[256];
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct vf_table *table = &schema->tables[i];
        if (strcmp(vf_table_label(table->schema, table->name, label, sizeof(label)), name) == 0)
            return table;
        if (usual == NULL && is_usual(table->schema) && strcmp(table->name, name) == 0)
            usual = table;
    }
    return usual;
}

static enum vf_status found_memory(void *context, const char *kind, const char *name, const char *body,
                                   struct vf_error *err)
{
    struct recall *recall = context;
    enum vf_status status = VF_OK;
    if (strcmp(kind, "table") == 0) {
        struct vf_table *here = table_named(recall->schema, name);
        if (here != NULL)
            status = lay_table(recall->schema, here, body, recall->dialect, err);
    } else if (strcmp(kind, "type") == 0) {
        status = recall_type(recall->schema, body, err);
    } else if (strcmp(kind, "sequence") == 0) {
        status = recall_sequence(recall->schema, body, err);
    }
    if (status != VF_OK && status != VF_NOMEM) {
        vf_error_wrap(err, "what vecferry_schema remembers of %s \"%s\" can't be read", kind, name);
        vf_error_hint(err, "delete that row of vecferry_schema to go by what the database declares");
    }
    return status;
}

enum vf_status vf_memory_lay(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    const struct vf_dialect *dialect = vf_conn_ops(conn)->dialect;
    struct recall recall = {.schema = schema, .dialect = dialect != NULL ? dialect->name : NULL};
    return vf_store_recall(conn, found_memory, &recall, err);
}

/* ---- foreign keys that were never declared ---- */

/* The foreign key here that was made of one of the target's, or NULL; the columns are those here. */
static struct vf_foreign_key *find_foreign_key(const struct vf_table *here, const int *columns,
                                               const struct vf_foreign_key *made)
{
    for (size_t i = 0; i < here->n_foreign_keys; i++) {
        struct vf_foreign_key *key = &here->foreign_keys[i];
        size_t n_same = 0;
        while (key->n_columns == made->n_columns && n_same < made->n_columns && key->columns[n_same] == columns[n_same])
            n_same++;
        if (key->n_columns == made->n_columns && n_same == made->n_columns &&
            strcmp(key->to_table, made->to_table) == 0)
            return key;
    }
    return NULL;
}

static enum vf_status lay_key(struct vf_schema *schema, struct vf_table *here, const struct vf_table *target,
                              const struct vf_foreign_key *made, struct vf_error *err)
{
    int *columns = vf_arena_alloc(&schema->arena, made->n_columns + 1, sizeof(*columns));
    const struct vf_table *parent = vf_schema_find_table(schema, made->to_schema, made->to_table);
    if (columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < made->n_columns; i++) {
        columns[i] = vf_table_find_column(here, target->columns[made->columns[i]].name);
        if (columns[i] < 0)
            return VF_OK;
    }
    if (parent == NULL)
        return VF_OK;
    struct vf_foreign_key *key = find_foreign_key(here, columns, made);
    const char *to_schema = parent->schema;
    const char *name = key != NULL ? key->name : made->name;
    if (key == NULL)
        key = vf_table_add_foreign_key(schema, here);
    if (key == NULL)
        return vf_error_nomem(err);
    *key = *made;
    key->name = name;
    key->columns = columns;
    key->to_schema = to_schema;
    return VF_OK;
}

static enum vf_status found_keys(void *context, const char *kind, const char *name, const char *body,
                                 struct vf_error *err)
{
    struct recall *recall = context;
    struct vf_table target = {0};
    struct vf_table *here = strcmp(kind, "table") == 0 ? table_named(recall->schema, name) : NULL;
    if (here == NULL)
        return VF_OK;
    enum vf_status status = read_member(body, "target", recall->schema, &target, err);
    for (size_t i = 0; status == VF_OK && i < target.n_foreign_keys; i++)
        status = lay_key(recall->schema, here, &target, &target.foreign_keys[i], err);
    return status;
}

enum vf_status vf_memory_lay_keys(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct recall recall = {.schema = schema};
    return vf_store_recall(conn, found_keys, &recall, err);
}

/* ---- full-text indexes alone ---- */

static enum vf_status found_fulltext(void *context, const char *kind, const char *name, const char *body,
                                     struct vf_error *err)
{
    struct recall *recall = context;
    struct vf_table source = {0};
    struct vf_table target = {0};
    struct vf_table *here = strcmp(kind, "table") == 0 ? table_named(recall->schema, name) : NULL;
    if (here == NULL)
        return VF_OK;
    size_t n_here = here->n_indexes;
    enum vf_status status = read_member(body, "source", recall->schema, &source, err);
    if (status == VF_OK)
        status = read_member(body, "target", recall->schema, &target, err);
    for (size_t i = 0; status == VF_OK && i < source.n_indexes; i++) {
        struct vf_index remembered;
        bool whole = false;
        if (source.indexes[i].kind != VF_INDEX_FULLTEXT)
            continue;
        status = translate_index(recall->schema, here, &source, &target, &source.indexes[i], &remembered, &whole, err);
        if (status == VF_OK && whole)
            status = lay_fulltext(recall->schema, here, n_here, made_of_text(&source, &target, i), &remembered, err);
    }
    return status;
}

enum vf_status vf_memory_lay_fulltext(struct vf_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct recall recall = {.schema = schema};
    return vf_store_recall(conn, found_fulltext, &recall, err);
}
