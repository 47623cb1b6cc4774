#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"

static int forget(void **state)
{
    (void)state;
    vf_alloc_fail_at(-1, false);
    vf_redact_reset();
    return 0;
}

static void check(const char *text, const char *wanted)
{
    size_t size_bytes = strlen(text);
    char *copy = malloc(size_bytes + 1); /* of the exact size, so that a byte too many is seen */

    assert_non_null(copy);
    memcpy(copy, text, size_bytes + 1);
    assert_ptr_equal(vf_redact(copy), copy);
    assert_string_equal(copy, wanted);
    assert_string_equal(vf_redact(copy), wanted); /* nothing changes any more */
    free(copy);
}

static void remember(const char *secret)
{
    assert_int_equal(vf_redact_secret(secret, NULL), VF_OK);
}

static void test_remembered(void **state)
{
    (void)state;
    check("the word is hunter2", "the word is hunter2");
    remember("hunter2");
    remember("hunter2");
    check("the word is hunter2", "the word is ***");
    check("hunter2hunter2, hunter", "******, ***"); /* the end may be cut */
    check("xhunter2x", "x***x");
    check("hunter", "***");
    check("hunt and hun", "hunt and hun");
    remember("hunter2-and-more"); /* the longer one wins, whatever the order */
    check("hunter2-and-more.", "***.");
    check("hunter2-and-less.", "***-and-less.");
    check("", "");
    assert_null(vf_redact(NULL));
    vf_redact_reset();
    check("the word is hunter2", "the word is hunter2");
}

static void test_too_short(void **state)
{
    (void)state;
    remember("");
    remember("ab");
    assert_int_equal(vf_redact_secret(NULL, NULL), VF_OK);
    check("ab cab", "ab cab");
    remember("abc");
    check("abc", "***");
}

/* A secret with everything awkward, in the forms in which drivers, JSON and SQL repeat it. */
static void test_escaped(void **state)
{
    (void)state;
    remember("p@:/?#%\\ '\"\n\xC3\xA9z");
    check("a p@:/?#%\\ '\"\n\xC3\xA9z b", "a *** b");
    check("a p%40%3A%2F%3F%23%25%5C%20%27%22%0A%C3%A9z b", "a *** b");
    check("a p%40%3a%2f%3f%23%25%5c+%27%22%0a%c3%a9z b", "a *** b");
    check("a p@:/?#%25\\%20'\"%0A\xC3\xA9z b", "a *** b");
    check("a p@:/?#%\\\\ '\\\"\\n\xC3\xA9z b", "a *** b");           /* JSON */
    check("a p@:/?#%\\\\ '\\\"\\u000a\\u00c3\\u00a9z b", "a *** b"); /* JSON, all escaped */
    check("a p@:/?#%\\ ''\"\n\xC3\xA9z b", "a *** b");               /* SQL */
    check("a p@:/?#%\\\\ \\'\"\n\xC3\xA9z b", "a *** b");            /* libpq's keywords */
    check("a p@:/?#%\\ '\"\\x0a\xC3\xA9z b", "a *** b");             /* vf_printable() */
    remember("100%25x");
    check("100%25x|100%2525x", "***|***");
    remember("back\\\\slash");
    check("back\\\\slash|back\\\\\\\\slash", "***|***");
}

static void test_long(void **state)
{
    char secret[301];
    char text[1000];

    (void)state;
    memset(secret, 'k', sizeof(secret));
    secret[300] = '\0';
    remember(secret);
    snprintf(text, sizeof(text), "<%s>%s", secret, "k");
    assert_string_equal(vf_redact(text), "<***>k");
}

static void test_url(void **state)
{
    (void)state;
    check("postgresql://app:s3cr3t@db/shop", "postgresql://app:***@db/shop");
    check("at postgres://app:p@ss:w0rd@db:5432/shop?a=b, and", "at postgres://app:***@db:5432/shop?a=b, and");
    check("postgres://app:pa/ss@db/shop", "postgres://app:***@db/shop");
    check("postgres://app:pa?s#s@db/shop", "postgres://app:***@db/shop");
    check("postgres://app:pa'ss@db", "postgres://app:***@db");
    check("postgres://:x@db", "postgres://:*@db");
    check("(\"http://u:pw@h/\")", "(\"http://u:**@h/\")");
    check("postgres://a:one@h1 postgres://b:two@h2", "postgres://a:***@h1 postgres://b:***@h2");
    check("postgres://app@db:5432/shop", "postgres://app@db:5432/shop");
    check("http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b");
    check("postgres://h1:1,h2:2/db?user=a@b", "postgres://h1:1,h2:2/db?user=a@b");
    check("postgres://app:@db", "postgres://app:@db");
    check("https://host/path: see a@b.example", "https://host/path: see a@b.example");
    check("://", "://");
    check("://:", "://:");
    check("://@", "://@");
}

static void test_assignments(void **state)
{
    (void)state;
    check("host=h password=abcdef user=u", "host=h password=*** user=u");
    check("PASSWORD = 'it''s' x", "PASSWORD = '***' x");
    check("password='a b\\'c' user=u", "password='***' user=u");
    check("password=a\\ b user=u", "password=*** user=u");
    check("sslpassword=q", "sslpassword=*");
    check("?authToken=eyJhbGciOi&x=1", "?authToken=***&x=1");
    check("libsql://h?token=a,b;c", "libsql://h?token=***");
    check("PGPASSWORD=abcdef psql", "PGPASSWORD=*** psql");
    check("{\"password\": \"abcdef\", \"a\": 1}", "{\"password\": \"***\", \"a\": 1}");
    check("invalid option \"password=abcdef\"", "invalid option \"password=***\"");
    check("client_secret=abcdef api_key=xyzzy", "client_secret=*** api_key=***");
    check("password=", "password=");
    check("password=''", "password=''");
    check("password='abcd", "password='***");
    check("password='abc\\", "password='***");
    check("password authentication failed for user \"app\"", "password authentication failed for user \"app\"");
    check("--source-password-file=x password_file=y", "--source-password-file=x password_file=y");
    check("passfile=/home/.pgpass", "passfile=/home/.pgpass");
}

static void test_bearer(void **state)
{
    (void)state;
    check("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***");
    check("bearer\t a", "bearer\t *");
    check("\"BEARER xyz\", next", "\"BEARER ***\", next");
    check("the bearer", "the bearer");
    check("bearer ", "bearer ");
}

static void test_would(void **state)
{
    (void)state;
    assert_true(vf_redact_would("postgres://u:p@h"));
    assert_true(vf_redact_would("host=h password=x"));
    assert_false(vf_redact_would("postgres://u@h/db?sslmode=require"));
    assert_false(vf_redact_would(""));
    remember("shop");
    assert_false(vf_redact_would("postgres://u@h/shop"));
}

/* Any text: nothing is read or written beyond it, it never grows, and no remembered secret stays. */
static void test_random(void **state)
{
    static const char *const words[] = {"password", "=", "'",  "\"", "://",      ":",    "@", "token",
                                        "bearer ",  " ", "\\", "%",  "%41",      "AAAA", "A", "\\u0041",
                                        "x",        "/", "?",  "&",  "\xC3\xA9", "5432"};
    uint32_t seed = 3;

    (void)state;
    remember("AAAA");
    for (int round = 0; round < 20000; round++) {
        char text[400] = "";
        size_t size_bytes = 0;
        char *copy;

        for (int i = 0; i < 20; i++) {
            seed = seed * 1664525u + 1013904223u;
            const char *word = words[(seed >> 16) % (sizeof(words) / sizeof(words[0]))];
            memcpy(text + size_bytes, word, strlen(word) + 1);
            size_bytes += strlen(word);
        }
        copy = malloc(size_bytes + 1);
        assert_non_null(copy);
        memcpy(copy, text, size_bytes + 1);
        vf_redact(copy);
        assert_true(strlen(copy) <= size_bytes);
        assert_null(strstr(copy, "AAAA"));
        free(copy);
    }
}

/* ---- the log ---- */

static char last_message[70000];
static int n_messages;

static void keep(void *context, enum vf_log_level level, const char *message)
{
    *(enum vf_log_level *)context = level;
    snprintf(last_message, sizeof(last_message), "%s", message);
    n_messages++;
}

static void test_log(void **state)
{
    enum vf_log_level level = VF_LOG_ERROR;
    struct vf_log log = {.write = keep, .context = &level, .level = VF_LOG_INFO};
    const struct vf_log silent = {.level = VF_LOG_DEBUG};

    (void)state;
    remember("hunter2");
    n_messages = 0;
    vf_log_write(NULL, VF_LOG_ERROR, "x");
    vf_log_write(&silent, VF_LOG_ERROR, "x");
    vf_log_write(&log, VF_LOG_DEBUG, "x");
    assert_int_equal(n_messages, 0);
    vf_log_write(&log, VF_LOG_INFO, "%s says %s", "he", "hunter2");
    assert_int_equal(n_messages, 1);
    assert_int_equal(level, VF_LOG_INFO);
    assert_string_equal(last_message, "he says ***");
    vf_log_write(&log, VF_LOG_WARNING, "%s", "");
    assert_string_equal(last_message, "");
    vf_log_write(&log, VF_LOG_WARNING, "%03000d password=abcdef", 1);
    assert_int_equal(strlen(last_message), 3000 + strlen(" password=***"));
    vf_alloc_fail_at(0, true);
    vf_log_write(&log, VF_LOG_WARNING, "hunter2");
    assert_string_equal(last_message, "a log message was lost: out of memory, or too long");
}

/* ---- memory, threads ---- */

static void test_no_memory(void **state)
{
    struct vf_error err = {0};

    (void)state;
    vf_alloc_fail_at(0, false);
    assert_int_equal(vf_redact_secret("hunter2", &err), VF_NOMEM);
    assert_string_equal(err.message, "out of memory");
    check("hunter2", "hunter2");
    remember("hunter2");
    vf_alloc_fail_at(0, true); /* redacting needs no memory */
    char text[] = "hunter2 password=abcdef";
    assert_string_equal(vf_redact(text), "*** password=***");
    assert_int_equal(vf_alloc_count(), 0);
}

static void *many(void *number)
{
    char secret[64];
    char text[64];

    for (int i = 0; i < 100; i++) {
        snprintf(secret, sizeof(secret), "secret-%d-%d-end", *(int *)number, i);
        snprintf(text, sizeof(text), "%s", secret);
        if (vf_redact_secret(secret, NULL) != VF_OK || strcmp(vf_redact(text), "***") != 0)
            return number;
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    int numbers[4] = {0, 1, 2, 3};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many, &numbers[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *failed = threads;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    check("secret-3-99-end secret-0-0-end", "*** ***");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_remembered, forget), cmocka_unit_test_teardown(test_too_short, forget),
        cmocka_unit_test_teardown(test_escaped, forget),    cmocka_unit_test_teardown(test_long, forget),
        cmocka_unit_test_teardown(test_url, forget),        cmocka_unit_test_teardown(test_assignments, forget),
        cmocka_unit_test_teardown(test_bearer, forget),     cmocka_unit_test_teardown(test_would, forget),
        cmocka_unit_test_teardown(test_random, forget),     cmocka_unit_test_teardown(test_log, forget),
        cmocka_unit_test_teardown(test_no_memory, forget),  cmocka_unit_test_teardown(test_threads, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
