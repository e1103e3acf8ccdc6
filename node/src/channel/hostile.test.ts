import { connect as connectTcp, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CHANNEL_PENDING_REQUESTS_MAX, P2P_HALF_OPEN_PER_ADDRESS_MAX, createRandom } from "@tsbcos/core/primitives";
import { ChannelType, encodeChannelFrame, encodeTopicData } from "@tsbcos/core/protocol";
import { createRoot } from "../net/certificates.fixture.js";
import { createClientTls, openChannelTransport } from "./index.js";
import {
  TestClient,
  agency,
  closeAll,
  connectTls,
  node,
  otherAgency,
  sdks,
  seqOf,
  startServer,
  transportOf,
  until,
} from "./server.fixture.js";

const plainSockets: Socket[] = [];

afterEach(async () => {
  for (const socket of plainSockets.splice(0)) socket.destroy();
  await closeAll();
  vi.useRealTimers();
});

function plain(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1", () => {
      resolve(socket);
    });
    socket.on("error", () => undefined);
    plainSockets.push(socket);
  });
}

const closed = (socket: Socket): Promise<void> => until(() => socket.destroyed);

describe("who is let in", () => {
  async function refusalOf(holder: Parameters<typeof TestClient.connect>[1], port: number): Promise<void> {
    // In TLS 1.2 a server may refuse a certificate during the handshake or right after it.
    const client = await TestClient.connect(port, holder).catch(() => undefined);
    if (client !== undefined) await until(() => client.isClosed);
  }

  test("TLS: certificates of the chain and of the own agency only", async () => {
    const { server, port } = await startServer();
    await refusalOf(createRoot({ name: "stranger" }).issue({ name: "sdk" }), port);
    await refusalOf(agency.issue({ name: "late", years: -1 }), port);
    await refusalOf(otherAgency.issue({ name: "sdk" }), port);
    await connectTls(port).then(closed, () => undefined);
    await until(() => Object.values(server.statistics().refused).reduce((sum, count) => sum + count, 0) >= 4);
    expect(server.statistics().refused).toMatchObject({
      "certificate-of-another-agency": 1,
      "certificate-not-trusted": 2,
    });
    expect(server.statistics().sessions).toBe(0);
    expect(await (await TestClient.connect(port)).ask(ChannelType.Rpc, "x")).toBe("answer to x");
  });

  test("B22: SDKs of other agencies are let in where the check is off, and those without extensions always", async () => {
    const open = await startServer({ transport: transportOf(node, { checkIssuer: false }) });
    const stranger = await TestClient.connect(open.port, otherAgency.issue({ name: "sdk" }));
    expect(await stranger.ask(ChannelType.Rpc, "x")).toBe("answer to x");
    const strict = await startServer();
    const bare = await TestClient.connect(strict.port, otherAgency.issue({ name: "sdk", basicConstraints: "absent" }));
    expect(await bare.ask(ChannelType.Rpc, "x")).toBe("answer to x");
  });

  test("RSA certificates, with and without ephemeral keys", async () => {
    const ca = createRoot({ name: "agency", rsa: true });
    const [ours, theirs] = [0, 1].map(() => ca.issue({ name: "FISCO-BCOS", rsa: true, basicConstraints: "absent" }));
    const credentials = { key: ours!.keyPem, certificate: ours!.chainPem, authorities: ca.chainPem };
    const transport = createClientTls({ credentials, certificate: ours!.der, checkIssuer: true });
    const { port, addGroup, requests } = await startServer({ transport });
    addGroup(1, { allowlist: ["00".repeat(64) as never] });
    for (const ciphers of ["AES256-GCM-SHA384", "AES128-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"]) {
      const client = await TestClient.connect(port, theirs, { ca: ca.chainPem, ciphers });
      expect(client.socket.getCipher().name).toBe(ciphers);
      expect(await client.ask(ChannelType.Rpc, "x")).toBe("answer to x");
    }
    // Lists of allowed SDKs name keys on curves: an RSA certificate has none.
    expect(requests[0]!.client.admit({ method: "call", groupId: 1 })).toBe("admitted");
  });

  test("older TLS, and suites without authentication or encryption, are not spoken", async () => {
    const { port } = await startServer();
    const [sdk] = sdks;
    const identity = { key: sdk!.keyPem, cert: sdk!.chainPem };
    const old = { ...identity, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" } as const;
    await expect(connectTls(port, old)).rejects.toThrow();
    for (const ciphers of ["aNULL:@SECLEVEL=0", "eNULL:@SECLEVEL=0", "AES128-SHA:@SECLEVEL=0"]) {
      await expect(connectTls(port, { ...identity, ciphers })).rejects.toThrow();
    }
  });

  test("what is no TLS, and what never finishes, ends soon and costs no session", async () => {
    const transport = transportOf(node, { handshakeTimeoutMs: 200 });
    const { port, server } = await startServer({ transport });
    const talker = await plain(port);
    talker.write("GET / HTTP/1.1\r\n\r\n");
    await closed(talker);
    const silent = await Promise.all(Array.from({ length: 10 }, () => plain(port)));
    await Promise.all(silent.map(closed));
    expect(server.statistics().sessions).toBe(0);
    expect(server.statistics().refused).toEqual({ "handshake-failed": 1, "handshake-timed-out": 10 });
  });

  test("handshakes under way of one address are bounded, and others are let in when they are gone", async () => {
    // Seconds pass as the test says, so that the limit of connections a second is not taken for this one.
    vi.useFakeTimers({ toFake: ["performance"] });
    const { port, server } = await startServer({ transport: transportOf(node, { handshakeTimeoutMs: 600_000 }) });
    const silent = await Promise.all(Array.from({ length: P2P_HALF_OPEN_PER_ADDRESS_MAX }, () => plain(port)));
    vi.advanceTimersByTime(1000);
    await closed(await plain(port));
    expect(server.statistics().refused).toEqual({ "too-many-half-open": 1 });
    for (const socket of silent) socket.destroy();
    await until(() => server.statistics().refused["handshake-given-up"] === silent.length);
    // The last of them may still be on its way out.
    let client: TestClient | undefined;
    while (client === undefined) {
      vi.advanceTimersByTime(1000);
      client = await TestClient.connect(port).catch(() => undefined);
    }
    expect(await client.ask(ChannelType.Rpc, "x")).toBe("answer to x");
  });

  test("files that are missing are named, whatever the mode", () => {
    const networkSecurity = {
      ...{ dataPath: "/nowhere/", keyFile: "/k", certificateFile: "/c", caFile: "/a", caPath: "" },
      ...{ encryptionKeyFile: "/ek", encryptionCertificateFile: "/ec", checkCertificateIssuer: true },
    };
    const read = (chain: { sm: boolean; smChannel: boolean; rsaChannel: boolean }) => () =>
      openChannelTransport({ chain, networkSecurity });
    expect(read({ sm: true, smChannel: true, rsaChannel: false })).toThrow(/\/k cannot be used/);
    expect(read({ sm: false, smChannel: false, rsaChannel: true })).toThrow(
      /\/nowhere\/channel_cert\/node\.crt cannot be used/,
    );
    expect(read({ sm: true, smChannel: false, rsaChannel: false })).toThrow(
      /\/nowhere\/origin_cert\/node\.crt cannot be used/,
    );
    expect(read({ sm: false, smChannel: false, rsaChannel: false })).toThrow(/\/c cannot be used/);
  });
});

describe("what a client sends", () => {
  const claim = (length: number): Uint8Array => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length);
    return bytes;
  };

  test.each([
    ["too short to be a frame", 10, "frame-too-short"],
    ["longer than any frame", 100 * 1024 * 1024 + 1, "frame-too-long"],
  ])("%s: the session ends", async (_name, length, reason) => {
    const { port, server } = await startServer();
    const client = await TestClient.connect(port);
    client.socket.write(claim(length));
    await until(() => client.isClosed);
    expect(server.statistics().dropped).toEqual({ [reason]: 1 });
  });

  test("B1: many claims of 100 MB cost what has arrived of them", async () => {
    const { port, server } = await startServer();
    const before = process.memoryUsage();
    const clients = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(port)));
    for (const client of clients) client.socket.write(claim(100 * 1024 * 1024));
    for (const client of clients) client.socket.write(new Uint8Array(10_000));
    await until(() => server.statistics().receivingBytes >= 20 * 10_004);
    expect(server.statistics().sessions).toBe(20);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024);
    expect(after.rss - before.rss).toBeLessThan(64 * 1024 * 1024);
  });

  test("random bytes end the session or are ignored, and others do not notice", async () => {
    const { port } = await startServer();
    const witness = await TestClient.connect(port);
    const random = createRandom("bytes");
    for (let i = 0; i < 30; i++) {
      const client = await TestClient.connect(port);
      client.socket.write(random.bytes(1 + random.below(5000)));
      if (random.chance(0.5)) client.socket.destroy();
    }
    expect(await witness.ask(ChannelType.Rpc, "x")).toBe("answer to x");
  });

  test("B14: frames of every type with broken contents are survived", async () => {
    const { port, addGroup } = await startServer();
    addGroup(1);
    const client = await TestClient.connect(port);
    const random = createRandom("contents");
    const types = Object.values(ChannelType);
    for (let i = 0; i < 3000; i++) {
      const data = random.chance(0.2) ? new Uint8Array(0) : random.bytes(random.below(60));
      client.send(types[random.below(types.length)] as number, data);
    }
    expect(await client.ask(ChannelType.Rpc, "still here")).toBe("answer to still here");
  });
});

describe("who reads slowly or not at all", () => {
  const MEGABYTE = 1024 * 1024;

  test("is not heard while too much waits, and served when it reads again", async () => {
    let handled = 0;
    const { port } = await startServer({
      handleRpc: () => {
        handled++;
        return Promise.resolve("x".repeat(MEGABYTE / 16));
      },
    });
    const client = await TestClient.connect(port);
    client.socket.pause();
    for (let i = 0; i < 3000; i++) client.send(ChannelType.Rpc, "");
    await until(() => handled > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    // What one piece from the network holds, and what goes on its way before it is clear that nobody reads.
    expect(handled).toBeLessThan(2 * CHANNEL_PENDING_REQUESTS_MAX);
    let answers = 0;
    client.socket.on("data", () => {
      answers += client.frames.splice(0).length;
    });
    client.socket.resume();
    await until(() => answers === 3000);
    expect(handled).toBe(3000);
  });

  test("loses its session when what it was sent without asking piles up", async () => {
    const { port, server, addGroup, searches } = await startServer();
    addGroup(1);
    const client = await TestClient.connect(port);
    const filter = { addresses: [], topics: [], groupID: "1", filterID: "f" };
    await client.filter(ChannelType.RegisterEventFilter, filter);
    searches[0]!.find("pushes have begun");
    await client.next(({ type }) => type === ChannelType.EventLogs);
    client.socket.pause();
    const text = "x".repeat(10 * MEGABYTE);
    for (let i = 0; i < 15 && server.statistics().sessions === 1; i++) {
      searches[0]!.find(text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => server.statistics().sessions === 0);
    expect(server.statistics().dropped).toEqual({ "client-too-slow": 1 });
    expect(searches[0]!.hasEnded).toBe(true);
  });

  test("is spared by AMOP while others have the topic", async () => {
    const { port, addGroup, searches } = await startServer();
    addGroup(1);
    const [sender, slow, quick] = [
      await TestClient.connect(port),
      await TestClient.connect(port),
      await TestClient.connect(port),
    ];
    await slow.subscribe("t");
    await quick.subscribe("t");
    await slow.filter(ChannelType.RegisterEventFilter, { addresses: [], topics: [], groupID: "1", filterID: "f" });
    searches[0]!.find("pushes have begun");
    await slow.next(({ type }) => type === ChannelType.EventLogs);
    slow.socket.pause();
    for (let i = 0; i < 3; i++) searches[0]!.find("x".repeat(10 * MEGABYTE));
    for (let i = 0; i < 50; i++) {
      sender.send(ChannelType.AmopRequest, encodeTopicData({ topic: "t", payload: new Uint8Array(1) }), seqOf(i));
    }
    await until(() => quick.frames.filter(({ type }) => type === ChannelType.AmopRequest).length === 50);
  });

  test("sessions without any traffic end, and heartbeats keep them", async () => {
    // Time passes as the test says, so that nobody is idle for being slow.
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    const { port, server } = await startServer({ idleTimeoutMs: 300 });
    const [silent, lively] = [await TestClient.connect(port), await TestClient.connect(port)];
    for (let beats = 1; beats <= 20; beats++) {
      await lively.ask(ChannelType.Heartbeat, "0");
      vi.advanceTimersByTime(50);
    }
    await until(() => silent.isClosed);
    expect(await lively.ask(ChannelType.Rpc, "x")).toBe("answer to x");
    expect(server.statistics().dropped).toEqual({ idle: 1 });
  });
});

test("thousands of messages in flight between clients of one node all end in an answer", async () => {
  // However long that takes: none of them is late while time stands still.
  vi.useFakeTimers({ toFake: ["performance"] });
  const { port, amop } = await startServer();
  const [sender, answerer] = [await TestClient.connect(port), await TestClient.connect(port)];
  await answerer.subscribe("t");
  const answered = new Set<string>();
  sender.socket.on("data", () => {
    for (const { type, seq } of sender.frames.splice(0)) if (type === ChannelType.AmopResponse) answered.add(seq);
  });
  answerer.socket.on("data", () => {
    for (const frame of answerer.frames.splice(0)) {
      if (frame.type !== ChannelType.AmopRequest) continue;
      answerer.socket.write(encodeChannelFrame({ ...frame, type: ChannelType.AmopResponse }));
    }
  });
  const data = encodeTopicData({ topic: "t", payload: new Uint8Array(256) });
  for (let i = 0; i < 8000; i++) sender.send(ChannelType.AmopRequest, data, seqOf(i));
  await until(() => answered.size === 8000);
  expect(amop.statistics()).toMatchObject({ requestsPending: 0, deliveriesPending: 0, answered: { 0: 8000 } });
});
