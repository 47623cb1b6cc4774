"""Vector indexes of a DuckDB target: where they lie, and what happens to them when rows change; and the extension that makes them."""

import signal
import sqlite3
import struct

import duckdb

from duckdb_case import PERSIST, VSS, HnswCase
from e2e import since


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

    @since(vector=(0, 7, 0))
    def test_halves(self):
        """DuckDB's index is of float32 alone: vectors of halves get theirs in a sidecar, and asked for elsewhere the plan says why not."""
        source, target = self.postgres(f"CREATE TABLE h (id bigint PRIMARY KEY, v halfvec(8)); INSERT INTO h SELECT i, array[sin(i), cos(i), sin(i * 3.7), cos(i * 1.3), sin(i * 0.11), 1, 2, i]::real[]::halfvec"
                                       f" FROM generate_series(1, {self.N}) i; CREATE INDEX h_v ON h USING hnsw (v halfvec_cosine_ops)"), self.target()
        index = self.index_of(self.copy(source, target))
        self.assertEqual((index["file"], index["state"], index["equal"]), ("target.h.v.usearch", "fresh", True))
        for place in ("database", "session"):
            plan = self.plan(source, self.target(f"{place}.duckdb"), (f"to: sidecar, file: {place}.h.v.usearch", f"to: {place}"))
            result = self.run_vecferry("copy", "-f", plan, code=2)
            self.assertIn("h.h_v: the index can't be built where the plan wants it: DuckDB's vss has no such index for this distance of f16 vectors", result.stderr)
            self.assertIn("leave `to` out of the index to have the plan choose", result.stderr)
            self.assertFalse((self.folder / f"{place}.duckdb").exists())

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

    def test_one_that_isnt_searched_by_is_named(self):
        """Exact search would show a recall of 1 for an index that is gone."""
        source, target = self.source(), self.target()
        plan = self.plan(source, target)
        self.copy("-f", plan)
        connection = duckdb.connect()
        connection.execute(f"LOAD '{VSS}'; ATTACH '{target.removeprefix('duckdb:')}' AS f; USE f; DROP INDEX by_v")
        connection.close()
        index = self.run_vecferry("verify", "--json", "-f", plan).json()["tables"][0]["indexes"][0]
        self.assertEqual((index.get("recall"), index["why"]), (None, 'DuckDB doesn\'t search by index "by_v": EXPLAIN shows no HNSW_INDEX_SCAN'))

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
        for target, place in (("there.db", "sidecar"), ("duckdb:there.duckdb", "database")):
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
