"use strict";
/** One line of the client with requests in it, until each of them is answered. */

const { setTimeout: sleep } = require("node:timers/promises");
const { BOTH_FORMS, modernHeaders } = require("../messages/request_headers");
const { CALL_MS, HANDSHAKE_MS } = require("./posting");
const { SessionGone } = require("./replies");
const { standIn, unknownOutcome, withListChanges } = require("./stand_in");

/** @typedef {import("./bridge").Bridge} Bridge */
/** @typedef {import("../messages/messages").Id} Id */
/** @typedef {import("../messages/messages").Message} Message */
/** @typedef {import("../messages/messages").Request} Request */
/** @typedef {import("./posting").Failed} Failed */
/** @typedef {import("../problems/problems").Problem} Problem */

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;
const MAX_SESSIONS = 3; // So often one call may find that its session is gone.
const MAX_PAGES = 100;
const HEADER_MISMATCH = -32020;

/** What a client asks before it shows anything: it must not wait for long. */
const FIRST_METHODS = new Set(["initialize", "server/discover"]);

/**
 * Methods that may be sent a second time when the answer to the first was lost: they
 * read, or have the same effect twice.
 */
const REPEATABLE = new Set([
  ...FIRST_METHODS,
  "ping",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "logging/setLevel",
  "skills/list",
  "skills/get",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tasks/cancel",
]);

class Call {
  /**
   * @param {Bridge} bridge
   * @param {string} text The body.
   * @param {Request[]} requests One, or those of a batch.
   * @param {boolean} isModern
   */
  constructor(bridge, text, requests, isModern) {
    this._bridge = bridge;
    this._text = text;
    this._isModern = isModern;
    this.first = requests[0];
    this._isBatch = requests.length > 1;
    /** The requests that are not answered yet. */
    this._waiting = new Map(requests.map((each) => [each.id, each]));
    this._isWithdrawn = false;
    this._stop = new AbortController();
    this._pause = FIRST_PAUSE_MS;
    this._deadline = 0;
    this._hasLearned = false;
  }

  get isModern() {
    return this._isModern;
  }

  /** Close the connection: the client does not wait for an answer any more. */
  cancel() {
    this._isWithdrawn = true;
    this._stop.abort();
  }

  /** Try until each request is answered, here if need be. */
  async run() {
    let sessions = 0;
    while (this._waiting.size > 0 && !this._isWithdrawn) {
      try {
        await this._once();
      } catch (error) {
        sessions += error instanceof SessionGone ? 1 : 0;
        if (this._isWithdrawn || (error instanceof SessionGone && sessions < MAX_SESSIONS)) {
          continue;
        }
        await this._failed(await this._bridge.posting.failed(error));
      }
    }
  }

  /**
   * Answer what is left in place of the daemon.
   * @param {Problem} problem
   */
  answerHere(problem) {
    return this._finish((request) => standIn(request, problem));
  }

  async _once() {
    const { legacy, book } = this._bridge;
    if (this._isModern) {
      const { headers } = book.tool(this._calledTool());
      await this._post(modernHeaders(this.first, headers), false);
    } else if (this.first.method === "initialize") {
      await this._initialize();
    } else {
      await legacy.ready();
      const { generation } = legacy;
      try {
        await this._post(legacy.headers(), legacy.isOpen);
      } catch (error) {
        if (error instanceof SessionGone) {
          await legacy.replace(generation);
        }
        throw error;
      }
    }
  }

  _calledTool() {
    return this.first.method === "tools/call" ? this.first.params.name : undefined;
  }

  async _initialize() {
    /** @type {Message[]} */
    const answers = [];
    const head = await this._bridge.posting.post(this._text, { ...BOTH_FORMS }, {
      expected: new Set(this._waiting.keys()),
      deliver: (message, text) =>
        message.method === undefined
          ? void answers.push(message)
          : this._bridge.client.write(text),
      ms: HANDSHAKE_MS,
      signal: this._stop.signal,
    });
    for (const message of answers) {
      // First the session, then the answer: the client may send at once.
      this._bridge.legacy.agreed(message, head);
      await this._deliver(message, "");
    }
  }

  /**
   * @param {Record<string, string>} headers
   * @param {boolean} inSession
   */
  async _post(headers, inSession) {
    /** @type {Message | undefined} */
    let mismatch;
    await this._bridge.posting.post(this._text, headers, {
      expected: new Set(this._waiting.keys()),
      deliver: (message, text) => {
        if (this._isAboutHeaders(message)) {
          mismatch = message;
          return undefined;
        }
        return this._deliver(message, text);
      },
      ms: FIRST_METHODS.has(this.first.method) ? HANDSHAKE_MS : CALL_MS,
      inSession,
      signal: this._stop.signal,
    });
    if (mismatch !== undefined && !(await this._learnHeaders())) {
      await this._deliver(mismatch, JSON.stringify({ ...mismatch, params: undefined }));
    }
  }

  /**
   * Write a message to the client; note what the relay has to know of it.
   * @param {Message} message
   * @param {string} text
   */
  async _deliver(message, text) {
    const { link, client, book } = this._bridge;
    link.worked();
    if (message.method !== undefined) {
      await client.write(text);
      return;
    }
    const id = /** @type {Id} */ (message.id);
    const request = this._waiting.get(id);
    this._waiting.delete(id);
    if (request?.method === "tools/list") {
      book.read(message.result);
    }
    if (request === undefined || this._isWithdrawn) {
      return;
    }
    if (FIRST_METHODS.has(request.method) && message.result !== undefined) {
      await client.send({ id, result: withListChanges(message.result) });
    } else if (message.error !== undefined && text === "") {
      await client.send({ id, error: message.error });
    } else {
      await client.write(text);
    }
  }

  /**
   * Say whether the daemon misses headers that repeat arguments: the client called a
   * tool that it has not listed through this relay.
   * @param {Message} message
   */
  _isAboutHeaders(message) {
    const isMismatch = message.error?.code === HEADER_MISMATCH;
    return isMismatch && this._calledTool() !== undefined && !this._hasLearned;
  }

  /**
   * List the tools, and so their headers. The call was refused before it was carried
   * out, so it can be sent again.
   */
  async _learnHeaders() {
    this._hasLearned = true;
    const { posting, book } = this._bridge;
    /** @type {Record<string, unknown>} */
    let params = { _meta: this.first.params._meta };
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const headers = modernHeaders({ method: "tools/list", params });
      const { message } = await posting.ask("tools/list", params, headers);
      book.read(message.result);
      const cursor = message.result?.nextCursor;
      if (typeof cursor !== "string") {
        break;
      }
      params = { ...params, cursor };
    }
    return book.tool(this._calledTool()).headers.length > 0;
  }

  /**
   * Wait for another attempt, or answer what is left.
   * @param {Failed} what
   */
  async _failed({ problem, inDoubt, reply, isLost, retryMs = 0 }) {
    const { link } = this._bridge;
    const mayRepeat = [...this._waiting.values()].every((each) => this._mayRepeat(each));
    if (inDoubt && !mayRepeat) {
      await (reply === undefined
        ? this._finish((request) => unknownOutcome(request, problem))
        : this._finish(() => ({ ...reply, params: undefined })));
      return;
    }
    if (isLost && (!inDoubt || this._pause > FIRST_PAUSE_MS)) {
      link.failed(problem);
    }
    this._deadline ||= Date.now() + link.patience;
    const pause = Math.max(this._pause, retryMs);
    if (problem.passes && Date.now() + pause <= this._deadline) {
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal: this._stop.signal }).catch(() => {});
      return;
    }
    if (reply !== undefined && !FIRST_METHODS.has(this.first.method)) {
      await this._finish(() => ({ ...reply, params: undefined }));
      return;
    }
    link.failed(problem);
    await this.answerHere(problem);
  }

  /** @param {Request} request */
  _mayRepeat({ method, params }) {
    return method === "tools/call"
      ? this._bridge.book.tool(params.name).reads
      : REPEATABLE.has(method);
  }

  /** @param {(request: Request) => object} answer */
  async _finish(answer) {
    const left = [...this._waiting.values()];
    this._waiting.clear();
    const answers = left.map((each) => ({ jsonrpc: "2.0", id: each.id, ...answer(each) }));
    await this._bridge.client.write(JSON.stringify(this._isBatch ? answers : answers[0]));
  }
}

module.exports = { Call };
