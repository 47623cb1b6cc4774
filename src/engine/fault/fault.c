#include "engine/fault/fault.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"

struct fault_conn {
    struct vf_fault *fault;
    enum vf_side side;
    bool fires; /* the call that is going on is the one */
    bool lost;
};

static _Noreturn void kill_now(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static enum vf_status lost(struct fault_conn *conn, const struct vf_wrap_call *call, struct vf_error *err)
{
    conn->lost = true;
    return vf_error_set(err, VF_TEMPORARY, "connection lost during %s", vf_op_name(call->op));
}

static bool concerns(const struct fault_conn *conn, const struct vf_wrap_call *call)
{
    const struct vf_fault *fault = conn->fault;
    if (atomic_load(&fault->off) || (fault->side != VF_SIDE_NONE && fault->side != conn->side))
        return false;
    return fault->any_op || fault->op == call->op;
}

static enum vf_status fault_before(void *context, const struct vf_wrap_call *call, struct vf_error *err)
{
    struct fault_conn *conn = context;
    struct vf_fault *fault = conn->fault;
    conn->fires = false;
    if (conn->lost)
        return lost(conn, call, err);
    if (!concerns(conn, call))
        return VF_OK;
    int64_t number = atomic_fetch_add(&fault->n_calls, 1) + 1;
    conn->fires = number == fault->n || (fault->repeat && number > fault->n);
    if (!conn->fires)
        return VF_OK;

    atomic_fetch_add(&fault->n_fired, 1);
    switch (fault->action) {
    case VF_FAULT_ERROR:
        return vf_error_set(err, fault->status != VF_OK ? fault->status : VF_ENGINE,
                            "injected failure of %s, call %lld", vf_op_name(call->op), (long long)number);
    case VF_FAULT_LOST:
        return lost(conn, call, err);
    case VF_FAULT_KILL:
        kill_now();
    case VF_FAULT_DONE_THEN_LOST:
    case VF_FAULT_DONE_THEN_KILL:
        break;
    }
    return VF_OK;
}

static enum vf_status fault_after(void *context, const struct vf_wrap_call *call, enum vf_status status,
                                  struct vf_error *err)
{
    struct fault_conn *conn = context;
    if (!conn->fires)
        return status;
    conn->fires = false;
    if (conn->fault->action == VF_FAULT_DONE_THEN_KILL)
        kill_now();
    if (conn->fault->action == VF_FAULT_DONE_THEN_LOST)
        return lost(conn, call, err);
    return status;
}

static const struct vf_wrap_hooks fault_hooks = {fault_before, fault_after, vf_free};

enum vf_status vf_fault_wrap(struct vf_conn **conn, struct vf_fault *fault, struct vf_error *err)
{
    assert(conn != NULL && *conn != NULL && fault != NULL && fault->n >= 1);
    struct fault_conn *wrapped = vf_calloc(1, sizeof(*wrapped));
    if (wrapped == NULL)
        return vf_error_nomem(err);
    wrapped->fault = fault;
    wrapped->side = vf_conn_side(*conn);
    enum vf_status status = vf_wrap_conn(conn, &fault_hooks, wrapped, err);
    if (status != VF_OK)
        vf_free(wrapped);
    return status;
}

/* ---- the text ---- */

static bool action_parse(const char *name, enum vf_fault_action *action)
{
    static const struct {
        const char *name;
        enum vf_fault_action action;
    } actions[] = {
        {"error", VF_FAULT_ERROR},
        {"lost", VF_FAULT_LOST},
        {"commit-lost", VF_FAULT_DONE_THEN_LOST},
        {"kill", VF_FAULT_KILL},
        {"kill-after", VF_FAULT_DONE_THEN_KILL},
    };
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(name, actions[i].name) == 0) {
            *action = actions[i].action;
            return true;
        }
    }
    return false;
}

static bool op_part_parse(const char *part, struct vf_fault *fault)
{
    if (vf_str_starts(part, "source.")) {
        fault->side = VF_SIDE_SOURCE;
        part += strlen("source.");
    } else if (vf_str_starts(part, "target.")) {
        fault->side = VF_SIDE_TARGET;
        part += strlen("target.");
    }
    fault->any_op = strcmp(part, "any") == 0;
    return fault->any_op || vf_op_parse(part, &fault->op);
}

/* Cut `text` at its colons, in place. */
static size_t cut(char *text, char *parts[4])
{
    size_t n = 0;
    while (text != NULL && n < 4) {
        parts[n++] = text;
        text = strchr(text, ':');
        if (text != NULL)
            *text++ = '\0';
    }
    return text == NULL ? n : 0;
}

enum vf_status vf_fault_parse(const char *text, size_t size_bytes, struct vf_fault *fault, struct vf_error *err)
{
    char copy[128] = "";
    char *parts[4] = {NULL};
    if (size_bytes < sizeof(copy))
        memcpy(copy, text, size_bytes);
    *fault = (struct vf_fault){0};

    size_t n_parts = cut(copy, parts);
    bool right = n_parts >= 3 && op_part_parse(parts[0], fault) &&
                 vf_parse_i64(parts[1], strlen(parts[1]), &fault->n) && fault->n >= 1 &&
                 action_parse(parts[2], &fault->action) && (n_parts == 3 || strcmp(parts[3], "repeat") == 0);
    if (!right)
        return vf_error_set(err, VF_USAGE, "failpoint \"%.*s\" isn't of the form operation:n:action", (int)size_bytes,
                            text);
    fault->repeat = n_parts == 4;
    return VF_OK;
}

#define MAX_FAULTS 8

/* The faults of the environment: one set for the process, because that is what they count over. */
static struct {
    pthread_mutex_t mutex;
    bool is_read;
    size_t n_faults;
    struct vf_fault faults[MAX_FAULTS];
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static enum vf_status read_shared(const char *text, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (shared.n_faults = 0; status == VF_OK && *text != '\0';) {
        size_t size_bytes = strcspn(text, ",");
        if (shared.n_faults == MAX_FAULTS)
            return vf_error_set(err, VF_USAGE, "more than %d failpoints", MAX_FAULTS);
        status = vf_fault_parse(text, size_bytes, &shared.faults[shared.n_faults++], err);
        text += size_bytes + (text[size_bytes] == ',');
    }
    return status;
}

enum vf_status vf_fault_wrap_from_text(struct vf_conn **conn, const char *text, struct vf_error *err)
{
    pthread_mutex_lock(&shared.mutex);
    enum vf_status status = shared.is_read ? VF_OK : read_shared(text, err);
    shared.is_read = status == VF_OK;
    pthread_mutex_unlock(&shared.mutex);
    for (size_t i = 0; status == VF_OK && i < shared.n_faults; i++)
        status = vf_fault_wrap(conn, &shared.faults[i], err);
    return status;
}
