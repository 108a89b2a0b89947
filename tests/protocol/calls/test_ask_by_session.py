"""Asking by session: a server request that the client answers with its own POST."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.calls.ask_by_session import (
    METHOD_NOT_FOUND,
    SessionAsker,
    deliver_response,
)
from instantly_mcp.protocol.calls.call import NULL_SINK
from instantly_mcp.protocol.calls.client_requests import (
    ANSWER_SECONDS,
    Answers,
    CannotAsk,
    IAsker,
    NotAnswered,
    NotReachable,
    Question,
)
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.wire.jsonrpc import ClientResponse
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.cases import ClockedTestCase
from tests.support.engines import Basket
from tests.support.wire import check_message

from .test_client_requests import CAPITAL, NAME, ROOTS, SAMPLED

ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}
ALL: Mapping[str, Question] = {"name": NAME, "capital": CAPITAL, "roots": ROOTS}


class SessionAskerTests(ClockedTestCase):
    def setUp(self) -> None:
        """Make a session whose client can be asked everything."""
        super().setUp()
        self.session = McpSession(
            id="s", revision=V2025_11_25, credential=None, last_seen=0.0
        )
        self.session.capabilities = {"elicitation": {}, "sampling": {}, "roots": {}}
        self.basket = Basket()
        self.asker = SessionAsker(self.session, self.basket, self.clock)

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        """Ask on the stream of the call."""
        return self.asker.ask(questions)

    def reply(self, place: int, result: Json = None, error: Json = None) -> None:
        """Answer the message at this position of the stream."""
        deliver_response(
            self.session, ClientResponse(self.basket.sent[place]["id"], result, error)
        )

    def why(self, asking: Deferred[Answers]) -> str:
        """Return the sentence with which asking failed."""
        return str(self.failureResultOf(asking, CannotAsk).value)

    def test_provides(self) -> None:
        """It provides IAsker."""
        self.assertTrue(verifyObject(IAsker, self.asker))

    def test_answers_by_key(self) -> None:
        """Every question is a request of its own; answers may come in any order."""
        asking = self.ask(ALL)
        self.assertEqual(
            [message["method"] for message in self.basket.sent],
            ["elicitation/create", "sampling/createMessage", "roots/list"],
        )
        self.reply(2, {"roots": []})
        self.reply(0, ADA)
        self.assertNoResult(asking)
        self.reply(1, SAMPLED)
        self.assertEqual(
            self.successResultOf(asking),
            {"name": ADA, "capital": SAMPLED, "roots": {"roots": []}},
        )
        self.assertEqual(self.session.pending, {})

    def test_ids_differ(self) -> None:
        """No two server requests in a session have the same id."""
        asking = self.ask(ALL)
        again = SessionAsker(self.session, self.basket, self.clock).ask(ALL)
        ids = [message["id"] for message in self.basket.sent]
        self.assertEqual(len(set(ids)), 6)
        for each in (asking, again):
            each.cancel()
            self.failureResultOf(each, CancelledError)

    def test_nothing_to_ask(self) -> None:
        """No questions are answered at once."""
        self.assertEqual(self.successResultOf(self.ask({})), {})

    def test_not_declared(self) -> None:
        """A question whose capability the client lacks is not sent."""
        self.session.capabilities = {"sampling": {}, "roots": {}}
        self.assertIn("elicitation", self.why(self.ask(ALL)))
        self.assertEqual(self.basket.sent, [])

    def test_no_stream(self) -> None:
        """Without an event stream there is no way to ask."""
        self.asker = evolve(self.asker, sink=NULL_SINK)
        self.assertIn("event stream", self.why(self.ask({"name": NAME})))

    def test_refused(self) -> None:
        """A client that answers with an error did not answer."""
        asking = self.ask({"name": NAME})
        self.reply(0, error={"code": -1, "message": "secret"})
        self.assertNotIn("secret", self.why(asking))

    def test_not_valid(self) -> None:
        """An answer that does not match the question fails it."""
        asking = self.ask({"name": NAME})
        self.reply(0, {"action": "accept", "content": {"name": 7}})
        self.assertIn("not valid", self.why(asking))

    def test_one_fails(self) -> None:
        """When one answer fails, the other questions are withdrawn."""
        asking = self.ask(ALL)
        self.reply(1, error={"code": -1, "message": "no"})
        self.why(asking)
        withdrawn = [
            message["params"]["requestId"]
            for message in self.basket.sent
            if message["method"] == "notifications/cancelled"
        ]
        self.assertEqual(
            withdrawn, [self.basket.sent[0]["id"], self.basket.sent[2]["id"]]
        )
        self.assertEqual(self.session.pending, {})

    def test_no_answer(self) -> None:
        """A question waits for some minutes, and is then withdrawn."""
        asking = self.ask({"name": NAME})
        self.clock.advance(ANSWER_SECONDS - 1)
        self.assertNoResult(asking)
        self.clock.advance(1)
        self.assertIn("in time", self.why(asking))
        self.assertEqual(self.basket.sent[-1]["method"], "notifications/cancelled")
        self.assertEqual(self.session.pending, {})

    def test_own_limit(self) -> None:
        """A question may have a limit of its own; silence differs from a refusal."""
        asking = self.ask({"name": evolve(NAME, patience_seconds=45)})
        self.clock.advance(45)
        self.failureResultOf(asking, NotAnswered)

    def test_not_shown(self) -> None:
        """A client that does not know the method did not show the question."""
        asking = self.ask({"name": NAME})
        self.reply(0, error={"code": METHOD_NOT_FOUND, "message": "?"})
        self.failureResultOf(asking, NotAnswered)
        refused = self.ask({"name": NAME})
        self.reply(-1, error={"code": -1, "message": "no"})
        self.assertNotIsInstance(
            self.failureResultOf(refused, CannotAsk).value, NotAnswered
        )

    def test_not_reachable(self) -> None:
        """A client without the capability cannot be reached at all."""
        self.session.capabilities = {}
        self.failureResultOf(self.ask({"name": NAME}), NotReachable)

    def test_cancelled(self) -> None:
        """A call that is cancelled withdraws its questions."""
        asking = self.ask(ALL)
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.assertEqual(len(self.basket.sent), 6)
        for message in self.basket.sent:
            check_message("2025-11-25", message)

    def test_fewer_rights(self) -> None:
        """A message with fewer rights than the call cannot answer; others still can."""
        rights = Rights(level=Level.DRAFT, toolsets=("leads", "emails"))
        asker = SessionAsker(self.session, self.basket, self.clock, rights)
        asking = asker.ask({"roots": ROOTS})
        reply = ClientResponse(self.basket.sent[0]["id"], {"roots": []})
        for fewer in (
            Rights(level=Level.READ_ONLY),
            Rights(level=Level.FULL, toolsets=("leads",)),
        ):
            deliver_response(self.session, reply, fewer)
            self.assertNoResult(asking)
        deliver_response(self.session, reply, ALL_RIGHTS)
        self.assertEqual(self.successResultOf(asking), {"roots": {"roots": []}})
        self.assertEqual(self.session.pending, {})

    def test_late_and_foreign_replies(self) -> None:
        """Answers to nothing that waits are ignored, also a second one."""
        asking = self.ask({"roots": ROOTS})
        ids: list[str | int] = ["server-99", "", 1, 0]
        for id in ids:
            deliver_response(self.session, ClientResponse(id, {"roots": []}))
        self.assertNoResult(asking)
        self.reply(0, {"roots": []})
        self.reply(0, {"roots": [{"uri": "file:///b"}]})
        self.assertEqual(self.successResultOf(asking), {"roots": {"roots": []}})
