"""Values and tables at the edges of what databases hold: what isn't exactly the same elsewhere is refused by name, and nothing is guessed."""

import base64
import re
import sqlite3
import struct
import uuid

import duckdb
import psycopg

import e2e


class BadValues(e2e.Case):
    def duckdb_url(self, name="target.duckdb", script=""):
        if script:
            with duckdb.connect(str(self.folder / name)) as connection:
                connection.execute(script)
        return f"duckdb:{self.folder / name}"

    def query(self, url, sql):
        if url.startswith("postgres"):
            with psycopg.connect(url) as connection:
                return connection.execute(sql).fetchall()
        connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True) if url.startswith("duckdb:") else sqlite3.connect(url)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def execute(self, url, sql):
        if url.startswith("postgres"):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql)
        else:
            with duckdb.connect(url.removeprefix("duckdb:")) as connection:
                connection.execute(sql)

    def assert_named(self, summary, thing, pattern):
        """The one problem of the plan about the object, with this text."""
        found = [problem for problem in summary["problems"] if problem["object"] == thing and re.search(pattern, problem["what"])]
        self.assertEqual(len(found), 1, f"{thing}: {pattern}: {summary['problems']}")
        return found[0]

    def rejects(self, url):
        return self.query(url, "SELECT key, column_name, reason FROM vecferry_rejects ORDER BY key")

    def test_a_database_of_no_encoding(self):
        """SQL_ASCII takes any bytes for text: nobody knows which letters they are."""
        name = "e2e_" + uuid.uuid4().hex[:16]
        with psycopg.connect(e2e.SERVER, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
        self._databases.append(name)
        target = self.folder / "target.db"
        result = self.run_vecferry("copy", "--json", e2e.database_url(name), target, code=10)
        self.assertIn("SQL_ASCII", result.json()["error"])
        self.assertFalse(target.exists())

    def test_keys_that_look_the_same(self):
        """Composed and not, small and large: other bytes are another key."""
        keys = ["\u00e9", "e\u0301", "a", "A", "a ", "\ufb01", "fi", "\u0130", "i\u0307"]
        source = self.sqlite("source.db", "CREATE TABLE t (k TEXT PRIMARY KEY NOT NULL, n INTEGER)")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO t VALUES (?, ?)", [(key, n) for n, key in enumerate(keys)])
        connection.close()
        for target in (self.postgres(), self.duckdb_url(), str(self.folder / "target.db")):
            with self.subTest(target):
                self.copy(source, target)
                self.assertEqual([row[0] for row in self.query(target, "SELECT k FROM t ORDER BY n")], keys)

    def test_decimals_that_the_target_has_no_writing_for(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, x numeric(10, 2)); INSERT INTO t VALUES (1, 'NaN'), (2, 1.50), (3, NULL), (4, -99999999.99)")
        target = self.duckdb_url()
        summary = self.copy(source, target, code=3)
        self.assertEqual(summary["rejected"], 1)
        [(key, column, reason)] = self.rejects(target)
        self.assertEqual((key, column), ('{"id": 1}', "x"))
        self.assertIn("NaN", reason)
        self.assertEqual(self.query(target, "SELECT id, x::VARCHAR FROM t ORDER BY id"), [(2, "1.50"), (3, None), (4, "-99999999.99")])

    def test_a_row_that_the_server_refuses_beside_a_computed_column(self):
        """What the target computes isn't copied, but it is compared: the refused row is the same one to both, and no difference."""
        source, target = self.duckdb_url(), self.postgres()
        self.execute(source, "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, twice BIGINT GENERATED ALWAYS AS (id * 2)); INSERT INTO t (id, d) VALUES (1, '5881580-07-10'), (2, '2020-01-01')")
        summary = self.copy(source, target, code=3)
        self.assertEqual((summary["rejected"], summary["n_differences"]), (1, 0))
        self.assertEqual([(key, column) for key, column, _ in self.rejects(target)], [('{"id": 1}', "d")])
        self.assertEqual(self.query(target, "SELECT id, twice FROM t"), [(2, 4)])

    def test_a_vector_without_a_direction(self):
        """Zero has no cosine distance: it is stored, the plan counts it, and the index is measured with the others."""
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, v BLOB)")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO docs VALUES (?, ?)", [(i, struct.pack("<3f", *((0, 0, 0) if i == 500 else (i, 1, -i / 7)))) for i in range(1100)])
        connection.close()
        target = self.postgres()
        summary = self.copy(source, target)
        self.assertRegex(" ".join(problem["what"] for problem in summary["problems"]), "1 vectors? .*(length 0|zero)")
        self.assertEqual(self.query(target, "SELECT v::text FROM docs WHERE id = 500"), [("[0,0,0]",)])
        [index] = summary["tables"][0]["indexes"]
        self.assertGreater(index["recall"], 0.9)

    def test_vectors_of_more_dimensions_than_pgvector_holds(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, v BLOB)")
        values = [struct.pack("<16001f", *(i / (k + 1) for k in range(16001))) for i in range(1, 4)]
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO docs VALUES (?, ?)", list(enumerate(values)))
        connection.close()
        target, back = self.postgres(), str(self.folder / "back.db")
        plan = self.run_vecferry("plan", "-o", "-", source, target).stdout
        self.assertRegex(plan, r'to: "real\[\]", as: list\}  # an array of numbers, because pgvector\'s limit is 16000 dimensions; 3 of 3 values')
        self.assert_named(self.copy(source, target), "docs.v", r"vector\(f32,16001\) becomes real\[\]: an array of numbers, because pgvector's limit is 16000")
        self.copy(target, back)
        self.assertEqual([row[0] for row in self.query(back, "SELECT v FROM docs ORDER BY id")], values)

    def test_values_that_come_back_in_another_writing(self):
        """Vectors in texts, and whole numbers among others: the plan counts those that won't be the same bytes, and they are all that aren't."""
        source = self.sqlite("source.db", """CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, x, r REAL, same TEXT);
            INSERT INTO t VALUES (1, '[1,2.5,-0.25]', 1.5, 1, '[1,2]'), (2, '[1.0,2.5,0.1]', 2, 2, '[0.1,-3e30]'), (3, '[1, 2, 3]', 3, 3.5, NULL), (4, '[0.10000000149011612,1e3,2]', '4', 4, '[5,6]')""")
        target, back = self.postgres(), str(self.folder / "back.db")
        summary = self.copy(source, target, code=3)  # a text among the numbers
        problem = self.assert_named(summary, "t.v", "3 of 4 texts write their numbers in another way than the shortest")
        self.assertEqual(problem["say"], "type: json, read: text, to: json")
        self.assert_named(summary, "t.x", "2 of 4 numbers are whole ones among floating-point ones")
        self.assertEqual([problem for problem in summary["problems"] if problem["object"] in ("t.same", "t.r")], [])
        self.copy(target, back)
        self.assertEqual(self.query(back, "SELECT id, v, x, typeof(x), r, same FROM t ORDER BY id"),
                         [(1, "[1,2.5,-0.25]", 1.5, "real", 1.0, "[1,2]"), (2, "[1,2.5,0.1]", 2.0, "real", 2.0, "[0.1,-3e30]"), (3, "[1,2,3]", 3.0, "real", 3.5, None)])
        # What the problem says to write keeps the bytes.
        path, other, again = self.folder / "ferry.yaml", self.postgres(), str(self.folder / "again.db")
        self.run_vecferry("plan", "-o", path, source, other)
        text, n = re.subn(r'type: "vector\(f32,3\)", read: json, to: vector\(3\)\}', problem["say"] + "}", path.read_text())
        self.assertEqual(n, 1, text)
        path.write_text(text)
        self.copy("-f", path, code=3)
        self.copy(other, again)
        self.assertEqual(self.query(again, "SELECT v FROM t ORDER BY id"), self.query(source, "SELECT v FROM t WHERE id < 4 ORDER BY id"))

    def test_defaults_that_are_texts(self):
        """32 random digits are no uuid with dashes, and the time as a text is the text that SQLite writes."""
        source = self.sqlite("source.db", "CREATE TABLE t (n INTEGER PRIMARY KEY, id TEXT DEFAULT (lower(hex(randomblob(16)))), up TEXT DEFAULT (hex(randomblob(16))), at TEXT DEFAULT CURRENT_TIMESTAMP);"
                             "INSERT INTO t (n, at) VALUES (1, 'some day')")
        for target in (self.postgres(), self.duckdb_url()):
            with self.subTest(target):
                summary = self.copy(source, target)
                self.assertEqual(summary["not_moved"], [])
                self.execute(target, "INSERT INTO t (n) VALUES (2)")
                [(lower, upper, at)] = self.query(target, "SELECT id, up, \"at\" FROM t WHERE n = 2")
                self.assertRegex(at, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
                self.assertRegex(lower, "^[0-9a-f]{32}$")
                self.assertRegex(upper, "^[0-9A-F]{32}$")
                back = str(self.folder / (target[:4] + "_back.db"))
                self.copy(target, back)
                self.assertEqual(self.query(back, "SELECT dflt_value FROM pragma_table_info('t')"), self.query(source, "SELECT dflt_value FROM pragma_table_info('t')"))
                # Without a memory of SQLite's words the digits are read from the target's.
                self.execute(target, "DROP TABLE vecferry_schema")
                anew = str(self.folder / (target[:4] + "_anew.db"))
                self.copy(target, anew)
                self.assertEqual(self.query(anew, "SELECT dflt_value FROM pragma_table_info('t') WHERE cid IN (1, 2)"), [("lower(hex(randomblob(16)))",), ("hex(randomblob(16))",)])

    def test_the_next_number(self):
        """AUTOINCREMENT goes on where it was, whatever rows were deleted; where SQLite counts otherwise, or not at all, the plan says so."""
        lite = self.sqlite("lite.db", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT); INSERT INTO t VALUES (5, 'a'), (90, 'b'); DELETE FROM t WHERE id = 90;"
                           "CREATE TABLE plain (id INTEGER PRIMARY KEY); INSERT INTO plain VALUES (7)")
        server, file, direct = self.postgres(), self.duckdb_url(), str(self.folder / "direct.db")
        backs = [str(self.folder / name) for name in ("of_server.db", "of_file.db")]
        for source, target in ((lite, server), (lite, file), (lite, direct), (server, backs[0]), (file, backs[1])):
            self.assertEqual([problem for problem in self.copy(source, target)["problems"] if problem["object"].endswith(".id")], [])
        for path in (direct, *backs):
            self.assertEqual(self.query(path, "SELECT name, seq FROM sqlite_sequence"), [("t", 90)])
        source = self.postgres("CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); INSERT INTO a DEFAULT VALUES; SELECT setval('a_id_seq', 77);"
                               "CREATE TABLE b (k text PRIMARY KEY, n int GENERATED BY DEFAULT AS IDENTITY); INSERT INTO b (k) VALUES ('x')")
        middle, back = str(self.folder / "middle.db"), self.postgres()
        summary = self.copy(source, middle)
        self.assert_named(summary, "public.a.id", "next number: without AUTOINCREMENT SQLite goes on one above the largest number .*; the source's is at 77")
        self.assertEqual([(entry["kind"], entry["name"], entry["on"]) for entry in summary["not_moved"]], [("identity", "n", "public.b")])
        self.copy(middle, back)
        self.assert_same_postgres(source, back)
        other = self.postgres("CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) WITH (fillfactor = 70); CREATE TABLE c (id serial PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p MATCH FULL); ALTER SEQUENCE c_id_seq INCREMENT 5")
        summary = self.copy(other, str(self.folder / "other.db"))
        self.assert_named(summary, "public.c.id", "next number: the source counts by 5, and the target by 1")
        self.assert_named(summary, "public.c.a", "MATCH FULL")
        self.assertEqual([(entry["kind"], entry["on"], entry["text"]) for entry in summary["not_moved"]], [("table setting", "p", "fillfactor=70")])

    def test_texts_with_nul_as_the_plan_says(self):
        """Left out, or written so that the way back gives the same bytes; counted, and compared as they are stored."""
        texts = ["plain", "a\0b", "\0", "a\\0b", "\\\0", "\\", "c:\\dir\\00", "\0\0" + "0", "\\\\0\0\\", ""]
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, j JSON)")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO t (id, body) VALUES (?, ?)", list(enumerate(texts)))
        connection.close()
        path, target, back = self.folder / "ferry.yaml", self.postgres(), str(self.folder / "back.db")
        planned = self.run_vecferry("plan", "--json", "-o", path, source, target).json()
        problem = self.assert_named(planned, "t.body", "5 of 10 rows will be rejected; the first, .*: U\\+0000 in the text, at byte 1")
        self.assertEqual(problem["say"], "nul: escape")
        lines = path.read_text().splitlines()
        self.assertIn("{name: body,", lines[problem["line"] - 1])
        lines[problem["line"] - 1] = lines[problem["line"] - 1].replace("}", ", nul: escape}", 1)
        path.write_text("\n".join(lines) + "\n")
        summary = self.copy("-f", path)
        self.assertEqual(summary["tables"][0]["nul"], [{"column": "body", "how": "escape", "changed": 7}])
        stored = [row[0] for row in self.query(target, "SELECT body FROM t ORDER BY id")]
        self.assertEqual(stored, ["plain", "a\\0b", "\\0", "a\\\\0b", "\\\\\\0", "\\", "c:\\dir\\\\00", "\\0\\0" + "0", "\\\\\\\\0\\0\\", ""])
        shown = self.run_vecferry("verify", "-f", path).stdout
        self.assertIn("body: 7 texts changed, as nul: escape says", shown)
        summary = self.copy("--nul", "unescape", target, back)
        self.assertEqual(summary["tables"][0]["nul"], [{"column": "body", "how": "unescape", "changed": 7}])
        self.assertEqual([row[0] for row in self.query(back, "SELECT CAST(body AS BLOB) FROM t ORDER BY id")], [text.encode() for text in texts])
        other = self.postgres()
        summary = self.copy("--nul=strip", source, other)
        self.assertEqual(summary["tables"][0]["nul"], [{"column": "body", "how": "strip", "changed": 5}])
        self.assertEqual([row[0] for row in self.query(other, "SELECT body FROM t ORDER BY id")], [text.replace("\0", "") for text in texts])
        self.assert_named(self.run_vecferry("plan", "--json", "--nul=strip", "-o", self.folder / "strip.yaml", source, self.postgres()).json(), "t.body", "the texts of 5 of 10 rows are changed, as nul: strip says")
        self.assertEqual(self.run_vecferry("verify", source, other).code, 0)  # by the plan that the copy was made with
        with psycopg.connect(other, autocommit=True) as connection:
            connection.execute("UPDATE t SET body = 'ab ' WHERE id = 1")
        self.assertIn('{"id": 1}', self.run_vecferry("verify", source, other, code=3).stdout)
        path.write_text(path.read_text().replace("nul: escape", "nul: keep"))
        self.assertIn('nul: must be strip, escape or unescape, not "keep"', self.run_vecferry("copy", "-f", path, code=2).stderr)
        self.assertIn('--nul is strip, escape or unescape, not "x"', self.run_vecferry("copy", "--nul", "x", source, self.postgres(), code=2).stderr)
        # A file of SQLite's holds them as they are: there is nothing to say.
        self.assertEqual(self.copy("--nul=strip", source, str(self.folder / "other.db"))["tables"][0]["nul"], [])

    def test_blobs_that_are_another_kind_of_vector(self):
        """Numbers with the high byte first, doubles, small integers, base64: they are bytes, or text, until the plan is told what they are."""
        rows = [(i, struct.pack(">8f", *(0.1 * k + i for k in range(8))), struct.pack("<4d", *(0.1 * k + i for k in range(4))), bytes((7 * k + i * 31 + 128) % 256 for k in range(32)),
                 base64.b64encode(struct.pack("<8f", *(0.1 * k + i for k in range(8)))).decode(), struct.pack("<7f", *(0.1 * k + i for k in range(7))) + b"\x01\x02") for i in range(40)]
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, big BLOB, doubles BLOB, bytes BLOB, base64 TEXT, odd BLOB)")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.close()
        target = self.postgres()
        plan = self.run_vecferry("plan", "-o", "-", source, target).stdout
        self.assertNotIn("vector(", plan)
        self.assertIn("not likely to be float32", plan)
        self.copy(source, target)
        self.assertEqual(self.query(target, "SELECT id, big, doubles, bytes, base64, odd FROM t ORDER BY id"), rows)

    def test_a_narrower_vector_needs_a_word(self):
        source = self.duckdb_url("source.duckdb", "CREATE TABLE t (id INTEGER PRIMARY KEY, v DOUBLE[3]); INSERT INTO t VALUES (1, [0.1, 5e-324, 1.5])")
        path, target = self.folder / "ferry.yaml", self.postgres()
        self.run_vecferry("plan", "-o", path, source, target)
        text = path.read_text()
        self.assertIn('type: "vector(f64,3)"', text)
        path.write_text(text.replace('type: "vector(f64,3)", to: "double precision[]", as: list', 'type: "vector(f32,3)"'))
        refused = self.run_vecferry("copy", "--json", "-f", path, code=9)
        self.assertIn("vector(f64,3) is read as vector(f32,3), which holds less", " ".join(problem["what"] for problem in refused.json()["problems"]))
        self.assertEqual(self.query(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), [(0,)])
        self.run_vecferry("copy", "--accept-losses", "-f", path)
        self.assertEqual(self.query(target, "SELECT v::text FROM t"), [("[0.1,0,1.5]",)])

    def test_as_many_columns_as_there_can_be(self):
        """1600 in PostgreSQL; one more in SQLite is refused before the first write."""
        names = [f"c{i}" for i in range(1600)]
        source = self.postgres(f"CREATE TABLE wide ({', '.join(name + ' int2' for name in names)}); INSERT INTO wide VALUES ({', '.join(str(i) for i in range(1600))})")
        middle, back = str(self.folder / "middle.db"), self.postgres()
        self.copy(source, middle)
        self.copy(middle, back)
        self.assert_same_postgres(source, back)
        wider = self.sqlite("wider.db", f"CREATE TABLE wider ({', '.join(name + ' INTEGER' for name in names)}, more TEXT); INSERT INTO wider (c0, more) VALUES (1, 'x')")
        target = self.postgres()
        result = self.run_vecferry("copy", "--json", wider, target, code=None)
        self.assertIn(result.code, (2, 10), str(result))
        self.assertRegex(" ".join(problem["what"] for problem in result.json()["problems"]), "1601 columns.*1600|1600.*1601")
        self.assertEqual(self.query(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), [(0,)])

    def test_counters_that_are_behind_their_rows(self):
        """The next number is one that no row has, whatever the source's counter said, and none before it."""
        source = self.postgres("CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); INSERT INTO a OVERRIDING SYSTEM VALUE VALUES (7), (1000);"
                               "CREATE TABLE s (id serial PRIMARY KEY, n int); INSERT INTO s (id, n) VALUES (50, 1); CREATE TABLE f (id serial PRIMARY KEY); SELECT setval('f_id_seq', 77)")
        middle, back, direct = str(self.folder / "middle.db"), self.postgres(), self.postgres()
        self.copy(source, direct)
        self.copy(source, middle)
        self.copy(middle, back)
        for url in (direct, back):
            connection = self.connect(url)
            self.assertEqual(connection.execute("INSERT INTO a DEFAULT VALUES RETURNING id").fetchone(), (1001,))
            self.assertEqual(connection.execute("INSERT INTO s (n) VALUES (2) RETURNING id").fetchone(), (51,))
            self.assertEqual(connection.execute("INSERT INTO f DEFAULT VALUES RETURNING id").fetchone(), (78,))
        lite = self.sqlite("lite.db", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT); INSERT INTO t VALUES (5, 'a'), (90, 'b'); DELETE FROM t WHERE id = 90")
        target = self.postgres()
        self.copy(lite, target)
        self.assertEqual(self.connect(target).execute("INSERT INTO t (x) VALUES ('c') RETURNING id").fetchone(), (91,))

    def test_defaults_that_the_column_cannot_have(self):
        """SQLite takes any: they are named, not declared where the table couldn't be made then, or would give another value."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a DEFAULT 'no bytes', b INTEGER DEFAULT 'none', c INTEGER DEFAULT 1.5, d UUID DEFAULT 'none', e SMALLINT DEFAULT 7)")
        for target in (self.postgres(), f"duckdb:{self.folder / 'target.duckdb'}"):
            copied = self.copy(source, target)
            self.assertEqual([(entry["kind"], entry["name"]) for entry in copied["not_moved"]], [("default", name) for name in "abcd"], target)

    def test_rows_that_hang_on_a_table_that_is_made_anew(self):
        """A table of the target is dropped and made again: rows of others that refer to it with ON DELETE CASCADE are not the program's to delete."""
        source = self.sqlite("source.db", "CREATE TABLE parent (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO parent VALUES (1, 'new'), (2, 'new')")
        target = self.sqlite("target.db", "CREATE TABLE parent (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO parent VALUES (1, 'old'), (3, 'old');"
                             "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO child VALUES (1, 1), (2, 3), (3, NULL)")
        self.run_vecferry("copy", "--drop-existing", "--yes", source, target)
        self.assertEqual(self.query(target, "SELECT id, p FROM child ORDER BY id"), [(1, 1), (2, 3), (3, None)])
        self.assertEqual(self.query(target, "SELECT id, t FROM parent ORDER BY id"), [(1, "new"), (2, "new")])
        server = self.postgres("CREATE TABLE parent (id bigint PRIMARY KEY, t text); INSERT INTO parent VALUES (1, 'old'), (3, 'old');"
                               "CREATE TABLE child (id int PRIMARY KEY, p bigint REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO child VALUES (1, 1), (2, 3), (3, NULL)")
        self.run_vecferry("copy", "--drop-existing", "--yes", source, server, code=None)
        self.assertEqual(self.query(server, "SELECT id, p FROM child ORDER BY id"), [(1, 1), (2, 3), (3, None)])


if __name__ == "__main__":
    import unittest

    unittest.main()
