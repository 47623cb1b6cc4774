"""Help, manual pages, completions and the environment all come from one table of options, and say the same."""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest

VECFERRY = os.environ["VECFERRY"]
BUILD = os.environ["VECFERRY_BUILD"]
COMMANDS = ["inspect", "plan", "copy", "verify", "index", "completion", "manual"]


class Option(ctypes.Structure):
    """struct vecferry_option of vecferry.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("letter", ctypes.c_char),
        ("kind", ctypes.c_int),
        ("argument", ctypes.c_char_p),
        ("verbs", ctypes.c_char_p),
        ("help", ctypes.c_char_p),
        ("fallback", ctypes.c_char_p),
    ]


def table():
    """The library's own table, read in a process of its own: a sanitizer's library can't be loaded into Python as it is."""
    program = (
        "import ctypes, json, sys\n"
        "from test_help import Option\n"
        "lib = ctypes.CDLL(sys.argv[1])\n"
        "lib.vecferry_options.restype = ctypes.POINTER(Option)\n"
        "rows, i, options = [], 0, lib.vecferry_options()\n"
        "while options[i].name:\n"
        "    o = options[i]\n"
        "    text = lambda value: value.decode() if value is not None else None\n"
        "    rows.append([text(o.name), o.letter.decode().strip('\\0'), o.kind, text(o.argument), o.verbs.decode().split(), text(o.help), text(o.fallback)])\n"
        "    i += 1\n"
        "print(json.dumps(rows))\n"
    )
    import json
    import sys

    library = f"{BUILD}/src/libvecferry.so"
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0", PYTHONPATH=os.path.dirname(__file__))
    linked = subprocess.run(["ldd", VECFERRY], capture_output=True, text=True, check=True).stdout
    runtimes = [line.split("=>")[1].split()[0] for line in linked.splitlines() if re.search(r"lib(asan|ubsan|tsan|clang_rt)", line)]
    if runtimes:
        environment["LD_PRELOAD"] = " ".join(runtimes)
    done = subprocess.run([sys.executable, "-c", program, library], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(*arguments, code=0, **environment):
    done = subprocess.run([VECFERRY, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=dict(os.environ, **environment))
    assert done.returncode == code, f"exit code {done.returncode}: {arguments}\n{done.stdout}\n{done.stderr}"
    return done


class Help(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.options = table()

    def of(self, command):
        return [option for option in self.options if command in option[4]]

    def test_the_table_is_consistent(self):
        names = [option[0] for option in self.options]
        self.assertEqual(len(names), len(set(names)))
        for command in COMMANDS:
            letters = [option[1] for option in self.of(command) if option[1]]
            self.assertEqual(len(letters), len(set(letters)), command)
            self.assertNotIn("h", letters)
        for name, letter, kind, argument, verbs, text, fallback in self.options:
            with self.subTest(name):
                self.assertRegex(name, r"\A[a-z]+[0-9]?(-[a-z]+)*\Z")
                self.assertEqual(kind == 0, argument is None, "a flag has no argument, all others have one")
                self.assertTrue(set(verbs) <= set(COMMANDS), verbs)
                self.assertTrue(text and not text.endswith("."))

    def test_help_names_every_option_of_its_command(self):
        for command in COMMANDS:
            shown = run(command, "--help")
            self.assertEqual(shown.stderr, "")
            self.assertEqual(shown.stdout, run("help", command).stdout)
            self.assertEqual(shown.stdout, run(command, "-h").stdout)
            found = re.findall(r"^  (?:-(.), |    )--([a-z0-9-]+)(?: ([][A-Z=.]+))?$|^  (?:-(.), |    )--([a-z0-9-]+)(?: ([][A-Z=.]+))? {1,}\S", shown.stdout, re.M)
            found = sorted((a or d, b or e, c or f or None) for a, b, c, d, e, f in found)
            self.assertEqual(found, sorted((o[1], o[0], o[3]) for o in self.of(command)), command)
            for option in self.of(command):
                self.assertIn(option[5], shown.stdout)

    def test_help_of_the_program_names_every_command(self):
        for word in ("--help", "-h", "help"):
            shown = run(word).stdout
            for command in COMMANDS:
                self.assertRegex(shown, rf"(?m)^  {command} +\S")
        nothing = run(code=2)
        self.assertEqual(nothing.stdout, "")
        self.assertIn("usage:", nothing.stderr)

    def test_version(self):
        version = run("--version").stdout
        self.assertRegex(version, r"\Avecferry \d+\.\d+\.\d+\n\Z")
        self.assertEqual(run("version").stdout, version)

    def test_manual_pages(self):
        pages = {command: run("manual", command).stdout for command in COMMANDS}
        pages[""] = run("manual").stdout
        for command, page in pages.items():
            with self.subTest(command):
                self.assertRegex(page, r'\A\.TH "VECFERRY[A-Z-]*" 1 "" "vecferry \d+\.\d+\.\d+" "vecferry"\n\.SH NAME\n')
                macros = set(re.findall(r"(?m)^\.(\w+)", page))
                self.assertTrue(macros <= {"TH", "SH", "TP", "B", "BR", "I", "nf", "fi"}, macros)
                self.assertEqual(page.count("\n.nf\n"), page.count("\n.fi\n"))
                self.assertNotRegex(page, r"(?m)[^\x00-\x7f]")
                self.assertNotIn("\n\n", page, "an empty line is a paragraph too many")
                for line in page.splitlines():
                    self.assertNotRegex(line, r"(?<!\\)-", "a hyphen that isn't escaped can't be copied") if not line.startswith((".TH", ".BR", ".B ")) else None
                for code in ("0", "1", "2", "3", "4", "5", "6, 7", "8", "9", "10", "11", "12", "130, 143"):
                    self.assertIn(f"\n.TP\n{code}\n", page)
        for command in COMMANDS:
            for option in self.of(command):
                self.assertIn("\\fB\\-\\-" + option[0].replace("-", "\\-") + "\\fR", pages[command])
            self.assertIn(f"vecferry\\-{command} \\- ", pages[command])
            self.assertIn(f"\n.B {command}\n", pages[""])

    def test_a_reader_of_manual_pages_has_nothing_to_say(self):
        readers = [r for r in (["mandoc", "-T", "lint", "-W", "error"], ["groff", "-ww", "-z", "-man", "-Tutf8"]) if shutil.which(r[0])]
        for command in COMMANDS:
            for reader in readers:
                done = subprocess.run(reader, input=run("manual", command).stdout, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), f"{reader[0]}: {command}")

    def test_completions_have_every_option(self):
        for shell in ("bash", "zsh", "fish"):
            script = run("completion", shell).stdout
            for command in COMMANDS:
                for option in self.of(command):
                    wanted = f" -l {option[0]}" if shell == "fish" else f" --{option[0]}"
                    lines = [line for line in script.splitlines() if re.search(rf"(^| |'){command}[) ']|from {command}'", line)]
                    self.assertTrue(any(re.search(re.escape(wanted) + r"([ \"';]|$)", line) for line in lines), f"{shell}: {command} --{option[0]}")
        self.assertIn("hint: bash, zsh or fish", run("completion", "tcsh", code=2).stderr)
        self.assertIn("hint: bash, zsh or fish", run("completion", code=2).stderr)

    def test_completions_parse(self):
        with tempfile.TemporaryDirectory() as folder:
            for shell in ("bash", "zsh", "fish"):
                path = os.path.join(folder, shell)
                with open(path, "w") as file:
                    file.write(run("completion", shell).stdout)
                if shutil.which(shell):
                    done = subprocess.run([shell, "-n", path], capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
                # Quotes are even, whichever shells are there.
                for line in open(path):
                    self.assertEqual(line.replace("'\\''", "").count("'") % 2, 0, line)

    def test_completion_in_bash_completes(self):
        script = run("completion", "bash").stdout
        def complete(*words):
            program = script + f"\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _vecferry; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            done = subprocess.run(["bash", "-c", program], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return done.stdout.split()
        self.assertEqual(complete("vecferry", "ver"), ["verify"])
        self.assertEqual(complete("vecferry", "copy", "--dr"), ["--dry-run", "--drop-existing"])
        self.assertEqual(complete("vecferry", "inspect", "--dr"), [])

    def test_an_option_of_another_command_is_not_taken(self):
        for command in ("inspect", "plan", "copy", "verify"):
            for option in self.options:
                if command in option[4]:
                    continue
                value = [] if option[2] == 0 else ["x"]
                done = run(command, "--" + option[0], *value, code=2)
                self.assertIn(option[0], done.stderr)
                self.assertEqual(done.stdout, "")

    def test_values_of_options_are_checked(self):
        for option in self.of("copy"):
            with self.subTest(option[0]):
                if option[2] == 0:
                    done = run("copy", f"--{option[0]}=maybe", "a.db", "b.db", code=2)
                    self.assertIn(option[0], done.stderr)
                    continue
                self.assertIn("--" + option[0], run("copy", "--" + option[0], code=2).stderr)
                if option[2] == 2:
                    for bad in ("0", "-1", "1.5", "many", "99999", "9999999999999999999999", ""):
                        self.assertIn("whole number", run("copy", f"--{option[0]}={bad}", "a.db", "b.db", code=2).stderr)
                if option[2] == 3:
                    for bad in ("0", "-64M", "64Q", "lots", "1K", "99999999999999999999G"):
                        self.assertIn("size", run("copy", f"--{option[0]}={bad}", "a.db", "b.db", code=2).stderr)

    def test_the_environment_is_checked_like_the_options(self):
        for option in self.of("copy"):
            if option[2] not in (2, 3, 0):
                continue
            variable = "VECFERRY_" + option[0].upper().replace("-", "_")
            done = run("copy", "a.db", "b.db", code=2, **{variable: "nonsense"})
            self.assertIn(option[0], done.stderr)


if __name__ == "__main__":
    unittest.main()
