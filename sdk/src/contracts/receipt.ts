/** Receipts for programs: numbers are numbers, and what does not apply is undefined. */
import type { Hex } from "../hex.js";
import type { RpcReceipt } from "../rpc/types.js";
import { statusText } from "./status.js";

/** What a contract logged. */
export interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** What became of a transaction. */
export interface Receipt {
  readonly transactionHash: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: number;
  /** Position in its block. */
  readonly transactionIndex: number;
  readonly from: Hex;
  /** The contract or account called; the zero address for a creation. */
  readonly to: Hex;
  /** The contract that was created. */
  readonly contractAddress: Hex | undefined;
  readonly gasUsed: bigint;
  /** 0 is success. */
  readonly status: number;
  /** What the status means. */
  readonly statusText: string;
  readonly input: Hex;
  /** What the call returned, or why it failed. */
  readonly output: Hex;
  readonly logs: readonly Log[];
  /** The node's own words. */
  readonly raw: RpcReceipt;
}

const NOTHING = /^0x0*$/;

/** A receipt in the node's words made convenient. */
export function receiptOf(raw: RpcReceipt): Receipt {
  const status = Number(raw.status);
  return {
    transactionHash: raw.transactionHash as Hex,
    blockHash: raw.blockHash as Hex,
    blockNumber: Number(raw.blockNumber),
    transactionIndex: Number(raw.transactionIndex),
    from: raw.from as Hex,
    to: raw.to as Hex,
    contractAddress: NOTHING.test(raw.contractAddress) ? undefined : (raw.contractAddress as Hex),
    gasUsed: BigInt(raw.gasUsed),
    status,
    statusText: statusText(status),
    input: raw.input as Hex,
    output: raw.output as Hex,
    logs: raw.logs as readonly Log[],
    raw,
  };
}
