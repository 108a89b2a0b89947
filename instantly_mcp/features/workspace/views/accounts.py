"""How sending accounts are shown."""

from __future__ import annotations

from ....catalog.codes import ACCOUNT_STATUS, PROVIDER, WARMUP_STATUS
from ..labels import labelled

ACCOUNT_CODES = {
    "status": ACCOUNT_STATUS,
    "provider_code": PROVIDER,
    "warmup_status": WARMUP_STATUS,
}

PASSWORD_MEMBERS = frozenset({"imap_password", "smtp_password"})

ACCOUNT_VIEW = labelled(ACCOUNT_CODES, drop=PASSWORD_MEMBERS)

ACCOUNT_SUMMARY = labelled(
    ACCOUNT_CODES, drop=PASSWORD_MEMBERS | {"warmup", "signature", "organization"}
)
