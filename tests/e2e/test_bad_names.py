"""Names are moved as they are, however odd, never run as SQL, and shown escaped; names that would be one in the target are refused by name."""

import json
import os
import pty
import re
import sqlite3
import subprocess

import psycopg

from e2e import VECFERRY, Case, sqlite_picture

ODD = [
    'x"; DROP TABLE y;--',
    "it's",
    "two\nlines\tand tabs",
    "%s%n%d",
    "🚢 ünïcode",
    "select",
    "a]b`c[d",
    " blanks ",
    "back\\slash",
    "dot.ted",
    "<script>alert(1)</script>",
    "$1 :name @x ?",
    "\x1b[31mred\x07",
    "\x9b31mred",
    "vecferry",
]


def quote(name):
    return '"' + name.replace('"', '""') + '"'


class Names(Case):
    def make_odd(self, path):
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE y (id INTEGER PRIMARY KEY, t TEXT)")
        connection.execute("INSERT INTO y VALUES (1, 'still here')")
        for i, name in enumerate(ODD):
            other = ODD[(i + 1) % len(ODD)]
            connection.execute(f"CREATE TABLE {quote(name)} (id INTEGER PRIMARY KEY, {quote(other)} TEXT, {quote(name)} INTEGER REFERENCES y (id))")
            connection.executemany(f"INSERT INTO {quote(name)} VALUES (?, ?, ?)", [(k, f"{other} {k}", 1) for k in range(5)])
            connection.execute(f"CREATE INDEX {quote('ix ' + name)} ON {quote(name)} ({quote(other)})")
        connection.commit()
        connection.close()

    def check_shown(self, result):
        for text in (result.stdout, result.stderr):
            self.assertNotRegex(text.replace("\n", ""), r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "nothing from a database reaches the terminal as a control character")
            self.assertNotIn("two\nlines", text)

    def test_odd_names_there_and_back(self):
        source, middle, back = str(self.folder / "source.db"), self.postgres(), str(self.folder / "back.db")
        self.make_odd(source)
        self.check_shown(self.run_vecferry("inspect", source))
        self.check_shown(self.run_vecferry("plan", "-o", "-", source, middle))
        self.check_shown(self.run_vecferry("copy", source, middle))
        with psycopg.connect(middle, autocommit=True) as connection:
            names = {row[0] for row in connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'vecferry\\_%'")}
            self.assertEqual(names, {"y", *ODD})
            self.assertEqual(connection.execute("SELECT * FROM y").fetchall(), [(1, "still here")])
        self.check_shown(self.run_vecferry("inspect", middle))
        self.check_shown(self.run_vecferry("copy", middle, back))
        self.assert_same_sqlite(source, back)
        self.check_shown(self.run_vecferry("verify", source, back))

    def test_odd_names_from_file_to_file(self):
        source, target = str(self.folder / "source.db"), str(self.folder / "target.db")
        self.make_odd(source)
        self.check_shown(self.run_vecferry("copy", source, target))
        self.assert_same_sqlite(source, target)
        damaged = sqlite3.connect(target)
        damaged.execute(f"UPDATE {quote(ODD[0])} SET {quote(ODD[1])} = ? WHERE id = 3", ("\x1b]0;title\x07",))
        damaged.execute(f"DELETE FROM {quote(ODD[2])} WHERE id = 2")
        damaged.commit()
        damaged.close()
        result = self.run_vecferry("verify", source, target, code=3)
        self.check_shown(result)
        as_json = self.run_vecferry("verify", "--json", source, target, code=3).json()
        found = {table["name"]: [(d["key"], d["column"]) for d in table["differences"]] for table in as_json["tables"] if table["differences"]}
        self.assertEqual(found, {ODD[0]: [('{"id": 3}', ODD[1])], ODD[2]: [('{"id": 2}', None)]})

    def test_odd_names_on_a_terminal(self):
        """Its lines of progress are the program's own commands to the terminal, and no other's."""
        source, target = str(self.folder / "source.db"), str(self.folder / "target.db")
        self.make_odd(source)
        master, slave = pty.openpty()
        process = subprocess.Popen([VECFERRY, "copy", source, target], stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:  # the other end is closed
            pass
        os.close(master)
        self.assertEqual(process.wait(), 0)
        self.assertIn("copy     y", shown.decode())
        left = shown.decode().replace("\x1b[1A\x1b[2K", "").replace("\r\n", "")
        self.assertNotRegex(left, r"[\x00-\x1f\x7f-\x9f]")

    def test_a_plan_file_with_odd_names(self):
        source, target = str(self.folder / "source.db"), str(self.folder / "target.db")
        self.make_odd(source)
        path = str(self.folder / "ferry.yaml")
        self.run_vecferry("plan", "-o", path, source, target)
        self.assertEqual(open(path, newline="").read().count("\r"), 0)
        self.check_shown(self.run_vecferry("copy", "-f", path))
        self.assert_same_sqlite(source, target)

    def test_odd_names_as_arguments(self):
        source = str(self.folder / "source.db")
        self.make_odd(source)
        for i, name in enumerate(ODD):
            if "=" in name:
                continue
            target = str(self.folder / f"target{i}.db")
            self.run_vecferry("copy", "--only", name, source, target)
            self.assertEqual(sorted(sqlite_picture(target)), [name])
        result = self.run_vecferry("copy", "--only", "no\x1b[31m such\ntable", source, str(self.folder / "none.db"), code=2)
        self.check_shown(result)

    def test_odd_file_names(self):
        self.make_odd(str(self.folder / "source.db"))
        for name in ("two words.db", "per%20cent?mode=memory#x.db", "newline\n.db", "🚢.db", "it's \"quoted\".db"):
            target = os.path.join(str(self.folder), name)
            self.check_shown(self.run_vecferry("copy", "--only", "y", str(self.folder / "source.db"), f"sqlite:{target}", code=None if "\n" in name else 0))
            if "\n" not in name:
                self.assertEqual(sorted(sqlite_picture(target)), ["y"])
        self.run_vecferry("copy", "--only", "y", "source.db", "sqlite::memory:")
        self.assertTrue(os.path.exists(self.folder / ":memory:"))

    def clash(self, script, target, *names):
        source = self.sqlite("clash.db", script)
        result = self.run_vecferry("copy", "--json", source, target, code=2)
        self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 2))
        what = [problem["what"] for problem in result.json()["problems"] if problem["severity"] == "block"]
        shown = self.run_vecferry("copy", source, target, code=2).stderr
        for name in names:
            self.assertIn(name, " ".join(what))
            self.assertIn(name, shown)
        self.assertIn("rename", result.stderr)
        os.unlink(source)
        return result

    def test_names_that_are_one_after_63_bytes(self):
        long = "n" * 63
        for script in (f"CREATE TABLE {long}a (id INTEGER PRIMARY KEY); CREATE TABLE {long}b (id INTEGER PRIMARY KEY);",
                       f"CREATE TABLE t (id INTEGER PRIMARY KEY, {long}a TEXT, {long}b TEXT);"):
            target = self.postgres()
            self.clash(script, target, long + "a", long + "b")
            with psycopg.connect(target) as connection:
                self.assertEqual(connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone(), (0,))

    def test_a_name_that_is_too_long(self):
        """PostgreSQL would cut it with a notice; half a letter is no letter."""
        self.clash(f"CREATE TABLE {'ü' * 40} (id INTEGER PRIMARY KEY);", self.postgres(), "ü" * 40)

    def test_names_that_differ_in_case_only(self):
        source = self.postgres('CREATE TABLE docs (id int PRIMARY KEY, "T" text, t text); CREATE TABLE "Docs" (id int PRIMARY KEY)')
        target = str(self.folder / "target.db")
        result = self.run_vecferry("copy", "--json", source, target, code=2)
        blocks = " ".join(problem["what"] for problem in result.json()["problems"] if problem["severity"] == "block")
        for name in ('"docs"', '"Docs"', '"T"', '"t"'):
            self.assertIn(name, blocks)
        self.assertFalse(os.path.exists(target))
        # By renaming in the plan both are moved.
        path = str(self.folder / "ferry.yaml")
        self.run_vecferry("plan", "-o", path, source, target, code=None)
        text = open(path).read()
        text = re.sub(r"(?m)^  - name: Docs$", "  - name: Docs\n    rename: docs_2", text)
        text = re.sub(r"\{name: T,", "{name: T, rename: big_t,", text)
        open(path, "w").write(text)
        self.run_vecferry("copy", "-f", path)
        self.assertEqual(sorted(sqlite_picture(target)), ["docs", "docs_2"])

    def test_names_that_the_target_keeps_for_itself(self):
        source = self.postgres("CREATE TABLE sqlite_things (id int PRIMARY KEY)")
        result = self.run_vecferry("copy", source, str(self.folder / "target.db"), code=2)
        self.assertIn("sqlite_things", result.stderr)
        self.assertIn("sqlite_", result.stderr)

    def test_places_and_languages_change_nothing(self):
        """Numbers with commas, other time zones and letters: the same bytes in the target, the same texts on the terminal."""
        script = "CREATE TABLE t (id INTEGER PRIMARY KEY, x REAL, v TEXT, at TEXT, d DECIMAL(10, 2));" + "".join(
            f"INSERT INTO t VALUES ({i}, {i / 7}, '[{i / 3},-0.5,1e-7]', '2024-03-31 0{i % 10}:30:00', {i}.25);" for i in range(40))
        source = self.sqlite("source.db", script)
        pictures, texts = [], []
        locales = os.environ["VECFERRY_LOCALES"]
        self.assertIn("de_DE.UTF-8", os.listdir(locales))
        for environment in ({"LC_ALL": "C", "TZ": "UTC"}, {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kathmandu"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE", "TZ": "America/New_York"}):
            environment["LOCPATH"] = locales
            there, back = self.postgres(), str(self.folder / f"back{len(pictures)}.db")
            texts.append(re.sub(r"(?m)^target: .*$", "", self.run_vecferry("plan", "-o", "-", source, there, environment=environment).stdout))
            self.run_vecferry("copy", source, there, environment=environment)
            self.run_vecferry("copy", there, back, environment=environment)
            with psycopg.connect(there) as connection:
                connection.execute("SET timezone = 'UTC'")
                rows = connection.execute("SELECT t::text FROM t ORDER BY id").fetchall()
            pictures.append((sqlite_picture(back), rows))
            self.run_vecferry("verify", source, back, environment=environment)
        self.assertEqual(pictures[0], pictures[1])
        self.assertEqual(pictures[0], pictures[2])
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(texts[0], texts[2])
