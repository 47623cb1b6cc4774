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

/* `head` before it when the key's index is named, else `plain_head`. */
static enum vf_status write_with(struct vf_sqlite_conn *conn, const char *table, const char *head,
                                 const char *plain_head, const char *otherwise, struct vf_buf *sql,
                                 struct vf_error *err)
{
    struct vf_buf name;
    bool found = false;
    vf_buf_init(&name, VF_BUF_MAX);
    /* A server knows its own indexes. */
    enum vf_status status = conn->prepare_rows != NULL ? VF_OK : find_key_index(conn, table, &found, &name, err);
    if (status == VF_OK)
        status = vf_buf_check(&name, err);
    vf_buf_str(sql, found ? head : plain_head);
    vf_buf_str(sql, "main.");
    vf_sqlite_quote(sql, table);
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
    return write_with(conn, table, "", "", " NOT INDEXED", sql, err);
}

/* count(*) without more is answered from the smallest index, whatever INDEXED BY says; count(1) isn't. */
enum vf_status vf_sqlite_write_count(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                     struct vf_error *err)
{
    return write_with(conn, table, "SELECT count(1) FROM ", "SELECT count(*) FROM ", " NOT INDEXED", sql, err);
}

enum vf_status vf_sqlite_write_from_by_key(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                           struct vf_error *err)
{
    return write_with(conn, table, "", "", "", sql, err);
}
