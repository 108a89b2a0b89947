"""The frame of all pages: stylesheet, navigation, headers; no script, no other file.

The stylesheet is part of each page. The Content-Security-Policy of every answer allows
this stylesheet, by its hash, images of this server, and no other resource.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from attrs import frozen
from twisted.python.failure import Failure
from twisted.web.template import Tag, flatten, tags

from ...pipeline.replies.reply import Answer, HeaderPairs
from ..interfaces import Facts
from .stylesheet import STYLE

HTML = "text/html"
DOCTYPE = b"<!DOCTYPE html>\n"


def content_policy(style: str, form_action: str = "'none'") -> str:
    """Return a Content-Security-Policy that allows one stylesheet and no script.

    :param form_action: where forms of the page may be sent.
    """
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; "
        f"base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )


POLICY = content_policy(STYLE)
"""The Content-Security-Policy of every answer that has none of its own."""

HTML_TYPE: HeaderPairs = (("Content-Type", f"{HTML}; charset=utf-8"),)

FORM_HEADERS: HeaderPairs = (
    *HTML_TYPE,
    ("Cache-Control", "no-store"),
    # Browsers state no origin for a form if the policy is no-referrer.
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", content_policy(STYLE, "'self'")),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""The headers of a page with forms, which can be sent to this server only."""


@frozen
class Navigation:
    """The links at the top of a page.

    :param home: the target of the server's name.
    :param links: text and target of each link.
    :param current: the target that the page is; empty for none of them.
    :param extra: what follows the links, such as a form to sign out.
    """

    home: str = ""
    links: Sequence[tuple[str, str]] = ()
    current: str = ""
    extra: Sequence[Tag] = ()


def site_navigation(
    facts: Facts, current: str, *, known: bool = True, operator: bool = False
) -> Navigation:
    """Return the navigation of the pages on the MCP port.

    :param current: the path of the page without the prefix, such as ``/connect``.
    :param known: the visitor may learn whether this is a sandbox.
    :param operator: the visitor may see ``/status``.
    """
    pages = [("Home", "/"), ("Connect", "/connect")]
    if known and facts.mode == "sandbox":
        pages.append(("Sandbox", "/sandbox"))
    if operator:
        pages.append(("Status", "/status"))
    links = [(text, f"{facts.prefix}{path}") for text, path in pages]
    return Navigation(f"{facts.prefix}/", links, f"{facts.prefix}{current}")


def html_answer(page: bytes, *, forms: bool = False, status: int = 200) -> Answer:
    """Return a page as an answer.

    :param forms: the page has forms; see `FORM_HEADERS`.
    """
    headers = FORM_HEADERS if forms else HTML_TYPE
    return Answer(status=status, body=page, headers=headers)


def document(
    title: str, *content: Tag, navigation: Navigation | None = None, footer: str = ""
) -> bytes:
    """Return a page. Text in `content` is escaped.

    :param title: the title of the window and the first heading.
    :param footer: one line at the end, such as the version.
    """
    return _flat(
        tags.html(
            tags.head(
                tags.meta(charset="utf-8"),
                tags.meta(
                    name="viewport", content="width=device-width, initial-scale=1"
                ),
                tags.meta(name="color-scheme", content="light dark"),
                tags.title(title),
                tags.style(STYLE),
            ),
            tags.body(
                *_header(navigation),
                Tag("main")(tags.h1(title), *content),
                *([tags.footer(footer, class_="foot")] if footer else []),
            ),
            lang="en",
        )
    )


def rows(*pairs: tuple[str, Tag | str]) -> Tag:
    """Return a list of names and values."""
    return tags.dl(*[(tags.dt(name), tags.dd(value)) for name, value in pairs])


def badge(text: str, kind: str = "") -> Tag:
    """Return a short state in color.

    :param kind: ``well``, ``warn``, ``bad`` or empty.
    """
    return tags.span(text, class_=f"badge is-{kind}" if kind else "badge")


def copyable(text: str) -> Tag:
    """Return text that one click selects as a whole."""
    return tags.pre(tags.code(text), class_="copy", tabindex="0")


def _header(navigation: Navigation | None) -> Iterator[Tag]:
    if navigation is None:
        return
    links = []
    for text, target in navigation.links:
        here = {"aria-current": "page"} if target == navigation.current else {}
        links.append(tags.a(text, href=target, **here))
    brand = tags.a("instantly-mcp", href=navigation.home, class_="brand")
    yield tags.header(
        *([brand] if navigation.home else []),
        tags.nav(*links, *navigation.extra, **{"aria-label": "Pages"}),
        class_="top",
    )


def _flat(page: Tag) -> bytes:
    parts: list[bytes] = [DOCTYPE]
    failures: list[Failure] = []
    # No tag holds a Deferred, so `flatten` is done when it returns.
    flatten(None, page, parts.append).addErrback(failures.append)
    for failure in failures:
        failure.raiseException()
    return b"".join(parts)
