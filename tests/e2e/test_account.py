"""The plan is a full account of the source: each object of its catalogues is moved, or named with its reason and its text."""

import collections
import json

import duckdb
import psycopg

import account
import catalogue
from e2e import Case, server_versions

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
CREATE TABLE loose (id int CHECK (id > 0) NO INHERIT, n int); ALTER TABLE loose ADD CONSTRAINT old_rows CHECK (n > 0) NOT VALID, ADD CONSTRAINT checked CHECK (id < 9);
CREATE TABLE kept (id int PRIMARY KEY, a text, b text, c text, d int, e int GENERATED ALWAYS AS IDENTITY) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
ALTER TABLE kept ALTER a SET STORAGE EXTERNAL, ALTER b SET COMPRESSION pglz, ALTER c SET STATISTICS 500, ALTER d SET (n_distinct = 5), REPLICA IDENTITY FULL, FORCE ROW LEVEL SECURITY, CLUSTER ON kept_pkey, ADD f int DEFAULT 7;
CREATE TABLE said (id int CONSTRAINT said_id PRIMARY KEY, a int CONSTRAINT "a's there" NOT NULL, b int CONSTRAINT b_too NOT NULL, c int NOT NULL, d int); ALTER TABLE said RENAME d TO e;
CREATE INDEX kept_d ON kept (d) WITH (fillfactor = 50); CREATE INDEX parts_1_day ON parts_1 (day); ALTER TABLE parts_1 ADD CHECK (id > 0); COMMENT ON TABLE parts_1 IS 'a part';
CREATE VIEW a_view_with_default AS SELECT id, name FROM author; ALTER VIEW a_view_with_default ALTER name SET DEFAULT 'x';
CREATE TYPE a_range AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE DOMAIN a_domain AS text COLLATE "C" DEFAULT lower('X'); CREATE TYPE a_pair AS (a text COLLATE "C", b int); CREATE TYPE a_shell;
CREATE SCHEMA empty; COMMENT ON SCHEMA empty IS 'nothing'; CREATE SCHEMA full_of; CREATE TABLE full_of.things (id int PRIMARY KEY);
DO $$BEGIN EXECUTE format('COMMENT ON DATABASE %1$I IS ''all of it''; ALTER DATABASE %1$I SET app.secret = ''canary'';', current_database()); END$$;
GRANT SELECT (name) ON author TO PUBLIC; GRANT USAGE ON SCHEMA full_of TO pg_monitor; GRANT EXECUTE ON PROCEDURE a_procedure TO pg_monitor; GRANT CREATE ON SCHEMA public TO pg_monitor; ALTER TABLE full_of.things OWNER TO pg_monitor;
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
    ("foreign server", "a_server", None), ("default privileges", None, "r/"), ("privileges", "5 objects", "author"), ("large objects", "1 large objects", None),
    ("comment", "index public.book_title", "not moved"), ("comment", "schema empty", "nothing"), ("comment", "table public.parts_1", "a part"), ("comment", None, "all of it"),
    ("table setting", "kept", "fillfactor=70, toast: autovacuum_enabled=false, REPLICA IDENTITY FULL, CLUSTER ON kept_pkey, FORCE ROW LEVEL SECURITY"), ("column setting", "a", "STORAGE EXTERNAL"),
    ("constraint setting", "loose_id_check", "NO INHERIT"), ("constraint setting", "old_rows", "NOT VALID"),
    ("column setting", "b", "COMPRESSION pglz"), ("column setting", "c", "STATISTICS 500"), ("column setting", "d", "n_distinct=5"), ("index setting", "kept_d", "fillfactor=50"),
    ("type setting", "a_range", "SUBTYPE_DIFF float8mi"), ("type setting", "a_domain", "COLLATION"), ("type setting", "a_pair", 'a COLLATION'), ("shell type", "a_shell", None), ("schema", "empty", None),
    ("database setting", "all roles", "app.secret"), ("owner", "pg_monitor", "full_of.things"), ("index of a partition", "parts_1_day", None), ("check of a partition", None, "id > 0"), ("user mapping", None, None), ("exclusion constraint", "book_int4range_excl", None),
]


class Account(Case):
    def not_moved(self, source, target):
        """The plan's list, from its JSON; every entry has a reason."""
        return self.plan(source, target)["not_moved"]

    def plan(self, source, target):
        plan = self.run_vecferry("copy", "--dry-run", "--json", source, target, code=None).json()
        for entry in plan["not_moved"]:
            self.assertTrue(entry["why"], entry)
        return plan

    def test_postgres_objects(self):
        source = self.postgres(POSTGRES.replace("CREATE OPERATOR CLASS", "CREATE OPERATOR FAMILY a_hash_family USING hash; CREATE OPERATOR CLASS"))
        plan = self.plan(source, self.sqlite("target.db"))
        listed, problems = plan["not_moved"], plan["problems"]
        found = collections.Counter((entry["kind"], entry["name"].split(".", 1)[-1] if entry["kind"] != "comment" else entry["name"]) for entry in listed)
        for kind, name, word in NAMED + [("constraint names", "said", "a: a's there, b: b_too")] * (server_versions()[0] >= 18):  # older ones forget them
            entries = [entry for entry in listed if entry["kind"] == kind and (entry["name"] in (name, f"public.{name}") if name else word is None or word in entry.get("text", ""))]
            self.assertEqual(len(entries), 1, f"{kind} {name}: {found}")
            if word is not None:
                self.assertIn(word, entries[0].get("text") or "", entries)
        # All that the catalogues have is moved or named, and nothing is named that they don't have.
        self.copy("--no-verify", source, self.sqlite("target.db"), code=None)
        account.assert_complete(self, account.Account(catalogue.read(source), catalogue.read(str(self.folder / "target.db")), account.Named({"not_moved": listed, "problems": problems})))

    def test_postgres_extensions(self):
        """One of those that the server has besides pgvector; a small server has none, and then nothing may be named."""
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY)")
        with psycopg.connect(source, autocommit=True) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'hstore', 'pg_trgm') ORDER BY 1 LIMIT 1")]
            for name in names:
                connection.execute(f"CREATE EXTENSION {name}")
        listed = self.not_moved(source, self.sqlite("target.db"))
        self.assertEqual([(entry["kind"], entry["name"].split(".")[-1]) for entry in listed], [("extension", name) for name in names])

    def test_not_enforced(self):
        """Rows that break such a rule are there, and the target would refuse them."""
        if server_versions()[0] < 18:
            return
        source = self.postgres("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int, CONSTRAINT positive CHECK (id > 0) NOT ENFORCED, CONSTRAINT of_a FOREIGN KEY (id) REFERENCES a NOT ENFORCED); INSERT INTO b VALUES (-1)")
        for target in (self.sqlite("target.db"), self.postgres()):
            copied = self.copy(source, target)
            self.assertEqual(sorted((entry["kind"], entry["name"], entry["on"]) for entry in copied["not_moved"]), [("check", "positive", "b"), ("foreign key", "of_a", "b")])
            self.assertEqual((sum(table["rows"] for table in copied["tables"]), copied["rejected"]), (1, 0))

    def test_sqlite_objects(self):
        source = self.sqlite("source.db", """
            CREATE TABLE author (id INTEGER PRIMARY KEY ON CONFLICT ABORT, name TEXT NOT NULL ON CONFLICT IGNORE, b, c TEXT DEFAULT 'ON CONFLICT FAIL', UNIQUE (b, c) ON CONFLICT REPLACE);
            CREATE VIEW a_view AS SELECT id, row_number() OVER () AS n FROM author;
            CREATE TRIGGER a_trigger AFTER INSERT ON author BEGIN SELECT 1; END;
            CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);
            PRAGMA user_version = 7;
        """)
        target = self.postgres()
        plan = self.plan(source, target)
        listed = plan["not_moved"]
        self.assertEqual(sorted((entry["kind"], entry["name"], entry.get("on")) for entry in listed), [("conflict clause", "b", "author"), ("conflict clause", "name", "author"), ("setting", "user_version", None),
                                                                                                       ("trigger", "a_trigger", "author"), ("view", "a_view", None), ("virtual table", "places", None)])
        texts = {entry["name"]: entry["text"] for entry in listed}
        self.assertEqual((texts["b"], texts["name"], texts["user_version"]), ("ON CONFLICT REPLACE", "ON CONFLICT IGNORE", "PRAGMA user_version = 7"))
        self.assertTrue(all("CREATE" in texts[name] for name in ("a_view", "a_trigger", "places")), texts)
        self.copy("--no-verify", source, target)
        account.assert_complete(self, account.Account(catalogue.read(source), catalogue.read(target), account.Named(plan)))

    def test_duckdb_objects(self):
        """A schema of the user's whose name begins as those of full-text indexes do is like all others."""
        path, target = str(self.folder / "source.duckdb"), self.postgres()
        connection = duckdb.connect(path)
        connection.execute("""
            CREATE SCHEMA fts_app; CREATE TABLE fts_app.docs (id INTEGER PRIMARY KEY, body VARCHAR); INSERT INTO fts_app.docs VALUES (1, 'a'); CREATE VIEW fts_app.seen AS SELECT id, row_number() OVER () AS n FROM fts_app.docs;
            CREATE SCHEMA empty; CREATE SEQUENCE counts; CREATE TYPE whole AS INTEGER; CREATE MACRO twice(x) AS x * 2; CREATE MACRO pairs(x) AS TABLE SELECT x, x; CREATE INDEX by_body ON fts_app.docs (body);
            COMMENT ON TABLE fts_app.docs IS 'moved'; COMMENT ON COLUMN fts_app.docs.body IS 'moved'; COMMENT ON VIEW fts_app.seen IS 'of a view'; COMMENT ON INDEX fts_app.by_body IS 'of an index';
            COMMENT ON SEQUENCE counts IS 'of a sequence'; COMMENT ON TYPE whole IS 'of a type'; COMMENT ON MACRO twice IS 'of a macro';
        """)
        connection.close()
        plan = self.plan(f"duckdb:{path}", target)
        self.assertEqual(sorted((entry["kind"], entry["name"], entry.get("text") if entry["kind"] == "comment" else "") for entry in plan["not_moved"]), [
            ("comment", "index by_body", "of an index"), ("comment", "macro twice", "of a macro"), ("comment", "sequence counts", "of a sequence"), ("comment", "type whole", "of a type"), ("comment", "view seen", "of a view"),
            ("macro", "twice", ""), ("schema", "empty", ""), ("table macro", "pairs", ""), ("type", "whole", ""), ("view", "seen", "")])
        self.assertEqual([(table["name"], table["rows"]) for table in self.copy(f"duckdb:{path}", target)["tables"]], [("fts_app.docs", 1)])
        account.assert_complete(self, account.Account(catalogue.read(f"duckdb:{path}"), catalogue.read(target), account.Named(plan)))

    def test_texts_are_kept(self):
        """In the plan file, where a person reads them."""
        source = self.postgres("CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW seen AS SELECT id + 1 AS next, rank() OVER () FROM t;")
        self.run_vecferry("plan", "-o", self.folder / "ferry.yaml", source, self.sqlite("target.db"))
        self.assertIn("id + 1", json.dumps((self.folder / "ferry.yaml").read_text()))


if __name__ == "__main__":
    import unittest

    unittest.main()
