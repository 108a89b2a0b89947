"""The audit rail: no write without a durable line, and no secret in a line."""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import JsonObject, dumps
from instantly_mcp._rights import Rights
from instantly_mcp.access.act import Consent, Ending, EndingKind
from instantly_mcp.access.audit.rail import AuditRail
from instantly_mcp.access.audit.records import intent, lost, outcome, refused
from instantly_mcp.access.interfaces import IAuditLog, IRail
from instantly_mcp.access.refusal import AccessRefusedError
from tests.access.acts import act

DONE = Ending(kind=EndingKind.DONE, status=200, seconds=0.12345)


@implementer(IAuditLog)
@define(eq=False)
class NotingAudit:
    """Keeps lines, as a file that works, fails or waits."""

    result: Deferred[None] | None = None
    lines: list[JsonObject] = field(factory=list)

    def append(self, facts: JsonObject) -> Deferred[None]:
        """Note the line."""
        self.lines.append(facts)
        result, self.result = self.result, None
        return succeed(None) if result is None else result


class AuditRailTests(SynchronousTestCase):
    """Before and after a write."""

    def test_is_a_rail(self):
        """It has the methods of a rail."""
        verifyObject(IRail, AuditRail(NotingAudit()))

    def test_waits_until_durable(self):
        """The write waits until its intent is durable."""
        written: Deferred[None] = Deferred()
        passing = AuditRail(NotingAudit(written)).before(act())
        self.assertNoResult(passing)
        written.callback(None)
        self.assertIsNone(self.successResultOf(passing))

    def test_outcome(self):
        """The outcome follows, with status and duration."""
        audit = NotingAudit()
        rail = AuditRail(audit)
        self.successResultOf(rail.before(act()))
        self.successResultOf(rail.after(act(), DONE))
        self.assertEqual([line["kind"] for line in audit.lines], ["intent", "outcome"])
        self.assertEqual(
            audit.lines[1],
            {
                "kind": "outcome",
                "act": "a1",
                "outcome": "done",
                "status": 200,
                "seconds": 0.123,
            },
        )

    def test_cannot_be_written(self):
        """Without the line nothing is sent, and the refusal names no setting."""
        rail = AuditRail(NotingAudit(fail(OSError("disk full"))))
        refusal = self.failureResultOf(rail.before(act()), AccessRefusedError).value
        self.assertEqual(refusal.code, "not_allowed")
        self.assertNotIn("audit_file", refusal.message + refusal.hint)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_caller_leaves(self):
        """A write whose caller left before it was sent has an outcome: not sent."""
        audit = NotingAudit(Deferred())
        passing = AuditRail(audit).before(act())
        passing.cancel()
        self.failureResultOf(passing, CancelledError)
        self.assertEqual(
            [line.get("outcome") for line in audit.lines], [None, "refused"]
        )


class RecordTests(SynchronousTestCase):
    """What a line says."""

    def test_intent(self):
        """It says who did what to which object, who agreed, and by which policy."""
        consent = Consent(how="approval", by="ada", preview_digest="p9")
        rights = Rights(token="t1", token_name="Ann's laptop")
        line = intent(act(consent=consent, rights=rights))
        self.assertEqual(
            line,
            {
                "kind": "intent",
                "act": "a1",
                "principal": "p1",
                "token": "t1",
                "token_name": "Ann's laptop",
                "client": "test/1",
                "workspace": "Northwind",
                "workspace_key": "w1",
                "tool": "activate_campaign",
                "operation": "activateCampaign",
                "targets": ["c1"],
                "arguments": "d1",
                "risks": ["sends"],
                "policy": "allow",
                "consent": "approval",
                "by": "ada",
                "preview": "p9",
            },
        )

    def test_no_content(self):
        """No argument of a write is in any of its lines."""
        body = act("replyToEmail", arguments={"body": {"text": "between us"}})
        failed = evolve(DONE, kind=EndingKind.FAILED)
        lines = [intent(body), refused(body, "not_allowed"), outcome(body, failed)]
        self.assertNotIn(b"between us", dumps(lines))

    def test_lost(self):
        """A write during which the process ended has an outcome that is not known."""
        self.assertEqual(
            lost(intent(act())),
            {"kind": "outcome", "act": "a1", "outcome": "ambiguous"},
        )
