/*
 * The mem engine: databases in the memory of the process, and the reference for what an engine has to do.
 *
 * The URL `mem:NAME` opens the database NAME of the process; all connections to a name share it, from any thread, and it stays until vf_mem_drop(). It has every capability.
 * Its native types are the neutral types in the writing of vf_type_format(), so nothing is lossy and nothing needs to be remembered. A transaction sees the committed rows and its own;
 * nothing waits: what another open transaction holds (the same key, the same record) is VF_TEMPORARY.
 *
 * The functions below are for tests: they make tables and rows without a connection, and damage them. They are committed at once.
 */
#ifndef VF_ENGINE_MEM_MEM_H
#define VF_ENGINE_MEM_MEM_H

#include "engine/engine.h"

extern const struct vf_engine_ops vf_mem_engine;

/* Free the database, with all that it holds. No connection to it may be open. NULL: all databases. */
void vf_mem_drop(const char *database);

/* What the engine says that it can hold; the struct is copied. The engine itself has no limits, so this is how tests make the check stage busy. */
enum vf_status vf_mem_set_limits(const char *database, const struct vf_limits *limits, struct vf_error *err) VF_CHECKED;

/*
 * Make a table out of a line such as
 *
 *   "id i64 key, title text not null, body text, embedding vector(f32,3)"
 *
 * name, type in the writing of vf_type_format(), then "not null", "unique" or "key" (several columns marked so are one composite primary key, which is called <table>_pkey). The database is
 * made when it isn't there. VF_STATE: the table exists.
 */
enum vf_status vf_mem_create_table(const char *database, const char *table, const char *columns,
                                   struct vf_error *err) VF_CHECKED;
/* The same out of a whole definition, which is copied. */
enum vf_status vf_mem_define_table(const char *database, const struct vf_table *table, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_define_sequence(const char *database, const struct vf_sequence *sequence,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_define_user_type(const char *database, const struct vf_user_type *type,
                                       struct vf_error *err) VF_CHECKED;

enum vf_mem_value_kind {
    VF_MEM_NULL,
    VF_MEM_I64,
    VF_MEM_F64,
    VF_MEM_BYTES,
};

/* One value for vf_mem_add_row(), made by one of the functions below. Bytes are as they lie in a batch and are borrowed for the call. */
struct vf_mem_value {
    enum vf_mem_value_kind kind;
    const void *bytes;
    size_t size_bytes;
    int64_t i64;
    double f64;
};

struct vf_mem_value vf_mem_null(void);
struct vf_mem_value
vf_mem_i64(int64_t value); /* for BOOL, every integer kind, DATE, TIME, TIMESTAMP(TZ); narrowed to the column */
struct vf_mem_value vf_mem_text(const char *text);
struct vf_mem_value vf_mem_bytes(const void *bytes, size_t size_bytes); /* everything else */
struct vf_mem_value vf_mem_f32s(const float *elements, size_t dim);     /* VECTOR of f32 */

/* Add a row: one value for each column. The values aren't checked against keys or NOT NULL: a source may hold anything. VF_USAGE: no such table, or a value of a wrong size. */
enum vf_status vf_mem_add_row(const char *database, const char *table, size_t n_values,
                              const struct vf_mem_value *values, struct vf_error *err) VF_CHECKED;

/* Damage: the row at a position (from 0, in the order of loading) is taken out, put in once more, or has one value replaced. */
enum vf_status vf_mem_delete_row(const char *database, const char *table, int64_t position,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_double_row(const char *database, const char *table, int64_t position,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_set_value(const char *database, const char *table, int64_t position, const char *column,
                                struct vf_mem_value value, struct vf_error *err) VF_CHECKED;

/* Committed rows; -1: no such table. */
int64_t vf_mem_count_rows(const char *database, const char *table);

#endif
