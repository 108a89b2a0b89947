"""What the operator administers, in memory: loaded once, then changed by commands.

The daemon and the command line without a daemon load it in the same way, while the
database still runs each transaction at once (`IDatabase.start`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ..._credential import Secret
from ..._json_codec import JsonObject
from ..._noop import noop
from ...access.approvals.approvers import ApproverBook
from ...access.approvals.queue import Approvals
from ...access.rails.kill_switch import KillSwitch
from ...access.tokens.book import TokenBook
from ...access.tokens.token import TokenState
from ...access.workspaces.book import WorkspaceBook
from ...state.database import DATABASE_FILE_NAME
from ...state.interfaces import IDatabase
from ...state.stores.approvals import SqlApprovalStore
from ...state.stores.approvers import SqlApproverStore
from ...state.stores.sending import SqlKillSwitchStore
from ...state.stores.tokens import TokenStore
from ...state.stores.workspaces import WorkspaceStore
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from .workspace_keys import KeyFileReader


@frozen(kw_only=True)
class Books:
    """The records of the operator.

    :param wall: returns the time in seconds since the epoch.
    """

    wall: Callable[[], float]
    tokens: TokenBook
    workspaces: WorkspaceBook
    approvers: ApproverBook
    approvals: Approvals
    sending: KillSwitch
    note: Callable[[JsonObject], object] = noop


def load_books(
    database: IDatabase,
    wall: Callable[[], float],
    read_key: KeyFileReader | None = None,
    learn: Callable[[Secret], object] = noop,
    *,
    note: Callable[[JsonObject], object] = noop,
    policy: str | None = None,
    seconds: Callable[[], float] = time.monotonic,
) -> Books:
    """Load the records from a database that is not started yet.

    :param wall: returns the time in seconds since the epoch.
    :param read_key: reads the key files of workspaces; by default also those of a
        sandbox.
    :param learn: called with each key of a workspace, before it is used.
    :param note: called with an audit line for each change and each decision.
    :param policy: see `Approvals`, as `seconds`.
    :raises ConfigurationError: when they cannot be read.
    """
    tokens = TokenBook(TokenStore(database), wall)
    reader = read_key or KeyFileReader()
    workspaces = WorkspaceBook(WorkspaceStore(database), reader, learn)
    workspaces.tokens_of = tokens.names_for
    approvers = ApproverBook(store=SqlApproverStore(database), wall=wall)
    approvals = Approvals(
        store=SqlApprovalStore(database),
        policy=policy,
        wall=wall,
        seconds=seconds,
        is_valid=partial(_is_valid, tokens),
        note=note,
    )
    finish(tokens.load())
    finish(workspaces.load())
    finish(approvers.load())
    sending = KillSwitch(SqlKillSwitchStore(database), wall, note)
    finish(sending.load())
    return Books(
        wall=wall,
        tokens=tokens,
        workspaces=workspaces,
        approvers=approvers,
        approvals=approvals,
        sending=sending,
        note=note,
    )


def _is_valid(tokens: TokenBook, token_id: str) -> bool:
    token = tokens.get(token_id)
    return token is not None and token.state is TokenState.VALID


def finish(loading: Deferred[None]) -> None:
    """Take the result of a transaction that has run already.

    :raises ConfigurationError: when it failed.
    """
    failures: list[Failure] = []
    loading.addErrback(failures.append)
    for failure in failures:
        if failure.check(sqlite3.Error, ValueError):
            raise ConfigurationError(
                f"IMCP-STATE {DATABASE_FILE_NAME} in the state directory cannot be "
                f"read: {failure.getErrorMessage()}"
            )
        failure.raiseException()


def require_approvers(settings: Settings, books: Books, *, persistent: bool) -> None:
    """Check that someone can approve, if the policy asks for approval.

    :param persistent: what is stored outlives the process.
    :raises ConfigurationError: if no one can.
    """
    asking = settings.asks_approvers
    if not asking:
        return
    if not persistent:
        raise ConfigurationError(
            f"IMCP-APPROVAL approval is asked for by {asking}, and there is no state "
            "directory to remember it in: set state_dir"
        )
    if not books.approvers.names():
        raise ConfigurationError(approvers_missing(settings))


def approvers_missing(settings: Settings) -> str:
    """Return the error of a daemon whose settings ask for approval by no one."""
    return (
        f"IMCP-APPROVAL approval is asked for by {settings.asks_approvers}, and "
        f"{settings.state_dir} names no approver: run instantly-mcp approver add NAME "
        "as the daemon's user, with the same --config or --state-dir"
    )
