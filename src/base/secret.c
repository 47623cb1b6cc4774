#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define END_US 2000000 /* for a command that is asked to end */

extern char **environ;

/* Text of an errno; strerror() isn't for threads. In `out`, which is returned. */
static const char *errno_text(int number, char *out, size_t out_bytes)
{
    if (strerror_r(number, out, out_bytes) != 0)
        snprintf(out, out_bytes, "error %d", number);
    return out;
}

/* A name from the user, as it may be shown. */
static const char *shown(const char *name, char *out, size_t out_bytes)
{
    return vf_printable(name, strlen(name), out, out_bytes);
}

static int64_t now_us(void)
{
    const struct vf_clock *clock = vf_clock_system();

    return clock->monotonic_us(clock->context);
}

/* Until there is something to read, the end too. false: it is later than deadline_us. */
static bool wait_readable(int fd, int64_t deadline_us)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left_us = deadline_us - now_us();

        if (left_us <= 0)
            return false;
        if (poll(&waiting, 1, left_us / 1000 < INT_MAX ? (int)(left_us / 1000) + 1 : INT_MAX) > 0)
            return true;
    }
}

/* Everything that `fd` gives, up to one byte over the maximum, into a new block of fixed size: growing it would leave copies behind in freed memory. */
static enum vf_status read_all(int fd, const char *what, int64_t deadline_us, char **data, size_t *size_bytes,
                               struct vf_error *err)
{
    char *block = vf_alloc(VF_SECRET_MAX_BYTES + 1, 1);
    size_t used_bytes = 0;
    char text[128];

    if (block == NULL)
        return vf_error_nomem(err);
    while (used_bytes < VF_SECRET_MAX_BYTES + 1) {
        if (!wait_readable(fd, deadline_us)) {
            OPENSSL_cleanse(block, used_bytes);
            vf_free(block);
            return vf_error_set(err, VF_USAGE, "%s took too long", what);
        }
        ssize_t n = read(fd, block + used_bytes, VF_SECRET_MAX_BYTES + 1 - used_bytes);

        if (n == 0)
            break;
        if (n > 0) {
            used_bytes += (size_t)n;
        } else if (errno != EINTR) {
            int number = errno;

            OPENSSL_cleanse(block, used_bytes);
            vf_free(block);
            return vf_error_set(err, VF_USAGE, "cannot read %s: %s", what, errno_text(number, text, sizeof(text)));
        }
    }
    *data = block;
    *size_bytes = used_bytes;
    return VF_OK;
}

/* Cut the newline, check, remember, copy; `data` stays the caller's. */
static enum vf_status take(const char *data, size_t size_bytes, const char *what, char **secret, struct vf_error *err)
{
    enum vf_status status;
    char *copy;

    if (size_bytes > VF_SECRET_MAX_BYTES)
        return vf_error_set(err, VF_USAGE, "%s gives more than %d bytes", what, VF_SECRET_MAX_BYTES);
    if (size_bytes > 0 && data[size_bytes - 1] == '\n')
        size_bytes--;
    if (size_bytes > 0 && data[size_bytes] == '\n' && data[size_bytes - 1] == '\r')
        size_bytes--;
    if (size_bytes == 0)
        return vf_error_set(err, VF_USAGE, "%s gives an empty secret", what);
    if (memchr(data, '\0', size_bytes) != NULL)
        return vf_error_set(err, VF_USAGE, "%s gives a secret with a NUL byte", what);
    copy = vf_strndup(data, size_bytes);
    if (copy == NULL)
        return vf_error_nomem(err);
    status = vf_redact_secret(copy, err);
    if (status != VF_OK) {
        vf_secret_free(copy);
        return status;
    }
    *secret = copy;
    return VF_OK;
}

/* read_all() and take(). */
static enum vf_status read_secret(int fd, const char *what, int64_t deadline_us, char **secret, struct vf_error *err)
{
    size_t size_bytes = 0;
    char *data = NULL;
    enum vf_status status = read_all(fd, what, deadline_us, &data, &size_bytes, err);

    if (status == VF_OK) {
        status = take(data, size_bytes, what, secret, err);
        OPENSSL_cleanse(data, size_bytes);
        vf_free(data);
    }
    return status;
}

enum vf_status vf_secret_from_env(const char *variable, char **secret, struct vf_error *err)
{
    const char *value = getenv(variable);
    size_t size_bytes = value == NULL ? 0 : strlen(value);
    enum vf_status status;

    *secret = NULL;
    if (size_bytes == 0)
        return VF_OK;
    if (size_bytes > VF_SECRET_MAX_BYTES)
        return vf_error_set(err, VF_USAGE, "%s holds more than %d bytes", variable, VF_SECRET_MAX_BYTES);
    *secret = vf_strdup(value); /* whole: nobody puts a newline into a variable by accident */
    if (*secret == NULL)
        return vf_error_nomem(err);
    status = vf_redact_secret(*secret, err);
    if (status != VF_OK) {
        vf_secret_free(*secret);
        *secret = NULL;
    }
    return status;
}

static bool is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t size_bytes = folder == NULL ? 0 : strlen(folder);

    if (size_bytes < 2 || strncmp(path, folder, size_bytes) != 0 || path[size_bytes] != '/')
        return false;
    return strchr(path + size_bytes + 1, '/') == NULL;
}

static enum vf_status check_file(int fd, const char *word, const char *path, const char *what, struct vf_error *err)
{
    const bool may_be_shared = is_credential(path);
    const unsigned refused_mode = may_be_shared ? 037 : 077;
    struct stat file;
    char name[512];

    if (fstat(fd, &file) != 0)
        return vf_error_set(err, VF_USAGE, "cannot look at %s", what);
    if (!S_ISREG(file.st_mode)) {
        vf_error_set(err, VF_USAGE, "%s is not a regular file", what);
        vf_error_hint(err, "a %s that is made on the fly comes from a command", word);
        return VF_USAGE;
    }
    shown(path, name, sizeof(name));
    if (file.st_uid != geteuid() && !(may_be_shared && file.st_uid == 0)) {
        vf_error_set(err, VF_USAGE, "%s belongs to another user (id %lu)", what, (unsigned long)file.st_uid);
        vf_error_hint(err, "make a copy of your own, and chmod 600 it");
        return VF_USAGE;
    }
    if ((file.st_mode & refused_mode) != 0) {
        vf_error_set(err, VF_USAGE, "%s has mode %04o, so others can read or write it", what,
                     (unsigned)(file.st_mode & 07777));
        vf_error_hint(err, "chmod 600 \"%s\"", name);
        return VF_USAGE;
    }
    return VF_OK;
}

enum vf_status vf_secret_from_file(const char *word, const char *path, char **secret, struct vf_error *err)
{
    enum vf_status status;
    char name[512];
    char what[600];
    char text[128];
    int fd;

    *secret = NULL;
    snprintf(what, sizeof(what), "%s file \"%s\"", word, shown(path, name, sizeof(name)));
    /* The open file is checked, not its name, so that it can't be exchanged in between; O_NONBLOCK: a FIFO without a writer would hang here. */
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return vf_error_set(err, VF_USAGE, "cannot open %s: %s", what, errno_text(errno, text, sizeof(text)));
    status = check_file(fd, word, path, what, err);
    if (status == VF_OK)
        status = read_secret(fd, what, INT64_MAX, secret, err);
    close(fd);
    return status;
}

/* A pipe whose ends no other program that is started meanwhile keeps open for long. */
static bool open_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

/* The command gets no signals blocked or ignored that only the caller's threads want so: without SIGPIPE it wouldn't end when its output is closed. */
static int attributes_init(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t to_default;
    int number = posix_spawnattr_init(attributes);

    if (number != 0)
        return number;
    sigemptyset(&none);
    sigemptyset(&to_default);
    sigaddset(&to_default, SIGPIPE);
    sigaddset(&to_default, SIGINT);
    sigaddset(&to_default, SIGTERM);
    sigaddset(&to_default, SIGCHLD);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &to_default);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Environment for a command: without the passwords that are meant for this process. The pointers are those of environ; the list is the caller's. */
static char **environment_without_secrets(void)
{
    static const char *const secrets[] = {
        "VECFERRY_SOURCE_PASSWORD=", "VECFERRY_TARGET_PASSWORD=", "VECFERRY_TARGET2_PASSWORD=", "PGPASSWORD="};
    size_t n = 0, kept = 0;

    while (environ[n] != NULL)
        n++;
    char **copy = vf_calloc(n + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < n; i++) {
        bool is_secret = false;
        for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
            is_secret = is_secret || strncmp(environ[i], secrets[k], strlen(secrets[k])) == 0;
        if (!is_secret)
            copy[kept++] = environ[i];
    }
    return copy;
}

/* 0, or an errno. posix_spawn() and not fork(): the library may run in a process with many threads. */
static int start(const char *command, int output, pid_t *child)
{
    char shell[] = "sh";
    char option[] = "-c";
    char *copy = vf_strdup(command);
    char **environment = environment_without_secrets();
    char *const arguments[] = {shell, option, copy, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int number = copy == NULL || environment == NULL ? ENOMEM : posix_spawn_file_actions_init(&actions);

    if (number != 0)
        goto out;
    number = attributes_init(&attributes);
    if (number == 0) {
        number = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (number == 0)
            number = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (number == 0)
            number = posix_spawn(child, "/bin/sh", &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
out:
    vf_secret_free(copy);
    vf_free(environment);
    return number;
}

/* Has it ended by then? *ended is as waitpid() tells it; -1 when it can't, because the application ignores SIGCHLD. */
static bool wait_for(pid_t child, int64_t deadline_us, int *ended)
{
    static const struct timespec pause = {.tv_nsec = 1000000};

    for (;;) {
        pid_t found = waitpid(child, ended, WNOHANG);

        if (found == child)
            return true;
        if (found < 0 && errno != EINTR) {
            *ended = -1;
            return true;
        }
        if (now_us() >= deadline_us)
            return false;
        nanosleep(&pause, NULL);
    }
}

/* Asked first, so that a command that has the terminal can give it back as it was. */
static void end_command(pid_t child)
{
    int ended = 0;

    kill(child, SIGTERM);
    if (wait_for(child, now_us() + END_US, &ended))
        return;
    kill(child, SIGKILL);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
}

/* Writing to a pipe that was closed at the limit ends a command by SIGPIPE, or the shell around it with 128 more. */
static bool was_cut_off(int ended)
{
    return (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGPIPE) ||
           (WIFEXITED(ended) && WEXITSTATUS(ended) == 128 + SIGPIPE);
}

static enum vf_status check_ending(const char *what, int ended, struct vf_error *err)
{
    if (ended == 0)
        return VF_OK;
    if (ended < 0)
        return vf_error_set(err, VF_USAGE, "cannot learn how %s ended", what);
    if (WIFSIGNALED(ended))
        return vf_error_set(err, VF_USAGE, "%s was ended by signal %d", what, WTERMSIG(ended));
    vf_error_set(err, VF_USAGE, "%s failed with exit code %d", what, WEXITSTATUS(ended));
    vf_error_hint(err, "run it by hand with /bin/sh -c and look at what it says");
    return VF_USAGE;
}

/* The secret, and how the command ended. */
static enum vf_status read_command(const char *what, int output, pid_t child, int64_t timeout_ms, char **secret,
                                   struct vf_error *err)
{
    int64_t deadline_us = now_us() + timeout_ms * 1000;
    int ended = 0;
    enum vf_status status = read_secret(output, what, deadline_us, secret, err);

    close(output);
    if (!wait_for(child, deadline_us, &ended)) {
        end_command(child);
        vf_error_set(err, VF_USAGE, "%s has not ended after %lld s", what, (long long)(timeout_ms / 1000));
        vf_error_hint(err, "run it by hand with /bin/sh -c and look at what it waits for");
        return VF_USAGE;
    }
    /* How a command failed says more than the empty output that it left. */
    if (status == VF_OK || (status != VF_NOMEM && ended != 0 && !was_cut_off(ended)))
        status = check_ending(what, ended, err);
    return status;
}

enum vf_status vf_secret_from_command(const char *word, const char *command, int64_t timeout_ms, char **secret,
                                      struct vf_error *err)
{
    int ends[2] = {-1, -1};
    pid_t child = 0;
    char what[64], text[128];
    int number;

    *secret = NULL;
    snprintf(what, sizeof(what), "the %s command", word);
    if (!open_pipe(ends))
        return vf_error_set(err, VF_USAGE, "cannot run %s: %s", what, errno_text(errno, text, sizeof(text)));
    number = start(command, ends[1], &child);
    close(ends[1]);
    if (number != 0) {
        close(ends[0]);
        return vf_error_set(err, VF_USAGE, "cannot run %s: %s", what, errno_text(number, text, sizeof(text)));
    }
    enum vf_status status = read_command(what, ends[0], child, timeout_ms, secret, err);
    if (status != VF_OK) {
        vf_secret_free(*secret);
        *secret = NULL;
    }
    return status;
}

void vf_secret_free(char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    vf_free(secret);
}
