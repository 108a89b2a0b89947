"""Answers as values."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.credential_errors import key_required
from instantly_mcp.pipeline.replies.reply import (
    MAX_PEEK_BYTES,
    Answer,
    json_answer,
    refuse,
    response_answer,
)
from instantly_mcp.protocol.wire.errors import ProtocolError, session_not_found
from instantly_mcp.protocol.wire.jsonrpc import Response
from tests.support.exchanges import exchange
from tests.support.messages import call, request


class AnswerTests(SynchronousTestCase):
    def test_json_codec(self) -> None:
        """A JSON answer has its type, and whatever other headers are given."""
        answer = json_answer(405, {"a": 1}, (("Allow", "GET"),))
        self.assertEqual((answer.status, answer.body), (405, b'{"a":1}'))
        self.assertEqual(
            answer.headers,
            (("Content-Type", "application/json"), ("Allow", "GET")),
        )

    def test_response(self) -> None:
        """A response is answered with the status that belongs to it."""
        self.assertEqual(response_answer(Response(1, {})).status, 200)
        refused = response_answer(Response(1, error=session_not_found("x")))
        self.assertEqual(refused.status, 404)

    def test_headers_of_the_error(self) -> None:
        """Headers that belong to the error are on the answer."""
        answer = response_answer(Response(1, error=key_required()), (("A", "b"),))
        self.assertIn(("WWW-Authenticate", "Bearer"), answer.headers)
        self.assertIn(("A", "b"), answer.headers)

    def test_no_body_in_repr(self) -> None:
        """A body may hold personal data: the repr does not show it."""
        self.assertNotIn("canary", repr(Answer(status=200, body=b"canary")))


class RefuseTests(SynchronousTestCase):
    error = ProtocolError(-32000, "Rate limit exceeded", status=429)

    def test_with_the_id(self) -> None:
        """A refusal carries the id of the request, the ids 0 and "" included."""
        for id in (1, "a", 0, ""):
            with self.subTest(id=id):
                answer = refuse(exchange(request("ping", id=id)), self.error)
                self.assertEqual(answer.status, 429)
                self.assertEqual(loads(answer.body)["id"], id)

    def test_without_an_id(self) -> None:
        """If no id can be read, the answer has no id."""
        for body in (b"", b"{", b"[1]", b'{"id":null}', b"\xff"):
            with self.subTest(body=body):
                answer = refuse(exchange(body=body), self.error)
                self.assertNotIn("id", loads(answer.body))

    def test_long_bodies_are_not_read(self) -> None:
        """A body beyond the bound is refused without looking into it."""
        long = exchange(call("echo", {"words": "x" * MAX_PEEK_BYTES}))
        self.assertNotIn("id", loads(refuse(long, self.error).body))
