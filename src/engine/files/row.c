#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "engine/files/conn.h"
#include "engine/files/value.h"

/*
 * A row's file ends with these two lines, and the checksum is the SHA-256 of all bytes in front of them:
 *
 *   "$checksum": "sha256:<64 hexadecimal digits>"
 * }
 */
static const char checksum_begin[] = "  \"$checksum\": \"sha256:";
static const char checksum_end[] = "\"\n}\n";
#define HASH_BYTES 64
#define TAIL_BYTES (sizeof(checksum_begin) - 1 + HASH_BYTES + sizeof(checksum_end) - 1)

/* A column whose name begins with "$" gets one more, so that it isn't taken for a member of ours. */
void vf_files_row_name(const char *name, struct vf_buf *out)
{
    struct vf_buf member;
    if (name[0] != '$') {
        vf_buf_json_string(out, name, strlen(name));
        return;
    }
    vf_buf_init(&member, VF_BUF_MAX);
    vf_buf_char(&member, '$');
    vf_buf_str(&member, name);
    if (vf_buf_check(&member, NULL) == VF_OK)
        vf_buf_json_string(out, member.data, member.size_bytes);
    else
        out->status = member.status;
    vf_buf_release(&member);
}

void vf_files_row_write(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                        struct vf_buf *scratch, struct vf_buf *out)
{
    char hash[HASH_BYTES + 1];
    vf_buf_str(out, "{\n");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(out, "  ");
        vf_files_row_name(relation->fields[i].name, out);
        vf_buf_str(out, ": ");
        vf_files_value_write(&batch->columns[i], row, 1, scratch, out);
        vf_buf_str(out, ",\n");
    }
    if (vf_buf_check(out, NULL) != VF_OK)
        return;
    if (vf_sha256_hex(out->data, out->size_bytes, hash))
        vf_buf_printf(out, "%s%s%s", checksum_begin, hash, checksum_end);
    else
        out->status = VF_INTERNAL;
}

const char *vf_files_row_check(const struct vf_buf *text, char why[256])
{
    char hash[HASH_BYTES + 1];
    size_t head_bytes = text->size_bytes >= TAIL_BYTES ? text->size_bytes - TAIL_BYTES : 0;
    const char *tail = text->data + head_bytes;
    if (text->size_bytes < TAIL_BYTES || memcmp(tail, checksum_begin, sizeof(checksum_begin) - 1) != 0 ||
        memcmp(tail + TAIL_BYTES - sizeof(checksum_end) + 1, checksum_end, sizeof(checksum_end) - 1) != 0)
        return "the file was changed: it doesn't end with its checksum";
    if (!vf_sha256_hex(text->data, head_bytes, hash))
        return "the checksum can't be computed";
    const char *said = tail + sizeof(checksum_begin) - 1;
    if (memcmp(said, hash, HASH_BYTES) == 0)
        return NULL;
    snprintf(why, 256, "the file was changed: its checksum says sha256:%.12s..., and its content has sha256:%.12s...",
             said, hash);
    return why;
}

int vf_files_row_column(const struct vf_table *def, const struct vf_json_item *item, size_t hint,
                        struct vf_buf *scratch)
{
    vf_buf_clear(scratch);
    vf_buf_str(scratch, "");
    if (!vf_json_text_string(item->name, item->name_bytes, scratch) || vf_buf_check(scratch, NULL) != VF_OK)
        return -1;
    const char *name = scratch->data;
    size_t name_bytes = scratch->size_bytes;
    if (name_bytes > 0 && name[0] == '$') {
        if (name_bytes < 2 || name[1] != '$')
            return -1;
        name++;
        name_bytes--;
    }
    for (size_t i = 0; i < def->n_columns; i++) {
        size_t column = (hint + i) % def->n_columns;
        if (strlen(def->columns[column].name) == name_bytes && memcmp(def->columns[column].name, name, name_bytes) == 0)
            return (int)column;
    }
    return -1;
}
