"""Fills a PostgreSQL database with a music library and its track embeddings, from examples/data/tracks.csv and tracks.f32.

    python load.py DATA-FOLDER postgresql://... [NUMBER-OF-TRACKS]

Everything is derived from the data and is the same in each run: ids are uuids of version 5. The model of coral has 1,280 dimensions, the one of the data 384: a track's
vector here is (0.6 v, 0.64 v, 0.48 v, 128 zeros). 0.6² + 0.64² + 0.48² = 1, so all lengths and cosine distances are those of the 384 dimensions (but for float32's rounding),
and the right answers are known.
"""

import array
import csv
import datetime
import json
import pathlib
import re
import struct
import sys
import uuid

import psycopg

DIM, TARGET_DIM = 384, 1280
WEIGHTS = (0.6, 0.64, 0.48)
NAMESPACE = uuid.UUID("6f6c1c1e-5b1a-4d8e-9c60-0c9a5a1d2b3c")
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
POSTGRES_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)


def key(*parts):
    return uuid.uuid5(NAMESPACE, "/".join(map(str, parts)))


def at(number):
    return START + datetime.timedelta(seconds=613 * number, microseconds=number * 7919 % 1_000_000)


def widen(vector):
    """384 float32 to 1,280."""
    values = array.array("f", vector)
    wide = array.array("f", (weight * value for weight in WEIGHTS for value in values))
    wide.extend([0.0] * (TARGET_DIM - len(wide)))
    return wide


def make_tables(rows):
    """Table name -> list of rows; each table once, parents first."""
    tables = {name: {} for name in ("MusicLibraries", "AudioFiles", "AudioMetadata", "Artists", "RecordLabels", "Albums", "AlbumArtists", "AlbumArtistWithRole", "Artworks",
                                    "Genres", "Tracks", "ArtistOnTracks", "Playlists", "PlaylistTracks", "FavoriteTracks", "FavoriteAlbums", "FavoriteArtists", "Keywords",
                                    "KeywordTrack")}

    def put(table, *row, n_key=1):
        tables[table].setdefault(row[:n_key], row)

    library = key("library")
    put("MusicLibraries", library, "Home", "/music", at(0))
    for number, row in enumerate(rows):
        track, artist_name = uuid.UUID(row["id"]), row["artist"]
        album_name = row["album"] or "Singles"
        artist, album, file = key("artist", artist_name), key("album", artist_name, album_name), key("file", row["id"])
        label = key("label", artist_name[0])
        year = int(row["year"]) if row["year"] else None
        put("AudioFiles", file, library, f"/music/{artist_name}/{album_name}/{number:05} {row['title']}.flac", 20_000_000 + 37 * number, at(number))
        put("AudioMetadata", file, "flac", 900 + number % 200, 44100, None if number % 9 == 0 else -7.5 + number % 10 / 10,
            json.dumps({"title": row["title"], "year": year, "replaygain": [number % 3, 0.25]}))
        put("Artists", artist, artist_name, [f"/art/{artist}.jpg"] if number % 2 == 0 else [])
        put("RecordLabels", label, f"{artist_name[0]} Records")
        put("Albums", album, album_name, year, label if number % 5 else None, at(number))
        put("AlbumArtists", album, artist, n_key=2)
        put("AlbumArtistWithRole", album, artist, number % 3, n_key=3)
        put("Artworks", key("artwork", album), album, json.dumps([f"/art/{album}/{size}.jpg" for size in ("small", "large")]), ["#102030", None, "#fff"] if number % 4 else None)
        genre = key("genre", row["genre"]) if row["genre"] else None
        if genre:
            put("Genres", genre, row["genre"])
        put("Tracks", track, row["title"], album, file, genre, number % 12 + 1 if number % 17 else None, float(row["duration"]) if row["duration"] else None, row["description"] or None, at(number), at(2 * number))
        put("ArtistOnTracks", track, artist, 0, n_key=3)
        if number % 10 == 0:
            put("ArtistOnTracks", track, artist, 2, n_key=3)
        if number % 13 == 0:
            put("FavoriteTracks", track, at(number))
            put("FavoriteAlbums", album, at(number))
            put("FavoriteArtists", artist, at(number))
        if genre:
            playlist = key("playlist", row["genre"])
            put("Playlists", playlist, f"Best of {row['genre']}", at(0))
            put("PlaylistTracks", playlist, number, track, n_key=2)
        for word in sorted(set(re.findall(r"[a-z]{7,}", row["description"].lower())))[:6]:
            put("Keywords", key("keyword", word), word)
            put("KeywordTrack", key("keyword", word), track, n_key=2)
    return {name: list(found.values()) for name, found in tables.items()}


def microseconds(moment):
    return (moment - POSTGRES_EPOCH) // datetime.timedelta(microseconds=1)


def binary_rows(rows, vectors):
    """COPY's binary format: vectors would be slow as text."""
    yield b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    for number, (row, vector) in enumerate(zip(rows, vectors)):
        wide = widen(vector)
        if sys.byteorder == "little":
            wide.byteswap()
        values = (key("embedding", row["id"]).bytes, uuid.UUID(row["id"]).bytes, struct.pack(">hh", TARGET_DIM, 0) + wide.tobytes(),
                  struct.pack(">q", microseconds(at(number))), struct.pack(">q", microseconds(at(number + 1))))
        yield struct.pack(">h", len(values)) + b"".join(struct.pack(">i", len(value)) + value for value in values)
    yield struct.pack(">h", -1)


def main(folder, url, n_tracks=None):
    folder, here = pathlib.Path(folder), pathlib.Path(__file__).parent
    with open(folder / "tracks.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[: int(n_tracks) if n_tracks else None]
    data = (folder / "tracks.f32").read_bytes()
    vectors = [data[4 * DIM * i : 4 * DIM * (i + 1)] for i in range(len(rows))]
    with psycopg.connect(url) as db, db.cursor() as cursor:
        cursor.execute((here / "schema.sql").read_text())
        for name, table in make_tables(rows).items():
            with cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
                for row in table:
                    copy.write_row(row)
        with cursor.copy('COPY "TrackEmbeddings" FROM STDIN (FORMAT binary)') as copy:
            for part in binary_rows(rows, vectors):
                copy.write(part)
        cursor.execute('CREATE INDEX "IX_TrackEmbeddings_Embedding" ON "TrackEmbeddings" USING hnsw ("Embedding" vector_cosine_ops) WITH (m = 16, ef_construction = 64)')
        counts = {name: cursor.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in ("Tracks", "Artists", "KeywordTrack", "TrackEmbeddings")}
    print("coral: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
