"""Fills a SQLite database with dealhunter's 25 tables, from examples/data/chunks.csv and chunks.f32.

    python load.py DATA-FOLDER dealhunter.db [NUMBER-OF-CHUNKS] [--planted]

Everything is derived from the data and is the same in each run. The model of dealhunter has 3,072 dimensions, the one of the data 384: a chunk's vector here is
(0.5 v, 0.5 v, 0.5 v, 0.5 v, 1,536 zeros). Lengths and cosine distances are those of the 384 dimensions, and the right answers are known. An embedding is the JSON text that the
application writes: each number the shortest that is the same float32.

--planted adds the rows that such databases have after some years: a cut embedding, one of another model, one with NaN, a word for a number, sessions of a user who is gone.
"""

import array
import csv
import decimal
import hashlib
import json
import pathlib
import re
import sqlite3
import struct
import sys

DIM, TARGET_DIM, COPIES = 384, 3072, 4
START = 1_704_067_200  # 2024-01-01, in seconds as all moments here
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def key(*parts):
    """24 letters and digits, the first a letter, as cuid2 makes them."""
    number = int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest(), "big")
    text = ""
    for _ in range(24):
        number, digit = divmod(number, 36 if text else 26)
        text += ALPHABET[digit if text else digit + 10]
    return text


def shortest(value):
    """The shortest decimal that is this float32, as JavaScript writes numbers."""
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            break
    number = float(text)
    if number == int(number):
        return str(int(number))
    return f"{decimal.Decimal(text):f}" if abs(number) >= 1e-6 else re.sub(r"e-0(\d)$", r"e-\1", text)


def embedding(vector):
    """384 float32 to the JSON text of 3,072."""
    halved = [shortest(value / 2) for value in array.array("f", vector)]  # halving a float32 is exact
    return "[" + ",".join(halved * COPIES + ["0"] * (TARGET_DIM - COPIES * DIM)) + "]"


class Rows:
    """Table name -> its rows; the same key twice is one row."""

    def __init__(self):
        self.tables = {}

    def put(self, table, row, n_key=1):
        self.tables.setdefault(table, {}).setdefault(row[:n_key], row)

    def write(self, db):
        for table, rows in self.tables.items():
            marks = ", ".join("?" * len(next(iter(rows.values()))))
            db.executemany(f"INSERT INTO `{table}` VALUES ({marks})", rows.values())


UNITS = ("CMS", "Commerce", "Data & AI")
TECHNOLOGIES = ("Drupal", "Ibexa DXP", "Magnolia", "Sulu", "FirstSpirit", "Sitecore")
COMPETITORS = ("Studio Nordlicht", "Kontor Neun", "Ufer & Söhne")


def put_base(rows):
    """What all deals share."""
    for number, unit in enumerate(UNITS):
        # Each unit has a leader, who is one of the unit: neither row can be first.
        leader = key("user", 3 * number)
        rows.put("business_units", (key("unit", unit), unit, leader, json.dumps([unit.lower(), "größe"], ensure_ascii=False), START + number))
        for member in range(3 * number, 3 * number + 3):
            rows.put("users", (key("user", member), f"user{member}@example.org", f"User {member}", "scrypt$16384$" + key("salt", member), ("admin", "bd", "bl")[member % 3],
                               key("unit", unit), int(member != 5), START + 60 * member, START + 90 * member, START + 86_400 if member == 5 else None))
        rows.put("pitchdeck_templates", (key("template", number), f"{unit} deck", json.dumps({"slides": [1, 2, 3], "theme": {"dark": number == 1}}), bytes(range(64)) if number else None))
        rows.put("competitors", (key("competitor", number), COMPETITORS[number], json.dumps(["price", "nearby"]) if number else None, ("low", "high", None)[number], number % 2,
                                 key("user", number)))
    for number, technology in enumerate(TECHNOLOGIES):
        rows.put("technologies", (key("technology", technology), technology, key("unit", UNITS[number % 3]), 400 + 50 * number if number != 4 else None,
                                  json.dumps({"nodeTypes": number, "views": 2 * number}), key("technology", TECHNOLOGIES[0]) if number == 5 else None, int(number == 0)))
        rows.put("references", (key("reference", number), f"Relaunch {number}", f"Customer {number}", "public", json.dumps([technology]), 5 + number if number else None, 3 * number, number % 2,
                                key("user", number), START + 1000 * number))


def put_deal(rows, number, deal, company, first):
    """One prospective customer, from the first e-mail to the pitch."""
    pre, scan, account, unit = key("pre", deal), key("scan", deal), key("account", company), key("unit", UNITS[number % 3])
    at, technology = first, key("technology", TECHNOLOGIES[number % 6])
    parent = key("account", "Holding") if number % 7 == 3 else None
    if parent:
        rows.put("accounts", (parent, "Holding", None, None, None, key("user", 0), START))
    rows.put("accounts", (account, company, ("retail", "health", None)[number % 3], f"https://{number}.example.com/über-uns", parent, key("user", number % 9), at))
    rows.put("account_contacts", (key("contact", deal), account, f"Dr. Möller-O'Neil {number}", "head of marketing" if number % 2 else None, None, number % 2, number))
    rows.put("pre_qualifications", (pre, account, key("user", number % 9), ("draft", "routed", "closed")[number % 3], f"From: {company}\n\n\"Relaunch\", bis März …", json.dumps({"goals": ["seo", number]}),
                                    None if number % 4 == 0 else 25_000.5 * number, scan, None, int(number % 5 == 0), at + 7200 if number % 3 else None, at, at + 60))
    rows.put("quick_scans", (scan, pre, "completed", f"https://{number}.example.com", TECHNOLOGIES[number % 6], json.dumps({"server": "nginx"}), 40 * number, at + 10, at + 95))
    rows.put("qualifications", (deal, pre, unit, scan, company, ("routed", "bl_reviewing", "won")[number % 3], ("BID", "NO-BID", None)[number % 3], number * 2 if number % 6 else None, technology, at + 3600,
                                at + 9_000_000 if number % 4 == 1 else None))
    rows.put("website_audits", (key("audit", deal), deal, 30 + number, 1.25 + number / 8, number % 2 if number % 9 else None, json.dumps([{"rule": "wcag-1.1.1", "n": number}]), at + 200))
    for section in ("overview", "technology"):
        rows.put("qualification_section_data", (key("section", deal, section), deal, section, json.dumps({"text": f"{company}: {section}"}, ensure_ascii=False), 50 + number % 50, at + 300))
    for rank in range(2):
        rows.put("cms_match_results", (deal, key("technology", TECHNOLOGIES[(number + rank) % 6]), 80.5 - number / 3 - rank, rank + 1, int(rank == 0)), n_key=2)
    rows.put("baseline_comparisons", (key("baseline", deal), deal, technology, None if number % 2 else json.dumps(["views"]), 0.1 * number, at + 400))
    rows.put("pt_estimations", (key("estimation", deal), deal, 12.75 * number, 10 + number, json.dumps([]), at + 20_000_000 if number % 3 else None))
    rows.put("reference_matches", (key("match", deal), deal, key("reference", number % 6), 55 + number % 40, at + 500))
    rows.put("competitor_matches", (deal, key("competitor", number % 3), 100 - number), n_key=2)
    if number % 2 == 0:
        rows.put("pitchdecks", (key("deck", deal), deal, key("template", number % 3) if number % 4 else None, "draft", int(number % 8 == 0), at + 600 if number % 8 == 0 else None))
        for position in range(3):
            rows.put("pitchdeck_slides", (key("deck", deal), position, f"Slide {position}", "" if position == 2 else "Text"), n_key=2)
    rows.put("background_jobs", (2 * number + 1, None, "quick-scan", "completed", 100, json.dumps({"id": scan}), None, at + 10, at + 95))
    rows.put("background_jobs", (2 * number + 2, 2 * number + 1, "embed", "failed" if number % 11 == 0 else "completed", 100 - number % 2, None, "429" if number % 11 == 0 else None, at + 96, None))
    rows.put("sessions", (key("session", deal), key("user", number % 9), at + 2_592_000))
    rows.put("verification_tokens", (f"user{number % 9}@example.org", key("token", deal), at + 86_400), n_key=2)


def put_chunk(rows, number, chunk, vector):
    text = embedding(vector)
    deal, at = chunk["qualification_id"], int(chunk["created_at"])
    rows.put("deal_embeddings", (chunk["id"], key("pre", deal), deal, chunk["agent_name"], chunk["chunk_type"], int(chunk["chunk_index"]), chunk["content"],
                                 text if chunk["has_embedding"] == "1" else None, chunk["metadata"] or None, "fact" if number % 3 else None,
                                 int(chunk["confidence"]) if chunk["confidence"] else None, at + 5 if number % 2 else None, at))
    if number % 5 == 0:
        rows.put("raw_chunks", (key("raw", chunk["id"]), key("pre", deal), number, chunk["content"], len(chunk["content"].split()), text, None, at))
    return text


def plant(db, chunk, text):
    """Rows that no rule allows, found in every database of this age."""
    deal = chunk["qualification_id"]
    bad = {"cut": text[: len(text) // 2], "other-model": "[" + ",".join(["0.025515518"] * 1536) + "]", "not-a-number": text.replace("[", "[NaN,", 1).rsplit(",", 1)[0] + "]"}
    for name, value in bad.items():
        db.execute("INSERT INTO deal_embeddings VALUES (?, NULL, ?, 'planted', 'finding', 0, ?, ?, NULL, NULL, NULL, NULL, ?)", (f"planted-{name}", deal, name, value, START))
    db.execute("UPDATE website_audits SET performance_score = 'n/a' WHERE id = (SELECT min(id) FROM website_audits)")
    db.execute("INSERT INTO sessions VALUES ('planted-orphan', 'gone', ?)", (START,))


def main(folder, path, n_chunks=None, planted=False):
    folder, here = pathlib.Path(folder), pathlib.Path(__file__).parent
    with open(folder / "chunks.csv", newline="", encoding="utf-8") as file:
        chunks = list(csv.DictReader(file))[: int(n_chunks) if n_chunks else None]
    data = (folder / "chunks.f32").read_bytes()
    rows, deals = Rows(), {}
    put_base(rows)
    for number, chunk in enumerate(chunks):
        deal = chunk["qualification_id"]
        if deal not in deals:
            company = json.loads(chunk["metadata"] or "{}").get("company", f"Prospect {len(deals)}")
            put_deal(rows, len(deals), deal, company, START + 86_400 * len(deals))
            deals[deal] = company
        text = put_chunk(rows, number, chunk, data[4 * DIM * number : 4 * DIM * (number + 1)])
    with sqlite3.connect(path) as db:
        db.executescript((here / "schema.sql").read_text())
        rows.write(db)
        # Mostly without: the column is younger than its rows.
        db.execute("UPDATE pre_qualifications SET description_embedding = ? WHERE id IN (SELECT id FROM pre_qualifications ORDER BY id LIMIT 3)", (text,))
        if planted:
            plant(db, chunk, text)
    print(f"dealhunter: {len(rows.tables)} tables, {len(deals)} deals, {len(chunks)} chunks" + (", and planted rows" if planted else ""))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--planted"]
    main(*words, planted="--planted" in sys.argv)
