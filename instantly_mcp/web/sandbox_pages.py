"""Shows the page of the sandbox, and does what its forms ask for.

The forms need neither scripts nor cookies. That they were sent by this page follows
from ``Origin`` and ``Sec-Fetch-Site``, which `web.same_site` checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote

from attrs import frozen

from .._json_codec import JsonObject, dumps, loads
from ..pipeline.replies.reply import Answer
from .interfaces import Facts, ISandboxView
from .pages.look import FORM_HEADERS, html_answer
from .pages.sandbox import FAULTS, PAGE_MAILS, STEPS, sandbox_page

MAX_FORM_BYTES = 2_000
MAX_PAGE = 1_000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CONTROLS: Mapping[str, tuple[str, str]] = {
    "reset": ("POST", "reset"),
    "clear": ("DELETE", "faults"),
}
Query = Mapping[str, Sequence[str]]


@frozen
class SandboxPages:
    """The page of one workspace, chosen by its key, and its forms."""

    view: ISandboxView

    def show(
        self, key: str, facts: Facts, query: Query, *, forms: bool
    ) -> Answer | None:
        """Return the page; ``None`` for an invalid key.

        :param forms: the buttons work for this visitor.
        """
        page = _page_in(query)
        changed, since = _first(query, "changed"), _first(query, "since")
        moment = since if _MOMENT.fullmatch(since) else "9999"
        first = (page - 1) * PAGE_MAILS
        shown = self.view.overview(key, first, PAGE_MAILS, moment)
        if shown is None:
            return None
        body = sandbox_page(shown, facts, page=page, changed=changed, forms=forms)
        return html_answer(body, forms=True)

    def act(self, key: str, facts: Facts, body: bytes) -> Answer | None:
        """Do what a form asks for, and lead back to the page.

        :returns: ``None`` for an invalid key, or a form that is not of this page.
        """
        fields = _fields(body)
        word = fields.get("do", "")
        more = f"&changed={word}"
        if word in STEPS:
            since = self._ask(key, "GET", "clock")
            seconds = {"advance_seconds": STEPS[word][2]}
            done = since and self._ask(key, "POST", "clock", seconds)
            more += f"&since={since['now']}" if since else ""
        elif word == "fault" and fields.get("fault") in FAULTS:
            done = self._ask(key, "POST", "faults", FAULTS[fields["fault"]][1])
        elif word in _CONTROLS:
            done = self._ask(key, *_CONTROLS[word])
        else:
            return None
        if done is None:
            return None
        place = f"{facts.prefix}/sandbox?key={quote(key, '')}{more}"
        return Answer(status=303, headers=(*FORM_HEADERS, ("Location", place)))

    def _ask(
        self, key: str, method: str, name: str, given: JsonObject | None = None
    ) -> JsonObject | None:
        body = b"" if given is None else dumps(given)
        answer: Answer | None = self.view.control(method, name, key, None, body)
        if answer is None or answer.status != 200:
            return None
        value: JsonObject = loads(answer.body)
        return value


def _fields(body: bytes) -> Mapping[str, str]:
    if len(body) > MAX_FORM_BYTES:
        return {}
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=5))
    except ValueError:
        return {}


def _page_in(query: Query) -> int:
    text = _first(query, "page")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(1, number), MAX_PAGE)


def _first(query: Query, name: str) -> str:
    return next(iter(query.get(name, ())), "")
