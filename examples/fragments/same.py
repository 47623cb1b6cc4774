"""Looks at the SQLite installation with the eyes of the application, and compares the PostgreSQL that was made of it with the first one.

    python same.py postgresql://... fragments.db postgresql://...

SQLite has to hold each embedding as its float32, little-endian, bit for bit, and give the same nearest fragments; the second PostgreSQL has to have the same tables, keys and values as the first.
It knows nothing of vecferry: psycopg and sqlite3.
"""

import array
import math
import sqlite3
import sys

import psycopg

NEAREST = "SELECT fragment_id FROM fragment_embeddings WHERE model = 'small' ORDER BY embedding <=> %b::vector, id LIMIT 5"
DEFINITIONS = {
    "columns": "SELECT table_name, column_name, udt_name, character_maximum_length, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'vecferry%' ORDER BY table_name, ordinal_position",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype IN ('p', 'u', 'f') AND conrelid::regclass::text NOT LIKE 'vecferry%' ORDER BY 1, 2",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'vecferry%' ORDER BY 1",
    "sequences": "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
}
TABLES = {"fragments": "f::text", "fragment_embeddings": "f.id, fragment_id, provider, model, dims, encode(vector_send(embedding), 'hex'), content_hash, created_at, updated_at", "migrations": "f::text"}


def vectors(db):
    return {key: array.array("f", blob) for key, blob in db.execute("SELECT id, embedding FROM fragment_embeddings")}


def nearest(candidates, question):
    """The application's exact search where there is no extension."""
    length = math.sqrt(math.fsum(value * value for value in question))
    scored = [(1 - math.fsum(map(float.__mul__, vector, question)) / (length * math.sqrt(math.fsum(value * value for value in vector))), key) for key, vector in candidates.items()]
    return [key for _, key in sorted(scored)[:5]]


def compare_sqlite(first, path):
    n_differ = 0
    with sqlite3.connect(path) as db:
        here = vectors(db)
        there = dict(first.execute("SELECT id, embedding::real[] FROM fragment_embeddings"))
        n_differ += sum(array.array("f", vector).tobytes() != here[key].tobytes() for key, vector in there.items()) + abs(len(here) - len(there))
        small = {fragment: list(map(float, here[key])) for key, fragment in db.execute("SELECT id, fragment_id FROM fragment_embeddings WHERE model = 'small'")}
        found = 0
        for fragment in sorted(small)[:60:10]:
            right = [row[0] for row in first.execute("SELECT fragment_id FROM fragment_embeddings WHERE model = 'small' ORDER BY embedding <=> (SELECT embedding FROM fragment_embeddings WHERE fragment_id = %s AND model = 'small'), id LIMIT 5", (fragment,))]
            found += right == nearest(small, small[fragment])
        n_differ += 6 - found
        version = db.execute("SELECT max(migration) FROM migrations").fetchone()[0]
    print(f"  SQLite: {len(here)} embeddings bit for bit, the same nearest fragments, {version}" if n_differ == 0 else f"  SQLite: {n_differ} differences")
    return n_differ


def compare_postgres(first, second):
    n_differ = n_rows = 0
    for part, query in DEFINITIONS.items():
        if first.execute(query).fetchall() != second.execute(query).fetchall():
            n_differ += 1
            print(f"  {part} differ: {set(first.execute(query)) ^ set(second.execute(query))}")
    for table, columns in TABLES.items():
        query = f"SELECT {columns} FROM {table} f ORDER BY f.id"
        here, there = first.execute(query).fetchall(), second.execute(query).fetchall()
        n_rows += len(here)
        if here != there:
            n_differ += 1
            print(f"  {table}: {[pair for pair in zip(here, there) if pair[0] != pair[1]][:1]}")
    print(f"  PostgreSQL again: {n_rows} rows, {'the same tables and values' if n_differ == 0 else f'{n_differ} differences'}")
    return n_differ


def main(first_url, path, second_url):
    with psycopg.connect(first_url, autocommit=True) as first, psycopg.connect(second_url, autocommit=True) as second:
        first.execute("SET enable_indexscan = off")  # exact answers
        return 1 if compare_sqlite(first, path) + compare_postgres(first, second) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
