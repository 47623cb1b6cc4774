"""tests/e2e/schemas/wiki: a wiki with history, full-text search and two schemas, in the forms of three databases, each to the others and back."""

import schemas


@schemas.since(server=15, vector=(0, 7, 0))
class Wiki(schemas.Schema, schemas.Case):
    name = "wiki"
    mixed = {"sqlite": {"settings": "value"}}

    def test_postgres(self):
        self.there_and_back("postgres")

    def test_sqlite(self):
        self.there_and_back("sqlite")

    def test_duckdb(self):
        self.there_and_back("duckdb")


if __name__ == "__main__":
    import unittest

    unittest.main()
