"""The agents' searches, asked of PostgreSQL and of the workspace's SQLite file with the graph beside it.

    python search.py DATA-FOLDER postgresql://... ws-atlas.db ws-atlas.vectors.usearch

Full-text: the ten best of both, whose overlap is told (two stemmers, two orders), and the words that need no stemmer have to find the same documents. Vectors: PostgreSQL exactly, SQLite exactly from its BLOBs, and the
graph; the exact answers have to be those of truth.csv, as far as they are of this workspace, and the graph has to find nearly all of them. Hybrid: both orders, fused by their ranks. It knows nothing of vecferry: psycopg,
sqlite3, and usearch's own library.
"""

import array
import csv
import ctypes
import json
import math
import operator
import pathlib
import sqlite3
import sys

import psycopg

DIM, COPIES, MOST = 384, 4, 10
LEAST_RECALL, LEAST_OVERLAP = 0.95, 0.5
LIBRARY = pathlib.Path(__file__).resolve().parent.parent.parent / "build/deps/lib/libusearch_c.so"

WORDS = "to_tsvector('english', content) @@ plainto_tsquery('english', %(words)s)"
FULL_TEXT = f"SELECT id FROM documents WHERE workspace_id = %(workspace)s AND {WORDS} ORDER BY ts_rank(to_tsvector('english', content), plainto_tsquery('english', %(words)s)) DESC, id"
NEAREST = "SELECT d.id FROM vectors v JOIN documents d ON d.id = v.document_id WHERE workspace_id = %(workspace)s ORDER BY embedding <=> %(question)s::vector, d.id LIMIT %(most)s"


class Options(ctypes.Structure):
    _fields_ = [("metric_kind", ctypes.c_int), ("metric", ctypes.c_void_p), ("quantization", ctypes.c_int), ("dimensions", ctypes.c_size_t),
                ("connectivity", ctypes.c_size_t), ("expansion_add", ctypes.c_size_t), ("expansion_search", ctypes.c_size_t), ("multi", ctypes.c_bool)]


class Graph:
    """A usearch file; what it was built with, and from, is in the description beside it."""

    F32, COSINE = 1, 1

    def __init__(self, path):
        self.said = json.loads(pathlib.Path(f"{path}.json").read_text(encoding="utf-8"))
        self.library, self.error = ctypes.CDLL(str(LIBRARY)), ctypes.c_char_p()
        self.library.usearch_init.restype = ctypes.c_void_p
        self.library.usearch_search.restype = ctypes.c_size_t
        options = Options(self.COSINE, None, self.F32, COPIES * DIM, 0, 0, self.said["ef_search"], False)
        self.index = ctypes.c_void_p(self.call("usearch_init", ctypes.byref(options)))
        self.call("usearch_load", self.index, str(path).encode())

    def call(self, name, *arguments):
        result = getattr(self.library, name)(*arguments, ctypes.byref(self.error))
        if self.error.value is not None:
            raise OSError(self.error.value.decode())
        return result

    def nearest(self, vector):
        keys, distances = (ctypes.c_uint64 * MOST)(), (ctypes.c_float * MOST)()
        n = self.call("usearch_search", self.index, (ctypes.c_float * len(vector))(*vector), self.F32, ctypes.c_size_t(MOST), keys, distances)
        return list(keys[:n])


def floats(data):
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def questions(folder):
    """Number, words and vector of the questions to documents."""
    data = (folder / "queries.f32").read_bytes()
    with open(folder / "queries.csv", newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["set"] == "documents":
                yield number, row["query"], row["keywords"], [value / 2 for value in floats(data[4 * DIM * number : 4 * DIM * (number + 1)])] * COPIES


def read_truth(folder):
    truth = {}
    with open(folder / "truth.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["set"] != "documents":
                continue
            truth.setdefault(int(row["query_number"]), []).append(int(row["id"]))
    return truth


class Workspace:
    """The SQLite side, with no more than the file and its graph."""

    def __init__(self, path, graph):
        self.db, self.graph = sqlite3.connect(path), Graph(graph)
        self.names = {row[0] for row in self.db.execute("SELECT DISTINCT workspace_id FROM documents")}
        self.document = dict(self.db.execute("SELECT id, document_id FROM vectors"))
        self.vectors = [(key, floats(blob)[:DIM]) for key, blob in self.db.execute("SELECT document_id, embedding FROM vectors")]

    def full_text(self, words):
        question = " ".join(f'"{word}"' for word in words.split())
        return [row[0] for row in self.db.execute("SELECT rowid FROM documents_fts WHERE documents_fts MATCH ? ORDER BY rank, rowid", (question,))]

    def exact(self, question):
        """All vectors have length 1, and are one quarter of themselves four times."""
        part = question[:DIM]
        return [key for _, key in sorted((-math.fsum(map(operator.mul, vector, part)), key) for key, vector in self.vectors)[:MOST]]

    def nearest(self, question):
        return [self.document[key] for key in self.graph.nearest(question)]


def fused(*orders):
    """Reciprocal rank fusion."""
    scores = {}
    for order in orders:
        for rank, key in enumerate(order[:MOST]):
            scores[key] = scores.get(key, 0) + 1 / (60 + rank)
    return sorted(scores, key=lambda key: (-scores[key], key))[:MOST]


def overlap(a, b):
    a, b = set(a[:MOST]), set(b[:MOST])
    return len(a & b) / max(len(a | b), 1)


class Tally:
    def __init__(self):
        self.n_asked = self.n_wrong = 0
        self.recall, self.full_text, self.hybrid = [], [], []

    def compare(self, source, here, truth, number, words, question):
        arguments = {"workspace": next(iter(here.names)), "words": words, "question": json.dumps(question), "most": MOST}
        theirs = [row[0] for row in source.execute(FULL_TEXT, arguments)]
        ours = here.full_text(words)
        exact = [row[0] for row in source.execute(NEAREST, arguments)]
        right = [key for key in truth[number] if key in set(here.document.values())]
        if here.exact(question) != exact or exact[: len(right)] != right:
            self.n_wrong += 1
            print(f"  question {number}: truth {right}, PostgreSQL {exact}, SQLite {here.exact(question)}")
        near = here.nearest(question)
        self.recall.append(len(set(near) & set(exact)) / len(exact))
        if theirs or ours:
            self.full_text.append(overlap(theirs, ours))
        self.hybrid.append(overlap(fused(theirs, exact), fused(ours, near)))
        self.n_asked += 1


def main(folder, url, path, graph):
    folder = pathlib.Path(folder)
    here, truth, tally = Workspace(path, graph), read_truth(folder), Tally()
    if len(here.names) != 1:
        print(f"  there are rows of {len(here.names)} workspaces")
        return 1
    with psycopg.connect(url, autocommit=True) as source:
        source.execute("SET enable_indexscan = off")  # exact answers
        for number, text, words, question in questions(folder):
            tally.compare(source, here, truth, number, words, question)
            if tally.n_asked == 1:
                print(f'\n  "{text}"')
                for key in here.nearest(question)[:3]:
                    print(f"    {key}  {here.db.execute('SELECT content FROM documents WHERE id = ?', (key,)).fetchone()[0][:110]}")
    recall, words, hybrid = (sum(part) / len(part) for part in (tally.recall, tally.full_text, tally.hybrid))
    print(f"\n  {tally.n_asked} questions: exact answers {'as they should be' if tally.n_wrong == 0 else f'differ {tally.n_wrong} times'}; graph recall@{MOST} {recall:.3f}; "
          f"overlap of the ten best: full-text {words:.3f}, hybrid {hybrid:.3f}")
    return 1 if tally.n_wrong or recall < LEAST_RECALL or words < LEAST_OVERLAP or hybrid < LEAST_OVERLAP else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
