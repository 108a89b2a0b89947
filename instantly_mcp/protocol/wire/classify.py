"""Decides which era a message belongs to.

MCP has two eras, and this server supports both on the same URL:

- *Legacy*, revisions 2024-11-05 to 2025-11-25. A client sends ``initialize``, the
  server may issue a session, and what they agreed on then (revision, capabilities, log
  level) holds for all later messages of the session. The server can send requests to
  the client.
- *Modern*, revision 2026-07-28. There is no handshake and no session. Each request has
  an *envelope*: revision, client capabilities and log level in ``params._meta``, and
  HTTP headers that repeat the revision, the method and the name, so that a proxy can
  route without reading the body. The server never sends requests.

The body decides the era, and the header is the cross-check: a message whose ``_meta``
names a protocol version other than a legacy one is modern; any other message is legacy,
unless its ``MCP-Protocol-Version`` header names something other than a legacy revision.

The other modules about eras: `versions` lists the revisions and their features,
`envelope` checks the envelope of a modern request, `methods.legacy` and
`methods.modern` hold the method table of each era, and `server` selects the table.
Method functions are shared by both eras and check the flags of a `Revision` instead of
the era.
"""

from __future__ import annotations

from attrs import frozen

from ..._json_codec import Json
from .errors import ProtocolError, invalid_request
from .jsonrpc import Batch, Body, ClientResponse, Notification, Request
from .versions import ALL_REVISIONS, LEGACY_REVISIONS, Revision

META_VERSION = "io.modelcontextprotocol/protocolVersion"


@frozen
class LegacyMessage:
    """The message is legacy; `header` is the revision that its HTTP header names."""

    header: Revision | None


@frozen
class ModernMessage:
    """The message is modern; its envelope is not checked yet."""


_WITH_PARAMS = (Request, Notification)

MODERN_MESSAGE = ModernMessage()
LEGACY_WITHOUT_HEADER = LegacyMessage(None)


def classify(body: Body, version_header: str | None) -> LegacyMessage | ModernMessage:
    """Decide the era.

    :param version_header: the ``MCP-Protocol-Version`` header, ``None`` if absent.
    :raises ProtocolError: -32600 for a batch or a response in the modern era.
    """
    header = None if version_header is None else version_header.strip()
    modern_header = header is not None and header not in LEGACY_REVISIONS
    if isinstance(body, _WITH_PARAMS):
        return _of_message(body.params.get("_meta"), modern_header, header)
    if not modern_header:
        return _legacy(header)
    raise _not_modern(body)


def is_modern_header(version_header: str | None) -> bool:
    """Return whether the header names a supported modern revision."""
    if version_header is None:
        return False
    revision = ALL_REVISIONS.get(version_header.strip())
    return revision is not None and revision.modern


def _of_message(
    meta: Json, modern_header: bool, header: str | None
) -> LegacyMessage | ModernMessage:
    if isinstance(meta, dict) and META_VERSION in meta:
        stated = meta[META_VERSION]
        if not isinstance(stated, str) or stated not in LEGACY_REVISIONS:
            return MODERN_MESSAGE
    return MODERN_MESSAGE if modern_header else _legacy(header)


def _legacy(header: str | None) -> LegacyMessage:
    return (
        LEGACY_WITHOUT_HEADER
        if header is None
        else LegacyMessage(LEGACY_REVISIONS[header])
    )


def _not_modern(body: Batch | ClientResponse) -> ProtocolError:
    if isinstance(body, Batch):
        return invalid_request("this revision has no batches")
    return invalid_request("this revision has no server requests to respond to")
