"""Makes library.db: a SQLite database of the kind that applications with embeddings keep, from the texts and vectors in examples/data.

    python3 load.py DATA-FOLDER library.db

Each table keeps its embeddings in another way, as applications do: `vibes` as a BLOB of float32, `documents` as JSON text. Python's standard
library is all that is used.
"""

import csv
import datetime
import json
import pathlib
import sqlite3
import struct
import sys

DIM = 384
FIRST_RUN = int(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp())

SCHEMA = """
CREATE TABLE vibes (
  id INTEGER PRIMARY KEY,
  title TEXT,
  description TEXT NOT NULL,
  genre TEXT,
  bpm REAL,
  tags JSON,
  is_instrumental BOOLEAN NOT NULL,
  created_at TEXT NOT NULL,      -- 2024-05-01T12:00:00Z
  embedded_at INTEGER NOT NULL,  -- seconds since 1970
  embedding BLOB NOT NULL        -- float32
);
CREATE INDEX vibes_by_genre ON vibes (genre);
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY NOT NULL
);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  title TEXT,
  content TEXT NOT NULL,
  metadata JSON,
  created_at TEXT NOT NULL,
  embedding TEXT NOT NULL        -- [0.0123, -0.045, ...]
);
"""


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_vectors(path):
    """The raw bytes of each vector."""
    data = pathlib.Path(path).read_bytes()
    return [data[at : at + 4 * DIM] for at in range(0, len(data), 4 * DIM)]


def or_null(text, convert=str):
    return None if text == "" else convert(text)


def vibe(number, row, vector):
    return (
        int(row["id"]),
        or_null(row["title"]),
        row["description"],
        or_null(row["genre"]),
        or_null(row["bpm"], float),
        or_null(row["tags"]),
        float(row["instrumentalness"] or 0) > 0.5,
        row["created_at"],
        FIRST_RUN + 7 * number,
        vector,
    )


def document(row, vector):
    numbers = json.dumps(struct.unpack(f"<{DIM}f", vector))
    return (int(row["id"]), row["workspace_id"], or_null(row["title"]), row["content"], or_null(row["metadata"]), row["created_at"], numbers)


def main(folder, target):
    folder = pathlib.Path(folder)
    vibes = zip(read_csv(folder / "vibes.csv"), read_vectors(folder / "vibes.f32"), strict=True)
    documents = list(zip(read_csv(folder / "documents.csv"), read_vectors(folder / "documents.f32"), strict=True))
    workspaces = sorted({row["workspace_id"] for row, _ in documents})
    with sqlite3.connect(target) as db:
        db.executescript(SCHEMA)
        db.executemany("INSERT INTO vibes VALUES (?,?,?,?,?,?,?,?,?,?)", (vibe(i, row, vector) for i, (row, vector) in enumerate(vibes)))
        db.executemany("INSERT INTO workspaces VALUES (?)", [(name,) for name in workspaces])
        db.executemany("INSERT INTO documents VALUES (?,?,?,?,?,?,?)", (document(row, vector) for row, vector in documents))
    counts = [f"{db.execute(f'SELECT count(*) FROM {table}').fetchone()[0]} {table}" for table in ("vibes", "documents", "workspaces")]
    db.close()
    print(f"{target}: {', '.join(counts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
