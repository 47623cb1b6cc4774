#include "engine/mem/mem.h"

#include <string.h>

#include "base/text.h"
#include "engine/mem/db.h"
#include "engine/sql.h"

/* All databases of the process. Its mutex is taken before that of a database, never the other way round. */
static struct {
    pthread_mutex_t mutex;
    struct vf_mem_db *databases;
    int64_t n_made;
} registry = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const struct vf_limits no_limits = {
    .text_nul = true,
    .text_any_bytes = true,
    .vector_not_finite = true,
    .timestamp_infinity = true,
    .max_loaders = 8,
};

void vf_mem_lock(struct vf_mem_db *db)
{
    pthread_mutex_lock(&db->mutex);
}

void vf_mem_unlock(struct vf_mem_db *db)
{
    pthread_mutex_unlock(&db->mutex);
}

static struct vf_mem_db *db_make(const char *name)
{
    struct vf_mem_db *db = vf_calloc(1, sizeof(*db));
    if (db == NULL)
        return NULL;
    db->name = vf_strdup(name);
    if (db->name == NULL || pthread_mutex_init(&db->mutex, NULL) != 0) {
        vf_free(db->name);
        vf_free(db);
        return NULL;
    }
    db->limits = no_limits;
    db->serial = ++registry.n_made;
    db->next = registry.databases;
    registry.databases = db;
    return db;
}

enum vf_status vf_mem_db_get(const char *name, bool make, struct vf_mem_db **db, struct vf_error *err)
{
    pthread_mutex_lock(&registry.mutex);
    *db = registry.databases;
    while (*db != NULL && strcmp((*db)->name, name) != 0)
        *db = (*db)->next;
    bool failed = *db == NULL && make && (*db = db_make(name)) == NULL;
    pthread_mutex_unlock(&registry.mutex);
    return failed ? vf_error_nomem(err) : VF_OK;
}

static void tables_free(struct vf_mem_table *table)
{
    while (table != NULL) {
        struct vf_mem_table *next = table->next;
        vf_mem_table_free(table);
        table = next;
    }
}

static void db_free(struct vf_mem_db *db)
{
    while (db->snapshots != NULL) {
        struct vf_mem_snapshot *next = db->snapshots->next;
        vf_mem_snapshot_free(db->snapshots);
        db->snapshots = next;
    }
    tables_free(db->tables);
    tables_free(db->dropped);
    vf_mem_records_free(db);
    vf_schema_release(&db->catalog);
    pthread_mutex_destroy(&db->mutex);
    vf_free(db->name);
    vf_free(db);
}

void vf_mem_drop(const char *database)
{
    pthread_mutex_lock(&registry.mutex);
    for (struct vf_mem_db **link = &registry.databases; *link != NULL;) {
        struct vf_mem_db *db = *link;
        if (database != NULL && strcmp(db->name, database) != 0) {
            link = &db->next;
            continue;
        }
        *link = db->next;
        db_free(db);
    }
    pthread_mutex_unlock(&registry.mutex);
}

/* ---- connections ---- */

static enum vf_status vf_mem_open(const struct vf_url *url, const struct vf_open_options *options,
                                  struct vf_conn **conn, struct vf_error *err)
{
    const char *name = url->path != NULL ? url->path : "";
    bool make = options->side != VF_SIDE_SOURCE && !options->must_exist;
    struct vf_mem_db *db = NULL;
    enum vf_status status = vf_mem_db_get(name, make, &db, err);
    if (status != VF_OK)
        return status;
    if (db == NULL)
        return vf_error_set(err, VF_CONNECT, "there is no database \"%s\" in the memory of this process", name);

    struct vf_mem_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->base.ops = &vf_mem_engine;
    opened->base.options = *options;
    opened->base.options.password = NULL;
    opened->db = db;
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

static void end_transaction(struct vf_mem_conn *conn, bool commit)
{
    vf_mem_lock(conn->db);
    for (struct vf_mem_table *table = conn->db->tables; table != NULL; table = table->next)
        vf_mem_table_end(table, conn, commit);
    vf_mem_records_end(conn->db, conn, commit);
    vf_mem_unlock(conn->db);
    conn->in_transaction = conn->failed = false;
}

static void vf_mem_unlock_run(struct vf_conn *conn)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    vf_mem_lock(mem->db);
    if (mem->db->locked_by == mem)
        mem->db->locked_by = NULL;
    vf_mem_unlock(mem->db);
}

static void vf_mem_close(struct vf_conn *conn)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    if (mem->in_transaction)
        end_transaction(mem, false);
    vf_mem_end_snapshot(conn);
    vf_mem_unlock_run(conn);
    vf_free(mem);
}

static enum vf_status vf_mem_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err)
{
    const struct vf_mem_db *db = vf_mem_conn_of(conn)->db;
    struct vf_buf identity;
    *server = (struct vf_server){.product = "mem", .version = "1", .version_number = 1};
    vf_buf_init(&identity, sizeof(server->identity));
    vf_buf_printf(&identity, "mem %lld ", (long long)db->serial);
    size_t size_bytes = vf_utf8_cut(db->name, strlen(db->name), sizeof(server->identity) / 2);
    vf_buf_add(&identity, db->name, size_bytes);
    enum vf_status status = vf_buf_check(&identity, err);
    if (status == VF_OK)
        memcpy(server->identity, identity.data, identity.size_bytes + 1);
    vf_buf_release(&identity);
    return status;
}

static const struct vf_limits *vf_mem_limits(const struct vf_conn *conn)
{
    return &((const struct vf_mem_conn *)(const void *)conn)->db->limits;
}

/* ---- target ---- */

static enum vf_status vf_mem_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                       const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                       struct vf_error *err)
{
    const struct vf_limits *limits = vf_mem_limits(conn);
    enum vf_status status = VF_OK;
    (void)estimate;
    for (size_t i = 0; status == VF_OK && limits->max_columns > 0 && i < wanted->n_tables; i++) {
        const struct vf_table *table = &wanted->tables[i];
        if (table->n_columns > limits->max_columns)
            status = vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_MISSING, table->name, "leave the table out", err,
                                    "%zu columns, at most %u can be stored", table->n_columns, limits->max_columns);
    }
    return status;
}

static enum vf_status vf_mem_lock_run(struct vf_conn *conn, const char *holder, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_db *db = mem->db;
    enum vf_status status = VF_OK;
    vf_mem_lock(db);
    if (db->locked_by != NULL && db->locked_by != mem) {
        status = vf_error_set(err, VF_LOCKED, "the target is locked by %s", db->holder);
        vf_error_hint(err, "wait until that run has ended");
    } else {
        db->locked_by = mem;
        size_t size_bytes = vf_utf8_cut(holder, strlen(holder), sizeof(db->holder) - 1);
        memcpy(db->holder, holder, size_bytes);
        db->holder[size_bytes] = '\0';
    }
    vf_mem_unlock(db);
    return status;
}

static enum vf_status vf_mem_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                         bool *has_rows, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    (void)err;
    vf_mem_lock(mem->db);
    const struct vf_mem_table *table = vf_mem_table_find(mem->db, schema, name);
    *exists = table != NULL;
    *has_rows = false;
    for (size_t i = 0; table != NULL && !*has_rows && i < table->n_rows; i++)
        *has_rows = vf_mem_row_visible(table->rows[i], mem);
    vf_mem_unlock(mem->db);
    return VF_OK;
}

static enum vf_status vf_mem_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                        struct vf_error *err)
{
    (void)conn;
    (void)estimate;
    (void)err;
    return VF_OK;
}

static enum vf_status vf_mem_end_bulk(struct vf_conn *conn, struct vf_error *err)
{
    if (vf_mem_conn_of(conn)->in_transaction)
        return vf_error_set(err, VF_INTERNAL, "bulk loading ended inside a transaction");
    return VF_OK;
}

static enum vf_status vf_mem_begin(struct vf_conn *conn, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    if (mem->in_transaction)
        return vf_error_set(err, VF_INTERNAL, "a transaction is open already");
    mem->in_transaction = true;
    mem->failed = false;
    return VF_OK;
}

static enum vf_status vf_mem_commit(struct vf_conn *conn, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    if (!mem->in_transaction)
        return vf_error_set(err, VF_INTERNAL, "no transaction is open");
    if (mem->failed)
        return vf_error_set(err, VF_ENGINE, "the transaction has failed and can only be rolled back");
    end_transaction(mem, true);
    return VF_OK;
}

static void vf_mem_rollback(struct vf_conn *conn)
{
    if (vf_mem_conn_of(conn)->in_transaction)
        end_transaction(vf_mem_conn_of(conn), false);
}

const struct vf_engine_ops vf_mem_engine = {
    .name = "mem",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_PARALLEL_LOAD | VF_CAP_LATE_KEYS | VF_CAP_SCHEMAS |
            VF_CAP_USER_TYPES | VF_CAP_SEQUENCES | VF_CAP_VECTOR_INDEX | VF_CAP_TARGET,
    .open = vf_mem_open,
    .close = vf_mem_close,
    .describe = vf_mem_describe,
    .limits = vf_mem_limits,
    .inspect = vf_mem_inspect,
    .begin_snapshot = vf_mem_begin_snapshot,
    .join_snapshot = vf_mem_join_snapshot,
    .end_snapshot = vf_mem_end_snapshot,
    .split = vf_mem_split,
    .scan_open = vf_mem_scan_open,
    .scan_read = vf_mem_scan_read,
    .scan_close = vf_mem_scan_close,
    .lookup = vf_mem_lookup,
    .map_column = vf_mem_map_column,
    .map_index = vf_mem_map_index,
    .preflight = vf_mem_preflight,
    .lock = vf_mem_lock_run,
    .unlock = vf_mem_unlock_run,
    .table_state = vf_mem_table_state,
    .apply = vf_mem_apply,
    .begin_bulk = vf_mem_begin_bulk,
    .end_bulk = vf_mem_end_bulk,
    .begin = vf_mem_begin,
    .commit = vf_mem_commit,
    .rollback = vf_mem_rollback,
    .load_open = vf_mem_load_open,
    .load_write = vf_mem_load_write,
    .load_close = vf_mem_load_close,
    .record_create = vf_mem_record_create,
    .record_put = vf_mem_record_put,
    .record_get = vf_mem_record_get,
    .record_swap = vf_mem_record_swap,
    .record_delete = vf_mem_record_delete,
};
