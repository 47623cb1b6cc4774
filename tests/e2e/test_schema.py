"""Checks, computed columns, defaults, partial indexes and indexes on expressions: translated, enforced by the target, refused by name where they can't be, and the same after the way back."""

import re
import sqlite3

import duckdb
import psycopg

import e2e

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN weight AS integer CONSTRAINT heavy CHECK (VALUE > 0 AND VALUE < 5000);
CREATE TABLE goods (
    id bigint PRIMARY KEY,
    name text NOT NULL CHECK (length(btrim(name)) > 0),
    price numeric(10,2) NOT NULL CONSTRAINT price_is_sane CHECK (price >= 0 AND price < 100000.5),
    n integer NOT NULL DEFAULT (2 + 3) CHECK (n BETWEEN 0 AND 1000),
    state varchar(20) CHECK (state IN ('new', 'sold')),
    mood mood,
    grams weight,
    active boolean NOT NULL DEFAULT true,
    twice bigint GENERATED ALWAYS AS (n * 2) STORED,
    label text GENERATED ALWAYS AS (name || ':' || id) STORED,
    CONSTRAINT sold_is_inactive CHECK (state <> 'sold' OR NOT active),
    CONSTRAINT no_digits CHECK (name !~ '^[0-9]+$')
);
CREATE INDEX goods_new ON goods (price) WHERE state = 'new' AND active;
CREATE UNIQUE INDEX goods_folded ON goods (lower(name COLLATE "C"));
CREATE INDEX goods_sum ON goods ((n + id), name DESC);
INSERT INTO goods (id, name, price, n, state, mood, active) VALUES (1, 'apple', 1.50, 3, 'new', 'ok', true), (2, 'Pear', 0, 0, 'sold', NULL, false), (3, 'É', 99.99, 1000, NULL, 'sad', true);
"""

NOTES = """
CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL COLLATE NOCASE UNIQUE,
    body TEXT CHECK (length(body) < 100),
    done BOOLEAN NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    kind TEXT DEFAULT ('note' || '-' || 1) CONSTRAINT known CHECK (kind IN ('note-1', 'task')),
    tags JSON CHECK (tags IS NULL OR json_valid(tags)),
    words INTEGER GENERATED ALWAYS AS (length(body)) VIRTUAL,
    CHECK (NOT done OR body IS NOT NULL)
);
CREATE INDEX notes_open ON notes (kind) WHERE done = 0;
CREATE INDEX notes_lower ON notes (lower(kind) DESC);
INSERT INTO notes (id, title, body, done, kind, tags) VALUES (1, 'One', 'text', 0, 'note-1', '[1]'), (2, 'two', NULL, 0, 'task', '{}'), (3, 'Three', 'done', 1, 'task', NULL);
"""


def reasons(summary):
    return {(item["kind"], item["name"]): item["why"] for item in summary["not_moved"]}


@e2e.since(server=16)
class ToSqlite(e2e.Case):
    def setUp(self):
        super().setUp()
        self.source = self.postgres(SHOP)
        self.target = str(self.folder / "shop.db")

    def refused(self, sql):
        with sqlite3.connect(self.target) as connection:
            with self.assertRaises(sqlite3.IntegrityError) as caught:
                connection.execute(sql)
        return str(caught.exception)

    def test_everything_is_moved_or_named(self):
        summary = self.copy(self.source, self.target)
        why = reasons(summary)
        self.assertEqual({kind for kind, _ in why}, {"check", "domain", "enum type"})
        self.assertIn("~ is known to be the same in no other database", why["check", "no_digits"])
        insert = "INSERT INTO goods (id, name, price, n, state, active) VALUES "
        for values, name in [("(9, '  ', '1.00', 1, 'new', 1)", "goods_name_check"), ("(9, 'x', '-0.01', 1, 'new', 1)", "price_is_sane"), ("(9, 'x', '100000.50', 1, 'new', 1)", "price_is_sane"),
                             ("(9, 'x', '1.00', 1001, 'new', 1)", "goods_n_check"), ("(9, 'x', '1.00', 1, 'old', 1)", "goods_state_check"), ("(9, 'x', '1.00', 1, 'sold', 1)", "sold_is_inactive")]:
            self.assertIn(name, self.refused(insert + values))
        self.assertIn("grams_heavy", self.refused("INSERT INTO goods (id, name, price, grams) VALUES (9, 'x', '1.00', 5000)"))
        self.assertIn("goods_folded", self.refused(insert + "(9, 'APPLE', '1.00', 1, 'new', 1)"))
        with sqlite3.connect(self.target) as connection:
            connection.execute("INSERT INTO goods (id, name, price, state) VALUES (4, 'plum', '100000.49', 'new')")
            self.assertEqual(connection.execute("SELECT id, n, twice, label FROM goods ORDER BY id").fetchall(), [(1, 3, 6, "apple:1"), (2, 0, 0, "Pear:2"), (3, 1000, 2000, "É:3"), (4, 5, 10, "plum:4")])
            indexes = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        self.assertIn("WHERE (\"state\" = 'new') AND \"active\"", indexes["goods_new"])
        self.assertIn('("n" + "id", "name" DESC)', indexes["goods_sum"])

    def test_and_back(self):
        self.copy(self.source, self.target)
        home = self.postgres()
        summary = self.copy(self.target, home)
        # What SQLite couldn't say was remembered, and is there again.
        self.assertEqual(reasons(summary), {})
        query = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'goods'::regclass AND contype = 'c' UNION ALL SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'goods'::regclass" \
                " UNION ALL SELECT a.attname, a.attgenerated::text || pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON (a.attrelid, a.attnum) = (d.adrelid, d.adnum) WHERE d.adrelid = 'goods'::regclass"

        def picture(url):
            with psycopg.connect(url) as connection:
                # A literal's cast to text, parentheses, and that a product is of 64 bits as SQLite's are, are how the same is said another time.
                return {name: re.sub(r"::(text|character varying|numeric|bigint)(\[\])?|[()\" ]", "", text) for name, text in connection.execute(query)}

        first, second = picture(self.source), picture(home)
        self.assertEqual(first.keys(), second.keys())
        for name in ["price_is_sane", "goods_n_check", "twice", "n", "no_digits", "goods_new", "goods_folded"]:
            self.assertEqual(first[name].lower(), second[name].lower())
        with psycopg.connect(home) as connection:
            self.assertEqual(connection.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = 'weight'::regtype").fetchall(), [("CHECK (((VALUE > 0) AND (VALUE < 5000)))",)])
        self.assert_same_postgres_rows(home)

    def assert_same_postgres_rows(self, home):
        with psycopg.connect(self.source) as a, psycopg.connect(home) as b:
            self.assertEqual(a.execute("SELECT goods::text FROM goods ORDER BY id").fetchall(), b.execute("SELECT goods::text FROM goods ORDER BY id").fetchall())

    def test_a_row_that_the_check_refuses(self):
        with psycopg.connect(self.source, autocommit=True) as connection:
            connection.execute("ALTER TABLE goods DROP CONSTRAINT price_is_sane; INSERT INTO goods (id, name, price) VALUES (7, 'bad', -1); ALTER TABLE goods ADD CONSTRAINT price_is_sane CHECK (price >= 0) NOT VALID")
        result = self.run_vecferry("copy", self.source, self.target, "--json", code=3)
        self.assertEqual(result.json()["tables"][0]["rejected"], 1)
        with sqlite3.connect(self.target) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM goods").fetchone(), (3,))
            key, reason = connection.execute("SELECT key, reason FROM vecferry_rejects").fetchone()
        self.assertIn("7", key)
        self.assertIn("price_is_sane", reason)

    def test_the_plan_shows_and_leaves_out(self):
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", self.source, self.target, "-o", str(plan))
        text = plan.read_text()
        self.assertRegex(text, r"\{name: price_is_sane, check: .*CAST\(")
        self.assertRegex(text, r"\{name: twice, .*generated: ")
        self.assertRegex(text, r"\{name: \"n\", .*default: \"2 \+ 3\"")
        changed = re.sub(r"\n.*name: price_is_sane.*", "", text)
        changed = re.sub(r"(\{name: twice, [^}]*), generated: [^,}]*", r"\1", changed)
        changed = re.sub(r", default: \"2 \+ 3\"", "", changed)
        self.assertNotEqual(changed, text)
        plan.write_text(changed)
        summary = self.copy("-f", plan, self.source, self.target)
        why = reasons(summary)
        self.assertEqual(why["check", "price_is_sane"], "the plan leaves it out")
        self.assertEqual(why["generation expression", "twice"], "its values are moved, and not computed: the plan leaves it out")
        self.assertEqual(why["default", "n"], "the plan leaves it out")
        with sqlite3.connect(self.target) as connection:
            connection.execute("INSERT INTO goods (id, name, price, state, n, twice) VALUES (8, 'free', '-5.00', 'new', 1, 7)")
            self.assertEqual(connection.execute("SELECT twice FROM goods ORDER BY id").fetchall(), [(6,), (0,), (2000,), (7,)])

    def test_a_changed_text_is_refused(self):
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", self.source, self.target, "-o", str(plan))
        plan.write_text(plan.read_text().replace("1000", "9000"))
        result = self.run_vecferry("copy", "-f", str(plan), self.source, self.target, code=2)
        self.assertRegex(result.stderr, r"ferry\.yaml:\d+:\d+: the check of \"goods_n_check\" is not the one that is made")


class FromSqlite(e2e.Case):
    @e2e.since(server=16)
    def test_to_postgres_and_back(self):
        source = self.sqlite("notes.db", NOTES)
        there = self.postgres()
        summary = self.copy(source, there)
        self.assertEqual({kind for kind, _ in reasons(summary)}, {"collation"})
        with psycopg.connect(there, autocommit=True) as connection:
            checks = dict(connection.execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'notes'::regclass AND contype = 'c'").fetchall())
            self.assertEqual(len(checks), 5)
            self.assertIn("known", checks)
            with self.assertRaises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO notes (id, title) VALUES (9, 'ONE')")
            connection.execute("INSERT INTO notes (id, title, body) VALUES (9, 'öne', 'abc')")
            self.assertEqual(connection.execute("SELECT kind, words, done FROM notes WHERE id = 9").fetchone(), ("note-1", 3, False))
            with self.assertRaises(psycopg.errors.CheckViolation):
                connection.execute("INSERT INTO notes (id, title, done) VALUES (10, 'x', true)")
            indexes = dict(connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'notes'").fetchall())
            self.assertIn("WHERE (done = false)", indexes["notes_open"])
            self.assertIn('lower((kind COLLATE "C")) DESC', indexes["notes_lower"])
            connection.execute("DELETE FROM notes WHERE id = 9")
        home = str(self.folder / "home.db")
        self.copy(there, home)
        with sqlite3.connect(home) as connection:
            sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'notes'").fetchone()[0]
            self.assertIn('"words" INTEGER GENERATED ALWAYS AS (length("body")) VIRTUAL', sql)
            self.assertEqual(sql.count("CHECK ("), 5)
            self.assertIn("\"kind\" IN ('note-1', 'task')", sql)
            with self.assertRaises(sqlite3.IntegrityError):
                connection.execute("INSERT INTO notes (id, title) VALUES (9, 'ONE')")
            self.assertEqual(connection.execute("SELECT id, title, body, done, kind, tags, words FROM notes ORDER BY id").fetchall(),
                             [(1, "One", "text", 0, "note-1", "[1]", 4), (2, "two", None, 0, "task", "{}", None), (3, "Three", "done", 1, "task", None, 4)])

    def test_to_duckdb(self):
        source = self.sqlite("notes.db", NOTES)
        target = self.folder / "notes.duckdb"
        summary = self.copy(source, f"duckdb:{target}")
        self.assertEqual(reasons(summary)["index", "notes_open"], "DuckDB has no partial indexes; it is remembered for the way back")
        with duckdb.connect(str(target)) as connection:
            with self.assertRaises(duckdb.ConstraintException):
                connection.execute("INSERT INTO notes (id, title) VALUES (9, 'ONE')")
            with self.assertRaises(duckdb.ConstraintException):
                connection.execute("INSERT INTO notes (id, title, kind) VALUES (9, 'x', 'other')")
            self.assertEqual(connection.execute("SELECT id, words FROM notes ORDER BY id").fetchall(), [(1, 4), (2, None), (3, 4)])
        home = str(self.folder / "home.db")
        self.copy(f"duckdb:{target}", home)
        with sqlite3.connect(home) as connection:
            sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'notes'").fetchone()[0]
            self.assertEqual(sql.count("CHECK ("), 5)
            self.assertEqual(connection.execute("SELECT id, title, words FROM notes ORDER BY id").fetchall(), [(1, "One", 4), (2, "two", None), (3, "Three", 4)])
            self.assertIn("notes_open", [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")])


if __name__ == "__main__":
    import unittest

    unittest.main()
