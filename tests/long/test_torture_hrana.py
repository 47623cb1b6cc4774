"""Each fault of a Hrana server at many places of a copy, in both directions, and every commit's reply lost: see tests/e2e/test_hrana_faults.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from hrana_case import FAULTS, HranaCase, deal  # noqa: E402

PER_FAULT = 12


class Torture(HranaCase):
    def test_every_fault_while_writing(self):
        self.sweep_writing(deal(sorted(FAULTS), PER_FAULT))

    def test_every_fault_while_reading(self):
        self.sweep_reading(deal(sorted(FAULTS), PER_FAULT))

    def test_every_commit_whose_reply_is_lost(self):
        for do, options in (("lose_reply", {}), ("502", {"execute": True})):
            fired, nth = 1, 0
            while fired:
                nth += 1
                server = self.server = self.start_server(f"{do}{nth}.db")
                server.fault('"COMMIT"', do, nth=nth, **options)
                result = self.run_vecferry("copy", self.source, server.url, code=None)
                fired = server.stats()["faults"]
                server.forget()
                what = f"{do} at commit {nth}"
                self.assertIn(result.code, {0, 5}, f"{what}\n{result}")
                if result.code != 0:
                    self.finish(self.source, server.url, what)
                self.assert_whole(server.file, what)
                server.stop()
            self.assertGreater(nth, 5)
