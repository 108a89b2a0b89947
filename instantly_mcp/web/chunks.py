"""Chunks of a body, read by twisted.web: its decoder, with less trust in the sender.

What is not data is bounded and thrown away. twisted.web keeps up to 64 KiB of trailer
lines as objects, twenty times as large when each line is short, and counts no
extensions.
"""

from __future__ import annotations

import re

from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

MAX_EXCESS_BYTES = 16 * 1024
"""For extensions, padding of sizes and trailers: the limit that Go's net/http has."""

_USUAL_LINE_BYTES = 16
"""A size line of this length is not counted, nor one byte for each byte of data."""

_TOO_LARGE = 1 << 63
"""A size that another reader might take for a small one."""

_TRAILER = re.compile(
    rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*"
).fullmatch

_FRAMING = (b"content-length", b"transfer-encoding")
"""Fields that are never sent as trailers; another reader might heed them."""


class ChunkDecoder(_ChunkedTransferDecoder):
    """Refuses what is malformed as soon as it is, and trailers that are no fields."""

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
