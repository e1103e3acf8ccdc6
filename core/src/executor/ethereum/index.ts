/** Contracts that Ethereum has at addresses 1 to 9, as 2.x chains offer them. */
import { sm3, standardSuite } from "../../crypto/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import type { Address } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_4_0, V2_5_0 } from "../../protocol/index.js";
import { BLAKE2_F } from "./blake2.js";
import type { EthereumContract } from "./contract.js";
import { CURVE_ADD, CURVE_MULTIPLY, CURVE_PAIRING } from "./curve.js";
import { MODULAR_POWER } from "./modular-power.js";
import { IDENTITY, RIPEMD_160, ecRecover, hash256, sm2Recover } from "./simple.js";

export type { EthereumContract } from "./contract.js";

/** The contracts of a chain by address: 1 to 4 always, 5 to 9 from 2.5.0 on. */
export function ethereumContracts(
  suite: CryptoSuite,
  version: SupportedVersion,
): ReadonlyMap<Address, EthereumContract> {
  const isEarlySm = suite.name === "sm" && version < V2_4_0;
  const secp256k1 = suite.name === "sm" ? standardSuite : suite;
  const contracts = [
    isEarlySm ? sm2Recover(suite) : ecRecover(secp256k1, version < V2_5_0 ? (key) => suite.hash(key) : undefined),
    hash256(isEarlySm ? sm3 : undefined),
    RIPEMD_160,
    IDENTITY,
  ];
  if (version >= V2_5_0) contracts.push(MODULAR_POWER, CURVE_ADD, CURVE_MULTIPLY, CURVE_PAIRING, BLAKE2_F);
  return new Map(contracts.map((contract) => [contract.address, contract]));
}
