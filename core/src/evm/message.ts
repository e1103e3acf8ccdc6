/** What goes into a call or creation, and what comes out. */
import type { Address, Hash } from "../primitives/index.js";

/** How a message runs code. */
export type MessageKind = "call" | "call-code" | "delegate-call" | "create" | "create2";

/** A call or creation, from outside or by an instruction. */
export interface Message {
  readonly kind: MessageKind;
  /** 0 for a transaction, one more for each call within a call. */
  readonly depth: number;
  /** True when nothing may be changed below this message. */
  readonly isStatic: boolean;
  /** Gas the message may use. */
  readonly gas: bigint;
  /** Who is seen as the caller. */
  readonly sender: Address;
  /** Whose storage and address the code works with; not yet known (zero) for creations. */
  readonly recipient: Address;
  /** Whose code runs; as `recipient` except for call-code and delegate-call. */
  readonly codeAddress: Address;
  /** Calldata, or the init code of a creation. */
  readonly input: Uint8Array;
  /** Value that CALLVALUE shows, eight limbs. Of a delegate-call it is the caller's, and nothing moves. */
  readonly value: Uint32Array;
  /** 32 bytes, create2 only. */
  readonly salt?: Uint8Array;
}

/** How a message ended, as far as its caller may know. */
export interface Outcome {
  readonly success: boolean;
  /** Gas given back to the caller. */
  readonly gas: bigint;
  /** Return data of the caller: of a creation only when it failed. */
  readonly output: Uint8Array;
  /** Address of a successful creation. */
  readonly created?: Address | undefined;
}

/** One event log. */
export interface EvmLog {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
}

/** Why a frame stopped. */
export const Halt = {
  /** It has not: it runs, or waits for the outcome of the message in `Frame.request`. */
  None: 0,
  Success: 1,
  Revert: 2,
  OutOfGas: 3,
  /** Undefined instruction, or INVALID. */
  BadInstruction: 4,
  BadJump: 5,
  StackOverflow: 6,
  StackUnderflow: 7,
  /** Return data read beyond its end. */
  MemoryAccess: 8,
  /** A change inside a static call. */
  StaticViolation: 9,
  /** The storage refused a write ({@link StoreChange.Refused}). */
  WriteRefused: 10,
} as const;

/** One of {@link Halt}. */
export type Halt = (typeof Halt)[keyof typeof Halt];
