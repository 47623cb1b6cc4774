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

    def test_what_is_alike_is_said_once(self):
        """Of many triggers the first is told in full, and the others are named below it; two are told one by one. A new name begins a line rather than making it too long."""
        db = sqlite3.connect(self.folder / "source.db")
        db.executescript("".join(f"create table {name} (id integer primary key); " + "".join(f"create trigger {name}_{'x' * 20}_{i} after insert on {name} begin select {i}; end; " for i in range(n)) for name, n in (("many", 6), ("few", 1))))
        db.executescript("".join(f"create view v{i} as select sum(x) over () from t; " for i in range(2)))
        db.close()
        said = self.plan("source.db", "target.db").stderr.splitlines()
        triggers = [line for line in said if "trigger" in line]
        self.assertEqual(len(triggers), 1)
        self.assertTrue(triggers[0].startswith(f"not moved: trigger many_{'x' * 20}_0 on many: "), triggers)
        named = said[said.index(triggers[0]) + 1:][:4]
        self.assertTrue(named[0].startswith("    the same for 6 more: "), named)
        self.assertEqual([f"many_{'x' * 20}_{i} on many" for i in range(1, 6)] + [f"few_{'x' * 20}_0 on few"], " ".join(named).split(": ")[1].replace(",     ", ", ").split(" not moved")[0].split(", "))
        self.assertTrue(all(len(line) <= 101 for line in named[:3]), named)
        self.assertEqual(sum(line.startswith("not moved: view v") for line in said), 2)

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
