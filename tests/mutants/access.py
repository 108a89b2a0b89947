"""Mutants of the rules of access: each one opens a way to send without permission."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

GRANT = "api/grant.py"
LEVELS = "access/levels.py"
DECISIONS = "access/decisions.py"
GUARD = "features/consent/guard.py"
SELECTION = "pipeline/selection.py"
RISK_CLASSES = "features/consent/assessment/risk_classes.py"
CONFIRMATION = "features/consent/confirmation.py"
TOKENS = "features/consent/confirm_tokens.py"
QUEUE = "access/approvals/queue.py"
WALK = "access.product.test_walk"
AGENT = "access.product.test_agent"
ASKING = "access.product.test_asking"
TOKEN_WALK = "access.product.test_token_walk"
MACHINE = "access.product.test_confirmation_machine"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "The API client sends nothing without a grant",
        "api/client.py",
        "        if not grant.use(operation, arguments):",
        "        if False:",
        "api.test_grant",
    ),
    mutant(
        "both",
        "The grant of a write is used once",
        GRANT,
        "        self._used = True",
        "        pass",
        "api.test_grant",
    ),
    mutant(
        "both",
        "The grant of a write is bound to its arguments",
        GRANT,
        "        if self._used or arguments != self.arguments:",
        "        if self._used:",
        "api.test_grant",
    ),
    mutant(
        "both",
        "A caller that may only read writes nothing",
        LEVELS,
        "    if level is Level.READ_ONLY:\n        return False",
        "    if False:\n        return False",
        WALK,
    ),
    mutant(
        "both",
        "A caller that may only draft sends, spends and deletes nothing",
        LEVELS,
        "_NOT_IN_DRAFT.isdisjoint(risks)",
        "True",
        WALK,
    ),
    mutant(
        "both",
        "Of several risk classes the strictest decision counts",
        DECISIONS,
        "        return max(rulings",
        "        return min(rulings",
        WALK,
    ),
    mutant(
        "both",
        "The level of the settings limits every caller",
        "daemon/request_stages.py",
        "            level=settings.level,\n",
        "",
        WALK,
    ),
    mutant(
        "both",
        "The level that a request states limits it",
        SELECTION,
        "                    rights = rights.narrowed(level=level, by=each.place)",
        "                    pass",
        WALK,
    ),
    mutant(
        "both",
        "What the policy denies is not sent",
        GUARD,
        "        if ruling.decision is Decision.DENY:",
        "        if False:",
        WALK,
    ),
    mutant(
        "both",
        "A lead or change for a running campaign counts as sending",
        RISK_CLASSES,
        "    if reach.sends:",
        "    if False:",
        WALK,
    ),
    mutant(
        "both",
        "A copy to a stranger counts as redirecting",
        RISK_CLASSES,
        "    if redirects:\n",
        "    if False:\n",
        WALK,
    ),
    mutant(
        "both",
        "A confirm token is used once",
        CONFIRMATION,
        "await recorded(self.marks.use(CONFIRMATIONS, mark_of(token), until))",
        "True",
        WALK,
    ),
    mutant(
        "both",
        "A confirm token is bound to its call",
        TOKENS,
        '        if content["call"] != subject.call_digest:',
        "        if False:",
        MACHINE,
    ),
    mutant(
        "both",
        "A confirm token is bound to what was shown",
        TOKENS,
        '        if content["preview"] != subject.preview_digest[:_CHARACTERS]:',
        "        if False:",
        ASKING,
    ),
    mutant(
        "both",
        "A decline is final for a while",
        CONFIRMATION,
        "        if await recorded(self.marks.holds(DECLINED, asked.declined_mark)):",
        "        if False:",
        ASKING,
    ),
    mutant(
        "both",
        "An approval is bound to what the person was shown",
        QUEUE,
        "        same = newest.preview.digest == preview.digest",
        "        same = True",
        AGENT,
    ),
    mutant(
        "both",
        "An approval is used once",
        QUEUE,
        "                    if await self._change(newest, ApprovalState.USED):",
        "                    if True:",
        AGENT,
    ),
    mutant(
        "both",
        "The secret of an approver is refused over MCP",
        "access/gatekeeper.py",
        "            if looks_like_approver_secret(key.value):",
        "            if False:",
        AGENT,
    ),
    mutant(
        "both",
        "An approval is for the caller that asked",
        QUEUE,
        "        act.principal,\n        act.rights.token,\n",
        "        None,\n        None,\n",
        TOKEN_WALK,
    ),
    mutant(
        "both",
        "Nothing is sent while sending is switched off",
        "access/rails/kill_switch.py",
        "        return self.off_in_settings or self.off_by_command",
        "        return False",
        WALK,
    ),
)
