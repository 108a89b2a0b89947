"""Writes in one of several workspaces: consents and tasks are for that one only."""

from __future__ import annotations

from instantly_mcp._json_codec import JsonObject
from tests.support.messages import call, request

from .agency_daemon import AgencyDaemon
from .agent_case import POLICY, AgentTestCase
from .oracle import settings_of
from .test_workspaces import BLUE, BOTH, GREEN, WorkspacesTestCase
from .ways import TASKS, error_of, modern_call, outcome, send_modern


class ConsentTests(WorkspacesTestCase):
    """Consents are for one workspace, also where both have an object of one name."""

    def setUp(self) -> None:
        """Choose an account that has the same address in both workspaces."""
        super().setUp()
        self.caller = self.daemon.caller(*BOTH)
        self.account = next(iter(self.daemon.world_of(BLUE).accounts))
        self.assertIn(self.account, self.daemon.world_of(GREEN).accounts)

    def delete(self, alias: str, **more: str) -> JsonObject:
        """Call for the deletion of the account in a workspace; return the result."""
        arguments = {"email": self.account, "workspace": alias, **more}
        return modern_call(self.caller, "delete_account", arguments)

    def exists(self, alias: str) -> bool:
        """Return whether the account still exists in a workspace."""
        return self.account in self.daemon.world_of(alias).accounts

    def test_token_of_another_workspace(self) -> None:
        """A token that confirms a deletion in one workspace confirms none elsewhere."""
        asked = error_of(self.delete(BLUE))
        self.assertEqual(asked["code"], "confirmation_required")
        self.assertIn(BLUE, str(asked["preview"]))
        token = asked["confirm_token"]
        refused = error_of(self.delete(GREEN, confirm_token=token))
        self.assertEqual(refused["code"], "confirmation_invalid")
        self.assertTrue(self.exists(GREEN))
        self.assertEqual(error_of(self.delete(BLUE, confirm_token=token)), {})
        self.assertFalse(self.exists(BLUE))
        self.assertTrue(self.exists(GREEN))

    def test_workspace_is_not_said_twice(self) -> None:
        """The workspace is chosen by its argument alone, whatever a preview says."""
        token = error_of(self.delete(BLUE))["confirm_token"]
        fixed = self.caller.with_(path=f"/w/{GREEN}")
        result = modern_call(
            fixed, "delete_account", {"email": self.account, "confirm_token": token}
        )
        self.assertEqual(error_of(result)["code"], "confirmation_invalid")
        self.assertTrue(self.exists(GREEN))


class TaskTests(WorkspacesTestCase):
    """A task belongs to the connection that started it, and acts in one workspace."""

    def test_task(self) -> None:
        """It acts where the call said, and only its own connection can ask for it."""
        caller = self.daemon.caller(*BOTH).with_(capabilities=TASKS)
        account = next(iter(self.daemon.world_of(BLUE).accounts))
        arguments = {"email": account, "workspace": BLUE}
        message = call("disable_warmup", arguments)
        started = outcome(send_modern(caller, message))
        self.assertEqual(started["resultType"], "task", started)
        asking = request("tasks/get", {"taskId": started["taskId"]})
        elsewhere = outcome(send_modern(caller.with_(path=f"/w/{GREEN}"), asking))
        self.assertEqual(elsewhere["error"]["code"], -32602)
        self.daemon.reactor.pump([1.0] * 40)
        ended = outcome(send_modern(caller, asking))["result"]
        self.assertEqual(ended["structuredContent"]["workspace"], BLUE)
        self.check(BLUE, ended)
        jobs = {alias: self.daemon.world_of(alias).jobs for alias in BOTH}
        self.assertEqual((len(jobs[BLUE]), len(jobs[GREEN])), (1, 0))


class ApprovalTests(AgentTestCase):
    """A person's approval is for the workspace that was shown."""

    key = f"sandbox-{BLUE}"
    daemon: AgencyDaemon

    def start(self) -> AgencyDaemon:
        """Start a daemon of an agency that asks a person about deletions."""
        return AgencyDaemon(state_dir=str(self.folder), **settings_of(POLICY))

    def exists(self, account: str, alias: str) -> bool:
        """Return whether an account still exists in a workspace."""
        return account in self.daemon.world_of(alias).accounts

    def test_approval_of_another_workspace(self) -> None:
        """What is approved for one workspace is not done in another one."""
        caller = self.daemon.caller(*BOTH)
        account = next(iter(self.daemon.world_of(BLUE).accounts))

        def delete(alias: str) -> JsonObject:
            arguments = {"email": account, "workspace": alias}
            return error_of(modern_call(caller, "delete_account", arguments))

        self.assertEqual(delete(BLUE)["code"], "approval_pending")
        (asked,) = self.successResultOf(self.daemon.books.approvals.pending())
        self.assertEqual(asked.workspace, BLUE)
        self.approve(asked.id)
        self.assertEqual(delete(GREEN)["code"], "approval_pending")
        self.assertTrue(self.exists(account, GREEN))
        self.assertEqual(delete(BLUE), {})
        self.assertFalse(self.exists(account, BLUE))
        self.assertTrue(self.exists(account, GREEN))
