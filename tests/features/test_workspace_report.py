"""The report over all workspaces of a token: what is in it, and what is missing."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.features.tools.workflows.report_all_workspaces import AT_ONCE
from instantly_mcp.sandbox.agency import CLIENTS
from instantly_mcp.sandbox.faults import Fault, FaultKind
from tests.features.test_workspace_choice import BLUE, GREEN, TEAL, ChoiceTestCase

REPORT = "report_all_workspaces"
ALIASES = [each.alias for each in CLIENTS]
SOME = ["client-amber", BLUE, GREEN, "client-navy", "client-plum", TEAL]


class ReportTests(ChoiceTestCase):
    def setUp(self) -> None:
        """Let the caller have six workspaces."""
        super().setUp()
        self.credential = self.token(*SOME)

    def fail_in(self, alias: str, kind: FaultKind, **fault: Any) -> None:
        """Let each call for a client's workspace fail."""
        (client,) = (each for each in CLIENTS if each.alias == alias)
        self.sandbox.add_fault(Fault(kind=kind, times=0, **fault), client.key)

    def rows(self, report: JsonObject) -> dict[str, JsonObject]:
        """Return the rows of a report by workspace."""
        return {row["workspace"]: row for row in report["rows"]}

    def test_totals(self) -> None:
        """Each workspace has its row, and the totals are their sums."""
        report = self.done(REPORT)
        rows = self.rows(report)
        self.assertEqual(list(rows), SOME)
        self.assertEqual(report["answered_workspaces"], len(SOME))
        self.assertNotIn("missing", report)
        for name in ("emails_sent_count", "reply_count_unique"):
            added = sum(row["overview"][name] for row in rows.values())
            self.assertEqual(report["totals"][name], added)
            self.assertGreater(added, 0)
        one = self.done("get_campaign_analytics", workspace=GREEN)["rows"]
        self.assertEqual(
            rows[GREEN]["overview"]["emails_sent_count"],
            sum(row["emails_sent_count"] for row in one),
        )

    def test_one_dead_key_of_twenty(self) -> None:
        """A key that is refused costs its workspace only, and the reason is there."""
        self.credential = self.token(*ALIASES)
        whole = self.done(REPORT)
        self.fail_in(GREEN, FaultKind.STATUS, status=401, message="Invalid API key")
        report = self.done(REPORT)
        self.assertEqual(
            (report["asked_workspaces"], report["answered_workspaces"]), (20, 19)
        )
        (missing,) = report["missing"]
        self.assertEqual(
            (missing["workspace"], missing["code"]), (GREEN, "key_rejected")
        )
        self.assertEqual(
            report["warning"],
            "19 of 20 workspaces answered. The totals do not include the others. "
            f"{GREEN}: Instantly rejected the API key that this server has for "
            f"workspace {GREEN}.",
        )
        self.assertNotIn(GREEN, self.rows(report))
        lost = self.rows(whole)[GREEN]["overview"]["emails_sent_count"]
        self.assertEqual(
            report["totals"]["emails_sent_count"],
            whole["totals"]["emails_sent_count"] - lost,
        )

    def test_several_reasons(self) -> None:
        """Each workspace that is missing has its own reason."""
        self.fail_in(GREEN, FaultKind.STATUS, status=403, message="Forbidden")
        self.fail_in(BLUE, FaultKind.GARBAGE)
        missing = self.done(REPORT)["missing"]
        reasons = {each["workspace"]: each["code"] for each in missing}
        self.assertEqual(set(reasons), {BLUE, GREEN})
        self.assertEqual(len(set(reasons.values())), 2)

    def test_none_answers(self) -> None:
        """When no workspace answers it is an error, with the reason for each."""
        for alias in (BLUE, GREEN):
            self.fail_in(alias, FaultKind.STATUS, status=401)
        error = self.error(REPORT, workspaces=[BLUE, GREEN])
        self.assertEqual(error["code"], "no_workspace_answered")
        self.assertEqual(len(error["missing"]), 2)

    def test_some(self) -> None:
        """Only the workspaces that were named are read, each once."""
        report = self.done(REPORT, workspaces=[TEAL, "Client-Blue", TEAL])
        self.assertEqual(list(self.rows(report)), [TEAL, BLUE])

    def test_others(self) -> None:
        """A workspace of others is refused as one that does not exist."""
        self.credential = self.token(BLUE, GREEN)
        errors = [self.error(REPORT, workspaces=[BLUE, x]) for x in (TEAL, "none")]
        self.assertEqual(errors[0], errors[1])
        self.assertEqual(errors[0]["code"], "workspace_not_allowed")
        self.assertEqual(list(self.rows(self.done(REPORT))), [BLUE, GREEN])

    def test_key_file_is_gone(self) -> None:
        """A workspace whose key file cannot be read is missing, with that reason."""
        self.book.read_key.keys["/keys/agency"] = "sandbox-revoked"  # type: ignore[attr-defined]
        self.book.reload()
        error = self.error(REPORT, workspaces=[BLUE, GREEN])
        self.assertEqual({each["code"] for each in error["missing"]}, {"key_rejected"})

    def test_bounded(self) -> None:
        """A few workspaces are read at the same time; a slow one stops no others."""
        for alias in SOME:
            self.fail_in(alias, FaultKind.SLOW, seconds=2.0)
        at_once: list[int] = []
        asking = self.begin("tools/call", {"name": REPORT, "arguments": {}})
        while not asking.called:
            at_once.append(self.instantly.concurrency.in_use)
            self.clock.advance(1)
        self.assertEqual(max(at_once), AT_ONCE)
        self.assertNotIn("isError", self.successResultOf(asking))

    def test_token_that_ends_meanwhile(self) -> None:
        """What was read before the token ended is reported; the rest says why not."""
        for alias in SOME:
            self.fail_in(alias, FaultKind.SLOW, seconds=2.0)
        asking = self.begin("tools/call", {"name": REPORT, "arguments": {}})
        self.clock.advance(1)
        self.context.rights_now = lambda rights: None
        for _ in range(9):
            self.clock.advance(1)
        result = self.successResultOf(asking)
        report = loads(dumps(result))["structuredContent"]
        self.assertEqual(list(self.rows(report)), SOME[:AT_ONCE])
        reasons = {each["workspace"]: each["code"] for each in report["missing"]}
        self.assertEqual(reasons, dict.fromkeys(SOME[AT_ONCE:], "not_allowed"))

    def test_one_workspace(self) -> None:
        """It is for callers who choose only: others do not see it."""
        names = {tool["name"] for tool in self.ask("tools/list")["tools"]}
        self.assertIn(REPORT, names)
        self.credential = self.token(BLUE)
        names = {tool["name"] for tool in self.ask("tools/list")["tools"]}
        self.assertNotIn(REPORT, names)
        self.assertEqual(self.error(REPORT)["code"], "one_workspace")

    def test_argument_of_other_tools(self) -> None:
        """It does not have the argument workspace, and with one it refuses."""
        self.assertNotIn("workspace", self.schemas()[REPORT]["properties"])
        error = self.error(REPORT, workspace=BLUE)
        self.assertEqual(error["code"], "one_workspace")

    def test_dates(self) -> None:
        """Dates are passed on, and must be in order."""
        report = self.done(
            REPORT, workspaces=[BLUE], start_date="2026-10-01", end_date="2026-10-07"
        )
        self.assertEqual(report["range"]["start_date"], "2026-10-01")
        error = self.error(REPORT, start_date="2026-10-07", end_date="2026-10-01")
        self.assertEqual(error["code"], "bad_argument")


del ChoiceTestCase
