import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { loadNativeSuites, readNodeKey } from "./index.js";

const RECORDINGS = fileURLToPath(new URL("../../../testing/vectors/fisco-bcos-2.9.1/", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "tsbcos-key-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const suites = await loadNativeSuites();

function fileWith(content: string): string {
  const file = join(directory, "node.key");
  writeFileSync(file, content);
  return file;
}

test("keys made by the chain builder give the node ids that it wrote beside them", () => {
  for (let i = 0; i < 4; i++) {
    const standard = `${RECORDINGS}standard/nodes/node${String(i)}/node`;
    expect(readNodeKey(`${standard}.key`, suites.standard).nodeId).toBe(
      readFileSync(`${standard}.nodeid`, "utf8").trim(),
    );
    const sm = `${RECORDINGS}sm/nodes/node${String(i)}/gmnode`;
    expect(readNodeKey(`${sm}.key`, suites.sm).nodeId).toBe(readFileSync(`${sm}.nodeid`, "utf8").trim());
  }
});

test("the key signs", () => {
  for (const [suite, file] of [
    [suites.standard, "standard/nodes/node0/node.key"],
    [suites.sm, "sm/nodes/node0/gmnode.key"],
  ] as const) {
    const { pair } = readNodeKey(RECORDINGS + file, suite);
    const digest = suite.hash(Uint8Array.of(1));
    expect(suite.verify(digest, suite.sign(digest, pair), pair.publicKey)).toBe(true);
  }
});

test("B22: key files of every wrong kind are refused with the path and the reason", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const p256 = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
  const cases: [string, RegExp][] = [
    [join(directory, "missing.key"), /missing\.key.*no such file/],
    [fileWith(""), /node\.key cannot be used/],
    [fileWith("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), /node\.key cannot be used/],
  ];
  for (const [file, message] of cases) expect(() => readNodeKey(file, suites.standard)).toThrow(message);
  const pem = { format: "pem", type: "pkcs8" } as const;
  expect(() => readNodeKey(fileWith(rsa.export(pem).toString()), suites.standard)).toThrow(/kind rsa, the chain needs/);
  expect(() => readNodeKey(fileWith(p256.export(pem).toString()), suites.standard)).toThrow(/on curve prime256v1/);
  const ofSmChain = `${RECORDINGS}sm/nodes/node0/gmnode.key`;
  expect(() => readNodeKey(ofSmChain, suites.standard)).toThrow(/curve SM2, the chain needs one on curve secp256k1/);
});
