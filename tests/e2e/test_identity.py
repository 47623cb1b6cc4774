"""PostgreSQL -> SQLite -> PostgreSQL, and SQLite -> PostgreSQL -> SQLite, are the identity: by vecferry's digests, and by a comparison that shares no code with it."""

import pathlib

from e2e import Case

HERE = pathlib.Path(__file__).resolve().parent


class Identity(Case):
    def test_every_postgres_type_there_and_back(self):
        source = self.postgres((HERE / "alltypes.sql").read_text())
        middle = self.sqlite("middle.db")
        back = self.postgres()
        there = self.copy(source, middle)
        again = self.copy(middle, back)
        self.assertTrue(all(table["equal"] for table in there["tables"] + again["tables"]))
        digests = {table["name"].split(".")[-1]: table["digest"] for table in there["tables"]}
        self.assertEqual({table["name"].split(".")[-1]: table["digest"] for table in again["tables"]}, digests)
        self.assertEqual(there["rejected"] + again["rejected"], 0)
        self.assert_same_postgres(source, back)
        self.run_vecferry("verify", source, back)

    def test_postgres_to_postgres(self):
        source = self.postgres((HERE / "alltypes.sql").read_text())
        target = self.postgres()
        self.copy(source, target)
        self.assert_same_postgres(source, target)
