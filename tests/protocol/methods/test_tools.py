"""``tools/list`` and ``tools/call`` in every revision."""

from __future__ import annotations

from attrs import evolve
from jsonschema_rs import Draft202012Validator
from twisted.internet.defer import CancelledError, Deferred, succeed

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.methods.tools import call_tool
from instantly_mcp.protocol.primitives.tool import ToolResult, text
from instantly_mcp.protocol.wire.versions import (
    ALL_REVISIONS,
    MODERN_REVISIONS,
    Revision,
)
from tests.support.cases import ClockedTestCase
from tests.support.engines import EngineTestCase
from tests.support.messages import call, modern, request
from tests.support.toolboxes import Fault

from ..sample_features import features_of, request_context, tool


class ListTests(EngineTestCase):
    def test_every_revision(self) -> None:
        """Every revision lists the same tools in the same order."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(request("tools/list", {}), version)
                names = [entry["name"] for entry in answer["result"]["tools"]]
                self.assertEqual(names, [tool.name for tool in self.toolbox.listed()])

    def test_identical(self) -> None:
        """Within a revision the list is the same for everyone, byte for byte."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                message = request("tools/list", {})
                known = self.successResultOf(self.handled(message, version))
                unknown = self.successResultOf(self.handled(message, version, key=None))
                assert known is not None
                assert unknown is not None
                self.assertEqual(known.encode(), unknown.encode())

    def test_invalid_cursor(self) -> None:
        """A cursor that this server did not issue is -32602, also an empty one."""
        for version in ALL_REVISIONS:
            for cursor in ("", "x", 7):
                with self.subTest(version=version, cursor=cursor):
                    message = request("tools/list", {"cursor": cursor})
                    answer = self.answer(message, version)
                    self.assertEqual(answer["error"]["code"], -32602)


class CallTests(EngineTestCase):
    def test_every_revision(self) -> None:
        """A tool answers in every revision, with text at least."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(call("echo", {"words": "hi"}), version)
                content = answer["result"]["content"]
                self.assertEqual(content, [text('{"said":"hi"}')])

    def test_structured_list(self) -> None:
        """A list is structured content only where it may be one."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                result = self.answer(call("numbers"), version)["result"]
                modern = version in MODERN_REVISIONS
                self.assertEqual("structuredContent" in result, modern)
                self.assertEqual(result["content"], [text("[1,2,3]")])

    def test_arguments_are_optional(self) -> None:
        """Absent and null arguments are empty ones."""
        for message in (call("numbers"), call("numbers", None), call("numbers", {})):
            self.assertNotIn("error", self.answer(message))

    def test_unlisted_tools_are_callable(self) -> None:
        """A tool that is not listed can still be called."""
        handled = self.handled(call("relay", {"tag": "x"}))
        self.assertNoResult(handled)
        self.toolbox.running[0].finish()
        response = self.successResultOf(handled)
        assert response is not None
        self.assertIsNone(response.error)

    def test_unknown_tool(self) -> None:
        """An unknown tool is -32602, and so is a name that is not a string."""
        names: list[Json] = ["nothing", "", None, 7, ["echo"]]
        for version in ALL_REVISIONS:
            for name in names:
                with self.subTest(version=version, name=name):
                    answer = self.answer(call(name, {}), version)
                    self.assertEqual(answer["error"]["code"], -32602)

    def test_long_names_are_cut(self) -> None:
        """The name of an unknown tool is repeated in part only."""
        answer = self.answer(call("x" * 10_000, {}))
        self.assertLess(len(answer["error"]["message"]), 200)

    def test_arguments_that_are_not_an_object(self) -> None:
        """Arguments that are not an object are -32602 in every revision."""
        odd: list[Json] = [[], "x", 7, True]
        for version in ALL_REVISIONS:
            for arguments in odd:
                with self.subTest(version=version, arguments=arguments):
                    answer = self.answer(call("echo", arguments), version)
                    self.assertEqual(answer["error"]["code"], -32602)
        self.assertEqual(self.toolbox.ran, [])

    def test_bad_arguments(self) -> None:
        """Bad arguments are results in every revision, and nothing is done."""
        for version in ALL_REVISIONS:
            for arguments in ({}, {"words": 7}, {"words": "x", "wrods": "y"}):
                with self.subTest(version=version, arguments=arguments):
                    answer = self.answer(call("echo", arguments), version)
                    self.assertTrue(answer["result"]["isError"])
                    said = answer["result"]["content"][0]["text"]
                    self.assertIn("Nothing was done.", said)
                    if version >= "2025-06-18":
                        structured = answer["result"]["structuredContent"]
                        self.assertEqual(structured["code"], "bad_argument")
        self.assertEqual(self.toolbox.ran, [])

    def test_refusal_is_a_result(self) -> None:
        """A refusal of a tool is a result that a model can read."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                result = self.answer(call("refused"), version)["result"]
                self.assertTrue(result["isError"])
                self.assertEqual(result["content"], [text("No such campaign.")])

    def test_bug(self) -> None:
        """A bug is -32603 with an incident id and no details, and is logged once."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(call("boom"), version)
                self.assertEqual(answer["error"]["code"], -32603)
                self.assertNotIn("a bug", str(answer))
                self.assertEqual(len(answer["error"]["data"]["incident"]), 12)
                self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)


class AcceptedTests(ClockedTestCase):
    """A tool may accept more than it lists."""

    def test_accepts_more_than_it_lists(self) -> None:
        """Arguments are validated against the accepted schema, not the listed one."""
        ran: list[JsonObject] = []

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            ran.append(arguments)
            return succeed(ToolResult(structured={}))

        def closed(status: JsonObject) -> JsonObject:
            return {
                "type": "object",
                "properties": {"status": status},
                "additionalProperties": False,
            }

        listing = evolve(
            tool("listing", run),
            input_schema=closed({"type": "string"}),
            accepts=closed({"enum": ["active", 1]}),
        )
        features = features_of(self.clock, listing)
        for given, taken in (({"status": 1}, True), ({"status": "other"}, False)):
            asked = request_context(
                "tools/call", {"name": "listing", "arguments": given}
            )
            call_tool(features, asked)
            self.assertEqual(given in ran, taken)


class CredentialTests(EngineTestCase):
    def test_missing_key(self) -> None:
        """A tool that needs Instantly is refused without a key, before it runs."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                handled = self.handled(call("echo", {"words": "x"}), version, key=None)
                response = self.successResultOf(handled)
                assert response is not None
                assert response.error is not None
                self.assertEqual(response.error.code, -32001)
                self.assertEqual(response.status, 401)
        self.assertEqual(self.toolbox.ran, [])

    def test_no_key_needed(self) -> None:
        """A tool that needs no key runs for anybody."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(call("hello"), version, key=None)
                self.assertEqual(answer["result"]["content"], [text("Hello.")])
                self.assertEqual(answer["result"]["_meta"]["mood"], "calm")

    def test_shape_comes_first(self) -> None:
        """An unknown tool is unknown to everyone, with a key or without."""
        answer = self.answer(call("nothing"), key=None)
        self.assertEqual(answer["error"]["code"], -32602)


class ProgressTests(EngineTestCase):
    def test_with_a_token(self) -> None:
        """Progress carries the token as it came: text or number, also the falsy."""
        for version in ALL_REVISIONS:
            for token in ("t", 7, 0, ""):
                with self.subTest(version=version, token=token):
                    self.basket.sent.clear()
                    handled = self.handled(
                        modern(call("steps", token=token), version)
                        if version in MODERN_REVISIONS
                        else call("steps", token=token),
                        version,
                    )
                    seen = [message["params"] for message in self.basket.sent]
                    self.assertEqual([one["progress"] for one in seen], [1, 2, 3])
                    for one in seen:
                        self.assertEqual(one["progressToken"], token)
                        self.assertIs(type(one["progressToken"]), type(token))
                    self.toolbox.running[-1].finish()
                    self.successResultOf(handled)

    def test_odd_tokens(self) -> None:
        """A progress token is a string or an integer."""
        odd: list[Json] = [True, False, 1.5, [], {"a": 1}]
        for token in odd:
            with self.subTest(token=token):
                handled = self.handled(call("steps", token=token))
                self.assertEqual(self.basket.sent, [])
                self.toolbox.running[-1].finish()
                self.successResultOf(handled)

    def test_none_after_the_result(self) -> None:
        """Progress that a tool reports after its result is not sent."""
        handled = self.handled(call("steps", token="t"))
        running = self.toolbox.running[0]
        running.finish()
        self.successResultOf(handled)
        running.call.progress(9)
        self.assertEqual(len(self.basket.sent), 3)

    def test_none_after_cancellation(self) -> None:
        """Progress of a cancelled call is not sent either."""
        handled = self.handled(call("steps", token="t"))
        handled.cancel()
        self.failureResultOf(handled, CancelledError)
        running = self.toolbox.running[0]
        self.assertTrue(running.cancelled)
        running.call.progress(9)
        self.assertEqual(len(self.basket.sent), 3)


class OutputTests(ClockedTestCase):
    """A tool with an output schema; official clients hold errors to it as well."""

    SCHEMA: JsonObject = {
        "type": "object",
        "properties": {"items": {"type": "array"}},
        "required": ["items"],
    }

    def result(self, answer: ToolResult, revision: Revision) -> JsonObject:
        """Return the response for a tool with this result."""

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            return succeed(answer)

        listing = evolve(tool("listing", run), output_schema=self.SCHEMA)
        features = features_of(self.clock, listing)
        asked = request_context("tools/call", {"name": "listing"}, revision=revision)
        called = call_tool(features, asked)
        assert isinstance(called, Deferred)
        result: JsonObject = loads(dumps(self.successResultOf(called)))
        return result

    def test_conforms(self) -> None:
        """Structured content conforms to the schema, that of an error included."""
        error = {"code": "not_found", "message": "It does not exist."}
        partial = {"code": "cut_off", "items": [1]}
        for revision in ALL_REVISIONS.values():
            for value, sent in ((error, False), (partial, revision.structured)):
                with self.subTest(version=revision.version, value=value):
                    answer = ToolResult(structured=value, is_error=True)
                    result = self.result(answer, revision)
                    self.assertTrue(result["isError"])
                    self.assertEqual("structuredContent" in result, sent)
                    shown = result.get("structuredContent", {"items": []})
                    Draft202012Validator(dict(self.SCHEMA)).validate(shown)
                    [block] = result["content"]
                    self.assertEqual(loads(block["text"].encode()), value)

    def test_own_words(self) -> None:
        """The content of a tool's error is unchanged."""
        for revision in ALL_REVISIONS.values():
            answer = ToolResult(
                content=[text("It failed.")], structured={"code": 1}, is_error=True
            )
            result = self.result(answer, revision)
            self.assertEqual(result["content"], [text("It failed.")])
            self.assertNotIn("structuredContent", result)

    def test_success(self) -> None:
        """A successful result is sent unchanged."""
        for revision in ALL_REVISIONS.values():
            result = self.result(ToolResult(structured={"items": []}), revision)
            self.assertEqual("structuredContent" in result, revision.structured)
            self.assertNotIn("isError", result)

    def test_bad_arguments(self) -> None:
        """Arguments that do not fit are an error like any other."""
        for revision in ALL_REVISIONS.values():
            listing = evolve(
                tool("listing", lambda _, call: succeed(ToolResult())),
                output_schema=self.SCHEMA,
                input_schema={"type": "object", "required": ["x"]},
            )
            asked = request_context(
                "tools/call", {"name": "listing"}, revision=revision
            )
            result = call_tool(features_of(self.clock, listing), asked)
            assert not isinstance(result, Deferred)
            self.assertTrue(result["isError"])
            self.assertNotIn("structuredContent", result)
