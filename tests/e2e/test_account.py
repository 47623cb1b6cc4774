"""The plan is a full account of the source: each object of its catalogues is moved, or named with its reason and its text."""

import collections
import json
import re
import sqlite3

import psycopg

from e2e import Case

# One of each kind that isn't moved: (kind, name as the plan says it, a word of its text or None).
POSTGRES = """
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, score int, span int4range);
CREATE TABLE book (id serial PRIMARY KEY, author_id int REFERENCES author, title text, EXCLUDE USING gist (int4range(id, id + 1) WITH &&));
COMMENT ON TABLE author IS 'moved'; COMMENT ON COLUMN author.name IS 'moved';
CREATE INDEX book_title ON book (title); COMMENT ON INDEX book_title IS 'not moved';
CREATE VIEW a_view AS SELECT id, row_number() OVER () FROM author; CREATE VIEW a_moved_view AS SELECT id FROM book; CREATE MATERIALIZED VIEW a_matview AS SELECT id FROM book;
CREATE RULE a_rule AS ON UPDATE TO a_view DO INSTEAD NOTHING;
CREATE FUNCTION a_function() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE PROCEDURE a_procedure() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE an_aggregate(int) (SFUNC = int4pl, STYPE = int);
CREATE TRIGGER a_trigger BEFORE INSERT ON author FOR EACH ROW EXECUTE FUNCTION a_function();
CREATE POLICY a_policy ON author USING (id > 0); ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE STATISTICS a_statistics ON id, name FROM author;
CREATE COLLATION a_collation (provider = libc, locale = 'C');
CREATE CONVERSION a_conversion FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE OPERATOR FAMILY a_family USING btree;
CREATE OPERATOR CLASS a_class FOR TYPE int4 USING hash FAMILY a_hash_family AS OPERATOR 1 = , FUNCTION 1 hashint4(int4);
CREATE TYPE a_type; CREATE FUNCTION a_type_in(cstring) RETURNS a_type LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION a_type_out(a_type) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE a_type (INPUT = a_type_in, OUTPUT = a_type_out, LIKE = text);
CREATE CAST (a_type AS text) WITHOUT FUNCTION;
CREATE ACCESS METHOD a_method TYPE INDEX HANDLER bthandler;
CREATE LANGUAGE a_language HANDLER plpgsql_call_handler;
CREATE TEXT SEARCH CONFIGURATION a_configuration (COPY = simple);
CREATE TEXT SEARCH DICTIONARY a_dictionary (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH PARSER a_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE a_template (LEXIZE = dsimple_lexize);
CREATE FOREIGN DATA WRAPPER a_wrapper; CREATE SERVER a_server FOREIGN DATA WRAPPER a_wrapper; CREATE USER MAPPING FOR CURRENT_USER SERVER a_server;
CREATE FOREIGN TABLE a_foreign_table (id int) SERVER a_server;
CREATE PUBLICATION a_publication FOR TABLE author;
CREATE FUNCTION an_event() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER an_event_trigger ON ddl_command_end EXECUTE FUNCTION an_event();
CREATE TABLE parts (id int, day date NOT NULL) PARTITION BY RANGE (day); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
CREATE TABLE child (extra int) INHERITS (author);
CREATE UNLOGGED TABLE scratch (id int);
GRANT SELECT ON author TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
SELECT lo_create(0);
"""
NAMED = [
    ("view", "a_view", "author"), ("materialized view", "a_matview", "book"), ("foreign table", "a_foreign_table", None), ("partitioning", "parts", "RANGE"), ("inheritance", "child", None),
    ("unlogged table", "scratch", None), ("row level security", "author", None), ("policy", "a_policy", "id > 0"), ("trigger", "a_trigger", "BEFORE INSERT"), ("rule", "a_rule", "NOTHING"),
    ("statistics", "a_statistics", "CREATE STATISTICS"), ("function", "a_function", "plpgsql"), ("function", "an_event", "plpgsql"), ("function", "a_type_in", "internal"),
    ("function", "a_type_out", "internal"), ("procedure", "a_procedure", "SELECT 1"), ("aggregate", "an_aggregate", None), ("event trigger", "an_event_trigger", None), ("language", "a_language", None),
    ("collation", "a_collation", None), ("conversion", "a_conversion", None), ("operator", "===", None), ("operator class", "a_class", None), ("operator family", "a_family", None),
    ("operator family", "a_hash_family", None), ("base type", "a_type", None), ("cast", "a_type as text", None), ("access method", "a_method", None),
    ("text search configuration", "a_configuration", None), ("text search dictionary", "a_dictionary", "english"), ("text search parser", "a_parser", None),
    ("text search template", "a_template", None), ("publication", "a_publication", None), ("foreign data wrapper", "a_wrapper", None),
    ("foreign server", "a_server", None), ("default privileges", None, "r/"), ("privileges", "1 objects", "author"), ("large objects", "1 large objects", None),
    ("comment", "index public.book_title", "not moved"), ("user mapping", None, None), ("exclusion constraint", "book_int4range_excl", None),
]


class Account(Case):
    def not_moved(self, source, target):
        """The plan's list, from its JSON; every entry has a reason."""
        plan = self.run_vecferry("copy", "--dry-run", "--json", source, target, code=None).json()
        for entry in plan["not_moved"]:
            self.assertTrue(entry["why"], entry)
        return plan["not_moved"]

    def test_postgres_objects(self):
        source = self.postgres(POSTGRES.replace("CREATE OPERATOR CLASS", "CREATE OPERATOR FAMILY a_hash_family USING hash; CREATE OPERATOR CLASS"))
        listed = self.not_moved(source, self.sqlite("target.db"))
        found = collections.Counter((entry["kind"], entry["name"].split(".", 1)[-1] if entry["kind"] != "comment" else entry["name"]) for entry in listed)
        for kind, name, word in NAMED:
            entries = [entry for entry in listed if entry["kind"] == kind and (name is None or entry["name"] in (name, "public." + name))]
            self.assertEqual(len(entries), 1, f"{kind} {name}: {found}")
            if word is not None:
                self.assertIn(word, entries[0].get("text") or "", entries)
        # And nothing of these kinds that isn't there.
        kinds = {kind for kind, _, _ in NAMED}
        self.assertEqual(sum(n for (kind, _), n in found.items() if kind in kinds), len(NAMED), found)

    def test_postgres_catalogue(self):
        """Every entry of pg_class is a moved table or sequence, an index, or named; asked of the catalogue by another query than vecferry's."""
        source = self.postgres(POSTGRES.replace("CREATE OPERATOR CLASS", "CREATE OPERATOR FAMILY a_hash_family USING hash; CREATE OPERATOR CLASS"))
        summary = self.run_vecferry("plan", "--json", "-o", self.folder / "ferry.yaml", source, self.sqlite("target.db"), code=None).json()
        named = {entry["name"].split(".", 1)[-1] for entry in summary["not_moved"]}
        text = (self.folder / "ferry.yaml").read_text()
        moved = set(re.findall(r"^  - name: (.*)$", text, re.MULTILINE)) | set(re.findall(r"^  - {name: ([^,]*), schema: [^,]*, view:", text, re.MULTILINE))
        self.assertIn("a_moved_view", moved)
        with psycopg.connect(source) as connection:
            tables = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition AND relnamespace = 'public'::regnamespace")}
        self.assertEqual(tables - moved - named, set())
        self.assertEqual(moved - tables, set())

    def test_postgres_extensions(self):
        """One of those that the server has besides pgvector; a small server has none, and then nothing may be named."""
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY)")
        with psycopg.connect(source, autocommit=True) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'hstore', 'pg_trgm') ORDER BY 1 LIMIT 1")]
            for name in names:
                connection.execute(f"CREATE EXTENSION {name}")
        listed = self.not_moved(source, self.sqlite("target.db"))
        self.assertEqual([(entry["kind"], entry["name"].split(".")[-1]) for entry in listed], [("extension", name) for name in names])

    def test_sqlite_objects(self):
        source = self.sqlite("source.db", """
            CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);
            CREATE VIEW a_view AS SELECT id, row_number() OVER () AS n FROM author;
            CREATE TRIGGER a_trigger AFTER INSERT ON author BEGIN SELECT 1; END;
            CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);
        """)
        listed = self.not_moved(source, self.postgres())
        self.assertEqual(sorted((entry["kind"], entry["name"]) for entry in listed), [("trigger", "a_trigger"), ("view", "a_view"), ("virtual table", "places")])
        self.assertEqual(next(entry["on"] for entry in listed if entry["kind"] == "trigger"), "author")
        for entry in listed:
            self.assertIn("CREATE", entry["text"])
        connection = sqlite3.connect(source)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'places\\_%' ESCAPE '\\'")}
        connection.close()
        self.assertEqual(names, {"author"} | {entry["name"] for entry in listed})

    def test_texts_are_kept(self):
        """In the plan file, where a person reads them."""
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW seen AS SELECT id + 1 AS next, rank() OVER () FROM t;")
        self.run_vecferry("plan", "-o", self.folder / "ferry.yaml", source, self.sqlite("target.db"))
        self.assertIn("id + 1", json.dumps((self.folder / "ferry.yaml").read_text()))


if __name__ == "__main__":
    import unittest

    unittest.main()
