/*
 * Neutral types: what a value is, whatever database it lies in.
 *
 * Each kind has one layout in a batch (vf_type_layout) and one canonical encoding for digests (model/canon.h). What an engine calls the type, and how it
 * stores it when the type alone doesn't say (a timestamp as epoch seconds, a vector as JSON text), are the `native` name and the `form` of a field.
 *
 * | kind        | value in the batch                                                                                         |
 * | ----------- | ---------------------------------------------------------------------------------------------------------- |
 * | BOOL        | one bit, LSB first (Arrow)                                                                                  |
 * | I8..I64     | two's complement, host order                                                                                |
 * | F32, F64    | IEEE 754                                                                                                    |
 * | DECIMAL     | text: optional "-", digits, optional "." and digits; scale kept ("1.50"); or NaN, Infinity, -Infinity        |
 * | TEXT        | bytes; UTF-8 unless the source broke the rule, which the check stage finds                                   |
 * | BLOB        | bytes                                                                                                       |
 * | UUID        | 16 bytes, in the order of the text                                                                          |
 * | DATE        | int32, days since 1970-01-01 (proleptic Gregorian); INT32_MAX and INT32_MIN are infinity and -infinity       |
 * | TIME        | int64, microseconds since midnight, 0..86400000000 (24:00 is allowed)                                       |
 * | TIMESTAMP   | int64, microseconds since 2000-01-01 00:00; INT64_MAX and INT64_MIN are infinity and -infinity               |
 * | TIMESTAMPTZ | the same, in UTC                                                                                            |
 * | INTERVAL    | struct vf_interval; all fields at their maximum (minimum) are infinity (-infinity)                           |
 * | JSON        | the text, byte for byte; with `normal`, which is written "jsonb", in the one writing of model/json_normal.h |
 * | ENUM        | the label                                                                                                   |
 * | ARRAY       | JSON text in one canonical writing (model/array_text.h), elements of `element_kind`                          |
 * | OTHER       | the value's exact text in the syntax of the engine that it came from; `native` names the type                |
 * | VECTOR      | `dim` elements of `element`, little-endian, bits MSB first; dim 0: the dimension varies, bytes of any length |
 * | SPARSE      | bytes: u32 dim, u32 n, u32 index[n] (0-based, ascending), f32 value[n] (no zeros), little-endian             |
 *
 * The epoch of timestamps is that of PostgreSQL, because its range (4713 BC to 294276 AD) doesn't fit into 64 bits from 1970.
 */
#ifndef VF_MODEL_TYPE_H
#define VF_MODEL_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/element.h"

/* X(name, text) */
#define VF_KIND_LIST(X)                                                                                                \
    X(BOOL, "bool")                                                                                                    \
    X(I8, "i8")                                                                                                        \
    X(I16, "i16")                                                                                                      \
    X(I32, "i32")                                                                                                      \
    X(I64, "i64")                                                                                                      \
    X(F32, "f32")                                                                                                      \
    X(F64, "f64")                                                                                                      \
    X(DECIMAL, "decimal")                                                                                              \
    X(TEXT, "text")                                                                                                    \
    X(BLOB, "blob")                                                                                                    \
    X(UUID, "uuid")                                                                                                    \
    X(DATE, "date")                                                                                                    \
    X(TIME, "time")                                                                                                    \
    X(TIMESTAMP, "timestamp")                                                                                          \
    X(TIMESTAMPTZ, "timestamptz")                                                                                      \
    X(INTERVAL, "interval")                                                                                            \
    X(JSON, "json")                                                                                                    \
    X(ENUM, "enum")                                                                                                    \
    X(ARRAY, "array")                                                                                                  \
    X(OTHER, "other")                                                                                                  \
    X(VECTOR, "vector")                                                                                                \
    X(SPARSE, "sparse")

enum vf_kind {
#define VF_KIND_ENUM(name, text) VF_K_##name,
    VF_KIND_LIST(VF_KIND_ENUM)
#undef VF_KIND_ENUM
        VF_KIND_COUNT
};

struct vf_type {
    enum vf_kind kind;
    enum vf_kind element_kind; /* ARRAY: kind of the elements */
    enum vf_element element;   /* VECTOR: kind of the elements; SPARSE: always f32 */
    uint32_t dim;              /* VECTOR, SPARSE: number of elements, 0 when it varies */
    /* JSON: what the text means is kept, not how it is written. DECIMAL, of what a view computes: the number alone. */
    bool normal;
};

struct vf_interval {
    int32_t months;
    int32_t days;
    int64_t microseconds;
};

enum vf_layout {
    VF_LAYOUT_BITS,     /* BOOL */
    VF_LAYOUT_FIXED,    /* vf_type_width() bytes a value */
    VF_LAYOUT_VARIABLE, /* offsets and bytes */
};

#define VF_DATE_INFINITY            INT32_MAX
#define VF_DATE_MINUS_INFINITY      INT32_MIN
#define VF_TIMESTAMP_INFINITY       INT64_MAX
#define VF_TIMESTAMP_MINUS_INFINITY INT64_MIN
/* Microseconds from 1970-01-01 to 2000-01-01. */
#define VF_EPOCH_2000_US INT64_C(946684800000000)

const char *vf_kind_name(enum vf_kind kind);
bool vf_kind_parse(const char *name, enum vf_kind *kind);

enum vf_layout vf_type_layout(struct vf_type type);
/* Bytes of one value with VF_LAYOUT_FIXED; 0 otherwise. */
size_t vf_type_width(struct vf_type type);
bool vf_type_equal(struct vf_type a, struct vf_type b);
/* A text such as "i64", "jsonb", "vector(f32,384)", "array(text)"; `out` has room for 48 bytes. Returns `out`. vf_type_parse() reads it back. */
char *vf_type_format(struct vf_type type, char out[48]);
bool vf_type_parse(const char *text, struct vf_type *type);

/*
 * How a value lies in a database when its native type doesn't say. The name is what `as:` in the plan file takes.
 * X(name, text, meaning)
 */
#define VF_FORM_LIST(X)                                                                                                \
    X(NATIVE, "native", "the type of the database for it")                                                             \
    X(TEXT, "text", "its exact text")                                                                                  \
    X(INTEGER, "integer", "a whole number; bool: 0 or 1")                                                              \
    X(EPOCH_S, "epoch_s", "whole seconds since 1970 UTC")                                                              \
    X(EPOCH_MS, "epoch_ms", "milliseconds since 1970 UTC")                                                             \
    X(EPOCH_US, "epoch_us", "microseconds since 1970 UTC")                                                             \
    X(JULIAN, "julian", "julian day number, a real")                                                                   \
    X(ISO, "iso", "ISO 8601 text")                                                                                     \
    X(BYTES, "bytes", "packed: uuid 16 bytes; vector little-endian elements; bits MSB first")                          \
    X(JSON, "json", "vector as a JSON array of numbers")                                                               \
    X(VEC0, "vec0", "vector in a vec0 virtual table")                                                                  \
    X(LIBSQL, "libsql", "vector as libSQL's F32_BLOB and its sisters")                                                 \
    X(LIST, "list", "vector as an array of the database")

enum vf_form {
#define VF_FORM_ENUM(name, text, meaning) VF_FORM_##name,
    VF_FORM_LIST(VF_FORM_ENUM)
#undef VF_FORM_ENUM
        VF_FORM_COUNT
};

const char *vf_form_name(enum vf_form form);
bool vf_form_parse(const char *name, enum vf_form *form);
const char *vf_form_meaning(enum vf_form form);

#endif
