"""What a call sends to its client, and when it sends nothing."""

from __future__ import annotations

import math

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._credential import ANONYMOUS
from instantly_mcp.protocol.calls.call import (
    NO_CLIENT_REQUESTS,
    NULL_SINK,
    Call,
    Caller,
)
from instantly_mcp.protocol.calls.client_requests import CannotAsk, IAsker
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.wire.log_levels import LOG_LEVELS
from instantly_mcp.protocol.wire.versions import (
    ALL_REVISIONS,
    V2024_11_05,
    V2025_11_25,
    Revision,
)
from tests.support.engines import Basket
from tests.support.servers import credential
from tests.support.wire import check_message

from .test_client_requests import NAME, ROOTS


def make_call(
    revision: Revision = V2025_11_25,
    token: str | int | None = None,
    level: str | None = None,
) -> tuple[Call, Basket]:
    """Return a call and a sink that collects its notifications."""
    basket = Basket()
    caller = Caller(revision=revision, sink=basket)
    return Call(caller=caller, progress_token=token, log_level=level), basket


class ProgressTests(SynchronousTestCase):
    def test_fits_every_revision(self) -> None:
        """A progress notification fits the schema of every revision."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                call, basket = make_call(revision, token="t")
                call.progress(1, 3, "one")
                [message] = basket.sent
                check_message(version, message)
                self.assertEqual(message["params"]["progressToken"], "t")

    def test_message_only_where_it_exists(self) -> None:
        """2024-11-05 does not have messages in progress notifications."""
        call, basket = make_call(V2024_11_05, token=1)
        call.progress(1, 3, "one")
        self.assertNotIn("message", basket.sent[0]["params"])

    def test_total_is_optional(self) -> None:
        """A total and a message that are not given are not sent."""
        call, basket = make_call(token=0)
        call.progress(0.5)
        self.assertEqual(
            basket.sent[0]["params"], {"progressToken": 0, "progress": 0.5}
        )

    def test_falsy_tokens(self) -> None:
        """The tokens 0 and "" are tokens like any other."""
        for token in (0, ""):
            with self.subTest(token=token):
                call, basket = make_call(token=token)
                call.progress(1)
                self.assertEqual(basket.sent[0]["params"]["progressToken"], token)

    def test_only_with_a_token(self) -> None:
        """A client without a progress token gets no progress."""
        call, basket = make_call()
        call.progress(1)
        self.assertEqual(basket.sent, [])

    def test_none_after_the_end(self) -> None:
        """A finished call sends nothing."""
        call, basket = make_call(token="t", level="debug")
        call.finished = True
        call.progress(1)
        call.log("error", "late")
        self.assertEqual(basket.sent, [])

    def test_only_numbers(self) -> None:
        """Values that JSON cannot represent are not sent; later values are."""
        call, basket = make_call(token="t")
        for step in (math.nan, math.inf, -math.inf, 10**400):
            call.progress(step)
        call.progress(1, math.nan)
        call.progress(2, 10**400)
        self.assertEqual(
            [message["params"] for message in basket.sent],
            [
                {"progressToken": "t", "progress": 1},
                {"progressToken": "t", "progress": 2},
            ],
        )

    @settings(deadline=None)
    @given(st.lists(st.floats() | st.integers(-(2**63), 2**64 - 1)))
    def test_strictly_increasing(self, steps: list[float]) -> None:
        """For any reports of a tool its client sees strictly increasing numbers."""
        call, basket = make_call(token="t")
        for step in steps:
            call.progress(step, step)
        seen = [message["params"]["progress"] for message in basket.sent]
        self.assertEqual(seen, sorted(set(seen)))
        finite = [step for step in steps if math.isfinite(step)]
        if finite:
            self.assertEqual(seen[-1], max(finite))


class LogTests(SynchronousTestCase):
    def test_levels(self) -> None:
        """A message passes exactly when it is as severe as the client's level."""
        for floor, wanted in enumerate(LOG_LEVELS):
            for severity, level in enumerate(LOG_LEVELS):
                with self.subTest(wanted=wanted, level=level):
                    call, basket = make_call(level=wanted)
                    call.log(level, {"a": 1})
                    self.assertEqual(len(basket.sent), int(severity >= floor))

    def test_fits_every_revision(self) -> None:
        """A log notification fits the schema of every revision."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                call, basket = make_call(revision, level="debug")
                call.log("info", {"a": 1})
                check_message(version, basket.sent[0])

    def test_silent_without_a_level(self) -> None:
        """A client that asked for no logs gets none."""
        call, basket = make_call()
        call.log("emergency", "x")
        self.assertEqual(basket.sent, [])

    def test_unknown_level(self) -> None:
        """A level that MCP does not have is a bug of the tool."""
        call, _ = make_call(level="debug")
        self.assertRaises(ValueError, call.log, "loud", "x")


class AskTests(SynchronousTestCase):
    def test_can_ask(self) -> None:
        """can_ask follows the capabilities that the client declares."""
        call, _ = make_call()
        call.capabilities = {"roots": {}}
        self.assertTrue(call.can_ask(ROOTS))
        self.assertFalse(call.can_ask(NAME))

    def test_mute(self) -> None:
        """By default a call cannot ask its client anything."""
        call, _ = make_call()
        self.assertTrue(verifyObject(IAsker, NO_CLIENT_REQUESTS))
        self.failureResultOf(call.ask({"roots": ROOTS}), CannotAsk)

    def test_no_task(self) -> None:
        """Unless it is made possible a call does not become a task."""
        call, _ = make_call()
        self.assertFalse(call.become_task("x"))


class CallerTests(SynchronousTestCase):
    def test_principal(self) -> None:
        """A caller's principal is that of its credential, or anonymous."""
        caller = Caller(revision=V2025_11_25)
        self.assertEqual(caller.principal, ANONYMOUS)
        known = evolve(caller, credential=credential())
        self.assertEqual(known.principal, credential().principal)

    def test_credential_of_a_call(self) -> None:
        """A call hands out its credential, and a missing one is a bug of the tool."""
        call, _ = make_call()
        self.assertRaises(LookupError, lambda: call.credential)
        known = Call(caller=evolve(call.caller, credential=credential()))
        self.assertEqual(known.credential, credential())

    def test_nowhere(self) -> None:
        """The sink for clients without notifications accepts everything."""
        self.assertTrue(verifyObject(INotificationSink, NULL_SINK))
        NULL_SINK.send({})
        NULL_SINK.interrupt()
        NULL_SINK.close()
