"""The account of a plan: each object that the source's own catalogue has is in the target's catalogue, or the plan names it."""

import json
import re

import catalogue


def check(case, source, targets, plan, renamed=None):
    """`source` and `targets`: URLs; `plan`: the object of plan --json. An index that is a file beside the target is in the target."""
    objects, made = catalogue.read(source), {}
    for target in targets:
        made.update(catalogue.read(target))
    for path in case.folder.glob("*.usearch.json"):
        said = json.loads(path.read_text(encoding="utf-8"))
        tables = [table for (table, _), there in (renamed or {}).items() if there == (said["table"], said["column"])] or [said["table"]]
        made.update({key: "" for key, definition in objects.items() if key[0] == "index" and key[1] in tables and said["metric"] in definition})
    case.assertGreater(len(objects), 10)
    assert_complete(case, Account(objects, made, Named(plan), renamed))


def assert_complete(case, account):
    case.assertEqual(account.missing(), [], "not moved, and not named")
    case.assertEqual(account.unlisted(), [], "named, and not in the catalogue")


def label(name):
    """Of a table, as catalogue.py calls it."""
    schema, point, table = (name or "").partition(".")
    return table if point and schema in ("public", "main") else (name or "").replace(".", "_", 1)


def within(schema, name):
    """The label of what a plan's entry calls by a schema and a name, or by a label already."""
    if not schema or not name:
        return label(name)
    name = name.removeprefix(f"{schema}.")
    return name if schema in ("public", "main") else f"{schema}_{name}"


def is_same(on, table):
    """A table without a schema may have a point in its name itself."""
    return on in (table, label(table))


class Named:
    """What a plan says of a source: what stays behind, and what is to be known."""

    def __init__(self, *plans):
        self.not_moved = [(other["kind"], within(other.get("schema"), other.get("on")), other["name"], within(other.get("schema"), other["name"])) for plan in plans for other in plan["not_moved"]]
        # What couldn't be made over the rows that are there.
        left_open = [re.match(r'([a-z ]+) "(.*)" of table "(.*?)": ', problem["what"], re.DOTALL) for plan in plans for problem in plan.get("unfinished", [])]
        self.not_moved += [(found[1], label(found[3]), found[2], found[2]) for found in left_open if found]
        self.problems = [(label(problem["object"].rpartition(".")[0]) + "." + problem["object"].rpartition(".")[2], problem["what"]) for plan in plans for problem in plan["problems"]]

    def has(self, kind, table, name):
        """It stays behind."""
        return any(other == kind and (is_same(on, table) or not table) and name in (*called, *map(label, called)) for other, on, *called in self.not_moved)

    def changes(self, kind, table, name):
        """It stays behind, or becomes another."""
        if self.has(kind, table, name) or any(of == f"{table}.{name}" for of, _ in self.problems):
            return True
        if kind == "partition" and self.has("partitioning", table, table):
            return True
        if kind == "trigger of an index":  # each database has its own
            return True
        if kind == "table":
            return any(other in OF_TABLES and name in called for other, _, *called in self.not_moved)
        # By other rules of comparison, and so another index.
        return kind in ("index", "unique constraint") and any(other == "collation" and on == table for other, on, *_ in self.not_moved)

    def count(self, kind, table):
        undeclared = sum((of.endswith("." + table) or table in (of, label(of))) and what.startswith(kind) and "isn't declared" in what for of, what in self.problems)
        if kind == "foreign key":  # rows without a parent keep it from being made
            undeclared += sum(of.startswith(table + ".") and "refer to rows of" in what for of, what in self.problems)
        return undeclared + sum(other == kind and is_same(on, table) for other, on, *_ in self.not_moved)


def is_fulltext(definition):
    return definition.startswith(("fts5", "full-text"))


# Not every database gives them names.
NAMELESS = ("check", "primary key", "unique constraint", "foreign key")
# What the plan says of a table that is another one on the way back.
OF_TABLES = ("unlogged table", "inheritance", "partitioning")


class Account:
    """Finds the objects of a source among those of its target, or in the plan. `renamed`: (table, name) in the source -> what the plan calls it in the target."""

    def __init__(self, source, target, named, renamed=None):
        self.source, self.target, self.named, self.renamed = source, target, named, renamed or {}

    def per_table(self, objects, kind, table):
        return sum(other == kind and on == table for other, on, _ in objects)

    def missing(self):
        return [key for key in self.source if not self.found(*key)]

    def found(self, kind, table, name):
        if (kind, *self.renamed.get((table, name), (table, name))) in self.target or self.named.has(kind, table, name):
            return True
        if table and self.named.has("table", "", table):
            return True  # it stays behind as a whole
        if kind == "not null":  # it is a part of the column
            made = self.target.get(("column", *self.renamed.get((table, name), (table, name))))
            return self.named.has("column", table, name) or bool(made) and (bool(made[1]) if isinstance(made, tuple) else "NOT NULL" in made)
        if kind in NAMELESS:
            there = self.renamed.get(("", table), ("", table))[1]
            n_found = self.per_table(self.target, kind, there) + self.named.count(kind, table)
            if kind == "unique constraint":  # by another rule than the target's: a unique index there
                n_found += sum(k == "index" and t == there and "unique" in str(definition).lower() for (k, t, _), definition in self.target.items())
            return n_found >= self.per_table(self.source, kind, table)
        if kind == "index" and is_fulltext(self.source[kind, table, name]):  # it has another name in each database
            return any(k == kind and t == table and is_fulltext(definition) for (k, t, _), definition in self.target.items()) or self.named.count("full-text index", table) > 0
        if kind == "identity" and ("default", table, name) in self.target:  # a sequence counts for it in DuckDB
            return True
        if kind == "identity" or kind == "default" and "nextval" in self.source[kind, table, name]:  # SQLite's integer primary key counts on by itself
            return ("primary key", table, name) in self.target and self.target.get(("column", table, name), ("",))[0] == "INTEGER"
        if kind == "sequence":
            return ("sequence of a column", table, name) in self.target
        if kind == "trigger of an index":
            return self.named.has("trigger", table, name) or any(self.found(*key) for key in self.source if key[:2] == ("index", table) and is_fulltext(self.source[key]))
        if kind == "schema":  # it is a part of the names of what is in it
            return any(other in ("table", "view", "sequence") and called.startswith(name + "_") for other, _, called in self.source)
        if kind == "partition":  # its rows are the table's, or a table of its own
            return self.named.has("partitioning", table, table) or ("table", "", name) in self.target
        # That of a table or a column is remembered: told by what comes back. A sequence that serves a column is a part of its default.
        return (kind == "comment" and bool(table)) or kind == "sequence of a column"

    def unlisted(self):
        """What the plan names and the catalogue doesn't have, or has less of."""
        wrong = [entry for entry in self.named.not_moved if entry[0] not in NAMELESS and not any(self.is_of(entry, *key) for key in self.source)]
        tables = {entry[:2] for entry in self.named.not_moved if entry[0] in NAMELESS}
        domains = {name for kind, _, name in self.source if kind == "domain"}  # whose checks and defaults are a part of their definition
        return wrong + [entry for entry in tables if entry[1] not in domains and sum(other[:2] == entry for other in self.named.not_moved) > self.per_table(self.source, *entry)]

    def is_of(self, entry, kind, table, name):
        word, on, *called = entry
        on = table if is_same(on, table) else on
        if word == "full-text index":
            return kind == "index" and table in (on, "") and is_fulltext(self.source[kind, table, name])
        if word == "collation" and on:  # of a column
            return kind == "column" and table == on and name in called
        if word == "default" and kind == "domain" or word == "trigger" and kind == "trigger of an index":
            return name in called
        return word == kind and table in (on, "") and name in called
