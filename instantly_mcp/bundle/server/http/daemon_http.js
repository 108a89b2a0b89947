"use strict";
/**
 * HTTP to the one daemon: no other origin can be asked, and no redirect is followed.
 *
 * Whether a failed request was sent decides whether it may be sent again. It was not, if
 * no connection (with TLS: no finished handshake) was there when it failed. `fetch`
 * does not tell, so this uses `node:http` and `node:https`.
 */

const http = require("node:http");
const https = require("node:https");
const tls = require("node:tls");
const { isUnknownIssuer } = require("../problems/problems");

/** @typedef {import("../settings").Settings} Settings */

/**
 * @typedef {object} Head Status and headers of an answer, whose body has to be read.
 * @property {number} status
 * @property {string} media The media type in lower case, without parameters.
 * @property {http.IncomingHttpHeaders} headers
 * @property {http.IncomingMessage} body
 */

/**
 * @typedef {object} Sending
 * @property {Record<string, string>} headers
 * @property {string} [body]
 * @property {number} ms Deadline for the head of the answer.
 * @property {AbortSignal} [signal] Closes the connection.
 */

const CONNECT_MS = 10_000;
const SILENCE_MS = 120_000; // The daemon writes to its streams every 15 s.
const IDLE_MS = 10_000; // Proxies drop idle connections, mostly after a minute.
const MAX_IDLE = 4; // Connections that are kept for the next requests.
const MAX_BODY = 32 * 1024 * 1024;

/** The request failed before any of it was sent. The cause says why. */
class NotSent extends Error {}

/** The request may have been sent, and its answer did not arrive whole. */
class AnswerLost extends Error {}

class Daemon {
  /** @param {Settings} settings */
  constructor(settings) {
    this.target = settings.target;
    this._token = settings.token;
    /** @type {Record<string, string>} */
    this._own = { "user-agent": "instantly-mcp-bundle" };
    if (settings.token) {
      this._own.authorization = `Bearer ${settings.token}`;
    }
    if (settings.readOnly) {
      this._own["x-mcp-readonly"] = "true";
    }
    this._module = this.target.secure ? https : http;
    this._ca = settings.ca;
    this._agent = this._newAgent(settings.ca);
    this._asksSystem = this.target.secure;
  }

  /**
   * Return a text of the server without the token, which it may repeat.
   * @param {string} text
   */
  hidden(text) {
    return this._token ? text.split(this._token).join("[token]") : text;
  }

  /**
   * @param {string} method
   * @param {Sending} sending
   * @returns {Promise<Head>}
   * @throws {NotSent}
   * @throws {AnswerLost}
   */
  async send(method, sending) {
    try {
      return await this._once(method, sending);
    } catch (error) {
      const { cause } = /** @type {Error} */ (error);
      if (!isUnknownIssuer(cause) || !this._trustSystem()) {
        throw error;
      }
      return this._once(method, sending);
    }
  }

  /** Close all connections. */
  close() {
    this._agent.destroy();
  }

  /** @param {string[] | undefined} ca */
  _newAgent(ca) {
    const kept = { keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS };
    return new this._module.Agent({ ...kept, ca });
  }

  /**
   * Trust the authorities of the operating system, too, where Node can read them (from
   * 22.15 on): IT departments install theirs there. It takes time, so it is done only
   * when a certificate was refused.
   */
  _trustSystem() {
    const read = /** @type {any} */ (tls).getCACertificates;
    if (!this._asksSystem || read === undefined) {
      return false;
    }
    this._asksSystem = false;
    try {
      const own = this._ca ?? read("default");
      this._agent = this._newAgent([...own, ...read("system")]);
    } catch {
      return false;
    }
    return true;
  }

  /**
   * @param {string} method
   * @param {Sending} sending
   * @returns {Promise<Head>}
   */
  _once(method, { headers, body, ms, signal }) {
    return new Promise((resolve, reject) => {
      let isSent = false;
      const request = this._module.request(this.target.url, {
        method,
        agent: this._agent,
        headers: {
          ...headers,
          ...this._own,
          ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        },
        signal,
      });
      const stop = () => request.destroy(failure("ETIMEDOUT"));
      const late = setTimeout(stop, ms);
      const unconnected = setTimeout(stop, Math.min(ms, CONNECT_MS));
      const connected = () => {
        isSent = true;
        clearTimeout(unconnected);
      };
      request.on("socket", (socket) => {
        if (!socket.connecting) {
          connected();
        } else {
          socket.once(this.target.secure ? "secureConnect" : "connect", connected);
        }
      });
      request.on("response", (response) => {
        clearTimeout(late);
        // Later errors are those of reading the body.
        response.on("error", () => {});
        resolve(headOf(response));
      });
      request.on("error", (cause) => {
        clearTimeout(late);
        clearTimeout(unconnected);
        const Kind = isSent ? AnswerLost : NotSent;
        reject(new Kind("the request failed", { cause }));
      });
      request.end(body);
    });
  }
}

/**
 * @param {http.IncomingMessage} response
 * @returns {Head}
 */
function headOf(response) {
  const [media = ""] = (response.headers["content-type"] ?? "").split(";");
  return {
    status: response.statusCode ?? 0,
    media: media.trim().toLowerCase(),
    headers: response.headers,
    body: response,
  };
}

/**
 * Yield the parts of a body.
 * @param {Head} head
 * @returns {AsyncGenerator<Buffer>}
 * @throws {AnswerLost} when it is cut or silent.
 */
async function* partsOf({ body }) {
  const silence = setTimeout(() => body.destroy(failure("RELAY_SILENT")), SILENCE_MS);
  try {
    for await (const part of body) {
      silence.refresh();
      yield part;
    }
  } catch (cause) {
    throw new AnswerLost("the answer was cut", { cause });
  } finally {
    clearTimeout(silence);
  }
}

/**
 * Read a whole body.
 * @param {Head} head
 * @returns {Promise<string>}
 * @throws {AnswerLost} when it is cut, silent or too large.
 */
async function wholeBody(head) {
  const parts = [];
  let size = 0;
  for await (const part of partsOf(head)) {
    size += part.length;
    if (size > MAX_BODY) {
      throw new AnswerLost("too large", { cause: failure("RELAY_TOO_LARGE") });
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** @param {string} code */
function failure(code) {
  return Object.assign(new Error(code), { code });
}

module.exports = { AnswerLost, Daemon, MAX_BODY, NotSent, failure, partsOf, wholeBody };
