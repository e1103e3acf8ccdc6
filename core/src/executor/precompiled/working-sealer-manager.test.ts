import { describe, expect, it } from "vitest";
import type { Address, Hash, NodeId } from "../../primitives/index.js";
import { ascii, bytesToHex, concatBytes, hash, hexToBytes, nodeId } from "../../primitives/index.js";
import { addressOf, standardSuite } from "../../crypto/index.js";
import { encodeValues, selectorOf, string } from "../abi/index.js";
import { ALICE, TestChain } from "./test-chain.js";
import type { VrfVerifier } from "./vrf.js";
import { createWorkingSealerManager, drawNodes } from "./working-sealer-manager.js";

const SIGNATURE = "rotateWorkingSealer(std::string, std::string, std::string)";
const PARENT = hash("12".repeat(32));
const id = (digit: string): NodeId => nodeId(digit.repeat(128));
const accountOf = (node: NodeId): Address => addressOf(standardSuite, hexToBytes(node));

/** Accepts every key but "bad" and gives the number in the proof text. */
const trustingVrf: VrfVerifier = {
  isPublicKey: (publicKey) => publicKey !== "bad",
  verify: ({ proof }) => (proof === "bad" ? undefined : standardSuite.hash(new Uint8Array([proof.length]))),
};

interface Setting {
  readonly types: Readonly<Record<string, string>>;
  readonly epochSealers: number;
  readonly epochBlocks: number;
  readonly parentNumber: number;
  readonly notify?: string;
}

function chainOf(setting: Setting): TestChain {
  const chain = new TestChain({ parentNumber: 0 });
  for (const [digit, type] of Object.entries(setting.types)) {
    chain.put("_sys_consensus_", "node", { type, node_id: id(digit), enable_num: "0" });
  }
  const config = {
    rpbft_epoch_sealer_num: String(setting.epochSealers),
    rpbft_epoch_block_num: String(setting.epochBlocks),
    notify_rotate: setting.notify ?? "0",
  };
  for (const [key, value] of Object.entries(config)) chain.put("_sys_config_", key, { value, enable_num: "0" });
  chain.parentHash = PARENT;
  chain.nextBlock(setting.parentNumber);
  return chain;
}

function rotate(
  chain: TestChain,
  origin: Address,
  proof: { readonly publicKey?: string; readonly input?: Hash | string; readonly proof?: string } = {},
): number {
  const values = [proof.publicKey ?? "key", proof.input ?? PARENT, proof.proof ?? "proof"];
  const selector = hexToBytes(selectorOf(chain.suite, ascii(SIGNATURE)).toString(16).padStart(8, "0"));
  const input = concatBytes(selector, encodeValues(...values.map((value) => string(ascii(value)))));
  const contract = createWorkingSealerManager(trustingVrf);
  return contract.call(chain.context, { input, origin, caller: origin, self: contract.address }).output.length;
}

function workersOf(chain: TestChain): string {
  const rows = chain.rowsOf("_sys_consensus_", "node").filter((row) => row["type"] === "wSealer");
  return rows.map((row) => row["node_id"]?.charAt(0)).join("");
}

const FOUR = { a: "wSealer", b: "wSealer", c: "sealer", d: "sealer" };

describe("rotation of working sealers", () => {
  it("replaces one at the end of an epoch", () => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    expect(rotate(chain, accountOf(id("a")))).toBe(0);
    const workers = workersOf(chain);
    expect(workers).toHaveLength(2);
    expect(workers).not.toBe("ab");
    expect(chain.rowsOf("_sys_consensus_", "node").filter((row) => row["enable_num"] === "11")).toHaveLength(2);
  });

  it("does nothing within an epoch, whoever asks with whatever", () => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 11 });
    expect(rotate(chain, ALICE, { publicKey: "bad", input: "", proof: "bad" })).toBe(0);
    expect(workersOf(chain)).toBe("ab");
  });

  it("fills up and cuts down to the size of an epoch", () => {
    const few = chainOf({ types: FOUR, epochSealers: 3, epochBlocks: 5, parentNumber: 11 });
    rotate(few, accountOf(id("b")));
    expect(workersOf(few)).toHaveLength(3);
    const many = chainOf({ types: { ...FOUR, c: "wSealer" }, epochSealers: 1, epochBlocks: 5, parentNumber: 10 });
    rotate(many, accountOf(id("c")));
    expect(workersOf(many)).toHaveLength(1);
  });

  it("leaves a committee alone that works as a whole", () => {
    const all = { a: "wSealer", b: "wSealer" };
    const chain = chainOf({ types: all, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    rotate(chain, accountOf(id("a")));
    expect(workersOf(chain)).toBe("ab");
  });

  it("takes back the note of a failed rotation", () => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 11, notify: "1" });
    rotate(chain, accountOf(id("a")));
    expect(chain.rowsOf("_sys_config_", "notify_rotate")).toEqual([
      { key: "notify_rotate", value: "0", enable_num: "12" },
    ]);
    expect(workersOf(chain)).toHaveLength(2);
    expect(workersOf(chain)).not.toBe("ab");
  });

  it.each([
    [{ input: "00" }, /^rotateWorkingSealer exceptioned, error info:Invalid VRFInput, must be the parentHash!/],
    [{ publicKey: "bad" }, /Invalid VRF Public Key ! sender:0x/],
    [{ proof: "bad" }, /Verify VRF proof failed!/],
    [{}, /Permission denied, must be among the working sealer list! origin:0x/],
  ])("fails for %j, with a note for the next leader that the failure undoes", (proof, message) => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    const before = chain.context.tables.savepoint();
    const origin = message.source.includes("Permission") ? ALICE : accountOf(id("a"));
    expect(() => rotate(chain, origin, proof)).toThrow(message);
    expect(chain.rowsOf("_sys_config_", "notify_rotate")[0]?.["value"]).toBe("1");
    chain.context.tables.rollbackTo(before);
    expect(chain.rowsOf("_sys_config_", "notify_rotate")[0]?.["value"]).toBe("0");
    expect(chain.context.tables.tableHashes().map(({ name }) => name)).toEqual(["_sys_config_"]);
  });

  it.each(["0x" + PARENT, PARENT.toUpperCase()])("takes the parent hash as %s", (input) => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    rotate(chain, accountOf(id("a")), { input });
    expect(workersOf(chain)).not.toBe("ab");
  });

  it("takes the parent hash without a leading zero", () => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    chain.parentHash = hash(`0${"1".repeat(63)}`);
    chain.nextBlock(10);
    rotate(chain, accountOf(id("a")), { input: "1".repeat(63) });
    expect(workersOf(chain)).not.toBe("ab");
  });

  it("verifies for real in the registry", () => {
    const chain = chainOf({ types: FOUR, epochSealers: 2, epochBlocks: 5, parentNumber: 10 });
    const values = ["key", PARENT, "proof"].map((value) => string(ascii(value)));
    expect(() => chain.call(0x1011, SIGNATURE, values)).toThrow("Invalid VRF Public Key");
  });
});

describe("draw of nodes", () => {
  it("depends on the number and not on the order of the list", () => {
    const nodes = ["a", "b", "c", "d", "e"].map(id);
    const draw = (list: readonly NodeId[], number: bigint): string =>
      drawNodes(standardSuite, list, number, 5)
        .map((node) => node.charAt(0))
        .join("");
    expect(draw(nodes, 7n)).toBe(draw([...nodes].reverse(), 7n));
    expect(new Set([0n, 1n, 2n, 3n, 4n].map((number) => draw(nodes, number))).size).toBeGreaterThan(1);
  });

  it("swaps from the end, each place drawn from the hash of the place before", () => {
    const nodes = ["a", "b", "c"].map(id);
    // 4 mod 3 = 1 swaps c and b; then the hash of "1" decides between the first two.
    const next = BigInt(`0x${bytesToHex(standardSuite.hash(new Uint8Array([0x31])))}`) % 2n;
    const expected = next === 0n ? "cab" : "acb";
    const drawn = drawNodes(standardSuite, nodes, 4n, 3);
    expect(drawn.map((node) => node.charAt(0)).join("")).toBe(expected);
  });
});
