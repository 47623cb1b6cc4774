"""Compares two SQLite files value by value. It shares no code with vecferry, and knows nothing of how the second file was made.

    python3 compare.py library.db returned.db

Every value must be stored the same, bit for bit, but for what two databases may write differently and mean the same: an embedding may be a BLOB of
float32 in one file and JSON text in the other. Those are compared as float32, bit for bit too.
"""

import json
import sqlite3
import struct
import sys


def embedding_bits(value):
    if isinstance(value, str):
        numbers = json.loads(value)
        return struct.pack(f"<{len(numbers)}f", *numbers)
    return bytes(value)


def read_table(db, table, columns):
    names = ", ".join(f'"{name}"' for name in columns)
    rows = {}
    for row in db.execute(f'SELECT {names} FROM "{table}"'):
        row = [embedding_bits(value) if name == "embedding" else value for name, value in zip(columns, row)]
        rows[row[0]] = row
    return rows


def compare_table(a, b, table):
    """Number of values compared, and what differs."""
    columns = [row[1] for row in a.execute(f'PRAGMA table_info("{table}")')]
    left, right = read_table(a, table, columns), read_table(b, table, columns)
    differences = [f"{table} {key}: only in one file" for key in left.keys() ^ right.keys()]
    for key in left.keys() & right.keys():
        for name, x, y in zip(columns, left[key], right[key]):
            if type(x) is not type(y) or x != y:
                differences.append(f"{table} {key}: {name}: {x!r:.80} and {y!r:.80}")
    return len(left) * len(columns), differences


def main(first, second):
    a, b = sqlite3.connect(first), sqlite3.connect(second)
    differences = []
    for (table,) in a.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
        n_values, found = compare_table(a, b, table)
        print(f"  {table}: {n_values} values compared, {len(found)} differ")
        differences += found
    for line in differences[:10]:
        print("  " + line)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
