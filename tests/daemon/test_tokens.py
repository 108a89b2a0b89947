"""Connection tokens in a whole daemon: what a client gets at each moment of their life.

What the simulated Instantly received is the observation, not only what an answer says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import patch

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import Level
from instantly_mcp.access.tokens.book import TokenTerms
from instantly_mcp.access.tokens.token import ConnectionToken, new_token
from instantly_mcp.daemon.access.books import Books, load_books
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.access.product.memory_daemon import JSON_AND_EVENTS, Answer, MemoryDaemon
from tests.access.product.ways import WAYS, Caller, Session, outcome
from tests.support.messages import call, initialize, modern, modern_headers, request

READ = call("list_campaigns", {})
DAY = 86400.0


class TokenTestCase(SynchronousTestCase):
    """A daemon with a sandbox, and its books."""

    settings: dict[str, str] = {}

    def setUp(self) -> None:
        """Start a daemon."""
        made: list[Books] = []

        def keep(*arguments, **named):
            made.append(load_books(*arguments, **named))
            return made[-1]

        with patch("instantly_mcp.daemon.mcp.load_books", keep):
            self.daemon = MemoryDaemon(**self.settings)
        self.addCleanup(self.daemon.stop)
        self.keys: list[str] = []
        self.patch(Sandbox, "check_key", self._note_key)
        (self.books,) = made

    def _note_key(self, key: str) -> None:
        """Note a key that Instantly received: never a token, nor one mistyped."""
        self.keys.append(key)
        if "imt" in key:
            raise AssertionError("a connection token was sent to Instantly")

    def issue(self, name: str = "ada", **terms: object) -> Caller:
        """Issue a token; return a caller that presents it."""
        made = TokenTerms(name=name, **terms)  # type: ignore[arg-type]
        _, value = self.successResultOf(self.books.tokens.issue(made))
        return Caller(daemon=self.daemon, key=value)

    def token_of(self, caller: Caller) -> ConnectionToken:
        """Return the token that a caller presents."""
        token = self.books.tokens.find(caller.key or "")
        assert token is not None
        return token

    def revoke(self, caller: Caller) -> None:
        """Revoke a caller's token."""
        self.successResultOf(self.books.tokens.revoke(self.token_of(caller)))

    def sent(self) -> int:
        """Return how many requests Instantly executed with the operator's key."""
        return len(self.daemon.sandbox.workspace("sandbox").journal.as_json())

    def assert_refused(self, answer: Answer, status: int, reason: str) -> None:
        """Check status and reason of a request that was refused."""
        (message,) = answer.messages()
        self.assertEqual(answer.status, status, message)
        self.assertEqual(message["error"]["data"]["reason"], reason)


class EveryWayTests(TokenTestCase):
    """Every way to call a tool, with a token in every place."""

    def each(self) -> Iterator[tuple[str, Callable[[Caller], JsonObject]]]:
        """Yield every way in every place."""
        for name, way in WAYS.items():
            for place in ("header", "path", "query"):

                def called(caller: Caller, way=way, place=place) -> JsonObject:
                    result: JsonObject = way(
                        caller.with_(place=place), "list_campaigns", {}
                    )
                    return result

                yield f"{name} in {place}", called

    def test_valid(self) -> None:
        """A valid token reads, in whatever way and place it travels."""
        caller = self.issue()
        for name, way in self.each():
            before = self.sent()
            result = way(caller)
            self.assertNotIn("error", result, name)
            self.assertFalse(result.get("isError"), name)
            self.assertEqual(self.sent(), before + 1, name)

    def test_ended(self) -> None:
        """A token that is unknown, mistyped, revoked or expired reaches nothing."""
        valid, revoked = self.issue("ada"), self.issue("bob")
        expired = self.issue("eve", expires=self.daemon.wall() + DAY)
        self.revoke(revoked)
        self.daemon.wall_offset += DAY
        assert valid.key is not None
        for key in (revoked.key, expired.key, new_token(), valid.key[:-1]):
            for name, way in self.each():
                with self.assertRaises(AssertionError, msg=name):
                    # There is no session, or the result is an error.
                    result = way(Caller(daemon=self.daemon, key=key))
                    self.assertNotIn("error", result)
        self.assertEqual(self.keys, [])


class CallerTests(TokenTestCase):
    """Callers, before the first token and after it."""

    def test_without_credential(self) -> None:
        """From the first token on, callers without one can only list what there is."""
        stranger = Caller(daemon=self.daemon, key=None)
        self.assertNotIn("error", stranger.post(READ).reply())
        self.issue()
        before = self.sent()
        answer = stranger.post(READ)
        self.assert_refused(answer, 401, "connection_token_required")
        tools = stranger.post(request("tools/list")).reply()["result"]["tools"]
        self.assertTrue(tools)
        self.assertEqual(self.sent(), before)

    def test_raw_key(self) -> None:
        """From the first token on, raw keys are refused."""
        raw = Caller(daemon=self.daemon, key="sandbox-walk")
        self.assertNotIn("error", raw.post(READ).reply())
        self.issue()
        self.assert_refused(raw.post(READ), 401, "connection_token_required")

    def test_ways_on_the_page(self) -> None:
        """From the first token on, a caller with one reads how to present it."""
        caller = self.issue()
        page = self.daemon.ask(None, "/info", "GET", caller.given_headers())
        self.assertIn(b"Authorization: Bearer CONNECTION_TOKEN", page.body)
        self.assertNotIn(b"no key is needed", page.body)

    def test_draft(self) -> None:
        """A token's access level binds: a draft token sends no mail."""
        caller = self.issue(level=Level.DRAFT)
        (mail,) = self.mails(caller)
        reply = call("reply_to_email", {"reply_to_uuid": mail, "body": {"text": "Yes"}})
        self.assertTrue(outcome(caller.post(reply).reply())["isError"])
        self.assertEqual(self.daemon.writes("sandbox"), [])

    def mails(self, caller: Caller) -> list[str]:
        """Return the id of a mail."""
        listed = outcome(caller.post(call("list_emails", {"limit": 1})).reply())
        return [each["id"] for each in listed["structuredContent"]["items"]]


class KeptOpenTests(TokenTestCase):
    """What a client keeps open when its token ends, or is narrowed."""

    def stream_of(self, session: Session) -> Answer:
        """Open the stream of a session."""
        wire = self.daemon.connect()
        headers = session.caller.given_headers(
            {
                "Accept": "text/event-stream",
                "Mcp-Session-Id": session.id,
                "MCP-Protocol-Version": session.version,
            }
        )
        answer = wire.send("GET", session.caller.target("/mcp"), headers)
        answer.wait_for_event(0)
        self.assertEqual(answer.status, 200)
        return answer

    def listen(self, caller: Caller) -> Answer:
        """Open a stream of the modern era that listens to changes."""
        asked = modern(request("subscriptions/listen", {"notifications": {}}))
        routing = {name: str(value) for name, value in modern_headers(asked).items()}
        wire = self.daemon.connect()
        headers = caller.given_headers({**JSON_AND_EVENTS, **routing})
        answer = wire.send("POST", caller.target("/mcp"), headers, asked)
        self.assertEqual(len(answer.wait_for_event(1)), 1)
        return answer

    def is_open(self, answer: Answer) -> bool:
        """Say whether a stream is still open."""
        answer.messages()
        pipe = answer.wire.pipe
        return not (answer.complete or pipe.disconnecting or pipe.aborted)

    def test_revoked(self) -> None:
        """The streams of a revoked token close; those of others stay open."""
        ada, bob = self.issue("ada"), self.issue("bob")
        sessions = [Session.open(ada), Session.open(bob)]
        streams = [self.stream_of(each) for each in sessions]
        listening = [self.listen(each) for each in (ada, bob)]
        self.revoke(ada)
        for mine, other in (streams, listening):
            self.assertFalse(self.is_open(mine))
            self.assertTrue(self.is_open(other))
        self.assert_refused(sessions[0].post(READ), 401, "connection_token_revoked")
        self.assertNotIn("error", sessions[1].post(READ).reply())

    def test_expired(self) -> None:
        """The streams of a token close when it expires, with no message needed."""
        caller = self.issue(expires=self.daemon.wall() + 60)
        stream, listening = self.stream_of(Session.open(caller)), self.listen(caller)
        self.daemon.reactor.advance(50)
        self.assertTrue(self.is_open(stream) and self.is_open(listening))
        for _ in range(2):
            self.daemon.reactor.advance(10)
        self.assertFalse(self.is_open(stream) or self.is_open(listening))

    def test_narrowed(self) -> None:
        """A narrowed token has to come again, and then has less."""
        caller = self.issue()
        session = Session.open(caller)
        stream = self.stream_of(session)
        token = self.token_of(caller)
        self.successResultOf(self.books.tokens.narrow(token, Level.READ_ONLY))
        self.assertFalse(self.is_open(stream))
        created = session.post(call("create_lead_list", {"name": "n"})).reply()
        self.assertTrue(outcome(created)["isError"])
        self.assertEqual(self.daemon.writes("sandbox"), [])

    def test_first_token(self) -> None:
        """Streams that were opened with the operator's key close at the first token."""
        stranger = Caller(daemon=self.daemon, key=None)
        session = Session.open(stranger)
        stream, listening = self.stream_of(session), self.listen(stranger)
        self.issue()
        self.assertFalse(self.is_open(stream) or self.is_open(listening))
        before = self.sent()
        self.assertIn("error", session.post(READ).reply())
        self.assertEqual(self.sent(), before)


class SseTests(TokenTestCase):
    """HTTP+SSE, whose messages carry only the id of the stream."""

    def opened(self, caller: Caller) -> str:
        """Open a stream; return where its messages are posted."""
        wire = self.daemon.connect()
        accept = caller.given_headers({"Accept": "text/event-stream"})
        self.stream = wire.send("GET", caller.target("/sse"), accept)
        self.stream.wait_for_event(0)
        (endpoint,) = [
            data for kind, data in self.stream.events() if kind == "endpoint"
        ]
        self.daemon.ask(initialize("2024-11-05", id=1), endpoint)
        self.stream.wait_for_event(1)
        return endpoint

    def test_revoked(self) -> None:
        """The id of a stream is worth nothing when its token has ended."""
        caller = self.issue()
        endpoint = self.opened(caller)
        self.revoke(caller)
        answer = self.daemon.ask(READ, endpoint)
        self.assertIn(answer.status, (401, 404))
        self.assertEqual(self.sent(), 0)

    def test_operator_key(self) -> None:
        """Nor is that of a stream without a token, once there are tokens."""
        endpoint = self.opened(Caller(daemon=self.daemon, key=None))
        self.issue()
        answer = self.daemon.ask(READ, endpoint)
        self.assertIn(answer.status, (401, 404))
        self.assertEqual(self.sent(), 0)


class SessionIdTests(TokenTestCase):
    """``key_in_session``: the id of a session stands for the credential."""

    settings = {"key_in_session": "true"}

    def post(self, session: Session) -> Answer:
        """Post a message with the id of a session only."""
        bare = evolve(session, caller=Caller(daemon=self.daemon, key=None))
        return bare.post(READ)

    def test_revoked(self) -> None:
        """The session of a revoked token is gone."""
        caller = self.issue()
        session = Session.open(caller)
        self.assertNotIn("error", self.post(session).reply())
        before = self.sent()
        self.revoke(caller)
        self.assertIn(self.post(session).status, (401, 404))
        self.assertEqual(self.sent(), before)

    def test_narrowed(self) -> None:
        """The session of a narrowed token has less as well."""
        caller = self.issue()
        session = Session.open(caller)
        token = self.token_of(caller)
        self.successResultOf(self.books.tokens.narrow(token, Level.READ_ONLY))
        bare = evolve(session, caller=Caller(daemon=self.daemon, key=None))
        created = bare.post(call("create_lead_list", {"name": "n"})).reply()
        self.assertTrue(outcome(created)["isError"])
        self.assertEqual(self.daemon.writes("sandbox"), [])

    def test_operator_key(self) -> None:
        """A session that used the operator's key is refused after the first token."""
        session = Session.open(Caller(daemon=self.daemon, key=None))
        self.issue()
        answer = self.post(session)
        self.assertIn("error", answer.reply())
        self.assertEqual(self.sent(), 0)
