/** Roots of Merkle-Patricia tries, computed from all entries at once: what Ethereum's tests compare states by. */
import { encodeRlpBytes, encodeRlpList } from "@tsbcos/core/protocol";

/** Hash of the trie, Keccak-256. */
export type Hasher = (data: Uint8Array) => Uint8Array;

interface Entry {
  /** Key as half-bytes. */
  readonly path: Uint8Array;
  readonly value: Uint8Array;
}

const EMPTY = encodeRlpBytes(new Uint8Array(0));

function halfBytes(key: Uint8Array): Uint8Array {
  const path = new Uint8Array(2 * key.length);
  key.forEach((byte, i) => {
    path[2 * i] = byte >> 4;
    path[2 * i + 1] = byte & 15;
  });
  return path;
}

/** A part of a path in bytes, with the flag of a leaf and of an odd length in front. */
function compact(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length % 2;
  const flag = (isLeaf ? 2 : 0) + odd;
  const padded = odd === 1 ? Uint8Array.of(flag, ...path) : Uint8Array.of(flag, 0, ...path);
  const bytes = new Uint8Array(padded.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((padded[2 * i] ?? 0) << 4) | (padded[2 * i + 1] ?? 0);
  return bytes;
}

function sharedLength(entries: readonly Entry[], from: number): number {
  const first = entries[0]?.path ?? new Uint8Array(0);
  const last = entries[entries.length - 1]?.path ?? first;
  let at = from;
  while (at < first.length && first[at] === last[at]) at++;
  return at;
}

/** Encoded node of the entries (in order of their paths) that agree on the first `depth` half-bytes. */
function node(entries: readonly Entry[], depth: number, hash: Hasher): Uint8Array {
  const [first] = entries;
  if (first === undefined) return EMPTY;
  if (entries.length === 1) {
    const path = encodeRlpBytes(compact(first.path.subarray(depth), true));
    return encodeRlpList([path, encodeRlpBytes(first.value)]);
  }
  const shared = sharedLength(entries, depth);
  if (shared > depth) {
    const path = encodeRlpBytes(compact(first.path.subarray(depth, shared), false));
    return encodeRlpList([path, reference(node(entries, shared, hash), hash)]);
  }
  const children: Uint8Array[] = [];
  for (let digit = 0; digit < 16; digit++) {
    const under = entries.filter((entry) => entry.path[depth] === digit);
    children.push(under.length === 0 ? EMPTY : reference(node(under, depth + 1, hash), hash));
  }
  return encodeRlpList([...children, EMPTY]);
}

/** Short nodes stand in their parent as they are, others by their hash. */
function reference(encoded: Uint8Array, hash: Hasher): Uint8Array {
  return encoded.length < 32 ? encoded : encodeRlpBytes(hash(encoded));
}

/** Root of the trie that holds `entries` under the hashes of their keys. All keys differ and no value is empty. */
export function secureTrieRoot(entries: Iterable<readonly [Uint8Array, Uint8Array]>, hash: Hasher): Uint8Array {
  const hashed = [...entries].map(([key, value]) => ({ path: halfBytes(hash(key)), value }));
  hashed.sort((a, b) => compare(a.path, b.path));
  return hash(node(hashed, 0, hash));
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}

/** A number as a trie holds it: encoded without leading zeros. */
export function trieNumber(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY;
  const hex = value.toString(16);
  const digits = hex.length % 2 === 1 ? `0${hex}` : hex;
  return encodeRlpBytes(Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
}

/** Encoded list of encoded items, for accounts and logs. */
export function trieList(...items: readonly Uint8Array[]): Uint8Array {
  return encodeRlpList(items);
}
