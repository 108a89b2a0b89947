"""A write passes all rails or none: the ones before a refusal learn of it."""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp.access.act import NOT_SENT, Act, Ending, EndingKind
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.access.refusal import AccessRefusedError, ask_operator
from tests.access.acts import act


@implementer(IRail)
@define(slots=False)
class NotingRail:
    """Notes what it learns."""

    name: str
    seen: list[Any]
    refuses: bool = False
    breaks: bool = False

    def before(self, act: Act) -> Deferred[None]:
        """Pass, or refuse."""
        self.seen.append(self.name)
        return fail(ask_operator("No.")) if self.refuses else succeed(None)

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        """Note the ending."""
        self.seen.append((self.name, ending.kind))
        return fail(OSError("disk full")) if self.breaks else succeed(None)


class RailsTests(SynchronousTestCase):
    """The order of the rails, and what they learn."""

    def setUp(self) -> None:
        """Note what happens."""
        self.seen: list[Any] = []

    def rail(self, name: str, **more: bool) -> NotingRail:
        """Return a rail that notes."""
        return NotingRail(name, self.seen, **more)

    def test_is_a_rail(self) -> None:
        """The rail of these tests has the methods of a rail."""
        verifyObject(IRail, self.rail("a"))

    def test_all_pass(self) -> None:
        """A write passes every rail in order, and its ending the other way."""
        rails = Rails([self.rail("a"), self.rail("b")])
        self.successResultOf(Deferred.fromCoroutine(rails.before(act())))
        ending = Ending(kind=EndingKind.DONE)
        self.successResultOf(Deferred.fromCoroutine(rails.after(act(), ending)))
        done = EndingKind.DONE
        self.assertEqual(self.seen, ["a", "b", ("b", done), ("a", done)])

    def test_refusal_releases_those_before(self) -> None:
        """The rails that the write had passed learn of a refusal, and no other."""
        rails = Rails([self.rail("a"), self.rail("b", refuses=True), self.rail("c")])
        refused = Deferred.fromCoroutine(rails.before(act()))
        self.failureResultOf(refused, AccessRefusedError)
        self.assertEqual(self.seen, ["a", "b", ("a", NOT_SENT.kind)])

    def test_a_rail_that_breaks_is_logged(self) -> None:
        """A rail that cannot note an ending does not keep others from noting it."""
        rails = Rails([self.rail("a"), self.rail("b", breaks=True)])
        self.successResultOf(Deferred.fromCoroutine(rails.after(act(), NOT_SENT)))
        kind = NOT_SENT.kind
        self.assertEqual(self.seen, [("b", kind), ("a", kind)])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_a_rail_that_is_cancelled(self) -> None:
        """When the caller leaves, every rail learns the ending; no error is logged."""
        waiting = self.rail("b")
        waiting.after = lambda act, ending: Deferred()  # type: ignore[method-assign]
        rails = Rails([self.rail("a"), waiting])
        telling = Deferred.fromCoroutine(rails.after(act(), NOT_SENT))
        telling.cancel()
        self.failureResultOf(telling, CancelledError)
        self.assertEqual(self.seen, [("a", NOT_SENT.kind)])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_early_checks(self) -> None:
        """What is checked early is checked in order, up to a refusal; no rail runs."""

        def check(name: str) -> Deferred[None]:
            self.seen.append(name)
            return fail(ask_operator("No.")) if name == "b" else succeed(None)

        early = [lambda _, name=name: check(name) for name in "abc"]
        rails = Rails([self.rail("x")], early=early)
        looking = Deferred.fromCoroutine(rails.look(act()))
        self.failureResultOf(looking, AccessRefusedError)
        self.assertEqual(self.seen, ["a", "b"])
