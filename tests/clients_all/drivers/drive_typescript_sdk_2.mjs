// Drives the official TypeScript SDK in its second major version.

import { requireInstalled, serve, shown } from "./harness.mjs";

const sdk = requireInstalled("@modelcontextprotocol/client");

class SecondSdk {
  async connect(url, headers) {
    const Transport = url.endsWith("/sse")
      ? sdk.SSEClientTransport
      : sdk.StreamableHTTPClientTransport;
    this.client = new sdk.Client(
      { name: "clients-all", version: "1.0.0" },
      { versionNegotiation: { mode: "auto" } },
    );
    await this.client.connect(new Transport(new URL(url), { requestInit: { headers } }));
    return this.client.getNegotiatedProtocolVersion();
  }

  async tools() {
    const { tools } = await this.client.listTools(undefined, { cacheMode: "bypass" });
    return Object.fromEntries(tools.map((tool) => [tool.name, tool.inputSchema]));
  }

  async call(name, values, signal) {
    const result = await this.client.callTool({ name, arguments: values }, { signal });
    return shown(result.content.map((block) => block.text ?? "").join(""), result.isError ?? false);
  }

  async close() {
    await this.client.close();
  }
}

await serve(() => new SecondSdk());
