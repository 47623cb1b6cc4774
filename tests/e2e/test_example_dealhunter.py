"""examples/dealhunter: 25 tables with JSON embeddings go from SQLite to PostgreSQL and back; searches agree, bad rows are named, and the values are the same."""

import os
import pathlib
import sqlite3
import subprocess

import psycopg

from e2e import VECFERRY, Case, since

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
CHUNKS = 1100  # more than 1,000 embeddings: then an index is built


@since(vector=(0, 7, 0))
class Dealhunter(Case):
    def test_run(self):
        url = self.postgres(vector=False)
        env = dict(os.environ, VECFERRY_TEST_POSTGRES=url, VECFERRY=VECFERRY, DEALHUNTER_CHUNKS=str(CHUNKS))
        done = subprocess.run([TOP / "examples/dealhunter/run", self.folder], capture_output=True, text=True, env=env, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("the same on both sides", done.stdout)
        self.assertIn("the same values", done.stdout)
        self.assert_types(url)
        self.assert_rejects(url)
        self.assert_counts(url)

    def assert_types(self, url):
        with psycopg.connect(url) as target:
            types = dict(target.execute("SELECT attrelid::regclass::text || '.' || attname, format_type(atttypid, atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
                                        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0"))
            jobs = target.execute("SELECT nextval(pg_get_serial_sequence('background_jobs', 'id')), max(id) FROM background_jobs").fetchone()
            moments = target.execute("SELECT min(created_at)::text, max(created_at)::text FROM qualifications JOIN pre_qualifications p ON p.id = pre_qualification_id").fetchone()
        self.assertEqual(jobs[0], jobs[1] + 1)
        self.assertEqual(moments[0], "2024-01-01 00:00:00+00")  # seconds, not milliseconds
        wanted = {"deal_embeddings.embedding": "vector(3072)", "raw_chunks.embedding": "vector(3072)", "pre_qualifications.description_embedding": "vector(3072)",
                  "deal_embeddings.metadata": "jsonb", "qualifications.routed_at": "timestamp with time zone", "pt_estimations.estimated_go_live": "timestamp with time zone",
                  '"references".is_validated': "boolean", "users.is_active": "boolean", "deal_embeddings.chunk_index": "bigint", "pre_qualifications.budget": "double precision"}
        self.assertEqual({name: types.get(name) for name in wanted}, wanted)

    def assert_rejects(self, url):
        with psycopg.connect(url) as target:
            rejects = target.execute("SELECT table_name, column_name, key, reason FROM vecferry_rejects ORDER BY 1, 2, 3").fetchall()
            orphan = target.execute("SELECT count(*) FROM sessions WHERE user_id = 'gone'").fetchone()[0]
        self.assertEqual(orphan, 1)  # named by the foreign key that can't be made, and not dropped
        named = {(table, column): [] for table, column, _, _ in rejects}
        for table, column, key, reason in rejects:
            named[table, column].append(key + " " + reason)
        self.assertEqual(sorted(named), [("deal_embeddings", "embedding"), ("deal_embeddings", "metadata"), ("website_audits", "performance_score")])
        for word, text in zip(("planted-cut.*offset", "planted-not-a-number.*NaN", "planted-other-model.*3072 dimensions, found 1536"), named["deal_embeddings", "embedding"]):
            self.assertRegex(text, word)
        self.assertEqual({key: len(value) for key, value in named.items()}, {("deal_embeddings", "embedding"): 3, ("deal_embeddings", "metadata"): 1, ("website_audits", "performance_score"): 1})

    def assert_counts(self, url):
        """All rows of all 25 tables, but the rejected."""
        source = sqlite3.connect(self.folder / "dealhunter.db")
        self.addCleanup(source.close)
        names = [row[0] for row in source.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        self.assertEqual(len(names), 25)
        missing = {"deal_embeddings": 4, "website_audits": 1}
        with psycopg.connect(url) as target:
            for name in names:
                n_rows = source.execute(f"SELECT count(*) FROM `{name}`").fetchone()[0]
                self.assertEqual(target.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0], n_rows - missing.get(name, 0), name)
            keys = target.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace").fetchone()[0]
        n_keys = sum(len({row[0] for row in source.execute(f"PRAGMA foreign_key_list(`{name}`)")}) for name in names)
        self.assertEqual(keys, n_keys - 1)


if __name__ == "__main__":
    import unittest

    unittest.main()
