/*
 * Waiting before a request is tried again.
 *
 * The first wait is VF_HRANA_FIRST_WAIT_MS, each further one twice as long up to VF_HRANA_LONGEST_WAIT_MS, and the upper half of it is chance, so that many clients that were turned away don't
 * come back all at once. What the server asks for (Retry-After) is waited for when it is longer, up to the same limit.
 *
 * In builds with the option `failpoints` the environment variable VECFERRY_RETRY_WAIT_MS is the first wait, so that tests of servers that fail for long don't take long.
 */
#ifndef VF_ENGINE_TURSO_RETRY_H
#define VF_ENGINE_TURSO_RETRY_H

#include "engine/turso/hrana.h"

#define VF_HRANA_MAX_TRIES       6
#define VF_HRANA_FIRST_WAIT_MS   200
#define VF_HRANA_LONGEST_WAIT_MS 10000

int64_t vf_hrana_first_wait_ms(void);
/* May an answer of this status be another one soon? */
bool vf_hrana_is_passing(long http_status);
/* And this very answer? A text that can't be sent stays one. */
bool vf_hrana_may_pass(const struct vf_http_answer *answer);
/* How long to wait after the n-th try; `retry_after_s` -1: the server didn't say. */
int64_t vf_hrana_choose_wait_ms(struct vf_hrana *db, int n_tries, int64_t retry_after_s);
/* Wait as long. false: cancelled, which is the session's failure then. */
bool vf_hrana_wait(struct vf_hrana *db, int n_tries, int64_t retry_after_s);

#endif
