/**
 * Keccak-256 with the original padding, as Ethereum and FISCO BCOS use it (not NIST SHA3-256).
 *
 * Written out for speed: every record, root, address and state row is hashed with it. Lane (x, y) of the state is the
 * pair of words at 2 · (x + 5 · y), low word first.
 */

const RATE_BYTES = 136;
const ROUNDS = 24;

/** Round constants, word pairs, from the linear feedback register of the standard. */
const ROUND_CONSTANTS: Int32Array = (() => {
  const words = new Int32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j < 7; j++) {
      if ((register & 1) !== 0) {
        const bit = 2 ** j - 1;
        const at = 2 * round + (bit >> 5);
        words[at] = (words[at] as number) | (1 << (bit & 31));
      }
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
  }
  return words;
})();

/** A tuple of N numbers: constant indexes into it need no check. */
type Words<N extends number, T extends number[] = []> = T["length"] extends N ? T : Words<N, [...T, number]>;

// One call runs to its end before another starts, so the working words can be shared.
const state = new Int32Array(50) as unknown as Words<50>;
const moved = new Int32Array(50) as unknown as Words<50>;
const parity = new Int32Array(10) as unknown as Words<10>;
const block = new Uint8Array(RATE_BYTES);
const blockView = new DataView(block.buffer);

/** Keccak-256 of `data`, 32 bytes. */
export function keccak256(data: Uint8Array): Uint8Array {
  state.fill(0);
  const whole = data.length - (data.length % RATE_BYTES);
  if (whole > 0) {
    const view = new DataView(data.buffer, data.byteOffset, whole);
    for (let offset = 0; offset < whole; offset += RATE_BYTES) absorb(view, offset);
  }
  block.fill(0);
  block.set(data.subarray(whole));
  block[data.length - whole] = 0x01;
  block[RATE_BYTES - 1] = (block[RATE_BYTES - 1] as number) | 0x80;
  absorb(blockView, 0);

  const digest = new Uint8Array(32);
  for (let i = 0; i < 8; i++) {
    const word = state[i] as number;
    digest[4 * i] = word;
    digest[4 * i + 1] = word >>> 8;
    digest[4 * i + 2] = word >>> 16;
    digest[4 * i + 3] = word >>> 24;
  }
  return digest;
}

function absorb(view: DataView, offset: number): void {
  for (let i = 0; i < RATE_BYTES / 4; i++) state[i] = (state[i] as number) ^ view.getInt32(offset + 4 * i, true);
  for (let round = 0; round < 2 * ROUNDS; round += 2) {
    theta(state, parity);
    rhoAndPi(state, parity, moved);
    chi(moved, state);
    state[0] ^= ROUND_CONSTANTS[round] as number;
    state[1] ^= ROUND_CONSTANTS[round + 1] as number;
  }
}

/** Parities of the columns, combined as they are added to every lane of column x: words 2x and 2x + 1 of `d`. */
function theta(s: Words<50>, d: Words<10>): void {
  const l0 = s[0] ^ s[10] ^ s[20] ^ s[30] ^ s[40];
  const h0 = s[1] ^ s[11] ^ s[21] ^ s[31] ^ s[41];
  const l1 = s[2] ^ s[12] ^ s[22] ^ s[32] ^ s[42];
  const h1 = s[3] ^ s[13] ^ s[23] ^ s[33] ^ s[43];
  const l2 = s[4] ^ s[14] ^ s[24] ^ s[34] ^ s[44];
  const h2 = s[5] ^ s[15] ^ s[25] ^ s[35] ^ s[45];
  const l3 = s[6] ^ s[16] ^ s[26] ^ s[36] ^ s[46];
  const h3 = s[7] ^ s[17] ^ s[27] ^ s[37] ^ s[47];
  const l4 = s[8] ^ s[18] ^ s[28] ^ s[38] ^ s[48];
  const h4 = s[9] ^ s[19] ^ s[29] ^ s[39] ^ s[49];
  d[0] = l4 ^ ((l1 << 1) | (h1 >>> 31));
  d[1] = h4 ^ ((h1 << 1) | (l1 >>> 31));
  d[2] = l0 ^ ((l2 << 1) | (h2 >>> 31));
  d[3] = h0 ^ ((h2 << 1) | (l2 >>> 31));
  d[4] = l1 ^ ((l3 << 1) | (h3 >>> 31));
  d[5] = h1 ^ ((h3 << 1) | (l3 >>> 31));
  d[6] = l2 ^ ((l4 << 1) | (h4 >>> 31));
  d[7] = h2 ^ ((h4 << 1) | (l4 >>> 31));
  d[8] = l3 ^ ((l0 << 1) | (h0 >>> 31));
  d[9] = h3 ^ ((h0 << 1) | (l0 >>> 31));
}

/** Adds the parities, rotates each lane by its own distance and moves it to its new place in `b`. */
function rhoAndPi(s: Words<50>, d: Words<10>, b: Words<50>): void {
  const d0 = d[0];
  const d1 = d[1];
  const d2 = d[2];
  const d3 = d[3];
  const d4 = d[4];
  const d5 = d[5];
  const d6 = d[6];
  const d7 = d[7];
  const d8 = d[8];
  const d9 = d[9];
  b[0] = s[0] ^ d0;
  b[1] = s[1] ^ d1;
  b[20] = ((s[2] ^ d2) << 1) | ((s[3] ^ d3) >>> 31);
  b[21] = ((s[3] ^ d3) << 1) | ((s[2] ^ d2) >>> 31);
  b[40] = ((s[5] ^ d5) << 30) | ((s[4] ^ d4) >>> 2);
  b[41] = ((s[4] ^ d4) << 30) | ((s[5] ^ d5) >>> 2);
  b[10] = ((s[6] ^ d6) << 28) | ((s[7] ^ d7) >>> 4);
  b[11] = ((s[7] ^ d7) << 28) | ((s[6] ^ d6) >>> 4);
  b[30] = ((s[8] ^ d8) << 27) | ((s[9] ^ d9) >>> 5);
  b[31] = ((s[9] ^ d9) << 27) | ((s[8] ^ d8) >>> 5);
  b[32] = ((s[11] ^ d1) << 4) | ((s[10] ^ d0) >>> 28);
  b[33] = ((s[10] ^ d0) << 4) | ((s[11] ^ d1) >>> 28);
  b[2] = ((s[13] ^ d3) << 12) | ((s[12] ^ d2) >>> 20);
  b[3] = ((s[12] ^ d2) << 12) | ((s[13] ^ d3) >>> 20);
  b[22] = ((s[14] ^ d4) << 6) | ((s[15] ^ d5) >>> 26);
  b[23] = ((s[15] ^ d5) << 6) | ((s[14] ^ d4) >>> 26);
  b[42] = ((s[17] ^ d7) << 23) | ((s[16] ^ d6) >>> 9);
  b[43] = ((s[16] ^ d6) << 23) | ((s[17] ^ d7) >>> 9);
  b[12] = ((s[18] ^ d8) << 20) | ((s[19] ^ d9) >>> 12);
  b[13] = ((s[19] ^ d9) << 20) | ((s[18] ^ d8) >>> 12);
  b[14] = ((s[20] ^ d0) << 3) | ((s[21] ^ d1) >>> 29);
  b[15] = ((s[21] ^ d1) << 3) | ((s[20] ^ d0) >>> 29);
  b[34] = ((s[22] ^ d2) << 10) | ((s[23] ^ d3) >>> 22);
  b[35] = ((s[23] ^ d3) << 10) | ((s[22] ^ d2) >>> 22);
  b[4] = ((s[25] ^ d5) << 11) | ((s[24] ^ d4) >>> 21);
  b[5] = ((s[24] ^ d4) << 11) | ((s[25] ^ d5) >>> 21);
  b[24] = ((s[26] ^ d6) << 25) | ((s[27] ^ d7) >>> 7);
  b[25] = ((s[27] ^ d7) << 25) | ((s[26] ^ d6) >>> 7);
  b[44] = ((s[29] ^ d9) << 7) | ((s[28] ^ d8) >>> 25);
  b[45] = ((s[28] ^ d8) << 7) | ((s[29] ^ d9) >>> 25);
  b[46] = ((s[31] ^ d1) << 9) | ((s[30] ^ d0) >>> 23);
  b[47] = ((s[30] ^ d0) << 9) | ((s[31] ^ d1) >>> 23);
  b[16] = ((s[33] ^ d3) << 13) | ((s[32] ^ d2) >>> 19);
  b[17] = ((s[32] ^ d2) << 13) | ((s[33] ^ d3) >>> 19);
  b[36] = ((s[34] ^ d4) << 15) | ((s[35] ^ d5) >>> 17);
  b[37] = ((s[35] ^ d5) << 15) | ((s[34] ^ d4) >>> 17);
  b[6] = ((s[36] ^ d6) << 21) | ((s[37] ^ d7) >>> 11);
  b[7] = ((s[37] ^ d7) << 21) | ((s[36] ^ d6) >>> 11);
  b[26] = ((s[38] ^ d8) << 8) | ((s[39] ^ d9) >>> 24);
  b[27] = ((s[39] ^ d9) << 8) | ((s[38] ^ d8) >>> 24);
  b[28] = ((s[40] ^ d0) << 18) | ((s[41] ^ d1) >>> 14);
  b[29] = ((s[41] ^ d1) << 18) | ((s[40] ^ d0) >>> 14);
  b[48] = ((s[42] ^ d2) << 2) | ((s[43] ^ d3) >>> 30);
  b[49] = ((s[43] ^ d3) << 2) | ((s[42] ^ d2) >>> 30);
  b[18] = ((s[45] ^ d5) << 29) | ((s[44] ^ d4) >>> 3);
  b[19] = ((s[44] ^ d4) << 29) | ((s[45] ^ d5) >>> 3);
  b[38] = ((s[47] ^ d7) << 24) | ((s[46] ^ d6) >>> 8);
  b[39] = ((s[46] ^ d6) << 24) | ((s[47] ^ d7) >>> 8);
  b[8] = ((s[48] ^ d8) << 14) | ((s[49] ^ d9) >>> 18);
  b[9] = ((s[49] ^ d9) << 14) | ((s[48] ^ d8) >>> 18);
}

/** Mixes the five lanes of each row. */
function chi(b: Words<50>, s: Words<50>): void {
  for (let y = 0; y < 50; y += 10) {
    const l0 = b[y] as number;
    const h0 = b[y + 1] as number;
    const l1 = b[y + 2] as number;
    const h1 = b[y + 3] as number;
    const l2 = b[y + 4] as number;
    const h2 = b[y + 5] as number;
    const l3 = b[y + 6] as number;
    const h3 = b[y + 7] as number;
    const l4 = b[y + 8] as number;
    const h4 = b[y + 9] as number;
    s[y] = l0 ^ (~l1 & l2);
    s[y + 1] = h0 ^ (~h1 & h2);
    s[y + 2] = l1 ^ (~l2 & l3);
    s[y + 3] = h1 ^ (~h2 & h3);
    s[y + 4] = l2 ^ (~l3 & l4);
    s[y + 5] = h2 ^ (~h3 & h4);
    s[y + 6] = l3 ^ (~l4 & l0);
    s[y + 7] = h3 ^ (~h4 & h0);
    s[y + 8] = l4 ^ (~l0 & l1);
    s[y + 9] = h4 ^ (~h0 & h1);
  }
}
