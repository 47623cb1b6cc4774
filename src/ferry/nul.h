/*
 * U+0000 in texts, where the plan says what becomes of it.
 *
 * A target that can't hold it has such rows rejected, unless the user asks for another text. `strip` leaves the character out. `escape` writes it as \0, and a backslash before a 0 (or before
 * the character) twice, so that `unescape` gives the very text again: no other text is changed by either. It is done where the source is read, by copy and verify alike, so that digests are
 * of what is stored.
 */
#ifndef VF_FERRY_NUL_H
#define VF_FERRY_NUL_H

#include "engine/engine.h"

/* "strip", "escape", "unescape"; "" for REJECT. Static. */
const char *vf_nul_name(enum vf_nul nul);
bool vf_nul_parse(const char *name, enum vf_nul *nul);
/* Is there something to do for a column of the type in a target with these limits? */
bool vf_nul_applies(enum vf_nul nul, struct vf_type type, const struct vf_limits *limits);

/* Write the batch's texts anew, as `from` says of each column. n_changed (NULL: not counted) has a number for each column, to which the texts that are other ones now are added. */
enum vf_status vf_nul_batch(struct vf_batch *batch, const struct vf_relation *from, int64_t *n_changed,
                            struct vf_error *err) VF_CHECKED;

#endif
