"""Fills a PostgreSQL database with clawfs' documents, vectors and agents, from examples/data/documents.csv and documents.f32.

    python load.py DATA-FOLDER postgresql://... [NUMBER-OF-DOCUMENTS]

Everything is derived from the data and is the same in each run. The model of clawfs has 1,536 dimensions, the one of the data 384: a document's vector here is (v/2, v/2, v/2, v/2), so that lengths and cosine
distances are those of the 384 dimensions. The ids of the agents are what users chose: some would be other places, or one and the same, if they were taken for names of folders.
"""

import array
import csv
import datetime
import json
import pathlib
import struct
import sys

import psycopg

DIM, COPIES = 384, 4
AGENTS = ("indexer-bot", "Indexer-Bot", "scout", "../../etc/cron.d/x", ".hidden", "größe/breite", "日本語", "two\nlines", "mail@example.org", "a" * 300)


def embedding(vector):
    """pgvector's binary form: the number of dimensions, 0, and the elements, all big-endian."""
    halved = array.array("f", (value / 2 for value in array.array("f", vector)))  # halving a float32 is exact
    if sys.byteorder == "little":
        halved.byteswap()
    return struct.pack(">hh", COPIES * DIM, 0) + halved.tobytes() * COPIES


def put_documents(cursor, rows):
    with cursor.copy("COPY documents (id, workspace_id, content, metadata, created_at, updated_at) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((row["id"], row["workspace_id"], row["content"], row["metadata"] or None, row["created_at"] or "2024-01-01", row["updated_at"] or None))


def put_vectors(cursor, rows, data):
    with cursor.copy("COPY vectors (document_id, embedding, created_at) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "bytea", "timestamptz"])
        for number, row in enumerate(rows):
            copy.write_row((int(row["id"]), embedding(data[4 * DIM * number : 4 * DIM * (number + 1)]), moment(number)))


def moment(number):
    return datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=number * 1_000_003)


def put_agents(cursor, rows):
    for number, agent in enumerate(AGENTS):
        memory = [{"document": int(row["id"]), "said": row["content"][:80]} for row in rows[number :: len(AGENTS)][:5]]
        cursor.execute("INSERT INTO agent_identities VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                       (agent, number + 1, json.dumps({"mood": "calm" if number % 2 else "busy", "depth": number}), json.dumps(memory, ensure_ascii=False) if number != 4 else None,
                        json.dumps([{"at": 1_700_000_000 + i, "did": "read"} for i in range(number)]), json.dumps({"tokens": 9007199254740993 + number, "cost": 0.1 * number}),
                        moment(number), moment(number + 1) if number % 3 else None, None))


def main(folder, url, n_documents=None):
    folder, here = pathlib.Path(folder), pathlib.Path(__file__).parent
    with open(folder / "documents.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[: int(n_documents) if n_documents else None]
    data = (folder / "documents.f32").read_bytes()
    with psycopg.connect(url) as db, db.cursor() as cursor:
        cursor.execute((here / "schema.sql").read_text())
        put_documents(cursor, rows)
        put_vectors(cursor, rows, data)
        put_agents(cursor, rows)
        for key, value in (("vector_dimension", COPIES * DIM), ("embedding_model", "all-MiniLM-L6-v2 x 4"), ("ivfflat_lists", 100)):
            cursor.execute("INSERT INTO metadata VALUES (%s, %s)", (key, json.dumps(value)))
        cursor.execute("SELECT setval('documents_id_seq', (SELECT max(id) FROM documents))")
        cursor.execute("CREATE INDEX vectors_embedding_idx ON vectors USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100)")
    print(f"clawfs: {len(rows)} documents of {len({row['workspace_id'] for row in rows})} workspaces, {len(rows)} vectors, {len(AGENTS)} agents")


if __name__ == "__main__":
    main(*sys.argv[1:])
