"""An overload of the server refuses the request, in every era and transport."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.features.results import MAX_WAITING_REQUESTS
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.protocol.wire.errors import OVERLOADED, ProtocolError
from tests.features.cases import ToolTestCase
from tests.features.feature_cases import FeatureTestCase
from tests.support.clients import BareClient, ModernClient, SessionClient, StreamClient
from tests.support.instantly import api_error
from tests.support.servers import FakeSessionStore, Identify, Line

BUSY = "This server has too many calls to Instantly under way. Nothing was sent; try"


def busy(operation_id: str = "listCampaign") -> ApiError:
    """Return the error that the client raises when its queue is full."""
    said = f"{BUSY} again in 5 s."
    return api_error(Reason.OVERLOADED, operation_id, message=said, retry_after=5.0)


class TransportTests(FeatureTestCase):
    """The refusal of a tools/call, on its way to each kind of client."""

    CALL = {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": "list_campaigns", "arguments": {}},
    }

    def setUp(self) -> None:
        """Let every call exceed the limit."""
        super().setUp()
        self.instantly.answers("listCampaign", busy())
        sessions = FakeSessionStore()
        self.line = Line(
            self.clock, self.server_features, sessions, (Identify(sessions),)
        )

    def assert_refused(self, message: Any) -> None:
        self.assertEqual(message["id"], 7)
        self.assertNotIn("result", message)
        error = message["error"]
        self.assertEqual(error["code"], OVERLOADED)
        self.assertNotIn(error["code"], range(-32768, -31999))
        self.assertTrue(error["message"].startswith(BUSY))
        self.assertEqual(error["data"]["retry_after"], 5)

    def test_over_http(self) -> None:
        """Every era that answers in the POST answers 503, Retry-After and the id."""
        for client in (
            SessionClient(self.line),
            ModernClient(self.line),
            BareClient(self.line),
        ):
            received = client.ask(self.CALL)
            answer = received.reply
            assert isinstance(answer, Answer)
            self.assertEqual(answer.status, 503)
            self.assertIn(("Retry-After", "5"), answer.headers)
            self.assert_refused(received.messages[0])

    def test_over_http_sse(self) -> None:
        """On HTTP+SSE it is a JSON-RPC error on the stream."""
        client = StreamClient(self.line)
        client.ask(self.CALL)
        self.assert_refused(client.responses()[-1])

    def test_behind_a_stream(self) -> None:
        """A response that is already a stream ends with the error."""
        late: Deferred[Any] = Deferred()
        self.instantly.answers("listCampaign", late)
        received = ModernClient(self.line).ask(self.CALL)
        self.clock.advance(5)
        late.errback(busy())
        self.assert_refused(received.messages[-1])


class RequestTests(FeatureTestCase):
    """The other requests that reach Instantly."""

    def assert_refused(self, error: ProtocolError) -> None:
        self.assertEqual((error.code, error.status), (OVERLOADED, 503))
        self.assertEqual(dict(error.headers), {"Retry-After": "5"})

    def test_resource(self) -> None:
        """A resource is refused, also when only one of its calls exceeds the limit."""
        for operation, uri in (
            ("getCampaign", "instantly://campaigns/c1"),
            ("getWorkspacePlanDetails", "instantly://workspace"),
        ):
            self.instantly.answers(operation, busy(operation))
            self.assert_refused(self.refusal("resources/read", {"uri": uri}))

    def test_prompt(self) -> None:
        """A prompt is refused, because part of its facts could be taken for all."""
        self.instantly.answers("countUnreadEmails", busy())
        self.assert_refused(self.prompt_error("morning_inbox"))

    def test_completion(self) -> None:
        """A completion is refused, and the next letter tries again."""
        asked = {
            "ref": {"type": "ref/prompt", "name": "launch_preflight"},
            "argument": {"name": "campaign", "value": "a"},
        }
        self.instantly.answers("listCampaign", busy(), {"items": [{"id": "abc"}]})
        self.assert_refused(self.refusal("completion/complete", asked))
        found = self.ask("completion/complete", asked)
        self.assertEqual(found["completion"]["values"], ["abc"])

    def test_waiters_of_a_completion(self) -> None:
        """The number of requests that wait for the same names is limited."""
        pending: Deferred[Any] = Deferred()
        self.instantly.answers("listCampaign", pending)
        asked = {
            "ref": {"type": "ref/prompt", "name": "launch_preflight"},
            "argument": {"name": "campaign", "value": "a"},
        }
        waiting = [
            self.asking("completion/complete", asked)
            for _ in range(MAX_WAITING_REQUESTS)
        ]
        self.assert_refused(self.refusal("completion/complete", asked))
        pending.callback({"items": []})
        for each in waiting:
            self.successResultOf(each)


class ToolTests(ToolTestCase):
    """Tools that have already written something, or spent a credit."""

    def test_any_tool(self) -> None:
        """The request is refused when the tool's first call exceeds the limit."""
        mail = {
            "id": "m",
            "eaccount": "a@example.com",
            "from_address_email": "b@example.org",
        }
        self.instantly.answers("getEmail", mail)
        self.instantly.answers("replyToEmail", busy("replyToEmail"), {"id": "sent"})
        reply = {"reply_to_uuid": "m", "subject": "s", "body": {"text": "t"}}
        running = self.starting("reply_to_email", **reply)
        error = self.failureResultOf(running, ProtocolError).value
        assert isinstance(error, ProtocolError)
        self.assertEqual(error.status, 503)
        # Nothing was sent, so the same reply may be sent now.
        self.assertEqual(self.value("reply_to_email", **reply)["id"], "sent")

    def test_between_chunks(self) -> None:
        """The result still reports what was written before."""
        added = {"total_sent": 1000, "leads_uploaded": 1000}
        self.instantly.answers("bulkAddLeads", added, busy("bulkAddLeads"))
        leads = [{"email": f"a{n}@example.com"} for n in range(1500)]
        failed = self.failure(
            "add_leads_to_campaign_or_list_bulk", list_id="l", leads=leads
        )
        self.assertEqual(failed["resume_from_index"], 1000)
        self.assertEqual(failed["error"]["code"], "overloaded")

    def test_while_a_job_is_followed(self) -> None:
        """A read of a started job is skipped; the result still names the job."""
        job = {"id": "j", "status": "pending", "progress": 0}
        self.instantly.answers("enableWarmupForAccounts", job)
        self.instantly.answers("getBackgroundJob", busy("getBackgroundJob"))
        running = self.starting("enable_warmup", email="a@example.com", wait_seconds=5)
        self.clock.advance(2)
        self.clock.advance(3)
        result = self.successResultOf(running).structured
        assert isinstance(result, dict)
        self.assertEqual(result["job"]["id"], "j")
        self.assertEqual(result["last_look_failed"]["code"], "overloaded")
