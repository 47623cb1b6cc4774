#include "engine/turso/target.h"

#include "engine/sqlitesql/target.h"
#include "engine/turso/lock.h"
#include "model/problem.h"

#define MAX_LIBSQL_DIM 65536

/* NULL: libSQL has none. */
static const char *vector_type(enum vf_element element)
{
    switch (element) {
    case VF_E_F32:
        return "F32_BLOB";
    case VF_E_F64:
        return "F64_BLOB";
    case VF_E_F16:
        return "F16_BLOB";
    case VF_E_BF16:
        return "FB16_BLOB";
    case VF_E_BIT:
        return "F1BIT_BLOB";
    case VF_E_NONE:
    case VF_E_I8:
    default:
        return NULL;
    }
}

/* Vectors of one length are declared as what they are, so that the server can index them; the bytes are those of a BLOB in libSQL's encoding. */
enum vf_status vf_turso_map_column(struct vf_conn *base, const struct vf_table *table, const struct vf_column *column,
                                   struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    const struct vf_turso_conn *conn = vf_turso_conn_of(base);
    enum vf_status status = vf_sqlite_map_column(base, table, column, arena, mapping, err);
    const struct vf_type *type = &column->type;
    bool is_own = mapping->form == VF_FORM_LIBSQL || column->form == VF_FORM_JSON;
    bool is_vector = type->kind == VF_K_VECTOR && type->dim > 0 && type->dim <= MAX_LIBSQL_DIM;
    if (status != VF_OK || is_own || !is_vector || !conn->has_vectors)
        return status;
    if (vector_type(type->element) == NULL)
        return VF_OK;
    mapping->native = vf_arena_printf(arena, "%s(%u)", vector_type(type->element), type->dim);
    mapping->form = VF_FORM_LIBSQL;
    mapping->fidelity = VF_FIDELITY_EXACT;
    mapping->how = NULL;
    return mapping->native == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_turso_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                                  const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                  struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    (void)estimate; /* the server's disk can't be looked at */
    enum vf_status status = vf_sqlite_check_names(wanted, problems, err);
    for (size_t i = 0; status == VF_OK && conn->sql.no_without_rowid && i < wanted->n_tables; i++) {
        if (wanted->tables[i].without_rowid)
            status = vf_problem_add_about(problems, VF_SEVERITY_NOTE, VF_MISSING, &wanted->tables[i], NULL, NULL, err,
                                          "made as an ordinary table: the server has no tables WITHOUT ROWID");
    }
    if (status != VF_OK || conn->db.in_transaction)
        return status;
    if (vf_hrana_can_begin(&conn->db, "BEGIN IMMEDIATE"))
        return VF_OK;
    if (!conn->db.has_streams && conn->db.code != VF_HRANA_FAILED)
        return VF_OK; /* what another client left open: vf_turso_lock() sees to it */
    struct vf_error why = {0};
    enum vf_status found = vf_turso_fail(conn, &why, "the database can't be written to");
    return vf_problem_add(problems, VF_SEVERITY_BLOCK, found, "", why.hint, err, "%s", why.message);
}

/* An index is built in one statement, which may take hours. */
enum vf_status vf_turso_apply(struct vf_conn *base, const struct vf_step *step, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    bool is_long = step->kind == VF_STEP_INDEX || step->kind == VF_STEP_ANALYZE;
    struct vf_error why = {0};
    if (step->kind == VF_STEP_ANALYZE && conn->no_statistics)
        return VF_OK;
    enum vf_status status = vf_turso_rely_on_lease(conn, is_long ? VF_TURSO_LONG_LEASE_S : VF_TURSO_LEASE_S, err);
    if (status != VF_OK)
        return status;
    if (is_long)
        vf_http_set_patience(conn->db.http, VF_TURSO_LONG_LEASE_S);
    status = vf_sqlite_apply(base, step, &why);
    if (is_long)
        vf_http_set_patience(conn->db.http, 0);
    if (status == VF_ENGINE && step->kind == VF_STEP_ANALYZE) { /* sqld takes no ANALYZE: it is only about speed */
        vf_log_write(conn->sql.base.options.log, VF_LOG_INFO, "no statistics of table %s and others: %s",
                     step->table->name, why.message);
        conn->no_statistics = true;
        status = VF_OK;
    } else if (status != VF_OK && err != NULL) {
        *err = why;
    }
    return status;
}

/* There are no settings that a client may change; what was committed is durable by the server's own word. Foreign keys are off in every new stream. */
enum vf_status vf_turso_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate, struct vf_error *err)
{
    (void)conn;
    (void)estimate;
    (void)err;
    return VF_OK;
}

enum vf_status vf_turso_end_bulk(struct vf_conn *conn, struct vf_error *err)
{
    (void)conn;
    (void)err;
    return VF_OK;
}
