"""Checks every address that mail of a write goes to, before consent is asked.

Tools check their own arguments; this is for all operations, also those that a tool
without such a check calls.
"""

from __future__ import annotations

from collections.abc import Collection

from ....access.outgoing_addresses import adds_leads, outgoing
from ....catalog.operation import Risk
from ...results import CallRefusedError
from ...workspace.mail.addresses import checked_address, require_few
from .look_alikes import imitated_by
from .subject import WriteSubject


def require_plain_addresses(subject: WriteSubject) -> dict[str, str]:
    """Check that each address is one plain mailbox, and that a mail has few of them.

    :returns: the domain of each address that the caller added to a mail, by the
        address; none for leads, which get no copies.
    :raises CallRefusedError: ``bad_address`` or ``too_many_recipients``.
    """
    found: dict[str, str] = {}
    for argument, text in outgoing(subject.operation, subject.arguments):
        address = checked_address(text, argument)
        found[address] = address.rpartition("@")[2].lower()
    if Risk.SENDS in subject.operation.risks:
        require_few(len(found), "This mail")
    return {} if adds_leads(subject.operation) else found


def require_no_imitation(chosen: dict[str, str], known: Collection[str]) -> None:
    """Check that no address is in a domain that imitates a known one.

    :param chosen: from `require_plain_addresses`.
    :param known: the domains of the people that the mail goes to by itself, of the
        account that sends it, and those that the operator named.
    :raises CallRefusedError: ``bad_address``.
    """
    for address, domain in chosen.items():
        imitated = imitated_by(domain, {*known, *chosen.values()})
        if imitated is not None and domain not in known:
            raise CallRefusedError(
                "bad_address",
                f"The domain of {address} looks like {imitated}, but is another one.",
                "Ask the user for the right address. Nothing was sent.",
            )
