"""What DuckDB does to files that aren't opened with its extension for HNSW indexes, and to values, rows and formats (each was measured), and what vecferry does about it."""

import pathlib
import signal
import sqlite3
import struct
import subprocess
import sys

import duckdb

from duckdb_case import PERSIST, TABLE, VSS, HnswCase


class WithoutTheExtension(HnswCase):
    """Trap: DuckDB refuses the first row of such a table and never comes back from the second; replayed without vss, a log leaves rows out of the index."""

    def refused(self, url, *arguments):
        before = self.files(url)
        result = self.run_vecferry(*arguments, "--library-dir", self.bare, code=10, timeout=120)
        self.assertIn("has an HNSW index, and can't be written to without DuckDB's extension for it", result.stderr)
        self.assertIn("DuckDB's extension vss isn't there: no vss.duckdb_extension in", result.stderr)
        self.assertIn("--duckdb-extensions: nothing is downloaded", result.stderr)
        self.assertEqual(self.files(url), before)

    def test_it_is_not_written_to(self):
        target, rows = self.hnsw(name="target.duckdb"), self.vectors()
        self.refused(target, "copy", rows, target)
        self.refused(target, "copy", "--drop-existing", "--yes", rows, target)

    def test_nor_is_its_log_replayed(self):
        rows = self.vectors()
        for number, scripts in enumerate(((PERSIST + TABLE + "CREATE INDEX by_v ON t USING HNSW (v)", "CHECKPOINT", "INSERT INTO t VALUES (70001, [70001, 1, 1])"),
                                          (PERSIST + TABLE + "CREATE INDEX by_v ON t USING HNSW (v)", "INSERT INTO t VALUES (70001, [70001, 1, 1])"))):
            with self.subTest(number):
                target = self.with_log(*scripts, name=f"target{number}.duckdb")
                self.refused(target, "copy", rows, target)

    def test_nor_is_a_log_that_makes_the_index(self):
        """While somebody else reads, nothing of it gets into the file; with another index in it, such a log can't even be looked at."""
        path = self.folder / "target.duckdb"
        subprocess.run([sys.executable, "-c", f"import duckdb, os\nc = duckdb.connect({str(path)!r})\nc.execute({PERSIST + TABLE + 'CHECKPOINT'!r})\n"
                        "d = c.cursor(); d.execute('BEGIN'); d.execute('SELECT * FROM t').fetchall()\n"
                        "c.execute('CREATE INDEX a ON t (id)'); c.execute('CREATE INDEX by_v ON t USING hnsw (v)')\nos._exit(0)"], check=True)
        self.assertIn(b"hnsw", pathlib.Path(f"{path}.wal").read_bytes())
        target, rows = f"duckdb:{path}", self.vectors()
        self.refused(target, "copy", "--drop-existing", "--yes", rows, target)
        self.copy("--drop-existing", "--yes", rows, target)

    def test_a_log_is_replayed_with_it(self):
        """Whatever opened it without vss would have lost the row from the index for good."""
        target = self.with_log(PERSIST + TABLE + "CREATE INDEX by_v ON t USING HNSW (v)", "CHECKPOINT", "INSERT INTO t VALUES (70001, [70001, 1, 1])", name="target.duckdb")
        self.copy(self.sqlite("other.db", "CREATE TABLE other (id INTEGER PRIMARY KEY)"), target)
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{target.removeprefix('duckdb:')}' AS f (READ_ONLY)")
        self.assertEqual(connection.execute("SELECT count FROM pragma_hnsw_index_info()").fetchall(), [(51,)])
        self.assertEqual(connection.execute("SELECT id FROM f.t ORDER BY array_distance(v, [70001, 1, 1]::FLOAT[3]) LIMIT 1").fetchall(), [(70001,)])
        connection.close()

    def test_its_rows_are_read(self):
        """The rows don't need the extension; the distance of the index does, so the plan waits for a word about it."""
        source, target, plan = self.hnsw(), self.sqlite("target.db"), self.folder / "ferry.yaml"
        bare = ("--library-dir", self.bare)
        self.assertIn("HNSW by_v (v), distance unknown: DuckDB's extension vss isn't there", self.run_vecferry("inspect", *bare, source).stdout)
        result = self.run_vecferry("copy", *bare, source, target, code=10)
        self.assertIn("t.by_v: the distance that the index was built for can't be read: DuckDB's extension vss isn't there", result.stderr)
        self.assertIn("or say `metric` of the index in the plan, or take it out", result.stderr)
        self.run_vecferry("plan", *bare, source, target, "-o", plan)
        line = "      - {name: by_v, kind: hnsw, over: [v]}\n"
        self.assertIn(line, plan.read_text())
        self.assertIn("the distance that the index was built for can't be read", self.run_vecferry("copy", "-f", plan, *bare, code=10).stderr)
        plan.write_text(plan.read_text().replace("    indexes:\n" + line, "    indexes: []\n"))
        self.copy("-f", plan, *bare)
        connection = sqlite3.connect(target)
        self.assertEqual(connection.execute("SELECT count(*) FROM t").fetchone(), (50,))
        connection.close()


class Appender(HnswCase):
    """Trap: an appender tells of a constraint when it is flushed, loses all rows since the last flush with it, and takes more rows afterwards as if nothing had happened."""

    def test_a_rule_that_shows_at_the_flush(self):
        """A unique index on an expression, which no look at the rows before knows: somebody has made the table again with it. The row that breaks it is far from the first batch and from the last."""
        target, source = self.target(), self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, pad TEXT)")
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ((i, f"k{5 if i == 30000 else i}", "x" * 300) for i in range(60000)))
        connection.commit()
        connection.close()
        self.run_vecferry("copy", "--memory", "8M", source, target, environment={"VECFERRY_FAILPOINT": "load_write:1:kill"}, code=-signal.SIGKILL)
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute("DROP TABLE t; CREATE TABLE t (id BIGINT PRIMARY KEY, a VARCHAR, pad VARCHAR); CREATE UNIQUE INDEX t_lower ON t (lower(a))")
        connection.close()
        result = self.run_vecferry("copy", "--resume", "--memory", "8M", source, target, code=7)
        self.assertRegex(result.stderr, "table (main.)?t: .*uplicate key")
        # Whole chunks, one after the other, up to the one that failed; none of those behind it, and nothing of it.
        chunks = self.rows(target, "SELECT * FROM vecferry_chunks WHERE state = 'done'")
        ids = [row[0] for row in self.rows(target, "SELECT id FROM t ORDER BY id")]
        self.assertEqual(ids, list(range(len(ids))))
        self.assertTrue(chunks and 0 < len(ids) <= 30000, (len(chunks), len(ids)))
        # Without the rule it goes on where it was.
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute("DROP INDEX t_lower")
        connection.close()
        self.copy("--resume", "--memory", "8M", source, target)
        self.assertEqual(self.rows(target, "SELECT count(*), count(DISTINCT id) FROM t"), [(60000, 60000)])


class RowGroups(HnswCase):
    """A row group is in memory until it is written, and has 122,880 rows whatever their size: where rows are wide, they are fewer."""

    def groups(self, target, table):
        return [row[0] for row in self.rows(target, f"SELECT sum(count) FROM pragma_storage_info('{table}') WHERE column_id = 0 AND segment_type <> 'VALIDITY' GROUP BY row_group_id ORDER BY row_group_id")]

    def source(self, name, rows, dim):
        path = self.sqlite(f"{name}.db", f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, v BLOB)")
        connection = sqlite3.connect(path)
        connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", ((i, struct.pack("<I", i % 1000 + 0x3F000000) * dim) for i in range(rows)))
        connection.commit()
        connection.close()
        return path

    def test_of_wide_rows(self):
        source, target = self.source("wide", 9000, 512), self.target()
        self.copy("--memory", "32M", source, target)
        groups = self.groups(target, "wide")  # SQLite has a row of these on a page of 4 KiB, and a quarter of the memory takes 2048 of them
        self.assertEqual((max(groups), sum(groups)), (2048, 9000), groups)
        # Each of the two transactions ends in a smaller one, and no checkpoint has merged them: it would have written all rows anew.
        self.assertEqual(sum(n_rows < 2048 for n_rows in groups), 2, groups)
        # Nothing merges them when the run is done, and their rows are there for any DuckDB.
        self.run_vecferry("verify", source, target)
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute("INSERT INTO wide SELECT id + 9000, v FROM wide; CHECKPOINT")
        self.assertEqual(connection.execute("SELECT count(*), count(DISTINCT id), sum(id) FROM wide").fetchone(), (18000, 18000, 17999 * 9000))
        connection.close()

    def test_of_narrow_rows(self):
        source, target = self.source("narrow", 20000, 1), self.target()
        self.copy("--memory", "32M", source, target)
        self.assertEqual(self.groups(target, "narrow"), [20000])

    def test_into_a_file_that_has_larger_ones(self):
        """What is in the file stays as it is; with more memory its row groups are as large as DuckDB has them."""
        target = self.duckdb("CREATE TABLE mine AS SELECT range AS i FROM range(50000)", name="target.duckdb")
        source = self.source("wide", 9000, 512)
        self.copy("--memory", "32M", source, target)
        self.assertEqual(self.groups(target, "mine"), [50000])
        self.assertEqual(self.rows(target, "SELECT count(*), sum(i) FROM mine"), [(50000, 49999 * 25000)])
        self.copy("--memory", "2G", "--drop-existing", "--yes", source, target)
        self.assertEqual(self.groups(target, "wide"), [9000])
        self.run_vecferry("verify", source, target)


class StorageVersion(HnswCase):
    """FACTS: a file of a newer version can't be read by older DuckDBs."""

    def version(self, target):
        return struct.unpack("<Q", pathlib.Path(target.removeprefix("duckdb:")).read_bytes()[12:20])[0]

    def test_the_oldest_that_holds_the_data(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a')")
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", source, self.target(), "-o", plan)
        self.assertIn("storage: v1.0.0  # read by DuckDB v0.9 and later\n", plan.read_text())
        self.copy("-f", plan)
        self.assertEqual(self.version(self.target()), 64)
        wide = self.target("wide.duckdb")
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {wide}\ntables:\n  - name: t\n    columns:\n      - {{name: id}}\n      - {{name: s, to: VARIANT}}\n")
        self.run_vecferry("copy", "-f", plan, "--no-verify")
        self.assertEqual(self.version(wide), 68)
        self.assertEqual(self.rows(wide, "SELECT s FROM t"), [("a",)])

    def test_the_one_that_is_said(self):
        source, plan, target = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)"), self.folder / "ferry.yaml", self.target()
        head = f"version: 1\nsource: {source}\ntarget: {target}\n"
        plan.write_text(head + "storage: v1.2.0\ntables:\n  - name: t\n")
        self.copy("-f", plan)
        self.assertEqual(self.version(target), 65)
        self.assertIn("storage version 65 (v1.2)", self.run_vecferry("inspect", target).stdout)
        # A file that is there keeps its own, which is said.
        plan.write_text(head + "storage: v1.4.0\ntables:\n  - name: t\n")
        result = self.run_vecferry("copy", "-f", plan, "--drop-existing", "--yes", "--dry-run")
        self.assertIn("the file is there with storage version 65 (v1.2), and keeps it", result.stdout + result.stderr)
        self.copy("-f", plan, "--drop-existing", "--yes")
        self.assertEqual(self.version(target), 65)

    def test_one_that_cant_be(self):
        source, plan, target = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR)"), self.folder / "ferry.yaml", self.target()
        head = f"version: 1\nsource: {source}\ntarget: {target}\n"
        plan.write_text(head + "storage: v1.2.0\ntables:\n  - name: t\n    columns:\n      - {name: id}\n      - {name: s, to: VARIANT}\n")
        result = self.run_vecferry("copy", "-f", plan, code=2)
        self.assertIn("a column of type VARIANT needs storage version v1.5.0, and the file has v1.2", result.stderr)
        self.assertIn("leave `storage` out of the plan", result.stderr)
        plan.write_text(head + "storage: v2.0.0\ntables:\n  - name: t\n")
        self.assertIn('"v2.0.0" is no storage version of DuckDB', self.run_vecferry("copy", "-f", plan, code=2).stderr)
        plan.write_text(f"version: 1\nsource: {source}\ntarget: other.db\nstorage: v1.0.0\ntables:\n  - name: t\n")
        self.assertIn("the target has no storage version to choose", self.run_vecferry("copy", "-f", plan, code=2).stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["ferry.yaml", "library", "source.duckdb"])


class Tables(HnswCase):
    def test_text_that_isnt_utf8_is_a_reject(self):
        """DuckDB's own way to take a text makes it NULL without a word; U+0000 inside one is kept."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, CAST(x'61FF' AS TEXT)), (2, CAST(x'610062' AS TEXT)), (3, NULL), (4, 'é')")
        target = self.target()
        self.run_vecferry("copy", source, target, code=3)
        self.assertEqual(self.rows(target, "SELECT id, s, hex(s) FROM t ORDER BY id"), [(2, "a\0b", "610062"), (3, None, None), (4, "é", "C3A9")])
        self.assertEqual(self.rows(target, "SELECT key, column_name, hex(original) FROM vecferry_rejects"), [('{"id": 1}', "s", "61FF")])

    def test_zeros_keep_their_sign(self):
        """An UPDATE of DuckDB's takes 0.0 and -0.0 for the same, and so does a checkpoint when they are neighbours; rows are only appended here, and these aren't."""
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, x DOUBLE, v FLOAT[2])", "INSERT INTO t VALUES (1, '-0.0'::DOUBLE, ['-0.0'::FLOAT, 1])",
                             "INSERT INTO t VALUES (2, 7, [7, 1])", "INSERT INTO t VALUES (3, '0.0'::DOUBLE, [0, 1])")
        self.copy(source, self.target())
        for url in (source, self.target()):
            self.assertEqual(self.rows(url, "SELECT signbit(x), signbit(v[1]) FROM t ORDER BY id"), [(True, True), (False, False), (False, False)])

    def test_zeros_that_are_neighbours(self):
        """DuckDB may store them with one sign: found by reading what was stored."""
        source = self.postgres("CREATE TABLE t (id bigint PRIMARY KEY, x double precision); INSERT INTO t VALUES (1, '-0'), (2, '0')")
        result = self.run_vecferry("copy", "--json", source, self.target(), code=None)
        signs = self.rows(self.target(), "SELECT signbit(x) FROM t ORDER BY id")
        self.assertEqual(result.code, 0 if signs == [(True,), (False,)] else 3)
        self.assertEqual(result.json()["tables"][0]["equal"], signs == [(True,), (False,)])

    def test_a_column_named_rowid(self):
        """It hides the row number by which tables are cut: this one is read in one piece, also where rows are looked up by key, and where one has no key."""
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, RowId VARCHAR, s VARCHAR); INSERT INTO t SELECT i, 'r' || (i % 10), repeat('x', 2000) FROM range(3000) r(i);"
                             "CREATE TABLE bare (rowid DOUBLE, v FLOAT[2]); INSERT INTO bare VALUES (0.5, [1, 2]), (-7, [3, NULL]), (NULL, NULL)")
        target, back = self.sqlite("target.db"), self.target()
        result = self.run_vecferry("copy", "--json", "--memory", "8M", source, target, code=3).json()
        self.assertEqual({table["name"]: table["chunks"] for table in result["tables"] if "chunks" in table}.get("main.t", 1), 1)
        connection = sqlite3.connect(target)
        self.assertEqual(connection.execute("SELECT count(*), count(DISTINCT RowId), sum(length(s)) FROM t").fetchone(), (3000, 10, 6000000))
        self.assertEqual(connection.execute("SELECT rowid FROM bare WHERE v IS NOT NULL").fetchall(), [(0.5,)])
        connection.execute("UPDATE t SET s = 'changed' WHERE id = 7")
        connection.commit()
        connection.close()
        self.assertEqual([(table, key, column) for table, key, column, _ in self.rejects(target)], [("main.bare", '{"row": 2}', "v")])
        found = self.run_vecferry("verify", "--json", "--only", "t", source, target, code=3).json()["tables"][0]["differences"]
        self.assertEqual([(d["kind"], d["key"], d["column"]) for d in found], [("changed", '{"id": 7}', "s")])
        self.copy("--only", "t", source, back)
        self.assertEqual(self.rows(back, "SELECT count(*), max(RowId) FROM t"), [(3000, "r9")])

    def resume_into(self, source, table):
        """A copy that was killed goes on in a table that somebody has made again in the meantime."""
        target = self.target()
        self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "load_write:1:kill"}, code=-signal.SIGKILL)
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute(f"DROP TABLE t; CREATE TABLE t ({table})")
        connection.close()
        self.assertEqual(self.run_vecferry("copy", "--json", "--resume", source, target, code=3).json()["rejected"], 2)
        return target

    def test_a_check_of_the_target_is_a_reject(self):
        """DuckDB ends the transaction of such a row: it is asked before."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, price REAL, \"odd \"\"name\" TEXT);"
                             "INSERT INTO t VALUES (1, 5, 'a'), (2, -1, 'b'), (3, NULL, 'c'), (4, 7, 'b''x'), (5, 8, NULL), (6, 9, 'd')")
        target = self.resume_into(source, "id BIGINT PRIMARY KEY, price DOUBLE CHECK (price > 0), \"odd \"\"name\" VARCHAR UNIQUE, CHECK (\"odd \"\"name\" <> 'b''x' OR price > 100)")
        self.assertEqual(self.rows(target, "SELECT id FROM t ORDER BY id"), [(1,), (3,), (5,), (6,)])
        found = self.rows(target, "SELECT key, column_name, reason FROM vecferry_rejects ORDER BY key")
        self.assertEqual([(key, column) for key, column, _ in found], [('{"id": 2}', "price"), ('{"id": 4}', None)])
        for _, _, reason in found:
            self.assertRegex(reason, r"^CHECK .*price.* doesn't hold$")

    def test_a_refused_row_takes_no_key_from_others(self):
        source = self.sqlite("source.db", "CREATE TABLE t (a INTEGER, b INTEGER); INSERT INTO t VALUES (1, -1), (1, 2), (1, 3)")
        target = self.resume_into(source, "a BIGINT UNIQUE, b BIGINT CHECK (b > 0)")
        self.assertEqual(self.rows(target, "SELECT a, b FROM t"), [(1, 2)])
