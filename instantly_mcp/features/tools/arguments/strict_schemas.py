"""The schemas of an operation's nested parameters, strict at every level.

Instantly silently ignores a misspelled nested member; here it is refused. Such an
argument is listed as an outline, or not at all, because its full schema would take too
many tokens in every client's list of tools.
"""

from __future__ import annotations

from typing import Any

from ....catalog.index import BY_ID
from ....catalog.schema import plain


def strict_schema(operation_id: str, name: str) -> Any:
    """Return a fresh schema of an operation's parameter, strict at every level."""
    return closed(plain(BY_ID[operation_id].by_name[name].schema))


def closed(schema: Any) -> Any:
    """Return a schema in which no object allows members that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict):
        shut.setdefault("additionalProperties", False)
    return shut
