/** Every function of the contracts built into the node, for tools and tests. */
import type { Address } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_0_0_RC2 } from "../../protocol/index.js";
import { conditionDispatcher } from "./condition-object.js";
import { entriesDispatcher } from "./entries-object.js";
import { entryDispatcher } from "./entry-object.js";
import { kvTableDispatcher } from "./kv-table-object.js";
import { CONTRACTS } from "./registry.js";
import { tableDispatcher } from "./table-object.js";

/** What one contract answers to. */
export interface ContractDescription {
  /** Undefined for objects that get an address in the block that makes them. */
  readonly address: Address | undefined;
  /** First supported_version that has the contract. */
  readonly since: SupportedVersion;
  /** Signature texts of its functions, of all versions. */
  readonly signatures: readonly string[];
}

/** Contracts with a fixed address first, then the objects that they make. */
export function describeContracts(): ContractDescription[] {
  const objects = [tableDispatcher, kvTableDispatcher, entryDispatcher, entriesDispatcher, conditionDispatcher];
  return [
    ...CONTRACTS.map(({ address, since, signatures }) => ({ address, since, signatures })),
    ...objects.map(({ signatures }) => ({ address: undefined, since: V2_0_0_RC2, signatures })),
  ];
}
