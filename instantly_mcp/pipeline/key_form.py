"""Recognizes values that people send in place of an API key by mistake.

Instantly's keys are opaque base64, so a key has no form that could be checked. But the
placeholders of templates and the additions of editors can be recognized. They are
refused with a message that names the mistake, and are not sent to Instantly.
"""

from __future__ import annotations

import re

from attrs import frozen

from .._credential import SANDBOX_PREFIX, TOKEN_PREFIX, looks_like_token
from .credential_errors import RefusalReason

MIN_KEY_LENGTH = 10
MAX_KEY_LENGTH = 4096

# Nearly every real key and secret matches this one expression, which is tried first
# because every request is checked. Only values that do not match are examined further.
_LIKE_A_KEY = re.compile(
    r"(?=[^0-9]*[0-9])(?!change)[A-Za-z0-9+/]{16,4096}={0,2}"
    r"|(?!your|change|insert|paste|put|enter|replace|add|x)[a-z0-9][a-z0-9-]{9,4095}"
)

_LIKE_A_TOKEN = re.compile(rf"{TOKEN_PREFIX}[0-9A-Za-z]{{49}}")

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"

# `_WORD_FOR_A_KEY` is searched separately: one expression for both would backtrack
# through every length of the name and every place of the word, which takes 0.1 s for a
# value of the greatest length.
_ASSIGNED = re.compile(
    r"(?:(?:export|set)\s+)?([\w.-]+)\s*"
    # Base64 has an equals sign at its end only.
    r"(?:=\s*(?=[^=\s])|:\s+).+",
    re.ASCII,
)
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{2,}")
_WORD_FOR_A_KEY = re.compile("key|token|secret|auth|instantly", re.IGNORECASE)

_PLACEHOLDER = re.compile(
    r"\$[A-Z_][A-Z0-9_]*|\$(?i:env:)\w+|\$\(.*\)|\$?\{.*\}|%[A-Z_][A-Z0-9_]*%"
    r"|<.*>|\[.*\]"
    r"|(?i:your[-_ .].*(?:key|token|secret|here).*|your(?:api)?key|change[-_]?me.*)"
    r"|(?i:(?:insert|paste|put|enter|replace|add)[-_ .](?:your|the|api|key|with|me).*)"
    r"|[A-Z_]*(?:API_?KEY|SECRET_KEY|SERVER_SECRET|INSTANTLY_KEY)"
    r"|[xX*.\u2022\u2026_-]{3,}|.*(?:\.\.\.|\u2026)|.*(?:\*{4,}|\u2022{2,}).*"
    r"|undefined|null|None|nil|NaN|true|false"
)

_BOM = ("\ufeff", "\u00ef\u00bb\u00bf")
"""A byte order mark, decoded as UTF-8 and, as headers are, as latin-1."""


@frozen(kw_only=True)
class Mistake:
    """What was found in place of a key.

    :param reason: the constant label, see `RefusalReason`.
    :param found: what it is and what to do, without repeating the value. It completes
        "What was found there is …".
    """

    reason: str
    found: str


def _placeholder(found: str) -> Mistake:
    return Mistake(reason=RefusalReason.KEY_PLACEHOLDER, found=found)


def _malformed(found: str) -> Mistake:
    return Mistake(reason=RefusalReason.KEY_MALFORMED, found=found)


QUOTED = _placeholder("a key in quotes; remove the quotes")
ASSIGNED = _placeholder(
    "a line like NAME=KEY; remove the name and the equals sign before the key"
)
SCHEMED = _placeholder("the word Bearer and a key; remove the word")
MARKED = _placeholder("a key after a byte order mark (BOM); save it without the mark")
UNFILLED = _placeholder(
    "a placeholder that was not replaced by a key, such as $NAME, ${NAME}, {NAME} or "
    "your-key-here; put the key itself in its place"
)
TOKEN = Mistake(
    reason=RefusalReason.TOKEN_UNKNOWN,
    found="a connection token (imt_), which is not an Instantly key",
)
SHORT = _malformed(f"fewer than {MIN_KEY_LENGTH} characters")
LONG = _malformed(f"more than {MAX_KEY_LENGTH} characters")
NOT_ONE_WORD = _malformed("more than one word of visible ASCII")


def mistake_in(value: str, *, sandbox: bool = False) -> Mistake | None:
    """Return what is wrong with a value, ``None`` if it may be a key.

    A connection token is not a key: where one may stand in its place, accept `TOKEN`.

    :param value: the value, without white space at its ends.
    :param sandbox: keys that begin with ``sandbox`` may be short.
    """
    if _LIKE_A_KEY.fullmatch(value):
        return None
    if _LIKE_A_TOKEN.fullmatch(value):
        return TOKEN
    if not value:
        return SHORT
    named = _named_mistake(value)
    if named is not None:
        return named
    if not value.isascii() or not value.isprintable() or " " in value:
        return NOT_ONE_WORD
    if len(value) > MAX_KEY_LENGTH:
        return LONG
    if len(value) < MIN_KEY_LENGTH:
        return None if sandbox and value.startswith(SANDBOX_PREFIX) else SHORT
    return None


def _named_mistake(value: str) -> Mistake | None:
    """Recognize placeholders of templates and additions of editors."""
    if value.startswith(_BOM):
        return MARKED
    if value[:1] in _QUOTES or value[-1:] in _QUOTES:
        return QUOTED
    if value[:7].lower() == "bearer ":
        return SCHEMED
    if len(value) > MAX_KEY_LENGTH:
        return None
    if _PLACEHOLDER.fullmatch(value):
        return UNFILLED
    if _is_assignment(value):
        return ASSIGNED
    return TOKEN if looks_like_token(value) else None


def _is_assignment(value: str) -> bool:
    match = _ASSIGNED.fullmatch(value)
    if match is None:
        return False
    name = match[1]
    return bool(_VARIABLE.fullmatch(name) or _WORD_FOR_A_KEY.search(name))
