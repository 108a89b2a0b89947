"""The places where a request may carry its key: one small function for each place.

The order of `CredentialSources` is the documented order. A source only finds keys; the
gatekeeper decides which of them count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import field, frozen

from ..protocol.wire.errors import ProtocolError
from .credential_errors import RefusalReason
from .exchange import Exchange, Route
from .interfaces import Presented
from .key_form import ASSIGNED, MARKED, QUOTED, TOKEN, UNFILLED, mistake_in
from .refusals import bad_key, bad_scheme

QUERY_NAMES = ("apiKey", "api_key", "instantly_api_key")
SESSION_QUERY_NAMES = ("sessionId", "session_id")

Source: TypeAlias = Callable[[Exchange], Sequence[Presented]]
"""Returns the keys in one place of a request; an empty value is left out."""

# Session ids of other MCP servers (a UUID with or without hyphens), and session ids
# that another instance of this server sealed. They must not be taken for keys.
_SESSION_ID_SHAPE = re.compile(
    r"gAAAAA[\w-]+=*|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.ASCII | re.IGNORECASE,
)


def from_authorization(exchange: Exchange) -> Sequence[Presented]:
    """Read ``Authorization: Bearer KEY`` (scheme in any case), or the key alone.

    :raises ProtocolError: for another scheme.
    """
    headers = exchange.headers.all("authorization")
    if not headers:
        return ()
    return [key for header in headers for key in _authorized(header)]


def _authorized(header: str) -> Sequence[Presented]:
    text = header.strip()
    scheme, _, rest = text.partition(" ")
    if rest and scheme.lower() != "bearer":
        whole = mistake_in(text)
        if whole in _WITH_BLANKS:
            raise bad_key("authorization", whole)
        raise bad_scheme()
    value = rest.strip() if rest else scheme
    if not value or value.lower() == "bearer":
        return ()
    return (Presented(value, "authorization"),)


def _from_header(name: str) -> Source:
    def from_header(exchange: Exchange) -> Sequence[Presented]:
        values = exchange.headers.all(name)
        if not values:
            return ()
        return [Presented(value.strip(), name) for value in values if value.strip()]

    return from_header


def from_path(exchange: Exchange) -> Sequence[Presented]:
    """Read ``/mcp/KEY`` and ``/sse/KEY``."""
    key = exchange.path_key
    return () if key is None else (Presented(key, "path"),)


def from_query(exchange: Exchange) -> Sequence[Presented]:
    """Read the query parameters of `QUERY_NAMES`."""
    query = exchange.query
    if not query:
        return ()
    values = [value for name in QUERY_NAMES for value in query.get(name, ())]
    return [Presented(value, "query") for value in values if value]


def key_in_session_id(session_id: str, *, sandbox: bool = False) -> Presented | None:
    """Take a session id that this server did not issue for a key, if it can be one.

    :param sandbox: keys that begin with ``sandbox`` may be short.
    :raises ProtocolError: for a placeholder that a template left.
    """
    if _SESSION_ID_SHAPE.fullmatch(session_id):
        return None
    mistake = mistake_in(session_id, sandbox=sandbox)
    if mistake is None or mistake is TOKEN:
        return Presented(session_id, "session-id")
    if mistake.reason == RefusalReason.KEY_MALFORMED:
        return None
    raise bad_key("session-id", mistake)


def presented_session_ids(exchange: Exchange) -> Sequence[str]:
    """Return the session ids that the request names."""
    if exchange.route is Route.MCP:
        return exchange.headers.all("mcp-session-id")
    if exchange.route is Route.MESSAGES:
        query = exchange.query
        return [value for name in SESSION_QUERY_NAMES for value in query.get(name, ())]
    return ()


_WITH_BLANKS = (ASSIGNED, MARKED, QUOTED, UNFILLED)
"""Mistakes with blanks in them, recognized before the header is split at a blank."""

_ALWAYS: Sequence[Source] = (
    from_authorization,
    _from_header("x-instantly-api-key"),
    _from_header("x-api-key"),
    from_path,
)


@frozen(kw_only=True)
class CredentialSources:
    """The places that are searched for keys, in order.

    :param query: search the query string.
    :param session_id: on ``/messages``, take a ``sessionId`` that this server did not
        issue for a key.
    :param sandbox: keys that begin with ``sandbox`` may be short.
    """

    query: bool = True
    session_id: bool = True
    sandbox: bool = False
    _sources: Sequence[Source] = field(init=False, repr=False)

    @_sources.default
    def _choose(self) -> Sequence[Source]:
        return (*_ALWAYS, from_query) if self.query else _ALWAYS

    @property
    def on_messages(self) -> Sequence[str]:
        """The query parameters that may hold a key on ``/messages``."""
        named = (
            (SESSION_QUERY_NAMES[0], self.session_id),
            (QUERY_NAMES[0], self.query),
        )
        return [name for name, counts in named if counts]

    def found(self, exchange: Exchange) -> Sequence[Presented]:
        """Return every value in the places for keys, without checking its form.

        :raises ProtocolError: for an Authorization scheme that is not supported.
        """
        return [key for source in self._sources for key in source(exchange)]

    def presented(self, exchange: Exchange) -> Sequence[Presented]:
        """Return every key on the request itself, each checked for its form.

        :raises ProtocolError: for a value that cannot be a key.
        """
        found = self.found(exchange)
        for key in found:
            mistake = mistake_in(key.value, sandbox=self.sandbox)
            # The gatekeeper decides about tokens.
            if mistake is not None and mistake is not TOKEN:
                raise bad_key(key.source, mistake)
        return found

    def in_session_id(self, session_id: str) -> Sequence[Presented]:
        """Return the key that was sent in place of a session id, if there is one.

        :raises ProtocolError: for a placeholder that a template left.
        """
        if not self.session_id:
            return ()
        key = key_in_session_id(session_id, sandbox=self.sandbox)
        return () if key is None else (key,)

    def last(self, exchange: Exchange) -> str | None:
        """Return the last key, by which the request is counted. Checks nothing.

        The last one, because a caller's own key comes after the server secret, which
        all callers share.
        """
        value = None
        try:
            for source in self._sources:
                for key in source(exchange):
                    value = key.value
        except ProtocolError:
            return None
        return value
