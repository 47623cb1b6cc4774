"""What DuckDB's interface does to values that nobody looks after: each trap by its name, with the real library."""

import sqlite3
import struct

from duckdb_case import DuckCase


class Values(DuckCase):
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
                  "INSERT INTO t VALUES (1, '99999999999999999999999999999999999999', '0.99999999999999999999999999999999999999', 999.9, 999999.999, 999999999999999999, '170141183460469231731687303715884105727',"
                  " '340282366920938463463374607431768211455', '123456789012345678901234567890123456789012345678901234567890'::BIGNUM), (2, '-99999999999999999999999999999999999999', '-0.00000000000000000000000000000000000001',"
                  " -999.9, -0.001, -1, '-170141183460469231731687303715884105728', 0, '-123456789012345678901234567890123456789012345678901234567890'::BIGNUM), (3, 0, 0, 0, 0, 0, -1, 1, 0::BIGNUM)")
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
            wanted = self.connect(source).execute("SELECT (extract(epoch FROM tz) * 1000000)::bigint, (extract(epoch FROM ts) * 1000000)::bigint FROM t WHERE id <> 3 ORDER BY id").fetchall()
            self.assertEqual(self.rows(self.target(), "SELECT epoch_us(tz), epoch_us(ts) FROM t WHERE id <> 3 ORDER BY id"), wanted)
            query = "SELECT id, extract(epoch FROM tz)::text, ts::text FROM t ORDER BY id"
            self.assertEqual(self.connect(back).execute(query).fetchall(), self.connect(source).execute(query).fetchall())

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
