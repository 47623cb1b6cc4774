"""The identities as files: each has the checksum of its content, none has left the folder, and the table that was made of them is the first one.

    python identities.py FOLDER postgresql://... postgresql://...

It knows nothing of vecferry: hashlib, json and psycopg.
"""

import hashlib
import json
import pathlib
import sys

import psycopg

ROWS = "SELECT agent_identities::text FROM agent_identities ORDER BY agent_id"


def main(folder, first_url, second_url):
    files = sorted(pathlib.Path(folder).glob("agents/*/identity.json"))
    n_wrong, agents = 0, set()
    for path in files:
        text = path.read_bytes()
        row = json.loads(text)
        agents.add(row["agent_id"])
        # All lines but the last two, of which one is the checksum's.
        n_wrong += row["$checksum"] != "sha256:" + hashlib.sha256(b"".join(text.splitlines(keepends=True)[:-2])).hexdigest() or path.stat().st_mode & 0o077 != 0
    with psycopg.connect(first_url) as first, psycopg.connect(second_url) as second:
        first.execute("SET timezone = 'UTC'")
        second.execute("SET timezone = 'UTC'")
        here, there = first.execute(ROWS).fetchall(), second.execute(ROWS).fetchall()
        n_wrong += here != there or agents != {row[0] for row in first.execute("SELECT agent_id FROM agent_identities")}
    print(f"  {len(files)} identities: {'each file is its checksum, and the rows came back as they were' if n_wrong == 0 else f'{n_wrong} differences'}")
    return 1 if n_wrong or not files or len(files) != len(here) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
