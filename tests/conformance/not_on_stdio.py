"""What the official suite judges of HTTP itself, and so cannot judge through a pipe.

The suite has no selection for stdio. Its scenarios reach the stdio transport through
`stdio_adapter`; those that are about headers, HTTP sessions and event streams would
judge the adapter. All other scenarios must pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from .verdict import Outcome, Report, Scenario

SCENARIOS: Mapping[str, str] = {
    "dns-rebinding-protection": "Host and Origin are headers",
    "http-header-validation": "it compares headers with the body",
    "http-custom-header-server-validation": "it compares headers with the body",
    "tasks-request-headers": "it compares headers with the body",
    "server-session-lifecycle": "Mcp-Session-Id is a header; a pipe is its own session",
    "server-sse-polling": "it resumes an event stream",
    "server-sse-multiple-streams": "it opens several event streams",
}
"""Scenarios that are not about the messages, with the reason."""

_NO_ENVELOPE = (
    "without the envelope in params._meta only a header says that a request is modern; "
    "on a pipe it is a legacy request"
)

CHECKS: Mapping[str, Mapping[str, str]] = {
    "server-stateless": {
        "sep-2575-request-meta-invalid-missing-meta": _NO_ENVELOPE,
        "sep-2575-request-meta-invalid-missing-protocol-version": _NO_ENVELOPE,
        "sep-2575-http-server-meta-invalid-400": "it is about an HTTP status",
        "sep-2575-http-server-header-mismatch-400": "it compares headers",
    },
}
"""Checks of other scenarios that are not about the messages, with the reason."""


SUITE_FAILED = "the suite ended with status 1"


def without_http(report: Report) -> Report:
    """Return a report without what is about HTTP itself."""
    left = [
        evolve(
            each,
            failures=_about_messages(each, each.failures),
            warnings=_about_messages(each, each.warnings),
        )
        for each in report.scenarios
        if each.name not in SCENARIOS
    ]
    # The suite itself counts what is left out, and ends with this status for it.
    complaints = [each for each in report.complaints if each != SUITE_FAILED]
    return evolve(
        report,
        scenarios=left,
        complaints=complaints if report.count(Outcome.FAILED) else report.complaints,
    )


def _about_messages(scenario: Scenario, checks: Sequence[str]) -> Sequence[str]:
    apart = CHECKS.get(scenario.name, {})
    return [each for each in checks if each not in apart]


def remarks() -> Sequence[str]:
    """Return what was left out, one line each."""
    return [
        *(f"not on stdio: {name}: {why}" for name, why in SCENARIOS.items()),
        *(
            f"not on stdio: {scenario}, {check}: {why}"
            for scenario, checks in CHECKS.items()
            for check, why in checks.items()
        ),
    ]
