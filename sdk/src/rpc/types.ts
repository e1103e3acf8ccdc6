/** What nodes answer, in their own words. `0x` numbers are hexadecimal text; node ids are 128 digits without `0x`. */

/** `getClientVersion`. */
export interface RpcClientVersion {
  readonly "FISCO-BCOS Version": string;
  readonly "Supported Version": string;
  /** Decimal text. */
  readonly "Chain Id": string;
  readonly "Build Time": string;
  readonly "Build Type": string;
  readonly "Git Branch": string;
  readonly "Git Commit Hash": string;
}

/** A node, as it or a neighbour describes it. */
export interface RpcPeer {
  readonly Agency: string;
  readonly IPAndPort: string;
  readonly Node: string;
  readonly NodeID: string;
  readonly Topic: readonly string[];
}

/** A transaction; the three members of its place are absent while it is pending. */
export interface RpcTransaction {
  readonly hash: string;
  readonly from: string;
  /** The zero address for a creation. */
  readonly to: string;
  readonly input: string;
  readonly nonce: string;
  readonly gas: string;
  readonly gasPrice: string;
  readonly value: string;
  readonly blockLimit: string;
  readonly chainId: string;
  readonly groupId: string;
  readonly extraData: string;
  readonly signature?: { readonly r: string; readonly s: string; readonly v: string; readonly signature: string };
  readonly blockHash?: string;
  readonly blockNumber?: string;
  readonly transactionIndex?: string;
}

/** A log in a receipt. */
export interface RpcLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** Siblings on the way from a leaf to its root: digits without `0x`. */
export interface RpcProofLevel {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** A receipt. */
export interface RpcReceipt {
  readonly transactionHash: string;
  readonly transactionIndex: string;
  readonly blockHash: string;
  readonly blockNumber: string;
  readonly from: string;
  readonly to: string;
  /** The zero address when nothing was created. */
  readonly contractAddress: string;
  readonly gasUsed: string;
  /** Gas left on the sender's account, on chains that charge gas. */
  readonly remainGas?: string;
  readonly status: string;
  readonly statusMsg?: string;
  readonly input: string;
  readonly output: string;
  readonly root: string;
  readonly logs: readonly RpcLog[];
  readonly logsBloom: string;
  readonly txProof?: readonly RpcProofLevel[];
  readonly receiptProof?: readonly RpcProofLevel[];
}

/** A sealer's signature over a block. */
export interface RpcSignature {
  /** Position of the signer among ALL sealers, sorted. */
  readonly index: string;
  readonly signature: string;
}

interface RpcHeaderFields {
  readonly hash: string;
  readonly parentHash: string;
  readonly stateRoot: string;
  readonly transactionsRoot: string;
  readonly receiptsRoot: string;
  readonly dbHash: string;
  readonly logsBloom: string;
  readonly gasLimit: string;
  readonly gasUsed: string;
  /** Milliseconds since 1970. */
  readonly timestamp: string;
  readonly sealer: string;
  readonly sealerList: readonly string[];
  readonly extraData: readonly string[];
  readonly signatureList?: readonly RpcSignature[] | null;
}

/** A block's header. */
export interface RpcHeader extends RpcHeaderFields {
  readonly number: number;
}

/** A block, with hashes of its transactions or with the transactions. */
export interface RpcBlock<T = RpcTransaction | string> extends RpcHeaderFields {
  readonly number: string;
  readonly transactions: readonly T[];
}

/** `call`. */
export interface RpcCallResult {
  readonly currentBlockNumber: string;
  readonly output: string;
  readonly status: string;
}

/** `getTotalTransactionCount`. */
export interface RpcTransactionCount {
  readonly blockNumber: string;
  readonly txSum: string;
  readonly failedTxSum: string;
}

/** `getSyncStatus`. */
export interface RpcSyncStatus {
  readonly blockNumber: number;
  readonly genesisHash: string;
  readonly latestHash: string;
  readonly isSyncing: boolean;
  readonly knownHighestNumber: number;
  readonly knownLatestHash: string;
  readonly nodeId: string;
  readonly protocolId: number;
  readonly txPoolSize: string;
  readonly peers: readonly {
    readonly nodeId: string;
    readonly blockNumber: number;
    readonly genesisHash: string;
    readonly latestHash: string;
  }[];
}

/** `getTransactionByHashWithProof`. */
export interface RpcTransactionWithProof {
  readonly transaction: RpcTransaction;
  readonly txProof: readonly RpcProofLevel[];
}

/** `getTransactionReceiptByHashWithProof`. */
export interface RpcReceiptWithProof {
  readonly transactionReceipt: RpcReceipt;
  readonly receiptProof: readonly RpcProofLevel[];
}

/** `getBatchReceiptsByBlock…AndRange`, inflated. */
export interface RpcBatchReceipts {
  readonly blockInfo: {
    readonly blockHash: string;
    readonly blockNumber: string;
    readonly receiptRoot: string;
    /** How many the whole block has. */
    readonly receiptsCount: string;
  };
  readonly transactionReceipts?: readonly Pick<
    RpcReceipt,
    | "contractAddress"
    | "from"
    | "gasUsed"
    | "logs"
    | "output"
    | "status"
    | "to"
    | "transactionHash"
    | "transactionIndex"
  >[];
}

/** Answer of the methods that change groups or peers. */
export interface RpcOutcome {
  /** `0x0` is success. */
  readonly code: string;
  readonly message: string;
}

/** `queryGroupStatus`. */
export interface RpcGroupStatus extends RpcOutcome {
  readonly status: string;
}
