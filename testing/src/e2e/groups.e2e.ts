/** A recorded conversation with four nodes about groups and peers, played to four nodes of our own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { PATIENCE_MS, TestChain, until, type ChainNode } from "../harness/index.js";
import { loadJson } from "../vectors/index.js";

/** One question to one node with the answer of the recorded one. */
interface Step {
  readonly node: number;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly answer: { readonly id?: number; readonly error?: { readonly message: string }; readonly noAnswer?: string };
}

const RECORDED_P2P_PORT = 31400;
const INTERNAL_ERROR = "INTERNAL_ERROR: : INTERNAL_ERROR: : ";
/** Methods that change something are asked once; answers of all others may need a moment. */
const CHANGES = /^(generate|start|stop|remove|recover)Group$|^(add|erase)Peers$|^send/;

const steps = loadJson("groups.json.gz") as readonly Step[];
let chain: TestChain;
/** Our node in the place of each recorded one. */
let nodes: readonly ChainNode[];
/** Recorded text on the left, ours on the right. */
let replacements: readonly (readonly [string, string])[];

const asAscii = (text: string): string => Buffer.from(text, "ascii").toString("hex");

function translated<T>(value: T): T {
  let text = JSON.stringify(value);
  for (const [theirs, ours] of replacements) text = text.replaceAll(theirs, ours);
  return JSON.parse(text) as T;
}

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  // The recorded ids come in order, and node 0 has the first of them: so that lists sorted by id stay sorted.
  nodes = [...chain.nodes].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const peers = steps.find(({ method }) => method === "getGroupPeers")?.answer as unknown as { result: string[] };
  replacements = [
    ...peers.result.flatMap((theirs, index) => {
      const ours = nodes[index]!.nodeId;
      return [[theirs, ours] as const, [asAscii(theirs), asAscii(ours)] as const];
    }),
    ...chain.nodes.map(({ p2pPort }, index) => [`:${RECORDED_P2P_PORT + index}"`, `:${p2pPort}"`] as const),
  ];
});
afterAll(() => chain.dispose());

async function ask(node: ChainNode, step: Pick<Step, "method" | "params" | "answer">): Promise<unknown> {
  const { method, params, answer } = step;
  const body = JSON.stringify({ jsonrpc: "2.0", id: answer.id ?? 1, method, params });
  return (await fetch(node.url, { method: "POST", body })).json();
}

type Members = Record<string, unknown>;

/** `object` without what belongs to one moment or follows from the hash of another genesis. */
function without(object: unknown, ...names: readonly string[]): Members {
  return Object.fromEntries(Object.entries(object as Members).filter(([name]) => !names.includes(name)));
}

/** What is compared of an answer. */
function comparable(method: string, answer: Members): unknown {
  const { result, error } = answer;
  if (error !== undefined) {
    // What stands between the prefix and the comment is the C++ program's own diagnosis.
    const { message } = error as { message: string };
    const comment = /tag_comment\*\] = (.*)\n/.exec(message)?.[1];
    return comment === undefined
      ? answer
      : { ...answer, error: { ...(error as Members), message: INTERNAL_ERROR + comment } };
  }
  switch (method) {
    case "getBlockByNumber":
      return without(result, "hash");
    case "getTransactionReceipt":
      return result === null ? null : without(result, "blockHash");
    case "getNodeIDList": {
      const [own, ...others] = result as readonly string[];
      return [own, ...others.sort()];
    }
    case "getConsensusStatus": {
      const [status] = result as readonly Members[];
      return without(status, "currentView", "toView", "highestblockHash", "connectedNodes");
    }
    default:
      return answer;
  }
}

test("B13, B20, B29: every recorded answer about groups and peers", async () => {
  expect(steps).toHaveLength(50);
  const told: string[] = [];
  for (const [index, recorded] of steps.entries()) {
    const step = translated(recorded);
    const node = nodes[step.node]!;
    if (step.answer.noAnswer !== undefined) {
      // The recorded process ended here. Ours says what is wrong.
      const answer = (await ask(node, step)) as { result: unknown };
      expect(answer.result).toEqual({ code: "0x7", message: "invalid peer at position 1" });
      continue;
    }
    const expected = comparable(step.method, step.answer);
    let got: unknown;
    const matches = async (): Promise<boolean> => {
      got = comparable(step.method, (await ask(node, step)) as Members);
      return JSON.stringify(got) === JSON.stringify(expected);
    };
    if (CHANGES.test(step.method)) await matches();
    else await until(`${index} ${step.method}`, matches, PATIENCE_MS, 100).catch(() => undefined);
    expect(got, `step ${index}, ${step.method} of node ${step.node}`).toEqual(expected);
    told.push(step.method);
  }
  expect(new Set(told).size).toBeGreaterThan(15);
});

test("the group goes on with its four nodes, and the states outlive a restart", async () => {
  const [first, second] = nodes as [ChainNode, ChainNode];
  const client = (await first.client()).inGroup(2);
  const receipt = await client.execute({ data: new Uint8Array(0) });
  for (const node of nodes) {
    await until("the block is everywhere", async () => (await groupHeight(node, 2)) >= receipt.blockNumber);
  }
  const stopped = await ask(second, { method: "stopGroup", params: [2], answer: {} });
  expect(stopped).toMatchObject({ result: { code: "0x0" } });
  for (const node of [first, second]) {
    await node.end("SIGTERM");
    node.start();
    await chain.connected(node);
  }
  // The first group answers before the second one has started.
  await until("both groups run", async () => (await first.rpc.getGroupList()).length === 2);
  expect(await first.rpc.getGroupList()).toEqual([1, 2]);
  expect(await second.rpc.getGroupList()).toEqual([1]);
  const status = (await ask(second, { method: "queryGroupStatus", params: [2], answer: {} })) as { result: unknown };
  expect(status.result).toEqual({ code: "0x0", message: "", status: "STOPPED" });
  expect(second.read("data/group2/.group_status")).toBe("STOPPED");
  expect(await groupHeight(first, 2)).toBe(receipt.blockNumber);
});

async function groupHeight(node: ChainNode, groupId: number): Promise<number> {
  const { result } = (await ask(node, { method: "getBlockNumber", params: [groupId], answer: {} })) as {
    result: string;
  };
  return Number(result);
}

test("the peers in config.ini are as before, each once and in order", () => {
  const text = nodes[0]!.read("config.ini");
  const peers = [...text.matchAll(/^\s*node\.(\d+)=(.*)$/gm)].map(([, index, peer]) => [Number(index), peer]);
  expect(peers).toEqual(chain.nodes.map(({ p2pPort }, index) => [index, `127.0.0.1:${p2pPort}`]));
});
