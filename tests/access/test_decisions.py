"""The policy: the strictest decision of all classes of a write counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import Level
from instantly_mcp.access.decisions import Decision, Policy, Ruling
from instantly_mcp.access.levels import permits
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Risk

DECISIONS = st.sampled_from(Decision)
RISKS = st.frozensets(st.sampled_from(Risk))
POLICIES = st.builds(
    Policy, writes=DECISIONS, **{risk.value: DECISIONS for risk in Risk}
)


class PolicyTests(SynchronousTestCase):
    """What a policy decides."""

    @given(POLICIES, RISKS)
    def test_the_strictest_counts(self, policy: Policy, risks: frozenset[Risk]) -> None:
        """No class of a write is treated more mildly than the policy says."""
        ruling = policy.decide(risks)
        for risk in risks:
            self.assertGreaterEqual(
                ruling.decision.strictness, policy.on(risk).strictness
            )
        if risks:
            assert ruling.risk is not None
            self.assertIn(ruling.risk, risks)
            self.assertIs(policy.on(ruling.risk), ruling.decision)
        else:
            self.assertEqual(ruling, Ruling(policy.writes, None))

    @given(POLICIES, RISKS, RISKS)
    def test_a_further_class_is_never_milder(
        self, policy: Policy, some: frozenset[Risk], more: frozenset[Risk]
    ) -> None:
        """Adding a class to a risky write never makes the decision milder."""
        if some:
            before = policy.decide(some).decision.strictness
            self.assertGreaterEqual(
                policy.decide(some | more).decision.strictness, before
            )

    def test_defaults(self) -> None:
        """What sends, spends or deletes is confirmed; no data leaves."""
        policy = Policy()
        for risk in Risk:
            wanted = Decision.CONFIRM
            if risk in {Risk.EGRESS, Risk.ADMIN}:
                wanted = Decision.DENY
            self.assertIs(policy.on(risk), wanted, risk)
        self.assertIs(policy.writes, Decision.ALLOW)

    @given(POLICIES, POLICIES)
    def test_version_tells_policies_apart(self, one: Policy, other: Policy) -> None:
        """Two policies have the same version exactly if they are equal."""
        self.assertEqual(one == other, one.version == other.version)


class LevelTests(SynchronousTestCase):
    """What each access level permits."""

    def test_read_only_reads(self) -> None:
        """The level read-only permits what changes nothing, and nothing else."""
        for operation in BY_ID.values():
            permitted = permits(Level.READ_ONLY, operation, frozenset())
            self.assertEqual(permitted, operation.effect.read_only, operation.id)

    def test_draft_neither_sends_nor_deletes(self) -> None:
        """The level draft permits no class but redirects, which sends nothing yet."""
        change = BY_ID["patchCampaign"]
        self.assertTrue(permits(Level.DRAFT, change, frozenset()))
        for risk in Risk:
            permitted = permits(Level.DRAFT, change, {risk})
            self.assertEqual(permitted, risk is Risk.REDIRECTS, risk)

    def test_draft_stops(self) -> None:
        """Stopping is permitted at every level that permits a change."""
        for operation in BY_ID.values():
            if operation.stops:
                self.assertTrue(permits(Level.DRAFT, operation, frozenset(Risk)))

    def test_full_permits_everything(self) -> None:
        """At the level full the policy alone decides."""
        for operation in BY_ID.values():
            self.assertTrue(permits(Level.FULL, operation, frozenset(Risk)))
