// Executes the commands of the suite with a client, as harness.py does.
//
// A driver gives `serve` a function that returns a client with these methods; what they
// throw is the result of the command:
//
//   connect(url, headers)          returns the revision of MCP, or null
//   tools()                        returns {name: schema of its arguments}, as the model
//                                  is given it
//   call(name, arguments, signal)  returns what `shown` or `raised` returns
//   close()
//
// Standard output belongs to the commands; what a client logs goes to standard error.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const COMMAND_MILLISECONDS = 30_000;

// The folder in which the client is installed is the working directory.
export const requireInstalled = createRequire(join(process.cwd(), "package.json"));

export const shown = (text, error = false) => ({ text, error, raised: null });
export const raised = (error) => ({
  text: error.message,
  error: true,
  raised: error.name === "Error" ? error.constructor.name : error.name,
});

const limited = (work) => {
  let timer;
  const late = new Promise((_, reject) => {
    const fail = () => reject(new Error("the client takes too long"));
    timer = setTimeout(fail, COMMAND_MILLISECONDS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

export const serve = async (make) => {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.on("unhandledRejection", (error) => console.error("unhandled", error));
  let client = make();
  let running;
  let change;

  const commands = {
    connect: async ({ url, headers }) => ({
      version: await client.connect(url, headers),
    }),
    tools: async () => ({ tools: await client.tools() }),
    call: ({ name, arguments: values }) => client.call(name, values),
    start: async ({ name, arguments: values }) => {
      change = new AbortController();
      running = client.call(name, values, change.signal).then(
        () => true,
        () => true,
      );
      return {};
    },
    cancel: async () => {
      change.abort("Enough");
      return { ended: await limited(running).catch(() => false) };
    },
    close: async () => {
      const old = client;
      client = make();
      await old.close().catch(() => {});
      return {};
    },
  };

  for await (const line of createInterface({ input: process.stdin })) {
    const { step, do: name, ...facts } = JSON.parse(line);
    let result;
    try {
      result = await limited(commands[name](facts));
    } catch (error) {
      result = { failed: `${error?.name ?? "Error"}: ${error?.message ?? error}` };
    }
    write(JSON.stringify({ step, ...result }) + "\n");
  }
  process.exit(0);
};
