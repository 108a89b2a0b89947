"use strict";
/**
 * HTTP headers of the modern era (2026-07-28), which repeat parts of the body, and what
 * the relay has to know of the daemon's tools for them.
 */

/** @typedef {import("./messages").Message} Message */
/** @typedef {{header: string, path: string[]}} ParamHeader */
/** @typedef {{reads: boolean, headers: ParamHeader[]}} DeclaredTool */

const BOTH_FORMS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

const META_VERSION = "io.modelcontextprotocol/protocolVersion";

/** @type {Record<string, string>} */
const NAME_PARAMETERS = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

const MAX_TOOLS = 4096;

/**
 * @param {Message} message
 * @param {ParamHeader[]} [annotated] The annotated arguments of the tool it calls.
 * @returns {Record<string, string>}
 */
function modernHeaders(message, annotated = []) {
  /** @type {Record<string, string>} */
  const headers = { ...BOTH_FORMS, "mcp-method": encodeValue(message.method ?? "") };
  const { params } = message;
  const version = params._meta?.[META_VERSION];
  if (typeof version === "string") {
    headers["mcp-protocol-version"] = encodeValue(version);
  }
  const name = params[NAME_PARAMETERS[message.method ?? ""] ?? ""];
  if (typeof name === "string") {
    headers["mcp-name"] = encodeValue(name);
  }
  for (const { header, path } of annotated) {
    const value = valueAt(params.arguments, path);
    if (value !== undefined && value !== null) {
      headers[header] = encodeValue(asText(value));
    }
  }
  return headers;
}

/**
 * Encode a text as a header value, as `=?base64?…?=` where it must be: for characters
 * that headers cannot contain, for spaces at either end, for text that looks encoded.
 * @param {string} text
 */
function encodeValue(text) {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text);
  if (isPlain && !(text.startsWith("=?base64?") && text.endsWith("?="))) {
    return text;
  }
  return `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

/**
 * @param {any} value
 * @param {string[]} path
 */
function valueAt(value, path) {
  let found = value;
  for (const name of path) {
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}

/** @param {unknown} value */
function asText(value) {
  if (typeof value === "number" && /e/.test(String(value))) {
    // Plain digits: the check of the daemon does not read exponents.
    return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20);
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What the daemon's tools declare, read from each `tools/list` that passes. */
class ToolBook {
  constructor() {
    /** @type {Map<string, DeclaredTool>} */
    this._tools = new Map();
  }

  /**
   * A tool that is not known counts as one that changes something.
   * @param {unknown} name
   * @returns {DeclaredTool}
   */
  tool(name) {
    return this._tools.get(/** @type {string} */ (name)) ?? { reads: false, headers: [] };
  }

  /** @param {any} result That of a `tools/list`, one page or all. */
  read(result) {
    for (const tool of Array.isArray(result?.tools) ? result.tools : []) {
      if (typeof tool?.name !== "string") {
        continue;
      }
      this._tools.delete(tool.name);
      this._tools.set(tool.name, {
        reads: tool.annotations?.readOnlyHint === true,
        headers: [...annotatedIn(tool.inputSchema, [])],
      });
    }
    for (const name of this._tools.keys()) {
      if (this._tools.size <= MAX_TOOLS) {
        break;
      }
      this._tools.delete(name);
    }
  }
}

/**
 * Yield the properties with an `x-mcp-header`, which only `properties` can hold.
 * @param {any} schema
 * @param {string[]} path
 * @returns {Generator<ParamHeader>}
 */
function* annotatedIn(schema, path) {
  if (!isObject(schema?.properties) || path.length > 32) {
    return;
  }
  for (const [name, inner] of Object.entries(schema.properties)) {
    const here = [...path, name];
    const header = inner?.["x-mcp-header"];
    if (typeof header === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) {
      yield { header: `mcp-param-${header.toLowerCase()}`, path: here };
    }
    yield* annotatedIn(inner, here);
  }
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

module.exports = { BOTH_FORMS, META_VERSION, ToolBook, encodeValue, modernHeaders };
