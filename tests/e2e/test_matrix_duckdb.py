"""DuckDB to every database and back is the identity."""

from matrix import Matrix as Base


class FromHere(Base):
    source = "duckdb"

    def test_postgres_and_back(self):
        """The values are the same; what PostgreSQL has no word for comes back under the wider one."""
        self.there_and_back("postgres", wider=[("TINYINT", "SMALLINT"), ("ENUM('sad', 'ok', 'it''s \"odd\"')", "VARCHAR"), ("BIT", "VARCHAR")])

    def test_sqlite_and_back(self):
        self.there_and_back("sqlite")

    def test_itself_and_back(self):
        self.there_and_back("duckdb")

    def test_libsql_and_back(self):
        self.there_and_back("libsql")

    def test_turso_and_back(self):
        self.there_and_back("turso")
