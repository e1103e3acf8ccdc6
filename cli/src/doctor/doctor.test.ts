import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createListener } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createCertificate,
  readCertificates,
  readKey,
  renewCertificate,
  type Certificate,
  type Key,
} from "../certificates/index.js";
import { buildChain, planChain } from "../chain/index.js";
import { findNodeFolders, readNodeFolder, writeSetting, type NodeFolder } from "../folders/index.js";
import { checkCertificates, checkSdk } from "./certificates.js";
import { Findings, describeFindings, type Finding } from "./findings.js";
import { checkChain, checkGenesis } from "./genesis.js";
import { checkPorts, checkSharedPorts, isOfThisMachine } from "./ports.js";
import { askNode, checkBlocks, checkClocks, checkIdentity, checkMembership, type RunningNode } from "./running.js";
import { checkMutualTrust } from "./trust.js";

let folder: string;
let work: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-doctor-"));
  await buildChain(planChain({ hosts: "127.0.0.1:2" }), join(folder, "nodes"), "/program.js");
  await buildChain(planChain({ hosts: "127.0.0.1:2", sm: true }), join(folder, "sm"), "/program.js");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// Each test breaks a copy of its own.
beforeEach(() => {
  work = mkdtempSync(join(folder, "work-"));
  cpSync(join(folder, "nodes"), join(work, "nodes"), { recursive: true });
  cpSync(join(folder, "sm"), join(work, "sm"), { recursive: true });
});

const node = (name: string): NodeFolder => readNodeFolder(join(work, name));
const NODE0 = "nodes/127.0.0.1/node0";
const NODE1 = "nodes/127.0.0.1/node1";
const SM0 = "sm/127.0.0.1/node0";
const text = (...path: string[]): string => readFileSync(join(work, ...path), "utf8");
const put = (path: string, content: string): void => {
  writeFileSync(join(work, path), content);
};

/** What an examination finds, as "severity: message" without what is well. */
async function found(examination: (findings: Findings) => unknown): Promise<string[]> {
  const findings = new Findings("x");
  await examination(findings);
  for (const { severity, remedy } of findings.list) if (severity === "error") expect(remedy).not.toBe("");
  return findings.list
    .filter(({ severity }) => severity !== "ok")
    .map(({ severity, message }) => `${severity}: ${message}`);
}
const certificates = (name: string): Promise<string[]> => found((findings) => checkCertificates(node(name), findings));

describe("certificates", () => {
  test("a chain as it was built has nothing wrong, and tells the node ids", () => {
    for (const name of [NODE0, SM0]) {
      const findings = new Findings(name);
      const id = checkCertificates(node(name), findings);
      expect(id).toBe(text(name, `conf/${name === SM0 ? "gm" : ""}node.nodeid`).trim());
      expect(findings.list.map(({ severity }) => severity)).toEqual(["ok"]);
    }
  });

  test("a missing or damaged file is named", async () => {
    unlinkSync(join(work, NODE0, "conf/ca.crt"));
    expect(await certificates(NODE0)).toEqual([expect.stringMatching(/^error: There is no .*conf\/ca\.crt\.$/)]);
    put(`${NODE1}/conf/node.key`, "nonsense");
    expect(await certificates(NODE1)).toEqual([
      expect.stringMatching(/^error: The private key in .*node\.key cannot be read/),
    ]);
  });

  test("B22: a key of another certificate, and a node id of another key", async () => {
    copyFileSync(join(work, NODE1, "conf/node.key"), join(work, NODE0, "conf/node.key"));
    expect(await certificates(NODE0)).toEqual([
      expect.stringMatching(/node\.crt is not the certificate of the key in .*node\.key/),
    ]);
    copyFileSync(join(work, NODE0, "conf/node.nodeid"), join(work, NODE1, "conf/node.nodeid"));
    expect(await certificates(NODE1)).toEqual([expect.stringMatching(/node\.nodeid is not the node id of/)]);
  });

  test("a chain of trust with a hole, and one of another chain", async () => {
    const [leaf] = readCertificates(text(NODE0, "conf/node.crt"), "x");
    put(`${NODE0}/conf/node.crt`, leaf.pem);
    expect(await certificates(NODE0)).toEqual([
      expect.stringMatching(
        /^error: .*node\.crt is not trusted: nobody .* signed node0 .*; its issuer is agency \(OU=agency\)/,
      ),
    ]);
    copyFileSync(join(work, "sm/cert/ca.crt"), join(work, NODE1, "conf/ca.crt"));
    expect(await certificates(NODE1)).toEqual([expect.stringMatching(/is not trusted/)]);
  });

  test("an agency that may not sign", async () => {
    const signer = authority("nodes/cert/agency/agency");
    const path = join(work, NODE0, "conf");
    const own = readKey(readFileSync(join(path, "node.key"), "utf8"), "x");
    // node1 signs for node0: its certificate says that it is no authority.
    const member = authority(`${NODE1}/conf/node`);
    const leaf = sign(own, member);
    writeFileSync(join(path, "node.crt"), leaf.pem + member.certificate.pem + signer.certificate.pem);
    expect(await certificates(NODE0)).toEqual([
      expect.stringMatching(/node1 signed others, which its certificate does not allow/),
    ]);
  });

  test("certificates that have expired or soon will", async () => {
    const own = readKey(text(NODE0, "conf/node.key"), "x");
    const agency = authority("nodes/cert/agency/agency");
    put(`${NODE0}/conf/node.crt`, sign(own, agency, 10).pem + agency.certificate.pem);
    expect(await certificates(NODE0)).toEqual([expect.stringMatching(/^warning: .*node0 .* expires in 9 days/)]);
    put(`${NODE0}/conf/node.crt`, sign(own, agency, -10).pem + agency.certificate.pem);
    expect(await certificates(NODE0)).toEqual([expect.stringMatching(/^error: .*node0 .* expired on 20/)]);
  });

  test("of a CA that was renewed on one side alone are those of one CA", async () => {
    const sdk = join(work, "nodes/127.0.0.1/sdk");
    const check = (): Promise<readonly string[]> =>
      found((findings) => checkSdk(sdk, findNodeFolders(join(work, NODE0)), findings));
    const channel = authority("nodes/cert/agency/channel/ca");
    put(`${NODE0}/conf/channel_cert/ca.crt`, renewCertificate(channel.certificate, { key: channel.key }, 100).pem);
    expect(await check()).toEqual([]);
    copyFileSync(join(work, "nodes/cert/ca.crt"), join(work, NODE0, "conf/channel_cert/ca.crt"));
    expect(await check()).toEqual([expect.stringMatching(/^error: The SDK .* trust different CAs/)]);
  });

  test("whose end is near are named with the commands that renew them, those of authorities once", () => {
    const findings = new Findings("x");
    const chain = authority("nodes/cert/ca");
    const ending = createCertificate({
      subject: { commonName: "agency", unit: "agency" },
      key: authority("nodes/cert/agency/agency").key,
      issuer: chain,
      profile: "agency",
      days: 10,
    });
    const own = readKey(text(NODE0, "conf/node.key"), "x");
    const leaf = sign(own, { key: authority("nodes/cert/agency/agency").key, certificate: ending }, 5);
    put(`${NODE0}/conf/node.crt`, leaf.pem + ending.pem + chain.certificate.pem);
    put(`${NODE0}/conf/ca.crt`, chain.certificate.pem + ending.pem);
    checkCertificates(node(NODE0), findings);
    const [folderOfNode, agency] = [join(work, NODE0), join(work, "nodes/cert/agency")];
    const renewal = `First tsbcos chain renew ${agency}, then here tsbcos chain renew ${folderOfNode}`;
    expect(findings.list.map(({ severity, remedy }) => [severity, remedy])).toEqual([
      ["warning", `tsbcos chain renew ${folderOfNode}  (key and names stay)`],
      ["warning", renewal],
    ]);
    unlinkSync(join(agency, "agency.key"));
    const elsewhere = new Findings("x");
    checkCertificates(node(NODE0), elsewhere);
    expect(elsewhere.list[1]?.remedy).toContain("First where its key is, tsbcos chain renew <its folder>");
  });

  test("a key that others may read", async () => {
    chmodSync(join(work, NODE0, "conf/node.key"), 0o644);
    expect(await certificates(NODE0)).toEqual([expect.stringMatching(/^warning: Other users .* may read the key/)]);
  });

  test("SM: an encryption certificate of another node", async () => {
    for (const file of ["gmennode.key", "gmennode.crt"]) {
      copyFileSync(join(work, "sm/127.0.0.1/node1/conf", file), join(work, SM0, "conf", file));
    }
    expect(await certificates(SM0)).toEqual([
      expect.stringMatching(/gmennode\.crt is of node1 of agency-gm, .*gmnode\.crt of node0/),
    ]);
  });

  test("SM: an SDK whose files for SM TLS are of two holders", async () => {
    const config = join(work, SM0, "config.ini");
    writeFileSync(config, readFileSync(config, "utf8").replace("sm_crypto_channel=false", "sm_crypto_channel=true"));
    const sdk = join(work, "sm/127.0.0.1/sdk");
    const check = (): Promise<readonly string[]> =>
      found((findings) => checkSdk(sdk, findNodeFolders(join(work, SM0)), findings));
    expect(await check()).toEqual([]);
    for (const file of ["key", "crt"]) {
      copyFileSync(join(work, SM0, `conf/gmennode.${file}`), join(sdk, `gm/gmensdk.${file}`));
    }
    expect(await check()).toEqual([
      expect.stringMatching(/^error: .*gmensdk\.crt is of node0 of agency-gm, .*gmsdk\.crt of sdk/),
    ]);
  });

  test("an SDK of other nodes cannot connect", async () => {
    const nodes = (): readonly NodeFolder[] => findNodeFolders(join(work, "nodes"));
    const sdk = join(work, "nodes/127.0.0.1/sdk");
    expect(await found((findings) => checkSdk(sdk, nodes(), findings))).toEqual([]);
    copyFileSync(join(work, "sm/cert/agency/channel/ca.crt"), join(work, NODE1, "conf/channel_cert/ca.crt"));
    expect(await found((findings) => checkSdk(sdk, nodes(), findings))).toEqual([
      expect.stringMatching(/^note: The SDK is of another agency than node1/),
    ]);
    cpSync(join(work, "sm/127.0.0.1/sdk"), sdk, { recursive: true });
    copyFileSync(join(work, NODE0, "conf/channel_cert/ca.crt"), join(work, NODE1, "conf/channel_cert/ca.crt"));
    expect(await found((findings) => checkSdk(sdk, nodes(), findings))).toEqual([
      expect.stringMatching(/^error: The SDK .* and node0, node1 trust different CAs/),
    ]);
  });

  function authority(path: string): { readonly key: Key; readonly certificate: Certificate } {
    return { key: readKey(text(`${path}.key`), path), certificate: readCertificates(text(`${path}.crt`), path)[0] };
  }

  function sign(key: Key, issuer: { readonly key: Key; readonly certificate: Certificate }, days = 100): Certificate {
    return createCertificate({ subject: { commonName: "node0", unit: "node" }, key, issuer, profile: "leaf", days });
  }
});

describe("files that must agree", () => {
  const nodes = (): readonly NodeFolder[] => findNodeFolders(join(work, "nodes"));
  const genesis = (): Promise<string[]> =>
    found((findings) => {
      checkGenesis(1, nodes(), findings);
    });

  test("B13: comments and, from 2.9.0 on, the order of nodes make no difference", async () => {
    expect(await genesis()).toEqual([]);
    const file = `${NODE1}/conf/group.1.genesis`;
    const [first, second] = [/node\.0=(\w+)/, /node\.1=(\w+)/].map((form) => form.exec(text(file))?.[1] ?? "");
    const reordered = `; a comment\n${text(file)}`
      .replace(`node.0=${first!}`, `node.0=${second!}`)
      .replace(`node.1=${second!}`, `node.1=${first!}`);
    put(file, reordered);
    expect(await genesis()).toEqual([]);
    for (const name of [NODE0, NODE1]) {
      put(`${name}/config.ini`, writeSetting(text(name, "config.ini"), "compatibility", "supported_version", "2.8.0"));
    }
    expect(await genesis()).toEqual([expect.stringMatching(/node0 and node1 differ in consensus\.node\./)]);
  });

  test("what differs is named", async () => {
    const file = `${NODE1}/conf/group.1.genesis`;
    put(file, writeSetting(writeSetting(text(file), "tx", "gas_limit", "1"), "group", "timestamp", "1"));
    expect(await genesis()).toEqual([
      expect.stringMatching(/node0 and node1 differ in group\.timestamp, tx\.gas_limit\./),
    ]);
  });

  test("a node whose files are whole, and of another chain", async () => {
    const trust = (): Promise<string[]> =>
      found((findings) => {
        checkMutualTrust([node(NODE0), node(NODE1)], findings);
      });
    expect(await trust()).toEqual([]);
    await buildChain(planChain({ hosts: "127.0.0.1:1" }), join(work, "other"), "/program.js");
    for (const name of ["node.crt", "node.key", "node.nodeid", "ca.crt"])
      copyFileSync(join(work, NODE0.replace("nodes", "other"), "conf", name), join(work, NODE0, "conf", name));
    expect(await certificates(NODE0)).toEqual([]);
    expect(await trust()).toEqual([
      expect.stringMatching(/^error: node0 cannot connect with node1: nobody in the ca\.crt/),
    ]);
    // A file that trusts both chains, as while a chain renews its CA: node0 lets node1 in, and not the other way round.
    put(`${NODE0}/conf/ca.crt`, text(NODE0, "conf/ca.crt") + text(NODE1, "conf/ca.crt"));
    expect(await trust()).toEqual([expect.stringMatching(/^error: node1 cannot connect with node0/)]);
    unlinkSync(join(work, NODE0, "conf/ca.crt"));
    expect(await trust()).toEqual([]);
  });

  test("chain id and version are the same everywhere", async () => {
    put(`${NODE1}/config.ini`, writeSetting(text(NODE1, "config.ini"), "chain", "id", "2"));
    const report = await found((findings) => {
      checkChain(nodes(), findings);
    });
    expect(report).toEqual(["error: chain.id is not the same on all nodes:\nnode0: 1\nnode1: 2"]);
  });

  test("ports of two nodes on one machine", async () => {
    put(`${NODE1}/config.ini`, writeSetting(text(NODE1, "config.ini"), "rpc", "jsonrpc_listen_port", "30300"));
    const report = await found((findings) => {
      checkSharedPorts(nodes(), findings);
    });
    expect(report).toEqual(["error: P2P of node0 and RPC of node1 have the same port 30300."]);
  });
});

describe("ports", () => {
  function withPort(port: number, host = "127.0.0.1"): NodeFolder {
    return {
      ...node(NODE0),
      p2pPort: port,
      channelPort: port,
      rpcPort: port,
      p2pListen: host,
      channelListen: host,
      rpcListen: host,
    };
  }

  test("free ones, taken ones, and addresses of others", async () => {
    const listener = createListener();
    const port = await new Promise<number>((done) => {
      listener.listen(0, "127.0.0.1", () => {
        done((listener.address() as AddressInfo).port);
      });
    });
    const check = (folder: NodeFolder, running: boolean): Promise<string[]> =>
      found((findings) => checkPorts(folder, running, findings));
    expect(await check(withPort(port), true)).toEqual([]);
    expect((await check(withPort(port), false))[0]).toMatch(/a program uses its P2P port/);
    await new Promise((done) => listener.close(done));
    expect(await check(withPort(port), false)).toEqual([]);
    expect((await check(withPort(port), true))[1]).toMatch(/its channel port \d+ takes no connection/);
    expect((await check(withPort(port, "192.0.2.1"), false))[0]).toMatch(/is no address of this machine/);
  });

  test("folders for other machines are told apart", () => {
    expect(isOfThisMachine(node(NODE0))).toBe(true);
    expect(isOfThisMachine({ ...node(NODE0), directory: "/x/192.0.2.1/node0" })).toBe(false);
    expect(isOfThisMachine({ ...node(NODE0), directory: "/x/office/node0" })).toBe(true);
  });
});

describe("running nodes", () => {
  const A = "a".repeat(128);
  const B = "b".repeat(128);
  const C = "c".repeat(128);
  const D = "d".repeat(128);
  let servers: Server[] = [];
  // Answers and clocks are what they are, however long a busy machine takes for them.
  beforeEach(() => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    for (const server of servers) server.close();
    servers = [];
  });

  /** A node that gives these results; a number is an error of that code. */
  async function serve(results: Readonly<Record<string, unknown>>, date?: Date): Promise<string> {
    const all: Record<string, unknown> = {
      getNodeInfo: { NodeID: A },
      getClientVersion: { "FISCO-BCOS Version": "2.9.1", "Chain Id": "1", "Supported Version": "2.9.0" },
      getGroupList: [1],
      getPeers: [{ NodeID: B }],
      getSyncStatus: { blockNumber: 7, genesisHash: "11", peers: [{ nodeId: B, blockNumber: 7, genesisHash: "0x11" }] },
      getSealerList: [A, B],
      getObserverList: [],
      getBlockHashByNumber: "0xaa",
      ...results,
    };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const result = all[(JSON.parse(body) as { method: string }).method];
        if (date !== undefined) response.setHeader("date", date.toUTCString());
        response.end(
          JSON.stringify(typeof result === "number" ? { error: { code: result, message: "no" } } : { result }),
        );
      });
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function running(
    name: string,
    results: Readonly<Record<string, unknown>> = {},
    date?: Date,
  ): Promise<RunningNode> {
    const answer = await askNode(name, await serve(results, date), [1], new Findings(name));
    expect(answer).toBeDefined();
    return answer!;
  }

  const membership = (one: RunningNode, consensus = "pbft"): Promise<string[]> =>
    found((findings) => {
      checkMembership(one, { names: new Map([[B, "node1"]]), consensusOf: () => consensus }, findings);
    });

  test("a healthy one has nothing wrong", async () => {
    const one = await running("node0");
    expect(one).toMatchObject({ nodeId: A, version: "2.9.1", chainId: "1", foreignGroups: [] });
    expect(await membership(one)).toEqual([]);
    const other = await running("node1");
    expect(await found((findings) => checkBlocks(1, [one, other], findings))).toEqual([]);
    const known = { ...node(NODE0), chainId: "1", supportedVersion: "2.9.0" };
    expect(
      await found((findings) => {
        checkIdentity(known, one, A, findings);
      }),
    ).toEqual([]);
  });

  test("nobody there, and somebody who is no node", async () => {
    const findings = new Findings("x");
    expect(await askNode("x", "http://127.0.0.1:1", [], findings)).toBeUndefined();
    expect(findings.list).toEqual([]);
    expect(await askNode("x", await serve({ getGroupList: -32601 }), [], findings)).toBeUndefined();
    expect(findings.list[0]?.message).toMatch(/does not answer as a node does: no/);
  });

  test("another node in its place, groups not loaded, settings changed under a running node", async () => {
    const one = await running("node0", { getGroupList: [], getSyncStatus: -40001 });
    const identity = (id: string, known: NodeFolder): Promise<string[]> =>
      found((findings) => {
        checkIdentity(known, one, id, findings);
      });
    expect(await identity(B, node(NODE0))).toEqual([
      expect.stringMatching(/is aaaaaaaa\.\.\., not the one of this folder \(bbbbbbbb/),
    ]);
    const changed = { ...node(NODE0), chainId: "2" };
    expect(await identity(A, changed)).toEqual([
      expect.stringMatching(/has the files of group 1, but the node does not run it/),
      expect.stringMatching(/runs with chain id 1 and rules 2\.9\.0; config\.ini says 2 and 2\.9\.0/),
    ]);
  });

  test("too few connections, some missing, and a stranger to the group", async () => {
    const four = { getSealerList: [A, B, C, D] };
    const alone = await running("node0", { ...four, getPeers: [] });
    expect(await membership(alone)).toEqual([
      expect.stringMatching(
        /^error: Group 1: not connected to node1, cccccccc\.\.\., dddddddd\.\.\.; 1 of 4 sealers cannot agree, 3 are needed/,
      ),
    ]);
    const three = await running("node0", { ...four, getPeers: [{ NodeID: B }, { NodeID: C }] });
    expect(await membership(three)).toEqual(["warning: Group 1: not connected to dddddddd...."]);
    const two = await running("node0", { getSealerList: [A, B, C], getPeers: [{ NodeID: B }] });
    expect(await membership(two)).toEqual([expect.stringMatching(/^error/)]);
    expect(await membership(two, "raft")).toEqual([expect.stringMatching(/^warning/)]);
    expect(await membership(await running("node0", { getSealerList: [B, C] }))).toEqual([
      expect.stringMatching(/^warning: .* no member of group 1/),
    ]);
    expect(await membership(await running("node0", { getGroupList: [], getSyncStatus: -40009 }))).toEqual([
      expect.stringMatching(/no member of group 1/),
    ]);
  });

  test("clocks apart, told in whole seconds", async () => {
    const clocks = async (offsetMs: number): Promise<string[]> => {
      const one = await running("node0", {}, new Date(Date.now() + offsetMs));
      return found((findings) => {
        checkClocks([one], findings);
      });
    };
    expect(await clocks(0)).toEqual([]);
    expect(await clocks(2000)).toEqual([]);
    expect(await clocks(60_000)).toEqual([expect.stringMatching(/^error: The clock of node0 is (59|60)\.\d s ahead/)]);
    expect(await clocks(-60_000)).toEqual([expect.stringMatching(/(58|59|60)\.\d s behind/)]);
  });

  test("another block 0, blocks behind, another block", async () => {
    const blocks = async (results: Readonly<Record<string, unknown>>): Promise<string[]> => {
      const nodes = [await running("node0"), await running("node1", { getNodeInfo: { NodeID: B }, ...results })];
      return found((findings) => checkBlocks(1, nodes, findings));
    };
    const status = { blockNumber: 7, genesisHash: "11", peers: [] };
    expect(await blocks({ getSyncStatus: { ...status, genesisHash: "22" } })).toEqual([
      expect.stringMatching(/different blocks 0:\nnode0, node1: 11\.\.\.\nnode1: 22/),
    ]);
    expect(await blocks({ getSyncStatus: { ...status, blockNumber: 13 } })).toEqual([
      "warning: node0 is at block 7, others are at 13.",
    ]);
    expect(await blocks({ getBlockHashByNumber: "0xbb" })).toEqual([
      "error: Nodes have different blocks 7:\nnode0: 0xaa...\nnode1: 0xbb...",
    ]);
    expect(await blocks({ getBlockHashByNumber: -40004 })).toEqual([
      expect.stringMatching(/node1 does not give its block 7: no/),
    ]);
  });
});

test("the page has a paragraph a subject and ends with the sum", () => {
  const list: Finding[] = [
    { severity: "ok", subject: "a", check: "ports", message: "free" },
    { severity: "error", subject: "b", check: "clock", message: "one\ntwo", remedy: "set it" },
  ];
  expect(describeFindings(list)).toBe(
    [
      "a",
      "  ok       ports  free",
      "",
      "b",
      "  error    clock  one",
      "                  two",
      "                  -> set it",
      "",
      "1 error, 0 warnings.",
    ].join("\n"),
  );
  expect(describeFindings([])).toBe("Nothing is wrong.");
});
