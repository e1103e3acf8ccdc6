import { ascii, createRandom } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import { keyValueConformance } from "../conformance/key-value.js";
import { SimulatedDisk } from "./disk.js";
import { World } from "./world.js";

const write = (key: string) => [
  { key: ascii(`${key}1`), value: new Uint8Array([1]) },
  { key: ascii(`${key}2`), value: new Uint8Array([2]) },
];

function setUp(seed: number) {
  const world = new World(100_000);
  const disk = new SimulatedDisk(world, createRandom(seed), { writeMinMs: 5, writeMaxMs: 20, stall: 0 });
  return { world, disk, keys: () => [...disk.rows.keys()].join() };
}

describe("SimulatedDisk", () => {
  it("shows a batch when it is durable, whole, and reports it then", () => {
    const { world, disk, keys } = setUp(1);
    let reported = 0;
    disk.write(write("a"), () => reported++);
    world.run(4);
    expect([keys(), reported]).toEqual(["", 0]);
    world.run(20);
    expect([keys(), reported]).toEqual(["a1,a2", 1]);
  });

  it("completes writes in order", () => {
    const { world, disk } = setUp(2);
    const order: string[] = [];
    disk.write(write("a"), () => order.push("a"));
    disk.writePrepare(new Uint8Array([7]), () => order.push("prepare"));
    disk.write(write("b"), () => order.push("b"));
    world.run(100);
    expect(order).toEqual(["a", "prepare", "b"]);
    expect(disk.backedUpPrepare).toEqual(new Uint8Array([7]));
  });

  it("keeps of the unsynced writes any number of the oldest in a crash, whole batches, and reports none", () => {
    const kept = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { world, disk, keys } = setUp(seed);
      disk.write(write("a"), () => expect.unreachable());
      disk.write(write("b"), () => expect.unreachable());
      disk.crash();
      world.run(100);
      kept.add(keys());
    }
    expect(kept).toEqual(new Set(["", "a1,a2", "a1,a2,b1,b2"]));
  });
});

/** The disk behind the suite that all stores pass: a write is over when virtual time has passed. */
const suiteDisk = {
  last: undefined as ReturnType<typeof setUp> | undefined,
  open() {
    const { world, disk } = (this.last ??= setUp(3));
    return {
      get: disk.reader.get,
      write(batch: Parameters<typeof disk.write>[0]) {
        let durable = false;
        disk.write(batch, () => (durable = true));
        world.run(world.nowMs + 1000);
        expect(durable).toBe(true);
      },
      close: () => undefined,
    };
  },
};

keyValueConformance("simulated disk", {
  create: () => {
    suiteDisk.last = undefined;
    return suiteDisk.open();
  },
  reopen: () => suiteDisk.open(),
});
