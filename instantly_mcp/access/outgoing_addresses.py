"""The addresses that mail of a write goes to, by the names of its parameters.

The API uses the same names everywhere, so operations that are added later need no table
here. Addresses that only identify an account, as in a path, are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._json_codec import Json, JsonObject
from ..catalog.address_lists import addresses_in
from ..catalog.operation import Operation, Place

_RECIPIENTS = re.compile(
    r"(?:to|cc|bcc)(?:_list|_emails?|_address(?:es)?(?:_email)?(?:_list)?)?"
    r"|reply_to|additional_recipients|recipients?"
)
"""Parameters of any operation that hold addresses mail goes to."""


def outgoing(operation: Operation, arguments: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield each address that mail goes to, after the name of its parameter.

    Leads are recipients of their campaign.
    """
    for name, parameter in operation.by_name.items():
        value = arguments.get(name)
        if value is None or parameter.place is Place.PATH:
            continue
        if _RECIPIENTS.fullmatch(name) or (name == "email" and adds_leads(operation)):
            yield from ((name, each) for each in addresses_in(value))
        elif name == "leads" and adds_leads(operation):
            yield from _emails_of_rows(name, value)


def adds_leads(operation: Operation) -> bool:
    """Return whether the addresses of a write are those of leads."""
    return "/leads" in operation.path


def _emails_of_rows(name: str, rows: Json) -> Iterator[tuple[str, str]]:
    for place, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict) and row.get("email"):
            yield f"{name}.{place}.email", str(row["email"])
