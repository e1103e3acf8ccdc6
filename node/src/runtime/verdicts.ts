/** What a verifier thread says of a batch of transactions: one fixed-size record each. */
import { judgedTransaction, judgeTransaction, type VerifiedTransaction } from "@tsbcos/core/protocol";
import type { CryptoSuite } from "@tsbcos/core/crypto";

const HASH_AT = 1;
const SENDER_AT = 33;
/** Validity, hash, sender. */
const RECORD_BYTES = 53;

/** Checks each transaction: one record each, validity 0 for what is malformed or badly signed. */
export function verifyBatch(raws: readonly Uint8Array[], suite: CryptoSuite): Uint8Array<ArrayBuffer> {
  const verdicts = new Uint8Array(raws.length * RECORD_BYTES);
  raws.forEach((raw, index) => {
    const verdict = judgeTransaction(raw, suite);
    if (verdict === undefined) return;
    const at = index * RECORD_BYTES;
    verdicts[at] = 1;
    verdicts.set(verdict.hash, at + HASH_AT);
    verdicts.set(verdict.sender, at + SENDER_AT);
  });
  return verdicts;
}

/**
 * The transactions with their hashes and senders, as far as they are valid.
 * Decoding them again costs a fraction of sending the decoded objects between threads.
 */
export function applyVerdicts(
  raws: readonly Uint8Array[],
  verdicts: Uint8Array,
  suite: CryptoSuite,
): (VerifiedTransaction | undefined)[] {
  return raws.map((raw, index) => {
    const at = index * RECORD_BYTES;
    if (verdicts[at] !== 1) return undefined;
    const hash = verdicts.subarray(at + HASH_AT, at + SENDER_AT);
    const sender = verdicts.subarray(at + SENDER_AT, at + RECORD_BYTES);
    return judgedTransaction(raw, { hash, sender }, suite);
  });
}
