/** What simulated clients call: a small contract of our own, and contracts built into the node. */
import { address, ascii, bigIntToBytes, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { Address } from "@tsbcos/core/primitives";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { encodeValues, int, string } from "@tsbcos/core/executor/abi";
import type { AbiValue } from "@tsbcos/core/executor/abi";

/** System configuration, membership, and the transfers that C++ nodes run in parallel. */
export const BUILT_IN = {
  systemConfig: address("1000".padStart(40, "0")),
  consensus: address("1003".padStart(40, "0")),
  dagTransfer: address("5002".padStart(40, "0")),
} as const;

/** An address at which there is nothing. */
export const NOBODY: Address = address("dead".padStart(40, "0"));

/**
 * Code of the storing contract: word 0 of the calldata names a slot, word 1 is stored there, and slot goes out as the
 * topic of an event. Empty calldata reverts.
 */
const STORING_CODE = hexToBytes("3660095760006000fd5b6020356000355560003560006000a100");

/** Init code that deploys the storing contract. */
export function storingContractInit(): Uint8Array {
  const length = STORING_CODE.length.toString(16).padStart(2, "0");
  return concatBytes(hexToBytes(`60${length}600c60003960${length}6000f3`), STORING_CODE);
}

/** Init code that ends with an opcode which does not exist. */
export function brokenInit(): Uint8Array {
  return hexToBytes("6001600255fe");
}

/** Calldata that stores `value` in `slot` of the storing contract. */
export function storeCall(slot: number, value: bigint): Uint8Array {
  return concatBytes(bigIntToBytes(BigInt(slot), 32), bigIntToBytes(value, 32));
}

function call(suite: CryptoSuite, signature: string, ...values: readonly AbiValue[]): Uint8Array {
  return concatBytes(suite.hash(utf8ToBytes(signature)).subarray(0, 4), encodeValues(...values));
}

/** Makes a user of the built-in transfer contract. */
export function userAddCall(suite: CryptoSuite, user: string, amount: number): Uint8Array {
  return call(suite, "userAdd(string,uint256)", string(ascii(user)), int(amount));
}

/** Moves an amount between two users of the built-in transfer contract. */
export function userTransferCall(suite: CryptoSuite, from: string, to: string, amount: number): Uint8Array {
  return call(suite, "userTransfer(string,string,uint256)", string(ascii(from)), string(ascii(to)), int(amount));
}

/** Makes a node a voting one or a following one. */
export function memberCall(suite: CryptoSuite, role: "addSealer" | "addObserver", nodeId: string): Uint8Array {
  return call(suite, `${role}(string)`, string(ascii(nodeId)));
}

/** Sets a system configuration value. */
export function systemConfigCall(suite: CryptoSuite, key: string, value: string): Uint8Array {
  return call(suite, "setValueByKey(string,string)", string(ascii(key)), string(ascii(value)));
}
