/** A real chain of four processes for end-to-end tests: built, started, killed and asked as an operator would. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectOver, httpTransport, Rpc, type Account, type Client } from "@tsbcos/sdk";
import { freePorts } from "./ports.js";

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));
const NODE_PROGRAM = fileURLToPath(new URL("../../../node/dist/main.js", import.meta.url));
/** What the launchers of a node give to the engine. */
const ENGINE_OPTIONS = ["--max-semi-space-size=4"];
const NODES = 4;
/**
 * How long whatever is sure to come is waited for. Machines that run tests may be many times slower than this needs, and
 * who waits goes on as soon as it is there.
 */
export const PATIENCE_MS = 120_000;
/** Unit of CPU times in /proc, the same on every Linux that Node.js runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

/** Waits until `condition` holds, asking every `everyMs`. A condition that cannot be asked for does not hold. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
  everyMs = 50,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    // Looked at before the clock: a process that had no processor for long may find that it holds now.
    let cause: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`, { cause });
    await sleep(everyMs);
  }
}

/** Resolves after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Nodes that run; none outlives the process that started it, however that ends. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One node of the chain. */
export class ChainNode {
  readonly index: number;
  readonly directory: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  readonly channelPort: number;
  /** Used by {@link serveMetrics}. */
  readonly metricsPort: number;
  #process: ChildProcess | undefined;
  #output = "";

  constructor(options: {
    readonly index: number;
    readonly directory: string;
    readonly rpcPort: number;
    readonly p2pPort: number;
    readonly channelPort: number;
    readonly metricsPort: number;
  }) {
    this.index = options.index;
    this.directory = options.directory;
    this.rpcPort = options.rpcPort;
    this.p2pPort = options.p2pPort;
    this.channelPort = options.channelPort;
    this.metricsPort = options.metricsPort;
  }

  /** Process id; undefined while it is down. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What it printed since its last start. */
  get output(): string {
    return this.#output;
  }

  /** URL of its JSON-RPC port. */
  get url(): string {
    return `http://127.0.0.1:${this.rpcPort}`;
  }

  /**
   * Starts the process; it is up when {@link height} answers.
   *
   * @param nodeOptions options for the JavaScript engine, such as `--cpu-prof`
   */
  start(nodeOptions: readonly string[] = []): void {
    this.#output = "";
    const child = spawn(process.execPath, [...ENGINE_OPTIONS, ...nodeOptions, NODE_PROGRAM, "-c", "config.ini"], {
      cwd: this.directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString("utf8");
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    running.add(child);
    child.once("exit", () => {
      running.delete(child);
      if (this.#process === child) this.#process = undefined;
    });
    this.#process = child;
  }

  /**
   * Ends the process with `signal` and waits until it is gone and what it printed is here. Gives its exit code, null when
   * the signal ended it.
   */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) return 0;
    return new Promise((done) => {
      child.once("close", done);
      child.kill(signal);
    });
  }

  /** Its node id. */
  get nodeId(): string {
    return this.read(this.exists("conf/gmnode.nodeid") ? "conf/gmnode.nodeid" : "conf/node.nodeid").trim();
  }

  /** Text of one of its files. */
  read(file: string): string {
    return readFileSync(join(this.directory, file), "utf8");
  }

  /** Whether one of its files is there. */
  exists(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  /** Writes one of its files. */
  write(file: string, text: string): void {
    writeFileSync(join(this.directory, file), text);
  }

  /** Replaces one of its files by what `change` makes of it. */
  change(file: string, change: (text: string) => string): void {
    this.write(file, change(this.read(file)));
  }

  /** Lets it serve metrics from its next start on. */
  serveMetrics(): void {
    this.change("config.ini", (text) =>
      text.replace("[tsbcos]", `[tsbcos]\n    metrics_listen_port=${this.metricsPort}`),
    );
  }

  /**
   * Metrics of this moment, by name and labels in the form `p2p_sessions` or `height{group="1"}`.
   *
   * @throws Error (as a rejection) unless {@link serveMetrics} was called before its start
   */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    const lines = text.matchAll(/^tsbcos_(\S+(?:\{.*\})?) (\S+)$/gm);
    return new Map([...lines].map(([, name = "", value]) => [name, Number(value)]));
  }

  /** Height of its chain. */
  async height(): Promise<number> {
    return this.rpc.getBlockNumber();
  }

  /** Resident memory in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid ?? 0}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }

  /** CPU time used since its start, in microseconds: user and system, all threads. */
  cpuMicroseconds(): number {
    const stat = readFileSync(`/proc/${this.pid ?? 0}/stat`, "utf8");
    // Fields are counted after the program's name, which is in parentheses and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return (ticks * 1_000_000) / CLOCK_TICKS_PER_SECOND;
  }

  /** Its JSON-RPC methods. */
  get rpc(): Rpc {
    return new Rpc(this.#transport());
  }

  /** A client of this node, with a new account unless one is given. */
  client(account?: Account): Promise<Client> {
    const acting = account === undefined ? {} : { account };
    return connectOver(this.#transport(), { ...acting, receiptTimeoutMs: PATIENCE_MS });
  }

  #transport(): ReturnType<typeof httpTransport> {
    return httpTransport({ urls: [this.url], timeoutMs: PATIENCE_MS / 2 });
  }
}

/** A chain of four nodes in a folder of its own. */
export class TestChain {
  readonly directory: string;
  readonly nodes: readonly ChainNode[];

  private constructor(directory: string, nodes: readonly ChainNode[]) {
    this.directory = directory;
    this.nodes = nodes;
  }

  /**
   * Builds a chain with the command; nothing is started.
   *
   * @param words further words for the command, such as `-c raft`
   * @param count nodes, at most five
   */
  static async build(words: readonly string[] = [], count = NODES): Promise<TestChain> {
    // Tests that add nodes to a smaller chain count on the ports of four.
    const row = Math.max(count, NODES);
    const base = await freePorts();
    const directory = join(mkdtempSync(join(tmpdir(), "tsbcos-e2e-")), "nodes");
    const ports = `${base},${base + row},${base + 2 * row}`;
    const build = ["chain", "build", "-l", `127.0.0.1:${count}`, "-p", ports, "-o", directory];
    await run(process.execPath, [COMMAND, ...build, ...words]);
    const nodes = Array.from(
      { length: count },
      (_, index) =>
        new ChainNode({
          index,
          directory: join(directory, "127.0.0.1", `node${index}`),
          rpcPort: base + 2 * row + index,
          p2pPort: base + index,
          channelPort: base + row + index,
          metricsPort: base + 3 * row + index,
        }),
    );
    return new TestChain(directory, nodes);
  }

  /** Folder with the certificates of clients. */
  get sdkFolder(): string {
    return join(this.directory, "127.0.0.1", "sdk");
  }

  /** Node of that index. */
  node(index: number): ChainNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Starts all nodes and waits until they see each other. */
  async start(nodeOptions: readonly string[] = []): Promise<void> {
    for (const node of this.nodes) node.start(nodeOptions);
    await Promise.all(this.nodes.map((node) => this.connected(node)));
  }

  /** Starts the nodes that do not run, such as those that a failed test left dead, and waits until all see each other. */
  async whole(): Promise<void> {
    for (const node of this.nodes) if (node.pid === undefined) node.start();
    for (const node of this.nodes) await this.connected(node);
  }

  /** Waits until `node` answers and has a session with every other running node, and they with it. */
  async connected(node: ChainNode): Promise<void> {
    const others = this.nodes.filter((other) => other !== node && other.pid !== undefined);
    const has = async (one: ChainNode, peer: ChainNode): Promise<boolean> =>
      (await one.rpc.getPeers()).some(({ NodeID }) => NodeID === peer.nodeId);
    await until(`node${node.index} is up and connected`, async () => {
      // Asked although there may be no others: it is up when it answers.
      if ((await node.rpc.getPeers()).length < others.length) return false;
      const sessions = await Promise.all(others.flatMap((other) => [has(node, other), has(other, node)]));
      return sessions.every(Boolean);
    });
  }

  /** Waits until every node has heard from every other how high it is. */
  async acquainted(): Promise<void> {
    for (const { index, rpc } of this.nodes) {
      await until(`node${index} knows how high the others are`, async () => {
        const { peers } = await rpc.getSyncStatus();
        return peers.length === this.nodes.length - 1;
      });
    }
  }

  /** Waits until all running nodes have reached `height`. */
  async reached(height: number): Promise<void> {
    for (const node of this.nodes) {
      if (node.pid === undefined) continue;
      await until(`node${node.index} reaches block ${height}`, async () => (await node.height()) >= height);
    }
  }

  /** Hash of each block up to `height`, the same on every running node; throws where they differ. */
  async agreedHashes(height: number): Promise<readonly string[]> {
    const hashes: string[] = [];
    const running = this.nodes.filter((node) => node.pid !== undefined);
    for (let number = 0; number <= height; number++) {
      const answers = await Promise.all(running.map((node) => node.rpc.getBlockHashByNumber(number)));
      const different = new Set(answers);
      if (different.size !== 1) throw new Error(`block ${number} differs: ${answers.join(", ")}`);
      hashes.push(String(answers[0]));
    }
    return hashes;
  }

  /** Kills whatever runs and removes the folder. */
  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end("SIGKILL")));
    rmSync(join(this.directory, ".."), { recursive: true, force: true });
  }
}
