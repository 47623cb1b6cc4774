#include "hrana/stream.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "hrana/text.h"

enum stream_state {
    STREAM_AVAILABLE,
    STREAM_ACQUIRED, /* belongs to the request that has it */
    STREAM_EXPIRED,  /* remembered, so that its baton gets the right error */
};

struct stream {
    uint64_t id;
    uint64_t sequence;
    enum stream_state state;
    int64_t idle_since_ms;
    struct conn *conn;
    struct stream *next;
};

static void sign(const struct server *server, const unsigned char payload[16], unsigned char mac[32])
{
    unsigned size = 32;

    if (!HMAC(EVP_sha256(), server->baton_key, (int)sizeof(server->baton_key), payload, 16, mac, &size))
        abort();
}

static void put_u64(unsigned char *bytes, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        bytes[i] = (unsigned char)(value & 0xFF);
}

static uint64_t get_u64(const unsigned char *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void encode_baton(const struct server *server, const struct stream *stream, char baton[HRANA_BATON_SIZE])
{
    unsigned char bytes[48];
    struct text text = {0};

    put_u64(bytes, stream->id);
    put_u64(bytes + 8, stream->sequence);
    sign(server, bytes, bytes + 16);
    text_base64(&text, bytes, sizeof(bytes));
    memcpy(baton, text.data + 1, HRANA_BATON_SIZE - 1);
    baton[HRANA_BATON_SIZE - 1] = '\0';
    text_free(&text);
}

static bool decode_baton(const struct server *server, const char *baton, uint64_t *id, uint64_t *sequence)
{
    unsigned char *bytes, mac[32];
    size_t size;
    bool valid;

    bytes = base64_decode(baton, strlen(baton), false, &size);
    if (!bytes)
        return false;
    valid = size == 48;
    if (valid) {
        sign(server, bytes, mac);
        valid = memcmp(mac, bytes + 16, sizeof(mac)) == 0;
        *id = get_u64(bytes);
        *sequence = get_u64(bytes + 8);
    }
    free(bytes);
    return valid;
}

static struct stream *find(struct server *server, uint64_t id)
{
    struct stream *stream = server->streams;

    while (stream && stream->id != id)
        stream = stream->next;
    return stream;
}

/* With the server's lock held. */
static struct stream *take(struct server *server, uint64_t id, uint64_t sequence, struct failure *failure)
{
    struct stream *stream = find(server, id);

    if (!stream) {
        (void)fail(failure, FAILURE_PROTOCOL, "", "Received an invalid baton");
    } else if (stream->state == STREAM_EXPIRED) {
        (void)fail(failure, FAILURE_EXPIRED, "STREAM_EXPIRED", "The stream has expired due to inactivity");
        stream = NULL;
    } else if (stream->state == STREAM_ACQUIRED || stream->sequence != sequence) {
        (void)fail(failure, FAILURE_PROTOCOL, "", "Received a baton that has already been used");
        stream = NULL;
    } else {
        stream->state = STREAM_ACQUIRED;
        stream->sequence++;
    }
    return stream;
}

static struct stream *open_stream(struct server *server, struct failure *failure)
{
    struct stream *stream = hrana_alloc(sizeof(*stream));

    stream->state = STREAM_ACQUIRED;
    if (RAND_bytes((unsigned char *)&stream->id, sizeof(stream->id)) != 1 ||
        RAND_bytes((unsigned char *)&stream->sequence, sizeof(stream->sequence)) != 1)
        abort();
    stream->conn = conn_open(server, failure);
    if (!stream->conn) {
        free(stream);
        return NULL;
    }
    (void)pthread_mutex_lock(&server->lock);
    stream->next = server->streams;
    server->streams = stream;
    (void)pthread_mutex_unlock(&server->lock);
    return stream;
}

struct stream *stream_acquire(struct server *server, const char *baton, struct failure *failure)
{
    struct stream *stream;
    uint64_t id, sequence;

    streams_expire(server, false);
    if (!baton)
        return open_stream(server, failure);
    if (!decode_baton(server, baton, &id, &sequence)) {
        (void)fail(failure, FAILURE_PROTOCOL, "", "Received an invalid baton");
        return NULL;
    }
    (void)pthread_mutex_lock(&server->lock);
    stream = take(server, id, sequence, failure);
    (void)pthread_mutex_unlock(&server->lock);
    return stream;
}

struct conn *stream_conn(struct stream *stream)
{
    return stream->conn;
}

void stream_close_conn(struct stream *stream)
{
    conn_release(stream->conn);
    stream->conn = NULL;
}

static void unlink_stream(struct server *server, struct stream *stream)
{
    struct stream **at;

    (void)pthread_mutex_lock(&server->lock);
    for (at = &server->streams; *at != stream; at = &(*at)->next)
        ;
    *at = stream->next;
    (void)pthread_mutex_unlock(&server->lock);
}

void stream_drop(struct server *server, struct stream *stream)
{
    if (!stream)
        return;
    unlink_stream(server, stream);
    conn_release(stream->conn);
    free(stream);
}

bool stream_release(struct server *server, struct stream *stream, char baton[HRANA_BATON_SIZE])
{
    if (!stream->conn) {
        stream_drop(server, stream);
        return false;
    }
    (void)pthread_mutex_lock(&server->lock);
    encode_baton(server, stream, baton);
    stream->idle_since_ms = now_ms();
    stream->state = STREAM_AVAILABLE;
    (void)pthread_mutex_unlock(&server->lock);
    return true;
}

void streams_expire(struct server *server, bool all)
{
    struct conn *conn;

    do {
        conn = NULL;
        (void)pthread_mutex_lock(&server->lock);
        for (struct stream *stream = server->streams; stream && !conn; stream = stream->next) {
            bool is_due = all || now_ms() - stream->idle_since_ms >= server->settings.idle_ms;

            if (stream->state == STREAM_AVAILABLE && is_due) {
                stream->state = STREAM_EXPIRED;
                conn = stream->conn;
                stream->conn = NULL;
            }
        }
        (void)pthread_mutex_unlock(&server->lock);
        conn_release(conn);
    } while (conn);
}

unsigned streams_count(struct server *server)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&server->lock);
    for (struct stream *stream = server->streams; stream; stream = stream->next)
        n += stream->state != STREAM_EXPIRED;
    (void)pthread_mutex_unlock(&server->lock);
    return n;
}

void streams_free(struct server *server)
{
    while (server->streams) {
        struct stream *stream = server->streams;

        server->streams = stream->next;
        conn_release(stream->conn);
        free(stream);
    }
}
