"""``/connect/check``: was the client seen?"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.web.interfaces import SeenClient
from instantly_mcp.web.pages.check import ago, check, check_page
from instantly_mcp.web.pages.page_request import PageRequest
from tests.web.site import FACTS, NOW

from .test_sandbox import NASTY, Seen

CLIENT = SeenClient(
    client="claude-code/2.1", first_at=NOW - 90, last_at=NOW - 12, requests=4
)


def seen(client: SeenClient | None, **asked: bool) -> Seen:
    """Return what a browser finds in the page."""
    found = Seen()
    found.feed(check_page(FACTS, PageRequest(**asked), client, NOW).decode())  # type: ignore[arg-type]
    return found


class CheckTests(SynchronousTestCase):
    def test_seen(self) -> None:
        """It shows the client, the time, the number of requests and the last error."""
        text = seen(CLIENT).text
        for shown in ("claude-code/2.1", "12 s ago", "4, since", "Last error"):
            self.assertIn(shown, text)
        failed = evolve(CLIENT, error="HTTP 401", error_at=NOW)
        self.assertIn("HTTP 401 at 08:00:00 UTC", seen(failed).text)

    def test_not_seen(self) -> None:
        """Without a client it says what to look at."""
        text = seen(None).text
        self.assertIn("has seen no MCP client yet", text)
        self.assertIn("Was it restarted", text)

    def test_stranger(self) -> None:
        """A stranger learns how to ask, and nothing about clients."""
        page = check_page(
            evolve(FACTS, credential="token"), PageRequest(known=False), CLIENT, NOW
        ).decode()
        self.assertNotIn("claude-code/2.1", page)
        self.assertIn("$INSTANTLY_TOKEN", page)
        self.assertEqual(check(PageRequest(known=False), CLIENT), {"known": False})

    def test_json(self) -> None:
        """A program gets the same facts."""
        self.assertEqual(check(PageRequest(), None), {"known": True, "client": None})
        found = check(PageRequest(), CLIENT)
        self.assertEqual(found["client"], "claude-code/2.1")
        self.assertEqual(found["requests"], 4)
        self.assertIsNone(found["lastError"])

    def test_ago(self) -> None:
        """A time that has passed has one unit."""
        for seconds, text in (
            (-3, "0 s ago"),
            (59, "59 s ago"),
            (61, "1 minute ago"),
            (7200, "2 hours ago"),
            (90000, "1 day ago"),
        ):
            self.assertEqual(ago(seconds), text)

    @given(st.text(max_size=30))
    def test_escaped(self, text: str) -> None:
        """A hostile name adds no tag and no attribute."""
        found = seen(evolve(CLIENT, client=NASTY + text, error=NASTY, error_at=NOW))
        usual = seen(evolve(CLIENT, error="x", error_at=NOW))
        self.assertEqual(found.names, usual.names)
        self.assertEqual(found.attributes, usual.attributes)
