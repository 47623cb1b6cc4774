"""Full-text indexes between PostgreSQL and SQLite: each way, there and back, searched by the databases' own drivers on both sides, on the project's own texts."""

import collections
import csv
import os
import pathlib
import re
import sqlite3

import duckdb

from e2e import Case

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
CLAWFS = """
CREATE TABLE documents (id serial PRIMARY KEY, workspace_id text, title varchar, content text, metadata jsonb);
CREATE INDEX documents_content_idx ON documents USING gin (to_tsvector('english', content));
CREATE TABLE posts (id bigint PRIMARY KEY, title varchar, tsv tsvector GENERATED ALWAYS AS
  (setweight(to_tsvector('english', coalesce(title, '')), 'A') || setweight(to_tsvector('english', coalesce(body, '')), 'B')) STORED, body text);
CREATE INDEX posts_tsv ON posts USING gin (tsv);
CREATE TABLE plain (id bigint PRIMARY KEY, a text, b text, words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(a, '') || ' ' || coalesce(b, ''))) STORED);
CREATE INDEX plain_gist ON plain USING gist (to_tsvector('simple'::regconfig, a));
"""
TEXT_OBJECTS = "SELECT type, name, sql FROM sqlite_master WHERE sql LIKE '%fts5%' OR type = 'trigger' ORDER BY name"


def documents():
    with open(TOP / "examples" / "data" / "documents.csv", newline="", encoding="utf-8") as file:
        return [(int(row["id"]), row["workspace_id"], row["title"], row["content"], row["metadata"] or None) for row in csv.DictReader(file)][:400]


def frequent_words(texts, n):
    """Lower-case words between blanks, neither in every row nor in one: the same to every tokenizer."""
    counts = collections.Counter(word for text in texts for word in set(re.findall(r"(?<!\S)[a-z]{5,}(?!\S)", text)))
    return [word for word, count in counts.most_common() if 3 <= count <= len(texts) // 3][:n]


class Fulltext(Case):
    def clawfs(self):
        url = self.postgres(CLAWFS, vector=False)
        connection = self.connect(url)
        rows = documents()
        with connection.cursor().copy("COPY documents FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("INSERT INTO posts (id, title, body) SELECT id, title, content FROM documents WHERE id % 2 = 0")
        connection.execute("INSERT INTO plain (id, a, b) SELECT id, title, content FROM documents WHERE id % 3 = 0")
        return url, rows

    def open(self, path):
        connection = sqlite3.connect(path, isolation_level=None)
        self.addCleanup(connection.close)
        return connection

    def found(self, connection, index, word, key="rowid"):
        return {row[0] for row in connection.execute(f"SELECT {key} FROM {index} WHERE {index} MATCH ?", (f'"{word}"',))}

    def definitions(self, url):
        connection = self.connect(url)
        return (connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'vecferry%' ORDER BY 1").fetchall(),
                connection.execute("SELECT attrelid::regclass::text, attnum, attname, attgenerated::text, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_attrdef d"
                                   " ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attgenerated <> '' ORDER BY 1, 2").fetchall())


class FromPostgres(Fulltext):
    def test_the_same_words_find_the_same_rows(self):
        source, rows = self.clawfs()
        target = self.sqlite()
        summary = self.copy(source, target)
        self.assertEqual([other for other in summary["not_moved"] if other["kind"] != "default"], [])
        postgres, here = self.connect(source), self.open(target)
        words = frequent_words([row[3] for row in rows], 40)
        self.assertEqual(len(words), 40)
        for word in words:  # "simple" against unicode61 without stemming: the same rows
            theirs = {row[0] for row in postgres.execute("SELECT id FROM plain WHERE words @@ plainto_tsquery('simple', %s)", (word,))}
            self.assertEqual(self.found(here, "plain_fts2", word), theirs, word)
            theirs = {row[0] for row in postgres.execute("SELECT id FROM documents WHERE to_tsvector('english', content) @@ plainto_tsquery('english', %s)", (word,))}
            if theirs:  # else a stop word of PostgreSQL's
                ours = self.found(here, "documents_fts", word)
                self.assertGreaterEqual(len(ours & theirs) / len(ours | theirs), 0.7, f"{word}: two stemmers of English")
        self.assertEqual(here.execute("SELECT v FROM posts_fts_config WHERE k = 'rank'").fetchall(), [("bm25(10.0, 4.0)",)])
        self.assertEqual([row[1] for row in here.execute("PRAGMA table_info(posts)")], ["id", "title", "body"])

    def test_triggers_keep_it_in_step(self):
        source, _ = self.clawfs()
        target = self.sqlite()
        self.copy(source, target)
        here = self.open(target)
        before = self.found(here, "documents_fts", "running")
        here.execute("INSERT INTO documents (id, content) VALUES (100000, 'a zyzzyva runs')")
        here.execute("UPDATE documents SET content = 'nothing of the kind' WHERE id = ?", (min(before),))
        here.execute("DELETE FROM documents WHERE id = ?", (max(before),))
        self.assertEqual(self.found(here, "documents_fts", "zyzzyva"), {100000})
        self.assertEqual(self.found(here, "documents_fts", "running"), before - {min(before), max(before)} | {100000})
        for index in ["documents_fts", "posts_fts", "plain_fts", "plain_fts2"]:
            here.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")

    def test_there_and_back(self):
        source, _ = self.clawfs()
        middle, back = self.sqlite(), self.postgres(vector=False)
        self.copy(source, middle)
        self.copy(middle, back)
        self.assertEqual(self.definitions(back), self.definitions(source))
        again = self.postgres(vector=False)
        self.copy(source, again)
        self.assertEqual(self.definitions(again), self.definitions(source))
        for table in ["posts", "plain"]:
            self.assertEqual(*(self.connect(url).execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for url in (source, again)))

    def test_what_is_not_understood_is_named(self):
        source = self.postgres("""
            CREATE TABLE t (id int PRIMARY KEY, a text, b text, lang regconfig, filled tsvector);
            CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.filled := to_tsvector('english', new.a); RETURN new; END $$;
            CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill();
            CREATE INDEX by_trigger ON t USING gin (filled);
            CREATE INDEX by_column ON t USING gin (to_tsvector(lang, a));
            CREATE INDEX by_two ON t USING gin ((to_tsvector('english', a) || to_tsvector('simple', b)));
            CREATE INDEX by_function ON t USING gin (to_tsvector('english', lower(a)));
            CREATE INDEX by_part ON t USING gin (to_tsvector('english', a)) WHERE b IS NULL;
            INSERT INTO t VALUES (1, 'sailing boats', NULL, 'english');""", vector=False)
        target = self.sqlite()
        summary = self.copy(source, target)
        named = {other["name"]: other["why"] for other in summary["not_moved"]}
        self.assertLessEqual({"by_trigger", "by_column", "by_two", "by_function", "by_part", "fill"}, set(named))
        self.assertIn("trigger", named["by_trigger"])
        self.assertIn("part of the rows", named["by_part"])
        self.assertEqual(self.open(target).execute("SELECT filled FROM t").fetchall(), [("'boat':2 'sail':1",)])
        self.assertEqual(self.open(target).execute(TEXT_OBJECTS).fetchall(), [])


class FromSqlite(Fulltext):
    SCRIPT = """
        CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body TEXT, n INTEGER);
        CREATE VIRTUAL TABLE docs_fts USING fts5(title, body, content='docs', content_rowid='id', tokenize='porter unicode61', prefix='2 3');
        CREATE TRIGGER docs_a AFTER INSERT ON docs BEGIN INSERT INTO docs_fts(rowid, title, body) VALUES (new.id, new.title, new.body); END;
        CREATE TRIGGER docs_b AFTER DELETE ON docs BEGIN INSERT INTO docs_fts(docs_fts, rowid, title, body) VALUES('delete', old.id, old.title, old.body); END;
        CREATE TRIGGER docs_c AFTER UPDATE ON docs BEGIN INSERT INTO docs_fts(docs_fts, rowid, title, body) VALUES('delete', old.id, old.title, old.body);
          INSERT INTO docs_fts(rowid, title, body) VALUES (new.id, new.title, new.body); END;
        CREATE TRIGGER docs_other AFTER INSERT ON docs BEGIN DELETE FROM notes WHERE id = -new.id; END;
        INSERT INTO docs_fts(docs_fts, rank) VALUES('rank', 'bm25(10.0, 1.0)');
        CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT);
        CREATE VIRTUAL TABLE notes_fts USING fts5(note, content='notes', content_rowid='id');
        CREATE VIRTUAL TABLE mails USING fts5(sender UNINDEXED, subject, body);
    """

    def make(self, more=""):
        path = self.sqlite("source.db", self.SCRIPT + more)
        rows = documents()
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO docs (id, title, body) VALUES (?, ?, ?)", [(row[0], row[2], row[3]) for row in rows if row[0] % 2])
            db.executemany("INSERT INTO mails (rowid, sender, subject, body) VALUES (?, ?, ?, ?)", [(row[0] * 3, row[1], row[2], row[3]) for row in rows if not row[0] % 2])
            db.execute("INSERT INTO notes VALUES (1, 'a boat')")
            db.execute("INSERT INTO notes_fts(notes_fts) VALUES ('rebuild')")
        db.close()
        return path, rows

    def objects(self, path):
        """Definitions without quotes, blanks and the words of a name's making."""
        return [(kind, name, re.sub(r"[\s\"']|IF NOT EXISTS", "", sql).lower()) for kind, name, sql in self.open(path).execute(TEXT_OBJECTS)]

    def test_there_and_back(self):
        source, rows = self.make()
        middle, back = self.postgres(vector=False), self.sqlite("back.db")
        summary = self.copy(source, middle)
        self.assertEqual([(other["kind"], other["name"]) for other in summary["not_moved"]], [("trigger", "docs_other")])
        connection = self.connect(middle)
        here = self.open(source)
        for word in frequent_words([row[3] for row in rows], 20):
            theirs = {row[0] for row in connection.execute("SELECT rowid FROM mails WHERE to_tsvector('simple', coalesce(subject, '') || ' ' || coalesce(body, '')) @@ plainto_tsquery('simple', %s)", (word,))}
            self.assertEqual(self.found(here, "mails", word), theirs, word)
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN SELECT rowid FROM mails WHERE to_tsvector('simple', coalesce(subject, '') || ' ' || coalesce(body, '')) @@ plainto_tsquery('simple', 'boat')"))
        self.assertIn("mails_fulltext_idx", plan)
        self.copy(middle, back)
        wanted = [each for each in self.objects(source) if each[1] != "docs_other"]
        self.assertEqual(self.objects(back), wanted)
        for index, config in [("docs_fts", "bm25(10.0, 1.0)"), ("mails", None)]:
            there = self.open(back)
            there.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
            self.assertEqual(there.execute(f"SELECT v FROM {index}_config WHERE k = 'rank'").fetchone(), config and (config,))
            for word in ["boats", "running", "harbour"]:
                self.assertEqual(self.found(there, index, word), self.found(here, index, word))
        self.assertEqual(self.open(back).execute("SELECT rowid, sender, subject, body FROM mails ORDER BY rowid").fetchall(), here.execute("SELECT rowid, sender, subject, body FROM mails ORDER BY rowid").fetchall())
        twin = self.sqlite("twin.db")
        self.copy(source, twin)
        self.assertEqual(self.objects(twin), wanted)

    def test_what_only_an_index_holds(self):
        source, _ = self.make("CREATE VIRTUAL TABLE ghosts USING fts5(a, content=''); CREATE VIRTUAL TABLE old USING fts4(body); CREATE VIEW v AS SELECT * FROM docs;"
                              "CREATE VIRTUAL TABLE of_view USING fts5(title, content='v');")
        target = self.postgres(vector=False)
        result = self.run_vecferry("copy", source, target, code=9)
        self.assertIn("contentless", result.stderr)
        self.assertIn("--accept-losses", result.stderr)
        self.assertEqual(self.connect(target).execute("SELECT count(*) FROM pg_class WHERE relname = 'docs'").fetchone(), (0,))
        summary = self.copy("--accept-losses", source, target)
        named = {other["name"]: other["why"] for other in summary["not_moved"] if other["kind"] == "full-text index"}
        self.assertEqual(sorted(named), ["ghosts", "of_view", "old"])
        tables = {row[0] for row in self.connect(target).execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'vecferry%'")}
        self.assertEqual(tables, {"docs", "notes", "mails"}, "no shadow table travels")


class Plan(Fulltext):
    def plan(self, source, target):
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", source, target, "-o", path)
        return path, path.read_text()

    def test_what_the_plan_says_is_made(self):
        source, _ = self.clawfs()
        target = self.sqlite()
        path, text = self.plan(source, target)
        self.assertIn("{name: documents_content_idx, rename: documents_fts, kind: fulltext, columns: [content], language: english, tokenize: porter unicode61}", text)
        self.assertIn("{name: posts_tsv, rename: posts_fts, kind: fulltext, columns: [title, body], weights: [10, 4], language: english, tokenize: porter unicode61}", text)
        text = text.replace("rename: documents_fts, kind: fulltext, columns: [content], language: english, tokenize: porter unicode61", "rename: search, kind: fulltext, columns: [title, content], tokenize: trigram, prefix: 3")
        text = re.sub(r"\n.*name: plain_gist.*", "", text)
        path.write_text(text)
        summary = self.copy("-f", path)
        self.assertEqual([(other["kind"], other["name"], other["why"]) for other in summary["not_moved"] if other["kind"] == "full-text index"], [("full-text index", "plain_gist", "the plan leaves it out")])
        here = self.open(target)
        self.assertEqual(here.execute("SELECT sql FROM sqlite_master WHERE name = 'search'").fetchone()[0],
                         "CREATE VIRTUAL TABLE \"search\" USING fts5(\"title\", \"content\", content='documents', content_rowid='id', tokenize='trigram', prefix='3')")
        self.assertIn("verify", self.run_vecferry("verify", "-f", path, "--json").stdout)

    def test_an_index_that_the_source_does_not_have(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'sailing', 'boats');", vector=False)
        target = self.sqlite()
        path, text = self.plan(source, target)
        path.write_text(text.replace("    indexes: []", "    indexes:\n      - {name: words, kind: fulltext, add_on: a, columns: [a, b], language: english}"))
        self.copy("-f", path)
        self.assertEqual(self.found(self.open(target), "words", "boat"), {1})
        other = self.postgres(vector=False)
        path.write_text(text.replace("    indexes: []", "    indexes:\n      - {name: words, kind: fulltext, add_on: a, columns: [a, b], language: english, column: tsv}").replace(f'"{target}"', other))
        text = re.sub(r", to: [^,}]*", "", path.read_text())
        path.write_text(text)
        self.copy("-f", path)
        self.assertEqual(self.connect(other).execute("SELECT tsv::text FROM t").fetchall(), [("'boat':2 'sail':1",)])
        self.assertIn("USING gin (tsv)", self.connect(other).execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'words'").fetchone()[0])

    def test_slips(self):
        source, _ = self.clawfs()
        path, text = self.plan(source, self.sqlite())
        for old, new, words in [("tokenize: porter unicode61", "tokenize: portre", "portre"), ("columns: [content]", "columns: [contents]", "the nearest is \"content\""),
                                ("weights: [10, 4]", "weights: [10]", "1 weights for 2 columns"), ("weights: [10, 4]", "weights: [10, x]", "no weight"), ("columns: [content]", "columns: content", "must be a list")]:
            path.write_text(text.replace(old, new, 1))
            result = self.run_vecferry("copy", "-f", path, code=2)
            self.assertIn(words, result.stderr)
        self.assertFalse((self.folder / "test.db").exists() and self.open(str(self.folder / "test.db")).execute("SELECT count(*) FROM sqlite_master").fetchone()[0])

    def test_an_object_of_the_name_is_not_touched(self):
        source, _ = self.clawfs()
        target = self.sqlite(script="CREATE TABLE documents_fts (mine TEXT); INSERT INTO documents_fts VALUES ('precious');")
        self.copy(source, target)
        here = self.open(target)
        self.assertEqual(here.execute("SELECT * FROM documents_fts").fetchall(), [("precious",)])
        here.execute("INSERT INTO documents_fts2 (documents_fts2, rank) VALUES ('integrity-check', 1)")
        other = self.sqlite("other.db", "CREATE TABLE mine (a TEXT);")
        path, text = self.plan(source, other)
        path.write_text(text.replace("rename: documents_fts,", "rename: mine,"))
        self.assertIn('another object "mine"', self.run_vecferry("copy", "-f", path, code=9).stderr)


class Killed(Fulltext):
    def steps(self, source, target):
        result = self.run_vecferry("copy", "-v", "-v", source, target, environment={"VF_TRACE": "engine"})
        return len(re.findall(r"debug: engine [^\n]* apply ", result.stderr)) or result.stderr.count(" apply")

    def test_while_the_index_is_built(self):
        source, _ = self.clawfs()
        n_steps = self.steps(source, self.sqlite("whole.db"))
        self.assertGreater(n_steps, 8)
        whole = self.open(str(self.folder / "whole.db"))
        killed = 0
        for i, number in enumerate(range(4, n_steps + 1, 2)):
            target = self.sqlite(f"killed{number}.db")
            result = self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": f"target.apply:{number}:{'kill' if i % 2 else 'kill-after'}"}, code=None)
            killed += result.code == -9
            self.run_vecferry("copy", "--resume", source, target)
            here = self.open(target)
            for index in ["documents_fts", "posts_fts", "plain_fts", "plain_fts2"]:
                here.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
                self.assertEqual(self.found(here, index, "harbour"), self.found(whole, index, "harbour"))
        self.assertGreater(killed, 2)
        again, _ = self.clawfs()
        self.run_vecferry("copy", "--drop-existing", "--yes", again, str(self.folder / "whole.db"))
        self.assertEqual(len(self.open(str(self.folder / "whole.db")).execute(TEXT_OBJECTS).fetchall()), 4 + 4 * 3, "nothing of the old indexes stays")


class Verify(Fulltext):
    def words(self, summary):
        return {index["name"]: index for table in summary["tables"] for index in table["indexes"]}

    def test_what_is_searched(self):
        source, _ = self.clawfs()
        target, back = self.sqlite(), self.postgres(vector=False)
        there = self.words(self.copy(source, target))
        self.assertEqual(sorted(there), ["documents_fts", "plain_fts", "plain_fts2", "posts_fts"])
        for name, index in there.items():
            self.assertTrue(index["equal"], index)
            self.assertEqual((index["kind"], index["state"], index["why"]), ("fulltext", "built", None), name)
            self.assertGreater(index["words"], 10, index)
            self.assertGreater(index["words_compared"], 10, index)
        self.assertEqual(there["documents_fts"]["documents"], 400)
        self.assertEqual(there["plain_fts2"]["words_same"], there["plain_fts2"]["words_compared"])
        home = self.words(self.copy(target, back))  # the source is searched by the index that it has, not by the one that it remembers
        self.assertGreater(home["documents_content_idx"]["words_compared"], 10)
        shown = self.run_vecferry("verify", source, target)
        self.assertRegex(shown.stdout, r"\d+ words find their rows, \d+ of \d+ the same as in the source")

    def expect(self, source, target, words):
        result = self.run_vecferry("verify", "--json", source, target, code=3)
        bad = [index for index in self.words(result.json()).values() if not index["equal"]]
        self.assertEqual(len(bad), 1, bad)
        self.assertIn(words, bad[0]["why"])
        self.assertIn(bad[0]["name"], result.json()["error"])

    def test_what_is_out_of_step(self):
        source, _ = self.clawfs()
        target = self.sqlite()
        self.copy(source, target)
        pristine = pathlib.Path(target).read_bytes()

        def spoil(*statements):
            here = sqlite3.connect(target, isolation_level=None)
            for statement in statements:
                here.execute(statement)
            here.close()

        row = "SELECT id, content FROM documents ORDER BY id LIMIT 1"
        text = "(SELECT content FROM documents ORDER BY id LIMIT 1)"
        for statements, words in [
                (["DROP TABLE posts_fts"], "isn't there"),
                (["DROP TRIGGER documents_fts_au"], "a trigger"),
                ([f"INSERT INTO documents_fts (documents_fts, rowid, content) SELECT 'delete', * FROM ({row})"], "knows 399 rows, and the table has 400"),
                ([f"INSERT INTO documents_fts (documents_fts, rowid, content) SELECT 'delete', * FROM ({row})", f"INSERT INTO documents_fts (rowid, content) SELECT id, 'other words' FROM ({row})"], "words aren't those"),
        ]:
            pathlib.Path(target).write_bytes(pristine)
            spoil(*statements)
            self.expect(source, target, words)
        self.assertTrue(text)
        pathlib.Path(target).write_bytes(pristine)
        self.run_vecferry("verify", source, target)

    def test_an_index_of_other_words(self):
        """A PostgreSQL target whose index was made anew in another language: it is there and valid, and finds other rows."""
        source, _ = self.clawfs()
        target = self.postgres(vector=False)
        self.copy(source, target)
        connection = self.connect(target)
        connection.execute("ALTER TABLE posts DROP COLUMN tsv; ALTER TABLE posts ADD COLUMN tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(title, ''))) STORED; CREATE INDEX posts_tsv ON posts USING gin (tsv)")
        self.expect(source, target, "find")


class DuckDb(Fulltext):
    LIBRARY_DIR = pathlib.Path(os.environ.get("VECFERRY_LIBRARY_DIR", TOP / "build" / "deps" / "lib"))

    def ask(self, url, sql):
        connection = duckdb.connect(url.removeprefix("duckdb:"), config={"allow_unsigned_extensions": "true"})
        try:
            connection.execute(f"LOAD '{self.LIBRARY_DIR / 'duckdb-extensions' / 'fts.duckdb_extension'}'")
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def test_from_postgres_and_back(self):
        source, rows = self.clawfs()
        target, back = f"duckdb:{self.folder / 'there.duckdb'}", self.postgres(vector=False)
        summary = self.copy(source, target)
        named = {other["name"]: other["why"] for other in summary["not_moved"] if other["kind"] == "full-text index"}
        self.assertEqual(sorted(named), ["words"], "one of two on table plain, the one that came later")
        self.assertIn("one full-text index a table", named["words"])
        postgres = self.connect(source)
        for word in frequent_words([row[3] for row in rows], 15):
            ours = {row[0] for row in self.ask(target, f"SELECT id FROM plain WHERE fts_main_plain.match_bm25(id, '{word}') IS NOT NULL")}
            theirs = {row[0] for row in postgres.execute("SELECT id FROM plain WHERE to_tsvector('simple', a) @@ plainto_tsquery('simple', %s)", (word,))}
            self.assertEqual(ours, theirs, word)
        indexes = {index["name"]: index for table in summary["tables"] for index in table["indexes"]}
        self.assertEqual(sorted(indexes), ["fts_main_documents", "fts_main_plain", "fts_main_posts"])
        for index in indexes.values():
            self.assertTrue(index["equal"], index)
            self.assertGreater(index["words_compared"], 5, index)
        self.copy(target, back)
        self.assertEqual(self.definitions(back), self.definitions(source))
        stale = self.ask(target, "INSERT INTO documents (id, content) VALUES (100000, 'late')")
        self.assertTrue(stale)
        result = self.run_vecferry("verify", "--json", source, target, code=3)
        self.assertIn("knows 400 rows, and the table has 401", result.stdout)

    def test_from_duckdb(self):
        path = self.folder / "source.duckdb"
        connection = duckdb.connect(str(path), config={"allow_unsigned_extensions": "true"})
        connection.execute(f"LOAD '{self.LIBRARY_DIR / 'duckdb-extensions' / 'fts.duckdb_extension'}'")
        connection.execute("CREATE TABLE d (id INTEGER PRIMARY KEY, body VARCHAR, n INTEGER)")
        connection.executemany("INSERT INTO d VALUES (?, ?, 1)", [(row[0], row[3]) for row in documents()[:100]])
        connection.execute("PRAGMA create_fts_index('d', 'id', 'body', stemmer = 'porter', stopwords = 'none', ignore = '[^a-z]+', strip_accents = 1)")
        for statement in ["CREATE TABLE gone (id INTEGER PRIMARY KEY, a VARCHAR)", "PRAGMA create_fts_index('gone', 'id', 'a')", "DROP TABLE gone"]:
            connection.execute(statement)
        connection.close()
        target, twin = self.sqlite("from.db"), f"duckdb:{self.folder / 'twin.duckdb'}"
        summary = self.copy(f"duckdb:{path}", target)
        self.assertEqual([(other["kind"], other["name"]) for other in summary["not_moved"]], [("full-text index", "fts_main_gone")])
        here = self.open(target)
        self.assertEqual([row[0] for row in here.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'vecferry%' AND name NOT LIKE 'd_fts%' AND name NOT LIKE 'sqlite%'")], ["d"])
        self.assertIn("tokenize='porter unicode61'", here.execute("SELECT sql FROM sqlite_master WHERE name = 'd_fts'").fetchone()[0])
        self.copy(target, twin)
        macros = "SELECT function_name, macro_definition FROM duckdb_functions() WHERE schema_name = 'fts_main_d' ORDER BY 1"
        self.assertEqual(self.ask(twin, macros), self.ask(f"duckdb:{path}", macros), "the same stemmer, pattern and accents")

    def test_without_the_extension(self):
        source, _ = self.clawfs()
        empty = self.folder / "none"
        empty.mkdir()
        target = f"duckdb:{self.folder / 'bare.duckdb'}"
        summary = self.copy("--duckdb-extensions", empty, source, target)
        named = {other["name"]: other["why"] for other in summary["not_moved"] if other["kind"] == "full-text index"}
        self.assertIn("documents_content_idx", named)
        self.assertIn("--duckdb-extensions", named["documents_content_idx"])
