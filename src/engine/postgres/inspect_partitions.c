/* Partitioned and inherited tables. The bounds of partitions are read into values: the text of the source is never run. */
#include <string.h>

#include "base/text.h"
#include "engine/postgres/inspect.h"

/* ---- parents ---- */

static const char lineage_query[] =
    "SELECT c.oid::bigint, c.relpersistence = 'u', "
    "(SELECT json_agg(pn.nspname ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON "
    "p.oid "
    "= i.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid AND NOT "
    "c.relispartition), "
    "(SELECT json_agg(p.relname ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid "
    "= i.inhparent WHERE i.inhrelid = c.oid AND NOT c.relispartition), rn.nspname, r.relname "
    "FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class r ON c.relispartition AND r.oid = "
    "pg_catalog.pg_partition_root(c.oid) LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace "
    "WHERE c.relkind = 'r' AND (c.relispartition OR c.relpersistence = 'u' OR EXISTS (SELECT FROM "
    "pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid))";

static enum vf_status add_lineage(struct vf_pg_inspection *inspection, struct vf_table *table, const PGresult *result,
                                  int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    const char **schemas = NULL, **names = NULL;
    size_t n_schemas = 0, n_names = 0;
    enum vf_status status = vf_pg_texts(result, row, 2, arena, &schemas, &n_schemas, inspection->err);

    if (status == VF_OK)
        status = vf_pg_texts(result, row, 3, arena, &names, &n_names, inspection->err);
    if (status != VF_OK)
        return status;
    table->unlogged = vf_pg_is_true(result, row, 1);
    table->part_of = (struct vf_table_name){vf_pg_copy(result, row, 4, arena), vf_pg_copy(result, row, 5, arena)};
    table->parents = vf_arena_alloc(arena, n_names + 1, sizeof(*table->parents));
    if (table->parents == NULL)
        return vf_error_nomem(inspection->err);
    for (size_t i = 0; i < n_names && i < n_schemas; i++)
        table->parents[table->n_parents++] = (struct vf_table_name){schemas[i], names[i]};
    return VF_OK;
}

enum vf_status vf_pg_inspect_lineage(struct vf_pg_inspection *inspection)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, lineage_query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;

    for (int row = 0; row < n && status == VF_OK; row++) {
        struct vf_table *table = vf_pg_seen_table(inspection, vf_pg_i64(result, row, 0, 0));
        if (table != NULL)
            status = add_lineage(inspection, table, result, row);
    }
    PQclear(result);
    return status;
}

/* ---- bounds ---- */

struct bound_text {
    const char *at;
    struct vf_arena *arena;
    bool failed;
};

static bool take(struct bound_text *text, const char *word)
{
    while (*text->at == ' ')
        text->at++;
    if (!vf_str_starts(text->at, word))
        return false;
    text->at += strlen(word);
    return true;
}

/* '...' with doubled quotes, and with E before it with doubled backslashes, as the server writes constants. */
static const char *take_quoted(struct bound_text *text, bool is_escaped)
{
    char *value = vf_arena_alloc(text->arena, strlen(text->at) + 2, 1);
    size_t n = 0;

    if (value == NULL)
        return NULL;
    value[n++] = '=';
    for (; *text->at != '\0'; text->at++) {
        if (text->at[0] == '\'' && text->at[1] != '\'')
            break;
        if (text->at[0] == '\'' || (is_escaped && text->at[0] == '\\'))
            text->at++;
        if (*text->at == '\0')
            return NULL;
        value[n++] = *text->at;
    }
    return take(text, "'") ? value : NULL;
}

static const char *take_value(struct bound_text *text)
{
    static const char *const words[] = {"MINVALUE", "MAXVALUE", "NULL"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (take(text, words[i]))
            return words[i];
    }
    if (take(text, "E'"))
        return take_quoted(text, true);
    if (take(text, "'"))
        return take_quoted(text, false);
    size_t size_bytes = strspn(text->at, "+-.0123456789abcdefghijklmnopqrstuvwxyz");
    const char *value = size_bytes > 0 ? vf_arena_printf(text->arena, "=%.*s", (int)size_bytes, text->at) : NULL;
    text->at += size_bytes;
    return value;
}

static bool take_list(struct bound_text *text, const char ***values, size_t *n)
{
    size_t room = strlen(text->at) / 2 + 1;

    *n = 0;
    *values = vf_arena_alloc(text->arena, room + 1, sizeof(**values));
    if (*values == NULL || !take(text, "("))
        return false;
    do {
        (*values)[*n] = *n < room ? take_value(text) : NULL;
        if ((*values)[(*n)++] == NULL)
            return false;
    } while (take(text, ","));
    return take(text, ")");
}

static bool take_number(struct bound_text *text, int64_t *number)
{
    size_t size_bytes;

    while (*text->at == ' ')
        text->at++;
    size_bytes = strspn(text->at, "0123456789");
    const char *from = text->at;
    text->at += size_bytes;
    return vf_parse_i64(from, size_bytes, number);
}

/* false: another form than those that are known. */
static bool read_bound(const char *written, struct vf_arena *arena, struct vf_partition *partition)
{
    struct bound_text text = {.at = written, .arena = arena};
    bool is_read = false;

    if (take(&text, "DEFAULT")) {
        partition->is_default = is_read = true;
    } else if (take(&text, "FOR VALUES")) {
        if (take(&text, "FROM"))
            is_read = take_list(&text, &partition->low, &partition->n_low) && take(&text, "TO") &&
                      take_list(&text, &partition->high, &partition->n_high);
        else if (take(&text, "IN"))
            is_read = take_list(&text, &partition->low, &partition->n_low);
        else
            is_read = take(&text, "WITH (modulus") && take_number(&text, &partition->modulus) &&
                      take(&text, ", remainder") && take_number(&text, &partition->remainder) && take(&text, ")");
    }
    return is_read && *text.at == '\0';
}

/* ---- partitioned tables ---- */

/* The table itself, and below it all that its rows are in, level by level. */
static const char partition_query[] =
    "SELECT root.oid::bigint, t.relid::oid::bigint, coalesce(t.parentrelid::oid::bigint, 0), t.level, n.nspname, "
    "c.relname, c.relkind = 'f', pg_catalog.pg_get_expr(c.relpartbound, c.oid), coalesce(p.partstrat, ' '), "
    "(SELECT json_agg(a.attname ORDER BY u.k) FROM unnest(p.partattrs::int2[]) WITH ORDINALITY u(an, k) JOIN "
    "pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.an), "
    "p.partnatts, pg_catalog.pg_get_partkeydef(c.oid), "
    "NOT EXISTS (SELECT FROM unnest(p.partclass::oid[]) o(oc) JOIN pg_catalog.pg_opclass k ON k.oid = o.oc WHERE NOT "
    "k.opcdefault) AND NOT EXISTS (SELECT FROM unnest(p.partcollation::oid[], p.partattrs::int2[]) u(lc, an) JOIN "
    "pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.an WHERE u.lc <> a.attcollation) "
    "FROM pg_catalog.pg_class root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) t "
    "JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid "
    "WHERE root.relkind = 'p' AND NOT root.relispartition "
    "ORDER BY root.oid, t.level, n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"";

static enum vf_status read_by(struct vf_pg_inspection *inspection, const struct vf_table *table, const PGresult *result,
                              int row, struct vf_partition_by *by)
{
    struct vf_arena *arena = &inspection->schema->arena;
    const char **names = NULL;
    size_t n_names = 0;
    char letter = vf_pg_str(result, row, 8)[0];
    enum vf_status status = vf_pg_texts(result, row, 9, arena, &names, &n_names, inspection->err);

    if (status != VF_OK || letter == ' ')
        return status;
    *by = (struct vf_partition_by){.strategy = letter == 'r'   ? VF_PARTITION_RANGE
                                               : letter == 'l' ? VF_PARTITION_LIST
                                                               : VF_PARTITION_HASH,
                                   .text = vf_pg_copy(result, row, 11, arena),
                                   .columns = vf_arena_alloc(arena, n_names + 1, sizeof(*by->columns))};
    if (by->columns == NULL || by->text == NULL)
        return vf_error_nomem(inspection->err);
    for (size_t i = 0; i < n_names; i++)
        by->columns[by->n_columns++] = vf_table_find_column(table, names[i]);
    if ((int64_t)n_names != vf_pg_i64(result, row, 10, 0))
        by->why = "it is partitioned by an expression";
    else if (!vf_pg_is_true(result, row, 12))
        by->why = "it is partitioned by an operator class or collation of its own";
    return VF_OK;
}

static enum vf_status add_partition(struct vf_pg_inspection *inspection, struct vf_table *table, const PGresult *result,
                                    int row, int first)
{
    struct vf_arena *arena = &inspection->schema->arena;
    struct vf_partition *partition = &table->partitions[table->n_partitions++];
    int64_t parent = vf_pg_i64(result, row, 2, 0);

    *partition = (struct vf_partition){.parent = -1,
                                       .schema = vf_pg_copy(result, row, 4, arena),
                                       .name = vf_pg_copy(result, row, 5, arena),
                                       .is_foreign = vf_pg_is_true(result, row, 6)};
    if (partition->schema == NULL || partition->name == NULL)
        return vf_error_nomem(inspection->err);
    if (partition->is_foreign && table->unread == NULL) {
        table->unread = vf_arena_printf(
            arena, "its partition \"%s\" is a foreign table: the rows are those of another database", partition->name);
        table->unread_remedy = "partitions: parts moves the other partitions, each as a table, and names this one";
        if (table->unread == NULL)
            return vf_error_nomem(inspection->err);
    }
    for (int k = first + 1; k < row; k++) {
        if (vf_pg_i64(result, k, 1, 0) == parent)
            partition->parent = k - first - 1;
    }
    if (!read_bound(vf_pg_str(result, row, 7), arena, partition) && table->partition_by.why == NULL)
        table->partition_by.why = "the bounds of its partitions aren't plain values";
    enum vf_status status = read_by(inspection, table, result, row, &partition->by);
    if (status == VF_OK && partition->by.why != NULL && table->partition_by.why == NULL)
        table->partition_by.why = partition->by.why;
    return status;
}

/* Rows `first` to `end` are of one table. */
static enum vf_status read_tree(struct vf_pg_inspection *inspection, const PGresult *result, int first, int end)
{
    struct vf_table *table = vf_pg_seen_table(inspection, vf_pg_i64(result, first, 0, 0));

    if (table == NULL)
        return VF_OK;
    table->partitions = vf_arena_alloc(&inspection->schema->arena, (size_t)(end - first), sizeof(*table->partitions));
    if (table->partitions == NULL)
        return vf_error_nomem(inspection->err);
    enum vf_status status = read_by(inspection, table, result, first, &table->partition_by);
    for (int row = first + 1; row < end && status == VF_OK; row++)
        status = add_partition(inspection, table, result, row, first);
    return status;
}

/* They were sorted to the end. */
static void set_apart(struct vf_schema *schema)
{
    size_t n = schema->n_tables;

    while (n > 0 && schema->tables[n - 1].part_of.name != NULL)
        n--;
    schema->partitions = schema->tables + n;
    schema->n_partitions = schema->n_tables - n;
    schema->n_tables = n;
}

enum vf_status vf_pg_inspect_partitions(struct vf_pg_inspection *inspection)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, partition_query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0, end;

    for (int row = 0; row < n && status == VF_OK; row = end) {
        for (end = row + 1; end < n && vf_pg_i64(result, end, 0, 0) == vf_pg_i64(result, row, 0, 0);)
            end++;
        status = read_tree(inspection, result, row, end);
    }
    PQclear(result);
    if (status == VF_OK)
        set_apart(inspection->schema);
    return status;
}

void vf_pg_share_evidence(struct vf_schema *schema)
{
    for (size_t i = 0; i < schema->n_partitions; i++) {
        struct vf_table *part = &schema->partitions[i];
        const struct vf_table *whole = vf_schema_find_table(schema, part->part_of.schema, part->part_of.name);
        for (size_t k = 0; whole != NULL && k < part->n_columns; k++) {
            int at = vf_table_find_column(whole, part->columns[k].name);
            if (at < 0)
                continue;
            part->columns[k].type = whole->columns[at].type;
            part->columns[k].form = whole->columns[at].form;
            part->columns[k].evidence = whole->columns[at].evidence;
            part->columns[k].n_labels = whole->columns[at].n_labels;
            part->columns[k].labels = whole->columns[at].labels;
            if (whole->columns[at].def.kind == VF_DEFAULT_EXPRESSION)
                part->columns[k].def.kind = VF_DEFAULT_EXPRESSION;
        }
    }
}
