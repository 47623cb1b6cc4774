"""What the tests of DuckDB share: files made and read by DuckDB's own Python package."""

import os
import pathlib
import sqlite3
import struct
import subprocess
import sys

import duckdb

from e2e import Case

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY_DIR = pathlib.Path(os.environ.get("VECFERRY_LIBRARY_DIR", HERE.parent.parent / "build" / "deps" / "lib"))
VSS = LIBRARY_DIR / "duckdb-extensions" / "vss.duckdb_extension"
PERSIST = f"LOAD '{VSS}'; SET hnsw_enable_experimental_persistence = true;"
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v FLOAT[3]); INSERT INTO t SELECT i, [i, i + 1, 1]::FLOAT[3] FROM range(50) r(i);"


class DuckCase(Case):
    def duckdb(self, *scripts, name="source.duckdb"):
        """A DuckDB file after the scripts; its URL."""
        path = self.folder / name
        connection = duckdb.connect(str(path))
        for script in scripts:
            connection.execute(script)
        connection.close()
        return f"duckdb:{path}"

    def rows(self, url, sql):
        connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def target(self, name="target.duckdb"):
        return f"duckdb:{self.folder / name}"

    def rejects(self, url):
        connection = sqlite3.connect(url)
        found = connection.execute('SELECT "table_name", "key", "column_name", "reason" FROM vecferry_rejects ORDER BY "key"').fetchall()
        connection.close()
        return found


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
