"""Chunks of a body, read by twisted.web. It knows nothing of what they hold."""

from __future__ import annotations

from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError


class ChunkDecoder(_ChunkedTransferDecoder):
    """Does not wait for the end of a size line that can only be a wrong one."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        whole = super()._dataReceived_CHUNK_LENGTH()
        if not whole and b"\n" in self._buffer:
            raise _MalformedChunkedDataError("a line that does not end in CRLF")
        return whole
