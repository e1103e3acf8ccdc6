/** The channel as a transport: several nodes, kept connected, the one that is furthest asked first. */
import { CodedError } from "@tsbcos/core/primitives";
import { blockTopic, ChannelType, type ChannelFrame } from "@tsbcos/core/protocol";
import { askInTurn, routeTo, summaryOf } from "../rpc/failover.js";
import type { LogFilter, LogListener, Pushes, RequestOptions, Transport } from "../rpc/transport.js";
import type { RpcReceipt } from "../rpc/types.js";
import { ChannelAmop } from "./amop.js";
import { checkCredentials, readCredentials, type ChannelCredentials } from "./credentials.js";
import { NodeLink, type LinkOwner } from "./link.js";
import { LogWatches } from "./log-watches.js";

/** Which nodes, with which certificates. */
export interface ChannelTransportOptions {
  /** `host:port` of channel ports, such as `127.0.0.1:20200` or `[::1]:20200`. */
  readonly nodes: readonly string[];
  /**
   * Folder with `ca.crt`, `sdk.crt` and `sdk.key`, or their contents; for nodes with `sm_crypto_channel=true` that with
   * `gmca.crt`, mostly `sdk/gm`.
   */
  readonly tls: string | ChannelCredentials;
  /** For connecting, and for answers; 10 seconds by default. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Once one node is connected, how long the others are waited for before the first request goes out. */
const OTHERS_MS = 500;

class ChannelTransport implements Transport, LinkOwner, Pushes {
  readonly endpoints: readonly string[];
  readonly amop: ChannelAmop;
  readonly #links: readonly NodeLink[];
  readonly #watches = new LogWatches();
  readonly #blockListeners = new Map<number, Set<(height: number) => void>>();
  readonly #heads = new Map<number, number>();

  constructor(options: {
    readonly targets: readonly Target[];
    readonly tls: ChannelCredentials;
    readonly timeoutMs: number;
  }) {
    const { targets, tls, timeoutMs } = options;
    this.#links = targets.map((target) => new NodeLink({ ...target, credentials: tls, timeoutMs }, this));
    this.endpoints = this.#links.map(({ endpoint }) => endpoint);
    this.amop = new ChannelAmop(this);
  }

  get pushes(): Pushes {
    return this;
  }

  get connected(): readonly NodeLink[] {
    return this.#links.filter(({ isUp }) => isUp);
  }

  /** Resolves once a node is connected. @throws ConnectionError when none is */
  async start(): Promise<void> {
    const attempts = this.#links.map((link) => link.start());
    const all = Promise.allSettled(attempts);
    try {
      await Promise.any(attempts);
    } catch (error) {
      await this.close();
      const errors = (error as AggregateError).errors as readonly Error[];
      throw summaryOf(errors.map((one, index) => ({ endpoint: this.endpoints[index] ?? "", error: one })));
    }
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([all, new Promise((done) => (timer = setTimeout(done, OTHERS_MS)))]);
    clearTimeout(timer);
  }

  async request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    const { endpoint, groupId, timeoutMs } = options;
    const call = (link: NodeLink): Promise<unknown> =>
      link.call(method, params, timeoutMs === undefined ? {} : { timeoutMs });
    if (endpoint !== undefined) return call(routeTo(this.#links, endpoint));
    await this.#someNode();
    return askInTurn(this.#inOrder(groupId), call);
  }

  async submit(raw: Uint8Array, options: Parameters<Pushes["submit"]>[1]): Promise<RpcReceipt | undefined> {
    await this.#someNode();
    return askInTurn(this.#inOrder(options.groupId), (link) => link.submit(raw, options));
  }

  async watchLogs(filter: LogFilter, listener: LogListener): Promise<() => Promise<void>> {
    await this.#someNode();
    return askInTurn(this.#inOrder(filter.groupId), (link) => this.#watches.watch(link, filter, listener));
  }

  watchBlocks(groupId: number, listener: (height: number) => void): () => void {
    let listeners = this.#blockListeners.get(groupId);
    if (listeners === undefined) {
      listeners = new Set();
      this.#blockListeners.set(groupId, listeners);
      this.topicsChanged();
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    for (const link of this.#links) link.close();
    return Promise.resolve();
  }

  topics(): readonly string[] {
    return [...[...this.#blockListeners.keys()].map(blockTopic), ...this.amop.names];
  }

  topicsChanged(): void {
    for (const link of this.connected) link.sendTopics();
  }

  down(link: NodeLink): void {
    this.#watches.lost(link);
  }

  block(groupId: number, height: number): void {
    if (height <= (this.#heads.get(groupId) ?? -1)) return;
    this.#heads.set(groupId, height);
    for (const listener of this.#blockListeners.get(groupId) ?? []) listener(height);
  }

  received(link: NodeLink, frame: ChannelFrame): void {
    if (frame.type === ChannelType.EventLogs) this.#watches.received(frame);
    else this.amop.received(link, frame);
  }

  /** While none is connected, does not wait for the next attempt. What comes of it is told by whoever asks then. */
  async #someNode(): Promise<void> {
    if (this.connected.length > 0) return;
    await Promise.any(this.#links.map((link) => link.start())).catch(() => undefined);
  }

  /** Nodes that can be asked first, and of those the ones with the highest block first: what was just written is there. */
  #inOrder(groupId: number | undefined): readonly NodeLink[] {
    const head = (link: NodeLink): number => (groupId === undefined ? 0 : link.headOf(groupId));
    return [...this.#links].sort((a, b) => Number(b.isUp) - Number(a.isUp) || head(b) - head(a));
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Connects to channel ports; comes back once one node answers. The others are tried again and again, and so is a node
 * whose connection is lost.
 *
 * @throws CodedError `bad-node`, `bad-credentials`; ConnectionError that says what is wrong with each node
 */
export async function channelTransport(options: ChannelTransportOptions): Promise<Transport> {
  const { nodes, tls, timeoutMs = TIMEOUT_MS } = options;
  if (nodes.length === 0) throw new CodedError("bad-node", "At least one node is needed.");
  const targets = nodes.map(parseTarget);
  if (typeof tls !== "string") checkCredentials(tls);
  const transport = new ChannelTransport({
    targets,
    tls: typeof tls === "string" ? readCredentials(tls) : tls,
    timeoutMs,
  });
  await transport.start();
  return transport;
}

function parseTarget(text: string): Target {
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(port) > 65535) {
    throw new CodedError("bad-node", `"${text}" is no address of a channel port, such as 127.0.0.1:20200.`);
  }
  return { host, port: Number(port) };
}
