#include "engine/mem/db.h"

bool vf_mem_key_hash(const struct vf_mem_cell *cells, size_t n_columns, const int *columns, bool nulls_too,
                     struct vf_buf *scratch, struct vf_hash128 *hash)
{
    vf_buf_clear(scratch);
    for (size_t i = 0; i < n_columns; i++) {
        const struct vf_mem_cell *cell = &cells[columns[i]];
        if (cell->is_null && !nulls_too)
            return false;
        vf_buf_char(scratch, cell->is_null ? '\0' : '\1');
        if (cell->is_null)
            continue;
        vf_buf_be64(scratch, cell->size_bytes);
        vf_buf_add(scratch, cell->bytes, cell->size_bytes);
    }
    if (vf_buf_check(scratch, NULL) != VF_OK)
        return false;
    *hash = vf_hash128(scratch->data, scratch->size_bytes);
    return true;
}

/* The slot that holds the hash, or the empty one where it belongs. The table is never full. */
static size_t slot_of(const struct vf_mem_set *set, struct vf_hash128 hash)
{
    size_t slot = (size_t)hash.low & (set->n_slots - 1);
    while (set->rows[slot] != NULL && !vf_hash128_equal(set->hashes[slot], hash))
        slot = (slot + 1) & (set->n_slots - 1);
    return slot;
}

static enum vf_status set_grow(struct vf_mem_set *set, struct vf_error *err)
{
    struct vf_mem_set larger = {.n_rows = set->n_rows, .n_slots = set->n_slots == 0 ? 64 : set->n_slots * 2};
    larger.hashes = vf_calloc(larger.n_slots, sizeof(*larger.hashes));
    larger.rows = vf_calloc(larger.n_slots, sizeof(*larger.rows));
    if (larger.hashes == NULL || larger.rows == NULL) {
        vf_mem_set_release(&larger);
        return vf_error_nomem(err);
    }
    for (size_t i = 0; i < set->n_slots; i++) {
        if (set->rows[i] == NULL)
            continue;
        size_t slot = slot_of(&larger, set->hashes[i]);
        larger.hashes[slot] = set->hashes[i];
        larger.rows[slot] = set->rows[i];
    }
    vf_mem_set_release(set);
    *set = larger;
    return VF_OK;
}

enum vf_status vf_mem_set_add(struct vf_mem_set *set, struct vf_hash128 hash, struct vf_mem_row *row,
                              struct vf_error *err)
{
    if (set->n_rows * 2 >= set->n_slots) {
        enum vf_status status = set_grow(set, err);
        if (status != VF_OK)
            return status;
    }
    size_t slot = slot_of(set, hash);
    if (set->rows[slot] == NULL) {
        set->hashes[slot] = hash;
        set->rows[slot] = row;
        set->n_rows++;
    }
    return VF_OK;
}

struct vf_mem_row *vf_mem_set_find(const struct vf_mem_set *set, struct vf_hash128 hash)
{
    return set->n_slots == 0 ? NULL : set->rows[slot_of(set, hash)];
}

void vf_mem_set_release(struct vf_mem_set *set)
{
    vf_free(set->hashes);
    vf_free(set->rows);
    *set = (struct vf_mem_set){0};
}

enum vf_status vf_mem_set_fill(struct vf_mem_set *set, const struct vf_mem_table *table, size_t n_columns,
                               const int *columns, bool nulls_too, const struct vf_mem_row **duplicate,
                               struct vf_error *err)
{
    struct vf_buf scratch;
    enum vf_status status = VF_OK;
    vf_buf_init(&scratch, VF_BUF_MAX);
    vf_mem_set_release(set);
    for (size_t i = 0; status == VF_OK && i < table->n_rows; i++) {
        struct vf_hash128 hash;
        if (!vf_mem_key_hash(table->rows[i]->cells, n_columns, columns, nulls_too, &scratch, &hash)) {
            status = vf_buf_check(&scratch, err);
            continue;
        }
        if (duplicate != NULL && *duplicate == NULL && vf_mem_set_find(set, hash) != NULL)
            *duplicate = table->rows[i];
        status = vf_mem_set_add(set, hash, table->rows[i], err);
    }
    vf_buf_release(&scratch);
    return status;
}

static enum vf_status unique_find(struct vf_mem_table *table, struct vf_mem_unique *unique,
                                  const struct vf_mem_cell *cells, struct vf_buf *scratch,
                                  const struct vf_mem_row **other, struct vf_error *err)
{
    struct vf_hash128 hash;
    if (unique->stale) {
        enum vf_status status = vf_mem_set_fill(&unique->set, table, unique->n_columns, unique->columns,
                                                unique->nulls_not_distinct, NULL, err);
        if (status != VF_OK)
            return status;
        unique->stale = false;
    }
    if (!vf_mem_key_hash(cells, unique->n_columns, unique->columns, unique->nulls_not_distinct, scratch, &hash))
        return vf_buf_check(scratch, err);
    *other = vf_mem_set_find(&unique->set, hash);
    return VF_OK;
}

enum vf_status vf_mem_table_conflict(struct vf_mem_table *table, const struct vf_mem_cell *cells,
                                     const struct vf_mem_row **other, const struct vf_mem_unique **unique,
                                     struct vf_error *err)
{
    struct vf_buf scratch;
    enum vf_status status = VF_OK;
    *other = NULL;
    vf_buf_init(&scratch, VF_BUF_MAX);
    for (size_t i = 0; status == VF_OK && *other == NULL && i < table->n_uniques; i++) {
        *unique = &table->uniques[i];
        status = unique_find(table, &table->uniques[i], cells, &scratch, other, err);
    }
    vf_buf_release(&scratch);
    return status;
}
