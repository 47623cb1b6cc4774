"""Kills at 50 moments in each direction between PostgreSQL and SQLite (VECFERRY_KILLS: another number); tests/e2e/test_resume.py has the test, and a few moments of it in every run."""

import importlib
import os
import pathlib
import sys

os.environ.setdefault("VECFERRY_KILLS", "50")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
Resume = importlib.import_module("test_resume").Resume
