#include "engine/sqlitesql/vec0.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/lexer.h"

bool vf_sqlite_module_of(const char *sql, char *out, size_t out_bytes)
{
    const char *at = sql;
    if (!vf_sql_is_word(vf_sql_next(&at), "CREATE") || !vf_sql_is_word(vf_sql_next(&at), "VIRTUAL"))
        return false;
    for (;;) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (token.kind == VF_SQL_END)
            return false;
        if (!vf_sql_is_word(token, "USING"))
            continue;
        token = vf_sql_next(&at);
        size_t skip = token.kind == VF_SQL_NAME ? 1 : 0;
        size_t n = token.size_bytes - 2 * skip;
        if (token.size_bytes < 2 * skip || n + 1 > out_bytes)
            return false;
        for (size_t i = 0; i < n; i++) {
            char c = token.start[skip + i];
            out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        out[n] = '\0';
        return true;
    }
}

/* ---- the declaration ---- */

struct parser {
    const char *at;
    struct vf_arena *arena;
    struct vf_vec0_table *table;
    unsigned n_of_role[VF_VEC0_AUXILIARY + 1];
    bool has_key;
};

struct element {
    const char *word;
    enum vf_element element;
};

static const struct element elements[] = {
    {"float", VF_E_F32}, {"f32", VF_E_F32}, {"int8", VF_E_I8}, {"i8", VF_E_I8}, {"bit", VF_E_BIT},
};

static const char *const vec0_types[] = {"text", "integer", "int",  "float", "double",
                                         "real", "boolean", "bool", "blob"};

static struct vf_type scalar_type(const char *word)
{
    if (vf_strcasecmp(word, "text") == 0)
        return (struct vf_type){.kind = VF_K_TEXT};
    if (vf_strcasecmp(word, "integer") == 0 || vf_strcasecmp(word, "int") == 0)
        return (struct vf_type){.kind = VF_K_I64};
    if (vf_strcasecmp(word, "boolean") == 0 || vf_strcasecmp(word, "bool") == 0)
        return (struct vf_type){.kind = VF_K_BOOL};
    if (vf_strcasecmp(word, "blob") == 0)
        return (struct vf_type){.kind = VF_K_BLOB};
    return (struct vf_type){.kind = VF_K_F64};
}

static bool is_scalar_word(struct vf_sql_token token)
{
    for (size_t i = 0; i < sizeof(vec0_types) / sizeof(vec0_types[0]); i++) {
        if (vf_sql_is_word(token, vec0_types[i]))
            return true;
    }
    return false;
}

static enum vf_metric metric_of(struct vf_sql_token token)
{
    if (vf_sql_is_word(token, "cosine"))
        return VF_METRIC_COSINE;
    if (vf_sql_is_word(token, "l1"))
        return VF_METRIC_L1;
    if (vf_sql_is_word(token, "hamming"))
        return VF_METRIC_HAMMING;
    return VF_METRIC_L2;
}

/* `[4]` is a bracketed name to SQL's words. */
static bool parse_dim(struct parser *parser, struct vf_vec0_column *column)
{
    struct vf_sql_token token = vf_sql_peek(parser->at);
    int64_t dim = 0;
    if (token.kind != VF_SQL_NAME || token.start[0] != '[' || token.size_bytes < 3)
        return false;
    const char *digits = token.start + 1;
    size_t n = token.size_bytes - 2;
    while (n > 0 && *digits == ' ') {
        digits++;
        n--;
    }
    while (n > 0 && digits[n - 1] == ' ')
        n--;
    if (!vf_parse_i64(digits, n, &dim) || dim < 1 || dim > 1000000)
        return false;
    column->type.dim = (uint32_t)dim;
    (void)vf_sql_next(&parser->at);
    return true;
}

static bool parse_vector(struct parser *parser, struct vf_sql_token word, struct vf_vec0_column *column)
{
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (!vf_sql_is_word(word, elements[i].word))
            continue;
        column->type = (struct vf_type){.kind = VF_K_VECTOR, .element = elements[i].element};
        if (!parse_dim(parser, column))
            continue;
        column->role = VF_VEC0_VECTOR;
        column->native = vf_arena_printf(parser->arena, "%s[%u]", elements[i].word, column->type.dim);
        return true;
    }
    return false;
}

/* Behind the type: PRIMARY KEY, PARTITION KEY or name=value options, up to the comma. */
static void parse_options(struct parser *parser, struct vf_vec0_column *column)
{
    for (;;) {
        struct vf_sql_token token = vf_sql_peek(parser->at);
        if (token.kind == VF_SQL_END || vf_sql_is_char(token, ',') || vf_sql_is_char(token, ')'))
            return;
        (void)vf_sql_next(&parser->at);
        if (vf_sql_is_word(token, "primary"))
            column->role = VF_VEC0_KEY;
        else if (vf_sql_is_word(token, "partition"))
            column->role = VF_VEC0_PARTITION;
        else if (vf_sql_is_word(token, "distance_metric") && vf_sql_is_char(vf_sql_peek(parser->at), '=')) {
            (void)vf_sql_next(&parser->at);
            column->metric = metric_of(vf_sql_peek(parser->at));
        } else if (vf_sql_is_char(token, '(')) {
            vf_sql_skip_inside(&parser->at);
        }
    }
}

static void keep(struct parser *parser, struct vf_vec0_column column)
{
    struct vf_vec0_table *table = parser->table;
    if (column.role == VF_VEC0_KEY) {
        table->columns[0] = column;
        return;
    }
    if (table->n_columns == VF_VEC0_MAX_COLUMNS)
        return;
    column.number = parser->n_of_role[column.role]++;
    table->columns[table->n_columns++] = column;
}

/* An option of the table: chunk_size=8. What isn't known here is passed over. */
static void parse_table_option(struct parser *parser, const char *name)
{
    struct vf_vec0_column unused = {0};
    int64_t size = 0;
    (void)vf_sql_next(&parser->at);
    struct vf_sql_token token = vf_sql_peek(parser->at);
    if (name != NULL && vf_strcasecmp(name, "chunk_size") == 0 && vf_parse_i64(token.start, token.size_bytes, &size) &&
        size > 0 && size <= UINT32_MAX)
        parser->table->chunk_size = (uint32_t)size;
    parse_options(parser, &unused);
}

/* One argument of vec0(...). false: not understood. */
static bool parse_argument(struct parser *parser)
{
    struct vf_vec0_column column = {.role = VF_VEC0_METADATA};
    struct vf_sql_token token = vf_sql_next(&parser->at);
    if (vf_sql_is_char(token, '+')) {
        column.role = VF_VEC0_AUXILIARY;
        token = vf_sql_next(&parser->at);
    }
    column.name = vf_sql_unquote(token, parser->arena);
    token = vf_sql_peek(parser->at);
    if (vf_sql_is_char(token, '=')) {
        parse_table_option(parser, column.name);
        return true;
    }
    (void)vf_sql_next(&parser->at);
    if (!parse_vector(parser, token, &column)) {
        if (!is_scalar_word(token))
            return false;
        column.native = vf_arena_strndup(parser->arena, token.start, token.size_bytes);
        column.type = column.native != NULL ? scalar_type(column.native) : (struct vf_type){0};
    }
    parse_options(parser, &column);
    if (column.type.kind == VF_K_VECTOR && column.metric == VF_METRIC_NONE)
        column.metric = column.type.element == VF_E_BIT ? VF_METRIC_HAMMING : VF_METRIC_L2;
    keep(parser, column);
    return column.name != NULL && column.native != NULL;
}

enum vf_status vf_vec0_parse(const char *sql, struct vf_arena *arena, struct vf_vec0_table *table, struct vf_error *err)
{
    struct parser parser = {.at = sql, .arena = arena, .table = table};
    *table = (struct vf_vec0_table){.n_columns = 1};
    table->columns[0] =
        (struct vf_vec0_column){.name = "rowid", .native = "integer", .role = VF_VEC0_KEY, .type = {.kind = VF_K_I64}};
    struct vf_sql_token token = {0};
    do {
        token = vf_sql_next(&parser.at);
    } while (token.kind != VF_SQL_END && !vf_sql_is_char(token, '('));

    while (vf_sql_peek(parser.at).kind != VF_SQL_END) {
        if (!parse_argument(&parser))
            return vf_error_set(err, VF_VALUE, "the declaration of the vec0 table isn't understood at \"%.40s\"",
                                parser.at);
        token = vf_sql_next(&parser.at);
        if (!vf_sql_is_char(token, ','))
            break;
    }
    return VF_OK;
}

/* ---- shadow tables ---- */

struct module {
    const char *name;
    const char *suffixes; /* separated by blanks; "#" stands for two digits */
};

static const struct module modules[] = {
    {"vec0", "_info _chunks _rowids _auxiliary _vector_chunks## _metadatachunks## _metadatatext## _vectors## "
             "_rescore_chunks## _rescore_vectors## _diskann_nodes## _diskann_buffer## _ivf_centroids## _ivf_cells##"},
    {"fts5", "_data _idx _content _docsize _config"},
    {"fts4", "_content _segments _segdir _docsize _stat"},
    {"fts3", "_content _segments _segdir"},
    {"rtree", "_node _rowid _parent"},
    {"rtree_i32", "_node _rowid _parent"},
    {"geopoly", "_node _rowid _parent"},
};

static bool matches(const char *suffix, const char *pattern, size_t n)
{
    if (strlen(suffix) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_same = pattern[i] == '#' ? suffix[i] >= '0' && suffix[i] <= '9' : suffix[i] == pattern[i];
        if (!is_same)
            return false;
    }
    return true;
}

bool vf_sqlite_is_shadow(const char *name, const char *owner, const char *module)
{
    size_t owner_bytes = strlen(owner);
    if (strlen(name) <= owner_bytes || strncmp(name, owner, owner_bytes) != 0)
        return false;
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        if (strcmp(modules[i].name, module) != 0)
            continue;
        for (const char *at = modules[i].suffixes; *at != '\0';) {
            size_t n = strcspn(at, " ");
            if (matches(name + owner_bytes, at, n))
                return true;
            at += n + (at[n] == ' ');
        }
    }
    return false;
}
