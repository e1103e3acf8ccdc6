import { describe, expect, it } from "vitest";
import { ascii } from "../../primitives/index.js";
import { V2_3_0, V2_4_0 } from "../../protocol/index.js";
import { string } from "../abi/index.js";
import { GasMeter } from "./gas.js";
import { TestChain } from "./test-chain.js";

describe("gas of contract calls", () => {
  it("is linear in operations and grows with the square of memory", () => {
    const meter = new GasMeter(false);
    for (const operation of ["CreateTable", "Insert", "Update"] as const) meter.record(operation);
    meter.record("Select", 2);
    meter.setMemory(256);
    expect(meter.total(0)).toBe(36424n);
    meter.setMemory(15000);
    expect(meter.total(0)).toBe(38236n);
  });

  it("is nothing without operation, memory and output", () => {
    expect(new GasMeter(false).total(0)).toBe(0n);
  });

  it("takes the larger of recorded memory and output", () => {
    const meter = new GasMeter(false);
    meter.raiseMemory(100);
    meter.raiseMemory(33);
    expect(meter.total(32)).toBe(12n);
    expect(meter.total(129)).toBe(15n);
  });

  it("is lower for storage where storage is cheap", () => {
    const meter = new GasMeter(true);
    for (const operation of ["CreateTable", "Insert", "Update", "Remove", "Select", "GetByte64"] as const)
      meter.record(operation);
    expect(meter.total(0)).toBe(500n + 200n * 4n + 192n);
  });

  it("is charged from 2.4.0 on", () => {
    const cost = (version: typeof V2_3_0): bigint =>
      new TestChain({ version }).call(0x1001, "openTable(string)", [string(ascii("t"))]).gasCost;
    expect(cost(V2_3_0)).toBe(0n);
    // 200 for opening, 100 bytes of calldata in four words.
    expect(cost(V2_4_0)).toBe(212n);
  });

  it("counts the calldata of an unknown selector where calldata counts", () => {
    const chain = new TestChain();
    expect(chain.send(0x1001, new Uint8Array(36))).toEqual({ output: new Uint8Array(0), gasCost: 6n });
    expect(chain.send(0x1005, new Uint8Array(36))).toEqual({ output: new Uint8Array(0), gasCost: 0n });
    expect(chain.send(0x1000, new Uint8Array(36)).gasCost).toBe(3n);
  });
});
