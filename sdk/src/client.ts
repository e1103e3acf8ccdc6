/** The chain as a program sees it: send transactions, wait for receipts, call contracts. */
import { randomBytes } from "node:crypto";
import { bytesToBigInt, bytesToHex, CodedError, hexToBytes, type Address, type Hash } from "@tsbcos/core/primitives";
import { signTransaction } from "@tsbcos/core/protocol";
import {
  decodeErrorResult,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  type Abi,
  type Hex,
} from "viem";
import { createAccount, type Account } from "./account.js";
import { ReceiptTimeoutError, TransactionFailedError } from "./errors.js";
import { connectRpc, type RpcConnection } from "./rpc.js";

/** A receipt as the node prints it; every number is hexadecimal text with `0x`. */
export interface TransactionReceipt {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly contractAddress: string;
  readonly from: string;
  readonly to: string;
  readonly gasUsed: string;
  readonly status: string;
  readonly statusMsg?: string;
  readonly output: string;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

/** Which chain, and who acts on it. */
export interface ClientOptions {
  /** JSON-RPC URL of a node. */
  readonly url: string;
  /** Group to use; 1 by default. */
  readonly groupId?: number;
  /** Chain id of the chain; 1 by default. */
  readonly chainId?: number;
  /** Who signs; a new random account by default. */
  readonly account?: Account;
}

/** A contract call: the function's name and its arguments, typed by the ABI at run time. */
export interface ContractCall {
  readonly abi: Abi;
  /** 40 hexadecimal digits, with or without `0x`. */
  readonly address: string;
  readonly functionName: string;
  readonly args?: readonly unknown[];
}

/** How many blocks ahead the last block of a transaction lies; the chain allows 1000. */
const BLOCK_LIMIT_AHEAD = 500;
const RECEIPT_POLL_MS = 100;
const RECEIPT_TIMEOUT_MS = 30_000;
/** A transaction's own gas field; the chain's limit is what counts. */
const GAS = 300_000_000n;

const plain = (hex: string): string => hex.replace(/^0x/, "").toLowerCase();

/** One account on one group of a chain, through one node. */
export class Client {
  readonly rpc: RpcConnection;
  readonly account: Account;
  readonly groupId: number;
  readonly #chainId: bigint;

  constructor(options: ClientOptions) {
    this.rpc = connectRpc(options.url);
    this.account = options.account ?? createAccount();
    this.groupId = options.groupId ?? 1;
    this.#chainId = BigInt(options.chainId ?? 1);
  }

  /** Calls any JSON-RPC method of the group: the group id is put in front of `params`. */
  request(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return this.rpc.request(method, [this.groupId, ...params]);
  }

  /** Number of the latest block. */
  async blockNumber(): Promise<number> {
    return Number(await this.request("getBlockNumber"));
  }

  /** A signed transaction, ready to be sent: nonce drawn at random, last block 500 ahead. */
  async sign(transaction: {
    readonly to?: string;
    readonly data: Uint8Array;
  }): Promise<{ hash: Hash; raw: Uint8Array }> {
    const blockLimit = BigInt((await this.blockNumber()) + BLOCK_LIMIT_AHEAD);
    return signTransaction(
      {
        nonce: bytesToBigInt(randomBytes(31)),
        gasPrice: 1n,
        gas: GAS,
        blockLimit,
        to: transaction.to === undefined ? undefined : (plain(transaction.to) as Address),
        value: 0n,
        data: transaction.data,
        chainId: this.#chainId,
        groupId: BigInt(this.groupId),
        extraData: new Uint8Array(0),
      },
      this.account.key,
      this.account.suite,
    );
  }

  /** Sends signed bytes; gives the transaction's hash once the node has accepted it. */
  async sendRaw(raw: Uint8Array): Promise<Hash> {
    return plain(String(await this.request("sendRawTransaction", `0x${bytesToHex(raw)}`))) as Hash;
  }

  /**
   * Waits until the transaction is in a block.
   *
   * @throws ReceiptTimeoutError after `timeoutMs`, 30 seconds by default
   */
  async waitForReceipt(hash: Hash, timeoutMs = RECEIPT_TIMEOUT_MS): Promise<TransactionReceipt> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const receipt = (await this.request("getTransactionReceipt", `0x${hash}`)) as TransactionReceipt | null;
      if (receipt !== null) return receipt;
      if (Date.now() > deadline) throw new ReceiptTimeoutError(hash, timeoutMs);
      await new Promise((done) => setTimeout(done, RECEIPT_POLL_MS));
    }
  }

  /** Signs, sends, waits; the receipt may tell of a failure. */
  async execute(transaction: { readonly to?: string; readonly data: Uint8Array }): Promise<TransactionReceipt> {
    const { raw } = await this.sign(transaction);
    return this.waitForReceipt(await this.sendRaw(raw));
  }

  /**
   * Deploys a contract and waits for it.
   *
   * @throws TransactionFailedError when the creation fails
   */
  async deploy(contract: {
    readonly abi: Abi;
    readonly bytecode: string;
    readonly args?: readonly unknown[];
  }): Promise<TransactionReceipt> {
    const data = encodeDeployData({
      abi: contract.abi,
      bytecode: `0x${plain(contract.bytecode)}`,
      args: (contract.args ?? []) as never,
    } as never);
    return demandSuccess(await this.execute({ data: hexToBytes(data) }));
  }

  /**
   * Calls a function in a transaction and waits for it.
   *
   * @throws TransactionFailedError with the reason the contract gave
   */
  async write(call: ContractCall): Promise<TransactionReceipt> {
    return demandSuccess(await this.execute({ to: call.address, data: encodeCall(call) }));
  }

  /**
   * Calls a function without a transaction and gives its decoded result.
   *
   * @throws TransactionFailedError with the reason the contract gave
   */
  async read(call: ContractCall): Promise<unknown> {
    const answer = (await this.request("call", {
      from: `0x${this.account.address}`,
      to: `0x${plain(call.address)}`,
      value: "0x0",
      data: `0x${bytesToHex(encodeCall(call))}`,
    })) as { readonly status: string; readonly output: string };
    demandSuccess(answer);
    return decodeFunctionResult({ abi: call.abi, functionName: call.functionName, data: answer.output as Hex });
  }
}

function encodeCall(call: ContractCall): Uint8Array {
  return hexToBytes(
    encodeFunctionData({ abi: call.abi, functionName: call.functionName, args: [...(call.args ?? [])] }),
  );
}

/** The text in `Error(string)` of a failed call, if that is what its output holds. */
export function revertReason(output: string): string | undefined {
  if (output.length < 10) return undefined;
  try {
    const { args } = decodeErrorResult({
      abi: [{ type: "error", name: "Error", inputs: [{ type: "string", name: "reason" }] }],
      data: output as Hex,
    });
    return args[0];
  } catch {
    // Some other data: the contract gave no reason in the usual form.
    return undefined;
  }
}

function demandSuccess<T extends { readonly status: string; readonly statusMsg?: string; readonly output: string }>(
  answer: T,
): T {
  const status = Number(answer.status);
  if (Number.isNaN(status)) throw new CodedError("bad-answer", `The node answered with status "${answer.status}".`);
  if (status === 0) return answer;
  throw new TransactionFailedError({
    status,
    statusMessage: answer.statusMsg ?? "an error",
    reason: revertReason(answer.output),
  });
}
