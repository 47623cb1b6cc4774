/*
 * The least that reading rows from SQLite costs: one scan that fetches every column.
 *
 *     bench_sqlite_read FILE TABLE
 */
#include <sqlite3.h>
#include <stdio.h>

#include "rows.h"

static int64_t read_row(sqlite3_stmt *stmt)
{
    int64_t sum = 0;

    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        switch (sqlite3_column_type(stmt, i)) {
        case SQLITE_INTEGER:
            sum += sqlite3_column_int64(stmt, i);
            break;
        case SQLITE_FLOAT:
            sum += (int64_t)sqlite3_column_double(stmt, i);
            break;
        case SQLITE_TEXT:
            sum += sqlite3_column_text(stmt, i)[0] + sqlite3_column_bytes(stmt, i);
            break;
        case SQLITE_BLOB:
            sum += ((const unsigned char *)sqlite3_column_blob(stmt, i))[0] + sqlite3_column_bytes(stmt, i);
            break;
        default:
            break;
        }
    }
    return sum;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t sum = 0;
    char sql[128];
    int code;

    if (argc != 3)
        bench_die("FILE TABLE");
    snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"", argv[2]);
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        bench_die("%s: %s", argv[1], sqlite3_errmsg(db));
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        sum += read_row(stmt);
    if (code != SQLITE_DONE)
        bench_die("%s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    printf("%lld\n", (long long)sum);
    return 0;
}
