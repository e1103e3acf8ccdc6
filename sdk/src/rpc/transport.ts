/** The way to the nodes: JSON-RPC over HTTP, or the channel, behind one interface. */
import type { Amop } from "../amop/amop.js";
import type { Hex } from "../hex.js";
import type { RpcReceipt } from "./types.js";

/** Where and how a request is sent. */
export interface RequestOptions {
  /** Only nodes that run this group are asked. */
  readonly groupId?: number;
  /** Only this node is asked: one of {@link Transport.endpoints}. */
  readonly endpoint?: string;
  /** How long the answer may take. */
  readonly timeoutMs?: number;
}

/** What a filter of event logs demands. */
export interface LogFilter {
  readonly groupId: number;
  /** First block whose logs are wanted. */
  readonly fromBlock: number;
  /** Last one; undefined goes on for ever. */
  readonly toBlock?: number;
  /** Contracts; empty means all. */
  readonly addresses: readonly string[];
  /** For each position one topic, several of which one must be there, or null for any; at most four. */
  readonly topics: readonly (string | readonly string[] | null)[];
}

/** A log as it is found in a chain. */
export interface ChainLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  /** Position in its receipt. */
  readonly logIndex: number;
}

/** What a node pushes for a filter. */
export interface LogListener {
  /** Logs in the order of the chain. */
  logs(logs: readonly ChainLog[]): void;
  /** The last block of the range is done. */
  finished(): void;
  /** The node that was watching is gone: no more is heard of this filter. */
  lost(): void;
}

/** Pushes that only a channel has. */
export interface Pushes {
  /**
   * Sends a signed transaction and waits for the receipt that the node pushes. A refusal is pushed as a receipt of zeros.
   *
   * @returns undefined when the node that had taken it was lost before it pushed anything
   *
   * @throws ReceiptTimeoutError
   */
  submit(
    raw: Uint8Array,
    options: {
      readonly groupId: number;
      readonly hash: string;
      readonly timeoutMs: number;
      readonly withProof: boolean;
    },
  ): Promise<RpcReceipt | undefined>;
  /** Has one node watch for logs. Gives a function that ends it. */
  watchLogs(filter: LogFilter, listener: LogListener): Promise<() => Promise<void>>;
  /** Messages between clients of the chain. */
  readonly amop: Amop;
}

/** A way to one or more nodes of a chain. */
export interface Transport {
  /** The nodes, as texts for messages and for requests to one of them: a URL, or `host:port`. */
  readonly endpoints: readonly string[];
  /** What nodes can push; undefined over HTTP. */
  readonly pushes: Pushes | undefined;
  /**
   * Calls a JSON-RPC method and gives its result. Without `endpoint` another node is asked when one does not answer.
   *
   * @throws RpcError when the node answers with an error
   * @throws ConnectionError when no node can be reached or answers in time
   */
  request(method: string, params: readonly unknown[], options?: RequestOptions): Promise<unknown>;
  /** Calls `listener` with each new height of a group that is heard of. Gives a function that ends it. */
  watchBlocks(groupId: number, listener: (height: number) => void): () => void;
  /** Ends all connections; requests under way fail. */
  close(): Promise<void>;
}
