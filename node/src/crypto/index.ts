/** The hash and signature suites of a running node: native code behind the interface of the core. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { CodedError } from "@tsbcos/core/primitives";
import { createSmSuite } from "./sm.js";
import { createStandardSuite } from "./standard.js";

export { readNodeKey } from "./node-key.js";
export type { NodeKey } from "./node-key.js";

/** Both suites of a thread. */
export interface NativeSuites {
  /** Keccak-256 and secp256k1. */
  readonly standard: CryptoSuite;
  /** SM3 and SM2. */
  readonly sm: CryptoSuite;
}

let loaded: Promise<NativeSuites> | undefined;

/**
 * Loads the native suites once a thread.
 *
 * There is no silent fallback: the JavaScript suites of the core are up to thirty times slower, and a node that
 * quietly runs on them would stall its chain.
 *
 * @throws CodedError `native-crypto-unavailable` when a native part does not load on this machine
 */
export function loadNativeSuites(): Promise<NativeSuites> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<NativeSuites> {
  const secp256k1 = await part("secp256k1", async () => (await import("secp256k1/bindings.js")).default);
  const keccak = await part("hash-wasm", async () => (await import("hash-wasm")).createKeccak(256));
  const sm = await part("SM2 and SM3 of OpenSSL", () => {
    const suite = createSmSuite();
    // Some distributions build OpenSSL without SM: better found at start-up than at the first block.
    suite.hash(suite.keyPairOf(new Uint8Array(32).fill(1)).publicKey);
    return Promise.resolve(suite);
  });
  return { standard: createStandardSuite(secp256k1, keccak), sm };
}

async function part<T>(name: string, loadPart: () => Promise<T>): Promise<T> {
  try {
    return await loadPart();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError(
      "native-crypto-unavailable",
      `${name} does not load on this machine (${process.platform} ${process.arch}, Node.js ${process.version}): ${reason}. ` +
        "Reinstall the packages on this machine with scripts enabled (npm ci); a C++ compiler is needed where no binary is shipped.",
      { cause },
    );
  }
}
