"""What the guard decides about: one write, with what was found out about it."""

from __future__ import annotations

from attrs import field, frozen

from ...._json_codec import Json, JsonObject
from ....access.canonical import digest_of
from ....api.errors import ApiError, Reason
from ....catalog.operation import Operation, Risk
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext
from ...workspace.reply_values import as_object
from .reach import Reach

NOT_READABLE = "not known, because this key may not read it"
"""What is said of an object that `WriteSubject.read` cannot read."""


@frozen(kw_only=True)
class WriteSubject:
    """A write about which is decided: what is called, by whom, and what it reaches.

    :param arguments: those of the operation.
    :param tool_arguments: those of the tool, which may do several such writes.
    :param risks: its classes, as far as they are found out.
    :param reach: the campaigns that it reaches, in any status, and what follows there.
    :param replies: what was read about it already, so that nothing is read twice, and
        that is shown which was counted.
    """

    context: FeatureContext
    operation: Operation
    arguments: JsonObject
    tool_arguments: JsonObject
    call: Call
    risks: frozenset[Risk] = frozenset()
    reach: Reach = field(factory=Reach)
    replies: dict[str, Json] = field(factory=dict, eq=False, repr=False)

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
        asked = digest_of([operation_id, arguments])
        if asked not in self.replies:
            self.replies[asked] = await self._read(operation_id, arguments)
        return self.replies[asked]

    async def _read(self, operation_id: str, arguments: JsonObject) -> Json:
        try:
            return await self.context.look_up(operation_id, arguments, self.call)
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                raise
            return None
