"use strict";
/**
 * The daemon's session, which the legacy era has, and how another one replaces it.
 *
 * The client made one handshake and counts on what was agreed then. So the relay keeps
 * the client's `initialize`, its log level and its resource subscriptions, and makes the
 * same agreement again whenever the daemon does not have the session any more.
 */

const { setTimeout: sleep } = require("node:timers/promises");
const { AnswerLost, MAX_BODY, wholeBody } = require("../http/daemon_http");
const { asMessage, parseJson } = require("../messages/messages");
const { BOTH_FORMS } = require("../messages/request_headers");
const { HANDSHAKE_MS, RESUME_MS } = require("./posting");
const { ProblemError, problem } = require("../problems/problems");
const { ProxyFailed, SessionGone, eventsOf } = require("./replies");
const { EventParser } = require("../http/sse");
const { failing } = require("../problems/statuses");

/** @typedef {import("../http/daemon_http").Head} Head */
/** @typedef {import("./link").Link} Link */
/** @typedef {import("../lines").Client} Client */
/** @typedef {import("../messages/messages").Message} Message */
/** @typedef {import("../messages/messages").Request} Request */
/** @typedef {import("./posting").Posting} Posting */

const SESSION_HEADER = "mcp-session-id";
const END_MS = 2000;
const LONGEST_PAUSE_MS = 60_000;
const MAX_SUBSCRIPTIONS = 1000;

/** The session with the daemon, on behalf of the client. */
class LegacySession {
  /**
   * @param {Posting} posting
   * @param {() => void} opened Called when there is a session, the first or another.
   */
  constructor(posting, opened) {
    this.posting = posting;
    this._opened = opened;
    this.isOpen = false;
    /** Identifies the present session. */
    this.generation = 0;
    /** @type {Request | null} */
    this._initialize = null;
    this._announced = false;
    /** @type {string | undefined} */
    this._id = undefined;
    /** @type {string | undefined} */
    this._version = undefined;
    /** @type {object | null} */
    this._logLevel = null;
    /** @type {Map<string, object>} */
    this._subscriptions = new Map();
    /** @type {Promise<unknown>} */
    this._last = Promise.resolve();
  }

  /** Whether the client is of the legacy era, and made its handshake. */
  get wanted() {
    return this._initialize !== null;
  }

  /** Whether the client sent `notifications/initialized`. */
  get announced() {
    return this._announced;
  }

  /** @returns {Record<string, string>} The headers of a message in this session. */
  headers() {
    return {
      ...BOTH_FORMS,
      ...(this._version === undefined ? {} : { "mcp-protocol-version": this._version }),
      ...(this._id === undefined ? {} : { [SESSION_HEADER]: this._id }),
    };
  }

  /**
   * Note the client's `initialize`: it begins again.
   * @param {Request} request
   */
  begin(request) {
    this._initialize = request;
    this.isOpen = this._announced = false;
    this._id = this._version = undefined;
    this._logLevel = null;
    this._subscriptions.clear();
  }

  /**
   * Note the daemon's answer to an `initialize`.
   * @param {Message} response
   * @param {Head} head
   */
  agreed({ result }, head) {
    if (result === undefined) {
      return;
    }
    const id = head.headers[SESSION_HEADER];
    const version = result.protocolVersion;
    this._id = typeof id === "string" && /^[\x21-\x7e]{1,4096}$/.test(id) ? id : undefined;
    this._version = /^[\w.-]{1,40}$/.test(version) ? version : undefined;
    this.isOpen = true;
    this.generation += 1;
  }

  /**
   * Note what the client asks for that lasts as long as its session.
   * @param {Request} request
   */
  asked({ method, params }) {
    if (method === "logging/setLevel") {
      this._logLevel = params;
    } else if (method === "resources/unsubscribe") {
      this._subscriptions.delete(params.uri);
    } else if (method === "resources/subscribe" && typeof params.uri === "string") {
      if (this._subscriptions.size < MAX_SUBSCRIPTIONS) {
        this._subscriptions.set(params.uri, params);
      }
    }
  }

  /** Wait for a session, and open one if the client has none yet. */
  ready() {
    return this._inTurn(async () => {
      if (this.wanted && !this.isOpen) {
        await this._open();
      }
    });
  }

  /**
   * Open another session, unless that was done meanwhile.
   * @param {number} generation That of the session that is gone.
   */
  replace(generation) {
    return this._inTurn(async () => {
      if (this.wanted && this.generation === generation) {
        this.isOpen = false;
        await this._open();
      }
    });
  }

  /**
   * Pass `notifications/initialized` on; other messages wait for it.
   * @param {string} text
   */
  announce(text) {
    this._announced = true;
    return this._inTurn(async () => {
      if (this.isOpen) {
        await this.posting.tell(text, this.headers(), true);
        this._opened();
      } else if (this.wanted) {
        await this._open();
      }
    });
  }

  /** End the session at the daemon, which otherwise keeps it for some time. */
  async end() {
    if (this._id === undefined) {
      return;
    }
    const headers = this.headers();
    this._id = undefined;
    try {
      const { daemon } = this.posting;
      await wholeBody(await daemon.send("DELETE", { headers, ms: END_MS }));
    } catch {
      // The daemon forgets the session by itself.
    }
  }

  async _open() {
    const { params } = /** @type {Request} */ (this._initialize);
    const { message, head } = await this.posting.ask("initialize", params, {
      ...BOTH_FORMS,
    });
    if (message.error !== undefined) {
      const cause = `${this.posting.target.shown} does not accept this client any more.`;
      throw new ProblemError(problem(cause, "Restart Claude Desktop."));
    }
    this.agreed(message, head);
    if (this._announced) {
      const body = { jsonrpc: "2.0", method: "notifications/initialized" };
      await this.posting.tell(JSON.stringify(body), this.headers(), true);
      await this._restore();
      this._opened();
    }
  }

  async _restore() {
    for (const params of this._subscriptions.values()) {
      await this.posting.ask("resources/subscribe", params, this.headers(), true);
    }
    if (this._logLevel !== null) {
      await this.posting.ask("logging/setLevel", this._logLevel, this.headers(), true);
    }
  }

  /**
   * Run one change of the session after the other.
   * @param {() => Promise<void>} change
   */
  _inTurn(change) {
    const turn = this._last.then(change);
    this._last = turn.catch(() => {});
    return turn;
  }
}

/**
 * The stream on which the daemon sends what no request asked for. It also shows first
 * that the daemon is gone, and that it is back.
 */
class ServerStream {
  /**
   * @param {LegacySession} legacy
   * @param {Client} client
   * @param {Link} link
   */
  constructor(legacy, client, link) {
    this._legacy = legacy;
    this._client = client;
    this._link = link;
    this._parser = new EventParser(MAX_BODY);
    this._generation = 0;
    this._stop = new AbortController();
    this._isRunning = false;
  }

  /** Begin, unless it runs. */
  start() {
    if (!this._isRunning) {
      this._isRunning = true;
      void this._run();
    }
  }

  stop() {
    this._stop.abort();
  }

  async _run() {
    let pause = RESUME_MS;
    while (!this._stop.signal.aborted) {
      try {
        if (!(await this._once())) {
          break;
        }
        pause = RESUME_MS;
      } catch (error) {
        if (this._stop.signal.aborted) {
          break;
        }
        const what = await this._legacy.posting.failed(error);
        const { problem: why, inDoubt, isLost } = what;
        if (isLost && (!inDoubt || error instanceof ProxyFailed)) {
          this._link.failed(why);
        }
      }
      await this._link.whenConnected();
      await sleep(this._parser.retryMs ?? pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    this._isRunning = false;
  }

  /**
   * Open the stream and read it to its end.
   * @returns {Promise<boolean>} False if the daemon offers no such stream.
   */
  async _once() {
    await this._legacy.ready();
    const { generation, posting } = this._legacy;
    if (generation !== this._generation) {
      this._generation = generation;
      this._parser = new EventParser(MAX_BODY);
    }
    /** @type {Record<string, string>} */
    const headers = { ...this._legacy.headers(), accept: "text/event-stream" };
    delete headers["content-type"];
    const last = this._parser.lastId;
    const head = await posting.daemon.send("GET", {
      headers: last ? { ...headers, "last-event-id": last } : headers,
      ms: HANDSHAKE_MS,
      signal: this._stop.signal,
    });
    if (head.status !== 200 || head.media !== "text/event-stream") {
      return this._refused(head, generation);
    }
    this._link.worked();
    this._parser = new EventParser(MAX_BODY, last);
    for await (const { data } of eventsOf(head, this._parser)) {
      // Only requests and notifications: nothing here was asked for.
      if (asMessage(parseJson(data))?.method !== undefined) {
        await this._client.write(data);
      }
    }
    return true;
  }

  /**
   * @param {Head} head
   * @param {number} generation
   */
  async _refused(head, generation) {
    await wholeBody(head);
    if (head.status === 429) {
      throw new AnswerLost("too many requests");
    }
    if (head.status >= 500) {
      throw new ProxyFailed(failing(head.status, this._legacy.posting.target));
    }
    if (head.status !== 404) {
      return false;
    }
    try {
      await this._legacy.replace(generation);
      return true;
    } catch (error) {
      if (error instanceof SessionGone) {
        return false;
      }
      throw error;
    }
  }
}

module.exports = { LegacySession, ServerStream };
