"""The properties of properties.py with a few seeds that are always the same; tests/long/test_property.py (make property) has new ones each time."""

import unittest

import properties

# Each engine as a source, between and as its own target.
PAIRS = {"postgres": ["sqlite", "duckdb", "turso", "postgres"], "sqlite": ["postgres", "duckdb", "sqlite"], "duckdb": ["postgres", "sqlite", "duckdb"], "libsql": ["postgres"], "turso": ["duckdb"]}
SEEDS = range(1)  # for each pair of databases


class Property(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workshop = properties.Workshop()
        cls.addClassCleanup(cls.workshop.close)

    def pairs(self, engine):
        held = [properties.hunt(self.workshop, engine, middle, seed) for middle in PAIRS[engine] for seed in SEEDS]
        self.assertIn(True, held, "all of them are refused")

    def test_from_postgres(self):
        self.pairs("postgres")

    def test_from_sqlite(self):
        self.pairs("sqlite")

    def test_from_duckdb(self):
        self.pairs("duckdb")

    def test_from_libsql(self):
        self.pairs("libsql")

    def test_from_turso(self):
        self.pairs("turso")


if __name__ == "__main__":
    unittest.main()
