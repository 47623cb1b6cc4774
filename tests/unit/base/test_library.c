#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/library.h"

struct table {
    const char *(*version)(void);
    void *missing;
};

static const struct vf_library_symbol symbols[] = {
    {"sqlite3_libversion", offsetof(struct table, version)},
    {"vf_no_such_function", offsetof(struct table, missing)},
};

/* A folder in which some library of the system has the name that is looked for. */
static void make_folder(char folder[256], const char *target)
{
    char path[300];
    const char *scratch = getenv("TMPDIR");

    snprintf(folder, 256, "%s/vf_library_XXXXXX", scratch != NULL ? scratch : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/liblibsql.so", folder);
    assert_int_equal(symlink(target, path), 0);
}

static void remove_folder(const char *folder)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/liblibsql.so", folder);
    unlink(path);
    rmdir(folder);
}

static const char *system_sqlite(void)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/libsqlite3.so.0", "/usr/lib/libsqlite3.so.0",
                                         "/usr/lib64/libsqlite3.so.0", "/usr/lib/aarch64-linux-gnu/libsqlite3.so.0"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], R_OK) == 0)
            return places[i];
    }
    fail_msg("no libsqlite3.so.0 on this machine");
    return NULL;
}

static void test_functions_are_found(void **state)
{
    char folder[256];
    struct table table = {0};
    void *handle = NULL;
    struct vf_error err = {0};

    (void)state;
    make_folder(folder, system_sqlite());
    assert_int_equal(vf_library_open(VF_LIBRARY_LIBSQL, folder, symbols, 1, &table, &handle, &err), VF_OK);
    assert_non_null(handle);
    assert_int_equal(table.version()[0], '3');
    vf_library_close(handle);
    remove_folder(folder);
}

static void test_what_is_missing_is_named(void **state)
{
    char folder[256];
    struct table table = {0};
    void *handle = NULL;
    struct vf_error err = {0};

    (void)state;
    make_folder(folder, system_sqlite());
    assert_int_equal(vf_library_open(VF_LIBRARY_LIBSQL, folder, symbols, 2, &table, &handle, &err), VF_MISSING);
    assert_null(handle);
    assert_string_equal(err.message, "the library of libSQL has no function vf_no_such_function");
    assert_non_null(strstr(err.hint, "--library-dir"));
    remove_folder(folder);
}

/* A folder that was given is the only place that counts. */
static void test_a_given_folder_must_have_it(void **state)
{
    char folder[256];
    struct table table = {0};
    void *handle = NULL;
    struct vf_error err = {0};

    (void)state;
    make_folder(folder, "no-such-file");
    assert_int_equal(vf_library_open(VF_LIBRARY_LIBSQL, folder, symbols, 1, &table, &handle, &err), VF_MISSING);
    assert_null(handle);
    assert_non_null(strstr(err.message, "the library of libSQL can't be opened: "));
    assert_string_equal(err.hint, "name the folder that has liblibsql.so by --library-dir");
    remove_folder(folder);
}

static void test_the_folder_that_was_built_in(void **state)
{
    (void)state;
    assert_string_equal(vf_library_folder("/x"), "/x");
    assert_int_equal(vf_library_folder(NULL)[0], '/');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_a_given_folder_must_have_it),
        cmocka_unit_test(test_the_folder_that_was_built_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
