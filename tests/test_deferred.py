"""The conversion between coroutines and Deferreds."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred, to_its_end


class DeferredTests(SynchronousTestCase):
    def test_starts_at_once(self) -> None:
        """The coroutine starts when it is called, not when its result is awaited."""
        ran = []

        @deferred
        async def work(value: int) -> int:
            ran.append(value)
            return value + 1

        answer = work(1)
        self.assertEqual(ran, [1])
        self.assertEqual(self.successResultOf(answer), 2)

    def test_waits(self) -> None:
        """The Deferred fires when the awaited Deferred has fired."""
        inner: Deferred[int] = Deferred()

        @deferred
        async def work() -> int:
            return await inner + 1

        answer = work()
        self.assertNoResult(answer)
        inner.callback(41)
        self.assertEqual(self.successResultOf(answer), 42)

    def test_exceptions(self) -> None:
        """An exception of the coroutine is the Deferred's failure."""

        @deferred
        async def work() -> None:
            raise LookupError("gone")

        self.failureResultOf(work(), LookupError)

    def test_cancelling(self) -> None:
        """Cancelling the Deferred cancels what the coroutine awaits."""
        seen: list[object] = []
        inner: Deferred[None] = Deferred(seen.append)

        @deferred
        async def work() -> None:
            try:
                await inner
            except CancelledError:
                seen.append("let through")
                raise

        answer = work()
        answer.cancel()
        self.assertEqual(seen, [inner, "let through"])
        self.failureResultOf(answer, CancelledError)

    def test_keeps_the_name(self) -> None:
        """The decorated function keeps its name and its docstring."""

        @deferred
        async def work() -> None:
            """Do it."""

        self.assertEqual(work.__name__, "work")
        self.assertEqual(work.__doc__, "Do it.")


class ToItsEndTests(SynchronousTestCase):
    def test_result(self) -> None:
        """The result is that of the work, be it a value or a failure."""
        self.assertEqual(self.successResultOf(to_its_end(succeed(1))), 1)
        failed: Deferred[int] = fail(ValueError())
        self.failureResultOf(to_its_end(failed), ValueError)

    def test_cancelled(self) -> None:
        """Cancelling ends the waiting at once, and the work goes on."""
        done: list[int] = []

        @deferred
        async def work(begun: Deferred[int]) -> int:
            done.append(await begun)
            return 1

        begun: Deferred[int] = Deferred()
        result = to_its_end(work(begun))
        result.cancel()
        self.failureResultOf(result, CancelledError)
        begun.callback(5)
        self.assertEqual(done, [5])

    def test_failed_afterwards(self) -> None:
        """A failure that no one waits for any more is not an unhandled error."""
        work: Deferred[int] = Deferred()
        result = to_its_end(work)
        result.cancel()
        self.failureResultOf(result, CancelledError)
        work.errback(ValueError())
        self.assertIsNone(self.successResultOf(work))
