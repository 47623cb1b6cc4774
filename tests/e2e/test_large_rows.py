"""Rows that there is no memory for: the message names table and key, nothing is lost, and with more memory the copy goes on. A row of a gigabyte is in tests/long/test_large_rows.py."""

import sqlite3

from e2e import Case

N_BYTES = 23 << 20
SCRIPT = f"""
CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO docs SELECT i, 'row ' || i FROM n;
UPDATE docs SET body = replace(hex(zeroblob({N_BYTES // 2})), '00', 'ab') WHERE id = 777;
"""


class LargeRows(Case):
    def less(self, size_mb):
        """No piece of memory is larger than that."""
        return {"ASAN_OPTIONS": f"max_allocation_size_mb={size_mb}:allocator_may_return_null=1:detect_leaks=1:exitcode=99"}

    def assert_whole(self, path):
        with sqlite3.connect(path) as connection:
            self.assertEqual(connection.execute("SELECT count(*), sum(length(body)) FROM docs").fetchone(), (2000, N_BYTES + sum(len(f"row {i}") for i in range(1, 2001) if i != 777)))
        connection.close()

    def pass_on(self, source, target, size_mb, said):
        """Ends with 12, and goes on from there."""
        failed = self.run_vecferry("copy", source, target, environment=self.less(size_mb), code=12)
        self.assertRegex(failed.stderr, r"vecferry: table \S*docs: chunk \d+: " + said + r": (table \S+: )?out of memory\n")
        self.assertIn("hint: a row is held in memory as a whole", failed.stderr)
        self.copy("--resume", source, target)

    def test_there_and_back(self):
        among, behind = r'row \{"id": 777\} of \d+ bytes, the largest of \d+', r'the row behind \{"id": 776\}'
        source, back = self.sqlite("source.db", SCRIPT), self.sqlite("back.db")
        server, duck = self.postgres(), f"duckdb:{self.folder / 'there.duckdb'}"
        refused = self.run_vecferry("copy", source, server, environment=self.less(16), code=12)
        self.assertIn("plan: table docs: the row behind rowid 776: out of memory\nhint: a value is held in memory as a whole", refused.stderr)
        self.pass_on(source, server, 24, among)
        self.pass_on(server, duck, 20, r'(the row behind \{"id": \d+\}|the first row)')
        self.pass_on(duck, back, 20, behind)
        self.assert_whole(back)


if __name__ == "__main__":
    import unittest

    unittest.main()
