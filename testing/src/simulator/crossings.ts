/**
 * What goes astray between the groups of a run: transactions that clients hand in at another group, and what liars say to
 * groups in which they are not. None of it may have an effect.
 */
import type { Random } from "@tsbcos/core/primitives";
import { check } from "./failure.js";
import type { GroupRun } from "./group-run.js";
import type { SimulatedGroup } from "./group.js";
import type { SimulatedFrame } from "./network.js";
import type { ClientTransaction } from "./workload.js";

/** How many of the transactions are handed in at another group as well. */
const ASTRAY = 0.05;
/** How many frames of a liar go to strangers as well. */
const TRESPASSING = 0.05;

/** Draws what goes from one group to another; nothing where there is only one. */
export class Crossings {
  readonly #groups: readonly GroupRun[];
  readonly #ofClients: Random;
  readonly #ofLiars: Random;

  constructor(groups: readonly GroupRun[], random: Random) {
    this.#groups = groups;
    this.#ofClients = random.split("clients");
    this.#ofLiars = random.split("liars");
  }

  /** A client of one group may hand in the same at another group of the node. */
  handedIn({ node, groupId }: SimulatedGroup, transaction: ClientTransaction): void {
    if (node.groups.length < 2 || !this.#ofClients.chance(ASTRAY)) return;
    const others = node.groups.filter((other) => other.groupId !== groupId);
    const other = others[this.#ofClients.below(others.length)] as SimulatedGroup;
    // What is cut short has no group.
    const kind = transaction.kind === "malformed" ? transaction.kind : "wrong-group";
    this.#run(other.groupId)?.submit(other, { ...transaction, kind, mustCommit: false });
  }

  /** Liars send what they have sent to their own group to a member of one that is not theirs, in its name. */
  lied(node: number, frame: SimulatedFrame, send: (to: number, frame: SimulatedFrame) => void): void {
    const others = this.#groups.filter((group) => !group.has(node));
    if (others.length === 0 || !this.#ofLiars.chance(TRESPASSING)) return;
    const other = others[this.#ofLiars.below(others.length)] as GroupRun;
    const to = other.members[this.#ofLiars.below(other.members.length)] as number;
    send(to, { ...frame, groupId: other.groupId });
  }

  /**
   * A frame has come to a node.
   *
   * @throws SimulationFailure when the node is not in the group of the frame
   */
  arrived(to: number, { groupId, moduleId, packetType }: SimulatedFrame): void {
    const isIn = this.#run(groupId)?.has(to) === true;
    check(isIn, `n${to} is sent ${moduleId}/${packetType} of group ${groupId}, in which it is not`);
  }

  #run(groupId: number): GroupRun | undefined {
    return this.#groups.find((group) => group.groupId === groupId);
  }
}
