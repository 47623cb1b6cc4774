"""A libSQL server that is killed in the middle of a copy, as a machine that loses its power is, and started again: the copy says how to go on, and ends with the same rows."""

from hrana import Between, Sqld, Tursodb
from hrana_case import STEAL_MS, HranaCase


class Kills(HranaCase):
    rows = 200
    places = (0.5, 0.8)

    def server_between(self, kind, name):
        server = kind(self.folder / name, **({"steal_ms": STEAL_MS} if kind is Sqld else {}))
        server.start()
        self.addCleanup(server.stop)
        between = Between(server)
        self.addCleanup(between.close)
        return server, between

    def digests(self, result):
        return {table["name"]: table["digest"] for table in result["tables"]}

    def go_on(self, source, target, what):
        """With --resume, or from the start when nothing had begun; the digests of the whole."""
        result = self.run_vecferry("copy", "--json", "--resume", source, target, code=None)
        if result.code == 9:
            result = self.run_vecferry("copy", "--json", "--drop-existing", "--yes", source, target, code=None)
        self.assertEqual(result.code, 0, f"{what}\n{result}")
        result = self.run_vecferry("verify", "--json", source, target).json()
        self.assertEqual({table["name"]: table["source_digest"] for table in result["tables"]}, {table["name"]: table["target_digest"] for table in result["tables"]}, what)
        return {table["name"]: table["target_digest"] for table in result["tables"]}

    def stopped(self, source, target, what):
        """A copy during which the server goes."""
        result = self.run_vecferry("copy", "--json", source, target, code=None)
        self.assertIn(result.code, {4, 5}, f"{what}\n{result}")
        self.explains_itself(result, what)
        return result

    def sweep(self, kind, is_target):
        """At some requests, each on a server of its own where the server is the target."""
        server, between = self.server_between(kind, f"{kind.__name__}-clean.db")
        clean = str(self.folder / f"{kind.__name__}-clean-file.db")
        into = self.copy(self.source, between.url)
        if not is_target:
            between.kill_at(0, False)
            into = self.copy(between.url, clean)
        n_requests, wanted = between.n_requests, self.digests(into)
        for number, place in enumerate(self.places):
            what = f"{kind.__name__}, {'writing' if is_target else 'reading'}: killed {'after' if number % 2 else 'before'} request {int(place * n_requests)} of {n_requests}"
            if is_target:
                server, between = self.server_between(kind, f"{kind.__name__}-{number}.db")
            ends = (self.source, between.url) if is_target else (between.url, str(self.folder / f"{kind.__name__}-{number}-file.db"))
            between.kill_at(int(place * n_requests), number % 2 == 1)
            self.stopped(*ends, what)
            self.assertTrue(between.has_killed, what)
            server.start()
            self.assertEqual(self.go_on(*ends, what), wanted, what)
            if not is_target:
                self.assert_whole(ends[1], what)

    def test_sqld_while_it_is_written(self):
        self.sweep(Sqld, True)

    def test_sqld_while_it_is_read(self):
        self.sweep(Sqld, False)

    def test_tursodb_while_it_is_written(self):
        self.sweep(Tursodb, True)

    def test_tursodb_while_it_is_read(self):
        self.sweep(Tursodb, False)
