"""Sidecars by themselves: inspect says what lies beside a database, and `index` builds anew what no longer fits its rows, without plan or source."""

import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess

from e2e import VECFERRY, Case
from test_sidecar import Usearch

DIM = 8
ROWS = 1100


def vector(i):
    chance = random.Random(i)
    return struct.pack(f"<{DIM}f", *(chance.uniform(-1, 1) for _ in range(DIM)))


def rows():
    return [(i, f"title {i}", list(struct.unpack(f"<{DIM}f", vector(i)))) for i in range(1, ROWS + 1)]


class Base(Case):
    def setUp(self):
        super().setUp()
        self.target = self.sqlite("shop.db")
        self.graph = self.folder / "shop.docs.v.usearch"

    def make(self, key="bigint"):
        """PostgreSQL with an index, and the file that it was copied to, with a sidecar beside it."""
        self.source = self.postgres(f"CREATE TABLE docs (id {key} PRIMARY KEY, title text, v vector({DIM}))")
        connection = self.connect(self.source)
        with connection.cursor().copy("COPY docs FROM STDIN") as copy:
            for i, title, values in rows():
                copy.write_row((i if key == "bigint" else f"00000000-0000-0000-0000-{i:012}", title, json.dumps(values)))
        connection.execute("CREATE INDEX docs_near ON docs USING hnsw (v vector_cosine_ops) WITH (m = 8, ef_construction = 100); ANALYZE")
        self.copy(self.source, self.target)

    def change(self, *statements):
        connection = sqlite3.connect(self.target)
        for statement in statements:
            connection.execute(*statement)
        connection.commit()
        connection.close()

    def states(self):
        """What inspect says of each sidecar; both of its outputs."""
        result = self.run_vecferry("inspect", "--json", self.target).json()["sidecars"]
        text = self.run_vecferry("inspect", self.target).stdout
        for sidecar in result:
            self.assertIn(sidecar["file"], text)
            self.assertIn(f": {sidecar['state']}", text)
        return {sidecar["file"]: sidecar["state"] for sidecar in result}

    def index(self, *arguments, code=0):
        return self.run_vecferry("index", "--json", *arguments, self.target, code=code).json()

    def stamp(self):
        return [os.stat(path).st_mtime_ns for path in (self.graph, f"{self.graph}.json")]


class Index(Base):
    def test_stale_after_rows_were_changed(self):
        self.make()
        self.assertEqual(self.states(), {self.graph.name: "fresh"})
        before = self.stamp()
        kept = self.index()["sidecars"][0]
        self.assertEqual((kept["state"], kept["built"], kept["table"], kept["column"], kept["metric"], kept["m"], kept["vectors"]), ("fresh", False, "docs", "v", "cosine", 8, ROWS))
        self.assertEqual(self.stamp(), before)  # a fresh one is left

        self.change(("UPDATE docs SET title = 'x' WHERE id = 5",))
        self.assertEqual(self.states(), {self.graph.name: "fresh"})  # another column is nothing to it
        self.change(("UPDATE docs SET v = ? WHERE id = 5", (vector(5000),)), ("DELETE FROM docs WHERE id = 6",), ("INSERT INTO docs VALUES (9001, 'new', ?)", (vector(9001),)))
        self.assertEqual(self.states(), {self.graph.name: "stale"})
        dry = self.index("--dry-run", code=3)
        self.assertEqual([(each["state"], each["built"]) for each in dry["sidecars"]], [("stale", False)])
        self.assertIn("without --dry-run", dry["hint"])
        self.assertEqual(self.stamp(), before)

        built = self.index()["sidecars"][0]
        self.assertEqual((built["state"], built["built"], built["vectors"]), ("fresh", True, ROWS))
        self.assertIn("have changed since it was built", built["why"])
        self.assertEqual(self.states(), {self.graph.name: "fresh"})
        said = json.loads(pathlib.Path(f"{self.graph}.json").read_text(encoding="utf-8"))
        self.assertEqual((said["m"], said["ef_construction"], said["metric"], said["n_vectors"]), (8, 100, "cosine", ROWS))
        graph = Usearch(self.graph, 64)
        self.assertEqual(graph.search(vector(9001), 1), [9001])
        self.assertEqual(graph.search(vector(5000), 1), [5])
        self.assertNotIn(6, graph.search(vector(6), 10))
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["shop.db", self.graph.name, f"{self.graph.name}.json"])

    def test_verify_says_how(self):
        self.make()
        self.change(("UPDATE docs SET v = ? WHERE id = 5", (vector(5000),)))
        self.connect(self.source).execute("UPDATE docs SET v = %s WHERE id = 5", (json.dumps(struct.unpack(f"<{DIM}f", vector(5000))),))
        result = self.run_vecferry("verify", "--json", self.source, self.target, code=3).json()
        self.assertIn("is stale", result["error"])
        self.assertIn("vecferry index", result["hint"])
        self.run_vecferry("index", self.target)
        self.run_vecferry("verify", self.source, self.target)

    def test_keys_that_are_no_numbers(self):
        self.make("uuid")
        self.assertEqual(self.states(), {self.graph.name: "fresh"})
        key = "00000000-0000-0000-0000-000000000007"
        self.change(("UPDATE docs SET v = ? WHERE id = ?", (vector(7000), key)))
        self.assertEqual(self.states(), {self.graph.name: "stale"})
        self.assertTrue(self.index()["sidecars"][0]["built"])
        keys = [json.loads(line)["id"] for line in pathlib.Path(f"{self.graph}.keys").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(keys[Usearch(self.graph, 64).search(vector(7000), 1)[0]], key)
        self.run_vecferry("index", self.target)

    def test_files_that_are_not_right(self):
        """Each is named with its state; what has a description is built from it, and the others are left as they are."""
        self.make()
        description = pathlib.Path(f"{self.graph}.json")
        good, said = self.graph.read_bytes(), description.read_text(encoding="utf-8")
        for graph, text, state, why, can_be_built in (
                (good[:-100], said, "damaged", "its bytes aren't those that were written", True),
                (None, said, "missing", "the file isn't there", True),
                (good, None, "missing", "has no description", False),
                (good, said[:200], "unreadable", "it isn't JSON", False),
                (good, said.replace('"version": 1', '"version": 2'), "unreadable", "is of version 2, and this program knows 1", False),
                (good, said.replace('"n_vectors"', '"n_victors"'), "unreadable", "is damaged", False),
                (good, "{}", "foreign", "isn't the description of a sidecar", False),
                (good, said.replace('"docs"', '"letters"'), "foreign", "there is no letters", False),
                (good, said.replace('"shop.db"', '"gone.db"'), "foreign", "it was built from the database gone.db", False),
                (good, said.replace(f"vector(f32,{DIM})", "vector(f32,9)"), "foreign", f"and the column is vector(f32,{DIM})", False)):
            with self.subTest(f"{state}: {why}"):
                for path, content in ((self.graph, graph), (description, text and text.encode())):
                    path.unlink(missing_ok=True)
                    if content is not None:
                        path.write_bytes(content)
                self.assertEqual(self.states(), {self.graph.name: state})
                result = self.index(code=0 if can_be_built else 3)
                self.assertIn(why, result["sidecars"][0]["why"])
                self.assertEqual(result["sidecars"][0]["built"], can_be_built)
                if can_be_built:
                    self.assertEqual(self.states(), {self.graph.name: "fresh"})
                else:
                    self.assertIn(f"1 of 1 sidecars isn't as it should be; the first: {self.graph.name} is {state}", result["error"])
                    self.assertEqual((self.graph.read_bytes(), description.read_text() if text else None), (graph, text))

    def test_neighbours_and_other_names(self):
        """A folder may hold other databases with theirs, files of other programs, and sidecars that a plan named."""
        self.make()
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, self.source, self.folder / "shop.old.db")
        text = plan.read_text()
        self.assertIn("file: shop.old.docs.v.usearch", text)
        self.run_vecferry("copy", "-f", plan)
        plan.write_text(text.replace("file: shop.old.docs.v.usearch", "file: near"))
        self.run_vecferry("copy", "--drop-existing", "--yes", "-f", plan)
        (self.folder / "data.json").write_text("[1, 2]")
        (self.folder / "data").write_text("")
        self.assertEqual(self.states(), {self.graph.name: "fresh"})
        self.target = str(self.folder / "shop.old.db")
        self.assertEqual(self.states(), {"near": "fresh", "shop.old.docs.v.usearch": "fresh"})
        self.assertEqual([each["file"] for each in self.index("--only", "docs")["sidecars"]], ["near", "shop.old.docs.v.usearch"])
        self.assertEqual(self.index("--only", "letters")["sidecars"], [])

    def test_what_has_no_sidecars(self):
        self.target = self.sqlite("plain.db", "CREATE TABLE t (x)")
        self.assertEqual(self.states(), {})
        self.assertEqual(self.run_vecferry("index", self.target).stdout, "no sidecars lie beside it\n")
        refused = self.run_vecferry("index", self.postgres(), code=2)
        self.assertIn("sidecars lie beside a database file", refused.stderr)
        self.assertIn("REINDEX", refused.stderr)
        self.assertNotIn("sidecars", self.run_vecferry("inspect", "--json", self.postgres()).json())
        missing = self.run_vecferry("index", self.folder / "nowhere.db", code=4)
        self.assertIn("nowhere.db", missing.stderr)
        self.assertFalse((self.folder / "nowhere.db").exists())
        self.run_vecferry("index", code=2)

    def test_locked(self):
        self.make()
        with open(self.target + "-vecferry-lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("shop.db", self.run_vecferry("index", self.target, code=8).stderr)

    def test_no_library(self):
        """Looking needs none; building does, and leaves what was there."""
        self.make()
        self.change(("DELETE FROM docs WHERE id = 5",))
        before = self.stamp()
        self.assertEqual(self.states(), {self.graph.name: "stale"})
        self.run_vecferry("index", "--dry-run", "--library-dir", self.folder, self.target, code=3)
        result = self.index("--library-dir", self.folder, code=10)
        self.assertIn("the library of usearch can't be opened", result["error"])
        self.assertEqual(self.stamp(), before)
        self.assertEqual(len(list(self.folder.iterdir())), 3)

    def test_killed_at_every_name(self):
        """Publishing is two renames, or three with a file of keys: whatever is there after a kill is known for what it is, and built anew."""
        for key, n_renames in (("bigint", 2), ("uuid", 3)):
            self.make(key)
            for number in range(1, n_renames + 1):
                with self.subTest(key=key, number=number):
                    self.change((f"UPDATE docs SET v = ? WHERE title = 'title {number}'", (vector(3000 + number),)))
                    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", f"inject=rename:signal=SIGKILL:when={number}", VECFERRY, "index", self.target]
                    killed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
                    self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
                    self.assertEqual(self.states(), {self.graph.name: "stale" if number == 1 else "damaged"})
                    self.assertTrue(self.index()["sidecars"][0]["built"])
                    self.run_vecferry("index", self.target)
                    self.assertEqual(list(self.folder.glob("*.new")), [])
            for path in self.folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
