"""The properties of tests/e2e/properties.py with seeds that are new each time, for VECFERRY_PROPERTY_SECONDS (600). A failure names its seed, and the smallest database that fails the same way:
VECFERRY_SEED=sqlite:postgres:123 make property goes there alone; VECFERRY_SEED=123 begins with that number."""

import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import properties  # noqa: E402 (its folder is known only now)

SECONDS = float(os.environ.get("VECFERRY_PROPERTY_SECONDS", "600"))
SEED = os.environ.get("VECFERRY_SEED", "")


class Property(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.workshop = properties.Workshop()
        self.addCleanup(self.workshop.close)

    def test_seeds(self):
        if ":" in SEED:
            engine, middle, seed = SEED.split(":")
            properties.hunt(self.workshop, engine, middle, int(seed))
            return
        seed = int(SEED or time.time_ns() // 1000 % 10**9)
        print(f"# VECFERRY_SEED={seed}", flush=True)
        failures, n_held, n = {}, 0, 0
        until = time.monotonic() + SECONDS
        pairs = [(engine, middle) for engine, middles in properties.MIDDLES.items() for middle in middles]
        while time.monotonic() < until or n < len(pairs):
            engine, middle = pairs[n % len(pairs)]
            try:
                n_held += properties.hunt(self.workshop, engine, middle, seed + n // len(pairs))
            except AssertionError as failure:
                print("# " + str(failure).replace("\n", "\n# "), flush=True)
                failures[str(failure).splitlines()[-1]] = str(failure)
            n += 1
        print(f"# {n} databases, {n_held} moved, the others refused by the plan", flush=True)
        self.assertEqual([], list(failures.values()))
        self.assertGreater(n_held, n / 2, "most are refused")


if __name__ == "__main__":
    unittest.main()
