"""The daemon's session, which the legacy era has, and how another one replaces it.

The client made one handshake and counts on what was agreed then. So the relay keeps
the client's ``initialize``, its log level and its resource subscriptions, and makes the
same agreement again whenever the daemon does not have the session any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from attrs import define, field
from twisted.internet.defer import DeferredLock

from ..._json_codec import Json, JsonObject
from ...protocol.wire.jsonrpc import Request
from ...protocol.wire.versions import VERSION_HEADER
from ..http.daemon_http import ReplyHead
from ..messages.request_headers import BOTH_FORMS
from .posting import FAILURES, HANDSHAKE_SECONDS, Posting

SESSION_HEADER = "mcp-session-id"

INITIALIZED: JsonObject = {"jsonrpc": "2.0", "method": "notifications/initialized"}

_HEADER = re.compile(r"[\w.-]{1,40}", re.ASCII)

END_SECONDS = 2.0
"""How long the end of the session may take when the relay ends."""


class HandshakeRefused(Exception):
    """The daemon answered the client's ``initialize`` with an error this time."""


@define(eq=False, kw_only=True)
class LegacySession:
    """The session with the daemon, on behalf of the client.

    :param opened: called when there is a session, the first one or another.
    :ivar generation: how many sessions there were; identifies the present one.
    :ivar announced: the client sent ``notifications/initialized``.
    """

    posting: Posting
    opened: Callable[[], object]
    generation: int = field(default=0, init=False)
    announced: bool = field(default=False, init=False)
    _initialize: Request | None = field(default=None, init=False, repr=False)
    _is_open: bool = field(default=False, init=False)
    _id: str | None = field(default=None, init=False, repr=False)
    _version: str | None = field(default=None, init=False)
    _log_level: JsonObject | None = field(default=None, init=False)
    _subscriptions: dict[str, JsonObject] = field(factory=dict, init=False)
    _lock: DeferredLock = field(factory=DeferredLock, init=False, repr=False)

    @property
    def wanted(self) -> bool:
        """Whether the client is of the legacy era, and made its handshake."""
        return self._initialize is not None

    @property
    def is_open(self) -> bool:
        """Whether the daemon agreed."""
        return self._is_open

    def headers(self) -> dict[str, str]:
        """Return the headers of a message in this session."""
        headers = dict(BOTH_FORMS)
        if self._version is not None:
            headers[VERSION_HEADER] = self._version
        if self._id is not None:
            headers[SESSION_HEADER] = self._id
        return headers

    def begin(self, request: Request) -> None:
        """Note the client's ``initialize``: it begins again."""
        self._initialize = request
        self._is_open, self.announced = False, False
        self._id = self._version = self._log_level = None
        self._subscriptions.clear()

    def agreed(self, response: JsonObject, head_session: str | None) -> None:
        """Note the daemon's answer to an ``initialize``."""
        result = response.get("result")
        if not isinstance(result, dict):
            return
        version = result.get("protocolVersion")
        is_header = isinstance(version, str) and _HEADER.fullmatch(version) is not None
        self._version = version if is_header else None
        self._id = head_session
        self._is_open = True
        self.generation += 1

    def asked(self, request: Request) -> None:
        """Note what the client asks for that lasts as long as its session."""
        uri: Json = request.params.get("uri")
        if request.method == "logging/setLevel":
            self._log_level = request.params
        elif request.method == "resources/subscribe" and isinstance(uri, str):
            self._subscriptions[uri] = request.params
        elif request.method == "resources/unsubscribe":
            self._subscriptions.pop(uri, None)

    async def ready(self) -> None:
        """Wait for a session, and open one if the client has none yet.

        :raises HandshakeRefused: if the daemon does not agree any more; it may also
            raise each of `FAILURES`.
        """
        await self._lock.acquire()
        try:
            if self.wanted and not self._is_open:
                await self._open()
        finally:
            self._lock.release()

    async def replace(self, generation: int) -> None:
        """Open another session, unless that was done meanwhile.

        :param generation: that of the session that is gone.
        :raises HandshakeRefused: as `ready`.
        """
        await self._lock.acquire()
        try:
            if self.wanted and self.generation == generation:
                self._is_open = False
                await self._open()
        finally:
            self._lock.release()

    async def announce(self, line: bytes) -> None:
        """Pass ``notifications/initialized`` on; other messages wait for it.

        :raises NotSent: as each of `FAILURES`.
        """
        self.announced = True
        await self._lock.acquire()
        try:
            if self._is_open:
                await self.posting.tell(line, self.headers(), in_session=True)
                self.opened()
            elif self.wanted:
                await self._open()
        finally:
            self._lock.release()

    async def restore(self) -> None:
        """Ask again for what lasts as long as the session."""
        wishes = [
            ("resources/subscribe", each) for each in self._subscriptions.values()
        ]
        if self._log_level is not None:
            wishes.append(("logging/setLevel", self._log_level))
        for method, params in wishes:
            headers = self.headers()
            await self.posting.ask(method, params, headers, session=headers)

    async def end(self) -> None:
        """End the session at the daemon, which otherwise keeps it for some time."""
        if self._id is None:
            return
        headers, self._id = self.headers(), None
        with suppress(*FAILURES):
            http = self.posting.http
            await http.read(await http.send("DELETE", headers, b"", END_SECONDS))

    async def _open(self) -> None:
        assert self._initialize is not None
        response, head = await self.posting.ask(
            "initialize",
            self._initialize.params,
            dict(BOTH_FORMS),
            seconds=HANDSHAKE_SECONDS,
        )
        if "error" in response:
            raise HandshakeRefused(str(response["error"]))
        self.agreed(response, _session_in(head))
        if self.announced:
            await self.posting.tell(INITIALIZED, self.headers(), in_session=True)
            await self.restore()
            self.opened()


def _session_in(head: ReplyHead) -> str | None:
    return head.session
