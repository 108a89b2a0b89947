"use strict";
/** JSON-RPC messages, as far as the relay looks into them. */

const { META_VERSION } = require("./request_headers");

/** @typedef {string | number} Id */

/**
 * @typedef {object} Message
 * @property {Id} [id]
 * @property {string} [method]
 * @property {Record<string, any>} params Empty if the message has none.
 * @property {any} [result]
 * @property {any} [error]
 */

/** @typedef {Message & {id: Id, method: string}} Request */

const LEGACY_VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const LATEST_LEGACY = "2025-11-25";
const MODERN_VERSIONS = ["2026-07-28"];

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const NOT_SERVED = -32000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Return the JSON value of a line.
 * @param {Buffer} line
 * @returns {{text: string, value: any} | null} `null` if it is not JSON.
 */
function parseLine(line) {
  try {
    const text = utf8.decode(line);
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @returns {any} `undefined` if it is not JSON.
 */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {any} value
 * @returns {Message | null} `null` if it is not a message.
 */
function asMessage(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return null;
  }
  const hasId = typeof value.id === "string" || typeof value.id === "number";
  const isCall = typeof value.method === "string" && (hasId || value.id === undefined);
  const isResponse = value.method === undefined && ("result" in value || "error" in value);
  if (!isCall && !isResponse) {
    return null;
  }
  const { params } = value;
  const isObject = typeof params === "object" && params !== null && !Array.isArray(params);
  return { ...value, params: isObject ? params : {} };
}

/**
 * @param {Message} message
 * @returns {message is Request}
 */
function isRequest(message) {
  return message.method !== undefined && message.id !== undefined;
}

/**
 * A message whose `_meta` names a version that is not a legacy one is modern.
 * @param {Message} message
 */
function isModern(message) {
  const version = message.params._meta?.[META_VERSION];
  return version !== undefined && !LEGACY_VERSIONS.includes(version);
}

/**
 * @param {Id | null} id
 * @param {number} code
 * @param {string} message
 */
function errorResponse(id, code, message) {
  return { id, error: { code, message } };
}

module.exports = {
  INVALID_REQUEST,
  LATEST_LEGACY,
  LEGACY_VERSIONS,
  METHOD_NOT_FOUND,
  MODERN_VERSIONS,
  NOT_SERVED,
  PARSE_ERROR,
  asMessage,
  errorResponse,
  isModern,
  isRequest,
  parseJson,
  parseLine,
};
