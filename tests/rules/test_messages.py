"""Messages of the modern era: envelopes, ids, notifications, errors."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.log_levels import LOG_LEVELS
from tests.support.clients import ModernClient, StreamClient
from tests.support.messages import (
    ABSENT,
    META,
    MODERN_VERSION,
    call,
    modern,
    request,
)

from .everything import ASKABLE, EverythingRig, RulesTestCase
from .test_lists import LISTS


class EnvelopeTests(RulesTestCase):
    def test_result_type_and_server(self) -> None:
        """Every result has resultType complete and the server's information."""
        for message in (
            request("server/discover"),
            *[request(method) for method, _, _ in LISTS],
            request("resources/read", {"uri": "test://static-text"}),
            request("prompts/get", {"name": "test_simple_prompt"}),
            call("hello"),
        ):
            with self.subTest(method=message["method"]):
                result = self.ask(message).result
                self.assertEqual(result["resultType"], "complete")
                server = result["_meta"][META + "serverInfo"]
                self.assertEqual(server["name"], "instantly-mcp")
                self.assertIn("version", server)

    def test_required_members(self) -> None:
        """Without version or capabilities a request is -32602 with 400."""
        for member in ("protocolVersion", "clientCapabilities"):
            message = modern(call("hello"), **{member: ABSENT})
            received = self.rig.send(
                message,
                version=MODERN_VERSION,
                with_headers={"mcp-method": "tools/call", "mcp-name": "hello"},
                speaks=MODERN_VERSION,
            )
            self.assertRefused(received, 400, -32602)

    def test_no_meta_at_all(self) -> None:
        """A request with the modern header and no _meta is modern, and -32602."""
        received = self.rig.send(
            request("server/discover", {}, id="d"),
            version=MODERN_VERSION,
            speaks=MODERN_VERSION,
        )
        self.assertRefused(received, 400, -32602)
        self.assertEqual(received.message["id"], "d")

    def test_client_info_is_optional(self) -> None:
        """A client without clientInfo is served like any other."""
        named = self.ask(request("tools/list")).message
        unnamed = self.ask(request("tools/list"), clientInfo=ABSENT).message
        self.assertEqual(named, unnamed)

    def test_ids_are_echoed(self) -> None:
        """Results and errors have the request's id with its value and type."""
        for id in (0, -1, 2**53, "", "0", "grün"):
            for method in ("tools/list", "unknown/method"):
                answered = self.ask(request(method, id=id)).message["id"]
                self.assertEqual((answered, type(answered)), (id, type(id)))

    def test_unreadable_ids(self) -> None:
        """An invalid id is -32600 and is left out of the error."""
        for id in (None, True, 1.5, [1], {"a": 1}):
            received = self.ask(request("tools/list", id=id))
            self.assertRefused(received, 400, -32600)
            self.assertNotIn("id", received.message)

    def test_unsupported_version_says_what_is(self) -> None:
        """-32022 has the requested version and those that discover offers."""
        offered = self.ask(request("server/discover")).result["supportedVersions"]
        message = modern(request("tools/list"), version="v999.0.0")
        received = self.rig.send_modern(message)
        self.assertRefused(received, 400, -32022)
        expected = {"supported": offered, "requested": "v999.0.0"}
        self.assertEqual(received.error["data"], expected)

    def test_gone_methods(self) -> None:
        """A method that this era removed is -32601 with 404."""
        for method in (
            "initialize",
            "ping",
            "logging/setLevel",
            "resources/subscribe",
            "resources/unsubscribe",
            "tasks/list",
            "tasks/result",
            "sampling/createMessage",
        ):
            with self.subTest(method=method):
                self.assertRefused(self.ask(request(method)), 404, -32601)

    def test_capabilities_declare_the_tables(self) -> None:
        """discover declares every feature; tasks and skills are extensions."""
        declared = self.ask(request("server/discover")).result["capabilities"]
        self.assertLessEqual({"tools", "prompts", "resources"}, declared.keys())
        self.assertNotIn("tasks", declared)
        extensions: Json = {
            "io.modelcontextprotocol/tasks": {},
            "io.modelcontextprotocol/skills": {"directoryRead": True},
        }
        self.assertEqual(declared["extensions"], extensions)


class LogTests(RulesTestCase):
    def levels(self, **meta: Json) -> list[str]:
        """Return the levels that a request receives of a tool that logs at each."""
        heard = self.ask(call("talk"), **meta).notifications
        return [one["params"]["level"] for one in heard]

    def test_at_or_above(self) -> None:
        """A request with logLevel receives messages of that level and above."""
        for index, level in enumerate(LOG_LEVELS):
            with self.subTest(level=level):
                self.assertEqual(self.levels(logLevel=level), [*LOG_LEVELS[index:]])

    def test_only_when_asked(self) -> None:
        """A request without logLevel receives no messages, also after one with it."""
        self.assertEqual(len(self.levels(logLevel="debug")), 8)
        self.assertEqual(self.levels(), [])

    def test_unknown_level(self) -> None:
        """A logLevel that MCP does not define is -32602 with 400."""
        for level in ("loud", "INFO", 3):
            self.assertRefused(self.ask(call("talk"), logLevel=level), 400, -32602)

    def test_on_its_own_stream(self) -> None:
        """A request does not receive the log messages of another request."""
        other = self.ask(call("test_tool_with_logging"), logLevel="debug")
        stream = StreamClient(self.rig)
        self.assertEqual(len(self.levels(logLevel="error")), 4)
        self.clock.pump([0.05] * 3)
        self.assertEqual(len(other.notifications), 3)
        self.assertEqual(stream.stream.notifications, [])


class ProgressTests(RulesTestCase):
    def test_strictly_increasing(self) -> None:
        """Progress that does not increase is not sent, in either era."""
        message = call("report", {"steps": [1, 1, 0.5, 2, 2, 3]}, token="t")
        for received in (self.ask(message), self.client().ask(message)):
            steps = [one["params"]["progress"] for one in received.notifications]
            self.assertEqual(steps, [1, 2, 3])

    def test_only_with_the_token_of_the_request(self) -> None:
        """Progress has the request's token; without a token it is not sent."""
        for token in ("t", "", 0, 7):
            received = self.ask(call("report", {"steps": [1]}, token=token))
            [told] = received.notifications
            self.assertEqual(told["params"]["progressToken"], token)
        self.assertEqual(self.ask(call("report", {"steps": [1]})).notifications, [])

    def test_while_it_waits(self) -> None:
        """A call that reports nothing reports at least every 15 s, in either era."""
        for ask in (self.ask, self.client().ask):
            received = ask(call("steps", token="t"))
            for expected in range(1, 5):
                self.clock.advance(15)
                seen = [n["params"]["progress"] for n in received.notifications]
                self.assertGreaterEqual(len(seen), expected)
                self.assertEqual(seen, sorted(set(seen)))
            self.rig.small.running[-1].finish()
            self.assertTrue(received.ended)

    def test_none_after_completion(self) -> None:
        """Messages of a tool after its result are not sent, in either era."""
        for ask in (self.ask, self.client().ask):
            received = ask(call("steps", token="t"))
            running = self.rig.small.running[-1]
            running.finish()
            before = len(received.messages)
            running.call.progress(99)
            running.call.log("emergency", "late")
            self.assertEqual(len(received.messages), before)
            self.assertTrue(received.ended)


class ToolErrorTests(RulesTestCase):
    def test_unknown_tool(self) -> None:
        """An unknown tool is a protocol error, -32602 with 200."""
        self.assertRefused(self.ask(call("nothing")), 200, -32602)

    def test_bad_arguments(self) -> None:
        """Invalid arguments give a result with isError that the model can read."""
        result = self.ask(call("echo", {"words": ""})).result
        self.assertTrue(result["isError"])

    def test_deep_arguments(self) -> None:
        """Arguments nested too deeply are refused."""
        deep: Json = {}
        for _ in range(70):
            deep = {"a": deep}
        result = self.ask(call("json_schema_2020_12_tool", deep)).result
        self.assertTrue(result["isError"])

    def test_failure_is_a_result(self) -> None:
        """A tool that fails answers a complete result with isError."""
        result = self.ask(call("test_error_handling")).result
        self.assertEqual((result["resultType"], result["isError"]), ("complete", True))

    def test_unknown_resource(self) -> None:
        """An unknown URI is -32602 with data.uri, and -32002 in the legacy era."""
        message = request("resources/read", {"uri": "test://nothing"})
        for received, code in (
            (self.ask(message), -32602),
            (self.client().ask(message), -32002),
            (self.client("2024-11-05").ask(message), -32002),
        ):
            self.assertRefused(received, 200, code)
            self.assertEqual(received.error["data"]["uri"], "test://nothing")

    def test_unknown_prompt(self) -> None:
        """An unknown prompt and bad arguments of one are -32602 with 200."""
        for params in (
            {"name": "nothing"},
            {"name": "letter"},
            {"name": "letter", "arguments": {"letter": [1]}},
            {"name": "letter", "arguments": {"letter": "a", "more": "b"}},
        ):
            for ask in (self.ask, self.client().ask):
                received = ask(request("prompts/get", params))
                self.assertRefused(received, 200, -32602)


class ProgressPropertyTests(SynchronousTestCase):
    @settings(deadline=None, max_examples=60)
    @given(st.lists(st.floats(-1e6, 1e6), max_size=12))
    def test_strictly_increasing_whatever_a_tool_reports(
        self, steps: list[float]
    ) -> None:
        """Any reports of progress arrive strictly increasing, up to the highest."""
        rig = EverythingRig(Clock())
        message = call("report", {"steps": steps}, token=1)
        received = ModernClient(rig).ask(message, clientCapabilities=ASKABLE)
        seen = [one["params"]["progress"] for one in received.notifications]
        self.assertEqual(seen, sorted(set(seen)))
        self.assertEqual(seen[-1:], [max(steps)] if steps else [])
        rig.check()
