"""Kills of every database to every other: what test_kills_*.py share, a file for each kind of source.

A copy is killed (SIGKILL) at a moment of its course and goes on with --resume. Moments are counted, so that a slow machine sees the same ones: a call of the engine interface
(failpoints of test builds), or a system call that changes something (strace), which also comes in the middle of a transaction, of a checkpoint, of giving a file its name.
Afterwards the digests are those of a copy that nobody killed, and every value is there once, read by drivers that share no code with vecferry.

Two moments a pair by default, VECFERRY_PAIR_KILLS in long tests, where tables have several chunks and vector indexes too.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import struct
import subprocess
import time
import urllib.parse

import duckdb
import psycopg
from e2e import VECFERRY, Case
from hrana import Sqld, Tursodb
from sqlite_library import Library

KILLS = int(os.environ.get("VECFERRY_PAIR_KILLS", "2"))
LONG = KILLS > 2
SEED = int(os.environ.get("VECFERRY_SEED", "20240229"))
ROWS = 1200 if LONG else 150  # a plan builds a vector index from 1,000 rows on
BODY = 8000 if LONG else 60  # bytes: with little memory a chunk is 4 MiB
DIM = 8
SYSTEM_CALLS = "pwrite64,write,writev,fsync,fdatasync,ftruncate,rename,renameat,unlink,mkdir,sendto,sendmsg"

# Signal and error in one would be two injections; a killed process writes nothing more.
TRACE = ["strace", "-f", "-qq", "-e", f"trace={SYSTEM_CALLS}"]


def documents():
    for i in range(1, ROWS + 1):
        vector = None if i % 11 == 0 else struct.pack(f"<{DIM}f", *(i / 7 + k / 3 for k in range(DIM)))
        yield i * 3, f"title {i} \U0001f6a2", i / 3, random.Random(i).randbytes(BODY + i % 7), vector


def annotations():
    for i in range(1, ROWS + 1):
        yield i * 3, i % 5, None if i % 3 else "x" * (i % 50)


def keyless():
    for i in range(20):
        yield i % 3, None if i % 4 == 0 else "same"


TABLES = {"docs": documents, "annotations": annotations, "keyless": keyless}
SCRIPT = """
CREATE TABLE docs (id {integer} {key}, title {text} NOT NULL, score {real}, body {bytes}, v {vector});
CREATE TABLE annotations (doc {integer} NOT NULL REFERENCES docs (id), n {integer} NOT NULL, t {text}, PRIMARY KEY (doc, n));
CREATE TABLE keyless (a {integer}, b {text});
CREATE INDEX docs_title ON docs (title);
"""
LITE = {"integer": "INTEGER", "key": "PRIMARY KEY", "text": "TEXT", "real": "REAL", "bytes": "BLOB"}


def floats(blob):
    return None if blob is None else list(struct.unpack(f"<{DIM}f", blob))


def packed(values):
    return None if values is None else struct.pack(f"<{DIM}f", *values)


def exact(row):
    """A score by its bits."""
    return tuple(struct.pack("<d", value) if isinstance(value, float) else value for value in row)


def counted(rows):
    return collections.Counter(exact(row) for row in rows)


class Place:
    """A kind of database: how one is made with the rows in it, or empty, and how it is read without vecferry."""

    def __init__(self, case):
        self.case = case

    def new(self):
        """An empty one; its URL."""
        raise NotImplementedError

    def filled(self):
        """The source; its URL."""
        raise NotImplementedError

    def rows(self, url, table):
        raise NotImplementedError

    def picture(self, url):
        return {table: counted(self.rows(url, table)) for table in TABLES}


class Postgres(Place):
    def new(self):
        return self.case.postgres()

    def filled(self):
        url = self.case.postgres(SCRIPT.format(integer="bigint", key="PRIMARY KEY", text="text", real="double precision", bytes="bytea", vector=f"vector({DIM})"))
        with psycopg.connect(url, autocommit=True) as connection:
            for table, rows in TABLES.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows():
                        copy.write_row(row if table != "docs" else (*row[:4], json.dumps(floats(row[4])) if row[4] is not None else None))
            if LONG:
                connection.execute("CREATE INDEX docs_near ON docs USING hnsw (v vector_cosine_ops) WITH (m = 8)")
        return url

    def rows(self, url, table):
        with psycopg.connect(url, autocommit=True) as connection:
            if table != "docs":
                return connection.execute(f"SELECT * FROM {table}").fetchall()
            return [(*row[:4], packed(row[4])) for row in connection.execute("SELECT id, title, score, body, v::real[] FROM docs")]


class Sqlite(Place):
    def new(self):
        return self.case.new_file("sqlite.db")

    def filled(self):
        url = self.new()
        connection = sqlite3.connect(url)
        connection.executescript(SCRIPT.format(vector="BLOB", **LITE))
        for table, rows in TABLES.items():
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * (5 if table == 'docs' else 3 if table == 'annotations' else 2))})", rows())
        connection.commit()
        connection.close()
        return url

    def rows(self, url, table):
        return sqlite_rows(url, table)


def sqlite_rows(path, table):
    """Also of a file with a vector index, whose rows a SQLite without it finds only so."""
    connection = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT {'id, title, score, body, v' if table == 'docs' else '*'} FROM {table} NOT INDEXED").fetchall()
    finally:
        connection.close()


class Libsql(Place):
    def new(self):
        return "libsql:" + self.case.new_file("libsql.db")

    def filled(self):
        url = self.new()
        with Library("libsql").open(url.removeprefix("libsql:")) as connection:
            run_scripts(connection.execute)
        return url

    def rows(self, url, table):
        return sqlite_rows(url.removeprefix("libsql:"), table)


def run_scripts(execute, index=True):
    """What fills a libSQL: `execute` takes a statement and its values."""
    for statement in SCRIPT.format(vector=f"F32_BLOB({DIM})", **LITE).split(";"):
        if statement.strip():
            execute(statement)
    if LONG and index:
        execute("CREATE INDEX docs_near ON docs (libsql_vector_idx(v, 'metric=cosine', 'max_neighbors=8'))")
    for table, rows in TABLES.items():
        rows = list(rows())
        at_once = 25
        for start in range(0, len(rows), at_once):
            some = rows[start:start + at_once]
            values = ", ".join("(" + ", ".join("?" * len(row)) + ")" for row in some)
            execute(f"INSERT INTO {table} VALUES {values}", tuple(value for row in some for value in row))


class Duckdb(Place):
    def new(self):
        return "duckdb:" + self.case.new_file("duck.duckdb")

    def filled(self):
        url = self.new()
        connection = duckdb.connect(url.removeprefix("duckdb:"))
        connection.execute(SCRIPT.format(integer="BIGINT", key="PRIMARY KEY", text="VARCHAR", real="DOUBLE", bytes="BLOB", vector=f"FLOAT[{DIM}]"))
        for table, rows in TABLES.items():
            rows = [(*row[:4], floats(row[4])) if table == "docs" else row for row in rows()]
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.close()
        return url

    def rows(self, url, table):
        connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True)
        try:
            found = connection.execute(f"SELECT {'id, title, score, body, v' if table == 'docs' else '*'} FROM {table}").fetchall()
            return found if table != "docs" else [(*row[:4], packed(row[4])) for row in found]
        finally:
            connection.close()


class Server(Place):
    kind = None

    def __init__(self, case):
        super().__init__(case)
        self.servers = {}

    def new(self):
        server = self.kind(self.case.new_file("server.db"))
        server.start()
        self.case.addCleanup(server.stop)
        self.servers[server.url] = server
        return server.url

    def filled(self):
        url = self.new()
        run_scripts(lambda sql, values=(): self.servers[url].run(sql, *values), index=self.kind is Sqld)
        return url

    def rows(self, url, table):
        return self.servers[url].run(f"SELECT {'id, title, score, body, v' if table == 'docs' else '*'} FROM {table}")


class Turso(Server):
    kind = Sqld


class TursodbServer(Server):
    kind = Tursodb


class Files(Place):
    """The rows of a source are written by vecferry: a folder's tables are its own."""

    def new(self):
        return "files:" + self.case.new_file("folder")

    def filled(self):
        url = self.new()
        self.case.copy(Sqlite(self.case).filled(), url)
        return url

    def rows(self, url, table):
        for path in (pathlib.Path(url.removeprefix("files:")) / table).glob("*.json"):
            row = [value for name, value in json.loads(path.read_text(encoding="utf-8")).items() if not name.startswith("$")]
            yield tuple(row) if table != "docs" else (*row[:2], float(row[2]), bytes.fromhex(row[3].removeprefix("\\x")), packed(row[4]))


PLACES = {"postgres": Postgres, "sqlite": Sqlite, "duckdb": Duckdb, "libsql": Libsql, "turso": Turso, "tursodb": TursodbServer, "files": Files}


class Kills(Case):
    """test_kills_*.py derive from it, and set `source`."""

    source = None
    arguments = ["--jobs", "2", "--memory", "8M"]

    def setUp(self):
        super().setUp()
        self.n_files = 0

    def new_file(self, name):
        self.n_files += 1
        return str(self.folder / f"{self.n_files}-{name}")

    def digests(self, summary):
        return {table["name"].split(".")[-1]: table["digest"] for table in summary["tables"]}

    def system_calls(self, source, target):
        """Those of a whole copy, each as (its name, its number among those of this name in its thread), in their order."""
        log = self.new_file("calls")
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")  # the search for leaks is itself a tracer
        result = subprocess.run([*TRACE, "-o", log, VECFERRY, "copy", "-q", *self.arguments, source, target], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        numbers, calls = collections.Counter(), []
        for line in pathlib.Path(log).read_text(errors="replace").splitlines():
            match = re.match(r"(\d+)\s+(\w+)\(", line)
            if match:
                numbers[match.groups()] += 1
                calls.append((match[2], numbers[match.groups()]))
        return calls

    def moments(self, n_calls, calls, chance):
        """As many as KILLS: every second a system call, the others calls of the engines, now any, now a step that matters."""
        steps = ["commit", "load_write", "record_swap", "apply", "record_put", "begin", "end_bulk", "scan_read"]
        for i in range(KILLS):
            if i % 2:
                yield "{}:{}".format(*chance.choice(calls)), True
            else:
                step = f"{steps[i // 4 % len(steps)]}:{chance.randint(1, 6)}" if i % 4 else f"any:{chance.randint(1, n_calls)}"
                yield f"{step}:{chance.choice(['kill', 'kill-after'])}", False

    def run_and_kill(self, moment, by_system_call, source, target):
        """The exit code of a copy that is killed: -SIGKILL, or what it ended with before."""
        command, environment = [VECFERRY, "copy", *self.arguments, source, target], dict(os.environ)
        if by_system_call:
            call, number = moment.split(":")
            command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}", *command]
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
        else:
            environment["VECFERRY_FAILPOINT"] = moment
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment).returncode
        self.assertIn(code, (0, -signal.SIGKILL), moment)
        return code

    def resume(self, source, target):
        """A server may need a moment to notice that its client is dead; until then the lock is held, and exit code 8 says so."""
        for _ in range(300):
            result = self.run_vecferry("copy", "--json", "--resume", *self.arguments, source, target, code=None)
            if result.code != 8:
                return result
            time.sleep(0.1)
        return result

    def kill_once(self, source, target, moment, by_system_call):
        """Killed, and gone on with; True when it was really killed. What it ended as is left for the comparison."""
        code = self.run_and_kill(moment, by_system_call, source, target)
        if code == 0:
            return False, self.run_vecferry("verify", "--json", source, target)
        result = self.resume(source, target)
        if result.code == 9:
            self.assertIn("no unfinished run", result.json()["error"], moment)
            if self.run_vecferry("verify", "--json", source, target, code=None).code != 0:  # nothing had begun; else all was done
                result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", *self.arguments, source, target, code=None)
            else:
                result = self.run_vecferry("verify", "--json", source, target)
        return True, result

    def kill_often(self, other):
        here, there = PLACES[self.source](self), PLACES[other](self)
        source = here.filled()
        before = here.picture(source)
        whole = there.new()
        traced = self.run_vecferry("copy", "--json", "-v", "-v", *self.arguments, source, whole, environment={"VF_TRACE": "engine"})
        wanted, n_calls = self.digests(traced.json()), traced.stderr.count("debug: engine ")
        self.assertGreater(n_calls, 20)
        self.assertEqual(there.picture(whole), before)
        calls = self.system_calls(source, there.new())
        chance = random.Random(f"{SEED} {self.source} {other}")
        killed = 0
        for moment, by_system_call in self.moments(n_calls, calls, chance):
            with self.subTest(moment):
                target = there.new()
                was_killed, result = self.kill_once(source, target, moment, by_system_call)
                killed += was_killed
                self.assertEqual(result.code, 0, f"killed at {moment}\n{result}")
                summary = result.json()
                found = {table["name"].split(".")[-1]: table.get("digest") or table["target_digest"] for table in summary["tables"]}
                self.assertEqual(found, wanted)
                self.assertEqual(there.picture(target), before)
                self.assertEqual(here.picture(source), before)
        self.assertGreaterEqual(killed * 2, KILLS, "most of the runs must really have been killed")

    def test_postgres(self):
        self.kill_often("postgres")

    def test_sqlite(self):
        self.kill_often("sqlite")

    def test_duckdb(self):
        self.kill_often("duckdb")

    def test_libsql(self):
        self.kill_often("libsql")

    def test_turso(self):
        self.kill_often("turso")

    def test_tursodb(self):
        self.kill_often("tursodb")

    def test_files(self):
        self.kill_often("files")
