"""A whole copy with allocations failing, one run for every VECFERRY_TORTURE_STEP-th (a prime; `make torture` takes each), and with system calls failing, by strace."""

import os
import pathlib
import shutil
import struct
import subprocess
import sqlite3

from e2e import VECFERRY, Case

STEP = os.environ.get("VECFERRY_TORTURE_STEP", "31")
CALLS = int(os.environ.get("VECFERRY_TORTURE_CALLS", "1"))


class Torture(Case):
    def source(self):
        path = str(self.folder / "source.db")
        connection = sqlite3.connect(path)
        connection.executescript("CREATE TABLE d (id INTEGER PRIMARY KEY, t TEXT NOT NULL DEFAULT 'x', v BLOB, j TEXT, at INTEGER); CREATE INDEX d_t ON d (t); "
                                 "CREATE TABLE k (a TEXT, b INTEGER REFERENCES d (id), PRIMARY KEY (a, b)) WITHOUT ROWID;")
        connection.executemany("INSERT INTO d VALUES (?, ?, ?, ?, ?)", ((i, f"t{i}", struct.pack("<4f", i, 1, 2, 3), f"[{i}.5,2,3]", 1700000000 + i) for i in range(40)))
        connection.executemany("INSERT INTO k VALUES (?, ?)", ((f"a{i}", i) for i in range(40)))
        connection.commit()
        connection.close()
        return path

    def test_allocations(self):
        program = pathlib.Path(os.environ["VECFERRY_BUILD"]) / "tests" / "long" / "torture"
        result = subprocess.run([program, self.source(), str(self.folder / "target.db"), STEP], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 0, result.stdout[-3000:] + result.stderr[-6000:])
        self.assertIn("\nok 1", result.stdout)

    def test_system_calls(self):
        """Each kind of call fails once, at its n-th time: an error with a message and its exit code, and afterwards the copy can be made."""
        source, trace = self.source(), ["strace", "-f", "-qq", "-o", "/dev/null"]
        self.assertIsNotNone(shutil.which("strace"), "scripts/setup test installs it")
        self.assertEqual(subprocess.run([*trace, "true"], stdin=subprocess.DEVNULL).returncode, 0, "this machine doesn't let one process trace another")
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:exitcode=99")  # the search for leaks is itself a tracer
        for call, errors in (("pwrite64", ("ENOSPC", "EIO")), ("pread64", ("EIO",)), ("fdatasync", ("EIO",)), ("fsync", ("EIO",)), ("openat", ("EMFILE",)), ("unlink", ("EACCES",))):
            for number in range(1, CALLS * 40, 13):
                target = str(self.folder / f"{call}{number}.db")
                error = errors[number % len(errors)]
                code = subprocess.run([*trace, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}", VECFERRY, "copy", "-q", source, target],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=environment)
                self.assertIn(code.returncode, (0, 1, 4, 5, 6, 7, 8, 9, 10, 127), f"{call} {number}: {code.stderr[-3000:]}")
                if code.returncode not in (0, 127):  # 127: the program itself could not be loaded
                    self.assertIn("vecferry: ", code.stderr, f"{call} {number}")
                self.run_vecferry("copy", "--drop-existing", "--yes", source, target)
