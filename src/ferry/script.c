#include "ferry/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_SCRIPT_BYTES ((size_t)1 << 20)

/* Up to `max_bytes` of a file. false: it can't be read. */
static bool read_start(const char *path, size_t max_bytes, struct vf_buf *out)
{
    char part[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : 1;

    while (n > 0 && out->size_bytes < max_bytes) {
        n = read(fd, part, sizeof(part));
        if (n > 0)
            vf_buf_add(out, part, (size_t)n);
    }
    if (fd >= 0)
        close(fd);
    return n >= 0 && vf_buf_check(out, NULL) == VF_OK;
}

bool vf_script_is_ours(const char *path)
{
    struct vf_buf text;

    vf_buf_init(&text, MAX_SCRIPT_BYTES * 2);
    bool is_ours = read_start(path, 1, &text) && text.size_bytes >= strlen(VF_INDEX_SCRIPT_MARK) &&
                   memcmp(text.data, VF_INDEX_SCRIPT_MARK, strlen(VF_INDEX_SCRIPT_MARK)) == 0;
    vf_buf_release(&text);
    return is_ours;
}

/* What the script should say, and where it lies. */
static enum vf_status make(struct vf_crossing *crossing, const struct vf_plan_table *table,
                           const struct vf_index *index, struct vf_arena *arena, struct vf_buf *text, const char **path,
                           struct vf_error *err)
{
    const char *database_path = crossing->target_url->path;
    struct vf_vector_relation relation;

    if (database_path == NULL || index->vector.file == NULL ||
        !vf_vector_relation_init(&relation, &table->to, (size_t)index->parts[0].column))
        return vf_error_set(err, VF_INTERNAL, "index \"%s\" of the plan can't be built by a session", index->name);
    *path = vf_sidecar_path(database_path, index->vector.file, arena);
    if (*path == NULL)
        return vf_error_nomem(err);
    return vf_conn_index_script(crossing->target, &relation.relation, &table->target, index, text, err);
}

static enum vf_status look(const char *path, const struct vf_buf *wanted, struct vf_arena *arena,
                           enum vf_sidecar_state *state, const char **why, struct vf_error *err)
{
    struct vf_buf found;

    *state = VF_SIDECAR_MISSING;
    *why = vf_arena_printf(arena, "there is no \"%s\"", path);
    if (vf_sidecar_is_there(path)) {
        vf_buf_init(&found, MAX_SCRIPT_BYTES * 2);
        bool is_same = read_start(path, MAX_SCRIPT_BYTES, &found) && found.size_bytes == wanted->size_bytes &&
                       memcmp(found.data, wanted->data, wanted->size_bytes) == 0;
        vf_buf_release(&found);
        *state = is_same ? VF_SIDECAR_FRESH : VF_SIDECAR_FOREIGN;
        *why = is_same ? NULL : vf_arena_printf(arena, "\"%s\" isn't the script that the plan wants", path);
    }
    return *state != VF_SIDECAR_FRESH && *why == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_script_check(struct vf_crossing *crossing, const struct vf_plan_table *table,
                               const struct vf_index *index, struct vf_arena *arena, enum vf_sidecar_state *state,
                               const char **why, struct vf_error *err)
{
    struct vf_buf text;
    const char *path;

    vf_buf_init(&text, MAX_SCRIPT_BYTES);
    enum vf_status status = make(crossing, table, index, arena, &text, &path, err);
    if (status == VF_OK)
        status = look(path, &text, arena, state, why, err);
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_script_write(struct vf_crossing *crossing, const struct vf_plan_table *table,
                               const struct vf_plan_index *index, struct vf_error *err)
{
    struct vf_arena arena = {0};
    struct vf_buf text;
    enum vf_sidecar_state state = VF_SIDECAR_MISSING;
    const char *path, *why;

    vf_buf_init(&text, MAX_SCRIPT_BYTES);
    enum vf_status status = make(crossing, table, &index->mapping.index, &arena, &text, &path, err);
    if (status == VF_OK)
        status = look(path, &text, &arena, &state, &why, err);
    if (status == VF_OK && state != VF_SIDECAR_FRESH)
        status = vf_sidecar_write_text(path, text.data, err);
    vf_buf_release(&text);
    vf_arena_release(&arena);
    return status;
}
