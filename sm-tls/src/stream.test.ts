import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { bytesEqual, createRandom } from "@tsbcos/core/primitives";
import { SmTlsSession } from "@tsbcos/core/sm-tls";
import { createSmRoot, smCredentials } from "./certificates.fixture.js";
import { connectSmTls } from "./connect.js";
import { createNativeCrypto } from "./native.js";
import { SmTlsStream } from "./stream.js";

const crypto = createNativeCrypto();
const random = createRandom("stream");
const root = createSmRoot("gmchain");
const agency = root.issue({ name: "agency", kind: "authority" });
const credentials = smCredentials(root, agency, "node0");
const other = createSmRoot("gmchain");
const stranger = smCredentials(other, other.issue({ name: "agency", kind: "authority" }), "node0");

const servers: Server[] = [];
const sockets: (Socket | SmTlsStream)[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** On a machine that does ten other things. */
const within = { timeout: 60_000, interval: 5 };

/** A port at which every connection gets a stream. */
async function listen(accepted: (stream: SmTlsStream, socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    const stream = new SmTlsStream(socket, { role: "server", credentials, crypto });
    sockets.push(stream);
    accepted(stream, socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function dial(port: number): Promise<SmTlsStream> {
  const { stream } = await connectSmTls({ host: "127.0.0.1", port, credentials, crypto, timeoutMs: 60_000 });
  sockets.push(stream);
  return stream;
}

test("data goes both ways in any size, and the end of one side is the end of both", async () => {
  const port = await listen((stream) => stream.pipe(stream));
  const stream = await dial(port);
  const sent = random.bytes(3_000_000);
  const received: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => received.push(chunk));
  stream.write(sent.subarray(0, 1));
  stream.write(sent.subarray(1));
  await vi.waitFor(() => {
    expect(received.reduce((sum, { length }) => sum + length, 0)).toBe(sent.length);
  }, within);
  expect(bytesEqual(Buffer.concat(received), sent)).toBe(true);
  stream.end();
  await once(stream, "close");
});

test("each write is a record of its own, and its callback comes when it has left", async () => {
  const chunks: number[] = [];
  const port = await listen((stream) => stream.on("data", ({ length }: Buffer) => chunks.push(length)));
  const stream = await dial(port);
  for (const length of [3, 5, 7]) stream.write(new Uint8Array(length));
  await new Promise((done) => stream.write(new Uint8Array(9), done));
  await vi.waitFor(() => {
    expect(chunks).toEqual([3, 5, 7, 9]);
  }, within);
});

test("a reader that does not read holds the writer, not the memory", async () => {
  let accepted: SmTlsStream | undefined;
  const port = await listen((stream) => (accepted = stream));
  const stream = await dial(port);
  const part = new Uint8Array(500_000);
  let written = 0;
  for (let i = 0; i < 40; i++) stream.write(part, () => (written += part.length));
  await new Promise((done) => setTimeout(done, 500));
  expect(written).toBeLessThan(39 * part.length);
  expect(accepted?.readableLength).toBeLessThan(200_000);
  let read = 0;
  accepted?.on("data", ({ length }: Buffer) => (read += length));
  await vi.waitFor(() => {
    expect(read).toBe(40 * part.length);
  }, within);
});

test("who is refused hears why, on both sides", async () => {
  const reasons: string[] = [];
  const port = await listen((stream) => {
    stream.handshake.catch((error: { code: string }) => reasons.push(error.code));
  });
  const refused = connectSmTls({ host: "127.0.0.1", port, credentials: stranger, crypto, timeoutMs: 60_000 });
  // The client looks at the server first.
  await expect(refused).rejects.toMatchObject({ code: "certificate-not-trusted" });
  const mixed = { ...stranger, authorities: credentials.authorities };
  const second = connectSmTls({ host: "127.0.0.1", port, credentials: mixed, crypto, timeoutMs: 60_000 });
  await expect(second).rejects.toMatchObject({ code: "alert-received" });
  await vi.waitFor(() => {
    expect(reasons).toEqual(["alert-received", "certificate-not-trusted"]);
  }, within);
});

test("what never answers is given up: by the time, by the caller, by the other side", async () => {
  const silent = createServer((socket) => {
    sockets.push(socket);
  }).listen(0, "127.0.0.1");
  servers.push(silent);
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const options = { host: "127.0.0.1", port, credentials, crypto };
  await expect(connectSmTls({ ...options, timeoutMs: 50 })).rejects.toMatchObject({ code: "timed-out" });
  const signal = AbortSignal.timeout(50);
  await expect(connectSmTls({ ...options, timeoutMs: 60_000, signal })).rejects.toMatchObject({ code: "aborted" });
  const ending = connectSmTls({ ...options, timeoutMs: 60_000 });
  await vi.waitFor(() => {
    expect(sockets.length).toBeGreaterThan(2);
  }, within);
  for (const socket of sockets) socket.destroy();
  await expect(ending).rejects.toMatchObject({ code: expect.stringMatching(/closed-by-peer|ECONNRESET/) as string });
  silent.close();
  await once(silent, "close");
  await expect(connectSmTls({ ...options, timeoutMs: 60_000 })).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a stream that fails when nobody listens to it ends no process, and takes its socket with it", async () => {
  let accepted: Socket | undefined;
  const port = await listen((_stream, socket) => (accepted = socket));
  const talker = connect(port, "127.0.0.1");
  sockets.push(talker);
  talker.write("GET / HTTP/1.1\r\n\r\n");
  const heard: Buffer[] = [];
  talker.on("data", (chunk) => heard.push(chunk));
  await once(talker, "close");
  expect(Buffer.concat(heard).toString("hex")).toBe("15030300020232");
  expect(accepted?.destroyed).toBe(true);
});

test("data written before the handshake fails when the end of the handshake brings a record that ends the session", async () => {
  const server = createServer((socket) => {
    sockets.push(socket);
    const session = new SmTlsSession({ role: "server", credentials, crypto, nowMs: Date.now() });
    session.start();
    socket.on("data", (chunk) => {
      const effects = session.receive(new Uint8Array(chunk));
      const answer = effects.flatMap((effect) => (effect.kind === "send" ? [effect.bytes] : []));
      if (session.isEstablished) answer.push(Buffer.from("17030300010a", "hex"));
      socket.write(Buffer.concat(answer));
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const stream = new SmTlsStream(socket, { role: "client", credentials, crypto });
  sockets.push(stream);
  const failure = new Promise((done) => stream.write("hello", done));
  expect(await failure).toMatchObject({ code: expect.stringMatching(/./) as string });
  await expect(stream.handshake).resolves.toMatchObject({ suite: "ecdhe" });
  expect(stream.errored).toMatchObject({ code: "record-forged" });
});
