"""Ranges of days as people name them."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.prompts.period import RANGE_WORDS, Period, period_of
from instantly_mcp.protocol.wire.errors import ProtocolError

TODAY = date(2026, 1, 15)


class PeriodTests(SynchronousTestCase):
    def check(self, text: str, first: str, last: str) -> None:
        """Read a range and compare."""
        expected = Period(date.fromisoformat(first), date.fromisoformat(last))
        self.assertEqual(period_of(text, TODAY), expected, text)

    def test_words(self) -> None:
        """Weeks begin on Monday; days that are counted end yesterday."""
        self.check("last_7_days", "2026-01-08", "2026-01-14")
        self.check("Last 7 days", "2026-01-08", "2026-01-14")
        self.check("30d", "2025-12-16", "2026-01-14")
        self.check("1 day", "2026-01-14", "2026-01-14")
        self.check("today", "2026-01-15", "2026-01-15")
        self.check("yesterday", "2026-01-14", "2026-01-14")
        self.check("this week", "2026-01-12", "2026-01-15")
        self.check("last-week", "2026-01-05", "2026-01-11")
        self.check("this_month", "2026-01-01", "2026-01-15")
        self.check("last_month", "2025-12-01", "2025-12-31")

    def test_dates(self) -> None:
        """Two dates, however they are joined."""
        for text in (
            "2026-01-01..2026-01-07",
            "2026-01-01 to 2026-01-07",
            "2026-01-01/2026-01-07",
            "2026-01-01, 2026-01-07",
        ):
            self.check(text, "2026-01-01", "2026-01-07")

    def test_every_word_is_understood(self) -> None:
        """Every completion is a valid range."""
        for word in RANGE_WORDS:
            self.assertGreater(period_of(word, TODAY).days, 0)

    def test_refused(self) -> None:
        """An invalid range is refused, with examples of valid ones."""
        for text in (
            "soon",
            "0d",
            "367d",
            "2026-02-30..2026-03-01",
            "2026-01-07..2026-01-01",
            "2020-01-01..2026-01-01",
            "",
        ):
            with self.assertRaises(ProtocolError) as caught:
                period_of(text, TODAY)
            self.assertEqual(caught.exception.code, -32602)

    def test_as_arguments(self) -> None:
        """The last day is included to its end."""
        period = Period(date(2026, 1, 1), date(2026, 1, 7))
        self.assertEqual(
            period.dates(),
            {"start_date": "2026-01-01", "end_date": "2026-01-07T23:59:59.999Z"},
        )

    @given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 366))
    def test_before(self, today: date, days: int) -> None:
        """The period before is as long and ends the day before."""
        period = period_of(f"{days}d", today)
        before = period.before()
        self.assertEqual((period.days, before.days), (days, days))
        self.assertEqual((period.first - before.last).days, 1)
