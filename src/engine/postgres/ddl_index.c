#include <stdio.h>
#include <string.h>

#include "engine/postgres/fulltext.h"
#include "engine/postgres/target.h"

#define DEFAULT_BUILD_BYTES (UINT64_C(512) << 20) /* for building a vector index, where the user says nothing */
#define MIN_BUILD_BYTES     (UINT64_C(64) << 20)

/* ---- the statement ---- */

static enum vf_status write_part(const struct vf_table *table, const struct vf_index *index,
                                 const struct vf_key_part *part, const char *vector_schema, struct vf_buf *sql,
                                 struct vf_error *err)
{
    const struct vf_column *column = part->column >= 0 ? &table->columns[part->column] : NULL;
    bool is_vector = vf_index_is_vector(index->kind);
    enum vf_status status = VF_OK;
    if (column == NULL) {
        vf_buf_char(sql, '(');
        status = vf_pg_write_expression(table, NULL, part->expr, false, sql, err);
        vf_buf_char(sql, ')');
    } else if (is_vector && index->vector.element == VF_E_F16) {
        vf_buf_str(sql, "((");
        vf_pg_quote(sql, column->name);
        vf_buf_str(sql, "::");
        vf_pg_quote_table(sql, vector_schema, "halfvec");
        vf_buf_printf(sql, "(%u)))", column->type.dim);
    } else {
        vf_pg_quote(sql, column->name);
    }
    if (status != VF_OK || index->constraint != VF_CONSTRAINT_NONE)
        return status;
    if (part->collation != NULL) {
        vf_buf_str(sql, " COLLATE ");
        vf_pg_quote(sql, part->collation);
    }
    if (part->operator_class != NULL) {
        vf_buf_char(sql, ' ');
        vf_pg_quote_table(sql, is_vector && strncmp(part->operator_class, "bit_", 4) != 0 ? vector_schema : NULL,
                          part->operator_class);
    }
    if (index->kind != VF_INDEX_BTREE)
        return VF_OK;
    vf_buf_str(sql, part->descending ? " DESC" : "");
    if (part->descending != part->nulls_first)
        vf_buf_str(sql, part->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    return VF_OK;
}

static enum vf_status write_parts(const struct vf_table *table, const struct vf_index *index, const char *vector_schema,
                                  struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, " (");
    for (size_t i = 0; i < index->n_parts && status == VF_OK; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        status = write_part(table, index, &index->parts[i], vector_schema, sql, err);
    }
    vf_buf_char(sql, ')');
    for (size_t i = 0; i < index->n_included; i++) {
        vf_buf_str(sql, i > 0 ? ", " : " INCLUDE (");
        vf_pg_quote(sql, table->columns[index->included[i]].name);
    }
    if (index->n_included > 0)
        vf_buf_char(sql, ')');
    return status;
}

static enum vf_status write_constraint(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql,
                                       struct vf_error *err)
{
    vf_buf_str(sql, "ALTER TABLE ");
    vf_pg_quote_table(sql, table->schema, table->name);
    vf_buf_str(sql, " ADD CONSTRAINT ");
    vf_pg_quote(sql, index->name);
    vf_buf_str(sql, index->constraint == VF_CONSTRAINT_PRIMARY ? " PRIMARY KEY" : " UNIQUE");
    vf_buf_str(sql, index->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
    enum vf_status status = write_parts(table, index, NULL, sql, err);
    vf_buf_str(sql, index->deferrable ? " DEFERRABLE" : "");
    vf_buf_str(sql, index->deferrable && index->initially_deferred ? " INITIALLY DEFERRED" : "");
    return status;
}

static void write_options(const struct vf_index *index, uint32_t lists, struct vf_buf *sql)
{
    const struct vf_vector_index *vector = &index->vector;
    if (index->kind == VF_INDEX_IVFFLAT) {
        vf_buf_printf(sql, " WITH (lists = %u)", lists);
    } else if (index->kind == VF_INDEX_HNSW && (vector->m > 0 || vector->ef_construction > 0)) {
        vf_buf_str(sql, " WITH (");
        if (vector->m > 0)
            vf_buf_printf(sql, "m = %u", vector->m);
        vf_buf_str(sql, vector->m > 0 && vector->ef_construction > 0 ? ", " : "");
        if (vector->ef_construction > 0)
            vf_buf_printf(sql, "ef_construction = %u", vector->ef_construction);
        vf_buf_char(sql, ')');
    }
}

static void write_words(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    vf_buf_str(sql, " ((");
    if (index->fulltext.form == VF_FULLTEXT_COLUMN)
        vf_pg_quote(sql, index->fulltext.column);
    else
        vf_pg_fulltext_write(table, index, sql);
    vf_buf_str(sql, "))");
}

static enum vf_status write_index(const struct vf_table *table, const struct vf_index *index, const char *vector_schema,
                                  uint32_t lists, struct vf_buf *sql, struct vf_error *err)
{
    bool has_method = index->kind == VF_INDEX_OTHER || index->kind == VF_INDEX_FULLTEXT;
    const char *method = has_method ? index->method : vf_index_kind_name(index->kind);
    vf_buf_str(sql, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    vf_pg_quote(sql, index->name);
    vf_buf_str(sql, " ON ");
    vf_pg_quote_table(sql, table->schema, table->name);
    vf_buf_str(sql, " USING ");
    vf_pg_quote(sql, method);
    enum vf_status status = VF_OK;
    if (index->kind == VF_INDEX_FULLTEXT)
        write_words(table, index, sql);
    else
        status = write_parts(table, index, vector_schema, sql, err);
    vf_buf_str(sql, index->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
    write_options(index, lists, sql);
    if (index->predicate_expr == NULL || status != VF_OK)
        return status;
    vf_buf_str(sql, " WHERE ");
    return vf_pg_write_expression(table, NULL, index->predicate_expr, false, sql, err);
}

/* ---- what is there already ---- */

/* An index of that name: made and good, broken off (it is dropped), or something else of that name. */
static enum vf_status find_index(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 bool *is_there, struct vf_error *err)
{
    const char *params[] = {index->name, table->schema, table->name};
    PGresult *result = NULL;
    struct vf_buf sql;
    enum vf_status status = vf_pg_query(
        conn,
        "SELECT i.indisvalid AND i.indisready, coalesce(t.relname = $3, false), n.nspname FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = "
        "c.oid "
        "LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid "
        "WHERE c.relname = $1 AND n.nspname = coalesce($2, current_schema())",
        3, params, &result, err);
    *is_there = status == VF_OK && PQntuples(result) > 0;
    if (*is_there && !vf_pg_is_true(result, 0, 1)) {
        status = vf_error_set(err, VF_STATE,
                              "index \"%s\" of table \"%s\" can't be made: there is another object of that name",
                              index->name, table->name);
        vf_error_hint(err, "drop or rename it, or give the index another name in the plan");
    } else if (*is_there && !vf_pg_is_true(result, 0, 0)) {
        *is_there = false;
        vf_buf_init(&sql, 1 << 16);
        vf_buf_str(&sql, "DROP INDEX ");
        vf_pg_quote_table(&sql, vf_pg_str(result, 0, 2), index->name);
        status = vf_pg_exec_buf(conn, &sql, err);
        vf_buf_release(&sql);
    }
    PQclear(result);
    return status;
}

/* ---- building ---- */

struct build {
    char schema[256]; /* of pgvector */
    uint32_t lists;
    bool serial; /* pgvector before 0.8.2 may write beyond its memory in parallel builds (CVE-2026-3172) */
    uint64_t memory_bytes;
};

static uint32_t root_of(int64_t n)
{
    uint32_t root = 1;
    while ((int64_t)(root + 1) * (root + 1) <= n && root < 32768)
        root++;
    return root;
}

/* Memory for a build that stays in it: what a node of the graph takes was measured as about four bytes a dimension and 720 more. */
static enum vf_status plan_build(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 struct build *build, struct vf_error *err)
{
    struct vf_buf sql;
    PGresult *result = NULL;
    struct vf_pg_vector vector;
    *build = (struct build){.lists = index->vector.lists};
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "SELECT n.nspname, (SELECT count(*) FROM ");
    vf_pg_quote_table(&sql, table->schema, table->name);
    vf_buf_str(&sql, ") FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
                     "WHERE e.extname = 'vector'");
    enum vf_status status = vf_pg_ask_vector(conn, &vector, err);
    if (status == VF_OK)
        status = vf_pg_query_buf(conn, &sql, &result, err);
    vf_buf_release(&sql);
    if (status == VF_OK && PQntuples(result) == 0)
        status =
            vf_error_set(err, VF_MISSING, "index \"%s\" needs pgvector, which isn't in this database", index->name);
    if (status == VF_OK) {
        int64_t n_rows = vf_pg_i64(result, 0, 1, 0);
        uint64_t dim = table->columns[index->parts[0].column].type.dim;
        uint64_t needed = (uint64_t)n_rows * (4 * dim + 720) + MIN_BUILD_BYTES;
        uint64_t most = conn->base.options.memory_bytes > 0 ? conn->base.options.memory_bytes : DEFAULT_BUILD_BYTES;
        snprintf(build->schema, sizeof(build->schema), "%s", vf_pg_str(result, 0, 0));
        build->serial = !vector.is_safe;
        if (build->lists == 0)
            build->lists = root_of(n_rows);
        build->memory_bytes = needed < most ? needed : most;
        if (build->memory_bytes < MIN_BUILD_BYTES)
            build->memory_bytes = MIN_BUILD_BYTES;
    }
    PQclear(result);
    return status;
}

/*
 * As many workers as the server has for queries, unless it gives none to maintenance; it takes fewer for a small table. Each wants 32 MiB of the memory that they share, or it isn't started.
 */
static enum vf_status start_build(struct vf_pg_conn *conn, const struct build *build, struct vf_error *err)
{
    char sql[640];
    snprintf(sql, sizeof(sql),
             "SELECT set_config('max_parallel_maintenance_workers', w.n::text, false), "
             "set_config('maintenance_work_mem', greatest(pg_size_bytes(current_setting('maintenance_work_mem')) / "
             "1024, %llu, least(%llu, 32768 * (w.n + 1)))::text, false) "
             "FROM (SELECT CASE WHEN %d = 1 OR m.n = 0 THEN 0 ELSE greatest(m.n, "
             "current_setting('max_parallel_workers')::int) END AS n "
             "FROM (SELECT current_setting('max_parallel_maintenance_workers')::int AS n) m) w",
             (unsigned long long)(build->memory_bytes >> 10), (unsigned long long)(DEFAULT_BUILD_BYTES >> 10),
             build->serial);
    return vf_pg_exec(conn, sql, err);
}

/* A parallel build shares its memory through /dev/shm, which is small in containers: then once more, alone. */
static enum vf_status run_build(struct vf_pg_conn *conn, struct vf_buf *sql, struct vf_error *err)
{
    struct vf_error failure = {0};
    enum vf_status status = vf_buf_check(sql, err);
    if (status != VF_OK)
        return status;
    status = vf_pg_exec(conn, sql->data, &failure);
    bool no_memory = strcmp(failure.sqlstate, "53100") == 0 || strcmp(failure.sqlstate, "53200") == 0;
    if (status != VF_OK && no_memory) {
        status = vf_pg_exec(conn, "SET max_parallel_maintenance_workers = 0", &failure);
        if (status == VF_OK)
            status = vf_pg_exec(conn, sql->data, &failure);
    }
    if (status != VF_OK && err != NULL)
        *err = failure;
    return status;
}

static void say_why(const struct vf_table *table, const struct vf_index *index, enum vf_status status,
                    struct vf_error *err)
{
    if (status == VF_CANCELLED)
        return;
    vf_error_wrap(err, "%s \"%s\" of table \"%s\"",
                  index->constraint == VF_CONSTRAINT_PRIMARY  ? "primary key"
                  : index->constraint == VF_CONSTRAINT_UNIQUE ? "unique constraint"
                                                              : "index",
                  index->name, table->name);
    if (status == VF_VALUE && (index->unique || index->constraint != VF_CONSTRAINT_NONE))
        vf_error_hint(
            err, "the rows are all there, but for this key some are equal or NULL: mend them in the source, or leave "
                 "the key out of the plan");
}

enum vf_status vf_pg_make_index(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_error *err)
{
    struct build build = {.lists = 1, .memory_bytes = MIN_BUILD_BYTES};
    struct vf_buf sql;
    bool is_there = false, is_vector = vf_index_is_vector(index->kind);
    if (index->kind == VF_INDEX_FULLTEXT && index->method[0] == '\0')
        return VF_OK; /* a column alone, made with the table */
    enum vf_status status = find_index(conn, table, index, &is_there, err);
    if (status != VF_OK || is_there)
        return status;
    if (is_vector)
        status = plan_build(conn, table, index, &build, err);
    if (status == VF_OK)
        status = start_build(conn, &build, err);
    vf_buf_init(&sql, 1 << 20);
    if (status == VF_OK && index->constraint != VF_CONSTRAINT_NONE)
        status = write_constraint(table, index, &sql, err);
    else if (status == VF_OK)
        status = write_index(table, index, build.schema, build.lists, &sql, err);
    if (status == VF_OK) {
        status = run_build(conn, &sql, err);
        if (status != VF_OK)
            say_why(table, index, status, err);
    }
    vf_buf_release(&sql);
    if (PQstatus(conn->pg) == CONNECTION_OK) {
        enum vf_status ignored =
            vf_pg_exec(conn, "RESET maintenance_work_mem; RESET max_parallel_maintenance_workers", NULL);
        (void)ignored;
    }
    return status;
}

/* ---- watching ---- */

enum vf_status vf_pg_watch(struct vf_conn *base, const char *session, struct vf_step_progress *progress,
                           struct vf_error *err)
{
    const char *const params[] = {session};
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(vf_pg_conn_of(base),
                                        "SELECT phase, tuples_done, tuples_total, blocks_done, blocks_total "
                                        "FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1::int",
                                        1, params, &result, err);
    if (status == VF_OK) {
        *progress = (struct vf_step_progress){0};
        if (PQntuples(result) > 0) {
            snprintf(progress->phase, sizeof(progress->phase), "%s", vf_pg_str(result, 0, 0));
            progress->n_rows = vf_pg_i64(result, 0, 1, 0);
            progress->total_rows = vf_pg_i64(result, 0, 2, 0);
            progress->n_blocks = vf_pg_i64(result, 0, 3, 0);
            progress->total_blocks = vf_pg_i64(result, 0, 4, 0);
        }
    }
    PQclear(result);
    return status;
}
