import { describe, expect, it } from "vitest";
import type { SupportedVersion } from "../../protocol/index.js";
import { ascii } from "../../primitives/index.js";
import { V2_5_0, V2_6_0, V2_8_0, V2_9_0 } from "../../protocol/index.js";
import { string } from "../abi/index.js";
import { BOB, TestChain } from "./test-chain.js";

function set(chain: TestChain, key: string, value: string, origin = BOB): bigint {
  return chain.number(0x1000, "setValueByKey(string,string)", [string(ascii(key)), string(ascii(value))], { origin });
}

describe("system configuration", () => {
  it("writes an item for the next block, and overwrites it", () => {
    const chain = new TestChain({ parentNumber: 7 });
    expect(set(chain, "TX_Count_Limit", "+1500")).toBe(1n);
    expect(chain.rowsOf("_sys_config_", "tx_count_limit")).toEqual([
      { key: "tx_count_limit", value: "+1500", enable_num: "8" },
    ]);
    chain.nextBlock();
    expect(set(chain, "tx_count_limit", "2")).toBe(1n);
    expect(chain.rowsOf("_sys_config_", "tx_count_limit")).toEqual([
      { key: "tx_count_limit", value: "2", enable_num: "9" },
    ]);
  });

  it.each<[string, string, boolean, SupportedVersion?]>([
    ["tx_count_limit", "1", true],
    ["tx_count_limit", "0", false],
    ["tx_count_limit", "-1", false],
    ["tx_count_limit", "9223372036854775807", true],
    ["tx_count_limit", "9223372036854775808", false],
    ["tx_count_limit", " 1", false],
    ["tx_count_limit", "0x10", false],
    ["tx_count_limit", "", false],
    ["tx_gas_limit", "100000", true],
    ["tx_gas_limit", "99999", false],
    ["rpbft_epoch_sealer_num", "1", true],
    ["rpbft_epoch_sealer_num", "0", false],
    ["rpbft_epoch_block_num", "1", false],
    ["rpbft_epoch_block_num", "2", true],
    ["rpbft_epoch_block_num", "1", true, V2_5_0],
    ["consensus_timeout", "3", true],
    ["consensus_timeout", "2", false],
    ["consensus_timeout", "4294966", true],
    ["consensus_timeout", "4294967", false],
    ["consensus_timeout", "3", false, V2_5_0],
    ["consensus_timeout", "3", true, V2_6_0],
    ["enable_charge_mgr", "on", true],
    ["enable_charge_mgr", "off", true],
    ["enable_charge_mgr", "On", false],
    ["enable_charge_mgr", "on", false, V2_8_0],
    ["notify_rotate", "1", false],
    ["charger_list", "1", false],
  ])("B30: %s = %j is accepted: %s", (key, value, accepted, version = V2_9_0) => {
    const chain = new TestChain({ version });
    expect(set(chain, key, value)).toBe(accepted ? 1n : -51300n);
    expect(chain.rowsOf("_sys_config_", key)).toHaveLength(accepted ? 1 : 0);
  });

  it("asks for permission after it has looked at the value", () => {
    const chain = new TestChain();
    chain.put("_sys_table_access_", "_sys_config_", { address: BOB, enable_num: "1" });
    chain.nextBlock();
    expect(set(chain, "tx_count_limit", "0", undefined)).toBe(-51300n);
    const stranger = "c".repeat(40) as typeof BOB;
    expect(set(chain, "tx_count_limit", "5", stranger)).toBe(-50000n);
    expect(set(chain, "tx_count_limit", "5")).toBe(1n);
  });

  it("answers an unknown function with code 0", () => {
    expect(new TestChain().number(0x1000, "nonsense()")).toBe(0n);
  });
});
