"""Databases at random, from a seed: tables with what their engine has, and rows that are as nasty as it takes them.

A database is a model (Database, Table, Column, ...) that prints itself as the statements that make it; shrink.py takes parts out of a model. Expressions name columns as <<id>>, so
that a column can be renamed. generate_types.py has the types of each engine and their values. Nothing here is shared with vecferry.
"""

import copy
import dataclasses
import random
import re

import generate_types

PLAIN_NAMES = ["items", "users", "orders", "notes", "tags", "events", "docs", "chunks", "price", "title", "body", "created_at", "updated_at", "parent_id", "embedding", "n", "kind", "state", "code", "label"]
ODD_NAMES = ["select", "order", "references", "table", "user", "group", "end", "default", "values", "index", "rowid", "oid", "key", "with space", " lead", "trail ", 'quo"te', "it's", "a.b", "semi;colon", "x\"; DROP TABLE y;--",
             "%s%n", "back\\slash", "new\nline", "tab\tname", "[brackets]", "back`tick", "ünïcode", "日本語", "🚢", "e\u0301", "CamelCase", "UPPER", "1st", "--", "/*", "$1", "?", ":name", "n" * 63, "é" * 31, "{}", "#", "null",
             "true", "&amp;", "<b>", "-", "*", "a,b", "(x)", "~", "\x01", "\u202eltr", "\u00a0"]
N_COLUMNS, N_ROWS = (1, 7), (0, 12)


def sendable(text):
    """Is what CAST(x'..' AS TEXT) gives UTF-8?"""
    try:
        bytes.fromhex(text.split("'")[1]).decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclasses.dataclass
class Column:
    id: int
    name: str
    type: str
    kind: generate_types.Type
    values: list = dataclasses.field(default_factory=list)
    not_null: bool = False
    default: str | None = None
    generated: str | None = None
    identity: str | None = None
    collate: str | None = None


@dataclasses.dataclass
class Key:
    """A foreign key; `table` is the parent's id."""

    name: str
    columns: list
    table: int
    parent_columns: list
    rest: str


@dataclasses.dataclass
class Index:
    name: str
    columns: list  # ids that it uses
    text: str  # what comes after ON table
    unique: bool = False


@dataclasses.dataclass
class Table:
    id: int
    name: str
    schema: str | None = None
    columns: list = dataclasses.field(default_factory=list)
    n_rows: int = 0
    key: list = dataclasses.field(default_factory=list)
    uniques: list = dataclasses.field(default_factory=list)
    checks: list = dataclasses.field(default_factory=list)  # (name, text)
    foreign: list = dataclasses.field(default_factory=list)
    indexes: list = dataclasses.field(default_factory=list)
    options: list = dataclasses.field(default_factory=list)

    def column(self, id):
        return next(column for column in self.columns if column.id == id)


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def text_literal(text):
    return "'" + text.replace("'", "''") + "'"


def dialect_of(engine):
    return "sqlite" if engine in ("libsql", "turso") else engine


@dataclasses.dataclass
class Database:
    engine: str
    seed: int
    types: dict = dataclasses.field(default_factory=dict)  # name -> statement
    tables: list = dataclasses.field(default_factory=list)

    @property
    def dialect(self):
        return dialect_of(self.engine)

    def table(self, id):
        return next(table for table in self.tables if table.id == id)

    def full_name(self, table):
        return (quote(table.schema) + "." if table.schema else "") + quote(table.name)

    def fill(self, text):
        """With the names of the columns that it means."""
        names = {column.id: column.name for table in self.tables for column in table.columns}
        return re.sub(r"<<(\d+)>>", lambda found: quote(names[int(found.group(1))]), text)

    def names(self, ids):
        return ", ".join(self.fill(f"<<{id}>>") for id in ids)

    def column_text(self, table, column):
        text = f"{quote(column.name)} {column.type}"
        if column.collate:
            text += f" COLLATE {column.collate}"
        if column.generated:
            return text + " GENERATED ALWAYS AS " + self.fill(column.generated)
        if column.identity and self.dialect == "postgres":
            return text + f" GENERATED {column.identity} AS IDENTITY"
        if column.identity and self.dialect == "sqlite":
            return text + " PRIMARY KEY AUTOINCREMENT"
        if column.default is not None:
            text += f" DEFAULT {self.fill(column.default)}"
        return text + (" NOT NULL" if column.not_null else "")

    def foreign_text(self, key):
        parent = self.table(key.table)
        name = f"CONSTRAINT {quote(key.name)} " if key.name and self.dialect != "duckdb" else ""
        return f"{name}FOREIGN KEY ({self.names(key.columns)}) REFERENCES {self.full_name(parent)} ({self.names(key.parent_columns)}){key.rest}"

    def create(self, table):
        parts = [self.column_text(table, column) for column in table.columns]
        autoincrement = any(column.identity for column in table.columns) and self.dialect == "sqlite"
        if table.key and not autoincrement:
            parts.append(f"PRIMARY KEY ({self.names(table.key)})")
        parts += [f"UNIQUE ({self.names(ids)})" for ids in table.uniques]
        parts += [(f"CONSTRAINT {quote(name)} " if name else "") + f"CHECK ({self.fill(text)})" for name, text in table.checks]
        if self.dialect != "postgres":
            parts += [self.foreign_text(key) for key in table.foreign]
        rest = " " + ", ".join(table.options) if table.options else ""
        return f"CREATE TABLE {self.full_name(table)} (" + ", ".join(parts) + f"){rest}"

    def inserts(self, table):
        columns = [column for column in table.columns if not column.generated]
        if not table.n_rows:
            return []
        if not columns:
            return [f"INSERT INTO {self.full_name(table)} DEFAULT VALUES"] * table.n_rows
        always = " OVERRIDING SYSTEM VALUE" if any(column.identity == "ALWAYS" for column in columns) else ""
        rows = ["(" + ", ".join(column.values[i] for column in columns) + ")" for i in range(table.n_rows)]
        return [f"INSERT INTO {self.full_name(table)} ({self.names([c.id for c in columns])}){always} VALUES " + ",\n  ".join(rows)]

    def statements(self):
        used = " ".join(column.type for table in self.tables for column in table.columns) + " ".join(column.default or "" for table in self.tables for column in table.columns)
        yield from (statement for name, statement in self.types.items() if name in used)
        for schema in dict.fromkeys(table.schema for table in self.tables if table.schema):
            yield f"CREATE SCHEMA {quote(schema)}"
        yield from (self.create(table) for table in self.tables)
        for table in self.tables:
            yield from self.inserts(table)
        for table in self.tables:
            for index in table.indexes:
                yield f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {quote(index.name)} ON {self.full_name(table)} {self.fill(index.text)}"
            if self.dialect == "postgres":
                yield from (f"ALTER TABLE {self.full_name(table)} ADD {self.foreign_text(key)}" for key in table.foreign)

    def script(self):
        return f"-- {self.engine}, seed {self.seed}\n" + "".join(statement + ";\n" for statement in self.statements())


class Generator:
    """One database by one seed. Every choice is of self.random, so that a seed is a database."""

    def __init__(self, engine, seed):
        self.engine, self.random = dialect_of(engine), random.Random(f"{engine} {seed}")
        self.database = Database(engine, seed)
        self.types = generate_types.ENGINES[self.engine]
        self.next_id = 0
        self.index_names = set()

    def chance(self, p):
        return self.random.random() < p

    def id(self):
        self.next_id += 1
        return self.next_id

    def name(self, taken):
        """One that differs from the others by more than case, for most engines fold it; seldom, in PostgreSQL, by nothing else, which the plan has to refuse where it is folded."""
        if self.engine == "postgres" and taken and self.chance(0.004):
            name = self.random.choice(sorted(taken)).swapcase()
            if name.casefold() in taken and len(name.encode()) < 63 and name not in taken:
                taken.add(name)
                return name
        while True:
            name = self.random.choice(ODD_NAMES if self.chance(0.35) else PLAIN_NAMES)
            name += str(self.random.randrange(10)) if self.chance(0.2) and len(name.encode()) < 60 else ""
            if name.casefold() not in taken and not (self.engine == "sqlite" and name.casefold() in ("rowid", "oid")):
                taken.update((name.casefold(), name))
                return name

    def make(self):
        self.database.types = dict(generate_types.OWN_TYPES.get(self.engine, {}))
        taken = set()
        for _ in range(self.random.randint(1, 4)):
            self.make_table(taken)
        for table in self.database.tables:
            if self.chance(0.5):
                self.make_foreign(table)
        for table in self.database.tables:
            self.make_extras(table)
        return self.database

    def make_table(self, taken):
        table = Table(self.id(), self.name(taken))
        if self.engine in ("postgres", "duckdb") and self.chance(0.15):
            table.schema = self.random.choice(["app", "odd schema"])
            self.name_as_another(table)
        table.n_rows = self.random.randint(*N_ROWS)
        names = set()
        if self.chance(0.85):
            self.make_key(table, names)
        for _ in range(self.random.randint(*N_COLUMNS)):
            self.make_column(table, names)
        if self.engine == "sqlite":
            self.sqlite_options(table)
        if self.chance(0.3):
            self.random.shuffle(table.columns)
        self.database.tables.append(table)

    def name_as_another(self, table):
        """As a table of another schema, or so that both would be of one name where schemas become a part of it."""
        others = [other for other in self.database.tables if other.schema != table.schema]
        if not others:
            return
        other, there = self.random.choice(others), {(each.schema, each.name) for each in self.database.tables}
        if self.chance(0.5):
            table.name = table.name if (table.schema, other.name) in there else other.name
        elif self.chance(0.1) and len(table.name.encode()) < 40 and (other.schema, f"{table.schema}_{table.name}") not in there:
            other.name = f"{table.schema}_{table.name}"

    def make_key(self, table, names):
        shape = self.random.choice(["number", "number", "identity", "text", "two", "uuid"])
        kinds = {"number": ["key_number"], "identity": ["key_number"], "text": ["key_text"], "uuid": ["key_uuid"], "two": ["key_text", "key_number"]}[shape]
        for word in kinds:
            kind = self.random.choice(self.types[word])
            column = Column(self.id(), self.name(names), kind.name, kind, not_null=True)
            column.values = kind.distinct(self.random, table.n_rows)
            table.columns.append(column)
            table.key.append(column.id)
        if self.engine == "sqlite" and shape == "identity":
            column.type = "INTEGER"
            column.identity, column.not_null = "AUTOINCREMENT", False
            column.values = generate_types.sqlite_integers(self.random, table.n_rows)
        elif self.engine == "postgres" and shape == "identity":
            column.identity = self.random.choice(["ALWAYS", "BY DEFAULT"])
        elif self.engine == "sqlite":
            column.not_null = self.chance(0.5)

    def make_column(self, table, names):
        kind = self.random.choice(self.types["all"])
        column = Column(self.id(), self.name(names), kind.name, kind)
        nulls = self.random.choice([0, 0.2, 0.2, 1])
        column.values = ["NULL" if self.chance(nulls) else kind.value(self.random) for _ in range(table.n_rows)]
        if self.database.engine == "turso":  # a server can't send what is no UTF-8
            column.values = ["'no UTF-8'" if value.startswith("CAST(x'") and not sendable(value) else value for value in column.values]
        column.not_null = "NULL" not in column.values and self.chance(0.5)
        if self.chance(0.3) and kind.defaults:
            column.default = self.random.choice(kind.defaults)
        table.columns.append(column)

    def sqlite_options(self, table):
        if table.key and self.chance(0.2) and not any(column.identity for column in table.columns):
            table.options.append("WITHOUT ROWID")
        if self.chance(0.1) and all(column.type in ("INTEGER", "TEXT", "REAL", "BLOB", "INT", "ANY") and column.kind.strict for column in table.columns):
            table.options.append("STRICT")

    def is_earlier(self, other, table):
        """DuckDB takes no foreign keys in a circle, and none between schemas."""
        return self.database.tables.index(other) < self.database.tables.index(table) and other.schema == table.schema

    def make_foreign(self, table):
        """Columns like the parent's key, with values of its rows; to the table itself and in a circle, where the engine has that."""
        parents = [other for other in self.database.tables if other.key and (self.engine != "duckdb" or self.is_earlier(other, table))]
        if not parents:
            return
        parent = self.random.choice(parents)
        names = {column.name.casefold() for column in table.columns}
        columns = [parent.column(id) for id in parent.key]
        chosen = [self.random.randrange(parent.n_rows) if parent.n_rows and self.chance(0.7) else None for _ in range(table.n_rows)]
        ids = []
        for column in columns:
            mine = Column(self.id(), self.name(names), column.type, column.kind)
            mine.values = ["NULL" if i is None else column.values[i] for i in chosen]
            table.columns.append(mine)
            ids.append(mine.id)
        rest = self.random.choice(["", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE ON DELETE RESTRICT", " ON DELETE SET DEFAULT"]) if self.engine != "duckdb" else ""
        if self.engine != "duckdb" and self.chance(0.2):
            rest += " DEFERRABLE INITIALLY DEFERRED"
        table.foreign.append(Key(f"fk_{table.id}" if self.chance(0.7) else "", ids, parent.id, list(parent.key), rest))

    def make_extras(self, table):
        if self.chance(0.3):
            self.make_generated(table)
        for column in list(table.columns):
            if self.chance(0.15) and column.kind.checks and not column.generated:
                table.checks.append((self.random.choice(["", f"check_{column.id}"]), self.random.choice(column.kind.checks).replace("<<c>>", f"<<{column.id}>>")))
        if self.chance(0.2):
            kind = self.random.choice(self.types["key_number"] + self.types["key_text"])
            column = Column(self.id(), f"u{self.next_id}", kind.name, kind)
            column.values = kind.distinct(self.random, table.n_rows)
            table.columns.append(column)
            if self.engine == "postgres" or self.chance(0.5):
                table.uniques.append([column.id])
            else:
                self.add_index(table, [column.id], f"(<<{column.id}>>)", unique=True)
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
            self.make_index(table)

    def make_generated(self, table):
        sources = [column for column in table.columns if column.kind.generated and not column.identity]
        if not sources:
            return
        column = self.random.choice(sources)
        kind_name, text = self.random.choice(column.kind.generated)
        stored = {"postgres": " STORED", "duckdb": "", "sqlite": self.random.choice([" STORED", " VIRTUAL", ""])}[self.engine]
        made = Column(self.id(), f"g{self.next_id}", kind_name, generate_types.NONE, generated=f"({text.replace('<<c>>', f'<<{column.id}>>')}){stored}")
        table.columns.append(made)

    def add_index(self, table, ids, text, unique=False):
        name = self.random.choice([f"ix_{self.id()}", f"ix {self.id()}", f'ix"{self.id()}', f"ix_{'ü' * 20}_{self.id()}"])
        table.indexes.append(Index(name, ids, text, unique))

    def make_index(self, table):
        usable = [column for column in table.columns if column.kind.indexable and not (self.engine == "duckdb" and column.generated)]
        if not usable:
            return
        chosen = self.random.sample(usable, min(len(usable), self.random.choice([1, 1, 2, 3])))
        items = [f"<<{column.id}>>" for column in chosen]
        if self.engine != "duckdb":
            items = [item + self.random.choice(["", "", " DESC"] + ([" NULLS FIRST", " DESC NULLS LAST"] if self.engine == "postgres" else [])) for item in items]
        expressions = [(column, text) for column in chosen for text in column.kind.indexed]
        if expressions and self.chance(0.3):
            column, text = self.random.choice(expressions)
            items[chosen.index(column)] = f"({text.replace('<<c>>', f'<<{column.id}>>')})"
        rest = ""
        if self.engine != "duckdb" and self.chance(0.2):
            rest = " WHERE " + self.random.choice([f"<<{chosen[0].id}>> IS NOT NULL", *(text.replace("<<c>>", f"<<{chosen[0].id}>>") for text in chosen[0].kind.checks)])
        method = ""
        if self.engine == "postgres" and len(items) == 1 and not rest and self.chance(0.15) and chosen[0].kind.hashable:
            method, items = "USING hash ", [f"<<{chosen[0].id}>>"]
        self.add_index(table, [column.id for column in chosen], f"{method}({', '.join(items)}){rest}")


def database(engine, seed):
    return Generator(engine, seed).make()


def without_quotes(database):
    """For tursodb, whose answers about names with a quotation mark are wrong."""
    for named in [*database.tables, *(each for table in database.tables for each in (*table.columns, *table.indexes))]:
        named.name = named.name.replace('"', "")


def clone(database):
    return copy.deepcopy(database)
