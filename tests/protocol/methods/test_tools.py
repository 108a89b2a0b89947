"""``tools/list`` and ``tools/call`` in every revision."""

from __future__ import annotations

from attrs import evolve
from jsonschema_rs import Draft202012Validator
from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.calls.client_requests import CannotAsk
from instantly_mcp.protocol.methods.tools import call_tool
from instantly_mcp.protocol.primitives.tool import (
    ERROR_SCHEMA,
    ToolResult,
    error_result,
    text,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
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

BAD = "bad_argument"


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

    def test_similar_names(self) -> None:
        """A name that is nearly right gets the names that are meant, in every era."""
        for version in ALL_REVISIONS:
            error = self.answer(call("Echos", {}), version)["error"]
            self.assertIn("Did you mean echo?", error["message"])
            self.assertEqual(error["data"], {"did_you_mean": ["echo"]})
        self.assertNotIn("data", self.answer(call("nothing", {}))["error"])

    def test_destructive_tools_are_not_suggested(self) -> None:
        """A destructive tool is suggested for a misspelling of its name only."""

        def suggested(name: str) -> Json:
            features = features_of(
                self.clock,
                *(
                    evolve(each, annotations=evolve(each.annotations, destructive=bad))
                    for each, bad in (
                        (tool("delete_lead", lambda *_: succeed(None)), True),
                        (tool("update_lead_list", lambda *_: succeed(None)), False),
                    )
                ),
            )
            asked = request_context("tools/call", {"name": name})
            with self.assertRaises(ProtocolError) as caught:
                call_tool(features, asked)
            return caught.exception.data

        self.assertEqual(
            suggested("delete_lead_list"), {"did_you_mean": ["update_lead_list"]}
        )
        self.assertEqual(suggested("delete_leed"), {"did_you_mean": ["delete_lead"]})

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

    def test_arguments_as_one_text(self) -> None:
        """Arguments that are all sent as one text are read, in every revision."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(call("echo", '{"words": "hi"}'), version)
                content = answer["result"]["content"]
                self.assertEqual(content, [text('{"said":"hi"}')])

    def test_repaired(self) -> None:
        """A tool gets repaired arguments, in every revision."""
        given = {"Words": "hi", "times": "2", "mood": None, "sessionId": "s"}
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                answer = self.answer(call("echo", given), version)
                content = answer["result"]["content"]
                self.assertEqual(content, [text('{"said":"hi hi"}')])

    def test_bad_arguments(self) -> None:
        """Bad arguments are results in every revision, and nothing is done."""
        for version in ALL_REVISIONS:
            for arguments in ({}, {"words": [7]}, {"words": "x", "wrods": "y"}):
                with self.subTest(version=version, arguments=arguments):
                    answer = self.answer(call("echo", arguments), version)
                    self.assertTrue(answer["result"]["isError"])
                    error = loads(answer["result"]["content"][0]["text"].encode())
                    self.assertEqual(error["code"], "bad_argument")
                    self.assertIn("Nothing was done.", error["hint"])
                    if version >= "2025-06-18":
                        structured = answer["result"]["structuredContent"]
                        self.assertEqual(structured, {"error": error})
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


class ErrorFormTests(ClockedTestCase):
    """A tool with an output schema; official clients hold errors to it as well."""

    SCHEMA: JsonObject = {
        "type": "object",
        "properties": {"items": {"type": "array"}, "error": ERROR_SCHEMA},
    }

    def answered(
        self, revision: Revision, outcome: Deferred[ToolResult]
    ) -> tuple[JsonObject, JsonObject]:
        """Return the result for a tool with this outcome, and its text as JSON."""

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            return outcome

        listing = evolve(
            tool("listing", run),
            output_schema=self.SCHEMA,
            input_schema={"type": "object", "properties": {"x": {"type": "integer"}}},
        )
        features = features_of(self.clock, listing)
        params: JsonObject = {"name": "listing", "arguments": self.arguments}
        asked = request_context("tools/call", params, revision=revision)
        called = call_tool(features, asked)
        if isinstance(called, Deferred):
            called = self.successResultOf(called)
        result: JsonObject = loads(dumps(called))
        [block] = result["content"]
        return result, loads(block["text"].encode())

    arguments: JsonObject = {}

    def assertForm(self, result: JsonObject, said: Json, revision: Revision) -> None:
        """It is an error in the one form, and conforms to the output schema."""
        self.assertTrue(result["isError"])
        for member in ("code", "message", "hint"):
            self.assertIsInstance(said[member], str)
        self.assertEqual("structuredContent" in result, revision.structured)
        if revision.structured:
            shown = result["structuredContent"]
            self.assertEqual(shown, {"error": said})
            Draft202012Validator(dict(self.SCHEMA)).validate(shown)

    def test_of_the_tool(self) -> None:
        """The structured content names the error; the text is the error object."""
        error = {"code": "gone", "message": "It is gone.", "hint": "Wait.", "n": 1}
        for revision in ALL_REVISIONS.values():
            with self.subTest(version=revision.version):
                outcome = succeed(error_result(error, {"mode": "sandbox"}))
                result, said = self.answered(revision, outcome)
                self.assertForm(result, said, revision)
                self.assertEqual(said, error)
                self.assertEqual(result["_meta"]["mode"], "sandbox")

    def test_bad_arguments(self) -> None:
        """Arguments that do not fit are an error in the same form."""
        self.arguments = {"x": "many"}
        for revision in ALL_REVISIONS.values():
            with self.subTest(version=revision.version):
                outcome = succeed(ToolResult())
                result, said = self.answered(revision, outcome)
                self.assertForm(result, said, revision)
                self.assertEqual((said["code"], said["tool"]), (BAD, "listing"))
                self.assertIn("argument x", said["message"])

    def test_client_cannot_be_asked(self) -> None:
        """A question that the client cannot answer is an error in the same form."""
        for revision in ALL_REVISIONS.values():
            with self.subTest(version=revision.version):
                outcome: Deferred[ToolResult] = fail(CannotAsk("It has no forms."))
                result, said = self.answered(revision, outcome)
                self.assertForm(result, said, revision)
                self.assertEqual(said["message"], "It has no forms.")

    def test_success(self) -> None:
        """A successful result is sent unchanged."""
        for revision in ALL_REVISIONS.values():
            outcome = succeed(ToolResult(structured={"items": []}))
            result, said = self.answered(revision, outcome)
            self.assertEqual("structuredContent" in result, revision.structured)
            self.assertEqual(said, {"items": []})
            self.assertNotIn("isError", result)
