"""Snapshots and resets of workspaces."""

from __future__ import annotations

from instantly_mcp.sandbox.faults import Fault, FaultKind
from instantly_mcp.sandbox.snapshots import MAX_SNAPSHOTS
from instantly_mcp.sandbox.workspaces import Sandbox

from .calls import SandboxTestCase


class SnapshotTests(SandboxTestCase):
    def state(self):
        """Return what a client sees."""
        return [
            self.ok("GET", "/campaigns", limit=100)["items"],
            self.ok("GET", "/emails", limit=100)["items"],
            self.ok("GET", "/sandbox/clock")["now"],
        ]

    def test_restore(self):
        """Content, time and faults come back; what follows is the same again."""
        campaign = self.campaign()["id"]
        self.lead_in(campaign, "reply.ann@example.com")
        self.ok("POST", f"/campaigns/{campaign}/activate")
        self.pass_time(hours=1)
        self.ok("POST", "/sandbox/faults", {"kind": "status", "on_call": 2})
        self.ok("GET", "/campaigns")
        self.ok("POST", "/sandbox/snapshot", {"name": "begun"})
        seen = []
        for _ in range(2):
            self.refused(500, "GET", "/campaigns")
            self.pass_time(days=2)
            seen.append(self.state())
            self.ok("POST", "/sandbox/restore", {"name": "begun"})
            self.assertEqual(self.ok("GET", "/sandbox/calls")["items"], [])
        self.assertEqual(seen[0], seen[1])
        self.assertTrue(any(mail["ue_type"] == 2 for mail in seen[0][1]))

    def test_jobs(self):
        """Jobs that run are in a snapshot, and finish after it."""
        everyone = {"include_all_emails": True}
        job = self.ok("POST", "/accounts/warmup/enable", everyone)["id"]
        self.ok("POST", "/sandbox/snapshot", {})
        for _ in range(2):
            self.pass_time(seconds=10)
            shown = self.ok("GET", f"/background-jobs/{job}")
            self.assertEqual(shown["status"], "success")
            warm = self.ok("GET", "/accounts", limit=1)["items"][0]
            self.assertEqual(warm["warmup_status"], 1)
            self.ok("POST", "/sandbox/restore", {})

    def test_of_one_workspace(self):
        """Another workspace has no snapshot of that name."""
        self.ok("POST", "/sandbox/snapshot", {"name": "a"})
        self.key = "sandbox-other"
        self.refused(404, "POST", "/sandbox/restore", {"name": "a"})
        for name in ("", "x" * 101, 3):
            self.refused(400, "POST", "/sandbox/snapshot", {"name": name})

    def test_limit(self):
        """Beyond a limit the oldest snapshot is gone."""
        for number in range(MAX_SNAPSHOTS + 1):
            self.sandbox.snapshot(f"{number}", "sandbox")
        self.refused(404, "POST", "/sandbox/restore", {"name": "0"})
        self.ok("POST", "/sandbox/restore", {"name": "1"})

    def test_resets(self):
        """Every reset leads to the same state, however often."""
        self.sandbox = Sandbox(
            self.clock,
            rate_limited=False,
            first_faults=lambda key: [Fault(kind=FaultKind.HTML)],
        )
        ids = []
        for _ in range(3):
            world = self.sandbox.workspace("sandbox-a").current_world()
            ids.append([*world.leads, *world.campaigns, world.new_id()])
            world.remove_lead(next(iter(world.leads.values())))
            faults = self.sandbox.workspace("sandbox-a").faults
            self.assertEqual(faults.next("any"), Fault(kind=FaultKind.HTML))
            self.assertEqual(self.sandbox.outbox("sandbox-a"), [])
            self.sandbox.reset("sandbox-a")
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(ids[1], ids[2])
