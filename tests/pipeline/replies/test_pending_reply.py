"""Tests of pending replies: a result first is JSON, anything else first a stream."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.pipeline.replies.pending_reply import COMMIT_SECONDS, PendingReply
from instantly_mcp.pipeline.replies.reply import Answer, EventStream, Reply
from instantly_mcp.pipeline.replies.retention import Retention, StreamLog
from instantly_mcp.protocol.calls.call import NULL_SINK
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.wire.errors import ProtocolError, method_not_found
from instantly_mcp.protocol.wire.jsonrpc import Response, notification
from tests.support.cases import ClockedTestCase
from tests.support.servers import WorkList

NEWS = notification("notifications/progress", {"progressToken": 1, "progress": 1})


class PendingReplyTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Make a call that waits."""
        super().setUp()
        self.work = WorkList()
        self.told: list[str] = []
        self.running: Deferred[Response | None] = Deferred(
            lambda _: self.told.append("cancelled")
        )
        self.events: list[Event] = []
        self.ended = False

    def pending(
        self, *, survives: bool = True, run: bool = True, **fields: Json
    ) -> PendingReply:
        """Return a pending reply, started by default."""
        pending = PendingReply(
            clock=self.clock,
            tracker=self.work,
            headers=(("A", "b"),),
            survives=survives,
            **{"may_stream": True, **fields},
        )
        if run:
            pending.run(self.running)
        return pending

    def stream(self, pending: PendingReply) -> EventStream:
        """Return the stream it was answered with, and read it."""
        reply = self.successResultOf(pending.reply)
        assert isinstance(reply, EventStream), reply

        def end() -> None:
            self.ended = True

        reply.channel.attach(self.events.append, end)
        return reply

    def answer(self, pending: PendingReply) -> Answer:
        """Return the complete answer."""
        reply: Reply = self.successResultOf(pending.reply)
        assert isinstance(reply, Answer), reply
        return reply

    def messages(self) -> list[Json]:
        """Return the messages that were streamed."""
        return [loads(event.data) for event in self.events if event.data]


class BugTests(PendingReplyTestCase):
    def test_unexpected_failure(self) -> None:
        """A failure that should not occur is answered and logged under one id."""
        pending = self.pending()
        with capturedLogs() as events:
            self.running.errback(Failure(ZeroDivisionError("a bug")))
        error = loads(self.answer(pending).body)["error"]
        self.assertEqual(error["code"], -32603)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (logged,) = (event for event in events if "log_failure" in event)
        self.assertIn(error["data"]["incident"], formatEvent(logged))


class ResultFirstTests(PendingReplyTestCase):
    def test_answers_in_json(self) -> None:
        """A result that comes first is a JSON answer, and no timer is left."""
        pending = self.pending()
        self.running.callback(Response(0, {"a": 1}))
        answer = self.answer(pending)
        self.assertEqual(answer.status, 200)
        self.assertIn(("A", "b"), answer.headers)
        self.assertEqual(loads(answer.body)["id"], 0)

    def test_keeps_the_status(self) -> None:
        """An error that comes first keeps its HTTP status."""
        pending = self.pending()
        error = method_not_found("x", status=404)
        self.running.callback(Response(1, error=error))
        self.assertEqual(self.answer(pending).status, 404)

    def test_restates(self) -> None:
        """A route may word an error in its own way, on either path."""

        def restate(error: ProtocolError) -> ProtocolError:
            return ProtocolError(-32000, "restated", status=418)

        pending = self.pending(restate=restate)
        self.running.callback(Response(1, error=method_not_found("x")))
        self.assertEqual(self.answer(pending).status, 418)
        late = self.pending(run=False, restate=restate)
        late.commit()
        self.stream(late)
        late.run(succeed(Response(1, error=method_not_found("x"))))
        self.assertEqual(self.messages()[0]["error"]["message"], "restated")

    def test_immediate(self) -> None:
        """A result that is there at once starts no timer."""
        pending = self.pending(run=False)
        pending.run(succeed(Response(1, {})))
        self.assertEqual(self.answer(pending).status, 200)

    def test_nothing_to_answer(self) -> None:
        """A call that was cancelled from elsewhere is answered with 202."""
        pending = self.pending()
        self.running.cancel()
        self.assertEqual(
            self.answer(pending), Answer(status=202, headers=(("A", "b"),))
        )

    def test_late_news(self) -> None:
        """A notification after the answer goes nowhere."""
        pending = self.pending()
        self.running.callback(Response(1, {}))
        pending.sink_for_call.send(NEWS)
        self.answer(pending)


class StreamFirstTests(PendingReplyTestCase):
    def test_news_opens_the_stream(self) -> None:
        """A notification opens the stream; the result is its last event."""
        pending = self.pending()
        pending.sink_for_call.send(NEWS)
        stream = self.stream(pending)
        self.assertIn(("A", "b"), stream.headers)
        self.assertFalse(self.ended)
        self.running.callback(Response("x", {}))
        self.assertEqual(self.messages()[0], NEWS)
        self.assertEqual(self.messages()[1]["id"], "x")
        self.assertTrue(self.ended)

    def test_commit_window(self) -> None:
        """A slow call becomes a stream when the window has passed, not before."""
        pending = self.pending()
        self.clock.advance(COMMIT_SECONDS - 0.1)
        self.assertNoResult(pending.reply)
        self.clock.advance(0.2)
        self.stream(pending)
        self.assertEqual(self.events, [])
        self.running.callback(Response(1, {}))
        self.assertEqual(len(self.messages()), 1)

    def test_waiting_chain(self) -> None:
        """A call whose Deferred waits for another one has its window as well."""
        waiting: Deferred[Response | None] = Deferred()
        start: Deferred[None] = succeed(None)
        pending = self.pending(run=False)
        pending.run(start.addCallback(lambda _: waiting))
        self.clock.advance(COMMIT_SECONDS)
        self.stream(pending)
        waiting.callback(Response(1, {}))
        self.assertTrue(self.ended)

    def test_cancelled_stream(self) -> None:
        """A stream whose call was cancelled from elsewhere ends without a result."""
        pending = self.pending()
        pending.commit()
        self.stream(pending)
        self.running.cancel()
        self.assertEqual((self.messages(), self.ended), ([], True))

    def test_commit_twice(self) -> None:
        """Committing again changes nothing."""
        pending = self.pending()
        pending.commit()
        pending.commit()
        self.stream(pending)
        self.running.callback(Response(1, {}))

    def test_news_before_the_start(self) -> None:
        """A tool that reports before its Deferred is known opens the stream too."""
        pending = self.pending(run=False)
        pending.sink_for_call.send(NEWS)
        pending.run(self.running)
        self.stream(pending)
        self.running.callback(Response(1, {}))
        self.assertEqual(len(self.messages()), 2)

    def test_outlet(self) -> None:
        """A call cannot end its own stream before its result."""
        pending = self.pending()
        self.assertTrue(verifyObject(INotificationSink, pending.sink_for_call))
        pending.commit()
        self.stream(pending)
        pending.sink_for_call.close()
        self.assertFalse(self.ended)
        self.running.callback(Response(1, {}))


class JsonOnlyTests(PendingReplyTestCase):
    def test_never_streams(self) -> None:
        """A client that reads only JSON waits for it, however long that takes."""
        pending = self.pending(may_stream=False)
        self.assertIs(pending.sink_for_call, NULL_SINK)
        self.clock.advance(COMMIT_SECONDS * 10)
        pending.commit()
        self.assertNoResult(pending.reply)
        self.running.callback(Response(1, {}))
        self.assertEqual(self.answer(pending).status, 200)


class StreamOnlyTests(PendingReplyTestCase):
    def test_results_are_streamed(self) -> None:
        """A client that excludes JSON gets even an immediate result as a stream."""
        pending = self.pending(run=False, only_stream=True)
        pending.run(succeed(Response(1, {"a": 1})))
        self.stream(pending)
        self.assertEqual(self.messages()[0]["result"], {"a": 1})
        self.assertTrue(self.ended)

    def test_streams_at_once(self) -> None:
        """It need not wait for the window either."""
        pending = self.pending(only_stream=True)
        self.stream(pending)
        self.running.callback(Response(1, {}))

    def test_errors_keep_their_status(self) -> None:
        """A refusal is JSON all the same: its HTTP status counts for more."""
        pending = self.pending(run=False, only_stream=True)
        pending.run(succeed(Response(1, error=method_not_found("x", status=404))))
        self.assertEqual(self.answer(pending).status, 404)


class LeavingTests(PendingReplyTestCase):
    def test_modern_before_the_answer(self) -> None:
        """A modern client that leaves cancels its call and gets no answer at all."""
        pending = self.pending(survives=False)
        pending.reply.cancel()
        self.assertEqual(self.told, ["cancelled"])
        self.failureResultOf(pending.reply, CancelledError)
        self.assertEqual(self.work.tracked, [])

    def test_modern_during_the_stream(self) -> None:
        """A modern client that leaves its stream cancels its call."""
        pending = self.pending(survives=False)
        pending.commit()
        self.stream(pending).channel.abandon()
        self.assertEqual(self.told, ["cancelled"])

    def test_modern_waiting_chain(self) -> None:
        """It cancels a call as well whose Deferred waits for another one."""
        start: Deferred[None] = succeed(None)
        pending = self.pending(survives=False, run=False)
        pending.run(start.addCallback(lambda _: self.running))
        pending.commit()
        self.stream(pending).channel.abandon()
        self.assertEqual(self.told, ["cancelled"])

    def test_modern_overflow(self) -> None:
        """A stream dropped before the call is known cancels it as soon as it is."""
        pending = self.pending(survives=False, run=False)
        pending.commit()
        self.stream(pending).channel.abandon()
        pending.run(self.running)
        self.assertEqual(self.told, ["cancelled"])

    def test_legacy_before_the_answer(self) -> None:
        """A call of the legacy era goes on without its client, and is tracked."""
        pending = self.pending()
        pending.reply.cancel()
        self.failureResultOf(pending.reply, CancelledError)
        self.assertEqual(self.told, [])
        self.assertEqual(self.work.tracked, [self.running])
        self.running.callback(Response(1, {}))
        self.assertEqual(self.work.tracked, [])

    def test_legacy_during_the_stream(self) -> None:
        """The same when the stream had begun."""
        pending = self.pending()
        pending.sink_for_call.send(NEWS)
        self.stream(pending).channel.abandon()
        self.assertEqual(self.work.tracked, [self.running])
        pending.sink_for_call.send(NEWS)
        self.running.callback(Response(1, {}))
        self.assertEqual(len(self.messages()), 1)
        self.assertEqual(self.told, [])

    def test_after_the_end(self) -> None:
        """The end of the stream that the result brings cancels and tracks nothing."""
        for survives in (True, False):
            running: Deferred[Response | None] = Deferred()
            pending = self.pending(survives=survives, run=False)
            pending.run(running)
            pending.commit()
            self.stream(pending)
            running.callback(Response(1, {}))
        self.assertEqual((self.told, self.work.tracked), ([], []))

    def test_timer_stops(self) -> None:
        """A client that leaves takes its timer with it."""
        pending = self.pending()
        pending.reply.cancel()
        self.failureResultOf(pending.reply, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.running.callback(None)


class ResumableTests(PendingReplyTestCase):
    def test_primed(self) -> None:
        """A stream that can be resumed begins with an empty event that has an id."""
        log = StreamLog(Retention(self.clock))
        pending = self.pending(streams=log, primed=True)
        pending.commit()
        self.stream(pending)
        [first] = self.events
        self.assertEqual(first.data, b"")
        self.assertIsNotNone(first.id)
        self.assertIsNotNone(first.retry)
        self.running.callback(Response(1, {}))
        self.assertEqual(len(self.messages()), 1)

    def test_result_waits_for_the_client(self) -> None:
        """The result of a call whose connection is lost can be fetched later."""
        log = StreamLog(Retention(self.clock))
        pending = self.pending(streams=log, primed=True)
        pending.commit()
        self.stream(pending).channel.abandon()
        last = self.events[-1].id
        assert last is not None
        self.running.callback(Response(7, {}))
        found = log.find(last)
        assert found is not None
        stream, place = found
        stream.resume(place).attach(self.events.append, lambda: None)
        self.assertEqual(self.messages()[-1]["id"], 7)

    def test_interrupted(self) -> None:
        """A tool may close the connection; the call goes on and is not cancelled."""
        pending = self.pending(streams=StreamLog(Retention(self.clock)), primed=True)
        pending.sink_for_call.interrupt()
        self.stream(pending)
        self.assertTrue(self.ended)
        self.assertEqual(self.told, [])
        self.running.callback(Response(1, {}))
