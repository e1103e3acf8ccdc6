/** Many runs on several threads. */
import { Worker } from "node:worker_threads";
import type { RunWishes } from "./options.js";
import type { Outcome, TwinOutcome } from "./run.js";

/** What can be run, and what comes out. */
export interface Programs {
  readonly run: Outcome;
  readonly twins: TwinOutcome;
}

/** Asks a thread for one run. */
export interface RunRequest {
  readonly program: keyof Programs;
  readonly seed: number;
  readonly wishes: RunWishes;
  /** Report each state change as a line. */
  readonly verbose: boolean;
}

/** What a thread says. */
export type ThreadReport =
  | { readonly type: "line"; readonly line: string }
  | { readonly type: "outcome"; readonly outcome: Outcome | TwinOutcome };

/** Seeds to run, and what to do with their outcomes. */
export interface Batch<Program extends keyof Programs> {
  readonly program: Program;
  readonly seedFirst: number;
  readonly runs: number;
  readonly wishes: RunWishes;
  readonly threads: number;
  /** Hears outcomes as they come, in no particular order; true: start no more runs. */
  readonly onOutcome: (outcome: Programs[Program]) => boolean;
  /** Hears each state change; makes sense with one thread. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Where the thread program is; beside this file without it. */
  readonly thread?: URL;
}

/** Runs seeds `seedFirst`, `seedFirst + 1`, …; resolves when all started runs are over. */
export async function runBatch<Program extends keyof Programs>(batch: Batch<Program>): Promise<void> {
  const { program, wishes, onLine, thread = new URL("./thread.js", import.meta.url) } = batch;
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
        worker.postMessage({ program, seed: next++, wishes, verbose: onLine !== undefined } satisfies RunRequest);
      };
      worker.on("message", (report: ThreadReport) => {
        if (report.type === "line") return onLine?.(report.line);
        if (batch.onOutcome(report.outcome as Programs[Program])) stopped = true;
        more();
      });
      worker.on("error", reject);
      more();
    });
  const workers = Array.from({ length: Math.min(batch.threads, batch.runs) }, () => {
    return new Worker(thread, { workerData: wishes.bug });
  });
  await Promise.all(workers.map(serve));
}
