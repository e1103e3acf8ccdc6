/**
 * Consensus without agreement, for development: one signer a block.
 *
 * The sealers take turns by height, and whose turn it is signs and stores at once. With one sealer, which is what it is
 * for, every block is its own; with more, the chain stands still while the one whose turn it is is away. Nothing is
 * tolerated, nothing is sent.
 */
import { NOT_A_SEALER, PROPOSAL_RECHECK_MS, assert, err, hexToBytes, ok, unreachable } from "../../primitives/index.js";
import type { Failure, Height, Instant, NodeId, NodeIndex, Result } from "../../primitives/index.js";
import type { ChainHead, ExecutedBlock } from "../../ledger/index.js";
import { basicStatus } from "../basic-status.js";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusEnvironment,
  ConsensusInput,
  JsonValue,
  SyncedBlock,
} from "../interface.js";
import { Sealer, proposalHeader } from "../sealer/index.js";
import { checkSyncedHeader } from "../synced-header.js";

/** What holds between `started` and the end. */
interface Running {
  head: ChainHead;
  /** Steady time of the head, or of the last attempt: the next proposal keeps its distance. */
  sinceMs: number;
  /** Token of the execution under way; undefined while there is nothing to wait for. */
  executing: number | undefined;
  storing: boolean;
  wakeAtMs: number | undefined;
}

/** One signer a block, in turns. */
export class Solo implements Consensus {
  readonly moduleId = 0;
  readonly #environment: ConsensusEnvironment;
  readonly #sealer: Sealer;
  #running: Running | undefined;
  #lastToken = 0;

  constructor(environment: ConsensusEnvironment) {
    this.#environment = environment;
    const minMs = environment.options.minBlockGenerationTimeMs;
    this.#sealer = new Sealer(environment.pool, { minMs, emptyMs: Number.POSITIVE_INFINITY });
  }

  get wakeAtMs(): number | undefined {
    return this.#running?.wakeAtMs;
  }

  step(input: ConsensusInput, now: Instant): readonly ConsensusEffect[] {
    if (input.type === "started") return this.#start(input.head, now);
    const running = this.#run();
    switch (input.type) {
      case "block-executed":
        return this.#executed(running, input.token, input.outcome, now);
      case "block-committed":
        running.head = input.head;
        running.sinceMs = now.steadyMs;
        running.storing = false;
        running.executing = undefined;
        this.#sealer.blockStored(input.head.header.number, input.transactions);
        return this.#propose(running, now);
      case "transactions-available":
      case "tick":
        return this.#propose(running, now);
      case "message-received":
      case "peer-disconnected":
      case "transactions-verified":
      case "prepare-persisted":
        return [];
      default:
        return unreachable(input);
    }
  }

  checkSyncedBlock(block: SyncedBlock, head: ChainHead): Result<void, Failure> {
    const checked = checkSyncedHeader(block, head);
    if (!checked.ok) return checked;
    const turn = turnAfter(head);
    if (block.header.sealer !== BigInt(turn)) return err({ code: "block-sealer-not-in-turn" });
    const [only, ...more] = block.signatures;
    if (only?.index !== turn || more.length > 0) return err({ code: "block-signatures-wrong" });
    const { suite } = this.#environment.rules;
    const key = hexToBytes(head.sealers[turn] as NodeId);
    const isSigned = suite.verify(hexToBytes(block.hash), only.signature, key);
    return isSigned ? ok(undefined) : err({ code: "block-signature-invalid" });
  }

  consensusNodes(head: ChainHead): readonly NodeId[] {
    return head.sealers;
  }

  status(): JsonValue {
    const { head } = this.#run();
    const { nodeId, rules } = this.#environment;
    const { moduleId } = this;
    return [basicStatus({ head, nodeId, groupId: rules.groupId, ownIndex: this.#ownIndex(), faulty: 0, moduleId }, {})];
  }

  view(): undefined {
    return undefined;
  }

  invariants(): void {
    const running = this.#running;
    if (running === undefined) return;
    const isBusy = running.executing !== undefined || running.storing;
    assert(!isBusy || this.#ownIndex() === turnAfter(running.head), "only whose turn it is works on a block");
    assert(!(running.executing !== undefined && running.storing), "one block is worked on at a time");
  }

  #run(): Running {
    assert(this.#running !== undefined, "a machine is started before it is asked");
    return this.#running;
  }

  #start(head: ChainHead, now: Instant): readonly ConsensusEffect[] {
    assert(this.#running === undefined, "a machine is started once");
    this.#running = { head, sinceMs: now.steadyMs, executing: undefined, storing: false, wakeAtMs: undefined };
    return this.#propose(this.#running, now);
  }

  #ownIndex(): NodeIndex {
    const index = this.#run().head.sealers.indexOf(this.#environment.nodeId);
    return index < 0 ? NOT_A_SEALER : (index as NodeIndex);
  }

  #propose(running: Running, now: Instant): readonly ConsensusEffect[] {
    running.wakeAtMs = undefined;
    const { head } = running;
    if (this.#ownIndex() !== turnAfter(head) || running.executing !== undefined || running.storing) return [];
    if (this.#environment.sync.downloading) {
      // Others have the blocks after ours, perhaps even those that we made and lost.
      running.wakeAtMs = now.steadyMs + PROPOSAL_RECHECK_MS;
      return [];
    }
    const height = (head.header.number + 1) as Height;
    const maxTransactions = head.settings.txCountLimit;
    const answer = this.#sealer.next({ height, sinceMs: running.sinceMs, maxTransactions }, now);
    if (!answer.due) {
      if (Number.isFinite(answer.askAgainAtMs)) running.wakeAtMs = answer.askAgainAtMs;
      return [];
    }
    const { rules } = this.#environment;
    const header = proposalHeader({
      head,
      sealerList: head.sealers,
      transactions: answer.transactions,
      sealer: BigInt(this.#ownIndex()),
      clockMs: now.wallMs + this.#environment.timeOffsetMs(),
      version: rules.version,
      suite: rules.suite,
    });
    running.executing = ++this.#lastToken;
    return [
      { type: "sealing", height },
      { type: "execute-block", token: running.executing, header, transactions: answer.transactions },
    ];
  }

  #executed(
    running: Running,
    token: number,
    outcome: Result<ExecutedBlock, Failure>,
    now: Instant,
  ): readonly ConsensusEffect[] {
    if (running.executing !== token) return [];
    running.executing = undefined;
    if (!outcome.ok) {
      const fields = { height: running.head.header.number + 1, code: outcome.error.code };
      this.#environment.trace({ room: "SOLO", level: "warn", event: "block-not-executed", fields });
      running.sinceMs = now.steadyMs;
      running.wakeAtMs = now.steadyMs + PROPOSAL_RECHECK_MS;
      return [{ type: "sealing", height: running.head.header.number }];
    }
    running.storing = true;
    const block = outcome.value;
    const { rules, key } = this.#environment;
    const signature = rules.suite.sign(hexToBytes(block.hash), key);
    return [{ type: "store-block", block, signatures: [{ index: this.#ownIndex(), signature }] }];
  }
}

/** Index of the sealer that makes the block after `head`. */
function turnAfter(head: ChainHead): NodeIndex {
  return (head.header.number % head.sealers.length) as NodeIndex;
}
