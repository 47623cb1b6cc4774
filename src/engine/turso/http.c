#include "engine/turso/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

#define POLL_MS        200
#define MAX_WAITING    ((size_t)4 << 20) /* of an answer that is read as it comes */
#define RECEIVE_BYTES  (512L << 10)
#define SEND_BYTES     (256L << 10)
#define SMALLEST_SPEED 64L /* bytes a second: less counts as none */
#define OLDEST_S       15L /* a connection that was idle for longer isn't used again */

struct vf_http {
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    struct vf_cancel *cancel;
    char *base_url;
    long stall_timeout_s;
    char failure[CURL_ERROR_SIZE];
    bool is_secure;
    /* the request that is under way */
    bool is_active, is_whole, is_paused, is_streaming;
    atomic_bool is_interrupted;
    size_t limit_bytes; /* what may wait in the answer's buffer */
    const char *body;   /* of the request; borrowed */
    size_t body_bytes, n_sent;
    CURLcode code;
    struct vf_http_answer *answer;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_ready;

static void start_curl(void)
{
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct vf_http *http = context;
    struct vf_buf *body = &http->answer->body;
    (void)size;
    if (http->is_streaming && body->size_bytes >= http->limit_bytes) {
        http->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    vf_buf_add(body, bytes, n);
    return body->status == VF_OK ? n : 0;
}

/* The request's body is given from here, and only once: were it libcurl's, it would send it again by itself over a new connection when one that was kept alive is lost without an answer, and nobody
 * can know whether the server has done it already. */
static size_t on_read(char *bytes, size_t size, size_t n, void *context)
{
    struct vf_http *http = context;
    size_t left_bytes = http->body_bytes - http->n_sent;
    n = n * size < left_bytes ? n * size : left_bytes;
    memcpy(bytes, http->body + http->n_sent, n);
    http->n_sent += n;
    return n;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
    static const char name[] = "retry-after:";
    struct vf_http *http = context;
    (void)size;
    char word[32] = "";
    if (n <= sizeof(name))
        return n;
    memcpy(word, bytes, sizeof(name) - 1);
    if (vf_strcasecmp(word, name) != 0)
        return n;
    size_t start = sizeof(name) - 1;
    size_t end = n;
    while (start < end && bytes[start] == ' ')
        start++;
    while (end > start && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n' || bytes[end - 1] == ' '))
        end--;
    int64_t seconds = 0;
    if (vf_parse_i64(bytes + start, end - start, &seconds) && seconds >= 0)
        http->answer->retry_after_s = seconds;
    return n;
}

/* ---- open ---- */

static bool set_options(struct vf_http *http, const struct vf_http_options *options)
{
    CURL *easy = http->easy;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, options->connect_timeout_s) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SMALLEST_SPEED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BYTES) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->failure) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, OLDEST_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, http) == CURLE_OK;
}

static bool add_header(struct vf_http *http, const char *line)
{
    struct curl_slist *longer = curl_slist_append(http->headers, line);
    if (longer != NULL)
        http->headers = longer;
    return longer != NULL;
}

static enum vf_status add_token(struct vf_http *http, const char *token, struct vf_error *err)
{
    struct vf_buf line;
    for (const char *c = token; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~')
            return vf_error_set(err, VF_USAGE, "the token has a character that no token has");
    }
    vf_buf_init(&line, VF_SECRET_MAX_BYTES + 64);
    vf_buf_printf(&line, "Authorization: Bearer %s", token);
    enum vf_status status = vf_buf_check(&line, err);
    if (status == VF_OK && !add_header(http, line.data))
        status = vf_error_nomem(err);
    if (line.data != NULL)
        memset(line.data, 0, line.size_bytes);
    vf_buf_release(&line);
    return status;
}

enum vf_status vf_http_open(const struct vf_http_options *options, struct vf_http **http, struct vf_error *err)
{
    pthread_once(&once, start_curl);
    if (!is_ready)
        return vf_error_set(err, VF_INTERNAL, "libcurl can't be started");
    struct vf_http *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->cancel = options->cancel;
    opened->stall_timeout_s = options->stall_timeout_s;
    opened->is_secure = vf_str_starts(options->base_url, "https:");
    opened->base_url = vf_strdup(options->base_url);
    opened->easy = curl_easy_init();
    opened->multi = curl_multi_init();
    bool fine = opened->base_url != NULL && opened->easy != NULL && opened->multi != NULL &&
                add_header(opened, "Content-Type: application/json") && add_header(opened, "Expect:");
    enum vf_status status = fine ? VF_OK : vf_error_nomem(err);
    if (status == VF_OK && options->token != NULL)
        status = add_token(opened, options->token, err);
    if (status == VF_OK && !set_options(opened, options))
        status = vf_error_set(err, VF_MISSING, "libcurl is too old: it doesn't know an option that is needed");
    if (status != VF_OK) {
        vf_http_close(opened);
        return status;
    }
    vf_http_set_patience(opened, 0);
    *http = opened;
    return VF_OK;
}

void vf_http_close(struct vf_http *http)
{
    if (http == NULL)
        return;
    vf_http_stop(http);
    if (http->easy != NULL)
        curl_easy_cleanup(http->easy);
    if (http->multi != NULL)
        curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    vf_free(http->base_url);
    vf_free(http);
}

enum vf_status vf_http_move(struct vf_http *http, const char *base_url, struct vf_error *err)
{
    bool is_secure = vf_str_starts(base_url, "https://");
    size_t size_bytes = strlen(base_url);
    if (!is_secure && (http->is_secure || !vf_str_starts(base_url, "http://")))
        return vf_error_set(err, VF_ENGINE, "the server sends us on to an address that isn't taken");
    while (size_bytes > 0 && base_url[size_bytes - 1] == '/')
        size_bytes--;
    char *copy = vf_strndup(base_url, size_bytes);
    if (copy == NULL)
        return vf_error_nomem(err);
    vf_free(http->base_url);
    http->base_url = copy;
    return VF_OK;
}

void vf_http_set_patience(struct vf_http *http, long stall_timeout_s)
{
    (void)curl_easy_setopt(http->easy, CURLOPT_LOW_SPEED_TIME,
                           stall_timeout_s > 0 ? stall_timeout_s : http->stall_timeout_s);
}

/* ---- requests ---- */

static enum vf_status failure(struct vf_http *http, bool *refused, struct vf_error *err)
{
    char text[CURL_ERROR_SIZE + 64];
    if (http->answer->body.status == VF_NOMEM)
        return vf_error_nomem(err);
    if (http->answer->body.status != VF_OK)
        return vf_error_set(err, VF_ENGINE, "the server's answer is larger than it may be");
    if (refused != NULL)
        *refused = http->code == CURLE_COULDNT_CONNECT || http->code == CURLE_COULDNT_RESOLVE_HOST;
    snprintf(text, sizeof(text), "%s", http->failure[0] != '\0' ? http->failure : curl_easy_strerror(http->code));
    vf_redact(text);
    enum vf_status status = vf_error_set(err, VF_TEMPORARY, "%s: %s", http->base_url, text);
    switch ((int)http->code) {
    case CURLE_SEND_FAIL_REWIND:
        return vf_error_set(err, VF_TEMPORARY, "%s: the connection was lost before an answer came", http->base_url);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
        if (err != NULL)
            err->status = VF_CONNECT;
        vf_error_hint(err, "the server's certificate must be one that this machine trusts, and for this very name");
        return VF_CONNECT;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        vf_error_hint(err, "look at the URL, and whether the server runs");
        break;
    default:
        break;
    }
    return status;
}

static bool prepare(struct vf_http *http, const char *path, const struct vf_buf *body)
{
    struct vf_buf url;
    CURL *easy = http->easy;
    vf_buf_init(&url, 16384);
    vf_buf_printf(&url, "%s%s", http->base_url, path);
    bool fine = url.status == VF_OK && curl_easy_setopt(easy, CURLOPT_URL, url.data) == CURLE_OK;
    if (fine && body == NULL)
        fine = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    if (fine && body != NULL)
        fine = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size_bytes) == CURLE_OK;
    vf_buf_release(&url);
    http->body = body != NULL ? body->data : NULL;
    http->body_bytes = body != NULL ? body->size_bytes : 0;
    http->n_sent = 0;
    return fine;
}

static enum vf_status begin(struct vf_http *http, const char *path, const struct vf_buf *body,
                            struct vf_http_answer *answer, struct vf_error *err)
{
    vf_http_stop(http);
    vf_buf_clear(&answer->body);
    answer->status = 0;
    answer->retry_after_s = -1;
    http->answer = answer;
    http->failure[0] = '\0';
    http->is_whole = http->is_paused = http->is_streaming = false;
    atomic_store(&http->is_interrupted, false);
    http->code = CURLE_OK;
    if (!prepare(http, path, body) || curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return vf_error_nomem(err);
    http->is_active = true;
    return VF_OK;
}

static void take_messages(struct vf_http *http)
{
    int n_left = 0;
    for (;;) {
        const CURLMsg *message = curl_multi_info_read(http->multi, &n_left);
        if (message == NULL)
            return;
        if (message->msg != CURLMSG_DONE || message->easy_handle != http->easy)
            continue;
        http->is_whole = true;
        http->code = message->data.result;
        (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &http->answer->status);
    }
}

/* Until there are more bytes than before, or the transfer is over. */
static enum vf_status advance(struct vf_http *http, bool until_end, struct vf_error *err)
{
    size_t before_bytes = http->answer->body.size_bytes;
    while (!http->is_whole && (until_end || http->answer->body.size_bytes == before_bytes)) {
        int n_running = 0;
        enum vf_status status = vf_cancel_check(http->cancel, err);
        if (status == VF_OK && atomic_load(&http->is_interrupted))
            status = vf_error_set(err, VF_CANCELLED, "nobody waits for the answer");
        if (status != VF_OK)
            return status;
        if (curl_multi_perform(http->multi, &n_running) != CURLM_OK)
            return vf_error_set(err, VF_INTERNAL, "libcurl failed");
        take_messages(http);
        if (http->is_whole || (!until_end && http->answer->body.size_bytes != before_bytes))
            break;
        if (curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return vf_error_set(err, VF_INTERNAL, "libcurl failed");
    }
    return VF_OK;
}

enum vf_status vf_http_send(struct vf_http *http, const char *path, const struct vf_buf *body,
                            struct vf_http_answer *answer, bool *refused, struct vf_error *err)
{
    enum vf_status status = begin(http, path, body, answer, err);
    if (refused != NULL)
        *refused = false;
    return status == VF_OK ? vf_http_finish(http, refused, err) : status;
}

enum vf_status vf_http_begin(struct vf_http *http, const char *path, const struct vf_buf *body,
                             struct vf_http_answer *answer, struct vf_error *err)
{
    int n_running = 0;
    enum vf_status status = begin(http, path, body, answer, err);
    if (status == VF_OK && curl_multi_perform(http->multi, &n_running) != CURLM_OK)
        status = vf_error_set(err, VF_INTERNAL, "libcurl failed");
    if (status != VF_OK)
        vf_http_stop(http);
    return status;
}

enum vf_status vf_http_finish(struct vf_http *http, bool *refused, struct vf_error *err)
{
    take_messages(http);
    enum vf_status status = advance(http, true, err);
    if (status == VF_OK && http->code != CURLE_OK)
        status = failure(http, refused, err);
    vf_http_stop(http);
    return status;
}

void vf_http_interrupt(struct vf_http *http)
{
    atomic_store(&http->is_interrupted, true);
    (void)curl_multi_wakeup(http->multi);
}

enum vf_status vf_http_start(struct vf_http *http, const char *path, const struct vf_buf *body,
                             struct vf_http_answer *answer, struct vf_error *err)
{
    enum vf_status status = begin(http, path, body, answer, err);
    http->is_streaming = true;
    http->limit_bytes = MAX_WAITING;
    if (status == VF_OK)
        status = advance(http, false, err);
    if (status == VF_OK && http->code != CURLE_OK)
        status = failure(http, NULL, err);
    if (status == VF_OK)
        (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (status != VF_OK)
        vf_http_stop(http);
    return status;
}

enum vf_status vf_http_pull(struct vf_http *http, bool *more, struct vf_error *err)
{
    size_t before_bytes = http->answer->body.size_bytes;
    http->limit_bytes = before_bytes + MAX_WAITING;
    if (http->is_paused) {
        http->is_paused = false;
        (void)curl_easy_pause(http->easy, CURLPAUSE_CONT); /* may call on_body() at once */
    }
    enum vf_status status = VF_OK;
    if (http->answer->body.size_bytes == before_bytes)
        status = advance(http, false, err);
    if (status == VF_OK && http->is_whole && http->code != CURLE_OK)
        status = failure(http, NULL, err);
    *more = http->answer->body.size_bytes > before_bytes;
    return status;
}

void vf_http_stop(struct vf_http *http)
{
    if (http->is_active)
        (void)curl_multi_remove_handle(http->multi, http->easy);
    http->is_active = false;
}
