"""What the tests of tests/e2e/schemas share: a schema in three forms, each moved to the two other databases and back.

Each way: the plan accounts for every object that the source's own catalogue has (it is in the target, or the plan names it), verify says equal, and what came back is the source, row by row and object by object, but for what a
plan has named. Catalogues and rows are read by the databases' own drivers (catalogue.py and below).
"""

import collections
import json
import math
import pathlib
import re
import sqlite3
import struct

import duckdb
import psycopg

import catalogue
from account import Account, Named, assert_complete
from e2e import Case, pack, since, value_text

HERE = pathlib.Path(__file__).resolve().parent / "schemas"


def floats(seed, dim):
    """Numbers that float32 holds, the same in each run."""
    return [struct.unpack("<f", struct.pack("<f", math.sin(seed * (i + 1))))[0] for i in range(dim)]


def make_sqlite(path, script):
    connection = sqlite3.connect(path)
    connection.create_function("f32", 2, lambda seed, dim: struct.pack(f"<{dim}f", *floats(seed, dim)), deterministic=True)
    connection.create_function("f32_json", 2, lambda seed, dim: json.dumps(floats(seed, dim)), deterministic=True)
    connection.executescript(script)
    connection.commit()
    connection.close()


def make_duckdb(path, script):
    connection = duckdb.connect(path)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(script)
    connection.close()


def select(url, sql):
    """Rows in no order."""
    if url.startswith("postgresql://"):
        with psycopg.connect(url) as connection:
            return sorted(map(repr, connection.execute(sql).fetchall()))
    is_duckdb = url.startswith("duckdb:")
    connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True) if is_duckdb else sqlite3.connect(f"file:{url}?mode=ro", uri=True)
    if is_duckdb:  # whose moments Python has no type for
        sql = f"SELECT COLUMNS(*)::VARCHAR FROM ({sql})"
    rows = sorted(map(repr, connection.execute(sql).fetchall()))
    connection.close()
    return rows


def rows_of(url):
    """Table -> its rows as a multiset; values so that different ones show differently."""
    if url.startswith("postgresql://"):
        return rows_of_postgres(url)
    return rows_of_duckdb(url.removeprefix("duckdb:")) if url.startswith("duckdb:") else rows_of_sqlite(url)


def rows_of_postgres(url):
    found = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 3")
        tables = connection.execute("SELECT c.oid, CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || c.oid::regclass::text, nspname || '.' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                                    " WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND relname NOT LIKE 'vecferry\\_%'").fetchall()
        for oid, quoted, name in tables:
            columns = connection.execute("SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum", (oid,)).fetchall()
            shown = ", ".join(value_text(*column) for column in columns)
            found[name] = collections.Counter(connection.execute(f"SELECT {shown} FROM {quoted}").fetchall())
    return found


def rows_of_sqlite(path):
    found = {}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'vecferry\\_%' ESCAPE '\\'")]
    virtual = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'")]
    for name in names:
        is_fulltext = name in virtual
        is_shadow = any(name.startswith(other + "_") for other in virtual)
        if not is_shadow and not (is_fulltext and is_beside(connection, name)):
            columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", (name,))] + ["rowid"] * is_fulltext
            shown = ", ".join(f'typeof("{column}"), "{column}"' for column in columns)
            found[name] = collections.Counter(tuple(pack(numbers(value)) for value in row) for row in connection.execute(f'SELECT {shown} FROM "{name}" NOT INDEXED'))
    connection.close()
    return found


def numbers(value):
    """A vector that is a JSON text is compared by its numbers: how many digits of a float32 are written is the writer's."""
    if not isinstance(value, str) or not re.match(r"\[-?\d+\.\d", value):
        return value
    return tuple(struct.pack("<f", number) for number in json.loads(value))


def is_beside(connection, name):
    """Of an FTS5 table: the texts are those of another table."""
    return "content=" in connection.execute("SELECT replace(sql, ' ', '') FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]


def rows_of_duckdb(path):
    found = {}
    connection = duckdb.connect(path, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    for schema, name in connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND schema_name NOT LIKE 'fts_main_%'").fetchall():
        if name.startswith(catalogue.OURS):
            continue
        columns = connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index", (schema, name)).fetchall()
        # Numbers of floating point as Python has them, exactly; all else as DuckDB writes it.
        shown = ", ".join(f'"{column}"' if kind.startswith(("FLOAT", "DOUBLE")) else f'"{column}"::VARCHAR' for column, kind in columns)
        found[f"{schema}.{name}"] = collections.Counter(tuple(map(repr, row)) for row in connection.execute(f'SELECT {shown} FROM "{schema}"."{name}"').fetchall())
    connection.close()
    return found


class Schema:
    """The tests of one schema; a class of a test file gives its name."""

    name = ""
    # Columns with values that other databases can't hold (of several types in one column, parts of a microsecond): the plan counts the rows that will be rejected, and those stay behind. Form -> {table: column}.
    mixed = {}

    def make(self, kind):
        path = HERE / self.name / f"{kind}.sql"
        if kind == "postgres":
            return self.postgres(path.read_text())
        target = str(self.folder / f"{kind}.db")
        (make_sqlite if kind == "sqlite" else make_duckdb)(target, path.read_text())
        return target if kind == "sqlite" else f"duckdb:{target}"

    def empty(self, kind, name):
        if kind == "postgres":
            return self.postgres()
        return self.sqlite(name) if kind == "sqlite" else f"duckdb:{self.folder / name}"

    def there(self, source, target, mixed):
        """Plan, copy from the plan's file, and verify; what the plan says."""
        path = self.folder / "ferry.yaml"
        plan = self.run_vecferry("plan", "--json", "-o", path, source, target).json()
        for table, column in mixed.items():
            self.assertIn(f"{table}.{column}", [problem["object"] for problem in plan["problems"] if "rejected" in problem["what"]])
        copied = self.copy("--no-verify", "-f", path, source, target, code=3 if mixed else 0)
        self.assertEqual(sorted(table["name"] for table in copied["tables"] if table["rejected"] > 0), sorted(mixed))
        verified = self.run_vecferry("verify", "--json", "-f", path, source, target, code=3 if mixed else 0).json()
        self.assertEqual((verified["n_differences"], verified["rejected"]), (0, copied["rejected"]))
        return plan

    def back(self, target, again):
        """Copy, which plans and verifies; what it says of its plan."""
        copied = self.copy(target, again)
        self.assertEqual((copied["verified"], copied["n_differences"], copied["rejected"]), (True, 0, 0))
        return copied

    def there_and_back(self, kind):
        source, mixed = self.make(kind), self.mixed.get(kind, {})
        rows, objects = rows_of(source), catalogue.read(source)
        self.assertGreaterEqual(len(rows), 15)
        self.assertTrue(all(rows.values()), [name for name, found in rows.items() if not found])
        for other in ("postgres", "sqlite", "duckdb"):
            if other == kind:
                continue
            with self.subTest(to=other):
                target, again = self.empty(other, f"there-{other}.db"), self.empty(kind, f"back-{other}.db")
                there = self.there(source, target, mixed)
                assert_complete(self, Account(objects, catalogue.read(target), Named(there)))
                back = self.back(target, again)
                self.assert_back(rows, rows_of(again), mixed)
                made = catalogue.read(again)
                self.assert_objects(objects, made, Named(there, back))
                for name in (name for kind_of, _, name in made if kind_of == "view"):
                    self.assertEqual(select(source, f'SELECT * FROM "{name}"'), select(again, f'SELECT * FROM "{name}"'), name)

    def assert_back(self, rows, again, mixed):
        self.assertEqual(sorted(rows), sorted(again))
        for name, wanted in rows.items():
            if name in mixed:
                self.assertTrue(0 < sum(again[name].values()) < sum(wanted.values()), name)
                continue
            missing, extra = wanted - again[name], again[name] - wanted
            self.assertFalse(missing or extra, f"{name}: {sum(missing.values())} rows are missing, {sum(extra.values())} are extra; the first: {list(missing)[:1]} {list(extra)[:1]}")

    def assert_objects(self, objects, again, named):
        """The same definitions; where they aren't, a plan has said so."""
        changed = [(key, definition, again.get(key)) for key, definition in objects.items() if again.get(key) != definition and not named.changes(*key)]
        # Those without a name are counted.
        nameless = ("check", "foreign key")
        lost = collections.Counter(key[:2] for key, _, found in changed if key[0] in nameless and found is None)
        changed = [(key, was, found) for key, was, found in changed if found is not None or key[0] not in nameless or lost[key[:2]] > named.count(*key[:2])]
        self.assertEqual(changed, [], "\n".join(map(str, changed)))
        self.assertEqual([key for key in again if key not in objects and not named.changes(*key)], [])
