#include <string.h>

#include "base/alloc.h"
#include "engine/sqlitesql/libsql_index.h"
#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/vec0.h"
#include "vector/convert.h"

static void write_fields(const struct vf_relation *relation, const char *of, struct vf_buf *sql)
{
    vf_buf_str(sql, "SELECT NULL");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(sql, ", ");
        vf_buf_str(sql, of);
        vf_sqlite_quote(sql, relation->fields[i].name);
    }
    vf_buf_str(sql, " FROM ");
}

/* An index that couldn't be built is no failure of the one who asks. */
static enum vf_status check_is_built(struct vf_sqlite_conn *conn, const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    int64_t found = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ");
    vf_sqlite_quote_text(&sql, name, strlen(name));
    vf_buf_str(&sql, " COLLATE NOCASE");
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, &found, err);
    vf_buf_release(&sql);
    if (status == VF_OK && found == 0)
        status = vf_error_set(err, VF_MISSING, "index \"%s\" isn't built", name);
    return status;
}

/* What vector_top_k() gives as id: the rowid, or the only column of the key where there is none. CROSS JOIN keeps its order, which is that of the distances. */
static enum vf_status write_top_k(struct vf_sqlite_conn *conn, const struct vf_nearest *nearest, struct vf_buf *sql,
                                  struct vf_error *err)
{
    const struct vf_table *table = nearest->table;
    const char *rowid = NULL;
    bool is_column = false;
    enum vf_status status = check_is_built(conn, nearest->index->name, err);
    if (status == VF_OK)
        status = vf_sqlite_rowid_name(conn, table->name, &rowid, &is_column, err);
    if (status != VF_OK)
        return status;
    write_fields(nearest->relation, "t.", sql);
    vf_buf_str(sql, "vector_top_k(");
    vf_sqlite_quote_text(sql, nearest->index->name, strlen(nearest->index->name));
    vf_buf_printf(sql, ", ?1, %u) AS k CROSS JOIN main.", (unsigned)nearest->k);
    vf_sqlite_quote(sql, table->name);
    vf_buf_str(sql, " AS t ON k.id = t.");
    if (rowid != NULL) {
        vf_buf_str(sql, rowid);
    } else {
        const struct vf_index *key = table->primary_key >= 0 ? &table->indexes[table->primary_key] : NULL;
        if (key == NULL || key->n_parts != 1)
            return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked: the table has no single key",
                                nearest->index->name);
        vf_sqlite_quote(sql, table->columns[key->parts[0].column].name);
    }
    return VF_OK;
}

/* vec0 wants to be told what bytes of another element than float32 are. */
static void write_match(const struct vf_nearest *nearest, const struct vf_column *column, struct vf_buf *sql)
{
    const char *function = column->type.element == VF_E_I8    ? "vec_int8"
                           : column->type.element == VF_E_BIT ? "vec_bit"
                                                              : "";
    write_fields(nearest->relation, "", sql);
    vf_buf_str(sql, "main.");
    vf_sqlite_quote(sql, nearest->table->name);
    vf_buf_str(sql, " WHERE ");
    vf_sqlite_quote(sql, column->name);
    vf_buf_printf(sql, " MATCH %s(?1) AND k = %u ORDER BY distance", function, (unsigned)nearest->k);
}

static void pack(const struct vf_column *column, bool is_vec0, const void *vector, struct vf_buf *out)
{
    const struct vf_type type = column->type;
    if (!is_vec0) {
        vf_libsql_vector_pack(type.element, vector, type.dim, out);
        return;
    }
    size_t size_bytes = vf_element_bytes(type.element, type.dim);
    char *to = vf_buf_reserve(out, size_bytes);
    if (to == NULL)
        return;
    if (type.element == VF_E_BIT)
        vf_bits_reverse(to, vector, size_bytes);
    else
        vf_copy_le(type.element, to, vector, type.dim);
    vf_buf_advance(out, size_bytes);
}

enum vf_status vf_sqlite_nearest(struct vf_conn *base, const struct vf_nearest *nearest, struct vf_scan **scan,
                                 struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    const struct vf_column *column = &nearest->table->columns[nearest->index->parts[0].column];
    bool is_vec0 = nearest->relation->kind == VF_TABLE_VEC0 && nearest->index->kind == VF_INDEX_EXACT;
    sqlite3_stmt *stmt = NULL;
    struct vf_buf sql, vector;
    if (!is_vec0 && nearest->index->kind != VF_INDEX_DISKANN)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked for a distance", nearest->index->name);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_init(&vector, VF_BUF_MAX);
    enum vf_status status = VF_OK;
    if (is_vec0)
        write_match(nearest, column, &sql);
    else
        status = write_top_k(conn, nearest, &sql, err);
    pack(column, is_vec0, nearest->vector, &vector);
    if (status == VF_OK)
        status = vf_buf_check(&vector, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    if (status == VF_ENGINE && is_vec0 && strstr(conn->lib->errmsg(conn->db), "no such module") != NULL)
        status = vf_error_set(err, VF_MISSING, "sqlite-vec isn't loaded, so that its tables can't be asked");
    if (status == VF_OK &&
        conn->lib->bind_blob64(stmt, 1, vector.data, vector.size_bytes, SQLITE_TRANSIENT) != SQLITE_OK)
        status = vf_sqlite_fail(conn, err, "table %s", nearest->table->name);
    if (status == VF_OK)
        status = vf_sqlite_scan_of(conn, nearest->relation, stmt, scan, err);
    else
        conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    vf_buf_release(&vector);
    return status;
}
