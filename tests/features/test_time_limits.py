"""Every request is answered before its client gives up, however slow Instantly is.

Official clients give up after 60 seconds, and begin to count again with each progress
notification. This holds for every tool, prompt and resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.methods.prompts import get_prompt
from instantly_mcp.protocol.methods.resources import read_resource
from instantly_mcp.protocol.methods.tools import call_tool
from instantly_mcp.protocol.server_features import RequestContext
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2025_11_25, V2026_07_28
from tests.api.builders import client
from tests.api.pace.test_concurrency import HeldAgent
from tests.features.feature_cases import KEY, FeatureTestCase
from tests.features.prompts.test_prompts import GIVEN
from tests.features.resources.test_registry import PRIVATE
from tests.features.test_odd_replies import arguments_of
from tests.support.engines import Basket

MOST_SILENT_SECONDS = 55
MOST_SECONDS_TO_PROGRESS = 15
MOST_SECONDS_WITH_PROGRESS = 125
METHODS = {
    "tools/call": call_tool,
    "prompts/get": get_prompt,
    "resources/read": read_resource,
}
MORE_ARGUMENTS: dict[str, JsonObject] = {
    "enable_warmup": {"wait_seconds": 45},
    "disable_warmup": {"wait_seconds": 45},
    "move_leads_to_campaign_or_list": {"wait_seconds": 45},
    "verify_email": {"max_wait_seconds": 45},
    "search_campaigns_by_contact": {"contact_email": "ann@example.com"},
}
"""Arguments with which these tools wait as long as they can, or call Instantly."""


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return a request for each tool, prompt and resource that calls Instantly."""
    for declared in DECLARATIONS:
        if declared.extra or declared.across or not declared.needs_credential:
            continue
        for arguments in arguments_of(declared.name):
            given = {**arguments, **MORE_ARGUMENTS.get(declared.name, {})}
            yield "tools/call", {"name": declared.name, "arguments": given}
    for name, given_to_prompt in GIVEN.items():
        yield "prompts/get", {"name": name, "arguments": given_to_prompt}
    for path in PRIVATE:
        yield "resources/read", {"uri": f"instantly://{path}"}
    named = {"campaign": "some name"}
    yield "tools/call", {"name": "list_leads", "arguments": named}
    yield "prompts/get", {"name": "launch_preflight", "arguments": named}
    yield "resources/read", {"uri": "instantly://campaigns/some%20name"}


class TimeLimitTests(FeatureTestCase):
    def reached(self) -> IInstantly:
        """Return the real client, on a connection that the test answers."""
        self.agent = HeldAgent()
        return client(self.agent, "https://api.example.com", self.clock)

    def begin(
        self, method: str, params: dict[str, Any], token: str | None, modern: bool
    ) -> Deferred[Any]:
        """Start a request on a new server; its notifications go to a new basket."""
        self.setUp()  # The circuit breaker would refuse what follows many failures.
        self.basket = Basket()
        meta = {} if token is None else {"_meta": {"progressToken": token}}
        context = RequestContext(
            request=Request(id=1, method=method, params={**params, **meta}),
            caller=Caller(
                revision=V2026_07_28 if modern else V2025_11_25,
                credential=KEY,
                sink=self.basket,
            ),
        )
        return maybeDeferred(METHODS[method], self.server_features, context)

    def end(self, running: Deferred[Any]) -> None:
        """Take the answer, and end what goes on without its client."""
        answered: list[Any] = []
        running.addBoth(answered.append)
        [answer] = answered
        if not isinstance(answer, dict):
            answer.trap(ProtocolError)
        self.agent.held.clear()
        self.clock.advance(600)

    def test_instantly_never_answers(self) -> None:
        """Without a progress token each request is answered within 55 seconds."""
        for modern in (False, True):
            for method, params in requests():
                with self.subTest(params=params, modern=modern):
                    running = self.begin(method, params, None, modern)
                    self.assertTrue(self.agent.held, f"{params} calls nothing")
                    self.clock.advance(MOST_SILENT_SECONDS)
                    self.assertTrue(running.called, params)
                    self.end(running)

    def test_instantly_is_slow(self) -> None:
        """That holds for the sum of all calls, each of which takes 20 seconds."""
        for method, params in requests():
            with self.subTest(params=params):
                running = self.begin(method, params, None, modern=True)
                for second in range(0, MOST_SILENT_SECONDS, 5):
                    self.clock.advance(5)
                    if second % 20 == 15:
                        self.agent.reply_all()
                self.assertTrue(running.called, params)
                self.end(running)

    def test_with_progress(self) -> None:
        """With a token progress comes every 15 seconds, until the answer after 125."""
        for method, params in requests():
            with self.subTest(params=params):
                running = self.begin(method, params, "t", modern=True)
                self.watch(running)
                self.assertTrue(running.called, params)
                steps = [each["params"]["progress"] for each in self.basket.sent]
                self.assertEqual(steps, sorted(set(steps)))
                self.end(running)

    def watch(self, running: Deferred[Any]) -> None:
        """Let time pass, and check that each period of it has a sign of progress."""
        silent, seen = 0, 0
        for _ in range(0, MOST_SECONDS_WITH_PROGRESS, 5):
            if running.called:
                return
            self.clock.advance(5)
            silent = 0 if len(self.basket.sent) > seen else silent + 5
            seen = len(self.basket.sent)
            if not running.called:
                self.assertLess(silent, MOST_SECONDS_TO_PROGRESS)
