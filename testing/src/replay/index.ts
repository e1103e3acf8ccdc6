export { readRecording } from "./recording.js";
export type { Recording } from "./recording.js";
export { replayChain, replayedLedger } from "./replay.js";
export type { ReplayDifference, ReplayOptions, ReplayOutcome } from "./replay.js";
export type { FieldDifference, TableDifference } from "./compare.js";
