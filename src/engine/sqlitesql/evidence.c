#include "engine/sqlitesql/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/probe.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/types.h"

#define BATCH_ROWS  1000
#define BATCH_BYTES (1 << 20)

bool vf_sqlite_is_asked(const struct vf_inspect_options *options, const struct vf_table *table)
{
    for (size_t i = 0; i < options->n_only; i++) {
        if (vf_strcasecmp(options->only[i], table->name) == 0)
            return true;
    }
    return options->n_only == 0;
}

static bool is_fixed(const struct vf_column *column)
{
    return column->evidence.text == vf_memory_evidence || column->form == VF_FORM_LIBSQL ||
           column->form == VF_FORM_VEC0 || column->type.kind == VF_K_VECTOR;
}

static enum vf_status read_rows(struct vf_sqlite_conn *conn, const struct vf_table *table, sqlite3_stmt *stmt,
                                struct vf_probe *probes, struct vf_error *err)
{
    struct vf_sqlite_value value = {0};
    for (;;) {
        bool row = false;
        enum vf_status status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            return status;
        for (size_t i = 0; i < table->n_columns; i++) {
            vf_sqlite_value_read(conn, stmt, (int)i + 1, &value); /* behind the rowid */
            status = vf_probe_add(&probes[i], &value, err);
            if (status != VF_OK)
                return status;
        }
    }
}

static enum vf_status read_ordinary(struct vf_sqlite_conn *conn, const struct vf_table *table, int64_t sample_rows,
                                    struct vf_probe *probes, struct vf_error *err)
{
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    const char *rowid = NULL;
    bool is_column = false;
    enum vf_status status = vf_sqlite_rowid_name(conn, table->name, &rowid, &is_column, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT ");
    vf_buf_str(&sql, rowid != NULL ? rowid : "NULL");
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(&sql, ", ");
        vf_sqlite_quote(&sql, table->columns[i].name);
    }
    vf_buf_str(&sql, " FROM ");
    status = vf_sqlite_write_from(conn, table->name, &sql, err);
    vf_buf_str(&sql, " WHERE 1");
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(conn, &sql, rowid, sample_rows, &stmt, err);
    if (status == VF_OK)
        status = read_rows(conn, table, stmt, probes, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}

/* The rows of a vec0 table have their types already: only the vectors are looked at. */
static void count_batch(const struct vf_table *table, const struct vf_batch *batch, struct vf_probe *probes)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vf_array *array = &batch->columns[i];
        struct vf_probe *probe = &probes[i];
        for (int64_t row = 0; row < batch->n_rows; row++) {
            size_t size_bytes = 0;
            if (vf_array_is_null(array, row)) {
                probe->n_null++;
                continue;
            }
            probe->n_blob++;
            if (array->type.kind != VF_K_VECTOR || array->type.element != VF_E_F32)
                continue;
            const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
            vf_probe_add_vector(&probe->vectors, (const float *)(const void *)bytes, size_bytes / 4);
        }
    }
}

static enum vf_status scan_vec0(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                const struct vf_relation *relation, int64_t sample_rows, struct vf_batch *batch,
                                struct vf_probe *probes, struct vf_error *err)
{
    struct vf_vec0_scan *scan = NULL;
    int64_t n_rows = 0;
    bool more = true;
    enum vf_status status = vf_vec0_scan_open(conn, relation, NULL, NULL, &scan, err);
    while (status == VF_OK && more && (sample_rows == 0 || n_rows < sample_rows)) {
        vf_batch_reset(batch);
        status = vf_vec0_scan_read(scan, batch, &more, err);
        n_rows += batch->n_rows;
        count_batch(table, batch, probes);
        for (size_t i = 0; i < batch->rejects.n_rejects; i++)
            probes[0].n_unfit++;
    }
    vf_vec0_scan_close(scan);
    return status;
}

static enum vf_status read_vec0(struct vf_sqlite_conn *conn, const struct vf_table *table, int64_t sample_rows,
                                struct vf_probe *probes, struct vf_error *err)
{
    struct vf_field *fields = vf_calloc(table->n_columns, sizeof(*fields));
    struct vf_type *types = vf_calloc(table->n_columns, sizeof(*types));
    struct vf_batch batch = {0};
    enum vf_status status = fields == NULL || types == NULL ? vf_error_nomem(err) : VF_OK;
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        fields[i] = probes[i].field;
        types[i] = probes[i].field.type;
    }
    const struct vf_relation relation = {
        .name = table->name, .kind = table->kind, .n_fields = table->n_columns, .fields = fields};
    if (status == VF_OK)
        status = vf_batch_init(&batch, table->n_columns, types, BATCH_ROWS, BATCH_BYTES, err);
    if (status == VF_OK)
        status = scan_vec0(conn, table, &relation, sample_rows, &batch, probes, err);
    vf_batch_release(&batch);
    vf_free(types);
    vf_free(fields);
    return status;
}

static enum vf_status probe_table(struct vf_sqlite_conn *conn, struct vf_arena *arena, struct vf_table *table,
                                  int64_t sample_rows, struct vf_error *err)
{
    struct vf_probe *probes = vf_calloc(table->n_columns + 1, sizeof(*probes));
    enum vf_status status = probes == NULL ? vf_error_nomem(err) : VF_OK;
    bool is_vec0 = table->kind == VF_TABLE_VEC0;
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        status = vf_probe_init(&probes[i], &table->columns[i], is_vec0 || is_fixed(&table->columns[i]), err);
    if (status == VF_OK && is_vec0)
        status = read_vec0(conn, table, sample_rows, probes, err);
    else if (status == VF_OK && table->n_columns > 0)
        status = read_ordinary(conn, table, sample_rows, probes, err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        table->columns[i].evidence.sampled = sample_rows > 0 && table->n_rows > sample_rows;
        status = vf_probe_decide(&probes[i], arena, &table->columns[i], err);
    }
    for (size_t i = 0; probes != NULL && i < table->n_columns; i++)
        vf_probe_release(&probes[i]);
    vf_free(probes);
    return status;
}

enum vf_status vf_sqlite_find_evidence(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err)
{
    const struct vf_clock *clock = conn->base.options.clock != NULL ? conn->base.options.clock : vf_clock_system();
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct vf_table *table = &schema->tables[i];
        if (!vf_sqlite_is_asked(options, table))
            continue;
        int64_t start_us = clock->monotonic_us(clock->context);
        enum vf_status status = probe_table(conn, &schema->arena, table, options->sample_rows, err);
        if (status != VF_OK) {
            vf_error_wrap(err, "table %s", table->name);
            return status;
        }
        int64_t took_us = clock->monotonic_us(clock->context) - start_us;
        vf_log_write(conn->base.options.log, VF_LOG_INFO,
                     "looked at the values of table %s: %" PRId64 " rows in %.3f s", table->name, table->n_rows,
                     (double)took_us / 1e6);
    }
    return VF_OK;
}
