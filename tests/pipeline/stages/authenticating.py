"""A stage of authentication with real collaborators, and requests for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from instantly_mcp._credential import Credential, CurrentSecret, Secret
from instantly_mcp._json_codec import Json, loads
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.interfaces import Presented
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.pipeline.stages.authentication import Authentication
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.wire.versions import V2024_11_05
from instantly_mcp.state.sealed_tokens import make_token_sealer
from instantly_mcp.state.sessions import MemorySessionStore
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange

ALICE = "YWxpY2U6a2V5LW9mLWFsaWNl"
BOB = "Ym9iOmtleS1vZi1ib2I="
SERVER = "the-server-secret"
OPERATOR = "b3BlcmF0b3I6a2V5"
OPERATORS = CurrentSecret(Secret(OPERATOR), "operator")
"""As a daemon holds the key, so that it can be replaced."""

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def credential(key: str, workspace: str | None = None) -> Credential:
    """Return a credential as the stage makes it."""
    return Credential(secret=Secret(key), source="authorization", workspace=workspace)


class AuthenticationTestCase(ClockedTestCase):
    """A stage with a real store and a real gatekeeper."""

    def setUp(self) -> None:
        """Make the store and the stage."""
        super().setUp()
        self.seal = make_token_sealer(None, self.clock.seconds)
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
                operator_key=OPERATORS if operator else None,
                server_secret=Secret(SERVER) if secret else None,
            ),
        )

    def streaming(self, owner: Credential | None) -> McpSession:
        """Return a session whose stream of 2024-11-05 is open."""
        session = self.sessions.open(V2024_11_05, owner)
        session.replaces_key = True
        return session

    def operators(self, *secrets: str) -> Credential:
        """Return the credential that a caller without a key acts with."""
        presented = [Presented(secret, "authorization") for secret in secrets]
        verdict = self.stage.gatekeeper.admit(presented, None)
        assert isinstance(verdict, Credential)
        return verdict

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


def keyed(key: str, session: McpSession | None = None, **fields: Any) -> Exchange:
    """Return a request to /mcp with a key, and perhaps in a session."""
    with_headers = {"authorization": f"Bearer {key}"}
    if session is not None:
        with_headers["mcp-session-id"] = session.id
    return exchange(with_headers=with_headers, **fields)


def unkeyed(session: McpSession) -> Exchange:
    """Return a request to /mcp that carries nothing but its session."""
    return exchange(with_headers={"mcp-session-id": session.id})


def message(session_id: str, key: str | None = None, **fields: Any) -> Exchange:
    """Return a POST to /messages."""
    query = {"sessionId": [session_id]}
    if key is not None:
        query["apiKey"] = [key]
    return exchange(route=Route.MESSAGES, query=query, **fields)
