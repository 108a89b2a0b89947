"""What the guard decides about: one write, with what was found out about it."""

from __future__ import annotations

from attrs import field, frozen

from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ...catalog.operation import Operation, Risk
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext
from ..workspace.reply_values import as_object
from .running import Reach

NOT_READABLE = "not known, because this key may not read it"
"""What is said of an object that `WriteSubject.read` cannot read."""


@frozen(kw_only=True)
class WriteSubject:
    """A write about which is decided: what is called, by whom, and what it reaches.

    :param arguments: those of the operation.
    :param said: those of the tool, which may do several such writes.
    :param risks: its classes, as far as they are found out.
    :param reach: the campaigns that it reaches, in any status, and what follows there.
    """

    context: FeatureContext
    operation: Operation
    arguments: JsonObject
    said: JsonObject
    call: Call
    risks: frozenset[Risk] = frozenset()
    reach: Reach = field(factory=Reach)

    async def read(self, operation_id: str, arguments: JsonObject) -> JsonObject | None:
        """Return an object of the workspace, or ``None`` if it cannot be read.

        :raises ApiError: when it does not exist.
        """
        reply = await self.read_any(operation_id, arguments)
        return None if reply is None else as_object(reply)

    async def read_any(self, operation_id: str, arguments: JsonObject) -> Json:
        """Return a reply of any form, or ``None`` if it cannot be read.

        :raises ApiError: when what it names does not exist.
        """
        try:
            return await self.context.look_up(operation_id, arguments, self.call)
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                raise
            return None
