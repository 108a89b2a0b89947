"use strict";
/**
 * The program that Claude Desktop starts: it relays between Claude Desktop, which speaks
 * MCP on standard input and output, and the daemon, which speaks MCP over HTTP.
 *
 * Claude Desktop must not notice that there is a network in between. Three rules follow:
 *
 * 1. *There is always a server.* When the daemon cannot be reached, requests are
 *    answered here (`standin.js`): there is one tool, `connection_problem`, which says
 *    what is wrong, what to do next and who must do it. The relay tries again in the
 *    background (`link.js`), and then notifies the client that the tools changed.
 * 2. *Nothing is done twice.* A request that was surely not sent is sent again for a
 *    while. A request whose answer was lost is repeated only if it reads (`call.js`);
 *    otherwise its result says that the outcome is unknown.
 * 3. *Each era keeps its own rules.* The legacy era has a session (`legacy.js`); the
 *    modern era repeats parts of the body in headers (`headers.js`), cancels by closing
 *    the connection, and has subscriptions (`subscription.js`).
 *
 * `instantly_mcp/bridge/` is the same program in Python, for other clients. This one has
 * no dependency: Claude Desktop brings Node, and nothing else.
 */

const { Bridge } = require("./relay/bridge");
const { Daemon } = require("./http/daemon_http");
const { Client, LineReader } = require("./lines");
const { asMessage, errorResponse, isRequest, parseLine, PARSE_ERROR } = require("./messages/messages");
const { Posting } = require("./relay/posting");
const { ProblemError } = require("./problems/problems");
const { readSettings } = require("./settings");
const { standIn } = require("./relay/stand_in");

/**
 * @typedef {object} Served What takes the lines of the client.
 * @property {(line: Buffer) => void} received
 * @property {() => void} tooLong
 * @property {() => Promise<void>} ended
 * @property {() => Promise<void>} stop
 */

const MAX_LINE = 32 * 1024 * 1024;
const MAX_UNREAD = 4 * 1024 * 1024; // With more, the client is not read any further.

/** @param {string} line */
function report(line) {
  process.stderr.write(`instantly-mcp: ${line}\n`);
}

/**
 * Report the place of a mistake, but not its message, which may quote what was sent.
 * @param {unknown} error
 */
function reportMistake(error) {
  const [, place = "unknown"] = (error instanceof Error && error.stack?.split("\n")) || [];
  report(`a mistake in the extension, ${place.trim()}`);
}

/**
 * @param {Client} client
 * @returns {Served}
 */
function makeServed(client) {
  try {
    return new Bridge(new Posting(new Daemon(readSettings(process.env))), client, report);
  } catch (error) {
    if (!(error instanceof ProblemError)) {
      throw error;
    }
    report(error.message);
    return withoutDaemon(client, error.problem);
  }
}

/**
 * Answer everything here: the settings cannot be used.
 * @param {Client} client
 * @param {import("./problems/problems").Problem} problem
 * @returns {Served}
 */
function withoutDaemon(client, problem) {
  return {
    received(line) {
      const parsed = parseLine(line);
      const message = parsed === null ? null : asMessage(parsed.value);
      if (parsed === null) {
        void client.send(errorResponse(null, PARSE_ERROR, "The line is not JSON in UTF-8"));
      } else if (message !== null && isRequest(message)) {
        void client.send(standIn(message, problem));
      }
    },
    tooLong() {},
    async ended() {},
    async stop() {},
  };
}

function main() {
  const client = new Client(process.stdout);
  const served = makeServed(client);
  const lines = new LineReader(
    MAX_LINE,
    (line) => served.received(line),
    () => served.tooLong(),
  );
  const exit = () => process.exit(0);
  process.on("unhandledRejection", reportMistake);
  process.stdin.on("data", (bytes) => {
    lines.push(/** @type {Buffer} */ (bytes));
    if (process.stdout.writableLength > MAX_UNREAD) {
      process.stdin.pause();
      void client.caughtUp().then(() => process.stdin.resume());
    }
  });
  process.stdin.on("end", () => {
    lines.end();
    void served.ended().finally(exit);
  });
  process.stdin.on("error", exit);
  // The client is gone.
  process.stdout.on("error", () => void served.stop().finally(exit));
  process.stderr.on("error", () => {});
  for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => void served.stop().finally(exit));
  }
}

main();
