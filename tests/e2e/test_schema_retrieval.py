"""tests/e2e/schemas/retrieval: the retrieval store of an agent framework, with vectors of several models side by side, in the forms of three databases, each to the others and back."""

import schemas


@schemas.since(server=15, vector=(0, 7, 0))
class Retrieval(schemas.Schema, schemas.Case):
    name = "retrieval"
    mixed = {"sqlite": {"memories": "value"}, "duckdb": {"main.searches": "asked_at"}}

    def test_postgres(self):
        self.there_and_back("postgres")

    def test_sqlite(self):
        self.there_and_back("sqlite")

    def test_duckdb(self):
        self.there_and_back("duckdb")


if __name__ == "__main__":
    import unittest

    unittest.main()
