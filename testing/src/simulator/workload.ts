/** Simulated clients: what they send, and what they may rely on afterwards. */
import { EMPTY_BYTES } from "@tsbcos/core/primitives";
import type { Address, GroupId, Hash, NodeId, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { signTransaction } from "@tsbcos/core/protocol";
import type { UnsignedTransaction, VerifiedTransaction } from "@tsbcos/core/protocol";
import {
  brokenInit,
  BUILT_IN,
  memberCall,
  NOBODY,
  storeCall,
  storingContractInit,
  systemConfigCall,
  userAddCall,
  userTransferCall,
} from "./calldata.js";

const GAS = 3_000_000n;
const BLOCK_LIMIT_AHEAD = 500;
const ACCOUNTS = 3;
const SLOTS = 4;
const USERS = 4;

/** A transaction that a client has made. */
export interface ClientTransaction {
  readonly raw: Uint8Array;
  readonly hash: Hash;
  readonly kind: Kind;
  readonly nonce: bigint;
  /** Once a sealer has admitted it and stays up, it must come into a block, unless its nonce is used by another one. */
  readonly mustCommit: boolean;
}

/** Kinds of transactions with their weights; those of another group come from its clients. */
const KINDS = {
  store: 30,
  transfer: 20,
  "add-user": 8,
  deploy: 6,
  duplicate: 10,
  conflict: 6,
  "expires-soon": 5,
  expired: 2,
  "to-nobody": 3,
  "broken-deploy": 2,
  "empty-calldata": 3,
  "three-byte-calldata": 4,
  malformed: 2,
  "wrong-chain": 2,
  "wrong-group": 0,
  config: 1,
  member: 2,
} as const;

/** Name of a kind of transaction. */
export type Kind = keyof typeof KINDS;

/** A setting of the chain that transactions change, and the values it is given. */
export interface Setting {
  readonly key: string;
  readonly min: number;
  readonly max: number;
}

/** What the clients know of the chain. */
export interface WorkloadParts {
  readonly random: Random;
  readonly suite: CryptoSuite;
  readonly groupId: GroupId;
  /** Nodes that may be made observers and sealers again; empty when membership is to stay. */
  readonly changeable: readonly NodeId[];
  /** At least two; the first is changed as often as all others together. */
  readonly settings: readonly Setting[];
}

/** Draws transactions. Knows the highest block and the deployed contracts, as clients would from receipts. */
export class Workload {
  readonly #random: Random;
  readonly #suite: CryptoSuite;
  readonly #groupId: GroupId;
  readonly #changeable: readonly NodeId[];
  readonly #settings: readonly Setting[];
  readonly #accounts: readonly KeyPair[];
  readonly #made: VerifiedTransaction[] = [];
  readonly #contracts: Address[] = [];
  #height = 0;

  constructor({ random, suite, groupId, changeable, settings }: WorkloadParts) {
    this.#settings = settings;
    this.#random = random;
    this.#suite = suite;
    this.#groupId = groupId;
    this.#changeable = changeable;
    this.#accounts = Array.from({ length: ACCOUNTS }, () => {
      const privateKey = random.bytes(32);
      privateKey[0] = 1;
      return suite.keyPairOf(privateKey);
    });
  }

  /** A block was seen: its height, and the contracts it created. */
  blockSeen(height: number, contracts: readonly Address[]): void {
    this.#height = Math.max(this.#height, height);
    this.#contracts.push(...contracts);
  }

  /** A transaction that nothing speaks against: for asking a cluster whether it makes progress. */
  fresh(): ClientTransaction {
    return this.#sign("store", this.#storing(), true);
  }

  /** The next transaction of a client. */
  next(): ClientTransaction {
    const kind = this.#drawKind();
    switch (kind) {
      case "store":
        return this.#sign(kind, this.#storing(), true);
      case "transfer": {
        const calldata = userTransferCall(this.#suite, this.#user(), this.#user(), 1 + this.#random.below(50));
        return this.#sign(kind, this.#calling(BUILT_IN.dagTransfer, calldata), true);
      }
      case "add-user": {
        const calldata = userAddCall(this.#suite, this.#user(), this.#random.below(1000));
        return this.#sign(kind, this.#calling(BUILT_IN.dagTransfer, calldata), true);
      }
      case "deploy":
        return this.#sign(kind, this.#creating(storingContractInit()), true);
      case "broken-deploy":
        return this.#sign(kind, this.#creating(brokenInit()), true);
      case "to-nobody":
        return this.#sign(kind, this.#calling(NOBODY, this.#random.bytes(8)), true);
      case "empty-calldata":
        return this.#sign(kind, this.#calling(this.#anyContract(), EMPTY_BYTES), true);
      case "three-byte-calldata":
        return this.#sign(kind, this.#calling(this.#anyContract(), this.#random.bytes(3)), true);
      case "config":
        return this.#sign(kind, this.#calling(BUILT_IN.systemConfig, this.#configCalldata()), true);
      case "member":
        return this.#member();
      default:
        return this.#bad(kind);
    }
  }

  #bad(kind: Kind): ClientTransaction {
    // Mostly one that may still wait, sometimes one that has long been in a block.
    const back = this.#random.chance(0.3) ? Math.max(1, this.#made.length) : 5;
    const former = this.#made.at(-1 - this.#random.below(back));
    const tx = this.#storing();
    switch (kind) {
      case "duplicate":
        return former === undefined ? this.fresh() : { ...clientView(former, kind), mustCommit: false };
      case "conflict":
        return former === undefined ? this.fresh() : this.#sign(kind, { ...tx, nonce: former.nonce }, true);
      case "expires-soon":
        return this.#sign(kind, { ...tx, blockLimit: BigInt(this.#height + 1 + this.#random.below(2)) }, false);
      case "expired":
        return this.#sign(kind, { ...tx, blockLimit: BigInt(this.#height) }, false);
      case "wrong-chain":
        return this.#sign(kind, { ...tx, chainId: 7n }, false);
      default: {
        const whole = this.#sign(kind, tx, false);
        return { ...whole, raw: whole.raw.slice(0, this.#random.below(whole.raw.length)) };
      }
    }
  }

  #drawKind(): Kind {
    const kinds = Object.entries(KINDS) as [Kind, number][];
    const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
    let drawn = this.#random.below(total);
    for (const [kind, weight] of kinds) {
      if (drawn < weight) return kind;
      drawn -= weight;
    }
    return "store";
  }

  #storing(): UnsignedTransaction {
    const contract = this.#contracts[this.#random.below(Math.max(1, this.#contracts.length))];
    if (contract === undefined) return this.#creating(storingContractInit());
    return this.#calling(contract, storeCall(this.#random.below(SLOTS), BigInt(this.#random.below(3))));
  }

  #calling(to: Address, data: Uint8Array): UnsignedTransaction {
    return { ...this.#creating(data), to };
  }

  #creating(data: Uint8Array): UnsignedTransaction {
    return {
      nonce: BigInt(this.#random.nextU32()) * 0x1_0000_0000n + BigInt(this.#random.nextU32()),
      gasPrice: 1n,
      gas: GAS,
      blockLimit: BigInt(this.#height + BLOCK_LIMIT_AHEAD),
      to: undefined,
      value: 0n,
      data,
      chainId: 1n,
      groupId: BigInt(this.#groupId),
      extraData: EMPTY_BYTES,
    };
  }

  #sign(kind: Kind, tx: UnsignedTransaction, mustCommit: boolean): ClientTransaction {
    const account = this.#accounts[this.#random.below(ACCOUNTS)] as KeyPair;
    const signed = signTransaction(tx, account, this.#suite);
    this.#made.push(signed);
    return { ...clientView(signed, kind), mustCommit };
  }

  #member(): ClientTransaction {
    const node = this.#changeable[this.#random.below(Math.max(1, this.#changeable.length))];
    if (node === undefined) return this.fresh();
    const role = this.#random.chance(0.5) ? "addSealer" : "addObserver";
    return this.#sign("member", this.#calling(BUILT_IN.consensus, memberCall(this.#suite, role, node)), true);
  }

  #configCalldata(): Uint8Array {
    const [first, ...others] = this.#settings as readonly [Setting, ...Setting[]];
    const other = others[others.length === 1 ? 0 : this.#random.below(others.length)];
    const { key, min, max } = this.#random.chance(0.5) ? first : (other ?? first);
    return systemConfigCall(this.#suite, key, String(min + this.#random.below(max - min + 1)));
  }

  #anyContract(): Address {
    const choices = [...this.#contracts.slice(-2), ...Object.values(BUILT_IN)];
    return choices[this.#random.below(choices.length)] as Address;
  }

  #user(): string {
    return `user${this.#random.below(USERS)}`;
  }
}

function clientView({ raw, hash, nonce }: VerifiedTransaction, kind: Kind): Omit<ClientTransaction, "mustCommit"> {
  return { raw, hash, nonce, kind };
}
