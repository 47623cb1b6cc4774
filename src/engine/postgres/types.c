#include "engine/postgres/types.h"

#include <string.h>

#include "base/text.h"
#include "engine/postgres/conn.h"
#include "engine/postgres/postgres.h"

const struct vf_pg_native vf_pg_natives[] = {
    {"boolean", "bool", VF_PG_BOOL, VF_K_BOOL, false},
    {"smallint", "int2", VF_PG_I2, VF_K_I16, false},
    {"integer", "int4", VF_PG_I4, VF_K_I32, false},
    {"bigint", "int8", VF_PG_I8, VF_K_I64, false},
    {"real", "float4", VF_PG_F4, VF_K_F32, false},
    {"double precision", "float8", VF_PG_F8, VF_K_F64, false},
    {"numeric", "numeric", VF_PG_NUMERIC, VF_K_DECIMAL, false},
    {"text", "text", VF_PG_TEXT, VF_K_TEXT, false},
    {"character varying", "varchar", VF_PG_TEXT, VF_K_TEXT, false},
    {"character", "bpchar", VF_PG_TEXT, VF_K_TEXT, false},
    {"bpchar", "bpchar", VF_PG_TEXT, VF_K_TEXT, false},
    {"name", "name", VF_PG_TEXT, VF_K_TEXT, false},
    {"bytea", "bytea", VF_PG_BYTEA, VF_K_BLOB, false},
    {"uuid", "uuid", VF_PG_UUID, VF_K_UUID, false},
    {"date", "date", VF_PG_DATE, VF_K_DATE, false},
    {"time without time zone", "time", VF_PG_TIME, VF_K_TIME, false},
    {"timestamp without time zone", "timestamp", VF_PG_TIMESTAMP, VF_K_TIMESTAMP, false},
    {"timestamp with time zone", "timestamptz", VF_PG_TIMESTAMP, VF_K_TIMESTAMPTZ, false},
    {"interval", "interval", VF_PG_INTERVAL, VF_K_INTERVAL, false},
    {"json", "json", VF_PG_TEXT, VF_K_JSON, false},
    {"jsonb", "jsonb", VF_PG_JSONB, VF_K_JSON, false},
    {"bit", "bit", VF_PG_BIT, VF_K_VECTOR, false},
    {"vector", "vector", VF_PG_VECTOR, VF_K_VECTOR, true},
    {"halfvec", "halfvec", VF_PG_HALFVEC, VF_K_VECTOR, true},
    {"sparsevec", "sparsevec", VF_PG_SPARSEVEC, VF_K_SPARSE, true},
    {"citext", "citext", VF_PG_TEXT, VF_K_TEXT, true},
    {"hstore", "hstore", VF_PG_OTHER, VF_K_OTHER, true},
    {"ltree", "ltree", VF_PG_OTHER, VF_K_OTHER, true},
    {"lquery", "lquery", VF_PG_OTHER, VF_K_OTHER, true},
    {"ltxtquery", "ltxtquery", VF_PG_OTHER, VF_K_OTHER, true},
    {"cube", "cube", VF_PG_OTHER, VF_K_OTHER, true},
    {"geometry", "geometry", VF_PG_OTHER, VF_K_OTHER, true},
    {"geography", "geography", VF_PG_OTHER, VF_K_OTHER, true},
    {"bit varying", "varbit", VF_PG_OTHER, VF_K_OTHER, false},
    {"time with time zone", "timetz", VF_PG_OTHER, VF_K_OTHER, false},
    {"money", "money", VF_PG_OTHER, VF_K_OTHER, false},
    {"inet", "inet", VF_PG_OTHER, VF_K_OTHER, false},
    {"cidr", "cidr", VF_PG_OTHER, VF_K_OTHER, false},
    {"macaddr", "macaddr", VF_PG_OTHER, VF_K_OTHER, false},
    {"macaddr8", "macaddr8", VF_PG_OTHER, VF_K_OTHER, false},
    {"xml", "xml", VF_PG_OTHER, VF_K_OTHER, false},
    {"tsvector", "tsvector", VF_PG_OTHER, VF_K_OTHER, false},
    {"tsquery", "tsquery", VF_PG_OTHER, VF_K_OTHER, false},
    {"jsonpath", "jsonpath", VF_PG_OTHER, VF_K_OTHER, false},
    {"point", "point", VF_PG_OTHER, VF_K_OTHER, false},
    {"line", "line", VF_PG_OTHER, VF_K_OTHER, false},
    {"lseg", "lseg", VF_PG_OTHER, VF_K_OTHER, false},
    {"box", "box", VF_PG_OTHER, VF_K_OTHER, false},
    {"path", "path", VF_PG_OTHER, VF_K_OTHER, false},
    {"polygon", "polygon", VF_PG_OTHER, VF_K_OTHER, false},
    {"circle", "circle", VF_PG_OTHER, VF_K_OTHER, false},
    {"int4range", "int4range", VF_PG_OTHER, VF_K_OTHER, false},
    {"int8range", "int8range", VF_PG_OTHER, VF_K_OTHER, false},
    {"numrange", "numrange", VF_PG_OTHER, VF_K_OTHER, false},
    {"tsrange", "tsrange", VF_PG_OTHER, VF_K_OTHER, false},
    {"tstzrange", "tstzrange", VF_PG_OTHER, VF_K_OTHER, false},
    {"daterange", "daterange", VF_PG_OTHER, VF_K_OTHER, false},
    {"int4multirange", "int4multirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"int8multirange", "int8multirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"nummultirange", "nummultirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"tsmultirange", "tsmultirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"tstzmultirange", "tstzmultirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"datemultirange", "datemultirange", VF_PG_OTHER, VF_K_OTHER, false},
    {"pg_lsn", "pg_lsn", VF_PG_OTHER, VF_K_OTHER, false},
    {"pg_snapshot", "pg_snapshot", VF_PG_OTHER, VF_K_OTHER, false},
    {"txid_snapshot", "txid_snapshot", VF_PG_OTHER, VF_K_OTHER, false},
    {"oid", "oid", VF_PG_OTHER, VF_K_OTHER, false},
    {"xid", "xid", VF_PG_OTHER, VF_K_OTHER, false},
    {"xid8", "xid8", VF_PG_OTHER, VF_K_OTHER, false},
    {"cid", "cid", VF_PG_OTHER, VF_K_OTHER, false},
    {"tid", "tid", VF_PG_OTHER, VF_K_OTHER, false},
    {"regclass", "regclass", VF_PG_OTHER, VF_K_OTHER, false},
    {"regtype", "regtype", VF_PG_OTHER, VF_K_OTHER, false},
    {"regproc", "regproc", VF_PG_OTHER, VF_K_OTHER, false},
    {"regprocedure", "regprocedure", VF_PG_OTHER, VF_K_OTHER, false},
    {"regoper", "regoper", VF_PG_OTHER, VF_K_OTHER, false},
    {"regoperator", "regoperator", VF_PG_OTHER, VF_K_OTHER, false},
    {"regnamespace", "regnamespace", VF_PG_OTHER, VF_K_OTHER, false},
    {"regrole", "regrole", VF_PG_OTHER, VF_K_OTHER, false},
    {"regcollation", "regcollation", VF_PG_OTHER, VF_K_OTHER, false},
    {"regconfig", "regconfig", VF_PG_OTHER, VF_K_OTHER, false},
    {"regdictionary", "regdictionary", VF_PG_OTHER, VF_K_OTHER, false},
    {"int2vector", "int2vector", VF_PG_OTHER, VF_K_OTHER, false},
    {"oidvector", "oidvector", VF_PG_OTHER, VF_K_OTHER, false},
    {"refcursor", "refcursor", VF_PG_OTHER, VF_K_OTHER, false},
    {"\"char\"", "char", VF_PG_OTHER, VF_K_OTHER, false},
    {NULL, NULL, VF_PG_OTHER, VF_K_OTHER, false},
};

const struct vf_postgres_type vf_postgres_types[] = {
    {VF_K_BOOL, "boolean", VF_FORM_NATIVE, "boolean", NULL},
    {VF_K_I8, "smallint", VF_FORM_NATIVE, "", "PostgreSQL has no type of one byte"},
    {VF_K_I16, "smallint", VF_FORM_NATIVE, "smallint", NULL},
    {VF_K_I32, "integer", VF_FORM_NATIVE, "integer", NULL},
    {VF_K_I64, "bigint", VF_FORM_NATIVE, "bigint", NULL},
    {VF_K_F32, "real", VF_FORM_NATIVE, "real", NULL},
    {VF_K_F64, "double precision", VF_FORM_NATIVE, "double precision", NULL},
    {VF_K_DECIMAL, "numeric", VF_FORM_NATIVE, "numeric", "every digit and the scale are kept"},
    {VF_K_TEXT, "text", VF_FORM_NATIVE, "text, character varying, character, name, citext", "U+0000 can't be stored"},
    {VF_K_BLOB, "bytea", VF_FORM_NATIVE, "bytea", NULL},
    {VF_K_UUID, "uuid", VF_FORM_NATIVE, "uuid", NULL},
    {VF_K_DATE, "date", VF_FORM_NATIVE, "date", NULL},
    {VF_K_TIME, "time without time zone", VF_FORM_NATIVE, "time without time zone", NULL},
    {VF_K_TIMESTAMP, "timestamp without time zone", VF_FORM_NATIVE, "timestamp without time zone", NULL},
    {VF_K_TIMESTAMPTZ, "timestamp with time zone", VF_FORM_NATIVE, "timestamp with time zone", NULL},
    {VF_K_INTERVAL, "interval", VF_FORM_NATIVE, "interval", NULL},
    {VF_K_JSON, "json", VF_FORM_NATIVE, "json, jsonb",
     "json keeps the text byte for byte; \"to: jsonb\" in the plan takes jsonb, which keeps what it means: texts with "
     "a "
     "name that is twice in an object are rejected"},
    {VF_K_ENUM, "text", VF_FORM_NATIVE, "enums", "an enum type of the same name where the source has one"},
    {VF_K_ARRAY, "text[]", VF_FORM_NATIVE, "arrays of the types above",
     "an array of the type that the elements have; several dimensions and lower bounds are kept"},
    {VF_K_OTHER, "text", VF_FORM_TEXT,
     "all other types: inet, cidr, macaddr, ranges, composites, bit varying, money, xml, tsvector, hstore, ltree, "
     "geometric types, oid and its aliases, pg_lsn, jsonpath, time with time zone, arrays of these",
     "the same type where it has one here; moved by its exact text"},
    {VF_K_VECTOR, "vector(n)", VF_FORM_NATIVE,
     "vector, halfvec, bit(n); real[] and double precision[] whose values all have one length",
     "f32 and bf16: vector(n) up to 16000 dimensions, else real[]; f16: halfvec(n); f64: double precision[]; i8: "
     "smallint[]; bits: bit(n)"},
    {VF_K_SPARSE, "sparsevec(n)", VF_FORM_NATIVE, "sparsevec", NULL},
    {VF_K_OTHER, NULL, VF_FORM_NATIVE, NULL, NULL},
};

const struct vf_pg_native *vf_pg_native_by_typname(const char *typname, bool is_extension)
{
    for (const struct vf_pg_native *native = vf_pg_natives; native->spelling != NULL; native++) {
        if (native->is_extension == is_extension && strcmp(native->typname, typname) == 0)
            return native;
    }
    return NULL;
}

static const struct vf_pg_native *by_spelling(const char *spelling)
{
    for (const struct vf_pg_native *native = vf_pg_natives; native->spelling != NULL; native++) {
        if (strcmp(native->spelling, spelling) == 0)
            return native;
    }
    return NULL;
}

/* ---- names, taken apart ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* An identifier, quoted or of lower-case letters, unquoted into `out` (256 bytes). */
static bool read_identifier(const char **at, char *out, bool *was_quoted)
{
    size_t n = 0;
    *was_quoted = **at == '"';
    if (!*was_quoted) {
        if (**at >= '0' && **at <= '9')
            return false;
        while (is_word_char(**at) && n < 255)
            out[n++] = *(*at)++;
        out[n] = '\0';
        return n > 0;
    }
    for ((*at)++; **at != '\0' && n < 255; (*at)++) {
        if (**at == '"' && (*at)[1] != '"')
            break;
        if (**at == '"')
            (*at)++;
        out[n++] = **at;
    }
    out[n] = '\0';
    return n > 0 && *(*at)++ == '"';
}

/* " with time zone": blanks and words, appended to the spelling. */
static bool read_words(const char **at, char *out, size_t out_bytes)
{
    size_t n = strlen(out);
    while (**at == ' ' || (**at >= 'a' && **at <= 'z')) {
        if (n + 1 >= out_bytes)
            return false;
        out[n++] = *(*at)++;
    }
    out[n] = '\0';
    return n > 0 && out[n - 1] != ' ';
}

static bool read_modifiers(const char **at, struct vf_pg_name *name)
{
    size_t n = 0;
    if (**at != '(')
        return true;
    for ((*at)++; **at != '\0' && **at != ')' && n + 1 < sizeof(name->modifiers); (*at)++) {
        bool is_plain = is_word_char(**at) || strchr(",.- ", **at) != NULL || (**at >= 'A' && **at <= 'Z');
        if (!is_plain || **at == '$')
            return false;
        name->modifiers[n++] = **at;
    }
    name->modifiers[n] = '\0';
    if (n == 0 || *(*at)++ != ')')
        return false;
    int64_t first = -1, second = -1;
    const char *comma = strchr(name->modifiers, ',');
    size_t first_bytes = comma != NULL ? (size_t)(comma - name->modifiers) : n;
    if (vf_parse_i64(name->modifiers, first_bytes, &first) && first >= 0 && first <= INT32_MAX)
        name->modifier = (int32_t)first;
    if (comma != NULL && vf_parse_i64(comma + 1, strlen(comma + 1), &second) && second > -1001 && second <= INT32_MAX)
        name->second = (int32_t)second;
    return true;
}

/* interval day to second: the fields are part of the type. */
static bool is_interval(const char *spelling)
{
    static const char *const fields[] = {"interval year",
                                         "interval month",
                                         "interval day",
                                         "interval hour",
                                         "interval minute",
                                         "interval second",
                                         "interval year to month",
                                         "interval day to hour",
                                         "interval day to minute",
                                         "interval day to second",
                                         "interval hour to minute",
                                         "interval hour to second",
                                         "interval minute to second"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(spelling, fields[i]) == 0)
            return true;
    }
    return false;
}

bool vf_pg_name_parse(const char *text, struct vf_pg_name *name)
{
    bool was_quoted = false;
    *name = (struct vf_pg_name){.modifier = -1, .second = -1};
    const char *at = text;
    if (!read_identifier(&at, name->name, &was_quoted))
        return false;
    bool is_qualified = *at == '.';
    if (is_qualified) {
        at++;
        memcpy(name->schema, name->name, sizeof(name->schema));
        if (!read_identifier(&at, name->name, &was_quoted))
            return false;
    } else if (!was_quoted && *at == ' ' && !read_words(&at, name->name, sizeof(name->name))) {
        return false;
    }
    if (!read_modifiers(&at, name))
        return false;
    if (*at == ' ' && (is_qualified || was_quoted || !read_words(&at, name->name, sizeof(name->name))))
        return false;
    for (; at[0] == '[' && at[1] == ']'; at += 2)
        name->is_array = true;
    if (*at != '\0')
        return false;
    if (was_quoted && !is_qualified && strcmp(name->name, "char") == 0)
        name->native = by_spelling("\"char\"");
    else if (!is_qualified && !was_quoted)
        name->native = by_spelling(is_interval(name->name) ? "interval" : name->name);
    /* Several words are a name only where they are one of PostgreSQL's. */
    return name->native != NULL || is_qualified || was_quoted || strchr(name->name, ' ') == NULL;
}

static struct vf_type vector_type(const struct vf_pg_native *native, int32_t modifier)
{
    struct vf_type type = {.kind = native->kind, .dim = modifier > 0 ? (uint32_t)modifier : 0};
    if (native->wire == VF_PG_VECTOR)
        type.element = VF_E_F32;
    else if (native->wire == VF_PG_HALFVEC)
        type.element = VF_E_F16;
    else if (native->wire == VF_PG_SPARSEVEC)
        type.element = VF_E_F32;
    else if (type.dim > 0)
        type.element = VF_E_BIT;
    else
        type = (struct vf_type){.kind = VF_K_OTHER};
    return type;
}

struct vf_type vf_pg_name_type(const struct vf_pg_name *name)
{
    if (name->native == NULL)
        return (struct vf_type){.kind = VF_K_OTHER};
    struct vf_type type = {.kind = name->native->kind};
    if (type.kind == VF_K_VECTOR || type.kind == VF_K_SPARSE)
        type = vector_type(name->native, name->modifier);
    type.normal = name->native->wire == VF_PG_JSONB;
    if (!name->is_array)
        return type;
    if (type.kind == VF_K_VECTOR || type.kind == VF_K_SPARSE || type.kind == VF_K_OTHER)
        return (struct vf_type){.kind = VF_K_OTHER};
    return (struct vf_type){.kind = VF_K_ARRAY, .element_kind = type.kind};
}

/* Modifiers stand within the words: timestamp(3) with time zone. */
static void write_native(const struct vf_pg_name *name, struct vf_buf *out)
{
    static const char *const tails[] = {" without time zone", " with time zone"};
    size_t head = strlen(name->name);
    for (size_t i = 0; i < 2; i++) {
        const char *tail = strstr(name->name, tails[i]);
        if (tail != NULL)
            head = (size_t)(tail - name->name);
    }
    vf_buf_add(out, name->name, head);
    if (name->modifiers[0] != '\0')
        vf_buf_printf(out, "(%s)", name->modifiers);
    vf_buf_str(out, name->name + head);
}

void vf_pg_name_write(const struct vf_pg_name *name, const struct vf_pg_types *types, struct vf_buf *out)
{
    const struct vf_pg_type *found = NULL;
    if (name->native != NULL && !name->native->is_extension) {
        if (strcmp(name->native->spelling, "\"char\"") == 0)
            vf_buf_str(out, "\"char\"");
        else
            write_native(name, out);
    } else {
        const char *schema = name->schema[0] != '\0' ? name->schema : NULL;
        if (schema == NULL)
            found = vf_pg_type_named(types, NULL, name->name);
        vf_pg_quote_table(out, found != NULL ? found->schema : schema, name->name);
        if (name->modifiers[0] != '\0')
            vf_buf_printf(out, "(%s)", name->modifiers);
    }
    if (name->is_array)
        vf_buf_str(out, "[]");
}
