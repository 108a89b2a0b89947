"""Scripted faults: which calls they hit, and what the client receives."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed, ResponseNeverReceived, readBody
from twisted.web.server import Site

from instantly_mcp._json_codec import dumps
from instantly_mcp.sandbox.app import web_resource
from instantly_mcp.sandbox.errors import SandboxError
from instantly_mcp.sandbox.faults import (
    MAX_FAULTS,
    Fault,
    FaultKind,
    FaultScript,
    fault_as_json,
    read_fault,
)

from .calls import SandboxTestCase

IDS = frozenset({"listCampaign", "createLeadList"})


class ScriptTests(SandboxTestCase):
    def strikes(self, fault: Fault, calls: int = 6) -> list[int]:
        """Which calls (from 1) a fault hits."""
        script = FaultScript()
        script.add(fault)
        return [number for number in range(1, calls + 1) if script.next("listCampaign")]

    def test_when(self) -> None:
        """A fault hits as many calls as it says, from its first call on."""
        cases: tuple[tuple[dict[str, Any], list[int]], ...] = (
            ({}, [1]),
            ({"on_call": 3}, [3]),
            ({"on_call": 2, "times": 2}, [2, 3]),
            ({"on_call": 4, "times": 0}, [4, 5, 6]),
            ({"operation": "listCampaign"}, [1]),
            ({"operation": "createLeadList"}, []),
        )
        for fields, hit in cases:
            fault = Fault(kind=FaultKind.STATUS, **fields)
            self.assertEqual(self.strikes(fault), hit, fields)

    def test_spent_faults_are_forgotten(self) -> None:
        """A fault that cannot hit another call is removed from the script."""
        script = FaultScript()
        script.add(Fault(kind=FaultKind.SLOW))
        script.next("listCampaign")
        self.assertEqual(script.as_json(), [])

    def test_bounded(self) -> None:
        """The number of faults of a script is limited."""
        script = FaultScript()
        for _ in range(MAX_FAULTS):
            script.add(Fault(kind=FaultKind.SLOW))
        with self.assertRaises(SandboxError):
            script.add(Fault(kind=FaultKind.SLOW))

    def test_round_trip(self) -> None:
        """A fault is read back from its own JSON."""
        fault = Fault(kind=FaultKind.INSIDE, operation="listCampaign", body={"a": 1})
        self.assertEqual(read_fault(fault_as_json(fault), IDS), fault)

    def test_refusals(self) -> None:
        """JSON that is not a valid fault is refused with a reason."""
        wrong: tuple[Any, ...] = (
            [],
            {},
            {"kind": "explode"},
            {"kind": "slow", "when": 3},
            {"kind": "slow", "operation": "unknown"},
            {"kind": "slow", "on_call": 0},
            {"kind": "slow", "times": True},
            {"kind": "slow", "seconds": "3"},
            {"kind": "status", "status": 200},
            {"kind": "status", "retry_after": "1\r\nx: y"},
            {"kind": "status", "message": 5},
        )
        for given in wrong:
            with self.assertRaises(SandboxError, msg=given):
                read_fault(given, IDS)


class StrikingTests(SandboxTestCase):
    def add(self, kind: str, **fields: Any) -> None:
        """Script a fault for the test's key."""
        self.sandbox.add_fault(Fault(kind=FaultKind(kind), **fields), self.key)

    def create(self) -> Any:
        """Begin a call that has an effect."""
        return self.send("POST", "/lead-lists", {"name": "Effect"})

    def effects(self) -> int:
        """How often the call had its effect."""
        return len(self.ok("GET", "/lead-lists", search="Effect")["items"])

    def test_status(self) -> None:
        """A 429 on the third call, with a Retry-After, and no effect."""
        self.add(
            "status",
            operation="createLeadList",
            on_call=3,
            status=429,
            retry_after="2",
            message="Slow down",
        )
        got = [self.ask("POST", "/lead-lists", {"name": "Effect"}) for _ in range(4)]
        self.assertEqual([each.status for each in got], [200, 200, 429, 200])
        self.assertEqual(got[2].json["message"], "Slow down")
        self.assertEqual(got[2].headers.getRawHeaders("retry-after"), ["2"])
        self.assertEqual(self.effects(), 3)

    def test_every_documented_error(self) -> None:
        """Any error status comes in the API's envelope."""
        for status in (400, 401, 402, 403, 404, 409, 413, 429, 500, 503):
            self.add("status", status=status)
            self.refused(status, "GET", "/campaigns")

    def test_html(self) -> None:
        """A proxy's page instead of JSON."""
        self.add("html", status=502)
        got = self.ask("GET", "/campaigns")
        self.assertEqual(got.status, 502)
        self.assertEqual(got.headers.getRawHeaders("content-type"), ["text/html"])
        self.assertIn(b"<html>", got.body)

    def test_inside(self) -> None:
        """An error inside a 200."""
        self.add("inside", body={"error": "ACC_AUTH_ERROR"})
        got = self.ask("POST", "/lead-lists", {"name": "Effect"}, checked=False)
        self.assertEqual((got.status, got.json), (200, {"error": "ACC_AUTH_ERROR"}))
        self.assertEqual(self.effects(), 0)

    def test_garbage(self) -> None:
        """A body with a JSON content type that is not JSON."""
        self.add("garbage")
        got = self.ask("GET", "/campaigns", checked=False)
        self.assertEqual(got.status, 200)
        self.assertRaises(ValueError, lambda: got.json)

    def test_slow(self) -> None:
        """The correct reply arrives after the given seconds."""
        self.add("slow", seconds=3.0)
        waiting = self.create()
        self.clock.advance(2.9)
        self.assertNoResult(waiting)
        self.clock.advance(0.2)
        self.assertEqual(self.successResultOf(waiting).code, 200)
        self.assertEqual(self.effects(), 1)

    def test_slow_error(self) -> None:
        """An error can be late too."""
        self.add("status", status=503, seconds=1.0)
        waiting = self.create()
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(waiting).code, 503)

    def test_cut(self) -> None:
        """The body ends in the middle, though its length promised more."""
        self.add("cut")
        response = self.successResultOf(self.create())
        failure = self.failureResultOf(readBody(response))
        failure.trap(ResponseFailed)
        self.assertGreater(response.length, 0)
        self.assertEqual(self.effects(), 1)

    def test_drop(self) -> None:
        """The call has its effect, but no reply comes back."""
        self.add("drop")
        self.failureResultOf(self.create(), ResponseNeverReceived)
        self.assertEqual(self.effects(), 1)

    def test_silent(self) -> None:
        """No reply is sent; cancelling ends the call on both sides."""
        self.add("silent")
        waiting = self.create()
        self.clock.advance(1000)
        self.assertNoResult(waiting)
        waiting.cancel()
        self.failureResultOf(waiting, ResponseNeverReceived)

    def test_refusal_under_a_fault(self) -> None:
        """A late refusal is still the refusal."""
        self.add("slow", seconds=1.0)
        waiting = self.send("GET", "/campaigns/none")
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(waiting).code, 404)

    def test_faults_are_a_workspace_s(self) -> None:
        """Another key is not affected; reset removes the faults."""
        self.add("status", times=0)
        self.key = "sandbox-other"
        self.ok("GET", "/campaigns")
        self.key = "sandbox"
        self.refused(500, "GET", "/campaigns")
        self.sandbox.reset(self.key)
        self.ok("GET", "/campaigns")


class ControlTests(SandboxTestCase):
    """The control routes of the simulated API, called with raw HTTP."""

    def setUp(self) -> None:
        """Serve the sandbox to a string."""
        super().setUp()
        self.site = Site(web_resource(self.sandbox), reactor=self.clock)

    def say(self, method: str, path: str, body: Any = None) -> tuple[bytes, bool]:
        """Send one request over a connection of its own; return what came back."""
        transport = StringTransport()
        protocol = self.site.buildProtocol(None)
        protocol.makeConnection(transport)
        content = b"" if body is None else dumps(body)
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
        head += "Authorization: Bearer sandbox\r\n"
        if body is not None:
            head += "Content-Type: application/json\r\n"
        head += f"Content-Length: {len(content)}\r\n\r\n"
        protocol.dataReceived(head.encode() + content)
        protocol.connectionLost(Failure(ConnectionDone()))
        return transport.value(), transport.disconnecting

    def test_clock(self) -> None:
        """POST /sandbox/clock lets time pass in the workspace."""
        said, _ = self.say("POST", "/sandbox/clock", {"advance_seconds": 86400})
        self.assertIn(b'"now":"2026-11-03T09:00:00.000Z"', said)
        for wrong in (
            {},
            {"advance_seconds": "1"},
            {"advance_seconds": -1},
            {"advance_seconds": True},
            {"advance_seconds": 1e12},
        ):
            said, _ = self.say("POST", "/sandbox/clock", wrong)
            self.assertTrue(said.startswith(b"HTTP/1.1 400"), wrong)

    def test_faults(self) -> None:
        """Faults are added, shown, applied and removed over HTTP."""
        fault = {"kind": "cut", "operation": "listCampaign"}
        said, _ = self.say("POST", "/sandbox/faults", fault)
        self.assertIn(b'"kind":"cut"', said)
        said, _ = self.say("GET", "/sandbox/faults")
        self.assertIn(b'"kind":"cut"', said)
        said, disconnecting = self.say("GET", "/api/v2/campaigns")
        head, _, body = said.partition(b"\r\n\r\n")
        promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.assertTrue(disconnecting)
        self.assertTrue(0 < len(body) < promised)
        self.say("POST", "/sandbox/faults", {"kind": "status", "times": 0})
        said, _ = self.say("DELETE", "/sandbox/faults")
        self.assertIn(b'"items":[]', said)
        said, _ = self.say("GET", "/api/v2/campaigns")
        self.assertTrue(said.startswith(b"HTTP/1.1 200"))

    def test_drop(self) -> None:
        """A dropped reply is a closed connection without a byte."""
        self.say("POST", "/sandbox/faults", {"kind": "drop"})
        self.assertEqual(self.say("GET", "/api/v2/campaigns"), (b"", True))

    def test_nonsense(self) -> None:
        """Invalid control requests are refused in the envelope."""
        for method, path, body in (
            ("POST", "/sandbox/faults", []),
            ("POST", "/sandbox/faults", {"kind": "x"}),
            ("POST", "/sandbox/faults", {"kind": "slow", "operation": "nothing"}),
        ):
            said, _ = self.say(method, path, body)
            self.assertTrue(said.startswith(b"HTTP/1.1 400"), body)
            self.assertIn(b'"statusCode":400', said)

    def test_outbox_without_a_key(self) -> None:
        """The outbox can be opened in a browser; a foreign key is refused."""
        got = self.ask("GET", "/sandbox/outbox?key=sandbox", headers={})
        self.assertEqual(got.json["items"], [])
        self.refused(
            401, "GET", "/sandbox/outbox", headers={"authorization": "Bearer other"}
        )
