"""What the end-to-end tests share: running the program, databases, and a comparison that shares no code with vecferry.

The comparison reads both databases by their own drivers (psycopg with the server's text output, sqlite3), brings values to Python
values by rules written here, and compares whole tables as multisets.
"""

import collections
import datetime
import decimal
import functools
import json
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import unittest
import urllib.parse
import uuid

import psycopg

VECFERRY = os.environ["VECFERRY"]
SERVER = os.environ["VECFERRY_TEST_POSTGRES"]


def database_url(name):
    """The test server's URL with another database in its path."""
    parts = urllib.parse.urlsplit(SERVER)
    return urllib.parse.urlunsplit(parts._replace(path="/" + name))


@functools.cache
def server_versions():
    """Of the test server: its major version, and that of the pgvector it has."""
    with psycopg.connect(SERVER, autocommit=True) as connection:
        vector = connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'").fetchone()[0]
        return connection.info.server_version // 10000, tuple(int(part) for part in vector.split("."))


left_out = 0  # tests and classes, by since()


def since(server=0, vector=(0, 0, 0)):
    """A test, or a class of them, of what older servers or pgvectors don't have: on those it is none (make test-pg15)."""
    has = server_versions()

    def decorate(test):
        global left_out
        if has[0] >= server and has[1] >= vector:
            return test
        left_out += 1
        return None

    return decorate


def alltypes():
    """alltypes.sql, less what the test server can't have."""
    script = (pathlib.Path(__file__).parent / "alltypes.sql").read_text()
    server, vector = server_versions()
    if server < 15:
        script = script.replace("n_neg numeric(5, -2)", "n_neg numeric")
    if server < 14:
        script = script.replace("mr int4multirange", "mr text")
        script = script.replace("'NaN', 'NaN', 'Infinity',", "'NaN', 'NaN', 'NaN',").replace("'Infinity', 'Infinity', '-Infinity',", "'Infinity', 'Infinity', 'NaN',")
    if vector < (0, 7, 0):
        script = re.sub(r"^CREATE INDEX \w+ ON vectors USING hnsw \([hsb] .*\n", "", script, flags=re.M)
        script = script.replace("halfvec(3)", "vector(3)").replace("sparsevec(5)", "text")
    return script


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    def json(self):
        """The last line of --json output: the summary or the error. Whatever the test is about: a problem that stops the copy says what is to be done."""
        result = json.loads(self.stdout.strip().splitlines()[-1])
        for problem in result.get("problems", []):
            assert problem["severity"] == "note" or (problem["remedy"] and (problem["object"] or problem.get("line", 1) > 0)), problem
        return result

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Case(unittest.TestCase):
    """A scratch folder, scratch databases, and a runner of the program; all of it gone after the test."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._connections = []
        self._databases = []
        self.addCleanup(self._drop)

    def _drop(self):
        for connection in self._connections:
            connection.close()
        with psycopg.connect(SERVER, autocommit=True) as admin:
            for name in self._databases:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def postgres(self, script="", vector=True):
        """A fresh database after `script`; its URL."""
        name = "e2e_" + uuid.uuid4().hex[:16]
        with psycopg.connect(SERVER, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" ENCODING \'UTF8\' TEMPLATE template0')
        self._databases.append(name)
        url = database_url(name)
        with psycopg.connect(url, autocommit=True) as connection:
            if vector:
                connection.execute("CREATE EXTENSION vector")
            if script:
                connection.execute(script)
        return url

    def connect(self, url):
        connection = psycopg.connect(url, autocommit=True)
        self._connections.append(connection)
        return connection

    def sqlite(self, name="test.db", script=""):
        """Path of a SQLite file after `script`; without one the file isn't made."""
        path = str(self.folder / name)
        if script:
            with sqlite3.connect(path) as connection:
                connection.executescript(script)
            connection.close()
        return path

    def run_vecferry(self, *arguments, environment=None, code=0, timeout=600, stdin=None, cwd=None):
        """Run the program and check its exit code; `code` None: any."""
        env = dict(os.environ)
        env.update(environment or {})
        process = subprocess.run([VECFERRY, *map(str, arguments)], capture_output=True, text=True, errors="surrogateescape", timeout=timeout, env=env,
                                 stdin=stdin if stdin is not None else subprocess.DEVNULL, cwd=cwd or self.folder)
        result = Result(process)
        if code is not None:
            self.assertEqual(result.code, code, f"vecferry {' '.join(map(str, arguments))}\n{result}")
        return result

    def copy(self, *arguments, **options):
        """copy --json; the summary object."""
        return self.run_vecferry("copy", "--json", *arguments, **options).json()

    def assert_same_postgres(self, a, b, tables=None):
        """Two PostgreSQL databases hold the same tables with the same columns, constraints, indexes and values."""
        left, right = postgres_picture(a), postgres_picture(b)
        names = tables or sorted(left["tables"])
        if tables is None:
            self.assertEqual(sorted(left["tables"]), sorted(right["tables"]))
        for name in names:
            for part in ("columns", "constraints", "indexes"):
                self.assertEqual(left["tables"][name][part], right["tables"][name][part], f"{name}: {part}")
            self.assertEqual(left["tables"][name]["rows"], right["tables"][name]["rows"], f"{name}: rows")
        self.assertEqual(left["sequences"], right["sequences"])
        self.assertEqual(left["types"], right["types"])

    def assert_same_sqlite(self, a, b, tables=None):
        """Two SQLite files hold the same tables: declared columns, and each value with its storage class and bytes."""
        left, right = sqlite_picture(a), sqlite_picture(b)
        names = tables or sorted(left)
        if tables is None:
            self.assertEqual(sorted(left), sorted(right))
        for name in names:
            self.assertEqual(left[name]["columns"], right[name]["columns"], f"{name}: columns")
            self.assertEqual(left[name]["rows"], right[name]["rows"], f"{name}: rows")


def postgres_picture(url):
    """Everything of a database that a move has to keep, as the server itself prints it."""
    picture = {"tables": {}, "sequences": {}, "types": {}}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'")
        tables = connection.execute(
            "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'vecferry\\_%'").fetchall()
        for oid, name in tables:
            picture["tables"][name] = postgres_table(connection, oid, name)
        for row in connection.execute("SELECT schemaname, sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, last_value FROM pg_sequences"):
            picture["sequences"][f"{row[0]}.{row[1]}"] = row[2:]
        for row in connection.execute(
                "SELECT n.nspname || '.' || t.typname, t.typtype::text, coalesce(format_type(t.typbasetype, t.typtypmod), ''), t.typnotnull,"
                " (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)"
                " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid"
                " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND t.typtype IN ('e', 'd', 'c') AND (c.relkind IS NULL OR c.relkind = 'c')"
                " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')"):
            picture["types"][row[0]] = row[1:]
    return picture


def postgres_table(connection, oid, name):
    columns = connection.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, attidentity::text, pg_get_expr(d.adbin, d.adrelid)"
        " FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum", (oid,)).fetchall()
    constraints = connection.execute(
        "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s AND contype IN ('p', 'u', 'f') ORDER BY 1", (oid,)).fetchall()
    indexes = connection.execute(
        "SELECT replace(pg_get_indexdef(indexrelid), 'public.', '') FROM pg_index WHERE indrelid = %s ORDER BY 1", (oid,)).fetchall()
    quoted = ", ".join(value_text(column[0], column[1]) for column in columns)
    rows = connection.execute(f"SELECT {quoted} FROM ONLY {name}").fetchall() if columns else []
    return {"columns": columns, "constraints": constraints, "indexes": indexes, "rows": collections.Counter(rows)}


def value_text(column, type_name):
    """SQL that shows a value so that different values show differently: vectors and floats by their bytes, all else by the server's text."""
    quoted = '"' + column.replace('"', '""') + '"'
    base = type_name.split("(")[0]
    if base in ("vector", "halfvec", "sparsevec"):
        return f"encode({base}_send({quoted}), 'hex')"
    if base == "real":
        return f"encode(float4send({quoted}), 'hex')"
    if base == "double precision" and not type_name.endswith("[]"):
        return f"encode(float8send({quoted}), 'hex')"
    return f"{quoted}::text"


def sqlite_picture(path):
    picture = {}
    connection = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True)
    connection.text_factory = bytes
    tables = [row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in tables:
        if name.startswith(("sqlite_", "vecferry_")):
            continue
        quoted = '"' + name.replace('"', '""') + '"'
        columns = [tuple(row) for row in connection.execute("SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?)", (name,))]
        shown = ", ".join('typeof("{0}"), "{0}"'.format(column[0].decode().replace('"', '""')) for column in columns)
        rows = [tuple(pack(value) for value in row) for row in connection.execute(f"SELECT {shown} FROM {quoted} NOT INDEXED")]
        picture[name] = {"columns": columns, "rows": collections.Counter(rows)}
    connection.close()
    return picture


def pack(value):
    """Floats by their bits, so that -0.0 and 0.0 differ."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def read_f32(path, dim=384):
    data = pathlib.Path(path).read_bytes()
    return [data[i:i + 4 * dim] for i in range(0, len(data), 4 * dim)]
