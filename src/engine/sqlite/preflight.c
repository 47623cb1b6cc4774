#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/sqlite/file.h"
#include "engine/sqlite/target.h"
#include "model/problem.h"

#define SPARE_BYTES (UINT64_C(128) * 1024 * 1024) /* the write-ahead log, and what is made besides */

static enum vf_status check_space(const struct vf_sqlite_conn *conn, const char *folder,
                                  const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                  struct vf_error *err)
{
    struct statvfs info;
    if (estimate->size_bytes < 0 || statvfs(folder, &info) != 0)
        return VF_OK;
    uint64_t free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    uint64_t needed_bytes = (uint64_t)estimate->size_bytes + (uint64_t)estimate->size_bytes / 10 + SPARE_BYTES;
    if (free_bytes >= needed_bytes)
        return VF_OK;
    return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_MISSING, "", "free space, or choose another disk", err,
                          "the disk of \"%s\" has %" PRIu64 " MiB free, and about %" PRIu64 " MiB are needed",
                          conn->path, free_bytes >> 20, needed_bytes >> 20);
}

static enum vf_status check_folder(const struct vf_sqlite_conn *conn, const struct vf_load_estimate *estimate,
                                   struct vf_problem_list *problems, struct vf_error *err)
{
    char folder[PATH_MAX];
    if (!vf_sqlite_file_folder(conn->path, folder, sizeof(folder)))
        return VF_OK;
    if (access(folder, W_OK | X_OK) != 0)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_CONNECT, "", "SQLite keeps its journal there", err,
                              "the folder \"%s\" can't be written: %s", folder, strerror(errno));
    return check_space(conn, folder, estimate, problems, err);
}

static enum vf_status check_columns(const struct vf_sqlite_conn *conn, const struct vf_table *table,
                                    struct vf_problem_list *problems, struct vf_error *err)
{
    if (conn->limits.max_columns > 0 && table->n_columns > conn->limits.max_columns)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "leave columns out", err,
                              "%zu columns, and SQLite takes %u", table->n_columns, conn->limits.max_columns);
    for (size_t a = 0; a < table->n_columns; a++) {
        for (size_t b = 0; b < a; b++) {
            if (vf_strcasecmp(table->columns[a].name, table->columns[b].name) != 0)
                continue;
            return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename one of them in the plan",
                                  err, "the columns \"%s\" and \"%s\" are one name to SQLite", table->columns[b].name,
                                  table->columns[a].name);
        }
    }
    return VF_OK;
}

static enum vf_status check_name(const struct vf_schema *wanted, size_t number, struct vf_problem_list *problems,
                                 struct vf_error *err)
{
    const struct vf_table *table = &wanted->tables[number];
    char head[8] = "";
    memcpy(head, table->name, strnlen(table->name, sizeof(head) - 1));
    if (vf_strcasecmp(head, "sqlite_") == 0)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename it in the plan", err,
                              "SQLite keeps names that begin with \"sqlite_\" for itself");
    for (size_t i = 0; i < number; i++) {
        if (vf_strcasecmp(wanted->tables[i].name, table->name) == 0)
            return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename one of them in the plan",
                                  err, "the tables \"%s\" and \"%s\" are one name to SQLite", wanted->tables[i].name,
                                  table->name);
    }
    return VF_OK;
}

/* Can it be written to now? */
static enum vf_status check_lock(struct vf_sqlite_conn *conn, struct vf_problem_list *problems, struct vf_error *err)
{
    struct vf_error why = {0};
    enum vf_status status = vf_sqlite_exec(conn, "BEGIN IMMEDIATE", &why);
    if (status == VF_OK)
        return vf_sqlite_exec(conn, "ROLLBACK", err);
    return vf_problem_add(problems, VF_SEVERITY_BLOCK, status, "", why.hint, err, "%s", why.message);
}

enum vf_status vf_sqlite_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    enum vf_status status = check_folder(conn, estimate, problems, err);
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        status = check_name(wanted, i, problems, err);
        if (status == VF_OK)
            status = check_columns(conn, &wanted->tables[i], problems, err);
    }
    if (status == VF_OK && conn->lib->get_autocommit(conn->db) != 0)
        status = check_lock(conn, problems, err);
    return status;
}
