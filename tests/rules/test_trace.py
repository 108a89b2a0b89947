"""OpenTelemetry: the trace context of ``_meta`` is read, passed on and logged."""

from __future__ import annotations

from twisted.logger import capturedLogs

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.features.workspace.context import FeatureContext, ServerFacts
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.trace import Trace
from instantly_mcp.protocol.wire.versions import V2026_07_28
from tests.support.access import permissive_guard
from tests.support.cases import ClockedTestCase
from tests.support.clients import StreamClient
from tests.support.instantly import RecordingInstantly
from tests.support.messages import call, modern, request
from tests.support.seals import new_seal
from tests.support.servers import credential

from .everything import RulesTestCase

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"


def traced(meta: JsonObject, id: Json = 1) -> dict[str, Json]:
    """Return a call of the tool that returns its trace."""
    message = call("traced", id=id)
    return {**message, "params": {**message["params"], "_meta": meta}}


class UpstreamTests(ClockedTestCase):
    def test_handed_on(self) -> None:
        """Requests to Instantly have the call's traceparent and no baggage."""
        instantly = RecordingInstantly()
        facts = ServerFacts(name="instantly-mcp", version="0")
        context = FeatureContext(
            guard=permissive_guard(),
            seal=new_seal(),
            instantly=instantly,
            clock=self.clock,
            facts=facts,
        )
        caller = Caller(revision=V2026_07_28, credential=credential())
        trace = Trace(traceparent=PARENT, tracestate="a=1", baggage="user=7")
        for known in (trace, None):
            running = Call(caller=caller, trace=known)
            self.successResultOf(context.execute("listCampaign", {}, running))
        handed = [each.traceparent for each in instantly.executed]
        self.assertEqual(handed, [PARENT, None])


class TraceTests(RulesTestCase):
    def seen(self, **meta: Json) -> Json:
        """Return the trace that a tool gets, which is the same in both eras."""
        found = self.ask(traced(meta)).result["structuredContent"]["trace"]
        legacy = self.client().ask(traced(meta)).result["structuredContent"]["trace"]
        self.assertEqual(legacy, found)
        return found

    def test_read_from_meta(self) -> None:
        """All three keys reach the tool unchanged."""
        found = self.seen(
            traceparent=PARENT, tracestate="a=1,b@c=2", baggage="tenant=7;p=1,x=2"
        )
        self.assertEqual(found, [PARENT, "a=1,b@c=2", "tenant=7;p=1,x=2"])

    def test_absent(self) -> None:
        """Without a traceparent there is no trace, whatever the other keys are."""
        self.assertIsNone(self.seen())
        self.assertIsNone(self.seen(tracestate="a=1", baggage="a=1"))

    def test_malformed_parent(self) -> None:
        """A malformed traceparent is ignored and the call is executed."""
        for parent in (
            PARENT.upper(),
            PARENT[:-1],
            PARENT + "-00",
            PARENT + "\n",
            PARENT.replace(TRACE_ID, "0" * 32),
            PARENT.replace("b7ad6b7169203331", "0" * 16),
            "ff" + PARENT[2:],
            7,
            None,
            [PARENT],
        ):
            with self.subTest(parent=parent):
                self.assertIsNone(self.seen(traceparent=parent))

    def test_malformed_rest(self) -> None:
        """A malformed tracestate or baggage is ignored, the parent is kept."""
        for rest in ("", "no pairs", "grün=\N{SNOWMAN}", "a=1\r\nx: y", 7):
            with self.subTest(rest=rest):
                found = self.seen(traceparent=PARENT, tracestate=rest, baggage=rest)
                self.assertEqual(found[0], PARENT)
                self.assertIsNone(found[2])

    def test_not_from_http_headers(self) -> None:
        """A traceparent header is not used: it belongs to the trace of a proxy."""
        fields = {"traceparent": PARENT}
        received = self.rig.send_modern(modern(traced({})), with_headers=fields)
        self.assertIsNone(received.result["structuredContent"]["trace"])

    def test_logged(self) -> None:
        """Every request with a trace is logged once, with its method and trace id."""
        listing = request("tools/list", {"_meta": {"traceparent": PARENT}})
        stream = StreamClient(self.rig)
        client = self.client()
        for send, message in (
            (self.ask, traced({"traceparent": PARENT})),
            (self.ask, listing),
            (client.ask, listing),
            (stream.ask, listing),
        ):
            with capturedLogs() as events:
                send(message)
            lines = [event for event in events if event.get("trace_id")]
            self.assertEqual(len(lines), 1)
            self.assertEqual(lines[0]["trace_id"], TRACE_ID)
            self.assertEqual(lines[0]["method"], message["method"])

    def test_not_logged(self) -> None:
        """Requests without a valid trace are not logged so."""
        with capturedLogs() as events:
            self.ask(traced({}))
            self.ask(traced({"traceparent": PARENT.upper()}))
        self.assertEqual([event for event in events if "trace_id" in event], [])

    def test_values_are_not_logged(self) -> None:
        """Baggage may identify a user, so it is not logged."""
        with capturedLogs() as events:
            self.ask(traced({"traceparent": PARENT, "baggage": "user=canary-7"}))
        self.assertNotIn("canary-7", repr(events))
