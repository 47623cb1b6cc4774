"""The pages of docs/ say what the program's tables say, and every link in them leads somewhere."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
VECFERRY = os.environ["VECFERRY"]
BUILD = os.environ["VECFERRY_BUILD"]


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Made(unittest.TestCase):
    def compare(self, page):
        made = output(f"{BUILD}/docs/make_docs", page)
        self.assertGreater(len(made.splitlines()), 20)
        self.assertEqual(read(f"docs/{page}.md"), made, f"docs/{page}.md is older than the program's table: make docs")

    def test_types(self):
        self.compare("types")

    def test_options(self):
        self.compare("options")

    def test_indexes(self):
        self.compare("indexes")

    def test_objects(self):
        self.compare("objects")

    def test_fulltext(self):
        self.compare("fulltext")

    def test_tables_of_the_readme(self):
        made = output(f"{BUILD}/docs/make_docs", "readme")
        self.assertGreater(len(made.splitlines()), 20)
        between = re.search(r"(?ms)^<!-- tables, .*?-->\n(.*?)^<!-- end of the tables -->$", read("README.md"))
        self.assertEqual(between.group(1), made, "README.md is older than the program's tables: make docs")


def codes(text):
    """The numbers of "6, 7"."""
    return [int(word) for word in re.findall(r"\d+", text)]


class ExitCodes(unittest.TestCase):
    """The page, the public header, the library's table of statuses and the manual."""

    def setUp(self):
        rows = re.findall(r"^\| ([\d, ]+) \| (.+?) \| .*\|$", read("docs/exit-codes.md"), re.M)
        self.page = {code: meaning for numbers, meaning in rows for code in codes(numbers)}
        self.assertEqual(len(rows), 13)

    def test_header(self):
        enum = re.search(r"enum vecferry_exit \{(.*?)\};", read("include/vecferry/vecferry.h"), re.S).group(1)
        header = {int(code) for code in re.findall(r"VECFERRY_\w+ = (\d+)", enum)}
        self.assertEqual(header | {143}, set(self.page))

    def test_statuses(self):
        rows = re.findall(r"X\(\w+, -?\d+, (\d+), \"", read("src/base/status.h"))
        self.assertGreater(len(rows), 12)
        self.assertEqual({int(code) for code in rows} | {1, 6, 7, 143}, set(self.page))

    def test_manual(self):
        for page in ([], ["copy"]):
            roff = output(VECFERRY, "manual", *page).split(".SH EXIT STATUS\n")[1].split(".SH")[0]
            numbers = re.findall(r"^\.TP\n([\d, ]+)\n", roff, re.M)
            self.assertEqual({code for text in numbers for code in codes(text)}, set(self.page))


class Json(unittest.TestCase):
    """Every field that a result has is named in docs/json.md."""

    def keys(self, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                if key not in ("schema", "key"):  # described as a whole
                    yield from self.keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from self.keys(inner)

    def test_fields(self):
        page = set(re.findall(r"[\w]+", " ".join(re.findall(r"`([^`]+)`", read("docs/json.md")))))
        with tempfile.TemporaryDirectory() as folder:
            source, target = f"{folder}/a.db", f"{folder}/b.db"
            with sqlite3.connect(source) as db:
                db.executescript("create table t (id integer primary key, x int check (x > 0)); create view v as select 1; insert into t values (1, 2), (2, 3)")
            db.close()
            seen = set()
            for verb in (["inspect", source], ["plan", "-o", "-", source, target], ["copy", source, target], ["verify", source, target], ["copy", source, target]):
                done = subprocess.run([VECFERRY, verb[0], "--json", *verb[1:]], capture_output=True, text=True)
                for line in done.stdout.splitlines():
                    seen |= set(self.keys(json.loads(line)))
            with sqlite3.connect(target) as db:
                db.execute("update t set x = 7 where id = 1")
            db.close()
            done = subprocess.run([VECFERRY, "verify", "--json", source, target], capture_output=True, text=True)
            seen |= set(self.keys(json.loads(done.stdout.splitlines()[-1])))
            self.assertEqual(done.returncode, 3)
        self.assertIn("differences", seen)
        self.assertEqual(seen - page, set())


class Prose(unittest.TestCase):
    def pages(self):
        names = output("git", "-C", str(TOP), "ls-files", "*.md").split() if (TOP / ".git").exists() else []
        return [name for name in names if (TOP / name).exists()]

    def test_links_lead_somewhere(self):
        pages = self.pages()
        self.assertIn("docs/exit-codes.md", pages)
        for page in pages:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(page)):
                if "://" not in target and not target.startswith("mailto:"):
                    self.assertTrue((TOP / page).parent.joinpath(target).exists(), f"{page}: {target}")

    def test_make_targets_that_are_named_exist(self):
        targets = {name for names in re.findall(r"^([a-z0-9 -]+):", read("Makefile"), re.M) for name in names.split()}
        for page in self.pages():
            for target in re.findall(r"`make ([a-z0-9-]+)[^`]*`", read(page)):
                self.assertIn(target, targets, page)

    def test_options_that_are_named_exist(self):
        known = set(re.findall(r"`--([a-z0-9-]+)", read("docs/options.md"))) | {"help", "version"}
        for page in ("README.md", "docs/exit-codes.md", "docs/json.md"):
            if (TOP / page).exists():
                for line in re.findall(r"vecferry [^\n]*", read(page)):
                    for option in re.findall(r"(?<=\s)--([a-z][a-z0-9-]+)", line):
                        self.assertIn(option, known, f"{page}: {line}")


if __name__ == "__main__":
    unittest.main()
