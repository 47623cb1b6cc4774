/*
 * Copy: from a plan to a target that holds its rows, keys and indexes, durably.
 *
 * The run is recorded in the target (engine/store.h). Its states, each written before the work that it names begins:
 *   preparing -> copying -> finishing -> done
 * preparing: types, tables; all steps can be repeated. copying: the list of chunks is complete, and each is done or not. finishing: all rows are in; keys, indexes, foreign keys,
 * sequences. done: durable. A run that stopped in any of them goes on from there with `resume`; the same plan (by its sha256) and the same source (by its identity) are required.
 */
#ifndef VF_FERRY_COPY_H
#define VF_FERRY_COPY_H

#include "ferry/crossing.h"
#include "model/canon.h"

struct vf_copy_table {
    int64_t n_rows;  /* in the target, from this run and what it resumed */
    int64_t n_bytes; /* moved now */
    int64_t n_rejected;
    int64_t elapsed_us;
    struct vf_digest digest; /* of the rows stored, as the markers say */
};

struct vf_copy_result {
    char run[17];
    bool resumed;
    struct vf_copy_table *tables; /* one for each of the plan's tables */
    size_t n_tables;
    int64_t n_rejected;
    struct vf_problem_list
        unfinished; /* keys, indexes and foreign keys that the rows didn't allow; as notes, views that the target refused */
    int64_t elapsed_us;
};

void vf_copy_result_release(struct vf_copy_result *result);
/* Is something unfinished that can be gone on with, once the rows are mended? */
bool vf_copy_is_open(const struct vf_copy_result *result);

enum vf_copy_state {
    VF_COPY_FRESH,      /* no run is to be gone on with */
    VF_COPY_UNFINISHED, /* one of this plan, from this source */
    VF_COPY_DONE,       /* the newest run is of this plan, from this source, and done */
};

/* What the target holds of earlier runs; changes nothing. VF_STATE: an unfinished run that the crossing can't go on with, or isn't told to. */
enum vf_status vf_copy_look(struct vf_crossing *crossing, enum vf_copy_state *state, struct vf_error *err) VF_CHECKED;
/* The result of the newest run, which is done, as its markers say. The lock is taken, if it isn't, and given back. */
enum vf_status vf_copy_recall(struct vf_crossing *crossing, struct vf_copy_result *result,
                              struct vf_error *err) VF_CHECKED;

/*
 * The whole copy, without verify. The plan must have passed vf_plan_check(). VF_STATE: an unfinished run is there and resume isn't set, or the other way round, or another plan or source;
 * VF_LOCKED: another runner. Rejected rows are not an error here: result->n_rejected.
 */
enum vf_status vf_copy_run(struct vf_crossing *crossing, struct vf_copy_result *result,
                           struct vf_error *err) VF_CHECKED;

#endif
