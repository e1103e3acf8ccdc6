import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hexToBytes } from "../primitives/index.js";
import { KeyUsage, readCertificate, readDer, readDerInteger, readPemCertificates, writeDerInteger } from "./index.js";
import { DerTag } from "./der.js";
import { readTime } from "./time.js";

const RECORDINGS = fileURLToPath(new URL("../../../testing/vectors/fisco-bcos-2.9.1/", import.meta.url));

function certificatesIn(file: string): Uint8Array[] {
  return readPemCertificates(readFileSync(`${RECORDINGS}${file}`, "utf8")) ?? [];
}

describe("certificates of recorded chains", () => {
  test.each(["sm/nodes/node0/gmnode.crt", "sm/nodes/node0/gmennode.crt", "standard/nodes/node0/node.crt"])(
    "%s is read as OpenSSL reads it",
    (file) => {
      for (const der of certificatesIn(file)) {
        const theirs = new X509Certificate(der);
        const ours = readCertificate(der);
        expect(ours?.subject.slice(1).split("/")).toEqual(theirs.subject.split("\n"));
        expect(ours?.issuer.slice(1).split("/")).toEqual(theirs.issuer.split("\n"));
        expect(ours?.notBeforeMs).toBe(Date.parse(theirs.validFrom));
        expect(ours?.notAfterMs).toBe(Date.parse(theirs.validTo));
        expect(ours?.isAuthority ?? false).toBe(theirs.ca);
      }
    },
  );

  test("SM leaves say what their keys are for", () => {
    const [leaf, agency] = certificatesIn("sm/nodes/node0/gmnode.crt").map((der) => readCertificate(der));
    const [encryption] = certificatesIn("sm/nodes/node0/gmennode.crt").map((der) => readCertificate(der));
    expect([leaf?.curve, leaf?.extensions.keyUsage, leaf?.isAuthority]).toEqual(["sm2", 0xc0, false]);
    expect((encryption?.extensions.keyUsage ?? 0) & KeyUsage.KeyAgreement).not.toBe(0);
    expect((agency?.extensions.keyUsage ?? 0) & KeyUsage.CertificateSign).not.toBe(0);
    expect(leaf?.links.isSm2Signed).toBe(true);
    expect(leaf?.links.issuerName).toEqual(agency?.links.subjectName);
  });

  test("damaged bytes are no certificate, or another one, and never an exception", () => {
    const [der = new Uint8Array(0)] = certificatesIn("sm/nodes/node0/gmnode.crt");
    for (let at = 0; at < der.length; at++) {
      const damaged = Uint8Array.from(der);
      damaged[at] = (damaged[at] as number) ^ 0xff;
      readCertificate(damaged);
      expect(readCertificate(der.subarray(0, at))).toBeUndefined();
    }
    expect(readPemCertificates("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----")).toBeUndefined();
    expect(readPemCertificates("nothing")).toEqual([]);
  });
});

test("moments of both kinds", () => {
  const time = (tag: number, text: string): number | undefined => {
    const content = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return readTime({ tag, content, whole: content });
  };
  for (const text of ["19500101000000Z", "19700101000000Z", "20000229235959Z", "21000301000000Z", "20261122155914Z"]) {
    const iso = text.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
    expect(time(DerTag.GeneralizedTime, text)).toBe(Date.parse(iso));
  }
  expect(time(DerTag.UtcTime, "491231235959Z")).toBe(Date.parse("2049-12-31T23:59:59Z"));
  expect(time(DerTag.UtcTime, "500101000000Z")).toBe(Date.parse("1950-01-01T00:00:00Z"));
  for (const text of ["20261322155914Z", "2026112215591Z", "20261122155914+0800", ""]) {
    expect(time(DerTag.GeneralizedTime, text)).toBeUndefined();
  }
});

test("whole numbers go into DER and come back in a fixed length", () => {
  for (const hex of ["00", "01", "7f", "80", "ff00", "0080"]) {
    const [element] = readDer(writeDerInteger(hexToBytes(hex))) ?? [];
    expect(readDerInteger(element, 4)).toEqual(hexToBytes(hex.padStart(8, "0")));
  }
  expect(readDerInteger(readDer(hexToBytes("020180"))?.[0], 4)).toBeUndefined();
  expect(readDerInteger(readDer(hexToBytes("02050100000000"))?.[0], 4)).toBeUndefined();
});
