"""How mails are shown."""

from __future__ import annotations

from ....catalog.codes import EMAIL_KIND, INTEREST
from ..labels import labelled

CODES = {"ue_type": EMAIL_KIND, "i_status": INTEREST}


DETAIL = frozenset(
    {"organization_id", "from_address_json", "to_address_json", "cc_address_json"}
)


EMAIL = labelled(CODES, drop=DETAIL)


PREVIEW = labelled(CODES, drop=DETAIL | {"body", "message_id", "attachment_json"})
