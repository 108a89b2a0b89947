"""Requests for web resources that are written for twisted.web alone.

They get what such a resource expects, arguments and response headers, on connections
with the limits of all others.
"""

# Most of twisted.web's Request is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from twisted.web.http import parse_qs

from .request import McpRequest
from .site import McpSite


class PlainRequest(McpRequest):
    """Its answer starts with the first byte written, as in twisted.web."""

    def process(self) -> None:
        """Read the arguments of the query first."""
        if self.head.query:
            self.args = parse_qs(self.head.query.encode("latin-1"), True)
        super().process()

    def write(self, data: bytes) -> None:
        """Send a part of the body, and the head before the first."""
        self._start_if_not_started()
        super().write(data)

    def finish(self) -> None:
        """End the answer, which may be nothing but a head."""
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
    """Serves a web resource that is written for twisted.web."""

    request_class = PlainRequest
