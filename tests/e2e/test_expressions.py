"""That a translated expression means the same: every operation of the tables, evaluated over awkward values by the database that it came from and by that which it goes to.

Where the source raises an error there is no value to compare. What can't be said in the target is only counted here; the reasons are tested in tests/unit/engine/test_expression.c.
"""

import datetime
import decimal
import os
import pathlib
import sqlite3
import subprocess
import unittest

import duckdb
import psycopg

import e2e

MIN, MAX = -(1 << 63), (1 << 63) - 1
UTC = datetime.timezone.utc
WHOLE = [None, 0, 1, -1, 2, 3, -7, 100, 2**31, -(2**31) - 1, 10**15, MAX, MIN]
DIVISOR = [0, 3, -3, None, 1, 2, 7, -1, 64]
PRICE = [None, "0.00", "1.50", "-0.01", "99999999.99", "1.00", "NaN", "5.00", "-99999999.99"]
SCORE = [None, 0.0, -0.0, 0.5, -1.5, 1e300, 5e-324, float("nan"), float("inf"), float("-inf"), 1.0, 100.0]
NAME = [None, "", "a", "A", "abc", "ABC", " abc ", "aBcÄÖ", "äöÜß", "a_c", "a%c", "a*c", "a[c", "a\\c", "xx yy", "éé", "İı", "日本語", "it's", "  ", "aab", "m", "M", "\ta", "zz\u0301", "🙂b", "0", "12"]
OK = [None, True, False]
DAY = [None, "2020-01-01", "1999-12-31", "0044-03-15", "9999-12-31"]
AT = [None, 0, 1700000000, -1, 4102444800]
ID = [None, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"]
RAW = [None, b"", b"\x00", b"\x00\xff", b"abc", b"\xff"]
MOOD = [None, "sad", "ok", "happy"]
DATA = [None, "{}", "[1, 2]", "\"x\"", "5"]
TAG = [None, "abc", "ABC", "m", "M", "aBc", "", "a", "A", "b", "B"]
COST = [None, "0.00", "1.50", "3.30", "3.00", "-0.01", "99999999.99", "1.00"]
SMALL = [None, 5, 0, 1, 3, -7]
MIXED = [None, 0, 1, 2.5, 7, -1.5, 3]
SINGLE = [None, 0.10000000149011612, 2.5, -0.5, 0.0, 3.299999952316284]

COLUMNS = [("a", WHOLE), ("b", DIVISOR), ("price", PRICE), ("score", SCORE), ("name", NAME), ("ok", OK), ("day", DAY), ("at", AT), ("id", ID), ("raw", RAW), ("mood", MOOD), ("data", DATA), ("tag", TAG), ("cost", COST), ("n", SMALL), ("r", MIXED), ("f", SINGLE)]

# In words that are the same everywhere, but for what stands below.
COMMON = """
a > 0|a >= -1|a < 3|a <= 100|a = 2|a <> 2|a = b|a < b|a IN (1, 2, -7)|a IN (1, NULL)|a NOT IN (1, 2)|a BETWEEN 0 AND 100|a NOT BETWEEN 0 AND 2|a IS NULL|a IS NOT NULL|NOT (a > 1)
a > 0 AND b > 0|a > 0 OR b > 0|a > 0 AND (b > 0 OR b IS NULL)|a > 0 OR a IS NULL AND b < 0|ok|NOT ok|ok AND a > 0|ok OR a > 0|(a > 1) IS TRUE|(a > 1) IS FALSE|(a > 1) IS NOT TRUE|ok = (a > 0)
a + b|a - b|a * b|a + 1 > 5|-a|-(a + b)|a - -5|abs(a)|abs(b - 5)|a % 7|a % b|2 * a + b * 3 - 1|(a + b) * 2
score > 0|score >= 0|score < 0.5|score <= 1|score = 0|score <> 0|score > 1e10|0 < score|0.5 >= score|score IS NULL
price > 0|price >= 0|price < 1.50|price <= 1.5|price = 1.50|price <> 5|100 > price
name = 'abc'|name <> 'abc'|name IN ('a', 'm', 'it''s')|name = ''|length(name)|length(name) > 2|replace(name, 'a', 'xy')|substr(name, 2)|substr(name, 1, 2)|substr(name, 3, 0)|trim(name, ' a')|ltrim(name, 'a ')|rtrim(name, 'c ')
name || 'x'|name || '-' || name|coalesce(name, 'none')|nullif(name, 'abc')|nullif(a, 2)|coalesce(a, b, 0)|coalesce(nullif(b, 0), 1)|CASE WHEN a > 1 THEN 'big' WHEN a IS NULL THEN 'none' ELSE 'small' END
CASE WHEN ok THEN 1 END|CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE name END|CASE WHEN name = 'a' THEN a ELSE b END > 0|id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'|id <> '00000000-0000-0000-0000-000000000000'
mood = 'ok'|mood IN ('sad', 'happy')|mood <> 'ok'|data IS NULL|day IS NULL|"at" IS NOT NULL|raw IS NULL|length(trim(name, ' ')) > 0|length(replace(name, 'b', '')) + 1|abs(a % 10) < 5|NOT (a > 0 AND ok) OR b IS NULL
"""
OWN = {
    "postgres": """
a IS DISTINCT FROM b|a IS NOT DISTINCT FROM 2|a = ANY (ARRAY[1, 2])|a <> ALL (ARRAY[(1)::bigint, 3])|(name)::text = ANY ((ARRAY['a'::character varying, 'm'::character varying])::text[])|a / b|a / 7|GREATEST(a, b)|LEAST(a, b, 5)
name ~~ 'a%'::text|name ~~ '_b%'::text|name ~~ 'a\\_c'::text|name ~~ 'a[c'::text|name ~~ 'a*c'::text|name !~~ '%c'::text|name LIKE 'a\\\\c'|(name COLLATE "C") < 'm'::text|(name COLLATE "C") >= 'a'::text|lower((name COLLATE "C"))|upper((name COLLATE "C"))
octet_length(name)|octet_length(raw)|btrim(name)|TRIM(BOTH FROM name)|TRIM(LEADING 'a' FROM name)|"left"(name, 2)|"substring"(name, 2, 3)|SUBSTRING(name FROM 2 FOR 1)|(a)::text|(a)::double precision|(ok)::integer|(id)::text|(a)::numeric
(mood)::text = 'ok'::text|mood = 'ok'::public.mood|day > '2000-01-01'::date|at > '2023-11-14 22:13:20+00'::timestamp with time zone|at <= '1970-01-01 00:00:00+00'::timestamp with time zone|raw = '\\x00ff'::bytea|raw > '\\x00'::bytea|data IS JSON
a > 1.5|a * 1.1|a + 0.5 > 1|(a)::double precision * '1.1'::double precision > '3.3'::double precision|a / '-9223372036854775808'::bigint|cost > 1.5|cost * 1.1 > 3.3|a IN (1, 2.5)|n / 2|r / '2'::double precision|n > 4.99999999999999999999999|f > '0.1'::real|f = '0.1'::real|f > '0.1'::double precision|COALESCE(f, '0.1'::real) > '0.1'::real
tag = 'ABC'::text|tag <> 'abc'::text|(tag || ''::text) = 'ABC'::text|lower(tag) = 'abc'::text|tag = name|(name COLLATE folds) = 'ABC'::text|((name COLLATE folds) || ''::text) = 'ABC'::text|tag = ANY (ARRAY['ABC'::text, 'm'::text])|(tag COLLATE "C") = 'abc'::text|(name COLLATE folds) = ANY (ARRAY['ABC'::text, 'm'::text])
(tag COLLATE "C") = ANY (ARRAY['abc'::text, 'm'::text])|tag IS DISTINCT FROM 'ABC'::text|NULLIF(tag, 'ABC'::text)|NULLIF((tag COLLATE "C"), 'ABC'::text)|NULLIF((name COLLATE folds), 'ABC'::text)|CASE WHEN ok THEN tag ELSE ''::text END = 'ABC'::text|COALESCE(tag, name) = 'ABC'::text|tag < 'm'::text|(tag || ''::text) < 'm'::text
((tag COLLATE "C") || ''::text) < 'M'::text|lower((tag COLLATE "C")) = 'abc'::text|CASE tag WHEN 'ABC'::text THEN 1 ELSE 2 END|((name COLLATE folds))::character varying = 'ABC'::text|tag ~~ 'AB%'::text|(tag COLLATE "C") ~~ 'AB%'::text|(name COLLATE folds) ~~ 'AB%'::text
score / 2|score / score|score * 2 + 1|price * 2|price + 1.25|price - 1|(a)::double precision / 3|lower(name)|name < 'm'|id > 'a0000000-0000-0000-0000-000000000000'::uuid|day = '2020-01-01'::date|CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN GREATEST(a, b) END
""",
    "sqlite": """
a IS b|a IS NOT b|a IS 2|ok = 1|ok = 0|ok IS 1|ok IN (0, 1)|a AND b|NOT a|a / b|a / 7|max(a, b)|min(a, b, 5)|coalesce(max(a, b), a, b)|iif(a > 1, 'x', 'y')|ifnull(a, 0)|typeof(a)|typeof(name) = 'text'|json_valid(data)
name LIKE 'a%'|name LIKE 'ABC'|name LIKE '_B%'|name LIKE 'a!_c' ESCAPE '!'|name NOT LIKE '%c'|name GLOB 'a*'|name GLOB '?b*'|name GLOB 'a[*]c'|name GLOB 'a[[]c'|lower(name)|upper(name)|lower(name) = 'abc'|name = 'ABC' COLLATE NOCASE|name < 'M' COLLATE NOCASE
name < 'm'|name >= 'a'|name > ''|name = 12|a = '100'|length(raw)|length(CAST(name AS BLOB))|trim(name)|raw = x'00ff'|raw < x'ff'|CAST(a AS TEXT)|CAST(a AS REAL) / 3|at > 1700000000|at <= 0|at = 0|at IN (0, 1700000000)|id > 'a0000000-0000-0000-0000-000000000000'
name = 'abc ' COLLATE RTRIM|a == 2|a != 2|[a] = 1|`b` = 3|a ISNULL|a NOTNULL|a NOT NULL|a < 5 = 1|NOT a = 2|-a % 3
a * 1.1 > 3.3|a + 0.5|a / 2.0|a > 1.5|a >= 5.0|a < 1e18|a IN (1, 2.5, 3.0)|1.5 < a|score * 1.1 > 0.3|10 - 0e300 - a|cost > 1.5|cost = 1.50|cost * 1.1 > 3.3|CAST(a AS NUMERIC) * 1.1 > 3.3|CAST(2.5 AS NUMERIC) * a|a > -9223372036854775808|a / -9223372036854775808|price = '1.50'|price <> 1.50
coalesce(score, 1) / 2|coalesce(score, 0.5) / 2|coalesce(score, 1) * 2|max(score, 1) / 2|(score + 1) / 2|score / 2|length(name) > '3'|length(name) = '3'|length(name) || '' = '3'|n = 5|n = '5'|n / 2|n = 5.0|r > 1|r = 3|r / 2|r * 2|a + '5'|ok = '1'|n IN (5, '1')|typeof(n)|typeof(r) = 'integer'|CASE WHEN ok THEN 1.5 ELSE 2.5 END * a|60 * 60 * 24 * 365 * 100|length(name) * 1000000000 + 1
tag = 'ABC'|tag <> 'abc'|tag || '' = 'ABC'|'ABC' = tag|lower(tag) = tag|tag = lower(tag)|tag = name|name = tag|tag IN ('ABC', 'm')|tag COLLATE BINARY = 'abc'|tag COLLATE BINARY IN ('abc', 'm')|(tag COLLATE NOCASE) || '' = 'ABC'|(name COLLATE NOCASE) || '' = 'ABC'|CAST(tag AS TEXT) = 'ABC'|CAST(name COLLATE NOCASE AS TEXT) = 'ABC'
substr(name COLLATE NOCASE, 1, 2) = 'AB'|CASE WHEN ok THEN tag ELSE '' END = 'ABC'|CASE WHEN ok THEN name COLLATE NOCASE ELSE '' END = 'ABC'|coalesce(tag, name) = 'ABC'|tag < 'm'|tag BETWEEN 'A' AND 'b'|CASE tag WHEN 'ABC' THEN 1 ELSE 2 END|tag LIKE 'ABC'|tag IS 'ABC'|tag GLOB 'a*'|tag > 'a' COLLATE BINARY|nullif(tag COLLATE BINARY, 'ABC')|nullif(tag || '', 'ABC')
'abc' = name COLLATE NOCASE|name COLLATE BINARY = tag|tag = name COLLATE BINARY|trim(tag) = 'ABC'|name COLLATE NOCASE IN ('ABC', 'm')|name IN ('ABC' COLLATE NOCASE, 'm')|lower(name) IN (tag, 'm')|'ABC' IN (tag, name)|tag IN (name, 'M')|name IN (tag, 'M')|5 IN (a, n)
""",
    "duckdb": """
a IS DISTINCT FROM b|(a // b)|(a // 7)|(a / 2)|(a / b)|(score / 2)|(score * 2 + 1)|greatest(a, b)|least(a, b, 5)|(name ~~ 'a%')|(name ~~ '_b%')|main.like_escape(name, 'a!_c', '!')|main.not_like_escape(name, 'a!_c', '!')|(name !~~ '%c')
translate(name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')|(name < 'm')|(name >= 'a')|strlen(name)|octet_length(raw)|"left"(name, 2)|CAST(a AS VARCHAR)|CAST(a AS DOUBLE)|CAST(ok AS INTEGER)|CAST(id AS VARCHAR)|CAST(a AS BOOLEAN)
(CAST(ok AS BOOLEAN) IS NOT DISTINCT FROM true)|(raw = CAST('\\x00\\xFF' AS "BLOB"))|(day > CAST('2000-01-01' AS "DATE"))|("at" > CAST('2023-11-14 22:13:20+00' AS "TIMESTAMP WITH TIME ZONE"))|(price * 2)|(price + 1.25)|lower(name)|(id > CAST('a0000000-0000-0000-0000-000000000000' AS UUID))|json_valid(data)
(a > 1.5)|(a * 1.1)|(a + 0.5)|(cost > 1.5)|((cost * 1.1) > 3.3)|(a > -9223372036854775808)|(a IN (1, 2.5))|(r / 2)|((CAST(a AS "DOUBLE") * CAST(1.1 AS "DOUBLE")) > CAST(3.3 AS "DOUBLE"))|(f > 0.1)|(f = 0.1)|(f IN (0.1, 2.5))|(f > CAST(0.1 AS "DOUBLE"))|(f > CAST(0.1 AS "FLOAT"))
(tag = 'ABC')|((tag || '') = 'ABC')|(tag = name)|(name COLLATE nocase = 'ABC')|((name COLLATE nocase || '') = 'ABC')|(tag IN ('ABC', 'm'))|(name COLLATE nocase IN ('ABC', 'm'))|(tag COLLATE c = 'abc')|(tag COLLATE c IN ('abc', 'm'))|(name IN ('ABC' COLLATE nocase, 'm'))|(tag ~~ 'AB%')|(tag COLLATE c ~~ 'AB%')|(name COLLATE nocase ~~ 'AB%')
nullif(tag, 'ABC')|nullif(tag COLLATE c, 'ABC')|nullif(name COLLATE nocase, 'ABC')|(CASE  WHEN (ok) THEN (tag) ELSE '' END = 'ABC')|(COALESCE(tag, name) = 'ABC')|(tag < 'm')|(tag COLLATE c < 'M')|(tag IS DISTINCT FROM 'ABC')|(lower(tag) = 'ABC')|(main."trim"(tag, ' ') = 'ABC')|(CAST(name COLLATE nocase AS VARCHAR) = 'ABC')|(translate(tag, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'ABC')
""",
}
NAMES = ["postgres", "sqlite", "duckdb"]


def texts(script):
    return [text.strip() for line in script.strip().splitlines() for text in split(line)]


def split(script):
    """At |, but not at ||."""
    return [part.replace("\0", "||") for part in script.replace("||", "\0").split("|")]


def table_rows():
    """As many rows as the longest list has, twice, with the others turned by another step each, so that values meet."""
    n = 2 * max(len(values) for _, values in COLUMNS)
    for k in range(n * 3):
        yield (k,) + tuple(values[(k * (i + 1) + k // len(values)) % len(values)] for i, (_, values) in enumerate(COLUMNS))


def in_postgres(url):
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE COLLATION folds (provider = libc, locale = 'C'); SET TIME ZONE 'UTC'; CREATE TABLE t (k int PRIMARY KEY, a bigint, b bigint, price numeric(10,2), score float8, name text, ok boolean,"
                       " day date, at timestamptz, id uuid, raw bytea, mood mood, data jsonb, tag text COLLATE folds, cost numeric(10,2), n bigint, r float8, f real)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s, %s::date, to_timestamp(%s), %s::uuid, %s, %s::mood, %s::jsonb, %s, %s, %s, %s, %s)", list(table_rows()))
    return lambda sql: connection.execute(sql).fetchall()


def real_in_sqlite(value):
    """As vecferry writes what SQLite can't keep: docs/types.md."""
    if value is None:
        return None
    if value != value:
        return "NaN"
    return "-0.0 (negative zero)" if value == 0 and str(value)[0] == "-" else value


def in_sqlite():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER, price TEXT, score REAL, name TEXT, ok BOOLEAN, day TEXT, at INTEGER, id TEXT, raw BLOB, mood TEXT, data TEXT, tag TEXT COLLATE NOCASE, cost DECIMAL(10,2), n, r, f REAL)")
    for row in table_rows():
        row = list(row)
        row[4] = real_in_sqlite(row[4])
        row[6] = None if row[6] is None else int(row[6])
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(row))})", row)
    return lambda sql: connection.execute(sql).fetchall()


def in_duckdb():
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'; CREATE TABLE t (k INTEGER PRIMARY KEY, a BIGINT, b BIGINT, price DECIMAL(10,2), score DOUBLE, name VARCHAR, ok BOOLEAN, day DATE, \"at\" TIMESTAMPTZ, id UUID, raw BLOB, mood VARCHAR, data JSON, tag VARCHAR COLLATE NOCASE, cost DECIMAL(10,2), n BIGINT, r DOUBLE, f FLOAT)")
    for row in table_rows():
        row = list(row)
        row[3] = None if row[3] == "NaN" else row[3]  # DECIMAL has none: such a row is rejected
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?::DECIMAL(10,2), ?, ?, ?, ?::DATE, to_timestamp(?::DOUBLE), ?::UUID, ?, ?, ?, ?, ?::DECIMAL(10,2), ?, ?, ?)", row)
    return lambda sql: connection.execute(sql).fetchall()


def plain(value):
    """A value without the type that its database gives it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else float(value)
    if isinstance(value, float):
        return "NaN" if value != value else value
    return value if isinstance(value, (int, str, bytes, type(None))) else str(value)


@e2e.since(server=16)
class Expressions(e2e.Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.ask = {"postgres": in_postgres(self.postgres(vector=False)), "sqlite": in_sqlite(), "duckdb": in_duckdb()}

        self.rows = list(table_rows())

    def is_value(self, k, source, target, text):
        """Is the row one that both databases can hold? NaN of a decimal isn't one of DuckDB's; NaN and -0.0 as vecferry writes them aren't what SQLite's own expressions are about."""
        row = self.rows[k]
        if "price" in text and "duckdb" in (source, target) and row[3] == "NaN":
            return False
        return not ("score" in text and source == "sqlite" and isinstance(real_in_sqlite(row[4]), str))

    def translate(self, jobs):
        program = pathlib.Path(os.environ["VECFERRY_BUILD"]) / "tests" / "support" / "translate" / "translate"
        lines = "".join("\t".join(job) + "\n" for job in jobs)
        process = subprocess.run([program, "%d%03d%03d" % sqlite3.sqlite_version_info], input=lines, capture_output=True, text=True, timeout=300, check=True)
        return process.stdout.splitlines()

    def values(self, name, expression):
        """By row; rows for which it is an error aren't there."""
        sql = f"SELECT k, ({expression}) AS v FROM t"
        try:
            return {k: plain(v) for k, v in self.ask[name](sql)}
        except (psycopg.Error, sqlite3.Error, duckdb.Error):
            pass
        found = {}
        for row in table_rows():
            try:
                found[row[0]] = plain(self.ask[name](f"{sql} WHERE k = {row[0]}")[0][1])
            except (psycopg.Error, sqlite3.Error, duckdb.Error):
                continue
        return found

    def test_the_same_values(self):
        jobs = [(source, target, text) for source in NAMES for text in texts(COMMON) + texts(OWN[source]) for target in NAMES]
        covered, refused, wrong = {}, [], []
        known = {}
        for (source, target, text), answer in zip(jobs, self.translate(jobs), strict=True):
            if answer[0] == "!":
                refused.append((source, target, text, answer[1:]))
                continue
            operations, there, remark = answer[1:].split("\t")
            for operation in operations.split(";"):
                covered.setdefault((source, target), set()).add(operation)
            if (source, text) not in known:
                known[source, text] = self.values(source, text)
                self.assertTrue(known[source, text], f"{source}: {text} is an error for every row")
            expected, got = known[source, text], self.values(target, there)
            keys = {k for k in expected if self.is_value(k, source, target, text)}
            # Errors are where numbers overflow: in rows with the largest and the smallest, or where the plan says so.
            errors = [k for k in keys if k not in got and not remark and not (set("+-*%") & set(text) and self.rows[k][1] in (MIN, MAX))]
            different = [k for k in keys if k in got and got[k] != expected[k]]
            if errors or different:
                k = (errors + different)[0]
                wrong.append(f"{source} {text!r} -> {target} {there!r}: row {dict(zip(['k'] + [c for c, _ in COLUMNS], self.rows[k], strict=True))}: {expected[k]!r}, not {got.get(k, 'an error')!r}")
        self.assertEqual([], wrong)
        self.check_coverage(covered, refused)

    def check_coverage(self, covered, refused):
        """Each operation went somewhere else at least once, from wherever it is known; and what isn't translated isn't most of it."""
        everywhere = {"and", "or", "not", "is null", "is true", "is false", "=", "<>", "<", "<=", ">", ">=", "is distinct from", "in (...)", "+", "-", "*", "%", "/ of whole numbers", "/ of floating-point numbers", "||",
                      "like", "lower()", "upper()", "length() of a text", "octet_length()", "trim()", "ltrim()", "rtrim()", "substr()", "replace()", "abs()", "coalesce()", "nullif()", "greatest()", "least()",
                      "max() of several", "min() of several", "case", "cast()", "json_valid()", "typeof()", "- (one operand)"}
        crossed = set().union(*(operations for (source, target), operations in covered.items() if source != target))
        self.assertEqual(set(), everywhere - crossed)
        same = [item for item in refused if item[0] == item[1]]
        self.assertEqual([], same, "a database takes its own expressions")
        refused = [item for item in refused if "by collation" not in item[3]]
        self.assertLess(len(refused), 90, refused)


if __name__ == "__main__":
    unittest.main()
