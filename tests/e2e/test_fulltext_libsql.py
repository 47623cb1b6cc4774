"""Full-text indexes of libSQL: FTS5 in a file that is written by libSQL's library, and on a server, with the triggers that keep it in step, there and back."""

import sqlite3

import test_fulltext
from e2e import Case
from hrana import Sqld, Tursodb
from sqlite_library import Library
from test_fulltext import TEXT_OBJECTS, documents, frequent_words

LIBSQL = Library("libsql")
CHANGES = (
    "INSERT INTO docs (id, title, body) VALUES (100000, 'a zyzzyva', 'it walks')",
    "UPDATE docs SET body = 'nothing of the kind' WHERE id = (SELECT min(rowid) FROM docs_fts WHERE docs_fts MATCH 'running')",
    "DELETE FROM docs WHERE id = (SELECT max(rowid) FROM docs_fts WHERE docs_fts MATCH 'running')",
)


class OnLibsql(Case):
    def make(self):
        """The tables of test_fulltext.py, whose trigger that isn't an index's is left out."""
        script = "\n".join(line for line in test_fulltext.FromSqlite.SCRIPT.splitlines() if "docs_other" not in line)
        path = self.sqlite("source.db", script)
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO docs (id, title, body) VALUES (?, ?, ?)", [(row[0], row[2], row[3]) for row in documents()])
            db.executemany("INSERT INTO mails (sender, subject, body) VALUES (?, ?, ?)", [row[1:4] for row in documents()[:50]])
            db.execute("INSERT INTO notes VALUES (1, 'a boat')")
            db.execute("INSERT INTO notes_fts(notes_fts) VALUES ('rebuild')")
        db.close()
        return path

    def from_file(self, path):
        def run(sql, *values):
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                return connection.execute(sql, values).fetchall()
            finally:
                connection.close()
        return run

    def objects(self, run):
        return [(kind, name, "".join(sql.lower().replace('"', "").replace("'", "").replace("if not exists", "").split())) for kind, name, sql in run(TEXT_OBJECTS)]

    def compare(self, theirs, ours):
        """The same objects, and the same rows for the same words; what is changed then is found in the same way."""
        self.assertEqual(self.objects(ours), self.objects(theirs))
        words = [*frequent_words([row[3] for row in documents()], 12), "running", "harbour", "boats"]

        def found(run):
            return {(index, word): run(f"SELECT rowid FROM {index} WHERE {index} MATCH ? ORDER BY rowid", f'"{word}"') for index in ("docs_fts", "mails", "notes_fts") for word in words}

        before = found(theirs)
        self.assertGreater(len(before["docs_fts", "running"]), 2)
        self.assertEqual(found(ours), before)
        for statement in CHANGES:
            theirs(statement)
            ours(statement)
        after = found(theirs)
        self.assertNotEqual(after, before)
        self.assertEqual(found(ours), after)
        self.assertEqual(ours("SELECT rowid FROM docs_fts WHERE docs_fts MATCH 'zyzzyva'"), [(100000,)])
        ours("INSERT INTO docs_fts (docs_fts, rank) VALUES ('integrity-check', 1)")

    def test_a_file_of_libsql(self):
        source = self.make()
        path, back = str(self.folder / "libsql.db"), self.sqlite("back.db")
        summary = self.copy(source, f"libsql:{path}")
        self.assertEqual(summary["not_moved"], [])
        self.copy(f"libsql:{path}", back)
        self.assertEqual(self.objects(self.from_file(back)), self.objects(self.from_file(source)))

        def run(sql, *values):
            with LIBSQL.open(path) as connection:
                return [tuple(row) for row in connection.execute(sql, values)]

        self.compare(self.from_file(source), run)

    def test_a_server(self):
        source = self.make()
        back = self.sqlite("back.db")
        with Sqld(self.folder / "server.db") as server:
            summary = self.copy(source, server.url)
            self.assertEqual(summary["not_moved"], [])
            self.copy(server.url, back)
            self.assertEqual(self.objects(self.from_file(back)), self.objects(self.from_file(source)))
            self.compare(self.from_file(source), server.run)

    def test_a_server_that_has_no_fts5(self):
        """tursodb: the rows move, and what can't is named."""
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO docs VALUES (1, 'a boat');"
                             "CREATE VIRTUAL TABLE docs_fts USING fts5(body, content='docs', content_rowid='id');")
        with Tursodb(self.folder / "server.db") as server:
            result = self.run_vecferry("copy", "--json", source, server.url, code=None)
            self.assertEqual(result.code, 0, result)
            self.assertEqual([other["name"] for other in result.json()["not_moved"]], ["docs_fts"])
            self.assertEqual(server.run("SELECT id, body FROM docs"), [(1, "a boat")])
