#include "engine/sqlitesql/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/probe.h"
#include "engine/sqlitesql/related.h"
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
    return vf_memory_has_made(column) || column->form == VF_FORM_LIBSQL || column->form == VF_FORM_VEC0 ||
           column->type.kind == VF_K_VECTOR;
}

/*
 * Vectors that needn't come over from a server: what a plan decides by is that they are of the declared length and finite, and how long they are, which the server says itself: their distance from
 * the origin. Those of which it doesn't say so are fetched and looked at as all others.
 */
static bool is_asked_for(const struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                         const struct vf_column *column)
{
    return conn->prepare_rows != NULL && options->decisive && column->form == VF_FORM_LIBSQL &&
           column->type.kind == VF_K_VECTOR && column->type.element == VF_E_F32 && column->type.dim > 0 &&
           !vf_sqlite_is_float8(column->native);
}

/* NULL, when it must be looked at. */
static void write_length(const struct vf_column *column, struct vf_buf *sql)
{
    size_t size_bytes = vf_element_bytes(VF_E_F32, column->type.dim);
    struct vf_buf name;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_sqlite_quote(&name, column->name);
    const char *text = name.data != NULL ? name.data : "";
    vf_buf_printf(
        sql,
        "CASE WHEN typeof(%s) = 'blob' AND length(%s) = %zu AND vector_distance_l2(%s, zeroblob(%zu)) BETWEEN "
        "1e-30 AND 1e30 THEN vector_distance_l2(%s, zeroblob(%zu)) END",
        text, text, size_bytes, text, size_bytes, text, size_bytes);
    vf_buf_release(&name);
}

static void write_column(const struct vf_column *column, bool is_asked, struct vf_buf *sql)
{
    if (is_asked) {
        vf_buf_str(sql, "CASE WHEN ");
        write_length(column, sql);
        vf_buf_str(sql, " IS NULL THEN ");
    }
    vf_sqlite_quote(sql, column->name);
    if (is_asked)
        vf_buf_str(sql, " END");
}

/* A table that is read for its evidence. */
struct reading {
    struct vf_sqlite_conn *conn;
    const struct vf_inspect_options *options;
    const struct vf_table *table;
    struct vf_probe *probes;
    bool asks; /* for the lengths of vectors, which stand behind the columns in their order */
};

static bool asks_for(const struct reading *reading, size_t i)
{
    return reading->asks && is_asked_for(reading->conn, reading->options, &reading->table->columns[i]);
}

static enum vf_status read_row(struct reading *reading, sqlite3_stmt *stmt, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = reading->conn->lib;
    struct vf_sqlite_value value = {0};
    enum vf_status status = VF_OK;
    int behind = (int)reading->table->n_columns + 1; /* behind the rowid and the columns */
    for (size_t i = 0; i < reading->table->n_columns && status == VF_OK; i++) {
        if (asks_for(reading, i) && lib->column_type(stmt, behind++) != SQLITE_NULL) {
            vf_probe_add_length(&reading->probes[i], lib->column_double(stmt, behind - 1));
            continue;
        }
        vf_sqlite_value_read(reading->conn, stmt, (int)i + 1, &value);
        status = vf_probe_add(&reading->probes[i], &value, err);
    }
    return status;
}

/* Which row there was no memory for: that of `rowid`, or the one behind it. */
static void name_row(const char *where, int64_t rowid, struct vf_error *err)
{
    vf_error_wrap(err, "%s %lld", where, (long long)rowid);
    vf_error_hint(err, "a value is held in memory as a whole: give the process more, or leave the table out");
}

static enum vf_status read_rows(struct reading *reading, sqlite3_stmt *stmt, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = reading->conn->lib;
    int64_t rowid = 0;
    bool row = true;
    enum vf_status status = VF_OK;
    while (status == VF_OK && row) {
        status = vf_sqlite_step(reading->conn, stmt, &row, err);
        if (status == VF_NOMEM)
            name_row("the row behind rowid", rowid, err);
        if (status != VF_OK || !row)
            break;
        rowid = lib->column_int64(stmt, 0);
        status = read_row(reading, stmt, err);
        if (status == VF_NOMEM)
            name_row("the row of rowid", rowid, err);
    }
    return status;
}

static enum vf_status read_ordinary(struct reading *reading, struct vf_error *err)
{
    const struct vf_table *table = reading->table;
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    const char *rowid = NULL;
    bool is_column = false;
    enum vf_status status = vf_sqlite_rowid_name(reading->conn, table->name, &rowid, &is_column, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT ");
    vf_buf_str(&sql, rowid != NULL ? rowid : "NULL");
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(&sql, ", ");
        write_column(&table->columns[i], asks_for(reading, i), &sql);
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!asks_for(reading, i))
            continue;
        vf_buf_str(&sql, ", ");
        write_length(&table->columns[i], &sql);
    }
    vf_buf_str(&sql, " FROM ");
    status = vf_sqlite_write_from(reading->conn, table->name, &sql, err);
    vf_buf_str(&sql, " WHERE 1");
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(reading->conn, &sql, rowid, reading->options->sample_rows, &stmt, err);
    if (status == VF_OK)
        status = read_rows(reading, stmt, err);
    reading->conn->lib->finalize(stmt);
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

static enum vf_status init_probes(struct reading *reading, struct vf_error *err)
{
    bool is_vec0 = reading->table->kind == VF_TABLE_VEC0;
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < reading->table->n_columns; i++)
        status = vf_probe_init(&reading->probes[i], &reading->table->columns[i],
                               is_vec0 || is_fixed(&reading->table->columns[i]), err);
    return status;
}

static void release_probes(struct reading *reading)
{
    for (size_t i = 0; i < reading->table->n_columns; i++)
        vf_probe_release(&reading->probes[i]);
}

/* A server without the distance refuses the question; what fails on the way to it fails again, or is another failure by now. */
static bool is_refused(const struct reading *reading, enum vf_status status)
{
    return status == VF_ENGINE && reading->asks &&
           (reading->conn->lib->extended_errcode(reading->conn->db) & 0xff) == SQLITE_ERROR;
}

static enum vf_status read_values(struct reading *reading, struct vf_error *err)
{
    struct vf_error why = {0};
    const struct vf_table *table = reading->table;
    if (table->kind == VF_TABLE_VEC0)
        return read_vec0(reading->conn, table, reading->options->sample_rows, reading->probes, err);
    if (table->n_columns == 0)
        return VF_OK;
    for (size_t i = 0; i < table->n_columns; i++)
        reading->asks |= is_asked_for(reading->conn, reading->options, &table->columns[i]);
    enum vf_status status = read_ordinary(reading, &why);
    if (is_refused(reading, status)) {
        release_probes(reading);
        reading->asks = false;
        status = init_probes(reading, err);
        return status == VF_OK ? read_ordinary(reading, err) : status;
    }
    if (status != VF_OK && err != NULL)
        *err = why;
    return status;
}

/* The column as it is found to be, and in `plain` as its storage alone says. */
static enum vf_status decide_column(struct reading *reading, size_t i, struct vf_arena *arena, struct vf_column *column,
                                    struct vf_column *plain, struct vf_error *err)
{
    const struct vf_table *table = reading->table;
    const struct vf_probe *probe = &reading->probes[i];
    column->evidence.sampled = reading->options->sample_rows > 0 && table->n_rows > reading->options->sample_rows;
    *plain = *column;
    enum vf_status status = vf_probe_decide(probe, false, arena, column, err);
    if (status != VF_OK || probe->is_fixed)
        *plain = *column;
    else
        status = vf_probe_decide(probe, true, arena, plain, err);
    return status;
}

static enum vf_status probe_table(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                  struct vf_arena *arena, struct vf_table *table, struct vf_column *plain,
                                  struct vf_error *err)
{
    struct reading reading = {.conn = conn, .options = options, .table = table};
    reading.probes = vf_calloc(table->n_columns + 1, sizeof(*reading.probes));
    if (reading.probes == NULL)
        return vf_error_nomem(err);
    enum vf_status status = init_probes(&reading, err);
    if (status == VF_OK)
        status = read_values(&reading, err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        status = decide_column(&reading, i, arena, &table->columns[i], &plain[i], err);
    release_probes(&reading);
    vf_free(reading.probes);
    return status;
}

static enum vf_status find_in_table(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                    struct vf_arena *arena, struct vf_table *table, struct vf_column **plain,
                                    struct vf_error *err)
{
    const struct vf_clock *clock = conn->base.options.clock != NULL ? conn->base.options.clock : vf_clock_system();
    int64_t start_us = clock->monotonic_us(clock->context);
    *plain = vf_arena_alloc(arena, table->n_columns + 1, sizeof(**plain));
    if (*plain == NULL)
        return vf_error_nomem(err);
    enum vf_status status = probe_table(conn, options, arena, table, *plain, err);
    if (status != VF_OK) {
        vf_error_wrap(err, "table %s", table->name);
        return status;
    }
    int64_t took_us = clock->monotonic_us(clock->context) - start_us;
    vf_log_write(conn->base.options.log, VF_LOG_INFO, "looked at the values of table %s: %" PRId64 " rows in %.3f s",
                 table->name, table->n_rows, (double)took_us / 1e6);
    return VF_OK;
}

enum vf_status vf_sqlite_find_evidence(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err)
{
    struct vf_related related = {.schema = schema};
    enum vf_status status = VF_OK;
    related.plain = vf_arena_alloc(&schema->arena, schema->n_tables + 1, sizeof(struct vf_column *));
    if (related.plain == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < schema->n_tables && status == VF_OK; i++) {
        if (vf_sqlite_is_asked(options, &schema->tables[i]))
            status = find_in_table(conn, options, &schema->arena, &schema->tables[i], &related.plain[i], err);
    }
    if (status == VF_OK)
        vf_sqlite_relate_types(&related);
    return status;
}
