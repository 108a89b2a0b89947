"""Plays each page of ``docs/journeys/`` as a new person would, in an empty folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.programs import takes_long

from .playing import PAGES, play_page


class JourneyTests(SynchronousTestCase):
    """What the pages show is what happens."""

    def played(self, name: str) -> None:
        """Play a page and compare."""
        # Short, because the path of the daemon's control socket has a limit.
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        failures = play_page(PAGES / f"{name}.md", Path(folder))
        if failures:
            advice = f"`python -m tests.journeys {name}` records the page again"
            self.fail("\n".join([*failures, advice]))


def _test_of(name: str):
    @takes_long("plays a page with real programs")
    def test(self: JourneyTests) -> None:
        self.played(name)

    test.__doc__ = f"docs/journeys/{name}.md shows what happens."
    return test


for _page in sorted(PAGES.glob("*.md")):
    if _page.stem != "README":
        _name = f"test_{_page.stem.replace('-', '_')}"
        setattr(JourneyTests, _name, _test_of(_page.stem))
