"""Questions to a client, and which answers are valid."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.client_requests import (
    Elicit,
    ListRoots,
    Question,
    Sample,
    lacks_capability,
    missing_capabilities,
)
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.support.wire import check_request

NAME = Elicit(
    message="What is your name?",
    fields={"name": {"type": "string", "minLength": 1}, "age": {"type": "integer"}},
    required_fields=["name"],
)
CAPITAL = Sample(
    messages=[{"role": "user", "content": {"type": "text", "text": "The capital?"}}],
    max_tokens=100,
    system_prompt="Be brief.",
)
ROOTS = ListRoots()

SAMPLED: JsonObject = {
    "role": "assistant",
    "content": {"type": "text", "text": "Paris"},
    "model": "m",
}

capabilities: st.SearchStrategy[dict[str, Json]] = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.just({})),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


class WireTests(SynchronousTestCase):
    def test_fits_every_revision(self) -> None:
        """Each question fits the schema of each session revision that has it."""
        for version, revision in ALL_REVISIONS.items():
            questions: list[Question] = [CAPITAL, ROOTS]
            if revision.elicitation:
                questions.append(NAME)
            for question in questions if not revision.modern else []:
                with self.subTest(version=version, method=question.method):
                    message: dict[str, Json] = {
                        "jsonrpc": "2.0",
                        "id": "server-1",
                        "method": question.method,
                        "params": question.params(),
                    }
                    check_request(version, message)

    def test_optional_members(self) -> None:
        """Optional parameters that are not given are not sent."""
        schema = Elicit(message="?", fields={}).params()["requestedSchema"]
        self.assertEqual(schema, {"type": "object", "properties": {}})
        self.assertNotIn("systemPrompt", Sample(messages=[], max_tokens=1).params())


class AnswerTestCase(SynchronousTestCase):
    def good(self, question: Question, answers: Sequence[Json]) -> None:
        """Assert that these answers are valid."""
        for answer in answers:
            with self.subTest(answer=answer):
                self.assertIsNone(question.problem(answer))

    def bad(self, question: Question, answers: Sequence[Json]) -> None:
        """Assert that these are invalid, and that the problem does not quote them."""
        for answer in answers:
            with self.subTest(answer=answer):
                problem = question.problem(answer)
                assert problem is not None
                self.assertNotIn("secret", problem)


class ElicitTests(AnswerTestCase):
    def test_accepted(self) -> None:
        """An accepted form must match its schema."""
        self.good(
            NAME,
            [
                {"action": "accept", "content": {"name": "Ada"}},
                {"action": "accept", "content": {"name": "Ada", "age": 36}},
            ],
        )

    def test_refused_by_the_person(self) -> None:
        """Declined and cancelled forms are valid answers with any content."""
        self.good(
            NAME,
            [{"action": "decline"}, {"action": "cancel", "content": None}],
        )

    def test_nothing_to_fill_in(self) -> None:
        """A form without required fields may come back without content."""
        self.good(Elicit(message="?", fields={}), [{"action": "accept"}])

    def test_not_what_was_asked(self) -> None:
        """Anything else is not a valid answer."""
        self.bad(
            NAME,
            [
                None,
                12345,
                "secret",
                [],
                {},
                {"action": "secret"},
                {"action": ["accept"]},
                {"action": "accept"},
                {"action": "accept", "content": None},
                {"action": "accept", "content": "secret"},
                {"action": "accept", "content": {}},
                {"action": "accept", "content": {"name": ""}},
                {"action": "accept", "content": {"name": ["secret"]}},
                {"action": "accept", "content": {"name": "Ada", "age": "secret"}},
            ],
        )


class SampleTests(AnswerTestCase):
    def test_answers(self) -> None:
        """A sampled message has a role, content and a model."""
        self.good(CAPITAL, [SAMPLED, {**SAMPLED, "content": [SAMPLED["content"]]}])

    def test_not_what_was_asked(self) -> None:
        """A message with a missing or malformed part is not a valid answer."""
        self.bad(
            CAPITAL,
            [
                None,
                "secret",
                {},
                *({k: v for k, v in SAMPLED.items() if k != left} for left in SAMPLED),
                {**SAMPLED, "role": "secret"},
                {**SAMPLED, "role": []},
                {**SAMPLED, "content": "secret"},
                {**SAMPLED, "content": None},
                {**SAMPLED, "content": ["secret"]},
                {**SAMPLED, "model": 7},
            ],
        )


class RootsTests(AnswerTestCase):
    def test_answers(self) -> None:
        """A list of roots, also an empty one."""
        self.good(ROOTS, [{"roots": []}, {"roots": [{"uri": "file:///a"}]}])

    def test_not_what_was_asked(self) -> None:
        """Anything but a list of objects with URIs is not a valid answer."""
        self.bad(
            ROOTS,
            [None, [], {}, {"roots": None}, {"roots": {}}]
            + [{"roots": [root]} for root in ("secret", None, {}, {"uri": 7})],
        )


class CapabilityTests(SynchronousTestCase):
    def test_lacks(self) -> None:
        """Every required capability, at every depth, has to be declared."""
        needs: JsonObject = {"sampling": {"tools": {}}}
        for declared, lacking in (
            ({"sampling": {"tools": {}}, "roots": {}}, False),
            ({"sampling": {}}, True),
            ({"sampling": True}, True),
            ({"sampling": None}, True),
            ({}, True),
        ):
            with self.subTest(declared=declared):
                self.assertEqual(lacks_capability(declared, needs), lacking)

    def test_forms(self) -> None:
        """An empty elicitation means forms; one that names only URLs has none."""
        cases: list[tuple[JsonObject, bool]] = [
            ({}, False),
            ({"form": {}}, False),
            ({"form": {}, "url": {}}, False),
            ({"url": {}}, True),
        ]
        for declared, lacking in cases:
            with self.subTest(declared=declared):
                self.assertEqual(
                    lacks_capability({"elicitation": declared}, NAME.required), lacking
                )

    @given(capabilities)
    def test_enough_for_itself(self, required: JsonObject) -> None:
        """A client that declares exactly what is required lacks nothing."""
        self.assertFalse(lacks_capability(required, required))

    @given(capabilities, capabilities)
    def test_more_is_never_less(self, required: JsonObject, more: JsonObject) -> None:
        """Declaring additional capabilities never makes one missing."""
        self.assertFalse(lacks_capability({**more, **required}, required))

    def test_missing_from(self) -> None:
        """The result is the union of the required capabilities that are missing."""
        questions: dict[str, Question] = {
            "a": NAME,
            "b": CAPITAL,
            "c": ROOTS,
            "d": NAME,
        }
        self.assertEqual(
            missing_capabilities({"roots": {}}, questions),
            {"elicitation": {}, "sampling": {}},
        )
        self.assertEqual(
            missing_capabilities(
                {"roots": {}, "elicitation": {}, "sampling": {}}, questions
            ),
            {},
        )
