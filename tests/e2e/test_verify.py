"""A verifier that can't fail proves nothing: every kind of damage to a target must be found, named by table, key and column, and end with exit code 3."""

import sqlite3
import struct

import psycopg

from e2e import Case, since

ROWS = 3000


def make_source(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, n INTEGER, x REAL, v BLOB)")
    connection.execute("CREATE TABLE bag (a INTEGER, b TEXT)")
    connection.execute("CREATE TABLE pairs (a TEXT NOT NULL, b INTEGER NOT NULL, note TEXT, PRIMARY KEY (a, b))")
    for i in range(ROWS):
        connection.execute("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", (i, f"title {i}", i * i, i / 7, struct.pack("<4f", i, -i, 0.5, 1)))
    connection.executemany("INSERT INTO bag VALUES (?, ?)", [(i % 10, "same") for i in range(100)])
    connection.executemany("INSERT INTO pairs VALUES (?, ?, ?)", [(f"k{i % 7}", i, "note") for i in range(200)])
    connection.commit()
    connection.close()


class Verify(Case):
    """Each damage once in a SQLite and once in a PostgreSQL target."""

    def setUp(self):
        super().setUp()
        self.source = str(self.folder / "source.db")
        make_source(self.source)

    def targets(self):
        lite, server = str(self.folder / "target.db"), self.postgres()
        for target in (lite, server):
            self.copy(self.source, target)
        return lite, server

    def damage(self, sqlite_sql, postgres_sql=None):
        """Verify both targets after a statement; the named differences of each, by table."""
        found = []
        for target, sql in zip(self.targets(), (sqlite_sql, postgres_sql or sqlite_sql)):
            self.run_vecferry("verify", self.source, target)
            if target.endswith(".db"):
                connection = sqlite3.connect(target)
                connection.executescript(sql)
                connection.close()
            else:
                with psycopg.connect(target, autocommit=True) as connection:
                    connection.execute(sql)
            result = self.run_vecferry("verify", "--json", self.source, target, code=3).json()
            self.assertEqual(result["exit_code"], 3)
            self.assertTrue(result["error"])
            found.append({table["name"]: [(d["kind"], d["key"], d["column"]) for d in table["differences"]] for table in result["tables"] if table["differences"]})
        self.assertEqual(found[0], found[1])
        return found[0]

    def test_one_bit_of_a_vector(self):
        flipped = struct.pack("<4f", 7, -7, 0.5, 1)
        flipped = bytes([flipped[0] ^ 1]) + flipped[1:]
        value = struct.unpack("<4f", flipped)
        found = self.damage(f"UPDATE docs SET v = x'{flipped.hex()}' WHERE id = 7", f"UPDATE docs SET v = '[{value[0]!r},-7,0.5,1]' WHERE id = 7")
        self.assertEqual(found, {"docs": [("changed", '{"id": 7}', "v")]})

    def test_a_dropped_row(self):
        self.assertEqual(self.damage("DELETE FROM docs WHERE id = 2999"), {"docs": [("missing", '{"id": 2999}', None)]})

    def test_a_row_too_much(self):
        self.assertEqual(self.damage("INSERT INTO docs (id, title) VALUES (5000, 'new')"), {"docs": [("extra", '{"id": 5000}', None)]})

    def test_a_doubled_row_of_a_table_without_key(self):
        found = self.damage("INSERT INTO bag VALUES (3, 'same')")
        self.assertEqual([kind for kind, _, _ in found["bag"]], ["duplicate"])
        self.assertIn("3", found["bag"][0][1])

    def test_doubled_and_dropped_rows_dont_cancel(self):
        found = self.damage("INSERT INTO bag VALUES (3, 'same'); DELETE FROM pairs WHERE b = 9")
        self.assertEqual(sorted(found), ["bag", "pairs"])
        self.assertEqual(found["pairs"], [("missing", '{"a": "k2", "b": 9}', None)])

    def test_two_vectors_swapped(self):
        found = self.damage("CREATE TEMP TABLE s AS SELECT id, v FROM docs WHERE id IN (5, 6); UPDATE docs SET v = (SELECT v FROM s WHERE s.id = 11 - docs.id) WHERE id IN (5, 6)")
        self.assertEqual(found, {"docs": [("changed", '{"id": 5}', "v"), ("changed", '{"id": 6}', "v")]})

    def test_a_blank_at_the_end(self):
        self.assertEqual(self.damage("UPDATE docs SET title = title || ' ' WHERE id = 1"), {"docs": [("changed", '{"id": 1}', "title")]})

    def test_null_for_a_value_and_a_last_bit_of_a_float(self):
        found = self.damage("UPDATE docs SET n = NULL WHERE id = 3; UPDATE docs SET x = x * 1.0000000000000002 WHERE id = 100")
        self.assertEqual(sorted(found["docs"]), [("changed", '{"id": 100}', "x"), ("changed", '{"id": 3}', "n")])

    def test_every_row_different(self):
        result = None
        for target in self.targets()[:1]:
            connection = sqlite3.connect(target)
            connection.executescript("UPDATE docs SET title = title || '.'")
            connection.close()
            result = self.run_vecferry("verify", "--json", self.source, target, code=3).json()
        table = [table for table in result["tables"] if table["name"] == "docs"][0]
        self.assertEqual(table["n_differences"], ROWS)
        self.assertEqual(len(table["differences"]), 100)

    def test_a_value_that_is_of_another_type(self):
        target = self.targets()[0]
        connection = sqlite3.connect(target)
        connection.executescript("UPDATE docs SET v = x'0000' WHERE id = 4; UPDATE docs SET n = 'word' WHERE id = 5")
        connection.close()
        result = self.run_vecferry("verify", "--json", self.source, target, code=3).json()
        table = [table for table in result["tables"] if table["name"] == "docs"][0]
        self.assertEqual(sorted((d["kind"], d["key"], d["column"]) for d in table["differences"]), [("unreadable", '{"id": 4}', "v"), ("unreadable", '{"id": 5}', "n")])

    @since(vector=(0, 7, 0))
    def test_why_an_index_was_not_moved(self):
        """By the plan that the target remembers, too: what the user took out of it is one reason, what the target can't do and what isn't worth it are others."""
        source = self.postgres("CREATE TABLE few (id int PRIMARY KEY, s text, j jsonb, v vector(3)); INSERT INTO few SELECT i, 'x' || i, '{}', ARRAY[i, 1, 2]::float4[]::vector FROM generate_series(1, 50) i;"
                               "CREATE INDEX kept ON few (id, s); CREATE INDEX taken_out ON few (s); CREATE INDEX of_json ON few USING gin (j); CREATE INDEX of_few ON few USING hnsw (v vector_l2_ops);"
                               "CREATE TABLE many (id int PRIMARY KEY, v vector(3)); INSERT INTO many SELECT i, ARRAY[i, 1, 2]::float4[]::vector FROM generate_series(1, 1100) i;"
                               "CREATE INDEX kept_sidecar ON many USING hnsw (v vector_l2_ops); CREATE INDEX sidecar_taken_out ON many USING hnsw (v vector_cosine_ops); CREATE INDEX of_l1 ON many USING hnsw (v vector_l1_ops)")
        target, plan = str(self.folder / "indexes.db"), self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-q", source, target, "-o", plan)
        lines = plan.read_text().splitlines(keepends=True)
        left = [line for line in lines if "taken_out" not in line]
        self.assertEqual(len(left), len(lines) - 2)
        plan.write_text("".join(left))
        said = self.copy("-f", plan)
        for result in (said, self.run_vecferry("verify", "--json", source, target).json(), self.run_vecferry("verify", "--json", "-f", plan).json()):
            why = {other["name"]: other["why"] for other in result["not_moved"]}
            self.assertEqual(sorted(why), ["of_few", "of_json", "of_l1", "sidecar_taken_out", "taken_out"])
            self.assertEqual((why["taken_out"], why["sidecar_taken_out"]), ("the plan leaves it out", "the plan leaves it out"))
            self.assertRegex(why["of_json"], "^SQLite has only B-trees")
            self.assertRegex(why["of_few"], "^fewer than 1000 rows")
            self.assertRegex(why["of_l1"], "^usearch has no such index")
