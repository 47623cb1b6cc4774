"""PostgreSQL -> SQLite -> PostgreSQL, and SQLite -> PostgreSQL -> SQLite, are the identity: by vecferry's digests, and by a comparison that shares no code with it."""

import json
import sqlite3
import struct
import uuid

from e2e import Case, alltypes, since


class Identity(Case):
    def test_every_postgres_type_there_and_back(self):
        source = self.postgres(alltypes())
        middle = self.sqlite("middle.db")
        back = self.postgres()
        there = self.copy(source, middle)
        again = self.copy(middle, back)
        self.assertTrue(all(table["equal"] for table in there["tables"] + again["tables"]))
        digests = {table["name"].split(".")[-1]: table["digest"] for table in there["tables"]}
        self.assertEqual({table["name"].split(".")[-1]: table["digest"] for table in again["tables"]}, digests)
        self.assertEqual(there["rejected"] + again["rejected"], 0)
        self.assert_same_postgres(source, back)
        self.run_vecferry("verify", source, back)

    @since(vector=(0, 7, 0))
    def test_vectors_without_an_index_get_none(self):
        """As many rows as a plan adds an index for, where the source knows none: these had none where indexes are known."""
        source = self.postgres("CREATE TABLE docs (id int PRIMARY KEY, v vector(3), h halfvec(2)); INSERT INTO docs SELECT i, ARRAY[i, 1, 2], ARRAY[i % 9, 1] FROM generate_series(1, 1200) i")
        for middle in (self.sqlite("middle.db"), f"duckdb:{self.folder / 'middle.duckdb'}"):
            with self.subTest(middle):
                back = self.postgres()
                self.copy(source, middle)
                self.copy(middle, back)
                self.assert_same_postgres(source, back)

    def test_postgres_to_postgres(self):
        source = self.postgres(alltypes())
        target = self.postgres()
        self.copy(source, target)
        self.assert_same_postgres(source, target)

    def test_serial_columns_and_sequences_of_other_schemas(self):
        """Each table goes back into its own schema, also where the way there had none, and goes on counting where it was."""
        source = self.postgres("""
            CREATE SCHEMA app; CREATE SCHEMA "seq uences";
            CREATE TABLE app.t (id serial PRIMARY KEY, s text); INSERT INTO app.t (s) VALUES ('a'), ('b');
            CREATE TABLE app."We ird" ("I d" bigserial PRIMARY KEY, t int REFERENCES app.t); INSERT INTO app."We ird" (t) VALUES (1), (2), (2);
            CREATE TABLE t (id serial PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY); INSERT INTO t DEFAULT VALUES;
            CREATE SEQUENCE "seq uences".other INCREMENT 5; CREATE TABLE app.u (id bigint DEFAULT nextval('"seq uences".other') PRIMARY KEY); INSERT INTO app.u DEFAULT VALUES;
        """)
        direct, middle, back = self.postgres(), self.sqlite("middle.db"), self.postgres()
        self.copy(source, direct)
        self.assert_same_postgres(source, direct)
        self.copy(source, middle)
        self.copy(middle, back)
        self.assert_same_postgres(source, back)


SQLITE = """
CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, email TEXT UNIQUE NOT NULL, is_admin BOOLEAN NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, seen_at INTEGER, ref UUID);
CREATE TABLE "references" (id INTEGER PRIMARY KEY AUTOINCREMENT, "user" TEXT REFERENCES users (id) ON DELETE CASCADE, parent INTEGER REFERENCES "references" (id), "order" REAL,
    payload TEXT, amount DECIMAL(10, 2), day DATE, raw BLOB, note VARCHAR(20) DEFAULT 'it''s', any_value);
CREATE TABLE chunks (id TEXT NOT NULL, n INTEGER NOT NULL, embedding TEXT, packed BLOB, PRIMARY KEY (id, n)) WITHOUT ROWID;
CREATE INDEX references_user_idx ON "references" ("user", "order" DESC);
CREATE UNIQUE INDEX chunks_n_idx ON chunks (n, id);
CREATE TABLE empty_one (a INTEGER PRIMARY KEY, v BLOB);
"""


def fill_sqlite(path):
    connection = sqlite3.connect(path)
    connection.executescript(SQLITE)
    for i in range(50):
        connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", (f"ck{i:04}", f"u{i}@example.org", i % 2, 1700000000 + i, (1700000000 + i) * 1000 + i if i % 3 else None, str(uuid.UUID(int=i << 64 | 7))))
    texts = ["", "plain", "日本語 🚢", "line\nbreak", "it's \"quoted\"", None, "NULL", "\\N", "%s"]
    for i in range(60):
        payload = json.dumps({"n": i, "x": [1.5, None], "s": texts[i % len(texts)]}, ensure_ascii=i % 2 == 0)
        connection.execute('INSERT INTO "references" ("user", parent, "order", payload, amount, day, raw, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                           (f"ck{i % 50:04}", i if 0 < i < 5 else None, [i / 3, -0.0, 1e308, 5e-324, None][i % 5], payload, i, f"2024-02-{i % 28 + 1:02}", bytes(range(i)), texts[i % len(texts)]))
    for i in range(40):
        vector = [k / 8 - i for k in range(12)]
        text = None if i % 7 == 0 else "[" + ",".join(repr(x).removesuffix(".0") for x in vector) + "]"
        connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", (f"c{i % 9}", i, text, struct.pack("<12f", *vector)))
    connection.execute('DELETE FROM "references" WHERE id = 60')
    connection.commit()
    connection.close()


class SqliteIdentity(Case):
    def test_sqlite_to_postgres_and_back(self):
        source, back = str(self.folder / "source.db"), str(self.folder / "back.db")
        fill_sqlite(source)
        middle = self.postgres()
        self.copy(source, middle)
        self.copy(middle, back)
        self.assert_same_sqlite(source, back)
        connection = self.connect(middle)
        types = dict(connection.execute("SELECT attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0 AND attrelid IN"
                                        " ('users'::regclass, '\"references\"'::regclass, 'chunks'::regclass)").fetchall())
        self.assertEqual(types["users.created_at"], "timestamp with time zone")
        self.assertEqual(types["users.seen_at"], "timestamp with time zone")
        self.assertEqual(types["users.is_admin"], "boolean")
        self.assertEqual(types["chunks.embedding"], "vector(12)")
        self.assertEqual(types["chunks.packed"], "vector(12)")
        self.assertEqual(connection.execute("SELECT extract(epoch FROM created_at)::bigint FROM users WHERE id = 'ck0007'").fetchone()[0], 1700000007)
        self.assertEqual(connection.execute('INSERT INTO "references" (note) VALUES (NULL) RETURNING id').fetchone()[0], 61)

    def test_by_plan_files_there_and_back(self):
        source, back, middle = str(self.folder / "source.db"), str(self.folder / "back.db"), self.postgres()
        fill_sqlite(source)
        self.run_vecferry("plan", source, middle, "-o", "there.yaml")
        self.copy("-f", "there.yaml")
        self.run_vecferry("plan", middle, back, "-o", "back.yaml")
        self.copy("-f", "back.yaml")
        self.assert_same_sqlite(source, back)

    def test_sqlite_to_sqlite(self):
        source, target = str(self.folder / "source.db"), str(self.folder / "target.db")
        fill_sqlite(source)
        self.copy(source, target)
        self.assert_same_sqlite(source, target)
