"""Several calls at once: what some of them failing means."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.context import FeatureContext, ServerFacts
from instantly_mcp.features.workspace.fetching import Gathered, gather
from instantly_mcp.features.workspace.paging import read_pages
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.feature_cases import KEY
from tests.support.access import permissive_guard
from tests.support.cases import ClockedTestCase
from tests.support.instantly import RecordingInstantly, api_error
from tests.support.seals import new_seal


class Bug(Exception):
    """Something that should not happen."""


class GatherTests(ClockedTestCase):
    def gathering(self, works: dict[str, Deferred[Any]]) -> Deferred[Gathered]:
        """Start to gather."""
        return Deferred.fromCoroutine(gather(works))

    def test_replies_and_failures(self) -> None:
        """Replies and failures are available by name."""
        got = self.successResultOf(
            self.gathering(
                {
                    "a": succeed({"x": 1}),
                    "b": fail(api_error(Reason.TIMEOUT)),
                    "c": succeed([{"y": 2}, 3]),
                    "d": succeed({"items": [{"z": 3}], "next_starting_after": "q"}),
                }
            )
        )
        self.assertEqual(got.object("a"), {"x": 1})
        self.assertEqual(got.items("c"), [{"y": 2}])
        self.assertEqual(got.items("d"), [{"z": 3}])
        self.assertEqual((got.object("b"), got.items("b")), ({}, []))
        self.assertEqual((got.has("a"), got.has("b")), (True, False))
        self.assertEqual(list(got.unknown()), ["b"])
        self.assertEqual(got.unknown()["b"]["code"], "timeout")

    def test_nothing(self) -> None:
        """Nothing to wait for is gathered at once."""
        self.assertEqual(self.successResultOf(self.gathering({})).unknown(), {})

    def test_a_bug_is_raised(self) -> None:
        """An exception other than a failed call is raised."""
        waiting = self.gathering({"a": fail(Bug()), "b": succeed(1)})
        self.failureResultOf(waiting, Bug)

    def test_cancelling_cancels_all(self) -> None:
        """Cancelling the wait cancels every call."""
        cancelled: list[str] = []
        works: dict[str, Deferred[Any]] = {
            name: Deferred(lambda _, name=name: cancelled.append(name))  # type: ignore[misc]
            for name in "ab"
        }
        waiting = self.gathering(works)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual(cancelled, ["a", "b"])


class PagesTests(ClockedTestCase):
    def read(self, *replies: Any, most: int = 3) -> Any:
        """Read pages of campaigns that come as scripted."""
        self.instantly = RecordingInstantly().answers("listCampaign", *replies)
        context = FeatureContext(
            instantly=self.instantly,
            guard=permissive_guard(),
            seal=new_seal(),
            clock=self.clock,
            facts=ServerFacts(name="n", version="1"),
        )
        call = Call(caller=Caller(revision=V2025_11_25, credential=KEY))
        asked = {"search": "s"}
        reading = read_pages(context.fetch, "listCampaign", asked, call, most=most)
        return self.successResultOf(Deferred.fromCoroutine(reading))

    def test_to_the_end(self) -> None:
        """Pages are read to the last one, each with the cursor of the one before."""
        found, whole = self.read(
            {"items": [{"id": 1}], "next_starting_after": "1"},
            {"items": [{"id": 2}]},
        )
        self.assertEqual((found, whole), ([{"id": 1}, {"id": 2}], True))
        self.assertEqual(
            self.instantly.calls("listCampaign"),
            [
                {"search": "s", "limit": 100},
                {"search": "s", "limit": 100, "starting_after": "1"},
            ],
        )

    def test_bounded(self) -> None:
        """No more pages are read than allowed; the result says that more exist."""
        found, whole = self.read(
            *({"items": [{"id": n}], "next_starting_after": str(n)} for n in range(9))
        )
        self.assertEqual((len(found), whole), (3, False))

    def test_a_cursor_that_does_not_move(self) -> None:
        """Reading stops when Instantly repeats a cursor."""
        found, whole = self.read({"items": [{"id": 1}], "next_starting_after": "1"})
        self.assertEqual((len(found), whole), (2, True))
