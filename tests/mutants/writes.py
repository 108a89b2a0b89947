"""Mutants of the guard of all writes: what a write is, and what it must pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

GUARD = "features/consent/guard.py"
CONSENTS = "features/consent/consents.py"
COVERING = "features/consent/call_consents.py"
ASSESSMENT = "features/consent/assessment/risk_classes.py"
RUNNING = "features/consent/assessment/reach.py"
TOKENS = "features/consent/confirm_tokens.py"
CONFIRMATION = "features/consent/confirmation.py"
ENDINGS = "features/consent/endings.py"
LIMITS = "access/campaign_limits.py"
DECISIONS = "access/decisions.py"
CLIENT = "api/client.py"
ACTIVATE = "features/tools/workflows/activate_campaign.py"

CONSENT = "features.consent"
QUESTIONS = f"{CONSENT}.test_questions"
COVERED = f"{CONSENT}.test_call_consents"
REACH = f"{CONSENT}.assessment.test_reach"
CAMPAIGNS = f"{CONSENT}.assessment.test_campaign_check"
APPROVAL = f"{CONSENT}.test_approval"
WALK = "access.product.test_walk"
POLICY = "access.test_decisions"

MUTANTS: Sequence[Mutant] = (
    both(
        "What stops sending needs no consent",
        GUARD,
        "        if operation.stops:\n            return Decision.ALLOW\n",
        "",
        WALK,
    ),
    both(
        "A grant is for its operation",
        "api/grant.py",
        "        if operation is not self.operation:",
        "        if False:",
        "api.test_grant",
    ),
    both(
        "The grant of a read writes nothing",
        "access/grants.py",
        "    if not operation.effect.read_only:",
        "    if False:",
        "api.test_grant",
    ),
    both(
        "Nothing is sent before a workspace is chosen",
        "access/grants.py",
        "    if credential.rights.workspaces:",
        "    if False:",
        "features.test_workspace_choice",
    ),
    both(
        "Webhooks and forwarding are denied by default",
        DECISIONS,
        "    egress: Decision = Decision.DENY",
        "    egress: Decision = Decision.ALLOW",
        POLICY,
    ),
    both(
        "Keys, members and billing are denied by default",
        DECISIONS,
        "    admin: Decision = Decision.DENY",
        "    admin: Decision = Decision.ALLOW",
        POLICY,
    ),
    both(
        "A write without a class follows the policy, too",
        DECISIONS,
        "            return Ruling(self.writes, None)",
        "            return Ruling(Decision.ALLOW, None)",
        POLICY,
    ),
    both(
        "A token that was narrowed while its user decided permits no more",
        GUARD,
        "            self._decision(subject, found.risks)\n            act = evolve",
        "            act = evolve",
        QUESTIONS,
    ),
    both(
        "What became riskier while a person decided is not sent",
        GUARD,
        "        if not found.risks <= act.risks:",
        "        if False:",
        APPROVAL,
    ),
    both(
        "The preview after a wait is read again",
        GUARD,
        "        again = evolve(subject, replies={})",
        "        again = subject",
        APPROVAL,
    ),
    both(
        "No person is asked about what a rail refuses anyhow",
        GUARD,
        "            await self.rails.look(act)\n",
        "",
        "access.product.test_caps",
    ),
    both(
        "Every write passes the rails",
        GUARD,
        "            await self.rails.before(act)\n",
        "",
        "access.product.test_caps",
    ),
    both(
        "The rails learn how a write ended",
        "features/consent/sending.py",
        "        await self.rails.after(act, self._done())\n",
        "",
        f"{CONSENT}.test_sending",
    ),
    both(
        "The leads of a list that is moved are counted",
        GUARD,
        "            act = await counted(subject, act)",
        "            pass",
        "access.product.test_caps",
    ),
    both(
        "A refusal has a line in the audit",
        GUARD,
        "        if self.audit is None or doing is None or code in _QUESTIONS:",
        "        if True:",
        f"{CONSENT}.test_recorded_refusals",
    ),
    both(
        "The kill switch is asked right before the request",
        CLIENT,
        "        if not call.grant.may_go():",
        "        if False:",
        "api.test_grant",
    ),
    both(
        "The grant of a write knows the kill switch",
        GUARD,
        "        may_go = partial(self.rails.may_go, act)",
        "        may_go = partial(bool, True)",
        REACH,
    ),
    both(
        "A consent covers nothing for which the policy is stricter",
        COVERING,
        "        if decision.strictness > self.decision.strictness:",
        "        if False:",
        COVERED,
    ),
    both(
        "A consent covers no other class",
        COVERING,
        "            return self.risks.issuperset(risks)",
        "            return True",
        COVERED,
    ),
    both(
        "A consent covers no other operation with a class",
        COVERING,
        "        return not risks",
        "        return True",
        COVERED,
    ),
    both(
        "A lead for a list that enriches counts as spending",
        ASSESSMENT,
        "    if reach.enriches:",
        "    if False:",
        REACH,
    ),
    both(
        "A list that cannot be read counts as one that enriches",
        RUNNING,
        "            raise\n        return True\n",
        "            raise\n        return False\n",
        REACH,
    ),
    both(
        "The campaign of a lead counts as running if it cannot be read",
        RUNNING,
        "    except ApiError:\n        return UNKNOWN",
        "    except ApiError:\n        return NOWHERE",
        REACH,
    ),
    both(
        "The campaigns of an account count as running if they cannot be read",
        RUNNING,
        "    if rows is None:\n        return UNKNOWN",
        "    if rows is None:\n        return NOWHERE",
        REACH,
    ),
    both(
        "An account in more campaigns than are read counts as sending",
        RUNNING,
        " or len(rows) >= MAX_MAPPED",
        "",
        REACH,
    ),
    both(
        "A domain that imitates another one is refused",
        ASSESSMENT,
        "    require_no_imitation(chosen, known)\n",
        "",
        f"{CONSENT}.assessment.test_address_check",
    ),
    both(
        "Each address is one plain mailbox",
        "features/consent/assessment/address_check.py",
        "        address = checked_address(text, argument)",
        "        address = text",
        f"{CONSENT}.assessment.test_address_check",
    ),
    both(
        "A mail has few recipients",
        "features/consent/assessment/address_check.py",
        '        require_few(len(found), "This mail")',
        "        pass",
        f"{CONSENT}.assessment.test_address_check",
    ),
    both(
        "A confirm_token is bound to the tool",
        TOKENS,
        "                self.tool,\n",
        "",
        f"{CONSENT}.test_confirm_tokens",
    ),
    both(
        "A confirm_token expires, also when the clock is set back",
        TOKENS,
        '        if not 0 <= content["until"] - self.wall() <= VALID_SECONDS:',
        "        if False:",
        f"{CONSENT}.test_confirm_tokens",
    ),
    both(
        "What needs an approval is not confirmed by its caller",
        CONSENTS,
        "        if asked.act.decision is Decision.APPROVE:",
        "        if False:",
        APPROVAL,
    ),
    both(
        "A silent client gets no token if the operator says so",
        CONSENTS,
        '        if self.fallback == "token":',
        "        if True:",
        QUESTIONS,
    ),
    both(
        "After silence an approver decides if the operator says so",
        CONSENTS,
        '        if self.fallback == "approve":',
        "        if False:",
        APPROVAL,
    ),
    both(
        "A write that may have taken effect is not called refused",
        ENDINGS,
        "    if kind is EndingKind.REFUSED and may_have_acted:",
        "    if False:",
        f"{CONSENT}.test_sending",
    ),
    both(
        "A write whose answer was lost is ambiguous",
        ENDINGS,
        "    if error.reason in _UNKNOWN or in_doubt(error):",
        "    if False:",
        f"{CONSENT}.test_sending",
    ),
    both(
        "The operator's lists of campaigns limit every write",
        GUARD,
        "        await require_permitted_campaigns(subject, self.campaigns)\n",
        "",
        CAMPAIGNS,
    ),
    both(
        "A campaign that the operator denies is not changed",
        LIMITS,
        "        if known & self.deny or (self.allow and not known & self.allow):",
        "        if self.allow and not known & self.allow:",
        "access.test_campaign_limits",
    ),
    both(
        "With a list of denied campaigns, one without a name is not changed",
        LIMITS,
        "        if name is None and self.deny:",
        "        if False:",
        "access.test_campaign_limits",
    ),
    both(
        "No campaign gets a name of the operator's lists",
        LIMITS,
        "        if name in self.allow | self.deny:",
        "        if False:",
        "access.test_campaign_limits",
    ),
    both(
        "A campaign that fails a check is not started",
        ACTIVATE,
        "    refuse_failed(checks, UNDONE)\n",
        "",
        "features.tools.workflows.test_activate_campaign",
    ),
    both(
        "A campaign that cannot be checked now is not started",
        ACTIVATE,
        "    refuse_unread(survey, UNDONE)\n",
        "",
        "features.tools.workflows.test_activate_campaign",
    ),
)
