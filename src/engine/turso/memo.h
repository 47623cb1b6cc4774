/*
 * What a source that stays as it is has answered already: the catalogue is asked about the same tables again for each chunk, and each question is a way to the server and back.
 *
 * Between begin and end the server gives the same answer to the same question: it is one transaction, or whoever reads makes sure afterwards that nothing was changed (conn.h). Small answers of
 * statements that read are kept; what asks whether something was changed must not go through here.
 */
#ifndef VF_ENGINE_TURSO_MEMO_H
#define VF_ENGINE_TURSO_MEMO_H

#include "engine/turso/hrana.h"

/* Without memory for it nothing is remembered. */
void vf_hrana_memo_begin(struct vf_hrana *db);
void vf_hrana_memo_end(struct vf_hrana *db);

/* The result of a statement with these arguments, as JSON, appended; false: it isn't known. */
bool vf_hrana_memo_find(const struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments,
                        struct vf_buf *result);
void vf_hrana_memo_keep(struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments,
                        const char *result, size_t result_bytes);

#endif
