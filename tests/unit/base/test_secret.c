#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "vf-secret-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/password", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    vf_alloc_fail_at(-1, false);
    vf_redact_reset();
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(path);
    return rmdir(folder);
}

static void write_file(const void *bytes, size_t size_bytes, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* The secret is as wanted, and the redactor knows it. */
static void check_secret(enum vf_status status, char *secret, const char *wanted)
{
    char text[128];

    assert_int_equal(status, VF_OK);
    assert_string_equal(secret, wanted);
    snprintf(text, sizeof(text), "it is %s", wanted);
    assert_string_equal(vf_redact(text), "it is ***");
    vf_secret_free(secret);
    vf_redact_reset();
}

static void check_refused(enum vf_status status, const char *secret, const struct vf_error *err, const char *message)
{
    assert_int_equal(status, VF_USAGE);
    assert_int_equal(err->status, VF_USAGE);
    assert_null(secret);
    if (strstr(err->message, message) == NULL)
        assert_string_equal(err->message, message);
    assert_null(strstr(err->message, "CANARY"));
    assert_null(strstr(err->hint, "CANARY"));
}

static void test_file(void **state)
{
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {{"s3cr3t\n", "s3cr3t"},
                 {"s3cr3t", "s3cr3t"},
                 {"s3cr3t\r\n", "s3cr3t"},
                 {"s3cr3t\n\n", "s3cr3t\n"},
                 {"two\nlines\n", "two\nlines"},
                 {" with blanks \n", " with blanks "},
                 {"cr\r", "cr\r"}};
    char *secret = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(cases[i].text, strlen(cases[i].text), i % 2 == 0 ? 0600 : 0400);
        enum vf_status status = vf_secret_from_file("password", path, &secret, NULL);
        check_secret(status, secret, cases[i].wanted);
    }
    vf_secret_free(NULL);
}

static void test_file_modes(void **state)
{
    static const mode_t modes[] = {0644, 0640, 0604, 0660, 0601, 0666, 0777};
    char wanted[64];

    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct vf_error err = {0};
        char *secret = NULL;

        write_file("CANARY", 6, modes[i]);
        enum vf_status status = vf_secret_from_file("password", path, &secret, &err);
        snprintf(wanted, sizeof(wanted), "/password\" has mode %04o, so others can read or write it",
                 (unsigned)modes[i]);
        check_refused(status, secret, &err, wanted);
        assert_true(vf_str_starts(err.hint, "chmod 600 \"vf-secret-"));
    }
}

static void test_file_of_another_user(void **state)
{
    struct vf_error err = {0};
    char *secret = NULL;

    (void)state;
    write_file("CANARY", 6, 0600);
    if (chown(path, 12345, (gid_t)-1) != 0)
        skip(); /* only root can give files away */
    enum vf_status status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "belongs to another user (id 12345)");
}

/* systemd's way: readable by the group, and in its folder. */
static void test_credential(void **state)
{
    struct vf_error err = {0};
    char *secret = NULL;

    (void)state;
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    write_file("s3cr3t", 6, 0440);
    enum vf_status status = vf_secret_from_file("password", path, &secret, &err);
    check_secret(status, secret, "s3cr3t");
    write_file("CANARY", 6, 0444);
    secret = NULL;
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "has mode 0444");
    setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
    write_file("CANARY", 6, 0440);
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "has mode 0440");
}

static void test_file_refused(void **state)
{
    struct vf_error err = {0};
    char *secret = NULL;
    enum vf_status status = vf_secret_from_file("key",
                                                "no/such\x1b"
                                                "file",
                                                &secret, &err);

    (void)state;
    check_refused(status, secret, &err, "cannot open key file \"no/such\\x1bfile\": No such file or directory");
    status = vf_secret_from_file("password", folder, &secret, &err);
    check_refused(status, secret, &err, "is not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "is not a regular file");
    assert_string_equal(err.hint, "a password that is made on the fly comes from a command");
    write_file("", 0, 0600);
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "gives an empty secret");
    write_file("\r\n", 2, 0600);
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "gives an empty secret");
    write_file("CANARY\0x", 8, 0600);
    status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "gives a secret with a NUL byte");
}

static void test_file_size(void **state)
{
    char *bytes = malloc(VF_SECRET_MAX_BYTES + 1);
    struct vf_error err = {0};
    char *secret = NULL;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'k', VF_SECRET_MAX_BYTES + 1);
    write_file(bytes, VF_SECRET_MAX_BYTES, 0600);
    assert_int_equal(vf_secret_from_file("password", path, &secret, &err), VF_OK);
    assert_int_equal(strlen(secret), VF_SECRET_MAX_BYTES);
    vf_secret_free(secret);
    secret = NULL;
    write_file(bytes, VF_SECRET_MAX_BYTES + 1, 0600);
    enum vf_status status = vf_secret_from_file("password", path, &secret, &err);
    check_refused(status, secret, &err, "gives more than 65536 bytes");
    free(bytes);
}

static void test_env(void **state)
{
    struct vf_error err = {0};
    char *secret = folder;

    (void)state;
    unsetenv("VF_TEST_SECRET");
    assert_int_equal(vf_secret_from_env("VF_TEST_SECRET", &secret, &err), VF_OK);
    assert_null(secret);
    setenv("VF_TEST_SECRET", "", 1);
    assert_int_equal(vf_secret_from_env("VF_TEST_SECRET", &secret, &err), VF_OK);
    assert_null(secret);
    setenv("VF_TEST_SECRET", "s3cr3t", 1);
    enum vf_status status = vf_secret_from_env("VF_TEST_SECRET", &secret, &err);
    check_secret(status, secret, "s3cr3t");
    unsetenv("VF_TEST_SECRET");
}

static int count_open_files(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_command(void **state)
{
    const int n_open = count_open_files();
    char *secret = NULL;
    enum vf_status status = vf_secret_from_command("password", "printf 's3cr3t\\n'", 60000, &secret, NULL);

    (void)state;
    check_secret(status, secret, "s3cr3t");
    status = vf_secret_from_command("password", "cat; echo a b; echo c", 60000, &secret, NULL); /* its input is empty */
    check_secret(status, secret, "a b\nc");
    struct vf_error err = {0};
    status = vf_secret_from_command("token", "exit 3 # CANARY", 60000, &secret, &err);
    check_refused(status, secret, &err, "the token command failed with exit code 3");
    assert_int_equal(count_open_files(), n_open);
}

/* The passwords of the other ends are none of a command's business. */
static void test_command_has_no_other_secrets(void **state)
{
    static const char *const variables[] = {"VECFERRY_SOURCE_PASSWORD", "VECFERRY_TARGET_PASSWORD",
                                            "VECFERRY_TARGET2_PASSWORD", "PGPASSWORD"};
    char *secret = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        setenv(variables[i], "CANARY", 1);
    enum vf_status status =
        vf_secret_from_command("password", "echo \"$(env | grep -c CANARY) of them\"", 60000, &secret, NULL);
    check_secret(status, secret, "0 of them");
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
}

/* One that waits, with and without its output open, and one that doesn't want to end. */
static void test_command_that_takes_too_long(void **state)
{
    static const char *const commands[] = {"echo CANARY; exec sleep 1000", "exec >/dev/null; exec sleep 1000",
                                           "trap '' TERM; while :; do sleep 0.2; done"};
    const int n_open = count_open_files();

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct vf_error err = {0};
        char *secret = folder;
        enum vf_status status = vf_secret_from_command("password", commands[i], i == 2 ? 50 : 300, &secret, &err);

        check_refused(status, secret, &err, "the password command has not ended after 0 s");
        assert_non_null(strstr(err.hint, "/bin/sh -c"));
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left */
    assert_int_equal(count_open_files(), n_open);
}

static void test_command_fails(void **state)
{
    static const struct {
        const char *command;
        const char *message;
    } cases[] = {
        {"echo CANARY; exit 3", "the password command failed with exit code 3"},
        {"exit 3 # CANARY", "the password command failed with exit code 3"},
        {"no-such-CANARY 2>/dev/null", "the password command failed with exit code 127"},
        {"echo CANARY; kill -9 $$", "the password command was ended by signal 9"},
        {"true", "the password command gives an empty secret"},
        {"echo", "the password command gives an empty secret"},
        {"printf 'CANARY\\0x'", "the password command gives a secret with a NUL byte"},
        {"yes CANARY", "the password command gives more than 65536 bytes"},
        {"yes CANARY; true", "the password command gives more than 65536 bytes"},
        {"yes CANARY 2>/dev/null | cat", "the password command gives more than 65536 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vf_error err = {0};
        char *secret = folder;
        enum vf_status status = vf_secret_from_command("password", cases[i].command, 60000, &secret, &err);

        check_refused(status, secret, &err, cases[i].message);
        assert_int_equal(vf_secret_from_command("password", cases[i].command, 60000, &secret, NULL), VF_USAGE);
    }
}

/* What the application does with its signals doesn't reach the command, nor does it make us hang. */
static void test_command_signals(void **state)
{
    struct vf_error err = {0};
    char *secret = NULL;
    sigset_t pipe_only;
    sigset_t before;

    (void)state;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    signal(SIGPIPE, SIG_IGN);
    enum vf_status status = vf_secret_from_command("password", "yes", 60000, &secret, &err);
    check_refused(status, secret, &err, "the password command gives more than 65536 bytes");
    signal(SIGPIPE, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGCHLD, SIG_IGN);
    status = vf_secret_from_command("password", "echo CANARY", 60000, &secret, &err);
    check_refused(status, secret, &err, "cannot learn how the password command ended");
    signal(SIGCHLD, SIG_DFL);
}

/* Every allocation fails once: nothing is left open, and no secret is handed out that the redactor doesn't know. */
static void test_no_memory(void **state)
{
    const int n_open = count_open_files();

    (void)state;
    write_file("s3cr3t", 6, 0600);
    setenv("VF_TEST_SECRET", "s3cr3t", 1);
    for (int way = 0; way < 3; way++) {
        enum vf_status status = VF_NOMEM;
        char *secret = NULL;
        int64_t at = 0;

        for (; status != VF_OK; at++) {
            struct vf_error err = {0};

            vf_redact_reset();
            vf_alloc_fail_at(at, false);
            if (way == 0)
                status = vf_secret_from_env("VF_TEST_SECRET", &secret, &err);
            else if (way == 1)
                status = vf_secret_from_file("password", path, &secret, &err);
            else
                status = vf_secret_from_command("password", "echo s3cr3t", 60000, &secret, &err);
            if (status != VF_OK) {
                assert_true(status == VF_NOMEM || strstr(err.message, "Cannot allocate memory") != NULL);
                assert_null(secret);
            }
            assert_int_equal(count_open_files(), n_open);
        }
        vf_alloc_fail_at(-1, false);
        assert_true(at > 2);
        check_secret(status, secret, "s3cr3t");
    }
    unsetenv("VF_TEST_SECRET");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_file),
        WITH_FOLDER(test_file_modes),
        WITH_FOLDER(test_file_of_another_user),
        WITH_FOLDER(test_credential),
        WITH_FOLDER(test_file_refused),
        WITH_FOLDER(test_file_size),
        WITH_FOLDER(test_no_memory),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_command_has_no_other_secrets),
        cmocka_unit_test(test_command_that_takes_too_long),
        cmocka_unit_test(test_command_fails),
        cmocka_unit_test(test_command_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
