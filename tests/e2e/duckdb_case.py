"""What the tests of DuckDB share: files made and read by DuckDB's own Python package."""

import os
import pathlib
import sqlite3

import duckdb

from e2e import Case

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY_DIR = pathlib.Path(os.environ.get("VECFERRY_LIBRARY_DIR", HERE.parent.parent / "build" / "deps" / "lib"))


class DuckCase(Case):
    def duckdb(self, *scripts, name="source.duckdb"):
        """A DuckDB file after the scripts; its URL."""
        path = self.folder / name
        connection = duckdb.connect(str(path))
        for script in scripts:
            connection.execute(script)
        connection.close()
        return f"duckdb:{path}"

    def rows(self, url, sql):
        connection = duckdb.connect(url.removeprefix("duckdb:"), read_only=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def target(self, name="target.duckdb"):
        return f"duckdb:{self.folder / name}"

    def rejects(self, url):
        connection = sqlite3.connect(url)
        found = connection.execute('SELECT "table_name", "key", "column_name", "reason" FROM vecferry_rejects ORDER BY "key"').fetchall()
        connection.close()
        return found
