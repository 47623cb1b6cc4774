"""What a database holds, as its own catalogues and drivers say it: facts of the schema, and rows. It shares no code with vecferry.

facts: (table, part, name) -> value, one for each column, default, key, index and so on. rows: table -> the multiset of rows, each a tuple of (column, exact value).
"""

import collections
import re
import sqlite3
import urllib.parse

import duckdb
import psycopg
from e2e import pack, value_text
from matrix import duckdb_value, exact


class Picture:
    def __init__(self):
        self.facts, self.rows = {}, {}

    def add(self, table, part, name, value):
        self.facts[table, part, name] = value


def quote(name):
    return '"' + name.replace('"', '""') + '"'


# ---- PostgreSQL ----


def postgres(url):
    picture = Picture()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET search_path = public")
        for oid, schema, table in connection.execute(
                "SELECT c.oid, n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relname NOT LIKE 'vecferry\\_%'").fetchall():
            postgres_table(picture, connection, oid, f"{quote(schema)}.{quote(table)}", table if schema == "public" else f"{schema}.{table}")
        for row in connection.execute("SELECT schemaname::text, sequencename::text, data_type::text, start_value, min_value, max_value, increment_by, cycle, last_value FROM pg_sequences"):
            picture.add(f"{row[0]}.{row[1]}", "sequence", "", row[2:-1])
            picture.add(f"{row[0]}.{row[1]}", "counter", "", row[-1])
    return picture


def postgres_table(picture, connection, oid, full, table):
    columns = connection.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, attidentity::text, attgenerated::text, pg_get_expr(d.adbin, d.adrelid), (SELECT collname::text FROM pg_collation WHERE oid = attcollation)"
        " FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum", (oid,)).fetchall()
    picture.add(table, "order", "", tuple(column[0] for column in columns))
    for name, native, not_null, identity, generated, text, collation in columns:
        picture.add(table, "column", name, (native, not_null, identity, collation))
        if text is not None:
            picture.add(table, "generated" if generated else "default", name, re.sub(r"^('(?:[^']|'')*')::[\w ()\[\].\",]+$", r"\1", text, flags=re.DOTALL))
    for name, text in connection.execute("SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s AND contype IN ('p', 'u', 'f', 'c')", (oid,)):
        picture.add(table, {"C": "check", "F": "foreign key"}.get(text[0], "key"), name, text)
    for name, text in connection.execute("SELECT c.relname::text, pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE indrelid = %s"
                                         " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))", (oid,)):
        picture.add(table, "index", name, text.replace(" public.", " "))
    shown = ", ".join(value_text(column[0], column[1]) for column in columns)
    rows = connection.execute(f"SELECT {shown} FROM ONLY {full}".encode()).fetchall() if columns else []
    picture.rows[table] = collections.Counter(tuple(zip((column[0] for column in columns), row)) for row in rows)


# ---- SQLite ----

NUMBER = re.compile(r"'?-?[0-9.]+'?")  # which of both is written makes no difference where the column makes numbers of texts
TEXT_AFFINITY = re.compile(r"CHAR|CLOB|TEXT|BLOB|^$", re.IGNORECASE)
CHECK = re.compile(r"\bCHECK\s*\(", re.IGNORECASE)


def lite(path):
    picture = Picture()
    connection = sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    for table, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        if not table.startswith(("sqlite_", "vecferry_", "libsql_")) and not table.endswith(("_shadow", "_shadow_idx")):
            lite_table(picture, connection, table, sql)
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        for name, seq in connection.execute("SELECT name, seq FROM sqlite_sequence"):
            if (name, "order", "") in picture.facts and seq:  # one that was never used is none
                picture.add(name, "autoincrement", "", seq)
    connection.close()
    return picture


def lite_table(picture, connection, table, sql):
    columns = connection.execute('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (table,)).fetchall()
    picture.add(table, "order", "", tuple(column[0] for column in columns))
    for name, native, not_null, default, pk, hidden in columns:
        picture.add(table, "column", name, (native, not_null and not (pk and native.upper() == "INTEGER"), pk))  # on a rowid the words mean nothing
        if default is not None:
            default = {"TRUE": "1", "FALSE": "0"}.get(default.upper(), default)  # other words for the numbers
            picture.add(table, "default", name, default.strip("'") if NUMBER.fullmatch(default) and not TEXT_AFFINITY.search(native) else default)
        if hidden:
            picture.add(table, "generated", name, hidden)
    picture.add(table, "options", "", connection.execute("SELECT wr, strict FROM pragma_table_list(?)", (table,)).fetchone())
    picture.add(table, "check", "", len(CHECK.findall(sql)))
    keys = collections.defaultdict(list)
    for row in connection.execute('SELECT id, seq, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?)', (table,)):
        keys[row[0]].append(row[1:])
    for found in keys.values():
        picture.add(table, "foreign key", tuple(row[2] for row in found), tuple((row[1], row[3], row[4], row[5]) for row in found))
    for name, unique, origin, partial in connection.execute('SELECT name, "unique", origin, partial FROM pragma_index_list(?)', (table,)).fetchall():
        parts = tuple(connection.execute("SELECT name, desc, coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno", (name,)).fetchall())
        if origin == "c":
            picture.add(table, "index", name, (unique, partial, parts))
        else:
            picture.add(table, "key", (origin, tuple(part[0] for part in parts)), parts)
    quoted = [quote(column[0]) for column in columns]
    shown = ", ".join(f"typeof({q}), CASE typeof({q}) WHEN 'text' THEN CAST({q} AS BLOB) ELSE {q} END" for q in quoted)
    rows = connection.execute(f"SELECT {shown} FROM {quote(table)} NOT INDEXED").fetchall()
    names = [column[0] for column in columns]
    picture.rows[table] = collections.Counter(tuple((name, (row[2 * i], pack(row[2 * i + 1]))) for i, name in enumerate(names)) for row in rows)


# ---- DuckDB ----


def duck(path):
    picture = Picture()
    connection = duckdb.connect(path, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    for schema, table in connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND NOT starts_with(table_name, 'vecferry_')").fetchall():
        duck_table(picture, connection, schema, table, table if schema == "main" else f"{schema}.{table}")
    for row in connection.execute("SELECT schema_name, sequence_name, start_value, min_value, max_value, increment_by, cycle, last_value FROM duckdb_sequences()").fetchall():
        picture.add(f"{row[0]}.{row[1]}", "sequence", "", row[2:])
    connection.close()
    return picture


def default_of(connection, text):
    """What a literal gives, for DuckDB keeps the text as it was written; the text of anything else."""
    try:
        return str(connection.execute(f"SELECT {text}").fetchone()[0]) if re.fullmatch(r"((CAST|from_hex)\()?'.*'( AS .*)?\)?|[-0-9.]+", text, re.DOTALL) else text
    except duckdb.Error:
        return text


def duck_table(picture, connection, schema, name, table):
    columns = connection.execute("SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index", (schema, name)).fetchall()
    sql = connection.execute("SELECT sql FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?", (schema, name)).fetchone()[0]
    picture.add(table, "order", "", tuple(column[0] for column in columns))
    for column, native, nullable, default in columns:
        picture.add(table, "column", column, (native, nullable))
        if default is not None:
            picture.add(table, "generated" if f"{quote(column)} {native} GENERATED" in sql or f"{column} {native} GENERATED" in sql else "default", column, default_of(connection, default))
    for kind, names, parent, parent_names, text in connection.execute(
            "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names, expression FROM duckdb_constraints() WHERE schema_name = ? AND table_name = ?", (schema, name)).fetchall():
        if kind != "NOT NULL":
            part = {"CHECK": "check", "FOREIGN KEY": "foreign key"}.get(kind, "key")
            picture.add(table, part, (kind, tuple(names), text), (parent, tuple(parent_names or ())))
    for index, unique, text in connection.execute("SELECT index_name, is_unique, expressions FROM duckdb_indexes() WHERE schema_name = ? AND table_name = ?", (schema, name)).fetchall():
        picture.add(table, "index", index, (unique, text))
    shown = ", ".join(duckdb_value(quote(column[0]), column[1]) for column in columns)
    rows = connection.execute(f"SELECT {shown} FROM {quote(schema)}.{quote(name)}").fetchall()
    names = [column[0] for column in columns]
    picture.rows[table] = collections.Counter(tuple(zip(names, exact(row))) for row in rows)


def of(url):
    if url.startswith("postgres"):
        return postgres(url)
    if url.startswith("duckdb:"):
        return duck(url.removeprefix("duckdb:"))
    return lite(url.removeprefix("libsql:").removeprefix("sqlite:"))
