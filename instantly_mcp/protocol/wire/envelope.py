"""Checks the per-request envelope of the modern era.

The order of the checks decides which error a client gets: ``_meta`` is complete
(-32602), no routing header is repeated, header and body name the same revision
(-32020), the revision is supported (-32022), and the routing headers match the body
(-32020).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence

from attrs import frozen
from zope.interface import implementer

from ..._json_codec import Json, JsonObject
from ..interfaces import IHeaders
from .classify import META_VERSION
from .client_label import META_CLIENT
from .errors import header_mismatch, invalid_params, unsupported_version
from .jsonrpc import Request
from .log_levels import LOG_LEVELS
from .versions import MODERN_REVISIONS, VERSION_HEADER, Revision

META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
META_SERVER = "io.modelcontextprotocol/serverInfo"

METHOD_HEADER = "mcp-method"
NAME_HEADER = "mcp-name"

OPTIONAL_WHITESPACE = " \t"
"""Optional whitespace around a header value (RFC 9110); `str.strip` removes more."""

NAME_PARAMETERS: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""For each method that requires ``Mcp-Name``: the parameter that the header repeats."""

_PLAIN = re.compile(r"[\t\x20-\x7e]*")
_PREFIX, _SUFFIX = "=?base64?", "?="


@implementer(IHeaders)
class NoHeaderLayer:
    """Stands for the headers of a transport that has none, such as stdio."""

    def all(self, name: str) -> Sequence[str]:
        """Return nothing."""
        return ()


NO_HEADER_LAYER = NoHeaderLayer()
"""With it in place of headers, the envelope in the body alone counts.

It is passed explicitly: an HTTP transport that forgets its headers must not get by."""


@frozen(kw_only=True)
class Envelope:
    """The envelope of a modern request."""

    revision: Revision
    capabilities: JsonObject
    log_level: str | None


def open_envelope(request: Request, headers: IHeaders) -> Envelope:
    """Check the envelope of a modern request against its HTTP headers.

    :param headers: `NO_HEADER_LAYER` if the transport has none.
    :raises ProtocolError: -32602, -32020 or -32022, all with HTTP status 400.
    """
    meta = request.params.get("_meta")
    if not isinstance(meta, dict):
        raise invalid_params("params._meta is required", status=400)
    stated = _stated_version(meta)
    capabilities = _capabilities(meta)
    log_level = _log_level(meta)
    has_headers = headers is not NO_HEADER_LAYER
    if has_headers:
        _check_version(headers, stated)
    revision = MODERN_REVISIONS.get(stated)
    if revision is None:
        raise unsupported_version(stated, list(MODERN_REVISIONS))
    if has_headers:
        _check_routing(request, headers)
    return Envelope(revision=revision, capabilities=capabilities, log_level=log_level)


def decode_sentinel(value: str) -> str | None:
    """Decode a header value that may be written as ``=?base64?…?=``.

    :returns: the plain text. ``None`` if the encoded part is not the canonical base64
        of UTF-8 text, or if the value has characters that headers must not contain.
    """
    if not _PLAIN.fullmatch(value):
        return None
    shortest = len(_PREFIX) + len(_SUFFIX)
    framed = value.startswith(_PREFIX) and value.endswith(_SUFFIX)
    if not framed or len(value) < shortest:
        return value
    inside = value[len(_PREFIX) : -len(_SUFFIX)]
    try:
        decoded = b64decode(inside, validate=True)
        if b64encode(decoded).decode("ascii") != inside:
            return None
        return decoded.decode("utf-8")
    except (Base64Error, ValueError):
        return None


def _stated_version(meta: JsonObject) -> str:
    stated = meta.get(META_VERSION)
    if not isinstance(stated, str):
        raise invalid_params(f"params._meta needs {META_VERSION}", status=400)
    return stated


def _capabilities(meta: JsonObject) -> JsonObject:
    capabilities = meta.get(META_CAPABILITIES)
    if not isinstance(capabilities, dict):
        raise invalid_params(f"params._meta needs {META_CAPABILITIES}", status=400)
    client = meta.get(META_CLIENT, {})
    if not isinstance(client, dict):
        raise invalid_params(f"{META_CLIENT} must be an object", status=400)
    return capabilities


def _log_level(meta: JsonObject) -> str | None:
    level: Json = meta.get(META_LOG_LEVEL)
    if level is not None and level not in LOG_LEVELS:
        raise invalid_params(
            f"{META_LOG_LEVEL} is not a valid MCP log level", status=400
        )
    return level  # type: ignore[no-any-return]


def _check_version(headers: IHeaders, stated: str) -> None:
    for name in (VERSION_HEADER, METHOD_HEADER, NAME_HEADER):
        if len(headers.all(name)) > 1:
            raise header_mismatch(f"{name} is repeated")
    if _single(headers, VERSION_HEADER) != stated:
        raise header_mismatch(f"{VERSION_HEADER} differs from params._meta")


def _check_routing(request: Request, headers: IHeaders) -> None:
    if _single(headers, METHOD_HEADER) != request.method:
        raise header_mismatch("mcp-method differs from the method of the body")
    member = NAME_PARAMETERS.get(request.method)
    if member is None:
        return
    written = _single(headers, NAME_HEADER)
    expected = request.params.get(member)
    # A body without the name is malformed, not mismatched: the method checks params.
    if isinstance(expected, str) and (
        written is None or decode_sentinel(written) != expected
    ):
        raise header_mismatch(f"mcp-name differs from params.{member}")


def _single(headers: IHeaders, name: str) -> str | None:
    values = headers.all(name)
    return values[0].strip(OPTIONAL_WHITESPACE) if values else None
