import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIssuedBy, readCertificates, readKey } from "../certificates/index.js";
import { buildChain, type BuiltChain } from "./build.js";
import { planChain, type ChainWords } from "./plan.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-build-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let builds = 0;
const build = (words: ChainWords): Promise<BuiltChain> =>
  buildChain(planChain(words), join(folder, `nodes${builds++}`), "/program.js");

const text = (chain: BuiltChain, ...path: string[]): string => readFileSync(join(chain.directory, ...path), "utf8");
const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
const below = (place: string, files: readonly string[]): string[] => files.map((file) => `${place}/${file}`);

/** Output of the openssl program; undefined where there is none. */
function openssl(...words: readonly string[]): string | undefined {
  try {
    return execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const SETTINGS = ["group.1.genesis", "group.1.ini"];
const CHANNEL = below("channel_cert", ["ca.crt", "node.crt", "node.key"]);
const SCRIPTS = [
  ...["start.sh", "stop.sh", "scripts/load_new_groups.sh", "scripts/monitor.sh"],
  ...["scripts/reload_sdk_allowlist.sh", "scripts/reload_whitelist.sh"],
];
const HOST = ["sdk/ca.crt", "sdk/sdk.crt", "sdk/sdk.key", "start_all.sh", "stop_all.sh", "fisco-bcos"];

describe("building a chain", () => {
  let chain: BuiltChain;
  beforeAll(async () => {
    chain = await build({ hosts: "127.0.0.1:2" });
  });

  test("makes the tree that tools and SDKs of 2.x expect", () => {
    const conf = below("conf", ["ca.crt", "node.crt", "node.key", "node.nodeid", ...SETTINGS, ...CHANNEL]);
    const cert = ["ca.crt", "ca.key", "cert.cnf", "agency/agency.crt", "agency/agency.key", "agency/ca.crt"];
    expect(filesOf(chain.directory)).toEqual(
      [
        ...below("127.0.0.1/node0", [...conf, ...SCRIPTS, "config.ini"]),
        ...below("127.0.0.1/node1", [...conf, ...SCRIPTS, "config.ini"]),
        ...below("127.0.0.1", HOST),
        ...below("cert", [...cert, "agency/cert.cnf", ...below("agency/channel", ["ca.crt", "ca.key", "cert.cnf"])]),
      ].sort(),
    );
  });

  test("node certificates are a chain of three, and the node id is the leaf's key", () => {
    const [leaf, agency, root, ...more] = readCertificates(text(chain, "127.0.0.1/node0/conf/node.crt"), "x");
    expect(more).toEqual([]);
    expect(new X509Certificate(leaf.der).subject).toBe("CN=node0\nO=fisco-bcos\nOU=node");
    expect(new X509Certificate(agency!.der).subject).toBe("CN=agency\nO=fisco-bcos\nOU=agency");
    expect(new X509Certificate(root!.der).subject).toBe("CN=chain\nO=fisco-bcos\nOU=chain");
    expect([isIssuedBy(leaf, agency!), isIssuedBy(agency!, root!), isIssuedBy(root!, root!)]).toEqual([true, true, true]);
    expect(text(chain, "127.0.0.1/node0/conf/ca.crt")).toBe(root!.pem);
    expect(text(chain, "cert/ca.crt")).toBe(root!.pem);
    expect(text(chain, "127.0.0.1/node0/conf/node.nodeid")).toBe(`${leaf.publicKey ?? ""}\n`);
    expect(chain.nodes[0]?.nodeId).toBe(leaf.publicKey);
    const key = createPrivateKey(text(chain, "127.0.0.1/node0/conf/node.key"));
    expect(new X509Certificate(leaf.der).checkPrivateKey(key)).toBe(true);
  });

  test("channel certificates are RSA of version 1, signed by the agency's channel CA", () => {
    const [ca] = readCertificates(text(chain, "127.0.0.1/sdk/ca.crt"), "x");
    for (const file of ["127.0.0.1/sdk/sdk.crt", "127.0.0.1/node1/conf/channel_cert/node.crt"]) {
      const [leaf, ...rest] = readCertificates(text(chain, file), "x");
      expect(rest).toEqual([]);
      expect(leaf.family).toBe("rsa");
      expect(leaf.subject).toEqual({ commonName: "FISCO-BCOS", unit: "agency" });
      expect(leaf.asn.tbsCertificate.version).toBe(0);
      expect(isIssuedBy(leaf, ca)).toBe(true);
    }
  });

  test("openssl accepts the chain of trust, where there is an openssl program", () => {
    const node = join(chain.directory, "127.0.0.1/node0/conf");
    const [ca, leaf] = [join(node, "ca.crt"), join(node, "node.crt")];
    const answer = openssl("verify", "-CAfile", ca, "-untrusted", leaf, leaf);
    if (answer === undefined) return;
    expect(answer).toContain("OK");
    const [channelCa, sdk] = [join(node, "channel_cert/ca.crt"), join(chain.directory, "127.0.0.1/sdk/sdk.crt")];
    expect(openssl("verify", "-CAfile", channelCa, sdk)).toContain("OK");
  });

  test("B13: every node has the same genesis, and names all nodes", () => {
    const genesis = text(chain, "127.0.0.1/node0/conf/group.1.genesis");
    expect(genesis).toBe(text(chain, "127.0.0.1/node1/conf/group.1.genesis"));
    chain.nodes.forEach((node, index) => {
      expect(genesis).toContain(`node.${index}=${node.nodeId}\n`);
    });
    expect(text(chain, "127.0.0.1/node1/config.ini")).toContain("node.0=127.0.0.1:30300\n    node.1=127.0.0.1:30301");
  });

  test("keys are readable by their owner only", () => {
    for (const file of ["cert/ca.key", "cert/agency/channel/ca.key", "127.0.0.1/node0/conf/node.key"]) {
      expect(statSync(join(chain.directory, file)).mode & 0o777).toBe(0o600);
    }
  });

  test("never touches a folder that is there", async () => {
    const again = buildChain(planChain({ hosts: "127.0.0.1" }), chain.directory, "/program.js");
    await expect(again).rejects.toThrow(/is there already/);
  });

  test("leaves nothing behind when it fails half way", async () => {
    const place = mkdtempSync(join(folder, "empty-"));
    const words = { hosts: "127.0.0.1", ca: join(folder, "absent") };
    await expect(buildChain(planChain(words), join(place, "nodes"), "/program.js")).rejects.toThrow(/-k: there is no/);
    expect(readdirSync(place)).toEqual([]);
  });
});

describe("an SM chain", () => {
  let chain: BuiltChain;
  beforeAll(async () => {
    chain = await build({ hosts: "127.0.0.1:1", sm: true, smChannel: true });
  });

  test("has two pairs a node, and the standard ones aside", () => {
    const sm = ["gmca.crt", "gmennode.crt", "gmennode.key", "gmnode.crt", "gmnode.key", "gmnode.nodeid", "gmnode.serial"];
    const origin = below("origin_cert", ["ca.crt", "node.crt", "node.key"]);
    const gmcert = ["gmca.crt", "gmca.key", "gmcert.cnf", "gmsm2.param"];
    const agency = ["gmagency.crt", "gmagency.key", "gmca.crt", "gmcert.cnf", "gmsm2.param"];
    const sdk = ["gmca.crt", "gmensdk.crt", "gmensdk.key", "gmsdk.crt", "gmsdk.key", "gmsdk.publickey"];
    expect(filesOf(join(chain.directory, "127.0.0.1"))).toEqual(
      [
        ...below("node0/conf", [...sm, ...origin, ...SETTINGS, ...CHANNEL]),
        ...below("node0", [...SCRIPTS, "config.ini"]),
        ...below("sdk/gm", sdk),
        ...HOST,
      ].sort(),
    );
    expect(filesOf(join(chain.directory, "gmcert"))).toEqual([...gmcert, ...below("agency-gm", agency)].sort());
  });

  test("certificates chain up, the encryption one alone in its file and from the same agency", () => {
    const read = (file: string): ReturnType<typeof readCertificates> =>
      readCertificates(text(chain, "127.0.0.1/node0/conf", file), file);
    const [leaf, agency, root] = read("gmnode.crt");
    const [encryption, ...none] = read("gmennode.crt");
    expect(none).toEqual([]);
    expect([isIssuedBy(leaf, agency!), isIssuedBy(encryption, agency!), isIssuedBy(agency!, root!)]).toEqual([
      ...[true, true, true],
    ]);
    expect(root!.pem).toBe(text(chain, "127.0.0.1/node0/conf/gmca.crt"));
    expect([leaf.subject, encryption.subject, agency!.subject, root!.subject]).toEqual([
      { commonName: "node0", unit: "node" },
      { commonName: "node0", unit: "ennode" },
      { commonName: "agency-gm", unit: "agency" },
      { commonName: "gmchain", unit: "chain" },
    ]);
    const key = (file: string): string | undefined => readKey(text(chain, "127.0.0.1/node0/conf", file), file).publicKey;
    expect([key("gmnode.key"), key("gmennode.key")]).toEqual([leaf.publicKey, encryption.publicKey]);
    expect(text(chain, "127.0.0.1/node0/conf/gmnode.nodeid")).toBe(`${leaf.publicKey ?? ""}\n`);
    expect(text(chain, "127.0.0.1/node0/conf/gmnode.serial")).toBe(leaf.serial);
    expect(chain.nodes[0]?.nodeId).toBe(leaf.publicKey);
    const [sdk, ...above] = readCertificates(text(chain, "127.0.0.1/sdk/gm/gmsdk.crt"), "x");
    expect([sdk.subject.unit, above.length]).toEqual(["sdk", 2]);
  });

  test("openssl accepts each step, where there is an openssl program", () => {
    const pem = readCertificates(text(chain, "127.0.0.1/node0/conf/gmnode.crt"), "x").map((one) => one.pem);
    pem.slice(0, 2).forEach((issued, index) => {
      writeFileSync(join(folder, "issuer.pem"), pem[index + 1]!);
      writeFileSync(join(folder, "issued.pem"), issued);
      const words = ["verify", "-vfyopt", "distid:1234567812345678", "-partial_chain", "-trusted"];
      const answer = openssl(...words, join(folder, "issuer.pem"), join(folder, "issued.pem"));
      if (answer !== undefined) expect(answer).toContain("issued.pem: OK");
    });
  });

  test("says so in config.ini", () => {
    const config = text(chain, "127.0.0.1/node0/config.ini");
    for (const line of ["sm_crypto=true", "sm_crypto_channel=true", "key=gmnode.key", "cert=gmnode.crt", "ca_cert=gmca.crt"]) {
      expect(config).toContain(`    ${line}\n`);
    }
  });
});

describe("other shapes of a chain", () => {
  test("agencies and groups of a file, each group with one genesis for its members", async () => {
    const hostsFile = "127.0.0.1:1 agency1 1,2\n127.0.0.1:1 agency2 2 41300,41200,41545\n";
    const chain = await build({ hostsFile, consensus: "raft", freeStorage: true });
    expect([...chain.groups]).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const [first, second] = chain.nodes;
    expect(text(chain, "127.0.0.1/node0/conf/group.2.genesis")).toBe(text(chain, "127.0.0.1/node1/conf/group.2.genesis"));
    expect(existsSync(join(second!.directory, "conf/group.1.genesis"))).toBe(false);
    const genesis = text(chain, "127.0.0.1/node0/conf/group.1.genesis");
    expect(genesis).toContain(first!.nodeId);
    expect(genesis).not.toContain(second!.nodeId);
    expect(genesis).toContain("consensus_type=raft\n");
    expect(genesis).toContain("epoch_sealer_num=1\n");
    expect(genesis).toContain("enable_free_storage=true\n");
    const issuer = (node: string): string =>
      readCertificates(text(chain, "127.0.0.1", node, "conf/node.crt"), "x")[0].issuer.commonName;
    expect([issuer("node0"), issuer("node1")]).toEqual(["agency1", "agency2"]);
    expect(text(chain, "127.0.0.1/node1/config.ini")).toContain("listen_port=41300\n");
  });

  test("without agencies the chain's CA signs the leaves, and the channel CA is beside it", async () => {
    const chain = await build({ hosts: "127.0.0.1", withoutAgency: true });
    const [leaf, root, ...more] = readCertificates(text(chain, "127.0.0.1/node0/conf/node.crt"), "x");
    expect([more.length, isIssuedBy(leaf, root!), root!.pem]).toEqual([0, true, text(chain, "cert/ca.crt")]);
    expect(filesOf(join(chain.directory, "cert"))).toEqual([
      ...["ca.crt", "ca.key", "cert.cnf", ...below("channel", ["ca.crt", "ca.key", "cert.cnf"])],
    ]);
  });

  test("channels with certificates on secp256k1 name the SDK's key", async () => {
    const chain = await build({ hosts: "127.0.0.1", ecChannel: true, copySdk: true });
    const [sdk, agency] = readCertificates(text(chain, "127.0.0.1/sdk/sdk.crt"), "x");
    expect([sdk.subject, agency!.subject.commonName]).toEqual([{ commonName: "sdk", unit: "sdk" }, "agency"]);
    expect(text(chain, "127.0.0.1/sdk/sdk.publickey")).toBe(`${sdk.publicKey ?? ""}\n`);
    expect(text(chain, "127.0.0.1/sdk/ca.crt")).toBe(text(chain, "cert/ca.crt"));
    expect(text(chain, "127.0.0.1/node0/sdk/sdk.key")).toBe(text(chain, "127.0.0.1/sdk/sdk.key"));
    expect(text(chain, "127.0.0.1/node0/config.ini")).toContain("rsa_crypto_channel=false\n");
  });

  test("an authority from outside, with the root above it", async () => {
    const first = await build({ hosts: "127.0.0.1" });
    const given = mkdtempSync(join(folder, "given-"));
    writeFileSync(join(given, "ca.key"), text(first, "cert/agency/agency.key"));
    writeFileSync(join(given, "ca.crt"), text(first, "cert/agency/agency.crt"));
    writeFileSync(join(given, "root.crt"), text(first, "cert/ca.crt"));
    const chain = await build({ hosts: "127.0.0.1", ca: given });
    expect(text(chain, "127.0.0.1/node0/conf/ca.crt")).toBe(text(first, "cert/ca.crt"));
    expect(text(chain, "cert/root.crt")).toBe(text(first, "cert/ca.crt"));
    const certificates = readCertificates(text(chain, "127.0.0.1/node0/conf/node.crt"), "x");
    const [root] = readCertificates(text(first, "cert/ca.crt"), "x");
    expect([...certificates, root].slice(1).every((issuer, index) => isIssuedBy(certificates[index]!, issuer))).toBe(true);

    writeFileSync(join(given, "ca.key"), text(chain, "cert/agency/agency.key"));
    await expect(build({ hosts: "127.0.0.1", ca: given })).rejects.toThrow(/is not the certificate of the key/);
  });

  test("the layout for deployment, packed, with a program of one's own", async () => {
    const program = join(folder, "own-node");
    writeFileSync(program, '#!/bin/sh\necho "FISCO-BCOS Version : 2.8.0"\n');
    chmodSync(program, 0o755);
    const words = { hosts: "127.0.0.1", deployment: true, program };
    await expect(build(words)).rejects.toThrow(/-e: .* is version 2\.8\.0, older than/);
    await expect(build({ ...words, program: "/bin/echo" })).rejects.toThrow(/-e: \/bin\/echo is no node/);
    await expect(build({ ...words, program: join(folder, "absent") })).rejects.toThrow(/-e: there is no .*absent/);
    const chain = await build({ ...words, supportedVersion: "2.8.0" });
    const node = join(chain.directory, "127.0.0.1/node_127.0.0.1_30300");
    expect(readFileSync(join(node, "fisco-bcos"), "utf8")).toBe(readFileSync(program, "utf8"));
    expect(existsSync(join(chain.directory, "127.0.0.1/fisco-bcos"))).toBe(false);
    const packed = execFileSync("tar", ["-tzf", chain.archives[0]!], { encoding: "utf8" });
    expect(packed).toContain("127.0.0.1/node_127.0.0.1_30300/conf/node.key\n");
  });
});
