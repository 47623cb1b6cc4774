"""A password is never seen: not in messages, JSON, plans, databases, nor in the process list; and files and URLs that would show it are refused."""

import json
import os
import pathlib
import re
import sqlite3
import stat
import subprocess
import urllib.parse
import uuid

import psycopg
from psycopg import sql

from e2e import VECFERRY, Case

CANARIES = ["Kanari@:/?#%\\ '\"vogel", "x" * 300, "two\nlines", "%41%zz&user=postgres"]
TLS = pathlib.Path(os.environ["VECFERRY_TEST_PGTLS_DIR"])


def forms(secret):
    """What a password could look like in a text."""
    shapes = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1], secret.replace("'", "''"), secret.replace("\\", "\\\\").replace("'", "\\'"),
              secret.encode().hex()}
    return {shape for shape in shapes if shape}


class Secrets(Case):
    """The server of these tests takes SCRAM passwords only."""

    def setUp(self):
        super().setUp()
        self.admin = psycopg.connect((TLS / "url").read_text().strip(), password=(TLS / "password").read_text().strip(), autocommit=True)
        self.addCleanup(self.admin.close)
        self.lite = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two');")

    def role(self, password):
        """A role of that password with a database of its own; the URL without it."""
        name = "secret_" + uuid.uuid4().hex[:12]
        self.admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
        self.admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name)))
        self.addCleanup(self.admin.execute, f"DROP ROLE {name}")
        self.addCleanup(self.admin.execute, f"DROP DATABASE {name} WITH (FORCE)")
        parts = urllib.parse.urlsplit((TLS / "url").read_text().strip())
        return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.replace("postgres@", name + "@"), path="/" + name))

    def file(self, content, mode=0o600, name="password"):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return str(path)

    def clean(self, secret, *texts):
        for text in texts:
            for shape in forms(secret):
                if isinstance(text, bytes):
                    self.assertNotIn(shape.encode(), text)
                else:
                    self.assertNotIn(shape, text)

    def clean_folder(self, secret, *allowed):
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in allowed:
                self.clean(secret, path.read_bytes())

    def ways(self, secret):
        path = self.file(secret + "\n")
        yield ["--{}-password-file", path], {}
        yield ["--{}-password-command", f"cat '{path}'"], {}
        yield [], {"VECFERRY_SOURCE_PASSWORD": secret, "VECFERRY_TARGET_PASSWORD": secret}
        yield [], {"PGPASSWORD": secret}
        yield [], {"VECFERRY_SOURCE_PASSWORD_FILE": path, "VECFERRY_TARGET_PASSWORD_FILE": path}

    def options(self, options, side):
        return [option.format(side) if option.startswith("--") else option for option in options]

    def test_a_canary_is_never_shown(self):
        """Each command with each password, each password in each way, and each command in each way; all three together would be a hundred runs."""
        for i, secret in enumerate(CANARIES):
            url = self.role(secret)
            ways = list(self.ways(secret))
            for turn in (0, 2):
                target = str(self.folder / f"target{i}-{turn}.db")  # encrypted where the environment has a key for it, so copy and verify are given the same
                commands = ((0, "target", ["copy", "-v", "--json", "--drop-existing", "--yes"], [self.lite, url]), (1, "source", ["plan", "-v", "-o", self.folder / f"ferry{i}-{turn}.yaml"], [url, target]),
                            (2, "source", ["copy", "-v", "--drop-existing", "--yes"], [url, target]), (2, "source", ["verify", "-v", "--json"], [url, target]), (3, "source", ["inspect", "-v"], [url]))
                for way, side, command, ends in commands:
                    options, environment = ways[(way + i + turn) % len(ways)]
                    with self.subTest(f"{secret[:10]!r} {command[0]} {options} {sorted(environment)}"):
                        result = self.run_vecferry(*command, *self.options(options, side), *ends, environment=environment)
                        self.clean(secret, result.stdout, result.stderr)
            self.clean_folder(secret, "password")
            with psycopg.connect(url, password=secret) as connection:
                tables = [row[0] for row in connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
                for table in tables:
                    self.clean(secret, str(connection.execute(f'SELECT * FROM "{table}"').fetchall()))

    def test_a_wrong_password(self):
        """As above: every two of password, way and command meet."""
        url = self.role("right")
        target = str(self.folder / "target.db")
        commands = (("copy", (url, target), "source"), ("copy", (self.lite, url), "target"), ("inspect", (url,), "source"))
        for i, secret in enumerate(CANARIES):
            for step, (options, environment) in enumerate(self.ways(secret)):
                verb, arguments, side = commands[(i + step) % len(commands)]
                result = self.run_vecferry(verb, "-v", "--json", *self.options(options, side), *arguments, environment=environment, code=4)
                self.assertIn("password authentication failed", result.stderr)
                self.assertIn("hint: check the user and the password", result.stderr)
                self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 4))
                self.clean(secret, result.stdout, result.stderr)
                self.assertFalse(os.path.exists(target))
        nothing = self.run_vecferry("inspect", url, code=4)
        self.assertIn("password", nothing.stderr)

    def test_other_processes_see_nothing(self):
        """The command of the other side is a child: it looks at itself and at its parent."""
        secret = CANARIES[0]
        url = self.role(secret)
        path = self.file(secret)
        spy = (f"tr '\\0' '\\n' </proc/$PPID/cmdline >'{self.folder}/parent'; tr '\\0' '\\n' </proc/self/environ >'{self.folder}/environ';"
               f" tr '\\0' '\\n' </proc/self/cmdline >'{self.folder}/child'; cat '{path}'")
        for options, environment in (
                (["--source-password-file", path], {}),
                (["--source-password-command", f"cat '{path}'"], {}),
                ([], {"VECFERRY_SOURCE_PASSWORD": secret}),
                ([], {"PGPASSWORD": secret})):
            with self.subTest(f"{options} {sorted(environment)}"):
                self.run_vecferry("copy", "--dry-run", *options, "--target-password-command", spy, url, url, environment=environment, code=None)
                self.assertIn("vecferry", (self.folder / "parent").read_text())
                for name in ("parent", "child", "environ"):
                    self.clean(secret, (self.folder / name).read_text())
                    os.unlink(self.folder / name)

    def test_passwords_in_urls_are_refused(self):
        secret = "Kanari%40vogel"
        for url in (f"postgresql://u:{secret}@localhost/db", f"postgres://u:{secret}@/db", f"postgresql://localhost/db?password={secret}", f"postgresql://localhost/db?user=u&p%61ssword={secret}",
                    f"postgresql://localhost/db?sslpassword={secret}", f"host=localhost password={secret}", f"host=localhost password = '{secret}'", f"libsql://host?authToken={secret}", f"https://u:{secret}@host"):
            for arguments in (("inspect", url), ("copy", url, "x.db"), ("copy", "--json", self.lite, url)):
                result = self.run_vecferry(*arguments, code=2)
                self.clean(secret, result.stdout, result.stderr)
                self.assertIn("hint:", result.stderr)
                self.assertIn("password-file", result.stderr)
            plan = self.file(f"version: 1\nsource: {json.dumps(url)}\ntarget: x.db\ntables: []\n", name="ferry.yaml")
            result = self.run_vecferry("copy", "-f", plan, code=2)
            self.clean(secret, result.stdout, result.stderr)
        self.assertFalse(os.path.exists(self.folder / "x.db"))
        self.clean(secret, self.run_vecferry("copy", f"--password={secret}", "a.db", "b.db", code=2).stderr)
        self.clean(secret, self.run_vecferry("copy", f"--source-password={secret}", "a.db", "b.db", code=2).stderr)

    def test_password_files_that_others_can_read(self):
        secret = CANARIES[0]
        url = self.role(secret)
        for mode in (0o644, 0o640, 0o604, 0o660, 0o601):
            path = self.file(secret, mode)
            for arguments in (("inspect", "--source-password-file", path, url), ("copy", "--json", "--target-password-file", path, self.lite, url)):
                result = self.run_vecferry(*arguments, code=2)
                self.assertIn(path, result.stderr)
                self.assertIn(f"{mode:04o}", result.stderr)
                self.assertIn("chmod 600", result.stderr)
                self.clean(secret, result.stdout, result.stderr)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
        self.run_vecferry("inspect", "--source-password-file", self.file(secret, 0o400, "strict"), url)

    def test_password_files_that_are_none(self):
        url = self.role("right")
        for path, word in ((str(self.folder / "none"), "none"), (str(self.folder), "regular"), (self.file(""), "empty"), (self.file("a\0b", name="nul"), "NUL"), (self.file("x" * 100000, name="big"), "bytes")):
            result = self.run_vecferry("inspect", "--source-password-file", path, url, code=2)
            self.assertIn(word, result.stderr)
        fifo = str(self.folder / "fifo")
        os.mkfifo(fifo, 0o600)
        self.assertIn("regular", self.run_vecferry("inspect", "--source-password-file", fifo, url, code=2, timeout=60).stderr)
        both = self.run_vecferry("inspect", "--source-password-file", self.file("right"), "--source-password-command", "echo right", url, code=2)
        self.assertIn("both", both.stderr)

    def test_password_commands(self):
        secret = CANARIES[0]
        url = self.role(secret)
        path = self.file(secret)
        self.run_vecferry("inspect", "--source-password-command", f"cat '{path}'; echo", url)
        self.run_vecferry("inspect", "--source-password-command", f"printf '%s\\r\\n' \"$(cat '{path}')\"", url)
        for command, word in ((f"cat '{path}'; exit 3", "exit code 3"), (f"cat '{path}'; kill -9 $$", "signal 9"), ("true", "empty"), ("no-such-command-at-all", "exit code 127"), (f"yes \"$(cat '{path}')\"", "bytes")):
            result = self.run_vecferry("inspect", "--json", "--source-password-command", command, url, code=2)
            self.assertIn(word, result.stderr)
            self.clean(secret, result.stdout, result.stderr)
            self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 2))

    def test_secrets_of_the_source_in_a_message_of_its_server(self):
        """A server that repeats what it was given: a role, a database and a table of the password's name."""
        secret = "Kanarienvogel77"
        url = self.role(secret)
        path = self.file(secret)
        for wrong in (url.replace("user", "user"), re.sub(r"/secret_\w+\?", f"/{secret}?", url)):
            result = self.run_vecferry("inspect", "-v", "--json", "--source-password-file", path, wrong, code=None)
            if result.code != 0:
                self.clean(secret, result.stderr.replace(wrong, ""), result.stdout.replace(wrong, ""))
        damaged = self.run_vecferry("copy", "--json", "--source-password-file", path, "--where", f"t='{secret}' +", url, str(self.folder / "x.db"), code=None)
        self.assertNotEqual(damaged.code, 0)
        self.clean(secret, damaged.stderr, damaged.stdout)
