/** The JSON of Ethereum's reference tests, one test a line, and how its numbers and bytes are read. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Address } from "@tsbcos/core/primitives";
import { hexToBytes } from "@tsbcos/core/primitives";

/** An account before or after a test. */
export interface AccountFixture {
  readonly balance: string;
  readonly code: string;
  readonly nonce: string;
  readonly storage: Readonly<Record<string, string>>;
}

/** Accounts by `0x` address. */
export type StateFixture = Readonly<Record<string, AccountFixture>>;

/** Block of a test. */
export interface EnvironmentFixture {
  readonly currentCoinbase: string;
  readonly currentDifficulty: string;
  readonly currentGasLimit: string;
  readonly currentNumber: string;
  readonly currentTimestamp: string;
}

/** One call of given code, with the older rules of gas. Without `post` the call must fail. */
export interface VmTest {
  readonly file: string;
  readonly name: string;
  readonly env: EnvironmentFixture;
  readonly exec: {
    readonly address: string;
    readonly caller: string;
    readonly code: string;
    readonly data: string;
    readonly gas: string;
    readonly gasPrice: string;
    readonly origin: string;
    readonly value: string;
  };
  readonly pre: StateFixture;
  readonly post?: StateFixture;
  readonly gas?: string;
  readonly out?: string;
  readonly logs?: string;
}

/** What a state test expects of one combination of data, gas limit and value. */
export interface PostFixture {
  /** Root of the state trie. */
  readonly hash: string;
  /** Hash of the encoded logs. */
  readonly logs: string;
  readonly indexes: { readonly data: number; readonly gas: number; readonly value: number };
  /** The transaction must be refused. */
  readonly expectException?: string;
}

/** One transaction, in as many variants as `post` lists. */
export interface StateTest {
  readonly file: string;
  readonly name: string;
  readonly env: EnvironmentFixture;
  readonly pre: StateFixture;
  readonly transaction: {
    readonly data: readonly string[];
    readonly gasLimit: readonly string[];
    readonly gasPrice?: string;
    readonly nonce: string;
    readonly sender: string;
    /** Empty for a creation. */
    readonly to: string;
    readonly value: readonly string[];
  };
  readonly post: { readonly Istanbul: readonly PostFixture[] };
}

/** Tests of a file, `.jsonl` or `.jsonl.gz`. */
export function readTests(file: string): (VmTest | StateTest)[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as VmTest | StateTest);
}

/** A number as the tests write it: hexadecimal, with leading zeros or after `0x:bigint`. */
export function numberOf(text: string): bigint {
  const digits = text.replace("0x:bigint ", "");
  return digits === "0x" || digits === "" ? 0n : BigInt(digits);
}

/** Bytes of `0x` text. */
export function bytesOf(text: string): Uint8Array {
  return hexToBytes(text);
}

/** Address of `0x` text. */
export function addressOf(text: string): Address {
  return text.slice(2).toLowerCase() as Address;
}
