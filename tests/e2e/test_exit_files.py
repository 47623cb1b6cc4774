"""Files that are missing, foreign, cut, locked or on a full disk: the exit code, one message with what can be done, and nothing lost or half there."""

import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import sqlite3
import struct
import subprocess
import time

from e2e import VECFERRY, Case, sqlite_picture


def make_source(path, rows=20000):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, v BLOB)")
    connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((i, f"title {i}", struct.pack("<64f", *[i + k / 3 for k in range(64)])) for i in range(rows)))
    connection.execute("CREATE INDEX docs_title ON docs (title)")
    connection.commit()
    connection.close()


class Files(Case):
    def setUp(self):
        super().setUp()
        self.source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two');")
        self.target = str(self.folder / "target.db")

    def fail(self, code, *arguments, **options):
        """The message of a failure; as JSON it is the same."""
        result = self.run_vecferry(*arguments, code=code, **options)
        self.assertRegex(result.stderr, r"(?m)^vecferry: .+\n(hint: .+\n)?\Z")
        as_json = self.run_vecferry(arguments[0], "--json", *arguments[1:], code=code, **options).json()
        self.assertEqual((as_json["v"], as_json["type"], as_json["exit_code"]), (1, "error", code))
        return as_json["error"] + "\n" + as_json["hint"]

    def test_no_such_file(self):
        for arguments in (("inspect", "none.db"), ("copy", "none.db", self.target), ("verify", "none.db", self.source), ("verify", self.source, "none.db"), ("plan", "none.db", self.target)):
            message = self.fail(4, *arguments)
            self.assertIn('"none.db"', message)
            self.assertIn("path", message)
        self.assertEqual(os.listdir(self.folder), ["source.db"])

    def test_a_directory(self):
        for arguments in (("inspect", self.folder), ("copy", f"sqlite:{self.folder}", self.target), ("copy", self.source, f"{self.folder}/")):
            self.assertIn("is a directory", self.fail(4, *arguments))
        self.assertIn(str(self.folder / "none"), self.fail(4, "copy", self.source, self.folder / "none" / "target.db"))
        self.assertEqual(os.listdir(self.folder), ["source.db"])

    def test_files_that_are_no_databases(self):
        for name, content in (("text.db", b"hello, world\n" * 100), ("zeros.db", bytes(8192)), ("short.db", b"SQLite format 3\0"), ("tiny.db", b"xy")):
            path = self.folder / name
            path.write_bytes(content)
            for arguments in (("inspect", path), ("copy", path, self.target), ("copy", self.source, path)):
                message = self.fail(4, *arguments) if name != "short.db" else self.run_vecferry(*arguments, code=None)
                if name == "short.db":
                    self.assertIn(message.code, (4, 6, 7), message)
                    message = message.stderr
                self.assertIn(str(path), message)
            self.assertEqual(path.read_bytes(), content)
        self.assertFalse(os.path.exists(self.target))

    def test_a_truncated_file(self):
        make_source(self.folder / "whole.db", 2000)
        whole = (self.folder / "whole.db").read_bytes()
        for size in (len(whole) - 1, len(whole) // 2, 4096 * 3, 4096, 600, 100):
            with self.subTest(size):
                (self.folder / "cut.db").write_bytes(whole[:size])
                message = self.fail(6, "copy", self.folder / "cut.db", self.target)
                self.assertIn(f"it has {size} bytes", message)
                self.assertIn("another copy", message)
        self.assertEqual((self.folder / "cut.db").read_bytes(), whole[:100])

    def test_damaged_pages(self):
        make_source(self.folder / "whole.db", 2000)
        whole = bytearray((self.folder / "whole.db").read_bytes())
        for page in range(3, len(whole) // 4096 - 3, 17):
            whole[page * 4096:page * 4096 + 64] = os.urandom(64)
        (self.folder / "bad.db").write_bytes(whole)
        result = self.run_vecferry("copy", "--json", self.folder / "bad.db", self.target, code=None)
        # No page of a table may be lost in silence: an error, or rows that are named.
        self.assertIn(result.code, (3, 6), result)
        self.assertTrue(result.json()["error"])

    def test_no_privilege(self):
        os.chmod(self.source, 0)
        os.mkdir(self.folder / "closed", 0o500)
        (self.folder / "readonly.db").write_bytes(b"")
        os.chmod(self.folder / "readonly.db", 0o444)
        try:
            for code, arguments in ((4, ("inspect", self.source)), (4, ("copy", self.source, self.target))):
                result = self.run_as_nobody(arguments)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn("denied", result.stderr.lower())
            os.chmod(self.source, 0o644)
            for target in (self.folder / "closed" / "target.db", self.folder / "readonly.db"):
                result = self.run_as_nobody(("copy", self.source, target))
                self.assertIn(result.returncode, (4, 7), result.stderr)
                self.assertIn(str(target), result.stderr)
            self.assertEqual(os.listdir(self.folder / "closed"), [])
        finally:
            os.chmod(self.folder / "closed", 0o700)

    def run_as_nobody(self, arguments):
        """Root may do anything: then the user is exchanged for one without rights."""
        def drop():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
        os.chmod(self.folder, 0o711)
        for folder in self.folder.parents:
            if not os.stat(folder).st_mode & 0o001:
                self.assertNotEqual(os.geteuid(), 0, f"{folder} is closed to other users: the test can't be made there")
        return subprocess.run([VECFERRY, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, preexec_fn=drop, cwd="/")

    # ---- full disks ----

    def limited(self, limit_bytes, *arguments):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        out = subprocess.run([VECFERRY, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, preexec_fn=limit)
        return out

    def test_a_full_disk(self):
        make_source(self.folder / "big.db")
        size = os.path.getsize(self.folder / "big.db")
        for part in (0.02, 0.3, 0.7, 0.95):
            with self.subTest(part):
                result = self.limited(int(size * part), "copy", "--json", self.folder / "big.db", self.target)
                self.assertEqual(result.returncode, 7, result.stderr)
                last = json.loads(result.stdout.splitlines()[-1])
                self.assertEqual((last["type"], last["exit_code"]), ("error", 7))
                self.assertIn(self.target, last["error"] + last["hint"])
                self.assertIn("disk", last["error"] + last["hint"])
                self.go_on(self.folder / "big.db")

    def go_on(self, source):
        """After space was freed, --resume ends with the source's rows."""
        result = self.run_vecferry("copy", "--json", "--resume", source, self.target, code=None)
        if result.code == 9 and "no unfinished run" in result.json()["error"]:  # stopped before the run was written down
            result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, self.target, code=None)
        self.assertEqual(result.code, 0, result)
        self.assert_same_sqlite(str(source), self.target, ["docs"])
        for name in os.listdir(self.folder):
            if name.startswith("target.db"):
                os.unlink(self.folder / name)

    def test_a_disk_that_is_too_small(self):
        """A file system of two megabytes, in a mount namespace of its own: it is seen before the first write."""
        make_source(self.folder / "big.db")
        (self.folder / "small").mkdir()
        script = (
            'mount -t tmpfs -o size=2m none "$1" && cd "$1" || exit 99\n'
            '"$2" copy --json "$3" target.db >../out.json 2>../out.err; echo $? >../code; ls >../list\n'
            "exit 0\n"
        )
        namespace = ["unshare", "--mount"]
        if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
            namespace = ["unshare", "--user", "--map-root-user", "--mount"]
        done = subprocess.run([*namespace, "sh", "-c", script, "sh", self.folder / "small", VECFERRY, self.folder / "big.db"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        read = lambda name: (self.folder / name).read_text()
        self.assertEqual(read("code").strip(), "10", read("out.err"))
        last = json.loads(read("out.json").splitlines()[-1])
        self.assertEqual((last["type"], last["exit_code"]), ("error", 10))
        self.assertIn("MiB free", last["error"])
        self.assertIn("free space", last["hint"])
        self.assertEqual(read("list"), "", "nothing was written")

    # ---- locks and states ----

    def test_another_run_holds_the_target(self):
        """The failpoint stops a real run in the middle; the second one names it."""
        make_source(self.folder / "big.db")
        first = subprocess.Popen([VECFERRY, "copy", str(self.folder / "big.db"), self.target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            lock = self.target + "-vecferry-lock"
            while not (os.path.exists(lock) and os.path.getsize(lock) > 0) and first.poll() is None and time.monotonic() < deadline:
                time.sleep(0.001)
            os.kill(first.pid, signal.SIGSTOP)
            self.assertIsNone(first.poll(), "the first run has ended too early")
            message = self.fail(8, "copy", "--resume", self.folder / "big.db", self.target)
            self.assertEqual(message, self.fail(8, "copy", self.folder / "big.db", self.target))
            self.assertIn(self.target, message)
            self.assertIn(str(first.pid), message)
        finally:
            os.kill(first.pid, signal.SIGCONT)
            self.assertEqual(first.wait(), 0)
        self.run_vecferry("verify", self.folder / "big.db", self.target)
        self.assertFalse(os.path.exists(self.target + "-vecferry-lock"))

    def test_a_lock_that_is_left_over_is_none(self):
        pathlib.Path(self.target + "-vecferry-lock").write_text("vecferry 0.0 (process 1 on elsewhere)")
        self.copy(self.source, self.target)

    def test_another_program_locks_the_target(self):
        self.copy(self.source, self.target)
        other = sqlite3.connect(self.target, isolation_level=None)
        for statement in ("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"):
            other.execute(statement)
            message = self.fail(8, "copy", "--drop-existing", "--yes", self.source, self.target)
            self.assertIn(self.target, message)
            self.assertIn("another program", message)
            other.execute("ROLLBACK")
        other.close()
        self.run_vecferry("verify", self.source, self.target)

    def test_the_target_holds_rows(self):
        self.sqlite("target.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (7, 'mine');")
        before = open(self.target, "rb").read()
        message = self.fail(9, "copy", self.source, self.target)
        self.assertIn("t: the table is in the target already, and holds rows", message)
        self.assertIn("--drop-existing", message)
        self.assertEqual(open(self.target, "rb").read(), before)

    def test_resume_without_a_run(self):
        self.assertIn("without --resume", self.fail(9, "copy", "--resume", self.source, self.target))

    # ---- signals ----

    def test_signals_during_the_copy(self):
        make_source(self.folder / "big.db", 60000)
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for json_flag in (["--json"], []):
                self.interrupt(number, code, json_flag)

    def interrupt(self, number, code, json_flag):
        process = subprocess.Popen([VECFERRY, "copy", *json_flag, "--no-verify", str(self.folder / "big.db"), self.target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if sum(os.path.getsize(path) for path in (self.target, self.target + "-wal") if os.path.exists(path)) > 200000:
                break
            time.sleep(0.001)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, err)
        self.assertIn("--resume", err)
        if json_flag:
            last = json.loads(out.splitlines()[-1])
            self.assertEqual((last["type"], last["exit_code"]), ("error", code))
        self.go_on(self.folder / "big.db")

    def test_a_second_signal_ends_at_once(self):
        make_source(self.folder / "big.db", 60000)
        process = subprocess.Popen([VECFERRY, "copy", str(self.folder / "big.db"), self.target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.15)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(), (0, 130, -signal.SIGINT))
        self.go_on(self.folder / "big.db")
