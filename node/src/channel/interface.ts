/** What the rest of the process sees of the channel server, and what it needs of the rest. */
import type { Address, Hash, NodeId, Tracer } from "@tsbcos/core/primitives";
import type { Endpoint } from "../net/index.js";
import type { AmopService } from "./amop-service.js";
import type { ClientTransport } from "./transport.js";

/** A request as far as its admission depends on it. */
export interface RequestSubject {
  readonly method: string;
  readonly groupId: number | undefined;
}

/** A client as JSON-RPC sees it. */
export interface RpcClient {
  admit(subject: RequestSubject): "admitted" | "not-allowed" | "over-limit";
  readonly refusalsAsReceipts: boolean;
  pushReceipt(text: string): void;
}

/** Logs that a client asks for. */
export interface LogSearch {
  readonly filterId: string;
  readonly fromBlock: number;
  readonly toBlock: number | undefined;
  readonly addresses: readonly Address[];
  readonly topics: readonly (readonly Hash[])[];
}

/** A search that goes on. */
export interface RunningSearch {
  /** A finding has reached the client: there may be another. */
  taken(): void;
  end(): void;
}

/** A running group as the channel uses it. */
export interface ChannelGroup {
  /** Number of its latest block. */
  readonly height: number;
  /** SDKs that may use it, by public key; empty: all. */
  readonly allowlist: readonly NodeId[];
  /** Blocks that an event filter may span up to the head; 0: any number. */
  readonly eventBlockRangeMax: number;
  /** Begins to look for logs; `found` gets what the client is to get. */
  searchLogs(
    search: LogSearch,
    found: (finding: { readonly data: Uint8Array; readonly isLast: boolean }) => void,
  ): RunningSearch;
}

/** How the server is set up. */
export interface ChannelServerOptions {
  /** Where to listen; port 0 takes any. */
  readonly listen: Endpoint;
  /** TLS by {@link createClientTls}, or SM TLS by {@link createClientSmTls}. */
  readonly transport: ClientTransport;
  /** supported_version of the chain, as configured. */
  readonly supportedVersion: string;
  /** Answers a JSON-RPC text; never rejects. */
  handleRpc(text: string, client: RpcClient): Promise<string>;
  /** Asks the limits of requests. */
  admitRequest(subject: RequestSubject): boolean;
  readonly amop: AmopService;
  readonly trace: Tracer;
  /** A session without traffic ends after this time; 60 seconds by default. */
  readonly idleTimeoutMs?: number;
}

/** Bytes of one group over the channel since the start. */
export interface ChannelTraffic {
  readonly rpcIn: number;
  readonly rpcOut: number;
  readonly registerEventIn: number;
  readonly unregisterEventIn: number;
  /** Receipts pushed. */
  readonly transactionsOut: number;
  readonly eventLogOut: number;
}

/** Counters since the start, for metrics and the statistics log. */
export interface ChannelStatistics {
  readonly sessions: number;
  /** Those that read too slowly at this moment. */
  readonly slowSessions: number;
  /** Bytes that wait for all of them together. */
  readonly sendingBytes: number;
  /** Bytes of incomplete frames of all of them together. */
  readonly receivingBytes: number;
  readonly eventFilters: number;
  readonly amopBytesIn: number;
  readonly amopBytesOut: number;
  readonly groups: ReadonlyMap<number, ChannelTraffic>;
  /** Sessions ended, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Connections that never became a session, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Frames that were ignored, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
}

/** The running channel server of a node. */
export interface ChannelServer {
  /** Where it listens: the port in use when 0 was asked for. */
  readonly listening: Endpoint;
  /** A group runs. */
  addGroup(groupId: number, group: ChannelGroup): void;
  /** A group stops: its event filters end, and its list of allowed SDKs is forgotten. */
  removeGroup(groupId: number): void;
  /** Replaces the list of SDKs that may use a group; empty: all. */
  setAllowlist(groupId: number, publicKeys: readonly NodeId[]): void;
  /** A block became the head of a group. */
  blockCommitted(groupId: number, number: number): void;
  statistics(): ChannelStatistics;
  /** Stops listening and ends all sessions. */
  close(): Promise<void>;
}
