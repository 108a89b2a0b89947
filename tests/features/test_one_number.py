"""Message, hint and data of an error name the same number of seconds."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from instantly_mcp._json_codec import dumps
from instantly_mcp.api import error_messages
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.features.results import error_object
from tests.api.builders import CREATE, LIST, LIST_EMAILS, client
from tests.api.test_client import MemoryAgent
from tests.features.cases import ToolTestCase
from tests.support.cases import ClockedTestCase

URL = "https://api.example.com"
WAITS = re.compile(r"(?:Wait|again in|slot is in) (\d+(?:\.\d+)?) s")


def waits_in(described: Any) -> set[float]:
    """Return every wait that a structured error names, in text or in data."""
    found = {float(number) for number in WAITS.findall(dumps(described).decode())}
    return found | {float(described["retry_after"])}


class WaitTests(ClockedTestCase):
    @given(st.floats(0.001, 100_000))
    def test_every_sentence(self, seconds: float) -> None:
        """Message, hint and data of a refused call name one number of seconds."""
        limit = LIST_EMAILS.limit
        assert limit is not None
        for error in (
            error_messages.throttled(LIST_EMAILS, limit, seconds),
            error_messages.asked_to_slow_down(LIST, seconds),
            error_messages.calls_paused(LIST, seconds),
            error_messages.overloaded(LIST, 4.5, seconds),
        ):
            described = error_object(error)
            self.assertEqual(len(waits_in(described)), 1, described)
            self.assertGreaterEqual(waits_in(described).pop(), seconds - 0.001)
            self.assertTrue(WAITS.search(error.message))


class ClientTests(ToolTestCase):
    def setUp(self) -> None:
        """Let the tools work with the real client."""
        super().setUp()
        self.agent = MemoryAgent()
        self.context.instantly = client(self.agent, URL, self.clock)

    def refused(self, status: int, **headers: str) -> Any:
        self.agent.status = status
        self.agent.headers = {n.replace("_", "-"): [v] for n, v in headers.items()}
        running = self.starting("list_campaigns")
        for _ in range(8):
            self.clock.advance(0.5)
        return self.error_of(self.successResultOf(running))

    def test_retry_after_of_ten_minutes(self) -> None:
        """The next call gets the rest of the ten minutes, not the breaker's pause."""
        self.assertEqual(waits_in(self.refused(429, Retry_After="600")), {600})
        self.clock.advance(16)
        self.assertEqual(waits_in(self.refused(429)), {580})
        self.assertEqual(len(self.agent.asked), 1)

    def test_after_the_pause_of_the_breaker(self) -> None:
        """After a minute one call probes Instantly; its Retry-After is reported."""
        self.refused(429, Retry_After="600")
        self.clock.advance(60)
        self.assertEqual(waits_in(self.refused(429, Retry_After="30")), {30})
        self.assertEqual(len(self.agent.asked), 2)

    def test_a_failing_upstream(self) -> None:
        """A 503 with Retry-After names its number in message, hint and data."""
        described = self.refused(503, Retry_After="40")
        self.assertEqual(waits_in(described), {40})
        self.assertNotIn("minute", described["message"] + described["hint"])

    def test_without_a_number(self) -> None:
        """Without Retry-After, message and hint say a minute, without a number."""
        error = ApiError(
            reason=Reason.RATE_LIMITED,
            message=error_messages.rate_limited(None),
            operation_id=CREATE.id,
        )
        described = error_object(error)
        self.assertIn("minute", described["message"])
        self.assertIn("minute", described["hint"])
        self.assertNotIn("retry_after", described)
