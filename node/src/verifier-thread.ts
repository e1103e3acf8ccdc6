/** Entry of a verifier thread: checks the signatures of transactions for every group that connects. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@tsbcos/core/primitives";
import { loadNativeSuites } from "./crypto/index.js";
import { serveVerification, type VerifierConnect, type VerifierStart } from "./runtime/index.js";

assert(parentPort !== null, "a verifier runs as a worker thread");
const { sm } = workerData as VerifierStart;
// Connections that arrive while the native code loads wait in the port: it is listened to only afterwards.
const suites = await loadNativeSuites();
const suite = sm ? suites.sm : suites.standard;
parentPort.on("message", ({ port }: VerifierConnect) => {
  serveVerification(port, suite);
});
