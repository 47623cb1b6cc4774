/*
 * Time, behind a struct so that tests can stop it.
 *
 * Monotonic time is for durations and time-outs, wall time for what is written down. Cursors and decisions about data never use wall time.
 */
#ifndef VF_BASE_CLOCK_H
#define VF_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct vf_clock {
    int64_t (*monotonic_us)(void *context);
    int64_t (*wall_us)(void *context); /* microseconds since 1970-01-01 00:00 UTC */
    void (*sleep_us)(void *context, int64_t duration_us);
    void *context;
};

/* The real clock; static, never freed. */
const struct vf_clock *vf_clock_system(void);

/* A condition that is waited for by the clock that nobody sets. false: the system has no room for it. Destroyed with pthread_cond_destroy(). */
bool vf_cond_init(pthread_cond_t *cond);
/* pthread_cond_wait() for at most that long; false: the time is over. As there, a wait may end without a reason. */
bool vf_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t duration_us);

#endif
