"""plan --diff: what has changed in the source since ferry.yaml was made. Nothing is written; exit code 0 when nothing has, 3 when something has."""

import os
import re
import sqlite3

import psycopg

from e2e import Case

SHOP = """
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE book (id bigint PRIMARY KEY, author_id int REFERENCES author, title text, price numeric(10,2), old text, tag text CHECK (tag <> 'x'));
CREATE INDEX book_title ON book (title);
CREATE INDEX book_price ON book (price);
CREATE TABLE gone (id int PRIMARY KEY);
CREATE VIEW cheap AS SELECT id FROM book WHERE price < 10;
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 20) i;
INSERT INTO book SELECT i, 1 + i % 20, 't' || i, i, 'o', 'y' FROM generate_series(1, 100) i;
"""
NOTES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, made_at INTEGER, done INTEGER, embedding BLOB);
INSERT INTO notes VALUES (1, 1700000000, 1, x'0000803f00000040'), (2, 1700000001, 0, x'0000803f00000040');
"""


class PlanDiff(Case):
    def plan(self, *arguments, code=0):
        self.run_vecferry("plan", "-q", "-o", self.folder / "ferry.yaml", *arguments, code=code)
        return self.folder / "ferry.yaml"

    def diff(self, code, *arguments):
        """The changes that count, and the others, each as (change, what, object, before, after)."""
        result = self.run_vecferry("plan", "--diff", "--json", "-f", self.folder / "ferry.yaml", *arguments, code=code).json()
        rows = {True: [], False: []}
        for item in result["changes"]:
            rows[item["counts"]].append((item["change"], item["what"], item["object"], item["before"], item["after"]))
        self.assertEqual(result["changed"], bool(rows[True]))
        self.assertEqual(result["n_changes"], len(rows[True]))
        return rows[True], rows[False]

    def test_nothing_has_changed(self):
        self.plan(self.postgres(SHOP), self.sqlite("target.db"))
        before = self.folder.joinpath("ferry.yaml").read_bytes()
        files = sorted(os.listdir(self.folder))
        self.assertEqual(self.diff(0), ([], []))
        self.assertEqual(self.folder.joinpath("ferry.yaml").read_bytes(), before)
        self.assertEqual(sorted(os.listdir(self.folder)), files)
        shown = self.run_vecferry("plan", "--diff", "-f", self.folder / "ferry.yaml")
        self.assertEqual(shown.stdout, "nothing that counts has changed in the source\n")

    def test_each_kind_of_change(self):
        source = self.postgres(SHOP)
        self.plan(source, self.sqlite("target.db"))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("""
                CREATE TABLE fresh (id int PRIMARY KEY); DROP TABLE gone;
                ALTER TABLE book ADD COLUMN isbn text; ALTER TABLE book DROP COLUMN old; ALTER TABLE book ALTER COLUMN price TYPE numeric(14,4);
                ALTER TABLE book ALTER COLUMN title TYPE varchar(80);
                ALTER TABLE book DROP CONSTRAINT book_author_id_fkey, ADD FOREIGN KEY (author_id) REFERENCES author ON DELETE CASCADE;
                ALTER TABLE book DROP CONSTRAINT book_tag_check, ADD CONSTRAINT book_tag_check CHECK (tag <> 'z');
                ALTER TABLE author DROP CONSTRAINT author_pkey CASCADE;
                DROP INDEX book_title; CREATE INDEX book_isbn ON book (isbn); DROP INDEX book_price; CREATE INDEX book_price ON book (price, isbn);
                CREATE OR REPLACE VIEW cheap AS SELECT id FROM book WHERE price < 20; CREATE VIEW dear AS SELECT id FROM book;
                INSERT INTO book SELECT i, 1, 't', 1, 'y' FROM generate_series(101, 200) i;
            """.replace("CREATE OR REPLACE VIEW cheap", "CREATE VIEW cheap").replace("ALTER TABLE book ADD COLUMN isbn", "DROP VIEW cheap; ALTER TABLE book ADD COLUMN isbn"))
        counted, told = self.diff(3)
        self.assertEqual(told, [("changed", "rows", "public.book", "100", "200")])
        found = {row[:3]: row[3:] for row in counted}
        self.assertEqual(set(found), {
            ("came", "table", "public.fresh"), ("went", "table", "public.gone"), ("came", "column", "public.book.isbn"), ("went", "column", "public.book.old"),
            ("changed", "column", "public.book.price"), ("changed", "column", "public.book.title"), ("went", "foreign key", "public.book [author_id] to public.author"),
            ("changed", "condition of check", "public.book.book_tag_check"), ("changed", "key", "public.author"), ("went", "index", "public.book_title"),
            ("came", "index", "public.book_isbn"), ("changed", "columns of index", "public.book_price"), ("changed", "query of view", "public.cheap"), ("came", "view", "public.dear"),
            ("came", "problem", "public.author")})
        self.assertEqual(found["changed", "column", "public.book.price"], ("numeric(10,2)", "numeric(14,4)"))
        self.assertEqual(found["changed", "key", "public.author"], ("[id]", "[]"))
        shown = self.run_vecferry("plan", "--diff", "-f", self.folder / "ferry.yaml", code=3)
        self.assertIn("~ column public.book.price: numeric(10,2) -> numeric(14,4)\n", shown.stdout)
        self.assertIn("+ table public.fresh\n", shown.stdout)
        self.assertIn("- table public.gone\n", shown.stdout)
        self.assertIn("~ rows public.book: 100 -> 200\n", shown.stdout)
        self.assertIn("changes since", shown.stderr)

    def test_a_foreign_key_that_does_something_else(self):
        source = self.postgres(SHOP)
        self.plan(source, self.sqlite("target.db"))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("ALTER TABLE book DROP CONSTRAINT book_author_id_fkey, ADD FOREIGN KEY (author_id) REFERENCES author ON DELETE CASCADE")
        self.assertEqual(self.diff(3)[0], [("changed", "foreign key", "public.book [author_id] to public.author", "[id]", "[id], on delete cascade")])

    def test_partitions_whose_bounds_are_others(self):
        source = self.postgres("CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (1) TO (10); CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20)")
        self.plan(source, self.sqlite("target.db"))
        self.assertEqual(self.diff(0), ([], []))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("DROP TABLE t_2; ALTER TABLE t DETACH PARTITION t_1; ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES FROM (1) TO (15); CREATE TABLE t_3 PARTITION OF t DEFAULT")
        self.assertEqual(set(self.diff(3)[0]), {("changed", "partition", "public.t_1", "FROM ('1') TO ('10')", "FROM ('1') TO ('15')"), ("went", "partition", "public.t_2", "FROM ('10') TO ('20')", None),
                                                ("came", "partition", "public.t_3", None, "DEFAULT")})

    def test_rows_alone_are_no_change(self):
        source = self.postgres(SHOP)
        self.plan(source, self.sqlite("target.db"))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("DELETE FROM book WHERE id > 95")
        self.assertEqual(self.diff(0), ([], []))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("DELETE FROM book WHERE id > 50")
        self.assertEqual(self.diff(0), ([], [("changed", "rows", "public.book", "100", "50")]))

    def test_what_the_values_are_taken_for(self):
        """In SQLite the type is in the values: a time that is none any more, a vector of another length, and a problem that comes with them."""
        source = self.sqlite("source.db", NOTES)
        self.plan(source, self.postgres())
        self.assertEqual(self.diff(0), ([], []))
        with sqlite3.connect(source) as connection:
            connection.execute("UPDATE notes SET made_at = 5, done = 1, embedding = x'0000803f0000004000004040'")
        connection.close()
        counted, _ = self.diff(3)
        values = {row[2]: row[3:] for row in counted if row[1] == "values"}
        self.assertEqual(values["notes.made_at"], ("timestamptz as epoch_s", "i64"))
        self.assertEqual(values["notes.embedding"], ("vector(f32,2) as bytes", "vector(f32,3) as bytes"))
        self.assertNotIn("notes.done", values)

    def test_problems_come_and_go(self):
        source = self.sqlite("source.db", "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1);")
        self.plan(source, self.postgres())
        with sqlite3.connect(source) as connection:
            connection.execute("INSERT INTO c VALUES (2, 9)")
        connection.close()
        (change, what, thing, before, after), = self.diff(3)[0]
        self.assertEqual((change, what, thing, before), ("came", "problem", "c.p", None))
        self.assertIn("1 rows refer to rows of p that aren't there", after)
        self.plan(source, self.postgres())
        with sqlite3.connect(source) as connection:
            connection.execute("DELETE FROM c WHERE id = 2")
        connection.close()
        (change, what, thing, before, after), = self.diff(3)[0]
        self.assertEqual((change, what, thing, after), ("went", "problem", "c.p", None))

    def test_what_the_user_decided_is_no_change(self):
        """Columns and tables left out, a where, a name and an accepted loss are the plan's and not the source's."""
        source = self.postgres(SHOP)
        path = self.plan("--exclude", "gone", "--where", "book=id > 50", source, self.sqlite("target.db"))
        text = path.read_text()
        text, n_columns = re.subn(r"\{name: old, +([^}]*)\}", r"{name: old, \1, skip: true}", text)
        text, n_tables = re.subn(r"(  - name: author\n    schema: public\n)", r"\1    rename: writers\n", text)
        self.assertEqual((n_columns, n_tables), (1, 1))
        path.write_text(text)
        self.assertEqual(self.diff(0), ([], []))

    def test_a_type_of_the_users_is_told_once(self):
        source = self.sqlite("source.db", NOTES)
        path = self.plan(source, self.postgres())
        text = path.read_text()
        line = next(line for line in text.splitlines() if "name: made_at" in line)
        path.write_text(text.replace(line, "      - {name: made_at, from: INTEGER, type: i64, to: bigint}"))
        (row,), _ = self.diff(3)
        self.assertEqual(row, ("changed", "values", "notes.made_at", "i64", "timestamptz as epoch_s"))
        path.write_text(text.replace(line, '      - {name: made_at, from: INTEGER, type: i64, found: "timestamptz as epoch_s", to: bigint}'))
        self.assertEqual(self.diff(0), ([], []))
        copied = self.copy("-f", path)
        self.assertEqual(copied["n_differences"], 0)

    def test_a_short_plan(self):
        """It knows of no columns and of nothing that was told: only tables can come and go."""
        source = self.postgres(SHOP)
        path = self.folder / "ferry.yaml"
        path.write_text(f"version: 1\nsource: {source}\ntarget: {self.sqlite('target.db')}\ntables:\n  - name: book\n    schema: public\n")
        counted, _ = self.diff(3)
        self.assertEqual(sorted(row[:3] for row in counted), [("came", "table", "public.author"), ("came", "table", "public.gone")])

    def test_after_the_copy(self):
        """What is in the target is no change of the source."""
        source = self.postgres(SHOP)
        path = self.plan(source, self.sqlite("target.db"))
        self.copy("-f", path)
        self.assertEqual(self.diff(0), ([], []))

    def test_two_targets(self):
        source = self.postgres(SHOP)
        path = self.plan("--split", "author=2", source, self.folder / "a.db", self.folder / "b.db")
        self.assertEqual(self.diff(0), ([], []))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("ALTER TABLE author ADD COLUMN born int")
        self.assertEqual([row[:3] for row in self.diff(3)[0]], [("came", "column", "public.author.born")])
        self.assertTrue(path.exists())

    def test_refused(self):
        source = self.postgres(SHOP)
        self.assertIn("--diff compares a plan, and none is named", self.run_vecferry("plan", "--diff", source, self.sqlite("target.db"), code=2).stderr)
        self.plan(source, self.sqlite("target.db"))
        self.assertIn("--diff writes no plan", self.run_vecferry("plan", "--diff", "-f", self.folder / "ferry.yaml", "-o", "x.yaml", code=2).stderr)
        self.assertIn("--diff writes no report", self.run_vecferry("plan", "--diff", "-f", self.folder / "ferry.yaml", "--report", "x.d", code=2).stderr)
        self.folder.joinpath("ferry.yaml").write_text("version: 1\ntables: 7\n")
        self.run_vecferry("plan", "--diff", "-f", self.folder / "ferry.yaml", source, self.sqlite("target.db"), code=2)


if __name__ == "__main__":
    import unittest

    unittest.main()
