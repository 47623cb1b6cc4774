"""Servers of the Hrana protocol for tests: our own double of sqld, which misbehaves on command, and tursodb's --sync-server.

    with Sqld(folder / "s.db") as server:
        server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        server.fault("commit", "lose_reply", nth=2)
        ... server.url ... server.stats() ...

The double is the program of tests/support/hrana; what each fault does is said in its fault.h. Leaving the block ends the server, and
fails if it crashed or a sanitizer complained. This module shares no code with vecferry.
"""

import base64
import http.client
import http.server
import json
import math
import os
import pathlib
import re
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import urllib.parse

DEPS = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "deps"
PROGRAM = pathlib.Path(os.environ["VECFERRY_BUILD"]) / "tests" / "support" / "hrana" / "hrana_server"
TIMEOUT_S = 300


class Answer:
    """What came back: status, headers with lower-case names, body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def serde_float(digits, exponent):
    """The double that sqld reads from digits * 10^exponent: rounded, and times or by a rounded power of ten."""
    value = float(digits)
    while exponent < -308 and value:
        value /= 1e308
        exponent += 308
    return value * float(f"1e{exponent}") if exponent >= 0 else value / float(f"1e{-exponent}")


def float_digits(value):
    """A number that sqld reads as this very double, between marks that request() takes off."""
    for n in range(24):
        mantissa, exponent = f"{abs(value):.{n}e}".split("e")
        digits, exponent = int(mantissa.replace(".", "")), int(exponent) - n
        if digits < 2**64 and serde_float(digits, exponent) == abs(value):
            return f"@number:{'-' if math.copysign(1, value) < 0 else ''}{digits}e{exponent}@"
    raise ValueError(f"{value!r} can't be sent")


def encode(value):
    """A Python value as an argument of a statement."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    if isinstance(value, float):
        return {"type": "float", "value": float_digits(value)}
    if isinstance(value, bytes):
        return {"type": "blob", "base64": base64.b64encode(value).decode()}
    return {"type": "text", "value": value}


def decode(value):
    """A value of a row as Python has it."""
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "integer":
        return int(value["value"])
    if kind == "float":
        return math.inf if value["value"] is None else float(value["value"])
    if kind == "blob":
        return base64.b64decode(value["base64"] + "=" * (-len(value["base64"]) % 4))
    return value["value"]


def statement(sql, *args, **named):
    stmt = {"sql": sql}
    if args:
        stmt["args"] = [encode(value) for value in args]
    if named:
        stmt["named_args"] = [{"name": name, "value": encode(value)} for name, value in named.items()]
    return stmt


class HttpServer:
    """A process that answers on 127.0.0.1."""

    process = None
    port = 0
    token = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, headers=None, connection=None):
        """One request; `body` a text, bytes or anything that JSON can hold."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = re.sub(r'"@number:([^"]*)@"', r"\1", json.dumps(body))
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            own.request(method, path, body, headers)
            response = own.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            if not connection:
                own.close()

    def pipeline(self, *requests, baton=None, version=2, **options):
        """The answer to some requests on one stream."""
        return self.request("POST", f"/v{version}/pipeline", {"baton": baton, "requests": list(requests)}, **options)

    def run(self, sql, *args, **named):
        """One statement on a stream of its own; its rows as tuples. An error of the statement is raised."""
        answer = self.pipeline({"type": "execute", "stmt": statement(sql, *args, **named)})
        if answer.status != 200:
            raise RuntimeError(f"{sql}: HTTP {answer.status} {answer.text}")
        result = answer.json()["results"][0]
        if result["type"] != "ok":
            raise RuntimeError(f"{sql}: {result['error']}")
        return [tuple(decode(value) for value in row) for row in result["response"]["result"]["rows"]]

    def wait_until_up(self):
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)


class Sqld(HttpServer):
    """Our double. Options: idle_ms, steal_ms, max_response_bytes, max_row_bytes, jwt_key (a file)."""

    def __init__(self, file, **options):
        self.file = str(file)
        self.options = options
        self.log = pathlib.Path(self.file + ".log")

    def start(self):
        arguments = [f"{name}={value}" for name, value in {"port": self.port, **self.options}.items()]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([PROGRAM, f"library={DEPS / 'lib' / 'liblibsql.so'}", f"file={self.file}", *arguments],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        if not line:
            self.stop()
        self.port = int(line)

    def stop(self):
        if not self.process:
            return
        process, self.process = self.process, None
        process.stdin.close()
        process.stdout.close()
        code = process.wait(TIMEOUT_S)
        said = self.log.read_text(errors="replace")
        if code != 0 or said:
            raise AssertionError(f"the Hrana server ended with status {code}: {said[-4000:]}")

    def kill(self):
        """As a server goes that loses its power; start() brings it back on the same port."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None

    def _command(self, name, body):
        answer = self.request("POST", f"/_test/{name}", body)
        if answer.status != 200:
            raise ValueError(f"{name} {body}: {answer.text}")

    def fault(self, match, do, **options):
        """The nth request from now on that matches is answered as fault.h says."""
        self._command("fault", {"match": match, "do": do, **options})

    def settings(self, **values):
        self._command("settings", values)

    def forget(self):
        """No faults any more, and statistics from zero."""
        self._command("reset", {})

    def stats(self):
        return self.request("GET", "/_test/stats").json()

    def cursor(self, *statements, baton=None, conditions=None, **options):
        """The lines of a cursor over a batch."""
        steps = [{"stmt": stmt} for stmt in statements]
        for step, condition in zip(steps, conditions or []):
            step["condition"] = condition
        answer = self.request("POST", "/v3/cursor", {"baton": baton, "batch": {"steps": steps}}, **options)
        return answer if answer.status != 200 else [json.loads(line) for line in answer.text.splitlines()]

    def connect(self):
        """The server's file by Python's own SQLite. Tables with a vector index need NOT INDEXED."""
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        connection.text_factory = bytes
        return connection


class Tursodb(HttpServer):
    """tursodb's server, the subset that it has: /v2/pipeline, execute and batch, one connection for all."""

    def __init__(self, file):
        self.file = str(file)

    def start(self):
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        with open(self.file + ".log", "wb") as log:
            self.process = subprocess.Popen([DEPS / "tursodb", self.file, "--sync-server", f"127.0.0.1:{self.port}"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.wait_until_up()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(TIMEOUT_S)
            self.process = None

    def kill(self):
        """As Sqld.kill()."""
        self.process.kill()
        self.process.wait()
        self.process = None


class Other(HttpServer):
    """A server that runs already, by its URL; all its tables are dropped at the start. VECFERRY_TEST_HRANA_TOKEN is its token, where it wants one."""

    def __init__(self, url):
        self.parts = urllib.parse.urlsplit(url)
        self.token = os.environ.get("VECFERRY_TEST_HRANA_TOKEN")

    @property
    def url(self):
        return self.parts.geturl()

    def connect(self):
        secure = self.parts.scheme in ("https", "libsql")
        return (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(self.parts.hostname, self.parts.port, timeout=TIMEOUT_S)

    def request(self, method, path, body=None, headers=None, connection=None):
        own = connection or self.connect()
        try:
            return super().request(method, path, body, headers, own)
        finally:
            if not connection:
                own.close()

    def start(self):
        for _ in range(100):  # a parent after its children
            names = [row[0] for row in self.run("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_shadow' AND name NOT LIKE '%_shadow_idx'")]
            for name in names:
                try:
                    self.run('DROP TABLE "' + name.replace('"', '""') + '"')
                except RuntimeError:
                    continue
            if not names:
                return
        raise RuntimeError(f"{self.url} can't be emptied")

    def stop(self):
        pass


def servers(folder, name="s.db"):
    """Each kind of server, fresh: the double and tursodb, or the one that VECFERRY_TEST_HRANA names."""
    other = os.environ.get("VECFERRY_TEST_HRANA")
    if other:
        return [("other", Other(other))]
    return [("sqld", Sqld(pathlib.Path(folder) / f"sqld-{name}")), ("tursodb", Tursodb(pathlib.Path(folder) / f"tursodb-{name}"))]


class Between(http.server.ThreadingHTTPServer):
    """Passes requests on to a server, and kills it at the one that it is told: before the server gets it, or after, when nobody hears the answer."""

    daemon_threads = True

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.n_requests, self.at, self.is_after, self.has_killed = 0, 0, False, False
        super().__init__(("127.0.0.1", 0), BetweenHandler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def kill_at(self, nth, is_after):
        self.n_requests, self.at, self.is_after, self.has_killed = 0, nth, is_after, False

    def due(self, is_after):
        """Is this the request, and this the moment? Then the server is gone."""
        with self.lock:
            self.n_requests += not is_after
            if self.n_requests != self.at or is_after != self.is_after or self.has_killed:
                return False
            self.server.kill()
            self.has_killed = True
            return True

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class BetweenHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        between = self.server
        self.close_connection = True
        if between.due(False):
            return
        try:
            answer = between.server.request(self.command, self.path, body or None)
        except (OSError, http.client.HTTPException):
            return
        if between.due(True):
            return
        self.close_connection = False
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = pass_on

    def log_message(self, *_):
        pass


class Tokens:
    """An Ed25519 key, made by openssl, and tokens that it signs."""

    def __init__(self, folder):
        self.private = pathlib.Path(folder) / "jwt.key"
        self.public = pathlib.Path(folder) / "jwt.pem"
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self.private)
        self._openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout

    def make(self, **claims):
        def part(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        text = part(b'{"alg":"EdDSA","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
        message = self.private.with_suffix(".text")
        message.write_text(text)
        signature = self._openssl("pkeyutl", "-sign", "-inkey", self.private, "-rawin", "-in", message)
        return text + "." + part(signature)


def f32(*values):
    """A vector as libSQL stores it."""
    return struct.pack(f"<{len(values)}f", *values)
