"""Decodes chunked bodies with twisted.web's decoder, within stricter limits.

Chunk extensions and trailers are bounded and dropped. twisted.web keeps up to 64 KiB of
trailer lines as objects, which take twenty times as much memory if the lines are short,
and it does not limit extensions.
"""

from __future__ import annotations

import re

from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

MAX_EXCESS_BYTES = 16 * 1024
"""Limit for chunk extensions, padding of sizes and trailers, as in Go's net/http."""

_USUAL_LINE_BYTES = 16
"""The part of a size line that does not count towards `MAX_EXCESS_BYTES`."""

_TOO_LARGE = 1 << 63
"""A chunk size that overflows in another reader and is taken for a small one there."""

_TRAILER = re.compile(
    rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*"
).fullmatch

_FRAMING = (b"content-length", b"transfer-encoding")
"""Fields that may not be sent as trailers; another reader might obey them."""


class ChunkDecoder(_ChunkedTransferDecoder):
    """Refuses malformed chunks and trailers without waiting for the rest of a line."""

    _excess_bytes = 0

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        before = len(self._buffer)
        whole = super()._dataReceived_CHUNK_LENGTH()
        if whole:
            if self.length >= _TOO_LARGE:
                raise _MalformedChunkedDataError("a size that no chunk has")
            line = before - len(self._buffer)
            self._spend(max(0, line - _USUAL_LINE_BYTES))
        elif b"\n" in self._buffer:
            raise _MalformedChunkedDataError("a line that does not end in CRLF")
        return whole

    def _dataReceived_TRAILER(self) -> bool:
        end = self._buffer.find(b"\r\n")
        line = self._buffer if end < 0 else self._buffer[:end]
        if self._excess_bytes + len(line) > MAX_EXCESS_BYTES:
            raise _MalformedChunkedDataError("too much that is not data")
        if b"\n" in line:
            raise _MalformedChunkedDataError("a line that does not end in CRLF")
        if end <= 0:
            return super()._dataReceived_TRAILER()
        name = line.partition(b":")[0].lower()
        if not _TRAILER(line) or name in _FRAMING:
            raise _MalformedChunkedDataError("a trailer line")
        self._spend(end + 2)
        del self._buffer[: end + 2]
        return True

    def _spend(self, size: int) -> None:
        self._excess_bytes += size
        if self._excess_bytes > MAX_EXCESS_BYTES:
            raise _MalformedChunkedDataError("too much that is not data")
