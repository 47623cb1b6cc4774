/* Views read from each dialect and written for each: by texts, by what isn't understood, and by the rule that what is written is read as what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/query.h"

/* ---- two tables, as each database has them ---- */

static struct vf_column author[] = {
    {.name = "id", .native = "bigint", .type = {.kind = VF_K_I64}},
    {.name = "name", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "Born", .native = "bigint", .type = {.kind = VF_K_I64}},
};
static struct vf_column book[] = {
    {.name = "id", .native = "bigint", .type = {.kind = VF_K_I64}},
    {.name = "author_id", .native = "bigint", .type = {.kind = VF_K_I64}},
    {.name = "title", .native = "text", .type = {.kind = VF_K_TEXT}},
    {.name = "score", .native = "double precision", .type = {.kind = VF_K_F64}},
    {.name = "ok", .native = "boolean", .type = {.kind = VF_K_BOOL}, .form = VF_FORM_NATIVE},
};
static struct vf_key_part author_key[] = {{.column = 0}};
static struct vf_index author_indexes[] = {
    {.constraint = VF_CONSTRAINT_PRIMARY, .n_parts = 1, .parts = author_key},
};
static const struct vf_table tables[] = {
    {.name = "author", .n_columns = 3, .columns = author, .n_indexes = 1, .indexes = author_indexes},
    {.name = "book", .n_columns = 5, .columns = book, .primary_key = -1},
};
static const struct vf_table *const relations[] = {&tables[0], &tables[1]};
static const struct vf_query_scope_of scope = {.relations = {.n = 2, .tables = relations}};

static const struct vf_query *read_in(const char *dialect, const char *text, const char *collation,
                                      struct vf_arena *arena, const char **why)
{
    const struct vf_query *query = NULL;
    struct vf_query_scope_of of = scope;

    of.collation = collation;
    assert_int_equal(vf_query_read(vf_dialect_find(dialect), &of, text, arena, &query, why, NULL), VF_OK);
    assert_true((query == NULL) == (*why != NULL));
    return query;
}

static const char *written(const char *dialect, const char *from, const struct vf_query *query, struct vf_arena *arena,
                           const char **why)
{
    struct vf_query_scope_of of = scope;
    struct vf_buf out;

    of.from = vf_dialect_find(from);
    vf_buf_init(&out, 1 << 16);
    const char *text = vf_query_write(vf_dialect_find(dialect), &of, query, arena, &out, why)
                           ? vf_arena_strdup(arena, out.data)
                           : NULL;
    vf_buf_release(&out);
    return text;
}

/* ---- from one to another ---- */

struct translation {
    const char *from, *text, *to, *expected; /* expected NULL: it can't be said */
    const char *why;
};

static const struct translation translations[] = {
    /* as pg_get_viewdef writes them */
    {"postgres", " SELECT id,\n    name AS who\n   FROM author\n  WHERE (id > 5);", "sqlite",
     "SELECT \"author\".\"id\" AS \"id\", \"author\".\"name\" AS \"who\" FROM \"author\" AS \"author\" WHERE "
     "\"author\".\"id\" > 5",
     NULL},
    {"postgres",
     " SELECT a.name,\n    count(b.id) AS n\n   FROM (author a\n     LEFT JOIN book b ON ((b.author_id = a.id)))\n  "
     "GROUP "
     "BY a.name\n HAVING (count(b.id) > 1)\n  ORDER BY (count(b.id)) DESC, a.id\n LIMIT 5;",
     "duckdb", NULL, "neither grouped"},
    {"postgres",
     " SELECT a.name,\n    count(b.id) AS n\n   FROM (author a\n     LEFT JOIN book b ON ((b.author_id = a.id)))\n  "
     "GROUP "
     "BY a.name\n HAVING (count(b.id) > 1)\n  ORDER BY (count(b.id)) DESC\n LIMIT 5;",
     "duckdb",
     "SELECT \"a\".\"name\" AS \"name\", count(\"b\".\"id\") AS \"n\" FROM \"author\" AS \"a\" LEFT JOIN \"book\" AS "
     "\"b\" ON \"b\".\"author_id\" = \"a\".\"id\" GROUP BY \"a\".\"name\" HAVING count(\"b\".\"id\") > 1 ORDER BY "
     "count(\"b\".\"id\") DESC NULLS FIRST LIMIT 5",
     NULL},
    /* NULLs in an order */
    {"sqlite", "SELECT id FROM author ORDER BY born", "postgres",
     "SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"Born\" NULLS FIRST", NULL},
    {"sqlite", "SELECT id FROM author ORDER BY 1 DESC LIMIT 1 OFFSET 2", "duckdb",
     "SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"id\" DESC NULLS LAST "
     "LIMIT "
     "1 OFFSET 2",
     NULL},
    {"duckdb", "SELECT id FROM author ORDER BY id DESC OFFSET 2", "sqlite",
     "SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"id\" DESC NULLS LAST "
     "LIMIT "
     "-1 OFFSET 2",
     NULL},
    /* PostgreSQL orders a SELECT DISTINCT by what it selects, as it is */
    {"sqlite", "SELECT DISTINCT name FROM author ORDER BY name", "postgres", NULL, "SELECT DISTINCT in an order"},
    {"sqlite", "SELECT DISTINCT name FROM author ORDER BY length(name)", "postgres", NULL,
     "SELECT DISTINCT in an order"},
    {"sqlite", "SELECT DISTINCT id FROM author ORDER BY id", "postgres",
     "SELECT DISTINCT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"id\" NULLS FIRST",
     NULL},
    /* texts in an order */
    {"sqlite", "SELECT id FROM author ORDER BY name", "postgres",
     "SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"name\" COLLATE \"C\" "
     "NULLS "
     "FIRST",
     NULL},
    {"sqlite", "SELECT max(name) AS m FROM author", "postgres",
     "SELECT max(\"author\".\"name\" COLLATE \"C\") AS \"m\" FROM \"author\" AS \"author\"", NULL},
    {"postgres", " SELECT id FROM author ORDER BY name;", "sqlite", NULL, "by a collation of the source"},
    {"postgres", " SELECT id FROM author ORDER BY name;", "postgres",
     "SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\" ORDER BY \"author\".\"name\" NULLS LAST", NULL},
    {"postgres", " SELECT max(name) AS m FROM author;", "duckdb", NULL, "collation"},
    /* stars, names, the head */
    {"sqlite", "CREATE VIEW v(x, y) AS SELECT b.id, a.id FROM author a, book AS b WHERE b.ok", "duckdb",
     "SELECT \"b\".\"id\" AS \"x\", \"a\".\"id\" AS \"y\" FROM \"author\" AS \"a\" CROSS JOIN \"book\" AS \"b\" WHERE "
     "\"b\".\"ok\"",
     NULL},
    {"duckdb", "CREATE VIEW main.\"v\" AS SELECT a.* FROM main.author AS a;", "sqlite",
     "SELECT \"a\".\"id\" AS \"id\", \"a\".\"name\" AS \"name\", \"a\".\"Born\" AS \"Born\" FROM \"author\" AS \"a\"",
     NULL},
    {"duckdb", "SELECT count_star() AS n, sum(id) AS s FROM author", "postgres",
     "SELECT count(*) AS \"n\", sum(\"author\".\"id\") AS \"s\" FROM \"author\" AS \"author\"", NULL},
    /* queries within others */
    {"postgres", " SELECT id FROM book WHERE (author_id IN ( SELECT author.id\n FROM author));", "sqlite",
     "SELECT \"book\".\"id\" AS \"id\" FROM \"book\" AS \"book\" WHERE \"book\".\"author_id\" IN (SELECT "
     "\"author\".\"id\" AS \"id\" FROM \"author\" AS \"author\")",
     NULL},
    {"duckdb", "SELECT id FROM book WHERE (author_id = ANY(SELECT id FROM author AS a WHERE (a.id = book.id)));",
     "postgres",
     "SELECT \"book\".\"id\" AS \"id\" FROM \"book\" AS \"book\" WHERE \"book\".\"author_id\" IN (SELECT "
     "\"a\".\"id\" AS \"id\" FROM \"author\" AS \"a\" WHERE \"a\".\"id\" = \"book\".\"id\")",
     NULL},
    {"sqlite", "SELECT a.id, (SELECT count(*) FROM book WHERE author_id = a.id) AS n FROM author a", "duckdb",
     "SELECT \"a\".\"id\" AS \"id\", (SELECT count(*) AS \"column1\" FROM \"book\" AS \"book\" WHERE "
     "\"book\".\"author_id\" = \"a\".\"id\") AS \"n\" FROM \"author\" AS \"a\"",
     NULL},
    {"sqlite", "SELECT b.id, (SELECT a.name FROM author a WHERE b.ok AND a.id = b.author_id) AS n FROM book b",
     "postgres",
     "SELECT \"b\".\"id\" AS \"id\", (SELECT \"a\".\"name\" AS \"name\" FROM \"author\" AS \"a\" WHERE \"b\".\"ok\" "
     "AND "
     "(\"a\".\"id\" = \"b\".\"author_id\")) AS \"n\" FROM \"book\" AS \"b\"",
     NULL},
    {"duckdb", "(SELECT id FROM author) UNION ALL (SELECT id FROM book) ORDER BY id", "sqlite",
     "SELECT \"united\".\"id\" AS \"id\" FROM (SELECT \"author\".\"id\" AS \"id\" FROM \"author\" AS "
     "\"author\" UNION ALL SELECT \"book\".\"id\" AS \"id\" FROM \"book\" AS \"book\") AS \"united\" ORDER BY "
     "\"united\".\"id\" NULLS LAST",
     NULL},
    {"sqlite", "WITH a AS (SELECT id AS x FROM author) SELECT a.x FROM a JOIN a AS b USING (x)", "duckdb",
     "SELECT \"a\".\"x\" AS \"x\" FROM (SELECT \"author\".\"id\" AS \"x\" FROM \"author\" AS \"author\") AS "
     "\"a\" JOIN (SELECT \"author\".\"id\" AS \"x\" FROM \"author\" AS \"author\") AS \"b\" ON \"a\".\"x\" = "
     "\"b\".\"x\"",
     NULL},
    {"postgres", " SELECT name FROM author UNION SELECT title FROM book;", "sqlite",
     "SELECT \"author\".\"name\" AS \"name\" FROM \"author\" AS \"author\" UNION SELECT \"book\".\"title\" AS "
     "\"title\" FROM \"book\" AS \"book\"",
     NULL},
    /* rounded otherwise */
    {"sqlite", "SELECT avg(id) AS a FROM author", "duckdb", NULL, "avg() rounds differently"},
    {"sqlite", "SELECT avg(id) AS a FROM author", "sqlite",
     "SELECT avg(\"author\".\"id\") AS \"a\" FROM \"author\" AS \"author\"", NULL},
    {"postgres", " SELECT min(score) AS m FROM book;", "sqlite", NULL, "NaN"},
    {"postgres", " SELECT id FROM book ORDER BY score;", "sqlite", NULL, "don't order"},
};

static void test_translations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++) {
        const struct translation *row = &translations[i];
        struct vf_arena arena = {0};
        const char *why = NULL, *text = NULL;
        const struct vf_query *query =
            read_in(row->from, row->text, strcmp(row->from, "postgres") == 0 ? "en_US.UTF-8" : NULL, &arena, &why);
        if (query != NULL)
            text = written(row->to, row->from, query, &arena, &why);
        if (!vf_str_equal(text, row->expected))
            fail_msg("%s to %s: \"%s\" became \"%s\" (%s), not \"%s\"", row->from, row->to, row->text,
                     text != NULL ? text : "nothing", why != NULL ? why : "",
                     row->expected != NULL ? row->expected : "nothing");
        if (row->why != NULL && (why == NULL || strstr(why, row->why) == NULL))
            fail_msg("\"%s\": \"%s\" doesn't say \"%s\"", row->text, why != NULL ? why : "", row->why);
        vf_arena_release(&arena);
    }
}

/* ---- what isn't read ---- */

static const struct {
    const char *dialect, *text, *why;
} refused[] = {
    {"sqlite", "", "SELECT is expected"},
    {"sqlite", "SELECT 1 AS one", "a query without FROM"},
    {"sqlite", "SELECT id FROM author; DROP TABLE author", "\"DROP\""},
    {"sqlite", "SELECT id FROM author WHERE id > (SELECT 1)", "a query without FROM"},
    {"sqlite", "SELECT id FROM author WHERE id > (SELECT b.id FROM book b)", "which may give several rows"},
    {"sqlite", "SELECT id FROM author WHERE id > (SELECT max(b.id), 1 FROM book b)", "of several columns"},
    {"sqlite", "SELECT id FROM author WHERE id IN (SELECT title FROM book)", "compare differently"},
    {"sqlite", "SELECT sum((SELECT max(b.id) FROM book b)) AS s FROM author", "a subquery in ON"},
    {"sqlite", "SELECT id FROM author AS x WHERE EXISTS (SELECT 1 FROM book AS x WHERE name > title)",
     "is of a table whose name another one has here"},
    {"sqlite", "SELECT id FROM author UNION SELECT name FROM author", "a UNION of columns of several kinds"},
    {"sqlite", "SELECT id FROM author UNION SELECT id, id FROM book", "of different numbers of columns"},
    {"sqlite", "SELECT score FROM book UNION SELECT score FROM book", "UNION of values of kind"},
    {"duckdb", "(SELECT id FROM author LIMIT 1) UNION (SELECT id FROM book)", "LIMIT without ORDER BY"},
    {"duckdb", "(SELECT id FROM author ORDER BY id) UNION (SELECT id FROM book)", "of a part of a UNION"},
    {"duckdb", "(SELECT id FROM author) UNION ALL ((SELECT id FROM book) UNION (SELECT id FROM author))",
     "another kind of UNION"},
    {"sqlite", "SELECT id FROM (SELECT id + 1 FROM author) s", "has no name by AS"},
    {"sqlite", "WITH RECURSIVE a AS (SELECT id FROM author) SELECT * FROM a", "WITH RECURSIVE"},
    {"sqlite", "SELECT id FROM author EXCEPT SELECT id FROM book", "EXCEPT"},
    {"sqlite", "SELECT rank() OVER () AS r FROM author", "a window function, rank() OVER"},
    {"sqlite", "SELECT sum(id) OVER (ORDER BY id) AS r FROM author", "a window function, sum() OVER"},
    {"sqlite", "SELECT count(*) FILTER (WHERE id > 1) AS r FROM author", "count() with FILTER"},
    {"sqlite", "SELECT group_concat(name) AS r FROM author", "the aggregate group_concat()"},
    {"sqlite", "SELECT sum(count(id)) AS r FROM author", "an aggregate within an aggregate"},
    {"sqlite", "SELECT id FROM author WHERE count(id) > 1", "where there can't be one"},
    {"sqlite", "SELECT sum(DISTINCT id) AS s FROM author", "sum(DISTINCT"},
    {"sqlite", "SELECT sum(id) + 1 AS s FROM author", "a sum that is computed with"},
    {"sqlite", "SELECT coalesce(sum(id), 0) / 2 AS s FROM author", "a sum that is computed with"},
    {"sqlite", "SELECT name, max(id) AS m FROM author GROUP BY born", "neither grouped"},
    {"sqlite", "SELECT name FROM author JOIN book USING (name)", "USING of a column that isn't there"},
    {"sqlite", "SELECT title FROM author NATURAL JOIN book", "neither CROSS nor INNER nor LEFT"},
    {"sqlite", "SELECT title FROM author RIGHT JOIN book ON 1", "neither CROSS nor INNER nor LEFT"},
    {"sqlite", "SELECT title FROM author a LEFT JOIN (book b JOIN author c ON 1) ON 1", "on the right of a join"},
    {"sqlite", "SELECT title FROM book, book", "two tables under one name"},
    {"sqlite", "SELECT id FROM author, book", "is one of several tables"},
    {"sqlite", "SELECT a.id, b.id FROM author a, book b", "two columns of one name"},
    {"sqlite", "SELECT id + 1 FROM author", "has no name by AS"},
    {"sqlite", "SELECT id FROM other", "\"other\" isn't a table or view that is moved"},
    {"sqlite", "SELECT id FROM temp.author", "\"temp.author\" isn't a table"},
    {"sqlite", "SELECT id FROM a.b.author", "a table of another database"},
    {"sqlite", "SELECT value FROM json_each('[]')", "a function in place of a table"},
    {"sqlite", "SELECT id FROM author LIMIT 5", "LIMIT without ORDER BY"},
    {"sqlite", "SELECT id FROM author ORDER BY id LIMIT id", "LIMIT or OFFSET"},
    {"sqlite", "SELECT id FROM author GROUP BY 'x'", "GROUP BY of a constant"},
    {"sqlite", "SELECT score, count(*) AS n FROM book GROUP BY score", "GROUP BY of values of kind"},
    {"sqlite", "SELECT DISTINCT score FROM book", "DISTINCT of values of kind"},
    {"sqlite", "CREATE VIEW v(a) AS SELECT id, name FROM author", "another number of columns"},
    {"postgres", " SELECT DISTINCT ON (id) id FROM author;", "DISTINCT ON"},
    {"postgres", " SELECT id FROM ONLY author;", "FROM ONLY"},
    {"postgres", " SELECT a.id FROM author a, LATERAL (SELECT 1) x;", "LATERAL"},
    {"postgres", " VALUES (1);", "VALUES"},
    {"postgres", " SELECT id FROM author FOR UPDATE;", "\"FOR\""},
    {"duckdb", "SELECT id FROM author TABLESAMPLE 10%", "TABLESAMPLE"},
    {"duckdb", "SELECT id FROM author QUALIFY id > 1", "\"QUALIFY\""},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct vf_arena arena = {0};
        const char *why = NULL;
        if (read_in(refused[i].dialect, refused[i].text, NULL, &arena, &why) != NULL)
            fail_msg("\"%s\" is read", refused[i].text);
        if (strstr(why, refused[i].why) == NULL)
            fail_msg("\"%s\": \"%s\" doesn't say \"%s\"", refused[i].text, why, refused[i].why);
        vf_arena_release(&arena);
    }
}

/* ---- written and read again ---- */

static void test_read_again(void **state)
{
    static const char *const names[] = {"postgres", "sqlite", "duckdb"};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++) {
        struct vf_arena arena = {0};
        const char *why = NULL;
        const struct vf_query *query = read_in(translations[i].from, translations[i].text, NULL, &arena, &why);
        for (size_t k = 0; query != NULL && k < 3; k++) {
            const char *text = written(names[k], translations[i].from, query, &arena, &why);
            if (text == NULL)
                continue;
            const struct vf_query *again = read_in(names[k], text, NULL, &arena, &why);
            if (again == NULL)
                fail_msg("%s doesn't read its own \"%s\": %s", names[k], text, why);
            const char *second = written(names[k], translations[i].from, again, &arena, &why);
            assert_string_equal(second, text);
            n++;
        }
        vf_arena_release(&arena);
    }
    assert_true(n > 20);
}

/* ---- running out of memory ---- */

static void test_no_memory(void **state)
{
    const char *text = translations[2].text;
    (void)state;
    for (int64_t at = 0; at < 2000; at++) {
        struct vf_arena arena = {0};
        const struct vf_query *query = NULL;
        const char *why = NULL;
        struct vf_buf out;
        vf_buf_init(&out, 1 << 16);
        vf_alloc_fail_at(at, false);
        enum vf_status status = vf_query_read(vf_dialect_find("postgres"), &scope, text, &arena, &query, &why, NULL);
        bool done = status == VF_OK && query != NULL &&
                    vf_query_write(vf_dialect_find("sqlite"), &scope, query, &arena, &out, &why) && out.status == VF_OK;
        bool was_whole = vf_alloc_count() <= at;
        vf_alloc_fail_at(-1, false);
        assert_true(status == VF_OK || status == VF_NOMEM);
        assert_true(!was_whole || done);
        vf_buf_release(&out);
        vf_arena_release(&arena);
        if (was_whole)
            return;
    }
    fail_msg("it never went through");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_translations),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
