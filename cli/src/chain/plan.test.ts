import { describe, expect, test } from "vitest";
import { planChain, type ChainPlan, type ChainWords } from "./plan.js";
import { ChainBuildError } from "./refusals.js";

const words = { hosts: "127.0.0.1:4", ports: "30300,20200,8545" };

const places = (plan: ChainPlan): string[] =>
  plan.nodes.map((node) => `${node.ip}/${node.folder} ${node.p2pPort},${node.channelPort},${node.rpcPort}`);

describe("planning a chain", () => {
  test("the default four nodes of one machine, on loopback only", () => {
    const plan = planChain({ hosts: "127.0.0.1:4" });
    expect(places(plan)).toEqual([
      "127.0.0.1/node0 30300,20200,8545",
      "127.0.0.1/node1 30301,20201,8546",
      "127.0.0.1/node2 30302,20202,8547",
      "127.0.0.1/node3 30303,20203,8548",
    ]);
    expect(plan).toMatchObject({ agencies: ["agency"], consensus: "pbft", validityDays: 36500, withoutAgency: false });
    expect(plan.settings).toEqual({
      chainId: 1,
      supportedVersion: "2.9.0",
      sm: false,
      smChannel: false,
      rsaChannel: true,
      listenIp: "127.0.0.1",
      rpcListenIp: "127.0.0.1",
      logLevel: "info",
      logFlush: true,
      statistics: false,
    });
  });

  test("several machines listen everywhere, RPC stays on loopback unless it is opened", () => {
    const plan = planChain({ ...words, hosts: "10.0.0.1:2,10.0.0.2" });
    expect(plan.nodes.map((node) => `${node.ip}/${node.name}`)).toEqual([
      "10.0.0.1/node0",
      "10.0.0.1/node1",
      "10.0.0.2/node0",
    ]);
    expect([plan.settings.listenIp, plan.settings.rpcListenIp]).toEqual(["0.0.0.0", "127.0.0.1"]);
    const open = planChain({ ...words, openRpc: true }).settings;
    expect([open.listenIp, open.rpcListenIp]).toEqual(["0.0.0.0", "0.0.0.0"]);
  });

  test("lines of -f: agencies, groups, and ports counted over all lines of a machine", () => {
    const plan = planChain({
      hostsFile: [
        "127.0.0.1:2 agency1 1,2",
        "",
        "127.0.0.1:2 agency2 1 40300,40200,40545",
        "10.0.0.2 agency2 2",
        "127.0.0.1 agency1 2\n",
      ].join("\n"),
    });
    expect(places(plan)).toEqual([
      "127.0.0.1/node0 30300,20200,8545",
      "127.0.0.1/node1 30301,20201,8546",
      "127.0.0.1/node2 40300,40200,40545",
      "127.0.0.1/node3 40301,40201,40546",
      "10.0.0.2/node0 30300,20200,8545",
      "127.0.0.1/node4 30302,20202,8547",
    ]);
    expect(plan.agencies).toEqual(["agency1", "agency2"]);
    expect(plan.nodes.map((node) => `${node.agency} ${node.groups.join()}`)).toEqual([
      ...["agency1 1,2", "agency1 1,2", "agency2 1", "agency2 1", "agency2 2", "agency1 2"],
    ]);
  });

  test("IPv6, with and without brackets", () => {
    const plan = planChain({ hosts: "[::1],fe80::1:2", ipv6: true });
    expect(plan.nodes.map((node) => `${node.ip} ${node.name}`)).toEqual(["::1 node0", "fe80::1 node0", "fe80::1 node1"]);
    expect([plan.settings.listenIp, plan.settings.rpcListenIp]).toEqual(["::", "127.0.0.1"]);
    expect(planChain({ hosts: "::1:4", ipv6: true }).settings.listenIp).toBe("::1");
  });

  test("RSA certificates at the channel are for 2.9.0 and later, and can be turned off", () => {
    const rsa = (more: ChainWords): boolean => planChain({ ...words, ...more }).settings.rsaChannel;
    expect([rsa({}), rsa({ ecChannel: true }), rsa({ supportedVersion: "2.8.0" })]).toEqual([true, false, false]);
    expect(planChain({ ...words, supportedVersion: "v2.9.1" }).settings.supportedVersion).toBe("2.9.1");
  });

  test("every consensus type goes with the newest version", () => {
    const consensus = (type: string): string => planChain({ ...words, consensus: type }).consensus;
    expect(["pbft", "rpbft", "raft", "solo"].map(consensus)).toEqual(["pbft", "rpbft", "raft", "solo"]);
  });

  test("the layout for deployment has names with address and port, and packs them", () => {
    const plan = planChain({ ...words, hosts: "10.0.0.1:2", deployment: true });
    expect(plan.nodes.map((node) => [node.name, node.folder])).toEqual([
      ["node0", "node_10.0.0.1_30300"],
      ["node1", "node_10.0.0.1_30301"],
    ]);
    expect(plan.archive).toBe(true);
  });

  test.each<[ChainWords, string, RegExp]>([
    [{ hosts: "127.0.0.1:x" }, "bad-hosts", /-l takes ip:count/],
    [{ hosts: "" }, "bad-hosts", /-l takes/],
    [{ hosts: "../x:1" }, "bad-hosts", /-l takes/],
    [{ hosts: "::1:4" }, "bad-hosts", /IPv6 needs -6/],
    [{ hosts: "127.0.0.1:4", ipv6: true }, "bad-hosts", /with -6/],
    [{ hosts: "127.0.0.1:0" }, "bad-number", /-l: the number of nodes/],
    [{ hosts: "127.0.0.1:1,127.0.0.1:2" }, "repeated-host", /-l names an ip twice/],
    [{ hostsFile: "127.0.0.1 a 1" }, "two-lists", /-l or by -f/],
    [{ ports: "1,2" }, "bad-ports", /-p takes three ports/],
    [{ ports: "80,20200,8545" }, "bad-number", /A port of -p/],
    [{ ports: "65534,20200,8545" }, "port-too-high", /-p/],
    [{ ports: "30300,30302,8545" }, "ports-overlap", /-p/],
    [{ supportedVersion: "3.0.0" }, "bad-version", /-v takes a version/],
    [{ supportedVersion: "2.9.2" }, "bad-version", /-v takes a version/],
    [{ supportedVersion: "2.10.0" }, "bad-version", /-v takes a version/],
    [{ days: "0" }, "bad-number", /-X/],
    [{ chainId: "-1" }, "bad-number", /-C/],
    [{ chainId: "1e3" }, "bad-number", /-C/],
    [{ agency: "a/b" }, "bad-name", /-a/],
    [{ agency: ".." }, "bad-name", /-a/],
    [{ consensus: "poa" }, "bad-consensus", /-c takes pbft, rpbft, raft, solo/],
    [{ storage: "mysql" }, "storage-unsupported", /-s mysql is not supported/],
    [{ storage: "sqlite" }, "bad-storage", /-s takes rocksdb/],
    [{ smChannel: true }, "needs-sm", /-G .* add -g/],
    [{ smCa: "x" }, "needs-sm", /-K .* add -g/],
    [{ freeStorage: true, supportedVersion: "2.3.0" }, "needs-version", /-E/],
  ])("B21: %j is refused as %s", (wrong, code, text) => {
    const act = (): ChainPlan => planChain({ ...words, ...wrong });
    expect(act).toThrow(ChainBuildError);
    expect(act).toThrow(expect.objectContaining({ code }) as Error);
    expect(act).toThrow(text);
  });

  test.each([
    ["", "no-hosts", /-f is empty/],
    ["127.0.0.1:1 agency", "bad-line", /Line 1 of the file of -f/],
    ["127.0.0.1:1 agency 1 30300,20200,8545 more", "bad-line", /Line 1/],
    ["127.0.0.1:1 agency 1\n127.0.0.1:1 agency 0", "bad-number", /Line 2 .* a group/],
    ["127.0.0.1:1 agency 1,1", "repeated-group", /Line 1/],
    ["127.0.0.1:1 agency 32768", "bad-number", /1 to 32767/],
    ["127.0.0.1:1 agen/cy 1", "bad-name", /Line 1/],
    ["127.0.0.1:1 agency 1 30300,20200", "bad-ports", /Line 1/],
  ])("B21: the file %j is refused as %s", (hostsFile, code, text) => {
    expect(() => planChain({ hostsFile })).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => planChain({ hostsFile })).toThrow(text);
  });

  test("without any hosts the refusal says both ways", () => {
    expect(() => planChain({})).toThrow(/-l ip:count.*or -f/);
  });
});
