"""The load generator: plain sockets on epoll, in a process of its own.

It reads jobs from standard input and writes their results, one JSON object on each
line.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

CHUNKS_END = b"\r\n0\r\n\r\n"


class Client:
    """One connection, with one request on it at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._length = -1
        self._began = 0.0

    def ask(self, request: bytes) -> None:
        """Send a whole request."""
        self._buffer, self._length = b"", -1
        self._began = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> bytes | None:
        """Read available bytes; return the response once it is complete.

        :raises ConnectionError: when the connection is closed before that.
        """
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("closed in the middle of a response")
        self._buffer += data
        return self._buffer if self._is_complete() else None

    def waited(self) -> float:
        """Return the seconds since the request was sent."""
        return time.perf_counter() - self._began

    def exchange(self, request: bytes) -> bytes:
        """Send a request and wait for the whole response."""
        self.ask(request)
        while (response := self.take()) is None:
            pass
        return response

    def open_stream(self, request: bytes) -> None:
        """Open an event stream and leave it open.

        :raises RuntimeError: when the answer is not 200.
        """
        self.ask(request)
        if self.socket.recv(65536)[9:12] != b"200":
            raise RuntimeError("a stream was refused")

    def is_open(self) -> bool:
        """Return whether the server has not closed the connection."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return not poll.poll(0)

    def _is_complete(self) -> bool:
        if self._length < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._length = whole_length(self._buffer, end)
        if self._length:
            return len(self._buffer) >= self._length
        return self._buffer.endswith(CHUNKS_END)


def whole_length(response: bytes, end: int) -> int:
    """Return the length of the response with its head; 0 if it is chunked."""
    if response[9:12] == b"204":
        return end + 4
    head = response[:end].lower()
    start = head.find(b"\r\ncontent-length:")
    if start < 0:
        return 0
    value = head[start + 17 :].split(b"\r\n", 1)[0]
    return end + 4 + int(value)


class Tally:
    """Counts responses and failures."""

    def __init__(self, expected: bytes) -> None:
        self._expected = expected
        self.seconds: list[float] = []
        self.failed = 0
        self.sample = ""

    def count(self, response: bytes, seconds: float) -> None:
        """Count a response. It must be 200 and contain the expected bytes."""
        self.seconds.append(seconds)
        if response[9:12] != b"200" or self._expected not in response:
            self.failed += 1
            self.sample = self.sample or response[:400].decode("latin-1")


class Generator:
    """Runs jobs. Connections stay open between jobs."""

    def __init__(self) -> None:
        self._clients: dict[int, list[Client]] = {}

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Send the requests of a job, one at a time on each of its connections."""
        texts = [text.encode("latin-1") for text in job["texts"]]
        tally = Tally(job["expected"].encode("latin-1"))
        clients = self._connected(job["port"], job["connections"])
        began = time.perf_counter()
        _exchange(clients, texts, job["requests"], tally)
        whole = time.perf_counter() - began
        ordered = sorted(tally.seconds)
        return {
            "rate": len(ordered) / whole,
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
            "failed": tally.failed,
            "sample": tally.sample,
        }

    def _connected(self, port: int, wanted: int) -> Sequence[Client]:
        held = [client for client in self._clients.get(port, ()) if client.is_open()]
        held.extend(Client(port) for _ in range(wanted - len(held)))
        self._clients[port] = held
        return held[:wanted]


def _exchange(
    clients: Sequence[Client], texts: Sequence[bytes], requests: int, tally: Tally
) -> None:
    poll = select.epoll()
    by_number = {client.socket.fileno(): client for client in clients}
    sent = answered = 0
    for number, client in by_number.items():
        poll.register(number, select.EPOLLIN)
        if sent < requests:
            client.ask(texts[sent % len(texts)])
            sent += 1
    while answered < requests:
        events = poll.poll(30)
        if not events:
            raise TimeoutError("no answer for 30 s")
        for number, _ in events:
            client = by_number[number]
            response = client.take()
            if response is None:
                continue
            tally.count(response, client.waited())
            answered += 1
            if sent < requests:
                client.ask(texts[sent % len(texts)])
                sent += 1
    poll.close()


def main() -> None:
    """Run jobs until the end of standard input."""
    generator = Generator()
    for line in sys.stdin:
        print(json.dumps(generator.run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
