"""What clients see of each tool changes only intentionally."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.features.snapshot_files import FOLDER, every_tool, text_of

FIX = (
    "if the change is intended, run `python -m tests.features.snapshot_files` and"
    " review the difference"
)


class SnapshotTests(SynchronousTestCase):
    def test_each_tool_is_as_its_snapshot(self) -> None:
        """A tool equals its file; run the module snapshot_files after a change."""
        for tool in every_tool():
            path = FOLDER / f"{tool.name}.json"
            self.assertTrue(path.exists(), f"{tool.name} has no snapshot: {FIX}")
            self.assertEqual(text_of(tool), path.read_text("utf-8"), FIX)

    def test_no_snapshot_is_left_over(self) -> None:
        """Each file belongs to an existing tool."""
        names = {tool.name for tool in every_tool()}
        self.assertEqual({path.stem for path in FOLDER.glob("*.json")}, names, FIX)
