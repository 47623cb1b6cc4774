"""Values of two databases of different kinds side by side, for the types that mean the same everywhere: whole numbers, floats, texts, bytes, truth, uuids. The others are compared there and back."""

import collections
import re
import struct
import uuid

NUMBERS = re.compile(r"^\[[-+0-9.eE, ]*\]$")
WHOLE = ("smallint", "integer", "bigint", "tinyint", "utinyint", "usmallint", "uinteger")


def engine_of(url):
    return "postgres" if url.startswith("postgres") else "duckdb" if url.startswith("duckdb:") else "sqlite"


def rewritten(value):
    """A vector that is a JSON text is read as float32, and written anew: 1.0 is 1 then; and whole numbers among reals become such. All else is itself."""
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "integer" and int(float(value[1])) == value[1]:
        return ("real", struct.pack("<d", float(value[1])))
    if not (isinstance(value, tuple) and len(value) == 2 and value[0] == "text" and isinstance(value[1], bytes)):
        return value
    text = value[1].decode("utf-8", "surrogateescape")
    try:
        numbers = [float(number) for number in text[1:-1].split(",")] if NUMBERS.match(text) else []
        return ("text", struct.pack(f"<{len(numbers)}f", *numbers)) if len(numbers) > 1 else value
    except (ValueError, OverflowError):
        return value


def of_postgres(native, value):
    kind = native.split("(")[0]
    if kind in WHOLE:
        return int(value)
    if kind == "boolean":
        return int(value == "true")
    if kind == "double precision":
        return struct.unpack(">d", bytes.fromhex(value))[0]
    if kind == "bytea":
        return bytes.fromhex(value[2:])
    return value


def of_sqlite(value):
    storage, stored = value
    if storage == "text":
        return stored.decode("utf-8", "surrogateescape")
    return struct.unpack("<d", stored)[0] if storage == "real" else stored


def of_duckdb(value):
    if isinstance(value, bytes) and len(value) == 8:
        return value  # a float's bits, or a blob: by the column's type
    return int(value) if isinstance(value, bool) else value


def comparable(engine, native):
    """By which of its columns a database can be compared with one of another kind; a word for what they hold, or None."""
    kind = native.split("(")[0].lower()
    if engine == "sqlite":
        return None
    words = {"text": "text", "character varying": "text", "varchar": "text", "boolean": "bool", "bytea": "blob", "blob": "blob", "uuid": "text", "double precision": "float", "double": "float"}
    return "whole" if kind in WHOLE else words.get(kind)


def value_of(engine, native, word, value):
    if value is None or value == ("null", None):
        return None
    if engine == "postgres":
        value = of_postgres(native, value)
    elif engine == "sqlite":
        value = of_sqlite(value)
        if word == "float" and isinstance(value, str):
            value = {"NaN": float("nan"), "-0.0 (negative zero)": -0.0, "Infinity": float("inf"), "-Infinity": float("-inf")}.get(value, value)
    elif word == "float":
        value = struct.unpack("<d", value)[0]
    else:
        value = of_duckdb(value)
    if word == "float" and isinstance(value, (int, float)):
        return "NaN" if value != value else struct.pack("<d", float(value))
    if word == "text" and isinstance(value, bytes):
        return str(uuid.UUID(bytes=value)) if len(value) == 16 else value
    return str(value) if word == "text" else value


def columns_of(picture, table):
    return {name: value[0] for (of, part, name), value in picture.facts.items() if of == table and part == "column"}


def same_table(picture, table):
    """Its name there, where schemas may have become a part of the name; None: another."""
    for name in (table, table.replace(".", "_", 1), table.split("_", 1)[-1]):
        if name in picture.rows:
            return name
    return None


def difference(left, left_url, right, right_url):
    """In words, or None. Between databases of one kind there is the other comparison."""
    engines = engine_of(left_url), engine_of(right_url)
    if engines[0] == engines[1]:
        return None
    if engines[0] == "sqlite":
        return difference(right, right_url, left, left_url)
    for table, rows in left.rows.items():
        there = same_table(right, table)
        if there is None:
            continue
        natives, other = columns_of(left, table), columns_of(right, there)
        words = {name: comparable(engines[0], native) for name, native in natives.items() if name in other and (engines[1] == "sqlite" or comparable(engines[1], other[name]) == comparable(engines[0], native))}
        words = {name: word for name, word in words.items() if word and not (engines[1] == "sqlite" and word == "text" and other[name].upper() not in ("TEXT", "VARCHAR", "UUID"))}
        counted = [collections.Counter(tuple((name, value_of(engine, its[name], words[name], value)) for name, value in row if name in words) for row in each.elements())
                   for engine, its, each in ((engines[0], natives, rows), (engines[1], other, right.rows[there]))]
        if counted[0] != counted[1]:
            return f"{table}: only in {left_url}: {list(counted[0] - counted[1])[:2]}\nonly in {right_url}: {list(counted[1] - counted[0])[:2]}"
    return None
