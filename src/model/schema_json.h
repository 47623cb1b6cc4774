/*
 * Objects of a schema as JSON texts, and back.
 *
 * Used for `inspect --json`, and for the memory that a target keeps in its table vecferry_schema: what the target can't declare (a numeric's precision, an
 * enum's labels, an identity's kind) is remembered there, so that the way back gives the same schema. Every field of the structs of schema.h is written, but
 * for the arena and the evidence (which `with_evidence` adds); unknown fields are ignored when read, absent ones are zero (primary_key,
 * n_rows and size_bytes: -1), so that older and newer programs read each other's memory. Names are those of the structs, but `def` is "default"; enums are
 * lower-case words, a type is its text, e.g. "vector(f32,384)".
 */
#ifndef VF_MODEL_SCHEMA_JSON_H
#define VF_MODEL_SCHEMA_JSON_H

#include "base/buf.h"
#include "model/schema.h"

/* Append one JSON object. Failures are the buffer's. */
void vf_table_to_json(const struct vf_table *table, bool with_evidence, struct vf_buf *out);
void vf_user_type_to_json(const struct vf_user_type *type, struct vf_buf *out);
void vf_sequence_to_json(const struct vf_sequence *sequence, struct vf_buf *out);
/* The whole schema: {"tables": [...], "user_types": [...], "sequences": [...], "others": [...]}. */
void vf_schema_to_json(const struct vf_schema *schema, bool with_evidence, struct vf_buf *out);

/* Read one object into the arena of `schema`; not added to its lists. VF_USAGE: not such an object (the message says where). */
enum vf_status vf_table_from_json(const char *text, struct vf_schema *schema, struct vf_table *table,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_user_type_from_json(const char *text, struct vf_schema *schema, struct vf_user_type *type,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_sequence_from_json(const char *text, struct vf_schema *schema, struct vf_sequence *sequence,
                                     struct vf_error *err) VF_CHECKED;

#endif
