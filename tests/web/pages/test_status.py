"""``/status``: how a report is shown, in HTML and in JSON."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.web.pages.look import Navigation
from instantly_mcp.web.pages.report import Fact, Report, ReportTable, Section
from instantly_mcp.web.pages.status import status_page

from .test_sandbox import NASTY, Seen

REPORT = Report(
    verdict="instantly",
    kind="bad",
    sentence="Instantly fails.",
    next_step="Look at its status page.",
    sections=(
        Section(
            name="instantly",
            title="Instantly",
            facts=(
                Fact(name="breaker", label="Breaker", value="open", kind="bad"),
                Fact(name="median", label="Latency", value=0.25, shown="0.25 s"),
                Fact(name="last", label="Last failure", value=None),
            ),
        ),
    ),
    tables=(
        ReportTable(
            name="errors",
            title="Errors",
            columns=(("code", "Code"), ("count", "Count")),
            rows=(("HTTP 502", 3),),
            empty="There was no error.",
        ),
    ),
)


def seen(report: Report) -> Seen:
    """Return what a browser finds in the page."""
    found = Seen()
    found.feed(status_page(report, Navigation()).decode())
    return found


class StatusPageTests(SynchronousTestCase):
    def test_page(self) -> None:
        """The answer comes first, then facts and tables."""
        text = seen(REPORT).text
        for shown in ("Instantly fails.", "Look at its", "0.25 s", "HTTP 502", "open"):
            self.assertIn(shown, text)

    def test_empty_table(self) -> None:
        """A table without rows is a sentence."""
        table = evolve(REPORT.tables[0], rows=())
        text = seen(evolve(REPORT, tables=(table,))).text
        self.assertIn("There was no error.", text)

    def test_json(self) -> None:
        """A program gets values, not texts."""
        found = REPORT.as_object()
        self.assertEqual(found["verdict"], "instantly")
        self.assertEqual(
            found["instantly"], {"breaker": "open", "median": 0.25, "last": None}
        )
        self.assertEqual(found["errors"], [{"code": "HTTP 502", "count": 3}])

    @given(st.text(max_size=30))
    def test_escaped(self, text: str) -> None:
        """Whatever a value holds, it adds no tag and no attribute."""
        nasty = NASTY + text
        table = evolve(REPORT.tables[0], rows=((nasty, nasty),))
        found = seen(evolve(REPORT, sentence=nasty, next_step=nasty, tables=(table,)))
        self.assertEqual(found.names, seen(REPORT).names)
        self.assertEqual(found.attributes, seen(REPORT).attributes)
