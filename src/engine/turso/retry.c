#include "engine/turso/retry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/turso/texts.h"

#define WAIT_SLICE_MS 50

int64_t vf_hrana_first_wait_ms(void)
{
    int64_t wait_ms = VF_HRANA_FIRST_WAIT_MS;
#ifdef VF_FAILPOINTS
    const char *said = getenv("VECFERRY_RETRY_WAIT_MS");
    if (said == NULL || !vf_parse_i64(said, strlen(said), &wait_ms) || wait_ms < 1)
        wait_ms = VF_HRANA_FIRST_WAIT_MS;
#endif
    return wait_ms;
}

bool vf_hrana_is_passing(long http_status)
{
    return http_status == 429 || (http_status >= 500 && http_status != 501);
}

bool vf_hrana_may_pass(const struct vf_http_answer *answer)
{
    return vf_hrana_is_passing(answer->status) && !vf_hrana_says_no_utf8(answer);
}

int64_t vf_hrana_choose_wait_ms(struct vf_hrana *db, int n_tries, int64_t retry_after_s)
{
    int64_t wait_ms = db->first_wait_ms;
    for (int i = 1; i < n_tries && wait_ms < VF_HRANA_LONGEST_WAIT_MS; i++)
        wait_ms *= 2;
    if (wait_ms > VF_HRANA_LONGEST_WAIT_MS)
        wait_ms = VF_HRANA_LONGEST_WAIT_MS;
    db->jitter = db->jitter * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    wait_ms = wait_ms / 2 + (int64_t)((db->jitter >> 33) % (uint64_t)(wait_ms / 2 + 1));
    int64_t asked_ms =
        retry_after_s > VF_HRANA_LONGEST_WAIT_MS / 1000 ? VF_HRANA_LONGEST_WAIT_MS : retry_after_s * 1000;
    return asked_ms > wait_ms ? asked_ms : wait_ms;
}

bool vf_hrana_wait(struct vf_hrana *db, int n_tries, int64_t retry_after_s)
{
    struct vf_error why = {0};
    int64_t left_ms = vf_hrana_choose_wait_ms(db, n_tries, retry_after_s);
    vf_log_write(db->log, VF_LOG_DEBUG, "%s: try %d failed, the next one in %" PRId64 " ms", db->name, n_tries,
                 left_ms);
    while (left_ms > 0) {
        int64_t slice_ms = left_ms < WAIT_SLICE_MS ? left_ms : WAIT_SLICE_MS;
        if (vf_cancel_check(db->cancel, &why) != VF_OK)
            return vf_hrana_fail(db, &why, true);
        db->clock->sleep_us(db->clock->context, slice_ms * INT64_C(1000));
        left_ms -= slice_ms;
    }
    return true;
}
