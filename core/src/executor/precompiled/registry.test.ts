import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Address } from "../../primitives/index.js";
import { ascii, bigIntToBytes, concatBytes, hexToBytes } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_0_0, V2_2_0, V2_3_0, V2_5_0, V2_6_0, V2_7_0, V2_8_0, V2_9_0, V2_9_1 } from "../../protocol/index.js";
import { StorageError, UnknownColumnError } from "../../state/index.js";
import type { AbiValue } from "../abi/index.js";
import { addressValue, encodeValues, int, selectorOf, string } from "../abi/index.js";
import { conditionDispatcher } from "./condition-object.js";
import { PrecompiledError } from "./contract.js";
import { entriesDispatcher } from "./entries-object.js";
import { entryDispatcher } from "./entry-object.js";
import { kvTableDispatcher } from "./kv-table-object.js";
import { CONTRACTS, findFixedContract, findPrecompiled } from "./registry.js";
import { tableDispatcher } from "./table-object.js";
import { ALICE, TestChain, addressOfNumber } from "./test-chain.js";

const VERSIONS: readonly SupportedVersion[] = [V2_0_0, V2_2_0, V2_3_0, V2_5_0, V2_6_0, V2_7_0, V2_8_0, V2_9_0, V2_9_1];

describe("registry", () => {
  it("has each contract from its version on", () => {
    const addresses = (version: SupportedVersion): string =>
      CONTRACTS.filter(({ address }) => findFixedContract(version, address) !== undefined)
        .map(({ address }) => address.slice(-4))
        .sort()
        .join(" ");
    const first = "1000 1001 1002 1003 1004 1005 1006";
    const last = "5002 5003 5004 5005";
    expect(addresses(V2_2_0)).toBe(`${first} ${last}`);
    expect(addresses(V2_3_0)).toBe(`${first} 1007 1010 ${last}`);
    expect(addresses(V2_5_0)).toBe(`${first} 1007 1008 1010 ${last}`);
    expect(addresses(V2_6_0)).toBe(`${first} 1007 1008 1010 1011 ${last}`);
    expect(addresses(V2_8_0)).toBe(`${first} 1007 1008 1010 1011 ${last} 5006`);
    expect(addresses(V2_9_0)).toBe(`${first} 1007 1008 1009 1010 1011 ${last} 5006`);
  });

  it("finds temporary objects of the block, and nothing else", () => {
    const chain = new TestChain();
    chain.call(
      0x1001,
      "createTable(string,string,string)",
      ["t", "k", "v"].map((value) => string(ascii(value))),
    );
    const table = chain.address(0x1001, "openTable(string)", [string(ascii("t"))]);
    expect(findPrecompiled(chain.context, table)).toBeDefined();
    expect(findPrecompiled(chain.context, addressOfNumber(0x10002))).toBeUndefined();
    expect(findPrecompiled(chain.context, addressOfNumber(0x100c))).toBeUndefined();
    chain.nextBlock();
    expect(findPrecompiled(chain.context, table)).toBeUndefined();
  });
});

/** A chain with something in it, and every object a contract could hold: table, key-value table, condition, entry, entries. */
function furnishedChain(version: SupportedVersion) {
  const chain = new TestChain({ version });
  const texts = (...values: string[]): AbiValue[] => values.map((value) => string(ascii(value)));
  chain.createAccount(ALICE);
  chain.createAccount(addressOfNumber(0xc0de), new Uint8Array([0]));
  chain.call(0x1001, "createTable(string,string,string)", texts("t", "id", "name,amount"));
  chain.call(0x1002, "insert(string,string,string,string)", texts("t", "k", '{"name":"x","amount":"5"}', ""));
  chain.call(0x5002, "userAdd(string,uint256)", [string(ascii("k")), int(5)]);
  for (const digit of ["a", "b"]) chain.call(0x1003, "addSealer(string)", texts(digit.repeat(128)));
  chain.nextBlock();
  const table = chain.address(0x1001, "openTable(string)", texts("t"));
  const condition = chain.address(table, "newCondition()");
  const entry = chain.address(table, "newEntry()");
  const entries = chain.address(table, "select(string,address)", [...texts("k"), addressValue(condition)]);
  const kvTable = version >= V2_3_0 ? chain.address(0x1010, "openTable(string)", texts("t")) : table;
  return { chain, objects: { table, condition, entry, entries, kvTable } };
}

type ObjectName = keyof ReturnType<typeof furnishedChain>["objects"];

/** Every function of every contract and object. */
const FUNCTIONS: readonly { readonly target: Address | ObjectName; readonly signature: string }[] = [
  ...CONTRACTS.map(({ address, signatures }) => ({ target: address, signatures })),
  { target: "table" as const, signatures: tableDispatcher.signatures },
  { target: "kvTable" as const, signatures: kvTableDispatcher.signatures },
  { target: "condition" as const, signatures: conditionDispatcher.signatures },
  { target: "entry" as const, signatures: entryDispatcher.signatures },
  { target: "entries" as const, signatures: entriesDispatcher.signatures },
].flatMap(({ target, signatures }) => signatures.map((signature) => ({ target, signature })));

/** Words that decoders stumble over: offsets into and out of the data, lengths, sign bits, addresses of objects. */
const WORDS = fc.oneof(
  fc.constantFrom(0n, 1n, 4n, 5n, 32n, 64n, 96n, 128n, 160n, 0x1001n, 0x10001n, 0x10002n, 0x10003n, 0x10004n, 0xc0den),
  fc.constantFrom(1n << 31n, 1n << 63n, (1n << 64n) - 31n, (1n << 64n) + 32n, 1n << 255n, (1n << 256n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
);
const TEXTS = fc.oneof(
  fc.constantFrom(
    "t",
    "k",
    "name",
    "amount",
    "id",
    "",
    "{}",
    '{"name":"y"}',
    '{"name":{"eq":"x"}}',
    "-1",
    "tx_count_limit",
  ),
  fc.constantFrom(
    "_sys_tables_",
    "_sys_table_access_",
    "0x12",
    "a".repeat(128),
    "on",
    "[[[[",
    '{"x":{"limit":"-1,0"}}',
  ),
  fc.string({ unit: "binary-ascii" }),
);

/** Well-formed arguments of random types, more or fewer than any function takes. */
const ARGUMENTS = fc
  .array(
    fc.oneof(
      TEXTS.map((text) => string(ascii(text))),
      WORDS.map(int),
    ),
    { maxLength: 6 },
  )
  .map((values) => encodeValues(...values));
const DAMAGED = fc.oneof(
  ARGUMENTS,
  fc.tuple(ARGUMENTS, fc.nat({ max: 300 })).map(([data, length]) => data.subarray(0, length)),
  fc.array(WORDS, { maxLength: 8 }).map((words) => concatBytes(...words.map((word) => bigIntToBytes(word, 32)))),
  fc.uint8Array({ maxLength: 100 }),
);

/** What stands under the keys that calls of the test can reach, without what undoing leaves on purpose. */
function visibleRows(chain: TestChain): unknown {
  const tables = ["_sys_tables_", "_sys_config_", "_sys_consensus_", "_sys_cns_", "_sys_table_access_", "u_t"];
  const keys = ["u_t", "u_dag_transfer", "_user_t", "node", "k", "tx_count_limit", "t", "_sys_table_access_"];
  // Undoing an update that brought a column leaves the column empty, which is a rule of the tables.
  const withoutEmpty = (row: Record<string, string>): [string, string][] =>
    Object.entries(row).filter(([, value]) => value !== "");
  return tables.flatMap((table) => keys.map((key) => chain.rowsOf(table, key).map(withoutEmpty)));
}

const UNTOUCHED = new Map(VERSIONS.map((version) => [version, visibleRows(furnishedChain(version).chain)]));

/** The address of a contract or object; a contract that this version lacks is replaced by one that all have. */
function addressOfTarget(target: Address | ObjectName, furnished: ReturnType<typeof furnishedChain>): Address {
  const address = furnished.objects[target as ObjectName] ?? (target as Address);
  return findPrecompiled(furnished.chain.context, address) === undefined ? addressOfNumber(0x1001) : address;
}

describe("any calldata", () => {
  it("B14, B28: gives a result or one of the known failures, which undoing takes back whole", () => {
    const call = fc.record({
      version: fc.constantFrom(...VERSIONS),
      called: fc.constantFrom(...FUNCTIONS),
      data: DAMAGED,
      isShort: fc.nat({ max: 19 }).map((number) => number === 0),
    });
    const property = fc.property(call, ({ version, called, data, isShort }) => {
      const furnished = furnishedChain(version);
      const { chain } = furnished;
      const selector = selectorOf(chain.suite, ascii(called.signature)).toString(16).padStart(8, "0");
      const whole = concatBytes(hexToBytes(selector), data);
      const { tables } = chain.context;
      const before = tables.savepoint();
      try {
        const { output, gasCost } = chain.send(
          addressOfTarget(called.target, furnished),
          isShort ? whole.subarray(0, 3) : whole,
        );
        expect(output.length % 32).toBe(0);
        expect(gasCost >= 0n).toBe(true);
      } catch (error) {
        expect([PrecompiledError, StorageError, UnknownColumnError].some((type) => error instanceof type)).toBe(true);
      }
      tables.rollbackTo(before);
      expect(visibleRows(chain)).toEqual(UNTOUCHED.get(version));
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
