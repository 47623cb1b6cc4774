"""A folder of files: agent identities from PostgreSQL to one JSON file each and back; changed files are named; killed copies go on."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess

from e2e import VECFERRY, Case

# As systems that keep agents have them: jsonb columns, and ids that somebody else chose.
IDENTITIES = """
CREATE TABLE agent_identities (
    agent_id text PRIMARY KEY, version integer NOT NULL, state jsonb NOT NULL, memory jsonb, history jsonb, performance jsonb,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, checksum text, tokens bigint, cost numeric(20, 4), vec vector(3), raw bytea);
CREATE INDEX agent_identities_version ON agent_identities (version);
INSERT INTO agent_identities VALUES
    ('scout', 1, '{"mood": "calm", "goals": [{"id": 1, "text": "look"}, {"id": 2}], "empty": {}}', '[1, 2.50, 12345678901234567890.0]', NULL, 'null',
     '2024-02-29 13:05:00.25+00', 'infinity', 'sha256:their own', 9007199254740993, 1.5000, '[0.1,-0,1e-30]', '\\x00ff'),
    ('../../etc/passwd', 2, '{}', NULL, NULL, NULL, '0044-03-15 00:00:00+00 BC', NULL, NULL, -9223372036854775808, 'NaN', NULL, ''),
    ('Scout', 3, '"text"', '{"$json": "mine"}', '[]', '7', now(), NULL, '', 1, -0.0001, NULL, NULL),
    ('', 4, '[]', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL),
    ('.', 5, '[]', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL),
    (E'two\\nlines/and a slash', 6, '[]', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL),
    (repeat('long', 100), 7, '[]', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL),
    (repeat('long', 100) || 'er', 8, '[]', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL),
    ('日本語', 9, '{"名": "前"}', NULL, NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL);
"""

TWO_TABLES = """
CREATE TABLE parents (a integer, b text, note text, PRIMARY KEY (a, b));
CREATE TABLE "No Key" (n integer REFERENCES other (id), t text);
CREATE TABLE other (id integer PRIMARY KEY);
INSERT INTO parents VALUES (1, 'x,y', NULL), (1, 'x', 'n'), (11, 'x', '');
INSERT INTO "No Key" VALUES (NULL, 'same'), (NULL, 'same'), (NULL, NULL);
"""


def checksum_of(text):
    """The documented rule: the SHA-256 of all lines but the last two."""
    return "sha256:" + hashlib.sha256(b"".join(text.splitlines(keepends=True)[:-2])).hexdigest()


class Files(Case):
    def folder_url(self, name="folder", pattern="agents/{key}/identity.json"):
        return f"files:{self.folder / name}" + (f"?path={pattern}" if pattern else "")

    def identities(self, name="folder"):
        return sorted((self.folder / name / "agents").glob("*/identity.json"))

    def test_identities_there_and_back(self):
        source = self.postgres(IDENTITIES)
        summary = self.copy(source, self.folder_url())
        self.assertEqual(summary["tables"][0]["rows"], 9)
        files = self.identities()
        self.assertEqual(len(files), 9)
        self.assertIn("scout", [path.parent.name for path in files])
        for path in files:
            text = path.read_bytes()
            row = json.loads(text)
            self.assertEqual(row["$checksum"], checksum_of(text), path)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        scout = json.loads((self.folder / "folder/agents/scout/identity.json").read_text())
        self.assertEqual(scout["agent_id"], "scout")
        self.assertEqual(scout["state"], {"mood": "calm", "goals": [{"id": 1, "text": "look"}, {"id": 2}], "empty": {}})
        self.assertEqual(scout["tokens"], "9007199254740993")
        self.assertEqual(scout["cost"], "1.5000")
        self.assertEqual(scout["created_at"], "2024-02-29T13:05:00.25Z")
        self.assertEqual(scout["raw"], "\\x00ff")
        self.assertIsNone(scout["history"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["folder"])  # no id has left it

        target = self.postgres()
        self.copy(self.folder_url(pattern=None), target)  # the pattern is remembered
        self.assert_same_postgres(source, target)

    def test_composite_keys_and_rows_without(self):
        source = self.sqlite("source.db", TWO_TABLES)
        self.copy(source, self.folder_url(pattern=None))
        names = sorted(str(path.relative_to(self.folder / "folder")) for path in (self.folder / "folder").glob("[!.]*/*"))
        self.assertEqual(names, ["%4eo%20%4bey/0000000001.json", "%4eo%20%4bey/0000000002.json", "%4eo%20%4bey/0000000003.json",
                                 "parents/1,x%2cy.json", "parents/1,x.json", "parents/11,x.json"])
        self.copy(self.folder_url(pattern=None), self.sqlite("back.db"))
        self.assert_same_sqlite(source, self.sqlite("back.db"))

    def test_sqlite_comes_back_as_it_was(self):
        """Epochs, booleans and JSON texts of vectors, whose types were found by looking, lie in the new file as they lay in the old one."""
        source = self.sqlite("source.db", """
            CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, ok BOOLEAN, v TEXT, b BLOB, price NUMERIC);
            INSERT INTO t VALUES (1, 1767225600, 1, '[0.5, 1.5, 2.5, 3.5]', x'0000803f00000040', 1), (2, 1767225601, 0, '[1.5, 1.5, 2.5, 3.5]', x'0000803f00000041', 2.5);""")
        self.copy(source, self.folder_url(pattern=None))
        self.copy(self.folder_url(pattern=None), self.sqlite("back.db"))
        with sqlite3.connect(source) as one, sqlite3.connect(self.sqlite("back.db")) as two:
            sql = "SELECT id, typeof(at), at, typeof(ok), ok, typeof(v), json(v), typeof(b), b, price FROM t"
            self.assertEqual(one.execute(sql).fetchall(), two.execute(sql).fetchall())

    def test_changed_files_are_named(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5);")
        url = self.folder_url(pattern=None)
        self.copy(source, url)
        rows = self.folder / "folder/t"
        (rows / "a.json").write_text((rows / "a.json").read_text().replace('"n": 1', '"n": 9'))
        (rows / "b.json").rename(rows / "bb.json")
        (rows / "c.json").write_text("{")
        (rows / "d.json").unlink()
        (rows / "d.json").symlink_to("/etc/passwd")
        result = self.run_vecferry("verify", source, url, code=3)
        self.assertIn("unreadable", result.stdout)
        self.assertIn('t/a.json', result.stdout)
        self.assertIn("checksum", result.stdout)
        self.assertIn('t/bb.json', result.stdout)
        result = self.run_vecferry("copy", "--json", url, self.sqlite("back.db"), code=None)
        if result.code == 3:
            with sqlite3.connect(self.sqlite("back.db")) as back:
                reasons = dict(back.execute("SELECT json_extract(key, '$.file'), reason FROM vecferry_rejects"))
                self.assertEqual(back.execute("SELECT id, n FROM t").fetchall(), [("e", 5)])
            self.assertRegex(reasons["t/a.json"], "changed: its checksum says sha256:")
            self.assertIn("another key", reasons["t/bb.json"])
            self.assertIn("changed", reasons["t/c.json"])
            self.assertIn("link", reasons["t/d.json"])
        else:
            self.fail(str(result))

    def test_files_of_somebody_else(self):
        agents = self.folder / "theirs/agents"
        for name, row in {"ann": {"agent_id": "ann", "n": 1, "x": 0.5, "state": {"a": [1]}, "v": [0.1, 0.2, 0.3], "ok": True},
                          "bob": {"agent_id": "bob", "n": 2, "x": 1, "state": None, "v": [1, 2, 3], "late": "only here"}}.items():
            (agents / name).mkdir(parents=True)
            (agents / name / "identity.json").write_text(json.dumps(row, indent=4))
        source = self.folder_url("theirs")
        target = self.postgres()
        self.copy(source, target)
        connection = self.connect(target)
        self.assertEqual(connection.execute("SELECT agent_id, n, x, state, v::text, ok, late FROM agents ORDER BY 1").fetchall(),
                         [("ann", 1, 0.5, {"a": [1]}, "[0.1,0.2,0.3]", True, None), ("bob", 2, 1, None, "[1,2,3]", None, "only here")])
        self.assertEqual(connection.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = 'agents'::regclass").fetchone()[0],
                         "PRIMARY KEY (agent_id)")
        self.assertFalse((self.folder / "theirs/.vecferry").exists())  # a source isn't written to
        result = self.run_vecferry("copy", self.postgres("CREATE TABLE agents (agent_id text PRIMARY KEY)"), source, code=9)
        self.assertIn("agents", result.stderr)

    def test_killed_and_resumed(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO t VALUES (?, ?)", ((i, "x" * (i % 40)) for i in range(60)))
        connection.close()
        for failpoint in ("apply:1:kill-after", "commit:2:kill-after", "commit:3:kill", "load_write:1:kill-after", "commit:4:kill", "commit:4:kill-after"):
            with self.subTest(failpoint=failpoint):
                folder = failpoint.replace(":", "-")
                url = self.folder_url(folder, None)
                killed = subprocess.run([VECFERRY, "copy", source, url], capture_output=True, timeout=600, env=dict(os.environ, VECFERRY_FAILPOINT=f"target.{failpoint}"))
                self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
                self.run_vecferry("copy", "--resume", source, url)
                rows = [json.loads(path.read_text()) for path in (self.folder / folder / "t").glob("*.json")]
                self.assertEqual(sorted((row["id"], row["v"]) for row in rows), [(i, "x" * (i % 40)) for i in range(60)])
                self.assertEqual([name for name in os.listdir(self.folder / folder / ".vecferry") if name.startswith(("tx-", "commit-"))], [])

    def test_a_source_that_changes_meanwhile(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
        url = self.folder_url(pattern=None)
        self.copy(source, url)
        (self.folder / "folder/t/1.json").write_bytes(b"")
        self.run_vecferry("copy", url, self.sqlite("back.db"), code=3)

    def test_refused(self):
        source = self.sqlite("source.db", TWO_TABLES)
        for pattern, word in (("{key}", "--only"), ("../{key}", "point"), ("{table}", "{key}"), ("a/{key}/{table}", "before")):
            result = self.run_vecferry("copy", source, self.folder_url("refused", pattern), code=2)
            self.assertIn(word, result.stderr)
        self.run_vecferry("copy", source, f"files:{self.folder}/x?query=1", code=2)
        self.run_vecferry("copy", f"files:{self.folder}/nowhere", self.sqlite("t.db"), code=4)
        result = self.run_vecferry("copy", source, f"files:{source}", code=4)
        self.assertIn("isn't a folder", result.stderr)
        self.copy(source, self.folder_url("full", None))
        result = self.run_vecferry("copy", source, self.folder_url("full", None), code=9)

    def test_drop_existing_leaves_other_files(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
        url = self.folder_url(pattern="t/{key}/row.json")
        self.copy(source, url)
        (self.folder / "folder/t/1/mine.txt").write_text("mine")
        (self.folder / "folder/t/README").write_text("mine")
        self.copy("--drop-existing", "--yes", source, url)
        self.assertEqual((self.folder / "folder/t/1/mine.txt").read_text(), "mine")
        self.assertEqual((self.folder / "folder/t/README").read_text(), "mine")


if __name__ == "__main__":
    import unittest

    unittest.main()
