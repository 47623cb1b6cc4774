/*
 * Names of files: from keys and tables to paths that stay in the folder, and are different for different keys on every system.
 *
 * A name keeps a-z, 0-9, "_", "-", and "." but at its ends. Every other byte is %xx, as in a URL: capitals too, because "A" and "a" are one file on many systems, and all that isn't ASCII,
 * because some systems rewrite it. The empty name is "%". A name that would be too long for a file is cut and ends with "%~" and the SHA-256 of the whole. So "../x" is "%2e./x" with
 * the slash as %2f, and no name is "." or "..". All but the cut ones can be turned back.
 */
#ifndef VF_ENGINE_FILES_PATH_H
#define VF_ENGINE_FILES_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define VF_FILES_MAX_NAME_BYTES 255

/* Append the name; it has at most max_bytes (at least 100). */
void vf_files_escape(const char *text, size_t size_bytes, size_t max_bytes, struct vf_buf *out);
/* false: the name was cut, or wasn't made by vf_files_escape() in its one writing. */
bool vf_files_unescape(const char *name, size_t size_bytes, struct vf_buf *out);

/*
 * A pattern such as "{table}/{key}.json", relative to the folder: {key} stands once for the escaped key, {table} at most once for the escaped table, and before it. VF_USAGE: anything else,
 * names that begin with a point, "..", and what would be a path within .vecferry.
 */
#define VF_FILES_PATTERN "{table}/{key}.json"
enum vf_status vf_files_pattern_check(const char *pattern, struct vf_error *err) VF_CHECKED;
bool vf_files_pattern_has_table(const char *pattern);

/* The pattern of one table, taken apart: FOLDER/BEFORE key AFTER/REST, e.g. "agents", "", "", "identity.json". */
struct vf_files_place {
    char *folder; /* "" when the rows lie in the folder itself */
    char *before, *after;
    char *rest; /* "" when the key is in the file's own name */
};
enum vf_status vf_files_place_make(const char *pattern, const char *table, struct vf_files_place *place,
                                   struct vf_error *err) VF_CHECKED;
void vf_files_place_release(struct vf_files_place *place);
size_t vf_files_place_key_bytes(const struct vf_files_place *place); /* the longest key in a name */
/* Append the path of a row, given its escaped key. */
void vf_files_place_path(const struct vf_files_place *place, const char *key, struct vf_buf *out);

#endif
