"""The page of the sandbox: mail, replies, campaigns, time, faults, and their forms.

Texts come from callers, models and the simulated senders, so that all of them are
escaped, and set apart from each other by ``bdi``, because they may change direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from twisted.web.template import Tag, tags

from ..._json_codec import Json, JsonObject
from ..interfaces import Facts
from .look import document, site_navigation
from .sandbox_filling import how_to_fill, other_workspaces

PAGE_MAILS = 20
"""Mails on one page."""
MAX_TEXT = 1_500
"""Characters of one mail; the JSON has them all."""
STEPS: Mapping[str, tuple[str, str, int]] = {
    "day": ("Let a day pass", "A day has passed", 86_400),
    "week": ("Let a week pass", "A week has passed", 604_800),
    "hour": ("Let an hour pass", "An hour has passed", 3_600),
}
"""What the buttons say, what the page says then, and how many seconds they add."""
FAULTS: Mapping[str, tuple[str, JsonObject]] = {
    "429": (
        "Too many requests (429) on the next call",
        {"kind": "status", "status": 429, "retry_after": "2"},
    ),
    "500": ("Server error (500) on the next call", {"kind": "status", "status": 500}),
    "slow": ("The next reply is 3 seconds late", {"kind": "slow", "seconds": 3}),
    "cut": ("The connection breaks in the next reply", {"kind": "cut"}),
}
"""The faults that the form offers."""


def sandbox_page(
    shown: JsonObject, facts: Facts, *, page: int, changed: str, forms: bool
) -> bytes:
    """Return the page.

    :param shown: a workspace, as `ISandboxView.overview` returns it.
    :param page: the number of the page of mails, from 1.
    :param changed: the button that led here; empty for none.
    :param forms: the buttons work for this visitor.
    """
    return document(
        "Sandbox",
        *_about(shown),
        *_changed(shown, changed),
        *(_buttons(facts, shown) if forms else _without_buttons()),
        *_replies(shown["replies"]),
        *_campaigns(shown["campaigns"]),
        *_outbox(shown, facts, page),
        *how_to_fill(facts, shown),
        *(_fault_forms(shown["faults"]) if forms else ()),
        *other_workspaces(facts),
        navigation=site_navigation(facts, "/sandbox"),
    )


def _about(shown: JsonObject) -> Iterator[Tag]:
    contains = shown["contains"]
    yield tags.p(
        "A simulated Instantly workspace: assistants work in it as in a real one, and "
        "nothing leaves this machine.",
        class_="lead",
    )
    yield tags.dl(
        tags.dt("Workspace"),
        tags.dd(tags.code(str(shown["key"]))),
        tags.dt("Its time"),
        tags.dd(f"{_weekday(shown['now'])}, {_moment(shown['now'])}"),
        tags.dt("It has"),
        tags.dd(
            f"{contains['campaigns']} campaigns, {contains['leads']:,} leads, "
            f"{contains['threads']:,} threads"
        ),
    )


def _changed(shown: JsonObject, changed: str) -> Iterator[Tag]:
    if changed in STEPS:
        since = shown["since"]
        sent, replies = since["sent"], since["replies"]
        yield _note(
            f"{STEPS[changed][1]}: {_number(sent, 'mail')} would have been sent, and "
            f"{_number(replies, 'reply', 'replies')} arrived.{_hint(sent, replies)}"
        )
    elif changed == "reset":
        yield _note("The workspace begins again.")
    elif changed == "fault":
        yield _note("The fault waits for the next call.")
    elif changed == "clear":
        yield _note("There are no faults any more.")


def _hint(sent: int, replies: int) -> str:
    """Return why nothing arrived, if nothing did."""
    if replies:
        return ""
    if not sent:
        return " Campaigns send at their scheduled hours."
    return (
        " About one lead in twenty replies, mostly after the second mail; those whose "
        "address begins with reply. always do."
    )


def _note(text: str) -> Tag:
    return tags.p(text, class_="note", role="status")


def _buttons(facts: Facts, shown: JsonObject) -> Iterator[Tag]:
    # Without an action a form is sent to the address of its page, query included.
    day, *others = (
        tags.button(text, type="submit", name="do", value=name)
        for name, (text, _, _) in STEPS.items()
    )
    yield tags.form(day(class_="primary"), *others, method="post", class_="row")
    yield tags.details(
        tags.summary("Reset …"),
        tags.p(
            f"Everything that was changed in {shown['key']} is lost: campaigns, leads, "
            "mail, time and faults. Other workspaces do not change."
        ),
        tags.form(
            tags.button(
                "Reset it", type="submit", name="do", value="reset", class_="no"
            ),
            method="post",
            class_="row",
        ),
    )


def _without_buttons() -> Iterator[Tag]:
    yield tags.p(
        "This server requires a secret, which a page cannot keep. Use the requests of "
        "docs/sandbox.md to let time pass or to reset.",
        class_="dim",
    )


def _outbox(shown: JsonObject, facts: Facts, page: int) -> Iterator[Tag]:
    count, items = shown["outbox"]["count"], shown["outbox"]["items"]
    yield tags.h2(f"Outbox: {_number(count, 'mail')} that would have been sent")
    if not count:
        yield tags.p("Nothing yet. Let a day pass, or have a reply written.")
    for item in items:
        yield _mail(item, "to", ("from", "to", "cc", "bcc"), item.get("body"))
    if count > PAGE_MAILS:
        yield _paging(facts, str(shown["key"]), page, -(-count // PAGE_MAILS))
    query = f"?key={quote(str(shown['key']), '')}"
    yield tags.p(
        tags.a("All as JSON", href=f"{facts.prefix}/sandbox/outbox{query}"),
        class_="small",
    )


def _paging(facts: Facts, key: str, page: int, pages: int) -> Tag:
    def link(text: str, number: int) -> Tag:
        target = f"{facts.prefix}/sandbox?key={quote(key, '')}&page={number}"
        return tags.a(text, href=target)

    newer = [link("Newer", page - 1)] if page > 1 else []
    older = [link("Older", page + 1)] if page < pages else []
    place = tags.span(f"Page {page} of {pages}")
    return tags.p(*newer, place, *older, class_="row")


def _replies(replies: JsonObject) -> Iterator[Tag]:
    count, items = replies["count"], replies["items"]
    if not count:
        return
    yield tags.h2(f"Inbox: {_number(count, 'reply', 'replies')} since the beginning")
    for item in items:
        yield _mail(item, "from", ("from",), item.get("text"), open="open")
    if count > len(items):
        yield tags.p(f"These are the newest {len(items)}.", class_="dim")


def _mail(
    item: JsonObject, who: str, people: Sequence[str], body: Json, **more: str
) -> Tag:
    """Return a mail that opens when it is clicked.

    :param who: the field of `people` that a closed mail shows.
    :param more: attributes of the element.
    """
    facts = [
        (tags.dt(name.capitalize()), tags.dd(tags.bdi(_people(item.get(name)))))
        for name in people
        if item.get(name)
    ]
    subject = _shortened(_text(item.get("subject")), 200) or "(no subject)"
    person = tags.bdi(_people(item.get(who)))
    return tags.details(
        tags.summary(
            tags.bdi(subject),
            tags.div(_moment(item.get("at")), " · ", person)(class_="dim small"),
        ),
        tags.dl(*facts),
        tags.div(tags.bdi(_shortened(_body(body))), class_="untrusted"),
        **more,
    )


def _campaigns(campaigns: Sequence[JsonObject]) -> Iterator[Tag]:
    names = ("name", "status", "leads", "sent", "replies", "bounces")
    yield tags.h2("Campaigns")
    yield tags.table(
        tags.thead(tags.tr(*(tags.th(name.capitalize()) for name in names))),
        tags.tbody(
            *(
                tags.tr(*(_cell(name, each[name]) for name in names))
                for each in campaigns
            )
        ),
    )


def _cell(name: str, value: Json) -> Tag:
    """Return a cell; on a phone its label is shown beside it."""
    text = f"{value:,}" if isinstance(value, int) else _shortened(_text(value), 120)
    return tags.td(tags.bdi(text), **{"data-label": name.capitalize()})


def _fault_forms(faults: Sequence[JsonObject]) -> Iterator[Tag]:
    yield tags.h2("Faults")
    yield tags.p("Make a call fail, to see what your assistant does then.")
    options = [tags.option(text, value=name) for name, (text, _) in FAULTS.items()]
    yield tags.form(
        tags.label("Fault", **{"for": "fault"}),
        tags.div(
            tags.select(*options, name="fault", id="fault"),
            tags.button("Add", type="submit", name="do", value="fault"),
            class_="row",
        ),
        method="post",
    )
    if faults:
        yield tags.ul(*(tags.li(_fault(each)) for each in faults))
        yield tags.form(
            tags.button("Remove all", type="submit", name="do", value="clear"),
            method="post",
        )


def _fault(fault: JsonObject) -> str:
    words = [str(fault["kind"])]
    if fault["kind"] in {"status", "html"}:
        words.append(str(fault["status"]))
    if fault["seconds"]:
        words.append(f"{fault['seconds']:g} s late")
    words.append(f"for {fault['operation'] or 'any operation'}")
    times = fault["times"]
    many = "all calls" if not times else _number(times, "call")
    return f"{' '.join(words)}, {many} from call {fault['on_call']}"


def _moment(value: Json) -> str:
    """Return a time of the API as people read it."""
    return f"{_text(value)[:16].replace('T', ' ')} UTC"


def _weekday(value: Json) -> str:
    return f"{datetime.fromisoformat(_text(value)):%A}"


def _people(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else _text(value)


def _body(body: Json) -> str:
    """Return the text of a mail, or the HTML source of one without text."""
    return _text(
        body.get("text") or body.get("html") if isinstance(body, dict) else body
    )


def _shortened(text: str, most: int = MAX_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _text(value: Json) -> str:
    return "" if value is None else str(value)


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
