/* What the values of a column say: dimensions of lists, elements that are missing or aren't finite, bits of one length, moments that a microsecond can't name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/scan.h"
#include "engine/memory.h"

#define LOOK_BYTES ((uint64_t)64 << 20)
#define LIST_DIM   1000 /* of lists, whose lengths are only known afterwards */

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

/* What was counted of the rows so far; NAN: nothing yet. */
struct measures {
    int64_t n_rows;
    size_t n;
    double *values; /* N_MEASURES for each column */
};

static void add_measures(const struct vf_duckdb_rows *rows, struct measures *measures)
{
    measures->n_rows += vf_duckdb_i64(rows, 0);
    for (size_t i = 0; i < measures->n; i++) {
        const duckdb_vector vector = rows->conn->lib->data_chunk_get_vector(rows->chunk, i + 1);
        const double *found = rows->conn->lib->vector_get_data(vector);
        double *value = &measures->values[i], now = found[rows->row - 1];
        enum measure measure = i % N_MEASURES;
        bool is_least = measure == MIN_DIM || measure == MIN_NORM, is_most = measure == MAX_DIM || measure == MAX_NORM;
        if (vf_duckdb_is_null(rows, i + 1))
            continue;
        if (isnan(*value))
            *value = now;
        else if (is_least || is_most)
            *value = is_least ? fmin(*value, now) : fmax(*value, now);
        else
            *value += now;
    }
}

static void take_measures(const struct measures *measures, struct vf_table *table, const struct vf_column *here,
                          bool sampled, struct vf_arena *arena)
{
    if (!sampled)
        table->n_rows = measures->n_rows;
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_evidence *evidence = &table->columns[i].evidence;
        const char *text = evidence->text;
        double found[N_MEASURES];
        for (size_t k = 0; k < N_MEASURES; k++) {
            double value = measures->values[i * N_MEASURES + k];
            found[k] = isnan(value) ? 0 : value;
        }
        *evidence = (struct vf_evidence){
            .measured = true,
            .sampled = sampled,
            .n_values = (int64_t)found[N_VALUES],
            .min_dim = (int64_t)found[MIN_DIM],
            .max_dim = (int64_t)found[MAX_DIM],
            .n_bad = (int64_t)found[N_BAD],
            .n_not_finite = (int64_t)found[N_NOT_FINITE],
            .n_zero = (int64_t)found[N_ZERO],
            .min_norm = found[MIN_NORM],
            .max_norm = found[MAX_NORM],
            .text = text,
        };
        evidence->n_null = measures->n_rows - evidence->n_values;
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

/* One look at the rows that `behind` names. */
static enum vf_status look(struct vf_duckdb_conn *conn, const struct vf_table *table, const struct vf_column *here,
                           const char *behind, int64_t sample_rows, struct measures *measures, struct vf_error *err)
{
    struct vf_duckdb_rows rows = {.conn = conn};
    struct vf_buf sql;
    bool more = false;
    enum vf_status status = VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*)");
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        status = write_measures(&here[i], &sql, err);
    vf_buf_str(&sql, sample_rows > 0 ? " FROM (SELECT * FROM " : " FROM ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    if (sample_rows > 0)
        vf_buf_printf(&sql, " LIMIT %lld)", (long long)sample_rows);
    vf_buf_str(&sql, behind);
    if (status == VF_OK)
        status = vf_duckdb_query_buf(conn, &sql, 0, NULL, &rows, err);
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK && more)
        add_measures(&rows, measures);
    vf_duckdb_rows_close(&rows);
    vf_buf_release(&sql);
    return status;
}

/* So many rows that their vectors are of 64 MiB; 0: the table has none, and is looked at in one go. */
static int64_t rows_a_look(const struct vf_table *table, const struct vf_column *here)
{
    uint64_t row_bytes = 0;
    for (size_t i = 0; i < table->n_columns; i++) {
        unsigned long long dim = LIST_DIM;
        if (sort_of(&here[i]) != NUMBERS)
            continue;
        (void)(sscanf(strchr(here[i].native, '['), "[%llu]", &dim) == 1);
        row_bytes += dim * 4;
    }
    return row_bytes > 0 ? (int64_t)(LOOK_BYTES / row_bytes) + 1 : 0;
}

/* What was read stays in memory until it is given back: so a table of vectors is looked at in parts. */
static enum vf_status look_at_all(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                  const struct vf_column *here, int64_t sample_rows, struct measures *measures,
                                  struct vf_error *err)
{
    const struct vf_relation relation = {.schema = table->schema, .name = table->name};
    int64_t n_rows = sample_rows > 0 ? 0 : rows_a_look(table, here), last = -1;
    char where[100];
    struct vf_buf sql;
    bool hides_rowid = false;
    enum vf_status status = n_rows > 0 ? vf_duckdb_hides_rowid(conn, &relation, &hides_rowid, err) : VF_OK;
    if (status != VF_OK || n_rows == 0 || hides_rowid)
        return status == VF_OK ? look(conn, table, here, "", sample_rows, measures, err) : status;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT max(rowid) FROM ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    status = vf_duckdb_get_i64_buf(conn, &sql, -1, &last, err);
    vf_buf_release(&sql);
    for (int64_t low = 0; status == VF_OK && low <= last; low += n_rows) {
        snprintf(where, sizeof(where), " WHERE rowid >= %lld AND rowid < %lld", (long long)low,
                 (long long)(low + n_rows));
        status = look(conn, table, here, where, 0, measures, err);
        vf_duckdb_buffers_trim(vf_duckdb_instance_buffers(conn->instance));
    }
    return status;
}

static enum vf_status measure(struct vf_duckdb_conn *conn, struct vf_table *table, int64_t sample_rows,
                              struct vf_arena *arena, struct vf_error *err)
{
    struct measures measures = {.n = table->n_columns * N_MEASURES};
    struct vf_column *here = vf_calloc(table->n_columns + 1, sizeof(*here));
    measures.values = vf_calloc(measures.n + 1, sizeof(*measures.values));
    enum vf_status status =
        here == NULL || measures.values == NULL ? vf_error_nomem(err) : read_natives(conn, table, arena, here, err);
    for (size_t i = 0; status == VF_OK && i < measures.n; i++)
        measures.values[i] = (double)NAN;
    if (status == VF_OK)
        status = look_at_all(conn, table, here, sample_rows, &measures, err);
    if (status == VF_OK)
        take_measures(&measures, table, here, sample_rows > 0, arena);
    vf_free(measures.values);
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
