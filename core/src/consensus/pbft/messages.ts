/** Our own messages, and the signatures of others. See docs/protocol/pbft.md#p1-messages. */
import { bytesToByteString, hexToBytes } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import { pbftFieldsDigest } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { NO_BLOCK } from "./proposal.js";
import type { PbftState } from "./state.js";

/** What distinguishes one of our messages from another. */
export interface MessageParts {
  readonly height: number;
  readonly view: number;
  readonly blockHash: Hash;
  /** Of a prepare. */
  readonly block?: Uint8Array;
}

/** A message of ours, signed. */
export function signedMessage(state: PbftState, parts: MessageParts): PbftMessage {
  const { height, view, blockHash, block = NO_BLOCK } = parts;
  const { key } = state.environment;
  const fields = { height, view, index: state.members.ownIndex, timestamp: BigInt(Math.trunc(state.now.wallMs)) };
  const sig = state.suite.sign(hexToBytes(blockHash), key);
  const sig2 = state.suite.sign(pbftFieldsDigest(fields, state.suite), key);
  return { ...fields, blockHash, sig, sig2, block };
}

/** True when the sealer at the message's index made both signatures, over this hash and exactly these fields. */
export function isWellSigned(state: PbftState, message: PbftMessage): boolean {
  const key = state.members.keys[message.index];
  if (key === undefined) return false;
  const { suite } = state;
  return (
    suite.verify(hexToBytes(message.blockHash), message.sig, key) &&
    suite.verify(pbftFieldsDigest(message, suite), message.sig2, key)
  );
}

/**
 * True when a sign, commit or view change may be taken from that peer: it speaks for itself, or for a sealer that we
 * have no session with.
 *
 * Neither signature covers what kind of message it stands in, and a sealer of the C++ node may well send a sign and
 * a commit that are equal byte for byte. So whoever relays a sign could turn it into a commit that was never given,
 * or a commit into a view change. Honest nodes relay only to those the author cannot reach.
 */
export function maySpeakFor(state: PbftState, from: string, message: PbftMessage): boolean {
  const author = state.members.sealers[message.index];
  if (author === undefined) return false;
  return author === from || !state.environment.peers().has(author);
}

/** What tells one message from another in the broadcast filter. */
export function messageKey(message: PbftMessage): string {
  return bytesToByteString(message.sig) + bytesToByteString(message.sig2);
}
