"""Drives the OpenAI Agents SDK: an agent whose model makes one call."""

# mypy: ignore-errors

from __future__ import annotations

import json

from agents import Agent, Model, ModelResponse, Runner, Usage, set_tracing_disabled
from agents.mcp import MCPServerSse, MCPServerStreamableHttp
from harness import Shown, serve
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

set_tracing_disabled(True)


class OneCall(Model):
    """A model that makes one call, and keeps what it is given."""

    def __init__(self, name, arguments):
        self._name, self._arguments = name, arguments
        self.tools, self.inputs = [], []

    async def get_response(self, system_instructions, input, *given, **more):
        """Answer a request."""
        self.tools = more.get("tools") or given[1]
        self.inputs.append(input)
        return ModelResponse(output=[self._output()], usage=Usage(), response_id=None)

    def stream_response(self, *given, **more):
        """Not used."""
        raise NotImplementedError

    def _output(self):
        if self._name and len(self.inputs) == 1:
            return ResponseFunctionToolCall(
                type="function_call",
                call_id="call_1",
                name=self._name,
                arguments=json.dumps(self._arguments),
            )
        text = ResponseOutputText(type="output_text", text="done", annotations=[])
        return ResponseOutputMessage(
            id="1",
            type="message",
            role="assistant",
            status="completed",
            content=[text],
        )


class OpenAiAgents:
    """The server, as an agent has it."""

    async def connect(self, url, headers):
        """Connect to the server."""
        kind = MCPServerSse if url.endswith("/sse") else MCPServerStreamableHttp
        params = {"url": url, "headers": headers}
        self._server = kind(params=params, client_session_timeout_seconds=60)
        await self._server.connect()
        return getattr(self._server.session, "protocol_version", None)

    async def tools(self):
        """Return the tools that the model is given."""
        model = await self._run(None, None)
        return {tool.name: tool.params_json_schema for tool in model.tools}

    async def call(self, name, arguments):
        """Let the agent make one call; return the output that its model reads."""
        model = await self._run(name, arguments)
        (output,) = [
            item["output"]
            for item in model.inputs[1]
            if item.get("type") == "function_call_output"
        ]
        if not isinstance(output, str):
            output = "".join(block["text"] for block in output)
        # The client does not say that a call failed: the text must.
        failed = output.startswith(('{"code":', "An error occurred"))
        return Shown(output, error=failed)

    async def close(self):
        """Disconnect."""
        await self._server.cleanup()

    async def _run(self, name, arguments):
        model = OneCall(name, arguments)
        agent = Agent(name="agent", model=model, mcp_servers=[self._server])
        await Runner.run(agent, "Call the tool.")
        return model


serve(OpenAiAgents)
