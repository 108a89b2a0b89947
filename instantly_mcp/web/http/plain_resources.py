"""Serves plain twisted.web resources, such as the sandbox's, within the same limits.

Their requests have the arguments and response headers that such resources expect.
"""

# Most of twisted.web's Request is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from twisted.web.http import parse_qs

from .request import McpRequest
from .site import McpSite


class PlainRequest(McpRequest):
    """A request whose answer starts with the first byte written, as in twisted.web."""

    def process(self) -> None:
        """Parse the query into `args`, then hand the request to the resource."""
        if self.head.query:
            self.args = parse_qs(self.head.query.encode("latin-1"), True)
        super().process()

    def path_segments(self, path: bytes) -> list[bytes]:
        """Return the decoded segments, as in twisted.web."""
        return [unquote_to_bytes(each) for each in super().path_segments(path)]

    def write(self, data: bytes) -> None:
        """Send a part of the body, after the head if that was not sent yet."""
        self._start_if_not_started()
        super().write(data)

    def finish(self) -> None:
        """End the answer, which may consist of a head only."""
        self._start_if_not_started()
        super().finish()

    def _start_if_not_started(self) -> None:
        if self.startedWriting or self.gone:
            return
        headers, length = [], None
        for name, values in self.responseHeaders.getAllRawHeaders():
            if name.lower() == b"content-length":
                length = int(values[-1])
            else:
                text = name.decode("latin-1")
                headers += [(text, value.decode("latin-1")) for value in values]
        self.start(self.code, headers, length)


class PlainSite(McpSite):
    """Serves a plain twisted.web resource."""

    request_class = PlainRequest
