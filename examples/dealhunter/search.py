"""The application's search, as it was in SQLite and as it is in PostgreSQL; the answers have to agree.

    python search.py DATA-FOLDER dealhunter.db postgresql://...

For one deal: up to 5 chunks whose similarity (1 - cosine distance) to a question is at least 0.3, of one agent, of several, or of all; chunks without an embedding are left out. In SQLite it
is computed over all rows, as the application did it. Then the nearest of all deals, by the index on the embeddings' halves. It knows nothing of vecferry: psycopg and sqlite3.
"""

import array
import csv
import json
import math
import pathlib
import sqlite3
import sys

import psycopg

DIM, COPIES = 384, 4
THRESHOLD, MOST = 0.3, 5
SAME = 1e-6  # pgvector computes in float32

FILTERED = """SELECT id, 1 - (embedding <=> %(question)s::vector) AS similarity FROM deal_embeddings
              WHERE qualification_id = %(deal)s AND embedding IS NOT NULL AND (%(agents)s::text[] IS NULL OR agent_name = ANY (%(agents)s)) AND 1 - (embedding <=> %(question)s::vector) >= %(threshold)s
              ORDER BY embedding <=> %(question)s::vector, id LIMIT %(most)s"""
NEAREST = "SELECT id, 1 - (embedding::halfvec(3072) <=> %(question)s::halfvec(3072)) FROM deal_embeddings ORDER BY embedding::halfvec(3072) <=> %(question)s::halfvec(3072) LIMIT %(most)s"


def questions(folder):
    data = (folder / "queries.f32").read_bytes()
    with open(folder / "queries.csv", newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["set"] == "chunks":
                yield row["query"], [value / 2 for value in array.array("f", data[4 * DIM * number : 4 * DIM * (number + 1)])] * COPIES


def load(path):
    """All chunks with their embedding: (id, deal, agent, first half of the vector, which is all that isn't 0, its length)."""
    with sqlite3.connect(path) as db:
        for chunk, deal, agent, text in db.execute("SELECT id, qualification_id, agent_name, embedding FROM deal_embeddings WHERE embedding IS NOT NULL AND agent_name <> 'planted'"):
            vector = json.loads(text)
            assert len(vector) == 2 * COPIES * DIM and not any(vector[COPIES * DIM :])
            yield chunk, deal, agent, vector[: COPIES * DIM], math.sqrt(math.fsum(value * value for value in vector))


def ranked(chunks, question):
    length = math.sqrt(math.fsum(value * value for value in question))
    found = [(chunk, math.fsum(a * b for a, b in zip(vector, question)) / (norm * length)) for chunk, _, _, vector, norm in chunks]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def agree(right, found):
    """The same ids in the same order with the same similarities, but for neighbours that float32 can't tell apart."""
    if len(right) != len(found) or any(abs(a - b) > SAME for (_, a), (_, b) in zip(right, found)):
        return False
    return all(a == b or any(abs(similarity - other) <= 2 * SAME for name, other in right if name == b) for (a, similarity), (b, _) in zip(right, found))


def compare(chunks, target, text, question):
    """Of one question: how many answers there were, how many differ, and how many of the index's ten are right."""
    parameter, n_found, n_wrong = json.dumps(question + [0.0] * len(question)), 0, 0
    for deal in sorted({chunk[1] for chunk in chunks})[::7]:
        for agents in (None, ["budget"], ["timeline", "legal", "no such agent"]):
            mine = [chunk for chunk in chunks if chunk[1] == deal and (agents is None or chunk[2] in agents)]
            right = [pair for pair in ranked(mine, question) if pair[1] >= THRESHOLD][:MOST]
            found = target.execute(FILTERED, {"question": parameter, "deal": deal, "agents": agents, "threshold": THRESHOLD, "most": MOST}).fetchall()
            n_found += len(found)
            if not agree(right, found):
                n_wrong += 1
                print(f"  {text} ({deal}, {agents}): SQLite {right}, PostgreSQL {found}")
    return n_found, n_wrong, parameter


def main(folder, path, url):
    chunks = list(load(path))
    n_found = n_wrong = n_right = n_asked = 0
    with psycopg.connect(url, autocommit=True) as target:
        for number, (text, question) in enumerate(questions(pathlib.Path(folder))):
            if number % 4:
                continue
            found, wrong, parameter = compare(chunks, target, text, question)
            n_found, n_wrong = n_found + found, n_wrong + wrong
            plan = "\n".join(row[0] for row in target.execute("EXPLAIN " + NEAREST, {"question": parameter, "most": MOST}))
            if len(chunks) >= 1000 and "deal_embeddings_embedding_hnsw" not in plan:
                print(f"  the index isn't used:\n{plan}")
                n_wrong += 1
            nearest = target.execute(NEAREST, {"question": parameter, "most": MOST}).fetchall()
            right = {name for name, _ in ranked(chunks, question)[:MOST]}
            n_right, n_asked = n_right + len(right & {name for name, _ in nearest}), n_asked + len(right)
            if number == 0:
                print(f'\n  "{text}"')
                for name, similarity in nearest:
                    print(f"    {similarity:.4f}  {target.execute('SELECT content FROM deal_embeddings WHERE id = %s', (name,)).fetchone()[0][:110]}")
        seconds = target.execute("SELECT count(*) FROM deal_embeddings WHERE created_at >= '1971-01-01' AND created_at < '2100-01-02'").fetchone()[0]
    recall = n_right / n_asked
    print(f"\n  {n_found} chunks found, {'the same on both sides' if n_wrong == 0 else f'{n_wrong} searches differ'}; by the index recall@{MOST} {recall:.3f}; {seconds} moments lie after 1970")
    return 1 if n_wrong or n_found == 0 or recall < 0.9 or seconds < len(chunks) * 0.9 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
