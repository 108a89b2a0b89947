"""Which era does a message belong to? A pure ladder over body and version header.

The body decides, the header is the cross-check: a request that carries the modern
per-request ``_meta`` is served statelessly, everything else is legacy unless its
header says otherwise.
"""

from __future__ import annotations

from attrs import frozen

from ..._json import Json
from .errors import ProtocolError, invalid_request
from .jsonrpc import Batch, Body, Notification, Reply, Request
from .versions import ALL, LEGACY, Revision

META_VERSION = "io.modelcontextprotocol/protocolVersion"


@frozen
class Legacy:
    """A message of the session eras; `header` is the revision its header names."""

    header: Revision | None


@frozen
class Modern:
    """A message of the stateless era, whose envelope is still to be checked."""


_WITH_PARAMS = (Request, Notification)

MODERN_ERA = Modern()
UNSTATED = Legacy(None)


def classify(body: Body, version_header: str | None) -> Legacy | Modern:
    """Decide the era.

    :param version_header: the ``MCP-Protocol-Version`` header, ``None`` if absent.
    :raises ProtocolError: -32600 for a batch or a response in the modern era.
    """
    header = None if version_header is None else version_header.strip()
    modern_header = header is not None and header not in LEGACY
    if isinstance(body, _WITH_PARAMS):
        return _of_message(body.params.get("_meta"), modern_header, header)
    if not modern_header:
        return _legacy(header)
    raise _not_modern(body)


def is_modern_header(version_header: str | None) -> bool:
    """Say whether the header names a stateless revision that is served here."""
    if version_header is None:
        return False
    revision = ALL.get(version_header.strip())
    return revision is not None and revision.modern


def _of_message(meta: Json, modern_header: bool, header: str | None) -> Legacy | Modern:
    if isinstance(meta, dict) and META_VERSION in meta:
        stated = meta[META_VERSION]
        if not isinstance(stated, str) or stated not in LEGACY:
            return MODERN_ERA
    return MODERN_ERA if modern_header else _legacy(header)


def _legacy(header: str | None) -> Legacy:
    return UNSTATED if header is None else Legacy(LEGACY[header])


def _not_modern(body: Batch | Reply) -> ProtocolError:
    if isinstance(body, Batch):
        return invalid_request("this revision has no batches")
    return invalid_request("a server of this revision never asks, so nobody answers")
