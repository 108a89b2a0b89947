"""The previews of what costs credits, with the price."""

from __future__ import annotations

from ...tools.workflows.verify_list import CREDITS_PER_ADDRESS
from ..assessment.subject import NOT_READABLE, WriteSubject
from .parts import Found, fact

_COVERED = frozenset(
    {"email", "list_id", "agreed_credits", "check_only", "max_wait_seconds"}
)


async def build_verification(subject: WriteSubject) -> Found:
    """Find what the verification of one address costs."""
    return Found(
        title="Verify one address, for a credit.",
        facts=(
            fact("Address", subject.arguments["email"]),
            fact("Price in credits", CREDITS_PER_ADDRESS),
        ),
        covers=_COVERED,
    )


async def build_list_verification(subject: WriteSubject) -> Found:
    """Find what the verification of a list costs, or another enrichment of it."""
    given = subject.arguments
    if given.get("type") != "email_verification":
        return Found(title="Enrich leads, which costs credits for each lead.")
    id = given["resource_id"]
    found = await subject.read("getLeadList", {"id": id})
    limit = given.get("limit")
    price = int(limit) * CREDITS_PER_ADDRESS if limit else None
    return Found(
        title="Verify the addresses of a list, for credits.",
        facts=(
            fact("List", NOT_READABLE if found is None else found.get("name")),
            fact("Its id", id),
            fact("Price in credits, at most", price),
        ),
        covers=_COVERED,
    )
