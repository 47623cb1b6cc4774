#include "engine/turso/warm.h"

#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/questions.h"
#include "engine/store.h"
#include "engine/turso/memo.h"
#include "engine/turso/rows.h"

#define N_QUESTIONS 8
#define MAX_STEPS   200

static const char *const questions[N_QUESTIONS] = {
    VF_SQLITE_ASK_KIND,         VF_SQLITE_ASK_COLUMNS,       VF_SQLITE_ASK_TABLE_SQL, VF_SQLITE_ASK_INDEXES,
    VF_SQLITE_ASK_FOREIGN_KEYS, VF_SQLITE_ASK_WITHOUT_ROWID, VF_SQLITE_ASK_NAMED,     VF_SQLITE_ASK_ROWID_IS_COLUMN,
};

/* The statement of a question about a table, with its arguments; NULL: no memory. */
static struct vf_hrana_stmt *prepare(struct vf_turso_conn *conn, const char *question, const char *table)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, question);
    bool is_pragma = strcmp(question, VF_SQLITE_ASK_COLUMNS) == 0;
    if (is_pragma) {
        vf_sqlite_quote(&sql, table);
        vf_buf_char(&sql, ')');
    }
    struct vf_hrana_stmt *stmt = sql.status == VF_OK ? vf_hrana_stmt_new(&conn->db, sql.data, sql.size_bytes) : NULL;
    vf_buf_release(&sql);
    sqlite3_stmt *handle = (sqlite3_stmt *)(void *)stmt;
    if (stmt != NULL && !is_pragma)
        conn->sql.lib->bind_text64(handle, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
    if (stmt != NULL && strcmp(question, VF_SQLITE_ASK_NAMED) == 0)
        conn->sql.lib->bind_text64(handle, 2, VF_SQLITE_FIRST_ROWID, strlen(VF_SQLITE_FIRST_ROWID), SQLITE_STATIC,
                                   SQLITE_UTF8);
    return stmt;
}

/* What is asked once: how many objects there are, and whether a copy that came here has left a memory of its schema. */
static void add_once(struct vf_turso_conn *conn, struct vf_hrana_stmt **stmts, size_t *n)
{
    static const char memory[] = VF_STORE_PREFIX "schema";
    static const char *const once[] = {VF_SQLITE_ASK_N_OBJECTS, VF_SQLITE_ASK_IS_THERE};
    for (size_t i = 0; i < 2; i++) {
        struct vf_hrana_stmt *stmt = vf_hrana_stmt_new(&conn->db, once[i], strlen(once[i]));
        if (stmt != NULL && i == 1)
            conn->sql.lib->bind_text64((sqlite3_stmt *)(void *)stmt, 1, memory, strlen(memory), SQLITE_STATIC,
                                       SQLITE_UTF8);
        if (stmt != NULL)
            stmts[(*n)++] = stmt;
    }
}

static void keep(struct vf_hrana *db, const struct vf_hrana_stmt *stmt, struct vf_json result)
{
    struct vf_buf arguments;
    vf_buf_init(&arguments, VF_BUF_MAX);
    vf_hrana_stmt_write_arguments(stmt, &arguments);
    if (result.at != NULL && arguments.status == VF_OK)
        vf_hrana_memo_keep(db, stmt->sql, stmt->sql_bytes, &arguments, result.at, (size_t)(result.end - result.at));
    vf_buf_release(&arguments);
}

/* Send the statements, and release them. */
static void ask(struct vf_turso_conn *conn, struct vf_hrana_stmt **stmts, size_t n)
{
    struct vf_hrana *db = &conn->db;
    if (n > 0) {
        vf_hrana_new(db, false);
        for (size_t i = 0; i < n; i++) {
            vf_hrana_stmt_write_arguments(stmts[i], vf_hrana_step(db, stmts[i]->sql, stmts[i]->sql_bytes));
            vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
        }
        bool fine = vf_hrana_run(db, VF_HRANA_REPEATABLE);
        for (size_t i = 0; i < n; i++) {
            if (fine && db->results[i].error.at == NULL)
                keep(db, stmts[i], db->results[i].value);
        }
    }
    for (size_t i = 0; i < n; i++)
        conn->sql.lib->finalize((sqlite3_stmt *)(void *)stmts[i]);
}

static void add_table(struct vf_turso_conn *conn, const char *table, struct vf_hrana_stmt **stmts, size_t *n)
{
    for (size_t q = 0; q < N_QUESTIONS; q++) {
        struct vf_hrana_stmt *stmt = prepare(conn, questions[q], table);
        if (stmt != NULL)
            stmts[(*n)++] = stmt;
    }
    if (*n + N_QUESTIONS <= MAX_STEPS)
        return;
    ask(conn, stmts, *n);
    *n = 0;
}

void vf_turso_warm(struct vf_turso_conn *conn)
{
    struct vf_hrana_stmt *stmts[MAX_STEPS];
    size_t n = 0;
    bool row = true;
    sqlite3_stmt *objects = NULL;
    struct vf_sqlite_conn *sql = &conn->sql;
    if (conn->db.memo == NULL)
        return;
    add_once(conn, stmts, &n);
    enum vf_status status = vf_sqlite_prepare(sql, VF_SQLITE_ASK_OBJECTS, &objects, NULL);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(sql, objects, &row, NULL);
        const char *name = status == VF_OK && row ? vf_sqlite_column_str(sql, objects, 1) : "";
        bool is_own = vf_str_starts(name, "sqlite_") || vf_str_starts(name, "vecferry_");
        if (status == VF_OK && row && !is_own && vf_str_equal(vf_sqlite_column_str(sql, objects, 0), "table"))
            add_table(conn, name, stmts, &n);
    }
    sql->lib->finalize(objects);
    ask(conn, stmts, n);
}
