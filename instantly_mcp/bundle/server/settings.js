"use strict";
/**
 * The settings of the relay. They come from environment variables only: other users of
 * the computer can read command lines.
 */

const { readFileSync } = require("node:fs");
const tls = require("node:tls");
const { settingsProblem } = require("./problems/problems");

/**
 * @typedef {object} Target The one address that the relay connects to.
 * @property {URL} url
 * @property {boolean} secure
 * @property {string} shown The address for messages: without the path, which may hold a
 *   key.
 * @property {string} statusPage
 * @property {boolean} isLocal It is this computer.
 */

/**
 * @typedef {object} Settings
 * @property {Target} target
 * @property {string} token Empty for none.
 * @property {string[] | undefined} ca The trusted certificates; `undefined` for Node's.
 * @property {boolean} readOnly
 */

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Read all settings.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Settings}
 * @throws {import("./problems/problems").ProblemError} for a value that cannot be used.
 */
function readSettings(environment) {
  const target = readTarget(given(environment.INSTANTLY_MCP_URL));
  const token = readToken(given(environment.INSTANTLY_TOKEN));
  const mayBePlain = isOn(environment.INSTANTLY_MCP_ALLOW_HTTP);
  if (token && !target.secure && !mayBePlain && !target.isLocal) {
    throw settingsProblem(
      `The address ${target.shown} is not encrypted, so I do not send your access ` +
        "token there.",
      "Ask your admin for an address that begins with https:// and set it as 'Server " +
        "address' of the extension.",
    );
  }
  return {
    target,
    token,
    ca: readCa(given(environment.INSTANTLY_MCP_CA_FILE), environment),
    readOnly: isOn(environment.INSTANTLY_MCP_READ_ONLY),
  };
}

/**
 * Return a value without blanks at its ends.
 *
 * Claude Desktop leaves "${user_config.NAME}" in place of a field without a value.
 * @param {string | undefined} value
 */
function given(value) {
  const trimmed = (value ?? "").trim();
  return /^\$\{[^}]*\}$/.test(trimmed) ? "" : trimmed;
}

/** @param {string | undefined} value */
function isOn(value) {
  return ["true", "1", "yes", "on"].includes(given(value).toLowerCase());
}

/**
 * @param {string} address
 * @returns {Target}
 */
function readTarget(address) {
  if (!address) {
    throw badAddress("is empty");
  }
  const url = parseUrl(address);
  if (url === null) {
    throw badAddress("is not a web address");
  }
  if (!["http:", "https:"].includes(url.protocol)) {
    throw badAddress("must begin with https:// and the name of the server");
  }
  if (url.username || url.password) {
    throw badAddress("must not contain a user name or a password");
  }
  if (url.search || url.hash) {
    throw badAddress("must not contain ? or #");
  }
  url.pathname = url.pathname.replace(/\/+$/, "") || "/mcp";
  // Only a path of this form certainly holds no key.
  const prefix = /^((?:\/[\w.-]{1,40})*)\/mcp$/.exec(url.pathname)?.[1] ?? "";
  return {
    url,
    secure: url.protocol === "https:",
    shown: url.origin,
    statusPage: `${url.origin}${prefix}/status`,
    isLocal: LOOPBACK.test(url.hostname),
  };
}

/** @param {string} address */
function parseUrl(address) {
  try {
    // People type the bare name of a server.
    return new URL(address.includes("://") ? address : `https://${address}`);
  } catch {
    return null;
  }
}

/** @param {string} why */
function badAddress(why) {
  return settingsProblem(
    `The 'Server address' of this extension ${why}.`,
    "Set it in Claude Desktop under Settings > Extensions, for example " +
      "https://mcp.example.com/mcp. Your admin knows it.",
  );
}

/** @param {string} value */
function readToken(value) {
  const token = value.replace(/^bearer\s+/i, "");
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw settingsProblem(
      "The 'Access token' of this extension contains a space or another character " +
        "that no token has.",
      "Copy it once more, and set it in Claude Desktop under Settings > Extensions.",
    );
  }
  return token;
}

/**
 * @param {string} path
 * @param {NodeJS.ProcessEnv} environment
 */
function readCa(path, environment) {
  if (!path) {
    return undefined;
  }
  const trusted = [...commonRoots(environment), readCertificates(path)];
  try {
    tls.createSecureContext({ ca: trusted });
  } catch {
    throw badCaFile("holds a certificate that cannot be read");
  }
  return trusted;
}

/**
 * Return what Node trusts without further settings: with `ca` it trusts nothing else.
 * @param {NodeJS.ProcessEnv} environment
 */
function commonRoots(environment) {
  const roots = [...tls.rootCertificates];
  const extra = environment.NODE_EXTRA_CA_CERTS;
  if (extra) {
    try {
      roots.push(readFileSync(extra, "utf8"));
    } catch {
      // Node ignores it as well.
    }
  }
  return roots;
}

/**
 * Return the certificates of a file in PEM. Windows exports DER, which is one of them.
 * @param {string} path
 */
function readCertificates(path) {
  let content;
  try {
    content = readFileSync(path);
  } catch {
    throw badCaFile("cannot be read");
  }
  const text = content.toString("latin1");
  if (text.includes("-----BEGIN CERTIFICATE-----")) {
    return text;
  }
  try {
    // Loaded here: it takes time, and few need it.
    const { X509Certificate } = require("node:crypto");
    return new X509Certificate(content).toString();
  } catch {
    throw badCaFile("holds no certificate");
  }
}

/** @param {string} why */
function badCaFile(why) {
  return settingsProblem(
    `The 'CA file' of this extension ${why}.`,
    "Choose another file in Claude Desktop under Settings > Extensions, or ask IT for " +
      "the certificate of your company's authority, in PEM.",
  );
}

module.exports = { readSettings };
