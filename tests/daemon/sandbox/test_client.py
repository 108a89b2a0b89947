"""How commands reach a sandbox, without one."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import dumps
from instantly_mcp.daemon.sandbox.client import (
    UnreachableError,
    Waiting,
    address_in,
    base_of,
    exchange,
)


class AddressTests(SynchronousTestCase):
    """The address of a server."""

    def read(self, record):
        """Read a ready file with this content."""
        path = Path(self.mktemp())
        path.write_bytes(record if isinstance(record, bytes) else dumps(record))
        return address_in(path)

    def test_ready_file(self):
        """The first HTTP address, without the path of MCP."""
        urls = ["unix:/run/x.sock", "http://127.0.0.1:3000/mcp", "http://[::1]:3000"]
        self.assertEqual(
            self.read({"pid": os.getpid(), "urls": urls}), "http://127.0.0.1:3000"
        )

    def test_unusable(self):
        """Another file, or one without an address, is refused with the reason."""
        for record, said in (
            (b"", "not a ready file"),
            (b"[]", "not a ready file"),
            ({"pid": "x", "urls": []}, "not a ready file"),
            ({"pid": os.getpid(), "urls": ["unix:/x"]}, "names no HTTP address"),
        ):
            error = self.assertRaises(UnreachableError, self.read, record)
            self.assertIn(said, str(error))

    def test_urls(self):
        """An address may end with a slash or with the path of MCP."""
        for text in ("http://h:1", "http://h:1/", "http://h:1/mcp", "http://h:1/mcp/"):
            self.assertEqual(base_of(text), "http://h:1")

    def test_no_address(self):
        """Anything but a web address is refused before anything is sent."""
        for text in ("ftp://h", "h:1", "", "http://h:port"):
            error = self.assertRaises(
                UnreachableError, exchange, text, "GET", "/", None, 1.0
            )
            self.assertIn("is not an address", str(error))


class WaitingTests(SynchronousTestCase):
    """Waiting on a clock of the test."""

    def test_gives_up(self):
        """At the end of the time the last reason is in the message."""
        pauses: list[float] = []

        def find():
            raise UnreachableError(f"attempt {len(pauses)}")

        waiting = Waiting(find, 0.2, lambda: sum(pauses), pauses.append)
        error = self.assertRaises(UnreachableError, waiting.run)
        self.assertEqual(str(error), f"not ready after 0.2 s: attempt {len(pauses)}")
        self.assertGreater(len(pauses), 2)
