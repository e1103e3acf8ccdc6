/** The bytecode interpreter: see README.md. */
export { runMessage } from "./call-stack.js";
export type { Completed, World } from "./call-stack.js";
export { CodeCache, prepareCode } from "./code.js";
export type { PreparedCode } from "./code.js";
export { Frame, FramePool } from "./frame.js";
export type { ContractStorage, Environment, Host } from "./host.js";
export { Halt } from "./message.js";
export type { EvmLog, Message, MessageKind, Outcome } from "./message.js";
export { StoreChange, ethereumRules, fiscoRules } from "./rules.js";
export type { EvmRules, Revision } from "./rules.js";
export {
  WORD_LIMBS,
  copyWord,
  fitsLimb,
  isZero,
  setBigInt,
  setBytes,
  setLimb,
  toBigInt,
  toBytes,
  toHex,
  toNumber,
} from "./words.js";
