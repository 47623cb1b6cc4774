"""PostgreSQL to every database and back is the identity."""

from matrix import Matrix as Base


class FromHere(Base):
    source = "postgres"

    def test_itself_and_back(self):
        self.there_and_back("postgres")

    def test_sqlite_and_back(self):
        self.there_and_back("sqlite")

    def test_duckdb_and_back(self):
        # A NaN of numeric(12,2) and years after 294247: test_duckdb.py moves them as texts.
        self.there_and_back("duckdb", before="UPDATE numbers SET n_12_2 = NULL WHERE n_12_2 = 'NaN'; DELETE FROM times WHERE isfinite(ts) AND ts > '290000-01-01'")

    def test_libsql_and_back(self):
        self.there_and_back("libsql")

    def test_turso_and_back(self):
        self.there_and_back("turso")
