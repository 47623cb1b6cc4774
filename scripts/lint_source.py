#!/usr/bin/env python3
"""Reads the C files and prints what breaks the rules of the house, as file:line: text. Nothing printed: nothing found."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parent.parent

# Who may include whom, besides the own room: the order of knowledge. Engines never include each other.
MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "vector": {"base"},
    "engine": {"base", "model", "vector"},
    "ferry": {"base", "model", "vector", "engine"},
    "api": {"base", "model", "vector", "engine", "ferry"},
    "cli": {"base", "api"},
}
# engine.c lists the engines: it alone knows them all.
LISTS_ENGINES = "src/engine/engine.c"
# What several engines share is a folder beside them, which knows none of them: it, and who may include it.
SHARED = {"sqlitesql": {"sqlite", "turso"}}

BANNED = "strcpy strcat sprintf vsprintf gets strtok atoi atol atoll atof alloca longjmp setjmp"
# In the library, allocation goes through base/alloc.h, so that tests can make it fail. The program has only what the library exports.
PLAIN_MEMORY = "malloc calloc realloc free strdup strndup asprintf"
PRINTS = re.compile(r"\b(?:vf_buf_printf|vf_buf_vprintf|snprintf)\s*\([^;]*;[^\n]*")
SQL_VERB = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|COPY|TRUNCATE)\b", re.I)
# Comments, strings and characters; in that order they can't be taken for each other.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    """A comment or text becomes blanks; the lines stay where they are."""
    return re.sub(r"[^\n]", " ", match.group(0))


def files(*folders):
    for folder in folders:
        for path in sorted((TOP / folder).rglob("*.[ch]")):
            yield path, str(path.relative_to(TOP)), path.read_text(encoding="utf-8")


def calls(names):
    return re.compile(r"(?<![\w.>])(" + "|".join(names.split()) + r")\s*\(")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_includes(name, text):
    parts = pathlib.PurePath(name).parts
    if parts[0] != "src" or len(parts) < 3:
        return
    room = parts[1]
    engine = parts[2] if room == "engine" and len(parts) > 3 else None
    for match in re.finditer(r'^#include "([^"]+)"', text, re.M):
        target = pathlib.PurePath(match.group(1)).parts
        where = f"{name}:{line_of(text, match.start())}"
        if match.group(1) == "vecferry/vecferry.h" and room in ("api", "cli"):
            continue
        if not (TOP / "src" / match.group(1)).is_file():
            print(f'{where}: "{match.group(1)}" is not written from src/')
        elif target[0] != room and target[0] not in MAY_INCLUDE.get(room, set()):
            print(f"{where}: {room} must not know {target[0]}")
        elif room == "engine" and target[0] == "engine" and len(target) > 2 and name != LISTS_ENGINES and target[1] != engine:
            if engine not in SHARED.get(target[1], set()):
                print(f"{where}: an engine must not know another ({target[1]})")
        elif room not in ("engine",) and target[0] == "engine" and len(target) > 2 and room != "api":
            print(f"{where}: nobody outside an engine knows its inside ({match.group(1)})")


def check_calls(name, text, code):
    """Memory that another library gave away is freed as it says; the comment foreign marks such a line."""
    lines = text.splitlines()
    for match in calls(BANNED).finditer(code):
        if not name.startswith("tests/"):
            print(f"{name}:{line_of(code, match.start())}: {match.group(1)} is not used here")
    if name.startswith("src/") and not name.startswith("src/cli/") and name != "src/base/alloc.c":
        for match in calls(PLAIN_MEMORY).finditer(code):
            if "/* foreign */" in lines[line_of(code, match.start()) - 1]:
                continue
            print(f"{name}:{line_of(code, match.start())}: {match.group(1)} goes around base/alloc.h")


def check_header(name, text):
    if not name.startswith(("src/", "include/")) or not name.endswith(".h"):
        return
    if not text.startswith("/*"):
        print(f"{name}:1: no head comment that says what this is")
    if not re.search(r"^#ifndef (\w+)\n#define \1\b", text, re.M):
        print(f"{name}:1: no include guard")


def check_sql(name, text):
    """A name that goes into SQL by %s must have been quoted; the comment ident, in the statement or behind it, says that it was."""
    if not name.startswith("src/engine/"):
        return
    for match in PRINTS.finditer(text):
        texts = " ".join(re.findall(r'"(?:\\.|[^"\\\n])*"', match.group(0)))
        if "%s" in texts and SQL_VERB.search(texts) and "/* ident */" not in match.group(0):
            print(f"{name}:{line_of(text, match.start())}: %s in SQL without /* ident */: {match.group(0).splitlines()[0][:90]}")


def main():
    for _, name, text in files("src", "include", "tests", "bench", "examples"):
        code = TOKEN.sub(blank, text)
        check_includes(name, text)
        check_calls(name, text, code)
        check_header(name, text)
        check_sql(name, text)


if __name__ == "__main__":
    main()
