/** What nodes print, as the records that hashes are taken of. */
import { hashOf, type CryptoSuite } from "@tsbcos/core/crypto";
import { ZERO_ADDRESS, address, hash, height, hexToBytes, nodeId } from "@tsbcos/core/primitives";
import { encodeTransaction, type BlockHeader, type Receipt, type UnsignedTransaction } from "@tsbcos/core/protocol";
import { digitsOf } from "../hex.js";
import type { RpcHeader, RpcReceipt, RpcTransaction } from "../rpc/types.js";

/** The header; throws when a field has not its form. */
export function headerRecord(json: RpcHeader): BlockHeader {
  return {
    parentHash: hash(digitsOf(json.parentHash)),
    stateRoot: hash(digitsOf(json.stateRoot)),
    transactionsRoot: hash(digitsOf(json.transactionsRoot)),
    receiptsRoot: hash(digitsOf(json.receiptsRoot)),
    dbHash: hash(digitsOf(json.dbHash)),
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
export function transactionBytes(json: RpcTransaction, suite: CryptoSuite): Uint8Array {
  const to = address(digitsOf(json.to));
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
  if (to !== ZERO_ADDRESS || hashOf(suite, raw) === digitsOf(json.hash)) return raw;
  return encodeTransaction({ ...fields, to: undefined }, signature);
}

/** The receipt; throws when a field has not its form. */
export function receiptRecord(json: RpcReceipt): Receipt {
  return {
    stateRoot: hash(digitsOf(json.root)),
    gasUsed: BigInt(json.gasUsed),
    contractAddress: address(digitsOf(json.contractAddress)),
    bloom: hexToBytes(json.logsBloom),
    status: Number(json.status),
    output: hexToBytes(json.output),
    remainGas: BigInt(json.remainGas ?? 0),
    logs: json.logs.map((log) => ({
      address: address(digitsOf(log.address)),
      topics: log.topics.map((topic) => hash(digitsOf(topic))),
      data: hexToBytes(log.data),
    })),
  };
}
