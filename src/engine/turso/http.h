/*
 * HTTP to one server, by libcurl: one connection that is kept alive, one request at a time, each either taken whole or read as it comes.
 *
 * https and http only, certificates verified, no redirects (a token would go where nobody decided), no netrc, no "Expect: 100-continue" (a second of waiting on some servers). A request is sent once: libcurl doesn't repeat it by itself
 * when a kept connection turns out to be dead.
 * What goes wrong on the way is VF_TEMPORARY, with a message that never holds the token; an answer of any status is VF_OK, for what it means is the caller's matter.
 */
#ifndef VF_ENGINE_TURSO_HTTP_H
#define VF_ENGINE_TURSO_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/queue.h"

struct vf_http;

struct vf_http_options {
    const char *base_url;     /* "https://host:port", without a slash at the end */
    const char *token;        /* or NULL; copied */
    struct vf_cancel *cancel; /* looked at several times a second; may be NULL */
    long connect_timeout_s;
    long stall_timeout_s; /* without a byte in either direction */
};

struct vf_http_answer {
    long status;           /* 200 */
    int64_t retry_after_s; /* -1: not said */
    struct vf_buf body;    /* all of it, or what has come and wasn't taken yet */
};

enum vf_status vf_http_open(const struct vf_http_options *options, struct vf_http **http,
                            struct vf_error *err) VF_CHECKED;
void vf_http_close(struct vf_http *http); /* NULL is fine */

/* From now on requests go there; the URL is a server's answer: only https, or http where the first was. VF_ENGINE: it isn't. */
enum vf_status vf_http_move(struct vf_http *http, const char *base_url, struct vf_error *err) VF_CHECKED;
/* How long the server may think; the connection's own again with 0. */
void vf_http_set_patience(struct vf_http *http, long stall_timeout_s);

/* A request whose answer is taken whole; `body` NULL: GET, else POST. The answer's buffer is cleared first and is at most its own maximum. *refused (may be NULL) says that nothing was sent:
 * nobody listened. */
enum vf_status vf_http_send(struct vf_http *http, const char *path, const struct vf_buf *body,
                            struct vf_http_answer *answer, bool *refused, struct vf_error *err) VF_CHECKED;

/* The same in two parts. begin: the request is on its way, and `body` and `answer` are http's until finish, which waits for all of the answer: another thread may call it, one at a time.
 * interrupt: whoever is in finish, in whatever thread, comes back at once with VF_CANCELLED; so does the next one, until a request begins. */
enum vf_status vf_http_begin(struct vf_http *http, const char *path, const struct vf_buf *body,
                             struct vf_http_answer *answer, struct vf_error *err) VF_CHECKED;
enum vf_status vf_http_finish(struct vf_http *http, bool *refused, struct vf_error *err) VF_CHECKED;
void vf_http_interrupt(struct vf_http *http);

/* A request whose answer is read as it comes. start: until the status and some of the body are there; pull: until more was appended to answer->body, or *more is false (all has come, and the
 * transfer was whole: a connection that is cut is VF_TEMPORARY). What isn't pulled waits at the server. stop: in any case, when no more is wanted. */
enum vf_status vf_http_start(struct vf_http *http, const char *path, const struct vf_buf *body,
                             struct vf_http_answer *answer, struct vf_error *err) VF_CHECKED;
enum vf_status vf_http_pull(struct vf_http *http, bool *more, struct vf_error *err) VF_CHECKED;
void vf_http_stop(struct vf_http *http);

#endif
