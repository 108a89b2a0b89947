"""Creates leads, sets their fields and verifies their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._json_codec import JsonObject
from .ids import random_bytes
from .records import ApiObject, Campaign, Lead, LeadStatus, VerificationStatus
from .world import World

ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
VERIFICATION_SECONDS = 20.0
PAYLOAD_NAMES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "company_name": "companyName",
    "job_title": "jobTitle",
    "website": "website",
    "phone": "phone",
    "personalization": "personalization",
}
FIELDS = (*PAYLOAD_NAMES, "pl_value_lead", "assigned_to")


def make_lead(
    world: World,
    given: JsonObject,
    *,
    campaign: Campaign | None = None,
    list_id: str | None = None,
    method: str = "api",
) -> Lead:
    """Return a new lead of a campaign or a list, not yet added to the world."""
    stamp = world.timestamp()
    email = (given.get("email") or "").strip().lower() or None
    shown: ApiObject = {
        "id": world.new_id(),
        "timestamp_created": stamp,
        "timestamp_updated": stamp,
        "organization": world.id,
        "status": LeadStatus.ACTIVE,
        "email": email,
        "email_open_count": 0,
        "email_reply_count": 0,
        "email_click_count": 0,
        "company_domain": email.partition("@")[2] if email else "",
        "status_summary": {},
        "payload": {},
        "esp_code": 1000 if email is None else _esp_code(world, email),
        "upload_method": method,
        "uploaded_by_user": world.user_id,
    }
    if campaign is not None:
        shown["campaign"] = campaign.id
    if list_id is not None:
        shown["list_id"] = list_id
    lead = Lead(shown)
    set_fields(lead, given, campaign)
    return lead


def set_fields(lead: Lead, given: JsonObject, campaign: Campaign | None) -> None:
    """Set the fields that callers may set; custom variables are merged."""
    payload = lead.shown.setdefault("payload", {})
    for name in FIELDS:
        if name in given:
            lead.shown[name] = given[name]
            if name in PAYLOAD_NAMES:
                _set_or_drop(payload, PAYLOAD_NAMES[name], given[name])
    variables = given.get("custom_variables") or {}
    payload.update(variables)
    if variables and campaign is not None:
        known = campaign.shown.get("custom_variables") or {}
        campaign.shown["custom_variables"] = {**known, **dict.fromkeys(variables, "")}


def is_address(text: str | None) -> bool:
    """Whether a text has the form of an e-mail address."""
    return bool(text and ADDRESS.fullmatch(text.strip()))


def lead_with_email(leads: Iterable[Lead], email: str) -> Lead | None:
    """Return the first of the leads that has this address."""
    wanted = email.strip().lower()
    return next((lead for lead in leads if lead.shown.get("email") == wanted), None)


def start_verification(world: World, lead: Lead) -> None:
    """Start verifying the lead's address, which takes `VERIFICATION_SECONDS`."""
    lead.shown["verification_status"] = VerificationStatus.PENDING
    world.call_at(world.now + VERIFICATION_SECONDS, _finish_verification, lead)


def verification_outcome(world: World, email: str) -> tuple[str, bool]:
    """Return ``"verified"`` or ``"invalid"``, and whether the domain is catch-all.

    ``invalid.…@`` and ``bounce.…@`` are invalid, ``catchall.…@`` is catch-all; for all
    others the seed decides.
    """
    first_word = email.partition("@")[0].partition(".")[0].lower()
    if first_word in ("invalid", "bounce") or not is_address(email):
        return "invalid", False
    if first_word == "catchall":
        return "verified", True
    random = random_bytes(world.seed, f"verify {email.lower()}")
    return ("invalid" if random[0] < 20 else "verified"), random[1] < 16


def _finish_verification(world: World, lead: Lead) -> None:
    status, catch_all = verification_outcome(world, str(lead.shown.get("email") or ""))
    if status != "verified":
        outcome = VerificationStatus.INVALID
    elif catch_all:
        outcome = VerificationStatus.CATCH_ALL
    else:
        outcome = VerificationStatus.VERIFIED
    lead.shown["verification_status"] = outcome
    lead.shown["timestamp_updated"] = world.timestamp()


def _set_or_drop(payload: ApiObject, name: str, value: object) -> None:
    if value is None:
        payload.pop(name, None)
    else:
        payload[name] = value


def _esp_code(world: World, email: str) -> int:
    domain = email.partition("@")[2]
    return (1, 1, 2, 2, 999)[random_bytes(world.seed, f"esp {domain}")[0] % 5]
