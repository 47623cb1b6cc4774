"""What the application itself does when a workspace has moved: its settings say how the graph is searched now, and no longer how PostgreSQL did it.

    python settings.py ws-atlas.db ws-atlas.vectors.usearch
"""

import json
import pathlib
import sqlite3
import sys


def main(path, graph):
    said = json.loads(pathlib.Path(f"{graph}.json").read_text(encoding="utf-8"))
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM metadata WHERE key = 'ivfflat_lists'")
        db.executemany("INSERT INTO metadata VALUES (?, ?)", [("hnsw_m", said["m"]), ("hnsw_ef_construction", said["ef_construction"]), ("hnsw_ef_search", said["ef_search"])])
        settings = ", ".join(f"{key} {value}" for key, value in db.execute("SELECT key, value FROM metadata ORDER BY key"))
    db.close()
    print(f"  settings: {settings}")


if __name__ == "__main__":
    main(*sys.argv[1:])
