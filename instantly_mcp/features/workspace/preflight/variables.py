"""The variables in mail copy: ``{{firstName}}``, or ``{{firstName|there}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PLACEHOLDER = re.compile(r"\{\{([^{}|]{1,80})(\|[^{}]*)?\}\}")
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
    """Yield each variable and whether it has a fallback; spintax is not a variable."""
    for found in _PLACEHOLDER.finditer(copy):
        name = found[1].strip()
        if name and name.lower() != _SPINTAX:
            yield name, bool((found[2] or "").strip("| "))


def is_of_the_sender(name: str) -> bool:
    """Return whether the value comes from the sender rather than the lead."""
    return name.lower().startswith(_SENDERS)
