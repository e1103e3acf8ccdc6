/** What the SDK says of certificates and nodes that it cannot use. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channelTransport, connect, readCredentials, type Transport } from "@tsbcos/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ChannelNode, SDK_FOLDER } from "./channel-node.js";
import { RECORDINGS } from "./load.js";

const cleanups: (() => unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-channel-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

async function node(...args: Parameters<typeof ChannelNode.start>): Promise<ChannelNode> {
  const started = await ChannelNode.start(...args);
  cleanups.push(() => started.stop());
  return started;
}

describe("B22: certificates that cannot be used are named", () => {
  const connecting = (tls: string, endpoint: string): Promise<Transport> =>
    channelTransport({ nodes: [endpoint], tls, timeoutMs: 60_000 });

  test("a folder that is not there, or lacks a file", () => {
    expect(() => readCredentials(join(folder, "nothing"))).toThrow(/There is no folder .*nothing/);
    expect(() => readCredentials(folder)).toThrow(/There is no ca.crt in/);
    cpSync(join(RECORDINGS, "sm", "sdk", "gm"), folder, { recursive: true });
    expect(readCredentials(folder).encryption).toBeDefined();
    rmSync(join(folder, "gmensdk.key"));
    expect(() => readCredentials(folder)).toThrow(/There is no gmensdk.key in/);
  });

  test.each([
    ["a key of another certificate", "sdk.key", "standard/sdk/sdk.key", /sdk.key is not the key of .*sdk.crt/],
    [
      "an authority of another chain",
      "ca.crt",
      "wire/nodes/node0/ca.crt",
      /sdk.crt was issued by CN=agency, O=fisco-bcos.*not of one chain/,
    ],
    ["no key at all", "sdk.key", "wire/sdk/sdk.crt", /sdk.key holds no private key/],
    ["no certificate at all", "sdk.crt", "wire/sdk/sdk.key", /sdk.crt holds no certificate/],
  ])("%s", (_what, file, from, message) => {
    cpSync(SDK_FOLDER, folder, { recursive: true });
    cpSync(join(RECORDINGS, from), join(folder, file));
    expect(() => readCredentials(folder)).toThrow(message);
  });

  test("a damaged certificate", () => {
    cpSync(SDK_FOLDER, folder, { recursive: true });
    writeFileSync(join(folder, "ca.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(() => readCredentials(folder)).toThrow(/ca.crt is damaged/);
  });

  test("a node of another chain whose authority has the same name", async () => {
    const stranger = await node({}, { folder: "standard/nodes/node0/channel_cert" });
    await expect(connecting(SDK_FOLDER, stranger.endpoint)).rejects.toThrow(/same name, CN=agency.*different keys/);
  });

  test("a node with certificates of the other kind, from another authority", async () => {
    const ec = await node({}, { folder: "wire/nodes/node0" });
    await expect(connecting(SDK_FOLDER, ec.endpoint)).rejects.toThrow(
      /certificate cannot be verified with our ca.crt.*channel_listen_port/,
    );
  });

  test("nobody listening, and something that is no channel port", async () => {
    await expect(connecting(SDK_FOLDER, "127.0.0.1:1")).rejects.toThrow(/Is the node running/);
    const http = createHttpServer();
    cleanups.push(() => http.close());
    await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
    const { port } = http.address() as AddressInfo;
    await expect(connecting(SDK_FOLDER, `127.0.0.1:${port}`)).rejects.toThrow(/JSON-RPC port/);
  });

  test("a node that hangs up after TLS", async () => {
    const picky = await node();
    picky.intercept = (_frame, socket) => (socket.destroy(), true);
    await expect(connecting(SDK_FOLDER, picky.endpoint)).rejects.toThrow(
      /ended the connection after TLS.*check_cert_issuer/,
    );
  });

  test.each(["127.0.0.1", "host:99999", "http://host:1", ":20200"])("%j is no channel port", async (endpoint) => {
    await expect(connecting(SDK_FOLDER, endpoint)).rejects.toMatchObject({ code: "bad-node" });
  });

  test("channel ports without certificates, and two kinds of ports at once", async () => {
    await expect(connect({ nodes: "127.0.0.1:20200" })).rejects.toThrow(/name the sdk folder/);
    await expect(connect({ nodes: ["127.0.0.1:20200", "http://127.0.0.1:8545"] })).rejects.toMatchObject({
      code: "bad-node",
    });
  });
});
