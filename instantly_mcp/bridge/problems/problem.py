"""A problem with the connection, in words for the user."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class Trouble(Enum):
    """What is wrong, as far as the relay treats it differently.

    :cvar UNREACHABLE: no connection; it may pass by itself.
    :cvar UNTRUSTED: the certificate is not accepted.
    :cvar TURNED_AWAY: the daemon, or what is in its place, refuses this client.
    :cvar SETTINGS: the relay's own settings; only a restart helps.
    """

    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    TURNED_AWAY = "turned away"
    SETTINGS = "settings"


@frozen(kw_only=True)
class Problem:
    """One cause, one next step, and who must act.

    :param cause: a sentence.
    :param step: a sentence or two.
    """

    trouble: Trouble
    cause: str
    step: str

    @property
    def passes(self) -> bool:
        """Whether it may be over in a moment, so that waiting for it makes sense."""
        return self.trouble is Trouble.UNREACHABLE

    @property
    def text(self) -> str:
        """The whole message."""
        return f"{self.cause} {self.step}"


def unreachable(address: str, why: str, step: str = "") -> Problem:
    """The daemon cannot be reached.

    :param why: a few words.
    :param step: what to do, if it is known better than by default.
    """
    return Problem(
        trouble=Trouble.UNREACHABLE,
        cause=f"I can't reach {address} ({why}).",
        step=step or f"Are you on the VPN? Your admin's status page: {address}/status",
    )


def untrusted(cause: str, step: str) -> Problem:
    """The certificate is not accepted."""
    return Problem(trouble=Trouble.UNTRUSTED, cause=cause, step=step)


def turned_away(cause: str, step: str) -> Problem:
    """The server answers, but does not serve this client."""
    return Problem(trouble=Trouble.TURNED_AWAY, cause=cause, step=step)


def wrong_settings(cause: str, step: str) -> Problem:
    """The settings of this program are not usable."""
    return Problem(trouble=Trouble.SETTINGS, cause=cause, step=step)
