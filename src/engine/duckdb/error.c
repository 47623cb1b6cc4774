#include "engine/duckdb/error.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "engine/sql.h"

struct kind {
    const char *prefix; /* as duckdb's exceptions begin their messages */
    enum vf_status status;
    const char *hint;
};

static const struct kind kinds[] = {
    {"Constraint Error", VF_VALUE, NULL},
    {"Conversion Error", VF_VALUE, NULL},
    {"Out of Range Error", VF_VALUE, NULL},
    {"TransactionContext Error", VF_TEMPORARY, NULL},
    {"INTERRUPT Error", VF_CANCELLED, NULL},
    {"Missing Extension Error", VF_MISSING, NULL},
    {"Out of Memory Error", VF_NOMEM,
     "give the process more, and DuckDB by --memory, of which it has a quarter; or free space where it puts what "
     "doesn't "
     "fit: the folder of the file"},
    {"IO Error", VF_ENGINE, "look at the disk of the file; copy --resume goes on after space is freed"},
};

enum vf_status vf_duckdb_explain(const char *message, struct vf_error *err)
{
    if (message == NULL)
        message = "DuckDB gives no reason";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!vf_str_starts(message, kinds[i].prefix))
            continue;
        /* What is behind the first line are settings of DuckDB's, which aren't the user's here. */
        int size = kinds[i].status == VF_NOMEM ? (int)strcspn(message, "\n") : (int)strlen(message);
        enum vf_status status = vf_error_set(err, kinds[i].status, "%.*s", size, message);
        if (kinds[i].hint != NULL)
            vf_error_hint(err, "%s", kinds[i].hint);
        return status;
    }
    return vf_error_set(err, VF_ENGINE, "%s", message);
}

static enum vf_status wait_for(const struct vf_duckdb_library *lib, duckdb_pending_result pending,
                               struct vf_cancel *cancel, struct vf_error *err)
{
    const struct timespec pause = {.tv_nsec = 200000};
    for (;;) {
        enum vf_status status = vf_cancel_check(cancel, err);
        if (status != VF_OK)
            return status;
        switch (lib->pending_execute_task(pending)) {
        case DUCKDB_PENDING_RESULT_READY:
            return VF_OK;
        case DUCKDB_PENDING_ERROR:
            return vf_duckdb_explain(lib->pending_error(pending), err);
        case DUCKDB_PENDING_NO_TASKS_AVAILABLE: /* others are at work */
            nanosleep(&pause, NULL);
            break;
        case DUCKDB_PENDING_RESULT_NOT_READY:
            break;
        }
    }
}

enum vf_status vf_duckdb_run_prepared(const struct vf_duckdb_library *lib, duckdb_prepared_statement stmt,
                                      bool is_streaming, struct vf_cancel *cancel, duckdb_result *result,
                                      struct vf_error *err)
{
    duckdb_pending_result pending = NULL;
    duckdb_state state =
        is_streaming ? lib->pending_prepared_streaming(stmt, &pending) : lib->pending_prepared(stmt, &pending);
    enum vf_status status = VF_OK;
    if (state != DuckDBSuccess)
        status = pending == NULL ? vf_error_nomem(err) : vf_duckdb_explain(lib->pending_error(pending), err);
    if (status == VF_OK)
        status = wait_for(lib, pending, cancel, err);
    if (status == VF_OK && lib->execute_pending(pending, result) != DuckDBSuccess) {
        status = vf_duckdb_explain(lib->result_error(result), err);
        lib->destroy_result(result);
    }
    lib->destroy_pending(&pending);
    return status;
}

enum vf_status vf_duckdb_run(const struct vf_duckdb_library *lib, duckdb_connection handle, const char *sql,
                             struct vf_error *err)
{
    duckdb_prepared_statement stmt = NULL;
    duckdb_result result = {0};
    enum vf_status status = VF_OK;
    if (lib->prepare(handle, sql, &stmt) != DuckDBSuccess)
        status = stmt == NULL ? vf_error_nomem(err) : vf_duckdb_explain(lib->prepare_error(stmt), err);
    if (status == VF_OK) {
        status = vf_duckdb_run_prepared(lib, stmt, false, NULL, &result, err);
        if (status == VF_OK)
            lib->destroy_result(&result);
    }
    lib->destroy_prepare(&stmt);
    return status;
}

void vf_duckdb_quote(struct vf_buf *out, const char *identifier)
{
    vf_sql_quote(out, identifier);
}

void vf_duckdb_quote_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_sql_quote_text(out, text, size_bytes);
}
