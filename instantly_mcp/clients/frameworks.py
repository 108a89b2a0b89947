"""Frameworks for agents in Python: LangChain and the OpenAI Agents SDK."""

from __future__ import annotations

from .address import AuthHeader, McpAddress
from .client import Configuration, Language, McpClient
from .writing import NAME, string


def _expression(auth: AuthHeader) -> str:
    variable = f'os.environ["{auth.variable}"]'
    return f"{string(auth.prefix)} + {variable}" if auth.prefix else variable


def _imports(address: McpAddress, *lines: str) -> list[str]:
    standard = ["import asyncio"]
    if address.auth is not None:
        standard.append("import os")
    return [*standard, "", *lines, ""]


def _members(address: McpAddress) -> list[str]:
    """Return the lines of a dictionary with URL and headers."""
    lines = [f'    "url": {string(address.url)},']
    auth = address.auth
    if auth is not None:
        pair = f"{string(auth.header)}: {_expression(auth)}"
        lines.append(f'    "headers": {{{pair}}},')
    return lines


def _langchain(address: McpAddress) -> str:
    # https://docs.langchain.com/oss/python/langchain/mcp
    module = "langchain_mcp_adapters.client"
    lines = _imports(address, f"from {module} import MultiServerMCPClient")
    lines += ["server = {", '    "transport": "http",', *_members(address), "}"]
    lines += [
        f'client = MultiServerMCPClient({{"{NAME}": server}})',
        "tools = asyncio.run(client.get_tools())",
        'print(f"{len(tools)} tools")  # for create_agent(model, tools)',
    ]
    return "\n".join(lines)


LANGCHAIN = McpClient(
    id="langchain",
    title="LangChain (Python)",
    configurations=(
        Configuration(
            name="python",
            title="Python",
            where="Install langchain-mcp-adapters, and run it.",
            language=Language.PYTHON,
            write=_langchain,
        ),
    ),
)

_AGENT = """


async def main() -> None:
    server = MCPServerStreamableHttp(params=params, client_session_timeout_seconds=60)
    async with server:
        agent = Agent(name="Sales", mcp_servers=[server])
        tools = await server.list_tools()
        print(f"{agent.name}: {len(tools)} tools")  # then: await Runner.run(agent, …)


asyncio.run(main())"""


def _openai_agents(address: McpAddress) -> str:
    # https://openai.github.io/openai-agents-python/mcp/. The default limit of five
    # seconds is shorter than some calls take.
    lines = _imports(
        address,
        "from agents import Agent",
        "from agents.mcp import MCPServerStreamableHttp",
    )
    lines += ["params = {", *_members(address), "}"]
    return "\n".join(lines) + _AGENT


OPENAI_AGENTS = McpClient(
    id="openai-agents",
    title="OpenAI Agents SDK",
    configurations=(
        Configuration(
            name="python",
            title="Python",
            where="Install openai-agents, and run it.",
            language=Language.PYTHON,
            write=_openai_agents,
        ),
    ),
)
