/*
 * What can be said about a database file from the outside, so that the message is the right one.
 *
 * A database file must never be opened and closed by other means than SQLite while a connection of the process may hold a lock on it: POSIX drops all locks of a process on a file as soon
 * as it closes any descriptor of it. So all but vf_sqlite_file_explain() and vf_sqlite_file_is_plain() look at names only.
 */
#ifndef VF_ENGINE_SQLITE_FILE_H
#define VF_ENGINE_SQLITE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct vf_sqlite_file {
    bool exists;
    bool is_empty;
};

/* VF_CONNECT: a directory, something else that is no file, or no permission. A file that isn't there is VF_OK with exists false. */
enum vf_status vf_sqlite_file_check(const char *path, struct vf_sqlite_file *file, struct vf_error *err) VF_CHECKED;

/* Does the file begin as an SQLite file does? One that can't be read does, so that SQLite says what is wrong. Only while no connection has it open. */
bool vf_sqlite_file_is_plain(const char *path);

/* SQLite has said that the file is no database or is damaged: say it better if the header tells (format: "Database File Format" of sqlite.org, section 1.3). Returns `status`, or what it
 * found: VF_CONNECT for a foreign file, VF_ENGINE for one that is cut short. */
enum vf_status vf_sqlite_file_explain(const char *path, enum vf_status status, struct vf_error *err);

/* fsync the folder that the file is in. */
enum vf_status vf_sqlite_file_sync_folder(const char *path, struct vf_error *err) VF_CHECKED;

/* The folder of a path, in `out` ("." when the path has none). false: it doesn't fit. */
bool vf_sqlite_file_folder(const char *path, char *out, size_t out_bytes);

#endif
