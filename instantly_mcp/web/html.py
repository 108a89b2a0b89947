"""Builds HTML pages without scripts or external resources.

The stylesheet is part of each page. The Content-Security-Policy of every answer allows
this stylesheet, by its hash, and no other resource.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from twisted.python.failure import Failure
from twisted.web.template import Tag, flatten, tags

from ..pipeline.replies.reply import Answer

HTML = "text/html"
DOCTYPE = b"<!DOCTYPE html>\n"

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5b6676; --paper: #fafbfc;
  --card: #fff; --line: #dde2e9; --accent: #1f6feb; --mark: #e8f0fe; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --dim: #9aa4b2;
  --paper: #12161c; --card: #1a2029; --line: #2c3541; --accent: #6ea8ff;
  --mark: #1e2b40; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1.25rem 4rem;
  font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p, dl, ul { margin: .5rem 0; }
a { color: var(--accent); }
code { font: .9em/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { margin: .5rem 0; padding: .8rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; }
ul { padding-left: 1.2rem; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--dim); }
dd { margin: 0; }
blockquote { margin: .75rem 0; padding: .75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; }
.mode { margin: 1rem 0; padding: .6rem .9rem; background: var(--mark);
  border-radius: .5rem; }
.dim { color: var(--dim); }
"""


def content_policy(style: str, form_action: str = "'none'") -> str:
    """Return a Content-Security-Policy that allows one stylesheet and no script.

    :param form_action: where forms of the page may be sent.
    """
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        f"form-action {form_action}; frame-ancestors 'none'"
    )


POLICY = content_policy(STYLE)
"""The Content-Security-Policy of every answer that has none of its own."""


def html_answer(page: bytes) -> Answer:
    """Return a page as an answer with status 200."""
    kind = ("Content-Type", f"{HTML}; charset=utf-8")
    return Answer(status=200, body=page, headers=(kind,))


def document(title: str, *content: Tag, style: str = STYLE) -> bytes:
    """Return a page. Text in `content` is escaped.

    :param style: the stylesheet; one of its own needs a policy of its own.
    """
    head = tags.head(
        tags.meta(charset="utf-8"),
        tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
        tags.meta(name="color-scheme", content="light dark"),
        tags.title(title),
        tags.style(style),
    )
    page = tags.html(head, tags.body(tags.h1(title), *content), lang="en")
    parts: list[bytes] = [DOCTYPE]
    failures: list[Failure] = []
    # No tag holds a Deferred, so `flatten` is done when it returns.
    flatten(None, page, parts.append).addErrback(failures.append)
    for failure in failures:
        failure.raiseException()
    return b"".join(parts)
