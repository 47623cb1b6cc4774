"""What the tests of copies from and to a Hrana server share: data, a server, faults one by one, and the proof that nothing was lost or written twice."""

import sqlite3

from e2e import Case, sqlite_picture
from hrana import Sqld, f32, float_digits

# After a transaction whose end nobody heard of, the next writer waits so long for its lock; five seconds at sqld.
STEAL_MS = 100
TABLES = ["parents", "docs", "lines"]
# What a server may do to any request, and how a copy may end; 0 always may.
FAULTS = {
    "cut": {4, 5, 6, 7},
    "truncate": {4, 5, 6, 7},
    "wrong_json": {4, 5, 6, 7},
    "html": {4, 5, 6, 7},
    "lose_reply": {4, 5},
    "reset": {4, 5},
    "429": {4, 5},
    "502": {4, 5},
    "expire": {4, 5},
    "steal": {4, 5},
    "redirect": {4, 5, 6, 7},
}
# A table without a key shows rows that were written twice; the child's rows come before their parents' in no order.
SCRIPT = """
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE docs (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), title TEXT, score REAL, v BLOB);
CREATE TABLE lines (line TEXT, n INTEGER);
CREATE INDEX docs_parent ON docs (parent);
"""


def deal(names, per_fault):
    """Places for each fault, as parts of a run between 0 and 1, so that all together cover it evenly."""
    n = per_fault * len(names)
    return [(names[i % len(names)], (i + 0.5) / n) for i in range(n)]


def sendable(value):
    """A double near to it that sqld's JSON reader can be given."""
    while True:
        try:
            float_digits(value)
            return value
        except ValueError:
            value += abs(value) * 2**-40


def make_source(path, rows=1500):
    with sqlite3.connect(path) as db:
        db.executescript(SCRIPT)
        db.executemany("INSERT INTO parents VALUES (?, ?)", ((i, f"parent {i}") for i in range(1, 60)))
        db.executemany("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", ((i, 1 + i % 59, f"title {i} \u00e9\t\"/\\", sendable(i / 7919), f32(i, i / 3, -1, 0.5)) for i in range(1, rows)))
        db.executemany("INSERT INTO lines VALUES (?, ?)", ((f"line {i % 100}", i % 7) for i in range(rows)))
        db.execute("INSERT INTO docs VALUES (1000000, NULL, NULL, NULL, NULL)")
    db.close()
    return path


class HranaCase(Case):
    """self.source: a SQLite file; self.server: an empty server, or (fill_server) one that holds the same."""

    rows = 300
    options = {}

    def setUp(self):
        super().setUp()
        self.source = make_source(str(self.folder / "source.db"), self.rows)
        self.picture = self.rows_of(self.source)
        self.server = self.start_server("server.db", **self.options)

    def start_server(self, name, **options):
        server = Sqld(self.folder / name, **{"steal_ms": STEAL_MS, **options})
        server.start()
        self.addCleanup(server.stop)
        return server

    def rows_of(self, path, tables=None):
        picture = sqlite_picture(str(path))
        return {name: table["rows"] for name, table in picture.items() if name in (tables or TABLES)}

    def assert_whole(self, path, what=""):
        rows = self.rows_of(path)
        self.assertEqual(sorted(rows), sorted(self.picture), what)
        for name in TABLES:
            extra, missing = rows[name] - self.picture[name], self.picture[name] - rows[name]
            self.assertFalse(extra or missing, f"{what}: {name}: {sum(extra.values())} extra, {sum(missing.values())} missing")

    def fill_server(self):
        self.copy(self.source, self.server.url)
        self.assert_whole(self.server.file)
        self.server.forget()

    def explains_itself(self, result, what):
        """A failure says what happened in one message; what is temporary says how to go on."""
        lines = [line for line in result.stderr.splitlines() if line.startswith("vecferry: ") and not line.startswith(("vecferry: warning", "vecferry: info", "vecferry: debug"))]
        self.assertEqual(len(lines), 1, f"{what}\n{result}")
        if result.code == 5:
            self.assertIn("--resume", result.stderr, f"{what}\n{result}")
        self.assertNotIn("AddressSanitizer", result.stderr)

    def finish(self, source, target, what):
        """Go on after a failure, as a user would."""
        result = self.run_vecferry("copy", "--json", "--resume", source, target, code=None)
        if result.code == 9:  # nothing had begun
            result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, target, code=None)
        self.assertEqual(result.code, 0, f"{what}: going on\n{result}")

    def try_fault(self, source, target, file, allowed, what, *options):
        """A copy under a fault that was set: it ends well, or in one of the ways that are allowed and can be gone on from. Its exit code."""
        result = self.run_vecferry("copy", *options, source, target, code=None)
        self.assertIn(result.code, {0, *allowed}, f"{what}\n{result}")
        self.server.forget()
        if result.code != 0:
            self.explains_itself(result, what)
            self.finish(source, target, what)
        self.assert_whole(file, what)
        return result

    def sweep_writing(self, places):
        """A server of its own for each (fault, place)."""
        self.copy(self.source, self.server.url)
        n_requests = self.server.stats()["requests"]
        for number, (name, place) in enumerate(places):
            nth = 1 + int(place * n_requests)
            what = f"{name} at request {nth} of {n_requests}"
            self.server.stop()
            self.server = self.start_server(f"server{number}.db")
            self.server.fault("any", name, nth=nth)
            self.try_fault(self.source, self.server.url, self.server.file, FAULTS[name], what)

    def sweep_reading(self, places):
        """A target of its own for each (fault, place)."""
        self.fill_server()
        self.copy(self.server.url, str(self.folder / "clean.db"))
        n_requests = self.server.stats()["requests"]
        for number, (name, place) in enumerate(places):
            nth = 1 + int(place * n_requests)
            what = f"{name} at request {nth} of {n_requests}"
            target = str(self.folder / f"target{number}.db")
            self.server.forget()
            self.server.fault("any", name, nth=nth)
            self.try_fault(self.server.url, target, target, FAULTS[name], what)
