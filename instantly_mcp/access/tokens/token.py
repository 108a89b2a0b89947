"""Connection tokens: what callers present to this daemon in place of an Instantly key.

A token is ``imt_``, 43 characters with 256 random bits, and 6 check characters, all of
them letters and digits, so that it survives a URL, a shell and a double click. The
check characters are CRC-32: they tell a token that was mistyped or cut from one that
this daemon did not issue. They depend on nothing secret, and prove nothing.

The daemon stores the SHA-256 digest of a token only. Tokens are random, so that a slow
hash would protect nothing that a fast one does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from secrets import choice, token_bytes
from string import ascii_letters, ascii_lowercase, digits
from zlib import crc32

from attrs import field, frozen

from ..._credential import TOKEN_PREFIX
from ..._rights import Level, Rights

_ALPHABET = digits + ascii_letters
_RANDOM_BYTES = 32
_RANDOM_LENGTH = 43
_CHECK_LENGTH = 6
_FORM = re.compile(rf"{TOKEN_PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECK_LENGTH}}}")

_ID_ALPHABET = ascii_lowercase + "234567"


class TokenState(Enum):
    """Whether a token is valid. A token that has ended never becomes valid again."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@frozen(kw_only=True)
class ConnectionToken:
    """What the operator decided about a token. The token itself is not stored.

    :param id: names the token, and is the principal of its callers.
    :param name: the operator's name for it, such as that of a person.
    :param digest: the `digest_of` the token.
    :param toolsets: the toolsets that it permits; ``None`` for those of the daemon.
    :param workspaces: the aliases of its workspaces; empty for the operator's key.
    :param caps: limits of its own, by the name of the cap, for 24 hours.
    :param created: seconds since the epoch, as are all times here.
    :param expires: when it expires; ``None`` for never.
    :param ended: when it was revoked, or was first seen to be expired.
    :param last_used: when it was last used, to the minute.
    :ivar rights: the rights of its callers.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    level: Level = Level.FULL
    toolsets: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] = ()
    caps: Mapping[str, int] = field(factory=dict)
    created: float
    expires: float | None = None
    state: TokenState = TokenState.VALID
    ended: float | None = None
    last_used: float | None = None
    rights: Rights = field(init=False, repr=False, eq=False)

    @rights.default
    def _rights(self) -> Rights:
        several = len(self.workspaces) > 1
        return Rights(
            level=self.level,
            level_by="" if self.level is Level.FULL else "token",
            toolsets=self.toolsets,
            token=self.id,
            token_name=self.name,
            workspaces=self.workspaces if several else (),
        )

    def is_past(self, now: float) -> bool:
        """Say whether its time is over at `now`."""
        return self.expires is not None and now >= self.expires


def new_token() -> str:
    """Return a new token, which must be shown once and not stored."""
    number = int.from_bytes(token_bytes(_RANDOM_BYTES), "big")
    start = TOKEN_PREFIX + _in_base62(number, _RANDOM_LENGTH)
    return start + _check_of(start)


def new_token_id() -> str:
    """Return a random id of 9 letters and digits, the first of which is ``t``."""
    return "t" + "".join(choice(_ID_ALPHABET) for _ in range(8))


def is_well_formed(value: str) -> bool:
    """Say whether a value has the form of a token and its check characters agree."""
    if _FORM.fullmatch(value) is None:
        return False
    return _check_of(value[:-_CHECK_LENGTH]) == value[-_CHECK_LENGTH:]


def lost_its_beginning(value: str) -> bool:
    """Say whether a value ends like a token, and its prefix was cut or mistyped."""
    return is_well_formed(TOKEN_PREFIX + value[-_RANDOM_LENGTH - _CHECK_LENGTH :])


def digest_of(value: str) -> str:
    """Return what is stored of a random secret, 64 hexadecimal digits."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _check_of(start: str) -> str:
    return _in_base62(crc32(start.encode()), _CHECK_LENGTH)


def _in_base62(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, place = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[place])
    return "".join(reversed(characters))
