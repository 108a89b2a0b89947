"""``mcp-remote``, and the Inspector's command line."""

from __future__ import annotations

from instantly_mcp._json_codec import Json

from . import stories
from .programs import Program, package


def bridge(**plan: Json) -> Program:
    """Return mcp-remote."""
    return Program(
        driver="mcp_remote.py",
        name="mcp-remote",
        needs=package("mcp-remote"),
        version="2025-11-25",
        plan=plan,
    )


def inspector(version: str, mode: str, **plan: Json) -> Program:
    """Return the Inspector."""
    return Program(
        driver="inspector.py",
        name="the MCP Inspector",
        needs=package("@modelcontextprotocol/inspector"),
        version=version,
        plan={"mode": mode, **plan},
    )


class RemoteTests(stories.Stories):
    """A program on stdio behind mcp-remote, Streamable HTTP."""

    program = bridge()
    answers_forms = False


class RemoteStreamTests(stories.Stories):
    """A program on stdio behind mcp-remote, HTTP+SSE of 2024-11-05."""

    program = bridge(sse=True)
    answers_forms = False


class InspectorLegacyTests(stories.Stories):
    """The unmodified Inspector. In the legacy era, Ctrl-C does not cancel a call."""

    program = inspector("2025-11-25", "legacy")
    cancels = shows_progress = answers_forms = False


class InspectorModernTests(stories.Stories):
    """The Inspector in the modern era, where Ctrl-C is a cancellation."""

    program = inspector("2026-07-28", "modern")
    shows_progress = answers_forms = False


class InspectorStreamTests(stories.Stories):
    """The Inspector, HTTP+SSE of 2024-11-05."""

    program = inspector("2025-11-25", "legacy", sse=True)
    cancels = shows_progress = answers_forms = False
