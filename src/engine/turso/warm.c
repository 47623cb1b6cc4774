#include "engine/turso/warm.h"

#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/questions.h"
#include "engine/store.h"
#include "engine/turso/memo.h"
#include "engine/turso/rows.h"
#include "engine/turso/watch.h"

#define MAX_STEPS 200

const char *const vf_turso_first_questions[] = {VF_SQLITE_ASK_N_OBJECTS, VF_SQLITE_ASK_OBJECTS, NULL};

static void keep(struct vf_hrana *db, const struct vf_hrana_stmt *stmt, struct vf_json result)
{
    struct vf_buf arguments;
    vf_buf_init(&arguments, VF_BUF_MAX);
    vf_hrana_stmt_write_arguments(stmt, &arguments);
    if (result.at != NULL && arguments.status == VF_OK)
        vf_hrana_memo_keep(db, stmt->sql, stmt->sql_bytes, &arguments, result.at, (size_t)(result.end - result.at));
    vf_buf_release(&arguments);
}

void vf_turso_keep_first(struct vf_hrana *db, size_t step)
{
    for (size_t i = 0; vf_turso_first_questions[i] != NULL && step + i < db->n_results; i++) {
        const char *sql = vf_turso_first_questions[i];
        struct vf_json result = db->results[step + i].value;
        const struct vf_buf no_arguments = {0};
        if (result.at != NULL)
            vf_hrana_memo_keep(db, sql, strlen(sql), &no_arguments, result.at, (size_t)(result.end - result.at));
    }
}

/* The statements that are asked for together; a question that finds no memory is asked by itself later. */
struct wanted {
    struct vf_turso_conn *conn;
    size_t n;
    struct vf_hrana_stmt *stmts[MAX_STEPS];
};

static void ask(struct wanted *wanted)
{
    struct vf_hrana *db = &wanted->conn->db;
    if (wanted->n > 0) {
        vf_hrana_new(db, false);
        for (size_t i = 0; i < wanted->n; i++) {
            const struct vf_hrana_stmt *stmt = wanted->stmts[i];
            vf_hrana_stmt_write_arguments(stmt, vf_hrana_step(db, stmt->sql, stmt->sql_bytes));
            vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
        }
        if (db->watch.is_asked)
            vf_hrana_watch_write(db);
        bool fine = vf_hrana_run(db, VF_HRANA_REPEATABLE);
        if (fine && db->watch.is_asked)
            (void)vf_hrana_watch_take(db, wanted->n); /* else it is asked for again */
        for (size_t i = 0; i < wanted->n; i++) {
            if (fine && db->results[i].error.at == NULL)
                keep(db, wanted->stmts[i], db->results[i].value);
        }
    }
    for (size_t i = 0; i < wanted->n; i++)
        wanted->conn->sql.lib->finalize((sqlite3_stmt *)(void *)wanted->stmts[i]);
    wanted->n = 0;
}

static void add(struct wanted *wanted, struct vf_hrana_stmt *stmt)
{
    if (stmt != NULL)
        wanted->stmts[wanted->n++] = stmt;
    if (wanted->n == MAX_STEPS)
        ask(wanted);
}

static struct vf_hrana_stmt *about(struct vf_turso_conn *conn, const char *question, const char *name)
{
    struct vf_hrana_stmt *stmt = vf_hrana_stmt_new(&conn->db, question, strlen(question));
    if (stmt != NULL)
        conn->sql.lib->bind_text64((sqlite3_stmt *)(void *)stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
    return stmt;
}

static struct vf_hrana_stmt *about_columns(struct vf_turso_conn *conn, const char *table)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, VF_SQLITE_ASK_COLUMNS);
    vf_sqlite_quote(&sql, table);
    vf_buf_char(&sql, ')');
    struct vf_hrana_stmt *stmt = sql.status == VF_OK ? vf_hrana_stmt_new(&conn->db, sql.data, sql.size_bytes) : NULL;
    vf_buf_release(&sql);
    return stmt;
}

static void add_table(struct wanted *wanted, const char *table)
{
    static const char *const questions[] = {
        VF_SQLITE_ASK_KIND,         VF_SQLITE_ASK_TABLE_SQL,     VF_SQLITE_ASK_INDEXES,
        VF_SQLITE_ASK_FOREIGN_KEYS, VF_SQLITE_ASK_WITHOUT_ROWID, VF_SQLITE_ASK_ROWID,
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        add(wanted, about(wanted->conn, questions[i], table));
    add(wanted, about_columns(wanted->conn, table));
}

static void add_object(struct wanted *wanted, const char *type, const char *name)
{
    bool is_own = vf_str_starts(name, VF_STORE_PREFIX), is_sqlites = vf_str_starts(name, "sqlite_");
    if (strcmp(type, "table") == 0 && !is_own && !is_sqlites) {
        add_table(wanted, name);
    } else if (strcmp(type, "index") == 0 && !vf_str_starts(name, "sqlite_autoindex_" VF_STORE_PREFIX)) {
        add(wanted, about(wanted->conn, VF_SQLITE_ASK_INDEX_SQL, name));
        add(wanted, about(wanted->conn, VF_SQLITE_ASK_INDEX_PARTS, name));
    }
}

void vf_turso_warm(struct vf_turso_conn *conn)
{
    struct wanted wanted = {.conn = conn};
    bool row = true;
    sqlite3_stmt *objects = NULL;
    struct vf_sqlite_conn *sql = &conn->sql;
    if (conn->db.memo == NULL)
        return;
    add(&wanted, about(conn, VF_SQLITE_ASK_IS_THERE, VF_STORE_PREFIX "schema"));
    enum vf_status status = vf_sqlite_prepare(sql, VF_SQLITE_ASK_OBJECTS, &objects, NULL);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(sql, objects, &row, NULL);
        if (status == VF_OK && row)
            add_object(&wanted, vf_sqlite_column_str(sql, objects, 0), vf_sqlite_column_str(sql, objects, 1));
    }
    sql->lib->finalize(objects);
    ask(&wanted);
}

void vf_turso_ask_ahead(struct vf_sqlite_conn *sql, size_t n, const struct vf_buf *statements)
{
    struct vf_turso_conn *conn = (struct vf_turso_conn *)(void *)sql;
    struct wanted wanted = {.conn = conn};
    size_t n_most = n < MAX_STEPS ? n : MAX_STEPS;
    if (conn->db.memo == NULL)
        return;
    /* Rows are counted, and each of them may take the time that one answer may take. */
    vf_http_set_patience(conn->db.http, (long)(n_most > 0 ? n_most : 1) * conn->stall_timeout_s);
    for (size_t i = 0; i < n; i++) {
        if (statements[i].status == VF_OK)
            add(&wanted, vf_hrana_stmt_new(&conn->db, statements[i].data, statements[i].size_bytes));
    }
    ask(&wanted);
    vf_http_set_patience(conn->db.http, 0);
}
