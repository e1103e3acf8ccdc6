/** Random calldata for the contracts built into the node: mostly well-formed, with values that mean something there. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { Address, Random } from "@tsbcos/core/primitives";
import { bigIntToBytes, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { damaged } from "./damage.js";
import { pick } from "./target.js";

const WORD = 32;

/** Texts that some contract takes for something: names, columns, keys, JSON, numbers, settings, nodes, signatures. */
const TEXTS: readonly string[] = [
  ...["", "t", "u", "t_1", "table with blank", "id", "name", "amount", "name,amount", "id,name", "k", "alice", "bob"],
  ...["0", "1", "-1", "7", "100000", "4294967295", "9223372036854775808", "-9223372036854775809", "1e5", "0x10", " 5"],
  ...["tx_count_limit", "tx_gas_limit", "consensus_timeout", "rpbft_epoch_sealer_num", "rpbft_epoch_block_num"],
  ...["enable_charge_mgr", "transfer(address,uint256)", "1.0", "[]", "{}", "null", '{"name":"n","amount":"5"}'],
  ...['{"amount":{"gt":"3"}}', '{"name":{"eq":"n"},"limit":{"limit":"0,2"}}', '{"limit":{"limit":"1"}}', '{"a":{"b":'],
  ...['{"_status_":"1"}', '{"id":"k","name":"x"}', '{"name":5,"amount":true}', '["name"]', "_sys_tables_", "c_"],
  ...["ab".repeat(64), "AB".repeat(64), "00".repeat(64), "g".repeat(128), "f".repeat(127)],
  ...[
    "0x" + "a".repeat(40),
    "0x" + "0".repeat(36) + "1001",
    "a".repeat(40),
    "é余\u0000\n",
    "x".repeat(64),
    "x".repeat(255),
  ],
];

/** What arguments may speak of. */
export interface CalldataWorld {
  readonly suite: CryptoSuite;
  readonly addresses: readonly Address[];
}

function randomText(random: Random): Uint8Array {
  if (random.chance(0.85)) return utf8ToBytes(pick(random, TEXTS));
  if (random.chance(0.02)) return random.bytes(random.below(70_000));
  return random.bytes(random.below(80));
}

function randomNumber(random: Random, isSigned: boolean): bigint {
  if (random.chance(0.7)) return BigInt(random.below(12)) - (isSigned && random.chance(0.2) ? 5n : 0n);
  return pick(random, [2n ** 255n, 2n ** 256n - 1n, 2n ** 64n, 2n ** 63n, 0x8fn << 248n, BigInt(random.nextU32())]);
}

function word(value: bigint): Uint8Array {
  return bigIntToBytes(BigInt.asUintN(256, value), WORD);
}

/** One argument: what stands in the head, or what stands behind and is pointed to. */
function argument(type: string, random: Random, world: CalldataWorld): { head?: Uint8Array; tail?: Uint8Array } {
  switch (type) {
    case "address":
      return { head: concatBytes(new Uint8Array(12), hexToBytes(pick(random, world.addresses))) };
    case "uint256":
      return { head: word(randomNumber(random, false)) };
    case "int256":
      return { head: word(randomNumber(random, true)) };
    case "bytes32":
      return { head: random.bytes(WORD) };
    default: {
      const bytes = randomText(random);
      const padding = new Uint8Array((WORD - (bytes.length % WORD)) % WORD);
      return { tail: concatBytes(word(BigInt(bytes.length)), bytes, padding) };
    }
  }
}

function encoded(types: readonly string[], random: Random, world: CalldataWorld): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let offset = types.length * WORD;
  for (const type of types) {
    const { head, tail } = argument(type, random, world);
    heads.push(head ?? word(BigInt(offset)));
    if (tail === undefined) continue;
    tails.push(tail);
    offset += tail.length;
  }
  return concatBytes(...heads, ...tails);
}

/** Calldata for a function, or for what looks like it: arguments of other types, too many, too few, damaged. */
export function randomCalldata(signature: string, random: Random, world: CalldataWorld): Uint8Array {
  const selector = world.suite.hash(utf8ToBytes(signature)).subarray(0, 4);
  const types =
    /\((.*)\)/
      .exec(signature)?.[1]
      ?.split(",")
      .filter((type) => type !== "") ?? [];
  if (random.chance(0.05)) return random.bytes(random.below(150));
  const wrong = random.chance(0.1)
    ? types.map(() => pick(random, ["string", "address", "uint256", "int256", "bytes32"]))
    : types;
  const calldata = concatBytes(selector, encoded(wrong, random, world));
  return random.chance(0.2) ? damaged(calldata, random) : calldata;
}
