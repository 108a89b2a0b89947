"""Makes the report of the status page: is it this server, or Instantly?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from attrs import define, field

from ..._credential import OPERATOR
from ..._json_codec import Json
from ..._times import utc_milliseconds
from ...access.workspaces.book import WorkspaceBook
from ...api.client import InstantlyClient
from ...web.interfaces import IStatus
from ...web.pages.report import Fact, Report, ReportTable, Section
from .observations import Observations
from .upstream_calls import EndedCall
from .verdict import Situation, verdict_on

MAX_WORKSPACES = 100
"""Rows of the table of workspaces."""

_COLUMNS = (
    ("workspace", "Workspace"),
    ("limit", "Limit"),
    ("used", "Used now"),
    ("waiting", "Waiting"),
    ("state", "State"),
)
_OPERATORS_KEY = "(operator's key)"
_CALLERS_KEYS = "(keys of callers)"


@define(eq=False, kw_only=True)
class Reporter:
    """Makes reports.

    :param workspaces: knows the aliases of workspaces.
    :param wall: returns seconds since the epoch.
    :param storage: returns facts about the state directory and the audit.
    """

    status: IStatus
    observed: Observations
    instantly: InstantlyClient
    workspaces: WorkspaceBook
    wall: Callable[[], float]
    storage: Callable[[], Sequence[Fact]]
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self.wall()

    def __call__(self) -> Report:
        """Return the present report."""
        health = self.instantly.health
        condition = self.status.condition()
        calls = self.observed.upstream
        verdict = verdict_on(
            Situation(
                ready=condition.ready,
                draining=condition.draining,
                breaker=health.breaker,
                recent=calls.outcomes.totals(5),
                last_answer=calls.last_answer,
                last_failure=calls.last_failure,
                waiting=health.waiting,
                sandbox=self.status.facts().mode == "sandbox",
            )
        )
        return Report(
            verdict=verdict.word,
            kind=verdict.kind,
            sentence=verdict.sentence,
            next_step=verdict.next_step,
            sections=(self._server(), self._upstream(), self._storage()),
            tables=(self._lanes(), self._errors()),
        )

    def _server(self) -> Section:
        facts, condition = self.status.facts(), self.status.condition()
        phase = "ready" if condition.ready else "starting"
        phase = "draining" if condition.draining else phase
        uptime = max(0.0, self.wall() - self._started)
        kind = "well" if phase == "ready" else "warn"
        return Section(
            name="server",
            title="This server",
            facts=(
                Fact(name="phase", label="State", value=phase, kind=kind),
                Fact(name="version", label="Version", value=facts.version),
                Fact(name="mode", label="Mode", value=facts.mode),
                Fact(
                    name="uptimeSeconds",
                    label="Running for",
                    value=int(uptime),
                    shown=duration(uptime),
                ),
                Fact(name="sessions", label="Sessions", value=condition.sessions),
                Fact(name="streams", label="Open streams", value=condition.streams),
            ),
        )

    def _upstream(self) -> Section:
        health, calls = self.instantly.health, self.observed.upstream
        latency = calls.latency
        shown = None
        if latency is not None:
            shown = (
                f"median {brief(latency.median)}, 95 % within "
                f"{brief(latency.slowest_of_20)}, longest {brief(latency.longest)}; "
                f"last {latency.calls} answers"
            )
        return Section(
            name="instantly",
            title="Instantly",
            facts=(
                Fact(
                    name="breaker",
                    label="Circuit breaker",
                    value=health.breaker,
                    kind="bad" if health.degraded else "well",
                ),
                _call("lastAnswer", "Last answer", calls.last_answer),
                _call("lastFailure", "Last failure", calls.last_failure),
                Fact(
                    name="medianSeconds",
                    label="Latency",
                    value=None if latency is None else round(latency.median, 3),
                    shown=shown,
                ),
                Fact(name="inFlight", label="Calls under way", value=health.in_flight),
                Fact(name="waiting", label="Calls waiting", value=health.waiting),
            ),
        )

    def _storage(self) -> Section:
        return Section(name="storage", title="Storage", facts=self.storage())

    def _lanes(self) -> ReportTable:
        return ReportTable(
            name="rateLimits",
            title="Rate limits of Instantly, by workspace",
            columns=_COLUMNS,
            rows=list(self._lane_rows())[:MAX_WORKSPACES],
            empty="No call was sent yet.",
        )

    def _lane_rows(self) -> Iterator[Sequence[Json]]:
        for lane in self.instantly.throttle.states():
            alias = self.workspaces.alias_of(lane.workspace)
            if alias is None:
                own = lane.workspace == OPERATOR
                alias = _OPERATORS_KEY if own else _CALLERS_KEYS
            state = "free"
            if lane.paused:
                state = f"paused for {lane.paused:.0f} s, after a 429"
            elif lane.allowed < lane.limit.calls:
                state = f"slowed down to {lane.allowed}, after a 429"
            elif lane.sent >= lane.limit.calls:
                state = "used up"
            yield (
                alias,
                f"{lane.operation or 'all calls'}: {lane.limit}",
                lane.sent,
                lane.waiting,
                state,
            )

    def _errors(self) -> ReportTable:
        found = {
            **self.observed.errors.totals(),
            **{
                f"Instantly: {outcome}": count
                for outcome, count in self.observed.upstream.outcomes.totals().items()
            },
        }
        return ReportTable(
            name="errors",
            title="Errors of the last hour, by code",
            columns=(("code", "Code"), ("count", "Count")),
            rows=sorted(found.items(), key=lambda each: (-each[1], each[0])),
            empty="There was no error.",
        )


def _call(name: str, label: str, call: EndedCall | None) -> Fact:
    if call is None:
        return Fact(name=name, label=label, value=None, shown="none since the start")
    outcome = "" if call.outcome == "ok" else f", {call.outcome}"
    return Fact(
        name=name,
        label=label,
        value={
            "at": utc_milliseconds(call.at),
            "operation": call.operation,
            "outcome": call.outcome,
            "seconds": round(call.seconds, 3),
        },
        shown=f"{moment(call.at)}: {call.operation}, {brief(call.seconds)}{outcome}",
    )


def moment(seconds: float) -> str:
    """Return a time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def brief(seconds: float) -> str:
    """Return the duration of a call."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def duration(seconds: float) -> str:
    """Return a duration in its two largest units."""
    minutes = int(seconds // 60)
    if not minutes:
        return f"{int(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"
