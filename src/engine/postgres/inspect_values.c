/* What the stored values say: counts, dimensions, lengths; and arrays of numbers that are vectors. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/inspect.h"

/* Columns of the result for each column of the table. */
enum { N_VALUES, MIN_DIM, MAX_DIM, MIN_NORM, MAX_NORM, N_ZERO, N_NOT_FINITE, N_ODD, N_MEASURES };

static bool is_number_list(const struct vf_column *column)
{
    return column->type.kind == VF_K_ARRAY &&
           (strcmp(column->native, "real[]") == 0 || strcmp(column->native, "double precision[]") == 0);
}

/* Does an index of inner product hang on the column? Elsewhere it may become one of cosine distance, if all vectors are of length 1. */
static bool has_ip_index(const struct vf_table *table, size_t column)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_index *index = &table->indexes[i];
        if (vf_index_is_vector(index->kind) && index->vector.metric == VF_METRIC_IP && index->n_parts == 1 &&
            index->parts[0].column == (int)column)
            return true;
    }
    return false;
}

/* Vectors of a declared dimension lie outside of their rows, and aren't fetched for what is known: that is most of the database. */
static bool is_settled(const struct vf_table *table, size_t i, const struct vf_inspect_options *options)
{
    const struct vf_type type = table->columns[i].type;
    return options->decisive && type.kind == VF_K_VECTOR && type.dim > 0 && !has_ip_index(table, i);
}

static void write_measure(struct vf_buf *sql, const char *quoted, const struct vf_column *column, bool settled)
{
    bool is_dense = column->type.kind == VF_K_VECTOR && column->type.element != VF_E_BIT;
    vf_buf_printf(sql, "count(%s), " /* ident */, quoted);
    if (settled) {
        vf_buf_printf(sql, "%u, %u, NULL, NULL, 0, 0, 0", column->type.dim, column->type.dim);
    } else if (is_dense) {
        const char *norm = column->type.element == VF_E_F32 ? "vector_norm" : "l2_norm";
        /* Functions of pgvector are found by the type's schema: the search_path holds it for this query. */
        vf_buf_printf(sql, "min(vector_dims(%s)), max(vector_dims(%s)), ", quoted, quoted);
        vf_buf_printf(sql, "min(%s(%s)), max(%s(%s)), ", norm, quoted, norm, quoted);
        vf_buf_printf(sql, "count(*) FILTER (WHERE %s(%s) = 0), 0, 0", norm, quoted);
    } else if (is_number_list(column)) {
        static const char *const ends[] = {"min", "max"};
        for (size_t i = 0; i < 2; i++)
            vf_buf_printf(sql, "%s(CASE WHEN %s IS NOT NULL THEN coalesce(array_length(%s, 1), 0) END), ", ends[i],
                          quoted, quoted);
        vf_buf_str(sql, "NULL, NULL, 0, ");
        vf_buf_printf(sql,
                      "count(*) FILTER (WHERE %s && ARRAY['NaN', 'Infinity', '-Infinity']::double precision[]::%s), ",
                      quoted, column->native);
        /* array_position() takes arrays of one dimension only, so it must come last. */
        vf_buf_printf(sql,
                      "count(*) FILTER (WHERE CASE WHEN array_ndims(%s) IS DISTINCT FROM 1 OR array_lower(%s, 1) <> 1 "
                      "THEN %s IS NOT NULL ELSE array_position(%s, NULL) IS NOT NULL END)",
                      quoted, quoted, quoted, quoted);
    } else {
        vf_buf_str(sql, "NULL, NULL, NULL, NULL, 0, 0, 0");
    }
}

static enum vf_status write_query(const struct vf_table *table, bool is_partitioned,
                                  const struct vf_inspect_options *options, struct vf_buf *sql, struct vf_error *err)
{
    int64_t sample_rows = options->sample_rows;
    struct vf_buf name;
    vf_buf_init(&name, 1 << 12);
    vf_buf_str(sql, "SELECT count(*)");
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_clear(&name);
        vf_pg_quote(&name, table->columns[i].name);
        vf_buf_str(sql, ", ");
        write_measure(sql, name.data != NULL ? name.data : "", &table->columns[i], is_settled(table, i, options));
    }
    vf_buf_str(sql, " FROM ");
    if (sample_rows > 0)
        vf_buf_str(sql, "(SELECT * FROM ");
    if (!is_partitioned)
        vf_buf_str(sql, "ONLY ");
    vf_pg_quote_table(sql, table->schema, table->name);
    if (sample_rows > 0)
        vf_buf_printf(sql, " LIMIT %lld) s", (long long)sample_rows);
    enum vf_status status = vf_buf_check(&name, err);
    vf_buf_release(&name);
    return status;
}

static double number_at(const PGresult *result, int column)
{
    double value = 0;
    const char *text = PQgetvalue(result, 0, column);
    return vf_parse_f64(text, strlen(text), &value) ? value : 0;
}

/* real[] and double precision[] whose values are all of one length are vectors. */
static void decide(struct vf_column *column, int64_t n_odd, struct vf_arena *arena)
{
    struct vf_evidence *evidence = &column->evidence;
    if (evidence->n_values == 0)
        return;
    if (column->type.kind == VF_K_VECTOR && column->type.element == VF_E_F32 && column->type.dim == 0) {
        if (evidence->min_dim == evidence->max_dim && !evidence->sampled)
            column->type.dim = (uint32_t)evidence->min_dim;
        evidence->text = evidence->min_dim == evidence->max_dim
                             ? vf_arena_printf(arena, "declared without dimensions; all %lld values have %lld",
                                               (long long)evidence->n_values, (long long)evidence->min_dim)
                             : vf_arena_printf(arena, "declared without dimensions; %lld values have %lld to %lld",
                                               (long long)evidence->n_values, (long long)evidence->min_dim,
                                               (long long)evidence->max_dim);
        return;
    }
    if (!is_number_list(column))
        return;
    bool is_vector = n_odd == 0 && evidence->min_dim == evidence->max_dim && evidence->min_dim > 1 &&
                     evidence->n_not_finite == 0 && !evidence->sampled;
    if (is_vector) {
        enum vf_element element = strcmp(column->native, "real[]") == 0 ? VF_E_F32 : VF_E_F64;
        column->type = (struct vf_type){.kind = VF_K_VECTOR, .element = element, .dim = (uint32_t)evidence->min_dim};
        column->form = VF_FORM_LIST;
        if (column->def.kind == VF_DEFAULT_LITERAL)
            column->def.kind = VF_DEFAULT_EXPRESSION;
        evidence->text =
            vf_arena_printf(arena, "all %lld values are of one dimension, %lld numbers long, without NULLs",
                            (long long)evidence->n_values, (long long)evidence->min_dim);
    } else {
        evidence->text = vf_arena_printf(arena, "an array: lengths %lld to %lld, %lld values that no vector could be",
                                         (long long)evidence->min_dim, (long long)evidence->max_dim,
                                         (long long)(n_odd + evidence->n_not_finite));
    }
}

static void take_measures(const PGresult *result, struct vf_table *table, bool sampled, struct vf_arena *arena)
{
    int64_t n_rows = vf_pg_i64(result, 0, 0, 0);
    if (!sampled) {
        table->n_rows = n_rows;
        table->n_rows_exact = true;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        int first = 1 + (int)i * N_MEASURES;
        struct vf_evidence *evidence = &table->columns[i].evidence;
        *evidence = (struct vf_evidence){
            .measured = true,
            .sampled = sampled,
            .n_values = vf_pg_i64(result, 0, first + N_VALUES, 0),
            .min_dim = vf_pg_i64(result, 0, first + MIN_DIM, 0),
            .max_dim = vf_pg_i64(result, 0, first + MAX_DIM, 0),
            .min_norm = number_at(result, first + MIN_NORM),
            .max_norm = number_at(result, first + MAX_NORM),
            .n_zero = vf_pg_i64(result, 0, first + N_ZERO, 0),
            .n_not_finite = vf_pg_i64(result, 0, first + N_NOT_FINITE, 0),
        };
        evidence->n_null = n_rows - evidence->n_values;
        decide(&table->columns[i], vf_pg_i64(result, 0, first + N_ODD, 0), arena);
    }
}

static bool is_wanted(const struct vf_table *table, const struct vf_inspect_options *options)
{
    char label[256];
    vf_table_label(table->schema, table->name, label, sizeof(label));
    for (size_t i = 0; i < options->n_only; i++) {
        if (strcmp(options->only[i], table->name) == 0 || strcmp(options->only[i], label) == 0)
            return true;
    }
    return options->n_only == 0;
}

static enum vf_status measure(struct vf_pg_inspection *inspection, size_t i, const struct vf_inspect_options *options)
{
    struct vf_table *table = &inspection->schema->tables[i];
    struct vf_buf sql;
    PGresult *result = NULL;
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = write_query(table, inspection->seen[i].relkind == 'p', options, &sql, inspection->err);
    /* A result has at most 1664 columns: very wide tables are counted only. */
    if (status == VF_OK && table->n_columns > 1600 / N_MEASURES) {
        vf_buf_clear(&sql);
        vf_buf_str(&sql, "SELECT count(*) FROM ONLY ");
        vf_pg_quote_table(&sql, table->schema, table->name);
    }
    if (status == VF_OK)
        status = vf_pg_query_buf(inspection->conn, &sql, &result, inspection->err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_error_wrap(inspection->err, "looking at the values of table \"%s\"", table->name);
    } else if (table->n_columns <= 1600 / N_MEASURES) {
        take_measures(result, table, options->sample_rows > 0, &inspection->schema->arena);
    } else {
        table->n_rows = vf_pg_i64(result, 0, 0, -1);
        table->n_rows_exact = true;
    }
    PQclear(result);
    return status;
}

enum vf_status vf_pg_inspect_values(struct vf_pg_inspection *inspection, const struct vf_inspect_options *options)
{
    char ignored[256];
    /* pgvector's functions, wherever it was made; its schema alone, so that nothing else can be taken for them. */
    enum vf_status status = vf_pg_get_text(
        inspection->conn,
        "SELECT pg_catalog.set_config('search_path', 'pg_catalog' || coalesce((SELECT ', ' || quote_ident(n.nspname) "
        "FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = "
        "'vector'), "
        "''), false)",
        0, NULL, ignored, sizeof(ignored), inspection->err);
    for (size_t i = 0; i < inspection->schema->n_tables && status == VF_OK; i++) {
        if (inspection->schema->tables[i].unread == NULL && is_wanted(&inspection->schema->tables[i], options))
            status = measure(inspection, i, options);
    }
    return status;
}
