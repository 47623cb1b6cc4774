#include "hrana/fault.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum fault_action action;
    bool executes;
} actions[] = {
    {"slow", FAULT_SLOW, true},
    {"drip", FAULT_DRIP, true},
    {"cut", FAULT_CUT, true},
    {"truncate", FAULT_TRUNCATE, true},
    {"wrong_json", FAULT_WRONG_JSON, true},
    {"html", FAULT_HTML, false},
    {"endless", FAULT_ENDLESS, false},
    {"lose_reply", FAULT_LOSE_REPLY, true},
    {"reset", FAULT_RESET, false},
    {"expire", FAULT_EXPIRE, true},
    {"steal", FAULT_STEAL, true},
    {"redirect", FAULT_REDIRECT, false},
    {"echo", FAULT_ECHO, false},
};

static bool read_action(struct fault *fault, const json_t *json)
{
    const json_t *action = json_object_get(json, "do");
    const char *name = json_string_value(action);
    long status = name ? strtol(name, NULL, 10) : (long)json_integer_value(action);

    for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            fault->action = actions[i].action;
            fault->executes = actions[i].executes;
            return true;
        }
    }
    fault->action = FAULT_STATUS;
    fault->status = (unsigned)status;
    return status >= 400 && status <= 599;
}

static int64_t number(const json_t *json, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(json, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void copy_string(char *out, size_t size, const json_t *json, const char *name, const char *otherwise)
{
    const char *value = json_string_value(json_object_get(json, name));

    (void)snprintf(out, size, "%s", value ? value : otherwise);
}

static bool read_fault(struct fault *fault, const json_t *json, const char **why)
{
    static const char *const known[] = {"match", "do",      "nth",         "times",    "delay_ms",
                                        "at",    "execute", "retry_after", "location", NULL};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        const char *const *name = known;

        while (*name && strcmp(*name, key) != 0)
            name++;
        if (!*name) {
            *why = "a fault has no such field";
            return false;
        }
    }
    if (!read_action(fault, json)) {
        *why = "`do` is none of the known ones";
        return false;
    }
    copy_string(fault->match, sizeof(fault->match), json, "match", "any");
    copy_string(fault->retry_after, sizeof(fault->retry_after), json, "retry_after", "");
    copy_string(fault->location, sizeof(fault->location), json, "location", "http://127.0.0.1:9/");
    fault->nth = (long)number(json, "nth", 1);
    fault->times = (long)number(json, "times", 1);
    fault->delay_ms = number(json, "delay_ms", 1000);
    fault->at_bytes = number(json, "at", 0);
    if (json_is_boolean(json_object_get(json, "execute")))
        fault->executes = json_is_true(json_object_get(json, "execute"));
    return true;
}

bool fault_add(struct server *server, const struct text *text, const char **why)
{
    json_t *json = text->size ? json_loadb(text->data, text->size, 0, NULL) : NULL;
    struct fault *fault = hrana_alloc(sizeof(*fault)), **last;
    bool read = json_is_object(json);

    if (!read)
        *why = "a fault is a JSON object";
    else
        read = read_fault(fault, json, why);
    json_decref(json);
    if (!read) {
        free(fault);
        return false;
    }
    (void)pthread_mutex_lock(&server->lock);
    for (last = &server->faults; *last; last = &(*last)->next)
        ;
    *last = fault;
    (void)pthread_mutex_unlock(&server->lock);
    return true;
}

void faults_clear(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    while (server->faults) {
        struct fault *fault = server->faults;

        server->faults = fault->next;
        free(fault);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static bool holds_word(const char *body, const char *word)
{
    size_t size = strlen(word);

    for (; body && *body; body++) {
        if (strncasecmp(body, word, size) == 0)
            return true;
    }
    return false;
}

static bool matches(const struct fault *fault, const char *path, const struct text *body)
{
    const char *end = strrchr(path, '/');

    if (strcmp(fault->match, "any") == 0)
        return true;
    if (strcmp(fault->match, "pipeline") == 0 || strcmp(fault->match, "cursor") == 0)
        return strcmp(end + 1, fault->match) == 0;
    return holds_word(body->data, fault->match);
}

struct fault fault_pick(struct server *server, const char *path, const struct text *body)
{
    struct fault picked = {0};

    (void)pthread_mutex_lock(&server->lock);
    for (struct fault *fault = server->faults; fault; fault = fault->next) {
        if (!matches(fault, path, body))
            continue;
        fault->n_seen++;
        if (picked.action == FAULT_NONE && fault->n_seen >= fault->nth &&
            (fault->times == 0 || fault->n_seen < fault->nth + fault->times))
            picked = *fault;
    }
    (void)pthread_mutex_unlock(&server->lock);
    return picked;
}
