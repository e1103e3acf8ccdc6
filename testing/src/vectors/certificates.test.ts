/** Certificates made by the chain builder of 2.x, against the node ids that it wrote beside them. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTlsTransport, readNodeCertificate } from "@tsbcos/node/p2p";
import { expect, test } from "vitest";
import { CHAIN_NAMES, RECORDINGS } from "./load.js";

const cases = CHAIN_NAMES.flatMap((chain) => [0, 1, 2, 3].map((node) => [chain, node] as const));

test.each(cases)("%s: the certificate of node %i gives its id, its name and its agency", (chain, node) => {
  const prefix = chain === "sm" ? "gm" : "";
  const folder = join(RECORDINGS, chain, "nodes", `node${String(node)}`);
  const { raw } = new X509Certificate(readFileSync(join(folder, `${prefix}node.crt`)));
  expect(readNodeCertificate(raw)).toEqual({
    ok: true,
    value: {
      nodeId: readFileSync(join(folder, `${prefix}node.nodeid`), "utf8").trim(),
      agencyName: chain === "sm" ? "agency-gm" : "agency",
      nodeName: `node${String(node)}`,
    },
  });
});

test("key, chain and root (a version 1 certificate) of a recorded node serve for TLS", () => {
  const read = (name: string): string => readFileSync(join(RECORDINGS, "standard/nodes/node0", name), "utf8");
  const credentials = { key: read("node.key"), certificate: read("node.crt"), authorities: read("ca.crt") };
  expect(() => createTlsTransport(credentials)).not.toThrow();
});
