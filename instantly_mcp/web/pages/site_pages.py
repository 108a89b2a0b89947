"""Answers requests for the pages of the MCP port, by their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import define, field

from ...icons import ICONS
from ...pipeline.replies.reply import Answer, json_answer
from ..interfaces import IStatus, SeenClient
from .check import CHECK_PATH, check, check_page
from .connect import connect, connect_page
from .look import html_answer, site_navigation
from .page_request import PageRequest
from .report import Report
from .status import no_status_page, status_page

STATUS_PATH = "/status"

_DAY = ("Cache-Control", "public, max-age=86400")

LastClient: TypeAlias = Callable[[str | None], SeenClient | None]
"""Returns the last MCP client of a caller, by its principal; that of all for ``None``.
"""


def no_client(principal: str | None) -> SeenClient | None:
    """Return that no client was seen."""
    return None


@define(eq=False, kw_only=True)
class SitePages:
    """The pages of the MCP port, except for ``/`` and ``/sandbox``.

    :param wall: returns seconds since the epoch.
    :param report: returns the state of the server, for the operator.
    """

    status: IStatus
    wall: Callable[[], float]
    last_client: LastClient = no_client
    report: Callable[[], Report] | None = None
    _pages: Mapping[str, Callable[[PageRequest], Answer]] = field(init=False)

    @_pages.default
    def _table(self) -> Mapping[str, Callable[[PageRequest], Answer]]:
        return {
            "/connect": self._connect,
            CHECK_PATH: self._check,
            STATUS_PATH: self._status,
        }

    def answer(self, path: str, request: PageRequest) -> Answer:
        """Answer a request.

        :param path: without the prefix and without a slash at its end.
        """
        return self._pages[path](request)

    def _connect(self, request: PageRequest) -> Answer:
        facts = self.status.facts()
        if request.prefers_json:
            return json_answer(200, connect(facts, request))
        return html_answer(connect_page(facts, request))

    def _check(self, request: PageRequest) -> Answer:
        seen = None
        if request.operator:
            seen = self.last_client(None)
        elif request.known and request.principal is not None:
            seen = self.last_client(request.principal)
        if request.wants_json:
            return json_answer(200, check(request, seen))
        facts = self.status.facts()
        return html_answer(check_page(facts, request, seen, self.wall()))

    def _status(self, request: PageRequest) -> Answer:
        if not request.operator or self.report is None:
            return self._no_status(request)
        if request.wants_json:
            return json_answer(200, self.report().as_object())
        navigation = site_navigation(self.status.facts(), STATUS_PATH, operator=True)
        return html_answer(status_page(self.report(), navigation))

    def _no_status(self, request: PageRequest) -> Answer:
        if request.wants_json:
            message = (
                "The status is for the operator: ask on the machine of the server, or "
                "present the server secret."
            )
            return json_answer(403, {"error": "forbidden", "message": message})
        facts = self.status.facts()
        navigation = site_navigation(facts, STATUS_PATH, known=request.known)
        return html_answer(no_status_page(navigation), status=403)


def icon_answer(name: str) -> Answer | None:
    """Return an icon of the server; ``None`` if there is none of this name."""
    for each in ICONS:
        if each.name == name:
            kind = ("Content-Type", each.media_type)
            return Answer(status=200, body=each.read(), headers=(kind, _DAY))
    return None
