/* What the tests of the sqlite engine share: a folder of their own, files made by plain SQLite, and connections to them. */
#ifndef VF_TESTS_SQLITE_SUPPORT_H
#define VF_TESTS_SQLITE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "engine/engine.h"

/* A folder is made before and removed after each test; `path_of` gives the path of a file in it (valid until its next call but three). */
int make_folder(void **state);
int remove_folder(void **state);
const char *path_of(const char *name);

/* Run statements on a file by SQLite itself; fails the test when one fails. */
void run_sql(const char *name, const char *sql);
/* First column of the first row; -999 when there is none. */
int64_t ask_i64(const char *name, const char *sql);
void ask_text(const char *name, const char *sql, char *out, size_t out_bytes);
sqlite3 *open_raw(const char *name);

struct vf_conn *open_side(const char *name, enum vf_side side);
enum vf_status try_open(const char *name, enum vf_side side, struct vf_error *err);
/* Fails the test unless the status is OK, and says the error. */
void must(enum vf_status status, const struct vf_error *err);

struct vf_table *find_table(struct vf_schema *schema, const char *name);
struct vf_column *find_column(struct vf_schema *schema, const char *table, const char *column);
void inspect(struct vf_conn *conn, bool evidence, struct vf_schema *schema);

/* A relation of all columns of a table as it was inspected; fields are allocated and freed by free_relation(). */
struct vf_relation relation_of(const struct vf_table *table);
void free_relation(struct vf_relation *relation);
/* Read a whole relation into one batch. */
void read_all(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
              struct vf_batch *batch);

#endif
