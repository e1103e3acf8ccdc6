/** SM3 (GB/T 32905-2016): a 256-bit Merkle–Damgård hash with 64-byte blocks, much like SHA-256 in shape. */

const BLOCK_BYTES = 64;
const INITIAL = [
  0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
] as const;

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Round constants already rotated by the round number. */
const ROUND_CONSTANTS: Int32Array = Int32Array.from({ length: 64 }, (_, round) =>
  rotateLeft(round < 16 ? 0x79cc4519 : 0x7a879d8a, round % 32),
);

// One call runs to its end before another starts, so the schedule can be shared.
const schedule = new Int32Array(68);

function expand(bytes: Uint8Array, offset: number): void {
  const w = schedule;
  for (let i = 0, at = offset; i < 16; i++, at += 4) {
    w[i] =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number);
  }
  for (let i = 16; i < 68; i++) {
    const mixed = (w[i - 16] as number) ^ (w[i - 9] as number) ^ rotateLeft(w[i - 3] as number, 15);
    const permuted = mixed ^ rotateLeft(mixed, 15) ^ rotateLeft(mixed, 23);
    w[i] = permuted ^ rotateLeft(w[i - 13] as number, 7) ^ (w[i - 6] as number);
  }
}

function compress(state: Int32Array, bytes: Uint8Array, offset: number): void {
  expand(bytes, offset);
  const w = schedule;
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let round = 0; round < 64; round++) {
    const a12 = rotateLeft(a, 12);
    const ss1 = rotateLeft((a12 + e + (ROUND_CONSTANTS[round] as number)) | 0, 7);
    const early = round < 16;
    const choiceA = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const choiceE = early ? e ^ f ^ g : (e & f) | (~e & g);
    const word = w[round] as number;
    const tt1 = (choiceA + d + (ss1 ^ a12) + (word ^ (w[round + 4] as number))) | 0;
    const tt2 = (choiceE + h + ss1 + word) | 0;
    d = c;
    c = rotateLeft(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotateLeft(f, 19);
    f = e;
    e = tt2 ^ rotateLeft(tt2, 9) ^ rotateLeft(tt2, 17);
  }
  state[0] = (state[0] as number) ^ a;
  state[1] = (state[1] as number) ^ b;
  state[2] = (state[2] as number) ^ c;
  state[3] = (state[3] as number) ^ d;
  state[4] = (state[4] as number) ^ e;
  state[5] = (state[5] as number) ^ f;
  state[6] = (state[6] as number) ^ g;
  state[7] = (state[7] as number) ^ h;
}

/** SM3 of `data`, 32 bytes. */
export function sm3(data: Uint8Array): Uint8Array {
  const state = Int32Array.from(INITIAL);
  const whole = data.length - (data.length % BLOCK_BYTES);
  for (let offset = 0; offset < whole; offset += BLOCK_BYTES) compress(state, data, offset);

  // The tail: what is left, one bit 1, zeros, and the length in bits in the last eight bytes.
  const left = data.length - whole;
  const tail = new Uint8Array(left < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  tail.set(data.subarray(whole));
  tail[left] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, Math.floor(data.length / 0x2000_0000));
  view.setUint32(tail.length - 4, (data.length << 3) >>> 0);
  for (let offset = 0; offset < tail.length; offset += BLOCK_BYTES) compress(state, tail, offset);

  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) out.setInt32(i * 4, state[i] as number);
  return digest;
}
