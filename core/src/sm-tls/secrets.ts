/** Keys out of shared secrets: the pseudorandom function of TLS 1.2 with HMAC-SM3 (RFC 5246, section 5). */
import { concatBytes, utf8ToBytes } from "../primitives/index.js";
import type { SmTlsCrypto } from "./interface.js";

const MASTER_BYTES = 48;
const MAC_KEY_BYTES = 32;
const CIPHER_KEY_BYTES = 16;
const FINISHED_BYTES = 12;

/** Bytes of the secret that both sides compute in the key exchange. */
export const PREMASTER_BYTES = 48;

/** The random numbers of both hellos. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Keys of one direction. */
export interface DirectionKeys {
  /** For the HMAC of records, 32 bytes. */
  readonly mac: Uint8Array;
  /** For SM4, 16 bytes. */
  readonly cipher: Uint8Array;
}

/** `length` pseudorandom bytes from a secret, a label and a seed. */
export function pseudorandom(
  crypto: Pick<SmTlsCrypto, "hmac">,
  { secret, label, seed }: { readonly secret: Uint8Array; readonly label: string; readonly seed: Uint8Array },
  length: number,
): Uint8Array {
  const labelled = concatBytes(utf8ToBytes(label), seed);
  const blocks: Uint8Array[] = [];
  let a = crypto.hmac(secret, labelled);
  for (let have = 0; have < length; have += 32) {
    blocks.push(crypto.hmac(secret, a, labelled));
    a = crypto.hmac(secret, a);
  }
  return concatBytes(...blocks).slice(0, length);
}

/** The master secret, 48 bytes. */
export function masterSecret(crypto: Pick<SmTlsCrypto, "hmac">, premaster: Uint8Array, randoms: Randoms): Uint8Array {
  const seed = concatBytes(randoms.client, randoms.server);
  return pseudorandom(crypto, { secret: premaster, label: "master secret", seed }, MASTER_BYTES);
}

/** The keys of both directions. Each record brings its own iv, so none is derived. */
export function directionKeys(
  crypto: Pick<SmTlsCrypto, "hmac">,
  master: Uint8Array,
  randoms: Randoms,
): { readonly client: DirectionKeys; readonly server: DirectionKeys } {
  const seed = concatBytes(randoms.server, randoms.client);
  const length = 2 * (MAC_KEY_BYTES + CIPHER_KEY_BYTES);
  const block = pseudorandom(crypto, { secret: master, label: "key expansion", seed }, length);
  const cut = (from: number, bytes: number): Uint8Array => block.slice(from, from + bytes);
  return {
    client: { mac: cut(0, MAC_KEY_BYTES), cipher: cut(2 * MAC_KEY_BYTES, CIPHER_KEY_BYTES) },
    server: {
      mac: cut(MAC_KEY_BYTES, MAC_KEY_BYTES),
      cipher: cut(2 * MAC_KEY_BYTES + CIPHER_KEY_BYTES, CIPHER_KEY_BYTES),
    },
  };
}

/** What the message Finished of one side holds, 12 bytes, from the hash of the handshake so far. */
export function finishedData(
  crypto: Pick<SmTlsCrypto, "hmac">,
  {
    master,
    handshakeHash,
    by,
  }: {
    readonly master: Uint8Array;
    readonly handshakeHash: Uint8Array;
    readonly by: "client" | "server";
  },
): Uint8Array {
  return pseudorandom(crypto, { secret: master, label: `${by} finished`, seed: handshakeHash }, FINISHED_BYTES);
}
