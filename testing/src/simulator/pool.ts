/** Many runs on several threads. */
import { Worker } from "node:worker_threads";
import type { RunWishes } from "./options.js";
import type { Outcome } from "./run.js";

/** Asks a thread for one run. */
export interface RunRequest {
  readonly seed: number;
  readonly wishes: RunWishes;
}

/** Seeds to run, and what to do with their outcomes. */
export interface Batch {
  readonly seedFirst: number;
  readonly runs: number;
  readonly wishes: RunWishes;
  readonly threads: number;
  /** Hears outcomes as they come, in no particular order; true: start no more runs. */
  readonly onOutcome: (outcome: Outcome) => boolean;
}

/** Runs seeds `seedFirst`, `seedFirst + 1`, …; resolves when all started runs are over. */
export async function runBatch(batch: Batch): Promise<void> {
  let next = batch.seedFirst;
  const end = batch.seedFirst + batch.runs;
  let stopped = false;
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const more = (): void => {
        if (stopped || next >= end) {
          void worker.terminate().then(() => resolve());
          return;
        }
        worker.postMessage({ seed: next++, wishes: batch.wishes } satisfies RunRequest);
      };
      worker.on("message", (outcome: Outcome) => {
        if (batch.onOutcome(outcome)) stopped = true;
        more();
      });
      worker.on("error", reject);
      more();
    });
  const workers = Array.from({ length: Math.min(batch.threads, batch.runs) }, () => {
    return new Worker(new URL("./thread.js", import.meta.url));
  });
  await Promise.all(workers.map(serve));
}
