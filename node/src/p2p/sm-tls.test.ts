import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import { P2P_HALF_OPEN_PER_ADDRESS_MAX, bytesEqual, createRandom, silentTracer } from "@tsbcos/core/primitives";
import type { NodeId, Tracer } from "@tsbcos/core/primitives";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { createP2pService, createSmTlsTransport, readSmCredentials } from "./index.js";
import type { P2pService, P2pServiceOptions } from "./index.js";
import { message, within } from "./network.fixture.js";

const RECORDINGS = fileURLToPath(new URL("../../../testing/vectors/fisco-bcos-2.9.1/sm/nodes/", import.meta.url));

/** The nodes of a recorded SM chain. */
const nodes = [0, 1, 2].map((i) => {
  const folder = `${RECORDINGS}node${i}/`;
  return readSmCredentials({
    keyFile: `${folder}gmnode.key`,
    certificateFile: `${folder}gmnode.crt`,
    encryptionKeyFile: `${folder}gmennode.key`,
    encryptionCertificateFile: `${folder}gmennode.crt`,
    caFile: `${folder}gmca.crt`,
    caPath: "",
  });
});

const running: P2pService[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((service) => service.close()));
  vi.useRealTimers();
});

interface SmNode {
  readonly service: P2pService;
  readonly nodeId: NodeId;
  readonly frames: P2pFrame[];
}

async function startNode(
  index: number,
  changes: Partial<P2pServiceOptions> & { handshakeTimeoutMs?: number } = {},
): Promise<SmNode> {
  const { credentials, nodeId } = nodes[index]!;
  const frames: P2pFrame[] = [];
  const service = await createP2pService({
    ...{ nodeId, transport: createSmTlsTransport(credentials, changes.handshakeTimeoutMs) },
    ...{ listen: { host: "127.0.0.1", port: 0 }, staticPeers: [], blacklist: [], whitelist: [], compress: true },
    onFrame: (_from, frame) => frames.push(frame),
    onPeersChanged: () => undefined,
    trace: silentTracer,
    ...changes,
    limits: { redialIntervalMs: 50, ...changes.limits },
  });
  running.push(service);
  return { service, nodeId, frames };
}

function peersOf({ service }: SmNode): number {
  return service.peers().length;
}

describe("nodes of an SM chain", () => {
  test("find each other by their certificates and exchange frames of any size", async () => {
    const a = await startNode(0);
    const b = await startNode(1, { staticPeers: [a.service.listening] });
    const c = await startNode(2, { staticPeers: [a.service.listening, b.service.listening] });
    await vi.waitFor(() => {
      expect([a, b, c].map(peersOf)).toEqual([2, 2, 2]);
    }, within);
    expect(a.service.peers().find(({ nodeId }) => nodeId === b.nodeId)).toMatchObject({
      agencyName: "agency-gm",
      nodeName: "node1",
    });
    const body = createRandom("sm").bytes(2_000_000);
    a.service.send([b.nodeId, c.nodeId], message(body));
    c.service.send([b.nodeId], message(Uint8Array.of(1)));
    await vi.waitFor(() => {
      expect([b.frames.length, c.frames.length]).toEqual([2, 1]);
    }, within);
    expect(bytesEqual(c.frames[0]!.body, body)).toBe(true);
  });

  test("keep black and white lists", async () => {
    const a = await startNode(0, { blacklist: [nodes[1]!.nodeId] });
    const b = await startNode(1, { staticPeers: [a.service.listening] });
    const c = await startNode(2, { staticPeers: [a.service.listening] });
    await vi.waitFor(() => {
      expect(peersOf(a)).toBe(1);
    }, within);
    a.service.setWhitelist([nodes[1]!.nodeId]);
    await vi.waitFor(() => {
      expect([a, b, c].map(peersOf)).toEqual([0, 0, 0]);
    }, within);
  });

  test("come back after a node was gone", async () => {
    const a = await startNode(0);
    const b = await startNode(1, { staticPeers: [a.service.listening] });
    await vi.waitFor(() => {
      expect(peersOf(b)).toBe(1);
    }, within);
    const at = a.service.listening;
    await a.service.close();
    await vi.waitFor(() => {
      expect(peersOf(b)).toBe(0);
    }, within);
    const again = await startNode(0, { listen: at });
    await vi.waitFor(() => {
      expect([again, b].map(peersOf)).toEqual([1, 1]);
    }, within);
  });
});

describe("strangers", () => {
  function plain(port: number): Socket {
    const socket = connectPlain(port, "127.0.0.1");
    socket.on("error", () => undefined).resume();
    sockets.push(socket);
    return socket;
  }

  /** Resolves however the connection ends. */
  function closed(socket: Socket): Promise<void> {
    return new Promise((done) => {
      socket.once("close", () => {
        done();
      });
    });
  }

  test("who speak ordinary TLS, or none, are counted by what they did wrong", async () => {
    const messages: unknown[] = [];
    const trace: Tracer = ({ event, fields }) => {
      if (event === "connection-refused") messages.push(fields?.["message"]);
    };
    const { service } = await startNode(0, { trace });
    const { port } = service.listening;
    const talker = plain(port);
    talker.write("GET / HTTP/1.1\r\n\r\n");
    await closed(talker);
    const tls = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" });
    sockets.push(tls);
    tls.on("error", () => undefined);
    await closed(tls);
    await vi.waitFor(() => {
      expect(service.statistics().refused).toEqual({ "record-malformed": 1, "no-common-suite": 1 });
    }, within);
    expect(messages).toEqual([expect.stringMatching(/no record of TLS/), expect.stringMatching(/speaks ordinary TLS/)]);
  });

  test("300 handshakes that nobody ends cost no session, end by themselves, and let others in afterwards", async () => {
    // While time stands still, all of them come within the same second.
    const { setTimeout: later } = globalThis;
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const a = await startNode(0, { handshakeTimeoutMs: 400 });
    const { port } = a.service.listening;
    let ended = 0;
    const strangers = Array.from({ length: 300 }, () => {
      const socket = plain(port);
      // The beginning of a hello, and nothing more.
      socket.write(Buffer.from("16030100f6010000f20303", "hex"));
      return closed(socket).then(() => ended++);
    });
    const refused = (): number => Object.values(a.service.statistics().refused).reduce((sum, count) => sum + count, 0);
    const surplus = 300 - P2P_HALF_OPEN_PER_ADDRESS_MAX;
    while (ended < surplus) await new Promise((done) => later(done, 5));
    expect([ended, refused()]).toEqual([surplus, surplus]);
    expect(a.service.statistics().refused).not.toHaveProperty("handshake-timed-out");
    vi.advanceTimersByTime(399);
    expect(refused()).toBe(surplus);
    vi.advanceTimersByTime(1);
    await Promise.all(strangers);
    expect(refused()).toBe(300);
    expect(a.service.statistics().refused["handshake-timed-out"]).toBe(P2P_HALF_OPEN_PER_ADDRESS_MAX);
    vi.useRealTimers();
    // The limit of connections a second is over with the second.
    const b = await startNode(1, { staticPeers: [a.service.listening], limits: { redialIntervalMs: 200 } });
    await vi.waitFor(() => {
      expect([a, b].map(peersOf)).toEqual([1, 1]);
    }, within);
  });

  test("who is not there, or is another kind of node, is named by the same words as with ordinary TLS", async () => {
    const { credentials } = nodes[1]!;
    const transport = createSmTlsTransport(credentials);
    const dial = (port: number, timeoutMs = 60_000): Promise<unknown> =>
      transport.dial({ host: "127.0.0.1", port }, { timeoutMs, signal: new AbortController().signal });
    await expect(dial(1)).rejects.toMatchObject({ code: "peer-unreachable" });
    const { service } = await startNode(0);
    const { port } = service.listening;
    const connection = (await dial(port)) as { stream: { destroy(): void }; identity: { nodeName: string } };
    expect(connection.identity.nodeName).toBe("node0");
    connection.stream.destroy();
    await expect(dial(port, 0)).rejects.toMatchObject({ code: "dial-timed-out" });
  });
});
