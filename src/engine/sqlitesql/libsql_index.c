#include "engine/sqlitesql/libsql_index.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/lexer.h"

#define BLOCK_OVERHEAD_BYTES 16 /* of a node and of each of its edges */
#define LEAST_BLOCK_BYTES    256
#define MOST_GROWTH          50 /* the default number of neighbours makes no node larger than this many vectors */

/* Measured on two cores, one thread, 384 and 1536 dimensions, blocks from 3,600 to 320,320 bytes: 0.7 to 33 ms a row. */
#define ROW_MS      0.4
#define ROW_BYTE_MS 1e-4

static const struct {
    const char *name;
    enum vf_element element;
} compressions[] = {
    {"float1bit", VF_E_BIT}, {"float8", VF_E_I8}, {"float16", VF_E_F16}, {"floatb16", VF_E_BF16}, {"float32", VF_E_F32},
};
#define N_COMPRESSIONS (sizeof(compressions) / sizeof(compressions[0]))

static bool is_call(const char **at, struct vf_arena *arena)
{
    struct vf_sql_token name = vf_sql_next(at);
    if (name.kind != VF_SQL_WORD && name.kind != VF_SQL_NAME)
        return false;
    const char *word = vf_sql_unquote(name, arena);
    return word != NULL && vf_strcasecmp(word, VF_LIBSQL_INDEX_FUNCTION) == 0 && vf_sql_is_char(vf_sql_next(at), '(');
}

bool vf_libsql_index_is(const char *expression)
{
    struct vf_arena arena = {0};
    bool is = is_call(&expression, &arena);
    vf_arena_release(&arena);
    return is;
}

bool vf_libsql_index_is_statement(const char *sql)
{
    struct vf_sql_token token = vf_sql_next(&sql);
    if (!vf_sql_is_word(token, "CREATE"))
        return false;
    do {
        token = vf_sql_next(&sql);
        if (token.kind == VF_SQL_END)
            return false;
    } while (!vf_sql_is_char(token, '('));
    return vf_libsql_index_is(sql);
}

/* ---- reading ---- */

static bool is_key(const char *parameter, size_t key_bytes, const char *key)
{
    char word[32] = "";
    if (key_bytes >= sizeof(word))
        return false;
    memcpy(word, parameter, key_bytes);
    return vf_strcasecmp(word, key) == 0;
}

/* The value is the beginning of the word, in any case: that is how libSQL compares them. */
static bool is_beginning(const char *value, const char *word)
{
    char head[32] = "";
    size_t size_bytes = strlen(value);
    if (size_bytes > strlen(word))
        return false;
    memcpy(head, word, size_bytes);
    return vf_strcasecmp(value, head) == 0;
}

static uint32_t number_of(const char *value)
{
    int64_t number = 0;
    size_t n_digits = strspn(value, "0123456789");
    return vf_parse_i64(value, n_digits, &number) && number <= INT32_MAX ? (uint32_t)number : 0;
}

static void take_parameter(const char *parameter, struct vf_vector_index *index)
{
    const char *equals = strchr(parameter, '=');
    if (equals == NULL)
        return;
    const size_t key_bytes = (size_t)(equals - parameter);
    const char *value = equals + 1;
    if (is_key(parameter, key_bytes, "metric")) {
        index->metric = is_beginning(value, "cosine") ? VF_METRIC_COSINE : VF_METRIC_L2;
    } else if (is_key(parameter, key_bytes, "max_neighbors")) {
        index->neighbours = number_of(value);
    } else if (is_key(parameter, key_bytes, "search_l")) {
        index->ef_search = number_of(value);
    } else if (is_key(parameter, key_bytes, "insert_l")) {
        index->ef_construction = number_of(value);
    } else if (is_key(parameter, key_bytes, "alpha")) {
        double alpha = 0;
        bool is_read = vf_parse_f64(value, strlen(value), &alpha) && alpha > 0 && alpha < 1e6;
        index->alpha_milli = is_read ? (uint32_t)lround(alpha * 1000) : 0;
    } else if (is_key(parameter, key_bytes, "compress_neighbors")) {
        for (size_t i = N_COMPRESSIONS; i > 0; i--) {
            if (is_beginning(value, compressions[i - 1].name))
                index->compress = compressions[i - 1].element;
        }
    }
}

bool vf_libsql_index_parse(const char *expression, struct vf_arena *arena, const char **column,
                           struct vf_vector_index *index)
{
    const char *at = expression;
    struct vf_vector_index read = {.metric = VF_METRIC_COSINE};
    if (!is_call(&at, arena))
        return false;
    const char *name = vf_sql_unquote(vf_sql_next(&at), arena);
    if (name == NULL)
        return false;
    for (;;) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (token.kind == VF_SQL_END || vf_sql_is_char(token, ')'))
            break;
        if (token.kind != VF_SQL_STRING)
            continue;
        const char *parameter = vf_sql_unquote(token, arena);
        if (parameter == NULL)
            return false;
        take_parameter(parameter, &read);
    }
    *column = name;
    *index = read;
    return true;
}

/* ---- writing ---- */

static void write_number(const char *key, uint32_t value, struct vf_buf *out)
{
    if (value == 0)
        return;
    vf_buf_str(out, ", '");
    vf_buf_str(out, key);
    vf_buf_printf(out, "=%u'", value);
}

void vf_libsql_index_write(const char *column, const struct vf_vector_index *index, struct vf_buf *out)
{
    bool is_l2 = index->metric == VF_METRIC_L2 || index->metric == VF_METRIC_L2_SQUARED;
    vf_buf_str(out, VF_LIBSQL_INDEX_FUNCTION "(");
    vf_sqlite_quote(out, column);
    vf_buf_str(out, is_l2 ? ", 'metric=l2'" : ", 'metric=cosine'");
    for (size_t i = 0; i < N_COMPRESSIONS; i++) {
        if (compressions[i].element == index->compress) {
            vf_buf_str(out, ", 'compress_neighbors=");
            vf_buf_str(out, compressions[i].name);
            vf_buf_char(out, '\'');
        }
    }
    write_number("max_neighbors", index->neighbours, out);
    write_number("search_l", index->ef_search, out);
    write_number("insert_l", index->ef_construction, out);
    if (index->alpha_milli > 0)
        vf_buf_printf(out, ", 'alpha=%u.%03u'", index->alpha_milli / 1000, index->alpha_milli % 1000);
    vf_buf_char(out, ')');
}

bool vf_libsql_index_name_is_plain(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return name[0] != '\0' && strchr(letters, name[0]) != NULL && name[strspn(name, all)] == '\0';
}

/* ---- cost ---- */

/* One byte an element and two floats, for float8. */
static uint64_t vector_bytes(enum vf_element element, size_t dim)
{
    return element == VF_E_I8 ? (uint64_t)(dim + 3) / 4 * 4 + 8 : (uint64_t)vf_element_bytes(element, dim);
}

struct vf_libsql_cost vf_libsql_index_cost(const struct vf_vector_index *index, enum vf_element element, size_t dim)
{
    const enum vf_element kept = index->compress != VF_E_NONE ? index->compress : element;
    const uint64_t node_bytes = vector_bytes(element, dim) + BLOCK_OVERHEAD_BYTES;
    const uint64_t edge_bytes = vector_bytes(kept, dim) + BLOCK_OVERHEAD_BYTES;
    uint64_t n_edges = index->neighbours;
    if (n_edges == 0) {
        const uint64_t by_dim = 3 * ((uint64_t)sqrt((double)dim) + 1);
        const uint64_t by_size = MOST_GROWTH * node_bytes / edge_bytes + 1;
        n_edges = by_dim < by_size ? by_dim : by_size;
    }
    uint64_t row_bytes = node_bytes + n_edges * edge_bytes;
    if (row_bytes < LEAST_BLOCK_BYTES)
        row_bytes = LEAST_BLOCK_BYTES;
    return (struct vf_libsql_cost){.row_bytes = row_bytes, .row_ms = ROW_MS + ROW_BYTE_MS * (double)row_bytes};
}
