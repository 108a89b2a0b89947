// Drives Mastra: the tools of its MCP client, executed as its agents execute them.

import { raised, requireInstalled, serve, shown } from "./harness.mjs";

const { MCPClient } = requireInstalled("@mastra/mcp");
const { standardSchemaToJSONSchema } = requireInstalled("@mastra/core/schema");

// Mastra prefixes the name of each tool with that of its server.
const PREFIX = "instantly_";

class Mastra {
  async connect(url, headers) {
    const server = { url: new URL(url), requestInit: { headers } };
    this.client = new MCPClient({ id: crypto.randomUUID(), servers: { instantly: server } });
    await this.tools();
    const [inner] = this.client.mcpClientsById.values();
    return inner.negotiatedProtocolVersion;
  }

  async tools() {
    this.made = await this.client.listTools();
    const described = Object.entries(this.made).map(([name, tool]) => [
      name.slice(PREFIX.length),
      standardSchemaToJSONSchema(tool.inputSchema),
    ]);
    return Object.fromEntries(described);
  }

  async call(name, values, signal) {
    const tool = this.made[PREFIX + name];
    try {
      const result = await tool.execute(values, { abortSignal: signal });
      return shown(JSON.stringify(result), Boolean(result.isError || result.error));
    } catch (error) {
      if (error.id === "MCP_CLIENT_TOOL_EXECUTION_FAILED") {
        return raised(error);
      }
      throw error;
    }
  }

  async close() {
    await this.client.disconnect();
  }
}

await serve(() => new Mastra());
