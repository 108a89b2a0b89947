"""The kill switch: what it stops, who may lift it, and what survives a restart."""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp.access.act import NOT_SENT
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.interfaces import IKillSwitchStore
from instantly_mcp.access.rails.kill_switch import KillSwitch, SendingRail
from instantly_mcp.access.rails.records import Switched
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.catalog.operation import Risk
from tests.access.acts import act


@implementer(IKillSwitchStore)
@define(eq=False)
class WaitingStore:
    """A store whose next result the test gives."""

    result: Deferred[None] | None = None
    saved: Switched | None = None

    def load(self) -> Deferred[Switched | None]:
        """Return what was saved."""
        return succeed(self.saved)

    def save(self, switched: Switched) -> Deferred[None]:
        """Save at once, or when the test says so."""
        self.saved = switched
        return succeed(None) if self.result is None else self.result


class KillSwitchTests(SynchronousTestCase):
    """By command and by setting."""

    def setUp(self) -> None:
        """Let sending be on."""
        self.store = WaitingStore()
        self.noted: list[Any] = []
        self.switch = KillSwitch(self.store, lambda: 5.0, self.noted.append)
        self.rail = SendingRail(self.switch)

    def refused(self, **more: Any) -> bool:
        """Say whether a write is refused."""
        passing = self.rail.before(act(**more))
        failures: list[Any] = []
        passing.addErrback(failures.append)
        for failure in failures:
            self.assertEqual(failure.check(AccessRefusedError), AccessRefusedError)
            self.assertEqual(failure.value.code, "sending_off")
        return bool(failures)

    def test_is_a_rail(self):
        """It has the methods of a rail."""
        verifyObject(IRail, self.rail)
        self.assertIsNone(self.successResultOf(self.rail.after(act(), NOT_SENT)))

    def test_on(self):
        """While sending is on, everything passes."""
        self.assertFalse(self.refused())

    def test_off(self):
        """While it is off, what sends is refused, also what sends only now."""
        self.switch.set(True)
        self.assertTrue(self.refused())
        self.assertFalse(self.rail.permits(act()))
        indirect = frozenset({Risk.SENDS, Risk.REDIRECTS})
        self.assertTrue(self.refused(operation="patchLead", risks=indirect))

    def test_what_passes(self):
        """What does not send passes, and so does what stops sending."""
        self.switch.set(True)
        self.assertFalse(self.refused(risks=frozenset({Risk.DESTRUCTIVE})))
        self.assertFalse(self.refused(operation="pauseCampaign"))

    def test_off_counts_at_once(self):
        """Off counts before it is stored; on counts only once it is."""
        self.store.result = Deferred()
        self.switch.switch(True, "ada")
        self.assertTrue(self.switch.is_off)
        self.store.result.callback(None)
        self.store.result = Deferred()
        self.switch.switch(False, "ada")
        self.assertTrue(self.switch.is_off)
        self.store.result.callback(None)
        self.assertFalse(self.switch.is_off)

    def test_off_that_cannot_be_stored(self):
        """Off counts also when it cannot be stored, and on does not."""
        for off in (True, False):
            self.store.result = Deferred()
            switching = self.switch.switch(off, "ada")
            self.store.result.errback(OSError("disk full"))
            self.failureResultOf(switching, OSError)
            self.assertTrue(self.switch.is_off)

    def test_off_while_on_is_stored(self):
        """Off counts, and stays, when it comes while on is still being stored."""
        self.successResultOf(self.switch.switch(True, "ada"))
        on = self.store.result = Deferred()
        self.switch.switch(False, "ada")
        off = self.store.result = Deferred()
        failing = self.switch.switch(True, "bob")
        on.callback(None)
        self.assertTrue(self.switch.is_off)
        off.errback(OSError("disk full"))
        self.failureResultOf(failing, OSError)
        self.assertTrue(self.switch.is_off)
        self.assertEqual([each["off"] for each in self.noted], [True, True])

    def test_on_while_off_is_stored(self):
        """The last of two commands counts, in whatever order they are stored."""
        off = self.store.result = Deferred()
        self.switch.switch(True, "ada")
        on = self.store.result = Deferred()
        self.switch.switch(False, "bob")
        on.callback(None)
        off.callback(None)
        self.assertFalse(self.switch.is_off)

    def test_audit_of_off_that_cannot_be_stored(self):
        """That sending was switched off is noted also when that cannot be stored."""
        self.store.result = fail(OSError("disk full"))
        self.failureResultOf(self.switch.switch(True, "ada"), OSError)
        self.assertEqual([each["off"] for each in self.noted], [True])

    def test_a_command_does_not_lift_the_setting(self):
        """Both must be on; each changes only its own."""
        self.switch.set(True)
        self.successResultOf(self.switch.switch(False, "ada"))
        self.assertTrue(self.switch.is_off)
        self.successResultOf(self.switch.switch(True, "ada"))
        self.switch.set(False)
        self.assertTrue(self.switch.is_off)
        self.successResultOf(self.switch.switch(False, "ada"))
        self.assertFalse(self.switch.is_off)

    def test_restart(self):
        """The last command counts after a restart."""
        self.successResultOf(self.switch.switch(True, "ada"))
        again = KillSwitch(self.store, lambda: 9.0)
        self.successResultOf(again.load())
        self.assertTrue(again.is_off)
        self.assertEqual(again.switched, Switched(True, 5.0, "ada"))

    def test_audit(self):
        """Each change is noted, with who made it; what changes nothing is not."""
        self.switch.set(False)
        self.switch.set(True)
        self.successResultOf(self.switch.switch(True, "ada"))
        self.assertEqual(
            self.noted,
            [
                {"kind": "sending", "off": True, "how": "setting", "by": "settings"},
                {"kind": "sending", "off": True, "how": "command", "by": "ada"},
            ],
        )
