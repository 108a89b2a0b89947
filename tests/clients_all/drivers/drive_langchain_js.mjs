// Drives LangChain.js: the tools of its MCP adapters.

import { raised, requireInstalled, serve, shown } from "./harness.mjs";

const { MultiServerMCPClient } = requireInstalled("@langchain/mcp-adapters");
const { convertToOpenAITool } = requireInstalled("@langchain/core/utils/function_calling");

const TOOL_ERRORS = ["ToolException", "ToolInputParsingException"];

class LangChain {
  async connect(url, headers) {
    const transport = url.endsWith("/sse") ? "sse" : "http";
    const servers = { instantly: { url, transport, headers } };
    this.client = new MultiServerMCPClient({ mcpServers: servers });
    await this.tools();
    const client = await this.client.getClient("instantly");
    return client.transport?._protocolVersion ?? client.transport?.protocolVersion ?? null;
  }

  async tools() {
    const tools = await this.client.getTools();
    for (const tool of tools) {
      tool.verboseParsingErrors = true;
    }
    this.made = Object.fromEntries(tools.map((tool) => [tool.name, tool]));
    const described = tools.map((tool) => convertToOpenAITool(tool).function);
    return Object.fromEntries(described.map((each) => [each.name, each.parameters]));
  }

  async call(name, values, signal) {
    const call = { type: "tool_call", id: "1", name, args: values };
    try {
      const message = await this.made[name].invoke(call, { signal });
      return shown(message.text, message.status === "error");
    } catch (error) {
      const told = raised(error);
      if (TOOL_ERRORS.includes(told.raised)) {
        return told;
      }
      throw error;
    }
  }

  async close() {
    await this.client.close();
  }
}

await serve(() => new LangChain());
