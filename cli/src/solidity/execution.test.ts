/** What compilers make of contracts, run by our executor: on chains of either hash everything that is cut from it fits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, utf8ToBytes, type Address } from "@tsbcos/core/primitives";
import {
  decodeLog,
  decodeResult,
  encodeCall,
  encodeDeployment,
  functionOf,
  revertReason,
  toHex,
  type Abi,
  type Log,
} from "@tsbcos/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain } from "../../../core/src/executor/testdata/test-chain.js";
import { createCompiler } from "./compiler.js";
import { BUNDLED } from "./versions.js";

const PATIENCE_MS = 240_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-execution-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Every way in which a hash gets from the compiler into code, and calls of contracts built into the nodes. */
const source = (version: string): string => `pragma solidity ^${version};
import "./Table.sol";
import "./Crypto.sol";
${version > "0.6.7" ? "interface Sized { function size() external; function other(uint256 x) external; }" : ""}
contract Constants {
  event Noted(string text, uint256 indexed count);
  mapping(bytes32 => uint256) private counts;
  bytes32 private constant SLOT = keccak256("a constant");
  bytes4 private constant LATER = bytes4(keccak256("later(uint256)"));
  function note(string memory text) public returns (uint256) {
    counts[SLOT] += 1;
    emit Noted(text, counts[SLOT]);
    return counts[keccak256(abi.encodePacked("a ", "constant"))];
  }
  function noteElsewhere(address other, string memory text) public returns (uint256) { return Constants(other).note(text); }
  function selectors() public pure returns (bytes4, bytes4, bytes4) { return (this.note.selector, LATER, msg.sig); }
  function named() public pure returns (bytes memory) { return abi.encodeWithSignature("named(bool)", true); }
  function hashes(string memory text) public pure returns (bytes32, bytes32) {
    return (SLOT, keccak256(bytes(text)));
  }
  function same() public pure returns (bool) { return SLOT == keccak256(abi.encodePacked("a ", "constant")); }
  function fails(uint256 x) public pure returns (uint256) { require(x > 1, "too small"); return 10 / (x - 2); }
  function interfaceIds() public pure returns (bytes4) { return ${version > "0.6.7" ? "type(Sized).interfaceId" : "bytes4(0)"}; }
  function table() public returns (int256, string memory, int256) {
    TableFactory factory = TableFactory(address(0x1001));
    factory.createTable("t_built", "k", "a,b");
    Table opened = factory.openTable("t_built");
    Entry entry = opened.newEntry();
    entry.set("a", "text");
    entry.set("b", int256(-5));
    int256 count = opened.insert("key", entry);
    Condition condition = opened.newCondition();
    condition.EQ("a", "text");
    condition.limit(1);
    Entry found = opened.select("key", condition).get(0);
    return (count, found.getString("a"), found.getInt("b"));
  }
  function crypto(bytes memory data) public view returns (bytes32, bytes32) {
    Crypto built = Crypto(address(0x5006));
    return (built.sm3(data), built.keccak256Hash(data));
  }
}`;

class Deployed {
  readonly #chain: TestChain;
  readonly #abi: Abi;
  readonly #suite: CryptoSuite;
  readonly address: Address;

  constructor(suite: CryptoSuite, contract: { readonly abi: Abi; readonly bytecode: string }) {
    this.#chain = new TestChain({ suite });
    this.#suite = suite;
    this.#abi = contract.abi;
    const receipt = this.#chain.send({ data: encodeDeployment(contract) });
    expect(receipt.status).toBe(0);
    this.address = receipt.contractAddress;
  }

  send(functionName: string, ...args: readonly unknown[]) {
    const data = encodeCall({ abi: this.#abi, functionName, args }, this.#suite);
    const receipt = this.#chain.send({ to: this.address, data });
    const output = toHex(receipt.output);
    if (receipt.status !== 0) return { failure: revertReason(output) };
    const events = receipt.logs.map((log) => {
      const plain = {
        address: `0x${log.address}`,
        topics: log.topics.map((topic) => `0x${topic}`),
        data: toHex(log.data),
      };
      return decodeLog(this.#abi, plain as unknown as Log, this.#suite);
    });
    return { result: decodeResult(functionOf(this.#abi, functionName, args), output), events };
  }
}

const hash = (suite: CryptoSuite, text: string): string => `0x${bytesToHex(suite.hash(utf8ToBytes(text)))}`;
const selector = (suite: CryptoSuite, text: string): string => hash(suite, text).slice(0, 10);

describe.each(BUNDLED.map(({ version }) => version))("code of solc %s", (version) => {
  test.each([standardSuite, smSuite])(
    "runs on $name chains",
    async (suite) => {
      const file = join(folder, `Constants-${version}-${suite.name}.sol`);
      writeFileSync(file, source(version));
      const compiler = createCompiler({ hash: suite.name, contractsFolder: folder });
      const compiled = await compiler.contract(`${file}:Constants`);
      await compiler.close();
      if (!compiled.ok) throw new Error(compiled.error.message);
      const contract = new Deployed(suite, compiled.value);

      expect(contract.send("note", "one")).toMatchObject({
        result: 1n,
        events: [{ eventName: "Noted", args: { text: "one", count: 1n } }],
      });
      expect(contract.send("noteElsewhere", `0x${contract.address}`, "two")).toMatchObject({
        result: 2n,
        events: [{ args: { text: "two" } }],
      });
      expect(contract.send("selectors").result).toEqual(
        ["note(string)", "later(uint256)", "selectors()"].map((text) => selector(suite, text)),
      );
      expect(contract.send("named").result).toBe(`${selector(suite, "named(bool)")}${"1".padStart(64, "0")}`);
      // What is hashed when compiling and what is hashed when running is the same.
      expect(contract.send("hashes", "any text").result).toEqual([hash(suite, "a constant"), hash(suite, "any text")]);
      expect(contract.send("same").result).toBe(true);
      expect(contract.send("fails", 1n)).toEqual({ failure: "too small" });
      if (version > "0.8") expect(contract.send("fails", 2n)).toEqual({ failure: "division by zero" });
      if (version > "0.6.7") {
        const [size, other] = ["size()", "other(uint256)"].map((text) => BigInt(selector(suite, text)));
        expect(contract.send("interfaceIds").result).toBe(
          `0x${((size ?? 0n) ^ (other ?? 0n)).toString(16).padStart(8, "0")}`,
        );
      }
      expect(contract.send("table").result).toEqual([1n, "text", -5n]);
      expect(contract.send("crypto", "0x6162").result).toEqual([hash(smSuite, "ab"), hash(standardSuite, "ab")]);
    },
    PATIENCE_MS,
  );
});
