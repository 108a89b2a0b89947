"""Drives Agno: the functions of its MCP toolkit, called as its agent calls them."""

# mypy: ignore-errors

from __future__ import annotations

from agno.tools.function import FunctionCall
from agno.tools.mcp import MCPTools
from harness import Shown, serve


class Agno:
    """The toolkit."""

    async def connect(self, url, headers):
        """Connect the toolkit."""
        transport = "sse" if url.endswith("/sse") else "streamable-http"
        self._toolkit = MCPTools(
            url=url, transport=transport, headers=headers, timeout_seconds=60
        )
        await self._toolkit.connect()
        return self._toolkit.session.protocol_version

    async def tools(self):
        """Make the functions, and their descriptions for a model."""
        await self._toolkit.build_tools()
        functions = self._toolkit.functions.values()
        for function in functions:
            function.process_entrypoint()
        return {
            function.name: function.to_dict()["parameters"] for function in functions
        }

    async def call(self, name, arguments):
        """Execute a function call of a model; return what the model is shown."""
        function = self._toolkit.functions[name].model_copy()
        done = await FunctionCall(function=function, arguments=arguments).aexecute()
        if done.status == "failure":
            return Shown(str(done.error), error=True)
        text = getattr(done.result, "content", str(done.result))
        return Shown(text, error=text.startswith("Error from MCP tool"))

    async def close(self):
        """Close the toolkit."""
        await self._toolkit.close()


serve(Agno)
