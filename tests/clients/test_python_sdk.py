"""The official Python SDK, in both major versions and on all transports."""

from __future__ import annotations

from . import stories
from .programs import V1_PYTHON, Program


class FirstVersionTests(stories.Stories):
    """The 1.x client, Streamable HTTP."""

    program = Program(
        driver="python_v1.py",
        name="the first Python SDK of MCP",
        interpreter=V1_PYTHON,
        needs=V1_PYTHON,
        version="2025-11-25",
    )
    deletes_session = True


class FirstVersionStreamTests(stories.Stories):
    """The 1.x client, HTTP+SSE of 2024-11-05."""

    program = Program(
        driver="python_v1.py",
        name="the first Python SDK of MCP",
        interpreter=V1_PYTHON,
        needs=V1_PYTHON,
        version="2025-11-25",
        plan={"sse": True},
    )


class SecondVersionLegacyTests(stories.Stories):
    """The 2.x client with ``initialize``."""

    program = Program(
        driver="python_v2.py",
        name="the Python SDK of MCP",
        version="2025-11-25",
        plan={"mode": "legacy"},
    )
    deletes_session = True


class SecondVersionModernTests(stories.Stories):
    """The 2.x client with its defaults: it asks which era the server supports."""

    program = Program(
        driver="python_v2.py",
        name="the Python SDK of MCP",
        version="2026-07-28",
        plan={"mode": "auto"},
    )


class SecondVersionStreamTests(stories.Stories):
    """The 2.x client, HTTP+SSE of 2024-11-05."""

    program = Program(
        driver="python_v2.py",
        name="the Python SDK of MCP",
        version="2025-11-25",
        plan={"mode": "legacy", "sse": True},
    )
