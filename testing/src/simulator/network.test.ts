import { createRandom } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import { CALM_NETWORK, Network } from "./network.js";
import type { NetworkOptions } from "./network.js";
import { World } from "./world.js";

const FRAME = { groupId: 1, moduleId: 8, packetType: 0, seq: 1, body: new Uint8Array([1]) };

function setUp(count: number, options: Partial<NetworkOptions> = {}) {
  const world = new World(100_000);
  const delivered: string[] = [];
  const sessions: string[] = [];
  const network = new Network({
    world,
    random: createRandom("network"),
    count,
    options: { ...CALM_NETWORK, ...options },
    listener: {
      deliver: (from, to) => delivered.push(`${from}>${to}`),
      sessionsChanged: (node, peers) => sessions.push(`${node}:${peers.join()}`),
    },
  });
  for (let node = 0; node < count; node++) network.nodeStarted(node);
  world.run(2000);
  sessions.length = 0;
  return { world, network, delivered, sessions };
}

describe("Network", () => {
  it("connects all running nodes and delivers among them", () => {
    const { world, network, delivered } = setUp(3);
    expect(network.peersOf(1)).toEqual([0, 2]);
    network.send(0, 1, FRAME);
    world.run(3000);
    expect(delivered).toEqual(["0>1"]);
  });

  it("loses and doubles frames as often as it is told to", () => {
    const lossy = setUp(2, { loss: 1 });
    lossy.network.send(0, 1, FRAME);
    lossy.world.run(5000);
    expect(lossy.delivered).toEqual([]);
    const doubling = setUp(2, { duplication: 1 });
    doubling.network.send(0, 1, FRAME);
    doubling.world.run(5000);
    expect(doubling.delivered).toEqual(["0>1", "0>1"]);
  });

  it("lets what is under way arrive when it cuts a link, unless it is cut abruptly", () => {
    for (const abrupt of [false, true]) {
      const { world, network, delivered } = setUp(2);
      network.send(0, 1, FRAME);
      network.block(0, 1, abrupt);
      network.send(0, 1, FRAME);
      world.run(2500);
      expect(delivered).toEqual(abrupt ? [] : ["0>1"]);
    }
  });

  it("loses the frames of a session that ends while they travel", () => {
    const { world, network, delivered } = setUp(2);
    network.send(0, 1, FRAME);
    network.nodeStopped(1);
    network.nodeStarted(1);
    world.run(10_000);
    expect(delivered).toEqual([]);
  });

  it("lets the survivor of a crash notice later, and at the latest when the peer is back", () => {
    const { world, network, sessions } = setUp(2);
    network.nodeStopped(1);
    expect(network.peersOf(0)).toEqual([1]);
    expect(network.peersOf(1)).toEqual([]);
    network.nodeStarted(1);
    world.run(10_000);
    expect(sessions[0]).toBe("0:");
    expect([...sessions].sort()).toEqual(["0:", "0:1", "1:0"]);
  });

  it("cuts one direction only, and works again when healed", () => {
    const { world, network, delivered } = setUp(2);
    network.block(0, 1);
    network.send(0, 1, FRAME);
    network.send(1, 0, FRAME);
    world.run(2100);
    expect(delivered).toEqual(["1>0"]);
    network.healAll();
    world.run(20_000);
    network.send(0, 1, FRAME);
    world.run(30_000);
    expect(delivered).toEqual(["1>0", "0>1"]);
  });
});
