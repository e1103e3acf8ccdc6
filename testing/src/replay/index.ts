export { readRecording } from "./recording.js";
export type { Recording } from "./recording.js";
