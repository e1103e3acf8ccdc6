/** The transactions that are measured: what they call, and how they are signed before the clock starts. */
import { readFileSync } from "node:fs";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { bytesToBigInt, type Address, type Hash } from "@tsbcos/core/primitives";
import { signTransaction } from "@tsbcos/core/protocol";
import type { Abi, Client } from "@tsbcos/sdk";
import { randomBytes } from "node:crypto";
import { DAG_TRANSFER, encodeCall } from "../harness/index.js";

/** A transaction ready to be sent. */
export interface SignedTransaction {
  readonly hash: Hash;
  readonly raw: Uint8Array;
}

/** One kind of load. */
export interface Workload {
  readonly name: string;
  /** Deploys what is needed; gives a maker of calls. */
  prepare(client: Client): Promise<(index: number) => { readonly to: Address; readonly data: Uint8Array }>;
}

/** A compiled contract. */
export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: string;
}

/** A compiled contract of the examples. */
export function artifact(name: "HelloWorld" | "Token"): Artifact {
  const file = new URL(`../../../examples/contracts/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Artifact;
}

const plain = (address: string): Address => address.replace(/^0x/, "") as Address;
const USERS = 1000;

/** `HelloWorld.set(string)`: one storage slot, one event. */
const helloWorld: Workload = {
  name: "HelloWorld.set",
  async prepare(client) {
    const { address } = await client.deploy(artifact("HelloWorld"));
    return (index) => ({ to: plain(address), data: encodeCall("4ed3885e", `text ${index}`) });
  },
};

/** `Token.transfer(address,uint256)`: two balances, one event. */
const token: Workload = {
  name: "Token.transfer",
  async prepare(client) {
    const { address } = await client.deploy({ ...artifact("Token"), args: [10n ** 30n] });
    return (index) => ({
      to: plain(address),
      // Receivers repeat, so that most balances exist already, as in a chain that has run for a while.
      data: encodeCall("a9059cbb", 0x10000 + (index % USERS), 1),
    });
  },
};

/** `userTransfer(string,string,uint256)` of the contract built into every node. */
const dagTransfer: Workload = {
  name: "DagTransfer",
  async prepare(client) {
    await client.execute({ to: DAG_TRANSFER, data: encodeCall("e555f3d9", "bank", 1_000_000_000) });
    return (index) => ({
      to: DAG_TRANSFER as Address,
      data: encodeCall("0b37617b", "bank", `user ${index % USERS}`, 1),
    });
  },
};

/** Everything that is measured. */
export const WORKLOADS: readonly Workload[] = [helloWorld, token, dagTransfer];

/** Signs `count` calls; nonces are random, the last block is 900 ahead of `height`. */
export function signAll(
  calls: (index: number) => { readonly to: Address; readonly data: Uint8Array },
  options: { readonly count: number; readonly height: number; readonly key: KeyPair; readonly suite: CryptoSuite },
): SignedTransaction[] {
  const { count, height, key, suite } = options;
  return Array.from({ length: count }, (_, index) => {
    const { hash, raw } = signTransaction(
      {
        ...calls(index),
        nonce: bytesToBigInt(randomBytes(31)),
        gasPrice: 1n,
        gas: 300_000_000n,
        blockLimit: BigInt(height + 900),
        value: 0n,
        chainId: 1n,
        groupId: 1n,
        extraData: new Uint8Array(0),
      },
      key,
      suite,
    );
    return { hash, raw };
  });
}
