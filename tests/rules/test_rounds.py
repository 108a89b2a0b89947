"""Questions in the modern era: input-required results and the rounds after them."""

from __future__ import annotations

from instantly_mcp._json_codec import Json, JsonObject
from tests.support.messages import call, request
from tests.support.received import Received

from .everything import ASKABLE, WITH_TASKS, RulesTestCase

PREFIX = "test_input_required_result_"


def accepted(**content: Json) -> JsonObject:
    """Return the answer of a person who filled in a form."""
    return {"action": "accept", "content": content}


NAMED = accepted(name="Ada")


class RoundsTestCase(RulesTestCase):
    def first(self, tool: str, **meta: Json) -> Received:
        """Call a tool that asks; return its interim result."""
        received = self.ask(call(PREFIX + tool, {}), **meta)
        self.assertEqual(received.result["resultType"], "input_required")
        return received

    def retry(
        self,
        tool: str,
        state: Json,
        responses: Json = None,
        arguments: Json = None,
        **meta: Json,
    ) -> Received:
        """Call it again with the state and the answers of the first round."""
        message = call(PREFIX + tool, {} if arguments is None else arguments, id=2)
        params = {**message["params"], "requestState": state}
        if responses is not None:
            params["inputResponses"] = responses
        return self.ask({**message, "params": params}, **meta)


class RoundTests(RoundsTestCase):
    def test_three_methods(self) -> None:
        """tools/call, prompts/get and resources/read ask, then use the answers."""
        for method, params, key, answer in (
            ("tools/call", {"name": PREFIX + "elicitation"}, "user_name", NAMED),
            ("resources/read", {"uri": "test://asking"}, "user_name", NAMED),
            (
                "prompts/get",
                {"name": "test_input_required_result_prompt"},
                "user_context",
                accepted(context="here"),
            ),
        ):
            with self.subTest(method=method):
                interim = self.ask(request(method, params)).result
                self.assertEqual(interim["resultType"], "input_required")
                self.assertEqual(list(interim["inputRequests"]), [key])
                more = {
                    "requestState": interim["requestState"],
                    "inputResponses": {key: answer},
                }
                final = self.ask(request(method, {**params, **more})).result
                self.assertEqual(final["resultType"], "complete")

    def test_interim_results_are_not_cached(self) -> None:
        """An interim result has no ttlMs and no cacheScope, also of a resource."""
        for message in (
            call(PREFIX + "elicitation"),
            request("resources/read", {"uri": "test://asking"}),
        ):
            interim = self.ask(message).result
            self.assertNotIn("ttlMs", interim)
            self.assertNotIn("cacheScope", interim)

    def test_several_at_once(self) -> None:
        """Questions asked together are asked again until all are answered."""
        interim = self.first("multiple_inputs").result
        roots: Json = {"roots": []}
        said = {
            "role": "assistant",
            "model": "m",
            "content": {"type": "text", "text": "Paris"},
        }
        self.assertEqual(len(interim["inputRequests"]), 3)
        some = self.retry(
            "multiple_inputs", interim["requestState"], {"client_roots": roots}
        ).result
        self.assertEqual(set(some["inputRequests"]), {"user_name", "capital_question"})
        rest = {"user_name": NAMED, "capital_question": said}
        final = self.retry("multiple_inputs", some["requestState"], rest)
        self.assertEqual(self.text_of(final), "All three were answered.")

    def test_one_after_another(self) -> None:
        """A second round has another state, which keeps the answers of the first."""
        one = self.first("multi_round").result
        two = self.retry("multi_round", one["requestState"], {"step1": NAMED}).result
        self.assertEqual(list(two["inputRequests"]), ["step2"])
        self.assertNotEqual(two["requestState"], one["requestState"])
        answer = {"step2": accepted(color="blue")}
        final = self.retry("multi_round", two["requestState"], answer)
        self.assertEqual(self.text_of(final), "Ada likes blue.")

    def test_earlier_answers_cannot_be_changed(self) -> None:
        """A round accepts answers to its own keys only, not to earlier ones."""
        one = self.first("multi_round").result
        two = self.retry("multi_round", one["requestState"], {"step1": NAMED}).result
        answers = {
            "step1": accepted(name="Mallory"),
            "step2": accepted(color="blue"),
        }
        final = self.retry("multi_round", two["requestState"], answers)
        self.assertEqual(self.text_of(final), "Ada likes blue.")

    def test_long_answers_survive_a_round(self) -> None:
        """An answer of many thousand characters still opens the next round."""
        one = self.first("multi_round").result
        name = "Ada" * 10_000
        answer = {"step1": accepted(name=name)}
        two = self.retry("multi_round", one["requestState"], answer).result
        last = {"step2": accepted(color="blue")}
        final = self.retry("multi_round", two["requestState"], last)
        self.assertEqual(self.text_of(final), f"{name} likes blue.")

    def test_answers_are_bounded(self) -> None:
        """An answer too large for a state is refused at once, with that reason."""
        one = self.first("multi_round").result
        answer = {"step1": accepted(name="Ada" * 1_000_000)}
        received = self.retry("multi_round", one["requestState"], answer)
        self.assertRefused(received, 200, -32602)
        self.assertIn("too long", received.error["message"])

    def test_missing_answers(self) -> None:
        """Without the answer, or with another key's only, it is asked again."""
        for responses in (None, {}, {"other": NAMED}):
            state = self.first("elicitation").result["requestState"]
            again = self.retry("elicitation", state, responses).result
            self.assertEqual(again["resultType"], "input_required")
            self.assertEqual(list(again["inputRequests"]), ["user_name"])

    def test_unknown_keys(self) -> None:
        """Keys that were never asked for are ignored."""
        state = self.first("elicitation").result["requestState"]
        answers = {"user_name": NAMED, "other": 7, "step2": {}}
        final = self.retry("elicitation", state, answers)
        self.assertEqual(self.text_of(final), "Hello, Ada!")

    def test_malformed_answers(self) -> None:
        """An answer that does not fit what was asked is -32602, never passed on."""
        for answer in (
            12345,
            None,
            {"action": "maybe"},
            {"action": "accept", "content": []},
            accepted(),
            accepted(name=7),
        ):
            with self.subTest(answer=answer):
                state = self.first("elicitation").result["requestState"]
                received = self.retry("elicitation", state, {"user_name": answer})
                self.assertRefused(received, 200, -32602)

    def test_responses_that_are_not_an_object(self) -> None:
        """inputResponses must be an object if it is given."""
        state = self.first("elicitation").result["requestState"]
        values: list[Json] = [[], 7, "x"]
        for responses in values:
            self.assertRefused(self.retry("elicitation", state, responses), 200, -32602)

    def test_lists_never_ask(self) -> None:
        """Methods that never ask ignore inputResponses and requestState."""
        params = {"requestState": "not ours", "inputResponses": 7}
        result = self.ask(request("tools/list", params)).result
        self.assertEqual(result["resultType"], "complete")


class CapabilityTests(RoundsTestCase):
    def test_never_asks_what_the_request_lacks(self) -> None:
        """A question that needs a capability the request lacks is -32021 with 400."""
        for tool, lacking in (
            ("elicitation", "elicitation"),
            ("sampling", "sampling"),
            ("list_roots", "roots"),
        ):
            with self.subTest(tool=tool):
                less: Json = {name: {} for name in ASKABLE if name != lacking}
                received = self.ask(call(PREFIX + tool), clientCapabilities=less)
                self.assertRefused(received, 400, -32021)
                required: Json = {"requiredCapabilities": {lacking: {}}}
                self.assertEqual(received.error["data"], required)

    def test_earlier_capabilities_do_not_count(self) -> None:
        """Capabilities of an earlier request do not apply to a later one."""
        self.first("elicitation")
        received = self.ask(call(PREFIX + "elicitation"), clientCapabilities={})
        self.assertRefused(received, 400, -32021)

    def test_asks_only_what_is_declared(self) -> None:
        """A tool that can ask in two ways uses the one that the client declared."""
        interim = self.first("capabilities", clientCapabilities={"sampling": {}})
        methods = [one["method"] for one in interim.result["inputRequests"].values()]
        self.assertEqual(methods, ["sampling/createMessage"])

    def test_an_array_is_not_a_capability(self) -> None:
        """Only an object declares a capability."""
        values: list[Json] = [[], True, None, "yes"]
        for declared in values:
            received = self.ask(
                call(PREFIX + "elicitation"),
                clientCapabilities={"elicitation": declared},
            )
            self.assertRefused(received, 400, -32021)


class BeforeTasksTests(RoundsTestCase):
    def test_rounds_come_before_the_task(self) -> None:
        """A tool that asks and then becomes a task first ends its rounds."""
        message = call("test_tool_with_task", {})
        interim = self.ask(message, clientCapabilities=WITH_TASKS).result
        self.assertEqual(interim["resultType"], "input_required")
        self.assertNotIn("taskId", interim)
        params = {
            **message["params"],
            "requestState": interim["requestState"],
            "inputResponses": {"user_name": NAMED},
        }
        created = self.ask(
            {**message, "params": params}, clientCapabilities=WITH_TASKS
        ).result
        self.assertEqual(created["resultType"], "task")
        self.assertNotIn("requestState", created)
        self.assertNotIn("inputRequests", created)
        self.clock.advance(1)
