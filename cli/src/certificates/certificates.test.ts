import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createCertificate, createKey, isIssuedBy, readCertificates, readKey, renewCertificate } from "./index.js";
import type { Certificate, Key, KeyFamily, Profile } from "./index.js";
import { derToSignature, signatureToDer } from "./sm2-der.js";

const folder = mkdtempSync(join(tmpdir(), "tsbcos-certificates-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Output of the openssl program; undefined where there is none. */
function openssl(...words: readonly string[]): string | undefined {
  try {
    return execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function put(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const RECORDED = join(import.meta.dirname, "../../../testing/vectors/fisco-bcos-2.9.1");
const recorded = (file: string): string => readFileSync(join(RECORDED, file), "utf8");

interface Made {
  readonly key: Key;
  readonly certificate: Certificate;
}

async function make(
  family: KeyFamily,
  [profile, commonName, unit]: readonly [Profile, string, string],
  issuer?: Made,
  days = 100,
): Promise<Made> {
  const key = await createKey(family);
  const signer = issuer ?? { key };
  return { key, certificate: createCertificate({ subject: { commonName, unit }, key, issuer: signer, profile, days }) };
}

describe("keys", () => {
  test.each(["secp256k1", "sm2", "rsa"] as const)(
    "%s: what is written can be read, also by openssl",
    async (family) => {
      const key = await createKey(family);
      const again = readKey(key.pem, "x");
      expect([again.family, again.pem, again.publicKey]).toEqual([family, key.pem, key.publicKey]);
      expect(again.publicKeyInfo).toEqual(key.publicKeyInfo);
      expect(key.pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      const printed = openssl("pkey", "-in", put(`${family}.key`, key.pem), "-noout", "-text", "-check");
      if (printed === undefined || family === "rsa") return;
      expect(printed).toContain(family === "sm2" ? "SM2" : "secp256k1");
      const point = /pub:\s+([0-9a-f:\s]+)/.exec(printed)?.[1]?.replace(/[:\s]/g, "");
      expect(point).toBe(`04${key.publicKey ?? ""}`);
    },
  );

  test("B22: the number of a node's key always has 64 digits", async () => {
    for (const family of ["secp256k1", "sm2"] as const) {
      for (let round = 0; round < 40; round++) {
        const der = createPrivateKey((await createKey(family)).pem).export({ format: "der", type: "pkcs8" });
        expect(der.toString("hex")).toMatch(/0201010420(?!00)[0-9a-f]{64}a144034200/);
      }
    }
  });

  test("keys of recorded nodes give the node ids beside them", () => {
    expect(readKey(recorded("standard/nodes/node0/node.key"), "x").publicKey).toBe(
      recorded("standard/nodes/node0/node.nodeid").trim(),
    );
    const sm = readKey(recorded("sm/nodes/node1/gmnode.key"), "x");
    expect([sm.family, sm.publicKey]).toEqual(["sm2", recorded("sm/nodes/node1/gmnode.nodeid").trim()]);
    expect(sm.pem).toBe(recorded("sm/nodes/node1/gmnode.key"));
  });

  test("what is no key of a chain is refused with its file and kind", () => {
    expect(() => readKey("nonsense", "conf/node.key")).toThrow(/conf\/node\.key cannot be read/);
    const other = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
    if (other !== undefined) expect(() => readKey(other, "ca.key")).toThrow(/ca\.key is of kind prime256v1/);
  });
});

describe("certificates", () => {
  test.each([
    ["secp256k1", ["root", "agency", "leaf"]],
    ["sm2", ["sm-authority", "sm-authority", "sm-leaf"]],
  ] as const)("%s: a chain of three, which openssl accepts", async (family, profiles) => {
    const root = await make(family, [profiles[0], "chain", "chain"]);
    const agency = await make(family, [profiles[1], "agency", "agency"], root);
    const leaf = await make(family, [profiles[2], "node0", "node"], agency);
    expect(isIssuedBy(leaf.certificate, agency.certificate)).toBe(true);
    expect(isIssuedBy(agency.certificate, root.certificate)).toBe(true);
    expect(isIssuedBy(root.certificate, root.certificate)).toBe(true);
    expect(isIssuedBy(leaf.certificate, root.certificate)).toBe(false);
    expect([root, agency, leaf].map(({ certificate }) => certificate.isAuthority)).toEqual([true, true, false]);
    expect(leaf.certificate.publicKey).toBe(leaf.key.publicKey);
    expect(leaf.certificate.family).toBe(family);
    const [again, ...rest] = readCertificates(leaf.certificate.pem + agency.certificate.pem, "x");
    expect([again.subject, again.issuer]).toEqual([
      { commonName: "node0", unit: "node" },
      { commonName: "agency", unit: "agency" },
    ]);
    expect(rest).toHaveLength(1);
    // Step by step: openssl tells the name in SM2 signatures only to the first certificate it looks at.
    const name = family === "sm2" ? ["-vfyopt", "distid:1234567812345678"] : [];
    for (const [issuer, issued] of [
      [root, agency],
      [agency, leaf],
    ] as const) {
      const files = [put("issuer.pem", issuer.certificate.pem), put("issued.pem", issued.certificate.pem)];
      const answer = openssl("verify", ...name, "-partial_chain", "-trusted", ...files);
      if (answer !== undefined) expect(answer).toContain("issued.pem: OK");
    }
  });

  test("RSA leaves have no extensions, which makes them version 1", async () => {
    const root = await make("rsa", ["root", "agency", "chain"]);
    const leaf = await make("rsa", ["bare-leaf", "FISCO-BCOS", "agency"], root);
    expect(isIssuedBy(leaf.certificate, root.certificate)).toBe(true);
    expect([root.certificate.isAuthority, leaf.certificate.isAuthority]).toEqual([true, undefined]);
    expect([root.certificate.family, leaf.certificate.family]).toEqual(["rsa", "rsa"]);
    const text = openssl("x509", "-noout", "-text", "-in", put("rsa.pem", leaf.certificate.pem));
    if (text === undefined) return;
    expect(text).toContain("Version: 1 (0x0)");
    expect(text).not.toContain("X509v3");
    expect(text).toContain("Subject: CN = FISCO-BCOS, O = fisco-bcos, OU = agency");
  });

  test("extensions are those of recorded certificates, byte by byte", async () => {
    const [node, agency] = readCertificates(recorded("standard/nodes/node0/node.crt"), "x");
    const [gmNode, gmAgency] = readCertificates(recorded("sm/nodes/node0/gmnode.crt"), "x");
    const [gmEncryption] = readCertificates(recorded("sm/nodes/node0/gmennode.crt"), "x");
    const extensions = (certificate: Certificate | undefined): string[] =>
      (certificate?.asn.tbsCertificate.extensions ?? []).map(
        ({ extnID, extnValue }) => `${extnID} ${Buffer.from(extnValue.buffer).toString("hex")}`,
      );
    const made = async (family: KeyFamily, profile: Profile): Promise<string[]> =>
      extensions((await make(family, [profile, "a", "b"])).certificate);
    expect(await made("secp256k1", "leaf")).toEqual(extensions(node));
    expect(await made("secp256k1", "agency")).toEqual(extensions(agency));
    expect(await made("sm2", "sm-leaf")).toEqual(extensions(gmNode));
    expect(await made("sm2", "sm-encryption-leaf")).toEqual(extensions(gmEncryption));
    // The first two name keys.
    expect((await made("sm2", "sm-authority")).slice(2)).toEqual(extensions(gmAgency).slice(2));
    expect((await made("sm2", "sm-authority")).map((text) => text.split(" ")[0])).toEqual(
      extensions(gmAgency).map((text) => text.split(" ")[0]),
    );
  });

  test("recorded chains of trust hold, and a changed byte breaks them", () => {
    for (const [file, ca] of [
      ["standard/nodes/node0/node.crt", "standard/nodes/node0/ca.crt"],
      ["sm/nodes/node0/gmnode.crt", "sm/nodes/node0/gmca.crt"],
    ] as const) {
      const [leaf, agency, root] = readCertificates(recorded(file), file);
      const [trusted] = readCertificates(recorded(ca), ca);
      expect(isIssuedBy(leaf, agency!)).toBe(true);
      expect(isIssuedBy(agency!, trusted)).toBe(true);
      expect(root!.pem).toBe(trusted.pem);
      const damaged = new Uint8Array(leaf.der);
      damaged[damaged.length - 5]! ^= 1;
      const base64 = Buffer.from(damaged).toString("base64");
      const [changed] = readCertificates(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----`, "x");
      expect(isIssuedBy(changed, agency!)).toBe(false);
    }
  });

  test("a certificate never outlives its issuer, and 100 years are possible", async () => {
    const root = await make("secp256k1", ["root", "chain", "chain"], undefined, 36_500);
    const agency = await make("secp256k1", ["agency", "agency", "agency"], root, 10);
    const leaf = await make("secp256k1", ["leaf", "node0", "node"], agency, 36_500);
    expect(new X509Certificate(root.certificate.der).validTo).toMatch(/ 21\d\d GMT$/);
    expect(leaf.certificate.notAfter).toEqual(agency.certificate.notAfter);
  });

  test("renewed ones have another serial number and other dates, and are else the same, also those of C++ chains", async () => {
    const issuer = await make("secp256k1", ["root", "chain", "chain"], undefined, 20);
    const leaf = await make("secp256k1", ["leaf", "链 node0", "node"], issuer, 10);
    const [standard] = readCertificates(recorded("standard/nodes/node0/node.crt"), "x");
    const [sm] = readCertificates(recorded("sm/nodes/node0/gmnode.crt"), "x");
    const [encryption] = readCertificates(recorded("sm/nodes/node0/gmennode.crt"), "x");
    const bare = readCertificates(recorded("standard/sdk/sdk.crt"), "x")[0];
    for (const old of [leaf.certificate, issuer.certificate, standard, sm, encryption, bare]) {
      const signer = old === issuer.certificate ? { key: issuer.key } : issuer;
      const renewed = renewCertificate(old, signer, 15);
      const { tbsCertificate: before } = old.asn;
      const { tbsCertificate: after } = renewed.asn;
      expect(isIssuedBy(renewed, issuer.certificate)).toBe(true);
      expect(renewed.publicKeyInfo).toEqual(old.publicKeyInfo);
      expect([renewed.subject, after.version]).toEqual([old.subject, before.version]);
      expect(after.extensions?.map(({ extnID }) => extnID)).toEqual(before.extensions?.map(({ extnID }) => extnID));
      expect(renewed.isAuthority).toBe(old.isAuthority);
      expect(renewed.serial).not.toBe(old.serial);
      expect(Math.round((renewed.notAfter.getTime() - Date.now()) / 86_400_000)).toBe(15);
    }
    const again = renewCertificate(leaf.certificate, issuer, 36_500);
    expect(again.notAfter).toEqual(issuer.certificate.notAfter);
  });

  test("names that are not plain ASCII survive", async () => {
    const { certificate } = await make("secp256k1", ["root", "链 Ö", "chain"]);
    expect(readCertificates(certificate.pem, "x")[0].subject.commonName).toBe("链 Ö");
  });

  test("files without a certificate are refused by name", () => {
    expect(() => readCertificates("", "ca.crt")).toThrow(/ca\.crt holds no certificate/);
    expect(() => readCertificates("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "ca.crt")).toThrow(
      /Certificate 1 of 1 in ca\.crt cannot be read/,
    );
  });
});

test("SM2 signatures keep their numbers through DER, whatever their first bits", () => {
  for (const first of [0, 1, 0x7f, 0x80, 0xff]) {
    const signature = new Uint8Array(64).fill(9);
    signature[0] = first;
    signature[32] = 255 - first;
    expect(derToSignature(signatureToDer(signature))).toEqual(signature);
  }
  expect(derToSignature(new Uint8Array(0))).toBeUndefined();
  expect(derToSignature(signatureToDer(new Uint8Array(64).fill(1)).subarray(0, 40))).toBeUndefined();
});
