import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConsensusService } from "@tsbcos/sdk";
import { ChainNode, freePorts, PATIENCE_MS, TestChain, until } from "../harness/index.js";

/** A chain that grows as an operator would let it: by the command, the scripts it wrote, and transactions. */

const COMMAND = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));

interface Finding {
  readonly severity: string;
  readonly subject: string;
  readonly check: string;
  readonly message: string;
}

let chain: TestChain;
let added: ChainNode | undefined;

function command(...words: readonly string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], { encoding: "utf8" });
  return { code: status, text: stdout + stderr };
}

function script(node: ChainNode, path: string): string {
  const { status, stdout, stderr } = spawnSync("bash", [join(node.directory, path)], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

/** Exit code of the doctor, and what it finds that is not well. */
function doctor(): { code: number | null; found: string[] } {
  const { code, text } = command("doctor", join(chain.directory, "127.0.0.1"), "--json");
  const { findings } = JSON.parse(text) as { readonly findings: readonly Finding[] };
  const bad = findings.filter(({ severity }) => severity !== "ok" && severity !== "note");
  return { code, found: bad.map(({ severity, check, message }) => `${severity} ${check} ${message}`) };
}

/** Waits until the doctor is of that opinion: nodes may need a moment for what has just changed, and for answers. */
async function untilDoctorFinds(found: readonly unknown[]): Promise<void> {
  let last: ReturnType<typeof doctor> | undefined;
  const isOfThatOpinion = (): boolean => {
    last = doctor();
    return last.found.length === found.length;
  };
  await until("the doctor has made up its mind", isOfThatOpinion, PATIENCE_MS / 2, 500).catch(() => undefined);
  expect(last).toEqual({ code: 0, found });
}

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
});
afterAll(async () => {
  if (added !== undefined) spawnSync("bash", [join(added.directory, "stop.sh")]);
  await chain.dispose();
});

test("the doctor finds nothing wrong with a chain that was just built and started", async () => {
  await untilDoctorFinds([]);
});

test("a node that add-node made is let in by a transaction, fetches the blocks, and becomes a sealer", async () => {
  const client = await chain.node(0).client();
  await client.execute({ data: new Uint8Array(0) });
  const base = await freePorts();
  const member = chain.node(0).directory;
  const { code, text } = command("chain", "add-node", member, "-p", `${base},${base + 1},${base + 2}`);
  expect(code).toBe(0);
  const directory = join(chain.directory, "127.0.0.1", "node4");
  const ports = { p2pPort: base, channelPort: base + 1, rpcPort: base + 2, metricsPort: base + 3 };
  const node = new ChainNode({ index: 4, directory, ...ports });
  added = node;
  expect(text).toContain(`addObserver ${node.nodeId}`);
  await untilDoctorFinds([expect.stringMatching(/^warning running The node does not run/)]);

  expect(script(node, "start.sh")).toBe(" node4 start successfully\n");
  await until("the others have a connection with it", async () => {
    const peers = await chain.node(3).rpc.getPeers();
    return peers.some((peer) => peer.NodeID === node.nodeId);
  });
  await untilDoctorFinds([expect.stringMatching(/^warning peers The node is no member of group 1/)]);

  const consensus = new ConsensusService(client);
  expect(await consensus.addObserver(node.nodeId)).toMatchObject({ code: 1 });
  const height = await chain.node(0).height();
  await until("it has the blocks", async () => (await node.height()) >= height);
  expect(await node.rpc.getObserverList()).toEqual([node.nodeId]);

  expect(await consensus.addSealer(node.nodeId)).toMatchObject({ code: 1 });
  await client.execute({ data: new Uint8Array(0) });
  const last = await chain.node(0).height();
  await until("it has the last block", async () => (await node.height()) >= last);
  expect(await node.rpc.getSealerList()).toHaveLength(5);
  await untilDoctorFinds([]);
});

test("a new group is loaded by running nodes, and given to one more", async () => {
  const newMember = added as ChainNode;
  const folders = [0, 1, 2].map((index) => chain.node(index).directory);
  expect(command("chain", "add-group", ...folders, "-n", "2").text).toMatch(/Group 2 is new/);
  for (const index of [0, 1, 2]) script(chain.node(index), "scripts/load_new_groups.sh");
  const groupOf = async (node: ChainNode): Promise<readonly number[]> => node.rpc.getGroupList();
  for (const index of [0, 1, 2]) {
    await until(`node${index} runs group 2`, async () => (await groupOf(chain.node(index))).includes(2));
  }
  const client = (await chain.node(0).client()).inGroup(2);
  const receipt = await client.execute({ data: new Uint8Array(0) });
  expect(receipt.blockNumber).toBe(1);

  const { text } = command("chain", "add-group", folders[0] ?? "", newMember.directory, "-n", "2");
  expect(text).toMatch(/Group 2 exists; it has been given to:\n.*node4/);
  script(newMember, "scripts/load_new_groups.sh");
  const newcomer = (await newMember.client()).inGroup(2);
  expect(await new ConsensusService(client).addObserver(newMember.nodeId)).toMatchObject({ code: 1 });
  await until("node4 has the blocks of group 2", async () => (await newcomer.rpc.getBlockNumber()) >= 2);
  await untilDoctorFinds([]);
});

test("the doctor reads the settings as the node does, and ends with 1 when something is wrong", async () => {
  const node = chain.node(3);
  const port = /jsonrpc_listen_port=(\d+)/.exec(node.read("config.ini"))?.[1] ?? "";
  node.change("config.ini", (text) => text.replace("channel_listen_port=", "chanel_listen_port="));
  node.change("conf/group.1.ini", (text) => text.replace("ttl=2", "ttl=nine"));
  expect(await node.end("SIGTERM")).toBe(0);
  const { code, found } = doctor();
  expect(code).toBe(1);
  expect(found).toContainEqual(expect.stringMatching(/^warning settings .*did you mean channel_listen_port/));
  expect(found).toContainEqual(expect.stringMatching(/^error settings .*consensus\.ttl = "nine"/));
  expect(found).toContainEqual(expect.stringMatching(new RegExp(`^warning running The node does not run.*${port}`)));
  // The page for people, from inside the folder of one node: only that one is looked at, which is said.
  const page = spawnSync(process.execPath, [COMMAND, "doctor"], {
    encoding: "utf8",
    cwd: join(node.directory, "conf"),
  });
  expect([page.status, page.stderr]).toEqual([1, ""]);
  expect(page.stdout).toMatch(new RegExp(`^Looked at ${node.directory}: node3\\n\\n${node.directory}\\n`));
  expect(page.stdout).not.toContain("node2");
  // From beside the chain it is found as the console finds it.
  const beside = spawnSync(process.execPath, [COMMAND, "doctor"], {
    encoding: "utf8",
    cwd: join(chain.directory, ".."),
  });
  expect(beside.stdout.split("\n")[0]).toBe(
    `Looked at ${chain.directory}: ${[0, 1, 2, 3, 4].map((index) => `127.0.0.1/node${index}`).join(", ")}`,
  );
  expect(page.stdout).toMatch(/error +settings .*\n +-> Correct the line/);
  expect(readFileSync(join(node.directory, "config.ini"), "utf8")).toContain("chanel_listen_port");
});
