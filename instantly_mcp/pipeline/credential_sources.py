"""Where a request may carry its key: one small function for each place.

The order of `CredentialSources` is the documented order. A source only finds and reads;
what a key is worth is the gatekeeper's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import field, frozen

from ..protocol.errors import ProtocolError
from .exchange import Exchange, Route
from .interfaces import Presented
from .refusals import bad_key, bad_path_key, bad_scheme

MIN_KEY_LENGTH = 10
MAX_KEY_LENGTH = 4096

QUERY_NAMES = ("apiKey", "api_key", "instantly_api_key")
SESSION_QUERY_NAMES = ("sessionId", "session_id")

Source: TypeAlias = Callable[[Exchange], Sequence[Presented]]
"""Returns what one place of a request presents; an empty value presents nothing."""

# What the session ids of other MCP servers look like (a UUID with or without hyphens),
# and what ours look like when another instance sealed them: none of them is a key.
_SESSION_ID_SHAPE = re.compile(
    r"gAAAAA[\w-]+=*|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.ASCII | re.IGNORECASE,
)


def is_plausible(value: str) -> bool:
    """Say whether a key of Instantly may look like this: opaque, printable ASCII."""
    return (
        MIN_KEY_LENGTH <= len(value) <= MAX_KEY_LENGTH
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def from_authorization(exchange: Exchange) -> Sequence[Presented]:
    """Read ``Authorization: Bearer KEY``, any case, or the bare key.

    :raises ProtocolError: for another scheme.
    """
    headers = exchange.headers.all("authorization")
    if not headers:
        return ()
    return [key for header in headers for key in _authorized(header)]


def _authorized(header: str) -> Sequence[Presented]:
    scheme, _, rest = header.strip().partition(" ")
    if rest and scheme.lower() != "bearer":
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
    """Read ``?apiKey=KEY`` and its two other spellings."""
    query = exchange.query
    if not query:
        return ()
    values = [value for name in QUERY_NAMES for value in query.get(name, ())]
    return [Presented(value, "query") for value in values if value]


def key_in_session_id(session_id: str) -> Presented | None:
    """Take a session id that nobody here minted for a key, if it can be one."""
    if not is_plausible(session_id) or _SESSION_ID_SHAPE.fullmatch(session_id):
        return None
    return Presented(session_id, "session-id")


def presented_session_ids(exchange: Exchange) -> Sequence[str]:
    """Return the session ids that the request names, none on most requests."""
    if exchange.route is Route.MCP:
        return exchange.headers.all("mcp-session-id")
    if exchange.route is Route.MESSAGES:
        query = exchange.query
        return [value for name in SESSION_QUERY_NAMES for value in query.get(name, ())]
    return ()


_ALWAYS: Sequence[Source] = (
    from_authorization,
    _from_header("x-instantly-api-key"),
    _from_header("x-api-key"),
    from_path,
)


@frozen(kw_only=True)
class CredentialSources:
    """The places that are looked into, in order.

    :param query: keys in the query string count.
    :param session_id: on ``/messages`` a ``sessionId`` that is no session of ours may
        be a key.
    """

    query: bool = True
    session_id: bool = True
    _sources: Sequence[Source] = field(init=False, repr=False)

    @_sources.default
    def _choose(self) -> Sequence[Source]:
        return (*_ALWAYS, from_query) if self.query else _ALWAYS

    @property
    def on_messages(self) -> Sequence[str]:
        """The query parameters in which a key may come to ``/messages``."""
        named = (
            (SESSION_QUERY_NAMES[0], self.session_id),
            (QUERY_NAMES[0], self.query),
        )
        return [name for name, counts in named if counts]

    def found(self, exchange: Exchange) -> Sequence[Presented]:
        """Return everything that is presented, whatever it looks like.

        :raises ProtocolError: for an Authorization scheme that is not supported.
        """
        return [key for source in self._sources for key in source(exchange)]

    def presented(self, exchange: Exchange) -> Sequence[Presented]:
        """Return every key on the request itself, each checked for its form.

        :raises ProtocolError: for what can be no key.
        """
        found = self.found(exchange)
        for key in found:
            if not is_plausible(key.value):
                raise bad_path_key() if key.source == "path" else bad_key(key.source)
        return found

    def last(self, exchange: Exchange) -> str | None:
        """Return one key, to count the request by, without checking anything.

        The last one: behind a server secret that everybody shares, the caller's own
        key comes after it.
        """
        value = None
        try:
            for source in self._sources:
                for key in source(exchange):
                    value = key.value
        except ProtocolError:
            return None
        return value
