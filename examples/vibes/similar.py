"""Searches of the sampler's API, asked of PostgreSQL after the move; the answers have to be the exact ones, and the rows those of Turso.

    python similar.py DATA-FOLDER http://127.0.0.1:PORT postgresql://... [NUMBER-OF-SEARCHES]

Similarity is the cosine, and filters apply before the limit. It knows nothing of vecferry: Turso is read over HTTP, PostgreSQL by psycopg.
"""

import array
import csv
import pathlib
import sys

import hrana
import psycopg

DIM = 384
LEAST = 0.5  # the API wants 0.7 of its own model; this one's best answers are between 0.5 and 0.8


def floats(data):
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def read_questions(folder):
    """Number in queries.csv, text, and vector of 1,536 of the questions to vibes."""
    data = (folder / "queries.f32").read_bytes()
    with open(folder / "queries.csv", newline="", encoding="utf-8") as file:
        return [(number, row["query"], [value / 2 for value in floats(data[4 * DIM * number : 4 * DIM * (number + 1)])] * 4)
                for number, row in enumerate(csv.DictReader(file)) if row["set"] == "vibes"]


def read_truth(folder):
    truth = {}
    with open(folder / "truth.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["set"] != "vibes":
                continue
            truth.setdefault(int(row["query_number"]), []).append((int(row["id"]), 1 - float(row["distance"])))
    return truth


SEARCH = """SELECT s.id, s.title, similarity FROM (SELECT e.sample_id, {similarity} AS similarity FROM sample_embeddings e) e JOIN samples s ON s.id = e.sample_id
            JOIN vibe_analysis v ON v.sample_id = s.id WHERE {filters} ORDER BY similarity DESC, s.id LIMIT 10"""
SIMILARITY = {
    "vector": "1 - (e.vibe_vector <=> %(vector)s::double precision[]::vector)",
    "ARRAY": "(SELECT sum(a * b) / sqrt(sum(a * a) * sum(b * b)) FROM unnest(e.vibe_vector, %(vector)s::double precision[]) AS u (a, b))",
}


def compare_rows(url, postgres, kind):
    """All rows by their values; vectors as numbers, which float32 and double precision both hold."""
    n_wrong = 0
    for table, columns in (("samples", "id, title, bpm, musical_key, genre, duration"), ("vibe_analysis", "sample_id, mood_primary, energy_level, danceability"),
                           ("sample_embeddings", "id, sample_id, embedding_source")):
        theirs = hrana.run(url, [(f"SELECT {columns} FROM {table} ORDER BY 1", ())])[0]
        ours = postgres.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
        n_wrong += theirs != ours
        print(f"  {table}: {len(ours)} rows, {'equal' if theirs == ours else 'they differ'}")
    cast = "vibe_vector::real[]::double precision[]" if kind == "vector" else "vibe_vector"
    ours = postgres.execute(f"SELECT id, {cast} FROM sample_embeddings ORDER BY id").fetchall()
    for at in range(0, len(ours), 200):
        part = ours[at : at + 200]
        theirs = hrana.run(url, [("SELECT id, vibe_vector FROM sample_embeddings WHERE id BETWEEN ? AND ? ORDER BY id", (part[0][0], part[-1][0]))])[0]
        n_wrong += [(key, list(floats(blob))) for key, blob in theirs] != part
    return n_wrong


def main(folder, url, postgres_url, n_searches=None):
    folder = pathlib.Path(folder)
    postgres = psycopg.connect(postgres_url, autocommit=True)
    type_name = postgres.execute("SELECT data_type, udt_name FROM information_schema.columns WHERE table_name = 'sample_embeddings' AND column_name = 'vibe_vector'").fetchone()
    kind = "ARRAY" if type_name[0] == "ARRAY" else type_name[1]
    n_wrong = compare_rows(url, postgres, kind)
    truth = read_truth(folder)
    loaded = {row[0] for row in postgres.execute("SELECT id FROM samples")}  # a part of the samples may be enough
    for number, question, vector in read_questions(folder)[: int(n_searches) if n_searches else 5]:
        sql = SEARCH.format(similarity=SIMILARITY[kind], filters=f"similarity >= {LEAST}")
        found = postgres.execute(sql, {"vector": vector}).fetchall()
        right = [key for key, similarity in truth[number] if similarity >= LEAST and key in loaded]
        agree = [row[0] for row in found][: len(right)] == right
        n_wrong += not agree
        print(f'  "{question}": {len(found)} found{"" if agree else f", and it should be {right}"}')
        for key, title, similarity in found[:3]:
            print(f"    {similarity:.4f}  {key}  {title or '(no title)'}")
        filtered = postgres.execute(SEARCH.format(similarity=SIMILARITY[kind], filters="s.bpm BETWEEN 80 AND 100 AND v.energy_level >= 0.3"), {"vector": vector}).fetchall()
        allowed = {row[0] for row in hrana.run(url, [("SELECT s.id FROM samples s JOIN vibe_analysis v ON v.sample_id = s.id WHERE s.bpm BETWEEN 80 AND 100 AND v.energy_level >= 0.3", ())])[0]}
        n_wrong += len(filtered) != min(10, len(allowed)) or not {row[0] for row in filtered} <= allowed
    print(f"  {'all as in Turso, and the searches as they should be' if n_wrong == 0 else f'{n_wrong} differences'}")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
