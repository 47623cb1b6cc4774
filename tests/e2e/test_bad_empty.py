"""Nothing is something too: empty databases, tables without rows, columns of NULLs, and plans that move nothing."""

import os
import sqlite3

import psycopg

from e2e import Case, server_versions, sqlite_picture


class Empty(Case):
    def targets(self):
        return str(self.folder / f"{os.urandom(4).hex()}.db"), self.postgres()

    def go(self, source, *options):
        """Copy into each kind of target, dry and wet; the results."""
        results = []
        for target in self.targets():
            self.run_vecferry("copy", "--dry-run", *options, source, target)
            shown = self.run_vecferry("copy", *options, source, target)
            self.assertNotRegex(shown.stdout + shown.stderr, r"\b(nan|inf)\b|-\d+ ", "no division by zero in rates")
            verified = self.run_vecferry("verify", "--json", source, target).json()
            self.assertEqual((verified["exit_code"], verified["n_differences"]), (0, 0))
            results.append((target, verified))
        return results

    def test_an_empty_database(self):
        source = str(self.folder / "source.db")
        with sqlite3.connect(source) as connection:
            connection.executescript("CREATE TABLE t (a); DROP TABLE t; VACUUM;")
        connection.close()
        self.assertIn("SQLite", self.run_vecferry("inspect", source).stdout)
        for _, verified in self.go(source):
            self.assertEqual(verified["tables"], [])
        for _, verified in self.go(self.postgres()):
            self.assertEqual(verified["tables"], [])

    def test_a_file_of_no_bytes(self):
        open(self.folder / "source.db", "w").close()
        for _, verified in self.go(str(self.folder / "source.db")):
            self.assertEqual(verified["tables"], [])
        self.assertEqual(os.path.getsize(self.folder / "source.db"), 0)

    def test_tables_of_no_rows(self):
        source = self.sqlite("source.db", "CREATE TABLE a (id INTEGER PRIMARY KEY, v BLOB, t TEXT); CREATE TABLE b (x); CREATE TABLE full (id INTEGER PRIMARY KEY); INSERT INTO full VALUES (1);")
        for target, verified in self.go(source):
            self.assertEqual({table["name"].split(".")[-1]: (table["source_rows"], table["target_rows"], table["equal"]) for table in verified["tables"]},
                             {"a": (0, 0, True), "b": (0, 0, True), "full": (1, 1, True)})
            if target.endswith(".db"):
                self.assert_same_sqlite(source, target)
        half = "halfvec(8)" if server_versions()[1] >= (0, 7, 0) else "vector(8)"
        postgres = self.postgres(f"CREATE TABLE a (id bigserial PRIMARY KEY, v vector(3), h {half}, t text[]); CREATE INDEX ON a USING hnsw (v vector_l2_ops)")
        (lite, _), (server, _) = self.go(postgres)
        self.assertEqual(list(sqlite_picture(lite)), ["a"])
        self.assert_same_postgres(postgres, server)

    def test_only_nulls(self):
        source = self.sqlite("source.db", "CREATE TABLE t (a INTEGER, b TEXT, c BLOB, d REAL, e); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES;")
        for _, verified in self.go(source):
            self.assertEqual([(table["source_rows"], table["target_rows"]) for table in verified["tables"]], [(3, 3)])
        source = self.postgres("CREATE TABLE t (a int, v vector(3), w vector, j jsonb, n numeric, t timestamptz, i inet[]); INSERT INTO t SELECT NULL FROM generate_series(1, 3)")
        (lite, verified), (server, _) = self.go(source)
        self.assertEqual(verified["tables"][0]["target_rows"], 3)
        self.assert_same_postgres(source, server)
        back = self.postgres()
        self.run_vecferry("copy", lite, back)
        self.assert_same_postgres(source, back)

    def test_a_table_without_columns(self):
        """PostgreSQL allows it, with rows. Either it is moved, or it is named as what isn't."""
        source = self.postgres("CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        for target in self.targets():
            result = self.run_vecferry("copy", "--json", "--accept-losses", source, target)
            summary = result.json()
            moved = {table["name"].split(".")[-1]: table["rows"] for table in summary["tables"]}
            named = str(summary["not_moved"]) + str(summary["problems"])
            self.assertEqual(moved["t"], 1)
            self.assertTrue(moved.get("nothing") == 2 or "nothing" in named, summary)

    def test_no_table_selected(self):
        source = self.sqlite("source.db", "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (id INTEGER PRIMARY KEY);")
        for target in self.targets():
            result = self.run_vecferry("copy", "--json", "--exclude", "a", "--exclude", "b", source, target)
            self.assertEqual(result.json()["tables"], [])
            self.assertIn("no table is moved", str(result.json()["problems"]))

    def test_a_filter_that_no_row_passes(self):
        source = self.sqlite("source.db", "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');")
        for target, verified in self.go(source, "--where", "a=id > 10"):
            self.assertEqual([(table["source_rows"], table["target_rows"]) for table in verified["tables"]], [(0, 0)])

    def test_one_row_and_one_column(self):
        source = self.sqlite("source.db", "CREATE TABLE a (x); INSERT INTO a VALUES (NULL); CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO b VALUES (-9223372036854775808), (9223372036854775807), (0);")
        for target, verified in self.go(source):
            self.assertEqual({table["name"].split(".")[-1]: table["target_rows"] for table in verified["tables"]}, {"a": 1, "b": 3})

    def test_empty_texts_and_blobs_are_not_null(self):
        source = self.sqlite("source.db", "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, b BLOB); INSERT INTO a VALUES (1, '', x''), (2, NULL, NULL), (3, ' ', x'00');")
        (lite, _), (server, _) = self.go(source)
        self.assert_same_sqlite(source, lite)
        with psycopg.connect(server) as connection:
            self.assertEqual(connection.execute("SELECT t, b FROM a ORDER BY id").fetchall(), [("", b""), (None, None), (" ", b"\0")])
