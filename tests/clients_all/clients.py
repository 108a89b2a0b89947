"""The third-party clients, and where the files of each are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WORK = ROOT / ".ci" / "work" / "clients-all"

STREAMABLE, TWO_ENDPOINTS = "/mcp", "/sse"
"""The paths of the transports: Streamable HTTP, and HTTP+SSE of 2024-11-05."""


@frozen(kw_only=True)
class ThirdPartyClient:
    """A client that `stages` drives.

    :param key: the name of its driver, of its pins and of its environment.
    :param title: its name for people; also its heading in ``docs/clients.md``.
    :param package: the package whose version the table shows.
    :param npm: it comes from npm, not from PyPI.
    :param paths: the transports that it has.
    """

    key: str
    title: str
    package: str
    npm: bool = False
    paths: Sequence[str] = (STREAMABLE, TWO_ENDPOINTS)

    @property
    def driver(self) -> Path:
        """Its driver. The name does not begin with a name of a package to import."""
        path = HERE / "drivers" / f"drive_{self.key}.mjs"
        return path if path.exists() else path.with_suffix(".py")

    @property
    def pins(self) -> Sequence[Path]:
        """The files that say which versions are installed."""
        if self.npm:
            folder = HERE / "npm" / self.key
            return (folder / "package.json", folder / "package-lock.json")
        return (HERE / "requirements" / f"{self.key}.txt",)

    @property
    def version(self) -> str:
        """The pinned version of its package."""
        text = self.pins[0].read_text(encoding="utf-8")
        if self.npm:
            return str(json.loads(text)["dependencies"][self.package])
        pinned = re.search(rf"(?m)^{re.escape(self.package)}(?:\[\w+\])?==(\S+)$", text)
        assert pinned is not None, f"{self.package} is not pinned in {self.pins[0]}"
        return pinned[1]

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return WORK / self.key


CLIENTS = (
    ThirdPartyClient(key="python_sdk_1", title="Python SDK 1", package="mcp"),
    ThirdPartyClient(key="python_sdk_2", title="Python SDK 2", package="mcp"),
    ThirdPartyClient(
        key="typescript_sdk_1",
        title="TypeScript SDK 1",
        package="@modelcontextprotocol/sdk",
        npm=True,
    ),
    ThirdPartyClient(
        key="typescript_sdk_2",
        title="TypeScript SDK 2",
        package="@modelcontextprotocol/client",
        npm=True,
    ),
    ThirdPartyClient(key="fastmcp", title="FastMCP", package="fastmcp"),
    ThirdPartyClient(
        key="pydantic_ai", title="Pydantic AI", package="pydantic-ai-slim"
    ),
    ThirdPartyClient(
        key="openai_agents", title="OpenAI Agents SDK", package="openai-agents"
    ),
    ThirdPartyClient(
        key="langchain", title="LangChain (Python)", package="langchain-mcp-adapters"
    ),
    ThirdPartyClient(
        key="llama_index", title="LlamaIndex", package="llama-index-tools-mcp"
    ),
    ThirdPartyClient(key="google_adk", title="Google ADK", package="google-adk"),
    ThirdPartyClient(key="agno", title="Agno", package="agno"),
    ThirdPartyClient(key="strands", title="Strands Agents", package="strands-agents"),
    ThirdPartyClient(
        key="mcp_use",
        title="mcp-use (Python)",
        package="mcp-use",
        paths=(STREAMABLE,),
    ),
    ThirdPartyClient(
        key="mastra",
        title="Mastra",
        package="@mastra/mcp",
        npm=True,
        paths=(STREAMABLE,),
    ),
    ThirdPartyClient(
        key="langchain_js",
        title="LangChain.js",
        package="@langchain/mcp-adapters",
        npm=True,
    ),
    ThirdPartyClient(
        key="claude_code",
        title="Claude Code",
        package="@anthropic-ai/claude-code",
        npm=True,
    ),
)
