/**
 * `tsbcos start`: the whole main job on one machine. Makes a chain if there is none, runs its nodes, waits until they
 * can agree on a block, shows what is where, prints a line a block, and stops everything cleanly on Ctrl-C.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { relative } from "node:path";
import type { ChildProcess } from "node:child_process";
import { CodedError } from "@tsbcos/core/primitives";
import { httpTransport, Rpc, type RpcBlock } from "@tsbcos/sdk";
import { buildChain, planChain } from "../chain/index.js";
import { exitOf, howEnded, nodeProgram, spawnNode, stopProcess } from "../processes/index.js";
import { consensusIn, findNodeFolders, quorumOf, type NodeFolder } from "../folders/index.js";
import { QuorumWatch, type Sealers } from "./quorum.js";
import { welcome } from "./welcome.js";

/** A node has this long to finish its writes. */
const STOP_PATIENCE_MS = 15_000;
/** All nodes must be connected and answering within this time. */
const READY_WITHIN_MS = 60_000;
const POLL_MS = 200;
const NEW_NODES = "4";
const NEW_PORTS = "30300,20200,8545";
/** Whether enough sealers are there is looked at once a second. */
const POLLS_PER_LOOK = 5;
/** A node that takes longer to answer counts as not answering. */
const ANSWER_WITHIN_MS = 2000;

interface RunningNode {
  readonly folder: NodeFolder;
  readonly process: ChildProcess;
  readonly rpc: Rpc;
  /** The last of what it printed, for when it ends unexpectedly. */
  readonly lastWords: () => string;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => {
      done(false);
    });
    probe.listen(port, "127.0.0.1", () => {
      probe.close(() => {
        done(true);
      });
    });
  });
}

async function demandFreePorts(nodes: readonly NodeFolder[]): Promise<void> {
  const busy: number[] = [];
  for (const port of nodes.flatMap((node) => [node.p2pPort, node.channelPort, node.rpcPort])) {
    if (!(await isFree(port))) busy.push(port);
  }
  if (busy.length === 0) return;
  throw new CodedError(
    "ports-busy",
    `Another program uses port ${busy.join(", ")}. If it is this chain, it runs already; ` +
      "otherwise make a chain on other ports: npm start -- --directory other --ports 30400,20300,8645",
  );
}

function launch(folder: NodeFolder): RunningNode {
  const child = spawnNode(folder.configFile, "pipe");
  let tail = "";
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString("utf8")).slice(-4000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return {
    folder,
    process: child,
    rpc: new Rpc(httpTransport({ urls: [`http://${folder.rpcHost}:${folder.rpcPort}`], timeoutMs: ANSWER_WITHIN_MS })),
    lastWords: () => tail.trim(),
  };
}

async function isConnected(node: RunningNode, others: number): Promise<boolean> {
  try {
    const peers = await node.rpc.getPeers();
    await node.rpc.getBlockNumber();
    return peers.length >= others;
  } catch {
    // Not up yet, or busy: asked again until the time is over.
    return false;
  }
}

/** Waits until every node answers and sees all others. */
async function waitUntilReady(nodes: readonly RunningNode[], stopping: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!stopping()) {
    const ended = nodes.find((node) => howEnded(node.process) !== undefined);
    if (ended !== undefined) {
      throw new CodedError(
        "node-ended",
        `${ended.folder.name} ended while starting (${howEnded(ended.process)}). Its last words:\n${ended.lastWords()}\n` +
          `Its log is in ${ended.folder.directory}/log.`,
      );
    }
    const ready = await Promise.all(nodes.map((node) => isConnected(node, nodes.length - 1)));
    if (ready.every(Boolean)) return;
    if (Date.now() > deadline) {
      const waiting = nodes.filter((_, index) => ready[index] !== true).map((node) => node.folder.name);
      throw new CodedError(
        "not-ready",
        `After ${READY_WITHIN_MS / 1000} s ${waiting.join(", ")} still does not answer or see the other nodes. Look into its log folder.`,
      );
    }
    await sleep(POLL_MS);
  }
}

function printBlock(block: RpcBlock): void {
  const time = new Date(Number(block.timestamp)).toISOString().slice(11, 23);
  const count = block.transactions.length;
  say(
    `${time}  block ${String(Number(block.number)).padStart(6)}  ${String(count).padStart(5)} ${count === 1 ? "transaction " : "transactions"}` +
      `  sealer ${Number(block.sealer)}  ${block.hash.slice(0, 18)}...`,
  );
}

async function highest(nodes: readonly RunningNode[]): Promise<{ node: RunningNode; height: number } | undefined> {
  const heights = await Promise.all(
    nodes.map(async (node) => {
      try {
        return { node, height: await node.rpc.getBlockNumber() };
      } catch {
        return undefined;
      }
    }),
  );
  return heights.reduce(
    (best, next) => (next !== undefined && next.height > (best?.height ?? -1) ? next : best),
    undefined,
  );
}

/** Says what became of a node that ended by itself, and how many go on. */
function tellEnd({ folder, process: child, lastWords }: RunningNode, counts: { left: number; all: number }): void {
  // A node that was killed had no chance to say why: its last words are those of its start.
  const words = child.signalCode === null ? ` Its last words:\n${lastWords()}` : "";
  const others =
    counts.left === 0
      ? "No node is left."
      : `${counts.left} of ${counts.all} are left; Ctrl-C and the same command again bring it back.`;
  say(`${folder.name} ended (${howEnded(child) ?? ""}). ${others}${words}`);
}

/** The sealers of group 1 as one node sees them; undefined when it does not answer, which others tell of. */
async function sealersSeenBy({ rpc }: RunningNode, consensus: string): Promise<Sealers | undefined> {
  try {
    const [sealers, present] = await Promise.all([rpc.getSealerList(), rpc.getNodeIDList()]);
    const here = sealers.filter((id) => present.includes(id)).length;
    return { all: sealers.length, present: here, needed: quorumOf(consensus, sealers.length) };
  } catch {
    return undefined;
  }
}

/**
 * Prints each new block, from whichever node has it, and when no more can be made, until told to stop.
 *
 * @param from the first block that is new
 */
async function followBlocks(nodes: readonly RunningNode[], from: number, stopping: () => boolean): Promise<void> {
  const folders = nodes.map(({ folder }) => folder);
  const consensus = consensusIn(folders, 1);
  const quorum = new QuorumWatch();
  let next = from;
  for (let turn = 0; !stopping(); turn++) {
    const head = await highest(nodes);
    if (head !== undefined && turn % POLLS_PER_LOOK === 0) {
      const sealers = await sealersSeenBy(head.node, consensus);
      const news = sealers === undefined ? undefined : quorum.look(sealers);
      if (news !== undefined) say(news);
    }
    while (head !== undefined && next <= head.height && !stopping()) {
      try {
        printBlock(await head.node.rpc.getBlockByNumber(next));
        next++;
      } catch {
        break;
      }
    }
    await sleep(POLL_MS);
  }
}

/**
 * Stops those that still run; what became of others was said when they ended.
 *
 * @param running whether the chain ever ran, or did not come up
 */
async function stopAll(started: readonly RunningNode[], running: boolean): Promise<number> {
  say("Stopping...");
  const nodes = started.filter((node) => howEnded(node.process) === undefined);
  const codes = await Promise.all(nodes.map((node) => stopProcess(node.process, STOP_PATIENCE_MS)));
  const failed = nodes.filter((_, index) => codes[index] !== 0).map((node) => node.folder.name);
  if (failed.length === 0) {
    say(
      running
        ? "All nodes stopped. Nothing is lost; the same command goes on from the last block."
        : "All nodes stopped.",
    );
    return 0;
  }
  say(`${failed.join(", ")} did not stop cleanly. Look into the log folders.`);
  return 1;
}

const nodesIn = (count: number): string => `${count} ${count === 1 ? "node" : "nodes"}`;

/** What `start` is told. */
export interface StartOptions {
  /** Where the chain is or shall be. */
  readonly directory: string;
  /** Number of nodes of a new chain; 4 by default. */
  readonly nodes?: string;
  /** First ports of a new chain; those of `chain build` by default. */
  readonly ports?: string;
}

async function findOrBuild(options: StartOptions): Promise<readonly NodeFolder[]> {
  const { directory, nodes = NEW_NODES, ports = NEW_PORTS } = options;
  if (existsSync(directory)) {
    const found = findNodeFolders(directory);
    noteOptionsOfNewChains(options, found);
    return found;
  }
  if (!/^[1-9]\d{0,3}$/.test(nodes)) {
    throw new CodedError("bad-options", `-n takes the number of nodes, such as 4, not "${nodes}".`);
  }
  const plan = planChain({ hosts: `127.0.0.1:${nodes}`, ports });
  say(`Making a new chain of ${nodesIn(Number(nodes))} in ${directory}/ ...`);
  await buildChain(plan, directory, nodeProgram());
  return findNodeFolders(directory);
}

/** A chain that is there stays as it is, which who asked for another one should know. */
function noteOptionsOfNewChains({ directory, nodes, ports }: StartOptions, found: readonly NodeFolder[]): void {
  const [first] = found;
  const own = first === undefined ? "" : `${first.p2pPort},${first.channelPort},${first.rpcPort}`;
  const isOther = (nodes !== undefined && nodes !== String(found.length)) || (ports !== undefined && ports !== own);
  if (!isOther) return;
  say(
    `${directory} holds a chain of ${nodesIn(found.length)} already, which is started as it is: -n and -p are for new chains. ` +
      "Name another folder with -d to make one.",
  );
}

/**
 * Runs the chain in `directory` until SIGINT or SIGTERM, made first when the folder is not there.
 *
 * @returns the exit code: 0 when all nodes stopped cleanly
 * @throws CodedError when the chain cannot be made or does not come up
 */
export async function startChain(options: StartOptions): Promise<number> {
  const folders = await findOrBuild(options);
  await demandFreePorts(folders);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // The window of the terminal was closed: nobody reads any longer, and the nodes must not stay behind.
  process.on("SIGHUP", stop);
  process.stdout.on("error", stop);
  const stopping = (): boolean => stopped;

  const nodes = folders.map(launch);
  let left = nodes.length;
  try {
    say(`Starting ${nodesIn(nodes.length)}...`);
    await waitUntilReady(nodes, stopping);
    // Before anybody is told that there is a chain: what is sent from then on is shown.
    const known = (await highest(nodes))?.height ?? 0;
    if (!stopping()) say(welcome(folders, (path) => relative(process.cwd(), path) || "."));
    for (const node of nodes) {
      void exitOf(node.process).then(() => {
        if (stopping()) return;
        left--;
        tellEnd(node, { left, all: nodes.length });
        if (left === 0) stop();
      });
    }
    await followBlocks(nodes, known + 1, stopping);
  } catch (error) {
    await stopAll(nodes, false);
    throw error;
  }
  const code = await stopAll(nodes, true);
  return left === 0 ? 1 : code;
}
