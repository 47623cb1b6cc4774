"""Where `plan` writes without --output, and that a plan which was changed by hand is never overwritten."""

import json
import os
import pathlib
import sqlite3
import stat
import subprocess
import tempfile
import unittest

VECFERRY = os.environ["VECFERRY"]


class PlanOutput(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        (self.folder / "there").mkdir()
        db = sqlite3.connect(self.folder / "source.db")
        db.executescript("create table t (id integer primary key); insert into t values (1), (2)")
        db.close()

    def tearDown(self):
        self.temporary.cleanup()

    def plan(self, *arguments, code=0):
        done = subprocess.run([VECFERRY, "plan", *arguments], capture_output=True, text=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_it_is_beside_the_target(self):
        done = self.plan("source.db", "there/target.db")
        self.assertEqual((done.stdout, done.stderr), ("", "plan: there/ferry.yaml\n"))
        self.assertEqual(os.listdir(self.folder / "there"), ["ferry.yaml"])
        self.assertEqual(self.plan("source.db", "target.db").stderr, "plan: ferry.yaml\n")

    def test_quiet_says_nothing(self):
        self.assertEqual(self.plan("-q", "source.db", "target.db").stderr, "")
        self.assertTrue((self.folder / "ferry.yaml").exists())

    def test_the_result_names_it(self):
        done = self.plan("--json", "source.db", "there/target.db")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["proposed_file"], "there/ferry.yaml")

    def test_what_was_changed_by_hand_is_kept(self):
        path, old = self.folder / "ferry.yaml", self.folder / "ferry.yaml.old"
        self.plan("source.db", "target.db")
        made = path.read_text()
        self.plan("source.db", "target.db")
        self.assertFalse(old.exists(), "the same plan again is no reason")
        path.write_text(made + "# mine\n")
        done = self.plan("source.db", "target.db")
        self.assertIn("the plan that was there is kept as ferry.yaml.old\n", done.stderr)
        self.assertEqual(old.read_text(), made + "# mine\n")
        self.assertEqual(path.read_text(), made)

    def test_a_file_that_is_named_is_written(self):
        path = self.folder / "named.yaml"
        path.write_text("old\n")
        self.plan("-o", "named.yaml", "source.db", "there/target.db")
        self.assertTrue(path.read_text().startswith("# ferry.yaml"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["named.yaml", "source.db", "there"])

    def test_a_pipe_is_written_into_and_not_replaced(self):
        """As --output /dev/null would be by whoever may write to /dev."""
        path = self.folder / "pipe"
        os.mkfifo(path)
        reader = subprocess.Popen(["cat", path], stdout=subprocess.PIPE, text=True)
        self.plan("-o", "pipe", "source.db", "there/target.db")
        self.assertTrue(stat.S_ISFIFO(os.stat(path).st_mode))
        self.assertTrue(reader.communicate()[0].startswith("# ferry.yaml"))


if __name__ == "__main__":
    unittest.main()
