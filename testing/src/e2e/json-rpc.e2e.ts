/** The examples of `docs/reference/json-rpc.md`, sent to a real node that has the recorded chain they speak of. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Client } from "@tsbcos/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PATIENCE_MS, TestChain, until } from "../harness/index.js";
import { plantRecording } from "../harness/recorded-nodes.js";

const PAGE = readFileSync(fileURLToPath(new URL("../../../docs/reference/json-rpc.md", import.meta.url)), "utf8");

interface Example {
  readonly request: string;
  readonly answer: string;
}

/** Those that change something, and those about failures in words, which an option switches on, stand in `text`. */
function examplesIn(language: "rpc" | "text"): Example[] {
  const blocks = [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, block = ""]) => block,
  );
  return blocks.flatMap((block) =>
    [...block.matchAll(/^→ (.*)\n← (.*)$/gm)].map(([, request = "", answer = ""]) => ({ request, answer })),
  );
}

let chain: TestChain;
let client: Client;
beforeAll(async () => {
  chain = await TestChain.build();
  await plantRecording(chain, "standard");
  // The page shows the answers of 2.x, and one with the option.
  chain.node(0).change("config.ini", (text) => text.replace("revert_reasons=true", "revert_reasons=false"));
  await chain.start();
  client = await chain.node(0).client();
});
afterAll(() => chain.dispose());

async function ask(request: string, node = 0): Promise<string> {
  const response = await fetch(chain.node(node).url, { method: "POST", body: request });
  expect(response.status).toBe(200);
  return (await response.text()).trim();
}

/** An answer with what differs from run to run made equal: addresses of peers, and their order. */
function normalised(answer: string): string {
  const parsed = JSON.parse(answer.replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:port")) as { readonly result?: unknown };
  const { result } = parsed;
  // Node ids are shown shortened: their beginnings tell them apart.
  const nameOf = (one: unknown): string =>
    (typeof one === "string" ? one : ((one as { readonly NodeID?: string } | null)?.NodeID ?? "")).slice(0, 4);
  const isOfNodes = Array.isArray(result) && result.every((one) => nameOf(one) !== "");
  return JSON.stringify(
    isOfNodes ? { ...parsed, result: result.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) } : parsed,
  );
}

/** What the page shows, where `…` stands for text left out. */
function patternOf(shown: string): RegExp {
  const parts = normalised(shown)
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*?")}$`);
}

function expectAnswer(request: string, answer: string, shown: string): void {
  expect(normalised(answer), request).toMatch(patternOf(shown));
}

/** On a machine with much else to do a leader may have been late before anybody asked, and views differ from the page's. */
function asIfNobodyWasLate(request: string, answer: string): string {
  if (request.includes('"getPbftView"')) return answer.replace(/"0x[0-9a-f]+"/, '"0x0"');
  if (!request.includes('"getConsensusStatus"')) return answer;
  const parsed = JSON.parse(answer) as { result: [Record<string, unknown>, readonly { readonly nodeId: string }[]] };
  const [own, views] = parsed.result;
  // Nodes are connected with nobody, as this tells it, until they have something to tell of a view.
  const atRest = { ...own, connectedNodes: 0, currentView: 0, leaderFailed: false, toView: 0 };
  const ofItself = views.filter(({ nodeId }) => nodeId === own["nodeId"]).map(({ nodeId }) => ({ nodeId, view: 0 }));
  return JSON.stringify({ ...parsed, result: [atRest, ofItself] });
}

test("each question is answered as the page says", async () => {
  const examples = examplesIn("rpc");
  expect(examples.length).toBeGreaterThan(40);
  for (const { request, answer } of examples) {
    const asked = async (): Promise<string> => asIfNobodyWasLate(request, await ask(request));
    // Nodes need a moment to hear of each other, and these questions change nothing.
    const isShown = async (): Promise<boolean> => patternOf(answer).test(normalised(await asked()));
    await until("the answer is that of the page", isShown, PATIENCE_MS / 4).catch(() => undefined);
    expectAnswer(request, await asked(), answer);
  }
});

test("what changes something does what the page says", async () => {
  const ids = chain.nodes.map(({ nodeId }) => nodeId);
  const whole = (text: string): string => {
    const found = ids.find((id) => id.startsWith(text.slice(0, 4)) && id.endsWith(text.slice(-4)));
    return found ?? text;
  };
  const draft = { to: `0x${"00".repeat(18)}1003`, data: new Uint8Array(4) };
  const examples = examplesIn("text");
  // A peer is added and erased; a group is made, and then stopped, removed, recovered; the methods stand in another order.
  const order = ["addPeers", "erasePeers", "generateGroup", "startGroup", "stopGroup", "removeGroup", "recoverGroup"];
  const methodOf = ({ request }: Example): string => /"method":"(\w+)"/.exec(request)?.[1] ?? "";
  const seen: string[] = [];
  for (const method of [...order, "sendRawTransaction", "sendRawTransactionAndGetProof", "call"]) {
    const [example] = examples.filter((one) => methodOf(one) === method);
    if (example === undefined) throw new Error(`there is no example of ${method}`);
    seen.push(method);
    let { request, answer } = example;
    request = request.replace(/"[0-9a-f]{4}…[0-9a-f]{4}"/g, (text) => `"${whole(text.slice(1, -1))}"`);
    if (method.startsWith("sendRaw")) {
      // The page's transaction is in the chain: another one, whose hash is known.
      const { raw, hash } = await client.sign(draft);
      request = request.replace(/"0xf904d482…"/, `"0x${Buffer.from(raw).toString("hex")}"`);
      answer = answer.replace(/"result":"0x[0-9a-f]{64}"/, `"result":"${hash}"`);
      expectAnswer(request, await ask(request), answer);
      expect((await client.waitForReceipt(hash)).status).toBe(0);
      continue;
    }
    // Both sealers of the new group are given it.
    if (method === "generateGroup") expectAnswer(request, await ask(request, 1), answer);
    // The option stands in the settings that chains are built with.
    expectAnswer(request, await ask(request, method === "call" ? 1 : 0), answer.replace("0xc7", "0x…"));
  }
  expect([...new Set(examples.map(methodOf))].sort()).toEqual([...seen].sort());
});
