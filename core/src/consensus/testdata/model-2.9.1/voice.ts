/** What a 2.9.1 node sends, and to whom: nothing twice to the same node. */
import { bytesToHex, hexToBytes } from "../../../primitives/index.js";
import type { Instant, NodeId } from "../../../primitives/index.js";
import { PbftPacketType, encodePbftMessage, encodePbftPacket, pbftFieldsDigest } from "../../../protocol/index.js";
import type { PbftMessage, PbftPacket, PbftPacketId } from "../../../protocol/index.js";
import type { ConsensusEffect, ConsensusEnvironment } from "../../interface.js";
import type { Membership } from "../../pbft/membership.js";

/** Its mouth. */
export class ModelVoice {
  members: Membership;
  readonly #env: ConsensusEnvironment;
  readonly #emit: (effect: ConsensusEffect) => void;
  readonly #sent = new Set<string>();

  constructor(env: ConsensusEnvironment, members: Membership, emit: (effect: ConsensusEffect) => void) {
    this.#env = env;
    this.members = members;
    this.#emit = emit;
  }

  /** Signs a message. */
  signed(
    parts: Pick<PbftMessage, "height" | "view" | "blockHash">,
    now: Instant,
    block: Uint8Array = new Uint8Array(),
  ): PbftMessage {
    const { rules, key } = this.#env;
    const { height, view, blockHash } = parts;
    const fields = { height, view, index: this.members.ownIndex, timestamp: BigInt(Math.trunc(now.wallMs)) };
    const sig = rules.suite.sign(hexToBytes(blockHash), key);
    const sig2 = rules.suite.sign(pbftFieldsDigest(fields, rules.suite), key);
    return { ...fields, blockHash, sig, sig2, block };
  }

  /** True when its sealer has signed it. */
  isSigned(message: PbftMessage): boolean {
    const key = this.members.keys[message.index];
    const { suite } = this.#env.rules;
    if (key === undefined || !suite.verify(hexToBytes(message.blockHash), message.sig, key)) return false;
    return suite.verify(pbftFieldsDigest(message, suite), message.sig2, key);
  }

  /** To all sealers with a session; those without one are named. */
  broadcast(packetId: PbftPacketId, message: PbftMessage, packetType?: number, emptyBlock = false): void {
    const peers = this.#env.peers();
    const others = this.members.sealers.filter((id) => id !== this.#env.nodeId);
    const to = others.filter((id) => peers.has(id) && this.#mark(packetId, message, id));
    if (to.length === 0) return;
    const forwardNodes = others.filter((id) => !peers.has(id));
    const body = encodePbftPacket({ packetId, ttl: 2, emptyBlock, message: encodePbftMessage(message), forwardNodes });
    this.#emit({ type: "send", to, packetType: packetType ?? PbftPacketType.Message, body });
  }

  /** To one sealer. */
  sendTo(id: NodeId, packetId: PbftPacketId, message: PbftMessage, forwardNodes: readonly NodeId[] = []): void {
    const isSealer = this.members.indexOf.has(id) && this.#env.peers().has(id);
    if (!isSealer || !this.#mark(packetId, message, id)) return;
    const fields = { packetId, ttl: 1, emptyBlock: false, forwardNodes };
    const body = encodePbftPacket({ ...fields, message: encodePbftMessage(message) });
    this.#emit({ type: "send", to: [id], packetType: PbftPacketType.Message, body });
  }

  /** A request or an answer. */
  reply(id: NodeId, packetType: number, body: Uint8Array): void {
    if (this.#env.peers().has(id)) this.#emit({ type: "send", to: [id], packetType, body });
  }

  /** To those whom the packet names. */
  forward(packetId: PbftPacketId, { forwardNodes = [] }: PbftPacket, message: PbftMessage): void {
    const peers = this.#env.peers();
    const remaining = forwardNodes.filter((id) => !peers.has(id) && id !== this.#env.nodeId);
    for (const id of forwardNodes) this.sendTo(id, packetId, message, remaining);
  }

  /** Forgets what was sent. */
  forget(): void {
    this.#sent.clear();
  }

  #mark(packetId: PbftPacketId, { sig, sig2 }: PbftMessage, id: NodeId): boolean {
    const key = `${packetId} ${id} ${bytesToHex(sig)}${bytesToHex(sig2)}`;
    if (this.#sent.has(key)) return false;
    this.#sent.add(key);
    return true;
  }
}
