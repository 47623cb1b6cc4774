"""tests/e2e/schemas/tracker: an issue tracker with trees, labels and composite keys, in the forms of three databases, each to the others and back."""

import schemas


@schemas.since(server=15, vector=(0, 7, 0))
class Tracker(schemas.Schema, schemas.Case):
    name = "tracker"
    mixed = {"sqlite": {"history": "old"}}

    def test_postgres(self):
        self.there_and_back("postgres")

    def test_sqlite(self):
        self.there_and_back("sqlite")

    def test_duckdb(self):
        self.there_and_back("duckdb")


if __name__ == "__main__":
    import unittest

    unittest.main()
