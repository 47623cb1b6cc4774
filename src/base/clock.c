#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now = {0};

    /* Both clocks exist on every system that this is built for, so there is nothing to report. */
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t monotonic_us(void *context)
{
    (void)context;
    return read_us(CLOCK_MONOTONIC);
}

static int64_t wall_us(void *context)
{
    (void)context;
    return read_us(CLOCK_REALTIME);
}

/* A signal ends the sleep early: whoever sent it (Ctrl-C) wants the caller to look at its cancel flag. */
static void sleep_us(void *context, int64_t duration_us)
{
    struct timespec duration;

    (void)context;
    if (duration_us <= 0)
        return;
    duration.tv_sec = (time_t)(duration_us / 1000000);
    duration.tv_nsec = (long)(duration_us % 1000000) * 1000;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
}

bool vf_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool done =
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return done;
}

bool vf_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t duration_us)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + duration_us % 1000000 * 1000;
    until.tv_sec += (time_t)(duration_us / 1000000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return pthread_cond_timedwait(cond, mutex, &until) == 0;
}

static const struct vf_clock system_clock = {
    .monotonic_us = monotonic_us,
    .wall_us = wall_us,
    .sleep_us = sleep_us,
};

const struct vf_clock *vf_clock_system(void)
{
    return &system_clock;
}
