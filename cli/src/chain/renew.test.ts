import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { isIssuedBy, readCertificates, readKey, type Certificate } from "../certificates/index.js";
import { addNode } from "./add-node.js";
import { addSdk } from "./agencies.js";
import { buildChain } from "./build.js";
import { addChainCommands } from "./command.js";
import { planChain } from "./plan.js";
import { folderOfAuthority, renew, type Renewal } from "./renew.js";

let folder: string;
let work: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-renew-"));
  const days = "20";
  const build = (words: object, name: string): Promise<unknown> =>
    buildChain(planChain({ hosts: "127.0.0.1:1", days, ...words }), join(folder, name), "/program.js");
  await build({}, "nodes");
  await build({ sm: true, smChannel: true }, "sm");
  await build({ withoutAgency: true }, "flat");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// Each test renews a copy of its own.
beforeEach(() => {
  work = mkdtempSync(join(folder, "work-"));
  for (const name of ["nodes", "sm", "flat"]) cpSync(join(folder, name), join(work, name), { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const certificatesIn = (file: string): readonly [Certificate, ...Certificate[]] =>
  readCertificates(readFileSync(join(work, file), "utf8"), file);
const daysOf = ({ notAfter }: Certificate): number => Math.round((notAfter.getTime() - Date.now()) / 86_400_000);
const daysIn = (file: string): readonly number[] => certificatesIn(file).map(daysOf);
const again = (path: string, authorityFolders: readonly string[] = [], days = 400): Renewal =>
  renew({ path: join(work, path), authorityFolders: authorityFolders.map((one) => join(work, one)), days });
const renewedFiles = ({ path, files }: Renewal): readonly string[] =>
  files.map(({ file }) => file.slice(path.length + 1));

/** As TLS reads it: each is signed by the next, the last by what is trusted. */
function expectTrusted(file: string, trustedFile: string, between: readonly Certificate[] = []): void {
  const chain = [...certificatesIn(file), ...between];
  const [trusted] = certificatesIn(trustedFile);
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? trusted;
    expect([file, index, certificate.pem === trusted.pem || isIssuedBy(certificate, issuer)]).toEqual([
      file,
      index,
      true,
    ]);
  }
}

describe("a chain that ends soon", () => {
  test("is renewed from the CA down to its nodes and SDK, with the same keys", () => {
    const before = certificatesIn("nodes/127.0.0.1/node0/conf/node.crt");
    expect(again("nodes/cert")).toMatchObject({ kind: "authority", notes: [] });
    expect(renewedFiles(again("nodes/cert/agency"))).toEqual(["agency.crt", "channel/ca.crt", "ca.crt"]);
    const node = again("nodes/127.0.0.1/node0");
    // That its issuer was signed a moment before is not worth a word.
    expect([node.kind, node.notes]).toEqual(["node", []]);
    expect(renewedFiles(node)).toEqual([
      "conf/node.crt",
      "conf/channel_cert/node.crt",
      "conf/ca.crt",
      "conf/channel_cert/ca.crt",
    ]);
    expect(renewedFiles(again("nodes/127.0.0.1/sdk"))).toEqual(["sdk.crt", "ca.crt"]);
    for (const file of ["conf/node.crt", "conf/ca.crt", "conf/channel_cert/node.crt", "conf/channel_cert/ca.crt"]) {
      expect([file, daysIn(`nodes/127.0.0.1/node0/${file}`).every((days) => days === 400)]).toEqual([file, true]);
    }
    expectTrusted("nodes/127.0.0.1/node0/conf/node.crt", "nodes/127.0.0.1/node0/conf/ca.crt");
    expectTrusted("nodes/127.0.0.1/sdk/sdk.crt", "nodes/127.0.0.1/node0/conf/channel_cert/ca.crt");
    const after = certificatesIn("nodes/127.0.0.1/node0/conf/node.crt");
    expect(after.map(({ publicKeyInfo }) => publicKeyInfo)).toEqual(before.map(({ publicKeyInfo }) => publicKeyInfo));
    expect(after.map(({ subject }) => subject)).toEqual(before.map(({ subject }) => subject));
  });

  test("takes new nodes in between, whether theirs or the CA's certificates are the newer ones", async () => {
    const [member, days] = [join(work, "nodes/127.0.0.1/node0"), 50];
    const nothing = { output: undefined, host: undefined, agencyFolder: undefined, smAgencyFolder: undefined };
    const add = async (): Promise<string> =>
      (await addNode({ member, ...nothing, ports: undefined, groups: undefined, days }, "/program.js")).directory;
    again("nodes/cert");
    const [first] = [await add()];
    again("nodes/cert/agency");
    again("nodes/127.0.0.1/node0");
    const second = await add();
    for (const node of [first, second]) {
      const conf = node.slice(work.length + 1);
      expectTrusted(`${conf}/conf/node.crt`, "nodes/127.0.0.1/node0/conf/ca.crt");
      expectTrusted("nodes/127.0.0.1/node0/conf/node.crt", `${conf}/conf/ca.crt`);
    }
  });

  test("on SM: both certificates of a node and of an SDK, and the ones on secp256k1 beside them", () => {
    for (const authority of ["sm/gmcert", "sm/gmcert/agency-gm", "sm/cert", "sm/cert/agency"]) again(authority);
    const node = again("sm/127.0.0.1/node0");
    expect(renewedFiles(node).slice(0, 3)).toEqual([
      "conf/gmnode.crt",
      "conf/gmennode.crt",
      "conf/origin_cert/node.crt",
    ]);
    expect(renewedFiles(again("sm/127.0.0.1/sdk"))).toContain("gm/gmensdk.crt");
    const conf = "sm/127.0.0.1/node0/conf";
    const [signing, ...above] = certificatesIn(`${conf}/gmnode.crt`);
    expect([signing.family, ...[signing, ...above].map(daysOf)]).toEqual(["sm2", 400, 400, 400]);
    expectTrusted(`${conf}/gmnode.crt`, `${conf}/gmca.crt`);
    expectTrusted(`${conf}/gmennode.crt`, `${conf}/gmca.crt`, above);
    expectTrusted("sm/127.0.0.1/sdk/gm/gmensdk.crt", `${conf}/gmca.crt`, above);
    expect(certificatesIn(`${conf}/gmennode.crt`)[0].subject.unit).toBe("ennode");
    expect(readFileSync(join(work, conf, "gmnode.serial"), "utf8")).toBe(signing.serial);
    expect(readKey(readFileSync(join(work, conf, "gmnode.key"), "utf8"), "x").publicKey).toBe(signing.publicKey);
  });

  test("without agencies: the CA of the chain signs the node, and itself", () => {
    expect(renewedFiles(again("flat/cert"))).toEqual(["ca.crt", "channel/ca.crt"]);
    again("flat/127.0.0.1/node0");
    expect(daysIn("flat/127.0.0.1/node0/conf/node.crt")).toEqual([400, 400]);
    expectTrusted("flat/127.0.0.1/node0/conf/channel_cert/node.crt", "flat/127.0.0.1/sdk/ca.crt");
  });
});

describe("renewing", () => {
  test("keeps the old files under names that no node reads, also when it is done twice in a second", () => {
    const file = "nodes/127.0.0.1/node0/conf/node.crt";
    const old = readFileSync(join(work, file), "utf8");
    const [first] = again("nodes/127.0.0.1/node0").files;
    const [second] = again("nodes/127.0.0.1/node0").files;
    expect(readFileSync(first!.backup, "utf8")).toBe(old);
    expect(second!.backup).not.toBe(first!.backup);
    expect(
      readdirSync(join(work, dirname(file)))
        .filter((name) => /\.(crt|pem)$/.test(name))
        .sort(),
    ).toEqual(["ca.crt", "node.crt"]);
    expect(statSync(join(work, file)).mode & 0o777).toBe(statSync(first!.backup).mode & 0o777);
  });

  test("says when a certificate ends sooner than asked for, because that of its issuer does", () => {
    expect(again("nodes/127.0.0.1/node0").notes).toEqual([
      expect.stringMatching(/^conf\/node\.crt holds until .* because the certificate of agency .*Renew that one first/),
      expect.stringMatching(/^conf\/channel_cert\/node\.crt holds until .* because the certificate of agency /),
    ]);
    expect(daysIn("nodes/127.0.0.1/node0/conf/node.crt")[0]).toBe(20);
  });

  test("takes a single certificate that came from another machine, with a folder of authorities", () => {
    mkdirSync(join(work, "mail"));
    cpSync(join(work, "nodes/127.0.0.1/node0/conf/node.crt"), join(work, "mail/node.crt"));
    expect(() => again("mail/node.crt")).toThrow(
      /signed by agency \(OU=agency\), whose key is not here.* -c, or bring node\.crt/,
    );
    expect(again("mail/node.crt", ["nodes/cert/agency"], 10)).toMatchObject({ kind: "certificate" });
    expect(daysIn("mail/node.crt")).toEqual([10, 20, 20]);
    expect(again("mail/node.crt", ["nodes/cert"], 11).kind).toBe("certificate");
    expectTrusted("mail/node.crt", "nodes/127.0.0.1/node0/conf/ca.crt");
  });

  test("works for an SDK elsewhere", async () => {
    await addSdk({
      agencyFolder: join(work, "nodes/cert/agency"),
      smAgencyFolder: undefined,
      output: join(work, "a/b/c/d/sdk"),
      rsa: false,
      days: 5,
    });
    expect(renewedFiles(again("a/b/c/d/sdk", ["nodes/cert/agency"], 15))).toEqual(["sdk.crt"]);
    expect(daysIn("a/b/c/d/sdk/sdk.crt")[0]).toBe(15);
  });

  test("changes nothing when one of the certificates cannot be signed", () => {
    rmSync(join(work, "nodes/cert/agency/channel/ca.key"));
    const file = join(work, "nodes/127.0.0.1/node0/conf/node.crt");
    const before = readFileSync(file, "utf8");
    expect(() => again("nodes/127.0.0.1/node0")).toThrow(/channel_cert\/node\.crt was signed by agency \(OU=chain\)/);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readdirSync(dirname(file)).some((name) => name.endsWith(".old"))).toBe(false);
  });

  test.each([
    ["the folder of nothing", "nodes/127.0.0.1", /holds no certificate to renew: name the folder of a node/],
    ["a folder that is not there", "nodes/10.0.0.1", /There is no .*10\.0\.0\.1/],
    ["a root without its key", "nodes/127.0.0.1/node0/conf/ca.crt", /signs itself: name the folder with its key/],
    ["no certificate", "nodes/127.0.0.1/node0/config.ini", /holds no certificate \(no BEGIN/],
  ])("%s is refused", (_what, path, message) => {
    expect(() => again(path)).toThrow(message);
  });

  test("a key that is another one's is refused, and a folder without authorities", () => {
    cpSync(
      join(work, "sm/127.0.0.1/node0/conf/origin_cert/node.key"),
      join(work, "nodes/127.0.0.1/node0/conf/node.key"),
    );
    expect(() => again("nodes/127.0.0.1/node0")).toThrow(/node\.crt is not the certificate of the key in/);
    expect(() => again("nodes/127.0.0.1/sdk", ["nodes/127.0.0.1"])).toThrow(/-c: .* holds no authority with its key/);
  });

  test("with an agency whose own certificate has ended names what to renew first", () => {
    vi.useFakeTimers({ now: Date.now() + 21 * 86_400_000, toFake: ["Date"] });
    try {
      expect(() => again("nodes/127.0.0.1/node0")).toThrow(
        /agency\.crt expired on .* first: tsbcos chain renew .*cert\/agency$/,
      );
      for (const path of ["nodes/cert", "nodes/cert/agency", "nodes/127.0.0.1/node0"]) again(path);
      expect(daysIn("nodes/127.0.0.1/node0/conf/node.crt")).toEqual([400, 400, 400]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("of an authority is done where its key is", () => {
    const node = join(work, "nodes/127.0.0.1/node0");
    const [, agency, root] = certificatesIn("nodes/127.0.0.1/node0/conf/node.crt");
    const [channel] = certificatesIn("nodes/127.0.0.1/sdk/ca.crt");
    expect(folderOfAuthority(node, agency!)).toBe(join(work, "nodes/cert/agency"));
    expect(folderOfAuthority(node, channel)).toBe(join(work, "nodes/cert/agency"));
    expect(folderOfAuthority(node, root!)).toBe(join(work, "nodes/cert"));
    rmSync(join(work, "nodes/cert/ca.key"));
    expect(folderOfAuthority(node, root!)).toBeUndefined();
  });
});

describe("the command", () => {
  const run = async (...words: readonly string[]): Promise<string> => {
    const said: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => (said.push(String(text)), true));
    const program = new Command().exitOverride();
    addChainCommands(program);
    try {
      await program.parseAsync(["node", "tsbcos", "chain", "renew", ...words]);
    } finally {
      vi.mocked(process.stdout.write).mockRestore();
    }
    return said.join("");
  };

  test("says what was renewed and how to bring it into effect", async () => {
    const text = await run(join(work, "nodes/127.0.0.1/node0"), join(work, "nodes/127.0.0.1/sdk"));
    expect(text).toMatch(/node0\/conf\/node\.crt +until \d{4}-\d\d-\d\d +\(before: node\.crt\.\d{8}T\d{6}\.old\)/);
    expect(text).toMatch(
      /one after the other[^]*bash .*node0\/stop\.sh && bash .*node0\/start\.sh\n +tsbcos doctor .*node0/,
    );
    expect(text).toMatch(/Copy .*sdk to the programs that use it.*No node needs a restart/);
    expect(await run(join(work, "nodes/cert/agency"))).toMatch(/nothing needs to be restarted[^]*nodes and SDKs/);
  });

  test("tells of what was done before one failed", async () => {
    const said: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => (said.push(String(text)), true));
    const program = new Command().exitOverride();
    addChainCommands(program);
    const words = [join(work, "nodes/127.0.0.1/sdk"), join(work, "nowhere")];
    await expect(program.parseAsync(["node", "tsbcos", "chain", "renew", ...words])).rejects.toThrow(
      /There is no .*nowhere/,
    );
    expect(said.join("")).toMatch(/Next:\n {2}Copy/);
    expect(existsSync(join(work, "nodes/127.0.0.1/sdk/sdk.crt"))).toBe(true);
  });
});
