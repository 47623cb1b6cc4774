#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/mem/db.h"

void vf_mem_snapshot_free(struct vf_mem_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_tables; i++) {
        for (size_t k = 0; k < snapshot->tables[i].n_rows; k++)
            vf_mem_row_unref(snapshot->tables[i].rows[k]);
        vf_free(snapshot->tables[i].rows);
    }
    vf_free(snapshot->tables);
    vf_free(snapshot);
}

static enum vf_status take_table(const struct vf_mem_table *table, struct vf_mem_snapshot_table *copy,
                                 struct vf_error *err)
{
    copy->table = table;
    copy->rows = vf_calloc(table->n_rows + 1, sizeof(struct vf_mem_row *));
    if (copy->rows == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->n_rows; i++) {
        if (table->rows[i]->writer != NULL)
            continue;
        table->rows[i]->n_references++;
        copy->rows[copy->n_rows++] = table->rows[i];
    }
    return VF_OK;
}

static enum vf_status snapshot_make(struct vf_mem_db *db, struct vf_mem_snapshot **snapshot, struct vf_error *err)
{
    size_t n_tables = 0;
    for (const struct vf_mem_table *table = db->tables; table != NULL; table = table->next)
        n_tables++;
    struct vf_mem_snapshot *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->n_references = 1;
    made->tables = vf_calloc(n_tables + 1, sizeof(*made->tables));
    enum vf_status status = made->tables == NULL ? vf_error_nomem(err) : VF_OK;
    for (const struct vf_mem_table *table = db->tables; status == VF_OK && table != NULL; table = table->next)
        status = take_table(table, &made->tables[made->n_tables++], err);
    if (status != VF_OK) {
        vf_mem_snapshot_free(made);
        return status;
    }
    made->number = ++db->next_snapshot;
    made->next = db->snapshots;
    db->snapshots = made;
    *snapshot = made;
    return VF_OK;
}

static enum vf_status check_none(const struct vf_mem_conn *mem, struct vf_error *err)
{
    if (mem->snapshot != NULL)
        return vf_error_set(err, VF_INTERNAL, "a snapshot is open already");
    return VF_OK;
}

enum vf_status vf_mem_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    enum vf_status status = check_none(mem, err);
    if (status != VF_OK)
        return status;
    vf_mem_lock(mem->db);
    status = snapshot_make(mem->db, &mem->snapshot, err);
    vf_mem_unlock(mem->db);
    if (status == VF_OK && token != NULL)
        snprintf(token, token_bytes, "%lld", (long long)mem->snapshot->number);
    return status;
}

enum vf_status vf_mem_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    int64_t number = 0;
    enum vf_status status = check_none(mem, err);
    if (status != VF_OK)
        return status;
    bool is_number = vf_parse_i64(token, strlen(token), &number);
    vf_mem_lock(mem->db);
    struct vf_mem_snapshot *snapshot = is_number ? mem->db->snapshots : NULL;
    while (snapshot != NULL && snapshot->number != number)
        snapshot = snapshot->next;
    if (snapshot != NULL) {
        snapshot->n_references++;
        mem->snapshot = snapshot;
    }
    vf_mem_unlock(mem->db);
    return snapshot != NULL ? VF_OK : vf_error_set(err, VF_STATE, "the snapshot \"%s\" is gone", token);
}

void vf_mem_end_snapshot(struct vf_conn *conn)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_snapshot *snapshot = mem->snapshot;
    if (snapshot == NULL)
        return;
    vf_mem_lock(mem->db);
    if (--snapshot->n_references == 0) {
        struct vf_mem_snapshot **link = &mem->db->snapshots;
        while (*link != snapshot)
            link = &(*link)->next;
        *link = snapshot->next;
        vf_mem_snapshot_free(snapshot);
    }
    vf_mem_unlock(mem->db);
    mem->snapshot = NULL;
}
