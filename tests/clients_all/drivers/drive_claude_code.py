"""Drives Claude Code: its own commands, and a model on loopback that makes one call.

``claude mcp add`` registers the server and ``claude mcp list`` connects to it. For a
call, ``claude --print`` talks to a model that `OneCall` imitates: it asks for one tool
call, and keeps what Claude Code then sends. No real model, account or key is used.
"""

# mypy: ignore-errors

from __future__ import annotations

import asyncio
import json
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from harness import Shown, serve

PREFIX = "mcp__instantly__"


def blocks_of(tool_use):
    """Return the content of the model's message."""
    if tool_use is None:
        return [{"type": "text", "text": "done"}], "end_turn"
    block = {"type": "tool_use", "id": "toolu_1", **tool_use}
    return [block], "tool_use"


def events_of(blocks, stop):
    """Yield the events of a streamed message."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "one-call",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": message}
    for index, block in enumerate(blocks):
        empty = {**block, "input": {}} if "input" in block else {**block, "text": ""}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        delta = {"type": "text_delta", "text": block.get("text", "")}
        if "input" in block:
            text = json.dumps(block["input"])
            delta = {"type": "input_json_delta", "partial_json": text}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {"stop_reason": stop, "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}


class OneCall(ThreadingHTTPServer):
    """The API of a model that asks for one tool call, and then is done."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Asked)
        self.tool_use = None
        self.requests = []
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def results(self):
        """Return the results of the call that Claude Code sent."""
        return [
            block
            for request in self.requests
            for message in request["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_result"
        ]


class Asked(BaseHTTPRequestHandler):
    """One request to the model."""

    def do_POST(self):
        """Answer it; requests without tools are not about the call."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        model = self.server
        first = False
        if request.get("tools"):
            model.requests.append(request)
            first = not model.results()
        blocks, stop = blocks_of(model.tool_use if first else None)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for event in events_of(blocks, stop):
            line = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
            self.wfile.write(line.encode())

    def log_message(self, *words):
        """Log nothing."""


class ClaudeCode:
    """The program, with a home of its own."""

    async def connect(self, url, headers):
        """Register the server, and let it connect."""
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "ENABLE_TOOL_SEARCH": "false",
        }
        transport = "sse" if url.endswith("/sse") else "http"
        words = ["mcp", "add", "--scope", "user", "--transport", transport]
        pairs = [f"{name}: {value}" for name, value in headers.items()]
        more = [word for pair in pairs for word in ("--header", pair)]
        await self._run(*words, "instantly", url, *more)
        said = await self._run("mcp", "list")
        if "Connected" not in said:
            raise RuntimeError(said)

    async def tools(self):
        """Return the tools in a request to the model."""
        model = await self._ask(None)
        return {
            tool["name"].removeprefix(PREFIX): tool["input_schema"]
            for tool in model.requests[0]["tools"]
            if tool["name"].startswith(PREFIX)
        }

    async def call(self, name, arguments):
        """Let it make one call; return the result that it sends to the model."""
        model = await self._ask({"name": PREFIX + name, "input": arguments})
        (result,) = model.results()
        content = result["content"]
        if not isinstance(content, str):
            content = "".join(block.get("text", "") for block in content)
        return Shown(content, error=bool(result.get("is_error")))

    async def close(self):
        """Forget the server."""
        await self._run("mcp", "remove", "instantly", "--scope", "user")

    async def _ask(self, tool_use):
        model = OneCall()
        model.tool_use = tool_use
        self._environ["ANTHROPIC_BASE_URL"] = model.url
        self._environ["ANTHROPIC_API_KEY"] = "no-key"
        try:
            await self._run("--print", "Call it.", "--allowedTools", "mcp__instantly")
        finally:
            model.shutdown()
        return model

    async def _run(self, *words):
        process = await asyncio.create_subprocess_exec(
            "claude",
            *words,
            env=self._environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._environ["HOME"],
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.send_signal(signal.SIGINT)
            await process.wait()
            raise
        if process.returncode:
            raise RuntimeError(output.decode())
        return output.decode()


serve(ClaudeCode)
