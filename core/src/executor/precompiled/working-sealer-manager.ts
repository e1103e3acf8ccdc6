/** Contract 0x1011: changes the working sealers of rPBFT, from 2.6.0 on, by a random number that the leader proves. */
import type { ByteString, NodeId } from "../../primitives/index.js";
import { EMPTY_BYTES, ascii, bytesToBigInt, hexToBytes, isNodeId, utf8ToBytes } from "../../primitives/index.js";
import { addressOf } from "../../crypto/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { V2_6_0 } from "../../protocol/index.js";
import { Condition, Row, SYS_CONFIG, SYS_CONSENSUS } from "../../state/index.js";
import { decimal, parseInt32, parseInt64 } from "../abi/index.js";
import { NODE, NODE_KEY, NODE_TYPE } from "./consensus.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledCall, PrecompiledContext } from "./contract.js";
import { PrecompiledError } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { fail, orFail } from "./failures.js";
import { prefixed, systemTable } from "./permissions.js";
import { executedNumber } from "./results.js";
import { committedConfig, configIn, writeConfig } from "./system-config.js";
import type { VrfVerifier } from "./vrf.js";
import { ristrettoVrf } from "./vrf.js";

const NOTIFY_ROTATE = ascii("notify_rotate");
const EPOCH_SEALERS = ascii("rpbft_epoch_sealer_num");
const EPOCH_BLOCKS = ascii("rpbft_epoch_block_num");

interface Sealers {
  readonly pending: readonly NodeId[];
  readonly working: readonly NodeId[];
}

interface Proof {
  readonly publicKey: ByteString;
  readonly input: ByteString;
  readonly proof: ByteString;
}

/** Nodes of a type that count for the block. A row that cannot be read ends the list. */
function nodesOf(context: PrecompiledContext, type: ByteString): NodeId[] {
  const nodes: NodeId[] = [];
  for (const row of systemTable(context, SYS_CONSENSUS).select(NODE_KEY)) {
    if (row.get(NODE.Type) !== type) continue;
    const enabledAt = parseInt32(row.get(NODE.EnableNumber));
    if (enabledAt === undefined) break;
    if (enabledAt > context.blockNumber) continue;
    const id: string = row.get(NODE.Id);
    if (!isNodeId(id)) break;
    nodes.push(id.toLowerCase() as NodeId);
  }
  return nodes;
}

function sealersOf(context: PrecompiledContext): Sealers {
  return { pending: nodesOf(context, NODE_TYPE.Sealer), working: nodesOf(context, NODE_TYPE.WorkingSealer) };
}

function numberIn(text: ByteString): bigint {
  return orFail(parseInt64(text), "a configuration value is no number");
}

/** Whether the last rotation failed, so that this leader has to make up for it. */
function isNotified(context: PrecompiledContext): boolean {
  const { value } = configIn(systemTable(context, SYS_CONFIG).select(NOTIFY_ROTATE), context);
  return value !== "" && numberIn(value) !== 0n;
}

function epochSealers(context: PrecompiledContext): { readonly count: bigint; readonly enabledAt: bigint } {
  const { value, enabledAt } = configIn(systemTable(context, SYS_CONFIG).select(EPOCH_SEALERS), context);
  return { count: numberIn(value), enabledAt };
}

function isDue(context: PrecompiledContext): boolean {
  if (isNotified(context)) return true;
  const epoch = epochSealers(context);
  if (epoch.enabledAt === BigInt(context.blockNumber)) return true;
  const { pending, working } = sealersOf(context);
  const all = BigInt(pending.length + working.length);
  if (BigInt(working.length) < (epoch.count < all ? epoch.count : all)) return true;
  const blocks = committedConfig(context, EPOCH_BLOCKS);
  return (BigInt(context.blockNumber) - blocks.enabledAt) % numberIn(blocks.value) === 0n;
}

/** The digits that the C++ node reads: without a prefix, and an odd one in front stands for a byte. */
function hexDigits(text: string): string {
  const digits = (text.startsWith("0x") ? text.slice(2) : text).toLowerCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** The random number of a valid proof made by a working sealer for this height. */
function provenNumber(context: PrecompiledContext, call: PrecompiledCall, vrf: VrfVerifier, proof: Proof): bigint {
  const sender = prefixed(call.origin);
  if (hexDigits(proof.input) !== context.parentHash) fail(`Invalid VRFInput, must be the parentHash! sender:${sender}`);
  if (!vrf.isPublicKey(proof.publicKey)) {
    fail(`Invalid VRF Public Key ! sender:${sender}, publicKey:${proof.publicKey}`);
  }
  const number = vrf.verify(proof) ?? fail(`Verify VRF proof failed! sender:${sender}`);
  const { working } = sealersOf(context);
  const isWorking = working.some((id) => addressOf(context.suite, hexToBytes(id)) === call.origin);
  if (working.length > 0 && !isWorking) {
    fail(`Permission denied, must be among the working sealer list! origin:${sender}`);
  }
  return bytesToBigInt(number);
}

/** How many nodes leave and enter. */
function rotationOf({ pending, working }: Sealers, epochCount: number): { readonly out: number; readonly in: number } {
  const wanted = Math.min(epochCount, pending.length + working.length);
  if (working.length !== wanted)
    return { out: Math.max(0, working.length - wanted), in: Math.max(0, wanted - working.length) };
  return pending.length === 0 ? { out: 0, in: 0 } : { out: 1, in: 1 };
}

/** The first `count` nodes of the list, shuffled by the number. */
export function drawNodes(
  suite: CryptoSuite,
  nodes: readonly NodeId[],
  number: bigint,
  count: number,
): readonly NodeId[] {
  const list = [...nodes].sort();
  let random = number;
  for (let i = list.length - 1; i > 0; i--) {
    const j = Number(random % BigInt(i + 1));
    const swapped = list[i] as NodeId;
    list[i] = list[j] as NodeId;
    list[j] = swapped;
    random = bytesToBigInt(suite.hash(utf8ToBytes(j.toString())));
  }
  return list.slice(0, count);
}

function setType(context: PrecompiledContext, id: NodeId, type: ByteString): void {
  const table = systemTable(context, SYS_CONSENSUS);
  const condition = new Condition().eq(NODE.Id, ascii(id));
  if (table.select(NODE_KEY, condition).length === 0) {
    fail(`update ${id} type to ${type} failed for no corresponding node record was found`);
  }
  const row = new Row([
    [NODE.Type, type],
    [NODE.Name, NODE_KEY],
    [NODE.EnableNumber, decimal(executedNumber(context))],
  ]);
  table.update(NODE_KEY, row.cells, condition);
}

function rotate({ call, context }: Invocation, vrf: VrfVerifier, proof: Proof): void {
  if (!isDue(context)) return;
  const wasNotified = isNotified(context);
  const number = proveOrNotify(context, call, vrf, proof);
  if (wasNotified) writeConfig(context, { key: NOTIFY_ROTATE, value: ascii("0") });
  const sealers = sealersOf(context);
  const all = sealers.pending.length + sealers.working.length;
  const epochCount = Number(epochSealers(context).count);
  if (all <= 1 || (epochCount === all && sealers.pending.length === 0)) return;
  const counts = rotationOf(sealers, epochCount);
  const draw = (nodes: readonly NodeId[], count: number): readonly NodeId[] =>
    drawNodes(context.suite, nodes, number, count);
  for (const id of draw(sealers.working, counts.out)) setType(context, id, NODE_TYPE.Sealer);
  for (const id of draw(sealers.pending, counts.in)) setType(context, id, NODE_TYPE.WorkingSealer);
}

/**
 * {@link provenNumber}; a failure first notes that the next leader has to rotate. The failure undoes the note, but the
 * configuration table counts as written in this block.
 */
function proveOrNotify(context: PrecompiledContext, call: PrecompiledCall, vrf: VrfVerifier, proof: Proof): bigint {
  try {
    return provenNumber(context, call, vrf, proof);
  } catch (error) {
    if (error instanceof PrecompiledError) writeConfig(context, { key: NOTIFY_ROTATE, value: ascii("1") });
    throw error;
  }
}

/** The contract of rotation, with the given verifier of random numbers. */
export function createWorkingSealerManager(vrf: VrfVerifier): FixedContract {
  // The text that is hashed for the selector is this one, C++ types and blanks included.
  const signature = "rotateWorkingSealer(std::string, std::string, std::string)";
  const method = (invocation: Invocation): Uint8Array => {
    const { args, call } = invocation;
    const proof = { publicKey: args.string(), input: args.string(), proof: args.string() };
    try {
      rotate(invocation, vrf, proof);
    } catch (error) {
      if (!(error instanceof PrecompiledError)) throw error;
      fail(`rotateWorkingSealer exceptioned, error info:${error.message} , origin:${prefixed(call.origin)}`);
    }
    return EMPTY_BYTES;
  };
  return new FixedContract(
    { number: 0x1011, since: V2_6_0 },
    { chargesInput: false, methods: { [signature]: method } },
  );
}

/** The contract of rotation as the registry has it. */
export const workingSealerManager = createWorkingSealerManager(ristrettoVrf);
