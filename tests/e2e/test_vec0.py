"""Tables of sqlite-vec: moved from, through other databases and back, and made of tables that were none. What is in a target is asked through the extension by Python, which shares no code with vecferry."""

import os
import pathlib
import re
import signal
import sqlite3
import struct
import subprocess
import unittest

from duckdb_case import DuckCase
from e2e import VECFERRY, Case, since

VEC0 = os.environ["VECFERRY_VEC0"]

# Every role, element and metric; partition keys that are NULL, long and short texts, a NUL in one, a zero with a sign.
ITEMS = """CREATE VIRTUAL TABLE items USING vec0(
  id integer primary key, embedding float[4] distance_metric=cosine, i8 int8[8], b bit[16], cat text partition key, shop integer partition key,
  year integer, name text, score float, flag boolean, +note text, +n integer, +d float, +raw blob, chunk_size=8)"""
INSERT = "INSERT INTO items (id, embedding, i8, b, cat, shop, year, name, score, flag, note, n, d, raw) VALUES (?, ?, vec_int8(?), vec_bit(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
DOCS = "CREATE VIRTUAL TABLE docs USING vec0(key text primary key, e float[2] distance_metric=l1, e2 float[3])"
PLACES = 'CREATE VIRTUAL TABLE "my places" USING vec0(v float[2])'
QUERIES = {"items": (("id", "embedding", "?", struct.pack("<4f", 3, 1, 0.5, -1)), ("id", "i8", "vec_int8(?)", bytes(range(8))), ("id", "b", "vec_bit(?)", b"\x0f\x55")),
           "docs": (("key", "e", "?", struct.pack("<2f", 1.2, 1)), ("key", "e2", "?", struct.pack("<3f", 1, 2, 3))),
           "my places": (("rowid", "v", "?", struct.pack("<2f", 0.3, 1)),)}


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def open_vec0(path):
    connection = sqlite3.connect(path)
    connection.enable_load_extension(True)
    connection.load_extension(VEC0)
    return connection


def item(i):
    return (i * 3, f32(i, 1, 0.5, -i / 3), bytes((i + k) % 256 for k in range(8)), bytes([i * 37 % 256, i % 256]), None if i % 7 == 0 else f"cat{i % 3}", i % 2,
            2000 + i, "n" * (i + 1), -0.0 if i == 5 else i / 3, i % 2, None if i % 4 == 0 else f"note {i}", i, i / 7, bytes(i + 1))


def make_source(path, rows=40):
    connection = open_vec0(path)
    for statement in (ITEMS, DOCS, PLACES, "CREATE TABLE plain (id INTEGER PRIMARY KEY, t TEXT)", "INSERT INTO plain VALUES (1, 'x')"):
        connection.execute(statement)
    connection.executemany(INSERT, map(item, range(-1, rows)))
    connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((f"k{i}" + "x" * i, f32(i, 1), f32(1, i, 2)) for i in range(5)))
    connection.executemany('INSERT INTO "my places" (rowid, v) VALUES (?, ?)', ((i - 2, f32(i, 1)) for i in range(5)))
    connection.execute("DELETE FROM items WHERE id IN (6, 9)")
    connection.commit()
    connection.close()
    return path


def declaration(connection, name):
    """What CREATE VIRTUAL TABLE says, without its spaces, each column or option by itself."""
    text = list(connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)))[0][0]
    module, arguments = re.search(r"USING (\w+)\s*\((.*)\)", text, re.S).groups()
    return module, sorted(" ".join(part.split()) for part in arguments.split(","))


def picture(connection):
    """Of each vec0 table: its declaration, its rows, and what its searches find, with the distances. The connection is closed."""
    found = {}
    for name, queries in QUERIES.items():
        columns = "rowid, v" if name == "my places" else "*"
        rows = list(connection.execute(f'SELECT {columns} FROM "{name}" ORDER BY 1'))
        nearest = [sorted(connection.execute(f'SELECT distance, {key} FROM "{name}" WHERE {column} MATCH {given} AND k = 100', (value,))) for key, column, given, value in queries]
        found[name] = (declaration(connection, name), [tuple(map(repr, row)) for row in rows], nearest)
    connection.close()
    return found


class Vec0(Case):
    def run_vecferry(self, *arguments, environment=None, **options):
        """sqlite-vec 0.1.9 forgets some memory, and nobody can tell a sanitizer so: it is unloaded by then, and its callers are SQLite's."""
        environment = dict(environment or {}, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        return super().run_vecferry(*arguments, environment=environment, **options)

    def source(self, name="from.db", **options):
        return make_source(str(self.folder / name), **options)

    def assert_same_vec0(self, a, b):
        self.assert_same_pictures(picture(open_vec0(a)), picture(open_vec0(b)))

    def assert_same_pictures(self, left, right):
        for name in QUERIES:
            for part, word in enumerate(("declaration", "rows", "nearest")):
                self.assertEqual(left[name][part], right[name][part], f"{name}: {word}")

    def plan(self, source, target, *edits, arguments=(), code=0):
        """The text of a plan, made anew from a file that each edit (old, new) has changed in one place; and what was printed."""
        path = str(self.folder / "ferry.yaml")
        result = self.run_vecferry("plan", "-o", path, *arguments, source, target)
        text = pathlib.Path(path).read_text()
        for old, new in edits:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        pathlib.Path(path).write_text(text)
        if edits:
            result = self.run_vecferry("plan", "-f", path, "-o", path + ".2", *arguments, code=code)
            text = pathlib.Path(path + ".2").read_text()
        return text, result


class Identity(Vec0):
    def test_sqlite_to_sqlite(self):
        source, target = self.source(), self.sqlite("to.db")
        connection = open_vec0(source)
        for key, cat, name, score, note, d, raw in ((1000, "a\0", "short\0", -0.0, "a\0b", -0.0, b"\0"), (1001, "a long one\0", "longer than a cell\0", float("inf"), "", float("-inf"), b"")):
            usual = item(1)
            connection.execute(INSERT, (key, *usual[1:4], cat, 1, 2000, name, score, 1, note, 1, d, raw))
        connection.execute("CREATE VIEW late AS SELECT id, year FROM items WHERE year > 2005")
        connection.commit()
        connection.close()
        self.copy(source, target)
        self.assert_same_vec0(source, target)
        self.assertEqual(open_vec0(target).execute("SELECT count(*) FROM late").fetchone(), open_vec0(source).execute("SELECT count(*) FROM late").fetchone())
        plan, result = self.plan(source, self.sqlite("other.db"))
        self.assertEqual(plan.count("    as: vec0\n"), 3)
        self.assertNotIn("not moved", result.stdout + result.stderr)
        self.assertNotIn("severity", plan)
        result = self.run_vecferry("verify", "--json", source, target)
        self.assertNotIn("recall", result.stdout)
        connection = open_vec0(target)
        connection.execute("UPDATE items SET year = 1 WHERE id = 3")
        connection.execute("DELETE FROM docs WHERE key = 'k0'")
        connection.commit()
        connection.close()
        result = self.run_vecferry("verify", "--json", source, target, code=3)
        self.assertIn('"year"', result.stdout)

    def test_over_postgres_and_back(self):
        source, home, between = self.source(), self.sqlite("home.db"), self.postgres()
        self.copy(source, between)
        self.copy(between, home)
        self.assert_same_vec0(source, home)

    def test_killed_and_resumed(self):
        source, target = self.source(rows=60), self.sqlite("to.db")
        environment = dict(os.environ, VECFERRY_FAILPOINT="target.commit:5:kill")
        killed = subprocess.run([VECFERRY, "copy", source, target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        self.assertEqual(killed.returncode, -signal.SIGKILL)
        self.run_vecferry("copy", "--resume", source, target)
        self.assert_same_vec0(source, target)
        self.run_vecferry("copy", "--drop-existing", "--yes", source, target)
        self.assert_same_vec0(source, target)


NOTES = """
CREATE TABLE notes (id bigserial PRIMARY KEY, body text NOT NULL, score real NOT NULL, flag boolean NOT NULL, tag text DEFAULT 'x' CHECK (tag <> 'q'), at timestamptz NOT NULL,
    doc jsonb, u uuid NOT NULL UNIQUE, n numeric(6,2), kind smallint NOT NULL, e vector(3), bits bit(16), raw bytea);
CREATE INDEX notes_e ON notes USING hnsw (e vector_cosine_ops) WITH (m = 8);
CREATE INDEX notes_body ON notes (body);
INSERT INTO notes (body, score, flag, tag, at, doc, u, n, kind, e, bits, raw) SELECT 'body ' || i, i / 3.0, i % 2 = 0, CASE WHEN i % 3 <> 0 THEN 't' || i END,
    timestamptz '2024-01-01 00:00:00.123456+00' + i * interval '1 hour', jsonb_build_object('a', i), gen_random_uuid(), i / 4.0, i, ('[' || i || ',1,2]')::vector, i::bit(16), int4send(i)
    FROM generate_series(1, 30) i;
CREATE TABLE refs (id int PRIMARY KEY, note bigint REFERENCES notes (id)); INSERT INTO refs VALUES (1, 1);
"""
AS_VEC0 = ("  - name: notes\n    schema: public\n", "  - name: notes\n    schema: public\n    as: vec0\n")


class Into(Vec0):
    """Tables that were none, by the plan's word."""

    def test_postgres_into_vec0_and_back(self):
        source, target, home = self.postgres(NOTES), self.sqlite("to.db"), self.postgres()
        plan, result = self.plan(source, target, AS_VEC0)
        self.assertIn("{name: notes_e_exact, rename: notes_e, kind: exact, to: database, metric: cosine, add_on: e}", plan)
        self.assertIn("may be NULL, or metadata has no such type: tag, at, doc, u, n, raw", result.stdout + result.stderr)
        for lost in ("check notes_tag_check on public.notes", "default tag on", "index notes_body on", "unique constraint notes_u_key on", "foreign key refs_note_fkey on public.refs: it refers to a vec0"):
            self.assertIn(f"not moved: {lost}", result.stdout + result.stderr)
        self.run_vecferry("copy", "-f", self.folder / "ferry.yaml")
        connection = open_vec0(target)
        self.assertEqual(declaration(connection, "notes"), ("vec0", sorted(("id integer primary key", "body text", "score float", "flag boolean", "+tag text", "+at text", "+doc text", "+u text", "+n text",
                                                                        "kind integer", "e float[3] distance_metric=cosine", "bits bit[16]", "+raw blob"))))
        found = connection.execute("SELECT id, distance FROM notes WHERE e MATCH ? AND k = 3 AND kind > 3 AND flag = 0", (f32(3, 1, 2),)).fetchall()
        connection.close()
        expected = self.connect(source).execute("SELECT id, e <=> '[3,1,2]' FROM notes WHERE kind > 3 AND NOT flag ORDER BY 2 LIMIT 3").fetchall()
        self.assertEqual([row[0] for row in found], [row[0] for row in expected])
        for (_, left), (_, right) in zip(found, expected):
            self.assertAlmostEqual(left, right, places=5)
        self.run_vecferry("verify", "-f", self.folder / "ferry.yaml")
        self.run_vecferry("copy", target, home)
        self.assert_same_postgres(source, home, tables=["public.notes"])

    def test_rows_that_it_cannot_hold(self):
        source, target = self.postgres(NOTES + "INSERT INTO notes (body, score, flag, at, u, kind, e, bits) VALUES ('no vector', 1, true, now(), gen_random_uuid(), 1, NULL, 1::bit(16)),"
                                       " ('no number', 'NaN', true, now(), gen_random_uuid(), 1, '[1,2,3]', 1::bit(16));"), self.sqlite("to.db")
        self.plan(source, target, AS_VEC0)
        self.run_vecferry("copy", "-f", self.folder / "ferry.yaml", code=3)
        connection = open_vec0(target)
        rejects = connection.execute("SELECT key, column_name, reason FROM vecferry_rejects ORDER BY key").fetchall()
        self.assertEqual(rejects, [('{"id": 31}', "e", 'NULL in column "e", which is not null in the target'), ('{"id": 32}', "score", "NaN, which SQLite takes for NULL")])
        self.assertEqual(connection.execute("SELECT count(*), max(id) FROM notes").fetchone(), (30, 30))
        connection.close()

    @since(vector=(0, 7, 0))
    def test_tables_that_it_cannot_be(self):
        source = self.postgres("CREATE TABLE a (id uuid PRIMARY KEY, e vector(3)); CREATE TABLE b (id int PRIMARY KEY, h halfvec(3)); CREATE TABLE c (id int PRIMARY KEY, _x text, e vector(3));"
                               "CREATE TABLE d (id int PRIMARY KEY, distance int, e vector(3)); CREATE TABLE e (a int, b int, e vector(3), PRIMARY KEY (a, b)); CREATE TABLE f (id int PRIMARY KEY, t text);"
                               "CREATE TABLE g (id int PRIMARY KEY, b bit(9)); CREATE TABLE h (id int PRIMARY KEY, e vector(8193)); CREATE TABLE i (id int PRIMARY KEY, e vector(3)); CREATE INDEX by_ip ON i USING hnsw (e vector_ip_ops)")
        names = "abcdefghi"
        plan, result = self.plan(source, self.sqlite("to.db"), *((f"  - name: {name}\n    schema: public\n", f"  - name: {name}\n    schema: public\n    as: vec0\n") for name in names))
        for name, why in zip(names, ("a.id: {}: the key of a vec0 table is an integer or a text", "b.h: {}: vec0 holds vectors of float32", "c._x: {}: sqlite-vec takes only names of letters",
                                     'd.distance: {}: sqlite-vec keeps the names "distance" and "k"', "e: {}: a vec0 table has a primary key of one column", "f: {}: no column of it holds vectors",
                                     "g.b: {}: vec0 holds bits by eights", "h.e: {}: vec0 holds at most 8192 dimensions")):
            self.assertIn("public." + why.format("it can't be the vec0 table that the plan wants"), result.stdout + result.stderr)
        self.assertIn("public.i.e: it is searched by l2: sqlite-vec has no distance ip", result.stdout + result.stderr)
        self.run_vecferry("copy", "-f", self.folder / "ferry.yaml", code=9)


class WithoutExtension(Vec0):
    def setUp(self):
        super().setUp()
        (self.folder / "empty").mkdir()
        self.bare = ("--library-dir", self.folder / "empty")

    def test_an_ordinary_table_says_why(self):
        source, target, home = self.source(), self.sqlite("to.db"), self.sqlite("home.db")
        result = self.run_vecferry("copy", *self.bare, source, target)
        self.assertIn("note: items: the vec0 table becomes an ordinary one with its vectors as BLOB, in which MATCH finds nothing: sqlite-vec can't be loaded", result.stdout + result.stderr)
        self.assertIn("name the folder that has vec0.so by --library-dir", result.stdout + result.stderr)
        self.assertIn(f"{self.folder / 'empty'}/vec0.so: cannot open", result.stdout + result.stderr)  # SQLite speaks of vec0.so.so
        self.assertNotIn("index_min_rows", result.stdout + result.stderr)
        self.assertEqual(sqlite3.connect(target).execute("SELECT embedding, i8, cat, name FROM items WHERE id = 3").fetchone(), (item(1)[1], item(1)[2], item(1)[4], item(1)[7]))
        self.copy(target, home)  # with it
        self.assert_same_vec0(source, home)

    def test_a_plan_for_it_is_refused(self):
        source, target = self.source(), self.sqlite("to.db")
        self.plan(source, target)
        result = self.run_vecferry("copy", "-f", self.folder / "ferry.yaml", *self.bare, code=10)
        self.assertIn("it can't be the vec0 table that the plan wants: sqlite-vec can't be loaded", result.stdout + result.stderr)
        self.run_vecferry("copy", "-f", self.folder / "ferry.yaml")
        self.run_vecferry("verify", *self.bare, source, target)  # it is read without
        result = self.run_vecferry("copy", "--drop-existing", "--yes", *self.bare, source, target, code=10)
        self.assertIn("it is a vec0 table: sqlite-vec can't be loaded", result.stdout + result.stderr)
        self.assert_same_vec0(source, target)
        self.assertEqual(sqlite3.connect(target).execute("SELECT * FROM plain").fetchall(), [(1, "x")])

    def test_the_plan_says_an_ordinary_table(self):
        source, target = self.source(), self.sqlite("to.db")
        self.plan(source, target, ("  - name: docs\n    as: vec0\n", "  - name: docs\n    as: table\n"))
        self.run_vecferry("copy", "-f", self.folder / "ferry.yaml")
        declared = dict(sqlite3.connect(target).execute("SELECT name, sql FROM sqlite_master WHERE name IN ('docs', 'items')"))
        self.assertIn("USING vec0", declared["items"])
        self.assertIn('"e" BLOB', declared["docs"])


class OverDuckDB(DuckCase, Vec0):
    def test_over_duckdb_and_back(self):
        source, home = self.source(), self.sqlite("home.db")
        between = str(self.folder / "between.duckdb")
        self.copy(source, f"duckdb:{between}")
        self.copy(f"duckdb:{between}", home)
        self.assert_same_vec0(source, home)


NOTES_IN_DUCKDB = """
CREATE TABLE notes (id BIGINT PRIMARY KEY, body VARCHAR NOT NULL, score FLOAT NOT NULL, flag BOOLEAN NOT NULL, tag VARCHAR, made TIMESTAMPTZ NOT NULL, kind SMALLINT NOT NULL, e FLOAT[3], d DECIMAL(6, 2), raw BLOB);
INSERT INTO notes SELECT i, 'body ' || i, i / 3, i % 2 = 0, CASE WHEN i % 3 <> 0 THEN 't' || i END, TIMESTAMPTZ '2024-01-01 00:00:00.123456+00' + to_hours(i), i, [i, 1, 2]::FLOAT[3], i / 4, encode('b' || i) FROM range(1, 31) r(i);
CREATE TABLE other (id BIGINT PRIMARY KEY, e FLOAT[3]); INSERT INTO other SELECT i, [i, 1, 2]::FLOAT[3] FROM range(1, 31) r(i);
"""


if __name__ == "__main__":
    unittest.main()
