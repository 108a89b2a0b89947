"""Passes an act through the rails, and tells each of them how the write ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from attrs import define
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ..._noop import always
from ..act import NOT_SENT, Act, Ending
from ..interfaces import IRail


@define(eq=False)
class Rails:
    """All rails, in the order in which a write passes them.

    The last ones make records durable, so a write that an earlier rail refuses leaves
    none.

    :param may_go: whether a write that passed may still be sent when its turn comes.
    :param early: checks without a record, made before a person is asked to agree to
        something that a rail refuses.
    """

    log: ClassVar[Logger] = Logger()

    rails: Sequence[IRail] = ()
    early: Sequence[Callable[[Act], Deferred[None]]] = ()
    may_go: Callable[[Act], bool] = always

    async def look(self, act: Act) -> None:
        """Check what is known before a person is asked.

        :raises AccessRefusedError: if the write would be refused in any case.
        """
        for check in self.early:
            await check(act)

    async def before(self, act: Act) -> None:
        """Pass all rails.

        :raises AccessRefusedError: if one refuses; those before it know that then.
        """
        passed: list[IRail] = []
        for rail in self.rails:
            try:
                await rail.before(act)
            except BaseException:
                await self._after(passed, act, NOT_SENT)
                raise
            passed.append(rail)

    async def after(self, act: Act, ending: Ending) -> None:
        """Tell all rails how the write ended, the last one first."""
        await self._after(self.rails, act, ending)

    async def _after(self, rails: Sequence[IRail], act: Act, ending: Ending) -> None:
        cancelled: CancelledError | None = None
        for rail in reversed(rails):
            try:
                await rail.after(act, ending)
            except CancelledError as error:
                # The caller has left; the other rails must learn the ending all the
                # same.
                cancelled = error
            except Exception:
                self.log.failure(
                    "The rail {name} could not note an ending", name=rail.name
                )
        if cancelled is not None:
            raise cancelled
