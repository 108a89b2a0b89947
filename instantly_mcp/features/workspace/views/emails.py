"""How mails are shown."""

from __future__ import annotations

from ....catalog.codes import EMAIL_KIND, INTEREST
from ..labels import labelled

EMAIL_CODES = {"ue_type": EMAIL_KIND, "i_status": INTEREST}

HIDDEN_MEMBERS = frozenset(
    {"organization_id", "from_address_json", "to_address_json", "cc_address_json"}
)

EMAIL_VIEW = labelled(EMAIL_CODES, drop=HIDDEN_MEMBERS)

EMAIL_PREVIEW = labelled(
    EMAIL_CODES, drop=HIDDEN_MEMBERS | {"body", "message_id", "attachment_json"}
)
