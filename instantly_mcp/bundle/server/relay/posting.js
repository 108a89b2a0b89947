"use strict";
/** POSTs to the daemon: one attempt, and what its failure means. */

const { setTimeout: sleep } = require("node:timers/promises");
const { AnswerLost, NotSent } = require("../http/daemon_http");
const { explain, problem } = require("../problems/problems");
const { Overloaded, ReplyReader } = require("./replies");
const { RESTART_MS } = require("./link");

/** @typedef {import("../http/daemon_http").Daemon} Daemon */
/** @typedef {import("../http/daemon_http").Head} Head */
/** @typedef {import("../messages/messages").Id} Id */
/** @typedef {import("../messages/messages").Message} Message */
/** @typedef {import("../problems/problems").Problem} Problem */
/** @typedef {import("./replies").Deliver} Deliver */
/** @typedef {Record<string, string>} Headers */

/**
 * @typedef {object} Failed An attempt failed.
 * @property {Problem} problem
 * @property {boolean} inDoubt The daemon may have carried the request out.
 * @property {Message} [reply] The daemon's own error for the client.
 * @property {boolean} isLost The daemon cannot be used.
 * @property {number} [retryMs] The pause that the daemon asks for.
 */

const HANDSHAKE_MS = 10_000; // For what a client needs before it shows anything.
const CALL_MS = 600_000; // Clients give up before.
const RESUME_MS = 1000;

class Posting {
  /** @param {Daemon} daemon */
  constructor(daemon) {
    this.daemon = daemon;
    this._number = 0;
  }

  get target() {
    return this.daemon.target;
  }

  /**
   * Send a body, and deliver what is answered.
   * @param {string} body
   * @param {Headers} headers
   * @param {object} options
   * @param {Set<Id>} options.expected The ids of the requests in it; those that are
   *   answered are removed.
   * @param {Deliver} options.deliver
   * @param {number} [options.ms] Deadline for the beginning of the reply.
   * @param {boolean} [options.inSession] A stream that is cut can be resumed.
   * @param {AbortSignal} [options.signal]
   * @returns {Promise<Head>}
   */
  async post(body, headers, { expected, deliver, ms = CALL_MS, inSession = false, signal }) {
    const reader = new ReplyReader(this.daemon, expected, inSession, deliver);
    const head = await this.daemon.send("POST", { headers, body, ms, signal });
    try {
      await reader.read(head);
    } catch (error) {
      const mayResume = inSession && reader.parser.lastId && !signal?.aborted;
      if (!(error instanceof AnswerLost) || !mayResume) {
        throw error;
      }
      await this._resume(reader, headers, signal);
    }
    return head;
  }

  /**
   * Send a request of the relay itself.
   * @param {string} method
   * @param {object} params
   * @param {Headers} headers
   * @param {boolean} [inSession]
   * @returns {Promise<{message: Message, head: Head}>}
   */
  async ask(method, params, headers, inSession = false) {
    this._number += 1;
    const id = `relay-${this._number}`;
    /** @type {Message | undefined} */
    let found;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const head = await this.post(body, headers, {
      expected: new Set([id]),
      deliver: (message) => {
        found = message.method === undefined ? message : found;
      },
      ms: HANDSHAKE_MS,
      inSession,
    });
    return { message: /** @type {Message} */ (/** @type {unknown} */ (found)), head };
  }

  /**
   * Send a message that expects no answer.
   * @param {string} body
   * @param {Headers} headers
   * @param {boolean} inSession
   */
  async tell(body, headers, inSession) {
    const deadline = Date.now() + RESTART_MS;
    for (;;) {
      try {
        const expected = new Set();
        await this.post(body, headers, {
          expected,
          deliver: () => {},
          ms: HANDSHAKE_MS,
          inSession,
        });
        return;
      } catch (error) {
        // The user's answer to a question may not be lost.
        const pause = error instanceof Overloaded ? Math.max(error.retryMs, RESUME_MS) : 0;
        const isLimit = error instanceof Overloaded && error.isLimit;
        if (!isLimit || Date.now() + pause > deadline) {
          throw error;
        }
        await sleep(pause);
      }
    }
  }

  /**
   * Return what an error of an attempt means.
   * @param {any} error
   * @returns {Promise<Failed>}
   */
  async failed(error) {
    if (error instanceof Overloaded) {
      const { problem: why, reply, isLimit, retryMs } = error;
      return { problem: why, inDoubt: !isLimit, reply, isLost: !isLimit, retryMs };
    }
    if (error instanceof NotSent || error instanceof AnswerLost) {
      const inDoubt = error instanceof AnswerLost;
      const known = /** @type {any} */ (error).problem;
      const why = known ?? (await explain(error.cause, this.target));
      return { problem: why, inDoubt, isLost: true };
    }
    if (error?.problem !== undefined) {
      return { problem: error.problem, inDoubt: false, isLost: true };
    }
    // A mistake in this program: it may have happened after the request was sent.
    const text = `The extension itself failed (${error?.name ?? "error"}).`;
    const why = problem(text, "Restart Claude Desktop.");
    return { problem: why, inDoubt: true, isLost: false };
  }

  /**
   * Continue a stream that was cut, for as long as a restart may take.
   * @param {ReplyReader} reader
   * @param {Headers} session
   * @param {AbortSignal} [signal]
   */
  async _resume(reader, session, signal) {
    let deadline = Date.now() + RESTART_MS;
    while (reader.expected.size > 0) {
      await sleep(reader.parser.retryMs ?? RESUME_MS, undefined, { signal });
      const before = reader.parser.lastId;
      const headers = { ...session, accept: "text/event-stream", "last-event-id": before };
      try {
        const sending = { headers, ms: HANDSHAKE_MS, signal };
        await reader.resume(await this.daemon.send("GET", sending));
      } catch (error) {
        if (reader.isOver || Date.now() > deadline || signal?.aborted) {
          throw new AnswerLost("not resumed", { cause: causeOf(error) });
        }
        if (reader.parser.lastId !== before) {
          deadline = Date.now() + RESTART_MS;
        }
      }
    }
  }
}

/** @param {any} error */
function causeOf(error) {
  return error?.cause ?? error;
}

module.exports = { CALL_MS, HANDSHAKE_MS, Posting, RESUME_MS };
