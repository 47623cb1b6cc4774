"""Compares two of dealhunter's SQLite files value by value: what came back from PostgreSQL is what was there.

    python same.py dealhunter.db back.db

Bytes and storage classes have to be equal, with two exceptions: an embedding is compared as the float32 that its numbers are (0.0000095 and 9.5e-6 are one), and `metadata`, which jsonb
keeps the meaning of, as JSON. The rows that no rule allows (their keys are in the rejects of the first copy) have to be missing. It knows nothing of vecferry: sqlite3.
"""

import array
import decimal
import json
import sqlite3
import sys

PLANTED = {"deal_embeddings": "id LIKE 'planted-%'", "website_audits": "typeof(performance_score) = 'text'"}
AS_JSON = {("deal_embeddings", "metadata")}
AS_VECTOR = {("deal_embeddings", "embedding"), ("raw_chunks", "embedding"), ("pre_qualifications", "description_embedding")}


class TwiceError(ValueError):
    """A name is twice in a JSON object: jsonb would keep one of both, so the row is a rejected one."""


def members(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise TwiceError
    return dict(pairs)


def meaning(column, value):
    if value is None:
        return None
    if column in AS_JSON:
        return json.loads(value, parse_int=decimal.Decimal, parse_float=decimal.Decimal, object_pairs_hook=members)
    return array.array("f", json.loads(value)).tobytes() if column in AS_VECTOR else value


def rows(db, table, names):
    where = f"WHERE NOT ({PLANTED[table]})" if table in PLANTED else ""
    columns = ", ".join(f"`{name}`, typeof(`{name}`)" for name in names)
    for row in db.execute(f"SELECT {columns} FROM `{table}` {where} ORDER BY 1, 3"):
        try:
            yield [(meaning((table, name), row[2 * number]), row[2 * number + 1]) for number, name in enumerate(names)]
        except TwiceError:
            pass


def main(path, other):
    first, second = (sqlite3.connect(name) for name in (path, other))
    tables = [row[0] for row in first.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")]
    n_rows = n_differ = 0
    for table in tables:
        names = [row[1] for row in first.execute(f"PRAGMA table_info(`{table}`)")]
        here, there = list(rows(first, table, names)), list(rows(second, table, names))
        n_rows += len(here)
        differ = [(a, b) for a, b in zip(here, there) if a != b]
        if differ or len(here) != len(there):
            n_differ += 1
            print(f"  {table}: {len(here)} and {len(there)} rows; the first that differ: {str(differ[:1])[:400]}")
    first.close()
    second.close()
    print(f"  {len(tables)} tables, {n_rows} rows: {'the same values' if n_differ == 0 else f'{n_differ} tables differ'}")
    return 1 if n_differ or n_rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
