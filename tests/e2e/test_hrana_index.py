"""A vector index on a libSQL server: built last, by the plan's words, searched by the server; and servers that have none."""

import random
import sqlite3

from e2e import Case
from hrana import Sqld, Tursodb, f32

DIM = 8
ROWS = 1200


def fill(path, dim=DIM, rows=ROWS):
    """A table of vectors in a SQLite file; each as JSON would say it, too."""
    chance = random.Random(11)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE tracks (id INTEGER PRIMARY KEY, name TEXT, v BLOB)")
        db.executemany("INSERT INTO tracks VALUES (?, ?, ?)", ((i, f"track {i}", f32(*(chance.gauss(0, 1) for _ in range(dim)))) for i in range(rows)))
    db.close()
    return path


class Index(Case):
    def setUp(self):
        super().setUp()
        self.source = fill(str(self.folder / "source.db"))

    def server(self, kind=Sqld, name="server.db"):
        server = kind(self.folder / name)
        server.start()
        self.addCleanup(server.stop)
        return server

    def plan(self, server, index, name="ferry.yaml"):
        """A plan that adds the index."""
        self.run_vecferry("plan", self.source, server.url, "-o", name)
        file = self.folder / name
        text = file.read_text()
        self.assertEqual(text.count("    indexes: []"), 1, text)
        self.assertEqual(text.count("level: digests"), 1, text)
        file.write_text(text.replace("    indexes: []", f"    indexes:\n      - {index}").replace("level: digests", "level: search"))
        return name

    def statement_of(self, server, name):
        return [row[0] for row in server.run("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?", name)]

    def test_it_is_built_last_by_the_words_of_the_plan(self):
        server = self.server()
        plan = self.plan(server, "{name: tracks_v, add_on: v, kind: diskann, metric: l2, neighbours: 12, ef_search: 60, ef_construction: 40, alpha: 1.3, compress: f16}")
        shown = self.run_vecferry("plan", "-f", plan, "-o", "-").stdout
        self.assertRegex(shown, r"name: tracks_v, kind: diskann, .*metric: l2.*neighbours: 12.*alpha: 1\.300.*compress: f16")
        result = self.run_vecferry("copy", "--json", "-f", plan).json()
        self.assertEqual(result["not_moved"], [])
        (index,) = result["tables"][0]["indexes"]
        self.assertEqual((index["name"], index["state"], index["why"], index["vectors"], index["k"], index["ef_search"]), ("tracks_v", "built", None, ROWS, 10, 60))
        self.assertGreater(index["recall"], 0.9)
        (sql,) = self.statement_of(server, "tracks_v")
        for word in ("'metric=l2'", "'compress_neighbors=float16'", "'max_neighbors=12'", "'search_l=60'", "'insert_l=40'", "'alpha=1.300'"):
            self.assertIn(word, sql)
        self.assertEqual(server.run("SELECT count(*) FROM tracks_v_shadow"), [(ROWS,)])
        for wanted in (3, 700):
            (vector,) = server.run("SELECT v FROM tracks WHERE id = ?", wanted)[0]
            self.assertEqual(server.run("SELECT id FROM vector_top_k('tracks_v', ?, 1)", vector), [(wanted,)])
        back = str(self.folder / "back.db")
        self.copy(server.url, back)
        self.assert_same_sqlite(self.source, back)

    def test_alpha_that_is_none(self):
        server = self.server()
        for number, alpha in enumerate(("x", "-1", "0", "1.23456", "1e9")):
            plan = self.plan(server, f"{{name: tracks_v, add_on: v, kind: diskann, metric: l2, alpha: {alpha}}}", f"{number}.yaml")
            result = self.run_vecferry("copy", "-f", plan, code=2)
            self.assertIn("alpha must be a number above 0", result.stderr)
        plan = self.plan(server, "{name: tracks_v, add_on: v, kind: diskann, metric: l2, alpha: 0.5}", "small.yaml")
        self.assertIn("alpha is 1.000 instead of 0.500", self.run_vecferry("plan", "-f", plan, "-o", "-").stdout)

    def test_an_index_of_postgres_is_translated(self):
        server = self.server()
        url = self.postgres(f"CREATE TABLE docs (id bigint PRIMARY KEY, e vector({DIM}));"
                            f"INSERT INTO docs SELECT i, (SELECT array_agg(sin(i * k)::real) FROM generate_series(1, {DIM}) k)::vector FROM generate_series(1, {ROWS}) i;"
                            "CREATE INDEX docs_e ON docs USING hnsw (e vector_cosine_ops) WITH (m = 10, ef_construction = 50);")
        self.copy(url, server.url)
        (sql,) = self.statement_of(server, "docs_e")
        self.assertIn("'metric=cosine', 'compress_neighbors=float8', 'max_neighbors=20', 'insert_l=50'", sql)
        self.assertEqual(server.run("SELECT count(*) FROM docs_e_shadow"), [(ROWS,)])
        result = self.run_vecferry("verify", "--json", url, server.url).json()
        self.assertGreater(result["tables"][0]["indexes"][0]["recall"], 0.8)
        back = self.postgres()
        self.copy(server.url, back)
        self.assert_same_postgres(url, back)

    def test_a_server_that_has_none_is_named(self):
        """tursodb keeps the vectors and has no index: the plan says so by its name, and the index is remembered."""
        source = self.server()
        source.run(f"CREATE TABLE tracks (id INTEGER PRIMARY KEY, v F32_BLOB({DIM}))")
        with sqlite3.connect(self.source) as db:
            rows = db.execute("SELECT id, v FROM tracks").fetchall()
        db.close()
        source.run("INSERT INTO tracks VALUES " + ", ".join(["(?, ?)"] * len(rows)), *(value for row in rows for value in row))
        source.run("CREATE INDEX tracks_v ON tracks (libsql_vector_idx(v))")
        server = self.server(Tursodb, "tursodb.db")
        plan = self.run_vecferry("plan", source.url, server.url, "-o", "-").stdout
        self.assertRegex(plan, r"the server \(tursodb \S+\) has no libsql_vector_idx")
        result = self.copy(source.url, server.url)
        self.assertEqual([each["name"].split(".")[-1] for each in result["not_moved"]], ["tracks_v"])
        again = self.server(Sqld, "again.db")
        self.copy(server.url, again.url)
        self.assertEqual(len(self.statement_of(again, "tracks_v")), 1)

    def stop_before_the_index(self, server):
        """The rows are in, and the index isn't begun."""
        plan = self.plan(server, "{name: tracks_v, add_on: v, kind: diskann, metric: l2, neighbours: 8}")
        for number in range(1, 9):
            result = self.run_vecferry("copy", "--drop-existing", "--yes", "-f", plan, environment={"VECFERRY_FAILPOINT": f"target.apply:{number}:kill"}, code=-9)
            self.assertEqual(result.code, -9)
            if server.run("SELECT count(*) FROM sqlite_master WHERE name = 'tracks'") == [(1,)] and server.run("SELECT count(*) FROM tracks") == [(ROWS,)]:
                return plan
        self.fail("no step comes after the rows")

    def test_mixed_dimensions_are_named_by_their_key(self):
        server = self.server()
        plan = self.stop_before_the_index(server)
        for key, value, words in ((7, f32(1, 2), "it has 2 dimensions of f32, and the index takes 8 of f32"), (11, f32(*range(9)), "it has 9 dimensions"),
                                  (9, b"\1" * 64 + b"\2", "it has 8 dimensions of f64"), (13, b"\1" * 32 + b"\7", "7"), (17, 5, "it is no vector")):
            (before,) = server.run("SELECT v FROM tracks WHERE id = ?", key)[0]
            server.run("UPDATE tracks SET v = ? WHERE id = ?", value, key)
            result = self.run_vecferry("copy", "--json", "--resume", "-f", plan, code=3).json()
            (unfinished,) = result["unfinished"]
            self.assertIn(f"vector index tracks_v on table tracks: column v of the row with key {key}: ", unfinished["what"])
            self.assertIn(words, unfinished["what"].split(f"key {key}: ")[1])
            self.assertIn("mend the row", unfinished["remedy"])
            self.assertEqual(result["tables"][0]["differences"][0]["key"], f'{{"id": {key}}}')
            self.assertIn("its recall can't be measured", result["tables"][0]["indexes"][0]["why"])
            self.assertEqual(server.run("SELECT count(*) FROM sqlite_master WHERE name LIKE 'tracks_v%'"), [(0,)])
            server.run("UPDATE tracks SET v = ? WHERE id = ?", before, key)
        result = self.run_vecferry("copy", "--resume", "-f", plan)
        self.assertEqual(server.run("SELECT count(*) FROM tracks_v_shadow"), [(ROWS,)])

    def test_vectors_that_are_not_finite(self):
        server = self.server()
        plan = self.stop_before_the_index(server)
        before = [server.run("SELECT v FROM tracks WHERE id = ?", key)[0][0] for key in (7, 9)]
        for key, value in ((7, float("nan")), (9, float("inf"))):
            server.run("UPDATE tracks SET v = ? WHERE id = ?", f32(value, *range(DIM - 1)), key)
        result = self.run_vecferry("copy", "--json", "--resume", "-f", plan, code=3).json()
        self.assertIn("2 vectors hold NaN or infinity", result["unfinished"][0]["what"])
        self.assertEqual(self.statement_of(server, "tracks_v"), [])
        for key, value in zip((7, 9), before):
            server.run("UPDATE tracks SET v = ? WHERE id = ?", value, key)
        self.run_vecferry("copy", "--resume", "-f", plan)
        self.assertEqual(len(self.statement_of(server, "tracks_v")), 1)

    def test_large_vectors_are_no_suspects(self):
        """Their distance from the origin is more than float32 holds; they are finite, and the index is built."""
        with sqlite3.connect(self.source) as db:
            db.execute("UPDATE tracks SET v = ? WHERE id = 7", (f32(3e38, *range(DIM - 1)),))
        db.close()
        server = self.server()
        self.run_vecferry("copy", "-f", self.plan(server, "{name: tracks_v, add_on: v, kind: diskann, metric: cosine}"))
        self.assertEqual(server.run("SELECT count(*) FROM tracks_v_shadow"), [(ROWS,)])
