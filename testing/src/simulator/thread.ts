/** A thread that runs the seeds it is given, perhaps with a fault planted in its core: started by `pool.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import type { Bug } from "./planted/bugs.js";
import { assertPlanted, plant } from "./planted/plant.js";
import type { RunRequest, ThreadReport } from "./pool.js";

if (parentPort === null) throw new Error("thread.js is started by the simulator, not by hand");
const port = parentPort;
const bug = workerData as Bug | undefined;
if (bug !== undefined) plant(bug);
// Only now: what is planted must be there before the core is loaded.
const { createRunner } = await import("./run.js");
const runner = await createRunner();
if (bug !== undefined) assertPlanted(bug);

function report(what: ThreadReport): void {
  port.postMessage(what);
}

port.on("message", ({ program, seed, wishes, verbose }: RunRequest) => {
  const outcome = runner[program](seed, wishes, verbose ? (line) => report({ type: "line", line }) : undefined);
  report({ type: "outcome", outcome });
});
