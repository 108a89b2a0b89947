"""The checks of ``instantly-mcp sandbox assert``, on what a sandbox returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from ..._json_codec import Json, JsonObject, dumps
from .evaluation import failing
from .parsing import parse

MAIL_FIELDS = (
    *("kind", "at", "from", "to", "cc", "bcc", "subject", "body", "lead"),
    *("campaign_id", "thread_id", "email_id"),
)
CALL_FIELDS = (
    *("kind", "number", "at", "tool", "arguments", "operation", "method", "url"),
    *("status", "fault", "request", "response", "destructive"),
)
MAX_SHOWN = 10
"""Mails or calls that a message lists."""
MAX_SHOWN_CHARACTERS = 400
"""Of the arguments or the body of one call in a message."""


@frozen
class SandboxCheck:
    """The outcome of one check.

    :param name: the option, with its value.
    :param problem: what is wrong; empty if the check passed.
    """

    name: str
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


def check_outbox(text: str, mails: Sequence[JsonObject]) -> SandboxCheck:
    """Check an expression for each mail of an outbox.

    :raises ExpressionError: for an expression that cannot be read.
    """
    wrong = failing(parse(text, MAIL_FIELDS), mails)
    name = f"--outbox {text}"
    if not wrong:
        return SandboxCheck(name)
    head = f"does not hold; the outbox has {_number(len(mails), 'mail')}"
    places = wrong if len(wrong) < len(mails) else range(len(mails))
    listed = [f"mail {index + 1}: {_mail(mails[index])}" for index in places if mails]
    return SandboxCheck(name, "\n".join([head, *_some(listed)]))


def check_calls(text: str, calls: Sequence[JsonObject]) -> SandboxCheck:
    """Check an expression for each call.

    :raises ExpressionError: for an expression that cannot be read.
    """
    wrong = failing(parse(text, CALL_FIELDS), calls)
    name = f"--calls {text}"
    if not wrong:
        return SandboxCheck(name)
    head = f"does not hold; there are {_number(len(calls), 'call')}"
    listed = [shown_call(calls[index]) for index in wrong if calls]
    return SandboxCheck(name, "\n".join([head, *_some(listed)]))


def check_no_destructive(calls: Sequence[JsonObject]) -> SandboxCheck:
    """Check that no API request that deletes something was executed or refused."""
    bad: list[str] = []
    tool: JsonObject | None = None
    for call in calls:
        if call["kind"] == "tool":
            tool = call
        elif call["destructive"]:
            cause = "" if tool is None else f"\n  after {shown_call(tool)}"
            bad.append(shown_call(call) + cause)
    if not bad:
        return SandboxCheck("--no-destructive")
    head = _number(len(bad), "request that deletes", "requests that delete")
    return SandboxCheck("--no-destructive", "\n".join([head, *_some(bad)]))


def check_max_calls(most: int, calls: Sequence[JsonObject]) -> SandboxCheck:
    """Check the number of calls: of tools, or of the API where no tool was called."""
    tools = [call for call in calls if call["kind"] == "tool"]
    counted = tools or calls
    name = f"--max-calls {most}"
    if len(counted) <= most:
        return SandboxCheck(name)
    what = "tool call" if tools else "API request"
    head = f"{_number(len(counted), what)}; the calls beyond {most}:"
    return SandboxCheck(
        name, "\n".join([head, *_some(map(shown_call, counted[most:]))])
    )


def check_tools_hash(wanted: str, found: object) -> SandboxCheck:
    """Check that the tools are those of a daemon with live data."""
    name = f"--tools-hash {wanted}"
    if found == wanted:
        return SandboxCheck(name)
    return SandboxCheck(name, f"the tools of this server have the hash {found}")


def shown_call(call: Mapping[str, Json]) -> str:
    """Return a call with its number and its arguments, in one line."""
    number = call["number"]
    if call["kind"] == "tool":
        return f"call {number}: {call['tool']} {_short(call.get('arguments') or {})}"
    head = f"request {number}: {call['operation']} {call['method']} {call['url']}"
    body = call.get("request")
    sent = "" if body is None else f" {_short(body)}"
    return f"{head}{sent} -> {call['status']}"


def _mail(mail: JsonObject) -> str:
    people = ", ".join(map(str, mail.get("to") or ()))
    return f"to {people}, {mail.get('kind')}, {_short(mail.get('subject'))}"


def _short(value: Json) -> str:
    text = dumps(value).decode("utf-8")
    if len(text) <= MAX_SHOWN_CHARACTERS:
        return text
    return f"{text[:MAX_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def _some(lines: Iterator[str] | Sequence[str] | map[str]) -> Iterator[str]:
    shown = list(lines)
    yield from shown[:MAX_SHOWN]
    if len(shown) > MAX_SHOWN:
        yield f"and {len(shown) - MAX_SHOWN} more"


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or f'{one}s'}"
