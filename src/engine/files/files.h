/*
 * The files engine: a folder in which every row is a JSON file.
 *
 * The URL `files:/folder` opens it, `files:/folder?path=PATTERN` says where the rows of new tables go: by default `{table}/{key}.json`, for instance `agents/{key}/identity.json`. What is
 * in a file, byte for byte, and how a transaction over many files holds is in docs/files.md; the forms of values are in files/value.c.
 *
 * A folder that vecferry didn't make can be read too: its tables are the files that the pattern finds, its columns are the members of their objects.
 */
#ifndef VF_ENGINE_FILES_FILES_H
#define VF_ENGINE_FILES_FILES_H

#include "engine/engine.h"

extern const struct vf_engine_ops vf_files_engine;

/* How a value of a kind is written into a file; by kind, for the docs. */
struct vf_files_type {
    enum vf_kind kind;
    const char *form;
};
extern const struct vf_files_type vf_files_types[VF_KIND_COUNT];

#endif
