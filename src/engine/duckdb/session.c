#include "engine/duckdb/session.h"

#include <string.h>

#include "base/text.h"
#include "engine/duckdb/hnsw.h"

/* ---- statements ---- */

/* The rows of the index: a copy, because a DuckDB file takes no HNSW index that isn't kept in it. */
static void write_rows(const struct vf_relation *relation, const char *catalog, const struct vf_index *index,
                       struct vf_buf *sql)
{
    vf_buf_str(sql, "CREATE OR REPLACE TEMP TABLE ");
    vf_duckdb_quote(sql, index->name);
    vf_buf_str(sql, " AS SELECT ");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_duckdb_quote(sql, relation->fields[i].name);
    }
    vf_buf_str(sql, " FROM ");
    vf_buf_str(sql, catalog);
    vf_duckdb_quote(sql, vf_duckdb_schema(relation->schema));
    vf_buf_char(sql, '.');
    vf_duckdb_quote(sql, relation->name);
}

/* The name of the table, with an ending: both are in one catalogue. */
static void write_index(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    struct vf_buf name;
    vf_buf_init(&name, 65536);
    vf_buf_str(&name, index->name);
    vf_buf_str(&name, "_hnsw");
    vf_buf_str(sql, "CREATE INDEX ");
    vf_duckdb_quote(sql, name.data != NULL ? name.data : "hnsw");
    vf_buf_str(sql, " ON temp.main.");
    vf_duckdb_quote(sql, index->name);
    vf_duckdb_hnsw_write_using(table, index, sql);
    vf_buf_release(&name);
}

/* A name inside a comment: nothing in it may end the line. */
static void write_remark(const char *text, struct vf_buf *out)
{
    char shown[512];
    vf_printable(text, strlen(text), shown, sizeof(shown));
    vf_buf_str(out, shown);
}

static void write_example(const struct vf_relation *relation, const struct vf_table *table,
                          const struct vf_index *index, struct vf_buf *out)
{
    const struct vf_field *vector = &relation->fields[relation->n_fields - 1];
    struct vf_buf sql;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT ");
    for (size_t i = 0; i < relation->n_key; i++) {
        vf_buf_str(&sql, i > 0 ? ", " : "");
        vf_duckdb_quote(&sql, relation->fields[relation->key[i]].name);
    }
    vf_buf_str(&sql, " FROM temp.main.");
    vf_duckdb_quote(&sql, index->name);
    vf_buf_printf(&sql, " ORDER BY %s(", vf_duckdb_hnsw_function(index->vector.metric));
    vf_duckdb_quote(&sql, table->columns[index->parts[0].column].name);
    vf_buf_printf(&sql, ", [...]::FLOAT[%u]) LIMIT 10", (unsigned)vector->type.dim);
    vf_buf_str(out, "--   ");
    write_remark(sql.data != NULL ? sql.data : "", out);
    vf_buf_char(out, '\n');
    vf_buf_release(&sql);
}

enum vf_status vf_duckdb_index_script(struct vf_conn *base, const struct vf_relation *relation,
                                      const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                      struct vf_error *err)
{
    (void)base;
    if (vf_duckdb_hnsw_function(index->vector.metric) == NULL)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be built for its distance", index->name);
    vf_buf_str(out, VF_INDEX_SCRIPT_MARK " the HNSW index \"");
    write_remark(index->name, out);
    vf_buf_str(
        out,
        "\", which isn't in the database. To be run by whoever opens it, with the extension vss:\n"
        "--   duckdb FILE -init THIS\n"
        "-- It copies keys and vectors into the session's memory, as they are at that moment, and is asked so (the "
        "vector as a constant):\n");
    write_example(relation, table, index, out);
    vf_buf_str(out, "LOAD vss;\n");
    write_rows(relation, "", index, out);
    vf_buf_str(out, ";\n");
    write_index(table, index, out);
    vf_buf_str(out, ";\n");
    return vf_buf_check(out, err);
}

/* ---- a session of our own ---- */

void vf_duckdb_session_close(struct vf_duckdb_conn *conn)
{
    struct vf_duckdb_conn *session = conn->session;
    if (session == NULL)
        return;
    if (session->handle != NULL)
        session->lib->disconnect(&session->handle);
    vf_arena_release(&session->made);
    vf_free(session);
    conn->session = NULL;
}

static enum vf_status run_buf(struct vf_duckdb_conn *session, struct vf_buf *sql, struct vf_error *err)
{
    return vf_duckdb_exec_buf(session, sql, err);
}

/* Each statement commits for itself: an index over rows of its own transaction would be empty. */
static enum vf_status build(struct vf_duckdb_conn *session, const struct vf_nearest *nearest, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_rows(nearest->relation, VF_DUCKDB_CATALOG ".", nearest->index, &sql);
    enum vf_status status = run_buf(session, &sql, err);
    if (status == VF_OK)
        write_index(nearest->table, nearest->index, &sql);
    if (status == VF_OK)
        status = run_buf(session, &sql, err);
    vf_buf_release(&sql);
    return status;
}

static enum vf_status open_session(struct vf_duckdb_conn *conn, const struct vf_nearest *nearest, struct vf_error *err)
{
    struct vf_duckdb_conn *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    conn->session = made;
    made->base = conn->base;
    made->lib = conn->lib;
    made->instance = conn->instance;
    made->path = conn->path;
    made->catalog = "temp";
    made->session_index = vf_arena_strdup(&made->made, nearest->index->name);
    enum vf_status status = made->session_index == NULL
                                ? vf_error_nomem(err)
                                : vf_duckdb_instance_connect(conn->instance, &made->handle, err);
    return status == VF_OK ? build(made, nearest, err) : status;
}

enum vf_status vf_duckdb_session(struct vf_duckdb_conn *conn, const struct vf_nearest *nearest,
                                 struct vf_duckdb_conn **session, struct vf_relation *relation, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    if (conn->session != NULL && strcmp(conn->session->session_index, nearest->index->name) != 0)
        vf_duckdb_session_close(conn);
    if (conn->session == NULL)
        status = open_session(conn, nearest, err);
    if (status != VF_OK) {
        vf_duckdb_session_close(conn);
        return status;
    }
    *session = conn->session;
    *relation = *nearest->relation;
    relation->schema = "main";
    relation->name = conn->session->session_index;
    return VF_OK;
}
