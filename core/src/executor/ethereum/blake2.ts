/** Address 9: the compression function F of BLAKE2b with any number of rounds (EIP-152). */
import type { EthereumContract } from "./contract.js";
import { ethereumAddress } from "./contract.js";

const INPUT_BYTES = 213;
const ROUNDS_BYTES = 4;

/** First 64 fractional bits of the square roots of the first eight primes, low and high halves by turns (RFC 7693). */
const IV = Uint32Array.from([
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a, 0xade682d1,
  0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
]);

/** Order in which the words of a message are mixed in, by round modulo ten (RFC 7693). */
const SIGMA = Uint8Array.from([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, 11, 8, 12,
  0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, 9, 0, 5, 7, 2, 4, 10,
  15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, 12, 5, 1, 15, 14, 13, 4, 10, 0,
  7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7,
  1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
]);

/** Sixteen words of 64 bits, low and high halves by turns: scratch space of one call. */
const v = new Uint32Array(32);
const m = new Uint32Array(32);

/**
 * The mixing function G on the words at offsets a, b, c, d, with the message words at x and y. One function without
 * calls: an attacker chooses the number of rounds, so its speed is what a unit of gas costs.
 */
function mix(a: number, b: number, c: number, d: number, step: number): void {
  const x = 2 * (SIGMA[step] as number);
  const y = 2 * (SIGMA[step + 1] as number);
  let al = v[a] as number;
  let ah = v[a + 1] as number;
  let bl = v[b] as number;
  let bh = v[b + 1] as number;
  let cl = v[c] as number;
  let ch = v[c + 1] as number;
  // Each half: a += b + m, d = (d ^ a) >>> r1, c += d, b = (b ^ c) >>> r2. A sum that is below a summand has carried.
  let sum = (al + bl) >>> 0;
  ah = (ah + bh + (sum < al ? 1 : 0)) >>> 0;
  al = (sum + (m[x] as number)) >>> 0;
  ah = (ah + (m[x + 1] as number) + (al < sum ? 1 : 0)) >>> 0;
  let dh = ((v[d] as number) ^ al) >>> 0;
  let dl = ((v[d + 1] as number) ^ ah) >>> 0;
  sum = (cl + dl) >>> 0;
  ch = (ch + dh + (sum < cl ? 1 : 0)) >>> 0;
  cl = sum;
  let low = bl ^ cl;
  let high = bh ^ ch;
  bl = ((low >>> 24) | (high << 8)) >>> 0;
  bh = ((high >>> 24) | (low << 8)) >>> 0;
  sum = (al + bl) >>> 0;
  ah = (ah + bh + (sum < al ? 1 : 0)) >>> 0;
  al = (sum + (m[y] as number)) >>> 0;
  ah = (ah + (m[y + 1] as number) + (al < sum ? 1 : 0)) >>> 0;
  low = dl ^ al;
  high = dh ^ ah;
  dl = ((low >>> 16) | (high << 16)) >>> 0;
  dh = ((high >>> 16) | (low << 16)) >>> 0;
  sum = (cl + dl) >>> 0;
  ch = (ch + dh + (sum < cl ? 1 : 0)) >>> 0;
  cl = sum;
  low = bl ^ cl;
  high = bh ^ ch;
  v[a] = al;
  v[a + 1] = ah;
  v[b] = (low << 1) | (high >>> 31);
  v[b + 1] = (high << 1) | (low >>> 31);
  v[c] = cl;
  v[c + 1] = ch;
  v[d] = dl;
  v[d + 1] = dh;
}

function round(number: number): void {
  const step = 16 * (number % 10);
  mix(0, 8, 16, 24, step);
  mix(2, 10, 18, 26, step + 2);
  mix(4, 12, 20, 28, step + 4);
  mix(6, 14, 22, 30, step + 6);
  mix(0, 10, 20, 30, step + 8);
  mix(2, 12, 22, 24, step + 10);
  mix(4, 14, 16, 26, step + 12);
  mix(6, 8, 18, 28, step + 14);
}

function run(input: Uint8Array): Uint8Array | undefined {
  const final = input[INPUT_BYTES - 1];
  if (input.length !== INPUT_BYTES || (final !== 0 && final !== 1)) return undefined;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const rounds = view.getUint32(0);
  for (let i = 0; i < 16; i++) v[i] = view.getUint32(4 + 4 * i, true);
  v.set(IV, 16);
  for (let i = 0; i < 32; i++) m[i] = view.getUint32(68 + 4 * i, true);
  for (let i = 0; i < 4; i++) v[24 + i] = (v[24 + i] as number) ^ view.getUint32(196 + 4 * i, true);
  if (final === 1) {
    v[28] = ~(v[28] as number);
    v[29] = ~(v[29] as number);
  }
  for (let i = 0; i < rounds; i++) round(i);
  const output = new Uint8Array(64);
  const words = new DataView(output.buffer);
  for (let i = 0; i < 16; i++) {
    const mixed = (v[i] as number) ^ (v[i + 16] as number);
    words.setUint32(4 * i, mixed ^ view.getUint32(4 + 4 * i, true), true);
  }
  return output;
}

/** Address 9. */
export const BLAKE2_F: EthereumContract = {
  address: ethereumAddress(9),
  gas(input) {
    // Too short to tell a number of rounds: 2.9.1 takes it for none and lets the run fail, which costs all gas of the call.
    if (input.length < ROUNDS_BYTES) return 0n;
    return BigInt(new DataView(input.buffer, input.byteOffset, ROUNDS_BYTES).getUint32(0));
  },
  run,
};
