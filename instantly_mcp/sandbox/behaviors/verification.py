"""Verifies single e-mail addresses, at once or after some seconds."""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..credits import VERIFICATION_COST, spend
from ..errors import bad_request, not_found
from ..ids import chances
from ..lead_factory import is_address, verdict
from ..records import Shown, Verification
from ..world import World

SLOW_SECONDS = 12.0


def create_verification(world: World, call: OperationCall) -> Shown:
    """``POST /email-verification``: costs a credit; ``slow.…@`` is pending first."""
    email = call.body["email"].strip().lower()
    if not is_address(email):
        raise bad_request('body/email must match format "email"')
    spend(world, 1)
    wait = SLOW_SECONDS if _slow(world, email) else 0.0
    outcome, catch_all = verdict(world, email)
    found = Verification(email, outcome, catch_all, world.now + wait)
    world.verifications[email] = found
    return _shown(world, found)


def check_verification(world: World, call: OperationCall) -> Shown:
    """``GET /email-verification/{email}``: costs no credit."""
    found = world.verifications.get(call.path["email"].strip().lower())
    if found is None:
        raise not_found("Email verification")
    return _shown(world, found)


def _slow(world: World, email: str) -> bool:
    if email.startswith("slow."):
        return True
    return chances(world.seed, f"slow {email}")[0] < 64


def _shown(world: World, found: Verification) -> Shown:
    pending = world.now < found.known_at
    return {
        "status": "success",
        "email": found.email,
        "verification_status": "pending" if pending else found.outcome,
        "catch_all": "pending" if pending else found.catch_all,
        "credits": world.credits,
        "credits_used": VERIFICATION_COST,
    }


BEHAVIORS: Mapping[str, Behavior] = {
    "createEmailVerification": create_verification,
    "checkVerificationStatus": check_verification,
}
