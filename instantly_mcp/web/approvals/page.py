"""What all of these pages share: headers, redirects, forms, times."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.web.template import Tag, tags

from ...pipeline.replies.reply import Answer, HeaderPairs
from ..pages.look import FORM_HEADERS, Navigation, document
from .visit import FORM_TOKEN


def page_answer(
    title: str,
    *content: Tag,
    navigation: Navigation | None = None,
    status: int = 200,
    headers: HeaderPairs = (),
) -> Answer:
    """Return a page as an answer."""
    body = document(title, *content, navigation=navigation)
    return Answer(status=status, body=body, headers=(*FORM_HEADERS, *headers))


def redirect(place: str, headers: HeaderPairs = ()) -> Answer:
    """Send the browser to another of these pages, after a form.

    :param place: relative to the present page. It does not come from the request.
    """
    return Answer(status=303, headers=(*FORM_HEADERS, ("Location", place), *headers))


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
