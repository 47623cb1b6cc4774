"""DuckDB's types as a target's: every value arrives as it was, or is rejected with the reason.

The files are read and made by DuckDB's own Python package, which shares no code with vecferry but the library below it.
"""

import json
import re
import sqlite3

import duckdb
import psycopg

from duckdb_case import DuckCase
from matrix import default_value


class Nested(DuckCase):
    """STRUCT, MAP, UNION and lists of lists are written from the JSON that they are read as; matrix.py has their way through every database and back."""

    def refused(self, cases):
        """By type: texts of SQLite, and what the reason must hold with which the row is rejected; None: it is taken. Returns what was taken, by type, as DuckDB shows it."""
        names = {native: f"v{number}" for number, native in enumerate(cases)}
        source = self.sqlite("source.db", f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(names.values())})")
        wanted = []
        connection = sqlite3.connect(source)
        for native, texts in cases.items():
            for text, reason in texts:
                connection.execute(f"INSERT INTO t (id, {names[native]}) VALUES (?, ?)", (len(wanted), text))
                wanted.append((native, text, reason))
        connection.commit()
        connection.close()
        plan = self.folder / "ferry.yaml"
        columns = "".join(f"      - {{name: {name}, type: text, to: {json.dumps(native)}}}\n" for native, name in names.items())
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {self.target()}\ntables:\n  - name: t\n    columns:\n      - {{name: id}}\n{columns}")
        self.run_vecferry("copy", "-f", plan, code=3)
        rejects = {(json.loads(key)["id"], column): reason for key, column, reason in self.rows(self.target(), "SELECT \"key\", column_name, reason FROM vecferry_rejects")}
        ids = {row[0] for row in self.rows(self.target(), "SELECT id FROM t")}
        for number, (native, text, reason) in enumerate(wanted):
            with self.subTest(native=native, text=text):
                found = rejects.pop((number, names[native]), None)
                self.assertEqual(number in ids, found is None, "there and rejected, or neither")
                if reason is None:
                    self.assertIsNone(found)
                else:
                    self.assertIn(reason, found or "it was taken")
        self.assertEqual(rejects, {})
        return {native: [row[0] for row in self.rows(self.target(), f"SELECT CAST({names[native]} AS VARCHAR) FROM t WHERE id IN "
                                                     f"({', '.join(str(i) for i, case in enumerate(wanted) if case[0] == native)}) ORDER BY id")] for native in cases}

    def test_json_that_is_no_value_of_a_struct(self):
        found = self.refused({"STRUCT(a INTEGER, b VARCHAR[])": [
            ('{"a":1,"b":["x",null]}', None),
            ('{"a":null,"b":null}', None),
            ('{"a":1', "isn't JSON"),
            ("", "isn't JSON"),
            ("null", "would come back as a missing value"),
            ("5", "an object is expected"),
            ('[1,["x"]]', "an object is expected"),
            ('{"a":1}', 'member "b" is missing'),
            ('{"b":[],"a":1}', 'member "a" is expected'),
            ('{"a":1,"b":[],"c":2}', 'has no member "c"'),
            ('{"a":1,"a":2}', 'member "b" is expected'),
            ('{"a":2147483648,"b":[]}', 'member "a": 2147483648 is out of the range of INTEGER'),
            ('{"a":1.0,"b":[]}', '"1.0" is no INTEGER'),
            ('{"a":1e2,"b":[]}', '"1e2" is no INTEGER'),
            ('{"a":-0,"b":[]}', '"-0" is no INTEGER'),
            ('{"a":"1","b":[]}', "would come back as"),
            ('{"a":{},"b":[]}', "INTEGER is expected"),
            ('{"a":1,"b":{"x":1}}', "an array is expected"),
            ('{"a":1,"b":["x",5]}', 'member "b": element 1: VARCHAR is expected, and not 5'),
            ('{"a": 1,"b":[]}', "would come back as"),
            ('{"a":1,"b":["\\u0041"]}', "would come back as"),
            ('{"a":1,"b":["\\ud800"]}', "half of a surrogate pair"),
            (None, None),
            ('{"a":7,"b":[]}', None),
        ]})
        self.assertEqual(list(found.values()), [["{'a': 1, 'b': [x, NULL]}", "{'a': NULL, 'b': NULL}", None, "{'a': 7, 'b': []}"]])

    def test_json_that_is_no_map(self):
        self.refused({
            "MAP(VARCHAR, INTEGER)": [('{"a":1,"b":null}', None), ("{}", None), ('{"a":1,"b":2,"a":3}', 'has the key "a" twice'), ('[["a",1]]', "an object is expected"), ('{"a":"x"}', 'key "a"')],
            "MAP(INTEGER, VARCHAR)": [('[[1,"a"],[2,null]]', None), ("[]", None), ('[[1,"a"],[1,"b"]]', "has the key 1 twice"), ('[[null,"a"]]', "a key that is NULL"), ('[[1]]', "[key, value] is expected"), ('[[1,"a","b"]]', "[key, value] is expected"), ('[1,"a"]', "[key, value] is expected"), ('{"1":"a"}', "an array is expected")],
            "MAP(DOUBLE, INTEGER)": [("[[0,1],[1,2]]", None), ("[[-0,1]]", None), ("[[0,1],[-0,2]]", "has the key 0 twice"), ('[["NaN",1]]', None)],
        })

    def test_json_that_is_no_union(self):
        self.refused({
            "UNION(n INTEGER, t VARCHAR)": [('{"n":1}', None), ('{"t":"1"}', None), ('{"t":null}', None), ("{}", "exactly one member"), ('{"n":1,"t":"x"}', "exactly one member"), ('{"x":1}', 'has no member "x"'), ('{"n":"one"}', 'member "n": "one" is no INTEGER')],
        })

    def test_lists_and_arrays_of_lists(self):
        self.refused({
            "INTEGER[][]": [("[[1,null],[],null]", None), ("[[1],2]", "element 1: an array is expected"), ("[[1],[2,[3]]]", "element 1: element 1: INTEGER is expected")],
            "INTEGER[2][]": [("[[1,2],null,[null,3]]", None), ("[[1]]", "2 elements are expected, and not 1"), ("[[1,2,3]]", "2 elements are expected, and not 3")],
            "DECIMAL(4, 2)[]": [("[1.50,-99.99,null]", None), ("[1.5]", "other digits"), ("[100.00]", "too many digits"), ("[1e2]", "is no number")],
            "UTINYINT[]": [("[0,255]", None), ("[256]", "out of the range"), ("[-1]", "out of the range")],
            "UHUGEINT[]": [("[340282366920938463463374607431768211455]", None), ("[340282366920938463463374607431768211456]", "is no UHUGEINT"), ("[-1]", "out of the range")],
            "HUGEINT[]": [("[-170141183460469231731687303715884105728,170141183460469231731687303715884105727]", None), ("[170141183460469231731687303715884105728]", "out of the range"), ("[-170141183460469231731687303715884105729]", "out of the range")],
        })

    def test_scalars_by_their_texts(self):
        """Texts into the scalar types: what would come back as another text is rejected, not rounded or read somehow."""
        self.refused({
            "DOUBLE": [("0.1", None), ("-0", None), ("NaN", None), ("1.50", "would come back as 1.5"), ("0.1000000000000000055511151231257827", "would come back as 0.1"), ("1e999", "is no DOUBLE"), ("x", "is no DOUBLE")],
            "FLOAT": [("0.1", None), ("16777217", "would come back as 16777216"), ("1e39", "is no FLOAT")],
            "TIMESTAMP": [("2024-02-29 12:00:00", None), ("2024-02-30 12:00:00", "is no TIMESTAMP"), ("2024-02-29", "would come back as 2024-02-29 00:00:00"), ("2024-02-29 12:00:00.1234567", "can't be held by TIMESTAMP")],
            "TIMESTAMP_S": [("2024-02-29 12:00:00", None), ("2024-02-29 12:00:00.5", "can't be held by TIMESTAMP_S")],
            "TIMESTAMP_NS": [("2024-02-29 12:00:00.123456789", None), ("2024-02-29 12:00:00.1234567891", "is no TIMESTAMP_NS"), ("2300-01-01 00:00:00", "can't be held by TIMESTAMP_NS")],
            "TIME WITH TIME ZONE": [("12:30:00+05:30", None), ("23:59:59.999999-15:59:59", None), ("12:30:00", "is no TIME"), ("12:30:00+16", "is no TIME"), ("12:30:00+05:60", "is no TIME")],
            "TIME_NS": [("12:30:00.000000001", None), ("12:30:00.0000000001", "is no TIME_NS")],
            "BIT": [("10110", None), ("", "no bit strings of 0 bits"), ("102", "is no BIT")],
            "BLOB": [("\\x00ff", None), ("\\x0", "is no BLOB"), ("\\xFF", "is no BLOB"), ("abc", "is no BLOB")],
            "UUID": [("12345678-1234-1234-1234-123456789abc", None), ("12345678-1234-1234-1234-123456789ABC", "would come back as"), ("x", "is no UUID")],
            "ENUM('a', 'it''s')": [("a", None), ("it's", None), ("b", "isn't a label"), ("", "isn't a label")],
            "BOOLEAN": [("true", None), ("t", "is no BOOLEAN")],
            "INTERVAL": [("P1Y2M-3DT4H", None), ("1 month", "is no INTERVAL"), ("P30D", None), ("P1M0D", "would come back as P1M"), ("infinity", "no infinite intervals")],
            "DATE": [("2024-02-29", None), ("2023-02-29", "is no DATE"), ("infinity", None)],
        })

    def test_numbers_into_other_types_of_numbers(self):
        """`to:` may name a type that holds the values: exactly those are taken."""
        numbers = {"r": [12.5, 0.001, 1e300, 1e-05, None, 123456.0, -0.0], "w": [1, 9007199254740993, -1, 0, None, 16777217, -(2**63)]}
        cases = (("r", "DECIMAL(9,2)", ["12.50", None, "123456.00"]), ("r", "DECIMAL(18,5)", ["12.50000", "0.00100", "0.00001", None, "123456.00000"]), ("r", "INTEGER", [None, "123456"]),
                 ("r", "FLOAT", ["12.5", None, "123456.0", "-0.0"]), ("w", "DOUBLE", ["1.0", "-1.0", "0.0", None, "16777217.0", "-9.223372036854776e+18"]), ("w", "FLOAT", ["1.0", "-1.0", "0.0", None, "-9.223372e+18"]),
                 ("w", "UTINYINT", ["1", "0", None]), ("w", "DECIMAL(20,1)", ["1.0", "9007199254740993.0", "-1.0", "0.0", None, "16777217.0", "-9223372036854775808.0"]),
                 ("w", "HUGEINT", ["1", "9007199254740993", "-1", "0", None, "16777217", "-9223372036854775808"]))
        source = self.sqlite("numbers.db", "".join(f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, v{' INTEGER' if name == 'w' else ''});" for i, (name, _, _) in enumerate(cases)))
        connection = sqlite3.connect(source)
        for i, (name, _, _) in enumerate(cases):
            connection.executemany(f"INSERT INTO t{i} VALUES (?, ?)", enumerate(numbers[name]))
        connection.commit()
        connection.close()
        plan = self.folder / "ferry.yaml"
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {self.target()}\ntables:\n" + "".join(
            f"  - name: t{i}\n    columns:\n      - {{name: id}}\n      - {{name: v, type: {'f64' if name == 'r' else 'i64'}, to: {json.dumps(native)}}}\n" for i, (name, native, _) in enumerate(cases)))
        self.run_vecferry("copy", "-f", plan, code=3)
        for i, (name, native, shown) in enumerate(cases):
            with self.subTest(name=name, native=native):
                self.assertEqual([row[0] for row in self.rows(self.target(), f"SELECT CAST(v AS VARCHAR) FROM t{i} ORDER BY id")], shown)

    def test_whole_numbers_of_any_size(self):
        """BIGNUM within others, which DuckDB's cast alone used to read: every digit, there and back."""
        big, wide = "123456789012345678901234567890123456789012345678901234567890", "9" * 400
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s STRUCT(a BIGNUM, b INTEGER), l BIGNUM[], m MAP(VARCHAR, BIGNUM), d BIGNUM[][]);"
                             f"INSERT INTO t VALUES (1, {{'a': '{big}'::BIGNUM, 'b': 1}}, ['{wide}'::BIGNUM, NULL, '-5'::BIGNUM], MAP {{'k': '-{big}'::BIGNUM}}, [['0'::BIGNUM], []]),"
                             " (2, NULL, [], NULL, NULL), (3, {'a': NULL, 'b': NULL}, NULL, MAP {'': '-1'::BIGNUM, 'x': NULL}, [NULL])")
        middle, target = self.sqlite("middle.db"), self.target()
        self.copy(source, middle)
        self.copy(middle, target)
        self.run_vecferry("verify", source, target)
        look = "SELECT id, s::VARCHAR, l::VARCHAR, m::VARCHAR, d::VARCHAR, typeof(s), typeof(l), typeof(m), typeof(d) FROM t ORDER BY id"
        self.assertEqual(self.rows(target, look), self.rows(source, look))
        self.assertIn(f"'a': {big}", self.rows(target, look)[0][1])

    def test_what_only_a_cast_reads(self):
        """VARIANT and GEOMETRY: exact as columns of their own, but for the type within a VARIANT; within others they aren't read, and the plan says so before a row is rejected."""
        path, plan, target = self.folder / "source.duckdb", self.folder / "ferry.yaml", self.sqlite("target.db")
        connection = duckdb.connect(str(path), config={"storage_compatibility_version": "latest"})
        connection.execute("CREATE TABLE whole (id INTEGER PRIMARY KEY, v VARIANT, g GEOMETRY); INSERT INTO whole VALUES (1, 5::VARIANT, 'POINT (1 2.5)'::GEOMETRY), (2, {'a': 'x'}::VARIANT, NULL)")
        connection.execute("CREATE TABLE within (id INTEGER PRIMARY KEY, s STRUCT(v VARIANT), l GEOMETRY[], \"STRUCT(VARIANT)\" VARCHAR[])")
        connection.execute("INSERT INTO within VALUES (1, {'v': 5::VARIANT}, NULL, ['a']), (2, NULL, ['POINT (1 2)'::GEOMETRY], NULL), (3, NULL, NULL, ['VARIANT'])")
        connection.close()
        self.run_vecferry("plan", f"duckdb:{path}", target, "-o", plan)
        text = plan.read_text()
        self.assertIn("which type a value has within the VARIANT isn't kept", text)
        for column, native in (("s", "STRUCT(v VARIANT)"), ("l", "GEOMETRY[]")):
            self.assertRegex(text, rf"within\.{column}\b.*1 of 1 values aren't of type.*their rows will be rejected; found: {re.escape(native)}: VARIANT and GEOMETRY are read as columns")
        self.run_vecferry("copy", "-f", plan, code=3)
        self.assertEqual([json.loads(row[1])["id"] for row in self.rejects(target)], [1, 2])
        connection = sqlite3.connect(target)
        self.assertEqual(connection.execute("SELECT v, g FROM whole ORDER BY id").fetchall(), [("5", "POINT (1 2.5)"), ("{'a': x}", None)])
        self.assertEqual(connection.execute("SELECT id FROM within").fetchall(), [(3,)])
        connection.close()

    def test_many_rows(self):
        """More than a chunk of DuckDB's, with lists that grow while they are filled, and rejects in between."""
        source = self.duckdb("CREATE TABLE t AS SELECT i::INTEGER AS id, CASE WHEN i % 7 <> 0 THEN {'a': [{'b': repeat('x', (i % 40)::INTEGER), 'c': i}, NULL], 'm': MAP {i: [i, NULL]}} END AS v,"
                             " CASE WHEN i % 5 <> 0 THEN [[i::FLOAT, NULL], NULL, []]::FLOAT[][] END AS l FROM range(9000) r(i)")
        middle = self.sqlite("middle.db")
        self.copy(source, middle)
        connection = sqlite3.connect(middle)
        connection.execute("UPDATE t SET v = replace(v, '\"c\"', '\"d\"') WHERE id % 100 = 3")
        connection.commit()
        connection.close()
        result = self.run_vecferry("copy", "--json", middle, self.target(), code=3).json()
        self.assertEqual(result["rejected"], sum(1 for i in range(9000) if i % 100 == 3 and i % 7))
        for shown in ("id, v, l", "id, CAST(v AS VARCHAR), CAST(l AS VARCHAR)"):
            query = f"SELECT {shown} FROM t WHERE id % 100 <> 3 OR id % 7 = 0 ORDER BY id"
            self.assertEqual(self.rows(self.target(), query), self.rows(source, query))

    def test_empty_lists_by_default(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR[] DEFAULT [], b INTEGER[] DEFAULT '[]', c VARCHAR[] DEFAULT ['x'])")
        there, target = self.postgres(), self.target()
        for url in (there, target):
            summary = self.copy(source, url)
            self.assertEqual([(entry["kind"], entry["name"]) for entry in summary["not_moved"]], [("default", "c")])
        with psycopg.connect(there) as connection:
            self.assertEqual(connection.execute("INSERT INTO t (id) VALUES (1) RETURNING a, b, c").fetchone(), ([], [], None))
        with duckdb.connect(target.removeprefix("duckdb:")) as connection:
            self.assertEqual(connection.execute("INSERT INTO t (id) VALUES (1) RETURNING a, b, c").fetchone(), ([], [], None))


class Remembered(DuckCase):
    """What PostgreSQL declares wider comes home as it was; a value that was changed there and isn't of the old type any more is rejected by name."""

    SOURCE = ("CREATE TABLE t (id INTEGER PRIMARY KEY, i TINYINT DEFAULT 7, e ENUM('a', 'b') DEFAULT 'b', b BIT, s STRUCT(x INTEGER), h HUGEINT);"
              "INSERT INTO t SELECT i, i - 128, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, ['1', '01'][i % 2 + 1]::BIT, {'x': i}, i::HUGEINT << 70 FROM range(10) r(i)")

    def there(self):
        source, middle = self.duckdb(self.SOURCE), self.postgres()
        self.copy(source, middle)
        return source, middle

    def declarations(self, path):
        """Names, types and what the defaults give."""
        connection = duckdb.connect(path.removeprefix("duckdb:"), read_only=True)
        found = connection.execute("SELECT column_name, data_type, column_default FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index").fetchall()
        found = [(name, native, default_value(connection, text)) for name, native, text in found]
        connection.close()
        return found

    def test_values_that_were_changed_on_the_way(self):
        source, middle = self.there()
        self.connect(middle).execute("UPDATE t SET i = 300 WHERE id = 1; UPDATE t SET e = 'c' WHERE id = 2; UPDATE t SET b = '12' WHERE id = 3; UPDATE t SET s = '{\"x\": 4}' WHERE id = 4; UPDATE t SET s = 'null' WHERE id = 5;"
                                     "UPDATE t SET h = 1.5 WHERE id = 6; UPDATE t SET i = 5, e = 'b', b = '111', s = '{\"x\":null}', h = -1 WHERE id = 7")
        self.run_vecferry("copy", middle, self.target(), code=3)
        self.assertEqual(self.declarations(self.target()), self.declarations(source))
        rejects = {(json.loads(key)["id"], column): reason for key, column, reason in self.rows(self.target(), "SELECT \"key\", column_name, reason FROM vecferry_rejects")}
        for (key, column), reason in {(1, "i"): "300 is out of the range of i8", (2, "e"): '"c" isn\'t a label', (3, "b"): '"12" is no BIT', (4, "s"): 'would come back as {"x":4}', (5, "s"): "missing value",
                                      (6, "h"): '"1.5" is no HUGEINT'}.items():
            self.assertIn(reason, rejects.pop((key, column)))
        self.assertEqual(rejects, {})
        self.assertEqual(self.rows(self.target(), "SELECT * FROM t ORDER BY id"), self.rows(source, "SELECT * FROM t WHERE id NOT IN (1, 2, 3, 4, 5, 6, 7) UNION ALL SELECT 7, 5, 'b', '111', {'x': NULL}, -1 ORDER BY id"))

    def test_the_plan_can_keep_the_wider_type(self):
        source, middle = self.there()
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", middle, self.target(), "-o", plan)
        self.assertIn("{name: i, from: smallint, type: i8, to: TINYINT}", re.sub(" +", " ", plan.read_text()))
        self.copy("-f", plan)
        self.assertEqual(self.declarations(self.target()), self.declarations(source))
        self.connect(middle).execute("UPDATE t SET i = 300 WHERE id = 1")
        plan.write_text(plan.read_text().replace("type: i8,", "type: i16,").replace("to: TINYINT", "to: SMALLINT").replace("target.duckdb", "wider.duckdb"))
        self.copy("-f", plan)
        self.assertEqual(self.rows(self.target("wider.duckdb"), "SELECT i, typeof(i) FROM t WHERE id = 1"), [(300, "SMALLINT")])

    def test_a_column_that_was_declared_anew_is_what_it_says(self):
        _, middle = self.there()
        self.connect(middle).execute("ALTER TABLE t ALTER i TYPE integer, ALTER e TYPE varchar(5)")
        self.copy(middle, self.target())
        self.assertEqual([row[1] for row in self.declarations(self.target())][1:3], ["INTEGER", "VARCHAR"])


class Enums(DuckCase):
    """An enum with a name keeps it, and its labels their order; DuckDB's catalogue has only the labels of a column."""

    def test_from_postgres_and_back(self):
        source = self.postgres("CREATE TYPE mood AS ENUM ('sad', 'it''s \"odd\"', '', 'ok'); CREATE SCHEMA app; CREATE TYPE app.size AS ENUM ('L', 'S'); CREATE TYPE unused AS ENUM ('x'); CREATE DOMAIN nice AS mood;"
                               "CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok', s app.size NOT NULL, ms mood[], n nice); CREATE TABLE app.keyed (s app.size PRIMARY KEY, m mood UNIQUE);"
                               "INSERT INTO t VALUES (1, '', 'S', '{sad,NULL}', 'ok'), (2, NULL, 'L', NULL, NULL), (3, 'it''s \"odd\"', 'L', '{}', 'sad'); INSERT INTO app.keyed VALUES ('S', 'ok'), ('L', NULL)")
        middle, back = self.target(), self.postgres()
        summary = self.copy(source, middle)
        self.assertEqual([(item["kind"], item["name"]) for item in summary["not_moved"]], [("domain", "nice")])
        self.assertEqual(self.rows(middle, "SELECT schema_name, type_name, labels FROM duckdb_types() WHERE NOT internal ORDER BY 1, 2"),
                         [("app", "size", ["L", "S"]), ("main", "mood", ["sad", "it's \"odd\"", "", "ok"]), ("main", "unused", ["x"])])
        self.assertEqual(self.rows(middle, "SELECT data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index"),
                         [("INTEGER",), ("ENUM('sad', 'it''s \"odd\"', '', 'ok')",), ("ENUM('L', 'S')",), ("JSON",), ("ENUM('sad', 'it''s \"odd\"', '', 'ok')",)])
        self.assertEqual(self.rows(middle, "SELECT m FROM t ORDER BY m"), [("it's \"odd\"",), ("",), (None,)])
        again = self.copy(middle, back)
        self.assertEqual(again["not_moved"], [])
        self.assert_same_postgres(source, back)
        self.assertEqual(self.types(back), self.types(source))

    def types(self, url):
        return self.connect(url).execute("SELECT n.nspname, t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid"
                                         " JOIN pg_namespace n ON n.oid = t.typnamespace GROUP BY 1, 2 ORDER BY 1, 2").fetchall()

    def test_to_postgres_and_back(self):
        """One without a name is a text there, and two names of the same labels are one type to DuckDB; both come home as they were."""
        source = self.duckdb("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE SCHEMA app; CREATE TYPE app.feeling AS ENUM ('sad', 'ok'); CREATE TYPE whole AS INTEGER;"
                             "CREATE TABLE t (id INTEGER PRIMARY KEY, m mood DEFAULT 'ok', a ENUM('x', 'y'), w whole); CREATE TABLE app.t (f app.feeling PRIMARY KEY, d ENUM('sad', 'ok'), o ENUM('ok', 'sad'));"
                             "INSERT INTO t VALUES (1, 'sad', 'y', 5), (2, NULL, NULL, NULL); INSERT INTO app.t VALUES ('ok', 'sad', 'ok')")
        middle = self.postgres()
        summary = self.copy(source, middle)
        self.assertEqual([(item["kind"], item["name"].split(".")[-1]) for item in summary["not_moved"]], [("type", "whole")])
        self.assertEqual(self.types(middle), [("app", "feeling", ["sad", "ok"]), ("public", "mood", ["sad", "ok"])])
        self.assertEqual(self.connect(middle).execute("SELECT table_schema, column_name, udt_schema, udt_name FROM information_schema.columns WHERE table_name = 't' ORDER BY 1, ordinal_position").fetchall(),
                         [("app", "f", "app", "feeling"), ("app", "d", "app", "feeling"), ("app", "o", "pg_catalog", "text"),
                          ("public", "id", "pg_catalog", "int4"), ("public", "m", "public", "mood"), ("public", "a", "pg_catalog", "text"), ("public", "w", "pg_catalog", "int4")])
        self.copy(middle, self.target())
        for query in ("SELECT schema_name, type_name, labels FROM duckdb_types() WHERE NOT internal AND type_name <> 'whole' ORDER BY 1, 2", "SELECT * FROM t ORDER BY id", "SELECT * FROM app.t",
                      "SELECT schema_name, column_name, data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY 1, column_index"):
            self.assertEqual(self.rows(self.target(), query), self.rows(source, query))

    def test_labels_that_postgres_cant_have(self):
        """It takes 63 bytes of a name and of a label: the column is a text there, and the type is named."""
        source = self.duckdb(f"CREATE TYPE wordy AS ENUM ('{'x' * 64}', 'y'); CREATE TABLE t (id INTEGER PRIMARY KEY, v wordy); INSERT INTO t VALUES (1, 'y'), (2, '{'x' * 64}')")
        middle = self.postgres()
        summary = self.copy(source, middle)
        self.assertEqual([item["kind"] for item in summary["not_moved"]], ["enum type"])
        self.assertIn("longer than the target takes", summary["not_moved"][0]["why"])
        self.copy(middle, self.target())
        self.assertEqual(self.rows(self.target(), "SELECT id, v, typeof(v) FROM t ORDER BY id"), self.rows(source, "SELECT id, v, typeof(v) FROM t ORDER BY id"))

    def test_names_that_are_taken(self):
        source = self.duckdb("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE mood (id INTEGER, m mood)")
        self.assertIn('the table and the type "mood" would have the same name', self.run_vecferry("copy", source, self.postgres(), code=2).stderr)
        other = self.postgres("CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TABLE t (m mood)")
        target = self.duckdb("CREATE TYPE mood AS ENUM ('sad', 'ok')", name="target.duckdb")
        self.assertIn('there is a type "mood" already, and it is another one', self.run_vecferry("copy", other, target, code=9).stderr)
        self.assertEqual(self.rows(target, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 't'"), [(0,)])

    def test_a_name_that_duckdb_has_itself(self):
        source, middle, back = self.postgres("CREATE TYPE long AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, l long); INSERT INTO t VALUES (1, 'b')"), self.target(), self.postgres()
        self.assertIn("the enum isn't made under its name, which is one of DuckDB's own types", self.run_vecferry("plan", source, middle, "-o", self.folder / "ferry.yaml").stderr)
        self.copy(source, middle)
        self.assertEqual(self.rows(middle, "SELECT l, typeof(l) FROM t"), [("b", "ENUM('a', 'b')")])
        self.copy(middle, back)
        self.assertEqual(self.types(back), self.types(source))
        self.assert_same_postgres(source, back)

    def test_through_sqlite(self):
        source, middle = self.postgres("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood); INSERT INTO t VALUES (1, 'ok')"), self.sqlite("middle.db")
        self.copy(source, middle)
        self.copy(middle, self.target())
        self.assertEqual(self.rows(self.target(), "SELECT m, typeof(m) FROM t"), [("ok", "ENUM('sad', 'ok')")])
        self.assertEqual(self.rows(self.target(), "SELECT type_name FROM duckdb_types() WHERE NOT internal"), [("mood",)])
