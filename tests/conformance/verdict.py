"""Evaluates the result files of the conformance suite.

The suite's own exit code counts failures alone. Here a warning fails as well, and so
does an unexpected skip, and a scenario that was not run or has no checks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from attrs import field, frozen

from instantly_mcp._json_codec import JsonObject

KNOWN_SKIP = "tasks-status-notifications"
"""The one scenario that the suite skips for every server."""


class Outcome(Enum):
    """The outcome of a scenario."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@frozen(kw_only=True)
class Scenario:
    """One scenario of one selection.

    :param failures: ids of the checks that failed, or that should not be skipped.
    :param warnings: ids of the checks that warned.
    :param skips: ids of the skipped checks that every server skips.
    """

    name: str
    failures: Sequence[str] = ()
    warnings: Sequence[str] = ()
    skips: Sequence[str] = ()

    @property
    def outcome(self) -> Outcome:
        """Its outcome."""
        if self.failures or self.warnings:
            return Outcome.FAILED
        return Outcome.SKIPPED if self.skips else Outcome.PASSED


@frozen(kw_only=True)
class Selection:
    """One run of the suite.

    :param expected: how many scenarios there are; fewer means that some were lost.
    """

    name: str
    arguments: Sequence[str]
    expected: int


@frozen(kw_only=True)
class Report:
    """The result of one run.

    :param complaints: what is wrong with the run itself.
    """

    selection: Selection
    scenarios: Sequence[Scenario]
    complaints: Sequence[str] = field(default=())

    def count(self, outcome: Outcome) -> int:
        """Return the number of scenarios with this outcome."""
        return sum(scenario.outcome is outcome for scenario in self.scenarios)

    @property
    def failed(self) -> int:
        """The number of failed scenarios; a broken run counts as one more."""
        return self.count(Outcome.FAILED) + bool(self.complaints)


def judge(name: str, checks: Sequence[JsonObject]) -> Scenario:
    """Judge the checks of one scenario."""
    found: dict[str, list[str]] = {}
    for check in checks:
        found.setdefault(_kind(name, check), []).append(str(check.get("id")))
    failures = found.get("failure", [])
    if not checks:
        failures = ["no checks"]
    return Scenario(
        name=name,
        failures=failures,
        warnings=found.get("warning", []),
        skips=found.get("skip", []),
    )


def _kind(scenario: str, check: JsonObject) -> str:
    status = check.get("status")
    if status in ("SUCCESS", "INFO"):
        return "fine"
    if status == "WARNING":
        return "warning"
    if status == "SKIPPED" and scenario == KNOWN_SKIP == check.get("id"):
        return "skip"
    return "failure"


def read(selection: Selection, folder: Path, status: int) -> Report:
    """Read what one run of the suite left in a folder.

    :param status: its exit status.
    """
    scenarios, complaints = [], []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = _scenario_name(place.name)
        try:
            checks = json.loads((place / "checks.json").read_bytes())
        except (OSError, ValueError) as error:
            complaints.append(f"{name}: {type(error).__name__}")
            continue
        scenarios.append(judge(name, checks))
    if len(scenarios) != selection.expected:
        complaints.append(f"{len(scenarios)} scenarios, not {selection.expected}")
    if status:
        complaints.append(f"the suite ended with status {status}")
    return Report(selection=selection, scenarios=scenarios, complaints=complaints)


def _scenario_name(folder: str) -> str:
    """Return the scenario of a folder such as ``server-ping-2026-11-22T15-25-25-414Z``.

    The time is as long as this, whenever it is.
    """
    return folder.removeprefix("server-")[: -len("-2026-11-22T15-25-25-414Z")]


def table(reports: Sequence[Report]) -> str:
    """Return the table of all runs, what is wrong with them, and the closing line."""
    head = ("selection", "scenarios", "failures", "warnings", "skips")
    rows = [head, *(_row(report) for report in reports)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([*lines, *_remarks(reports), summary(reports)])


def summary(reports: Sequence[Report]) -> str:
    """Return the closing line."""
    passed = sum(report.count(Outcome.PASSED) for report in reports)
    failed = sum(report.failed for report in reports)
    skipped = sum(report.count(Outcome.SKIPPED) for report in reports)
    return f"{passed} passed, {failed} failed, {skipped} skipped"


def _row(report: Report) -> tuple[str, ...]:
    scenarios = report.scenarios
    fine = sum(one.outcome is not Outcome.FAILED for one in scenarios)
    numbers = (
        f"{fine}/{len(scenarios)}",
        sum(len(one.failures) for one in scenarios),
        sum(len(one.warnings) for one in scenarios),
        sum(len(one.skips) for one in scenarios),
    )
    return (report.selection.name, *map(str, numbers))


def _remarks(reports: Sequence[Report]) -> list[str]:
    remarks, skipped = [], set()
    for report in reports:
        where = report.selection.name
        remarks += [f"FAILED: {where}: {words}" for words in report.complaints]
        for one in report.scenarios:
            wrong = [*one.failures, *(f"{each} (warning)" for each in one.warnings)]
            if wrong:
                remarks.append(f"FAILED: {where}: {one.name}: {', '.join(wrong)}")
            if one.skips:
                skipped.add(one.name)
    for name in sorted(skipped):
        remarks.append(f"SKIPPED: {name}: the suite skips it for every server")
    return remarks
