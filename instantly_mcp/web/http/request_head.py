"""Parses the head of an HTTP/1.1 request (RFC 9112) into a `Head` or a `BadHead`.

Where two readers might disagree about where a request ends (request smuggling), the
request is refused, not repaired.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from attrs import evolve, field, frozen

from ...pipeline.refusals import encoding_refused
from ...protocol.wire.errors import ProtocolError
from .limits import WebLimits
from .refusals import (
    body_too_large,
    expectation_failed,
    head_too_large,
    is_mcp_path,
    malformed,
    target_too_long,
    unsupported_version,
)


class _RequestLine(NamedTuple):
    method: str
    path: str
    query: str
    version: str


HeaderTable = Mapping[str, Sequence[str]]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_TARGET = re.compile(r"[!\"$-~]+").fullmatch
_HOST = re.compile(r"[0-9A-Za-z._:\[\]~%-]{1,255}").fullmatch
_VERSION = re.compile(r"HTTP/[0-9]\.[0-9]").fullmatch
_MAX_DIGITS = 15
_SPACE = 0x20
_TLS_HELLO = b"\x16\x03"

_TEXT = bytes({*range(0x20, 0x100), *b"\t"} - {0x7F})
"""Every byte that a line may hold: all except control characters, but with tabs."""

_ORIGIN = re.compile(r"^origin:(.*)", re.I | re.M).findall

_USUAL_NAMES = {
    spelled: name.lower()
    for name in (
        *("Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language"),
        *("Content-Type", "Content-Length", "Connection", "Authorization", "Origin"),
        *("X-Instantly-Api-Key", "X-Api-Key", "MCP-Session-Id", "Mcp-Session-Id"),
        *("MCP-Protocol-Version", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"),
    )
    for spelled in (name, name.lower())
}
"""The usual spellings of header names, which need not be checked."""


@frozen
class Head:
    """The head of one request.

    :param path: as sent, still percent-encoded; pure ASCII.
    :param query: the part after the question mark, as sent.
    :param headers: names in lower case, values without outer white space.
    :param length: of the body, in bytes; ``None`` for a chunked body.
    :param persistent: the connection may carry another request after this one.
    :param continues: the client waits for ``100 Continue``.
    """

    method: str
    path: str = field(repr=False)
    query: str = field(repr=False)
    version: str
    headers: HeaderTable = field(repr=False)
    length: int | None
    persistent: bool
    continues: bool

    @property
    def mcp(self) -> bool:
        """Whether the request is for an MCP route."""
        return is_mcp_path(self.path)


@frozen
class BadHead:
    """A head that must be refused.

    :param mcp: the request is known to be for an MCP route.
    """

    error: ProtocolError
    mcp: bool = False


def without_prefix(head: Head, prefix: str) -> Head:
    """Return the head with `prefix` removed from its path, if the path has it."""
    if not head.path.startswith(f"{prefix}/"):
        return head
    return evolve(head, path=head.path[len(prefix) :])


def parse_head(block: bytes, limits: WebLimits) -> Head | BadHead:
    """Parse a head.

    :param block: everything before the empty line, without the last CRLF.
    """
    text = block.decode("latin-1")
    lines = text.split("\r\n")
    if block.translate(None, _TEXT) != b"\r\n" * (len(lines) - 1):
        return BadHead(
            malformed("a control character, or a line that does not end in CRLF")
        )
    parts = lines[0].split(" ")
    if len(parts) != 3:
        return BadHead(malformed("the request line"))
    method, target, version = parts
    if len(target) > limits.target_bytes:
        return BadHead(target_too_long(limits.target_bytes))
    if not _TOKEN(method) or not _TARGET(target):
        return BadHead(malformed("the request line"))
    if method != method.upper():
        # Methods are case-sensitive. The routes would take "post" for POST, and checks
        # of what a POST needs would not.
        return BadHead(malformed("a method in small letters"))
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        return BadHead(_unknown_version(version))
    headers = _headers(lines, limits)
    if isinstance(headers, ProtocolError):
        return BadHead(headers)
    origin_form = _origin_form(method, target, version, headers)
    if isinstance(origin_form, ProtocolError):
        return BadHead(origin_form)
    path, _, query = origin_form.partition("?")
    line = _RequestLine(method, path, query, version)
    return _framed(line, headers, limits)


def oversized(block: bytes, limits: WebLimits) -> ProtocolError:
    """Return the refusal for a head that is too large and has not ended yet."""
    if b"\r\n" not in block[: limits.target_bytes + 64]:
        return target_too_long(limits.target_bytes)
    return head_too_large(f"The request head is larger than {limits.head_bytes} bytes")


def hopeless(block: bytes, limits: WebLimits) -> ProtocolError | None:
    """Return the refusal for an incomplete head that can no longer become valid.

    :param block: the bytes that have arrived, at least one.
    """
    if len(block) > limits.head_bytes:
        return oversized(block, limits)
    if block.count(b"\n") != block.count(b"\r\n"):
        return malformed("a line that does not end in CRLF")
    if block.startswith(_TLS_HELLO):
        return malformed("this is TLS, but the port expects plain HTTP")
    if block[0] <= _SPACE and block != b"\r":
        return malformed("the request line")
    return None


def origins_in(block: bytes) -> HeaderTable:
    """Return the Origin headers of a head that may be malformed in other lines."""
    found = _ORIGIN(block.decode("latin-1"))
    return {"origin": [value.strip(" \t\r") for value in found]} if found else {}


def _unknown_version(version: str) -> ProtocolError:
    if not _VERSION(version):
        return malformed("the request line")
    return unsupported_version()


def _headers(lines: Sequence[str], limits: WebLimits) -> HeaderTable | ProtocolError:
    if len(lines) - 1 > limits.header_lines:
        return head_too_large(f"There are more than {limits.header_lines} header lines")
    table: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        if len(line) > limits.line_bytes:
            return head_too_large(
                f"A header line is longer than {limits.line_bytes} bytes"
            )
        name, colon, value = line.partition(":")
        key = _USUAL_NAMES.get(name)
        if key is None:
            # Folded lines and blanks before the colon are not tokens either.
            if not _TOKEN(name):
                return malformed("a header line")
            key = name.lower()
        if not colon:
            return malformed("a header line")
        known = table.get(key)
        stripped = value.strip(" \t")
        table[key] = (stripped,) if known is None else (*known, stripped)
    return table


def _origin_form(
    method: str, target: str, version: str, headers: HeaderTable
) -> str | ProtocolError:
    """Return path and query of the target; check that it has one matching Host."""
    hosts = headers.get("host", ())
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        return malformed("there must be exactly one Host header")
    if hosts and not _HOST(hosts[0]):
        return malformed("the Host header")
    if target.startswith("/"):
        return target
    if target == "*" and method == "OPTIONS":
        return "/*"
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return malformed("the request target")
    authority, slash, path = rest.partition("/")
    if not hosts or authority.lower() != hosts[0].lower():
        return malformed("the request target and the Host header disagree")
    return slash + path if slash else "/"


def _framed(
    line: _RequestLine, headers: HeaderTable, limits: WebLimits
) -> Head | BadHead:
    method, path, query, version = line
    mcp = is_mcp_path(path)
    length = _body_length(version, headers)
    if isinstance(length, str):
        return BadHead(malformed(length), mcp)
    if length is not None and length > limits.body_bytes:
        return BadHead(body_too_large(limits.body_bytes), mcp)
    encodings = headers.get("content-encoding")
    if encodings is not None and any(e.lower() != "identity" for e in encodings):
        return BadHead(encoding_refused(), mcp)
    expect = headers.get("expect")
    if expect is not None and any(e.lower() != "100-continue" for e in expect):
        return BadHead(expectation_failed(), mcp)
    return Head(
        method=method,
        path=path,
        query=query,
        version=version,
        headers=headers,
        length=length,
        persistent=version == "HTTP/1.1" and not _closes(headers),
        continues=expect is not None and version == "HTTP/1.1",
    )


def _body_length(version: str, headers: HeaderTable) -> int | str | None:
    """Return the length, ``None`` for a chunked body, or why it is ambiguous."""
    codings = headers.get("transfer-encoding")
    lengths = headers.get("content-length")
    if codings is not None:
        if lengths is not None:
            return "both Content-Length and Transfer-Encoding"
        if version != "HTTP/1.1":
            return "Transfer-Encoding before HTTP/1.1"
        if len(codings) != 1 or codings[0].lower() != "chunked":
            return "the only Transfer-Encoding is chunked, and only once"
        return None
    if lengths is None:
        return 0
    value = lengths[0]
    if len(lengths) != 1 or not value.isascii() or not value.isdigit():
        return "there must be one Content-Length, a number"
    if len(value) > _MAX_DIGITS:
        # So many digits exceed every limit. The value is capped, because converting a
        # long number takes quadratic time.
        return int("9" * _MAX_DIGITS)
    return int(value)


def _closes(headers: HeaderTable) -> bool:
    connection = headers.get("connection")
    if connection is None:
        return False
    return any(
        token.strip().lower() == "close"
        for value in connection
        for token in value.split(",")
    )
