#include "engine/sqlite/bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/sqlite/file.h"
#include "engine/sqlitesql/record.h"

/* From here on pages of 32 KiB are both faster and smaller: rows of 6 KiB (1536 float32) fill 94 % of them, and 75 % of 16 KiB; 20,000 take 0.30 s instead of 0.41 s. */
#define WIDE_ROW_BYTES    4096
#define WIDE_PAGE_BYTES   32768
#define LARGE_LOAD_BYTES  (32 * 1024 * 1024)
#define SMALL_FILE_PAGES  64 /* a new file is made anew for another page size only while there is nothing in it */
#define CHECKPOINT_BYTES  (64 * 1024 * 1024)
#define DEFAULT_CACHE_KIB 65536

enum {
    SETTING_NAME,
    SETTING_VALUE,
    N_SETTING,
};

static const struct vf_record_column setting_columns[N_SETTING] = {
    {"name", VF_RECORD_TEXT},
    {"value", VF_RECORD_TEXT},
};
static const struct vf_record_table settings = {"vecferry_settings", N_SETTING, setting_columns, 1};

static struct vf_record_value text_value(const char *text)
{
    return (struct vf_record_value){.bytes = text, .size_bytes = strlen(text)};
}

/* ---- settings of the connection ---- */

struct setting {
    const char *pragma;
    size_t offset; /* in struct vf_sqlite_bulk */
};

static const struct setting of_connection[] = {
    {"synchronous", offsetof(struct vf_sqlite_bulk, synchronous)},
    {"cache_size", offsetof(struct vf_sqlite_bulk, cache_size)},
    {"wal_autocheckpoint", offsetof(struct vf_sqlite_bulk, wal_autocheckpoint)},
    {"temp_store", offsetof(struct vf_sqlite_bulk, temp_store)},
};

static int64_t *place(struct vf_sqlite_bulk *bulk, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)bulk + setting->offset);
}

static enum vf_status set(struct vf_sqlite_local *local, const char *pragma, int64_t value, struct vf_error *err)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "PRAGMA %s = %" PRId64, pragma, value);
    return vf_sqlite_exec(&local->sql, sql, err);
}

static enum vf_status save_connection(struct vf_sqlite_local *local, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < sizeof(of_connection) / sizeof(of_connection[0]); i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "PRAGMA %s", of_connection[i].pragma);
        status = vf_sqlite_get_i64(&local->sql, sql, 0, place(&local->bulk, &of_connection[i]), err);
    }
    return status;
}

static enum vf_status restore_connection(struct vf_sqlite_local *local, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < sizeof(of_connection) / sizeof(of_connection[0]); i++)
        status = set(local, of_connection[i].pragma, *place(&local->bulk, &of_connection[i]), err);
    return status;
}

/* ---- the file ---- */

static enum vf_status get_journal_mode(struct vf_sqlite_local *local, char *mode, size_t mode_bytes,
                                       struct vf_error *err)
{
    return vf_sqlite_get_text(&local->sql, "PRAGMA main.journal_mode", mode, mode_bytes, err);
}

/* Another connection that has the file open keeps it in its mode: that is no failure, and *mode says how it is. */
static enum vf_status change_journal_mode(struct vf_sqlite_local *local, const char *wanted, char *mode,
                                          size_t mode_bytes, struct vf_error *err)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA main.journal_mode = %s", wanted);
    enum vf_status status = vf_sqlite_get_text(&local->sql, sql, mode, mode_bytes, err);
    if (status != VF_LOCKED)
        return status;
    vf_error_clear(err);
    return get_journal_mode(local, mode, mode_bytes, err);
}

/* The page size can be changed only while there is hardly anything in the file, and not in WAL mode. */
static enum vf_status choose_page_size(struct vf_sqlite_local *local, const struct vf_load_estimate *estimate,
                                       struct vf_error *err)
{
    int64_t page_bytes = 0;
    int64_t n_pages = 0;
    char mode[16] = "";
    if (!local->is_new || local->kind == VF_SQLITE_CIPHER || estimate->max_row_bytes < WIDE_ROW_BYTES)
        return VF_OK;
    enum vf_status status = vf_sqlite_get_i64(&local->sql, "PRAGMA main.page_size", 0, &page_bytes, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(&local->sql, "PRAGMA main.page_count", 0, &n_pages, err);
    if (status == VF_OK)
        status = get_journal_mode(local, mode, sizeof(mode), err);
    if (status != VF_OK || page_bytes >= WIDE_PAGE_BYTES || n_pages > SMALL_FILE_PAGES || strcmp(mode, "wal") == 0)
        return status;
    status = set(local, "main.page_size", WIDE_PAGE_BYTES, err);
    local->sql.lib->limit(local->sql.db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM works by a database of its own */
    if (status == VF_OK)
        status = vf_sqlite_exec(&local->sql, "VACUUM main", err);
    local->sql.lib->limit(local->sql.db, SQLITE_LIMIT_ATTACHED, 0);
    if (status != VF_LOCKED)
        return status;
    vf_error_clear(err); /* somebody reads it: the size stays */
    return VF_OK;
}

static enum vf_status found_mode(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_sqlite_bulk *bulk = context;
    size_t n = values[SETTING_VALUE].size_bytes;
    (void)err;
    if (n < sizeof(bulk->journal_mode)) {
        memcpy(bulk->journal_mode, values[SETTING_VALUE].bytes, n);
        bulk->journal_mode[n] = '\0';
    }
    return VF_OK;
}

/* Pages that are added to a file need no journal: by SQLite's rollback journal they are written once, and not to a log first, which takes half of the time. A commit costs a few fsyncs
 * then, so that it pays for large transactions only; and readers wait, of which a new file has none. */
static bool goes_without_wal(const struct vf_sqlite_local *local, const struct vf_load_estimate *estimate)
{
    return local->is_new && estimate->size_bytes >= LARGE_LOAD_BYTES;
}

/* What a killed run wrote down wins over what the file says now. */
static enum vf_status enter_wal(struct vf_sqlite_local *local, struct vf_error *err)
{
    struct vf_conn *base = (struct vf_conn *)(void *)local;
    struct vf_record_value key = text_value("journal_mode");
    char mode[16] = "";
    local->bulk.journal_mode[0] = '\0';
    enum vf_status status = vf_sqlite_record_get(base, &settings, &key, 1, found_mode, &local->bulk, err);
    if (status == VF_OK)
        status = get_journal_mode(local, mode, sizeof(mode), err);
    if (status != VF_OK || strcmp(mode, "wal") == 0)
        return status;

    const char *back = local->is_new ? "delete" : mode;
    snprintf(local->bulk.journal_mode, sizeof(local->bulk.journal_mode), "%s", back);
    const struct vf_record_value values[N_SETTING] = {key, text_value(local->bulk.journal_mode)};
    status = vf_sqlite_record_create(base, &settings, err);
    if (status == VF_OK)
        status = vf_sqlite_record_put(base, &settings, values, err);
    if (status == VF_OK)
        status = change_journal_mode(local, "WAL", mode, sizeof(mode), err);
    return status;
}

enum vf_status vf_sqlite_begin_bulk(struct vf_conn *base, const struct vf_load_estimate *estimate, struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    int64_t page_bytes = 4096;
    if (local->bulk.on)
        return VF_OK;
    uint64_t memory_bytes = local->sql.base.options.memory_bytes;
    int64_t cache_kib = memory_bytes > 0 ? (int64_t)(memory_bytes / 1024) : DEFAULT_CACHE_KIB;
    enum vf_status status = save_connection(local, err);
    if (status == VF_OK)
        status = choose_page_size(local, estimate, err);
    local->bulk.journal_mode[0] = '\0';
    bool has_wal = !goes_without_wal(local, estimate);
    if (status == VF_OK && has_wal)
        status = enter_wal(local, err);
    if (status != VF_OK)
        return status;
    local->bulk.on = true;
    status = vf_sqlite_get_i64(&local->sql, "PRAGMA main.page_size", 4096, &page_bytes, err);
    if (status == VF_OK)
        status = set(local, "synchronous", has_wal ? 1 : 2, err);
    if (status == VF_OK)
        status = set(local, "cache_size", -cache_kib, err);
    if (status == VF_OK)
        status = set(local, "temp_store", 2, err);
    if (status == VF_OK)
        status = set(local, "wal_autocheckpoint", CHECKPOINT_BYTES / page_bytes, err);
    if (status == VF_OK)
        status = set(local, "foreign_keys", 0, err);
    return status;
}

/* ---- the end ---- */

static enum vf_status checkpoint(struct vf_sqlite_local *local, struct vf_error *err)
{
    int n_wal = 0;
    int n_done = 0;
    int code = local->sql.lib->wal_checkpoint_v2(local->sql.db, "main", SQLITE_CHECKPOINT_TRUNCATE, &n_wal, &n_done);
    if (code == SQLITE_OK)
        return VF_OK;
    enum vf_status status =
        vf_sqlite_fail(&local->sql, err, "the write-ahead log of \"%s\" can't be emptied", local->path);
    if (status == VF_LOCKED)
        vf_error_hint(err, "another program reads \"%s\": end it, then copy --resume finishes", local->path);
    return status;
}

/* fsync by way of SQLite's own descriptor: opening and closing another one would drop the locks that the process has on the file. */
static enum vf_status sync_file(struct vf_sqlite_local *local, struct vf_error *err)
{
    sqlite3_file *file = NULL;
    if (local->sql.lib->file_control(local->sql.db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return vf_error_set(err, VF_ENGINE, "\"%s\" can't be made durable: SQLite doesn't show its file", local->path);
    if (file->pMethods->xSync(file, SQLITE_SYNC_FULL) != SQLITE_OK) {
        enum vf_status status = vf_error_set(err, VF_ENGINE, "\"%s\" can't be made durable: fsync failed", local->path);
        vf_error_hint(err, "what was written may be lost: look at the disk, then begin anew or copy --resume");
        return status;
    }
    return vf_sqlite_file_sync_folder(local->path, err);
}

/* The note goes last, so that whoever comes after a kill puts the mode back; one that is left over beside a mode that was put back does no harm, for enter_wal() replaces it. Without the log SQLite
 * needs more syncs to be safe. */
static enum vf_status leave_wal(struct vf_sqlite_local *local, struct vf_error *err)
{
    char mode[16] = "";
    if (local->bulk.journal_mode[0] == '\0')
        return VF_OK;
    enum vf_status status = change_journal_mode(local, local->bulk.journal_mode, mode, sizeof(mode), err);
    bool stays = status == VF_OK && strcmp(mode, local->bulk.journal_mode) != 0;
    if (stays)
        vf_log_write(local->sql.base.options.log, VF_LOG_WARNING,
                     "\"%s\" stays in journal mode %s, because another connection has it open; it was %s", local->path,
                     mode, local->bulk.journal_mode);
    if (status == VF_OK)
        status = set(local, "synchronous", 2, err);
    if (status == VF_OK)
        status = vf_sqlite_exec(&local->sql, "DROP TABLE IF EXISTS main.vecferry_settings", err);
    return status == VF_OK && stays ? checkpoint(local, err) : status;
}

enum vf_status vf_sqlite_end_bulk(struct vf_conn *base, struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    if (local->bulk.failed)
        return vf_error_set(err, VF_ENGINE, "\"%s\" could not be made durable before: that isn't tried again",
                            local->path);
    if (!local->bulk.on)
        return VF_OK;
    enum vf_status status = checkpoint(local, err);
    if (status == VF_OK)
        status = leave_wal(local, err);
    if (status == VF_OK)
        status = sync_file(local, err);
    local->bulk.failed = status != VF_OK && status != VF_LOCKED;
    if (status == VF_OK)
        status = restore_connection(local, err);
    local->bulk.on = status == VF_LOCKED;
    return status;
}

void vf_sqlite_bulk_abandon(struct vf_sqlite_local *local)
{
    local->bulk.on = false;
}
