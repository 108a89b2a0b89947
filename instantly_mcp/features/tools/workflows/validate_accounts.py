"""validate_campaign_accounts: which accounts can send, and why the others cannot."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext
from ...workspace.senders import MAX_ACCOUNTS_SHOWN, find_senders


async def validate_accounts(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Check the given accounts, or all of the workspace."""
    wanted = given.get("email_list")
    senders = await find_senders(context, call, wanted)
    missing = senders.missing(wanted or ())
    known = [each for each in wanted if each not in missing] if wanted else None
    able = senders.eligible(known)
    obstacles = senders.obstacles(known)
    return {
        "eligible_count": len(able),
        "eligible_accounts": [each["email"] for each in able[:MAX_ACCOUNTS_SHOWN]],
        "ineligible_count": len(obstacles),
        "obstacles": dict(list(obstacles.items())[:MAX_ACCOUNTS_SHOWN]),
        "not_found": missing,
    }
