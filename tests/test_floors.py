"""CI tests the oldest versions that ``setup.py`` allows."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.floors import NoFloor, pinned, requirements

ROOT = Path(__file__).parent.parent


class FloorTests(SynchronousTestCase):
    """``.ci/run`` installs the versions of ``setup.py``."""

    def test_each_requirement_has_a_floor(self):
        """Each requirement of the program and of its tests states a version."""
        listed = [pinned(one) for one in requirements()]
        self.assertIn("treq==26.7", listed)
        self.assertTrue({"hypothesis", "h11"} <= {one.split("==")[0] for one in listed})

    def test_what_is_pinned(self):
        """Extras are dropped, which constraints of pip cannot name."""
        self.assertEqual(pinned("Twisted[tls]>=26.4"), "Twisted==26.4")

    def test_no_floor(self):
        """A requirement that allows any version, or has a ceiling, is refused."""
        for loose in ("wheel", "treq<27", "treq>=26.7,<27", "treq==26.7"):
            self.assertRaises(NoFloor, pinned, loose)

    def test_ci_runs_at_the_floors(self):
        """CI installs the floors, and runs the suite with them and on each Python."""
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        self.assertIn("-m tests.floors >", script)
        steps = re.findall(r"^for step in ((?:.*\\\n)*.*); do$", script, re.MULTILINE)
        self.assertIn("step_versions", steps[0])
