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

/*
 * steps_views.c: the views, each tried in a transaction of its own: made, read, its columns counted. One that the target refuses isn't made, and is added to `unfinished` as a note with the database's words: nothing
 * of it is lost, and the run is none the worse for it. Those that are made are remembered, so that a resumed run doesn't take its own for another's.
 */
enum vf_status vf_steps_make_views(struct vf_crossing *crossing, const char *run, struct vf_problem_list *unfinished,
                                   struct vf_error *err) VF_CHECKED;
/* Those that an earlier run made. */
enum vf_status vf_steps_drop_views(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

/* Drop the plan's tables from the target, those that refer to others first. */
enum vf_status vf_steps_drop(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

/* Write what the target can't declare into vecferry_schema: for each table {"source_engine", "source", "target"}, and the types and sequences. One transaction. */
enum vf_status vf_steps_remember(struct vf_crossing *crossing, const char *run, struct vf_error *err) VF_CHECKED;

#endif
