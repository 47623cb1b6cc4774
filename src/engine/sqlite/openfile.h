/*
 * The files that this process has open, and by which library.
 *
 * SQLite's locks are POSIX's: they belong to the process, and closing any descriptor of a file drops all of them. One library knows of its own descriptors and takes care; two libraries in
 * one process don't know of each other's ("How To Corrupt An SQLite Database File", 2.2.1). So a file that is open already is opened by the same library, and its bytes are looked at by
 * other means only while nobody has it open. One lock is held from that decision until the file is in the list.
 */
#ifndef VF_ENGINE_SQLITE_OPENFILE_H
#define VF_ENGINE_SQLITE_OPENFILE_H

#include <stdbool.h>

#include "base/error.h"
#include "engine/sqlite/library.h"

struct vf_sqlite_open_file;

/* Around find, is_alone, add and remove. */
void vf_sqlite_files_lock(void);
void vf_sqlite_files_unlock(void);

/* Is the file open in this process, and by which library? */
bool vf_sqlite_files_find(const char *path, enum vf_sqlite_kind *kind);
/* Does one connection alone have it open? */
bool vf_sqlite_files_is_alone(const struct vf_sqlite_open_file *file);
/* The file, which exists, is open once more. */
enum vf_status vf_sqlite_files_add(const char *path, enum vf_sqlite_kind kind, struct vf_sqlite_open_file **file,
                                   struct vf_error *err) VF_CHECKED;
/* A connection to it has been closed; NULL is fine. */
void vf_sqlite_files_remove(struct vf_sqlite_open_file *file);

#endif
