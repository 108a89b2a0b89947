"use strict";
/**
 * Answers requests while the daemon cannot: a server with one tool. Its capabilities are
 * those of the daemon, so that a client that began with this server can use the daemon
 * later without a new handshake.
 */

const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { META_VERSION } = require("../messages/request_headers");
const {
  LATEST_LEGACY,
  LEGACY_VERSIONS,
  MODERN_VERSIONS,
  NOT_SERVED,
  errorResponse,
  isModern,
} = require("../messages/messages");

/** @typedef {import("../messages/messages").Request} Request */
/** @typedef {import("../problems/problems").Problem} Problem */

const TOOL = "connection_problem";
const TITLE = "Why Instantly is not available";

const META_SERVER = "io.modelcontextprotocol/serverInfo";
const META_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

/** For each capability with a list: the wish of a subscriber, and the notification. */
const LISTS = {
  tools: ["toolsListChanged", "notifications/tools/list_changed"],
  prompts: ["promptsListChanged", "notifications/prompts/list_changed"],
  resources: ["resourcesListChanged", "notifications/resources/list_changed"],
};

const SERVER = {
  name: "instantly-mcp",
  title: "Instantly (not connected)",
  version: ownVersion(),
};

const CAPABILITIES = {
  tools: { listChanged: true },
  logging: {},
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
};

const EMPTY_LISTS = new Map([
  ["resources/list", "resources"],
  ["resources/templates/list", "resourceTemplates"],
  ["prompts/list", "prompts"],
]);

const DONE = new Set([
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

const UNCACHED = { ttlMs: 0, cacheScope: "private" };

/**
 * Return the response to a request that the daemon cannot answer.
 * @param {Request} request
 * @param {Problem} problem
 */
function standIn(request, problem) {
  const result = resultOf(request, problem);
  return result === null
    ? errorResponse(request.id, NOT_SERVED, problem.text)
    : enveloped(request, result);
}

/**
 * Return the result of the tool when there is no problem.
 * @param {Request} request
 * @param {string} address
 */
function working(request, address) {
  const text =
    `The connection to ${address} works. List the tools of this server again to see ` +
    "them.";
  return enveloped(request, says(text, false));
}

/**
 * Return the response to a request that may have been carried out.
 * @param {Request} request
 * @param {Problem} problem
 */
function unknownOutcome(request, problem) {
  const called = request.params.name;
  const name = typeof called === "string" ? called.slice(0, 100) : request.method;
  const text =
    `The connection was lost after ${name} was sent, so its outcome is unknown: it may ` +
    `have been carried out. Do not call ${name} another time before you know. When the ` +
    "connection works, look with a reading tool whether it took effect (for a mail: " +
    "list the sent mails of that lead), and tell the user what you found. " +
    `(${problem.text})`;
  return request.method === "tools/call"
    ? enveloped(request, says(text, true))
    : errorResponse(request.id, NOT_SERVED, text);
}

/**
 * Return the acknowledgment of a `subscriptions/listen` as it was requested.
 * @param {Request} request
 */
function acknowledgment(request) {
  const { notifications } = request.params;
  return {
    method: ACKNOWLEDGED,
    params: {
      notifications: notifications ?? {},
      _meta: { [META_SUBSCRIPTION]: request.id },
    },
  };
}

/**
 * Return the result of `initialize` or `server/discover` of the daemon with what this
 * relay adds: it says that lists changed whenever a lost connection works again.
 * @param {any} result
 */
function withListChanges(result) {
  const capabilities = { ...result?.capabilities };
  for (const name of Object.keys(LISTS)) {
    if (capabilities[name]) {
      capabilities[name] = { ...capabilities[name], listChanged: true };
    }
  }
  return { ...result, capabilities };
}

/**
 * @param {Request} request
 * @param {Problem} problem
 * @returns {Record<string, unknown> | null}
 */
function resultOf(request, problem) {
  const { method, params } = request;
  const caching = isModern(request) ? UNCACHED : {};
  if (method === "initialize") {
    return initialized(params.protocolVersion, problem);
  }
  if (method === "server/discover") {
    const instructions = problem.text;
    const supportedVersions = MODERN_VERSIONS;
    return { supportedVersions, capabilities: CAPABILITIES, instructions, ...caching };
  }
  if (method === "tools/list") {
    return { tools: [TOOL_DECLARED], ...caching };
  }
  if (method === "tools/call") {
    return says(problem.text, params.name !== TOOL);
  }
  const list = EMPTY_LISTS.get(method);
  if (list !== undefined) {
    return { [list]: [], ...caching };
  }
  return DONE.has(method) ? {} : null;
}

/**
 * @param {unknown} wanted
 * @param {Problem} problem
 */
function initialized(wanted, problem) {
  const known = LEGACY_VERSIONS.includes(/** @type {string} */ (wanted));
  return {
    protocolVersion: known ? wanted : LATEST_LEGACY,
    capabilities: CAPABILITIES,
    serverInfo: SERVER,
    instructions: problem.text,
  };
}

const TOOL_DECLARED = {
  name: TOOL,
  title: TITLE,
  description: "Say why the tools of this server are not available, and what to do.",
  inputSchema: { type: "object", properties: {} },
  annotations: {
    title: TITLE,
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
};

/**
 * @param {string} text
 * @param {boolean} isError
 */
function says(text, isError) {
  return { content: [{ type: "text", text }], isError };
}

/**
 * @param {Request} request
 * @param {Record<string, unknown>} result
 */
function enveloped(request, result) {
  const { id } = request;
  if (!MODERN_VERSIONS.includes(request.params._meta?.[META_VERSION])) {
    return { id, result };
  }
  const _meta = { [META_SERVER]: SERVER };
  return { id, result: { resultType: "complete", ...result, _meta } };
}

/** @returns {string} */
function ownVersion() {
  try {
    return JSON.parse(readFileSync(join(__dirname, "../../manifest.json"), "utf8")).version;
  } catch {
    return "0.0.0"; // It does not run from a bundle.
  }
}

module.exports = {
  ACKNOWLEDGED,
  LISTS,
  META_SUBSCRIPTION,
  TOOL,
  acknowledgment,
  standIn,
  unknownOutcome,
  withListChanges,
  working,
};
