#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/sqlite/file.h"
#include "engine/sqlite/local.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/vec0_target.h"
#include "engine/sqlitesql/vector_index.h"
#include "model/problem.h"

#define SPARE_BYTES (UINT64_C(128) * 1024 * 1024) /* the write-ahead log, and what is made besides */

/* What vector indexes take on the disk besides the rows. */
static uint64_t vector_index_bytes(const struct vf_schema *wanted)
{
    uint64_t size_bytes = 0;
    for (size_t t = 0; t < wanted->n_tables; t++) {
        const struct vf_table *table = &wanted->tables[t];
        for (size_t i = 0; i < table->n_indexes; i++) {
            if (table->indexes[i].kind == VF_INDEX_DISKANN)
                size_bytes += vf_sqlite_vector_index_bytes(table, &table->indexes[i]);
        }
    }
    return size_bytes;
}

static enum vf_status check_space(const struct vf_sqlite_local *local, const char *folder,
                                  const struct vf_schema *wanted, const struct vf_load_estimate *estimate,
                                  struct vf_problem_list *problems, struct vf_error *err)
{
    struct statvfs info;
    if (estimate->size_bytes < 0 || statvfs(folder, &info) != 0)
        return VF_OK;
    uint64_t free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    uint64_t row_bytes = (uint64_t)estimate->size_bytes, index_bytes = vf_index_bytes_of(wanted),
             vector_bytes = vector_index_bytes(wanted), beside_bytes = (uint64_t)estimate->beside_bytes;
    uint64_t needed_bytes = row_bytes + row_bytes / 10 + index_bytes + vector_bytes + beside_bytes + SPARE_BYTES;
    return vf_problem_need_disk(problems, local->path, needed_bytes, free_bytes, err,
                                "rows %" PRIu64 " MiB x 1.1 + indexes %" PRIu64 " MiB (%d bytes an entry) + vector "
                                "indexes %" PRIu64 " MiB, beside the file %" PRIu64 " MiB + %" PRIu64 " MiB to work in",
                                row_bytes >> 20, index_bytes >> 20, VF_INDEX_ENTRY_BYTES, vector_bytes >> 20,
                                beside_bytes >> 20, SPARE_BYTES >> 20);
}

static enum vf_status check_folder(const struct vf_sqlite_local *local, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err)
{
    char folder[PATH_MAX];
    if (!vf_sqlite_file_folder(local->path, folder, sizeof(folder)))
        return VF_OK;
    if (access(folder, W_OK | X_OK) != 0)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_CONNECT, "", "SQLite keeps its journal there", err,
                              "the folder \"%s\" can't be written: %s", folder, strerror(errno));
    return check_space(local, folder, wanted, estimate, problems, err);
}

/* Can it be written to now? */
static enum vf_status check_lock(struct vf_sqlite_local *local, struct vf_problem_list *problems, struct vf_error *err)
{
    struct vf_error why = {0};
    enum vf_status status = vf_sqlite_exec(&local->sql, "BEGIN IMMEDIATE", &why);
    if (status == VF_OK)
        return vf_sqlite_exec(&local->sql, "ROLLBACK", err);
    return vf_problem_add(problems, VF_SEVERITY_BLOCK, status, "", why.hint, err, "%s", why.message);
}

/* Vector indexes are libSQL's to build, and to keep right while rows come in. */
static enum vf_status check_libsql(const struct vf_sqlite_local *local, const struct vf_schema *wanted,
                                   struct vf_problem_list *problems, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    const struct vf_error *missing = &local->libsql_missing;
    const char *remedy = missing->hint[0] != '\0' ? missing->hint : "take the vector index out of the plan";
    if (local->kind == VF_SQLITE_LIBSQL)
        return VF_OK;
    if (local->has_vector_index)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_MISSING, "", remedy, err,
                              "\"%s\" has a vector index of libSQL's, which only libSQL can keep: %s", local->path,
                              missing->message);
    for (size_t t = 0; t < wanted->n_tables; t++) {
        for (size_t i = 0; status == VF_OK && i < wanted->tables[t].n_indexes; i++) {
            const struct vf_index *index = &wanted->tables[t].indexes[i];
            if (index->kind != VF_INDEX_DISKANN)
                continue;
            status = vf_problem_add_about(problems, VF_SEVERITY_BLOCK, VF_MISSING, &wanted->tables[t], index->name,
                                          remedy, err, "only libSQL can build the vector index: %s", missing->message);
            if (status == VF_OK)
                status = vf_problem_say(problems, "to: sidecar", err);
        }
    }
    return status;
}

/* sqlite-vec makes, fills and drops its tables. One that is there can be read without it, so a plan alone doesn't ask for it. */
static enum vf_status check_vec0(struct vf_sqlite_conn *conn, const struct vf_schema *wanted,
                                 struct vf_problem_list *problems, struct vf_error *err)
{
    struct vf_error why = {0};
    enum vf_status status = VF_OK;
    for (size_t t = 0; status == VF_OK && t < wanted->n_tables; t++) {
        bool is_vec0 = wanted->tables[t].kind == VF_TABLE_VEC0;
        if (!is_vec0)
            status = vf_vec0_is_table(conn, wanted->tables[t].name, &is_vec0, err);
        if (status == VF_OK && is_vec0)
            status = vf_sqlite_need_vec0(conn, &why);
        if (status != VF_MISSING)
            continue;
        status = vf_problem_add_about(problems, VF_SEVERITY_BLOCK, VF_MISSING, &wanted->tables[t], NULL, why.hint, err,
                                      "it is a vec0 table: %s", why.message);
        if (status == VF_OK && wanted->tables[t].kind == VF_TABLE_VEC0)
            status = vf_problem_say(problems, "as: table", err);
        why = (struct vf_error){0};
    }
    if (status != VF_OK && why.message[0] != '\0' && err != NULL)
        *err = why;
    return status;
}

enum vf_status vf_sqlite_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    enum vf_status status = check_folder(local, wanted, estimate, problems, err);
    if (status == VF_OK)
        status = check_libsql(local, wanted, problems, err);
    if (status == VF_OK)
        status = check_vec0(&local->sql, wanted, problems, err);
    if (status == VF_OK)
        status = vf_sqlite_check_names(wanted, problems, err);
    if (status == VF_OK && local->sql.lib->get_autocommit(local->sql.db) != 0)
        status = check_lock(local, problems, err);
    return status;
}
