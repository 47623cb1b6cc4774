#include "hrana/answer.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hrana/run.h"

#define CURSOR_CUT_BYTES 2000

void answer_text(struct answer *answer, unsigned status, const char *type, const char *text)
{
    answer->status = status;
    answer->type = type;
    answer->body.size = 0;
    text_str(&answer->body, text);
}

void answer_failure(struct answer *answer, const struct failure *failure)
{
    answer_text(answer, 400, "application/json", "");
    if (failure->kind == FAILURE_EXPIRED) {
        text_failure(&answer->body, failure);
    } else if (failure->kind == FAILURE_HTTP) {
        answer->status = failure->http_status;
        text_str(&answer->body, "{\"error\":");
        text_json(&answer->body, failure->message, strlen(failure->message));
        text_str(&answer->body, "}");
    } else {
        answer_text(answer, 400, "text/plain", failure->message);
    }
}

/* A body that is read piece by piece. */
struct reader {
    struct server *server;
    struct text text;
    size_t at;
    struct cursor *cursor;
    bool broken;
    struct fault fault;
    int64_t sent_bytes;
    int64_t limit_bytes; /* of cut and truncate */
    bool at_line_end;
};

static void reader_free(void *context)
{
    struct reader *reader = context;

    cursor_free(reader->cursor);
    text_free(&reader->text);
    free(reader);
}

/* The next bytes of the right answer; false: there are none. */
static bool refill(struct reader *reader)
{
    if (reader->at < reader->text.size)
        return true;
    if (!reader->cursor || reader->broken)
        return false;
    reader->text.size = 0;
    reader->at = 0;
    return cursor_more(reader->cursor, &reader->text, &reader->broken);
}

static ssize_t read_endless(struct reader *reader, char *buffer, size_t max)
{
    static const char begin[] = "{\"baton\":null,\"base_url\":null,\"results\":[";
    size_t size = sizeof(begin) - 1;

    memset(buffer, ' ', max);
    if (reader->sent_bytes == 0)
        memcpy(buffer, begin, max < size ? max : size);
    reader->sent_bytes += (int64_t)max;
    return reader->server->is_stopping ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)max;
}

/* How many of `n` bytes may be sent; 0: the answer ends here. */
static size_t restrict_to_fault(struct reader *reader, size_t n)
{
    int64_t left = reader->limit_bytes - reader->sent_bytes;
    const char *from = reader->text.data + reader->at, *line;

    if (reader->fault.action == FAULT_DRIP) {
        pause_ms(reader->server, reader->sent_bytes ? reader->fault.delay_ms : 0);
        return reader->server->is_stopping ? 0 : 1;
    }
    if (reader->fault.action != FAULT_CUT && reader->fault.action != FAULT_TRUNCATE)
        return n;
    if (left > 0)
        return (int64_t)n < left ? n : (size_t)left;
    if (reader->fault.action == FAULT_CUT || reader->at_line_end)
        return 0;
    line = memchr(from, '\n', n);
    return line ? (size_t)(line - from) + 1 : n;
}

static ssize_t read_some(void *context, uint64_t position, char *buffer, size_t max)
{
    struct reader *reader = context;
    size_t n;

    (void)position;
    if (reader->fault.action == FAULT_ENDLESS)
        return read_endless(reader, buffer, max);
    if (!refill(reader))
        return reader->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    n = reader->text.size - reader->at;
    n = restrict_to_fault(reader, n < max ? n : max);
    if (n == 0)
        return reader->fault.action == FAULT_TRUNCATE ? MHD_CONTENT_READER_END_OF_STREAM
                                                      : MHD_CONTENT_READER_END_WITH_ERROR;
    memcpy(buffer, reader->text.data + reader->at, n);
    reader->at_line_end = buffer[n - 1] == '\n';
    reader->at += n;
    reader->sent_bytes += (int64_t)n;
    return (ssize_t)n;
}

static bool is_read_in_pieces(const struct answer *answer, const struct fault *fault)
{
    return answer->cursor || fault->action == FAULT_DRIP || fault->action == FAULT_CUT ||
           fault->action == FAULT_ENDLESS;
}

static struct MHD_Response *make_response(struct server *server, struct answer *answer, const struct fault *fault)
{
    struct reader *reader;
    uint64_t size = answer->body.size;

    if (!is_read_in_pieces(answer, fault)) {
        struct MHD_Response *response =
            MHD_create_response_from_buffer(answer->body.size, answer->body.data, MHD_RESPMEM_MUST_FREE);

        answer->body = (struct text){0};
        return response;
    }
    reader = hrana_alloc(sizeof(*reader));
    *reader = (struct reader){.server = server, .text = answer->body, .cursor = answer->cursor, .fault = *fault};
    reader->limit_bytes = fault->at_bytes ? fault->at_bytes : CURSOR_CUT_BYTES;
    if (!answer->cursor && !fault->at_bytes)
        reader->limit_bytes = (int64_t)size / 2;
    if (answer->cursor || fault->action == FAULT_ENDLESS)
        size = MHD_SIZE_UNKNOWN;
    answer->body = (struct text){0};
    answer->cursor = NULL;
    return MHD_create_response_from_callback(size, 32768, read_some, reader, reader_free);
}

static void spoil(struct answer *answer, const struct fault *fault)
{
    static const char page[] = "<html><head><title>Oops</title></head><body><h1>Something is wrong</h1></body></html>";
    static const char wrong[] = "{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":ok}";
    const struct {
        enum fault_action action;
        unsigned status;
        const char *type;
        const char *body;
    } replaced[] = {
        {FAULT_STATUS, fault->status, "text/html", page},   {FAULT_HTML, 200, "text/html", page},
        {FAULT_WRONG_JSON, 200, "application/json", wrong}, {FAULT_REDIRECT, 302, "text/plain", "elsewhere"},
        {FAULT_ENDLESS, 200, "application/json", ""},
    };

    if (fault->action == FAULT_TRUNCATE && !answer->cursor)
        answer->body.size = fault->at_bytes ? (size_t)fault->at_bytes : answer->body.size / 2;
    for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
        if (replaced[i].action != fault->action)
            continue;
        answer_text(answer, replaced[i].status, replaced[i].type, replaced[i].body);
        cursor_free(answer->cursor);
        answer->cursor = NULL;
    }
}

/* A TCP connection that is connected to nothing is reset at once. */
static void reset(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};

    (void)connect(info->connect_fd, &nothing, sizeof(nothing));
}

static bool queue(struct MHD_Connection *connection, unsigned status, const char *type, const struct fault *fault,
                  struct MHD_Response *response)
{
    bool queued;

    (void)MHD_add_response_header(response, "Content-Type", type);
    if (fault->action == FAULT_STATUS && fault->retry_after[0])
        (void)MHD_add_response_header(response, "Retry-After", fault->retry_after);
    if (fault->action == FAULT_REDIRECT)
        (void)MHD_add_response_header(response, "Location", fault->location);
    queued = MHD_queue_response(connection, status, response) == MHD_YES;
    MHD_destroy_response(response);
    return queued;
}

bool answer_send(struct server *server, struct MHD_Connection *connection, struct answer *answer,
                 const struct fault *fault)
{
    bool sent = false;

    spoil(answer, fault);
    if (fault->action == FAULT_RESET)
        reset(connection);
    else if (fault->action != FAULT_LOSE_REPLY)
        sent = queue(connection, answer->status, answer->type, fault, make_response(server, answer, fault));
    cursor_free(answer->cursor);
    text_free(&answer->body);
    *answer = (struct answer){0};
    return sent;
}
