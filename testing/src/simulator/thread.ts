/** A thread that runs the seeds it is given: started by `pool.ts`. */
import { parentPort } from "node:worker_threads";
import { createRunner } from "./run.js";
import type { RunRequest } from "./pool.js";

if (parentPort === null) throw new Error("thread.js is started by the simulator, not by hand");
const port = parentPort;
const runner = await createRunner();
port.on("message", ({ seed, wishes }: RunRequest) => port.postMessage(runner.run(seed, wishes)));
