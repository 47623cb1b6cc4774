"""A server that takes TLS and SCRAM passwords only: what libpq's options ask for holds, and what doesn't ends with exit code 4 before a byte is written."""

import os
import pathlib
import re
import subprocess
import urllib.parse
import uuid

import psycopg

from e2e import Case

TLS = pathlib.Path(os.environ["VECFERRY_TEST_PGTLS_DIR"])
ROWS = 500


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.password = (TLS / "password").read_text().strip()
        base = (TLS / "url").read_text().strip()
        self.name = "tls_" + uuid.uuid4().hex[:12]
        admin = psycopg.connect(base, password=self.password, autocommit=True)
        admin.execute(f"CREATE DATABASE {self.name}")
        self.addCleanup(admin.close)
        self.addCleanup(admin.execute, f"DROP DATABASE {self.name} WITH (FORCE)")
        self.url = urllib.parse.urlunsplit(urllib.parse.urlsplit(base)._replace(path="/" + self.name))
        self.lite = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);" + "".join(f"INSERT INTO t VALUES ({i}, 'text {i}');" for i in range(ROWS)))
        self.secrets = ["--source-password-file", str(TLS / "password"), "--target-password-file", str(TLS / "password")]

    def with_options(self, **options):
        parts = urllib.parse.urlsplit(self.url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        query.update(options)
        return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})))

    def fail(self, url, *words):
        target = str(self.folder / "target.db")
        result = self.run_vecferry("copy", "--json", *self.secrets[:2], url, target, code=4)
        self.assertRegex(result.stderr, r"(?m)\Avecferry: .+\nhint: .+\n\Z")
        self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 4))
        self.assertTrue(any(word in result.stderr for word in words), result.stderr)
        self.assertNotIn(self.password, result.stdout + result.stderr)
        self.assertFalse(os.path.exists(target))
        self.run_vecferry("copy", *self.secrets[2:], self.lite, url, code=4)

    def test_verify_full_there_and_back(self):
        self.assertIn("sslmode=verify-full", self.url)
        back = str(self.folder / "back.db")
        self.run_vecferry("copy", *self.secrets[2:], "--jobs", "3", self.lite, self.url)
        self.run_vecferry("copy", *self.secrets[:2], "--jobs", "3", self.url, back)
        self.run_vecferry("verify", *self.secrets[:2], self.url, back)
        self.assert_same_sqlite(self.lite, back)
        with psycopg.connect(self.url, password=self.password) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM t").fetchone(), (ROWS,))

    def test_what_libpq_takes_from_its_environment(self):
        plain = f"postgresql:///{self.name}"
        parts = urllib.parse.urlsplit(self.url)
        environment = {"PGHOST": "localhost", "PGPORT": str(parts.port), "PGUSER": "postgres", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(TLS / "server.crt"), "PGPASSFILE": str(TLS / "pgpass")}
        self.run_vecferry("copy", self.lite, plain, environment=environment)
        service = self.folder / "service.conf"
        service.write_text(f"[ferry]\nhost=localhost\nport={parts.port}\nuser=postgres\ndbname={self.name}\nsslmode=verify-full\nsslrootcert={TLS / 'server.crt'}\n")
        self.run_vecferry("verify", self.lite, "postgresql://?service=ferry", environment={"PGSERVICEFILE": str(service), "PGPASSFILE": str(TLS / "pgpass")})

    def test_a_wrong_authority(self):
        """Another certificate of the same name isn't the one that is trusted."""
        other = self.folder / "other.crt"
        subprocess.run(["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-out", str(other), "-keyout", str(self.folder / "other.key")], check=True, capture_output=True)
        self.fail(self.with_options(sslrootcert=str(other)), "certificate verify failed")
        self.fail(self.with_options(sslmode="verify-ca", sslrootcert=str(other)), "certificate verify failed")

    def test_no_authority(self):
        self.fail(self.with_options(sslrootcert=str(self.folder / "none.crt")), "root certificate", "none.crt")

    def test_a_wrong_host_name(self):
        parts = urllib.parse.urlsplit(self.url)
        # The address is right, the name that is asked for isn't in the certificate.
        named = parts._replace(netloc=f"postgres@elsewhere.example:{parts.port}")
        url = urllib.parse.urlunsplit(named) + "&hostaddr=127.0.0.1"
        self.fail(url, "does not match host name", "elsewhere.example")

    def test_no_encryption_where_it_is_asked_for(self):
        """The plain server has no TLS: a URL that wants it isn't served without."""
        plain = self.postgres(vector=False)
        wanted = plain + "?sslmode=require"
        result = self.run_vecferry("inspect", wanted, code=4)
        self.assertIn("SSL", result.stderr)

    def test_every_connection_is_encrypted(self):
        """Also those of the workers, and those of a resumed run."""
        self.run_vecferry("copy", *self.secrets[2:], "--jobs", "4", self.lite, self.url, environment={"VECFERRY_FAILPOINT": "commit:3:kill"}, code=None)
        with psycopg.connect(self.url, password=self.password, autocommit=True) as connection:
            for name, ssl in connection.execute("SELECT a.application_name, s.ssl FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.datname = current_database()"):
                self.assertTrue(ssl, name)
        code = self.run_vecferry("copy", *self.secrets[2:], "--resume", self.lite, self.url, code=None).code
        self.assertIn(code, (0, 9))
