/** Why a call failed, from what it left as output: for logs, answers and programs. */
import { bytesToUtf8 } from "../primitives/index.js";

/**
 * Selectors by what they say, each cut from Keccak-256 and from SM3: compilers that know nothing of SM3 make contracts
 * for SM chains, too, so that either may be found on any chain.
 */
const TEXT_SELECTORS: readonly number[] = [0x08c379a0, 0xc703cb12];
const PANIC_SELECTORS: readonly number[] = [0x4e487b71, 0xb95aa355];

const SELECTOR_BYTES = 4;
const WORD = 32;

const PANICS: ReadonlyMap<number, string> = new Map([
  [0x01, "an assertion failed"],
  [0x11, "arithmetic overflow or underflow"],
  [0x12, "division by zero"],
  [0x21, "conversion to an enum that has no such value"],
  [0x22, "bytes in the storage that are encoded wrongly"],
  [0x31, "pop of an empty array"],
  [0x32, "array index out of range"],
  [0x41, "too much memory"],
  [0x51, "call of a function that was never set"],
]);

/**
 * The text of `Error(string)`, which `require` and `revert` of Solidity leave and contracts of the chain, too, or the
 * meaning of `Panic(uint256)`, with which contracts of Solidity 0.8 fail. Undefined for any other output, and for one
 * that only begins like these.
 */
export function revertReason(output: Uint8Array): string | undefined {
  if (output.length < SELECTOR_BYTES) return undefined;
  const selector = new DataView(output.buffer, output.byteOffset, SELECTOR_BYTES).getUint32(0);
  const data = output.subarray(SELECTOR_BYTES);
  if (TEXT_SELECTORS.includes(selector)) return textIn(data);
  if (!PANIC_SELECTORS.includes(selector)) return undefined;
  const code = numberAt(data, 0);
  return code === undefined ? undefined : (PANICS.get(code) ?? `panic ${code}`);
}

function textIn(data: Uint8Array): string | undefined {
  const at = numberAt(data, 0);
  const length = at === undefined ? undefined : numberAt(data, at);
  if (at === undefined || length === undefined || at + WORD + length > data.length) return undefined;
  return bytesToUtf8(data.subarray(at + WORD, at + WORD + length));
}

/** The word at an offset, when it lies inside the data and fits into 32 bits. */
function numberAt(data: Uint8Array, at: number): number | undefined {
  if (at + WORD > data.length) return undefined;
  for (let i = at; i < at + WORD - 4; i++) if (data[i] !== 0) return undefined;
  return new DataView(data.buffer, data.byteOffset + at + WORD - 4, 4).getUint32(0);
}
