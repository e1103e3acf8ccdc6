/** All JSON-RPC methods of a node, with the types of their answers. */
import { parseHex, toHex } from "../hex.js";
import type { RequestOptions, Transport } from "./transport.js";
import type * as types from "./types.js";

/** The range of receipts of a block that is asked for. */
export interface ReceiptRange {
  /** Index of the first; 0 by default. */
  readonly from?: number;
  /** How many; all by default. */
  readonly count?: number;
}

/** What a new group starts from. Every node must be given the same. */
export interface NewGroup {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Node ids of the first sealers. */
  readonly sealers: readonly string[];
  readonly enableFreeStorage?: boolean;
  /** How they agree; nodes of 2.x know nothing but PBFT here, which is the default. */
  readonly consensusType?: "pbft" | "rpbft" | "raft" | "solo";
}

/** The methods, for one group. Answers are the nodes' own words. */
export class Rpc {
  readonly transport: Transport;
  readonly groupId: number;
  readonly #endpoint: string | undefined;

  /**
   * @param options.endpoint ask this node only; without it, any that answers
   */
  constructor(transport: Transport, options: { readonly groupId?: number; readonly endpoint?: string } = {}) {
    this.transport = transport;
    this.groupId = options.groupId ?? 1;
    this.#endpoint = options.endpoint;
  }

  /** The same methods asked of one node: one of the transport's endpoints. */
  at(endpoint: string): Rpc {
    return new Rpc(this.transport, { groupId: this.groupId, endpoint });
  }

  /** Calls any method with exactly these parameters. */
  request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    const endpoint = this.#endpoint === undefined ? {} : { endpoint: this.#endpoint };
    return this.transport.request(method, params, { ...endpoint, ...options });
  }

  /** Calls any method of the group: the group id is put in front of `params`. */
  requestGroup(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return this.request(method, [this.groupId, ...params], { groupId: this.groupId });
  }

  async #group<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return (await this.requestGroup(method, ...params)) as T;
  }

  /** A number that the node answers as hexadecimal text. */
  async #number(method: string): Promise<number> {
    return Number(await this.requestGroup(method));
  }

  /** Versions and chain id. */
  async getClientVersion(): Promise<types.RpcClientVersion> {
    return (await this.request("getClientVersion", [])) as types.RpcClientVersion;
  }

  /** The node that is asked. */
  async getNodeInfo(): Promise<types.RpcPeer> {
    return (await this.request("getNodeInfo", [])) as types.RpcPeer;
  }

  /** Groups that the node is a member of. */
  async getGroupList(): Promise<readonly number[]> {
    return (await this.request("getGroupList", [])) as readonly number[];
  }

  /** Nodes connected with the one that is asked. */
  getPeers(): Promise<readonly types.RpcPeer[]> {
    return this.#group("getPeers");
  }

  /** Id of the node that is asked, then those of its neighbours. */
  getNodeIDList(): Promise<readonly string[]> {
    return this.#group("getNodeIDList");
  }

  /** Ids of the group's sealers and observers. */
  getGroupPeers(): Promise<readonly string[]> {
    return this.#group("getGroupPeers");
  }

  /** Height of the latest block. */
  getBlockNumber(): Promise<number> {
    return this.#number("getBlockNumber");
  }

  /** View of PBFT. */
  getPbftView(): Promise<number> {
    return this.#number("getPbftView");
  }

  /** How many transactions wait in the node's pool. */
  getPendingTxSize(): Promise<number> {
    return this.#number("getPendingTxSize");
  }

  /** Node ids of the sealers, sorted. */
  getSealerList(): Promise<readonly string[]> {
    return this.#group("getSealerList");
  }

  /** Node ids of the observers, sorted. */
  getObserverList(): Promise<readonly string[]> {
    return this.#group("getObserverList");
  }

  /** Node ids of the sealers working in this epoch (rPBFT). */
  getEpochSealersList(): Promise<readonly string[]> {
    return this.#group("getEpochSealersList");
  }

  /** State of the consensus; its form depends on the algorithm. */
  getConsensusStatus(): Promise<readonly unknown[]> {
    return this.#group("getConsensusStatus");
  }

  /** State of the synchronisation. */
  getSyncStatus(): Promise<types.RpcSyncStatus> {
    return this.#group("getSyncStatus");
  }

  /** A value agreed on the chain, `""` when it was never set. */
  getSystemConfigByKey(key: string): Promise<string> {
    return this.#group("getSystemConfigByKey", key);
  }

  /** Counts since the genesis block. */
  getTotalTransactionCount(): Promise<types.RpcTransactionCount> {
    return this.#group("getTotalTransactionCount");
  }

  /** Transactions waiting in the node's pool. */
  getPendingTransactions(): Promise<readonly types.RpcTransaction[]> {
    return this.#group("getPendingTransactions");
  }

  /** Runtime code of a contract, `0x` when there is none. */
  getCode(address: string): Promise<string> {
    return this.#group("getCode", address);
  }

  /** A block by its number. */
  getBlockByNumber(number: number | string, withTransactions?: false): Promise<types.RpcBlock<string>>;
  getBlockByNumber(number: number | string, withTransactions: true): Promise<types.RpcBlock<types.RpcTransaction>>;
  getBlockByNumber(number: number | string, withTransactions = false): Promise<types.RpcBlock> {
    return this.#group("getBlockByNumber", String(number), withTransactions);
  }

  /** A block by its hash. */
  getBlockByHash(hash: string, withTransactions?: false): Promise<types.RpcBlock<string>>;
  getBlockByHash(hash: string, withTransactions: true): Promise<types.RpcBlock<types.RpcTransaction>>;
  getBlockByHash(hash: string, withTransactions = false): Promise<types.RpcBlock> {
    return this.#group("getBlockByHash", hash, withTransactions);
  }

  /** A header by its number. */
  getBlockHeaderByNumber(number: number | string, withSignatures = false): Promise<types.RpcHeader> {
    return this.#group("getBlockHeaderByNumber", String(number), withSignatures);
  }

  /** A header by its hash. */
  getBlockHeaderByHash(hash: string, withSignatures = false): Promise<types.RpcHeader> {
    return this.#group("getBlockHeaderByHash", hash, withSignatures);
  }

  /** Hash of a block. */
  getBlockHashByNumber(number: number | string): Promise<string> {
    return this.#group("getBlockHashByNumber", String(number));
  }

  /** A transaction in a block; null when there is none of that hash. */
  getTransactionByHash(hash: string): Promise<types.RpcTransaction | null> {
    return this.#group("getTransactionByHash", hash);
  }

  /** A transaction by its place. */
  getTransactionByBlockHashAndIndex(hash: string, index: number | string): Promise<types.RpcTransaction> {
    return this.#group("getTransactionByBlockHashAndIndex", hash, String(index));
  }

  /** A transaction by its place. */
  getTransactionByBlockNumberAndIndex(number: number | string, index: number | string): Promise<types.RpcTransaction> {
    return this.#group("getTransactionByBlockNumberAndIndex", String(number), String(index));
  }

  /** The receipt of a transaction in a block; null when there is none of that hash. */
  getTransactionReceipt(hash: string): Promise<types.RpcReceipt | null> {
    return this.#group("getTransactionReceipt", hash);
  }

  /** A transaction and what proves that it is in its block. */
  getTransactionByHashWithProof(hash: string): Promise<types.RpcTransactionWithProof | null> {
    return this.#group("getTransactionByHashWithProof", hash);
  }

  /** A receipt and what proves that it is in its block. */
  getTransactionReceiptByHashWithProof(hash: string): Promise<types.RpcReceiptWithProof | null> {
    return this.#group("getTransactionReceiptByHashWithProof", hash);
  }

  /** Receipts of a block, the short form of each. */
  async getBatchReceiptsByBlockNumberAndRange(
    number: number | string,
    range: ReceiptRange = {},
  ): Promise<types.RpcBatchReceipts> {
    return inflateJson(await this.#batch("getBatchReceiptsByBlockNumberAndRange", String(number), range));
  }

  /** Receipts of a block, the short form of each. */
  async getBatchReceiptsByBlockHashAndRange(hash: string, range: ReceiptRange = {}): Promise<types.RpcBatchReceipts> {
    return inflateJson(await this.#batch("getBatchReceiptsByBlockHashAndRange", hash, range));
  }

  #batch(method: string, block: string, { from = 0, count = -1 }: ReceiptRange): Promise<string> {
    return this.#group(method, block, String(from), String(count), true);
  }

  /**
   * Runs a call without a transaction.
   *
   * @param blockNumber the state after which block it runs on; the latest by default. Nodes that do not keep past states
   *   answer with an error, and so do those of 2.x
   */
  call(
    call: { readonly from: string; readonly to: string; readonly data: string },
    blockNumber?: number | string,
  ): Promise<types.RpcCallResult> {
    const block = blockNumber === undefined ? [] : [blockNumber];
    return this.#group("call", { value: "0x0", ...call }, ...block);
  }

  /** Hands in a signed transaction; gives its hash once the node has accepted it. */
  sendRawTransaction(raw: Uint8Array): Promise<string> {
    return this.#group("sendRawTransaction", toHex(raw));
  }

  /** Makes the files of a new group at the node. */
  async generateGroup(groupId: number, group: NewGroup): Promise<types.RpcOutcome> {
    const { timestamp, sealers, enableFreeStorage, consensusType } = group;
    return this.#node("generateGroup", groupId, {
      timestamp: String(timestamp),
      sealers: sealers.map((id) => parseHex(id, 64, "A node id").slice(2)),
      ...(enableFreeStorage === undefined ? {} : { enable_free_storage: enableFreeStorage }),
      ...(consensusType === undefined ? {} : { consensus_type: consensusType }),
    });
  }

  /** Has the node run a group that was generated, stopped or recovered. */
  startGroup(groupId: number): Promise<types.RpcOutcome> {
    return this.#node("startGroup", groupId);
  }

  /** Has the node stop a group. */
  stopGroup(groupId: number): Promise<types.RpcOutcome> {
    return this.#node("stopGroup", groupId);
  }

  /** Marks a stopped group as deleted; its files stay. */
  removeGroup(groupId: number): Promise<types.RpcOutcome> {
    return this.#node("removeGroup", groupId);
  }

  /** Takes back {@link removeGroup}. */
  recoverGroup(groupId: number): Promise<types.RpcOutcome> {
    return this.#node("recoverGroup", groupId);
  }

  /** In which state the node has a group. */
  queryGroupStatus(groupId: number): Promise<types.RpcGroupStatus> {
    return this.#node("queryGroupStatus", groupId);
  }

  /** Adds `host:port` texts to the neighbours that the node looks for. */
  addPeers(peers: readonly string[]): Promise<types.RpcOutcome> {
    return this.#node("addPeers", peers);
  }

  /** Takes neighbours out. */
  erasePeers(peers: readonly string[]): Promise<types.RpcOutcome> {
    return this.#node("erasePeers", peers);
  }

  /** Neighbours that the node looks for. */
  queryPeers(): Promise<readonly string[]> {
    return this.#node("queryPeers");
  }

  async #node<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return (await this.request(method, params)) as T;
  }
}

/** JSON from what a node compresses: base64 of a zlib stream. */
async function inflateJson(text: string): Promise<types.RpcBatchReceipts> {
  const compressed = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text()) as types.RpcBatchReceipts;
}
