"""The status page: is it this server, or Instantly? It shows no secret.

It is for the operator: with the server secret, as an approver who is signed in, or from
the machine of the server itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.web.template import Tag, tags

from ..._json_codec import Json
from .look import Navigation, badge, document
from .report import Fact, Report, ReportTable, Section

_WORDS = {"well": "All is well", "warn": "Limited", "bad": "Trouble"}


def status_page(report: Report, navigation: Navigation, *more: Section) -> bytes:
    """Return the page.

    :param more: further sections, which only this visitor sees.
    """
    return document("Status", *status_content(report, *more), navigation=navigation)


def status_content(report: Report, *more: Section) -> Sequence[Tag]:
    """Return what the page shows below its title."""
    return (
        _verdict(report),
        *_sections((*report.sections, *more)),
        *[part for table in report.tables for part in _table(table)],
        tags.p(
            "The same as JSON: ",
            tags.code("curl -H 'Accept: application/json'"),
            " with the address of this page.",
            class_="dim small",
        ),
    )


def no_status_page(navigation: Navigation) -> bytes:
    """Return what other visitors see instead: how an operator gets to the page."""
    return document(
        "Status",
        tags.p("This page is for the operator of the server."),
        tags.ul(
            tags.li(
                "On the machine of the server: ",
                tags.code("curl -s http://127.0.0.1:3000/status"),
                " with its port, or the same address in a browser.",
            ),
            tags.li(
                "From elsewhere, with the server secret: ",
                tags.code('curl -H "Authorization: Bearer $SERVER_SECRET" …/status'),
            ),
            tags.li(
                "In a browser elsewhere: forward a port with ",
                tags.code("ssh -L 3000:127.0.0.1:3000 SERVER"),
                " and open ",
                tags.code("http://127.0.0.1:3000/status"),
                ".",
            ),
        ),
        navigation=navigation,
    )


def _verdict(report: Report) -> Tag:
    return tags.div(
        tags.p(badge(_WORDS[report.kind], report.kind)),
        tags.p(report.sentence, class_="lead"),
        *([tags.p(report.next_step)] if report.next_step else []),
        class_="card",
        role="status",
    )


def _sections(sections: Sequence[Section]) -> Iterator[Tag]:
    for section in sections:
        yield tags.h2(section.title)
        yield tags.dl(*[tag for fact in section.facts for tag in _fact(fact)])


def _fact(fact: Fact) -> Iterator[Tag]:
    yield tags.dt(fact.label)
    yield tags.dd(badge(fact.text, fact.kind) if fact.kind else fact.text)


def _cells(table: ReportTable, values: Sequence[Json]) -> Iterator[Tag]:
    # On a phone, where each row is a block, the cells repeat the headings.
    for (_, title), value in zip(table.columns, values, strict=True):
        text = "-" if value is None else str(value)
        yield tags.td(text, **{"data-label": title})


def _table(table: ReportTable) -> Iterator[Tag]:
    yield tags.h2(table.title)
    if not table.rows:
        yield tags.p(table.empty, class_="dim")
        return
    yield tags.table(
        tags.thead(
            tags.tr(*[tags.th(title, scope="col") for _, title in table.columns])
        ),
        tags.tbody(*[tags.tr(*_cells(table, values)) for values in table.rows]),
    )
