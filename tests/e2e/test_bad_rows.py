"""Rows that the target can't hold are set aside with their key, column, reason and bytes; all others arrive, and nothing is lost.

Each case is a table of good rows with a few bad ones among them, moved from SQLite into SQLite and into PostgreSQL.
"""

import json
import os
import re
import sqlite3
import struct

import psycopg

from e2e import Case

N_GOOD = 60
NAN_BITS = struct.pack("<I", 0x7FC00000)


def f32(*numbers):
    return struct.pack(f"<{len(numbers)}f", *numbers)


class Bad(Case):
    def source(self, declared, good, bad, key="INTEGER PRIMARY KEY"):
        """Table docs (id, x): good(i) for the keys 0..., and the bad values behind them, each with a key of its own."""
        path = self.sqlite("source.db", f"CREATE TABLE docs (id {key}, x {declared}, note TEXT); CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO other VALUES (1, 2);")
        with sqlite3.connect(path) as connection:
            connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((i, good(i), f"note {i}") for i in range(N_GOOD)))
            for i, value in enumerate(bad):
                if isinstance(value, bytes) and declared.startswith("TEXT"):  # a text of any bytes
                    connection.execute("INSERT INTO docs VALUES (?, CAST(? AS TEXT), ?)", (1000 + i, value, "bad"))
                else:
                    connection.execute("INSERT INTO docs VALUES (?, ?, ?)", (1000 + i, value, "bad"))
        connection.close()
        return path

    def plan(self, source, target, *edits):
        """A plan file with some texts exchanged; the path."""
        path = str(self.folder / "ferry.yaml")
        self.run_vecferry("plan", "--accept-losses", "-o", path, source, target)
        text = open(path).read()
        for old, new in edits:
            self.assertRegex(text, old)
            text = re.sub(old, new, text, count=1)
        open(path, "w").write(text)
        return path

    def query(self, target, sql):
        if target.startswith("postgres"):
            with psycopg.connect(target, autocommit=True) as connection:
                return connection.execute(sql).fetchall()
        connection = sqlite3.connect(target)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def rejects(self, target):
        rows = self.query(target, "SELECT table_name, key, column_name, reason, original FROM vecferry_rejects ORDER BY table_name, key, chunk, number")
        return [(t.split(".")[-1], json.loads(k) if k else k, c, r, bytes(o) if o is not None else None) for t, k, c, r, o in rows]

    def check(self, source, target, wanted, edits=(), code=3):
        """Copy; `wanted`: for each bad row its key, a pattern of the reason, and its bytes."""
        arguments = ["-f", self.plan(source, target, *edits)] if edits else [source, target]
        result = self.run_vecferry("copy", "--json", *arguments, code=code)
        summary = result.json()
        self.assertEqual((summary["type"], summary["exit_code"], summary["rejected"]), ("summary", code, len(wanted)))
        self.assertIn(f"{len(wanted)} row", result.stderr)
        self.assertIn("vecferry_rejects", result.stderr)
        found = self.rejects(target)
        self.assertEqual([(t, k, c) for t, k, c, _, _ in found], [("docs", {"id": key}, "x") for key, _, _ in wanted])
        for (_, key, _, reason, original), (_, pattern, bytes_) in zip(found, wanted):
            self.assertRegex(reason, pattern, key)
            self.assertEqual(original, bytes_, (key, reason))
        bad_keys = {key for key, _, _ in wanted}
        keys = {row[0] for row in self.query(source, "SELECT id FROM docs")}
        self.assertEqual({row[0] for row in self.query(target, "SELECT id FROM docs")}, keys - bad_keys, "no other row may be missing")
        self.assertEqual(self.query(target, "SELECT id, n FROM other"), [(1, 2)])
        docs = [table for table in summary["tables"] if table["name"].endswith("docs")][0]
        self.assertEqual((docs["rows"], docs["rejected"], docs["equal"]), (len(keys) - len(bad_keys), len(wanted), True))
        again = self.run_vecferry("verify", "--json", *arguments, code=3).json()
        self.assertEqual((again["n_differences"], again["rejected"]), (0, len(wanted)))
        return summary

    def strict(self, source, target, wanted, edits=()):
        """--strict stops at the first bad row: nothing of its chunk is there."""
        arguments = ["-f", self.plan(source, target, *edits)] if edits else [source, target]
        result = self.run_vecferry("copy", "--strict", "--json", *arguments, code=3)
        last = result.json()
        self.assertEqual((last["type"], last["exit_code"]), ("error", 3))
        self.assertRegex(result.stderr, r'vecferry: .*docs')
        self.assertIn(f'{{"id": {json.dumps(wanted[0][0])}}}', result.stderr)
        self.assertIn('column "x"', result.stderr)
        self.assertRegex(result.stderr, wanted[0][1])
        self.assertIn("--strict", last["hint"])
        self.assertEqual(self.query(target, "SELECT count(*) FROM docs"), [(0,)])
        self.assertEqual(self.rejects(target), [])
        self.run_vecferry("copy", "--drop-existing", "--yes", *arguments, code=3)
        self.assertEqual(len(self.rejects(target)), len(wanted))

    def both(self, source, wanted, edits=(), strict=True):
        """The case in each kind of target."""
        for kind in ("sqlite", "postgres"):
            with self.subTest(kind):
                new = lambda: str(self.folder / f"{os.urandom(4).hex()}.db") if kind == "sqlite" else self.postgres()
                self.check(source, new(), wanted, edits)
                if strict:
                    self.strict(source, new(), wanted, edits)

    # ---- numbers ----

    def test_a_word_in_an_integer_column(self):
        source = self.source("INTEGER", lambda i: i, ["word", b"\x00\xff", 1.5, "12x", "", "123456789012345678901234567890"])
        plan = self.run_vecferry("plan", "-o", "-", source, str(self.folder / "none.db")).stdout
        self.assertIn("6 of 66 values aren't of type i64: their rows will be rejected", plan)
        self.both(source, [
            (1000, r'a text \("word"\) where i64 is expected', b"word"),
            (1001, "a blob of 2 bytes where i64", b"\x00\xff"),
            (1002, "a real number \\(1.5\\) where i64", b"1.5"),
            (1003, "a text", b"12x"),
            (1004, "a text", b""),
            (1005, "a real number .*where i64", b"1.2345678901234568e+29"),
        ])

    def test_integers_beyond_the_range(self):
        source = self.source("INTEGER", lambda i: i - 30, [2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, -2**63])
        wanted = [(1000 + i, rf"an integer \({n}\) where i32 is expected", str(n).encode()) for i, n in enumerate([2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, -2**63])]
        target = self.postgres()
        self.check(source, target, wanted, [(r"name: x, +from: INTEGER, type: i64, to: bigint", "name: x, from: INTEGER, type: i32, to: integer")])
        self.assertEqual(self.query(target, "SELECT count(*) FROM docs"), [(N_GOOD,)])
        # Without the user's word they are moved, exactly.
        target = self.postgres()
        self.run_vecferry("copy", source, target)
        self.assertEqual(self.query(target, "SELECT x FROM docs WHERE id >= 1000 ORDER BY id"), [(2**31,), (-2**31 - 1,), (2**53 + 1,), (2**63 - 1,), (-2**63,)])

    def test_numbers_of_thirty_digits(self):
        digits = "123456789012345678901234567890"
        source = self.postgres(f"CREATE TABLE docs (id int PRIMARY KEY, x numeric, y numeric(40, 10)); INSERT INTO docs VALUES (1, {digits}, {digits}.0123456789), (2, -0.{digits}, 1), (3, 'NaN', 0), (4, 1e-400, NULL), (5, 1.500, 2)")
        middle, back = str(self.folder / "middle.db"), self.postgres()
        self.run_vecferry("copy", source, middle)
        self.assertEqual(self.query(middle, "SELECT typeof(x), x FROM docs WHERE id IN (1, 2, 5) ORDER BY id"), [("text", digits), ("text", f"-0.{digits}"), ("text", "1.500")])
        self.run_vecferry("copy", middle, back)
        self.assert_same_postgres(source, back)

    def test_thirty_digits_among_integers_of_sqlite(self):
        """Without affinity SQLite keeps the text: it is no integer of 64 bits, and isn't rounded to one."""
        digits = b"123456789012345678901234567890"
        source = self.source("", lambda i: i, [digits.decode()])
        self.both(source, [(1000, "a text .*where i64", digits)], strict=False)

    def test_a_decimal_in_a_column_of_floats(self):
        source = self.source("REAL", lambda i: i / 7, ["many", b"\x01"])
        self.both(source, [(1000, r'a text \("many"\) where f64', b"many"), (1001, "a blob of 1 bytes where f64", b"\x01")])

    # ---- texts ----

    def test_nul_in_a_text(self):
        source = self.source("TEXT", lambda i: f"text {i}", [b"one\0two", b"\0", b"end\0"])
        target = self.postgres()
        wanted = [(1000, r"U\+0000 in the text, at byte 3", b"one\0two"), (1001, "at byte 0", b"\0"), (1002, "at byte 3", b"end\0")]
        self.check(source, target, wanted)
        self.strict(source, self.postgres(), wanted)
        # SQLite can hold it, whole.
        other = str(self.folder / "other.db")
        self.run_vecferry("copy", source, other)
        self.assertEqual(self.query(other, "SELECT hex(x) FROM docs WHERE id >= 1000 ORDER BY id"), [("6F6E650074776F",), ("00",), ("656E6400",)])

    def test_invalid_utf8(self):
        bad = [b"ab\x80", b"\xc0\xaf", b"x\xed\xa0\x80y", b"\xf4\x90\x80\x80", b"cut \xe2\x82", b"\xff"]
        places = [(2, 0x80), (0, 0xC0), (1, 0xED), (0, 0xF4), (4, 0xE2), (0, 0xFF)]
        source = self.source("TEXT", lambda i: f"gültig {i} 🚢", bad)
        wanted = [(1000 + i, f"invalid UTF-8 at byte {at}: 0x{byte:02x}", text) for i, (text, (at, byte)) in enumerate(zip(bad, places))]
        self.check(source, self.postgres(), wanted)
        self.strict(source, self.postgres(), wanted)
        other = str(self.folder / "other.db")
        self.run_vecferry("copy", source, other, code=None)
        held = {row[0] for row in self.query(other, "SELECT hex(x) FROM docs WHERE id >= 1000")}
        held |= {original.hex().upper() for _, _, _, _, original in self.rejects(other)}
        self.assertEqual(held, {text.hex().upper() for text in bad})

    def test_json_that_jsonb_refuses(self):
        bad = ['{"a": "\\u0000"}', '{"n": 1e999999}', '"\\ud800"', "[" * 100000 + "]" * 100000]
        source = self.source("JSON", lambda i: json.dumps({"i": i, "s": "x"}), bad)
        edits = [(r"type: json, to: json\b", "type: json, to: jsonb"), (r"type: json, read: text, to: json\b", "type: json, read: text, to: jsonb")]
        text = self.run_vecferry("plan", "-o", "-", source, self.postgres()).stdout
        edits = [edit for edit in edits if re.search(edit[0], text)]
        self.assertTrue(edits, text)
        wanted = [(1000 + i, ".", value.encode()) for i, value in enumerate(bad)]
        self.check(source, self.postgres(), wanted, edits)
        self.strict(source, self.postgres(), wanted, edits)

    def test_text_that_is_no_json(self):
        source = self.source("JSON", lambda i: json.dumps({"i": i}), ["{", "{'a': 1}", "[1,]", "nul"])
        wanted = [(1000, ".", b"{"), (1001, ".", b"{'a': 1}"), (1002, ".", b"[1,]"), (1003, ".", b"nul")]
        self.check(source, self.postgres(), wanted)

    # ---- vectors ----

    def test_vectors_of_bytes(self):
        """NaN and infinities are what only pgvector refuses; a wrong dimension and half a number fit nowhere."""
        odd = [f32(1, 2), f32(1, 2, 3, 4), f32(1, 2, 3) + b"\x00", b"", f32(1, 2, 3)[:-1]]
        notfinite = [f32(1, float("inf"), 3), f32(float("-inf"), 2, 3), f32(1, 2) + NAN_BITS]
        source = self.source("BLOB", lambda i: f32(i, -i, 0.5), odd + notfinite[:1])
        wanted = [
            (1000, "a vector of 2 dimensions where 3 dimensions are expected", odd[0]),
            (1001, "a vector of 4 dimensions where 3", odd[1]),
            (1002, "13 bytes where 3 dimensions", odd[2]),
            (1003, "0 (bytes|dimensions) where 3 dimensions", odd[3]),
            (1004, "11 bytes where 3 dimensions", odd[4]),
        ]
        lite = str(self.folder / "lite.db")
        self.check(source, lite, wanted)
        self.assertEqual(self.query(lite, "SELECT x FROM docs WHERE id = 1005"), [(notfinite[0],)])
        self.check(source, self.postgres(), wanted + [(1005, "infinity in the vector, at element 1|[Ii]nf", notfinite[0])])
        self.strict(source, self.postgres(), wanted + [(1005, ".", notfinite[0])])

    def test_vectors_that_are_not_finite(self):
        bad = [f32(1, float("inf"), 3), f32(float("-inf"), 2, 3), f32(1, 2) + NAN_BITS]
        source = self.source("BLOB", lambda i: f32(i, -i, 0.5), bad)
        wanted = [(1000, "[Ii]nf.* in the vector, at element 1", bad[0]), (1001, "-[Ii]nf.* in the vector, at element 0", bad[1]), (1002, "NaN in the vector, at element 2", bad[2])]
        target = self.postgres()
        text = self.run_vecferry("plan", "-o", "-", source, target).stdout
        self.assertIn("3 vectors hold NaN or infinity: their rows will be rejected", text)
        self.check(source, target, wanted)
        self.strict(source, self.postgres(), wanted)
        # The edges of float32 are no such values: their bits arrive.
        edges = self.sqlite("edges.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, x BLOB)")
        values = [f32(-0.0, 1.17549435e-38, 1), struct.pack("<3I", 1, 0x807FFFFF, 0x3F800000), struct.pack("<3I", 0x7F7FFFFF, 0xFF7FFFFF, 0x3F800000)]
        with sqlite3.connect(edges) as connection:
            connection.executemany("INSERT INTO docs VALUES (?, ?)", list(enumerate(values + [f32(1, 2, 3)] * 60)))
        connection.close()
        target = self.postgres()
        self.run_vecferry("copy", edges, target)
        sent = [bytes(row[0])[4:] for row in self.query(target, "SELECT vector_send(x) FROM docs ORDER BY id LIMIT 3")]
        self.assertEqual([struct.pack("<3I", *struct.unpack(">3I", value)) for value in sent], values)

    def test_vector_text_that_cannot_be_read(self):
        bad = ["[1,2", "[1,,2]", "{1,2,3}", "[0x1p3,2,3]", "[1,2,3] x", "[1,NaN,3]", "[1,2,1e999]", "1,5", "[1,2,3,4]", "[1 ,2]"]
        offsets = [4, 3, 0, 2, 8, 3, None, 0, None, None]
        source = self.source("TEXT", lambda i: f"[{i},{-i},0.5]", bad)
        edits = []
        text = self.run_vecferry("plan", "-o", "-", source, str(self.folder / "none.db")).stdout
        if "vector(f32,3)" not in text:  # too many bad ones for evidence: the plan says what they are
            edits = [(r"type: text, to: TEXT", "type: \"vector(f32,3)\", read: json, to: BLOB, as: bytes")]
        self.assertTrue(edits)
        wanted = []
        for i, (value, offset) in enumerate(zip(bad, offsets)):
            wanted.append((1000 + i, rf"\b(byte|offset|position|at) {offset}\b" if offset is not None else ".", value.encode()))
        lite = str(self.folder / "lite.db")
        self.check(source, lite, wanted, edits)
        self.strict(source, str(self.folder / "lite2.db"), wanted, edits)
        edits = [(r"type: text, to: text", "type: \"vector(f32,3)\", read: json, to: vector(3)")]
        self.check(source, self.postgres(), wanted, edits)
        self.assertEqual(self.query(lite, "SELECT x FROM docs WHERE id = 7"), [(f32(7, -7, 0.5),)])

    # ---- keys ----

    def test_null_in_a_primary_key(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (k TEXT PRIMARY KEY, x INTEGER); INSERT INTO docs VALUES ('a', 1), (NULL, 2), (NULL, 3), ('b', 4); CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO other VALUES (1, 2)")
        target = self.postgres()
        result = self.run_vecferry("copy", "--json", source, target, code=3)
        self.assertEqual(result.json()["rejected"], 2)
        self.assertEqual(self.query(target, "SELECT k, x FROM docs ORDER BY k"), [("a", 1), ("b", 4)])
        for table, key, column, reason, _ in self.rejects(target):
            self.assertEqual((table, column), ("docs", "k"))
            self.assertIn("NULL", reason)
            self.assertIn("not null", reason)
        # Without a key the rows must be found all the same: by what else is in them.
        self.assertEqual(len(self.rejects(target)), 2)

    def test_values_that_are_unique_in_the_source_only(self):
        """Two texts that are one number to the target: both rows are there, and the key that they don't allow is named."""
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, x, CONSTRAINT docs_x UNIQUE (x)); INSERT INTO docs VALUES (1, 1.0), (2, '1.00'), (3, 2.5)")
        target = self.postgres()
        path = self.plan(source, target, (r"name: x, +from: .*?type: [a-z0-9]+(, read: [a-z]+)?, to: [a-z ]+", "name: x, from: \"\", type: decimal, to: numeric"))
        result = self.run_vecferry("copy", "--json", "-f", path, code=3)
        summary = result.json()
        self.assertEqual((summary["type"], summary["rejected"]), ("summary", 0))
        self.assertEqual(self.query(target, "SELECT id, x::text FROM docs ORDER BY id"), [(1, "1"), (2, "1.00"), (3, "2.5")])
        self.assertEqual(len(summary["unfinished"]), 1)
        self.assertIn("docs", summary["unfinished"][0]["object"])
        self.assertRegex(summary["unfinished"][0]["what"], "duplicat|unique")
        self.assertIn("could not be made", result.stderr)
        # Mended in the target, --resume ends what is left.
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute("UPDATE docs SET x = 7 WHERE id = 2")
        again = self.run_vecferry("copy", "--json", "--resume", "-f", path, code=3)
        self.assertEqual(again.json()["unfinished"], [])
        self.assertEqual([(d["key"], d["column"]) for table in again.json()["tables"] for d in table["differences"]], [('{"id": 2}', "x")])

    ORPHANS = """
        CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT);
        CREATE TABLE chunks (id INTEGER PRIMARY KEY, doc INTEGER REFERENCES docs (id), t TEXT);
        CREATE INDEX chunks_doc ON chunks (doc);
        INSERT INTO docs VALUES (1, 'one');
        INSERT INTO chunks VALUES (1, 1, 'fine'), (2, 99, 'orphan'), (3, NULL, 'none');
    """

    def test_orphans_are_named_and_kept(self):
        source = self.sqlite("source.db", self.ORPHANS)
        target = self.postgres()
        result = self.run_vecferry("copy", "--json", source, target, code=3)
        summary = result.json()
        self.assertEqual((summary["type"], summary["rejected"], len(summary["unfinished"])), ("summary", 0, 1))
        self.assertIn("chunks", summary["unfinished"][0]["object"])
        self.assertIn("99", summary["unfinished"][0]["what"])
        self.assertTrue(summary["unfinished"][0]["remedy"] or summary["hint"])
        self.assertEqual(self.query(target, "SELECT id, doc FROM chunks ORDER BY id"), [(1, 1), (2, 99), (3, None)])
        self.assertEqual(self.query(target, "SELECT indexname::text FROM pg_indexes WHERE indexname = 'chunks_doc'"), [("chunks_doc",)], "the others go on")
        self.assertEqual(self.query(target, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), [(0,)])

    def test_orphans_in_a_sqlite_target_are_not_made_worse(self):
        """SQLite has the foreign key in the table's definition: the rows are there, and what doesn't hold is said."""
        source = self.sqlite("source.db", self.ORPHANS)
        target = str(self.folder / "target.db")
        result = self.run_vecferry("copy", "--json", source, target, code=3)
        self.assertEqual(self.query(target, "SELECT id, doc FROM chunks ORDER BY id"), [(1, 1), (2, 99), (3, None)])
        self.assertIn("chunks", json.dumps(result.json()["unfinished"]))

    # ---- much of it ----

    def test_every_row_is_bad(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, x INTEGER, note TEXT); CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO other VALUES (1, 2);"
                             "INSERT INTO docs SELECT value, 'w' || value, NULL FROM (WITH RECURSIVE c (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 3000) SELECT value FROM c)")
        target = str(self.folder / "target.db")
        path = self.plan(source, target)
        result = self.run_vecferry("copy", "--json", "-f", path, code=3).json()
        self.assertEqual(result["rejected"], 3000)
        self.assertEqual(self.query(target, "SELECT count(*), count(DISTINCT key), min(column_name), max(column_name) FROM vecferry_rejects"), [(3000, 3000, "x", "x")])
        self.assertEqual(self.query(target, "SELECT count(*) FROM docs"), [(0,)])

    def test_a_row_with_several_faults_is_set_aside_once(self):
        source = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, a INTEGER, x INTEGER); INSERT INTO docs SELECT value, value, value FROM (WITH RECURSIVE c (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 40) SELECT value FROM c);"
                             "INSERT INTO docs VALUES (100, 'p', 'q')")
        target = self.postgres()
        self.run_vecferry("copy", source, target, code=3)
        self.assertEqual([(key, column) for _, key, column, _, _ in self.rejects(target)], [({"id": 100}, "a")])

    def test_rejects_survive_a_stop(self):
        """The bad rows of chunks that were done before a crash are there once, not twice and not never."""
        source = self.source("INTEGER", lambda i: i, ["word"])
        for step in ("commit:3:kill", "commit:4:kill", "commit:4:kill-after", "record_put:3:kill", "load_write:1:kill-after"):
            for target in (str(self.folder / f"{step.replace(':', '_')}.db"), self.postgres()):
                first = self.run_vecferry("copy", "--jobs", "1", source, target, environment={"VECFERRY_FAILPOINT": step}, code=None)
                if first.code == 3:
                    continue
                self.assertEqual(first.code, -9, first)
                again = self.run_vecferry("copy", "--json", "--resume", source, target, code=None)
                if again.code == 9:
                    again = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, target, code=3)
                self.assertEqual((again.code, again.json()["rejected"]), (3, 1), step)
                self.assertEqual([(key, original) for _, key, _, _, original in self.rejects(target)], [({"id": 1000}, b"word")], step)
