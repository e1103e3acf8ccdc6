/** What the node-wide JSON-RPC methods answer from. */
import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import type { NodeId } from "@tsbcos/core/primitives";
import { formatHostAndPort, type NodeFiles } from "./config/index.js";
import type { GroupRegistry } from "./group-registry.js";
import type { P2pService } from "./p2p/index.js";
import type { NodeReader } from "./rpc/index.js";
import { COMPATIBLE_VERSION, programVersion } from "./version.js";

/** Common name in a certificate's subject or issuer, which Node prints one field a line. */
function commonName(fields: string): string {
  return /^CN=(.*)$/m.exec(fields)?.[1] ?? "";
}

/** A reader over the running parts of a node. */
export function nodeReader(parts: {
  readonly files: NodeFiles;
  readonly nodeId: NodeId;
  readonly p2p: P2pService;
  readonly registry: GroupRegistry;
}): NodeReader {
  const { nodeId, p2p, registry } = parts;
  const { node } = parts.files;
  const certificate = new X509Certificate(readFileSync(node.networkSecurity.certificateFile));
  const version = programVersion();
  return {
    clientVersion: () => ({
      "Build Time": "",
      "Build Type": `${process.platform}/node/tsbcos-${version}`,
      "Chain Id": node.chain.id.toString(),
      // SDKs choose their ways by this version, and their cryptography by the suffix.
      "FISCO-BCOS Version": node.chain.sm ? `${COMPATIBLE_VERSION} gm` : COMPATIBLE_VERSION,
      "Git Branch": "",
      "Git Commit Hash": "",
      "Supported Version": node.supportedVersionText,
    }),
    nodeInfo: () => ({
      Agency: commonName(certificate.issuer),
      IPAndPort: formatHostAndPort(node.p2p.listen),
      Node: commonName(certificate.subject),
      NodeID: nodeId,
      Topic: [],
    }),
    peers: () =>
      p2p.peers().map((peer) => ({
        Agency: peer.agencyName,
        IPAndPort: `${peer.remote.host}:${peer.remote.port}`,
        Node: peer.nodeName,
        NodeID: peer.nodeId,
        Topic: peer.topics,
      })),
    nodeIds: () => [nodeId, ...p2p.peers().map((peer) => peer.nodeId)],
    groupsOfNode: () => registry.groupsOfNode(),
  };
}
