export { GroupHost, type GroupHostParts, type GroupStore } from "./group-host.js";
export type { LogFinding, LogWatch } from "./log-watches.js";
export type { ReceiptTexts } from "./owed-receipts.js";
export { GroupThread, ReadFailed, SubmissionRefused, type GroupThreadEvents } from "./group-thread-client.js";
export type {
  BandwidthAsk,
  CommittedBlock,
  GroupCounters,
  GroupThreadStart,
  PlainError,
  ReceiptWish,
  SendHead,
  ToGroup,
} from "./messages.js";
export { boundHeapGrowth } from "./heaps.js";
export { PastCallThread, servePastCalls, type PastCallStart } from "./past-calls.js";
export { VerifierPool, type VerifierConnect, type VerifierStart } from "./verifier-pool.js";
export { serveVerification, VerifierClient } from "./verifiers.js";
export { Outbox } from "./outbox.js";
