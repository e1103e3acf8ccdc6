import { expect, test } from "vitest";
import { createRandom } from "@tsbcos/core/primitives";
import { createRoot } from "../net/certificates.fixture.js";
import { readNodeCertificate } from "./index.js";

const agency = createRoot({ name: "chain" }).issue({ name: "agencyA", basicConstraints: "authority" });
const node = agency.issue({ name: "node0" });

test("node id, agency and name are those of the certificate", () => {
  expect(readNodeCertificate(node.der)).toEqual({
    ok: true,
    value: { nodeId: node.publicKeyHex, agencyName: "agencyA", nodeName: "node0" },
  });
});

test("B22: the common name is found whatever stands before it, and nothing inside a name passes for another part", () => {
  const tricky = agency.issue({ name: "/CN=node9/O=ACNE#x" });
  expect(readNodeCertificate(tricky.der)).toMatchObject({ value: { nodeName: "/CN=node9/O=ACNE#x" } });
});

test("certificates of authorities, and those that do not say that they are none, have no node id", () => {
  const expected = { ok: false, error: { code: "certificate-of-an-authority" } };
  expect(readNodeCertificate(agency.der)).toEqual(expected);
  expect(readNodeCertificate(agency.issue({ name: "old", basicConstraints: "absent" }).der)).toEqual(expected);
});

test("a key on another curve is none of a node", () => {
  const other = agency.issue({ name: "node", curve: "prime256v1" });
  expect(readNodeCertificate(other.der)).toEqual({ ok: false, error: { code: "certificate-without-node-key" } });
});

test("B22: damaged certificates give an error value, never an exception", () => {
  const random = createRandom("certificates");
  for (let i = 0; i < 5000; i++) {
    const bytes = node.der.slice(0, random.chance(0.3) ? random.below(node.der.length) : node.der.length);
    for (let n = random.below(4); n >= 0 && bytes.length > 0; n--)
      bytes[random.below(bytes.length)] = random.below(256);
    const result = readNodeCertificate(bytes);
    if (result.ok) expect(result.value.nodeId).toMatch(/^[0-9a-f]{128}$/);
  }
});
