"""Mutants of approvals: the queue, the people, the pages on which they decide."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

QUEUE = "access/approvals/queue.py"
APPROVAL = "access/approvals/approval.py"
STORE = "state/stores/approvals.py"
VISIT = "web/approvals/visit.py"
LOGIN = "web/approvals/login.py"
SESSIONS = "web/approvals/sessions.py"
ORIGINS = "web/approvals/own_origins.py"
ADMIN = "daemon/settings/admin_rules.py"
BOOKS = "daemon/access/books.py"

QUEUED = "access.approvals.test_queue"
PROTECTED = "web.approvals.test_protection"
DECIDING = "web.approvals.test_deciding"

MUTANTS: Sequence[Mutant] = (
    both(
        "An approval is not collected with a token that has ended",
        QUEUE,
        "        if token is not None and not self.is_valid(token):\n            raise",
        "        if False:\n            raise",
        QUEUED,
    ),
    both(
        "An approval is bound to the workspace",
        QUEUE,
        "        act.workspace_key,\n",
        "",
        QUEUED,
    ),
    both("An approval is bound to the tool", QUEUE, "        act.tool,\n", "", QUEUED),
    both(
        "An approval is bound to the arguments",
        QUEUE,
        "        act.arguments_digest,\n",
        "",
        QUEUED,
    ),
    both(
        "An approval is bound to the operation",
        QUEUE,
        "        act.operation.id,\n",
        "",
        QUEUED,
    ),
    both(
        "An approval is bound to the classes of the call",
        QUEUE,
        "        act.risk_names,\n",
        "",
        QUEUED,
    ),
    both(
        "The version of the policy changes with it",
        "access/decisions.py",
        'f"{name}={value.value}"',
        "name",
        "access.test_decisions",
    ),
    both(
        "A request is closed with its token",
        QUEUE,
        "        return revoked or replaced",
        "        return replaced",
        QUEUED,
    ),
    both(
        "A request is closed when the policy changes",
        QUEUE,
        "        return revoked or replaced",
        "        return revoked",
        QUEUED,
    ),
    both(
        "A denial refuses the same call for some minutes",
        QUEUE,
        "        if blocked:\n",
        "        if False:\n",
        QUEUED,
    ),
    both(
        "A request that no person decides in time is a denial",
        APPROVAL,
        "frozenset({ApprovalState.DENIED, ApprovalState.EXPIRED})",
        "frozenset({ApprovalState.DENIED})",
        QUEUED,
    ),
    both(
        "A request and an approval end by themselves",
        APPROVAL,
        "        if not self.is_open or (now < self.until and not ahead):",
        "        if True:",
        QUEUED,
    ),
    both(
        "An approval waits for five minutes, not for fifteen",
        APPROVAL,
        "            until=now + APPROVED_SECONDS,",
        "            until=now + PENDING_SECONDS,",
        QUEUED,
    ),
    both(
        "A clock that was set back opens no request again",
        APPROVAL,
        " and not ahead)",
        ")",
        QUEUED,
    ),
    both(
        "A clock that is set back lets no request live longer",
        QUEUE,
        "            if self._keep_time(found) <= self.seconds():",
        "            if False:",
        QUEUED,
    ),
    both(
        "The pending requests of a caller are limited",
        STORE,
        "    if pending >= most_pending:",
        "    if False:",
        QUEUED,
    ),
    both(
        "Of two decisions at the same time one counts",
        QUEUE,
        "        if not await self.store.replace(decided, ApprovalState.PENDING):",
        "        if await self.store.replace(decided, ApprovalState.PENDING) is None:",
        "access.approvals.test_interleaved",
    ),
    both(
        "A request changes only from the state that was read",
        STORE,
        "WHERE id = ? AND state = ?",
        "WHERE id = ? AND state != ? || ''",
        "state.stores.test_approvals",
    ),
    both(
        "A decision has a line in the audit",
        QUEUE,
        "        self.note(audit_line(decided))\n",
        "",
        QUEUED,
    ),
    both(
        "What is not shown of an object must not change either",
        "access/preview.py",
        "preview.untrusted, preview.unseen]",
        "preview.untrusted]",
        "access.test_preview",
    ),
    both(
        "The text of a mail is a part of what was shown",
        "access/preview.py",
        "preview.untrusted, preview.unseen]",
        "preview.unseen]",
        "access.test_preview",
    ),
    both(
        "Only the secret of an approver decides",
        "access/approvals/approvers.py",
        "            if each.digest == digest:",
        "            if True:",
        "access.approvals.test_approvers",
    ),
    both(
        "An approver who was removed decides no more",
        "access/approvals/approvers.py",
        "        self._approvers.pop(name, None)\n",
        "",
        "access.approvals.test_approvers",
    ),
    both(
        "A decision in the terminal needs the secret of an approver",
        "daemon/control/commands/approvals.py",
        "        if name is None:",
        "        if False:",
        "daemon.control.commands.test_approvals",
    ),
    both(
        "A policy that asks for approval needs an approver",
        BOOKS,
        "    if not books.approvers.names():",
        "    if False:",
        "daemon.test_approval_pages",
    ),
    both(
        "A policy that asks for approval needs a state directory",
        BOOKS,
        "    if not persistent:",
        "    if False:",
        "daemon.test_approval_pages",
    ),
    both(
        "The pages are served under the names of the settings only",
        ORIGINS,
        '            if parse_origin(f"{own.scheme}://{hosts[0]}") == own:',
        "            if True:",
        PROTECTED,
    ),
    both(
        "The pages accept no key and no token",
        VISIT,
        "        if query or presents_key(headers):",
        "        if query:",
        PROTECTED,
    ),
    both(
        "The pages accept no query, which may be a key",
        VISIT,
        "        if query or presents_key(headers):",
        "        if presents_key(headers):",
        PROTECTED,
    ),
    both(
        "A form is sent from the pages' own origin",
        VISIT,
        "        if not is_sent_from(visit.own, headers):",
        "        if False:",
        PROTECTED,
    ),
    both(
        "A form without an Origin is refused",
        ORIGINS,
        "    return len(origins) == 1 and",
        "    return not origins or",
        PROTECTED,
    ),
    both(
        "The Origin of a form is compared with its port",
        ORIGINS,
        " and parse_origin(origins[0]) == own",
        ' and getattr(parse_origin(origins[0]), "name", "") == own.name',
        PROTECTED,
    ),
    both(
        "A form has the token of its session",
        VISIT,
        "        if session is not None and not same(visit.form_token, "
        "session.form_token):",
        "        if False:",
        PROTECTED,
    ),
    both(
        "Closed requests do not fill the disk",
        STORE,
        "FROM approvals) WHERE bytes > ?)",
        "FROM approvals) WHERE bytes > ? * 1e9)",
        "state.stores.test_approvals",
    ),
    both(
        "A denial is not removed to make room",
        STORE,
        "({_OPEN_STATES}, 'denied')",
        "({_OPEN_STATES})",
        "state.stores.test_approvals",
    ),
)
