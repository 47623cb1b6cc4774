"""Databases on servers: whole moves with tursodb and with the double of sqld, servers that fail, and what is said then."""

import random
import sqlite3
import struct

import psycopg

from e2e import Case
from hrana import Sqld, Tokens, Tursodb, f32, servers
from hrana_case import STEAL_MS

ODD = "\u00e4\U0001f600 \"\\/\t\u2028"
CANARY = "canary-7f3a9c51e0"


def vector(i, dim=8):
    return f32(*(i / 7 + k / 3 for k in range(dim)))


def hard_doubles(n):
    """Doubles of all sizes: of one in five the shortest digits are read as another number by serde_json."""
    chance = random.Random(7)
    found = [0.1, -4.35, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 1e23, 0.92724477529724614, 5.0909832673253279e238, 1.1897234978324e-317]
    while len(found) < n:
        value = struct.unpack("<d", chance.randbytes(8))[0]
        if value == value and abs(value) != float("inf") and value != 0:
            found.append(value)
    return found


def make_file(path, rows=1500):
    """Every storage class, odd names, several keys, a foreign key, embeddings."""
    doubles = hard_doubles(rows)
    with sqlite3.connect(path) as db:
        db.executescript("""
            CREATE TABLE "Odd Name" (id INTEGER PRIMARY KEY AUTOINCREMENT, "Col umn" TEXT NOT NULL, r REAL, b BLOB, v F32_BLOB(8), n INTEGER UNIQUE);
            CREATE TABLE parts (owner INTEGER NOT NULL REFERENCES "Odd Name" (id), part TEXT NOT NULL, note TEXT, PRIMARY KEY (owner, part));
            CREATE INDEX parts_note ON parts (note);
            CREATE TABLE keyless (t TEXT);
            CREATE TABLE pairs (a TEXT NOT NULL, b INTEGER NOT NULL, v BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID;
            CREATE TABLE empty (id INTEGER PRIMARY KEY, v F32_BLOB(3));
        """)
        db.executemany('INSERT INTO "Odd Name" VALUES (?, ?, ?, ?, ?, ?)',
                       ((i, f"text {i} " + ODD, doubles[i - 1], bytes(range(i % 40)), vector(i), i * 10**15) for i in range(1, rows)))
        db.executemany("INSERT INTO parts VALUES (?, ?, ?)", ((i, f"p{i % 3}", None if i % 4 else "") for i in range(1, rows, 2)))
        db.executemany("INSERT INTO pairs VALUES (?, ?, ?)", ((f"a{i % 7}", i, vector(i)) for i in range(1, rows)))
        db.executemany("INSERT INTO keyless VALUES (?)", (("same",), ("same",), (None,)))
        db.execute("UPDATE sqlite_sequence SET seq = 5000")
    db.close()
    return path


class Moves(Case):
    def test_file_to_server_and_back(self):
        source = make_file(str(self.folder / "source.db"))
        for kind, server in servers(self.folder):
            with self.subTest(kind), server:
                back = str(self.folder / f"{kind}-back.db")
                self.copy(source, server.url)
                self.copy(server.url, back)
                self.assert_same_sqlite(source, back)
                rows = server.run('SELECT id, "Col umn", r, b, v, n FROM "Odd Name" ORDER BY id')
                with sqlite3.connect(source) as db:
                    wanted = db.execute('SELECT id, "Col umn", r, b, v, n FROM "Odd Name" ORDER BY id').fetchall()
                db.close()
                self.assertEqual(len(rows), len(wanted))
                for row, right in zip(rows, wanted):
                    self.assertEqual(row, right)
                    self.assertEqual(struct.pack("<d", row[2]), struct.pack("<d", right[2]), row[0])
                self.run_vecferry("verify", source, server.url)
                self.assertEqual(server.run("SELECT token FROM vecferry_lease"), [("",)])

    def test_server_to_postgres_and_back(self):
        for kind, server in servers(self.folder):
            with self.subTest(kind), server:
                server.run("CREATE TABLE Samples (id INTEGER PRIMARY KEY, Title TEXT NOT NULL, bpm REAL, embedding F32_BLOB(8))")
                for start in range(0, 3000, 500):
                    rows = [(i, f"sample {i}", i / 3, vector(i)) for i in range(start, start + 500)]
                    server.run("INSERT INTO Samples VALUES " + ", ".join(["(?, ?, ?, ?)"] * len(rows)), *(value for row in rows for value in row))
                target = self.postgres()
                self.copy(server.url, target)
                found = self.connect(target).execute('SELECT id, "Title", bpm, embedding::text FROM "Samples" ORDER BY id').fetchall()
                self.assertEqual(len(found), 3000)
                self.assertEqual(found[7][:3], (7, "sample 7", 7 / 3))
                self.assertEqual([struct.pack("<f", float(x)) for x in found[7][3].strip("[]").split(",")],
                                 [vector(7)[k:k + 4] for k in range(0, 32, 4)])
                read = "SELECT id, Title, bpm, embedding, typeof(embedding) FROM Samples ORDER BY id"
                wanted = server.run(read)
                fresh = dict(servers(self.folder, "back.db"))[kind]
                with fresh:
                    self.copy(target, fresh.url)
                    self.assertEqual(wanted, fresh.run(read))
                    declared = fresh.run("SELECT sql FROM sqlite_master WHERE name LIKE 'samples'")[0][0]
                    self.assertIn("F32_BLOB", declared)


    def test_names_with_quotes_and_the_numbers_of_the_header(self):
        """tursodb's pragma functions put a name between quotes as it is; and what an application keeps in user_version is named, not lost in silence."""
        source = self.sqlite("source.db", """
            CREATE TABLE "par""ents" ("i""d" INTEGER PRIMARY KEY, name TEXT UNIQUE);
            CREATE TABLE "a""b" (id INTEGER PRIMARY KEY, "c""d" TEXT COLLATE NOCASE, "e""f" INTEGER REFERENCES "par""ents" ("i""d"));
            CREATE INDEX "i""x" ON "a""b" ("c""d");
            INSERT INTO "par""ents" VALUES (7, 'n');
            INSERT INTO "a""b" VALUES (1, 'x"y', 7), (2, NULL, NULL);
            """)
        for kind, server in servers(self.folder, "quotes.db"):
            with self.subTest(kind), server:
                self.copy(source, server.url)
                server.run("PRAGMA user_version = 7")
                server.run("PRAGMA user_version")
                back = str(self.folder / f"{kind}.db")
                copied = self.copy(server.url, back)
                self.assertEqual([(entry["kind"], entry["name"]) for entry in copied["not_moved"]], [("setting", "user_version")])
                self.assertEqual(copied["not_moved"][0]["text"], "PRAGMA user_version = 7")
                self.assert_same_sqlite(source, back)
                with sqlite3.connect(back) as db:
                    self.assertEqual(db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'i%'").fetchall(), [('i"x',)])
                    self.assertEqual(db.execute("SELECT * FROM pragma_foreign_key_list('a\"b')").fetchone()[2:5], ('par"ents', 'e"f', 'i"d'))
                db.close()

    def test_what_the_server_guarantees_is_said(self):
        """A snapshot, or a check at the end: by inspect, in the plan, and at the end of a copy and a verify."""
        words = {"sqld": "a snapshot: one transaction of the server, which it keeps while it is read",
                 "tursodb": "no snapshot: rows are read in the order of their keys, and a change meanwhile stops the run"}
        for kind, server in servers(self.folder):
            with self.subTest(kind), server:
                if kind == "other":
                    kind = "sqld" if server.request("GET", "/v2").status == 200 else "tursodb"
                server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
                self.assertIn(f"guarantee: {words[kind]}", self.run_vecferry("inspect", server.url).stdout)
                self.assertEqual(self.run_vecferry("inspect", "--json", server.url).json()["guarantee"], words[kind])
                target = str(self.folder / f"{kind}.db")
                self.assertIn(f"# {words[kind]}\n", self.run_vecferry("plan", server.url, target, "-o", "-").stdout)
                self.assertIn(f"guarantee of the source: {words[kind]}", self.run_vecferry("copy", server.url, target).stdout)
                result = self.run_vecferry("verify", "--json", server.url, target).json()
                self.assertEqual(result["source"]["guarantee"], words[kind])
                self.assertNotIn("guarantee", result["target"])


class Rejects(Case):
    def test_rejected_rows_go_together(self):
        """What can't be held is kept by the server in a few requests, not in one a row."""
        n_requests = {}
        for n_bad in (1, 300):
            source = self.sqlite(f"{n_bad}.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, v F32_BLOB(8))")
            with sqlite3.connect(source) as db:
                db.executemany("INSERT INTO docs VALUES (?, ?)", ((i, vector(i)) for i in range(1000)))
                db.executemany("INSERT INTO docs VALUES (?, ?)", ((5000 + i, vector(i, 7)) for i in range(n_bad)))
            db.close()
            with Sqld(self.folder / f"{n_bad}-server.db") as server:
                result = self.run_vecferry("copy", "--no-verify", source, server.url, code=3)
                n_requests[n_bad] = server.stats()["requests"]
                rows = server.run("SELECT number, key, column_name, reason, original FROM vecferry_rejects ORDER BY number")
                self.assertEqual(server.run("SELECT count(*) FROM docs"), [(1000,)], result)
                self.assertEqual([(row[0], row[1], row[2], row[4]) for row in rows], [(i, f'{{"id": {5000 + i}}}', "v", vector(i, 7)) for i in range(n_bad)])
                self.assertTrue(all("7" in row[3] for row in rows))
        self.assertLess(n_requests[300] - n_requests[1], 20, n_requests)


class Failures(Case):
    def start_sqld(self, name="s.db", **options):
        server = Sqld(self.folder / name, **{"steal_ms": STEAL_MS, **options})
        server.start()
        self.addCleanup(server.stop)
        return server

    def check_resumed(self, source, target):
        self.run_vecferry("copy", "--resume", source, target)
        self.run_vecferry("verify", source, target)

    def test_a_target_that_fails_half_way(self):
        source = make_file(str(self.folder / "source.db"), 1500)
        for match, do, nth in (("INSERT OR ABORT", "lose_reply", 3), ("COMMIT", "lose_reply", 5), ("INSERT OR ABORT", "expire", 3), ("INSERT OR ABORT", "steal", 3)):
            with self.subTest(match=match, do=do):
                server = self.start_sqld(f"{match[:3]}-{do}.db")
                server.fault(match, do, nth=nth)
                result = self.run_vecferry("copy", source, server.url)
                self.assertIn("the chunk is written again", result.stderr)
                self.run_vecferry("verify", source, server.url)
                if do != "expire":
                    continue
                server.forget()
                server.fault(match, do, nth=nth, times=0)
                result = self.run_vecferry("copy", "--drop-existing", "--yes", source, server.url, code=5)
                self.assertIn("--resume", result.stderr)
                server.forget()
                self.check_resumed(source, server.url)

    def test_a_source_that_fails_half_way(self):
        file = make_file(str(self.folder / "source.db"), 1500)
        server = self.start_sqld()
        self.copy(file, server.url)
        for do in ("cut", "truncate"):
            with self.subTest(do):
                target = str(self.folder / f"{do}.db")
                server.fault("cursor", do)
                self.run_vecferry("copy", server.url, target, code=5)
                server.forget()
                result = self.run_vecferry("copy", "--resume", server.url, target, code=None)
                if result.code == 9:  # it failed before anything was written
                    self.run_vecferry("copy", server.url, target)
                self.assert_same_sqlite(file, target)

    def test_texts_that_are_not_utf8(self):
        """sqld can't send one, and ends the stream: the row is named, and with ?text=bytes it is a reject, or goes where any bytes may."""
        server = self.start_sqld()
        server.run("CREATE TABLE notes (id INTEGER PRIMARY KEY, label TEXT, v F32_BLOB(2))")
        server.run("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO notes SELECT i, 'label ' || i, CASE i % 3 WHEN 0 THEN vector32('[1,' || i || ']') END FROM n")
        server.run("UPDATE notes SET label = CAST(x'61ff62' AS TEXT) WHERE id = 450")
        server.run("CREATE TABLE things (id INTEGER PRIMARY KEY, i INTEGER, r REAL, b BLOB, t TEXT)")
        server.run("INSERT INTO things VALUES (1, 1, 0.5, x'00ff', 'text \u00e9'), (2, NULL, NULL, NULL, NULL), (3, 0, -1.5, x'', ''), (4, 1, 1.0, x'31', CAST(x'ed' AS TEXT))")
        plan, target = self.folder / "ferry.yaml", self.postgres()
        self.run_vecferry("plan", "-q", "--only", "notes", f"{server.url}?text=bytes", target, "-o", plan)
        for arguments in (["copy", "-f", plan, server.url, target], ["plan", server.url, target]):
            result = self.run_vecferry(*arguments, code=6)
            for words in ("table notes", "rowid 450", 'column "label"', "isn't UTF-8 (byte 1: 0xff)", "?text=bytes"):
                self.assertIn(words, result.stderr)
        self.run_vecferry("copy", "--resume", f"{server.url}?text=bytes", target, code=3)
        with psycopg.connect(target) as connection:
            self.assertEqual(connection.execute("SELECT count(*), count(*) FILTER (WHERE label = 'label ' || id) FROM notes").fetchone(), (599, 599))
            self.assertEqual(connection.execute("SELECT key, column_name, reason, original FROM vecferry_rejects").fetchall(), [('{"id": 450}', "label", "invalid UTF-8 at byte 1: 0xff", b"a\xffb")])
        self.copy(f"{server.url}?text=bytes", str(self.folder / "any.db"))
        with sqlite3.connect(self.folder / "any.db") as db, server.connect() as origin:
            db.text_factory = bytes
            for query in ("SELECT id, typeof(label), label, typeof(v), v FROM notes NOT INDEXED ORDER BY id", "SELECT id, typeof(i), i, typeof(r), r, typeof(b), b, typeof(t), t FROM things ORDER BY id"):
                self.assertEqual(db.execute(query).fetchall(), origin.execute(query).fetchall())
        db.close()
        origin.close()

    def test_a_copy_that_is_killed(self):
        source = make_file(str(self.folder / "source.db"), 800)
        for kind in (Sqld, Tursodb):
            for point in ("load_write:2:kill", "commit:2:kill-after"):
                with self.subTest(f"{kind.__name__} {point}"), kind(self.folder / f"{kind.__name__}-{point}.db") as server:
                    self.run_vecferry("copy", source, server.url, environment={"VECFERRY_FAILPOINT": point}, code=-9)
                    self.check_resumed(source, server.url)

    def test_a_rollback_on_tursodb_takes_nothing_of_before(self):
        """Behind some reading statements tursodb commits nothing by itself: a ROLLBACK brought a table back that had been dropped."""
        with Tursodb(self.folder / "server.db") as server:
            old = self.sqlite("old.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) INSERT INTO docs SELECT i, 'old' FROM n")
            new = self.sqlite("new.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO docs VALUES (1, 'new')")
            self.copy(old, server.url)
            self.run_vecferry("verify", old, server.url)
            self.run_vecferry("copy", "--drop-existing", "--yes", new, server.url, environment={"VECFERRY_FAILPOINT": "target.load_write:1:error"}, code=7)
            self.assertEqual(server.run("SELECT * FROM docs"), [])
            self.check_resumed(new, server.url)
            self.assertEqual(server.run("SELECT * FROM docs"), [(1, "new")])

    def test_servers_that_recover(self):
        source = make_file(str(self.folder / "source.db"), 300)
        server = self.start_sqld()
        self.copy(source, server.url)
        server.fault("any", "429", nth=3, times=2, retry_after="0")
        server.fault("turso_version", "503")
        self.run_vecferry("copy", server.url, self.folder / "back.db")
        self.assert_same_sqlite(source, str(self.folder / "back.db"))

    def test_pages_when_there_is_no_cursor(self):
        """A server of version 2, whose answers may not be large: the pages become smaller."""
        source = make_file(str(self.folder / "source.db"), 3000)
        server = self.start_sqld(max_response_bytes=60000)
        self.copy(source, server.url)
        server.fault("any", "404", nth=1)  # GET /v3
        result = self.run_vecferry("copy", server.url, self.folder / "back.db", code=6)
        self.assertIn("table pairs", result.stderr)  # WITHOUT ROWID: it can't be read in pages
        server.run("DROP TABLE pairs")
        server.fault("any", "404", nth=1)
        self.run_vecferry("copy", server.url, self.folder / "back.db")
        self.assert_same_sqlite(source, str(self.folder / "back.db"), ["Odd Name", "parts", "keyless", "empty"])

    def test_answers_that_make_no_sense(self):
        source = make_file(str(self.folder / "source.db"), 300)
        server = self.start_sqld()
        self.copy(source, server.url)
        for do in ("wrong_json", "html"):
            with self.subTest(do):
                server.forget()
                server.fault("sqlite_master", do, times=0)
                result = self.run_vecferry("inspect", server.url, code=6)
                self.assertIn("isn't understood", result.stderr)

    def test_no_server(self):
        for url in ("http://127.0.0.1:1", "libsql://127.0.0.1:1"):
            result = self.run_vecferry("inspect", url, code=4)
            self.assertIn("127.0.0.1", result.stderr)
        server = self.start_sqld()
        server.fault("any", "redirect", times=0, location="http://127.0.0.1:1/")
        self.run_vecferry("inspect", server.url, code=4)


class Secrets(Case):
    def test_tokens(self):
        tokens = Tokens(self.folder)
        good = tokens.make(a="rw")
        bad = good[:-6] + "AAAAAA"
        with Sqld(self.folder / "s.db", jwt_key=tokens.public) as server:
            server.token = good
            server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v F32_BLOB(2))")
            server.run("INSERT INTO t VALUES (1, ?)", f32(1, 2))
            file = self.folder / "token"
            file.write_text(good + "\n")
            file.chmod(0o600)
            for arguments, token in ((["--source-password-file", file], None), (["--source-password-command", f"cat '{file}'"], None), ([], good)):
                result = self.run_vecferry("inspect", *arguments, server.url, environment={"VECFERRY_SOURCE_PASSWORD": token} if token else {})
                self.assertNotIn(good, result.stdout + result.stderr)
            for token in (None, bad, CANARY):
                result = self.run_vecferry("inspect", server.url, environment={"VECFERRY_SOURCE_PASSWORD": token} if token else {}, code=4)
                self.assertIn("token", result.stderr)
                for secret in (good, bad, CANARY):
                    self.assertNotIn(secret, result.stdout + result.stderr)
            read_only = tokens.make(a="ro")
            source = self.sqlite("source.db", "CREATE TABLE x (id INTEGER PRIMARY KEY)")
            result = self.run_vecferry("copy", source, server.url, environment={"VECFERRY_TARGET_PASSWORD": read_only}, code=4)
            self.assertNotIn(read_only, result.stdout + result.stderr)

    def test_a_server_that_repeats_the_token(self):
        """What a server says is shown without the secret, even when it sends it back; the trace has none of it either."""
        with Sqld(self.folder / "s.db") as server:
            environment = {"VECFERRY_SOURCE_PASSWORD": CANARY, "VF_TRACE": "engine"}
            result = self.run_vecferry("copy", "--where", f"t=nosuch = '{CANARY}'", server.url, self.folder / "x.db", environment=environment, code=None)
            self.assertNotIn(CANARY, result.stdout + result.stderr)


class Lease(Case):
    def test_one_run_at_a_time(self):
        source = make_file(str(self.folder / "source.db"), 50)
        for kind, server in servers(self.folder):
            with self.subTest(kind), server:
                server.run("CREATE TABLE vecferry_lease (name TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL, holder TEXT NOT NULL, until_s INTEGER NOT NULL)")
                server.run("INSERT INTO vecferry_lease VALUES ('run', '1 1 0 elsewhere', 'copy by alice', strftime('%s', 'now') + 1000)")
                result = self.run_vecferry("copy", source, server.url, code=8)
                self.assertIn("copy by alice", result.stderr)
                server.run("UPDATE vecferry_lease SET until_s = strftime('%s', 'now') - 1")
                self.copy(source, server.url)
