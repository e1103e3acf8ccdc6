/** The way to one node over its channel: connected, or trying to be again. */
import { bytesToUtf8, utf8ToBytes, type ByteString } from "@tsbcos/core/primitives";
import {
  ChannelType,
  decodeBlockNotification,
  decodeTopicData,
  encodeTopics,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { ConnectionError, ReceiptTimeoutError, RpcError } from "../errors.js";
import { toHex } from "../hex.js";
import type { RpcReceipt } from "../rpc/types.js";
import { ChannelConnection, createSeq } from "./connection.js";
import type { ChannelCredentials } from "./credentials.js";

/** Where a link leads. */
export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: ChannelCredentials;
  readonly timeoutMs: number;
}

/** What a link tells its owner, and asks of it. */
export interface LinkOwner {
  /** Topics that the node shall know us by. */
  topics(): readonly string[];
  /** The connection is gone; the link tries again by itself. */
  down(link: NodeLink): void;
  /** A group's head moved, at this node. */
  block(groupId: number, height: number): void;
  /** Any other frame that answers no request. */
  received(link: NodeLink, frame: ChannelFrame): void;
}

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string };
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

/** One node. */
export class NodeLink {
  /** `host:port`. */
  readonly endpoint: string;
  readonly #options: LinkOptions;
  readonly #owner: LinkOwner;
  readonly #heads = new Map<number, number>();
  /** Who waits for receipts, by the number of the request. */
  readonly #receipts = new Map<ByteString, (receipt: RpcReceipt | undefined) => void>();
  #connection: ChannelConnection | undefined;
  #lastFailure: Error | undefined;
  #attempt: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_FIRST_MS;
  #isClosed = false;

  constructor(options: LinkOptions, owner: LinkOwner) {
    const { host, port } = options;
    this.endpoint = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.#options = options;
    this.#owner = owner;
  }

  /** True while the node can be asked. */
  get isUp(): boolean {
    return this.#connection !== undefined;
  }

  /** The latest height of a group that the node told, -1 when it told none. */
  headOf(groupId: number): number {
    return this.#heads.get(groupId) ?? -1;
  }

  /** Connects now, if it is not connected; whatever comes of it, the link goes on trying until it is closed. @throws ConnectionError */
  async start(): Promise<void> {
    if (this.isUp) return;
    if (this.#isClosed) throw new ConnectionError(`The connection to ${this.endpoint} was closed.`);
    clearTimeout(this.#retry);
    this.#attempt ??= this.#connect().finally(() => (this.#attempt = undefined));
    await this.#attempt;
  }

  async #connect(): Promise<void> {
    const { timeoutMs, ...options } = this.#options;
    try {
      const connection = await ChannelConnection.connect(
        { ...options, connectTimeoutMs: timeoutMs },
        { received: (frame) => this.#receive(frame), closed: (error) => this.#lost(error) },
      );
      if (this.#isClosed) {
        connection.close();
        return;
      }
      this.#connection = connection;
      this.#retryMs = RETRY_FIRST_MS;
      this.sendTopics();
    } catch (error) {
      this.#lastFailure = error as Error;
      this.#startAgain();
      throw error;
    }
  }

  /** Ends the connection, for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#connection?.close();
    this.#gone();
  }

  /** Sends a frame that has no answer; does nothing while the node cannot be reached. */
  send(frame: ChannelFrame): void {
    this.#connection?.send(frame);
  }

  /** Tells the node our topics, in place of those it knows. */
  sendTopics(): void {
    this.send({ type: ChannelType.Topics, seq: createSeq(), result: 0, data: encodeTopics(this.#owner.topics()) });
  }

  /** Sends a frame and waits for its answer. @throws ConnectionError */
  async request(
    type: number,
    data: Uint8Array,
    options: { readonly seq?: ByteString; readonly timeoutMs?: number } = {},
  ): Promise<ChannelFrame> {
    return this.#connected().request(type, data, { timeoutMs: this.#options.timeoutMs, ...options });
  }

  /** Calls a JSON-RPC method. @throws RpcError, ConnectionError */
  async call(
    method: string,
    params: readonly unknown[],
    options: { readonly seq?: ByteString; readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    const body = utf8ToBytes(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const { data } = await this.request(ChannelType.Rpc, body, options);
    const answer = jsonIn(data) as RpcAnswer | undefined;
    if (answer === undefined)
      throw new ConnectionError(`${method}: ${this.endpoint} answered with something that is no JSON.`);
    if (answer.error !== undefined) {
      const { code = 0, message = "unknown error" } = answer.error;
      throw new RpcError({ method, rpcCode: code, rpcMessage: message, endpoint: this.endpoint });
    }
    if (method === "getBlockNumber") this.#note(Number(params[0]), Number(answer.result));
    return answer.result;
  }

  /**
   * Sends a transaction and waits for its receipt.
   *
   * @returns undefined when the connection was lost after the node had taken the transaction
   * @throws RpcError, ReceiptTimeoutError; ConnectionError before the node has answered
   */
  async submit(
    raw: Uint8Array,
    options: {
      readonly groupId: number;
      readonly hash: string;
      readonly timeoutMs: number;
      readonly withProof: boolean;
    },
  ): Promise<RpcReceipt | undefined> {
    const seq = createSeq();
    // The receipt may come with the answer, in one chunk: whoever waits for it must be known before.
    const receipt = new Promise<RpcReceipt | undefined>((resolve) => this.#receipts.set(seq, resolve));
    const method = options.withProof ? "sendRawTransactionAndGetProof" : "sendRawTransaction";
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.call(method, [options.groupId, toHex(raw)], { seq });
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new ReceiptTimeoutError(options.hash, options.timeoutMs));
        }, options.timeoutMs);
      });
      return await Promise.race([receipt, timeout]);
    } finally {
      clearTimeout(timer);
      this.#receipts.delete(seq);
    }
  }

  #connected(): ChannelConnection {
    if (this.#connection !== undefined) return this.#connection;
    const reason = this.#lastFailure === undefined ? "" : ` ${this.#lastFailure.message}`;
    throw new ConnectionError(`${this.endpoint} is not connected.${reason}`, { cause: this.#lastFailure });
  }

  #receive(frame: ChannelFrame): void {
    if (frame.type === ChannelType.Receipt) {
      // What cannot be read is as good as lost: the receipt is asked for then.
      this.#receipts.get(frame.seq)?.(jsonIn(frame.data) as RpcReceipt | undefined);
    } else if (frame.type === ChannelType.BlockNumber) {
      const topic = decodeTopicData(frame.data);
      const block = topic.ok ? decodeBlockNotification(topic.value.payload) : topic;
      if (block.ok) this.#note(block.value.groupId, block.value.blockNumber);
    } else {
      this.#owner.received(this, frame);
    }
  }

  #note(groupId: number, height: number): void {
    if (!Number.isSafeInteger(height)) return;
    this.#heads.set(groupId, height);
    this.#owner.block(groupId, height);
  }

  #lost(error: Error): void {
    this.#lastFailure = error;
    this.#gone();
    this.#startAgain();
  }

  #gone(): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    this.#heads.clear();
    for (const resolve of this.#receipts.values()) resolve(undefined);
    this.#owner.down(this);
  }

  #startAgain(): void {
    if (this.#isClosed) return;
    const afterMs = this.#retryMs;
    this.#retryMs = Math.min(2 * afterMs, RETRY_MAX_MS);
    this.#retry = setTimeout(() => {
      // A failure is noted, and tried again later.
      this.start().catch(() => undefined);
    }, afterMs);
  }
}

/** The JSON object in a frame; undefined for anything else. */
export function jsonIn(data: Uint8Array): object | undefined {
  try {
    const value = JSON.parse(bytesToUtf8(data)) as unknown;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
