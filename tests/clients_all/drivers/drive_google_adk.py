"""Drives Google's ADK: an agent whose model is a function that makes one call."""

# mypy: ignore-errors

from __future__ import annotations

import json

from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import InMemoryRunner
from google.adk.tools.mcp_tool import McpToolset
from google.adk.tools.mcp_tool.mcp_session_manager import (
    SseConnectionParams,
    StreamableHTTPConnectionParams,
)
from google.genai import types
from harness import Shown, serve


class OneCall(BaseLlm):
    """A model that makes one call, and keeps the request that follows."""

    call: types.FunctionCall | None = None
    requests: list = []

    async def generate_content_async(self, llm_request, stream=False):
        """Answer a request."""
        self.requests.append(llm_request)
        part = types.Part(text="done")
        if len(self.requests) == 1 and self.call:
            part = types.Part(function_call=self.call)
        content = types.Content(role="model", parts=[part])
        yield LlmResponse(content=content)


class GoogleAdk:
    """A toolset, and an agent for each call."""

    async def connect(self, url, headers):
        """Describe the server; the toolset connects when it needs to."""
        kind = StreamableHTTPConnectionParams
        if url.endswith("/sse"):
            kind = SseConnectionParams
        self._toolset = McpToolset(connection_params=kind(url=url, headers=headers))
        await self._toolset.get_tools()
        (session, *_), *_ = self._toolset._mcp_session_manager._sessions.values()
        return session.protocol_version

    async def tools(self):
        """Return the tools in a request to the model."""
        model = await self._ask(None)
        declared = model.requests[0].config.tools
        functions = [each for tool in declared for each in tool.function_declarations]
        return {
            each.name: each.model_dump(mode="json", exclude_none=True)
            for each in functions
        }

    async def call(self, name, arguments):
        """Let the agent make one call; return what its model reads."""
        model = await self._ask(types.FunctionCall(name=name, args=arguments))
        (part,) = model.requests[1].contents[-1].parts
        response = part.function_response.response
        error = bool(response.get("isError") or response.get("error"))
        return Shown(json.dumps(response, ensure_ascii=False), error=error)

    async def close(self):
        """Close the toolset."""
        await self._toolset.close()

    async def _ask(self, call):
        model = OneCall(model="one-call", call=call, requests=[])
        agent = LlmAgent(name="agent", model=model, tools=[self._toolset])
        runner = InMemoryRunner(agent=agent, app_name="app")
        session = await runner.session_service.create_session(
            app_name="app", user_id="user"
        )
        asked = types.Content(role="user", parts=[types.Part(text="Call the tool.")])
        async for _ in runner.run_async(
            user_id="user", session_id=session.id, new_message=asked
        ):
            pass
        return model


serve(GoogleAdk)
