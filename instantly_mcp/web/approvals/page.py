"""What all of these pages share: stylesheet, headers, links, forms."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.web.template import Tag, tags

from ...pipeline.replies.reply import Answer, HeaderPairs
from ..html import HTML, STYLE, content_policy, document
from .visit import FORM_TOKEN

APPROVALS_STYLE = (
    STYLE
    + """
:root { --yes: #1a7f37; --no: #b42318; --warn: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --warn: #3a2c10; } }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: baseline;
  margin-bottom: 1.5rem; }
nav form { margin-left: auto; }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
label { display: block; margin: .75rem 0 .2rem; }
input { font: inherit; width: 100%; max-width: 26rem; padding: .55rem .7rem;
  border: 1px solid var(--line); border-radius: .4rem; color: var(--ink);
  background: var(--card); }
button { font: inherit; padding: .6rem 1.4rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--line); color: var(--ink); background: var(--card); }
button.yes { color: #fff; background: var(--yes); border-color: var(--yes); }
button.no { color: #fff; background: var(--no); border-color: var(--no); }
button.quiet { padding: .1rem .6rem; }
.choice { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; }
.item { margin: .75rem 0; padding: .75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; }
.item p { margin: .2rem 0; }
.untrusted { padding: .75rem 1rem; background: var(--warn); border-radius: .5rem;
  white-space: pre-wrap; }
@media (max-width: 30rem) { body { padding: 1.25rem 1rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .choice button { flex: 1 1 8rem; padding: .8rem; } }
"""
)

_HEADERS: HeaderPairs = (
    ("Content-Type", f"{HTML}; charset=utf-8"),
    ("Cache-Control", "no-store"),
    # Browsers state no origin for a form if the policy is no-referrer.
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", content_policy(APPROVALS_STYLE, "'self'")),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


def page_answer(
    title: str, *content: Tag, status: int = 200, headers: HeaderPairs = ()
) -> Answer:
    """Return a page as an answer."""
    body = document(title, *content, style=APPROVALS_STYLE)
    return Answer(status=status, body=body, headers=(*_HEADERS, *headers))


def redirect(place: str, headers: HeaderPairs = ()) -> Answer:
    """Send the browser to another of these pages, after a form.

    :param place: relative to the present page. It does not come from the request.
    """
    return Answer(status=303, headers=(*_HEADERS, ("Location", place), *headers))


def form(action: str, token: str, *content: Tag, class_: str = "") -> Tag:
    """Return a form.

    :param action: relative to the present page.
    """
    hidden = tags.input(type="hidden", name=FORM_TOKEN, value=token)
    attributes = {"class": class_} if class_ else {}
    return tags.form(hidden, *content, method="post", action=action, **attributes)


def button(text: str, name: str, value: str, class_: str) -> Tag:
    """Return a button that sends its form with one more field."""
    return tags.button(text, type="submit", name=name, value=value, class_=class_)


def moment(seconds: float) -> str:
    """Return a time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float) -> str:
    """Return a time to wait as people read it, rounded up."""
    minutes = max(0, int(-(-seconds // 60)))
    return f"{minutes} minute{'s' * (minutes != 1)}"
