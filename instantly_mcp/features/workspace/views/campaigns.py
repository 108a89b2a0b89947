"""How campaigns are shown."""

from __future__ import annotations

from ...._json_codec import JsonObject
from ....catalog.codes import CAMPAIGN_STATUS, NOT_SENDING
from ..labels import labelled

CODES = {"status": CAMPAIGN_STATUS, "not_sending_status": NOT_SENDING}


CAMPAIGN = labelled(CODES)


_BRIEF = labelled(
    CODES,
    drop=frozenset(
        {"sequences", "campaign_schedule", "core_variables", "custom_variables"}
        | {"organization", "provider_routing_rules"}
    ),
)


def summary(campaign: JsonObject) -> JsonObject:
    """Return a campaign without its copy, with the number of steps and senders."""
    shaped = dict(_BRIEF(campaign))
    sequences = campaign.get("sequences")
    if isinstance(sequences, list) and sequences and isinstance(sequences[0], dict):
        steps = sequences[0].get("steps")
        shaped["steps"] = len(steps) if isinstance(steps, list) else 0
    if isinstance(shaped.get("email_list"), list):
        shaped["senders"] = len(shaped.pop("email_list"))
    return shaped
