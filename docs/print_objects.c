#include "print_objects.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

static const struct {
    const char *name, *label;
} dialects[] = {{"postgres", "PostgreSQL"}, {"sqlite", "SQLite, libSQL, Turso"}, {"duckdb", "DuckDB"}};
#define N_DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

/* What becomes of each kind of object, by where it goes. */
static const struct {
    const char *object, *postgres, *sqlite, *duckdb;
} objects[] = {
    {"check", "in CREATE TABLE; a row that it refuses is rejected", "the same", "the same; checks have no names there"},
    {"check of a domain", "named, not moved", "named, not moved", "named, not moved"},
    {"computed column, stored", "stored", "stored; tursodb has none", "computed when read: DuckDB stores none"},
    {"computed column, virtual",
     "virtual from PostgreSQL 18 on, else stored; stored where an index is over it, and of enums and vectors",
     "virtual; tursodb has none", "virtual"},
    {"partitioned table",
     "partitioned by the same columns and bounds, with sub-partitions and the default one, if its key is of columns; "
     "by "
     "`partitions: one` or `parts` in the plan one table, or a table for each partition",
     "one table, or by `partitions: parts` a table for each partition; how it was partitioned is remembered for the way "
     "back",
     "the same as SQLite"},
    {"inherited table",
     "inherits again, also when it comes home; each row is in the table that has it. A view over one that has heirs in "
     "one of the two databases alone is named",
     "each table with its own rows; whom it inherits from is named, and remembered for the way back",
     "the same as SQLite"},
    {"name of a NOT NULL (PostgreSQL 18)", "kept from 18 on, also when it comes home; before, named, one line a table",
     "named, one line a table, and remembered for the way back; the usual name is none", "the same as SQLite"},
    {"unlogged table", "unlogged", "an ordinary table, named", "an ordinary table, named"},
    {"default: a value, the time, a uuid, a sequence's next", "its own form",
     "its own form; a time as the column has it", "its own form"},
    {"identity or serial key", "an identity, or a sequence's next; the next number is right after the source's",
     "INTEGER PRIMARY KEY, with AUTOINCREMENT and the next number for a serial one and for what was so in SQLite; an "
     "identity goes on above its largest number, noted; a column that isn't the key alone doesn't count, named",
     "a sequence's next as the default; the next number is right after the source's"},
    {"default: another expression", "translated", "translated", "translated"},
    {"partial index", "translated", "translated", "named: DuckDB has none"},
    {"index on an expression", "translated", "translated", "translated"},
    {"descending, nulls first or last", "kept", "descending is kept; NULL is always the smallest value",
     "no order: indexes find single values"},
    {"covering index (INCLUDE)", "kept", "without the columns that are carried along", "the same"},
    {"unique, nulls not distinct", "kept, from PostgreSQL 15 on", "named: NULLs are distinct there",
     "named: NULLs are distinct there"},
    {"unique by COLLATE NOCASE or RTRIM", "a unique index on lower(column COLLATE \"C\"), or rtrim()", "kept",
     "a unique index on translate(), or rtrim()"},
    {"other collations", "kept between databases of one kind, else named", "the same", "the same"},
    {"index of another kind (GIN, GiST, BRIN)", "kept between PostgreSQLs", "named", "named"},
    {"vector index", "[indexes.md](indexes.md)", "[indexes.md](indexes.md)", "[indexes.md](indexes.md)"},
    {"materialized view", "a table with its rows and indexes when the plan asks for it (--as-table); else named",
     "the same", "the same"},
    {"view", "translated, see below; else named with its text", "the same", "the same"},
    {"trigger, function, policy, rule", "named, with its text", "named, with its text", "named, with its text"},
    {"constraint that isn't enforced (PostgreSQL 18)", "named: rows may break it", "the same", "the same"},
    {"NO INHERIT and NOT VALID of a check", "named: the check itself is made", "the same", "the same"},
    {"ON CONFLICT of a constraint of SQLite's; user_version, application_id", "named, with its text", "the same",
     "the same"},
    {"storage parameters, STORAGE, COMPRESSION, STATISTICS, REPLICA IDENTITY, CLUSTER, tablespaces; what a range, a "
     "domain or a composite type says beyond its parts",
     "named, with its text", "the same", "the same"},
    {"owners, privileges, settings of the database (their names only)", "named: they are of one server", "the same",
     "the same"},
    {"all else that the catalogues have: operators, aggregates, casts, collations, text search objects, publications, "
     "foreign servers, event triggers, macros, virtual tables, empty schemas, comments on others than tables and "
     "columns",
     "named, with its text", "named, with its text", "named, with its text"},
};

static void put_cell(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void put_form(const struct vf_dialect *dialect, enum vf_expr_op op)
{
    static const char *const joined[] = {"$1 AND $2", "$1 OR $2"};
    const char *form = vf_dialect_form(dialect, op)->form;

    if (op == VF_X_AND || op == VF_X_OR)
        form = joined[op];
    else if (op == VF_X_IN)
        form = "$1 IN ($2, ...)";
    fputs(" | ", stdout);
    if (form == NULL)
        return;
    putchar('`');
    for (; *form != '\0'; form++) {
        bool is_argument = *form == '$';
        form += is_argument;
        if (*form == '|')
            putchar('\\');
        if (is_argument && *form == '*')
            fputs("x, y, ...", stdout);
        else if (is_argument)
            putchar("xyz"[*form - '1']);
        else
            putchar(*form);
    }
    putchar('`');
}

static void print_operations(void)
{
    puts("\n## Operations\n\nOne row is one operation: what is read as it in one database is written as it in another. "
         "An empty cell: that database has nothing like it, and the expression "
         "is named as not\nmoved with the reason. `x / NULLIF(y, 0)` is written for databases in which a division by "
         "zero is an error and the source's is NULL.\n\n| operation | | PostgreSQL | SQLite, libSQL, Turso | "
         "DuckDB |\n| --- | --- | --- | --- | --- |");
    for (enum vf_expr_op op = 0; op < VF_X_NOW; op++) {
        fputs("| ", stdout);
        put_cell(vf_expr_op_name(op));
        fputs(" | ", stdout);
        put_cell(vf_expr_op_meaning(op));
        for (size_t i = 0; i < N_DIALECTS; i++) {
            if (vf_dialect_find(dialects[i].name) != NULL)
                put_form(vf_dialect_find(dialects[i].name), op);
        }
        puts(" |");
    }
}

static void print_known(const struct vf_dialect *dialect, bool is_own)
{
    const char *between = "";

    const struct vf_dialect_function *row = NULL;
    while ((row = vf_dialect_next_function(dialect, row)) != NULL) {
        if ((row->op == VF_X_OWN) != is_own)
            continue;
        printf("%s`%s`", between, row->name);
        between = ", ";
    }
    puts("");
}

static void print_functions(void)
{
    puts("\n## Functions\n\nThose that are one of the operations above, and those that are known to be the same in no "
         "other database: expressions with the latter go between databases of one kind only.");
    for (size_t i = 0; i < N_DIALECTS; i++) {
        const struct vf_dialect *dialect = vf_dialect_find(dialects[i].name);
        if (dialect == NULL)
            continue;
        printf("\n**%s**: ", dialects[i].label);
        print_known(dialect, false);
        fputs("\nBetween databases of its kind: ", stdout);
        print_known(dialect, true);
    }
}

static void print_views(void)
{
    puts("\n## Views\n\nA view is read whole into a small model (src/model/query.h) and written anew, with the names "
         "that its "
         "tables and columns have in the target; a view over views is made after those. What is read:\n\n"
         "- SELECT [DISTINCT] columns, `*` and the expressions of this page, FROM tables and views that are moved "
         "and queries in parentheses, by CROSS, INNER and LEFT JOIN ... ON or USING, from left to right, WHERE, GROUP "
         "BY, HAVING, ORDER BY, LIMIT and OFFSET of "
         "plain numbers.\n"
         "- A column that is computed has a name by AS, and no two are of one name. A column that is neither grouped "
         "nor "
         "in an aggregate isn't read where there are groups, nor is LIMIT without ORDER BY: which row is meant isn't "
         "said.\n"
         "- `count(*)`, `count(x)` and `count(DISTINCT x)`; `sum(x)` of whole numbers and decimals, which is the same "
         "number in the type that the database gives it (`bigint` or `numeric`, INTEGER, HUGEINT), and is therefore "
         "shown and "
         "compared, and not computed with; `min(x)` and `max(x)`. `avg(x)` and `sum(x)` of floating-point numbers are "
         "rounded by each database in its own way, and go between databases of one kind only.\n"
         "- GROUP BY, DISTINCT and `count(DISTINCT x)` of values that are equal only if their bytes are: not of "
         "floating-point numbers, decimals, JSON and texts by a collation that folds.\n"
         "- ORDER BY says where NULLs come, as the source has them: last, and first with DESC, in PostgreSQL; first, "
         "and "
         "last with DESC, in SQLite; last in DuckDB. Texts are ordered by code points (COLLATE \"C\" in PostgreSQL), "
         "unless the "
         "source's collation is another: then the view goes to databases of its kind only.\n"
         "- Subqueries by EXISTS, by IN of whole numbers, texts by their bytes, truth values, uuids and times, and in "
         "place of a value where they give one row at most: aggregates without groups, or a row by its primary key. "
         "They see the columns of the queries around them; no table has the same name inside and outside. They stand "
         "among the columns, in WHERE and in HAVING.\n"
         "- WITH, each query of it put where it is called; UNION ALL, and UNION of values that GROUP BY takes: of as "
         "many columns, each of one kind and lying in one form on either side.\n\n"
         "All else is named with the place in its text: WITH RECURSIVE, window functions, INTERSECT and EXCEPT, "
         "VALUES, NATURAL, RIGHT and FULL joins, LATERAL, DISTINCT ON, FILTER, other aggregates, functions in "
         "place of a table, and PostgreSQL's views with a check option, security_barrier or security_invoker. What a "
         "column of a view over a view is computed from isn't known to the next one where a SQLite is at either end: "
         "there "
         "it is shown on, and not compared. With two targets, a view goes to the one that has all its tables. verify "
         "compares "
         "what each shows (docs/design/views.md).");
}

void print_objects(void)
{
    puts("# Objects\n\n<!-- Made by scripts/docs from the tables of the program; don't change it by hand. -->\n\nWhat "
         "becomes of the parts of a schema that aren't columns and rows. The text of a source is never run: an "
         "expression is read "
         "whole into a small model (src/model/expression.h) and\nwritten anew in the target's words, or it is named as "
         "not moved, with the reason and the place in its text. It is translated exactly or not at all: for every "
         "value that a "
         "column of the type can\nhold, the target's expression gives what the source's gives. Where the source raises "
         "an error (an overflow, a division by zero) there is nothing to be the same.\n\nThe plan shows each as it "
         "will be written: "
         "`checks:` of a table, `generated:` and `default:` of a column, and what is taken out of the file is left "
         "out.\n\n| object | to PostgreSQL | to SQLite, libSQL, Turso | to DuckDB |\n| --- | --- | --- | --- |");
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        printf("| %s | %s | %s | %s |\n", objects[i].object, objects[i].postgres, objects[i].sqlite, objects[i].duckdb);
    print_operations();
    print_functions();
    print_views();
    puts("\n## What is the same, and what isn't\n\n"
         "- Texts are compared by code points. PostgreSQL orders them by the collation of the column or of the "
         "database: `<` and `>` of texts move from there only where that is `C` or one by code points; `=` moves "
         "always, but from collations that "
         "hold different texts for equal.\n"
         "- `lower()` and `upper()` of SQLite fold A to Z. Those of PostgreSQL and DuckDB fold other letters too, each "
         "by its own tables, and stay in their database, unless the collation is `C`.\n"
         "- LIKE of SQLite takes A to Z for a to z, and GLOB doesn't: they become each other's forms where the pattern "
         "is a literal. Regular expressions are of another kind in each database.\n"
         "- `/` of whole numbers cuts in PostgreSQL and SQLite, and doesn't in DuckDB (`//` does).\n"
         "- Decimals are texts in SQLite, as are NaN and -0.0: columns of them are compared with literals (of up to 15 "
         "digits), and not computed with.\n"
         "- Dates and times that are texts in SQLite aren't ordered there: `as: epoch_us` in the plan makes them "
         "numbers, which are.\n"
         "- A whole number that overflows is an error in PostgreSQL and DuckDB, and goes on as a floating-point number "
         "in SQLite; the plan says so of each expression that it may happen in.\n"
         "- A computed column isn't copied: the target computes it, and `verify` compares what it has computed with "
         "what the source has.");
}
