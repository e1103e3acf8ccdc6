import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatHostAndPort, parseHostAndPort, saveStaticPeers } from "./index.js";
import { replaceStaticPeers } from "./static-peers.js";

const BEFORE = `[p2p]
    listen_ip=127.0.0.1
    ; nodes to connect
    node.0=127.0.0.1:31300
    node.11=[::1]:31301
[consensus]
    node.0=0123abcd
`;
const PEERS = [
  { host: "10.0.0.1", port: 30300 },
  { host: "fe80::1", port: 30301 },
];
const AFTER = `[p2p]
    node.0=10.0.0.1:30300
    node.1=[fe80::1]:30301
    listen_ip=127.0.0.1
    ; nodes to connect
[consensus]
    node.0=0123abcd
`;

test("the peers stand right behind the name of the section, everything else stays", () => {
  expect(replaceStaticPeers(BEFORE, PEERS)).toBe(AFTER);
  expect(replaceStaticPeers(AFTER, PEERS)).toBe(AFTER);
  expect(replaceStaticPeers("[rpc]\n", PEERS)).toBeUndefined();
});

test("the file is replaced as a whole", () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbcos-peers-"));
  const file = join(directory, "config.ini");
  writeFileSync(file, BEFORE);
  saveStaticPeers(file, PEERS);
  expect(readFileSync(file, "utf8")).toBe(AFTER);
  expect(readdirSync(directory)).toEqual(["config.ini"]);
  rmSync(directory, { recursive: true });
  expect(() => {
    saveStaticPeers(file, PEERS);
  }).toThrow(expect.objectContaining({ code: "peers-not-saved", message: "fail to open config file" }));
});

test("a file without [p2p], or one that cannot be written beside, stays as it is", () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbcos-peers-"));
  const file = join(directory, "config.ini");
  const save = (): void => {
    saveStaticPeers(file, PEERS);
  };
  writeFileSync(file, "[rpc]\n");
  expect(save).toThrow("fail to insert peers' data into config file");
  writeFileSync(file, BEFORE);
  mkdirSync(`${file}.tmp`);
  expect(save).toThrow("fail to create a tmp config file");
  expect(readFileSync(file, "utf8")).toBe(BEFORE);
  rmSync(directory, { recursive: true });
});

test.each([
  ["127.0.0.1:30300", { host: "127.0.0.1", port: 30300 }],
  ["node-1.example.org:1", { host: "node-1.example.org", port: 1 }],
  ["bcos_node0:30300", { host: "bcos_node0", port: 30300 }],
  ["node0.chain.svc.cluster.local.:30300", { host: "node0.chain.svc.cluster.local.", port: 30300 }],
  ["[::1]:65535", { host: "::1", port: 65535 }],
])("%s is an endpoint and is written back the same", (text, endpoint) => {
  expect(parseHostAndPort(text)).toEqual(endpoint);
  expect(formatHostAndPort(endpoint)).toBe(text);
});

test.each([
  "nonsense",
  "",
  ":",
  "a:b",
  "a:0",
  "a:65536",
  "1.2.3:1",
  "256.0.0.1:1",
  "::1:30300",
  "[1.2.3.4]:1",
  "[::1]",
  "a b:1",
  "-a:1",
  "a..b:1",
  "a-:1",
  "a:1 ",
  "a:123456",
])("B29: %j is none, and no exception", (text) => {
  expect(parseHostAndPort(text)).toBeUndefined();
});
