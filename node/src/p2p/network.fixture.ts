/** Nodes for tests of the P2P layer, with real sockets on loopback. */
import { silentTracer } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { createRoot } from "../net/certificates.fixture.js";
import type { Holder } from "../net/certificates.fixture.js";
import { createP2pService, createTlsTransport } from "./index.js";
import type { OutgoingMessage, P2pService, P2pServiceOptions, SecureTransport } from "./index.js";

/** A running service and what it was told. */
export interface TestNode {
  readonly service: P2pService;
  readonly nodeId: NodeId;
  readonly frames: { readonly from: NodeId; readonly frame: P2pFrame }[];
  /** Every set of peers, in order. */
  readonly peerSets: (readonly NodeId[])[];
}

/** Root of the chain of all tests. */
export const root = createRoot({ name: "chain" });
/** Issuer of all nodes. */
export const agency = root.issue({ name: "agency", basicConstraints: "authority" });
/** Certificates of four nodes. */
export const holders = [0, 1, 2, 3].map((i) => agency.issue({ name: `node${String(i)}` }));

/** How long tests wait for what comes to pass: long enough for a machine that does ten other things. */
export const within = { timeout: 60_000, interval: 5 };

const running: P2pService[] = [];

/** Id of a holder of a certificate. */
export function idOf(holder: Holder): NodeId {
  return holder.publicKeyHex as NodeId;
}

/** The transport of a holder. */
export function transportOf(holder: Holder, handshakeTimeoutMs?: number): SecureTransport {
  const credentials = { key: holder.keyPem, certificate: holder.chainPem, authorities: root.chainPem };
  return createTlsTransport(credentials, handshakeTimeoutMs);
}

/** Starts node `index`; it is closed by {@link closeAll}. */
export async function startNode(index: number, changes: Partial<P2pServiceOptions> = {}): Promise<TestNode> {
  const holder = holders[index] as Holder;
  const frames: TestNode["frames"] = [];
  const peerSets: (readonly NodeId[])[] = [];
  const service = await createP2pService({
    nodeId: idOf(holder),
    transport: transportOf(holder),
    listen: { host: "127.0.0.1", port: 0 },
    staticPeers: [],
    blacklist: [],
    whitelist: [],
    compress: true,
    onFrame: (from, frame) => frames.push({ from, frame }),
    onPeersChanged: (peers) => peerSets.push(peers),
    trace: silentTracer,
    ...changes,
    limits: { redialIntervalMs: 50, ...changes.limits },
  });
  running.push(service);
  return { service, nodeId: idOf(holder), frames, peerSets };
}

/** Closes every node that was started. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((service) => service.close()));
}

/** A message of the consensus module of group 1. */
export function message(body: Uint8Array, changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { groupId: 1, moduleId: 8, packetType: 3, seq: 0, isResponse: false, body, ...changes };
}
