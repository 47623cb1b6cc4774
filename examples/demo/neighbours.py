"""Asks the same questions of SQLite and of the database that it was moved to, and compares the answers with the exact ones of truth.csv.

    python neighbours.py DATA-FOLDER library.db library.duckdb
    python neighbours.py DATA-FOLDER library.db postgresql://...

SQLite has no distances: they are computed here, over all rows, exactly. DuckDB computes them itself, exactly too. PostgreSQL answers by the HNSW index. Ends with 1 when
one of the questions that are shown gets other answers than the exact ones, or the other database finds too few of all questions' neighbours.
"""

import array
import collections
import csv
import json
import math
import operator
import pathlib
import sqlite3
import sys

DIM = 384
SHOWN = (1, 3, 60, 65)  # rows of queries.csv: two questions to vibes, two to documents
LEAST_RECALL = 0.95
LABEL = {"vibes": "description", "documents": "title"}


def floats(data):
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def read_questions(folder):
    data = pathlib.Path(folder / "queries.f32").read_bytes()
    with open(folder / "queries.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [(row["set"], row["query"], floats(data[i * 4 * DIM : (i + 1) * 4 * DIM])) for i, row in enumerate(rows)]


def read_truth(folder):
    """Question's number -> the ids of its ten nearest rows, nearest first."""
    truth = collections.defaultdict(list)
    with open(folder / "truth.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            truth[int(row["query_number"])].append(row["id"])
    return truth


class Sqlite:
    def __init__(self, path):
        db = sqlite3.connect(path)
        self.rows = {
            "vibes": [(str(key), floats(blob)) for key, blob in db.execute("SELECT id, embedding FROM vibes")],
            "documents": [(str(key), json.loads(text)) for key, text in db.execute("SELECT id, embedding FROM documents")],
        }
        db.close()

    def nearest(self, table, vector, k=10):
        """By cosine distance."""
        own = math.sqrt(sum(map(operator.mul, vector, vector)))
        scored = []
        for key, other in self.rows[table]:
            length = math.sqrt(sum(map(operator.mul, other, other)))
            scored.append((1 - sum(map(operator.mul, vector, other)) / (own * length), int(key)))
        return [str(key) for _, key in sorted(scored)[:k]]


class Postgres:
    name = "PostgreSQL"

    def __init__(self, url):
        import psycopg

        self.db = psycopg.connect(url, autocommit=True)
        # So few rows are read as fast one by one: the planner is told to take the index, as it does by itself with more of them.
        self.db.execute("SET enable_seqscan = off")

    @staticmethod
    def query(table):
        return f"SELECT id FROM {table} ORDER BY embedding <=> %s::vector LIMIT 10"

    def nearest(self, table, vector):
        return [str(row[0]) for row in self.db.execute(self.query(table), (str(list(vector)),))]

    def how(self, table, vector):
        """How it answers, and whether that is as it should be."""
        for (line,) in self.db.execute("EXPLAIN " + self.query(table), (str(list(vector)),)):
            if "Index Scan using" in line:
                return "by the index " + line.split("Index Scan using ")[1].split()[0], True
        return "by reading all rows, not by an index", False

    def label(self, table, key):
        return self.db.execute(f"SELECT {LABEL[table]} FROM {table} WHERE id = %s", (key,)).fetchone()[0]


class DuckDb:
    name = "DuckDB"

    def __init__(self, path):
        import duckdb

        self.db = duckdb.connect(path, read_only=True)

    def nearest(self, table, vector):
        sql = f"SELECT id FROM {table} ORDER BY array_cosine_distance(embedding, ?::FLOAT[{DIM}]), id LIMIT 10"
        return [str(row[0]) for row in self.db.execute(sql, (str(list(vector)),)).fetchall()]

    def how(self, table, vector):
        return "exactly, by the distances to all rows", True

    def label(self, table, key):
        return self.db.execute(f"SELECT {LABEL[table]} FROM {table} WHERE id = ?", (int(key),)).fetchone()[0]


def shorten(label):
    text = "".join(c if c.isprintable() else " " for c in label or "(no title)")
    return text if len(text) <= 76 else text[:75] + "…"


def show(target, table, question, answers):
    print(f'\n  "{question}" ({table})')
    print("    " + "  ".join(f"{name:>10}" for name in answers))
    for rank, keys in enumerate(zip(*answers.values()), 1):
        if rank <= 3:
            print("    " + "  ".join(f"{key:>10}" for key in keys) + f"   {shorten(target.label(table, keys[0]))}")


def main(folder, sqlite_path, other):
    folder = pathlib.Path(folder)
    questions, truth = read_questions(folder), read_truth(folder)
    sqlite = Sqlite(sqlite_path)
    target = Postgres(other) if other.startswith("postgres") else DuckDb(other)
    n_wrong = n_found = n_asked = 0
    for number, (table, question, vector) in enumerate(questions):
        if table not in LABEL:
            continue
        found = target.nearest(table, vector)
        n_found += len(set(found) & set(truth[number]))
        n_asked += len(truth[number])
        if number in SHOWN:
            answers = {"truth": truth[number], "SQLite": sqlite.nearest(table, vector), target.name: found}
            show(target, table, question, answers)
            agree = answers["truth"] == answers["SQLite"] == found
            print(f"    all ten: {'the same on both sides, and as they should be' if agree else f'they differ: {answers}'}")
            n_wrong += not agree
    print()
    for table in LABEL:
        vector = next(vector for name, _, vector in questions if name == table)
        how, is_right = target.how(table, vector)
        print(f"  {table}: {target.name} answers {how}")
        n_wrong += not is_right
    recall = n_found / n_asked
    print(f"  recall@10 over all {n_asked // 10} questions: {recall:.4f}")
    return 1 if n_wrong > 0 or recall < LEAST_RECALL else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
