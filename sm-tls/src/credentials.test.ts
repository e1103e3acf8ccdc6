import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadSmTlsCredentials } from "./credentials.js";
import type { SmTlsTexts } from "./credentials.js";

const RECORDINGS = fileURLToPath(new URL("../../testing/vectors/fisco-bcos-2.9.1/", import.meta.url));

function textsOf(node: string): SmTlsTexts {
  const named = (file: string) => ({ text: readFileSync(`${RECORDINGS}${node}/${file}`, "utf8"), file });
  return {
    key: named("gmnode.key"),
    certificate: named("gmnode.crt"),
    encryptionKey: named("gmennode.key"),
    encryptionCertificate: named("gmennode.crt"),
    authorities: [named("gmca.crt")],
  };
}

const own = textsOf("sm/nodes/node0");
const other = textsOf("sm/nodes/node1");

test("the files of the C++ chain builder go together", () => {
  const { credentials, certificate, warnings } = loadSmTlsCredentials(own);
  expect([certificate.commonName, certificate.issuerCommonName, warnings]).toEqual(["node0", "agency-gm", []]);
  expect(credentials.chain).toHaveLength(3);
  expect(certificate.publicKey).toBe(readFileSync(`${RECORDINGS}sm/nodes/node0/gmnode.nodeid`, "utf8").trim());
});

test.each<[string, Partial<SmTlsTexts>, RegExp]>([
  ["a key of another node", { key: other.key }, /^gmnode\.key cannot be used: it is not the key of .* gmnode\.crt/],
  ["the two keys exchanged", { key: own.encryptionKey }, /^gmennode\.key cannot be used: it is not the key of/],
  [
    "no key",
    { encryptionKey: { text: "", file: "gmennode.key" } },
    /^gmennode\.key cannot be used: it holds no private key/,
  ],
  [
    "a key of another curve",
    {
      key: { text: readFileSync(`${RECORDINGS}standard/nodes/node0/node.key`, "utf8"), file: "node.key" },
    },
    /^node\.key cannot be used: its key is not on the curve SM2/,
  ],
  [
    "no certificate",
    { certificate: { text: "", file: "gmnode.crt" } },
    /^gmnode\.crt cannot be used: it holds no certificate/,
  ],
  [
    "key exchange of another node",
    { encryptionKey: other.encryptionKey, encryptionCertificate: other.encryptionCertificate },
    /gmnode\.crt and gmennode\.crt cannot be used: .* belongs to another than node0/,
  ],
  [
    "an authority that is none of theirs",
    { authorities: [{ text: readFileSync(`${RECORDINGS}standard/nodes/node0/ca.crt`, "utf8"), file: "ca.crt" }] },
    /gmennode\.crt cannot be used: .* nothing links to .*and ca\.crt the root of the same chain/,
  ],
])("B22: %s is refused, with the file and the reason", (_what, changes, message) => {
  expect(() => loadSmTlsCredentials({ ...own, ...changes })).toThrow(message);
});
