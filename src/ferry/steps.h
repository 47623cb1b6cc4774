/*
 * The steps around the rows: what is made on the target before them, what after, and what the target remembers of its source.
 *
 * Every step is idempotent (engine.h), so a run that is resumed repeats them all.
 */
#ifndef VF_FERRY_STEPS_H
#define VF_FERRY_STEPS_H

#include "ferry/crossing.h"

/* Schemas, extensions, types, sequences, tables. */
enum vf_status vf_steps_prepare(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

/*
 * Keys, unique constraints, indexes, foreign keys, sequence values, statistics. An object that the rows don't allow (a duplicate key, an orphan) is not made: it is added to `unfinished` as
 * a problem with the database's words, and the others go on.
 */
enum vf_status vf_steps_finish(struct vf_crossing *crossing, struct vf_problem_list *unfinished,
                               struct vf_error *err) VF_CHECKED;

/* Drop the plan's tables from the target, those that refer to others first. */
enum vf_status vf_steps_drop(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

/* Write what the target can't declare into vecferry_schema: for each table {"source_engine", "source", "target"}, and the types and sequences. One transaction. */
enum vf_status vf_steps_remember(struct vf_crossing *crossing, const char *run, struct vf_error *err) VF_CHECKED;

#endif
