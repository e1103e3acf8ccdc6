import { afterAll, beforeAll, expect, test } from "vitest";
import { sleep, TestChain, until, type ChainNode } from "../harness/index.js";

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.build();
  for (const node of chain.nodes) node.serveMetrics();
  await chain.start();
});
afterAll(() => chain.dispose());

const peerIds = async (node: ChainNode): Promise<string[]> =>
  (await node.rpc.getPeers()).map(({ NodeID }) => NodeID).sort();
const idsOf = (...indexes: readonly number[]): string[] => indexes.map((index) => chain.node(index).nodeId).sort();

async function expectPeers(index: number, ...others: readonly number[]): Promise<void> {
  const expected = idsOf(...others);
  const same = async (): Promise<boolean> => (await peerIds(chain.node(index))).join() === expected.join();
  await until(`node${index} is connected with ${others.join()}`, same);
}

/** Waits until the node has refused a connection once more: those who are kept out dial every ten seconds. */
async function refusesOnceMore(node: ChainNode, reason: string): Promise<void> {
  const refused = async (): Promise<number> =>
    (await node.metrics()).get(`p2p_connections_refused_total{reason="${reason}"}`) ?? 0;
  const before = await refused();
  await until(`a connection is refused: ${reason}`, async () => (await refused()) > before);
}

/** Replaces the white list of a node's configuration. */
function allowOnly(node: ChainNode, nodeIds: readonly string[]): void {
  const lines = nodeIds.map((nodeId, index) => `    cal.${index}=${nodeId}`).join("\n");
  node.change("config.ini", (text) => text.replace(/(\[certificate_whitelist\])[^[]*/, `$1\n${lines}\n\n`));
}

test("a reloaded white list ends the sessions it does not allow, and keeps such nodes out", async () => {
  const node = chain.node(0);
  // Letters in capitals are the same node.
  allowOnly(node, [chain.node(1).nodeId.toUpperCase(), chain.node(2).nodeId]);
  await sleep(1000);
  await expectPeers(0, 1, 2, 3);
  node.write("config.ini.reset_certificate_whitelist", "");
  await expectPeers(0, 1, 2);
  expect(node.exists("config.ini.reset_certificate_whitelist")).toBe(false);
  expect((await node.metrics()).get('p2p_sessions_ended_total{reason="not-in-whitelist"}')).toBe(1);
  await expectPeers(3, 1, 2);
  await refusesOnceMore(node, "not-in-whitelist");
  expect(await peerIds(node)).toEqual(idsOf(1, 2));
  // Three of four sealers see each other's votes through one another.
  const receipt = await (await chain.node(1).client()).execute({ data: new Uint8Array(0) });
  await chain.reached(receipt.blockNumber);
});

test("B21: a white list that cannot be read changes nothing", async () => {
  const node = chain.node(0);
  const before = node.read("config.ini");
  allowOnly(node, ["nonsense"]);
  node.write("config.ini.reset_certificate_whitelist", "");
  await until("the signal was seen", () => !node.exists("config.ini.reset_certificate_whitelist"));
  await sleep(500);
  expect(await peerIds(node)).toEqual(idsOf(1, 2));
  node.write("config.ini", before);
});

test("an empty white list lets everybody in again", async () => {
  const node = chain.node(0);
  allowOnly(node, []);
  node.write("config.ini.reset_certificate_whitelist", "");
  await expectPeers(0, 1, 2, 3);
});

test("a node in the black list is refused, whoever dials and whatever the white list says; the chain goes on without that session", async () => {
  const node = chain.node(2);
  await node.end("SIGTERM");
  node.change("config.ini", (text) =>
    text.replace("[certificate_blacklist]", `[certificate_blacklist]\n    crl.0=${chain.node(3).nodeId}`),
  );
  allowOnly(node, idsOf(0, 1, 3));
  node.start();
  await expectPeers(2, 0, 1);
  await expectPeers(3, 0, 1);
  await refusesOnceMore(node, "in-blacklist");
  expect(await peerIds(node)).toEqual(idsOf(0, 1));
  expect((await node.metrics()).get("p2p_sessions")).toBe(2);
  const receipt = await (await chain.node(3).client()).execute({ data: new Uint8Array(0) });
  await chain.reached(receipt.blockNumber);
});
