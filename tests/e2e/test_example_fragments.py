"""examples/fragments: an installation goes from PostgreSQL to SQLite and on to another PostgreSQL, and is the same there."""

import os
import pathlib
import sqlite3
import subprocess

import account
from e2e import VECFERRY, Case

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


class Fragments(Case):
    def test_run(self):
        url = self.postgres(vector=False)
        env = dict(os.environ, VECFERRY_TEST_POSTGRES=url, VECFERRY=VECFERRY, FRAGMENTS="300")
        done = subprocess.run([TOP / "examples/fragments/run", self.folder], capture_output=True, text=True, env=env, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("the same nearest fragments", done.stdout)
        self.assertIn("the same tables and values", done.stdout)
        plan = self.run_vecferry("plan", "--json", "-o", self.folder / "plan.yaml", url, self.folder / "another.db").json()
        account.check(self, url, [str(self.folder / "fragments.db")], plan)
        target = sqlite3.connect(self.folder / "fragments.db")
        self.addCleanup(target.close)
        columns = {row[1]: row[2] for row in target.execute("PRAGMA table_info(fragment_embeddings)")}
        self.assertEqual((columns["id"], columns["embedding"], columns["created_at"]), ("INTEGER", "BLOB", "TEXT"))
        self.assertEqual(target.execute("SELECT DISTINCT typeof(embedding), length(embedding) FROM fragment_embeddings").fetchall(), [("blob", 6144)])
        unique = [row for row in target.execute("PRAGMA index_list(fragment_embeddings)") if row[2]]
        self.assertTrue(any([name[2] for name in target.execute(f'PRAGMA index_info("{row[1]}")')] == ["fragment_id", "provider", "model", "content_hash"] for row in unique))


if __name__ == "__main__":
    import unittest

    unittest.main()
