/*
 * vec0 tables as a target: what a table becomes as one, CREATE VIRTUAL TABLE, and its rows, which go through the extension (docs/design/vec0.md).
 *
 * The extension checks a value only when a part of its row is written, and what is written stays: a row that it would refuse must not reach it. So whatever it would find wrong is found here first.
 */
#ifndef VF_ENGINE_SQLITESQL_VEC0_TARGET_H
#define VF_ENGINE_SQLITESQL_VEC0_TARGET_H

#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/encode.h"

/* Make sure that sqlite-vec is loaded into the connection, or a part of the program. VF_MISSING, with the remedy: it can't be had. */
enum vf_status vf_sqlite_need_vec0(struct vf_sqlite_conn *conn, struct vf_error *err) VF_CHECKED;

/* As struct vf_engine_ops says: roles that are known are kept, others chosen by type. */
enum vf_status vf_sqlite_fit_table(struct vf_conn *conn, struct vf_table *table, struct vf_arena *arena,
                                   struct vf_table_fit *fit, struct vf_error *err) VF_CHECKED;

/* An index of a vec0 table: its key's, and one distance a vector. All else isn't moved. */
enum vf_status vf_vec0_map_index(const struct vf_table *table, struct vf_arena *arena, struct vf_index_mapping *mapping,
                                 struct vf_error *err) VF_CHECKED;

enum vf_status vf_vec0_make_table(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                  struct vf_error *err) VF_CHECKED;

/* Is the table of this name in the file a vec0 table? */
enum vf_status vf_vec0_is_table(struct vf_sqlite_conn *conn, const char *name, bool *is_vec0,
                                struct vf_error *err) VF_CHECKED;
/* Sets vector_product and vector_version by the version of sqlite-vec that made the first vec0 table, as its table <name>_info says; nothing where there is none. */
enum vf_status vf_vec0_describe(struct vf_sqlite_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;
/* A vec0 table is dropped by the extension, which is loaded here. */
enum vf_status vf_vec0_prepare_drop(struct vf_sqlite_conn *conn, const char *name, struct vf_error *err) VF_CHECKED;
/* The table beside it that has a row for each of its rows, for FROM. */
enum vf_status vf_vec0_write_rows(const char *name, struct vf_buf *sql, struct vf_error *err) VF_CHECKED;

/* By which function the extension is told what the bytes of a vector are; NULL: it takes them as they are. */
const char *vf_vec0_function(const struct vf_field *field);
/* vf_sqlite_bind() for a column of a vec0 table. VF_VALUE: the extension wouldn't take the value. */
enum vf_status vf_vec0_bind(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                            const struct vf_field *field, const struct vf_array *array, int64_t row,
                            struct vf_sqlite_scratch *scratch, struct vf_error *err) VF_CHECKED;

#endif
