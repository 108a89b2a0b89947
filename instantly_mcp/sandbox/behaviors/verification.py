"""Verifies single e-mail addresses, at once or after some seconds."""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..credits import CREDITS_PER_ADDRESS, spend_credits
from ..errors import bad_request, not_found
from ..ids import random_bytes
from ..lead_factory import is_address, verification_outcome
from ..records import ApiObject, Verification
from ..world import World

SLOW_VERIFICATION_SECONDS = 12.0


def create_verification(world: World, call: OperationCall) -> ApiObject:
    """``POST /email-verification``: costs a credit; ``slow.…@`` is pending first."""
    email = call.body["email"].strip().lower()
    if not is_address(email):
        raise bad_request('body/email must match format "email"')
    spend_credits(world, 1)
    wait = SLOW_VERIFICATION_SECONDS if _slow(world, email) else 0.0
    outcome, catch_all = verification_outcome(world, email)
    found = Verification(email, outcome, catch_all, world.now + wait)
    world.verifications[email] = found
    return _shown(world, found)


def check_verification(world: World, call: OperationCall) -> ApiObject:
    """``GET /email-verification/{email}``: costs no credit."""
    found = world.verifications.get(call.path["email"].strip().lower())
    if found is None:
        raise not_found("Email verification")
    return _shown(world, found)


def _slow(world: World, email: str) -> bool:
    if email.startswith("slow."):
        return True
    return random_bytes(world.seed, f"slow {email}")[0] < 64


def _shown(world: World, found: Verification) -> ApiObject:
    pending = world.now < found.known_at
    return {
        "status": "success",
        "email": found.email,
        "verification_status": "pending" if pending else found.outcome,
        "catch_all": "pending" if pending else found.catch_all,
        "credits": world.credits,
        "credits_used": CREDITS_PER_ADDRESS,
    }


BEHAVIORS: Mapping[str, Behavior] = {
    "createEmailVerification": create_verification,
    "checkVerificationStatus": check_verification,
}
