"""HNSW indexes beside a SQLite file: built from the rows that are there, loaded by usearch itself, noticed when they are stale, and remembered for the way back."""

import csv
import ctypes
import json
import os
import pathlib
import sqlite3
import stat
import struct
import unittest

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


    def verify_differs(self, source, target, *words):
        """Exit code 3, and all of the words in the message; the index that differs."""
        result = self.run_vecferry("verify", "--json", source, target, code=3).json()
        for word in words:
            self.assertIn(word, result["error"])
        return [index for table in result["tables"] for index in table["indexes"] if not index["equal"]][0]

    def test_verify(self):
        source, target = self.source(), self.sqlite("shop.db")
        graph = self.folder / "shop.documents.embedding.usearch"
        result = self.run_vecferry("copy", source, target)
        self.assertRegex(result.stdout + result.stderr, r"counts, digests, dimensions; recall@10 (1\.000|0\.9\d\d) at ef_search 64")
        index = self.run_vecferry("verify", "--json", source, target).json()["tables"][0]["indexes"][0]
        self.assertEqual((index["state"], index["file"], index["vectors"], index["k"], index["queries"]), ("fresh", graph.name, 1500, 10, 50))
        self.assertGreater(index["recall"], 0.95)

        # One bit of one vector in the database: the rows differ, and when the source has it too, the sidecar is stale.
        db = sqlite3.connect(target)
        blob = bytearray(db.execute("SELECT embedding FROM documents WHERE id = 9").fetchone()[0])
        blob[0] ^= 1
        db.execute("UPDATE documents SET embedding = ? WHERE id = 9", (bytes(blob),))
        db.commit()
        self.assertEqual(self.verify_differs(source, target, "1 row differs")["state"], "stale")
        self.connect(source).execute(f"UPDATE documents SET embedding = '{text_of(bytes(blob))}' WHERE id = 9")
        self.assertEqual(self.verify_differs(source, target, "all rows are equal", graph.name, "is stale: the vectors, or their keys, have changed")["state"], "stale")
        # Another column doesn't matter to it; two vectors exchanged do.
        back = bytearray(blob)
        back[0] ^= 1
        db.execute("UPDATE documents SET embedding = ? WHERE id = 9", (bytes(back),))
        db.execute("UPDATE documents SET title = 'x' WHERE id = 10")
        db.commit()
        self.connect(source).execute(f"UPDATE documents SET embedding = '{text_of(bytes(back))}' WHERE id = 9; UPDATE documents SET title = 'x' WHERE id = 10")
        self.run_vecferry("verify", source, target)
        db.execute("DELETE FROM documents WHERE id = 11")
        db.commit()
        self.connect(source).execute("DELETE FROM documents WHERE id = 11")
        self.assertEqual(self.verify_differs(source, target, "it was built from 1500 vectors, and there are 1499")["state"], "stale")

    def test_files_that_are_not_right(self):
        source, target = self.source(), self.sqlite("shop.db")
        self.copy(source, target)
        graph = self.folder / "shop.documents.embedding.usearch"
        good, said = graph.read_bytes(), pathlib.Path(f"{graph}.json").read_text(encoding="utf-8")
        graph.write_bytes(good[:-100])
        self.assertEqual(self.verify_differs(source, target, "is damaged: its bytes aren't those that were written")["state"], "damaged")
        flipped = bytearray(good)
        flipped[5000] ^= 1
        graph.write_bytes(flipped)
        self.assertEqual(self.verify_differs(source, target)["state"], "damaged")
        graph.write_bytes(good)
        self.run_vecferry("verify", source, target)
        pathlib.Path(f"{graph}.json").write_text(said.replace('"documents"', '"letters"'), encoding="utf-8")
        self.assertEqual(self.verify_differs(source, target, "it was built from letters.embedding")["state"], "foreign")
        pathlib.Path(f"{graph}.json").write_text(said.replace('"m": 16', '"m": 17'), encoding="utf-8")
        self.assertEqual(self.verify_differs(source, target, "it was built with cosine m=17")["state"], "foreign")
        pathlib.Path(f"{graph}.json").write_text("{}", encoding="utf-8")
        self.assertEqual(self.verify_differs(source, target, "isn't the description of a sidecar")["state"], "foreign")
        pathlib.Path(f"{graph}.json").unlink()
        self.assertEqual(self.verify_differs(source, target, "has no description")["state"], "missing")
        graph.unlink()
        self.assertEqual(self.verify_differs(source, target, "is missing: the file isn't there")["state"], "missing")

    def test_name_that_is_taken(self):
        source, target = self.source(), self.sqlite("shop.db")
        graph = self.folder / "shop.documents.embedding.usearch"
        graph.write_text("somebody's")
        result = self.run_vecferry("copy", "--json", source, target, code=2).json()
        self.assertIn("is there, and isn't a sidecar of vecferry's", result["error"])
        self.assertEqual(graph.read_text(), "somebody's")
        self.assertFalse(os.path.exists(target) and os.path.getsize(target) > 0)

    def test_no_library(self):
        source, target = self.source(), self.sqlite("shop.db")
        result = self.run_vecferry("copy", "--json", "--library-dir", self.folder, source, target, code=10).json()
        self.assertIn("the library of usearch can't be opened", result["error"])
        self.assertIn("take the sidecar out of the plan's indexes", result["hint"])
        self.assertFalse(os.path.exists(target) and os.path.getsize(target) > 0)
        # Without the index, it isn't needed.
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, source, target)
        text = plan.read_text(encoding="utf-8")
        self.assertIn("to: sidecar, file: shop.documents.embedding.usearch, metric: cosine, m: 16, ef_construction: 200}", text)
        plan.write_text("".join(line for line in text.splitlines(True) if "documents_ann" not in line).replace("    indexes:\n", "    indexes: []\n"), encoding="utf-8")
        self.run_vecferry("copy", "--library-dir", self.folder, "-f", plan)
        self.assertEqual([path.name for path in self.folder.glob("*.usearch*")], [])

    def test_threshold_and_the_plans_word(self):
        source, target = self.postgres("CREATE TABLE few (id int PRIMARY KEY, v vector(3)); INSERT INTO few SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 50) i; "
                                       "CREATE INDEX few_ann ON few USING hnsw (v vector_l2_ops) WITH (m = 8); ANALYZE"), self.sqlite("t.db")
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, source, target)
        text = plan.read_text(encoding="utf-8")
        self.assertIn("fewer than 1000 rows", text)
        plan.write_text(text.replace("index_min_rows: 1000", "index_min_rows: 50").replace("    indexes: []\n", ""), encoding="utf-8")
        self.run_vecferry("copy", "-f", plan)
        self.assertEqual(self.description(self.folder / "t.few.v.usearch")["m"], 8)
        plan.write_text(text.replace("    indexes: []\n", "    indexes:\n      - {name: few_ann, to: sidecar, file: near.usearch, m: 4, ef_search: 99, element: f16}\n"), encoding="utf-8")
        self.run_vecferry("copy", "--drop-existing", "--yes", "-f", plan)
        said = self.description(self.folder / "near.usearch")
        self.assertEqual((said["m"], said["ef_search"], said["kept"], said["metric"]), (4, 99, "f16", "l2"))
        plan.write_text(text.replace("    indexes: []\n", "    indexes:\n      - {name: few_ann, to: database}\n"), encoding="utf-8")
        result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", "-f", plan, code=2).json()
        self.assertIn("can't be built where the plan wants it", result["error"])

    def test_killed_while_building(self):
        """The sidecar is read from the target: the scans of the target come after all rows are there."""
        source, target = self.source(), self.sqlite("shop.db")
        graph = self.folder / "shop.documents.embedding.usearch"
        for place in ("target.scan_read:1:kill", "target.scan_read:1:kill-after"):
            self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": place}, code=-9)
            self.assertFalse(graph.exists())
            self.run_vecferry("copy", "--resume", source, target)
            self.assertGreater(self.recall(Usearch(graph, 64), lambda key: key, "documents"), 0.95)
            for path in [target, *self.folder.glob("*.usearch*")]:
                os.unlink(path)
        self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "target.end_bulk:1:kill"}, code=-9)
        built = os.stat(graph).st_mtime_ns
        self.run_vecferry("copy", "--resume", source, target)
        self.assertEqual(os.stat(graph).st_mtime_ns, built)  # it was fresh, and is left

    def test_recall_that_is_too_low(self):
        source, target = self.source(index="hnsw (embedding vector_cosine_ops) WITH (m = 2, ef_construction = 4)"), self.postgres()
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, source, target)
        text = plan.read_text(encoding="utf-8")
        self.assertIn("verify: {level: search, queries: 50}", text)
        plan.write_text(text.replace("queries: 50", "min_recall: 1, queries: 90"), encoding="utf-8")
        result = self.run_vecferry("copy", "--json", "-f", plan, code=3).json()
        self.assertRegex(result["error"], r"documents_ann: recall@10 is 0\.\d+, below 1\.000, at ef_search 40")
        plan.write_text(text.replace("queries: 50", "min_recall: 0.1, queries: 90"), encoding="utf-8")
        index = self.run_vecferry("verify", "--json", "-f", plan).json()["tables"][0]["indexes"][0]
        self.assertEqual((index["state"], index["kind"], index["min_recall"]), ("built", "hnsw", 0.1))
        self.assertLess(index["recall"], 1)
        plan.write_text(text.replace("level: search, queries: 50", "level: digests"), encoding="utf-8")
        self.assertEqual(self.run_vecferry("verify", "--json", "-f", plan).json()["tables"][0]["indexes"], [])


if __name__ == "__main__":
    unittest.main()
