"""libSQL files: read by SQLite, written by libSQL's library, and looked at here through that library by ctypes, which shares no code with vecferry."""

import pathlib
import random
import sqlite3
import struct

from e2e import Case
from sqlite_library import Library

LIBSQL = Library("libsql")


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def nearest_float(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def digest_of(path):
    return pathlib.Path(path).read_bytes()


class Libsql(Case):
    def libsql(self, name, *statements):
        path = str(self.folder / name)
        with LIBSQL.open(path) as connection:
            connection.script(*statements)
        return path

    def ask(self, path, sql, values=()):
        with LIBSQL.open(path) as connection:
            return connection.execute(sql, values)

    def fill(self, path, table, rows):
        with LIBSQL.open(path) as connection:
            connection.execute("BEGIN")
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            connection.execute("COMMIT")

    def postgres_with_index(self, n_rows=1200, dim=8):
        url = self.postgres(f"CREATE TABLE docs (id bigint PRIMARY KEY, body text, e vector({dim}));")
        numbers = random.Random(7)
        connection = self.connect(url)
        with connection.cursor().copy("COPY docs FROM STDIN") as copy:
            for i in range(n_rows):
                vector = "[" + ",".join(repr(nearest_float(numbers.uniform(-1, 1))) for _ in range(dim)) + "]"
                copy.write_row((i, f"text {i}", None if i % 11 == 10 else vector))
        connection.execute("CREATE INDEX docs_e ON docs USING hnsw (e vector_cosine_ops) WITH (m = 12, ef_construction = 50)")
        connection.execute("CREATE INDEX docs_l2 ON docs USING hnsw (e vector_l2_ops)")
        connection.execute("CREATE INDEX docs_body ON docs (body)")
        return url


class Reading(Libsql):
    def test_every_encoding(self):
        path = self.libsql("all.db", "CREATE TABLE v (id INTEGER PRIMARY KEY, a F32_BLOB(3), b FLOAT64(3), c F1BIT_BLOB(11), d F8_BLOB(5), e float16(3), f FB16_BLOB(3))")
        bits = [1 if i % 3 else -1 for i in range(11)]
        with LIBSQL.open(path) as connection:
            connection.execute("INSERT INTO v VALUES (1, vector32('[1,-2.5,0]'), vector64('[1,-2.5,0.1]'), vector1bit(?), vector8('[1,-2.5,0.3,0.7,0]'), vector16('[1,-2.5,0]'), vectorb16('[1,-2.5,3.140625]'))", (str(bits),))
            connection.execute("INSERT INTO v (id) VALUES (2)")
            connection.execute("INSERT INTO v (id, a) VALUES (3, ?)", (f32(0.1, 2, 3) + b"\x01",))
            connection.execute("INSERT INTO v VALUES (4, '[0.1,2,3]', '[0.1,2,3]', ?, NULL, '[0.5,2,3]', ' [ 0.5 , 2, 3 ] ')", (str(bits),))
            eight = connection.execute("SELECT d FROM v WHERE id = 1")[0][0]
        alpha, shift = struct.unpack_from("<2f", eight, 8)
        expected = [nearest_float(nearest_float(alpha * q) + shift) for q in eight[:5]]
        url = self.postgres()
        self.copy(path, url)
        rows = self.connect(url).execute("SELECT id, a::real[], b::float8[], c::text, d::real[], e::text, f::text FROM v ORDER BY id").fetchall()
        text = "".join("1" if bit > 0 else "0" for bit in bits)
        rows = [tuple([nearest_float(x) for x in value] if column in (1, 4) and value else value for column, value in enumerate(row)) for row in rows]
        self.assertEqual(rows[0], (1, [1, -2.5, 0], [1, -2.5, 0.1], text, expected, "[1,-2.5,0]", "[1,-2.5,3.140625]"))
        self.assertEqual(rows[1], (2, None, None, None, None, None, None))
        self.assertEqual(rows[2][1], [nearest_float(0.1), 2, 3])
        self.assertEqual(rows[3], (4, [nearest_float(0.1), 2, 3], [0.1, 2, 3], text, None, "[0.5,2,3]", "[0.5,2,3]"))
        self.run_vecferry("verify", path, url)

    def test_float8_is_named_and_never_quantised_again(self):
        path = self.libsql("eight.db", "CREATE TABLE v (id INTEGER PRIMARY KEY, e F8_BLOB(5))")
        with LIBSQL.open(path) as connection:
            for i in range(30):
                connection.execute("INSERT INTO v VALUES (?, vector8(?))", (i, str([i / 7, -i / 3, 0.25, i, 1])))
            blobs = [row[0] for row in connection.execute("SELECT e FROM v ORDER BY id")]
        plan = self.run_vecferry("plan", path, "sqlite:copy.db", "-o", "-").stdout
        self.assertIn("8 bits a number", plan)
        self.assertIn("to: F32_BLOB(5)", plan)
        self.copy(path, "copy.db")
        with sqlite3.connect(self.folder / "copy.db") as connection:
            copies = [row[0] for row in connection.execute("SELECT e FROM v ORDER BY id")]
        for blob, copy in zip(blobs, copies):
            alpha, shift = struct.unpack_from("<2f", blob, 8)
            self.assertEqual(copy, f32(*(nearest_float(nearest_float(alpha * q) + shift) for q in blob[:5])))
        # Another padding, which libSQL leaves uninitialised, is the same vector.
        with LIBSQL.open(path) as connection:
            for i, blob in enumerate(blobs):
                connection.execute("UPDATE v SET e = ? WHERE id = ?", (blob[:5] + b"\x99\x77\x55" + blob[8:], i))
        self.run_vecferry("verify", path, "copy.db")
        with LIBSQL.open(path) as connection:
            connection.execute("UPDATE v SET e = ? WHERE id = 3", (bytes([blobs[3][0] ^ 1]) + blobs[3][1:],))
        self.assertIn('"id": 3', self.run_vecferry("verify", path, "copy.db", code=3).stdout)

    def test_no_row_is_hidden_behind_the_index(self):
        path = self.libsql("v.db", "CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT, e F32_BLOB(4))", "CREATE TABLE k (k TEXT PRIMARY KEY, e F32_BLOB(4)) WITHOUT ROWID",
                           "CREATE TABLE solo (id INTEGER PRIMARY KEY, e F32_BLOB(4), x TEXT)", "CREATE INDEX a_e ON a (libsql_vector_idx(e))", "CREATE INDEX k_e ON k (libsql_vector_idx(e, 'metric=l2'))",
                           "CREATE INDEX solo_e ON solo (libsql_vector_idx(e))")
        self.fill(path, "a", [(i, "n", f32(i, 1, 2, 3)) for i in range(50)])
        self.fill(path, "k", [(f"k{i}", f32(i, 1, 2, 3)) for i in range(50)])
        self.fill(path, "solo", [(i, f32(i, 1, 2, 3), "x") for i in range(50)])
        with sqlite3.connect(path) as connection:  # the trap is there
            self.assertEqual(connection.execute("SELECT count(*) FROM a").fetchone()[0], 0)
            self.assertEqual(connection.execute("SELECT k FROM k NOT INDEXED").fetchall(), [])
        connection.close()
        self.assertEqual({table["name"]: table["n_rows"] for table in self.run_vecferry("inspect", "--json", path).json()["schema"]["tables"]}, {"a": 50, "k": 50, "solo": 50})
        url = self.postgres()
        for target in (url, "copy.db", "libsql:copy2.db"):
            result = self.copy(path, target)
            self.assertEqual([table["rows"] for table in result["tables"]], [50, 50, 50])
            self.run_vecferry("verify", path, target)
        connection = self.connect(url)
        self.assertEqual([connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("a", "k", "solo")], [50, 50, 50])
        # Found row by row too: verify looks rows up by their keys.
        connection.execute("UPDATE k SET e = '[9,9,9,9]' WHERE k = 'k7'")
        self.assertIn('"k": "k7"', self.run_vecferry("verify", path, url, code=3).stdout)


class Writing(Libsql):
    def check_index(self, path, name, table, column, n):
        with LIBSQL.open(path) as connection:
            self.assertEqual(connection.execute(f"SELECT count(*) FROM {name}_shadow")[0][0], n)
            self.assertEqual(connection.execute("PRAGMA integrity_check"), [("ok",)])
            for row in connection.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY id LIMIT 20"):
                self.assertEqual(connection.execute("SELECT id FROM vector_top_k(?, ?, 1)", (name, row[1])), [(row[0],)])

    def test_postgres_there_and_back(self):
        source = self.postgres_with_index()
        path = str(self.folder / "middle.db")
        plan = self.run_vecferry("plan", source, f"libsql:{path}", "-o", "-").stdout
        self.assertIn("to: F32_BLOB(8)", plan)
        self.assertRegex(plan, r"takes \d+ bytes a row, .* in all, and about \d+ s to build")
        there = self.copy(source, f"libsql:{path}")
        self.assertEqual(there["rejected"], 0)
        recalls = {index["name"]: index["recall"] for index in there["tables"][0]["indexes"]}
        self.assertEqual(sorted(recalls), ["docs_e", "docs_l2"])
        self.assertGreater(min(recalls.values()), 0.8)
        n = self.connect(source).execute("SELECT count(e) FROM docs").fetchone()[0]
        self.check_index(path, "docs_e", "docs", "e", n)
        self.check_index(path, "docs_l2", "docs", "e", n)
        statements = dict(self.ask(path, "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'docs'"))
        self.assertIn('"e" F32_BLOB(8)', statements["docs"])
        self.assertIn("'metric=cosine', 'compress_neighbors=float8', 'max_neighbors=24', 'insert_l=50'", statements["docs_e"])
        self.assertIn("'metric=l2'", statements["docs_l2"])
        bodies = dict(self.ask(path, "SELECT id, e FROM docs"))
        for identity, sent in self.connect(source).execute("SELECT id, vector_send(e) FROM docs"):
            self.assertEqual(bodies[identity], None if sent is None else b"".join(sent[i + 3:i - 1 if i else None:-1] for i in range(4, len(sent), 4)))
        back = self.postgres()
        self.copy(path, back)
        self.assert_same_postgres(source, back)
        self.run_vecferry("verify", source, path)

    def test_libsql_to_libsql_keeps_the_statement(self):
        path = self.libsql("one.db", "CREATE TABLE d (id INTEGER PRIMARY KEY, e F32_BLOB(6), f F64_BLOB(6), h FLOAT16(6), b F1BIT_BLOB(16))",
                           "CREATE INDEX d_e ON d (libsql_vector_idx(e, 'metric=l2', 'max_neighbors=9', 'alpha=1.3', 'search_l=40', 'insert_l=30', 'compress_neighbors=float16'))",
                           "CREATE INDEX d_f ON d (libsql_vector_idx(f))", "CREATE INDEX d_h ON d (libsql_vector_idx(h, 'compress_neighbors=float1bit')) WHERE h IS NOT NULL",
                           "CREATE INDEX d_b ON d (libsql_vector_idx(b))")
        with LIBSQL.open(path) as connection:
            for i in range(1100):
                text = str([i, 1, -i, 2, 3, (i * 7) % 13])
                connection.execute("INSERT INTO d VALUES (?, vector32(?2), vector64(?2), vector16(?2), vector1bit(?3))", (i, text, str([1 if i >> k & 1 else -1 for k in range(16)])))
        self.copy(path, "libsql:two.db")
        two = str(self.folder / "two.db")
        sql = "SELECT name, tbl_name, replace(replace(sql, '\"', ''), 'main.', '') FROM sqlite_master WHERE type = 'index' AND tbl_name = 'd' ORDER BY name"
        left, right = dict(row[0::2] for row in self.ask(path, sql)), dict(row[0::2] for row in self.ask(two, sql))
        self.assertEqual(sorted(left), sorted(right))
        meta = "SELECT name, hex(metadata) FROM libsql_vector_meta_shadow ORDER BY name"
        sets = lambda found: {name: sorted(text[i:i + 18] for i in range(0, len(text), 18)) for name, text in found}
        self.assertEqual(sets(self.ask(path, meta)), sets(self.ask(two, meta)))
        self.assertEqual(self.ask(path, "SELECT * FROM d"), self.ask(two, "SELECT * FROM d"))
        for name in left:
            self.assertEqual(self.ask(two, f"SELECT count(*) FROM {name}_shadow"), [(1100,)])

    def test_mixed_dimensions_under_an_index_are_rejected_by_name(self):
        path = self.libsql("mixed.db", "CREATE TABLE d (id INTEGER PRIMARY KEY, e F32_BLOB(3))")
        rows = [(i, f32(i, 1, 2)) for i in range(1000)]
        rows += [(2000, f32(1, 2)), (2001, f32(1, 2, 3, 4)), (2002, struct.pack("<3d", 1, 2, 3) + b"\2"), (2003, b"junk"), (2004, "[1,2]"), (2005, "[1,2,x]"), (2006, "[4,5,6]"), (2007, 7), (2008, b"\0\0\7"), (2009, None)]
        self.fill(path, "d", rows)
        self.run_vecferry("plan", path, "libsql:target.db", "-o", "ferry.yaml")
        plan = (self.folder / "ferry.yaml").read_text()
        (self.folder / "ferry.yaml").write_text(plan.replace("    indexes: []", "    indexes:\n      - {name: d_e, add_on: e, kind: diskann, metric: l2}"))
        result = self.run_vecferry("copy", "--json", "-f", "ferry.yaml", code=3).json()
        self.assertEqual(result["rejected"], 8)
        target = str(self.folder / "target.db")
        rejects = {row[0]: (row[1], row[2]) for row in self.ask(target, "SELECT json_extract(key, '$.id'), column_name, reason FROM vecferry_rejects")}
        self.assertEqual(sorted(rejects), [2000, 2001, 2002, 2003, 2004, 2005, 2007, 2008])
        self.assertTrue(all(column == "e" for column, _ in rejects.values()))
        for identity, word in ((2000, "2 dimensions"), (2001, "4 dimensions"), (2002, "float64"), (2003, "1 dimensions"), (2007, "integer"), (2008, "7")):
            self.assertIn(word, rejects[identity][1])
        self.check_index(target, "d_e", "d", "e", 1001)
        self.assertEqual(self.ask(target, "SELECT typeof(e), e FROM d WHERE id = 2006"), [("blob", f32(4, 5, 6))])

    def test_an_index_is_not_built_over_vectors_that_are_not_finite(self):
        """libSQL takes NaN and infinity into its index, which then finds hardly any vector."""
        path = self.libsql("nan.db", "CREATE TABLE d (id INTEGER PRIMARY KEY, e F32_BLOB(2))", "CREATE INDEX d_e ON d (libsql_vector_idx(e, 'max_neighbors=5'))")
        self.fill(path, "d", [(i, f32(i, 1)) for i in range(1000)])
        self.run_vecferry("plan", path, "libsql:second.db", "-o", "ferry.yaml")
        self.fill(path, "d", [(2000, f32(float("nan"), 1)), (2001, f32(1, float("inf")))])
        self.copy(path, "libsql:first.db")
        first, second = str(self.folder / "first.db"), str(self.folder / "second.db")
        self.assertEqual(self.ask(first, "SELECT count(*), sum(e IS NOT NULL) FROM d"), [(1002, 1002)])
        self.assertEqual(self.ask(first, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'd'"), [])
        plan = self.run_vecferry("plan", path, "libsql:third.db", "-o", "-").stdout
        self.assertIn("2 with NaN or infinity", plan)
        self.assertRegex(plan, r"name: d_e, kind: diskann, over: \[e\], to: sidecar")
        # A plan that was made before: the index is refused when it is to be built.
        result = self.run_vecferry("copy", "-f", "ferry.yaml", code=None)
        self.assertNotEqual(result.code, 0)
        self.assertIn("2 vectors hold NaN or infinity", result.stderr)
        self.assertEqual(self.ask(second, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'd'"), [])

    def test_what_an_earlier_index_left_behind_does_not_empty_the_new_one(self):
        """libSQL takes an index for filled when it has a record of its name: SQLite's DROP INDEX leaves one behind."""
        source = self.postgres_with_index()
        path = self.libsql("target.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, e F32_BLOB(8))", "CREATE INDEX docs_e ON docs (libsql_vector_idx(e))")
        self.fill(path, "docs", [(1, f32(*range(8)))])
        with sqlite3.connect(path) as connection:
            connection.executescript("DROP INDEX docs_e; DROP TABLE docs;")
        connection.close()
        self.assertEqual(self.ask(path, "SELECT name FROM libsql_vector_meta_shadow"), [("docs_e",)])
        self.copy(source, f"libsql:{path}")
        self.check_index(path, "docs_e", "docs", "e", self.connect(source).execute("SELECT count(e) FROM docs").fetchone()[0])

    def test_a_target_that_has_an_index_is_kept_right(self):
        """Its URL says sqlite, and libSQL has been at work in it: tables are added, and one under an index is made anew."""
        source = self.postgres_with_index()
        path = self.libsql("target.db", "CREATE TABLE other (id INTEGER PRIMARY KEY, e F32_BLOB(3))", "CREATE INDEX other_e ON other (libsql_vector_idx(e))")
        self.fill(path, "other", [(i, f32(i, 1, 2)) for i in range(20)])
        self.copy(source, path)
        self.check_index(path, "docs_e", "docs", "e", self.connect(source).execute("SELECT count(e) FROM docs").fetchone()[0])
        self.check_index(path, "other_e", "other", "e", 20)
        self.copy("--drop-existing", "--yes", source, path)
        self.check_index(path, "docs_e", "docs", "e", self.connect(source).execute("SELECT count(e) FROM docs").fetchone()[0])

    def test_names_that_libsql_cannot_quote(self):
        source = self.postgres('CREATE TABLE "we ird" (id bigint PRIMARY KEY, "e ""x" vector(3));'
                               "INSERT INTO \"we ird\" SELECT i, ('[' || i || ',1,2]')::vector FROM generate_series(1, 1100) i;"
                               'CREATE INDEX "x (a); DROP TABLE docs; --" ON "we ird" USING hnsw ("e ""x" vector_l2_ops);')
        self.copy(source, "libsql:odd.db")
        path = str(self.folder / "odd.db")
        names = [row[0] for row in self.ask(path, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%libsql_vector_idx%'")]
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^v_[A-Za-z0-9_]+_[0-9a-f]{8}$")
        self.assertEqual(self.ask(path, f"SELECT count(*) FROM {names[0]}_shadow"), [(1100,)])
        back = self.postgres()
        self.copy(path, back)
        self.assert_same_postgres(source, back)

    def test_sqlite_there_and_back(self):
        """JSON texts and plain BLOBs are F32_BLOB in between, and come back as they were."""
        source = self.sqlite("source.db", "CREATE TABLE d (id INTEGER PRIMARY KEY, j TEXT NOT NULL, b BLOB, t TEXT COLLATE NOCASE, n REAL)")
        with sqlite3.connect(source) as connection:
            for i in range(60):
                connection.execute("INSERT INTO d VALUES (?, ?, ?, ?, ?)", (i, f"[{i},0.5,-2.25]", f32(i, 0.1, 3), f"t{i}", i / 3))
        connection.close()
        self.copy(source, "libsql:middle.db")
        middle = str(self.folder / "middle.db")
        self.assertEqual(self.ask(middle, "SELECT typeof(j), j, b FROM d WHERE id = 7"), [("blob", f32(7, 0.5, -2.25), f32(7, 0.1, 3))])
        self.copy(middle, "back.db")
        self.assert_same_sqlite(source, str(self.folder / "back.db"))


class MissingLibrary(Libsql):
    def setUp(self):
        super().setUp()
        (self.folder / "empty").mkdir()
        self.without = ("--library-dir", self.folder / "empty")

    def test_an_index_to_be_built(self):
        source = self.postgres_with_index()
        result = self.run_vecferry("copy", "--json", *self.without, source, "libsql:new.db", code=10)
        self.assertIn("only libSQL can build", result.stderr)
        self.assertIn("name the folder that has liblibsql.so by --library-dir", result.stderr)
        self.assertEqual(result.json()["exit_code"], 10)
        self.assertFalse((self.folder / "new.db").exists())
        plan = self.run_vecferry("plan", *self.without, source, "libsql:new.db", "-o", "-", code=None)
        self.assertIn("only libSQL can build", plan.stdout + plan.stderr)

    def test_an_index_that_is_there(self):
        path = self.libsql("target.db", "CREATE TABLE other (id INTEGER PRIMARY KEY, e F32_BLOB(3))", "CREATE INDEX other_e ON other (libsql_vector_idx(e))")
        self.fill(path, "other", [(i, f32(i, 1, 2)) for i in range(20)])
        source = self.sqlite("source.db", "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);")
        before = digest_of(path)
        result = self.run_vecferry("copy", *self.without, source, path, code=10)
        self.assertIn("which only libSQL can keep", result.stderr)
        self.assertIn("--library-dir", result.stderr)
        self.assertEqual(digest_of(path), before)
        self.assertEqual(sorted(entry.name for entry in self.folder.iterdir()), ["empty", "source.db", "target.db"])

    def test_what_needs_no_library(self):
        source = self.sqlite("source.db", "CREATE TABLE t (a INTEGER PRIMARY KEY, e BLOB);")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO t VALUES (?, ?)", [(i, f32(i, 0.5)) for i in range(30)])
        connection.close()
        self.copy(*self.without, source, "libsql:new.db")
        path = str(self.folder / "new.db")
        self.assertEqual(self.ask(path, "SELECT type FROM pragma_table_info('t') WHERE name = 'e'"), [("F32_BLOB(2)",)])
        with LIBSQL.open(path) as connection:
            connection.execute("CREATE INDEX t_e ON t (libsql_vector_idx(e))")
        self.run_vecferry("verify", *self.without, source, path)
        self.copy(*self.without, path, "back.db")
