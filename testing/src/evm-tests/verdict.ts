/** What a test came to. */
import type { EvmLog } from "@tsbcos/core/evm";
import { hexToBytes } from "@tsbcos/core/primitives";
import { encodeRlpBytes } from "@tsbcos/core/protocol";
import { textOf } from "./ethereum-world.js";
import type { Hasher } from "./state-trie.js";
import { trieList } from "./state-trie.js";

/** Passed, failed with what differs, or skipped with the reason. */
export type Verdict =
  | { readonly type: "passed" }
  | { readonly type: "failed"; readonly test: string; readonly difference: string }
  | { readonly type: "skipped"; readonly reason: string };

/** Hash of the encoded logs, as the tests give it. */
export function logsHash(logs: readonly EvmLog[], hash: Hasher): string {
  const encoded = logs.map(({ address, topics, data }) =>
    trieList(
      encodeRlpBytes(hexToBytes(address)),
      trieList(...topics.map((topic) => encodeRlpBytes(hexToBytes(topic)))),
      encodeRlpBytes(data),
    ),
  );
  return textOf(hash(trieList(...encoded)));
}

/** The first pair that differs, as a sentence; undefined when none does. */
export function firstDifference(pairs: Readonly<Record<string, readonly [got: unknown, expected: unknown]>>) {
  for (const [what, [got, expected]] of Object.entries(pairs)) {
    if (got !== expected) return `${what} is ${String(got)}, expected ${String(expected)}`;
  }
  return undefined;
}

/** The verdict of a comparison. */
export function verdictOf(test: string, difference: string | undefined): Verdict {
  return difference === undefined ? { type: "passed" } : { type: "failed", test, difference };
}
