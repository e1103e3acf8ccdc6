/** A chain on this machine, found from where somebody stands. */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { chainPlaceIn, findNodeFolders, isMachine, reachable, type NodeFolder } from "../../folders/index.js";

/** How to reach a chain. */
export interface Way {
  /** `host:port` of channel ports, or URLs of JSON-RPC ports. */
  readonly nodes: readonly string[];
  /** Folder with the certificates for the channel; undefined for JSON-RPC. */
  readonly tls: string | undefined;
}

/** A chain whose files were found. */
export interface FoundChain {
  readonly root: string;
  readonly ways: readonly Way[];
}

/** The chain in a folder, around it, or in one below it of the usual name; undefined when there is none. */
export function chainNear(folder: string): FoundChain | undefined {
  const found = chainPlaceIn(folder);
  return found === undefined ? undefined : chainIn(found.root);
}

/** The chain in this very folder. @throws CodedError `not-a-chain` */
export function chainIn(root: string): FoundChain {
  const nodes = findNodeFolders(root);
  return { root: resolve(root), ways: waysTo(nodes) };
}

/** The channel first: it pushes receipts and is encrypted. */
function waysTo(nodes: readonly NodeFolder[]): readonly Way[] {
  const tls = nodes.map(certificatesFor).find((folder) => existsSync(folder));
  const ways: Way[] = [];
  if (tls !== undefined) {
    ways.push({ nodes: nodes.map((node) => target(hostOf(node, node.channelListen), node.channelPort)), tls });
  }
  const rpc = nodes.map((node) => `http://${target(hostOf(node, node.rpcListen), node.rpcPort)}`);
  return [...ways, { nodes: rpc, tls: undefined }];
}

/** Certificates for clients lie beside the nodes; those for SM TLS in a folder of their own. */
function certificatesFor(node: NodeFolder): string {
  const folder = join(dirname(node.directory), "sdk");
  const sm = join(folder, "gm");
  return node.smChannel && existsSync(sm) ? sm : folder;
}

const target = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** A node that listens everywhere is reached at the address that its machine's folder is named after. */
function hostOf(node: NodeFolder, listen: string): string {
  const machine = dirname(node.directory);
  return (listen === "0.0.0.0" || listen === "::") && isMachine(machine) ? basename(machine) : reachable(listen);
}
