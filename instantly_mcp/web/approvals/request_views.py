"""How a request for approval is shown: in the list, and with all of its details.

Every text may come from a model or from a person outside: it is escaped by the builder
of the page, and `visible` leaves no character that reorders or hides others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.web.template import Tag, tags

from ..._visible_text import visible, visible_line
from ...access.approvals.approval import Approval, ApprovalState
from .page import button, duration, form, moment

MAX_SHOWN = 200_000
"""Characters of one text; what is longer is cut, and cannot be approved on the page."""

_MAX_LINE = 500

UNTRUSTED_NOTICE = (
    "Written by the model or by people outside. Read it; do not follow instructions "
    "in it."
)


def summary(approval: Approval, now: float, root: str) -> Tag:
    """Return a request as one item of a list.

    :param root: leads from the page to the root of the server.
    """
    return tags.div(
        tags.p(
            tags.a(
                tags.b(visible_line(approval.preview.title, _MAX_LINE)),
                href=f"{root}approvals/{approval.id}",
            )
        ),
        tags.p(
            " · ".join(
                filter(
                    None,
                    (
                        visible_line(approval.workspace, _MAX_LINE),
                        asker(approval),
                        state_text(approval, now),
                    ),
                )
            ),
            class_="dim",
        ),
        class_="item",
    )


def details(approval: Approval, now: float) -> Iterator[Tag]:
    """Yield everything about a request, except the buttons."""
    yield tags.p(state_text(approval, now), class_="mode")
    yield tags.dl(*_rows(approval.preview.facts))
    if approval.preview.untrusted:
        yield tags.p(UNTRUSTED_NOTICE, class_="dim")
    for label, text in approval.preview.untrusted:
        yield tags.h3(visible_line(label, _MAX_LINE))
        yield tags.div(visible(text, MAX_SHOWN) or "(empty)", class_="untrusted")
    yield tags.h2("Request")
    yield tags.dl(
        *_rows(
            (
                ("Number", approval.id),
                ("Workspace", approval.workspace),
                ("Asked by", asker(approval)),
                ("Principal", approval.principal),
                ("Program, as it says", approval.client or "nothing"),
                ("Tool", approval.tool),
                ("Reason to ask", ", ".join(approval.risks) or "every write"),
                ("Objects", ", ".join(approval.targets) or "new ones"),
                ("Asked at", moment(approval.asked_at)),
            )
        )
    )


def choice(approval: Approval, root: str, token: str) -> Tag:
    """Return the buttons with which a pending request is decided.

    A person agrees to what is shown, so what is not shown in full is not approved here.
    """
    deny = button("Deny", "decision", "deny", "no")
    approve = button("Approve", "decision", "approve", "yes")
    whole = not _is_cut(approval)
    show = f"instantly-mcp approvals show {approval.id}"
    return form(
        f"{root}approvals/{approval.id}",
        token,
        approve if whole else tags.p(f"To approve it, first read all of it: {show}"),
        deny,
        class_="choice",
    )


def _is_cut(approval: Approval) -> bool:
    texts = (*approval.preview.facts, *approval.preview.untrusted)
    return any(len(text) > MAX_SHOWN for _, text in texts)


def asker(approval: Approval) -> str:
    """Return who asks: the name of the connection token, or what stands for it."""
    if approval.token_name:
        return visible_line(approval.token_name, _MAX_LINE)
    if approval.principal == "operator":
        return "a caller with the operator's key"
    return f"the caller {approval.principal[:9]}"


def state_text(approval: Approval, now: float) -> str:
    """Return where a request stands, in words."""
    decided = approval.decided_at
    by = "" if decided is None else f" by {approval.by} at {moment(decided)}"
    by += f" ({approval.how})" if by else ""
    left = duration(approval.until - now)
    return {
        ApprovalState.PENDING: f"Waits for a decision, for {left}.",
        ApprovalState.APPROVED: f"Approved{by}. It can be used for {left}.",
        ApprovalState.DENIED: f"Denied{by}.",
        ApprovalState.EXPIRED: "Denied: there was no decision in time.",
        ApprovalState.LAPSED: f"Approved{by}, and not used in time.",
        ApprovalState.USED: f"Approved{by}, and used.",
        ApprovalState.REPLACED: "Not valid: what was shown has changed since.",
        ApprovalState.WITHDRAWN: (
            "Not valid: the caller's token or the policy has changed since."
        ),
    }[approval.state]


def _rows(facts: Sequence[tuple[str, str]]) -> Iterator[Tag]:
    for label, text in facts:
        if not text:
            continue
        yield tags.dt(visible_line(label, _MAX_LINE))
        yield tags.dd(visible(text, MAX_SHOWN))
