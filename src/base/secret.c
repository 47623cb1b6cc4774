#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

/* All that comes from `fd`, NUL-terminated, its last newline cut; NULL with err set. */
static enum vf_status read_all(int fd, const char *what, char **secret, struct vf_error *err)
{
    char *text = vf_calloc(VF_SECRET_MAX_BYTES + 1, 1);
    size_t used = 0;
    ssize_t n = 1;

    if (text == NULL)
        return vf_error_nomem(err);
    while (n > 0 && used <= VF_SECRET_MAX_BYTES - 1) {
        n = read(fd, text + used, VF_SECRET_MAX_BYTES - used);
        if (n > 0)
            used += (size_t)n;
        if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (used > 0 && text[used - 1] == '\n')
        text[--used] = '\0';
    if (used > 0 && text[used - 1] == '\r')
        text[--used] = '\0';
    enum vf_status status = VF_OK;
    if (n < 0)
        status = vf_error_set(err, VF_USAGE, "%s can't be read: %s", what, strerror(errno));
    else if (used == 0)
        status = vf_error_set(err, VF_USAGE, "%s holds no password", what);
    else if (used >= VF_SECRET_MAX_BYTES - 1)
        status = vf_error_set(err, VF_USAGE, "%s is longer than %d bytes", what, VF_SECRET_MAX_BYTES);
    else if (strlen(text) != used)
        status = vf_error_set(err, VF_USAGE, "%s holds a NUL byte, which no password can have", what);
    if (status == VF_OK)
        status = vf_redact_secret(text, err);
    if (status != VF_OK) {
        vf_free(text);
        return status;
    }
    *secret = text;
    return VF_OK;
}

static enum vf_status check_file(int fd, const char *path, struct vf_error *err)
{
    struct stat found;

    if (fstat(fd, &found) != 0)
        return vf_error_set(err, VF_USAGE, "password file %s: %s", path, strerror(errno));
    if (!S_ISREG(found.st_mode))
        return vf_error_set(err, VF_USAGE, "password file %s isn't a regular file", path);
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return VF_OK;
    vf_error_set(err, VF_USAGE, "password file %s can be read by others (mode %04o)", path,
                 (unsigned)(found.st_mode & 07777));
    vf_error_hint(err, "chmod 600 %s", path);
    return VF_USAGE;
}

enum vf_status vf_secret_from_file(const char *path, char **secret, struct vf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char what[512];

    if (fd < 0)
        return vf_error_set(err, VF_USAGE, "password file %s: %s", path, strerror(errno));
    snprintf(what, sizeof(what), "password file %s", path);
    enum vf_status status = check_file(fd, path, err);
    if (status == VF_OK)
        status = read_all(fd, what, secret, err);
    close(fd);
    return status;
}

static void run_command(const char *command, const int pipe_fds[2])
{
    int null = open("/dev/null", O_RDONLY);

    if (null >= 0)
        dup2(null, STDIN_FILENO);
    dup2(pipe_fds[1], STDOUT_FILENO);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static enum vf_status wait_command(pid_t child, struct vf_error *err)
{
    int code = 0;

    while (waitpid(child, &code, 0) < 0) {
        if (errno != EINTR)
            return vf_error_set(err, VF_USAGE, "the password command was lost: %s", strerror(errno));
    }
    if (WIFEXITED(code) && WEXITSTATUS(code) == 0)
        return VF_OK;
    if (WIFSIGNALED(code))
        return vf_error_set(err, VF_USAGE, "the password command was ended by signal %d", WTERMSIG(code));
    return vf_error_set(err, VF_USAGE, "the password command failed with exit code %d", WEXITSTATUS(code));
}

enum vf_status vf_secret_from_command(const char *command, char **secret, struct vf_error *err)
{
    struct vf_error read_err = {0};
    char *found = NULL;
    int pipe_fds[2];

    if (pipe(pipe_fds) != 0)
        return vf_error_set(err, VF_USAGE, "cannot run the password command: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_command(command, pipe_fds);
    close(pipe_fds[1]);
    if (child < 0) {
        close(pipe_fds[0]);
        return vf_error_set(err, VF_USAGE, "cannot run the password command: %s", strerror(errno));
    }
    enum vf_status read_status = read_all(pipe_fds[0], "the password command's output", &found, &read_err);
    close(pipe_fds[0]);
    enum vf_status status = wait_command(child, err);
    if (status == VF_OK && read_status != VF_OK) {
        status = read_status;
        if (err != NULL)
            *err = read_err;
    }
    if (status != VF_OK)
        vf_free(found);
    else
        *secret = found;
    return status;
}
