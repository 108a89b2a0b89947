"""What is wrong with the connection, in words: one cause, one step, who must act."""

from __future__ import annotations

from twisted.internet.error import (
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TimeoutError,
)

from instantly_mcp.api.http.bounded_reply import MalformedReply, WireTooLarge
from tests.bridge.scripted import (
    INITIALIZE,
    TOKEN,
    RelayTestCase,
    ask,
    error_of,
    result_of,
    tool,
)

HERE = "https://mcp.acme.example"


class ConnectingTests(RelayTestCase):
    def problem_of(self, error):
        """Return what the user reads when connecting fails with an error."""
        self.daemon.broken = error
        self.reports.clear()
        self.clock.advance(60)
        self.say(INITIALIZE)
        [report] = self.reports
        problem = self.side.link.problem
        assert problem is not None
        self.assertEqual(problem.text, report)
        return report

    def test_causes(self):
        """Each cause has its own words."""
        for error, words in (
            (ConnectionRefusedError(), "connection refused"),
            (DNSLookupError(), "the name cannot be found"),
            (NoRouteError(), "there is no route to it"),
            (TimeoutError(), "it did not answer in time"),
            (OSError("imt_secret of a library"), "the connection was closed"),
        ):
            text = self.problem_of(error)
            self.assertTrue(text.startswith(f"I can't reach {HERE} ({words}). "), text)
            self.assertNotIn("imt_secret", text)


class AnswerTests(RelayTestCase):
    def problem_of(self, *reply, **fields):
        """Return what the user reads when the handshake gets this reply."""
        self.clock.advance(2.5)
        self.daemon.requests.clear()
        self.say(INITIALIZE)
        self.daemon.requests.pop().send(*reply, **fields)
        [opening] = self.heard()
        text = opening["result"]["instructions"]
        self.assertEqual(self.reports[-1], text)
        self.assertNotIn(TOKEN, text)
        return text

    def refusal(self, status, code, message):
        """Return what the user reads when the daemon refuses with its own words."""
        self.clock.advance(2.5)
        self.daemon.requests.clear()
        self.say(INITIALIZE)
        posted = self.daemon.requests.pop()
        posted.answer(error_of(None, code, message), status=status)
        return self.heard()[0]["result"]["instructions"]

    def test_daemons_words(self):
        """The daemon's own reason is passed on, in one line and without controls."""
        text = self.refusal(401, -32001, "Token refused: it expired on\n1 May\x1b[2J")
        self.assertEqual(
            text,
            f"{HERE} refused the access: Token refused: it expired on 1 May[U+001B]"
            "[2J. Set the token that your admin gives you in the configuration of this "
            "client.",
        )
        self.assertIn("another network", self.refusal(403, -32000, "another network"))
        self.assertLess(len(self.refusal(401, -32001, "x" * 9000)), 800)

    def test_echoed_token(self):
        """A server that repeats the token in its reason does not get it shown."""
        self.assertNotIn(TOKEN, self.refusal(401, -32001, f"{TOKEN} is wrong"))

    def test_silent_refusal(self):
        """Without a reason the message says who knows."""
        text = self.problem_of(401, "text/html", b"<h1>no</h1>")
        self.assertIn("Ask your admin whether your access token", text)

    def test_another_server(self):
        """A page of another server is not MCP."""
        page = (200, "text/html", b"<html>Welcome</html>")
        text = self.problem_of(*page)
        self.assertIn("not as an MCP server (200, text/html)", text)
        for status in (200, 404, 405):
            text = self.problem_of(status, "text/plain", b"x")
            self.assertIn(f"({status}, text/plain)", text)
        self.assertIn("not as an MCP", self.problem_of(200, "application/json", b"[1]"))

    def test_proxy(self):
        """A proxy that cannot reach the daemon is said to be one."""
        text = self.problem_of(502, "text/html", b"<html>")
        self.assertIn("a server in front of it answered 502", text)
        self.assertIn("tell your admin", text)

    def test_redirect(self):
        """A redirect is named, and the token goes nowhere."""
        text = self.problem_of(
            302, "text/html", b"", location="https://evil.example/?token=1"
        )
        self.assertIn("to https://evil.example, and I do not send your token", text)
        self.assertNotIn("token=1", text)
        self.assertEqual(self.daemon.requests, [])

    def test_busy(self):
        """A daemon that does not serve at the moment does not fail the handshake."""
        text = self.refusal(503, -31503, "The server is stopping.")
        self.assertIn("busy or restarting: The server is stopping)", text)

    def test_compressed(self):
        """A reply that is compressed, which was not asked for, is not read."""
        text = self.problem_of(
            200, "application/json", b"\x1f\x8b" * 9, content_encoding="gzip"
        )
        self.assertIn("a compressed answer", text)

    def test_no_answer(self):
        """A server that accepts and never answers is a timeout."""
        self.say(INITIALIZE)
        self.clock.advance(10)
        [opening] = self.heard()
        self.assertIn("did not answer in time", opening["result"]["instructions"])

    def test_calls_are_explained(self):
        """A refused call is a tool error with the same words."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        refusal = error_of(1, -32001, "Connection token refused: it was revoked")
        self.daemon.take().answer(refusal, status=401)
        answer = self.heard()[-1]["result"]
        self.assertTrue(answer["isError"])
        self.assertIn("it was revoked", answer["content"][0]["text"])

    def test_strange_answers(self):
        """What is not HTTP, or never ends, is said to be strange."""
        self.open_session().answer(status=405)
        for error, words in (
            (MalformedReply(), "something that is not HTTP"),
            (WireTooLarge(), "an answer that is too large"),
        ):
            self.say(ask(1, "prompts/list"))
            self.daemon.requests[-1].waiting.errback(error)
            self.heard()
            self.daemon.requests.clear()
            problem = self.side.link.problem
            assert problem is not None
            self.assertIn(words, problem.text)
            self.clock.advance(3)
            self.daemon.requests.pop().answer(result_of("x"))

    def test_endless_event(self):
        """An event without an end is cut off."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        call = self.daemon.take()
        call.stream()
        for _ in range(20):
            if not call.closed:
                call.raw(b"data: " + b"x" * (1 << 20))
        self.assertTrue(call.closed)
        self.assertIn("outcome is unknown", str(self.heard()))
