/** Seeded random numbers: the only randomness of the core, handed in by the host. */
import { assert } from "./assert.js";

/** A stream of pseudo-random numbers. Not for keys or signatures. */
export interface Random {
  /** Next unsigned 32-bit integer. */
  nextU32(): number;
  /** Uniform whole number from 0 to `limit` − 1; `limit` at least 1 and at most 2^32. */
  below(limit: number): number;
  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean;
  /** `length` pseudo-random bytes. */
  bytes(length: number): Uint8Array;
  /** A copy of `items` in random order. */
  shuffled<T>(items: readonly T[]): T[];
  /** An independent stream for one concern, so that adding a draw in one place does not change another. */
  split(label: string): Random;
}

function mix(hash: number): number {
  let mixed = hash >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** A generator (sfc32) started from `seed`: the same seed always gives the same stream. */
export function createRandom(seed: number | string): Random {
  const name = String(seed);
  let a = seedOf(`${name}/a`);
  let b = seedOf(`${name}/b`);
  let c = seedOf(`${name}/c`);
  let counter = 1;

  function nextU32(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 12; i++) nextU32();

  function below(limit: number): number {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= 0x1_0000_0000, "a random limit must be 1 to 2^32");
    const fair = 0x1_0000_0000 - (0x1_0000_0000 % limit);
    let drawn = nextU32();
    while (drawn >= fair) drawn = nextU32();
    return drawn % limit;
  }

  return {
    nextU32,
    below,
    chance: (probability) => nextU32() < probability * 0x1_0000_0000,
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) bytes[i] = nextU32() & 255;
      return bytes;
    },
    shuffled<T>(items: readonly T[]): T[] {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const held = copy[i] as T;
        copy[i] = copy[j] as T;
        copy[j] = held;
      }
      return copy;
    },
    split: (label) => createRandom(`${name}/${label}`),
  };
}
