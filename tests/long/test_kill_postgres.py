"""Kills at 20 moments of copies to every database (VECFERRY_PAIR_KILLS: another number; VECFERRY_SEED: other moments); tests/e2e/kills.py has the test."""

import importlib
import os
import pathlib
import sys

os.environ.setdefault("VECFERRY_PAIR_KILLS", "20")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
FromHere = importlib.import_module("test_kills_postgres").FromHere
