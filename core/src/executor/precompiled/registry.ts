/** Every contract built into the node, by address. */
import type { Address } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { groupSignature, ringSignature } from "./anonymous-signatures.js";
import { chainGovernance } from "./chain-governance.js";
import { cns } from "./cns.js";
import { consensus } from "./consensus.js";
import type { FixedContract } from "./contract-class.js";
import { contractLifeCycle } from "./contract-life-cycle.js";
import type { PrecompiledContext, TemporaryObject } from "./contract.js";
import { crud } from "./crud.js";
import { crypto } from "./crypto.js";
import { dagTransfer } from "./dag-transfer.js";
import { gasChargeManage } from "./gas-charge-manage.js";
import { kvTableFactory } from "./kv-table-factory.js";
import { paillier } from "./paillier.js";
import { parallelConfig } from "./parallel-config.js";
import { permission } from "./permission.js";
import { systemConfig } from "./system-config.js";
import { tableFactory } from "./table-factory.js";
import { workingSealerManager } from "./working-sealer-manager.js";

/** All contracts with a fixed address, of every version. */
export const CONTRACTS: readonly FixedContract[] = [
  systemConfig,
  tableFactory,
  crud,
  consensus,
  cns,
  permission,
  parallelConfig,
  contractLifeCycle,
  chainGovernance,
  gasChargeManage,
  kvTableFactory,
  workingSealerManager,
  dagTransfer,
  paillier,
  groupSignature,
  ringSignature,
  crypto,
];

const BY_ADDRESS: ReadonlyMap<Address, FixedContract> = new Map(
  CONTRACTS.map((contract) => [contract.address, contract]),
);

/** The contract with a fixed address that a chain of this version has there; undefined when there is none. */
export function findFixedContract(version: SupportedVersion, address: Address): FixedContract | undefined {
  const contract = BY_ADDRESS.get(address);
  return contract !== undefined && version >= contract.since ? contract : undefined;
}

/** Whatever answers at an address without EVM code: a contract of the chain, or a temporary object of the block. */
export function findPrecompiled(context: PrecompiledContext, address: Address): TemporaryObject | undefined {
  return findFixedContract(context.version, address) ?? context.temporary.find(address);
}
