/** What is checked before a store is trusted. See docs/protocol/ledger.md#storing-and-opening. */
import type { Failure, Hash, Result } from "../primitives/index.js";
import { InvariantError, bytesToUtf8, err, ok } from "../primitives/index.js";
import { encodeReceipts, receiptsRoot, transactionsRoot, verifyTransaction } from "../protocol/index.js";
import type { KeyValueReader } from "../state/index.js";
import { CommittedRows, MemoryStore } from "../state/index.js";
import type { StoredBlock } from "./block-reader.js";
import { BlockReader } from "./block-reader.js";
import type { ChainRules, GenesisConfig } from "./chain.js";
import { genesisDifferences } from "./genesis-differences.js";
import { genesisBlock } from "./genesis.js";
import type { ChainRecord, HeadRecord } from "./records.js";
import * as records from "./records.js";
import { nodeLists } from "./settings.js";

/** Why a store was refused; `message` is for the operator. */
export interface OpenFailure extends Failure {
  readonly code: "store-damaged" | "store-format-unknown" | "store-of-another-chain" | "genesis-differs";
  readonly message: string;
}

/** A block whose rows contradict each other. */
export interface BlockDamage extends Failure {
  readonly code: "block-damaged";
  readonly message: string;
}

/** A store that holds the expected chain: its head. Undefined when the store is empty. */
export type CheckedStore = { readonly genesisHash: Hash; readonly head: HeadRecord } | undefined;

/** Blocks from the head down that are checked when a store is opened, besides block 0. */
const BLOCKS_CHECKED = 2;

/** Finds out whether a store is empty, holds the chain that is configured, or must be refused. */
export function checkStore(
  reader: KeyValueReader,
  rules: ChainRules,
  genesis: GenesisConfig,
): Result<CheckedStore, OpenFailure> {
  try {
    return examine(reader, rules, genesis);
  } catch (error) {
    // A record that cannot be read here concerns one group of the process, which has not begun to work: it is refused.
    if (error instanceof InvariantError) return refuse("store-damaged", error.message);
    throw error;
  }
}

function examine(reader: KeyValueReader, rules: ChainRules, genesis: GenesisConfig): Result<CheckedStore, OpenFailure> {
  const chainBytes = reader.get(records.CHAIN_KEY);
  const headBytes = reader.get(records.HEAD_KEY);
  if (chainBytes === undefined) {
    const empty = headBytes === undefined && reader.get(records.blockKey(0)) === undefined;
    return empty ? ok(undefined) : refuse("store-damaged", "the record of the chain is missing");
  }
  const chain = records.undamaged(records.decodeChainRecord(chainBytes), "the record of its chain");
  const ours = checkChain(chain, rules) ?? checkGenesis(reader, chain, rules, genesis);
  if (ours !== undefined) return ours;
  if (headBytes === undefined) return refuse("store-damaged", "the record of the head is missing");
  const head = records.undamaged(records.decodeHeadRecord(headBytes), "the record of its head");
  return checkHead(reader, rules, head) ?? ok({ genesisHash: chain.genesisHash, head });
}

type Refusal = Result<never, OpenFailure>;

function refuse(code: OpenFailure["code"], message: string): Refusal {
  return err({ code, message });
}

function checkChain(chain: ChainRecord, rules: ChainRules): Refusal | undefined {
  if (chain.format !== records.STORE_FORMAT) {
    return refuse(
      "store-format-unknown",
      `the store has format ${chain.format}, this program reads format ${records.STORE_FORMAT}`,
    );
  }
  if (chain.suite !== rules.suite.name) {
    return refuse(
      "store-of-another-chain",
      `the store was made with ${chain.suite} cryptography, the node is configured for ${rules.suite.name}: see chain.sm_crypto`,
    );
  }
  if (chain.version !== rules.version) {
    return refuse(
      "store-of-another-chain",
      `the store was made with supported_version ${versionText(chain.version)}, the node is configured for ${versionText(rules.version)}: it must never change`,
    );
  }
  return undefined;
}

function versionText(version: number): string {
  if (version < 256) return `2.0.0-rc${version}`;
  return `${version >> 24}.${(version >> 16) & 255}.${(version >> 8) & 255}`;
}

function checkGenesis(
  reader: KeyValueReader,
  chain: ChainRecord,
  rules: ChainRules,
  genesis: GenesisConfig,
): Refusal | undefined {
  const stored = new BlockReader(reader, rules, NO_CACHE).header(0);
  if (stored?.hash !== chain.genesisHash) return refuse("store-damaged", "block 0 is not the one the chain began with");
  const configured = genesisBlock(genesis, rules, new CommittedRows(new MemoryStore()));
  if (configured.hash === stored.hash) return undefined;
  const mark = bytesToUtf8(stored.header.extraData[0] ?? new Uint8Array(0));
  const { timestamp } = stored.header;
  const differences = genesisDifferences({ mark, timestamp }, genesis, rules.version);
  return refuse(
    "genesis-differs",
    `the genesis file describes another chain than the store holds: ${differences.join("; ")}. The file must be the same ` +
      "on all nodes and never change; below supported_version 2.9.0 even the order of its nodes counts",
  );
}

const NO_CACHE = { blockBytesMax: 0, hashesMax: 0 };

function checkHead(reader: KeyValueReader, rules: ChainRules, head: HeadRecord): Refusal | undefined {
  const blocks = new BlockReader(reader, rules, NO_CACHE);
  blocks.headNumber = head.number;
  if (blocks.header(head.number)?.hash !== head.hash) {
    return refuse(
      "store-damaged",
      `the head is said to be block ${head.number} with hash ${head.hash}, which is not there`,
    );
  }
  if (reader.get(records.blockKey(head.number + 1)) !== undefined) {
    return refuse("store-damaged", `block ${head.number + 1} is there although the head is block ${head.number}`);
  }
  const recent = Array.from({ length: BLOCKS_CHECKED }, (_, depth) => head.number - depth);
  for (const number of new Set([...recent.filter((number) => number > 0), 0])) {
    const checked = checkBlock(blocks, number, rules);
    if (!checked.ok) return refuse("store-damaged", checked.error.message);
  }
  const rows = new CommittedRows(reader);
  if (rows.lastRowId !== head.lastRowId) {
    return refuse("store-damaged", `the tables have ${rows.lastRowId} rows, ${head.lastRowId} belong to the head`);
  }
  if (nodeLists(rows, head.number).sealers.length === 0)
    return refuse("store-damaged", "the table of sealers is empty");
  return undefined;
}

/** Checks a block against its parent, its roots, and the indexes that lead to it. Signatures are left alone. */
export function checkBlock(blocks: BlockReader, number: number, rules: ChainRules): Result<void, BlockDamage> {
  const block = blocks.block(number);
  if (block === undefined) return damaged(number, "it is not there");
  if (blocks.hashAt(number) !== block.hash) return damaged(number, "its header is stored with another hash");
  if (blocks.numberOf(block.hash) !== number) return damaged(number, "its hash leads to another block");
  if (number === 0) return ok(undefined);
  if (blocks.hashAt(number - 1) !== block.header.parentHash)
    return damaged(number, "its parent is not the block below");
  return checkBody(blocks, block, rules);
}

function checkBody(blocks: BlockReader, block: StoredBlock, rules: ChainRules): Result<void, BlockDamage> {
  const { header, transactions, receipts } = block;
  const { number } = header;
  if (transactionsRoot(transactions, rules.version, rules.suite) !== header.transactionsRoot) {
    return damaged(number, "its transactions do not give the root in its header");
  }
  const encoded = encodeReceipts(receipts, rules.version);
  if (receiptsRoot(encoded, rules.version, rules.suite) !== header.receiptsRoot) {
    return damaged(number, "its receipts do not give the root in its header");
  }
  const nonces = blocks.nonces(number);
  for (const [index, transaction] of transactions.entries()) {
    const place = blocks.locate(transaction.hash);
    if (place?.number !== number || place.index !== index) {
      return damaged(number, `transaction ${transaction.hash} is not found at its place ${index}`);
    }
    if (nonces[index] !== transaction.nonce) return damaged(number, "its nonces are not those of its transactions");
  }
  return ok(undefined);
}

/** Checks that the senders stored with a block are those who signed its transactions. As slow as first receiving it. */
export function checkSenders(block: StoredBlock, rules: ChainRules): Result<void, BlockDamage> {
  for (const { raw, sender, hash } of block.transactions) {
    const verified = verifyTransaction(raw, rules.suite);
    if (!verified.ok || verified.value.sender !== sender) {
      return damaged(block.header.number, `the stored sender of transaction ${hash} did not sign it`);
    }
  }
  return ok(undefined);
}

function damaged(number: number, message: string): Result<never, BlockDamage> {
  return err({ code: "block-damaged", message: `block ${number} in the store is damaged: ${message}` });
}
