"""Every allocation of a copy failing in turn, and many more system calls: the tests of tests/e2e/test_torture_step.py without their large steps. The rooms below have such tests in their unit tests, in full."""

import importlib
import os
import pathlib
import sys

os.environ.setdefault("VECFERRY_TORTURE_STEP", "1")
os.environ.setdefault("VECFERRY_TORTURE_CALLS", "8")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
Torture = importlib.import_module("test_torture_step").Torture
