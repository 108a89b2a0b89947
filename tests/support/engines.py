"""A test case for `McpServer` alone: messages in, responses out, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.wire.jsonrpc import Batch, Response, decode
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, Revision

from .cases import ClockedTestCase
from .exchanges import headers
from .messages import modern, modern_headers
from .servers import ADA, credential, make_server
from .toolboxes import SmallToolbox
from .wire import check_message


@implementer(INotificationSink)
@define(eq=False)
class Basket:
    """A sink that keeps what is sent."""

    sent: list[Json] = field(factory=list)
    closed: bool = False

    def send(self, message: JsonObject) -> None:
        """Store it."""
        self.sent.append(loads(dumps(message)))

    def close(self) -> None:
        """Record it."""
        self.closed = True

    def interrupt(self) -> None:
        """Do nothing."""


class EngineTestCase(ClockedTestCase):
    """A server over the small toolbox; `basket` receives the notifications."""

    def setUp(self) -> None:
        """Make the server."""
        super().setUp()
        self.toolbox = SmallToolbox()
        self.server = make_server(self.toolbox, self.clock)
        self.basket = Basket()

    def session(self, version: str = "2025-11-25") -> McpSession:
        """Return a session of Ada's."""
        return McpSession(
            id="s",
            revision=ALL_REVISIONS[version],
            credential=credential(),
            last_seen=0.0,
        )

    def handled(
        self,
        message: JsonObject,
        version: str = "2025-11-25",
        session: McpSession | None = None,
        key: str | None = ADA,
        with_headers: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Deferred[Response | None]:
        """Hand a message to the server; a modern one gets envelope and headers."""
        revision: Revision = (
            ALL_REVISIONS[version] if session is None else session.revision
        )
        fields: Mapping[str, str | Sequence[str]] = {}
        if revision.modern:
            if "io.modelcontextprotocol" not in str(message):
                message = modern(message, revision.version)
            fields = {**modern_headers(message), **(with_headers or {})}
        body = decode(dumps(message))
        assert not isinstance(body, Batch)
        caller = Caller(
            revision=revision,
            credential=None if key is None else credential(key),
            session=session,
            headers=headers(fields),
            sink=self.basket,
        )
        return self.server.handle(body, caller)

    def answer(
        self,
        message: JsonObject,
        version: str = "2025-11-25",
        session: McpSession | None = None,
        key: str | None = ADA,
        with_headers: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Json:
        """Return the response to a request, as JSON that fits its schema."""
        handled = self.handled(message, version, session, key, with_headers)
        response = self.successResultOf(handled)
        assert response is not None
        answered = loads(response.encode())
        spoken = version if session is None else session.revision.version
        check_message(spoken, answered, message.get("method"))
        return answered
