#include "ferry/verify_side.h"

#include <stdlib.h>
#include <string.h>

#include "ferry/normal.h"

/* ---- excused rows ---- */

static int compare_hashes(const void *a, const void *b)
{
    const struct vf_hash128 *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return 0;
}

enum vf_status vf_verify_excuse(struct vf_verify_excused *excused, struct vf_hash128 digest, struct vf_error *err)
{
    if (excused->n_digests == excused->cap_digests) {
        size_t cap = excused->cap_digests > 0 ? excused->cap_digests * 2 : 64;
        struct vf_hash128 *digests = vf_realloc(excused->digests, cap, sizeof(*digests));
        if (digests == NULL)
            return vf_error_nomem(err);
        excused->digests = digests;
        bool *used = vf_realloc(excused->used, cap, sizeof(*used));
        if (used == NULL)
            return vf_error_nomem(err);
        excused->used = used;
        excused->cap_digests = cap;
    }
    excused->digests[excused->n_digests] = digest;
    excused->used[excused->n_digests++] = false;
    return VF_OK;
}

void vf_verify_excused_sort(struct vf_verify_excused *excused)
{
    if (excused->n_digests > 1)
        qsort(excused->digests, excused->n_digests, sizeof(*excused->digests), compare_hashes);
}

void vf_verify_excused_release(struct vf_verify_excused *excused)
{
    vf_free(excused->digests);
    vf_free(excused->used);
    *excused = (struct vf_verify_excused){0};
}

/* Is this row one that the target refused? Equal rows are excused as often as they were refused. */
static bool take_excuse(struct vf_verify_excused *excused, struct vf_hash128 digest)
{
    if (excused == NULL || excused->n_digests == 0)
        return false;
    const struct vf_hash128 *found =
        bsearch(&digest, excused->digests, excused->n_digests, sizeof(digest), compare_hashes);
    if (found == NULL)
        return false;
    size_t first = (size_t)(found - excused->digests);
    while (first > 0 && vf_hash128_equal(excused->digests[first - 1], digest))
        first--;
    for (size_t i = first; i < excused->n_digests && vf_hash128_equal(excused->digests[i], digest); i++) {
        if (!excused->used[i]) {
            excused->used[i] = true;
            return true;
        }
    }
    return false;
}

/* ---- the scan ---- */

/* The buffers of one scan. */
struct scan {
    struct vf_scan *engine;
    struct vf_batch batch;
    struct vf_check_scratch check;
    struct vf_buf canon, key;
    struct vf_hash128 *digests;
    size_t n_copied, *copied; /* the columns of which a refused row has its digest; NULL: all */
};

static void release(struct vf_conn *conn, struct scan *scan)
{
    if (scan->engine != NULL)
        vf_scan_close(conn, scan->engine);
    vf_batch_release(&scan->batch);
    vf_check_scratch_release(&scan->check);
    vf_buf_release(&scan->canon);
    vf_buf_release(&scan->key);
    vf_free(scan->digests);
    vf_free(scan->copied);
}

static enum vf_status take_rejects(struct vf_verify_side *side, const struct vf_reject_list *rejects,
                                   struct vf_error *err)
{
    enum vf_status status = VF_OK;

    if (!side->is_target) {
        side->n_rejected += (int64_t)rejects->n_rejects;
        return VF_OK;
    }
    for (size_t i = 0; i < rejects->n_rejects && status == VF_OK; i++)
        status = side->unreadable(side->context, &rejects->rejects[i], err);
    return status;
}

/* A copy doesn't read what the target computes, and digests rows without it. */
static enum vf_status list_copied(const struct vf_verify_side *side, struct scan *scan, struct vf_error *err)
{
    const struct vf_plan_table *table = side->table;
    bool excuses = side->excused != NULL && side->excused->n_digests > 0;

    if (!excuses || table->copy_from.n_fields == table->from.n_fields)
        return VF_OK;
    scan->copied = vf_alloc(table->from.n_fields, sizeof(*scan->copied));
    if (scan->copied == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->from.n_fields && scan->n_copied < table->copy_from.n_fields; i++) {
        if (strcmp(table->from.fields[i].name, table->copy_from.fields[scan->n_copied].name) == 0)
            scan->copied[scan->n_copied++] = i;
    }
    return VF_OK;
}

static bool is_refused(const struct vf_verify_side *side, struct scan *scan, int64_t row)
{
    return take_excuse(side->excused, scan->copied == NULL ? scan->digests[row]
                                                           : vf_canon_columns(&scan->batch, row, scan->n_copied,
                                                                              scan->copied, &scan->key));
}

static enum vf_status take_rows(struct vf_verify_side *side, struct scan *scan, struct vf_error *err)
{
    const struct vf_relation *from = &side->table->from;
    enum vf_status status = vf_canon_rows(&scan->batch, &scan->canon, scan->digests, err);

    for (int64_t row = 0; row < scan->batch.n_rows && status == VF_OK; row++) {
        if (is_refused(side, scan, row)) {
            side->n_rejected++;
            continue;
        }
        struct vf_verify_row seen = {
            .batch = &scan->batch, .row = row, .digest = scan->digests[row], .key = scan->digests[row]};
        if (from->n_key > 0)
            seen.key = vf_canon_columns(&scan->batch, row, from->n_key, from->key, &scan->key);
        side->n_rows++;
        status = side->row(side->context, &seen, err);
    }
    side->n_bytes += (int64_t)scan->batch.size_bytes;
    return status;
}

static enum vf_status read_batch(struct vf_verify_side *side, struct vf_conn *conn, struct scan *scan, bool *more,
                                 struct vf_error *err)
{
    struct vf_check_rules rules = {.limits = vf_conn_limits(side->crossing->target),
                                   .from = &side->table->from,
                                   .to = &side->table->to,
                                   .label = side->label,
                                   .n_changed = side->n_changed};

    vf_batch_reset(&scan->batch);
    enum vf_status status = vf_cancel_check(side->crossing->cancel, err);
    if (status == VF_OK && side->stop != NULL && atomic_load(side->stop))
        status = vf_error_set(err, VF_CANCELLED, "the other side can't be read");
    if (status == VF_OK)
        status = vf_scan_read(conn, scan->engine, &scan->batch, more, err);
    if (status == VF_OK && !side->is_target) /* the same rows as in the copy are left out */
        status = vf_check_batch(&scan->batch, &rules, &scan->check, err);
    else if (status == VF_OK)
        status = vf_normal_batch(&scan->batch, NULL, NULL, err);
    if (status == VF_OK)
        status = take_rejects(side, &scan->batch.rejects, err);
    if (status == VF_OK)
        status = take_rows(side, scan, err);
    if (status == VF_OK && side->progress != NULL)
        side->progress(side->context);
    return status;
}

enum vf_status vf_verify_scan(struct vf_verify_side *side, struct vf_error *err)
{
    struct vf_conn *conn = side->is_target ? side->crossing->target : side->crossing->source;
    const struct vf_relation *relation = side->is_target ? &side->table->to : &side->table->from;
    struct scan scan = {0};
    bool more = true;

    vf_buf_init(&scan.canon, VF_BUF_MAX);
    vf_buf_init(&scan.key, VF_BUF_MAX);
    side->n_rows = side->n_bytes = side->n_rejected = 0;
    for (size_t i = 0; side->excused != NULL && i < side->excused->n_digests; i++)
        side->excused->used[i] = false;
    scan.digests = vf_alloc(VF_BATCH_MAX_ROWS, sizeof(*scan.digests));
    enum vf_status status = scan.digests == NULL
                                ? vf_error_nomem(err)
                                : vf_crossing_batch_init(relation, side->batch_bytes, &scan.batch, err);
    if (status == VF_OK)
        status = list_copied(side, &scan, err);
    if (status == VF_OK)
        status = vf_scan_open(conn, relation, NULL, &scan.engine, err);
    while (status == VF_OK && more)
        status = read_batch(side, conn, &scan, &more, err);
    release(conn, &scan);
    if (status != VF_OK) {
        vf_error_side(err, side->is_target ? VF_SIDE_TARGET : VF_SIDE_SOURCE);
        vf_error_wrap(err, "verify %s %s", relation->kind == VF_TABLE_VIEW ? "view" : "table", side->label);
    }
    return status;
}
