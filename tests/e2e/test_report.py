"""The report folder: the text of everything that stays behind, one file an object, with the reason and what to do."""

import json
import os
import sqlite3
import subprocess

import duckdb
import psycopg

from e2e import VECFERRY, Case

SECRET = "hunter2-canary"


class Report(Case):
    def index(self, folder):
        index = json.loads((folder / "index.json").read_text())
        self.assertEqual((index["format"], index["version"]), ("vecferry-report", 1))
        files = {entry["file"] for entry in index["not_moved"] if entry["file"] is not None}
        self.assertEqual(set(os.listdir(folder)), files | {"index.json", "index.txt"})
        for entry in index["not_moved"]:
            self.assertTrue(entry["why"] and entry["remedy"], entry)
        return index["not_moved"]

    def texts(self, folder):
        return {(entry["kind"], entry["name"]): (folder / entry["file"]).read_text() for entry in self.index(folder) if entry["file"]}

    def test_postgres(self):
        source = self.postgres("""
            CREATE TABLE t (id int PRIMARY KEY, name text);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.name := 'x'; RETURN NEW; END$$;
            CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE POLICY mine ON t USING (id > 5);
            CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
            CREATE PUBLICATION p FOR TABLE t;
            CREATE TEXT SEARCH CONFIGURATION words (COPY = english);
            SELECT lo_create(0);
        """)
        done = self.run_vecferry("plan", source, self.sqlite("target.db"))
        folder = self.folder / "ferry.d"
        texts = self.texts(folder)
        self.assertIn(f"report: {folder} (", done.stderr)
        self.assertIn("BEFORE INSERT", texts["trigger", "public.touch"])
        self.assertIn("id > 5", texts["policy", "public.mine"])
        self.assertIn("NOTHING", texts["rule", "public.r"])
        self.assertIn("tables t", texts["publication", "p"].replace("public.", ""))
        self.assertIn("english_stem", texts["text search configuration", "public.words"])
        functions = [entry for entry in self.index(folder) if entry["kind"] == "function"]
        self.assertEqual(sorted(entry["file"] for entry in functions), ["function.public.f.2.sql", "function.public.f.sql"])
        self.assertEqual(len({(folder / entry["file"]).read_text() for entry in functions}), 2)
        kinds = [entry["kind"] for entry in self.index(folder)]
        self.assertIn("large objects", kinds)
        readable = (folder / "index.txt").read_text()
        self.assertIn("trigger public.touch on t\n  why:    ", readable)
        self.assertEqual(readable.count("  remedy: "), len(kinds))

    def test_secrets_are_left_out(self):
        source = self.postgres(f"""
            CREATE TABLE t (id int PRIMARY KEY);
            CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (password '{SECRET}', host 'x');
            CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'u', password '{SECRET}');
            CREATE FOREIGN TABLE ft (id int, name text) SERVER far OPTIONS (secret '{SECRET}');
            CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password={SECRET}' PUBLICATION p WITH (connect = false, slot_name = NONE);
            CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'host=h password={SECRET} x'::text$$;
        """)
        try:
            done = self.run_vecferry("plan", "--report", self.folder / "texts", "-o", self.folder / "plan.yaml", source, self.sqlite("target.db"))
        finally:
            with psycopg.connect(source, autocommit=True) as connection:
                connection.execute("DROP SUBSCRIPTION s")
        texts = self.texts(self.folder / "texts")
        self.assertIn("publications p", texts["subscription", "s"])
        self.assertIn("server far\ncolumns id integer, name text", texts["foreign table", "public.ft"])
        self.assertIn("foreign data wrapper w", texts["foreign server", "far"])
        self.assertIn("host=h", texts["function", "public.f"])
        self.assertFalse((self.folder / "plan.d").exists(), "the folder is the named one")
        for path in (self.folder / "texts").iterdir():
            self.assertNotIn(SECRET, path.read_text(), path)
        self.assertNotIn(SECRET, done.stdout + done.stderr)

    def test_names_that_no_folder_takes(self):
        names = ["../../escape", "/etc/x", "a'b\"c", "line\nbreak", "🙂" * 15, "x" * 63, "", "con. ", "-rf", "A", "B", ".hidden", "a..b", "tab\there", "\x1b[31mred"]
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY);" + "".join(
            'CREATE TRIGGER "{}" AFTER INSERT ON t BEGIN SELECT {}; END;'.format(name.replace('"', '""'), i) for i, name in enumerate(names) if name))
        self.run_vecferry("plan", "-o", self.folder / "p.yml", source, self.postgres(), code=None)
        folder = self.folder / "p.d"
        entries = {entry["name"]: entry for entry in self.index(folder)}
        for i, name in enumerate(names):
            if name:
                self.assertIn(f"SELECT {i};", (folder / entries[name]["file"]).read_text())
                self.assertRegex(entries[name]["file"], r"\Atrigger\.[A-Za-z0-9_.-]{1,110}\.sql\Z")
        self.assertEqual(len({entry["file"].lower() for entry in entries.values()}), len(names) - 1)
        self.assertEqual(sorted(os.listdir(self.folder)), ["p.d", "p.yml", "source.db"])
        readable = (folder / "index.txt").read_bytes()
        self.assertNotIn(b"\x1b", readable)
        self.assertIn(b"trigger line\\x0abreak on t\n", readable)

    def test_sqlite_and_duckdb(self):
        source = self.sqlite("source.db", """
            CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT id, row_number() OVER () AS n FROM t;
            CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);""")
        self.run_vecferry("plan", "-o", self.folder / "a.yaml", source, self.postgres())
        self.assertEqual({kind for kind, _ in self.texts(self.folder / "a.d")}, {"view", "trigger", "virtual table"})
        path = str(self.folder / "source.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT id, row_number() OVER () AS n FROM t; CREATE MACRO twice(x) AS x * 2; CREATE SEQUENCE seq;")
        self.run_vecferry("plan", "-o", self.folder / "b.yaml", "duckdb:" + path, self.sqlite("b.db"))
        kinds = {entry["kind"] for entry in self.index(self.folder / "b.d")}
        self.assertTrue({"view", "macro", "sequence"} <= kinds, kinds)

    def test_a_copy_writes_it_when_asked(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO t VALUES (99); END;")
        target = self.postgres()
        self.copy(source, target)
        self.assertEqual(sorted(os.listdir(self.folder)), ["source.db"])
        summary = self.copy("--drop-existing", "--yes", "--report", self.folder / "left", source, target)
        self.assertEqual(summary["report"], str(self.folder / "left"))
        self.assertEqual(list(self.texts(self.folder / "left")), [("trigger", "tr")])
        # The text was written down, and never run.
        with psycopg.connect(target) as connection:
            self.assertEqual(connection.execute("SELECT id FROM t").fetchall(), [(1,)])
            self.assertEqual(connection.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal").fetchone(), (0,))

    def test_nothing_to_report_is_no_folder(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY);")
        done = self.run_vecferry("plan", "-o", self.folder / "p.yaml", "--report", self.folder / "r", source, self.postgres())
        self.assertEqual(sorted(os.listdir(self.folder)), ["p.yaml", "source.db"])
        self.assertNotIn("report:", done.stderr)

    def test_an_older_report_is_replaced(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TRIGGER one AFTER INSERT ON t BEGIN SELECT 1; END;")
        target = self.postgres()
        arguments = ("plan", "-o", self.folder / "p.yaml", source, target)
        self.run_vecferry(*arguments)
        (self.folder / "p.d" / "notes.md").write_text("mine")
        (self.folder / "p.d" / "trigger.one.sql.new").write_text("broken off")
        with sqlite3.connect(source) as connection:
            connection.executescript("DROP TRIGGER one; CREATE TRIGGER two AFTER INSERT ON t BEGIN SELECT 2; END;")
        self.run_vecferry(*arguments)
        self.assertEqual(sorted(name for name in os.listdir(self.folder / "p.d") if not name.endswith(".new")), ["index.json", "index.txt", "notes.md", "trigger.two.sql"])
        with sqlite3.connect(source) as connection:
            connection.executescript("DROP TRIGGER two;")
        self.run_vecferry(*arguments)
        self.assertEqual(json.loads((self.folder / "p.d" / "index.json").read_text())["not_moved"], [])
        self.assertTrue((self.folder / "p.d" / "notes.md").exists())

    def test_a_report_that_was_broken_off(self):
        """The disk is full in the middle: what is there by then is no stranger to the next one."""
        large = "-- " + "x" * 200_000
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END;"
                                          f"CREATE TRIGGER b AFTER INSERT ON t BEGIN SELECT 2; {large}\nEND;")
        folder = self.folder / "r"
        arguments = ["plan", "-o", "-", "--report", folder, source, self.folder / "target.db"]
        limited = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 100; exec "$@"', "-", VECFERRY, *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(limited.returncode, 1, limited.stderr)
        self.assertIn('trigger.b.sql": File too large', limited.stderr)
        self.assertEqual(sorted(os.listdir(folder)), ["index.json", "trigger.a.sql"])
        self.run_vecferry(*arguments)
        self.assertEqual(sorted(os.listdir(folder)), ["index.json", "index.txt", "trigger.a.sql", "trigger.b.sql"])

    def test_folders_that_are_refused(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TRIGGER one AFTER INSERT ON t BEGIN SELECT 1; END;")
        target = self.postgres()
        (self.folder / "full").mkdir()
        (self.folder / "full" / "x").write_text("mine")
        done = self.run_vecferry("plan", "-o", self.folder / "p.yaml", "--report", self.folder / "full", source, target, code=2)
        self.assertIn("holds what isn't a report", done.stderr)
        self.assertEqual(os.listdir(self.folder / "full"), ["x"])
        (self.folder / "file").write_text("mine")
        done = self.run_vecferry("plan", "-o", self.folder / "p.yaml", "--report", self.folder / "file", source, target, code=1)
        self.assertIn("cannot open the folder", done.stderr)
        self.assertIn("hint: name another folder by --report", done.stderr)
        # A link under a file's name is replaced, and not followed; an index that names others' files removes none.
        (self.folder / "r").mkdir()
        (self.folder / "r" / "index.json").write_text(json.dumps({"format": "vecferry-report", "not_moved": [{"file": "../file"}, {"file": "/etc/x.sql"}, {"file": ".x.sql"}]}))
        (self.folder / "r" / "trigger.one.sql").symlink_to(self.folder / "file")
        (self.folder / "r" / "trigger.one.sql.new").symlink_to(self.folder / "file")
        self.run_vecferry("plan", "-o", self.folder / "p.yaml", "--report", self.folder / "r", source, target)
        self.assertEqual((self.folder / "file").read_text(), "mine")
        self.assertFalse(os.path.islink(self.folder / "r" / "trigger.one.sql"))

    def test_two_targets(self):
        source = self.postgres("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE POLICY pa ON a USING (true); CREATE POLICY pb ON b USING (false);")
        self.run_vecferry("plan", "-o", self.folder / "p.yaml", "--split", "b=2", source, self.sqlite("1.db"), self.sqlite("2.db"))
        self.assertEqual({entry["name"]: entry["target"] for entry in self.index(self.folder / "p.d")}, {"public.pa": 1, "public.pb": 2})


if __name__ == "__main__":
    import unittest

    unittest.main()
