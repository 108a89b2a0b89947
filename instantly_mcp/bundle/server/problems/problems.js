"use strict";
/**
 * What can be wrong with the connection, in words for the user: one cause, one next
 * step, and who must act.
 */

const tls = require("node:tls");

/** @typedef {import("../settings").Settings} Settings */
/** @typedef {import("../settings").Target} Target */

/**
 * @typedef {object} Problem
 * @property {string} text
 * @property {boolean} passes It may be over in a moment, so that waiting makes sense.
 * @property {boolean} final Only other settings help, and those need a restart.
 */

const LOOK_MS = 5000;

/** An error that is a problem already. */
class ProblemError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.text);
    this.problem = problem;
  }
}

/**
 * @param {string} cause
 * @param {string} step
 * @param {{passes?: boolean, final?: boolean}} [kind]
 * @returns {Problem}
 */
function problem(cause, step, { passes = false, final = false } = {}) {
  return { text: `${cause} ${step}`, passes, final };
}

/**
 * @param {string} cause
 * @param {string} step
 */
function settingsProblem(cause, step) {
  return new ProblemError(problem(cause, step, { final: true }));
}

/**
 * @param {Target} target
 * @param {string} why
 * @param {string} [step]
 */
function unreachable(target, why, step) {
  return problem(
    `I can't reach ${target.shown} (${why}).`,
    step ?? whatToDo(target),
    { passes: true },
  );
}

/** @param {Target} target */
function whatToDo({ isLocal, statusPage }) {
  return isLocal
    ? "Start the server on this computer, or correct the 'Server address' of the extension."
    : `Are you on the VPN? Your admin's status page: ${statusPage}`;
}

/** @type {Record<string, string>} */
const REASONS = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it did not answer in time",
  RELAY_SILENT: "the connection went silent",
};

const UNKNOWN_ISSUER = new Set([
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
]);

/**
 * Return the problem that an error of the connection means.
 * @param {unknown} error
 * @param {Target} target
 * @returns {Promise<Problem>}
 */
async function explain(error, target) {
  const code = codeOf(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return unreachable(
      target,
      "the name cannot be found",
      "Check the spelling of the address. If it is right: are you on the VPN?",
    );
  }
  if (code === "RELAY_TOO_LARGE") {
    return strange(target, "an answer that is too large");
  }
  if (code.startsWith("HPE_")) {
    return notHttp(target);
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return noTls(target, error);
  }
  if (isAboutCertificate(code)) {
    return untrusted(code, target, await lookAt(target));
  }
  return unreachable(target, REASONS[code] ?? "the connection was closed");
}

/**
 * Return the code of an error. Node puts one error for each address of a name into an
 * AggregateError.
 * @param {any} error
 * @returns {string}
 */
function codeOf(error) {
  const inner = Array.isArray(error?.errors) ? error.errors[0] : undefined;
  return String(error?.code ?? inner?.code ?? "");
}

/** @param {string} code */
function isAboutCertificate(code) {
  return UNKNOWN_ISSUER.has(code) || /^(CERT_|ERR_TLS_CERT_)/.test(code);
}

/** @param {unknown} error */
function isUnknownIssuer(error) {
  return UNKNOWN_ISSUER.has(codeOf(error));
}

/**
 * @param {string} code
 * @param {Target} target
 * @param {tls.DetailedPeerCertificate | null} certificate
 */
function untrusted(code, target, certificate) {
  if (code === "CERT_HAS_EXPIRED") {
    const when = certificate ? ` on ${visible(certificate.valid_to, 40)}` : "";
    return problem(
      `The certificate of ${target.shown} expired${when}.`,
      "Your admin must renew it; if the date of this computer is wrong, correct it.",
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = certificate ? namesIn(certificate) : "";
    return problem(
      `The server at ${target.shown} shows the certificate of another host.` +
        (names && ` It is for ${names}.`),
      "Check the address with the person who gave it to you.",
    );
  }
  if (UNKNOWN_ISSUER.has(code)) {
    const issuer = certificate ? issuerOf(certificate) : "";
    return problem(
      `The server's certificate isn't trusted by this computer${issuer}.`,
      "Ask IT for the CA file and set it in the extension's 'CA file' (Settings > " +
        "Extensions).",
    );
  }
  return problem(
    `A secure connection to ${target.shown} is not possible (${code}).`,
    "Your admin must look at the TLS settings of that server.",
  );
}

/** @param {tls.DetailedPeerCertificate} certificate */
function namesIn(certificate) {
  const names = (certificate.subjectaltname ?? "").replace(/DNS:|IP Address:/g, "");
  return visible(names, 100);
}

/** @param {tls.DetailedPeerCertificate} certificate */
function issuerOf(certificate) {
  let top = certificate;
  for (let depth = 0; depth < 10 && top.issuerCertificate; depth += 1) {
    if (top.issuerCertificate === top) {
      break;
    }
    top = top.issuerCertificate;
  }
  const { CN, O } = top.issuer ?? {};
  const name = visible(String(CN ?? O ?? ""), 100);
  return name && ` (issuer: ${name})`;
}

/**
 * Read the certificate of a server that is not trusted. Nothing is sent to it.
 * @param {Target} target
 * @returns {Promise<tls.DetailedPeerCertificate | null>}
 */
function lookAt({ url }) {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = tls.connect({
      host,
      port: Number(url.port || 443),
      servername: /^[\d.]+$|:/.test(host) ? undefined : host,
      rejectUnauthorized: false,
    });
    /** @param {tls.DetailedPeerCertificate | null} found */
    const end = (found) => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(LOOK_MS, () => end(null));
    socket.on("error", () => end(null));
    socket.on("secureConnect", () => end(socket.getPeerCertificate(true)));
  });
}

/**
 * @param {Target} target
 * @param {unknown} error
 */
function noTls(target, error) {
  const plain = /wrong version number|packet length/.test(String(error));
  return problem(
    plain
      ? `${target.shown} does not use TLS.`
      : `A secure connection to ${target.shown} is not possible.`,
    "Ask your admin for the right address: it may have another port.",
  );
}

/** @param {Target} target */
function notHttp(target) {
  return target.secure
    ? strange(target, "something that is not HTTP")
    : problem(
        `${target.shown} does not answer in plain HTTP.`,
        "Set an address that begins with https://, or ask your admin for the right one.",
      );
}

/**
 * @param {Target} target
 * @param {string} what
 */
function strange(target, what) {
  return problem(
    `${target.shown} sent ${what}.`,
    "Check the address; if it is right, your admin must look at what runs there.",
  );
}

/**
 * Return foreign text on one line, without invisible characters. A model reads it.
 * @param {string} text
 * @param {number} most
 */
function visible(text, most) {
  const shown = text.replace(/[\p{C}\p{Z}]+/gu, " ").trim();
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

module.exports = {
  ProblemError,
  explain,
  isUnknownIssuer,
  problem,
  settingsProblem,
  unreachable,
  visible,
};
