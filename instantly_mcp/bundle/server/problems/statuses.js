"use strict";
/** Explains answers that are not those of a daemon that serves this client. */

const { problem, unreachable, visible } = require("./problems");

/** @typedef {import("../settings").Target} Target */

const MAX_QUOTED = 400;

/** Statuses about one message, of the daemon or of a proxy: others can be sent. */
const TOO_LARGE = new Set([413, 414, 431]);

const ASK_FOR_ADDRESS =
  "Check the 'Server address' of the extension, which usually ends in /mcp, with the " +
  "person who gave it to you.";

/**
 * Return the problem of an answer that names another address. It is not followed: the
 * token would reach another server.
 * @param {string} location
 * @param {Target} target
 */
function redirected(location, target) {
  let to;
  try {
    to = new URL(location, target.url);
  } catch {
    to = target.url;
  }
  if (to.hostname === target.url.hostname && to.protocol === "https:" && !target.secure) {
    return problem(
      `${target.shown} wants https.`,
      "Set an address that begins with https:// as 'Server address' of the extension.",
    );
  }
  const where = to.origin === target.url.origin ? "another path" : visible(to.origin, 100);
  return problem(
    `${target.shown} sends me on to ${where}, and I do not send your token there.`,
    ASK_FOR_ADDRESS,
  );
}

/**
 * Return the problem of 401 and 403.
 * @param {number} status
 * @param {string} message The daemon's own words; empty if it gave no reason.
 * @param {Target} target
 */
function refused(status, message, target) {
  if (!message) {
    return problem(
      `${target.shown} refused the access (${status}) and gave no reason.`,
      "Ask your admin whether your access token is right and still valid.",
    );
  }
  return problem(
    `${target.shown} refused the access: ${sentence(message)}`,
    "Set the token that your admin gives you in Claude Desktop under Settings > Extensions.",
  );
}

/**
 * Return the problem of a status from 500 on: a proxy cannot reach the daemon.
 * @param {number} status
 * @param {Target} target
 */
function failing(status, target) {
  return unreachable(
    target,
    `a server in front of it answered ${status}`,
    "Try again in a minute. If that does not help, tell your admin; the status page: " +
      target.statusPage,
  );
}

/**
 * Return the problem of a daemon that does not serve at the moment.
 * @param {string} message
 * @param {Target} target
 */
function busy(message, target) {
  return unreachable(
    target,
    `it is busy or restarting: ${visible(message, MAX_QUOTED).replace(/\.$/, "")}`,
    "Try again in a minute. If that does not help, tell your admin.",
  );
}

/**
 * Return the problem of an answer that is not MCP.
 * @param {number} status
 * @param {string} media
 * @param {string} body
 * @param {Target} target
 */
function notMcp(status, media, body, target) {
  if (status === 400 && body.includes("HTTPS port")) {
    return problem(
      `${target.shown} wants https.`,
      "Set an address that begins with https:// as 'Server address' of the extension.",
    );
  }
  const kind = visible(media, 60) || "no content";
  return problem(
    `${target.shown} answers, but not as an MCP server (${status}, ${kind}).`,
    ASK_FOR_ADDRESS,
  );
}

/**
 * Return the error for a message that has no room.
 * @param {number} status
 * @param {Target} target
 */
function tooLarge(status, target) {
  const message =
    `The message is too large for ${target.shown} (${status}). Nothing was done. Send ` +
    "less at a time.";
  return { code: -32600, message };
}

/** @param {string} message */
function sentence(message) {
  const words = visible(message, MAX_QUOTED);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

module.exports = { TOO_LARGE, busy, failing, notMcp, redirected, refused, tooLarge };
