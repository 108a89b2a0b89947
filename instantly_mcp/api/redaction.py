"""Redacts text of the API before it is shown: removes the key, limits the length."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from urllib.parse import quote

from .._credential import Credential

MAX_SHOWN_CHARACTERS = 300
_MAX_READ_CHARACTERS = 5000
"""Only so much of a text is searched for the key; the rest is dropped."""

_MIN_SECRET_CHARACTERS = 8
_CUT = "[removed]"

_BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"',;]+")
_RUN = re.compile(r"[A-Za-z0-9+/=_%.~:-]{8,}")
_NOT_PRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]+"
)


def redacted(
    text: str, credential: Credential, limit: int = MAX_SHOWN_CHARACTERS
) -> str:
    """Return `text` on one line, without the key or parts of it.

    :param limit: longest result in characters.
    """
    text = text[:_MAX_READ_CHARACTERS]
    for form in _forms(credential.secret.reveal()):
        text = text.replace(form, _CUT)
    key = credential.secret.reveal()
    text = _BEARER.sub(f"Bearer {_CUT}", text)
    text = _RUN.sub(lambda run: _CUT if run[0] in key else run[0], text)
    text = _NOT_PRINTABLE.sub(" ", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def key_tail(credential: Credential) -> str:
    """Return how a key is shown to people: its last four characters."""
    key = credential.secret.reveal()
    # Four characters would reveal too much of a short key.
    return f"…{key[-4:]}" if len(key) >= 20 and key.isascii() else "…"


def _forms(key: str) -> list[str]:
    """Return the encodings in which a service may echo the key, longest first."""
    forms = {key, key.rstrip("="), quote(key, safe=""), key.replace("/", "\\/")}
    try:
        decoded = b64decode(key, validate=True).decode("utf-8")
    except (Error, ValueError):
        decoded = ""
    forms.add(decoded)
    forms.update(decoded.split(":"))
    long_enough = [form for form in forms if len(form) >= _MIN_SECRET_CHARACTERS]
    if key and len(key) < _MIN_SECRET_CHARACTERS:
        long_enough.append(key)
    return sorted(long_enough, key=len, reverse=True)
