"""Prompts and completion, in every era."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.protocol.calls.ask_by_retry import InputRequired
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.methods.prompts import (
    MAX_COMPLETIONS,
    complete,
    get_prompt,
    list_prompts,
)
from instantly_mcp.protocol.primitives.prompt import PromptArgument, PromptMessage
from instantly_mcp.protocol.primitives.registries import (
    PromptRegistry,
    ResourceRegistry,
)
from instantly_mcp.protocol.server_features import (
    RequestContext,
    Result,
    ServerFeatures,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, V2026_07_28, Revision
from tests.support.cases import ClockedTestCase
from tests.support.toolboxes import Fault
from tests.support.wire import check_result

from ..calls.test_client_requests import NAME
from ..primitives.test_prompt import GREET
from ..primitives.test_resource import LETTER
from ..sample_features import completing, features_of, request_context
from .test_resources import sealed

MANY = [f"value-{number:03}" for number in range(MAX_COMPLETIONS + 50)]


class PromptTestCase(ClockedTestCase):
    """A registry with a greeting, a prompt that waits, and one that raises."""

    def setUp(self) -> None:
        """Fill the registry."""
        super().setUp()
        self.calls: list[Call] = []
        self.seen: list[Json] = []
        self.rendering: Deferred[Sequence[PromptMessage]] = Deferred()
        city = PromptArgument(
            name="city", description="A.", complete=completing(MANY, self.seen)
        )
        bad = PromptArgument(name="bad", description="B.", complete=self.raises_too)
        registry = PromptRegistry(
            [
                GREET,
                evolve(GREET, name="own", needs_credential=True),
                evolve(GREET, name="slow", render=self.render, arguments=[city, bad]),
                evolve(GREET, name="broken", render=self.raises, arguments=[]),
            ]
        )
        letters = evolve(
            LETTER, complete={"letter": completing(["a", "ab", "b"], self.seen)}
        )
        self.features: ServerFeatures = features_of(
            self.clock, prompts=registry, resources=ResourceRegistry([], [letters])
        )

    def render(
        self, arguments: Mapping[str, str], call: Call
    ) -> Deferred[Sequence[PromptMessage]]:
        """Render what the test provides."""
        self.calls.append(call)
        return self.rendering

    def raises(
        self, arguments: Mapping[str, str], call: Call
    ) -> Deferred[Sequence[PromptMessage]]:
        """Raise instead of answering."""
        self.calls.append(call)
        raise Fault("a bug")

    def raises_too(
        self, typed: str, known: Mapping[str, str], call: Call
    ) -> Deferred[Sequence[str]]:
        """Raise instead of completing."""
        self.calls.append(call)
        raise Fault("a bug")

    def got(
        self, name: Json, arguments: Json = None, revision: Revision = V2026_07_28
    ) -> Deferred[Result]:
        """Get a prompt."""
        params = {"name": name, "arguments": arguments}
        return get_prompt(
            self.features, request_context("prompts/get", params, revision=revision)
        )

    def refused(self, asked: RequestContext) -> ProtocolError:
        """Return the error with which getting is refused."""
        with self.assertRaises(ProtocolError) as caught:
            get_prompt(self.features, asked)
        error: ProtocolError = caught.exception
        return error


class ListTests(PromptTestCase):
    def test_every_revision(self) -> None:
        """Prompts are listed in the order of the registry."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                asked = request_context("prompts/list", {}, revision=revision)
                shown = loads(dumps(list_prompts(self.features, asked)))
                check_result(version, "prompts/list", {**shown, **sealed(revision)})
                names = [entry["name"] for entry in shown["prompts"]]
                self.assertEqual(names, ["greet", "own", "slow", "broken"])


class GetTests(PromptTestCase):
    def test_every_revision(self) -> None:
        """A prompt is rendered with its arguments, and fits the schema."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                arguments = {"who": "Ada", "how": "loudly"}
                getting = self.got("greet", arguments, revision)
                result = self.successResultOf(getting)
                said = result["messages"][0]["content"]["text"]
                self.assertEqual(said, "how=loudly,who=Ada")
                envelope = {"resultType": "complete"} if revision.modern else {}
                check_result(version, "prompts/get", {**envelope, **result})

    def test_optional(self) -> None:
        """Optional arguments may be left out; all of them may, where none is needed."""
        self.successResultOf(self.got("greet", {"who": "Ada"}))
        absent: list[Json] = [None, {}]
        for arguments in absent:
            self.rendering = Deferred()
            getting = self.got("slow", arguments)
            self.rendering.callback([])
            self.assertEqual(self.successResultOf(getting)["messages"], [])

    def test_wrong(self) -> None:
        """Unknown prompts and arguments that do not fit are -32602."""
        wrong: list[tuple[Json, Json]] = [
            ("nothing", {}),
            ("x" * 10_000, {}),
            (None, {}),
            (7, {}),
            (["greet"], {}),
            ("greet", None),
            ("greet", {}),
            ("greet", {"how": "x"}),
            ("greet", {"who": None}),
            ("greet", {"who": ""}),
            ("greet", {"who": ["Ada"]}),
            ("greet", {"who": True}),
            ("greet", {"who": "Ada", "else": "x"}),
            ("greet", {"who": "Ada", "x" * 10_000: "x"}),
            ("greet", []),
            ("greet", "Ada"),
        ]
        for name, arguments in wrong:
            with self.subTest(name=str(name)[:20], arguments=str(arguments)[:40]):
                params = {"name": name, "arguments": arguments}
                error = self.refused(request_context("prompts/get", params))
                self.assertEqual(error.code, -32602)
                self.assertLess(len(error.message), 200)

    def test_repaired(self) -> None:
        """Arguments are repaired like those of tools."""
        for arguments, said in (
            ({"who": 7}, "who=7"),
            ({"who": "Ada", "how": None}, "who=Ada"),
            ({"who": "Ada", "how": ""}, "who=Ada"),
            ({"WHO": "Ada", "sessionId": "s", "tool": "x"}, "who=Ada"),
            ('{"who": "Ada"}', "who=Ada"),
        ):
            with self.subTest(arguments=arguments):
                result = self.successResultOf(self.got("greet", arguments))
                self.assertEqual(result["messages"][0]["content"]["text"], said)

    def test_needs_a_key(self) -> None:
        """Without a key a prompt that needs one is refused: 401."""
        params = {"name": "own", "arguments": {"who": "Ada"}}
        error = self.refused(request_context("prompts/get", params, key=None))
        self.assertEqual((error.code, error.status), (-32001, 401))
        self.successResultOf(
            get_prompt(self.features, request_context("prompts/get", params))
        )

    def test_asks(self) -> None:
        """A modern prompt may ask first."""
        getting = self.got("slow")
        self.calls[0].ask({"name": NAME}).addErrback(self.rendering.errback)
        self.failureResultOf(getting, InputRequired)

    def test_raises(self) -> None:
        """A prompt that raises fails, and its call is over."""
        self.failureResultOf(self.got("broken"), Fault)
        self.assertTrue(self.calls[0].finished)

    def test_cancelled(self) -> None:
        """Cancelling cancels the rendering."""
        getting = self.got("slow")
        self.assertFalse(self.calls[0].finished)
        getting.cancel()
        self.failureResultOf(getting, CancelledError)
        self.assertTrue(self.calls[0].finished)


class CompleteTests(PromptTestCase):
    slow: JsonObject = {"type": "ref/prompt", "name": "slow"}
    letters: JsonObject = {"type": "ref/resource", "uri": LETTER.template.template}

    def asked(
        self, ref: Json, argument: Json, key: str | None = "k", **params: Json
    ) -> RequestContext:
        """Return the context of a completion."""
        params = {"ref": ref, "argument": argument, **params}
        return request_context("completion/complete", params, key=key)

    def values(self, ref: Json, name: str, value: str, **params: Json) -> JsonObject:
        """Complete, with a key."""
        asked = self.asked(ref, {"name": name, "value": value}, **params)
        completing = complete(self.features, asked)
        assert isinstance(completing, Deferred)
        result = self.successResultOf(completing)
        for version, revision in ALL_REVISIONS.items():
            envelope = {"resultType": "complete"} if revision.modern else {}
            check_result(version, "completion/complete", {**envelope, **result})
        completion: JsonObject = result["completion"]
        return completion

    def test_of_a_prompt(self) -> None:
        """Typed text is completed from the existing values."""
        found = self.values(self.slow, "city", "value-00")
        self.assertEqual(found["values"], MANY[:10])
        self.assertEqual((found["total"], found["hasMore"]), (10, False))

    def test_of_a_template(self) -> None:
        """A template's variable is completed likewise."""
        self.assertEqual(
            self.values(self.letters, "letter", "a")["values"], ["a", "ab"]
        )

    def test_at_most_100(self) -> None:
        """One answer holds a hundred values, and says that there are more."""
        found = self.values(self.slow, "city", "")
        self.assertEqual(found["values"], MANY[:100])
        self.assertEqual((found["total"], found["hasMore"]), (150, True))

    def test_context(self) -> None:
        """The completer knows the values that are decided already, as texts."""
        arguments = {"country": "PL", "code": 7, "odd": [], "empty": "", "no": None}
        self.values(self.slow, "city", "v", context={"arguments": arguments})
        odd: list[Json] = [None, [], "x", {}, {"arguments": []}]
        for context in odd:
            self.values(self.slow, "city", "v", context=context)
        self.assertEqual(
            [known for _, known, _ in self.seen],
            [{"country": "PL", "code": "7"}, {}, {}, {}, {}, {}],
        )

    def test_nothing_to_offer(self) -> None:
        """An argument without a completer has no values, and that is an answer."""
        nothing = {"completion": {"values": [], "total": 0, "hasMore": False}}
        for ref, name in (
            ({"type": "ref/prompt", "name": "greet"}, "who"),
            (self.letters, "size"),
        ):
            asked = self.asked(ref, {"name": name, "value": "a"})
            self.assertEqual(complete(self.features, asked), nothing)

    def test_missing_key(self) -> None:
        """Without a key nothing is looked up: no values, but no refusal either."""
        nothing = {"completion": {"values": [], "total": 0, "hasMore": False}}
        for ref, name in ((self.slow, "city"), (self.letters, "letter")):
            asked = self.asked(ref, {"name": name, "value": ""}, key=None)
            self.assertEqual(complete(self.features, asked), nothing)
        self.assertEqual(self.seen, [])

    def test_wrong(self) -> None:
        """A reference that cannot be completed is -32602, with and without a key."""
        good: JsonObject = {"name": "city", "value": ""}
        wrong: list[tuple[Json, Json]] = [
            (None, good),
            ("ref/prompt", good),
            ({}, good),
            ({"type": "ref/tool", "name": "slow"}, good),
            ({"type": "ref/prompt"}, good),
            ({"type": "ref/prompt", "name": "nothing"}, good),
            ({"type": "ref/prompt", "name": ["slow"]}, good),
            ({"type": "ref/resource"}, good),
            ({"type": "ref/resource", "uri": "test://nothing/{a}"}, good),
            ({"type": "ref/resource", "uri": "test://letters/a"}, good),
            (self.slow, None),
            (self.slow, []),
            (self.slow, {"name": "city"}),
            (self.slow, {"name": "city", "value": 7}),
            (self.slow, {"name": 7, "value": ""}),
            (self.slow, {"name": "nothing", "value": ""}),
            (self.letters, {"name": "city", "value": ""}),
        ]
        for ref, argument in wrong:
            for key in ("k", None):
                with self.subTest(ref=ref, argument=argument, key=key):
                    with self.assertRaises(ProtocolError) as caught:
                        complete(self.features, self.asked(ref, argument, key))
                    self.assertEqual(caught.exception.code, -32602)

    def test_finished(self) -> None:
        """Its call is over when the values are there, or when the completer raises."""
        self.values(self.slow, "city", "v")
        self.assertTrue(self.seen[0][2].finished)
        asked = self.asked(self.slow, {"name": "bad", "value": ""})
        completing = complete(self.features, asked)
        assert isinstance(completing, Deferred)
        self.failureResultOf(completing, Fault)
        self.assertTrue(self.calls[0].finished)
