"""The runner of the suite: what it selects, counts and prints; no failure is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.runner.selection import Unit, select
from tests.support.programs import ALL

ROOT = Path(__file__).parent.parent

SUITE = """
import os, warnings
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import TestCase
from tests.support.programs import Needed, requires, takes_long

MISSING = Needed(name="nosuch", find=lambda: None, install="apt-get install nosuch")

class GoodTests(TestCase):
    def test_one(self): print("printed by a test")
    def test_two(self): pass
    def test_skip(self): self.skipTest("no moon tonight")

@requires(MISSING)
class ProgramTests(TestCase):
    def test_program(self): pass

class LongTests(TestCase):
    @takes_long("takes an hour")
    def test_long(self): pass
"""

BAD = """
class BadTests(TestCase):
    def test_fails(self): self.fail("expected this")
    def test_forgets(self): fail(ValueError("unhandled")); self.x = None
    def test_warns(self): warnings.warn("an odd thing", stacklevel=1)
    def test_logs(self):
        from twisted.logger import Logger
        Logger().failure("logged", Failure(KeyError("a logged error")))
"""

DEADLY = """
class DeadlyTests(TestCase):
    def test_ends_the_process(self): os._exit(7)
"""

ENDLESS = """
class EndlessTests(TestCase):
    def test_waits(self):
        os.kill(os.getppid(), 15)
        return Deferred()
"""


class SelectionTests(SynchronousTestCase):
    """Names are converted to units; each test is in one unit."""

    def test_package(self):
        """A package has a unit for each module of tests, and one line in the report."""
        units = select(["tests.features"])
        self.assertIn(
            Unit("tests.features.workspace.test_timezones", "tests.features"), units
        )
        deep = Unit("tests.features.prompts.test_prompts", "tests.features")
        self.assertIn(deep, units)

    def test_path(self):
        """A path selects the same as its dotted name."""
        self.assertEqual(select(["tests/web/"]), select(["tests.web"]))
        (unit,) = select(["tests/test_json_codec.py"])
        self.assertEqual(unit, Unit("tests.test_json_codec", "tests.test_json_codec"))

    def test_every_module_once(self):
        """Each module of tests is selected once, whatever other names are given."""
        modules = {
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in (ROOT / "tests").rglob("test_*.py")
        }
        names = [
            "tests",
            "tests.web",
            "tests.test_json_codec",
            "tests.test_json_codec.JsonTests",
        ]
        units = [unit.name for unit in select(names)]
        self.assertEqual(sorted(units), sorted(modules))


class RunTests(SynchronousTestCase):
    """The command, run on a small suite."""

    def setUp(self) -> None:
        """Create a folder for the suite."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def suite(self, source: str, *options: str) -> tuple[int, str]:
        """Run a suite of this source; return the exit status and what was printed."""
        (self.folder / "test_it.py").write_text(source, encoding="utf-8")
        (self.folder / "test_other.py").write_text(SUITE, encoding="utf-8")
        environ = {key: value for key, value in os.environ.items() if key != ALL}
        done = subprocess.run(
            [sys.executable, "-m", "tests", *options, "test_it", "test_other"],
            cwd=ROOT,
            env={**environ, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_quiet_when_green(self):
        """The output has a line per package, the reasons of skips, and the counts."""
        status, said = self.suite(SUITE, "--seed", "5", "--jobs", "2")
        self.assertEqual(status, 0, said)
        lines = [line for line in said.splitlines() if "printed by a test" not in line]
        packages = [line for line in lines if line.startswith("test_")]
        self.assertEqual(len(packages), 2, said)
        self.assertRegex(packages[0], r"2 passed, 1 skipped, 2 left to test-all in ")
        self.assertEqual(lines[2], "Skipped 2: no moon tonight")
        left = (
            "4 tests are left to `make test-all`: they need nosuch; one takes an hour"
        )
        self.assertEqual(lines[3], left)
        self.assertRegex(
            lines[4], r"^4 passed, 0 failed, 2 skipped in \d+ s \(seed 5\)$"
        )
        self.assertEqual(len(lines), 5, said)

    def test_failures_in_full(self):
        """A failure, a lost Deferred and a logged error fail the run, and are shown."""
        header = "from twisted.python.failure import Failure\n"
        for jobs in ("1", "2"):
            status, said = self.suite(header + SUITE + BAD, "--jobs", jobs)
            self.assertEqual(status, 1, said)
            self.assertIn("expected this", said)
            self.assertIn("unhandled", said)
            self.assertIn("a logged error", said)
            self.assertIn("an odd thing", said)
            self.assertIn("FAILED test_it.BadTests.test_fails", said)
            self.assertRegex(said, r"Again: python -m tests --seed \d+ test_it\n")
            self.assertRegex(said, r"\n5 passed, 3 failed, 2 skipped in ")

    def test_missing_program_fails_when_all_is_wanted(self):
        """With --all a missing program is a failure that says how to install it."""
        status, said = self.suite(SUITE, "--all")
        self.assertEqual(status, 1, said)
        self.assertIn("nosuch is not installed; run: apt-get install nosuch", said)
        self.assertNotIn("left to", said)
        self.assertRegex(said, r"\n6 passed, 2 failed, 2 skipped in ")

    def test_a_worker_that_ends_is_a_failure(self):
        """A test that ends its process is named, and the other tests still run."""
        status, said = self.suite(SUITE + DEADLY, "--jobs", "2")
        self.assertEqual(status, 1, said)
        self.assertIn("ended with 7 in test_it.DeadlyTests.test_ends_the_process", said)
        self.assertRegex(said, r"test_other +2 passed")

    def test_a_run_that_is_ended_says_what_failed(self):
        """SIGTERM, as of ``timeout``, shows the failures and what was running."""
        status, said = self.suite(SUITE + ENDLESS, "--jobs", "2")
        self.assertEqual(status, 1, said)
        self.assertIn("ended with -9 in test_it.EndlessTests.test_waits", said)
        self.assertNotIn("Traceback", said)
        self.assertRegex(said, r"\n\d+ passed, [12] failed, \d+ skipped in ")

    def test_what_does_not_exist_fails(self):
        """A name without tests is a failure, not an empty success."""
        (self.folder / "test_it.py").write_text("x = 1\n", encoding="utf-8")
        status, said = self.suite("import nosuchmodule\n")
        self.assertEqual(status, 1, said)
        self.assertIn("nosuchmodule", said)
