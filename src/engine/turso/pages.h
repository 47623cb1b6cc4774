/*
 * The rows of a table, read in pages in the order of the rowid: each is a request of its own, begins behind the last row of the one before, and is asked for as soon as that one is in (early.h).
 *
 * A page has as many rows as make a few megabytes by the size of those before it, fewer where an answer takes long, for a server lets a stream expire that is silent for ten seconds.
 */
#ifndef VF_ENGINE_TURSO_PAGES_H
#define VF_ENGINE_TURSO_PAGES_H

#include "engine/turso/rows.h"

#define VF_HRANA_FIRST_PAGE_ROWS 200
#define VF_HRANA_PAGE_BYTES      ((size_t)8 << 20) /* of an answer */
#define VF_HRANA_SMALL_BYTES                                                                                           \
    ((size_t)4 << 20) /* of one that sqld refuses above 10 MB, which is for all answers of a moment */
#define VF_HRANA_PAGE_US INT64_C(2000000) /* no longer, if it can be helped */

/* They will be wanted soon: the first page is asked for early. */
void vf_hrana_pages_expect(struct vf_hrana_stmt *stmt);
bool vf_hrana_pages_start(struct vf_hrana_stmt *stmt);
bool vf_hrana_pages_next(struct vf_hrana_stmt *stmt, bool *row);

/* How many rows the next page should have for so many bytes, when one of n_rows had size_bytes and took so long. */
int64_t vf_hrana_choose_page_rows(size_t wanted_bytes, int64_t n_rows, size_t size_bytes, int64_t took_us);

#endif
