#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/sqlite/sqlite.h"

static char folder[256];

int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vecferry-sqlite-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(folder) == NULL;
}

int remove_folder(void **state)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    (void)state;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && unlink(path_of(entry->d_name)) != 0)
            rmdir(path_of(entry->d_name));
    }
    if (dir != NULL)
        closedir(dir);
    return rmdir(folder);
}

const char *path_of(const char *name)
{
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

sqlite3 *open_raw(const char *name)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path_of(name), &db), SQLITE_OK);
    return db;
}

void run_sql(const char *name, const char *sql)
{
    char *message = NULL;
    sqlite3 *db = open_raw(name);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

void ask_text(const char *name, const char *sql, char *out, size_t out_bytes)
{
    sqlite3 *db = open_raw(name);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    snprintf(out, out_bytes, "%s",
             sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : "none");
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

int64_t ask_i64(const char *name, const char *sql)
{
    char text[64];
    ask_text(name, sql, text, sizeof(text));
    return strcmp(text, "none") == 0 ? -999 : strtoll(text, NULL, 10);
}

enum vf_status try_open(const char *name, enum vf_side side, struct vf_error *err)
{
    struct vf_url url = {.scheme = "sqlite"};
    struct vf_conn *conn = NULL;
    char path[600];
    snprintf(path, sizeof(path), "%s", path_of(name));
    url.text = url.path = path;
    enum vf_status status =
        vf_conn_open_with(&vf_sqlite_engine, &url, &(struct vf_open_options){.side = side}, &conn, err);
    vf_conn_close(conn);
    return status;
}

struct vf_conn *open_side(const char *name, enum vf_side side)
{
    struct vf_error err = {0};
    struct vf_url url = {.scheme = "sqlite"};
    struct vf_conn *conn = NULL;
    char path[600];
    snprintf(path, sizeof(path), "%s", path_of(name));
    url.text = url.path = path;
    must(vf_conn_open_with(&vf_sqlite_engine, &url, &(struct vf_open_options){.side = side}, &conn, &err), &err);
    return conn;
}

void must(enum vf_status status, const struct vf_error *err)
{
    if (status != VF_OK)
        fail_msg("%s: %s", vf_status_text(status), err->message);
}

struct vf_table *find_table(struct vf_schema *schema, const char *name)
{
    struct vf_table *table = vf_schema_find_table(schema, NULL, name);
    if (table == NULL)
        fail_msg("no table %s", name);
    return table;
}

struct vf_column *find_column(struct vf_schema *schema, const char *table, const char *column)
{
    struct vf_table *found = find_table(schema, table);
    int place = vf_table_find_column(found, column);
    if (place < 0)
        fail_msg("no column %s.%s", table, column);
    return &found->columns[place];
}

void inspect(struct vf_conn *conn, bool evidence, struct vf_schema *schema)
{
    struct vf_error err = {0};
    *schema = (struct vf_schema){0};
    must(vf_conn_inspect(conn, &(struct vf_inspect_options){.evidence = evidence}, schema, &err), &err);
}

struct vf_relation relation_of(const struct vf_table *table)
{
    struct vf_field *fields = calloc(table->n_columns + 1, sizeof(*fields));
    size_t *key = calloc(table->n_columns + 1, sizeof(*key));
    struct vf_relation relation = {.name = table->name, .kind = table->kind, .fields = fields, .key = key};
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vf_column *column = &table->columns[i];
        fields[relation.n_fields++] = (struct vf_field){.name = column->name,
                                                        .native = column->native,
                                                        .type = column->type,
                                                        .form = column->form,
                                                        .not_null = column->not_null};
    }
    if (table->primary_key >= 0) {
        const struct vf_index *index = &table->indexes[table->primary_key];
        for (size_t i = 0; i < index->n_parts; i++)
            key[relation.n_key++] = (size_t)index->parts[i].column;
    }
    return relation;
}

void free_relation(struct vf_relation *relation)
{
    void *fields = NULL;
    void *key = NULL;
    memcpy(&fields, &relation->fields, sizeof(fields)); /* they are const to their readers */
    memcpy(&key, &relation->key, sizeof(key));
    free(fields);
    free(key);
}

void read_all(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
              struct vf_batch *batch)
{
    struct vf_error err = {0};
    struct vf_scan *scan = NULL;
    struct vf_type types[64];
    bool more = true;
    assert_true(relation->n_fields <= 64);
    for (size_t i = 0; i < relation->n_fields; i++)
        types[i] = relation->fields[i].type;
    must(vf_batch_init(batch, relation->n_fields, types, 100000, 64 << 20, &err), &err);
    must(vf_scan_open(conn, relation, chunk, &scan, &err), &err);
    must(vf_scan_read(conn, scan, batch, &more, &err), &err);
    assert_false(more);
    vf_scan_close(conn, scan);
}
