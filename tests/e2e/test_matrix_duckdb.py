"""DuckDB to every database and back is the identity."""

from matrix import Matrix as Base


class FromHere(Base):
    source = "duckdb"

    def test_postgres_and_back(self):
        self.there_and_back("postgres")

    def test_sqlite_and_back(self):
        self.there_and_back("sqlite")

    def test_itself_and_back(self):
        self.there_and_back("duckdb")

    def test_libsql_and_back(self):
        self.there_and_back("libsql")

    def test_turso_and_back(self):
        self.there_and_back("turso")
