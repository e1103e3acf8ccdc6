import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keccak256, smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import { accountFromPrivateKey, accountFromSigner, createAccount, suiteOf } from "./account.js";
import { der, DerTag, readDer } from "./der.js";
import { readAccountFile, writeAccountFiles } from "./files.js";
import { accountFromPem, encodePrivateKeyPem, encodePublicKeyPem, publicKeyFromPem } from "./pem.js";
import { accountFromPkcs12, encodePkcs12 } from "./pkcs12.js";

const SUITES: readonly CryptoSuite[] = [standardSuite, smSuite];
const CURVE_OF = { standard: "secp256k1", sm: "SM2" } as const;
const PASSWORD = "correct horse!";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-accounts-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);

/** Says why the tests that need the program cannot run; undefined where they can. */
function whyNoOpenssl(): string | undefined {
  const { error, stdout } = spawnSync("openssl", ["ecparam", "-list_curves"], { encoding: "utf8" });
  if (error !== undefined) return "there is no openssl on this machine";
  return /SM2/.test(stdout) && /secp256k1/.test(stdout) ? undefined : "this openssl lacks SM2 or secp256k1";
}
const opensslIsMissing = whyNoOpenssl();
const openssl = (...args: readonly string[]): Buffer =>
  execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("%s accounts", (name, suite) => {
  test("a private key is read from hexadecimal text with and without prefix, and from bytes", () => {
    const hex = "a2ce994913a16e5c8064af96c54f5cde9446f7c9cd6eedd0c9593265afeface5";
    const account = accountFromPrivateKey(hex, suite);
    expect(accountFromPrivateKey(`0x${hex.toUpperCase()}\n`, suite).address).toBe(account.address);
    expect(accountFromPrivateKey(hexToBytes(hex), suite).address).toBe(account.address);
    expect(account.address).toBe(`0x${bytesToHex(suite.hash(account.publicKey)).slice(24)}`);
    expect(suiteOf(name)).toBe(suite);
  });

  test.each([
    ["no hexadecimal text", "zz"],
    ["too short", "a2ce"],
    ["zero", "0".repeat(64)],
    ["beyond the curve's order", "f".repeat(64)],
  ])("%s is no private key, and the message does not show it", (_what, text) => {
    expect(() => accountFromPrivateKey(text, suite)).toThrow(/A private key is 32 bytes/);
    expect(() => accountFromPrivateKey(text, suite)).not.toThrow(text);
  });

  test("PEM has the fixed bytes of PKCS#8 around the key and comes back", () => {
    const account = createAccount(suite);
    const pem = encodePrivateKeyPem(account);
    const head =
      name === "sm"
        ? "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
        : "308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420";
    const body = Buffer.from(pem.replace(/-----.*-----|\n/g, ""), "base64").toString("hex");
    expect(body).toBe(`${head}${bytesToHex(account.privateKey)}a14403420004${bytesToHex(account.publicKey)}`);
    expect(accountFromPem(pem)).toMatchObject({ address: account.address, suite: { name } });
    expect(publicKeyFromPem(encodePublicKeyPem(account))).toEqual({ publicKey: account.publicKey, suite });
  });

  test("PKCS#12 encrypts the key with 3DES, the newest that programs of the 2.x years open", async () => {
    const bytes = await encodePkcs12(createAccount(suite), PASSWORD);
    // pbeWithSHAAnd3-KeyTripleDES-CBC, 1.2.840.113549.1.12.1.3
    expect(bytesToHex(bytes)).toContain("060a2a864886f70d010c0103");
  });

  test("PKCS#12 comes back with its password, and with no other", async () => {
    const account = createAccount(suite);
    const bytes = await encodePkcs12(account, PASSWORD);
    expect((await accountFromPkcs12(bytes, PASSWORD)).address).toBe(account.address);
    await expect(accountFromPkcs12(bytes, "wrong")).rejects.toMatchObject({ code: "wrong-password" });
    expect((await accountFromPkcs12(await encodePkcs12(account, ""), "")).address).toBe(account.address);
  });

  test("files have the names of the scripts, are private, and are never overwritten", async () => {
    const account = createAccount(suite);
    const { address } = account;
    const directory = at(`files-${name}`);
    const pem = await writeAccountFiles(account, directory);
    const p12 = await writeAccountFiles(account, directory, { format: "p12", password: PASSWORD });
    expect(readdirSync(directory).sort()).toEqual([`${address}.p12`, `${address}.pem`, `${address}.public.pem`]);
    expect(statSync(pem.privateKeyFile).mode & 0o777).toBe(0o600);
    expect(statSync(p12.privateKeyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(pem.publicKeyFile, "utf8")).toBe(encodePublicKeyPem(account));
    await expect(writeAccountFiles(account, directory)).rejects.toMatchObject({ code: "account-exists" });

    expect((await readAccountFile(pem.privateKeyFile)).address).toBe(address);
    expect((await readAccountFile(p12.privateKeyFile, () => Promise.resolve(PASSWORD))).address).toBe(address);
    await expect(readAccountFile(p12.privateKeyFile, "wrong")).rejects.toThrow(p12.privateKeyFile);
    await expect(readAccountFile(at("nothing"))).rejects.toMatchObject({ code: "no-key-file" });
  });

  test("a key that is asked for signatures signs like the key itself, and is found out when it signs with another", async () => {
    const local = createAccount(suite);
    const digest = keccak256(Uint8Array.of(1));
    const vault = accountFromSigner({
      publicKey: Uint8Array.of(4, ...local.publicKey),
      suite,
      sign: (asked) => Promise.resolve(local.sign(asked).subarray(0, 64)),
    });
    expect(vault.address).toBe(local.address);
    const signature = await vault.sign(digest);
    expect(signature).toHaveLength(suite.signatureBytes);
    expect(bytesToHex(suite.recover(digest, signature) ?? new Uint8Array(0))).toBe(bytesToHex(local.publicKey));

    const other = createAccount(suite);
    const impostor = accountFromSigner({ publicKey: local.publicKey, suite, sign: (asked) => other.sign(asked) });
    await expect(impostor.sign(digest)).rejects.toMatchObject({ code: "bad-signature" });
    const silent = accountFromSigner({ publicKey: local.publicKey, suite, sign: () => new Uint8Array(0) });
    await expect(silent.sign(digest)).rejects.toMatchObject({ code: "bad-signature" });
    expect(() => accountFromSigner({ publicKey: new Uint8Array(33), suite, sign: () => digest })).toThrow(/64 bytes/);
  });
});

test("PKCS#12 as Java writes it: lengths not known in advance, content in pieces", async () => {
  const account = createAccount();
  const [pfx] = readDer(await encodePkcs12(account, PASSWORD)) ?? [];
  const [version, content, mac] = readDer(pfx!.content) ?? [];
  const [type, wrapped] = readDer(content!.content) ?? [];
  const safe = readDer(wrapped!.content)![0]!.content;
  const endless = (tag: number, ...parts: Uint8Array[]): Uint8Array =>
    concatBytes(Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0));
  const constructedString = DerTag.OctetString | 0x20;
  const pieces = [safe.subarray(0, 100), safe.subarray(100)].map((piece) => der(DerTag.OctetString, piece));
  const java = endless(
    DerTag.Sequence,
    der(version!.tag, version!.content),
    endless(
      DerTag.Sequence,
      der(type!.tag, type!.content),
      endless(DerTag.Context, endless(constructedString, ...pieces)),
    ),
    der(mac!.tag, mac!.content),
  );
  expect((await accountFromPkcs12(java, PASSWORD)).address).toBe(account.address);
});

test("a vault may give the higher of the two values of s: transactions get the lower", async () => {
  const local = createAccount();
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const vault = accountFromSigner({
    publicKey: local.publicKey,
    sign(digest) {
      const signature = Uint8Array.from(local.sign(digest));
      const s = BigInt(`0x${bytesToHex(signature.subarray(32, 64))}`);
      signature.set(hexToBytes((order - s).toString(16).padStart(64, "0")), 32);
      return signature;
    },
  });
  const digest = keccak256(Uint8Array.of(2));
  expect(await vault.sign(digest)).toEqual(local.sign(digest));
});

describe("files that cannot be used say why", () => {
  test.each([
    ["no PEM", "hello", /BEGIN PRIVATE KEY/],
    [
      "an encrypted key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
      /encrypted/,
    ],
    ["cut", "-----BEGIN PRIVATE KEY-----\nMIGEAgEAMBAGByqGSM49\n-----END PRIVATE KEY-----", /damaged/],
    ["broken base64", "-----BEGIN PRIVATE KEY-----\nA=A=A\n-----END PRIVATE KEY-----", /base64/],
  ])("%s", (_what, text, message) => {
    expect(() => accountFromPem(text)).toThrow(message);
  });

  test("no PKCS#12", async () => {
    await expect(accountFromPkcs12(Uint8Array.of(1, 2, 3), "")).rejects.toMatchObject({ code: "bad-key-file" });
    await expect(accountFromPkcs12(Uint8Array.of(0x30, 0), "")).rejects.toMatchObject({ code: "bad-key-file" });
  });

  test("a password that programs would read differently is refused before a file is written", async () => {
    await expect(encodePkcs12(createAccount(), "пароль")).rejects.toMatchObject({ code: "bad-password" });
  });

  test("another public key beside the private key", () => {
    const account = createAccount();
    const pem = encodePrivateKeyPem({ ...account, publicKey: createAccount().publicKey });
    expect(() => accountFromPem(pem)).toThrow(/not that of the private key/);
  });
});

if (opensslIsMissing !== undefined) {
  test(`keys are not exchanged with openssl here, because ${opensslIsMissing}`, () => {
    expect(whyNoOpenssl()).toBe(opensslIsMissing);
  });
} else {
  describe.each(SUITES.map((suite) => [suite.name, suite] as const))("openssl and %s accounts", (name, suite) => {
    const curve = CURVE_OF[name];
    const publicPem = (file: string): string => openssl("pkey", "-in", file, "-pubout").toString("utf8");

    test("what openssl makes opens here: PKCS#8, SEC1, and PKCS#12 new and old", async () => {
      const pem = at(`theirs-${name}.pem`);
      openssl("genpkey", "-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-out", pem);
      const account = await readAccountFile(pem);
      expect(account.suite.name).toBe(name);
      expect(encodePublicKeyPem(account)).toBe(publicPem(pem));
      expect(encodePrivateKeyPem(account)).toBe(readFileSync(pem, "utf8"));

      const sec1 = at(`theirs-${name}-sec1.pem`);
      writeFileSync(sec1, openssl("ec", "-in", pem));
      expect((await readAccountFile(sec1)).address).toBe(account.address);

      for (const [kind, options] of [
        ["new", []],
        ["old", ["-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]],
      ] as const) {
        const p12 = at(`theirs-${name}-${kind}.p12`);
        openssl(
          "pkcs12",
          "-export",
          "-name",
          "key",
          "-nocerts",
          "-inkey",
          pem,
          "-out",
          p12,
          "-passout",
          `pass:${PASSWORD}`,
          ...options,
        );
        expect((await readAccountFile(p12, PASSWORD)).address, kind).toBe(account.address);
        await expect(readAccountFile(p12, "wrong")).rejects.toMatchObject({ code: "wrong-password" });
      }
    });

    test("what is made here opens with openssl", async () => {
      const account = createAccount(suite);
      const directory = at(`ours-${name}`);
      const { privateKeyFile, publicKeyFile } = await writeAccountFiles(account, directory);
      expect(publicPem(privateKeyFile)).toBe(readFileSync(publicKeyFile, "utf8"));
      const p12 = await writeAccountFiles(account, directory, { format: "p12", password: PASSWORD });
      const opened = openssl("pkcs12", "-in", p12.privateKeyFile, "-nodes", "-passin", `pass:${PASSWORD}`).toString(
        "utf8",
      );
      expect(opened).toContain("friendlyName: key");
      expect(accountFromPem(opened).address).toBe(account.address);
      expect(opened).toContain(encodePrivateKeyPem(account));
    });
  });

  test("a key of another curve is refused with its name", () => {
    const pem = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1").toString("utf8");
    expect(() => accountFromPem(pem)).toThrow(/neither secp256k1 nor SM2/);
    const rsa = openssl("genpkey", "-algorithm", "RSA").toString("utf8");
    expect(() => accountFromPem(rsa)).toThrow(/not of an elliptic curve/);
  });
}
