#!/usr/bin/env python3
"""Runs the tests of a build folder and counts them; scripts/test calls it with the servers running.

    tests/run.py --build DIR [--suite unit,conformance,cli,e2e,long] [--only WORD] [--jobs N]
    tests/run.py --unittest FILE        one Python test file, as TAP lines

Suites: unit and conformance are the cmocka programs that Meson knows; cli and e2e are the files test_*.py and test_*.sh of
tests/cli and tests/e2e; long, which only runs when it is named, those of tests/long. A Python file holds unittest cases; a shell
file prints TAP lines, or just exits 0.

Every test file gets a database of its own on the server of VECFERRY_TEST_POSTGRES, so that several can run at once; databases and
roles that a test makes itself should take their names from it. A file whose first lines hold "run: alone" runs by itself.

A skipped test is a failure: what is skipped proves nothing. So is a program that ends without having run what it announced.
The last line is "N passed, N failed".
"""

import argparse
import concurrent.futures
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unittest
import urllib.parse

TOP = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_S = 1500
LONG_TIMEOUT_S = 6 * 3600
SCRATCH_BYTES = 4 << 30
RESULT = re.compile(r"^(not )?ok\b *(\d+)? *(?:-+ *)?(.*)$")
NONE_HERE = "1..0 # the server is older than all of them (e2e.since)"
PLAN = re.compile(r"^1\.\.(\d+)")
# A sanitizer's exit status is one that vecferry never uses, so that a leak is never taken for an exit code that a test expects.
SANITIZERS = {
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:exitcode=99",
    "LSAN_OPTIONS": f"suppressions={TOP / 'tests/support/lsan.supp'}:print_suppressions=0",
    "TSAN_OPTIONS": f"suppressions={TOP / 'tests/support/tsan.supp'}:halt_on_error=1:second_deadlock_stack=1:exitcode=99",
}


class Tap(unittest.TestResult):
    """Prints a line per test, at once: a process that dies has said how far it came."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.bad = None

    def startTest(self, test):
        super().startTest(test)
        self.bad = None

    def stopTest(self, test):
        super().stopTest(test)
        self.count += 1
        name = test.id().split(".", 1)[-1]
        text, self.bad = self.bad, None
        print(f"{'ok' if text is None else 'not ok'} {self.count} - {name}", flush=True)
        for line in (text or "").splitlines():
            print("# " + line, flush=True)

    def _note(self, text):
        self.bad = text if self.bad is None else self.bad + "\n" + text

    def addError(self, test, err):
        super().addError(test, err)
        self._note("".join(traceback.format_exception(*err)))
        if not isinstance(test, unittest.TestCase):  # setUpClass and the like: no test was started
            self.stopTest(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note("".join(traceback.format_exception(*err)))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(f"{subtest}\n" + "".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(f"SKIP {reason}")
        if not isinstance(test, unittest.TestCase):
            self.stopTest(test)


def run_unittest(path):
    path = pathlib.Path(path).resolve()
    sys.path.insert(0, str(path.parent))
    sys.path.insert(1, str(TOP / "tests"))
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    n = suite.countTestCases()
    if n == 0 and getattr(sys.modules.get("e2e"), "left_out", 0) > 0:
        print(NONE_HERE)
        return 0
    print(f"1..{n}", flush=True)
    result = Tap()
    suite.run(result)
    return 0 if result.count > 0 and not result.errors and not result.failures and not result.skipped else 1


class Test:
    def __init__(self, suite, name, command, alone=False):
        self.suite, self.name, self.command, self.alone = suite, name, command, alone
        self.passed = self.failed = 0
        self.seconds = 0.0
        self.output = ""
        self.why = ""


def programs(build):
    text = subprocess.run(["meson", "introspect", "--tests", str(build)], check=True, capture_output=True, text=True).stdout
    for test in json.loads(text):
        suite = test["suite"][0].split(":")[-1]
        yield Test(suite, test["name"], test["cmd"])


def scripts():
    for suite in ("cli", "e2e", "long"):
        for path in sorted((TOP / "tests" / suite).glob("test_*")):
            head = path.read_text(encoding="utf-8")[:600]
            if path.suffix == ".py":
                command = [sys.executable, str(TOP / "tests" / "run.py"), "--unittest", str(path)]
            elif path.suffix == ".sh":
                command = ["bash", str(path)]
            else:
                continue
            yield Test(suite, path.name, command, alone="run: alone" in head)


class Databases:
    """A database for each test file, on the server that the tests were given."""

    def __init__(self, url):
        self.url = url

    def _do(self, statement):
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def make(self, name):
        self._do(f'create database "{name}"')
        parts = urllib.parse.urlsplit(self.url)
        return urllib.parse.urlunsplit(parts._replace(path="/" + name))

    def drop(self, name):
        self._do(f'drop database if exists "{name}" with (force)')


def count(test, text, status):
    """The results in what a test printed; whatever doesn't add up is one more failure."""
    planned = seen = 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if plan:
            planned += int(plan.group(1))
        elif result:
            seen += 1
            if result.group(1) or "# SKIP" in line.upper():
                test.failed += 1
            else:
                test.passed += 1
    if seen == 0 and planned == 0 and test.suite == "cli" and test.command[0] == "bash":
        test.passed, test.failed = (1, 0) if status == 0 else (0, 1)
    elif test.failed == 0 and status != 0:
        test.failed, test.why = 1, f"ended with status {status}"
    elif test.failed == 0 and planned > seen:
        test.failed, test.why = 1, f"announced {planned} tests and ran {seen}"
    elif seen == 0 and test.failed == 0 and NONE_HERE not in text.splitlines():
        test.failed, test.why = 1, "ran no test"


def run_process(command, environment, log, timeout_s):
    """The process and all that it started are gone when this returns. The output goes to a file: a pipe would wait for what is left running."""
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, cwd=TOP, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            out.write(f"\n# killed after {timeout_s} s\n".encode())
            status = 124
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    return pathlib.Path(log).read_bytes().decode("utf-8", "backslashreplace"), status


def make_scratch(build):
    """Where tests put their files: in memory, if there is room, for most of their time would be waiting for a disk that nobody needs afterwards."""
    try:
        if shutil.disk_usage("/dev/shm").free >= SCRATCH_BYTES:
            scratch = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-", dir="/dev/shm"))
            scratch.chmod(0o755)  # some tests run the program as another user
            return scratch
    except OSError:
        pass
    return build / "scratch"


def run_one(test, base_environment, scratch_root, logs, databases):
    short = re.sub(r"[^a-z0-9]+", "_", f"{test.suite}_{test.name}".lower())
    scratch, kept = scratch_root / short, logs / short
    for folder in {scratch, kept}:
        shutil.rmtree(folder, ignore_errors=True)
    scratch.mkdir(parents=True)
    environment = dict(base_environment, TMPDIR=str(scratch), VECFERRY_SCRATCH=str(scratch), CMOCKA_MESSAGE_OUTPUT="TAP")
    if test.suite == "unit":  # for processes of others it is what a test says: looking at the leak below (lsan.supp) takes longer than a small copy
        environment["LOCPATH"] = environment["VECFERRY_LOCALES"]
    database = None
    start = time.monotonic()
    try:
        if databases and test.suite != "unit":
            database = f"vft_{os.getpid()}_{short}"[:50]
            environment["VECFERRY_TEST_POSTGRES"] = databases.make(database)
        test.output, status = run_process(test.command, environment, logs / f"{short}.log", LONG_TIMEOUT_S if test.suite == "long" else TIMEOUT_S)
        count(test, test.output, status)
        if database:
            databases.drop(database)
    except Exception:  # the runner goes on with the other tests
        test.failed, test.why = test.failed + 1, traceback.format_exc()
    test.seconds = time.monotonic() - start
    if test.failed == 0:
        shutil.rmtree(scratch, ignore_errors=True)
    elif scratch != kept:
        subprocess.run(["cp", "-a", str(scratch), str(kept)], stderr=subprocess.DEVNULL)
    word = "ok    " if test.failed == 0 else "FAILED"
    print(f"{word} {test.suite:11} {test.name} ({test.passed} passed, {test.failed} failed, {test.seconds:.1f} s)", flush=True)


def run_all(tests, environment, build, jobs):
    url = environment.get("VECFERRY_TEST_POSTGRES")
    databases = Databases(url) if url else None
    logs, scratch = build / "scratch", make_scratch(build)
    logs.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            together = [pool.submit(run_one, test, environment, scratch, logs, databases) for test in tests if not test.alone]
            for future in together:
                future.result()
        for test in tests:
            if test.alone:
                run_one(test, environment, scratch, logs, databases)
    finally:
        if scratch != logs:
            shutil.rmtree(scratch, ignore_errors=True)


def report(tests):
    for test in tests:
        if test.failed:
            print(f"\n==== {test.suite} {test.name}: {test.failed} failed {test.why}")
            print(test.output.rstrip())
    passed = sum(test.passed for test in tests)
    failed = sum(test.failed for test in tests)
    for suite in dict.fromkeys(test.suite for test in tests):
        some = [test for test in tests if test.suite == suite]
        print(f"{suite}: {sum(t.passed for t in some)} passed, {sum(t.failed for t in some)} failed, {sum(t.seconds for t in some):.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unittest")
    parser.add_argument("--build", default="build/test")
    parser.add_argument("--suite", default="unit,conformance,cli,e2e")
    parser.add_argument("--only", default="", help="tests whose suite and name hold this word")
    # Twice as many as there are processors: for a good part of the time tests wait, for a server or for the disk.
    parser.add_argument("--jobs", type=int, default=2 * len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    if options.unittest:
        return run_unittest(options.unittest)
    build = pathlib.Path(options.build).resolve()
    deps = TOP / "build" / "deps"
    environment = dict(os.environ, **SANITIZERS)
    environment.update(
        VECFERRY=str(build / "src" / "vecferry"),
        VECFERRY_BUILD=str(build),
        VECFERRY_PYTHON=sys.executable,
        VECFERRY_VEC0=str(deps / "vec0.so"),
        VECFERRY_TURSODB=str(deps / "tursodb"),
        VECFERRY_HRANA_SERVER=str(build / "tests" / "support" / "hrana" / "hrana_server"),
        VECFERRY_RETRY_WAIT_MS="5",  # servers that fail for long are asked again soon (src/engine/turso/retry.h)
        VECFERRY_LIBSQL=str(deps / "lib" / "liblibsql.so"),
        VECFERRY_LOCALES=str(deps / "locale"),
        VECFERRY_DATA=str(TOP / "examples" / "data"),
        VECFERRY_PGBIN=str(deps / "pg" / "bin"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    suites = options.suite.split(",")
    tests = [t for t in [*programs(build), *scripts()] if t.suite in suites and options.only in f"{t.suite} {t.name}"]
    tests.sort(key=lambda t: ("unit", "e2e", "conformance", "cli", "long").index(t.suite))
    run_all(tests, environment, build, options.jobs)
    return report(tests)


if __name__ == "__main__":
    sys.exit(main())
