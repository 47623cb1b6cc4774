/*
 * Inside of the files engine: connections, files, transactions, definitions.
 *
 *   FOLDER/<path of the row>.json      by the table's pattern
 *   FOLDER/.vecferry/tables/T.json     {"path": pattern, "generation": text, "table": definition}
 *   FOLDER/.vecferry/records/T/K.json  vecferry's own records
 *   FOLDER/.vecferry/run               flock: the run that fills the folder, with its name
 *   FOLDER/.vecferry/writer            flock: one transaction at a time
 *   FOLDER/.vecferry/tx-N/             files of an open transaction, and at its end the list of what is to be done with them
 *   FOLDER/.vecferry/commit-N/         the same, renamed: the transaction has happened, and its files are being moved to their places
 *
 * The rename from tx-N to commit-N is the commit. A writer that finds either of a dead one (it has the writer's lock, so they are) takes the first away and finishes the second. Readers hold
 * a shared flock on .vecferry itself while they list files, and the moving holds an exclusive one, so nobody lists half a transaction.
 */
#ifndef VF_ENGINE_FILES_CONN_H
#define VF_ENGINE_FILES_CONN_H

#include "base/hash.h"
#include "engine/files/files.h"
#include "engine/files/path.h"
#include "model/json_text.h"

#define VF_FILES_STATE ".vecferry"

struct vf_files_change {
    const char *path; /* relative to the folder, in the transaction's arena */
    struct vf_hash128 hash;
    int64_t number; /* of the staged file; -1: the path is deleted */
};

struct vf_files_transaction {
    bool is_open;
    bool failed; /* can only be rolled back */
    int fd;      /* of tx-N */
    char name[48];
    struct vf_arena arena;
    size_t n_changes, cap_changes;
    struct vf_files_change *changes;
    size_t n_slots; /* a power of two: slots[hash] is the number of the change + 1 */
    size_t *slots;
    int64_t n_staged;
};

struct vf_files_table {
    struct vf_schema holder; /* owns what `def` points to */
    struct vf_table def;
    struct vf_files_place place;
    char *pattern;
    char generation[64];
    bool is_foreign; /* vecferry didn't make it: there is no definition and there are no checksums */
    size_t n_key;
    int *key; /* columns whose values are the file's name; 0: rows are numbered */
};

struct vf_files_entry {
    const char *key; /* escaped, as in the name */
    uint64_t size_bytes, inode;
    int64_t changed_s, changed_ns;
};

struct vf_files_list {
    struct vf_arena arena;
    size_t n_entries;
    struct vf_files_entry *entries; /* by key */
};

struct vf_files_snapshot {
    size_t n_tables;
    struct vf_files_snapshot_table {
        struct vf_files_table table;
        struct vf_files_list list;
    } * tables;
};

struct vf_files_conn {
    struct vf_conn_base base;
    char *folder;
    char *pattern; /* of new and foreign tables */
    int fd;        /* of the folder */
    int writer_fd; /* while this connection is the writer, else -1 */
    int run_fd;
    bool made_folder; /* it came into being here, and goes again if nothing is put into it */
    struct vf_files_transaction transaction;
    struct vf_files_snapshot *snapshot;
};

static inline struct vf_files_conn *vf_files_conn_of(struct vf_conn *conn)
{
    return (struct vf_files_conn *)(void *)conn;
}

/* ---- file.c: single files; paths are relative to the folder, and no link in them is followed ---- */

/* VF_ENGINE with what errno says; a full disk has its hint. */
enum vf_status vf_files_fail(const struct vf_files_conn *conn, const char *what, const char *path,
                             struct vf_error *err);
/* Opens a folder below `fd`, made (0700) where it is missing if `make`; -1 with errno. "" is `fd` itself, again. */
int vf_files_open_folder(int fd, const char *path, bool make);
/* Opens the folder of a path, and says where its last name begins. */
int vf_files_open_parent(int fd, const char *path, bool make, const char **name);
/* The whole file; *found false: it isn't there. `entry` (may be NULL) is filled but for its key. VF_VALUE: it isn't a file, or larger than 1 GiB. */
enum vf_status vf_files_read_file(const struct vf_files_conn *conn, const char *path, struct vf_buf *out, bool *found,
                                  struct vf_files_entry *entry, struct vf_error *err) VF_CHECKED;
/* A new file of mode 0600 in the folder `fd`, synced to the disk if `sync`. */
enum vf_status vf_files_write_new(const struct vf_files_conn *conn, int fd, const char *name, const struct vf_buf *text,
                                  bool sync, struct vf_error *err) VF_CHECKED;
bool vf_files_exists(const struct vf_files_conn *conn, const char *path);
/* Calls `found` for each name in the folder; a folder that isn't there has none. */
enum vf_status vf_files_each_name(const struct vf_files_conn *conn, const char *path,
                                  enum vf_status (*found)(void *context, int fd, const char *name,
                                                          struct vf_error *err),
                                  void *context, struct vf_error *err) VF_CHECKED;

/* ---- transaction.c ---- */

/* A lock on .vecferry that readers (LOCK_SH) and the end of a commit (LOCK_EX) hold; close(2) gives it back. *fd is -1 when the folder has none. */
enum vf_status vf_files_lock_state(const struct vf_files_conn *conn, int operation, int *fd,
                                   struct vf_error *err) VF_CHECKED;
/* For a source: VF_STATE when a dead writer has left a transaction half moved. */
enum vf_status vf_files_check_settled(const struct vf_files_conn *conn, struct vf_error *err) VF_CHECKED;
/* For a target: finish or take away what dead writers left, if there is no living one. */
enum vf_status vf_files_recover(struct vf_files_conn *conn, struct vf_error *err) VF_CHECKED;
/* Write or delete a file: at once and durably, or with the open transaction. */
enum vf_status vf_files_put(struct vf_files_conn *conn, const char *path, const struct vf_buf *text,
                            struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_delete(struct vf_files_conn *conn, const char *path, struct vf_error *err) VF_CHECKED;
/* As the open transaction sees it. */
enum vf_status vf_files_read(const struct vf_files_conn *conn, const char *path, struct vf_buf *out, bool *found,
                             struct vf_error *err) VF_CHECKED;
const struct vf_files_change *vf_files_pending(const struct vf_files_conn *conn, const char *path);
/* The writer's lock, for what is more than one put: VF_TEMPORARY when another has it for long. Nothing within a transaction, which has it. */
enum vf_status vf_files_begin_write(struct vf_files_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_files_end_write(struct vf_files_conn *conn);
enum vf_status vf_files_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_files_rollback(struct vf_conn *conn);

/* ---- row.c: the text of a row ---- */

/* Append the file's text: a member for each field, then the checksum. */
void vf_files_row_write(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                        struct vf_buf *scratch, struct vf_buf *out);
/* Is it what its checksum says? NULL: yes, else why not (in `why`). */
const char *vf_files_row_check(const struct vf_buf *text, char why[256]);
/* Append a column's name as a member's. */
void vf_files_row_name(const char *name, struct vf_buf *out);
/* The column that a member is, or -1. `hint` is where to look first. */
int vf_files_row_column(const struct vf_table *def, const struct vf_json_item *item, size_t hint,
                        struct vf_buf *scratch);

/* ---- define.c: tables ---- */

/* VF_NOTFOUND: there is none. A foreign table has no columns: to find them all its files are read, which vf_files_table_load() does. */
enum vf_status vf_files_table_find(const struct vf_files_conn *conn, const char *name, struct vf_files_table *table,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_table_load(const struct vf_files_conn *conn, const char *name, struct vf_files_table *table,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_table_set_key(struct vf_files_table *table, struct vf_error *err) VF_CHECKED;
void vf_files_table_release(struct vf_files_table *table);
/* All of them, defined and foreign, one after the other. */
enum vf_status vf_files_table_each(const struct vf_files_conn *conn,
                                   enum vf_status (*found)(void *context, const char *name, struct vf_error *err),
                                   void *context, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                    bool *has_rows, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;

/* ---- foreign.c: tables of files that vecferry didn't make ---- */

/* Columns, types, key and evidence from all files of the place. */
enum vf_status vf_files_foreign_define(const struct vf_files_conn *conn, struct vf_files_table *table,
                                       struct vf_error *err) VF_CHECKED;
/* A column with the file's name, where no member is the same. */
#define VF_FILES_NAME_COLUMN "$key"

/* ---- list.c ---- */

enum vf_status vf_files_list_table(const struct vf_files_conn *conn, const struct vf_files_place *place,
                                   struct vf_files_list *list, struct vf_error *err) VF_CHECKED;
void vf_files_list_release(struct vf_files_list *list);
/* NULL: the connection has no snapshot, or the table wasn't there when it was taken. */
const struct vf_files_snapshot_table *vf_files_snapshot_find(const struct vf_files_conn *conn, const char *table);
enum vf_status vf_files_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                       struct vf_error *err) VF_CHECKED;
void vf_files_end_snapshot(struct vf_conn *conn);

/* ---- scan.c ---- */

enum vf_status vf_files_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                              struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_scan_open(struct vf_conn *conn, const struct vf_relation *relation,
                                  const struct vf_chunk *chunk, struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more,
                                  struct vf_error *err) VF_CHECKED;
void vf_files_scan_close(struct vf_scan *scan);
enum vf_status vf_files_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                               struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

/* Append the escaped key of a row: columns[i] of the batch is the i-th part. false: one of them is NULL. */
bool vf_files_key_name(const struct vf_batch *batch, int64_t row, size_t n_key, const size_t *columns, size_t max_bytes,
                       struct vf_buf *scratch, struct vf_buf *out);

/* ---- load.c, record.c, inspect.c ---- */

enum vf_status vf_files_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                   struct vf_error *err) VF_CHECKED;
void vf_files_load_close(struct vf_load *load);

enum vf_status vf_files_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *values, size_t column,
                                    const struct vf_record_value *expected, bool *swapped,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                      const struct vf_record_value *key, size_t n_key, struct vf_error *err) VF_CHECKED;

enum vf_status vf_files_inspect(struct vf_conn *conn, const struct vf_inspect_options *options,
                                struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

#endif
