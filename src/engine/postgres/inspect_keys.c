/* Indexes and constraints of tables. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/inspect.h"
#include "engine/postgres/types.h"

static const char index_query[] =
    "SELECT i.indrelid::bigint, ic.relname, am.amname, i.indisunique, con.contype, "
    "coalesce(con.condeferrable, false), coalesce(con.condeferred, false), "
    "coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false), i.indnkeyatts, i.indkey::text, "
    "i.indoption::text, "
    "pg_catalog.pg_get_expr(i.indpred, i.indrelid), pg_catalog.pg_get_indexdef(i.indexrelid), "
    "(SELECT json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, true) ORDER BY k) FROM generate_series(1, "
    "i.indnkeyatts) k), "
    "(SELECT json_agg(o.opcname ORDER BY u.k) FROM unnest(i.indclass::oid[]) WITH ORDINALITY u(oc, k) "
    "JOIN pg_catalog.pg_opclass o ON o.oid = u.oc), "
    "(SELECT json_agg(CASE WHEN o.opcdefault THEN 'd' ELSE 'n' END ORDER BY u.k) "
    "FROM unnest(i.indclass::oid[]) WITH ORDINALITY u(oc, k) JOIN pg_catalog.pg_opclass o ON o.oid = u.oc), "
    "(SELECT json_agg(l.collname ORDER BY u.k) FROM unnest(i.indcollation::oid[], i.indkey::int2[]) WITH ORDINALITY "
    "u(lc, an, k) "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.an AND u.an > 0 "
    "LEFT JOIN pg_catalog.pg_collation l ON l.oid = u.lc AND u.lc IS DISTINCT FROM a.attcollation "
    "AND l.collname <> 'default' WHERE u.k <= i.indnkeyatts), "
    "array_to_json(ic.reloptions), i.indisvalid "
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid "
    "JOIN pg_catalog.pg_am am ON am.oid = ic.relam JOIN pg_catalog.pg_class c ON c.oid = i.indrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_constraint con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid "
    "AND con.contype IN ('p', 'u', 'x') "
    "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_' "
    "ORDER BY i.indrelid, coalesce(con.contype, 'z') <> 'p', ic.relname::text COLLATE \"C\"";

/* What the texts of one index are, one element a part. */
struct index_texts {
    const char **definitions, **classes, **defaults, **collations, **options;
    size_t n_definitions, n_classes, n_defaults, n_collations, n_options;
};

static enum vf_metric metric_of(const char *operator_class)
{
    static const struct {
        const char *ending;
        enum vf_metric metric;
    } endings[] = {{"_l2_ops", VF_METRIC_L2}, {"_ip_ops", VF_METRIC_IP},           {"_cosine_ops", VF_METRIC_COSINE},
                   {"_l1_ops", VF_METRIC_L1}, {"_hamming_ops", VF_METRIC_HAMMING}, {"_jaccard_ops", VF_METRIC_JACCARD}};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const char *at = strstr(operator_class, endings[i].ending);
        if (at != NULL && strcmp(at, endings[i].ending) == 0)
            return endings[i].metric;
    }
    return VF_METRIC_NONE;
}

static void read_option(const char *option, struct vf_vector_index *vector)
{
    static const char *const names[] = {"m=", "ef_construction=", "lists="};
    uint32_t *const values[] = {&vector->m, &vector->ef_construction, &vector->lists};
    int64_t number = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t size_bytes = strlen(names[i]);
        if (vf_str_starts(option, names[i]) &&
            vf_parse_i64(option + size_bytes, strlen(option) - size_bytes, &number) && number > 0 && number < 1000000)
            *values[i] = (uint32_t)number;
    }
}

/* (embedding::public.halfvec(3072)): a column, indexed in another type. -1: another expression. */
static int cast_column(const struct vf_table *table, const char *text, enum vf_element *element)
{
    char name[256], type_text[512];
    struct vf_pg_name type;
    size_t n = 0;
    int parentheses = 0;
    bool quoted = false;
    for (; *text == '('; text++)
        parentheses++;
    quoted = *text == '"';
    text += quoted;
    for (; *text != '\0' && n + 1 < sizeof(name); text++) {
        if (quoted && *text == '"' && *++text != '"')
            break;
        if (!quoted && strchr("(): ", *text) != NULL)
            break;
        name[n++] = *text;
    }
    name[n] = '\0';
    for (; *text == ')'; text++)
        parentheses--;
    size_t rest = strlen(text);
    if (!vf_str_starts(text, "::") || rest < 3 || rest - 2 >= sizeof(type_text))
        return -1;
    memcpy(type_text, text + 2, rest - 1);
    for (n = strlen(type_text); parentheses > 0 && n > 0 && type_text[n - 1] == ')'; parentheses--)
        type_text[--n] = '\0';
    if (parentheses != 0 || !vf_pg_name_parse(type_text, &type) || strcmp(type.name, "halfvec") != 0 || type.is_array)
        return -1;
    int column = vf_table_find_column(table, name);
    bool fits = column >= 0 && table->columns[column].type.kind == VF_K_VECTOR && type.modifier > 0 &&
                table->columns[column].type.dim == (uint32_t)type.modifier;
    *element = VF_E_F16;
    return fits ? column : -1;
}

static enum vf_status add_part(struct vf_pg_inspection *inspection, struct vf_table *table, struct vf_index *index,
                               const struct index_texts *texts, size_t i, int number, int option)
{
    struct vf_key_part *part = vf_index_add_part(inspection->schema, index);
    if (part == NULL)
        return vf_error_nomem(inspection->err);
    part->column = number > 0 ? vf_pg_seen_column(inspection, table, number) : -1;
    part->descending = (option & 1) != 0;
    part->nulls_first = (option & 2) != 0;
    bool is_vector = vf_index_is_vector(index->kind);
    if (part->column < 0 && i < texts->n_definitions) {
        part->expression = texts->definitions[i];
        if (is_vector)
            part->column = cast_column(table, part->expression, &index->vector.element);
        if (part->column >= 0)
            part->expression = NULL;
    }
    if (i < texts->n_classes && is_vector)
        index->vector.metric = metric_of(texts->classes[i]);
    if (i < texts->n_classes && i < texts->n_defaults && strcmp(texts->defaults[i], "n") == 0)
        part->operator_class = texts->classes[i];
    if (i < texts->n_collations)
        part->collation = texts->collations[i];
    return VF_OK;
}

static enum vf_status add_parts(struct vf_pg_inspection *inspection, struct vf_table *table, struct vf_index *index,
                                const PGresult *result, int row, const struct index_texts *texts)
{
    struct vf_arena *arena = &inspection->schema->arena;
    int *numbers = NULL, *options = NULL;
    int n = vf_pg_numbers(vf_pg_str(result, row, 9), arena, &numbers);
    int n_options = vf_pg_numbers(vf_pg_str(result, row, 10), arena, &options);
    int n_keys = (int)vf_pg_i64(result, row, 8, 0);
    enum vf_status status = n < 0 || n_options < 0 ? vf_error_nomem(inspection->err) : VF_OK;
    for (int i = 0; i < n_keys && i < n && status == VF_OK; i++)
        status = add_part(inspection, table, index, texts, (size_t)i, numbers[i], i < n_options ? options[i] : 0);
    if (status != VF_OK || n <= n_keys)
        return status;
    index->included = vf_arena_alloc(arena, (size_t)(n - n_keys), sizeof(*index->included));
    if (index->included == NULL)
        return vf_error_nomem(inspection->err);
    for (int i = n_keys; i < n; i++)
        index->included[index->n_included++] = vf_pg_seen_column(inspection, table, numbers[i]);
    return VF_OK;
}

static enum vf_index_kind kind_of(const char *method)
{
    static const struct {
        const char *method;
        enum vf_index_kind kind;
    } methods[] = {
        {"btree", VF_INDEX_BTREE}, {"hash", VF_INDEX_HASH}, {"hnsw", VF_INDEX_HNSW}, {"ivfflat", VF_INDEX_IVFFLAT}};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i].method) == 0)
            return methods[i].kind;
    }
    return VF_INDEX_OTHER;
}

static enum vf_status read_texts(const PGresult *result, int row, struct vf_arena *arena, struct index_texts *texts,
                                 struct vf_error *err)
{
    struct {
        int column;
        const char ***texts;
        size_t *n;
    } lists[] = {{13, &texts->definitions, &texts->n_definitions},
                 {14, &texts->classes, &texts->n_classes},
                 {15, &texts->defaults, &texts->n_defaults},
                 {16, &texts->collations, &texts->n_collations},
                 {17, &texts->options, &texts->n_options}};
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && status == VF_OK; i++)
        status = vf_pg_texts(result, row, lists[i].column, arena, lists[i].texts, lists[i].n, err);
    return status;
}

/* Named, not moved; its text is in a column of the result. */
static enum vf_status name_it(struct vf_pg_inspection *inspection, const struct vf_table *table, const PGresult *result,
                              int row, int text, const char *kind, const char *why)
{
    struct vf_other *other = vf_schema_add_other(inspection->schema);
    if (other == NULL)
        return vf_error_nomem(inspection->err);
    *other = (struct vf_other){.kind = kind,
                               .schema = table->schema,
                               .name = vf_pg_copy(result, row, 1, &inspection->schema->arena),
                               .on = table->name,
                               .text = vf_pg_copy(result, row, text, &inspection->schema->arena),
                               .why = why};
    return other->name != NULL ? VF_OK : vf_error_nomem(inspection->err);
}

static enum vf_status add_index(struct vf_pg_inspection *inspection, struct vf_table *table, const PGresult *result,
                                int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    struct index_texts texts = {0};
    char constraint = vf_pg_str(result, row, 4)[0];
    if (constraint == 'x')
        return name_it(inspection, table, result, row, 12, "exclusion constraint",
                       "exclusion constraints aren't translated: add it to the target by hand");
    if (!vf_pg_is_true(result, row, 18))
        return name_it(inspection, table, result, row, 12, "index", "it isn't valid: its build was broken off");
    struct vf_index *index = vf_table_add_index(inspection->schema, table);
    if (index == NULL)
        return vf_error_nomem(inspection->err);
    index->name = vf_pg_copy(result, row, 1, arena);
    index->method = vf_pg_copy(result, row, 2, arena);
    index->definition = vf_pg_copy(result, row, 12, arena);
    if (index->name == NULL || index->method == NULL)
        return vf_error_nomem(inspection->err);
    index->kind = kind_of(index->method);
    index->unique = vf_pg_is_true(result, row, 3);
    index->constraint = constraint == 'p'   ? VF_CONSTRAINT_PRIMARY
                        : constraint == 'u' ? VF_CONSTRAINT_UNIQUE
                                            : VF_CONSTRAINT_NONE;
    index->deferrable = vf_pg_is_true(result, row, 5);
    index->initially_deferred = vf_pg_is_true(result, row, 6);
    index->nulls_not_distinct = vf_pg_is_true(result, row, 7);
    index->predicate = vf_pg_copy(result, row, 11, arena);
    enum vf_status status = read_texts(result, row, arena, &texts, inspection->err);
    for (size_t i = 0; i < texts.n_options && status == VF_OK; i++)
        read_option(texts.options[i], &index->vector);
    if (constraint == 'p')
        table->primary_key = (int)table->n_indexes - 1;
    return status == VF_OK ? add_parts(inspection, table, index, result, row, &texts) : status;
}

/* ---- foreign keys and checks ---- */

#define IS_ENFORCED "coalesce((to_jsonb(con)->>'conenforced')::boolean, true)" /* always, before PostgreSQL 18 */

static const char not_enforced[] = "it isn't enforced: rows may break it, and the target would refuse them";

static const char foreign_query[] =
    "SELECT con.conrelid::bigint, con.conname, con.conkey::text, fn.nspname, fc.relname, "
    "(SELECT json_agg(a.attname ORDER BY u.k) FROM unnest(con.confkey) WITH ORDINALITY u(an, k) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = u.an), "
    "con.confdeltype, con.confupdtype, con.confmatchtype = 'f', con.condeferrable, con.condeferred, "
    "con.convalidated, " IS_ENFORCED ", pg_catalog.pg_get_constraintdef(con.oid) "
    "FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class fc ON fc.oid = con.confrelid "
    "JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace "
    "WHERE con.contype = 'f' AND (con.conparentid = 0 OR (SELECT l.relispartition FROM pg_catalog.pg_class l WHERE "
    "l.oid = con.conrelid) AND NOT fc.relispartition) ORDER BY con.conrelid, con.conname::text COLLATE \"C\"";

static const char check_query[] =
    "SELECT con.conrelid::bigint, con.conname, pg_catalog.pg_get_expr(con.conbin, con.conrelid), " IS_ENFORCED " "
    "FROM pg_catalog.pg_constraint con WHERE con.contype = 'c' AND con.conrelid <> 0 "
    "ORDER BY con.conrelid, con.conname::text COLLATE \"C\"";

static enum vf_fk_action action_of(char letter)
{
    return letter == 'r'   ? VF_FK_RESTRICT
           : letter == 'c' ? VF_FK_CASCADE
           : letter == 'n' ? VF_FK_SET_NULL
           : letter == 'd' ? VF_FK_SET_DEFAULT
                           : VF_FK_NO_ACTION;
}

static enum vf_status add_foreign_key(struct vf_pg_inspection *inspection, struct vf_table *table,
                                      const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    size_t n_to = 0;
    if (!vf_pg_is_true(result, row, 12))
        return name_it(inspection, table, result, row, 13, "foreign key", not_enforced);
    struct vf_foreign_key *key = vf_table_add_foreign_key(inspection->schema, table);
    if (key == NULL)
        return vf_error_nomem(inspection->err);
    key->name = vf_pg_copy(result, row, 1, arena);
    key->to_schema = vf_pg_copy(result, row, 3, arena);
    key->to_table = vf_pg_copy(result, row, 4, arena);
    int n = vf_pg_numbers(vf_pg_str(result, row, 2), arena, &key->columns);
    if (n < 0 || key->to_schema == NULL || key->to_table == NULL)
        return vf_error_nomem(inspection->err);
    enum vf_status status = vf_pg_texts(result, row, 5, arena, &key->to_columns, &n_to, inspection->err);
    key->n_columns = (size_t)n < n_to ? (size_t)n : n_to;
    for (size_t i = 0; i < key->n_columns; i++)
        key->columns[i] = vf_pg_seen_column(inspection, table, key->columns[i]);
    key->on_delete = action_of(vf_pg_str(result, row, 6)[0]);
    key->on_update = action_of(vf_pg_str(result, row, 7)[0]);
    key->match_full = vf_pg_is_true(result, row, 8);
    key->deferrable = vf_pg_is_true(result, row, 9);
    key->initially_deferred = vf_pg_is_true(result, row, 10);
    key->not_valid = !vf_pg_is_true(result, row, 11);
    return status;
}

static enum vf_status add_check(struct vf_pg_inspection *inspection, struct vf_table *table, const PGresult *result,
                                int row)
{
    if (!vf_pg_is_true(result, row, 3))
        return name_it(inspection, table, result, row, 2, "check", not_enforced);
    struct vf_check *check = vf_table_add_check(inspection->schema, table);
    if (check == NULL)
        return vf_error_nomem(inspection->err);
    check->name = vf_pg_copy(result, row, 1, &inspection->schema->arena);
    check->expression = vf_pg_copy(result, row, 2, &inspection->schema->arena);
    return check->expression != NULL ? VF_OK : vf_error_nomem(inspection->err);
}

/* Rows of a query whose first column is the table's OID. */
static enum vf_status each(struct vf_pg_inspection *inspection, const char *query,
                           enum vf_status (*add)(struct vf_pg_inspection *, struct vf_table *, const PGresult *, int))
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;
    for (int row = 0; row < n && status == VF_OK; row++) {
        struct vf_table *table = vf_pg_seen_table(inspection, vf_pg_i64(result, row, 0, 0));
        if (table != NULL)
            status = add(inspection, table, result, row);
    }
    PQclear(result);
    return status;
}

enum vf_status vf_pg_inspect_keys(struct vf_pg_inspection *inspection)
{
    enum vf_status status = each(inspection, index_query, add_index);
    if (status == VF_OK)
        status = each(inspection, foreign_query, add_foreign_key);
    return status == VF_OK ? each(inspection, check_query, add_check) : status;
}
