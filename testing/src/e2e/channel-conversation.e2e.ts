import { connect } from "node:tls";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesToUtf8, hexToBytes, type ByteString } from "@tsbcos/core/primitives";
import { ChannelType, decodeTopicData, encodeChannelFrame, type ChannelFrame } from "@tsbcos/core/protocol";
import { loadJson } from "../vectors/index.js";
import { PATIENCE_MS, TestChain, sleep, until } from "../harness/index.js";
import { RawChannelClient, channelPortOf } from "../harness/raw-channel.js";
import { plantRecording, recordedSdk } from "../harness/recorded-nodes.js";

/**
 * The conversation of two SDKs with two 2.9.1 nodes, held with ours: the nodes have the recorded keys, certificates and
 * blocks, the clients send what they sent, byte for byte. The answers must be the recorded ones.
 *
 * Tolerated, because it differs from run to run: hashes of blocks made here (they have other times), the order of
 * receipts within a block, and when event logs come between other frames. Meant to be different:
 *
 * - who built the node, in getClientVersion
 * - the words of an internal error behind its prefix
 * - an AMOP request to a subscriber at the same node is delivered; the 2.9.1 node loses it
 * - a frame that is too short to be one ends the session; the 2.9.1 session hangs
 */

interface Entry {
  readonly note?: string;
  readonly client?: "a" | "b";
  readonly dir?: "in" | "out";
  readonly type?: string;
  readonly seq?: string;
  readonly result?: number;
  readonly data?: string;
  readonly text?: string;
  readonly noReply?: string;
  readonly closed?: boolean;
}

type Name = "a" | "b";
interface Said {
  readonly type: number;
  readonly seq: string;
  readonly result: number;
  readonly text: string;
}

const entries = loadJson("wire/channel.json.gz") as readonly Entry[];
const sdk = recordedSdk("wire");
let chain: TestChain;
const clients = new Map<Name, RawChannelClient>();
const clientOf = (name: Name): RawChannelClient => clients.get(name) as RawChannelClient;

/** The text of an inbound frame of the recording; some have only their text. */
function recordedText({ data, text }: Entry): string {
  return text ?? bytesToUtf8(hexToBytes(data ?? ""));
}

function frameOf({ type = "", seq = "", result = 0, data = "" }: Entry): ChannelFrame {
  return { type: Number(type), seq: seq as ByteString, result, data: hexToBytes(data) };
}

const FIRST_NEW_BLOCK = 8;

/** Hides what belongs to one run. */
function comparable({ type, seq, result, text }: Said): string {
  let content = text;
  if (type === ChannelType.Rpc) {
    content = content
      .replace(/"(Build Time|Build Type|Git Branch|Git Commit Hash)":"[^"]*"/g, '"$1":"..."')
      .replace(/(INTERNAL_ERROR: : INTERNAL_ERROR: : ).*?"/s, '$1..."');
  }
  if (type === ChannelType.Receipt && !content.includes('"blockNumber" : "0x0"')) {
    content = content.replace(/"blockHash" : "0x[0-9a-f]{64}"/, '"blockHash" : "..."');
  }
  if (type === ChannelType.EventLogs) {
    content = content.replace(/"blockHash":"0x[0-9a-f]{64}","blockNumber":"(\d+)"/g, (whole, number: string) =>
      Number(number) >= FIRST_NEW_BLOCK ? `"blockHash":"...","blockNumber":"${number}"` : whole,
    );
  }
  return `0x${type.toString(16)} ${seq.replace(/^0+/, "")} ${result} ${content}`;
}

function saidBy(name: Name): Said[] {
  return clientOf(name).received.map(({ type, seq, result, data }) => ({ type, seq, result, text: bytesToUtf8(data) }));
}

function recordedFor(name: Name, until: number = entries.length): Said[] {
  return entries
    .slice(0, until)
    .filter(({ client, dir }) => client === name && dir === "in")
    .map((entry) => ({
      type: Number(entry.type),
      seq: entry.seq ?? "",
      result: entry.result ?? 0,
      text: recordedText(entry),
    }));
}

const isLog = ({ type }: Said): boolean => type === ChannelType.EventLogs;

/** Frames in order, but for event logs, and with the receipts of one block sorted. */
function inOrder(said: readonly Said[]): string[] {
  const frames = said.filter((frame) => !isLog(frame));
  const sorted: string[] = [];
  for (let i = 0; i < frames.length;) {
    let end = i + 1;
    const isReceipt = (at: number): boolean => frames[at]?.type === ChannelType.Receipt;
    while (isReceipt(i) && isReceipt(end)) end++;
    sorted.push(...frames.slice(i, end).map(comparable).sort());
    i = end;
  }
  return sorted;
}

/** Answers to what was meant to be different; taken out of what was received. */
function isNew({ type, seq }: Said): boolean {
  const toItself = "0000000000000000000000000000001f";
  return seq === toItself && (type === ChannelType.AmopRequest || type === ChannelType.AmopResponse);
}

async function topicsAt0(): Promise<readonly string[]> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getPeers", params: [1] });
  const response = await fetch(chain.node(0).url, { method: "POST", body });
  const { result } = (await response.json()) as { readonly result: readonly { readonly Topic: readonly string[] }[] };
  return result.flatMap(({ Topic }) => Topic);
}

/** What has to be done between two messages of a client so that both chains are in the same state. */
async function prepare(note: string): Promise<void> {
  if (note.startsWith("transaction: reply")) {
    await until("node0 knows the topics of node1", async () => (await topicsAt0()).includes("news"));
  }
  if (note === "subscriber leaves") {
    clientOf("b").close();
    await until("node0 knows that nobody has the topic", async () => !(await topicsAt0()).includes("news"));
  }
  // The recorded chain put two transactions into one block, because a silent leader held it up in between.
  if (note === "transaction that logs") {
    signalSealers("SIGSTOP");
    await nobodyLeads();
  }
}

/** Waits until the two sealers that run have given their leader up: one of them would propose the first transaction alone. */
async function nobodyLeads(): Promise<void> {
  let sinceMs = performance.now();
  await until("nobody leads", async () => {
    for (const index of [0, 1]) {
      const answer = await chain.node(index).rpc.request("getConsensusStatus", [1]);
      const [{ leaderFailed }] = answer as [{ readonly leaderFailed: boolean }];
      if (!leaderFailed) sinceMs = performance.now();
    }
    // What the others sent before they stopped has arrived by then.
    return performance.now() - sinceMs > 1000;
  });
}

const resume = (): void => {
  signalSealers("SIGCONT");
};

/** Two sealers of four: without them there is no block. */
function signalSealers(signal: "SIGSTOP" | "SIGCONT"): void {
  for (const index of [2, 3]) process.kill(chain.node(index).pid as number, signal);
}

/** Waits until a client has everything that it had at this point of the recording. */
async function caughtUp(name: Name, position: number): Promise<void> {
  const expected = recordedFor(name, position).length;
  const received = (): Said[] => saidBy(name).filter((said) => !isNew(said));
  try {
    await until(`${name} has ${expected} frames`, () => received().length >= expected, PATIENCE_MS, 5);
  } catch {
    // Says which frames are missing or different.
    expect(received().map(comparable), `up to entry ${position}`).toEqual(recordedFor(name, position).map(comparable));
  }
}

async function play(): Promise<void> {
  let note = "";
  for (const [position, entry] of entries.entries()) {
    if (entry.note !== undefined) {
      note = entry.note;
      await prepare(note);
      continue;
    }
    if (entry.dir === "out") {
      clientOf(entry.client as Name).send(frameOf(entry));
      continue;
    }
    if (entry.noReply !== undefined) await sleep(300);
    const isHeldUp = note === "transaction that logs" || note === "transaction with proofs";
    if (entry.dir !== "in" || (isHeldUp && entry.type !== "0x12")) continue;
    if (!isHeldUp) {
      await caughtUp(entry.client as Name, position + 1);
      continue;
    }
    // No block comes now, so the answer to the request is all that can be waited for.
    await clientOf("a").waitFor("the answer", ({ seq, type }) => seq === entry.seq && type === ChannelType.Rpc);
    if (note === "transaction with proofs") {
      resume();
      note = "";
    }
  }
}

beforeAll(async () => {
  chain = await TestChain.build();
  await plantRecording(chain, "wire");
  await chain.start();
  for (const [name, index] of [
    ["a", 0],
    ["b", 1],
  ] as const) {
    clients.set(name, await RawChannelClient.connect({ port: channelPortOf(chain.node(index)), certificates: sdk }));
  }
  await play();
});
afterAll(async () => {
  for (const client of clients.values()) client.close();
  await chain.dispose();
});

describe("the recorded conversation", () => {
  test.each(["a", "b"] as const)("client %s gets the recorded frames, in their order", (name) => {
    expect(inOrder(saidBy(name).filter((said) => !isNew(said)))).toEqual(inOrder(recordedFor(name)));
  });

  test("event logs are those of the recording, filter by filter", () => {
    const logsOf = (said: readonly Said[]): string[] => said.filter(isLog).map(comparable);
    const byFilter = (texts: readonly string[]): string[] =>
      [...texts].sort((x, y) => (x.slice(0, 60) < y.slice(0, 60) ? -1 : 1));
    expect(byFilter(logsOf(saidBy("b")))).toEqual(byFilter(logsOf(recordedFor("b"))));
    expect(logsOf(saidBy("a"))).toEqual([]);
  });

  test("the answer to a transaction comes before its receipt", () => {
    const said = saidBy("a");
    const receipts = said.filter(({ type }) => type === ChannelType.Receipt);
    expect(receipts.length).toBeGreaterThan(4);
    for (const { seq } of receipts) {
      const types = said.filter((one) => one.seq === seq).map(({ type }) => type);
      expect(types).toEqual([ChannelType.Rpc, ChannelType.Receipt]);
    }
  });

  test("meant to be different: a request to a subscriber at the same node is delivered, and times out like others", async () => {
    const isAnswer = ({ seq, type }: ChannelFrame): boolean => seq.endsWith("1f") && type === ChannelType.AmopResponse;
    const answer = await clientOf("a").waitFor("the node gives up", isAnswer);
    const frames = saidBy("a").filter(isNew);
    expect(frames.map(({ type }) => type)).toEqual([ChannelType.AmopRequest, ChannelType.AmopResponse]);
    expect(answer.result).toBe(104);
    expect(decodeTopicData(answer.data)).toMatchObject({ value: { topic: "from-a" } });
  });

  test("each message is a TLS record of its own", () => {
    const { pieces, received } = clientOf("b");
    const lengths = received.map(({ data }) => 42 + data.length);
    const whole = lengths.filter((length) => length <= 16_384);
    expect(pieces.filter((length) => length < 16_384).length).toBeGreaterThanOrEqual(whole.length);
  });

  test("meant to be different: a frame of length 10 ends the session", async () => {
    const client = clientOf("a");
    client.sendBytes(Uint8Array.of(0, 0, 0, 10, 0, 0x13, 0, 0, 0, 0));
    await until("the node closes", () => client.isClosed);
  });
});

describe("the certificates of the recording", () => {
  /** The suite of a connection that answers, or how the node got rid of it. */
  const tls = (options: Record<string, unknown>): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({
        host: "127.0.0.1",
        port: channelPortOf(chain.node(0)),
        ca: readFileSync(join(sdk, "ca.crt")),
        cert: readFileSync(join(sdk, "sdk.crt")),
        key: readFileSync(join(sdk, "sdk.key")),
        checkServerIdentity: () => undefined,
        ...options,
      });
      // A server that refuses a certificate lets TLS 1.2 finish and closes then: only an answer says that it does not.
      socket.once("secureConnect", () => {
        const seq = "7".repeat(32) as ByteString;
        socket.write(encodeChannelFrame({ type: ChannelType.Heartbeat, seq, result: 0, data: Buffer.from("0") }));
      });
      socket.once("data", () => {
        resolve(`${socket.getProtocol() ?? ""} ${socket.getCipher().standardName}`);
        socket.destroy();
      });
      socket.once("close", () => {
        resolve("closed");
      });
      socket.once("error", () => {
        resolve("refused");
      });
    });

  test("plain RSA key exchange, which 2.9.1 and its SDKs agree on, is there", async () => {
    expect(await tls({ ciphers: "AES256-GCM-SHA384" })).toBe("TLSv1.2 TLS_RSA_WITH_AES_256_GCM_SHA384");
    expect(await tls({ ciphers: "AES128-GCM-SHA256" })).toBe("TLSv1.2 TLS_RSA_WITH_AES_128_GCM_SHA256");
  });

  test("ephemeral keys on any usual curve are there", async () => {
    for (const ecdhCurve of ["secp256k1", "prime256v1", "secp384r1"]) {
      // OpenSSL's client has no secp256k1 for TLS 1.3, and gives up before it could agree on 1.2.
      const agreed = await tls({ ecdhCurve, maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" });
      expect(agreed, ecdhCurve).toContain("ECDHE_RSA");
    }
  });

  test("older and newer TLS is not", async () => {
    expect(await tls({ minVersion: "TLSv1.3" })).toBe("refused");
    expect(await tls({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" })).toBe("refused");
  });

  test("a client without a certificate, or with one of the nodes' own family, is not let in", async () => {
    expect(await tls({ cert: undefined, key: undefined })).toMatch(/closed|refused/);
    const conf = join(chain.node(0).directory, "conf");
    const foreign = { cert: readFileSync(join(conf, "node.crt")), key: readFileSync(join(conf, "node.key")) };
    expect(await tls({ ...foreign, ciphers: "ECDHE-RSA-AES128-GCM-SHA256" })).toMatch(/closed|refused/);
  });
});

test("nothing of the conversation made a node complain", () => {
  for (const node of chain.nodes) expect(node.output).not.toMatch(/defect|invariant|Error/);
});
