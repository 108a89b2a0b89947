"""The risk classes of one call, from its arguments and from what they name.

The catalog says what an operation can do. Whether this very call does it depends on the
workspace: a lead that joins a draft is not mailed, one that joins a running campaign
is. What cannot be read counts as the worst.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from attrs import evolve, frozen

from ...._json_codec import Json, JsonObject
from ....catalog.operation import Risk
from ...workspace.reply_values import as_list
from .address_check import require_no_imitation, require_plain_addresses
from .reach import NOWHERE, Reach, reach_of
from .redirects import own_domains_of, recipients, redirecting
from .subject import WriteSubject


@frozen(kw_only=True)
class Assessment:
    """What one call of an operation does."""

    risks: frozenset[Risk]
    reach: Reach = NOWHERE


def certain_risks(subject: WriteSubject) -> frozenset[Risk]:
    """Return the classes that a call has whatever it names."""
    operation = subject.operation
    risks = operation.risks_with(subject.arguments)
    return risks - ({Risk.REDIRECTS} - operation.risks)


async def assess(subject: WriteSubject, allow_domains: Collection[str]) -> Assessment:
    """Return what a call does, reading what it names if that makes a difference.

    :param allow_domains: domains that the operator trusts with copies, in lower case.
    :raises ApiError: when an object that it names does not exist.
    :raises CallRefusedError: when mail would go to an address that is not plain, or
        that imitates another one.
    """
    operation, risks = subject.operation, certain_risks(subject)
    chosen = require_plain_addresses(subject)
    reach = await reach_of(subject.context, operation, subject.arguments, subject.call)
    known = {*allow_domains, *_all_domains(_senders(subject.arguments, reach))}
    redirects = redirecting(operation, subject.arguments, allow_domains)
    if redirects and operation.id in _OWN_PEOPLE:
        people = await _OWN_PEOPLE[operation.id](subject)
        known |= _all_domains(people)
        own = own_domains_of(people) | frozenset(allow_domains)
        redirects = redirecting(operation, subject.arguments, own)
    require_no_imitation(chosen, known)
    if redirects:
        risks |= {Risk.REDIRECTS}
    if reach.sends:
        risks |= {Risk.SENDS}
    if reach.enriches:
        risks |= {Risk.SPENDS}
    return Assessment(risks=risks, reach=reach)


def assessed(subject: WriteSubject, found: Assessment) -> WriteSubject:
    """Return the subject with what was found out about it."""
    return evolve(subject, risks=found.risks, reach=found.reach)


_OWN_PEOPLE = {"replyToEmail": recipients}
"""Who an operation writes to anyhow; copies to their domain redirect nothing."""


def _senders(arguments: JsonObject, reach: Reach) -> list[Json]:
    """Return the accounts that mail of a write comes from, as far as known."""
    own = [as_list(each.get("email_list")) for each in reach.campaigns.values()]
    return [
        arguments.get("eaccount"),
        *as_list(arguments.get("email_list")),
        *chain.from_iterable(own),
    ]


def _all_domains(addresses: Collection[Json]) -> set[str]:
    """Return the domains of addresses, also those of mail providers."""
    found = {str(each or "").rpartition("@")[2].lower() for each in addresses}
    return found - {""}
