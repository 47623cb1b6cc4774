"""DuckDB's types as a target's: every value arrives as it was, or is rejected with the reason.

The files are read and made by DuckDB's own Python package, which shares no code with vecferry but the library below it.
"""

import json
import re
import sqlite3
import struct

import duckdb

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


class Traps(DuckCase):
    """What DuckDB's interface does to values that nobody looks after: each by its name, with the real library."""

    def test_text_that_is_no_utf8(self):
        """DuckDB makes NULL of it without a word: here the row is rejected. U+0000 is a character as others are."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, b BLOB); INSERT INTO t VALUES (1, CAST(x'61ff62' AS TEXT), x'ff'), (2, CAST(x'eda080' AS TEXT), NULL), (3, CAST(x'610062' AS TEXT), x'00'), (4, '', x'')")
        self.run_vecferry("copy", source, self.target(), code=3)
        self.assertEqual(self.rows(self.target(), "SELECT * FROM t ORDER BY id"), [(3, "a\0b", b"\0"), (4, "", b"")])
        self.assertEqual(self.rows(self.target(), "SELECT \"key\", column_name FROM vecferry_rejects ORDER BY 1"), [('{"id": 1}', "s"), ('{"id": 2}', "s")])
        self.assertTrue(all("UTF-8" in reason for (reason,) in self.rows(self.target(), "SELECT reason FROM vecferry_rejects")))

    def test_null_within_and_null_itself(self):
        """A NULL element is no missing row, an empty list neither, and a vector has no NULL elements at all."""
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, l INTEGER[], a VARCHAR[2], v FLOAT[2], d DOUBLE[]);"
                             "INSERT INTO t VALUES (1, [NULL], [NULL, NULL], [1, 2], [NULL]), (2, [], ['', NULL], [0, 0], []), (3, NULL, NULL, NULL, NULL), (4, [1], ['NULL', 'null'], [NULL, 2], [1])")
        middle = self.sqlite("middle.db")
        self.run_vecferry("copy", source, middle, code=3)
        self.assertEqual([(key, column) for _, key, column, _ in self.rejects(middle)], [('{"id": 4}', "v")])
        self.copy(middle, self.target())
        query = "SELECT * FROM t WHERE id < 4 ORDER BY id"
        self.assertEqual(self.rows(self.target(), query), self.rows(source, query))
        self.assertEqual(self.rows(self.target(), query)[0], (1, [None], (None, None), (1.0, 2.0), [None]))

    def test_decimals_of_38_digits_and_hugeint(self):
        script = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a DECIMAL(38, 0), b DECIMAL(38, 38), c DECIMAL(4, 1), d DECIMAL(9, 3), e DECIMAL(18, 0), h HUGEINT, u UHUGEINT, n BIGNUM);"
                  "INSERT INTO t VALUES (1, 99999999999999999999999999999999999999, 0.99999999999999999999999999999999999999, 999.9, 999999.999, 999999999999999999, 170141183460469231731687303715884105727,"
                  " 340282366920938463463374607431768211455, '123456789012345678901234567890123456789012345678901234567890'::BIGNUM), (2, -99999999999999999999999999999999999999, -0.00000000000000000000000000000000000001,"
                  " -999.9, -0.001, -1, -170141183460469231731687303715884105728, 0, '-123456789012345678901234567890123456789012345678901234567890'::BIGNUM), (3, 0, 0, 0, 0, 0, -1, 1, 0::BIGNUM)")
        source, middle = self.duckdb(script), self.postgres()
        self.copy(source, middle)
        self.copy(middle, self.target())
        for query in ("SELECT * EXCLUDE n, n::VARCHAR FROM t ORDER BY id", "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index"):
            self.assertEqual(self.rows(self.target(), query), self.rows(source, query))
        self.assertEqual(self.connect(middle).execute("SELECT a::text, b::text, h::text, n::text FROM t WHERE id = 2").fetchone(),
                         ("-" + "9" * 38, "-0." + "0" * 37 + "1", str(-2**127), "-123456789012345678901234567890123456789012345678901234567890"))

    def test_intervals_keep_months_days_and_time_apart(self):
        source, middle = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, i INTERVAL); INSERT INTO t VALUES (1, INTERVAL '1 month'), (2, INTERVAL '30 days'), (3, INTERVAL '720 hours'), (4, INTERVAL '-1 month 30 days -1 microsecond'),"
                                     "(5, INTERVAL '2147483647 months -2147483648 days'), (6, INTERVAL '9223372036854775807 microseconds')"), self.postgres()
        self.copy(source, middle)
        self.assertEqual(self.connect(middle).execute("SELECT i::text FROM t WHERE id < 4 ORDER BY id").fetchall(), [("1 mon",), ("30 days",), ("720:00:00",)])
        self.copy(middle, self.target())
        query = "SELECT id, datepart(['year', 'month', 'day', 'microsecond'], i), i::VARCHAR FROM t ORDER BY id"
        self.assertEqual(self.rows(self.target(), query), self.rows(source, query))

    def test_timestamps_of_every_unit(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, s TIMESTAMP_S, ms TIMESTAMP_MS, us TIMESTAMP, ns TIMESTAMP_NS); INSERT INTO t VALUES (1, '2024-02-29 12:00:00', '2024-02-29 12:00:00.123', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00.123456'),"
                             "(2, 'infinity', '-infinity', 'infinity', '-infinity'), (3, '1900-01-01 00:00:01', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999'), (4, NULL, NULL, NULL, NULL)")
        for name, middle in (("postgres", self.postgres()), ("sqlite", self.sqlite("middle.db"))):
            self.copy(source, middle)
            self.copy(middle, self.target(f"{name}.duckdb"))
            for query in ("SELECT id, s::VARCHAR, ms::VARCHAR, us::VARCHAR, ns::VARCHAR FROM t ORDER BY id", "SELECT data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index"):
                self.assertEqual(self.rows(self.target(f"{name}.duckdb"), query), self.rows(source, query))

    def test_time_zone_is_utc_wherever_it_runs(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, tz timestamptz, ts timestamp); INSERT INTO t VALUES (1, '2024-03-31 02:30:00+01', '2024-03-31 02:30:00'), (2, '2024-10-27 00:30:00+00', '2024-10-27 02:30:00'),"
                               "(3, 'infinity', '-infinity'), (4, '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00 BC')")
        back = self.postgres()
        for zone in ("America/St_Johns", "Asia/Kathmandu"):
            environment = {"TZ": zone, "PGTZ": zone}
            self.run_vecferry("copy", "--drop-existing", "--yes", source, self.target(), environment=environment)
            self.run_vecferry("copy", "--drop-existing", "--yes", self.target(), back, environment=environment)
            self.assertEqual(self.rows(self.target(), "SELECT epoch_us(tz), epoch_us(ts) FROM t WHERE id <> 3 ORDER BY id"), [(1711848600000000, 1711852200000000), (1729989000000000, 1729996200000000), (-63517867200000000,) * 2])
            for table in ("SELECT id, extract(epoch FROM tz)::text, ts::text FROM t ORDER BY id",):
                self.assertEqual(self.connect(back).execute(table).fetchall(), self.connect(source).execute(table).fetchall())

    def test_bits_and_blobs(self):
        source = self.duckdb("CREATE TABLE t (id INTEGER PRIMARY KEY, bits BIT, same BIT, b BLOB); INSERT INTO t VALUES (1, '1', '101', '\\x00\\xFF\\x5C\\x78'::BLOB), (2, '0000000000', '000', ''::BLOB), (3, NULL, NULL, NULL), (4, '11111111', '111', '\\x5C'::BLOB)")
        middle, plain = self.postgres(), self.sqlite("middle.db")
        self.copy(source, middle)
        self.assertEqual(self.connect(middle).execute("SELECT bits::text, same::text, encode(b, 'hex') FROM t ORDER BY id").fetchall(), [("1", "101", "00ff5c78"), ("0" * 10, "000", ""), (None, None, None), ("1" * 8, "111", "5c")])
        self.copy(middle, plain)
        self.copy(plain, self.target("plain.duckdb"))
        self.copy(middle, self.target())
        query = "SELECT id, bits::VARCHAR, same::VARCHAR, b, typeof(bits), typeof(same) FROM t ORDER BY id"
        self.assertEqual(self.rows(self.target(), query), self.rows(source, query))

    def test_bits_of_floats_in_vectors(self):
        """NaN with a payload, either zero, infinities and denormals: float32 and float64 as they were, bit by bit."""
        f32 = [0x00000000, 0x80000000, 0x7FC00000, 0xFFC00001, 0x7FA00123, 0x7F800000, 0xFF800000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF]
        f64 = [0x0000000000000000, 0x8000000000000000, 0x7FF8000000000000, 0xFFF8000000000001, 0x7FF4000000000123, 0x7FF0000000000000, 0xFFF0000000000000, 0x0000000000000001, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF]
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, f BLOB, d BLOB)")
        connection = sqlite3.connect(source)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i, struct.pack("<10I", *f32[i:], *f32[:i]), struct.pack("<10Q", *f64[i:], *f64[:i])) for i in range(10)])
        connection.commit()
        connection.close()
        plan = self.folder / "ferry.yaml"
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {self.target()}\ntables:\n  - name: t\n    columns:\n      - {{name: id}}\n      - {{name: f, type: \"vector(f32,10)\", read: bytes, to: \"FLOAT[10]\"}}\n"
                        "      - {name: d, type: \"vector(f64,10)\", read: bytes, to: \"DOUBLE[10]\"}\n")
        self.copy("-f", plan)
        self.assertEqual(self.rows(self.target(), "SELECT DISTINCT typeof(f), typeof(d), len(list_filter(f::FLOAT[], lambda x: isnan(x))), len(list_filter(d::DOUBLE[], lambda x: isnan(x))) FROM t"), [("FLOAT[10]", "DOUBLE[10]", 3, 3)])
        found = self.rows(self.target(), "SELECT f, d FROM t ORDER BY id")  # Python makes quiet NaNs of the others
        for i, (f, d) in enumerate(found):
            self.assertEqual([struct.pack("<f", x) for x in f if x == x], [struct.pack("<I", x) for x in [*f32[i:], *f32[:i]] if x & 0x7FFFFFFF <= 0x7F800000])
            self.assertEqual([struct.pack("<d", x) for x in d if x == x], [struct.pack("<Q", x) for x in [*f64[i:], *f64[:i]] if x & (1 << 63) - 1 <= 0x7FF << 52])
        back = self.sqlite("back.db")
        self.copy(self.target(), back)
        for path in (source, back):
            connection = sqlite3.connect(path)
            rows = connection.execute("SELECT id, hex(f), hex(d) FROM t ORDER BY id").fetchall()
            connection.close()
            if path == source:
                wanted = rows
        self.assertEqual(rows, wanted)
