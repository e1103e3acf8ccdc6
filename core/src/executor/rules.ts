/** What differs between chains in the execution of transactions, as data. See docs/protocol/execution.md, section 1. */
import { fiscoRules } from "../evm/index.js";
import type { EvmRules } from "../evm/index.js";
import { CONTRACT_CODE_BYTES_MAX } from "../primitives/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { V2_0_0, V2_2_0, V2_3_0, V2_4_0, V2_5_0, V2_6_0, V2_7_0, V2_8_0, V2_9_0 } from "../protocol/index.js";

/** Rules of one chain, from its supported_version and its genesis. */
export interface ExecutorRules {
  readonly evm: EvmRules;
  readonly freeStorage: boolean;
  /** Largest code a creation may leave. */
  readonly codeBytesMax: number;
  /** Names of account tables: `c_<address>`, before 2.2.0 `_contract_data_<address>_`. */
  readonly shortAccountTables: boolean;
  /** Code and code hash are stored as raw bytes; before 2.5.0 as hexadecimal text. */
  readonly rawCode: boolean;
  /** 2.5.0 to 2.7.x: raw code hashes were read as hexadecimal text and came out as zero. */
  readonly zeroCodeHashes: boolean;
  /** Failures carry an `Error(string)` output, and calls to nowhere roll back. */
  readonly explainsFailures: boolean;
  /** New contracts record who manages their life cycle. */
  readonly recordsManagers: boolean;
  /** Contracts of the chain cost gas. */
  readonly chargesPrecompiled: boolean;
  /** Accounts can be frozen, and addresses 1 to 9 cost gas. */
  readonly freezesAccounts: boolean;
  readonly chargesEthereum: boolean;
  /** A failing contract at addresses 1 to 9 fails the call. */
  readonly failsEthereum: boolean;
  /** A refused storage write ends with its own status and leaves the gas; before, it counted as a revert without gas. */
  readonly reportsRefusedWrites: boolean;
  /** Texts of the storage layer reach the output. */
  readonly explainsStorage: boolean;
  /** Before a block is executed the declared conflicts of all contracts called in it are looked up, which can be seen. */
  readonly opensDeclaredConflicts: boolean;
  /** Receipts hold the gas of their transaction; before 2.9.0 the sum over the block so far. */
  readonly ownGasUsed: boolean;
}

/** The rules of a chain. */
export function executorRulesOf(version: SupportedVersion, freeStorage: boolean): ExecutorRules {
  return {
    evm: fiscoRules({
      revision: version >= V2_6_0 ? "istanbul" : "constantinople",
      freeStorage,
      chargesNewAccount: version < V2_5_0,
    }),
    freeStorage,
    codeBytesMax: version <= V2_0_0 ? 0x6000 : CONTRACT_CODE_BYTES_MAX,
    shortAccountTables: version >= V2_2_0,
    rawCode: version >= V2_5_0,
    zeroCodeHashes: version >= V2_5_0 && version < V2_8_0,
    explainsFailures: version >= V2_3_0,
    recordsManagers: version >= V2_3_0,
    chargesPrecompiled: version >= V2_4_0,
    freezesAccounts: version >= V2_5_0,
    chargesEthereum: version >= V2_5_0,
    failsEthereum: version >= V2_6_0,
    reportsRefusedWrites: version >= V2_6_0,
    explainsStorage: version >= V2_7_0,
    opensDeclaredConflicts: version < V2_5_0,
    ownGasUsed: version >= V2_9_0,
  };
}
