/* One value of everything that is awkward, for every type. */
#include "conformance.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct conf_column conf_types[] = {
    {.name = "a bool", .type = "bool", .native = "boolean"},
    {.name = "a i8", .type = "i8", .native = "smallint"},
    {.name = "a i16", .type = "i16", .native = "smallint"},
    {.name = "a i32", .type = "i32", .native = "integer"},
    {.name = "a i64", .type = "i64", .native = "bigint"},
    {.name = "a f32", .type = "f32", .native = "real"},
    {.name = "a f64", .type = "f64", .native = "double precision"},
    {.name = "a decimal", .type = "decimal", .native = "numeric"},
    {.name = "a text", .type = "text"},
    {.name = "a blob", .type = "blob", .native = "bytea"},
    {.name = "a uuid", .type = "uuid"},
    {.name = "a date", .type = "date"},
    {.name = "a time", .type = "time", .native = "time without time zone"},
    {.name = "a timestamp", .type = "timestamp", .native = "timestamp without time zone"},
    {.name = "a timestamptz", .type = "timestamptz", .native = "timestamp with time zone"},
    {.name = "a interval", .type = "interval"},
    {.name = "a json", .type = "json"},
    {.name = "a array(i32)", .type = "array(i32)", .native = "integer[]"},
    {.name = "a array(text)", .type = "array(text)", .native = "text[]"},
    {.name = "a array(f64)", .type = "array(f64)", .native = "double precision[]"},
    {.name = "a other", .type = "other", .native = "inet"},
    {.name = "a vector(f32,3)", .type = "vector(f32,3)", .native = "vector(3)"},
    {.name = "a vector(f32)", .type = "vector(f32,0)", .native = "vector"},
    {.name = "a vector(f16,4)", .type = "vector(f16,4)", .native = "halfvec(4)"},
    {.name = "a vector(bit,10)", .type = "vector(bit,10)", .native = "bit(10)"},
    {.name = "a vector(f64,2)", .type = "vector(f64,2)", .native = "double precision[]"},
    {.name = "a vector(i8,5)", .type = "vector(i8,5)", .native = "int8[5]"},
    {.name = "a vector(bf16,2)", .type = "vector(bf16,2)", .native = "FB16_BLOB(2)"},
    {.name = "a sparse", .type = "sparse(7)", .native = "sparsevec(7)"},
};
const size_t conf_n_types = sizeof(conf_types) / sizeof(conf_types[0]);

bool conf_is_exact(const struct conf_quirks *quirks, const char *type)
{
    const char *found = quirks->not_exact == NULL ? NULL : strstr(quirks->not_exact, type);
    size_t size_bytes = strlen(type);
    return found == NULL || (found[size_bytes] != '\0' && found[size_bytes] != ' ');
}

static void add(struct vf_array *array, const void *bytes, size_t size_bytes)
{
    if (array->layout == VF_LAYOUT_FIXED) {
        assert_int_equal(size_bytes, array->width);
        CONF_OK(vf_array_add_fixed(array, bytes, &err));
    } else {
        CONF_OK(vf_array_add_bytes(array, bytes, size_bytes, &err));
    }
}

static bool add_text(struct vf_array *array, const char *const *texts, size_t n_texts, size_t index)
{
    if (index >= n_texts)
        return false;
    add(array, texts[index], strlen(texts[index]));
    return true;
}

#define N_OF(list)                    (sizeof(list) / sizeof((list)[0]))
#define ADD_TEXT(array, texts, index) add_text(array, texts, N_OF(texts), index)

static bool add_integer(struct vf_array *array, size_t index)
{
    static const int64_t values[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_C(9007199254740993)};
    if (index >= N_OF(values))
        return false;
    int64_t value = values[index];
    if (array->width == 1) {
        int8_t narrow = (int8_t)(value == INT64_MAX ? INT8_MAX : value == INT64_MIN ? INT8_MIN : value % 100);
        add(array, &narrow, sizeof(narrow));
    } else if (array->width == 2) {
        int16_t narrow = (int16_t)(value == INT64_MAX ? INT16_MAX : value == INT64_MIN ? INT16_MIN : value % 1000);
        add(array, &narrow, sizeof(narrow));
    } else if (array->width == 4) {
        int32_t narrow = (int32_t)(value == INT64_MAX ? INT32_MAX : value == INT64_MIN ? INT32_MIN : value % 1000);
        add(array, &narrow, sizeof(narrow));
    } else {
        add(array, &value, sizeof(value));
    }
    return true;
}

/* The floats that a database may change: kept apart so that quirks can leave them out. */
static bool add_float(struct vf_array *array, size_t index, bool no_nan, bool no_minus_zero)
{
    static const double values[] = {0.1,    0,        1.5,       -2.25,   1e10,  DBL_MIN, DBL_MAX, -DBL_MAX,
                                    5e-324, INFINITY, -INFINITY, FLT_MAX, 1e-45, -0.0,    NAN,     3.0};
    static const float narrow[] = {0.1F,   0,        1.5F,      -2.25F,   1e10F, FLT_MIN, FLT_MAX, -FLT_MAX,
                                   1e-45F, INFINITY, -INFINITY, 16777216, 1e-3F, -0.0F,   NAN,     3.0F};
    if (index >= N_OF(values))
        return false;
    bool left_out = (no_nan && isnan(values[index])) || (no_minus_zero && index == 13);
    size_t used = left_out ? 0 : index;
    add(array, array->width == 4 ? (const void *)&narrow[used] : (const void *)&values[used], array->width);
    return true;
}

static bool add_decimal(struct vf_array *array, size_t index, bool no_nan)
{
    static const char *const texts[] = {"0",
                                        "1.50",
                                        "-0.001",
                                        "12345678901234567890123456789012345678.90",
                                        "100",
                                        "0.00000000000000000000000000000000000001",
                                        "-99999999999999999999999999999999",
                                        "NaN"};
    if (no_nan && index == N_OF(texts) - 1)
        return false;
    return ADD_TEXT(array, texts, index);
}

static bool add_string(struct vf_array *array, size_t index, const struct vf_limits *limits)
{
    static const char *const texts[] = {"",
                                        "plain",
                                        " blanks at both ends ",
                                        "quotes ' \" ` and \\ backslash \\N \\x41 %s%n $1 ?1",
                                        "tab\tnewline\nreturn\r\nend",
                                        "\xF0\x9F\x90\x98 emoji, \xC3\xA9 and e\xCC\x81",
                                        "NULL",
                                        "\x01\x7F control",
                                        "123",
                                        "1e5",
                                        "0x10",
                                        " 7 "};
    if (ADD_TEXT(array, texts, index))
        return true;
    if (index == N_OF(texts)) {
        static char large[100000];
        memset(large, 'x', sizeof(large));
        add(array, large, sizeof(large));
        return true;
    }
    if (index == N_OF(texts) + 1 && limits->text_nul) {
        add(array, "a\0b", 3);
        return true;
    }
    return false;
}

static bool add_blob(struct vf_array *array, size_t index)
{
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    switch (index) {
    case 0:
        add(array, "", 0);
        return true;
    case 1:
        add(array, bytes, sizeof(bytes));
        return true;
    case 2:
        add(array, "\0", 1);
        return true;
    case 3:
        add(array, "text", 4);
        return true;
    default:
        return false;
    }
}

static bool add_uuid(struct vf_array *array, size_t index)
{
    static const uint8_t values[][16] = {
        {0}, {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80, 1, 2, 3, 4, 5, 6, 7}, {0xff, 0xff, 0xff}};
    if (index >= N_OF(values))
        return false;
    add(array, values[index], 16);
    return true;
}

/* 1 BC, 4714-11-24 BC, 9999-12-31, 10000-01-01, the last date of PostgreSQL, and the infinities at the end. */
static bool add_date(struct vf_array *array, size_t index, const struct vf_limits *limits)
{
    static const int32_t values[] = {0,       -1,      19782,      -719163,          -2440588,
                                     2932896, 2932897, 2145042905, VF_DATE_INFINITY, VF_DATE_MINUS_INFINITY};
    size_t n_values = N_OF(values) - (limits->timestamp_infinity ? 0 : 2);
    if (index >= n_values)
        return false;
    add(array, &values[index], sizeof(values[index]));
    return true;
}

static bool add_time(struct vf_array *array, size_t index)
{
    static const int64_t values[] = {0, 1, INT64_C(45296123456), INT64_C(86399999999), INT64_C(86400000000)};
    if (index >= N_OF(values))
        return false;
    add(array, &values[index], sizeof(values[index]));
    return true;
}

static bool add_timestamp(struct vf_array *array, size_t index, const struct vf_limits *limits)
{
    static const int64_t values[] = {0,
                                     1,
                                     -1,
                                     -VF_EPOCH_2000_US,
                                     INT64_C(762523445123456),
                                     INT64_C(-211813488000000000),
                                     INT64_C(9223371331199999999),
                                     VF_TIMESTAMP_INFINITY,
                                     VF_TIMESTAMP_MINUS_INFINITY};
    size_t n_values = N_OF(values) - (limits->timestamp_infinity ? 0 : 2);
    if (index >= n_values)
        return false;
    int64_t value = values[index];
    if (limits->max_timestamp_us != 0 && value > limits->max_timestamp_us && value != VF_TIMESTAMP_INFINITY)
        value = limits->max_timestamp_us;
    add(array, &value, sizeof(value));
    return true;
}

static bool add_interval(struct vf_array *array, size_t index)
{
    static const struct vf_interval values[] = {
        {0, 0, 0}, {14, 3, 14706500000}, {-14, 3, -1}, {0, -1, 86400000000}, {1200, 100000, INT64_C(3600000000000)}};
    if (index >= N_OF(values))
        return false;
    add(array, &values[index], sizeof(values[index]));
    return true;
}

static bool add_json(struct vf_array *array, size_t index, bool rewritten)
{
    static const char *const plain[] = {"{\"a\": 1}", "[]", "\"text\"", "null", "12345678901234567890"};
    static const char *const texts[] = {"{\"b\" : 1,  \"a\": [ ], \"b\": 2}", "1.50", "\"\\u00e9 \xC3\xA9\"", " 1 ",
                                        "123456789012345678901234567890.10"};
    if (ADD_TEXT(array, plain, index))
        return true;
    return !rewritten && ADD_TEXT(array, texts, index - N_OF(plain));
}

static bool add_array(struct vf_array *array, size_t index, bool no_bounds)
{
    static const char *const numbers[] = {"[]", "[1,null,-3]", "[[1,2],[3,4]]", "[null]",
                                          "{\"lower\":[0],\"array\":[7,8]}"};
    static const char *const texts[] = {"[]", "[\"a\",null,\"NULL\",\"\",\"q\\\"\\\\{},\"]", "[[\"x\"],[\"y\"]]",
                                        "[\"line\\nbreak\"]", "{\"lower\":[-1],\"array\":[\"z\"]}"};
    static const char *const floats[] = {"[]", "[0.1,\"NaN\",\"-Infinity\"]", "[[1.5],[null]]", "[1e+300]",
                                         "{\"lower\":[2],\"array\":[2.5]}"};
    if (no_bounds && index == 4)
        return false;
    if (array->type.element_kind == VF_K_TEXT)
        return ADD_TEXT(array, texts, index);
    return array->type.element_kind == VF_K_F64 ? ADD_TEXT(array, floats, index) : ADD_TEXT(array, numbers, index);
}

static bool add_vector_f32(struct vf_array *array, size_t index, const struct vf_limits *limits)
{
    static const float values[][3] = {
        {0.1F, -0.2F, 0.3F}, {0, 0, 0}, {-0.0F, FLT_MIN, 1e-45F}, {FLT_MAX, -FLT_MAX, 1}, {INFINITY, 1, NAN}};
    if (index >= N_OF(values) - (limits->vector_not_finite ? 0 : 1))
        return false;
    size_t dim = array->type.dim != 0 ? array->type.dim : 1 + index % 3;
    add(array, values[index], dim * sizeof(float));
    return true;
}

static bool add_vector(struct vf_array *array, size_t index, const struct vf_limits *limits)
{
    static const uint16_t halves[][4] = {
        {0x3c00, 0xc000, 0x2e66, 0x0001}, {0, 0x8000, 0x7bff, 0xfbff}, {0x0400, 0x03ff, 0x3555, 0}};
    static const double doubles[][2] = {{0.1, -0.2}, {DBL_MAX, 5e-324}, {-0.0, 1.0 / 3.0}};
    static const int8_t bytes[][5] = {{0, 1, -1, 127, -128}, {5, 4, 3, 2, 1}, {0, 0, 0, 0, 0}};
    static const uint8_t bits[][2] = {{0xff, 0xc0}, {0, 0}, {0x81, 0x40}};
    if (array->type.element == VF_E_F32)
        return add_vector_f32(array, index, limits);
    if (index >= 3)
        return false;
    switch (array->type.element) {
    case VF_E_F16:
    case VF_E_BF16:
        add(array, halves[index], sizeof(uint16_t) * array->type.dim);
        return true;
    case VF_E_F64:
        add(array, doubles[index], sizeof(doubles[index]));
        return true;
    case VF_E_I8:
        add(array, bytes[index], sizeof(bytes[index]));
        return true;
    case VF_E_BIT:
        add(array, bits[index], sizeof(bits[index]));
        return true;
    case VF_E_F32:
    case VF_E_NONE:
        break;
    }
    return false;
}

/* dim, count, indexes, values: little-endian, as the tests' machines are. */
static bool add_sparse(struct vf_array *array, size_t index)
{
    static const uint32_t none[] = {7, 0};
    static const uint32_t two[] = {7, 2, 0, 6, 0x3fc00000, 0xc0a00000};
    if (index == 0)
        add(array, none, sizeof(none));
    else if (index == 1)
        add(array, two, sizeof(two));
    return index < 2;
}

bool conf_sample(struct vf_array *array, size_t index, const struct vf_limits *limits, const struct conf_quirks *quirks,
                 const struct conf_quirks *other)
{
    static const char *const inets[] = {"10.0.0.1/8", "::1", "192.168.0.1"};
    static const char *const labels[] = {"sad", "it's", "\xF0\x9F\x98\x80"};
    switch (array->type.kind) {
    case VF_K_BOOL:
        if (index < 2)
            CONF_OK(vf_array_add_bool(array, index == 1, &err));
        return index < 2;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        return add_integer(array, index);
    case VF_K_F32:
    case VF_K_F64:
        return add_float(array, index, quirks->no_nan || other->no_nan, quirks->no_minus_zero || other->no_minus_zero);
    case VF_K_DECIMAL:
        return add_decimal(array, index, quirks->no_nan || other->no_nan);
    case VF_K_TEXT:
        return add_string(array, index, limits);
    case VF_K_BLOB:
        return add_blob(array, index);
    case VF_K_UUID:
        return add_uuid(array, index);
    case VF_K_DATE:
        return add_date(array, index, limits);
    case VF_K_TIME:
        return add_time(array, index);
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return add_timestamp(array, index, limits);
    case VF_K_INTERVAL:
        return add_interval(array, index);
    case VF_K_JSON:
        return add_json(array, index, quirks->jsonb || other->jsonb);
    case VF_K_ENUM:
        return ADD_TEXT(array, labels, index);
    case VF_K_ARRAY:
        return add_array(array, index, quirks->no_array_bounds || other->no_array_bounds);
    case VF_K_OTHER:
        return ADD_TEXT(array, inets, index);
    case VF_K_VECTOR:
        return add_vector(array, index, limits);
    case VF_K_SPARSE:
        return add_sparse(array, index);
    case VF_KIND_COUNT:
        break;
    }
    return false;
}
