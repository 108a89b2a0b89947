"use strict";
/**
 * Subscriptions of the modern era: requests that do not end. When the daemon ends the
 * stream, or the connection is lost, the relay subscribes again with the client's own
 * request, and the client notices only that lists may have changed.
 */

const { setTimeout: sleep } = require("node:timers/promises");
const { modernHeaders } = require("../messages/request_headers");
const { HANDSHAKE_MS } = require("./posting");
const { ACKNOWLEDGED, LISTS, META_SUBSCRIPTION, acknowledgment } = require("./stand_in");

/** @typedef {import("./link").Link} Link */
/** @typedef {import("../lines").Client} Client */
/** @typedef {import("../messages/messages").Message} Message */
/** @typedef {import("../messages/messages").Request} Request */
/** @typedef {import("./posting").Posting} Posting */

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

class Subscription {
  /**
   * @param {object} parts
   * @param {Request} parts.request
   * @param {string} parts.text The request as the client wrote it.
   * @param {Posting} parts.posting
   * @param {Client} parts.client
   * @param {Link} parts.link
   */
  constructor({ request, text, posting, client, link }) {
    this.request = request;
    this._text = text;
    this._posting = posting;
    this._client = client;
    this._link = link;
    this._stop = new AbortController();
    this._isAcknowledged = false;
    this._isRefused = false;
  }

  cancel() {
    this._stop.abort();
  }

  get isOver() {
    return this._isRefused || this._stop.signal.aborted;
  }

  /** Keep the subscription until it is cancelled, or the daemon refuses it. */
  async run() {
    let pause = FIRST_PAUSE_MS;
    while (!this.isOver) {
      const began = Date.now();
      try {
        await this._once();
      } catch (error) {
        if (this.isOver) {
          return;
        }
        const { problem, inDoubt, isLost } = await this._posting.failed(error);
        if (isLost && (!inDoubt || !this._isAcknowledged)) {
          this._link.failed(problem);
        }
        this._acknowledge(acknowledgment(this.request));
      }
      if (this.isOver) {
        return;
      }
      await this._link.whenConnected();
      await sleep(pause);
      const longer = Math.min(2 * pause, LONGEST_PAUSE_MS);
      pause = Date.now() - began > 2 * longer ? FIRST_PAUSE_MS : longer;
    }
  }

  /** Notify the client that the lists that it listens to may have changed. */
  listsChanged() {
    const _meta = { [META_SUBSCRIPTION]: this.request.id };
    for (const [wish, method] of Object.values(LISTS)) {
      if (this.request.params.notifications?.[wish] === true) {
        void this._client.send({ method, params: { _meta } });
      }
    }
  }

  async _once() {
    await this._posting.post(this._text, modernHeaders(this.request), {
      expected: new Set([this.request.id]),
      deliver: (message, text) => this._deliver(message, text),
      ms: HANDSHAKE_MS,
      signal: this._stop.signal,
    });
  }

  /**
   * @param {Message} message
   * @param {string} text
   */
  async _deliver(message, text) {
    this._link.worked();
    if (message.error !== undefined) {
      this._isRefused = true;
      await this._client.write(text);
    } else if (message.method === ACKNOWLEDGED) {
      this._acknowledge(message);
    } else if (message.method !== undefined) {
      await this._client.write(text);
    }
    // A result means: the daemon stops, or has other settings. The subscription goes on.
  }

  /**
   * Pass the first acknowledgment on. It grants changes of lists, too: the relay sends
   * them whenever a lost connection works again.
   * @param {any} message
   */
  _acknowledge({ method, params }) {
    if (this._isAcknowledged) {
      return;
    }
    this._isAcknowledged = true;
    const notifications = { ...params.notifications };
    for (const [wish] of Object.values(LISTS)) {
      if (this.request.params.notifications?.[wish] === true) {
        notifications[wish] = true;
      }
    }
    void this._client.send({ method, params: { ...params, notifications } });
  }
}

module.exports = { Subscription };
