"""Domains that imitate another domain, such as ``acrne.com`` for ``acme.com``.

Two domains are alike when a reader may take one for the other: they become equal when
accents are dropped and characters that look alike are replaced by one of them. A
complete table is that of Unicode Technical Standard 39, ``confusables.txt``; domains in
other scripts that look Latin are refused by `workspace.mail.addresses` already, so that
a short table for ASCII is enough.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import idna

_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "2": "z", "-": None})
_PAIRS = (("rn", "m"), ("vv", "w"))


def imitated_by(domain: str, known: Iterable[str]) -> str | None:
    """Return the domain that another one imitates, ``None`` if there is none.

    :param domain: a domain, perhaps in the ASCII form of another script.
    :param known: the domains that mail goes to or comes from.
    """
    name, seen = domain.lower(), _as_seen(domain)
    for each in sorted(known):
        if each.lower() != name and _as_seen(each) == seen:
            return each
    return None


def _as_seen(domain: str) -> str:
    """Return a text that is equal for domains that look alike."""
    text = domain.lower()
    if "xn--" in text:
        try:
            text = idna.decode(text)
        except UnicodeError:
            return text
    plain = unicodedata.normalize("NFKD", text)
    shown = "".join(each for each in plain if not unicodedata.combining(each))
    shown = shown.translate(_ALIKE)
    for pair, single in _PAIRS:
        shown = shown.replace(pair, single)
    return shown
