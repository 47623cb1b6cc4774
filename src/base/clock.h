/*
 * Time, behind a struct so that tests can stop it.
 *
 * Monotonic time is for durations and time-outs, wall time for what is written down. Cursors and decisions about data never use wall time.
 */
#ifndef VF_BASE_CLOCK_H
#define VF_BASE_CLOCK_H

#include <stdint.h>

struct vf_clock {
    int64_t (*monotonic_us)(void *context);
    int64_t (*wall_us)(void *context); /* microseconds since 1970-01-01 00:00 UTC */
    void (*sleep_us)(void *context, int64_t duration_us);
    void *context;
};

/* The real clock; static, never freed. */
const struct vf_clock *vf_clock_system(void);

#endif
