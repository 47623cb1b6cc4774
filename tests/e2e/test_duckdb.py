"""DuckDB as source and target: there and back is the identity, and what DuckDB really does to values, files and indexes is met by a reject, a refusal or a name, never by silence.

The files are read and made by DuckDB's own Python package, which shares no code with vecferry but the library below it.
"""

import os
import pathlib
import re
import signal
import sqlite3
import struct
import subprocess
import sys

import duckdb

from duckdb_case import HERE, LIBRARY_DIR, DuckCase
from e2e import VECFERRY, alltypes
from test_identity import fill_sqlite


class ThereAndBack(DuckCase):
    def test_postgres(self):
        """What DuckDB's own types can't hold goes where the plan says: a NaN of numeric(12,2), and a year after 294247, as text."""
        source, middle, back = self.postgres(alltypes()), self.target(), self.postgres()
        plan = self.folder / "there.yaml"
        self.run_vecferry("plan", source, middle, "-o", plan)
        text = re.sub(r'(name: n_12_2, [^}]*to: )"DECIMAL\(12,2\)"', r"\1VARCHAR", plan.read_text())
        text = re.sub(r"(name: ts, +from: timestamp [^}]*to: )TIMESTAMP", r"\1VARCHAR, as: iso", text)
        text = re.sub(r"(name: tstz, [^}]*to: )TIMESTAMP WITH TIME ZONE", r"\1VARCHAR, as: iso", text)
        plan.write_text(text)
        there = self.copy("-f", plan)
        again = self.copy(middle, back)
        self.assertTrue(all(table["equal"] for table in there["tables"] + again["tables"]))
        self.assertEqual(there["rejected"] + again["rejected"], 0)
        self.assert_same_postgres(source, back)
        self.run_vecferry("verify", source, back)

    def test_sqlite(self):
        source, back, middle = str(self.folder / "source.db"), str(self.folder / "back.db"), self.target()
        fill_sqlite(source)
        self.copy(source, middle)
        self.copy(middle, back)
        self.assert_same_sqlite(source, back)

    def test_vectors_are_duckdbs_own_and_counting_goes_on(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY AUTOINCREMENT, v BLOB)")
        vectors = [struct.pack("<4f", i, -i / 3, 0.25, 0.1) for i in range(1, 200)]
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO docs (v) VALUES (?)", ((v,) for v in vectors))
        connection.execute("DELETE FROM docs WHERE id = 199")
        connection.commit()
        connection.close()
        target = self.target()
        self.copy(source, target)
        self.assertEqual(self.rows(target, "SELECT data_type FROM duckdb_columns() WHERE table_name = 'docs' ORDER BY column_index"), [("BIGINT",), ("FLOAT[4]",)])
        found = self.rows(target, "SELECT id, v FROM docs ORDER BY id")
        self.assertEqual([(i, struct.pack("<4f", *v)) for i, v in found], list(enumerate(vectors[:198], 1)))
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        self.assertEqual(connection.execute("INSERT INTO docs (v) VALUES (NULL) RETURNING id").fetchone(), (200,))
        connection.close()

    def test_readers_take_turns(self):
        """Each scan has memory of DuckDB's, however many workers there are: with little memory there is one at a time."""
        source, target = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR); INSERT INTO t SELECT i, repeat('x', 2000) FROM range(20000) r(i)"), self.postgres()
        result = self.run_vecferry("copy", "-v", "-v", "--jobs", "4", "--memory", "64M", source, target, environment={"VF_TRACE": "engine"})
        calls = re.findall(r"engine source \d+: scan_(open|close) t:", result.stderr)
        self.assertGreater(len(calls), 6)
        self.assertEqual(calls, ["open", "close"] * (len(calls) // 2))
        self.assertEqual(self.connect(target).execute("SELECT count(*), sum(id) FROM t").fetchone(), (20000, 20000 * 19999 // 2))

    def test_a_schema_of_its_own(self):
        source = self.duckdb("CREATE SCHEMA app; CREATE TABLE app.t (id INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO app.t VALUES (1, 'a'); CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (7)")
        middle = self.postgres()
        self.copy(source, middle)
        connection = self.connect(middle)
        self.assertEqual(connection.execute("SELECT (SELECT s FROM app.t), (SELECT id FROM public.t)").fetchone(), ("a", 7))


class Values(DuckCase):
    def test_null_element_of_a_vector_is_a_reject(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, v FLOAT[3]); INSERT INTO t VALUES (1, [1, 2, 3]), (2, [1, NULL, 3]), (3, NULL)")
        target = self.sqlite("target.db")
        self.run_vecferry("copy", source, target, code=3)
        self.assertEqual(self.rejects(target), [("main.t", '{"id": 2}', "v", "element 1 of the vector is NULL")])
        self.assertIn("1 vectors have NULL elements", self.run_vecferry("inspect", source).stdout)

    def test_parts_of_a_microsecond_are_a_reject(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, moment TIMESTAMP_NS); INSERT INTO t VALUES (1, '2024-01-01 00:00:00.123456'), (2, '2024-01-01 00:00:00.123456789')")
        target = self.sqlite("target.db")
        self.run_vecferry("copy", source, target, code=3)
        self.assertEqual([(key, column) for _, key, column, _ in self.rejects(target)], [('{"id": 2}', "moment")])

    def test_integers_without_sign_and_of_128_bits(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, a UTINYINT, b USMALLINT, c UINTEGER, d UBIGINT, e HUGEINT, f UHUGEINT, g BIGNUM, h DECIMAL(38, 3));"
                             "INSERT INTO t VALUES (1, 255, 65535, 4294967295, 18446744073709551615, -170141183460469231731687303715884105728, 340282366920938463463374607431768211455,"
                             " '123456789012345678901234567890123456789012345678901234567890'::BIGNUM, 12345678901234567890123456789012345.678), (2, 0, 0, 0, 0, 0, 0, 0, -0.001)")
        target = self.sqlite("target.db")
        self.copy(source, target)
        connection = sqlite3.connect(target)
        found = connection.execute("SELECT a, b, c, d, e, f, g, h FROM t ORDER BY id").fetchall()
        connection.close()
        self.assertEqual(found[0], (255, 65535, 4294967295, "18446744073709551615", "-170141183460469231731687303715884105728", "340282366920938463463374607431768211455",
                                    "123456789012345678901234567890123456789012345678901234567890", "12345678901234567890123456789012345.678"))
        self.assertEqual(found[1], (0, 0, 0, "0", "0", "0", "0", "-0.001"))

    def test_nested_values_are_json(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s STRUCT(a INTEGER, b VARCHAR), m MAP(VARCHAR, DOUBLE), u UNION(n INTEGER, t VARCHAR), l INTEGER[][], d DECIMAL(38, 2)[]);"
                             "INSERT INTO t VALUES (1, {'a': 1, 'b': 'x\"y'}, MAP {'k': 0.5::DOUBLE, 'n': 'nan'::DOUBLE}, 'word'::VARCHAR, [[1, NULL], []], [1.50, NULL])")
        target = self.sqlite("target.db")
        self.copy(source, target)
        connection = sqlite3.connect(target)
        found = connection.execute("SELECT s, m, u, l, d FROM t").fetchone()
        connection.close()
        self.assertEqual(found, ('{"a":1,"b":"x\\"y"}', '{"k":0.5,"n":"NaN"}', '{"t":"word"}', "[[1,null],[]]", "[1.50,null]"))

    def test_one_bit_of_a_vector_is_found(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, v BLOB)")
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO docs VALUES (?, ?)", ((i, struct.pack("<4f", i, -i, 0.5, 1)) for i in range(1, 3000)))
        connection.commit()
        connection.close()
        target = self.target()
        self.copy(source, target)
        flipped = struct.unpack("<4f", bytes([struct.pack("<f", 7)[0] ^ 1]) + struct.pack("<4f", 7, -7, 0.5, 1)[1:])
        connection = duckdb.connect(target.removeprefix("duckdb:"))
        connection.execute(f"UPDATE docs SET v = {list(flipped)!r}::FLOAT[4] WHERE id = 7")
        connection.close()
        result = self.run_vecferry("verify", "--json", source, target, code=3).json()
        self.assertEqual([(d["kind"], d["key"], d["column"]) for d in result["tables"][0]["differences"]], [("changed", '{"id": 7}', "v")])


class Files(DuckCase):
    def test_a_file_that_another_program_writes_to(self):
        source, target = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)"), self.duckdb("CREATE TABLE other (id INTEGER)", name="target.duckdb")
        holder = subprocess.Popen([sys.executable, "-c", f"import duckdb, sys; c = duckdb.connect({target.removeprefix('duckdb:')!r}); print('held', flush=True); sys.stdin.read()"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(holder.stdout.readline(), "held\n")
            for arguments in (("copy", source, target), ("inspect", target)):
                result = self.run_vecferry(*arguments, code=8)
                self.assertIn(f"is open in another program (process {holder.pid})", result.stderr)
                self.assertIn("hint: one program at a time may write to a DuckDB file", result.stderr)
        finally:
            holder.communicate("")
        self.run_vecferry("copy", source, target)

    def test_files_that_are_none(self):
        (self.folder / "foreign.duckdb").write_bytes(b"x" * 20000)
        (self.folder / "empty.duckdb").write_bytes(b"")
        whole = pathlib.Path(self.duckdb("CREATE TABLE t AS SELECT range AS id FROM range(100000)").removeprefix("duckdb:")).read_bytes()
        (self.folder / "header.duckdb").write_bytes(whole[:5000])
        (self.folder / "half.duckdb").write_bytes(whole[:len(whole) // 2])
        for name, words in (("foreign", "is not a DuckDB database"), ("empty", "is empty"), ("header", "is cut short"), ("half", "cut short"), ("nowhere", "no such file")):
            with self.subTest(name):
                result = self.run_vecferry("inspect", f"duckdb:{self.folder}/{name}.duckdb", code=4)
                self.assertIn(words, result.stderr)

    def test_a_storage_version_that_the_library_cant_read(self):
        """The header says 69, as DuckDB 2.0 writes it, with the checksum that belongs to it."""
        path = pathlib.Path(self.duckdb("CREATE TABLE t (id INTEGER)").removeprefix("duckdb:"))
        data = bytearray(path.read_bytes())
        data[12:20] = struct.pack("<Q", 69)
        checksum = 5381
        for (word,) in struct.iter_unpack("<Q", data[8:4096]):
            checksum ^= word * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        data[:8] = struct.pack("<Q", checksum)
        path.write_bytes(data)
        result = self.run_vecferry("inspect", f"duckdb:{path}", code=10)
        self.assertIn("has storage version 69 (v2.0)", result.stderr)
        self.assertIn("STORAGE_VERSION 'v1.0.0'", result.stderr)

    def test_a_plan_leaves_no_file(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.run_vecferry("plan", source, self.target(), "-o", "-")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["source.db"])

    def test_the_oldest_storage_version(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.copy(source, self.target())
        self.assertEqual((self.folder / "target.duckdb").read_bytes()[12:20], struct.pack("<Q", 64))
        self.assertIn("storage version 64 (v0.9 to v1.1)", self.run_vecferry("inspect", self.target()).stdout)

    def test_without_the_library(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER)")
        empty = self.folder / "empty"
        empty.mkdir()
        result = self.run_vecferry("inspect", source, "--library-dir", empty, code=10)
        self.assertIn("the library of DuckDB can't be opened", result.stderr)
        self.assertIn("--library-dir", result.stderr)


class Indexes(DuckCase):
    def extension(self, name):
        return LIBRARY_DIR / "duckdb-extensions" / f"{name}.duckdb_extension"

    def hnsw(self):
        return self.duckdb(f"LOAD '{self.extension('vss')}'; SET hnsw_enable_experimental_persistence = true; CREATE TABLE t (id INTEGER PRIMARY KEY, v FLOAT[3]);"
                           "INSERT INTO t SELECT i, [i, i + 1, 1]::FLOAT[3] FROM range(50) r(i); CREATE INDEX by_v ON t USING HNSW (v) WITH (metric = 'cosine'); CHECKPOINT")

    def bare_library(self):
        """A folder with the library and no extensions."""
        folder = self.folder / "library"
        folder.mkdir()
        (folder / "libduckdb.so").symlink_to(LIBRARY_DIR / "libduckdb.so")
        return folder

    def test_the_metric_of_an_hnsw_index(self):
        """The catalogue's own CREATE INDEX has lost it."""
        self.assertIn("HNSW by_v (v) cosine", self.run_vecferry("inspect", self.hnsw()).stdout)

    def test_full_text_tables_are_an_index_and_not_copied(self):
        source = self.duckdb(f"LOAD '{self.extension('fts')}'", "CREATE TABLE d (id INTEGER PRIMARY KEY, body VARCHAR); INSERT INTO d VALUES (1, 'a boat')", "PRAGMA create_fts_index('d', 'id', 'body')")
        target = self.sqlite("target.db")
        summary = self.copy(source, target)
        self.assertEqual([table["name"] for table in summary["tables"]], ["main.d"])
        self.assertEqual([index["name"] for table in summary["tables"] for index in table["indexes"]], ["d_fts"])


class Resume(DuckCase):
    def test_killed_and_resumed(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, v BLOB)")
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((i, f"title {i}", struct.pack("<16f", *[i + k / 3 for k in range(16)])) for i in range(1, 12000)))
        connection.commit()
        connection.close()
        wanted = self.copy("--memory", "8M", source, self.target("whole.duckdb"))["tables"][0]["digest"]
        for number, failpoint in enumerate(("begin:2:kill", "commit:2:kill", "commit:2:kill-after", "load_write:1:kill", "record_swap:1:kill-after", "apply:1:kill")):
            with self.subTest(failpoint):
                target = self.target(f"target{number}.duckdb")
                killed = self.run_vecferry("copy", "--memory", "8M", source, target, environment={"VECFERRY_FAILPOINT": failpoint}, code=None)
                self.assertEqual(killed.code, -signal.SIGKILL)
                result = self.run_vecferry("copy", "--json", "--memory", "8M", "--resume", source, target, code=None)
                if result.code == 9:
                    result = self.run_vecferry("copy", "--json", "--memory", "8M", "--drop-existing", "--yes", source, target)
                self.assertEqual(result.code, 0, str(result))
                self.assertEqual(result.json()["tables"][0]["digest"], wanted)

    def small_source(self):
        return self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT); CREATE INDEX docs_title ON docs (title);"
                           " WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 300) INSERT INTO docs SELECT i, 'title ' || i FROM i")

    def test_killed_while_the_file_is_made(self):
        """DuckDB makes a file in three writes, and can't open one that has some of them, or none."""
        source = self.small_source()
        for made in (None, 0o640):
            for number in (1, 2, 3):
                with self.subTest(made=made, number=number):
                    path = self.folder / f"target{number}{made}.duckdb"
                    if made:
                        path.touch()
                        path.chmod(made)
                    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", f"inject=pwrite64:signal=SIGKILL:when={number}", VECFERRY, "copy", source, f"duckdb:{path}"]
                    killed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
                    self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
                    self.assertEqual(path.stat().st_size if path.exists() else 0, 0)
                    self.copy(source, f"duckdb:{path}")
                    self.assertEqual(self.rows(f"duckdb:{path}", "SELECT count(*) FROM docs"), [(300,)])
                    self.assertEqual([each.name for each in self.folder.glob(path.name + "*")], [path.name])
                    if made:
                        self.assertEqual(path.stat().st_mode & 0o777, made)

    def test_a_log_with_an_index_in_it(self):
        """DuckDB replays it only for a writer: as a target the file is opened all the same, as a source it is refused with the reason."""
        source, target = self.small_source(), self.target()
        self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "target.end_bulk:1:kill"}, code=-signal.SIGKILL)
        self.assertIn(b"CREATE INDEX docs_title", (self.folder / "target.duckdb.wal").read_bytes())
        refused = self.run_vecferry("inspect", target, code=4)
        self.assertIn("its log has to be finished first", refused.stderr)
        self.assertIn("open it once to be written to", refused.stderr)
        self.copy("--resume", source, target)
        self.assertEqual(self.rows(target, "SELECT count(*) FROM docs"), [(300,)])
        self.assertEqual(sorted(path.name for path in self.folder.glob("target*")), ["target.duckdb"])
        self.run_vecferry("inspect", target)
