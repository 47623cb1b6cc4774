/*
 * Full-text indexes held against the rows that are stored: is an index sound, and do words find the rows that hold them?
 *
 * Rows of the target, chosen by the hash of their keys, give a word each, one that stands between blanks and so is a word to every database. Searched by the index, it must find its row. Where the source
 * can be searched too, the sets of rows are held against each other: they must be the same where both take texts apart into the same words. Elsewhere (other stemmers, other rules of what a word is)
 * a row that holds the word itself, between blanks, must still be in both or in none; how many words find the very same rows is told.
 */
#ifndef VF_FERRY_VERIFY_TEXT_H
#define VF_FERRY_VERIFY_TEXT_H

#include "ferry/verify.h"

/* The full-text indexes of a table, put behind the others in result->indexes, which has room. One that isn't what it should be is no error. */
enum vf_status vf_verify_texts(struct vf_crossing *crossing, const struct vf_plan_table *table, struct vf_arena *arena,
                               struct vf_verify_table *result, struct vf_error *err) VF_CHECKED;

#endif
