"""The fixture's resources and prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import dumps
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.primitives.prompt import (
    Prompt,
    PromptArgument,
    PromptMessage,
)
from instantly_mcp.protocol.primitives.registries import (
    PromptRegistry,
    ResourceRegistry,
)
from instantly_mcp.protocol.primitives.resource import (
    Resource,
    ResourceContents,
    ResourceTemplate,
)
from instantly_mcp.protocol.primitives.skill import Skill, SkillFile
from instantly_mcp.protocol.primitives.skill_registry import (
    SkillRegistry,
    skill_resources,
)
from instantly_mcp.protocol.primitives.tool import text
from instantly_mcp.protocol.wire.uri_template import UriTemplate

from .asking_tools import CONTEXT
from .media import PNG
from .tools import IMAGE

NO_SKILLS = SkillRegistry()


@deferred
async def read_text(
    uri: str, values: Mapping[str, str], call: Call
) -> Sequence[ResourceContents]:
    """Read a text."""
    words = "This is the content of the static text resource."
    return [ResourceContents(uri=uri, mime_type="text/plain", text=words)]


@deferred
async def read_picture(
    uri: str, values: Mapping[str, str], call: Call
) -> Sequence[ResourceContents]:
    """Read a picture."""
    return [ResourceContents(uri=uri, mime_type="image/png", blob=PNG)]


@deferred
async def read_item(
    uri: str, values: Mapping[str, str], call: Call
) -> Sequence[ResourceContents]:
    """Read the item that the URI names."""
    id = values["id"]
    item = {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}
    written = dumps(item).decode()
    return [ResourceContents(uri=uri, mime_type="application/json", text=written)]


def skills() -> SkillRegistry:
    """Return the skills: one with a folder of references, and one without."""
    guide = SkillFile(
        path="references/guide.md",
        title="Guide",
        description="What the test skill refers to.",
        text="# Guide\n\nRead when the skill says so.\n",
    )
    return SkillRegistry(
        [
            Skill(
                folder="tests/with-references",
                title="With references",
                description='Test a skill with files. Use it for "tests": only there.',
                body="# With references\n\nRead `references/guide.md` first.",
                extra={"license": "MIT", "metadata": {"version": "1.0"}},
                beside=[guide],
            ),
            Skill(
                folder="alone",
                title="Alone",
                description="Test a skill of one file.",
                body="# Alone\n\nNothing else is needed.",
            ),
        ]
    )


def resources(skills: SkillRegistry = NO_SKILLS) -> ResourceRegistry:
    """Return the resources, with the files of skills; the first one is readable."""
    listed, others = skill_resources(skills)
    static = [
        ("static-text", "text/plain", read_text),
        ("static-binary", "image/png", read_picture),
        ("watched-resource", "text/plain", read_text),
    ]
    return ResourceRegistry(
        [
            Resource(
                uri=f"test://{name}",
                name=name,
                title=name.replace("-", " ").capitalize(),
                description=f"The {name} of the fixture.",
                mime_type=mime_type,
                read=read,
            )
            for name, mime_type, read in static
        ]
        + listed,
        [
            ResourceTemplate(
                template=UriTemplate("test://template/{id}/data"),
                name="template",
                title="Template",
                description="Items by id.",
                mime_type="application/json",
                read=read_item,
                needs_credential=False,
                private=False,
            )
        ],
        unlisted=others,
    )


@deferred
async def simple(arguments: Mapping[str, str], call: Call) -> Sequence[PromptMessage]:
    """Render one sentence."""
    return [PromptMessage("user", text("This is a simple prompt for testing."))]


@deferred
async def with_arguments(
    arguments: Mapping[str, str], call: Call
) -> Sequence[PromptMessage]:
    """Render the arguments."""
    one, two = arguments["arg1"], arguments["arg2"]
    words = f"Prompt with arguments: arg1='{one}', arg2='{two}'"
    return [PromptMessage("user", text(words))]


@deferred
async def with_resource(
    arguments: Mapping[str, str], call: Call
) -> Sequence[PromptMessage]:
    """Render an embedded resource."""
    resource = {
        "uri": arguments["resourceUri"],
        "mimeType": "text/plain",
        "text": "Embedded resource content for testing.",
    }
    return [
        PromptMessage("user", {"type": "resource", "resource": resource}),
        PromptMessage("user", text("Please process the embedded resource above.")),
    ]


@deferred
async def with_image(
    arguments: Mapping[str, str], call: Call
) -> Sequence[PromptMessage]:
    """Render a picture."""
    return [
        PromptMessage("user", IMAGE),
        PromptMessage("user", text("Please analyze the image above.")),
    ]


@deferred
async def asking(arguments: Mapping[str, str], call: Call) -> Sequence[PromptMessage]:
    """Ask before rendering."""
    answers = await call.ask({"user_context": CONTEXT})
    return [PromptMessage("user", text(f"Context: {answers['user_context']}"))]


@deferred
async def no_completion(
    typed: str, known: Mapping[str, str], call: Call
) -> Sequence[str]:
    """Complete nothing."""
    return []


def _argument(name: str) -> PromptArgument:
    return PromptArgument(
        name=name, description=f"The {name}.", required=True, complete=no_completion
    )


def prompts() -> PromptRegistry:
    """Return the prompts."""
    plain = [
        ("test_simple_prompt", simple, ()),
        (
            "test_prompt_with_arguments",
            with_arguments,
            (_argument("arg1"), _argument("arg2")),
        ),
        (
            "test_prompt_with_embedded_resource",
            with_resource,
            (_argument("resourceUri"),),
        ),
        ("test_prompt_with_image", with_image, ()),
        ("test_input_required_result_prompt", asking, ()),
    ]
    return PromptRegistry(
        Prompt(
            name=name,
            title=name.replace("_", " ").capitalize(),
            description=f"The fixture's {name}.",
            render=render,
            arguments=arguments,
        )
        for name, render, arguments in plain
    )
