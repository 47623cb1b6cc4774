"""Fills a Turso database with a sample library, from examples/data/vibes.csv and vibes.f32.

    python load.py DATA-FOLDER http://127.0.0.1:PORT [NUMBER-OF-SAMPLES]

The application's model has 1,536 dimensions, the one of the data 384: a vector here is v/2 four times over. Halving is exact in float32 and 4 x (1/2)² = 1, so lengths and cosine
distances are exactly those of the 384 dimensions, and truth.csv has the right answers.
"""

import array
import csv
import pathlib
import sys

import hrana

DIM = 384
ROWS_AT_ONCE = 100


def widen(vector):
    """384 float32 to 1,536, as bytes."""
    half = array.array("f", vector)
    if sys.byteorder == "big":
        half.byteswap()
    half = array.array("f", (value / 2 for value in half))
    if sys.byteorder == "big":
        half.byteswap()
    return half.tobytes() * 4


def or_null(text, convert=str):
    return None if text == "" else convert(text)


def statements(rows, vectors):
    for number, (row, vector) in enumerate(zip(rows, vectors)):
        key = int(row["id"])
        yield ("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               (key, or_null(row["title"]), or_null(row["bpm"], float), or_null(row["musical_key"]), or_null(row["genre"]), or_null(row["duration"], float), or_null(row["tags"]), row["created_at"]))
        yield ("INSERT INTO vibe_analysis VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               (key, or_null(row["mood_primary"]), or_null(row["mood_secondary"]), or_null(row["energy_level"], float), or_null(row["danceability"], float), or_null(row["acousticness"], float),
                or_null(row["instrumentalness"], float), or_null(row["texture_tags"])))
        yield ("INSERT INTO sample_embeddings VALUES (?, ?, ?, ?, ?)", (number + 1, key, widen(vector), "description", row["created_at"]))


def main(folder, url, n_samples=None):
    folder, here = pathlib.Path(folder), pathlib.Path(__file__).parent
    with open(folder / "vibes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[: int(n_samples) if n_samples else None]
    data = (folder / "vibes.f32").read_bytes()
    vectors = [data[4 * DIM * i : 4 * DIM * (i + 1)] for i in range(len(rows))]
    schema = (here / "schema.sql").read_text().split(";\n")
    hrana.run(url, [(sql, ()) for sql in schema if sql.strip()])
    inserts = list(statements(rows, vectors))
    for at in range(0, len(inserts), ROWS_AT_ONCE):
        hrana.run(url, [("BEGIN", ())] + inserts[at : at + ROWS_AT_ONCE] + [("COMMIT", ())])
    print(f"vibes: {hrana.run(url, [('SELECT count(*) FROM sample_embeddings', ())])[0][0][0]} samples with their vectors")


if __name__ == "__main__":
    main(*sys.argv[1:])
