"""Background jobs followed to their end: as tasks, with progress, or not at all."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.jobs import job_of
from instantly_mcp.features.workspace.memory.job_changes import (
    JobChangeTracker,
    job_uri,
)
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.calls.tasks import TASKS_CAPABILITY
from instantly_mcp.protocol.methods.tools import call_tool
from instantly_mcp.protocol.primitives.tool import TaskSupport, ToolResult
from instantly_mcp.protocol.server_features import (
    RequestContext,
    ServerFeatures,
    ServerInfo,
)
from instantly_mcp.protocol.wire.errors import OVERLOADED
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2025_11_25, V2026_07_28
from instantly_mcp.state.sealed_tokens import TokenSealer
from tests.features.cases import KEY, ToolTestCase
from tests.support.instantly import api_error

MOVE = "move_leads_to_campaign_or_list"
MOVED = {"to_list_id": "l2", "list_id": "l1"}


def job(status: str, progress: int = 0, **more: Any) -> JsonObject:
    """Return a job as the API shows it."""
    return {"id": "j", "type": "move-leads", "status": status, "progress": progress}


class FollowingCase(ToolTestCase):
    def moving(self, **given: Any) -> Deferred[ToolResult]:
        """Start to move leads."""
        return self.starting(MOVE, **MOVED, **given)

    def looks(self, *replies: Any) -> None:
        """Script the start of a job and its later statuses."""
        self.instantly.answers("moveLeads", job("pending"))
        self.instantly.answers("getBackgroundJob", *replies)

    @property
    def look_count(self) -> int:
        """How often the job was read."""
        return len(self.instantly.calls("getBackgroundJob"))


class WaitingTests(FollowingCase):
    def test_waits_to_the_end(self) -> None:
        """With wait_seconds the call answers with the job that has ended."""
        self.looks(job("in-progress", 40), job("success", 100))
        moving = self.moving(wait_seconds=20)
        self.clock.pump([2, 3])
        result = self.successResultOf(moving)
        self.assertEqual(result.structured["job"]["status"], "success")
        self.assertNotIn("next", result.structured)
        self.assertEqual(self.instantly.calls("moveLeads"), [MOVED])

    def test_tells_how_far_it_is(self) -> None:
        """Each read sends progress; the values grow even when the job stalls."""
        self.looks(job("in-progress", 40), job("in-progress", 40), job("success", 100))
        moving = self.moving(wait_seconds=20)
        self.clock.pump([2, 3, 5])
        self.successResultOf(moving)
        values = self.progress()
        self.assertEqual(values, sorted(set(values)))
        self.assertEqual([int(value) for value in values], [40, 40, 100])
        self.assertEqual(values[-1], 100)
        said = self.sink.messages[0]["params"]
        self.assertEqual((said["total"], said["message"]), (100, "in-progress, 40 %"))

    def test_stops_when_the_time_is_up(self) -> None:
        """After wait_seconds the result is the unfinished job, with how to read it."""
        self.looks(job("in-progress", 10))
        moving = self.moving(wait_seconds=6)
        self.clock.pump([2, 3])
        self.assertNoResult(moving)
        self.clock.advance(1)
        result = self.successResultOf(moving).structured
        self.assertEqual(self.look_count, 3)
        self.assertFalse(result["job"]["ended"])
        self.assertIn("get_background_job", result["next"])

    def test_token_alone_waits_a_little(self) -> None:
        """A call with a progress token waits ten seconds, unless wait_seconds is 0."""
        self.looks(job("in-progress", 10))
        moving = self.moving()
        self.clock.pump([2, 3, 5])
        self.successResultOf(moving)
        self.assertEqual(self.look_count, 3)
        self.successResultOf(self.moving(wait_seconds=0))
        self.assertEqual(self.look_count, 3)

    def test_no_token_no_wait(self) -> None:
        """Without a token and without wait_seconds the job's id comes at once."""
        self.looks(job("in-progress", 10))
        call = Call(caller=Caller(revision=V2025_11_25, credential=KEY))
        result = self.successResultOf(self.tool(MOVE).run(MOVED, call))
        self.assertEqual(result.structured["job"]["status"], "pending")
        self.assertEqual(self.look_count, 0)

    def test_longest(self) -> None:
        """A call waits at most 45 seconds, and says so if it was asked for more."""
        self.looks(job("in-progress", 10))
        moving = self.moving(wait_seconds=600)
        self.clock.pump([1] * 44)
        self.assertNoResult(moving)
        self.clock.advance(1)
        got = self.successResultOf(moving).structured
        self.assertIn("45 s", got["notice"])
        self.assertFalse(self.allows(MOVE, {**MOVED, "wait_seconds": 3601}))
        listed = self.tool(MOVE).input_schema["properties"]["wait_seconds"]
        self.assertEqual(listed["maximum"], 45)

    def test_the_time_of_reading_counts(self) -> None:
        """A read that takes long does not make the wait longer."""

        def slowly(arguments: Any) -> JsonObject:
            self.clock.rightNow += 8
            return job("in-progress", 10)

        self.looks(slowly)
        moving = self.moving(wait_seconds=20)
        self.clock.pump([2, 3, 1])
        self.assertEqual(self.look_count, 2)
        self.successResultOf(moving)

    def test_a_job_that_failed(self) -> None:
        """A job that ended badly is a failure that carries the job."""
        self.looks(job("failed", 30))
        moving = self.moving(wait_seconds=5)
        self.clock.advance(2)
        error = self.error_of(self.successResultOf(moving))
        self.assertEqual(error["code"], "job_failed")
        self.assertEqual(error["job"]["progress"], 30)

    def test_a_read_that_fails_once(self) -> None:
        """A failure that may pass does not end the wait."""
        passing = api_error(Reason.UPSTREAM_FAILED, "getBackgroundJob")
        self.looks(passing, job("success", 100))
        moving = self.moving(wait_seconds=20)
        self.clock.pump([2, 3])
        result = self.successResultOf(moving)
        self.assertFalse(result.is_error)
        self.assertNotIn("last_look_failed", result.structured)

    def test_a_read_that_cannot_succeed(self) -> None:
        """A rejected key ends the wait; the result still names the started job."""
        self.looks(api_error(Reason.KEY_REJECTED, "getBackgroundJob"))
        moving = self.moving(wait_seconds=20)
        self.clock.advance(2)
        result = self.successResultOf(moving)
        self.assertFalse(result.is_error)
        self.assertEqual(result.structured["job"]["id"], "j")
        code = result.structured["last_look_failed"]["code"]
        self.assertEqual(code, "key_rejected")

    def test_cancelling_ends_the_watching(self) -> None:
        """A call that is cancelled leaves no timer behind."""
        self.looks(job("in-progress", 10))
        moving = self.moving(wait_seconds=20)
        moving.cancel()
        self.failureResultOf(moving)

    def test_warmup_is_followed_too(self) -> None:
        """Both warm-up tools wait in the same way and send no wait_seconds."""
        for name, id in (
            ("enable_warmup", "enableWarmupForAccounts"),
            ("disable_warmup", "disableWarmupForAccounts"),
        ):
            self.instantly.answers(id, job("pending"))
            self.instantly.answers("getBackgroundJob", job("success", 100))
            changing = self.starting(name, email="a@example.com", wait_seconds=5)
            self.clock.advance(2)
            ended = self.successResultOf(changing).structured["job"]["ended"]
            self.assertTrue(ended)
            self.assertEqual(self.instantly.calls(id), [{"emails": ["a@example.com"]}])


class TaskTests(FollowingCase):
    def setUp(self) -> None:
        """Provide the tools to a client that supports tasks."""
        super().setUp()
        self.server_features = ServerFeatures(
            info=ServerInfo(name="n", title="t", version="1"),
            tools=self.tools,
            seal=TokenSealer([Fernet.generate_key()], self.clock.seconds),
            clock=self.clock,
            wall_clock=self.clock.seconds,
        )

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a tool as a task; return the handle, or the result."""
        params = {"name": name, "arguments": arguments}
        context = RequestContext(
            request=Request(id=1, method="tools/call", params=params),
            caller=Caller(revision=V2026_07_28, credential=KEY),
            capabilities=TASKS_CAPABILITY,
        )
        running = call_tool(self.server_features, context)
        assert isinstance(running, Deferred)
        return self.successResultOf(running)

    def task(self, handle: JsonObject) -> JsonObject:
        """Return the task as ``tasks/get`` shows it."""
        found = self.server_features.tasks.find(handle["taskId"], KEY.principal)
        return found.as_detailed()

    def test_mirrors_the_job(self) -> None:
        """The task's message follows the job, and its result is the ended job."""
        self.looks(job("in-progress", 40), job("success", 100))
        handle = self.call(MOVE, **MOVED)
        self.assertEqual(handle["resultType"], "task")
        self.assertIn("pending, 0 %", handle["statusMessage"])
        self.clock.advance(2)
        shown = self.task(handle)
        self.assertEqual(shown["status"], "working")
        self.assertEqual(shown["statusMessage"], "in-progress, 40 %")
        self.clock.advance(3)
        shown = self.task(handle)
        self.assertEqual(shown["status"], "completed")
        ended = loads(dumps(shown["result"]))["structuredContent"]["job"]
        self.assertEqual(ended["status"], "success")

    def test_overload_ends_a_task(self) -> None:
        """A call that became a task and is refused then ends as a failed task."""
        self.instantly.answers(
            "bulkAddLeads", api_error(Reason.OVERLOADED, "bulkAddLeads", retry_after=5)
        )
        leads = [{"email": f"a{n}@example.com"} for n in range(1500)]
        handle = self.call(
            "add_leads_to_campaign_or_list_bulk", list_id="l", leads=leads
        )
        shown = self.task(handle)
        self.assertEqual(shown["status"], "failed")
        self.assertEqual(shown["error"]["code"], OVERLOADED)

    def test_a_failed_job(self) -> None:
        """A job that failed ends as a tool error inside the task."""
        self.looks(job("failed", 3))
        handle = self.call(MOVE, **MOVED)
        self.clock.advance(2)
        self.assertTrue(self.task(handle)["result"]["isError"])

    def test_cancelling_ends_the_watching(self) -> None:
        """A cancelled task stops reading; the job itself cannot be cancelled."""
        self.looks(job("in-progress", 1))
        handle = self.call(MOVE, **MOVED)
        self.server_features.tasks.cancel(
            self.server_features.tasks.find(handle["taskId"], KEY.principal)
        )
        self.clock.advance(100)
        self.assertEqual(self.look_count, 0)
        self.assertEqual(self.task(handle)["status"], "cancelled")

    def test_gives_up_after_an_hour(self) -> None:
        """A job that never ends is returned unfinished."""
        self.looks(job("paused", 1))
        handle = self.call(MOVE, **MOVED)
        for _ in range(400):
            self.clock.advance(10)
        self.assertEqual(self.task(handle)["status"], "completed")
        self.assertLess(self.look_count, 370)

    def test_waits_as_long_as_it_says(self) -> None:
        """A wait of at most 45 s needs no task; a longer one is a task that ends."""
        self.looks(job("paused", 1))
        handle = self.call(MOVE, **MOVED, wait_seconds=600)
        for _ in range(59):
            self.clock.advance(10)
        self.assertEqual(self.task(handle)["status"], "working")
        self.clock.advance(10)
        shown = self.task(handle)
        self.assertEqual(shown["status"], "completed")
        self.assertNotIn("45 s", dumps(shown["result"]).decode())
        self.assertIn("structuredContent", self.call(MOVE, **MOVED, wait_seconds=0))

    def test_a_list(self) -> None:
        """The verification of a list becomes a task that lasts as long as it does."""
        unverified = {"stats": {}, "total_leads": 5}
        pending = {"stats": {"verification_job_pending_user": 5}, "total_leads": 5}
        verified = {"stats": {"verified": 5}, "total_leads": 5}
        self.instantly.answers("getLeadList", {"id": "l1", "name": "L"})
        self.instantly.answers(
            "getVerificationStats", unverified, *[pending] * 20, verified
        )
        self.instantly.answers("getEnrichmentForResource", {"resource_id": "l1"})
        self.instantly.answers("createSuperSearchEnrichment", {"id": "e"})
        handle = self.call("verify_email", list_id="l1", agreed_credits=5)
        self.assertIn("Verifying 5 addresses", handle["statusMessage"])
        self.clock.pump([10] * 25)
        shown = self.task(handle)
        self.assertEqual(shown["status"], "completed")
        result = loads(dumps(shown["result"]))["structuredContent"]
        self.assertTrue(result["finished"])

    def test_a_job_that_ended_at_once(self) -> None:
        """A job that has already ended needs no task."""
        self.instantly.answers("moveLeads", job("success", 100))
        self.assertIn("structuredContent", self.call(MOVE, **MOVED))

    def test_many_leads(self) -> None:
        """A bulk add of several chunks is a task, one of a single chunk is not."""
        leads = [{"email": f"p{n}@example.com"} for n in range(1001)]
        waiting: Deferred[Any] = Deferred()
        self.instantly.answers("bulkAddLeads", waiting, {"leads_uploaded": 1})
        name = "add_leads_to_campaign_or_list_bulk"
        handle = self.call(name, leads=leads, campaign_id="c")
        self.assertIn("1001 leads in 2 chunks", handle["statusMessage"])
        waiting.callback({"leads_uploaded": 1000})
        self.assertEqual(self.task(handle)["status"], "completed")
        few = self.call(name, leads=leads[:2], campaign_id="c")
        self.assertNotIn("taskId", few)

    def test_verification(self) -> None:
        """A verification that stays pending becomes a task, and is paid for once."""
        pending = {"verification_status": "pending"}
        self.instantly.answers("createEmailVerification", pending)
        self.instantly.answers(
            "checkVerificationStatus",
            *[pending] * 8,
            {"verification_status": "verified"},
        )
        handle = self.call("verify_email", email="a@example.com")
        self.clock.pump([1] * 80)
        self.assertEqual(self.task(handle)["status"], "completed")
        self.assertEqual(len(self.instantly.calls("createEmailVerification")), 1)

    def test_who_may_be_a_task(self) -> None:
        """Tools that change something can become tasks, and no others.

        They may last long, or wait for a person's approval.
        """
        for tool in self.tools.listed():
            reads = tool.annotations.read_only
            expected = TaskSupport.NEVER if reads else TaskSupport.OPTIONAL
            self.assertIs(tool.task, expected, tool.name)


class JobChangeTests(ToolTestCase):
    def setUp(self) -> None:
        """Collect the reported changes."""
        super().setUp()
        self.told: list[tuple[str, str]] = []
        self.tracker = JobChangeTracker(lambda uri, who: self.told.append((uri, who)))

    def test_first_read_is_not_a_change(self) -> None:
        """Only a difference from an earlier read is reported."""
        self.tracker.record(job("pending"), "p")
        self.tracker.record(job("pending"), "p")
        self.assertEqual(self.told, [])
        self.tracker.record(job("pending", 5), "p")
        self.tracker.record(job("success", 100), "p")
        self.assertEqual(self.told, [("instantly://jobs/j", "p")] * 2)

    def test_principals_are_apart(self) -> None:
        """Jobs of different principals are compared separately."""
        self.tracker.record(job("pending"), "p")
        self.tracker.record(job("success"), "q")
        self.assertEqual(self.told, [])

    def test_bounded(self) -> None:
        """The oldest status is forgotten first."""
        few = JobChangeTracker(lambda uri, who: self.told.append((uri, who)), 2)
        for id in ("a", "b", "c"):
            few.record({"id": id, "status": "pending"}, "p")
        few.record({"id": "a", "status": "success"}, "p")
        self.assertEqual(self.told, [])
        few.record({"id": "c", "status": "success"}, "p")
        self.assertEqual(self.told, [("instantly://jobs/c", "p")])

    def test_odd_replies(self) -> None:
        """A value that is not a job is ignored."""
        nothing: list[Json] = [None, [], {"id": 3}, {}]
        for odd in nothing:
            self.tracker.record(odd, "p")
        self.assertEqual(self.told, [])

    def test_uri_is_escaped(self) -> None:
        """An id never changes the shape of the URI."""
        self.assertEqual(job_uri("a/b c"), "instantly://jobs/a%2Fb%20c")

    def test_every_read_is_recorded(self) -> None:
        """Reading, listing and following jobs all record their status."""
        self.instantly.answers("getBackgroundJob", job("pending"), job("success"))
        self.instantly.answers("listBackgroundJob", {"items": [job("in-progress")]})
        self.value("get_background_job", job_id="j")
        self.value("list_background_jobs")
        self.value("get_background_job", job_id="j")
        self.assertEqual(self.changed_resources, [(job_uri("j"), KEY.principal)] * 2)


class JobViewTests(SynchronousTestCase):
    def test_long_lists_are_cut(self) -> None:
        """Of the moved addresses the first are shown, and the others counted."""
        data = {"moved_leads": 30, "moved_lead_emails": [f"p{n}" for n in range(30)]}
        shown = job_of({"id": "j", "status": "success", "data": data})
        self.assertEqual(len(shown["data"]["moved_lead_emails"]), 20)
        self.assertEqual(shown["not_shown"], {"moved_lead_emails": 10})
        self.assertEqual(shown["data"]["moved_leads"], 30)
        few = {"id": "j", "status": "success", "data": {"failed_emails": ["a"]}}
        self.assertEqual(job_of(few), {**few, "ended": True})
