"""The account of a plan: each object that the source's own catalogue has is in the target's catalogue, or the plan names it."""

import json

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
    case.assertEqual(Account(objects, made, Named(plan), renamed).missing(), [])


def label(name):
    """Of a table, as catalogue.py calls it."""
    schema, point, table = (name or "").rpartition(".")
    return table if not point or schema in ("public", "main") else f"{schema}_{table}"


class Named:
    """What a plan says of a source: what stays behind, and what is to be known."""

    def __init__(self, *plans):
        self.not_moved = [(other["kind"], label(other["on"]), other["name"]) for plan in plans for other in plan["not_moved"]]
        self.problems = [(label(problem["object"].rpartition(".")[0]) + "." + problem["object"].rpartition(".")[2], problem["what"]) for plan in plans for problem in plan["problems"]]

    def has(self, kind, table, name):
        """It stays behind."""
        return any(other == kind and (on == table or not table) and name in (called, label(called)) for other, on, called in self.not_moved)

    def changes(self, kind, table, name):
        """It stays behind, or becomes another."""
        if self.has(kind, table, name) or any(of == f"{table}.{name}" for of, _ in self.problems):
            return True
        if kind == "table":
            return any(other in OF_TABLES and label(called) == name for other, _, called in self.not_moved)
        # By other rules of comparison, and so another index.
        return kind in ("index", "unique constraint") and any(other == "collation" and on == table for other, on, _ in self.not_moved)

    def count(self, kind, table):
        undeclared = sum(of.endswith("." + table) and what.startswith(kind) and "isn't declared" in what for of, what in self.problems)
        if kind == "foreign key":  # rows without a parent keep it from being made
            undeclared += sum(of.startswith(table + ".") and "refer to rows of" in what for of, what in self.problems)
        return undeclared + sum(other == kind and on == table for other, on, _ in self.not_moved)


def is_fulltext(definition):
    return definition.startswith(("fts5", "full-text"))


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
        if kind in ("check", "primary key", "unique constraint", "foreign key"):  # not every database gives them names
            there = self.renamed.get(("", table), ("", table))[1]
            n_found = self.per_table(self.target, kind, there) + self.named.count(kind, table)
            if kind == "unique constraint":  # by another rule than the target's: a unique index there
                n_found += sum(k == "index" and t == there and "unique" in str(definition).lower() for (k, t, _), definition in self.target.items())
            return n_found >= self.per_table(self.source, kind, table)
        if kind == "index" and is_fulltext(self.source[kind, table, name]):  # it has another name in each database
            return any(k == kind and t == table and is_fulltext(definition) for (k, t, _), definition in self.target.items()) or self.named.count("full-text index", table) > 0
        if kind == "default" and "nextval" in self.source[kind, table, name]:  # SQLite's integer primary key counts on by itself
            return ("primary key", table, name) in self.target and self.target.get(("column", table, name), ("",))[0] == "INTEGER"
        if kind == "sequence":
            return ("sequence of a column", table, name) in self.target
        # A comment is remembered: told by what comes back. A sequence that serves a column is a part of its default.
        return kind in ("comment", "sequence of a column")
