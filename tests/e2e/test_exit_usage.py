"""What is wrong with the command line or the plan file ends with exit code 2, names the place and the nearest known word, and touches nothing."""

import json
import os
import re
import shutil
import subprocess

from e2e import VECFERRY, Case

SOURCE = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, title TEXT);
INSERT INTO documents VALUES (1, 'one'), (2, 'two');
CREATE TABLE notes (id INTEGER PRIMARY KEY, n INTEGER);
"""


class Usage(Case):
    def setUp(self):
        super().setUp()
        self.source = self.sqlite("source.db", SOURCE)
        self.target = str(self.folder / "target.db")

    def refuse(self, *arguments, **options):
        """Exit code 2, one message, nothing on stdout and no new file; the same as JSON. The message with its hint."""
        before = sorted(os.listdir(self.folder))
        result = self.run_vecferry(*arguments, code=2, **options)
        self.assertRegex(result.stderr, r"(?m)\Avecferry: .+\n(hint: .+\n)?\Z")
        self.assertEqual(result.stdout, "")
        if arguments and arguments[0] in ("inspect", "plan", "copy", "verify"):
            as_json = self.run_vecferry(arguments[0], "--json", *arguments[1:], code=2, **options)
            self.assertEqual(as_json.stderr, result.stderr)
            last = json.loads(as_json.stdout.splitlines()[-1])
            self.assertEqual((last["v"], last["type"], last["exit_code"]), (1, "error", 2))
            self.assertIn(last["error"], result.stderr)
            self.assertTrue(last["ts"])
        self.assertEqual(sorted(os.listdir(self.folder)), before, "nothing may be touched")
        return result.stderr

    def test_unknown_command(self):
        message = self.refuse("copi", self.source, self.target)
        self.assertIn('"copi"', message)
        self.assertIn("nearest is copy", message)
        self.assertIn("verify", self.refuse("--verify"))

    def test_unknown_option(self):
        message = self.refuse("copy", "--stict", self.source, self.target)
        self.assertIn("--stict", message)
        self.assertIn("nearest is --strict", message)
        self.assertIn("--only", self.refuse("inspect", "--olny", "x", self.source))
        self.assertIn("-Q", self.refuse("copy", "-Q", self.source, self.target))

    def test_unknown_table(self):
        for option in ("--only", "--exclude"):
            message = self.refuse("copy", option, "dokuments", self.source, self.target)
            self.assertIn('"dokuments"', message)
            self.assertIn('nearest is "documents"', message)
        message = self.refuse("copy", "--where", "note=n > 1", self.source, self.target)
        self.assertIn('"notes"', message)
        for expression in ("no_such_column > 1", "(1", "n >", "1) OR no_such_function(1"):
            message = self.refuse("copy", "--where", f"notes={expression}", self.source, self.target)
            self.assertIn(f'the filter "{expression}" of table notes', message)
        self.assertIn("TABLE=EXPR", self.refuse("copy", "--where", "notes", self.source, self.target))

    def test_too_few_and_too_many_arguments(self):
        self.assertIn("no source", self.refuse("inspect"))
        self.assertIn("no target", self.refuse("copy", self.source))
        self.assertIn("at most 3 arguments, not 4", self.refuse("copy", self.source, self.target, "more", "still"))
        self.assertIn("Is a directory", self.refuse("copy", "-f", self.folder))

    def test_urls_that_are_none(self):
        for url, word in (("mysql://localhost/x", "mysql"), ("sqlite:", "sqlite"), ("sqlite://name", "sqlite"), ("", "source"), ("no-such-thing", "no-such-thing"), ("postgresql:///x\ny", "control")):
            with self.subTest(url):
                self.assertIn(word, self.refuse("inspect", url))

    def test_source_and_target_are_one(self):
        message = self.run_vecferry("copy", self.source, os.path.join(self.folder, ".", "source.db"), code=2).stderr
        self.assertIn("same database", message)
        os.symlink(self.source, self.folder / "link.db")
        self.run_vecferry("copy", self.source, self.folder / "link.db", code=2)
        self.assertEqual(sorted(os.listdir(self.folder)), ["link.db", "source.db"])

    def test_dropping_without_a_terminal_wants_yes(self):
        self.copy(self.source, self.target)
        before = open(self.target, "rb").read()
        message = self.refuse("copy", "--drop-existing", self.source, self.target)
        self.assertIn("--yes", message)
        self.assertEqual(open(self.target, "rb").read(), before)
        self.run_vecferry("copy", "--drop-existing", "--yes", self.source, self.target)

    def test_dropping_at_a_terminal_asks(self):
        self.copy(self.source, self.target)
        before = open(self.target, "rb").read()
        for answer, code in ((b"n\n", 2), (b"\n", 2), (b"yes\n", 0)):
            master, slave = os.openpty()
            process = subprocess.Popen([VECFERRY, "copy", "-q", "--drop-existing", self.source, self.target], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            os.close(slave)
            os.write(master, answer)
            out, err = process.communicate(timeout=60)
            os.close(master)
            self.assertEqual(process.returncode, code, err)
            self.assertIn(b"[y/N]", err)
            if code != 0:
                self.assertIn(b"nothing was touched", err)
                self.assertEqual(open(self.target, "rb").read(), before)

    # ---- the plan file ----

    def plan(self):
        text = self.run_vecferry("plan", "-o", "-", self.source, self.target).stdout
        if os.path.exists(self.target):
            os.unlink(self.target)
        return text

    def write(self, text):
        path = str(self.folder / "ferry.yaml")
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        return path

    def refuse_plan(self, text):
        path = self.write(text)
        return path, self.refuse("copy", "-f", path)

    def place(self, text, word):
        """Line and column of a word, as an editor counts them."""
        before = text[:text.index(word)]
        return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"

    def test_unknown_key_of_the_plan(self):
        for old, new, wanted in (("tables:\n", "tabels:\n", "tables"), ("    key:", "    kye:", "key"), ("type: i64, to:", "type: i64, tp:", "to"), ("    rows:", "    rwos:", "rows")):
            with self.subTest(new):
                text = self.plan().replace(old, new, 1)
                word = re.search(r"[a-z]+:\Z", new.strip()).group()
                path, message = self.refuse_plan(text)
                self.assertIn(f"{path}:{self.place(text, word)}: ", message)
                self.assertIn(f'"{word[:-1]}"', message)
                self.assertIn(f'"{wanted}"', message)

    def test_names_in_the_plan_that_are_not_there(self):
        """The source may have changed since the plan was made: that is drift, exit code 9."""
        for old, new, item in (("name: documents", "name: documants", "name: documants"), ("name: title", "name: tittle", "{name: tittle")):
            text = self.plan().replace(old, new, 1)
            path = self.write(text)
            for command in ("copy", "verify"):
                if command == "verify":
                    self.sqlite("target.db", SOURCE)
                result = self.run_vecferry(command, "--json", "-f", path, code=9)
                said = result.stderr + "".join(" ".join(map(str, problem.values())) for problem in result.json().get("problems", []))
                self.assertIn(f"{path}:{self.place(text, item)}: drift: ", said)
                self.assertIn(new.split()[1], said)
                self.assertIn(old.split()[1], said)
                self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 9))
            os.unlink(self.target)

    def test_values_in_the_plan_that_make_no_sense(self):
        for old, new in (("version: 1", "version: 2"), ("version: 1", "version: [1]"), ("type: i64", "type: i65"), ("to: INTEGER", "to: INTEGER, as: f33"),
                         ("tables:", "version: 1\ntables:"), ("tables:", "tables: &x\n  - *x\nother:"), ("tables:", "tables: {"), ("version: 1\n", "")):
            with self.subTest(new):
                path, message = self.refuse_plan(self.plan().replace(old, new, 1))
                self.assertRegex(message, rf"{re.escape(path)}(:\d+:\d+)?: ")
        path, _ = self.refuse_plan("[" * 100000)
        self.refuse_plan("\x00")
        self.refuse_plan("")
        self.refuse_plan("- \udcff")

    def test_a_plan_that_cannot_be_read(self):
        missing = self.refuse("copy", "-f", str(self.folder / "none.yaml"))
        self.assertIn("none.yaml", missing)
        self.assertIn(str(self.folder), self.refuse("verify", "-f", str(self.folder)))

    def test_a_plan_and_a_database_both_named(self):
        path = self.write(self.plan())
        self.run_vecferry("copy", "-f", path)
        self.assertTrue(os.path.exists(self.target))

    def test_a_plan_that_cannot_be_written(self):
        result = self.run_vecferry("plan", "--json", "-o", "/dev/full/ferry.yaml", self.source, self.target, code=1)
        self.assertIn("/dev/full/ferry.yaml", result.stderr)
        self.assertIn("--output", result.stderr)
        self.assertEqual((result.json()["type"], result.json()["exit_code"]), ("error", 1))
        os.mkdir(self.folder / "full")
        self.run_vecferry("plan", "-o", self.folder / "full", self.source, self.target, code=1)
        self.assertEqual([name for name in os.listdir(self.folder) if ".tmp" in name], [])

    def test_plan_changes_nothing(self):
        before = open(self.source, "rb").read()
        shown = self.run_vecferry("plan", "-o", "-", self.source, self.target)
        self.assertTrue(shown.stdout.startswith("# ferry.yaml"))
        self.run_vecferry("plan", self.source, self.target)
        self.assertEqual(sorted(os.listdir(self.folder)), ["ferry.yaml", "source.db"])
        self.assertEqual(open(self.folder / "ferry.yaml").read(), shown.stdout)
        self.assertEqual(open(self.source, "rb").read(), before)

    def test_dry_run_writes_nothing(self):
        before = open(self.source, "rb").read()
        shown = self.run_vecferry("copy", "--dry-run", self.source, self.target).stdout
        self.assertTrue(shown.startswith("# ferry.yaml"))
        self.assertEqual(shown, self.run_vecferry("plan", "-o", "-", self.source, self.target).stdout)
        self.assertEqual(sorted(os.listdir(self.folder)), ["source.db"])
        url = self.postgres()
        with self.connect(url) as connection:
            count = "SELECT count(*) FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')"
            objects = connection.execute(count).fetchone()
            self.run_vecferry("copy", "--dry-run", self.source, url)
            self.assertEqual(connection.execute(count).fetchone(), objects)
        self.assertEqual(open(self.source, "rb").read(), before)

    # ---- streams ----

    def test_stdout_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            for arguments in (["inspect", self.source], ["--version"], ["--help"], ["manual"], ["completion", "bash"], ["plan", "-o", "-", self.source, self.target],
                              ["verify", "--json", self.source, self.source], ["copy", "--json", self.source, self.target]):
                process = subprocess.run([VECFERRY, *arguments], stdout=full, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
                self.assertEqual(process.returncode, 1, f"{arguments}: {process.stderr}")
                self.assertIn("stdout", process.stderr)
        # What was asked for was done: only its report is lost.
        self.run_vecferry("verify", self.source, self.target)

    def test_closed_streams(self):
        copy = f"'{VECFERRY}' copy '{self.source}' '{self.target}'"
        for redirection, wanted in (("<&-", 0), ("2>&-", 0), (">&-", 1)):
            process = subprocess.run(["sh", "-c", f"{copy} {redirection}; echo $? >code"], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(open(self.folder / "code").read().strip(), str(wanted), redirection + process.stderr)
            self.run_vecferry("verify", self.source, self.target)
            os.unlink(self.target)
        piped = subprocess.run(["bash", "-c", f"'{VECFERRY}' --help | true; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True)
        self.assertIn(piped.returncode, (0, 1))

    def test_not_a_terminal_means_plain_text(self):
        for environment in ({}, {"TERM": "dumb"}, {"TERM": "xterm-256color", "NO_COLOR": "1"}):
            result = self.run_vecferry("copy", "--drop-existing", "--yes", self.source, self.target, environment=environment)
            self.assertNotIn("\033", result.stdout + result.stderr)
            self.assertNotIn("\r", result.stdout + result.stderr)
            self.assertNotIn("▕", result.stderr)
        quiet = self.run_vecferry("copy", "-q", "--drop-existing", "--yes", self.source, self.target)
        self.assertEqual(quiet.stderr, "")

    def test_terminals_that_are_dumb(self):
        def at_terminal(**environment):
            if os.path.exists(self.target):
                os.unlink(self.target)
            master, slave = os.openpty()
            process = subprocess.Popen([VECFERRY, "copy", self.source, self.target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=dict(os.environ, **environment))
            os.close(slave)
            shown = b""
            try:
                while chunk := os.read(master, 4096):
                    shown += chunk
            except OSError:  # the other end is closed
                pass
            os.close(master)
            self.assertEqual(process.wait(), 0)
            return shown
        self.assertNotIn(b"\033", at_terminal(TERM="dumb"))
        self.assertIn(b"\033[2K", at_terminal(TERM="xterm"))
        self.assertNotRegex(at_terminal(TERM="xterm", NO_COLOR="1"), rb"\033\[[0-9;]*m")
        for line in at_terminal(TERM="xterm", COLUMNS="40").decode().replace("\033[1A", "").replace("\033[2K", "").split("\r\n"):
            self.assertLess(len(line), 80 if line.startswith(("note:", "vecferry:")) else 40, line)

    def test_json_lines(self):
        result = self.run_vecferry("copy", "--json", self.source, self.target)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([line["v"] for line in lines], [1] * len(lines))
        self.assertTrue(all(isinstance(line["ts"], str) for line in lines))
        self.assertEqual({line["type"] for line in lines[:-1]} - {"status", "event"}, set())
        self.assertEqual((lines[-1]["type"], lines[-1]["exit_code"], lines[-1]["verb"]), ("summary", 0, "copy"))
        for verb in (["inspect", self.source], ["plan", "-o", self.folder / "p.yaml", self.source, self.folder / "new.db"], ["verify", self.source, self.target]):
            last = self.run_vecferry(verb[0], "--json", *verb[1:]).json()
            self.assertEqual((last["v"], last["type"], last["exit_code"], last["verb"]), (1, "summary", 0, verb[0]))
