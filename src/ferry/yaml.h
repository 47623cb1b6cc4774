/*
 * YAML, read and written.
 *
 * Reading YAML with the line and column of everything: a thin layer over libyaml's documents.
 *
 * Keys are checked against a table: an unknown one is an error with its place and the nearest known key. Aliases are refused (a small file could otherwise become a huge plan), and so are
 * duplicate keys and documents above the size limit.
 */
#ifndef VF_FERRY_YAML_H
#define VF_FERRY_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"

struct vf_yaml {
    const char *file; /* for messages */
    yaml_document_t document;
    bool is_loaded;
    struct vf_arena *arena; /* where texts are copied to */
    struct vf_error *err;
};

/* VF_USAGE: not YAML, with file, line and column. Close in any case. */
enum vf_status vf_yaml_open(struct vf_yaml *yaml, const char *file, const char *text, size_t size_bytes,
                            struct vf_arena *arena, struct vf_error *err) VF_CHECKED;
void vf_yaml_close(struct vf_yaml *yaml);

/* "file:line:column: message", VF_USAGE. */
enum vf_status vf_yaml_fail(struct vf_yaml *yaml, const yaml_node_t *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The node must be a mapping and every key one of `keys` (NULL-terminated). */
enum vf_status vf_yaml_check_keys(struct vf_yaml *yaml, yaml_node_t *mapping, const char *what,
                                  const char *const *keys) VF_CHECKED;
/* Value of a key, or NULL when it isn't there. */
yaml_node_t *vf_yaml_get(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key);
/* The text of a key's scalar, copied into the arena; *text NULL when it isn't there (an error when `required`). */
enum vf_status vf_yaml_text(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool required,
                            const char **text) VF_CHECKED;
/* The texts of a key's list; *n 0 when it isn't there (an error when `required`). */
enum vf_status vf_yaml_texts(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool required,
                             const char ***texts, size_t *n) VF_CHECKED;
/* true or false; *value is left when it isn't there. */
enum vf_status vf_yaml_bool(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool *value) VF_CHECKED;
enum vf_status vf_yaml_number(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, uint32_t *value) VF_CHECKED;
/* Item `i` of a sequence, NULL behind its end. The number of items of a key's sequence; 0 when it isn't there; VF_USAGE when it is something else. */
yaml_node_t *vf_yaml_item(struct vf_yaml *yaml, yaml_node_t *sequence, size_t i);
enum vf_status vf_yaml_sequence(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, yaml_node_t **sequence,
                                size_t *n) VF_CHECKED;

/*
 * Writing. A text comes out so that every YAML reader gives the same text back: as it is where that is safe also inside a flow map, else in double quotes with everything escaped that a
 * reader would take for a line break or refuse. Bytes that aren't UTF-8 become U+FFFD. Failures are the buffer's.
 */
void vf_yaml_put(struct vf_buf *out, const char *text);
/* Bytes that vf_yaml_put() writes for it. */
size_t vf_yaml_width(const char *text);
/* "  # text" on the rest of the line: whatever could end the line is shown as \xNN, and a long text is cut. */
void vf_yaml_put_comment(struct vf_buf *out, const char *text);

#endif
