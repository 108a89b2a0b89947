"""Tests for the head of an event stream, on every route that streams."""

from __future__ import annotations

from instantly_mcp.pipeline.replies.channel import Channel
from instantly_mcp.pipeline.replies.reply import EventStream, json_answer
from tests.support.cases import ClockedTestCase

from .site import MemoryServer, parse, request

STREAMING = (
    ("GET", "/sse"),
    ("GET", "/sse/KEY"),
    ("GET", "/mcp"),
    ("GET", "/mcp/KEY"),
    ("POST", "/mcp"),
    ("POST", "/mcp/KEY"),
    ("HEAD", "/sse"),
)


class CachingTests(ClockedTestCase):
    def test_no_proxy_may_transform_a_stream(self):
        """A header forbids proxies to compress, which would delay events."""
        for method, target in STREAMING:
            server = MemoryServer(self.clock)
            server.pipeline.reply = EventStream(channel=Channel())
            connection = server.connect()
            connection.send(request(method, target))
            response, _ = parse(connection.output(), head=True)
            self.assertEqual(response.one("content-type"), "text/event-stream")
            self.assertEqual(response.one("cache-control"), "no-store, no-transform")
            connection.hang_up()

    def test_other_answers_may_be_compressed(self):
        """Other answers have Cache-Control: no-store only."""
        server = MemoryServer(self.clock)
        server.pipeline.reply = json_answer(200, 1)
        connection = server.connect()
        for method, target in (("POST", "/mcp"), ("GET", "/health"), ("GET", "/none")):
            response = connection.ask(method, target)
            self.assertEqual(response.one("cache-control"), "no-store")
        connection.hang_up()
