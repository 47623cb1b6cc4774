"""Two properties that hold of every database, whatever is in it; test_properties.py tries them on some that generate.py makes, tests/long/test_property.py on many.

1. A database that goes to another one and from there to a new one of its kind is the same there, or the plans named the difference beforehand: what isn't moved, a loss, a rejected row.
2. `verify` finds both equal if and only if they are: after the copy, and after something was changed in the target.

The comparison (facts.py, plain.py) shares no code with vecferry. What fails is made as small as shrink.py can, and shown as a script.
"""

import collections
import dataclasses
import json
import os
import random
import re
import sqlite3
import subprocess
import tempfile
import uuid

import duckdb
import account
import catalogue
import facts
import generate
import hrana
import mutate
import plain
import psycopg
import shrink
from e2e import SERVER, VECFERRY, database_url

# Where databases of each engine go to. libSQL's files and servers (turso: our double of sqld) have SQLite's schemas, made by SQLite.
MIDDLES = {
    "postgres": ["sqlite", "duckdb", "libsql", "turso", "tursodb", "postgres"],
    "sqlite": ["postgres", "duckdb", "libsql", "turso", "tursodb", "sqlite"],
    "duckdb": ["sqlite", "postgres", "libsql", "turso", "tursodb", "duckdb"],
    "libsql": ["postgres", "duckdb", "turso", "libsql"],
    "turso": ["postgres", "duckdb", "libsql", "turso"],
}
SERVERS = {"turso": hrana.Sqld, "tursodb": hrana.Tursodb}


class Failure(Exception):
    """A property doesn't hold. `what` is the same as long as it is the same failure."""

    def __init__(self, what, detail=""):
        super().__init__(f"{what}\n{detail}")
        self.what = what


class Refused(Exception):
    """The plan has said why it can't be: a name that is too long, say."""


class Unusable(Exception):
    """The script isn't one that the database takes: only smaller ones of shrink.py are so."""


@dataclasses.dataclass
class Place:
    """A database: how vecferry is told of it, and where its own driver finds it (None: not while its server runs)."""

    url: str
    local: str | None


class Workshop:
    """Where databases are made, and thrown away."""

    def __init__(self, folder=None):
        self.folder = folder or tempfile.mkdtemp(prefix="vecferry-property-")
        self.n_files, self.files, self.databases, self.servers = 0, [], [], []
        self.admin = psycopg.connect(SERVER, autocommit=True)
        self.template = "property_" + uuid.uuid4().hex[:12]
        self.admin.execute(f"CREATE DATABASE {self.template} ENCODING 'UTF8' TEMPLATE template0")
        with psycopg.connect(database_url(self.template), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION vector")

    def new(self, engine):
        self.n_files += 1
        if engine == "postgres":
            self.databases.append(f"{self.template}_{self.n_files}")
            self.admin.execute(f"CREATE DATABASE {self.databases[-1]} TEMPLATE {self.template}")
            return Place(database_url(self.databases[-1]), database_url(self.databases[-1]))
        path = f"{self.folder}/{self.n_files}.{engine}"
        self.files.append(path)
        if engine not in SERVERS:
            return Place(f"{engine}:{path}", f"duckdb:{path}" if engine == "duckdb" else path)
        sqlite3.connect(path).close()
        self.servers.append(SERVERS[engine](path))
        self.servers[-1].start()
        return Place(self.servers[-1].url, path if engine == "turso" else None)

    def clear(self):
        for server in self.servers:
            server.stop()
        for name in self.databases:
            self.admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for path in self.files:
            for suffix in ("", "-wal", "-shm", "-journal", ".wal", "-info", "-log", ".log"):
                if os.path.exists(path + suffix):
                    os.unlink(path + suffix)
        self.databases, self.files, self.servers = [], [], []

    def close(self):
        self.clear()
        self.admin.execute(f"DROP DATABASE {self.template}")
        self.admin.close()
        os.rmdir(self.folder)


def execute(url, statements):
    if url.startswith("postgres"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            for statement in statements:
                connection.execute(statement.encode())
    elif url.startswith("duckdb:"):
        with duckdb.connect(url.removeprefix("duckdb:")) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)
    else:
        connection = sqlite3.connect(url)
        try:
            with connection:
                for statement in statements:
                    connection.execute(statement)
        finally:
            connection.close()


def run(*arguments):
    """Exit code, the last JSON object, and stderr."""
    process = subprocess.run([VECFERRY, *arguments], capture_output=True, text=True, errors="surrogateescape", timeout=600, stdin=subprocess.DEVNULL)
    lines = process.stdout.strip().split("\n")  # texts may hold what else Python takes for the end of a line
    if not lines or not lines[-1].startswith("{"):
        raise Failure(f"{arguments[0]} exit {process.returncode} without a summary", process.stderr[-4000:])
    return process.returncode, json.loads(lines[-1]), process.stderr


def move(source, target, what):
    """The summary of the copy. Rows that are rejected and keys that can't be made are named in it."""
    code, summary, shown = run("copy", "--json", "--accept-losses", source.url, target.url)
    blocks = [f"{problem['object']}: {problem['what']}" for problem in summary.get("problems", []) if problem["severity"] == "block"]
    if code in (2, 9, 10) and blocks:
        raise Refused(f"{what}: {'; '.join(blocks)}")
    named = code == 3 and summary["type"] == "summary" and not summary["n_differences"] and (summary["rejected"] or summary["unfinished"])
    if code != 0 and not named:
        reason = re.sub(r'"(?:[^"]|"")*"|\d+', "_", shown.strip().splitlines()[0] if shown.strip() else "")[:150]
        unequal = [table for table in summary.get("tables", []) if not table.get("equal")]
        raise Failure(f"{what}: exit {code} {reason}", shown[-3000:] + json.dumps(unequal, ensure_ascii=False)[:3000])
    return summary


# ---- what the plans have named ----


def is_named(table, part, name, moves):
    """Have the plans, or the summaries, said that this part of the table isn't what it was?"""
    short = table.split(".")[-1]
    for summary in moves:
        for entry in summary["not_moved"]:
            last, on = (entry["name"] or "").split(".")[-1], entry["on"] or ""
            is_there = on.endswith(short) or (entry["name"] or "").endswith(short)
            if is_there and (entry["name"] == name or last == str(name).split(".")[-1]):
                return True
            if is_there and entry["kind"] == part or (is_there and part == "key" and entry["kind"] in ("primary key", "unique constraint", "index")):
                return True
            if is_there and part in ("column", "order", "generated") and entry["kind"] in ("column", "generated column", "generation expression", "collation"):
                return True
        for entry in summary.get("unfinished", []):
            if short in json.dumps(entry, ensure_ascii=False) and part in ("foreign key", "key", "index"):
                return True
        for problem in summary["problems"]:
            if problem["object"].endswith(f"{short}.{name}") and (problem["severity"] == "loss" or part == "index"):
                return True
    return False


def own_vectors(before, after):
    """Columns that came to be of a vector type of libSQL's own, of whatever it was that held vectors: that is what such a target is for."""
    types = {name: value[0] for name, value in after.facts.items() if name[1] == "column"}
    return {key for key, native in types.items() if re.match(r"F(LOAT)?\d+_BLOB", str(native)) and (before.facts.get(key) or (native,))[0] != native}


def check_facts(before, after, moves, what):
    own = own_vectors(before, after)
    for key in sorted(set(before.facts) | set(after.facts), key=repr):
        left, right = before.facts.get(key), after.facts.get(key)
        if key[1] == "counter" and (left or 0) <= (right or 0):
            continue  # one that was behind the rows is behind them no more
        if left != right and key not in own and not is_named(*key, moves):
            told = [{part: summary[part] for part in ("not_moved", "problems", "unfinished")} for summary in moves]
            raise Failure(f"{what}: {key[1]} isn't what it was, and wasn't named", f"{key}\nbefore {left!r}\nafter  {right!r}\n{json.dumps(told, ensure_ascii=False, indent=1)}")


def check_rows(before, after, moves, what):
    """Rows are missing as they were rejected, and none is there that wasn't."""
    lost = [problem["object"] for summary in moves for problem in summary["problems"] if problem["severity"] == "loss"]
    lost += [f"{entry['on'] or ''}.{entry['name']}" for summary in moves for entry in summary["not_moved"] if entry["kind"] == "column"]
    lost += [f"{table}.{name}" for table, _, name in own_vectors(before, after)]
    n_missing = 0
    for table, rows in before.rows.items():
        left, right = (without(each, table, lost) for each in (rows, after.rows.get(table, collections.Counter())))
        if right - left:
            raise Failure(f"{what}: a row that never was", f"{table}\nmissing {list(left - right)[:3]}\nextra   {list(right - left)[:3]}")
        n_missing += (left - right).total()
    n_rejected = sum(summary["rejected"] for summary in moves)
    if n_missing != n_rejected:
        raise Failure(f"{what}: rows are missing that weren't rejected", f"{n_missing} are missing, {n_rejected} rejected")


def check_account(source, between, summary, what):
    """Each object of the source's catalogues is in the target's, or named; and what is named is there."""
    counted = account.Account(catalogue.read(source.local), catalogue.read(between.local), account.Named(summary))
    for word, found in (("neither moved nor named", counted.missing()), ("named, and not in the catalogue", counted.unlisted())):
        if found:
            raise Failure(f"{what}: {found[0][0]} {word}", f"{found}\n{json.dumps(summary['not_moved'] + summary['problems'] + summary['unfinished'], ensure_ascii=False, indent=1)}")


def without(rows, table, lost):
    short = table.split(".")[-1]
    return collections.Counter(tuple((name, plain.rewritten(value)) for name, value in row if not any(item.endswith(f"{short}.{name}") for item in lost)) for row in rows.elements())


# ---- the properties ----


def there_and_back(workshop, database, middle):
    """The first property; the source, the database between, and the summary of the way there."""
    source, between, back = workshop.new(database.engine), workshop.new(middle), workshop.new(database.engine)
    try:
        execute(source.local, database.statements())
    except (psycopg.Error, duckdb.Error, sqlite3.Error) as error:
        raise Unusable(str(error)) from error
    before = facts.of(source.local)
    moves = [move(source, between, f"{database.engine} to {middle}"), move(between, back, f"{middle} back to {database.engine}")]
    what = f"{database.engine}, {middle} and back"
    again, after = facts.of(source.local), facts.of(back.local)
    if (again.facts, again.rows) != (before.facts, before.rows):
        raise Failure(f"{what}: the source was changed")
    check_facts(before, after, moves, what)
    check_rows(before, after, moves, what)
    if between.local is not None:
        check_account(source, between, moves[0], f"{database.engine} to {middle}")
    return source, between, moves[0]


def check_verify(source, between, is_equal, what, detail=""):
    code, summary, shown = run("verify", "--json", source.url, between.url)
    if code not in (0, 3) or (code == 0) != is_equal or (summary["n_differences"] == 0) != is_equal:
        raise Failure(f"{what}: verify says {code} of what {'is' if is_equal else 'is not'} equal", detail + "\n" + shown[-2000:])


def check_verifier(source, between, summary, seed, what):
    """The second property, where nothing was rejected."""
    if summary["rejected"] or summary["unfinished"] or between.local is None:
        return
    difference = plain.difference(facts.of(source.local), source.local, facts.of(between.local), between.local)
    if difference:
        raise Failure(f"{what}: another value, and verify says that both are equal", difference)
    before = facts.of(between.local).rows
    has_jsonb = any(key[1] == "column" and value[0] == "jsonb" for key, value in facts.of(source.local).facts.items())
    for statement in mutate.some(between.local, random.Random(seed)):
        if has_jsonb and re.search(r"\|\| '\s'", statement):
            continue  # a blank around JSON says nothing
        try:
            execute(between.local, [statement])
        except (psycopg.Error, duckdb.Error, sqlite3.Error):
            continue  # a constraint forbids it
        after = facts.of(between.local).rows
        check_verify(source, between, before == after, what, statement)
        if before != after:
            return


def check(workshop, database, middle):
    try:
        source, between, summary = there_and_back(workshop, database, middle)
        check_verifier(source, between, summary, database.seed, f"{database.engine} to {middle}")
    finally:
        workshop.clear()


def failure_of(workshop, database, middle):
    """None: the properties hold, or there is nothing to say."""
    try:
        check(workshop, database, middle)
    except Failure as failure:
        return failure
    except (Refused, Unusable):
        return None
    return None


def hunt(workshop, engine, middle, seed):
    """One seed; what is refused counts as held. AssertionError with the smallest script that was found."""
    database = generate.database(engine, seed)
    if middle == "tursodb":
        generate.without_quotes(database)
    try:
        check(workshop, database, middle)
    except Refused:
        return False
    except Failure as failure:
        what = failure.what
        small = shrink.shrink(database, lambda smaller: getattr(failure_of(workshop, smaller, middle), "what", None) == what)
        raise AssertionError(f"VECFERRY_SEED={engine}:{middle}:{seed}\n{small.script()}\n{failure_of(workshop, small, middle) or failure}") from None
    return True
