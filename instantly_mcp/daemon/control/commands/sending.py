"""The commands ``sending on``, ``off`` and ``status``."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, frozen

from ...._deferred import deferred
from ...._json_codec import Json
from ....access.rails.kill_switch import KillSwitch
from ..dispatch import Command, NoArguments
from ..in_effect import in_effect


@frozen
class SwitchSending:
    """Switch sending on or off.

    :param by: the user of this machine who does it.
    """

    off: bool
    by: str


@define(eq=False)
class SendingCommands:
    """Switches sending, and says whether it is on."""

    switch: KillSwitch

    def commands(self) -> Mapping[str, Command]:
        """Return the commands by name."""
        return {
            "sending.switch": Command(SwitchSending, self.change),
            "sending.status": Command(NoArguments, self.status),
        }

    @deferred
    async def change(self, request: SwitchSending) -> Json:
        """Switch sending; return the status after it."""
        switching = self.switch.switch(request.off, request.by)
        if not request.off:
            # Counts once it is stored.
            await switching
            return self._now()
        with in_effect("sending is off", self._now):
            await switching
        return self._now()

    def status(self, request: NoArguments) -> Json:
        """Return whether sending is off, and what switched it off."""
        return self._now()

    def _now(self) -> Json:
        last = self.switch.switched
        return {
            "off": self.switch.is_off,
            "off_in_settings": self.switch.off_in_settings,
            "off_by_command": self.switch.off_by_command,
            "command": None if last is None else {"at": last.at, "by": last.by},
        }
