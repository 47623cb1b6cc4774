"""What holds for the project as a whole: every source is built, the version is one, words are used as the glossary has them."""

import os
import pathlib
import re
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
VECFERRY = os.environ["VECFERRY"]
TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")', re.S)


def sources(*folders):
    return [path for folder in folders for path in sorted((TOP / folder).rglob("*.[ch]"))]


def texts(path):
    """The string literals of a C file, without its comments."""
    return " ".join(match.group(1) for match in TEXT.finditer(path.read_text(encoding="utf-8")) if match.group(1))


class Project(unittest.TestCase):
    def test_every_source_is_built(self):
        """A file that no meson.build names is never compiled, and a test that isn't named never fails."""
        for path in sources("src", "tests/unit", "tests/conformance", "tests/support", "bench", "docs"):
            if path.suffix != ".c":
                continue
            folder, found = path.parent, False
            while not found and folder != TOP.parent:
                build = folder / "meson.build"
                name = re.escape(str(path.relative_to(folder).with_suffix(""))).replace("test_", "(test_)?")
                found = build.exists() and re.search(rf"'{name}(\.c)?'", build.read_text(encoding="utf-8"))  # or a list of stems
                folder = folder.parent
            with self.subTest(str(path.relative_to(TOP))):
                self.assertTrue(found, "no meson.build names it")

    def test_every_header_is_included(self):
        included = set(re.findall(r'^#include ["<]([^">]+)[">]', "\n".join(path.read_text(encoding="utf-8") for path in sources("src", "tests", "docs", "bench", "examples")), re.M))
        names = {pathlib.PurePath(name).name for name in included}
        for path in sources("src", "include"):
            if path.suffix == ".h":
                self.assertIn(path.name, names, str(path.relative_to(TOP)))

    def test_the_version_is_one(self):
        version = re.search(r"version: '(\d+\.\d+\.\d+)'", (TOP / "meson.build").read_text()).group(1)
        shown = subprocess.run([VECFERRY, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(shown, f"vecferry {version}\n")
        newest = re.search(r"^## (\d+\.\d+\.\d+)", (TOP / "CHANGELOG.md").read_text(), re.M).group(1)
        self.assertEqual(newest, version)

    def test_users_read_source_and_target(self):
        for path in sources("src"):
            found = re.search(r"\b(dest|destination|src|dst)\b", texts(path), re.I)
            self.assertIsNone(found, f"{path.relative_to(TOP)}: {found}")

    def test_nothing_is_put_off(self):
        words = re.compile(r"\b(TODO|FIXME|XXX|HACK|for now|not yet implemented)\b")
        for path in [*sources("src", "include", "tests", "bench", "examples", "docs"), *sorted((TOP / "scripts").iterdir())]:
            found = words.search(path.read_text(encoding="utf-8"))
            self.assertIsNone(found, f"{path.relative_to(TOP)}: {found}")

    def test_tests_that_are_named_exist(self):
        """tests/FAULTS.md: for each row of its tables, files and the tests in them."""
        known = {path.name: set(re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))) for folder in ("cli", "e2e", "long") for path in (TOP / "tests" / folder).glob("*.py")}
        n_named = 0
        for line in (TOP / "tests" / "FAULTS.md").read_text(encoding="utf-8").splitlines():
            for file, names in re.findall(r"(\w+\.py): (test_\w+(?:, test_\w+)*)", line):
                for name in names.split(", "):
                    n_named += 1
                    with self.subTest(f"{file}: {name}"):
                        self.assertIn(name, known.get(file, ()))
        self.assertGreater(n_named, 100)

    def test_scripts_can_be_run(self):
        for path in (TOP / "scripts").iterdir():
            if path.read_bytes().startswith(b"#!/usr/bin/env bash"):
                self.assertTrue(os.access(path, os.X_OK), path.name)
                done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), path.name)

    def test_the_glossary_has_the_words_of_the_interface(self):
        glossary = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Words")[1].split("## Habits")[0]
        for word in ("source", "engine", "kind", "form", "evidence", "embedding", "fidelity", "plan", "run", "chunk", "batch", "marker", "claim", "reject", "digest", "step", "record"):
            self.assertRegex(glossary, rf"(?m)^\| (\w+, )?{word}(s|, \w+)? \|", word)


if __name__ == "__main__":
    unittest.main()
