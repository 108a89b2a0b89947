// Reads a JSON array of texts from standard input, and writes how many tokens of o200k
// (GPT-4o and later) each has. Runs in the folder where gpt-tokenizer is installed.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { countTokens } = require("gpt-tokenizer/encoding/o200k_base");

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => countTokens(text))));
