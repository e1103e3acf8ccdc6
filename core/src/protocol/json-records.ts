/** What nodes print of blocks, transactions and receipts, as the records that hashes are taken of. */
import type { CryptoSuite } from "../crypto/index.js";
import { hashOf } from "../crypto/index.js";
import { ZERO_ADDRESS, address, bytesToHex, hash, height, hexToBytes, nodeId } from "../primitives/index.js";
import type { BlockHeader } from "./header.js";
import type { Receipt } from "./receipt.js";
import { encodeTransaction } from "./transaction.js";
import type { UnsignedTransaction } from "./transaction.js";

/** A header as JSON-RPC prints it: hexadecimal text throughout, but for the number, which may be either. */
export interface HeaderJson {
  readonly parentHash: string;
  readonly stateRoot: string;
  readonly transactionsRoot: string;
  readonly receiptsRoot: string;
  readonly dbHash: string;
  readonly logsBloom: string;
  readonly number: number | string;
  readonly gasLimit: string;
  readonly gasUsed: string;
  readonly timestamp: string;
  readonly extraData: readonly string[];
  readonly sealer: string;
  readonly sealerList: readonly string[];
}

/** A transaction as JSON-RPC prints it. */
export interface TransactionJson {
  readonly hash: string;
  readonly nonce: string;
  readonly gasPrice: string;
  readonly gas: string;
  readonly blockLimit: string;
  readonly to: string;
  readonly value: string;
  readonly input: string;
  readonly chainId: string;
  readonly groupId: string;
  readonly extraData: string;
  readonly signature?: { readonly signature: string } | undefined;
}

/** A receipt as JSON-RPC prints it. */
export interface ReceiptJson {
  readonly root: string;
  readonly gasUsed: string;
  readonly contractAddress: string;
  readonly logsBloom: string;
  readonly status: string;
  readonly output: string;
  readonly remainGas?: string | undefined;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

/** Lower-case digits of hexadecimal text, with or without `0x`. */
function digits(text: string): string {
  return bytesToHex(hexToBytes(text));
}

/** The header; throws when a field has not its form. */
export function headerFromJson(json: HeaderJson): BlockHeader {
  return {
    parentHash: hash(digits(json.parentHash)),
    stateRoot: hash(digits(json.stateRoot)),
    transactionsRoot: hash(digits(json.transactionsRoot)),
    receiptsRoot: hash(digits(json.receiptsRoot)),
    dbHash: hash(digits(json.dbHash)),
    logBloom: hexToBytes(json.logsBloom),
    number: height(Number(json.number)),
    gasLimit: BigInt(json.gasLimit),
    gasUsed: BigInt(json.gasUsed),
    timestamp: Number(json.timestamp),
    extraData: json.extraData.map(hexToBytes),
    sealer: BigInt(json.sealer),
    sealerList: json.sealerList.map(nodeId),
  };
}

/** The signed bytes of the transaction; throws when a field has not its form. */
export function rawTransactionFromJson(json: TransactionJson, suite: CryptoSuite): Uint8Array {
  const to = address(digits(json.to));
  const fields: UnsignedTransaction = {
    nonce: BigInt(json.nonce),
    gasPrice: BigInt(json.gasPrice),
    gas: BigInt(json.gas),
    blockLimit: BigInt(json.blockLimit),
    to,
    value: BigInt(json.value),
    data: hexToBytes(json.input),
    chainId: BigInt(json.chainId),
    groupId: BigInt(json.groupId),
    extraData: hexToBytes(json.extraData),
  };
  const signature = hexToBytes(json.signature?.signature ?? "");
  const raw = encodeTransaction(fields, signature);
  // A creation is printed like a call of address zero: the hash tells which it is.
  if (to !== ZERO_ADDRESS || hashOf(suite, raw) === digits(json.hash)) return raw;
  return encodeTransaction({ ...fields, to: undefined }, signature);
}

/** The receipt; throws when a field has not its form. */
export function receiptFromJson(json: ReceiptJson): Receipt {
  return {
    stateRoot: hash(digits(json.root)),
    gasUsed: BigInt(json.gasUsed),
    contractAddress: address(digits(json.contractAddress)),
    bloom: hexToBytes(json.logsBloom),
    status: Number(json.status),
    output: hexToBytes(json.output),
    remainGas: BigInt(json.remainGas ?? 0),
    logs: json.logs.map((log) => ({
      address: address(digits(log.address)),
      topics: log.topics.map((topic) => hash(digits(topic))),
      data: hexToBytes(log.data),
    })),
  };
}
