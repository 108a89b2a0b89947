"""How sending accounts are shown."""

from __future__ import annotations

from ....catalog.codes import ACCOUNT_STATUS, PROVIDER, WARMUP_STATUS
from ..labels import labelled

CODES = {
    "status": ACCOUNT_STATUS,
    "provider_code": PROVIDER,
    "warmup_status": WARMUP_STATUS,
}


SECRETS = frozenset({"imap_password", "smtp_password"})


ACCOUNT = labelled(CODES, drop=SECRETS)


BRIEF = labelled(CODES, drop=SECRETS | {"warmup", "signature", "organization"})
