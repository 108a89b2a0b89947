"""Each call has the rights of its request, its session and its stream together."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from zope.interface import implementer

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import Json
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.pipeline.exchange import Route
from instantly_mcp.pipeline.interfaces import IGatekeeper, Presented
from instantly_mcp.pipeline.selection import Selector
from instantly_mcp.pipeline.stages.authentication import Authentication
from instantly_mcp.protocol.calls.client_requests import ListRoots
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.state.sealed_tokens import make_token_sealer
from instantly_mcp.state.sessions import MemorySessionStore
from tests.support.cases import ClockedTestCase
from tests.support.clients import BareClient, SessionClient, StreamClient
from tests.support.messages import call, modern
from tests.support.servers import Line, make_server_features
from tests.support.toolboxes import SmallToolbox

SLOW = call("slow", {"tag": "x"})
ONLY_LEADS = Rights(level=Level.DRAFT, toolsets=("leads", "server"))


@implementer(IGatekeeper)
@frozen
class LimitingGatekeeper:
    """Gives every credential the same rights, as a connection token would."""

    rights: Rights = ALL_RIGHTS
    shares_operator_key: bool = False
    refuses_keys: bool = False

    def admit(
        self, presented: Any, workspace: str | None, alias: str | None = None
    ) -> Credential | ProtocolError | None:
        """Limit what the real gatekeeper admits."""
        admitted = Gatekeeper().admit(presented, workspace, alias)
        if isinstance(admitted, Credential):
            return evolve(admitted, rights=self.rights)
        return admitted

    def refusal(self, presented: Any) -> ProtocolError | None:
        """Refuse no request."""
        return None

    refusal_as_visitor = refusal

    def renewed(self, credential: Credential) -> Credential | ProtocolError:
        """Give the credential of a session the rights that it has now."""
        return evolve(credential, rights=self.rights)

    def beside_secret(self, presented: Any) -> Any:
        """Return what was presented."""
        return presented


class RightsTestCase(ClockedTestCase):
    level = Level.FULL
    token = ALL_RIGHTS

    def setUp(self) -> None:
        """Make a line with the real authentication and session store."""
        super().setUp()
        self.toolbox = SmallToolbox()
        self.seal = make_token_sealer(None, self.clock.seconds)
        self.start()
        self.addCleanup(self.finish)

    def start(self) -> None:
        """Start a daemon; the second time it is the daemon after a restart."""
        sessions = MemorySessionStore(
            seal=self.seal, clock=self.clock, wall=self.clock.seconds
        )
        self.authentication = Authentication(
            gatekeeper=LimitingGatekeeper(self.token),
            sessions=sessions,
            clock=self.clock,
            selector=Selector(
                level=self.level, read_toolsets=ToolSelection().narrowed_to
            ),
        )
        features = make_server_features(self.toolbox, self.clock)
        self.line = Line(self.clock, features, sessions, (self.authentication,))

    def finish(self) -> None:
        """Let every call end."""
        for running in self.toolbox.running:
            if not running.done.called:
                running.finish()

    def rights(self) -> Rights:
        """Return the rights of the call that was started last."""
        return self.toolbox.running[-1].call.caller.rights

    def assertLevel(self, level: Level, by: str) -> None:
        """Check the level of the last call, and which place set it."""
        rights = self.rights()
        self.assertEqual((rights.level, rights.level_by), (level, by))


class RequestTests(RightsTestCase):
    def test_each_way_of_calling(self) -> None:
        """Each era, a batch and a request without session have the request's rights."""
        limit: dict[str, Any] = {"with_headers": {"X-MCP-Access": "draft"}}
        client = SessionClient(self.line, "2025-03-26")
        for ask in (
            lambda: self.line.send(SLOW, **limit),
            lambda: self.line.send_modern(modern(SLOW), **limit),
            lambda: client.ask(call("slow", {"tag": "y"}, id=5), **limit),
            lambda: client.ask([call("slow", {"tag": "z"}, id=6)], **limit),
            lambda: self.line.send(
                SLOW, route=Route.MESSAGES, query={"sessionId": [""]}, **limit
            ),
        ):
            before = len(self.toolbox.running)
            ask()
            self.assertEqual(len(self.toolbox.running), before + 1)
            self.assertLevel(Level.DRAFT, "header")

    def test_unknown_values(self) -> None:
        """A value that is not known is 400 in every way of calling; nothing runs."""
        for fields in (
            {"with_headers": {"X-MCP-Access": "writeonly"}},
            {"query": {"readonly": ["maybe"]}},
            {"path": "x/nothing"},
            {"path": "w/acme"},
            {"with_headers": {"X-MCP-Workspace": "acme"}},
        ):
            for send in (self.line.send, self.line.send_modern):
                message: Json = modern(SLOW) if send == self.line.send_modern else SLOW
                received = send(message, **fields)
                self.assertEqual(received.status, 400)
                self.assertEqual(received.error["code"], -32600)
        self.assertEqual(self.toolbox.running, [])

    def test_toolsets(self) -> None:
        """A call has the toolsets that its request names."""
        self.line.send(SLOW, path="x/leads/readonly")
        rights = self.rights()
        self.assertEqual(rights.toolsets, ("leads", "server"))
        self.assertLevel(Level.READ_ONLY, "path")

    def test_nothing_named(self) -> None:
        """A request that limits nothing has the rights of its credential."""
        BareClient(self.line).ask(SLOW)
        self.assertIs(self.rights(), ALL_RIGHTS)


class SettingTests(RightsTestCase):
    level = Level.DRAFT
    token = Rights(toolsets=("leads", "server"), token="t1")

    def test_the_setting_limits_all(self) -> None:
        """What the operator sets limits every caller, and a request does not widen it.

        The token stays known.
        """
        for fields in ({}, {"path": "full"}, {"query": {"toolsets": ["all"]}}):
            self.line.send(SLOW, **fields)
            self.assertLevel(Level.DRAFT, "setting")
            self.assertEqual(self.rights().toolsets, ("leads", "server"))
            self.assertEqual(self.rights().token, "t1")


class SessionTests(RightsTestCase):
    def open(self, **fields: Any) -> SessionClient:
        """Open a session with a selection."""
        client = SessionClient(self.line)
        opened = self.line.send(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "initialize",
                "params": {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "t", "version": "1"},
                },
            },
            **fields,
        )
        client.session = opened.header("mcp-session-id") or ""
        return client

    def test_a_session_keeps_its_rights(self) -> None:
        """A later request of the session has no more, whatever it states."""
        client = self.open(path="x/leads/draft")
        client.ask(SLOW)
        self.assertEqual(self.rights(), ONLY_LEADS)
        self.assertLevel(Level.DRAFT, "path")
        client.ask(call("slow", {"tag": "y"}, id=2), path="full")
        self.assertEqual(self.rights(), ONLY_LEADS)
        client.ask(call("slow", {"tag": "z"}, id=3), path="readonly")
        self.assertLevel(Level.READ_ONLY, "path")
        client.ask(call("slow", {"tag": "a"}, id=4))
        self.assertLevel(Level.DRAFT, "path")

    def test_answers_need_the_rights_of_the_call(self) -> None:
        """A response that is posted with fewer rights does not answer a question."""
        client = SessionClient(self.line, capabilities={"roots": {}})
        client.ask(SLOW)
        call_of = self.toolbox.running[-1].call
        asking = call_of.ask({"roots": ListRoots()})
        session = self.line.streamable.sessions.look_up(client.session).session
        assert session is not None
        (id,) = session.pending
        answer: Json = {"jsonrpc": "2.0", "id": id, "result": {"roots": []}}
        client.ask(answer, path="readonly")
        self.assertNoResult(asking)
        client.ask(answer)
        self.assertEqual(self.successResultOf(asking), {"roots": {"roots": []}})

    def test_after_a_restart(self) -> None:
        """A session that is adopted is limited as it was."""
        client = self.open(path="x/leads/draft")
        self.start()
        client.rig = self.line
        client.ask(SLOW)
        self.assertEqual(self.rights(), ONLY_LEADS)
        self.assertLevel(Level.DRAFT, "session")

    def test_a_call_with_other_rights_is_another_call(self) -> None:
        """A request with fewer rights does not join a call that was left."""
        client = SessionClient(self.line)
        client.ask(SLOW).leave()
        client.ask(call("slow", {"tag": "x"}, id=2), path="readonly")
        self.assertEqual(len(self.toolbox.running), 2)
        client.ask(call("slow", {"tag": "x"}, id=3))
        self.assertEqual(len(self.toolbox.running), 2)


class StreamTests(RightsTestCase):
    def open(self, path: str, last: str | None = None) -> StreamClient:
        """Open a stream of HTTP+SSE with a selection."""
        client = StreamClient.__new__(StreamClient)
        client.rig, client.key = self.line, "YWxpY2U6a2V5"
        headers = {} if last is None else {"last-event-id": last}
        client.stream = self.line.send(
            method="GET", route=Route.SSE, path=path, with_headers=headers
        )
        client.session = client.stream.events[0].data.decode().partition("=")[2]
        return client

    def test_messages_have_the_rights_of_the_stream(self) -> None:
        """A message needs nothing but its session's id, and has no more rights.

        It can state a narrower limit for itself.
        """
        client = self.open("x/leads/draft")
        for message, query, level, by in (
            (1, {}, Level.DRAFT, "path"),
            (2, {"access": ["full"], "toolsets": ["all"]}, Level.DRAFT, "path"),
            (3, {"readonly": ["true"]}, Level.READ_ONLY, "query"),
        ):
            self.line.send(
                call("slow", {"tag": "x"}, id=message),
                key=None,
                route=Route.MESSAGES,
                query={"sessionId": [client.session], **query},
            )
            self.assertEqual(self.rights().toolsets, ("leads", "server"))
            self.assertLevel(level, by)

    def test_a_stream_that_is_opened_again(self) -> None:
        """Opened again with less, the stream has less; with more, it has no more."""
        client = self.open("draft")
        last = client.stream.events[0].id
        for path, level in (("readonly", Level.READ_ONLY), ("", Level.READ_ONLY)):
            again = self.open(path, last)
            self.assertEqual(again.session, client.session)
            self.line.send(
                call("slow", {"tag": path}, id=f"at {path}"),
                key=None,
                route=Route.MESSAGES,
                query={"sessionId": [client.session]},
            )
            self.assertIs(self.rights().level, level)


class LimitingGatekeeperTests(ClockedTestCase):
    def test_it_limits(self) -> None:
        """The test's gatekeeper gives its rights to what the real one admits."""
        gatekeeper = LimitingGatekeeper(ONLY_LEADS)
        presented = [Presented("YWxpY2U6a2V5", "authorization")]
        admitted = gatekeeper.admit(presented, None)
        assert isinstance(admitted, Credential)
        self.assertIs(admitted.rights, ONLY_LEADS)
        self.assertIsNone(gatekeeper.admit([], None))
