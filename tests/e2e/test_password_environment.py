"""VECFERRY_SOURCE_PASSWORD and VECFERRY_TARGET_PASSWORD: one for each side, below the options, and never shown."""

import pathlib
import os
import urllib.parse
import uuid

import psycopg

from e2e import Case

TLS = pathlib.Path(os.environ["VECFERRY_TEST_PGTLS_DIR"])


class PasswordEnvironment(Case):
    def setUp(self):
        super().setUp()
        self.password = (TLS / "password").read_text().strip()
        base = (TLS / "url").read_text().strip()
        name = "env_" + uuid.uuid4().hex[:12]
        admin = psycopg.connect(base, password=self.password, autocommit=True)
        admin.execute(f"CREATE DATABASE {name}")
        self.addCleanup(admin.close)
        self.addCleanup(admin.execute, f"DROP DATABASE {name} WITH (FORCE)")
        self.url = urllib.parse.urlunsplit(urllib.parse.urlsplit(base)._replace(path="/" + name))
        self.lite = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);")

    def run_with(self, *arguments, code=0, **passwords):
        environment = {f"VECFERRY_{side.upper()}_PASSWORD": value for side, value in passwords.items()}
        done = self.run_vecferry(*arguments, environment=environment, code=code)
        for secret in passwords.values():
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done

    def test_there_and_back(self):
        back = str(self.folder / "back.db")
        self.run_with("copy", self.lite, self.url, target=self.password)
        self.run_with("copy", self.url, back, source=self.password)
        self.run_with("verify", self.url, back, source=self.password)
        # A target's key means that the file is to be encrypted, and this one isn't.
        refused = self.run_with("verify", self.url, back, source=self.password, target="a key of no use", code=2)
        self.assertIn("the file isn't encrypted", refused.stderr)

    def test_the_other_side_has_its_own(self):
        for passwords in ({}, {"source": self.password}, {"target": "the wrong one"}):
            self.run_with("copy", self.lite, self.url, code=4, **passwords)

    def test_an_option_wins(self):
        self.run_with("inspect", "--source-password-file", str(TLS / "password"), self.url, source="the wrong one")
        self.run_with("inspect", "--source-password-command", "echo the right one is another", self.url, source=self.password, code=4)
