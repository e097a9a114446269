// Tests are named by their scenario, and run side by side: most of their time is waiting.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { column } from "./sdk.js";

const AT_ONCE = 8;

// A server that never answers must not hold up the rest.
const TIMEOUT = 120_000;

const wanted = process.env.COMPAT_SCENARIOS?.split(",").map((number) => number.trim());
const notApplicable = new Set(
  readFileSync(new URL("not-applicable.txt", import.meta.url), "utf8")
    .split("\n")
    .map((line) => /^(?:(\S+) )?(S\d{3}) /.exec(line))
    .filter((line) => line && (line[1] === undefined || line[1] === column))
    .map((line) => line[2]),
);
const registered = [];

/** A test, as `test(name, options, work)` of node:test, whose name begins with its number. */
export function scenario(name, options, work = options) {
  const number = /^S\d{3}(?= )/.exec(name)?.[0];
  if (!number) {
    throw new Error(`'${name}' does not begin with the number of a scenario`);
  }
  if (!notApplicable.has(number) && (!wanted || wanted.includes(number))) {
    registered.push([name, work === options ? {} : options, work]);
  }
}

/** Runs all that was registered. */
export function runScenarios() {
  describe(column, { concurrency: AT_ONCE }, () => {
    for (const [name, options, work] of registered) {
      test(name, { timeout: TIMEOUT, ...options }, work);
    }
  });
}
