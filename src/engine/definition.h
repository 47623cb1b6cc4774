/*
 * Definitions of tables as data: for engines that keep `struct vf_table` itself where others have a catalogue (mem, files).
 */
#ifndef VF_ENGINE_DEFINITION_H
#define VF_ENGINE_DEFINITION_H

#include "base/error.h"
#include "model/schema.h"

/* A copy in the arena of `holder`; not added to its lists. */
enum vf_status vf_definition_copy(const struct vf_table *def, struct vf_schema *holder, struct vf_table *copy,
                                  struct vf_error *err) VF_CHECKED;

/* The same names with the same types, in the same order. */
bool vf_definition_same_columns(const struct vf_table *a, const struct vf_table *b);

/* Is it there already? By its name, or, without one, by what it is made of. */
bool vf_definition_has_index(const struct vf_table *def, const struct vf_index *wanted);
bool vf_definition_has_foreign_key(const struct vf_table *def, const struct vf_foreign_key *wanted);

/* `next` becomes `def` with one more; its list is in `arena`, all else is shared with both. */
enum vf_status vf_definition_with_index(const struct vf_table *def, const struct vf_index *index,
                                        struct vf_arena *arena, struct vf_table *next, struct vf_error *err) VF_CHECKED;
enum vf_status vf_definition_with_foreign_key(const struct vf_table *def, const struct vf_foreign_key *key,
                                              struct vf_arena *arena, struct vf_table *next,
                                              struct vf_error *err) VF_CHECKED;

#endif
