"""Encrypted files: made and read with a key that is never seen, and looked at here through SQLCipher's library by ctypes, which shares no code with vecferry."""

import json
import os
import pathlib
import sqlite3
import struct
import urllib.parse

from e2e import Case
from sqlite_library import Error, Library

CIPHER = Library("sqlcipher")
KEY = "Kanari@:/?#%\\ '\"vogel"
CLEAR = "Klartext-in-der-Datei"

SCRIPT = f"""
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT, weight REAL, raw BLOB, e BLOB);
CREATE TABLE words (w TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (w, n)) WITHOUT ROWID;
CREATE INDEX people_name ON people (name DESC);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO people SELECT i, '{CLEAR} ' || i, '1990-01-02', i / 3.0, randomblob(i % 40), NULL FROM n;
INSERT INTO words VALUES ('{CLEAR}', 1), ('b', 2), ('b', 3);
"""


def forms(secret):
    """What a key could look like in a text."""
    return {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1], secret.replace("'", "''"), secret.encode().hex(), secret.encode().hex().upper()}


class Encrypted(Case):
    def setUp(self):
        super().setUp()
        self.plain = self.sqlite("plain.db", SCRIPT)
        with sqlite3.connect(self.plain) as connection:
            connection.executemany("UPDATE people SET e = ? WHERE id = ?", [(struct.pack("<4f", i, 0.5, -1, 3), i) for i in range(1, 400)])
        connection.close()
        self.key = self.file(KEY)

    def file(self, content, name="key"):
        path = self.folder / name
        path.write_text(content)
        path.chmod(0o600)
        return str(path)

    def encrypted(self, name="secret.db", key=KEY, script=SCRIPT):
        path = str(self.folder / name)
        with CIPHER.open(path, key) as connection:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
        return path

    def rows(self, path, table, key=KEY):
        with CIPHER.open(path, key) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")

    def plain_rows(self, path, table):
        with sqlite3.connect(path) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()

    def assert_unseen(self, secret, *texts):
        for text in texts:
            for shape in forms(secret):
                self.assertNotIn(shape.encode() if isinstance(text, bytes) else shape, text)

    def test_there_and_back_by_every_way_of_giving_the_key(self):
        ways = [(["--{}-password-file", self.key], {}), (["--{}-password-command", f"cat '{self.key}'"], {}), ([], {"VECFERRY_SOURCE_PASSWORD": KEY, "VECFERRY_TARGET_PASSWORD": KEY})]
        for number, (options, environment) in enumerate(ways):
            with self.subTest(f"{options} {sorted(environment)}"):
                secret, back = str(self.folder / f"secret{number}.db"), str(self.folder / f"back{number}.db")
                given = lambda side: [option.format(side) for option in options]
                target = {name: value for name, value in environment.items() if "TARGET" in name}
                source = {name: value for name, value in environment.items() if "SOURCE" in name}
                self.copy("-v", *given("target"), self.plain, secret, environment=target)
                for table in ("people", "words"):
                    self.assertEqual(self.rows(secret, table), self.plain_rows(self.plain, table))
                self.copy("-v", *given("source"), secret, back, environment=source)
                self.assert_same_sqlite(self.plain, back)
                self.run_vecferry("verify", *given("target"), self.plain, secret, environment=target)

    def test_nothing_of_the_file_is_in_the_clear_and_the_key_nowhere(self):
        secret = str(self.folder / "secret.db")
        results = [self.run_vecferry("copy", "-v", "--json", "--target-password-file", self.key, self.plain, secret),
                   self.run_vecferry("inspect", "-v", "--source-password-file", self.key, secret),
                   self.run_vecferry("plan", "-v", "-o", "ferry.yaml", "--source-password-file", self.key, secret, "other.db"),
                   self.run_vecferry("verify", "-v", "--json", "--target-password-file", self.key, self.plain, secret),
                   self.run_vecferry("inspect", "-v", "--source-password-file", self.file(KEY + "x", "wrong"), secret, code=4)]
        self.assertNotEqual(pathlib.Path(secret).read_bytes()[:15], b"SQLite format 3")
        for path in self.folder.iterdir():
            if path.name.startswith("secret.db"):
                self.assertNotIn(CLEAR.encode(), path.read_bytes())
                self.assertNotIn(b"people", path.read_bytes())
            if path.name not in ("key", "wrong") and path.is_file():
                self.assert_unseen(KEY, path.read_bytes())
        self.assert_unseen(KEY, *(text for result in results for text in (result.stdout, result.stderr)))
        for table in ("vecferry_runs", "vecferry_chunks", "vecferry_schema"):
            self.assert_unseen(KEY, repr(self.rows(secret, table)))

    def test_wrong_and_missing_keys(self):
        secret = self.encrypted()
        before = pathlib.Path(secret).read_bytes()
        wrong = self.file("not the key", "wrong")
        for arguments, word in ((("inspect", secret), "looks like this too"), (("inspect", "--source-password-file", wrong, secret), "is wrong, or it is no database"),
                                (("copy", secret, "x.db"), "--source-password-file"), (("copy", "--source-password-file", wrong, secret, "x.db"), "--source-password-file"),
                                (("copy", "--target-password-file", wrong, self.plain, secret), "--target-password-file"), (("copy", self.plain, secret), "--target-password-file")):
            result = self.run_vecferry(*arguments, code=4)
            self.assertIn(word, result.stderr)
            self.assertNotIn("ERROR", result.stderr)  # SQLCipher's own log
        self.assertEqual(pathlib.Path(secret).read_bytes(), before)
        self.assertEqual(sorted(entry.name for entry in self.folder.iterdir()), ["key", "plain.db", "secret.db", "wrong"])
        text = self.file("a text that is longer than a page of nothing. " * 200, "text.db")
        self.assertIn("is wrong, or it is no database", self.run_vecferry("inspect", "--source-password-file", self.key, text, code=4).stderr)

    def test_a_key_for_a_file_that_is_not_encrypted(self):
        before = pathlib.Path(self.plain).read_bytes()
        other = self.sqlite("other.db", "CREATE TABLE t (a INTEGER PRIMARY KEY);")
        result = self.run_vecferry("copy", "--target-password-file", self.key, other, self.plain, code=2)
        self.assertIn("isn't encrypted", result.stderr)
        self.assertIn("name a new file", result.stderr)
        self.assertEqual(pathlib.Path(self.plain).read_bytes(), before)
        self.assertIn("isn't encrypted", self.run_vecferry("inspect", "--source-password-file", self.key, self.plain).stderr)

    def test_missing_library(self):
        secret = self.encrypted()
        (self.folder / "empty").mkdir()
        for arguments in (("inspect", "--source-password-file", self.key, secret), ("copy", "--target-password-file", self.key, self.plain, "new.db")):
            result = self.run_vecferry(*arguments, "--library-dir", self.folder / "empty", code=10)
            self.assertIn("the library of SQLCipher can't be opened", result.stderr)
            self.assertIn("name the folder that has libsqlcipher.so by --library-dir", result.stderr)
        self.assertFalse((self.folder / "new.db").exists())

    def test_several_readers_of_a_file_in_wal_mode(self):
        """Workers and the snapshot's guard open the file anew, each with the key, and by the one library."""
        secret = self.encrypted()
        with CIPHER.open(secret, KEY) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY, b BLOB)")
            connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO more SELECT i, randomblob(100000) FROM n")
            rows = connection.execute("SELECT * FROM more")
        self.copy("--jobs", "4", "--memory", "32M", "--source-password-file", self.key, secret, "back.db")
        self.assertEqual(self.plain_rows(self.folder / "back.db", "more"), rows)
        url = self.postgres()
        self.copy("--jobs", "4", "--source-password-file", self.key, secret, url)
        self.assertEqual(self.connect(url).execute("SELECT count(*), sum(length(b)) FROM more").fetchone(), (200, 20000000))
        again = str(self.folder / "again.db")
        self.copy("--target-password-file", self.key, url, again)
        self.assertEqual(self.rows(again, "more"), rows)
        self.run_vecferry("verify", "--source-password-file", self.key, "--target-password-file", self.key, secret, again)

    def test_keys_of_64_digits_and_other_writings(self):
        for number, key in enumerate(("x'" + "0123456789abcdef" * 4 + "'", "ä 日本語", "a" * 300)):
            target = str(self.folder / f"t{number}.db")
            self.copy("--target-password-file", self.file(key, f"k{number}"), self.plain, target)
            self.assertEqual(self.rows(target, "words", key), self.plain_rows(self.plain, "words"))
            with self.assertRaises(Error):
                self.rows(target, "words", key + "x")

    def test_a_file_of_a_key_that_others_can_read(self):
        """It is called what it is: no password."""
        os.chmod(self.key, 0o644)
        result = self.run_vecferry("inspect", "--source-password-file", self.key, self.encrypted(), code=2)
        self.assertIn(f'key file "{self.key}" has mode 0644', result.stderr)
        result = self.run_vecferry("inspect", "--source-password-command", "exit 3", "http://127.0.0.1:1", code=2)
        self.assertIn("the token command failed with exit code 3", result.stderr)

    def test_the_key_is_no_argument(self):
        for argument in (f"--source-key={KEY}", f"--key={KEY}", f"--source-password={KEY}"):
            result = self.run_vecferry("inspect", argument, self.plain, code=2)
            self.assert_unseen(KEY, result.stdout, result.stderr)
