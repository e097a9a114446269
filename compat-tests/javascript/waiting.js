// Waits for facts, never for durations.

import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until `fact()` is true, and returns what it was. */
export async function eventually(fact, within = 20_000) {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await fact();
    if (answer) {
      return answer;
    }
    if (performance.now() > deadline) {
      throw new Error(`not seen within ${within} ms; the last answer: ${answer}`);
    }
    await sleep(50);
  }
}
