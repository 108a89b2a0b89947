"""Sealed cursors of the list tools.

Instantly's cursors are ids, addresses or times. A model can invent one, or use that of
another list; Instantly answers with an empty page or with the wrong one, which reads
like a result. So ``page.next_cursor`` is a sealed token of this server. It contains
Instantly's cursor, and digests of who asked, with which tool, and for what: all
arguments but ``limit``, after names became ids. Any instance with the same sealing keys
accepts it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ....protocol.interfaces import ITokenSealer
from ...results import CallRefusedError, message_of

PAGE_PURPOSE = "page"
STARTING_AFTER: Final = "starting_after"

NO_FILTERS = frozenset({"limit", STARTING_AFTER})
"""Arguments that may change from page to page."""

MAX_CURSOR_BYTES = 1_000
"""Longest cursor of Instantly that is sealed; the longest seen has 290 bytes."""

MAX_TOKEN_CHARS = 2_000
"""Longer texts are refused unread: no token of this server is as long."""

_DIGEST_BYTES = 8

REFUSED_CURSOR = frozenset(
    {Reason.INVALID_REQUEST, Reason.BAD_ARGUMENT, Reason.NOT_FOUND}
)
"""How Instantly refuses a cursor."""


@frozen
class ListCursors:
    """Seals and opens the cursors of one list tool."""

    seal: ITokenSealer
    tool: str

    def opened(self, given: JsonObject, call: Call) -> JsonObject:
        """Return the arguments with Instantly's cursor in the place of the token.

        :raises CallRefusedError: ``bad_cursor``, for a text that is not a cursor of
            this list, this caller and these arguments.
        """
        token = given.get(STARTING_AFTER)
        if token is None:
            return given
        payload = None
        if isinstance(token, str) and len(token) <= MAX_TOKEN_CHARS:
            payload = self.seal.unseal(PAGE_PURPOSE, token.strip())
        if payload is None or payload[:_DIGEST_BYTES] != self._list(call):
            raise CallRefusedError(
                "bad_cursor",
                f"starting_after is not a cursor of {self.tool}.",
                "Give page.next_cursor of its last result unchanged, or start again "
                "without starting_after.",
            )
        if payload[_DIGEST_BYTES : 2 * _DIGEST_BYTES] != _filters(given):
            raise CallRefusedError(
                "bad_cursor",
                f"This cursor of {self.tool} was made for other arguments.",
                "Repeat all arguments of the first call, or start again without "
                "starting_after.",
            )
        return {
            **given,
            STARTING_AFTER: payload[2 * _DIGEST_BYTES :].decode(errors="surrogatepass"),
        }

    def token(self, cursor: str, given: JsonObject, call: Call) -> str | None:
        """Return the token for a cursor of Instantly; ``None`` if it is too long."""
        plain = cursor.encode(errors="surrogatepass")
        if len(plain) > MAX_CURSOR_BYTES:
            return None
        return self.seal.seal(PAGE_PURPOSE, self._list(call) + _filters(given) + plain)

    def sealed(self, value: Json, given: JsonObject, call: Call) -> Json:
        """Return a page with a sealed cursor; any other value as it is."""
        page = value.get("page") if isinstance(value, dict) else None
        if not isinstance(page, dict) or page.get("next_cursor") is None:
            return value
        cursor = page["next_cursor"]
        token = self.token(str(cursor), given, call)
        if token is not None:
            return {**value, "page": {**page, "next_cursor": token}}
        page = {name: each for name, each in page.items() if name != "next_cursor"}
        notice = "Instantly's cursor of the next page cannot be used: narrow the list."
        return {**value, "page": page, "notice": notice}

    def _list(self, call: Call) -> bytes:
        return _digest([call.caller.principal, self.tool])


def cursor_refused(error: ApiError, given: JsonObject) -> CallRefusedError | None:
    """Return the refusal for a cursor that Instantly no longer accepts.

    The token proves that it was Instantly's own, for the same arguments: so what is
    refused is the cursor, because the object that it stands for is gone.
    """
    if given.get(STARTING_AFTER) is None or error.reason not in REFUSED_CURSOR:
        return None
    return CallRefusedError(
        "bad_cursor",
        f"Instantly no longer accepts this cursor: {message_of(error)}",
        "Start again without starting_after.",
    )


def _filters(given: JsonObject) -> bytes:
    return _digest({name: given[name] for name in given if name not in NO_FILTERS})


def _digest(value: Json) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).digest()[:_DIGEST_BYTES]
