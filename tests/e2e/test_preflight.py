"""The plan names every problem at once, before the first write: severity, object, reason, remedy, and the line of ferry.yaml that settles it."""

import re
import shutil
import sqlite3
import struct
import urllib.parse
import uuid

import duckdb
import psycopg

import e2e
from duckdb_case import LIBRARY_DIR


class Preflight(e2e.Case):
    def plan(self, *arguments, code=0):
        """The JSON result of plan, with the text of the file."""
        path = self.folder / "ferry.yaml"
        result = self.run_vecferry("plan", "--json", "-o", path, *arguments, code=code).json()
        return result, path.read_text() if path.exists() else ""

    def problem(self, result, *words):
        """The one problem that has all the words."""
        found = [p for p in result["problems"] if all(word in f"{p['severity']} {p['object']} {p['what']}" for word in words)]
        self.assertEqual(len(found), 1, f"{words}: {result['problems']}")
        return found[0]

    def role(self, url, script):
        """Another user's URL for the database, after `script`, in which {} is its name."""
        name = "role_" + uuid.uuid4().hex[:12]
        with psycopg.connect(e2e.SERVER, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {name} LOGIN")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.format(name))

        def drop():
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        self.addCleanup(drop)
        parts = urllib.parse.urlsplit(url)
        return urllib.parse.urlunsplit(parts._replace(netloc=f"{name}@{parts.hostname}:{parts.port}"))


def settle(text, problems):
    """The file with what each problem says written into its line, from the last line to the first, by one who does only what is said."""
    lines = text.splitlines()
    for problem in sorted(problems, key=lambda problem: -problem["line"]):
        at, say = problem["line"] - 1, problem["say"]
        indent = len(lines[at]) - len(lines[at].lstrip())
        end = next((i for i in range(at + 1, len(lines)) if len(lines[i]) - len(lines[i].lstrip()) <= indent), len(lines))
        if say in ("take the line out", "take the entry out"):
            del lines[at:end if say == "take the entry out" else at + 1]
            if lines[at - 1].endswith(":") and not lines[at].startswith(" " * indent + "- "):
                lines[at - 1] += " []"
        elif say.startswith("add "):
            columns = next(i for i in range(at, end) if lines[i].strip() == "columns:")
            lines.insert(columns + 1, "      - " + say.removeprefix("add ").removesuffix(" to columns"))
        else:
            for key, value in re.findall(r'(\w+): ("(?:[^"\\]|\\.)*"|[^,]+)(?:, |$)', say):
                write_key(lines, at, end, indent, key, value)
    return "\n".join(lines) + "\n"


def write_key(lines, at, end, indent, key, value):
    """In place of the key's value where it has one, else behind the others."""
    if "{" in lines[at]:
        body, brace, rest = lines[at].rpartition("}")
        body, n = re.subn(rf'\b{key}: +("(?:[^"\\]|\\.)*"|[^,}}]+)', lambda _: f"{key}: {value}", body, count=1)
        lines[at] = body + ("" if n else f", {key}: {value}") + brace + rest
        return
    there = next((i for i in range(at + 1, end) if lines[i].startswith(" " * (indent + 2) + key + ":")), None)
    if there is None:
        lines.insert(at + 1, "")
        there = at + 1
    lines[there] = " " * (indent + 2) + f"{key}: {value}"


class Settled(Preflight):
    """Each kind of problem that a line of the file settles: what is said, written into that line, and it is gone. What no line settles says so by saying nothing, and has its remedy elsewhere."""

    def settled(self, says, *arguments, options=()):
        """`says`: what problems say, by how they begin; all others say nothing. Without arguments the plan is the file that is there, which stops the copy."""
        path = self.folder / "ferry.yaml"
        if arguments:
            before = self.run_vecferry("plan", "--json", "-o", path, *options, *arguments).json()["problems"]
        else:
            before = self.run_vecferry("copy", "--json", "-f", path, *options, code=None).json()["problems"]
        found = {}
        for problem in before:
            self.assertTrue("say" in problem or problem["remedy"] or problem["severity"] == "note", problem)
            if "say" not in problem:
                continue
            words = [word for word in says if f"{problem['object']}: {problem['what']}".startswith(word)]
            self.assertEqual((len(words), problem["say"]), (1, says[words[0]] if words else None), problem)
            self.assertNotIn(words[0], found, problem)
            self.assertGreater(problem.get("line", 0), 0, problem)
            found[words[0]] = problem
        self.assertEqual(sorted(found), sorted(says), before)
        path.write_text(settle(path.read_text(), found.values()))
        after = self.run_vecferry("copy", "--dry-run", "--json", "-f", path, *options, code=None).json()["problems"]
        gone = {(problem["object"], problem["what"].partition(": drift")[2] or problem["what"]) for problem in found.values()}
        self.assertEqual([problem for problem in after if (problem["object"], problem["what"]) in gone or "drift" in problem["what"]], [])
        return path, before, after

    def test_into_postgres(self):
        long = "n" * 70
        source = self.sqlite("source.db", f"""
            CREATE TABLE t (id INTEGER PRIMARY KEY, ctid TEXT, "" TEXT, x TEXT, "a: b" TEXT, j TEXT, {long} TEXT); INSERT INTO t VALUES (1, 'a', 'b', 'c' || char(0), 'd', '[1.0, 2]', NULL), (2, 'a', 'b', 'c', 'd', '[3.0, 4]', NULL);
            CREATE INDEX t_x ON t (x); CREATE INDEX {long}_x ON t ("a: b"); CREATE TABLE "taken, too" (id INTEGER PRIMARY KEY);
            CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id)); CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO c VALUES (1, 7);
            CREATE TABLE e (id INTEGER PRIMARY KEY, v BLOB); CREATE TABLE u (id INTEGER PRIMARY KEY, x TEXT, CONSTRAINT taken_key UNIQUE (x)); CREATE VIEW seen AS SELECT id FROM t;""")
        with sqlite3.connect(source) as connection:
            connection.executemany("INSERT INTO e VALUES (?, ?)", [(i, struct.pack("<3f", i, 1, 2)) for i in range(1, 1001)])
        connection.close()
        target = self.postgres('CREATE TABLE "taken, too" (id int); CREATE TABLE other (id int PRIMARY KEY, x text CONSTRAINT taken_key UNIQUE); CREATE INDEX t_x ON other (x); CREATE VIEW seen AS SELECT 1;')
        path, before, _ = self.settled({
            "t.ctid: ": "rename: ctid_2", "t.: the name is empty": "rename: unnamed", f"t.{long}: ": f"rename: {long[:61]}_2", f"t.{long}_x: ": f"rename: {long[:61]}_2",
            "t.x: 1 of 2 rows will be rejected": "nul: escape", "t.j: ": "type: json, read: text, to: json", "t.t_x: ": "rename: t_x_2", "taken, too: ": 'rename: "taken, too_2"',
            "c.p: 1 rows refer": "take the line out", "e.e_v_hnsw: ": "take the line out", "seen: ": "rename: seen_2"}, source, target)
        self.assertEqual(any("builds HNSW indexes by one process" in problem["what"] for problem in before), e2e.server_versions()[1] < (0, 8, 2))
        self.assertIn("drop or rename", self.problem({"problems": before}, "block", "u.taken_key", "an index of table other")["remedy"])
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute("ALTER INDEX taken_key RENAME TO another_key")
        self.copy("-f", path)
        # A type that the target lacks.
        text = path.read_text().replace("taken, too_2", "taken, too_3").replace("seen_2", "seen_3")
        for table in ("t", "c", "p", "e", "u"):
            text = text.replace(f"  - name: {table}\n", f"  - name: {table}\n    rename: {table}_3\n")
        text = re.sub(r"    indexes:\n(      .*\n)+", "    indexes: []\n", re.sub(r', view: "(?:[^"\\]|\\.)*"', "", text))
        path.write_text(re.sub(r"(name: x,.*?)to: text", r"\1to: nosuch", text))
        self.settled({"t.x: column": "to: text", "u.x: column": "to: text"})

    def test_into_sqlite(self):
        source = self.postgres("""
            CREATE TABLE twice (id int PRIMARY KEY, "Name" text, name text); CREATE TABLE sqlite_x (id int PRIMARY KEY); CREATE TABLE "Big" (id int PRIMARY KEY); CREATE TABLE big (id int PRIMARY KEY);
            CREATE TABLE pt (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM (0) TO (10); CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
            CREATE FOREIGN TABLE pt_far PARTITION OF pt FOR VALUES FROM (10) TO (20) SERVER s; CREATE TABLE secret (id int PRIMARY KEY); CREATE TABLE names (id int PRIMARY KEY); CREATE TABLE e (id int PRIMARY KEY, v vector(3));
            CREATE INDEX e_v ON e USING hnsw (v vector_l2_ops); INSERT INTO e SELECT i, '[1,2,3]' FROM generate_series(1, 1000) i;""")
        url = self.role(source, 'GRANT SELECT ON twice, sqlite_x, "Big", big, pt, pt_1, pt_far, e, names TO {0}')
        target = self.sqlite("target.db", "CREATE VIEW names AS SELECT 1;")
        (self.folder / "target.e.v.usearch").write_text("no sidecar")
        path, _, after = self.settled({"public.twice.name: ": "rename: name_2", "public.sqlite_x: ": "rename: my_sqlite_x", "public.big: ": "rename: big_2", "public.pt: its partition": "partitions: parts", "public.secret: this user": "take the entry out",
                                       "public.names: the table is": "rename: names_2", "public.e.e_v: ": "file: target.e.v.2.usearch"}, url, target)
        self.assertEqual([problem for problem in after if problem["severity"] != "note"], [])
        self.settled({"public.e.e_v: the library": "take the line out"}, options=("--library-dir", self.folder))
        # A table that can't be sqlite-vec's.
        text = path.read_text()
        path.write_text(text[:text.index("tables:\n")] + "tables:\n  - name: names\n    rename: n\n    as: vec0\n")
        self.settled({"public.names: it can't be the vec0 table": "as: table"})

    def test_into_duckdb(self):
        connection = duckdb.connect(str(self.folder / "target.duckdb"))
        connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY, x VARCHAR); CREATE INDEX t_x ON other (x)")
        connection.close()
        source = self.postgres("""
            CREATE TYPE long AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, rowid text, x text, y long, v vector(3)); CREATE INDEX t_x ON t (x); CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops);
            CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self ON DELETE CASCADE); INSERT INTO t SELECT i, 'r', 'x', 'a', '[1,2,3]' FROM generate_series(1, 1000) i;""")
        path, before, _ = self.settled({"public.t.rowid: ": "rename: rowid_2", "public.t.t_x: ": "rename: t_x_2"}, source, f"duckdb:{self.folder / 'target.duckdb'}")
        self.problem({"problems": before}, "note", "long", "one of DuckDB's own types")
        self.problem({"problems": before}, "note", "self", "isn't declared")
        text = path.read_text()
        self.assertIn("to: sidecar, file: target.t.v.usearch", text)
        text = re.sub(r"(name: rowid,.*?)to: VARCHAR", r"\1to: nosuch", re.sub(r"(name: x,.*?)to: VARCHAR", r'\1to: "a(b"', text))
        path.write_text(text.replace("to: sidecar, file: target.t.v.usearch", "to: database"))
        shutil.copy(LIBRARY_DIR / "libduckdb.so", self.folder)
        self.settled({"public.t.x: ": "to: VARCHAR", "public.t.rowid: ": "to: VARCHAR", "public.t.t_v: ": "to: sidecar"}, options=("--library-dir", self.folder))

    def test_drift_and_one_file_a_value(self):
        script = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, gone TEXT, changed INTEGER, p INTEGER REFERENCES p (id)); CREATE INDEX t_kind ON t (kind);"
        source, target = self.sqlite("source.db", script), str(self.folder / "target.db")
        self.run_vecferry("plan", "-o", self.folder / "ferry.yaml", source, target)
        with sqlite3.connect(source) as connection:
            connection.executescript("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, changed BIGINT, p INTEGER, \"new, one\" TEXT)")
        connection.close()
        path, _, after = self.settled({"t.gone: ": "take the line out", "t.changed: ": "from: BIGINT", "t.new, one: ": 'add {name: "new, one", skip: true} to columns', "t.t_kind: ": "take the line out",
                                       "t: ": "take the line out"})
        self.assertEqual([problem["severity"] for problem in after], ["note"])
        path.write_text("version: 1\nsource: source.db\ntarget: '{}.db'\nby: kind\ntables:\n  - name: t\n  - name: p\n")
        self.settled({"p: the table has no column": "whole: true"})
        path.write_text("version: 1\nsource: source.db\ntarget: '{}.db'\nby: nosuch\ntables:\n  - name: t\n")
        _, (problem,), _ = self.settled({})
        self.assertEqual((problem["what"], problem["line"]), ('no table that is moved has a column "nosuch" to be divided by', 4))


class Lines(Preflight):
    def test_a_loss(self):
        """What the problem says, written into its line, settles it."""
        _, text = self.plan(self.postgres("CREATE TABLE t (id int PRIMARY KEY, v vector(2)); INSERT INTO t VALUES (1, '[1,2]')"), self.postgres())
        path = self.folder / "ferry.yaml"
        self.assertIn('type: "vector(f32,2)", to: vector(2)', text)
        path.write_text(text.replace('type: "vector(f32,2)", to: vector(2)', 'type: "vector(f16,2)"'))
        stopped = self.run_vecferry("copy", "--json", "-f", path, code=9).json()
        loss = self.problem(stopped, "loss", "public.t.v")
        self.assertEqual(loss["say"], "loss: accept")
        lines = path.read_text().splitlines()
        self.assertIn("{name: v,", lines[loss["line"] - 1])
        lines[loss["line"] - 1] = re.sub(r"\}(\s*#.*)?$", f", {loss['say']}}}", lines[loss["line"] - 1])
        path.write_text("\n".join(lines) + "\n")
        self.copy("-f", path)

    def test_names_that_clash(self):
        result, text = self.plan(self.postgres('CREATE TABLE t (id int PRIMARY KEY, "Name" text, name text); INSERT INTO t VALUES (1, \'a\', \'b\')'), self.sqlite("t.db"))
        block = self.problem(result, "block", "are the same in the target")
        path = self.folder / "ferry.yaml"
        lines = text.splitlines()
        self.assertIn("{name: name,", lines[block["line"] - 1])
        self.assertEqual(block["say"], "rename: name_2")
        self.assertIn(f"line: {block['line']}, say: \"rename: name_2\"", text)
        lines[block["line"] - 1] = lines[block["line"] - 1].replace("}", ", rename: name_2}", 1)
        path.write_text("\n".join(lines) + "\n")
        self.copy("-f", path)
        self.assertIn(f"(line {block['line']} of the plan: rename: name_2)",
                      self.run_vecferry("plan", "-o", self.folder / "again.yaml", self.postgres('CREATE TABLE t (id int PRIMARY KEY, "Name" text, name text)'), self.sqlite("u.db")).stderr)

    def test_each_where_it_is_settled(self):
        """Of what the target's engine finds, too: the line is that of the column, the table, the index or the target, whatever they are called there."""
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, ctid TEXT, x TEXT, z TEXT); INSERT INTO t VALUES (1, 'a', 'b', 'c'); CREATE TABLE taken (id INTEGER PRIMARY KEY)")
        target = self.postgres("CREATE TABLE taken_too (id int PRIMARY KEY)")
        result, text = self.plan(source, target)
        block = self.problem(result, "block", "t.ctid", 'PostgreSQL can\'t have a column named "ctid"')
        self.assertEqual(block["say"], "rename: ctid_2")
        path = self.folder / "ferry.yaml"
        text = re.sub(r"\{name: ctid,(.*?)\}", r"{name: ctid,\1, rename: ctid_2}", text)
        text = re.sub(r"(\{name: x,.*?)to: text\}", r"\1to: nosuch}", text)
        text = re.sub(r"(\{name: z,.*?)to: text\}", r'\1to: "no such"}', text)
        path.write_text(text.replace("  - name: taken\n", "  - name: taken\n    rename: taken_too\n"))
        lines = path.read_text().splitlines()
        stopped = self.run_vecferry("copy", "--json", "-f", path, code=None).json()
        for name, words, line, say in (("t.x", 'the target has no type "nosuch"', "{name: x,", "to: text"), ("t.z", "isn't the name of a type", "{name: z,", None),
                                       ("taken", "in the target already", "- name: taken", "rename: taken_too_2")):
            block = self.problem(stopped, "block", name, words)
            self.assertIn(line, lines[block["line"] - 1])
            self.assertEqual(block.get("say"), say)
        # Of the target as a whole, in the line that names it.
        url = self.role(target, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        result, text = self.plan("--only", "taken", source, url)
        block = self.problem(result, "block", "no schema to create in")
        self.assertRegex(text.splitlines()[block["line"] - 1], "^target: ")

    def test_names_that_sqlite_keeps(self):
        source = self.postgres('CREATE TABLE sqlite_x (id int PRIMARY KEY); CREATE TABLE twice (a int, "A" int); CREATE TABLE s (id smallserial PRIMARY KEY); SELECT setval(\'s_id_seq\', 32000)')
        result, text = self.plan(source, self.sqlite("target.db"))
        block = self.problem(result, "block", "public.sqlite_x", "for itself")
        self.assertEqual((text.splitlines()[block["line"] - 1], block["say"]), ("  - name: sqlite_x", "rename: my_sqlite_x"))
        self.assertEqual(len([problem for problem in result["problems"] if "public.twice" in problem["object"] and problem["severity"] == "block"]), 1)
        self.assertIn("{name: id,", text.splitlines()[self.problem(result, "note", "s_id_seq", "near its end")["line"] - 1])

    def test_several_at_once(self):
        """Each of its kind, none hides another; the copy stops before it writes."""
        source = self.postgres(f"""
            CREATE TABLE taken (id int PRIMARY KEY); CREATE TABLE {'n' * 60} (id int PRIMARY KEY); CREATE TABLE other.{'n' * 60} (id int PRIMARY KEY);
            CREATE TABLE keyless (id int); CREATE TABLE twice (a text, "A" text);
            CREATE SEQUENCE worn MAXVALUE 100; SELECT setval('worn', 95);""".replace("CREATE TABLE taken", "CREATE SCHEMA other; CREATE TABLE taken"))
        target = self.sqlite("target.db", "CREATE TABLE taken (id INTEGER PRIMARY KEY);")
        result, _ = self.plan(source, target)
        self.problem(result, "block", "taken", "in the target already")
        self.problem(result, "block", "twice", "are the same in the target")
        self.problem(result, "note", "keyless", "has no key")
        before = e2e.sqlite_picture(target)
        failed = self.run_vecferry("copy", "--json", source, target, code=2).json()
        self.assertRegex(failed["error"], r"^2 problems in the way")
        self.assertEqual(e2e.sqlite_picture(target), before)


class Rights(Preflight):
    SHOP = """CREATE TABLE a (id serial PRIMARY KEY, v vector(2)); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY);
              CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT;
              INSERT INTO a (v) SELECT '[1,2]' FROM generate_series(1, 10); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1); INSERT INTO p VALUES (1);"""

    def test_select_is_enough(self):
        url = self.role(self.postgres(self.SHOP), "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {0}")
        summary = self.copy(url, self.sqlite("target.db"))
        self.assertEqual({table["name"]: table["rows"] for table in summary["tables"]}, {"public.a": 10, "public.b": 1, "public.c": 1, "public.p": 1})

    def test_every_table_that_cannot_be_read(self):
        """Also a partition that can't, since partitions are read one by one."""
        url = self.role(self.postgres(self.SHOP), "GRANT SELECT ON a, p TO {0}; GRANT SELECT (id) ON c TO {0}; GRANT SELECT ON SEQUENCE a_id_seq TO {0}")
        target = self.sqlite("target.db")
        result, text = self.plan(url, target)
        for name in ("public.b", "public.c", "public.p"):
            block = self.problem(result, "block", name, "this user may not read the table")
            self.assertIn("GRANT SELECT", block["remedy"])
            self.assertEqual(text.splitlines()[block["line"] - 1], f"  - name: {name.split('.')[1]}")
        self.run_vecferry("copy", url, target, code=10)
        self.run_vecferry("copy", "--only", "a", url, target)

    def test_a_schema_that_cannot_be_used(self):
        url = self.role(self.postgres("CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY)"), "GRANT SELECT ON ALL TABLES IN SCHEMA hidden TO {0}")
        result, _ = self.plan(url, self.sqlite("target.db"))
        self.assertIn("GRANT USAGE", self.problem(result, "block", "hidden.t", "may not read")["remedy"])

    def test_row_level_security(self):
        """The rows that it hides would be missing without a word."""
        url = self.role(self.postgres("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY one ON t USING (id = 1)"),
                        "GRANT SELECT ON t TO {0}")
        result, _ = self.plan(url, self.sqlite("target.db"))
        self.assertIn("BYPASSRLS", self.problem(result, "block", "public.t", "row level security")["remedy"])
        self.run_vecferry("copy", url, self.sqlite("target.db"), code=10)


class Sizes(Preflight):
    def needed(self, text):
        line = next(line for line in text.splitlines() if line.startswith("disk_needed:"))
        return line

    def test_disk(self):
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY, body text); CREATE INDEX t_body ON t (body); INSERT INTO t SELECT i, repeat(md5(i::text), 40) FROM generate_series(1, 2000) i")
        _, text = self.plan(source, self.sqlite("target.db"))
        line = self.needed(text)
        mib = [int(n) for n in re.findall(r"(\d+) MiB", line.split("#")[1])]
        self.assertRegex(line, r"rows \d+ MiB x 1\.1 \+ indexes \d+ MiB \(24 bytes an entry\) .* to work in$")
        self.assertAlmostEqual(float(line.split()[1]), mib[0] * 1.1 + sum(mib[1:]), delta=3)
        _, text = self.plan(source, self.postgres())
        self.assertIn("what a server has free can't be seen", self.needed(text))
        _, text = self.plan("--only", "t", source, "files:" + str(self.folder / "out"))
        self.assertRegex(self.needed(text), r"x 3 as text \+ a block of \d+ bytes for each of 2000 files$")

    def test_rows_larger_than_a_page(self):
        """More columns of 8 bytes than a page has room for: the plan says so, and such a row is then rejected."""
        columns = ", ".join(f"c{i} INTEGER" for i in range(1100))
        values = ", ".join(str(2**62 + i) for i in range(1100))
        source = self.sqlite("wide.db", f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns}); INSERT INTO wide VALUES (1, {values}); INSERT INTO wide (id, c0) VALUES (2, 5);")
        target = self.postgres()
        result, _ = self.plan(source, target)
        self.assertIn("8160", self.problem(result, "note", "wide", "PostgreSQL's page")["what"])
        summary = self.copy(source, target, code=3)
        self.assertEqual(summary["rejected"], 1)

    def test_dimensions_and_columns(self):
        columns = ", ".join(f"c{i} INTEGER" for i in range(1700))
        source = self.sqlite("wide.db", f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns}); CREATE TABLE v (id INTEGER PRIMARY KEY, e BLOB); INSERT INTO v VALUES (1, zeroblob(80000)), (2, zeroblob(80000));")
        text = self.run_vecferry("plan", "--json", "-o", self.folder / "f.yaml", source, self.postgres()).json()
        self.problem(text, "block", "wide", "1701 columns")

    def test_a_sequence_near_its_end(self):
        source = self.postgres("CREATE TABLE t (id smallserial PRIMARY KEY); SELECT setval('t_id_seq', 32000); CREATE TABLE u (id serial PRIMARY KEY); SELECT setval('u_id_seq', 32000);"
                               "CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE -1; SELECT setval('down', -99); CREATE SEQUENCE round MAXVALUE 10 CYCLE; SELECT setval('round', 10)")
        result, _ = self.plan(source, self.postgres())
        found = {p["object"]: p["what"] for p in result["problems"] if "near its end" in p["what"]}
        self.assertEqual(set(found), {"public.t_id_seq", "public.down"})
        self.assertIn("32000 of 32767, with 767 numbers left", found["public.t_id_seq"])


class Encodings(Preflight):
    def database(self, encoding):
        name = "e2e_" + uuid.uuid4().hex[:16]
        with psycopg.connect(e2e.SERVER, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        self._databases.append(name)
        return e2e.database_url(name)

    def test_a_source_that_never_looked(self):
        failed = self.run_vecferry("plan", self.database("SQL_ASCII"), self.sqlite("target.db"), code=10)
        self.assertIn("has the encoding SQL_ASCII: nobody knows which characters its bytes are", failed.stderr)
        self.assertIn("pg_dump --encoding", failed.stderr)

    def test_a_target_that_lacks_characters(self):
        source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'é'), (2, '漢');")
        target = self.database("LATIN1")
        result, _ = self.plan(source, target)
        self.assertIn("LATIN1", self.problem(result, "note", "characters that it doesn't have")["what"])
        self.assertEqual(self.copy(source, target, code=3)["rejected"], 1)

    def test_utf16(self):
        source = self.sqlite("source.db", "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'a😀'), (2, 'é');")
        target = self.postgres()
        result, _ = self.plan(source, target)
        self.problem(result, "note", "UTF-16")
        self.copy(source, target)
        with psycopg.connect(target) as connection:
            self.assertEqual(connection.execute("SELECT body FROM t ORDER BY id").fetchall(), [("a😀",), ("é",)])


class Scan(Preflight):
    def setUp(self):
        super().setUp()
        self.source = self.sqlite("source.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL, other TEXT);")
        with sqlite3.connect(self.source) as connection:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i, "x\0y" if i > 1500 and i % 100 == 0 else "x", "z") for i in range(1, 3001)])
        connection.close()

    def test_full_counts_what_the_copy_rejects(self):
        target = self.postgres()
        result, text = self.plan("--scan", "full", self.source, target)
        found = self.problem(result, "note", "t.body", "15 of 3000 rows will be rejected")
        self.assertIn('the first, {"id": 1600}', found["what"])
        self.assertIn("U+0000", found["what"])
        self.assertIn("scan: full}", text)
        self.assertEqual(self.copy(self.source, target, code=3)["rejected"], 15)

    def test_a_sample_says_so(self):
        result, text = self.plan(self.source, self.postgres())
        self.assertEqual([p for p in result["problems"] if "rejected" in p["what"]], [])
        self.assertIn("scan: sample}", text)
        with sqlite3.connect(self.source) as connection:
            connection.execute("UPDATE t SET body = 'x' || char(0) WHERE id = 7")
        connection.close()
        result, _ = self.plan(self.source, self.postgres())
        self.assertIn("1 of the first 1000 rows will be rejected", self.problem(result, "note", "t.body")["what"])
        self.assertIn("--scan full does", self.problem(result, "note", "t.body")["what"])

    def test_none_and_a_slip(self):
        _, text = self.plan("--scan", "none", self.source, self.postgres())
        self.assertNotIn("scan:", text)
        self.assertIn("--scan is none, sample or full", self.run_vecferry("plan", "--scan", "all", self.source, self.postgres(), code=2).stderr)

    def test_a_filter_counts_too(self):
        result, _ = self.plan("--scan", "full", "--where", "t=id <= 1700", self.source, self.postgres())
        self.assertIn("2 of 1700 rows", self.problem(result, "note", "t.body")["what"])


if __name__ == "__main__":
    import unittest

    unittest.main()
