#include <string.h>

#include "engine/duckdb/bulk.h"
#include "engine/duckdb/encode.h"
#include "engine/duckdb/probe.h"
#include "engine/duckdb/target.h"
#include "engine/refuse.h"

struct vf_load {
    struct vf_duckdb_conn *conn;
    struct vf_relation relation; /* borrowed texts and fields */
    struct vf_duckdb_appender appender;
    bool is_open;
    struct vf_duckdb_probe probe;
    const struct vf_array **arrays;
    /* By row of a batch. */
    int64_t cap_rows;
    bool *skip;
    int32_t *broken;
};

enum vf_status vf_duckdb_load_open(struct vf_conn *base, const struct vf_relation *relation, struct vf_load **load,
                                   struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    made->relation = *relation;
    vf_duckdb_bulk_threads(conn, true);
    made->arrays = vf_calloc(relation->n_fields + 1, sizeof(*made->arrays));
    enum vf_status status = made->arrays == NULL ? vf_error_nomem(err) : VF_OK;
    if (status == VF_OK)
        status = vf_duckdb_appender_open(conn, VF_DUCKDB_CATALOG, relation, &made->appender, err);
    made->is_open = status == VF_OK;
    if (status == VF_OK)
        status = vf_duckdb_probe_init(conn, relation, &made->probe, err);
    if (status != VF_OK) {
        vf_duckdb_load_close(made);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *load = made;
    return VF_OK;
}

void vf_duckdb_load_close(struct vf_load *load)
{
    if (load == NULL)
        return;
    vf_duckdb_probe_release(&load->probe);
    vf_duckdb_appender_close(&load->appender);
    vf_duckdb_bulk_threads(load->conn, false);
    vf_free(load->arrays);
    vf_free(load->skip);
    vf_free(load->broken);
    vf_free(load);
}

static enum vf_status make_room(struct vf_load *load, int64_t n_rows, struct vf_error *err)
{
    if (n_rows <= load->cap_rows)
        return VF_OK;
    bool *skip = vf_realloc(load->skip, (size_t)n_rows, sizeof(*skip));
    if (skip == NULL)
        return vf_error_nomem(err);
    load->skip = skip;
    int32_t *broken = vf_realloc(load->broken, (size_t)n_rows, sizeof(*broken));
    if (broken == NULL)
        return vf_error_nomem(err);
    load->broken = broken;
    load->cap_rows = n_rows;
    return VF_OK;
}

/* ---- refused rows ---- */

/* `rejects` NULL: the first one is the end. */
static enum vf_status refuse(const struct vf_load *load, const struct vf_batch *batch, int64_t row, size_t column,
                             const char *reason, struct vf_reject_list *rejects, struct vf_error *err)
{
    const struct vf_relation *relation = &load->relation;
    if (rejects != NULL)
        return vf_refuse_at(relation, batch, row, column, reason, rejects, err);
    return column < relation->n_fields ? vf_error_set(err, VF_VALUE, "table %s: column \"%s\": %s", relation->name,
                                                      relation->fields[column].name, reason)
                                       : vf_error_set(err, VF_VALUE, "table %s: %s", relation->name, reason);
}

/* Rows with a NULL where the table has none: they don't count for the keys either. */
static void mark_nulls(struct vf_load *load, const struct vf_batch *batch)
{
    memset(load->skip, 0, (size_t)batch->n_rows * sizeof(*load->skip));
    for (size_t i = 0; i < load->relation.n_fields; i++) {
        if (!load->probe.not_null[i] || batch->columns[i].n_null == 0)
            continue;
        for (int64_t row = 0; row < batch->n_rows; row++)
            load->skip[row] = load->skip[row] || vf_array_is_null(&batch->columns[i], row);
    }
}

static size_t null_column(const struct vf_load *load, const struct vf_batch *batch, int64_t row)
{
    size_t i = 0;
    while (!load->probe.not_null[i] || !vf_array_is_null(&batch->columns[i], row))
        i++;
    return i;
}

/* ---- loading ---- */

static enum vf_status load_row(struct vf_load *load, const struct vf_batch *batch, int64_t row,
                               struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_error why = {0};
    size_t column = 0;
    if (load->skip[row])
        return refuse(load, batch, row, null_column(load, batch, row), "NULL in a column that is NOT NULL", rejects,
                      err);
    if (load->broken[row] >= 0) {
        const struct vf_duckdb_constraint *constraint = &load->probe.constraints[load->broken[row]];
        column = constraint->n_columns == 1 ? constraint->columns[0] : load->relation.n_fields;
        return refuse(load, batch, row, column, constraint->reason, rejects, err);
    }
    enum vf_status status = vf_duckdb_appender_add(&load->appender, load->arrays, row, &column, &why);
    if (status == VF_VALUE)
        return refuse(load, batch, row, column, why.message, rejects, err);
    if (status != VF_OK && err != NULL)
        *err = why;
    return status;
}

static enum vf_status reopen(struct vf_load *load, struct vf_error *err)
{
    enum vf_status status =
        vf_duckdb_appender_open(load->conn, VF_DUCKDB_CATALOG, &load->relation, &load->appender, err);
    load->is_open = status == VF_OK;
    return status;
}

enum vf_status vf_duckdb_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                    struct vf_error *err)
{
    enum vf_status status = make_room(load, batch->n_rows, err);
    if (status == VF_OK && !load->is_open)
        status = reopen(load, err);
    if (status != VF_OK || batch->n_rows == 0)
        return status;
    for (size_t i = 0; i < load->relation.n_fields; i++)
        load->arrays[i] = &batch->columns[i];
    mark_nulls(load, batch);
    status = vf_duckdb_probe_run(load->conn, &load->probe, &load->relation, &load->appender, batch, load->skip,
                                 load->broken, err);
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++)
        status = load_row(load, batch, row, rejects, err);
    /* By bytes: left to itself, the appender keeps 204,800 rows in memory. */
    if (status == VF_OK)
        status = vf_duckdb_appender_flush(&load->appender, err);
    if (status == VF_OK)
        return VF_OK;
    vf_duckdb_appender_close(&load->appender);
    load->is_open = false;
    if (status != VF_CANCELLED && rejects != NULL)
        vf_error_wrap(err, "table %s", load->relation.name);
    return status;
}
