#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define MIN_SECRET_BYTES 3
#define MASK             "***"

/*
 * The secrets of the process. State that all handles share is allowed here alone: a secret of one connection must not leave through the message of another.
 */
static struct secret {
    struct secret *next;
    char *text;
} * secrets;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void vf_log_write(const struct vf_log *log, enum vf_log_level level, const char *fmt, ...)
{
    char message[2048];
    va_list args;

    if (log == NULL || log->write == NULL || level > log->level)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    log->write(log->context, level, vf_redact(message));
}

/* ---- the registry ---- */

static bool is_known(const char *text)
{
    for (const struct secret *secret = secrets; secret != NULL; secret = secret->next) {
        if (strcmp(secret->text, text) == 0)
            return true;
    }
    return false;
}

/* Longer ones first, so that a secret that is part of another doesn't leave the rest of that one standing. Takes the text over. */
static bool insert(char *text)
{
    struct secret *made = text != NULL ? vf_calloc(1, sizeof(*made)) : NULL;

    if (made == NULL) {
        vf_free(text);
        return false;
    }
    made->text = text;
    struct secret **at = &secrets;
    while (*at != NULL && strlen((*at)->text) > strlen(text))
        at = &(*at)->next;
    made->next = *at;
    *at = made;
    return true;
}

/* As it stands in a URL: everything but RFC 3986's unreserved characters as %XX. */
static char *percent_encoded(const char *text)
{
    struct vf_buf out;

    vf_buf_init(&out, VF_BUF_MAX);
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~", *text) != NULL;
        if (plain)
            vf_buf_char(&out, *text);
        else
            vf_buf_printf(&out, "%%%02X", (unsigned char)*text);
    }
    return vf_buf_detach(&out);
}

enum vf_status vf_redact_secret(const char *secret, struct vf_error *err)
{
    bool stored = true;

    if (secret == NULL || strlen(secret) < MIN_SECRET_BYTES)
        return VF_OK;
    pthread_mutex_lock(&lock);
    if (!is_known(secret)) {
        char *encoded = percent_encoded(secret);
        stored = encoded != NULL && insert(vf_strdup(secret));
        if (stored && strcmp(encoded, secret) != 0)
            stored = insert(encoded);
        else
            vf_free(encoded);
    }
    pthread_mutex_unlock(&lock);
    return stored ? VF_OK : vf_error_nomem(err);
}

void vf_redact_reset(void)
{
    pthread_mutex_lock(&lock);
    while (secrets != NULL) {
        struct secret *next = secrets->next;
        vf_free(secrets->text);
        vf_free(secrets);
        secrets = next;
    }
    pthread_mutex_unlock(&lock);
}

/* ---- redacting ---- */

/* Replace `size_bytes` at `at` by the mask, which is never longer than what it hides there. */
static char *mask(char *at, size_t size_bytes)
{
    size_t n_mask = size_bytes < strlen(MASK) ? size_bytes : strlen(MASK);

    memcpy(at, MASK, n_mask);
    memmove(at + n_mask, at + size_bytes, strlen(at + size_bytes) + 1);
    return at + n_mask;
}

static void mask_known(char *text)
{
    pthread_mutex_lock(&lock);
    for (const struct secret *secret = secrets; secret != NULL; secret = secret->next) {
        for (char *at = text; (at = strstr(at, secret->text)) != NULL;)
            at = mask(at, strlen(secret->text));
    }
    pthread_mutex_unlock(&lock);
}

/* scheme://user:secret@ : from the colon behind the user to the last @ before the host ends. */
static void mask_userinfo(char *text)
{
    for (char *at = text; (at = strstr(at, "://")) != NULL;) {
        at += 3;
        size_t authority = strcspn(at, " \t\r\n\"'/?#");
        char *sign = NULL, *colon = memchr(at, ':', authority);
        for (size_t i = 0; i < authority; i++) {
            if (at[i] == '@')
                sign = at + i;
        }
        if (sign != NULL && colon != NULL && colon < sign - 1)
            mask(colon + 1, (size_t)(sign - colon - 1));
    }
}

/* Values behind a keyword, up to a blank or a sign that ends a parameter; quoted ones up to the closing quote. */
static void mask_values(char *text, const char *keyword)
{
    for (char *at = text; *at != '\0';) {
        bool found = true;
        for (size_t i = 0; keyword[i] != '\0' && found; i++)
            found = at[i] != '\0' && (at[i] | ((at[i] >= 'A' && at[i] <= 'Z') ? 0x20 : 0)) == keyword[i];
        if (!found) {
            at++;
            continue;
        }
        at += strlen(keyword);
        char quote = *at == '\'' || *at == '"' ? *at : '\0';
        size_t size_bytes =
            quote != '\0' ? strcspn(at + 1, quote == '\'' ? "'" : "\"") + 1 : strcspn(at, " \t\r\n&;,\"')");
        if (size_bytes > 0)
            at = mask(at, size_bytes);
    }
}

char *vf_redact(char *text)
{
    mask_known(text);
    mask_userinfo(text);
    mask_values(text, "password=");
    mask_values(text, "token=");
    mask_values(text, "bearer ");
    return text;
}
