/** The reading methods of a group, run in its thread. */
import { deflateSync } from "node:zlib";
import { ZERO_ADDRESS, type Address } from "@tsbcos/core/primitives";
import {
  encodeReceipt,
  merkleProof,
  parseHashText,
  receiptLeaves,
  transactionLeaves,
  V2_2_0,
  writeJson,
  type Json,
  type MerkleLevel,
} from "@tsbcos/core/protocol";
import { internalError, NODE_ERRORS, nodeError, pastCallError, protocolError, unusableParams } from "./errors.js";
import { hexBytes, hexNumber, hexText, parseBytes, parseNumberText } from "./formats.js";
import type { CallOutcome, CallRequest, GroupReader } from "./group-reader.js";
import {
  batchReceiptJson,
  blockJson,
  headerJson,
  reasonJson,
  receiptJson,
  transactionJson,
  type BlockPosition,
  type StoredBlock,
} from "./objects.js";

type Method = (reader: GroupReader, params: readonly Json[]) => Json | Promise<Json>;

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function blockByNumber(reader: GroupReader, numberText: Json | undefined): StoredBlock {
  const number = parseNumberText(text(numberText));
  const block = number >= 0n && number <= BigInt(reader.head().number) ? reader.block(Number(number)) : undefined;
  if (block === undefined) throw nodeError("blockNumberMissing");
  return block;
}

function findByHash(reader: GroupReader, hashText: Json | undefined): StoredBlock | undefined {
  const height = reader.heightOf(parseHashText(text(hashText)));
  return height === undefined ? undefined : reader.block(height);
}

function blockByHash(reader: GroupReader, hashText: Json | undefined): StoredBlock {
  const block = findByHash(reader, hashText);
  if (block === undefined) throw nodeError("blockHashMissing");
  return block;
}

function positionIn(block: StoredBlock, index: number): BlockPosition {
  return { blockHash: block.hash, blockNumber: block.header.number, index };
}

function transactionAt(block: StoredBlock, indexText: Json | undefined): Json {
  const index = parseNumberText(text(indexText));
  const tx = index >= 0n && index < BigInt(block.transactions.length) ? block.transactions[Number(index)] : undefined;
  if (tx === undefined) throw nodeError("indexOutOfRange");
  return transactionJson(tx, positionIn(block, Number(index)));
}

interface Located {
  readonly block: StoredBlock;
  readonly index: number;
}

function locate(reader: GroupReader, hashText: Json | undefined): Located | undefined {
  const place = reader.locateTransaction(parseHashText(text(hashText)));
  const block = place === undefined ? undefined : reader.block(place.height);
  return place === undefined || block === undefined ? undefined : { block, index: place.index };
}

function locatedTransaction({ block, index }: Located): Json {
  const tx = block.transactions[index];
  if (tx === undefined) throw internalError("a stored transaction is missing from its block");
  return transactionJson(tx, positionIn(block, index));
}

function locatedReceipt(reader: GroupReader, { block, index }: Located): Json {
  const tx = block.transactions[index];
  const receipt = block.receipts[index];
  if (tx === undefined || receipt === undefined) throw internalError("a stored receipt is missing from its block");
  return receiptJson(receipt, tx, positionIn(block, index), reader);
}

function proofJson(levels: readonly MerkleLevel[]): Json {
  return levels.map(({ left, right }) => ({ left, right }));
}

function demandProofs(reader: GroupReader, method: string): void {
  if (reader.version < V2_2_0) throw nodeError("notAMember", `method ${method} not support this version`);
}

function transactionWithProof(reader: GroupReader, params: readonly Json[]): Json {
  demandProofs(reader, "getTransactionByHashWithProof");
  const located = locate(reader, params[0]);
  if (located === undefined) return null;
  const leaves = transactionLeaves(located.block.transactions.map((tx) => tx.hash));
  return {
    transaction: locatedTransaction(located),
    txProof: proofJson(merkleProof(leaves, located.index, reader.suite)),
  };
}

function receiptWithProof(reader: GroupReader, params: readonly Json[]): Json {
  demandProofs(reader, "getTransactionReceiptByHashWithProof");
  const located = locate(reader, params[0]);
  if (located === undefined) return null;
  const encoded = located.block.receipts.map((receipt) => encodeReceipt(receipt, reader.version));
  const leaves = receiptLeaves(encoded, reader.suite);
  return {
    receiptProof: proofJson(merkleProof(leaves, located.index, reader.suite)),
    transactionReceipt: locatedReceipt(reader, located),
  };
}

function batchReceipts(reader: GroupReader, block: StoredBlock | undefined, params: readonly Json[]): Json {
  if (block === undefined) throw nodeError("blockNumberMissing");
  const size = block.receipts.length;
  const from = parseNumberText(text(params[1]));
  if (from < 0n || from >= BigInt(size)) {
    throw nodeError("receiptOutOfRange", `${NODE_ERRORS.receiptOutOfRange.message} ${size}`);
  }
  const first = Number(from);
  const count = params[2] === "-1" ? size : Number(parseNumberText(text(params[2])));
  const receipts = block.receipts.slice(first, Math.min(first + Math.max(count, 0), size));
  const result = {
    blockInfo: {
      blockHash: hexText(block.hash),
      blockNumber: hexNumber(block.header.number),
      receiptRoot: hexText(block.header.receiptsRoot),
      receiptsCount: hexNumber(size),
    },
    ...(receipts.length === 0
      ? {}
      : {
          transactionReceipts: receipts.map((receipt, offset) => {
            const tx = block.transactions[first + offset];
            if (tx === undefined) throw internalError("a receipt without its transaction");
            return batchReceiptJson(receipt, tx, first + offset, reader);
          }),
        }),
  };
  return params[3] === true ? deflateSync(Buffer.from(`${writeJson(result)}\n`)).toString("base64") : result;
}

/** True for values that count as "not given". */
function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** An address, `0x` optional. */
function addressOf(value: string): Address {
  const digits = value.startsWith("0x") ? value.slice(2) : value;
  if (!/^[0-9a-fA-F]{39,40}$/.test(digits)) throw internalError("InvalidAddress");
  return digits.toLowerCase().padStart(40, "0") as Address;
}

/** The address in a member of a request, if there is one. */
function addressIn(value: Json | undefined): Address | undefined {
  return isEmpty(value) || value === "" || value === "0x" ? undefined : addressOf(text(value));
}

function callRequest(json: Json | undefined): CallRequest {
  const request = json as { readonly [key: string]: Json };
  if (isEmpty(request["from"]) || request["from"] === "") throw nodeError("callFrom");
  const from = addressIn(request["from"]);
  if (from === undefined) throw internalError("InvalidAddress");
  const data = isEmpty(request["code"]) ? request["data"] : request["code"];
  return {
    from,
    to: addressIn(request["to"]) ?? ZERO_ADDRESS,
    value: isEmpty(request["value"]) ? 0n : parseNumberText(text(request["value"])),
    data: isEmpty(data) ? new Uint8Array(0) : parseBytes(text(data)),
  };
}

/** The block whose state a call asks for: the latest when it names none. */
function heightOfCall(json: Json | undefined, latest: number): number {
  if (json === undefined || json === "latest") return latest;
  if (json === "") throw unusableParams();
  const number = typeof json === "number" ? BigInt(json) : parseNumberText(text(json));
  if (number < 0n || number > BigInt(latest)) throw nodeError("blockNumberMissing");
  return Number(number);
}

function callJson(reader: GroupReader, height: number, outcome: CallOutcome): Json {
  const { output, status } = outcome;
  return {
    ...reasonJson(outcome, reader),
    currentBlockNumber: hexNumber(height),
    output: hexBytes(output),
    status: hexNumber(status),
  };
}

function call(reader: GroupReader, params: readonly Json[]): Json | Promise<Json> {
  const request = callRequest(params[0]);
  const latest = reader.head().number;
  const height = heightOfCall(params[1], latest);
  if (height === latest) return callJson(reader, height, reader.call(request));
  return reader.callAfter(height, request).then((outcome) => {
    if (!outcome.ok) throw pastCallError(outcome.error);
    return callJson(reader, height, outcome.value);
  });
}

const SYSTEM_CONFIG_KEYS: ReadonlySet<string> = new Set([
  "tx_count_limit",
  "tx_gas_limit",
  "rpbft_epoch_block_num",
  "rpbft_epoch_sealer_num",
  "consensus_timeout",
  "enable_charge_mgr",
]);

function systemConfig(reader: GroupReader, params: readonly Json[]): Json {
  const key = text(params[0]);
  if (!SYSTEM_CONFIG_KEYS.has(key)) throw nodeError("badSystemConfig");
  return reader.systemConfig(key, reader.head().number) ?? "";
}

function pbftView(reader: GroupReader): Json {
  const view = reader.pbftView();
  if (view === undefined) throw nodeError("noView");
  return hexNumber(view);
}

function epochSealers(reader: GroupReader): Json {
  if (reader.consensusType === "rpbft") return reader.consensusNodes();
  const message = `method getEpochSealersList only supported when rpbft is used, current consensus type is ${reader.consensusType}`;
  throw nodeError("notAMember", message);
}

function blockHashByNumber(reader: GroupReader, params: readonly Json[]): Json {
  const number = parseNumberText(text(params[0]));
  const hash = number >= 0n && number <= BigInt(reader.head().number) ? reader.hashAt(Number(number)) : undefined;
  if (hash === undefined) throw nodeError("blockNumberMissing");
  return hexText(hash);
}

function totalTransactionCount(reader: GroupReader): Json {
  const head = reader.head();
  return {
    blockNumber: hexNumber(head.number),
    failedTxSum: hexNumber(head.failedTransactions),
    txSum: hexNumber(head.totalTransactions),
  };
}

const GROUP_METHODS: Readonly<Record<string, Method>> = {
  getGroupPeers: (reader) => [...reader.head().sealers, ...reader.head().observers].sort(),
  getBlockNumber: (reader) => hexNumber(reader.head().number),
  getPbftView: pbftView,
  getSealerList: (reader) => reader.head().sealers,
  getObserverList: (reader) => reader.head().observers,
  getEpochSealersList: epochSealers,
  getConsensusStatus: (reader) => reader.consensusStatus(),
  getSyncStatus: (reader) => reader.syncStatus(),
  getSystemConfigByKey: systemConfig,
  getTotalTransactionCount: totalTransactionCount,
  getPendingTxSize: (reader) => hexNumber(reader.pendingCount()),
  getPendingTransactions: (reader) => reader.pending().map((tx) => transactionJson(tx, undefined)),
  getCode: (reader, params) => hexBytes(reader.code(addressOf(text(params[0])))),
  getBlockByHash: (reader, params) => blockJson(blockByHash(reader, params[0]), params[1] === true),
  getBlockByNumber: (reader, params) => blockJson(blockByNumber(reader, params[0]), params[1] === true),
  getBlockHeaderByHash: (reader, params) => headerJson(blockByHash(reader, params[0]), params[1] === true),
  getBlockHeaderByNumber: (reader, params) => headerJson(blockByNumber(reader, params[0]), params[1] === true),
  getBlockHashByNumber: blockHashByNumber,
  getTransactionByHash: (reader, params) => {
    const located = locate(reader, params[0]);
    return located === undefined ? null : locatedTransaction(located);
  },
  getTransactionByBlockHashAndIndex: (reader, params) => transactionAt(blockByHash(reader, params[0]), params[1]),
  getTransactionByBlockNumberAndIndex: (reader, params) => transactionAt(blockByNumber(reader, params[0]), params[1]),
  getTransactionReceipt: (reader, params) => {
    const located = locate(reader, params[0]);
    return located === undefined ? null : locatedReceipt(reader, located);
  },
  getTransactionByHashWithProof: transactionWithProof,
  getTransactionReceiptByHashWithProof: receiptWithProof,
  getBatchReceiptsByBlockNumberAndRange: (reader, params) => {
    const number = parseNumberText(text(params[0]));
    const known = number >= 0n && number <= BigInt(reader.head().number);
    return batchReceipts(reader, known ? reader.block(Number(number)) : undefined, params);
  },
  getBatchReceiptsByBlockHashAndRange: (reader, params) => batchReceipts(reader, findByHash(reader, params[0]), params),
  call,
};

/** The only two that answer also where the node is no member of the group. */
const OPEN_TO_STRANGERS: ReadonlySet<string> = new Set(["getPendingTxSize", "getPendingTransactions"]);

/**
 * Runs one reading method.
 *
 * @param params without the group number, types already checked
 * @returns JSON text of the result; a promise of it only for calls on past states
 * @throws RpcError as the client shall see it, perhaps as a rejection
 */
export function runGroupMethod(reader: GroupReader, method: string, params: readonly Json[]): string | Promise<string> {
  const run = GROUP_METHODS[method];
  if (run === undefined) throw protocolError("methodNotFound");
  if (!OPEN_TO_STRANGERS.has(method) && !reader.isMember()) throw nodeError("notAMember");
  const result = run(reader, params);
  return result instanceof Promise ? result.then(writeJson) : writeJson(result);
}
