"""The members that the API takes of an object that it shows."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ..reply_values import as_list


def taken_members(
    shown: JsonObject, schema: JsonObject, listed: str
) -> dict[str, Json]:
    """Return an object without members that the API shows but does not take.

    :param schema: what the API takes.
    :param listed: the member that is a list of objects, for which the same is done.
    """
    known = schema["properties"]
    known_there = known[listed]["items"]["properties"]
    taken = {name: value for name, value in shown.items() if name in known}
    taken[listed] = [
        {name: value for name, value in each.items() if name in known_there}
        for each in as_list(taken.get(listed))
        if isinstance(each, dict)
    ]
    return taken
