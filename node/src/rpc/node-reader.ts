/** What the node-wide methods answer from, put together from facts that others hand in. */
import type { NodeId } from "@tsbcos/core/primitives";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import type { Json } from "@tsbcos/core/protocol";

/** One P2P session, as `getPeers` prints it. */
export interface SessionView {
  readonly nodeId: NodeId;
  /** Common names of the issuer and the subject of its certificate. */
  readonly agencyName: string;
  readonly nodeName: string;
  /** Remote `address:port` of the socket. */
  readonly endpoint: string;
  /** Those it announced, but for private ones that were not verified. */
  readonly topics: readonly string[];
}

/** Everything there is to know about a node from outside. */
export interface NodeFacts {
  readonly nodeId: NodeId;
  /** Common names of the issuer and the subject of its certificate. */
  readonly agencyName: string;
  readonly nodeName: string;
  /** Configured P2P address, `host:port`. */
  readonly listen: string;
  readonly chainId: bigint;
  readonly sm: boolean;
  readonly supportedVersion: SupportedVersion;
  /** `compatibility.supported_version` as written. */
  readonly supportedVersionText: string;
  /** Version of the C++ node that clients shall take this one for. */
  readonly compatibleVersion: string;
  /** Version of this program. */
  readonly programVersion: string;
  /** Configured peers. */
  staticPeers(): readonly { readonly host: string; readonly port: number }[];
  sessions(): readonly SessionView[];
  /** Topics that SDKs of this node subscribe to, ascending. */
  topics(): readonly string[];
  /** Groups in which this node is sealer or observer, ascending. */
  groupsOfNode(): readonly number[];
}

/** Answers of the node-wide methods, by method. */
export interface NodeReader {
  clientVersion(): Json;
  nodeInfo(): Json;
  /** All P2P sessions. */
  peers(): Json;
  /** Configured peers, `host:port` or `[host]:port` each. */
  staticPeers(): readonly string[];
  /** Own node id, then those of all sessions. */
  nodeIds(): readonly string[];
  /** Groups in which this node is sealer or observer, ascending. */
  groupsOfNode(): readonly number[];
}

type Endpoint = ReturnType<NodeFacts["staticPeers"]>[number];

/** Order of 2.x: of host and port written one after the other. */
function byText(a: Endpoint, b: Endpoint): number {
  return `${a.host}${a.port}` < `${b.host}${b.port}` ? -1 : 1;
}

function endpointText({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A reader over these facts. */
export function createNodeReader(facts: NodeFacts): NodeReader {
  return {
    clientVersion: () => ({
      "Build Time": "",
      "Build Type": `${process.platform}/node/tsbcos-${facts.programVersion}`,
      "Chain Id": facts.chainId.toString(),
      // SDKs choose their ways by this version, and their cryptography by the suffix.
      "FISCO-BCOS Version": facts.sm ? `${facts.compatibleVersion} gm` : facts.compatibleVersion,
      "Git Branch": "",
      "Git Commit Hash": "",
      "Supported Version": facts.supportedVersionText,
    }),
    nodeInfo: () => ({
      Agency: facts.agencyName,
      IPAndPort: facts.listen,
      Node: facts.nodeName,
      NodeID: facts.nodeId,
      Topic: facts.topics(),
    }),
    peers: () =>
      facts.sessions().map((session) => ({
        Agency: session.agencyName,
        IPAndPort: session.endpoint,
        Node: session.nodeName,
        NodeID: session.nodeId,
        Topic: session.topics,
      })),
    staticPeers: () => facts.staticPeers().toSorted(byText).map(endpointText),
    nodeIds: () => [facts.nodeId, ...facts.sessions().map(({ nodeId }) => nodeId)],
    groupsOfNode: () => facts.groupsOfNode(),
  };
}
