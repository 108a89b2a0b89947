"""Authentication: which session a request belongs to, and who may use it."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from instantly_mcp._credential import Secret
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.credential_sources import CredentialSources
from instantly_mcp.pipeline.exchange import Exchange, Note, Route
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.protocol.calls.session import SessionStatus
from instantly_mcp.protocol.wire.versions import V2024_11_05, V2025_11_25
from tests.pipeline.stages.authenticating import (
    ALICE,
    BOB,
    OPERATOR,
    SERVER,
    UUID,
    AuthenticationTestCase,
    credential,
    keyed,
    message,
    unkeyed,
)
from tests.support.exchanges import exchange


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

    def test_stolen_with_another_key(self) -> None:
        """Another principal's session is 404, and stays as it is."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        error = self.refused(keyed(BOB, session=session), 404)
        self.assertEqual(error["code"], -32001)
        self.assertEqual(session.last_seen, 0)
        self.assertFalse(session.ended)
        self.acts_as(keyed(ALICE, session=session), ALICE)

    def test_stolen_without_key(self) -> None:
        """A session id is not a credential: 401 for every method, and no effect."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.clock.advance(60)
        for operator in (False, True):
            self.guarded(operator=operator)
            for method in ("POST", "GET", "DELETE"):
                one = evolve(unkeyed(session), method=method)
                error = self.refused(one, 401)
                self.assertEqual(error["code"], -32001)
                self.assertIn("does not replace the key", str(error["message"]))
                data = error["data"]
                assert isinstance(data, dict)
                self.assertEqual(data["reason"], "session_needs_key")
        self.assertEqual(session.last_seen, 0)
        self.assertFalse(session.ended)
        self.acts_as(keyed(ALICE, session=session), ALICE)

    def test_resumed_without_key(self) -> None:
        """The id of an event is not a credential either."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        headers = {"mcp-session-id": session.id, "last-event-id": "1-0"}
        self.refused(exchange(method="GET", with_headers=headers), 401)

    def test_never_in_place_of_the_secret(self) -> None:
        """No session replaces the server secret, on any route, under any setting."""
        for wide in (False, True):
            self.stage = evolve(self.stage, key_in_session=wide)
            self.guarded(operator=True, secret=True)
            for owner in (self.operators(SERVER), credential(ALICE)):
                session = self.streaming(owner)
                for one in (unkeyed(session), message(session.id)):
                    error = self.refused(one, 401)
                    self.assertIn("server secret", str(error["message"]))
                self.assertEqual(session.last_seen, 0)

    def test_secret_alone_is_not_the_key(self) -> None:
        """The secret alone does not open a session of a caller who also sent a key."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        for operator in (False, True):
            self.guarded(operator=operator, secret=True)
            self.refused(keyed(SERVER, session=session), 401)
            headers = {
                "authorization": f"Bearer {SERVER}",
                "x-instantly-api-key": ALICE,
                "mcp-session-id": session.id,
            }
            self.acts_as(exchange(with_headers=headers), ALICE)

    def test_sandbox_session(self) -> None:
        """Without keys a session in the sandbox goes on; in another's it does not."""
        self.stage = evolve(self.stage, gatekeeper=Gatekeeper(sandbox=True))
        session = self.sessions.open(V2025_11_25, self.operators())
        self.assertIs(self.passed(unkeyed(session)).session, session)
        other = self.sessions.open(V2025_11_25, credential("sandbox-b"))
        self.refused(unkeyed(other), 401)

    def test_key_in_session(self) -> None:
        """A setting lets old clients go on that present their key only once."""
        self.stage = evolve(self.stage, key_in_session=True)
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        out = self.acts_as(unkeyed(session), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.source, "session")
        self.assertEqual(out.principal, session.principal)
        self.refused(message(session.id), 404)

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
        self.assertIs(out.lookup.status, SessionStatus.FOREIGN)
        self.assertEqual(out.notes, (Note("anonymous-session-left"),))
        self.assertEqual(session.last_seen, 0)

    def test_operator_session(self) -> None:
        """Without a key the operator's credential holds its session."""
        self.guarded(operator=True)
        session = self.sessions.open(V2025_11_25, self.operators())
        self.assertIs(self.passed(unkeyed(session)).session, session)
        self.refused(keyed(ALICE, session=session), 404)
        elsewhere = {"x-as-workspace": "ws-1", "mcp-session-id": session.id}
        error = self.refused(exchange(with_headers=elsewhere), 404)
        self.assertIn("workspace", str(error["message"]))

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

    def test_adopts(self) -> None:
        """After a restart the session is adopted for its principal."""
        lost = self.make_store().open(V2025_11_25, credential(ALICE))
        out = self.acts_as(keyed(ALICE, session=lost), ALICE)
        assert out.session is not None
        self.assertEqual(out.session.id, lost.id)
        self.assertIs(out.lookup.status, SessionStatus.LIVE)
        self.assertEqual(out.notes, (Note("session-adopted"),))
        again = self.passed(keyed(ALICE, session=lost))
        self.assertIs(again.session, out.session)
        self.assertEqual(again.notes, ())

    def test_not_for_others(self) -> None:
        """Another key, or none, gets 404 for a session from before the restart."""
        lost = self.make_store().open(V2025_11_25, credential(ALICE))
        self.refused(keyed(BOB, session=lost), 404)
        self.refused(unkeyed(lost), 404)
        self.assertEqual(self.sessions.count, 0)

    def test_ended(self) -> None:
        """An ended id goes on as ENDED: its 404 is the transport's."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.sessions.end(session, "deleted")
        out = self.acts_as(keyed(ALICE, session=session), ALICE)
        self.assertIs(out.lookup.status, SessionStatus.ENDED)
        self.assertEqual(out.session_id, session.id)

    def test_foreign(self) -> None:
        """An id that was not issued here goes on as FOREIGN, with the key beside it."""
        headers = {"x-api-key": ALICE, "mcp-session-id": UUID}
        out = self.acts_as(exchange(with_headers=headers), ALICE)
        self.assertIs(out.lookup.status, SessionStatus.FOREIGN)
        self.assertEqual(out.session_id, UUID)

    def test_foreign_id_is_not_a_key_on_mcp(self) -> None:
        """On /mcp a session id is never taken for a key."""
        out = self.passed(exchange(with_headers={"mcp-session-id": ALICE}))
        self.assertIsNone(out.credential)

    def test_two_ids(self) -> None:
        """Two different session ids are refused with 400."""
        session = self.sessions.open(V2025_11_25, None)
        twice = exchange(with_headers={"mcp-session-id": [session.id, UUID]})
        self.refused(twice, 400)

    def test_empty_id(self) -> None:
        """An empty Mcp-Session-Id counts as missing."""
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
        """A session id does not stand for the secret."""
        self.guarded(operator=True, secret=True)
        session = self.sessions.open(V2025_11_25, self.operators(SERVER))
        self.refused(unkeyed(session), 401)
        self.assertIs(self.passed(keyed(SERVER, session=session)).session, session)


class MessagesTests(AuthenticationTestCase):
    """Requests to /messages, whose sessionId may be many things."""

    def test_live_stream_speaks(self) -> None:
        """A live stream's id alone stands for the key that opened it."""
        session = self.streaming(credential(ALICE))
        self.clock.advance(60)
        out = self.acts_as(message(session.id), ALICE)
        self.assertIs(out.session, session)
        self.assertEqual(session.last_seen, 60)
        self.assertEqual(out.notes, ())

    def test_snake_case(self) -> None:
        """session_id is understood as well."""
        session = self.streaming(credential(ALICE))
        one = exchange(route=Route.MESSAGES, query={"session_id": [session.id]})
        self.assertIs(self.passed(one).session, session)

    def test_session_never_outranks_request(self) -> None:
        """Another key on the request is not replaced by the session's: 404."""
        session = self.streaming(credential(ALICE))
        self.refused(message(session.id, BOB), 404)
        self.assertIs(self.passed(message(session.id, ALICE)).session, session)

    def test_other_workspace(self) -> None:
        """A live stream's id is refused for another workspace than its own."""
        session = self.streaming(credential(ALICE, "ws-1"))
        self.acts_as(message(session.id), ALICE)
        same = message(session.id, with_headers={"x-as-workspace": "ws-1"})
        self.acts_as(same, ALICE)
        other = message(session.id, with_headers={"x-as-workspace": "ws-2"})
        self.refused(other, 404)

    def test_session_id_is_key(self) -> None:
        """An id that was not issued here and can be a key is the key; noted."""
        out = self.acts_as(message(ALICE), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.source, "session-id")
        self.assertEqual(out.notes, (Note("credential-from-session-id"),))

    def test_other_sources_first(self) -> None:
        """With a key elsewhere the sessionId is not taken for a second key."""
        out = self.acts_as(message(BOB, ALICE), ALICE)
        self.assertEqual(out.notes, (Note("credential-from-query"),))

    def test_session_id_off(self) -> None:
        """A setting turns the sessionId source off."""
        self.stage = evolve(self.stage, sources=CredentialSources(session_id=False))
        self.assertIsNone(self.passed(message(ALICE)).credential)

    def test_own_ids_are_not_keys(self) -> None:
        """Our ids, live or ended, and foreign UUIDs are never taken for keys."""
        anonymous = self.sessions.open(V2024_11_05, None)
        ended = self.sessions.open(V2024_11_05, credential(ALICE))
        self.sessions.end(ended, "closed")
        for session_id in (anonymous.id, ended.id, UUID, UUID.replace("-", "")):
            self.assertIsNone(self.passed(message(session_id)).credential)

    def test_sealed_without_key(self) -> None:
        """The id of a stream from before a restart does not replace the key: 404."""
        lost = self.make_store().open(V2024_11_05, credential(ALICE))
        self.refused(message(lost.id), 404)
        self.acts_as(message(lost.id, ALICE), ALICE)

    def test_closed_stream(self) -> None:
        """The id of a session whose stream is closed does not replace the key: 404."""
        for operator in (False, True):
            self.guarded(operator=operator)
            session = self.streaming(credential(ALICE))
            session.replaces_key = False
            self.refused(message(session.id), 404)
            self.acts_as(message(session.id, ALICE), ALICE)

    def test_session_of_mcp(self) -> None:
        """Nor does the id of a session that never had such a stream."""
        session = self.sessions.open(V2025_11_25, credential(ALICE))
        self.refused(message(session.id), 404)

    def test_stream_behind_secret(self) -> None:
        """If there is a server secret, each message must present it."""
        self.guarded(operator=True, secret=True)
        session = self.streaming(self.operators(SERVER))
        self.refused(message(session.id), 401)
        shown = {"authorization": f"Bearer {SERVER}"}
        self.acts_as(message(session.id, with_headers=shown), OPERATOR)
        self.refused(message(UUID), 401)

    def test_stream_outranks_operator(self) -> None:
        """With the server secret alone the stream's own key counts, not a default."""
        session = self.streaming(credential(ALICE))
        shown = {"authorization": f"Bearer {SERVER}"}
        for operator in (False, True):
            self.guarded(operator=operator, secret=True)
            out = self.acts_as(message(session.id, with_headers=shown), ALICE)
            self.assertIs(out.session, session)

    def test_stream_opened_with_the_operators_own_key(self) -> None:
        """It acts for itself, although callers without a key act with an equal one.

        Neither has a client to name a workspace again that it opened its stream for.
        """
        self.guarded(operator=True)
        for owner in (credential(OPERATOR), credential(OPERATOR, "ws-1")):
            session = self.streaming(owner)
            out = self.acts_as(message(session.id), OPERATOR)
            self.assertIs(out.session, session)
            self.assertEqual(out.principal, owner.principal)
            other = message(session.id, with_headers={"x-as-workspace": "ws-2"})
            self.refused(other, 404)

    def test_mcp_session_with_the_operators_own_key(self) -> None:
        """On /mcp that key is asked for again, in words that fit the reason."""
        self.guarded(operator=True)
        session = self.sessions.open(V2025_11_25, credential(OPERATOR))
        self.refused(unkeyed(session), 401)
        self.acts_as(keyed(OPERATOR, session=session), OPERATOR)


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
        has_stream=st.booleans(),
    )
    def test_no_stranger_in_a_session(
        self,
        *,
        route: Route,
        owner: str | None,
        place: str,
        key: str | None,
        operator: bool,
        secret: bool,
        shown: bool,
        has_stream: bool,
    ) -> None:
        """Whatever comes out, a session goes only to the principal that opened it."""
        self.clock = Clock()
        self.sessions = self.make_store()
        self.stage = evolve(self.stage, sessions=self.sessions, clock=self.clock)
        self.guarded(operator=operator, secret=secret)
        store = self.make_store() if place == "lost" else self.sessions
        session = store.open(V2024_11_05, None if owner is None else credential(owner))
        session.replaces_key = streams = place == "live" and has_stream
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
            if key is None and outcome.credential is not None:
                spoken = outcome.credential.secret != Secret(OPERATOR)
                stands = streams and route is Route.MESSAGES
                self.assertTrue(not spoken or stands)
            self.assertTrue(shown or not secret)
        else:
            assert isinstance(outcome, Answer)
            self.assertIn(outcome.status, {401, 404})
