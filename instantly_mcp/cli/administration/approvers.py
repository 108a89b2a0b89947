"""``instantly-mcp approver``: name the people who may approve calls."""

from __future__ import annotations

from collections.abc import Iterable

from ..._json_codec import Json
from ...daemon.control.commands.approvers import NamedApprover
from ...daemon.control.dispatch import NoArguments
from ..options import CommandGroup
from .columns import in_columns
from .one_word import OneWordOptions
from .options import AdminOptions
from .times import day_and_time


class _ApproverOptions(OneWordOptions):
    """Base class for the options of a command on one approver."""

    word = "the name of the approver"

    def request(self) -> NamedApprover:
        return NamedApprover(self.given)


class ApproverAddOptions(_ApproverOptions):
    """The options of ``approver add``."""

    command = "approver.add"
    synopsis = "instantly-mcp approver add NAME [options]"
    examples = ("instantly-mcp approver add anna",)
    longdesc = (
        "Adds a person who may approve calls, and prints the person's secret once: "
        "only its digest is stored."
    )

    def shown(self, value: Json) -> Iterable[str]:
        yield value["secret"]
        yield (
            f"This is the secret of {value['name']}. It is not shown again. Hand it to "
            "no agent: who has it can approve calls."
        )


class ApproverListOptions(AdminOptions):
    """The options of ``approver list``."""

    command = "approver.list"
    reads = True
    synopsis = "instantly-mcp approver list [options]"
    examples = ("instantly-mcp approver list",)

    def request(self) -> NoArguments:
        return NoArguments()

    def shown(self, value: Json) -> Iterable[str]:
        rows = [(each["name"], day_and_time(each["added_at"])) for each in value]
        return in_columns(("name", "added"), rows)


class ApproverRemoveOptions(_ApproverOptions):
    """The options of ``approver remove``."""

    command = "approver.remove"
    synopsis = "instantly-mcp approver remove NAME [options]"
    examples = ("instantly-mcp approver remove anna",)
    longdesc = "Removes an approver, who is signed out at once."

    def shown(self, value: Json) -> Iterable[str]:
        yield f"removed {value['removed']}"
        if not value["left"]:
            yield "There is no approver left: no call can be approved."


class ApproverOptions(CommandGroup):
    """The commands about approvers."""

    group = "approver"
    synopsis = "instantly-mcp approver COMMAND [options]"
    examples = ("instantly-mcp approver add anna",)
    subCommands = (
        ("add", None, ApproverAddOptions, "Add an approver; print the secret once."),
        ("list", None, ApproverListOptions, "List the approvers."),
        ("remove", None, ApproverRemoveOptions, "Remove an approver."),
    )
