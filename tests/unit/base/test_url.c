#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/url.h"

static int forget(void **state)
{
    (void)state;
    vf_alloc_fail_at(-1, false);
    vf_redact_reset();
    return 0;
}

static void check(const char *text, const char *scheme, const char *path)
{
    struct vf_error err = {0};
    struct vf_url url;

    assert_int_equal(vf_url_parse(text, &url, &err), VF_OK);
    assert_string_equal(url.scheme, scheme);
    assert_string_equal(url.text, text);
    if (path == NULL)
        assert_null(url.path);
    else
        assert_string_equal(url.path, path);
    vf_url_release(&url);
    vf_url_release(&url);
    assert_null(url.text);
}

static void test_servers(void **state)
{
    (void)state;
    check("postgresql://user@host/db?sslmode=verify-full", "postgres", NULL);
    check("postgres://host:5432,other:5433/db?target_session_attrs=read-write", "postgres", NULL);
    check("postgresql://", "postgres", NULL);
    check("postgresql://[::1]:5432/db", "postgres", NULL);
    check("postgresql://us%3Aer@h/db?application_name=a%3Ab%40c", "postgres", NULL);
    check("postgresql:///db?host=/run/postgresql&passfile=/home/me/.pgpass&require_auth=password", "postgres", NULL);
    check("host=h dbname=d user=u", "postgres", NULL);
    check("dbname = d", "postgres", NULL);
    check("service=shop", "postgres", NULL);
    check("libsql://db.example", "turso", NULL);
    check("https://db.example/", "turso", NULL);
    check("http://127.0.0.1:8080", "turso", NULL);
}

/* libsql: is a server where a host follows, and a file where a path does. */
static void test_libsql_files(void **state)
{
    static const struct {
        const char *text, *path, *variant;
    } files[] = {{"libsql:/path.db", "/path.db", "libsql"},
                 {"libsql:relative.db", "relative.db", "libsql"},
                 {"LIBSQL:///path.db", "/path.db", "libsql"},
                 {"libsql:./a//b.db", "./a//b.db", "libsql"},
                 {"sqlite:/path.db", "/path.db", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct vf_error err = {0};
        struct vf_url url;
        assert_int_equal(vf_url_parse(files[i].text, &url, &err), VF_OK);
        assert_string_equal(url.scheme, "sqlite");
        assert_string_equal(url.path, files[i].path);
        assert_string_equal(url.variant, files[i].variant);
        vf_url_release(&url);
    }
}

static void test_paths(void **state)
{
    (void)state;
    check("sqlite:/path.db", "sqlite", "/path.db");
    check("sqlite:relative.db", "sqlite", "relative.db");
    check("sqlite:///path.db", "sqlite", "/path.db");
    check("sqlite:a b%20c.db?immutable=1", "sqlite", "a b%20c.db?immutable=1");
    check("shop.db", "sqlite", "shop.db");
    check("shop.sqlite", "sqlite", "shop.sqlite");
    check("shop.sqlite3", "sqlite", "shop.sqlite3");
    check("./shop", "sqlite", "./shop");
    check("./a:b.db", "sqlite", "./a:b.db");
    check("a=b/c.db", "sqlite", "a=b/c.db");
    check("/tmp/caf\xC3\xA9 host=x.db", "sqlite", "/tmp/caf\xC3\xA9 host=x.db");
    check("shop.duckdb", "duckdb", "shop.duckdb");
    check("duckdb:/path.duckdb", "duckdb", "/path.duckdb");
    check("files:/folder", "files", "/folder");
    check("mem:name", "mem", "name");
}

static void test_scheme_case(void **state)
{
    struct vf_url url;

    (void)state;
    assert_int_equal(vf_url_parse("PostgreSQL://Host/DB", &url, NULL), VF_OK);
    assert_string_equal(url.text, "postgresql://Host/DB");
    vf_url_release(&url);
}

static void test_existing_file(void **state)
{
    char name[] = "vf-url-XXXXXX";
    struct vf_url url;
    int fd = mkstemp(name);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    check(name, "sqlite", name);
    unlink(name);
    assert_int_equal(vf_url_parse(name, &url, NULL), VF_USAGE);
}

static void refuse(const char *text, const char *message, const char *hint)
{
    struct vf_error err = {0};
    struct vf_url url;

    assert_int_equal(vf_url_parse(text, &url, &err), VF_USAGE);
    assert_int_equal(err.status, VF_USAGE);
    assert_string_equal(err.message, message);
    if (strstr(err.hint, hint) == NULL)
        assert_string_equal(err.hint, hint);
    assert_null(url.text);
    assert_null(url.path);
    assert_string_equal(url.scheme, "");
}

#define KNOWN " is not a known kind of database; known are postgresql, sqlite, duckdb, libsql, http, https, files, mem"

static void test_refused(void **state)
{
    char *text = malloc(9001);

    (void)state;
    refuse(NULL, "the URL of a database is empty", "sqlite:");
    refuse("", "the URL of a database is empty", "postgresql://user@host/db");
    refuse("shop", "\"shop\" is neither a URL nor the path of a database file", "sqlite:");
    refuse("postgresq://h/d", "\"postgresq\"" KNOWN, "did you mean \"postgresql:\"?");
    refuse("sqllite:x.db", "\"sqllite\"" KNOWN, "did you mean \"sqlite:\"?");
    refuse("file:x.db", "\"file\"" KNOWN, "did you mean \"sqlite:\"?");
    refuse("mysql://h/d", "\"mysql\"" KNOWN, "./name");
    refuse("a:b.db", "\"a\"" KNOWN, "./name");
    refuse("postgres:shop", "a postgres URL begins with \"postgres://\"", "");
    refuse("libsql:", "the URL \"libsql:\" has no path", "");
    refuse("libsql://", "the URL \"libsql://\" has no host", "");
    refuse("http:///x", "the URL \"http://\" has no host", "");
    refuse("sqlite:", "the URL \"sqlite:\" has no path", "");
    refuse("mem:", "the URL \"mem:\" has no name", "");
    refuse("sqlite://shop.db", "a sqlite URL has no host", "sqlite:name");
    refuse("sqlite:a\nb.db", "the URL of a database has a control character at byte 9", "");
    refuse("\x1b[31m.db", "the URL of a database has a control character at byte 1", "");
    refuse("postgres://h/d\x7f", "the URL of a database has a control character at byte 15", "");
    refuse("abc\xFF\xE2\x80\xAE", "\"abc\\xff\\xe2\\x80\\xae\" is neither a URL nor the path of a database file", "");
    assert_non_null(text);
    memset(text, 'a', 9000);
    text[9000] = '\0';
    refuse(text, "the URL of a database has 9000 bytes, the limit is 8192", "");
    text[8000] = '\0';
    text[7999] = ':';
    refuse(text, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" KNOWN, "./name");
    free(text);
}

/* Wherever the secret stands: refused, with the ways that there are instead, and never repeated. */
static void test_secrets(void **state)
{
    static const char *const urls[] = {
        "postgresql://app:CANARY@db/shop",
        "postgresql://:CANARY@db/shop",
        "postgresql://app:x@CANARY@db/shop",
        "postgresql://app:CANARY/x@db/shop",
        "postgresql://app:?CANARY#@db/shop",
        "postgresql://app:5432CANARY@db/shop",
        "POSTGRES://app:CANARY@db",
        "postgresql://app@db/shop?password=CANARY",
        "postgresql://app@db/shop?sslmode=require&PassWord=CANARY",
        "postgresql://app@db/shop?p%61ssword=CANARY",
        "postgresql://app@db/shop?%70%61%73%73%77%6F%72%64=CANARY",
        "postgresql://app@db/shop?sslpassword=CANARY",
        "host=db password=CANARY",
        "host=db password = 'CANARY'",
        "password=CANARY host=db",
        "password='CANARY' host=db",
        "dbname=postgresql://u:CANARY@h/db",
        "dbname='host=h password=CANARY'",
        "host=db passw=x password=CANARY",
        "libsql://db.example?authToken=CANARY",
        "libsql://db.example?auth_token=CANARY",
        "https://u:CANARY@db.example",
        "http://127.0.0.1:8080/?token=CANARY",
        "mysql://root:CANARY@db/shop",
        "sqlite:/tmp/x.db?authToken=CANARY",
        "shop.db?token=CANARY",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct vf_error err = {0};
        struct vf_url url;

        if (vf_url_parse(urls[i], &url, &err) != VF_USAGE)
            fail_msg("accepted: %s", urls[i]);
        assert_string_equal(err.message,
                            "a URL must not hold a password or token: every user of the machine can read it");
        assert_non_null(strstr(err.hint, "--source-password-file"));
        assert_non_null(strstr(err.hint, "--target-password-command"));
        assert_non_null(strstr(err.hint, "PGPASSFILE"));
        assert_non_null(strstr(err.hint, "PGPASSWORD"));
        assert_null(strstr(err.message, "CANARY"));
        assert_null(strstr(err.hint, "CANARY"));
        assert_null(url.text);
    }
}

static void test_show(void **state)
{
    const struct vf_url none = {.scheme = "mem"};
    struct vf_url url;
    char out[64];

    (void)state;
    assert_int_equal(vf_url_parse("postgres://app@db/shop", &url, NULL), VF_OK);
    assert_ptr_equal(vf_url_show(&url, out, sizeof(out)), out);
    assert_string_equal(out, "postgres://app@db/shop");
    assert_int_equal(vf_redact_secret("shop", NULL), VF_OK);
    assert_string_equal(vf_url_show(&url, out, sizeof(out)), "postgres://app@db/***");
    assert_string_equal(vf_url_show(&url, out, 9), "postgres");
    vf_alloc_fail_at(0, true);
    assert_string_equal(vf_url_show(&url, out, sizeof(out)), "postgres");
    vf_alloc_fail_at(-1, false);
    vf_url_release(&url);
    assert_int_equal(vf_url_parse("/tmp/a\xC2\x9B"
                                  "b.db",
                                  &url, NULL),
                     VF_OK);
    assert_string_equal(vf_url_show(&url, out, sizeof(out)), "/tmp/a\\xc2\\x9bb.db");
    vf_url_release(&url);
    assert_string_equal(vf_url_show(&none, out, sizeof(out)), "mem");
}

/* Every allocation fails once. */
static void test_no_memory(void **state)
{
    static const char *const urls[] = {"postgres://h/d", "sqlite:/x.db", "x.db", "mem:x"};

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        enum vf_status status = VF_NOMEM;
        struct vf_error err = {0};
        struct vf_url url;
        int64_t at = 0;

        for (; status == VF_NOMEM; at++) {
            vf_alloc_fail_at(at, false);
            status = vf_url_parse(urls[i], &url, &err);
            if (status == VF_NOMEM) {
                assert_string_equal(err.message, "out of memory");
                assert_null(url.text);
                assert_null(url.path);
            }
        }
        vf_alloc_fail_at(-1, false);
        assert_int_equal(status, VF_OK);
        assert_true(at > 2);
        vf_url_release(&url);
    }
}

/* Hostile strings: whatever comes out, what is accepted is complete, and what is refused is empty and has a message. */
static void test_random(void **state)
{
    static const char *const words[] = {
        "postgresql", "postgres", "sqlite", "mem",      "://", ":", "/",  "?",   "#",    "@",    "=", "%", "%70",
        "%00",        "%zz",      "host",   "password", " ",   "'", "\\", ".db", "\xFF", "\xC3", "a", "[", "]"};
    uint32_t seed = 11;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[300] = "";
        size_t size_bytes = 0;
        struct vf_error err = {0};
        struct vf_url url;
        char *copy;

        for (int i = 0; i < 12; i++) {
            seed = seed * 1664525u + 1013904223u;
            const char *word = words[(seed >> 16) % (sizeof(words) / sizeof(words[0]))];
            memcpy(text + size_bytes, word, strlen(word) + 1);
            size_bytes += strlen(word);
        }
        copy = malloc(size_bytes + 1);
        assert_non_null(copy);
        memcpy(copy, text, size_bytes + 1);
        if (vf_url_parse(copy, &url, &err) == VF_OK) {
            assert_non_null(url.text);
            assert_true(url.scheme[0] != '\0');
        } else {
            assert_int_equal(err.status, VF_USAGE);
            assert_true(err.message[0] != '\0');
            assert_null(url.text);
        }
        vf_url_release(&url);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_libsql_files),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_scheme_case),
        cmocka_unit_test(test_existing_file),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test_teardown(test_show, forget),
        cmocka_unit_test_teardown(test_no_memory, forget),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
