/*
 * Reading the secrets of connections: passwords and tokens.
 *
 * They come from the environment, from a file that nobody else can read, or from the output of a command; never from an argument or a URL. What is read is
 * remembered by the redactor first (see log.h) and only then given to the caller, who frees it with vf_secret_free(). One newline at the end ("\n" or
 * "\r\n") is cut, others belong to the secret. An empty one, one with a NUL byte and one over VF_SECRET_MAX_BYTES are refused.
 *
 * `word` is what the secret is to its user, "password", "key" or "token": messages say it.
 *
 * No message contains a secret, a part of one, or the text of a command, which may hold one. Every failure but VF_NOMEM is VF_USAGE.
 */
#ifndef VF_BASE_SECRET_H
#define VF_BASE_SECRET_H

#include <stdint.h>

#include "base/error.h"

#define VF_SECRET_MAX_BYTES 65536

/* `*secret` is NULL, and that is VF_OK, when the variable isn't set or is empty. Taken as it is, with a newline at its end too. */
enum vf_status vf_secret_from_env(const char *variable, char **secret, struct vf_error *err) VF_CHECKED;

/* A regular file that belongs to the user of the process, with mode 0600 or stricter. A file directly in $CREDENTIALS_DIRECTORY may also belong to root
 * and be readable by its group: that is how systemd hands credentials to a service. */
enum vf_status vf_secret_from_file(const char *word, const char *path, char **secret, struct vf_error *err) VF_CHECKED;

/* The output of `/bin/sh -c command`; its input is /dev/null, its error output that of the process. Neither its output nor its
 * end is waited for longer than `timeout_ms`: then it is ended. */
enum vf_status vf_secret_from_command(const char *word, const char *command, int64_t timeout_ms, char **secret,
                                      struct vf_error *err) VF_CHECKED;

/* Overwrites the secret, then frees it; NULL is fine. */
void vf_secret_free(char *secret);

#endif
