/** What two disks hold must be the same row by row, except for what a node is free to choose. */
import { ascii, bytesEqual } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";
import { check } from "../failure.js";

/** Rows with the signatures of a block: each node stores the ones it has collected. */
const WITH_SIGNATURES = /^[bh][0-9]+$/;

function comparable(rows: ReadonlyMap<ByteString, Uint8Array>): ByteString[] {
  return [...rows.keys()].filter((key) => !WITH_SIGNATURES.test(key)).sort();
}

function printable(key: ByteString): string {
  return key.replace(/[^ -~]/g, ".");
}

/** One node's disk. */
export interface Disk {
  readonly node: number;
  readonly rows: ReadonlyMap<ByteString, Uint8Array>;
}

/**
 * Compares the disks of two nodes at one height.
 *
 * @throws SimulationFailure naming the first row that differs
 */
export function checkSameState(a: Disk, b: Disk): void {
  const keysA = comparable(a.rows);
  const keysB = comparable(b.rows);
  for (let at = 0; at < Math.max(keysA.length, keysB.length); at++) {
    const keyA = keysA[at] ?? ascii("");
    const keyB = keysB[at] ?? ascii("");
    const only = keyA === "" || (keyB !== "" && keyB < keyA) ? b.node : a.node;
    check(
      keyA === keyB,
      `of n${a.node} and n${b.node} only n${only} has the row ${printable(only === a.node ? keyA : keyB)}`,
    );
    const same = bytesEqual(a.rows.get(keyA) as Uint8Array, b.rows.get(keyB) as Uint8Array);
    check(same, `n${a.node} and n${b.node} differ in the row ${printable(keyA)}`);
  }
}
