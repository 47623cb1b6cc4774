"""HNSW indexes beside a SQLite file: built from the rows that are there, loaded by usearch itself, noticed when they are stale, and remembered for the way back."""

import csv
import ctypes
import json
import os
import pathlib
import shutil
import sqlite3
import stat
import struct
import unittest

import psycopg

from e2e import Case

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = TOP / "examples" / "data"
LIBRARIES = TOP / "build" / "deps" / "lib"
DIM = 384


class Options(ctypes.Structure):
    _fields_ = [("metric_kind", ctypes.c_int), ("metric", ctypes.c_void_p), ("quantization", ctypes.c_int), ("dimensions", ctypes.c_size_t),
                ("connectivity", ctypes.c_size_t), ("expansion_add", ctypes.c_size_t), ("expansion_search", ctypes.c_size_t), ("multi", ctypes.c_bool)]


class Usearch:
    """A usearch file, read by usearch alone."""

    F32, COSINE = 1, 1

    def __init__(self, path, ef_search):
        self.lib = ctypes.CDLL(str(LIBRARIES / "libusearch_c.so"))
        self.lib.usearch_init.restype = ctypes.c_void_p
        for name in ("usearch_size", "usearch_search", "usearch_connectivity"):
            getattr(self.lib, name).restype = ctypes.c_size_t
        self.error = ctypes.c_char_p()
        options = Options()
        self.call("usearch_metadata", str(path).encode(), ctypes.byref(options))
        self.found = options
        asked = Options(self.COSINE, None, self.F32, options.dimensions, 0, 0, ef_search, False)
        self.index = ctypes.c_void_p(self.call("usearch_init", ctypes.byref(asked)))
        self.call("usearch_load", self.index, str(path).encode())

    def call(self, name, *arguments):
        result = getattr(self.lib, name)(*arguments, ctypes.byref(self.error))
        if self.error.value is not None:
            raise OSError(self.error.value.decode())
        return result

    def size(self):
        return self.call("usearch_size", self.index)

    def connectivity(self):
        return self.call("usearch_connectivity", self.index)

    def search(self, vector, k=10):
        keys, distances = (ctypes.c_uint64 * k)(), (ctypes.c_float * k)()
        n = self.call("usearch_search", self.index, vector, self.F32, ctypes.c_size_t(k), keys, distances)
        return list(keys[:n])


def vectors(name):
    data = (DATA / f"{name}.f32").read_bytes()
    return [data[i:i + 4 * DIM] for i in range(0, len(data), 4 * DIM)]


def rows(name):
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def questions(name):
    """The vectors of the set's questions, and the ids that are right for each."""
    blobs, truth = vectors("queries"), {}
    for row in rows("truth"):
        if row["set"] == name:
            truth.setdefault(int(row["query_number"]), []).append(row["id"])
    return [(blobs[number], set(ids)) for number, ids in truth.items()]


def text_of(blob):
    return "[" + ",".join(repr(x) for x in struct.unpack(f"<{DIM}f", blob)) + "]"


class Sidecar(Case):
    def source(self, name="documents", key="integer", index="hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 200)"):
        """PostgreSQL with one of the real sets; `key` is the type of its id."""
        url = self.postgres()
        connection = self.connect(url)
        connection.execute(f"CREATE TABLE {name} (id {key} PRIMARY KEY, title text, embedding vector({DIM}))")
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row, blob in zip(rows(name), vectors(name)):
                copy.write_row((row["id"], row["title"], text_of(blob)))
        connection.execute(f"CREATE INDEX {name}_ann ON {name} USING {index}")
        connection.execute("ANALYZE")
        return url

    def description(self, path):
        return json.loads(pathlib.Path(f"{path}.json").read_text(encoding="utf-8"))

    def recall(self, index, keys, name):
        hits = total = 0
        for blob, right in questions(name):
            hits += len({str(keys(key)) for key in index.search(blob)} & right)
            total += len(right)
        return hits / total

    def test_there_and_back(self):
        source, target = self.source(), self.sqlite("shop.db")
        summary = self.copy(source, target)
        graph = self.folder / "shop.documents.embedding.usearch"
        self.assertEqual([other["name"] for other in summary["not_moved"]], [])
        for path in (graph, f"{graph}.json"):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["shop.db", graph.name, f"{graph.name}.json"])
        said = self.description(graph)
        self.assertEqual((said["n_vectors"], said["n_in_graph"], said["n_zero"], said["n_not_finite"]), (1500, 1500, 0, 0))
        self.assertEqual((said["table"], said["column"], said["type"], said["metric"], said["kept"]), ("documents", "embedding", f"vector(f32,{DIM})", "cosine", "f32"))
        self.assertEqual((said["m"], said["ef_construction"], said["ef_search"], said["key"], said["keys"]), (16, 200, 64, ["id"], "integer"))
        index = Usearch(graph, said["ef_search"])
        self.assertEqual((index.size(), index.found.dimensions, index.connectivity()), (1500, DIM, 16))
        self.assertGreater(self.recall(index, lambda key: key, "documents"), 0.95)

        # The definition is remembered, so that the way back ends with the index that the way there began with.
        back = self.postgres()
        self.copy(target, back)
        definition = "SELECT indexdef FROM pg_indexes WHERE indexname = 'documents_ann'"
        self.assertEqual(self.connect(back).execute(definition).fetchone(), self.connect(source).execute(definition).fetchone())
        self.assert_same_postgres(source, back)

    def test_keys_that_are_no_numbers(self):
        source, target = self.source("tracks", key="uuid"), self.sqlite("library.db")
        self.copy(source, target)
        graph = self.folder / "library.tracks.embedding.usearch"
        said = self.description(graph)
        self.assertEqual(said["keys"], "ordinal")
        keys = [json.loads(line)["id"] for line in pathlib.Path(f"{graph}.keys").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len(keys), said["n_vectors"])
        self.assertEqual(set(keys), {row["id"] for row in rows("tracks")})
        self.assertGreater(self.recall(Usearch(graph, 64), lambda key: keys[key], "tracks"), 0.95)

    def test_minus_one(self):
        """usearch takes the key 2^64-1 and never finds it again: the rows are numbered instead."""
        source, target = self.source(), self.sqlite("shop.db")
        self.connect(source).execute("UPDATE documents SET id = -1 WHERE id = 9")
        self.copy(source, target)
        graph = self.folder / "shop.documents.embedding.usearch"
        self.assertEqual(self.description(graph)["keys"], "ordinal")
        keys = [json.loads(line)["id"] for line in pathlib.Path(f"{graph}.keys").read_text(encoding="utf-8").splitlines()]
        blob = sqlite3.connect(target).execute("SELECT embedding FROM documents WHERE id = -1").fetchone()[0]
        self.assertEqual(keys[Usearch(graph, 64).search(blob, 1)[0]], -1)


if __name__ == "__main__":
    unittest.main()
