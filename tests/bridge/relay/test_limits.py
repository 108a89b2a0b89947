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

    def test_answer_of_the_user(self):
        """What expects no answer is sent again, too: it may be a confirmation."""
        self.open_session().answer(status=405)
        self.say(result_of("server-1", action="accept"))
        self.daemon.take().answer(LIMITED, status=429, retry_after="3")
        self.clock.advance(2.9)
        self.assertEqual(self.daemon.requests, [])
        self.clock.advance(0.2)
        again = self.daemon.take()
        self.assertEqual(again.message, result_of("server-1", action="accept"))
        again.answer(status=202)


class SizeTests(RelayTestCase):
    def test_too_large(self):
        """One message that has no room: its request fails, the connection works."""
        self.open_session().answer(status=405)
        for status in (413, 414, 431):
            self.say(ask(1, "tools/list"))
            self.say(tool(2, "send_mail"))
            self.daemon.requests.pop().send(status, "text/html", b"<html>")
            self.daemon.take("tools/list").result()
            refused, listed = self.heard()
            self.assertEqual((refused["id"], listed), (2, result_of(1)))
            self.assertIn("too large", refused["error"]["message"])
        self.assertEqual(self.reports, [])
