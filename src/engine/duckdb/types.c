#include "engine/duckdb/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The first row of a kind is the one that its list of elements is known by. Names that only people write come behind those of duckdb_columns(). */
const struct vf_duckdb_word vf_duckdb_words[] = {
    {"BOOLEAN", VF_K_BOOL, false, NULL},
    {"TINYINT", VF_K_I8, false, NULL},
    {"SMALLINT", VF_K_I16, false, NULL},
    {"INTEGER", VF_K_I32, false, NULL},
    {"BIGINT", VF_K_I64, false, NULL},
    {"UTINYINT", VF_K_I16, false, NULL},
    {"USMALLINT", VF_K_I32, false, NULL},
    {"UINTEGER", VF_K_I64, false, NULL},
    {"UBIGINT", VF_K_DECIMAL, false, NULL},
    {"HUGEINT", VF_K_DECIMAL, false, NULL},
    {"UHUGEINT", VF_K_DECIMAL, false, NULL},
    {"BIGNUM", VF_K_DECIMAL, true, NULL},
    {"FLOAT", VF_K_F32, false, NULL},
    {"DOUBLE", VF_K_F64, false, NULL},
    {"DECIMAL", VF_K_DECIMAL, false, "the scale is kept: 1.50 stays 1.50"},
    {"VARCHAR", VF_K_TEXT, false, NULL},
    {"JSON", VF_K_JSON, false, "the text as it is"},
    {"BLOB", VF_K_BLOB, false, NULL},
    {"UUID", VF_K_UUID, false, NULL},
    {"DATE", VF_K_DATE, false, NULL},
    {"TIME", VF_K_TIME, false, NULL},
    {"TIMESTAMP", VF_K_TIMESTAMP, false, NULL},
    {"TIMESTAMP_S", VF_K_TIMESTAMP, false, NULL},
    {"TIMESTAMP_MS", VF_K_TIMESTAMP, false, NULL},
    {"TIMESTAMP_NS", VF_K_TIMESTAMP, false, "a value with parts of a microsecond is rejected; `type: text` keeps them"},
    {"TIMESTAMP WITH TIME ZONE", VF_K_TIMESTAMPTZ, false, NULL},
    {"INTERVAL", VF_K_INTERVAL, false, NULL},
    {"ENUM", VF_K_ENUM, false, NULL},
    {"TIME WITH TIME ZONE", VF_K_OTHER, true, "its text"},
    {"TIME_NS", VF_K_OTHER, true, "its text"},
    {"BIT", VF_K_OTHER, true, "its text; a vector of bits where all values have one length"},
    {"BOOL", VF_K_BOOL, false, NULL},
    {"INT1", VF_K_I8, false, NULL},
    {"INT2", VF_K_I16, false, NULL},
    {"INT4", VF_K_I32, false, NULL},
    {"INT", VF_K_I32, false, NULL},
    {"INT8", VF_K_I64, false, NULL},
    {"LONG", VF_K_I64, false, NULL},
    {"VARINT", VF_K_DECIMAL, true, NULL},
    {"REAL", VF_K_F32, false, NULL},
    {"FLOAT4", VF_K_F32, false, NULL},
    {"FLOAT8", VF_K_F64, false, NULL},
    {"DOUBLE PRECISION", VF_K_F64, false, NULL},
    {"NUMERIC", VF_K_DECIMAL, false, NULL},
    {"TEXT", VF_K_TEXT, false, NULL},
    {"STRING", VF_K_TEXT, false, NULL},
    {"CHAR", VF_K_TEXT, false, NULL},
    {"BPCHAR", VF_K_TEXT, false, NULL},
    {"BYTEA", VF_K_BLOB, false, NULL},
    {"BINARY", VF_K_BLOB, false, NULL},
    {"VARBINARY", VF_K_BLOB, false, NULL},
    {"DATETIME", VF_K_TIMESTAMP, false, NULL},
    {"TIMESTAMPTZ", VF_K_TIMESTAMPTZ, false, NULL},
    {"TIMETZ", VF_K_OTHER, true, NULL},
    {"BITSTRING", VF_K_OTHER, true, NULL},
};
const size_t vf_duckdb_n_words = sizeof(vf_duckdb_words) / sizeof(vf_duckdb_words[0]);

const struct vf_duckdb_type vf_duckdb_types[VF_KIND_COUNT] = {
    {VF_K_BOOL, "BOOLEAN", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I8, "TINYINT", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I16, "SMALLINT", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I32, "INTEGER", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I64, "BIGINT", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_F32, "FLOAT", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_F64, "DOUBLE", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_DECIMAL, "VARCHAR", VF_FORM_TEXT, VF_FIDELITY_EXACT,
     "the exact digits; numeric(p,s) with p up to 38 becomes DECIMAL(p,s), which has no NaN"},
    {VF_K_TEXT, "VARCHAR", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_BLOB, "BLOB", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_UUID, "UUID", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_DATE, "DATE", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_TIME, "TIME", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_TIMESTAMP, "TIMESTAMP", VF_FORM_NATIVE, VF_FIDELITY_EXACT, "up to the year 294247; later ones are rejected"},
    {VF_K_TIMESTAMPTZ, "TIMESTAMP WITH TIME ZONE", VF_FORM_NATIVE, VF_FIDELITY_EXACT,
     "in UTC, up to the year 294247; later ones are rejected"},
    {VF_K_INTERVAL, "INTERVAL", VF_FORM_NATIVE, VF_FIDELITY_EXACT, "infinite ones are rejected"},
    {VF_K_JSON, "JSON", VF_FORM_NATIVE, VF_FIDELITY_EXACT, "the text as it is"},
    {VF_K_ENUM, "ENUM(...)", VF_FORM_NATIVE, VF_FIDELITY_EXACT,
     "the labels in their order, and the type under its name where it has one; VARCHAR where the labels are not known"},
    {VF_K_ARRAY, "JSON", VF_FORM_TEXT, VF_FIDELITY_EXACT,
     "a JSON array; `to: INTEGER[]` and the like for arrays of one dimension"},
    {VF_K_OTHER, "VARCHAR", VF_FORM_TEXT, VF_FIDELITY_EXACT, "the exact text; the type is remembered"},
    {VF_K_VECTOR, "FLOAT[n]", VF_FORM_NATIVE, VF_FIDELITY_EXACT,
     "f32, f16, bf16; DOUBLE[n] for f64, TINYINT[n] for i8, BIT for bits; a list where the dimension varies"},
    {VF_K_SPARSE, "BLOB", VF_FORM_BYTES, VF_FIDELITY_EXACT,
     "u32 dim, u32 n, u32 index[n] from 0, f32 value[n], little-endian"},
};

/* The name without blanks at its ends and what is in parentheses, upper case; cut at 63 bytes, which no word here has. */
static void name_of(const char *native, size_t size_bytes, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < size_bytes && n < 63 && native[i] != '('; i++) {
        char c = native[i];
        if (n > 0 || c != ' ')
            out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

static const struct vf_duckdb_word *find_word(const char *name)
{
    for (size_t i = 0; i < vf_duckdb_n_words; i++) {
        if (strcmp(vf_duckdb_words[i].native, name) == 0)
            return &vf_duckdb_words[i];
    }
    return NULL;
}

/* "...[12]": cut the last bracket off *size_bytes; *n is 0 for a list. false: there is none. */
static bool cut_bracket(const char *native, size_t *size_bytes, uint64_t *n)
{
    size_t end = *size_bytes;
    while (end > 0 && native[end - 1] == ' ')
        end--;
    if (end < 2 || native[end - 1] != ']')
        return false;
    size_t open = end - 1;
    while (open > 0 && native[open - 1] >= '0' && native[open - 1] <= '9')
        open--;
    if (open == 0 || native[open - 1] != '[')
        return false;
    *n = strtoull(native + open, NULL, 10);
    *size_bytes = open - 1;
    return true;
}

static struct vf_duckdb_meaning nested(void)
{
    return (struct vf_duckdb_meaning){.type = {.kind = VF_K_JSON}, .form = VF_FORM_NATIVE};
}

static struct vf_duckdb_meaning list_of(const struct vf_duckdb_word *word, uint64_t n)
{
    struct vf_duckdb_meaning meaning = {.type = {.kind = VF_K_ARRAY}, .form = VF_FORM_NATIVE};
    enum vf_element element = word->kind == VF_K_F32 ? VF_E_F32 : word->kind == VF_K_F64 ? VF_E_F64 : VF_E_NONE;
    if (strcmp(word->native, "TINYINT") == 0)
        element = VF_E_I8;
    if (n > 0 && n <= UINT32_MAX && element != VF_E_NONE) {
        meaning.type = (struct vf_type){.kind = VF_K_VECTOR, .element = element, .dim = (uint32_t)n};
        return meaning;
    }
    if (word->is_cast && word->kind == VF_K_OTHER) /* its elements can't be read one by one */
        return (struct vf_duckdb_meaning){.type = {.kind = VF_K_OTHER}, .form = VF_FORM_TEXT, .is_cast = true};
    meaning.type.element_kind = word->kind;
    return meaning;
}

struct vf_duckdb_meaning vf_duckdb_type_of(const char *native)
{
    char name[64];
    size_t size_bytes = strlen(native);
    uint64_t n = 0, ignored;
    bool is_list = cut_bracket(native, &size_bytes, &n);
    bool is_deep = is_list && cut_bracket(native, &size_bytes, &ignored);
    name_of(native, size_bytes, name);
    const struct vf_duckdb_word *word = find_word(name);
    if (is_deep || strcmp(name, "STRUCT") == 0 || strcmp(name, "MAP") == 0 || strcmp(name, "UNION") == 0)
        return nested();
    if (word == NULL)
        return (struct vf_duckdb_meaning){.type = {.kind = VF_K_OTHER}, .form = VF_FORM_TEXT, .is_cast = true};
    if (is_list)
        return list_of(word, n);
    return (struct vf_duckdb_meaning){.type = {.kind = word->kind},
                                      .form = word->kind == VF_K_OTHER ? VF_FORM_TEXT : VF_FORM_NATIVE,
                                      .is_cast = word->is_cast};
}

bool vf_duckdb_is_type_name(const char *native)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ ,[].";
    int depth = 0;
    for (const char *c = native; *c != '\0'; c++) {
        if (*c == '\'' || *c == '"') {
            const char quote = *c;
            for (c++; *c != quote; c++) { /* a doubled one ends here and begins again */
                if (*c == '\0')
                    return false;
            }
        } else if (*c == '(' || *c == ')') {
            depth += *c == '(' ? 1 : -1;
            if (depth < 0)
                return false;
        } else if (strchr(plain, *c) == NULL || (*c == ',' && depth == 0)) {
            return false;
        }
    }
    return depth == 0 && native[0] != '\0';
}

void vf_duckdb_write_enum(size_t n_labels, const char *const *labels, struct vf_buf *out)
{
    vf_buf_str(out, "ENUM(");
    for (size_t i = 0; i < n_labels; i++) {
        vf_buf_str(out, i > 0 ? ", '" : "'");
        for (const char *c = labels[i]; *c != '\0'; c++) {
            vf_buf_char(out, *c);
            if (*c == '\'')
                vf_buf_char(out, *c);
        }
        vf_buf_char(out, '\'');
    }
    vf_buf_char(out, ')');
}

bool vf_duckdb_decimal_of(const char *native, unsigned *width, unsigned *scale)
{
    char name[64];
    const char *open = strchr(native, '(');
    int end = 0;
    name_of(native, strlen(native), name);
    if (open == NULL || (strcmp(name, "DECIMAL") != 0 && strcmp(name, "NUMERIC") != 0))
        return false;
    return sscanf(open, "(%u,%u)%n", width, scale, &end) == 2 && end > 0 && open[end] == '\0' && *width >= 1 &&
           *width <= 38 && *scale <= *width;
}
