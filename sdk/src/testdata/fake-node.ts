/** A transport for tests that answers as it is told, and remembers what it was asked. */
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { decodeTransaction, type Transaction } from "@tsbcos/core/protocol";
import { hexToBytes } from "@tsbcos/core/primitives";
import { toHex } from "../hex.js";
import type { Pushes, RequestOptions, Transport } from "../rpc/transport.js";
import type { RpcReceipt } from "../rpc/types.js";

/** What a method answers; throws for errors. */
export type Answer = (params: readonly unknown[], options: RequestOptions) => unknown;

const ZERO_HASH = `0x${"0".repeat(64)}`;
const ZERO_ADDRESS = `0x${"0".repeat(40)}`;

/** A receipt with everything unremarkable, and what the test is about. */
export function fakeReceipt(fields: Partial<RpcReceipt> = {}): RpcReceipt {
  return {
    transactionHash: `0x${"11".repeat(32)}`,
    transactionIndex: "0x0",
    blockHash: `0x${"22".repeat(32)}`,
    blockNumber: "0x8",
    from: ZERO_ADDRESS,
    to: ZERO_ADDRESS,
    contractAddress: ZERO_ADDRESS,
    gasUsed: "0x5208",
    remainGas: "0x0",
    status: "0x0",
    statusMsg: "None",
    input: "0x",
    output: "0x",
    root: ZERO_HASH,
    logs: [],
    logsBloom: `0x${"0".repeat(512)}`,
    ...fields,
  };
}

/** A node of a chain at height 7. */
export class FakeNode implements Transport {
  readonly endpoints = ["fake"];
  readonly suite: CryptoSuite;
  readonly answers: Record<string, Answer>;
  /** Methods that were called. */
  readonly asked: string[] = [];
  /** Transactions that were sent, decoded. */
  readonly sent: Transaction[] = [];
  pushes: Pushes | undefined;

  constructor(answers: Record<string, Answer> = {}, suiteName: CryptoSuite["name"] = "standard") {
    this.suite = suiteName === "sm" ? smSuite : standardSuite;
    this.answers = {
      getClientVersion: () => ({
        "FISCO-BCOS Version": suiteName === "sm" ? "2.9.1 gm" : "2.9.1",
        "Supported Version": "2.9.0",
        "Chain Id": "12",
      }),
      getBlockNumber: () => "0x7",
      sendRawTransaction: ([, raw]) => toHex(this.suite.hash(hexToBytes(String(raw)))),
      getTransactionReceipt: ([, hash]) => fakeReceipt({ transactionHash: String(hash) }),
      getTransactionByHash: () => null,
      ...answers,
    };
  }

  request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    this.asked.push(method);
    if (method === "sendRawTransaction") this.note(hexToBytes(String(params[1])));
    const answer = this.answers[method];
    return Promise.resolve().then(() => {
      if (answer === undefined) throw new Error(`nobody said what ${method} answers`);
      return answer(params, options);
    });
  }

  /** Remembers a transaction. */
  note(raw: Uint8Array): void {
    const decoded = decodeTransaction(raw, this.suite);
    if (decoded.ok) this.sent.push(decoded.value);
  }

  watchBlocks(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
