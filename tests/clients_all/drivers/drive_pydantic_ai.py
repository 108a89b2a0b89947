"""Drives Pydantic AI: an agent whose model is a function that makes one call."""

# mypy: ignore-errors

from __future__ import annotations

from harness import Shown, serve
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel


class PydanticAi:
    """An agent with the toolset of the server."""

    async def connect(self, url, headers):
        """Enter the toolset; the agent then uses its connection."""
        self._toolset = MCPToolset(url, headers=headers, cache_tools=False)
        await self._toolset.__aenter__()
        return self._toolset.client.session.protocol_version

    async def tools(self):
        """Return the tools that the model is given."""
        given = []

        def model(messages, info):
            given.extend(info.function_tools)
            return ModelResponse(parts=[TextPart("done")])

        await self._run(model)
        return {tool.name: tool.parameters_json_schema for tool in given}

    async def call(self, name, arguments):
        """Let the agent make one call; return the part that its model reads."""
        read = []

        def model(messages, info):
            if len(messages) == 1:
                return ModelResponse(parts=[ToolCallPart(name, arguments)])
            read.extend(messages[-1].parts)
            return ModelResponse(parts=[TextPart("done")])

        await self._run(model)
        (part,) = read
        return Shown(part.model_response_str(), error=part.outcome != "success")

    async def _run(self, model):
        agent = Agent(FunctionModel(model), toolsets=[self._toolset])
        await agent.run("Call the tool.")

    async def close(self):
        """Leave the toolset."""
        await self._toolset.__aexit__(None, None, None)


serve(PydanticAi)
