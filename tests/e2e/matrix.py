"""Every database to every other and back: what test_matrix_*.py share, a file for each kind of source.

A kind makes a database with what is awkward in it (its own types at their extremes, NULLs, odd names, empty tables, tables without a key,
vectors of each encoding), makes an empty target, and shows a database as Python values by a driver of its own, which shares no code with vecferry.
With VECFERRY_MATRIX=large (`make test-all`) there is much of it besides: 100,000 rows of what each has, every encoding of vectors, long texts and large blobs.
For a pair A, B the source goes from A to B and from there to a new A: both A show the same, and the digests of both copies are the same.
"""

import collections
import decimal
import os
import pathlib
import sqlite3
import struct
import urllib.parse

import duckdb
from e2e import Case, alltypes, pack, postgres_picture
from hrana import Sqld
from sqlite_library import Library

HERE = pathlib.Path(__file__).resolve().parent
LARGE = os.environ.get("VECFERRY_MATRIX") == "large"
MANY = 100_000

ODD_NAME = 'Odd "Name" 🚢'

SQLITE = f"""
CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, email TEXT UNIQUE NOT NULL, is_admin BOOLEAN NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, seen_at INTEGER, ref UUID);
CREATE TABLE "references" (id INTEGER PRIMARY KEY AUTOINCREMENT, "user" TEXT REFERENCES users (id) ON DELETE CASCADE, parent INTEGER, "order" REAL,
    payload TEXT, amount DECIMAL(10, 2), day DATE, raw BLOB, note VARCHAR(20) DEFAULT 'it''s', any_value);
CREATE TABLE chunks (id TEXT NOT NULL, n INTEGER NOT NULL, embedding TEXT, packed BLOB, PRIMARY KEY (id, n)) WITHOUT ROWID;
CREATE INDEX references_user_idx ON "references" ("user", "order" DESC);
CREATE UNIQUE INDEX chunks_n_idx ON chunks (n, id);
CREATE TABLE empty_one (a INTEGER PRIMARY KEY, v BLOB);
CREATE TABLE no_key (a INTEGER, b TEXT);
CREATE TABLE only_nulls (a INTEGER, b TEXT, c BLOB);
CREATE TABLE "{ODD_NAME.replace('"', '""')}" ("sel""ect" INTEGER PRIMARY KEY, "with space" TEXT, "%s" TEXT, "x""; DROP TABLE y;--" TEXT);
"""

# As long as a small type needs, and no longer: a target may be chosen by the largest.
INTEGERS = [0, 1, -1, 2**53 + 1, -(2**63), 2**63 - 1]
TEXTS = ["", "plain", "日本語 🚢", "line\nbreak", "it's \"quoted\"", None, "NULL", "\\N", "%s", " blanks ", "e\u0301"]


def fill_sqlite(execute):
    """The rows of SQLITE; `execute` takes a statement and its values."""
    for i in range(20):
        execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)",
                (f"ck{i:04}", f"u{i}@example.org", i % 2, 1700000000 + i, (1700000000 + i) * 1000 + i if i % 3 else None, f"00000000-0000-0001-0000-{i:012x}"))
    for i in range(25):
        execute('INSERT INTO "references" ("user", parent, "order", payload, amount, day, raw, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                (f"ck{i % 20:04}", INTEGERS[i % 6] if i % 4 else None, [i / 3, -0.0, 1e308, 5e-324, None][i % 5], f'{{"n": {i}, "x": [1.5, null], "é": "\\u00e9"}}', i,
                 f"2024-02-{i % 28 + 1:02}", bytes(range(i)), TEXTS[i % len(TEXTS)]))
    for i in range(20):
        vector = [k / 8 - i for k in range(12)]
        text = None if i % 7 == 0 else "[" + ",".join(repr(x).removesuffix(".0") for x in vector) + "]"
        execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", (f"c{i % 9}", i, text, struct.pack("<12f", *vector)))
    for row in [(1, "x"), (1, "x"), (1, "x"), (2, None), (None, None)]:
        execute("INSERT INTO no_key VALUES (?, ?)", row)
    for _ in range(3):
        execute("INSERT INTO only_nulls VALUES (NULL, NULL, NULL)", ())
    execute(f'INSERT INTO "{ODD_NAME.replace(chr(34), chr(34) * 2)}" VALUES (1, ?, ?, ?)', ("a", "b", "c"))
    execute('DELETE FROM "references" WHERE id = 25', ())


# Made by the databases themselves, which is quicker than to send it to them. Texts hold characters of one to four bytes, and grow to some kilobytes; every 1,000th row has
# something large, whose bytes are all different. No row is larger than the 5 MiB that a libSQL server takes.
LITE_MANY = f"""
CREATE TABLE many (id INTEGER PRIMARY KEY, n INTEGER, r REAL, t TEXT, b BLOB, v BLOB, j TEXT, at INTEGER, flag BOOLEAN);
CREATE TABLE many_parts (a TEXT NOT NULL, b INTEGER NOT NULL, t TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE many_heavy (id INTEGER PRIMARY KEY, t TEXT, b BLOB);
INSERT INTO many WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {MANY})
    SELECT i * 3, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN -9223372036854775807 - 1 WHEN 2 THEN 9223372036854775807 WHEN 3 THEN 9007199254740993 ELSE i * i END,
           CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN -0.0 WHEN 2 THEN 1e308 WHEN 3 THEN 5e-324 ELSE i / 3.0 END,
           CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'it''s "quoted" \\N %s' ELSE 'zä€🚢 ' || i || char(10) END
               || CASE WHEN i % 1000 = 0 THEN hex(randomblob(4000)) ELSE '' END,
           CASE i % 13 WHEN 0 THEN NULL WHEN 1 THEN x'' ELSE randomblob(i % 40 + 1) END,
           CASE WHEN i % 17 THEN unhex(printf('%08x0000803f0000004000004040', i * 7 % 100003)) END,
           CASE WHEN i % 19 THEN '[' || i || ',' || i % 10 || '.5,-3,0.125]' END, 1700000000 + i, i % 2 FROM i;
INSERT INTO many_parts WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {MANY}) SELECT 'part ' || i % 997, i, CASE WHEN i % 3 THEN 'x' || i END FROM i;
INSERT INTO many_heavy WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 12) SELECT i, hex(randomblob(80000 * i)), randomblob(250000 * i) FROM i;
"""

LIBSQL_MANY = f"""
CREATE TABLE many_vectors (id INTEGER PRIMARY KEY, f32 F32_BLOB(8), f64 F64_BLOB(8), f16 F16_BLOB(8), f1 F1BIT_BLOB(16), t TEXT);
INSERT INTO many_vectors WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {MANY}),
    texts (i, t) AS (SELECT i, '[' || i || ',' || (i % 7) || '.5,-' || (i % 11) || ',0.1,1e-30,' || (i / 3.0) || ',2,3]' FROM i)
    SELECT i, vector32(t), CASE WHEN i % 5 THEN vector64(t) END, vector16('[' || (i % 2048) || ',0.5,-2,1,0,0,3,' || (i % 9) || ']'), vector1bit('[1,-1,1,1,-1,1,1,-1,' || (i % 2 - 0.5) || ',1,1,1,-1,1,1,1]'), 'row ' || i || ' zä' FROM texts;
"""

DUCKDB_MANY = f"""
CREATE TABLE many (id BIGINT PRIMARY KEY, h HUGEINT, n DECIMAL(38, 10), r DOUBLE, f FLOAT, t VARCHAR, b BLOB, u UUID, ts TIMESTAMP, tz TIMESTAMPTZ, d DATE, v FLOAT[8], w DOUBLE[8], l INTEGER[]);
CREATE TABLE many_heavy (id INTEGER PRIMARY KEY, t VARCHAR, b BLOB);
INSERT INTO many SELECT i * 3, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 170141183460469231731687303715884105727 WHEN 2 THEN -170141183460469231731687303715884105727 ELSE i END,
    CASE WHEN i % 7 > 0 THEN i::DECIMAL(38, 10) / 8 END, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '-0.0'::DOUBLE WHEN 2 THEN 1e308 ELSE i / 3 END, (i / 7)::FLOAT,
    CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'zä€🚢 ' || i || chr(10) END || CASE WHEN i % 1000 = 0 THEN repeat(md5(i::VARCHAR), 300) ELSE '' END,
    CASE i % 13 WHEN 0 THEN NULL WHEN 1 THEN ''::BLOB ELSE unhex(md5(i::VARCHAR)) END, md5(i::VARCHAR)::UUID, TIMESTAMP '1969-12-31 23:59:59' + INTERVAL (i * 1009) SECOND, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) MINUTE,
    DATE '1900-01-01' + (i % 60000)::INTEGER, (CASE WHEN i % 17 > 0 THEN [i, i / 3, -1, 0.1, 1e-30, 2, 3, i % 9] END)::FLOAT[8], [i, i / 3, -1, 0.1, 1e-300, 2, 3, i % 9]::DOUBLE[8],
    CASE WHEN i % 19 > 0 THEN [i, NULL, i % 5] END FROM range(1, {MANY + 1}) r (i);
INSERT INTO many_heavy SELECT i, repeat(md5(i::VARCHAR), (5000 * i)::INTEGER), encode(repeat(md5(i::VARCHAR), (8000 * i)::INTEGER)) FROM range(1, 13) r (i);
"""

POSTGRES_MANY = f"""
CREATE TABLE many (id bigint PRIMARY KEY, i4 int, n numeric(30, 10), r double precision, f real, t text, b bytea, u uuid, at timestamptz, d date, j jsonb, v vector(8), h halfvec(8), bi bit(16), s sparsevec(20), a int[]);
CREATE TABLE many_heavy (id int PRIMARY KEY, t text, b bytea);
CREATE INDEX many_t ON many (i4, at);
INSERT INTO many SELECT i * 3, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN -2147483648 WHEN 2 THEN 2147483647 ELSE i END, CASE WHEN i % 7 > 0 THEN i / 8.0 END, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '-0'::float8 WHEN 2 THEN 1e308 ELSE i / 3.0 END, i / 7.0,
    CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'zä€🚢 ' || i || chr(10) END || CASE WHEN i % 1000 = 0 THEN repeat(md5(i::text), 300) ELSE '' END,
    CASE i % 13 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE decode(md5(i::text), 'hex') END, md5(i::text)::uuid, '1969-12-31 23:59:59+00'::timestamptz + i * interval '1009 s', '1900-01-01'::date + i % 60000,
    CASE WHEN i % 3 > 0 THEN jsonb_build_object('n', i, 'x', ARRAY[1.5, NULL], 'text', 'é') END, CASE WHEN i % 17 > 0 THEN ARRAY[i, i / 3.0, -1, 0.1, 1e-30, 2, 3, i % 9]::real[]::vector END, ARRAY[i % 2048, 0.5, -2, 1, 0, 0, 3, i % 9]::real[]::halfvec,
    (i % 65536)::bit(16), CASE WHEN i % 5 > 0 THEN format('{{%s:%s,%s:-1}}/20', i % 10 + 1, i % 7 + 1, i % 9 + 11)::sparsevec END, CASE WHEN i % 19 > 0 THEN ARRAY[i, NULL, i % 5] END FROM generate_series(1, {MANY}) i;
INSERT INTO many_heavy SELECT i, repeat(md5(i::text), 5000 * i), convert_to(repeat(md5(i::text), 8000 * i), 'UTF8') FROM generate_series(1, 12) i;
"""

INDEXED = 1001  # a plan builds a vector index from 1,000 rows on

LIBSQL = """
CREATE TABLE vectors (id INTEGER PRIMARY KEY, f32 F32_BLOB(4), f64 F64_BLOB(4), f16 F16_BLOB(4), fb16 FB16_BLOB(4), f1 F1BIT_BLOB(11));
CREATE TABLE indexed (id INTEGER PRIMARY KEY, v F32_BLOB(4) NOT NULL, note TEXT);
CREATE INDEX indexed_v ON indexed (libsql_vector_idx(v, 'metric=cosine', 'max_neighbors=8'));
"""


def fill_libsql(execute):
    wide = [1.5, -0.0, 3.4028234663852886e38, 1.401298464324817e-45]
    fine = [0.1, 5e-324, 1.7976931348623157e308, -0.0]
    for i in range(8):
        f32 = struct.pack("<4f", *(wide if i == 0 else [i + k / 3 for k in range(4)]))
        f64 = struct.pack("<4d", *(fine if i == 0 else [i + k / 3 for k in range(4)])) + b"\x02"
        f16 = struct.pack("<4e", *([65504.0, -0.0, 6e-08, 1.0] if i == 0 else [i + k / 4 for k in range(4)])) + b"\x05"
        fb16 = b"".join(struct.pack("<f", i + k / 2)[2:] for k in range(4)) + b"\x06"
        f1 = bytes([i * 31 % 256, i % 8, 0, 21, 3])  # 11 bits, a byte so that the next is at an odd place, 8 x 4 - 11, the type
        values = (f32, f64, f16, fb16, f1)
        execute("INSERT INTO vectors VALUES (?, ?, ?, ?, ?, ?)", (i + 1, *(None if i == 7 else value for value in values)))
    for i in range(INDEXED):
        execute("INSERT INTO indexed VALUES (?, ?, ?)", (i * 3 + 1, struct.pack("<4f", 1, i, -i, i / 7), TEXTS[i % len(TEXTS)]))


DUCKDB = f"""
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "odd"');
CREATE SEQUENCE docs_id START 100 INCREMENT 5;
CREATE TABLE docs (id BIGINT PRIMARY KEY DEFAULT nextval('docs_id'), code VARCHAR NOT NULL UNIQUE, n INTEGER DEFAULT 7, flag BOOLEAN DEFAULT true, label VARCHAR DEFAULT 'it''s', CHECK (n > -5));
CREATE TABLE notes (doc BIGINT NOT NULL REFERENCES docs (id), n SMALLINT NOT NULL, note VARCHAR, PRIMARY KEY (doc, n));
CREATE INDEX notes_note ON notes (note);
CREATE TABLE numbers (id INTEGER PRIMARY KEY, b BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INTEGER, i8 BIGINT, h HUGEINT, u1 UTINYINT, u2 USMALLINT, u4 UINTEGER, u8 UBIGINT, uh UHUGEINT,
    f FLOAT, d DOUBLE, n9 DECIMAL(9, 2), n38 DECIMAL(38, 10));
CREATE TABLE texts (id INTEGER PRIMARY KEY, t VARCHAR, bl BLOB, u UUID, e mood, j JSON, bi BIT);
CREATE TABLE times (id INTEGER PRIMARY KEY, d DATE, t TIME, ts TIMESTAMP, tz TIMESTAMPTZ, ts_s TIMESTAMP_S, ts_ms TIMESTAMP_MS, iv INTERVAL);
CREATE TABLE lists (id INTEGER PRIMARY KEY, l INTEGER[], t VARCHAR[]);
CREATE TABLE vectors (id INTEGER PRIMARY KEY, f FLOAT[3], d DOUBLE[3]);
CREATE TABLE empty_one (a INTEGER PRIMARY KEY, v FLOAT[1536]);
CREATE TABLE no_key (a INTEGER, b VARCHAR);
CREATE TABLE only_nulls (a INTEGER, b VARCHAR, v FLOAT[2]);
CREATE TABLE "{ODD_NAME.replace('"', '""')}" ("sel""ect" INTEGER PRIMARY KEY, "with space" VARCHAR, "%s" VARCHAR, "x""; DROP TABLE y;--" VARCHAR);
INSERT INTO docs (code) VALUES ('a'), ('b'), ('c');
INSERT INTO notes VALUES (100, 1, 'x'), (100, 2, ''), (105, 1, NULL);
INSERT INTO numbers VALUES
    (1, true, 127, 32767, 2147483647, 9223372036854775807, 170141183460469231731687303715884105727, 255, 65535, 4294967295, 18446744073709551615, 340282366920938463463374607431768211455, 3.4028235e38, 1.7976931348623157e308, 9999999.99, 1234567890123456789012345678.0123456789),
    (2, false, -128, -32768, -2147483648, -9223372036854775808, -170141183460469231731687303715884105728, 0, 0, 0, 0, 0, '-0.0', '-0.0', -0.01, -0.0000000001),
    (3, NULL, 0, 0, 0, 9007199254740993, 0, 1, 1, 1, 1, 1, '1e-45', '5e-324', 1.10, 1.5),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO texts VALUES (1, '', '', '00000000-0000-0000-0000-000000000000', 'sad', '{{"b": 1,  "a": 1e2, "a": 2}}', '10110'), (2, E'line\\nbreak 日本語 🚢', '\\x00\\xFF\\x0A'::BLOB, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'it''s "odd"', 'null', '1'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO times VALUES (1, '2024-02-29', '23:59:59.999999', '2024-02-29 23:59:59.999999', '2024-03-31 02:30:00+01', '2024-01-01 00:00:01', '2024-01-01 00:00:01.123', INTERVAL '14 months -3 days 04:05:06.789'),
    (2, '0044-03-15 (BC)', '00:00:00', '1969-12-31 23:59:59', '1970-01-01 00:00:00+00', '1900-01-01', '1900-01-01', INTERVAL '0 days'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO lists VALUES (1, [1, 2, NULL], ['a b', '', NULL, 'q"']), (2, [], []), (3, NULL, NULL);
INSERT INTO vectors VALUES (1, [1, -2.5, 0], [1.1, 2.2, 3.3]), (2, ['-0.0'::FLOAT, '1e-45'::FLOAT, '3.4028235e38'::FLOAT], ['-0.0'::DOUBLE, '5e-324'::DOUBLE, '1.7976931348623157e308'::DOUBLE]), (3, NULL, NULL);
INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (2, NULL), (NULL, NULL);
INSERT INTO only_nulls VALUES (NULL, NULL, NULL), (NULL, NULL, NULL);
INSERT INTO "{ODD_NAME.replace('"', '""')}" VALUES (1, 'a', 'b', 'c');
"""


# Structs, maps, unions and lists of them, with every scalar in them at its extremes: NULL within, NULL as a whole, empty, and texts that look like NULL.
NESTED = r"""
CREATE TABLE nested (id INTEGER PRIMARY KEY, s STRUCT(a INTEGER, "b ""q" VARCHAR, c DECIMAL(38, 10), d HUGEINT, "é" FLOAT[2]),
    deep STRUCT(l STRUCT(x INTEGER, y INTEGER[])[], m MAP(INTEGER, STRUCT(z VARCHAR))), m MAP(VARCHAR, DOUBLE), mi MAP(DATE, VARCHAR[]), u UNION(n INTEGER, t VARCHAR, s STRUCT(k INTEGER)),
    l INTEGER[][], la FLOAT[3][], al VARCHAR[][2], us UNION(a INTEGER, b INTEGER)[]);
INSERT INTO nested VALUES
    (1, {'a': 1, 'b "q': 'x"y\', 'c': 0.0000000001, 'd': -170141183460469231731687303715884105728, 'é': ['0.1'::FLOAT, '-0.0'::FLOAT]}, {'l': [{'x': 1, 'y': [1, NULL]}, NULL, {'x': NULL, 'y': NULL}, {'x': 2, 'y': []}], 'm': MAP {1: {'z': 'NULL'}, 2: NULL, 3: {'z': NULL}}},
        MAP {'k': 0.1::DOUBLE, '': 'nan', 'n': NULL, 'é"': '-0.0', 'i': '-infinity'}, MAP {'2024-02-29'::DATE: ['a', NULL], 'infinity'::DATE: []}, 5, [[1, NULL], [], NULL], [[1, 2, 3], NULL, [NULL, 5, 6]]::FLOAT[3][], [['null'], NULL], [union_value(a := 1)::UNION(a INTEGER, b INTEGER), union_value(b := 1)::UNION(a INTEGER, b INTEGER), NULL, union_value(b := NULL::INTEGER)::UNION(a INTEGER, b INTEGER)]),
    (2, {'a': NULL, 'b "q': NULL, 'c': NULL, 'd': NULL, 'é': NULL}, {'l': NULL, 'm': NULL}, MAP {}, MAP {}, 'word'::VARCHAR, [], [], [[], []], []),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, {'a': 2147483647, 'b "q': 'nul ' || chr(0) || chr(10), 'c': 9999999999999999999999999999.9999999999, 'd': 170141183460469231731687303715884105727, 'é': [3.4028235e38, 1e-45]}, {'l': [], 'm': MAP {}}, MAP {'a': 5e-324, 'b': 1.7976931348623157e308},
        NULL, {'k': NULL}::STRUCT(k INTEGER), [NULL], [NULL], NULL, [NULL]);
CREATE TABLE leaves (id INTEGER PRIMARY KEY, v STRUCT(b BOOLEAN, i1 TINYINT, i2 SMALLINT, i8 BIGINT, u1 UTINYINT, u2 USMALLINT, u4 UINTEGER, u8 UBIGINT, uh UHUGEINT, f FLOAT, d DOUBLE, n4 DECIMAL(4, 2), n9 DECIMAL(9, 0), n18 DECIMAL(18, 18), bl BLOB, bi BIT,
    uu UUID, e mood, j JSON, da DATE, ti TIME, tn TIME_NS, tz TIMETZ, ts TIMESTAMP, tss TIMESTAMP_S, tsm TIMESTAMP_MS, tsn TIMESTAMP_NS, tst TIMESTAMPTZ, iv INTERVAL)[], bls BLOB[], ivs INTERVAL[], moods mood[], tzs TIMETZ[], bis BIT[]);
INSERT INTO leaves VALUES
    (1, [{'b': true, 'i1': 127, 'i2': 32767, 'i8': 9223372036854775807, 'u1': 255, 'u2': 65535, 'u4': 4294967295, 'u8': 18446744073709551615, 'uh': 340282366920938463463374607431768211455, 'f': 3.4028235e38, 'd': 1.7976931348623157e308, 'n4': 99.99, 'n9': 999999999,
        'n18': 0.999999999999999999, 'bl': '\x00\xFF\x5C'::BLOB, 'bi': '1', 'uu': 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'e': 'it''s "odd"', 'j': '{"b": 1,  "a": 1e2, "a": 2}', 'da': '-infinity', 'ti': '23:59:59.999999', 'tn': '23:59:59.999999999', 'tz': '12:30:00.5+05:30:15',
        'ts': '2024-02-29 23:59:59.999999', 'tss': '2024-01-01 00:00:01', 'tsm': '1900-01-01 00:00:01.123', 'tsn': '2262-04-11 23:47:16.854775806', 'tst': '2024-03-31 02:30:00+01', 'iv': INTERVAL '14 months -3 days 04:05:06.789'}, NULL], ['\xAA'::BLOB, NULL, ''::BLOB], [INTERVAL '1 month', NULL,
        INTERVAL '-30 days'], ['ok', NULL, 'sad'], ['00:00:00+15:59:59', '24:00:00-12', NULL], ['10110', NULL, '0', '111111111']),
    (2, [{'b': false, 'i1': -128, 'i2': -32768, 'i8': -9223372036854775808, 'u1': 0, 'u2': 0, 'u4': 0, 'u8': 0, 'uh': 0, 'f': 'nan', 'd': '-0.0', 'n4': -99.99, 'n9': -1, 'n18': -0.000000000000000001, 'bl': '', 'bi': '000000000', 'uu': '00000000-0000-0000-0000-000000000000', 'e': 'sad', 'j': 'null',
        'da': '0044-03-15 (BC)', 'ti': '24:00:00', 'tn': '00:00:00.000000001', 'tz': '00:00:00+00', 'ts': 'infinity', 'tss': '-infinity', 'tsm': 'infinity', 'tsn': '1677-09-22 00:00:00.000000001', 'tst': 'infinity', 'iv': INTERVAL '-2147483648 months'}], [], [], [], [], []),
    (3, [{'b': NULL, 'i1': NULL, 'i2': NULL, 'i8': NULL, 'u1': NULL, 'u2': NULL, 'u4': NULL, 'u8': NULL, 'uh': NULL, 'f': '-infinity', 'd': 'infinity', 'n4': 0, 'n9': 0, 'n18': 0, 'bl': NULL, 'bi': NULL, 'uu': NULL, 'e': NULL, 'j': '"x"', 'da': '5881580-07-10', 'ti': NULL, 'tn': NULL, 'tz': NULL,
        'ts': '4000-12-22 (BC) 00:00:00', 'tss': NULL, 'tsm': NULL, 'tsn': 'infinity', 'tst': NULL, 'iv': INTERVAL '0 days'}], NULL, NULL, NULL, NULL, NULL);
"""


def exact(value):
    """A value so that what differs shows differently: floats by their bits, decimals with their zeros."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (list, tuple)):
        return tuple(exact(item) for item in value)
    if isinstance(value, dict):
        return tuple((exact(key), exact(item)) for key, item in value.items())
    return value


def duckdb_value(quoted, native):
    """SQL that shows a value by which Python's types lose nothing; Python's DuckDB has no time zones."""
    if native == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({quoted})"
    if native.startswith(("STRUCT", "MAP", "UNION")):  # the text doesn't tell which member of a union it is
        return f"(CAST({quoted} AS VARCHAR), CAST(to_json({quoted}) AS VARCHAR))"
    return f"CAST({quoted} AS VARCHAR)" if native.startswith(("TIME", "DATE", "INTERVAL", "BIT")) else quoted


def default_value(connection, text):
    """What a default gives; DuckDB keeps its text as it was written."""
    if text is None or "nextval" in text:
        return text and text.replace('"main".', "").replace('"', "")
    return connection.execute(f"SELECT {text}").fetchone()[0]


def duckdb_picture(path):
    picture = {}
    connection = duckdb.connect(path, read_only=True)
    for schema, name in connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND table_name NOT LIKE 'vecferry\\_%' ESCAPE '\\'").fetchall():
        columns = connection.execute("SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
                                     (schema, name)).fetchall()
        columns = [(*column[:3], default_value(connection, column[3])) for column in columns]
        quoted = ['"' + column[0].replace('"', '""') + '"' for column in columns]
        shown = ", ".join(duckdb_value(q, column[1]) for q, column in zip(quoted, columns))
        full = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
        rows = connection.execute(f"SELECT {shown} FROM {full}").fetchall()
        constraints = connection.execute("SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names FROM duckdb_constraints() WHERE schema_name = ? AND table_name = ?"
                                         " AND constraint_type <> 'CHECK'", (schema, name)).fetchall()
        indexes = connection.execute("SELECT index_name, is_unique, expressions FROM duckdb_indexes() WHERE schema_name = ? AND table_name = ? ORDER BY 1", (schema, name)).fetchall()
        picture[f"{schema}.{name}"] = {"columns": columns, "constraints": sorted(map(repr, constraints)), "indexes": indexes, "rows": collections.Counter(exact(row) for row in rows)}
    connection.close()
    return picture


def sqlite_picture(path):
    """Declared columns, and each value with its storage class; the tables of vecferry, SQLite and a vector index aren't the user's."""
    picture = {}
    connection = sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True)
    connection.text_factory = bytes
    for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        name = name.decode()
        if name.startswith(("sqlite_", "vecferry_", "libsql_")) or b"_shadow" in name.encode():
            continue
        columns = [tuple(row) for row in connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)', (name,))]
        shown = ", ".join('typeof("{0}"), "{0}"'.format(column[0].decode().replace('"', '""')) for column in columns)
        quoted = '"' + name.replace('"', '""') + '"'
        rows = [tuple(pack(value) for value in row) for row in connection.execute(f"SELECT {shown} FROM {quoted} NOT INDEXED")]
        indexes = sorted(row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (name,)))
        picture[name] = {"columns": columns, "indexes": indexes, "rows": collections.Counter(rows)}
    connection.close()
    return picture


class Kind:
    def __init__(self, name, source, target, picture):
        self.name, self.source, self.target, self.picture = name, source, target, picture


def unhex(connection):
    """SQLite has this function from 3.41 on."""
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)


def sqlite_source(case):
    path = case.new_file("source.db")
    connection = sqlite3.connect(path)
    connection.executescript(SQLITE)
    fill_sqlite(connection.execute)
    if LARGE:
        unhex(connection)
        connection.executescript(LITE_MANY)
    connection.commit()
    connection.close()
    return path


def duckdb_source(case):
    path = case.new_file("source.duckdb")
    connection = duckdb.connect(path)
    connection.execute(DUCKDB)
    connection.execute(NESTED)
    if LARGE:
        connection.execute(DUCKDB_MANY)
    connection.close()
    return "duckdb:" + path


def libsql_source(case):
    path = case.new_file("source-libsql.db")
    with Library("libsql").open(path) as connection:
        for statement in LIBSQL.split(";"):
            if statement.strip():
                connection.execute(statement)
        fill_libsql(connection.execute)
        for statement in LIBSQL_MANY.split(";\n") if LARGE else ():
            if statement.strip():
                connection.execute(statement)
    return case.libsql_url(path)


def turso_source(case):
    server = case.server()
    for script in (SQLITE, LIBSQL):
        for statement in script.split(";\n"):
            if statement.strip():
                server.run(statement)
    fill_sqlite(lambda sql, values: server.run(sql, *values))
    fill_libsql(lambda sql, values: server.run(sql, *values))
    for statement in LIBSQL_MANY.split(";\n") if LARGE else ():
        if statement.strip():
            server.run(statement)
    return server.url


KINDS = {
    "postgres": Kind("postgres", lambda case: case.postgres(alltypes() + (POSTGRES_MANY if LARGE else "")), lambda case: case.postgres(), postgres_picture),
    "sqlite": Kind("sqlite", sqlite_source, lambda case: case.new_file("target.db"), sqlite_picture),
    "duckdb": Kind("duckdb", duckdb_source, lambda case: "duckdb:" + case.new_file("target.duckdb"), lambda url: duckdb_picture(url.removeprefix("duckdb:"))),
    "libsql": Kind("libsql", libsql_source, lambda case: case.libsql_url(case.new_file("target-libsql.db")), None),
    "turso": Kind("turso", turso_source, lambda case: case.server().url, None),
}


class Matrix(Case):
    """test_matrix_*.py derive from it, and set `source`."""

    source = None

    def setUp(self):
        super().setUp()
        self.n_files = 0
        self.servers = {}

    def new_file(self, name):
        self.n_files += 1
        return str(self.folder / f"{self.n_files}-{name}")

    def libsql_url(self, path):
        return "libsql:" + path

    def server(self):
        server = Sqld(self.new_file("server.db"), **({"idle_ms": 600_000} if LARGE else {}))  # a large batch takes long on a slow machine
        server.start()
        self.addCleanup(server.stop)
        self.servers[server.url] = server
        return server

    def picture(self, kind, url):
        if kind.name == "turso":
            return sqlite_picture(self.servers[url].file)
        if kind.name == "libsql":
            return sqlite_picture(url.removeprefix("libsql:"))
        return kind.picture(url)

    def there_and_back(self, other, before=None):
        """From self.source to `other` and back. `before`: SQL that takes out of the source what `other` rejects by name."""
        kind, through = KINDS[self.source], KINDS[other]
        source, middle, back = kind.source(self), through.target(self), kind.target(self)
        if before:
            self.connect(source).execute(before)
        there, again = self.copy(source, middle), self.copy(middle, back)
        for summary in (there, again):
            self.assertEqual(summary["rejected"], 0)
            self.assertTrue(all(table["equal"] for table in summary["tables"]), summary["tables"])
        left, right = self.picture(kind, source), self.picture(kind, back)
        # A table of many rows without an index of its vectors gets one in PostgreSQL, and comes home with it.
        added = {problem["object"].rpartition(".")[2] for problem in there["problems"] if "the plan adds one" in problem["what"]}
        self.assert_same_picture(left, right, added)

    def assert_same_picture(self, left, right, added=frozenset()):
        if "tables" in left:
            self.assertEqual(left["sequences"], right["sequences"])
            self.assertEqual(left["types"], right["types"])
            left, right = left["tables"], right["tables"]
        self.assertEqual(sorted(left), sorted(right))
        for name in left:
            for part in left[name]:
                found = [index for index in right[name][part] if index not in added] if part == "indexes" else right[name][part]
                self.assertEqual(left[name][part], found, f"{name}: {part}")
