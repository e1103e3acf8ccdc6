/** A recorded chain in a folder: what it was configured with, and what its nodes answered. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { NativeSuites } from "@tsbcos/node/crypto";
import { loadChain } from "@tsbcos/node/config";
import type { ChainRules, ConsensusType, GenesisConfig } from "@tsbcos/core/ledger";
import { groupId } from "@tsbcos/core/primitives";
import type { RecordedTable, RpcBlock, RpcReceipt } from "../vectors/index.js";

/** A recorded chain, read into memory. */
export interface Recording {
  readonly directory: string;
  readonly rules: ChainRules;
  readonly genesis: GenesisConfig;
  /** Every block, block 0 first. */
  readonly blocks: readonly RpcBlock[];
  /** Receipts by transaction hash, both as in JSON. */
  readonly receipts: ReadonlyMap<string, RpcReceipt>;
  /** Tables that entered the state root, by block number, where they were recorded. */
  readonly stateBytes: Readonly<Record<string, readonly RecordedTable[]>> | undefined;
}

/**
 * Reads a folder with `config.ini`, `group.1.genesis`, and `blocks`, `receipts`, `state-bytes` as gzipped JSON.
 *
 * @throws CodedError when a configuration file is missing or wrong; Error when another one is
 */
export function readRecording(directory: string, suites: Pick<NativeSuites, "sm" | "standard">): Recording {
  const group = groupId(1);
  const files = loadChain(join(directory, "config.ini"), join(directory, "group.1.genesis"), group);
  const { node, genesis } = files.value;
  const rules: ChainRules = {
    version: node.supportedVersion,
    suite: node.chain.sm ? suites.sm : suites.standard,
    chainId: node.chain.id,
    groupId: group,
    freeStorage: genesis.freeStorage,
    consensusType: genesis.consensusType.toLowerCase() as ConsensusType,
  };
  const receipts = readJson(directory, "receipts") as readonly RpcReceipt[];
  return {
    directory,
    rules,
    genesis,
    blocks: readJson(directory, "blocks") as readonly RpcBlock[],
    receipts: new Map(receipts.map((receipt) => [receipt.transactionHash, receipt])),
    stateBytes: existsSync(fileOf(directory, "state-bytes"))
      ? (readJson(directory, "state-bytes") as Recording["stateBytes"])
      : undefined,
  };
}

function fileOf(directory: string, name: string): string {
  return join(directory, `${name}.json.gz`);
}

function readJson(directory: string, name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(fileOf(directory, name))).toString("utf8"));
}
