"""Authentication: who sends it, which session it belongs to, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json import Json, loads
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.authentication import Authentication
from instantly_mcp.pipeline.credential_sources import CredentialSources
from instantly_mcp.pipeline.exchange import Exchange, Note, Route
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.reply import Answer
from instantly_mcp.protocol.session import McpSession, Standing
from instantly_mcp.protocol.versions import V2024_11_05, V2025_11_25
from instantly_mcp.state.seals import make_seal
from instantly_mcp.state.sessions import MemorySessionStore
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange

ALICE = "YWxpY2U6a2V5LW9mLWFsaWNl"
BOB = "Ym9iOmtleS1vZi1ib2I="
SERVER = "the-server-secret"
OPERATOR = "b3BlcmF0b3I6a2V5"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def credential(key: str, workspace: str | None = None) -> Credential:
    """Return a credential as the stage makes it."""
    return Credential(secret=Secret(key), source="authorization", workspace=workspace)


class AuthenticationTestCase(ClockedTestCase):
    """A stage with a real store and a real gatekeeper."""

    def setUp(self) -> None:
        """Make the store and the stage."""
        super().setUp()
        self.seal = make_seal(None, self.clock.seconds)
        self.sessions = self.make_store()
        self.stage = Authentication(
            gatekeeper=Gatekeeper(), sessions=self.sessions, clock=self.clock
        )

    def make_store(self) -> MemorySessionStore:
        """Return a store; a second one is the daemon after a restart."""
        return MemorySessionStore(
            seal=self.seal, clock=self.clock, wall=self.clock.seconds
        )

    def guarded(self, *, operator: bool = False, secret: bool = False) -> None:
        """Put another gatekeeper in place."""
        self.stage = evolve(
            self.stage,
            gatekeeper=Gatekeeper(
                operator_key=Secret(OPERATOR) if operator else None,
                server_secret=Secret(SERVER) if secret else None,
            ),
        )

    def passed(self, one: Exchange) -> Exchange:
        """Return the exchange that must come out."""
        outcome = self.successResultOf(self.stage.process(one))
        assert isinstance(outcome, Exchange), outcome
        return outcome

    def refused(self, one: Exchange, status: int) -> Mapping[str, Json]:
        """Return the error that must come out with this status."""
        outcome = self.successResultOf(self.stage.process(one))
        assert isinstance(outcome, Answer), outcome
        self.assertEqual(outcome.status, status)
        error: Mapping[str, Json] = loads(outcome.body)["error"]
        return error

    def acts_as(self, one: Exchange, key: str) -> Exchange:
        """Return what comes out, which must have this key."""
        out = self.passed(one)
        assert out.credential is not None
        self.assertEqual(out.credential.secret, Secret(key))
        return out


def keyed(key: str, **fields: object) -> Exchange:
    """Return a request to /mcp with a key, and perhaps in a session."""
    with_headers = {"authorization": f"Bearer {key}"}
    session = fields.pop("session", None)
    if isinstance(session, McpSession):
        with_headers["mcp-session-id"] = session.id
    return exchange(with_headers=with_headers, **fields)


def unkeyed(session: McpSession) -> Exchange:
    """Return a request to /mcp that carries nothing but its session."""
    return exchange(with_headers={"mcp-session-id": session.id})


def message(session_id: str, key: str | None = None, **fields: object) -> Exchange:
    """Return a POST to /messages."""
    query = {"sessionId": [session_id]}
    if key is not None:
        query["apiKey"] = [key]
    return exchange(route=Route.MESSAGES, query=query, **fields)


class CredentialTests(AuthenticationTestCase):
    """The credential of requests without a session."""

    def test_provides_interface(self) -> None:
        """Authentication is a stage."""
        self.assertTrue(verifyObject(IStage, self.stage))

    def test_anonymous(self) -> None:
        """Without a key the exchange goes on without a credential."""
        one = exchange()
        self.assertEqual(self.passed(one), one)

    def test_finds_key(self) -> None:
        """The key becomes the credential, which knows its source."""
        out = self.acts_as(keyed(ALICE), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.source, "authorization")
        self.assertEqual(out.principal, credential(ALICE).principal)
        self.assertEqual(out.notes, ())

    def test_every_route(self) -> None:
        """The same resolver serves every route and method."""
        for route in Route:
            for method in ("GET", "POST", "DELETE"):
                self.acts_as(
                    exchange(route=route, method=method, path_key=ALICE), ALICE
                )

    def test_query_is_noted(self) -> None:
        """A key in the query works, and is noted."""
        out = self.acts_as(exchange(query={"apiKey": [ALICE]}), ALICE)
        self.assertEqual(out.notes, (Note("credential-from-query"),))

    def test_query_off(self) -> None:
        """A setting turns the query off; the request is then anonymous."""
        self.stage = evolve(self.stage, sources=CredentialSources(query=False))
        self.assertIsNone(self.passed(exchange(query={"apiKey": [ALICE]})).credential)

    def test_two_keys(self) -> None:
        """Two different keys are refused with 400, neither is used or named."""
        one = keyed(ALICE, path_key=BOB)
        error = self.refused(one, 400)
        self.assertNotIn(ALICE, repr(error))
        self.assertNotIn(BOB, repr(error))

    def test_same_key_twice(self) -> None:
        """The same key in two places is no conflict."""
        self.acts_as(keyed(ALICE, path_key=ALICE), ALICE)

    def test_short_path_key(self) -> None:
        """A short path key is refused with 401 and its documented error."""
        error = self.refused(exchange(path_key="short"), 401)
        self.assertEqual(error["code"], -32001)
        self.assertEqual(error["message"], "Invalid API key in URL path")

    def test_scheme(self) -> None:
        """Another Authorization scheme is refused with 401."""
        self.refused(exchange(with_headers={"authorization": "Basic eDp5"}), 401)

    def test_anonymous_off(self) -> None:
        """With anonymous = none a caller without a key gets 401 at once."""
        self.stage = evolve(self.stage, anonymous=False)
        error = self.refused(exchange(), 401)
        self.assertEqual(error["message"], "Instantly API key required")
        self.acts_as(keyed(ALICE), ALICE)

    def test_anonymous_off_on_messages(self) -> None:
        """On /messages a missing key has always been 400 and -32000."""
        self.stage = evolve(self.stage, anonymous=False)
        self.assertEqual(self.refused(message(UUID), 400)["code"], -32000)

    def test_workspace(self) -> None:
        """x-as-workspace is part of who the caller is."""
        headers = {"x-api-key": ALICE, "x-as-workspace": " ws-1 "}
        out = self.acts_as(exchange(with_headers=headers), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.workspace, "ws-1")
        self.assertNotEqual(out.principal, credential(ALICE).principal)

    def test_bad_workspace(self) -> None:
        """A workspace that is no visible ASCII of 64 characters is refused: 400."""
        for value in ("w" * 65, "a b", "a\x00b", "é", ["one", "two"]):
            one = exchange(with_headers={"x-api-key": ALICE, "x-as-workspace": value})
            self.refused(one, 400)
        out = self.passed(
            exchange(with_headers={"x-api-key": ALICE, "x-as-workspace": ""})
        )
        assert out.credential is not None
        self.assertIsNone(out.credential.workspace)

    def test_operator(self) -> None:
        """Where the operator's key serves the loopback, nobody needs a key."""
        self.guarded(operator=True)
        self.acts_as(exchange(), OPERATOR)
        self.acts_as(keyed(ALICE), ALICE)

    def test_defect_04_no_open_relay(self) -> None:
        """A07: behind a server secret no key and a wrong key are both 401."""
        self.guarded(operator=True, secret=True)
        for one in (exchange(), keyed(ALICE), message(UUID), message(ALICE)):
            error = self.refused(one, 401)
            self.assertEqual(error["code"], -32001)
        self.acts_as(keyed(SERVER), OPERATOR)


class SessionTests(AuthenticationTestCase):
    """Requests that name a session on /mcp."""

    def test_own_session(self) -> None:
        """Key and session of one principal belong together; the session is touched."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        out = self.acts_as(keyed(ALICE, session=session), ALICE)
        self.assertIs(out.session, session)
        self.assertEqual(out.session_id, session.id)
        self.assertEqual(session.last_seen, 60)

    def test_A09_stolen_with_another_key(self) -> None:
        """A09: somebody else's session is 404, and its owner notices nothing."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        error = self.refused(keyed(BOB, session=session), 404)
        self.assertEqual(error["code"], -32001)
        self.assertEqual(session.last_seen, 0)
        self.assertFalse(session.ended)
        self.acts_as(keyed(ALICE, session=session), ALICE)

    def test_A09_stolen_without_key(self) -> None:
        """A09: a stolen id is not worth a key: 401, for every method."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        for method in ("POST", "GET", "DELETE"):
            error = self.refused(evolve(unkeyed(session), method=method), 401)
            self.assertEqual(error["code"], -32001)
        self.assertEqual(session.last_seen, 0)

    def test_session_may_speak(self) -> None:
        """A setting lets the session's credential count on /mcp as well."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.stage = evolve(self.stage, session_speaks_on=frozenset(Route))
        self.acts_as(unkeyed(session), ALICE)

    def test_anonymous_session(self) -> None:
        """An anonymous caller keeps its anonymous session."""
        session = self.sessions.open(V2025_11_25, None)
        out = self.passed(unkeyed(session))
        self.assertIs(out.session, session)
        self.assertIsNone(out.credential)

    def test_key_leaves_anonymous_session(self) -> None:
        """A key on an anonymous session's request goes on without that session."""
        session = self.sessions.open(V2025_11_25, None)
        self.clock.advance(60)
        out = self.acts_as(keyed(ALICE, session=session), ALICE)
        self.assertIsNone(out.session)
        self.assertIs(out.lookup.standing, Standing.FOREIGN)
        self.assertEqual(out.notes, (Note("anonymous-session-left"),))
        self.assertEqual(session.last_seen, 0)

    def test_operator_session(self) -> None:
        """Without a key the operator's credential holds its session."""
        self.guarded(operator=True)
        session = self.sessions.open(V2025_11_25, credential(OPERATOR))
        self.assertIs(self.passed(unkeyed(session)).session, session)
        self.refused(keyed(ALICE, session=session), 404)

    def test_workspace_is_part_of_it(self) -> None:
        """The same key for another workspace is another principal: 404."""
        session = self.sessions.open(V2025_11_25, credential(ALICE, "ws-1"))
        self.refused(keyed(ALICE, session=session), 404)
        headers = {
            "x-api-key": ALICE,
            "x-as-workspace": "ws-1",
            "mcp-session-id": session.id,
        }
        self.assertIs(self.passed(exchange(with_headers=headers)).session, session)

    def test_F44_adopts(self) -> None:
        """F44: after a restart the session is adopted for its principal."""
        lost = self.make_store().open(V2025_11_25, credential(ALICE))
        out = self.acts_as(keyed(ALICE, session=lost), ALICE)
        assert out.session is not None
        self.assertEqual(out.session.id, lost.id)
        self.assertIs(out.lookup.standing, Standing.LIVE)
        self.assertEqual(out.notes, (Note("session-adopted"),))
        again = self.passed(keyed(ALICE, session=lost))
        self.assertIs(again.session, out.session)
        self.assertEqual(again.notes, ())

    def test_F44_not_for_others(self) -> None:
        """F44: another key, or none, gets 404 for a session from before the restart."""
        lost = self.make_store().open(V2025_11_25, credential(ALICE))
        self.refused(keyed(BOB, session=lost), 404)
        self.refused(unkeyed(lost), 404)
        self.assertEqual(self.sessions.count, 0)

    def test_ended(self) -> None:
        """An ended id goes on as ENDED: its 404 is the transport's."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.sessions.end(session, "deleted")
        out = self.acts_as(keyed(ALICE, session=session), ALICE)
        self.assertIs(out.lookup.standing, Standing.ENDED)
        self.assertEqual(out.session_id, session.id)

    def test_foreign(self) -> None:
        """An id that nobody here minted goes on as FOREIGN, with the key beside it."""
        headers = {"x-api-key": ALICE, "mcp-session-id": UUID}
        out = self.acts_as(exchange(with_headers=headers), ALICE)
        self.assertIs(out.lookup.standing, Standing.FOREIGN)
        self.assertEqual(out.session_id, UUID)

    def test_foreign_is_no_key_on_mcp(self) -> None:
        """On /mcp a session id is never taken for a key."""
        out = self.passed(exchange(with_headers={"mcp-session-id": ALICE}))
        self.assertIsNone(out.credential)

    def test_two_ids(self) -> None:
        """Two different session ids are refused with 400."""
        session = self.sessions.open(V2025_11_25, None)
        twice = exchange(with_headers={"mcp-session-id": [session.id, UUID]})
        self.refused(twice, 400)

    def test_empty_id(self) -> None:
        """An empty Mcp-Session-Id is none."""
        out = self.passed(exchange(with_headers={"mcp-session-id": ""}))
        self.assertIsNone(out.session_id)

    def test_modern_requests_have_no_session(self) -> None:
        """With a modern version header the session id is not even looked at."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        headers = {
            "x-api-key": BOB,
            "mcp-session-id": session.id,
            "mcp-protocol-version": "2026-07-28",
        }
        out = self.acts_as(exchange(with_headers=headers), BOB)
        self.assertIsNone(out.session_id)
        self.assertIsNone(out.session)
        self.assertEqual(session.last_seen, 0)

    def test_secret_on_every_request(self) -> None:
        """Behind a server secret a session id alone is 401 on /mcp."""
        self.guarded(operator=True, secret=True)
        session = self.sessions.open(V2025_11_25, credential(OPERATOR))
        self.refused(unkeyed(session), 401)
        self.assertIs(self.passed(keyed(SERVER, session=session)).session, session)


class MessagesTests(AuthenticationTestCase):
    """Requests to /messages, whose sessionId may be many things."""

    def test_live_stream_speaks(self) -> None:
        """A live stream's id alone stands for the key that opened it."""
        session = self.sessions.open(V2024_11_05, credential(ALICE))
        self.clock.advance(60)
        out = self.acts_as(message(session.id), ALICE)
        self.assertIs(out.session, session)
        self.assertEqual(session.last_seen, 60)
        self.assertEqual(out.notes, ())

    def test_snake_case(self) -> None:
        """session_id is understood as well."""
        session = self.sessions.open(V2024_11_05, credential(ALICE))
        one = exchange(route=Route.MESSAGES, query={"session_id": [session.id]})
        self.assertIs(self.passed(one).session, session)

    def test_session_never_outranks_request(self) -> None:
        """Another key on the request is not replaced by the session's: 404."""
        session = self.sessions.open(V2024_11_05, credential(ALICE))
        self.refused(message(session.id, BOB), 404)
        self.assertIs(self.passed(message(session.id, ALICE)).session, session)

    def test_other_workspace(self) -> None:
        """A live stream does not speak for a workspace it was not opened for."""
        session = self.sessions.open(V2024_11_05, credential(ALICE, "ws-1"))
        self.acts_as(message(session.id), ALICE)
        same = message(session.id, with_headers={"x-as-workspace": "ws-1"})
        self.acts_as(same, ALICE)
        other = message(session.id, with_headers={"x-as-workspace": "ws-2"})
        self.refused(other, 404)

    def test_session_id_is_key(self) -> None:
        """An id that nobody here minted and that can be a key is the key; noted."""
        out = self.acts_as(message(ALICE), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.source, "session-id")
        self.assertEqual(out.notes, (Note("credential-from-session-id"),))

    def test_other_sources_first(self) -> None:
        """With a key elsewhere the sessionId is no key, hence no second key."""
        out = self.acts_as(message(BOB, ALICE), ALICE)
        self.assertEqual(out.notes, (Note("credential-from-query"),))

    def test_session_id_off(self) -> None:
        """A setting turns the sessionId source off."""
        self.stage = evolve(self.stage, sources=CredentialSources(session_id=False))
        self.assertIsNone(self.passed(message(ALICE)).credential)

    def test_defect_05_own_ids_are_no_keys(self) -> None:
        """Our ids, live or ended, and foreign UUIDs are never taken for keys."""
        anonymous = self.sessions.open(V2024_11_05, None)
        ended = self.sessions.open(V2024_11_05, credential(ALICE))
        self.sessions.end(ended, "closed")
        for session_id in (anonymous.id, ended.id, UUID, UUID.replace("-", "")):
            self.assertIsNone(self.passed(message(session_id)).credential)

    def test_sealed_without_key(self) -> None:
        """A stream from before a restart speaks for nobody: 404."""
        lost = self.make_store().open(V2024_11_05, credential(ALICE))
        self.refused(message(lost.id), 404)
        self.acts_as(message(lost.id, ALICE), ALICE)

    def test_admitted_stream_behind_secret(self) -> None:
        """Behind a server secret the stream that was opened with it speaks."""
        self.guarded(operator=True, secret=True)
        session = self.sessions.open(V2024_11_05, credential(OPERATOR))
        self.acts_as(message(session.id), OPERATOR)
        self.refused(message(UUID), 401)


class SecrecyTests(AuthenticationTestCase):
    """Nothing that is presented is shown."""

    def test_canary(self) -> None:
        """No key is in the exchange's repr, in a log, or in an answer."""
        canary = "canary-key-7f3a9c"
        places = (
            keyed(canary),
            exchange(path_key=canary),
            exchange(query={"apiKey": [canary]}),
            exchange(with_headers={"x-api-key": canary}),
            message(canary),
            keyed(canary, path_key=BOB),
            exchange(with_headers={"authorization": f"Basic {canary}"}),
            exchange(path_key=f"{canary} x"),
        )
        with capturedLogs() as events:
            for one in places:
                outcome = self.successResultOf(self.stage.process(one))
                self.assertNotIn(canary, repr(one))
                self.assertNotIn(canary, repr(outcome))
                if isinstance(outcome, Answer):
                    self.assertNotIn(canary.encode(), outcome.body)
                    self.assertNotIn(canary, repr(outcome.headers))
        self.assertNotIn(canary, repr(events))

    def test_session_id_is_secret_too(self) -> None:
        """A session id is not in the exchange's repr either."""
        session = self.sessions.open(V2024_11_05, credential(ALICE))
        self.assertNotIn(session.id, repr(self.passed(message(session.id))))


class EveryCaseTests(AuthenticationTestCase):
    """What holds for any combination."""

    @given(
        route=st.sampled_from(Route),
        owner=st.sampled_from([None, ALICE, BOB]),
        place=st.sampled_from(["live", "lost", "ended"]),
        key=st.sampled_from([None, ALICE, BOB]),
        operator=st.booleans(),
        secret=st.booleans(),
        shown=st.booleans(),
    )
    def test_no_stranger_in_a_session(
        self,
        route: Route,
        owner: str | None,
        place: str,
        key: str | None,
        operator: bool,
        secret: bool,
        shown: bool,
    ) -> None:
        """Whatever comes out, a session goes only to the principal that opened it."""
        self.clock = Clock()
        self.sessions = self.make_store()
        self.stage = evolve(self.stage, sessions=self.sessions, clock=self.clock)
        self.guarded(operator=operator, secret=secret)
        store = self.make_store() if place == "lost" else self.sessions
        session = store.open(V2024_11_05, None if owner is None else credential(owner))
        if place == "ended":
            store.end(session, "closed")
        with_headers = {"mcp-session-id": session.id}
        if secret and shown:
            with_headers["authorization"] = SERVER
        query = {"sessionId": [session.id]} | ({} if key is None else {"apiKey": [key]})
        one = exchange(route=route, with_headers=with_headers, query=query)
        outcome = self.successResultOf(self.stage.process(one))
        if isinstance(outcome, Exchange):
            if outcome.session is not None:
                self.assertEqual(outcome.session.principal, session.principal)
                self.assertEqual(outcome.principal, session.principal)
            if key is not None and outcome.credential is not None:
                self.assertEqual(outcome.credential.secret, Secret(key))
            if route is Route.MCP and key is None and outcome.credential is not None:
                self.assertEqual(outcome.credential.secret, Secret(OPERATOR))
            if secret and not shown:
                self.assertIs(route, Route.MESSAGES)
                self.assertEqual(place, "live")
        else:
            assert isinstance(outcome, Answer)
            self.assertIn(outcome.status, {401, 404})
