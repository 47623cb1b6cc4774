"""examples/clawfs: one workspace goes from PostgreSQL to a SQLite file with FTS5 and a graph beside it, the agents' identities to files and back; searches agree, and nothing of other workspaces is there."""

import hashlib
import json
import os
import pathlib
import sqlite3
import stat
import subprocess

import psycopg

from e2e import VECFERRY, Case

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
WORKSPACE = "ws-atlas"


class Clawfs(Case):
    def test_run(self):
        url = self.postgres(vector=False)
        env = dict(os.environ, VECFERRY_TEST_POSTGRES=url, VECFERRY=VECFERRY)
        done = subprocess.run([TOP / "examples/clawfs/run", self.folder], capture_output=True, text=True, env=env, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("exact answers as they should be", done.stdout)
        self.assertIn("the rows came back as they were", done.stdout)
        self.assertRegex(done.stdout, "768 vectors: fresh")
        with psycopg.connect(url) as source, sqlite3.connect(self.folder / "ws-atlas.db") as target:
            self.addCleanup(target.close)
            self.assert_rows(source, target)
            self.assert_one_workspace(source, target)
            self.assert_words(source, target)
            self.assert_each(source)
            self.assert_identities(source)
        self.assert_stale(url)

    def assert_rows(self, source, target):
        """All of the workspace, value by value; the vectors by their bits."""
        source.execute("SET timezone = 'UTC'")
        of_workspace = "document_id IN (SELECT id FROM documents WHERE workspace_id = %s)"
        moment = "replace(left({0}::text, length({0}::text) - 3), ' ', 'T')"
        documents = source.execute(f"SELECT id, workspace_id, content, metadata::text, {moment.format('created_at')}, {moment.format('updated_at')} FROM documents WHERE workspace_id = %s ORDER BY id",
                                   (WORKSPACE,)).fetchall()
        found = target.execute("SELECT id, workspace_id, content, metadata, rtrim(created_at, 'Z'), rtrim(updated_at, 'Z') FROM documents ORDER BY id").fetchall()
        self.assertEqual(len(found), 768)
        self.assertEqual(found, documents)
        vectors = source.execute(f"SELECT id, document_id, vector_send(embedding) FROM vectors WHERE {of_workspace} ORDER BY id", (WORKSPACE,)).fetchall()
        found = target.execute("SELECT id, document_id, embedding FROM vectors ORDER BY id").fetchall()
        # vector_send: two words of two bytes, then big-endian float32.
        self.assertEqual([row[:2] for row in found], [row[:2] for row in vectors])
        self.assertEqual([row[0] for row, wanted in zip(found, vectors) if swapped(row[2]) != wanted[2][4:]], [])
        self.assertEqual({row[0] for row in target.execute("SELECT DISTINCT typeof(embedding) || length(embedding) FROM vectors")}, {"blob6144"})
        self.assertEqual(target.execute("SELECT count(*) FROM documents WHERE created_at NOT GLOB '????-??-??T*Z'").fetchone()[0], 0)
        settings = {key: json.loads(value) if isinstance(value, str) else value for key, value in target.execute("SELECT key, value FROM metadata")}
        self.assertEqual(settings, {"vector_dimension": 1536, "embedding_model": "all-MiniLM-L6-v2 x 4", "hnsw_m": 16, "hnsw_ef_construction": 200, "hnsw_ef_search": 50})

    def assert_one_workspace(self, source, target):
        """No row, no word and no byte of another is in any file of the workspace; nobody else may read them."""
        others = {row[0] for row in source.execute("SELECT id FROM documents WHERE workspace_id <> %s", (WORKSPACE,))}
        self.assertEqual(len(others), 732)
        self.assertFalse(others & {row[0] for row in target.execute("SELECT id FROM documents UNION SELECT document_id FROM vectors UNION SELECT rowid FROM documents_fts")})
        for path in self.folder.glob("ws-atlas*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
            self.assertNotIn(b"ws-borealis", path.read_bytes())
        names = [row[0] for row in target.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'vecferry%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'documents_fts_%'")]
        self.assertEqual(sorted(names), ["documents", "documents_fts", "metadata", "vectors"])

    def assert_words(self, source, target):
        """Words that no stemmer changes find the same documents; and the index follows the table, as do the rows that refer to a document."""
        for word in ("risotto", "tide", "shakshuka", "squall", "podcast"):
            theirs = {row[0] for row in source.execute("SELECT id FROM documents WHERE workspace_id = %s AND to_tsvector('english', content) @@ plainto_tsquery('english', %s)", (WORKSPACE, word))}
            self.assertTrue(theirs, word)
            self.assertEqual({row[0] for row in target.execute("SELECT rowid FROM documents_fts WHERE documents_fts MATCH ?", (word,))}, theirs, word)
        target.execute("PRAGMA foreign_keys = ON")
        (one,) = target.execute("SELECT min(id) FROM documents").fetchone()
        target.execute("BEGIN")
        target.execute("DELETE FROM documents WHERE id = ?", (one,))
        self.assertEqual(target.execute("SELECT count(*) FROM vectors WHERE document_id = ?", (one,)).fetchone()[0], 0)
        target.execute("INSERT INTO documents (workspace_id, content) VALUES ('ws-atlas', 'a quetzalcoatlus')")
        self.assertEqual(target.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH 'quetzalcoatlus'").fetchone()[0], 1)
        target.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)")
        target.execute("ROLLBACK")

    def assert_each(self, source):
        """--by: a file for each workspace, and all together are all documents."""
        found = []
        for path in sorted((self.folder / "each").iterdir()):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
            connection = sqlite3.connect(path)
            rows = connection.execute("SELECT id, workspace_id, content FROM documents").fetchall()
            connection.close()
            self.assertEqual({row[1] for row in rows}, {path.stem})
            found += rows
        self.assertEqual(sorted(found), source.execute("SELECT id, workspace_id, content FROM documents ORDER BY id").fetchall())

    def assert_identities(self, source):
        """One file for each agent, none of them elsewhere; its members are the row's values, and its checksum is that of its text."""
        files = {}
        for path in self.folder.rglob("identity.json"):
            self.assertEqual(path.parent.parent, self.folder / "identities/agents")
            text = path.read_bytes()
            row = json.loads(text)
            self.assertEqual(row.pop("$checksum"), "sha256:" + hashlib.sha256(text[: text.rindex(b'  "$checksum"')]).hexdigest())
            files[row["agent_id"]] = row
        agents = source.execute("SELECT agent_id, version, state, memory, history, performance FROM agent_identities").fetchall()
        self.assertEqual(len(agents), 10)
        self.assertEqual({agent: tuple(row[name] for name in ("version", "state", "memory", "history", "performance")) for agent, row in files.items()}, {row[0]: row[1:] for row in agents})
        self.assertIn("%2e.%2f..%2fetc%2fcron.d%2fx", os.listdir(self.folder / "identities/agents"))

    def assert_stale(self, url):
        """A graph that isn't of the file's rows any more is noticed, and built anew."""
        path = self.folder / "ws-atlas.db"
        with sqlite3.connect(path) as target:
            target.execute("DELETE FROM vectors WHERE id = (SELECT max(id) FROM vectors)")
        target.close()
        self.assertIn("stale", self.run_vecferry("index", "--dry-run", path, code=3).stdout)
        self.run_vecferry("index", path)
        sidecars = self.run_vecferry("index", "--dry-run", "--json", path).json()["sidecars"]
        self.assertEqual([(sidecar["state"], sidecar["vectors"], sidecar["m"], sidecar["ef_construction"], sidecar["ef_search"]) for sidecar in sidecars], [("fresh", 767, 16, 200, 50)])
        result = self.run_vecferry("verify", "--json", "-f", TOP / "examples/clawfs/ferry.yaml", url, path, code=3).json()
        self.assertEqual({table["name"]: table["n_differences"] for table in result["tables"] if not table["equal"]}, {"public.metadata": 4, "public.vectors": 1})


def swapped(blob):
    """Words of four bytes, their order turned."""
    return b"".join(blob[i : i + 4][::-1] for i in range(0, len(blob), 4))


if __name__ == "__main__":
    import unittest

    unittest.main()
