/** Recorded JSON as the records of the core, so that their encodings can be compared with hashes and roots. */
import { hashOf } from "@tsbcos/core/crypto";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { ZERO_ADDRESS, address, bytesToHex, hash, height, hexToBytes, nodeId } from "@tsbcos/core/primitives";
import type { NodeIndex } from "@tsbcos/core/primitives";
import { encodeTransaction } from "@tsbcos/core/protocol";
import type { BlockHeader, BlockSignature, Receipt, UnsignedTransaction } from "@tsbcos/core/protocol";
import type { RpcHeader, RpcReceipt, RpcTransaction } from "./load.js";

/** Text after `0x`. */
export function plain(text: string): string {
  return bytesToHex(hexToBytes(text));
}

/** The header that a JSON header describes. */
export function headerOf(json: RpcHeader): BlockHeader {
  return {
    parentHash: hash(plain(json.parentHash)),
    stateRoot: hash(plain(json.stateRoot)),
    transactionsRoot: hash(plain(json.transactionsRoot)),
    receiptsRoot: hash(plain(json.receiptsRoot)),
    dbHash: hash(plain(json.dbHash)),
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

/** The signatures of a JSON header. */
export function signaturesOf(json: RpcHeader): BlockSignature[] {
  return json.signatureList.map(({ index, signature }) => ({
    index: Number(index) as NodeIndex,
    signature: hexToBytes(signature),
  }));
}

/** The signed bytes of a JSON transaction. JSON prints a creation like a call of address zero: the hash tells which. */
export function rawTransactionOf(json: RpcTransaction, suite: CryptoSuite): Uint8Array {
  const to = address(plain(json.to));
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
  const signature = hexToBytes(json.signature.signature);
  const raw = encodeTransaction(fields, signature);
  if (to !== ZERO_ADDRESS || hashOf(suite, raw) === plain(json.hash)) return raw;
  return encodeTransaction({ ...fields, to: undefined }, signature);
}

/** The receipt that a JSON receipt describes. */
export function receiptOf(json: RpcReceipt): Receipt {
  return {
    stateRoot: hash(plain(json.root)),
    gasUsed: BigInt(json.gasUsed),
    contractAddress: address(plain(json.contractAddress)),
    bloom: hexToBytes(json.logsBloom),
    status: Number(json.status),
    output: hexToBytes(json.output),
    remainGas: BigInt(json.remainGas),
    logs: json.logs.map((log) => ({
      address: address(plain(log.address)),
      topics: log.topics.map((topic) => hash(plain(topic))),
      data: hexToBytes(log.data),
    })),
  };
}
