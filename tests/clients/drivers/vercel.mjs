// Asks a model with all tools of servers, through Vercel"s AI SDK, and prints the tools
// that the model"s API gets. Which provider and which servers is in the plan, the only
// argument. Runs in the folder where the SDK is installed.

import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { createMCPClient } = require("@ai-sdk/mcp");
const { createGoogleGenerativeAI } = require("@ai-sdk/google");
const { createOpenAI } = require("@ai-sdk/openai");
const { generateText } = require("ai");

const say = (facts) => process.stdout.write(JSON.stringify(facts) + "\n");

const GEMINI = {
  candidates: [
    { content: { role: "model", parts: [{ text: "Yes." }] }, finishReason: "STOP" },
  ],
};
const RESPONSES = {
  id: "r",
  created_at: 0,
  model: "m",
  output: [
    {
      id: "o",
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Yes.", annotations: [] }],
    },
  ],
  usage: { input_tokens: 1, output_tokens: 1 },
};

// Takes the place of the model"s API.
const fetch = async (url, request) => {
  const { tools } = JSON.parse(request.body);
  say({ step: "asked", path: new URL(url).pathname, tools });
  const answer = url.includes("generateContent") ? GEMINI : RESPONSES;
  return Response.json(answer);
};

const MODELS = {
  google: () => createGoogleGenerativeAI({ apiKey: "x", fetch })("gemini-2.5-flash"),
  openai: () => createOpenAI({ apiKey: "x", fetch })("gpt-4o"),
};

const { urls, headers, provider } = JSON.parse(process.argv[2]);
for (const url of urls) {
  const client = await createMCPClient({ transport: { type: "http", url, headers } });
  try {
    const tools = await client.tools();
    await generateText({ model: MODELS[provider](), tools, prompt: "Any replies?" });
  } finally {
    await client.close();
  }
}
say({ step: "done" });
