"""A server that misbehaves in every way that it can, while it is read from and written to: what a copy can bear it bears, all else ends with
an exit code that says what to do, and going on ends with the same rows, none of them twice.

Every request of a clean run is a place for a fault. The faults are dealt out over these places here; tests/long/test_torture_hrana.py tries each at many.
"""

import concurrent.futures
import http.server
import os
import subprocess
import threading
import time

from e2e import VECFERRY
from hrana import Tokens
from hrana_case import FAULTS, TABLES, HranaCase, deal

class Sweep(HranaCase):
    """Half of the faults in each direction."""

    def test_faults_while_writing(self):
        self.sweep_writing(deal(sorted(FAULTS)[::2], 1))

    def test_faults_while_reading(self):
        self.sweep_reading(deal(sorted(FAULTS)[1::2], 1))


class Commits(HranaCase):
    def test_commits_whose_reply_is_lost(self):
        """The transaction was done and nobody was told; or the answer was a gateway's."""
        for do, places, options in (("lose_reply", (1, 2, 4, 6, 100), {}), ("502", (3,), {"execute": True}), ("cut", (5,), {"at": 1}), ("wrong_json", (4,), {})):
            for nth in places:
                server = self.server = self.start_server(f"{do}{nth}.db")
                server.fault('"COMMIT"', do, nth=nth, **options)
                what = f"{do} at commit {nth}"
                before = self.run_vecferry("copy", self.source, server.url, code=None)
                fired = server.stats()["faults"]
                server.forget()
                self.assertEqual(fired > 0, nth < 100, f"{what}: there are some commits in a copy")
                if before.code != 0:
                    self.assertEqual(before.code, 5, f"{what}\n{before}")
                    self.explains_itself(before, what)
                    self.assertIn("may or may not", before.stderr, what)
                    self.finish(self.source, server.url, what)
                self.assert_whole(server.file, what)
                server.stop()

    def test_statements_that_are_not_to_be_sent_twice(self):
        """A connection that is lost says nothing about its request, and libraries like to send it again by themselves. What has no baton, and isn't harmless, is sent once."""
        for match in ("CREATE TABLE", "UPDATE main.vecferry_lease", "CREATE INDEX"):
            server = self.server = self.start_server(f"{match.replace(' ', '_')}.db")
            server.fault(match, "lose_reply", times=2)
            result = self.run_vecferry("copy", self.source, server.url, code=5)
            sent = [entry for entry in server.stats()["log"] if entry["fault"]]
            self.assertLessEqual(len([entry for entry in sent if not entry["baton"]]), 1, f"{match}\n{result}")
            self.assertGreater(len(sent), 0, match)
            server.forget()
            self.explains_itself(result, match)
            self.finish(self.source, server.url, match)
            self.assert_whole(server.file, match)

    def test_a_request_of_a_transaction_is_sent_again(self):
        """Its baton is good for one request only, so that this does no harm: what wasn't done is done, and what was done is noticed, and written again."""
        for do in ("reset", "429", "502", "lose_reply"):
            server = self.server = self.start_server(f"again{do}.db")
            server.fault("INSERT OR ABORT INTO main.\\\"docs", do)
            result = self.try_fault(self.source, server.url, server.file, {0}, do)
            self.assertEqual("written again" in result.stderr, do == "lose_reply", result)


class Temporary(HranaCase):
    def test_429_is_waited_for_as_long_as_the_server_says(self):
        self.server.fault("any", "429", nth=5, retry_after="1")  # the third asks for the version to show, and is done without
        begin = time.monotonic()
        self.copy(self.source, self.server.url)
        self.assertGreaterEqual(time.monotonic() - begin, 1)
        self.assert_whole(self.server.file)

    def test_a_server_that_stays_away(self):
        self.server.fault("pipeline", "503", nth=12, times=0)
        result = self.try_fault(self.source, self.server.url, self.server.file, {5}, "503 for ever")
        self.assertEqual(result.code, 5, result)
        self.assertIn("503", result.stderr)
        self.assertNotIn("<html>", result.stderr)

    def test_a_server_that_is_killed_and_comes_back(self):
        stop = threading.Event()

        def kill():
            for entry in iter(lambda: self.server.stats()["pipelines"], None):
                if entry >= 45 or stop.is_set():
                    return self.server.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        result = self.run_vecferry("copy", self.source, self.server.url, code=None)
        stop.set()
        killer.join()
        if result.code != 0:
            self.assertIn(result.code, {4, 5}, result)
            self.explains_itself(result, "killed")
        self.server.start()
        if result.code != 0:
            self.finish(self.source, self.server.url, "killed")
        self.assert_whole(self.server.file)

    def test_a_stream_that_expires(self):
        """The chunk is written again: its marker wasn't there, so its rows weren't."""
        for match, do, nth in (("INSERT OR ABORT", "expire", 1), ("INSERT OR ABORT", "expire", 3), ("INSERT OR ABORT", "steal", 2),
                               ("COMMIT", "expire", 1), ("COMMIT", "expire", 4), ("COMMIT", "steal", 2), ("COMMIT", "steal", 5)):
            server = self.server = self.start_server(f"{match[:6]}{do}{nth}.db")
            server.fault(match, do, nth=nth)
            what = f"{do} at {match} {nth}"
            result = self.try_fault(self.source, server.url, server.file, {5} if match == "COMMIT" else set(), what)
            if result.code == 0 and match != "COMMIT":
                self.assertIn("is gone", result.stderr, what)
                self.assertIn("; the chunk is written again", result.stderr, what)
            server.stop()

    def test_a_stream_that_always_expires(self):
        """A few times in a row with nothing done between them are enough."""
        self.server.fault("INSERT OR ABORT", "expire", nth=2, times=0)
        result = self.try_fault(self.source, self.server.url, self.server.file, {5}, "for ever")
        self.assertEqual(result.code, 5, result)
        self.assertEqual(result.stderr.count("the chunk is written again"), 5, result)  # the first time another table was done
        self.assertIn("is gone", result.stderr)

    def test_rows_are_counted_once_when_a_chunk_is_written_again(self):
        """Also when that happens again and again: what was done before is listed each time."""
        for nth in (4, 6, 8):
            self.server.fault("COMMIT", "expire", nth=nth)
        result = self.run_vecferry("copy", "--json", self.source, self.server.url)
        self.assertEqual(result.stderr.count("the chunk is written again"), 3, result)
        rows = {table["name"]: table["rows"] for table in result.json()["tables"]}
        self.assertEqual(rows, {name: sum(self.picture[name].values()) for name in TABLES})
        self.assert_whole(self.server.file)

    def test_a_snapshot_that_expires(self):
        self.fill_server()
        self.server.fault("ORDER BY rowid", "expire", nth=2)
        target = str(self.folder / "target.db")
        result = self.try_fault(self.server.url, target, target, {5}, "expire at the second page")
        self.assertEqual(result.code, 5, result)
        self.assertIn("expired", result.stderr)

    def test_a_waiting_writer_takes_the_lock(self):
        self.server.settings(steal_ms=1)
        self.server.run("CREATE TABLE other (n)")
        stop = threading.Event()
        errors = []

        def write():
            while not stop.is_set():
                try:
                    self.server.run("INSERT INTO other VALUES (1)")
                except Exception as error:  # noqa: the test says which
                    errors.append(error)
                time.sleep(0.002)

        writer = threading.Thread(target=write)
        writer.start()
        result = self.run_vecferry("copy", self.source, self.server.url, code=None)
        stop.set()
        writer.join()
        self.assertEqual(errors, [])
        self.assertIn(result.code, {0, 5, 9}, result)
        if result.code != 0:
            self.explains_itself(result, "stolen")
            self.finish(self.source, self.server.url, "stolen")
        self.assert_whole(self.server.file)


class Limits(HranaCase):
    def test_answers_that_the_server_finds_too_large(self):
        self.fill_server()
        self.server.settings(max_response_bytes=20000)
        target = str(self.folder / "target.db")
        self.copy(self.server.url, target)
        self.assert_whole(target)

    def test_an_endless_answer_takes_no_endless_memory(self):
        self.fill_server()
        self.server.settings(steal_ms=600000)  # a transaction waits as long as the answer lasts
        for match, nth in (("pipeline", 2), ("ORDER BY rowid", 2)):
            self.server.fault(match, "endless", nth=nth)
            target = str(self.folder / f"{match}.db")
            process = subprocess.Popen([VECFERRY, "copy", self.server.url, target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stderr.close()
            self.assertIn(process.returncode, {4, 5, 6}, said)
            self.assertIn("larger than", said)
            self.assertLess(usage.ru_maxrss, 1500 * 1024, "KB, with a sanitizer's share")
            self.server.forget()

    def test_a_byte_a_second_is_no_answer(self):
        """What may be asked again is, and what may not ends the copy. Three copies wait at the same time."""
        servers = [self.start_server(f"slow{number}.db") for number in range(3)]
        for server, source in zip(servers, (self.source, self.source, None)):
            if source:
                self.copy(source, server.url)
                server.forget()
        first, other = str(self.folder / "target.db"), str(self.folder / "other.db")
        cases = (  # the fault's request, when, the copy, how it ends, and what is said
            (servers[0], "pipeline", 2, (servers[0].url + "?stall_timeout=1", first), 0, "try 1 failed"),
            (servers[1], "ORDER BY rowid", 2, (servers[1].url + "?stall_timeout=1", other), 5, "try 1 failed"),  # its baton is used
            (servers[2], "CREATE TABLE", 1, (self.source, servers[2].url + "?stall_timeout=1"), 5, "Operation too slow"))
        for server, match, nth, *_ in cases:
            server.fault(match, "drip", nth=nth, delay_ms=300)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda case: self.run_vecferry("copy", "-vv", *case[3], code=case[4]), cases))
        for result, case in zip(results, cases):
            self.assertIn(case[5], result.stderr)
        self.assert_whole(first)

    def test_habits(self):
        """What goes over the wire: no Expect, no chunks, few connections, requests of a bounded size."""
        self.server.forget()
        self.copy(self.source, self.server.url)
        stats = self.server.stats()
        self.assertEqual((stats["expect"], stats["chunked"], stats["open_streams"]), (0, 0, 0))
        self.assertLessEqual(stats["connections"], 10)
        self.assertLess(stats["largest_body_bytes"], 4 << 20)


    def test_few_ways_to_the_server(self):
        """Each request is a way there and back. Out of a server: the catalogue in one and the sizes in one, then the pages of a table for its evidence and for its rows. Into one: a transaction begins
        with its lease, records go with the next request, and a table's rows are five requests."""
        self.copy(self.source, self.server.url)
        into = self.server.stats()
        self.assertLessEqual(into["requests"], 64, [entry["request"] for entry in into["log"]])
        self.server.forget()
        self.copy("--no-verify", self.server.url, str(self.folder / "target.db"))
        out_of = self.server.stats()
        self.assertEqual(out_of["open_streams"], 0)
        self.assertLessEqual(out_of["requests"], 17, [entry["request"] for entry in out_of["log"]])


class Elsewhere(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        self.seen.append((self.path, dict(self.headers)))
        self.send_error(404)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Secrets(HranaCase):
    def setUp(self):
        super().setUp()
        self.tokens = Tokens(self.folder)
        self.token = self.tokens.make(a="rw")
        self.file = self.folder / "token"
        self.file.write_text(self.token)
        self.file.chmod(0o600)
        self.server = self.start_server("secret.db", jwt_key=self.tokens.public)

    def hidden(self, result, token=None):
        for part in (token or self.token).split("."):
            if len(part) > 6:
                self.assertNotIn(part, result.stdout + result.stderr)

    def into_server(self, file=None, **options):
        result = self.run_vecferry("copy", "-v", "--target-password-file", file or self.file, self.source, self.server.url, **options)
        self.hidden(result, (file or self.file).read_text())
        return result

    def test_the_token_is_sent_and_never_shown(self):
        self.into_server()
        self.server.forget()
        target = str(self.folder / "target.db")
        result = self.run_vecferry("copy", "-v", "--json", "--source-password-file", self.file, self.server.url, target)
        self.hidden(result)
        self.assert_whole(target)
        stats = self.server.stats()
        self.assertEqual(stats["authorization"], stats["requests"])
        for path in self.folder.iterdir():
            if path.name != "token" and path.suffix not in (".key", ".text") and path.is_file():
                self.assertNotIn(self.token.split(".")[2].encode(), path.read_bytes(), path)

    def test_tokens_that_are_refused(self):
        for name, token, word in (("bad", self.token[:-8] + "AAAAAAAA", "JWT is invalid"), ("old", self.tokens.make(a="rw", exp=1), "JWT has expired"), ("ro", self.tokens.make(a="ro"), "forbidden")):
            file = self.folder / name
            file.write_text(token)
            file.chmod(0o600)
            result = self.into_server(file, code=None)
            self.assertIn(result.code, {4, 10}, result)
            self.assertIn(word, result.stderr)
        result = self.run_vecferry("copy", self.source, self.server.url, code=4)
        self.assertIn("--target-password-file", result.stderr)

    def test_a_server_that_repeats_the_token(self):
        for match in ("SELECT 1", "vecferry_lease", "INSERT OR ABORT", "COMMIT"):
            server = self.server = self.start_server(f"echo{match.replace(' ', '_')}.db", jwt_key=self.tokens.public)
            server.fault(match, "echo")
            result = self.into_server(code=None)
            self.assertIn(result.code, {4, 5, 7}, f"{match}\n{result}")
            self.assertIn("what does this mean", result.stderr, match)

    def test_redirects_are_refused(self):
        Elsewhere.seen.clear()
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
            thread = threading.Thread(target=other.serve_forever)
            thread.start()
            for nth in (1, 2, 20):
                server = self.server = self.start_server(f"redirect{nth}.db", jwt_key=self.tokens.public)
                server.fault("any", "redirect", nth=nth, times=0, location=f"http://127.0.0.1:{other.server_address[1]}/v3/pipeline")
                result = self.into_server(code=None)
                self.assertIn(result.code, {4, 5, 7}, result)
                self.assertIn("302", result.stderr)
            other.shutdown()
            thread.join()
        self.assertEqual(Elsewhere.seen, [])
