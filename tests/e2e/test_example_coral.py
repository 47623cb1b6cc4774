"""examples/coral: a music library to SQLite and its embeddings to DuckDB, by one plan, of one instant; recommendations agree with the source's."""

import os
import pathlib
import sqlite3
import struct
import subprocess

import duckdb
import psycopg

import account
from e2e import VECFERRY, Case

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TRACKS = 1100  # more than 1,000: then an index is built


class Coral(Case):
    def test_run(self):
        url = self.postgres(vector=False)
        env = dict(os.environ, VECFERRY_TEST_POSTGRES=url, VECFERRY=VECFERRY, CORAL_TRACKS=str(TRACKS))
        done = subprocess.run([TOP / "examples/coral/run", self.folder], capture_output=True, text=True, env=env, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("the same on both sides", done.stdout)
        self.assert_whole(url)
        self.assert_again(url)
        self.assert_account(url)

    def assert_whole(self, url):
        """Each table is in one of both, with all its rows; the embeddings bit by bit."""
        library, embeddings = sqlite3.connect(self.folder / "coral.db"), duckdb.connect(str(self.folder / "embeddings.db"), read_only=True)
        self.addCleanup(library.close)
        with psycopg.connect(url) as source:
            names = [row[0] for row in source.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")]
            self.assertEqual(len(names), 20)
            for name in names:
                n_rows = source.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                if name == "TrackEmbeddings":
                    self.assertEqual(embeddings.execute("SELECT count(*) FROM track_embeddings").fetchone()[0], n_rows)
                else:
                    self.assertEqual(library.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0], n_rows, name)
            titles = source.execute('SELECT "Id"::text, "Title", "DurationInSeconds" FROM "Tracks" ORDER BY 1').fetchall()
            vectors = source.execute('SELECT "TrackId"::text, "Embedding"::real[] FROM "TrackEmbeddings" ORDER BY 1').fetchall()
        self.assertEqual(library.execute('SELECT "Id", "Title", "DurationInSeconds" FROM "Tracks" ORDER BY 1').fetchall(), titles)
        found = embeddings.execute("SELECT track_id::text, embedding FROM track_embeddings ORDER BY 1").fetchall()
        self.assertEqual([key for key, _ in found], [key for key, _ in vectors])
        differ = [key for (key, vector), (_, wanted) in zip(found, vectors) if struct.pack("<1280f", *vector) != struct.pack("<1280f", *wanted)]
        self.assertEqual(differ, [])  # as float32, bit by bit
        described = dict(row[:2] for row in embeddings.execute("DESCRIBE track_embeddings").fetchall())
        self.assertEqual({name: described[name] for name in ("track_id", "embedding")}, {"track_id": "UUID", "embedding": "FLOAT[1280]"})
        self.assertEqual(sorted(described), ["created_at", "embedding", "track_id"])
        embeddings.close()

    def assert_account(self, url):
        plan = self.run_vecferry("plan", "--json", "-f", TOP / "examples/coral/ferry.yaml", "-o", self.folder / "plan.yaml", url, self.folder / "a.db", f"duckdb:{self.folder}/b.db").json()
        renamed = {("TrackEmbeddings", name): ("track_embeddings", there) for name, there in (("TrackId", "track_id"), ("Embedding", "embedding"), ("CreatedAt", "created_at"))}
        renamed["", "TrackEmbeddings"] = ("", "track_embeddings")
        account.check(self, url, [str(self.folder / "coral.db"), f"duckdb:{self.folder}/embeddings.db"], plan, renamed)

    def assert_again(self, url):
        """A second run adds no rows: a target that holds some is refused."""
        plan = TOP / "examples/coral/ferry.yaml"
        targets = [self.folder / "coral.db", f"duckdb:{self.folder}/embeddings.db"]
        self.run_vecferry("copy", "-f", plan, url, *targets, code=9)
        self.run_vecferry("verify", "-f", plan, url, *targets)


if __name__ == "__main__":
    import unittest

    unittest.main()
