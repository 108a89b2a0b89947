"""``instantly-mcp sending``: the kill switch."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable

from ..._json_codec import Json
from ...daemon.control.commands.sending import SwitchSending
from ...daemon.control.dispatch import NoArguments
from ..options import CommandGroup
from .columns import printable
from .options import AdminOptions
from .times import day_and_time


class _SwitchOptions(AdminOptions):
    """Base class for the options of the two switches."""

    command = "sending.switch"
    off: bool

    def request(self) -> SwitchSending:
        return SwitchSending(off=self.off, by=this_user())

    def shown(self, value: Json) -> Iterable[str]:
        return described(value)


class SendingOffOptions(_SwitchOptions):
    """The options of ``sending off``."""

    off = True
    synopsis = "instantly-mcp sending off [options]"
    examples = ("instantly-mcp sending off",)
    longdesc = (
        "Switches sending off, at once and until it is switched on: this server sends "
        "no mail and starts no campaign. Campaigns that already run at Instantly go "
        "on: pause them there."
    )


class SendingOnOptions(_SwitchOptions):
    """The options of ``sending on``."""

    off = False
    synopsis = "instantly-mcp sending on [options]"
    examples = ("instantly-mcp sending on",)
    longdesc = "Takes back sending off. The setting sending = off still counts."


class SendingStatusOptions(AdminOptions):
    """The options of ``sending status``."""

    command = "sending.status"
    reads = True
    synopsis = "instantly-mcp sending status [options]"
    examples = ("instantly-mcp sending status",)
    longdesc = "Says whether sending is on. The setting is known to a running daemon."

    def request(self) -> NoArguments:
        return NoArguments()

    def shown(self, value: Json) -> Iterable[str]:
        return described(value)


class SendingOptions(CommandGroup):
    """The commands about the kill switch."""

    group = "sending"
    synopsis = "instantly-mcp sending COMMAND [options]"
    examples = ("instantly-mcp sending off",)
    subCommands = (
        ("off", None, SendingOffOptions, "Send nothing from now on."),
        ("on", None, SendingOnOptions, "Take back sending off."),
        ("status", None, SendingStatusOptions, "Say whether sending is on."),
    )


def described(value: Json) -> Iterable[str]:
    """Yield the lines that say whether sending is on, and why not."""
    if not value["off"]:
        yield "sending is on"
        return
    yield "sending is off"
    if value["off_in_settings"]:
        yield "by the setting: change it, and send SIGHUP to the daemon"
    if value["off_by_command"]:
        last = value["command"]
        yield f"by {printable(last['by'])} at {day_and_time(last['at'])}"
    yield "Campaigns that already run at Instantly go on sending: pause them there."


def this_user() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
