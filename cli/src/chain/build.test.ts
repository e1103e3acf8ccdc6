import { X509Certificate, createPrivateKey } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildChain, type BuiltChain } from "./build.js";
import { planChain } from "./plan.js";

let folder: string;
let chain: BuiltChain;

const text = (...path: string[]): string => readFileSync(join(chain.directory, ...path), "utf8");
const certificates = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-build-"));
  chain = await buildChain(planChain({ hosts: "127.0.0.1:2", ports: "30300,20200,8545" }), join(folder, "nodes"), "/program.js");
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("building a chain", () => {
  test("makes the tree that tools and SDKs of 2.x expect", () => {
    const files = readdirSync(chain.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(chain.directory.length + 1))
      .sort();
    const node = (name: string): string[] =>
      [
        ...["conf/ca.crt", "conf/channel_cert/ca.crt", "conf/channel_cert/node.crt", "conf/channel_cert/node.key"],
        ...["conf/group.1.genesis", "conf/group.1.ini", "conf/node.crt", "conf/node.key", "conf/node.nodeid"],
        ...["config.ini", "start.sh", "stop.sh", "scripts/load_new_groups.sh", "scripts/monitor.sh"],
        ...["scripts/reload_sdk_allowlist.sh", "scripts/reload_whitelist.sh"],
      ].map((file) => `127.0.0.1/${name}/${file}`);
    const host = ["sdk/ca.crt", "sdk/sdk.crt", "sdk/sdk.key", "start_all.sh", "stop_all.sh", "fisco-bcos"].map((file) => `127.0.0.1/${file}`);
    const cert = ["agency/agency.crt", "agency/agency.key", "agency/ca.crt", "agency/channel/ca.crt", "agency/channel/ca.key", "agency/cert.cnf", "cert.cnf", "ca.crt", "ca.key"].map((file) => `cert/${file}`);
    expect(files).toEqual([...node("node0"), ...node("node1"), ...host, ...cert].sort());
  });

  test("node certificates are a chain of three, and the node id is the leaf's key", () => {
    const [leaf, agency, root] = certificates(text("127.0.0.1/node0/conf/node.crt"));
    expect(leaf?.subject).toBe("CN=node0\nO=fisco-bcos\nOU=node");
    expect(agency?.subject).toBe("CN=agency\nO=fisco-bcos\nOU=agency");
    expect(root?.subject).toBe("CN=chain\nO=fisco-bcos\nOU=chain");
    expect([leaf?.ca, agency?.ca, root?.ca]).toEqual([false, true, true]);
    expect(leaf?.verify(agency!.publicKey)).toBe(true);
    expect(agency?.verify(root!.publicKey)).toBe(true);
    expect(root?.verify(root.publicKey)).toBe(true);
    const point = leaf!.publicKey.export({ type: "spki", format: "der" }).subarray(-64).toString("hex");
    expect(text("127.0.0.1/node0/conf/node.nodeid")).toBe(`${point}\n`);
    expect(chain.nodes[0]?.nodeId).toBe(point);
    expect(leaf?.checkPrivateKey(createPrivateKey(text("127.0.0.1/node0/conf/node.key")))).toBe(true);
  });

  test("channel certificates are RSA, signed by the agency's channel CA", () => {
    const [ca] = certificates(text("127.0.0.1/sdk/ca.crt"));
    for (const file of ["127.0.0.1/sdk/sdk.crt", "127.0.0.1/node1/conf/channel_cert/node.crt"]) {
      const [leaf, ...rest] = certificates(text(file));
      expect(rest).toEqual([]);
      expect(leaf?.publicKey.asymmetricKeyType).toBe("rsa");
      expect(leaf?.subject).toBe("CN=FISCO-BCOS\nO=fisco-bcos\nOU=agency");
      expect(leaf?.verify(ca!.publicKey)).toBe(true);
    }
  });

  test("openssl accepts the chain of trust, where there is an openssl program", () => {
    const node = join(chain.directory, "127.0.0.1/node0/conf");
    let answer: string;
    try {
      answer = execFileSync("openssl", ["verify", "-CAfile", join(node, "ca.crt"), "-untrusted", join(node, "node.crt"), join(node, "node.crt")], { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    expect(answer).toContain("OK");
  });

  test("every node has the same genesis, and names all nodes", () => {
    expect(text("127.0.0.1/node0/conf/group.1.genesis")).toBe(text("127.0.0.1/node1/conf/group.1.genesis"));
    for (const node of chain.nodes) expect(text("127.0.0.1/node0/conf/group.1.genesis")).toContain(node.nodeId);
    expect(text("127.0.0.1/node1/config.ini")).toContain("node.0=127.0.0.1:30300\n    node.1=127.0.0.1:30301");
  });

  test("keys are readable by their owner only", () => {
    for (const file of ["cert/ca.key", "127.0.0.1/node0/conf/node.key", "127.0.0.1/sdk/sdk.key"]) {
      expect(statSync(join(chain.directory, file)).mode & 0o777).toBe(0o600);
    }
  });

  test("never touches a folder that is there", async () => {
    const again = buildChain(planChain({ hosts: "127.0.0.1", ports: "30300,20200,8545" }), chain.directory, "/program.js");
    await expect(again).rejects.toThrow(/is there already/);
  });
});
