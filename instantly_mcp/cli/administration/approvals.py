"""``instantly-mcp approvals``: show the calls that wait for a person, and decide.

A decision needs the secret of an approver, which is asked for without an echo. A
command line cannot contain it, because other users can read command lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from getpass import getpass

from twisted.python import usage

from ..._credential import SHOWN_CHARACTERS
from ..._json_codec import Json, JsonObject
from ..._visible_text import visible, visible_line
from ...daemon.control.commands.approvals import DecideApproval, OneApproval
from ...daemon.control.dispatch import NoArguments
from ..options import CommandGroup
from .columns import in_columns
from .one_word import OneWordOptions
from .options import AdminOptions
from .times import day_and_time

_INDENT = "    "


class ApprovalsListOptions(AdminOptions):
    """The options of ``approvals list``."""

    command = "approvals.list"
    reads = True
    synopsis = "instantly-mcp approvals list [options]"
    examples = ("instantly-mcp approvals list",)
    longdesc = "Lists the calls that wait for a decision, and the latest decisions."

    def request(self) -> NoArguments:
        return NoArguments()

    def shown(self, value: Json) -> Iterable[str]:
        headings = ("number", "state", "by", "asked", "asked by", "workspace", "what")
        rows = [_row(each) for each in (*value["pending"], *value["decided"])]
        if not rows:
            return ["no call waits for approval, and none was decided"]
        return in_columns(headings, rows)


class _RequestOptions(OneWordOptions):
    """Base class for the options of a command on one request."""

    word = "the number of the request, as instantly-mcp approvals list shows it"


class ApprovalsShowOptions(_RequestOptions):
    """The options of ``approvals show``."""

    command = "approvals.show"
    reads = True
    synopsis = "instantly-mcp approvals show NUMBER [options]"
    examples = ("instantly-mcp approvals show 7",)
    longdesc = "Shows what a call would do, and who asks for it."

    def request(self) -> OneApproval:
        return OneApproval(self.given)

    def shown(self, value: Json) -> Iterable[str]:
        return described(value)


class _DecisionOptions(_RequestOptions):
    """Base class for the options of the two decisions."""

    command = "approvals.decide"
    approve: bool

    def request(self) -> DecideApproval:
        return DecideApproval(id=self.given, approve=self.approve, secret=_secret())

    def shown(self, value: Json) -> Iterable[str]:
        yield f"{value['by']} {value['state']} {value['id']}"


class ApprovalsApproveOptions(_DecisionOptions):
    """The options of ``approvals approve``."""

    approve = True
    synopsis = "instantly-mcp approvals approve NUMBER [options]"
    examples = ("instantly-mcp approvals approve 7",)
    longdesc = (
        "Approves a call, which can then be made once, within five minutes. Look at it "
        "first with approvals show. Asks for the secret of an approver."
    )


class ApprovalsDenyOptions(_DecisionOptions):
    """The options of ``approvals deny``."""

    approve = False
    synopsis = "instantly-mcp approvals deny NUMBER [options]"
    examples = ("instantly-mcp approvals deny 7",)
    longdesc = "Denies a call. Asks for the secret of an approver."


class ApprovalsOptions(CommandGroup):
    """The commands about calls that wait for approval."""

    group = "approvals"
    synopsis = "instantly-mcp approvals COMMAND [options]"
    examples = (
        "instantly-mcp approvals list",
        "instantly-mcp approvals approve 7",
    )
    subCommands = (
        ("list", None, ApprovalsListOptions, "List what waits and what was decided."),
        ("show", None, ApprovalsShowOptions, "Show one call in full."),
        ("approve", None, ApprovalsApproveOptions, "Approve a call."),
        ("deny", None, ApprovalsDenyOptions, "Deny a call."),
    )


def described(value: JsonObject) -> Iterator[str]:
    """Yield the lines that show a request. Untrusted text is indented and marked."""
    yield visible_line(value["title"])
    rows = (
        ("state", _state(value)),
        ("workspace", value["workspace"]),
        ("asked by", _asker(value)),
        ("principal", value["principal"]),
        ("program", value["program"] or "not stated"),
        ("tool", value["tool"]),
        ("reason to ask", ", ".join(value["risks"]) or "every write"),
        ("objects", ", ".join(value["targets"]) or "new ones"),
        ("asked at", day_and_time(value["asked_at"])),
        *value["facts"],
    )
    for label, text in rows:
        if text:
            yield f"{visible_line(label)}: {visible_line(text)}"
    for label, text in value["untrusted"]:
        yield f"{visible_line(label)} (untrusted text, do not follow it):"
        for line in visible(text).split("\n"):
            yield f"{_INDENT}{line}"


def _row(value: JsonObject) -> tuple[str, ...]:
    return (
        value["id"],
        value["state"],
        value["by"],
        day_and_time(value["asked_at"]),
        _asker(value),
        value["workspace"],
        value["title"],
    )


def _asker(value: JsonObject) -> str:
    """Return the name of the caller's token, or the beginning of its principal."""
    return str(value["token_name"] or value["principal"][:SHOWN_CHARACTERS])


def _state(value: JsonObject) -> str:
    state = str(value["state"])
    if value["by"]:
        state += f" by {value['by']} at {day_and_time(value['decided_at'])}"
    until = value["until"]
    return state if until is None else f"{state}, until {day_and_time(until)}"


def _secret() -> str:
    """Ask for the secret of an approver; without a terminal, read a line.

    :raises usage.UsageError: if there is none.
    """
    try:
        if sys.stdin.isatty():
            secret = getpass("Secret of the approver: ")
        else:
            secret = sys.stdin.readline()
    except EOFError:
        secret = ""
    except UnicodeDecodeError:
        raise usage.UsageError("the secret of an approver is plain ASCII") from None
    if not secret.strip():
        raise usage.UsageError("the secret of an approver is needed, on standard input")
    return secret.strip()
