"""Asks the same questions of SQLite and PostgreSQL, and compares the answers with the exact ones of truth.csv.

    python neighbours.py DATA-FOLDER library.db postgresql://...

SQLite has no index for vectors: the distances are computed here, over all rows, exactly. PostgreSQL answers by the HNSW index. Ends with 1 when
one of the questions that are shown gets other answers than the exact ones, or the index finds too few of all questions' neighbours.
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

import psycopg

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
    def __init__(self, url):
        self.db = psycopg.connect(url, autocommit=True)
        # So few rows are read as fast one by one: the planner is told to take the index, as it does by itself with more of them.
        self.db.execute("SET enable_seqscan = off")

    @staticmethod
    def query(table):
        return f"SELECT id FROM {table} ORDER BY embedding <=> %s::vector LIMIT 10"

    def nearest(self, table, vector):
        return [str(row[0]) for row in self.db.execute(self.query(table), (str(list(vector)),))]

    def index_of(self, table, vector):
        """The name of the index by which PostgreSQL answers, or None."""
        for (line,) in self.db.execute("EXPLAIN " + self.query(table), (str(list(vector)),)):
            if "Index Scan using" in line:
                return line.split("Index Scan using ")[1].split()[0]
        return None

    def label(self, table, key):
        row = self.db.execute(f"SELECT coalesce(nullif({LABEL[table]}, ''), '(no title)') FROM {table} WHERE id = %s", (key,)).fetchone()
        text = "".join(c if c.isprintable() else " " for c in row[0])
        return text if len(text) <= 76 else text[:75] + "…"


def show(postgres, table, question, answers):
    print(f'\n  "{question}" ({table})')
    print("    " + "  ".join(f"{name:>10}" for name in answers))
    for rank, keys in enumerate(zip(*answers.values()), 1):
        if rank <= 3:
            print("    " + "  ".join(f"{key:>10}" for key in keys) + f"   {postgres.label(table, keys[0])}")


def main(folder, sqlite_path, url):
    folder = pathlib.Path(folder)
    questions, truth = read_questions(folder), read_truth(folder)
    sqlite, postgres = Sqlite(sqlite_path), Postgres(url)
    n_wrong = n_found = n_asked = 0
    for number, (table, question, vector) in enumerate(questions):
        if table not in LABEL:
            continue
        found = postgres.nearest(table, vector)
        n_found += len(set(found) & set(truth[number]))
        n_asked += len(truth[number])
        if number in SHOWN:
            answers = {"truth": truth[number], "SQLite": sqlite.nearest(table, vector), "PostgreSQL": found}
            show(postgres, table, question, answers)
            agree = answers["truth"] == answers["SQLite"] == answers["PostgreSQL"]
            print(f"    all ten: {'the same on both sides, and as they should be' if agree else f'they differ: {answers}'}")
            n_wrong += not agree
    print()
    for table in LABEL:
        vector = next(vector for name, _, vector in questions if name == table)
        index = postgres.index_of(table, vector)
        print(f"  {table}: PostgreSQL answers by {f'the index {index}' if index else 'reading all rows, not by an index'}")
        n_wrong += index is None
    recall = n_found / n_asked
    print(f"  recall@10 of the indexes over all {n_asked // 10} questions: {recall:.4f}")
    return 1 if n_wrong > 0 or recall < LEAST_RECALL else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
