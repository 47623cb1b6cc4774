/*
 * Values as JSON, exactly: what is written here is read back to the same bytes of a batch.
 */
#ifndef VF_ENGINE_FILES_VALUE_H
#define VF_ENGINE_FILES_VALUE_H

#include "engine/files/files.h"

/* Append the value; objects and arrays are laid out over lines, `level` is that of the line. */
void vf_files_value_write(const struct vf_array *array, int64_t row, unsigned level, struct vf_buf *scratch,
                          struct vf_buf *out);

/*
 * Append a value (a checked JSON text) to the array. VF_VALUE: it isn't one of the array's type; *why says so, and nothing was appended. Other failures are real ones.
 */
enum vf_status vf_files_value_read(const char *text, size_t size_bytes, struct vf_array *array, struct vf_buf *scratch,
                                   const char **why, struct vf_error *err) VF_CHECKED;

/* Append what a key's value is called in a path: the text of a string, else the JSON. The value isn't NULL. */
void vf_files_value_key(const struct vf_array *array, int64_t row, struct vf_buf *scratch, struct vf_buf *out);

#endif
