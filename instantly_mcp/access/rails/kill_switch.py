"""The kill switch: while sending is off, nothing is sent or started.

It is off while the setting says so, or while the operator switched it off with a
command; a command cannot switch on what the setting switched off. Campaigns that run at
Instantly go on sending: only pausing them there stops that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from zope.interface import implementer

from ..._deferred import deferred
from ..._json_codec import JsonObject
from ..._noop import noop
from ...catalog.operation import Risk
from ..act import Act, Ending
from ..audit.records import SENDING
from ..interfaces import IRail
from ..refusal import SENDING_OFF, AccessRefusedError
from .interfaces import IKillSwitchStore
from .records import Switched

RUNNING_GO_ON = "Campaigns that already run at Instantly go on sending."


@define(eq=False)
class KillSwitch:
    """Says whether sending is off; it is read from memory, and written through.

    :param wall: returns the seconds since the epoch.
    :param note: called with an audit line for each change.
    :ivar off_in_settings: whether the setting switches sending off.
    :ivar switched: the last command.
    """

    log: ClassVar[Logger] = Logger()

    store: IKillSwitchStore
    wall: Callable[[], float]
    note: Callable[[JsonObject], object] = noop
    off_in_settings: bool = field(default=False, init=False)
    switched: Switched | None = field(default=None, init=False)
    _latest: Switched | None = field(default=None, init=False)

    @property
    def is_off(self) -> bool:
        """Whether nothing may be sent."""
        return self.off_in_settings or self.off_by_command

    @property
    def off_by_command(self) -> bool:
        """Whether the last command switched sending off."""
        return self.switched is not None and self.switched.off

    @deferred
    async def load(self) -> None:
        """Read the last command."""
        self.switched = await self.store.load()

    @deferred
    async def switch(self, off: bool, by: str) -> None:
        """Switch sending off or on by a command.

        Off counts at once, before it is stored; on counts once it is, unless another
        command came meanwhile.
        """
        self._latest = switched = Switched(off, self.wall(), by)
        if off:
            self._command(switched)
        await self.store.save(switched)
        if not off and switched is self._latest:
            self._command(switched)

    def _command(self, switched: Switched) -> None:
        self.switched = switched
        self._changed("command", switched.by, switched.off)

    def set(self, off: bool) -> None:
        """Switch sending off or on by the setting."""
        if off is not self.off_in_settings:
            self.off_in_settings = off
            self._changed("setting", "settings", off)

    def _changed(self, how: str, by: str, off: bool) -> None:
        self.log.warn(
            "sending was switched {to} by {by}; sending is {now}. {more}",
            to="off" if off else "on",
            by=by,
            now="off" if self.is_off else "on",
            more=RUNNING_GO_ON if self.is_off else "",
        )
        self.note({"kind": SENDING, "off": off, "how": how, "by": by})


@implementer(IRail)
@define(eq=False)
class SendingRail:
    """Refuses what sends while sending is off. What stops sending always passes."""

    name: ClassVar[str] = "kill switch"

    switch: KillSwitch

    def permits(self, act: Act) -> bool:
        """Say whether a write may be sent now."""
        sends = Risk.SENDS in act.risks and not act.operation.stops
        return not sends or not self.switch.is_off

    def before(self, act: Act) -> Deferred[None]:
        if self.permits(act):
            return succeed(None)
        return fail(
            AccessRefusedError(
                SENDING_OFF,
                "The operator of this server has switched sending off.",
                "Nothing was sent. Tell the user that the operator decides when it is "
                f"switched on. {RUNNING_GO_ON}",
            )
        )

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        return succeed(None)
