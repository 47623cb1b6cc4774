"""Schemas that didn't come back as they were, or that weren't taken, each as small as the property test (properties.py) left it when it had found it."""

import pathlib
import sqlite3

import duckdb
import facts
from e2e import Case, since


class CameBack(Case):
    def setUp(self):
        super().setUp()
        self.n_files = 0

    def new(self, engine):
        self.n_files += 1
        return self.postgres() if engine == "postgres" else f"{engine}:{self.folder / f'{self.n_files}.{engine}'}"

    def source(self, engine, script):
        url = self.new(engine)
        if engine == "postgres":
            self.connect(url).execute(script)
        elif engine == "duckdb":
            with duckdb.connect(url.removeprefix("duckdb:")) as connection:
                connection.execute(script)
        else:
            with sqlite3.connect(url.removeprefix("sqlite:")) as connection:
                connection.executescript(script)
            connection.close()
        return url

    def there_and_back(self, engine, script, *middles):
        """The same facts and rows again; the databases between."""
        source, between = self.source(engine, script), []
        for middle in middles:
            with self.subTest(middle):
                there, back = self.new(middle), self.new(engine)
                self.copy(source, there)
                self.copy(there, back)
                self.assertEqual(facts.of(back).facts, facts.of(source).facts)
                self.assertEqual(facts.of(back).rows, facts.of(source).rows)
                between.append(there)
        return between

    @since(server=17)  # the collation C.UTF-8 is built in, and the tests' server has it
    def test_letters_that_the_collation_folds(self):
        """upper() by the database's collation isn't SQLite's, nor DuckDB's: the column is moved with its values."""
        source = self.source("postgres", "CREATE TABLE t (id int PRIMARY KEY, a text, b text GENERATED ALWAYS AS (upper(a)) STORED, CHECK (lower(a) <> 'x')); INSERT INTO t VALUES (1, 'é')")
        for engine in ("sqlite", "duckdb"):
            with self.subTest(engine):
                summary = self.copy(source, self.new(engine))
                self.assertEqual([(entry["kind"], entry["name"]) for entry in summary["not_moved"]], [("generation expression", "b"), ("check", "t_a_check")])
                self.assertIn("beyond A to Z", summary["not_moved"][0]["why"])
                self.assertEqual(summary["n_differences"], 0)

    def test_texts_that_look_like_something_else(self):
        """All of them do here: they are texts all the same, since they were."""
        self.there_and_back("postgres", "CREATE TABLE t (a text PRIMARY KEY, b text, c text); INSERT INTO t VALUES ('[]', '2024-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')", "sqlite", "duckdb")

    def test_columns_that_refer_to_each_other_are_of_one_type(self):
        script = """
            CREATE TABLE parent (id UUID PRIMARY KEY, word TEXT UNIQUE);
            CREATE TABLE child (id TEXT REFERENCES parent (id), word TEXT REFERENCES parent (word), next TEXT REFERENCES grandchild (up));
            CREATE TABLE grandchild (up TEXT UNIQUE);
            INSERT INTO parent VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{}'), ('00000000-0000-0000-0000-000000000000', 'word');
            INSERT INTO child VALUES (NULL, '{}', NULL); INSERT INTO grandchild VALUES ('2024-01-01');
        """
        postgres, _ = self.there_and_back("sqlite", script, "postgres", "duckdb")
        rows = self.connect(postgres).execute("SELECT attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0 AND attrelid::regclass::text IN"
                                              " ('parent', 'child', 'grandchild')").fetchall()
        self.assertEqual(dict(rows), {"parent.id": "uuid", "child.id": "uuid", "parent.word": "text", "child.word": "text", "child.next": "date", "grandchild.up": "date"})

    def test_references_without_values_that_are_remembered(self):
        """They were of another type than what they refer to; and a key with a default of its own, which the key of SQLite's can't have, is named."""
        self.there_and_back("postgres", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (a smallint REFERENCES p)", "sqlite")
        named = self.copy(self.source("postgres", "CREATE TABLE t (id bigint PRIMARY KEY DEFAULT 7, b int DEFAULT 8)"), self.new("sqlite"))["not_moved"]
        self.assertEqual([(entry["kind"], entry["name"]) for entry in named], [("default", "id")])

    def test_strict_tables_and_tables_without_rowid(self):
        self.there_and_back("sqlite", "CREATE TABLE t (a TEXT PRIMARY KEY, n INT, r REAL, b BLOB) STRICT, WITHOUT ROWID; CREATE TABLE u (a TEXT, PRIMARY KEY (a)) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1, 1.5, x'00')", "postgres", "duckdb", "sqlite")

    def test_defaults_in_their_own_spelling(self):
        """The clock's time isn't the transaction's, and a moment without fractions isn't one with them."""
        lite = ["CURRENT_TIMESTAMP", "(datetime('now'))", "(strftime('%Y-%m-%d %H:%M:%f', 'now'))", "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"]
        script = "CREATE TABLE t (id INTEGER PRIMARY KEY" + "".join(f", c{i} TIMESTAMP DEFAULT {text}" for i, text in enumerate(lite))
        script += ", u TEXT DEFAULT (hex(randomblob(16))), l TEXT DEFAULT (lower(hex(randomblob(16)))), s_at INTEGER DEFAULT (unixepoch()), d TEXT DEFAULT (date('now')))"
        self.there_and_back("sqlite", script, "sqlite", "duckdb")
        self.there_and_back("postgres", "CREATE TABLE t (id int PRIMARY KEY, a timestamptz DEFAULT clock_timestamp(), b timestamptz DEFAULT statement_timestamp(), c timestamptz DEFAULT CURRENT_TIMESTAMP,"
                            " d timestamp DEFAULT LOCALTIMESTAMP, e timestamptz DEFAULT now(), f date DEFAULT CURRENT_DATE, g uuid DEFAULT gen_random_uuid())", "postgres", "sqlite", "duckdb")
        self.there_and_back("duckdb", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TIMESTAMPTZ DEFAULT now(), b TIMESTAMP DEFAULT current_timestamp, c DATE DEFAULT current_date, d DATE DEFAULT today(),"
                            " e UUID DEFAULT gen_random_uuid(), f UUID DEFAULT uuid())", "duckdb", "postgres", "sqlite")

    def test_foreign_keys_between_schemas(self):
        """DuckDB has none: the plan says so, and the way back has them again."""
        script = "CREATE SCHEMA app; CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE app.c (id int PRIMARY KEY, p int REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO app.c VALUES (1, 1)"
        source, middle, back = self.source("postgres", script), self.new("duckdb"), self.new("postgres")
        summary = self.copy(source, middle)
        self.assertIn("DuckDB has no foreign keys from one schema to another", " ".join(problem["what"] for problem in summary["problems"]))
        self.copy(middle, back)
        self.assert_same_postgres(source, back)

    def test_foreign_keys_that_duckdb_cannot_have(self):
        """An int that refers to a bigint (it wants the same type on both sides), and one to a column with a unique index (it wants a constraint)."""
        script = ("CREATE TABLE p (id bigint PRIMARY KEY, u uuid); CREATE UNIQUE INDEX p_u ON p (u); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p, u uuid REFERENCES p (u));"
                  " INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1)")
        source, middle, back = self.source("postgres", script), self.new("duckdb"), self.new("postgres")
        said = [problem["what"] for problem in self.copy(source, middle)["problems"] if "isn't declared" in problem["what"]]
        self.assertEqual(len(said), 2)
        self.assertIn("DuckDB wants the same type on both sides", " ".join(said))
        self.assertIn("DuckDB wants a primary key or a unique constraint there", " ".join(said))
        self.copy(middle, back)
        self.assert_same_postgres(source, back)

    def test_indexes_over_the_same_columns(self):
        """One of them can't be declared there, and comes back beside the other, not in its place."""
        script = ("CREATE TABLE t (id int PRIMARY KEY, n int, w tsvector); CREATE INDEX n_block ON t USING brin (n); CREATE INDEX n_tree ON t (n); CREATE INDEX n_other ON t (n); CREATE INDEX n_last ON t USING brin (n);"
                  " CREATE INDEX w_tree ON t (w); CREATE INDEX w_gist ON t USING gist (w); INSERT INTO t VALUES (1, 2)")
        for middle in ("sqlite", "duckdb"):
            with self.subTest(middle):
                source, there, back = self.source("postgres", script), self.new(middle), self.new("postgres")
                named = {entry["name"] for summary in (self.copy(source, there), self.copy(there, back)) for entry in summary["not_moved"] if entry["kind"] == "index"}
                names = [{row[0] for row in self.connect(url).execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename = 't'")} for url in (source, back)]
                self.assertEqual(names[0] - names[1] - named, set())
                self.assertLessEqual({"n_block", "n_tree", "n_other", "n_last"}, names[1])

    def test_names_of_checks(self):
        self.there_and_back("postgres", "CREATE DOMAIN small AS int CHECK (VALUE < 100); CREATE TABLE t (a int CONSTRAINT first CHECK (a > 0), b boolean CONSTRAINT \"the second\" CHECK (b OR NOT b), c small, CHECK (a < 1000))", "duckdb", "sqlite")

    def test_names_that_duckdb_made_are_none(self):
        """It makes them of the names of table and columns, and shows them as if they were given: they are too long for PostgreSQL then."""
        long = "n" * 60
        self.there_and_back("duckdb", f"CREATE TABLE {long} (a{long} INTEGER PRIMARY KEY, b INTEGER UNIQUE, CHECK (a{long} > b)); CREATE TABLE c (a INTEGER REFERENCES {long} (a{long}))", "postgres", "sqlite")

    def test_tables_whose_names_hide_where_their_columns_begin(self):
        """In the text that DuckDB shows of a table, the only place that tells a computed column from a default."""
        self.there_and_back("duckdb", """
            CREATE SCHEMA "a(b"; CREATE TABLE "a(b"."E" (a INTEGER, g INTEGER GENERATED ALWAYS AS (a % 7));
            CREATE TABLE "x"";-(" (a VARCHAR DEFAULT ' GENERATED ALWAYS AS(x COLLATE y', g BIGINT GENERATED ALWAYS AS (length(a)), n VARCHAR COLLATE NOCASE);
            INSERT INTO "a(b"."E" VALUES (10); INSERT INTO "x"";-(" VALUES ('é', 'n');
        """, "duckdb", "sqlite")


if __name__ == "__main__":
    import unittest

    unittest.main()
