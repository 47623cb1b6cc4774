"""Random input for every target of tests/fuzz, by clang's libFuzzer, from its corpus on: VECFERRY_FUZZ_SECONDS for each (60)."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SECONDS = int(os.environ.get("VECFERRY_FUZZ_SECONDS", "60"))


class Fuzz(unittest.TestCase):
    def fuzz(self, name):
        found = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-fuzz-"))
        self.addCleanup(shutil.rmtree, found, ignore_errors=True)
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
        result = subprocess.run([TOP / "build" / "fuzz" / "tests" / "fuzz" / f"fuzz_{name}", f"-max_total_time={SECONDS}", "-max_len=4096", "-timeout=20", "-print_final_stats=1",
                                 f"-artifact_prefix={found}/crash-", found, TOP / "tests" / "fuzz" / "corpus" / name],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=environment)
        crashes = {path.name: path.read_bytes() for path in found.glob("crash-*")}
        self.assertEqual(result.returncode, 0, f"{crashes}\n{result.stderr[-6000:]}")
        self.assertRegex(result.stderr, "stat::number_of_executed_units: [1-9]")


def setUpModule():
    subprocess.run([TOP / "scripts" / "setup", "lint"], check=True)
    subprocess.run([TOP / "scripts" / "build", "fuzz"], check=True)


for path in sorted((TOP / "tests" / "fuzz" / "corpus").iterdir()):
    setattr(Fuzz, f"test_{path.name}", lambda self, name=path.name: self.fuzz(name))
