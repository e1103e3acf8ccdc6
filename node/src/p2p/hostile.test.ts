import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import { P2P_HALF_OPEN_PER_ADDRESS_MAX, createRandom } from "@tsbcos/core/primitives";
import { encodeP2pFrame } from "@tsbcos/core/protocol";
import type { Holder } from "../net/certificates.fixture.js";
import { createRoot } from "../net/certificates.fixture.js";
import { createTlsTransport } from "./index.js";
import type { P2pServiceOptions } from "./index.js";
import { agency, closeAll, holders, idOf, message, root, startNode, transportOf, within } from "./network.fixture.js";
import type { TestNode } from "./network.fixture.js";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeAll();
});

const random = createRandom("hostile");

/** Connects with any TLS options; resolves with undefined once the connection is closed, however that came. */
function tryTls(node: TestNode, options: ConnectionOptions): Promise<TLSSocket | undefined> {
  const socket = connect({ ...node.service.listening, rejectUnauthorized: false, maxVersion: "TLSv1.2", ...options });
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on("error", () => undefined);
    socket.once("close", () => {
      resolve(undefined);
    });
    // The first bytes of a session are the announcement of topics: only who is accepted gets them.
    socket.once("data", () => {
      resolve(socket);
    });
  });
}

function credentialsOf(holder: Holder): ConnectionOptions {
  return { key: holder.keyPem, cert: holder.chainPem };
}

/** A connection that is through the handshake and can send any bytes. */
async function intruder(node: TestNode, index = 1): Promise<TLSSocket> {
  const socket = await tryTls(node, { ...credentialsOf(holders[index]!), ecdhCurve: "secp256k1" });
  expect(socket).toBeDefined();
  return socket!;
}

describe("TLS refuses", () => {
  const good = credentialsOf(holders[1]!);
  const stranger = createRoot({ name: "chain" }).issue({ name: "agency", basicConstraints: "authority" });
  const expired = agency.issue({ name: "late", years: -1 });
  const cases: [string, ConnectionOptions, string][] = [
    ["no certificate", {}, "certificate-missing"],
    ["a certificate of another chain", credentialsOf(stranger.issue({ name: "node1" })), "certificate-not-trusted"],
    ["an expired certificate", credentialsOf(expired), "certificate-not-trusted"],
    ["a certificate of an agency", credentialsOf(agency), "certificate-of-an-authority"],
    [
      "a certificate that does not say it is none of an authority",
      credentialsOf(agency.issue({ name: "old", basicConstraints: "absent" })),
      "certificate-of-an-authority",
    ],
    [
      "a certificate on another curve",
      { ...credentialsOf(agency.issue({ name: "p256", curve: "prime256v1" })), ecdhCurve: "secp256k1:prime256v1" },
      "certificate-without-node-key",
    ],
    ["TLS 1.3", { ...good, minVersion: "TLSv1.3", maxVersion: "TLSv1.3", ecdhCurve: "auto" }, "handshake-failed"],
    [
      "TLS 1.1",
      { ...good, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" },
      "handshake-failed",
    ],
    ["weak ciphers", { ...good, ciphers: "ECDHE-ECDSA-AES128-SHA:AES128-SHA@SECLEVEL=0" }, "handshake-failed"],
    ["a peer that knows X25519 alone", { ...good, ecdhCurve: "X25519" }, "handshake-failed"],
  ];
  test.each(cases)("%s", async (_, options, reason) => {
    const node = await startNode(0);
    expect(await tryTls(node, { ecdhCurve: "secp256k1", ...options })).toBeUndefined();
    await vi.waitFor(() => {
      expect(node.service.statistics().refused).toEqual({ [reason]: 1 });
    }, within);
    expect(node.peerSets).toEqual([]);
  });

  test("a listener with a certificate of another chain", async () => {
    const other = createRoot({ name: "chain" });
    const holder = other.issue({ name: "agency", basicConstraints: "authority" }).issue({ name: "node3" });
    const credentials = { key: holder.keyPem, certificate: holder.chainPem, authorities: root.chainPem };
    const impostor = await startNode(3, { nodeId: idOf(holder), transport: createTlsTransport(credentials) });
    const node = await startNode(0, { staticPeers: [impostor.service.listening] });
    await vi.waitFor(() => {
      expect(node.service.statistics().refused["certificate-not-trusted"]).toBeGreaterThanOrEqual(1);
    }, within);
    expect(node.peerSets).toEqual([]);
  });

  test("key and certificate that do not belong together, at the start", () => {
    const credentials = { key: holders[0]!.keyPem, certificate: holders[1]!.chainPem, authorities: root.chainPem };
    expect(() => createTlsTransport(credentials)).toThrow(expect.objectContaining({ code: "credentials-invalid" }));
  });

  test("renegotiation", async () => {
    const node = await startNode(0);
    const socket = await intruder(node);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const asked = new Promise<Error | null>((resolve) => {
      if (socket.renegotiate({}, resolve) === false) resolve(new Error("not sent"));
    });
    expect(await Promise.race([asked, closed.then(() => new Error("closed"))])).toBeInstanceOf(Error);
  });
});

test("a client like the C++ node, which offers its SM2 curve by the number of X25519, is served with secp256k1", async () => {
  const node = await startNode(0);
  const socket = await tryTls(node, { ...credentialsOf(holders[1]!), ecdhCurve: "X25519:prime256v1:secp256k1" });
  expect(socket?.getProtocol()).toBe("TLSv1.2");
  expect((socket?.getEphemeralKeyInfo() as { name?: string }).name).toBe("secp256k1");
});

test("nothing of a session is offered for resumption", async () => {
  const node = await startNode(0);
  const socket = await intruder(node);
  expect(socket.getTLSTicket()).toBeUndefined();
  const session = socket.getSession();
  socket.destroy();
  await vi.waitFor(() => {
    expect(node.service.peers()).toEqual([]);
  }, within);
  const options: ConnectionOptions = { ...credentialsOf(holders[1]!), ecdhCurve: "secp256k1" };
  const again = await tryTls(node, session === undefined ? options : { ...options, session });
  expect(again?.isSessionReused()).toBe(false);
});

describe("before the handshake is over", () => {
  async function plain(node: TestNode): Promise<Socket> {
    const { host, port } = node.service.listening;
    const socket = connectPlain(port, host);
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    return socket;
  }
  const closeOf = (socket: Socket): Promise<unknown> =>
    socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve));

  function impatient(handshakeTimeoutMs: number): Partial<P2pServiceOptions> {
    return { transport: transportOf(holders[0]!, handshakeTimeoutMs) };
  }

  test("plain text and random bytes end the connection and are counted", async () => {
    const node = await startNode(0);
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", random.bytes(5000), Uint8Array.of(0x16, 3, 3, 0xff, 0xff, 1)]) {
      const socket = await plain(node);
      socket.end(bytes);
      await closeOf(socket);
    }
    await vi.waitFor(() => {
      const { refused } = node.service.statistics();
      expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(3);
    }, within);
  });

  test("a handshake that never ends is ended", async () => {
    const node = await startNode(0, impatient(60));
    const socket = await plain(node);
    socket.write(Uint8Array.of(0x16, 3, 1));
    await closeOf(socket);
    expect(node.service.statistics().refused).toEqual({ "handshake-timed-out": 1 });
  });

  test("the log says where a connection came from that was given up, also when it was cut hard", async () => {
    const given: unknown[] = [];
    const node = await startNode(0, {
      trace: ({ event, fields }) => {
        if (event === "connection-refused") given.push(fields);
      },
    });
    const givenFrom = (port: number | undefined): unknown[] =>
      given.filter((fields) => (fields as { readonly port: unknown }).port === port);
    const ways: readonly ((socket: Socket) => unknown)[] = [
      (socket) => socket.end(),
      (socket) => socket.destroy(),
      (socket) => socket.resetAndDestroy(),
    ];
    for (const leave of ways) {
      const socket = await plain(node);
      const port = socket.localPort;
      socket.write(Uint8Array.of(0x16, 3, 1));
      // Whoever is gone before the node has accepted has no address left to tell. It accepts in order, and has answered
      // somebody who came later.
      const later = await plain(node);
      later.write("GET / HTTP/1.1\r\n\r\n");
      await closeOf(later);
      leave(socket);
      await vi.waitFor(() => {
        expect(givenFrom(port)).toEqual([{ reason: "handshake-given-up", address: "127.0.0.1", port }]);
      }, within);
    }
  });

  test("half-open connections of one address are bounded, and a good node gets in when they are gone", async () => {
    const node = await startNode(0, impatient(600_000));
    const half = await Promise.all(Array.from({ length: P2P_HALF_OPEN_PER_ADDRESS_MAX }, () => plain(node)));
    const surplus = await plain(node);
    await closeOf(surplus);
    expect(Object.keys(node.service.statistics().refused)).toEqual([
      expect.stringMatching(/^too-many-(half-open|connections-a-second)$/),
    ]);
    for (const socket of half) socket.destroy();
    await startNode(1, { staticPeers: [node.service.listening] });
    await vi.waitFor(() => {
      expect(node.service.isConnected(idOf(holders[1]!))).toBe(true);
    }, within);
  });
});

describe("after the handshake", () => {
  test.each([
    ["B1: a length of four gigabytes", Uint8Array.of(255, 255, 255, 255), "frame-too-long"],
    ["B1: a length just above the largest frame", Uint8Array.of(0x06, 0x40, 0x00, 0x01), "frame-too-long"],
    ["a length shorter than a header", Uint8Array.of(0, 0, 0, 15), "frame-too-short"],
    ["random bytes", new Uint8Array(100).fill(0xa5), "frame-too-long"],
    ["a compressed body that is none", compressed(Uint8Array.of(3, 1)), "compressed-body-broken"],
    [
      "B1: a compressed body that claims 64 MiB",
      compressed(Uint8Array.of(0x80, 0x80, 0x80, 0x20)),
      "compressed-length-too-large",
    ],
  ])("%s ends the session", async (_, bytes, reason) => {
    const node = await startNode(0);
    const socket = await intruder(node);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(bytes);
    await closed;
    expect(node.service.statistics().dropped).toEqual({ [reason]: 1 });
    expect(node.service.peers()).toEqual([]);
  });

  test("B1: a frame that is announced and never finished takes no more memory than what came", async () => {
    const node = await startNode(0);
    const socket = await intruder(node);
    const before = process.memoryUsage();
    socket.write(Uint8Array.of(0x06, 0x3f, 0xff, 0xff));
    socket.write(random.bytes(100_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
    expect(node.service.peers()).toHaveLength(1);
  });

  test("frames of unknown groups and modules are handed on or ignored, and unknown topic frames do no harm", async () => {
    const node = await startNode(0);
    const socket = await intruder(node);
    const base = { version: 0, groupId: 0, moduleId: 2, isResponse: false, seq: 9 };
    for (const body of ["", "x", "99999999999", "-1", "4294967296"]) {
      socket.write(encodeP2pFrame({ ...base, packetType: 1, body: new TextEncoder().encode(body) }));
    }
    socket.write(encodeP2pFrame({ ...base, packetType: 3, isResponse: true, body: new Uint8Array(5) }));
    socket.write(encodeP2pFrame({ ...base, packetType: 77, body: new Uint8Array(0) }));
    socket.write(encodeP2pFrame({ ...base, groupId: 32767, moduleId: 0xffff, packetType: 0, body: new Uint8Array(0) }));
    await vi.waitFor(() => {
      expect(node.frames).toHaveLength(1);
    }, within);
    expect(node.service.peers()).toHaveLength(1);
  });

  test("a peer that does not read is dropped when too much waits for it, others are served", async () => {
    const node = await startNode(0, { compress: false, limits: { sendQueueBytesMax: 4 * 1024 * 1024 } });
    const reader = await startNode(2, { staticPeers: [node.service.listening] });
    const socket = await intruder(node);
    socket.pause();
    await vi.waitFor(() => {
      expect(node.service.peers()).toHaveLength(2);
    }, within);
    const body = new Uint8Array(512 * 1024);
    for (let i = 0; i < 100 && node.service.isConnected(idOf(holders[1]!)); i++) {
      node.service.send([idOf(holders[1]!), reader.nodeId], message(body));
      const wanted = i + 1;
      await vi.waitFor(() => {
        expect(reader.frames).toHaveLength(wanted);
      }, within);
    }
    expect(node.service.statistics().dropped).toEqual({ "peer-too-slow": 1 });
    expect(node.service.peers().map(({ nodeId }) => nodeId)).toEqual([reader.nodeId]);
  });
});

/** A frame with the flag for compression and this body. */
function compressed(body: Uint8Array): Uint8Array {
  return encodeP2pFrame({
    version: 0x8000,
    groupId: 1,
    moduleId: 8,
    isResponse: false,
    packetType: 0,
    seq: 1,
    body,
  });
}
