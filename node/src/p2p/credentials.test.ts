import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Holder } from "../net/certificates.fixture.js";
import { readCredentials } from "./index.js";
import type { CredentialFiles } from "../net/index.js";
import { agency, holders, idOf, root } from "./network.fixture.js";

const directory = mkdtempSync(join(tmpdir(), "tsbcos-credentials-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const node = holders[0]!;
const files: CredentialFiles = {
  keyFile: join(directory, "node.key"),
  certificateFile: join(directory, "node.crt"),
  caFile: join(directory, "ca.crt"),
  caPath: "",
};

function write(holder: Holder): void {
  writeFileSync(files.keyFile, holder.keyPem);
  writeFileSync(files.certificateFile, holder.chainPem);
  writeFileSync(files.caFile, root.chainPem);
}

beforeAll(() => {
  write(node);
});

test("key, certificate and trusted certificates are read, and say who we are", () => {
  expect(readCredentials({ ...files, caPath: directory })).toEqual({
    credentials: {
      key: node.keyPem,
      certificate: node.chainPem,
      authorities: [root.chainPem, root.chainPem, node.chainPem].join("\n"),
    },
    nodeId: idOf(node),
    warnings: [],
  });
});

test("more trusted certificates may lie in a directory as OpenSSL names them, by hash and number", () => {
  const more = mkdtempSync(join(directory, "more-"));
  writeFileSync(join(more, "5f3a9c01.0"), agency.chainPem);
  writeFileSync(join(more, "5f3a9c01.r0"), "a list of revoked ones");
  const { credentials } = readCredentials({ ...files, caPath: more });
  expect(credentials.authorities).toBe([root.chainPem, agency.chainPem].join("\n"));
});

test("a certificate that has ended is warned of", () => {
  write(agency.issue({ name: "late", years: -1 }));
  expect(readCredentials(files).warnings).toEqual([expect.stringMatching(/node\.crt is valid from .* not now$/)]);
  write(node);
});

test("B22: files that are missing, empty or of something else are named with the reason", () => {
  const refused = (changes: Partial<CredentialFiles>, message: RegExp): void => {
    expect(() => readCredentials({ ...files, ...changes })).toThrow(message);
  };
  refused({ keyFile: join(directory, "none") }, /none cannot be used: ENOENT/);
  refused({ certificateFile: files.keyFile }, /node\.key cannot be used: it holds no certificate/);
  refused({ certificateFile: files.caFile }, /ca\.crt cannot be used: its first certificate is not one of a node/);
  refused({ caFile: files.keyFile }, /node\.key cannot be used: it holds no certificate/);
});
