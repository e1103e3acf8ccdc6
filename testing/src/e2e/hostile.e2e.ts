import { connect as connectTcp, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAccount } from "@tsbcos/sdk";
import { connectAs, PATIENCE_MS, TestChain, sleep, until, type ChainNode } from "../harness/index.js";

let chain: TestChain;
const MEGABYTE = 1024 * 1024;

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
});
afterAll(() => chain.dispose());
// A test that failed may have left a node dead.
beforeEach(() => chain.whole());

/** The chain still makes blocks, on every node, and memory has stayed where it was. */
async function expectAlive(): Promise<void> {
  const client = await chain.node(1).client();
  const receipt = await client.execute({ to: "0000000000000000000000000000000000005002", data: new Uint8Array(0) });
  await chain.reached(receipt.blockNumber);
  for (const node of chain.nodes) {
    expect(node.pid, `node${node.index} runs`).toBeDefined();
    expect(node.residentBytes()).toBeLessThan(400 * MEGABYTE);
  }
}

/** Whether the other side ends it; asked in the turn in which something is sent, lest the end comes before. */
function closed(socket: Socket): Promise<boolean> {
  return Promise.race([
    new Promise<boolean>((done) =>
      socket.once("close", () => {
        done(true);
      }),
    ),
    sleep(PATIENCE_MS).then(() => false),
  ]);
}

function tcp(node: ChainNode): Socket {
  const socket = connectTcp(node.p2pPort, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  return socket;
}

describe("nothing that a client or a peer sends stops the chain", () => {
  test.each([0, 1, 2, 3])(
    "B28: a transaction with %i bytes of calldata is committed, and the chain goes on",
    async (length) => {
      const client = await chain.node(length).client();
      const deployed = await client.execute({ data: new Uint8Array(0) });
      expect(deployed.status).toBe(0);
      for (const to of [
        deployed.contractAddress as string,
        createAccount().address,
        "0000000000000000000000000000000000001000",
        "0000000000000000000000000000000000005002",
      ]) {
        const receipt = await client.execute({ to, data: new Uint8Array(length) });
        expect(receipt.blockNumber).toBeGreaterThan(0);
      }
      await expectAlive();
    },
  );

  test("B20: garbage instead of JSON-RPC, and requests cut short", async () => {
    for (const body of [
      "",
      "{",
      "[",
      '{"jsonrpc":"2.0","method":"getBlockByNumber","id":1,"params":[1,"zz",true]}',
      "\u0000".repeat(1000),
    ]) {
      const response = await fetch(chain.node(0).url, { method: "POST", body });
      expect(await response.text()).toContain('"error"');
    }
    const socket = connectTcp(chain.node(0).rpcPort, "127.0.0.1").on("error", () => undefined);
    socket.write("POST / HTTP/1.1\r\ncontent-length: 1000000000\r\n\r\n{");
    await sleep(100);
    socket.destroy();
    await expectAlive();
  });

  test("B6: a transaction with a broken signature is refused", async () => {
    const client = await chain.node(0).client();
    const { rpc } = client;
    const { raw } = await client.sign({ data: new Uint8Array(0) });
    await expect(rpc.sendRawTransaction(raw.slice(0, -10))).rejects.toThrow(/INTERNAL_ERROR/);
    await expect(rpc.sendRawTransaction(new Uint8Array(100).fill(0xff))).rejects.toThrow(/INTERNAL_ERROR/);
    await expectAlive();
  });

  test("garbage on the P2P port ends that connection", async () => {
    const socket = tcp(chain.node(0));
    socket.write(Buffer.alloc(4096, 0x41));
    expect(await closed(socket)).toBe(true);
    await expectAlive();
  });

  test("handshakes that are never finished are given up, and do not keep honest peers out", async () => {
    const target = chain.node(2);
    const sockets = Array.from({ length: 300 }, () => tcp(target));
    await sleep(500);
    await chain.node(3).end("SIGTERM");
    chain.node(3).start();
    await chain.connected(chain.node(3));
    await until("the idle connections are closed", () => sockets.every((socket) => socket.closed), PATIENCE_MS, 200);
    await expectAlive();
  });

  test("B1: a frame that claims four gigabytes, or less than its own header, ends the session", async () => {
    const identity = chain.node(3);
    await identity.end("SIGTERM");
    for (const length of [0xffffffff, 104_857_601, 15, 0]) {
      const socket = await connectAs(identity, chain.node(0));
      const header = Buffer.alloc(16);
      header.writeUInt32BE(length, 0);
      header.writeInt32BE(0x00010008, 6);
      socket.write(header);
      expect(await closed(socket), `length ${length}`).toBe(true);
    }
    identity.start();
    await chain.connected(identity);
    await expectAlive();
  });

  test("B14: frames with random bodies for every module are dropped", async () => {
    const identity = chain.node(3);
    await identity.end("SIGTERM");
    const socket = await connectAs(identity, chain.node(0));
    for (let turn = 0; turn < 2000 && !socket.closed; turn++) {
      const body = Buffer.alloc(Math.floor(Math.random() * 300), Math.floor(Math.random() * 256));
      const header = Buffer.alloc(16);
      header.writeUInt32BE(16 + body.length, 0);
      header.writeInt32BE((1 << 16) | ([1, 2, 8, 9, 11][turn % 5] ?? 8), 6);
      header.writeUInt16BE(turn % 8, 10);
      socket.write(Buffer.concat([header, body]));
    }
    await sleep(500);
    socket.destroy();
    identity.start();
    await chain.connected(identity);
    await expectAlive();
  });
});
