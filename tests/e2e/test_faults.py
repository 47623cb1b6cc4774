"""What happens beside a copy: the source is written to, an index was left half made, nobody reads the output any more."""

import os
import subprocess
import threading
import time

import psycopg
from e2e import VECFERRY, Case

ROWS = "CREATE TABLE docs (id int PRIMARY KEY, title text, v vector(3)); INSERT INTO docs SELECT i, 'title ' || i, ARRAY[i, 1, 2] FROM generate_series(1, 3000) i; CREATE INDEX docs_title ON docs (title)"


class Faults(Case):
    def hold_rows_back(self, url):
        """Waits until the table is there, and locks it: nothing is loaded until the function that comes back is called."""
        other = psycopg.connect(url, autocommit=True)
        self.addCleanup(other.close)
        while not other.execute("SELECT 1 FROM pg_class WHERE relname = 'docs'").fetchall():
            time.sleep(0.02)
        other.execute("BEGIN; LOCK TABLE docs IN ACCESS EXCLUSIVE MODE")
        return lambda: other.execute("ROLLBACK")

    def test_a_source_that_is_written_to_meanwhile(self):
        """Rows that are inserted, changed and deleted, and a key that changes, while the rows are on their way: the target is what the source was when the copy began, and that is what it is compared with."""
        source, target = self.postgres(ROWS), self.postgres()
        process = subprocess.Popen([VECFERRY, "copy", "--json", source, target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(600, process.kill)
        watchdog.start()
        release = self.hold_rows_back(target)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("INSERT INTO docs VALUES (9001, 'new', NULL); UPDATE docs SET title = 'other' WHERE id = 2999; DELETE FROM docs WHERE id = 2998; UPDATE docs SET id = 9002 WHERE id = 2997")
        release()
        output = process.communicate()[0]
        watchdog.cancel()
        self.assertEqual(process.returncode, 0, output[-2000:])
        found = self.connect(target).execute("SELECT id, title FROM docs ORDER BY id").fetchall()
        self.assertEqual(found, [(i, f"title {i}") for i in range(1, 3001)])
        differences = self.run_vecferry("verify", "--json", source, target, code=3).json()["tables"][0]["differences"]
        self.assertEqual(sorted((each["kind"], each["key"]) for each in differences),
                         [("changed", '{"id": 2999}'), ("extra", '{"id": 2997}'), ("extra", '{"id": 2998}'), ("missing", '{"id": 9001}'), ("missing", '{"id": 9002}')])

    def test_an_index_that_was_left_half_made(self):
        """As CREATE INDEX CONCURRENTLY leaves one when it is killed: by name it is there, and no query uses it."""
        source, target = self.postgres(ROWS), self.postgres()
        self.run_vecferry("copy", source, target, environment={"VECFERRY_FAILPOINT": "target.end_bulk:1:kill"}, code=-9)
        with psycopg.connect(target, autocommit=True) as connection:
            before = connection.execute("SELECT 'docs_title'::regclass::oid").fetchone()
            connection.execute("UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'docs_title'::regclass")
        for _ in range(300):
            result = self.run_vecferry("copy", "--resume", source, target, code=None)
            if result.code != 8:
                break
            time.sleep(0.1)
        self.assertEqual(result.code, 0, str(result))
        with psycopg.connect(target, autocommit=True) as connection:
            self.assertEqual(connection.execute("SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'docs_title'::regclass").fetchall(), [(True, True)])
            self.assertNotEqual(connection.execute("SELECT 'docs_title'::regclass::oid").fetchone(), before)

    def test_nobody_reads_the_output(self):
        """A pipe whose reader has gone: the copy is finished, or stops with an exit code of its own; what is there can be gone on with."""
        source = self.postgres(ROWS)
        for number, arguments in enumerate((["--json"], [])):
            with self.subTest(arguments):
                target = self.sqlite(f"target{number}.db")
                reader, writer = os.pipe()
                os.close(reader)
                process = subprocess.run([VECFERRY, "copy", *arguments, source, target], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True)
                os.close(writer)
                self.assertIn(process.returncode, (0, 1, 130, 141), process.stderr)
                resumed = self.run_vecferry("copy", "--resume", source, target, code=None)
                self.assertIn(resumed.code, (0, 9), str(resumed))
                self.run_vecferry("verify", source, target)
