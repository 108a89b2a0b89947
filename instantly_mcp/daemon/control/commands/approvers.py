"""The commands ``approver add``, ``list`` and ``remove``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from attrs import define, frozen

from ...._deferred import deferred
from ...._json_codec import Json
from ....access.approvals.approvers import ApproverBook, ApproverNameError
from ..dispatch import Command, NoArguments
from ..in_effect import in_effect
from ..requests import CommandRefusedError


@frozen
class NamedApprover:
    """The name of an approver."""

    name: str


@define(eq=False)
class ApproverCommands:
    """Changes the approvers, and lists them without their secrets."""

    book: ApproverBook

    def commands(self) -> Mapping[str, Command]:
        """Return the commands by name."""
        return {
            "approver.add": Command(NamedApprover, self.add, recorded=True),
            "approver.list": Command(NoArguments, self.listed),
            "approver.remove": Command(NamedApprover, self.remove, recorded=True),
        }

    @deferred
    async def add(self, request: NamedApprover) -> Json:
        """Add an approver; return the name and the secret, which is not kept."""
        try:
            approver, secret = await self.book.add(request.name)
        except ApproverNameError as error:
            raise CommandRefusedError(str(error)) from None
        return {"name": approver.name, "secret": secret}

    def listed(self, request: NoArguments) -> Json:
        """Return the names, and when each was added."""
        return [
            {"name": each.name, "added_at": each.added_at}
            for each in self.book.listed()
        ]

    @deferred
    async def remove(self, request: NamedApprover) -> Json:
        """Remove an approver, who is signed out at once."""
        removed = partial(self._removed, request.name)
        with in_effect(f"{request.name} is removed and signed out", removed):
            if not await self.book.remove(request.name):
                raise CommandRefusedError("there is no approver with this name")
        return removed()

    def _removed(self, name: str) -> Json:
        return {"removed": name, "left": len(self.book.names())}
