"""examples/vibes: a sample library from Turso to PostgreSQL, its vectors as double precision[] and as vector(1536); searches answer as they should."""

import os
import pathlib
import subprocess

import account
from e2e import VECFERRY, Case
from hrana import Tursodb

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


class Vibes(Case):
    def test_run(self):
        server = Tursodb(self.folder / "turso.db")
        server.start()
        self.addCleanup(server.stop)
        url = self.postgres(vector=False)
        env = dict(os.environ, VECFERRY_TEST_POSTGRES=url, VECFERRY=VECFERRY, TURSO_URL=f"http://127.0.0.1:{server.port}", VIBES_SAMPLES="1100")
        done = subprocess.run([TOP / "examples/vibes/run"], capture_output=True, text=True, env=env, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("all as in Turso, and the searches as they should be"), 2)
        connection = self.connect(url)
        self.assertEqual(connection.execute("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'sample_embeddings'::regclass AND attname = 'vibe_vector'").fetchone()[0],
                         "vector(1536)")
        self.assertEqual(connection.execute("SELECT count(*) FROM pg_constraint WHERE conrelid = 'sample_embeddings'::regclass AND contype IN ('p', 'u', 'f')").fetchone()[0], 3)
        self.assertEqual(connection.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'sample_embeddings' AND indexdef LIKE '%hnsw%'").fetchone()[0], 1)
        plan = self.run_vecferry("plan", "--json", "-f", TOP / "examples/vibes/ferry.yaml", "-o", self.folder / "plan.yaml", env["TURSO_URL"], self.postgres()).json()
        server.stop()
        account.check(self, str(self.folder / "turso.db"), [url], plan)


if __name__ == "__main__":
    import unittest

    unittest.main()
