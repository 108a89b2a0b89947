"use strict";
/**
 * The connection to the daemon as a state machine, and the attempts to restore it.
 *
 *     connecting --worked--> connected --failed--> lost --worked--> connected
 *     connecting --failed--> lost
 *
 * While it is lost, `probe` is called again and again, with growing pauses, until it or
 * a message of the client succeeds.
 */

/** @typedef {import("../problems/problems").Problem} Problem */

const RESTART_MS = 15_000; // A request waits so long for a daemon that just worked.
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const FRESH_MS = 1000;

class Link {
  /**
   * @param {object} parts
   * @param {() => Promise<void>} parts.probe Tries to reach the daemon; throws if it
   *   fails.
   * @param {(error: unknown) => Promise<Problem>} parts.explain
   * @param {(problem: Problem) => void} parts.report Called once for each problem.
   * @param {() => void} parts.returned Called when a lost connection works again.
   */
  constructor({ probe, explain, report, returned }) {
    this._probe = probe;
    this._explain = explain;
    this._report = report;
    this._returned = returned;
    /** @type {"connecting" | "connected" | "lost"} */
    this.state = "connecting";
    /** @type {Problem | null} */
    this.problem = null;
    this._everWorked = false;
    this._lostSince = 0;
    this._failedAt = 0;
    this._reported = "";
    this._pause = FIRST_PAUSE_MS;
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
    /** @type {Promise<void> | null} */
    this._trying = null;
    /** @type {(() => void)[]} */
    this._waiters = [];
    this._isStopped = false;
  }

  /** For how many milliseconds a request that was not sent is sent again. */
  get patience() {
    if (!this._everWorked) {
      return 0;
    }
    const gone = this.state === "lost" ? Date.now() - this._lostSince : 0;
    return Math.max(RESTART_MS - gone, 0);
  }

  /** The problem, if it is so recent that trying again would only take time. */
  get recentProblem() {
    if (this.problem === null || this.patience > 0) {
      return null;
    }
    return this.problem.final || Date.now() - this._failedAt < FRESH_MS
      ? this.problem
      : null;
  }

  /** Note that the daemon answered. */
  worked() {
    if (this._isStopped) {
      return;
    }
    const wasLost = this.state === "lost";
    this.state = "connected";
    this.problem = null;
    this._everWorked = true;
    this._reported = "";
    this._pause = FIRST_PAUSE_MS;
    clearTimeout(this._timer);
    this._timer = undefined;
    if (wasLost) {
      const waiters = this._waiters.splice(0);
      waiters.forEach((wake) => wake());
      this._returned();
    }
  }

  /**
   * Note that the daemon did not answer, or does not serve this client.
   * @param {Problem} problem
   */
  failed(problem) {
    if (this._isStopped) {
      return;
    }
    if (this.state !== "lost") {
      this._lostSince = Date.now();
    }
    this.state = "lost";
    this.problem = problem;
    this._failedAt = Date.now();
    if (problem.text !== this._reported) {
      this._reported = problem.text;
      this._report(problem);
    }
    if (!problem.final && this._timer === undefined && this._trying === null) {
      this._timer = setTimeout(() => void this.tryNow(), this._pause);
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE_MS);
    }
  }

  /** Try to reach the daemon; resolves when that worked or failed. */
  tryNow() {
    if (this.problem?.final || this._isStopped) {
      return Promise.resolve();
    }
    clearTimeout(this._timer);
    this._timer = undefined;
    this._trying ??= this._try();
    return this._trying;
  }

  /** Resolves when the connection is not lost. */
  whenConnected() {
    return this.state !== "lost"
      ? Promise.resolve()
      : /** @type {Promise<void>} */ (new Promise((wake) => this._waiters.push(wake)));
  }

  /** Stop trying. */
  stop() {
    this._isStopped = true;
    clearTimeout(this._timer);
  }

  async _try() {
    /** @type {Problem | null} */
    let problem = null;
    try {
      await this._probe();
    } catch (error) {
      problem = await this._explain(error);
    }
    this._trying = null;
    if (problem === null) {
      this.worked();
    } else {
      this.failed(problem);
    }
  }
}

module.exports = { Link, RESTART_MS };
