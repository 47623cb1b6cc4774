"""One plan into SQLite and DuckDB: split by tables and by a column with its key, killed in either, gone on with while the source changed, and compared part by part and as a whole.

test_two_targets.py has what is the same for any two targets; what is stored is read here by psycopg, sqlite3 and duckdb.
"""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess

import duckdb
import psycopg
from e2e import VECFERRY, Case
from test_two_targets import SCRIPT, SPLIT

EMBEDDING = "v::real[]::float8[]"


def f32(values):
    return None if values is None else struct.pack(f"<{len(values)}f", *values)


class Base(Case):
    def setUp(self):
        super().setUp()
        self.source = self.postgres(SCRIPT)
        self.library, self.vectors = self.sqlite("library.db"), f"duckdb:{self.folder / 'vectors.duckdb'}"

    def databases(self):
        return [self.source, self.library, self.vectors]

    def change_source(self, *statements):
        with psycopg.connect(self.source, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def from_library(self, sql):
        connection = sqlite3.connect(f"file:{self.library}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def from_vectors(self, sql):
        """By a copy of the file and its log, so that DuckDB's own recovery isn't done for vecferry."""
        path, copied = pathlib.Path(self.vectors.removeprefix("duckdb:")), self.folder / "read.duckdb"
        for ending in ("", ".wal"):
            pathlib.Path(f"{copied}{ending}").unlink(missing_ok=True)
            if pathlib.Path(f"{path}{ending}").exists():
                shutil.copy(f"{path}{ending}", f"{copied}{ending}")
        connection = duckdb.connect(str(copied))
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
            for each in self.folder.glob("read.duckdb*"):
                each.unlink()

    def assert_whole(self):
        """Both together are what the server has now, and a column is in one of them."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            artists = connection.execute("SELECT id, name FROM artists").fetchall()
            tracks = connection.execute("SELECT id::text, artist, title, mood::text, length, embedding::real[]::float8[] FROM tracks").fetchall()
            embeddings = connection.execute(f'SELECT id::text, track::text, {EMBEDDING} FROM "TrackEmbeddings"').fetchall()
        self.assertEqual(sorted(self.from_library("SELECT id, name FROM artists")), sorted(artists))
        self.assertEqual(sorted(name for (name,) in self.from_library("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'vecferry%' AND name NOT LIKE 'sqlite%'")), ["artists", "tracks"])
        self.assertEqual(self.from_vectors("SELECT table_name FROM duckdb_tables() WHERE table_name NOT LIKE 'vecferry%' ORDER BY 1"), [("TrackEmbeddings",), ("tracks",)])
        stored = {row[0]: row[1:] for row in self.from_library("SELECT id, artist, title, mood, length FROM tracks")}
        vectors = {str(key): f32(value) for key, value in self.from_vectors("SELECT id, embedding FROM tracks")}
        self.assertEqual(stored, {row[0]: row[1:5] for row in tracks})
        self.assertEqual(vectors, {row[0]: f32(row[5]) for row in tracks})
        found = [(str(a), str(b), f32(v)) for a, b, v in self.from_vectors('SELECT id, track, v FROM "TrackEmbeddings"')]
        self.assertEqual(sorted(found), sorted((a, b, f32(v)) for a, b, v in embeddings))

    def states(self):
        """Of the run in each target, None where there is none."""
        found = []
        for read, path in ((self.from_library, self.library), (self.from_vectors, self.vectors.removeprefix("duckdb:"))):
            try:
                found.append(read("SELECT state FROM vecferry_runs")[0][0] if os.path.exists(path) else None)
            except (sqlite3.OperationalError, duckdb.CatalogException, IndexError):
                found.append(None)
        return tuple(found)

    def clear(self):
        for path in self.folder.iterdir():
            path.unlink()

    def kill(self, failpoint, *arguments):
        environment = dict(os.environ, VECFERRY_FAILPOINT=failpoint)
        command = [VECFERRY, "copy", *(arguments or [*self.databases(), *SPLIT])]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment).returncode

    seen = {}  # at which writing of rows a kill leaves which states

    def kill_in(self, states):
        """A copy that is killed when its runs are in these states, with rows of the second that are only begun."""
        for n in range(self.seen.get(states, 1), 60):
            self.assertEqual(self.kill(f"target.load_write:{n}:kill"), -signal.SIGKILL)
            if self.states() == states:
                self.seen[states] = n
                return
            self.clear()
        self.fail(f"no kill leaves {states}")

    def differences(self, summary):
        return sorted((table["target"], table["name"], each["kind"], each["key"]) for table in summary["tables"] for each in table["differences"])


class Whole(Base):
    def test_tables_and_a_column(self):
        summary = self.copy(*self.databases(), *SPLIT)
        self.assert_whole()
        self.assertEqual([(t["target"], t["name"].split(".")[-1], t["rows"], t["equal"]) for t in summary["tables"]],
                         [(1, "artists", 7, True), (1, "tracks", 500, True), (2, "tracks", 500, True), (2, "TrackEmbeddings", 300, True)])
        self.assertEqual([summary[name]["product"] for name in ("target", "target2")], ["SQLite", "DuckDB"])
        self.run_vecferry("verify", *self.databases())

    def test_the_other_way_around(self):
        """DuckDB first, and the whole back from both by two copies."""
        self.library, self.vectors = self.vectors, self.library
        summary = self.copy(*self.databases(), "--split", "artists=2", "--split", "tracks.title=2", "--split", "tracks.artist=2")
        self.assertEqual([(t["target"], t["name"].split(".")[-1]) for t in summary["tables"]], [(1, "tracks"), (1, "TrackEmbeddings"), (2, "artists"), (2, "tracks")])
        self.run_vecferry("verify", *self.databases())

    def test_each_part_is_verified(self):
        self.copy(*self.databases(), *SPLIT)
        key = '(SELECT min(id) FROM tracks WHERE id NOT IN (SELECT track FROM "TrackEmbeddings"))'  # DuckDB replaces a row to change it, and doesn't where another refers to it
        duck = self.vectors.removeprefix("duckdb:")
        for place, statement, undo, expected in (
                (1, "UPDATE tracks SET title = title || ' ' WHERE id = (SELECT min(id) FROM tracks)", "UPDATE tracks SET title = rtrim(title)", (1, "public.tracks", "changed")),
                (1, "INSERT INTO artists VALUES (99, 'nobody')", "DELETE FROM artists WHERE id = 99", (1, "public.artists", "extra")),
                (2, f"UPDATE tracks SET embedding = [1, 2, 3, 4] WHERE id = {key}", None, (2, "public.tracks", "changed"))):
            with self.subTest(statement):
                connection = sqlite3.connect(self.library) if place == 1 else duckdb.connect(duck)
                connection.execute(statement)
                if place == 1:
                    connection.commit()
                else:
                    connection.close()
                result = self.run_vecferry("verify", "--json", *self.databases(), code=3).json()
                self.assertEqual([each[:3] for each in self.differences(result)], [expected])
                self.assertIn(f"target {expected[0]}", result["error"])
                if undo:
                    connection.execute(undo)
                    connection.commit()
                    connection.close()
                    self.run_vecferry("verify", *self.databases())
        for database in (self.library, self.vectors):
            self.assertIn("is for two targets", self.run_vecferry("verify", self.source, database, code=2).stderr)

    def test_a_row_that_neither_has(self):
        """Together they must be the whole source: a row that was deleted in both is missing twice, once for each part."""
        self.copy(*self.databases(), *SPLIT)
        key = self.from_library("SELECT max(id) FROM tracks")[0][0]
        with sqlite3.connect(self.library) as connection:
            connection.execute("DELETE FROM tracks WHERE id = ?", (key,))
        connection.close()
        connection = duckdb.connect(self.vectors.removeprefix("duckdb:"))
        connection.execute('DELETE FROM "TrackEmbeddings" WHERE track = ?', (key,))
        connection.execute("DELETE FROM tracks WHERE id = ?", (key,))
        connection.close()
        found = self.differences(self.run_vecferry("verify", "--json", *self.databases(), code=3).json())
        self.assertEqual([each for each in found if "tracks" in each[1]], [(1, "public.tracks", "missing", f'{{"id": "{key}"}}'), (2, "public.tracks", "missing", f'{{"id": "{key}"}}')])


class Killed(Base):
    def test_at_every_commit(self):
        seen = set()
        for n in range(1, 100):
            code = self.kill(f"target.commit:{n}:{'kill' if n % 2 else 'kill-after'}")
            if code == 0:
                break
            self.assertEqual(code, -signal.SIGKILL)
            states = self.states()
            seen.add(states)
            if states == (None, None):
                self.copy(*self.databases(), *SPLIT)
            else:
                result = self.copy("--resume", *self.databases())
                self.assertEqual([run["resumed"] for run in result["runs"]], [state is not None for state in states], n)
            self.assert_whole()
            self.assertEqual(self.states(), ("done", "done"))
            self.clear()
        self.assertGreater(n, 5)
        self.assertTrue({("copying", None), ("done", "copying")} <= seen, seen)

    def test_at_system_calls_of_both(self):
        """In the middle of a transaction, a checkpoint, and before a lock or a file is gone: whatever is found then is gone on with, or begun."""
        chance = random.Random(20240229)
        trace = ["strace", "-f", "-qq", "-e", "trace=pwrite64,fsync,fdatasync,unlink,rename"]
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        log = self.folder / "log"
        subprocess.run([*trace, "-o", log, VECFERRY, "copy", *self.databases(), *SPLIT], stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=True)
        calls = [line.split()[1].split("(")[0] for line in log.read_text(errors="replace").splitlines() if "(" in line]
        self.clear()
        n_killed = 0
        for call in ("pwrite64", "pwrite64", "fsync", "fdatasync", "unlink"):
            number = chance.randint(1, max(1, calls.count(call) * 2 // 3))
            with self.subTest(f"{call} {number}"):
                code = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}", VECFERRY, "copy", *self.databases(), *SPLIT],
                                      stdin=subprocess.DEVNULL, capture_output=True, env=environment).returncode
                n_killed += code == -signal.SIGKILL
                result = self.run_vecferry("copy", "--json", "--resume", *self.databases(), code=None)
                if result.code == 9 and "no unfinished run" in result.stdout and code != 0:
                    if self.states() != ("done", "done"):
                        self.copy(*self.databases(), *SPLIT)
                elif code != 0:
                    self.assertEqual(result.code, 0, str(result))
                self.assert_whole()  # what was copied now was verified, too
                self.clear()
        self.assertGreater(n_killed, 2)


class Changed(Base):
    """The source changed between a kill and what went on. What is promised: both are compared with the last snapshot, so that either they are of that one instant (exit code 0), or each row that isn't is named."""

    TRACK = "INSERT INTO tracks VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 1, 'new', 'calm', '[1,2,3,4]', 5)"
    EMBEDDING = "INSERT INTO \"TrackEmbeddings\" VALUES ('ffffffff-ffff-ffff-ffff-fffffffffffe', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[1,2,3]')"

    def test_before_any_row_of_it_was_read(self):
        """What changed is read by the second process alone: both are of its instant."""
        self.kill_in(("copying", None))
        self.change_source('UPDATE "TrackEmbeddings" SET v = \'[7,8,9]\' WHERE id = (SELECT min(id::text)::uuid FROM "TrackEmbeddings")',
                           "UPDATE tracks SET embedding = '[4,3,2,1]' WHERE title = 'title 7'")
        self.copy("--resume", *self.databases())
        self.assert_whole()

    def test_in_what_the_first_process_had_stored(self):
        self.kill_in(("done", "copying"))
        self.change_source("UPDATE artists SET name = 'other' WHERE id = 5", "UPDATE tracks SET title = 'other' WHERE title = 'title 9'")
        result = self.copy("--resume", *self.databases(), code=3)
        self.assertEqual([each[:3] for each in self.differences(result)], [(1, "public.artists", "changed"), (1, "public.tracks", "changed")])
        self.assertIn("target 1", result["error"])
        self.assertIn("--drop-existing", result["hint"])
        self.assertEqual(self.states(), ("done", "done"))
        self.run_vecferry("verify", *self.databases(), code=3)
        self.copy("--drop-existing", "--yes", *self.databases(), *SPLIT)
        self.assert_whole()

    def test_a_row_of_both(self):
        """A new track is in the second, which reads it now, and isn't in the first, which was done: it is named as missing there, not left out of both."""
        self.kill_in(("done", "copying"))
        self.change_source(self.TRACK, self.EMBEDDING)
        result = self.copy("--resume", *self.databases(), code=3)
        key = '{"id": "ffffffff-ffff-ffff-ffff-ffffffffffff"}'
        self.assertIn((1, "public.tracks", "missing", key), self.differences(result))
        self.assertTrue(all(each[3] in (key, key[:-3] + 'e"}') and each[2] == "missing" for each in self.differences(result)), self.differences(result))

    def test_a_table_that_was_rewritten(self):
        """Bounds of chunks mean other rows then: refused before anything is loaded, and both stay as they are."""
        self.kill_in(("done", "copying"))
        before = [pathlib.Path(path).read_bytes() for path in (self.library, self.vectors.removeprefix("duckdb:"))]
        self.change_source("VACUUM FULL tracks", 'VACUUM FULL "TrackEmbeddings"')
        refused = self.run_vecferry("copy", "--resume", *self.databases(), code=9)
        self.assertIn("was rewritten in the source since run", refused.stderr)
        self.assertIn("start over with --drop-existing", refused.stderr)
        self.assertEqual(pathlib.Path(self.library).read_bytes(), before[0])
        self.assertEqual(self.states(), ("done", "copying"))
        self.copy("--drop-existing", "--yes", *self.databases(), *SPLIT)
        self.assert_whole()

    def test_its_tables_changed(self):
        """A column that came and one that went are another plan than that of the run."""
        self.kill_in(("done", "copying"))
        self.change_source("ALTER TABLE tracks DROP COLUMN length CASCADE")
        refused = self.run_vecferry("copy", "--resume", *self.databases(), code=None)
        self.assertIn(refused.code, (2, 9), str(refused))
        self.assertIn("length", refused.stderr)
        self.assertEqual(self.states(), ("done", "copying"))
