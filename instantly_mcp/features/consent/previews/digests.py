"""What must not change between a preview and the write, and is too much to be shown.

Mail consists of more than the copy of a campaign: a variable of a lead or the signature
of a sender can say anything. So the digest of a preview covers them, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import JsonObject
from ....access.canonical import digest_of

_OF_LEADS = (
    *("id", "email", "first_name", "last_name", "company_name", "company_domain"),
    *("phone", "website", "job_title", "personalization", "payload"),
)
"""What a mail can say of a lead, and to whom it goes."""

_OF_SENDERS = ("email", "first_name", "last_name", "signature", "reply_to")
"""What a mail says of its sender, and where the answers go."""


def digest_of_leads(leads: Sequence[JsonObject]) -> str:
    """Return a digest of leads, in any order."""
    return _digest(leads, _OF_LEADS)


def digest_of_senders(accounts: Sequence[JsonObject]) -> str:
    """Return a digest of sending accounts, in any order."""
    return _digest(accounts, _OF_SENDERS)


def _digest(objects: Sequence[JsonObject], names: Sequence[str]) -> str:
    ordered = sorted(objects, key=lambda each: str(each.get("id") or each.get("email")))
    return digest_of(
        [{name: each[name] for name in names if name in each} for each in ordered]
    )
