"""Statements that change something in a database at random: a value, a row dropped, doubled or added, two values exchanged. Some are refused by its constraints, and some change nothing."""

import sqlite3

import duckdb
import psycopg


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def text(value):
    return "'" + str(value).replace("'", "''") + "'"


def postgres_tables(url):
    with psycopg.connect(url) as connection:
        for schema, name, oid in connection.execute("SELECT n.nspname::text, c.relname::text, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                                                    " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'vecferry\\_%' ORDER BY 1, 2").fetchall():
            full = f"{quote(schema)}.{quote(name)}"
            columns = connection.execute("SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum", (oid,)).fetchall()
            rows = [row[0] for row in connection.execute(f"SELECT ctid::text FROM {full} ORDER BY 1".encode())]
            yield full, columns, "ctid", [f"'{row}'::tid" for row in rows]


def lite_tables(path):
    connection = sqlite3.connect(path)
    for name, in connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT wr AND name NOT LIKE 'vecferry\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1").fetchall():
        columns = connection.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (name,)).fetchall()
        yield quote(name), columns, "_rowid_", [row[0] for row in connection.execute(f"SELECT _rowid_ FROM {quote(name)} ORDER BY 1")]
    connection.close()


def duck_tables(path):
    with duckdb.connect(path, read_only=True) as connection:
        for schema, name in connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND NOT starts_with(table_name, 'vecferry_') ORDER BY 1, 2").fetchall():
            columns = connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index", (schema, name)).fetchall()
            if not any(column.lower() == "rowid" for column, _ in columns):
                full = f"{quote(schema)}.{quote(name)}"
                yield full, columns, "rowid", [row[0] for row in connection.execute(f"SELECT rowid FROM {full} ORDER BY 1").fetchall()]


def tables(url):
    if url.startswith("postgres"):
        return list(postgres_tables(url))
    return list(duck_tables(url.removeprefix("duckdb:")) if url.startswith("duckdb:") else lite_tables(url))


def other_value(random, quoted, native, is_lite):
    """An expression that is near the column's value, and seldom it."""
    if is_lite:
        return f"CASE typeof({quoted}) WHEN 'integer' THEN {quoted} + 1 WHEN 'real' THEN {quoted} * 2 + 1 WHEN 'text' THEN {quoted} || {text(random.choice([' ', 'x', chr(10)]))} WHEN 'blob' THEN CAST({quoted} || x'00' AS BLOB) ELSE 1 END"
    kind = native.lower().split("(")[0]
    if kind in ("text", "character varying", "varchar", "character"):
        return f"{quoted} || {text(random.choice([' ', 'x', chr(10)]))}"
    if kind in ("smallint", "integer", "bigint", "tinyint", "hugeint", "numeric", "decimal", "real", "double precision", "float", "double"):
        return f"{quoted} {random.choice(['+', '-'])} 1"
    return f"NOT {quoted}" if kind == "boolean" else "NULL"


def one(random, url):
    chosen = [entry for entry in tables(url) if entry[3] and entry[1]]
    if not chosen:
        return None
    table, columns, address, rows = random.choice(chosen)
    row, other = random.choice(rows), random.choice(rows)
    name, native = random.choice(columns)
    quoted, names = quote(name), ", ".join(quote(column) for column, _ in columns)
    of = lambda which: f"(SELECT {quoted} FROM {table} WHERE {address} = {which})"
    kind = random.choice(["value", "value", "value", "null", "copied", "dropped", "doubled", "added", "exchanged"])
    if kind == "dropped":
        return f"DELETE FROM {table} WHERE {address} = {row}"
    if kind == "doubled":
        return f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE {address} = {row}"
    if kind == "added":
        values = ", ".join(other_value(random, quote(column), its, "duckdb:" not in url and not url.startswith("postgres")) if column == name else quote(column) for column, its in columns)
        return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {address} = {row}"
    if kind == "exchanged":
        return f"UPDATE {table} SET {quoted} = CASE WHEN {address} = {row} THEN {of(other)} ELSE {of(row)} END WHERE {address} IN ({row}, {other})"
    value = "NULL" if kind == "null" else of(other) if kind == "copied" else other_value(random, quoted, native, "duckdb:" not in url and not url.startswith("postgres"))
    return f"UPDATE {table} SET {quoted} = {value} WHERE {address} = {row}"


def some(url, random, n=6):
    for _ in range(n):
        statement = one(random, url)
        if statement is not None:
            yield statement
