"""Views: translated where both databases mean the same, made after a trial on the target, and named otherwise. What they show is read on both sides by the databases' own drivers."""

import datetime
import decimal
import json
import sqlite3
import uuid

import duckdb
import psycopg

from e2e import Case
from hrana import Sqld, Tursodb

TABLES = {
    "postgres": """
        CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL COLLATE "C", born int, alive boolean, code uuid);
        CREATE TABLE book (id bigint PRIMARY KEY, author_id int REFERENCES author, title text COLLATE "C", pages int, score double precision, day date);
        CREATE TABLE "odd ""one" (id int PRIMARY KEY, "the ""value" text COLLATE "C", "Case" int, "select" int);
    """,
    "sqlite": """
        CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, alive BOOLEAN, code TEXT);
        CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author, title TEXT, pages INTEGER, score REAL, day TEXT);
        CREATE TABLE "odd ""one" (id INTEGER PRIMARY KEY, "the ""value" TEXT, "Case" INTEGER, "select" INTEGER);
    """,
    "duckdb": """
        CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, born INTEGER, alive BOOLEAN, code UUID);
        CREATE TABLE book (id BIGINT PRIMARY KEY, author_id INTEGER REFERENCES author, title VARCHAR, pages INTEGER, score DOUBLE, day DATE);
        CREATE TABLE "odd ""one" (id INTEGER PRIMARY KEY, "the ""value" VARCHAR, "Case" INTEGER, "select" INTEGER);
    """,
}
ROWS = """
    INSERT INTO author VALUES (1, 'Ann', 1900, true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (2, 'bob', NULL, false, NULL), (3, 'Ömer', 1900, NULL, '00000000-0000-0000-0000-000000000000'), (4, 'zed', 1950, true, NULL);
    INSERT INTO book VALUES (10, 1, 'One', 100, 1.5, '2020-01-01'), (11, 1, 'Two', NULL, -0.5, NULL), (12, 2, 'one', 300, 2.25, '1999-12-31'), (13, NULL, NULL, 40, 1e10, '2020-01-01'), (14, 3, '', 100, 1.5, '2021-05-05');
    INSERT INTO "odd ""one" VALUES (1, 'x''y', 5, 7), (2, NULL, NULL, 0);
"""
# (name, query, is an order to be compared). In words that are the same everywhere.
VIEWS = [
    ("plain", "SELECT id, name, born FROM author", False),
    ("star", "SELECT * FROM author", False),
    ("renamed", "SELECT a.id AS number, a.name AS who, born + 1 AS next, alive FROM author a WHERE a.born >= 1900 OR a.alive", False),
    ("joined", "SELECT a.name, b.title, b.pages FROM author a JOIN book b ON b.author_id = a.id", False),
    ("left_joined", "SELECT a.name, b.title FROM author AS a LEFT JOIN book AS b ON a.id = b.author_id AND b.pages > 50 WHERE a.born IS NOT NULL", False),
    ("crossed", "SELECT a.id AS a, b.id AS b FROM author a, book b WHERE a.id = b.author_id", False),
    ("three", "SELECT x.name AS x, y.name AS y, b.title FROM author x JOIN author y ON x.born = y.born AND x.id < y.id LEFT JOIN book b ON b.author_id = x.id", False),
    ("counted", "SELECT author_id, count(*) AS n, count(pages) AS with_pages, count(DISTINCT pages) AS different, sum(pages) AS total, min(pages) AS least, max(pages) AS most FROM book GROUP BY author_id", False),
    ("with_having", "SELECT a.name, count(b.id) AS n FROM author a LEFT JOIN book b ON b.author_id = a.id GROUP BY a.name HAVING count(b.id) < 2 OR sum(b.pages) > 50", False),
    ("total", "SELECT count(*) AS n, sum(pages) AS pages, max(title) AS last FROM book", False),
    ("distinct_ones", "SELECT DISTINCT born, alive FROM author", False),
    ("in_order", "SELECT id, born, name FROM author ORDER BY born DESC, name", True),
    ("nulls", "SELECT id, pages FROM book ORDER BY pages NULLS FIRST, id DESC NULLS LAST", True),
    ("first_two", "SELECT id, title FROM book WHERE title IS NOT NULL ORDER BY id DESC LIMIT 2 OFFSET 1", True),
    ("computed", "SELECT id, CASE WHEN pages > 99 THEN 'long' ELSE 'short' END AS size, coalesce(title, '?') AS title, pages % 7 AS rest, title IN ('One', 'it''s') AS listed FROM book", False),
    ("odd", 'SELECT "the ""value" AS "a ""name", "Case", "select" FROM "odd ""one"', False),
    ("nested", "SELECT id FROM book WHERE author_id IN (SELECT id FROM author WHERE born IS NOT NULL)", False),
    ("nested_of_the_same", "SELECT id, pages FROM book WHERE pages > (SELECT min(pages) FROM book) AND EXISTS (SELECT 1 FROM author AS book WHERE book.id > 3)", False),
    ("nested_as_value", "SELECT id, id IN (SELECT author_id FROM book) AS wrote, id NOT IN (SELECT b.author_id FROM book b WHERE b.author_id IS NOT NULL) AS never FROM author", False),
    ("existing", "SELECT a.name FROM author a WHERE EXISTS (SELECT 1 FROM book b WHERE b.author_id = a.id AND b.pages > 50)", False),
    ("not_existing", "SELECT a.name, a.born FROM author a WHERE NOT EXISTS (SELECT * FROM book WHERE author_id = a.id)", False),
    ("values_of_others", "SELECT a.id, (SELECT count(*) FROM book b WHERE b.author_id = a.id) AS n, (SELECT max(b.pages) FROM book b WHERE b.author_id = a.id) AS longest FROM author a", False),
    ("value_by_key", "SELECT b.id, (SELECT a.name FROM author a WHERE a.id = b.author_id) AS who FROM book b", False),
    ("within_within", 'SELECT a.name FROM author a WHERE a.id IN (SELECT b.author_id FROM book b WHERE EXISTS (SELECT 1 FROM "odd ""one" o WHERE o.id = a.id AND o.id = b.author_id))', False),
    ("derived", "SELECT s.who, s.n FROM (SELECT author_id AS who, count(*) AS n FROM book GROUP BY author_id) AS s", False),
    ("derived_joined", "SELECT a.name, s.title FROM author a LEFT JOIN (SELECT author_id, title FROM book WHERE pages > 50) s ON s.author_id = a.id", False),
    ("united", "SELECT id, title FROM book UNION SELECT id, name FROM author UNION SELECT author_id, title FROM book", False),
    ("united_all", "SELECT id, pages > 50 AS is_long FROM book WHERE pages IS NOT NULL UNION ALL SELECT id, born > 1900 FROM author UNION ALL SELECT id, alive FROM author", False),
    ("united_in_order", "SELECT id, name FROM author UNION ALL SELECT id, title FROM book ORDER BY id DESC, name LIMIT 6", True),
    ("named_queries", "WITH them AS (SELECT id, name FROM author), few AS (SELECT id FROM them WHERE id < 3) SELECT them.name FROM them JOIN few ON them.id = few.id", False),
    ("joined_using", 'SELECT id, a.name, o."Case" FROM author a LEFT JOIN "odd ""one" o USING (id)', False),
    ("star_using", 'SELECT * FROM "odd ""one" JOIN author USING (id)', False),
    ("over_a_view", "SELECT r.who, j.title FROM renamed r JOIN joined j ON j.name = r.who WHERE r.number < 3", False),
    ("later_view", "SELECT o.title FROM over_a_view o", False),
]
# (name, query, words of the reason)
NAMED = [
    ("windowed", "SELECT id, row_number() OVER (ORDER BY id) AS n FROM book", "a window function"),
    ("several_rows", "SELECT a.id, (SELECT b.title FROM book b WHERE b.author_id = a.id) AS title FROM author a", "which may give several rows"),
    ("joined_by_query", "SELECT a.id FROM author a LEFT JOIN book b ON b.id IN (SELECT id FROM author)", "a subquery in ON"),
    ("of_the_outer", "SELECT a.id FROM author a GROUP BY a.id HAVING a.id > (SELECT min(b.id + a.id) FROM book b)", "an aggregate of a column of the query around it"),
    ("recursive_cte", "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 5) SELECT n FROM a", "WITH RECURSIVE"),
    ("intersected", "SELECT id FROM book INTERSECT SELECT id FROM author", "INTERSECT"),
    ("united_reals", "SELECT score FROM book UNION SELECT score FROM book", "UNION of values of kind f64"),
    ("average", "SELECT avg(pages) AS a FROM book", "avg() rounds differently"),
    ("summed", "SELECT sum(score) AS s FROM book", "sum() rounds differently"),
    ("halved", "SELECT sum(pages) / 2 AS s FROM book", "a sum that is computed with"),
    ("some_rows", "SELECT id FROM book LIMIT 2", "LIMIT without ORDER BY"),
    ("over_a_named_one", "SELECT n FROM windowed", "isn't a table or view that is moved"),
    ("grouped_reals", "SELECT score, count(*) AS n FROM book GROUP BY score", "GROUP BY of values"),
]


def plain(value):
    """One value for what the databases' types tell apart."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (uuid.UUID, datetime.date)):
        return str(value)
    return value


class Views(Case):
    def make(self, kind, name, script=None):
        if kind == "postgres":
            return self.postgres(script or "", vector=False)
        path = str(self.folder / name)
        if kind == "sqlite":
            return self.sqlite(name, script) if script else path
        if script:
            with duckdb.connect(path) as connection:
                connection.execute(script)
        return "duckdb:" + path

    def rows(self, url, sql):
        """Names of the columns, and the rows."""
        if url.startswith("postgresql"):
            with psycopg.connect(url) as connection:
                cursor = connection.execute(sql)
                names, rows = [column.name for column in cursor.description], cursor.fetchall()
        else:
            connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True) if url.startswith("duckdb:") else sqlite3.connect(url)
            try:
                cursor = connection.execute(sql)
                names, rows = [column[0] for column in cursor.description], cursor.fetchall()
            finally:
                connection.close()
        return names, [tuple(plain(value) for value in row) for row in rows]

    def assert_same(self, source, target, name, in_order):
        (left, rows), (right, there) = self.rows(source, f'SELECT * FROM "{name}"'), self.rows(target, f'SELECT * FROM "{name}"')
        self.assertEqual(left, right, name)
        self.assertEqual(*((rows, there) if in_order else (sorted(rows, key=repr), sorted(there, key=repr))), name)
        self.assertGreater(len(rows), 0, f"{name} shows nothing: it proves nothing")

    def go(self, kind, to):
        script = TABLES[kind] + ROWS + "".join(f"CREATE VIEW {name} AS {sql};\n" for name, sql, _ in VIEWS) + "".join(f"CREATE VIEW {name} AS {sql};\n" for name, sql, _ in NAMED)
        source, target = self.make(kind, "source." + kind, script), self.make(to, "target." + to)
        summary = self.copy(source, target)
        named = {entry["name"]: entry for entry in summary["not_moved"] if entry["kind"] == "view"}
        self.assertEqual(sorted(named), sorted(name for name, _, words in NAMED if kind != to or "rounds" not in words), {name: entry["why"] for name, entry in named.items()})
        for name, _, words in NAMED:
            if name in named:
                self.assertIn("NaN" if name == "summed" and to == "sqlite" and kind != "sqlite" else words, named[name]["why"], name)
                self.assertTrue(named[name]["text"])
        shown = {view["name"].split(".")[-1]: view for view in summary["views"]}
        self.assertEqual(sorted(shown), sorted([name for name, _, _ in VIEWS] + [name for name, _, _ in NAMED if name not in named]))
        for name, _, in_order in VIEWS:
            self.assert_same(source, target, name, in_order)
            self.assertEqual((shown[name]["equal"], shown[name]["why"]), (True, None), shown[name])
            self.assertEqual(shown[name]["target_rows"], len(self.rows(source, f'SELECT * FROM "{name}"')[1]), name)
        if kind == to:
            self.assertEqual((shown["average"]["equal"], shown["average"]["why"] is None), (True, kind == "postgres"))
            self.assertIn('column "s": the values', shown["summed"]["why"])
        return source, target

    def test_postgres_to_sqlite(self):
        self.go("postgres", "sqlite")

    def test_postgres_to_duckdb(self):
        self.go("postgres", "duckdb")

    def test_postgres_to_postgres(self):
        self.go("postgres", "postgres")

    def test_sqlite_to_postgres(self):
        self.go("sqlite", "postgres")

    def test_sqlite_to_duckdb(self):
        self.go("sqlite", "duckdb")

    def test_sqlite_to_sqlite(self):
        self.go("sqlite", "sqlite")

    def test_duckdb_to_sqlite(self):
        self.go("duckdb", "sqlite")

    def test_duckdb_to_postgres(self):
        self.go("duckdb", "postgres")

    # ---- what verify says of them ----

    def run_script(self, url, script):
        if url.startswith("postgresql"):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(script)
        elif url.startswith("duckdb:"):
            with duckdb.connect(url.removeprefix("duckdb:")) as connection:
                connection.execute(script)
        else:
            connection = sqlite3.connect(url)
            connection.executescript(script)
            connection.close()

    def test_verify_finds_what_differs(self):
        """Views that somebody made anew in the target, so that they show something else."""
        views = {"fewer": "SELECT id, name FROM author", "others": "SELECT id, born FROM author", "more": "SELECT id FROM book", "gone": "SELECT id FROM author", "kept": "SELECT title, count(*) AS n FROM book GROUP BY title",
                 "some": "SELECT id, pages FROM book ORDER BY pages DESC LIMIT 3", "over_some": "SELECT s.id FROM some s", "least": "SELECT id, title FROM book ORDER BY id LIMIT 3"}
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + "".join(f"CREATE VIEW {name} AS {sql};" for name, sql in views.items()))
        for to in ("postgres", "sqlite", "duckdb"):
            target = self.make(to, "differs." + to)
            self.copy(source, target)
            self.run_script(target, "DROP VIEW fewer; CREATE VIEW fewer AS SELECT id, name FROM author WHERE id <> 2; DROP VIEW others; CREATE VIEW others AS SELECT id, CASE id WHEN 4 THEN 1951 ELSE born END AS born FROM author;"
                            "DROP VIEW more; CREATE VIEW more AS SELECT id FROM book UNION ALL SELECT id FROM book WHERE id = 11; DROP VIEW gone;")
            done = self.run_vecferry("verify", "--json", source, target, code=3)
            shown = {view["name"]: view for view in done.json()["views"]}
            self.assertEqual({name: view["equal"] for name, view in shown.items()},
                             {"fewer": False, "others": False, "more": False, "gone": False, "kept": True, "some": True, "over_some": None, "least": True})
            self.assertEqual([entry["kind"] for entry in shown["fewer"]["differences"]], ["missing"])
            self.assertEqual((shown["fewer"]["source_rows"], shown["fewer"]["target_rows"]), (4, 3))
            self.assertEqual(sorted(entry["kind"] for entry in shown["others"]["differences"]), ["extra", "missing"])
            self.assertEqual([entry["kind"] for entry in shown["more"]["differences"]], ["duplicate"])
            self.assertIn("it can't be read in the target: ", shown["gone"]["why"])
            self.assertIn("all but their number", shown["some"]["why"])
            self.assertEqual("it is over a view, or a subquery, whose rows aren't compared", shown["over_some"]["why"])
            self.assertRegex(done.json()["error"], "^all rows are equal, but 4 views show something else than in the source; the first: ")
            self.assertEqual(done.json()["n_differences"], 0)
            text = self.run_vecferry("verify", source, target, code=3).stdout
            for line in ("view fewer: DIFFERS, 3 rows", "view kept: equal, 5 rows", "view gone: DIFFERS: it can't be read in the target", "view over_some: not compared: it is over a view, or a subquery"):
                self.assertIn(line, text)

    def test_what_is_not_compared(self):
        """Rows that stay behind by the plan's word, a view that fails in the source, and a plan that leaves views out."""
        source = self.postgres(TABLES["postgres"] + ROWS + "CREATE VIEW one AS SELECT id FROM author; CREATE VIEW two AS SELECT id FROM book; CREATE VIEW three AS SELECT one.id FROM one JOIN two ON one.id = two.id; CREATE VIEW wrong AS SELECT 1 / (id - 10) AS a FROM book;", vector=False)
        target = self.sqlite("target.db")
        summary = self.copy("--where", "author=id < 3", "--where", "book=author_id IS NULL OR author_id < 3", source, target)
        self.assertEqual({view["name"]: (view["equal"], view["why"]) for view in summary["views"] if view["name"] != "public.wrong"},
                         {"public." + name: (None, f"its table public.{table} doesn't move whole") for name, table in (("one", "author"), ("two", "book"), ("three", "author"))})
        path, text = self.plan_text(source, self.sqlite("whole.db"))
        self.run_vecferry("copy", "-f", path)
        shown = {view["name"]: view for view in self.run_vecferry("verify", "--json", "-f", path).json()["views"]}
        self.assertEqual({name: view["equal"] for name, view in shown.items()}, {"public.one": True, "public.two": True, "public.three": True, "public.wrong": None})
        self.assertRegex(shown["public.wrong"]["why"], "it can't be read in the source: .*division by zero")
        path.write_text(text.replace("verify: {level: digests}", "verify: {level: digests, views: false}").replace("whole.db", "without.db"))
        shown = self.run_vecferry("copy", "--json", "-f", path).json()["views"]
        self.assertEqual({(view["equal"], view["why"]) for view in shown}, {(None, "the plan's verify leaves views out")})

    def test_numbers_are_compared_as_numbers(self):
        """0 is 0 in PostgreSQL's COALESCE of a numeric(10,2), and 0.00 in DuckDB's."""
        source, target = self.postgres("CREATE TABLE t (id int PRIMARY KEY, price numeric(10,2)); INSERT INTO t VALUES (1, 1.50), (2, NULL), (3, 200);"
                                       "CREATE VIEW v AS SELECT id, COALESCE(price, 0) AS price, price * 2 AS twice FROM t; CREATE VIEW s AS SELECT sum(price) AS s FROM v;", vector=False), self.make("duckdb", "numbers.duckdb")
        shown = {view["name"]: (view["equal"], view["why"]) for view in self.copy(source, target)["views"]}
        self.assertEqual(shown["public.v"], (True, None))
        self.assertEqual(self.rows(target, "SELECT * FROM v ORDER BY id")[1], self.rows(source, "SELECT * FROM v ORDER BY id")[1])

    def test_one_file_a_value(self):
        """Each file has the views; what they show is the source's where their tables are whole."""
        source = self.sqlite("source.db", "CREATE TABLE doc (id INTEGER PRIMARY KEY, ws TEXT); CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO doc VALUES (1, 'a'), (2, 'b'); INSERT INTO kind VALUES (1, 'k');"
                             "CREATE VIEW docs AS SELECT id FROM doc; CREATE VIEW kinds AS SELECT name FROM kind;")
        options = ("--by", "ws", "--whole", "kind", source, f"sqlite:{self.folder}/by_{{}}.db")
        self.assertEqual({view["name"]: (view["equal"], view["why"]) for view in self.copy(*options)["views"]}, {"docs": (None, "its table doc doesn't move whole"), "kinds": (True, None)})
        self.assertEqual([self.rows(str(self.folder / f"by_{name}.db"), "SELECT * FROM docs")[1] for name in "ab"], [[(1,)], [(2,)]])
        self.run_script(str(self.folder / "by_b.db"), "DROP VIEW kinds;")
        self.assertIn("by_b.db", next(view for view in self.run_vecferry("verify", "--json", *options, code=3).json()["views"] if view["name"] == "kinds")["why"])

    # ---- there and back ----

    def test_there_and_back(self):
        script = TABLES["postgres"] + ROWS + "CREATE SCHEMA s; CREATE VIEW s.deep AS SELECT a.id, a.name FROM author a WHERE a.alive; CREATE VIEW flat AS SELECT d.name FROM s.deep d;"
        source, middle, target = self.postgres(script, vector=False), self.sqlite("middle.db"), self.postgres(vector=False)
        self.copy(source, middle)
        self.assertEqual(self.rows(middle, "SELECT name FROM s_deep")[1], self.rows(source, "SELECT name FROM s.deep")[1])
        self.copy(middle, target)
        self.assertEqual(self.rows(target, "SELECT name FROM flat ORDER BY 1")[1], self.rows(source, "SELECT name FROM flat ORDER BY 1")[1])

    # ---- the plan's word ----

    def test_two_targets_and_other_names(self):
        """A view goes where all its tables are, under the name that the plan says, over tables and columns that it calls otherwise."""
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + """
            CREATE VIEW a1 AS SELECT id, name FROM author; CREATE VIEW b1 AS SELECT title, pages FROM book WHERE pages > 50; CREATE VIEW b2 AS SELECT title FROM b1;
            CREATE VIEW ab AS SELECT a.name FROM author a JOIN book b ON b.author_id = a.id;""")
        one, two, path = self.sqlite("one.db"), self.postgres(vector=False), self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, "--split", "book=2", source, one, two)
        text = path.read_text()
        self.assertIn("{name: b2, target: 2, view: ", text)
        lines = [line.split(", view: ")[0].replace("{name: b1,", "{name: b1, rename: novels,") + "}" if ", view: " in line else line for line in text.splitlines()]
        text = "\n".join(lines).replace("  - name: book\n", "  - name: book\n    rename: work\n").replace("{name: pages, ", "{name: pages, rename: sheets, ").replace("{name: pages,", "{name: pages,")
        path.write_text(text)
        summary = self.copy("-f", path)
        self.assertEqual([(entry["name"], entry.get("target")) for entry in summary["not_moved"] if entry["kind"] == "view"], [("ab", 1)])
        self.assertEqual({view["name"]: (view["target"], view["equal"]) for view in summary["views"]}, {"a1": (1, True), "b1": (2, True), "b2": (2, True)})
        self.assertEqual(self.rows(one, "SELECT name FROM sqlite_schema WHERE type = 'view'")[1], [("a1",)])
        self.assertEqual(self.rows(two, "SELECT * FROM novels ORDER BY title"), self.rows(source, "SELECT * FROM b1 ORDER BY title"))
        self.assertEqual(self.rows(two, "SELECT title, sheets FROM work WHERE sheets > 50 ORDER BY title")[1], self.rows(source, "SELECT * FROM b1 ORDER BY title")[1])
        self.assertEqual(self.rows(two, "SELECT * FROM b2 ORDER BY 1"), self.rows(source, "SELECT * FROM b2 ORDER BY 1"))

    def plan_text(self, source, target):
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, source, target)
        return path, path.read_text()

    def test_left_out_by_the_plan(self):
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + "CREATE VIEW one AS SELECT id FROM author; CREATE VIEW two AS SELECT id FROM one; CREATE VIEW three AS SELECT id FROM book;"
                             "CREATE VIEW four AS WITH q AS (SELECT 1) SELECT * FROM q;")
        target = self.postgres(vector=False)
        path, text = self.plan_text(source, target)
        lines = [line for line in text.splitlines() if line.startswith("  - {name: ") and "view:" in line]
        self.assertEqual(len(lines), 3)
        path.write_text(text.replace(lines[0] + "\n", ""))
        self.assertIn("one", lines[0])
        summary = self.copy("-f", path)
        self.assertEqual({entry["name"]: entry["why"].split(":")[-1].strip() for entry in summary["not_moved"]},
                         {"one": "the plan leaves it out", "two": '"one" isn\'t a table or view that is moved', "four": "a query without FROM"})
        self.assertEqual(self.rows(target, "SELECT viewname FROM pg_views WHERE schemaname = 'public'")[1], [("three",)])

    def test_a_text_in_the_plan_is_never_run(self):
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + "CREATE VIEW one AS SELECT id FROM author;")
        target = self.postgres("CREATE TABLE canary (id int)", vector=False)
        path, text = self.plan_text(source, target)
        path.write_text(text.replace('SELECT \\"a', 'SELECT 1; DROP TABLE canary; SELECT \\"a') if 'SELECT \\"a' in text else text.replace("view: ", "view: 1; DROP TABLE canary; -- ", 1))
        self.assertNotEqual(path.read_text(), text)
        done = self.run_vecferry("copy", "-f", path, code=2)
        self.assertRegex(done.stderr, r"ferry.yaml:\d+:\d+: the text of \"one\" is not the one that is made")
        path.write_text(text.replace("{name: one,", "{name: other,"))
        self.assertRegex(self.run_vecferry("copy", "-f", path, code=2).stderr, r"ferry.yaml:\d+:\d+: the source has no view \"other\"")
        self.assertEqual(self.rows(target, "SELECT count(*) FROM canary")[1], [(0,)])

    def test_hostile_texts(self):
        """SQLite keeps whatever text a view was made with; a file may even be written by hand."""
        views = ["SELECT id FROM author; DROP TABLE canary; --", "SELECT id FROM author) ; DROP TABLE canary; SELECT (1", "SELECT load_extension('x') AS a FROM author",
                 "SELECT 'a'';DROP TABLE canary;--' AS t, id FROM author", "SELECT id AS \"x\"\"; DROP TABLE canary; --\" FROM author", "SELECT pg_read_file('/etc/passwd') AS a FROM author", "SELECT /* */ id -- DROP TABLE canary\n FROM author",
                 "(" * 3000 + "SELECT id FROM author", "SELECT " + "-" * 3 + "id FROM author", "SELECT " + "(" * 500 + "1" + ")" * 500 + " AS a FROM author", "", "SELECT", "SELECT id FROM", "SELECT id, FROM author", "\x00"]
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + "".join(f"CREATE VIEW v{i} AS SELECT id FROM author;" for i in range(len(views))))
        connection = sqlite3.connect(source)
        connection.execute("PRAGMA writable_schema = on")
        for i, text in enumerate(views):
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (f"CREATE VIEW v{i} AS {text}", f"v{i}"))
        connection.commit()
        connection.close()
        target = self.postgres("CREATE TABLE canary (id int)", vector=False)
        done = self.run_vecferry("copy", "--json", source, target, code=None)
        self.assertIn(done.code, (0, 6))
        self.assertEqual(self.rows(target, "SELECT count(*) FROM canary")[1], [(0,)])
        made = {row[0] for row in self.rows(target, "SELECT viewname FROM pg_views WHERE schemaname = 'public'")[1]}
        self.assertTrue(made <= {"v3", "v4", "v6", "v8"}, made)

    # ---- the trial ----

    def test_a_refused_view_is_no_lost_run(self):
        for to in ("postgres", "sqlite", "duckdb"):
            source = self.sqlite(f"source_{to}.db", TABLES["sqlite"] + ROWS + "CREATE VIEW taken AS SELECT id FROM author; CREATE VIEW fine AS SELECT id FROM book;")
            target = self.make(to, "taken." + to, "CREATE TABLE taken (x int);")
            report = self.folder / ("report_" + to)
            done = self.run_vecferry("copy", "--json", "--report", report, source, target, code=3)
            summary = done.json()
            self.assertIn("views 1 could not be made", summary["error"])
            self.assertEqual([(entry["severity"], entry["object"].split(".")[-1]) for entry in summary["unfinished"]], [("note", "taken")])
            self.assertIn("the view is refused by the target: ", summary["unfinished"][0]["what"])
            self.assertTrue(summary["verified"])
            self.assertEqual(summary["n_differences"], 0)
            self.assertEqual(len(self.rows(target, "SELECT id FROM fine")[1]), 5)
            self.assertEqual(self.rows(target, "SELECT * FROM taken"), (["x"], []))
            entry = next(entry for entry in json.loads((report / "index.json").read_text())["not_moved"] if entry["kind"] == "view")
            self.assertIn("refused", entry["why"])
            self.assertIn("SELECT id FROM author", (report / entry["file"]).read_text())
            # The run is done: the next one finds nothing to resume.
            self.assertIn("no unfinished run", self.run_vecferry("copy", "--resume", source, target, code=9).stderr)

    def test_again_with_drop_existing(self):
        """Only views that vecferry made are dropped."""
        for to in ("postgres", "sqlite", "duckdb"):
            source = self.sqlite(f"source_{to}.db", TABLES["sqlite"] + ROWS + "CREATE VIEW one AS SELECT id FROM author; CREATE VIEW two AS SELECT id FROM one; CREATE VIEW mine AS SELECT id FROM book;")
            target = self.make(to, "again." + to, "CREATE TABLE t (x int); CREATE VIEW mine AS SELECT x FROM t;")
            self.run_vecferry("copy", source, target, code=3)
            again = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, target, code=3).json()
            self.assertEqual([entry["object"].split(".")[-1] for entry in again["unfinished"]], ["mine"])
            self.assertEqual(len(self.rows(target, "SELECT id FROM two")[1]), 4)
            self.assertEqual(self.rows(target, "SELECT * FROM mine")[0], ["x"])

    # ---- what PostgreSQL says besides ----

    def test_options_of_postgres(self):
        source = self.postgres(TABLES["postgres"] + """
            CREATE VIEW checked AS SELECT id FROM author WHERE id > 1 WITH CHECK OPTION; CREATE VIEW barred WITH (security_barrier) AS SELECT id FROM author;
            CREATE VIEW unbarred WITH (security_barrier = false) AS SELECT id FROM author; CREATE TABLE base (id int); CREATE TABLE heir () INHERITS (base); CREATE VIEW of_heirs AS SELECT id FROM base;""", vector=False)
        summary = self.copy(source, self.sqlite("target.db"))
        named = {entry["name"]: entry["why"] for entry in summary["not_moved"] if entry["kind"] == "view"}
        self.assertEqual(sorted(named), ["barred", "checked", "of_heirs"])
        self.assertIn("whose rows it shows too", named["of_heirs"])
        self.assertIn("check option", named["checked"])
        self.assertIn("security_barrier", named["barred"])

    def test_orders_that_another_database_does_not_have(self):
        source = self.postgres("CREATE COLLATION mine (provider = libc, locale = 'C'); CREATE TABLE t (id int PRIMARY KEY, folded text COLLATE mine); CREATE VIEW v AS SELECT id, folded FROM t ORDER BY folded; CREATE VIEW w AS SELECT max(folded) AS m FROM t;", vector=False)
        summary = self.copy(source, self.sqlite("target.db"))
        self.assertEqual({entry["name"] for entry in summary["not_moved"] if entry["kind"] == "view"}, {"v", "w"})
        for entry in summary["not_moved"]:
            if entry["kind"] == "view":
                self.assertIn("collation", entry["why"])

    def test_libsql_server(self):
        script = TABLES["sqlite"] + ROWS + "".join(f"CREATE VIEW {name} AS {sql};\n" for name, sql, _ in VIEWS)
        source, back = self.sqlite("source.db", script), self.sqlite("back.db")
        with Sqld(self.folder / "sqld") as server:
            self.copy(source, server.url)
            wanted = sqlite3.connect(source)
            for name, _, _ in VIEWS:
                sql = f'SELECT * FROM "{name}"'
                self.assertEqual(sorted(map(tuple, server.run(sql)), key=repr), sorted(wanted.execute(sql).fetchall(), key=repr), name)
            wanted.close()
            self.copy(server.url, back)
        for name, _, in_order in VIEWS:
            self.assert_same(source, back, name, in_order)

    def test_tursodb(self):
        """There and back over a server that keeps the texts of views in its own way."""
        script = (TABLES["sqlite"] + ROWS + "".join(f"CREATE VIEW {name} AS {sql};\n" for name, sql, _ in VIEWS)).replace('""', "_")  # a quote in a name is too much for it
        source, back = self.sqlite("source.db", script), self.sqlite("back.db")
        with Tursodb(self.folder / "server.db") as server:
            for one, other in ((source, server.url), (server.url, back)):
                summary = self.copy(one, other)
                self.assertEqual([entry for entry in summary["not_moved"] if entry["kind"] == "view"], [])
                self.assertEqual({view["name"]: (view["equal"], view["why"]) for view in summary["views"]}, {name: (True, None) for name, _, _ in VIEWS})
        for name, _, in_order in VIEWS:
            self.assert_same(source, back, name, in_order)

    def test_into_files(self):
        source = self.sqlite("source.db", TABLES["sqlite"] + ROWS + "CREATE VIEW one AS SELECT id FROM author;")
        summary = self.copy(source, f"files:{self.folder / 'folder'}", code=None)
        self.assertIn(("view", "one", "the target has no views"), [(entry["kind"], entry["name"], entry["why"]) for entry in summary["not_moved"]])


if __name__ == "__main__":
    import unittest

    unittest.main()
