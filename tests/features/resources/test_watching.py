"""Subscribing to a background job: the server polls it while there is a reason."""

from __future__ import annotations

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.resources.watching import MAX_MISSES
from instantly_mcp.features.workspace.job_following import MAX_TASK_SECONDS
from instantly_mcp.features.workspace.memory.job_changes import job_uri
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.methods.resources import subscribe, unsubscribe
from instantly_mcp.protocol.server_features import RequestContext
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.feature_cases import KEY, FeatureTestCase
from tests.support.engines import Basket
from tests.support.instantly import api_error

URI = job_uri("j")
LOOK = "getBackgroundJob"


def job(status: str, progress: int = 0) -> JsonObject:
    """Return a job as Instantly shows it."""
    return {"id": "j", "status": status, "progress": progress}


class WatchingTests(FeatureTestCase):
    def setUp(self) -> None:
        """Open a session with a stream that receives changes."""
        super().setUp()
        self.stream = Basket()
        self.session = McpSession(
            id="s", revision=V2025_11_25, credential=KEY, last_seen=0.0
        )
        self.session.streams.append(self.stream)
        self.server_features.changes.attach(self.session)
        self.addCleanup(self.session.close)

    def context(self, uri: str = URI) -> RequestContext:
        """Return a request within the session."""
        caller = Caller(revision=V2025_11_25, credential=KEY, session=self.session)
        request = Request(id=1, method="resources/subscribe", params={"uri": uri})
        return RequestContext(request=request, caller=caller)

    def wait(self, seconds: int) -> None:
        """Let time pass, second by second."""
        for _ in range(seconds):
            self.clock.advance(1)

    @property
    def looks(self) -> int:
        """How often Instantly was called."""
        return len(self.instantly.executed)

    @property
    def heard(self) -> list[Json]:
        """The URIs of the updates that the session received."""
        return [message["params"]["uri"] for message in self.stream.sent]

    def test_changes_are_found_by_polling(self) -> None:
        """Each change of an unfinished job is reported, even if no client reads it."""
        self.instantly.answers(
            LOOK, job("pending"), job("in-progress", 5), job("success", 100)
        )
        subscribe(self.server_features, self.context())
        self.assertEqual((self.looks, self.heard), (1, []))
        self.wait(2)
        self.assertEqual((self.looks, self.heard), (2, [URI]))
        self.wait(3)
        self.assertEqual((self.looks, self.heard), (3, [URI, URI]))

    def test_spelled_otherwise(self) -> None:
        """A job is reported under one URI, however the client encoded its id."""
        self.instantly.answers(LOOK, job("pending"), job("in-progress", 5))
        subscribe(self.server_features, self.context("instantly://jobs/%6a"))
        self.wait(2)
        self.assertEqual(self.heard, [URI])
        unsubscribe(self.server_features, self.context("instantly://jobs/%6A"))
        self.assertEqual(self.server_features.changes.watches.count, 0)

    def test_ends_with_the_job(self) -> None:
        """A job that ended is not polled, even if it ended before the subscription."""
        self.instantly.answers(LOOK, job("success", 100))
        subscribe(self.server_features, self.context())
        self.wait(60)
        self.assertEqual(self.looks, 1)
        self.assertIn(URI, self.session.subscriptions)

    def test_ends_with_the_subscription(self) -> None:
        """Unsubscribing, and the end of the session, end the polling."""
        self.instantly.answers(LOOK, job("pending"))
        for end in (
            lambda: unsubscribe(self.server_features, self.context()),
            self.session.close,
        ):
            subscribe(self.server_features, self.context())
            before = self.looks
            end()
            self.wait(60)
            self.assertEqual(self.looks, before)

    def test_sparing(self) -> None:
        """The polls become rarer, and end after an hour."""
        self.instantly.answers(LOOK, job("pending"))
        subscribe(self.server_features, self.context())
        self.wait(18)
        self.assertEqual(self.looks, 5)
        self.wait(60)
        self.assertEqual(self.looks, 11)
        self.wait(int(MAX_TASK_SECONDS))
        before = self.looks
        self.assertLess(before, 370)
        self.wait(60)
        self.assertEqual(self.looks, before)
        self.assertEqual(self.server_features.changes.watches.count, 0)

    def test_what_may_pass(self) -> None:
        """A failure that may pass does not end the polling."""
        trouble = [api_error(Reason.TIMEOUT), api_error(Reason.NOT_FOUND)] * MAX_MISSES
        self.instantly.answers(
            LOOK, job("pending"), *trouble, job("success"), job("success")
        )
        subscribe(self.server_features, self.context())
        self.wait(120)
        self.assertEqual((self.looks, self.heard), (len(trouble) + 2, [URI]))

    def test_what_does_not_pass(self) -> None:
        """A key that may not read jobs is not tried again."""
        self.instantly.answers(LOOK, api_error(Reason.SCOPE_MISSING))
        subscribe(self.server_features, self.context())
        self.wait(120)
        self.assertEqual((self.looks, self.heard), (1, []))

    def test_ends_with_the_token(self) -> None:
        """After the subscriber's token ended nothing is read, and nothing is logged."""
        self.instantly.answers(LOOK, job("in-progress"))
        subscribe(self.server_features, self.context())
        self.wait(5)
        seen = self.looks
        self.assertGreater(seen, 0)
        self.features.context.rights_now = lambda rights: None
        self.wait(60)
        self.assertEqual((self.looks, self.flushLoggedErrors()), (seen, []))

    def test_gone(self) -> None:
        """A deleted job is reported once, and not polled any more."""
        self.instantly.answers(LOOK, job("pending"), api_error(Reason.NOT_FOUND))
        subscribe(self.server_features, self.context())
        self.wait(120)
        self.assertEqual((self.looks, self.heard), (1 + MAX_MISSES, [URI]))

    def test_never_there(self) -> None:
        """Polling of an unknown id ends soon, and nothing is reported."""
        self.instantly.answers(LOOK, api_error(Reason.NOT_FOUND))
        subscribe(self.server_features, self.context())
        self.wait(120)
        self.assertEqual((self.looks, self.heard), (MAX_MISSES, []))

    def test_only_jobs(self) -> None:
        """Resources that cannot change are not polled."""
        subscribe(self.server_features, self.context("instantly://workspace"))
        subscribe(self.server_features, self.context("instantly://policy"))
        self.wait(60)
        self.assertEqual(self.looks, 0)

    def test_an_earlier_read(self) -> None:
        """A change since the last read of any kind is reported at once."""
        self.instantly.answers(LOOK, job("pending"), job("success", 100))
        self.read(URI)
        subscribe(self.server_features, self.context())
        self.assertEqual(self.heard, [URI])
