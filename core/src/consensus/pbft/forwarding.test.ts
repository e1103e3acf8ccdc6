import { describe, expect, test } from "vitest";
import { PbftPacketId, decodePbftPacket } from "../../protocol/index.js";
import { TestCluster } from "../testdata/cluster.js";
import { isPacket } from "../testdata/questions.js";

/** Flags of empty blocks on the prepares that node 3 got from those who passed on what node 0 had proposed. */
function flagsPassedOn(transactions: number): boolean[] {
  const cluster = new TestCluster(4);
  cluster.disconnect(0, 3);
  const flags: boolean[] = [];
  cluster.isLost = ({ from, to, body }) => {
    const packet = decodePbftPacket(body);
    if (from !== 0 && to === 3 && packet.ok && isPacket(body, PbftPacketId.Prepare))
      flags.push(packet.value.emptyBlock);
    return false;
  };
  const made = Array.from({ length: transactions }, () => cluster.transaction());
  cluster.submit(made, [0, 1, 2, 3]);
  cluster.run(1000);
  return flags;
}

describe("prepares that are passed on", () => {
  test("carry the flag of empty blocks, without which a bound C++ node would take them for a rival of its block", () => {
    expect(flagsPassedOn(0)).toEqual([true, true]);
  });

  test("do not carry it when the block has transactions", () => {
    expect(flagsPassedOn(1)).toEqual([false, false]);
  });
});
