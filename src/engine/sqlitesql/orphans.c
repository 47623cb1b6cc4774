/* Rows that refer to a parent that isn't there: SQLite doesn't look at foreign keys unless each connection asks for it, so that old files hold some. */
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/evidence.h"

/* A key of the parent that SQLite finds by an index: else each row would be a look through the whole table. */
static bool is_found_fast(const struct vf_table *parent, const struct vf_foreign_key *key)
{
    for (size_t i = 0; i < parent->n_indexes; i++) {
        const struct vf_index *index = &parent->indexes[i];
        bool fits = (index->unique || index->constraint != VF_CONSTRAINT_NONE) && index->predicate == NULL &&
                    index->n_parts == key->n_columns;
        for (size_t k = 0; k < key->n_columns && fits; k++) {
            int column = vf_table_find_column(parent, key->to_columns[k]);
            bool there = false;
            for (size_t p = 0; p < index->n_parts; p++)
                there |= column >= 0 && index->parts[p].column == column;
            fits = there;
        }
        if (fits)
            return true;
    }
    return false;
}

/* A row with a NULL in the key refers to nothing. The parent stands on the left, whose collation and affinity decide (SQLite documentation, "SQLite Foreign Key Support", section 2). */
static void write_count(const struct vf_table *table, const struct vf_foreign_key *key, struct vf_buf *sql)
{
    vf_buf_str(sql, "SELECT count(*) FROM main.");
    vf_sqlite_quote(sql, table->name);
    vf_buf_str(sql, " AS child WHERE ");
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, "child.");
        vf_sqlite_quote(sql, table->columns[key->columns[i]].name);
        vf_buf_str(sql, " IS NOT NULL AND ");
    }
    vf_buf_str(sql, "NOT EXISTS (SELECT 1 FROM main.");
    vf_sqlite_quote(sql, key->to_table);
    vf_buf_str(sql, " AS parent WHERE ");
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, i > 0 ? " AND parent." : "parent.");
        vf_sqlite_quote(sql, key->to_columns[i]);
        vf_buf_str(sql, " = child.");
        vf_sqlite_quote(sql, table->columns[key->columns[i]].name);
    }
    vf_buf_char(sql, ')');
}

static enum vf_status count(struct vf_sqlite_conn *conn, const struct vf_schema *schema, const struct vf_table *table,
                            struct vf_foreign_key *key, struct vf_error *err)
{
    const struct vf_table *parent = vf_schema_find_table(schema, NULL, key->to_table);
    struct vf_buf sql;
    if (parent == NULL || parent->kind != VF_TABLE_ORDINARY || !is_found_fast(parent, key))
        return VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_count(table, key, &sql);
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, &key->n_orphans, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_sqlite_count_orphans(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t t = 0; t < schema->n_tables; t++) {
        struct vf_table *table = &schema->tables[t];
        for (size_t i = 0; vf_sqlite_is_asked(options, table) && i < table->n_foreign_keys && status == VF_OK; i++)
            status = count(conn, schema, table, &table->foreign_keys[i], err);
    }
    return status;
}
