#include "engine/sqlitesql/types.h"

#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/libsql_vector.h"

/* Declared type without blanks at its ends and what is in parentheses, upper case; cut at 63 bytes, which no word here has. */
static void name_of(const char *declared, char out[64])
{
    size_t n = 0;
    bool is_inside = false;
    while (*declared == ' ')
        declared++;
    for (; *declared != '\0' && n < 63; declared++) {
        if (*declared == '(' || *declared == '[')
            is_inside = true;
        else if (*declared == ')' || *declared == ']')
            is_inside = false;
        else if (!is_inside)
            out[n++] = *declared >= 'a' && *declared <= 'z' ? (char)(*declared - 'a' + 'A') : *declared;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* The number in parentheses; 0 when there is none. */
static uint32_t parameter_of(const char *declared)
{
    const char *open = strpbrk(declared, "([");
    int64_t value = 0;
    if (open == NULL)
        return 0;
    open++;
    while (*open == ' ')
        open++;
    size_t n_digits = strspn(open, "0123456789");
    return vf_parse_i64(open, n_digits, &value) && value <= 1000000 ? (uint32_t)value : 0;
}

enum vf_sqlite_affinity vf_sqlite_affinity_of(const char *declared)
{
    char name[64];
    size_t n = 0;
    for (; declared[n] != '\0' && n < 63; n++)
        name[n] = declared[n] >= 'a' && declared[n] <= 'z' ? (char)(declared[n] - 'a' + 'A') : declared[n];
    name[n] = '\0';
    if (strstr(name, "INT") != NULL)
        return VF_SQLITE_INTEGER;
    if (strstr(name, "CHAR") != NULL || strstr(name, "CLOB") != NULL || strstr(name, "TEXT") != NULL)
        return VF_SQLITE_TEXT;
    if (name[0] == '\0' || strstr(name, "BLOB") != NULL || strcmp(name, "ANY") == 0)
        return VF_SQLITE_BLOB;
    if (strstr(name, "REAL") != NULL || strstr(name, "FLOA") != NULL || strstr(name, "DOUB") != NULL)
        return VF_SQLITE_REAL;
    return VF_SQLITE_NUMERIC;
}

struct word {
    const char *name;
    enum vf_kind kind;
    enum vf_form form;
    enum vf_element element; /* VECTOR */
};

/* libSQL's names come before the affinity, whose letters they contain. */
static const struct word words[] = {
    {"BOOL", VF_K_BOOL, VF_FORM_INTEGER, VF_E_NONE},
    {"BOOLEAN", VF_K_BOOL, VF_FORM_INTEGER, VF_E_NONE},
    {"DATE", VF_K_DATE, VF_FORM_ISO, VF_E_NONE},
    {"TIME", VF_K_TIME, VF_FORM_ISO, VF_E_NONE},
    {"DATETIME", VF_K_TIMESTAMP, VF_FORM_ISO, VF_E_NONE},
    {"TIMESTAMP", VF_K_TIMESTAMP, VF_FORM_ISO, VF_E_NONE},
    {"TIMESTAMP WITHOUT TIME ZONE", VF_K_TIMESTAMP, VF_FORM_ISO, VF_E_NONE},
    {"TIMESTAMPTZ", VF_K_TIMESTAMPTZ, VF_FORM_ISO, VF_E_NONE},
    {"TIMESTAMP WITH TIME ZONE", VF_K_TIMESTAMPTZ, VF_FORM_ISO, VF_E_NONE},
    {"DATETIMEOFFSET", VF_K_TIMESTAMPTZ, VF_FORM_ISO, VF_E_NONE},
    {"INTERVAL", VF_K_INTERVAL, VF_FORM_TEXT, VF_E_NONE},
    {"UUID", VF_K_UUID, VF_FORM_TEXT, VF_E_NONE},
    {"GUID", VF_K_UUID, VF_FORM_TEXT, VF_E_NONE},
    {"UNIQUEIDENTIFIER", VF_K_UUID, VF_FORM_TEXT, VF_E_NONE},
    {"JSON", VF_K_JSON, VF_FORM_TEXT, VF_E_NONE},
    {"JSONB", VF_K_JSON, VF_FORM_TEXT, VF_E_NONE},
    {"STRING", VF_K_TEXT, VF_FORM_NATIVE, VF_E_NONE},
    {"F32_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F32},
    {"FLOAT32", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F32},
    {"F64_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F64},
    {"FLOAT64", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F64},
    {"F8_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F32}, /* as the float32 that its bytes stand for */
    {"FLOAT8", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F32},
    {"F16_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F16},
    {"FLOAT16", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_F16},
    {"FB16_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_BF16},
    {"FLOATB16", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_BF16},
    {"F1BIT_BLOB", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_BIT},
    {"FLOAT1BIT", VF_K_VECTOR, VF_FORM_LIBSQL, VF_E_BIT},
    {"VECTOR", VF_K_VECTOR, VF_FORM_BYTES, VF_E_F32},
};

static struct vf_sqlite_meaning by_affinity(const char *declared)
{
    switch (vf_sqlite_affinity_of(declared)) {
    case VF_SQLITE_TEXT:
        return (struct vf_sqlite_meaning){.type = {.kind = VF_K_TEXT}};
    case VF_SQLITE_INTEGER:
        return (struct vf_sqlite_meaning){.type = {.kind = VF_K_I64}};
    case VF_SQLITE_REAL:
        return (struct vf_sqlite_meaning){.type = {.kind = VF_K_F64}};
    case VF_SQLITE_NUMERIC:
        return (struct vf_sqlite_meaning){.type = {.kind = VF_K_DECIMAL}};
    case VF_SQLITE_BLOB:
    default:
        return (struct vf_sqlite_meaning){.type = {.kind = VF_K_BLOB}};
    }
}

struct vf_sqlite_meaning vf_sqlite_type_of(const char *declared)
{
    char name[64];
    name_of(declared, name);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct word *word = &words[i];
        uint32_t dim = parameter_of(declared);
        if (strcmp(name, word->name) != 0 || (word->kind == VF_K_VECTOR && dim == 0))
            continue;
        struct vf_sqlite_meaning meaning = {.type = {.kind = word->kind, .element = word->element}, .form = word->form};
        if (word->kind == VF_K_VECTOR)
            meaning.type.dim = dim;
        return meaning;
    }
    return by_affinity(declared);
}

bool vf_sqlite_declared_is(const char *declared, const char *const *names)
{
    char name[64];
    name_of(declared, name);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

const char *vf_sqlite_libsql_name(struct vf_type type)
{
    static const char *const names[] = {[VF_E_F32] = "F32_BLOB",
                                        [VF_E_F64] = "F64_BLOB",
                                        [VF_E_F16] = "F16_BLOB",
                                        [VF_E_BF16] = "FB16_BLOB",
                                        [VF_E_BIT] = "F1BIT_BLOB"};
    if (type.kind != VF_K_VECTOR || type.dim == 0 || type.dim > VF_LIBSQL_MAX_DIM ||
        type.element >= sizeof(names) / sizeof(names[0]))
        return NULL;
    return names[type.element];
}

bool vf_sqlite_is_float8(const char *declared)
{
    static const char *const names[] = {"F8_BLOB", "FLOAT8", NULL};
    return vf_sqlite_declared_is(declared, names) && parameter_of(declared) > 0;
}

bool vf_sqlite_is_type_name(const char *declared)
{
    static const char word_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ ";
    static const char *const reserved[] = {"PRIMARY", "UNIQUE", "CHECK",     "REFERENCES", "DEFAULT",
                                           "COLLATE", "NOT",    "GENERATED", "CONSTRAINT", "AS"};
    const char *at = declared + strspn(declared, word_chars);
    if (*at == '(') {
        at++;
        at += strspn(at, "0123456789,.+- ");
        if (*at++ != ')')
            return false;
        at += strspn(at, word_chars);
    }
    if (*at != '\0')
        return false;
    for (const char *word = declared; *word != '\0';) {
        char name[16] = "";
        size_t n = strcspn(word, " ()");
        if (n < sizeof(name))
            memcpy(name, word, n);
        for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
            if (vf_strcasecmp(name, reserved[i]) == 0)
                return false;
        }
        word += n + (word[n] != '\0');
    }
    return true;
}

const struct vf_sqlite_type vf_sqlite_types[VF_KIND_COUNT] = {
    {VF_K_BOOL, "BOOLEAN", VF_FORM_INTEGER, VF_FIDELITY_EXACT, "0 or 1"},
    {VF_K_I8, "INTEGER", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I16, "INTEGER", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I32, "INTEGER", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_I64, "INTEGER", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_F32, "REAL", VF_FORM_NATIVE, VF_FIDELITY_EXACT,
     "NaN and -0.0 are kept as the texts 'NaN' and '-0.0 (negative zero)'"},
    {VF_K_F64, "REAL", VF_FORM_NATIVE, VF_FIDELITY_EXACT,
     "NaN and -0.0 are kept as the texts 'NaN' and '-0.0 (negative zero)'"},
    {VF_K_DECIMAL, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, "the exact digits; they sort as text"},
    {VF_K_TEXT, "TEXT", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_BLOB, "BLOB", VF_FORM_NATIVE, VF_FIDELITY_EXACT, NULL},
    {VF_K_UUID, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, NULL},
    {VF_K_DATE, "TEXT", VF_FORM_ISO, VF_FIDELITY_EXACT, NULL},
    {VF_K_TIME, "TEXT", VF_FORM_ISO, VF_FIDELITY_EXACT, NULL},
    {VF_K_TIMESTAMP, "TEXT", VF_FORM_ISO, VF_FIDELITY_EXACT, NULL},
    {VF_K_TIMESTAMPTZ, "TEXT", VF_FORM_ISO, VF_FIDELITY_EXACT, "in UTC"},
    {VF_K_INTERVAL, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, "an ISO 8601 duration"},
    {VF_K_JSON, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, NULL},
    {VF_K_ENUM, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, "the label; the list of labels is remembered, not enforced"},
    {VF_K_ARRAY, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, "a JSON array"},
    {VF_K_OTHER, "TEXT", VF_FORM_TEXT, VF_FIDELITY_EXACT, "the exact text; the type is remembered"},
    {VF_K_VECTOR, "BLOB", VF_FORM_BYTES, VF_FIDELITY_EXACT,
     "little-endian elements; bits with the first in the highest bit"},
    {VF_K_SPARSE, "BLOB", VF_FORM_BYTES, VF_FIDELITY_EXACT,
     "u32 dim, u32 n, u32 index[n] from 0, f32 value[n], little-endian"},
};
