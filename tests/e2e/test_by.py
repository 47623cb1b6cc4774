"""One file for each value of a column: each holds the rows of its value and no others, all together hold the source, and no value leads out of the folder."""

import collections
import json
import os
import re
import signal
import sqlite3
import stat
import struct
import subprocess

import duckdb
import psycopg

from duckdb_case import VSS
from e2e import VECFERRY, Case
from hrana import Sqld

VALUES = ["atlas", "Atlas", "ATLAS", "", None, "../x", "/etc/passwd", ".", "..", "a/b", "a.db", "a.db-wal", "%2e", "%null", "%empty", "caf\u00e9", "a b", "x\ny", "{}", "it's", "-rf", "C:\\x",
          "n" * 300, "n" * 299 + "m"]
TABLES = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, workspace TEXT, content TEXT);
CREATE TABLE notes (workspace TEXT, n INTEGER);
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO metadata VALUES ('dim', '1536'), ('model', 'm');
"""


def name_of(value):
    """The rule of docs/plan.md, written again here; not for long values."""
    if value is None:
        return "%null"
    plain = "abcdefghijklmnopqrstuvwxyz0123456789_-"
    return "".join(c if c in plain else "".join(f"%{byte:02x}" for byte in c.encode()) for c in value) or "%empty"


def rows(path, table):
    connection = sqlite3.connect(path)
    connection.text_factory = lambda text: text.decode("utf-8")
    found = connection.execute(f'SELECT * FROM "{table}"').fetchall()
    connection.close()
    return found


class Base(Case):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        self.out.mkdir()
        self.pattern = f"sqlite:{self.out}/{{}}.db"
        self.source = self.sqlite("source.db", TABLES)

    def fill(self, values=VALUES):
        connection = sqlite3.connect(self.source)
        for i, value in enumerate(values * 3):
            connection.execute("INSERT INTO documents (workspace, content) VALUES (?, ?)", (value, f"content {i}"))
            if i % 2:
                connection.execute("INSERT INTO notes VALUES (?, ?)", (value, i))
        connection.commit()
        connection.close()

    def files(self):
        return sorted(path for path in self.out.iterdir())

    def arguments(self):
        return [self.source, self.pattern, "--by", "workspace", "--whole", "metadata"]

    def assert_whole(self):
        """All files together are the source, each has one value, and metadata is in each; by sqlite3 alone."""
        for table in ("documents", "notes"):
            found = []
            column = 1 if table == "documents" else 0
            for path in self.files():
                inside = rows(path, table)
                self.assertLessEqual(len({row[column] for row in inside}), 1, path)
                found += inside
            self.assertEqual(collections.Counter(found), collections.Counter(rows(self.source, table)))
        for path in self.files():
            self.assertEqual(sorted(rows(path, "metadata")), sorted(rows(self.source, "metadata")))


class By(Base):
    def test_values_that_are_no_names(self):
        self.fill()
        before = set(self.folder.iterdir())
        result = self.copy(*self.arguments())
        self.assertEqual(set(self.folder.iterdir()), before, "a file beside the folder")
        self.assertEqual(len(self.files()), len(VALUES))
        names = [path.name for path in self.files()]
        self.assertEqual(len({name.lower() for name in names}), len(VALUES), "two names differ in case only")
        for value in VALUES:
            if value is None or len(value) < 100:
                self.assertIn(name_of(value) + ".db", names)
                self.assertEqual({row[1] for row in rows(self.out / (name_of(value) + ".db"), "documents")}, {value})
        for path in self.files():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
            self.assertRegex(path.name, r"\A[a-z0-9_%~-]+\.db\Z")
        self.assert_whole()
        self.assertEqual(result["by"], "workspace")
        self.assertEqual(collections.Counter(file["value"] for file in result["files"]), collections.Counter(VALUES))
        tables = {table["name"]: table for table in result["tables"]}
        self.assertEqual({name: (table["rows"], table["equal"]) for name, table in tables.items()}, {"documents": (72, True), "notes": (36, True), "metadata": (2, True)})
        self.assertEqual(self.run_vecferry("verify", "--json", *self.arguments()).json()["n_differences"], 0)

    def test_from_a_server(self):
        source = self.postgres("CREATE TABLE documents (id serial PRIMARY KEY, workspace text, v vector(3)); CREATE TABLE logs (workspace varchar(20), t text);"
                               "CREATE INDEX ON documents (workspace);"
                               "INSERT INTO documents (workspace, v) SELECT 'w' || i % 5, ('[' || i || ',1,2]')::vector FROM generate_series(1, 50) i; INSERT INTO documents (workspace) VALUES (NULL), ('it''s \\');"
                               "INSERT INTO logs SELECT 'w' || i % 4, i FROM generate_series(1, 8) i")
        result = self.copy(source, self.pattern, "--by", "workspace")
        self.assertEqual([file["rows"] for file in result["files"]], [1, 1, 12, 12, 12, 12, 10])
        found = sorted((row[0], row[1], row[2]) for path in self.files() for row in rows(path, "documents"))
        with psycopg.connect(source) as connection:
            wanted = connection.execute("SELECT id, workspace, encode(vector_send(v), 'hex') FROM documents ORDER BY 1").fetchall()
        self.assertEqual([(row[0], row[1], row[2] and b"".join(row[2][i:i + 4][::-1] for i in range(0, 12, 4)).hex()) for row in found], [(row[0], row[1], row[2] and row[2][8:]) for row in wanted])

    def test_each_file_has_its_own_index(self):
        source = self.postgres("CREATE TABLE docs (id int PRIMARY KEY, w text, v vector(4)); INSERT INTO docs SELECT i, 'W' || i % 2, ('[' || i || ',1,2,' || i % 7 || ']')::vector FROM generate_series(1, 1200) i;"
                               "CREATE INDEX near ON docs USING hnsw (v vector_cosine_ops)")
        self.copy(source, self.pattern, "--by", "w")
        names = [path.name for path in self.files()]
        for value in ("%570", "%571"):
            self.assertEqual(len([name for name in names if name.startswith(value) and name.endswith(".usearch")]), 1, names)
        self.assertEqual([name for name in names if "{" in name], [])
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.files()}, {0o600})
        self.run_vecferry("verify", source, self.pattern, "--by", "w")

    def test_texts_that_a_collation_takes_for_equal(self):
        padded = self.postgres("CREATE TABLE t (id int PRIMARY KEY, w char(5)); INSERT INTO t VALUES (1, 'a')")
        self.assertIn("its texts are padded", self.run_vecferry("copy", padded, self.pattern, "--by", "w", code=10).stderr)
        nocase = self.sqlite("nocase.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT COLLATE NOCASE); INSERT INTO t VALUES (1, 'a'), (2, 'A')")
        self.assertEqual([file["rows"] for file in self.copy(nocase, f"sqlite:{self.out}/nocase-{{}}.db", "--by", "w")["files"]], [1, 1])

    def test_numbers_and_uuids(self):
        script = ("CREATE TABLE n (id INTEGER PRIMARY KEY, k INTEGER); INSERT INTO n VALUES (1, -9223372036854775808), (2, 7), (3, 9223372036854775807), (4, NULL);")
        files = self.copy(self.sqlite("numbers.db", script), self.pattern, "--by", "k")["files"]
        self.assertEqual([(file["value"], file["rows"]) for file in files], [(None, 1), ("-9223372036854775808", 1), ("7", 1), ("9223372036854775807", 1)])
        source = self.postgres("CREATE TYPE mood AS ENUM ('calm', 'wild'); CREATE TABLE u (id int PRIMARY KEY, k uuid, m mood, b bool);"
                               "INSERT INTO u SELECT i, md5((i % 2)::text)::uuid, (CASE WHEN i % 3 = 0 THEN 'calm' ELSE 'wild' END)::mood, i % 4 = 0 FROM generate_series(1, 12) i")
        for column, counts in (("k", [6, 6]), ("m", [4, 8]), ("b", [9, 3])):
            files = self.copy(source, f"sqlite:{self.out}/{column}-{{}}.db", "--by", column)["files"]
            self.assertEqual([file["rows"] for file in files], counts, column)

    def test_a_table_without_the_column_needs_a_word(self):
        """Whole in every file it would show one workspace what is another's; left out it would be missing."""
        self.fill(["a", "b"])
        refused = self.run_vecferry("copy", self.source, self.pattern, "--by", "workspace", code=9)
        self.assertIn('metadata: the table has no column "workspace": which file its rows go to isn\'t known', refused.stderr)
        self.assertIn("--whole TABLE", refused.stderr)
        self.assertEqual(self.files(), [])
        result = self.copy(self.source, self.pattern, "--by", "workspace", "--exclude", "metadata")
        self.assertEqual([(item["name"], item["why"]) for item in result["not_moved"]], [("metadata", "the user leaves it out")])
        self.assertRaises(sqlite3.OperationalError, rows, self.out / "a.db", "metadata")

    def test_a_foreign_key_out_of_a_whole_table(self):
        connection = sqlite3.connect(self.source)
        connection.executescript("CREATE TABLE links (document INTEGER REFERENCES documents (id), kind TEXT REFERENCES metadata (key)); INSERT INTO links VALUES (1, 'dim')")
        connection.close()
        self.fill(["a", "b"])
        result = self.copy(*self.arguments(), "--whole", "links")
        self.assertEqual([(item["kind"], item["on"], item["why"]) for item in result["not_moved"]],
                         [("foreign key", "links", "the table is whole in every file, and of documents each has a part")])

    def test_filters_combine(self):
        self.fill(["a", "b", "c"])
        result = self.copy(*self.arguments(), "--where", "documents=id > 2 -- and a comment", "--where", "notes=workspace <> 'c'")
        self.assertEqual(sorted(row[0] for path in self.files() for row in rows(path, "documents")), list(range(3, 10)))
        self.assertEqual({row[0] for path in self.files() for row in rows(path, "notes")}, {"a", "b"})
        self.assertEqual({table["name"]: table["rows"] for table in result["tables"]}["documents"], 7)

    def test_the_plan_file(self):
        self.fill(["a", "b"])
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", *self.arguments(), "-o", path)
        self.assertIn("\nby: workspace  #", path.read_text())
        self.assertIn("  - name: metadata\n    whole: true\n", path.read_text())
        self.assertEqual(self.files(), [])
        self.run_vecferry("copy", "-f", path)
        self.run_vecferry("verify", "-f", path)
        self.assert_whole()
        refused = self.run_vecferry("verify", self.source, self.out / "a.db", code=2)
        self.assertIn("the target is one of many files", refused.stderr)

    def test_a_changed_row_in_any_file_is_found(self):
        self.fill(["a", "b"])
        self.copy(*self.arguments())
        connection = sqlite3.connect(self.out / "b.db")
        connection.execute("UPDATE documents SET content = 'x' WHERE id = 4")
        connection.commit()
        connection.close()
        result = self.run_vecferry("verify", "--json", *self.arguments(), code=3).json()
        self.assertIn("1 row differs; the first: documents: changed", result["error"])
        self.assertEqual([(d["key"], d["column"], d["detail"]) for t in result["tables"] for d in t["differences"]], [('{"id": 4}', "content", f"in {self.out}/b.db")])
        self.assertEqual([file["n_differences"] for file in result["files"]], [0, 1])

    def test_a_file_that_is_gone_and_a_row_of_a_new_value_are_found(self):
        self.fill(["a", "b"])
        self.copy(*self.arguments())
        os.rename(self.out / "a.db", self.folder / "a.db")
        refused = self.run_vecferry("verify", *self.arguments(), code=4)
        self.assertIn("a.db", refused.stderr)
        self.assertFalse((self.out / "a.db").exists())
        os.rename(self.folder / "a.db", self.out / "a.db")
        self.fill(["new"])
        self.assertIn("new.db", self.run_vecferry("verify", *self.arguments(), code=4).stderr)

    def test_refused_before_anything_is_written(self):
        self.fill(["a", "b"])
        script = "CREATE TABLE t (id INTEGER PRIMARY KEY, x REAL, v BLOB, n INTEGER); INSERT INTO t VALUES (1, 1.5, x'00', 1)"
        other = self.sqlite("other.db", script)
        for source, target, options, code, message in (
                (self.source, f"sqlite:{self.out}/a.db", ["--by", "workspace"], 2, "{} where the value goes"),
                (self.source, f"sqlite:{self.out}/{{}}/a.db", ["--by", "workspace"], 2, "not in that of a folder"),
                (self.source, f"sqlite:{self.out}/{{}}{{}}.db", ["--by", "workspace"], 2, "{} once"),
                (self.source, f"sqlite:{self.out}/x{{}}", ["--by", "workspace"], 2, "followed by an ending"),
                (self.source, "postgresql:///{}", ["--by", "workspace"], 2, "must be a file"),
                (self.source, self.pattern, ["--by", "worspace"], 2, 'has a column "worspace"'),
                (self.source, self.pattern, ["--by", "workspace", "--whole", "metdata"], 2, 'no table "metdata"'),
                (other, self.pattern, ["--by", "x"], 2, "its values are no names of files"),
                (other, self.pattern, ["--by", "n", "--where", "t=n > 1"], 11, "no file to write")):
            refused = self.run_vecferry("copy", source, target, *options, code=code)
            self.assertIn(message, refused.stderr)
            self.assertEqual(self.files(), [])

    def test_files_that_are_there_are_left_alone(self):
        self.fill(["a", "b"])
        (self.out / "b.db").symlink_to(self.folder / "elsewhere.db")
        self.assertIn("symbolic link", self.run_vecferry("copy", *self.arguments(), code=4).stderr)
        (self.out / "b.db").unlink()
        sqlite3.connect(self.out / "b.db").execute("CREATE TABLE notes (x)")
        self.assertIn("in the target already", self.run_vecferry("copy", *self.arguments(), code=9).stderr)
        self.assertEqual([path.name for path in self.files()], ["b.db"])
        self.run_vecferry("copy", *self.arguments(), "--drop-existing", "--yes")
        self.assert_whole()

    def test_the_source_in_the_same_folder(self):
        self.fill(["a", "source"])
        refused = self.run_vecferry("copy", self.source, f"sqlite:{self.folder}/{{}}.db", "--by", "workspace", "--whole", "metadata", "--drop-existing", "--yes", code=2)
        self.assertIn("is the source", refused.stderr)
        self.assertEqual(len(rows(self.source, "documents")), 6)

    def test_rows_whose_value_cannot_be_read(self):
        """They would be in no file."""
        script = ("CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER); WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 40) INSERT INTO t SELECT i, i % 3 FROM i;"
                  "UPDATE t SET k = 'word' WHERE id = 9")
        refused = self.run_vecferry("copy", self.sqlite("words.db", script), self.pattern, "--by", "k", code=3)
        self.assertIn('the value of column "k" can\'t be read, so that no file is its row\'s', refused.stderr)
        self.assertEqual(self.files(), [])


class Killed(Base):
    def test_goes_on_at_the_file_that_is_missing(self):
        self.fill(["a", "b", "c"])
        seen = set()
        for n in range(1, 200, 2):  # every second commit, before it and after it in turn
            environment = dict(os.environ, VECFERRY_FAILPOINT=f"target.commit:{n}:{'kill' if n % 4 == 1 else 'kill-after'}")
            code = subprocess.run([VECFERRY, "copy", *self.arguments()], stdin=subprocess.DEVNULL, capture_output=True, env=environment).returncode
            if code == 0:
                break
            self.assertEqual(code, -signal.SIGKILL)
            n_files = len([path for path in self.files() if path.suffix == ".db" and path.stat().st_size > 0])
            result = self.run_vecferry("copy", "--json", "--resume", *self.arguments(), code=None)
            if result.code == 9 and n_files <= 1:  # nothing had begun
                self.assertIn("no unfinished run", result.json()["error"])
            else:
                self.assertEqual(result.code, 0, result)
                seen.add(tuple(file["resumed"] for file in result.json()["files"]))
                self.assertEqual([(path.name, stat.S_IMODE(path.stat().st_mode)) for path in self.files()], [(f"{name}.db", 0o600) for name in "abc"])
                self.assert_whole()
            for path in self.files():
                path.unlink()
        self.assertGreater(n, 10)
        self.assertTrue({(True, False, False), (True, True, False), (True, True, True)} <= seen, seen)


class OtherEngines(Base):
    """From DuckDB and from a libSQL server, and into DuckDB files and folders."""

    LABELS = ["atlas", "Atlas", "ATLAS", "", None, "it's", "a\nb", "caf\u00e9", "cafe\u0301"]

    def duckdb_source(self, script):
        path = str(self.folder / "source.duckdb")
        connection = duckdb.connect(path)
        connection.execute(script)
        connection.close()
        return "duckdb:" + path

    def filled_duckdb(self):
        source = self.duckdb_source("CREATE TABLE documents (id INTEGER PRIMARY KEY, workspace VARCHAR COLLATE NOCASE, v FLOAT[2]); CREATE TABLE notes (workspace VARCHAR, n HUGEINT)")
        connection = duckdb.connect(source.removeprefix("duckdb:"))
        connection.executemany("INSERT INTO documents VALUES (?, ?, ?)", [(i, value, [i, -0.5]) for i, value in enumerate(self.LABELS * 3)])
        connection.executemany("INSERT INTO notes VALUES (?, ?)", [(value, i << 70) for i, value in enumerate(self.LABELS)])
        connection.close()
        return source

    def test_from_duckdb(self):
        source = self.filled_duckdb()
        result = self.copy(source, self.pattern, "--by", "workspace")
        self.assertEqual({file["value"]: file["rows"] for file in result["files"]}, {value: 4 for value in self.LABELS})
        for value in self.LABELS:
            path = self.out / (name_of(value) + ".db")
            self.assertEqual({row[1] for row in rows(path, "documents")}, {value})
            self.assertEqual([row[0] for row in rows(path, "documents")], [i for i, label in enumerate(self.LABELS * 3) if label == value])
            self.assertEqual([row[0] for row in rows(path, "notes")], [value])
        self.run_vecferry("verify", source, self.pattern, "--by", "workspace")

    def test_columns_of_duckdb(self):
        """Each kind that names files, at its extremes; a column whose declaration here says less than the plan knows."""
        source = self.duckdb_source(
            "CREATE TYPE mood AS ENUM ('calm', 'wild', 'it''s'); CREATE TABLE a (id INTEGER PRIMARY KEY, k BIGINT, t TINYINT, b BOOLEAN, u UUID, e mood); CREATE TABLE other (e ENUM ('calm', 'tame'));"
            "INSERT INTO a SELECT i, CASE i % 3 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 END, i % 2 - 128, i % 4 = 0, md5((i % 2)::VARCHAR)::UUID,"
            " ['calm', 'wild', 'it''s'][i % 3 + 1]::mood FROM range(12) r(i); INSERT INTO other VALUES ('tame'), ('calm'), (NULL)")
        whole = ["--exclude", "other"]
        for column, counts, extra in (("k", [4, 4, 4], whole), ("t", [6, 6], whole), ("b", [9, 3], whole), ("u", [6, 6], whole), ("e", [1, 5, 4, 1, 4], [])):
            result = self.copy(source, f"sqlite:{self.out}/{column}-{{}}.db", "--by", column, *extra)
            self.assertEqual([file["rows"] for file in result["files"]], counts, column)
        self.assertIn("its values are no names of files", self.run_vecferry("copy", self.duckdb_source("CREATE TABLE f (id INTEGER, d DECIMAL(9, 2))"), self.pattern, "--by", "d", "--exclude", "a",
                                                                             "--exclude", "other", code=2).stderr)

    def test_filters_of_duckdb(self):
        source = self.filled_duckdb()
        result = self.copy(source, self.pattern, "--by", "workspace", "--where", "documents=id % 2 = 0 -- every other", "--where", "notes=n > 0")
        self.assertEqual(sorted(row[0] for path in self.files() for row in rows(path, "documents")), list(range(0, 27, 2)))
        self.assertEqual({table["name"]: table["rows"] for table in result["tables"]}, {"main.documents": 14, "main.notes": 8})
        self.assertIn("filter \"nothing = 1\"", self.run_vecferry("copy", source, self.sqlite("t.db"), "--where", "documents=nothing = 1", code=2).stderr)

    def test_into_duckdb_files(self):
        self.fill(["atlas", "Atlas", None, "it's"])
        pattern = f"duckdb:{self.out}/{{}}.duckdb"
        before = set(self.folder.iterdir())
        arguments = [self.source, pattern, "--by", "workspace", "--whole", "metadata"]
        result = self.copy(*arguments)
        self.assertEqual(set(self.folder.iterdir()), before, "a file beside the folder")
        self.assertEqual([path.name for path in self.files()], ["%41tlas.duckdb", "%null.duckdb", "atlas.duckdb", "it%27s.duckdb"])
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.files()}, {0o600})
        self.assertTrue(all(table["equal"] for table in result["tables"]))
        found = []
        for path in self.files():
            connection = duckdb.connect(str(path), read_only=True)
            found += connection.execute("SELECT * FROM documents").fetchall()
            self.assertEqual(connection.execute("SELECT count(DISTINCT coalesce(workspace, '')) FROM documents").fetchone(), (1,))
            self.assertEqual(sorted(connection.execute("SELECT * FROM metadata").fetchall()), sorted(rows(self.source, "metadata")))
            connection.close()
        self.assertEqual(sorted(found), sorted(rows(self.source, "documents")))
        connection = duckdb.connect(str(self.out / "atlas.duckdb"))
        connection.execute("UPDATE documents SET content = 'x' WHERE id = (SELECT min(id) FROM documents)")
        connection.close()
        self.assertEqual(self.run_vecferry("verify", "--json", *arguments, code=3).json()["n_differences"], 1)

    def test_an_index_of_the_session_of_each_file(self):
        """`to: session`: each file gets a script of its own beside it, with the mode of the others, that builds the index over its rows."""
        source = self.postgres("CREATE TABLE docs (id int PRIMARY KEY, w text, v vector(4)); INSERT INTO docs SELECT i, 'W' || i % 2, ('[' || i || ',1,2,' || i % 7 || ']')::vector FROM generate_series(1, 2400) i;"
                               "CREATE INDEX near ON docs USING hnsw (v vector_cosine_ops)")
        pattern, plan = f"duckdb:{self.out}/{{}}.duckdb", self.folder / "ferry.yaml"
        self.run_vecferry("plan", source, pattern, "--by", "w", "-o", plan)
        text = plan.read_text()
        changed, n = re.subn(r'to: sidecar, file: "[^"]*"', "to: session", text)
        self.assertEqual(n, 1, text)
        plan.write_text(changed)
        self.copy("-f", plan)
        scripts = sorted(path for path in self.files() if path.name.endswith(".hnsw.sql"))
        self.assertEqual(len(scripts), 2, [path.name for path in self.files()])
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.files()}, {0o600})
        for number, script in enumerate(scripts):
            path = next(file for file in self.files() if file.name.endswith(".duckdb") and script.name.startswith(file.name.removesuffix("duckdb")))
            connection = duckdb.connect(str(path), read_only=True)
            connection.execute(script.read_text().replace("LOAD vss", f"LOAD '{VSS}'"))
            self.assertEqual(connection.execute("SELECT count FROM pragma_hnsw_index_info()").fetchall(), [(1200,)])
            self.assertEqual(connection.execute("SELECT DISTINCT w FROM docs").fetchall(), [(f"W{number}",)])
            connection.close()
        self.run_vecferry("verify", "-f", plan)
        scripts[1].unlink()
        result = self.run_vecferry("verify", "--json", "-f", plan, code=3)
        self.assertEqual([(index["file"], index["state"]) for index in result.json()["tables"][0]["indexes"]], [(scripts[0].name, "fresh"), (scripts[1].name, "missing")])
        self.assertIn(f"1 index is not as wanted; the first: {scripts[1].name} is missing", result.json()["error"])

    def test_into_folders(self):
        self.fill(["atlas", "Atlas", None])
        arguments = [self.source, f"files:{self.out}/{{}}", "--by", "workspace", "--whole", "metadata"]
        self.run_vecferry("plan", *arguments, "-o", self.folder / "ferry.yaml")
        self.assertEqual(self.files(), [])
        result = self.copy(*arguments)
        self.assertEqual([path.name for path in self.files()], ["%41tlas", "%null", "atlas"])
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.files()}, {0o700})
        self.assertTrue(all(table["equal"] for table in result["tables"]))
        for path, value in zip(self.files(), ("Atlas", None, "atlas")):
            found = [json.loads(file.read_text()) for file in sorted((path / "documents").glob("*.json"))]
            self.assertEqual({row["workspace"] for row in found}, {value})
            self.assertEqual(sorted(row["id"] for row in found), sorted(row[0] for row in rows(self.source, "documents") if row[1] == value))
        self.run_vecferry("verify", *arguments)
        next((self.out / "atlas" / "documents").glob("*.json")).unlink()
        self.run_vecferry("verify", *arguments, code=3)

    def test_from_a_libsql_server(self):
        server = Sqld(str(self.folder / "server.db"))
        server.start()
        self.addCleanup(server.stop)
        server.run("CREATE TABLE documents (id INTEGER PRIMARY KEY, workspace TEXT COLLATE NOCASE, v F32_BLOB(2))")
        for i, value in enumerate(self.LABELS * 2):
            server.run("INSERT INTO documents VALUES (?, ?, ?)", i, value, struct.pack("<2f", i, -0.5))
        result = self.copy(server.url, self.pattern, "--by", "workspace", "--where", "documents=id <> 1")
        self.assertEqual({file["value"]: file["rows"] for file in result["files"]}, {value: 1 if value == "Atlas" else 2 for value in self.LABELS})
        for value in self.LABELS:
            self.assertEqual({row[1] for row in rows(self.out / (name_of(value) + ".db"), "documents")}, {value})
        self.run_vecferry("verify", server.url, self.pattern, "--by", "workspace", "--where", "documents=id <> 1")
