"""The variables in mail copy: ``{{firstName}}``, or ``{{firstName|there}}``.

Copy may also use the template language Liquid, with filters (``{{ city | upcase }}``)
and tags (``{% if city %}``, ``{% assign x = 1 %}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PLACEHOLDER = re.compile(r"\{\{([^{}|]{1,80})(\|[^{}]*)?\}\}")
_TAG = re.compile(r"\{%([^{}%]{0,400})%\}")
_WORD = re.compile(r"[^\W\d][\w.-]*")
_LITERAL = re.compile(r"[\"'\d]")
_SPINTAX = "random"
_SENDERS = ("sendingaccount", "account", "unsub")

LEAD_FIELDS: Mapping[str, str] = {
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company_name",
    "jobTitle": "job_title",
    "email": "email",
    "phone": "phone",
    "website": "website",
    "personalization": "personalization",
}
"""Variables that are fields of the lead."""


def variables_in(copy: str) -> Iterator[tuple[str, bool]]:
    """Yield each variable and whether it has a fallback.

    Spintax and literals are not variables. A name that a Liquid tag of the same text
    assigns or tests counts as one with a fallback: the copy does without its value.
    """
    in_tags = {word for tag in _TAG.findall(copy) for word in _WORD.findall(tag)}
    for found in _PLACEHOLDER.finditer(copy):
        name = found[1].strip()
        if name and name.lower() != _SPINTAX and not _LITERAL.match(name):
            yield name, bool((found[2] or "").strip("| ")) or name in in_tags


def is_of_the_sender(name: str) -> bool:
    """Return whether the value comes from the sender rather than the lead."""
    return name.lower().startswith(_SENDERS)
