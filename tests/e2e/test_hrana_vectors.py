"""Vectors on a libSQL server: each encoding bit by bit, tables with a vector index, and what is written there can be searched by the server."""

import math
import random
import sqlite3
import struct

from e2e import Case, sqlite_picture
from hrana import Sqld, f32

DIM = 8
ROWS = 120


def vectors():
    chance = random.Random(5)
    return {i: [struct.unpack("<f", struct.pack("<f", chance.gauss(0, 1)))[0] for _ in range(DIM)] for i in range(1, ROWS + 1)}


def nearest(all_vectors, wanted, k):
    """Keys by cosine distance, computed here."""
    def distance(vector):
        dot = sum(a * b for a, b in zip(vector, wanted))
        return 1 - dot / math.sqrt(sum(a * a for a in vector) * sum(b * b for b in wanted))

    return sorted(all_vectors, key=lambda i: distance(all_vectors[i]))[:k]


class Vectors(Case):
    def setUp(self):
        super().setUp()
        self.vectors = vectors()
        self.server = Sqld(self.folder / "server.db")
        self.server.start()
        self.addCleanup(self.server.stop)

    def top(self, server, index, wanted, k=10):
        return [row[0] for row in server.run("SELECT id FROM vector_top_k(?, ?, ?)", index, f32(*wanted), k)]

    def test_every_encoding_is_kept_bit_by_bit(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a F32_BLOB(3), b F64_BLOB(3), c F16_BLOB(3), d FB16_BLOB(3), e F1BIT_BLOB(11), n TEXT)")
        for i, text in enumerate(("[1,-2.5,0]", "[0.1,1e-30,-3e30]", "[-0.0,65504,1e-7]")):
            bits = "[" + ",".join("1" if (i + k) % 3 else "-1" for k in range(11)) + "]"
            self.server.run("INSERT INTO t VALUES (?, vector32(?), vector64(?), vector16(?), vectorb16(?), vector1bit(?), 'x')", i, text, text, "[1,-2.5,0.25]", text, bits)
        self.server.run("INSERT INTO t (id) VALUES (9)")
        target, back = str(self.folder / "target.db"), Sqld(self.folder / "back.db")
        self.copy(self.server.url, target)
        wanted = sqlite_picture(self.server.file)["t"]["rows"]
        self.assertEqual(sqlite_picture(target)["t"]["rows"], wanted)
        with back:
            self.copy(target, back.url)
            self.assertEqual(sqlite_picture(back.file)["t"]["rows"], wanted)
            self.assertEqual(back.run("SELECT vector_extract(a), vector_distance_cos(b, vector64('[1,-2.5,0]')) < 1e-9 FROM t WHERE id = 0"), [("[1,-2.5,0]", 1)])

    def test_a_vector_index_is_named_and_its_tables_are_no_data(self):
        self.server.run(f"CREATE TABLE tracks (id INTEGER PRIMARY KEY, name TEXT, v F32_BLOB({DIM}))")
        for i, vector in self.vectors.items():
            self.server.run("INSERT INTO tracks VALUES (?, ?, ?)", i, f"track {i}", f32(*vector))
        self.server.run("CREATE INDEX tracks_v ON tracks (libsql_vector_idx(v, 'metric=cosine', 'max_neighbors=16'))")
        self.assertEqual(self.top(self.server, "tracks_v", self.vectors[7], 1), [7])
        seen = self.run_vecferry("inspect", self.server.url)
        self.assertIn("tracks_v", seen.stdout)
        self.assertNotIn("shadow", seen.stdout)
        target = str(self.folder / "target.db")
        result = self.run_vecferry("copy", self.server.url, target)
        self.assertIn("tracks_v", result.stdout)
        picture = sqlite_picture(target)
        self.assertEqual(list(picture), ["tracks"])
        self.assertEqual(picture["tracks"]["rows"], sqlite_picture(self.server.file)["tracks"]["rows"])
        self.assertEqual(sum(picture["tracks"]["rows"].values()), ROWS)

    def test_a_plan_says_of_vectors_on_a_server_what_it_says_of_a_file(self):
        """Their lengths are asked for, and only the odd ones come over: zero, not finite, of another length or type."""
        odd = [f32(*[0] * DIM), f32(float("nan"), *[1] * (DIM - 1)), f32(*[float("inf")] * DIM), f32(3e38, *[3e38] * (DIM - 1)), f32(1e-40, *[0] * (DIM - 1)),
               f32(1, 2), f32(*range(DIM)) + b"\1", b"\1" * 17, str(list(range(DIM))), "[1,2]", "x", 7, 1.5, None]
        self.server.run(f"CREATE TABLE tracks (id INTEGER PRIMARY KEY, v F32_BLOB({DIM}), w F32_BLOB({DIM}))")
        for i, vector in self.vectors.items():
            self.server.run("INSERT INTO tracks VALUES (?, ?, ?)", i, f32(*vector), f32(*vector))
        for i, value in enumerate(odd):
            self.server.run("INSERT INTO tracks VALUES (?, ?, ?)", 1000 + i, value, f32(*[0.25] * DIM))
        plans = [self.run_vecferry("plan", source, self.folder / "target.db", "-o", "-").stdout for source in (self.server.url, self.server.file)]
        seen = [[line.strip() for line in plan.splitlines() if "name: v," in line or "name: w," in line] for plan in plans]
        self.assertEqual(len(seen[0]), 2, plans[0])
        self.assertEqual(seen[0], seen[1])
        self.assertIn("values don't fit", seen[0][0])
        self.assertNotIn("fit", seen[0][1])

    def test_what_was_written_can_be_searched(self):
        source = str(self.folder / "source.db")
        with sqlite3.connect(source) as db:
            db.execute("CREATE TABLE tracks (id INTEGER PRIMARY KEY, v BLOB)")
            db.executemany("INSERT INTO tracks VALUES (?, ?)", ((i, f32(*vector)) for i, vector in self.vectors.items()))
        db.close()
        self.copy(source, self.server.url)
        self.server.run("CREATE INDEX found ON tracks (libsql_vector_idx(v, 'metric=cosine'))")
        for wanted in (self.vectors[3], self.vectors[77], [1.0] * DIM):
            self.assertEqual(self.top(self.server, "found", wanted), nearest(self.vectors, wanted, 10))
        self.run_vecferry("verify", source, self.server.url)
