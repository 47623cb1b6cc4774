/*
 * Secrets from where they may be: a file that nobody else can read, or a command's output. Never from an argument or a URL.
 *
 * What is read is registered with the redactor before it is handed out. A newline at its end is cut. The caller frees it with vf_free() after wiping it.
 */
#ifndef VF_BASE_SECRET_H
#define VF_BASE_SECRET_H

#include "base/error.h"

#define VF_SECRET_MAX_BYTES 65536

/* VF_USAGE: can't be read, isn't a regular file of ours, others may read it (mode beyond 0600), or it is empty or too long. */
enum vf_status vf_secret_from_file(const char *path, char **secret, struct vf_error *err) VF_CHECKED;

/* Run by /bin/sh -c with stdin from /dev/null; its stderr is ours. VF_USAGE: it failed, or gave nothing or too much. The message never has its output. */
enum vf_status vf_secret_from_command(const char *command, char **secret, struct vf_error *err) VF_CHECKED;

#endif
