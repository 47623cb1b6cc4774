"""Tables of sqlite-vec in files of libSQL and SQLCipher. Apart from test_vec0.py, for the extension works for one SQLite library of a process at a time: here each connection is closed before another library opens one."""

import unittest

import test_vec0
from duckdb_case import LIBRARY_DIR, DuckCase
from sqlite_library import Library
from test_vec0 import NOTES_IN_DUCKDB, VEC0, declaration, f32, open_vec0, picture


class OtherLibraries(DuckCase, test_vec0.Vec0):
    """libSQL's library and SQLCipher's load the extension as SQLite does; each file is looked at by its own."""

    def setUp(self):
        super().setUp()
        self.key = self.folder / "key"
        self.key.write_text("a key")
        self.key.chmod(0o600)
        self.libsql, self.secret = str(self.folder / "libsql.db"), str(self.folder / "secret.db")

    def open_libsql(self):
        return self.with_extension(Library("libsql").open(self.libsql))

    def open_secret(self):
        return self.with_extension(Library("sqlcipher").open(self.secret, "a key"))

    def with_extension(self, connection):
        connection.load_extension(VEC0)
        return connection

    def test_libsql_then_encrypted_and_home(self):
        source, home = self.source(), self.sqlite("home.db")
        self.copy(source, f"libsql:{self.libsql}")
        before = picture(open_vec0(source))
        self.assert_same_pictures(before, picture(self.open_libsql()))
        with Library("libsql").open(self.libsql) as connection:  # vectors of its own beside them, with its own index
            connection.script("CREATE TABLE own (id INTEGER PRIMARY KEY, e F32_BLOB(2))", "INSERT INTO own VALUES (1, vector32('[1,2]')), (2, vector32('[3,-0.5]'))", "CREATE INDEX own_e ON own (libsql_vector_idx(e))")
        key = ("--target-password-file", self.key)
        self.plan(self.libsql, self.secret, ("  - name: own\n", "  - name: own\n    as: vec0\n"), arguments=key)
        self.copy("-f", "ferry.yaml", *key)
        self.assert_same_pictures(before, picture(self.open_secret()))
        with self.open_secret() as connection:
            self.assertEqual(declaration(connection, "own"), ("vec0", ["e float[2] distance_metric=cosine", "id integer primary key"]))
            self.assertEqual(connection.execute("SELECT id, e FROM own"), [(1, f32(1, 2)), (2, f32(3, -0.5))])
            connection.execute("UPDATE items SET year = 1 WHERE id = 3")
        self.assertIn('"year"', self.run_vecferry("verify", "--json", "-f", "ferry.yaml", *key, code=3).stdout)
        self.copy("-f", "ferry.yaml", "--drop-existing", "--yes", *key)
        self.copy("--source-password-file", self.key, self.secret, home)
        self.assert_same_vec0(source, home)

    def test_from_duckdb_into_libsql_and_encrypted(self):
        source, home = self.duckdb(NOTES_IN_DUCKDB), f"duckdb:{self.folder}/home.duckdb"
        declared = ("vec0", sorted(("id integer primary key", "body text", "score float", "flag boolean", "+tag text", "+made text", "kind integer", "e float[3]", "+d text", "+raw blob")))
        expected = self.rows(source, "SELECT id FROM notes WHERE kind > 3 AND NOT flag ORDER BY array_distance(e, [3, 1, 2]::FLOAT[3]) LIMIT 3")
        for target, key, opened in ((f"libsql:{self.libsql}", (), self.open_libsql), (self.secret, ("--target-password-file", self.key), self.open_secret)):
            with self.subTest(target):
                self.plan(source, target, ("  - name: notes\n    schema: main\n", "  - name: notes\n    schema: main\n    as: vec0\n"), arguments=key)
                self.copy("-f", "ferry.yaml", *key)
                with opened() as connection:
                    self.assertEqual(declaration(connection, "notes"), declared)
                    self.assertEqual(connection.execute("SELECT id FROM notes WHERE e MATCH ? AND k = 3 AND kind > 3 AND flag = 0", (f32(3, 1, 2),)), expected)
                    self.assertEqual(connection.execute("SELECT type FROM pragma_table_info('other') WHERE name = 'e'"), [("F32_BLOB(3)",)] if key == () else [("BLOB",)])
        self.copy("--source-password-file", self.key, self.secret, home)
        for table in ("notes", "other"):
            everything = f"SELECT COLUMNS(*)::VARCHAR FROM {table} ORDER BY id"
            self.assertEqual(self.rows(home, everything), self.rows(source, everything))

    def test_two_libraries_in_one_copy(self):
        """The extension would call into libSQL for the plain file's connection: the second target's table becomes an ordinary one, and that is said."""
        result = self.run_vecferry("copy", self.source(), self.sqlite("plain.db"), f"libsql:{self.libsql}", "--split", "docs=2")
        self.assertIn("(target 2): docs: the vec0 table becomes an ordinary one", result.stdout)
        self.assertIn("sqlite-vec serves one SQLite library at a time", result.stdout)

    def test_with_their_library_and_without_the_extension(self):
        source, bare = self.source(), self.folder / "bare"
        bare.mkdir()
        for name in ("liblibsql.so", "libsqlcipher.so"):
            (bare / name).symlink_to(LIBRARY_DIR / name)
        for target, key in ((f"libsql:{self.libsql}", ()), (self.secret, ("--target-password-file", self.key))):
            self.plan(source, target, arguments=key)
            result = self.run_vecferry("copy", "-f", "ferry.yaml", "--library-dir", bare, *key, code=10)
            self.assertIn("it can't be the vec0 table that the plan wants: sqlite-vec can't be loaded", result.stdout + result.stderr)
            self.assertIn("name the folder that has vec0.so by --library-dir", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
