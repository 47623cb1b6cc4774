"""The properties of properties.py with a few seeds that are always the same; tests/long/test_property.py (make property) has new ones each time."""

import unittest

import properties

SEEDS = range(1)  # for each pair of databases


class Property(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workshop = properties.Workshop()
        cls.addClassCleanup(cls.workshop.close)

    def pairs(self, engine):
        held = [properties.hunt(self.workshop, engine, middle, seed) for middle in properties.MIDDLES[engine] for seed in SEEDS]
        self.assertIn(True, held, "all of them are refused")

    def test_from_postgres(self):
        self.pairs("postgres")

    def test_from_sqlite(self):
        self.pairs("sqlite")

    def test_from_duckdb(self):
        self.pairs("duckdb")


if __name__ == "__main__":
    unittest.main()
