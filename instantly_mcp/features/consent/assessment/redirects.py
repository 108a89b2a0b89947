"""Whether an address redirects mail to people outside of the conversation.

An address of the lead's own domain, or of a domain that the operator named, does not.
The domain of a mail provider belongs to everybody, so it never counts as the lead's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...._json_codec import Json, JsonObject
from ....catalog.address_lists import addresses_in
from ....catalog.operation import Operation, Risk
from ...tools.workflows.reply import recipients_of
from ...workspace.list_scorecard import FREE_MAIL
from ...workspace.mail.addresses import read_address
from .subject import WriteSubject


def redirecting(
    operation: Operation, arguments: JsonObject, own_domains: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Return what redirects mail in a call, as names of parameters and values.

    A value that is not a list of addresses, such as a signature, always does.

    :param own_domains: domains that do not count, in lower case.
    """
    found: list[tuple[str, str]] = []
    for name, risk in operation.risky_given(arguments):
        if risk is Risk.REDIRECTS:
            for value in _values(arguments[name]):
                if _domain(value) not in own_domains:
                    found.append((name, value))
    return tuple(found)


def own_domains_of(addresses: Collection[str]) -> frozenset[str]:
    """Return the domains that belong to the people with these addresses."""
    return frozenset(map(_domain, addresses)) - FREE_MAIL - {""}


async def recipients(subject: WriteSubject) -> Sequence[str]:
    """Return the people to whom a reply goes by itself; no one if unreadable."""
    original = await original_of(subject)
    if original is None:
        return ()
    return recipients_of(original, str(subject.arguments.get("eaccount") or ""))


async def original_of(subject: WriteSubject) -> JsonObject | None:
    """Return the mail that a reply answers; none if unreadable."""
    return await subject.read("getEmail", {"id": subject.arguments["reply_to_uuid"]})


def _values(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _values(each)
    elif isinstance(value, str) and "@" in value:
        yield from addresses_in(value)
    else:
        yield str(value)


def _domain(text: str) -> str:
    """Return the domain of an address in lower case; empty for any other text."""
    address = read_address(text)
    if not isinstance(address, str):
        return ""
    return address.rpartition("@")[2].lower()
