"use strict";
/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */

const { StringDecoder } = require("node:string_decoder");

/**
 * @typedef {object} ServerEvent
 * @property {string} data
 * @property {string} id That of this event; empty if it has none.
 */

/** Cuts a stream of bytes into events. */
class EventParser {
  /**
   * @param {number} limit Characters of one event.
   * @param {string} [lastId] The id of the last event of the stream that is resumed.
   */
  constructor(limit, lastId = "") {
    this.limit = limit;
    this.lastId = lastId;
    /** @type {number | undefined} */
    this.retryMs = undefined;
    this._decoder = new StringDecoder("utf8");
    this._rest = "";
    this._isFirst = true;
    this._skipLineFeed = false;
    /** @type {string[]} */
    this._data = [];
    this._size = 0;
    this._id = "";
  }

  /**
   * Return the events that a part of the stream completes.
   * @param {Buffer} bytes
   * @returns {ServerEvent[]}
   * @throws {RangeError} for an event beyond the limit.
   */
  push(bytes) {
    let text = this._decoder.write(bytes);
    if (this._isFirst && text) {
      text = text.replace(/^\ufeff/, "");
      this._isFirst = false;
    }
    if (this._skipLineFeed && text) {
      // A line break of two characters was cut in the middle.
      text = text.replace(/^\n/, "");
      this._skipLineFeed = false;
    }
    if (text.endsWith("\r")) {
      this._skipLineFeed = true;
    }
    /** @type {ServerEvent[]} */
    const events = [];
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this._rest + lines[0];
    this._rest = lines.pop() ?? "";
    for (const line of lines) {
      this._line(line, events);
    }
    if (this._size + this._rest.length > this.limit) {
      throw new RangeError("event too large");
    }
    return events;
  }

  /**
   * @param {string} line
   * @param {ServerEvent[]} events
   */
  _line(line, events) {
    if (line === "") {
      this._dispatch(events);
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this._data.push(value);
      this._size += value.length;
    } else if (field === "id" && !value.includes("\0")) {
      this._id = this.lastId = value;
    } else if (field === "retry" && /^\d{1,9}$/.test(value)) {
      this.retryMs = Number(value);
    }
  }

  /** @param {ServerEvent[]} events */
  _dispatch(events) {
    if (this._data.length > 0) {
      events.push({ data: this._data.join("\n"), id: this._id });
    }
    this._data = [];
    this._size = 0;
    this._id = "";
  }
}

module.exports = { EventParser };
