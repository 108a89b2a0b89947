"use strict";
/** Takes the lines of the client, and decides what becomes of each. */

const { Call } = require("./call");
const { BOTH_FORMS, ToolBook, modernHeaders } = require("../messages/request_headers");
const { LegacySession, ServerStream } = require("./legacy");
const { Link } = require("./link");
const {
  INVALID_REQUEST,
  NOT_SERVED,
  PARSE_ERROR,
  asMessage,
  errorResponse,
  isModern,
  isRequest,
  parseLine,
} = require("../messages/messages");
const { SessionGone } = require("./replies");
const { LISTS, TOOL, standIn, working } = require("./stand_in");
const { Subscription } = require("./subscriptions");

/** @typedef {import("../lines").Client} Client */
/** @typedef {import("../messages/messages").Id} Id */
/** @typedef {import("../messages/messages").Message} Message */
/** @typedef {import("../messages/messages").Request} Request */
/** @typedef {import("./posting").Posting} Posting */
/** @typedef {import("../problems/problems").Problem} Problem */

const MAX_OPEN_REQUESTS = 256;
const FINISH_MS = 10_000; // For requests that are open when the client's input ends.

class Bridge {
  /**
   * @param {Posting} posting
   * @param {Client} client
   * @param {(line: string) => void} report Writes a line for the user.
   */
  constructor(posting, client, report) {
    this.posting = posting;
    this.client = client;
    this.book = new ToolBook();
    this.link = new Link({
      probe: () => this._probe(),
      explain: async (error) => (await posting.failed(error)).problem,
      report: ({ text }) => report(text),
      returned: () => this._returned(),
    });
    this.legacy = new LegacySession(posting, () => this._stream.start());
    this._stream = new ServerStream(this.legacy, client, this.link);
    /** @type {Map<Id, {call: Call, running: Promise<void>}>} */
    this._calls = new Map();
    /** @type {Map<Id, Subscription>} */
    this._subscriptions = new Map();
    /** @type {unknown} The `_meta` of the last modern request. */
    this._envelope = undefined;
    /** @type {Promise<unknown>} Keeps messages without answers in their order. */
    this._told = Promise.resolve();
  }

  /**
   * Take one line of the client.
   * @param {Buffer} line
   */
  received(line) {
    const parsed = parseLine(line);
    if (parsed === null) {
      this._refuse(null, PARSE_ERROR, "The line is not JSON in UTF-8");
    } else if (Array.isArray(parsed.value)) {
      this._batch(parsed.text, parsed.value);
    } else {
      const message = asMessage(parsed.value);
      if (message === null) {
        const id = parsed.value?.id;
        const isId = typeof id === "string" || Number.isSafeInteger(id);
        this._refuse(isId ? id : null, INVALID_REQUEST, "The line is not a JSON-RPC message");
      } else {
        this._relay(parsed.text, message);
      }
    }
  }

  /** Answer a line that was too long to be read. */
  tooLong() {
    this._refuse(null, INVALID_REQUEST, "The line is too long");
  }

  /** Finish the open requests, then end the session. */
  async ended() {
    this._stream.stop();
    this._subscriptions.forEach((each) => each.cancel());
    const open = [...this._calls.values()].map(({ running }) => running);
    const late = new Promise((resolve) => setTimeout(resolve, FINISH_MS).unref());
    await Promise.race([Promise.all([...open, this._told]), late]);
    await this.stop();
  }

  /** End the session at once. */
  async stop() {
    this.link.stop();
    this._stream.stop();
    this._subscriptions.forEach((each) => each.cancel());
    this._calls.forEach(({ call }) => call.cancel());
    await this.legacy.end();
  }

  /**
   * @param {string} text
   * @param {Message} message
   */
  _relay(text, message) {
    if (!isRequest(message)) {
      this._withoutAnswer(text, message);
    } else if (this._calls.size + this._subscriptions.size >= MAX_OPEN_REQUESTS) {
      this._refuse(message.id, NOT_SERVED, "Too many requests are open");
    } else if (message.method === "tools/call" && message.params.name === TOOL) {
      void this._explain(message);
    } else if (message.method === "subscriptions/listen" && isModern(message)) {
      this._subscribe(text, message);
    } else {
      this._call(text, [message], isModern(message));
    }
  }

  /**
   * @param {string} text
   * @param {any[]} values
   */
  _batch(text, values) {
    const messages = values.map(asMessage);
    if (messages.length === 0 || messages.includes(null)) {
      this._refuse(null, INVALID_REQUEST, "The batch holds what is not a message");
      return;
    }
    const requests = /** @type {Message[]} */ (messages).filter(isRequest);
    if (requests.length > 0) {
      this._call(text, requests, false);
    } else {
      this._tell(text);
    }
  }

  /**
   * @param {string} text
   * @param {Request[]} requests
   * @param {boolean} modern
   */
  _call(text, requests, modern) {
    const [first] = requests;
    if (modern) {
      this._envelope = first.params._meta;
    } else if (first.method === "initialize") {
      this.legacy.begin(first);
    } else {
      requests.forEach((each) => this.legacy.asked(each));
    }
    const call = new Call(this, text, requests, modern);
    const problem = this.link.recentProblem;
    if (problem !== null) {
      void call.answerHere(problem);
      return;
    }
    const running = call.run().finally(() => {
      if (this._calls.get(first.id)?.call === call) {
        this._calls.delete(first.id);
      }
    });
    this._calls.set(first.id, { call, running });
  }

  /**
   * @param {string} text
   * @param {Request} request
   */
  _subscribe(text, request) {
    const { posting, client, link } = this;
    this._envelope = request.params._meta;
    const subscription = new Subscription({ request, text, posting, client, link });
    this._subscriptions.set(request.id, subscription);
    void subscription.run().finally(() => this._subscriptions.delete(request.id));
  }

  /**
   * Answer a call of the relay's own tool: try again, then say how it is.
   * @param {Request} request
   */
  async _explain(request) {
    if (this.link.state !== "connected") {
      await this.link.tryNow();
    }
    const { problem } = this.link;
    await this.client.send(
      problem === null
        ? working(request, this.posting.target.shown)
        : standIn(request, problem),
    );
  }

  /**
   * @param {string} text
   * @param {Message} message
   */
  _withoutAnswer(text, message) {
    if (message.method === "notifications/initialized") {
      this._inBackground(() => this.legacy.announce(text));
    } else if (message.method === "notifications/cancelled") {
      this._cancelled(text, message.params.requestId);
    } else if (isModern(message)) {
      const headers = modernHeaders(message);
      this._inBackground(() => this.posting.tell(text, headers, false));
    } else {
      this._tell(text);
    }
  }

  /**
   * Close the connection: in the modern era that cancels the request. In the legacy era
   * the daemon needs the notification.
   * @param {string} text
   * @param {Id} id
   */
  _cancelled(text, id) {
    this._subscriptions.get(id)?.cancel();
    const call = this._calls.get(id)?.call;
    if (call !== undefined && !call.isModern) {
      this._tell(text);
    }
    call?.cancel();
  }

  /**
   * Send a message of the legacy era that expects no answer.
   * @param {string} text
   */
  _tell(text) {
    if (this.link.state !== "lost") {
      this._inBackground(async () => {
        await this.legacy.ready();
        await this.posting.tell(text, this.legacy.headers(), this.legacy.isOpen);
      });
    }
  }

  /** @param {() => Promise<void>} work */
  _inBackground(work) {
    this._told = this._told.then(work).catch(async (error) => {
      const { problem, inDoubt, isLost } = await this.posting.failed(error);
      if (isLost && !inDoubt && !(error instanceof SessionGone)) {
        this.link.failed(problem);
      }
    });
  }

  /** Ask for something that changes nothing, in the era of the client. */
  async _probe() {
    const { legacy, posting } = this;
    if (legacy.wanted) {
      await legacy.ready();
      const { generation } = legacy;
      try {
        await posting.ask("ping", {}, legacy.headers(), legacy.isOpen);
      } catch (error) {
        if (!(error instanceof SessionGone)) {
          throw error;
        }
        await legacy.replace(generation);
      }
    } else if (this._envelope === undefined) {
      await posting.ask("ping", {}, { ...BOTH_FORMS });
    } else {
      const params = { _meta: this._envelope };
      const headers = modernHeaders({ method: "server/discover", params });
      await posting.ask("server/discover", params, headers);
    }
  }

  /** Notify the client that the daemon is back, with its tools. */
  _returned() {
    if (this.legacy.announced) {
      for (const [, method] of Object.values(LISTS)) {
        void this.client.send({ method });
      }
    }
    this._subscriptions.forEach((each) => each.listsChanged());
  }

  /**
   * @param {Id | null} id
   * @param {number} code
   * @param {string} message
   */
  _refuse(id, code, message) {
    void this.client.send(errorResponse(id, code, message));
  }
}

module.exports = { Bridge };
