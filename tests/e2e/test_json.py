"""JSON: json keeps a text byte for byte, jsonb what it means; digests compare what is kept, and the server itself is asked what that is."""

import random
import re
import sqlite3

import psycopg

from e2e import Case

# Texts that jsonb takes; what it makes of them is asked of the server.
TEXTS = ["{}", "[]", '{"b":1,"a":2}', ' { "bb" : [ 1 , 2 ] , "a" : { "z" : null , "y" : true } } ', '{"é":1,"zz":2,"z":3,"":4}', '["\\u00e9\\/\\b\\f\\n\\r\\t\\u001f\\u007f\\"\\\\"]',
         '["\\ud83d\\ude00"]', "[1.50, -0, -0.00, 1e3, 12.5e1, 1.5e-3, 1E-7, 0e5, 0.00e1, 123.456e2, 0.001e1, 12345678901234567890.12345678901234567890]",
         '[1e400, 1e-400, 1E+2, 100e-2, 1.000e2, 1.0e3]', '{"A":1,"a":2,"B":3,"aB":4,"Ab":5}', "[[[[[]]]]]", '[{"k":[{"y":1,"x":2}]}]']
REFUSED = {'{"a":1,"b":2,"a":3}': "twice", '["\\u0000"]': "U\\+0000", '["\\ud800"]': "surrogate", "[1e200000]": "numeric", '{"a":': "JSON|end|value"}


def random_texts(number):
    dice = random.Random(1)

    def value(depth):
        kind = dice.randrange(7 if depth < 4 else 4)
        if kind == 0:
            return dice.choice(["true", "false", "null"])
        if kind == 1:
            digits = dice.choice(["", "-"]) + str(dice.randrange(10 ** dice.randrange(1, 20)))
            return digits + dice.choice(["", ".0", ".50", f".{dice.randrange(10**9):09}"]) + dice.choice(["", "", f"e{dice.randrange(-30, 30)}", f"E+{dice.randrange(9)}"])
        if kind in (2, 3):
            return '"' + "".join(dice.choice(["a", "é", "\\n", "\\u0041", "\\\"", "/", "日", "\\u001b"]) for _ in range(dice.randrange(6))) + '"'
        blank = dice.choice(["", " ", "\n\t"])
        if kind == 4:
            return "[" + f",{blank}".join(value(depth + 1) for _ in range(dice.randrange(5))) + "]"
        names = dice.sample(["a", "b", "aa", "é", "\\u0042", "", "name", "Name", "x y", "\\\\"], dice.randrange(6))
        return "{" + f"{blank},".join(f'"{name}"{blank}:{value(depth + 1)}' for name in names) + "}"

    return [dice.choice(["[%s]", '{"v": %s}']) % value(0) for _ in range(number)]


class Json(Case):
    def source(self, texts):
        path = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);")
        with sqlite3.connect(path) as connection:
            connection.executemany("INSERT INTO docs VALUES (?, ?)", enumerate(texts))
        connection.close()
        return path

    def plan(self, source, target, pattern, replacement):
        path = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", path, source, target)
        text, n = re.subn(pattern, replacement, path.read_text())
        self.assertEqual(n, 1, text)
        path.write_text(text)
        return path

    def test_json_keeps_bytes(self):
        source, target = self.source(TEXTS), self.postgres()
        self.copy(source, target)
        with psycopg.connect(target) as connection:
            self.assertEqual([row[0] for row in connection.execute("SELECT body::text FROM docs ORDER BY id")], TEXTS)
            self.assertEqual(connection.execute("SELECT pg_typeof(body)::text FROM docs LIMIT 1").fetchone()[0], "json")

    def test_jsonb_keeps_meaning(self):
        """Both ways of saying it: only `to`, and `type` alone."""
        texts = TEXTS + random_texts(400)
        for pattern, replacement in ((r"type: json, read: text, to: json", "type: json, read: text, to: jsonb"), (r"type: json, read: text, to: json", "type: jsonb, read: text")):
            source, target = self.source(texts), self.postgres()
            plan = self.plan(source, target, pattern, replacement)
            self.copy("-f", plan, source, target)
            self.run_vecferry("verify", "-f", plan, source, target)
            with psycopg.connect(target) as connection:
                self.assertEqual(connection.execute("SELECT pg_typeof(body)::text FROM docs LIMIT 1").fetchone()[0], "jsonb")
                stored = [row[0] for row in connection.execute("SELECT body::text FROM docs ORDER BY id")]
                asked = [connection.execute("SELECT %s::jsonb::text", (text,)).fetchone()[0] for text in texts]
            self.assertEqual(stored, asked)
            (self.folder / "source.db").unlink()

    def test_refused(self):
        texts = ['{"good": 1}'] * 40 + list(REFUSED)
        source, target = self.source(texts), self.postgres()
        plan = self.plan(source, target, r"body, +from: TEXT,.*?}", "body, type: jsonb, read: text}")
        self.run_vecferry("copy", "-f", plan, source, target, code=3)
        with psycopg.connect(target) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM docs").fetchone()[0], 40)
            rejects = connection.execute("SELECT key, column_name, reason, original FROM vecferry_rejects ORDER BY key::json->>'id'").fetchall()
        self.assertEqual([bytes(row[3]).decode() for row in rejects], list(REFUSED))
        for (key, column, reason, _), wanted in zip(rejects, REFUSED.values()):
            self.assertEqual(column, "body", key)
            self.assertRegex(reason, f"jsonb can hold.*({wanted}).*byte [0-9]+")
        self.assertIn("digest equal, 5 rejected", self.run_vecferry("verify", "-f", plan, source, target, code=3).stdout)

    def test_difference_is_found(self):
        """Another meaning in the target is named; another writing in the source isn't a difference."""
        source, target = self.source(TEXTS), self.postgres()
        plan = self.plan(source, target, r"type: json, read: text, to: json", "type: jsonb, read: text")
        self.copy("-f", plan, source, target)
        with sqlite3.connect(source) as connection:
            connection.execute("UPDATE docs SET body = '{\"a\" : 2.0e0,\n\"b\":1}' WHERE id = 2")
        with psycopg.connect(target) as connection:
            connection.execute("UPDATE docs SET body = '{\"a\": 2.0, \"b\": 1}' WHERE id = 2")
        self.run_vecferry("verify", "-f", plan, source, target)
        with psycopg.connect(target) as connection:
            connection.execute("UPDATE docs SET body = '{\"a\": 2, \"b\": 1}' WHERE id = 2")  # 2 and 2.0 differ in their scale
        result = self.run_vecferry("verify", "-f", plan, source, target, code=3)
        self.assertIn('{"id": 2}', result.stdout)

    def test_there_and_back(self):
        """jsonb through SQLite, where an application writes it its own way meanwhile."""
        source = self.postgres("CREATE TABLE docs (id int PRIMARY KEY, body jsonb, exact json)")
        with psycopg.connect(source) as connection:
            for number, text in enumerate(TEXTS):
                connection.execute("INSERT INTO docs VALUES (%s, %s, %s)", (number, text, text))
        middle, target = str(self.folder / "middle.db"), self.postgres()
        self.copy(source, middle)
        with sqlite3.connect(middle) as connection:
            connection.execute("UPDATE docs SET body = '{\"b\":1,\"a\":[1,2]}' WHERE id = 0")
        connection.close()
        self.copy(middle, target)
        with psycopg.connect(source) as connection:
            connection.execute("UPDATE docs SET body = '{\"b\":1,\"a\":[1,2]}' WHERE id = 0")
        self.assert_same_postgres(source, target)


if __name__ == "__main__":
    import unittest

    unittest.main()
