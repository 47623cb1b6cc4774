"""Partitioned, inherited and unlogged tables of PostgreSQL: as one table, as parts, or partitioned again; no row twice and none missing."""

import collections
import os
import sqlite3
import subprocess
import time

import psycopg

from e2e import VECFERRY, Case

EVENTS = """
CREATE TYPE kind AS ENUM ('click', 'view');
CREATE TABLE events (id bigint NOT NULL, day date NOT NULL, region text, kind kind NOT NULL, v vector(3)) PARTITION BY RANGE (day);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE events_2024_eu PARTITION OF events_2024 FOR VALUES IN ('de', 'it''s', NULL);
CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_late PARTITION OF events DEFAULT;
CREATE INDEX events_region ON events (region);
INSERT INTO events SELECT i, '2024-06-01'::date + i, (ARRAY['de', 'it''s', 'fr', NULL])[1 + i % 4], (ARRAY['click', 'view'])[1 + i % 2]::kind, ARRAY[i, 1, 2]::real[]::vector FROM generate_series(1, 800) i;
CREATE TABLE hashed (id int PRIMARY KEY, body text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE hashed_2 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO hashed SELECT i, 'b' || i FROM generate_series(1, 100) i;
CREATE TABLE two (a int NOT NULL, b text NOT NULL, n int) PARTITION BY RANGE (a, b);
CREATE TABLE two_low PARTITION OF two FOR VALUES FROM (MINVALUE, MINVALUE) TO (10, 'm');
CREATE TABLE two_high PARTITION OF two FOR VALUES FROM (10, 'm') TO (MAXVALUE, MAXVALUE);
INSERT INTO two SELECT i % 20, chr(97 + i % 26), i FROM generate_series(1, 200) i;
"""
# What the catalogue says of each partition; asked by the tests alone.
SHAPE = """
SELECT c.relname, c.relkind::text, p.relname, pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'vecferry%' ORDER BY 1, 3
"""


def rows_of(url, table, only=False):
    with psycopg.connect(url) as connection:
        return collections.Counter(connection.execute(f"SELECT t::text FROM {'ONLY ' if only else ''}{table} t").fetchall())


def ask(url, sql):
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


class Partitions(Case):
    def plan(self, *arguments, code=0):
        path = self.folder / "ferry.yaml"
        result = self.run_vecferry("plan", "--json", "-o", path, *arguments, code=code).json()
        return path, result

    def not_moved(self, result):
        return {(item["kind"], item["name"]): item["why"] for item in result["not_moved"]}

    def test_partitioned_again(self):
        """RANGE, LIST, HASH, sub-partitions, default, several columns, NULL and quotes in bounds: the same catalogue, the same rows in the same partitions."""
        source, target = self.postgres(EVENTS), self.postgres()
        path, result = self.plan(source, target)
        self.assertEqual(path.read_text().count("partitions: same  # by "), 3)
        self.assertNotIn("partitioning", {kind for kind, _ in self.not_moved(result)})
        summary = self.copy("-f", path)
        self.assertEqual((summary["n_differences"], summary["rejected"]), (0, 0))
        self.assertEqual(ask(source, SHAPE), ask(target, SHAPE))
        for (name, kind, *_) in ask(source, SHAPE):
            self.assertEqual(rows_of(source, name), rows_of(target, name), name)
        self.assertEqual(ask(target, "SELECT count(*) FROM events")[0][0], 800)
        self.assertEqual(self.run_vecferry("verify", "-f", path).code, 0)
        # Again, over what is there, and once more where the partitions are gone with their table.
        self.copy("--drop-existing", "--yes", "-f", path)
        self.assertEqual(ask(source, SHAPE), ask(target, SHAPE))
        self.assertEqual(ask(target, "SELECT count(*) FROM events")[0][0], 800)

    def test_through_other_databases(self):
        """They are remembered where there are none, and made again with their bounds; rows that came meanwhile go where they belong."""
        source = self.postgres(EVENTS + "CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);")
        for middle in (str(self.folder / "middle.db"), f"duckdb:{self.folder / 'middle.duckdb'}"):
            with self.subTest(middle):
                back = self.postgres()
                self.copy(source, middle)
                if middle.endswith(".db"):
                    with sqlite3.connect(middle) as connection:
                        connection.execute("INSERT INTO events (id, day, region, kind) VALUES (900, '2025-03-01', 'fr', 'view')")
                    connection.close()
                path, result = self.plan(middle, back)
                self.assertEqual(path.read_text().count("partitions: same  # by "), 3)
                self.copy("-f", path)
                self.assertEqual(ask(source, SHAPE), ask(back, SHAPE))
                self.assertEqual(rows_of(source, "two_low"), rows_of(back, "two_low"))
                self.assertEqual(ask(back, "SELECT relpersistence::text FROM pg_class WHERE relname = 'scratch'"), [("u",)])
                if middle.endswith(".db"):
                    self.assertEqual(ask(back, "SELECT tableoid::regclass::text FROM events WHERE id = 900"), [("events_2025",)])
                    self.copy("--drop-existing", "--yes", "-f", self.one(path))
                    self.assertEqual({row[1] for row in ask(back, SHAPE)}, {"r"})

    def one(self, path):
        path.write_text(path.read_text().replace("partitions: same", "partitions: one"))
        return path

    def test_a_memory_that_was_changed(self):
        """What is remembered is data: a bound that isn't one never becomes a statement."""
        source, middle = self.postgres("CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO (10); INSERT INTO t VALUES (1)"), str(self.folder / "middle.db")
        self.copy(source, middle)
        with sqlite3.connect(middle) as connection:
            self.assertEqual(connection.execute("UPDATE vecferry_schema SET body = replace(body, '\"MINVALUE\"', '\"1); DROP TABLE t; --\"') WHERE kind = 'table' AND body LIKE '%\"MINVALUE\"%'").rowcount, 1)
        connection.close()
        failed = self.run_vecferry("copy", middle, self.postgres(), code=None)
        self.assertIn(failed.code, (2, 6))
        self.assertIn("partitions[0]", failed.stderr)

    def test_one_table(self):
        """By the plan's word into PostgreSQL, and always elsewhere."""
        source, target = self.postgres(EVENTS), self.postgres()
        path, _ = self.plan(source, target)
        path.write_text(path.read_text().replace("partitions: same", "partitions: one"))
        result = self.copy("-f", path)
        self.assertEqual(self.not_moved(result)["partitioning", "events"], "the plan moves all rows as one table")
        self.assertEqual([row[:3] for row in ask(target, SHAPE)], [("events", "r", None), ("hashed", "r", None), ("two", "r", None)])
        self.assertEqual(rows_of(source, "events"), rows_of(target, "events"))
        lite = self.sqlite("t.db")
        result = self.copy(source, lite)
        self.assertIn("one table", self.not_moved(result)["partitioning", "events"])
        with sqlite3.connect(lite) as connection:
            self.assertEqual(connection.execute("SELECT count(*), count(DISTINCT id) FROM events").fetchall(), [(800, 800)])
            self.assertEqual(connection.execute("SELECT count(*), sum(n) FROM two").fetchall(), [(200, 20100)])
        connection.close()

    def test_parts(self):
        """Each partition with rows is a table; together they are the whole, each row once."""
        source, lite = self.postgres(EVENTS), self.sqlite("t.db")
        path, _ = self.plan(source, lite)
        text = path.read_text()
        self.assertIn("partitions: one  # by RANGE (day), 5 partitions", text)
        path.write_text(text.replace("partitions: one  # by RANGE (day)", "partitions: parts  # "))
        again = self.folder / "again.yaml"
        planned = self.run_vecferry("plan", "--json", "-f", path, "-o", again).json()
        self.assertEqual(self.not_moved(planned)["partitioning", "events"], "each partition is moved as a table of its own")
        self.assertEqual(again.read_text().count("    part_of: public.events\n"), 4)
        for plan in (path, again):  # the word and what was made of it are the same plan
            summary = self.copy("--drop-existing", "--yes", "-f", plan)
            self.assertEqual(summary["n_differences"], 0)
            with sqlite3.connect(lite) as connection:
                names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'vecferry%' AND name NOT LIKE 'sqlite%'")}
                self.assertEqual(names, {"events_2024_eu", "events_2024_rest", "events_2025", "events_late", "hashed", "two"})
                ids = collections.Counter(row[0] for name in names if name.startswith("events") for row in connection.execute(f"SELECT id FROM {name}"))
                self.assertEqual(ids, collections.Counter(range(1, 801)))
                kinds = connection.execute("SELECT DISTINCT kind FROM events_2025 ORDER BY 1").fetchall()
                self.assertEqual(kinds, [("click",), ("view",)])
            connection.close()
        target = self.postgres()
        path, _ = self.plan(source, target)
        path.write_text(path.read_text().replace("partitions: same  # by RANGE (day)", "partitions: parts  # "))
        self.copy("-f", path)
        for name in ("events_2024_eu", "events_2024_rest", "events_2025", "events_late"):
            self.assertEqual(rows_of(source, name), rows_of(target, name))

    def test_some_parts(self):
        """A partition that the file doesn't list stays behind, and is named."""
        source, lite = self.postgres(EVENTS), self.sqlite("t.db")
        path = self.folder / "ferry.yaml"
        path.write_text(f"version: 1\nsource: {source}\ntarget: {lite}\ntables:\n  - name: events_2025\n    part_of: events\n")
        result = self.copy("-f", path)
        self.assertEqual([table["name"] for table in result["tables"]], ["public.events_2025"])
        self.assertEqual(self.not_moved(result)["table", "events_late"], "the plan leaves it out")

    def test_refused(self):
        source, lite = self.postgres(EVENTS), self.sqlite("t.db")
        path = self.folder / "ferry.yaml"
        head = f"version: 1\nsource: {source}\ntarget: {lite}\ntables:\n"
        for tables, word in [("  - name: events\n  - name: events_2025\n    part_of: events\n", "its partition \"events_2025\" too"),
                             ("  - name: events\n    partitions: some\n", "must be same, one or parts"),
                             ("  - name: events_2025\n", "the source has no table \"events_2025\"")]:
            path.write_text(head + tables)
            self.assertIn(word, self.run_vecferry("copy", "-f", path, code=2).stderr)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("CREATE TABLE plain (id int PRIMARY KEY)")
        path.write_text(head + "  - name: plain\n    partitions: parts\n")
        self.assertIn("isn't partitioned", self.run_vecferry("copy", "-f", path, code=2).stderr)
        path.write_text(head + "  - name: events\n    partitions: same\n")
        self.assertIn("can't be partitioned the same way", self.run_vecferry("copy", "-f", path, code=2).stderr)

    def test_what_cannot_be_said_again(self):
        """An expression as the key: one table, with the reason; never the source's text."""
        source = self.postgres("CREATE TABLE t (id int, name text) PARTITION BY LIST (lower(name)); CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a'); CREATE TABLE t_rest PARTITION OF t DEFAULT;"
                               "INSERT INTO t VALUES (1, 'A'), (2, 'b')")
        target = self.postgres()
        result = self.copy(source, target)
        self.assertEqual(self.not_moved(result)["partitioning", "t"], "it is partitioned by an expression")
        self.assertEqual(rows_of(source, "t"), rows_of(target, "t"))

    def test_indexes_and_checks_of_one_partition(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t (CONSTRAINT small CHECK (n < 10)) FOR VALUES FROM (0) TO (10);"
                               "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20); CREATE INDEX t_n ON t (n); CREATE INDEX own ON t_1 (n, id); INSERT INTO t VALUES (1, 1), (11, 1)")
        result = self.copy(source, self.postgres())
        named = self.not_moved(result)
        self.assertIn("one of its partitions", named["index of a partition", "own"])
        self.assertIn("one of its partitions", named["check of a partition", "small"])
        self.assertNotIn(("index of a partition", "t_1_n_idx"), named)

    def test_a_foreign_partition(self):
        source = self.postgres("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id);"
                               "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE FOREIGN TABLE t_far PARTITION OF t FOR VALUES FROM (10) TO (20) SERVER s; INSERT INTO t_1 VALUES (1), (2)")
        lite = self.sqlite("t.db")
        path, result = self.plan(source, lite)
        block = next(p for p in result["problems"] if p["severity"] == "block")
        self.assertIn('partition "t_far" is a foreign table', block["what"])
        self.assertEqual(block["say"], "partitions: parts")
        self.run_vecferry("copy", "-f", path, code=10)
        path.write_text(path.read_text().replace("partitions: one", "partitions: parts"))
        result = self.copy("-f", path)
        self.assertEqual([(table["name"], table["rows"]) for table in result["tables"]], [("public.t_1", 2)])
        self.assertIn("another database", self.not_moved(result)["foreign table", "t_far"])

    def test_killed_while_the_tables_are_made(self):
        """A table that is there without all of its partitions: the next process makes them."""
        source, target = self.postgres(EVENTS), self.postgres()
        killed = subprocess.run([VECFERRY, "copy", source, target], env=dict(os.environ, VECFERRY_FAILPOINT="load_write:1:kill"), capture_output=True)
        self.assertEqual(killed.returncode, -9)
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute("DROP TABLE events_2025, hashed_0")
        for _ in range(100):  # the server may not have noticed yet that its client is dead
            resumed = self.run_vecferry("copy", "--resume", source, target, code=None)
            if resumed.code != 8:
                break
            time.sleep(0.1)
        self.assertEqual(resumed.code, 0, resumed)
        self.assertEqual(ask(source, SHAPE), ask(target, SHAPE))
        self.assertEqual(rows_of(source, "events"), rows_of(target, "events"))


class Inheritance(Case):
    CITIES = """
        CREATE TABLE cities (id int PRIMARY KEY, name text NOT NULL, people int CHECK (people >= 0));
        CREATE TABLE capitals (country text NOT NULL) INHERITS (cities); CREATE TABLE old (since int) INHERITS (cities);
        CREATE TABLE both_kinds () INHERITS (capitals, old);
        CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY); CREATE TABLE said (id int PRIMARY KEY, a int CONSTRAINT "a's there" NOT NULL, b int NOT NULL);
        INSERT INTO cities VALUES (1, 'Ulm', 10), (2, 'Bonn', 20); INSERT INTO capitals VALUES (3, 'Rome', 30, 'it'); INSERT INTO old VALUES (4, 'Trier', 40, -16); INSERT INTO both_kinds VALUES (5, 'Athens', 50, 'gr', -500);
        INSERT INTO scratch VALUES (1);
    """

    NAMES = "SELECT conname FROM pg_constraint WHERE contype = 'n' AND conrelid = 'said'::regclass ORDER BY 1"  # none before PostgreSQL 18

    def test_into_postgres(self):
        """Each table its own rows, once, and the parent sees them all again."""
        source, target = self.postgres(self.CITIES), self.postgres()
        result = self.copy(source, target)
        self.assertEqual(result["not_moved"], [])
        self.assertEqual(ask(source, SHAPE), ask(target, SHAPE))
        self.assertEqual(ask(source, self.NAMES), ask(target, self.NAMES))
        for name in ("cities", "capitals", "old", "both_kinds"):
            self.assertEqual(rows_of(source, name, only=True), rows_of(target, name, only=True), name)
            self.assertEqual(rows_of(source, name), rows_of(target, name), name)
        self.assertEqual({table["name"]: table["rows"] for table in result["tables"]},
                         {"public.cities": 2, "public.capitals": 1, "public.old": 1, "public.both_kinds": 1, "public.scratch": 1, "public.said": 0})
        self.assertEqual(ask(target, "SELECT relpersistence::text FROM pg_class WHERE relname IN ('scratch', 'cities') ORDER BY relname"), [("p",), ("u",)])
        self.assertEqual(self.run_vecferry("verify", source, target).code, 0)
        self.copy("--drop-existing", "--yes", source, target)
        self.assertEqual(ask(source, SHAPE), ask(target, SHAPE))
        self.assertEqual(rows_of(source, "cities"), rows_of(target, "cities"))

    def test_elsewhere(self):
        """The tables know nothing of each other there, and inherit again at home; a view that would show the heirs' rows, too, isn't made."""
        source = self.postgres(self.CITIES + "CREATE SCHEMA far; CREATE TABLE far.towns (far int) INHERITS (cities); INSERT INTO far.towns VALUES (6, 'Oslo', 60, 9); CREATE TABLE far.villages () INHERITS (far.towns)")
        heirs = "SELECT inhrelid::regclass::text, inhparent::regclass::text, inhseqno FROM pg_inherits WHERE inhparent::regclass::text !~ '_pkey' ORDER BY 1, 3"
        for middle in (self.sqlite("t.db"), f"duckdb:{self.folder / 't.duckdb'}"):
            with self.subTest(middle):
                back = self.postgres()
                result = self.copy(source, middle)
                named = {(item["kind"], item["name"], item["on"]) for item in result["not_moved"]}
                self.assertEqual(named, {("inheritance", "capitals", "cities"), ("inheritance", "old", "cities"), ("inheritance", "both_kinds", "capitals"), ("inheritance", "both_kinds", "old"),
                                         ("inheritance", "towns", "cities"), ("inheritance", "villages", "towns"), ("unlogged table", "scratch", "scratch")}
                                 | {("constraint names", "said", "said") for _ in ask(source, self.NAMES)})
                if middle.endswith(".db"):
                    with sqlite3.connect(middle) as connection:
                        self.assertEqual([connection.execute(f"SELECT group_concat(id) FROM {name}").fetchone()[0] for name in ("cities", "capitals", "old", "both_kinds")], ["1,2", "3", "4", "5"])
                        connection.executescript("CREATE VIEW seen AS SELECT id FROM cities; CREATE VIEW made AS SELECT id FROM both_kinds;")
                    connection.close()
                again = self.copy(middle, back)
                self.assertEqual({(item["kind"], item["name"]) for item in again["not_moved"]}, {("view", "seen")} if middle.endswith(".db") else set())
                self.assertEqual(ask(back, heirs), ask(source, heirs))
                self.assertEqual(ask(back, self.NAMES), ask(source, self.NAMES))
                for name in ("cities", "capitals", "old", "both_kinds", "far.towns"):
                    self.assertEqual(rows_of(source, name), rows_of(back, name), name)
        # A parent that stays behind is named; a table that was given another name is one all the same.
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, self.folder / "t.db", self.postgres())
        path.write_text(path.read_text().replace("  - name: capitals\n", "  - name: capitals\n    rename: chief\n"))
        self.copy("-f", path)

    def test_without_the_parent(self):
        source, target = self.postgres(self.CITIES), self.postgres()
        result = self.copy("--exclude", "cities", source, target)
        why = {item["name"]: item["why"] for item in result["not_moved"] if item["kind"] == "inheritance"}
        self.assertEqual(why, {"capitals": "the table that it inherits from isn't moved", "old": "the table that it inherits from isn't moved"})
        self.assertEqual(rows_of(source, "capitals"), rows_of(target, "capitals"))


if __name__ == "__main__":
    import unittest

    unittest.main()
