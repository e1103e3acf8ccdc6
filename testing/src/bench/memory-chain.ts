/** A chain in memory that executes blocks one after the other: what execution costs without network, votes and disk. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { BlockExecutor } from "@tsbcos/core/executor";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ExecutedBlock } from "@tsbcos/core/ledger";
import { assert, groupId, height, ZERO_HASH } from "@tsbcos/core/primitives";
import type { Address, Hash, NodeId } from "@tsbcos/core/primitives";
import { encodeTransaction, transactionsRoot, V2_9_0 } from "@tsbcos/core/protocol";
import type { VerifiedTransaction } from "@tsbcos/core/protocol";
import { MemoryStore } from "@tsbcos/core/state";
import { bytesToHex } from "@tsbcos/core/primitives";

/** Sender of every transaction. */
export const SENDER = "a".repeat(40) as Address;

const VERSION = V2_9_0;
const NODES = ["1", "2", "3", "4"].map((digit) => digit.repeat(128) as NodeId);
const NO_SIGNATURE = new Uint8Array(65);

/** A chain in memory. */
export class MemoryChain {
  readonly #suite: CryptoSuite;
  readonly #store = new MemoryStore();
  readonly #ledger: Ledger;
  readonly #executor: BlockExecutor;
  #nonce = 0n;

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
    const rules = {
      version: VERSION,
      suite,
      chainId: 1n,
      groupId: groupId(1),
      freeStorage: false,
      consensusType: "pbft" as const,
    };
    const opened = Ledger.open(this.#store, rules, {
      ...{ groupId: groupId(1), timestamp: 0, consensusType: "pbft", stateType: "storage", nodes: NODES },
      ...{ maxTransactions: 1000, gasLimit: 2 ** 40, consensusTimeoutSeconds: 3, epochSealerCount: 4 },
      ...{ epochBlockCount: 1000, minElectTimeMs: 1000, maxElectTimeMs: 2000, freeStorage: false },
    });
    assert(opened.ok, "a ledger opens over an empty store");
    this.#ledger = opened.value.ledger;
    this.#store.write(opened.value.initialWrites);
    this.#executor = new BlockExecutor({
      ...rules,
      rows: this.#ledger.rows,
      blockHashAt: (number) => this.#ledger.hashAt(number),
    });
  }

  /** A transaction as it comes from the pool: hashed and checked, with a fresh nonce. */
  transaction(call: { readonly to?: Address | undefined; readonly data: Uint8Array }): VerifiedTransaction {
    const fields = {
      nonce: ++this.#nonce,
      gasPrice: 1n,
      gas: 300_000_000n,
      blockLimit: 500n,
      to: call.to,
      value: 0n,
      data: call.data,
      chainId: 1n,
      groupId: 1n,
      extraData: new Uint8Array(0),
    };
    const raw = encodeTransaction(fields, NO_SIGNATURE);
    const hash = bytesToHex(this.#suite.hash(raw)) as Hash;
    return { ...fields, signature: NO_SIGNATURE, raw, isCanonical: true, hash, sender: SENDER };
  }

  /** Executes a block, all roots included. */
  execute(transactions: readonly VerifiedTransaction[]): ExecutedBlock {
    const head: ChainHead = this.#ledger.head();
    const outcome = this.#executor.execute({
      header: {
        parentHash: head.hash,
        ...{ stateRoot: ZERO_HASH, receiptsRoot: ZERO_HASH, dbHash: ZERO_HASH },
        transactionsRoot: transactionsRoot(transactions, VERSION, this.#suite),
        ...{ logBloom: new Uint8Array(256), gasLimit: 0n, gasUsed: 0n, extraData: [], sealer: 0n, sealerList: NODES },
        number: height(head.header.number + 1),
        timestamp: head.header.number,
      },
      transactions,
      chargeGas: false,
    });
    assert(outcome.ok, "a new block has a result");
    return outcome.value;
  }

  /** Makes the block the head, in memory. */
  commit(block: ExecutedBlock): void {
    this.#store.write(this.#ledger.prepareStore(block, []));
    this.#ledger.committed(block);
  }

  /** Deploys a contract. */
  deploy(creation: Uint8Array): Address {
    const block = this.execute([this.transaction({ data: creation })]);
    const [receipt] = block.receipts;
    assert(receipt?.status === 0, "the contract is created");
    this.commit(block);
    return receipt.contractAddress;
  }
}
