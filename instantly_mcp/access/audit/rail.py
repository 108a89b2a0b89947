"""The rail that records each write before it is sent, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from attrs import define
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from zope.interface import implementer

from ..._deferred import deferred
from ..._noop import noop
from ..act import NOT_SENT, Act, Ending
from ..interfaces import IAuditLog, IRail
from ..refusal import not_recorded
from .records import intent, outcome


@implementer(IRail)
@define(eq=False)
class AuditRail:
    """Lets a write pass only when its intent is durable. It is the last rail.

    :param audit: keeps the lines.
    """

    log: ClassVar[Logger] = Logger()
    name: ClassVar[str] = "audit"

    audit: IAuditLog

    @deferred
    async def before(self, act: Act) -> None:
        try:
            await self.audit.append(intent(act))
        except CancelledError:
            # The caller left. The line may be on the disk, and nothing was sent.
            self.audit.append(outcome(act, NOT_SENT)).addErrback(noop)
            raise
        except Exception:
            self.log.failure("IMCP-AUDIT the audit file cannot be written")
            raise not_recorded(
                "The audit file of this server cannot be written, and without it "
                "nothing may be changed."
            ) from None

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        return self.audit.append(outcome(act, ending))
