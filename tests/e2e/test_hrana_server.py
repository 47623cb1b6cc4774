"""The Hrana server that the tests of the turso engine use: it behaves as sqld 0.24.33 was measured to, and misbehaves as it is told.

Each test is one measured behaviour. What is wrong here would let a mistake of the engine pass.
"""

import base64
import http.client
import json
import math
import pathlib
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
import unittest

from hrana import Sqld, Tokens, Tursodb, decode, encode, f32, statement


def execute(sql, *args, **named):
    return {"type": "execute", "stmt": statement(sql, *args, **named)}


def batch(*steps):
    """Steps are statements, or pairs of a statement and a condition."""
    pairs = [step if isinstance(step, tuple) else (step, None) for step in steps]
    return {"type": "batch", "batch": {"steps": [{"stmt": statement(sql), **({"condition": condition} if condition else {})} for sql, condition in pairs]}}


CLOSE = {"type": "close"}


class Case(unittest.TestCase):
    maxDiff = 4000
    options = {}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-hrana-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = Sqld(self.folder / "server.db", **self.options)
        self.server.start()
        self.addCleanup(self.server.stop)

    def ok(self, *requests, **options):
        """The whole answer, when each request was answered with ok."""
        answer = self.server.pipeline(*requests, **options)
        self.assertEqual(answer.status, 200, answer.text)
        body = answer.json()
        self.assertEqual({result["type"] for result in body["results"]} - {"ok"}, set(), body)
        return body

    def result(self, *requests, **options):
        """The result of the last request."""
        return self.ok(*requests, **options)["results"][-1]["response"]["result"]

    def error(self, request, **options):
        """(code, message) of a request that fails, in HTTP 200."""
        answer = self.server.pipeline(request, **options)
        self.assertEqual(answer.status, 200, answer.text)
        error = answer.json()["results"][0]
        self.assertEqual(error["type"], "error", error)
        return error["error"]["code"], error["error"]["message"]

    def refused(self, status, text, answer):
        self.assertEqual(answer.status, status, answer.text)
        self.assertIn(text, answer.text)


class Answers(Case):
    def test_plain_pages(self):
        for path, text in (("/health", ""), ("/version", "sqld 0.24.33"), ("/v2", "Hello"), ("/v3", "Hello")):
            answer = self.server.request("GET", path)
            self.assertEqual(answer.status, 200, path)
            self.assertIn(text, answer.text)
        self.assertEqual(self.server.request("GET", "/health").body, b"")
        self.assertEqual(self.server.request("GET", "/v2/pipeline").status, 405)
        self.assertEqual(self.server.request("POST", "/v1/pipeline", "{}").status, 404)
        self.assertEqual(self.server.request("POST", "/v2/cursor", "{}").status, 404)

    def test_every_kind_of_value_goes_in_and_out(self):
        values = [None, 0, -1, 2**63 - 1, -2**63, 1.5, -0.0, 1e300, 5e-324, 0.1, 0.1 + 0.2, 1 + 2**-52, 2 / 3, "", "a\"b\\c/d\n\t\x01é\U0001f600", "x\0y", b"", b"\0\xff\xfe", bytes(range(256))]
        for value in values:
            self.assertEqual(self.server.run("SELECT ?", value), [(value,)], repr(value))
        self.assertEqual(math.copysign(1, self.server.run("SELECT ?", -0.0)[0][0]), -1)
        self.assertEqual(self.server.run("SELECT 9e999"), [(math.inf,)])
        row = self.result(execute("SELECT 7, 2.0, x'00ff', 9e999"))["rows"][0]
        self.assertEqual(row, [{"type": "integer", "value": "7"}, {"type": "float", "value": 2.0}, {"type": "blob", "base64": "AP8"}, {"type": "float", "value": None}])

    def test_numbers_are_read_as_sqld_reads_them(self):
        """Digits as an integer, rounded, times or by a rounded power of ten; so not the nearest double."""
        def number(digits):
            request = '{"requests":[{"type":"execute","stmt":{"sql":"SELECT ?","args":[{"type":"float","value":%s}]}}]}' % digits
            return decode(self.server.request("POST", "/v2/pipeline", request).json()["results"][0]["response"]["result"]["rows"][0][0])

        for digits, value in (("1.5", 1.5), ("-0.0", -0.0), ("5", 5.0), ("1e22", 1e22), ("123456789012345678901234567890", 12345678901234567890.0 * 1e10), ("1E+2", 100.0), ("25e-1", 2.5),
                              ("0.3333333333333333", 3333333333333333 / 1e16), ("1.7976931348623157e308", 17976931348623157.0 * 1e292), ("2.2250738585072014e-308", 22250738585072014.0 / 1e308 / 1e16), ("1e-400", 0.0),
                              ("0.12345678901234567890123", 12345678901234567890.0 / 1e20)):
            self.assertEqual((number(digits), math.copysign(1, number(digits))), (value, math.copysign(1, value)), digits)
        other = sum(number(repr(i / 7919)) != i / 7919 for i in range(1, 200))
        self.assertGreater(other, 10)
        self.assertEqual(self.server.request("POST", "/v2/pipeline", '{"requests":[{"type":"execute","stmt":{"sql":"SELECT ?","args":[{"type":"float","value":1e999}]}}]}').status, 400)

    def test_base64_may_come_with_padding_and_goes_without(self):
        for text in ("AP8=", "AP8"):
            value = {"type": "blob", "base64": text}
            result = self.result({"type": "execute", "stmt": {"sql": "SELECT ?", "args": [value]}})
            self.assertEqual(result["rows"], [[{"type": "blob", "base64": "AP8"}]])
        self.refused(400, "base64", self.server.pipeline({"type": "execute", "stmt": {"sql": "SELECT ?", "args": [{"type": "blob", "base64": "A?=="}]}}))

    def test_the_fields_of_a_result(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, e F32_BLOB(3), n)")
        result = self.result(execute("INSERT INTO t VALUES (5, vector32('[1,2,3]'), 1), (9, NULL, 2)"))
        self.assertEqual((result["affected_row_count"], result["last_insert_rowid"]), (2, "9"))
        self.assertGreater(int(result["replication_index"]), 0)
        self.assertEqual(result["rows_written"], 2)
        result = self.result(execute("SELECT id, e, n + 1 FROM t"))
        self.assertEqual(result["cols"], [{"name": "id", "decltype": "INTEGER"}, {"name": "e", "decltype": "F32_BLOB(3)"}, {"name": "n + 1", "decltype": None}])
        self.assertEqual((result["affected_row_count"], result["last_insert_rowid"]), (0, None))
        self.assertEqual(result["rows_read"], 2)
        self.assertIsInstance(result["query_duration_ms"], float)
        self.assertEqual(base64.b64decode(result["rows"][0][1]["base64"]), f32(1, 2, 3))

    def test_arguments_by_name_and_by_number(self):
        self.assertEqual(self.server.run("SELECT :a, $b, @c", a=1, b=2, c=3), [(1, 2, 3)])
        self.assertEqual(self.server.run("SELECT ?2, ?1", 1, 2), [(2, 1)])
        self.assertEqual(self.error(execute("SELECT ?, ?", 1)), ("ARGS_INVALID", "Arguments do not match SQL parameters: value for parameter 2 not found"))
        self.assertEqual(self.error(execute("SELECT ?", 1, 2)), ("ARGS_INVALID", "Arguments do not match SQL parameters: too many parameters, expected 1 found 2"))
        self.assertEqual(self.error(execute("SELECT ?", 1, a=2))[0], "ARGS_BOTH_POSITIONAL_AND_NAMED")

    def test_errors_come_with_200_and_the_rest_is_run(self):
        answer = self.server.pipeline(execute("SELECT * FROM nope"), execute("SELECT 1")).json()
        self.assertEqual(answer["results"][0], {"type": "error", "error": {"message": "SQLite error: no such table: nope", "code": "SQLITE_UNKNOWN"}})
        self.assertEqual(answer["results"][1]["type"], "ok")
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.server.run("INSERT INTO t VALUES (1)")
        self.assertEqual(self.error(execute("INSERT INTO t VALUES (1)")), ("SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: t.id"))
        self.assertEqual(self.error(execute("SELECT nope FROM t")), ("SQL_INPUT_ERROR", "SQL input error: no such column: nope (at offset 7)"))
        self.server.run("CREATE TABLE u (t REFERENCES t (id))")
        self.assertEqual(self.error(execute("INSERT INTO u VALUES (7)")), ("SQLITE_CONSTRAINT", "SQLite error: FOREIGN KEY constraint failed"))
        self.assertEqual(self.error(execute("SELEC 1"))[0], "SQL_PARSE_ERROR")
        self.assertEqual(self.error(execute(" -- nothing"))[0], "SQL_NO_STATEMENT")
        self.assertEqual(self.error(execute("SELECT 1; SELECT 2"))[0], "SQL_MANY_STATEMENTS")
        self.assertEqual(self.server.run("SELECT 1;"), [(1,)])

    def test_refused_statements(self):
        for sql in ("VACUUM", "ATTACH 'x.db' AS x", "CREATE TEMP TABLE x (a)", "create temporary view x as select 1", "PRAGMA journal_mode = DELETE", "PRAGMA wal_checkpoint", "/* */ VACUUM", "PRAGMA optimize"):
            code, message = self.error(execute(sql))
            self.assertEqual(code, "SQL_PARSE_ERROR", sql)
            self.assertIn("unsupported statement", message)
        for sql in ("PRAGMA foreign_keys = on", "PRAGMA user_version = 3", "PRAGMA journal_mode", "PRAGMA table_info(t)", "PRAGMA main.user_version"):
            self.ok(execute(sql))
        self.assertIn("not authorized", self.error(execute("SELECT load_extension('x')"))[1])
        self.assertEqual(self.server.run("PRAGMA journal_mode"), [("wal",)])
        self.assertEqual(self.error(batch("SELECT 1", "VACUUM"))[0], "SQL_PARSE_ERROR")

    def test_bad_requests_are_400_with_a_text(self):
        for body in ("", "nonsense", "[]", "{}", '{"requests": 1}', '{"requests":[{"type":"dance"}]}', '{"requests":[{"type":"execute"}]}', '{"requests":[{"type":"execute","stmt":{"sql":1}}]}'):
            self.refused(400, "Cannot deserialize client message from JSON", self.server.request("POST", "/v2/pipeline", body))

    def test_integers_and_base64_must_lie_in_the_request_as_they_are(self):
        def with_arg(text):
            return '{"requests":[{"type":"execute","stmt":{"sql":"SELECT ?","args":[%s]}}]}' % text

        for arg in ('{"type":"integer","value":5}', '{"type":"blob","base64":"AQL\\/"}', '{"type":"integer","value":"\\u0035"}', '{"value":"\\u0035","type":"integer"}'):
            self.refused(400, "expected a borrowed string", self.server.request("POST", "/v2/pipeline", with_arg(arg)))
        for arg in ('{"type":"text","value":"\\u0035\\/"}', '{"type":"blob","base64":"AQL/"}', '{"type":"float","value":5}'):
            self.assertEqual(self.server.request("POST", "/v2/pipeline", with_arg(arg)).status, 200, arg)
        for arg in ('{"type":"integer","value":"5x"}', '{"type":"integer","value":""}', '{"type":"integer","value":"9223372036854775808"}'):
            self.refused(400, "decimal integer", self.server.request("POST", "/v2/pipeline", with_arg(arg)))

    def test_sequence_describe_and_stored_texts(self):
        self.ok({"type": "sequence", "sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET n = 'a;b'; SELECT CASE 1 WHEN 1 THEN 2 END; END; INSERT INTO t VALUES (1, 'x');"})
        self.assertEqual(self.server.run("SELECT * FROM t"), [(1, "a;b")])
        self.assertEqual(self.error({"type": "sequence", "sql": "INSERT INTO t VALUES (2, ''); INSERT INTO t VALUES (1, ''); INSERT INTO t VALUES (3, '')"})[0], "SQLITE_CONSTRAINT")
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(2,)])
        described = self.result({"type": "describe", "sql": "SELECT id, n FROM t WHERE id = :id OR id = ?"})
        self.assertEqual(described, {"params": [{"name": ":id"}, {"name": None}], "cols": [{"name": "id", "decltype": "INTEGER"}, {"name": "n", "decltype": "TEXT"}], "is_explain": False, "is_readonly": True})
        self.assertFalse(self.result({"type": "describe", "sql": "DELETE FROM t"})["is_readonly"])
        self.assertEqual(self.error({"type": "describe", "sql": "SELECT * FROM nope"})[0], "SQLITE_UNKNOWN")
        store = {"type": "store_sql", "sql_id": 7, "sql": "SELECT 42"}
        answer = self.ok(store, {"type": "execute", "stmt": {"sql_id": 7}}, {"type": "close_sql", "sql_id": 7})
        self.assertEqual(answer["results"][1]["response"]["result"]["rows"], [[{"type": "integer", "value": "42"}]])
        self.refused(400, "SQL text 7 not found", self.server.pipeline({"type": "execute", "stmt": {"sql_id": 7}}, baton=answer["baton"]))
        self.refused(400, "already exists", self.server.pipeline(store, store))

    def test_autocommit_is_of_version_3(self):
        request = {"type": "get_autocommit"}
        self.refused(400, "only supported in protocol version hrana3", self.server.pipeline(request))
        answer = self.ok(request, execute("BEGIN"), request, version=3)
        self.assertEqual([answer["results"][i]["response"]["is_autocommit"] for i in (0, 2)], [True, False])

    def test_vectors_are_found_by_index(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, e F32_BLOB(2))")
        for i in range(20):
            self.server.run("INSERT INTO t VALUES (?, ?)", i, f32(1, i))
        self.server.run("CREATE INDEX i ON t (libsql_vector_idx(e, 'metric=cosine'))")
        self.assertEqual(self.server.run("SELECT id FROM vector_top_k('i', vector('[1,0]'), 2)"), [(0,), (1,)])
        with self.server.connect() as file:
            self.assertEqual(file.execute("SELECT count(*) FROM t NOT INDEXED").fetchone(), (20,))


class Batches(Case):
    def run_batch(self, *steps, **options):
        result = self.result(batch(*steps), **options)
        return [bool(step) for step in result["step_results"]], [bool(step) for step in result["step_errors"]]

    def test_a_transaction_by_conditions(self):
        def ok(step):
            return {"type": "ok", "step": step}

        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        steps = ("BEGIN", ("INSERT INTO t VALUES (1)", ok(0)), ("INSERT INTO t VALUES (2)", ok(1)), ("COMMIT", ok(2)), ("ROLLBACK", {"type": "not", "cond": ok(3)}))
        done, failed = self.run_batch(*steps)
        self.assertEqual((done, failed), ([True] * 4 + [False], [False] * 5))
        done, failed = self.run_batch(*steps)
        self.assertEqual(done, [True, False, False, False, True])
        self.assertEqual(failed, [False, True, False, False, False])
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(2,)])

    def test_all_conditions(self):
        fails = "SELECT abs(-9223372036854775808)"
        ok, error = {"type": "ok", "step": 0}, {"type": "error", "step": 1}
        never = {"type": "not", "cond": ok}
        for condition, wanted in ((ok, True), (error, True), (never, False), ({"type": "error", "step": 0}, False),
                                  ({"type": "and", "conds": [ok, error]}, True), ({"type": "and", "conds": [ok, never]}, False), ({"type": "and", "conds": []}, True),
                                  ({"type": "or", "conds": [never, error]}, True), ({"type": "or", "conds": [never, never]}, False), ({"type": "or", "conds": []}, False),
                                  ({"type": "is_autocommit"}, True), ({"type": "not", "cond": {"type": "is_autocommit"}}, False)):
            done, _ = self.run_batch("SELECT 1", fails, ("SELECT 2", condition), version=3)
            self.assertEqual(done, [True, False, wanted], condition)
        for step in (1, 5, -1):
            self.refused(400, "Invalid reference to step in a batch condition", self.server.pipeline(batch("SELECT 1", ("SELECT 2", {"type": "ok", "step": step}))))


class Streams(Case):
    def test_batons(self):
        first = self.ok(execute("SELECT 1"))["baton"]
        self.assertEqual(len(first), 64)
        second = self.ok(execute("SELECT 1"), baton=first)["baton"]
        self.assertNotEqual(first, second)
        self.refused(400, "Received a baton that has already been used", self.server.pipeline(execute("SELECT 1"), baton=first))
        self.refused(400, "Received an invalid baton", self.server.pipeline(execute("SELECT 1"), baton="x" * 64))
        self.refused(400, "Received an invalid baton", self.server.pipeline(execute("SELECT 1"), baton=""))
        for changed in (("A" if second[0] != "A" else "B") + second[1:], second[:-1] + ("A" if second[-1] != "A" else "B")):
            self.refused(400, "Received an invalid baton", self.server.pipeline(execute("SELECT 1"), baton=changed))
        closed = self.ok(execute("SELECT 1"), CLOSE, baton=second)
        self.assertIsNone(closed["baton"])
        self.assertIsNone(closed["base_url"])
        self.refused(400, "Stream for this baton was closed", self.server.pipeline(CLOSE, execute("SELECT 1")))

    def test_a_stream_keeps_its_transaction_and_others_see_nothing_of_it(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        baton = self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"))["baton"]
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])
        answer = self.ok(execute("SELECT count(*) FROM t"), baton=baton)
        self.assertEqual(answer["results"][0]["response"]["result"]["rows"][0][0]["value"], "1")
        self.ok(execute("COMMIT"), CLOSE, baton=answer["baton"])
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(1,)])

    def test_a_read_transaction_is_a_snapshot(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        baton = self.ok(execute("BEGIN"), execute("SELECT count(*) FROM t"))["baton"]
        self.server.run("INSERT INTO t VALUES (1)")
        self.assertEqual(self.ok(execute("SELECT count(*) FROM t"), baton=baton)["results"][0]["response"]["result"]["rows"][0][0]["value"], "0")

    def test_close_rolls_back(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"), CLOSE)
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])
        self.assertEqual(self.server.stats()["open_streams"], 2)  # those of run(), which never closes

    def test_an_idle_stream_expires(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        baton = self.ok(execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (1)"))["baton"]
        self.server.settings(idle_ms=1)
        time.sleep(0.05)
        answer = self.server.pipeline(execute("COMMIT"), baton=baton)
        self.assertEqual((answer.status, answer.json()), (400, {"message": "The stream has expired due to inactivity", "code": "STREAM_EXPIRED"}))
        self.assertEqual(self.server.pipeline(execute("COMMIT"), baton=baton).json()["code"], "STREAM_EXPIRED")
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])
        time.sleep(0.05)
        self.assertEqual(self.server.stats()["open_streams"], 0)

    def test_a_waiting_writer_takes_the_lock_of_an_old_transaction(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.server.settings(steal_ms=200)
        baton = self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"))["baton"]
        self.server.run("INSERT INTO t VALUES (2)")
        answer = self.server.pipeline(execute("COMMIT"), baton=baton)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["results"][0]["error"], {"message": "Transaction timed out", "code": "TRANSACTION_TIMEOUT"})
        self.assertEqual(self.server.run("SELECT id FROM t"), [(2,)])
        self.ok(execute("INSERT INTO t VALUES (1)"), baton=answer.json()["baton"])

    def test_a_stolen_transaction_fails_every_step_once(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        baton = self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"))["baton"]
        self.server.fault("any", "steal")
        answer = self.ok(batch("INSERT INTO t VALUES (2)", "COMMIT", ("ROLLBACK", {"type": "not", "cond": {"type": "ok", "step": 1}})), baton=baton)
        result = answer["results"][0]["response"]["result"]
        self.assertEqual([error["code"] for error in result["step_errors"]], ["TRANSACTION_TIMEOUT"] * 3)
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])
        self.ok(execute("INSERT INTO t VALUES (3)"), baton=answer["baton"])

    def test_a_writer_waits_for_a_young_transaction(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.server.settings(steal_ms=600000)
        baton = self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"))["baton"]
        writer = threading.Thread(target=self.server.run, args=("INSERT INTO t VALUES (2)",))
        writer.start()
        time.sleep(0.1)
        self.assertTrue(writer.is_alive())
        self.ok(execute("COMMIT"), baton=baton)
        writer.join()
        self.assertEqual(self.server.run("SELECT id FROM t"), [(1,), (2,)])


class Limits(Case):
    options = {"max_response_bytes": 100000, "max_row_bytes": 50000}

    def test_answers_and_values_that_are_too_large(self):
        large = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30) SELECT zeroblob(4000) FROM n"
        self.assertEqual(self.error(execute(large)), ("RESPONSE_TOO_LARGE", "Response is too large"))
        self.assertEqual(self.error(batch(large.replace("30", "20"), large.replace("30", "20")))[0], "RESPONSE_TOO_LARGE")
        self.assertEqual(len(self.result(execute(large.replace("30", "20")))["rows"]), 20)
        self.assertEqual(self.error(execute("SELECT zeroblob(60000)")), ("SQLITE_TOOBIG", "SQLite error: string or blob too big"))
        lines = self.server.cursor(statement(large))
        self.assertEqual(len([line for line in lines if line.get("type") == "row"]), 30)

    def test_the_usual_limits(self):
        server = Sqld(self.folder / "usual.db")
        with server:
            self.assertEqual(len(server.run("SELECT zeroblob(4900000)")[0][0]), 4900000)
            answer = server.pipeline(execute("SELECT zeroblob(5000001)")).json()
            self.assertEqual(answer["results"][0]["error"]["code"], "SQLITE_TOOBIG")
            answer = server.pipeline(execute("SELECT zeroblob(4900000) UNION ALL SELECT zeroblob(4900000) UNION ALL SELECT zeroblob(300000)")).json()
            self.assertEqual(answer["results"][0]["error"]["code"], "RESPONSE_TOO_LARGE")


class Cursors(Case):
    def test_the_lines_of_a_cursor(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)")
        lines = self.server.cursor(statement("INSERT INTO t VALUES (?, ?), (2, 'b')", 1, "a"), statement("SELECT * FROM t"), statement("SELECT 1"), conditions=[None, None, {"type": "error", "step": 0}])
        self.assertEqual(sorted(lines[0]), ["base_url", "baton"])
        self.assertEqual(len(lines[0]["baton"]), 64)
        self.assertEqual(lines[1:-1], [
            {"type": "step_begin", "step": 0, "cols": []},
            {"type": "step_end", "affected_row_count": 2, "last_insert_rowid": 2},
            {"type": "step_begin", "step": 1, "cols": [{"name": "id", "decltype": "INTEGER"}, {"name": "n", "decltype": "TEXT"}]},
            {"type": "row", "row": [{"type": "integer", "value": "1"}, {"type": "text", "value": "a"}]},
            {"type": "row", "row": [{"type": "integer", "value": "2"}, {"type": "text", "value": "b"}]},
            {"type": "step_end", "affected_row_count": 0, "last_insert_rowid": None}])
        self.assertEqual(lines[-1]["type"], "replication_index")
        self.assertGreater(lines[-1]["replication_index"], 0)

    def test_errors_of_a_cursor(self):
        lines = self.server.cursor(statement("SELECT nope"), statement("SELECT 1"))
        self.assertEqual(lines[1], {"type": "step_error", "step": 0, "error": {"message": "SQL input error: no such column: nope (at offset 7)", "code": "SQL_INPUT_ERROR"}})
        self.assertEqual([line.get("type") for line in lines[2:]], ["step_begin", "row", "step_end", "replication_index"])
        self.refused(500, "unsupported statement", self.server.cursor(statement("VACUUM")))
        self.refused(400, "Cannot deserialize", self.server.request("POST", "/v3/cursor", "{}"))

    def test_a_cursor_in_a_transaction(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        baton = self.ok(execute("BEGIN"), execute("INSERT INTO t VALUES (1)"))["baton"]
        lines = self.server.cursor(statement("SELECT id FROM t"), baton=baton)
        self.assertEqual(lines[2]["row"][0]["value"], "1")
        self.refused(400, "already been used", self.server.cursor(statement("SELECT id FROM t"), baton=baton))
        self.ok(execute("ROLLBACK"), baton=lines[0]["baton"])
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])

    def test_20_megabytes_pass(self):
        lines = self.server.cursor(statement("WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i, zeroblob(100000) FROM n"))
        rows = [line["row"] for line in lines if line.get("type") == "row"]
        self.assertEqual([int(row[0]["value"]) for row in rows], list(range(1, 201)))
        self.assertEqual({len(row[1]["base64"]) for row in rows}, {133334})

    def test_text_that_is_no_utf8_breaks_the_answer_off(self):
        self.assertEqual(self.server.pipeline(execute("SELECT CAST(x'ff' AS TEXT)")).status, 500)
        with self.assertRaises(http.client.IncompleteRead):
            self.server.cursor(statement("SELECT CAST(x'ff' AS TEXT)"))


class Tokens_(Case):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vecferry-hrana-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tokens = Tokens(self.folder)
        self.server = Sqld(self.folder / "server.db", jwt_key=self.tokens.public)
        self.server.start()
        self.addCleanup(self.server.stop)

    def ask(self, sql, token):
        self.server.token = token
        try:
            return self.server.pipeline(execute(sql))
        finally:
            self.server.token = None

    def test_tokens(self):
        good = self.tokens.make(a="rw", exp=int(time.time()) + 3600)
        self.assertEqual(self.ask("CREATE TABLE t (id INTEGER PRIMARY KEY)", good).status, 200)
        self.assertEqual(self.ask("SELECT 1", self.tokens.make()).status, 200)
        self.refused(401, '{"error":"Unauthorized: `Expected authorization header but none given`"}', self.ask("SELECT 1", None))
        other = Tokens(tempfile.mkdtemp(dir=self.folder))
        for bad in ("x", "a.b.c", good[:-8] + "AAAAAAAA", other.make(a="rw"), good.replace(".", "..")):
            self.refused(401, '{"error":"Unauthorized: `The JWT is invalid`"}', self.ask("SELECT 1", bad))
        self.refused(401, "The JWT has expired", self.ask("SELECT 1", self.tokens.make(exp=int(time.time()) - 3600)))
        self.refused(401, "not supported", self.server.pipeline(execute("SELECT 1"), headers={"Authorization": "Basic eDp5"}))
        self.assertEqual(self.server.request("GET", "/health").status, 200)
        self.assertEqual(self.server.request("GET", "/v3").status, 200)

    def test_a_token_for_reading(self):
        self.ask("CREATE TABLE t (id INTEGER PRIMARY KEY)", self.tokens.make(a="rw"))
        reader = self.tokens.make(a="ro")
        self.assertEqual(self.ask("SELECT * FROM t", reader).status, 200)
        for sql in ("INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (a)"):
            self.refused(403, '{"error":"Authorization forbidden: ', self.ask(sql, reader))
        self.server.token = reader
        self.refused(403, "Authorization forbidden", self.server.cursor(statement("SELECT 1"), statement("DELETE FROM t")))
        self.refused(403, "Authorization forbidden", self.server.pipeline({"type": "sequence", "sql": "SELECT 1; DELETE FROM t"}))


class Http(Case):
    def test_keep_alive_chunked_and_large_bodies(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=300)
        self.server.forget()
        for _ in range(5):
            self.assertEqual(self.server.pipeline(execute("SELECT 1"), CLOSE, connection=connection).status, 200)
        body = json.dumps({"requests": [execute("SELECT length(?)", "x" * 1000000)]}).encode()
        connection.request("POST", "/v2/pipeline", iter([body[:10], body[10:]]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(json.loads(connection.getresponse().read())["results"][0]["response"]["result"]["rows"][0][0]["value"], "1000000")
        connection.close()
        stats = self.server.stats()
        self.assertEqual((stats["connections"], stats["pipelines"], stats["chunked"], stats["expect"], stats["authorization"]), (2, 6, 1, 0, 0))
        self.assertEqual(stats["largest_body_bytes"], len(body))
        self.assertEqual(stats["log"][0], {"request": "POST /v2/pipeline", "body_bytes": stats["log"][1]["body_bytes"], "baton": False, "fault": False})

    def test_expect_is_answered_and_counted(self):
        body = json.dumps({"requests": [execute("SELECT 1")]}).encode()
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=300) as raw:
            raw.sendall(b"POST /v2/pipeline HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.assertIn(b"100 Continue", raw.recv(1000))
            raw.sendall(body)
            self.assertIn(b"200 OK", raw.recv(1000))
        self.assertEqual(self.server.stats()["expect"], 1)

    def test_many_clients_at_once(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n)")

        def work(first):
            for i in range(first, first + 10):
                self.ok(batch("BEGIN IMMEDIATE", f"INSERT INTO t VALUES ({i}, 1)", "COMMIT"), CLOSE)

        threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(80,)])

    def test_the_file_is_whole_after_the_end(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        self.server.run("INSERT INTO t VALUES (1)")
        self.server.stop()
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["server.db", "server.db.log"])
        with sqlite3.connect(self.server.file) as file:
            self.assertEqual(file.execute("SELECT * FROM t").fetchall(), [(1,)])
            self.assertEqual(file.execute("PRAGMA journal_mode").fetchone(), ("wal",))

    def test_a_killed_server_comes_back(self):
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        url = self.server.url
        self.server.kill()
        with self.assertRaises(ConnectionRefusedError):
            self.server.run("SELECT 1")
        self.server.start()
        self.assertEqual(self.server.url, url)
        self.assertEqual(self.server.run("SELECT count(*) FROM t"), [(0,)])

    def test_tursodb_has_the_same_helper(self):
        with Tursodb(self.folder / "turso.db") as turso:
            turso.run("CREATE TABLE t (id INTEGER PRIMARY KEY, e F32_BLOB(2))")
            turso.run("INSERT INTO t VALUES (1, ?)", f32(1, 2))
            self.assertEqual(turso.run("SELECT * FROM t"), [(1, f32(1, 2))])


class Faults(Case):
    def setUp(self):
        super().setUp()
        self.server.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")

    def insert(self, i=1):
        return self.server.pipeline(execute(f"INSERT INTO t VALUES ({i})"))

    def count(self):
        self.server.forget()
        return self.server.run("SELECT count(*) FROM t")[0][0]

    def test_the_nth_that_matches(self):
        self.server.fault("insert into T", 502, nth=2, times=2)
        self.assertEqual([self.insert(i).status for i in range(5)], [200, 502, 502, 200, 200])
        self.assertEqual([entry["fault"] for entry in self.server.stats()["log"]][-5:], [False, True, True, False, False])
        self.assertEqual(self.server.stats()["faults"], 2)
        self.server.fault("pipeline", 503, times=0)
        self.assertEqual([self.insert(9).status for _ in range(3)], [503] * 3)
        self.assertEqual(self.server.cursor(statement("SELECT 1"))[2]["row"], [encode(1)])
        self.assertEqual(self.count(), 3)

    def test_a_status_with_retry_after(self):
        self.server.fault("any", 429, retry_after="1")
        answer = self.insert()
        self.assertEqual((answer.status, answer.headers["retry-after"], answer.headers["content-type"]), (429, "1", "text/html"))
        self.server.fault("any", 502, execute=True)
        self.assertEqual(self.insert().status, 502)
        self.assertEqual(self.count(), 1)

    def test_answers_that_are_none(self):
        for do, executed in (("html", 0), ("wrong_json", 1), ("truncate", 1)):
            self.server.fault("any", do)
            answer = self.insert()
            self.assertEqual(answer.status, 200)
            with self.assertRaises(ValueError):
                answer.json()
            self.assertEqual(self.count(), executed, do)
            self.server.run("DELETE FROM t")
        self.server.fault("any", "echo")
        self.server.token = "canary"
        self.assertIn("Bearer canary", self.insert().text)
        self.server.token = None
        self.server.fault("any", "redirect", location="http://127.0.0.1:1/")
        answer = self.insert()
        self.assertEqual((answer.status, answer.headers["location"]), (302, "http://127.0.0.1:1/"))

    def test_connections_that_are_lost(self):
        for do, error, executed in (("cut", http.client.IncompleteRead, 1), ("lose_reply", http.client.RemoteDisconnected, 1), ("reset", ConnectionResetError, 0)):
            self.server.fault("any", do)
            with self.assertRaises(error) as caught:
                self.insert()
            self.assertIs(type(caught.exception), error)
            self.assertEqual(self.count(), executed, do)
            self.server.run("DELETE FROM t")

    def test_cursors_that_break_off(self):
        stmt = statement("WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n")
        self.server.fault("cursor", "cut")
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.server.cursor(stmt)
        self.assertEqual(len(caught.exception.partial), 2000)
        self.server.fault("cursor", "truncate", at=100000)
        lines = self.server.cursor(stmt)
        self.assertEqual(lines[-1]["type"], "row")
        self.assertLess(len(lines), 5000)
        self.assertEqual(len(self.server.cursor(stmt)), 5004)

    def test_slow_and_endless(self):
        self.server.fault("any", "slow", delay_ms=50)
        begin = time.monotonic()
        self.insert()
        self.assertGreaterEqual(time.monotonic() - begin, 0.05)
        self.server.fault("any", "drip", delay_ms=1)
        self.assertEqual(self.insert(2).json()["results"][0]["type"], "ok")
        self.server.fault("any", "endless")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=300)
        connection.request("POST", "/v2/pipeline", json.dumps({"requests": []}))
        self.assertEqual(len(connection.getresponse().read(3000000)), 3000000)
        connection.close()

    def test_streams_that_expire_or_lose_their_transaction(self):
        for do, code in (("expire", "STREAM_EXPIRED"), ("steal", "TRANSACTION_TIMEOUT")):
            baton = self.server.pipeline(execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (5)")).json()["baton"]
            self.server.fault("commit", do)
            self.assertIn(code, self.server.pipeline(execute("COMMIT"), baton=baton).text)
            self.assertEqual(self.count(), 0)

    def test_faults_that_are_none(self):
        for fault in ({"match": "any", "do": "dance"}, {"match": "any"}, {"match": "any", "do": 200}, {"match": "any", "do": "cut", "nht": 2}):
            self.assertEqual(self.server.request("POST", "/_test/fault", fault).status, 400)
        with self.assertRaises(ValueError):
            self.server.settings(idle=5)
