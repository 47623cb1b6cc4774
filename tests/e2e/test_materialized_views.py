"""Materialised views, which are moved as tables when the plan asks for that, and named otherwise."""

import sqlite3

import duckdb
import psycopg

from e2e import Case

SCRIPT = """
    CREATE SCHEMA stats;
    CREATE TABLE sale (id int PRIMARY KEY, shop text NOT NULL, amount numeric(10,2), v vector(3));
    INSERT INTO sale SELECT i, 'shop ' || i % 7, i * 1.25, ARRAY[i, 1, 2]::real[]::vector FROM generate_series(1, 5000) i;
    CREATE MATERIALIZED VIEW per_shop AS SELECT shop, count(*) AS n, sum(amount) AS total FROM sale GROUP BY shop;
    CREATE UNIQUE INDEX per_shop_key ON per_shop (shop);
    CREATE INDEX per_shop_total ON per_shop (total DESC) WHERE n > 0;
    COMMENT ON MATERIALIZED VIEW per_shop IS 'sums';
    CREATE MATERIALIZED VIEW stats.near AS SELECT id, v FROM sale WHERE id <= 2000;
    CREATE INDEX near_v ON stats.near USING hnsw (v vector_l2_ops);
    ANALYZE;
"""


class MaterializedViews(Case):
    def named(self, summary):
        return sorted(entry["name"] for entry in summary["not_moved"] if entry["kind"] == "materialized view")

    def source_rows(self, source, sql):
        with psycopg.connect(source) as connection:
            return connection.execute(sql).fetchall()

    def test_named_unless_asked_for(self):
        source = self.postgres(SCRIPT)
        target = self.sqlite("target.db")
        summary = self.copy(source, target)
        self.assertEqual([table["name"] for table in summary["tables"]], ["public.sale"])
        views = [entry for entry in summary["not_moved"] if entry["kind"] == "materialized view"]
        self.assertEqual([(entry["schema"], entry["name"]) for entry in views], [("public", "per_shop"), ("stats", "near")])
        self.assertIn("--as-table", views[0]["why"])
        self.assertIn("GROUP BY", views[0]["text"])

    def test_to_sqlite(self):
        source = self.postgres(SCRIPT)
        target = self.sqlite("target.db")
        summary = self.copy("--as-table", "per_shop", source, target)
        self.assertEqual(self.named(summary), ["near"])
        self.assertTrue(summary["verified"])
        self.assertEqual({table["name"]: table["rows"] for table in summary["tables"]}, {"public.per_shop": 7, "public.sale": 5000})
        connection = sqlite3.connect(target)
        self.addCleanup(connection.close)
        self.assertEqual(connection.execute("SELECT shop, n, total FROM per_shop ORDER BY shop").fetchall(), self.source_rows(source, "SELECT shop, n, total::text FROM per_shop ORDER BY shop"))
        self.assertEqual(connection.execute("SELECT type FROM sqlite_schema WHERE name = 'per_shop'").fetchone(), ("table",))
        indexes = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'per_shop' AND sql IS NOT NULL"))
        self.assertIn("UNIQUE", indexes["per_shop_key"])
        self.assertIn("WHERE", indexes["per_shop_total"])
        # The command line again, without the option: the run's own plan knows of it.
        self.assertEqual(self.run_vecferry("verify", "--json", source, target).json()["n_differences"], 0)
        connection.execute("UPDATE per_shop SET n = 0 WHERE shop = 'shop 1'")
        connection.commit()
        self.assertEqual(self.run_vecferry("verify", "--json", source, target, code=3).json()["n_differences"], 2)  # one row that is missing, one too many: they have no key

    def test_all_by_a_plan_to_postgres_and_duckdb(self):
        source = self.postgres(SCRIPT)
        for target in (self.postgres(), f"duckdb:{self.folder / 'target.duckdb'}"):
            plan = self.folder / "ferry.yaml"
            self.run_vecferry("plan", "-o", plan, "--as-table", "*", source, target)
            text = plan.read_text()
            self.assertEqual(text.count("    as: table\n"), 2)
            summary = self.copy("-f", plan)
            self.assertTrue(summary["verified"])
            self.assertEqual(self.named(summary), [])
            if target.startswith("duckdb:"):
                with duckdb.connect(target.removeprefix("duckdb:"), read_only=True) as connection:
                    rows = connection.execute("SELECT shop, n, total FROM per_shop ORDER BY shop").fetchall()
            else:
                with psycopg.connect(target) as connection:
                    self.assertEqual(connection.execute("SELECT relkind::text, obj_description(oid) FROM pg_class WHERE relname = 'per_shop'").fetchone(), ("r", "sums"))
                    self.assertIn("hnsw", connection.execute("SELECT pg_get_indexdef('stats.near_v'::regclass)").fetchone()[0])
                    rows = connection.execute("SELECT shop, n, total FROM per_shop ORDER BY shop").fetchall()
            self.assertEqual([(shop, n, str(total)) for shop, n, total in rows], self.source_rows(source, "SELECT shop, n, total::text FROM per_shop ORDER BY shop"))

    def test_by_hand_in_the_plan(self):
        source, target = self.postgres(SCRIPT), self.sqlite("target.db")
        plan = self.folder / "ferry.yaml"
        plan.write_text(f"version: 1\nsource: {source}\ntarget: {target}\ntables:\n  - {{name: near, schema: stats, as: table, where: id % 2 = 0, rename: close}}\n")
        summary = self.copy("-f", plan)
        self.assertEqual([(table["name"], table["rows"]) for table in summary["tables"]], [("stats.near", 1000)])
        connection = sqlite3.connect(target)
        self.addCleanup(connection.close)
        self.assertEqual(connection.execute("SELECT count(*), min(id), max(id) FROM close").fetchone(), (1000, 2, 2000))
        plan.write_text(plan.read_text().replace("as: table", "as: view"))
        self.assertIn("ferry.yaml:5:", self.run_vecferry("copy", "-f", plan, code=2).stderr)

    def test_what_is_refused(self):
        source, target = self.postgres(SCRIPT + "CREATE MATERIALIZED VIEW later AS SELECT 1 AS one WITH NO DATA; CREATE VIEW plain AS SELECT id FROM sale;"), self.sqlite("target.db")
        for name in ("plain", "sale", "nothing"):
            done = self.run_vecferry("copy", "--as-table", name, source, target, code=2)
            self.assertIn(f'--as-table: the source has no materialized view "{name}"', done.stderr)
        done = self.run_vecferry("copy", "--as-table", "later", source, target, code=9)
        self.assertIn('the materialized view "public.later" has not been populated', done.stderr)
        self.assertIn("REFRESH MATERIALIZED VIEW", done.stderr)
        other = self.sqlite("other.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.run_vecferry("copy", "--as-table", "t", other, target, code=2)


if __name__ == "__main__":
    import unittest

    unittest.main()
