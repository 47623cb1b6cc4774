/*
 * Taking an answer apart: the baton for the next request, where the next request goes, and the results of the steps.
 */
#ifndef VF_ENGINE_TURSO_ANSWER_H
#define VF_ENGINE_TURSO_ANSWER_H

#include "engine/turso/hrana.h"

/* The answer to a pipeline, in db->answer: its results go to db->results. `keep`: the stream is still needed. */
bool vf_hrana_take_answer(struct vf_hrana *db, bool keep);
/* Did the step go well? If not, db->code says why. */
bool vf_hrana_went_well(struct vf_hrana *db, size_t step);
/* The first line of a cursor's answer, which has the baton; and that of one that is in db->answer as a whole. */
bool vf_hrana_take_cursor_head(struct vf_hrana *db, struct vf_json line);
bool vf_hrana_take_lines(struct vf_hrana *db);
/* The answer to a sign of life: its baton is the next one. false: the stream is gone. */
bool vf_hrana_take_ping(struct vf_hrana *db, const struct vf_http_answer *answer);
/* No more than the baton of an answer, of a cursor or of a pipeline. false: it makes no sense, and nothing was changed. */
bool vf_hrana_peek_baton(struct vf_hrana *db, const struct vf_buf *body);

#endif
