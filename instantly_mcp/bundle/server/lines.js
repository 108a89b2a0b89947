"use strict";
/** The client's side: one message on each line of standard input and output. */

/** Cuts standard input into lines. */
class LineReader {
  /**
   * @param {number} limit Bytes of one line.
   * @param {(line: Buffer) => void} onLine
   * @param {() => void} onTooLong Called once for each line beyond the limit.
   */
  constructor(limit, onLine, onTooLong) {
    this.limit = limit;
    this.onLine = onLine;
    this.onTooLong = onTooLong;
    /** @type {Buffer[]} */
    this._parts = [];
    this._size = 0;
    this._skips = false;
  }

  /** @param {Buffer} bytes */
  push(bytes) {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) {
        break;
      }
      this._take(bytes.subarray(start, end));
      this._finish();
      start = end + 1;
    }
    this._take(bytes.subarray(start));
  }

  /** The last line may have no line break. */
  end() {
    this._finish();
  }

  /** @param {Buffer} part */
  _take(part) {
    if (this._skips || part.length === 0) {
      return;
    }
    this._parts.push(part);
    this._size += part.length;
    if (this._size > this.limit) {
      this._forget();
      this._skips = true;
      this.onTooLong();
    }
  }

  _finish() {
    const line = Buffer.concat(this._parts);
    const wanted = !this._skips && line.some((byte) => byte > 32);
    this._forget();
    this._skips = false;
    if (wanted) {
      this.onLine(line);
    }
  }

  _forget() {
    this._parts = [];
    this._size = 0;
  }
}

/** Writes messages; nothing else is ever written to standard output. */
class Client {
  /** @param {NodeJS.WritableStream} out */
  constructor(out) {
    this.out = out;
    /** @type {Promise<void> | null} */
    this._full = null;
  }

  /**
   * Write a message; resolves when the client has read enough for another one.
   * @param {string} text JSON, which may have line breaks between its tokens.
   */
  async write(text) {
    const isReady = this.out.write(`${text.replace(/[\r\n]+/g, " ")}\n`);
    if (!isReady && this._full === null) {
      this._full = new Promise((resolve) => this.out.once("drain", resolve)).then(() => {
        this._full = null;
      });
    }
    await this._full;
  }

  /** Resolves when the client has read what was written. */
  async caughtUp() {
    await this._full;
  }

  /** @param {object} message */
  send(message) {
    return this.write(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}

module.exports = { Client, LineReader };
