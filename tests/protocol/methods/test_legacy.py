"""The legacy era: handshake, session state, cancellation."""

from __future__ import annotations

from twisted.internet.defer import CancelledError

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.versions import LATEST_LEGACY
from tests.support.engines import EngineTestCase
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    initialize,
    notice,
    request,
)


class InitializeTests(EngineTestCase):
    def test_negotiates(self) -> None:
        """Each legacy revision that a client requests is negotiated."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                answer = self.answer(initialize(version), version)
                self.assertEqual(answer["result"]["protocolVersion"], version)

    def test_never_the_modern_revision(self) -> None:
        """For all other revisions the answer is the latest one with sessions."""
        odd: list[Json] = [MODERN_VERSION, "v999.0.0", "", None, 7]
        for asked in odd:
            with self.subTest(asked=asked):
                answer = self.answer(initialize(asked))
                revision = answer["result"]["protocolVersion"]
                self.assertEqual(revision, LATEST_LEGACY.version)

    def test_declares_only_what_exists(self) -> None:
        """Without resources and prompts none are declared, nor answered."""
        answer = self.answer(initialize())
        self.assertEqual(set(answer["result"]["capabilities"]), {"tools", "logging"})
        for method in ("resources/list", "prompts/list", "completion/complete"):
            with self.subTest(method=method):
                refused = self.answer(request(method, {}))
                self.assertEqual(refused["error"]["code"], -32601)

    def test_title_only_where_it_exists(self) -> None:
        """The server's title appears from 2025-06-18 on."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                result = self.answer(initialize(version), version)["result"]
                self.assertEqual(
                    "title" in result["serverInfo"], version >= "2025-06-18"
                )

    def test_session_takes_the_revision(self) -> None:
        """A session uses the negotiated revision."""
        session = self.session("2024-11-05")
        self.answer(initialize("2025-06-18"), session=session)
        self.assertEqual(session.revision.version, "2025-06-18")


class MethodTests(EngineTestCase):
    def test_empty_results(self) -> None:
        """ping and logging/setLevel answer exactly {} in every revision."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                self.assertEqual(self.answer(request("ping"), version)["result"], {})
                level = request("logging/setLevel", {"level": "info"})
                self.assertEqual(self.answer(level, version)["result"], {})

    def test_unknown_method(self) -> None:
        """An unknown method, and a modern one, is -32601 with HTTP status 200."""
        for method in ("nothing", "server/discover", "subscriptions/listen", ""):
            with self.subTest(method=method):
                handled = self.handled(request(method, {}))
                response = self.successResultOf(handled)
                assert response is not None
                assert response.error is not None
                self.assertEqual((response.error.code, response.status), (-32601, 200))

    def test_unknown_level(self) -> None:
        """A log level that does not exist is -32602 and changes nothing."""
        session = self.session()
        odd: list[Json] = ["loud", "INFO", None, 7, [], {}]
        for level in odd:
            with self.subTest(level=level):
                message = request("logging/setLevel", {"level": level})
                answer = self.answer(message, session=session)
                self.assertEqual(answer["error"]["code"], -32602)
        self.assertIsNone(session.log_level)

    def test_notifications_are_never_answered(self) -> None:
        """Known, unknown and malformed notifications have no answer."""
        for message in (
            notice("notifications/initialized"),
            notice("notifications/nothing", {"a": 1}),
            notice("notifications/cancelled", {"requestId": [1]}),
            notice("notifications/cancelled", {}),
            notice("tools/call", {"name": "echo"}),
        ):
            for session in (None, self.session()):
                with self.subTest(message=message):
                    handled = self.handled(message, session=session)
                    self.assertIsNone(self.successResultOf(handled))
        self.assertEqual(self.toolbox.ran, [])

    def test_stray_replies(self) -> None:
        """A response without a matching server request is ignored."""
        for id in (1, "server-1", 0, ""):
            message: Json = {"jsonrpc": "2.0", "id": id, "result": {}}
            handled = self.handled(message, session=self.session())
            self.assertIsNone(self.successResultOf(handled))


class LogTests(EngineTestCase):
    def heard(self) -> list[str]:
        """Return the levels of the messages so far, and clear them."""
        levels = [message["params"]["level"] for message in self.basket.sent]
        self.basket.sent.clear()
        return levels

    def run_chatty(self, session: Json = None) -> list[str]:
        """Run the tool that logs; return the levels of its messages."""
        handled = self.handled(call("chatty"), session=session)
        self.toolbox.running[-1].finish()
        self.successResultOf(handled)
        return self.heard()

    def test_level_of_the_session(self) -> None:
        """A session gets messages that are at least as severe as its level."""
        session = self.session()
        self.assertEqual(self.run_chatty(session), [])
        for level, expected in (
            ("warning", ["warning", "error"]),
            ("debug", ["debug", "info", "warning", "error"]),
            ("emergency", []),
        ):
            with self.subTest(level=level):
                message = request("logging/setLevel", {"level": level})
                self.answer(message, session=session)
                self.assertEqual(self.run_chatty(session), expected)

    def test_sessions_do_not_share_levels(self) -> None:
        """One session's level is not another's, and not that of no session."""
        first, second = self.session(), self.session()
        message = request("logging/setLevel", {"level": "debug"})
        self.answer(message, session=first)
        self.assertEqual(self.run_chatty(second), [])
        self.assertEqual(self.run_chatty(), [])

    def test_level_without_session(self) -> None:
        """Setting a level without a session is accepted and forgotten."""
        self.answer(request("logging/setLevel", {"level": "debug"}))
        self.assertEqual(self.run_chatty(), [])


class CancellationTests(EngineTestCase):
    def cancel(self, session: Json, id: Json) -> None:
        """Send notifications/cancelled."""
        message = notice("notifications/cancelled", {"requestId": id, "reason": "x"})
        self.successResultOf(self.handled(message, session=session))

    def test_cancels_the_call(self) -> None:
        """A cancelled call ends with CancelledError, and its tool is cancelled."""
        for id in (7, "7", 0, ""):
            with self.subTest(id=id):
                session = self.session()
                handled = self.handled(call("slow", id=id), session=session)
                self.cancel(session, id)
                self.failureResultOf(handled, CancelledError)
                self.assertTrue(self.toolbox.running[-1].cancelled)
                self.assertEqual(session.calls, {})

    def test_cancels_a_waiting_chain(self) -> None:
        """A tool whose Deferred waits for another one is cancelled as well."""
        session = self.session()
        handled = self.handled(call("relay", id=1), session=session)
        self.cancel(session, 1)
        self.failureResultOf(handled, CancelledError)
        self.assertTrue(self.toolbox.running[0].cancelled)

    def test_ids_have_types(self) -> None:
        """The ids 1, "1", 1.0 and true are not the same."""
        session = self.session()
        handled = self.handled(call("slow", id=1), session=session)
        odd: list[Json] = ["1", True, 1.0, None, [1], 2]
        for other in odd:
            with self.subTest(other=other):
                self.cancel(session, other)
                self.assertNoResult(handled)
        self.toolbox.running[0].finish()
        self.successResultOf(handled)

    def test_other_sessions(self) -> None:
        """A session cannot cancel a call of another session."""
        mine, other = self.session(), self.session()
        handled = self.handled(call("slow", id=1), session=mine)
        self.cancel(other, 1)
        self.cancel(None, 1)
        self.assertNoResult(handled)
        self.toolbox.running[0].finish()
        self.successResultOf(handled)

    def test_too_late(self) -> None:
        """A call that is answered can be cancelled no more."""
        session = self.session()
        handled = self.handled(call("slow", id=1), session=session)
        self.toolbox.running[0].finish()
        self.successResultOf(handled)
        self.assertEqual(session.calls, {})
        self.cancel(session, 1)

    def test_equal_ids_at_a_time(self) -> None:
        """The second call under one id is answered; the first is cancelled."""
        session = self.session()
        first = self.handled(call("slow", id=1), session=session)
        second = self.handled(call("slow", id=1), session=session)
        self.cancel(session, 1)
        self.failureResultOf(first, CancelledError)
        self.assertNoResult(second)
        self.toolbox.running[1].finish()
        self.successResultOf(second)

    def test_immediate_answers_are_not_kept(self) -> None:
        """A call that is answered at once leaves nothing in the session."""
        session = self.session()
        self.answer(call("echo", {"words": "x"}), session=session)
        self.answer(request("ping"), session=session)
        self.assertEqual(session.calls, {})
