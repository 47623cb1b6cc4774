"""Killed at any moment, a copy goes on with --resume and ends with the same digests: a few moments in each direction here, 50 by `make test-kill`.

The moments are calls of the engine interface (failpoints of test builds), so that a slow machine sees the same ones.
"""

import os
import random
import signal
import sqlite3
import struct
import subprocess
import time

from e2e import VECFERRY, Case

KILLS = int(os.environ.get("VECFERRY_KILLS", "6"))
SEED = 20240229


def make_source(path, rows=12000):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, v BLOB)")
    connection.execute("CREATE TABLE notes (doc INTEGER NOT NULL REFERENCES docs (id), n INTEGER NOT NULL, t TEXT, PRIMARY KEY (doc, n))")
    connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((i, f"title {i}", struct.pack("<16f", *[i + k / 3 for k in range(16)])) for i in range(1, rows)))
    connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", ((i, i % 5, None if i % 3 else "x" * (i % 50)) for i in range(1, rows)))
    connection.execute("CREATE INDEX docs_title ON docs (title)")
    connection.commit()
    connection.close()


class Resume(Case):
    def run_and_kill(self, arguments, failpoint):
        """Start a copy that kills itself by SIGKILL; its exit code (-9, or what it ended with before)."""
        env = dict(os.environ, VECFERRY_FAILPOINT=failpoint)
        return subprocess.run([VECFERRY, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env).returncode

    def resume(self, source, target):
        """A server may need a moment to notice that its client is dead; until then the lock is held, and exit code 8 says so."""
        for _ in range(100):
            result = self.run_vecferry("copy", "--json", "--resume", source, target, code=None)
            if result.code != 8:
                return result
            time.sleep(0.1)
        return result

    def digests(self, summary):
        return {table["name"].split(".")[-1]: table["digest"] for table in summary["tables"]}

    def kill_and_resume(self, source, new_target, wanted, arguments, where):
        target = new_target()
        code = self.run_and_kill(["copy", *arguments, source, target], where)
        result = self.resume(source, target)
        if result.code == 9:  # nothing had begun, or everything was done
            summary = result.json()
            if code == 0:
                result = self.run_vecferry("verify", "--json", source, target)
                return True
            self.assertIn("no unfinished run", summary["error"], where)
            result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, target, code=None)
        self.assertEqual(result.code, 0, f"killed at {where}\n{result}")
        self.assertEqual(self.digests(result.json()), wanted, where)
        return code == -signal.SIGKILL

    def count_calls(self, source, target):
        """How many calls to both engines a copy makes, as the program itself tells them: what kills are dealt out over."""
        result = self.run_vecferry("copy", "-v", "-v", "--jobs", "2", "--memory", "8M", source, target, environment={"VF_TRACE": "engine"})
        return result.stderr.count("debug: engine ")

    def moments(self, n_calls):
        """Steps that matter, with their n-th call, then any call of the copy's whole course: by its progress, not by the clock. Before a call or right after it, whatever the other threads do then."""
        chance = random.Random(SEED)
        steps = ["begin", "commit", "load_write", "record_put", "record_swap", "apply", "scan_read", "split"]
        for i in range(KILLS):
            when = f"{steps[i // 2 % len(steps)]}:{chance.randint(1, 6)}" if i % 2 else f"any:{chance.randint(1, n_calls)}"
            yield f"{when}:{chance.choice(['kill', 'kill-after'])}"

    def kill_often(self, source, new_target):
        wanted = self.digests(self.copy("--memory", "8M", source, new_target()))
        n_calls = self.count_calls(source, new_target())
        self.assertGreater(n_calls, 20)
        killed = 0
        for moment in self.moments(n_calls):
            killed += self.kill_and_resume(source, new_target, wanted, ["--jobs", "2", "--memory", "8M"], moment)
        self.assertGreater(killed, KILLS // 2, "most of the runs must really have been killed")

    def test_sqlite_to_postgres(self):
        source = str(self.folder / "source.db")
        make_source(source)
        self.kill_often(source, self.postgres)

    def test_postgres_to_sqlite(self):
        first = str(self.folder / "first.db")
        make_source(first)
        source = self.postgres()
        self.copy(first, source)
        numbers = iter(range(1000))
        self.kill_often(source, lambda: str(self.folder / f"target{next(numbers)}.db"))

    def test_resume_with_another_plan_or_source_is_refused(self):
        source = str(self.folder / "source.db")
        make_source(source, 2000)
        target = self.postgres()
        self.run_and_kill(["copy", source, target], failpoint="commit:4:kill")
        refused = self.run_vecferry("copy", source, target, code=9)
        self.assertIn("--resume", refused.stderr)
        refused = self.run_vecferry("copy", "--resume", "--only", "docs", source, target, code=9)
        self.assertIn("another plan", refused.stderr)
        other = str(self.folder / "other.db")
        make_source(other, 2000)
        refused = self.run_vecferry("copy", "--resume", other, target, code=9)
        self.assertIn("another source", refused.stderr)
        self.run_vecferry("copy", "--resume", source, target)
        refused = self.run_vecferry("copy", "--resume", source, target, code=9)
        self.assertIn("no unfinished run", refused.stderr)

    def test_killed_while_the_journal_mode_is_put_back(self):
        """A user's file comes out in the mode that it had, whenever a run was killed on the way out of the write-ahead log: there it removes files."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);")
        went_on = 0
        for number in range(1, 20):
            target = self.sqlite(f"target{number}.db", "CREATE TABLE mine (id INTEGER PRIMARY KEY); INSERT INTO mine VALUES (7);")
            command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink", "-e", f"inject=unlink:signal=SIGKILL:when={number}", VECFERRY, "copy", source, target]
            killed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
            if killed.returncode == 0:
                break
            self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
            went_on += self.resume(source, target).code == 0
            connection = sqlite3.connect(target)
            if went_on == 0:  # nothing had begun
                connection.close()
                continue
            self.assertEqual(connection.execute("PRAGMA journal_mode").fetchone(), ("delete",), f"killed at removal {number}")
            self.assertEqual(connection.execute("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM mine), (SELECT count(*) FROM sqlite_master WHERE name = 'vecferry_settings')").fetchone(), (2, 1, 0))
            connection.close()
        self.assertGreater(went_on, 2)

    def test_a_commit_of_which_nobody_knows(self):
        source = str(self.folder / "source.db")
        make_source(source, 5000)
        target = self.postgres()
        lost = self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "target.commit:3:commit-lost"}, code=5)
        self.assertIn("--resume", lost.stderr)
        self.run_vecferry("copy", "--resume", source, target)
        self.run_vecferry("verify", source, target)
