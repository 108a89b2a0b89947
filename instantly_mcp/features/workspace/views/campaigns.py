"""How campaigns are shown."""

from __future__ import annotations

from ...._json_codec import JsonObject
from ....catalog.codes import CAMPAIGN_STATUS, NOT_SENDING
from ..labels import labelled

CAMPAIGN_CODES = {"status": CAMPAIGN_STATUS, "not_sending_status": NOT_SENDING}

CAMPAIGN_VIEW = labelled(CAMPAIGN_CODES)

_BRIEF = labelled({"status": CAMPAIGN_STATUS})
_WITHOUT_COPY = labelled(
    CAMPAIGN_CODES,
    drop=frozenset(
        {"sequences", "campaign_schedule", "core_variables", "custom_variables"}
        | {"organization", "provider_routing_rules"}
    ),
)


def campaign_brief(campaign: JsonObject) -> JsonObject:
    """Return id, name and status of a campaign, not what the caller just wrote."""
    return _BRIEF({name: campaign.get(name) for name in ("id", "name", "status")})


def campaign_summary(campaign: JsonObject) -> JsonObject:
    """Return a campaign without its copy, with the number of steps and senders."""
    shaped = dict(_WITHOUT_COPY(campaign))
    sequences = campaign.get("sequences")
    if isinstance(sequences, list) and sequences and isinstance(sequences[0], dict):
        steps = sequences[0].get("steps")
        shaped["steps"] = len(steps) if isinstance(steps, list) else 0
    if isinstance(shaped.get("email_list"), list):
        shaped["senders"] = len(shaped.pop("email_list"))
    return shaped
