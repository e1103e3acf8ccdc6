/** RLP as a tree, to damage what is inside while the lengths around it stay right. */
import type { Random } from "@tsbcos/core/primitives";
import { bytesToBigInt } from "@tsbcos/core/primitives";
import { encodeRlpBytes, encodeRlpList } from "@tsbcos/core/protocol";
import { damaged } from "./damage.js";
import { pick } from "./target.js";

/** An item: bytes, or a list of items. */
export type RlpTree = Uint8Array | readonly RlpTree[];

interface Item {
  readonly tree: RlpTree;
  readonly end: number;
}

/** The item at `at`, undefined when there is none or its lengths do not fit. */
function itemAt(bytes: Uint8Array, at: number, end: number): Item | undefined {
  const prefix = bytes[at];
  if (prefix === undefined || at >= end) return undefined;
  if (prefix < 0x80) return { tree: bytes.subarray(at, at + 1), end: at + 1 };
  const isList = prefix >= 0xc0;
  const short = prefix - (isList ? 0xc0 : 0x80);
  const lengthBytes = short > 55 ? short - 55 : 0;
  const start = at + 1 + lengthBytes;
  const length = lengthBytes === 0 ? short : Number(bytesToBigInt(bytes.subarray(at + 1, start)));
  if (start + length > end) return undefined;
  if (!isList) return { tree: bytes.subarray(start, start + length), end: start + length };
  const items: RlpTree[] = [];
  for (let next = start; next < start + length;) {
    const item = itemAt(bytes, next, start + length);
    if (item === undefined) return undefined;
    items.push(item.tree);
    next = item.end;
  }
  return { tree: items, end: start + length };
}

/** The tree that the bytes encode, undefined when they are not exactly one item. */
export function rlpTree(bytes: Uint8Array): RlpTree | undefined {
  const item = itemAt(bytes, 0, bytes.length);
  return item?.end === bytes.length ? item.tree : undefined;
}

/** Bytes of a tree. */
export function encodeRlpTree(tree: RlpTree): Uint8Array {
  return tree instanceof Uint8Array ? encodeRlpBytes(tree) : encodeRlpList(tree.map(encodeRlpTree));
}

const ODD_ITEMS: readonly RlpTree[] = [
  new Uint8Array(0),
  new Uint8Array(1),
  Uint8Array.of(0, 1),
  new Uint8Array(33).fill(255),
  new Uint8Array(9).fill(255),
  [],
  [[]],
];

/** The tree with one item changed, left out, doubled, or replaced by one of another kind. */
export function damagedTree(tree: RlpTree, random: Random): RlpTree {
  if (tree instanceof Uint8Array) {
    if (random.chance(0.3)) return pick(random, ODD_ITEMS);
    const inner = tree.length > 2 ? rlpTree(tree) : undefined;
    // Messages stand in messages: go into them as well.
    if (inner !== undefined && random.chance(0.7)) return encodeRlpTree(damagedTree(inner, random));
    return damaged(tree, random);
  }
  const items = [...tree];
  const at = random.below(items.length + 1);
  switch (random.below(8)) {
    case 0:
      items.splice(at, 1);
      break;
    case 1:
      items.splice(at, 0, pick(random, ODD_ITEMS));
      break;
    case 2:
      items.splice(at, 0, ...items.slice(at));
      break;
    case 3:
      return pick(random, ODD_ITEMS);
    default:
      if (at < items.length) items[at] = damagedTree(items[at] as RlpTree, random);
  }
  return items;
}
