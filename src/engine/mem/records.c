#include <string.h>

#include "engine/mem/db.h"
#include "engine/record.h"

static struct vf_mem_record_table *find_table(const struct vf_mem_db *db, const char *name)
{
    struct vf_mem_record_table *table = db->records;
    while (table != NULL && strcmp(table->name, name) != 0)
        table = table->next;
    return table;
}

static int compare_key(const struct vf_mem_record_table *table, const struct vf_record_value *a,
                       const struct vf_record_value *b, size_t n_key)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < n_key; i++)
        order = vf_record_compare(table->kinds[i], &a[i], &b[i]);
    return order;
}

static bool is_visible(const struct vf_mem_record *record, const struct vf_mem_conn *conn)
{
    return (record->writer == NULL || record->writer == conn) && record->deleter != conn;
}

/* Somebody else's open transaction has written or taken away this record. */
static bool is_busy(const struct vf_mem_record *record, const struct vf_mem_conn *conn)
{
    return (record->writer != NULL && record->writer != conn) || (record->deleter != NULL && record->deleter != conn);
}

static void record_free(struct vf_mem_record *record)
{
    vf_free(record->values);
    vf_free(record);
}

static struct vf_mem_record *record_copy(const struct vf_mem_record_table *table, const struct vf_record_value *values)
{
    struct vf_mem_record *record = vf_calloc(1, sizeof(*record));
    if (record == NULL)
        return NULL;
    record->values = vf_record_copy(table->n_columns, table->kinds, values);
    if (record->values != NULL)
        return record;
    vf_free(record);
    return NULL;
}

static enum vf_status table_make(struct vf_mem_db *db, const struct vf_record_table *wanted, struct vf_error *err)
{
    struct vf_mem_record_table *table = vf_calloc(1, sizeof(*table));
    if (table == NULL)
        return vf_error_nomem(err);
    table->name = vf_strdup(wanted->name);
    table->kinds = vf_calloc(wanted->n_columns, sizeof(*table->kinds));
    if (table->name == NULL || table->kinds == NULL) {
        vf_free(table->name);
        vf_free(table->kinds);
        vf_free(table);
        return vf_error_nomem(err);
    }
    for (size_t i = 0; i < wanted->n_columns; i++)
        table->kinds[i] = wanted->columns[i].kind;
    table->n_columns = wanted->n_columns;
    table->n_key = wanted->n_key;
    table->next = db->records;
    db->records = table;
    return VF_OK;
}

enum vf_status vf_mem_record_create(struct vf_conn *conn, const struct vf_record_table *table, struct vf_error *err)
{
    struct vf_mem_db *db = vf_mem_conn_of(conn)->db;
    vf_mem_lock(db);
    enum vf_status status = find_table(db, table->name) != NULL ? VF_OK : table_make(db, table, err);
    vf_mem_unlock(db);
    return status;
}

/* Take a record away: at once, or when the transaction ends. */
static void take_away(struct vf_mem_record **link, const struct vf_mem_conn *conn)
{
    struct vf_mem_record *record = *link;
    if (conn->in_transaction && record->writer != conn) {
        record->deleter = conn;
        return;
    }
    *link = record->next;
    record_free(record);
}

static enum vf_status busy(const struct vf_mem_record_table *table, struct vf_error *err)
{
    return vf_error_set(err, VF_TEMPORARY, "table %s: another transaction is writing the same record", table->name);
}

/* Put the record in the place of the visible one with its key. */
static enum vf_status replace(struct vf_mem_record_table *table, const struct vf_mem_conn *conn,
                              const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_mem_record *record = record_copy(table, values);
    if (record == NULL)
        return vf_error_nomem(err);
    struct vf_mem_record **link = &table->records;
    while (*link != NULL && compare_key(table, (*link)->values, values, table->n_key) < 0)
        link = &(*link)->next;
    for (struct vf_mem_record **same = link;
         *same != NULL && compare_key(table, (*same)->values, values, table->n_key) == 0;) {
        struct vf_mem_record *present = *same;
        if (is_busy(present, conn)) {
            record_free(record);
            return busy(table, err);
        }
        if (is_visible(present, conn))
            take_away(same, conn);
        if (*same == present)
            same = &present->next;
    }
    record->writer = conn->in_transaction ? conn : NULL;
    record->next = *link;
    *link = record;
    return VF_OK;
}

static enum vf_status no_table(const struct vf_record_table *table, struct vf_error *err)
{
    return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", table->name);
}

enum vf_status vf_mem_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    vf_mem_lock(mem->db);
    struct vf_mem_record_table *found = find_table(mem->db, table->name);
    enum vf_status status = found == NULL ? no_table(table, err) : replace(found, mem, values, err);
    vf_mem_unlock(mem->db);
    return status;
}

/* Copies of the records that are asked for: the callback may write, and may take the mutex for that. */
static enum vf_status collect(const struct vf_mem_conn *conn, const struct vf_mem_record_table *table,
                              const struct vf_record_value *key, size_t n_key, struct vf_mem_record **copies,
                              struct vf_error *err)
{
    for (const struct vf_mem_record *record = table->records; record != NULL; record = record->next) {
        if (!is_visible(record, conn) || compare_key(table, record->values, key, n_key) != 0)
            continue;
        *copies = record_copy(table, record->values);
        if (*copies == NULL)
            return vf_error_nomem(err);
        copies = &(*copies)->next;
    }
    return VF_OK;
}

enum vf_status vf_mem_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                 struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_record *copies = NULL;
    enum vf_status status = VF_OK;
    vf_mem_lock(mem->db);
    const struct vf_mem_record_table *present = find_table(mem->db, table->name);
    if (present != NULL)
        status = collect(mem, present, key, n_key, &copies, err);
    vf_mem_unlock(mem->db);
    while (copies != NULL) {
        struct vf_mem_record *record = copies;
        if (status == VF_OK)
            status = found(context, record->values, err);
        copies = record->next;
        record_free(record);
    }
    return status;
}

enum vf_status vf_mem_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                  const struct vf_record_value *values, size_t column,
                                  const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    enum vf_status status = VF_OK;
    *swapped = false;
    vf_mem_lock(mem->db);
    struct vf_mem_record_table *found = find_table(mem->db, table->name);
    const struct vf_mem_record *record = found == NULL ? NULL : found->records;
    while (record != NULL &&
           (!is_visible(record, mem) || compare_key(found, record->values, values, found->n_key) != 0))
        record = record->next;
    if (found == NULL)
        status = no_table(table, err);
    else if (record != NULL && vf_record_compare(found->kinds[column], &record->values[column], expected) == 0) {
        status = replace(found, mem, values, err);
        *swapped = status == VF_OK;
    }
    vf_mem_unlock(mem->db);
    return status;
}

enum vf_status vf_mem_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    enum vf_status status = VF_OK;
    vf_mem_lock(mem->db);
    struct vf_mem_record_table *found = find_table(mem->db, table->name);
    struct vf_mem_record **link = found == NULL ? NULL : &found->records;
    while (status == VF_OK && link != NULL && *link != NULL) {
        struct vf_mem_record *record = *link;
        bool meant = compare_key(found, record->values, key, n_key) == 0;
        if (meant && is_busy(record, mem))
            status = busy(found, err);
        else if (meant && is_visible(record, mem))
            take_away(link, mem);
        if (*link == record)
            link = &record->next;
    }
    vf_mem_unlock(mem->db);
    return status;
}

void vf_mem_records_end(struct vf_mem_db *db, const struct vf_mem_conn *conn, bool commit)
{
    for (struct vf_mem_record_table *table = db->records; table != NULL; table = table->next) {
        for (struct vf_mem_record **link = &table->records; *link != NULL;) {
            struct vf_mem_record *record = *link;
            bool goes = commit ? record->deleter == conn : record->writer == conn;
            if (goes) {
                *link = record->next;
                record_free(record);
                continue;
            }
            if (record->writer == conn)
                record->writer = NULL;
            if (record->deleter == conn)
                record->deleter = NULL;
            link = &record->next;
        }
    }
}

void vf_mem_records_free(struct vf_mem_db *db)
{
    while (db->records != NULL) {
        struct vf_mem_record_table *table = db->records;
        db->records = table->next;
        while (table->records != NULL) {
            struct vf_mem_record *record = table->records;
            table->records = record->next;
            record_free(record);
        }
        vf_free(table->name);
        vf_free(table->kinds);
        vf_free(table);
    }
}
