#include "engine/turso/ping.h"

#include "base/clock.h"
#include "engine/turso/answer.h"
#include "engine/turso/early.h"

#define SILENCE_US INT64_C(3000000)
#define LOOK_US    500000

static int64_t now_us(const struct vf_hrana *db)
{
    return db->clock->monotonic_us(db->clock->context);
}

/* The lock is held. A stream that doesn't answer any more is lost; whoever uses it next is told. */
static void ping(struct vf_hrana *db, struct vf_buf *request, struct vf_http_answer *answer)
{
    struct vf_error why = {0};
    vf_hrana_early_settle(db);
    vf_buf_clear(request);
    vf_buf_str(request, "{\"baton\":");
    vf_buf_json_string(request, db->baton.data, db->baton.size_bytes);
    vf_buf_str(request, ",\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1\",\"want_rows\":false}}]}");
    db->used_us = now_us(db);
    if (vf_buf_check(request, &why) != VF_OK)
        return;
    const char *path = db->version == 3 ? "/v3/pipeline" : "/v2/pipeline";
    enum vf_status status = vf_http_send(db->http, path, request, answer, NULL, &why);
    if (status != VF_OK || answer->status >= 500 || answer->status == 429)
        return; /* that may pass: the next one finds out, by the same baton */
    db->is_dead = answer->status != 200 || !vf_hrana_take_ping(db, answer);
}

static bool is_silent(const struct vf_hrana *db)
{
    return db->in_transaction && db->has_streams && db->reading == NULL && !db->is_dead && db->baton.size_bytes > 0 &&
           now_us(db) - db->used_us >= SILENCE_US;
}

static void *ping_main(void *argument)
{
    struct vf_hrana *db = argument;
    struct vf_http_answer answer = {0};
    struct vf_buf request;
    vf_buf_init(&request, 65536 * 2);
    vf_buf_init(&answer.body, 1 << 20);
    pthread_mutex_lock(&db->lock);
    while (!db->ends_ping) {
        if (!db->early.is_coming) /* it may have been sent before this thread was there */
            (void)vf_cond_wait(&db->wake, &db->lock, LOOK_US);
        if (!db->ends_ping)
            vf_hrana_early_land(db);
        if (!db->ends_ping && is_silent(db))
            ping(db, &request, &answer);
    }
    pthread_mutex_unlock(&db->lock);
    vf_buf_release(&request);
    vf_buf_release(&answer.body);
    return NULL;
}

void vf_hrana_ping_start(struct vf_hrana *db)
{
    if (db->has_ping)
        return;
    db->ends_ping = false;
    db->has_ping = pthread_create(&db->ping, NULL, ping_main, db) == 0;
}

void vf_hrana_ping_stop(struct vf_hrana *db)
{
    if (!db->has_ping)
        return;
    vf_http_interrupt(db->http); /* what is coming isn't wanted any more */
    pthread_mutex_lock(&db->lock);
    db->ends_ping = true;
    pthread_cond_signal(&db->wake);
    pthread_mutex_unlock(&db->lock);
    pthread_join(db->ping, NULL);
    db->has_ping = false;
}
