"""Ids and addresses that a tool looks up: names in their place are refused.

Instantly answers such a lookup with an empty page or with "not found", which looks like
an answer about the thing that was meant.
"""

from __future__ import annotations

from ...._json_codec import Json
from ...results import CallRefusedError
from ..declaring.argument import Convert


def identifier(argument: str) -> Convert:
    """Return the conversion of an id, which has no white space within.

    Its result raises `CallRefusedError` for a text that can only be a name.
    """

    def convert(value: Json) -> Json:
        id = str(value).strip()
        if len(id.split()) > 1:
            raise CallRefusedError(
                "bad_argument",
                f"{argument} is not an id: an id has no spaces.",
                "Take the id from the matching list tool.",
            )
        return id

    return convert


def known_address(argument: str) -> Convert:
    """Return the conversion of an address that is looked up.

    It may be any that Instantly has, also one to which nothing could be sent. Its
    result raises `CallRefusedError` for a text that is not an address.
    """

    def convert(value: Json) -> Json:
        address = str(value).strip()
        if "@" not in address or len(address.split()) > 1:
            raise CallRefusedError(
                "bad_argument",
                f"{argument} is not an address.",
                "Take the address from list_leads; its search takes a name.",
            )
        return address

    return convert
