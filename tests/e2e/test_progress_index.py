"""While an index is built something is shown: how far it is where the database tells, and else that it goes on; also with --json."""

import json
import os
import pty
import re
import select
import sqlite3
import struct
import subprocess
import threading

import psycopg
from e2e import VECFERRY, Case, server_versions

DIM = 64


class Progress(Case):
    def vectors(self, rows):
        """A SQLite file with vectors, and a plan that wants an index on them which takes its time."""
        path = self.sqlite("source.db", "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, v BLOB); CREATE INDEX docs_title ON docs (title)")
        connection = sqlite3.connect(path)
        connection.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((i, f"title {i}", struct.pack(f"<{DIM}f", *((i * (k + 3) % 1009) / 1009 for k in range(DIM)))) for i in range(1, rows)))
        connection.commit()
        connection.close()
        return path

    def start(self, *arguments):
        process = subprocess.Popen([VECFERRY, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watchdog = threading.Timer(600, process.kill)  # a program that says nothing is waited for no longer
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def locked_target(self):
        """A target where keys and indexes have to wait before they are made; the function ends that."""
        url = self.postgres("""
            CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock_shared(1); PERFORM pg_advisory_unlock_shared(1); END$$;
            CREATE EVENT TRIGGER waits ON ddl_command_start WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION wait();
        """)
        other = self.connect(url)
        other.execute("SELECT pg_advisory_lock(1)")
        return url, lambda: other.execute("SELECT pg_advisory_unlock(1)")

    def test_that_it_goes_on(self):
        """The database says nothing while it waits: there are events all the same, each later than the one before."""
        url, unlock = self.locked_target()
        process = self.start("copy", "--json", self.vectors(300), url)
        seen = []
        for line in process.stdout:
            event = json.loads(line)
            if event.get("stage") == "index":
                seen.append(event)
                if len(seen) == 8:
                    unlock()
        self.assertEqual(process.wait(), 0)
        waiting = [event for event in seen if not event["finished"]][:8]
        self.assertEqual(len(waiting), 8)
        self.assertEqual(len({event["table"] for event in waiting}), 1)
        self.assertTrue(all(event["rows"] == 0 and event["total_rows"] is None and "phase" not in event for event in waiting), waiting)
        times = [event["elapsed_us"] for event in waiting]
        self.assertEqual(times, sorted(set(times)))
        finished = [event["table"] for event in seen if event["finished"]]
        self.assertEqual(finished, ["public.docs.docs_pkey", "public.docs.docs_title"])
        self.assertEqual({event["rows"] for event in seen if event["finished"]}, {299})

    def test_what_postgres_tells(self):
        """Phase and rows of an index over vectors, asked on a connection of its own, whatever that index takes."""
        first, source = self.vectors(12000), self.postgres()
        self.copy(first, source)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("CREATE INDEX docs_near ON docs USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8)")
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, source, self.postgres())
        text = plan.read_text()
        self.assertIn("m: 4, ef_construction: 8", text)
        plan.write_text(text.replace("m: 4, ef_construction: 8", "m: 32, ef_construction: 400"))
        seen = []
        for line in self.start("copy", "--json", "-f", plan).stdout:
            event = json.loads(line)
            if event.get("stage") == "index" and event["table"] == "public.docs.docs_near":
                seen.append(event)
        told = [event for event in seen if "phase" in event]
        self.assertGreater(len(told), 1, seen)
        self.assertTrue(any(re.match("building index", event["phase"]) for event in told), told)
        rows = [event["rows"] for event in told if event["phase"] == told[-1]["phase"]]
        self.assertEqual(rows, sorted(rows))
        self.assertGreater(rows[-1], 0)
        self.assertEqual({event["total_rows"] for event in told}, {11999})
        self.assertEqual(seen[-1]["rows"], 11999)
        self.assertTrue(seen[-1]["finished"])

    def test_no_room_for_one_more(self):
        """A role that may have no second connection gets its index all the same."""
        url, unlock = self.locked_target()
        role = "one_" + re.search(r"e2e_(\w+)", url).group(1)
        admin = self.connect(url)
        admin.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT ALL ON SCHEMA public TO {role}")
        self.addCleanup(lambda: (admin.execute(f"DROP OWNED BY {role}"), admin.execute(f"DROP ROLE {role}")))
        process = self.start("copy", "--json", "--jobs", "1", self.vectors(300), re.sub(r"//[^@/]*@?", f"//{role}@", url, count=1))
        n_seen = 0
        for line in process.stdout:
            n_seen += json.loads(line).get("stage") == "index"
            if n_seen == 8:
                unlock()
        self.assertEqual(process.wait(), 0)

    def test_sidecar(self):
        """By the number of vectors that were added."""
        first, source, target = self.vectors(12000), self.postgres(), self.sqlite("shop.db")
        self.copy(first, source)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("CREATE INDEX docs_near ON docs USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8); ANALYZE")
        plan = self.folder / "ferry.yaml"
        self.run_vecferry("plan", "-o", plan, source, target)
        text = plan.read_text()
        self.assertIn("m: 4, ef_construction: 8", text)
        plan.write_text(text.replace("m: 4, ef_construction: 8", "m: 32, ef_construction: 400"))
        process = self.start("copy", "--json", "--memory", "8M", "-f", plan)
        seen = [event for event in map(json.loads, process.stdout) if event.get("stage") == "index" and event["table"] == "shop.docs.v.usearch"]
        self.assertEqual(seen[0]["rows"], 0)
        self.assertEqual({event["total_rows"] for event in seen}, {11999})
        rows = [event["rows"] for event in seen]
        self.assertEqual(rows, sorted(rows))
        self.assertGreater(len(set(rows)), 2, rows)
        self.assertEqual((seen[-1]["rows"], seen[-1]["finished"]), (11999, True))

    def test_line_on_a_terminal(self):
        """A sign that turns, and the time; nothing of rows that nobody counts."""
        url, unlock = self.locked_target()
        first, second = pty.openpty()
        self.addCleanup(os.close, first)
        process = subprocess.Popen([VECFERRY, "copy", self.vectors(300), url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=second, env=dict(os.environ, TERM="xterm", COLUMNS="120"))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(second)
        text, unlocked = "", False
        while True:
            try:
                if select.select([first], [], [], 600)[0]:
                    text += os.read(first, 65536).decode(errors="replace")
            except OSError:  # the other end is closed
                break
            if not unlocked and len(set(re.findall(r"index    public\.docs\.docs_\w+ ([|/\\-]) [0-9.]+ s", text))) == 4:
                unlock()
                unlocked = True
        self.assertEqual(process.wait(), 0)
        self.assertTrue(unlocked)
        self.assertRegex(text, r"index    public\.docs\.docs_title [0-9.]+ s")
        self.assertNotRegex(text, r"index    [^\r\n]*rows/s")


class Parallel(Case):
    SEEN = """
        CREATE SCHEMA watch;
        CREATE TABLE watch.seen (tag text, workers int, memory bigint);
        CREATE FUNCTION watch.look() RETURNS event_trigger LANGUAGE plpgsql AS
            $$BEGIN INSERT INTO watch.seen VALUES (tg_tag, current_setting('max_parallel_maintenance_workers')::int, pg_size_bytes(current_setting('maintenance_work_mem'))); END$$;
        CREATE EVENT TRIGGER looks ON ddl_command_start WHEN TAG IN ('CREATE INDEX', 'ALTER TABLE') EXECUTE FUNCTION watch.look();
    """

    def build(self, prepare=""):
        """What settings each index of a copy was built with."""
        target = self.postgres(self.SEEN + prepare)
        self.copy(self.source, target)
        return self.connect(target).execute("SELECT tag, workers, memory FROM watch.seen ORDER BY 1").fetchall()

    def test_as_many_workers_as_the_server_has(self):
        self.source = self.postgres("CREATE TABLE docs (id int PRIMARY KEY, v vector(3)); INSERT INTO docs SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 1200) i; CREATE INDEX docs_near ON docs USING hnsw (v vector_l2_ops)")
        n = int(self.connect(self.source).execute("SHOW max_parallel_workers").fetchone()[0])
        self.assertGreater(n, 1)
        memory = min(512, 32 * (n + 1)) << 20
        if server_versions()[1] >= (0, 8, 2):
            self.assertEqual(self.build(), [("ALTER TABLE", n, memory), ("CREATE INDEX", n, memory)])
        else:
            self.assertEqual([(tag, workers) for tag, workers, _ in self.build()], [("ALTER TABLE", n), ("CREATE INDEX", 0)])
        name = "(SELECT current_database())"
        none = f"DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_maintenance_workers = 0', {name}); END$$"
        self.assertEqual([workers for _, workers, _ in self.build(none)], [0, 0])
        # pgvector before 0.8.2 may write beyond its memory in parallel builds: its indexes are built by one process, others by all.
        old = "UPDATE pg_extension SET extversion = '0.8.1' WHERE extname = 'vector'"
        self.assertEqual([(tag, workers) for tag, workers, _ in self.build(old)], [("ALTER TABLE", n), ("CREATE INDEX", 0)])
