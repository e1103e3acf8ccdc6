import { describe, expect, test } from "vitest";
import { planChain } from "./plan.js";
import { ChainBuildError } from "./refusals.js";

const words = { hosts: "127.0.0.1:4", ports: "30300,20200,8545" };

describe("planning a chain", () => {
  test("the default four nodes of one machine, on loopback only", () => {
    const plan = planChain(words);
    expect(plan.nodes.map(({ name, p2pPort, channelPort, rpcPort }) => [name, p2pPort, channelPort, rpcPort])).toEqual([
      ["node0", 30300, 20200, 8545],
      ["node1", 30301, 20201, 8546],
      ["node2", 30302, 20202, 8547],
      ["node3", 30303, 20203, 8548],
    ]);
    expect([plan.settings.listenIp, plan.settings.rpcListenIp, plan.settings.supportedVersion, plan.settings.chainId]).toEqual(["127.0.0.1", "127.0.0.1", "2.9.0", 1]);
  });

  test("several machines listen everywhere, RPC stays on loopback unless it is opened", () => {
    const plan = planChain({ ...words, hosts: "10.0.0.1:2,10.0.0.2" });
    expect(plan.nodes.map((node) => `${node.ip}/${node.name}`)).toEqual(["10.0.0.1/node0", "10.0.0.1/node1", "10.0.0.2/node0"]);
    expect([plan.settings.listenIp, plan.settings.rpcListenIp]).toEqual(["0.0.0.0", "127.0.0.1"]);
    expect(planChain({ ...words, openRpc: true }).settings.rpcListenIp).toBe("0.0.0.0");
  });

  test.each([
    [{ hosts: "127.0.0.1:x" }, "bad-hosts"],
    [{ hosts: "127.0.0.1:0" }, "bad-number"],
    [{ hosts: "127.0.0.1:1,127.0.0.1:2" }, "repeated-host"],
    [{ ports: "1,2" }, "bad-ports"],
    [{ ports: "80,20200,8545" }, "bad-number"],
    [{ ports: "65534,20200,8545" }, "port-too-high"],
    [{ ports: "30300,30302,8545" }, "ports-overlap"],
    [{ supportedVersion: "3.0.0" }, "bad-version"],
    [{ days: "0" }, "bad-number"],
    [{ chainId: "-1" }, "bad-number"],
  ])("%j is refused as %s", (wrong, code) => {
    expect(() => planChain({ ...words, ...wrong })).toThrow(ChainBuildError);
    try {
      planChain({ ...words, ...wrong });
    } catch (error) {
      expect((error as ChainBuildError).code).toBe(code);
    }
  });
});
