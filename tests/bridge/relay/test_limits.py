"""A daemon that limits the client is there: it is waited for, and not lost."""

from __future__ import annotations

from tests.bridge.scripted import RelayTestCase, ask, error_of, result_of, tool

LIMITED = error_of(None, -31429, "Rate limit exceeded")


class RateLimitTests(RelayTestCase):
    def limit(self, method, after="3"):
        """Refuse the next request."""
        self.daemon.take(method).answer(LIMITED, status=429, retry_after=after)

    def test_write(self):
        """Nothing was carried out, so that it is sent after the pause asked for."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        self.limit("tools/call")
        self.clock.advance(2.9)
        self.assertEqual(self.daemon.requests, [])
        self.clock.advance(0.2)
        self.daemon.take("tools/call").result(content=[])
        self.assertEqual(self.heard(), [result_of(1, content=[])])
        self.assertEqual(self.reports, [])

    def test_others_work(self):
        """Neither the user nor the client is notified of a lost connection."""
        self.open_session().answer(status=405)
        self.say(ask(1, "tools/list"))
        for id in range(2, 6):
            self.limit("tools/list", "0")
            self.say(ask(id, "prompts/list"))
            self.daemon.take("prompts/list").result()
            self.clock.advance(4)
        self.daemon.take("tools/list").result()
        answers = [result_of(id) for id in range(2, 6)]
        self.assertEqual(self.heard(), [*answers, result_of(1)])
        self.assertEqual(self.reports, [])

    def test_too_long(self):
        """A pause beyond the patience: the client gets the daemon's own error."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        self.limit("tools/call", "600")
        self.assertEqual(self.heard(), [{**LIMITED, "id": 1}])
        self.assertEqual((self.daemon.requests, self.reports), ([], []))

    def test_stream(self):
        """The daemon's stream is opened later."""
        self.open_session().answer(LIMITED, status=429)
        self.clock.advance(1)
        self.daemon.take("GET").answer(status=405)
        self.assertEqual((self.heard(), self.reports), ([], []))
