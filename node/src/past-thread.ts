/** Entry of the thread that runs calls on past states of one group, beside the group's own. */
import { parentPort, workerData } from "node:worker_threads";
import { PastCalls } from "@tsbcos/core/group";
import { assert } from "@tsbcos/core/primitives";
import { chainRulesOf } from "./chain-rules.js";
import { loadNativeSuites } from "./crypto/index.js";
import { servePastCalls, type PastCallStart } from "./runtime/index.js";
import { openReader } from "./storage/index.js";

assert(parentPort !== null, "calls on past states run in a thread of their own");
const start = workerData as PastCallStart;
const suites = await loadNativeSuites();
const reader = await openReader(start.storeDirectory);
// Calls that arrive while the native code loads wait in the port: it is listened to only now.
servePastCalls(parentPort, new PastCalls(reader, chainRulesOf(start, suites), start.genesis));
