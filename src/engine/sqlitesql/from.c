#include "engine/sqlitesql/from.h"

#include <string.h>

/* The name of the primary key's index when the table has no rowid and has an index of libSQL's; *found false: another table. */
static enum vf_status find_key_index(struct vf_sqlite_conn *conn, const char *table, bool *found, struct vf_buf *name,
                                     struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(
        conn,
        "SELECT i.name FROM pragma_table_list t, pragma_index_list(?1, 'main') i WHERE t.schema = 'main' AND t.name = "
        "?1 AND t.wr AND i.origin = 'pk' AND EXISTS (SELECT 1 FROM sqlite_master m WHERE m.type = 'index' AND "
        "m.tbl_name = ?1 AND m.sql LIKE '%libsql_vector_idx%')",
        &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    if (status == VF_OK && row)
        vf_buf_str(name, vf_sqlite_column_str(conn, stmt, 0));
    conn->lib->finalize(stmt);
    *found = row;
    return status;
}

static enum vf_status write_from(struct vf_sqlite_conn *conn, const char *table, const char *otherwise,
                                 struct vf_buf *sql, struct vf_error *err)
{
    struct vf_buf name;
    bool found = false;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_str(sql, "main.");
    vf_sqlite_quote(sql, table);
    /* A server knows its own indexes. */
    enum vf_status status = conn->prepare_rows != NULL ? VF_OK : find_key_index(conn, table, &found, &name, err);
    if (status == VF_OK)
        status = vf_buf_check(&name, err);
    if (status == VF_OK && found) {
        vf_buf_str(sql, " INDEXED BY ");
        vf_sqlite_quote(sql, name.data);
    } else {
        vf_buf_str(sql, otherwise);
    }
    vf_buf_release(&name);
    return status;
}

enum vf_status vf_sqlite_write_from(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                    struct vf_error *err)
{
    return write_from(conn, table, " NOT INDEXED", sql, err);
}

enum vf_status vf_sqlite_write_from_by_key(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                           struct vf_error *err)
{
    return write_from(conn, table, "", sql, err);
}
