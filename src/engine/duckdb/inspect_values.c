/* What the values of a column say: dimensions of lists, elements that are missing or aren't finite, bits of one length, moments that a microsecond can't name. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/inspect.h"
#include "engine/memory.h"

enum measure { N_VALUES, MIN_DIM, MAX_DIM, N_BAD, N_NOT_FINITE, N_ZERO, MIN_NORM, MAX_NORM, N_MEASURES };

enum sort {
    PLAIN,   /* counted only */
    NUMBERS, /* FLOAT[n], DOUBLE[], ... */
    BITS,
    NANOSECONDS,
    VARIANTS, /* any type in each value */
    UNREAD,   /* types that only DuckDB's cast reads, within others */
};

/* Is the word in the name of the type, and not in quotes? */
static bool holds_word(const char *native, const char *word)
{
    size_t n = strlen(word);
    bool is_quoted = false;

    for (const char *at = native; *at != '\0'; at++) {
        bool begins = at == native || strchr(" ([,", at[-1]) != NULL;
        is_quoted ^= *at == '"';
        if (!is_quoted && begins && strncmp(at, word, n) == 0 && (at[n] == '\0' || strchr(",)[", at[n]) != NULL))
            return true;
    }
    return false;
}

static enum sort sort_of(const struct vf_column *column)
{
    const char *native = column->native;
    bool is_whole = strcmp(native, "VARIANT") == 0 || strcmp(native, "GEOMETRY") == 0;
    if (!is_whole && (holds_word(native, "VARIANT") || holds_word(native, "GEOMETRY")))
        return UNREAD;
    if (strcmp(native, "VARIANT") == 0)
        return VARIANTS;
    bool is_number =
        vf_str_starts(native, "FLOAT[") || vf_str_starts(native, "DOUBLE[") || vf_str_starts(native, "TINYINT[");
    if (is_number && strchr(strchr(native, '[') + 1, '[') == NULL)
        return NUMBERS;
    if (strcmp(native, "BIT") == 0)
        return BITS;
    return strcmp(native, "TIMESTAMP_NS") == 0 ? NANOSECONDS : PLAIN;
}

/* The native type here, whatever the memory says of the column. */
static enum vf_status read_natives(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                   struct vf_column *here, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(table->schema), vf_duckdb_text_param(table->name)};
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT data_type FROM duckdb_columns() WHERE database_name = '" VF_DUCKDB_CATALOG
                        "' AND schema_name = ? AND table_name = ? ORDER BY column_index",
                        2, params, &rows, err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        here[i] = table->columns[i];
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = vf_duckdb_copy_text(&rows, 0, arena, &here[i].native, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

static void write_numbers(const char *name, struct vf_buf *sql)
{
    /* Of complete ones only: the functions refuse a vector with a NULL in it. */
    vf_buf_printf(sql, ", min(len(%s))::DOUBLE, max(len(%s))::DOUBLE", name, name);
    vf_buf_printf(sql, ", count(*) FILTER (list_count(%s) < len(%s))::DOUBLE", name, name);
    vf_buf_printf(sql, ", count(*) FILTER (len(%s) > 0 AND NOT isfinite(list_sum(%s::DOUBLE[])))::DOUBLE", name, name);
    vf_buf_printf(sql, ", count(*) FILTER (list_count(%s) = len(%s) AND list_min(%s) = 0 AND list_max(%s) = 0)::DOUBLE",
                  name, name, name, name);
    /* Not by list_inner_product(), which looks at the elements of NULL vectors too. */
    for (int i = 0; i < 2; i++)
        vf_buf_printf(sql,
                      ", %s(sqrt(list_sum(list_transform(%s::DOUBLE[], lambda x: x * x)))) "
                      "FILTER (len(%s) > 0 AND isfinite(list_sum(%s::DOUBLE[])))",
                      i == 0 ? "min" : "max", name, name, name);
}

static enum vf_status write_measures(const struct vf_column *column, struct vf_buf *sql, struct vf_error *err)
{
    struct vf_buf name;
    vf_buf_init(&name, 65536);
    vf_duckdb_quote(&name, column->name);
    enum vf_status status = vf_buf_check(&name, err);
    if (status != VF_OK) {
        vf_buf_release(&name);
        return status;
    }
    vf_buf_printf(sql, ", count(%s)::DOUBLE", name.data);
    switch (sort_of(column)) {
    case NUMBERS:
        write_numbers(name.data, sql);
        break;
    case BITS:
        vf_buf_printf(sql, ", min(bit_length(%s))::DOUBLE, max(bit_length(%s))::DOUBLE, 0.0::DOUBLE", name.data,
                      name.data);
        vf_buf_str(sql, ", 0.0::DOUBLE, 0.0::DOUBLE, 0.0::DOUBLE, 0.0::DOUBLE");
        break;
    case NANOSECONDS:
        vf_buf_printf(
            sql, ", 0.0::DOUBLE, 0.0::DOUBLE, count(*) FILTER (isfinite(%s) AND epoch_ns(%s) %% 1000 <> 0)::DOUBLE",
            name.data, name.data);
        vf_buf_str(sql, ", 0.0::DOUBLE, 0.0::DOUBLE, 0.0::DOUBLE, 0.0::DOUBLE");
        break;
    case PLAIN:
    case VARIANTS:
    case UNREAD:
        for (int i = 1; i < N_MEASURES; i++)
            vf_buf_str(sql, ", 0.0::DOUBLE");
        break;
    }
    vf_buf_release(&name);
    return VF_OK;
}

/* ---- what follows from it ---- */

static void decide_numbers(struct vf_column *column, const char *native, struct vf_arena *arena)
{
    struct vf_evidence *evidence = &column->evidence;
    bool is_list = strstr(native, "[]") != NULL;
    if (evidence->n_bad > 0 && !is_list) {
        evidence->text =
            vf_arena_printf(arena, "%lld vectors have NULL elements, and are rejected", (long long)evidence->n_bad);
        return;
    }
    if (!is_list || column->type.kind != VF_K_ARRAY)
        return;
    bool is_vector = evidence->n_bad == 0 && evidence->min_dim == evidence->max_dim && evidence->min_dim > 1 &&
                     evidence->n_not_finite == 0 && !evidence->sampled && !vf_str_starts(native, "TINYINT");
    if (is_vector) {
        enum vf_element element = vf_str_starts(native, "FLOAT") ? VF_E_F32 : VF_E_F64;
        column->type = (struct vf_type){.kind = VF_K_VECTOR, .element = element, .dim = (uint32_t)evidence->min_dim};
        column->form = VF_FORM_LIST;
        evidence->text = vf_arena_printf(arena, "all %lld lists are %lld numbers long, without NULLs",
                                         (long long)evidence->n_values, (long long)evidence->min_dim);
    } else {
        evidence->text = vf_arena_printf(arena, "a list: lengths %lld to %lld, %lld values that no vector could be",
                                         (long long)evidence->min_dim, (long long)evidence->max_dim,
                                         (long long)(evidence->n_bad + evidence->n_not_finite));
        evidence->n_bad = 0; /* an array holds them */
    }
}

static void decide(struct vf_column *column, const struct vf_column *here, struct vf_arena *arena)
{
    struct vf_evidence *evidence = &column->evidence;
    if (evidence->n_values == 0)
        return;
    switch (sort_of(here)) {
    case NUMBERS:
        decide_numbers(column, here->native, arena);
        break;
    case BITS:
        if (evidence->min_dim == evidence->max_dim && !evidence->sampled && column->type.kind == VF_K_OTHER) {
            column->type =
                (struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = (uint32_t)evidence->min_dim};
            column->form = VF_FORM_NATIVE;
            evidence->text = vf_arena_printf(arena, "all %lld bit strings have %lld bits",
                                             (long long)evidence->n_values, (long long)evidence->min_dim);
        }
        break;
    case NANOSECONDS:
        if (column->type.kind != VF_K_TIMESTAMP)
            evidence->n_bad = 0;
        else if (evidence->n_bad > 0)
            evidence->text = vf_arena_printf(
                arena, "%lld values have parts of a microsecond, and are rejected; `type: text` keeps them",
                (long long)evidence->n_bad);
        break;
    case VARIANTS:
        evidence->text = "moved as texts: which type a value has within the VARIANT isn't kept";
        break;
    case UNREAD:
        evidence->n_bad = evidence->n_values;
        evidence->text =
            vf_arena_printf(arena, "%s: VARIANT and GEOMETRY are read as columns, and not within others", here->native);
        break;
    case PLAIN:
        break;
    }
}

static double number_at(const struct vf_duckdb_rows *rows, idx_t column)
{
    const double *values =
        rows->conn->lib->vector_get_data(rows->conn->lib->data_chunk_get_vector(rows->chunk, column));
    return vf_duckdb_is_null(rows, column) ? 0 : values[rows->row - 1];
}

static void take_measures(const struct vf_duckdb_rows *rows, struct vf_table *table, const struct vf_column *here,
                          bool sampled, struct vf_arena *arena)
{
    int64_t n_rows = vf_duckdb_i64(rows, 0);
    if (!sampled)
        table->n_rows = n_rows;
    for (size_t i = 0; i < table->n_columns; i++) {
        idx_t first = 1 + i * N_MEASURES;
        struct vf_evidence *evidence = &table->columns[i].evidence;
        const char *text = evidence->text;
        *evidence = (struct vf_evidence){
            .measured = true,
            .sampled = sampled,
            .n_values = (int64_t)number_at(rows, first + N_VALUES),
            .min_dim = (int64_t)number_at(rows, first + MIN_DIM),
            .max_dim = (int64_t)number_at(rows, first + MAX_DIM),
            .n_bad = (int64_t)number_at(rows, first + N_BAD),
            .n_not_finite = (int64_t)number_at(rows, first + N_NOT_FINITE),
            .n_zero = (int64_t)number_at(rows, first + N_ZERO),
            .min_norm = number_at(rows, first + MIN_NORM),
            .max_norm = number_at(rows, first + MAX_NORM),
            .text = text,
        };
        evidence->n_null = n_rows - evidence->n_values;
        decide(&table->columns[i], &here[i], arena);
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

static enum vf_status measure(struct vf_duckdb_conn *conn, struct vf_table *table, int64_t sample_rows,
                              struct vf_arena *arena, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    struct vf_buf sql;
    bool more = false;
    struct vf_column *here = vf_calloc(table->n_columns + 1, sizeof(*here));
    enum vf_status status = here == NULL ? vf_error_nomem(err) : read_natives(conn, table, arena, here, err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*)");
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        status = write_measures(&here[i], &sql, err);
    vf_buf_str(&sql, " FROM ");
    if (sample_rows > 0)
        vf_buf_str(&sql, "(SELECT * FROM ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    if (sample_rows > 0)
        vf_buf_printf(&sql, " LIMIT %lld)", (long long)sample_rows);
    rows = (struct vf_duckdb_rows){.conn = conn};
    if (status == VF_OK)
        status = vf_duckdb_query_buf(conn, &sql, 0, NULL, &rows, err);
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK && more)
        take_measures(&rows, table, here, sample_rows > 0, arena);
    vf_duckdb_rows_close(&rows);
    vf_buf_release(&sql);
    vf_free(here);
    if (status != VF_OK)
        vf_error_wrap(err, "looking at the values of table \"%s\"", table->name);
    return status;
}

enum vf_status vf_duckdb_inspect_values(struct vf_duckdb_conn *conn, const struct vf_inspect_options *options,
                                        struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < schema->n_tables; i++) {
        if (is_wanted(&schema->tables[i], options))
            status = measure(conn, &schema->tables[i], options->sample_rows, &schema->arena, err);
    }
    return status;
}
