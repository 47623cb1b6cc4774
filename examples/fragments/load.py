"""Fills a PostgreSQL database with fragments and their embeddings, from examples/data/documents.csv and documents.f32.

    python load.py DATA-FOLDER postgresql://... [NUMBER-OF-FRAGMENTS]

Everything is derived from the data and is the same in each run. The model of fragments has 1,536 dimensions, the one of the data 384: a fragment's vector here is (v/2, v/2, v/2, v/2), so that
lengths and cosine distances are those of the 384 dimensions. Every ninth fragment has no embedding yet, every twentieth one of a second model, too.
"""

import array
import csv
import hashlib
import json
import pathlib
import struct
import sys

import psycopg

DIM, COPIES = 384, 4
MIGRATIONS = ("0001_create_fragments", "0002_create_fragment_embeddings", "0003_add_embedding_vector", "0004_add_embedding_index")


def embedding(vector):
    """pgvector's binary form: the number of dimensions, 0, and the elements, all big-endian."""
    halved = array.array("f", (value / 2 for value in array.array("f", vector)))  # halving a float32 is exact
    if sys.byteorder == "little":
        halved.byteswap()
    return struct.pack(">hh", COPIES * DIM, 0) + halved.tobytes() * COPIES


def main(folder, url, n_fragments=None):
    folder, here = pathlib.Path(folder), pathlib.Path(__file__).parent
    with open(folder / "documents.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[: int(n_fragments) if n_fragments else None]
    data = (folder / "documents.f32").read_bytes()
    n_embeddings = 0
    with psycopg.connect(url) as db, db.cursor() as cursor:
        cursor.execute((here / "schema.sql").read_text())
        for number, row in enumerate(rows):
            topic = json.loads(row["metadata"] or "{}").get("topic")
            cursor.execute("INSERT INTO fragments (id, source, position, content, tags, metadata, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                           (int(row["id"]), f"{row['workspace_id']}/{number // 3:04}.md", number % 3, row["content"], [topic, None, "a,b \"c\""] if topic else [], row["metadata"] or "{}",
                            row["created_at"] or "2024-01-01", row["updated_at"] or "2024-01-01"))
            for model in () if number % 9 == 8 else ("small", "large") if number % 20 == 0 else ("small",):
                vector = embedding(data[4 * DIM * number : 4 * DIM * (number + 1)])
                cursor.execute("INSERT INTO fragment_embeddings (fragment_id, provider, model, dims, embedding, content_hash, created_at) VALUES (%s, 'local', %s, 1536, %b, %s, %s)",
                               (int(row["id"]), model, Vector(vector), hashlib.sha256(row["content"].encode()).hexdigest(), row["created_at"] or "2024-01-01"))
                n_embeddings += 1
        for number, name in enumerate(MIGRATIONS):
            cursor.execute("INSERT INTO migrations (migration, batch, applied_at) VALUES (%s, %s, '2024-01-01')", (name, number + 1))
        cursor.execute("SELECT setval('fragments_id_seq', (SELECT max(id) FROM fragments))")
        cursor.execute("CREATE INDEX fragment_embeddings_embedding_idx ON fragment_embeddings USING ivfflat (embedding vector_cosine_ops) WITH (lists = 30)")
    print(f"fragments: {len(rows)} fragments, {n_embeddings} embeddings")


class Vector(bytes):
    """A parameter of pgvector's type, in its binary form."""


class VectorDumper(psycopg.adapt.Dumper):
    format = psycopg.pq.Format.BINARY

    def dump(self, obj):
        return bytes(obj)


psycopg.adapters.register_dumper(Vector, VectorDumper)

if __name__ == "__main__":
    main(*sys.argv[1:])
