"""A row of a gigabyte among small ones, as large as SQLite and PostgreSQL can hold it, with less memory than it takes: `make test-large`.

The limit is RLIMIT_AS, so the program has to be one without sanitizers, which reserve more than that for themselves. What is too large for the target is one rejected row.
"""

import hashlib
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import duckdb  # noqa: E402

from e2e import VECFERRY, Case, Result  # noqa: E402

MIB = 1 << 20
SQLITE_MOST = 1_000_000_000  # SQLITE_MAX_LENGTH, of a value and of a row
POSTGRES_MOST = (1 << 30) - 8192  # the engine's limit of a value
LARGE = SQLITE_MOST - 1000
DIGEST = hashlib.md5(b"ab" * (LARGE // 2)).hexdigest()
SMALL = [(i, f"row {i}") for i in range(1, 51) if i != 20]
TIMEOUT_S = 3600


class LargeRows(Case):
    def setUp(self):
        super().setUp()
        with open(VECFERRY, "rb") as program:
            if b"__asan_init" in program.read():
                self.fail("a program without sanitizers is needed: make test-large")

    def within(self, limit_mib, *arguments, code=0):
        """Run with so much address space."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (limit_mib * MIB, limit_mib * MIB))
        process = subprocess.run([VECFERRY, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL, cwd=self.folder, preexec_fn=limit)
        result = Result(process)
        self.assertEqual(result.code, code, f"{arguments} within {limit_mib} MiB\n{result}")
        return result

    def pass_on(self, source, target, limit_mib, said):
        """Ends with 12 and names the row; with more memory it goes on."""
        self.run_vecferry("plan", "-o", "ferry.yaml", source, target, timeout=TIMEOUT_S)
        failed = self.within(limit_mib, "copy", "-f", "ferry.yaml", code=12)
        self.assertRegex(failed.stderr, r"vecferry: table \S*docs: chunk \d+: " + said + ".*out of memory")
        self.assertIn("give the process more", failed.stderr)
        self.run_vecferry("copy", "--resume", source, target, timeout=TIMEOUT_S)

    def sqlite_rows(self, path):
        connection = sqlite3.connect(path)
        try:
            small = connection.execute("SELECT id, body FROM docs WHERE id <> 20 ORDER BY id").fetchall()
            return small, [hashlib.md5(row[0]).hexdigest() for row in connection.execute("SELECT CAST(body AS BLOB) FROM docs WHERE id = 20")]
        finally:
            connection.close()

    def test_there_and_back(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);")
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO docs VALUES (?, ?)", SMALL)
        connection.execute("INSERT INTO docs VALUES (20, replace(hex(zeroblob(?)), '00', 'ab'))", (LARGE // 2,))
        connection.commit()
        connection.close()
        refused = self.within(1000, "copy", source, self.postgres(), code=12)
        self.assertRegex(refused.stderr, r'table docs: .*the row behind (rowid 19|\{"id": 19\}): out of memory\nhint: a (value|row) is held')  # the plan, or the copy

        server, duck, back = self.postgres(), f"duckdb:{self.folder}/there.duckdb", str(self.folder / "back.db")
        self.pass_on(source, server, 4000, rf'row \{{"id": 20\}} of {LARGE + 8} bytes, the largest of \d+')
        with self.connect(server) as connection:
            self.assertEqual(connection.execute("SELECT id, body FROM docs WHERE id <> 20 ORDER BY id").fetchall(), SMALL)
            self.assertEqual(connection.execute("SELECT octet_length(body), md5(body) FROM docs WHERE id = 20").fetchall(), [(LARGE, DIGEST)])
        self.pass_on(server, duck, 2600, r'the row behind \{"id": 19\}')
        with duckdb.connect(duck.removeprefix("duckdb:"), read_only=True) as connection:
            self.assertEqual(connection.execute("SELECT strlen(body), md5(body) FROM docs WHERE id = 20").fetchall(), [(LARGE, DIGEST)])
        refused = self.within(3000, "copy", duck, back, code=12)
        self.assertIn("table docs: ", refused.stderr)
        self.run_vecferry("copy", duck, back, timeout=TIMEOUT_S)
        self.assertEqual(self.sqlite_rows(back), (SMALL, [DIGEST]))

    def test_larger_than_the_target_holds(self):
        """A value, a row of several, and one that PostgreSQL itself couldn't send: each is a reject with its key, and the rest arrives."""
        source, target = f"duckdb:{self.folder}/large.duckdb", str(self.folder / "small.db")
        with duckdb.connect(source.removeprefix("duckdb:")) as connection:
            connection.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, body VARCHAR)")
            connection.executemany("INSERT INTO docs VALUES (?, ?)", [(1, "small"), (4, "small too")])
            for key, size in ((2, POSTGRES_MOST + 1), (3, SQLITE_MOST - 1)):
                connection.execute("INSERT INTO docs VALUES (?, repeat('x', ?))", (key, size))
        memory = ("--memory", "32G")  # DuckDB gets a quarter, and reads both rows at once
        result = self.run_vecferry("copy", *memory, source, target, code=3, timeout=TIMEOUT_S)
        self.assertIn("2 rejected", result.stdout)
        connection = sqlite3.connect(target)
        self.assertEqual(connection.execute("SELECT * FROM docs ORDER BY id").fetchall(), [(1, "small"), (4, "small too")])
        rejects = connection.execute("SELECT key, reason FROM vecferry_rejects ORDER BY key").fetchall()
        connection.close()
        self.assertEqual([key for key, _ in rejects], ['{"id": 2}', '{"id": 3}'])
        self.assertIn(f"{POSTGRES_MOST + 1} bytes, and the target's limit is {SQLITE_MOST}", rejects[0][1])
        self.assertIn("too big", rejects[1][1])
        server = self.postgres()
        self.run_vecferry("copy", *memory, source, server, code=3, timeout=TIMEOUT_S)
        with self.connect(server) as connection:
            self.assertEqual(connection.execute("SELECT id, octet_length(body) FROM docs ORDER BY id").fetchall(), [(1, 5), (3, SQLITE_MOST - 1), (4, 9)])
            self.assertIn(f"limit is {POSTGRES_MOST}", connection.execute("SELECT reason FROM vecferry_rejects").fetchone()[0])


if __name__ == "__main__":
    unittest.main()
