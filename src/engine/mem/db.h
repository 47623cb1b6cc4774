/*
 * Inside of the mem engine: databases, tables, rows, records.
 *
 * One mutex per database guards everything in it but the cells of rows: a row never changes once it is in a table (replacing a value makes a new row), so scans hold references to rows and read
 * them without the mutex. Functions below are called with the mutex held, unless they say otherwise.
 */
#ifndef VF_ENGINE_MEM_DB_H
#define VF_ENGINE_MEM_DB_H

#include <pthread.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "engine/mem/mem.h"

struct vf_mem_cell {
    bool is_null;
    const uint8_t *bytes; /* as in a batch; BOOL: one byte, 0 or 1 */
    size_t size_bytes;
};

struct vf_mem_row {
    size_t n_references;
    int64_t id;                       /* ascending within the table, never used again */
    const struct vf_mem_conn *writer; /* the connection whose open transaction added it; NULL: committed */
    size_t n_cells;
    size_t size_bytes;
    struct vf_mem_cell cells[]; /* the bytes lie behind them */
};

/* Rows by the hash of some columns. Open addressing; a removal makes it stale, and it is filled again when it is next asked. */
struct vf_mem_set {
    size_t n_rows;
    size_t n_slots; /* a power of two, or 0 */
    struct vf_hash128 *hashes;
    struct vf_mem_row **rows; /* NULL: an empty slot */
};

struct vf_mem_unique {
    size_t n_columns;
    int *columns;
    bool is_primary;
    bool nulls_not_distinct;
    const char *name; /* in the arena of the table's holder */
    bool stale;
    struct vf_mem_set set;
};

struct vf_mem_table {
    struct vf_mem_table *next;
    struct vf_schema holder; /* owns what `def` points to */
    struct vf_table def;
    int64_t generation;
    int64_t next_id;
    size_t n_rows, cap_rows;
    struct vf_mem_row **rows; /* committed and pending, by id */
    size_t n_uniques;
    struct vf_mem_unique *uniques;
};

struct vf_mem_record {
    struct vf_mem_record *next; /* in key order */
    const struct vf_mem_conn *writer;
    const struct vf_mem_conn *deleter; /* the connection whose open transaction took it away */
    struct vf_record_value *values;    /* one allocation, with the bytes */
};

struct vf_mem_record_table {
    struct vf_mem_record_table *next;
    char *name;
    size_t n_columns, n_key;
    enum vf_record_kind *kinds;
    struct vf_mem_record *records;
};

struct vf_mem_snapshot_table {
    const struct vf_mem_table *table;
    size_t n_rows;
    struct vf_mem_row **rows;
};

struct vf_mem_snapshot {
    struct vf_mem_snapshot *next;
    size_t n_references;
    int64_t number; /* the token */
    size_t n_tables;
    struct vf_mem_snapshot_table *tables;
};

struct vf_mem_db {
    struct vf_mem_db *next;
    char *name;
    int64_t serial;
    pthread_mutex_t mutex;
    struct vf_limits limits;
    struct vf_mem_table *tables;
    struct vf_mem_table *dropped; /* kept until the end, because snapshots and scans may still look at them */
    int64_t next_generation;
    struct vf_schema catalog; /* sequences and user types */
    struct vf_mem_record_table *records;
    struct vf_mem_snapshot *snapshots;
    int64_t next_snapshot;
    const struct vf_mem_conn *locked_by;
    char holder[128];
};

struct vf_mem_conn {
    struct vf_conn_base base;
    struct vf_mem_db *db;
    bool in_transaction;
    bool failed; /* the transaction can only be rolled back */
    struct vf_mem_snapshot *snapshot;
};

static inline struct vf_mem_conn *vf_mem_conn_of(struct vf_conn *conn)
{
    return (struct vf_mem_conn *)(void *)conn;
}

/* ---- databases ---- */

/* Takes the registry's mutex, not that of the database. `make` false and none there: *db is NULL. */
enum vf_status vf_mem_db_get(const char *name, bool make, struct vf_mem_db **db, struct vf_error *err) VF_CHECKED;
void vf_mem_lock(struct vf_mem_db *db);
void vf_mem_unlock(struct vf_mem_db *db);

/* ---- tables and rows ---- */

struct vf_mem_table *vf_mem_table_find(const struct vf_mem_db *db, const char *schema,
                                       const char *name); /* schema NULL: any */
/* Copies the definition. Its indexes and foreign keys are left out unless `with_keys`. */
enum vf_status vf_mem_table_make(struct vf_mem_db *db, const struct vf_table *def, bool with_keys,
                                 struct vf_error *err) VF_CHECKED;
/* Put a copy of `def` in the place of the table's definition, with its unique sets; VF_ENGINE: the rows don't fit a key. On failure nothing has changed. */
enum vf_status vf_mem_table_redefine(struct vf_mem_table *table, const struct vf_table *def,
                                     struct vf_error *err) VF_CHECKED;
void vf_mem_table_drop(struct vf_mem_db *db, struct vf_mem_table *table);
void vf_mem_table_free(struct vf_mem_table *table);

/* Copies the cells' bytes. The new row is the caller's one reference. */
enum vf_status vf_mem_row_make(size_t n_cells, const struct vf_mem_cell *cells, struct vf_mem_row **row,
                               struct vf_error *err) VF_CHECKED;
void vf_mem_row_unref(struct vf_mem_row *row);
bool vf_mem_row_visible(const struct vf_mem_row *row, const struct vf_mem_conn *conn);
/* Takes over the reference when it returns VF_OK. Not checked against keys. */
enum vf_status vf_mem_table_add(struct vf_mem_table *table, struct vf_mem_row *row, const struct vf_mem_conn *writer,
                                struct vf_error *err) VF_CHECKED;
void vf_mem_table_remove(struct vf_mem_table *table, size_t position);
/* Pending rows of the connection become committed, or go. */
void vf_mem_table_end(struct vf_mem_table *table, const struct vf_mem_conn *conn, bool commit);

/* ---- keys ---- */

/* Hash of some cells; false: one of them is NULL, or memory ran out (then the buffer says so). */
bool vf_mem_key_hash(const struct vf_mem_cell *cells, size_t n_columns, const int *columns, bool nulls_too,
                     struct vf_buf *scratch, struct vf_hash128 *hash);
enum vf_status vf_mem_set_add(struct vf_mem_set *set, struct vf_hash128 hash, struct vf_mem_row *row,
                              struct vf_error *err) VF_CHECKED;
struct vf_mem_row *vf_mem_set_find(const struct vf_mem_set *set, struct vf_hash128 hash);
void vf_mem_set_release(struct vf_mem_set *set);
/* All rows of the table into the set; `duplicate` (may be NULL) is set to the first row whose key was there already. */
enum vf_status vf_mem_set_fill(struct vf_mem_set *set, const struct vf_mem_table *table, size_t n_columns,
                               const int *columns, bool nulls_too, const struct vf_mem_row **duplicate,
                               struct vf_error *err) VF_CHECKED;
/* The row that stands against `cells`, in *other, with the constraint in *unique; NULL: none. */
enum vf_status vf_mem_table_conflict(struct vf_mem_table *table, const struct vf_mem_cell *cells,
                                     const struct vf_mem_row **other, const struct vf_mem_unique **unique,
                                     struct vf_error *err) VF_CHECKED;

/* ---- values ---- */

/* Can values of one type be read as another, at least some of them? */
bool vf_mem_type_fits(struct vf_type from, struct vf_type to);

/* Turn a cell into one of another type. `scratch` holds numbers that change their width. NULL, or why not (static text). */
const char *vf_mem_cell_convert(struct vf_type from, struct vf_type to, const struct vf_mem_cell *cell,
                                struct vf_mem_cell *out, uint8_t scratch[8]);
struct vf_mem_cell vf_mem_cell_of(const struct vf_array *array, int64_t row, uint8_t scratch[8]);
enum vf_status vf_mem_cell_append(const struct vf_mem_cell *cell, struct vf_array *array,
                                  struct vf_error *err) VF_CHECKED;

/* ---- operations, by file ---- */

/* snapshot.c */
enum vf_status vf_mem_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                     struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err) VF_CHECKED;
void vf_mem_end_snapshot(struct vf_conn *conn);
void vf_mem_snapshot_free(struct vf_mem_snapshot *snapshot);

/* scan.c */
enum vf_status vf_mem_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                            struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_scan_open(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                                struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more,
                                struct vf_error *err) VF_CHECKED;
void vf_mem_scan_close(struct vf_scan *scan);
enum vf_status vf_mem_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                             struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

/* inspect.c */
enum vf_status vf_mem_inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                              struct vf_error *err) VF_CHECKED;

/* apply.c */
enum vf_status vf_mem_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                 struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_arena *arena, struct vf_index_mapping *mapping,
                                struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_sequence_set(struct vf_mem_db *db, const struct vf_sequence *sequence, bool only_if_absent,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_user_type_set(struct vf_mem_db *db, const struct vf_user_type *type,
                                    struct vf_error *err) VF_CHECKED;

/* load.c */
enum vf_status vf_mem_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                 struct vf_error *err) VF_CHECKED;
void vf_mem_load_close(struct vf_load *load);
/* Which column of the table each field is. VF_NOTFOUND, VF_ENGINE: the types don't fit. `columns` has room for n_fields. */
enum vf_status vf_mem_match_fields(const struct vf_mem_table *table, const struct vf_relation *relation, int *columns,
                                   struct vf_error *err) VF_CHECKED;

/* records.c */
enum vf_status vf_mem_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                  const struct vf_record_value *values, size_t column,
                                  const struct vf_record_value *expected, bool *swapped,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_mem_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, struct vf_error *err) VF_CHECKED;
void vf_mem_records_end(struct vf_mem_db *db, const struct vf_mem_conn *conn, bool commit);
void vf_mem_records_free(struct vf_mem_db *db);

#endif
