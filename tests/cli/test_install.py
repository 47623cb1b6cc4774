"""What `make install` puts down is enough to build a program against: the header, the library, its pkg-config file; and the manual."""

import json
import os
import pathlib
import re
import shlex
import sqlite3
import struct
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = os.environ["VECFERRY_BUILD"]
EXAMPLE = TOP / "examples" / "copy_verify.c"
COMMANDS = ["inspect", "plan", "copy", "verify", "completion", "manual"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


def run(*command, code=0, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **environment))
    assert done.returncode == code, f"exit code {done.returncode}: {command}\n{done.stdout}\n{done.stderr}"
    return done


def introspect(what):
    return json.loads(run("meson", "introspect", f"--{what}", BUILD).stdout)


def sanitizers():
    """The flags for linking with a library that was built with a sanitizer."""
    value = next(option["value"] for option in introspect("buildoptions") if option["name"] == "b_sanitize")
    return [] if value in ("none", "") else [f"-fsanitize={value}"]


def compiler():
    """The command of the compiler that the library was built with."""
    sources = [part for target in introspect("targets") for part in target["target_sources"] if target["type"] == "executable"]
    return next(part["compiler"] for part in sources if part.get("compiler"))


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.scratch = pathlib.Path(cls.folder.name)
        cls.root = cls.scratch / "root"
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", str(cls.root))
        cls.pc = next(cls.root.rglob("vecferry.pc"))
        cls.lib = cls.pc.parent.parent
        cls.include = next(cls.root.rglob("vecferry.h")).parent.parent
        cls.flags = shlex.split(cls.pkg_config("--cflags", "--libs"))
        cls.cc = compiler()
        cls.program = str(cls.scratch / "copy_verify")
        run(*cls.cc, "-std=c11", *WARNINGS, str(EXAMPLE), *cls.flags, *sanitizers(), "-o", cls.program)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def pkg_config(cls, *arguments):
        return run("pkg-config", *arguments, "vecferry", PKG_CONFIG_PATH=str(cls.pc.parent), PKG_CONFIG_SYSROOT_DIR=str(cls.root)).stdout.strip()

    def installed(self, *command, code=0):
        return run(*command, code=code, LD_LIBRARY_PATH=str(self.lib))

    def database(self, name):
        path = self.scratch / name
        with sqlite3.connect(path) as db:
            db.execute("create table notes (id integer primary key, text text not null, embedding blob)")
            rows = [(i, f"note {i}", struct.pack("<8f", *[i / (k + 1) for k in range(8)])) for i in range(1, 201)]
            db.executemany("insert into notes values (?, ?, ?)", rows)
        db.close()
        return str(path)

    def rows(self, path):
        db = sqlite3.connect(path)
        rows = db.execute("select * from notes order by id").fetchall()
        db.close()
        return rows

    def test_the_example_is_short_and_includes_nothing_else(self):
        text = EXAMPLE.read_text(encoding="utf-8")
        self.assertLessEqual(len(text.splitlines()), 45)
        self.assertEqual(sorted(re.findall(r"#include <(.*)>", text)), ["stdio.h", "vecferry/vecferry.h"])
        self.assertNotIn('#include "', text)

    def test_the_example_copies_and_verifies(self):
        source, target = self.database("source.db"), str(self.scratch / "target.db")
        done = self.installed(self.program, source, target)
        self.assertIn("notes: 200 rows", done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.rows(target), self.rows(source))
        self.assertEqual(len(self.rows(target)), 200)

    def test_the_example_ends_with_the_exit_code(self):
        source, target = self.database("full.db"), str(self.scratch / "taken.db")
        self.installed(self.program, source, target)
        refused = self.installed(self.program, source, target, code=9)
        self.assertIn("notes", refused.stderr)
        missing = self.installed(self.program, str(self.scratch / "none.db"), str(self.scratch / "new.db"), code=4)
        self.assertIn("none.db", missing.stderr)
        self.assertFalse((self.scratch / "new.db").exists())
        self.installed(self.program, code=2)

    def test_only_the_public_header_is_installed(self):
        headers = sorted(str(path.relative_to(self.include)) for path in self.root.rglob("*.h*"))
        self.assertEqual(headers, ["vecferry/vecferry.h"])

    def test_the_header_is_c_and_cplusplus(self):
        include = f"-I{self.include}"
        for standard, compiler, suffix in (("c11", self.cc, "c"), ("c17", self.cc, "c"), ("c++11", ["c++"], "cc"), ("c++20", ["c++"], "cc")):
            path = self.scratch / f"header_{standard.replace('+', 'p')}.{suffix}"
            path.write_text("#include <vecferry/vecferry.h>\nint main(void) { return vecferry_options() == 0; }\n")
            run(*compiler, f"-std={standard}", *WARNINGS, include, "-c", str(path), "-o", str(path) + ".o")

    def test_the_library_exports_what_the_header_declares(self):
        declared = set(re.findall(r"VECFERRY_API [^;]*?\b(vecferry_\w+)\(", (self.include / "vecferry/vecferry.h").read_text()))
        self.assertIn("vecferry_copy", declared)
        lines = run("nm", "-D", "--defined-only", str(self.lib / "libvecferry.so")).stdout.splitlines()
        exported = {line.split()[-1].split("@")[0] for line in lines}
        sanitizer = {name for name in exported if re.match(r"__(odr_)?[atu]b?san", name)}
        self.assertEqual(exported - sanitizer, declared)

    def test_pkg_config(self):
        self.assertEqual("vecferry " + self.pkg_config("--modversion"), self.installed(str(next(self.root.rglob("bin/vecferry"))), "--version").stdout.strip())
        self.assertIn("-lvecferry", self.flags)
        self.assertNotIn("-lpq", self.flags, "what the library is linked with is its own business")
        self.assertTrue((self.lib / "libvecferry.so.0").exists())

    def test_manual_pages_are_installed(self):
        pages = {path.name: path.read_text() for path in self.root.rglob("man1/*")}
        self.assertEqual(sorted(pages), sorted(["vecferry.1"] + [f"vecferry-{command}.1" for command in COMMANDS]))
        for name, page in pages.items():
            with self.subTest(name):
                self.assertTrue(page.startswith(".TH "))
                command = name[:-2].split("-")[1:]
                self.assertEqual(page, self.installed(str(next(self.root.rglob("bin/vecferry"))), "manual", *command).stdout)


if __name__ == "__main__":
    unittest.main()
