/*
 * URLs of databases, and what is refused in them.
 *
 * A URL names a database and never holds a secret: a password or token in it is refused, because the process list is public. At most 8192
 * bytes, no control characters. Accepted forms:
 *   postgresql://user@host/db?sslmode=verify-full   postgres://...   host=... dbname=... (libpq's keywords)
 *   sqlite:/path.db   sqlite:relative.db   a bare path
 *   libsql:/path.db   libsql:relative.db   (a file for libSQL's library)
 *   duckdb:/path.duckdb   libsql://host   https://host   http://127.0.0.1:8080   files:/folder   mem:name
 *
 * A bare path ends in .db, .db3, .sqlite or .sqlite3 (or .duckdb), has a "/", or is a file that exists. sqlite:///path means /path (an empty host);
 * sqlite://name is refused, as it may mean either. Paths are taken as they are, without percent-decoding, with anything that follows a "?".
 */
#ifndef VF_BASE_URL_H
#define VF_BASE_URL_H

#include <stddef.h>

#include "base/error.h"

struct vf_url {
    char scheme[16];  /* the engine: "postgres", "sqlite", "duckdb", "turso", "files", "mem" */
    char *text;       /* as given, the scheme in lower case */
    char variant[16]; /* of the engine's databases, when the scheme says one: "libsql" for a file; else "" */
    char *path;       /* of a file or folder, or the name of a mem database; NULL for servers */
};

/* VF_USAGE: not a URL that is known, or one with a secret in it; the message never shows the secret. Nothing needs releasing then. */
enum vf_status vf_url_parse(const char *text, struct vf_url *url, struct vf_error *err) VF_CHECKED;
void vf_url_release(struct vf_url *url); /* a zeroed struct is fine */

/* The URL as it may be shown: redacted, control characters escaped. In `out`, NUL-terminated, cut to fit; returns it. */
char *vf_url_show(const struct vf_url *url, char *out, size_t out_bytes);

#endif
