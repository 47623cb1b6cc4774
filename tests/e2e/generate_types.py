"""The types of each engine for generate.py: how a column is declared, and values as SQL literals: the extremes, what is usually wrong, and some at random."""

import dataclasses
import json
import random
import struct
import typing
import uuid


@dataclasses.dataclass
class Type:
    name: str
    value: typing.Callable = lambda r: "NULL"
    distinct: typing.Callable | None = None
    defaults: tuple = ()
    checks: tuple = ()  # true of every value; <<c>> is the column
    generated: tuple = ()  # (type, expression)
    indexed: tuple = ()  # expressions for an index
    indexable: bool = True
    hashable: bool = True
    strict: bool = False


NONE = Type("", indexable=False)

TEXTS = ["", " ", "plain", "it's", 'dou"ble', "back\\slash", "\\N", "\\.", "NULL", "null", "line\nbreak", "\r\n", "\t", "%s%n", "日本語 🚢", "e\u0301", "é", "\x01\x1b[31m", "\ufeffbom", "\u2028", "\x7f", "\u0080", "0", "1", "-0", "1e5", "0x10",
         "1.50", "true", "t", "2024-01-01", "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", "[1,2,3]", "[1.0, 2.50]", "{1,2}", "{}", "[]", '{"a": 1}', '{"a":1,"a":2}', "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\U0010ffff", "\ufffe", "'); DROP TABLE y;--",
         "trail ", "ABC", "abc", "NaN", "-0.0 (negative zero)", "infinity", "\\x00ff", "$json", "a" * 3000, "🚢" * 700, "\n", '"', "'", "\\"]
DATES = ["2024-02-29", "1970-01-01", "1969-12-31", "0001-01-01", "9999-12-31", "1900-02-28", "1582-10-10"]
CLOCKS = ["00:00:00", "23:59:59.999999", "12:34:56", "00:00:00.000001", "24:00:00", "02:30:00.5"]
UUIDS = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]
JSONS = ['{"b": 1,  "a": 1e2, "a": 2}', "null", "[]", "{}", '"x"', "0", "-0.0", "1e400", "[12345678901234567890123]", '"\\u00e9"', '{"\\ud83d\\ude00": [[[]]]}', " [1 , 2]\n", '{"": null}', "true", '"a\\/b"', '{"a": {"b": [1.50, "it\'s"]}}']
FLOATS = ["0", "-0.0", "1", "-1.5", "0.1", "1e300", "5e-324", "1.7976931348623157e308", "NaN", "Infinity", "-Infinity", "123456.789", "1e15", "9007199254740993", "2.5e-5", "0.30000000000000004"]
REALS = ["0", "-0.0", "1", "-1.5", "0.1", "3.4028235e38", "1e-45", "1.17549435e-38", "NaN", "Infinity", "-Infinity", "16777217", "1e10", "0.33333334"]


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def one_of(values):
    return lambda r: quote(r.choice(values))


def bare(values):
    return lambda r: r.choice(values)


def mixed(values, other, p=0.5):
    return lambda r: quote(r.choice(values)) if r.random() < p else other(r)


def integers(low, high):
    edges = [low, high, 0, 1, -1 if low < 0 else 2, high - 1, low + 1]
    return lambda r: str(r.choice(edges) if r.random() < 0.5 else r.randint(low, high) if r.random() < 0.3 else r.randint(max(low, -100), min(high, 100)))


def distinct_integers(low, high):
    def values(r, n):
        found = {low, high} if r.random() < 0.3 else set()
        while len(found) < n:
            found.add(r.randint(max(low, -1000), min(high, 1000)))
        found = list(found)[:n]
        r.shuffle(found)
        return [str(i) for i in found]

    return values


def sqlite_integers(r, n):
    """Of an AUTOINCREMENT: not the largest, after which it has no next."""
    return [str(i) for i in r.sample(range(1, 1000), n)]


def some_text(r):
    return "".join(r.choice("ab cdÄß\n'\"\\%_🚢é0") for _ in range(r.randint(0, 30)))


def text(r):
    return quote(r.choice(TEXTS) if r.random() < 0.7 else some_text(r))


def distinct_texts(r, n):
    found = [t for t in dict.fromkeys([r.choice(TEXTS) if r.random() < 0.5 else some_text(r) for _ in range(3 * n + 3)]) if len(t) < 500]
    return [quote(found[i] if i < len(found) else f"k{i}") for i in range(n)]


def distinct_uuids(r, n):
    return [quote(str(uuid.UUID(int=r.getrandbits(128)))) for _ in range(n)]


def moments(zone, extra=()):
    values = [f"{day} {clock}{zone}" for day in DATES for clock in CLOCKS if clock != "24:00:00"] + list(extra)
    return one_of(values)


def some_json(r, depth=0):
    kind = r.randrange(7 if depth < 3 else 5)
    if kind == 5:
        return [some_json(r, depth + 1) for _ in range(r.randint(0, 3))]
    if kind == 6:
        return {r.choice(["a", "b", "", "é", "k\"q", "$json"]): some_json(r, depth + 1) for _ in range(r.randint(0, 3))}
    return [None, True, r.randint(-5, 10**6), r.choice([0.5, 1e20, -2.25]), r.choice(["", "x", "it's", "🚢", "\n"])][kind]


def json_value(r):
    return quote(r.choice(JSONS) if r.random() < 0.4 else json.dumps(some_json(r), ensure_ascii=r.random() < 0.5))


def decimal(precision, scale):
    whole = precision - scale
    top = ("9" * whole or "0") + ("." + "9" * scale if scale else "")

    def value(r):
        if r.random() < 0.4:
            return r.choice([top, "-" + top, "0", "1" if whole else "0", "-0"] + (["0." + "0" * (scale - 1) + "1"] if scale else []))
        digits = "".join(r.choice("0123456789") for _ in range(r.randint(0, whole)))
        return r.choice(["", "-"]) + (digits or "0") + ("." + "".join(r.choice("0123456789") for _ in range(r.randint(1, scale))) if scale and r.random() < 0.7 else "")

    return value


def vector(dim, kind, finite=True):
    edges = {"f": ["-0", "0", "1", "1e-45", "3.4028235e38", "0.1", "-2.5", "1.17549435e-38"], "e": ["-0", "0", "1", "65504", "6e-8", "0.1", "-2.5"], "d": ["-0", "0.1", "5e-324", "1.7976931348623157e308"]}[kind]

    def value(r):
        n = dim or r.randint(1, 6)
        return quote("[" + ",".join(r.choice(edges) if r.random() < 0.5 else repr(round(r.uniform(-1, 1), 4)) for _ in range(n)) + "]")

    return value


def sparse(dim):
    def value(r):
        return quote("{" + ",".join(f"{i}:{r.choice(['1', '-2.5', '0.1', '1e-45'])}" for i in sorted(r.sample(range(1, dim + 1), r.randint(0, dim)))) + f"}}/{dim}")

    return value


def bits(low, high):
    return lambda r: quote("".join(r.choice("01") for _ in range(r.randint(low, high))))


def postgres_blob(r):
    return quote("\\x" + bytes(r.randrange(256) for _ in range(r.choice([0, 1, 3, 16, 40]))).hex())


def array(values):
    """Of elements that need no quotes in an array's text, or have them."""
    def value(r):
        shape = r.randrange(6)
        items = [r.choice(values) for _ in range(r.randint(0, 4))]
        if shape == 0 and len(items) >= 2:
            half = len(items) // 2
            return quote("{{" + ",".join(items[:half]) + "},{" + ",".join(items[half:half * 2]) + "}}")
        if shape == 1 and items:
            return quote(f"[0:{len(items) - 1}]={{" + ",".join(items) + "}")
        return quote("{" + ",".join(items) + "}")

    return value


TEXT_ITEMS = ['"a b"', '""', "NULL", '"null"', '"q\\"\\\\"', "x", '"{}"', '"é,"', '"NULL"', '" "', '"it\'s"']
NUMBER_CHECKS = ("<<c>> IS NOT NULL OR <<c>> IS NULL", "<<c>> >= -9223372036854775807 OR <<c>> < 0 OR <<c>> IS NULL", "<<c>> IS NULL OR <<c>> <> 123456789", "NOT (<<c>> IN (555, 556))")
TEXT_CHECKS = ("length(<<c>>) >= 0", "<<c>> <> 'forbidden'", "<<c>> IS NULL OR length(<<c>>) < 100000", "coalesce(<<c>>, 'x') <> 'it''s not'")
PG_TEXT_DEFAULTS = ("'it''s'", "''", "'%s\\n'", "NULL", "CURRENT_USER", "('a'::text || 'b'::text)", "upper('x')")
MOMENTS_PG = ["infinity", "-infinity", "4713-01-01 00:00:00 BC", "0044-03-15 12:00 BC", "294276-12-31 23:59:59.999999", "2024-03-31 02:30:00", "2016-12-31 23:59:59"]


def pg(name, value, **more):
    return Type(name, value, **more)


def postgres():
    number = dict(checks=NUMBER_CHECKS, generated=(("bigint", "coalesce(<<c>>, 0) % 7"), ("boolean", "<<c>> > 3"), ("text", "(<<c>>)::text")), indexed=("abs(coalesce(<<c>>, 0) % 10)", "<<c>> IS NULL"), defaults=("0", "7", "-1", "(2 + 3)", "NULL"))
    words = dict(checks=TEXT_CHECKS, generated=(("text", "<<c>> || 'x'"), ("integer", "length(<<c>>)"), ("text", "upper(<<c>>)"), ("text", "coalesce(<<c>>, '')")), indexed=("lower(<<c>>)", "length(<<c>>)", "md5(<<c>>)"), defaults=PG_TEXT_DEFAULTS)
    i2, i4, i8 = integers(-2**15, 2**15 - 1), integers(-2**31, 2**31 - 1), integers(-2**63, 2**63 - 1)
    short = lambda n: lambda r: quote(r.choice([t for t in TEXTS if len(t) <= n]))
    all_types = [
        pg("boolean", one_of(["t", "f"]), defaults=("true", "false"), checks=("<<c>> OR NOT <<c>>",), indexed=("NOT <<c>>",)), pg("smallint", i2, **number), pg("integer", i4, **number), pg("bigint", i8, **number),
        pg("real", mixed(REALS, lambda r: quote(repr(r.uniform(-1e3, 1e3)))), defaults=("1.5", "'NaN'::real")), pg("double precision", mixed(FLOATS, lambda r: quote(repr(r.uniform(-1e6, 1e6)))), defaults=("0.1", "random()", "'-Infinity'")),
        pg("numeric", mixed(["NaN", "Infinity", "-Infinity", "1e-400", "123456789012345678901234567890.123456789", "1.500", "0", "0.00", "-0.001", "1e100"], decimal(12, 4)), defaults=("1.50", "0"), checks=("<<c>> IS NULL OR <<c>> <> 12345",)),
        pg("numeric(12,2)", decimal(12, 2), defaults=("1.5",), checks=("<<c>> > -99999999999",)), pg("numeric(38,10)", decimal(38, 10)), pg("numeric(5,-2)", one_of(["12300", "-9999900", "0", "NaN"])), pg("numeric(3,5)", one_of(["0.00999", "-0.00001", "0"])),
        pg("text", text, **words), pg("text", text, **words), pg("varchar(20)", short(20), **words), pg("varchar", text, **words), pg("char(5)", short(5), defaults=("'ab'",)), pg("name", short(20)), pg('"char"', one_of(["", "x", "0"]), indexable=False),
        pg("bytea", postgres_blob, defaults=("'\\x00ff'",), checks=("octet_length(<<c>>) >= 0",)), pg("uuid", lambda r: quote(r.choice(UUIDS)), defaults=("gen_random_uuid()",)),
        pg("json", json_value, indexable=False, defaults=("'{}'", "'{\"a\": 1}'::json")), pg("jsonb", lambda r: json_value(r) if r.random() < 0.8 else "'[1.50]'", defaults=("'[]'::jsonb",), hashable=True),
        pg("date", one_of(DATES + ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"]), defaults=("CURRENT_DATE", "'2020-01-01'")), pg("time", one_of(CLOCKS), defaults=("'12:00'", "LOCALTIME")), pg("time(3)", one_of(["12:34:56.789", "00:00", "24:00:00"])),
        pg("timetz", one_of(["12:00:00+05:30", "24:00:00-15:59", "00:00:00+00", "00:00:00.000001-00:00:01"])), pg("timestamp", moments("", MOMENTS_PG), defaults=("now()", "'2020-01-01'", "LOCALTIMESTAMP")), pg("timestamp(0)", moments("", ())),
        pg("timestamptz", moments("+00", [m + ("" if "inf" in m else "+00") for m in MOMENTS_PG if "BC" not in m] + ["4713-01-01 00:00:00+00 BC"]), defaults=("now()", "CURRENT_TIMESTAMP", "clock_timestamp()"), checks=("<<c>> > '2000-01-01'::timestamptz OR true",)),
        pg("interval", one_of(["1 year 2 mons -3 days 04:05:06.789", "0", "-178000000 years", "1 mon -1 day +00:00:00.000001", "3 days", "-00:00:01", "178000000 years 00:00:00.5"]), defaults=("'1 day'",)),
        pg("integer[]", array(["1", "-5", "NULL", "2147483647"]), hashable=False), pg("text[]", array(TEXT_ITEMS), hashable=False), pg("numeric[]", array(["1.50", "NaN", "NULL", "-12345678901234567890.1"]), hashable=False), pg("boolean[]", array(["t", "f", "NULL"]), hashable=False),
        pg("double precision[]", array(["0.1", "NaN", "-0", "Infinity", "5e-324", "NULL"]), hashable=False), pg("real[]", array(["0.1", "1e-45", "-0"]), hashable=False), pg("uuid[]", array(UUIDS), hashable=False), pg("timestamptz[]", array(['"2024-02-29 12:00:00+00"', "infinity", "NULL"]), hashable=False),
        pg("jsonb[]", array(['"{\\"a\\": 1}"', '"null"', "NULL"]), hashable=False), pg("mood[]", array(["sad", "ok", '"it\'s \\"odd\\""', "NULL"]), hashable=False), pg("bytea[]", array(['"\\\\x00ff"', '"\\\\x"']), hashable=False),
        pg("inet", one_of(["192.168.1.5/24", "::ffff:1.2.3.4", "10.0.0.1", "2001:db8::/32"])), pg("cidr", one_of(["10.0.0.0/8", "2001:db8::/32"])), pg("macaddr", one_of(["08:00:2b:01:02:03"])), pg("bit(5)", bits(5, 5), indexable=False), pg("bit varying(12)", bits(0, 12), hashable=False),
        pg("int4range", one_of(["[1,10)", "empty", "(,)", "(,5)"])), pg("numrange", one_of(["[1.50,2]", "(,5.5]"])), pg("tstzrange", one_of(['["2024-01-01 00:00:00+00",infinity)', "empty"])), pg("money", one_of(["-92233720368547758.08", "1.50", "0"]), hashable=False), pg("oid", one_of(["0", "4294967295"])),
        pg("tsvector", one_of(["'a':1A 'fat':2B", ""]), indexable=False, hashable=False), pg("point", one_of(["(1.5,-2)", "(0,0)"]), indexable=False), pg("pg_lsn", one_of(["16/B374D848", "0/0"])), pg("mood", one_of(["sad", "ok", "happy", 'it\'s "odd"']), defaults=("'ok'", "'sad'::mood"), checks=("<<c>> <> 'happy' OR true",)),
        pg("posint", i4, defaults=()), pg("short_text", short(10)), pg("pair", one_of(['(1,"a ""b""")', "(,)", "(5,x)"]), hashable=False), pg("xid8", one_of(["42", "0"])),
        pg("vector(3)", vector(3, "f"), indexable=False), pg("vector", vector(0, "f"), indexable=False), pg("halfvec(4)", vector(4, "e"), indexable=False), pg("sparsevec(6)", sparse(6), indexable=False), pg("vector(1)", vector(1, "f"), indexable=False),
    ]
    return {
        "all": all_types,
        "key_number": [pg("integer", i4, distinct=distinct_integers(-2**31, 2**31 - 1), defaults=("0",)), pg("bigint", i8, distinct=distinct_integers(-2**63, 2**63 - 1)), pg("smallint", i2, distinct=distinct_integers(-2**15, 2**15 - 1))],
        "key_text": [pg("text", text, distinct=distinct_texts), pg("varchar(600)", text, distinct=distinct_texts)], "key_uuid": [pg("uuid", text, distinct=distinct_uuids)],
    }


def hex_blob(r):
    return "x'" + bytes(r.randrange(256) for _ in range(r.choice([0, 1, 3, 12, 16, 40]))).hex() + "'"


def packed(dim, code, finite=True):
    def value(r):
        edges = [0.0, -0.0, 1.0, -2.5, 0.1, *{"f": [3.0e38, 1e-45], "d": [1e300, 5e-324], "e": [65504.0, 6e-8]}[code]] + ([] if finite else [float("nan"), float("inf")])
        return "x'" + struct.pack(f"<{dim}{code}", *(r.choice(edges) if r.random() < 0.3 else r.uniform(-1, 1) for _ in range(dim))).hex() + "'"

    return value


def libsql(dim, code, tail):
    plain = packed(dim, code)
    return lambda r: plain(r)[:-1] + tail + "'"


def any_value(r):
    return r.choice([lambda: str(r.randint(-5, 5)), lambda: r.choice(["1.5", "-0.25", "9e999", "1e15"]), lambda: text(r), lambda: hex_blob(r), lambda: "NULL", lambda: "9223372036854775807", lambda: quote("12"), lambda: "CAST(x'ff41' AS TEXT)"])()


def sometimes(value, other, p=0.05):
    return lambda r: other(r) if r.random() < p else value(r)


def lite_text(r):
    return text(r) if r.random() < 0.97 else r.choice(["CAST(x'610062' AS TEXT)", "CAST(x'00' AS TEXT)", "CAST(x'ff' AS TEXT)", "CAST(x'eda080' AS TEXT)"])


def lite_real(r):
    return r.choice(["0.0", "-0.0", "1.5", "1e308", "5e-324", "9e999", "-9e999", "0.1", "1e15", "123456789012.5", "9007199254740993.0", "3.0"]) if r.random() < 0.6 else repr(r.uniform(-1e4, 1e4))


def sqlite():
    number = dict(checks=NUMBER_CHECKS + ("typeof(<<c>>) <> 'nothing'",), generated=(("INTEGER", "coalesce(<<c>>, 0) % 7"), ("BOOLEAN", "<<c>> > 3"), ("TEXT", "CAST(<<c>> AS TEXT)")), indexed=("abs(coalesce(<<c>>, 0) % 10)", "<<c>> IS NULL"), defaults=("0", "7", "-1", "(2 + 3)", "NULL", "(random())"), strict=True)
    words = dict(checks=TEXT_CHECKS + ("<<c>> NOT LIKE 'forbidden%'", "<<c>> NOT GLOB 'xyz*'"), generated=(("TEXT", "<<c>> || 'x'"), ("INTEGER", "length(<<c>>)"), ("TEXT", "upper(<<c>>)"), ("TEXT", "substr(<<c>>, 1, 3)")),
                 indexed=("lower(<<c>>)", "length(<<c>>)", "substr(<<c>>, 2)", "<<c>> COLLATE NOCASE"), defaults=("'it''s'", "''", "NULL", "'%s\\n'", "(lower('X'))", "CURRENT_TIMESTAMP", "(hex(randomblob(16)))"))
    i8 = integers(-2**63, 2**63 - 1)
    small = integers(-100, 100)
    moment = one_of(["2024-02-29 23:59:59", "1970-01-01 00:00:00", "2024-02-29 23:59:59.5", "0001-01-01 00:00:00"])
    all_types = [
        Type("INTEGER", i8, **number), Type("INTEGER", small, **number), Type("INT", bare(["0", "1"]), **number), Type("INTEGER", lambda r: str(1700000000 + r.randint(0, 10**6)), **number), Type("INTEGER", lambda r: str(1700000000000 + r.randint(0, 10**9)), **number),
        Type("BIGINT", sometimes(i8, any_value), **{**number, "strict": False}), Type("INTEGER", sometimes(small, any_value, 0.1), **{**number, "strict": False}), Type("TINYINT(1)", bare(["0", "1"])), Type("BOOLEAN", bare(["0", "1"]), defaults=("0", "TRUE", "1"), checks=("<<c>> IN (0, 1)",)),
        Type("BOOLEAN", bare(["0", "1", "2", "'t'"])), Type("REAL", lite_real, strict=True, defaults=("1.5", "-0.5e3")), Type("DOUBLE", lite_real), Type("FLOAT", sometimes(lite_real, any_value)), Type("NUMERIC", lambda r: r.choice(["1", "1.5", "-3", "9007199254740993", "'1.50'", "'abc'"])),
        Type("DECIMAL(10,2)", lambda r: r.choice(["1", "1.5", "10.25", "-3", "99999999.99", "0.1", "'12.50'"]), defaults=("0.00",)), Type("TEXT", text, **words, strict=True), Type("TEXT", lite_text, **words), Type("TEXT", sometimes(text, any_value), **words), Type("VARCHAR(20)", text, **words),
        Type("TEXT", vector(3, "f"), strict=True), Type("TEXT", json_value), Type("TEXT", lambda r: quote(r.choice(UUIDS)), strict=True), Type("TEXT", moment), Type("TEXT", one_of(DATES)), Type("BLOB", hex_blob, strict=True, checks=("length(<<c>>) >= 0",), defaults=("x'00ff'",)), Type("BLOB", packed(4, "f"), strict=True),
        Type("BLOB", sometimes(packed(4, "f"), packed(3, "f"), 0.1)), Type("BLOB", packed(4, "f", finite=False)), Type("BLOB", packed(4, "d"), strict=True), Type("BLOB", lambda r: f"x'{r.getrandbits(128):032x}'"), Type("", any_value), Type("", text, **words), Type("", small),
        Type("DATE", one_of(DATES)), Type("DATE", sometimes(one_of(DATES), any_value, 0.2)), Type("DATETIME", moment, defaults=("CURRENT_TIMESTAMP",)), Type("TIMESTAMP", moment, defaults=("CURRENT_TIMESTAMP", "(datetime('now'))")), Type("DATETIME", lambda r: str(r.choice([0, 1700000000, -1]))),
        Type("DATETIME", lambda r: str(r.choice([0, 1700000000000]))), Type("TIME", one_of(CLOCKS)), Type("JSON", json_value, defaults=("'{}'", "(json('[]'))")), Type("JSONB", json_value), Type("UUID", lambda r: quote(r.choice(UUIDS))), Type("UUID", lambda r: f"x'{r.getrandbits(128):032x}'"), Type("STRING", text), Type("CLOB", text),
        Type("NVARCHAR(100)", text), Type("CHAR(3)", text), Type("UNSIGNED BIG INT", i8), Type("ENUM", one_of(["a", "b"])), Type("F32_BLOB(4)", packed(4, "f")), Type("F64_BLOB(4)", libsql(4, "d", "02")), Type("F16_BLOB(4)", libsql(4, "e", "05")), Type("vector(4)", packed(4, "f")),
        Type("MONEY", lambda r: r.choice(["1.5", "10", "0.01"])), Type("odd type", any_value),
    ]
    return {
        "all": all_types, "key_number": [Type("INTEGER", i8, distinct=distinct_integers(-2**63, 2**63 - 1), strict=True), Type("INT", i8, distinct=distinct_integers(-2**31, 2**31 - 1), strict=True)],
        "key_text": [Type("TEXT", text, distinct=distinct_texts, strict=True), Type("VARCHAR(600)", text, distinct=distinct_texts)], "key_uuid": [Type("UUID", text, distinct=distinct_uuids), Type("TEXT", text, distinct=distinct_uuids, strict=True)],
    }


def duck_text(r):
    return text(r) if r.random() < 0.95 else "('a' || chr(0) || 'b')"


def duck_blob(r):
    return quote("".join(f"\\x{r.randrange(256):02X}" for _ in range(r.choice([0, 1, 3, 16, 40]))))


def duck_list(values, n=None):
    return lambda r: quote("[" + ", ".join(r.choice(values) for _ in range(r.randint(0, 4) if n is None else n)) + "]")


def duckdb():
    number = dict(checks=NUMBER_CHECKS[0:1] + ("<<c>> IS NULL OR <<c>> <> 123",), generated=(("BIGINT", "coalesce(<<c>>, 0) % 7"), ("BOOLEAN", "<<c>> > 3")), indexed=("(<<c>> % 10)",), defaults=("0", "7", "(2 + 3)", "NULL"))
    words = dict(checks=TEXT_CHECKS, generated=(("VARCHAR", "<<c>> || 'x'"), ("BIGINT", "length(<<c>>)"), ("VARCHAR", "upper(<<c>>)")), indexed=("lower(<<c>>)", "length(<<c>>)"), defaults=("'it''s'", "''", "NULL", "('a' || 'b')"))
    i4, i8 = integers(-2**31, 2**31 - 1), integers(-2**63, 2**63 - 1)
    moments_duck = ["infinity", "-infinity", "0044-03-15 (BC) 00:00:00", "290000-01-01 00:00:00"]
    all_types = [
        Type("BOOLEAN", one_of(["true", "false"]), defaults=("true",)), Type("TINYINT", integers(-128, 127), **number), Type("SMALLINT", integers(-2**15, 2**15 - 1), **number), Type("INTEGER", i4, **number), Type("BIGINT", i8, **number), Type("HUGEINT", integers(-2**127, 2**127 - 1)), Type("UTINYINT", integers(0, 255)),
        Type("USMALLINT", integers(0, 65535)), Type("UINTEGER", integers(0, 2**32 - 1)), Type("UBIGINT", integers(0, 2**64 - 1)), Type("UHUGEINT", integers(0, 2**128 - 1)), Type("FLOAT", mixed(REALS, lambda r: quote(repr(r.uniform(-1e3, 1e3)))), defaults=("1.5",)),
        Type("DOUBLE", mixed(FLOATS, lambda r: quote(repr(r.uniform(-1e6, 1e6)))), defaults=("0.1", "random()")), Type("DECIMAL(9,2)", decimal(9, 2), defaults=("1.50",)), Type("DECIMAL(38,10)", decimal(38, 10)), Type("DECIMAL(18,18)", decimal(18, 18)), Type("DECIMAL(4,0)", decimal(4, 0)),
        Type("VARCHAR", text, **words), Type("VARCHAR", duck_text, **words), Type("BLOB", duck_blob, defaults=("'\\x00'::BLOB",)), Type("UUID", lambda r: quote(r.choice(UUIDS)), defaults=("uuid()", "gen_random_uuid()")), Type("mood", one_of(["sad", "ok", 'it\'s "odd"']), defaults=("'ok'",)), Type("JSON", json_value, defaults=("'{}'",)),
        Type("DATE", one_of(DATES + ["infinity", "-infinity", "0044-03-15 (BC)", "5881580-07-10"]), defaults=("current_date", "'2020-01-01'")), Type("TIME", one_of(CLOCKS)), Type("TIMESTAMP", moments("", moments_duck), defaults=("now()", "current_timestamp")), Type("TIMESTAMP_S", moments("", ())), Type("TIMESTAMP_MS", moments("", ())),
        Type("TIMESTAMP_NS", one_of(["2024-02-29 23:59:59.999999", "2262-04-11 23:47:16.854775", "1970-01-01 00:00:00"])), Type("TIMESTAMP_NS", one_of(["2024-02-29 23:59:59.999999999", "1970-01-01 00:00:00"])), Type("TIMESTAMPTZ", moments("+00", ["infinity", "-infinity"]), defaults=("now()",)), Type("TIMETZ", one_of(["12:30:00.5+05:30:15", "24:00:00-12"])),
        Type("INTERVAL", one_of(["14 months -3 days 04:05:06.789", "0 days", "-1 month", "1 microsecond"]), indexable=False), Type("BIT", bits(1, 12), indexable=False), Type("BIT", bits(7, 7), indexable=False), Type("INTEGER[]", duck_list(["1", "NULL", "-5"]), indexable=False), Type("VARCHAR[]", duck_list(["a", "NULL", "'q''s'", '"b c"']), indexable=False),
        Type("DOUBLE[]", duck_list(["0.1", "NULL", "nan", "-0.0"]), indexable=False), Type("DOUBLE[]", duck_list(["0.1", "2.5", "-0.0"], 3), indexable=False), Type("FLOAT[3]", duck_list(["0.1", "-0.0", "3.4e38", "1e-45"], 3), indexable=False), Type("DOUBLE[2]", duck_list(["0.1", "5e-324", "-0.0"], 2), indexable=False),
        Type("TINYINT[4]", duck_list(["0", "-128", "127"], 4), indexable=False), Type("INTEGER[2]", duck_list(["1", "NULL", "-5"], 2), indexable=False), Type("INTEGER[][]", one_of(["[[1, NULL], [], NULL]", "[]", "[[1]]"]), indexable=False), Type("STRUCT(a INTEGER, b VARCHAR)", one_of(["{'a': 1, 'b': x}", "{'a': NULL, 'b': NULL}"]), indexable=False),
        Type("MAP(VARCHAR, INTEGER)", one_of(["{a=1, b=NULL}", "{}"]), indexable=False), Type("UNION(n INTEGER, t VARCHAR)", bare(["5", "'word'"]), indexable=False), Type("DATE[]", duck_list(["2024-02-29", "NULL"]), indexable=False), Type("TIMESTAMPTZ[]", duck_list(["2024-02-29 12:00:00+00", "NULL"]), indexable=False),
        Type("DECIMAL(9,2)[]", duck_list(["1.50", "-0.01", "NULL"]), indexable=False), Type("UUID[]", duck_list(UUIDS), indexable=False), Type("mood[]", duck_list(["sad", "ok", "NULL"]), indexable=False), Type("BLOB[]", duck_list(["a", "b", "NULL"]), indexable=False),
    ]
    return {
        "all": all_types, "key_number": [Type("INTEGER", i4, distinct=distinct_integers(-2**31, 2**31 - 1)), Type("BIGINT", i8, distinct=distinct_integers(-2**63, 2**63 - 1)), Type("USMALLINT", i4, distinct=distinct_integers(0, 65535)), Type("HUGEINT", i8, distinct=distinct_integers(-2**127, 2**127 - 1))],
        "key_text": [Type("VARCHAR", text, distinct=distinct_texts)], "key_uuid": [Type("UUID", text, distinct=distinct_uuids)],
    }


ENGINES = {"postgres": postgres(), "sqlite": sqlite(), "duckdb": duckdb()}
OWN_TYPES = {
    "postgres": {"mood": "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'it''s \"odd\"')", "posint": "CREATE DOMAIN posint AS integer DEFAULT 1", "short_text": "CREATE DOMAIN short_text AS varchar(10)", "pair": "CREATE TYPE pair AS (a integer, b text)"},
    "duckdb": {"mood": "CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s \"odd\"')"},
}
