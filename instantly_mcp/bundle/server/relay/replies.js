"use strict";
/** Reads the reply to a POST, and says what a failed one means. */

const { AnswerLost, MAX_BODY, failure, partsOf, wholeBody } = require("../http/daemon_http");
const { METHOD_NOT_FOUND, asMessage, parseJson } = require("../messages/messages");
const { ProblemError } = require("../problems/problems");
const { EventParser } = require("../http/sse");
const {
  TOO_LARGE,
  busy,
  failing,
  notMcp,
  redirected,
  refused,
  tooLarge,
} = require("../problems/statuses");

/** @typedef {import("../http/daemon_http").Head} Head */
/** @typedef {import("../messages/messages").Id} Id */
/** @typedef {import("../messages/messages").Message} Message */

/**
 * @callback Deliver Takes a message that is for the client.
 * @param {Message} message
 * @param {string} text Its JSON, as it was received.
 * @returns {Promise<unknown> | void}
 */

/** The daemon does not have the session (404): the request was not carried out. */
class SessionGone extends Error {}

/** The server does not serve this client: the request was not carried out. */
class TurnedAway extends ProblemError {}

/** The daemon refuses work at the moment, with an error for the client. */
class Overloaded extends ProblemError {
  /**
   * @param {import("../problems/problems").Problem} problem
   * @param {Message} reply
   * @param {number} status
   * @param {string | undefined} retryAfter The header, in seconds.
   */
  constructor(problem, reply, status, retryAfter) {
    super(problem);
    this.reply = reply;
    /** The client sends too much: the daemon is there, and carried nothing out. */
    this.isLimit = status === 429;
    this.retryMs = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0;
  }
}

/** A proxy answered in place of the daemon, which may have seen the request. */
class ProxyFailed extends AnswerLost {
  /** @param {import("../problems/problems").Problem} problem */
  constructor(problem) {
    super(problem.text);
    this.problem = problem;
  }
}

/** Reads until each expected request is answered. */
class ReplyReader {
  /**
   * @param {import("../http/daemon_http").Daemon} daemon
   * @param {Set<Id>} expected Ids of the requests that are not answered yet.
   * @param {boolean} inSession The POST named a session.
   * @param {Deliver} deliver
   */
  constructor(daemon, expected, inSession, deliver) {
    this.daemon = daemon;
    this.target = daemon.target;
    this.expected = expected;
    this.inSession = inSession;
    this.deliver = deliver;
    this.parser = new EventParser(MAX_BODY);
    /** The stream cannot be resumed: the daemon does not have it any more. */
    this.isOver = false;
    this._resumedAfter = "";
  }

  /** @param {Head} head */
  async read(head) {
    if (head.status === 200 && head.media === "text/event-stream") {
      await this._stream(head);
    } else {
      await this._judge(head, await wholeBody(head));
    }
    if (this.expected.size > 0) {
      throw new AnswerLost("no answer", { cause: failure("ECONNRESET") });
    }
  }

  /**
   * Read a stream that continues where the last one was cut.
   * @param {Head} head
   */
  async resume(head) {
    if (head.status !== 200 || head.media !== "text/event-stream") {
      await wholeBody(head);
      // A proxy may have answered while the daemon restarts.
      this.isOver = head.status < 500;
      throw new AnswerLost("not resumed", { cause: failure("ECONNRESET") });
    }
    this._resumedAfter = this.parser.lastId;
    this.parser = new EventParser(MAX_BODY, this.parser.lastId);
    await this._stream(head);
    if (this.expected.size > 0) {
      throw new AnswerLost("no answer", { cause: failure("ECONNRESET") });
    }
  }

  /** @param {Head} head */
  async _stream(head) {
    for await (const event of eventsOf(head, this.parser)) {
      this._checkResumed(event.id);
      const value = parseJson(event.data);
      for (const each of Array.isArray(value) ? value : [value]) {
        await this._take(each, Array.isArray(value) ? JSON.stringify(each) : event.data);
      }
      if (this.expected.size === 0) {
        // This closes the connection: a server may leave the stream open.
        return;
      }
    }
  }

  /**
   * A daemon that does not keep the stream opens another one instead.
   * @param {string} id
   */
  _checkResumed(id) {
    if (this._resumedAfter && id) {
      if (streamOf(id) !== streamOf(this._resumedAfter)) {
        this.isOver = true;
        throw new AnswerLost("another stream", { cause: failure("ECONNRESET") });
      }
      this._resumedAfter = "";
    }
  }

  /**
   * Deliver a message, unless it answers what was not asked.
   * @param {any} value
   * @param {string} text
   */
  async _take(value, text) {
    const message = value?.jsonrpc === "2.0" ? asMessage(value) : null;
    if (message === null) {
      return;
    }
    if (message.method === undefined && !this.expected.delete(/** @type {Id} */ (message.id))) {
      return;
    }
    await this.deliver(message, text);
  }

  /**
   * Deliver a reply that is not a stream, or throw what it means.
   * @param {Head} head
   * @param {string} body
   */
  async _judge({ status, media, headers }, body) {
    const value = parseJson(body);
    const error = errorIn(value);
    const message = this.daemon.hidden(error?.message ?? "");
    if (status >= 300 && status < 400) {
      throw new TurnedAway(redirected(this.daemon.hidden(headers.location ?? ""), this.target));
    }
    if (status === 404 && this.inSession && isAboutSession(value, error)) {
      throw new SessionGone("the session is gone");
    }
    if (status === 401 || status === 403) {
      throw new TurnedAway(refused(status, message, this.target));
    }
    if ((status === 429 || status === 503) && error) {
      const reply = this._addressed(value);
      const retryAfter = headers["retry-after"];
      throw new Overloaded(busy(message, this.target), reply, status, retryAfter);
    }
    if (status >= 500 && !error) {
      throw new ProxyFailed(failing(status, this.target));
    }
    if (TOO_LARGE.has(status) && !error) {
      for (const id of [...this.expected]) {
        const answer = { jsonrpc: "2.0", id, error: tooLarge(status, this.target) };
        await this._take(answer, JSON.stringify(answer));
      }
      return;
    }
    if (body === "" && [200, 202, 204].includes(status)) {
      return;
    }
    if (!isReply(value)) {
      throw new TurnedAway(notMcp(status, this.daemon.hidden(media), body, this.target));
    }
    for (const each of Array.isArray(value) ? value : [this._addressed(value)]) {
      await this._take(each, each === value ? body : JSON.stringify(each));
    }
  }

  /**
   * Return an error with the id of its request, if only that can be meant.
   * @param {any} value
   */
  _addressed(value) {
    const [id, ...others] = this.expected;
    const isNameless = value.error !== undefined && (value.id ?? null) === null;
    return isNameless && id !== undefined && others.length === 0 ? { ...value, id } : value;
  }
}

/**
 * Yield the events of a stream.
 * @param {Head} head
 * @param {EventParser} parser
 */
async function* eventsOf(head, parser) {
  for await (const part of partsOf(head)) {
    let events;
    try {
      events = parser.push(part);
    } catch {
      head.body.destroy();
      throw new AnswerLost("too large", { cause: failure("RELAY_TOO_LARGE") });
    }
    yield* events;
  }
}

/** @param {any} value */
function errorIn(value) {
  const error = value?.error;
  return typeof error?.message === "string" ? error : undefined;
}

/**
 * Say whether a 404 means the session, and not a method or the whole address.
 * @param {any} value
 * @param {any} error
 */
function isAboutSession(value, error) {
  return error ? error.code !== METHOD_NOT_FOUND : value === undefined;
}

/** @param {any} value */
function isReply(value) {
  const members = Array.isArray(value) ? value : [value];
  return members.every(
    (each) =>
      each?.jsonrpc === "2.0" && asMessage({ ...each, id: each.id ?? 0 }) !== null,
  );
}

/**
 * Return the part of an event id that all events of one stream have in common.
 * @param {string} id
 */
function streamOf(id) {
  return id.replace(/\d+$/, "");
}

module.exports = { Overloaded, ProxyFailed, ReplyReader, SessionGone, TurnedAway, eventsOf };
