"""Of the schema: virtual columns, serial keys, comments, clocks, statistics, and indexes of other kinds, there and back."""

import datetime
import sqlite3

import duckdb
import psycopg

from e2e import Case


def named(result):
    return {(item["kind"], item["name"]): item["why"] for item in result["not_moved"]}


def ask(url, sql):
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


class Columns(Case):
    VIRTUAL = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, v INTEGER GENERATED ALWAYS AS (n + 1) VIRTUAL, s INTEGER GENERATED ALWAYS AS (n + 2) STORED, x INTEGER GENERATED ALWAYS AS (n + 3) VIRTUAL); CREATE INDEX t_x ON t (x); INSERT INTO t (id, n) VALUES (1, 5);"
    KINDS = "SELECT attname, attgenerated::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attgenerated <> '' ORDER BY attnum"

    def test_virtual_stays_virtual(self):
        """From PostgreSQL 18 on, unless an index is over it, which PostgreSQL doesn't have; and home again."""
        source, target, back = self.sqlite("s.db", self.VIRTUAL), self.postgres(), self.sqlite("b.db")
        self.copy(source, target)
        is_18 = ask(target, "SHOW server_version_num")[0][0] >= "180000"
        self.assertEqual(ask(target, self.KINDS), [("v", "v" if is_18 else "s"), ("s", "s"), ("x", "s")])
        self.assertEqual(ask(target, "SELECT n, v, s, x FROM t"), [(5, 6, 7, 8)])
        again = self.postgres()
        self.copy(target, again)
        self.assertEqual(ask(again, self.KINDS), ask(target, self.KINDS))
        self.copy(target, back)
        with sqlite3.connect(back) as connection:
            hidden = dict(connection.execute("SELECT name, hidden FROM pragma_table_xinfo('t')").fetchall())
        connection.close()
        self.assertEqual({name: hidden[name] for name in "vs"}, {"v": 2, "s": 3})

    def test_a_serial_key_counts_on(self):
        """The default isn't lost where the key itself counts on, and is named where it does not."""
        source, target = self.postgres("CREATE TABLE t (id serial PRIMARY KEY, other serial NOT NULL); INSERT INTO t DEFAULT VALUES; SELECT setval('t_id_seq', 41)"), self.sqlite("t.db")
        self.assertEqual([key for key in named(self.copy(source, target)) if key[0] == "default"], [("default", "other")])
        with sqlite3.connect(target) as connection:
            connection.execute("INSERT INTO t (other) VALUES (0)")
            self.assertEqual(connection.execute("SELECT max(id) FROM t").fetchone(), (42,))
        connection.close()

    def test_comments(self):
        source, lite, back = self.postgres("CREATE TABLE t (id int PRIMARY KEY, n int); COMMENT ON TABLE t IS 'of t'; COMMENT ON COLUMN t.n IS 'of n'"), self.sqlite("t.db"), self.postgres()
        self.copy(source, lite)
        self.copy(lite, back)
        self.assertEqual(ask(back, "SELECT obj_description('t'::regclass), col_description('t'::regclass, 2)"), [("of t", "of n")])


class Clocks(Case):
    """SQLite's CURRENT_TIMESTAMP is that of UTC; now() in a column without a zone is what the session's clock shows, elsewhere."""

    SQL = ("CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME DEFAULT CURRENT_TIMESTAMP, d DATE DEFAULT CURRENT_DATE, h TIME DEFAULT (time('now')), s VARCHAR(40) DEFAULT CURRENT_TIMESTAMP);"
           "INSERT INTO t (id, s) VALUES (1, 'no time');")

    def assert_utc(self, row):
        """All four within an hour of now: the zone of the session is 14 hours away."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        at, day, hour, text = (datetime.datetime.fromisoformat(str(row[0])), datetime.date.fromisoformat(str(row[1])), datetime.time.fromisoformat(str(row[2])), datetime.datetime.strptime(row[3], "%Y-%m-%d %H:%M:%S"))
        for moment in (at, text, datetime.datetime.combine(day, hour)):
            self.assertLess(abs(now - moment), datetime.timedelta(hours=1), row)

    def test_utc_stays_utc(self):
        source, server, duck, back = self.sqlite("s.db", self.SQL), self.postgres(vector=False), "duckdb:" + str(self.folder / "d.duckdb"), str(self.folder / "b.db")
        for target in (server, duck):
            self.assertEqual(self.copy(source, target)["not_moved"], [])
        with psycopg.connect(server, options="-c timezone=Pacific/Kiritimati") as connection:
            connection.execute("INSERT INTO t (id) VALUES (2)")
            self.assert_utc(connection.execute('SELECT "at", d, h, s FROM t WHERE id = 2').fetchone())
        connection = duckdb.connect(duck.removeprefix("duckdb:"))
        connection.execute("SET TimeZone = 'Pacific/Kiritimati'; INSERT INTO t (id) VALUES (2)")
        self.assert_utc(connection.execute('SELECT "at", d, h, s FROM t WHERE id = 2').fetchone())
        connection.close()
        again = self.postgres(vector=False)  # PostgreSQL and DuckDB know each other's word for it
        for first, second in ((duck, again), (again, str(self.folder / "far.db")), (server, back)):
            self.assertEqual(self.copy(first, second)["not_moved"], [])
        with psycopg.connect(again, options="-c timezone=Pacific/Kiritimati") as connection:
            connection.execute("INSERT INTO t (id) VALUES (3)")
            self.assert_utc(connection.execute('SELECT "at", d, h, s FROM t WHERE id = 3').fetchone())
        with sqlite3.connect(source) as ours, sqlite3.connect(back) as theirs:
            asked = "SELECT name, dflt_value FROM pragma_table_info('t')"
            self.assertEqual(ours.execute(asked).fetchall(), theirs.execute(asked).fetchall())
        ours.close(), theirs.close()

    def test_another_writing_is_named(self):
        """A text takes the usual writing; the one that strftime() was told is another."""
        source = self.sqlite("s.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, usual TEXT DEFAULT CURRENT_TIMESTAMP, odd TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))); INSERT INTO t VALUES (1, 'x', 'y');")
        for target in (self.postgres(vector=False), "duckdb:" + str(self.folder / "d.duckdb")):
            problems = self.run_vecferry("plan", "--json", "-o", str(self.folder / "ferry.yaml"), source, target).json()["problems"]
            self.assertEqual([problem["object"] for problem in problems if "2024-01-31 12:00:00" in problem["what"]], ["t.odd"])

    def test_another_clock_is_named(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, at timestamp DEFAULT now(), d date DEFAULT CURRENT_DATE, z timestamptz DEFAULT now(), u timestamp DEFAULT (now() AT TIME ZONE 'utc'))", vector=False)
        summary = self.copy(source, self.sqlite("t.db"))
        self.assertEqual([problem["object"] for problem in summary["problems"] if "UTC" in problem["what"]], ["public.t.at", "public.t.d"])
        self.assertEqual(summary["not_moved"], [])


class Statistics(Case):
    def test_a_move_without_them_is_right(self):
        """The last step of a table is ANALYZE; the one before it is an index, which isn't done without."""
        source = self.sqlite("s.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); CREATE INDEX t_n ON t (n); INSERT INTO t VALUES (1, 2);")
        traced = self.run_vecferry("copy", "-v", "-v", source, str(self.folder / "whole.db"), environment={"VF_TRACE": "engine"})
        n = traced.stderr.count(": apply ")
        result = self.run_vecferry("copy", source, str(self.folder / "t.db"), environment={"VECFERRY_FAILPOINT": f"target.apply:{n}:error"})
        self.assertIn('warning: table "t" has no statistics, searches in it may be slow', result.stderr)
        self.run_vecferry("copy", source, str(self.folder / "u.db"), environment={"VECFERRY_FAILPOINT": f"target.apply:{n - 1}:error"}, code=7)


class Indexes(Case):
    SQL = """
        CREATE TABLE t (id int PRIMARY KEY, n int, body text, tags text[], span int4range);
        CREATE INDEX t_hash ON t USING hash (n); CREATE INDEX t_gin ON t USING gin (tags); CREATE INDEX t_gist ON t USING gist (span); CREATE INDEX t_brin ON t USING brin (id);
        CREATE INDEX t_cover ON t (n) INCLUDE (body); CREATE INDEX t_order ON t (n DESC NULLS LAST, body ASC NULLS FIRST);
        CREATE UNIQUE INDEX t_distinct ON t (body) NULLS NOT DISTINCT;
        INSERT INTO t VALUES (1, 1, 'a', '{x}', '[1,2]');
    """
    ALL = "SELECT replace(indexdef, 'public.', '') FROM pg_indexes WHERE tablename = 't' ORDER BY 1"

    def test_there_and_back(self):
        """Into SQLite hash becomes a B-tree; what has no like is named, remembered, and made again at home."""
        source, lite, back = self.postgres(self.SQL), self.sqlite("t.db"), self.postgres()
        why = named(self.copy(source, lite))
        self.assertEqual({name.split(".")[-1] for kind, name in why if kind == "index"}, {"t_gin", "t_gist", "t_brin", "t_distinct"})
        self.assertIn("NULLs for distinct", why["index", "t_distinct"])
        with sqlite3.connect(lite) as connection:
            indexes = {row[0]: row[1] for row in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 't'")}
        connection.close()
        self.assertEqual(set(indexes), {"t_hash", "t_cover", "t_order"})
        self.assertIn("DESC", indexes["t_order"])
        self.copy(lite, back)
        self.assertEqual(ask(source, self.ALL), ask(back, self.ALL))

    def test_between_servers(self):
        source, target = self.postgres(self.SQL), self.postgres()
        self.assertEqual(self.copy(source, target)["not_moved"], [])
        self.assertEqual(ask(source, self.ALL), ask(target, self.ALL))


if __name__ == "__main__":
    import unittest

    unittest.main()
