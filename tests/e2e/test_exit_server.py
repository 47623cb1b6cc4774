"""Servers that aren't there, refuse, are locked, or stop half way: the exit code, the remedy, and a run that can go on."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time
import urllib.parse
import uuid

import psycopg

from e2e import SERVER, VECFERRY, Case, database_url

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
LOCK = "1986356070, 1701999225"


def make_source(path, n_rows=8000, dim=512):
    """Large enough for some chunks, when there is little memory."""
    numbers = struct.pack("<8000f", *[i / 3 for i in range(8000)])
    rows = ((i, f"title {i}", struct.pack("<f", i) + numbers[i % 7000 * 4:][:(dim - 1) * 4]) for i in range(n_rows))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, v BLOB)")
        connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", rows)
        connection.execute("CREATE INDEX docs_title ON docs (title)")
        connection.commit()


class Server(Case):
    @classmethod
    def setUpClass(cls):
        """A file that the tests only read."""
        super().setUpClass()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-e2e-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.big = str(folder / "big.db")
        make_source(cls.big)

    def setUp(self):
        super().setUp()
        self.source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two');")
        self.target = str(self.folder / "target.db")

    def failure(self, code, *arguments, **options):
        """The message of a failure, which is the same as JSON."""
        result = self.run_vecferry(arguments[0], "--json", *arguments[1:], code=code, **options)
        last = result.json()
        self.assertEqual((last["v"], last["type"], last["exit_code"]), (1, "error", code))
        self.assertIn(last["error"].splitlines()[0][:60], result.stderr)
        return last["error"] + "\n" + last["hint"]

    def test_servers_that_are_not_there(self):
        for url, word in (("postgresql://postgres@127.0.0.1:1/postgres", "127.0.0.1"), ("postgresql://postgres@no-such-host.invalid/x", "no-such-host.invalid"),
                          ("postgresql:///x?host=/no/such/folder", "/no/such/folder"), (SERVER.rsplit("/", 1)[0] + "/no_such_database", "no_such_database"),
                          (SERVER.replace("postgres@", "no_such_user@"), "no_such_user")):
            for arguments in (("inspect", url), ("copy", url, self.target), ("copy", self.source, url), ("verify", self.source, url)):
                message = self.failure(4, *arguments)
                self.assertIn(word, message)
                self.assertRegex(message.splitlines()[-1], "check")
        self.assertEqual(os.listdir(self.folder), ["source.db"])

    def test_options_that_libpq_does_not_know(self):
        message = self.failure(4, "inspect", SERVER + "?no_such_option=1")
        self.assertIn("no_such_option", message)

    # ---- privileges ----

    def role(self, url):
        name = "role_" + uuid.uuid4().hex[:12]
        connection = psycopg.connect(url, autocommit=True)
        connection.execute(f"CREATE ROLE {name} LOGIN")

        def drop():
            connection.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")
            connection.close()
        self.addCleanup(drop)
        return connection, name, url.replace("postgres@", name + "@")

    def test_a_target_without_the_privilege_to_create(self):
        url = self.postgres()
        connection, name, as_role = self.role(url)
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        before = connection.execute("SELECT count(*) FROM pg_class").fetchone()
        message = self.failure(10, "copy", self.source, as_role)
        self.assertRegex(message, "privilege|permission|no schema to create in")
        self.assertRegex(message.lower(), "grant|owner")
        self.assertEqual(connection.execute("SELECT count(*) FROM pg_class").fetchone(), before, "nothing is half there")
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {name}")
        self.run_vecferry("copy", self.source, as_role)

    def test_a_source_that_may_only_be_read(self):
        url = self.postgres("CREATE TABLE t (id bigserial PRIMARY KEY, v vector(3), s text DEFAULT 'x'); INSERT INTO t (v) SELECT '[1,2,3]' FROM generate_series(1, 100); CREATE INDEX ON t USING hnsw (v vector_l2_ops)")
        connection, name, as_role = self.role(url)
        message = self.failure(10, "copy", as_role, self.target)
        self.assertIn("t", message)
        self.assertRegex(message.lower(), "grant|privilege")
        connection.execute(f"GRANT SELECT ON t TO {name}")
        self.run_vecferry("copy", as_role, self.target)
        self.run_vecferry("verify", as_role, self.target)
        self.run_vecferry("inspect", as_role)

    def test_a_sequence_that_may_not_be_read(self):
        """The numbers of a column go on above what it holds; those of a sequence that serves none would be handed out again."""
        url = self.postgres("CREATE TABLE t (id bigserial PRIMARY KEY, s text); INSERT INTO t (s) SELECT 'x' FROM generate_series(1, 7); SELECT setval('t_id_seq', 100); CREATE SEQUENCE free; SELECT setval('free', 50)")
        other = self.postgres()
        connection, name, as_role = self.role(url)
        connection.execute(f"GRANT SELECT ON t TO {name}")
        message = self.failure(9, "copy", as_role, other)
        self.assertRegex(message, "free: this user may not read the sequence's value: it goes on from its start")
        result = self.run_vecferry("copy", "--accept-losses", as_role, other)
        self.assertRegex(result.stdout + result.stderr, "t_id_seq: this user may not read the sequence's value: it goes on right after the largest value")
        moved = self.connect(other)
        self.assertEqual(moved.execute("SELECT nextval('t_id_seq'), nextval('free')").fetchone(), (8, 1))
        connection.execute(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
        self.run_vecferry("copy", "--drop-existing", "--yes", as_role, other)
        self.assertEqual(moved.execute("SELECT nextval('t_id_seq'), nextval('free')").fetchone(), (101, 51))

    def test_one_connection_more_than_the_role_may_have(self):
        """The first connection proves URL and password; what is refused later is temporary, and the run can go on."""
        rows = "CREATE TABLE {0} (id int PRIMARY KEY, s text); INSERT INTO {0} SELECT i, 'x' FROM generate_series(1, 100) i;"
        source, target = self.postgres(rows.format("a") + rows.format("b")), self.postgres()
        for where, url in (("source", source), ("target", target)):
            connection, name, as_role = self.role(url)
            connection.execute(f"ALTER ROLE {name} CONNECTION LIMIT 1; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}; GRANT CREATE ON SCHEMA public TO {name}")
            ends = (as_role, self.target) if where == "source" else (source, as_role)
            result = self.run_vecferry("copy", "--json", "--jobs", "2", *ends, code=5)
            self.assertRegex(result.json()["error"], f"one more connection to the {where}: .*too many connections")
            self.assertIn("--resume", result.json()["hint"])
            connection.execute(f"ALTER ROLE {name} CONNECTION LIMIT -1")
            self.run_vecferry("copy", "--resume", *ends)
            self.run_vecferry("verify", *ends)

    def test_rows_that_a_policy_hides(self):
        """With row security a copy would be a part that calls itself the whole."""
        url = self.postgres("CREATE TABLE t (id int PRIMARY KEY, who text); INSERT INTO t SELECT i, 'a' FROM generate_series(1, 10) i; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id < 3)")
        connection, name, as_role = self.role(url)
        connection.execute(f"GRANT SELECT ON t TO {name}")
        result = self.run_vecferry("copy", "--json", as_role, self.target, code=None)
        self.assertIn(result.code, (6, 10), result)
        self.assertIn("t", result.json()["error"])

    def test_a_target_without_pgvector(self):
        source = self.sqlite("vectors.db", "CREATE TABLE d (id INTEGER PRIMARY KEY, v BLOB);" + "".join(f"INSERT INTO d VALUES ({i}, x'{struct.pack('<4f', i, 1, 2, 3).hex()}');" for i in range(30)))
        url = self.postgres(vector=False)
        connection, name, as_role = self.role(url)
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {name}")
        result = self.run_vecferry("copy", "--json", source, as_role, code=None)
        # Where the role may make a trusted extension it is made; else the remedy is named.
        if result.code != 0:
            self.assertEqual(result.code, 10, result)
            self.assertRegex(result.json()["error"] + result.json()["hint"], "(?i)create extension|vector")
            self.assertEqual(connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone(), (0,))
        self.run_vecferry("copy", "--drop-existing", "--yes", source, url)

    def test_a_read_only_target(self):
        url = self.postgres()
        name = urllib.parse.urlsplit(url).path[1:]
        with psycopg.connect(SERVER, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        result = self.run_vecferry("copy", "--json", self.source, url, code=None)
        self.assertIn(result.code, (0, 10), result)  # a default that the session may overrule is no wall

    # ---- states ----

    def test_the_target_holds_rows(self):
        url = self.postgres("CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (7, 'mine')")
        message = self.failure(9, "copy", self.source, url)
        self.assertIn("t: the table is in the target already, and holds rows", message)
        self.assertIn("--drop-existing", message)
        with psycopg.connect(url) as connection:
            self.assertEqual(connection.execute("SELECT * FROM t").fetchall(), [(7, "mine")])
        self.run_vecferry("copy", "--drop-existing", "--yes", self.source, url)
        self.run_vecferry("verify", self.source, url)

    def test_another_run_holds_the_lock(self):
        url = self.postgres()
        first = subprocess.Popen([VECFERRY, "copy", self.big, url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                deadline = time.monotonic() + 60
                holds = f"SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = {LOCK.split(', ')[0]} AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                while not (pids := connection.execute(holds).fetchall()) and first.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.001)
                os.kill(first.pid, signal.SIGSTOP)
                self.assertIsNone(first.poll(), "the first run has ended too early")
            for more in ([], ["--resume"], ["--drop-existing", "--yes"]):
                message = self.failure(8, "copy", *more, self.big, url)
                self.assertIn("vecferry", message)
                self.assertIn(str(pids[0][0]), message)
        finally:
            os.kill(first.pid, signal.SIGCONT)
            self.assertEqual(first.wait(), 0)
        self.run_vecferry("verify", self.big, url)

    # ---- servers that stop ----

    def copy_and(self, source, target, watch, act):
        """Start a copy; when rows are in the table that `watch` sees, act. Its exit code and output."""
        process = subprocess.Popen([VECFERRY, "copy", "--json", "--jobs", "2", "--memory", "8M", "--no-verify", source, target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline and not watch():
            time.sleep(0.005)
        act(process)
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out.splitlines()[-1]), err

    def paused(self, first="false"):
        """A database where a COPY into `docs` waits, when its rows or `first` say so, for as long as the connection that comes with it is open or unlocks 77; and whether one does."""
        url = self.postgres(f"CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {first} OR EXISTS (SELECT FROM docs) THEN PERFORM pg_advisory_xact_lock_shared(77); END IF; RETURN NULL; END $$;"
                            "CREATE FUNCTION add_wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('docs') IS NOT NULL THEN"
                            "  CREATE OR REPLACE TRIGGER wait BEFORE INSERT ON docs FOR EACH STATEMENT EXECUTE FUNCTION wait(); END IF; END $$;"
                            "CREATE EVENT TRIGGER add_wait ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION add_wait()")
        holder = self.connect(url)
        holder.execute("SELECT pg_advisory_lock(77)")
        return url, holder, lambda: holder.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted").fetchone()[0] > 0

    def end_sessions(self, url):
        with psycopg.connect(SERVER, autocommit=True) as admin:
            name = urllib.parse.urlsplit(url).path[1:]
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", (name,))

    def check_stopped(self, code, last, err):
        self.assertEqual(code, 5, err)
        self.assertEqual((last["type"], last["exit_code"]), ("error", 5))
        self.assertIn("--resume", last["hint"])

    def test_sessions_of_the_target_are_ended(self):
        url, holder, waits = self.paused()
        self.check_stopped(*self.copy_and(self.big, url, waits, lambda _: self.end_sessions(url)))
        self.run_vecferry("copy", "--resume", self.big, url)
        self.run_vecferry("verify", self.big, url)

    def test_sessions_of_the_source_are_ended(self):
        url = self.postgres()
        self.run_vecferry("copy", "--no-verify", self.big, url)
        admin = self.connect(SERVER)
        name = urllib.parse.urlsplit(url).path[1:]

        def reads():
            return admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query ~ '^COPY.*docs'", (name,)).fetchone()[0] > 0
        self.check_stopped(*self.copy_and(url, self.target, reads, lambda _: self.end_sessions(url)))
        self.run_vecferry("copy", "--resume", url, self.target)
        self.assert_same_sqlite(self.big, self.target, ["docs"])

    def test_the_server_stops_and_starts_again(self):
        """A private server, stopped at once as by a crash, and started on its data."""
        place = self.folder / "server"
        script = str(TOP / "scripts" / "pg")
        # What isn't waited for isn't on the disk before the crash either: the run's record has to be.
        options = dict(os.environ, VECFERRY_PG_OPTIONS="-c wal_writer_delay=10s -c wal_writer_flush_after=1GB")
        url = subprocess.run([script, "start", str(place)], check=True, capture_output=True, text=True, env=options).stdout.strip()
        self.addCleanup(subprocess.run, [script, "stop", str(place)], capture_output=True)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE EXTENSION IF NOT EXISTS vector")
        source = self.big
        watcher = psycopg.connect(url, autocommit=True)
        self.addCleanup(watcher.close)

        def has_chunks():
            return watcher.execute("SELECT to_regclass('vecferry_chunks') IS NOT NULL").fetchone()[0] and watcher.execute("SELECT count(*) FROM vecferry_chunks").fetchone()[0] > 0
        postmaster = int((place / "data" / "postmaster.pid").read_text().split()[0]) if (place / "data" / "postmaster.pid").exists() else None
        self.assertIsNotNone(postmaster, "where is the server's data?")
        self.check_stopped(*self.copy_and(source, url, has_chunks, lambda _: os.kill(postmaster, signal.SIGQUIT)))
        deadline = time.monotonic() + 60
        while (place / "data" / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.failure(4, "copy", "--resume", source, url)
        port = urllib.parse.urlsplit(url).port
        program = (place / "prog").read_text().strip()
        environment = dict(os.environ, LD_LIBRARY_PATH=(place / "libs").read_text().strip(), LC_ALL="C")
        user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
        subprocess.run([*user, f"{program}/bin/pg_ctl", "-D", str(place / "data"), "-w", "-s", "-t", "60", "-l", str(place / "data" / "server.log"), "-o",
                        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c dynamic_shared_memory_type=mmap", "start"], check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Chunks that were committed in the last moment before a crash may be gone, but never the record of the run.
        self.run_vecferry("copy", "--resume", source, url)
        self.run_vecferry("verify", source, url)

    def test_signals_during_a_copy_into_the_server(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            url, holder, waits = self.paused()
            code_now, last, err = self.copy_and(self.big, url, waits, lambda process: process.send_signal(number))
            self.assertEqual(code_now, code, err)
            self.assertIn("--resume", err)
            self.assertEqual(last["exit_code"], code)
            holder.execute("SELECT pg_advisory_unlock(77)")
            self.run_vecferry("copy", "--resume", self.big, url)
            self.run_vecferry("verify", self.big, url)

    def unsent_bytes(self, url):
        """What the program has given to the kernel for the server of this URL, and the server hasn't read."""
        port = f":{urllib.parse.urlsplit(url).port:04X}"
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(int(fields[4].split(":")[0], 16) for fields in lines if fields[2].endswith(port))

    def test_a_signal_while_the_server_reads_no_rows(self):
        """A COPY that has begun waits for a lock of somebody, and its rows, which are bits here and five bytes each on their way, fill all buffers: the program waits inside of a COPY."""
        columns = 200
        source = self.sqlite("bits.db", f"CREATE TABLE docs (id INTEGER PRIMARY KEY, {', '.join(f'is_{i} BOOLEAN' for i in range(columns))});"
                             f"INSERT INTO docs WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16000) SELECT i{', 1' * columns} FROM n")
        url, holder, waits = self.paused("true")
        for number, code, more in ((signal.SIGINT, 130, []), (signal.SIGTERM, 143, ["--resume"])):
            process = subprocess.Popen([VECFERRY, "copy", "--json", "--no-verify", "--jobs", "1", *more, source, url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                unsent = []  # until no more of it can be sent
                while process.poll() is None and (not waits() or len(set(unsent[-5:])) != 1 or unsent[-1] == 0):
                    time.sleep(0.1)
                    unsent.append(self.unsent_bytes(url))
                self.assertIsNone(process.poll())
                process.send_signal(number)
                out, err = process.communicate(timeout=120)
            finally:
                process.kill()
            self.assertEqual(process.returncode, code, err)
            self.assertIn("--resume", err)
            self.assertEqual(json.loads(out.splitlines()[-1])["exit_code"], code)
        holder.execute("SELECT pg_advisory_unlock(77)")
        self.run_vecferry("copy", "--resume", source, url)
        self.run_vecferry("verify", source, url)

    def test_a_table_that_somebody_has_locked(self):
        """A lock of another session is waited for, and a signal ends the waiting."""
        url = self.postgres("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        other = psycopg.connect(url)
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen([VECFERRY, "copy", url, self.target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143)
        other.rollback()
        other.close()
        self.run_vecferry("copy", "--drop-existing", "--yes", url, self.target)
