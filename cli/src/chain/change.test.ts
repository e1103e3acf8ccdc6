import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIssuedBy, readCertificates } from "../certificates/index.js";
import { readList, readNodeFolder, writeSetting } from "../folders/index.js";
import { addGroup, type AddGroupOptions, type AddedGroup } from "./add-group.js";
import { addNode, type AddNodeOptions, type AddedNode } from "./add-node.js";
import { addAgency, addSdk } from "./agencies.js";
import { buildChain, type BuiltChain } from "./build.js";
import { planChain } from "./plan.js";

let folder: string;
let chain: BuiltChain;
let smChain: BuiltChain;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-change-"));
  chain = await buildChain(planChain({ hosts: "127.0.0.1:2" }), join(folder, "nodes"), "/program.js");
  smChain = await buildChain(planChain({ hosts: "127.0.0.1:1", sm: true }), join(folder, "sm"), "/program.js");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const text = (...path: string[]): string => readFileSync(join(...path), "utf8");
const certificatesOf = (...path: string[]): ReturnType<typeof readCertificates> =>
  readCertificates(text(...path), path.join("/"));

function add(more: Partial<AddNodeOptions> = {}): Promise<AddedNode> {
  const nothing = { output: undefined, host: undefined, agencyFolder: undefined, smAgencyFolder: undefined };
  const member = join(chain.directory, "127.0.0.1/node0");
  return addNode({ member, ...nothing, ports: undefined, groups: undefined, days: 100, ...more }, "/program.js");
}

function group(more: Partial<AddGroupOptions>): Promise<AddedGroup> {
  const none = { otherSealers: [], consensus: "pbft", freeStorage: false } as const;
  return addGroup({ group: 1, nodes: [], ...none, ...more });
}

describe("adding a node", () => {
  test("beside a member: the next name and ports, the member's agency, groups and peers", async () => {
    const node = await add();
    expect(node.directory).toBe(join(chain.directory, "127.0.0.1/node2"));
    expect(node.ports).toEqual({ p2pPort: 30302, channelPort: 20202, rpcPort: 8547 });
    expect([node.host, node.groups, node.notes]).toEqual(["127.0.0.1", [1], []]);
    const made = readNodeFolder(node.directory);
    expect(made).toMatchObject({ ...node.ports, chainId: "1", supportedVersion: "2.9.0", rsaChannel: true });
    expect(made.peers).toEqual(["127.0.0.1:30300", "127.0.0.1:30301", "127.0.0.1:30302"]);
    const member = chain.nodes[0]!.directory;
    for (const file of ["group.1.genesis", "group.1.ini", "ca.crt"]) {
      expect(text(node.directory, "conf", file)).toBe(text(member, "conf", file));
    }
    const [leaf, agency] = certificatesOf(node.directory, "conf/node.crt");
    expect(leaf.subject).toEqual({ commonName: "node2", unit: "node" });
    expect([leaf.publicKey, isIssuedBy(leaf, agency!)]).toEqual([node.nodeId, true]);
    expect(agency!.pem).toBe(text(chain.directory, "cert/agency/agency.crt"));
    expect(text(node.directory, "start.sh")).toBe(text(member, "start.sh"));
    expect(existsSync(join(node.directory, "conf/channel_cert/node.key"))).toBe(true);
  });

  test("on another machine, of another agency", async () => {
    const [agency] = await addAgency({
      ...{ chainFolder: join(chain.directory, "cert"), smChainFolder: undefined },
      ...{ name: "agency2", days: 100 },
    });
    const output = join(chain.directory, "10.0.0.2/node0");
    const node = await add({ output, agencyFolder: agency });
    expect([node.host, node.ports.p2pPort]).toEqual(["10.0.0.2", 30300]);
    expect(node.notes.join()).toMatch(/listens on 127\.0\.0\.1 only/);
    expect(certificatesOf(output, "conf/node.crt")[0].issuer.commonName).toBe("agency2");
    expect(existsSync(join(chain.directory, "10.0.0.2/fisco-bcos"))).toBe(true);
    expect(readNodeFolder(output).peers.at(-1)).toBe("10.0.0.2:30300");
  });

  test("of an SM chain: both kinds of certificates", async () => {
    const node = await add({ member: smChain.nodes[0]!.directory });
    const [leaf, agency, root] = certificatesOf(node.directory, "conf/gmnode.crt");
    expect([leaf.publicKey, agency!.subject.commonName]).toEqual([node.nodeId, "agency-gm"]);
    expect([isIssuedBy(leaf, agency!), root!.pem]).toEqual([true, text(smChain.directory, "gmcert/gmca.crt")]);
    expect(certificatesOf(node.directory, "conf/origin_cert/node.crt")[0].issuer.commonName).toBe("agency");
    expect(readNodeFolder(node.directory)).toMatchObject({ sm: true, groups: [1] });
  });

  test("tells of a white list", async () => {
    const member = await add();
    const config = join(member.directory, "config.ini");
    writeFileSync(config, writeSetting(text(config), "certificate_whitelist", "cal.0", "ab".repeat(64)));
    const node = await add({ member: member.directory });
    expect(node.notes.join()).toMatch(/white list/);
    expect(readList(text(node.directory, "config.ini"), "certificate_whitelist", "cal.")).toHaveLength(1);
  });

  test("refuses what would not work, with what to do", async () => {
    const taken = chain.nodes[1]!.directory;
    await expect(add({ output: taken })).rejects.toThrow(/is there already/);
    await expect(add({ ports: "30300,21000,9000" })).rejects.toThrow(/Port 30300 would be used twice/);
    await expect(add({ output: join(folder, "elsewhere/node0") })).rejects.toThrow(/Say with -H/);
    const [host, output] = ["127.0.0.1", join(folder, "elsewhere/node0")];
    await expect(add({ host, output })).rejects.toThrow(/127\.0\.0\.1:30300 is a node of the chain already/);
    await expect(add({ groups: [7] })).rejects.toThrow(/has no group 7; it has 1/);
    await expect(add({ member: folder })).rejects.toThrow(/There is no .*config\.ini\. Name the folder of a node/);
    await expect(add({ agencyFolder: folder })).rejects.toThrow(/-c: there is no .*agency\.key/);
    await expect(add({ agencyFolder: join(chain.directory, "cert") })).rejects.toThrow(
      /node0 has an RSA certificate at the channel, and the folder of chain no channel\/ca\.key/,
    );
    const stranger = join(smChain.directory, "cert/agency");
    await expect(add({ agencyFolder: stranger })).rejects.toThrow(/belongs to another chain/);
  });
});

describe("adding agencies and SDKs", () => {
  test("an agency has what the builder makes for one", async () => {
    const folders = await addAgency({
      ...{ chainFolder: join(smChain.directory, "cert"), smChainFolder: join(smChain.directory, "gmcert") },
      ...{ name: "new", days: 10 },
    });
    expect(folders).toEqual([join(smChain.directory, "cert/new"), join(smChain.directory, "gmcert/new-gm")]);
    const [agency] = certificatesOf(folders[0]!, "agency.crt");
    expect([agency.subject, agency.isAuthority]).toEqual([{ commonName: "new", unit: "agency" }, true]);
    const [sm] = certificatesOf(folders[1]!, "gmagency.crt");
    expect(isIssuedBy(sm, certificatesOf(smChain.directory, "gmcert/gmca.crt")[0])).toBe(true);
    await expect(
      addAgency({ chainFolder: join(smChain.directory, "cert"), smChainFolder: undefined, name: "new", days: 1 }),
    ).rejects.toThrow(/is there already/);
    await expect(
      addAgency({ chainFolder: join(smChain.directory, "cert"), smChainFolder: undefined, name: "a b", days: 1 }),
    ).rejects.toThrow(/-a/);
  });

  test("an SDK of each kind; its files are never replaced", async () => {
    const days = 10;
    const agencyFolder = join(smChain.directory, "cert/agency");
    const smAgencyFolder = join(smChain.directory, "gmcert/agency-gm");
    const rsa = await addSdk({ agencyFolder, smAgencyFolder, output: join(folder, "sdk"), rsa: true, days });
    expect(certificatesOf(rsa, "sdk.crt")[0].family).toBe("rsa");
    expect(text(rsa, "ca.crt")).toBe(text(agencyFolder, "channel/ca.crt"));
    expect(certificatesOf(rsa, "gm/gmsdk.crt")).toHaveLength(3);
    const options = { agencyFolder, smAgencyFolder: undefined, output: join(folder, "sdk2"), rsa: false, days };
    const ec = await addSdk(options);
    expect(certificatesOf(ec, "sdk.crt")[0].publicKey).toBe(text(ec, "sdk.publickey").trim());
    await expect(addSdk(options)).rejects.toThrow(/holds the certificates of an SDK already/);
    rmSync(join(agencyFolder, "channel"), { recursive: true });
    await expect(addSdk({ ...options, rsa: true, output: join(folder, "sdk3") })).rejects.toThrow(/add -R/);
  });
});

describe("adding a group", () => {
  test("B13: a new group has one genesis, word for word, and all nodes as sealers", async () => {
    const nodes = chain.nodes.map((node) => node.directory);
    const other = "AB".repeat(64);
    const added = await group({ group: 5, nodes, otherSealers: [other], consensus: "rpbft", freeStorage: true });
    expect([added.kind, added.nodes.map(({ nodeId }) => nodeId)]).toEqual(["new", chain.nodes.map((node) => node.nodeId)]);
    const genesis = text(nodes[0]!, "conf/group.5.genesis");
    expect(text(nodes[1]!, "conf/group.5.genesis")).toBe(genesis);
    for (const line of ["consensus_type=rpbft", "id=5", "epoch_sealer_num=3", `node.2=${other.toLowerCase()}`]) {
      expect(genesis).toContain(`    ${line}\n`);
    }
    expect(readNodeFolder(nodes[0]!).groups).toEqual([1, 5]);
    await expect(group({ group: 5, nodes })).rejects.toThrow(/have the files of group 5 already/);
  });

  test("a group that exists goes to more nodes unchanged", async () => {
    const [first, second] = chain.nodes.map((node) => node.directory);
    await group({ group: 6, nodes: [first!] });
    const added = await group({ group: 6, nodes: [first!, second!] });
    expect([added.kind, added.nodes.map(({ folder: node }) => node.name)]).toEqual(["expanded", ["node1"]]);
    expect(text(second!, "conf/group.6.genesis")).toBe(text(first!, "conf/group.6.genesis"));
    const newcomer = await add({ groups: [1] });
    writeFileSync(join(second!, "conf/group.6.genesis"), "[group]\n");
    const nodes = [first!, second!, newcomer.directory];
    await expect(group({ group: 6, nodes })).rejects.toThrow(/node0 and node1 have different files/);
    await expect(
      group({ group: 6, nodes: [first!, newcomer.directory], otherSealers: ["cd".repeat(64)] }),
    ).rejects.toThrow(/Leave --sealers out/);
  });

  test("refuses nodes of different chains and what is no node id", async () => {
    const nodes = [chain.nodes[0]!.directory, smChain.nodes[0]!.directory];
    await expect(group({ group: 8, nodes })).rejects.toThrow(/not of one chain: sm is false and true/);
    await expect(group({ group: 8, nodes: nodes.slice(1), otherSealers: ["xy"] })).rejects.toThrow(/128 hexadecimal/);
    await expect(group({ group: 8, nodes: [nodes[0]!, nodes[0]!] })).rejects.toThrow(/named twice/);
  });
});
