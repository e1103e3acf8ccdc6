/** Recorded blocks as heads of a chain whose members and settings never change. */
import type { ChainHead, ChainSettings } from "@tsbcos/core/ledger";
import { hash } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import { headerFromJson } from "@tsbcos/core/protocol";
import type { RpcBlock } from "./load.js";
import { plain } from "./records.js";

/** What the head is made of besides its block. */
export interface HeadParts {
  /** Hash of block 0, as recorded. */
  readonly genesisHash: string;
  /** Ascending. */
  readonly sealers: readonly NodeId[];
  readonly settings?: Partial<ChainSettings>;
}

/** The head that this block was. */
export function headOf(json: RpcBlock, { genesisHash, sealers, settings }: HeadParts): ChainHead {
  return {
    header: headerFromJson(json),
    hash: hash(plain(json.hash)),
    genesisHash: hash(plain(genesisHash)),
    sealers,
    workingSealers: [],
    observers: [],
    settings: {
      txCountLimit: 1000,
      txGasLimit: 300_000_000n,
      consensusTimeoutMs: 3000,
      epochSealerCount: sealers.length,
      epochSealerEnabledAt: 0,
      epochBlockCount: 1000,
      epochBlockEnabledAt: 0,
      notifyRotate: false,
      chargeGas: false,
      freeAccounts: new Set(),
      ...settings,
    },
    totalTransactions: 0,
    failedTransactions: 0,
  };
}
