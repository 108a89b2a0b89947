"""Asks a model with all tools of servers, through one agent framework.

The framework connects to each server with its own MCP client, converts the tools for
its model, and posts them to the model's API. That is here a server in this process,
which prints the tools that it gets and answers with one word. Which framework and which
servers is in the plan, the only argument.
"""

# mypy: ignore-errors
# The frameworks are installed in an environment of their own.

from __future__ import annotations

import asyncio
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

GEMINI = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "Yes."}]},
            "finishReason": "STOP",
        }
    ]
}
RESPONSES = {
    "id": "r",
    "object": "response",
    "created_at": 0,
    "model": "m",
    "status": "completed",
    "output": [
        {
            "id": "o",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Yes.", "annotations": []}],
        }
    ],
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "tools": [],
}
COMPLETIONS = {
    "id": "c",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Yes."},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
ANSWERS = {
    "generateContent": GEMINI,
    "responses": RESPONSES,
    "completions": COMPLETIONS,
}
"""What the model's API answers, by the last word of the path."""


def say(**facts):
    """Print a step."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


class Model(BaseHTTPRequestHandler):
    """The API of a model."""

    def do_POST(self):
        """Print the tools of the request, and answer it."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        say(step="asked", path=self.path, tools=body.get("tools"))
        path = self.path.partition("?")[0]
        answer = json.dumps(ANSWERS[path.replace(":", "/").rpartition("/")[2]]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        """Log nothing."""


async def listed(plan):
    """Return the tools as the official client lists them."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(plan["url"], headers=plan["headers"]) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        return (await session.list_tools()).tools


async def google_genai(plan, model):
    """Google's SDK, which takes tools as the official client lists them."""
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=model))
    await client.aio.models.generate_content(
        model="gemini-2.5-flash",
        contents="Any replies?",
        config=types.GenerateContentConfig(tools=await listed(plan)),
    )


async def langchain_gemini(plan, model):
    """LangChain's adapter for MCP, with its chat model for Gemini."""
    from langchain_google_genai import ChatGoogleGenerativeAI
    from langchain_mcp_adapters.client import MultiServerMCPClient

    server = {"transport": "streamable_http", **plan}
    tools = await MultiServerMCPClient({"instantly": server}).get_tools()
    chat = ChatGoogleGenerativeAI(
        model="gemini-2.5-flash", api_key="x", base_url=model, max_retries=0
    )
    await chat.bind_tools(tools).ainvoke("Any replies?")


async def openai_agents(plan, model, strict=False):
    """The Agents SDK of OpenAI, with schemas as they are."""
    from agents import Agent, OpenAIResponsesModel, Runner, set_tracing_disabled
    from agents.mcp import MCPServerStreamableHttp
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    client = AsyncOpenAI(api_key="x", base_url=f"{model}/v1", max_retries=0)
    async with MCPServerStreamableHttp(plan) as server:
        agent = Agent(
            name="Seller",
            model=OpenAIResponsesModel("m", client),
            mcp_servers=[server],
            mcp_config={"convert_schemas_to_strict": strict},
        )
        await Runner.run(agent, "Any replies?")


async def openai_agents_strict(plan, model):
    """The Agents SDK of OpenAI, with schemas converted to its strict mode."""
    await openai_agents(plan, model, strict=True)


async def autogen(plan, model):
    """AutoGen, with its client for OpenAI's older API."""
    from autogen_core.models import UserMessage
    from autogen_ext.models.openai import OpenAIChatCompletionClient
    from autogen_ext.tools.mcp import StreamableHttpServerParams, mcp_server_tools

    tools = await mcp_server_tools(StreamableHttpServerParams(**plan))
    client = OpenAIChatCompletionClient(
        model="gpt-4o", api_key="x", base_url=f"{model}/v1", max_retries=0
    )
    await client.create(
        [UserMessage(content="Any replies?", source="user")], tools=tools
    )


FRAMEWORKS = {
    each.__name__: each
    for each in (
        google_genai,
        langchain_gemini,
        openai_agents,
        openai_agents_strict,
        autogen,
    )
}


def main():
    """Run one framework; it ends with an error if it cannot convert the tools."""
    # Some frameworks would report their use to their makers.
    os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    Thread(target=server.serve_forever, daemon=True).start()
    model = f"http://127.0.0.1:{server.server_address[1]}"
    plan = json.loads(sys.argv[1])
    ask = FRAMEWORKS[plan["framework"]]
    for url in plan["urls"]:
        asyncio.run(ask({"url": url, "headers": plan["headers"]}, model))
    say(step="done")


if __name__ == "__main__":
    main()
