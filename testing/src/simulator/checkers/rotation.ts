/**
 * Who works in rPBFT, and that they change when they must: derived from the blocks alone, and once more beside what
 * consensus and the contract have.
 */
import { bytesToBigInt, bytesToHex, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import { addressOf, verifyVrf } from "@tsbcos/core/crypto";
import type { CryptoSuite, VrfClaim } from "@tsbcos/core/crypto";
import { ArgumentReader } from "@tsbcos/core/executor/abi";
import type { ChainHead, ChainRules, ExecutedBlock, Ledger } from "@tsbcos/core/ledger";
import { V2_6_0 } from "@tsbcos/core/protocol";
import type { VerifiedTransaction } from "@tsbcos/core/protocol";
import { decidingNodes } from "../../replay/sealers.js";
import { BUILT_IN } from "../calldata.js";
import { check } from "../failure.js";

/** The contract that keeps the working sealers, and the text that its only method is told by. */
const CONTRACT = "1011".padStart(40, "0");
const METHOD = "rotateWorkingSealer(std::string, std::string, std::string)";
const SELECTOR_BYTES = 4;

/** What is looked at of a block. */
export type RotatedBlock = Pick<ExecutedBlock, "header" | "transactions" | "receipts">;

/** Looks at each block of a chain once, in their order. */
export class RotationChecker {
  readonly #rules: ChainRules;
  /** The last two heads, the newer one last. */
  #heads: readonly [ChainHead | undefined, ChainHead];

  constructor(rules: ChainRules, genesis: ChainHead) {
    this.#rules = rules;
    this.#heads = [undefined, genesis];
  }

  /**
   * A node has stored a block.
   *
   * @param head what holds after the block
   * @throws SimulationFailure when others should have decided it, or when it should have begun with a rotation
   */
  stored(head: ChainHead, block: RotatedBlock): void {
    const [former, parent] = this.#heads;
    if (head.header.number !== parent.header.number + 1) return;
    this.#heads = [parent, head];
    const { number, sealerList, sealer } = block.header;
    const working = decidingNodes(parent, this.#rules);
    check(
      sealerList.join() === [...working].sort().join(),
      `block ${number} lists (${names(sealerList)}), and (${names(working)}) work`,
    );
    if (this.#rules.consensusType !== "rpbft") return;
    const maker = parent.sealers[Number(sealer)];
    check(maker !== undefined && working.includes(maker), `block ${number} was made by sealer ${sealer}, out of work`);
    if (this.#rules.version < V2_6_0) return;
    const [first] = block.transactions;
    const isRotation = first !== undefined && isRotationOf(first, this.#rules.suite);
    check(!isDue(former, parent) || isRotation, `block ${number} does not begin with the rotation that is due`);
    if (isRotation) this.#checkRotation(first, maker, parent, block);
    this.#checkWorking(isRotation ? first : undefined, parent, head, block);
  }

  /** A node has started from its disk, where there may be a block that it has not told of. */
  restarted(ledger: Ledger): void {
    const head = ledger.head();
    const block = ledger.block(head.header.number);
    if (block !== undefined) this.stored(head, block);
  }

  /** A rotation is made by whoever made the block, and goes well. */
  #checkRotation(rotation: VerifiedTransaction, maker: NodeId, parent: ChainHead, block: RotatedBlock): void {
    const what = `the rotation in block ${block.header.number}`;
    const account = addressOf(this.#rules.suite, hexToBytes(maker));
    check(rotation.sender === account, `${what} is from ${rotation.sender}, and the block was made by ${account}`);
    check(block.receipts[0]?.status === 0, `${what} failed with status ${block.receipts[0]?.status ?? "none"}`);
    const input: string = proofIn(rotation).input;
    check(input === parent.hash, `${what} is not for the block after ${parent.hash}`);
  }

  /** Those change who are drawn, and whom a transaction of the block names. */
  #checkWorking(
    rotation: VerifiedTransaction | undefined,
    parent: ChainHead,
    head: ChainHead,
    { header, transactions }: RotatedBlock,
  ): void {
    const members = transactions.filter(({ to }) => to === BUILT_IN.consensus);
    const named = new Set<string>(members.map((transaction) => argumentsOf(transaction).string()));
    const unnamed = (nodes: readonly NodeId[]): readonly NodeId[] => nodes.filter((node) => !named.has(node)).sort();
    const expected =
      rotation !== undefined && takesEffect(parent)
        ? afterRotation(parent, numberOf(rotation), this.#rules.suite)
        : parent.workingSealers;
    const what = `after block ${header.number} (${names(unnamed(head.workingSealers))}) work`;
    check(
      unnamed(head.workingSealers).join() === unnamed(expected).join(),
      `${what}, and it should be (${names(unnamed(expected))})`,
    );
  }
}

function names(nodes: readonly NodeId[]): string {
  return nodes.map((node) => node.slice(0, 8)).join(", ");
}

/** How many are to work at a time. */
function epochSize({ settings, sealers }: ChainHead): number {
  return Math.min(settings.epochSealerCount, sealers.length);
}

/** Whether the block after `parent` has to begin with a rotation. */
function isDue(former: ChainHead | undefined, parent: ChainHead): boolean {
  const { header, settings, workingSealers } = parent;
  if (header.number === 0) return false;
  if (settings.notifyRotate || isEndOfEpoch(parent) || workingSealers.length < epochSize(parent)) return true;
  const isChanged = former?.settings.epochSealerCount !== settings.epochSealerCount;
  return former !== undefined && isChanged && epochSize(former) !== epochSize(parent);
}

function isEndOfEpoch({ header, settings }: ChainHead): boolean {
  return (header.number - settings.epochBlockEnabledAt) % settings.epochBlockCount === 0;
}

function isRotationOf({ to, data }: VerifiedTransaction, suite: CryptoSuite): boolean {
  const selector = suite.hash(utf8ToBytes(METHOD)).subarray(0, SELECTOR_BYTES);
  return to === CONTRACT && bytesToHex(data.subarray(0, SELECTOR_BYTES)) === bytesToHex(selector);
}

function argumentsOf({ data }: VerifiedTransaction): ArgumentReader {
  return new ArgumentReader(data.subarray(SELECTOR_BYTES));
}

function proofIn(rotation: VerifiedTransaction): VrfClaim {
  const texts = argumentsOf(rotation);
  return { publicKey: texts.string(), input: texts.string(), proof: texts.string() };
}

/** The number that a rotation draws by. */
function numberOf(rotation: VerifiedTransaction): bigint {
  const number = verifyVrf(proofIn(rotation));
  check(number !== undefined, "a rotation went well without a valid proof");
  return bytesToBigInt(number);
}

/** When the contract changes anybody: not quite when consensus asks for it. */
function takesEffect(parent: ChainHead): boolean {
  const { header, settings, workingSealers } = parent;
  const isChanged = settings.epochSealerEnabledAt === header.number;
  const areFew = workingSealers.length < epochSize(parent);
  return settings.notifyRotate || isChanged || areFew || isEndOfEpoch(parent);
}

/** Those who work after a rotation: as many as an epoch asks for; if they are, one has changed places with one at rest. */
function afterRotation(parent: ChainHead, number: bigint, suite: CryptoSuite): readonly NodeId[] {
  const { sealers, workingSealers: working } = parent;
  const resting = sealers.filter((node) => !working.includes(node));
  const wanted = epochSize(parent);
  const exchanged = working.length === wanted && resting.length > 0 ? 1 : 0;
  const leaving = new Set(drawn(working, Math.max(working.length - wanted, exchanged), number, suite));
  const entering = drawn(resting, Math.max(wanted - working.length, exchanged), number, suite);
  return [...working.filter((node) => !leaving.has(node)), ...entering];
}

/** The first `count` of the nodes in the order that a number puts them in. */
function drawn(nodes: readonly NodeId[], count: number, number: bigint, suite: CryptoSuite): readonly NodeId[] {
  const order = [...nodes].sort();
  let lot = number;
  for (let left = order.length; left > 1; left--) {
    const place = Number(lot % BigInt(left));
    [order[left - 1], order[place]] = [order[place] as NodeId, order[left - 1] as NodeId];
    lot = BigInt(`0x${bytesToHex(suite.hash(utf8ToBytes(String(place))))}`);
  }
  return order.slice(0, count);
}
