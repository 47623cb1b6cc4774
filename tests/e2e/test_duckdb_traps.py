"""What DuckDB's extension for HNSW indexes does to files that aren't opened with it, or are changed after the index was built (each was measured), and what vecferry does about it."""

import os
import pathlib
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
