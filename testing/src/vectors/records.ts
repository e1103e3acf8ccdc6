/** Small parts of recorded JSON; whole records are read by `core/protocol`. */
import { bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import type { NodeIndex } from "@tsbcos/core/primitives";
import type { BlockSignature } from "@tsbcos/core/protocol";
import type { RpcHeader } from "./load.js";

/** Text after `0x`. */
export function plain(text: string): string {
  return bytesToHex(hexToBytes(text));
}

/** The signatures of a JSON header. */
export function signaturesOf(json: RpcHeader): BlockSignature[] {
  return json.signatureList.map(({ index, signature }) => ({
    index: Number(index) as NodeIndex,
    signature: hexToBytes(signature),
  }));
}
