/*
 * Values between the neutral batch and the wire of binary COPY.
 *
 * A codec says how one column goes over the wire: made from the column's type in the database (not from what a plan calls it) and the field that is wanted. All numbers are big-endian on the
 * wire; dates and timestamps count from 2000-01-01. A column whose type has no codec goes as text, by a cast in the statement (`as_text`).
 *
 * A value that can't be held is VF_VALUE: the row is to be rejected. Numbers that the column would round (numeric's scale, a timestamp's precision) are refused here, because the server
 * rounds them in silence.
 */
#ifndef VF_ENGINE_POSTGRES_CODEC_H
#define VF_ENGINE_POSTGRES_CODEC_H

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/postgres/oids.h"
#include "model/batch.h"

#define VF_PG_EPOCH_DAYS 10957 /* from 1970-01-01 to 2000-01-01 */

struct vf_pg_codec {
    enum vf_pg_wire wire;
    bool as_text; /* selected as text; loaded by way of a staging table */
    bool is_inet;
    struct vf_type type;
    enum vf_form form;
    int32_t typmod;
    uint32_t element_oid; /* VF_PG_ARRAY */
    enum vf_pg_wire element_wire;
    enum vf_kind element_kind;
    const struct vf_pg_type *native;
};

/* VF_MISSING: values of that type can't become (or be made from) the field's. */
enum vf_status vf_pg_codec_make(const struct vf_pg_types *types, uint32_t oid, int32_t typmod,
                                const struct vf_field *field, struct vf_pg_codec *codec,
                                struct vf_error *err) VF_CHECKED;

/* One value that isn't NULL, from the wire into the array. `scratch` is reused. On VF_VALUE nothing was appended. */
enum vf_status vf_pg_decode(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                            struct vf_array *array, struct vf_buf *scratch, struct vf_error *err) VF_CHECKED;
/* One value that isn't NULL, appended with its length in front. On VF_VALUE `out` is as it was. */
enum vf_status vf_pg_encode(const struct vf_pg_codec *codec, const struct vf_array *array, int64_t row,
                            struct vf_buf *out, struct vf_buf *scratch, struct vf_error *err) VF_CHECKED;

/* numeric: base-10000 digits, and text with the scale kept. false: not a numeric, or not a decimal that numeric holds. */
bool vf_pg_numeric_to_text(const uint8_t *bytes, size_t size_bytes, struct vf_buf *out);
bool vf_pg_numeric_from_text(const char *text, size_t size_bytes, struct vf_buf *out);
/* Does numeric of that typmod hold it without rounding? */
bool vf_pg_numeric_is_exact(const char *text, size_t size_bytes, int32_t typmod);

/* An element of an array as neutral text, and back (without length). */
bool vf_pg_element_to_text(enum vf_pg_wire wire, enum vf_kind kind, const uint8_t *bytes, size_t size_bytes,
                           struct vf_buf *out);
bool vf_pg_element_from_text(enum vf_pg_wire wire, enum vf_kind kind, const char *text, size_t size_bytes,
                             struct vf_buf *out);
/* Arrays: the wire's form, and the neutral JSON text. */
enum vf_status vf_pg_array_to_text(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                   struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_array_from_text(const struct vf_pg_codec *codec, const char *text, size_t size_bytes,
                                     struct vf_buf *out, struct vf_error *err) VF_CHECKED;
/* A vector that is kept as an array: one dimension, no NULLs; elements of 2, 4 or 8 bytes. */
enum vf_status vf_pg_list_decode(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                 struct vf_array *array, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_list_encode(const struct vf_pg_codec *codec, const void *values, size_t dim, struct vf_buf *out,
                                 struct vf_error *err) VF_CHECKED;

/* A value as PostgreSQL's own text, to be quoted: for keys in look-ups. VF_MISSING: not of this kind. */
enum vf_status vf_pg_literal(const struct vf_array *array, int64_t row, struct vf_buf *out,
                             struct vf_error *err) VF_CHECKED;

static inline uint16_t vf_pg_be16(const uint8_t *bytes)
{
    return (uint16_t)((unsigned)bytes[0] << 8 | bytes[1]);
}

static inline uint32_t vf_pg_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint64_t vf_pg_be64(const uint8_t *bytes)
{
    return (uint64_t)vf_pg_be32(bytes) << 32 | vf_pg_be32(bytes + 4);
}

#endif
