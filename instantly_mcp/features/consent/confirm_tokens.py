"""Confirm tokens: the second step of a confirmation, for clients that cannot ask.

A first call is refused with a preview and a token; the second call, with the same
arguments and the token, is sent. A token is valid only for exactly one principal,
workspace, tool, set of canonical arguments and preview, for `VALID_SECONDS`, and once.

What a token proves: this server showed this preview in a result of a call of this
principal. It does not prove that a person saw it: a model can answer both steps itself.
An operator who does not want that chooses approval.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from hashlib import sha256
from uuid import uuid4

from attrs import define, frozen

from ..._json_codec import Json, dumps, loads
from ...access.canonical import digest_of
from ...protocol.interfaces import ITokenSealer

VALID_SECONDS = 300.0
"""How long a token is valid, in seconds of the wall clock."""

PURPOSE = "confirm"

_CHARACTERS = 32
"""Characters of a digest in a token, which a model has to repeat: 128 bits."""


class TokenVerdict(Enum):
    """What a token is worth.

    :cvar GOOD: it confirms exactly this.
    :cvar OTHER_PREVIEW: it is for this call, but what the call would do has changed.
    :cvar EXPIRED: it is for this call, and too old.
    :cvar WRONG: it is not a token, or one for another call.
    """

    GOOD = "good"
    OTHER_PREVIEW = "other preview"
    EXPIRED = "expired"
    WRONG = "wrong"


@frozen(kw_only=True)
class TokenSubject:
    """What a token confirms.

    :param workspace_key: see `access.act.Act`.
    :param arguments_digest: of the canonical arguments of the tool.
    :param preview_digest: of what was shown.
    :param can_ask: whether the client could be asked, and did not answer. A token that
        was made for a client that cannot be asked is not valid for one that can.
    """

    principal: str
    workspace_key: str
    tool: str
    arguments_digest: str
    preview_digest: str
    can_ask: bool

    @property
    def call_digest(self) -> str:
        """Identifies the call without what it would do."""
        return digest_of(
            [
                self.principal,
                self.workspace_key,
                self.tool,
                self.arguments_digest,
                self.can_ask,
            ]
        )[:_CHARACTERS]


@define(eq=False)
class ConfirmTokens:
    """Makes and reads the tokens.

    :param wall: returns seconds since the epoch, because tokens outlive a restart.
    """

    seal: ITokenSealer
    wall: Callable[[], float]

    def issue(self, subject: TokenSubject) -> str:
        """Return a new token. No two tokens are equal."""
        content: Json = {
            "call": subject.call_digest,
            "preview": subject.preview_digest[:_CHARACTERS],
            "until": self.wall() + VALID_SECONDS,
            "once": uuid4().hex[:16],
        }
        return self.seal.seal(PURPOSE, dumps(content))

    def verdict(self, subject: TokenSubject, token: str) -> TokenVerdict:
        """Return what a token is worth for a subject, used before or not."""
        payload = self.seal.unseal(PURPOSE, token)
        if payload is None:
            return TokenVerdict.WRONG
        content = loads(payload)
        if content["call"] != subject.call_digest:
            return TokenVerdict.WRONG
        if not 0 <= content["until"] - self.wall() <= VALID_SECONDS:
            # A clock that was set back must not make an old token valid for longer.
            return TokenVerdict.EXPIRED
        if content["preview"] != subject.preview_digest[:_CHARACTERS]:
            return TokenVerdict.OTHER_PREVIEW
        return TokenVerdict.GOOD


def mark_of(token: str) -> str:
    """Return the mark that is used up with a token."""
    return f"confirm:{sha256(token.encode()).hexdigest()}"
