"""What DuckDB's extension for HNSW indexes does to files that aren't opened with it, or are changed after the index was built (each was measured), and what vecferry does about it."""

import os
import pathlib
import signal
import sqlite3
import struct
import subprocess
import sys

import duckdb

from test_duckdb import LIBRARY_DIR, DuckCase

VSS = LIBRARY_DIR / "duckdb-extensions" / "vss.duckdb_extension"
PERSIST = f"LOAD '{VSS}'; SET hnsw_enable_experimental_persistence = true;"
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v FLOAT[3]); INSERT INTO t SELECT i, [i, i + 1, 1]::FLOAT[3] FROM range(50) r(i);"


class HnswCase(DuckCase):
    def setUp(self):
        super().setUp()
        self.bare = self.folder / "library"
        self.bare.mkdir()
        (self.bare / "libduckdb.so").symlink_to(LIBRARY_DIR / "libduckdb.so")

    def hnsw(self, options="metric = 'cosine'", name="source.duckdb"):
        return self.duckdb(PERSIST + TABLE + f"CREATE INDEX by_v ON t USING HNSW (v) WITH ({options}); CHECKPOINT", name=name)

    def with_log(self, *scripts, name="source.duckdb"):
        """The file of a program that was killed: what it did last is in the write-ahead log alone."""
        path = self.folder / name
        script = f"import duckdb, os\nc = duckdb.connect({str(path)!r})\n" + "".join(f"c.execute({text!r})\n" for text in scripts) + "os._exit(0)"
        subprocess.run([sys.executable, "-c", script], check=True)
        self.assertGreater(pathlib.Path(f"{path}.wal").stat().st_size, 0)
        return f"duckdb:{path}"

    def files(self, url):
        path = pathlib.Path(url.removeprefix("duckdb:"))
        return {file.name: file.read_bytes() for file in (path, pathlib.Path(f"{path}.wal")) if file.exists()}

    def vectors(self, n=100, name="rows.db"):
        path = self.sqlite(name, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)")
        connection = sqlite3.connect(path)
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((i, struct.pack("<3f", i, i % 7, 3)) for i in range(1, n + 1)))
        connection.commit()
        connection.close()
        return path


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
        text = plan.read_text()
        self.assertIn("indexes: []", text)
        self.copy("-f", plan, *bare)
        connection = sqlite3.connect(target)
        self.assertEqual(connection.execute("SELECT count(*) FROM t").fetchone(), (50,))
        connection.close()


class TheExtensionsFolder(HnswCase):
    def test_a_folder_of_its_own(self):
        """Flat, or as DuckDB itself lays it out."""
        source, flat, own = self.hnsw(), self.folder / "flat", self.folder / "own"
        version = duckdb.connect().execute("SELECT library_version, (SELECT platform FROM pragma_platform()) FROM pragma_version()").fetchone()
        for folder in (flat, own / version[0] / version[1]):
            folder.mkdir(parents=True)
            (folder / VSS.name).symlink_to(VSS)
        for folder in (flat, own):
            for arguments, environment in ((("--duckdb-extensions", folder), {}), ((), {"VECFERRY_DUCKDB_EXTENSIONS": str(folder)})):
                self.assertIn("HNSW by_v (v) cosine", self.run_vecferry("inspect", source, "--library-dir", self.bare, *arguments, environment=environment).stdout)

    def test_a_file_that_isnt_the_signed_one(self):
        folder = self.folder / "damaged"
        folder.mkdir()
        data = bytearray(VSS.read_bytes())
        data[5000] ^= 1
        (folder / VSS.name).write_bytes(data)
        result = self.run_vecferry("copy", self.vectors(), self.hnsw(name="target.duckdb"), "--duckdb-extensions", folder, code=10)
        self.assertIn("DuckDB's extension vss can't be loaded from", result.stderr)
        self.assertIn("it must be the signed file of the library's own version", result.stderr)


class Places(HnswCase):
    """Where a vector index of a DuckDB target lies: beside it, in it, or in the memory of whoever opens it."""

    N = 1100

    def source(self, *metrics):
        """A table for each metric."""
        url = self.postgres()
        connection = self.connect(url)
        for metric in metrics or ("cosine",):
            connection.execute(f"CREATE TABLE {metric} (id bigint PRIMARY KEY, title text, v vector(8))")
            connection.execute(f"INSERT INTO {metric} SELECT i, 'title ' || i, array[sin(i), cos(i), sin(i * 3.7), cos(i * 1.3), sin(i * 0.11), cos(i * 0.07), sin(i * 7.1), 1]::real[]::vector"
                               f" FROM generate_series(1, {self.N}) i")
            connection.execute(f"CREATE INDEX {metric}_v ON {metric} USING hnsw (v vector_{metric}_ops) WITH (m = 12, ef_construction = 100)")
        return url

    def plan(self, source, target, *changes):
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", source, target, "-o", plan)
        text = plan.read_text()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        plan.write_text(text)
        return plan

    def index_of(self, summary):
        return summary["tables"][0]["indexes"][0]

    def open(self, target, *more):
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{target.removeprefix('duckdb:')}' AS f (READ_ONLY); USE f.main;")
        return connection

    def test_a_sidecar_is_the_choice(self):
        source, target = self.source(), self.target()
        index = self.index_of(self.copy(source, target))
        self.assertEqual((index["file"], index["state"], index["equal"]), ("target.cosine.v.usearch", "fresh", True))
        self.assertGreater(index["recall"], 0.95)
        self.assertEqual(self.rows(target, "SELECT index_name FROM duckdb_indexes()"), [])
        self.run_vecferry("verify", source, target)

    def test_in_the_file(self):
        """With the risks in the plan; built last, with the parameters that were said, and searched by."""
        metrics = (("cosine", "cosine", "array_cosine_distance"), ("l2", "l2sq", "array_distance"), ("ip", "ip", "array_negative_inner_product"))
        source, target = self.source("cosine", "l2", "ip"), self.target()
        plan = self.plan(source, target, ("to: sidecar, ", "to: database, "), ("ef_construction: 100", "ef_construction: 100, ef_search: 90"))
        shown = self.run_vecferry("copy", "-f", plan, "--dry-run")
        for risk in ("experimental persistence", "finds too few", "only DROP INDEX and CREATE INDEX mend it", "a DuckDB without vss can't write to the table"):
            self.assertIn(risk, shown.stdout + shown.stderr)
        summary = self.copy("-f", plan)
        for table in summary["tables"]:
            index = table["indexes"][0]
            self.assertEqual((index["state"], index.get("file"), index["ef_search"], index["k"]), ("built", None, 90, 10))
            self.assertGreater(index["recall"], 0.95)
        connection = self.open(target)
        found = connection.execute("SELECT index_name, metric, count, levels_stats[1].max_edges // levels_stats[1].nodes FROM pragma_hnsw_index_info()").fetchall()
        self.assertEqual(sorted(found), sorted((f"{metric}_v", native, self.N, 12) for metric, native, _ in metrics))
        for metric, _, function in metrics:
            explained = connection.execute(f"EXPLAIN SELECT id FROM {metric} ORDER BY {function}(v, [1, 2, 3, 4, 5, 6, 7, 8]::FLOAT[8]) LIMIT 3").fetchall()
            self.assertIn("HNSW_INDEX_SCAN", explained[0][1])
        connection.close()

    def test_of_a_session(self):
        """Nothing of it is in the file, which no extension is needed for; the script builds it, and its table is searched by it."""
        source, target = self.source(), self.target()
        plan = self.plan(source, target, ("to: sidecar, file: target.cosine.v.usearch", "to: session"))
        index = self.index_of(self.copy("-f", plan))
        self.assertEqual((index["file"], index["state"]), ("target.cosine.v.hnsw.sql", "fresh"))
        self.assertGreater(index["recall"], 0.95)
        script = self.folder / "target.cosine.v.hnsw.sql"
        self.assertEqual(script.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.rows(target, "SELECT index_name FROM duckdb_indexes()"), [])
        connection = duckdb.connect(target.removeprefix("duckdb:"), read_only=True)
        connection.execute(script.read_text().replace("LOAD vss", f"LOAD '{VSS}'"))
        question = "FROM temp.main.cosine_v ORDER BY array_cosine_distance(v, [1, 2, 3, 4, 5, 6, 7, 8]::FLOAT[8]) LIMIT 5"
        self.assertIn("HNSW_INDEX_SCAN", connection.execute(f"EXPLAIN SELECT id {question}").fetchall()[0][1])
        exact = connection.execute("SELECT id FROM cosine ORDER BY array_cosine_distance(v, [1, 2, 3, 4, 5, 6, 7, 8]::FLOAT[8]) LIMIT 5").fetchall()
        self.assertEqual(connection.execute(f"SELECT id {question}").fetchall(), exact)
        self.assertEqual(connection.execute("SELECT metric, count, levels_stats[1].max_edges // levels_stats[1].nodes FROM pragma_hnsw_index_info()").fetchall(), [("cosine", self.N, 12)])
        connection.close()
        # Without the extension it is written too; what it finds can't be told then.
        bare = self.index_of(self.copy("-f", plan, "--drop-existing", "--yes", "--duckdb-extensions", self.folder))
        self.assertEqual((bare["state"], bare["equal"], bare.get("recall")), ("fresh", True, None))
        self.assertIn("DuckDB's extension vss isn't there", bare["why"])
        # Another text in its place is noticed, and isn't overwritten when it isn't vecferry's.
        script.write_text(script.read_text().replace("M = 12", "M = 13"))
        self.assertEqual(self.index_of(self.run_vecferry("verify", "--json", "-f", plan, code=3).json())["state"], "foreign")
        script.write_text("-- mine\n")
        self.assertIn("isn't a script of vecferry's", self.run_vecferry("copy", "-f", plan, "--drop-existing", "--yes", code=2).stderr)
        self.assertEqual(script.read_text(), "-- mine\n")
        script.unlink()
        self.assertEqual(self.index_of(self.run_vecferry("verify", "--json", "-f", plan, code=3).json())["state"], "missing")

    def test_without_the_extension(self):
        """Told before the first write, with the remedy."""
        source, target = self.source(), self.target()
        plan = self.plan(source, target, ("to: sidecar, file: target.cosine.v.usearch", "to: database"))
        result = self.run_vecferry("copy", "-f", plan, "--duckdb-extensions", self.folder, code=10)
        self.assertIn('index "cosine_v": DuckDB\'s extension vss isn\'t there', result.stderr)
        self.assertFalse((self.folder / "target.duckdb").exists())


class Changes(HnswCase):
    """Trap: after rows have changed, an HNSW index finds too few, and nothing but making it again mends it."""

    def source(self, n=600):
        path = self.folder / "rows.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((i, struct.pack("<4f", i % 25, i % 7, i / 100, 3)) for i in range(1, n + 1)))
        connection.execute("INSERT INTO t VALUES (?, NULL)", (n + 1,))
        connection.commit()
        connection.close()
        return str(path)

    def plan(self, source, target, *more):
        plan = self.folder / "ferry.yaml"
        index = "      - {name: by_v, kind: hnsw, to: database, metric: l2, add_on: v}\n"
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {target}\ntables:\n  - name: t\n    indexes:\n{index}" + "".join(more))
        return plan

    def indexed(self, target):
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{target.removeprefix('duckdb:')}' AS f (READ_ONLY)")
        found = connection.execute("SELECT index_name, count FROM pragma_hnsw_index_info()").fetchall()
        connection.close()
        return found

    def test_deleted_rows_show_in_its_recall(self):
        """The trap itself, as DuckDB has it, and verify that meets it."""
        source, target = self.source(), self.target()
        plan = self.plan(source, target, "verify: {level: search, min_recall: 0.9, queries: 40}\n")
        self.copy("-f", plan)
        connection = sqlite3.connect(source)
        connection.execute("DELETE FROM t WHERE id <= 400")
        connection.commit()
        connection.close()
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{target.removeprefix('duckdb:')}' AS f; SET hnsw_enable_experimental_persistence = true; USE f")
        connection.execute("DELETE FROM t WHERE id <= 400; CHECKPOINT f")
        connection.close()
        index = self.run_vecferry("verify", "--json", "-f", plan, code=3).json()["tables"][0]["indexes"][0]
        self.assertLess(index["recall"], 0.9)
        self.copy("-f", plan, "--drop-existing", "--yes")
        self.assertEqual(self.indexed(target), [("by_v", 200)])

    def test_it_is_dropped_before_rows_are_loaded(self):
        """A copy that was killed while the index was there goes on: the index isn't fed row by row, it is made over all rows at the end."""
        source, target = self.source(), self.target()
        plan = self.plan(source, target)
        self.run_vecferry("copy", "-f", plan, environment={"VECFERRY_FAILPOINT": "load_write:1:kill"}, code=None)
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute(PERSIST)
        connection.execute("CREATE INDEX by_v ON t USING HNSW (v) WITH (metric = 'cosine', M = 3)")
        connection.close()
        result = self.run_vecferry("copy", "--json", "--resume", "-f", plan).json()
        self.assertGreater(result["tables"][0]["indexes"][0]["recall"], 0.95)
        self.assertEqual(self.indexed(target), [("by_v", 600)])
        self.assertIn("HNSW by_v (v) l2", self.run_vecferry("inspect", target).stdout)

    def test_vectors_that_arent_finite(self):
        """DuckDB takes them into the index, whose searches they damage."""
        source, target, plan = self.source(), self.target(), self.folder / "ferry.yaml"
        connection = sqlite3.connect(source)
        connection.execute("INSERT INTO t VALUES (1000, ?)", (struct.pack("<4f", 1, float("nan"), 2, 3),))
        connection.commit()
        connection.close()
        result = self.run_vecferry("copy", "-f", self.plan(source, target), code=2)
        self.assertIn("1 vectors hold NaN or infinity, with which DuckDB's vss's index finds hardly any vector", result.stderr)
        # They came after the plan was made: the building looks again.
        plan = self.folder / "later.yaml"
        middle = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, v FLOAT[2]); INSERT INTO t VALUES (1, [1, 2]), (2, [3, 0])")
        self.run_vecferry("plan", "-f", self.plan(middle, target), "-o", plan)
        connection = duckdb.connect(middle.removeprefix("duckdb:"))
        connection.execute("INSERT INTO t VALUES (3, ['inf'::FLOAT, 0])")
        connection.close()
        result = self.run_vecferry("copy", "-f", plan, code=3)
        self.assertIn("1 vectors hold NaN or infinity", result.stdout + result.stderr)
        self.assertEqual(self.rows(target, "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM duckdb_indexes() WHERE index_name = 'by_v')"), [(3, 0)])

    def test_one_that_is_the_users_own_stops_the_copy(self):
        """It couldn't be made again as it was: the width of its building can't be read."""
        source, target = self.source(), self.target()
        self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "load_write:1:kill"}, code=-signal.SIGKILL)
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute(PERSIST + "CREATE INDEX mine ON t USING HNSW (v) WITH (ef_construction = 200)")
        connection.close()
        result = self.run_vecferry("copy", "--resume", source, target, code=9)
        self.assertIn('the table is there with an HNSW index "mine", which is wrong after its rows have changed', result.stderr)
        self.assertIn("--drop-existing", result.stderr)
        self.assertEqual(self.indexed(target), [("mine", 0)])
        self.copy("--drop-existing", "--yes", source, target)

    def test_the_metric_comes_along(self):
        """The catalogue's CREATE INDEX, and EXPORT DATABASE, have lost it: to PostgreSQL, to a usearch file, and to DuckDB again."""
        source = self.hnsw("metric = 'ip', M = 9")
        self.assertEqual(self.rows(source, "SELECT sql FROM duckdb_indexes()"), [("CREATE INDEX by_v ON t USING HNSW (v);",)])
        self.assertIn("HNSW by_v (v) ip m 9", self.run_vecferry("inspect", source).stdout)
        postgres, plan = self.postgres(), self.folder / "ferry.yaml"
        self.copy(source, postgres)
        connection = self.connect(postgres)
        self.assertEqual(connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'by_v'").fetchone()[0], "CREATE INDEX by_v ON public.t USING hnsw (v vector_ip_ops) WITH (m='9')")
        for target, place in (("there.db", "sidecar"), ("duckdb:there.duckdb", "database"), ("duckdb:again.duckdb", "sidecar")):
            plan.write_text(f"version: 1\nsource: {source}\ntarget: {target}\nindex_min_rows: 1\n")
            with open(plan, "a", encoding="utf-8") as file:
                file.write("tables:\n  - name: t\n    indexes:\n      - {name: by_v, kind: hnsw, to: %s}\n" % place)
            index = self.copy("-f", plan)["tables"][0]["indexes"][0]
            self.assertEqual(index["recall"], 1, target)
        self.assertIn('"metric": "ip"', (self.folder / "there.t.v.usearch.json").read_text())
        self.assertIn('"m": 9', (self.folder / "there.t.v.usearch.json").read_text())
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{self.folder}/there.duckdb' AS f (READ_ONLY)")
        self.assertEqual(connection.execute("SELECT metric, levels_stats[1].max_edges // levels_stats[1].nodes FROM pragma_hnsw_index_info()").fetchall(), [("ip", 9)])
        connection.close()


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
