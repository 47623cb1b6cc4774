"""Foreign keys in the plan: which move, which are left out, and how many rows have no parent."""

import re

import psycopg

from e2e import Case

SOURCE = """
    CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER REFERENCES author (id) ON DELETE SET NULL);
    CREATE TABLE place (country TEXT, code INTEGER, PRIMARY KEY (country, code));
    CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER, country TEXT, code INTEGER,
        FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE, FOREIGN KEY (country, code) REFERENCES place (country, code));
    INSERT INTO author VALUES (1, 'a', NULL), (2, 'b', 1);
    INSERT INTO place VALUES ('x', 1);
    INSERT INTO book VALUES (1, 1, 'x', 1), (2, NULL, 'x', NULL), (3, 2, NULL, NULL);
"""


class ForeignKeys(Case):
    def keys(self, url):
        with psycopg.connect(url) as connection:
            return [row[0] for row in connection.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1")]

    def plan(self, source, target):
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, source, target)
        return path

    def test_listed(self):
        source, target = self.sqlite("source.db", SOURCE), self.postgres()
        path = self.plan(source, target)
        text = path.read_text()
        self.assertIn("- {columns: [boss], to: author, key: [id], on_delete: set null}", text)
        self.assertIn("- {columns: [country, code], to: place, key: [country, code]}", text)
        self.assertNotIn("aren't there", text)  # a part of a key that is NULL refers to nothing
        self.copy("-f", path, source, target)
        self.assertEqual(self.keys(target), ["FOREIGN KEY (author_id) REFERENCES author(id) ON DELETE CASCADE", "FOREIGN KEY (boss) REFERENCES author(id) ON DELETE SET NULL",
                                             "FOREIGN KEY (country, code) REFERENCES place(country, code)"])

    def test_orphans_are_counted(self):
        source, target = self.sqlite("source.db", SOURCE + "INSERT INTO book VALUES (4, 7, 'x', 1), (5, 8, 'y', 1), (6, 1, 'y', 2);"), self.postgres()
        text = self.plan(source, target).read_text()
        self.assertRegex(text, r"object: book.author_id, what: \"2 rows refer to rows of author that aren't there")
        self.assertRegex(text, r"object: book.country, what: \"2 rows refer to rows of place that aren't there")
        result = self.run_vecferry("copy", source, target, code=3)
        self.assertRegex(result.stderr, "of their keys and indexes 2 could not be made")
        self.assertEqual(self.keys(target), ["FOREIGN KEY (boss) REFERENCES author(id) ON DELETE SET NULL"])
        with psycopg.connect(target) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM book").fetchone()[0], 6)

    def test_left_out(self):
        source, target = self.sqlite("source.db", SOURCE + "INSERT INTO book VALUES (4, 7, 'x', 1);"), self.postgres()
        path = self.plan(source, target)
        text, n = re.subn(r"      - {columns: \[author_id\].*\n", "", path.read_text())
        self.assertEqual(n, 1)
        path.write_text(text)
        summary = self.copy("-f", path, source, target)
        self.assertIn({"kind": "foreign key", "name": "author", "on": "book", "why": "the plan leaves it out"},
                      [{key: entry[key] for key in ("kind", "name", "on", "why")} for entry in summary["not_moved"]])
        self.assertEqual(len(self.keys(target)), 2)
        # Another list is another plan: a run isn't resumed with it.
        self.run_vecferry("verify", "-f", path, source, target)

    def test_drift(self):
        source, target = self.sqlite("source.db", SOURCE), self.postgres()
        path = self.plan(source, target)
        path.write_text(path.read_text().replace("{columns: [author_id], to: author", "{columns: [author_id], to: person"))
        result = self.run_vecferry("copy", "-f", path, source, target, code=9)
        self.assertRegex(result.stderr, r"ferry.yaml:[0-9]+:[0-9]+: drift: .* foreign key of these columns to person")

    def test_unreadable(self):
        source, target = self.sqlite("source.db", SOURCE), self.postgres()
        path = self.plan(source, target)
        whole = path.read_text()
        for old, new, wanted in (("{columns: [author_id], to: author", "{to: author", '"columns" is missing'), ("{columns: [author_id], to: author", "{columns: [author_id]", '"to" is missing'),
                                 ("{columns: [author_id]", "{columns: author_id", '"columns" must be a list'), ("{columns: [author_id]", "{colums: [author_id]", "nearest known key")):
            path.write_text(whole.replace(old, new))
            result = self.run_vecferry("copy", "-f", path, source, target, code=2)
            self.assertRegex(result.stderr, r"ferry.yaml:[0-9]+:[0-9]+: ")
            self.assertIn(wanted, result.stderr)

    def test_two_targets(self):
        """Each target's entry lists its own; what would cross is named once."""
        source, second = self.sqlite("source.db", SOURCE), self.sqlite("second.db")
        target, path = self.postgres(), self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, "--split", "author=2", source, target, second)
        summary = self.copy("-f", path, source, target, second)
        self.assertEqual(self.keys(target), ["FOREIGN KEY (country, code) REFERENCES place(country, code)"])
        crossing = [entry for entry in summary["not_moved"] if entry["kind"] == "foreign key"]
        self.assertEqual(len(crossing), 1)
        self.assertIn("cross the targets", crossing[0]["why"])


if __name__ == "__main__":
    import unittest

    unittest.main()
