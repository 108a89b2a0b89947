// Follows a plan with the TypeScript SDK, in either major version; prints one JSON line
// a step. Runs in the folder where the SDKs are installed.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.cwd(), "package.json"));
const plan = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin });
const info = { name: "instantly-mcp-tests", version: "1.0.0" };
const filledIn = { action: "accept", content: { name: "Ada" } };

const say = (step, facts = {}) =>
  process.stdout.write(JSON.stringify({ step, ...facts }) + "\n");
const names = ({ tools }) => tools.map((tool) => tool.name);
const text = ({ content }) => content.map((block) => block.text ?? "").join("");

// What differs between the versions: how a client is made, how a tool is called.
const first = () => {
  const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
  const { ElicitRequestSchema } = require("@modelcontextprotocol/sdk/types.js");
  const client = new Client(info, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, async () => filledIn);
  const stdio = require("@modelcontextprotocol/sdk/client/stdio.js");
  const http = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const sse = require("@modelcontextprotocol/sdk/client/sse.js");
  return {
    client,
    call: (params, options) => client.callTool(params, undefined, options),
    transports: { ...stdio, ...http, ...sse },
    version: (transport) => transport.protocolVersion ?? transport._protocolVersion,
  };
};

const second = () => {
  const sdk = require("@modelcontextprotocol/client");
  const client = new sdk.Client(info, {
    capabilities: { elicitation: {} },
    versionNegotiation: { mode: plan.mode },
  });
  client.setRequestHandler("elicitation/create", async () => filledIn);
  return {
    client,
    call: (params, options) => client.callTool(params, options),
    transports: { ...require("@modelcontextprotocol/client/stdio"), ...sdk },
    version: () => client.getNegotiatedProtocolVersion(),
  };
};

const { client, call, transports, version } = plan.major === 1 ? first() : second();
const Transport = plan.url.endsWith("/sse")
  ? transports.SSEClientTransport
  : transports.StreamableHTTPClientTransport;
const transport = plan.started
  ? new transports.StdioClientTransport(plan.started)
  : new Transport(new URL(plan.url), { requestInit: { headers: plan.headers } });

// The transport for standard streams of 1.x does not keep the version.
transport.setProtocolVersion ??= (agreed) => (transport.protocolVersion = agreed);
await client.connect(transport);
say("connected", {
  version: version(transport),
  server: client.getServerVersion()?.name,
});
say("listed", { tools: names(await client.listTools()) });

for (const step of ["call", "fail", "bad", "progress", "ask"]) {
  if (plan[step]) {
    const heard = [];
    const onprogress = ({ progress }) => heard.push(progress);
    const result = await call(plan[step], { onprogress });
    const error = result.isError ?? false;
    const structured = result.structuredContent;
    say(step, { error, text: text(result), structured, progress: heard });
  }
}

const change = new AbortController();
lines.once("line", () => change.abort("Enough"));
const running = call(plan.slow, {
  signal: change.signal,
  onprogress: ({ progress }) => say("heard", { progress }),
});
say("calling");
await running.then(
  () => say("cancelled", { finished: true }),
  () => say("cancelled", { finished: false }),
);
say("still", { tools: names(await client.listTools(undefined, { cacheMode: "bypass" })) });

if (transport.terminateSession && transport.sessionId) {
  await transport.terminateSession();
}
await client.close();
say("disconnected");
lines.close();
