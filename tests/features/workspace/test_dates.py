"""Ranges of dates."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.dates import moments_in_order


class MomentTests(SynchronousTestCase):
    def refused(self, start: str | None, end: str | None) -> str:
        """Return the message of the refusal."""
        with self.assertRaises(CallRefusedError) as caught:
            moments_in_order(start, end)
        return str(caught.exception.as_object()["message"])

    def test_words_for_dates(self) -> None:
        """A word is refused here, with the name of the argument."""
        for word in ("yesterday", "last week", "1 May", "now-7d"):
            self.assertEqual(
                self.refused(word, None), "start_date is not a valid date."
            )
            self.assertEqual(
                self.refused("2026-01-01", word), "end_date is not a valid date."
            )

    def test_order(self) -> None:
        """The end is not before the start; either may be missing."""
        self.assertIn("is before", self.refused("2026-01-02", "2026-01-01"))
        for start, end in (
            (None, None),
            ("2026-01-01", None),
            (None, "2026-01-01T23:59:59.999Z"),
            (" 2026-01-01", "2026-01-01T01:00:00+01:00"),
        ):
            moments_in_order(start, end)
