"""Prompts, and their wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.primitives.prompt import (
    Prompt,
    PromptArgument,
    PromptMessage,
)
from instantly_mcp.protocol.primitives.tool import text
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.support.wire import check


def render(
    arguments: Mapping[str, str], call: Call
) -> Deferred[Sequence[PromptMessage]]:
    """Say which arguments came."""
    said = ",".join(f"{name}={value}" for name, value in sorted(arguments.items()))
    return succeed([PromptMessage("user", text(said))])


GREET = Prompt(
    name="greet",
    title="Greet a person",
    description="Greets.",
    render=render,
    arguments=[
        PromptArgument(name="who", description="Whom.", required=True),
        PromptArgument(name="how", description="How."),
    ],
)


class PromptTests(SynchronousTestCase):
    def test_fits_every_revision(self) -> None:
        """An entry fits the schema of each revision; its title only where it exists."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                entry = GREET.as_object(revision.structured)
                check(version, "Prompt", entry)
                self.assertEqual("title" in entry, revision.structured)

    def test_arguments(self) -> None:
        """Arguments are listed in their order, each with whether it is required."""
        entry = GREET.as_object(structured=True)
        self.assertEqual(
            entry["arguments"],
            [
                {"name": "who", "description": "Whom.", "required": True},
                {"name": "how", "description": "How.", "required": False},
            ],
        )

    def test_messages(self) -> None:
        """A message fits the schema of each revision."""
        for version in ALL_REVISIONS:
            message = PromptMessage("assistant", text("Hello.")).as_object()
            check(version, "PromptMessage", message)
