/** Recordings of real chains: where they are, and their shapes. What they are is told in their `ORIGIN.md`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { hexToBytes } from "@tsbcos/core/primitives";
import { V2_0_0, V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import type { SupportedVersion } from "@tsbcos/core/protocol";

/** Folder of the recordings of FISCO BCOS 2.9.1 nodes; the same path from `src/` and from `dist/`. */
export const RECORDINGS = fileURLToPath(new URL("../../vectors/fisco-bcos-2.9.1/", import.meta.url));

/** Names of the recorded chains, which are their folders. */
export const CHAIN_NAMES = [
  "standard",
  "bursts",
  "corners",
  "programs",
  "raft",
  "rpbft",
  "free-storage",
  "wire",
  "versions/2.0.0",
  "versions/2.5.0",
  "sm",
] as const;

/** One of {@link CHAIN_NAMES}. */
export type ChainName = (typeof CHAIN_NAMES)[number];

/** A signature in `signatureList`. */
export interface RpcSignature {
  readonly index: string;
  readonly signature: string;
}

/** A header as `getBlockHeaderByNumber` gives it: hexadecimal text throughout. */
export interface RpcHeader {
  readonly number: string;
  readonly hash: string;
  readonly parentHash: string;
  readonly logsBloom: string;
  readonly transactionsRoot: string;
  readonly receiptsRoot: string;
  readonly stateRoot: string;
  readonly dbHash: string;
  readonly sealer: string;
  readonly sealerList: readonly string[];
  readonly extraData: readonly string[];
  readonly gasLimit: string;
  readonly gasUsed: string;
  readonly timestamp: string;
  readonly signatureList: readonly RpcSignature[];
}

/** A transaction as the blocks have it. */
export interface RpcTransaction {
  readonly hash: string;
  readonly from: string;
  readonly to: string;
  readonly nonce: string;
  readonly gasPrice: string;
  readonly gas: string;
  readonly blockLimit: string;
  readonly value: string;
  readonly input: string;
  readonly chainId: string;
  readonly groupId: string;
  readonly extraData: string;
  readonly signature: { readonly r: string; readonly s: string; readonly v: string; readonly signature: string };
}

/** A block as `getBlockByNumber` gives it. */
export interface RpcBlock extends RpcHeader {
  readonly transactions: readonly RpcTransaction[];
}

/** A receipt as `getTransactionReceipt` gives it. */
export interface RpcReceipt {
  readonly transactionHash: string;
  readonly transactionIndex: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly from: string;
  readonly to: string;
  readonly gasUsed: string;
  readonly remainGas: string;
  readonly contractAddress: string;
  readonly logs: readonly { readonly address: string; readonly data: string; readonly topics: readonly string[] }[];
  readonly logsBloom: string;
  readonly status: string;
  readonly statusMsg: string;
  readonly input: string;
  readonly output: string;
  readonly root: string;
}

/** A transaction that was sent, in order. */
export interface RecordedStep {
  readonly name: string;
  readonly from: string;
  readonly to: string | null;
  readonly raw: string;
  readonly hash: string;
  readonly sent: unknown;
}

/** A proof level: siblings as hexadecimal text without prefix. */
export interface RpcProofLevel {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** Answers with proofs for one transaction. */
export interface RecordedProof {
  readonly tx: {
    readonly result: { readonly transaction: RpcTransaction; readonly txProof: readonly RpcProofLevel[] };
  };
  readonly receipt: {
    readonly result: { readonly transactionReceipt: RpcReceipt; readonly receiptProof: readonly RpcProofLevel[] };
  };
}

/** A table that entered a state root. */
export interface RecordedTable {
  readonly table: string;
  readonly hash: string;
  readonly bytes: string;
}

/** One P2P frame of a capture. */
export interface RecordedFrame {
  /** Milliseconds since the capture began. */
  readonly ms: number;
  /** Port of the sender. */
  readonly from: number;
  readonly frame: Uint8Array;
}

/** Gunzips and parses a file of the recordings; the caller knows its shape. */
export function loadJson(path: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(join(RECORDINGS, path))).toString("utf8"));
}

/** A text file of the recordings. */
export function loadText(path: string): string {
  return readFileSync(join(RECORDINGS, path), "utf8");
}

/** The lines of a gzipped file with one JSON value a line. */
export function loadJsonLines(path: string): unknown[] {
  const text = gunzipSync(readFileSync(join(RECORDINGS, path))).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}

/** The frames of a P2P capture. */
export function loadFrames(path: string): RecordedFrame[] {
  const lines = loadJsonLines(path) as readonly {
    readonly ms: number;
    readonly from: number;
    readonly frame: string;
  }[];
  return lines.map(({ ms, from, frame }) => ({ ms, from, frame: hexToBytes(frame) }));
}

/** A recorded chain. Its files are read when asked for. */
export interface RecordedChain {
  readonly name: ChainName;
  readonly suite: CryptoSuite;
  readonly version: SupportedVersion;
  blocks(): readonly RpcBlock[];
  headers(): readonly RpcHeader[];
  receipts(): readonly RpcReceipt[];
  steps(): readonly RecordedStep[];
  proofs(): readonly RecordedProof[];
  /** Whole JSON-RPC answers by `[method, ...params]` as JSON text. */
  calls(): Readonly<Record<string, unknown>>;
  accounts(): Readonly<Record<string, { readonly key: string; readonly address: string }>>;
  /** By block number; undefined where it was not recorded. */
  stateBytes(): Readonly<Record<string, readonly RecordedTable[]>> | undefined;
  /** `group.1.genesis`, `group.1.ini`, `config.ini`, or a file below `nodes/` and `sdk/`. */
  text(file: string): string;
}

const VERSIONS: Partial<Record<ChainName, SupportedVersion>> = {
  "versions/2.0.0": V2_0_0,
  "versions/2.5.0": V2_5_0,
  rpbft: V2_5_0,
};
const WITH_STATE_BYTES: readonly ChainName[] = ["standard", "bursts", "sm", "corners", "programs"];

/** The chain recorded in folder `name`. */
export function loadChain(name: ChainName): RecordedChain {
  const load = (file: string): unknown => loadJson(`${name}/${file}.json.gz`);
  return {
    name,
    suite: name === "sm" ? smSuite : standardSuite,
    version: VERSIONS[name] ?? V2_9_0,
    blocks: () => load("blocks") as readonly RpcBlock[],
    headers: () => load("headers") as readonly RpcHeader[],
    receipts: () => load("receipts") as readonly RpcReceipt[],
    steps: () => load("steps") as readonly RecordedStep[],
    proofs: () => load("proofs") as readonly RecordedProof[],
    calls: () => load("calls") as Readonly<Record<string, unknown>>,
    accounts: () => load("accounts") as ReturnType<RecordedChain["accounts"]>,
    stateBytes: () =>
      WITH_STATE_BYTES.includes(name) ? (load("state-bytes") as ReturnType<RecordedChain["stateBytes"]>) : undefined,
    text: (file) => loadText(`${name}/${file}`),
  };
}
