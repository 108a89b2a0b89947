"""A fast substitute for the API: answers every GET with the same page after a delay.

Arguments: ready file, delay in seconds.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.protocol import Factory, Protocol

from .messages import campaigns_page
from .references import announce

_BODY = campaigns_page()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(_BODY)
) + _BODY


reactor: Any = installed


class OnePage(Protocol):
    """One connection of a client."""

    delay = 0.0
    _buffer = b""

    def dataReceived(self, data: bytes) -> None:
        """Answer each complete request head; requests have no bodies."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
            if self.delay:
                reactor.callLater(self.delay, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if self.transport is not None:
            self.transport.write(_ANSWER)


def main() -> None:
    """Serve until a signal stops the process."""
    OnePage.delay = float(sys.argv[2])
    announce(Factory.forProtocol(OnePage), sys.argv[1])


if __name__ == "__main__":
    main()
