"""A client that can ask its user shows the preview, and the user decides."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp._rights import Level
from instantly_mcp.features.consent.confirmation import ANSWER_SECONDS
from instantly_mcp.features.workspace.context import IWriteGuard
from tests.support.access import asking_guard
from tests.support.messages import call, initialize, modern, notice
from tests.support.received import Received
from tests.support.seals import new_seal
from tests.support.servers import (
    FakeSessionStore,
    Identify,
    Line,
    make_server_features,
)

from .test_token_confirmation import MAIL, REPLY, ConfirmCase

FORMS: JsonObject = {"elicitation": {}}
YES: JsonObject = {"action": "accept", "content": {"confirm": True}}
NO: JsonObject = {"action": "accept", "content": {"confirm": False}}


class QuestionCase(ConfirmCase):
    """The tools behind the whole protocol engine."""

    def setUp(self) -> None:
        """Build the engine."""
        super().setUp()
        sessions = FakeSessionStore()
        features = make_server_features(self.tools, self.clock)
        self.line = Line(self.clock, features, sessions, (Identify(sessions),))

    def sent(self) -> int:
        """Return how many replies Instantly got."""
        return len(self.instantly.calls("replyToEmail"))

    def token_without_forms(self) -> str:
        """Return a token that the same caller gets with a client without forms."""
        received = self.line.send_modern(modern(call("reply_to_email", REPLY)))
        error = received.result["structuredContent"]["error"]
        token: str = error["confirm_token"]
        return token

    def code(self, received: Received) -> str:
        """Return the code of an error result."""
        self.assertTrue(received.result.get("isError"), received.result)
        code: str = received.result["structuredContent"]["error"]["code"]
        return code


class RetryQuestionTests(QuestionCase):
    """The modern era: the call ends with the question, and is repeated with it."""

    def ask(self, name: str, arguments: JsonObject, **more: Any) -> Received:
        """Call a tool, perhaps with answers."""
        message = call(name, dict(arguments))
        message["params"].update(more)
        return self.line.send_modern(modern(message, clientCapabilities=FORMS))

    def question(self, name: str, arguments: JsonObject) -> tuple[JsonObject, str, str]:
        """Return what a retry of a call needs, the key of its question, and its text.

        The first is without answers yet.
        """
        result = self.ask(name, arguments).result
        self.assertEqual(result["resultType"], "input_required", result)
        ((key, asked),) = result["inputRequests"].items()
        state = {"requestState": result["requestState"]}
        return state, key, asked["params"]["message"]

    def test_accepted(self) -> None:
        """The user sees the whole reply; after a yes it is sent."""
        state, key, text = self.question("reply_to_email", REPLY)
        for said in ("lead@theirs.example", "Re: Your offer", "  | Yes.", "Ours"):
            self.assertIn(said, text)
        self.assertEqual(self.sent(), 0)
        again = self.ask("reply_to_email", REPLY, **state, inputResponses={key: YES})
        self.assertNotIn("isError", again.result)
        self.assertEqual(self.sent(), 1)

    def test_hidden_text_is_shown(self) -> None:
        """The form has all of a subject, also what its recipient's program hides."""
        hidden = 'Re: offer <span style="display:none">Pay me</span>'
        given = {**REPLY, "subject": hidden}
        _, _, text = self.question("reply_to_email", given)
        self.assertIn(f"Subject: {hidden}".replace("<", "\u2039"), text)

    def test_each_state_counts_once(self) -> None:
        """The same answer again sends nothing more."""
        given = {"email": "a@example.com"}
        state, key, _ = self.question("verify_email", given)
        more = {**state, "inputResponses": {key: YES}}
        self.assertNotIn("isError", self.ask("verify_email", given, **more).result)
        replayed = self.ask("verify_email", given, **more)
        self.assertEqual(self.code(replayed), "confirmation_invalid")
        self.assertEqual(len(self.instantly.calls("createEmailVerification")), 1)

    def test_answer_without_question(self) -> None:
        """An answer that was sent before the question does not count."""
        _, key, _ = self.question("reply_to_email", REPLY)
        early = self.ask("reply_to_email", REPLY, inputResponses={key: YES})
        self.assertEqual(early.result["resultType"], "input_required")
        self.assertEqual(self.sent(), 0)

    def test_declined(self) -> None:
        """A no is final: the same call is refused for five minutes, and not asked."""
        for answer in (NO, {"action": "decline"}, {"action": "cancel"}):
            given = {**REPLY, "body": {"text": f"Text for {answer}."}}
            state, key, _ = self.question("reply_to_email", given)
            more = {**state, "inputResponses": {key: answer}}
            refused = self.ask("reply_to_email", given, **more)
            self.assertEqual(self.code(refused), "not_allowed")
            again = self.ask("reply_to_email", given)
            self.assertEqual(self.code(again), "not_allowed")
            self.now += 301
            self.question("reply_to_email", given)
        self.assertEqual(self.sent(), 0)

    def test_swapped_object(self) -> None:
        """An answer is for what was shown; if that changed the user is asked again."""
        state, key, _ = self.question("reply_to_email", REPLY)
        self.instantly.answers(
            "getEmail", {**MAIL, "from_address_email": "other@theirs.example"}
        )
        again = self.ask("reply_to_email", REPLY, **state, inputResponses={key: YES})
        ((other, asked),) = again.result["inputRequests"].items()
        self.assertNotEqual(key, other)
        self.assertIn("other@theirs.example", asked["params"]["message"])
        self.assertEqual(self.sent(), 0)

    def test_swapped_arguments(self) -> None:
        """A state is not valid for other arguments."""
        state, key, _ = self.question("reply_to_email", REPLY)
        other = {**REPLY, "subject": "Re: Something else"}
        again = self.ask("reply_to_email", other, **state, inputResponses={key: YES})
        self.assertEqual(again.error["code"], -32602)
        self.assertEqual(self.sent(), 0)

    def test_no_token_in_place_of_the_question(self) -> None:
        """A token for a client without forms is not valid for one with forms."""
        more = {**REPLY, "confirm_token": self.token_without_forms()}
        refused = self.ask("reply_to_email", more)
        self.assertEqual(self.code(refused), "confirmation_invalid")
        self.assertEqual(self.sent(), 0)


class SessionCase(QuestionCase):
    """The legacy era: the call waits, and the client answers with its own POST."""

    fallback = "token"

    def guard(self) -> IWriteGuard:
        self.asking = asking_guard(
            new_seal(), lambda: self.now, self.policy, fallback=self.fallback
        )
        return self.asking

    def setUp(self) -> None:
        """Open a session whose client has forms."""
        super().setUp()
        opened = self.line.send(initialize(capabilities=FORMS))
        self.session = opened.header("mcp-session-id")
        self.line.send(notice("notifications/initialized"), session=self.session)

    def ask(self, **more: Any) -> tuple[Received, JsonObject]:
        """Call the tool; return the reply, and the request that the client gets."""
        message = call("reply_to_email", {**REPLY, **more})
        received = self.line.send(message, session=self.session)
        asked: JsonObject = received.messages[0]
        self.assertEqual(asked["method"], "elicitation/create", received.messages)
        return received, asked

    def answer(self, asked: JsonObject, result: JsonObject) -> None:
        """Answer a request of the server."""
        reply = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        self.line.send(reply, session=self.session)


class SessionQuestionTests(SessionCase):
    """What follows from each answer."""

    def test_accepted(self) -> None:
        """After a yes the reply is sent, in the same call."""
        received, asked = self.ask()
        self.assertIn("lead@theirs.example", asked["params"]["message"])
        self.assertEqual(self.sent(), 0)
        self.answer(asked, YES)
        self.assertNotIn("isError", received.result)
        self.assertEqual(self.sent(), 1)

    def test_changed_meanwhile(self) -> None:
        """If the mail changed while the user decided, the answer does not count."""
        received, asked = self.ask()
        other = {**MAIL, "from_address_email": "other@theirs.example"}
        self.instantly.answers("getEmail", other)
        self.answer(asked, YES)
        self.assertEqual(self.code(received), "confirmation_invalid")
        self.assertEqual(self.sent(), 0)

    def test_narrowed_meanwhile(self) -> None:
        """A token that was narrowed while the user decided spends nothing."""
        received = self.line.send(
            call("verify_email", {"email": "a@example.com"}), session=self.session
        )
        self.context.rights_now = lambda rights: rights.narrowed(Level.DRAFT)
        self.answer(received.messages[0], YES)
        self.assertEqual(self.code(received), "not_allowed")
        self.assertEqual(self.instantly.calls("createEmailVerification"), [])

    def test_late_answer(self) -> None:
        """The user's time is not taken from the time of the call."""
        received, asked = self.ask()
        self.clock.advance(ANSWER_SECONDS - 1)
        self.answer(asked, YES)
        self.assertNotIn("isError", received.result)
        (sending,) = (e for e in self.instantly.executed if e.id == "replyToEmail")
        assert sending.until is not None
        self.assertGreater(sending.until - self.clock.seconds(), 40)

    def test_declined(self) -> None:
        """A no sends nothing, also for the same call after it."""
        received, asked = self.ask()
        self.answer(asked, {"action": "decline"})
        self.assertEqual(self.code(received), "not_allowed")
        message = call("reply_to_email", REPLY)
        again = self.line.send(message, session=self.session)
        self.assertEqual(self.code(again), "not_allowed")
        self.assertEqual(self.sent(), 0)

    def test_refused_by_the_client(self) -> None:
        """An error in place of an answer is not silence: there is no token."""
        received, asked = self.ask()
        error = {"code": -1, "message": "no"}
        reply = {"jsonrpc": "2.0", "id": asked["id"], "error": error}
        self.line.send(reply, session=self.session)
        self.assertEqual(self.code(received), "not_allowed")

    def silent(self) -> Received:
        """Return the result of a call whose client does not answer."""
        received, _ = self.ask()
        self.clock.advance(ANSWER_SECONDS)
        return received

    def test_silence(self) -> None:
        """A client that never shows the form does not hang: it gets a token."""
        received = self.silent()
        self.assertEqual(self.code(received), "confirmation_required")
        error = received.result["structuredContent"]["error"]
        more = {**REPLY, "confirm_token": error["confirm_token"]}
        again = self.line.send(call("reply_to_email", more), session=self.session)
        self.assertNotIn("isError", again.result)
        self.assertEqual(self.sent(), 1)

    def test_old_revision(self) -> None:
        """A revision without forms gets a token, whatever its client declares."""
        opened = self.line.send(initialize("2025-03-26", capabilities=FORMS))
        session = opened.header("mcp-session-id")
        received = self.line.send(call("reply_to_email", REPLY), session=session)
        error = loads(received.result["content"][0]["text"].encode())
        self.assertEqual(error["code"], "confirmation_required")
        more = {**REPLY, "confirm_token": error["confirm_token"]}
        again = self.line.send(call("reply_to_email", more), session=session)
        self.assertNotIn("isError", again.result)
        self.assertEqual(self.sent(), 1)

    def test_token_of_another_client(self) -> None:
        """A client with forms cannot use the token of one without."""
        more = {**REPLY, "confirm_token": self.token_without_forms()}
        refused = self.line.send(call("reply_to_email", more), session=self.session)
        self.assertEqual(self.code(refused), "confirmation_invalid")
        self.assertEqual(self.sent(), 0)


class RefusingFallbackTests(SessionQuestionTests):
    """The operator wants silence to be a no."""

    fallback = "refuse"

    def test_silence(self) -> None:
        """Nothing is sent, and there is no token."""
        received = self.silent()
        self.assertEqual(self.code(received), "not_allowed")
        self.assertNotIn("confirm_token", dumps(received.result).decode())
        self.assertEqual(self.sent(), 0)
