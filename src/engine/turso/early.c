#include "engine/turso/early.h"

#include <sqlite3.h>

#include "engine/turso/answer.h"
#include "engine/turso/ping.h"
#include "engine/turso/retry.h"

static int64_t now_us(const struct vf_hrana *db)
{
    return db->clock->monotonic_us(db->clock->context);
}

static void swap_bufs(struct vf_buf *a, struct vf_buf *b)
{
    struct vf_buf kept = *a;
    *a = *b;
    *b = kept;
}

static bool is_whole(const struct vf_hrana_early *early)
{
    return early->status == VF_OK && early->answer.status == 200;
}

/* ---- sending ---- */

void vf_hrana_early_send(struct vf_hrana *db, struct vf_hrana_stmt *stmt)
{
    struct vf_hrana_early *early = &db->early;
    vf_hrana_write_end(db, db->in_transaction);
    bool may_go = db->request.status == VF_OK && !db->is_lost && !db->is_dead && db->reading == NULL &&
                  vf_hrana_n_own_steps(db) == 0;
    if (may_go) {
        swap_bufs(&early->request, &db->request);
        early->is_cursor = db->is_cursor;
        early->n_steps = db->n_steps;
        early->has_baton = false;
        early->status = VF_OK;
        may_go = vf_http_begin(db->http, vf_hrana_path(db), &early->request, &early->answer, &early->why) == VF_OK;
    }
    early->stmt = may_go ? stmt : NULL;
    early->is_coming = may_go;
    if (may_go) {
        vf_hrana_ping_start(db);
        pthread_cond_signal(&db->wake);
    }
    pthread_mutex_unlock(&db->lock);
}

/* ---- receiving ---- */

void vf_hrana_early_land(struct vf_hrana *db)
{
    struct vf_hrana_early *early = &db->early;
    if (!early->is_coming)
        return;
    early->status = vf_http_finish(db->http, NULL, &early->why);
    early->is_coming = false;
    db->used_us = early->landed_us = now_us(db);
}

void vf_hrana_early_settle(struct vf_hrana *db)
{
    struct vf_hrana_early *early = &db->early;
    vf_hrana_early_land(db);
    if (early->stmt != NULL && !early->has_baton && is_whole(early))
        early->has_baton = vf_hrana_peek_baton(db, &early->answer.body);
}

/* It failed on the way: true when it isn't to be asked for again, for somebody wants to stop. */
static bool is_over(struct vf_hrana *db, struct vf_hrana_early *early)
{
    bool passes = early->status == VF_OK ? vf_hrana_may_pass(&early->answer) : early->status == VF_TEMPORARY;
    if (early->status == VF_CANCELLED)
        return !vf_hrana_fail(db, &early->why, true);
    if (!passes)
        return false; /* it fails in the same way again, and then that is said */
    db->n_failed = 1;
    return !vf_hrana_wait(db, 1, early->answer.retry_after_s);
}

bool vf_hrana_early_take(struct vf_hrana *db, const struct vf_hrana_stmt *stmt, bool *fine)
{
    struct vf_hrana_early *early = &db->early;
    *fine = false;
    if (early->stmt != stmt)
        return false;
    pthread_mutex_lock(&db->lock);
    vf_hrana_early_land(db);
    early->stmt = NULL;
    bool is_there = is_whole(early);
    if (is_there) {
        swap_bufs(&early->answer.body, &db->answer.body);
        db->answer.status = early->answer.status;
        db->n_steps = early->n_steps;
        db->is_guarded = db->is_unchecked = false;
        db->code = SQLITE_OK;
        db->has_newer_baton = early->has_baton;
        *fine = early->is_cursor ? vf_hrana_take_lines(db) : vf_hrana_take_answer(db, db->in_transaction);
        db->has_newer_baton = false;
    }
    bool is_answered = is_there || is_over(db, early);
    pthread_mutex_unlock(&db->lock);
    return is_answered;
}

void vf_hrana_early_drop(struct vf_hrana *db, const struct vf_hrana_stmt *stmt)
{
    struct vf_hrana_early *early = &db->early;
    if (early->stmt != stmt)
        return;
    if (!db->in_transaction)
        vf_http_interrupt(db->http);
    pthread_mutex_lock(&db->lock);
    if (db->in_transaction)
        vf_hrana_early_settle(db); /* the stream is still needed */
    else
        vf_http_stop(db->http);
    early->stmt = NULL;
    early->is_coming = false;
    pthread_mutex_unlock(&db->lock);
}
