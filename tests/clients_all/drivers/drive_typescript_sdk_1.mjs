// Drives the official TypeScript SDK in its first major version.

import { requireInstalled, serve, shown } from "./harness.mjs";

const { Client } = requireInstalled("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = requireInstalled(
  "@modelcontextprotocol/sdk/client/streamableHttp.js",
);
const { SSEClientTransport } = requireInstalled("@modelcontextprotocol/sdk/client/sse.js");

class FirstSdk {
  async connect(url, headers) {
    const Transport = url.endsWith("/sse") ? SSEClientTransport : StreamableHTTPClientTransport;
    const transport = new Transport(new URL(url), { requestInit: { headers } });
    this.client = new Client({ name: "clients-all", version: "1.0.0" });
    await this.client.connect(transport);
    return transport.protocolVersion ?? transport._protocolVersion ?? null;
  }

  async tools() {
    const { tools } = await this.client.listTools();
    return Object.fromEntries(tools.map((tool) => [tool.name, tool.inputSchema]));
  }

  async call(name, values, signal) {
    const call = { name, arguments: values };
    const result = await this.client.callTool(call, undefined, { signal });
    return shown(result.content.map((block) => block.text ?? "").join(""), result.isError ?? false);
  }

  async close() {
    await this.client.close();
  }
}

await serve(() => new FirstSdk());
