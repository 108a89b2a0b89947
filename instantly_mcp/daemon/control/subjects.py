"""The subjects of administration: add yours to the tuple."""

from __future__ import annotations

from ...access.rails.caps import DAILY
from ..access.books import Books
from .commands.approvals import ApprovalCommands
from .commands.approvers import ApproverCommands
from .commands.sending import SendingCommands
from .commands.token_rotation import TokenRotation
from .commands.tokens import TokenCommands
from .commands.workspaces import WorkspaceCommands
from .dispatch import CommandTable


def command_table(books: Books, lasting: bool = True) -> CommandTable:
    """Return the commands on the records of a daemon.

    :param lasting: see `CommandTable`.
    """
    return CommandTable(
        (
            TokenCommands(
                book=books.tokens,
                wall=books.wall,
                cap_names=DAILY,
                known_workspace=books.workspaces.__contains__,
            ),
            TokenRotation(book=books.tokens, wall=books.wall),
            WorkspaceCommands(books.workspaces),
            ApproverCommands(books.approvers),
            ApprovalCommands(books.approvals, books.approvers),
            SendingCommands(books.sending),
        ),
        books.note,
        lasting,
    )
