"""Conversions of argument values to the forms that Instantly expects."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.workspace.conversions import comma_list, end_of_day


class CommaListTests(SynchronousTestCase):
    def test_forms(self) -> None:
        """A list, and a list that is sent as text, are joined; text stays."""
        for value in (["a", "b"], '["a", "b"]', "a,b"):
            self.assertEqual(comma_list(value), "a,b")
        self.assertEqual(comma_list(["a"]), "a")

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Text that is not a list stays as it is."""
        if not text.strip().startswith(("[", '"')):
            self.assertEqual(comma_list(text), text)


class EndOfDayTests(SynchronousTestCase):
    def test_dates_and_times(self) -> None:
        """A date is extended to its end; a time stays."""
        self.assertEqual(end_of_day(" 2026-01-31 "), "2026-01-31T23:59:59.999Z")
        self.assertEqual(end_of_day("2026-01-31T10:00:00Z"), "2026-01-31T10:00:00Z")
