"""The call that a feature sees: its token, its trace, and the way to ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, succeed

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.ask_by_retry import RetryAsker
from instantly_mcp.protocol.calls.ask_by_session import SessionAsker
from instantly_mcp.protocol.calls.call import NO_CLIENT_REQUESTS, Call, Caller
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.methods.running import call_for, run_call
from instantly_mcp.protocol.server_features import RequestContext
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import (
    LEGACY_REVISIONS,
    V2025_11_25,
    V2026_07_28,
)
from tests.support.cases import ClockedTestCase
from tests.support.engines import Basket
from tests.support.toolboxes import Fault

from ..sample_features import ASKABLE, features_of, request_context

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class CallForTests(ClockedTestCase):
    def call(self, asked: RequestContext) -> Call:
        """Make the call for a context."""
        return call_for(features_of(self.clock), asked)

    def token(self, token: Json) -> Json:
        """Return the token that a call of a request with this one has."""
        meta = {"progressToken": token}
        return self.call(request_context("tools/call", {"_meta": meta})).progress_token

    def test_tokens(self) -> None:
        """Text and integers are tokens, the falsy ones too; nothing else is."""
        for token in ("t", "", 7, 0, 1, -1):
            found = self.token(token)
            self.assertEqual((found, type(found)), (token, type(token)))
        others: list[Json] = [True, False, None, 1.5, [], {}]
        for token in others:
            with self.subTest(token=token):
                self.assertIsNone(self.token(token))

    @given(st.recursive(st.none() | st.booleans() | st.text(), st.lists))
    def test_odd_meta(self, meta: Json) -> None:
        """Any value of ``_meta`` is accepted."""
        call = self.call(request_context("tools/call", {"_meta": meta}))
        self.assertIsNone(call.progress_token)
        self.assertIsNone(call.trace)

    def test_what_it_knows(self) -> None:
        """The call has the context's log level, capabilities, caller and trace."""
        meta = {"traceparent": PARENT}
        asked = request_context("tools/call", {"_meta": meta}, log_level="info")
        call = self.call(asked)
        assert call.trace is not None
        self.assertEqual(call.trace.traceparent, PARENT)
        self.assertEqual(call.log_level, "info")
        self.assertEqual(call.capabilities, asked.capabilities)
        self.assertIs(call.caller, asked.caller)
        self.assertFalse(call.finished)

    def test_asks_by_retry(self) -> None:
        """Only three modern methods may ask."""
        for method in ("tools/call", "prompts/get", "resources/read"):
            asker = self.call(request_context(method, {})).asker
            self.assertIsInstance(asker, RetryAsker)
        for method in ("completion/complete", "tools/list", "tasks/get"):
            self.assertIs(
                self.call(request_context(method, {})).asker, NO_CLIENT_REQUESTS
            )

    def test_bad_state(self) -> None:
        """A bad state or bad responses are refused before anything runs."""
        bad: list[JsonObject] = [
            {"requestState": "x"},
            {"requestState": None},
            {"inputResponses": None},
            {"inputResponses": []},
        ]
        for params in bad:
            with self.subTest(params=params):
                with self.assertRaises(ProtocolError) as caught:
                    self.call(request_context("tools/call", params))
                self.assertEqual(caught.exception.code, -32602)
                self.call(request_context("completion/complete", params))

    def test_asks_on_the_session(self) -> None:
        """A legacy call asks on its session, if it has one."""
        for revision in LEGACY_REVISIONS.values():
            session = McpSession(
                id="s", revision=revision, credential=None, last_seen=0.0
            )
            asked = request_context(
                "tools/call",
                {"requestState": "x"},
                revision=revision,
                session=session,
                capabilities=ASKABLE,
            )
            self.assertIsInstance(self.call(asked).asker, SessionAsker)
            bare = request_context("tools/call", {}, revision=revision)
            self.assertIs(self.call(bare).asker, NO_CLIENT_REQUESTS)


class RunCallTests(ClockedTestCase):
    def setUp(self) -> None:
        """Make a call whose client wants progress."""
        super().setUp()
        self.basket = Basket()
        caller = Caller(revision=V2026_07_28, sink=self.basket)
        self.call = Call(caller=caller, progress_token="t")

    def test_passes_on(self) -> None:
        """The feature gets its arguments, and its answer is the answer."""

        def feature(one: int, *, two: int) -> Deferred[int]:
            return succeed(one + two)

        running = run_call(self.call, feature, 1, two=2)
        self.assertEqual(self.successResultOf(running), 3)
        self.assertTrue(self.call.finished)

    def test_while_it_runs(self) -> None:
        """A call sends notifications until it ends, and none after that."""
        work: Deferred[str] = Deferred()
        running = run_call(self.call, lambda: work)
        self.call.progress(1)
        self.assertFalse(self.call.finished)
        work.callback("done")
        self.call.progress(2)
        self.assertEqual(self.successResultOf(running), "done")
        self.assertEqual(len(self.basket.sent), 1)

    def test_fails(self) -> None:
        """A feature that raises is equal to one that fails; both calls are finished."""

        def raises() -> Deferred[str]:
            raise Fault("a bug")

        for feature in (raises, self.failing):
            self.call.finished = False
            self.failureResultOf(run_call(self.call, feature), Fault)
            self.assertTrue(self.call.finished)

    def failing(self) -> Deferred[str]:
        """Answer with a failure."""
        failing: Deferred[str] = Deferred()
        failing.errback(Fault("a bug"))
        return failing

    def test_cancelled(self) -> None:
        """Cancelling cancels the feature, and the call is over."""
        cancelled: list[object] = []
        work: Deferred[str] = Deferred(cancelled.append)
        running = run_call(self.call, lambda: work)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(cancelled, [work])
        self.assertTrue(self.call.finished)

    def test_revision_does_not_matter(self) -> None:
        """It is the same in every era."""
        call = Call(caller=Caller(revision=V2025_11_25))
        self.successResultOf(run_call(call, lambda: succeed(None)))
        self.assertTrue(call.finished)
