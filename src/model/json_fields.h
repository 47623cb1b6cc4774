/*
 * Structs of the model as JSON objects, by a table of their fields.
 *
 * One table serves the writer and the reader, so that what is written is what is read. Private to the model room: model/schema_json.h is what others use.
 */
#ifndef VF_MODEL_JSON_FIELDS_H
#define VF_MODEL_JSON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"

enum vf_json_kind {
    VF_JSON_TEXT,    /* const char *; NULL is null */
    VF_JSON_BOOL,    /* bool */
    VF_JSON_INT,     /* int */
    VF_JSON_I64,     /* int64_t */
    VF_JSON_U32,     /* uint32_t */
    VF_JSON_F64,     /* double; what isn't finite is the string "inf", "-inf" or "nan" */
    VF_JSON_WORD,    /* an enum, as one of `words` */
    VF_JSON_TYPE,    /* struct vf_type, as vf_type_format() writes it */
    VF_JSON_STRUCT,  /* a struct within the struct, of `shape` */
    VF_JSON_STRUCTS, /* pointer to an array of structs of `shape` */
    VF_JSON_TEXTS,   /* const char **: an array of texts, none of them NULL */
    VF_JSON_INTS,    /* int *: an array of numbers */
};

/* The words of an enum, from 0 on: a list, or a function where another file has them. */
struct vf_json_words {
    unsigned n_words;
    const char *const *words;
    const char *(*word)(unsigned value); /* NULL: `words` has them */
};

struct vf_json_field {
    const char *name;
    enum vf_json_kind kind;
    bool required;    /* reading fails without it */
    bool is_evidence; /* only written when evidence is wanted */
    bool is_sparse;   /* STRUCT, STRUCTS, TEXT, BOOL: left out when nothing is set in it, there is none, it is false */
    size_t offset;
    size_t
        count_offset; /* arrays: of the size_t that counts the elements; two arrays may share one and are then of one length */
    const struct vf_json_shape *shape;
    const struct vf_json_words *words;
};

struct vf_json_shape {
    size_t size_bytes;
    size_t n_fields;
    const struct vf_json_field *fields;
    void (*prepare)(void *object); /* defaults that aren't zero, set before the fields are read; may be NULL */
};

/* Append the object. Failures are the buffer's. */
void vf_json_write_object(const void *object, const struct vf_json_shape *shape, bool with_evidence,
                          struct vf_buf *out);

/*
 * Fill `object` (shape->size_bytes, cleared first); texts and arrays are put into the arena. Fields that the shape doesn't have are ignored, absent ones (and
 * null) stay as they are. VF_USAGE names the place: "columns[2]: \"type\" isn't known: 'i65'".
 */
enum vf_status vf_json_read_object(const json_t *json, const struct vf_json_shape *shape, struct vf_arena *arena,
                                   void *object, struct vf_error *err) VF_CHECKED;

#endif
