/*
 * Expressions of one table from one dialect to another, for tests that evaluate both: each line of the input is FROM, TO and the text, with tabs between; each line of the output is
 * "=", the operations that the expression has, the text in the other dialect, and what isn't the same beside the values; or "!" and why there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

struct declared {
    const char *name;
    enum vf_kind kind;
    const char *postgres, *sqlite, *duckdb;
    enum vf_form in_sqlite;
};

static const struct declared declared[] = {
    {"a", VF_K_I64, "bigint", "INTEGER", "BIGINT", VF_FORM_NATIVE},
    {"b", VF_K_I64, "bigint", "INTEGER", "BIGINT", VF_FORM_NATIVE},
    {"price", VF_K_DECIMAL, "numeric(10,2)", "numeric(10,2)", "DECIMAL(10,2)", VF_FORM_TEXT},
    {"score", VF_K_F64, "double precision", "REAL", "DOUBLE", VF_FORM_NATIVE},
    {"name", VF_K_TEXT, "text", "TEXT", "VARCHAR", VF_FORM_NATIVE},
    {"ok", VF_K_BOOL, "boolean", "BOOLEAN", "BOOLEAN", VF_FORM_INTEGER},
    {"day", VF_K_DATE, "date", "TEXT", "DATE", VF_FORM_ISO},
    {"at", VF_K_TIMESTAMPTZ, "timestamp with time zone", "INTEGER", "TIMESTAMP WITH TIME ZONE", VF_FORM_EPOCH_S},
    {"id", VF_K_UUID, "uuid", "TEXT", "UUID", VF_FORM_TEXT},
    {"raw", VF_K_BLOB, "bytea", "BLOB", "BLOB", VF_FORM_NATIVE},
    {"mood", VF_K_ENUM, "public.mood", "TEXT", "VARCHAR", VF_FORM_TEXT},
    {"data", VF_K_JSON, "jsonb", "TEXT", "JSON", VF_FORM_TEXT},
    {"tag", VF_K_TEXT, "text", "TEXT", "VARCHAR",
     VF_FORM_NATIVE}, /* with a collation of its own, that takes A to Z for a to z */
    {"cost", VF_K_DECIMAL, "numeric(10,2)", "DECIMAL(10,2)", "DECIMAL(10,2)", VF_FORM_NATIVE},
    {"n", VF_K_I64, "bigint", "", "BIGINT", VF_FORM_NATIVE},           /* without a type, and so an affinity */
    {"r", VF_K_F64, "double precision", "", "DOUBLE", VF_FORM_NATIVE}, /* whole numbers stay such in it */
    {"f", VF_K_F32, "real", "REAL", "FLOAT", VF_FORM_NATIVE},
};
#define N_COLUMNS (sizeof(declared) / sizeof(declared[0]))

static void fill(struct vf_column *columns, const char *dialect)
{
    bool is_sqlite = strcmp(dialect, "sqlite") == 0, is_duckdb = strcmp(dialect, "duckdb") == 0;

    for (size_t i = 0; i < N_COLUMNS; i++)
        columns[i] = (struct vf_column){
            .name = declared[i].name,
            .type = {.kind = declared[i].kind},
            .native = is_sqlite   ? declared[i].sqlite
                      : is_duckdb ? declared[i].duckdb
                                  : declared[i].postgres,
            .collation = strcmp(declared[i].name, "tag") != 0 ? NULL
                         : is_sqlite || is_duckdb             ? "NOCASE"
                                                              : "folds",
            .form = is_sqlite                                    ? declared[i].in_sqlite
                    : is_duckdb && declared[i].kind == VF_K_ENUM ? VF_FORM_TEXT
                                                                 : VF_FORM_NATIVE,
        };
}

static void print_operations(const struct vf_expr *expr)
{
    if (expr->kind == VF_EXPR_CALL)
        printf("%s;", vf_expr_op_name(expr->op));
    for (size_t i = 0; i < expr->n_args; i++)
        print_operations(expr->args[i]);
}

static void translate(const char *from_name, const char *to_name, const char *text, int version)
{
    struct vf_column from_columns[N_COLUMNS], to_columns[N_COLUMNS];
    const struct vf_table from = {.name = "t", .n_columns = N_COLUMNS, .columns = from_columns};
    const struct vf_table to = {.name = "t", .n_columns = N_COLUMNS, .columns = to_columns};
    const struct vf_dialect *reads = vf_dialect_find(from_name), *writes = vf_dialect_find(to_name);
    const struct vf_expr *expr = NULL;
    struct vf_arena arena = {0};
    const char *why = "no memory";
    struct vf_buf out;

    fill(from_columns, from_name);
    fill(to_columns, to_name);
    const struct vf_expr_scope source = {.table = &from, .collation = "C.UTF-8", .version = version};
    const struct vf_expr_scope target = {.table = &to, .from = reads};
    vf_buf_init(&out, 1 << 20);
    enum vf_status status = vf_expr_read(reads, &source, text, &arena, &expr, &why, NULL);
    if (status == VF_OK && expr != NULL && vf_expr_write(writes, &target, expr, &arena, &out, &why)) {
        printf("=");
        print_operations(expr);
        printf("\t%s\t%s\n", out.data, why != NULL ? why : "");
    } else {
        printf("!%s\n", why);
    }
    vf_buf_release(&out);
    vf_arena_release(&arena);
}

int main(int argc, char **argv)
{
    int version = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0; /* of SQLite */

    static char line[1 << 16];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *to = strchr(line, '\t');
        char *text = to != NULL ? strchr(to + 1, '\t') : NULL;
        if (text == NULL)
            return EXIT_FAILURE;
        *to++ = *text++ = '\0';
        translate(line, to, text, strcmp(line, "sqlite") == 0 ? version : 0);
    }
    return EXIT_SUCCESS;
}
