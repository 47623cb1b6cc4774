"""Recommendations for tracks, asked of the source and of what the move made of it; the answers have to agree.

    python recommend.py postgresql://... coral.db embeddings.db [NUMBER-OF-TRACKS]

As the music server does it: up to 100 nearest by cosine distance, at most 0.2, without the track itself; several rows at an identical distance are copies of one recording and count once;
they are looked up in the library by their ids, and the order of similarity is kept. It knows nothing of vecferry: psycopg, sqlite3 and DuckDB's own package.
"""

import sqlite3
import sys

import duckdb
import psycopg

MOST, FARTHEST = 100, 0.2
SAME = 1e-6  # DuckDB computes in float32

SOURCE = """SELECT other."TrackId"::text, other."Embedding" <=> mine."Embedding" AS distance FROM "TrackEmbeddings" other, "TrackEmbeddings" mine
            WHERE mine."TrackId" = %s AND other."TrackId" <> mine."TrackId" AND other."Embedding" <=> mine."Embedding" <= %s ORDER BY distance, 1 LIMIT %s"""
TARGET = """SELECT other.track_id::text, array_cosine_distance(other.embedding, mine.embedding) AS distance FROM track_embeddings other, track_embeddings mine
            WHERE mine.track_id = ?::uuid AND other.track_id <> mine.track_id AND array_cosine_distance(other.embedding, mine.embedding) <= ? ORDER BY distance, 1 LIMIT ?"""


def once_each(rows):
    """Rows at one distance are one recording: the first of them by id stands for all."""
    groups = []
    for track, distance in rows:
        if groups and distance - groups[-1][0][1] <= SAME:
            groups[-1].append((track, distance))
        else:
            groups.append([(track, distance)])
    return [(min(track for track, _ in group), group[0][1]) for group in groups]


def look_up(library, tracks):
    """Title and artist of each, in the order given."""
    found = dict((row[0], row[1:]) for row in library.execute(
        f"""SELECT t."Id", t."Title", a."Name" FROM "Tracks" t JOIN "ArtistOnTracks" o ON o."TrackId" = t."Id" AND o."Role" = 0 JOIN "Artists" a ON a."Id" = o."ArtistId"
            WHERE t."Id" IN ({', '.join('?' * len(tracks))})""", tracks))
    return [found[track] for track in tracks]


def main(url, library_path, embeddings_path, n_tracks=None):
    postgres = psycopg.connect(url, autocommit=True)
    postgres.execute("SET enable_indexscan = off")  # exact answers
    library, embeddings = sqlite3.connect(library_path), duckdb.connect(embeddings_path, read_only=True)
    tracks = [row[0] for row in postgres.execute('SELECT "Id"::text FROM "Tracks" ORDER BY 1 LIMIT %s', (int(n_tracks) if n_tracks else 200,))]
    n_wrong = n_found = shown = 0
    for track in tracks:
        right = once_each(postgres.execute(SOURCE, (track, FARTHEST, MOST)).fetchall())
        found = once_each(embeddings.execute(TARGET, (track, FARTHEST, MOST)).fetchall())
        agree = [name for name, _ in right] == [name for name, _ in found] and all(abs(a - b) <= SAME for (_, a), (_, b) in zip(right, found))
        # What lies right at the edge may be on either side of it.
        agree = agree or ([n for n, d in right if d < FARTHEST - SAME] == [n for n, d in found if d < FARTHEST - SAME])
        n_wrong += not agree
        n_found += len(found)
        if not agree:
            print(f"  {track}: PostgreSQL {right[:5]}, DuckDB {found[:5]}")
        if len(found) >= 3 and shown < 2:
            shown += 1
            title, artist = look_up(library, [track])[0]
            print(f'\n  after "{title}" by {artist}:')
            for (_, distance), (title, artist) in list(zip(found, look_up(library, [name for name, _ in found])))[:5]:
                print(f"    {distance:.4f}  {title} - {artist}")
    print(f"\n  {len(tracks)} tracks: {n_found} recommendations, {'the same on both sides' if n_wrong == 0 else f'{n_wrong} tracks differ'}")
    return 1 if n_wrong or n_found == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
