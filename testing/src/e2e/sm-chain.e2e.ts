import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect, createAccount, parseAbi, type Client } from "@tsbcos/sdk";
import { smSuite } from "@tsbcos/core/crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestChain, until } from "../harness/index.js";
import { plantRecording, recordedSdk } from "../harness/recorded-nodes.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(ROOT, "cli", "dist", "main.js");
const run = promisify(execFile);

const TOKEN = JSON.parse(readFileSync(join(ROOT, "examples", "contracts", "Token.json"), "utf8")) as {
  bytecode: string;
};
const CONSTRUCTOR = parseAbi(["constructor(uint256 supply)"]);

/** Sends one transaction that succeeds, and gives the number of its block. */
async function transact(client: Client): Promise<number> {
  const { receipt } = await client.deploy({ abi: CONSTRUCTOR, bytecode: TOKEN.bytecode, args: [1000n] });
  expect(receipt.status).toBe(0);
  return receipt.blockNumber;
}

describe("four nodes with SM TLS between them and for SDKs", () => {
  let chain: TestChain;
  let client: Client;
  const channelOf = (index: number): string => `127.0.0.1:${chain.node(index).channelPort}`;

  beforeAll(async () => {
    chain = await TestChain.build(["-g", "-G"]);
    await chain.start();
    client = await connect({ nodes: [channelOf(0), channelOf(1)], tls: join(chain.sdkFolder, "gm") });
  });
  afterAll(async () => {
    await client.close();
    await chain.dispose();
  });
  // A test that failed may have left a node dead.
  beforeEach(() => chain.whole());

  test("know each other by their SM certificates", async () => {
    const peers = await chain.node(0).rpc.getPeers();
    expect(peers.map(({ NodeID }) => NodeID).sort()).toEqual([1, 2, 3].map((i) => chain.node(i).nodeId).sort());
    expect(new Set(peers.map(({ Agency }) => Agency))).toEqual(new Set(["agency-gm"]));
  });

  test("agree on the transactions of a client of the channel, and push its receipts", async () => {
    let height = 0;
    for (let i = 0; i < 5; i++) height = await transact(client);
    await chain.reached(height);
    expect(await chain.agreedHashes(height)).toHaveLength(height + 1);
  });

  test("go on without one of them, which catches up when it is back", async () => {
    const last = chain.node(3);
    await last.end("SIGTERM");
    const height = await transact(client);
    last.start();
    await chain.connected(last);
    await chain.reached(height);
    await chain.agreedHashes(height);
  });

  test("lose a client's node and keep the client", async () => {
    await chain.node(0).end("SIGKILL");
    const height = await transact(client);
    chain.node(0).start();
    await chain.connected(chain.node(0));
    await chain.reached(height);
  });

  test("tell a client with ordinary certificates which ones it needs", async () => {
    const refused = connect({ nodes: channelOf(2), tls: chain.sdkFolder, timeoutMs: 60_000 });
    await expect(refused).rejects.toThrow(/sm_crypto_channel=true speaks SM TLS: name the folder with gmca\.crt/);
  });

  test("are found in order by the doctor, and a certificate of another node is not", async () => {
    const examine = (): Promise<{ stdout: string }> => run(process.execPath, [COMMAND, "doctor", chain.directory]);
    await expect(examine()).resolves.toMatchObject({ stdout: expect.stringMatching(/SDK.*certificate/) as string });
    const [own, other] = [chain.node(1), chain.node(2)];
    const kept = own.read("conf/gmennode.crt");
    own.write("conf/gmennode.crt", other.read("conf/gmennode.crt"));
    await expect(examine()).rejects.toMatchObject({ stdout: expect.stringContaining("gmennode.crt") as string });
    await own.end("SIGTERM");
    own.start();
    const hasRefused = (): boolean => own.pid === undefined && /gmennode\.key cannot be used/.test(own.output);
    await until("the node refuses and ends", hasRefused);
    own.write("conf/gmennode.crt", kept);
    own.start();
    await chain.connected(own);
  });
});

test("keys, certificates and blocks of a chain of the C++ tools go on, also for its SDK", async () => {
  const chain = await TestChain.build(["-g", "-G"]);
  try {
    await plantRecording(chain, "sm");
    await chain.start();
    const height = await chain.node(0).height();
    expect(height).toBeGreaterThan(190);
    const nodes = `127.0.0.1:${chain.node(2).channelPort}`;
    const client = await connect({ nodes, tls: join(recordedSdk("sm"), "gm") });
    expect(await transact(client)).toBe(height + 1);
    await chain.reached(height + 1);
    await client.close();
  } finally {
    await chain.dispose();
  }
});

test("SM nodes whose SDKs come with ordinary certificates", async () => {
  const chain = await TestChain.build(["-g"]);
  try {
    await chain.start();
    const account = createAccount(smSuite);
    const nodes = `127.0.0.1:${chain.node(0).channelPort}`;
    const client = await connect({ nodes, tls: chain.sdkFolder, account });
    await chain.reached(await transact(client));
    const refused = connect({ nodes, tls: join(chain.sdkFolder, "gm"), timeoutMs: 60_000 });
    await expect(refused).rejects.toThrow(/Others speak ordinary TLS: name the folder with ca\.crt/);
    await client.close();
  } finally {
    await chain.dispose();
  }
});
