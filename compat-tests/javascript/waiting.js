// Waits for facts, never for durations.

import { setTimeout as sleep } from "node:timers/promises";

/** Whether this is the cloud, or as slow. */
export const CLOUD = process.env.COMPAT_PATIENCE === "cloud";

/** Asks again and again until `fact()` is true, and returns what it was. */
export async function eventually(fact, within = CLOUD ? 45_000 : 20_000) {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await fact();
    if (answer) {
      return answer;
    }
    if (performance.now() > deadline) {
      throw new Error(`not seen within ${within} ms; the last answer: ${answer}`);
    }
    await sleep(100);
  }
}

/**
 * Holds what is asserted to be so at once; in the cloud, where policies and properties take half a
 * minute to be known everywhere, within that time.
 */
export async function settled(assertion) {
  const deadline = performance.now() + (CLOUD ? 45_000 : 0);
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) {
        throw error;
      }
    }
    await sleep(1000);
  }
}
