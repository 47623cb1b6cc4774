"""A disk that fails or is full under each kind of file: the exit code and the path are said, a run is never called done without its data, and it goes on when there is room again."""

import collections
import os
import pathlib
import re
import sqlite3
import subprocess

import duckdb
from e2e import VECFERRY, Case

ROWS = 400
TRACER = {"ASAN_OPTIONS": "detect_leaks=0"}  # the search for leaks is itself a tracer


class Disk(Case):
    def setUp(self):
        super().setUp()
        self.source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body BLOB); CREATE INDEX docs_title ON docs (title);"
                                  f" WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {ROWS}) INSERT INTO docs SELECT i, 'title ' || i, randomblob(50) FROM i")
        (self.folder / "t").mkdir()

    def target(self, kind):
        """A name that no other run of this test has had."""
        self.n = getattr(self, "n", 0) + 1
        path = self.folder / "t" / f"{self.n}.{kind}"
        return path, str(path) if kind == "db" else f"{'duckdb' if kind == 'duckdb' else 'files'}:{path}"

    def trace(self, calls, inject, *arguments):
        command = ["strace", "-f", "-y", "-qq", "-o", self.folder / "log", "-e", f"trace={calls}", *(["-e", f"inject={calls}:{inject}"] if inject else []), VECFERRY, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=dict(os.environ, **TRACER))

    def count(self, calls, kind):
        """How often the busiest thread of a whole copy makes such a call: that is how strace counts them."""
        self.assertEqual(self.trace(calls, None, "copy", "-q", self.source, self.target(kind)[1]).returncode, 0)
        numbers = collections.Counter(line.split()[0] for line in (self.folder / "log").read_text(errors="replace").splitlines() if re.match(r"\d+ +\w+\(", line))
        return max(numbers.values())

    def state(self, kind, path):
        """Of the run in the target, by its own library; None where there is none."""
        try:
            if kind == "db":
                connection = sqlite3.connect(path)
            elif kind == "duckdb":
                connection = duckdb.connect(str(path))
            else:
                found = "".join(record.read_text() for record in path.glob(".vecferry/records/vecferry_runs/*"))
                return re.search(r'"state": *"(\w+)"', found).group(1) if found else None
            with connection:
                rows = connection.execute("SELECT state FROM vecferry_runs").fetchall()
            connection.close()
            return rows[0][0] if rows else None
        except (sqlite3.OperationalError, duckdb.Error):
            return None

    def goes_on(self, target):
        """With the disk in order: from where it was, or from the beginning where nothing had begun."""
        result = self.run_vecferry("copy", "--resume", self.source, target, code=None)
        if result.code == 9:
            self.assertIn("no unfinished run", result.stderr)
            self.run_vecferry("copy", "--drop-existing", "--yes", self.source, target)
        else:
            self.assertEqual(result.code, 0, str(result))
        self.run_vecferry("verify", self.source, target)

    def fail_at(self, kind, calls, error, message, ever=True):
        """The first, a middle and one of the last calls fails, or with `ever` all from there on."""
        n_calls = self.count(calls, kind)
        self.assertGreater(n_calls, 2)
        for number in sorted({1, n_calls // 2, n_calls - 1}):
            for when in (f"{number}", f"{number}+")[:1 + ever]:
                with self.subTest(kind=kind, calls=calls, error=error, when=when):
                    path, target = self.target(kind)
                    failed = self.trace(calls, f"error={error}:when={when}", "copy", self.source, target)
                    self.assertIn(failed.returncode, (0, 5, 7), failed.stderr)
                    if failed.returncode != 0:
                        self.assertRegex(failed.stderr, message)
                        self.assertIn(path.name, failed.stderr)
                        self.assertNotEqual(self.state(kind, path), "done")
                        self.goes_on(target)
                    else:
                        # Those calls were other threads' in this run; or it was the folder, which SQLite makes durable as far as it can be; or DuckDB's last checkpoint, without which all is in its log.
                        log = (self.folder / "log").read_text(errors="replace").splitlines()
                        if kind != "duckdb":
                            self.assertEqual([line for line in log if "(INJECTED)" in line and path.name in line], [])
                        self.run_vecferry("verify", self.source, target)

    def test_sqlite_fsync(self):
        self.fail_at("db", "fsync,fdatasync", "EIO", "disk I/O error|Input/output error")

    def test_sqlite_full(self):
        self.fail_at("db", "pwrite64", "ENOSPC", "disk is full|No space left")

    def test_duckdb_fsync(self):
        self.fail_at("duckdb", "fsync,fdatasync", "EIO", "fsync failed")

    def test_duckdb_full(self):
        self.fail_at("duckdb", "pwrite64", "ENOSPC", "No space left")

    def test_files_fsync(self):
        self.fail_at("folder", "fsync,fdatasync", "EIO", "Input/output error")

    def test_files_full(self):
        self.fail_at("folder", "write", "ENOSPC", "No space left", ever=False)  # what is said on stderr is written, too
