"""Decides whether trouble comes from this server, from Instantly, or from a key."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ...api.errors import Reason
from .upstream_calls import FAILURES, EndedCall

_KEYS = frozenset(
    {Reason.KEY_REJECTED.value, Reason.PLAN_REQUIRED.value, Reason.SCOPE_MISSING.value}
)


@frozen(kw_only=True)
class Situation:
    """What the verdict depends on.

    :param recent: counts of outcomes of the last five minutes, without ``ok``.
    :param last_answer: the last call that Instantly answered.
    :param last_failure: the last call that it did not answer as it should.
    :param waiting: calls that wait for a turn.
    """

    ready: bool
    draining: bool
    breaker: str
    recent: Mapping[str, int]
    last_answer: EndedCall | None
    last_failure: EndedCall | None
    waiting: int
    sandbox: bool = False


@frozen
class Verdict:
    """The answer; see `web.pages.report.Report`."""

    word: str
    kind: str
    sentence: str
    next_step: str = ""


def verdict_on(now: Situation) -> Verdict:
    """Return the answer to "is it this server, or Instantly?"."""
    if now.draining:
        return Verdict(
            "server",
            "warn",
            "This server is stopping or restarting, and takes no new work.",
            "Wait until it is back. If it does not come back, its operator should look "
            "at its log.",
        )
    if not now.ready:
        return Verdict("server", "warn", "This server is still starting.")
    return _upstream(now) or _keys(now) or _limits(now) or _well(now)


def _upstream(now: Situation) -> Verdict | None:
    name = "The sandbox" if now.sandbox else "Instantly"
    failure, answer = now.last_failure, now.last_answer
    reason = "" if failure is None else f" (last: {failure.outcome})"
    if now.breaker != "closed":
        return Verdict(
            "instantly",
            "bad",
            f"{name} fails, or the network to it{reason}. This server works, and has "
            "paused its calls.",
            "The operator should look at Instantly's status page, and at the network "
            "of this machine: instantly-mcp check --probe. Calls resume by themselves.",
        )
    failed = sum(count for outcome, count in now.recent.items() if outcome in FAILURES)
    last_failed = failure is not None and (answer is None or failure.at > answer.at)
    if failed and last_failed:
        return Verdict(
            "instantly",
            "warn",
            f"The last call to {name} failed{reason}: {failed} in five minutes. This "
            "server works.",
            "If it goes on, the operator should look at Instantly's status page, and "
            "at the network of this machine: instantly-mcp check --probe.",
        )
    return None


def _keys(now: Situation) -> Verdict | None:
    refused = sum(count for outcome, count in now.recent.items() if outcome in _KEYS)
    answer = now.last_answer
    if not refused or answer is None or answer.outcome not in _KEYS:
        return None
    return Verdict(
        "key",
        "warn",
        f"Instantly answers, but refuses a key ({answer.outcome}). This server works.",
        "The operator should check the key and the plan of that workspace: "
        "instantly-mcp check --probe.",
    )


def _limits(now: Situation) -> Verdict | None:
    limited = now.recent.get(Reason.RATE_LIMITED.value, 0)
    if not limited:
        return None
    return Verdict(
        "limit",
        "warn",
        f"A workspace reached a rate limit of Instantly: {limited} calls in five "
        "minutes. This server works.",
        "All programs and people of a workspace share its limit. See the table below.",
    )


def _well(now: Situation) -> Verdict:
    if now.last_answer is None:
        return Verdict(
            "well", "well", "This server works. It has not called Instantly yet."
        )
    return Verdict("well", "well", "This server works, and Instantly answers it.")
