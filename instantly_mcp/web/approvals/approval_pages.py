"""The pages: what waits, what was decided, one request, the status of the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen
from twisted.web.template import Tag, tags

from ..._deferred import deferred
from ..._visible_text import visible_line
from ...access.approvals.approval import Approval, ApprovalState, NotPendingError
from ...access.approvals.interfaces import IApprovalDesk
from ...pipeline.replies.reply import Answer, json_answer
from ..documents import ready
from ..interfaces import IStatus
from ..pages.look import Navigation, rows
from ..pages.page_request import PageRequest
from ..pages.report import Report
from ..pages.status import status_content
from .login import Login
from .page import form, page_answer, redirect
from .request_views import choice, details, summary
from .sessions import ApproverSession
from .visit import Visit

DECIDED_SHOWN = 50
PAGE = "page"
"""How a decision was made; see `Approval.how`."""

_DECISIONS = {"approve": True, "deny": False}
_MADE = {True: ApprovalState.APPROVED, False: ApprovalState.DENIED}


@frozen(kw_only=True)
class ApprovalPages:
    """Answers visits.

    :param wall: returns seconds since the epoch.
    :param rules: returns what the operator decided, as rows of the status page.
    :param report: returns the state of the server, for the status page.
    """

    desk: IApprovalDesk
    login: Login
    status: IStatus
    wall: Callable[[], float]
    rules: Callable[[], Sequence[tuple[str, str]]] = tuple
    report: Callable[[], Report] | None = None

    @deferred
    async def listed(self, visit: Visit) -> Answer:
        """The requests that wait, and those that were decided."""
        session = visit.session
        if session is None:
            return self.login.page(visit, "")
        waiting = await self.desk.pending()
        decided = await self.desk.decided(DECIDED_SHOWN)
        now = self.wall()
        return page_answer(
            f"Approvals: {len(waiting)} waiting",
            *[summary(each, now, "") for each in waiting],
            *([] if waiting else [tags.p("No request waits for a decision.")]),
            tags.h2("Decided"),
            *[summary(each, now, "") for each in decided],
            *([] if decided else [tags.p("There is none yet.", class_="dim")]),
            navigation=_navigation(session, "", "approvals"),
        )

    @deferred
    async def shown(self, visit: Visit, id: str) -> Answer:
        """One request, with the buttons if it waits."""
        if visit.session is None:
            return self.login.page(visit, "../", id)
        approval = await self.desk.get(id)
        return self._request_page(visit.session, approval)

    @deferred
    async def decided(self, visit: Visit, id: str) -> Answer:
        """Take the decision of a form."""
        session = visit.session
        if session is None:
            return self.login.page(visit, "../", id, "Sign in again, then decide.")
        approve = _DECISIONS.get(visit.fields.get("decision", ""))
        if approve is None:
            return self._request_page(session, await self.desk.get(id), status=400)
        try:
            await self.desk.decide(id, approve, session.approver, PAGE)
        except NotPendingError as error:
            found = error.approval
            if found is None or not _was_made(found, approve, session.approver):
                return self._request_page(session, found, status=409)
        return redirect(f"../approvals/{id}")

    @deferred
    async def about(self, visit: Visit, asked: PageRequest) -> Answer:
        """The status of the server, for approvers and for the operator.

        :param asked: says whether the visitor is on the machine of the server.
        """
        session = visit.session
        if session is None and not (asked.operator and self.report is not None):
            return self.login.page(visit, "")
        report = None if self.report is None else self.report()
        as_json = asked.wants_json if session is None else asked.prefers_json
        if as_json and report is not None:
            return json_answer(200, report.as_object())
        links = _navigation(session, "", "status")
        more = [] if session is None else [await self._approver_rows()]
        return page_answer(
            "Status",
            *([] if report is None else status_content(report)),
            *more,
            navigation=links,
        )

    async def _approver_rows(self) -> Tag:
        """Return what approvers see on the status page, besides the report."""
        facts, condition = self.status.facts(), self.status.condition()
        waiting = await self.desk.pending()
        return tags.div(
            tags.h2("Approvals"),
            rows(
                ("Server", f"{facts.name} {facts.version}"),
                ("Mode", facts.mode),
                ("Status", str(ready(condition)[1]["status"])),
                ("Sessions", str(condition.sessions)),
                ("Event streams", str(condition.streams)),
                ("Waiting for approval", str(len(waiting))),
                ("Approvers", ", ".join(self.login.approvers.names())),
                *self.rules(),
                *(
                    (f"Degraded: {name}", text)
                    for name, text in condition.degraded.items()
                ),
            ),
        )

    def _request_page(
        self, session: ApproverSession, approval: Approval | None, status: int = 200
    ) -> Answer:
        navigation = _navigation(session, "../")
        if approval is None:
            return page_answer(
                "No such request",
                tags.p("There is no request with this number."),
                navigation=navigation,
                status=404,
            )
        now = self.wall()
        pending = approval.state is ApprovalState.PENDING
        refused = "This decision was not taken: the request was already closed."
        return page_answer(
            visible_line(approval.preview.title, 200),
            *([tags.p(refused, class_="mode", role="alert")] if status == 409 else []),
            *details(approval, now),
            *([choice(approval, "../", session.form_token)] if pending else []),
            navigation=navigation,
            status=status,
        )


def problem_page(status: int, message: str, root: str) -> Answer:
    """Return a page that says why a request is not served.

    :param root: leads from the page to the root of the server.
    """
    link = tags.p(tags.a("Approvals", href=f"{root}approvals"))
    return page_answer("Not served", tags.p(message), link, status=status)


def _was_made(approval: Approval, approve: bool, approver: str) -> bool:
    """Say whether this approver made this decision before: the second of two clicks."""
    return approval.state is _MADE[approve] and approval.by == approver


def _navigation(
    session: ApproverSession | None, root: str, current: str = ""
) -> Navigation:
    links = [("Approvals", f"{root}approvals"), ("Status", f"{root}status")]
    if session is None:
        return Navigation("", links, current)
    sign_out = form(
        f"{root}approvals/logout",
        session.form_token,
        tags.span(f"{visible_line(session.approver)} ", class_="dim"),
        tags.button("Sign out", type="submit", class_="quiet"),
    )
    return Navigation("", links, current, [sign_out])
